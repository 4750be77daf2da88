/// What a shopper asks for, in the words that trigger files use in `message.asks`.
public enum Intent: String, CaseIterable, Sendable {
    case whereIsMyOrder = "where_is_my_order"
    case deliveredNotReceived = "delivered_not_received"
    case damaged
    case wrongItem = "wrong_item"
    case startReturn = "start_return"
    case exchange
    case returnStatus = "return_status"
    case refundStatus = "refund_status"
    case changeAddress = "change_address"
    case cancelOrder = "cancel_order"
    case changeOrder = "change_order"
    case invoice
    case price
    case product
    case privacy
    case thanks
    case stop
    case other
    /// Nothing that we understand: no words, or a language that we do not know. The model never says it.
    case unclear

    /// The meanings that the model tells apart, in the order of its columns.
    static let learned: [Intent] = allCases.filter { $0 != .unclear }

    /// Whether a template can answer it. The others are a person's, whatever the confidence.
    public var isRoutine: Bool {
        switch self {
        case .whereIsMyOrder, .deliveredNotReceived, .damaged, .wrongItem, .startReturn, .exchange, .returnStatus,
            .refundStatus, .changeAddress, .cancelOrder, .thanks, .stop:
            true
        case .changeOrder, .invoice, .price, .product, .privacy, .other, .unclear: false
        }
    }

    /// Whether it tells of something that went wrong: a wrong answer to it hurts more, so it needs more confidence.
    var isBadNews: Bool { self == .deliveredNotReceived || self == .damaged || self == .wrongItem }

    /// The coarser name under which ../understanding/score.py knows it.
    public var scored: Intent {
        switch self {
        case .exchange: .startReturn
        case .invoice, .privacy, .unclear: .other
        default: self
        }
    }
}

/// A language that we understand.
public enum Language: String, CaseIterable, Sendable {
    case english = "en"
    case german = "de"
    case french = "fr"
    case spanish = "es"
}

/// How the shopper feels, as far as her words show it.
public enum Mood: String, Sendable {
    case calm, upset, angry
}

/// What the shop knows of the order that a message is about. It limits what the message can mean: where no order is
/// open, nobody asks where it is.
public enum OrderState: String, CaseIterable, Sendable {
    /// No order is known.
    case noOrder = "none"
    /// Ordered, not delivered, and within the time promised.
    case open
    /// Ordered, not delivered, and past the time promised.
    case late
    case delivered
    /// A return is under way.
    case returning
    /// A refund is due or has been made.
    case refunding

    /// Whether a message about an order in this state can mean `intent` and be answered by a template.
    func allows(_ intent: Intent) -> Bool {
        switch intent {
        case .thanks, .stop: true
        case .whereIsMyOrder, .changeAddress, .cancelOrder: self == .open || self == .late
        case .deliveredNotReceived, .damaged, .wrongItem, .startReturn, .exchange: self == .delivered
        case .returnStatus: self == .returning
        case .refundStatus: self == .returning || self == .refunding
        case .changeOrder, .invoice, .price, .product, .privacy, .other, .unclear: false
        }
    }
}

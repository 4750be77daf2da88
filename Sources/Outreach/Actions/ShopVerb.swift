/// What Bookbag can do in the shop itself, by the verb that a line of `do` names.
public enum ShopVerb: String, Hashable, Sendable, CaseIterable, Codable {
    case tagOrder = "tag_order"
    case tagCustomer = "tag_customer"
    case holdOrder = "hold_order"
    case releaseOrder = "release_order"
    case storeCredit = "store_credit"
    case refund
    case reship
    case cancelOrder = "cancel_order"
    case changeAddress = "change_address"
    case buyLabel = "buy_label"
    /// Gives back a label that nobody used: Bookbag's own doing.
    case voidLabel = "void_label"
    case give
    case requestReturn = "request_return"
    case approveReturn = "approve_return"
    case declineReturn = "decline_return"
    case settleReturn = "settle_return"

    /// The verb of an effect's line: `tag_order:vip`. Nil if it is none of these.
    public init?(line: String) {
        self.init(rawValue: String(line.prefix { $0 != ":" }))
    }

    /// The budget that it counts against: one of policy.yaml for remedies and gifts, and for cancellations one that only
    /// the operator's ceilings limit. Nil if it costs nothing.
    public var budget: Booking.Budget? {
        switch self {
        case .storeCredit, .refund, .reship: .remedies
        case .cancelOrder: .cancellations
        case .buyLabel: .labels
        case .give: .gifts
        case .settleReturn: .returns
        case .tagOrder, .tagCustomer, .holdOrder, .releaseOrder, .changeAddress, .voidLabel, .requestReturn,
            .approveReturn, .declineReturn:
            nil
        }
    }

    /// True if the budget that it counts against is a merchant's, in policy.yaml.
    public var isRemedy: Bool { budget == .remedies }

    /// Its name under `ceilings` of bookbag.yaml; nil if there is none for it. What is paid for returned goods is a
    /// refund to the operator, whatever becomes of it.
    public var ceiling: String? {
        switch self {
        case .storeCredit: "store_credit"
        case .refund, .settleReturn: "refund"
        case .reship: "reship"
        case .cancelOrder: "cancel"
        case .buyLabel: "labels"
        default: nil
        }
    }

    /// The names of all ceilings, each once.
    public static var ceilings: [String] {
        allCases.compactMap(\.ceiling).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }

    /// True if a message of the same trigger tells of it: the message waits for what came of it, and what holds the
    /// message holds it.
    public var isTold: Bool {
        switch self {
        case .storeCredit, .refund, .reship, .cancelOrder, .give: true
        case .tagOrder, .tagCustomer, .holdOrder, .releaseOrder, .changeAddress, .requestReturn, .approveReturn,
            .declineReturn, .settleReturn, .buyLabel, .voidLabel:
            false
        }
    }

    /// True if it is a step of a return, which an order with a return gets of course.
    public var isReturn: Bool {
        switch self {
        case .requestReturn, .approveReturn, .declineReturn, .settleReturn: true
        default: false
        }
    }

    /// True if it moves goods or money, so that an order with a dispute, a return or a refund in progress gets it from a
    /// person alone. A return's label is paid by the shop, and brings goods back.
    public var movesValue: Bool { budget != nil && self != .buyLabel }

    /// True if nothing of it is done for a cancelled order.
    public var needsOpenOrder: Bool {
        switch self {
        case .tagOrder, .tagCustomer, .buyLabel, .voidLabel: false
        default: true
        }
    }

    /// What it does, for people, where no line of `do` can name it; nil where one can.
    public var destination: String? {
        switch self {
        case .changeAddress: "change of the address"
        case .requestReturn: "request for a return"
        case .declineReturn: "refusal of the return"
        default: nil
        }
    }

    /// The scopes that the app needs for it, and for nothing else.
    public var scopes: [String] {
        switch self {
        case .tagOrder, .refund, .cancelOrder: ["write_orders"]
        case .tagCustomer: ["write_customers"]
        case .holdOrder, .releaseOrder: ["write_merchant_managed_fulfillment_orders"]
        case .storeCredit:
            [
                "write_store_credit_account_transactions", "read_store_credit_account_transactions",
                "read_store_credit_accounts",
            ]
        case .reship: ["write_draft_orders", "read_draft_orders", "read_products"]
        case .changeAddress: ["write_orders", "write_merchant_managed_fulfillment_orders"]
        case .buyLabel: ["write_returns", "read_returns"]
        case .voidLabel: []
        case .give: ["write_discounts"]
        case .requestReturn: ["write_returns", "read_returns", "read_orders"]
        case .approveReturn, .declineReturn, .settleReturn: ["write_returns", "read_returns"]
        }
    }
}

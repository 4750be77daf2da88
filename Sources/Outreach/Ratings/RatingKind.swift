/// What is rated. Ratings of different kinds are counted apart and never added up or averaged. The set is open: a word
/// from a later version of the program is kept as it is.
public struct RatingKind: RawRepresentable, Hashable, Codable, Sendable {
    public let rawValue: String

    /// A kind by the word that it has in rows, tallies and reports.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// How an order came: the subject is the order.
    public static let delivery = RatingKind(rawValue: "delivery")
    /// How the shop answered: the subject is the conversation.
    public static let conversation = RatingKind(rawValue: "conversation")

    /// The kind of a rating whose subject is of that kind. Of an order it is the delivery that is rated; anything else
    /// has its own name.
    public init(of aggregate: AggregateKind) {
        self = aggregate == .order ? .delivery : RatingKind(rawValue: aggregate.rawValue)
    }

    /// For people: `deliveries`.
    public var plural: String {
        switch rawValue {
        case "delivery": "deliveries"
        default: "\(rawValue)s"
        }
    }
}

/// That a customer is asked for a rating, by the message that becomes ready with it.
public struct RatingRequest: Hashable, Sendable {
    /// What is rated; nil where the message leads to somebody else's page, so that no answer can be counted.
    public var kind: RatingKind?
    /// Whom the message goes to.
    public var address: String
    /// The shop's id of the customer; nil for a guest.
    public var customerID: String?

    public init(kind: RatingKind?, address: String, customerID: String?) {
        self.kind = kind
        self.address = address
        self.customerID = customerID
    }

    /// Nobody is asked for a rating again within this time, whatever the triggers say.
    public static let pause = Duration.days(30)
}

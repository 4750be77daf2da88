/// What the shop offers when something went wrong: an entry of `remedies` in policy.yaml.
public struct Remedy: Sendable {
    public var name: String
    /// The most that one may cost, in the smallest unit of the policy's currency.
    public var atMost: Int64
    /// Whether a person has to approve an offer before the shopper sees it.
    public var needsApproval: Bool
    /// How long a person has for that; then it goes to the Inbox.
    public var approveWithin: Length
    /// The first whose conditions all hold decides.
    public var lines: [Line]
    /// Its line in the file.
    public var line: Int

    /// One line of `first_that_fits`.
    public struct Line: Sendable {
        var conditions: [ConditionClause]
        public var outcome: Outcome
        /// Its line in the file.
        public var line: Int
    }

    /// What a line says.
    public enum Outcome: Hashable, Sendable {
        /// A person decides; why, for that person.
        case handOver(String)
        /// The shopper chooses one of these, and may be given a gift besides.
        case offer([Offered], alsoGive: String?)
    }

    /// How long a person has to approve where the file does not say.
    static let usualPatience = Length(1, .businessDays)
}

/// Something that a shopper may choose.
public enum Offered: Hashable, Sendable {
    /// Her money back, the way she paid.
    case refund
    /// The same goods once more.
    case reship
    /// Her money as credit in the shop.
    case storeCredit
    /// A gift of policy.yaml.
    case gift(String)

    /// The words of those that are no gifts.
    static let words = ["refund", "reship", "store_credit"]

    /// What a word of `offer` means; any other is a gift's name.
    public init(name: String) {
        switch name {
        case "refund": self = .refund
        case "reship": self = .reship
        case "store_credit": self = .storeCredit
        default: self = .gift(name)
        }
    }

    /// As it is written in the file, in rows and forms.
    public var name: String {
        switch self {
        case .refund: "refund"
        case .reship: "reship"
        case .storeCredit: "store_credit"
        case .gift(let name): name
        }
    }
}

extension Offered: Codable {
    public init(from decoder: any Decoder) throws {
        self.init(name: try decoder.singleValueContainer().decode(String.self))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(name)
    }
}

/// What a customer was given before as remedies, and anybody at her address, over accounts.
public struct RemedyHistory: Hashable, Sendable, Codable {
    /// How many in the last 180 days.
    public var last180Days = 0
    /// What all of them came to, in the smallest unit of the currency that was asked for.
    public var value: Int64 = 0
    /// The currency that was asked for.
    public var currency: String
    /// The share of her orders of which something was returned, in percent; nil for somebody without an account.
    public var returnsShare: Int?
    /// What was spent since each moment that was asked for.
    public var spent: [GiftHistory.Spent] = []

    public init(currency: String) { self.currency = currency }
}

/// Of whom remedies are to be known, and since when what was spent on all.
public struct RemedyQuestion: Hashable, Sendable {
    /// Whose they were: the customer's id, or `guest ADDRESS`.
    public var person: String
    /// The shop's id of the customer; nil for a guest.
    public var customerID: String?
    /// Where the order goes, as it is compared.
    public var address: String?
    public var currency: String
    /// The periods in which spending is limited.
    public var since: [GiftQuestion.Since]
}

extension OrderRecord {
    /// By what remedies are counted: the customer, else the address of the order. Nil if it has neither.
    var remediedPerson: String? {
        facts.customer?.id ?? recipient.map { "guest \($0.address.lowercased())" }
    }
}

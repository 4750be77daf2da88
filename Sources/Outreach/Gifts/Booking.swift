/// What a gift costs, as it is put down when it is decided: reserved in the transaction that decides, so that no budget
/// is passed, whoever else decides at the same moment.
public struct Booking: Hashable, Sendable {
    /// What it counts in.
    public enum Budget: String, Hashable, Sendable {
        case gifts, remedies
        /// What cancelled orders pay back, which only the operator's ceiling limits.
        case cancellations
        /// Labels for the way home.
        case labels
        /// What is paid for goods that came back, which only the operator's ceiling for refunds limits.
        case returns
    }

    public var budget = Budget.gifts
    /// The gift's name in policy.yaml; of a remedy `name(ofRemedy:)`.
    public var gift: String
    /// In the smallest unit of the currency.
    public var amount: Int64
    public var currency: String
    /// Whose it is.
    public var customerID: String
    /// The order; of a label the return, which gets one.
    public var orderID: String
    /// Where the order goes, as it is compared; nil if it goes nowhere.
    public var address: String?
    /// The line of the message that tells of it; of what needs none, its verb.
    public var teller: String
    /// What may be spent: it is stale if that is used up by now.
    public var caps: [Cap]
    /// For whom it is given once; nil if that does not matter.
    public var scope: Gift.Scope?
    /// When she, or somebody at the address, got the last one, as far as was known: it is stale if another was given
    /// meanwhile.
    public var lastGivenAt: Moment?
    /// Of a remedy: how many the customer, or anybody at the address, had in the last 180 days, as far as was known: it
    /// is stale if another was decided meanwhile.
    public var remediesSeen: Int?
    /// True if it is not taken back where no message tells of it: she sees it on a page of hers.
    public var isTold = false
    /// Why this, and why this much, for people.
    public var why: String

    /// What stands for the message that tells of a remedy.
    static let remedyTeller = "remedy"

    /// What a remedy's booking has for the gift's name. No gift has such a name.
    static func name(ofRemedy name: String) -> String { "remedy:\(name)" }

    /// What the booking of something that is done in the shop has for the gift's name.
    /// The same of all that counts against one ceiling.
    public static func name(ofVerb verb: ShopVerb) -> String {
        "do:\((verb == .settleReturn ? .refund : verb).rawValue)"
    }

    /// What a gift costs that is part of an offer, whose booking had room for it.
    ///
    /// - Parameters:
    ///   - last: when she, or somebody at the address, got the last one, as far as was known.
    public static func part(
        _ gift: Gift, of offer: Offer, record: OrderRecord, last: Moment?, why: String
    ) -> Booking? {
        guard let customer = record.facts.customer?.id else { return nil }
        return Booking(
            budget: .remedies, gift: gift.name, amount: gift.cost, currency: offer.currency, customerID: customer,
            orderID: record.facts.id, address: record.facts.shippingAddress?.compared, teller: remedyTeller, caps: [],
            scope: gift.scope, lastGivenAt: last, isTold: true, why: why)
    }

    /// An allowance in its running period.
    public struct Cap: Hashable, Sendable {
        public var since: Moment
        /// The sum that may be spent in it, this booking included; nil if only the number counts.
        public var sum: Int64?
        /// How many may be given in it, this one included.
        public var count: Int?
        /// What is spent of it so far.
        public var spent: GiftHistory.Spent
        /// The one name that counts; nil if all of the budget do.
        public var only: String?
    }
}

/// What was given before, as far as it matters for one gift.
public struct GiftHistory: Hashable, Sendable, Codable {
    /// When this customer, or somebody at her address, was given this gift last, in the scope that the gift has.
    public var lastGivenAt: Moment?
    /// What was spent since each moment that was asked for.
    public var spent: [Spent] = []

    public init() {}

    /// Gifts of a while.
    public struct Spent: Hashable, Sendable, Codable {
        /// In the smallest unit of the currency.
        public var sum: Int64
        public var count: Int

        public init(sum: Int64 = 0, count: Int = 0) {
            self.sum = sum
            self.count = count
        }
    }
}

/// What has to be known about gifts to judge one.
public struct GiftQuestion: Hashable, Sendable {
    /// What counts of a period.
    public struct Since: Hashable, Sendable {
        /// When it began.
        public var moment: Moment
        /// The one name that counts; nil if all of the budget do.
        public var only: String?
    }

    /// The budget whose spending is asked for.
    public var budget = Booking.Budget.gifts
    /// The gift's name, or `Booking.name(ofVerb:)`.
    public var gift: String
    public var currency: String
    public var scope: Gift.Scope?
    public var customerID: String
    public var orderID: String
    /// Where the order goes, as it is compared.
    public var address: String?
    /// The periods in which spending is limited.
    public var since: [Since]
}

extension OrderRecord {
    /// Where the order goes, as it is compared: whose door it is, whoever lives there. Nil if it names none.
    public var comparedPlace: String? { facts.shippingAddress?.compared }
}

extension AddressFacts {
    /// The address as one is compared with another: the same door, whoever lives there and however it is written. Nil if
    /// it names none.
    var compared: String? {
        let parts = [address1, address2, zip, countryCode ?? country].map { text in
            (text ?? "").lowercased().filter { $0.isLetter || $0.isNumber }
        }
        return parts[0].isEmpty ? nil : parts.joined(separator: "|")
    }
}

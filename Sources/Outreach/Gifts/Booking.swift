/// What a gift costs, as it is put down when it is decided: reserved in the transaction that decides, so that no budget
/// is passed, whoever else decides at the same moment.
public struct Booking: Hashable, Sendable {
    /// The budget that it counts against.
    public var budget = "gifts"
    /// The gift's name in policy.yaml; of another action its verb.
    public var gift: String
    /// In the smallest unit of the currency.
    public var amount: Int64
    public var currency: String
    /// Whose it is; nil for a guest's.
    public var customerID: String?
    public var orderID: String
    /// Where the order goes, as it is compared; nil if it goes nowhere.
    public var address: String?
    /// The line of the message that tells of it, without which it is taken back; empty if it is not.
    public var teller: String
    /// What may be spent: it is stale if that is used up by now.
    public var caps: [Cap]
    /// For whom it is given once; nil if that does not matter.
    public var scope: Gift.Scope?
    /// When she, or somebody at the address, got the last one, as far as was known: it is stale if another was given
    /// meanwhile.
    public var lastGivenAt: Moment?
    /// Why this, and why this much, for people.
    public var why: String

    /// An allowance in its running period.
    public struct Cap: Hashable, Sendable {
        public var since: Moment
        /// The sum that may be spent in it, this booking included; nil if only the number counts.
        public var sum: Int64?
        /// How many may be given in it, this one included.
        public var count: Int?
        /// What is spent of it so far.
        public var spent: GiftHistory.Spent
        /// The one verb that counts; nil if all of the budget do.
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
        /// The one verb that counts; nil if all of the budget do.
        public var only: String?
    }

    /// The budget whose spending is asked for.
    public var budget = "gifts"
    /// The gift's name, or the verb.
    public var gift: String
    public var currency: String
    public var scope: Gift.Scope?
    /// Nil for a guest.
    public var customerID: String?
    public var orderID: String
    /// Where the order goes, as it is compared.
    public var address: String?
    /// The periods in which spending is limited.
    public var since: [Since]
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

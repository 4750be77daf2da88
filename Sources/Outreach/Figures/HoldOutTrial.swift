/// What a trigger with `hold_out` has shown so far: how many were told and how many were not, and who of them wrote.
public struct HoldOutTrial: Hashable, Sendable {
    /// Messages that were sent, and those of them after which the customer wrote.
    public var told: Int64
    public var toldContacts: Int64
    /// Messages that were held out, and those of them after which the customer wrote.
    public var held: Int64
    public var heldContacts: Int64
    /// Days over which these were decided; at least one.
    public var days: Int

    public init(told: Int64, toldContacts: Int64, held: Int64, heldContacts: Int64, days: Int) {
        self.told = max(0, told)
        self.toldContacts = max(0, min(toldContacts, told))
        self.held = max(0, held)
        self.heldContacts = max(0, min(heldContacts, held))
        self.days = max(1, days)
    }

    /// A contact counts if it comes within this time of the decision; what was decided later than so long ago is not
    /// looked at yet.
    public static let window = Duration.days(14)
    /// Fewer that were held out say nothing.
    public static let fewestHeld: Int64 = 400
    /// Fewer contacts of those who were held out say nothing.
    public static let fewestContacts: Int64 = 10

    /// Contacts that each 1,000 messages save, with an interval of 95 %; may be below nothing.
    public struct Saved: Hashable, Sendable {
        public var perThousand: Double
        public var interval: ClosedRange<Double>
    }

    /// What the messages save; nil as long as nobody can know.
    public var saved: Saved? {
        guard held >= Self.fewestHeld, heldContacts >= Self.fewestContacts, told > 0 else { return nil }
        let (difference, interval) = ShareInterval.difference((heldContacts, held), (toldContacts, told))
        return Saved(
            perThousand: 1000 * difference, interval: (1000 * interval.lowerBound)...(1000 * interval.upperBound))
    }

    /// How it goes on.
    public enum Outlook: Hashable, Sendable {
        /// It is known.
        case known
        /// So many months more at this pace; at least one.
        case months(Int)
        /// So many months more at least: nobody of those held out has written, so nobody can say how many.
        case atLeast(months: Int)
        /// Nobody was held out yet.
        case unknown
    }

    /// How much longer it takes at the pace so far.
    public var outlook: Outlook {
        if saved != nil { return .known }
        guard held > 0 else { return .unknown }
        func days(_ wanted: Int64, _ have: Int64) -> Double {
            have >= wanted ? 0 : Double(wanted - have) * Double(self.days) / Double(have)
        }
        let forHeld = days(Self.fewestHeld, held)
        guard heldContacts > 0 else { return .atLeast(months: Self.months(forHeld)) }
        return .months(Self.months(max(forHeld, days(Self.fewestContacts, heldContacts))))
    }

    private static func months(_ days: Double) -> Int { max(1, Int((days / 30.44).rounded(.up))) }
}

/// One thing that a source said about a parcel: "out for delivery, 08:02, Leeds".
///
/// Scans are kept for ever as they were told. A parcel's state is the merge of all its scans (`ShipmentHistory`), so a
/// scan that comes twice, late, or from two sources changes nothing that it should not.
public struct Scan: Hashable, Codable, Sendable {
    /// How we know where on the time line a scan stands.
    public enum TimeBasis: String, Codable, Sendable {
        /// The source gave an offset, or a time in UTC.
        case stated
        /// The source gave a wall clock time, placed by the scan's location.
        case place
        /// The source gave a wall clock time, placed by the carrier's habit.
        case habit
        /// The source gave no time for this; it is the time at which the source last changed what it shows.
        case changed
    }

    /// Whether a source itself calls the parcel late.
    public enum DelaySign: String, Codable, Sendable {
        case no, maybe, yes
    }

    /// Unique for the parcel and made of the source's own facts: never of the time at which we asked.
    public var id: String
    /// The number that it speaks of, as `TrackingFacts.key` has it; nil for the shop's own, which names none.
    public var number: String?
    /// Who said it: `shopify`, `ups`, …
    public var source: String
    /// When it happened.
    public var time: Moment
    /// Minutes east of Greenwich where it happened, if known.
    public var offsetMinutes: Int?
    /// How `time` is known.
    public var basis: TimeBasis
    /// The state it puts the parcel in; nil for information that moves no state (a new estimate, a signature image).
    public var state: ParcelState?
    /// Whether the source says that the parcel is late.
    public var delay: DelaySign
    /// Why, in one word of our own, where the source tells: `weather`, `customs`, `address`, …
    public var reason: String?
    /// The delivery day told with this scan, as a day where the parcel goes.
    public var estimate: CalendarDay?
    /// The source's words, for people.
    public var words: String?
    /// Town and country, as the source writes them.
    public var place: String?
    /// True for what stands on the parcel without an event of its own ("delivered at", a status): it goes when the
    /// status moves on, and that takes nothing back.
    public var isSummary: Bool
    /// True on the way back to the merchant: a delivery there is `returned`.
    public var returnLeg: Bool
    /// When the source no longer showed it: a corrected scan counts for nothing from then on.
    public var retractedAt: Moment?

    /// A scan as a source told it.
    public init(
        id: String, number: String? = nil, source: String, time: Moment, offsetMinutes: Int? = nil,
        basis: TimeBasis = .stated, state: ParcelState?,
        delay: DelaySign = .no, reason: String? = nil, estimate: CalendarDay? = nil, words: String? = nil,
        place: String? = nil, isSummary: Bool = false, returnLeg: Bool = false, retractedAt: Moment? = nil
    ) {
        self.id = id
        self.number = number
        self.source = source
        self.time = time
        self.offsetMinutes = offsetMinutes
        self.basis = basis
        self.state = state
        self.delay = delay
        self.reason = reason
        self.estimate = estimate
        self.words = words
        self.place = place
        self.isSummary = isSummary
        self.returnLeg = returnLeg
        self.retractedAt = retractedAt
    }
}

extension Scan {
    /// The order in which scans are read, wherever they are: by time; of two in the same moment a judgement last; of
    /// two alike the one that is further on the parcel's way; of two that are alike in this too the one with the later
    /// id, so that it wins.
    public static func precedes(_ a: Scan, _ b: Scan) -> Bool {
        if a.time != b.time { return a.time < b.time }
        let (x, y) = (a.isJudgement, b.isJudgement)
        if x != y { return y }
        let (early, late) = (a.state?.stage ?? 0, b.state?.stage ?? 0)
        return early != late ? early < late : a.id < b.id
    }

    /// True for what a source says of a parcel beside its scans, and puts a state: by the `~` that Intake begins the
    /// rest of its id with.
    var isJudgement: Bool {
        guard state != nil else { return false }
        let name = source.utf8.count
        let id = self.id.utf8
        return id.count > name + 1 && id[id.index(id.startIndex, offsetBy: name + 1)] == UInt8(ascii: "~")
    }
}

/// One thing that a source said about a parcel: "out for delivery, 08:02, Leeds".
///
/// Scans are kept forever as they were reported. A parcel's state is the merge of all its scans (`ShipmentHistory`), so
/// a scan that comes twice, late, or from two sources changes nothing that it should not.
public struct Scan: Hashable, Codable, Sendable {
    /// How we know a scan's point in time.
    public enum TimeBasis: String, Codable, Sendable {
        /// The source gave an offset, or a time in UTC.
        case stated
        /// The source gave a wall-clock time, interpreted by the scan's location.
        case place
        /// The source gave a wall-clock time, interpreted by the carrier's convention.
        case habit
        /// The source gave no time; this is when the source last changed what it shows.
        case changed
    }

    /// Whether a source itself calls the parcel late.
    public enum DelaySign: String, Codable, Sendable {
        case no, maybe, yes
    }

    /// Unique for the parcel and derived from the source's own facts, never from the time at which we asked.
    public var id: String
    /// The number that it is about, as `TrackingFacts.key` has it; nil for the shop's own scans, which name none.
    public var number: String?
    /// Who said it: `shopify`, `ups`, …
    public var source: String
    /// When it happened.
    public var time: Moment
    /// Minutes east of Greenwich at the place where it happened, if known.
    public var offsetMinutes: Int?
    /// How `time` is known.
    public var basis: TimeBasis
    /// The state it puts the parcel in; nil for information that changes no state (a new estimate, a signature image).
    public var state: ParcelState?
    /// Whether the source says that the parcel is late.
    public var delay: DelaySign
    /// Why, in one word of our own, if the source says: `weather`, `customs`, `address`, …
    public var reason: String?
    /// The delivery day announced with this scan, as a day at the destination.
    public var estimate: CalendarDay?
    /// The source's own wording, for people.
    public var words: String?
    /// Town and country, as the source writes them.
    public var place: String?
    /// True for a fact shown on the parcel without an event of its own ("delivered at", a status): it disappears when
    /// the status moves on, which retracts nothing.
    public var isSummary: Bool
    /// True on the way back to the merchant: a delivery there is `returned`.
    public var returnLeg: Bool
    /// When the source no longer showed it: a corrected scan is ignored from then on.
    public var retractedAt: Moment?

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
    /// The order in which scans are read, wherever they are kept: by time; at the same time, a judgement last; then the
    /// one that is further along the parcel's way; and finally the one with the later id, so that it wins.
    public static func precedes(_ a: Scan, _ b: Scan) -> Bool {
        if a.time != b.time { return a.time < b.time }
        let (x, y) = (a.isJudgement, b.isJudgement)
        if x != y { return y }
        let (early, late) = (a.state?.stage ?? 0, b.state?.stage ?? 0)
        return early != late ? early < late : a.id < b.id
    }

    /// True for a statement of a source about a parcel's state that is not one of its scans; Intake marks these with a
    /// `~` at the start of the rest of the id.
    var isJudgement: Bool {
        guard state != nil else { return false }
        let name = source.utf8.count
        let id = self.id.utf8
        return id.count > name + 1 && id[id.index(id.startIndex, offsetBy: name + 1)] == UInt8(ascii: "~")
    }
}

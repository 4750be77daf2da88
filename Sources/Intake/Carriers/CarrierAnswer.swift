public import Outreach

/// A carrier's answer about one number: the normal form for every source.
///
/// If `call` is set, the answer is about the call and says nothing about the parcel (known facts stay); if nil, the
/// rest is the source's current report. `scans` go into the parcel's history; `status`, `delay` and `estimate` are the
/// judgement of this one body.
public struct CarrierAnswer: Hashable, Sendable {
    /// The source's name: `ups`, `dhl_unified`, `easypost`, …
    public var carrier: String
    /// The number as the source writes it; nil if the body names none.
    public var number: String?
    /// The parcel's state, judged by this body alone.
    public var status: ParcelState
    /// The newest event's time, or that of the status itself if there are no events.
    public var statusTime: Scan?
    /// Whether this body alone calls the parcel late.
    public var delay: Scan.DelaySign
    /// Whether the parcel is travelling back to the merchant.
    public var returnLeg: Bool
    /// Who is responsible, if the code says so.
    public var fault: Fault?
    /// The events, oldest first. No scan occurs twice.
    public var events: [Scan]
    /// What the body says apart from its events, as scans: its status, a delay, the estimates.
    public var remarks: [Scan]
    /// When the parcel should arrive.
    public var estimate: DeliveryEstimate?
    /// An answer about the call instead of the parcel.
    public var call: CallAnswer?
    /// Peculiarities of the answer, in a fixed order.
    public var flags: [AnswerFlag]
    /// Codes without a row in the carrier's table, each once.
    public var unknownCodes: [String]

    /// All scans for the parcel's history.
    public var scans: [Scan] { events + remarks }

    /// True if the source has the number but no information: some say so instead of "not found".
    public var isNothing: Bool { call == nil && status == .unknown && events.isEmpty && unknownCodes.isEmpty }

    /// An answer about the call.
    init(carrier: String, number: String?, call: CallAnswer) {
        self.init(carrier: carrier, number: number)
        self.call = call
    }

    /// An answer about the call alone, such as a login that failed.
    public static func about(_ call: CallAnswer, of carrier: String) -> CarrierAnswer {
        CarrierAnswer(carrier: carrier, number: nil, call: call)
    }

    /// An empty answer.
    init(carrier: String, number: String?) {
        self.carrier = carrier
        self.number = number
        status = .unknown
        delay = .no
        returnLeg = false
        events = []
        remarks = []
        flags = []
        unknownCodes = []
    }
}

/// When a parcel should arrive, according to a source.
public struct DeliveryEstimate: Hashable, Sendable {
    /// The day, at the destination.
    public var day: CalendarDay
    /// As reported, in ISO 8601: `2026-11-24`, or `2026-11-24T17:00:00+01:00` if the source gave a time.
    public var text: String
    /// The window as reported, if there is one.
    public var from: String?
    /// The window's end.
    public var to: String?
    /// The source's field it was read from.
    public var field: String
    /// The first promised day, if the source states it too.
    public var promised: CalendarDay?
}

/// Why a call returned nothing about a parcel.
public struct CallAnswer: Hashable, Sendable {
    /// The kind of answer; each needs its own reaction.
    public enum Kind: String, Codable, Sendable, CaseIterable {
        /// The carrier does not know the number yet: normal for a day after the label. Ask again later.
        case notFound = "not_found"
        /// The number cannot be one of this carrier's. Do not ask again.
        case invalidNumber = "invalid_number"
        /// Our login is refused. Renew the token once, then stop asking the carrier.
        case authError = "auth_error"
        /// Our request is wrong, or the account lacks something. Stop asking the carrier.
        case configError = "config_error"
        /// Too many calls. Wait.
        case rateLimited = "rate_limited"
        /// The carrier is down, or sent nonsense. Ask again, with growing pauses.
        case temporaryError = "temporary_error"
        /// The number was registered before, which is a success.
        case okDuplicate = "ok_duplicate"
    }

    public var kind: Kind
    /// What happened, with the carrier's name and without secrets or numbers.
    public var message: String
    /// When the carrier wants to be asked again, if it says so.
    public var retryAfter: Duration?
    /// True if the number may just not be registered: send `Carrier.registrations`, and ask again later.
    public var isUnregistered = false
    /// True if the source accepts our login but will not show this number, because its label belongs to somebody else's
    /// account: an `authError` for this number only.
    public var isWithheld = false

    /// Says why.
    public init(_ kind: Kind, _ message: String, retryAfter: Duration? = nil) {
        self.kind = kind
        self.message = message
        self.retryAfter = retryAfter
    }
}

/// What was odd about a readable body. The words go to the journal and metrics.
public enum AnswerFlag: String, Codable, Sendable, CaseIterable, Comparable {
    /// A code without a row: the parcel kept its state.
    case unknownCode = "unknown_code"
    /// The current status says delivered, but no event or time of delivery confirms it.
    case deliveredWithoutEvidence = "delivered_without_evidence"
    /// There are scans newer than the delivery.
    case scansAfterDelivery = "scans_after_delivery"
    /// The current status differs from the newest event.
    case staleStatus = "stale_status"
    /// Impossible times were left out.
    case timeRefused = "time_refused"
    /// Events without any time were left out.
    case timeMissing = "time_missing"
    /// Local times are labelled as UTC.
    case offsetDoubtful = "offset_doubtful"
    /// An estimate is far from the newest event.
    case estimateDoubtful = "estimate_doubtful"
    /// One number has several shipments: the newest was used.
    case severalShipments = "several_shipments"
    /// The body is about another number than the requested one.
    case otherNumber = "other_number"
    /// The source calls its own answer a test.
    case testData = "test_data"
    /// The source has stopped looking; that does not make a parcel lost.
    case stale

    public static func < (a: AnswerFlag, b: AnswerFlag) -> Bool { a.rawValue < b.rawValue }
}

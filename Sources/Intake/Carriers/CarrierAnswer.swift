public import Outreach

/// What a carrier answered about one number, in our words: the normal form of every source.
///
/// Either `call` is set, and the answer tells of the call and nothing of the parcel (whatever was known stays); or it
/// is nil, and the rest is what the source says now. `scans` is what goes into the parcel's history; `status`, `delay`
/// and `estimate` are the judgement of this one body.
public struct CarrierAnswer: Hashable, Sendable {
    /// The source's name: `ups`, `dhl_unified`, `easypost`, …
    public var carrier: String
    /// The number it speaks of, as the source writes it; nil if the body names none.
    public var number: String?
    /// Where the parcel is, by this body alone.
    public var status: ParcelState
    /// The newest event's time, or that of the status itself where there are no events.
    public var statusTime: Scan?
    /// Whether this body alone calls the parcel late.
    public var delay: Scan.DelaySign
    /// Whether the parcel travels to the merchant.
    public var returnLeg: Bool
    /// Whose doing it is, where the code tells.
    public var fault: Fault?
    /// What happened, oldest first. No scan stands here twice.
    public var events: [Scan]
    /// What the body says beside its events, told as scans: a status of its own, a delay, the estimates.
    public var remarks: [Scan]
    /// When the parcel is to arrive.
    public var estimate: DeliveryEstimate?
    /// An answer about the call instead of the parcel.
    public var call: CallAnswer?
    /// What a careful reader should know, in a fixed order.
    public var flags: [AnswerFlag]
    /// Codes without a row in the carrier's table, each once.
    public var unknownCodes: [String]

    /// All that goes into the parcel's history.
    public var scans: [Scan] { events + remarks }

    /// True if the source has the number and knows nothing of it: some say so, and not "not found".
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

    /// An answer that says nothing yet.
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

/// When a parcel is to arrive, as a source tells it.
public struct DeliveryEstimate: Hashable, Sendable {
    /// The day, where the parcel goes.
    public var day: CalendarDay
    /// As it was told, in ISO 8601: `2026-11-24`, or `2026-11-24T17:00:00+01:00` where the source gave a time.
    public var text: String
    /// The window, as told, where there is one.
    public var from: String?
    /// The window's end.
    public var to: String?
    /// The source's own field that it was read from.
    public var field: String
    /// The first day that was promised, where the source tells it too.
    public var promised: CalendarDay?
}

/// Why a call brought nothing about a parcel.
public struct CallAnswer: Hashable, Sendable {
    /// What kind of answer it is; each asks for its own next step.
    public enum Kind: String, Codable, Sendable, CaseIterable {
        /// The carrier does not know the number, yet: normal for a day after the label. Ask again, later.
        case notFound = "not_found"
        /// The number cannot be one of this carrier's. Do not ask again.
        case invalidNumber = "invalid_number"
        /// Our login is refused. Renew the token once, then stop the carrier.
        case authError = "auth_error"
        /// The way we ask is wrong, or the account lacks something. Stop the carrier.
        case configError = "config_error"
        /// Too many calls. Wait.
        case rateLimited = "rate_limited"
        /// The carrier is down, or wrote nonsense. Ask again, with growing pauses.
        case temporaryError = "temporary_error"
        /// A number that was registered before. That is success.
        case okDuplicate = "ok_duplicate"
    }

    public var kind: Kind
    /// What happened, with the carrier's name and without secrets or numbers.
    public var message: String
    /// When the carrier wants to be asked again, where it says so.
    public var retryAfter: Duration?
    /// True if the source may only lack a registration of the number: send it (`Carrier.registrations`), and ask again
    /// later.
    public var isUnregistered = false
    /// True if the source knows our login and will not tell of this number, for its label belongs to somebody else's
    /// account: an `authError` that is the number's alone.
    public var isWithheld = false

    /// Says why.
    public init(_ kind: Kind, _ message: String, retryAfter: Duration? = nil) {
        self.kind = kind
        self.message = message
        self.retryAfter = retryAfter
    }
}

/// What was odd about a body that could still be read. The words go to journal and metrics.
public enum AnswerFlag: String, Codable, Sendable, CaseIterable, Comparable {
    /// A code without a row: the parcel kept its state.
    case unknownCode = "unknown_code"
    /// The current status said delivered, and no event or time of delivery bears it out.
    case deliveredWithoutEvidence = "delivered_without_evidence"
    /// Scans that are newer than the delivery.
    case scansAfterDelivery = "scans_after_delivery"
    /// The current status differs from the newest event.
    case staleStatus = "stale_status"
    /// Times that no living parcel has were left out.
    case timeRefused = "time_refused"
    /// Events without any time were left out.
    case timeMissing = "time_missing"
    /// Local times that bear the offset of UTC.
    case offsetDoubtful = "offset_doubtful"
    /// An estimate that is years away from the newest event.
    case estimateDoubtful = "estimate_doubtful"
    /// One number, several shipments: the newest was taken.
    case severalShipments = "several_shipments"
    /// The body speaks of another number than was asked for.
    case otherNumber = "other_number"
    /// The source calls its own answer a test.
    case testData = "test_data"
    /// The source has given up looking; that does not make a parcel lost.
    case stale

    public static func < (a: AnswerFlag, b: AnswerFlag) -> Bool { a.rawValue < b.rawValue }
}

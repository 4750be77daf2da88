internal import Synchronization

/// All that the program knows of a kind of event, in one place. An entry is kept for as long as the process runs.
final class EventEntry: Sendable {
    private static let made = Atomic<Int>(0)
    private static let kept = Mutex<[EventEntry]>([])

    /// What makes an event no news any more, however young it is.
    enum Passing: Sendable {
        case never
        /// The parcel has reached one of these states.
        case parcel([ParcelState])
        /// The return has reached one of these states or, with `receipt`, the goods are back.
        case returned([ReturnFacts.Status], receipt: Bool = false)
        /// Any condition on the order. `words` finish the sentence "it is no longer news once …"; `events` are the
        /// names of the kinds that report it.
        case order(words: String, events: [String] = [], holds: @Sendable (OrderRecord) -> Bool)
        /// The parcel has reached one of these states, or was scanned again after the silence that it tells of.
        case scanned([ParcelState])
        /// Somebody answered the message that it tells of.
        case answered
        /// The rating is another by now than the one that it tells of.
        case rating
    }

    /// How often an event is reported when `once_per` is left out.
    enum Repetition: Sendable {
        /// Once for its subject.
        case never
        /// Each time.
        case eachTime
        /// By its mark: a replacement label is reported again.
        case eachMark
    }

    /// `shipment.delayed`.
    let name: String
    /// The first word of the name, which says what it is about: `order`, `shipment`, `return`, `refund`.
    let subject: String
    /// True where it is about the whole order.
    let isOfOrder: Bool
    /// The number of this entry in this process, from 0, in the order in which entries were made.
    let ordinal: Int
    /// The kind of thing that such an event belongs to.
    let aggregate: AggregateKind
    /// When it happens, in a sentence or two: for the reference, the schemas and the hints of `bookbag check`.
    let meaning: String
    /// What happened, as `explain` puts it, without a full stop. `{parcel}` stands for whatever the parcel is called.
    let sentence: String
    /// How long after it happened (and after the trigger's own wait) it may still be reported.
    let age: Duration
    let passing: Passing
    let repetition: Repetition
    /// Whether it may still be reported for a cancelled order or fulfillment.
    let survivesCancellation: Bool
    /// True if a customer would see it as something gone wrong.
    let isProblem: Bool
    /// True for what a shopper needs to act on: silencing order news does not stop it.
    let isNeeded: Bool
    /// True for what reaches her while a person talks with her about the order: what she has to act on, and where the
    /// parcel is in its last hours.
    var passesPeople: Bool {
        isNeeded || ["shipment.delivered", "shipment.attempted", "shipment.ready_for_pickup"].contains(name)
    }
    /// True if no trigger may keep it from some to measure what telling is worth (`hold_out`): who is not told would be
    /// harmed.
    let isNeverHeldOut: Bool
    /// The names that conditions and templates may use in addition to those available for every event.
    let roots: Set<String>
    /// What Shopify and other tools call it.
    let alsoCalled: [String]
    /// The standard order of examples when it happens.
    let standard: StandardCase

    init(
        _ name: String, of aggregate: AggregateKind = .order, _ meaning: String, sentence: String, age: Duration,
        passing: Passing = .never, repetition: Repetition = .never, survivesCancellation: Bool = false,
        isProblem: Bool = false, isNeeded: Bool = false, isNeverHeldOut: Bool? = nil,
        roots: Set<String> = [], alsoCalled: [String] = [], standard: StandardCase = StandardCase()
    ) {
        self.name = name
        subject = String(name.prefix { $0 != "." })
        isOfOrder = subject == "order"
        self.aggregate = aggregate
        self.meaning = meaning
        self.sentence = sentence
        self.age = age
        self.passing = passing
        self.repetition = repetition
        self.survivesCancellation = survivesCancellation
        self.isProblem = isProblem
        self.isNeeded = isNeeded
        self.isNeverHeldOut = isNeverHeldOut ?? isNeeded
        self.roots = roots
        self.alsoCalled = alsoCalled
        self.standard = standard
        ordinal = Self.made.add(1, ordering: .relaxed).oldValue
        Self.kept.withLock { $0.append(self) }
    }
}

/// How the standard order of examples differs when something happens to it.
struct StandardCase: Sendable {
    /// The state of the standard return.
    struct Return: Sendable {
        var status: ReturnFacts.Status
        var hasLabel = false
        var isReceived = false
    }

    /// True if nothing has been dispatched yet.
    var isUnsent = false
    /// The state of its parcel; nil if it stays in transit.
    var parcel: ParcelState?
    /// True if the parcel was promised for yesterday; otherwise it is for tomorrow.
    var isLate = false
    /// The reason for the delay, for the event itself.
    var delayReason: String?
    /// What differs in the order at the start of an example.
    var atStart: (@Sendable (inout OrderFacts, Moment) -> Void)?
    /// What changes in the order when the event happens in a later step.
    var later: (@Sendable (inout OrderFacts, Moment) -> Void)?
    /// The return that it has at the start; nil for none.
    var returned: Return?

    /// Nothing has been dispatched yet.
    static func unsent(
        later: (@Sendable (inout OrderFacts, Moment) -> Void)? = nil,
        atStart: (@Sendable (inout OrderFacts, Moment) -> Void)? = nil
    ) -> StandardCase {
        StandardCase(isUnsent: true, atStart: atStart, later: later)
    }

    /// The parcel is in that state.
    static func parcel(_ state: ParcelState?, isLate: Bool = false, delayReason: String? = nil) -> StandardCase {
        StandardCase(parcel: state, isLate: isLate, delayReason: delayReason)
    }

    /// Delivered goods are being returned. `later` is the state of the return in a later step.
    static func returned(
        _ status: ReturnFacts.Status, hasLabel: Bool = false, isReceived: Bool = false,
        later: (@Sendable (inout ReturnFacts) -> Void)? = nil
    ) -> StandardCase {
        var one = StandardCase(parcel: .delivered)
        one.returned = Return(status: status, hasLabel: hasLabel, isReceived: isReceived)
        if let later {
            one.later = { facts, _ in if !facts.returns.isEmpty { later(&facts.returns[0]) } }
        }
        return one
    }
}

// What others ask about a kind.
extension EventKind {
    /// The kind of aggregate it belongs to.
    public var aggregate: AggregateKind { entry.aggregate }

    /// The first word, which says what it is about: `order`, `shipment`, `return`, `refund`.
    var subject: String { entry.subject }

    /// True where it is about the whole order.
    public var isOfOrder: Bool { entry.isOfOrder }

    /// The number of this kind in this process, from 0: an index for tables by kind.
    var ordinal: Int { entry.ordinal }

    /// When it happens, in a sentence or two.
    public var meaning: String { entry.meaning }

    /// The first sentence of `meaning`.
    var shortMeaning: String {
        meaning.firstRange(of: ". ").map { String(meaning[..<$0.lowerBound]) + "." } ?? meaning
    }

    /// What happened, without a full stop. `parcel` is what to call the shipment.
    package func sentence(parcel: String) -> String { entry.sentence.replacing("{parcel}", with: parcel) }

    /// How long after it happened (and after the trigger's own wait) it may still be reported.
    public var age: Duration { entry.age }

    /// True if a customer would see it as something gone wrong: a delay, an exception, a loss.
    package var isProblem: Bool { entry.isProblem }

    /// True if it may still be reported for a cancelled order or fulfillment: its cancellation, refunds and returns.
    var survivesCancellation: Bool { entry.survivesCancellation }

    /// True if some customers may be left untold, to measure what telling is worth.
    var mayBeHeldOut: Bool { !entry.isNeverHeldOut }

    /// True if conditions and templates find that root for such events, although not all events have it.
    func has(_ root: String) -> Bool { entry.roots.contains(root) }

    /// The order in which events of one moment are told.
    var rank: Int { Self.ranks[self] }

    private static let ranks = ByKind(allCases.enumerated().map { ($1, $0) }, else: .max)
}

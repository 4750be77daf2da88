/// Why an effect exists at all.
public enum EffectOrigin: String, Codable, Sendable, CaseIterable {
    /// A trigger heard an event. Shadow mode, limits and quiet hours apply to these alone.
    case trigger
    /// A person asked for it.
    case person
    /// Bookbag itself has something to report, such as a refused edit.
    case system
}

/// Something that should happen once outside of Bookbag: the unit that is decided, held, rendered and attempted.
/// Usually one line of `send` for one occurrence of one trigger.
///
/// `(shop, origin, trigger, line, key)` is unique in the store forever, for each of its keys; that is what makes a
/// second message impossible.
public struct Effect: Hashable, Sendable {
    /// The state of an effect.
    ///
    /// ```
    /// waiting ─▶ ready ─▶ sent
    ///    │         │       └───────▶ bounced   accepted, and then returned
    ///    │         ├────▶ refused      the receiver will never accept it
    ///    │         └────▶ withdrawn    no longer true before its first attempt
    ///    ├───────▶ shadowed            would have been sent
    ///    ├───────▶ held_out            not sent, to compare with those who are told
    ///    └───────▶ skipped, withdrawn, replaced
    /// ```
    public enum State: String, Codable, Sendable, CaseIterable {
        /// It has no bytes yet; it is judged when its wait ends.
        case waiting
        /// Recipient and bytes are frozen; it is attempted until there is a verdict.
        case ready
        /// The receiver accepted it.
        case sent
        /// The receiver accepted it, and then it was returned: nobody read it.
        case bounced
        /// It would have been sent if the trigger and the shop were live.
        case shadowed
        /// It would have been sent, but its customer is one of those whom the trigger holds out.
        case heldOut = "held_out"
        /// It was judged and should not be sent.
        case skipped
        /// It was to be sent, but then was no longer true.
        case withdrawn
        /// Another trigger's message replaces it.
        case replaced
        /// The receiver will never accept it.
        case refused

        /// True if the occurrence's key is used up: no other effect will ever be created for it.
        public var usesKeyUp: Bool {
            switch self {
            case .ready, .sent, .bounced, .shadowed, .heldOut, .refused: true
            case .waiting, .skipped, .withdrawn, .replaced: false
            }
        }
    }

    /// The number that the store gave it; 0 until it is stored.
    public var id: Int64
    public var origin: EffectOrigin
    /// Where it goes, and for which shop.
    public var route: Route
    /// True if it counts as contact with the shopper: for limits, and for what she has been told.
    public var isContact: Bool
    /// The trigger's name; without a trigger, what created it: the kind of a notice, what a person did.
    public var trigger: String
    /// Which line of `send` it is, as the trigger names it: `email`, `email:merchant`, `webhook:helpdesk`. It is never
    /// interpreted; `route` says where it goes.
    public var line: String
    /// The occurrence, by the trigger's `once_per`: one key per subject of the event. Never empty.
    public var keys: [String]
    /// What it is about; nil if it is not about any one thing, such as a notice to the shop.
    public var aggregate: AggregateID?
    /// The event that it reports; with `combine`, the one that opened the window, or otherwise the newest. Nil if no
    /// event caused it.
    public var event: Event?
    /// The further events that it reports, if `combine` makes one message out of several.
    public var together: [Event] = []
    public var state: State
    /// Why it is in that state.
    public var reason: Reason?
    /// The first condition that did not hold, with its value, or another sentence for `explain`. Never personal data.
    public var detail: String?
    /// When it should be judged next (`waiting`) or may be attempted next (`ready`).
    public var dueAt: Moment
    public var createdAt: Moment
    public var decidedAt: Moment?
    /// The number of attempts so far.
    public var attempts: Int
    /// How many of these attempts ended without our knowing how.
    public var attemptsInDoubt: Int
    /// Goes up with every commit; a commit against an older version is redone.
    public var version: Int64

    /// A new effect of a trigger that waits until `dueAt`.
    public init(
        to route: Route, isContact: Bool, trigger: String, line: String, keys: [String], event: Event, dueAt: Moment,
        createdAt: Moment, reason: Reason? = nil
    ) {
        self.init(
            to: route, origin: .trigger, isContact: isContact, by: trigger, line: line, keys: keys,
            about: event.aggregate, event: event, dueAt: dueAt, createdAt: createdAt, reason: reason)
    }

    /// A new effect of any origin that waits until `dueAt`.
    ///
    /// - Parameters:
    ///   - maker: the value for `trigger`.
    ///   - line: which of several effects of one occurrence; the route's name if there is no better one.
    public init(
        to route: Route, origin: EffectOrigin, isContact: Bool, by maker: String, line: String, keys: [String],
        about aggregate: AggregateID?, event: Event? = nil, dueAt: Moment, createdAt: Moment, reason: Reason? = nil
    ) {
        id = 0
        self.route = route
        self.origin = origin
        self.isContact = isContact
        trigger = maker
        self.line = line
        self.keys = keys
        self.aggregate = aggregate
        self.event = event
        state = .waiting
        self.reason = reason
        detail = nil
        self.dueAt = dueAt
        self.createdAt = createdAt
        decidedAt = nil
        attempts = 0
        attemptsInDoubt = 0
        version = 0
    }

    /// True if its keys are used up: no other effect will ever be created for them.
    public var usesKeyUp: Bool { state.usesKeyUp || state == .skipped && reason == .ownAction }

    public var shop: String { route.shop }

    public var channel: ChannelName { route.channel }

    /// The order's id, if it is about an order.
    public var orderID: String? { aggregate?.orderID }

    /// The order, if it is about one.
    public var orderKey: OrderKey? { orderID.map { OrderKey(shop: shop, orderID: $0) } }

    /// How long it is held; nil if it is not held, or nobody knows.
    public var heldUntil: Moment? { state == .waiting && reason != nil && dueAt < .distantFuture ? dueAt : nil }

    /// All events that it reports.
    public var events: [Event] { (event.map { [$0] } ?? []) + together }
}

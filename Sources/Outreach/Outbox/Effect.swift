/// Why an effect exists at all.
public enum EffectOrigin: String, Codable, Sendable, CaseIterable {
    /// A trigger heard an event. Shadow, limits and quiet hours are for these alone.
    case trigger
    /// A person asked for it.
    case person
    /// Bookbag itself has something to say, such as that an edit was refused.
    case system
}

/// What is to happen once outside of Bookbag: the unit that is decided, held, rendered and attempted. Mostly one line
/// of `send` for one occurrence of one trigger.
///
/// `(shop, origin, trigger, line, key)` is unique in the store for ever, for each of its keys; that is what makes a
/// second message impossible.
public struct Effect: Hashable, Sendable {
    /// Where an effect stands.
    ///
    /// ```
    /// waiting ─▶ ready ─▶ sent
    ///    │         │       └───────▶ bounced   taken, and sent back
    ///    │         ├────▶ refused      the far end will never take it
    ///    │         └────▶ withdrawn    no longer true before its first attempt
    ///    ├───────▶ shadowed            would have gone out
    ///    └───────▶ skipped, withdrawn, replaced
    /// ```
    public enum State: String, Codable, Sendable, CaseIterable {
        /// It has no bytes yet; it is judged when its wait ends.
        case waiting
        /// Recipient and bytes are frozen; it is attempted until there is a verdict.
        case ready
        /// The far end took it.
        case sent
        /// The far end took it, and it came back: nobody read it.
        case bounced
        /// It would have been sent, were the trigger or the shop live.
        case shadowed
        /// It was judged and is not to be sent.
        case skipped
        /// It was to be sent, and then was no longer true.
        case withdrawn
        /// Another trigger's message takes its place.
        case replaced
        /// The far end will never take it.
        case refused

        /// True where the occurrence's key is used up: no other effect will ever be made for it.
        public var usesKeyUp: Bool {
            switch self {
            case .ready, .sent, .bounced, .shadowed, .refused: true
            case .waiting, .skipped, .withdrawn, .replaced: false
            }
        }
    }

    /// The store's number; 0 until it is stored.
    public var id: Int64
    public var origin: EffectOrigin
    /// Where it goes, and of which shop it is.
    public var route: Route
    /// True where it counts as contact with the shopper: for limits, and for what she has heard.
    public var isContact: Bool
    /// The trigger's name; without a trigger, what made it: the kind of a notice, what a person did.
    public var trigger: String
    /// Which line of `send` it is, as the trigger names it: `email`, `email:merchant`, `webhook:helpdesk`. Nothing is
    /// read from it; where it goes is `route`.
    public var line: String
    /// The occurrence, by the trigger's `once_per`: one key for each subject of the event. Never empty.
    public var keys: [String]
    /// What it is about; nil where it is about no one thing, as a notice to the shop.
    public var aggregate: AggregateID?
    /// The event that it tells; with `combine`, the one that opened the window, or else the newest. Nil where no event
    /// made it.
    public var event: Event?
    /// The further events that it tells, where `combine` makes one message of several.
    public var together: [Event] = []
    public var state: State
    /// Why it is in that state.
    public var reason: Reason?
    /// The first condition that did not hold, with its value, or another sentence for `explain`. Never personal data.
    public var detail: String?
    /// When it is to be judged next (`waiting`) or may be attempted next (`ready`).
    public var dueAt: Moment
    public var createdAt: Moment
    public var decidedAt: Moment?
    /// How often it was attempted.
    public var attempts: Int
    /// How many of these attempts ended without our knowing how.
    public var attemptsInDoubt: Int
    /// Goes up with every commit; a commit against an older one is done again.
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
    ///   - maker: what goes into `trigger`.
    ///   - line: which of several that one occurrence has; the route's name where there is no better one.
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

    public var shop: String { route.shop }

    public var channel: ChannelName { route.channel }

    /// The order's id, where it is about an order.
    public var orderID: String? { aggregate?.orderID }

    /// The order, where it is about one.
    public var orderKey: OrderKey? { orderID.map { OrderKey(shop: shop, orderID: $0) } }

    /// How long it is held; nil where it is not, or nobody knows.
    public var heldUntil: Moment? { state == .waiting && reason != nil && dueAt < .distantFuture ? dueAt : nil }

    /// All events that it tells.
    public var events: [Event] { (event.map { [$0] } ?? []) + together }
}

extension [String: OrderRecord] {
    /// The order that an effect is about, of those that were read.
    public func record(of effect: Effect) -> OrderRecord? { effect.orderID.flatMap { self[$0] } }
}

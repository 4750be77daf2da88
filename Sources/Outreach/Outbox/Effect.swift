/// Where an effect goes.
public enum ChannelKind: String, Codable, Sendable, CaseIterable {
    case email, webhook
}

/// One line of `send` for one occurrence of one trigger: the unit that is decided, held, rendered and attempted.
///
/// `(shop, trigger, line, key)` is unique in the store for ever, for each of its keys; that is what makes a second message impossible.
public struct Effect: Hashable, Sendable {
    /// Where an effect stands.
    ///
    /// ```
    /// waiting ─▶ ready ─▶ sent
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
            case .ready, .sent, .shadowed, .refused: true
            case .waiting, .skipped, .withdrawn, .replaced: false
            }
        }
    }

    /// The store's number; 0 until it is stored.
    public var id: Int64
    public var shop: String
    /// The trigger's name.
    public var trigger: String
    /// Which line of `send` it is: `email`, `email:merchant`, `email:team@…`, `webhook:helpdesk`.
    public var line: String
    /// The occurrence, by the trigger's `once_per`: one key for each subject of the event. Never empty.
    public var keys: [String]
    public var orderID: String
    /// The event that it tells; with `combine`, the one that opened the window, or else the newest.
    public var event: Event
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

    /// A new effect that waits until `dueAt`.
    public init(
        shop: String, trigger: String, line: String, keys: [String], event: Event, dueAt: Moment, createdAt: Moment,
        reason: Reason? = nil
    ) {
        id = 0
        self.shop = shop
        self.trigger = trigger
        self.line = line
        self.keys = keys
        orderID = event.orderID
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

    /// How long it is held; nil where it is not, or nobody knows.
    public var heldUntil: Moment? { state == .waiting && reason != nil && dueAt < .distantFuture ? dueAt : nil }

    /// All events that it tells.
    public var events: [Event] { [event] + together }

    /// The way out that its line names.
    public var channel: ChannelKind { line.hasPrefix("webhook") ? .webhook : .email }

    /// The webhook's name in the configuration, for a webhook line.
    public var webhookName: String? {
        line.hasPrefix("webhook:") ? String(line.dropFirst("webhook:".count)) : nil
    }
}

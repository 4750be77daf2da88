// How long what is stored is kept. What is old goes in small steps: first the bytes of mails, which are most of a store,
// then whole orders of which nothing was heard for over a year. Of such an order its keyed hash remains, with the moment
// of its removal: should the shop show it again, what had happened by then is learned in silence, and nobody is told of
// it a second time.

/// How long each kind of data is kept after it was last needed; nil keeps it for ever.
public struct Retention: Hashable, Sendable {
    /// The bytes of messages that were sent, and whom they went to.
    public var messages: Duration? = .days(90)
    /// What each attempt to send was answered.
    public var attempts: Duration? = .days(90)
    /// The bytes of mails that came in. Her words stay, in their conversation; files go sooner
    /// (`ConversationRules.keepsFiles`).
    public var letters: Duration? = .days(400)
    /// Closed conversations that are about no order, since the last word.
    public var conversations: Duration? = .days(400)
    /// Orders with all that belongs to them, since anything of them last changed.
    public var orders: Duration? = .days(400)

    public init() {}

    /// An order must not go while the shop may still list it as changed for what happened before.
    public static let leastForOrders = Duration.days(90)
    /// Whoever looks for why a mail was not received does so within days.
    public static let least = Duration.days(7)

    /// Everything for ever.
    public static var forEver: Retention {
        var retention = Retention()
        (retention.messages, retention.attempts, retention.letters) = (nil, nil, nil)
        (retention.conversations, retention.orders) = (nil, nil)
        return retention
    }
}

/// How far each kind of data was gone through, by the numbers of its rows.
public struct RetentionPlace: Hashable, Sendable, Codable, RememberedValue {
    public var messages: Int64 = 0
    public var attempts: Int64 = 0
    public var letters: Int64 = 0
    public var conversations: Int64 = 0
    public var orders: Int64 = 0
    /// When the next round through conversations and orders begins; nil while one is under way.
    public var nextRound: Moment?

    public init() {}
}

extension RememberedKey where Value == RetentionPlace {
    /// How far the removal of what is old has come.
    public static var retention: Self { Self(.retention) }
}

/// What one step removed.
public struct RetentionStep: Hashable, Sendable {
    public var messages = 0
    public var attempts = 0
    public var letters = 0
    public var conversations = 0
    public var orders = 0
    /// Whether there may be more to remove at once.
    public var isMore = false

    public init() {}

    public var isNothing: Bool { messages + attempts + letters + conversations + orders == 0 }

    public static func += (sum: inout RetentionStep, step: RetentionStep) {
        sum.messages += step.messages
        sum.attempts += step.attempts
        sum.letters += step.letters
        sum.conversations += step.conversations
        sum.orders += step.orders
        sum.isMore = step.isMore
    }
}

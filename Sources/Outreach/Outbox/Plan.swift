/// The key under which an effect is the only one, for ever.
public struct OccurrenceKey: Hashable, Sendable {
    public var shop: String
    public var origin: EffectOrigin
    public var trigger: String
    /// Which line of `send`.
    public var line: String
    /// One of the effect's keys.
    public var key: String

    /// That key of that line of that trigger.
    public init(shop: String, origin: EffectOrigin = .trigger, trigger: String, line: String, key: String) {
        self.shop = shop
        self.origin = origin
        self.trigger = trigger
        self.line = line
        self.key = key
    }
}

/// A new effect, or an effect as it is now.
public struct PlannedChange: Hashable, Sendable {
    /// With `id` 0 a new one, else the one of that number at the version at which it was read.
    public var effect: Effect
    /// What is added to its story.
    public var note: DecisionNote?
    /// Its frozen bytes: needed with `ready` unless they are stored already, possible with `shadowed`.
    public var message: Message?
    /// The room that it takes of a limit: the change is stale where it is gone by now.
    public var room: LimitRoom?

    /// The effect is to be like this.
    public init(effect: Effect, note: DecisionNote?, message: Message? = nil, room: LimitRoom? = nil) {
        self.effect = effect
        self.note = note
        self.message = message
        self.room = room
    }
}

/// The condition under which a limited mail may become ready: fewer than so many count for its address.
public struct LimitRoom: Hashable, Sendable {
    /// The recipient's.
    public var address: String
    /// What was sent or became ready after that counts.
    public var since: Moment
    /// So many may count, this mail included.
    public var messages: Int

    /// There is room for one more.
    public init(address: String, since: Moment, messages: Int) {
        self.address = address
        self.since = since
        self.messages = messages
    }
}

/// A match that came to no effect: why a trigger that heard an event said nothing of it. Kept as a row, so that nobody
/// has to guess it from files that have changed since.
public struct MatchOutcome: Hashable, Sendable {
    public var trigger: String
    /// The store's number of the event.
    public var eventID: Int64
    public var reason: Reason
    /// The first condition that did not hold, with its value, or another sentence for `explain`. Never personal data.
    public var detail: String?
    public var at: Moment

    /// That trigger made nothing of that event, for that reason.
    public init(trigger: String, eventID: Int64, reason: Reason, detail: String? = nil, at: Moment) {
        self.trigger = trigger
        self.eventID = eventID
        self.reason = reason
        self.detail = detail
        self.at = at
    }
}

/// What is written together or not at all: the changes that an event or the end of a wait brings.
public struct Plan: Hashable, Sendable {
    /// Of which shop. Every effect of the plan is of this shop.
    public var shop: String
    /// Events that need no more planning once this is written.
    public var doneEvents: [Int64]
    public var changes: [PlannedChange]
    /// Matches that came to nothing.
    public var matches: [MatchOutcome]
    /// What was read to make it: the plan is stale where one of these has another version by now.
    public var reads: ReadVersions

    /// These changes, for these events.
    public init(
        shop: String, doneEvents: [Int64] = [], changes: [PlannedChange] = [], matches: [MatchOutcome] = [],
        reads: ReadVersions = [:]
    ) {
        self.shop = shop
        self.doneEvents = doneEvents
        self.changes = changes
        self.matches = matches
        self.reads = reads
    }
}

/// What became of a commit of plans.
public struct PlanOutcome: Hashable, Sendable {
    /// The effects as they stand now, in the order of their plans and changes.
    public var effects: [Effect] = []
    /// The positions of plans of which nothing was written, for what was read, an effect or a key had changed, or an
    /// effect is being attempted: plan again.
    public var stale: [Int] = []
    /// Those of them whose reading was overtaken: an aggregate has another version by now. To plan them again at once
    /// is worth it, for somebody else has got further; the others have to wait for whoever holds the effect or the key.
    public var outdated: [Int] = []
    /// The positions of plans that cannot be written, for they are not possible: a fault of the program, which stops no
    /// other plan. Their events stay pending.
    public var refused: [Int: StoreFailure] = [:]

    /// Nothing was written yet.
    public init() {}
}

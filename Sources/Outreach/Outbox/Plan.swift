/// The key under which an effect is unique, forever.
public struct OccurrenceKey: Hashable, Sendable {
    public var shop: String
    public var origin: EffectOrigin
    public var trigger: String
    /// Which line of `send`.
    public var line: String
    /// One of the effect's keys.
    public var key: String

    public init(shop: String, origin: EffectOrigin = .trigger, trigger: String, line: String, key: String) {
        self.shop = shop
        self.origin = origin
        self.trigger = trigger
        self.line = line
        self.key = key
    }
}

/// A new effect, or a changed one.
public struct PlannedChange: Hashable, Sendable {
    /// With `id` 0 a new one, otherwise the one of that number at the version that was read.
    public var effect: Effect
    /// The note added to its story.
    public var note: DecisionNote?
    /// Its frozen bytes: required for `ready` unless they are already stored, optional for `shadowed`.
    public var message: Message?
    /// The room that it takes up under a limit: the change is stale if that is gone by now.
    public var room: LimitRoom?
    /// That the message asks for a rating: the change is stale if the customer was asked for another by now.
    public var asks: RatingRequest?
    /// That the trigger holds some customers out.
    public var draw: HoldOutDraw?
    /// What a gift costs: the change is stale if there is no room for it by now.
    public var booking: Booking?
    /// What is offered to the shopper with it, under the effect's own number.
    public var offer: Offer?
    /// The effect whose gift it takes back: the change is stale if somebody was told of it by now.
    public var takesBackGift: Int64?

    public init(effect: Effect, note: DecisionNote?, message: Message? = nil, room: LimitRoom? = nil) {
        self.effect = effect
        self.note = note
        self.message = message
        self.room = room
    }
}

/// The condition under which a limited mail may become ready: fewer than `messages` others count for its address.
public struct LimitRoom: Hashable, Sendable {
    /// The recipient's address.
    public var address: String
    /// Mail sent or made ready after this counts.
    public var since: Moment
    /// How many may count, this mail included.
    public var messages: Int

    public init(address: String, since: Moment, messages: Int) {
        self.address = address
        self.since = since
        self.messages = messages
    }
}

/// A match that produced no effect: why a trigger that heard an event sent nothing. Stored as a row, so that nobody has
/// to reconstruct it from files that have changed since.
public struct MatchOutcome: Hashable, Sendable {
    public var trigger: String
    /// The event's number in the store.
    public var eventID: Int64
    public var reason: Reason
    /// The first condition that did not hold, with its value, or another sentence for `explain`. Never personal data.
    public var detail: String?
    public var at: Moment

    public init(trigger: String, eventID: Int64, reason: Reason, detail: String? = nil, at: Moment) {
        self.trigger = trigger
        self.eventID = eventID
        self.reason = reason
        self.detail = detail
        self.at = at
    }
}

/// Changes that are written together or not at all: those caused by an event or the end of a wait.
public struct Plan: Hashable, Sendable {
    /// Every effect of the plan belongs to this shop.
    public var shop: String
    /// Events that need no further planning once this is written.
    public var doneEvents: [Int64]
    public var changes: [PlannedChange]
    /// Matches that produced no effect.
    public var matches: [MatchOutcome]
    /// The versions that were read to make it: the plan is stale if one of these has another version by now.
    public var reads: ReadVersions

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

/// The result of committing plans.
public struct PlanOutcome: Hashable, Sendable {
    /// The effects as they are now, in the order of their plans and changes.
    public var effects: [Effect] = []
    /// The positions of plans of which nothing was written, because something they read, an effect or a key had
    /// changed, or an effect is being attempted: plan again.
    public var stale: [Int] = []
    /// Those of them that were based on outdated data: an aggregate has another version by now. It is worth planning
    /// these again immediately, since somebody else has made progress; the others have to wait for whoever holds the
    /// effect or the key.
    public var outdated: [Int] = []
    /// The positions of plans that cannot be written because they are not valid: a bug in the program, which stops no
    /// other plan. Their events stay pending.
    public var refused: [Int: StoreFailure] = [:]

    public init() {}
}

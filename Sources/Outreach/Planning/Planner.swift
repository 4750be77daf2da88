// What becomes of an event.
//
// Two pure steps. `matches` and `place` turn a recorded event into effects: one for each line of each trigger that
// hears it, waiting until the trigger's wait is over. `judge` says what becomes of an effect now: it is asked when the
// wait ends, and again before every attempt, so that what goes out is true at the moment at which it goes out. Neither
// reads a clock or a table; the same arguments give the same answer, in the daemon, in `bookbag test` and in `replay`.
//
// What is judged, in this order: whether another trigger's message took the place; whether the wait is over; for each
// event that the effect tells, whether it is still true and still news, and the conditions; whom to write to; and last
// what holds a true message back: a pause, the shopper's night, and her limit. A message that is held keeps waiting and is
// judged again from the start.

/// Decides, for one shop, by the triggers that are in force.
public struct Planner: Sendable {
    public var triggers: TriggerSet
    /// Since when each trigger is in force: it hears events recorded from then on.
    public var inForceSince: [String: Moment]
    public var live: LiveSince
    /// What Shopify says of the shop: its name, page and zone.
    public var shop: ShopProfile { didSet { shopZone = shop.zone } }
    /// The shop's own zone.
    public private(set) var shopZone: Zone
    /// What people have paused; nothing for `replay`, `test` and the estimate of what an edit would send.
    public var pauses = Pauses()

    /// A planner for one shop.
    public init(triggers: TriggerSet, inForceSince: [String: Moment], live: LiveSince, shop: ShopProfile) {
        self.triggers = triggers
        self.inForceSince = inForceSince
        self.live = live
        self.shop = shop
        shopZone = shop.zone
    }

    /// An order at a moment, for all that is decided about it then.
    public func evaluation(_ record: OrderRecord, now: Moment) -> EvaluationContext {
        EvaluationContext(
            record: record, settings: triggers.settings, now: now, zone: record.zone(shopZone: shopZone),
            shopZone: shopZone, shop: shop)
    }

    /// What conditions and templates may look at. `together` are further events that one message tells.
    public func scope(
        record: OrderRecord, event: Event, together: [Event] = [], history: History, now: Moment
    ) -> Scope {
        Scope(evaluation(record, now: now), event: event, together: together, history: history)
    }
}

// What becomes of an event.
//
// There are two pure steps. `matches` and `place` turn a recorded event into effects: one for each line of each trigger
// that hears it, waiting until the trigger's wait is over. `judge` decides about an effect at a moment: it is called
// when the wait ends, and again before every attempt, so that what is sent is true when it is sent. Neither reads a
// clock or a table; the same arguments give the same answer, in the daemon, in `bookbag test` and in `replay`.
//
// What is judged, in this order: whether another trigger's message has replaced it; whether the wait is over; for each
// event that the effect covers, whether it is still true and still news, and the conditions; whom to write to; and
// last what holds back a valid message: a pause, the shopper's night, and her limit. A message that is held keeps
// waiting and is judged again from the start.

/// Decides, for one shop, by the triggers in force.
public struct Planner: Sendable {
    public var triggers: TriggerSet { didSet { since = triggers.ordered(inForceSince) } }
    /// Since when each trigger is in force: it hears events recorded from then on.
    public var inForceSince: [String: Moment] { didSet { since = triggers.ordered(inForceSince) } }
    /// The same, by `TriggerSet.Entry.index`.
    private(set) var since: [Moment?]
    public var live: LiveSince
    /// What Shopify says about the shop: its name, website and time zone.
    public var shop: ShopProfile { didSet { shopZone = shop.zone } }
    /// The shop's own time zone.
    public private(set) var shopZone: Zone
    /// What people have paused; nothing for `replay`, `test` and the estimate of what an edit would send.
    public var pauses = Pauses()
    /// The secret by which customers are held out; nobody is without one, as in `test` and `preview`.
    public var holdOutKey: [UInt8] = []
    /// Which kinds of questions may be answered without a person.
    public var proofs = AnswerProofs()
    /// What all gifts may cost at most, as the operator says: policy.yaml only goes below.
    public var giftCeilings: [Allowance] = []
    /// The same for what else is done in the shop, by `ShopVerb.ceiling`.
    public var actionCeilings: [String: ActionCeiling] = [:]
    /// The same of remedies.
    public var remedyCeilings: [Allowance] = []
    /// Whether shoppers have pages of their own (`public:` in bookbag.yaml), on which they can do something themselves.
    public var servesPages = false

    public init(triggers: TriggerSet, inForceSince: [String: Moment], live: LiveSince, shop: ShopProfile) {
        self.triggers = triggers
        self.inForceSince = inForceSince
        since = triggers.ordered(inForceSince)
        self.live = live
        self.shop = shop
        shopZone = shop.zone
    }

    /// An order at a moment, for everything that is decided about it then.
    public func evaluation(_ record: OrderRecord, now: Moment) -> EvaluationContext {
        EvaluationContext(
            record: record, settings: triggers.settings, now: now, zone: record.zone(shopZone: shopZone),
            shopZone: shopZone, shop: shop, servesPages: servesPages)
    }

    /// What conditions and templates may look at. `together` are further events that the same message covers,
    /// `pages` what templates may link to.
    public func scope(
        record: OrderRecord, event: Event, together: [Event] = [], history: History, now: Moment,
        pages: PageLinks = PageLinks()
    ) -> Scope {
        var scope = Scope(evaluation(record, now: now), event: event, together: together, history: history)
        scope.pages = pages.fitting(record)
        // Nobody starts what nothing is said of.
        if triggers.policy?.returns == nil { scope.pages.returns = nil }
        return scope
    }
}

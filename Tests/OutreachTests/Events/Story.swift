@testable import Outreach

/// A shop in which one order lives, for tests: says what the shop shows, and what is learned of it.
struct Story {
    var record: OrderRecord?
    var facts: OrderFacts
    var learner: Learner
    /// Every event that was learned, in the order in which it was.
    var events: [Event] = []
    var nextMoment: Moment?

    static let start = Moment(iso8601: "2026-11-02T09:00:00Z")!

    init(live: Moment = Story.start - .days(30), createdAt: Moment = Story.start, zone: String = "Europe/London") {
        facts = OrderFacts(
            id: "gid://shopify/Order/1", name: "#1001", createdAt: createdAt, updatedAt: createdAt)
        facts.email = "ada@shopper.example"
        facts.fulfillment = .unfulfilled
        facts.payment = .pending
        facts.lineItems = [LineItemFacts(id: "L1", title: "Fig jam", quantity: 2)]
        learner = Learner(
            live: LiveSince(shop: live), shopZone: Zone(named: zone)!, rereadEvery: .minutes(1))
    }

    /// Shows the order as it is now, `after` the start, and learns.
    @discardableResult
    mutating func look(after: Duration, touched: Bool = true) -> [EventKind] {
        let now = Story.start + after
        if touched { facts.updatedAt = now }
        return learn(Observation(shop: "fig.myshopify.com", seenAt: now, content: .order(facts)))
    }

    @discardableResult
    mutating func learn(_ observation: Observation) -> [EventKind] {
        let learned = learner.learn(observation, into: record)!
        return take(learned)
    }

    /// Lets time pass with nothing new.
    @discardableResult
    mutating func wait(until now: Moment) -> [EventKind] { take(learner.advance(record!, to: now)) }

    private mutating func take(_ learned: Learned) -> [EventKind] {
        record = learned.record
        nextMoment = learned.nextMoment
        events += learned.events
        return learned.events.map(\.kind)
    }

    /// Sends everything in packages with these numbers.
    mutating func ship(_ numbers: [String] = ["1Z1"], after: Duration = .hours(1)) {
        let at = Story.start + after
        facts.fulfillments.append(
            FulfillmentFacts(
                id: "gid://shopify/Fulfillment/\(facts.fulfillments.count + 5)",
                name: "#1001.\(facts.fulfillments.count + 1)",
                status: .success, createdAt: at, updatedAt: at,
                tracking: numbers.map { TrackingFacts(company: "UPS", number: $0, url: nil) }))
        facts.fulfillment = .fulfilled
    }

    /// Adds a scan of the shop to the first fulfillment.
    mutating func scan(
        _ id: String, _ state: ParcelState?, after: Duration, estimate: String? = nil, late: Bool = false
    ) {
        facts.fulfillments[0].scans.append(Story.scan(id, state, after: after, estimate: estimate, late: late))
        facts.fulfillments[0].updatedAt = Story.start + after
    }

    static func scan(
        _ id: String, _ state: ParcelState?, after: Duration, estimate: String? = nil, late: Bool = false,
        source: String = "shopify"
    ) -> Scan {
        Scan(
            id: "\(source):\(id)", source: source, time: start + after, state: state, delay: late ? .yes : .no,
            estimate: estimate.flatMap(CalendarDay.init(iso8601:)))
    }
}

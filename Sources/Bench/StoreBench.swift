import Foundation
import Outreach
import Store

/// The shop whose store is measured: the one that the sandbox plays.
let benchShop = "juniperfig.myshopify.com"

/// Measures the store's steps one by one, on the disk and as durable as in the daemon, and leaves a store of `orders`
/// open shipments behind for what is measured next.
func benchStore(path: String, orders: Int) async throws {
    let now = Moment(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))
    let store = try Store.open(path: path, role: .daemon, now: now)
    _ = try await store.openShop(benchShop, now: now)

    let small = 2_000
    let alone = try await timed {
        for number in 0..<small { try await store.remember("\(number)", as: "bench", shop: benchShop, now: now) }
    }
    figure("small commits, one caller", Double(small) / alone.seconds, "/s")
    let many = try await timed {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for caller in 0..<64 {
                group.addTask {
                    for number in 0..<250 {
                        try await store.remember("\(number)", as: "bench\(caller)", shop: benchShop, now: now)
                    }
                }
            }
            try await group.waitForAll()
        }
    }
    figure("small commits, 64 callers", 64 * 250 / many.seconds, "/s")

    // Batches of 50, as the intake reads them.
    let learner = Learner(live: LiveSince(shop: now - .days(30)), shopZone: .utc, rereadEvery: .seconds(60))
    let learning = try await timed {
        var events: [Event] = []
        for batch in stride(from: 0, to: orders, by: 50) {
            let learned = (batch..<min(batch + 50, orders)).compactMap { number in
                learner.learn(
                    Observation(shop: benchShop, seenAt: now, content: .order(openOrder(number, now: now))), into: nil)
            }
            events += try await store.commit(learned, now: now).events
        }
        return events
    }
    figure("new orders learned", Double(orders) / learning.seconds, "/s")
    figure("events of them", Double(learning.result.count) / learning.seconds, "/s")

    let again = min(orders, 5_000)
    let advancing = try await timed {
        for batch in stride(from: 0, to: again, by: 50) {
            let ids = (batch..<min(batch + 50, again)).map { "gid://shopify/Order/\($0 + 1)" }
            let known = try await store.load(shop: benchShop, orderIDs: ids)
            let learned = ids.compactMap { known[$0].map { learner.advance($0, to: now + .minutes(1)) } }
            _ = try await store.commit(learned, now: now + .minutes(1))
        }
    }
    figure("known orders looked at again", Double(again) / advancing.seconds, "/s")

    try await benchOutbox(store, events: learning.result.filter { $0.kind == .shipmentCreated }, now: now)

    let status = try await timed { for _ in 0..<20 { _ = try await store.status(now: now) } }
    figure("status", status.seconds / 20 * 1000, "ms")
    let pending = try await store.pendingEvents(shop: benchShop, limit: .max)
    for batch in stride(from: 0, to: pending.count, by: 5_000) {
        _ = try await store.commitPlan(
            pending[batch..<min(batch + 5_000, pending.count)].map { Plan(shop: benchShop, doneEvents: [$0.id]) },
            now: now)
    }
    try store.close()
    let opening = try await timed {
        try Store.open(path: path, role: .command, now: now).close()
    }
    figure("open and close", opening.seconds * 1000, "ms")
    let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0
    figure("bytes of an order", Double(size) / Double(max(orders, 1)), "B")
}

/// Plans with a mail of 8 kB each; then claims, begins and finishes them in batches of 32, as the daemon does.
private func benchOutbox(_ store: Store, events: [Event], now: Moment) async throws {
    let events = Array(events.prefix(10_000))
    let body = [UInt8](repeating: UInt8(ascii: "x"), count: 8_000)
    let planning = try await timed {
        for batch in stride(from: 0, to: events.count, by: 256) {
            let plans = events[batch..<min(batch + 256, events.count)].map { event in
                var effect = Effect(
                    to: .mail(shop: benchShop), isContact: true, trigger: "bench", line: "email",
                    keys: [event.occurrences[0].subject + event.aggregate.id],
                    event: event, dueAt: now, createdAt: now)
                effect.state = .ready
                effect.decidedAt = now
                let message = Message.mail(
                    id: "bench-\(event.id)@juniperfig.example", sender: "bounces@juniperfig.example",
                    recipient: "shopper\(event.id)@load.example", bytes: body, summary: "On its way")
                let note = DecisionNote(at: now, state: .ready, reason: nil)
                return Plan(
                    shop: benchShop, doneEvents: [event.id],
                    changes: [PlannedChange(effect: effect, note: note, message: message)])
            }
            _ = try await store.commitPlan(plans, now: now)
        }
    }
    figure("plans with a mail of 8 kB", Double(events.count) / planning.seconds, "/s")
    let route = Route.mail(shop: benchShop)
    var sent = 0
    let sending = try await timed {
        while true {
            let claims = try await store.claim(route, limit: 32, owner: "bench", lease: .minutes(15), now: now)
            if claims.isEmpty { break }
            let begun = try await store.begin(claims, lease: .minutes(15), now: now).begun
            _ = try await store.finish(
                begun.map { AttemptOutcome(claim: $0, verdict: .accepted(receipt: "250 2.0.0 queued")) }, now: now)
            sent += begun.count
        }
    }
    figure("claim, begin and finish in batches of 32", Double(sent) / sending.seconds, "/s")
}

/// Makes a store in which the shop has been watched for so many days, so that what a sandbox shows is news.
func prepareShop(path: String, days: Int) async throws {
    let now = Moment(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))
    let store = try Store.open(path: path, role: .daemon, now: now)
    _ = try await store.openShop(benchShop, now: now - .days(days))
    try store.close()
}

/// An order such as shops have: a customer, two lines, an address, one parcel on its way with eight scans.
func openOrder(_ number: Int, now: Moment) -> OrderFacts {
    let placed = now - .hours(30)
    var facts = OrderFacts(
        id: "gid://shopify/Order/\(number + 1)", name: "#\(number + 1001)", createdAt: placed,
        updatedAt: placed + .hours(20))
    facts.email = "shopper\(number)@load.example"
    facts.locale = "en"
    facts.payment = .paid
    facts.paidAt = placed
    facts.fulfillment = .fulfilled
    facts.statusURL = "https://juniperfig.example/orders/\(number)/status"
    facts.customer = CustomerFacts(
        id: "gid://shopify/Customer/\(number % 50_000)", firstName: "Robin", lastName: "Shopper",
        email: facts.email, tags: ["newsletter"], locale: "en", ordersCount: 3,
        totalSpent: Money(amount: 120, currency: "GBP"), createdAt: placed - .days(100))
    var address = AddressFacts()
    address.name = "Robin Shopper"
    address.address1 = "12 Fig Lane"
    address.city = "Bristol"
    address.zip = "BS1 4DJ"
    address.country = "United Kingdom"
    address.countryCode = "GB"
    address.timeZone = "Europe/London"
    facts.shippingAddress = address
    facts.billingAddress = address
    facts.total = Money(amount: 42, currency: "GBP")
    facts.subtotal = Money(amount: 38, currency: "GBP")
    facts.shippingPrice = Money(amount: 4, currency: "GBP")
    facts.shippingMethod = "Standard"
    facts.lineItems = (0..<2).map { line in
        LineItemFacts(
            id: "gid://shopify/LineItem/\(number * 2 + line)", title: "Fig leaf tea", variantTitle: "100 g",
            sku: "TEA-FIG", vendor: "Juniper & Fig", quantity: 1, unitPrice: Money(amount: 19, currency: "GBP"),
            total: Money(amount: 19, currency: "GBP"), imageURL: "https://cdn.juniperfig.example/tea.jpg",
            productTags: ["tea"])
    }
    let fulfillment = "gid://shopify/Fulfillment/\(number + 1)"
    let scans = (0..<8).map { step in
        Scan(
            id: "\(fulfillment)/\(step)", source: "shopify", time: placed + .hours(12 + step), basis: .stated,
            state: .inTransit, estimate: CalendarDay(daysSinceEpoch: now.seconds / 86_400 + 4),
            words: "Arrived at a sorting centre", place: "Bristol, GB")
    }
    facts.fulfillments = [
        FulfillmentFacts(
            id: fulfillment, name: "\(facts.name).1", status: .success, createdAt: placed + .hours(10),
            updatedAt: placed + .hours(20),
            tracking: [
                TrackingFacts(
                    company: "UPS", number: "1ZBENCH\(number)", url: "https://ups.example/track/1ZBENCH\(number)")
            ], scans: scans,
            lineItems: facts.lineItems.map { QuantityFacts(lineItemID: $0.id, quantity: 1) })
    ]
    return facts
}

import Foundation
import Outreach

/// Measures how many recorded events a second one core decides about, by how many triggers there are.
///
/// A decision is the whole of it: which triggers hear the event, where its effect stands among others, what the
/// parcel's scans come to, whether it is still news, the conditions, and whom to write to. Nothing is rendered. Prints
/// one line for each set, `ours TRIGGERS EVENTS/S DECISIONS/S`, the best of several rounds. With a file the same
/// conditions and the names they look at are written there, for `scripts/bench-triggers` to give to other engines.
func benchTriggers(export: String? = nil, seconds: Double = 3) throws {
    let orders = (0..<2000).map(BenchOrders.order)
    var exported: [String: Any] = [:]
    for count in [10, 100, 1000] {
        let (set, rules) = try BenchOrders.triggers(count, spread: true)
        let planner = BenchOrders.planner(set)
        report("ours \(count)", decide(orders, planner, seconds: seconds))
        exported["\(count)"] = rules
    }
    // The same triggers on one kind of event, and events of another kind: what is not about an event must not cost it
    // anything.
    let (set, _) = try BenchOrders.triggers(1000, spread: false)
    let others = orders.map { order in
        var order = order
        order.events.removeAll { $0.kind == .returnRequested }
        return order
    }
    report("none of 1000", decide(others, BenchOrders.planner(set), seconds: seconds))
    guard let export else { return }
    let whole: [String: Any] = ["events": orders.flatMap(BenchOrders.contexts), "triggers": exported]
    try JSONSerialization.data(withJSONObject: whole).write(to: URL(fileURLWithPath: export))
}

private func report(_ name: String, _ rate: (events: Double, decisions: Double)) {
    print("\(name) \(Int(rate.events.rounded())) \(Int(rate.decisions.rounded()))")
}

/// Events and decisions a second; the best round.
private func decide(
    _ orders: [OrderRecord], _ planner: Planner, seconds: Double
) -> (events: Double, decisions: Double) {
    let clock = ContinuousClock()
    var best = (events: 0.0, decisions: 0.0)
    let history = History()
    let end = clock.now + .seconds(seconds)
    var kept = 0
    repeat {
        var (events, decisions) = (0, 0)
        let start = clock.now
        for order in orders {
            for event in order.events {
                events += 1
                if planner.ignores(event.kind) { continue }
                let now = event.recordedAt
                let evaluation = planner.evaluation(order, now: now)
                for match in planner.matches(event, at: evaluation) {
                    guard case .insert(let effect) = planner.place(match, event: event, existing: [], now: now) else {
                        continue
                    }
                    decisions += 1
                    if planner.judgement(effect, at: evaluation, history: history).decision == .send { kept &+= 1 }
                }
            }
        }
        let (whole, fraction) = (clock.now - start).components
        let spent = Double(whole) + Double(fraction) / 1e18
        best = max((Double(events) / spent, Double(decisions) / spent), best, by: { $0.0 < $1.0 })
    } while clock.now < end
    precondition(kept >= 0)
    return best
}

private func max<Value>(_ a: Value, _ b: Value, by less: (Value, Value) -> Bool) -> Value { less(a, b) ? b : a }

/// Orders, events and triggers that look like a shop's, the same every time.
enum BenchOrders {
    static let start = Moment(iso8601: "2026-03-02T09:00:00Z")!
    static let domain = "juniperfig.myshopify.com"

    /// What happens to every order, and when.
    static let life: [(EventKind, Int)] = [
        (.orderPlaced, 0), (.orderPaid, 0), (.shipmentCreated, 20), (.orderFulfilled, 20), (.shipmentAccepted, 26),
        (.shipmentInTransit, 30), (.shipmentOutForDelivery, 68), (.shipmentDelivered, 72), (.orderDelivered, 72),
    ]

    /// An order of which everything is known that has happened to it.
    static func order(_ number: Int) -> OrderRecord {
        let placed = start + .minutes(number * 7 % 200_000)
        var facts = OrderFacts(
            id: "gid://shopify/Order/\(number)", name: "#\(1000 + number)", createdAt: placed,
            updatedAt: placed + .hours(72))
        facts.email = "shopper\(number % 70_001)@shopper.example"
        facts.payment = .paid
        facts.paidAt = placed
        facts.fulfillment = .fulfilled
        facts.tags = number % 5 == 0 ? ["wholesale"] : ["web", "gift"]
        facts.total = Money(
            amount: Decimal(20 + number * 37 % 200) + Decimal(sign: .plus, exponent: -2, significand: 45),
            currency: "GBP")
        facts.customer = CustomerFacts(
            id: "gid://shopify/Customer/\(number % 70_001)", firstName: "Robin", lastName: "Ashdown",
            email: facts.email, tags: number % 9 == 0 ? ["VIP"] : [], ordersCount: number % 14,
            totalSpent: Money(amount: Decimal(number % 900), currency: "GBP"), marketing: .subscribed)
        var address = AddressFacts()
        address.name = "Robin Ashdown"
        address.city = "Bristol"
        address.country = "United Kingdom"
        address.countryCode = number % 4 == 0 ? "IE" : "GB"
        address.timeZone = "Europe/London"
        facts.shippingAddress = address
        facts.lineItems = [
            LineItemFacts(
                id: "gid://shopify/LineItem/\(number)1", title: "Linen apron", sku: "APR", quantity: 1,
                unitPrice: Money(amount: 38, currency: "GBP"), total: Money(amount: 38, currency: "GBP")),
            LineItemFacts(
                id: "gid://shopify/LineItem/\(number)2", title: "Beeswax candle", sku: "CAN", quantity: 2,
                unitPrice: Money(amount: 12, currency: "GBP"), total: Money(amount: 24, currency: "GBP")),
        ]
        let promise = CalendarDay(daysSinceEpoch: (placed + .hours(number % 3 == 0 ? 24 : 96)).seconds / 86_400)
        func scan(_ id: String, _ state: ParcelState, _ hours: Int) -> Scan {
            Scan(
                id: "shopify/\(number)-\(id)", source: "shopify", time: placed + .hours(hours), offsetMinutes: 0,
                state: state, estimate: id == "b" ? promise : nil, words: "At the depot", place: "Bristol, GB")
        }
        let scans = [
            scan("a", .preTransit, 20), scan("b", .accepted, 26), scan("c", .inTransit, 30), scan("d", .inTransit, 44),
            scan("e", .inTransit, 56), scan("f", .outForDelivery, 68), scan("g", .delivered, 72),
        ]
        let tracking = TrackingFacts(
            company: "Royal Mail", number: "JF\(100_000_000 + number)GB",
            url: "https://tracking.example/JF\(100_000_000 + number)GB")
        facts.fulfillments = [
            FulfillmentFacts(
                id: "gid://shopify/Fulfillment/\(number)", name: "#\(1000 + number).1", status: .success,
                createdAt: placed + .hours(20), updatedAt: placed + .hours(72), tracking: [tracking], scans: scans,
                lineItems: [
                    QuantityFacts(lineItemID: "gid://shopify/LineItem/\(number)1", quantity: 1),
                    QuantityFacts(lineItemID: "gid://shopify/LineItem/\(number)2", quantity: 2),
                ])
        ]
        var record = OrderRecord(shop: domain, facts: facts, seenAt: placed)
        record.shipments = [
            Shipment(id: "\(number)/1", fulfillmentID: "gid://shopify/Fulfillment/\(number)", tracking: tracking)
        ]
        record.events = life.enumerated().map { index, step in
            let subject = step.0.rawValue.hasPrefix("shipment") ? "shipment:\(number)/1" : "order"
            let at = placed + .hours(step.1)
            return Event(
                id: Int64(number * 10 + index + 1), shop: domain, orderID: facts.id, kind: step.0,
                occurrences: [.init(subject: subject, n: 1, mark: step.0.rawValue)], happenedAt: at, recordedAt: at,
                source: "shopify")
        }
        return record
    }

    /// So many triggers, with an `if` and an `unless` each, and the same conditions for other engines. Spread over the
    /// kinds of events, or all on one that none of the orders has.
    static func triggers(_ count: Int, spread: Bool) throws -> (set: TriggerSet, rules: [[String: String]]) {
        let kinds =
            life.map(\.0) + [
                .shipmentDelayed, .shipmentException, .returnRequested, .refundIssued, .orderEdited, .orderCancelled,
                .shipmentAttempted,
            ]
        let conditions = [
            "order.total_price >= 40", "customer.orders_count >= 3", "order.country == \"GB\"",
            "customer.tags contains \"VIP\"", "order.total_price < 180",
        ]
        let exceptions = ["order.tags contains \"wholesale\"", "customer.orders_count > 12", "order.country == \"FR\""]
        var files: [String: [UInt8]] = [
            "shop.yaml": Array("brand: { name: Fig, from: orders@fig.example }\nnotify: owner@fig.example\n".utf8),
            "templates/note.md": Array("---\nsubject: Your order {{ order.name }}\n---\nHello.\n".utf8),
        ]
        var rules: [[String: String]] = []
        for index in 0..<count {
            let kind = spread ? kinds[index % kinds.count] : .returnRequested
            let (condition, exception) = (conditions[index % conditions.count], exceptions[index % exceptions.count])
            files["trigger-\(index).yaml"] = Array(
                "on: \(kind.rawValue)\nif:\n  - \(condition)\nunless:\n  - \(exception)\nsend: { email: { template: note } }\n"
                    .utf8)
            rules.append(["on": kind.rawValue, "if": condition, "unless": exception])
        }
        let (set, faults) = TriggerSet.load(TriggerFolder(files: files))
        guard let set else { fatalError("\(faults.first.map { "\($0)" } ?? "")") }
        return (set, rules)
    }

    static func planner(_ set: TriggerSet) -> Planner {
        Planner(
            triggers: set,
            inForceSince: Dictionary(uniqueKeysWithValues: set.triggers.map { ($0.name, .distantPast) }),
            live: LiveSince(shop: .distantPast), shop: ShopProfile(domain: domain, timeZone: "Europe/London"))
    }

    /// What the conditions look at, event by event, as other engines want it.
    static func contexts(_ order: OrderRecord) -> [[String: Any]] {
        let facts = order.facts
        let context: [String: Any] = [
            "order": [
                "total_price": NSDecimalNumber(decimal: facts.total?.amount ?? 0).doubleValue, "tags": facts.tags,
                "country": facts.shippingAddress?.countryCode ?? "",
            ] as [String: Any],
            "customer": ["orders_count": facts.customer?.ordersCount ?? 0, "tags": facts.customer?.tags ?? []]
                as [String: Any],
        ]
        return order.events.map { ["kind": $0.kind.rawValue, "context": context] }
    }
}

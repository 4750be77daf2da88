import Foundation
import Outreach
import Store
import Testing

@testable import Daemon
@testable import bookbag

/// Where the package lies.
enum Place {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path
}

/// A store with one order of which much was told, and what `explain` says of it.
///
/// `BOOKBAG_GOLDEN=write swift test --filter ExplainTests` writes what is said now into the files, for somebody to
/// read.
@Suite("What explain tells of an order")
struct ExplainTests {
    static let shop = "juniperfig.myshopify.com"
    static let start = Moment(iso8601: "2026-12-02T10:00:00Z")!
    static let live = LiveSince(shop: start - .days(20))

    static func at(_ hours: Int, _ minutes: Int = 0) -> Moment { start + .hours(hours) + .minutes(minutes) }

    static let files: [String: String] = [
        "shop.yaml": """
        brand:
          name: Juniper & Fig
          from: Juniper & Fig <orders@juniperfig.example>
        quiet_hours: 21:00-08:00
        """,
        "delay-alert.yaml": """
        on: shipment.delayed
        unless: order.tags contains "wholesale"
        send: [email, webhook: helpdesk]
        """,
        "out-for-delivery.yaml": "on: shipment.out_for_delivery\nsend: email\n",
        "delivered.yaml": "on: shipment.delivered\nif: order.total_price >= 100\nsend: email\n",
        "thanks.yaml": "on: order.placed\nsend: email\n",
        "young.yaml": "on: shipment.delivered\nsend: { email: ann@juniperfig.example }\n",
        "resting.yaml": "on: order.placed\nmode: off\nsend: { email: bob@juniperfig.example }\n",
    ]

    static func folder() -> TriggerFolder {
        var all = files.mapValues { Array($0.utf8) }
        for name in files.keys where name != "shop.yaml" {
            all["templates/\(name.dropLast(5)).md"] = Array(
                "---\nsubject: Your order {{ order.name }}\n---\nHi.\n".utf8)
        }
        return TriggerFolder(files: all)
    }

    static func record() -> OrderRecord {
        var facts = OrderFacts(
            id: "gid://shopify/Order/1042", name: "#1042", createdAt: start - .days(30), updatedAt: start)
        facts.email = "robin@shopper.example"
        facts.payment = .paid
        facts.fulfillment = .fulfilled
        facts.total = Money(amount: 66.45, currency: "GBP")
        facts.fulfillments = [
            FulfillmentFacts(
                id: "gid://shopify/Fulfillment/5", name: "#1042.1", status: .success, createdAt: start,
                updatedAt: start,
                tracking: [TrackingFacts(company: "Royal Mail", number: "JF123456789GB")],
                scans: [
                    Scan(
                        id: "a", source: "shopify", time: at(0), state: .inTransit,
                        estimate: CalendarDay(iso8601: "2026-12-03")),
                    Scan(id: "b", source: "shopify", time: at(45), state: .outForDelivery),
                    Scan(id: "c", source: "royalmail", time: at(49), state: .delivered),
                ])
        ]
        var record = OrderRecord(shop: shop, facts: facts, seenAt: start - .days(10))
        record.shipments = [
            Shipment(
                id: "5/1", fulfillmentID: "gid://shopify/Fulfillment/5",
                tracking: TrackingFacts(company: "Royal Mail", number: "JF123456789GB"))
        ]
        return record
    }

    static func event(
        _ kind: EventKind, _ subject: String = "shipment:5/1", at moment: Moment, known: Moment? = nil,
        silence: Silence? = nil, source: String = "shopify"
    ) -> Event {
        Event(
            shop: shop, orderID: "gid://shopify/Order/1042", kind: kind,
            occurrences: [.init(subject: subject, n: 1, mark: kind.rawValue)], happenedAt: moment,
            recordedAt: known ?? moment, silence: silence, source: source,
            daysLate: kind == .shipmentDelayed ? 2 : nil, delayReason: kind == .shipmentDelayed ? "promise_passed" : nil
        )
    }

    /// The store, as the daemon would have left it.
    static func store() async throws -> Store {
        let store = try Store.inMemory(now: start)
        _ = try await store.openShop(shop, now: live.shop)
        try await store.remember(
            ShopProfile(domain: shop, timeZone: "Europe/London"), as: .profile, shop: shop, now: start)
        let encoder = JSONEncoder()
        let good = GoodSet(
            digest: "1", files: [UInt8](try encoder.encode(folder().files.mapValues { Data($0) })),
            acceptedAt: live.shop)
        let names = files.keys.filter { $0 != "shop.yaml" }.map { String($0.dropLast(5)) }
        _ = try await store.setTriggers(
            shop: shop, names: names.filter { $0 != "young" }, goodSet: good, now: live.shop)
        _ = try await store.setTriggers(shop: shop, names: names, goodSet: good, now: at(60))
        var record = record()
        let events = [
            event(.orderPlaced, "order", at: start - .days(30), known: start - .days(20), silence: .beforeLive),
            event(.shipmentInTransit, at: at(0), known: at(0, 4)),
            event(.shipmentDelayed, at: at(22), source: "time"),
            event(.shipmentOutForDelivery, at: at(45)),
            event(.shipmentDelivered, at: at(49), known: at(50), source: "royalmail"),
        ]
        record.events = events
        let learned = Learned(record: record, events: events, nextMoment: nil, rereads: [], changed: true)
        let stored = try await store.commit([learned], now: at(50)).events
        try await plans(stored, store)
        try await store.silence(
            .order("gid://shopify/Order/1042"), shop: shop, reason: "handled", note: "Ann is on it", until: at(200),
            now: at(70))
        try await letter(store)
        return store
    }

    /// Robin's answer to the news of the delay, the morning after.
    private static func letter(_ store: Store) async throws {
        let raw = RawObservation(
            shop: shop, source: "mailbox", externalID: "a", receivedAt: at(36), kind: "mail.inbox", bytes: [])
        for one in try await store.keep([raw], now: at(36)) {
            var outcome = IncomingOutcome(one, .person, detail: "a person answered")
            outcome.aggregate = .order("gid://shopify/Order/1042")
            outcome.effectID = 1
            try await store.commit(outcome, now: at(36, 1))
        }
    }

    /// What the daemon made of the events, and what became of it.
    private static func plans(_ events: [Event], _ store: Store) async throws {
        func effect(_ trigger: String, _ line: String, _ event: Event, _ moment: Moment) -> Effect {
            Effect(
                to: line == "email" ? .mail(shop: shop) : .webhook("helpdesk", shop: shop), isContact: line == "email",
                trigger: trigger, line: line, keys: ["\(event.kind.rawValue)/shipment:5/1"], event: event,
                dueAt: moment, createdAt: moment)
        }
        func write(_ effect: Effect, _ note: DecisionNote, _ message: Message? = nil) async throws -> Effect {
            var effect = effect
            effect.state = note.state
            effect.reason = note.reason
            effect.detail = note.detail
            effect.decidedAt = note.at
            let outcome = try await store.commitPlan(
                [
                    Plan(
                        shop: shop, doneEvents: effect.events.map(\.id),
                        changes: [PlannedChange(effect: effect, note: note, message: message)])
                ], now: note.at)
            return outcome.effects[0]
        }
        func mail(_ id: String) -> Message {
            .mail(
                id: id, sender: "orders@juniperfig.example", recipient: "robin@shopper.example",
                bytes: Array("Hi".utf8), summary: "Your order #1042 is running late")
        }
        // Late at night: held, written in the morning, put off once, in doubt once, and taken.
        let delayed = events[2]
        var late = try await write(
            effect("delay-alert", "email", delayed, at(22)), DecisionNote(at: at(22), state: .waiting, reason: nil))
        late.dueAt = at(22) + .minutes(12 * 60)
        late = try await write(late, DecisionNote(at: at(22), state: .waiting, reason: .quietHours))
        late.dueAt = at(34)
        late = try await write(
            late, DecisionNote(at: at(34), state: .ready, reason: nil), mail("a1@juniperfig.example"))
        let route = Route.mail(shop: shop)
        func attempt(_ moment: Moment, _ verdict: Verdict?) async throws {
            let claims = try await store.claim(route, limit: 5, owner: "\(moment)", lease: .minutes(15), now: moment)
            let begun = try await store.begin(claims, lease: .minutes(15), now: moment).begun
            guard let verdict else { return }
            _ = try await store.finish(
                begun.map { AttemptOutcome(claim: $0, verdict: verdict, nextAttemptAt: moment + .minutes(5)) },
                now: moment + .seconds(2))
        }
        try await attempt(
            at(34),
            .deferred(
                Failure(reason: "busy", code: 451, enhancedCode: "4.7.1", detail: "the relay asks to come again later"))
        )
        try await attempt(at(34, 5), nil)
        _ = try await store.recover(owner: "another", now: at(34, 6))
        try await attempt(at(34, 7), .accepted(receipt: "250 2.0.0 queued as 4F1"))
        _ = try await write(
            effect("delay-alert", "webhook:helpdesk", delayed, at(22)),
            DecisionNote(
                at: at(22), state: .skipped, reason: .unknownWebhook, detail: "no webhook 'helpdesk' is configured"))
        // On the van: it would have been sent.
        _ = try await write(
            effect("out-for-delivery", "email", events[3], at(45)),
            DecisionNote(at: at(45), state: .shadowed, reason: .shadow), mail("b1@juniperfig.example"))
        // Delivered: too small an order.
        _ = try await write(
            effect("delivered", "email", events[4], at(50)),
            DecisionNote(
                at: at(50), state: .skipped, reason: .if, detail: "order.total_price is 66.45, not at least 100"))
        func nothing(_ trigger: String, _ event: Event, _ reason: Reason) -> MatchOutcome {
            MatchOutcome(trigger: trigger, eventID: event.id, reason: reason, at: at(50))
        }
        _ = try await store.commitPlan(
            [
                Plan(
                    shop: shop, doneEvents: events.map(\.id),
                    matches: [
                        nothing("resting", events[0], .off), nothing("thanks", events[0], .beforeLive),
                        nothing("young", events[4], .beforeTrigger),
                    ])
            ], now: at(51))
    }

    static func account() async throws -> (OrderAccount, Zone) {
        let store = try await store()
        let key = OrderKey(shop: shop, orderID: "gid://shopify/Order/1042")
        let sources = try #require(try await AccountSources(key, store: store, now: at(72)))
        return (OrderAccount(sources), sources.profile.zone)
    }

    static func compare(_ text: String, _ file: String) throws {
        let path = "\(Place.root)/Tests/Golden/explain/\(file)"
        if ProcessInfo.processInfo.environment["BOOKBAG_GOLDEN"] == "write" {
            try (text + "\n").write(toFile: path, atomically: true, encoding: .utf8)
            return
        }
        #expect(try String(contentsOfFile: path, encoding: .utf8) == text + "\n")
    }

    @Test("is prose that a shopkeeper understands")
    func prose() async throws {
        let (account, zone) = try await Self.account()
        try Self.compare(account.text(zone: zone), "order-1042.txt")
    }

    @Test("is the same as JSON")
    func json() async throws {
        let (account, _) = try await Self.account()
        try Self.compare(try OrderAccount.json([account]), "order-1042.json")
    }

    @Test(
        "is found by the order's name, the address, the Message-ID and the tracking number",
        arguments: [
            "#1042", "1042", "robin@shopper.example", "ROBIN@shopper.example", "<a1@juniperfig.example>",
            "a1@juniperfig.example", "JF123456789GB", "JF 1234 5678 9GB", "jf123456789gb", "gid://shopify/Order/1042",
        ])
    func finding(what: String) async throws {
        let finder = Finder(store: try await Self.store(), shop: nil)
        #expect(try await finder.orders(what) == [OrderKey(shop: Self.shop, orderID: "gid://shopify/Order/1042")])
    }

    @Test(
        "finds nothing for what nobody knows",
        arguments: ["#1043", "eve@shopper.example", "<x@y>", "1Z999", "GBP", "F12", ""])
    func notFound(what: String) async throws {
        let finder = Finder(store: try await Self.store(), shop: nil)
        #expect(try await finder.orders(what) == [])
    }

    @Test("asks which shop is meant where two have the name")
    func twoShops() async throws {
        let store = try await Self.store()
        _ = try await store.openShop("other.myshopify.com", now: Self.start)
        var record = Self.record()
        record.shop = "other.myshopify.com"
        _ = try await store.commit(
            [Learned(record: record, events: [], nextMoment: nil, rereads: [], changed: true)], now: Self.start)
        await #expect(throws: (any Error).self) { try await Finder(store: store, shop: nil).orders("#1042") }
        let one = try await Finder(store: store, shop: "other.myshopify.com").orders("#1042")
        #expect(one.map(\.shop) == ["other.myshopify.com"])
    }

    @Test("has words for every reason there is", arguments: Reason.allCases)
    func reasons(_ reason: Reason) { #expect(ReasonWords.isKnown(reason)) }
}

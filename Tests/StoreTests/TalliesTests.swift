import Foundation
import GRDB
import Outreach
import Testing

@testable import Store

/// A line of the tallies.
private struct Counted: Hashable, Comparable, CustomStringConvertible {
    var name: String
    var day: Int64
    var a: String
    var b: String

    var description: String { "\(name) \(day) \(a) \(b)" }
    static func < (one: Counted, other: Counted) -> Bool { one.description < other.description }
}

private struct Amount: Equatable {
    var n: Int64 = 0
    var total: Int64 = 0

    static func + (a: Amount, b: Amount) -> Amount { Amount(n: a.n + b.n, total: a.total + b.total) }
    static func - (a: Amount, b: Amount) -> Amount { Amount(n: a.n - b.n, total: a.total - b.total) }
}

private typealias Counts = [Counted: Amount]

extension Counts {
    fileprivate func combined(_ other: Counts, by join: (Amount, Amount) -> Amount) -> Counts {
        var all = self
        for (key, amount) in other { all[key] = join(all[key] ?? Amount(), amount) }
        return all.filter { $0.value != Amount() }
    }
}

extension Store {
    /// The tallies as they are kept.
    fileprivate func kept() async throws -> Counts {
        try await read { db in
            let rows = try db.all("/* test */ SELECT name, day, a, b, n, total FROM tallies") { row in
                (Counted(name: row[0], day: row[1], a: row[2], b: row[3]), Amount(n: row[4], total: row[5]))
            }
            return Dictionary(uniqueKeysWithValues: rows).filter { $0.value != Amount() }
        }
    }

    /// The same, by counting all rows.
    fileprivate func counted(zone: Zone) async throws -> Counts {
        try await read { db in
            var counts: Counts = [:]
            func add(_ name: String, _ day: Int64, _ a: String, _ b: String, total: Int64 = 0) {
                let key = Counted(name: name, day: day, a: a, b: b)
                counts[key] = (counts[key] ?? Amount()) + Amount(n: 1, total: total)
            }
            func day(_ milliseconds: Int64) -> Int64 { zone.day(at: Moment(milliseconds: milliseconds)).daysSinceEpoch }
            try db.each(
                """
                /* test */ SELECT trigger_name, state, reason, decided_at, events.kind, events.happened_at
                FROM effects LEFT JOIN events ON events.shop = effects.shop AND events.id = effects.event_id
                WHERE origin <> 'system' AND state NOT IN ('waiting', 'ready')
                """
            ) { row in
                let (state, at) = (row[1] as String, row[3] as Int64)
                var lag: Int64 = 0
                if state == "sent" {
                    lag = max(0, at - (row[5] as Int64))
                    add("lags", day(at), row[0], TallyBuckets.name(TallyBuckets.lag.index(of: lag)))
                    add("told", day(at), row[4], "")
                }
                add("decisions", day(at), row[0], "\(state) \(row[2] as String? ?? "")", total: lag)
            }
            try db.each(
                "/* test */ SELECT kind, happened_at, delay_reason, figure FROM events WHERE silence IS NULL"
            ) { row in
                add("events", day(row[1]), row[0], "")
                guard let reason = row[2] as String? else { return }
                let figure = row[3] as String
                add("delays", day(row[1]), String(figure.dropFirst("delay \(reason) ".count)), reason)
            }
            try db.each("/* test */ SELECT carrier, day, outcome, days FROM journeys") { row in
                let days = row[3] as Int64?
                add("parcels", row[1], row[0], row[2], total: days ?? 0)
                if let days { add("transit", row[1], row[0], TallyBuckets.name(TallyBuckets.transit.index(of: days))) }
            }
            try db.each("/* test */ SELECT kind, day, score FROM ratings WHERE counts = 1 AND kind IS NOT NULL") {
                row in
                add("ratings", row[1], row[0], "asked")
                if let score = row[2] as Int64? { add("ratings", row[1], row[0], "\(score)") }
            }
            try db.each("/* test */ SELECT trigger_name, day, is_held, contacted_at FROM trials") { row in
                let group = row[2] as Bool ? "held" : "told"
                add("trials", row[1], row[0], group)
                if (row[3] as Int64?) != nil { add("trials", row[1], row[0], "\(group) contact") }
            }
            return counts
        }
    }
}

/// What happens to a shop, in an order that the seed throws; after each step what is kept is what there is.
@Suite("Tallies by day")
struct TalliesTests {
    private let zone = Zone(named: "Pacific/Auckland")!

    @Test("are what a count over all rows would be, and lose nothing to an erasure", arguments: 0..<40)
    func agree(_ seed: Int) async throws {
        var dice = Dice(seed: UInt64(seed) + 77)
        let store = try await StoreKind.inMemory.make()
        var profile = ShopProfile(domain: shop)
        profile.timeZone = zone.name
        try await store.remember(profile, as: .profile, shop: shop, now: t0)
        var now = t0
        var orders: [Int: OrderRecord] = [:]
        var effects: Set<Int64> = []
        /// What was erased and stays counted.
        var erased: Counts = [:]
        var serial = 0
        for step in 0..<120 {
            now = now + .minutes(Int.random(in: 1...900, using: &dice))
            switch Int.random(in: 0..<17, using: &dice) {
            case 0, 1:
                let number = 100 + serial
                serial += 1
                let silence: Silence? = Int.random(in: 0..<5, using: &dice) == 0 ? .beforeLive : nil
                let kind: EventKind = [.orderPlaced, .returnRequested, .refundIssued].randomElement(using: &dice)!
                var one = learned(
                    record(number, email: "shopper\(number % 7)@example.com"),
                    events: [event(kind, order: number, at: now, silence: silence)])
                one.record.facts.customer = nil
                one.journeys = Self.journeys(number, now: now, zone: zone, &dice)
                _ = try await store.commit([one], now: now)
            case 2, 3:
                guard let number = orders.keys.sorted().randomElement(using: &dice) else { continue }
                let loaded = try await store.load(shop: shop, orderIDs: [facts(number).id])[facts(number).id]
                guard let loaded else { continue }
                let n = loaded.events.count { $0.kind == .shipmentDelayed } + 1
                let isLate = Bool.random(using: &dice)
                var late = event(.shipmentDelayed, order: number, subjects: ["shipment:\(number)/1"], n: n, at: now)
                late.delayReason = ["no_scan", "promise_passed"].randomElement(using: &dice)!
                var one = learned(loaded, events: isLate ? [late] : [])
                one.journeys = Self.journeys(number, now: now, zone: zone, &dice)
                _ = try await store.commit([one], now: now)
            case 4, 5, 6:
                guard let number = orders.keys.sorted().randomElement(using: &dice),
                    let about = orders[number]?.events.first, about.id > 0
                else { continue }
                let effect = try await place(about, key: "k\(step)", store, now: now, &dice)
                effects.insert(effect.id)
            case 7:
                // What was held back is judged again.
                guard let effect = try await pick(effects, store, &dice),
                    [.waiting, .skipped, .withdrawn, .replaced].contains(effect.state), effect.attempts == 0
                else { continue }
                try await judge(effect, store, now: now, &dice)
            case 8, 9, 10:
                try await send(store, now: now, &dice)
            case 11:
                guard let effect = try await pick(effects, store, &dice) else { continue }
                if Bool.random(using: &dice) {
                    _ = try await store.retry(effectID: effect.id, now: now)
                } else {
                    _ = try await store.drop(effectID: effect.id, now: now)
                }
            case 14, 15:
                guard let effect = try await pick(effects, store, &dice),
                    let rating = try await store.rating(request: effect.id, shop: shop)
                else { continue }
                if rating.isClosed(at: now) { continue }
                try await store.post(Int.random(in: 1...5, using: &dice), on: effect, at: now)
            case 16:
                let raw = RawObservation(
                    shop: shop, source: "mailbox", externalID: "letter \(step)", receivedAt: now, kind: "mail",
                    bytes: [1])
                let kept = try #require(try await store.keep([raw], now: now).first)
                var letter = IncomingOutcome(kept, .person, detail: "A letter.")
                letter.address = "shopper\(Int.random(in: 0..<7, using: &dice))@example.com"
                letter.aggregate = orders.keys.sorted().randomElement(using: &dice).map { .order(facts($0).id) }
                try await store.commit(letter, now: now)
            case 12:
                if Bool.random(using: &dice) {
                    let since = now - .days(Int.random(in: 0...3, using: &dice))
                    _ = try await store.sendAgain(.mail(shop: shop), since: since, until: now, limit: 2, now: now)
                } else if let effect = try await pick(effects, store, &dice) {
                    try await bounce(effect, step, store, now: now)
                }
            default:
                guard Int.random(in: 0..<3, using: &dice) == 0 else { continue }
                let before = try await store.counted(zone: zone)
                _ = try await store.erase(
                    address: "shopper\(Int.random(in: 0..<7, using: &dice))@example.com", shop: shop, now: now)
                let gone = before.combined(try await store.counted(zone: zone), by: -)
                // What is erased is under way no more.
                erased = erased.combined(gone.filter { $0.key.b != "underway" }, by: +)
            }
            orders = try await all(store, serial)
            let kept = try await store.kept()
            let counted = try await store.counted(zone: zone).combined(erased, by: +)
            let wrong = kept.combined(counted, by: -)
            #expect(wrong.isEmpty, "step \(step): \(wrong.keys.sorted().map { "\($0) \(wrong[$0]!)" })")
            if !wrong.isEmpty { return }
        }
        #expect(try await store.kept().values.allSatisfy { $0.n > 0 })
    }

    /// Some journeys of an order's parcel, or none any more.
    private static func journeys(_ number: Int, now: Moment, zone: Zone, _ dice: inout Dice) -> [Journey]? {
        let outcome = Journey.Outcome.allCases.randomElement(using: &dice)!
        let carrier = ["", "DPD", "Royal Mail"].randomElement(using: &dice)!
        let days = Int.random(in: 0...14, using: &dice)
        switch Int.random(in: 0..<4, using: &dice) {
        case 0: return nil
        case 1: return []
        default:
            return [
                Journey(
                    shipment: "\(number)/1", carrier: carrier, day: zone.day(at: now), outcome: outcome,
                    days: outcome == .underway ? nil : days)
            ]
        }
    }

    private func all(_ store: Store, _ count: Int) async throws -> [Int: OrderRecord] {
        let numbers = (0..<count).map { 100 + $0 }
        let records = try await store.load(shop: shop, orderIDs: numbers.map { facts($0).id })
        return numbers.reduce(into: [:]) { found, number in found[number] = records[facts(number).id] }
    }

    private func pick(_ effects: Set<Int64>, _ store: Store, _ dice: inout Dice) async throws -> Effect? {
        guard let id = effects.sorted().randomElement(using: &dice) else { return nil }
        return try await store.effect(id)
    }

    private static let endings: [(Effect.State, Reason?)] = [
        (.waiting, .wait), (.ready, nil), (.ready, nil), (.ready, nil), (.skipped, .limit), (.skipped, .if),
        (.withdrawn, .passed), (.replaced, .replaced), (.shadowed, .shadow), (.heldOut, .heldOut),
    ]

    private func place(
        _ event: Event, key: String, _ store: Store, now: Moment, _ dice: inout Dice
    ) async throws -> Effect {
        var effect = Effect(
            to: .mail(shop: shop), isContact: true, trigger: ["thanks", "late"].randomElement(using: &dice)!,
            line: "email", keys: [key], event: event, dueAt: now, createdAt: now)
        return try await commit(&effect, store, now: now, &dice)
    }

    private func judge(_ effect: Effect, _ store: Store, now: Moment, _ dice: inout Dice) async throws {
        var effect = effect
        _ = try await commit(&effect, store, now: now, &dice)
    }

    private func commit(
        _ effect: inout Effect, _ store: Store, now: Moment, _ dice: inout Dice
    ) async throws -> Effect {
        (effect.state, effect.reason) = Self.endings.randomElement(using: &dice)!
        effect.decidedAt = effect.state == .waiting ? nil : now
        let message = effect.state == .ready ? mail("\(effect.keys[0])@juniperfig.example") : nil
        var change = PlannedChange(
            effect: effect, note: DecisionNote(at: now, state: effect.state, reason: effect.reason), message: message)
        let address = "shopper\(Int.random(in: 0..<7, using: &dice))@example.com"
        if effect.state == .ready, Bool.random(using: &dice) {
            change.asks = RatingRequest(
                kind: [.delivery, RatingKind(rawValue: "conversation"), nil].randomElement(using: &dice)!,
                address: address, customerID: nil)
        }
        if [.ready, .heldOut].contains(effect.state), Bool.random(using: &dice) {
            change.draw = HoldOutDraw(isHeld: effect.state == .heldOut, address: address, customerID: nil)
        }
        let outcome = try await store.commitPlan([Plan(shop: shop, changes: [change])], now: now)
        return outcome.effects.first ?? effect
    }

    private func send(_ store: Store, now: Moment, _ dice: inout Dice) async throws {
        let claims = try await store.claim(
            .mail(shop: shop), limit: 3, owner: "p", lease: .minutes(1), now: now)
        for claim in claims {
            if Int.random(in: 0..<6, using: &dice) == 0 {
                try await store.withdraw([Withdrawal(claim: claim, reason: .passed, detail: nil)], now: now)
                continue
            }
            guard let begun = try await store.begin([claim], lease: .minutes(1), now: now).begun.first else { continue }
            let verdicts: [Verdict] = [
                .accepted(receipt: "ok"), .accepted(receipt: "ok"),
                .deferred(Failure(reason: "busy", detail: "Busy.")),
                .refused(Failure(reason: "mailbox", detail: "No such mailbox.")),
            ]
            _ = try await store.finish(
                [AttemptOutcome(claim: begun, verdict: verdicts.randomElement(using: &dice)!)], now: now)
        }
    }

    /// A message comes back, as far as it was sent.
    private func bounce(_ effect: Effect, _ step: Int, _ store: Store, now: Moment) async throws {
        let raw = RawObservation(
            shop: shop, source: "mailbox", externalID: "\(step)", receivedAt: now, kind: "mail", bytes: [1])
        guard let kept = try await store.keep([raw], now: now).first else { return }
        var outcome = IncomingOutcome(kept, .bounce, detail: "It came back.")
        outcome.effectID = effect.id
        outcome.isEndOfMessage = true
        outcome.provesArrival = true
        try await store.commit(outcome, now: now)
    }

    @Test("what was counted on days that have not come counts today, once the clock is right again")
    func clockBack() async throws {
        let store = try await StoreKind.inMemory.make()
        for (number, hours) in [(1, 0), (2, 100), (3, 200)] {
            let moment = t0 + .hours(hours)
            var one = learned(record(number), events: [event(order: number, at: moment)])
            one.journeys = [
                Journey(
                    shipment: "\(number)/1", carrier: "DPD", day: Zone.utc.day(at: moment), outcome: .kept, days: 1)
            ]
            _ = try await store.commit([one], now: moment)
        }
        _ = try await store.putClockBack(to: t0 + .hours(1))
        let today = Zone.utc.day(at: t0)
        #expect(try await store.kept() == store.counted(zone: .utc))
        #expect(try await store.kept().keys.allSatisfy { $0.day == today.daysSinceEpoch })
        #expect(try await store.kept()[Counted(name: "transit", day: today.daysSinceEpoch, a: "DPD", b: "01")]?.n == 3)
    }

    @Test("events that a restored backup makes old are news no more, and count no more")
    func restored() async throws {
        let folder = Folder()
        let store = try Store.open(path: folder.file("store.sqlite"), role: .daemon, now: t0)
        _ = try await store.openShop(shop, now: t0)
        try await store.placed(1)
        var late = event(.shipmentDelayed, order: 2, subjects: ["shipment:2/1"])
        late.delayReason = "no_scan"
        _ = try await store.commit([learned(record(2), events: [late])], now: t0)
        try await store.backup(to: folder.file("copy.sqlite"), now: .at(60))
        let copy = try Store.open(path: folder.file("copy.sqlite"), role: .daemon, now: .at(99))
        #expect(try await copy.kept().count == 3)
        _ = try await copy.beginRestoration(shop: shop, now: .at(99))
        #expect(try await copy.kept() == copy.counted(zone: .utc))
        #expect(try await copy.kept().isEmpty)
    }

    @Test("sums over days are those of the tallies, by name and by day", arguments: StoreKind.allCases)
    func sums(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        for number in 1...3 { try await store.placed(number, at: t0 + .days(number - 1)) }
        let day = Zone.utc.day(at: t0)
        let two = try await store.tallySums(shop: shop, from: day, to: day.adding(days: 1))
        #expect(two == [TallySum(.events, a: "order.placed", b: "", n: 2)])
        #expect(try await store.daySums(shop: shop, from: day, to: day.adding(days: 9)) == [])
        try await store.ready(try await store.placed(9, at: t0), trigger: "late")
        let claims = try await store.claim(.mail(shop: shop), limit: 1, owner: "a", lease: .seconds(60), now: t0)
        let begun = try await store.begin(claims, lease: .seconds(60), now: t0).begun
        _ = try await store.finish(
            begun.map { AttemptOutcome(claim: $0, verdict: .accepted(receipt: "ok")) }, now: t0 + .minutes(4))
        #expect(
            try await store.daySums(shop: shop, from: day, to: day) == [
                DaySum(.decisions, day: day, b: "sent accepted", n: 1)
            ])
        let all = try await store.tallySums(shop: shop, from: day, to: day)
        #expect(all.contains(TallySum(.lags, a: "late", b: "04", n: 1)))
        #expect(all.contains(TallySum(.told, a: "order.placed", b: "", n: 1)))
        #expect(all.contains(TallySum(.decisions, a: "late", b: "sent accepted", n: 1, total: 240_000)))
    }

    @Test("the rows behind a figure are listed by key, the last first, without gaps or doubles")
    func rows() async throws {
        let store = try await StoreKind.inMemory.make()
        let day = Zone.utc.day(at: t0)
        for number in 1...25 {
            var late = event(.shipmentDelayed, order: number, subjects: ["shipment:\(number)/1"], at: .at(number / 3))
            late.delayReason = "no_scan"
            var one = learned(
                record(number), events: [late, event(.returnRequested, order: number, at: .at(number))])
            one.record.shipments = [
                Shipment(id: "\(number)/1", fulfillmentID: "f", tracking: TrackingFacts(company: "DPD"))
            ]
            one.journeys = [
                Journey(
                    shipment: "\(number)/1", carrier: "DPD", day: day.adding(days: number / 10), outcome: .late, days: 2
                )
            ]
            _ = try await store.commit([one], now: t0)
            try await place(number, .skipped, .limit, store)
        }
        let time = t0 - .hours(1)..<t0 + .hours(1)
        func through(_ page: (FigurePlace?) async throws -> [FigureLine]) async throws -> [String] {
            var (names, place): ([String], FigurePlace?) = ([], nil)
            while true {
                let lines = try await page(place)
                if lines.isEmpty { return names }
                names += lines.map(\.orderName)
                place = lines.last?.place
            }
        }
        let all = Set((1...25).map { "#\($0)" })
        let delays = try await through {
            try await store.delayFeed(shop: shop, carrier: "DPD", reason: "no_scan", in: time, after: $0, limit: 4)
        }
        #expect(delays.count == 25 && Set(delays) == all && delays.first == "#25")
        let returns = try await through {
            try await store.eventFeed(shop: shop, kind: .returnRequested, in: time, after: $0, limit: 4)
        }
        #expect(returns == (1...25).reversed().map { "#\($0)" })
        let parcels = try await through {
            try await store.journeyFeed(
                shop: shop, carrier: "DPD", outcome: .late, from: day, to: day.adding(days: 1), after: $0, limit: 4)
        }
        #expect(parcels.count == 19 && Set(parcels).count == 19)
        let none = try await store.journeyFeed(
            shop: shop, carrier: "DPD", outcome: .kept, from: day, to: day.adding(days: 9), after: nil, limit: 4)
        #expect(none == [])
        var (ids, place): ([Int64], FeedPlace?) = ([], nil)
        while true {
            let lines = try await store.heldFeed(shop: shop, reason: .limit, in: time, after: place, limit: 4)
            guard let last = lines.last else { break }
            ids += lines.map(\.id)
            place = FeedPlace(decidedAt: last.at, id: last.id)
        }
        #expect(ids.count == 25 && Set(ids).count == 25)
        let feed = try await store.feed(
            shop: shop, states: [.skipped], trigger: "thanks", in: t0..<t0 + .seconds(6), after: nil, limit: 99)
        #expect(feed.count == 5, "from the first moment on, and before the last")
    }

    private func place(_ number: Int, _ state: Effect.State, _ reason: Reason, _ store: Store) async throws {
        let record = try #require(
            await store.load(shop: shop, orderIDs: [facts(number).id])[facts(number).id])
        var effect = Effect(
            to: .mail(shop: shop), isContact: true, trigger: "thanks", line: "email", keys: ["\(number)"],
            event: record.events[0], dueAt: t0, createdAt: t0, reason: reason)
        effect.state = state
        effect.decidedAt = .at(number)
        let note = DecisionNote(at: .at(number), state: state, reason: reason)
        _ = try await store.commitPlan(
            [Plan(shop: shop, changes: [PlannedChange(effect: effect, note: note, message: nil)])], now: t0)
    }
}

@Suite("A customer over all orders")
struct CustomerTests {
    @Test(
        "is found by an address or a customer's id, with all orders, addresses and silences",
        arguments: StoreKind.allCases)
    func found(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        try await store.ready(try await store.placed(1))
        _ = try await store.commit([learned(record(2, email: "r2@example.com"))], now: t0)
        var stranger = record(3, email: "wren@example.com")
        stranger.facts.customer = nil
        _ = try await store.commit([learned(stranger)], now: t0)
        try await store.silence(.address("r2@example.com"), shop: shop, reason: "bounce", until: nil, now: t0)
        try await store.silence(
            .customer("gid://shopify/Customer/7"), shop: shop, reason: "by_hand", until: nil, now: t0)
        try await store.silence(.order(facts(1).id), shop: shop, reason: "handled", until: .at(60), now: t0)
        try await store.silence(.address("wren@example.com"), shop: shop, reason: "bounce", until: nil, now: t0)
        let key = store.addressKey("Robin@example.com")
        let set = try await store.customer(key, shop: shop, limit: 9, now: t0)
        #expect(Set(set.orders.map(\.orderID)) == [facts(1).id, facts(2).id] && !set.isMore)
        #expect(set.addresses == [key, store.addressKey("r2@example.com")])
        #expect(Set(set.silences.map(\.reason)) == ["bounce", "by_hand", "handled"] && set.silences.count == 3)
        let customer = try #require(set.customer)
        #expect(try await store.customer(customer, shop: shop, limit: 9, now: t0).orders.count == 2)
        #expect(try await store.customer(key, shop: shop, limit: 1, now: t0).isMore)
        #expect(try await store.customerKey(of: OrderKey(shop: shop, orderID: facts(1).id)) == key)
        let told = try await store.effects(about: set.orders.map(\.orderID), shop: shop, limit: 9)
        #expect(told.map(\.trigger) == ["thanks"])
        let nobody = try await store.customer(store.addressKey("nobody@example.com"), shop: shop, limit: 9, now: t0)
        #expect(nobody.orders.isEmpty && nobody.silences.isEmpty && nobody.customer == nil)
    }

    @Test("is silenced and lifted with an entry of who did it, and an erasure stays")
    func silenced() async throws {
        let store = try await StoreKind.inMemory.make()
        try await store.placed(1)
        let key = store.addressKey("robin@example.com")
        func entry(_ what: String) -> AuditEntry {
            AuditEntry(who: "tom", shop: shop, what: what, about: "customer ab")
        }
        try await store.silence(
            addresses: [key], shop: shop, stream: .all, reason: "by_hand", until: nil, audit: entry("silenced"), now: t0
        )
        var set = try await store.customer(key, shop: shop, limit: 9, now: t0)
        let id = try #require(set.silences.first?.id)
        let other = try await store.customer(store.addressKey("wren@example.com"), shop: shop, limit: 9, now: t0)
        #expect(try await !store.lift(silence: id, of: other, shop: shop, audit: entry("lifted"), now: t0))
        #expect(try await store.lift(silence: id, of: set, shop: shop, audit: entry("lifted"), now: t0))
        #expect(try await !store.lift(silence: id, of: set, shop: shop, audit: entry("lifted"), now: t0))
        // What the shopper asked for is theirs.
        for reason in ["opt_out", "complaint"] {
            try await store.silence(
                .addressKey(key), shop: shop, stream: .marketing, reason: reason, until: nil, now: t0)
        }
        set = try await store.customer(key, shop: shop, limit: 9, now: t0)
        #expect(set.silences.count == 2)
        for own in set.silences {
            #expect(try await !store.lift(silence: own.id, of: set, shop: shop, audit: entry("lifted"), now: t0))
        }
        let erased = try await store.erase(
            addresses: set.addresses, customer: set.customer, shop: shop, audit: entry("erased"), now: t0)
        #expect(erased == Erased(orders: 1, messages: 0))
        set = try await store.customer(key, shop: shop, limit: 9, now: t0)
        #expect(set.orders.isEmpty && set.silences.first?.reason == "erased")
        #expect(
            try await !store.lift(silence: set.silences[0].id, of: set, shop: shop, audit: entry("lifted"), now: t0))
        #expect(try await store.auditLines(limit: 9).map(\.entry.what) == ["erased", "lifted", "silenced"])
    }
}

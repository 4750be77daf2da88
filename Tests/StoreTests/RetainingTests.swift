import Foundation
import Outreach
import Testing

@testable import Store

private let day = 86_400

private func orderID(_ number: Int) -> String { facts(number).id }

extension Store {
    fileprivate func count(_ table: String) async throws -> Int {
        try await read { db in Int(try db.integer("SELECT count(*) FROM \(table)") ?? 0) }
    }
}

@Suite("What is old is removed") struct RetainingTests {
    /// Until nothing is left to be removed.
    @discardableResult
    private func retain(_ store: Store, _ retention: Retention = Retention(), at seconds: Int) async throws
        -> RetentionStep
    {
        var sum = RetentionStep()
        for _ in 0..<1_000 {
            let step = try await store.retain(retention, shop: shop, now: .at(seconds))
            sum += step
            if !step.isMore { return sum }
        }
        Issue.record("there was always more")
        return sum
    }

    /// Sends what is ready.
    private func send(_ store: Store, at seconds: Int) async throws {
        let claims = try await store.claim(
            .mail(shop: shop), limit: 99, owner: "p", lease: .minutes(5), now: .at(seconds))
        let begun = try await store.begin(claims, lease: .minutes(5), now: .at(seconds)).begun
        _ = try await store.finish(
            begun.map { AttemptOutcome(claim: $0, verdict: .accepted(receipt: "250")) }, now: .at(seconds))
    }

    @Test("the bytes of mails go after their time, and what became of them stays", arguments: StoreKind.allCases)
    func messages(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        let sent = try await store.ready(try await store.placed(1), key: "1")
        try await send(store, at: 60)
        let waiting = try await store.ready(try await store.placed(2), key: "2")
        #expect(try await retain(store, at: 89 * day).isNothing)
        let step = try await retain(store, at: 91 * day)
        #expect(step.messages == 1 && step.attempts == 1 && step.orders == 0)
        #expect(try await store.effect(sent.id)?.state == .sent)
        #expect(try await store.message(withOneOf: ["nothing"], shop: shop) == nil)
        // What is still to be sent keeps everything.
        let claims = try await store.claim(
            .mail(shop: shop), limit: 9, owner: "p", lease: .minutes(5), now: .at(91 * day))
        #expect(claims.map(\.effect.id) == [waiting.id] && !claims[0].message.bytes.isEmpty)
        #expect(try await retain(store, at: 92 * day).isNothing, "once is enough")
    }

    @Test("an order of which nothing is heard for so long goes whole, and one that lives stays")
    func orders() async throws {
        let store = try await StoreKind.onDisk.make()
        for number in 1...30 { _ = try await store.ready(try await store.placed(number), key: "\(number)") }
        try await send(store, at: 60)
        _ = try await store.ready(try await store.placed(31), key: "31")
        #expect(try await retain(store, at: 399 * day).orders == 0)
        // Something happens to one of them, and another has a mail that never went out.
        let known = try #require(try await store.load(shop: shop, orderIDs: [orderID(7)])[orderID(7)])
        var touched = known
        touched.facts.updatedAt = .at(399 * day)
        _ = try await store.commit([learned(touched)], now: .at(399 * day))
        let step = try await retain(store, at: 401 * day)
        #expect(step.orders == 29)
        let left = try await store.load(shop: shop, orderIDs: (1...31).map(orderID))
        #expect(Set(left.keys) == [orderID(7), orderID(31)])
        #expect(try await store.outbox(shop: shop, limit: 99).count == 2)
        #expect(try await store.removedForAge([orderID(1), orderID(7)], shop: shop) == [orderID(1): .at(401 * day)])
        #expect(try await retain(store, at: 402 * day).orders == 0)
        #expect(try await retain(store, at: 800 * day).orders == 1, "what lived once grows old as well")
    }

    @Test("a step ends after a few orders, and the next goes on where it ended")
    func steps() async throws {
        let store = try await StoreKind.inMemory.make()
        for number in 1...25 { _ = try await store.placed(number) }
        var steps: [Int] = []
        for _ in 0..<9 {
            let step = try await store.retain(Retention(), shop: shop, now: .at(401 * day))
            steps.append(step.orders)
            if !step.isMore { break }
        }
        #expect(steps == [10, 10, 5])
        // A round a day: what grew old meanwhile waits for the next.
        _ = try await store.placed(40)
        #expect(try await store.retain(Retention(), shop: shop, now: .at(401 * day + 60)).isNothing)
    }

    @Test("nothing goes where everything is kept for ever")
    func forEver() async throws {
        let store = try await StoreKind.inMemory.make()
        _ = try await store.ready(try await store.placed(1), key: "1")
        try await send(store, at: 60)
        #expect(try await retain(store, .forEver, at: 9_000 * day).isNothing)
    }

    @Test("what comes in again is known by its hash, though its words are gone")
    func letters() async throws {
        let store = try await StoreKind.onDisk.make()
        func raw(_ id: String) -> RawObservation {
            RawObservation(
                shop: shop, source: "mailbox", externalID: id, receivedAt: t0, kind: "mail.inbox",
                bytes: Array("Where is it?".utf8), address: "robin@example.com")
        }
        _ = try await store.keep([raw("a"), raw("b")], now: t0)
        let kept = try await store.unjudged(shop: shop, source: "mailbox", limit: 9)
        try await store.markJudged([kept[0]], now: t0)
        #expect(try await retain(store, at: 401 * day).letters == 1, "what nobody judged is kept")
        _ = try await store.keep([raw("a")], now: .at(401 * day))
        #expect(try await store.unjudged(shop: shop, source: "mailbox", limit: 9).map(\.externalID) == ["b"])
    }

    @Test("three years of orders leave a store that no longer grows, and every row belongs to something")
    func levels() async throws {
        let store = try await StoreKind.inMemory.make()
        var sizes: [Int] = []
        // Each month has as many orders as the one before it.
        for month in 0..<36 {
            let at = month * 30 * day
            for number in 0..<20 {
                _ = try await store.ready(
                    try await store.placed(month * 100 + number + 1, at: .at(at)), key: "\(month) \(number)",
                    at: .at(at))
            }
            try await send(store, at: at + 60)
            try await retain(store, at: at + 90)
            sizes.append(try await store.count("orders"))
        }
        #expect(sizes[0..<13].max() == 260 && sizes[14...].allSatisfy { (260...300).contains($0) }, "\(sizes)")
        #expect(try await store.count("removed_orders") == 36 * 20 - sizes.last!)
        for table in ["effects", "messages", "events", "effect_keys"] {
            #expect(try await store.count(table) == sizes.last!, "\(table)")
        }
        #expect(try await store.count("decisions") == 2 * sizes.last!)
        #expect(try await store.count("attempts") <= 4 * 20)
    }
}

import Doubles
import Foundation
import Outreach
import Testing

@testable import Store

/// A server that is a millisecond away makes a step slow that asks it about one row after the other: each of these waits
/// as often for forty rows as for two.
@Suite("Waits for a server", .enabled(if: PostgresServer.programs != nil))
struct WaitsTests {
    /// How often the lines of a store waited while `body` ran.
    private func waits(_ store: Store, _ body: () async throws -> Void) async throws -> Int {
        guard case .postgres(let engine) = store.engine else { throw CocoaError(.featureUnsupported) }
        let before = try engine.waits()
        try await body()
        return try engine.waits() - before
    }

    private static let route = Route.mail(shop: shop)

    private func order(_ number: Int, version: Int64, known: OrderRecord? = nil) -> Learned {
        var record = known ?? record(number, email: "kim\(number)@example.com")
        record.version = version
        record.facts.fulfillments = [
            FulfillmentFacts(
                id: "gid://shopify/Fulfillment/\(number)", name: "#\(number)-F1", status: .success, createdAt: t0,
                updatedAt: t0, scans: [scan("a\(version)"), scan("b")])
        ]
        let kind: EventKind = version == 0 ? .orderPlaced : .shipmentDelayed
        var learned = Learned(
            record: record, events: [event(kind, order: number, at: .at(Int(version)))], nextMoment: t0 + .days(9),
            rereads: [Reread(kind: .fulfillment, id: "gid://shopify/Fulfillment/\(number)", at: .at(60))],
            asks: [
                Ask(number: "1Z\(number)", sources: ["ups", "easypost"], urgency: .moving, at: .at(60)),
                Ask(
                    number: "1Y\(number)", sources: ["ups"], urgency: .moving, at: version == 0 ? .at(60) : nil),
            ], changed: true)
        learned.record.events += learned.events
        learned.journeys = [
            Journey(
                shipment: "s\(number)", carrier: "UPS", day: CalendarDay(iso8601: "2026-11-21")!, outcome: .underway)
        ]
        return learned
    }

    private func plan(_ event: Event) -> Plan {
        var effect = Effect(
            to: Self.route, isContact: true, trigger: "thanks", line: "email",
            keys: ["\(event.id)", "\(event.id) more"], event: event,
            dueAt: t0, createdAt: t0)
        effect.state = .ready
        effect.decidedAt = t0
        return Plan(
            shop: shop, doneEvents: [event.id],
            changes: [
                PlannedChange(
                    effect: effect, note: DecisionNote(at: t0, state: .ready, reason: nil),
                    message: mail("\(event.id)@juniperfig.example", to: "kim\(event.id)@example.com"))
            ], reads: [event.aggregate: 1])
    }

    /// What each step of a shop's day waits, with so many of everything.
    private func day(of count: Int) async throws -> [(step: String, waits: Int)] {
        let store = try await StoreKind.postgreSQL.make()
        var found: [(step: String, waits: Int)] = []
        func step(_ name: String, _ body: () async throws -> Void) async throws {
            found.append((name, try await waits(store, body)))
        }
        let numbers = Array(1...count)
        let ids = numbers.map { "gid://shopify/Order/\($0)" }
        try await step("queue what a scan saw") {
            let seen = ids.map { SeenOrder(id: $0, updatedAt: t0) }
            let queued = try await store.commitScan(shop: shop, queue: seen, cursor: t0, now: t0)
            #expect(queued == count)
        }
        try await step("queue what has to be read") {
            try await store.enqueueRead(shop: shop, orderIDs: ids, now: t0)
        }
        try await step("look at what is new") {
            let known = try await store.load(shop: shop, orderIDs: ids)
            #expect(known.isEmpty)
        }
        let read = try await store.nextToRead(shop: shop, limit: 500, now: t0)
        var events: [Event] = []
        try await step("learn new orders") {
            let outcome = try await store.commit(numbers.map { order($0, version: 0) }, read: read, now: t0)
            #expect(outcome.stale.isEmpty && outcome.refused.isEmpty)
            events = outcome.events
        }
        try await step("mark what was read") {
            try await store.keepMarks(
                shop: shop, ids.map { ReadMark(orderID: $0, updatedAt: t0, readAt: t0, returns: nil) })
        }
        try await step("look for events without a plan") {
            let pending = try await store.pendingEvents(shop: shop, limit: 500)
            #expect(pending.count == count)
        }
        try await step("look who holds keys") {
            let keys = events.map { OccurrenceKey(shop: shop, trigger: "thanks", line: "email", key: "\($0.id)") }
            let holders = try await store.effects(for: keys)
            #expect(holders.isEmpty)
            let newest = try await store.newestRepetitions(of: keys, stem: Planner.repetitions)
            #expect(newest.isEmpty)
        }
        try await step("plan") {
            let outcome = try await store.commitPlan(events.map(plan), now: t0)
            #expect(outcome.effects.count == count && outcome.stale.isEmpty)
        }
        try await step("ask for the history") {
            let questions = events.map {
                HistoryQuestion(
                    shop: shop, orderID: $0.orderID, subject: .order, address: "kim\($0.id)@example.com",
                    customerID: nil)
            }
            let history = try await store.history(for: questions, now: t0)
            #expect(history.count == count)
        }
        var claims: [Claim] = []
        try await step("claim") {
            claims = try await store.claim(Self.route, limit: 500, owner: "me", lease: .minutes(5), now: .at(1))
            #expect(claims.count == count)
        }
        try await step("withdraw") {
            let withdrawn = try await store.withdraw(
                claims.prefix(count / 2).map { Withdrawal(claim: $0, reason: .cancelled) }, now: .at(1))
            #expect(withdrawn.count == count / 2)
        }
        claims = Array(claims.dropFirst(count / 2))
        try await step("begin") {
            claims = try await store.begin(claims, lease: .minutes(5), now: .at(1)).begun
            #expect(claims.count == count - count / 2)
        }
        try await step("finish") {
            let outcomes = claims.map { AttemptOutcome(claim: $0, verdict: .accepted(receipt: "ok")) }
            _ = try await store.finish(outcomes, now: .at(2))
        }
        try await step("look for parcels") {
            let due = try await store.dueParcels(source: "ups", limit: 500, now: .at(90))
            #expect(due.count == 2 * count)
            let next = try await store.nextAsk(source: "ups")
            #expect(next != nil)
        }
        try await step("pass parcels to another source") {
            let parcels = try await store.dueParcels(source: "ups", limit: 500, now: .at(90))
            try await store.settleAsks(
                parcels.filter { $0.sources.count > 1 }.map { ($0.id, .passedOver(by: "ups")) }, now: .at(90))
            let passed = try await store.dueParcels(source: "easypost", limit: 500, now: .at(90))
            #expect(passed.count == count)
        }
        var loaded: [String: OrderRecord] = [:]
        store.records.clear()
        try await step("load") {
            loaded = try await store.load(shop: shop, orderIDs: ids)
            #expect(loaded.count == count)
        }
        try await step("learn more of orders") {
            let learned = numbers.map { order($0, version: 1, known: loaded["gid://shopify/Order/\($0)"]) }
            let outcome = try await store.commit(learned, now: .at(100))
            #expect(outcome.stale.isEmpty && outcome.refused.isEmpty)
        }
        try await step("keep observations") {
            let raw = numbers.map {
                RawObservation(
                    shop: shop, source: "webhook", externalID: "\($0)", receivedAt: t0, kind: "hint", bytes: [])
            }
            let kept = try await store.keep(raw, now: t0)
            #expect(kept.count == count)
            let again = try await store.keep(raw + raw, now: t0)
            #expect(again.isEmpty)
        }
        try await step("ask for versions") {
            let known = try await store.versions(of: ids.map { .order($0) }, shop: shop)
            #expect(known.count == count)
        }
        try await step("ask what was removed for its age") {
            let removed = try await store.removedForAge(ids, shop: shop)
            #expect(removed.isEmpty)
        }
        return found
    }

    @Test("are as many for forty rows as for two")
    func bounded() async throws {
        // What is prepared on a line for the first time is waited for no more often, but its schema may be.
        let few = try await day(of: 2)
        let many = try await day(of: 40)
        for (one, other) in zip(few, many) {
            #expect(one.step == other.step)
            #expect(other.waits <= one.waits, "\(one.step): \(one.waits) for two, \(other.waits) for forty")
            #expect(other.waits > 0 && other.waits < 20, "\(one.step) waits \(other.waits) times")
        }
    }

    @Test("several orders of one step that share a parcel or a code are written as one after the other")
    func shared() async throws {
        let store = try await StoreKind.postgreSQL.make()
        func order(_ number: Int, version: Int64, at: Moment?) -> Learned {
            var record = record(number)
            record.version = version
            return Learned(
                record: record, events: [], nextMoment: nil, rereads: [],
                asks: [Ask(number: "1Z", sources: ["ups"], urgency: .moving, at: at)], changed: true)
        }
        _ = try await store.commit([1, 2].map { order($0, version: 0, at: .at(60)) }, now: t0)
        let counts = try await store.parcelCounts()
        #expect(counts == ["ups": 1])
        let shared = try await store.dueParcels(source: "ups", limit: 9, now: .at(60))
        #expect(shared.first?.orderIDs.count == 2)
        // The last one that has it lets it go.
        _ = try await store.commit([1, 2].map { order($0, version: 1, at: nil) }, now: .at(70))
        let left = try await store.parcelCounts()
        #expect(left.isEmpty)
        let none = try await store.dueParcels(source: "ups", limit: 9, now: .at(90))
        #expect(none.isEmpty)
    }
}

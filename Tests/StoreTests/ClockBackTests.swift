import GRDB
import Outreach
import Testing

@testable import Store

@Suite("A clock that ran ahead and is put back")
struct ClockBackTests {
    /// Moments that are no moment at which anything is done, or are somebody else's: they may lie where they like.
    private static let left: Set<String> = [
        // Shopify's words, and the clocks of others.
        "orders.placed_at", "orders.updated_at", "marks.updated_at", "marks.read_at", "to_read.updated_at",
        "scans.happened_at", "scans.retracted_at", "orders.last_problem_at", "shops.cursor",
        // The story as it was written down.
        "decisions.decided_at", "decisions.held_until", "attempts.begun_at", "attempts.ended_at",
        "attempts.doubted_at", "audit.at", "match_outcomes.decided_at", "messages.frozen_at", "messages.purged_at",
        "results.noted_at", "good_sets.accepted_at", "remembered.noted_at", "observations.received_at",
        "observations.judged_at", "incoming.received_at", "incoming.judged_at", "to_read.asked_at", "parcels.asked_at",
        "carriers.answered_at", "channels.changed_at",
        "unknown_codes.first_seen_at", "unknown_codes.last_seen_at", "erased.erased_at", "store.created_at",
        "silences.begun_at", "shops.backup_at",
        // To be silent for longer than was meant harms nobody.
        "silences.ends_at",
        // Nor to keep files for longer.
        "observations.files_until", "messages.files_until", "messages.copy_tries",
        // No moments.
        "parcels.home", "store.restored_from",
    ]
    /// What is brought back only to within its own length.
    private static let slack: [String: Duration] = [
        "parcels.ask_at": .days(2), "chats.ends_at": .hours(24), "limits.ends_at": .days(1),
        "leases.lease_until": .hours(1), "carrier_windows.free_at": .hours(1),
    ]

    @Test("holds nobody up: no time at which anything is to happen lies far ahead, in any column of any table")
    func everyColumn() async throws {
        let store = try await StoreKind.inMemory.make()
        let ahead = t0 + .days(30)
        // A day of a shop, lived by a clock that is a month ahead.
        _ = try await store.openSource("ups", shop: shop, now: ahead)
        _ = try await store.setTriggers(shop: shop, names: ["thanks"], goodSet: nil, now: ahead)
        let event = try await store.placed(1, at: ahead)
        let ready = try await store.ready(event, at: ahead)
        let waiting = Effect(
            to: route(of: "email"), isContact: true, trigger: "later", line: "email", keys: ["order"], event: event,
            dueAt: ahead + .hours(1), createdAt: ahead, reason: .wait)
        let plan = Plan(shop: shop, changes: [PlannedChange(effect: waiting, note: nil)])
        #expect(try await store.commitPlan([plan], now: ahead).stale.isEmpty)
        let ask = Ask(number: "1Z1", sources: ["ups"], urgency: .moving, at: ahead + .hours(6), answered: true)
        _ = try await store.commit(
            [
                Learned(
                    record: record(2), events: [], nextMoment: ahead + .days(3),
                    rereads: [Reread(kind: .fulfillment, id: "F", at: ahead + .minutes(1))], asks: [ask], changed: true)
            ], now: ahead)
        try await store.setAside(shop: shop, orderID: "odd", cause: nil, reason: "odd", now: ahead)
        _ = try await store.claim(.mail(shop: shop), limit: 9, owner: "p", lease: .minutes(15), now: ahead)
        var state = ChannelState()
        state.closedUntil = ahead + .minutes(5)
        state.reason = "connect"
        _ = try await store.turn(
            ended: [], beginning: [], channel: (.mail(shop: shop), state), lease: .minutes(15), now: ahead)
        var note = CarrierNote("ups")
        note.closedUntil = ahead + .hours(6)
        note.reason = "auth_error"
        _ = try await store.noteCarrier(note, now: ahead)
        try await store.bookWindows(carrier: "ups", now: ahead) { _ in
            [CarrierWindow(seconds: 3600, calls: 60, day: 0, spent: 0, freeAt: ahead + .minutes(1))]
        }
        _ = try await store.releaseBrake(shop: shop, now: ahead)
        let asked = try #require(try await store.asking(3, to: "wren@example.com", customer: nil, at: ahead))
        try await store.post(2, on: asked, at: ahead)
        try await store.asking(4, to: "wren@example.com", draw: false, at: ahead)
        let raw = RawObservation(
            shop: shop, source: "mailbox", externalID: "m", receivedAt: ahead, kind: "mail", bytes: [1])
        var letter = IncomingOutcome(
            try #require(try await store.keep([raw], now: ahead).first), .person, detail: "A letter.")
        letter.address = "wren@example.com"
        try await store.commit(letter, now: ahead)
        try await store.past(1, at: ahead)
        let letterBefore = try #require(
            try await store.pastLines(asking: "where_is_my_order", in: "en", shop: shop, limit: 1).first)
        let auditEntry = AuditEntry(who: "ada@juniperfig.example", shop: shop, what: "judged_past")
        _ = try await store.judgePast(
            [PastVerdict(.right, of: letterBefore.message)], shop: shop, audit: auditEntry, now: ahead)
        let chat = try await store.chatted(at: ahead)
        #expect(try await store.coded(chat, at: ahead))
        let version = try #require(try await store.load(shop: shop, orderIDs: [facts(1).id])[facts(1).id]).version

        #expect(try await store.putClockBack(to: t0) == ahead)

        let far = try await store.read { db in
            var far: [String] = []
            let tables = try String.fetchAll(
                db.database, sql: "/* test */ SELECT name FROM sqlite_schema WHERE type = 'table'")
            for table in tables {
                let columns = try String.fetchAll(
                    db.database, sql: "/* test */ SELECT name FROM pragma_table_info(?) WHERE type = 'INTEGER'",
                    arguments: [table])
                for column in columns {
                    let name = "\(table).\(column)"
                    if Self.left.contains(name) { continue }
                    let latest = t0 + (Self.slack[name] ?? .zero)
                    let count = try Int.fetchOne(
                        db.database, sql: "/* test */ SELECT count(*) FROM \(table) WHERE \(column) > ?",
                        arguments: [latest.milliseconds])
                    if count != 0 { far.append(name) }
                }
            }
            return far
        }
        #expect(far == [])
        #expect(try await store.remembered(.brakeReleased, shop: shop) == t0)
        // Whoever looks finds it.
        #expect(try await store.dueEffects(shop: shop, limit: 9, now: t0).map(\.trigger) == ["later"])
        #expect(try await store.dueForTime(shop: shop, limit: 9, now: t0) == [facts(2).id])
        #expect(try await store.dueRereads(shop: shop, limit: 9, now: t0).count == 1)
        #expect(try await store.nextToRead(shop: shop, limit: 9, now: t0).map(\.orderID) == ["odd"])
        // What was thought of the order by a later time is void, and nothing kept in memory says otherwise.
        let order = try #require(try await store.load(shop: shop, orderIDs: [facts(1).id])[facts(1).id])
        #expect(order.version == version + 1 && order.events.map(\.happenedAt) == [t0])
        #expect(try await store.effect(ready.id, shop: shop)?.state == .ready)
        #expect(try await store.putClockBack(to: t0) == nil)
    }

    @Test("leaves what lies in the past or was put back before as it is")
    func past() async throws {
        let store = try await StoreKind.inMemory.make()
        let event = try await store.placed(1)
        let ready = try await store.ready(event, at: .at(5))
        #expect(try await store.putClockBack(to: .at(60)) == nil)
        try await store.noteMoment(t0 + .days(30))
        #expect(try await store.putClockBack(to: .at(60)) == t0 + .days(30))
        let effect = try #require(try await store.effect(ready.id, shop: shop))
        #expect(effect.version == ready.version && effect.dueAt == ready.dueAt)
        let order = try #require(try await store.load(shop: shop, orderIDs: [facts(1).id])[facts(1).id])
        #expect(order.version == 1 && order.events.map(\.happenedAt) == [t0])
    }
}

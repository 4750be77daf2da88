import Foundation
import GRDB
import Outreach
import Testing

@testable import Store

@Suite("The schema")
struct SchemaTests {
    /// A migration that shipped stays as it is: add a new one instead.
    @Test("migrations are frozen")
    func frozen() {
        let digests = Migration.all.map { migration in
            // FNV-1a: an edit by accident is what is to be seen, not one by malice.
            migration.sql.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        }
        #expect(
            digests == [
                745_112_857_521_806_858, 13_808_841_593_876_129_388, 1_197_260_210_430_966_295,
                9_792_170_584_522_362_444,
                14_081_039_518_849_591_955, 1_545_117_348_717_248_130, 5_996_508_330_328_126_662,
            ])
        #expect(Migration.all.map(\.number) == Migration.all.map(\.number).sorted())
        #expect(Set(Migration.all.map(\.number)).count == Migration.all.count)
    }

    @Test("all tables are strict")
    func strict() async throws {
        let store = try await StoreKind.inMemory.make()
        let loose = try await store.read { db in
            try String.fetchAll(
                db,
                sql:
                    "SELECT name FROM pragma_table_list WHERE type = 'table' AND strict = 0 AND name NOT LIKE 'sqlite_%'"
            )
        }
        #expect(loose == [])
    }

    /// The queries that run over and over, and the table that each of them may walk through: none.
    static let hot: [(name: String, sql: String)] = [
        ("freshToRead", Query.freshToRead), ("parkedToRead", Query.parkedToRead), ("parked", Query.parked),
        ("nextParked", Query.nextParked), ("order", Query.order), ("scans", Query.scans),
        ("eventsOfOrder", Query.eventsOfOrder), ("occurrencesOfOrder", Query.occurrencesOfOrder),
        ("occurrencesOfEvent", Query.occurrencesOfEvent), ("dueForTime", Query.dueForTime),
        ("dueRereads", Query.dueRereads), ("nextReread", Query.nextReread),
        ("pendingEvents", Query.pendingEvents), ("holderOfKey", Query.holderOfKey),
        ("orderNumber", Query.orderNumber), ("effectsOfOrder", Query.effectsOfOrder),
        ("dueEffects", Query.dueEffects), ("effect", Query.effect), ("keysOfEffect", Query.keysOfEffect),
        ("message", Query.message), ("eventsTogether", Query.eventsTogether), ("nextNotice", Query.nextNotice),
        ("newestRepetition", Query.newestRepetition), ("countedElsewhere", Query.countedElsewhere),
        ("waitingEffects", Query.waitingEffects), ("lastMessageTo", Query.lastMessageTo),
        ("countedMoments", Query.countedMoments), ("toldSubjects", Query.toldSubjects),
        ("messagesAboutOrder", Query.messagesAboutOrder),
        ("messagesAboutSubject", Query.messagesAboutSubject), ("messagesToAddress", Query.messagesToAddress),
        ("ordersOfCustomer", Query.ordersOfCustomer),
        ("ordersOfAddress", Query.ordersOfAddress), ("problemOfCustomer", Query.problemOfCustomer),
        ("problemOfAddress", Query.problemOfAddress), ("silence", Query.silence), ("claimable", Query.claimable),
        ("beginnable", Query.beginnable), ("openAttempt", Query.openAttempt), ("nextFree", Query.nextFree),
        ("ordersByName", Query.ordersByName), ("ordersByAddress", Query.ordersByAddress),
        ("effectsInState", Query.effectsInState), ("oldestReady", Query.oldestReady),
        ("toReadCount", Query.toReadCount), ("parkedCount", Query.parkedCount), ("pendingCount", Query.pendingCount),
        ("rereadsDueCount", Query.rereadsDueCount), ("parcel", Query.parcel), ("dueParcels", Query.dueParcels),
        ("ordersOfParcel", Query.ordersOfParcel), ("nextAsk", Query.nextAsk), ("openOrders", Query.openOrders),
        ("oldestTriedAgain", Query.oldestTriedAgain), ("inDoubtNow", Query.inDoubtNow),
        ("dueParcelsOfOthers", Query.dueParcelsOfOthers),
    ]

    @Test("no hot query walks through a table or sorts one", arguments: hot.map(\.name))
    func plan(_ name: String) async throws {
        let store = try await StoreKind.inMemory.make()
        let sql = try #require(Self.hot.first { $0.name == name }).sql
        let plan = try await store.read { db in
            let count = sql.filter { $0 == "?" }.count
            return try Row.fetchAll(
                db, sql: "EXPLAIN QUERY PLAN " + sql, arguments: StatementArguments(Array(repeating: 0, count: count))
            ).map { $0["detail"] as String }
        }
        for step in plan where step != "SCAN recent" && step != "SCAN due" {
            #expect(!step.hasPrefix("SCAN"), "\(plan)")
            #expect(!step.contains("TEMP B-TREE"), "\(plan)")
        }
    }

    @Test(
        "picking the next parcels to ask about goes through the index of their times, and reads no row that is not due")
    func picking() async throws {
        let store = try await StoreKind.inMemory.make()
        for sql in [Query.dueParcels, Query.nextAsk] {
            let plan = try await store.read { db in
                try Row.fetchAll(
                    db, sql: "EXPLAIN QUERY PLAN " + sql,
                    arguments: StatementArguments(Array(repeating: 0, count: sql.count { $0 == "?" }))
                ).map { $0["detail"] as String }
            }
            let step = try #require(plan.first { $0.contains("parcels") })
            #expect(step.contains("USING") && step.contains("INDEX parcels_next (source=? AND urgency=?"), "\(plan)")
        }
    }

    /// What is asked for the very first row of an index, which is no walk.
    @Test(
        "the earliest moment is the first entry of an index",
        arguments: [
            ("orders_by_moment", Query.nextMoment.replacingOccurrences(of: "?", with: "1")),
            ("effects_waiting", Query.nextDue.replacingOccurrences(of: "?", with: "1")),
            ("rereads_next", Query.nextReread.replacingOccurrences(of: "?", with: "1")),
        ])
    func earliest(_ index: String, _ sql: String) async throws {
        let store = try await StoreKind.inMemory.make()
        let plan = try await store.read { db in
            try Row.fetchAll(db, sql: "EXPLAIN QUERY PLAN " + sql).map { $0["detail"] as String }
        }
        #expect(plan.count == 1 && plan[0].contains(index), "\(plan)")
    }

    @Test(
        "a row that cannot be is refused",
        arguments: [
            "UPDATE effects SET sent_at = 1", "UPDATE effects SET state = 'sent'", "UPDATE effects SET state = 'lost'",
            "UPDATE effects SET attempts_in_doubt = 1",
            "UPDATE effects SET state = 'skipped', counted_at = NULL, reason = NULL",
            "UPDATE effects SET order_id = 99", "UPDATE messages SET bytes = NULL",
            "UPDATE messages SET recipient = NULL",
            "UPDATE orders SET version = 0", "UPDATE store SET secret = x'00'", "DELETE FROM orders",
            "UPDATE effect_keys SET occurrence = ''", "UPDATE orders SET updated_at = 'yesterday'",
        ])
    func impossible(_ sql: String) async throws {
        let store = try await StoreKind.inMemory.make()
        try await store.ready(try await store.placed(1))
        let failure = await #expect(throws: StoreFailure.self) {
            try await store.write { db in try db.execute(sql: sql) }
        }
        #expect(failure?.cause == .misuse)
    }
}

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
            // FNV-1a over the statements, comments aside: this catches an accidental edit, not a malicious one.
            let statements = migration.sql.split(separator: "\n").filter { line in
                !line.drop { $0 == " " }.hasPrefix("--")
            }
            return statements.joined(separator: "\n").utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) {
                ($0 ^ UInt64($1)) &* 0x100_0000_01b3
            }
        }
        #expect(digests == [15_349_923_610_118_471_652])
        #expect(Migration.all.map(\.number) == Migration.all.map(\.number).sorted())
        #expect(Set(Migration.all.map(\.number)).count == Migration.all.count)
    }

    @Test("all tables are strict")
    func strict() async throws {
        let store = try await StoreKind.inMemory.make()
        let loose = try await store.read { db in
            try String.fetchAll(
                db.database,
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
        ("eventsOfAggregate", Query.eventsOfAggregate), ("occurrencesOfAggregate", Query.occurrencesOfAggregate),
        ("occurrencesOfEvent", Query.occurrencesOfEvent), ("dueForTime", Query.dueForTime),
        ("dueRereads", Query.dueRereads), ("nextReread", Query.nextReread),
        ("pendingEvents", Query.pendingEvents), ("holderOfKey", Query.holderOfKey),
        ("effectsOfAggregate", Query.effectsOfAggregate),
        ("dueEffects", Query.dueEffects), ("addressOf", Query.addressOf),
        ("ordersOfShopper", Query.ordersOfShopper), ("dueOfAggregate", Query.dueOfAggregate), ("effect", Query.effect),
        ("keysOfEffect", Query.keysOfEffect),
        ("message", Query.message), ("eventsTogether", Query.eventsTogether), ("aggregate", Query.aggregate),
        ("untriedSystemEffects", Query.untriedSystemEffects), ("oldestWaiting", Query.oldestWaiting),
        ("eventsSince", Query.eventsSince), ("unwritten", Query.unwritten), ("unjudged", Query.unjudged),
        ("lease", Query.lease), ("nextLeaseEnd", Query.nextLeaseEnd), ("readyEffects", Query.readyEffects),
        ("matchesOfAggregate", Query.matchesOfAggregate), ("observation", Query.observation),
        ("copyToKeep", Query.copyToKeep), ("copiesToForget", Query.copiesToForget), ("peopleHere", Query.peopleHere),
        ("unsentAlerts", Query.unsentAlerts), ("othersOfAlert", Query.othersOfAlert),
        ("parcelSources", Query.parcelSources), ("ordersOfAddressKey", Query.ordersOfAddressKey),
        ("ordersOfCustomerKey", Query.ordersOfCustomerKey), ("customerOf", Query.customerOf),
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
        ("openBookings", Query.openBookings), ("giftsBeside", Query.giftsBeside), ("booking", Query.booking),
        ("takenBack", Query.takenBack),
        ("spentOf", Query.spentOf), ("spentOnVerb", Query.spentOnVerb),
        ("remediesOfCustomer", Query.remediesOfCustomer),
        ("remediesOfPlace", Query.remediesOfPlace),
        ("returnsOfCustomer", Query.returnsOfCustomer), ("dueOffers", Query.dueOffers),
        ("offersInState", Query.offersInState), ("offersOfOrder", Query.offersOfOrder),
        ("pass", Query.pass), ("untoldActs", Query.untoldActs), ("giftOfCustomer", Query.giftOfCustomer),
        ("giftOfPlace", Query.giftOfPlace), ("giftOfOrder", Query.giftOfOrder),
        ("waysWithWork", Query.waysWithWork), ("isWaiting", Query.isWaiting), ("resultsOf", Query.resultsOf),
        ("channelFailures", Query.channelFailures), ("oldestTriedAgain", Query.oldestTriedAgain),
        ("inDoubtNow", Query.inDoubtNow),
        ("dueParcelsOfOthers", Query.dueParcelsOfOthers), ("dueInQueue", Query.dueInQueue),
        ("firstInQueue", Query.firstInQueue), ("domain", Query.domain), ("dueDomains", Query.dueDomains),
        ("nextDomain", Query.nextDomain), ("spent", Query.spent), ("conversation", Query.conversation),
        ("messagesOfConversation", Query.messagesOfConversation), ("answersSince", Query.answersSince),
        ("questionsSince", Query.questionsSince), ("conversationOfEffect", Query.conversationOfEffect),
        ("conversationOfSentMessage", Query.conversationOfSentMessage),
        ("conversationOfMail", Query.conversationOfMail), ("conversationOfOwnMail", Query.conversationOfOwnMail),
        ("conversationOfObservation", Query.conversationOfObservation), ("conversationsWith", Query.conversationsWith),
        ("dueConversations", Query.dueConversations), ("quietConversations", Query.quietConversations),
        ("undecided", Query.undecided), ("answers", Query.answers), ("waitingWords", Query.waitingWords),
        ("conversationNumbersOfOrder", Query.conversationNumbersOfOrder),
        ("conversationNumbersOfAddress", Query.conversationNumbersOfAddress),
        ("conversationsWithWordsOf", Query.conversationsWithWordsOf),
        ("observationsOfConversation", Query.observationsOfConversation),
        ("untoldUnclaimed", Query.untoldUnclaimed), ("untoldHeld", Query.untoldHeld),
        ("alertsOfConversation", Query.alertsOfConversation),
    ]

    private static let sorting = ["matchesOfAggregate"]
    /// Indexes of what is at work, and those whose first entry alone is read.
    private static let work = [
        "pending_events USING PRIMARY KEY", "first USING PRIMARY KEY", "leases USING PRIMARY KEY",
        "to_read USING PRIMARY KEY", "INDEX effects_waiting", "INDEX effects_ready", "INDEX effects_tried_again",
        "INDEX effects_of_system", "INDEX effects_unwritten", "INDEX effects_in_doubt", "INDEX rereads_next",
        "INDEX bookings_open", "INDEX messages_to_copy",
    ]

    @Test("no hot query walks through a table or sorts one", arguments: hot.map(\.name))
    func plan(_ name: String) async throws {
        let store = try await StoreKind.inMemory.make()
        let sql = try #require(Self.hot.first { $0.name == name }).sql
        let plan = try await store.read { db in
            let count = sql.filter { $0 == "?" }.count
            return try GRDB.Row.fetchAll(
                db.database, sql: "EXPLAIN QUERY PLAN " + sql,
                arguments: StatementArguments(Array(repeating: 0, count: count))
            ).map { $0["detail"] as String }
        }
        for step in plan where step != "SCAN recent" && step != "SCAN due" {
            #expect(!step.hasPrefix("SCAN"), "\(plan)")
            // What is sorted is an order's, a handful of rows.
            if !Self.sorting.contains(name) { #expect(!step.contains("TEMP B-TREE"), "\(plan)") }
            // A shop's whole table is no search, though SQLite calls it one: only what is at work may be gone through
            // by the shop alone.
            if step.hasSuffix("(shop=?)") {
                #expect(Self.work.contains { step.contains(" \($0) (shop=?)") }, "\(plan)")
            }
        }
    }

    @Test(
        "picking the next parcels to ask about goes through the index of their times, and reads no row that is not due")
    func picking() async throws {
        let store = try await StoreKind.inMemory.make()
        for sql in [Query.dueParcels, Query.nextAsk] {
            let plan = try await store.read { db in
                try GRDB.Row.fetchAll(
                    db.database, sql: "EXPLAIN QUERY PLAN " + sql,
                    arguments: StatementArguments(Array(repeating: 0, count: sql.count { $0 == "?" }))
                ).map { $0["detail"] as String }
            }
            let step = try #require(plan.first { $0.contains("parcels") })
            #expect(
                step.contains("USING") && step.contains("INDEX parcels_next (shop=? AND source=? AND urgency=?"),
                "\(plan)")
        }
    }

    /// What is asked for the very first row of an index, which is no walk.
    @Test(
        "the earliest moment is the first entry of an index",
        arguments: [
            ("orders_by_moment", Query.nextMoment.replacingOccurrences(of: "?", with: "1")),
            ("effects_waiting", Query.nextDue.replacingOccurrences(of: "?", with: "1")),
            ("rereads_next", Query.nextReread.replacingOccurrences(of: "?", with: "1")),
            ("conversations_next", Query.nextConversation.replacingOccurrences(of: "?", with: "1")),
        ])
    func earliest(_ index: String, _ sql: String) async throws {
        let store = try await StoreKind.inMemory.make()
        let plan = try await store.read { db in
            try GRDB.Row.fetchAll(db.database, sql: "EXPLAIN QUERY PLAN " + sql).map { $0["detail"] as String }
        }
        #expect(plan.count == 1 && plan[0].contains(index), "\(plan)")
    }

    @Test(
        "a row that cannot be is refused",
        arguments: [
            "UPDATE effects SET sent_at = 1", "UPDATE effects SET state = 'sent'", "UPDATE effects SET state = 'lost'",
            "UPDATE effects SET attempts_in_doubt = 1",
            "UPDATE effects SET state = 'skipped', counted_at = NULL, reason = NULL",
            "UPDATE effects SET aggregate_id = 99", "UPDATE effects SET rank = 0", "UPDATE messages SET bytes = NULL",
            "UPDATE messages SET recipient = NULL",
            "UPDATE aggregates SET version = 0", "UPDATE store SET secret = x'00'", "DELETE FROM aggregates",
            "UPDATE effect_keys SET occurrence = ''", "UPDATE orders SET updated_at = 'yesterday'",
        ])
    func impossible(_ sql: String) async throws {
        let store = try await StoreKind.inMemory.make()
        try await store.ready(try await store.placed(1))
        let failure = await #expect(throws: StoreFailure.self) {
            try await store.write { db in try db.run("/* test */ " + sql) }
        }
        #expect(failure?.cause == .misuse)
    }

    /// What most changes of a table need: it is made anew, its rows are copied, the old one goes, and all that pointed
    /// at it points at the new one.
    @Test("a table can be made anew under the rows that point at it")
    func rebuilt() async throws {
        let path = Folder().file("store.sqlite")
        let store = try Store.open(path: path, role: .command, now: t0)
        _ = try await store.openShop(shop, now: t0)
        let effect = try await store.ready(try await store.placed(1))
        try store.close()
        let rebuild = { (condition: String) in
            Migration(
                number: Migration.current + 1, name: "leases by somebody", rebuildsTables: true,
                sql: """
                    CREATE TABLE new_events (
                        shop INTEGER NOT NULL, id INTEGER NOT NULL, aggregate_id INTEGER NOT NULL, kind TEXT NOT NULL,
                        happened_at INTEGER NOT NULL, recorded_at INTEGER NOT NULL, silence TEXT, source TEXT NOT NULL,
                        days_late INTEGER, delay_reason TEXT, figure TEXT, heard_at INTEGER NOT NULL,
                        PRIMARY KEY (shop, id),
                        FOREIGN KEY (shop, aggregate_id) REFERENCES aggregates (shop, id)
                    ) STRICT, WITHOUT ROWID;
                    /* test */ INSERT INTO new_events SELECT *, recorded_at FROM events WHERE \(condition);
                    DROP TABLE events;
                    ALTER TABLE new_events RENAME TO events;
                    CREATE INDEX events_by_aggregate ON events (shop, aggregate_id, id);
                    """)
        }
        // A copy that loses rows is found out before it is the truth, and changes nothing.
        #expect(throws: StoreFailure.self) {
            try SQLiteEngine.open(path: path, now: t0, migrations: Migration.all + [rebuild("id < 0")]) { _ in }
        }
        try SQLiteEngine.open(path: path, now: t0, migrations: Migration.all + [rebuild("1 = 1")]) { _ in }.close()
        let engine = try SQLiteEngine.open(path: path, now: t0, migrations: []) { _ in }
        let (heard, broken, isOn) = try await engine.read { db in
            (
                try db.integer("/* test */ SELECT heard_at FROM events WHERE id = ?", [effect.event?.id]),
                try db.integer("SELECT count(*) FROM pragma_foreign_key_check"), try db.integer("PRAGMA foreign_keys")
            )
        }
        #expect(heard == t0.milliseconds && broken == 0 && isOn == 1)
        try engine.close()
        // To the program that is installed it is a later schema.
        let failure = #expect(throws: StoreFailure.self) { try Store.open(path: path, role: .command, now: t0) }
        #expect(failure?.cause == .newerSchema)
    }

    @Test("a store of a build before the first release is refused with a sentence, and left as it is")
    func unreleased() throws {
        let path = Folder().file("store.sqlite")
        let old = try DatabaseQueue(path: path)
        try old.writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA application_id = \(Migration.unreleasedID); CREATE TABLE looks (a)")
        }
        try old.close()
        let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        let failure = #expect(throws: StoreFailure.self) { try Store.open(path: path, role: .daemon, now: t0) }
        #expect(failure?.cause == .olderSchema)
        #expect(failure?.sentence.contains("before the first release") == true)
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == bytes)
    }

    @Test("a shop stands first in every key and index of a table that has one")
    func shopFirst() async throws {
        let store = try await StoreKind.inMemory.make()
        let wrong = try await store.read { db in
            try db.all(
                """
                SELECT lists.name FROM sqlite_schema AS tables
                JOIN pragma_table_info(tables.name) AS columns ON columns.name = 'shop'
                JOIN pragma_index_list(tables.name) AS lists
                JOIN pragma_index_info(lists.name) AS parts ON parts.seqno = 0
                WHERE tables.type = 'table' AND parts.name <> 'shop'
                """
            ) { $0[0] as String }
        }
        #expect(wrong == [])
    }
}

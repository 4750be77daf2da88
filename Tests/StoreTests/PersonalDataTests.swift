import Foundation
import GRDB
import Outreach
import Testing

@testable import Store

/// What becomes of a customer's rows when she is erased.
private enum Erased: Equatable {
    /// Her rows go.
    case removed
    /// Rows stay, and say of her no more than keyed hashes and numbers do.
    case hashed
    /// Nothing in it is a customer's.
    case nobodys
}

/// What a customer gets who asks for what is kept of her.
private enum Exported: Equatable {
    /// In the export, from this table or, word for word, from another.
    case whole
    /// It says nothing of her that the export does not say: hashes, times, places in queues.
    case bookkeeping
    case nobodys
}

@Suite("Personal data") struct PersonalDataTests {
    /// Every table. A new one needs a line here, with what `Store.erase` and `CustomerExport` do with it.
    private static let tables: [String: (Erased, Exported)] = [
        "store": (.nobodys, .nobodys), "shops": (.nobodys, .nobodys), "numbers": (.nobodys, .nobodys),
        "sources": (.nobodys, .nobodys), "remembered": (.nobodys, .nobodys), "migrations": (.nobodys, .nobodys),
        "to_read": (.removed, .bookkeeping), "marks": (.removed, .bookkeeping),
        "aggregates": (.removed, .whole), "orders": (.removed, .whole), "scans": (.removed, .whole),
        "rereads": (.removed, .bookkeeping), "observations": (.removed, .whole), "incoming": (.removed, .whole),
        "events": (.removed, .whole), "occurrences": (.removed, .bookkeeping),
        "pending_events": (.removed, .bookkeeping), "conversations": (.removed, .whole),
        "conversation_messages": (.removed, .whole), "conversation_alerts": (.removed, .bookkeeping),
        // What would have been answered, and was not.
        "past_answers": (.removed, .bookkeeping), "presence": (.removed, .nobodys),
        // What was said in a chat is in its conversation.
        "chats": (.removed, .whole), "match_outcomes": (.removed, .whole), "effects": (.removed, .whole),
        "effect_events": (.removed, .bookkeeping), "effect_keys": (.removed, .bookkeeping),
        "answers": (.removed, .bookkeeping), "decisions": (.removed, .whole), "tickets": (.removed, .whole),
        "results": (.removed, .whole), "offers": (.removed, .whole), "untold_acts": (.removed, .bookkeeping),
        "page_codes": (.removed, .bookkeeping), "messages": (.removed, .whole), "leases": (.removed, .bookkeeping),
        "attempts": (.removed, .whole), "ratings": (.removed, .whole), "trials": (.removed, .bookkeeping),
        "parcels": (.removed, .whole), "parcel_orders": (.removed, .bookkeeping),
        "journeys": (.removed, .bookkeeping),
        // Budgets stay true: amounts under keyed hashes.
        "bookings": (.hashed, .whole), "silences": (.hashed, .whole), "erased": (.hashed, .bookkeeping),
        "removed_orders": (.hashed, .bookkeeping), "limits": (.hashed, .bookkeeping),
        // The number of an effect, until the files are looked at again.
        "held_effects": (.hashed, .bookkeeping),
        // A recipient's domain while it puts mail off, as for everybody who has an address there.
        "domains": (.nobodys, .nobodys),
        "triggers": (.nobodys, .nobodys), "good_sets": (.nobodys, .nobodys), "channels": (.nobodys, .nobodys),
        "spent": (.nobodys, .nobodys), "counters": (.nobodys, .nobodys), "carriers": (.nobodys, .nobodys),
        "carrier_windows": (.nobodys, .nobodys), "unknown_codes": (.nobodys, .nobodys),
        "tallies": (.nobodys, .nobodys), "file_versions": (.nobodys, .nobodys),
        // The shop's people.
        "logins": (.nobodys, .nobodys), "sessions": (.nobodys, .nobodys), "audit": (.nobodys, .nobodys),
    ]

    private func made() throws -> (store: Store, path: String) {
        let path = Folder().file("store.sqlite")
        try GoldenStore(number: Migration.current).make(at: path)
        return (try Store.open(path: path, role: .command, now: GoldenStore.now), path)
    }

    @Test("every table says what erasing and exporting do with it")
    func covered() async throws {
        let (store, path) = try made()
        try store.close()
        let tables = try GoldenStore.counts(in: path)
        #expect(tables.keys.sorted() == Self.tables.keys.sorted())
        #expect(tables.filter { $0.value == 0 }.keys.sorted() == [], "each has a row of her in Tests/Golden/stores")
        for (table, (erased, exported)) in Self.tables where erased == .nobodys {
            #expect(exported == .nobodys, "\(table)")
        }
    }

    @Test("what remains of an order that went for its age is at most 400 bytes, and keyed hashes alone")
    func tombstone() async throws {
        let (store, _) = try made()
        // So that nothing of it is open.
        try await store.write { db in
            try db.run(
                """
                /* test */ UPDATE effects SET state = 'skipped', reason = 'if', counted_at = NULL
                WHERE state = 'ready'
                """)
            try db.run(
                "/* test */ UPDATE conversations SET state = 'closed', closed_at = last_at, waits_since = NULL")
        }
        let before = try await bytes(in: store, of: ["removed_orders"])
        let late = GoldenStore.now + .days(500)
        var removed = 0
        for _ in 0..<50 {
            let step = try await store.retain(Retention(), shop: GoldenStore.shop, now: late)
            removed += step.orders
            if !step.isMore { break }
        }
        #expect(removed == 1)
        let words = try await store.cells { cell in
            ["robin", "#1001", "order/1", "12 fig lane"].contains { cell.lowercased().contains($0) }
        }
        #expect(words == [])
        let tombstone = try await bytes(in: store, of: ["removed_orders"]) - before
        #expect(tombstone > 0 && tombstone <= 400)
        // With a gift, which counts in its budget, as well.
        #expect(try await bytes(in: store, of: ["bookings"]) + tombstone <= 400)
        #expect(
            try await store.removedForAge([GoldenStore.order], shop: GoldenStore.shop) == [GoldenStore.order: late])
        let left = try await bytes(
            in: store, of: ["orders", "aggregates", "events", "effects", "effect_keys", "messages"])
        #expect(left == 0)
        try store.close()
    }

    /// What the cells of tables have, a number counted as 8 bytes.
    private func bytes(in store: Store, of tables: [String]) async throws -> Int {
        try await store.read { db in
            try tables.reduce(0) { sum, table in
                let columns: [String] = try db.all("/* test */ SELECT name FROM pragma_table_info('\(table)')") {
                    $0[0]
                }
                let sizes = columns.map {
                    "CASE typeof(\($0)) WHEN 'null' THEN 0 WHEN 'integer' THEN 8 ELSE length(\($0)) END"
                }
                let size = try db.integer("/* test */ SELECT sum(\(sizes.joined(separator: " + "))) FROM \(table)")
                return sum + Int(size ?? 0)
            }
        }
    }

    @Test("whoever is erased is in no table any more", arguments: [true, false])
    func erased(_ byCustomer: Bool) async throws {
        let (store, path) = try made()
        let address = "robin@shopper.example"
        let isHers: @Sendable (String) -> Bool = { cell in
            let cell = cell.lowercased()
            return ["robin", "#1001", "shopify/order/1", "447700900123", "12 fig lane"].contains { cell.contains($0) }
        }
        // As Shopify's customers/redact asks, which may name the customer's id alone; or by the address.
        if byCustomer {
            _ = try await store.erase(
                addresses: [], customer: store.customerKey(ofID: "gid://shopify/Customer/7"), shop: GoldenStore.shop,
                audit: nil, now: GoldenStore.now)
        } else {
            #expect(!(try await store.cells(where: isHers)).isEmpty)
            let erased = try await store.erase(address: address, shop: GoldenStore.shop, now: GoldenStore.now)
            #expect(erased.orders == 1 && erased.tickets == ["77"])
        }
        #expect(try await store.cells(where: isHers) == [])
        try store.close()
        let left = try GoldenStore.counts(in: path)
        for (table, (erased, _)) in Self.tables where erased == .removed {
            #expect(left[table] == 0, "\(table)")
        }
        for (table, (erased, _)) in Self.tables where erased == .hashed {
            #expect(left[table] ?? 0 > 0, "\(table)")
        }
    }
}

import Foundation
import Outreach
import Platform
import Store
import Testing

@testable import Daemon

@Suite("The report of status")
struct StatusReportTests {
    private func report(_ bench: LoopBench, named: Set<String>? = nil) async throws -> StatusReport {
        try await StatusReport(bench.store, named: named, now: bench.now)
    }

    private func json(_ report: StatusReport) throws -> [String: Any] {
        try #require(JSONSerialization.jsonObject(with: Data(report.json().utf8)) as? [String: Any])
    }

    @Test("needs nobody where all is well")
    func well() async throws {
        let bench = try await LoopBench()
        let report = try await report(bench)
        #expect(report.needs.isEmpty && !report.isUrgent)
        #expect(!report.text.contains("What needs a person"))
    }

    @Test(
        "says of each thing that needs a person what is wrong and how to fix it, and ends with status 1 for what stands"
    )
    func needs() async throws {
        let bench = try await LoopBench()
        let facts: [RememberedKey<String>] = [.clockFault, .shopFault, .lastFault, .noRelay]
        for key in facts {
            try await bench.store.remember("something", as: key, shop: benchShop, now: bench.now)
            let report = try await report(bench)
            let need = try #require(report.needs.first, "\(key.name)")
            #expect(report.needs.count == 1 && report.isUrgent && need.what.contains("something"))
            #expect(report.text.hasSuffix("fix: \(need.fix)") && !need.fix.isEmpty)
            try await bench.store.remember(nil, as: key, shop: benchShop, now: bench.now)
        }
        let held = HeldReload(code: "abc", people: 500, peoplePerDay: 3, since: bench.now)
        try await bench.store.remember(held, as: .heldReload, shop: benchShop, now: bench.now)
        let report = try await report(bench)
        #expect(report.needs.map(\.fix).first?.contains("bookbag triggers confirm --shop \(benchShop)") == true)
        #expect(!report.isUrgent)
    }

    @Test("needs nobody for a shop that is not served any more")
    func notServed() async throws {
        let bench = try await LoopBench()
        try await bench.store.remember("gone", as: .shopFault, shop: benchShop, now: bench.now)
        let report = try await report(bench, named: ["other.myshopify.com"])
        #expect(report.needs.isEmpty)
        #expect(report.text.contains("not in the configuration"))
    }

    @Test("says that no daemon runs, and that somebody who cannot know it says nothing")
    func noDaemon() async throws {
        let bench = try await LoopBench()
        let alone = try await StatusReport(bench.store, named: nil, now: bench.now, hasDaemon: false)
        #expect(alone.text.contains("no daemon is running on this store") && !alone.isUrgent)
        for seen in [nil, true] {
            let report = try await StatusReport(bench.store, named: nil, now: bench.now, hasDaemon: seen)
            #expect(report.needs.isEmpty)
        }
    }

    @Test("is the same value as JSON, with null for what there is not, and moments in ISO 8601")
    func asJSON() async throws {
        let bench = try await LoopBench()
        try await bench.store.remember(bench.now, as: .lastGoodCycle, shop: benchShop, now: bench.now)
        let whole = try json(try await report(bench))
        for key in [
            "shops", "closed_channels", "carriers", "parcels_of_nobody", "database_bytes", "schema_version",
            "last_moment",
            "store_fault", "store_server", "needs",
        ] { #expect(whole[key] != nil, "\(key)") }
        let shop = try #require((whole["shops"] as? [[String: Any]])?.first)
        #expect(shop["last_good_cycle"] as? String == bench.now.iso8601)
        for key in ["cursor", "clock_fault", "no_relay_for", "restored_backup_of", "last_fault", "held_reload"] {
            #expect(shop[key] is NSNull, "\(key)")
        }
        for key in [
            "shop", "live_since", "to_read", "parked", "pending_events", "attempts_in_doubt", "messages_in_doubt",
            "served",
            "effects", "unwritten",
        ] { #expect(shop[key] != nil && !(shop[key] is NSNull), "\(key)") }
    }
}

@Suite("The report of the outbox and of the doctor")
struct OtherReportTests {
    @Test("lists messages for people and for programs alike")
    func outbox() async throws {
        let bench = try await LoopBench()
        try await bench.see(1)
        _ = try await bench.planning(wake: Wake()).turn()
        let report = OutboxReport(try await bench.store.outbox(shop: benchShop, limit: 9), now: bench.now)
        #expect(report.text.contains("thanks") && report.text.hasPrefix("ID"))
        let rows = try #require(JSONSerialization.jsonObject(with: Data(report.json().utf8)) as? [[String: Any]])
        #expect(rows.count == 1 && rows[0]["state"] as? String == "ready" && rows[0]["detail"] is NSNull)
        #expect(rows[0]["message_id"] is String && rows[0]["due_at"] is String)
        #expect(OutboxReport([], now: bench.now).text == "Nothing to show.")
    }

    @Test("tells what one message became, and none of its words")
    func message() async throws {
        let bench = try await LoopBench()
        try await bench.see(1)
        _ = try await bench.planning(wake: Wake()).turn()
        let line = try #require(try await bench.store.outbox(shop: benchShop, limit: 9).first)
        let (story, message) = try #require(try await bench.store.effectStory(line.effect.id, shop: benchShop))
        let report = MessageReport(story, message, clock: Clock(.utc), now: bench.now)
        #expect(report.text.contains("Subject:  Thanks") && report.text.contains("Hello"))
        let json = try report.json()
        #expect(json.contains("\"state\" : \"ready\"") && !json.contains("Hello") && !json.contains("robin"))
    }

    @Test("has one line per check, with the fix")
    func doctor() throws {
        let report = DoctorReport([
            .init(.fine, "store", "it can be read"), .init(.broken, "relay", "no answer", fix: "check 'url' of 'smtp'"),
        ])
        #expect(report.isBroken)
        #expect(report.text == "ok    store: it can be read\nFAIL  relay: no answer; check 'url' of 'smtp'")
        let rows = try #require(JSONSerialization.jsonObject(with: Data(report.json().utf8)) as? [[String: Any]])
        #expect(rows[0]["fix"] is NSNull && rows[1]["grade"] as? String == "FAIL")
    }
}

@Suite("What is remembered of a shop")
struct RememberedKeyTests {
    @Test("comes back as the value that was kept, and as nil where it cannot be read")
    func roundTrip() async throws {
        let bench = try await LoopBench()
        let store = bench.store
        let held = HeldReload(code: "abc", people: 5, peoplePerDay: 1.5, since: bench.now)
        let profile = ShopProfile(domain: benchShop, name: "Fig", timeZone: "Europe/London")
        try await store.remember(held, as: .heldReload, shop: benchShop, now: bench.now)
        try await store.remember(profile, as: .profile, shop: benchShop, now: bench.now)
        try await store.remember(bench.now, as: .lastGoodCycle, shop: benchShop, now: bench.now)
        #expect(try await store.remembered(.heldReload, shop: benchShop)?.code == "abc")
        #expect(try await store.remembered(.profile, shop: benchShop) == profile)
        #expect(try await store.remembered(.lastGoodCycle, shop: benchShop) == bench.now)
        let facts = try await store.rememberedFacts(shop: benchShop)
        #expect(facts[.profile] == profile && facts[.shopFault] == nil)
        #expect(RememberedFacts(["last_good_cycle": "soon"])[.lastGoodCycle] == nil)
    }

    @Test("has names that stay: a store of an earlier build has them")
    func names() {
        #expect(
            Set(RememberedName.allCases.map(\.rawValue)).isSuperset(of: [
                "bucket", "carriers", "profile", "clock_fault", "confirmed_reload", "held_reload", "last_fault",
                "last_good_cycle", "no_relay", "shop_fault",
            ]))
    }
}

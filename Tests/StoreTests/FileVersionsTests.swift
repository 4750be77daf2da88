import Outreach
import Testing

@testable import Store

@Suite("Versions of files, and pauses")
struct FileVersionsTests {
    private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    private func save(
        _ store: Store, _ path: String, from before: String?, to after: String?, what: String = "saved", at: Moment
    ) async throws {
        try await store.keepVersion(
            FileSave(path: path, before: before.map(bytes), after: after.map(bytes), what: what), shop: shop,
            audit: AuditEntry(who: "ada@fig.example", shop: shop, what: what, about: path), now: at)
    }

    @Test("a save keeps what was and what is, and what others saved meanwhile", arguments: StoreKind.allCases)
    func keeps(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        try await save(store, "a.yaml", from: "one", to: "two", at: .at(10))
        try await save(store, "a.yaml", from: "two", to: "three", at: .at(20))
        try await save(store, "a.yaml", from: "by hand", to: "four", at: .at(30))
        try await save(store, "a.yaml", from: "four", to: nil, what: "removed", at: .at(40))
        try await save(store, "b.yaml", from: nil, to: "new", at: .at(50))
        let versions = try await store.fileVersions(of: "a.yaml", shop: shop)
        #expect(versions.map(\.what) == ["removed", "saved", "found", "saved", "saved", "found"])
        #expect(versions.map(\.who.isEmpty) == [false, false, true, false, false, true])
        #expect(versions.map { $0.content == nil } == [true, false, false, false, false, false])
        var texts: [String] = []
        for version in versions {
            let content = try await store.fileVersion(version.id, shop: shop)?.content
            texts.append(content.map { String(decoding: $0, as: UTF8.self) } ?? "-")
        }
        #expect(texts == ["-", "four", "by hand", "three", "two", "one"])
        #expect(try await store.fileVersions(of: "b.yaml", shop: shop).map(\.what) == ["saved"])
        #expect(try await store.auditLines(limit: 9).count == 5)
        #expect(versions[1].version == TriggerFolder.version(bytes("four")))
    }

    @Test("no more than twenty of a file, the newest, and none of another shop's", arguments: StoreKind.allCases)
    func bounded(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        try await save(store, "b.yaml", from: nil, to: "kept", at: .at(1))
        for number in 0..<50 {
            try await save(store, "a.yaml", from: "\(number)", to: "\(number + 1)", at: .at(10 + number))
        }
        let versions = try await store.fileVersions(of: "a.yaml", shop: shop)
        #expect(versions.count == Store.versionsKept)
        #expect(try await store.fileVersion(versions[0].id, shop: shop)?.content == bytes("50"))
        #expect(try await store.fileVersions(of: "b.yaml", shop: shop).count == 1)
        _ = try await store.openShop("other.myshopify.com", now: t0)
        #expect(try await store.fileVersions(of: "a.yaml", shop: "other.myshopify.com").isEmpty)
        #expect(try await store.fileVersion(versions[0].id, shop: "other.myshopify.com") == nil)
    }

    @Test("what a pause holds is due when it ends, whether it waited or was ready", arguments: StoreKind.allCases)
    func pauses(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        let events = [try await store.placed(1), try await store.placed(2)]
        var plan = Plan(shop: shop, doneEvents: events.map(\.id))
        for (event, reason) in zip(events, [Reason.paused, .quietHours]) {
            let effect = Effect(
                to: route(of: "email"), isContact: true, trigger: "placed", line: "email", keys: [event.aggregate.key],
                event: event, dueAt: .at(9_000), createdAt: t0, reason: reason)
            plan.changes.append(PlannedChange(effect: effect, note: nil))
        }
        #expect(try await store.commitPlan([plan], now: t0).stale.isEmpty)
        let entry = AuditEntry(who: "ada@fig.example", shop: shop, what: "paused")
        let pause = Pause(.news, since: .at(10), until: .at(7_200), by: "ada@fig.example")
        try await store.pause(pause, shop: shop, audit: entry, now: .at(10))
        #expect(try await store.pauses(shop: shop)[.news] == pause)
        #expect(try await store.rememberedFacts(shop: shop)[.pauses]?[.news] == pause)
        // The held one is judged when the pause ends; the other one when the night does.
        #expect(try await store.dueEffects(shop: shop, limit: 9, now: .at(7_200)).map(\.reason) == [.paused])
        #expect(try await store.clearPauses(shop: shop, now: .at(7_199))[.news] == pause)
        #expect(try await store.clearPauses(shop: shop, now: .at(7_200)).isEmpty)
        #expect(try await store.pauses(shop: shop).isEmpty)
        #expect(try await store.resume(.news, shop: shop, audit: entry, now: .at(7_300)) == nil)
        try await store.pause(
            Pause(.news, since: .at(8_000), by: "x@fig.example"), shop: shop, audit: entry, now: .at(8_000))
        #expect(try await store.resume(.news, shop: shop, audit: entry, now: .at(8_100)) == 1)
        #expect(try await store.dueEffects(shop: shop, limit: 9, now: .at(8_100)).map(\.reason) == [.paused])
        #expect(try await store.auditLines(limit: 9).count == 3)
    }

    @Test("all that a held edit would send is listed by key, as far as it still waits", arguments: StoreKind.allCases)
    func held(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        var ids: [Int64] = []
        for number in 1...7 {
            let event = try await store.placed(number)
            let effect = Effect(
                to: route(of: "email"), isContact: true, trigger: "placed", line: "email", keys: [event.aggregate.key],
                event: event, dueAt: .at(9_000), createdAt: t0, reason: .wait)
            let plan = Plan(
                shop: shop, doneEvents: [event.id], changes: [PlannedChange(effect: effect, note: nil)])
            ids.append(try #require(try await store.commitPlan([plan], now: t0).effects.first).id)
        }
        try await store.keepHeld(ids + [ids[0]], shop: shop, now: .at(10))
        var seen: [Int64] = []
        while true {
            let page = try await store.heldEditFeed(shop: shop, after: seen.last ?? 0, limit: 3)
            if page.isEmpty { break }
            seen += page.map(\.id)
        }
        #expect(seen == ids.sorted())
        try await store.keepHeld([ids[2]], shop: shop, now: .at(20))
        #expect(try await store.heldEditFeed(shop: shop, limit: 9).map(\.id) == [ids[2]])
        try await store.keepHeld([], shop: shop, now: .at(30))
        #expect(try await store.heldEditFeed(shop: shop, limit: 9).isEmpty)
    }
}

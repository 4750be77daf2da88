import Foundation
import Outreach
import Testing

@testable import Store

@Suite("Looking, erasing, backing up")
struct LookingTests {
    @Test("status tells what waits", arguments: StoreKind.allCases)
    func status(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        try await store.commitScan(
            shop: shop, queue: [SeenOrder(id: "x", updatedAt: .at(1)), SeenOrder(id: "y", updatedAt: .at(2))],
            cursor: .at(2), now: .at(3))
        try await store.park(store.nextToRead(shop: shop, limit: 1, now: .at(3))[0], reason: "no", now: .at(3))
        let event = try await store.placed(1, at: .at(4))
        _ = try await store.commit(
            [learned(record(2), rereads: [Reread(kind: .return, id: "R", at: .at(5))])], now: .at(4))
        try await store.ready(event, at: .at(6))
        try await store.placed(3, at: .at(7))
        let status = try await store.status(now: .at(10))
        let only = status.shops[0]
        #expect(status.shops.count == 1 && status.lastMoment == .at(7) && status.schemaVersion == Migration.current)
        #expect(status.bytes > 0)
        #expect(only.state.cursor == .at(2))
        #expect(only.toRead == 1 && only.toReadSince == .at(3) && only.parked == 1)
        #expect(only.pendingEvents == 1 && only.pendingSince == .at(7))
        #expect(only.rereadsDue == 1 && only.rereadDueSince == .at(5))
        #expect(only.effects == [.ready: 1] && only.readyDueSince == .at(6) && only.waitingDueSince == nil)
    }

    @Test("totals are kept as things happen", arguments: StoreKind.allCases)
    func counters(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        try await store.ready(try await store.placed(1))
        _ = try await store.commit(
            [learned(record(2), events: [event(order: 2, silence: .beforeLive)])], now: t0)
        let route = Route.mail(shop: shop)
        let begun = try await store.begin(
            store.claim(route, limit: 9, owner: "p", lease: .minutes(1), now: t0), lease: .minutes(1), now: t0
        ).begun
        _ = try await store.finish([AttemptOutcome(claim: begun[0], verdict: .accepted(receipt: "ok"))], now: t0)
        let totals = Dictionary(
            uniqueKeysWithValues: try await store.counters().map { ("\($0.name) \($0.labels)", $0.total) })
        #expect(
            totals == [
                #"events ["order.placed", ""]"#: 1, #"events ["order.placed", "before_live"]"#: 1,
                #"decisions ["thanks", "ready", ""]"#: 1, #"decisions ["thanks", "sent", "accepted"]"#: 1,
                #"deliveries ["email", "", "accepted"]"#: 1, #"effects ["ready"]"#: 0, #"effects ["sent"]"#: 1,
            ])
    }

    @Test("the outbox is listed newest first, by state and order, in pages", arguments: StoreKind.allCases)
    func outbox(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        var ids: [Int64] = []
        for number in 1...5 { ids.append(try await store.ready(try await store.placed(number), key: "\(number)").id) }
        _ = try await store.drop(effectID: ids[0], now: .at(1))
        let page = try await store.outbox(shop: shop, states: [.ready], limit: 3)
        #expect(page.map(\.effect.id) == [ids[4], ids[3], ids[2]])
        #expect(page[0].orderName == "#5" && page[0].summary == "Your order" && page[0].messageID != nil)
        #expect(
            try await store.outbox(shop: shop, before: page[2].effect.id, limit: 3).map(\.effect.id) == [
                ids[1], ids[0],
            ])
        #expect(try await store.outbox(shop: shop, orderID: facts(2).id, limit: 3).map(\.effect.id) == [ids[1]])
    }

    @Test("a story tells everything of an order", arguments: StoreKind.allCases)
    func story(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        let effect = try await store.ready(try await store.placed(1))
        try await store.placed(2)
        let story = try #require(await store.story(shop: shop, orderID: facts(1).id))
        #expect(story.order.events.map(\.kind) == [.orderPlaced])
        #expect(story.effects.map(\.line.effect) == [effect])
        #expect(story.parked == nil)
        #expect(try await store.story(shop: shop, orderID: "unknown") == nil)
        let events = try await store.events(shop: shop, since: t0, limit: 1)
        #expect(events.map(\.orderID) == [facts(1).id])
        #expect(
            try await store.events(shop: shop, since: t0, after: events[0].id, limit: 9).map(\.orderID) == [facts(2).id]
        )
    }

    @Test("who is erased leaves totals and hashes, and is not learned again", arguments: StoreKind.allCases)
    func erased(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        let effect = try await store.ready(try await store.placed(1))
        _ = try await store.commit(
            [learned(record(2, email: "r2@example.com"), rereads: [Reread(kind: .return, id: "R", at: .at(5))])],
            now: t0)
        var stranger = record(3, email: "wren@example.com")
        stranger.facts.customer = nil
        _ = try await store.commit([learned(stranger)], now: t0)
        try await store.keepMarks(
            shop: shop,
            [1, 2, 3].map { OrderMark(orderID: facts($0).id, updatedAt: t0, readAt: t0, returns: facts($0).id) })
        let off = MatchOutcome(
            trigger: "note", eventID: try #require(effect.event).id, reason: .if, detail: "of #1", at: t0)
        _ = try await store.commitPlan([Plan(shop: shop, matches: [off])], now: t0)
        for (number, address) in [(1, nil), (9, "Robin@example.com")] as [(Int, String?)] {
            let told = RawObservation(
                shop: shop, source: "hook", externalID: "\(number)", receivedAt: t0, kind: "note",
                bytes: Array("robin wrote".utf8), about: .order(facts(number).id), address: address)
            #expect(try await store.keep([told], now: t0).count == 1)
        }
        // The second order is found by its customer.
        #expect(
            try await store.erase(address: "Robin@example.com", shop: shop, now: .at(1))
                == Erased(orders: 2, messages: 1))
        let all = [1, 2, 3].map { facts($0).id }
        #expect(try await store.load(shop: shop, orderIDs: all).keys.map { $0 } == [facts(3).id])
        #expect(try await store.effect(effect.id) == nil)
        #expect(try await store.nextReread(shop: shop) == nil)
        #expect(try await store.counters().contains { $0.name == "events" && $0.total == 1 })
        #expect(try await store.status(now: .at(1)).shops[0].effects == [:])
        let silenced = try await store.isSilenced(
            shop: shop, address: "robin@example.com", customerID: nil, orderID: "new", stream: .order, now: .at(1))
        #expect(silenced)
        let seen = all.map { SeenOrder(id: $0, updatedAt: .at(9)) }
        #expect(try await store.commitScan(shop: shop, queue: seen, cursor: nil, now: .at(9)) == 1)
        try await store.enqueueRead(shop: shop, orderIDs: [all[0]], now: .at(9))
        #expect(try await store.nextToRead(shop: shop, limit: 9, now: .at(9)).map(\.orderID) == [all[2]])
        let again = try await store.commit([learned(record(1))], now: .at(9))
        #expect(again.erased.map(\.orderID) == [all[0]] && again.stale.isEmpty)
        // Nothing of the customer is left in any column of any table: no order's id or name, no address.
        let left = try await store.cells { cell in
            [all[0], all[1], "#1", "#2", "robin", "r2@example"].contains { cell.contains($0) }
        }
        #expect(left == [])
        // So that the search is known to find what is there: the stranger.
        #expect(try await !store.cells { $0.contains(all[2]) }.isEmpty)
    }

    @Test("a backup is whole, closed to others, and knows when it was made")
    func backup() async throws {
        let folder = Folder()
        let store = try Store.open(path: folder.file("store.sqlite"), role: .daemon, now: t0)
        _ = try await store.openShop(shop, now: t0)
        try await store.placed(1)
        let copy = folder.file("copy.sqlite")
        try await store.backup(to: copy, now: .at(60))
        #expect(try FileManager.default.attributesOfItem(atPath: copy)[.posixPermissions] as? Int == 0o600)
        let failure = await #expect(throws: StoreFailure.self) { try await store.backup(to: copy, now: .at(61)) }
        #expect(failure?.cause == .misuse)
        #expect(try await store.status(now: .at(60)).restoredFrom == nil)
        let restored = try Store.open(path: copy, role: .daemon, now: .at(99))
        #expect(try await restored.status(now: .at(99)).restoredFrom == .at(60))
        #expect(try await restored.pendingEvents(shop: shop, limit: 9).count == 1)
    }
}

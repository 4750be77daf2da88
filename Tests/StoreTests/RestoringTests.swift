import Foundation
import Outreach
import Testing

@testable import Store

@Suite("A backup that is put back")
struct RestoringTests {
    private let folder = Folder()

    /// A store with one ready mail, one event that nobody has decided on, and a look that is due tomorrow; and its
    /// copy, opened a day later.
    private func putBack() async throws -> (store: Store, ready: Effect) {
        let store = try Store.open(path: folder.file("store.sqlite"), role: .daemon, now: t0)
        _ = try await store.openShop(shop, now: t0)
        _ = try await store.openSource("ups", shop: shop, now: t0)
        let ready = try await store.ready(try await store.placed(1))
        _ = try await store.commit(
            [
                learned(
                    record(2), events: [event(order: 2)],
                    rereads: [Reread(kind: .fulfillment, id: "F", at: .at(200_000))])
            ], now: t0)
        let copy = folder.file("copy.sqlite")
        try await store.backup(to: copy, now: .at(60))
        return (try Store.open(path: copy, role: .daemon, now: .at(86_400)), ready)
    }

    @Test("takes back what was ready, keeps its bytes, and is silent about what nobody decided on")
    func begins() async throws {
        let (store, ready) = try await putBack()
        let (restoration, withdrawn) = try #require(try await store.beginRestoration(shop: shop, now: .at(86_400)))
        #expect(restoration == Restoration(backupAt: .at(60), restoredAt: .at(86_400)))
        #expect(withdrawn == 1)
        let effect = try #require(try await store.effect(ready.id))
        #expect(effect.state == .withdrawn && effect.reason == .restored)
        let route = Route.mail(shop: shop)
        #expect(try await store.claim(route, limit: 9, owner: "p", lease: .minutes(1), now: .at(90_000)).isEmpty)
        #expect(try await store.pendingEvents(shop: shop, limit: 9).map(\.silence) == [.beforeLive])
        let state = try #require(try await store.shopState(shop))
        #expect(state.liveSince.shop == .at(86_400) && state.liveSince.of("ups") == .at(86_400))
        #expect(try await store.nextReread(shop: shop) == .at(86_400), "all that is open is looked at at once")
        // Somebody who knows better sends it after all.
        #expect(try await store.retry(effectID: ready.id, now: .at(90_000)))
        #expect(try await store.claim(route, limit: 9, owner: "p", lease: .minutes(1), now: .at(90_000)).count == 1)
    }

    @Test("does so once, however often the daemon starts, and until all that was open has been looked at")
    func ends() async throws {
        let (store, _) = try await putBack()
        _ = try await store.beginRestoration(shop: shop, now: .at(86_400))
        let again = try #require(try await store.beginRestoration(shop: shop, now: .at(90_000)))
        #expect(again.withdrawn == 0 && again.restoration.restoredAt == .at(86_400))
        #expect(try await store.status(now: .at(90_000)).shops[0].restoration == again.restoration)
        #expect(try await !store.endRestoration(shop: shop, now: .at(90_001)))
        try await store.moveRereads(
            shop: shop, [Reread(kind: .fulfillment, id: "F", at: .at(99_999))], now: .at(90_002))
        #expect(try await store.endRestoration(shop: shop, now: .at(90_003)))
        #expect(try await store.beginRestoration(shop: shop, now: .at(90_004)) == nil)
        #expect(try await store.status(now: .at(90_004)).shops[0].restoration == nil)
    }

    @Test("an ordinary store has nothing to catch up with")
    func ordinary() async throws {
        let store = try await StoreKind.inMemory.make()
        let effect = try await store.ready(try await store.placed(1))
        #expect(try await store.beginRestoration(shop: shop, now: .at(9)) == nil)
        #expect(try await store.effect(effect.id)?.state == .ready)
    }
}

@Suite("The store's files")
struct FileTests {
    private let folder = Folder()

    private func contents(_ names: String...) -> Data {
        names.map { (try? Data(contentsOf: URL(filePath: folder.file($0)))) ?? Data() }.reduce(Data(), +)
    }

    @Test("a store that was closed is whole in its one file")
    func closed() async throws {
        let store = try Store.open(path: folder.file("store.sqlite"), role: .daemon, now: t0)
        _ = try await store.openShop(shop, now: t0)
        try await store.placed(1)
        // A reader that lives on is what keeps SQLite from doing it by itself.
        #expect(try await store.shops() == [shop])
        try store.close()
        try FileManager.default.copyItem(atPath: folder.file("store.sqlite"), toPath: folder.file("alone.sqlite"))
        let alone = try Store.open(path: folder.file("alone.sqlite"), role: .command, now: t0)
        #expect(try await alone.shops() == [shop])
        #expect(try await alone.load(shop: shop, orderIDs: [facts(1).id]).count == 1)
    }

    @Test("who was erased is in no file of the store")
    func erased() async throws {
        let store = try Store.open(path: folder.file("store.sqlite"), role: .command, now: t0)
        _ = try await store.openShop(shop, now: t0)
        let name = "wren.unmistakable@example.com"
        let first = try await store.commit(
            [learned(record(1, email: name), events: [event(order: 1)])], now: t0)
        try await store.ready(
            first.events[0], message: mail("m@x", to: name, body: String(repeating: name + " ", count: 4000)))
        #expect(try await store.emptyJournal())
        #expect(contents("store.sqlite").range(of: Data(name.utf8)) != nil, "it stood there")
        _ = try await store.erase(address: name, shop: shop, now: .at(1))
        #expect(try await store.emptyJournal())
        #expect(contents("store.sqlite", "store.sqlite-wal").range(of: Data(name.utf8)) == nil)
    }

    @Test("a place in the future goes back to the last change that was read")
    func pullBack() async throws {
        let store = try await StoreKind.inMemory.make()
        try await store.keepMarks(
            shop: shop, [ReadMark(orderID: "a", updatedAt: .at(50), readAt: .at(51), returns: nil)])
        try await store.commitScan(shop: shop, queue: [], cursor: .at(3600), now: .at(60))
        #expect(try await store.pullCursorBack(shop: shop, now: .at(60)) == .at(50))
        #expect(try await store.shopState(shop)?.cursor == .at(50))
        #expect(try await store.pullCursorBack(shop: shop, now: .at(60)) == nil)
    }

    @Test("the age of what is tried again counts from when it was first due")
    func age() async throws {
        let store = try await StoreKind.inMemory.make()
        try await store.ready(try await store.placed(1), at: .at(10))
        let route = Route.mail(shop: shop)
        let failure = Failure(reason: "busy", detail: "busy")
        for now in [20, 40] {
            let claims = try await store.claim(route, limit: 1, owner: "p", lease: .minutes(1), now: .at(now))
            let begun = try await store.begin(claims, lease: .minutes(1), now: .at(now)).begun
            _ = try await store.finish(
                [AttemptOutcome(claim: begun[0], verdict: .deferred(failure), nextAttemptAt: .at(now + 20))],
                now: .at(now))
            #expect(try await store.status(now: .at(now + 1)).shops[0].readyDueSince == .at(10))
        }
    }

    @Test("a channel keeps its suspects, and a retry by hand opens it for a try")
    func channel() async throws {
        let store = try await StoreKind.inMemory.make()
        let effect = try await store.ready(try await store.placed(1))
        let route = Route.mail(shop: shop)
        let state = ChannelState(
            closedUntil: .at(900), reason: "policy", detail: "no", failures: 3, openings: 2, suspects: [4: 1, 9: 2])
        try await store.setChannel(route, state, now: t0)
        #expect(try await store.channelState(route) == state)
        #expect(try await store.channelStates() == [route: state])
        #expect(try await store.retry(effectID: effect.id, now: .at(1)))
        let tried = try await store.channelState(route)
        #expect(tried.closedUntil == nil && tried.failures == 3)
    }
}

import Outreach
import Testing

@testable import Store

@Suite("Shops and small values")
struct ShopTests {
    @Test("a shop and its sources are news from their first opening on, for ever", arguments: StoreKind.allCases)
    func liveSince(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        #expect(try await store.openShop(shop, now: .at(500)).liveSince == LiveSince(shop: t0))
        _ = try await store.openSource("ups", shop: shop, now: .at(60))
        let live = try await store.openSource("ups", shop: shop, now: .at(900))
        #expect(live == LiveSince(shop: t0, sources: ["ups": .at(60)]))
        #expect(try await store.shopState(shop) == ShopState(liveSince: live, cursor: nil))
        #expect(try await store.shopState("other.example") == nil)
        #expect(try await store.shops() == [shop])
    }

    @Test("small values are kept by name, and forgotten", arguments: StoreKind.allCases)
    func remembered(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        try await store.remember(#"{"left":900}"#, as: "cost", shop: shop, now: t0)
        try await store.remember(#"{"left":800}"#, as: "cost", shop: shop, now: .at(1))
        try await store.remember("1", as: "other", shop: shop, now: .at(1))
        #expect(try await store.remembered("cost", shop: shop) == #"{"left":800}"#)
        #expect(try await store.remembered(shop: shop) == ["cost": #"{"left":800}"#, "other": "1"])
        try await store.remember(nil, as: "cost", shop: shop, now: .at(2))
        #expect(try await store.remembered("cost", shop: shop) == nil)
    }

    @Test("a value that is too long is refused whole", arguments: StoreKind.allCases)
    func bounded(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        let failure = await #expect(throws: StoreFailure.self) {
            try await store.remember(String(repeating: "secret", count: 20_000), as: "big", shop: shop, now: t0)
        }
        #expect(failure?.cause == .misuse)
        #expect(failure?.sentence.contains("secret") == false)
    }

    @Test("the last moment only goes forward", arguments: StoreKind.allCases)
    func lastMoment(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        try await store.noteMoment(.at(100))
        try await store.noteMoment(.at(50))
        #expect(try await store.lastMoment() == .at(100))
    }

    @Test("a step for an unknown shop says so", arguments: StoreKind.allCases)
    func unknownShop(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        let failure = await #expect(throws: StoreFailure.self) {
            try await store.commitScan(shop: "other.example", queue: [], cursor: nil, now: t0)
        }
        #expect(failure?.cause == .unknownShop)
    }

    @Test("a trigger keeps the moment since when it is in force, until it goes", arguments: StoreKind.allCases)
    func triggers(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        let set = GoodSet(digest: "d1", files: [1, 2, 3], acceptedAt: t0)
        #expect(try await store.lastGoodSet(shop: shop) == nil)
        try await store.setTriggers(shop: shop, names: ["a", "b"], goodSet: set, now: t0)
        let second = try await store.setTriggers(shop: shop, names: ["b", "c"], goodSet: nil, now: .at(60))
        #expect(second == ["b": t0, "c": .at(60)])
        #expect(try await store.triggersInForce(shop: shop) == second)
        #expect(try await store.setTriggers(shop: shop, names: ["a"], goodSet: nil, now: .at(90)) == ["a": .at(90)])
        #expect(try await store.lastGoodSet(shop: shop) == set)
    }

    @Test("a way out is open until it is closed", arguments: StoreKind.allCases)
    func channels(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        let route = Route.webhook("helpdesk", shop: shop)
        #expect(try await store.channelState(route) == ChannelState())
        let closed = ChannelState(closedUntil: .at(60), reason: "auth", detail: "The key is not taken.", failures: 2)
        try await store.setChannel(route, closed, now: t0)
        #expect(try await store.channelState(route) == closed)
        #expect(try await store.channelState(.mail(shop: shop)) == ChannelState())
        #expect(try await store.channelStates() == [route: closed])
        try await store.setChannel(route, ChannelState(), now: .at(1))
        #expect(try await store.channelState(route) == ChannelState())
    }
}

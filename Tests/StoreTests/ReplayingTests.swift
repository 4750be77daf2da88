import Foundation
import Outreach
import Synchronization
import Testing

@testable import Store

@Suite("Going through all that was recorded")
struct ReplayingTests {
    /// Sixty orders of thirty addresses, and three without any.
    static func filled(_ kind: StoreKind) async throws -> Store {
        let store = try await kind.make()
        for number in 1...63 {
            let address = number > 60 ? nil : "shopper\(number % 30)@example.com"
            var facts = facts(number, email: address)
            facts.customer = nil
            var record = OrderRecord(shop: shop, facts: facts, seenAt: t0)
            record.facts.fulfillments = [
                FulfillmentFacts(
                    id: "F\(number)", name: "f", status: .success, createdAt: t0, updatedAt: t0,
                    scans: [scan("s1"), scan("s2", at: .at(60), state: .delivered)])
            ]
            // Of every third address the last thing happened long ago.
            let old = number <= 60 && (number % 30) % 3 == 0
            let happened = old ? t0 - .days(100) : .at(number)
            _ = try await store.commit(
                [
                    learned(
                        record,
                        events: [
                            event(.orderPlaced, order: number, at: happened),
                            event(
                                .shipmentDelivered, order: number, subjects: ["shipment:1", "shipment:2"], at: happened),
                        ])
                ], now: .at(number))
        }
        return store
    }

    static func customers(_ store: Store, shares: Int, since: Moment) async throws -> [Replay.Customer] {
        let found = Mutex<[Replay.Customer]>([])
        for share in ReplayShare.shares(shares) {
            try await store.replay(shop: shop, since: since, share: share) { customer in
                found.withLock { $0.append(customer) }
            }
        }
        return found.withLock { $0 }
    }

    @Test(
        "gives each customer once, with all their orders, however many share the work", arguments: StoreKind.allCases,
        [1, 2, 3, 64])
    func everyone(kind: StoreKind, shares: Int) async throws {
        let store = try await Self.filled(kind)
        let customers = try await Self.customers(store, shares: shares, since: .distantPast)
        #expect(customers.count == 33)
        #expect(
            customers.map(\.orders.count).sorted() == Array(repeating: 1, count: 3) + Array(repeating: 2, count: 30))
        #expect(Set(customers.flatMap { $0.orders.map(\.facts.id) }).count == 63)
        for customer in customers {
            #expect(Set(customer.orders.map(\.facts.email)).count == 1)
            for order in customer.orders {
                // As it is loaded for the daemon.
                let loaded = try #require(try await store.load(shop: shop, orderIDs: [order.facts.id])[order.facts.id])
                #expect(order.events == loaded.events)
                #expect(order.facts == loaded.facts)
            }
        }
    }

    @Test("leaves out whom nothing has happened to since")
    func since() async throws {
        let store = try await Self.filled(.inMemory)
        let customers = try await Self.customers(store, shares: 2, since: t0)
        #expect(customers.count == 23)
        #expect(try await store.replayLength(shop: shop, since: t0) == 43)
        #expect(try await store.replayLength(shop: shop, since: .distantPast) == 63)
    }

    @Test("knows who was silenced, and when")
    func silences() async throws {
        let store = try await Self.filled(.inMemory)
        try await store.silence(
            .address("shopper1@example.com"), shop: shop, reason: "bounce", until: .at(500), now: .at(100))
        try await store.silence(
            .order("gid://shopify/Order/62"), shop: shop, stream: .marketing, reason: "opt_out", until: nil,
            now: .at(100))
        let customers = try await Self.customers(store, shares: 1, since: t0)
        let silenced = customers.filter { !$0.silences.isEmpty }
        #expect(silenced.count == 2)
        #expect(
            silenced.first { $0.orders.count == 2 }?.silences
                == [.init(begunAt: .at(100), endsAt: .at(500), stream: .all)])
        #expect(
            silenced.first { $0.orders.count == 1 }?.silences == [
                .init(begunAt: .at(100), endsAt: nil, stream: .marketing)
            ])
    }

    @Test("ends where the reader has enough")
    func stopping() async throws {
        struct Enough: Error {}
        let store = try await Self.filled(.inMemory)
        let count = Mutex(0)
        await #expect(throws: StoreFailure.self) {
            try await store.replay(shop: shop, since: t0, share: ReplayShare.shares(1)[0]) { _ in
                count.withLock { $0 += 1 }
                throw Enough()
            }
        }
        #expect(count.withLock { $0 } == 1)
    }
}

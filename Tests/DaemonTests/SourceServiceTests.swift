import Foundation
import Intake
import Logging
import Outreach
import Platform
import Store
import Synchronization
import Testing

@testable import Daemon

private let shop = "fig.example"
private let start = Moment(iso8601: "2026-11-21T10:00:00Z")!

/// Letters to a shop: each names the order that it is about.
private struct Letterbox: ObservationSource {
    let name = "letterbox"
    var letters: [String]

    func poll(from cursor: String?, now: Moment) async throws -> SourcePage {
        let first = cursor.flatMap { Int($0) } ?? 0
        let new = letters.dropFirst(first).enumerated().map { offset, text in
            RawObservation(
                shop: shop, source: name, externalID: "\(first + offset)", receivedAt: now, kind: "letter",
                bytes: Array(text.utf8))
        }
        return SourcePage(new, cursor: "\(letters.count)")
    }

    func judge(_ observation: RawObservation) throws(SourceFailure) -> [JudgedEvent] {
        let text = String(decoding: observation.bytes, as: UTF8.self)
        if text.isEmpty { throw SourceFailure("the letter is empty") }
        return [
            JudgedEvent(
                aggregate: .order(text), kind: .returnRequested, subject: .return(observation.externalID),
                mark: observation.externalID, source: name)
        ]
    }
}

@Suite("The loop of sources") struct SourceServiceTests {
    private func service(_ letters: [String], store: Store) async throws -> SourceService {
        let folder = TriggerFolder(
            files: ["shop.yaml": Array("mode: live\nbrand: { name: Fig, from: orders@fig.example }\n".utf8)])
        let (set, faults) = TriggerSet.load(folder)
        let triggers = try #require(set, "\(faults)")
        let live = try await store.openShop(shop, now: start).liveSince
        let context = ShopContext(
            configuration: Configuration.Shop(
                domain: shop, endpoint: "https://fig.example", access: .token(SecretString("t")),
                pollEvery: .seconds(60), triggers: "", smtp: nil, webhooks: [:]),
            rules: ShopContext.Rules(
                planner: Planner(triggers: triggers, inForceSince: [:], live: live, shop: ShopProfile(domain: shop)),
                learner: Learner(live: live, shopZone: .utc, rereadEvery: .minutes(1)),
                inForce: TriggerReloader.InForce(set: triggers, since: [:], folder: folder)))
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let learning = Learning(
            store: store, logger: logger, metrics: DaemonMetrics(), newEvents: Wake(), newMoments: Wake())
        return SourceService(
            context: context, sources: [Letterbox(letters: letters)], store: store, learning: learning,
            clock: DaemonClock(source: { start + .minutes(5) }), wake: Wake(), heartbeats: Heartbeats(), logger: logger)
    }

    @Test("what came is kept with its cursor, learned of its order, and judged once, over a restart too")
    func learned() async throws {
        let store = try Store.inMemory(now: start)
        let order = "gid://shopify/Order/1"
        let letters = [order, "", "gid://shopify/Order/404", order]
        var service = try await service(letters, store: store)
        let facts = OrderFacts(id: order, name: "#1", createdAt: start, updatedAt: start)
        let seen = Observation(shop: shop, seenAt: start + .minutes(1), content: .order(facts))
        _ = try await service.learning.learn([seen], of: service.context, now: start + .minutes(1))

        #expect(try await !service.turn())
        #expect(try await store.cursor(shop: shop, source: "letterbox") == "4")
        #expect(try await store.unjudged(shop: shop, source: "letterbox", limit: 9).isEmpty)
        func told() async throws -> [String] {
            let record = try await store.load(shop: shop, orderIDs: [order])[order]
            return record?.events.filter { $0.kind == .returnRequested }.flatMap { $0.occurrences.map(\.mark) } ?? []
        }
        #expect(try await told() == ["0", "3"])
        #expect(
            try await store.pendingEvents(shop: shop, limit: 9).filter { $0.source == "letterbox" }.count == 2,
            "they are there to be planned")

        service = try await self.service(letters + [order], store: store)
        #expect(try await !service.turn())
        #expect(try await told() == ["0", "3", "4"])
    }
}

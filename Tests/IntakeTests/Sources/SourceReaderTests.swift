import Foundation
import Testing

@testable import Intake
@testable import Outreach

/// Rows in memory, which can be told to break before or after its n-th step.
private actor Rows: ObservationJournal {
    struct Broken: Error {}

    var cursors: [String: String] = [:]
    var rows: [RawObservation] = []
    var judged: Set<Int64> = []
    var records: [String: OrderRecord] = [:]
    var events: [Event] = []
    private var step = 0
    private var breaks: (step: Int, before: Bool)?
    private let learner = Learner(
        live: LiveSince(shop: Rows.start - .days(30)), shopZone: .utc, rereadEvery: .minutes(1))

    static let start = Moment(iso8601: "2026-11-21T10:00:00Z")!

    func breakAt(_ step: Int, before: Bool) {
        breaks = (step, before)
        self.step = 0
    }

    func know(_ id: String) {
        var facts = OrderFacts(id: id, name: "#1", createdAt: Self.start, updatedAt: Self.start)
        facts.email = "ada@customer.example"
        let seen = Observation(shop: "fig.example", seenAt: Self.start, content: .order(facts))
        records[id] = learner.learn(seen, into: nil)?.record
    }

    private func commit(_ body: () -> Void) throws {
        step += 1
        if let breaks, breaks.step == step, breaks.before { throw Broken() }
        body()
        if let breaks, breaks.step == step { throw Broken() }
    }

    func cursor(of source: String) -> String? { cursors[source] }

    func keep(_ observations: [RawObservation], cursor: String?, of source: String, now: Moment) throws {
        try commit {
            for var one in observations
            where !rows.contains(where: { $0.source == source && $0.externalID == one.externalID }) {
                one.id = Int64(rows.count + 1)
                rows.append(one)
            }
            if let cursor { cursors[source] = cursor }
        }
    }

    func unjudged(of source: String, limit: Int) -> [RawObservation] {
        Array(rows.filter { $0.source == source && !judged.contains($0.id) }.prefix(limit))
    }

    func commit(_ events: [JudgedEvent], of observation: RawObservation, now: Moment) throws -> SourceFailure? {
        var fault: SourceFailure?
        try commit {
            for event in events {
                guard let id = event.aggregate.orderID, let record = records[id] else {
                    fault = SourceFailure("no such order")
                    continue
                }
                let learned = learner.learn([event], into: record, now: now)
                records[id] = learned.record
                self.events += learned.events
            }
            judged.insert(observation.id)
        }
        return fault
    }
}

@Suite("A source of what arrives once") struct SourceReaderTests {
    private let now = Rows.start + .hours(1)
    private let order = "gid://shopify/Order/1"

    private func reader(_ doorbell: Doorbell, _ rows: Rows) -> SourceReader {
        // The table with one line more.
        let sources = ObservationSources.all + [doorbell]
        return SourceReader(sources.last!, journal: rows)
    }

    @Test("a toy source of one folder and one line brings a shopper a message")
    func decided() async throws {
        let rows = Rows()
        await rows.know(order)
        let doorbell = Doorbell()
        doorbell.press(order)
        let report = try await reader(doorbell, rows).turn(now: now)
        #expect(report == SourceReader.Report(received: 1, judged: 1, events: 1))
        let event = try #require(await rows.events.first)
        #expect(event.kind == .returnRequested && event.source == "doorbell" && event.silence == nil)

        let folder = TriggerFolder(
            files: [
                "shop.yaml": "mode: live\nnotify: owner@fig.example\nbrand:\n  name: Fig\n  from: orders@fig.example\n",
                "asked.yaml": "on: return.requested\nsend: email\n",
                "templates/asked.md": "---\nsubject: You rang\n---\nWe will look at {{ order.name }}.\n",
            ].mapValues { Array($0.utf8) })
        let (set, faults) = TriggerSet.load(folder)
        let planner = Planner(
            triggers: try #require(set, "\(faults)"), inForceSince: ["asked": .distantPast],
            live: LiveSince(shop: Rows.start - .days(30)),
            shop: ShopProfile(domain: "fig.example", timeZone: "Europe/London"))
        let record = try #require(await rows.records[order])
        let match = try #require(planner.matches(event, record: record).first)
        guard case .insert(let effect) = planner.place(match, event: event, existing: [], now: now) else {
            Issue.record("no effect")
            return
        }
        // The facts of the return itself come with the shop's next answer; what is decided of the effect is decided as
        // for any other.
        let decision = planner.judge(effect, record: record, history: History(), now: now)
        #expect(effect.trigger == "asked" && decision != .skip(because: .off))
    }

    @Test("all pages are read, and what a judge can make nothing of is a fault that stops nothing")
    func pages() async throws {
        let rows = Rows()
        await rows.know(order)
        let doorbell = Doorbell()
        for text in [order, "hello", "\u{0}", order, "gid://shopify/Order/404"] { doorbell.press(text) }
        let reader = reader(doorbell, rows)
        let report = try await reader.turn(now: now)
        #expect(report.received == 5 && report.judged == 5 && report.events == 2 && report.failure == nil)
        #expect(report.faults == ["2": SourceFailure("the press names no order"), "4": SourceFailure("no such order")])
        #expect(await rows.events.count == 2)
        #expect(try await reader.turn(now: now) == SourceReader.Report())
        doorbell.press(order)
        #expect(try await reader.turn(now: now).events == 1)
    }

    @Test("what is pushed is kept once, however often it is sent, and judged in the next turn")
    func pushed() async throws {
        let rows = Rows()
        await rows.know(order)
        let reader = reader(Doorbell(), rows)
        let pushed = RawObservation(
            shop: "fig.example", source: "doorbell", externalID: "a", receivedAt: now, kind: "press",
            bytes: Array(order.utf8))
        for _ in 0..<3 { try await reader.receive([pushed], now: now) }
        #expect(try await reader.turn(now: now).judged == 1)
        #expect(await rows.events.count == 1)
    }

    @Test("cut anywhere and begun again, everything is told once", arguments: 1...16)
    func cut(_ step: Int) async throws {
        for before in [true, false] {
            let rows = Rows()
            await rows.know(order)
            let doorbell = Doorbell()
            for _ in 0..<5 { doorbell.press(order) }
            await rows.breakAt(step, before: before)
            for _ in 0..<3 {
                do { _ = try await reader(doorbell, rows).turn(now: now) } catch is Rows.Broken {}
            }
            #expect(await rows.events.flatMap(\.occurrences).map(\.mark) == ["0", "1", "2", "3", "4"])
            #expect(await rows.judged.count == 5)
        }
    }

    @Test("a source that fails, or leads nowhere, is a failure of its own, and what was kept is judged")
    func failing() async throws {
        struct Stuck: ObservationSource {
            let name = "doorbell"
            func poll(from cursor: String?, now: Moment) async throws -> SourcePage {
                let one = RawObservation(
                    shop: "fig.example", source: name, externalID: "1", receivedAt: now, kind: "press", bytes: [])
                return SourcePage([one], cursor: nil, isMore: true)
            }
            func judge(_ observation: RawObservation) throws(SourceFailure) -> [JudgedEvent] { [] }
        }
        let report = try await SourceReader(Stuck(), journal: Rows()).turn(now: now)
        #expect(report.failure?.description.contains("not where") == true)
        #expect(report.judged == 1)
    }

    @Test("a source of which a part cannot be read says so, and what the rest brought is kept and judged")
    func halves() async throws {
        struct Half: ObservationSource {
            let name = "doorbell"
            func poll(from cursor: String?, now: Moment) async throws -> SourcePage {
                let page = cursor.flatMap { Int($0) } ?? 0
                let one = RawObservation(
                    shop: "fig.example", source: name, externalID: "\(page)", receivedAt: now, kind: "press", bytes: [])
                return SourcePage(
                    [one], cursor: "\(page + 1)", isMore: page == 0,
                    failure: page == 0 ? SourceFailure("the back door is gone") : nil)
            }
            func judge(_ observation: RawObservation) throws(SourceFailure) -> [JudgedEvent] { [] }
        }
        let report = try await SourceReader(Half(), journal: Rows()).turn(now: now)
        #expect(report.failure == SourceFailure("the back door is gone"))
        #expect(report.received == 2 && report.judged == 2)
    }
}

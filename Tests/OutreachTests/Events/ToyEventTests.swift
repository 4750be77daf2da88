import Testing

@testable import Outreach

/// A kind of event that no code knows: of something that is no order. This entry is all that it takes.
private let toy = EventEntry(
    "toy.happened", of: AggregateKind(rawValue: "toy"), "The toy was wound up. It happens again each time.",
    sentence: "The toy was wound up", age: .hours(3), repetition: .eachTime, alsoCalled: ["toy.wound"])

@Suite("An event of a kind that is only data")
struct ToyEventTests {
    private let vocabulary = EventVocabulary(EventKind.allCases + [EventKind(toy)])
    private let now = Moment(iso8601: "2026-03-10T10:00:00Z")!

    private func load(_ trigger: String) -> (TriggerSet?, [Fault]) {
        let files = [
            "shop.yaml": "notify: owner@fig.example\nbrand: { name: Fig, from: orders@fig.example }\n",
            "toy.yaml": trigger,
            "templates/toy.md": "---\nsubject: The toy\n---\nIt was wound up.\n",
        ]
        return TriggerSet.load(TriggerFolder(files: files.mapValues { Array($0.utf8) }), events: vocabulary)
    }

    private func planner(_ set: TriggerSet) -> Planner {
        Planner(
            triggers: set, inForceSince: ["toy": .distantPast], live: LiveSince(shop: .distantPast),
            shop: ShopProfile(domain: "fig.example"))
    }

    private func event(n: Int = 1) -> Event {
        Event(
            id: Int64(n), shop: "fig.example", aggregate: AggregateID(kind: EventKind(toy).aggregate, id: "7"),
            kind: EventKind(toy), occurrences: [.init(subject: "toy:7", n: n, mark: "wound \(n)")], happenedAt: now,
            recordedAt: now, source: "toys")
    }

    @Test("goes from a file to a decided effect, for an order it is about and for none", arguments: [true, false])
    func decided(aboutOrder: Bool) throws {
        let (set, faults) = load("on: toy.happened\nsend: { email: merchant }\n")
        #expect(faults == [])
        let turn = PlanningTurn(planner(try #require(set)), now: now)
        let order = StandardOrder(.orderPlaced, at: now).record
        let record = aboutOrder ? order : .none(shop: "fig.example", at: now)
        var keys: [String] = []
        for n in 1...2 {
            let plan = try #require(
                turn.place(
                    [turn.hear(event(n: n), record: record, version: 5)], existing: { _ in [] }, open: { _ in [] }
                ).first)
            var reads = record.reads
            reads[AggregateID(kind: EventKind(toy).aggregate, id: "7")] = 5
            #expect(plan.reads == reads && reads.count == (aboutOrder ? 2 : 1))
            let effect = try #require(plan.changes.first?.effect)
            keys += effect.keys
            #expect(turn.judge(effect, record: record, history: History()).judgement.decision == .send)
            let late = PlanningTurn(turn.planner, now: now + .hours(4)).judge(
                effect, record: record, history: History())
            #expect(late.judgement.decision == .skip(because: .oldNews, detail: "toy.happened of \(now)"))
            // What is gone is not told, whatever it belonged to.
            #expect(turn.judge(effect, record: nil, history: History()).judgement.decision == .skip(because: .erased))
        }
        // Its entry says that it is told again each time.
        #expect(keys == ["toy.happened/toy:7.1", "toy.happened/toy:7.2"])
    }

    @Test("writes to no shopper where it is about no order")
    func nobody() throws {
        let set = try #require(load("on: toy.happened\nsend: email\n").0)
        let turn = PlanningTurn(planner(set), now: now)
        let record = OrderRecord.none(shop: "fig.example", at: now)
        let effect = try #require(
            turn.place([turn.hear(event(), record: record)], existing: { _ in [] }, open: { _ in [] })
                .first?.changes.first?.effect)
        #expect(
            turn.judge(effect, record: record, history: History()).judgement.decision == .skip(because: .noRecipient))
    }

    @Test("is checked, explained and completed like any other")
    func checked() throws {
        func faults(_ trigger: String) -> [String] { load(trigger).1.map(\.description) }
        #expect(
            faults("on: toy.wound\nsend: email\n").contains {
                $0.hasPrefix("triggers/toy.yaml:1:5: unknown event 'toy.wound'; did you mean 'toy.happened'?")
            })
        #expect(
            faults("on: toy.happened\nif: shipment.delivered\nsend: email\n").contains {
                $0.contains("'shipment' is not available on 'toy.happened'")
            })
        #expect(
            faults("on: toy.happened\nonce_per: order\nsend: email\n").contains {
                $0.contains("'toy.happened' has no order to count by; write 'once_per: event'")
            })
        #expect(NamesReference.events(of: vocabulary).contains("| `toy.happened` | The toy was wound up. It"))
        #expect(FileSchema.trigger.json(events: vocabulary).contains("\"toy.happened\""))
        #expect(EventKind(toy).sentence(parcel: "the parcel") == "The toy was wound up")
        // None of it is there for others.
        #expect(EventKind(rawValue: "toy.happened") == nil)
    }

    @Test("an example of it is read and run")
    func example() throws {
        let set = try #require(
            load(
                """
                on: toy.happened
                send: { email: merchant }
                examples:
                  - name: wound up
                    expect: email
                """
            ).0)
        let (count, failures) = ExampleRunner(set).run()
        #expect(count == 1)
        #expect(failures.map(\.description) == [])
    }
}

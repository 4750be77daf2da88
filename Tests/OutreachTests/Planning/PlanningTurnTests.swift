import Testing

@testable import Outreach

@Suite("A turn of planning")
struct PlanningTurnTests {
    private func planner(_ triggers: [String: String], since: [String: Moment] = [:]) throws -> Planner {
        var files = ["shop.yaml": "brand: { name: Fig, from: orders@fig.example }\n"]
        for (name, text) in triggers {
            files["\(name).yaml"] = text + "\nsend: email\n"
            files["templates/\(name).md"] = "---\nsubject: A\n---\nB\n"
        }
        let (set, faults) = TriggerSet.load(TriggerFolder(files: files.mapValues { Array($0.utf8) }))
        let all = Dictionary(uniqueKeysWithValues: triggers.keys.map { ($0, Moment.distantPast) })
        return Planner(
            triggers: try #require(set, "\(faults)"), inForceSince: all.merging(since) { $1 },
            live: LiveSince(shop: Story.start - .days(30)), shop: ShopProfile(domain: "fig.myshopify.com"))
    }

    private func outForDelivery() -> (Story, Event) {
        var story = Story()
        story.ship()
        story.scan("1", .outForDelivery, after: .hours(20))
        story.look(after: .hours(20))
        var event = story.events.last { $0.kind == .shipmentOutForDelivery }!
        event.id = 7
        return (story, event)
    }

    @Test("says once for each trigger that hears an event why nothing came of it, and nothing of those that do not")
    func misses() throws {
        let (story, event) = outForDelivery()
        let planner = try planner(
            [
                "off": "on: shipment.out_for_delivery\nmode: off", "young": "on: shipment.out_for_delivery",
                "told": "on: shipment.out_for_delivery", "deaf": "on: order.placed",
                "good": "on: shipment.out_for_delivery",
            ], since: ["young": event.recordedAt + .milliseconds(1)])
        let turn = PlanningTurn(planner, now: event.recordedAt)
        let heard = turn.hear(event, record: story.record)
        let plan = try #require(
            turn.place(
                [heard],
                existing: { match in
                    guard match.trigger == "told" else { return [] }
                    var effect = Effect(
                        to: match.route, isContact: match.isContact, trigger: "told", line: match.line,
                        keys: match.keys, event: event,
                        dueAt: turn.now, createdAt: turn.now)
                    effect.id = 3
                    effect.state = .sent
                    return [effect]
                }, open: { _ in [] }
            ).first)
        #expect(plan.doneEvents == [7])
        #expect(plan.changes.map(\.effect.trigger) == ["good"])
        #expect(
            Set(plan.matches.map { "\($0.trigger) \($0.eventID) \($0.reason.rawValue)" })
                == ["off 7 off", "young 7 before_trigger", "told 7 already_told"])
        // An order that is gone.
        #expect(turn.hear(event, record: nil).misses.allSatisfy { $0.reason == .erased })
    }

    @Test("tells of the event that a newer one took the turn of")
    func refreshed() throws {
        let (story, event) = outForDelivery()
        let planner = try planner(["note": "on: shipment.out_for_delivery\nafter: 1 hour"])
        let turn = PlanningTurn(planner, now: event.recordedAt)
        var newer = event
        newer.id = 8
        var effect: Effect?
        for one in [event, newer] {
            let plan = try #require(
                turn.place(
                    [turn.hear(one, record: story.record)], existing: { _ in effect.map { [$0] } ?? [] },
                    open: { _ in [] }
                ).first)
            effect = plan.changes.first?.effect
            effect?.id = 1
            #expect(plan.matches.map(\.eventID) == (one.id == 8 ? [7] : []))
            #expect(plan.matches.allSatisfy { $0.reason == .newer })
        }
        #expect(effect?.event?.id == 8)
    }

    @Test("always lets one of those go that replace one another in a circle")
    func circle() throws {
        let (story, event) = outForDelivery()
        let planner = try planner([
            "a": "on: shipment.out_for_delivery\nreplaces: b", "b": "on: shipment.out_for_delivery\nreplaces: c",
            "c": "on: shipment.out_for_delivery\nreplaces: a",
        ])
        let turn = PlanningTurn(planner, now: event.recordedAt)
        let heard = turn.hear(event, record: story.record)
        var effects = turn.place([heard], existing: { _ in [] }, open: { _ in [] }).flatMap(\.changes).map(\.effect)
        for index in effects.indices { effects[index].id = Int64(index + 1) }
        let judged = turn.judge(
            effects,
            records: RecordSet(
                shop: story.record!.shop, orders: [story.facts.id: story.record!], now: event.recordedAt),
            histories: Array(repeating: History(), count: effects.count))
        let waiting = effects
        #expect(turn.settle(judged, waiting: { _ in waiting }).filter(\.goes).count == 1)
    }

    @Test("leaves the second of two events under one key for the next turn")
    func oneKey() throws {
        let (story, event) = outForDelivery()
        let planner = try planner(["note": "on: shipment.out_for_delivery"])
        let turn = PlanningTurn(planner, now: event.recordedAt)
        var other = event
        other.id = 8
        let heard = [event, other].map { turn.hear($0, record: story.record) }
        let plans = turn.place(heard, existing: { _ in [] }, open: { _ in [] })
        #expect(plans.map(\.doneEvents) == [[7]])
    }
}

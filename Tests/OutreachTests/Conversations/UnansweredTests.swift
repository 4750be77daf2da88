import Testing

@testable import Outreach

@Suite("A message that waits for a person")
struct UnansweredTests {
    private func planner() throws -> Planner {
        let files = [
            "shop.yaml": """
            brand: { name: Fig, from: orders@fig.example }
            business_hours: { Mon-Fri: 09:00-17:00 }

            """, "wait.yaml": "on: conversation.unanswered\nfor: 4 business hours\ndo: hand_over\n",
        ]
        let (set, faults) = TriggerSet.load(TriggerFolder(files: files.mapValues { Array($0.utf8) }))
        return Planner(
            triggers: try #require(set, "\(faults)"), inForceSince: ["wait": .distantPast],
            live: LiveSince(shop: .distantPast), shop: StandardOrder.shop)
    }

    @Test("is told after its business hours, whatever else she writes, and not once somebody answered")
    func waits() throws {
        let planner = try planner()
        let start = StandardOrder.zone.moment(on: CalendarDay(iso8601: "2026-03-10")!, secondOfDay: 15 * 3_600)
        let order = StandardOrder(.conversationUnanswered, at: start)
        var record = order.known
        let turn = PlanningTurn(planner, now: start)
        let plans = turn.place([turn.hear(order.event, record: record)], existing: { _ in [] }, open: { _ in [] })
        var effect = try #require(plans[0].changes.first?.effect)
        effect.id = 1
        // Tuesday at 15:00, and four hours of business: Wednesday at 11:00.
        let due = StandardOrder.zone.moment(on: CalendarDay(iso8601: "2026-03-11")!, secondOfDay: 11 * 3_600)
        #expect(effect.dueAt == due && effect.keys == ["conversation.unanswered/message:1"])
        func decide(_ change: (inout ConversationRecord) -> Void = { _ in }, at now: Moment) -> Decision {
            var record = record
            change(&record.conversation!)
            return planner.judge(effect, record: record, history: History(), now: now)
        }
        #expect(decide(at: due - .minutes(1)) == .wait(until: due, because: .wait))
        #expect(decide({ $0.lastAt = due - .hours(1) }, at: due) == .send)
        // Answered; answered, and asked anew; closed.
        #expect(decide({ $0.waitsSince = nil }, at: due) == .skip(because: .passed))
        #expect(decide({ $0.waitsSince = start + .hours(1) }, at: due) == .skip(because: .passed))
        #expect(decide({ ($0.state, $0.waitsSince) = (.closed, nil) }, at: due) == .skip(because: .passed))
        guard case .skip(because: .oldNews, detail: _) = decide(at: due + .days(2)) else {
            Issue.record("it is told two days later")
            return
        }
        record.lastChangeAt = due
        #expect(decide(at: due) == .send)
    }

    @Test("is warned of where a trigger waits for nothing")
    func warning() {
        let files = [
            "shop.yaml": "brand: { name: Fig, from: orders@fig.example }\n",
            "wait.yaml": "on: conversation.unanswered\ndo: hand_over\n",
        ]
        let faults = TriggerSet.load(TriggerFolder(files: files.mapValues { Array($0.utf8) })).faults
        #expect(faults.contains { $0.hint == "write 'for: 4 business hours' below it" })
    }
}

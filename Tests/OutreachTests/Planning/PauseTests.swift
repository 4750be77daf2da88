import Testing

@testable import Outreach

private let start = Moment(iso8601: "2026-11-20T09:00:00Z")!

@Suite("A pause")
struct PauseTests {
    private static let shop = """
        brand:
          name: Fig
          from: Fig <orders@fig.example>
        notify: owner@fig.example

        """

    private func planner(_ sends: String, shop: String = "", pause: Pause?) throws -> Planner {
        let files = [
            "shop.yaml": Self.shop + shop, "note.yaml": "on: shipment.delivered\n\(sends)\n",
            "templates/note.md": "---\nsubject: Here\n---\nHello.\n",
        ]
        let (set, faults) = TriggerSet.load(TriggerFolder(files: files.mapValues { Array($0.utf8) }))
        let loaded = try #require(set, "\(faults)")
        var planner = Planner(
            triggers: loaded, inForceSince: ["note": .distantPast], live: LiveSince(shop: Story.start - .days(30)),
            shop: ShopProfile(domain: "fig.myshopify.com", timeZone: "Europe/London"))
        planner.pauses[.news] = pause
        return planner
    }

    private func decision(_ planner: Planner, origin: EffectOrigin = .trigger, after: Duration = .hours(5)) throws
        -> Decision
    {
        var story = Story()
        story.ship(["A1"])
        story.scan("1", .delivered, after: .hours(4))
        story.look(after: .hours(4))
        let event = try #require(story.events.last { $0.kind == .shipmentDelivered })
        let match = try #require(planner.matches(event, record: story.record!).first)
        guard case .insert(var effect) = planner.place(match, event: event, existing: [], now: event.recordedAt) else {
            throw Unexpected()
        }
        effect.origin = origin
        return planner.judge(effect, record: story.record, history: History(), now: Story.start + after)
    }

    private struct Unexpected: Error {}

    @Test("holds news to shoppers until it ends, and for a day at a time where it has no end")
    func holds() throws {
        let now = Story.start + .hours(5)
        let until = now + .hours(2)
        let paused = try planner("send: email", pause: Pause(.news, since: now, until: until, by: "ada@fig.example"))
        #expect(try decision(paused) == .wait(until: until, because: .paused))
        let open = try planner("send: email", pause: Pause(.news, since: now, by: "ada@fig.example"))
        #expect(try decision(open) == .wait(until: now + .days(1), because: .paused))
        let over = try planner("send: email", pause: Pause(.news, since: now - .hours(2), until: now, by: "x"))
        #expect(try decision(over) == .send)
        #expect(try decision(planner("send: email", pause: nil)) == .send)
    }

    @Test("lets pass what goes to the shop, and what no trigger wrote")
    func passes() throws {
        let pause = Pause(.news, since: Story.start, by: "ada@fig.example")
        #expect(try decision(planner("send: { email: { to: merchant } }", pause: pause)) == .send)
        let mail = try planner("send: email", pause: pause)
        #expect(try decision(mail, origin: .system) == .send)
        #expect(try decision(mail, origin: .person) == .send)
    }

    @Test("keeps nothing for later that is no longer news by then: it says that it was held")
    func old() throws {
        let pause = Pause(.news, since: Story.start, by: "ada@fig.example")
        guard case .skip(.oldNews, _) = try decision(planner("send: email", pause: pause), after: .days(30)) else {
            Issue.record("it is held for ever")
            return
        }
    }

    @Test("is kept as a text, one of each kind, and is over when its time is")
    func kept() throws {
        var pauses = Pauses()
        #expect(pauses.isEmpty && pauses.inForce(at: start).isEmpty)
        let pause = Pause(.news, since: start, until: start + .hours(1), by: "ada@fig.example")
        pauses[.news] = pause
        let read = try #require(Pauses(rememberedText: pauses.rememberedText))
        #expect(read == pauses && read[.news] == pause)
        #expect(read.inForce(at: start + .minutes(59)) == [pause] && read.over(at: start + .minutes(59)) == [])
        #expect(read.inForce(at: start + .hours(1)) == [] && read.over(at: start + .hours(1)) == [pause])
        // A kind that a later program wrote is not ours to understand, and does no harm.
        #expect(Pauses(rememberedText: "nonsense") == nil)
        #expect(PauseKind.allCases.allSatisfy { $0.reason.isHold })
    }
}

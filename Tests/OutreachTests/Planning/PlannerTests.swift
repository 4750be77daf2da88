import Foundation
import Testing

@testable import Outreach

/// A shop with one trigger, and a planner over it.
private func planner(
    _ trigger: String, live: Moment = Story.start - .days(30), since: Moment = .distantPast, mode: String = "live"
) throws -> Planner {
    let folder = TriggerFolder(files: [
        "shop.yaml": Array(
            "mode: \(mode)\nnotify: owner@fig.example\nbrand:\n  name: Fig\n  from: Fig <orders@fig.example>\n".utf8),
        "note.yaml": Array(trigger.utf8),
        "templates/note.md": Array("---\nsubject: Your order {{ order.name }}\n---\nHello.\n".utf8),
    ])
    let (set, faults) = TriggerSet.load(folder)
    let triggers = try #require(set, "\(faults)")
    return Planner(
        triggers: triggers, inForceSince: ["note": since], live: LiveSince(shop: live),
        shop: ShopProfile(domain: "fig.myshopify.com", timeZone: "Europe/London"))
}

/// An effect of the newest event of that kind.
private func effect(_ planner: Planner, _ story: Story, _ kind: EventKind) throws -> Effect {
    let event = try #require(story.events.last { $0.kind == kind })
    let match = try #require(planner.matches(event, record: story.record!).first)
    guard case .insert(let effect) = planner.place(match, event: event, existing: [], now: event.recordedAt) else {
        throw Unexpected()
    }
    return effect
}

private struct Unexpected: Error {}

@Suite("What becomes of an event")
struct PlannerTests {
    private func outForDelivery() -> Story {
        var story = Story()
        story.ship()
        story.scan("1", .outForDelivery, after: .hours(20))
        story.look(after: .hours(20))
        return story
    }

    @Test("sends what is true, and withdraws it when a later state has passed it")
    func truth() throws {
        let planner = try planner("on: shipment.out_for_delivery\nsend: email\n")
        var story = outForDelivery()
        let effect = try effect(planner, story, .shipmentOutForDelivery)
        let now = Story.start + .hours(21)
        #expect(planner.judge(effect, record: story.record, history: History(), now: now) == .send)
        story.scan("2", .delivered, after: .hours(21))
        story.look(after: .hours(21))
        #expect(planner.judge(effect, record: story.record, history: History(), now: now) == .skip(because: .passed))
    }

    @Test("does not tell old news")
    func age() throws {
        let planner = try planner("on: shipment.out_for_delivery\nsend: email\n")
        let story = outForDelivery()
        let effect = try effect(planner, story, .shipmentOutForDelivery)
        func decision(after: Duration) -> Decision {
            planner.judge(effect, record: story.record, history: History(), now: Story.start + .hours(20) + after)
        }
        #expect(decision(after: .hours(12)) == .send)
        guard case .skip(.oldNews, _) = decision(after: .hours(12) + .milliseconds(1)) else {
            Issue.record("told old news")
            return
        }
    }

    @Test("counts age from the end of the trigger's own wait")
    func waiting() throws {
        let planner = try planner("on: shipment.delivered\nafter: 7 days\nsend: email\n")
        var story = Story()
        story.ship()
        story.scan("1", .delivered, after: .hours(20))
        story.look(after: .hours(20))
        let effect = try effect(planner, story, .shipmentDelivered)
        let happened = Story.start + .hours(20)
        #expect(effect.dueAt == happened + .days(7))
        let early = planner.judge(effect, record: story.record, history: History(), now: happened + .days(6))
        guard case .wait = early else {
            Issue.record("did not wait: \(early)")
            return
        }
        #expect(planner.judge(effect, record: story.record, history: History(), now: happened + .days(8)) == .send)
    }

    @Test(
        "says whom it could not write to, and why",
        arguments: [
            ("silenced", Reason.silenced), ("no address", .noRecipient), ("test", .testOrder),
            ("cancelled", .cancelled),
            ("condition", .if), ("exception", .unless), ("gone", .erased),
        ])
    func noes(what: String, reason: Reason) throws {
        var text = "on: shipment.out_for_delivery\nsend: email\n"
        if what == "condition" { text += "if:\n  - order.total_price > 1000\n" }
        if what == "exception" { text += "unless:\n  - order.tags contains \"wholesale\"\n" }
        let planner = try planner(text)
        let story = outForDelivery()
        var record = story.record!
        record.facts.tags = ["Wholesale"]
        record.facts.total = Money(amount: 40, currency: "GBP")
        let effect = try effect(planner, story, .shipmentOutForDelivery)
        if what == "no address" { record.facts.email = "not an address" }
        if what == "test" { record.facts.test = true }
        if what == "cancelled" { record.facts.cancelledAt = Story.start }
        let decision = planner.judge(
            effect, record: what == "gone" ? nil : record, history: History(silenced: what == "silenced"),
            now: Story.start + .hours(21))
        guard case .skip(let told, _) = decision else {
            Issue.record("not skipped: \(decision)")
            return
        }
        #expect(told == reason)
    }

    @Test("holds nothing that a person or Bookbag itself wants said", arguments: [EffectOrigin.person, .system])
    func origins(origin: EffectOrigin) throws {
        let planner = try planner("on: shipment.out_for_delivery\nsend: email\n", mode: "off")
        let story = outForDelivery()
        var effect = Effect(
            to: .mail(shop: "fig.myshopify.com"), origin: origin, isContact: true, by: "ann", line: "email",
            keys: ["1"], about: .order(story.facts.id), dueAt: Story.start, createdAt: Story.start)
        var history = History(silenced: false)
        history.counted = Array(repeating: Story.start, count: 9)
        let night = Story.start + .days(30) + .hours(14)
        #expect(planner.judge(effect, record: story.record, history: history, now: night) == .send)
        #expect(planner.judge(effect, record: nil, history: history, now: night) == .skip(because: .erased))
        effect.aggregate = nil
        #expect(planner.judge(effect, record: nil, history: history, now: night) == .send)
        effect.origin = .trigger
        effect.aggregate = .order(story.facts.id)
        #expect(planner.judge(effect, record: story.record, history: history, now: night) == .skip(because: .off))
    }

    @Test("decides everything in shadow mode, and sends nothing")
    func shadow() throws {
        let planner = try planner("on: shipment.out_for_delivery\nsend: email\n", mode: "shadow")
        let story = outForDelivery()
        let effect = try effect(planner, story, .shipmentOutForDelivery)
        #expect(
            planner.judge(effect, record: story.record, history: History(), now: Story.start + .hours(21)) == .shadow)
    }

    @Test("leaves alone what happened before the shop was watched, but keeps a wait that ends afterwards")
    func beforeLive() throws {
        let live = Story.start + .days(2)
        var story = Story(live: live)
        story.ship()
        story.scan("1", .delivered, after: .hours(20))
        story.learn(Observation(shop: "fig.myshopify.com", seenAt: live + .hours(1), content: .order(story.facts)))
        let event = try #require(story.events.last { $0.kind == .shipmentDelivered })
        let atOnce = try planner("on: shipment.delivered\nsend: email\n", live: live)
        #expect(atOnce.matches(event, record: story.record!).isEmpty)
        let later = try planner("on: shipment.delivered\nafter: 7 days\nsend: email\n", live: live)
        #expect(later.matches(event, record: story.record!).map(\.dueAt) == [Story.start + .hours(20) + .days(7)])
        let tooSoon = try planner("on: shipment.delivered\nafter: 1 hour\nsend: email\n", live: live)
        #expect(tooSoon.matches(event, record: story.record!).isEmpty)
    }

    @Test("a trigger hears what is recorded after it came into force")
    func since() throws {
        let story = outForDelivery()
        let event = try #require(story.events.last { $0.kind == .shipmentOutForDelivery })
        let text = "on: shipment.out_for_delivery\nsend: email\n"
        let young = try planner(text, since: event.recordedAt + .milliseconds(1))
        let old = try planner(text, since: event.recordedAt)
        #expect(young.matches(event, record: story.record!).isEmpty)
        #expect(old.matches(event, record: story.record!).count == 1)
    }

    @Test("uses a key up by what was sent, refreshes a wait, and opens a skip again")
    func keys() throws {
        let planner = try planner("on: shipment.delayed\nsend: email\n")
        var story = Story()
        story.ship()
        story.scan("1", nil, after: .hours(5), late: true)
        story.look(after: .hours(5))
        let event = try #require(story.events.last { $0.kind == .shipmentDelayed })
        let match = try #require(planner.matches(event, record: story.record!).first)
        var known = try effect(planner, story, .shipmentDelayed)
        known.id = 7
        for state in Effect.State.allCases {
            known.state = state
            switch planner.place(match, event: event, existing: [known], now: event.recordedAt) {
            case .told(let ids):
                #expect(state.usesKeyUp && ids == [7])
            case .refresh(let effect):
                #expect(!state.usesKeyUp && effect.id == 7 && effect.state == .waiting)
            case .insert, .takeOver: Issue.record("made a second effect beside one that is \(state)")
            }
        }
    }

    @Test("one message about several packages uses up the key of each")
    func groups() throws {
        let planner = try planner("on: shipment.delivered\nsend: email\n")
        var story = Story()
        story.ship(["A1", "A2"])
        story.scan("1", .delivered, after: .hours(20))
        story.look(after: .hours(20))
        let effect = try effect(planner, story, .shipmentDelivered)
        #expect(effect.keys.count == 2)
    }

    @Test("the same message has the same id, and another has another")
    func identity() throws {
        let planner = try planner("on: shipment.out_for_delivery\nsend: email\n")
        let story = outForDelivery()
        let one = try effect(planner, story, .shipmentOutForDelivery)
        var other = one
        other.keys = ["another"]
        let id = MessageIdentity.mail(of: one, domain: "fig.example")
        #expect(id == MessageIdentity.mail(of: one, domain: "fig.example"))
        #expect(id != MessageIdentity.mail(of: other, domain: "fig.example"))
        #expect(id.hasSuffix("@fig.example"))
        #expect(!MessageIdentity.webhook(of: one).contains("."))
        #expect(
            MessageIdentity.thread(shop: "s", orderID: "1", domain: "d.example")
                != MessageIdentity.thread(shop: "s1", orderID: "", domain: "d.example"))
    }
}

import Foundation
import Outreach
import Platform
@testable import Store
import Testing

@testable import Daemon
@testable import bookbag

@Suite("What explain tells of a hold and of what was passed")
struct AccountTests {
    static let start = Moment(iso8601: "2026-11-21T10:06:00Z")!

    private func story(_ event: Event, _ state: Effect.State, _ reason: Reason?, _ notes: [DecisionNote]) -> EffectStory
    {
        var effect = Effect(
            to: .mail(shop: ExplainTests.shop), isContact: true, trigger: "thanks", line: "email", keys: ["k"],
            event: event,
            dueAt: notes.last?.at ?? Self.start, createdAt: Self.start)
        effect.state = state
        effect.reason = reason
        effect.decidedAt = notes.last?.at
        return EffectStory(
            line: OutboxLine(effect: effect, orderName: "#1042", messageID: nil, summary: "Thank you"),
            decisions: notes,
            attempts: [], results: [])
    }

    private func event(_ kind: EventKind, _ id: Int64, _ at: Moment, _ subject: String = "order") -> Event {
        Event(
            id: id, shop: ExplainTests.shop, orderID: "gid://shopify/Order/1042", kind: kind,
            occurrences: [.init(subject: subject, n: 1, mark: "m")], happenedAt: at, recordedAt: at, source: "shopify")
    }

    @Test("keeps the end that a hold was to have, and says that an edit ended it")
    func edited() throws {
        let end = Self.start + .days(5)
        let notes = [
            DecisionNote(at: Self.start, state: .waiting, reason: .wait, until: end),
            DecisionNote(at: Self.start + .minutes(2), state: .ready, reason: nil),
        ]
        let story = story(event(.orderDelivered, 1, Self.start), .ready, nil, notes)
        func steps(_ edited: Moment?) -> [OrderAccount.Step] {
            EffectTeller(story: story, clock: Clock(.utc), now: end, editedAt: edited).outcome.steps
        }
        let told = steps(Self.start + .minutes(2) - .seconds(1))
        #expect(told.map(\.kind) == ["held", "judged", "ready"])
        #expect(told[0].until == end)
        #expect(told[1].at == notes[1].at)
        #expect(told[1].words == "judged early: the trigger files had been edited")
        #expect(steps(nil)[1].words == "judged early: the files or the order had changed")
        // A hold that ended when it was to end needs no word.
        var usual = notes
        usual[0].until = notes[1].at - .seconds(5)
        let plain = EffectTeller(
            story: self.story(event(.orderDelivered, 1, Self.start), .ready, nil, usual), clock: Clock(.utc), now: end)
        #expect(plain.outcome.steps.map(\.kind) == ["held", "ready"])
        #expect(plain.outcome.steps[0].until == notes[1].at)
    }

    @Test("says what passed an event, and by which rule")
    func passed() throws {
        let placed = event(.orderPlaced, 1, Self.start)
        let later = Self.start + .days(10)
        let notes = [DecisionNote(at: later, state: .skipped, reason: .passed)]
        var record = ExplainTests.record()
        record.events = [placed, event(.orderFulfilled, 2, Self.start + .days(1))]
        let teller = EffectTeller(
            story: story(placed, .skipped, .passed, notes), clock: Clock(.utc), now: later, order: record)
        #expect(
            teller.outcome.sentence
                == "not sent: by then, all of the order was sent (order.fulfilled); 'order.placed' is no longer news once the whole order was sent"
        )
        let van = event(.shipmentOutForDelivery, 1, Self.start, "shipment:5/1")
        record.events = [
            van, event(.shipmentDelivered, 2, Self.start + .hours(1), "shipment:6/1"),
            event(.shipmentAttempted, 3, Self.start + .hours(2), "shipment:5/1"),
            event(.shipmentDelivered, 4, later + .hours(1), "shipment:5/1"),
        ]
        let parcel = EffectTeller(
            story: story(van, .skipped, .passed, notes), clock: Clock(.utc), now: later, order: record)
        #expect(
            parcel.outcome.sentence.hasPrefix(
                "not sent: by then, the parcel could not be delivered at the first try (shipment.attempted); 'shipment.out_for_delivery' is no longer news once"
            ))
    }

    @Test("is kept by the store with how long a hold was to last")
    func kept() async throws {
        let store = try await ExplainTests.store()
        let story = try #require(
            try await store.story(shop: ExplainTests.shop, orderID: "gid://shopify/Order/1042"))
        let placed = try #require(story.order.events.first)
        var effect = Effect(
            to: .mail(shop: ExplainTests.shop), isContact: true, trigger: "thanks", line: "email", keys: ["again"],
            event: placed,
            dueAt: Self.start + .days(20), createdAt: Self.start + .days(12))
        effect.reason = .wait
        let note = DecisionNote(
            at: Self.start + .days(12), state: .waiting, reason: .wait, until: effect.heldUntil)
        _ = try await store.commitPlan(
            [Plan(shop: ExplainTests.shop, changes: [PlannedChange(effect: effect, note: note)])],
            now: Self.start + .days(12))
        let again = try #require(
            try await store.story(shop: ExplainTests.shop, orderID: "gid://shopify/Order/1042"))
        let kept = try #require(again.effects.first { $0.line.effect.keys == ["again"] })
        #expect(kept.decisions.map(\.until) == [Self.start + .days(20)])
    }

    @Test("needs no secrets where only files are looked at, and still refuses one that is written into the file")
    func withoutSecrets() throws {
        func read(_ secret: String) -> Result<Configuration, ConfigurationFaults> {
            let text = """
                shops:
                  - domain: juniperfig.myshopify.com
                    token: \(secret)
                smtp: { url: "smtp://relay.example:587", username: bookbag, password: credential:smtp, certificate: credential:cert, key: credential:key }
                webhooks:
                  helpdesk: { url: "https://helpdesk.example/hooks", secret: file:missing }
                """
            let surroundings = ConfigurationReader.Surroundings(
                secrets: SecretSource(credentials: nil, environment: [:], isNeeded: false), stateDirectory: "/tmp",
                folder: "/etc/bookbag")
            return Result { () throws(ConfigurationFaults) in
                try ConfigurationReader.read(text, file: "bookbag.yaml", surroundings: surroundings)
            }
        }
        let shop = try #require(try read("env:DEMO_SECRET").get().shops.first)
        #expect(shop.webhooks.keys.sorted() == ["helpdesk"] && shop.triggers == "/etc/bookbag/triggers")
        #expect(throws: ConfigurationFaults.self) { try read("shpat_0123456789").get() }
    }
}

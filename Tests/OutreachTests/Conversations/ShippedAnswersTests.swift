import Foundation
import Liquid
import Testing

@testable import Outreach

/// What an order can be like when somebody writes about it, as `given` of an example says it.
private let states: [(name: String, given: String)] =
    [
        ("no order", "order: none"),
        ("unsent", "shipments: none"),
        ("unsent and on hold", "shipments: none, order: { on_hold: true }"),
        ("unsent and unpaid", "shipments: none, order: { paid: false }"),
        ("unsent for weeks", "shipments: none, order: { days_since_created: 20 }"),
        ("partly sent", "order: { fulfilled: false, partly_fulfilled: true }"),
        ("partly sent, late", "order: { fulfilled: false, partly_fulfilled: true }, shipment: { days_late: 2 }"),
        (
            "partly sent, that delivered",
            "order: { fulfilled: false, partly_fulfilled: true }, shipment: { status: delivered }"
        ),
        ("late", "shipment: { days_late: 2 }"),
        ("very late", "shipment: { days_late: 9 }"),
        ("late, then at the door", "shipment: { days_late: 2, status: attempted }"),
        ("late, with a problem", "shipment: { days_late: 2, status: exception }"),
        ("delivered late", "shipment: { days_late: 2, status: delivered }"),
        ("silent", "order: { needs_attention: true }"),
        ("delivered a week ago", "shipment: { status: delivered }, order: { days_since_delivered: 7 }"),
        ("two on their way", "shipments: [{ tracking_number: A }, { tracking_number: B }]"),
        ("one of two delivered", "shipments: [{ tracking_number: A, status: delivered }, { tracking_number: B }]"),
        ("one of two late", "shipments: [{ tracking_number: A, days_late: 3 }, { tracking_number: B }]"),
        ("one of two comes back", "shipments: [{ tracking_number: A }, { tracking_number: B, status: returning }]"),
        (
            "both of two delivered",
            "shipments: [{ tracking_number: A, status: delivered }, { tracking_number: B, status: delivered }]"
        ),
        ("return asked for", "return: { status: requested }"),
        ("return asked for weeks ago", "return: { status: requested, days_since_created: 20 }"),
        ("return open", "return: { status: open }"),
        ("return open for weeks", "return: { status: open, days_since_approved: 40 }"),
        ("return back", "return: { status: open, received: true }"),
        ("return closed", "return: { status: closed }"),
        ("return declined", "return: { status: declined }"),
        ("refunded", "refund: { amount: 38 }"),
        ("nothing refunded", "refund: { amount: 0 }"),
        ("refunded weeks ago", "refund: { days_since_created: 30 }"),
        ("return back, and refunded", "return: { status: open, received: true }, refund: { amount: 38 }"),
        (
            "refunded, and then a return",
            "return: { created_at: 2026-03-09 10:00 }, refund: { created_at: 2026-03-01 10:00 }"
        ),
        ("cancelled", "order: { cancelled: true }"),
        ("cancelled and refunded", "order: { cancelled: true }, refund: { amount: 66.45 }"),
        ("collected at the shop", "order: { delivery_method: pickup }"),
        ("collected, delivered", "order: { delivery_method: pickup }, shipment: { status: delivered }"),
    ] + ParcelState.allCases.filter { $0 != .unknown }.map { ($0.rawValue, "shipment: { status: \($0.rawValue) }") }

@Suite("The answers that come with the program")
struct ShippedAnswersTests {
    private let set: TriggerSet

    init() throws { set = try #require(TriggerSet.load(try Package.shippedTriggers()).set) }

    /// What each shipped trigger that hears a message decides, all of them in force at once and everything live.
    private func decisions(_ asks: [String], _ given: String) throws -> [(trigger: String, decision: Decision)] {
        let source = """
            on: message.received
            send: answer
            examples:
              - name: it
                given: { message: { asks: [\(asks.joined(separator: ", "))], mood: calm }, \(given) }
                expect: nothing
            """
        let (read, _, faults) = TriggerReader.read(
            source, name: "table", file: "table.yaml",
            surroundings: .init(settings: set.settings, templates: ["table"]))
        let example = try #require(read?.examples.first, "\(faults)")
        var settings = set.settings
        settings.mode = .live
        settings.answers = .allLive
        let order = ExampleTimeline(example, settings: settings).stages[0].order
        settings.given = order.overlay
        let planner = Planner(
            triggers: TriggerSet(settings: settings, triggers: set.triggers, templates: set.templates),
            inForceSince: Dictionary(set.triggers.map { ($0.name, .distantPast) }) { first, _ in first },
            live: LiveSince(shop: .distantPast), shop: order.profile)
        let turn = PlanningTurn(planner, now: StandardOrder.moment)
        let record = order.known
        let plans = turn.place([turn.hear(order.event, record: record)], existing: { _ in [] }, open: { _ in [] })
        return plans.flatMap(\.changes).map(\.effect).enumerated().map { index, effect in
            var effect = effect
            effect.id = Int64(index + 1)
            return (
                effect.trigger, planner.judge(effect, record: record, history: History(), now: StandardOrder.moment)
            )
        }
    }

    @Test("never answer one message twice, whatever she asks and however her order is")
    func exclusive() throws {
        var answered: [String: [String]] = [:]
        for (name, given) in states {
            let pairs = [["refund_status", "return_status"], ["start_return", "exchange"]]
            for asks in Intents.names.map({ [$0] }) + pairs {
                let all = try decisions(asks, given)
                #expect(all.count >= 10, "every answer heard it")
                let several = all.filter {
                    if case .wait(until: _, because: .several) = $0.decision { true } else { false }
                }
                #expect(several.isEmpty, "\(asks) of an order \(name): \(several.map(\.trigger))")
                let senders = all.filter { $0.decision == .send }.map(\.trigger)
                #expect(senders.count <= 1, "\(asks) of an order \(name): \(senders)")
                if asks.count == 1, asks[0] != "thanks", let one = senders.first {
                    answered["\(asks[0]) by \(one.split(separator: "/").last ?? "")", default: []].append(name)
                }
            }
        }
        let told = answered.map { "\($0.key): \($0.value.joined(separator: ", "))" }.sorted()
        #expect(told == [])
    }

    @Test("make room for an answer of one's own, as docs/conversations.md shows")
    func page() throws {
        let page = try String(contentsOfFile: Package.root + "/docs/conversations.md", encoding: .utf8)
        let start = try #require(page.range(of: "\n```yaml\n# triggers/answers/gift-wrap.yaml"))
        let end = try #require(page.range(of: "\n```\n", range: start.upperBound..<page.endIndex))
        var folder = try Package.shippedTriggers()
        folder.files["answers/gift-wrap.yaml"] = Array(page[start.upperBound..<end.lowerBound].utf8)
        folder.files["templates/answers/gift-wrap.md"] = Array(
            "---\nsubject: Your gift\n---\nGifts leave every Friday.\n".utf8)
        let (own, faults) = TriggerSet.load(folder)
        #expect(faults.map(\.description) == [])
        let (_, failures) = ExampleRunner(try #require(own)).run()
        #expect(failures.map(\.description) == [])
    }

    @Test("leave to people what no template can answer")
    func people() throws {
        for intent in [
            "damaged", "wrong_item", "change_order", "invoice", "price", "product", "privacy", "stop", "other",
        ] {
            for (name, given) in states {
                let senders = try decisions([intent], given).filter { $0.decision == .send }
                #expect(senders.isEmpty, "\(intent) of an order \(name)")
            }
        }
    }

    @Test("say thank you whatever the order is like, and without one")
    func thanks() throws {
        for (name, given) in states {
            let senders = try decisions(["thanks"], given).filter { $0.decision == .send }.map(\.trigger)
            #expect(senders == ["answers/thanks"], "\(name)")
        }
    }

    @Test("name the order in every language, and each speaks only its own")
    func languages() throws {
        let runner = ExampleRunner(set)
        for trigger in set.triggers where trigger.name.hasPrefix("answers/") {
            var languages = Set<String>()
            for example in trigger.examples {
                guard let mail = runner.mail(of: example, in: trigger) else { continue }
                languages.insert(mail.language)
                let isNameless = example.given.contains { $0.path == "order" }
                #expect(isNameless || mail.text.contains("#1001"), "\(trigger.name): \(example.name)")
            }
            #expect(languages == ["en", "de", "fr", "es"], "\(trigger.name)")
        }
    }
}

@Suite("What a message's order is like")
struct OrderStandingTests {
    private func value(_ path: String, after wait: Duration = .zero, _ given: [Example.Given] = []) -> Value? {
        var order = StandardOrder(.messageReceived, at: StandardOrder.moment)
        order.apply(given, at: StandardOrder.moment)
        let settings = ShopSettings(brand: Brand(name: "Fig", from: MailAddress(address: "orders@fig.example")!))
        let scope = Scope(
            record: order.known, event: order.event, history: History(), settings: settings,
            now: StandardOrder.moment + wait, zone: StandardOrder.zone, shopZone: StandardOrder.zone)
        return scope.value(of: path)
    }

    private func isTrue(_ path: String, after wait: Duration = .zero, _ given: [Example.Given] = []) -> Bool {
        value(path, after: wait, given)?.isTruthy ?? false
    }

    private func parcel(_ state: ParcelState) -> [Example.Given] {
        [Example.Given(path: "shipment.status", value: .string(state.rawValue))]
    }

    @Test("needs attention once a carrier has been silent for five business days, by the clock alone")
    func silence() {
        // Scanned on Sunday, 8 March; five business days later is Friday, 13 March.
        #expect(!isTrue("order.needs_attention"))
        #expect(!isTrue("order.needs_attention", after: .days(2)))
        #expect(isTrue("order.needs_attention", after: .days(6)))
        #expect(!isTrue("order.needs_attention", after: .days(6), parcel(.delivered)))
    }

    @Test(
        "needs attention where something is wrong with a parcel",
        arguments: [ParcelState.exception, .returning, .returned, .lost])
    func wrong(_ state: ParcelState) { #expect(isTrue("order.needs_attention", parcel(state))) }

    @Test("is late while its parcel is on the way, and no more once it was at the door")
    func late() {
        let late = [Example.Given(path: "shipment.days_late", value: .int(2))]
        #expect(isTrue("order.delayed", late))
        let days = value("order.days_late", late)
        #expect(days.map { if case .int(2) = $0 { true } else { false } } ?? false)
        for state in [ParcelState.attempted, .readyForPickup, .delivered] {
            #expect(!isTrue("order.delayed", late + parcel(state)), "\(state)")
        }
    }

    @Test("whoever shouts her complaint hears from a person")
    func angry() {
        let order = StandardOrder(.messageReceived, at: StandardOrder.moment).known
        let read = Understood(
            reading: "Where is my parcel!!! It is late!!!", about: order, now: StandardOrder.moment,
            zone: StandardOrder.zone)
        #expect(read.mood == "angry" && read.needsHuman)
    }

    @Test("the order's address hears nothing of what somebody else wrote")
    func stranger() throws {
        let set = try #require(TriggerSet.load(try Package.shippedTriggers()).set)
        let trigger = try #require(set.trigger("answers/received"))
        var settings = set.settings
        settings.mode = .live
        let planner = Planner(
            triggers: TriggerSet(settings: settings, triggers: [trigger], templates: set.templates),
            inForceSince: [trigger.name: .distantPast], live: LiveSince(shop: .distantPast), shop: StandardOrder.shop)
        let order = StandardOrder(.conversationHandedOver, at: StandardOrder.moment)
        let turn = PlanningTurn(planner, now: StandardOrder.moment)
        for (sender, isTold) in [("robin@shopper.example", true), ("mallory@elsewhere.example", false)] {
            var record = order.known
            record.conversation?.messages[0].sender = sender
            let plans = turn.place([turn.hear(order.event, record: record)], existing: { _ in [] }, open: { _ in [] })
            var effect = try #require(plans.flatMap(\.changes).first?.effect)
            effect.id = 1
            let decision = planner.judge(effect, record: record, history: History(), now: StandardOrder.moment)
            #expect((decision == .send) == isTold, "\(decision)")
        }
    }
}

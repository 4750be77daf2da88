import Testing

@testable import Outreach

@Suite("Triggers that send an SMS")
struct TextTriggerTests {
    private static let trigger = """
        on: shipment.delivered
        send: sms

        """

    private func load(
        _ templates: [String: String], trigger: String = Self.trigger, shop: String = ""
    ) -> (set: TriggerSet?, faults: [Fault]) {
        var files = [
            "shop.yaml": "brand: { name: Fig, from: orders@fig.example }\n\(shop)", "note.yaml": trigger,
        ]
        for (name, text) in templates { files["templates/\(name)"] = text }
        return TriggerSet.load(TriggerFolder(files: files.mapValues { Array($0.utf8) }))
    }

    private let words = [
        "note.sms.md": "Hi {{ customer.first_name | default: \"there\" }}, your parcel \u{2019}s there.\n"
    ]

    private func decision(
        _ set: TriggerSet, at moment: Moment = StandardOrder.moment, history: History = History(),
        _ change: (inout OrderRecord) -> Void = { _ in }
    ) -> Decision {
        let order = StandardOrder(.shipmentDelivered, at: moment)
        var record = order.record
        change(&record)
        let planner = Planner(
            triggers: set, inForceSince: ["note": .distantPast], live: LiveSince(shop: .distantPast),
            shop: order.profile)
        let effect = Effect(
            to: Route(shop: "fig.example", channel: .sms), isContact: true, trigger: "note", line: "sms",
            keys: ["k"], event: order.event, dueAt: moment, createdAt: moment)
        return planner.judge(effect, record: record, history: history, now: moment)
    }

    @Test("send the words of the file for texts, or the mail's in their short form; a mail has none of the former")
    func templates() throws {
        let both = words.merging(["note.md": "---\nsubject: There\n---\n# Title\n\nIt is *there*.\n"]) { $1 }
        let (set, faults) = load(both, trigger: "on: shipment.delivered\nsend: [email, sms]\n")
        #expect(faults.isEmpty, "\(faults)")
        let loaded = try #require(set)
        let scope = scope(loaded)
        #expect(try loaded.templates.text("note", scope).text == "Hi Robin, your parcel 's there.")
        #expect(try loaded.templates.render("note", scope).text.contains("It is *there*."))
        let (mail, _) = load(["note.md": "---\nsubject: There\n---\n# Title\n\nIt is *there*.\n"])
        let short = try #require(mail)
        #expect(try short.templates.text("note", scope).text == "It is there.")
    }

    private func scope(_ set: TriggerSet, locale: String = "en") -> Scope {
        let order = StandardOrder(.shipmentDelivered, at: StandardOrder.moment)
        var record = order.record
        record.facts.locale = locale
        record.facts.customer?.locale = locale
        return Scope(
            record: record, event: order.event, history: History(), settings: set.settings, now: StandardOrder.moment,
            zone: StandardOrder.zone, shopZone: StandardOrder.zone, shop: StandardOrder.shop)
    }

    @Test("speak her language before they take the words meant for texts")
    func language() throws {
        let (set, faults) = load([
            "note.sms.md": "There.\n", "note.md": "---\nsubject: A\n---\nIt is there.\n",
            "note.de.md": "---\nsubject: A\n---\nEs ist da.\n", "note.sms.fr.md": "Le voici.\n",
        ])
        #expect(faults.isEmpty, "\(faults)")
        let loaded = try #require(set)
        for (locale, words) in [("en", "There."), ("de", "Es ist da."), ("fr-CA", "Le voici."), ("es", "There.")] {
            #expect(try loaded.templates.text("note", scope(loaded, locale: locale)).text == words)
        }
    }

    @Test(
        "are refused without words for an SMS, or warned of for its length",
        arguments: [
            ([:], "there is no template 'templates/note.sms.md'"),
            (["note.html": "subject: A\n<p>B</p>"], "no SMS can be made of an HTML design"),
            (["note.sms.de.md": "Da."], "there is no 'note.sms.md' for everybody else"),
            (["note.sms.md": " "], "the text comes out empty"),
            (["note.sms.md": String(repeating: "word ", count: 100)], "as an SMS this takes 4 segments, GSM-7"),
            (["note.sms.md": String(repeating: "łąka ", count: 50)], "halve"),
            (["note.sms.md": "{{ customer.nam }}"], "unknown name 'customer.nam'"),
        ] as [([String: String], String)])
    func refused(_ templates: [String: String], _ words: String) {
        let (_, faults) = load(templates)
        #expect(faults.contains { $0.description.contains(words) }, "\(faults)")
    }

    @Test("are refused where a mail has only the words for a text")
    func mailWithoutWords() {
        let (set, faults) = load(words, trigger: "on: shipment.delivered\nsend: email\n")
        #expect(set == nil && faults.contains { $0.message.contains("has words for an SMS alone") }, "\(faults)")
    }

    @Test(
        "read their line as a mail's",
        arguments: [
            ("sms", "note"), ("[sms]", "note"), ("{ sms: { template: other } }", "other"),
            ("{ sms: , template: other }", "other"),
        ])
    func line(_ send: String, _ template: String) throws {
        let (set, faults) = load(
            ["note.sms.md": "A", "other.sms.md": "B"], trigger: "on: shipment.delivered\nsend: \(send)\n")
        let line = try #require(set?.triggers.first?.lines.first, "\(faults)")
        #expect(line.destination == .phone && line.template == template && line.name == "sms" && line.isContact)
    }

    @Test("refuse a number: texts go to the customer")
    func number() {
        let (set, faults) = load(words, trigger: "on: shipment.delivered\nsend: { sms: \"+447700900123\" }\n")
        #expect(set == nil && faults.contains { $0.message.contains("is not somebody to text") }, "\(faults)")
    }

    @Test("text nobody without consent, a number, or against her wish")
    func consent() throws {
        let set = try #require(load(words).set)
        #expect(decision(set) == .send)
        for state in [CustomerFacts.MarketingState.notSubscribed, .pending, .unsubscribed, .unknown] {
            guard case .skip(.noConsent, _) = decision(set, { $0.facts.customer?.texts = state }) else {
                Issue.record("\(state)")
                continue
            }
        }
        guard case .skip(.noConsent, _) = decision(set, { $0.facts.customer?.texts = nil }) else {
            Issue.record("no state")
            return
        }
        guard case .skip(.noRecipient, let none) = decision(set, { $0.facts.customer?.phone = nil }),
            case .skip(.noRecipient, let odd) = decision(set, { $0.facts.customer?.phone = "020 7946 0000" })
        else {
            Issue.record("a number that is none")
            return
        }
        #expect(none?.contains("knows no phone number") == true && odd?.contains("no certain") == true)
        var silenced = History()
        silenced.silenced = true
        #expect(decision(set, history: silenced) == .skip(because: .silenced))
        // A guest has consented to nothing.
        guard case .skip = decision(set, { $0.facts.customer = nil }) else {
            Issue.record("a guest")
            return
        }
    }

    @Test("are held from 20:00 to 9:00 where shop.yaml says nothing, and by its hours otherwise, whatever is ignored")
    func quiet() throws {
        func at(_ hour: Int) -> Moment {
            StandardOrder.zone.moment(on: CalendarDay(year: 2026, month: 3, day: 10)!, secondOfDay: hour * 3600)
        }
        func held(_ set: TriggerSet, _ hour: Int) -> Bool {
            guard case .wait(_, .quietHours) = decision(set, at: at(hour)) else { return false }
            return true
        }
        let plain = try #require(load(words).set)
        #expect((0..<24).filter { held(plain, $0) } == Array(0..<9) + Array(20..<24))
        let ignoring = try #require(load(words, trigger: Self.trigger + "ignore_quiet_hours: true\n").set)
        #expect(held(ignoring, 22))
        let own = try #require(load(words, shop: "quiet_hours: 23:00-06:00\n").set)
        #expect((0..<24).filter { held(own, $0) } == Array(0..<6) + [23])
    }

    @Test("are limited as mails are, by what went to the number")
    func limits() throws {
        let set = try #require(load(words, shop: "limit: { messages: 1, per: 16 hours }\n").set)
        var history = History()
        history.counted = [StandardOrder.moment - .hours(1)]
        guard case .wait(_, .limit) = decision(set, history: history) else {
            Issue.record("not held")
            return
        }
        let order = StandardOrder(.shipmentDelivered, at: StandardOrder.moment)
        let effect = Effect(
            to: Route(shop: "fig.example", channel: .sms), isContact: true, trigger: "note", line: "sms",
            keys: ["k"], event: order.event, dueAt: StandardOrder.moment, createdAt: StandardOrder.moment)
        let planner = Planner(
            triggers: set, inForceSince: [:], live: LiveSince(shop: .distantPast), shop: order.profile)
        let question = HistoryQuestion(of: effect, record: order.record, planner: planner)
        #expect(question.address == "+447700900123" && question.orderAddress == "robin@shopper.example")
    }

    @Test("have examples that see the text and its segments")
    func examples() throws {
        func failures(_ expect: String, given: String = "") throws -> [String] {
            let source = """
                on: shipment.delivered
                send: sms
                examples:
                  - name: one
                    \(given.isEmpty ? "" : "given: \(given)")
                    expect: \(expect)

                """
            let (set, faults) = load(words, trigger: source)
            let loaded = try #require(set, "\(faults)")
            return ExampleRunner(loaded).run().failures.flatMap(\.differences)
        }
        #expect(try failures("[{ sms: { contains: \"Hi Robin, your parcel\u{2019}\", segments: 1 } }]").count == 1)
        #expect(try failures("[{ sms: { contains: \"parcel \u{2019}s there\", segments: 1 } }]") == [])
        #expect(try failures("sms") == [])
        let segments = try failures("[{ sms: { segments: 2 } }]")
        #expect(segments.count == 1 && segments[0].contains("2 segments, got 1 segment, GSM-7"))
        #expect(
            try failures("nothing\n    because: no_consent", given: "{ customer: { accepts_sms: false } }") == [])
    }
}

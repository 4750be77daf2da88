import Testing

@testable import Outreach

/// A verb that no code knows. This entry is all that it takes.
private let toy = ActionVerb(
    "ring", through: ChannelName(rawValue: "bell"), trust: 2, standsAlone: false, value: .scalar,
    words: "Rings a bell: 'ring: kitchen'.", help: "Rings a bell.", example: "ring: BELL", alsoCalled: ["chime"],
    destination: { "the bell in the \($0)" },
    read: { reading in reading.name(of: "bell", example: "ring: kitchen").map { ($0, ["loud": "yes"]) } })

@Suite("What triggers do")
struct ActionTests {
    private let toys = ActionVerbs(ActionVerb.all + [toy])

    private func load(_ trigger: String, actions: ActionVerbs = .standard) -> (set: TriggerSet?, faults: [String]) {
        let files = [
            "shop.yaml": "notify: owner@fig.example\nbrand: { name: Fig, from: orders@fig.example }\n",
            "note.yaml": trigger, "templates/note.md": "---\nsubject: A\n---\nB\n",
        ]
        let (set, faults) = TriggerSet.load(TriggerFolder(files: files.mapValues { Array($0.utf8) }), actions: actions)
        return (set, faults.map(\.description))
    }

    private func lines(_ text: String, on event: String = "message.received") -> [SendLine] {
        load("on: \(event)\ndo: \(text)\n").set?.trigger("note")?.lines ?? []
    }

    @Test("reads as it is said: alone, with a note, for a team or a person, one or several, beside what is sent")
    func reading() throws {
        #expect(lines("hand_over").map(\.name) == ["hand_over"])
        #expect(lines("[{ hand_over: a VIP }]")[0].action?.details == ["note": "a VIP"])
        #expect(
            lines("{ hand_over: { to: returns, note: a VIP } }")[0].action?.details
                == ["to": "returns", "note": "a VIP"])
        #expect(lines("{ hand_over: { to: Ana@Fig.example } }")[0].action?.details == ["to": "ana@fig.example"])
        #expect(lines("[{ tag_conversation: vip }, { tag_conversation: late }]").map(\.name).count == 2)
        let both = try #require(load("on: message.received\nsend: answer\ndo: [close]\n").set?.trigger("note"))
        #expect(both.lines.map(\.name) == ["answer", "close"])
        #expect(both.lines[1].channel == .desk && !both.lines[1].isContact && !both.lines[1].isMail)
        #expect(lines("hand_over", on: "shipment.delayed").count == 1)
    }

    @Test(
        "says what is wrong, and how to write it",
        arguments: [
            ("handover", "3:5: 'handover' cannot be done; did you mean 'hand_over'?"),
            ("[{ tag: vip }]", "3:8: 'tag' cannot be done; did you mean 'tag_conversation'?"),
            (
                "dance",
                "3:5: 'dance' cannot be done; write 'hand_over: NOTE', 'close', 'tag_conversation: NAME', 'give: NAME', 'remedy: NAME'"
            ), ("tag_conversation", "3:5: which tag? write 'tag_conversation: vip'"),
            ("{ close: now }", "3:14: 'close' stands alone; write 'do: close'"),
            (
                "{ hand_over: a VIP, to: returns }",
                "3:25: 'to' belongs under 'hand_over'; write 'hand_over: { to: … }'"
            ),
            ("{ hand_over: a VIP, close: }", "3:25: two verbs stand in one line of 'do'"),
            ("{ hand_over: { too: returns } }", "3:20: unknown key 'too'; did you mean 'to'?"),
            ("[hand_over, { hand_over: a VIP }]", "3:17: 'do' has the same line twice; keep one of them"),
            ("[]", "3:5: 'do' is empty"), ("{ hand_over: { to: ana@ } }", "3:24: 'ana@' is no address"),
        ])
    func faults(_ text: String, _ said: String) {
        let (set, faults) = load("on: conversation.closed\n# a line\ndo: \(text)\n")
        #expect(set == nil)
        #expect(faults.contains { $0.hasPrefix("triggers/note.yaml:\(said)") }, "\(faults)")
    }

    @Test("closes and tags conversations alone, and warns of closing what nobody answered")
    func events() {
        for verb in ["close", "{ tag_conversation: vip }"] {
            let (set, faults) = load("on: shipment.delayed\ndo: \(verb)\n")
            #expect(set == nil && faults.contains { $0.contains("'shipment.delayed' has no conversation for") })
        }
        let (set, faults) = load("on: message.received\ndo: close\n")
        #expect(set != nil && faults.contains { $0.contains("nothing is closed while the customer waits") })
        #expect(load("on: message.received\nsend: answer\ndo: close\n").faults.filter { $0.contains("close") } == [])
        #expect(load("on: message.received\n").faults.contains { $0.contains("'send' is missing") })
    }

    @Test("is a table: a verb takes one entry to be read, explained, completed, expected and guarded by trust")
    func oneEntry() throws {
        let trigger = """
            on: message.received
            do:
              - ring: kitchen
            examples:
              - name: it rings
                given: { message: { trust: 2 } }
                expect: [{ do: { ring: kitchen } }]
              - name: anybody may claim to be her
                expect: nothing
                because: not_proved

            """
        #expect(load(trigger).set == nil)
        let (loaded, faults) = load(trigger, actions: toys)
        let set = try #require(loaded, "\(faults)")
        let line = try #require(set.trigger("note")?.lines.first)
        #expect(line.name == "ring:kitchen" && line.channel.rawValue == "bell")
        #expect(line.action?.trust == 2 && line.action?.details == ["loud": "yes"])
        #expect(toys.destination(ofLine: "ring:kitchen") == "the bell in the kitchen")
        #expect(
            toys.markdown.hasSuffix(
                "| `ring: BELL` | Rings a bell. About a message only if its sender proved who she is (`message.trust` 2). |"
            ))
        #expect(FileSchema.trigger.json(actions: toys).contains("\"ring\""))
        let (count, failures) = ExampleRunner(set).run()
        #expect(count == 2 && failures.map(\.description) == [])
        let said = load("on: message.received\ndo: { chime: kitchen }\n", actions: toys).faults
        #expect(said.contains { $0.contains("did you mean 'ring'?") })
    }

    @Test("is expected in examples as it is written, or by its verb alone; what is not expected is told")
    func examples() throws {
        func failures(_ expect: String, on event: String = "message.received", do what: String) throws -> [String] {
            let (loaded, faults) = load(
                "on: \(event)\nsend: \(event.hasPrefix("m") ? "answer" : "email")\ndo: \(what)\nexamples:\n  - name: a\n    expect: \(expect)\n"
            )
            return ExampleRunner(try #require(loaded, "\(faults)")).run().failures.flatMap(\.differences)
        }
        #expect(try failures("[answer, hand_over]", do: "hand_over") == [])
        #expect(try failures("[answer, { do: hand_over }]", do: "{ hand_over: a VIP }") == [])
        #expect(try failures("[answer, { do: { hand_over: a VIP } }]", do: "{ hand_over: a VIP }") == [])
        #expect(
            try failures("[answer, { do: { hand_over: a fox } }]", do: "{ hand_over: a VIP }")
                == ["expected note \"a fox\", got \"a VIP\""])
        // Closing comes after the answer, with which she waits no more.
        #expect(try failures("[answer, { do: close }]", do: "close") == [])
        #expect(try failures("[answer]", do: "close") == ["expected no close, got close"])
        #expect(
            try failures("[email, { do: hand_over }]", on: "shipment.delayed", do: "hand_over") == [])
        #expect(try failures("[answer, tag_conversation]", do: "{ tag_conversation: vip }") == [])
        #expect(try failures("[answer, { tag_conversation: vip }]", do: "{ tag_conversation: vip }") == [])
        let unknown = load(
            "on: message.received\ndo: close\nexamples: [{ name: a, expect: [{ do: hand_over }] }]\n")
        #expect(unknown.faults.contains { $0.contains("the trigger sends no 'hand_over'") })
    }

    private func planner(_ trigger: String, mode: String = "live") throws -> Planner {
        let files = [
            "shop.yaml": "mode: \(mode)\nbrand: { name: Fig, from: orders@fig.example }\nanswers: live\n",
            "note.yaml": trigger, "templates/note.md": "---\nsubject: A\n---\nB\n",
        ]
        let (set, faults) = TriggerSet.load(TriggerFolder(files: files.mapValues { Array($0.utf8) }))
        return Planner(
            triggers: try #require(set, "\(faults)"), inForceSince: ["note": .distantPast],
            live: LiveSince(shop: .distantPast), shop: StandardOrder.shop)
    }

    /// What becomes of the trigger's last line, after so long.
    private func decide(
        _ trigger: String, on kind: EventKind, mode: String = "live", after wait: Duration = .zero,
        history: History = History(), _ change: (inout ConversationRecord) -> Void = { _ in }
    ) throws -> Decision {
        let planner = try planner(trigger, mode: mode)
        let order = StandardOrder(kind, at: StandardOrder.moment)
        var record = order.known
        if var conversation = record.conversation {
            change(&conversation)
            record.conversation = conversation
        }
        let turn = PlanningTurn(planner, now: StandardOrder.moment)
        let plans = turn.place([turn.hear(order.event, record: record)], existing: { _ in [] }, open: { _ in [] })
        var effect = try #require(plans[0].changes.last?.effect)
        effect.id = 1
        return planner.judge(effect, record: record, history: history, now: StandardOrder.moment + wait)
    }

    @Test("nothing is closed while the customer waits for an answer, or a person has it")
    func closing() throws {
        let close = "on: conversation.closed\ndo: close\n"
        let thanks = "on: message.received\nsend: answer\ndo: close\n"
        #expect(
            try decide(thanks, on: .messageReceived)
                == .wait(until: StandardOrder.moment + .seconds(10), because: .waitsForAnswer))
        #expect(try decide(thanks, on: .messageReceived, after: .minutes(15)) == .skip(because: .waitsForAnswer))
        #expect(
            try decide(thanks, on: .messageReceived) { ($0.waitsSince, $0.decideBy, $0.state) = (nil, nil, .ours) }
                == .send)
        // It is passed already, for a person has it.
        #expect(
            try decide(thanks, on: .messageReceived) { ($0.waitsSince, $0.state) = (nil, .person) }
                == .skip(because: .passed))
        let taken = "on: conversation.taken_over\ndo: close\n"
        #expect(
            try decide(taken, on: .conversationTakenOver) { $0.waitsSince = nil } == .skip(because: .heldByPerson))
        #expect(
            try decide(close, on: .conversationClosed) == .skip(because: .passed, detail: "it is closed"))
    }

    @Test("whoever wrote nothing is not told that a person has her message")
    func nothingWritten() throws {
        let received = "on: conversation.handed_over\nsend: answer\n"
        #expect(try decide(received, on: .conversationHandedOver) == .send)
        #expect(
            try decide(received, on: .conversationHandedOver) { $0.messages = [] }
                == .skip(because: .noRecipient, detail: "she has not written"))
    }

    @Test("in shadow mode it is decided and not done; a person's conversation keeps no trigger from handing over")
    func modes() throws {
        let late = "on: shipment.delayed\nsend: email\ndo: hand_over\n"
        #expect(try decide(late, on: .shipmentDelayed) == .send)
        #expect(try decide(late, on: .shipmentDelayed, mode: "shadow") == .shadow)
        // Its own mail still goes out, and another trigger's waits.
        var held = History()
        held.isWithPerson = true
        #expect(try decide("on: shipment.delayed\ndo: hand_over\nsend: email\n", on: .shipmentDelayed) == .send)
        let planner = try planner(late)
        let order = StandardOrder(.shipmentDelayed, at: StandardOrder.moment)
        let turn = PlanningTurn(planner, now: StandardOrder.moment)
        let plans = turn.place(
            [turn.hear(order.event, record: order.known)], existing: { _ in [] }, open: { _ in [] })
        let mail = try #require(plans[0].changes.map(\.effect).first { $0.line == "email" })
        #expect(planner.judge(mail, record: order.known, history: held, now: StandardOrder.moment) == .send)
        #expect(
            try decide("on: shipment.delayed\nsend: email\n", on: .shipmentDelayed, history: held)
                == .wait(until: StandardOrder.moment + Planner.draftLook, because: .heldByPerson))
    }
}

@Suite("What triggers do in conversations")
struct DeskActTests {
    private let now = Moment(iso8601: "2026-11-20T09:00:00Z")!

    private func act(_ verb: String, object: String = "", details: [String: String] = [:]) -> DeskAct {
        let event = Event(
            shop: "fig.example", aggregate: .conversation(1), kind: .messageReceived,
            occurrences: [.init(subject: "message:1", n: 1, mark: "1")], happenedAt: now, recordedAt: now,
            source: "mailbox", orderName: "conversation 1")
        var effect = Effect(
            to: Route(shop: "fig.example", channel: .desk), isContact: false, trigger: "vip", line: verb,
            keys: ["message:1"], event: event, dueAt: now, createdAt: now)
        effect.id = 7
        return DeskAct(ActionLine(verb, object: object, through: .desk, details: details), of: effect)
    }

    private var talk: ConversationRecord {
        var record = ConversationRecord(shop: "fig.example", channel: .mailbox, openedAt: now)
        (record.id, record.version, record.state) = (1, 1, .ours)
        return record
    }

    @Test("handing over names the trigger and the note, tells a team or a person, and is kept until it is seen to")
    func handOver() throws {
        let change = try #require(
            ConversationRules.act(
                act("hand_over", details: ["note": "a VIP", "to": "returns"]), in: talk, now: now))
        #expect(change.record.state == .person && change.record.reason == .trigger && change.record.team == "returns")
        #expect(change.record.waitsSince == now && change.record.holder == nil && change.events == [.handedOver])
        #expect(
            change.messages.map(\.text) == ["The trigger vip handed this over on message.received: a VIP"])
        #expect(change.messages[0].direction == .note && change.messages[0].effectID == 7)
        let own = try #require(
            ConversationRules.act(act("hand_over", details: ["to": "ana@fig.example"]), in: talk, now: now))
        #expect(own.record.holder == "ana@fig.example" && own.record.team == nil)
        // Whoever has it keeps it, and hears why.
        var held = talk
        (held.state, held.holder) = (.person, "tom@fig.example")
        let again = try #require(ConversationRules.act(act("hand_over", details: ["to": "x"]), in: held, now: now))
        #expect(again.record.holder == "tom@fig.example" && again.events.isEmpty && again.messages.count == 1)
    }

    @Test("closing and tagging change nothing twice, and nothing of who waits or has it")
    func others() throws {
        #expect(ConversationRules.act(act("close"), in: talk, now: now)?.record.state == .closed)
        var record = talk
        record.waitsSince = now
        #expect(ConversationRules.act(act("close"), in: record, now: now) == nil)
        (record.waitsSince, record.state) = (nil, .person)
        #expect(ConversationRules.act(act("close"), in: record, now: now) == nil)
        let tag = act("tag_conversation", object: "vip")
        let tagged = try #require(ConversationRules.act(tag, in: talk, now: now))
        #expect(tagged.record.tags == ["vip"] && tagged.record.state == .ours && tagged.events.isEmpty)
        #expect(ConversationRules.act(tag, in: tagged.record, now: now) == nil)
        let message = try tag.message(id: "act_1")
        #expect(DeskAct(message) == tag && message.summary == "tag 'vip'")
    }
}

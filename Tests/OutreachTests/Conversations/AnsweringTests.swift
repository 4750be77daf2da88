import Foundation
import Liquid
import Testing
import Understanding

@testable import Outreach

private let shopFile = """
    mode: live
    notify: owner@fig.example
    brand:
      name: Fig
      from: Fig <orders@fig.example>
      reply_to: help@fig.example
    answers: ANSWERS

    """

/// A planner over answering triggers, each by name.
private func planner(_ triggers: [String: String], answers: String = "live", mode: String = "live") throws -> Planner {
    var files = [
        "shop.yaml": Array(
            shopFile.replacing("ANSWERS", with: answers).replacing("mode: live", with: "mode: \(mode)").utf8)
    ]
    for (name, text) in triggers {
        files["\(name).yaml"] = Array(text.utf8)
        files["templates/\(name).md"] = Array("---\nsubject: Your question\n---\nHello.\n".utf8)
    }
    let (set, faults) = TriggerSet.load(TriggerFolder(files: files))
    return Planner(
        triggers: try #require(set, "\(faults)"),
        inForceSince: Dictionary(triggers.keys.map { ($0, .distantPast) }) { a, _ in a },
        live: LiveSince(shop: .distantPast), shop: ShopProfile(domain: "juniperfig.myshopify.com"))
}

/// Somebody who wrote about the standard order.
private struct Talk {
    var order: StandardOrder
    var event: Event { order.event }

    init(_ text: String = "Hi, where is my order?", on kind: EventKind = .messageReceived) {
        order = StandardOrder(kind, at: StandardOrder.moment)
        order.apply([Example.Given(path: "message.text", value: .string(text))], at: StandardOrder.moment)
    }

    /// The record, changed.
    func record(
        _ conversation: (inout ConversationRecord) -> Void = { _ in }, _ order: (inout OrderRecord) -> Void = { _ in }
    ) -> OrderRecord {
        var record = self.order.known
        order(&record)
        if var own = record.conversation {
            conversation(&own)
            record.conversation = own
        }
        return record
    }
}

private let question = "on: message.received\nif: message.asks contains \"where_is_my_order\"\nsend: answer\n"

extension Planner {
    /// What becomes of a trigger's answer to what was written.
    fileprivate func decide(
        _ talk: Talk, _ record: OrderRecord, by trigger: String = "note", after wait: Duration = .zero,
        ready: Bool = false, reason: Reason? = nil, history: History = History()
    ) throws -> Decision {
        let turn = PlanningTurn(self, now: StandardOrder.moment)
        let plans = turn.place(
            [turn.hear(talk.event, record: record)], existing: { _ in [] }, open: { _ in [] })
        var effect = try #require(plans[0].changes.map(\.effect).first { $0.trigger == trigger })
        effect.id = 1
        if ready { effect.state = .ready }
        if let reason { effect.reason = reason }
        return judge(effect, record: record, history: history, now: StandardOrder.moment + wait)
    }
}

@Suite("A trigger answers a message")
struct AnsweringTests {
    @Test("where it was understood, about an order, from its address; and not a second time")
    func answers() throws {
        let planner = try planner(["note": question])
        let talk = Talk()
        #expect(try planner.decide(talk, talk.record()) == .send)
        #expect(
            try planner.decide(talk, talk.record { $0.messages[0].isFollowUp = true }) == .skip(because: .isFollowUp))
        let lifted = try self.lifted("is_follow_up")
        #expect(try lifted.decide(talk, talk.record { $0.messages[0].isFollowUp = true }) == .send)
    }

    @Test("nor where she wrote about the order elsewhere, or a person has it there")
    func elsewhere() throws {
        let planner = try planner(["note": question])
        let handsOver = try OutreachTests.planner(["own": question + "do: hand_over\n"])
        let talk = Talk()
        var asked = History()
        asked.isAskedElsewhere = true
        #expect(
            try planner.decide(talk, talk.record(), history: asked)
                == .skip(because: .isFollowUp, detail: "she wrote about it in another conversation"))
        #expect(try lifted("is_follow_up").decide(talk, talk.record(), history: asked) == .send)
        var held = History()
        held.isWithPerson = true
        #expect(try planner.decide(talk, talk.record(), history: held) == .skip(because: .heldByPerson))
        // Neither for what was given its turn before somebody took the other one.
        #expect(try planner.decide(talk, talk.record(), ready: true, history: held) == .skip(because: .heldByPerson))
        // What a trigger that hands over has to say itself is said.
        #expect(try handsOver.decide(talk, talk.record(), by: "own", history: held) == .send)
    }

    @Test("a trigger that asks again later is no second answer, and asks nothing of whom a person has seen to")
    func asksAgain() throws {
        let later = question + "after: 2 business days\n"
        let planner = try planner(["note": question, "later": later])
        let talk = Talk()
        #expect(try planner.decide(talk, talk.record()) == .send)
        let wait = Duration.days(2)
        #expect(try planner.decide(talk, talk.record(), by: "later", after: wait) == .send)
        func answered(by author: ConversationMessage.Author) -> OrderRecord {
            talk.record {
                var answer = ConversationMessage(
                    .outgoing, by: author, at: StandardOrder.moment + .hours(1), text: "Soon.", channel: .mailbox)
                answer.id = 9
                $0.messages.append(answer)
                $0.state = .closed
                $0.reason = .quiet
            }
        }
        #expect(try planner.decide(talk, answered(by: .bookbag), by: "later", after: wait) == .send)
        #expect(
            try planner.decide(talk, answered(by: .person("ana@fig.example")), by: "later", after: wait)
                == .skip(because: .answeredByPerson))
        let closed = talk.record { ($0.state, $0.reason) = (.closed, .done) }
        #expect(try planner.decide(talk, closed, by: "later", after: wait) == .skip(because: .answeredByPerson))
    }

    private func lifted(_ word: String) throws -> Planner {
        try planner(["note": question + "answers_even: \(word)\n"])
    }

    @Test("names every version that it was decided on: that of the conversation, and that of the order")
    func versions() throws {
        let planner = try planner(["note": question])
        let talk = Talk()
        let record = talk.record({ $0.version = 7 }, { $0.version = 3 })
        let turn = PlanningTurn(planner, now: StandardOrder.moment)
        let plans = turn.place([turn.hear(talk.event, record: record)], existing: { _ in [] }, open: { _ in [] })
        let expected: ReadVersions = [.conversation(1): 7, .order(record.facts.id): 3]
        #expect(plans[0].reads == expected)
        let effect = try #require(plans[0].changes.first?.effect)
        #expect(effect.route == Route.mail(shop: record.shop) && !effect.isContact)
        let judged = turn.judge(effect, record: record, history: History())
        #expect(turn.finish(judged, .made(nil, remark: nil)).reads == expected)
    }

    @Test("a draft fits no longer once a condition of its trigger does not hold, and says which")
    func draftOutlived() throws {
        let planner = try planner(["note": question + "unless: order.delayed\n"])
        let talk = Talk()
        let record = talk.record()
        let turn = PlanningTurn(planner, now: StandardOrder.moment)
        let plans = turn.place([turn.hear(talk.event, record: record)], existing: { _ in [] }, open: { _ in [] })
        let effect = try #require(plans[0].changes.first?.effect)
        func failed(_ now: Outreach.Moment) -> String? {
            planner.failedCondition(ofDraft: effect, record: record, history: History(), now: now)
        }
        #expect(failed(StandardOrder.moment) == nil)
        #expect(failed(StandardOrder.moment + .days(30))?.contains("order.delayed") == true)
    }

    @Test("not where she is angry, whatever the conditions say")
    func angry() throws {
        let talk = Talk("This is the THIRD time I ask. Refund me or I call my bank and my lawyer.")
        #expect(talk.record().conversation?.messages[0].understood?.needsHuman == true)
        #expect(try planner(["note": question]).decide(talk, talk.record()) == .skip(because: .needsHuman))
        let any = try planner(["note": "on: message.received\nsend: answer\nanswers_even: [needs_human, unclear]\n"])
        #expect(try any.decide(talk, talk.record()) == .send)
    }

    @Test("not where nothing certain was understood")
    func unclear() throws {
        let talk = Talk("Do you have the blue one in size 12, and where is my order?")
        let any = try planner(["note": "on: message.received\nsend: answer\n"])
        guard case .skip(because: .unclear, detail: let doubt) = try any.decide(talk, talk.record()) else {
            Issue.record("it was answered")
            return
        }
        #expect(Doubt.allCases.map(\.rawValue).contains(doubt ?? ""))
    }

    @Test("not without an order, unless the trigger needs none")
    func noOrder() throws {
        var talk = Talk("Thank you so much!")
        talk.order.hasNoOrder = true
        let record = talk.record()
        #expect(!record.isOrder && record.answerRecipient?.address == "robin@shopper.example")
        let any = "on: message.received\nsend: answer\n"
        #expect(try planner(["note": any]).decide(talk, record) == .skip(because: .noOrder))
        #expect(try planner(["note": any + "answers_even: no_order\n"]).decide(talk, record) == .send)
    }

    @Test("in the chat in which it was asked, with facts only where the order was proved there")
    func chat() throws {
        let planner = try planner([
            "note": question, "any": "on: message.received\nsend: answer\nanswers_even: no_order\n",
        ])
        let talk = Talk()
        func record(trust: Int, _ order: (inout OrderRecord) -> Void = { _ in }) -> OrderRecord {
            talk.record(
                { conversation in
                    conversation.channel = .chat
                    conversation.address = "chat-1"
                    conversation.messages[0].channel = .chat
                    conversation.messages[0].sender = "chat-1"
                    conversation.messages[0].trust = trust
                }, order)
        }
        func decide(_ talk: Talk, _ record: OrderRecord, by trigger: String = "note") throws -> (Route, Decision) {
            var event = talk.event
            event.source = "chat"
            let turn = PlanningTurn(planner, now: StandardOrder.moment)
            let plans = turn.place([turn.hear(event, record: record)], existing: { _ in [] }, open: { _ in [] })
            var effect = try #require(plans[0].changes.map(\.effect).first { $0.trigger == trigger })
            effect.id = 1
            return (effect.route, planner.judge(effect, record: record, history: History(), now: StandardOrder.moment))
        }
        let proved = try decide(talk, record(trust: 1))
        #expect(
            proved.0 == Route(shop: talk.order.known.shop, channel: .chat) && proved.1 != .skip(because: .noRecipient))
        #expect(record(trust: 1).answerChat == "chat-1" && record(trust: 1).isOwnAddress)
        // Whoever only says that they are somebody is told nothing, not even at the order's address.
        guard case .skip(because: .noRecipient, detail: _) = try decide(talk, record(trust: 0)).1 else {
            Issue.record("an unproved chat was told of an order")
            return
        }
        #expect(record(trust: 0).answerChat == nil && !record(trust: 0).isOwnAddress)
        var general = Talk("Thank you so much!")
        general.order.hasNoOrder = true
        var unproved = general.record { conversation in
            conversation.channel = .chat
            conversation.address = "chat-1"
            conversation.messages[0].channel = .chat
            conversation.messages[0].sender = "chat-1"
            conversation.messages[0].trust = 0
        }
        #expect(unproved.answerChat == "chat-1")
        #expect(try decide(general, unproved, by: "any").1 == .send)
        unproved.conversation?.messages[0].sender = nil
        #expect(try decide(general, unproved, by: "any").1 == .skip(because: .noRecipient))
    }

    @Test("never to anybody but the order's own address, and from no other than that")
    func address() throws {
        let planner = try planner(["note": question])
        let talk = Talk()
        let stranger = talk.record { $0.messages[0].sender = "mallory@elsewhere.example" }
        #expect(stranger.answerRecipient?.address == "robin@shopper.example")
        guard case .skip(because: .noRecipient, detail: _) = try planner.decide(talk, stranger) else {
            Issue.record("a stranger was answered")
            return
        }
        // Case and nothing else may differ.
        #expect(try planner.decide(talk, talk.record { $0.messages[0].sender = "Robin@Shopper.example" }) == .send)
    }

    @Test("by text where she texted: to the order's or its customer's number, and not where it is silenced")
    func texts() throws {
        let planner = try planner(["note": question])
        let talk = Talk()
        func record(from number: String) -> OrderRecord {
            talk.record { conversation in
                conversation.channel = .sms
                conversation.address = number
                conversation.messages[0].channel = .sms
                conversation.messages[0].sender = number
            } _: { record in
                record.facts.phone = "+447700900123"
                record.facts.shippingAddress?.phone = "+447700900999"
            }
        }
        let hers = record(from: "+447700900123")
        var event = talk.event
        event.source = "sms"
        let turn = PlanningTurn(planner, now: StandardOrder.moment)
        let plans = turn.place([turn.hear(event, record: hers)], existing: { _ in [] }, open: { _ in [] })
        let effect = try #require(plans[0].changes.first?.effect)
        #expect(effect.route == Route(shop: hers.shop, channel: .sms) && effect.line == "answer" && !effect.isContact)
        func judge(_ record: OrderRecord, _ history: History = History()) -> Decision {
            planner.judge(effect, record: record, history: history, now: StandardOrder.moment)
        }
        #expect(judge(hers) == .send && hers.answerNumber?.text == "+447700900123")
        var silenced = History()
        silenced.silenced = true
        #expect(judge(hers, silenced) == .skip(because: .silenced))
        let question = HistoryQuestion(of: effect, record: hers, planner: planner)
        #expect(question.address == "+447700900123" && question.stream == .all)
        for other in ["+447700900999", "+447700900777"] {
            let stranger = record(from: other)
            #expect(stranger.answerNumber == nil && !stranger.isOwnAddress)
            guard case .skip(because: .noRecipient, detail: _) = judge(stranger) else {
                Issue.record("a stranger was answered")
                return
            }
        }
    }

    @Test("not while a person has it, and not to what she wrote before her last words")
    func held() throws {
        let planner = try planner(["note": question])
        let talk = Talk()
        for state in [ConversationRecord.State.person, .snoozed] {
            #expect(try planner.decide(talk, talk.record { $0.state = state }) == .skip(because: .passed))
            // Also when it is ready, at the moment of sending.
            #expect(try planner.decide(talk, talk.record { $0.state = state }, ready: true) == .skip(because: .passed))
        }
        let newer = talk.record { conversation in
            var second = conversation.messages[0]
            second.id = 2
            conversation.messages.append(second)
        }
        #expect(try planner.decide(talk, newer) == .skip(because: .newer, detail: "she has written again"))
    }

    @Test("within an hour of it, and however often she writes, three times an hour and six a day")
    func bounds() throws {
        let planner = try planner(["note": question])
        let talk = Talk()
        #expect(try planner.decide(talk, talk.record(), after: .minutes(59)) == .send)
        guard case .skip(because: .oldNews, detail: _) = try planner.decide(talk, talk.record(), after: .minutes(61))
        else {
            Issue.record("an old message was answered")
            return
        }
        #expect(try planner.decide(talk, talk.record { $0.answersLastHour = 2 }) == .send)
        #expect(try planner.decide(talk, talk.record { $0.answersLastHour = 3 }) == .skip(because: .tooManyAnswers))
        #expect(try planner.decide(talk, talk.record { $0.answersLastDay = 6 }) == .skip(because: .tooManyAnswers))
        // One that is ready is among those that are counted.
        #expect(try planner.decide(talk, talk.record { $0.answersLastHour = 3 }, ready: true) == .send)
    }

    @Test("not where two triggers would: a person chooses, unless one takes the other's place")
    func several() throws {
        let two = try planner(["note": question, "other": question])
        let talk = Talk()
        let wait = Decision.wait(until: StandardOrder.moment + Planner.draftLook, because: .several)
        #expect(try two.decide(talk, talk.record()) == wait)
        #expect(try two.decide(talk, talk.record(), by: "other") == wait)
        let one = try planner(["note": question + "replaces: other\n", "other": question])
        #expect(try one.decide(talk, talk.record()) == .send)
        let apart = try planner(["note": question, "other": question + "unless: order.fulfilled\n"])
        #expect(try apart.decide(talk, talk.record()) == .send)
    }

    @Test("as a draft until its kind is proven, for that language and that model")
    func drafts() throws {
        let talk = Talk()
        let wait = Decision.wait(until: StandardOrder.moment + Planner.draftLook, because: .draft)
        #expect(try planner(["note": question], answers: "drafts").decide(talk, talk.record()) == wait)
        #expect(
            try planner(["note": question], answers: "off").decide(talk, talk.record())
                == .skip(because: .off, detail: "'answers' of shop.yaml leaves it to people"))
        var proving = try planner(["note": question], answers: "when_proven")
        for _ in 0..<28 { proving.proofs["where_is_my_order", "en", Understood.builtIn].note(right: true) }
        #expect(try proving.decide(talk, talk.record()) == wait)
        proving.proofs["where_is_my_order", "en", Understood.builtIn].note(right: true)
        #expect(try proving.decide(talk, talk.record()) == .send)
        let german = Talk("Hallo, wo bleibt meine Bestellung?")
        #expect(try proving.decide(german, german.record()) == wait)
    }

    @Test("a draft waits until it is sent, and goes when a person answered, she wrote again, or nobody came")
    func draftEnds() throws {
        let planner = try planner(["note": question], answers: "drafts")
        let talk = Talk()
        func later(_ change: (inout ConversationRecord) -> Void, after: Duration = .days(2)) throws -> Decision {
            try planner.decide(talk, talk.record(change), after: after, reason: .draft)
        }
        let wait = Decision.wait(until: StandardOrder.moment + .days(2) + Planner.draftLook, because: .draft)
        // Its minute is over, and it is handed over: a draft does not change whose turn it is.
        #expect(try later { $0.state = .person } == wait)
        #expect(try later { $0.waitsSince = nil } == .skip(because: .answeredByPerson))
        #expect(try later { $0.state = .closed } == .skip(because: .answeredByPerson))
        #expect(
            try later({ _ in }, after: .days(15)) == .skip(because: .oldNews, detail: "nobody sent the draft"))
    }

    @Test("not in shadow, while answers are paused, or to an address that gets no mail at all")
    func silent() throws {
        let talk = Talk()
        #expect(try planner(["note": question], mode: "shadow").decide(talk, talk.record()) == .shadow)
        var paused = try planner(["note": question])
        paused.pauses[.answers] = Pause(.answers, since: .distantPast, by: "tom@fig.example")
        guard case .wait(until: _, because: .paused) = try paused.decide(talk, talk.record()) else {
            Issue.record("a paused answer went out")
            return
        }
        paused.pauses[.answers] = nil
        paused.pauses[.news] = Pause(.news, since: .distantPast, by: "tom@fig.example")
        #expect(try paused.decide(talk, talk.record()) == .send)
        #expect(
            try planner(["note": question]).decide(talk, talk.record(), history: History(silenced: true))
                == .skip(because: .silenced))
    }

    @Test("what says that a person has it is told while one has, once for each conversation")
    func handedOver() throws {
        let planner = try planner(["note": "on: conversation.handed_over\nonce_per: conversation\nsend: answer\n"])
        let talk = Talk("I want to speak to a person.", on: .conversationHandedOver)
        #expect(try planner.decide(talk, talk.record()) == .send)
        #expect(try planner.decide(talk, talk.record { $0.state = .closed }) == .skip(because: .passed))
        let matches = planner.matches(talk.event, record: talk.record())
        #expect(matches.flatMap(\.keys) == ["conversation:1"])
    }
}

@Suite("The proof of answers")
struct AnswerProofTests {
    @Test("needs 29 right without a wrong one, 46 with one, 61 with two", arguments: [(0, 29), (1, 46), (2, 61)])
    func needed(_ wrong: Int, _ right: Int) {
        var proof = AnswerProof()
        for _ in 0..<wrong { proof.note(right: false) }
        for _ in 1..<right { proof.note(right: true) }
        #expect(!proof.isLive)
        proof.note(right: true)
        #expect(proof.isLive)
    }

    @Test("says how far it is")
    func sentence() {
        var proof = AnswerProof()
        proof.note(right: true)
        #expect(proof.sentence == "1 of 29 was right so far, and none was wrong.")
        proof.note(right: false)
        #expect(proof.sentence == "1 of 46 was right so far, and one was wrong.")
        for _ in 0..<45 { proof.note(right: true) }
        #expect(proof.sentence == "It is proven: 46 were right, 1 wrong.")
    }

    @Test("begins again after three wrong ones, and is lost at the fourth of the last forty")
    func lost() {
        var proof = AnswerProof()
        for _ in 0..<3 { proof.note(right: false) }
        #expect(proof == AnswerProof())
        for _ in 0..<29 { proof.note(right: true) }
        for _ in 0..<3 { proof.note(right: false) }
        #expect(proof.isLive)
        proof.note(right: false)
        #expect(!proof.isLive && proof.right == 0)
        for _ in 0..<29 { proof.note(right: true) }
        #expect(proof.isLive)
        // Wrong ones that are long past do not count.
        for round in 0..<200 { proof.note(right: round % 20 != 0) }
        #expect(proof.isLive)
    }

    @Test("is remembered as a text, by kind of question, language and model")
    func text() throws {
        var proofs = AnswerProofs()
        proofs["refund_status", "de", "built-in 1"].note(right: true)
        proofs["refund_status", "en", "built-in 0"].note(right: true)
        let read = try #require(AnswerProofs(rememberedText: proofs.rememberedText))
        #expect(read == proofs)
        #expect(read.rows(of: "built-in 1").map(\.language) == ["de"])
    }
}

@Suite("The words of messages")
struct IntentWordsTests {
    @Test("are those of the understanding, each with its meaning")
    func same() {
        #expect(Intents.names == Intent.allCases.map(\.rawValue))
        #expect(Intents.all.allSatisfy { !$0.meaning.isEmpty })
    }
}

@Suite("When a person answers")
struct AnswerTimesTests {
    private let zone = Zone(named: "Europe/London") ?? .utc

    private func settings(_ lines: String) throws -> ShopSettings {
        let (settings, faults) = ShopReader.read(
            "brand:\n  name: Fig\n  from: orders@fig.example\n" + lines, file: "shop.yaml")
        #expect(faults.isEmpty)
        return try #require(settings)
    }

    private func moment(_ text: String) throws -> Outreach.Moment {
        try #require(Example.LocalTime(text)).moment(in: zone)
    }

    @Test(
        "is counted in the hours in which people are there",
        arguments: [
            // Tuesday morning, and Tuesday at four: an hour is left of the day.
            ("2026-03-10 10:00", "2026-03-10 14:00"), ("2026-03-10 16:00", "2026-03-11 12:00"),
            // Friday at five: Saturday has three hours, Sunday none.
            ("2026-03-13 17:30", "2026-03-16 10:00"), ("2026-03-15 12:00", "2026-03-16 13:00"),
            // The clocks go forward on 29 March.
            ("2026-03-28 12:00", "2026-03-30 12:00"),
            // Away from 24 December to 3 January.
            ("2026-12-23 16:00", "2027-01-04 12:00"),
        ])
    func hours(_ written: String, _ answered: String) throws {
        let settings = try settings(
            """
            business_hours: { Mon-Fri: 09:00-17:00, Sat: 10:00-13:00 }
            answer_within: 4 hours
            away:
              - { from: 2026-12-24, until: 2027-01-03, say: Back on 4 January. }

            """)
        #expect(settings.answerBy(from: try moment(written), shopZone: zone) == (try moment(answered)))
    }

    @Test("is not promised where shop.yaml does not say, or no hour ever comes")
    func none() throws {
        #expect(try settings("").answerBy(from: moment("2026-03-10 10:00"), shopZone: zone) == nil)
        let never = try settings(
            "answer_within: 4 hours\naway:\n  - { from: 2026-01-01, until: 2036-01-01 }\n")
        #expect(never.answerBy(from: try moment("2026-03-10 10:00"), shopZone: zone) == nil)
    }

    @Test("is said in the shop's words while nobody is there")
    func away() throws {
        let settings = try settings("away:\n  - { from: 2026-12-24, until: 2027-01-03, say: Back soon. }\n")
        #expect(settings.awayNote(at: try moment("2026-12-24 00:00"), shopZone: zone) == "Back soon.")
        #expect(settings.awayNote(at: try moment("2027-01-03 23:59"), shopZone: zone) == "Back soon.")
        #expect(settings.awayNote(at: try moment("2027-01-04 00:00"), shopZone: zone) == nil)
    }
}

@Suite("The thread of an answer")
struct AnswerThreadTests {
    private let brand = Brand(
        name: "Fig", from: MailAddress(name: "Fig", address: "orders@fig.example")!,
        replyTo: MailAddress(address: "help@fig.example"))

    @Test("is hers: from the address that she wrote to, after her mail, and not from a domain that is not the shop's")
    func thread() throws {
        let talk = Talk()
        let record = talk.record { conversation in
            conversation.messages[0].recipient = "help@fig.example"
            conversation.messages[0].messageID = "c@shopper.example"
            conversation.messages[0].references = ["a@fig.example", "b@shopper.example"]
            conversation.messages[0].subject = "RE: Aw: My\n order"
        }
        let thread = try #require(AnswerThread(record, brand: brand))
        #expect(thread.from.address == "help@fig.example" && thread.from.name == "Fig")
        #expect(thread.references == ["a@fig.example", "b@shopper.example", "c@shopper.example"])
        #expect(thread.subject == "Re: My order")
        let other = talk.record { $0.messages[0].recipient = "fig@marketplace.example" }
        #expect(AnswerThread(other, brand: brand)?.from.address == "orders@fig.example")
        let long = talk.record { $0.messages[0].references = (0..<200).map { "\($0)@x.example" } }
        let kept = try #require(AnswerThread(long, brand: brand)?.references)
        #expect(kept.count == 20 && kept.first == "0@x.example" && kept.last == "example-1@shopper.example")
    }

    @Test("has no subject of its own where she wrote none", arguments: ["", "Re:", "re: AW: "])
    func noSubject(_ subject: String) { #expect(AnswerThread.reply(to: subject) == nil) }
}

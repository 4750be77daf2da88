import Outreach
import Testing

private let start = Moment(iso8601: "2026-11-20T09:00:00Z")!
private let ada = "ada@fig.example"
private let tom = "tom@fig.example"

private func said(_ text: String = "where is it?", at moment: Moment = start) -> ConversationMessage {
    ConversationMessage(.incoming, by: .shopper, at: moment, text: text, channel: .mailbox)
}

private func opening(at moment: Moment = start) -> ConversationRecord {
    ConversationRecord(shop: "fig.example", channel: .mailbox, openedAt: moment)
}

/// A conversation after a change, as a store would keep it.
private func applied(_ change: ConversationChange) -> ConversationRecord {
    var record = change.record
    record.id = 1
    record.version += 1
    for message in change.messages {
        var message = message
        record.messageCount += 1
        message.id = Int64(record.messageCount)
        record.messages.append(message)
    }
    return record
}

private func effect(_ state: Effect.State, _ reason: Reason? = nil, line: String = "answer") -> Effect {
    var effect = Effect(
        to: .mail(shop: "fig.example"), origin: .trigger, isContact: true, by: "where", line: line, keys: ["message:1"],
        about: .conversation(1), dueAt: start, createdAt: start, reason: reason)
    effect.state = state
    return effect
}

/// Numbers that look like chance and are the same each time (SplitMix64, by Sebastiano Vigna).
private struct Dice: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

@Suite("The rules of conversations") struct ConversationRulesTests {
    @Test("a chat that proves its order is asked again, unless something else kept it from being answered")
    func prove() {
        func asked(_ text: String = "where is it?") -> ConversationMessage {
            var message = said(text)
            message.channel = .chat
            message.sender = "chat-1"
            return message
        }
        let open = applied(
            ConversationRules.receive(asked(), into: nil, opening: opening(), answers: true, now: start))
        func prove(_ record: ConversationRecord, answers: Bool = true) -> ConversationChange? {
            var again = asked()
            again.at = start + .minutes(5)
            again.trust = 1
            return ConversationRules.prove(
                record, order: "o1", name: "Robin", again: again, answers: answers, now: start + .minutes(5))
        }
        for reason in [ConversationReason.unknownSender, .unclear, .nobodyAnswers] {
            let handed = ConversationRules.handOver(open, because: reason).map(applied)
            let change = handed.flatMap { prove($0) }
            #expect(change?.record.state == .undecided && change?.record.orderID == "o1", "\(reason)")
            #expect(change?.record.decideBy == start + .minutes(6) && change?.record.waitsSince == start)
            #expect(change?.messages.map(\.isFollowUp) == [false] && change?.events == [.received(message: 0)])
        }
        #expect(prove(open)?.record.state == .undecided, "before its minute is over too")
        for reason in [ConversationReason.needsHuman, .several, .draft, .tooMany, .restored, .notHelped] {
            let handed = ConversationRules.handOver(open, because: reason).map(applied)
            let change = handed.flatMap { prove($0) }
            #expect(change?.record.state == .person && change?.messages == [], "\(reason)")
            #expect(change?.record.orderID == "o1" && change?.record.name == "Robin")
        }
        let taken = ConversationRules.take(open, by: ada).map(applied)
        let given = ConversationRules.handOver(open, because: .unclear, to: "returns").map(applied)
        for record in [taken, given] {
            let change = record.flatMap { prove($0) }
            #expect(change?.record.state == .person && change?.messages == [] && change?.record.orderID == "o1")
        }
        #expect(prove(open, answers: false)?.messages == [])
        var known = open
        known.orderID = "o2"
        #expect(prove(known) == nil, "it has an order")
        // Nobody waits: there is nothing to ask again.
        let closed = ConversationRules.close(open, because: .done, now: start).map(applied)
        #expect(closed.flatMap { prove($0) }?.messages == [])
    }

    /// Whatever happens in whatever order; a second account of it is kept beside.
    @Test(
        "random sequences: she waits or does not, a person's is nobody else's, and every count is one of events",
        arguments: 0..<300 as Range<UInt64>)
    func sequences(_ seed: UInt64) {
        var dice = Dice(state: seed)
        var record = applied(
            ConversationRules.receive(said(), into: nil, opening: opening(), answers: true, now: start))
        var waits = true
        var counts = [ConversationEvent.handedOver: 0, .takenOver: 0, .closed: 0]
        var now = start
        for _ in 0..<60 {
            now = now + .seconds(Int.random(in: 1...90, using: &dice))
            let before = record
            var change: ConversationChange?
            switch Int.random(in: 0..<10, using: &dice) {
            case 0, 1:
                let isSilent = Int.random(in: 0..<4, using: &dice) == 0
                change = ConversationRules.receive(
                    said(at: now), into: record, opening: opening(at: now), isSilent: isSilent,
                    answers: Bool.random(using: &dice), now: now)
                let isReceived = change?.events.contains { if case .received = $0 { true } else { false } } ?? false
                #expect(isReceived == (!isSilent && !before.isPersons))
                if !isSilent { waits = true }
            case 2, 3:
                let answers = Bool.random(using: &dice) ? [effect(.ready)] : [effect(.skipped, .if)]
                change = ConversationRules.decide(record, answers: answers, now: now)
                if change?.record.state == .ours { waits = false }
            case 4: change = ConversationRules.handOver(record, because: .notHelped)
            case 5: change = ConversationRules.take(record, by: Bool.random(using: &dice) ? ada : tom)
            case 6:
                let words = ConversationMessage(
                    .outgoing, by: .person(ada), at: now, text: "Tomorrow.", channel: .mailbox)
                change = ConversationRules.reply(words, by: ada, in: record, now: now)
                #expect(change?.withdraws == .heldByPerson)
                waits = false
            case 7:
                change = ConversationRules.close(record, because: .done, now: now)
                if change != nil { waits = false }
            case 8:
                change = ConversationRules.snooze(
                    record, until: now + .seconds(Int.random(in: 0...99, using: &dice)), by: tom, now: now)
            default:
                change =
                    ConversationRules.wake(record, now: now)
                    ?? ConversationRules.letGo(record, after: .seconds(80), now: now)
                if change?.record.state == .closed { waits = false }
            }
            guard let change else { continue }
            for event in change.events { counts[event]? += 1 }
            record = applied(change)
            #expect((record.waitsSince != nil) == waits)
            #expect(record.handOvers == counts[.handedOver] && record.takeOvers == counts[.takenOver])
            #expect(record.closings == counts[.closed])
            #expect((record.decideBy != nil) == (record.state == .undecided))
            #expect((record.snoozedUntil != nil) == (record.state == .snoozed))
            #expect((record.closedAt != nil) == (record.state == .closed))
            #expect(record.holder == nil || record.isPersons)
            #expect(record.lastAt <= now && record.version == before.version + 1)
            if before.holder != nil, before.holder != record.holder, record.isPersons {
                #expect(change.events.contains(.takenOver) || change.events.contains(.handedOver))
            }
        }
    }

    @Test(
        "why it is a person's is the worst of what kept triggers from answering",
        arguments: [
            ([effect(.waiting, .draft)], .draft), ([effect(.waiting, .several)], .several),
            ([effect(.skipped, .needsHuman)], .needsHuman), ([effect(.skipped, .unclear)], .unclear),
            ([effect(.skipped, .isFollowUp)], .isFollowUp), ([effect(.skipped, .tooManyAnswers)], .tooMany),
            ([effect(.skipped, .noRecipient)], .unknownSender), ([effect(.ready, line: "email")], .unknownSender),
            ([], .unknownSender),
        ] as [([Effect], ConversationReason)])
    func why(_ answers: [Effect], _ reason: ConversationReason) {
        let record = applied(
            ConversationRules.receive(said(), into: nil, opening: opening(), answers: true, now: start))
        #expect(ConversationRules.decide(record, answers: answers, now: start + .seconds(59)) == nil)
        let change = ConversationRules.decide(record, answers: answers, now: start + .seconds(60))
        #expect(change?.record.state == .person && change?.record.reason == reason)
        #expect(change?.events == [.handedOver])
    }

    @Test("an answer of a trigger counts as soon as it is ready, and one that was only tried in shadow does not")
    func ours() {
        let record = applied(
            ConversationRules.receive(said(), into: nil, opening: opening(), answers: true, now: start))
        let change = ConversationRules.decide(record, answers: [effect(.ready)], now: start + .seconds(1))
        #expect(change?.record.state == .ours && change?.events == [] && change?.withdraws == nil)
        #expect(ConversationRules.decide(record, answers: [effect(.shadowed)], now: start + .seconds(1)) == nil)
        let late = ConversationRules.decide(record, answers: [effect(.shadowed)], now: start + .seconds(61))
        #expect(late?.record.state == .person)
    }

    @Test("a second message within a week, or one that answers an answer, is a follow-up")
    func followUp() {
        var record = applied(
            ConversationRules.receive(said(), into: nil, opening: opening(), answers: true, now: start))
        func next(_ moment: Moment) -> Bool? {
            ConversationRules.receive(
                said(at: moment), into: record, opening: opening(), answers: true, now: moment
            ).messages.first?.isFollowUp
        }
        #expect(record.messages[0].isFollowUp == false)
        #expect(next(start + .days(6)) == true && next(start + .days(8)) == false)
        record.messages.append(
            ConversationMessage(.outgoing, by: .bookbag, at: start + .hours(1), text: "It comes.", channel: .mailbox))
        #expect(next(start + .days(30)) == true)
    }

    @Test("an event names the message, and the n-th time of what happens again")
    func events() {
        var record = opening()
        record.id = 7
        record.handOvers = 3
        var message = said(at: start - .minutes(5))
        message.id = 12
        let received = ConversationEvent.received(message: 0).event(of: record, messages: [message], now: start)
        #expect(received.kind == .messageReceived && received.occurrences.map(\.subject) == ["message:12"])
        #expect(received.happenedAt == start - .minutes(5) && received.recordedAt == start)
        #expect(received.aggregate == .conversation(7) && received.orderName == "conversation 7")
        let handed = ConversationEvent.handedOver.event(of: record, messages: [], now: start)
        #expect(handed.kind == .conversationHandedOver && handed.occurrences.map(\.n) == [3])
        #expect(handed.occurrences.map(\.subject) == ["conversation:7"])
    }
}

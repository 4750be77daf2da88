import Outreach
import Testing

@testable import Store

/// What she wrote.
private func said(
    _ text: String, at moment: Moment = t0, by sender: String = "robin@example.com", mail: String? = nil,
    answering: [String] = [], observation: Int64? = nil
) -> ConversationMessage {
    var message = ConversationMessage(.incoming, by: .shopper, at: moment, text: text, channel: .mailbox)
    message.sender = sender
    message.recipient = "hello@juniperfig.example"
    message.messageID = mail
    message.references = answering
    message.observationID = observation
    message.subject = "My order"
    var understood = Understood()
    understood.asks = ["where_is_my_order"]
    understood.mood = "upset"
    understood.language = "en"
    understood.confidence = 0.875
    understood.isCertain = true
    understood.author = "built-in 1"
    message.understood = understood
    return message
}

private func opening(
    with address: String = "robin@example.com", about order: Int? = nil, at moment: Moment = t0
) -> ConversationRecord {
    var record = ConversationRecord(shop: shop, channel: .mailbox, openedAt: moment)
    record.address = address
    record.name = address.hasPrefix("robin") ? "Robin" : nil
    record.subject = "My order"
    record.orderID = order.map { facts($0).id }
    return record
}

extension Store {
    fileprivate func conversation(_ id: Int64, now: Moment = t0) async throws -> ConversationRecord {
        try #require(try await conversations([id], shop: shop, now: now)[id])
    }

    /// Stores a message in a conversation, or in a new one, and returns the conversation.
    @discardableResult
    fileprivate func receive(
        _ message: ConversationMessage, into id: Int64? = nil, about order: Int? = nil, answers: Bool = true
    ) async throws -> ConversationRecord {
        var record: ConversationRecord?
        if let id { record = try await conversation(id, now: message.at) }
        let change = ConversationRules.receive(
            message, into: record, opening: opening(with: message.sender ?? "", about: order, at: message.at),
            answers: answers, now: message.at)
        let written = try #require(try await commit(change, now: message.at))
        return try await conversation(written.id, now: message.at)
    }

    /// An answer to a conversation's newest message, as the planner would make it.
    fileprivate func answer(
        _ record: ConversationRecord, state: Effect.State = .ready, reason: Reason? = nil, line: String = "answer",
        isContact: Bool = true, reads: Bool = true, at now: Moment
    ) async throws -> PlanOutcome {
        let event = try #require(
            try await self.pendingEvents(shop: shop, limit: 99).last { $0.aggregate == record.aggregate })
        var effect = Effect(
            to: line == "answer" ? .mail(shop: shop) : .webhook("helpdesk", shop: shop), isContact: isContact,
            trigger: "where-is-it", line: line, keys: [event.occurrences[0].subject], event: event, dueAt: now,
            createdAt: now, reason: reason)
        effect.state = state
        if state != .waiting { effect.decidedAt = now }
        let message = mail("answer-\(event.id)@juniperfig.example")
        return try await commitPlan(
            [
                Plan(
                    shop: shop,
                    changes: [
                        PlannedChange(
                            effect: effect, note: DecisionNote(at: now, state: state, reason: reason),
                            message: state == .ready ? message : nil)
                    ], reads: reads ? [record.aggregate: record.version] : [:])
            ], now: now)
    }

    /// An effect about an order that waits because a person has its conversation; returns its number.
    fileprivate func hold(_ event: Event, until moment: Moment) async throws -> Int64 {
        let effect = Effect(
            to: .mail(shop: shop), isContact: true, trigger: "delay-alert", line: "email", keys: ["late"], event: event,
            dueAt: moment, createdAt: .at(2), reason: .heldByPerson)
        let outcome = try await commitPlan(
            [Plan(shop: shop, changes: [PlannedChange(effect: effect, note: nil)])], now: .at(2))
        return try #require(outcome.effects.first).id
    }

    /// Has all that is ready accepted.
    fileprivate func sendAll(at now: Moment) async throws {
        let claims = try await claim(.mail(shop: shop), limit: 99, owner: "p", lease: .minutes(5), now: now)
        let begun = try await begin(claims, lease: .minutes(5), now: now).begun
        _ = try await finish(begun.map { AttemptOutcome(claim: $0, verdict: .accepted(receipt: "250")) }, now: now)
    }
}

@Suite("Conversations")
struct ConversationTests {
    @Test("who waits for a person is told once, by the oldest message that nobody answered")
    func unanswered() async throws {
        let store = try await StoreKind.inMemory.make()
        func events() async throws -> [(subject: String, at: Moment)] {
            try await store.pendingEvents(shop: shop, limit: 99).filter { $0.kind == .conversationUnanswered }
                .map { ($0.occurrences[0].subject, $0.happenedAt) }
        }
        // While triggers may answer, nobody waits for a person.
        var record = try await store.receive(said("Where is it?"))
        #expect(try await events().isEmpty)
        var change = try #require(ConversationRules.decide(record, answers: [], now: .at(60)))
        _ = try await store.commit(change, now: .at(60))
        var told = try await events()
        #expect(told.map(\.subject) == ["message:1"] && told.map(\.at) == [t0])
        // She asks again, somebody takes it and gives it back: she waits since then all the same.
        record = try await store.receive(said("Hello?", at: .at(70)), into: record.id)
        change = try #require(ConversationRules.take(record, by: "ana@fig.example"))
        _ = try await store.commit(change, now: .at(80))
        record = try await store.conversation(record.id)
        change = try #require(ConversationRules.give(record, to: nil, team: nil))
        _ = try await store.commit(change, now: .at(90))
        #expect(try await events().count == 1)
        // An answer ends it, and her next words begin anew.
        record = try await store.conversation(record.id)
        let answer = ConversationMessage(
            .outgoing, by: .person("ana@fig.example"), at: .at(100), text: "Soon.", channel: .mailbox)
        _ = try await store.commit(
            ConversationRules.reply(answer, by: "ana@fig.example", in: record, now: .at(100)), now: .at(100))
        record = try await store.receive(said("When?", at: .at(110)), into: record.id)
        told = try await events()
        #expect(told.map(\.subject) == ["message:1", "message:4"])
        #expect(told.last?.at == .at(110) && record.waitsSince == .at(110))
    }

    @Test("counts in how many matters of a year something was delivered and not there")
    func losses() async throws {
        let store = try await StoreKind.inMemory.make()
        var lost = said("It says delivered, and it is not here.")
        lost.understood?.asks = ["delivered_not_received"]
        let first = try await store.receive(lost)
        #expect(first.lossesLastYear == 1)
        #expect(try await store.receive(lost, into: first.id).lossesLastYear == 1, "the same matter")
        lost.at = t0 + .days(100)
        #expect(try await store.receive(lost).lossesLastYear == 2)
        lost.at = t0 + .days(400)
        #expect(try await store.receive(lost).lossesLastYear == 2, "the first is over a year ago")
        #expect(try await store.receive(said("Where is it?", by: "kim@example.com")).lossesLastYear == 0)
    }

    @Test("tags are kept")
    func tags() async throws {
        let store = try await StoreKind.inMemory.make()
        var record = try await store.receive(said("Where is it?"))
        record.tags = ["vip", "a \"late\" one"]
        _ = try await store.commit(ConversationChange(record), now: .at(1))
        #expect(try await store.conversation(record.id).tags == ["vip", "a \"late\" one"])
        #expect(try await store.openConversation(about: facts(1).id, shop: shop) == nil)
        #expect(try await store.conversation(ofEffect: 7, shop: shop) == nil)
    }

    @Test("what a person was told of is told once, only as it was then, and its mail goes with the customer")
    func told() async throws {
        let store = try await StoreKind.inMemory.make()
        let first = try await store.receive(said("Where is it?"), answers: false)
        let second = try await store.receive(said("Blue?", at: .at(1), by: "kim@example.com"), answers: false)
        let (ana, tom) = ("ana@fig.example", "tom@fig.example")
        let untold = try await store.untold(person: ana, shop: shop)
        #expect(untold.map(\.id) == [first.id, second.id] && untold[0].understood?.mood == "upset")
        #expect(untold.map(\.messageID) == [1, 2] && untold.map(\.waitsSince) == [t0, .at(1)])
        #expect(try await store.untold(person: ana, shop: shop, limit: 1).map(\.id) == [first.id])
        func alert(_ key: String) -> SystemMail {
            SystemMail(maker: "alert", key: key, message: mail("\(key)@fig.example"), aggregate: nil, dueAt: .at(2))
        }
        // Somebody takes one of them meanwhile.
        let taken = try #require(ConversationRules.take(second, by: tom))
        _ = try await store.commit(taken, now: .at(2))
        var times = AlertTimes()
        times.mailed = .at(2)
        #expect(
            try await store.tell(alert("a"), of: untold, person: ana, times: times, shop: shop, now: .at(2)) == false)
        #expect(try await store.remembered(.alerts, shop: shop) == nil)
        let left = try await store.untold(person: ana, shop: shop)
        #expect(left.map(\.id) == [first.id])
        #expect(try await store.tell(alert("b"), of: left, person: ana, times: times, shop: shop, now: .at(2)))
        #expect(try await store.untold(person: ana, shop: shop).isEmpty)
        #expect(try await store.untold(person: tom, shop: shop).map(\.id) == [first.id, second.id])
        try await store.note(AlertTimes(), of: tom, shop: shop, now: .at(3))
        #expect(try await store.remembered(.alerts, shop: shop)?.people == [ana: times, tom: AlertTimes()])
        #expect(try await store.outbox(shop: shop, limit: 9).map(\.effect.trigger) == ["alert"])
        _ = try await store.erase(address: "robin@example.com", shop: shop, now: .at(4))
        #expect(try await store.outbox(shop: shop, limit: 9).isEmpty)
        #expect(try await store.untold(person: ana, shop: shop).isEmpty)
    }

    @Test("a conversation is read as it was written, with its event", arguments: StoreKind.allCases)
    func written(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        try await store.placed(1)
        var message = said("Where is it?\n“É”", mail: "a@example.com", answering: ["x@example.com", "y@example.com"])
        message.trust = 1
        message.hasPhoto = true
        message.files = [MessageFile(name: "jam, \"broken\".jpg", type: "image/jpeg", size: 7)]
        let record = try await store.receive(message, about: 1)
        #expect(record.version == 1 && record.state == .undecided && record.decideBy == t0 + .minutes(1))
        #expect(record.waitsSince == t0 && record.messageCount == 1 && record.orderID == facts(1).id)
        #expect(record.address == "robin@example.com" && record.name == "Robin" && record.subject == "My order")
        var expected = message
        expected.id = record.messages[0].id
        #expect(record.messages == [expected])
        let pending = try await store.pendingEvents(shop: shop, limit: 9).filter { $0.aggregate == record.aggregate }
        #expect(pending.map(\.kind) == [.messageReceived])
        #expect(pending[0].occurrences.map(\.subject) == ["message:\(expected.id)"])
        #expect(try await store.versions(of: [record.aggregate], shop: shop) == [record.aggregate: 1])
        #expect(try await store.orders(named: record.title, shop: shop).isEmpty)
        #expect(try await store.conversations([record.id, 99], shop: shop, now: t0).count == 1)
    }

    @Test("a change of an older version is void, and leaves nothing", arguments: StoreKind.allCases)
    func stale(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        let old = try await store.receive(said("one"))
        try await store.receive(said("two", at: .at(1)), into: old.id)
        let late = try #require(ConversationRules.take(old, by: "ada@juniperfig.example"))
        #expect(try await store.commit(late, now: .at(2)) == nil)
        let now = try await store.conversation(old.id)
        #expect(now.version == 2 && now.state == .undecided && now.messages.map(\.text) == ["one", "two"])
        #expect(now.questionsLast30Days == 2)
        let after = try await store.conversation(old.id, now: .at(0) + .days(31))
        #expect(after.questionsLast30Days == 0)
    }

    @Test("a mail that is judged twice is one message", arguments: StoreKind.allCases)
    func once(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        let raw = RawObservation(
            shop: shop, source: "mailbox", externalID: "1", receivedAt: t0, kind: "mail", bytes: [1])
        let kept = try #require(try await store.keep([raw], now: t0).first)
        let change = ConversationRules.receive(
            said("hello", observation: kept.id), into: nil, opening: opening(), answers: true, now: t0)
        let first = try #require(
            try await store.commit(
                change, judged: [kept], incoming: IncomingOutcome(kept, .person, detail: "a person wrote"), now: t0))
        #expect(first.events.count == 1)
        #expect(try await store.unjudged(shop: shop, source: "mailbox", limit: 9).isEmpty)
        #expect(try await store.incoming(shop: shop, limit: 9).count == 1)
        #expect(try await store.observation(kept.id, shop: shop) == kept)
        #expect(try await store.observation(99, shop: shop) == nil)
        let second = try #require(try await store.commit(change, judged: [kept], now: .at(1)))
        #expect(second.id == first.id && second.events.isEmpty)
        #expect(try await store.conversation(first.id).messageCount == 1)
    }

    @Test(
        "a message finds its conversation by what it answers, else by who wrote what about",
        arguments: StoreKind.allCases)
    func search(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        for number in 1...2 { try await store.placed(number) }
        let first = try await store.receive(said("one", mail: "a@example.com"), about: 1)
        let outcome = try await store.answer(first, at: .at(1))
        let answer = try #require(outcome.effects.first)
        var search = ConversationSearch(shop: shop, channel: .mailbox, since: t0)
        func found() async throws -> Int64? { try await store.conversation(for: search) }
        #expect(try await found() == nil)
        search.effectID = answer.id
        #expect(try await found() == first.id)
        search.effectID = 99
        for reference in ["a@example.com", "answer-\(answer.event?.id ?? 0)@juniperfig.example"] {
            search.references = ["nobody@example.com", reference]
            search.sender = "kim@example.com"
            #expect(try await found() == first.id, "a third party in the thread")
        }
        search.references = []
        #expect(try await found() == nil)
        search.sender = "Robin@Example.com"
        search.orderID = facts(1).id
        #expect(try await found() == first.id)
        search.orderID = facts(2).id
        #expect(try await found() == nil, "another order is another matter")
        search.orderID = nil
        #expect(try await found() == first.id)
        search.channel = .sms
        #expect(try await found() == nil)
        search.channel = .mailbox
        search.since = .at(1)
        #expect(try await found() == nil, "over")
        search.references = ["a@example.com"]
        #expect(try await found() == first.id, "unless she answers")
    }

    @Test("what triggers made of a message is known, and stands in it once it went out", arguments: StoreKind.allCases)
    func answered(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        var record = try await store.receive(said("where is it?"))
        let effect = try #require(try await store.answer(record, at: .at(1)).effects.first)
        #expect(try await store.answers(to: record.messages[0].id, of: record.id, shop: shop).map(\.id) == [effect.id])
        #expect(try await store.answers(to: 99, of: record.id, shop: shop).isEmpty)
        let answers = try await store.answers(to: record.messages[0].id, of: record.id, shop: shop)
        let decided = try #require(ConversationRules.decide(record, answers: answers, now: .at(2)))
        #expect(try await store.commit(decided, now: .at(2))?.events == [])
        record = try await store.conversation(record.id, now: .at(2))
        #expect(record.state == .ours && record.waitsSince == nil && record.answersLastHour == 1)
        #expect(record.messages.count == 1)
        try await store.sendAll(at: .at(10))
        record = try await store.conversation(record.id, now: .at(10))
        #expect(record.messages.map(\.direction) == [.incoming, .outgoing] && record.messageCount == 2)
        #expect(record.messages[1].effectID == effect.id && record.messages[1].author == .bookbag)
        #expect(record.messages[1].text == "Your order" && record.lastAt == .at(10) && record.version == 3)
        let later = try await store.conversation(record.id, now: .at(10) + .hours(2))
        #expect(later.answersLastHour == 0 && later.answersLastDay == 1)
        // Whoever looks at it sees the very mail.
        let view = try #require(try await store.conversationView(record.id, shop: shop))
        #expect(view.mails[effect.id]?.bytes == Array("Hello".utf8) && view.messages.count == 2)
        // Sent again by hand, it is still one.
        _ = try await store.sendAgain(.mail(shop: shop), since: t0, until: .at(99), now: .at(11))
        try await store.sendAll(at: .at(12))
        record = try await store.conversation(record.id, now: .at(12))
        #expect(record.messageCount == 2)
    }

    @Test("taking over and falling silent are one commit: whichever comes second is void")
    func race() async throws {
        let store = try await StoreKind.inMemory.make()
        // The person first.
        var record = try await store.receive(said("where is it?"))
        let take = try #require(ConversationRules.take(record, by: "ada@juniperfig.example"))
        let events = try #require(try await store.commit(take, now: .at(1))).events
        #expect(events.map(\.kind) == [.conversationTakenOver, .conversationUnanswered])
        #expect(try await store.answer(record, at: .at(2)).outdated == [0])
        #expect(try await store.outbox(shop: shop, limit: 9).isEmpty)
        // The plan first: it is ready, but it does not begin.
        record = try await store.receive(said("and mine?", by: "kim@example.com"))
        #expect(try await store.answer(record, at: .at(3)).stale.isEmpty)
        var claims = try await store.claim(.mail(shop: shop), limit: 9, owner: "p", lease: .minutes(5), now: .at(4))
        claims[0].reads = [record.aggregate: record.version]
        let taken = try #require(ConversationRules.take(record, by: "ada@juniperfig.example"))
        #expect(try await store.commit(taken, now: .at(5)) != nil)
        let begun = try await store.begin(claims, lease: .minutes(5), now: .at(6))
        #expect(begun.begun.isEmpty && begun.outdated.count == 1)
    }

    /// Messages, take-overs, closings, plans and attempts in any order. A journal beside the store knows the versions.
    @Test(
        "random interleavings: no answer that was judged before a take-over begins after it",
        arguments: 0..<60 as Range<UInt64>)
    func interleavings(_ seed: UInt64) async throws {
        var dice = Dice(seed: seed)
        let store = try await StoreKind.inMemory.make()
        let id = try await store.receive(said("first")).id
        var judged: [ConversationRecord] = []
        var claims: [Claim] = []
        for step in 1..<50 {
            let now = Moment.at(step)
            let record = try await store.conversation(id, now: now)
            switch Int.random(in: 0..<7, using: &dice) {
            case 0: try await store.receive(said("again", at: now), into: id)
            case 1:
                if let change = ConversationRules.take(record, by: "ada@juniperfig.example") {
                    #expect(try await store.commit(change, now: now) != nil)
                }
            case 2:
                if let change = ConversationRules.close(record, because: .done, now: now) {
                    #expect(try await store.commit(change, now: now) != nil)
                }
            case 3: judged.append(record)
            case 4 where !judged.isEmpty:
                let old = judged.remove(at: Int.random(in: 0..<judged.count, using: &dice))
                let outcome = try await store.answer(old, at: now)
                #expect(outcome.outdated.isEmpty == (old.version == record.version))
                if outcome.outdated.isEmpty, !outcome.effects.isEmpty { #expect(old.state == record.state) }
            case 5:
                var new = try await store.claim(
                    .mail(shop: shop), limit: 1, owner: "p", lease: .minutes(30), now: now)
                for index in new.indices { new[index].reads = record.aggregateVersion }
                claims += new
            case 6 where !claims.isEmpty:
                let claim = claims.removeFirst()
                let outcome = try await store.begin([claim], lease: .minutes(30), now: now)
                #expect(outcome.begun.isEmpty == (claim.reads != record.aggregateVersion))
                if !outcome.begun.isEmpty {
                    _ = try await store.finish(
                        [AttemptOutcome(claim: outcome.begun[0], verdict: .accepted(receipt: ""))], now: now)
                }
            default: break
            }
        }
        // What is counted is what is there.
        let record = try await store.conversation(id, now: .at(60))
        let messages = try await store.messages(of: id, shop: shop, limit: 200)
        #expect(record.messageCount == messages.count)
        let sent = try await store.outbox(shop: shop, states: [.sent], limit: 99).count
        #expect(messages.count { $0.direction == .outgoing } == sent)
    }

    @Test(
        "drafts stay with who takes it over, and go with an answer; what systems are told does not",
        arguments: StoreKind.allCases)
    func withdrawn(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        let record = try await store.receive(said("where is it?"))
        let draft = try #require(
            try await store.answer(record, state: .waiting, reason: .draft, at: .at(1)).effects.first)
        let ticket = try #require(
            try await store.answer(
                record, state: .waiting, reason: .wait, line: "webhook:helpdesk", isContact: false, at: .at(1)
            ).effects.first)
        var lines = try await store.inbox(shop: shop, list: .drafts)
        #expect(lines.map(\.id) == [record.id])
        let take = try #require(ConversationRules.take(record, by: "ada@juniperfig.example"))
        #expect(try await store.commit(take, now: .at(2)) != nil)
        #expect(try await store.effect(draft.id)?.state == .waiting)
        let taken = try await store.conversation(record.id, now: .at(2))
        let words = ConversationMessage(
            .outgoing, by: .person("ada@juniperfig.example"), at: .at(2), text: "On its way.", channel: .mailbox)
        let reply = ConversationRules.reply(words, by: "ada@juniperfig.example", in: taken, now: .at(2))
        #expect(try await store.commit(reply, now: .at(2)) != nil)
        let gone = try #require(try await store.effect(draft.id))
        #expect(gone.state == .withdrawn && gone.reason == .heldByPerson)
        #expect(try await store.effect(ticket.id)?.state == .waiting)
        lines = try await store.inbox(shop: shop, list: .drafts)
        #expect(lines.isEmpty)
        #expect(try await store.effectStory(draft.id)?.story.decisions.map(\.state) == [.waiting, .withdrawn])
        #expect(try await store.status(now: .at(2)).shops[0].effects == [.waiting: 1, .withdrawn: 1])
    }

    @Test(
        "while a person has a conversation about an order, news of it waits: what was decided before is void, and what waited is judged again",
        arguments: StoreKind.allCases)
    func newsWaits(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        let placed = try await store.placed(1)
        let id = facts(1).id
        var record = try await store.receive(said("where is it?"), about: 1)
        func question(_ stream: MailStream, about order: String?) -> HistoryQuestion {
            HistoryQuestion(
                shop: shop, orderID: order, subject: .order, address: "robin@example.com", customerID: nil,
                stream: stream)
        }
        func withPerson(_ stream: MailStream, about order: String?) async throws -> Bool {
            try await store.history(for: [question(stream, about: order)], now: .at(9))[0].isWithPerson
        }
        let before = try await store.versions(of: [.order(id)], shop: shop)
        #expect(try await !withPerson(.order, about: id))
        let take = try #require(ConversationRules.take(record, by: "ada@juniperfig.example"))
        #expect(try await store.commit(take, now: .at(2)) != nil)
        #expect(try await withPerson(.order, about: id))
        // It is about an order: marketing that is about none goes on.
        #expect(try await !withPerson(.marketing, about: nil))
        let held = try await store.versions(of: [.order(id)], shop: shop)
        #expect(held != before)
        let waits = try await store.hold(placed, until: .at(90_000))
        record = try await store.conversation(record.id, now: .at(3))
        let close = try #require(ConversationRules.close(record, because: .done, now: .at(3)))
        #expect(try await store.commit(close, now: .at(3)) != nil)
        #expect(try await !withPerson(.order, about: id))
        #expect(try await store.effect(waits)?.dueAt == .at(3))
        // About no order, it is the address that counts, for what she did not order.
        record = try await store.receive(said("a question", at: .at(4)), answers: false)
        #expect(record.orderID == nil && record.isPersons)
        #expect(try await withPerson(.marketing, about: nil))
        #expect(try await withPerson(.ratings, about: id))
        #expect(try await !withPerson(.order, about: id))
    }

    @Test("a message about an order follows those of other conversations about it", arguments: StoreKind.allCases)
    func askedElsewhere(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        _ = try await store.placed(1)
        let first = try await store.receive(said("where is it?", at: .at(10)), about: 1)
        let said = try #require(first.messages.last)
        func isAsked(in talk: Int64, before message: Int64, at moment: Moment = .at(10)) async throws -> Bool {
            var question = HistoryQuestion(
                shop: shop, orderID: facts(1).id, subject: .order, address: "robin@example.com", customerID: nil)
            #expect(try await !store.history(for: [question], now: .at(9))[0].isAskedElsewhere)
            question.asked = HistoryQuestion.Asked(conversation: talk, message: message, at: moment)
            return try await store.history(for: [question], now: .at(9))[0].isAskedElsewhere
        }
        let (other, next) = (first.id + 1, said.id + 1)
        // A mail has whole seconds: what was said before it may be of a later moment.
        #expect(try await isAsked(in: other, before: next, at: .at(9)))
        // Not by itself, nor by what came after it, nor for longer than seven days.
        #expect(try await !isAsked(in: first.id, before: next))
        #expect(try await !isAsked(in: other, before: said.id))
        #expect(try await isAsked(in: other, before: next, at: said.at + ConversationRules.followUp))
        let late = said.at + ConversationRules.followUp + .seconds(1)
        #expect(try await !isAsked(in: other, before: next, at: late))
        // A person's answer is none of her messages.
        let answer = ConversationMessage(
            .outgoing, by: .person("ada@juniperfig.example"), at: .at(20), text: "It comes.", channel: .mailbox)
        let replied = ConversationRules.reply(answer, by: "ada@juniperfig.example", in: first, now: .at(20))
        #expect(try await store.commit(replied, now: .at(20)) != nil)
        #expect(try await !isAsked(in: other, before: next + 9, at: late))
    }

    @Test("a person's answer is mail and message in one step, and only once", arguments: StoreKind.allCases)
    func reply(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        let record = try await store.receive(said("where is it?"))
        let words = ConversationMessage(
            .outgoing, by: .person("ada@juniperfig.example"), at: .at(5), text: "Tomorrow.", channel: .mailbox)
        func change(_ record: ConversationRecord) -> ConversationChange {
            var change = ConversationRules.reply(words, by: "ada@juniperfig.example", in: record, now: .at(5))
            change.mails = [
                ConversationMail(
                    .person, maker: "reply", key: "form-1", message: mail("reply-1@juniperfig.example"), dueAt: .at(15),
                    carries: 0),
                ConversationMail(
                    .system, maker: "forwarded", key: "f-1", message: mail("f-1@juniperfig.example", to: "a@b.example"),
                    dueAt: .at(5)),
            ]
            return change
        }
        #expect(try await store.commit(change(record), now: .at(5)) != nil)
        let after = try await store.conversation(record.id)
        #expect(after.state == .person && after.holder == "ada@juniperfig.example" && after.waitsSince == nil)
        let sent = try #require(after.messages.last)
        #expect(sent.author == .person("ada@juniperfig.example") && sent.messageID == "reply-1@juniperfig.example")
        let number = try #require(sent.effectID)
        let effect = try #require(try await store.effect(number))
        #expect(effect.origin == .person && effect.dueAt == .at(15) && effect.aggregate == record.aggregate)
        #expect(try await store.commit(change(after), now: .at(6)) == nil)
        #expect(try await store.conversation(record.id).messageCount == 2)
        let claims = try await store.claim(.mail(shop: shop), limit: 9, owner: "p", lease: .minutes(1), now: .at(6))
        #expect(claims.map(\.effect.trigger) == ["forwarded"], "it can be taken back for a while")
        // Whoever answers that mail answers the conversation.
        var search = ConversationSearch(shop: shop, channel: .mailbox, since: .at(99))
        search.effectID = effect.id
        #expect(try await store.conversation(for: search) == record.id)
    }

    @Test("time alone: the minute, a snooze, and letting go", arguments: StoreKind.allCases)
    func due(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        func due(_ now: Moment, quietSince: Moment = .distantPast) async throws -> [Int64] {
            try await store.dueConversations(shop: shop, quietSince: quietSince, limit: 9, now: now)
        }
        #expect(try await store.nextConversation(shop: shop) == nil)
        let first = try await store.receive(said("one"))
        let second = try await store.receive(said("two", at: .at(1), by: "kim@example.com"))
        #expect(try await store.undecidedConversations(shop: shop, limit: 9) == [first.id, second.id])
        #expect(try await store.nextConversation(shop: shop) == .at(60))
        #expect(try await due(.at(60)) == [first.id])
        let put = try #require(
            ConversationRules.snooze(first, until: .at(500), by: "ada@juniperfig.example", now: .at(2)))
        #expect(try await store.commit(put, now: .at(2)) != nil)
        let over = try #require(ConversationRules.decide(second, answers: [], now: .at(61)))
        #expect(
            try await store.commit(over, now: .at(61))?.events.map(\.kind)
                == [.conversationHandedOver, .conversationUnanswered])
        #expect(try await store.undecidedConversations(shop: shop, limit: 9).isEmpty)
        #expect(try await store.nextConversation(shop: shop) == .at(500))
        #expect(try await due(.at(500), quietSince: .at(499)) == [first.id], "somebody waits in the other")
        let words = ConversationMessage(
            .outgoing, by: .person("ada@juniperfig.example"), at: .at(70), text: "So.", channel: .mailbox)
        let held = try await store.conversation(second.id)
        let reply = ConversationRules.reply(words, by: "ada@juniperfig.example", in: held, now: .at(70))
        #expect(try await store.commit(reply, now: .at(70)) != nil)
        #expect(try await due(.at(100), quietSince: .at(69)).isEmpty)
        #expect(try await due(.at(500), quietSince: .at(70)) == [first.id, second.id])
    }

    @Test("a clock that ran ahead is put back for conversations too", arguments: StoreKind.allCases)
    func clock(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        let ahead = try await store.receive(said("from the future", at: .at(9_000)))
        #expect(try await store.putClockBack(to: .at(10)) == .at(9_000))
        let record = try await store.conversation(ahead.id, now: .at(10))
        #expect(record.lastAt == .at(10) && record.decideBy == .at(10) && record.waitsSince == .at(10))
        #expect(record.version > ahead.version && record.messages[0].at == .at(10))
    }

    @Test("whoever is erased is erased with what she said, and what others said of her", arguments: StoreKind.allCases)
    func erased(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        try await store.placed(1)
        let raw = RawObservation(
            shop: shop, source: "mailbox", externalID: "1", receivedAt: t0, kind: "mail",
            bytes: Array("robin wrote".utf8))
        let kept = try #require(try await store.keep([raw], now: t0).first)
        // About her order; about none; in another's.
        let about = try await store.receive(said("robin here, where is #1?", observation: kept.id), about: 1)
        _ = try await store.answer(about, at: .at(1))
        try await store.sendAll(at: .at(2))
        let alone = try await store.receive(said("robin again", at: .at(50)))
        let other = try await store.receive(said("I am Wren", by: "wren@example.com"))
        try await store.receive(said("I am robin, her friend", at: .at(60)), into: other.id)
        #expect(try await store.conversation(other.id).messageCount == 2)
        let erased = try await store.erase(address: "robin@example.com", shop: shop, now: .at(70))
        #expect(erased == Erased(orders: 1, messages: 1))
        #expect(
            try await Set(store.conversations([about.id, alone.id, other.id], shop: shop, now: .at(70)).keys) == [
                other.id
            ])
        #expect(try await store.conversation(other.id).messages.map(\.text) == ["I am Wren"])
        #expect(try await store.conversation(other.id).messageCount == 1)
        // By whole names: two letters may stand in a random key by chance.
        #expect(
            try await store.cells {
                $0.lowercased().contains("robin") || $0 == "#1" || $0.contains(" #1")
            }.isEmpty)
        #expect(try await !store.cells { $0.contains("Wren") }.isEmpty)
    }
}

extension ConversationRecord {
    fileprivate var aggregateVersion: ReadVersions { [aggregate: version] }
}

@Suite("The lists of conversations")
struct InboxTests {
    @Test("each list has its own, who waits longest first, in pages", arguments: StoreKind.allCases)
    func lists(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        try await store.placed(1)
        func ids(_ list: InboxList, after place: InboxPlace? = nil, limit: Int = 50) async throws -> [Int64] {
            try await store.inbox(shop: shop, list: list, after: place, limit: limit).map(\.id)
        }
        var all: [ConversationRecord] = []
        for index in 0..<5 {
            all.append(
                try await store.receive(
                    said("words \(index)", at: .at(100 - index), by: "p\(index)@example.com"),
                    about: index == 0 ? 1 : nil, answers: false))
        }
        #expect(try await ids(.needsPerson) == [all[4], all[3], all[2], all[1], all[0]].map(\.id))
        let page = try await store.inbox(shop: shop, list: .needsPerson, limit: 2)
        #expect(page.map(\.id) == [all[4].id, all[3].id])
        #expect(try await ids(.needsPerson, after: page[1].place, limit: 2) == [all[2].id, all[1].id])
        let first = try #require(try await store.inbox(shop: shop, list: .needsPerson).last)
        #expect(first.orderName == "#1" && first.lastWords == "words 0" && first.mood == "upset")
        #expect(first.lastDirection == .incoming && first.waitsSince == .at(100) && first.reason == .nobodyAnswers)
        #expect(first.address == "p0@example.com" && first.state == .person && first.holder == nil)
        let ada = "ada@juniperfig.example"
        for (index, change) in [
            ConversationRules.take(all[0], by: ada), ConversationRules.take(all[1], by: ada),
            ConversationRules.snooze(all[2], until: .at(999), by: ada, now: .at(200)),
            ConversationRules.close(all[3], because: .done, now: .at(200)),
        ].enumerated() {
            #expect(try await store.commit(try #require(change), now: .at(200 + index)) != nil)
        }
        #expect(try await ids(.needsPerson) == [all[4].id])
        #expect(try await ids(.mine(ada)) == [all[1].id, all[0].id])
        #expect(try await ids(.mine("kim@juniperfig.example")).isEmpty)
        #expect(try await ids(.snoozed) == [all[2].id])
        #expect(try await ids(.closed) == [all[3].id])
        #expect(try await ids(.all) == all.map(\.id))
        let newest = try await store.inbox(shop: shop, list: .all, limit: 2)
        #expect(try await ids(.all, after: newest[1].place) == all[2...].map(\.id))
        let held = try await store.conversations([all[1].id], shop: shop, now: .at(300))
        let words = ConversationMessage(.outgoing, by: .person(ada), at: .at(300), text: "So.", channel: .mailbox)
        let reply = ConversationRules.reply(words, by: ada, in: try #require(held[all[1].id]), now: .at(300))
        #expect(try await store.commit(reply, now: .at(300)) != nil)
        #expect(try await ids(.mine(ada)) == [all[0].id, all[1].id], "who waits before who does not")
        let counts = try await store.inboxCounts(shop: shop, person: ada)
        #expect(counts.needsPerson == 1 && counts.mine == 2 && counts.snoozed == 1 && counts.drafts == 0)
        #expect(
            try await store.conversations(ofOrder: OrderKey(shop: shop, orderID: facts(1).id)).map(\.id) == [all[0].id])
        #expect(try await store.conversations(ofOrder: OrderKey(shop: shop, orderID: "none")).isEmpty)
        let keys = [store.addressKey("P1@example.com"), store.addressKey("p3@example.com")]
        #expect(try await store.conversations(ofAddressKeys: keys, shop: shop).map(\.id) == [all[1].id, all[3].id])
        let messages = try await store.messages(of: all[1].id, shop: shop)
        #expect(messages.map(\.text) == ["words 1", "So."])
        #expect(try await store.messages(of: all[1].id, shop: shop, before: messages[1].id).map(\.text) == ["words 1"])
    }

    @Test("a conversation with two drafts stands once among the drafts", arguments: StoreKind.allCases)
    func drafts(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        var ids: [Int64] = []
        for index in 0..<3 {
            let record = try await store.receive(said("words", at: .at(index), by: "p\(index)@example.com"))
            ids.append(record.id)
            #expect(try await store.answer(record, state: .waiting, reason: .draft, at: .at(9)).effects.count == 1)
        }
        let again = try await store.receive(said("more", at: .at(10), by: "p0@example.com"), into: ids[0])
        #expect(try await store.answer(again, state: .waiting, reason: .several, at: .at(11)).effects.count == 1)
        let page = try await store.inbox(shop: shop, list: .drafts, limit: 2)
        #expect(page.map(\.id) == [ids[0], ids[1]])
        let next = try await store.inbox(shop: shop, list: .drafts, after: page[1].place)
        #expect(next.map(\.id) == [ids[2]])
        #expect(try await store.inboxCounts(shop: shop, person: "x").drafts == 3)
    }
}

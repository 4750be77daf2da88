import Outreach
import Testing

@testable import Store

private let ada = "ada@juniperfig.example"

extension Store {
    /// A question of Robin's, and what a trigger makes of it.
    fileprivate func question(
        _ number: Int, intent: String = "where_is_my_order", state: Effect.State = .ready, at now: Moment = t0
    ) async throws -> (record: ConversationRecord, effect: Effect) {
        var message = ConversationMessage(
            .incoming, by: .shopper, at: now, text: "Where is it?", channel: .mailbox)
        message.sender = "robin\(number)@example.com"
        var understood = Understood()
        (understood.asks, understood.language, understood.author) = ([intent], "en", "built-in 1")
        message.understood = understood
        var opening = ConversationRecord(shop: shop, channel: .mailbox, openedAt: now)
        opening.address = message.sender
        let change = ConversationRules.receive(message, into: nil, opening: opening, answers: true, now: now)
        let id = try #require(try await commit(change, now: now)).id
        let record = try #require(try await conversations([id], shop: shop, now: now)[id])
        let event = try #require(
            try await pendingEvents(shop: shop, limit: 999).last { $0.aggregate == record.aggregate })
        var effect = Effect(
            to: .mail(shop: shop), isContact: false, trigger: "where", line: "answer", keys: ["\(event.id)"],
            event: event, dueAt: now, createdAt: now, reason: state == .waiting ? .draft : nil)
        effect.state = state
        if state != .waiting { effect.decidedAt = now }
        let outcome = try await commitPlan(
            [
                Plan(
                    shop: shop, doneEvents: [event.id],
                    changes: [
                        PlannedChange(
                            effect: effect, note: DecisionNote(at: now, state: state, reason: effect.reason),
                            message: state == .waiting ? nil : mail("answer-\(event.id)@juniperfig.example"))
                    ])
            ], now: now)
        return (record, try #require(outcome.effects.first))
    }

    /// The relay takes what is due.
    fileprivate func sendAll(at now: Moment) async throws {
        let claims = try await claim(.mail(shop: shop), limit: 200, owner: "p", lease: .minutes(5), now: now)
        let begun = try await begin(claims, lease: .minutes(5), now: now).begun
        _ = try await finish(begun.map { AttemptOutcome(claim: $0, verdict: .accepted(receipt: "250")) }, now: now)
    }

    fileprivate func proof(_ intent: String = "where_is_my_order") async throws -> AnswerProof {
        (try await remembered(.answerProofs, shop: shop) ?? AnswerProofs())[intent, "en", "built-in 1"]
    }

    fileprivate func judge(_ effect: Int64, _ isRight: Bool, by judge: AnswerVerdict.Judge, at now: Moment) async throws
    {
        try await self.judge(
            AnswerVerdict(of: effect, isRight: isRight, by: judge), shop: shop,
            audit: AuditEntry(who: ada, shop: shop, what: "judged"), now: now)
    }

    /// Somebody sends a draft in a person's mail.
    fileprivate func approve(
        _ question: (record: ConversationRecord, effect: Effect), isRight: Bool, at now: Moment
    ) async throws -> Int64 {
        let words = ConversationMessage(.outgoing, by: .person(ada), at: now, text: "Tomorrow.", channel: .mailbox)
        var change = ConversationRules.reply(words, by: ada, in: question.record, now: now)
        change.withdraws = .answeredByPerson
        change.mails = [
            ConversationMail(
                .person, maker: "reply", key: "r\(question.record.id)",
                message: mail("r\(question.record.id)@juniperfig.example"), dueAt: now + .seconds(10), carries: 0)
        ]
        let verdict = AnswerVerdict(of: question.effect.id, isRight: isRight, by: .draft)
        _ = try #require(
            try await commit(
                change, audit: AuditEntry(who: ada, shop: shop, what: "approved"), verdict: verdict, now: now))
        let view = try #require(try await conversationView(question.record.id, shop: shop))
        return try #require(view.effects.first { $0.origin == .person }).id
    }
}

@Suite("What is said of answers")
struct AnswersTests {
    @Test("one in ten of those that went out is drawn, the same ones each time", arguments: StoreKind.allCases)
    func drawn(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        var effects: [Int64] = []
        for number in 0..<100 { effects.append(try await store.question(number).effect.id) }
        #expect(try await store.answersToReview(shop: shop, limit: 200).isEmpty, "nothing went out")
        try await store.sendAll(at: .at(5))
        let drawn = try await store.answersToReview(shop: shop, limit: 200)
        #expect((2...22).contains(drawn.count), "\(drawn.count) of 100")
        let key = store.hash.derived("\(AnswerReview.keyPurpose) \(shop)")
        #expect(drawn.map(\.effect) == effects.filter { AnswerReview.draws(effect: $0, key: key) })
        let first = try #require(drawn.first)
        #expect(first.words == "Where is it?" && first.intent == "where_is_my_order" && first.mail != nil)
        #expect(try await store.inboxCounts(shop: shop, person: ada).review == drawn.count)
        let rest = try await store.answersToReview(shop: shop, after: first.effect, limit: 200)
        #expect(rest == Array(drawn.dropFirst()))
        try await store.judge(first.effect, true, by: .review, at: .at(6))
        #expect(try await store.answersToReview(shop: shop, limit: 200) == rest)
        #expect(try await store.proof().right == 1)
    }

    @Test(
        "an answer counts once, whoever says so; wrong beats right and stays", arguments: StoreKind.allCases)
    func once(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        let (_, effect) = try await store.question(1)
        try await store.sendAll(at: .at(5))
        try await store.judge(effect.id, true, by: .review, at: .at(6))
        try await store.judge(effect.id, true, by: .button, at: .at(7))
        #expect(try await store.proof().recent == [true])
        try await store.judge(effect.id, false, by: .rating, at: .at(8))
        for judge in [AnswerVerdict.Judge.button, .desk, .rating] {
            try await store.judge(effect.id, false, by: judge, at: .at(9))
        }
        try await store.judge(effect.id, true, by: .review, at: .at(10))
        let proof = try await store.proof()
        #expect(proof.right == 0 && proof.wrong == 1 && proof.recent == [false])
        #expect(try await store.answersToReview(shop: shop, limit: 9).isEmpty)
    }

    @Test(
        "a draft that was sent counts when the mail goes out, and not at all if it is taken back",
        arguments: StoreKind.allCases, [true, false])
    func drafts(_ kind: StoreKind, isRight: Bool) async throws {
        let store = try await kind.make()
        let back = try await store.question(1, state: .waiting)
        let mail = try await store.approve(back, isRight: isRight, at: .at(5))
        let entry = AuditEntry(who: ada, shop: shop, what: "took_back")
        #expect(
            try await store.takeBack(effectID: mail, of: back.record.id, shop: shop, audit: entry, now: .at(7)) != nil)
        try await store.sendAll(at: .at(60))
        #expect(try await store.proof() == AnswerProof())
        let sent = try await store.question(2, state: .waiting, at: .at(70))
        _ = try await store.approve(sent, isRight: isRight, at: .at(75))
        #expect(try await store.proof() == AnswerProof())
        try await store.sendAll(at: .at(90))
        #expect(try await store.proof().recent == [isRight])
        #expect(try await store.answersToReview(shop: shop, limit: 9).isEmpty, "a person has seen it")
    }

    @Test("what a button says is written with what it changes, or not at all", arguments: StoreKind.allCases)
    func pressed(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        let (record, effect) = try await store.question(1)
        #expect(try await store.answerStanding(effect.id + 7, shop: shop) == nil)
        var standing = try #require(try await store.answerStanding(effect.id, shop: shop))
        #expect(standing.conversation == record.id && standing.language == "en" && standing.pressed == nil)
        guard
            case .change(let change?) = ConversationRules.press(
                .person, message: standing.message, in: record, now: .at(5))
        else { throw CancellationError() }
        var stale = change
        stale.record.version += 1
        #expect(try await store.press(.person, on: standing, stale, shop: shop, now: .at(6)) == nil)
        #expect(try await store.proof() == AnswerProof())
        let events = try await store.press(.person, on: standing, change, shop: shop, now: .at(7))
        #expect(events?.map(\.kind) == [.conversationHandedOver, .conversationUnanswered])
        standing = try #require(try await store.answerStanding(effect.id, shop: shop))
        #expect(standing.pressed == .person)
        #expect(try await store.proof().wrong == 1)
        #expect(try await store.press(.person, on: standing, nil, shop: shop, now: .at(8)) == [])
        // Drawn or not, it has its verdict, and goes with whom it is of.
        try await store.sendAll(at: .at(9))
        #expect(try await store.answersToReview(shop: shop, limit: 9).isEmpty)
        _ = try await store.erase(address: "robin1@example.com", shop: shop, now: .at(10))
        #expect(try await store.answerStanding(effect.id, shop: shop) == nil)
    }

    @Test("a kind of question goes live by verdicts, and back to drafts by four wrong ones of the last 40")
    func proofs() async throws {
        let store = try await StoreKind.inMemory.make()
        var effects: [Int64] = []
        for number in 0..<60 { effects.append(try await store.question(number).effect.id) }
        try await store.sendAll(at: .at(1))
        for effect in effects.prefix(28) { try await store.judge(effect, true, by: .review, at: .at(2)) }
        #expect(try await !store.proof().isLive)
        try await store.judge(effects[28], true, by: .button, at: .at(3))
        #expect(try await store.proof().isLive)
        for effect in effects[29..<32] { try await store.judge(effect, false, by: .button, at: .at(4)) }
        #expect(try await store.proof().isLive)
        // One that had counted as right is the fourth.
        try await store.judge(effects[0], false, by: .rating, at: .at(5))
        #expect(try await !store.proof().isLive)
    }
}

@Suite("The figures of conversations")
struct ConversationFiguresTests {
    private let today = Zone.utc.day(at: t0)

    private func sums(_ store: Store, to days: Int = 9) async throws -> [String: Int64] {
        let names: Set<TallyName> = [.questions, .firstAnswers, .closings, .handOvers, .verdicts]
        let all = try await store.tallySums(shop: shop, from: today, to: today.adding(days: days))
        return all.filter { names.contains($0.name) && $0.n != 0 }.reduce(into: [:]) { sums, sum in
            sums["\(sum.name.rawValue) \(sum.a) \(sum.b)".trimmed] = sum.n
        }
    }

    private func record(_ store: Store, _ id: Int64) async throws -> ConversationRecord {
        let all = try await store.conversations([id], shop: shop, now: t0)
        return try #require(all[id])
    }

    /// Writes a change of a conversation as the daemon does.
    private func write(_ change: ConversationChange?, _ store: Store, at now: Moment) async throws {
        let change = try #require(change)
        _ = try #require(try await store.commit(change, now: now))
    }

    @Test("an answer of a trigger that is confirmed, or not, and what opens it again", arguments: StoreKind.allCases)
    func alone(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        let (opened, effect) = try await store.question(1)
        #expect(try await sums(store) == ["questions unclear": 1], "it was not certain")
        try await store.sendAll(at: .at(20))
        #expect(try await sums(store)["first_answers bookbag 01"] == 1)
        let answered = try await record(store, opened.id)
        let sent = try #require(try await store.effect(effect.id))
        try await write(
            ConversationRules.decide(answered, answers: [sent], now: .at(21)), store, at: .at(21))
        var now = try await record(store, opened.id)
        try await write(ConversationRules.close(now, because: .quiet, now: .at(30)), store, at: .at(30))
        #expect(try await sums(store)["closings quiet first"] == 1)
        // She writes again: it had not ended.
        now = try await record(store, opened.id)
        var message = ConversationMessage(.incoming, by: .shopper, at: .at(40), text: "And?", channel: .mailbox)
        message.sender = "robin1@example.com"
        try await write(
            ConversationRules.receive(message, into: now, opening: now, answers: false, now: .at(40)), store,
            at: .at(40))
        var all = try await sums(store)
        #expect(all["closings quiet first"] == nil && all["closings reopened"] == 1)
        #expect(all["hand_overs nobody_answers"] == 1 && all["questions unclear"] == 2)
        now = try await record(store, opened.id)
        try await write(ConversationRules.close(now, because: .done, now: .at(50)), store, at: .at(50))
        all = try await sums(store)
        #expect(all["closings person"] == 1 && all["first_answers bookbag 01"] == 1)
        // What is read for the story alone counts nowhere.
        message.at = .at(60)
        try await write(
            ConversationRules.receive(
                message, into: nil, opening: opened, isSilent: true, answers: true, now: .at(60)
            ).fresh, store, at: .at(60))
        #expect(try await sums(store) == all)
    }

    @Test("a person's first answer counts, and no longer once it is taken back", arguments: StoreKind.allCases)
    func takenBack(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        let asked = try await store.question(1, state: .waiting)
        let mail = try await store.approve(asked, isRight: true, at: .at(100))
        #expect(try await sums(store)["first_answers person 03"] == 1)
        let entry = AuditEntry(who: ada, shop: shop, what: "took_back")
        _ = try await store.takeBack(effectID: mail, of: asked.record.id, shop: shop, audit: entry, now: .at(105))
        #expect(try await sums(store) == ["questions unclear": 1])
        let words = ConversationMessage(.outgoing, by: .person(ada), at: .at(200), text: "Soon.", channel: .mailbox)
        let now = try await record(store, asked.record.id)
        try await write(
            ConversationRules.replyAndClose(words, by: ada, in: now, now: .at(200)), store, at: .at(200))
        let all = try await sums(store)
        #expect(all["first_answers person 04"] == 1 && all["closings person first"] == 1)
    }

    @Test("a verdict counts on its day, and moves when it is called wrong", arguments: StoreKind.allCases)
    func verdicts(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        let (_, effect) = try await store.question(1)
        try await store.sendAll(at: .at(5))
        try await store.judge(effect.id, true, by: .button, at: .at(6))
        #expect(try await sums(store, to: 0)["verdicts where_is_my_order live right"] == 1)
        let later = t0 + .days(2)
        try await store.judge(effect.id, false, by: .desk, at: later)
        #expect(try await sums(store, to: 0)["verdicts where_is_my_order live right"] == nil)
        #expect(try await sums(store)["verdicts where_is_my_order live wrong"] == 1)
    }

    @Test(
        "how it ended: confirmed by the button or by thanks, quiet, or a person's",
        arguments: [
            (ConversationReason.helped, ["where_is_my_order"], false, "confirmed", true),
            (.quiet, ["where_is_my_order", "thanks"], false, "confirmed", true),
            (.quiet, ["where_is_my_order"], false, "quiet", true),
            (.quiet, ["where_is_my_order", "refund_status"], false, "quiet", false),
            (.done, ["where_is_my_order"], true, "person", true),
        ])
    func outcomes(
        _ reason: ConversationReason, _ asks: [String], _ hasPerson: Bool, _ outcome: String, _ isFirst: Bool
    ) {
        var record = ConversationRecord(shop: shop, channel: .mailbox, openedAt: t0)
        record.reason = reason
        for ask in asks {
            var message = ConversationMessage(.incoming, by: .shopper, at: t0, text: "", channel: .mailbox)
            var understood = Understood()
            understood.asks = [ask]
            message.understood = understood
            record.messages.append(message)
            record.messages.append(
                ConversationMessage(
                    .outgoing, by: hasPerson ? .person(ada) : .bookbag, at: t0, text: "", channel: .mailbox))
        }
        let ended = ConversationOutcome.of(record)
        #expect(ended.outcome.rawValue == outcome && ended.isFirstContact == isFirst)
    }
}

extension String {
    fileprivate var trimmed: String { hasSuffix(" ") ? String(dropLast()) : self }
}

extension ConversationChange {
    /// The same of a conversation that is not there yet.
    fileprivate var fresh: ConversationChange {
        var change = self
        (change.record.id, change.record.version) = (0, 0)
        change.record.state = .closed
        (change.record.closedAt, change.record.waitsSince, change.record.decideBy) = (t0, nil, nil)
        return change
    }
}

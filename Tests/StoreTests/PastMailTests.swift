import Outreach
import Testing

@testable import Store

private let ada = "ada@juniperfig.example"

extension Store {
    /// A letter that was read for the story, with what would have been answered.
    @discardableResult
    func past(
        _ number: Int, intent: String = "where_is_my_order", because: ConversationReason? = nil, at moment: Moment = t0
    ) async throws -> Int64 {
        var message = ConversationMessage(
            .incoming, by: .shopper, at: moment, text: "Where is number \(number)?", channel: .mailbox)
        message.sender = "robin\(number)@example.com"
        var understood = Understood()
        (understood.asks, understood.language, understood.author) = ([intent], "en", "built-in 1")
        message.understood = understood
        var opening = ConversationRecord(shop: shop, channel: .mailbox, openedAt: moment)
        opening.address = message.sender
        var change = ConversationRules.receive(
            message, into: nil, opening: opening, isSilent: true, answers: true, now: moment)
        change.past = PastAnswer(understood, because: because, text: because == nil ? "Here is \(number)." : "")
        return try #require(try await commit(change, now: moment)).id
    }

    fileprivate func judge(_ verdicts: [PastVerdict], at now: Moment = t0) async throws -> Int {
        try await judgePast(
            verdicts, shop: shop, audit: AuditEntry(who: ada, shop: shop, what: "judged_past"), now: now)
    }

    fileprivate func lines(_ intent: String = "where_is_my_order") async throws -> [PastLine] {
        try await pastLines(asking: intent, in: "en", shop: shop, limit: 50)
    }

    fileprivate func proof(_ intent: String = "where_is_my_order") async throws -> AnswerProof {
        (try await remembered(.answerProofs, shop: shop) ?? AnswerProofs())[intent, "en", "built-in 1"]
    }
}

@Suite("Mail from before, to be judged")
struct PastMailTests {
    @Test("is listed by what it asks, and what a person would have had is only counted")
    func lists() async throws {
        let store = try await StoreKind.inMemory.make()
        for number in 1...3 { try await store.past(number, at: .at(number)) }
        try await store.past(4, intent: "invoice")
        try await store.past(5, because: .isFollowUp)
        let lines = try await store.lines()
        #expect(lines.map(\.answer) == ["Here is 3.", "Here is 2.", "Here is 1."])
        #expect(lines[0].words == "Where is number 3?" && lines[0].address == "robin3@example.com")
        let sums = try await store.pastSums(shop: shop)
        #expect(sums.map(\.intent).sorted() == ["invoice", "where_is_my_order", "where_is_my_order"])
        let answered = try #require(sums.first { $0.intent == "where_is_my_order" && $0.because == nil })
        #expect(answered.all == 3 && answered.open == 3 && answered.first == .at(1) && answered.last == .at(3))
        #expect(sums.first { $0.because != nil }?.because == .isFollowUp)
        #expect(try await store.inboxCounts(shop: shop, person: ada).past == 4)
    }

    @Test("counts once each, as drafts do: 29 right ones prove a kind of question, and a wrong one takes more")
    func proofs() async throws {
        let store = try await StoreKind.inMemory.make()
        for number in 1...32 { try await store.past(number) }
        let all = try await store.lines().map(\.message)
        #expect(try await store.judge(all.prefix(28).map { PastVerdict(.right, of: $0) }) == 28)
        #expect(try await store.judge(all.prefix(28).map { PastVerdict(.wrong, of: $0) }) == 0, "each once")
        var proof = try await store.proof()
        #expect(proof.right == 28 && proof.wrong == 0 && !proof.isLive && proof.missing == 1)
        #expect(try await store.judge([PastVerdict(.passed, of: all[28])]) == 1)
        #expect(try await store.proof() == proof, "what is passed by counts nothing")
        #expect(try await store.judge([PastVerdict(.right, of: all[29])]) == 1)
        proof = try await store.proof()
        #expect(proof.isLive)
        #expect(try await store.judge([PastVerdict(.wrong, of: all[30], meant: "invoice")]) == 1)
        #expect(try await store.proof().wrong == 1)
        let sum = try #require(try await store.pastSums(shop: shop).first)
        #expect(sum.all == 32 && sum.open == 1 && sum.right == 29 && sum.wrong == 1)
        let audit = try await store.auditLines(limit: 9)
        #expect(audit.count == 4, "one entry for each time that anything counted")
        // What a person would have had proves nothing.
        let persons = try await store.past(40, because: .unclear)
        #expect(try await store.judge([PastVerdict(.right, of: persons)]) == 0)
        // Nobody was answered on that day.
        let tallies = try await store.read { db in
            try db.integer("SELECT count(*) FROM tallies WHERE name = 'verdicts'") ?? 0
        }
        #expect(tallies == 0)
    }

    @Test("goes with its conversation, and with whoever is erased")
    func erased() async throws {
        let store = try await StoreKind.inMemory.make()
        for number in 1...2 { try await store.past(number) }
        func rows() async throws -> Int64? {
            try await store.read { db in try db.integer("SELECT count(*) FROM past_answers") }
        }
        _ = try await store.erase(address: "robin1@example.com", shop: shop, now: .at(5))
        #expect(try await rows() == 1)
        // What somebody wrote in another's conversation.
        let left = try await store.lines()
        #expect(left.map(\.answer) == ["Here is 2."])
        let other = try #require(left.first)
        let record = try #require(
            try await store.conversations([other.conversation], shop: shop, now: t0)[other.conversation])
        var message = ConversationMessage(
            .incoming, by: .shopper, at: .at(6), text: "And mine?", channel: .mailbox)
        message.sender = "wren@example.com"
        var change = ConversationRules.receive(
            message, into: record, opening: record, isSilent: true, answers: true, now: .at(6))
        change.past = PastAnswer(message.understood, because: nil, text: "Hello Wren.")
        _ = try #require(try await store.commit(change, now: .at(6)))
        #expect(try await rows() == 2)
        _ = try await store.erase(address: "wren@example.com", shop: shop, now: .at(7))
        #expect(try await rows() == 1)
        var retention = Retention.forEver
        retention.conversations = .days(30)
        var step = try await store.retain(retention, shop: shop, now: t0 + .days(60))
        while step.isMore { step = try await store.retain(retention, shop: shop, now: t0 + .days(60)) }
        #expect(try await rows() == 0)
    }
}

import Outreach
import Testing

@testable import Store

private let ada = "ada@juniperfig.example"

extension Store {
    /// A message of Robin's, in a new conversation or a known one.
    fileprivate func wrote(_ text: String, into id: Int64? = nil, at now: Moment = t0) async throws
        -> ConversationRecord
    {
        var message = ConversationMessage(.incoming, by: .shopper, at: now, text: text, channel: .mailbox)
        message.sender = "robin@example.com"
        var opening = ConversationRecord(shop: shop, channel: .mailbox, openedAt: now)
        opening.address = "robin@example.com"
        var known: ConversationRecord?
        if let id { known = try await conversations([id], shop: shop, now: now)[id] }
        let change = ConversationRules.receive(message, into: known, opening: opening, answers: true, now: now)
        let id = try #require(try await commit(change, now: now)).id
        return try #require(try await conversations([id], shop: shop, now: now)[id])
    }

    /// A trigger's answer to the last message.
    fileprivate func draft(_ record: ConversationRecord, by trigger: String, at now: Moment) async throws -> Effect {
        let event = try #require(
            try await pendingEvents(shop: shop, limit: 99).last { $0.aggregate == record.aggregate })
        let effect = Effect(
            to: .mail(shop: shop), isContact: false, trigger: trigger, line: "answer", keys: ["\(event.id)"],
            event: event, dueAt: now, createdAt: now, reason: .several)
        let outcome = try await commitPlan(
            [
                Plan(
                    shop: shop,
                    changes: [
                        PlannedChange(effect: effect, note: DecisionNote(at: now, state: .waiting, reason: .several))
                    ],
                    matches: [
                        MatchOutcome(trigger: "thanks", eventID: event.id, reason: .if, detail: "asks", at: now)
                    ])
            ], now: now)
        return try #require(outcome.effects.first)
    }

    /// A person's answer, written and due later.
    fileprivate func reply(_ record: ConversationRecord, _ key: String, closing: Bool, at now: Moment) async throws
        -> Int64?
    {
        let words = ConversationMessage(.outgoing, by: .person(ada), at: now, text: "Tomorrow.", channel: .mailbox)
        var change =
            closing
            ? ConversationRules.replyAndClose(words, by: ada, in: record, now: now)
            : ConversationRules.reply(words, by: ada, in: record, now: now)
        change.mails = [
            ConversationMail(
                .person, maker: "reply", key: key, message: mail("\(key)@juniperfig.example"),
                dueAt: now + .seconds(10), carries: 0)
        ]
        return try await commit(change, audit: entry("replied"), now: now)
    }

    fileprivate func entry(_ what: String) -> AuditEntry { AuditEntry(who: ada, shop: shop, what: what) }
}

@Suite("What people do with conversations")
struct InboxByHandTests {
    @Test("a conversation is read with its page, what was made of it, and why not", arguments: StoreKind.allCases)
    func view(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        let other = try await store.wrote("another matter")
        var record = try await store.wrote("word 0", at: .at(1))
        for number in 1..<60 { record = try await store.wrote("word \(number)", into: record.id, at: .at(number + 1)) }
        let draft = try await store.draft(record, by: "where-is-it", at: .at(70))
        let view = try #require(try await store.conversationView(record.id, shop: shop))
        #expect(view.record.version == record.version && view.isMore && view.messages.count == 50)
        #expect(view.messages.last?.text == "word 59" && view.record.lastIncoming?.text == "word 59")
        #expect(view.effects.map(\.id) == [draft.id] && view.effects[0].isDraft && !view.effects[0].canBeTakenBack)
        #expect(view.effects[0].eventID == view.lastEvent && view.lastEvent != nil)
        #expect(view.misses == [ConversationView.Miss(trigger: "thanks", reason: .if, detail: "asks")])
        #expect(view.others.map(\.id) == [other.id])
        let earlier = try #require(
            try await store.conversationView(record.id, shop: shop, before: view.messages[0].id))
        #expect(earlier.messages.map(\.text) == (0..<10).map { "word \($0)" } && !earlier.isMore)
        #expect(earlier.record.lastIncoming?.text == "word 59")
        #expect(try await store.drafts(of: record.id, shop: shop).map(\.id) == [draft.id])
        #expect(try await store.conversationView(99, shop: shop) == nil)
        #expect(try await store.unclaimedConversations(shop: shop) == 0)
    }

    @Test(
        "a wrong draft ends alone, and counts, with the act; a stale act does nothing of it",
        arguments: StoreKind.allCases)
    func wrong(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        let record = try await store.wrote("where is it?")
        let first = try await store.draft(record, by: "one", at: .at(1))
        let second = try await store.draft(record, by: "two", at: .at(1))
        let verdict = AnswerVerdict(of: first.id, isRight: false, by: .desk)
        let change = ConversationRules.wrong(first.id, meant: "damaged", by: ada, in: record, now: .at(2))
        let entry = store.entry("called_wrong")
        #expect(try await store.commit(change, audit: entry, verdict: verdict, ending: first.id, now: .at(2)) != nil)
        #expect(try await store.effect(first.id)?.state == .withdrawn)
        #expect(try await store.effect(second.id)?.state == .waiting)
        #expect(try await store.commit(change, audit: entry, verdict: verdict, ending: second.id, now: .at(3)) == nil)
        #expect(try await store.effect(second.id)?.state == .waiting)
        let proofs = try #require(try await store.remembered(.answerProofs, shop: shop))
        #expect(proofs["unclear", "", ""].wrong == 1)
        #expect(try await store.auditLines(limit: 9).map(\.entry.what) == ["called_wrong"])
        let view = try #require(try await store.conversationView(record.id, shop: shop))
        #expect(view.record.holder == ada && view.messages.last?.subject == ConversationRules.mark(ofWrong: first.id))
    }

    @Test("a reply is taken back whole until its attempt begins", arguments: StoreKind.allCases, [false, true])
    func takeBack(_ kind: StoreKind, closing: Bool) async throws {
        let store = try await kind.make()
        let record = try await store.wrote("where is it?")
        let id = try #require(try await store.reply(record, "r1", closing: closing, at: .at(5)))
        var view = try #require(try await store.conversationView(id, shop: shop))
        #expect(view.record.state == (closing ? .closed : .person) && view.effects[0].canBeTakenBack)
        let effect = view.effects[0].id
        let entry = store.entry("took_back")
        func back(_ effect: Int64, of conversation: Int64, at now: Moment) async throws -> String? {
            try await store.takeBack(effectID: effect, of: conversation, shop: shop, audit: entry, now: now)
        }
        #expect(try await back(effect, of: id + 1, at: .at(6)) == nil)
        #expect(try await back(effect, of: id, at: .at(6)) == "Tomorrow.")
        #expect(try await back(effect, of: id, at: .at(7)) == nil)
        view = try #require(try await store.conversationView(id, shop: shop))
        #expect(view.record.state == .person && view.record.holder == ada && view.record.waitsSince == t0)
        #expect(view.messages.map(\.text) == ["where is it?"] && view.record.messageCount == 1)
        #expect(view.effects[0].state == .withdrawn && view.record.version == record.version + 2)
        #expect(
            try await store.claim(.mail(shop: shop), limit: 9, owner: "p", lease: .minutes(5), now: .at(60)).isEmpty)
        // Once an attempt has begun it is too late; one that was only claimed is not sent.
        for begins in [false, true] {
            let now = try #require(try await store.conversations([id], shop: shop, now: .at(61))[id])
            _ = try #require(try await store.reply(now, "r-\(begins)", closing: closing, at: .at(61)))
            let claims = try await store.claim(
                .mail(shop: shop), limit: 9, owner: "p", lease: .minutes(5), now: .at(80))
            #expect(claims.count == 1)
            if begins { #expect(try await store.begin(claims, lease: .minutes(5), now: .at(81)).begun.count == 1) }
            let words = try await back(claims[0].effect.id, of: id, at: .at(82))
            #expect(words == (begins ? nil : "Tomorrow."))
            if !begins { #expect(try await store.begin(claims, lease: .minutes(5), now: .at(83)).begun.isEmpty) }
        }
    }

    @Test("given to a colleague, a team or everybody, it is never two people's")
    func given() throws {
        var record = ConversationRecord(shop: shop, channel: .mailbox, openedAt: t0)
        record.state = .ours
        let colleague = try #require(ConversationRules.give(record, to: "tom@juniperfig.example", team: nil))
        #expect(colleague.record.holder == "tom@juniperfig.example" && colleague.events == [.takenOver])
        let team = try #require(ConversationRules.give(colleague.record, to: nil, team: "returns"))
        #expect(team.record.holder == nil && team.record.team == "returns" && team.events.isEmpty)
        #expect(ConversationRules.give(team.record, to: nil, team: "returns") == nil)
        let back = try #require(ConversationRules.give(team.record, to: nil, team: nil))
        #expect(back.record.holder == nil && back.record.team == nil && back.record.state == .person)
        #expect(ConversationRules.give(record, to: nil, team: "returns")?.events == [.handedOver])
        let snoozed = try #require(ConversationRules.snooze(record, until: .at(9), by: ada, now: t0)).record
        let woken = try #require(ConversationRules.give(snoozed, to: nil, team: nil)).record
        #expect(woken.state == .person && woken.snoozedUntil == nil && woken.holder == nil)
    }
}

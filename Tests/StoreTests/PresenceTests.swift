import Foundation
import Outreach
import Testing

@testable import Store

private let ada = "ada@juniperfig.example"
private let tom = "tom@juniperfig.example"

extension Store {
    /// A message of Robin's in a conversation of its own, read from an observation.
    fileprivate func wrote() async throws -> (conversation: Int64, observation: Int64) {
        let raw = RawObservation(
            shop: shop, source: "mailbox", externalID: "a", receivedAt: t0, kind: "mail.inbox",
            bytes: Array("Where is it?".utf8), address: "robin@example.com")
        _ = try await keep([raw], now: t0)
        let observation = try #require(try await unjudged(shop: shop, source: "mailbox", limit: 9).first)
        var message = ConversationMessage(.incoming, by: .shopper, at: t0, text: "Where is it?", channel: .mailbox)
        message.sender = "robin@example.com"
        message.observationID = observation.id
        message.files = [MessageFile(name: "photo.jpg", type: "image/jpeg", size: 9)]
        var opening = ConversationRecord(shop: shop, channel: .mailbox, openedAt: t0)
        opening.address = "robin@example.com"
        let change = ConversationRules.receive(message, into: nil, opening: opening, answers: false, now: t0)
        let id = try #require(try await commit(change, judged: [observation], now: t0)).id
        return (id, observation.id)
    }
}

@Suite("Who has a conversation open, and what is kept of its files") struct PresenceTests {
    @Test("somebody is there while the page says so, and not for others' conversations", arguments: StoreKind.allCases)
    func here(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        let talk = try await store.wrote().conversation
        func seen(_ seconds: Int, by person: String = tom) async throws -> [PersonHere] {
            try await store.people(at: talk, shop: shop, besides: person, now: .at(seconds))
        }
        try await store.note(ada, isWriting: false, at: talk, shop: shop, now: .at(10))
        try await store.note(ada, isWriting: true, at: talk, shop: shop, now: .at(11))
        #expect(try await seen(12) == [PersonHere(person: ada, isWriting: true)])
        #expect(try await seen(12, by: ada).isEmpty)
        #expect(try await seen(9_999).isEmpty, "a page that was closed without a word")
        try await store.note(ada, isWriting: nil, at: talk, shop: shop, now: .at(13))
        #expect(try await seen(14).isEmpty)
        try await store.note(ada, isWriting: false, at: 999, shop: shop, now: .at(13))
        #expect(try await store.people(at: 999, shop: shop, besides: tom, now: .at(14)).isEmpty)
    }

    @Test("a mail with files is kept without them after their time, and known by its hash when it is gone")
    func files() async throws {
        let store = try await StoreKind.inMemory.make()
        let (talk, observation) = try await store.wrote()
        let said = try #require(try await store.conversations([talk], shop: shop, now: t0)[talk]?.messages.first)
        let found = try #require(try await store.mailBytes(ofMessage: said.id, of: talk, shop: shop))
        #expect(found.bytes == Array("Where is it?".utf8))
        #expect(try await store.mailWithOldFiles(shop: shop, now: .at(60)) == nil)
        let later = t0 + ConversationRules.keepsFiles + .days(1)
        var old = try #require(try await store.mailWithOldFiles(shop: shop, now: later))
        #expect(old.place == .observation(observation))
        old.bytes = [65]
        try await store.keepWithoutFiles(old, shop: shop, now: later)
        #expect(try await store.mailWithOldFiles(shop: shop, now: later) == nil)
        #expect(try await store.mailBytes(ofMessage: said.id, of: talk, shop: shop)?.bytes == [65])
        // The same of one that went out.
        let effect = try await store.ready(try await store.placed(1))
        try await store.write { db in
            let number = try db.shop(shop)
            try db.keepFiles(ofEffect: effect.id, since: t0, shop: number)
        }
        let sent = try #require(try await store.mailWithOldFiles(shop: shop, now: later))
        #expect(sent.place == .message(effect.id))
        try await store.keepWithoutFiles(sent, shop: shop, now: later)
        #expect(try await store.mailWithOldFiles(shop: shop, now: later) == nil)
        try await store.write { db in
            let number = try db.shop(shop)
            #expect(try db.first(Query.bytesOfMail, [number, effect.id]) { $0[0] as [UInt8] } != nil)
            // Nobody answered it, nothing was rated, and its mail is forgotten but for its hash.
            for query in [Query.answerBefore] {
                #expect(try db.integer(query, [number, talk, number, talk]) == nil)
            }
            #expect(try db.integer(Query.answerBeforeThis, [number, talk, number, talk, effect.id]) == nil)
            #expect(try db.integer(Query.answerBesides, [number, talk, effect.id, number, talk]) == nil)
            let kind = EventKind.ratingGiven.rawValue
            #expect(try db.integer(Query.lastOccurrence, [number, talk, "rating:1", kind]) == nil)
            #expect(try db.all(Query.liveAnswers, [number, talk]) { $0[0] as Int64 }.isEmpty)
            try db.removeIncoming([observation], shop: number, keepingHashes: true)
        }
        #expect(try await store.mailBytes(ofMessage: said.id, of: talk, shop: shop)?.bytes == [])
    }
}

import Intake
import Outreach
import Platform
import Store
import Synchronization
import Testing

@testable import Daemon

/// A folder of sent mail that loses answers, or refuses.
private final class Folder: Sendable {
    enum Manner { case takes, refuses, losesTheAnswer }
    let manner = Mutex(Manner.takes)
    let mails = Mutex<[String]>([])

    func keep(_ mail: [UInt8], _ id: String, _ looksFirst: Bool) throws {
        let manner = manner.withLock { $0 }
        if manner == .refuses { throw SourceFailure("the mail server refuses to keep a mail") }
        mails.withLock { mails in if !(looksFirst && mails.contains(id)) { mails.append(id) } }
        if manner == .losesTheAnswer { throw SourceFailure("the mail server did not answer in time") }
    }
}

@Suite("Copies in the folder of sent mail") struct SentCopyTests {
    private func service(_ mails: MailBench, _ folder: Folder?) -> SentCopyService {
        SentCopyService(
            shop: benchShop,
            keep: folder.map { folder in
                { @Sendable (mail, id, looksFirst) in try folder.keep(mail, id, looksFirst) }
            },
            store: mails.store, clock: mails.bench.clock, wake: Wake(), heartbeats: mails.bench.heartbeats,
            logger: mails.bench.lines.logger())
    }

    /// A person answers at the desk.
    private func replied(_ mails: MailBench, _ key: String = "r1") async throws -> ConversationRecord {
        let record = try await mails.conversation()
        let mail = Message.mail(
            id: "\(key)@juniperfig.example", sender: "orders@juniperfig.example", recipient: "robin@shopper.example",
            bytes: Array("Hi".utf8), summary: "Re: Hello")
        var change = ConversationRules.reply(
            ConversationMessage(
                .outgoing, by: .person("ada@juniperfig.example"), at: mails.bench.now, text: "Hi", channel: .mailbox),
            by: "ada@juniperfig.example", in: record, now: mails.bench.now)
        change.mails = [
            ConversationMail(.person, maker: "reply", key: key, message: mail, dueAt: mails.bench.now, carries: 0)
        ]
        _ = try #require(try await mails.store.commit(change, now: mails.bench.now))
        return try await mails.conversation()
    }

    /// The relay takes what is ready.
    private func deliver(_ mails: MailBench) async throws {
        let claims = try await mails.store.claim(
            .mail(shop: benchShop), limit: 9, owner: "p", lease: .minutes(5), now: mails.bench.now)
        let begun = try await mails.store.begin(claims, lease: .minutes(5), now: mails.bench.now).begun
        _ = try await mails.store.finish(
            begun.map { AttemptOutcome(claim: $0, verdict: .accepted(receipt: "250")) }, now: mails.bench.now)
    }

    @Test("a person's answer and one of a trigger get there once they are out, and nothing else does")
    func kept() async throws {
        let mails = try await MailBench()
        let folder = Folder()
        let service = service(mails, folder)
        try await mails.judge(letter("where is my order?"))
        try await mails.answer(try await mails.conversation())
        let answer = try #require(
            try await mails.store.outbox(shop: benchShop, limit: 9).first { $0.effect.line == "answer" })
        #expect(try await service.turn(now: mails.bench.now) == false, "it is not out yet")
        try await mails.sent("news@juniperfig.example")
        try await deliver(mails)
        let id = try #require(try await mails.store.writtenMessage(answer.effect.id, shop: benchShop)?.id)
        #expect(try await service.turn(now: mails.bench.now))
        #expect(folder.mails.withLock { $0 } == [id])
        _ = try await replied(mails)
        #expect(try await service.turn(now: mails.bench.now) == false)
        try await deliver(mails)
        while try await service.turn(now: mails.bench.now) {}
        #expect(folder.mails.withLock { $0 } == [id, "r1@juniperfig.example"])
    }

    @Test("a copy whose answer was lost is looked for before it is put there again")
    func lost() async throws {
        let mails = try await MailBench([:])
        let folder = Folder()
        let service = service(mails, folder)
        try await mails.judge(letter("where is my order?"))
        _ = try await replied(mails)
        try await deliver(mails)
        folder.manner.withLock { $0 = .refuses }
        await #expect(throws: SourceFailure.self) { try await service.turn(now: mails.bench.now) }
        folder.manner.withLock { $0 = .losesTheAnswer }
        await #expect(throws: SourceFailure.self) { try await service.turn(now: mails.bench.now) }
        folder.manner.withLock { $0 = .takes }
        #expect(try await service.turn(now: mails.bench.now))
        #expect(try await service.turn(now: mails.bench.now) == false)
        #expect(folder.mails.withLock { $0 } == ["r1@juniperfig.example"])
    }

    @Test("nothing old is put there, nor by a shop that keeps none; our own copy is known for ours")
    func old() async throws {
        let mails = try await MailBench([:])
        try await mails.judge(letter("where is my order?"))
        let record = try await replied(mails)
        try await deliver(mails)
        #expect(try await service(mails, nil).turn(now: mails.bench.now) == false)
        #expect(try await mails.store.copyToKeep(shop: benchShop, now: mails.bench.now + .days(3)) == nil)
        try await mails.store.forgetCopies(shop: benchShop, all: false, now: mails.bench.now)
        #expect(try await mails.store.copyToKeep(shop: benchShop, now: mails.bench.now) != nil)
        // It is read back from the folder.
        try await mails.judge(
            letter("Hi", from: "ada@juniperfig.example", id: "r1@juniperfig.example"), id: "copy", kind: "mail.sent")
        #expect(try await mails.conversation().version == record.version)
        try await mails.store.forgetCopies(shop: benchShop, all: true, now: mails.bench.now)
        #expect(try await mails.store.copyToKeep(shop: benchShop, now: mails.bench.now) == nil)
    }
}

import Foundation
import Intake
import Outreach
import Platform
import Store
import Synchronization
import Testing

@testable import Daemon

/// A model that says what a test has it say.
private final class Model: HTTPTransport {
    let asked = Mutex<[(body: String, timeout: Duration)]>([])
    private let said: Result<String, TransferFailure>

    init(_ said: Result<String, TransferFailure>) { self.said = said }

    func send(_ request: HTTPRequest) async throws(TransferFailure) -> HTTPResponse {
        asked.withLock { $0.append((String(decoding: request.body ?? [], as: UTF8.self), request.timeout)) }
        let content = try said.get()
        let body = try? JSONSerialization.data(
            withJSONObject: ["choices": [["message": ["role": "assistant", "content": content]]]])
        return HTTPResponse(status: 200, body: [UInt8](body ?? Data()))
    }
}

extension MailBench {
    fileprivate func writer(_ model: Model) -> ReplyWriter {
        let context = context
        return ReplyWriter(
            ChatCompletions(ModelEndpoint(url: "http://127.0.0.1:1/v1", model: "qwen3"), transport: model),
            shop: benchShop, store: store, planner: { context.rules.planner }, logger: bench.lines.logger())
    }

    fileprivate func asks(_ text: String, id: String) async throws {
        try await judge(letter(text), id: id)
    }

    fileprivate func record() async throws -> OrderRecord {
        let talk = try #require(try await conversations().first)
        var record = OrderRecord.none(shop: benchShop, at: bench.now)
        if let id = talk.orderID { record = try await store.load(shop: benchShop, orderIDs: [id])[id] ?? record }
        record.conversation = talk
        return record
    }
}

@Suite("A model writes a reply for a person") struct ReplyWriterTests {
    @Test("it is told neither who she is nor how to reach her, and waits for longer than for one word")
    func told() async throws {
        let mails = try await MailBench()
        try await mails.asks("Robin here, robin@shopper.example. Can I exchange my order 1?", id: "a")
        let model = Model(.success("Hello [customer], one of us looks into it."))
        let record = try await mails.record()
        let outcome = try await mails.writer(model).write(about: record, now: mails.bench.now)
        guard case .text(let text) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(text.hasSuffix("one of us looks into it.") && !text.contains("[customer]"))
        let asked = model.asked.withLock { $0 }
        #expect(asked.count == 1 && asked[0].timeout == .seconds(30))
        #expect(asked[0].body.contains("Can I exchange my order") && !asked[0].body.contains("robin@"))
        // Nothing was stored, sent or taken over.
        #expect(try await mails.record().conversation?.version == record.conversation?.version)
        #expect(try await mails.store.outbox(shop: benchShop, limit: 99).allSatisfy { $0.effect.trigger != "reply" })
    }

    @Test("replies of people to others are its examples, with names and numbers replaced; those of triggers are not")
    func examples() async throws {
        let mails = try await MailBench()
        try await mails.asks("Hello, can I exchange it for another colour please?", id: "a")
        let first = try #require(try await mails.conversations().first)
        var said = ConversationMessage(
            .outgoing, by: .person("ada@juniperfig.example"), at: mails.bench.now,
            text: "Hello Robin,\nyes: send it back, order 1 comes anew.\n\nBest wishes\nAda", channel: .mailbox)
        said.recipient = "robin@shopper.example"
        let change = ConversationRules.replyAndClose(
            said, by: "ada@juniperfig.example", in: first, now: mails.bench.now)
        _ = try #require(try await mails.store.commit(change, now: mails.bench.now))
        mails.bench.pass(.days(9))
        let model = Model(.success("Yes."))
        var record = OrderRecord.none(shop: benchShop, at: mails.bench.now)
        var talk = ConversationRecord(shop: benchShop, channel: .mailbox, openedAt: mails.bench.now)
        var asked = ConversationMessage(
            .incoming, by: .shopper, at: mails.bench.now, text: "Can I exchange mine too?", channel: .mailbox)
        asked.understood = first.lastIncoming?.understood
        talk.messages = [asked]
        record.conversation = talk
        let outcome = try await mails.writer(model).write(about: record, now: mails.bench.now)
        #expect(outcome == .text("Yes."))
        let body = model.asked.withLock { $0[0].body }
        #expect(body.contains("send it back") && body.contains("exchange mine too"))
        #expect(!body.contains("Robin") && !body.contains("Ada") && !body.contains("order 1 comes"))
    }

    @Test("one that fails, refuses or says nothing leaves the form as it was, with the reason")
    func fails() async throws {
        let mails = try await MailBench()
        try await mails.asks("Can I exchange it?", id: "a")
        let record = try await mails.record()
        for (said, why) in [
            (Result<String, TransferFailure>.failure(TransferFailure(.timeout, detail: "")), "did not answer in time"),
            (.success(" \n"), "wrote nothing"), (.success("<think>hm</think>"), "wrote nothing"),
        ] {
            let outcome = try await mails.writer(Model(said)).write(about: record, now: mails.bench.now)
            guard case .impossible(let words) = outcome else {
                Issue.record("\(outcome)")
                continue
            }
            #expect(words.contains(why), "\(words)")
        }
        #expect(mails.bench.lines.facts(.modelFailed).count == 1)
    }
}

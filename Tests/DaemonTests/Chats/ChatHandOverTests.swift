import Delivery
import Foundation
import Intake
import Outreach
import Platform
import Store
import Testing

@testable import Daemon

private let robin = "robin@shopper.example"
private let team = "team@juniperfig.example"

extension ChatBench {
    /// What the team got last: its text, unwrapped, and what it is answered to.
    fileprivate func handedOver() async throws -> (text: String, to: String) {
        let mail = try #require(try await mails("forwarded").max { $0.effect.id < $1.effect.id }).message
        #expect(mail.envelope.recipient == team)
        let head = String(decoding: mail.bytes.prefix(4000), as: UTF8.self)
        let answers = try #require(head.firstMatch(of: /Reply-To:[^<]*<([^>]+)>/)).1
        let text = try #require(OpenedMail(mail.bytes)).text
        return (text.split(whereSeparator: \.isWhitespace).joined(separator: " "), String(answers))
    }

    /// One of the team answers by mail.
    fileprivate func answers(_ text: String, to: String, from: String = team, proof: String = "pass") async throws {
        let mail =
            "Authentication-Results: mx.juniperfig.example; dmarc=\(proof) header.from=\(from.split(separator: "@")[1])\n"
            + "From: Ada <\(from)>\nTo: \(to)\nSubject: Re: Chat\nMessage-ID: <\(UUID())@juniperfig.example>\n\n\(text)\n\n"
            + "On Fri, 20 Nov 2026 at 10:00, Fig <\(to)> wrote:\n> \(TeamAnswer.line)\n>\n> the story\n"
        let raw = RawObservation(
            shop: benchShop, source: "mailbox", externalID: UUID().uuidString, receivedAt: bench.now,
            kind: "mail.inbox",
            bytes: Array(mail.replacing("\n", with: "\r\n").utf8))
        _ = try await store.keep([raw], now: bench.now)
        let settings = MailSettings(context.configuration.mailbox, settings: context.rules.planner.triggers.settings)
        let judge = MailJudge(
            read: { MailJudge.ReadMail($0, settings: settings, orders: $1) }, context: context, store: store,
            learning: bench.learning(), logger: bench.lines.logger(), newMail: Wake(),
            people: ListedPeople(People([])))
        for one in try await store.unjudged(shop: benchShop, source: "mailbox", limit: 99) {
            _ = try await judge.judge(one, now: bench.now)
        }
    }
}

@Suite("Chats that people have by mail", .timeLimit(.minutes(5))) struct ChatHandOverTests {
    @Test("one that becomes a person's goes to the team, whose words are said in the chat; so does all that follows")
    func inChat() async throws {
        let chat = try await ChatBench([:], team: team)
        try await chat.say("Do you have it in blue?")
        let handed = try await chat.handedOver()
        #expect(handed.text.hasPrefix(TeamAnswer.line) && handed.text.contains("Do you have it in blue?"))
        #expect(handed.text.contains("goes into the chat as the shop's, as long as it goes on. No address is proved"))
        chat.bench.pass(.minutes(2))
        try await chat.answers("Yes, in *blue* and green.\n\nAda", to: handed.to)
        let said = try await chat.said()
        #expect(said == ["Yes, in *blue* and green.\nAda"], "\(said)")
        let talk = try await chat.talk()
        #expect(talk.state == .person && talk.holder == team && talk.waitsSince == nil)
        #expect(talk.messages.map(\.direction) == [.incoming, .outgoing])
        #expect(talk.messages[1].channel == .chat && talk.messages[1].author == .person(team))
        #expect(try await chat.mails("reply").isEmpty)
        #expect(try await chat.mails(TeamNotice.maker).isEmpty)
        #expect(try await chat.store.lines(of: chat.session).map(\.text) == ["Do you have it in blue?", said[0]])
        // What she writes then goes to them as well, with what was said.
        chat.bench.pass(.minutes(2))
        try await chat.say("And how much is it?")
        let again = try await chat.handedOver()
        #expect(again.to != handed.to && again.text.contains("And how much is it?"))
        #expect(again.text.contains("What was said before") && again.text.contains("in *blue* and green"))
        try await chat.answers("38 pounds.", to: again.to)
        #expect(try await chat.said() == ["38 pounds."])
    }

    @Test("once the chat is over, an answer goes by mail to the address that was proved, as long as it is the order's")
    func over() async throws {
        let chat = try await ChatBench([:], team: team)
        try await chat.prove()
        try await chat.say("Can I exchange it?")
        let handed = try await chat.handedOver()
        #expect(handed.text.contains("or by mail to \(robin) once the chat is over"))
        #expect(handed.text.contains("about order #1001, which the customer has proved"))
        #expect(handed.text.contains("What we know of order #1001"))
        chat.bench.pass(.hours(25))
        try await chat.answers("Yes, send it back.", to: handed.to)
        #expect(try await chat.said().isEmpty)
        let mail = try #require(try await chat.mails("reply").first)
        #expect(mail.message.envelope.recipient == robin)
        #expect(OpenedMail(mail.message.bytes)?.text.contains("Yes, send it back.") == true)
        #expect(try await chat.talk().messages.last?.channel == .mailbox)

        let moved = try await ChatBench([:], team: team)
        try await moved.prove()
        try await moved.say("Can I exchange it?")
        let told = try await moved.handedOver()
        var facts = try #require(
            try await moved.store.load(shop: benchShop, orderIDs: ["gid://shopify/Order/1001"]).values.first
        ).facts
        facts.email = "mallory@elsewhere.example"
        facts.updatedAt = moved.bench.now + .seconds(1)
        moved.bench.pass(.hours(25))
        _ = try await moved.bench.learning().learn(
            [Observation(shop: benchShop, seenAt: moved.bench.now, content: .order(facts))], of: moved.context,
            now: moved.bench.now)
        try await moved.answers("Yes, send it back.", to: told.to)
        #expect(try await moved.mails("reply").isEmpty)
        #expect(try await moved.said().isEmpty)
        #expect(try await moved.mails(TeamNotice.maker).count == 1)
    }

    @Test("where no address was proved nobody is reached once it is over: the team hears so, and the desk keeps it")
    func unproved() async throws {
        let chat = try await ChatBench([:], team: team)
        try await chat.say("Do you have it in blue?")
        let handed = try await chat.handedOver()
        chat.bench.pass(.hours(25))
        try await chat.answers("Yes.", to: handed.to)
        #expect(try await chat.said().isEmpty)
        #expect(try await chat.mails("reply").isEmpty)
        let notice = try #require(try await chat.mails(TeamNotice.maker).first)
        let text = OpenedMail(notice.message.bytes)?.text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        #expect(text?.contains("the chat is over, and the customer proved no address there") == true, "\(text ?? "")")
        let talk = try await chat.talk()
        #expect(talk.state == .person && talk.holder == nil && talk.waitsSince != nil && talk.messages.count == 1)
    }

    @Test("a stranger's mail, or one that proves nothing, says nothing in a chat", arguments: ["stranger", "unproved"])
    func refused(_ what: String) async throws {
        let chat = try await ChatBench([:], team: team)
        try await chat.say("Do you have it in blue?")
        let handed = try await chat.handedOver()
        try await chat.answers(
            "Yes.", to: handed.to, from: what == "stranger" ? "mallory@elsewhere.example" : team,
            proof: what == "stranger" ? "pass" : "fail")
        #expect(try await chat.said().isEmpty)
        #expect(try await chat.mails("reply").isEmpty)
        #expect(try await chat.talk().messages.count == 1)
        #expect(try await chat.mails(TeamNotice.maker).count == 1)
    }
}

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

extension MailBench {
    /// A mail as it comes, read as the daemon reads it.
    fileprivate func receive(_ mail: String, kind: String = "mail.inbox") async throws {
        let raw = RawObservation(
            shop: benchShop, source: "mailbox", externalID: UUID().uuidString, receivedAt: bench.now, kind: kind,
            bytes: Array(mail.replacing("\n", with: "\r\n").utf8))
        _ = try await store.keep([raw], now: bench.now)
        let settings = MailSettings(
            context.configuration.mailbox, settings: context.rules.planner.triggers.settings)
        try await judgeAll { MailJudge.ReadMail($0, settings: settings, orders: $1) }
    }

    /// The customer writes.
    fileprivate func asks(_ text: String = "Can I exchange it?", from: String = robin, more: String = "") async throws {
        try await receive(
            "From: Robin <\(from)>\nTo: hello@juniperfig.example\nSubject: The apron\nMessage-ID: <\(UUID())@shopper.example>\n\(more)\n\(text)\n"
        )
    }

    fileprivate func mails(of maker: String) async throws -> [OpenedMail] {
        var found: [(Int64, OpenedMail)] = []
        for line in try await store.outbox(shop: benchShop, limit: 99) where line.effect.trigger == maker {
            guard let message = try await store.writtenMessage(line.effect.id, shop: benchShop, includesOwn: true),
                let mail = OpenedMail(message.bytes)
            else { continue }
            found.append((line.effect.id, mail))
        }
        return found.sorted { $0.0 < $1.0 }.map(\.1)
    }

    /// What a mail to the team says, unwrapped, and what it is answered to.
    fileprivate func handedOver() async throws -> (text: String, to: String, id: String) {
        let line = try #require(try await forwards().max { $0.effect.id < $1.effect.id })
        let message = try #require(
            try await store.writtenMessage(line.effect.id, shop: benchShop, includesOwn: true))
        let head = String(decoding: message.bytes.prefix(4000), as: UTF8.self)
        let answers = try #require(head.firstMatch(of: /Reply-To:[^<]*<([^>]+)>/)).1
        return (OpenedMail(message.bytes)?.text ?? "", String(answers), message.id)
    }

    /// One of the shop's people answers.
    fileprivate func answers(
        _ text: String = "It comes on Tuesday.", from: String = team, to: String, proof: String = "pass",
        keepsLine: Bool = true, more: String = "", kind: String = "mail.inbox"
    ) async throws {
        let domain = from.split(separator: "@")[1]
        let quote =
            keepsLine
            ? "\n\nOn Fri, 20 Nov 2026 at 10:00, Fig <\(to)> wrote:\n> \(TeamAnswer.line)\n>\n> the story" : ""
        try await receive(
            "Authentication-Results: mx.juniperfig.example; dmarc=\(proof) header.from=\(domain)\nFrom: Ada <\(from)>\nTo: \(to)\nSubject: Re: The apron\nMessage-ID: <\(UUID())@juniperfig.example>\n\(more)\n\(text)\(quote)\n",
            kind: kind
        )
    }
}

@Suite("Conversations that people have by mail") struct HandOverByMailTests {
    @Test("one that becomes a person's goes to the team with the story below the line, and their words go to her alone")
    func there() async throws {
        let mails = try await MailBench([:], team: team)
        try await mails.asks()
        let handed = try await mails.handedOver()
        #expect(handed.text.hasPrefix(TeamAnswer.line), "\(handed.text)")
        let words = handed.text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        #expect(words.contains("Can I exchange it?") && words.contains("goes to \(robin) as the shop's"))
        #expect(words.contains("What we know of order"))
        #expect(
            handed.to.hasPrefix("hello+") && handed.to.hasSuffix("@juniperfig.example")
                && handed.to.count == 6 + 32 + 19)
        #expect(try await mails.mails(of: "forwarded").first?.to.contains(team) == true)
        mails.bench.pass(.minutes(5))
        try await mails.answers("Hello Robin,\nyes: *send it back*, and #1 comes.\n\nAda", to: handed.to)
        let sent = try await mails.mails(of: "reply")
        #expect(sent.count == 1 && sent[0].to.contains(robin) && sent[0].subject == "Re: The apron")
        #expect(sent[0].text.hasPrefix("Hello Robin,\nyes: *send it back*, and #1 comes.\n\nAda"), "\(sent[0].text)")
        for secret in ["the story", "above this line", "hello+", "Fri, 20", "Ada <"] {
            #expect(!sent[0].text.contains(secret) && !sent[0].html.contains(secret), "\(secret)")
        }
        let record = try await mails.conversation()
        #expect(record.state == .person && record.holder == team && record.waitsSince == nil)
        #expect(record.messages.map(\.direction) == [.incoming, .outgoing] && record.takeOvers == 1)
        #expect(record.messages.last?.author == .person(team))
        // She writes again: it goes to them, with what was said, and they answer again.
        mails.bench.pass(.minutes(5))
        try await mails.asks("Thanks. By when?", more: "In-Reply-To: <\(record.messages[1].messageID ?? "")>\n")
        let again = try await mails.handedOver()
        #expect(
            again.to != handed.to && again.text.contains("What was said before") && again.text.contains("send it back"))
        try await mails.answers("By Friday.", to: again.to.uppercased())
        #expect(try await mails.mails(of: "reply").count == 2)
        #expect(try await mails.mails(of: TeamNotice.maker).isEmpty)
        #expect(try await mails.conversations().count == 1)
    }

    @Test(
        "without proof nothing goes out, and the team hears why, once an hour",
        arguments: [
            "unproved", "no results", "forged name", "stranger", "no line", "empty", "below", "traces", "no token",
        ])
    func refused(_ what: String) async throws {
        let mails = try await MailBench([:], team: team)
        try await mails.asks()
        let handed = try await mails.handedOver()
        for _ in 0..<3 {
            switch what {
            case "unproved": try await mails.answers(to: handed.to, proof: "fail")
            case "no results":
                try await mails.receive(
                    "From: \(team)\nTo: \(handed.to)\nSubject: Re: x\n\nYes.\n> \(TeamAnswer.line)\n")
            case "forged name":
                try await mails.receive(
                    "Authentication-Results: evil.example; dmarc=pass header.from=juniperfig.example\nFrom: \(team)\nTo: \(handed.to)\nSubject: Re: x\n\nYes.\n> \(TeamAnswer.line)\n"
                )
            case "stranger": try await mails.answers(from: "mallory@elsewhere.example", to: handed.to)
            case "no line": try await mails.answers(to: handed.to, keepsLine: false)
            case "empty": try await mails.answers("", to: handed.to)
            case "below":
                try await mails.answers("", to: handed.to, more: "X: y\n")
            case "traces": try await mails.answers("Yes.\nxx <\(handed.to)> xx", to: handed.to)
            default:
                try await mails.answers(to: "orders@juniperfig.example", more: "In-Reply-To: <\(handed.id)>\n")
            }
        }
        #expect(try await mails.mails(of: "reply").isEmpty)
        let record = try await mails.conversation()
        #expect(record.messages.count == 1 && record.holder == nil && record.waitsSince != nil, "it waits as before")
        let notices = try await mails.mails(of: TeamNotice.maker)
        #expect(notices.count == 1 && notices[0].to.contains(team) && notices[0].subject == "Not sent: The apron")
        #expect(
            notices[0].text.split(whereSeparator: \.isWhitespace).joined(separator: " ").contains("was not sent"))
        mails.bench.pass(.hours(1))
        try await mails.answers(to: handed.to, proof: "fail")
        #expect(try await mails.mails(of: TeamNotice.maker).count == 2)
    }

    @Test("a vacation reply, our own mail that comes round, and the copy in the folder of sent mail change nothing")
    func machines() async throws {
        let mails = try await MailBench([:], team: team)
        try await mails.asks()
        let handed = try await mails.handedOver()
        try await mails.answers("I am away until Monday.", to: handed.to, more: "Auto-Submitted: auto-replied\n")
        let line = try #require(try await mails.forwards().last)
        let ours = try #require(
            try await mails.store.writtenMessage(line.effect.id, shop: benchShop, includesOwn: true))
        try await mails.receive(String(decoding: ours.bytes, as: UTF8.self).replacing("\r\n", with: "\n"))
        try await mails.answers(
            "It comes on Tuesday.", to: handed.to, more: "In-Reply-To: <\(handed.id)>\n", kind: "mail.sent")
        let record = try await mails.conversation()
        #expect(record.messages.count == 1 && record.holder == nil && record.version == 1)
        #expect(try await mails.mails(of: "reply").isEmpty)
        #expect(try await mails.mails(of: TeamNotice.maker).isEmpty)
        #expect(try await mails.forwards().count == 1)
    }

    @Test("a colleague of people.yaml answers too; what another has at the desk is refused, and nothing is said twice")
    func colleagues() async throws {
        let ada = "ada@juniperfig.example"
        let people = [
            Person(email: ada, name: "Ada", roles: [.answer]),
            Person(email: "bo@juniperfig.example", name: "Bo", roles: [.shop]),
        ]
        let mails = try await MailBench([:], team: team, people: people)
        try await mails.asks()
        let handed = try await mails.handedOver()
        try await mails.answers(from: "bo@juniperfig.example", to: handed.to)
        #expect(try await mails.mails(of: "reply").isEmpty)
        try await mails.answers(from: ada, to: handed.to)
        try await mails.answers(from: ada, to: handed.to)
        #expect(try await mails.mails(of: "reply").count == 1)
        #expect(try await mails.conversation().holder == ada)
        let record = try await mails.conversation()
        let taken = try #require(ConversationRules.take(record, by: "cleo@juniperfig.example"))
        _ = try await mails.store.commit(taken, now: mails.bench.now)
        try await mails.answers("Another word.", from: ada, to: handed.to)
        #expect(try await mails.mails(of: "reply").count == 1)
        #expect(try await mails.conversation().holder == "cleo@juniperfig.example")
        let told = try await mails.mails(of: TeamNotice.maker).map(\.text).joined(separator: " ")
            .split(whereSeparator: \.isWhitespace).joined(separator: " ")
        #expect(told.contains("cleo@juniperfig.example has this conversation now"))
    }

    @Test("the customer herself, at an address of ours that she was shown, writes as ever; a foreign token is no token")
    func hers() async throws {
        let mails = try await MailBench([:], team: team)
        try await mails.asks()
        let handed = try await mails.handedOver()
        try await mails.receive(
            "From: \(robin)\nTo: \(handed.to)\nSubject: Re: The apron\n\nMe again.\n> \(TeamAnswer.line)\n")
        let record = try await mails.conversations().first { $0.messageCount == 2 }
        #expect(record?.messages.last?.direction == .incoming && record?.messages.last?.text == "Me again.")
        let other = try await MailBench([:], team: team)
        try await other.answers(to: handed.to)
        #expect(try await other.mails(of: "reply").isEmpty)
        #expect(try await other.conversations().first?.messages.first?.direction == .incoming, "a letter as any other")
    }

    @Test("where nobody is named any more, a late answer is refused")
    func gone() async throws {
        let mails = try await MailBench([:], team: team)
        try await mails.asks()
        let handed = try await mails.handedOver()
        var shop = mails.context.configuration
        shop.handOverTo = nil
        let context = ShopContext(configuration: shop, rules: mails.context.rules)
        let mail = """
            Authentication-Results: mx.juniperfig.example; dmarc=pass header.from=juniperfig.example
            From: \(team)
            To: \(handed.to)
            Subject: Re: x

            Yes.
            > \(TeamAnswer.line)
            """
        let raw = RawObservation(
            shop: benchShop, source: "mailbox", externalID: "late", receivedAt: mails.bench.now, kind: "mail.inbox",
            bytes: Array(mail.utf8))
        let kept = try await mails.store.keep([raw], now: mails.bench.now)
        let settings = MailSettings(shop.mailbox, settings: context.rules.planner.triggers.settings)
        let judge = MailJudge(
            read: { MailJudge.ReadMail($0, settings: settings, orders: $1) }, context: context, store: mails.store,
            learning: mails.bench.learning(), logger: mails.bench.lines.logger(), newMail: Wake())
        _ = try await judge.judge(kept[0], now: mails.bench.now)
        #expect(try await mails.mails(of: "reply").isEmpty)
        #expect(try await mails.conversation().messages.count == 1)
    }
}

import Outreach
import Testing

@testable import Intake

@Suite("An LMTP session") struct LMTPConversationTests {
    private func conversation(_ limits: LMTPConversation.Limits = .init()) -> LMTPConversation {
        LMTPConversation(host: "bookbag.example", limits: limits) { $0.hasSuffix("@fig.example") }
    }

    /// All that a session says and hands over, when its bytes come in pieces of those lengths; mails are kept, unless
    /// `verdicts` says something else.
    private func run(
        _ text: String, _ conversation: LMTPConversation, pieces: () -> Int = { .max },
        verdicts: (HandedMail) -> [LMTPConversation.Verdict] = { $0.recipients.map { _ in .kept } }
    ) -> (said: String, mails: [HandedMail], isClosed: Bool) {
        var conversation = conversation
        var (said, mails, isClosed) = ("", [HandedMail](), false)
        func perform(_ steps: [LMTPConversation.Step]) {
            for step in steps {
                switch step {
                case .reply(let text): said += text
                case .keep(let mail):
                    mails.append(mail)
                    perform(conversation.settle(verdicts(mail)))
                case .close: isClosed = true
                }
            }
        }
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let piece = rest.prefix(max(1, pieces()))
            rest = rest.dropFirst(piece.count)
            perform(conversation.take(piece))
        }
        return (said, mails, isClosed)
    }

    private func codes(_ said: String) -> [String] { said.split(separator: "\r\n").map { String($0.prefix(3)) } }

    private static let whole =
        "LHLO mx.fig.example\r\nMAIL FROM:<robin@example.com> SIZE=60 BODY=8BITMIME\r\n"
        + "RCPT TO:<hello@fig.example>\r\nRCPT TO:<nobody@other.example>\r\nRCPT TO:<returns+t0k@fig.example>\r\nDATA\r\n"
        + "Subject: Hi\r\n\r\n..\r\n...three\r\n.x\r\nlone\nlf\r.\r\n\n.\nend\r\n.\r\n"
        + "MAIL FROM:<>\r\nRCPT TO:<hello@fig.example>\r\nDATA\r\n.\r\nNOOP\r\nQUIT\r\nNOOP\r\n"

    @Test("is the same however its bytes are cut")
    func cuts() {
        let expected = run(Self.whole, conversation())
        #expect(
            codes(expected.said) == [
                "250", "250", "250", "250", "250", "250", "250", "550", "250", "354", "250", "250", "250", "250", "354",
                "250", "250", "221",
            ])
        #expect(expected.isClosed)
        #expect(
            expected.mails == [
                HandedMail(
                    sender: "robin@example.com", recipients: ["hello@fig.example", "returns+t0k@fig.example"],
                    bytes: Array("Subject: Hi\r\n\r\n.\r\n..three\r\nx\r\nlone\nlf\r.\r\n\n.\nend\r\n".utf8)),
                HandedMail(sender: "", recipients: ["hello@fig.example"], bytes: []),
            ])
        var seed: UInt64 = 1
        for _ in 0..<2000 {
            let cut = run(
                Self.whole, conversation(),
                pieces: {
                    seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                    return Int(seed >> 33) % 7 + 1
                })
            guard cut.said == expected.said, cut.mails == expected.mails, cut.isClosed else {
                Issue.record("cut otherwise, it says \(cut.said)")
                return
            }
        }
        let bytewise = run(Self.whole, conversation(), pieces: { 1 })
        #expect(bytewise.said == expected.said && bytewise.mails == expected.mails)
    }

    @Test("a mail that cannot be kept is left with the mail server, for each recipient by itself")
    func failing() {
        let said = run(Self.whole, conversation(), verdicts: { $0.sender.isEmpty ? [] : [.notNow, .kept] }).said
        let replies = said.split(separator: "\r\n").map(String.init)
        #expect(replies.filter { $0.hasPrefix("451 4.3.0") }.count == 2, "one of two, and the one without a verdict")
        #expect(replies.filter { $0 == "250 2.0.0 Kept" }.count == 1)
    }

    @Test("waits with what was sent ahead until it is told what became of the mail")
    func order() {
        var conversation = conversation()
        let steps = conversation.take(
            Array("LHLO a\r\nMAIL FROM:<>\r\nRCPT TO:<a@fig.example>\r\nDATA\r\nx\r\n.\r\nQUIT\r\n".utf8))
        #expect(steps.count == 2, "the replies so far, and the mail: no word about QUIT")
        #expect(conversation.take(Array("NOOP\r\n".utf8)).isEmpty)
        #expect(
            conversation.settle([.kept]) == [.reply("250 2.0.0 Kept\r\n"), .reply("221 2.0.0 Bye\r\n"), .close])
        #expect(conversation.take(Array("NOOP\r\n".utf8)).isEmpty)
    }

    @Test("a mail above the limit is refused for good, and the session goes on")
    func size() {
        var limits = LMTPConversation.Limits()
        limits.mail = 10
        let open = "LHLO a\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<a@fig.example>\r\nDATA\r\n"
        let fits = run(open + "12345678\r\n.\r\n", conversation(limits))
        #expect(fits.mails.map(\.bytes.count) == [10])
        let over = run(open + "123456789\r\n.\r\nNOOP\r\n", conversation(limits))
        #expect(over.mails.isEmpty && codes(over.said).suffix(2) == ["552", "250"])
        let announced = run("LHLO a\r\nMAIL FROM:<a@b.example> SIZE=11\r\nNOOP\r\n", conversation(limits))
        #expect(codes(announced.said).suffix(2) == ["552", "250"])
    }

    @Test(
        "refuses what is out of turn or makes no sense",
        arguments: [
            ("MAIL FROM:<a@b.example>", "503"), ("LHLO", "501"), ("EHLO a", "500"), ("BLURB", "500"),
            ("LHLO a\r\nRCPT TO:<a@fig.example>", "503"), ("LHLO a\r\nDATA", "503"),
            ("LHLO a\r\nMAIL FROM:<>\r\nDATA", "503"), ("LHLO a\r\nMAIL FROM:<>\r\nMAIL FROM:<>", "503"),
            ("LHLO a\r\nMAIL FROM:a@b.example", "501"), ("LHLO a\r\nMAIL FROM:<a@b.example", "501"),
            ("LHLO a\r\nMAIL FROM:<a b@c.example>", "501"), ("LHLO a\r\nMAIL FROM:<> SMTPUTF8", "555"),
            ("LHLO a\r\nMAIL FROM:<> SIZE=99999999999999999999", "501"), ("LHLO a\r\nMAIL FROM:<> SIZE=-1", "501"),
            ("LHLO a\r\nMAIL FROM:<>\r\nRCPT TO:<>", "550"), ("LHLO a\r\nMAIL FROM:<>\r\nRCPT TO:<@>", "550"),
            ("LHLO a\r\nMAIL FROM:<>\r\nRCPT TO:<a@fig.example\">", "501"),
            ("LHLO a\r\nMAIL FROM:<>\r\nRCPT TO:<a@fig.example>\r\nRSET\r\nDATA", "503"),
            ("LHLO a\r\nMAIL FROM:<\u{E9}@b.example>", "500"), ("VRFY a", "252"), ("NOOP x", "250"),
            ("lhlo a\r\nmail from: <@r.example:a@b.example>", "250"),
        ])
    func turns(_ commands: String, _ code: String) {
        let ran = run(commands + "\r\n", conversation())
        #expect(codes(ran.said).last == code, "\(ran.said)")
        #expect(ran.mails.isEmpty)
    }

    @Test("lines, recipients, commands and mistakes have an end")
    func bounds() {
        var limits = LMTPConversation.Limits()
        limits.line = 100
        limits.recipients = 2
        limits.commands = 30
        limits.mistakes = 3
        var long = conversation(limits)
        for _ in 0..<1000 {
            #expect(long.take(Array(repeating: 0x41, count: 90)).isEmpty)
            #expect(long.waiting <= 190)
        }
        #expect(
            long.take(Array("\r\nNOOP\r\n".utf8)) == [.reply("500 5.5.2 The line is too long\r\n250 2.0.0 Here\r\n")])
        let many = run(
            "LHLO a\r\nMAIL FROM:<>\r\n" + String(repeating: "RCPT TO:<a@fig.example>\r\n", count: 3),
            conversation(limits))
        #expect(codes(many.said).suffix(3) == ["250", "250", "452"])
        let endless = run(String(repeating: "NOOP\r\n", count: 40), conversation(limits))
        #expect(codes(endless.said).count == 31 && codes(endless.said).last == "421" && endless.isClosed)
        let nonsense = run(String(repeating: "BLURB\r\n", count: 9), conversation(limits))
        #expect(codes(nonsense.said) == ["500", "500", "500", "421"] && nonsense.isClosed)
    }
}

@Suite("Mail that is brought") struct MailboxDeliveryTests {
    private let delivery = MailboxDelivery(
        shop: "fig.example", addresses: ShopAddresses(["hello@fig.example"]),
        identity: MailIdentity { bytes in "\(bytes.count)-" + String(decoding: bytes.prefix(40), as: UTF8.self) })

    @Test("is what the same mail is from a mailbox, with its envelope on top")
    func same() {
        let mail = Array("From: R <robin@example.com>\r\nMessage-ID: <a@b>\r\nDate: x\r\n\r\nHello\r\n".utf8)
        let now = Moment(seconds: 1_800_000_000)
        let one = delivery.observation(
            of: mail, sender: "", recipients: ["hello+t0k@fig.example"], now: now)
        let text = String(decoding: one.bytes, as: UTF8.self)
        #expect(text.hasPrefix("Return-Path: <>\r\nDelivered-To: hello+t0k@fig.example\r\nFrom: R <"))
        #expect(one.source == "mailbox" && one.kind == "mail.inbox" && one.address == "robin@example.com")
        let identity = MailIdentity { bytes in "\(bytes.count)-" + String(decoding: bytes.prefix(40), as: UTF8.self) }
        #expect(one.externalID == identity.id(of: mail) && one.externalID == identity.id(of: one.bytes))
        #expect(delivery.takes("Hello+x@fig.example") && !delivery.takes("other@fig.example"))
    }

    @Test("an envelope cannot put lines into the mail")
    func injection() {
        let one = delivery.observation(
            of: Array("\r\nx".utf8), sender: "a@b.example>\r\nFrom: <c@d.example", recipients: ["h\n@fig.example"],
            now: Moment(seconds: 0))
        let lines = String(decoding: one.bytes, as: UTF8.self).split(separator: "\r\n").map(String.init)
        #expect(lines.count == 3 && lines[1] == "Delivered-To: h@fig.example")
    }
}

import Foundation
import Synchronization
import Testing

@testable import Sandbox

@Suite("The relay")
struct RelayTests {
    /// A conversation: what goes in, and the replies, kept mails and closings that come out.
    private func talk(
        _ input: String, limits: SandboxRelayLimits = SandboxRelayLimits(), fault: RelayFault? = nil,
        rules: [RelayRule] = [], chunk: Int = .max
    ) -> (replies: [String], kept: [ReceivedMail], closed: Bool) {
        let rules = RelayRules(rules)
        var session = SMTPSession(
            limits: limits, fault: { fault }, slowness: { .seconds(9) }, verdict: { rules.verdict($0) })
        var out: (replies: [String], kept: [ReceivedMail], closed: Bool) = ([], [], false)
        var rest = Array(input.replacing("\n", with: "\r\n").utf8)[...]
        while !rest.isEmpty {
            for step in session.receive(rest.prefix(chunk)) {
                switch step {
                case .reply(let text): out.replies.append(text)
                case .keep(let mail): out.kept.append(mail)
                case .close: out.closed = true
                case .wait: out.replies.append("wait")
                }
            }
            rest = rest.dropFirst(chunk)
        }
        return out
    }

    private static let mail = """
        EHLO me
        MAIL FROM:<bounces@shop.example> SIZE=100 SMTPUTF8
        RCPT TO:<a@shopper.example> NOTIFY=FAILURE
        RCPT TO:<zoë@shopper.example>
        DATA
        Subject: Hi

        ..dot
        end
        .
        QUIT

        """

    @Test("keeps a mail as it was, whatever pieces it comes in", arguments: [1, 3, 17, Int.max])
    func keeps(chunk: Int) {
        let (replies, kept, closed) = talk(Self.mail, chunk: chunk)
        #expect(replies.map { $0.prefix(3) } == ["250", "250", "250", "250", "354", "250", "221"])
        #expect(kept.count == 1 && closed)
        #expect(kept.first?.sender == "bounces@shop.example")
        #expect(kept.first?.recipients == ["a@shopper.example", "zoë@shopper.example"])
        #expect(kept.first.map { String(decoding: $0.bytes, as: UTF8.self) } == "Subject: Hi\r\n\r\n.dot\r\nend\r\n")
    }

    @Test(
        "goes wrong as it is told",
        arguments: [
            (RelayFault.dropBeforeReply, 1, true, "354"), (.dropAndForget, 0, true, "354"),
            (.dropAfterReply, 1, true, "250"),
            (.deferData, 0, false, "451"), (.refuseData, 0, false, "554"), (.unavailable, 0, true, "421"),
            (.slow, 1, false, "250"),
        ])
    func faults(fault: RelayFault, kept: Int, closed: Bool, last: String) {
        let out = talk(Self.mail.replacing("QUIT\n", with: ""), fault: fault)
        #expect(out.kept.count == kept && out.closed == closed && out.replies.last?.prefix(3) == Substring(last))
        #expect(out.replies.contains("wait") == (fault == .slow))
    }

    @Test("refuses recipients by pattern, as often as asked, and mail without any left")
    func rules() {
        let rules = [
            RelayRule("a@*", reply: "550 5.1.1 no such user"), RelayRule("*", reply: "451 4.2.1 busy", times: 1),
        ]
        let first = talk(Self.mail, rules: rules)
        #expect(first.replies[2...3].map { $0.prefix(3) } == ["550", "451"])
        #expect(first.replies[4].hasPrefix("554") && first.kept.isEmpty)
        let again = talk("EHLO a\nMAIL FROM:<>\nRCPT TO:<b@x.example>\nRCPT TO:<b@x.example>\n", rules: rules)
        #expect(again.replies[2...3].map { $0.prefix(3) } == ["451", "250"])
    }

    @Test("wants a login where one is set, PLAIN or LOGIN, and bounds sizes and order")
    func bounds() {
        let limits = SandboxRelayLimits(size: 50, recipients: 1, login: .init(username: "bookbag", password: "fig"))
        let plain = Data("\0bookbag\0fig".utf8).base64EncodedString()
        let name = Data("bookbag".utf8).base64EncodedString()
        let word = Data("fig".utf8).base64EncodedString()
        #expect(talk("EHLO a\nMAIL FROM:<a@x.example>\n", limits: limits).replies[1].hasPrefix("530"))
        #expect(talk("EHLO a\nAUTH PLAIN \(plain)\n", limits: limits).replies[1].hasPrefix("235"))
        #expect(talk("EHLO a\nAUTH LOGIN\n\(name)\n\(word)\n", limits: limits).replies.last?.hasPrefix("235") == true)
        #expect(talk("EHLO a\nAUTH LOGIN \(name)\n\(name)\n", limits: limits).replies.last?.hasPrefix("535") == true)
        let login = "EHLO a\nAUTH PLAIN \(plain)\n"
        #expect(
            talk(login + "MAIL FROM:<a@x.example> SIZE=51\n", limits: limits).replies.last?.hasPrefix("552") == true)
        let long =
            login + "MAIL FROM:<a@x.example>\nRCPT TO:<b@x.example>\nRCPT TO:<c@x.example>\nDATA\n"
            + String(repeating: "x", count: 60) + "\n.\nNOOP\n"
        let out = talk(long, limits: limits)
        #expect(out.kept.isEmpty && out.replies.suffix(4).map { $0.prefix(3) } == ["452", "354", "552", "250"])
        #expect(
            talk("DATA\nMAIL FROM:<a@x.example>\nRCPT TO:<b@x.example>\nSTARTTLS\nFOO\n").replies.map { $0.prefix(3) }
                == ["503", "503", "503", "502", "500"])
        #expect(talk(String(repeating: "x", count: 20_000)).closed)
    }

    @Test("keeps mails in a folder over a new start, with their envelopes and duplicates")
    func folder() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "sandbox-mail-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let bytes = Array("Message-ID: <1@shop.example>\r\nX-Bookbag-Trigger: delivered\r\n\r\nHi\r\n".utf8)
        let mail = ReceivedMail(sender: "s@shop.example", recipients: ["a@x.example", "b@x.example"], bytes: bytes)
        do {
            let mailbox = try Mailbox(folder: folder, clock: .system)
            mailbox.keep(mail)
            mailbox.keep(mail)
        }
        let mailbox = try Mailbox(folder: folder, clock: .system)
        mailbox.keep(mail)
        #expect(mailbox.mails.map(\.id) == [1, 2, 3])
        #expect(mailbox.mails[0].recipients == ["a@x.example", "b@x.example"])
        #expect(mailbox.bytes(of: 1) == bytes && mailbox.bytes(of: 3) == bytes)
        #expect(mailbox.duplicates == ["<1@shop.example>": [1, 2, 3]])
    }
}

@Suite("Reading mails for the page")
struct MIMEMessageTests {
    @Test(
        "decodes encoded words",
        arguments: [
            ("=?utf-8?Q?Zo=C3=AB_Bront=C3=AB?=", "Zoë Brontë"), ("=?UTF-8?B?5bGx55Sw?= =?utf-8?B?5pil6aaZ?=", "山田春香"),
            ("=?iso-8859-1?q?M=FCller?= <m@x.example>", "Müller <m@x.example>"), ("a =?utf-8?q?b?= c", "a b c"),
            ("=?broken", "=?broken"),
            ("=?utf-8?q?a=C3?= =?utf-8?q?=AB?=", "aë"),
        ])
    func words(text: String, decoded: String) { #expect(EncodedWords.decoded(text) == decoded) }

    @Test("finds text, HTML, pictures and attachments")
    func parts() {
        let text = """
            Subject: =?utf-8?q?Caf=C3=A9?=
             continued
            Content-Type: multipart/mixed; boundary="out"

            preamble
            --out
            Content-Type: multipart/alternative; boundary=in

            --in
            Content-Type: text/plain; charset=utf-8
            Content-Transfer-Encoding: quoted-printable

            one=20line =
            joined=C3=A9
            --in
            Content-Type: text/html; charset="utf-8"
            Content-Transfer-Encoding: base64

            PGI+aGk8L2I+
            --in--
            --out
            Content-Type: application/pdf
            Content-Disposition: attachment; filename*=utf-8''R%C3%BCck.pdf

            %PDF
            --out--
            """
        let message = MIMEMessage(Array(text.replacing("\n", with: "\r\n").utf8))
        #expect(message.header["subject"] == "Café continued")
        #expect(message.plain?.text == "one line joinedé")
        #expect(message.html?.text == "<b>hi</b>")
        #expect(message.attachments.map { $0.part.name } == ["Rück.pdf"])
    }

    @Test("survives what is no mail")
    func rubbish() {
        for text in [
            "", "\r\n", "Content-Type: multipart/mixed; boundary=a\r\n\r\n--a", "x",
            "Content-Type: multipart/x\r\n\r\n--\r\n",
        ] {
            _ = MIMEMessage(Array(text.utf8))
        }
        var random = SeededRandom(seed: 7)
        for _ in 0..<200 {
            let pieces = [
                "--a\r\n", "\r\n", "=?utf-8?q?", "Content-Type: multipart/mixed; boundary=a\r\n", ":", "=", "\u{0}",
            ]
            let text = (0..<20).map { _ in pieces.randomElement(using: &random)! }.joined()
            _ = MIMEMessage(Array(text.utf8)).header["Content-Type"]
        }
    }
}

import Testing

@testable import Platform

@Suite("SMTP values")
struct SMTPValueTests {
    private func wire(_ text: String) throws -> String {
        let envelope = try SMTPEnvelope(from: "", recipients: ["a@b.example"], message: Array(text.utf8))
        return String(decoding: envelope.wire, as: UTF8.self)
    }

    @Test(
        "doubles the dots that begin a line, and ends the message",
        arguments: [
            ("a\r\n", "a\r\n.\r\n"), ("a", "a\r\n.\r\n"), ("", "\r\n.\r\n"), (".", "..\r\n.\r\n"),
            (".\r\n", "..\r\n.\r\n"), ("..\r\n", "...\r\n.\r\n"), ("a\r\n.\r\nb\r\n", "a\r\n..\r\nb\r\n.\r\n"),
            ("a.\r\nb.c\r\n.d\r\n", "a.\r\nb.c\r\n..d\r\n.\r\n"), ("\r\n\r\n.x", "\r\n\r\n..x\r\n.\r\n"),
        ])
    func dots(_ message: String, _ expected: String) throws {
        #expect(try wire(message) == expected)
    }

    @Test("gets back what was sent, whatever it is, and the final dot is the only one by itself")
    func roundTrip() throws {
        var random = SystemRandomNumberGenerator()
        let pieces: [[UInt8]] = [[0x2E], [0x0D, 0x0A], [0x61], [0x2E, 0x2E], [0xC3, 0xA9], [0x0D, 0x0A, 0x2E]]
        for _ in 0..<2000 {
            let message = (0..<Int.random(in: 0...12, using: &random)).flatMap { _ in
                pieces.randomElement(using: &random)!
            }
            let wire = try SMTPEnvelope(from: "", recipients: ["a@b.example"], message: message).wire
            #expect(Array(wire.suffix(5)) == Array("\r\n.\r\n".utf8))
            // What a receiver does (RFC 5321, 4.5.2).
            var received: [UInt8] = []
            var isLineStart = true
            for (index, byte) in wire.dropLast(3).enumerated() {
                if !(isLineStart && byte == 0x2E) { received.append(byte) }
                let isDotLine = isLineStart && byte == 0x2E && wire[index + 1] == 0x0D
                #expect(!isDotLine, "ends too soon: \(message)")
                isLineStart = byte == 0x0A
            }
            #expect(received == message || received == message + [0x0D, 0x0A])
        }
    }

    @Test(
        "refuses what could smuggle a second mail or break the line",
        arguments: [
            ("a\nb\r\n", SMTPEnvelope.Fault.bareLineBreak(at: 1)), ("a\rb\r\n", .bareLineBreak(at: 1)),
            ("a\r\n\r", .bareLineBreak(at: 3)), ("\n", .bareLineBreak(at: 0)), ("a\r\r\n", .bareLineBreak(at: 1)),
            ("x\r\n\n.\n\r\nMAIL", .bareLineBreak(at: 3)), ("a\0b", .nul(at: 1)),
            ("ok\r\n" + String(repeating: "x", count: 999) + "\r\n", .longLine(2)),
            (String(repeating: "x", count: 999), .longLine(1)),
        ])
    func faults(_ message: String, _ fault: SMTPEnvelope.Fault) {
        #expect(throws: fault) {
            try SMTPEnvelope(from: "", recipients: ["a@b.example"], message: Array(message.utf8))
        }
    }

    @Test("takes lines of 998 bytes")
    func longestLine() throws {
        _ = try wire(String(repeating: "x", count: 998) + "\r\n" + String(repeating: "y", count: 998))
    }

    @Test(
        "takes addresses",
        arguments: [
            "ada@shopper.example", "a.b+c=d@x.example", "\"ada lovelace\"@shopper.example",
            "\"a\\\"b\"@shopper.example",
            "ada@[192.0.2.1]", "ada@[IPv6:2001:db8::1]", "zoë@bücher.example", "o'hara@shopper.example", "a@b",
        ])
    func addresses(_ address: String) throws {
        _ = try SMTPEnvelope(from: address, recipients: [address], message: [])
    }

    @Test(
        "takes nothing for an address that could be a command",
        arguments: [
            "", "ada", "@shopper.example", "ada@", "ada@b>", "<ada@b>", "ada@b.example\r\nRCPT TO:<eve@c.example>",
            "ada@b\n",
            "a da@b.example", "ada@b .example", "ada@b.example> NOTIFY=NEVER", "\"ada@b.example", "\"a\"b\"@c.example",
            "\"a\r\nb\"@c.example", "a,b@c.example", "ada@b.example\0", "\"a\\\"@c.example",
            String(repeating: "a", count: 320) + "@b.example",
        ])
    func badAddresses(_ address: String) {
        #expect(throws: SMTPEnvelope.Fault.recipient(1)) {
            try SMTPEnvelope(from: "", recipients: ["a@b.example", address], message: [])
        }
        if !address.isEmpty {
            #expect(throws: SMTPEnvelope.Fault.sender) {
                try SMTPEnvelope(from: address, recipients: ["a@b.example"], message: [])
            }
        }
    }

    @Test("says with each command what the relay offers and the mail needs")
    func parameters() throws {
        let all = SMTPCapabilities(ehlo: [
            "relay.example", "PIPELINING", "SIZE 1000", "8BITMIME", "SMTPUTF8", "DSN", "AUTH=PLAIN", "auth login",
        ])
        #expect(all.auth == ["PLAIN", "LOGIN"])
        let envelope = try SMTPEnvelope(
            from: "b+1@shop.example", recipients: ["zoë@shopper.example"], message: Array("A: é\r\n".utf8),
            envelopeID: "effect 1+2=3", notify: [.failure, .delay])
        let commands = SMTPConversation.begin(envelope, all).1
        let expected =
            "MAIL FROM:<b+1@shop.example> SIZE=7 BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=effect+201+2B2+3D3\r\n"
            + "RCPT TO:<zoë@shopper.example> NOTIFY=FAILURE,DELAY\r\nDATA\r\n"
        #expect(commands == .send(Array(expected.utf8)))
        let plain = try SMTPEnvelope(from: "", recipients: ["a+b@c.example"], message: [], notify: [])
        #expect(
            SMTPConversation.begin(plain, all).1
                == .send(
                    Array(
                        "MAIL FROM:<> SIZE=2 RET=HDRS\r\nRCPT TO:<a+b@c.example> NOTIFY=NEVER ORCPT=rfc822;a+2Bb@c.example\r\nDATA\r\n"
                            .utf8)))
        #expect(SMTPConversation.begin(plain, SMTPCapabilities()).1 == .send(Array("MAIL FROM:<>\r\n".utf8)))
    }

    @Test("sends nothing that a relay cannot take")
    func unsupported() throws {
        func end(_ envelope: SMTPEnvelope) -> SMTPReply? {
            if case .end(let reply, .ready) = SMTPConversation.begin(envelope, SMTPCapabilities()).1 { return reply }
            return nil
        }
        let address = try SMTPEnvelope(from: "", recipients: ["zoë@shopper.example"], message: [])
        let header = try SMTPEnvelope(from: "", recipients: ["a@b.example"], message: [], hasUTF8Header: true)
        let body = try SMTPEnvelope(from: "", recipients: ["a@b.example"], message: Array("\r\né".utf8))
        for envelope in [address, header, body] { #expect(end(envelope)?.failure == .unsupported) }
    }

    @Test("cuts replies the same way however the bytes arrive")
    func replies() throws {
        let text = "220 hi\r\n250-a\r\n250-5.1.1 b\r\n250 c\r\n354\r\n550 5.1.1  No such user\n"
        let expected = [
            SMTPReplyLines(code: 220, lines: ["hi"]), SMTPReplyLines(code: 250, lines: ["a", "5.1.1 b", "c"]),
            SMTPReplyLines(code: 354, lines: [""]), SMTPReplyLines(code: 550, lines: ["5.1.1  No such user"]),
        ]
        for cut in 0...text.utf8.count {
            var reader = SMTPReplyReader()
            var replies = try reader.read(text.utf8.prefix(cut))
            replies += try reader.read(text.utf8.dropFirst(cut))
            #expect(replies == expected)
        }
        #expect(expected[3].status == EnhancedStatus(5, 1, 1))
        #expect(expected[3].text == "No such user")
    }

    @Test("survives any bytes, and keeps no more than a bounded part of them")
    func anyBytes() {
        for seed in UInt64(0)..<500 {
            var state = seed &* 6_364_136_223_846_793_005 &+ 1
            let alphabet = Array("0123459 -\r\nabc.\u{7F}".utf8)
            let bytes = (0..<400).map { _ -> UInt8 in
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return alphabet[Int(state >> 33) % alphabet.count]
            }
            var reader = SMTPReplyReader()
            _ = try? reader.read(bytes)
        }
        var reader = SMTPReplyReader()
        #expect(throws: SMTPReply.Failure.malformedReply) {
            try reader.read(Array(repeating: Array("250-more\r\n".utf8), count: 1000).joined())
        }
        let long = SMTPReplyLines(code: 550, lines: [String(repeating: "\u{1B}x", count: 2000)])
        #expect(long.text.unicodeScalars.count == SMTPReply.maximumTextScalars)
        #expect(!long.text.contains("\u{1B}"))
    }

    @Test(
        "reads enhanced codes",
        arguments: [
            ("5.1.1 No", EnhancedStatus(5, 1, 1)), ("4.7.515", EnhancedStatus(4, 7, 515)),
            ("2.0.0\tOk", EnhancedStatus(2, 0, 0)),
            ("3.1.1 x", nil), ("5.1 x", nil), ("5.1.1.1 x", nil), ("192.168.1 x", nil), ("5.1.x", nil), ("", nil),
            ("5..1", nil),
            ("5.1.1000", nil),
        ] as [(String, EnhancedStatus?)])
    func enhanced(_ text: String, _ status: EnhancedStatus?) {
        #expect(EnhancedStatus(prefixOf: text) == status)
    }

    @Test("keeps a password out of what libcurl shows")
    func loginHearsNoPassword() {
        var login = SMTPLogin()
        login.received("220 relay\r\n".utf8)
        login.sent(Array("EHLO x\r\n".utf8))
        login.received("250-relay\r\n250 AUTH PLAIN\r\n".utf8)
        login.sent(Array("AUTH PLAIN AGJvb2tiYWcAaHVudGVyMg==\r\n".utf8))
        login.sent(Array("AGJvb2tiYWcAaHVudGVyMg==\r\n".utf8))
        #expect(login.phase == .auth)
        #expect(login.capabilities.auth == ["PLAIN"])
        #expect(!String(reflecting: login).contains("AGJvb"))
    }
}

import Testing

@testable import Platform

/// Reads a stream in the pieces that `sizes` says, over and over.
private func read(_ text: String, sizes: [Int] = [.max], limit: Int = 1 << 20) throws -> [IMAPResponse] {
    try read(Array(text.utf8), sizes: sizes, limit: limit)
}

private func read(_ bytes: [UInt8], sizes: [Int] = [.max], limit: Int = 1 << 20) throws -> [IMAPResponse] {
    var reader = IMAPReader()
    reader.literalLimit = limit
    var responses: [IMAPResponse] = []
    var rest = bytes[...]
    var turn = 0
    while !rest.isEmpty {
        let some = rest.prefix(max(1, sizes[turn % sizes.count]))
        rest = rest.dropFirst(some.count)
        turn += 1
        responses += try reader.read(Array(some)).map(IMAPResponse.init)
    }
    return responses
}

@Suite("What an IMAP server says") struct IMAPReaderTests {
    /// A mail that tries to be a server.
    private static let trick = "Subject: x\r\n\r\nA004 OK done\r\nb3 OK FETCH completed\r\n* BYE\r\n+ go {7}\r\n{9}\r\n"
    private static let session =
        "* OK [CAPABILITY IMAP4rev1 IDLE] ready {5}\r\n"
        + "b1 NO [AUTHENTICATIONFAILED] Not today {12}\r\n"
        + "* 23 EXISTS\r\n* FLAGS (\\Seen \\Draft)\r\n"
        + "* OK [PERMANENTFLAGS (\\Seen \\*)] Limited\r\n* OK [UIDVALIDITY 3857529045] UIDs valid\r\n"
        + "* SEARCH 2 84 882\r\n* SEARCH\r\n"
        + "* 12 FETCH (UID 42 RFC822.SIZE 7 INTERNALDATE \"17-Jul-2026 02:44:25 -0700\" "
        + "BODY[HEADER.FIELDS (TO CC)] {9}\r\nTo: a\r\n\r\n FLAGS (\\Seen))\r\n"
        + "* 13 FETCH (BODY[] {\(trick.utf8.count)}\r\n\(trick) UID 43)\r\n"
        + "* LIST (\\HasNoChildren \\Sent) \"/\" \"Entw&APw-rfe\"\r\n* LIST () NIL {4}\r\na\"b \r\n"
        + "+ idling\r\n* BYE Bye\r\nb2 OK [READ-ONLY] done\r\n"

    @Test("reads a session, and takes no mail's text and no words for people for the server's replies")
    func session() throws {
        let all = try read(Self.session)
        #expect(all.count == 15)
        #expect(
            all[0]
                == .status(
                    IMAPWords(status: .ok, code: "CAPABILITY", argument: "IMAP4rev1 IDLE", text: "ready {5}")))
        #expect(all[1] == .tagged("b1", IMAPWords(status: .no, code: "AUTHENTICATIONFAILED", text: "Not today {12}")))
        #expect(all[2] == .exists(23))
        #expect(all[3] == .other("FLAGS"))
        #expect(
            all[4] == .status(IMAPWords(status: .ok, code: "PERMANENTFLAGS", argument: "(\\Seen \\*)", text: "Limited"))
        )
        #expect(
            all[5]
                == .status(IMAPWords(status: .ok, code: "UIDVALIDITY", argument: "3857529045", text: "UIDs valid")))
        #expect(all[6] == .search([2, 84, 882]))
        #expect(all[7] == .search([]))
        guard case .fetch(let fields) = all[8], case .fetch(let mail) = all[9] else {
            Issue.record("no FETCH")
            return
        }
        #expect(all[8].uid == 42)
        #expect(fields["BODY[HEADER.FIELDS (TO CC)]"]?.bytes == Array("To: a\r\n\r\n".utf8))
        #expect(fields["INTERNALDATE"]?.date == 1_784_281_465)
        #expect(fields["FLAGS"] == .list([.atom("\\Seen")]))
        #expect(all[9].uid == 43 && mail["BODY[]"]?.bytes == Array(Self.trick.utf8))
        #expect(
            all[10]
                == .folder(
                    IMAPFolder(
                        name: "Entwürfe", encoded: "Entw&APw-rfe", attributes: ["\\hasnochildren", "\\sent"])))
        #expect(all[11] == .folder(IMAPFolder(name: "a\"b ", encoded: "a\"b ")))
        #expect(all[12] == .goOn(Array("idling".utf8)))
        #expect(all[13] == .status(IMAPWords(status: .bye, text: "Bye")))
        #expect(all[14] == .tagged("b2", IMAPWords(status: .ok, code: "READ-ONLY", text: "done")))
    }

    @Test("reads the same however the bytes are split", arguments: 0..<60)
    func splits(_ seed: Int) throws {
        var random = SystemRandomNumberGenerator()
        let sizes = seed == 0 ? [1] : (0..<200).map { _ in Int.random(in: 1...(seed + 1), using: &random) }
        #expect(try read(Self.session, sizes: sizes) == read(Self.session), "sizes \(sizes)")
    }

    @Test("survives any bytes, split in any way", arguments: 0..<200)
    func anything(_ seed: Int) {
        let words = [
            "* ", "1 ", "FETCH ", "(", ")", "\"", "\\", "{3}\r\n", "{99999999999}", "~{2}\r\n", "\r\n", "UID ", "BODY[",
            "]", "<0>", " OK ", "[", "SEARCH ", "LIST ", "NIL ", "4294967296 ", "\0", "é", "a",
        ]
        let text = (0..<60).map { _ in words.randomElement()! }.joined()
        // It may refuse the stream, or call a response unreadable; it must come back, and the same each time.
        let whole = try? read(text)
        let bytes = try? read(text, sizes: [1, 3, 2])
        #expect(whole == bytes, "\(text.debugDescription)")
    }

    @Test("reads past a literal that is too long, and keeps what comes after it")
    func skipped() throws {
        let long = String(repeating: "x", count: 5000)
        let all = try read("* 1 FETCH (UID 7 BODY[] {5000}\r\n\(long))\r\n* 2 EXISTS\r\n", sizes: [700], limit: 4999)
        #expect(all == [.fetch(["UID": .atom("7"), "BODY[]": .skipped(5000)]), .exists(2)])
        let two = "* 1 FETCH (BODY[] {60}\r\n\(long.prefix(60)) UID 7 BODY[HEADER] {60}\r\n\(long.prefix(60)))\r\n"
        guard case .fetch(let fields)? = try read(two, limit: 100).first else {
            Issue.record("no FETCH")
            return
        }
        #expect(fields["BODY[HEADER]"] == .skipped(60))
    }

    @Test(
        "gives up on what has no end",
        arguments: [
            "* 1 FETCH (BODY[] {1073741825}\r\n", "* 1 FETCH (BODY[] {99999999999999999999999}\r\n",
            "* SEARCH" + String(repeating: " 1234567", count: (8 << 20) / 8 + 1),
            "* 1 FETCH (" + String(repeating: "x {0}\r\n ", count: 4097),
        ])
    func endless(_ text: String) {
        #expect(throws: IMAPFraming.self) { try read(text) }
    }

    @Test(
        "calls unreadable what is not well-formed, and reads on",
        arguments: [
            "* 1 FETCH (UID 7", "* 1 FETCH UID 7)", "* 1 FETCH (\"UID)", "* 1 FETCH (UID)", "* SEARCH 1 x",
            "* SEARCH 4294967296", "* LIST", "*", "b1 FETCH 3",
            "* 1 FETCH (X " + String(repeating: "(", count: 500) + String(repeating: ")", count: 500) + ")",
            "* 1 FETCH (X (" + String(repeating: "a ", count: 100_001) + "))", "* 1 FETCH (BODY[HEADER x)",
        ])
    func unreadable(_ line: String) throws {
        let all = try read("\(line)\r\n* 3 EXISTS\r\n")
        #expect(all.count == 2 && all.last == .exists(3))
        guard case .unreadable? = all.first else {
            Issue.record("\(all)")
            return
        }
    }

    @Test("finds the text of a mail that is made of parts")
    func textSection() throws {
        func section(_ structure: String) throws -> String? {
            guard case .fetch(let fields)? = try read("* 1 FETCH (UID 1 BODYSTRUCTURE \(structure))\r\n").first,
                let value = fields["BODYSTRUCTURE"]
            else { return nil }
            return value.textSection("plain") ?? value.textSection(nil)
        }
        let plain = "(\"TEXT\" \"PLAIN\" (\"CHARSET\" \"utf-8\") NIL NIL \"7BIT\" 5 1 NIL NIL NIL)"
        let html = "(\"text\" \"html\" NIL NIL NIL \"7BIT\" 5 1)"
        let image = "(\"image\" \"jpeg\" NIL NIL NIL \"BASE64\" 9 NIL (\"attachment\" (\"filename\" \"a.jpg\")))"
        let file = "(\"text\" \"plain\" NIL NIL NIL \"7BIT\" 5 1 NIL (\"attachment\" NIL))"
        #expect(try section(plain) == "1")
        #expect(try section("((\(html)\(plain) \"alternative\")\(image) \"mixed\")") == "1.2")
        #expect(try section("(\(image)\(html) \"mixed\")") == "2")
        #expect(try section("(\(file)\(image) \"mixed\")") == nil)
    }

    @Test(
        "names folders as servers do",
        arguments: [
            ("INBOX", "INBOX"), ("Entwürfe", "Entw&APw-rfe"), ("R&D", "R&-D"), ("台北", "&U,BTFw-"),
            ("~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-"), ("a\r\nb", "a&AA0ACg-b"), ("😀", "&2D3eAA-"),
        ])
    func names(_ name: String, _ encoded: String) {
        #expect(MailboxName.encode(name) == encoded)
        #expect(MailboxName.decode(encoded) == name)
    }

    @Test("reads back any name, and leaves what is none as it is")
    func anyName() {
        for _ in 0..<500 {
            let name = String(
                String.UnicodeScalarView(
                    (0..<Int.random(in: 0...12)).map { _ in
                        Unicode.Scalar(UInt32.random(in: 1...0x2FFF)) ?? "&"
                    }))
            let encoded = MailboxName.encode(name)
            #expect(encoded.utf8.allSatisfy { (0x20...0x7E).contains($0) } && MailboxName.decode(encoded) == name)
        }
        for name in ["Gelöscht", "a&", "a&b", "&!-", "&2D0-"] { #expect(MailboxName.decode(name) == name) }
    }

    @Test("reads and writes dates")
    func dates() {
        #expect(IMAPDate.read("29-Nov-2026 17:54:56 +0100") == 1_795_971_296)
        #expect(IMAPDate.read(" 1-Jan-1970 00:00:00 +0000") == 0)
        #expect(IMAPDate.read("1-Foo-1970 00:00:00 +0000") == nil && IMAPDate.read("") == nil)
        #expect(IMAPDate.day(1_795_971_296) == "29-Nov-2026" && IMAPDate.day(0) == "1-Jan-1970")
        #expect(IMAPDate.day(-1) == "31-Dec-1969" && IMAPDate.day(951_782_400) == "29-Feb-2000")
        for day in stride(from: Int64(-20_000), to: 60_000, by: 97) {
            let text = IMAPDate.day(day * 86_400 + 5)
            #expect(IMAPDate.read("\(text) 00:00:00 +0000") == day * 86_400, "\(text)")
        }
        _ = (IMAPDate.day(.max), IMAPDate.day(.min))
    }
}

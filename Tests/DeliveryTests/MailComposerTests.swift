import Foundation
import Outreach
import Platform
import Testing

@testable import Delivery

@Suite("A mail's bytes")
struct MailComposerTests {
    static let folder = packageRoot.appendingPathComponent("Tests/Golden/mail")

    @Test("are those of the golden file, and the same every time", arguments: Drafts.golden.map(\.0))
    func golden(_ name: String) throws {
        let draft = try #require(Drafts.golden.first { $0.0 == name }?.1)
        let composed = bytes(of: try MailComposer().compose(draft))
        #expect(composed == bytes(of: try MailComposer().compose(draft)))
        let file = Self.folder.appendingPathComponent("\(name).eml")
        // BOOKBAG_RECORD=1 writes them anew, to be looked at before they are committed.
        if ProcessInfo.processInfo.environment["BOOKBAG_RECORD"] != nil { try Data(composed).write(to: file) }
        let expected = try Data(contentsOf: file)
        #expect(String(decoding: composed, as: UTF8.self) == String(decoding: expected, as: UTF8.self))
    }

    @Test("have CRLF line ends alone, ASCII alone, and short lines", arguments: Drafts.golden.map(\.0))
    func lines(_ name: String) throws {
        let draft = try #require(Drafts.golden.first { $0.0 == name }?.1)
        let composed = bytes(of: try MailComposer().compose(draft))
        #expect(composed.allSatisfy { $0 < 0x80 && $0 != 0 })
        let text = String(decoding: composed, as: UTF8.self)
        let pieces = composed.split(separator: 0x0A, omittingEmptySubsequences: false)
        #expect(pieces.dropLast().allSatisfy { $0.last == 0x0D && $0.dropLast().allSatisfy { $0 != 0x0D } })
        #expect(
            pieces.allSatisfy { $0.count <= 79 || !$0.dropFirst(20).contains(0x20) },
            "a line is longer than 78: \(text)")
        #expect(composed.count < 102_000)
    }

    /// Python's parser, which knows every defect by name, reads what GMime wrote.
    private static let reader = """
        import sys, json, email, email.policy
        m = email.message_from_bytes(sys.stdin.buffer.read(), policy=email.policy.default)
        defects = [str(d) for p in m.walk() for d in p.defects]
        defects += [str(d) for k, v in m.items() for d in getattr(v, 'defects', ())]
        parts = [[p.get_content_type(), p.get_filename() or '', p.get('Content-Transfer-Encoding', '')] for p in m.walk()]
        text = m.get_body(('plain',)).get_content().replace('\\r\\n', '\\n')
        html = m.get_body(('html',)).get_content().replace('\\r\\n', '\\n')
        to = m['To'].addresses[0]
        json.dump(dict(defects=defects, parts=parts, text=text, html=html, subject=m['Subject'], name=to.display_name,
            address=to.addr_spec, headers=[k for k, _ in m.items()], count=len(m['To'].addresses), date=m['Date'].datetime.isoformat(),
            irt=m['In-Reply-To'], refs=m['References'], files=[p.get_content().hex() for p in m.iter_attachments()]), sys.stdout)
        """

    struct Read: Decodable {
        var defects, headers, files: [String]
        var parts: [[String]]
        var text, html, subject, name, address, date: String
        var irt, refs: String?
        var count: Int
    }

    static func read(_ composed: [UInt8]) throws -> Read {
        let (status, output) = try run("python3", ["-c", reader], input: Data(composed))
        #expect(status == 0, "\(output)")
        return try JSONDecoder().decode(Read.self, from: Data(output.utf8))
    }

    @Test(
        "read without a defect by another parser, and mean what the draft meant", .enabled(if: python(has: "email")),
        arguments: Drafts.golden.map(\.0))
    func parsed(_ name: String) throws {
        let draft = try #require(Drafts.golden.first { $0.0 == name }?.1)
        let read = try Self.read(bytes(of: try MailComposer().compose(draft)))
        #expect(read.defects == [])
        #expect(read.subject == draft.subject.onOneLine)
        #expect(read.name == (draft.to.name ?? "").onOneLine)
        #expect(read.address == draft.to.address)
        #expect(read.count == 1)
        #expect(read.date == "2026-11-21T10:00:00+00:00")
        #expect(read.irt == "<b2@juniperfig.example>")
        #expect(read.refs == "<root-1001@juniperfig.example> <b2@juniperfig.example>")
        let bodies = MailBodies(draft)
        #expect(read.text == bodies.text)
        #expect(read.html == bodies.html)
        #expect(read.files == draft.attachments.map { $0.bytes.map { String(format: "%02x", $0) }.joined() })
        #expect(read.parts.map { $0[1] }.filter { !$0.isEmpty } == draft.attachments.map(\.name))
        #expect(Set(read.headers).count == read.headers.count)
        #expect(read.headers.contains("Auto-Submitted"))
        #expect(read.headers.contains("List-Unsubscribe-Post") == (name == "marketing"))
    }

    @Test("hold no header or part more, whatever texts a draft is made of", .enabled(if: python(has: "email")))
    func injection() throws {
        let pieces = [
            "\r\n", "\n", "\r", "\0", "Bcc: eve@evil.example", "\r\n\r\n", "--=_", "=_", "=?utf-8?q?=0D=0ABcc:_x?=",
            "\u{2028}", "\u{85}",
            "<", ">", "\"", "\\", ",", ";", ":", "@", "é", "日本", "🦊", "\u{202E}", "\u{FFFE}", " ", "\t",
            "Content-Type: text/html", ".",
            "--", "-->", "</body>", "](", "`", "&#13;", "%0d%0a",
        ]
        var random = SplitMix(state: 7)
        func text() -> String {
            (0..<Int.random(in: 0...9, using: &random)).map { _ in pieces.randomElement(using: &random)! }.joined()
        }
        let clean = try Self.read(bytes(of: try MailComposer().compose(Drafts.draft())))
        for _ in 0..<60 {
            var brand = Drafts.brand
            brand.name = text()
            brand.address = text()
            brand.logo = text()
            brand.url = text()
            brand.color = text()
            let boundary = "--=_" + "0123456789abcdef"
            var draft = Drafts.draft(
                subject: text(), to: text(), body: .markdown(boundary + "\n" + text() + "\n\n" + text()),
                language: text(), preview: text(),
                brand: brand)
            draft.attachments = [.init(name: text(), type: text(), bytes: Array(text().utf8))]
            let read = try Self.read(bytes(of: try MailComposer().compose(draft)))
            #expect(read.headers.sorted() == clean.headers.sorted())
            #expect(
                read.parts.map { $0[0] }.prefix(4) == [
                    "multipart/mixed", "multipart/alternative", "text/plain", "text/html",
                ])
            #expect(read.parts.count == 5)
            #expect(read.count == 1 && read.address == "ada@shopper.example")
            #expect(read.defects == [], "\(draft)")
        }
    }

    @Test(
        "are refused where a header cannot be one",
        arguments: [
            ("X-A", "a\r\nBcc: x@y.example"), ("X-A", "a\nb"), ("X-A", "a\u{0}b"), ("X-A\r\nBcc", "x"), ("X A", "x"),
            ("", "x"), ("X:A", "x"),
            ("From", "x"), ("subject", "x"), ("Content-Type", "text/html"), ("MIME-Version", "2"), ("X-É", "x"),
            ("X-A", "\u{2028}"),
            ("DKIM-Signature", "x"), ("Resent-To", "x"),
        ])
    func headerFaults(_ name: String, _ value: String) {
        #expect(throws: MailFault.self) { try MailComposer().compose(Drafts.draft(headers: [.init(name, value)])) }
    }

    @Test("are refused where a word is longer than a line, or an id is none")
    func faults() {
        #expect(throws: MailFault.lineTooLong) {
            try MailComposer().compose(Drafts.draft(headers: [.init("X-Long", String(repeating: "a", count: 2000))]))
        }
        for id in ["a", "a@b@c", "a b@c", "a@b>", "é@b", "a\r\n@b", "@b", "a@", ""] {
            var draft = Drafts.draft()
            draft.messageID = id
            #expect(throws: MailFault.messageID) { try MailComposer().compose(draft) }
            draft = Drafts.draft()
            draft.references = [id]
            #expect(throws: MailFault.messageID) { try MailComposer().compose(draft) }
        }
        var draft = Drafts.draft()
        draft.sender = "a@b.example>\r\nRCPT TO:<x@y.example"
        #expect(throws: MailFault.sender) { try MailComposer().compose(draft) }
        draft.sender = ""
        #expect(throws: Never.self) { try MailComposer().compose(draft) }
        draft.attachments = [
            .init(name: "big", type: "application/pdf", bytes: [UInt8](repeating: 0, count: 19_000_000))
        ]
        #expect(throws: MailFault.tooLarge(limit: 25_000_000)) { try MailComposer().compose(draft) }
    }

    @Test("are the same from many threads at once")
    func threads() async throws {
        let expected = try Drafts.golden.map { bytes(of: try MailComposer().compose($0.1)) }
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<40 {
                group.addTask {
                    try zip(Drafts.golden, expected).allSatisfy { bytes(of: try MailComposer().compose($0.1)) == $1 }
                }
            }
            for try await isSame in group { #expect(isSame) }
        }
    }

    @Test("date themselves in the zone that is asked for")
    func zones() throws {
        let moment = try #require(Moment(iso8601: "2026-02-03T04:05:06Z"))
        #expect(MailHeaders.date(moment, in: .utc) == "Tue, 3 Feb 2026 04:05:06 +0000")
        let newfoundland = try #require(Zone(named: "America/St_Johns"))
        #expect(MailHeaders.date(moment, in: newfoundland) == "Tue, 3 Feb 2026 00:35:06 -0330")
        let kiritimati = try #require(Zone(named: "Pacific/Kiritimati"))
        #expect(MailHeaders.date(moment, in: kiritimati) == "Tue, 3 Feb 2026 18:05:06 +1400")
    }

    @Test("have HTML without an error", .enabled(if: python(has: "html5lib")), arguments: Drafts.golden.map(\.0))
    func html(_ name: String) throws {
        let draft = try #require(Drafts.golden.first { $0.0 == name }?.1)
        guard case .markdown = draft.body else { return }
        let script = "import sys,html5lib; html5lib.HTMLParser(strict=True).parse(sys.stdin.buffer.read().decode())"
        let (status, output) = try run("python3", ["-c", script], input: Data(MailBodies(draft).html.utf8))
        #expect(status == 0, "\(output)")
    }
}

/// A small generator with a seed, so that what failed once fails again (Steele, Lea, Flood: "Fast splittable
/// pseudorandom number generators", 2014).
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

import Foundation
import Testing

@testable import Intake

@Suite("The files of a mail") struct MailFilesTests {
    /// A mail of a text, a picture, a nested form of the text, and a mail as a file.
    private func mail(_ picture: [UInt8]) -> [UInt8] {
        let encoded = Data(picture).base64EncodedString(options: .lineLength76Characters)
        return letter(
            [
                "From: ada@shopper.example", "Subject: torn", "MIME-Version: 1.0",
                "Content-Type: multipart/mixed; boundary=\"b\"",
            ],
            """
            --b
            Content-Type: text/plain; charset=utf-8

            It is torn. See the picture.
            --b
            Content-Type: IMAGE/JPEG; name="../../etc/pass<wd>.jpg"
            Content-Transfer-Encoding: base64
            Content-Disposition: attachment; filename="../../etc/pass<wd>.jpg"

            \(encoded)
            --b
            Content-Type: message/rfc822

            From: carrier@parcel.example
            Subject: nested words

            inner secret
            --b
            Content-Type: text/html; javascript/evil; charset=x
            Content-Disposition: attachment; filename="page.html"

            <script>outer secret</script>
            --b--

            """, ends: "\r\n")
    }

    @Test("each is found at its place in the list, under a name that harms nobody, decoded")
    func found() throws {
        let picture = (0..<5000).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 8) }
        let bytes = mail(picture)
        let listed = MailReading.read(bytes).files
        #expect(listed.map(\.name) == ["passwd.jpg", "message.eml", "page.html"])
        #expect(listed.map(\.type) == ["image/jpeg", "message/rfc822", "text/html"])
        for place in listed.indices {
            let found = try #require(MailFiles.file(place, of: bytes))
            #expect(found.file == listed[place])
        }
        #expect(MailFiles.file(0, of: bytes)?.content == picture)
        #expect(
            MailFiles.file(1, of: bytes).map { String(decoding: $0.content, as: UTF8.self) }?.contains("inner") == true)
        #expect(MailFiles.file(3, of: bytes) == nil && MailFiles.file(-1, of: bytes) == nil)
        #expect(MailFiles.file(0, of: []) == nil)
    }

    @Test("they can be removed: nothing of them is left, and all else reads as before")
    func removed() {
        let bytes = mail((0..<5000).map { UInt8(truncatingIfNeeded: $0) })
        let left = MailFiles.removed(from: bytes)
        let (before, after) = (MailReading.read(bytes), MailReading.read(left))
        #expect(left.count < 800 && after.text == before.text && after.subject == before.subject)
        #expect(after.files.map(\.name) == before.files.map(\.name))
        let words = String(decoding: left, as: UTF8.self)
        #expect(!words.contains("inner secret") && !words.contains("outer secret"))
        #expect(MailFiles.removed(from: left) == left)
        let plain = letter(["From: ada@shopper.example"], "Where is it?")
        #expect(MailFiles.removed(from: plain) == plain && MailFiles.removed(from: []) == [])
    }

    @Test("damaged mails give no more than they have, and lose no more than they should")
    func damaged() {
        let whole = mail((0..<900).map { UInt8(truncatingIfNeeded: $0) })
        var random = SystemRandomNumberGenerator()
        for _ in 0..<300 {
            var bytes = Array(whole.prefix(Int.random(in: 0...whole.count, using: &random)))
            for _ in 0..<Int.random(in: 0...4, using: &random) where !bytes.isEmpty {
                bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            let count = MailReading.read(bytes).files.count
            for place in 0..<count { #expect(MailFiles.file(place, of: bytes) != nil) }
            #expect(MailFiles.file(count, of: bytes) == nil)
            #expect(MailFiles.removed(from: bytes).count <= bytes.count)
        }
    }

    @Test(
        "a type that is none is that of arbitrary bytes",
        arguments: [
            ("image/png", "image/png"), ("Text/HTML; charset=x", "text/html"), ("", "application/octet-stream"),
            ("text/html\r\nSet-Cookie: a", "application/octet-stream"), ("a/b/c", "application/octet-stream"),
            ("text/<script>", "application/octet-stream"), ("/png", "application/octet-stream"),
            (String(repeating: "a", count: 90) + "/" + String(repeating: "b", count: 90), "application/octet-stream"),
        ])
    func types(given: String, type: String) { #expect(MailFile.cleanedType(given) == type) }
}

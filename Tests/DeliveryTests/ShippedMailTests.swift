import Foundation
import Outreach
import Testing

@testable import Delivery

/// Every shipped mail in every language, as HTML and as text, byte for byte: so that whoever changes a template or the
/// frame sees what becomes of it. `scripts/check-mails` reads the HTML with a parser of other people's making;
/// `scripts/mail-shots` makes pictures of it.
@Suite("The shipped mails")
struct ShippedMailTests {
    static let folder = packageRoot.appendingPathComponent("Tests/Golden/mails")

    @Test("look as they were looked at and approved", arguments: ShippedMail.all)
    func golden(_ mail: ShippedMail) throws {
        let bodies = MailBodies(mail.draft)
        for (ending, written) in [("html", bodies.html), ("txt", bodies.text)] {
            let file = Self.folder.appendingPathComponent("\(mail.name).\(ending)")
            // BOOKBAG_RECORD=1 writes them anew, to be looked at before they are committed.
            if ProcessInfo.processInfo.environment["BOOKBAG_RECORD"] != nil {
                try FileManager.default.createDirectory(
                    at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
                try Data(written.utf8).write(to: file)
            }
            let approved = try String(contentsOf: file, encoding: .utf8)
            #expect(written == approved, "\(mail.name).\(ending)")
        }
    }

    @Test("are there for every trigger and language, and for nothing else")
    func complete() throws {
        let names = Set(ShippedMail.all.map(\.name))
        #expect(names.filter { !$0.hasPrefix("hard/") }.count == 30 * ShippedMail.locales.count)
        let files = FileManager.default.enumerator(atPath: Self.folder.path)?.compactMap { $0 as? String } ?? []
        let kept = Set(files.filter { $0.hasSuffix(".html") }.map { String($0.dropLast(5)) })
        #expect(kept == names)
    }

    @Test("speak the language they say, with nothing of another in between", arguments: ShippedMail.all)
    func language(_ mail: ShippedMail) {
        guard !mail.name.hasPrefix("hard/") else { return }
        let wanted = String(mail.name.prefix(2))
        #expect(mail.draft.language == wanted)
        let html = MailBodies(mail.draft).html
        #expect(html.contains("<html lang=\"\(wanted)\" dir=\"ltr\">"))
        let text = MailBodies(mail.draft).text
        for english in ["Track your", "Hi ", "parcel", "Warm wishes", "your order"] where wanted != "en" {
            #expect(!text.contains(english), "\(english)")
        }
        // A shop that shouts is no friend.
        #expect(!text.contains("!"))
        #expect(mail.draft.subject.count <= 70, "\(mail.draft.subject)")
    }
}

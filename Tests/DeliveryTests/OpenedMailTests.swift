import Foundation
import Outreach
import Testing

@testable import Delivery

@Suite("A mail that is opened again")
struct OpenedMailTests {
    @Test("says what was composed", arguments: Drafts.golden.map(\.0))
    func opened(_ name: String) throws {
        let draft = try #require(Drafts.golden.first { $0.0 == name }?.1)
        let message = try MailComposer().compose(draft)
        let opened = try #require(OpenedMail(message.bytes))
        #expect(opened.subject == message.summary)
        #expect(opened.messageID == message.id)
        #expect(opened.to.contains(draft.to.address))
        let bodies = MailBodies(draft)
        #expect(opened.text.trimmingCharacters(in: .newlines) == bodies.text.trimmingCharacters(in: .newlines))
        #expect(opened.html.trimmingCharacters(in: .newlines) == bodies.html.trimmingCharacters(in: .newlines))
        #expect(opened.attachments.map(\.bytes) == draft.attachments.map(\.bytes))
    }

    @Test(
        "is nothing where the bytes are none, and never a crash", arguments: ["", "\u{0}", "Subject", "To: x\r\n\r\n"])
    func broken(_ text: String) {
        let opened = OpenedMail(Array(text.utf8))
        #expect(opened?.attachments.isEmpty ?? true)
    }
}

import Delivery
import Outreach
import Testing

@testable import Daemon

@Suite("A mail as a page shows it") struct MailShownTests {
    private func message() throws -> Message {
        let from = try #require(MailAddress(parsing: "Fig <orders@fig.example>"))
        let brand = Brand(name: "Fig", from: from)
        var draft = MailDraft(
            from: from, to: try #require(MailAddress(address: "robin@example.com")), sender: "orders@fig.example",
            subject: "Größe", body: .markdown("Hello **you**"), language: "en", messageID: "a@fig.example",
            date: Moment(milliseconds: 1_760_000_000_000), brand: brand)
        draft.attachments = [
            MailDraft.Attachment(name: "a.pdf", type: "application/pdf", bytes: [UInt8](repeating: 1, count: 1025))
        ]
        return try MailComposer().compose(draft)
    }

    @Test("its parts, and its attachments in whole kilobytes")
    func parts() throws {
        let shown = try #require(MailShown(try message()))
        #expect(shown.from.contains("orders@fig.example") && shown.to.contains("robin@example.com"))
        #expect(shown.subject == "Größe" && shown.text.contains("Hello") && shown.hasHTML)
        #expect(shown.attachments.map(\.name) == ["a.pdf"] && shown.attachments.map(\.kilobytes) == [2])
    }

    @Test("a webhook is no mail")
    func webhook() {
        #expect(MailShown(.webhook(id: "a", endpoint: "b", body: Array("{}".utf8), summary: "")) == nil)
    }

    @Test("in the dark or in the light, whatever the reader's browser prefers")
    func scheme() {
        let html = "@media (prefers-color-scheme: dark) { a } @media ( PREFERS-COLOR-SCHEME :light ) { b }"
        #expect(
            MailShown.asShown(html, dark: true)
                == "@media (min-width: 0px) { a } @media (max-width: 0px) { b }")
        #expect(
            MailShown.asShown(html, dark: false)
                == "@media (max-width: 0px) { a } @media (min-width: 0px) { b }")
    }

    @Test(
        "without what a browser would call",
        arguments: [
            ("<img alt='x' src='https://a.example/1.png'>", "src='"), ("<IMG SRC=\"https://a.example\">", "<IMG SRC"),
            ("<source srcset='https://a.example'>", "<source srcset"),
            ("<link rel=stylesheet href='https://a'>", "<link"),
            ("<td background='https://a.example'>", " background="),
        ])
    func calls(_ html: String, _ gone: String) {
        let left = MailShown.withoutCalls(html)
        #expect(!left.replacing("data-src='", with: "").contains(gone), "\(left)")
    }
}

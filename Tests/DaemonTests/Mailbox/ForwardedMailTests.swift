import Delivery
import Foundation
import Outreach
import Testing

@testable import Daemon

@Suite("What a person wrote, as a mail to the shop's people") struct ForwardedMailTests {
    private let at = Moment(iso8601: "2026-11-21T10:00:00Z")!

    private func forwarded(_ change: (inout ForwardedMail) -> Void = { _ in }) throws -> ForwardedMail {
        let folder = TriggerFolder(
            files: [
                "shop.yaml": Array(
                    "notify: owner@fig.example\nbrand: { name: Fig, from: Fig <orders@fig.example> }\n".utf8)
            ])
        var mail = IncomingMail(.person)
        mail.sender = "robin@example.com"
        mail.subject = "Where is it?"
        mail.text = "Hello,\n# not a heading\n- not a list *or bold*"
        mail.messageID = "hers@example.com"
        var forwarded = ForwardedMail(
            mail: mail, original: Array("From: robin@example.com\n\nHello".utf8),
            story: (order: "#10_01", text: "It was *placed*."),
            settings: try #require(TriggerSet.load(folder).set).settings,
            shop: "fig.myshopify.com", sender: "orders@fig.example", receivedAt: at, number: 7)
        change(&forwarded)
        return forwarded
    }

    private func opened(_ forwarded: ForwardedMail) throws -> (message: Message, mail: OpenedMail) {
        let message = try #require(forwarded.message())
        var mail = try #require(OpenedMail(message.bytes))
        // Wherever its lines are broken.
        mail.text = mail.text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        return (message, mail)
    }

    @Test("to the people, answered to her: what is asked, her words, then the story, and her mail as it came")
    func whole() throws {
        let (message, mail) = try opened(
            forwarded {
                var understood = Understood()
                (understood.asks, understood.mood) = (["where_is_my_order"], "upset")
                $0.understood = understood
            })
        let first = "robin@example.com wrote about order #10_01: where is my order, upset."
        #expect(mail.text.hasPrefix(first), "\(mail.text)")
        #expect(message.envelope.recipient == "owner@fig.example" && message.envelope.sender == "orders@fig.example")
        #expect(mail.subject == "Order #10_01: Where is it?")
        let text = String(decoding: message.bytes, as: UTF8.self)
        #expect(text.contains("Reply-To: robin@example.com") && text.contains("References: <hers@example.com>"))
        let story = try #require(mail.text.range(of: "It was *placed*."))
        let words = try #require(mail.text.range(of: "# not a heading"))
        #expect(words.lowerBound < story.lowerBound)
        #expect(mail.text.contains("- not a list *or bold*") && !mail.html.contains("<em>"), "her signs stay signs")
        #expect(mail.text.contains("Nothing proves that the mail is really from this address"))
        #expect(mail.attachments.map(\.name) == ["their-mail.eml"])
    }

    @Test("the same letter makes the same mail, another another")
    func identity() throws {
        let one = try #require(try forwarded().message())
        #expect(try forwarded().message() == one)
        #expect(try forwarded { $0.number = 8 }.message()?.id != one.id)
    }

    @Test("says what is missing: a text, a subject, a sender, an order, a proof, and what is too large to go with it")
    func missing() throws {
        let bare = try opened(
            forwarded {
                $0.mail = IncomingMail(.person)
                $0.story = nil
                $0.original = [UInt8](repeating: 0x61, count: ForwardedMail.largestOriginal + 1)
                $0.isLast = true
            }
        ).mail
        #expect(bare.subject == "a customer wrote" && bare.attachments.isEmpty)
        for words in ["Somebody wrote", "(no text)", "too large to be attached", "has written 20 mails within an hour"]
        {
            #expect(bare.text.contains(words), "\(words)")
        }
        #expect(!bare.text.contains("What we know"))
        let proven = try opened(forwarded { $0.mail.isAuthenticated = true }).mail
        #expect(!proven.text.contains("Nothing proves"))
    }

    @Test("nobody is written to where the shop names nobody")
    func nobody() throws { #expect(try forwarded { $0.settings.notify = nil }.message() == nil) }

    @Test("no header comes in through what she wrote", arguments: ["a\r\nBcc: eve@example.net", "a\nb", "\u{0}"])
    func injection(_ text: String) throws {
        let forwarded = try forwarded {
            $0.mail.subject = text
            $0.mail.sender = text
            $0.mail.messageID = text
            $0.thread = text
            $0.story?.order = text
            $0.mail.attachments = [MessageFile(name: text)]
        }
        guard let message = forwarded.message() else { return }
        let head = String(decoding: message.bytes, as: UTF8.self).components(separatedBy: "\r\n\r\n")[0]
        #expect(!head.contains("\nBcc:") && !head.contains("\u{0}"))
        #expect(message.envelope.recipient == "owner@fig.example")
    }
}

import Outreach
import Testing

@testable import Intake

@Suite("What is told of a mail before it is understood") struct MailboxValueTests {
    @Test(
        "the shop's mail is told by the addresses at its head",
        arguments: [
            ("To: hello@fig.example", true), ("to : Fig <HELLO@FIG.EXAMPLE>", true),
            ("Cc: a@b.example,\r\n\thello@fig.example", true), ("To: hello+r.abc=@fig.example", true),
            ("To: x@other.example", true), ("Delivered-To: hello@fig.example", true),
            ("X-Original-To: hello@fig.example", true), ("Bcc: hello@fig.example", true),
            ("To: (a) hello@fig.example (b)", true), ("To: \"a \\\" b\" <hello@fig.example>", true),
            ("To: tom@fig.example", false), ("To: xhello@fig.example", false),
            ("To: hello@fig.example.evil.example", false), ("To: \"hello@fig.example\" <tom@fig.example>", false),
            ("To: tom@fig.example (hello@fig.example)", false), ("To: =?utf-8?q?hello=40fig.example?=", false),
            ("From: hello@fig.example", false), ("Subject: To: hello@fig.example", false),
            ("To: +a@fig.example", false),
            ("To:", false), ("", false), ("X: 1\r\n\r\nTo: hello@fig.example", false),
        ])
    func addresses(_ head: String, _ isShops: Bool) {
        let shop = ShopAddresses(["Hello@fig.example", "@other.example"])
        #expect(shop.covers(Array("\(head)\r\n\r\n".utf8), on: .inbox) == isShops)
    }

    @Test("a sent mail is the shop's by whom it is from")
    func sent() {
        let shop = ShopAddresses(["hello@fig.example"])
        #expect(shop.covers(Array("From: Fig <hello@fig.example>\n\n".utf8), on: .sent))
        #expect(!shop.covers(Array("From: tom@fig.example\nTo: hello@fig.example\n\n".utf8), on: .sent))
    }

    @Test("a mail is the same whatever its way, and another where one of four things differs")
    func identity() {
        let identity = MailIdentity { String(decoding: $0, as: UTF8.self) }
        func id(_ text: String) -> String { identity.id(of: Array(text.utf8)) }
        let mail = "Message-ID: <1@a>\nFrom: a@b.example\nDate: today\n\nHi\n"
        let other = "Received: x\r\nDate:  today\r\nMessage-ID:\r\n <1@a>\r\nFrom: a@b.example\r\n\r\nHi\r\n\r\n"
        #expect(id(mail) == id(other))
        for (word, another) in [("1@a", "2@a"), ("a@b", "c@b"), ("today", "now"), ("Hi", "Ho")] {
            #expect(id(mail) != id(mail.replacing(word, with: another)))
        }
        #expect(id("") == id("\n\n") && id("no head at all") != "")
    }

    @Test("any bytes have a head, addresses and an identity")
    func anything() {
        let identity = MailIdentity { "\($0.count)" }
        for _ in 0..<500 {
            let bytes = (0..<Int.random(in: 0...200)).map { _ in
                Array(" \t\r\n:<>@\"\\(),+aé".utf8).randomElement()!
            }
            _ = identity.id(of: bytes)
            _ = ShopAddresses(["a@a"]).covers(bytes, on: .inbox)
            _ = MailHead.without(["a"], bytes)
        }
    }

    @Test("a kind reads as it is written")
    func kinds() {
        for side in [MailKind.Side.inbox, .sent] {
            for bits in 0..<8 {
                let kind = MailKind(side, isHistory: bits & 1 > 0, isCut: bits & 2 > 0, isParked: bits & 4 > 0)
                #expect(MailKind(kind.text) == kind)
            }
        }
        for text in ["", "mail", "mail.", "mail.spam", "mail.inbox.new", "press"] { #expect(MailKind(text) == nil) }
    }

    @Test("a place reads as it is written, and begins anew for another mailbox")
    func places() {
        var cursor = MailboxCursor(host: "imap.fig.example", user: "hello@fig.example")
        let moment = Moment(seconds: 1_795_971_296)
        cursor.folders["INBOX"] = MailboxCursor.Place(
            validity: 4_294_967_295, last: 7, opened: moment, newest: moment, again: moment)
        #expect(MailboxCursor(cursor.text, host: cursor.host, user: cursor.user) == cursor)
        #expect(MailboxCursor(cursor.text, host: "other.example", user: cursor.user).folders.isEmpty)
        #expect(MailboxCursor("{", host: cursor.host, user: cursor.user).folders.isEmpty)
    }
}

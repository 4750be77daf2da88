import Foundation
import Outreach
import Testing

@testable import Intake

@Suite("A mail that comes in") struct MailReadingTests {
    private func read(
        _ header: [String], _ text: String = "Where is my order?", settings: MailSettings = MailSettings()
    )
        -> MailReading
    { MailReading.read(letter(header, text), settings: settings) }

    // MARK: Letters

    @Test(
        "is read in the letters that were meant, whatever its label says",
        arguments: [
            (
                "iso-8859-1", [0x47, 0x72, 0xFC, 0xDF, 0x65, 0x20, 0x80, 0x31, 0x30, 0x20, 0x93, 0x61, 0x94],
                "Grüße €10 “a”"
            ),
            ("us-ascii", [0x63, 0x61, 0x66, 0xC3, 0xA9], "café"),
            ("utf-8", [0x63, 0x61, 0x66, 0xE9], "café"),
            ("gb2312", [0x95, 0x42, 0xC4, 0xE3, 0xBA, 0xC3], "旴你好"),
            ("iso-2022-jp", [0x1B, 0x24, 0x42, 0x24, 0x33, 0x24, 0x73, 0x1B, 0x28, 0x42], "こん"),
            ("iso-2022-jp", [0xA4, 0xB3, 0xA4, 0xF3], "こん"),
            ("shift_jis", [0x82, 0xB1, 0x82, 0xF1], "こん"),
            ("koi8-r", [0xF0, 0xD2, 0xC9, 0xD7, 0xC5, 0xD4], "Привет"),
            ("windows-1251", [0xCF, 0xF0, 0xE8, 0xE2, 0xE5, 0xF2], "Привет"),
            ("iso-8859-2", [0xB3, 0xF3, 0x64, 0xBC], "łódź"),
            ("euc-kr", [0xBE, 0xC8, 0xB3, 0xE7], "안녕"),
            ("big5", [0xA7, 0x41, 0xA6, 0x6E], "你好"),
            ("x-nobody-knows", [0x63, 0x61, 0x66, 0xE9], "café"),
            ("iso-8859-1", [0x63, 0x61, 0x66, 0xC3, 0xA9], "café"),
        ] as [(String, [UInt8], String)])
    func charsets(label: String, bytes: [UInt8], text: String) {
        let head = letter(
            ["From: ada@shopper.example", "MIME-Version: 1.0", "Content-Type: text/plain; charset=\"\(label)\""], "")
        #expect(MailReading.read(head + bytes).text == text)
    }

    @Test(
        "has its subject read, even where a word was broken inside a letter",
        arguments: [
            ("=?utf-8?B?5rOo5g==?= =?utf-8?B?loc=?=", "注文"),
            ("=?utf-8?Q?Gr=C3?=\n =?utf-8?Q?=BC=C3=9Fe?= aus Wien", "Grüße aus Wien"),
            ("=?iso-8859-1?Q?caf=E9_au_lait?=", "café au lait"),
            ("plain =?utf-8?q?=C3=A9?= text", "plain é text"),
            ("=?utf-8?x?broken?= =?", "=?utf-8?x?broken?= =?"),
            ("two\n lines\u{7}", "two lines"),
        ])
    func subjects(raw: String, subject: String) {
        #expect(read(["From: ada@shopper.example", "Subject: \(raw)"]).subject == subject)
    }

    @Test("keeps its sentences together where its lines flow, and its quotes apart")
    func flowed() {
        let mail = read(
            ["From: ada@shopper.example", "Content-Type: text/plain; charset=utf-8; format=flowed"],
            "Where is the \nblue apron?\n> It is \n> late.\n -- no signature\n-- \nAda")
        #expect(mail.body == "Where is the blue apron?\n> It is late.\n-- no signature\n-- \nAda")
        #expect(
            mail.text == "Where is the blue apron?\n\n-- no signature"
                || mail.text == "Where is the blue apron?\n-- no signature")
    }

    // MARK: Parts

    @Test("shows the text, and the files beside it with harmless names")
    func files() {
        let mail = MailReading.read(Array(MailShapes.mixed.utf8))
        #expect(mail.files.count == 1)
        #expect(mail.files.first?.name == "schürze.jpg")
        #expect((45...60).contains(mail.files.first?.size ?? 0))
        let nested = MailReading.read(Array(MailShapes.nested.utf8))
        #expect(nested.text == "plain")
        #expect(nested.files.map(\.type) == ["image/png", "message/rfc822"])
    }

    @Test(
        "is kept for a person where it cannot be read",
        arguments: [
            ("", "empty"), (" \r\n\r\n", "empty"), (MailShapes.tnef, "winmail.dat"), (MailShapes.noHeader, "no header"),
            (
                "From: a@shopper.example\nContent-Type: application/pkcs7-mime; smime-type=enveloped-data\n\nMIIB",
                "encrypted"
            ),
        ])
    func parked(mail: String, reason: String) {
        #expect(MailReading.read(Array(mail.utf8)).parked?.contains(reason) == true)
    }

    @Test(
        "is read although its boundaries are wrong or missing",
        arguments: [
            "Content-Type: multipart/mixed; boundary=other", "Content-Type: multipart/mixed",
            "Content-Type: multipart/alternative; boundary=\"\"",
        ])
    func boundaries(type: String) {
        let mail = read(
            ["From: ada@shopper.example", type],
            "preamble\n--real\nContent-Type: text/plain\n\nWhere is it?\n--real--\n")
        #expect(mail.text == "Where is it?")
    }

    @Test("is looked at within bounds, whatever it is")
    func bounds() {
        let clock = ContinuousClock()
        func quickly(_ bytes: [UInt8]) -> MailReading {
            let started = clock.now
            let mail = MailReading.read(bytes)
            let took = clock.now - started
            #expect(took < .seconds(20), "\(took)")
            return mail
        }
        var deep = "From: a@shopper.example\n"
        for level in 0..<3000 { deep += "Content-Type: multipart/mixed; boundary=b\(level)\n\n--b\(level)\n" }
        #expect(quickly(Array(deep.utf8)).remarks.contains { $0.contains("parts") })
        var messages = "From: a@shopper.example\n"
        for _ in 0..<3000 { messages += "Content-Type: message/rfc822\n\n" }
        #expect(quickly(Array(messages.utf8)).kind == .person)
        let many =
            "From: a@shopper.example\nContent-Type: multipart/mixed; boundary=b\n\n"
            + String(repeating: "--b\n\nx\n", count: 50_000)
        #expect(quickly(Array(many.utf8)).remarks.contains { $0.contains("parts") })
        _ = quickly(Array((String(repeating: "X-A: b\n", count: 100_000) + "\nhi").utf8))
        _ = quickly(Array(("Subject: " + String(repeating: "=?utf-8?q?a?= ", count: 50_000) + "\n\nhi").utf8))
        _ = quickly(Array(("To: " + String(repeating: "(", count: 200_000) + "\n\nhi").utf8))
        _ = quickly(Array(("From: a@shopper.example\n\n" + String(repeating: "On 1 wrote\n", count: 30_000)).utf8))
        _ = quickly(Array(("From: a@shopper.example\n\n" + String(repeating: "From: a\n", count: 30_000)).utf8))
        _ = quickly(Array(("From: a@shopper.example\n\n" + String(repeating: "-- \na\n", count: 20_000)).utf8))
        _ = quickly(
            Array(
                ("From: a@shopper.example\nContent-Type: text/html\n\n"
                    + String(repeating: "<div><blockquote>", count: 60_000)).utf8))
        _ = quickly(
            Array(
                ("From: mailer-daemon@x.example\nSubject: failure notice\n\n"
                    + String(repeating: "<a@b.example>: x\n", count: 60_000)).utf8))
    }

    @Test("is read by its head where it is longer than any mail may be")
    func tooLong() {
        var settings = MailSettings()
        settings.limits.bytes = 4096
        settings.limits.head = 1024
        let mail = read(
            ["From: ada@shopper.example"], "Where is it?\n" + String(repeating: "x", count: 8000), settings: settings)
        #expect(mail.text.hasPrefix("Where is it?"))
        #expect(mail.text.count < 1100)
        #expect(!mail.remarks.isEmpty)
    }

    // MARK: Who

    private static let results = "Authentication-Results: mx.juniperfig.example;"

    @Test(
        "is believed to be from its sender only where our border says so",
        arguments: [
            (["\(results) dmarc=pass header.from=shopper.example"], true),
            (["\(results) spf=pass; dkim=pass (good) header.d=shopper.example"], true),
            (["\(results) dkim=pass header.i=@shopper.example"], true),
            (["\(results) spf=pass smtp.mailfrom=shopper.example"], false),
            (["\(results) dkim=pass header.d=other.example"], false),
            (["\(results) dkim=pass header.d=example"], false),
            (["\(results) dmarc=pass header.from=other.example"], false),
            (["\(results) dmarc=fail header.from=shopper.example"], false),
            (["\(results) dmarc=fail (dmarc=pass header.from=shopper.example) header.from=shopper.example"], false),
            (["\(results) spf=fail smtp.helo=\"x; dmarc=pass header.from=shopper.example\""], false),
            (
                [
                    "\(results) dmarc=fail header.from=shopper.example",
                    "\(results) dmarc=pass header.from=shopper.example",
                ], false
            ),
            (["Authentication-Results: elsewhere.example; dmarc=pass header.from=shopper.example"], false),
            (
                [
                    "Authentication-Results: elsewhere.example; dmarc=fail",
                    "\(results) dmarc=pass header.from=shopper.example",
                ], true
            ),
            (["\(results) dmarc=pass header.from=shopper.example", "Sender: tom@other.example"], false),
            (["\(results) dmarc=pass header.from=shopper.example", "From: tom@other.example"], false),
            (["\(results) dmarc=pass header.from=shopper.example", "Reply-To: tom@other.example"], true),
            ([], false),
        ])
    func proof(header: [String], isProved: Bool) {
        var settings = MailSettings()
        settings.border = .named("mx.juniperfig.example")
        let mail = read(header + ["From: Ada <ada@shopper.example>"], settings: settings)
        #expect(mail.isAuthenticated == isProved, "\(header)")
        #expect(read(header + ["From: Ada <ada@shopper.example>"]).isAuthenticated == false)
    }

    @Test("proves nothing where several are said to have written it")
    func severalSenders() {
        var settings = MailSettings()
        settings.border = .named("mx.juniperfig.example")
        let pass = "\(Self.results) dmarc=pass header.from=shopper.example"
        #expect(!read([pass, "From: ada@shopper.example, tom@shopper.example"], settings: settings).isAuthenticated)
        settings.border = .firstBelowReceived
        let ours = [
            "Received: from a by b", "Authentication-Results: dmarc=pass header.from=shopper.example",
            "From: ada@shopper.example",
        ]
        #expect(read(ours, settings: settings).isAuthenticated)
        #expect(!read(["Received: from b by c"] + ours, settings: settings).isAuthenticated)
    }

    @Test(
        "names its sender as the list of addresses has it",
        arguments: [
            ("Ada <ada@shopper.example>", "Ada", "ada@shopper.example"),
            ("\"Lovelace, Ada\" <ada@shopper.example>", "Lovelace, Ada", "ada@shopper.example"),
            ("ada@shopper.example (Ada)", "Ada", "ada@shopper.example"),
            ("=?utf-8?q?=3Ctom=40bank.example=3E?= <ada@shopper.example>", "<tom@bank.example>", "ada@shopper.example"),
            ("<@a,@b:ada@shopper.example>", "", "ada@shopper.example"),
            ("Ada <ada@shopper.example", "Ada", "ada@shopper.example"),
        ])
    func senders(field: String, name: String, address: String) {
        let mail = read(["From: \(field)"])
        #expect(mail.from == Correspondent(name: name, address: address))
    }

    // MARK: Machines

    @Test(
        "is a machine's where anything says so",
        arguments: [
            (["Auto-Submitted: auto-replied"], .autoReply), (["Auto-Submitted: auto-generated"], .autoReply),
            (["Auto-Submitted: no"], .person),
            (["X-Autoreply: yes"], .autoReply), (["X-Auto-Response-Suppress: All"], .autoReply),
            (["X-Auto-Response-Suppress: DR, RN, NRN, OOF"], .person),
            (["X-MS-Exchange-Inbox-Rules-Loop: ada@shopper.example"], .autoReply),
            (["Precedence: auto_reply"], .autoReply), (["Precedence: bulk"], .list),
            (["List-Id: News <news.other.example>"], .list),
            (["List-Unsubscribe: <https://other.example/u>", "Feedback-ID: a:b:c:d"], .list),
            (["List-Id: <support.juniperfig.example>", "Precedence: list"], .person), (["Return-Path: <>"], .autoReply),
            (["X-Loop: yes"], .autoReply),
            (["Subject: Automatische Antwort: Ihre Bestellung"], .autoReply), (["Subject: Out of office"], .autoReply),
            (["Subject: Re: Automatic reply: x"], .person),
            (["Content-Type: multipart/report; report-type=disposition-notification; boundary=x"], .autoReply),
            (["X-Bookbag-Trigger: late"], .own),
        ] as [([String], IncomingClass)])
    func machines(header: [String], kind: IncomingClass) {
        var settings = MailSettings()
        settings.domains = ["juniperfig.example"]
        let from = header.contains { $0.hasPrefix("X-Bookbag") } ? "hello@juniperfig.example" : "ada@shopper.example"
        #expect(read(header + ["From: \(from)"], settings: settings).kind == kind, "\(header)")
        #expect(MailReading.read(Array(MailShapes.calendar.utf8)).kind == .autoReply)
    }

    @Test("is our own by the shape of our ids, and only from where we write")
    func own() {
        let ours = [
            "Message-ID: <0123456789abcdef0123456789abcdef@juniperfig.example>", "Auto-Submitted: auto-generated",
        ]
        #expect(read(ours + ["From: hello@juniperfig.example"]).kind == .own)
        #expect(read(ours + ["From: ada@shopper.example"]).kind != .own)
        #expect(read([ours[0], "From: hello@juniperfig.example"]).kind == .person)
    }

    @Test("says what it answers, and which token brought it")
    func threads() {
        let mail = MailReading.read(Array(MailShapes.gmail.utf8))
        #expect(mail.answers == ["0123456789abcdef0123456789abcdef@juniperfig.example", "order.00@juniperfig.example"])
        #expect(
            read(["From: a@shopper.example", "Delivered-To: reply+AbC9@juniperfig.example"]).tokens == ["AbC9"])
        #expect(read(["From: a@shopper.example", "To: <reply+k3v9@juniperfig.example>"]).tokens == ["k3v9"])
        #expect(read(["From: a@shopper.example", "To: <ada+reply@juniperfig.example>"]).tokens.isEmpty)
    }

    // MARK: Others' hands

    @Test("through the shop's contact form is the shopper's, and proves nothing")
    func contactForm() {
        let text =
            """
            You received a new message from your online store's contact form.

            Country Code:
            GB

            Name:
            Ada

            Email:
            ada@shopper.example

            Comment:
            Where is #1042?
            Thanks
            """
        var settings = MailSettings()
        settings.border = .named("mx.juniperfig.example")
        let header = [
            "From: \"Juniper (Shopify)\" <mailer@shopify.com>", "Reply-To: tom@other.example",
            "Auto-Submitted: auto-generated", "Subject: New customer message",
            "\(Self.results) dmarc=pass header.from=shopify.com",
        ]
        let mail = read(header, text, settings: settings)
        #expect(mail.kind == .person)
        #expect(mail.relay == "contact_form")
        #expect(mail.from == Correspondent(name: "Ada", address: "ada@shopper.example"))
        #expect(mail.isAuthenticated == false)
        #expect(mail.text == "Where is #1042?\nThanks")
        #expect(mail.order == "#1042")
    }

    @Test("that a colleague forwards is the shopper's, and one that a stranger forwards is the stranger's")
    func teamForward() {
        let text =
            """
            fyi

            ---------- Forwarded message ---------
            From: Ada <ada@shopper.example>
            Date: Sat, 28 Nov 2026
            Subject: apron
            To: <tom@juniperfig.example>

            Where is order 1042?

            -- 
            Ada
            """
        var settings = MailSettings()
        settings.team = ["@juniperfig.example"]
        let mail = read(["From: tom@juniperfig.example", "Subject: Fwd: apron"], text, settings: settings)
        #expect(mail.relay == "forward")
        #expect(mail.from?.address == "ada@shopper.example")
        #expect(mail.text == "Where is order 1042?")
        #expect(mail.orders == ["#1042"])
        #expect(
            read(["From: bob@shopper.example", "Subject: Fwd: apron"], text, settings: settings).from?.address
                == "bob@shopper.example")
    }

    @Test("of a marketplace is the shopper's words alone")
    func marketplace() {
        let mail = read(
            ["From: Ada <x1y2@marketplace.amazon.de>", "Precedence: bulk"],
            """
            You have received a message.

            ------------- Begin message -------------

            Where is it?

            ------------- End message -------------

            Solicitations
            """
        )
        #expect(mail.kind == .person)
        #expect(mail.text == "Where is it?")
    }

    // MARK: Orders

    @Test(
        "names an order by its sign, or beside a word that means one",
        arguments: [
            ("Where is #1042?", ["#1042"]), ("order 1042 please", ["#1042"]), ("Bestellung Nr. 1042 fehlt", ["#1042"]),
            ("ma commande n° 1042", ["#1042"]),
            ("mi pedido 1042", ["#1042"]), ("il mio ordine numero: 1042", ["#1042"]),
            ("mijn bestelling 1042", ["#1042"]), ("注文番号1042", ["#1042"]),
            ("order#1042 and order # 1043", ["#1042", "#1043"]),
            ("my order number is 1042.", ["#1042"]), ("Bestellnummer: 1042", ["#1042"]), ("call 07700 900123", []),
            ("parcel 1Z999AA10123456784", []), ("12345 Berlin", []), ("we're #1 fans", []),
            ("I want to order 2 aprons", []), ("an order of 100 pieces", []), ("order DE-20417", []),
            ("#DE-20417", ["#DE-20417"]), ("ordered on 2026-11-28", []), ("border 1042", []),
        ])
    func orders(text: String, names: [String]) { #expect(ada(text).orders == names, "\(text)") }

    @Test("names an order as the shop writes it")
    func orderStyle() {
        let style = OrderNumbers.Style(prefix: "JF-", suffix: "-UK")
        #expect(OrderNumbers.names(in: "where is jf-1042-uk", style: style) == ["JF-1042-UK"])
        #expect(OrderNumbers.names(in: "order 1042", style: style) == ["JF-1042-UK"])
        #expect(
            OrderNumbers.names(in: "Bestellung DE-20417", style: OrderNumbers.Style(prefix: "#DE-")) == ["#DE-20417"])
    }

    @Test(
        "takes the shop's way from what its orders are called",
        arguments: [
            ([], "#", ""), (["#1001", "#1002"], "#", ""), (["1001"], "", ""),
            (["JF-1042-A", "JF-1043-A"], "JF-", "-A"),
            (["#2026-10421"], "#2026-", ""), (["JF-1042-A1"], "JF-", "-A1"), (["#1", "DE-7", "DE-8"], "DE-", ""),
            (["DE-8", "#7"], "DE-", ""), (["gift", "#7"], "#", ""), (["#12-34"], "#12-", ""),
        ])
    func seen(_ names: [String], _ prefix: String, _ suffix: String) {
        #expect(OrderNumbers.Style(of: names) == OrderNumbers.Style(prefix: prefix, suffix: suffix))
    }
}

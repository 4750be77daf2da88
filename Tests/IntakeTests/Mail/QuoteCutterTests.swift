import Foundation
import Outreach
import Testing

@testable import Intake

@Suite("Her words alone") struct QuoteCutterTests {
    @Test(
        "are what stands above a quote, in the languages and ways in which mail programs introduce one",
        arguments: [
            "On Sat, 28 Nov 2026 at 09:12, Juniper & Fig <hello@juniperfig.example> wrote:",
            "On Sat, 28 Nov 2026 at 09:12, Juniper & Fig\n<hello@juniperfig.example> wrote:",
            "On 28 Nov 2026, at 09:12,\nJuniper & Fig\n<hello@juniperfig.example> wrote:",
            "On 11/28/26 09:12, Juniper & Fig wrote:",
            "Am 28.11.2026 um 09:12 schrieb Juniper & Fig:",
            "Am Sa., 28. Nov. 2026 um 09:12 Uhr schrieb Juniper & Fig <\nhello@juniperfig.example>:",
            "Juniper & Fig <hello@juniperfig.example> schrieb am 28.11.2026 um 09:12:",
            "Le sam. 28 nov. 2026 à 09:12, Juniper & Fig <hello@juniperfig.example> a écrit :",
            "Le 28/11/2026 à 09:12, Juniper & Fig a\u{A0}écrit\u{A0}:",
            "El sáb, 28 nov 2026 a las 9:12, Juniper & Fig (<hello@juniperfig.example>) escribió:",
            "Il giorno sab 28 nov 2026 alle ore 09:12 Juniper & Fig <hello@juniperfig.example> ha scritto:",
            "Op za 28 nov 2026 om 09:12 schreef Juniper & Fig <hello@juniperfig.example>:",
            "Em sáb., 28 de nov. de 2026 às 09:12, Juniper & Fig <hello@juniperfig.example> escreveu:",
            "W dniu 28.11.2026 o 09:12, Juniper & Fig pisze:",
            "sob., 28 lis 2026 o 09:12 Juniper & Fig <hello@juniperfig.example> napisał(a):",
            "Den lör 28 nov. 2026 kl 09:12 skrev Juniper & Fig <hello@juniperfig.example>:",
            "lør. 28. nov. 2026 kl. 09:12 skrev Juniper & Fig <hello@juniperfig.example>:",
            "la 28. marrask. 2026 klo 9.12 Juniper & Fig (hello@juniperfig.example) kirjoitti:",
            "сб, 28 нояб. 2026 г. в 09:12, Juniper & Fig <hello@juniperfig.example>:",
            "28.11.2026 09:12, Juniper & Fig пишет:",
            "so 28. 11. 2026 v 9:12 odesílatel Juniper & Fig <hello@juniperfig.example> napsal:",
            "Juniper & Fig <hello@juniperfig.example> ezt írta (időpont: 2026. nov. 28., Szo, 9:12):",
            "28 Kas 2026 Cmt 09:12 tarihinde Juniper & Fig <hello@juniperfig.example> şunu yazdı:",
            "Στις Σάβ 28 Νοε 2026 στις 9:12 π.μ., ο χρήστης Juniper <hello@juniperfig.example> έγραψε:",
            "2026年11月28日(土) 9:12 Juniper & Fig <hello@juniperfig.example>:",
            "2026年11月28日 09:12，Juniper & Fig <hello@juniperfig.example> 写道：",
            "2026년 11월 28일 (토) 오전 9:12, Juniper & Fig <hello@juniperfig.example>님이 작성:",
            "2026-11-28 9:12 GMT+01:00 Juniper & Fig <hello@juniperfig.example>:",
            "În sâm., 28 nov. 2026 la 09:12, Juniper & Fig <hello@juniperfig.example> a scris:",
        ])
    func attributions(line: String) {
        for gap in ["\n", "\n\n"] {
            let quoted = "Where is it?\n\n\(line)\(gap)> Your order #1042 is late.\n> You can cancel it."
            #expect(ada(quoted).text == "Where is it?", "\(line)")
        }
        // HTML programs put no mark before the lines.
        let plain = "Where is it?\n\n\(line)\n\nYour order #1042 is late.\nYou can cancel it."
        #expect(ada(plain).text == "Where is it?", "\(line)")
    }

    @Test(
        "are what stands above a block of headers",
        arguments: [
            [
                "From: Juniper <hello@juniperfig.example>", "Sent: Saturday, 28 November 2026 09:12", "To: Ada",
                "Subject: Your order",
            ],
            [
                "Von: Juniper <hello@juniperfig.example>", "Gesendet: Samstag, 28. November 2026 09:12", "An: Ada",
                "Betreff: Ihre Bestellung",
            ],
            [
                "De : Juniper <hello@juniperfig.example>", "Envoyé : samedi 28 novembre 2026 09:12", "À : Ada",
                "Objet : Votre commande",
            ],
            ["De: Juniper", "Enviado el: sábado, 28 de noviembre", "Para: Ada", "Asunto: Su pedido"],
            ["Da: Juniper", "Inviato: sabato 28 novembre", "A: Ada", "Oggetto: Il tuo ordine"],
            ["Van: Juniper", "Verzonden: zaterdag 28 november", "Aan: Ada", "Onderwerp: Je bestelling"],
            [
                "*From:* Juniper", "*Date:* 28 Nov 2026", "*To:* Ada; Tom;", "tom@shopper.example",
                "*Subject:* Your order",
            ],
            ["Från: Juniper", "Skickat: den 28 november 2026", "Till: Ada", "Ämne: Din beställning"],
            ["差出人: Juniper", "送信日時: 2026年11月28日", "宛先: Ada", "件名: ご注文"],
            ["发件人: Juniper", "发送时间: 2026年11月28日", "收件人: Ada", "主题: 订单"],
        ])
    func headers(block: [String]) {
        let lines = block.joined(separator: "\n")
        for rule in [
            "", "________________________________\n", "-----Original Message-----\n",
            "-----Ursprüngliche Nachricht-----\n",
        ] {
            let mail = ada(
                "Where is it?\n\n\(rule)\(lines)\n\nYour order #1042 is late.\n\nYou can cancel it.",
                subject: "RE: Your order")
            #expect(mail.text == "Where is it?", "\(rule)\(lines)")
            #expect(mail.cuts.map(\.why) == [.header, .quote])
            #expect(mail.orders.isEmpty)
        }
    }

    @Test("stay where they stand below a quote, and between quotes")
    func inline() {
        let below = ada("On 28 Nov 2026, Juniper wrote:\n> It is late.\n> Sorry.\n\nThat is fine, thanks!")
        #expect(below.text == "That is fine, thanks!")
        let between = ada(
            """
            Hi,

            On 28 Nov 2026, Juniper wrote:
            > Which size?

            The small one.

            > Which colour?

            Blue.

            -- 
            Ada
            """
        )
        #expect(between.text == "Hi,\n\nThe small one.\n\nBlue.")
        #expect(between.cuts.map(\.why) == [.attribution, .quote, .quote, .signature])
    }

    @Test(
        "are everything where nothing else would be left",
        arguments: [
            "> Which size?", "Sent from my iPhone", "On 28 Nov 2026, Juniper wrote:\n> Which size?",
            "From: Juniper\nSent: today\nTo: Ada\nSubject: Hello\n\nIt is late.",
        ])
    func nothingLeft(text: String) {
        let mail = ada(text)
        #expect(mail.text == text)
        #expect(mail.cuts.isEmpty)
    }

    @Test(
        "end before a signature",
        arguments: [
            "-- \nAda Lovelace\n+44 7700 900123", "--\nAda", "Sent from my iPhone", "Von meinem iPhone gesendet",
            "Envoyé de mon iPhone",
            "Enviado desde mi iPhone", "Inviato da iPhone", "Verzonden vanaf mijn iPhone",
            "Get Outlook for iOS<https://aka.ms/x>",
            "Gesendet mit der GMX Mail App", "Sendt fra min iPhone", "Skickat från min iPhone", "Wysłane z iPhone'a",
            "iPhoneから送信", "发自我的iPhone",
            "Отправлено с iPhone", "Diese Nachricht wurde von meinem Android Mobiltelefon mit GMX Mail gesendet.",
        ])
    func signatures(signature: String) {
        #expect(ada("Where is it?\n\n\(signature)").text == "Where is it?")
        #expect(
            ada("Where is it?\n\n\(signature)\n\nOn 28 Nov 2026, Juniper wrote:\n> It is late.").text == "Where is it?")
    }

    @Test(
        "may speak of writing, of places and of dashes",
        arguments: [
            "On Monday I wrote to you: nothing came.", "Am Montag schrieb ich Ihnen: nichts kam.",
            "To be clear:\nit is late\nSubject to change, I know.",
            "From what I see it is late.", "5 > 3, is it not?", "Sent from your warehouse yet?",
            "I ordered two -- one is missing.",
            "Name: Ada\nTown: Leeds\nSize: small",
        ])
    func ordinaryWords(text: String) { #expect(ada(text).text == text) }

    @Test("of a forward include what was forwarded, without its block of headers")
    func forwards() {
        let mail = ada(
            """
            See below, is that you?

            ---------- Forwarded message ---------
            From: Juniper <hello@juniperfig.example>

            """
                + """
                Date: Sat, 28 Nov 2026
                Subject: Your order
                To: <ada@shopper.example>

                Your order #1042 is late.

                On 1 Nov Tom wrote:
                > old
                """,
            subject: "Fwd: Your order")
        #expect(mail.text.hasPrefix("See below, is that you?\n\nYour order #1042 is late."))
        #expect(mail.text.hasSuffix("> old"))
        #expect(mail.cuts.map(\.why) == [.header])
        #expect(MailReading.read(Array(MailShapes.apple.utf8)).text.contains("Here is your label."))
    }

    @Test("end where our own line is, with the attribution above it")
    func cutLine() {
        var settings = MailSettings()
        settings.cutLine = "Please write above this line"
        let text =
            """
            Yes, do that.

            On 28 Nov 2026, Bookbag wrote:
            > -- Please write above this line --
            > She asks where it is.

            More
            """
        let mail = MailReading.read(
            letter(["From: tom@juniperfig.example", "Subject: Re: A question"], text), settings: settings)
        #expect(mail.text == "Yes, do that.")
        #expect(mail.cuts.contains { $0.why == .cutLine })
    }

    @Test(
        "of HTML are found by its markup",
        arguments: [
            #"""
            <div>Where is it?</div><div class="gmail_quote"><div class="gmail_attr">On 28 Nov 2026 Juniper \#
            wrote:<br></div><blockquote class="gmail_quote">It is late.</blockquote></div>
            """#,
            #"""
            <p>Where is it?</p><blockquote type="cite"><p>It is late.</p><blockquote \#
            type="cite">older</blockquote></blockquote>
            """#,
            #"""
            <p>Where is it?</p><div id="appendonsend"></div><hr><div id="divRplyFwdMsg">Juniper</div><div>It is \#
            late.</div>
            """#,
            #"""
            <p>Where is it?<o:p></o:p></p><div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm \#
            0cm 0cm"><p><b>Von:</b> Juniper</p></div><p>It is late.</p>
            """#,
            #"<p>Where is it?</p><div id="x_divRplyFwdMsg">Juniper</div>It is late."#,
            #"""
            <p>Where is it?</p><div class="yahoo_quoted" id="yahoo_quoted_1"><div>On 28 Nov, Juniper wrote:</div>It \#
            is late.</div>
            """#,
            #"""
            <p>Where is it?</p><div class="moz-cite-prefix">Am 28.11.26 schrieb Juniper:</div><blockquote \#
            type="cite">It is late.</blockquote>
            """#,
            #"<p>Where is it?</p><div class="protonmail_quote">It is late.</div>"#,
            #"""
            <p>Where is it?</p><p>From: Juniper<br>Sent: Saturday<br>To: Ada<br>Subject: Your order</p><p>It is \#
            late.</p>
            """#,
            #"""
            <style>p{}</style><p>Where <b>is</b> it?</p><div style="display:none">preheader</div><div \#
            class="gmail_signature">Ada</div>
            """#,
            #"<table><tr><td>Where is it?</td></tr></table><blockquote>It is late."#,
        ])
    func markup(html: String) {
        let mail = MailReading.read(
            letter(
                [
                    "From: ada@shopper.example", "Subject: Re: x", "MIME-Version: 1.0",
                    "Content-Type: text/html; charset=utf-8",
                ], html))
        #expect(mail.text == "Where is it?", "\(html)")
    }

    @Test(
        "of whole mails come out",
        arguments: [
            (MailShapes.gmail, "Hi, it still isn’t here 😟"), (MailShapes.outlook, "Wo bleibt die Schürze?"),
        ])
    func whole(mail: String, words: String) { #expect(MailReading.read(Array(mail.utf8)).text == words) }

    @Test("and the cuts together are the whole text")
    func spans() {
        for shape in MailShapes.all {
            let mail = MailReading.read(shape)
            let scalars = Array(mail.body.unicodeScalars)
            var kept = String.UnicodeScalarView()
            var position = 0
            for cut in mail.cuts {
                #expect(cut.start >= position && cut.end > cut.start && cut.end <= scalars.count)
                kept.append(contentsOf: scalars[position..<cut.start])
                position = cut.end
            }
            kept.append(contentsOf: scalars[position...])
            #expect(String(kept).filter { !$0.isWhitespace } == mail.text.filter { !$0.isWhitespace })
        }
    }

    @Test(
        "and her order numbers, in the messages that are hard to read",
        .enabled(if: SharedMail.areMessagesThere, "../shared/understanding is absent"))
    func tricky() throws {
        let rows = SharedMail.rows("understanding/own-tricky.tsv")
        #expect(!rows.isEmpty)
        for row in rows {
            let text = try #require(row["text"]).replacing("\\n", with: "\n")
            let mail = ada(text)
            // In a quote they are not hers: there the thread knows the order.
            let expected = row["orders"] == "-" || row["kind"] == "quoted" ? [] : [try #require(row["orders"])]
            #expect(
                mail.orders.map { $0.hasPrefix("#") && !expected.contains($0) ? String($0.dropFirst()) : $0 }
                    == expected, "\(text)")
            if row["kind"] == "quoted" {
                #expect(mail.text == text.split(separator: "\n").first.map(String.init), "\(text)")
            } else {
                #expect(mail.text == text.trimmed, "\(text)")
            }
        }
    }
}

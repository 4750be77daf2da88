import Foundation
import Outreach
import Testing

@testable import Delivery

/// Mails as shoppers get them, for golden files and pictures (`scripts/mail-shots`).
struct ShippedMail: Sendable, CustomTestStringConvertible {
    /// `de/delay-alert`.
    var name: String
    var draft: MailDraft

    var testDescription: String { name }

    static let locales = ["en", "de", "fr", "es"]

    /// The first mail of each shipped trigger's examples, in each language, for an answer that in which she wrote; and
    /// what tries the frame hard.
    static let all: [ShippedMail] = {
        guard let folder = try? TriggerFolder(readingFrom: packageRoot.path + "/triggers", name: "triggers"),
            let set = TriggerSet.load(folder).set
        else { return [] }
        var mails: [ShippedMail] = []
        for locale in locales {
            var settings = set.settings
            settings.locale = locale
            settings.brand.url = "https://juniperfig.example"
            let localized = TriggerSet(settings: settings, triggers: set.triggers, templates: set.templates)
            for trigger in localized.triggers {
                // Whoever wrote is answered in her own language, and everybody else written to in that of the order.
                let isAnswer = trigger.lines[0].destination == .answer
                let written = trigger.examples.lazy.compactMap { example in
                    ExampleRunner(localized).mail(of: isAnswer ? example : example.read(in: locale), in: trigger)
                }
                guard let mail = written.first(where: { $0.language == locale }) else { continue }
                let occasion: MailDraft.Occasion? =
                    switch trigger.lines[0].destination {
                    case .customer: trigger.matches(.conversationClosed) ? .conversation : .order
                    case .answer: .answer
                    default: nil
                    }
                var made = draft(mail.subject, mail.preview, mail.body, mail.language, occasion, settings.brand)
                made.parcels = mail.parcels
                if occasion == .answer, trigger.matches(.messageReceived) {
                    made.answerPage = "https://track.juniperfig.example/p/example/answer"
                }
                mails.append(ShippedMail(name: "\(locale)/\(trigger.name)", draft: made))
            }
        }
        return mails + hard(set.settings.brand)
    }()

    private static func draft(
        _ subject: String, _ preview: String?, _ body: MailDraft.Body, _ language: String,
        _ occasion: MailDraft.Occasion?, _ brand: Brand
    ) -> MailDraft {
        var draft = MailDraft(
            from: brand.from, to: MailAddress(address: "robin@shopper.example")!, sender: "",
            subject: subject, preview: preview, body: body, language: language,
            messageID: "1@juniperfig.example", date: Moment(iso8601: "2026-03-10T10:00:00Z")!, brand: brand)
        draft.occasion = occasion
        return draft
    }

    private static func hard(_ brand: Brand) -> [ShippedMail] {
        func mail(
            _ name: String, _ subject: String, _ markdown: String, language: String = "en", color: String? = nil,
            logo: String? = nil, occasion: MailDraft.Occasion = .order
        ) -> ShippedMail {
            var brand = brand
            brand.url = "https://juniperfig.example"
            brand.logo = logo
            brand.color = color ?? brand.color
            var draft = draft(subject, nil, .markdown(markdown), language, occasion, brand)
            if occasion == .marketing {
                draft.headers = [.init("List-Unsubscribe", "<https://juniperfig.example/unsubscribe/5001>")]
            }
            return ShippedMail(name: "hard/\(name)", draft: draft)
        }
        let everything = """
            # Everything a mail can hold

            Hi Robin,

            a **bold** word, an *italic* one, `code`, and [a link](https://juniperfig.example/help) in a sentence that is long \
            enough to break over lines.

            > The carrier's words stand in a quote,
            > over two lines.

            ## A heading below

            1. First
            2. Second, which goes on for a while so that one sees how the second line of an item stands below the first
                - an item within
                - and one more
            3. Third

            ### And a smaller one

            [Track your parcel](https://tracking.example/1)

            *Tracking number: JF123456789GB*

            ---

            ![Two candles on a table](https://juniperfig.example/candles.png)

                A code block: 4 Orchard Row
                Bristol

            The end.
            """
        let long = """
            # Donaudampfschifffahrtsgesellschaftskapitänsmützenständer unterwegs

            Hallo Maximiliane-Wilhelmine,

            deine Sendungsnummer ist 00340434161094042557003404341610940425570034043416109404, und die Seite dazu heißt \
            https://tracking.example/very/long/path/without/any/space/0034043416109404255700340434161094042557.

            [Rücksendeetikett und Zollinhaltserklärung für die Einfuhrumsatzsteuerrückerstattung öffnen](https://labels.example/1)

            Es reist in 3 Paketen:

            - DHL: [00340434161094042557003404341610940425570034043416109404](https://tracking.example/1)
            - Deutsche Post: 00340434161094042557003404341610940425570034043416109404
            - DPD: [01505094012345678901](https://tracking.example/3)

            Das ist drin:

            - 12 × Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz (Sonderausgabe, gebunden, mit Schutzumschlag)
            """
        return [
            mail("everything", "Everything a mail can hold", everything, logo: "https://juniperfig.example/logo.png"),
            mail(
                "long-words", "Donaudampfschifffahrtsgesellschaftskapitänsmützenständer unterwegs", long, language: "de"
            ),
            mail(
                "yellow-marketing", "How is the candle burning?",
                "# How is it burning?\n\nHi Robin,\n\ntwo weeks ago your candles arrived.\n\n"
                    + "[Write a review](https://juniperfig.example/r)\n\nThank you for coming back.",
                color: "#ffd400", occasion: .marketing),
            mail(
                "black-brand", "Your order #1001 is on its way", "Hi Robin,\n\n[Track](https://x.example/)",
                color: "#000000"),
            mail("japanese", "ご注文番号1001の商品のお届けが遅れております", Drafts.japanese, language: "ja", color: "#b3123a"),
            mail("arabic", "طلبك رقم 1001 متأخر", Drafts.arabic, language: "ar", color: "#1a4fa3"),
        ]
    }
}

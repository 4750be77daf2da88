import Foundation
import Liquid
import Testing

@testable import Outreach

/// The shipped triggers with a tone, as if the shop's own language were `locale`.
private func shipped(_ locale: String, _ tone: Tone) throws -> TriggerSet {
    let set = try #require(TriggerSet.load(try Package.shippedTriggers()).set)
    var settings = set.settings
    settings.locale = locale
    settings.brand.tones = Tones(others: tone)
    return TriggerSet(settings: settings, triggers: set.triggers, templates: set.templates)
}

/// The letters to shoppers of all examples of a set, in one language, each with the scope that it is made in.
private func letters(
    _ set: TriggerSet, _ locale: String
) -> [(trigger: Trigger, example: Example, mail: MailText, scope: Outreach.Scope)] {
    let runner = ExampleRunner(set)
    return set.triggers.filter { $0.lines.contains(where: \.destination.isShopper) }.flatMap { trigger in
        trigger.examples.compactMap { example in
            let example = example.read(in: locale)
            guard let mail = runner.mail(of: example, in: trigger), mail.language == locale,
                case .sending(let sending)? = runner.previews(of: example, in: trigger).first(where: {
                    if case .sending = $0 { true } else { false }
                }), let event = sending.effect.event
            else { return nil }
            let scope = sending.planner.scope(
                record: sending.record, event: event, together: sending.effect.together, history: sending.history,
                now: sending.now, pages: .specimen())
            return (trigger, example, mail, scope)
        }
    }
}

private func approve(_ written: String, _ path: String) throws {
    let path = Package.root + "/Tests/Golden/\(path)"
    if ProcessInfo.processInfo.environment["BOOKBAG_GOLDEN"] == "write" {
        try FileManager.default.createDirectory(
            atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try written.write(toFile: path, atomically: true, encoding: .utf8)
    }
    #expect(try String(contentsOfFile: path, encoding: .utf8) == written, "\(path)")
}

@Suite("The tone")
struct ToneTests {
    private func load(_ files: [String: String], shop: String) -> (set: TriggerSet?, faults: [Fault]) {
        var all = ["shop.yaml": "brand: { name: Fig, from: orders@fig.example }\n\(shop)\n"]
        all["a.yaml"] = "{ on: shipment.delivered, send: email }"
        for (name, text) in files { all["templates/\(name)"] = text }
        return TriggerSet.load(TriggerFolder(files: all.mapValues { Array($0.utf8) }))
    }

    private func scope(_ set: TriggerSet, _ locale: String) -> Outreach.Scope {
        var order = StandardOrder(.shipmentDelivered, at: StandardOrder.moment)
        order.apply([.init(path: "customer.locale", value: .string(locale))], at: StandardOrder.moment)
        return Outreach.Scope(
            record: order.record, event: order.event, history: order.history, settings: set.settings,
            now: StandardOrder.moment, zone: StandardOrder.zone, shopZone: StandardOrder.zone,
            shop: StandardOrder.shop)
    }

    @Test(
        "picks the formal file of a case where there is one, and the parts that belong to it",
        arguments: [
            ("", "de", "warm de", "greeting de"), ("tone: formal", "de", "formal de", "greeting de formal"),
            ("tone: formal", "de-CH", "formal de", "greeting de formal"),
            ("tone: { de: formal, others: warm }", "de-CH", "formal de", "greeting de formal"),
            ("tone: { de: formal }", "en", "warm en", "greeting"),
            ("tone: { de: formal }", "fr", "fr", "greeting"), ("tone: formal", "fr", "fr", "greeting formal"),
            ("tone: formal", "en", "formal en", "greeting formal"),
            ("tone: { de: warm, others: formal }", "de", "warm de", "greeting de"),
            ("tone: { de: formal, de-CH: warm }", "de-CH", "warm de", "greeting de"),
            ("tone: { de: warm, de-CH: formal }", "de-CH", "formal de", "greeting de formal"),
        ])
    func files(_ tone: String, _ locale: String, _ subject: String, _ greeting: String) throws {
        func letter(_ name: String) -> String { "---\nsubject: \(name)\n---\n{% render 'greeting' %}\n" }
        let (loaded, faults) = load(
            [
                "a.md": letter("warm en"), "a.formal.md": letter("formal en"), "a.de.md": letter("warm de"),
                "a.de.formal.md": letter("formal de"), "a.fr.md": letter("fr"),
                "partials/greeting.md": "greeting", "partials/greeting.formal.md": "greeting formal",
                "partials/greeting.de.md": "greeting de", "partials/greeting.formal.de.md": "greeting de formal",
            ], shop: tone)
        #expect(faults.map(\.description) == [])
        let set = try #require(loaded)
        let mail = try set.templates.render("a", scope(set, locale))
        #expect(mail.subject == subject && mail.readable == greeting)
        #expect(set.templates.tone("a", scope(set, locale)) == (greeting.hasSuffix("formal") ? .formal : .warm))
    }

    @Test("says a language before a tone: a part in her language comes before a formal one in another")
    func language() throws {
        let (loaded, _) = load(
            [
                "a.md": "---\nsubject: en\n---\n{% render 'close' %}\n",
                "a.de.md": "---\nsubject: de\n---\n{% render 'close' %}\n",
                "a.formal.md": "---\nsubject: formal\n---\nx\n", "partials/close.md": "Bye",
                "partials/close.formal.md": "Regards", "partials/close.de.md": "Grüße",
            ], shop: "tone: formal")
        let set = try #require(loaded)
        let mail = try set.templates.render("a", scope(set, "de"))
        #expect(mail.subject == "de" && mail.readable == "Grüße")
    }

    @Test("holds for texts as for mails, and a chat has words of its own before those of texts")
    func media() throws {
        let (loaded, faults) = load(
            [
                "a.md": "---\nsubject: A\n---\nmail\n", "a.sms.md": "text", "a.de.md": "---\nsubject: A\n---\nBrief\n",
                "a.de.sms.md": "SMS", "a.formal.sms.de.md": "formale SMS", "a.chat.md": "chat",
            ], shop: "tone: { de: formal }")
        #expect(faults.map(\.description) == [])
        let set = try #require(loaded)
        #expect(try set.templates.text("a", scope(set, "en")).text == "text")
        #expect(try set.templates.chat("a", scope(set, "en")) == "chat")
        #expect(try set.templates.text("a", scope(set, "de")).text == "formale SMS")
        #expect(try set.templates.chat("a", scope(set, "de")) == "formale SMS")
        #expect(try set.templates.render("a", scope(set, "de")).readable == "Brief")
    }

    @Test("is missed by 'check' where a letter to shoppers says du although the tone is formal")
    func familiar() {
        func said(_ files: [String: String], _ shop: String) -> [String] {
            load(files, shop: shop).faults.map(\.description)
        }
        let english = "---\nsubject: A\n---\nIt is there.\n"
        let german = "---\nsubject: A\n---\nHallo,\n\nda ist es: {{ order.name | default: \"dein Paket\" }}.\n"
        let formal = "---\nsubject: A\n---\nda ist Ihr Paket, und du auch.\n"
        #expect(said(["a.md": english, "a.de.md": german], "") == [])
        #expect(
            said(["a.md": english, "a.de.md": german], "tone: { de: formal }") == [
                "triggers/templates/a.de.md:6:1: warning: the tone is formal, and this says 'dein'; say it formally, in 'triggers/templates/a.de.formal.md' if others are to stay as they are"
            ])
        // What is formal is looked at whatever tone is in force, and stands in for the other.
        #expect(
            said(["a.md": english, "a.de.md": german, "a.de.formal.md": formal], "") == [
                "triggers/templates/a.de.formal.md:4:1: warning: the tone is formal, and this says 'du'; say it formally"
            ])
        let part = [
            "a.md": "---\nsubject: A\n---\n{% render 'b' %}\n", "partials/b.md": "b", "partials/b.es.md": "¿Y tú?",
        ]
        #expect(
            said(part, "tone: formal") == [
                "triggers/templates/partials/b.es.md:1:1: warning: the tone is formal, and this says 'tú'; say it formally, in 'triggers/templates/partials/b.es.formal.md'"
            ])
        #expect(FamiliarWords.first(in: "Duden, Dirigent, dichten {{ du }}", language: "de") == nil)
    }

    @Test("of the shipped letters is formal throughout where it is to be", arguments: ["de", "es", "fr", "en"])
    func formal(_ locale: String) throws {
        let set = try shipped(locale, .formal)
        let all = letters(set, locale)
        #expect(Set(all.map(\.trigger.name)).count >= 24)
        for (trigger, example, mail, scope) in all {
            let name = trigger.lines[0].template
            let texts = [
                mail.subject, mail.preview ?? "", mail.readableLines, try set.templates.chat(name, scope),
                try set.templates.text(name, scope).text,
            ]
            for text in texts {
                let found = FamiliarWords.first(in: text, language: locale)
                #expect(found == nil, "\(trigger.name), \(example.name): \(found?.word ?? "")")
            }
            let greeting = ["de": "Guten Tag", "es": "Buenos días", "fr": "Bonjour", "en": "Dear "][locale] ?? ""
            #expect(mail.text.contains(greeting) || mail.text.contains("Hello,"), "\(trigger.name)")
        }
    }

    @Test("of the shipped files: whatever they are made of, no formal one says du or tú")
    func files() throws {
        let folder = try Package.shippedTriggers()
        let formal = folder.files.keys.filter { $0.contains(".formal.") }
        #expect(formal.count >= 50)
        for path in formal.sorted() {
            let language =
                path.contains(".de.") ? "de" : path.contains(".es.") ? "es" : path.contains(".fr.") ? "fr" : "en"
            let found = FamiliarWords.first(in: folder.text(path) ?? "du", language: language)
            #expect(found == nil, "\(path): \(found?.word ?? "")")
        }
        // And the warm ones do: so the test can fail, and no formal file is there for nothing.
        for path in formal where !path.contains("partials/") {
            let warm = path.replacing(".formal", with: "")
            let language = path.contains(".de.") ? "de" : "es"
            #expect(FamiliarWords.first(in: folder.text(warm) ?? "", language: language) != nil, "\(warm)")
        }
        var strict = folder
        strict.files["shop.yaml"] = Array((folder.text("shop.yaml") ?? "").utf8) + Array("\ntone: formal\n".utf8)
        #expect(TriggerSet.load(strict).faults.map(\.description) == TriggerSet.load(folder).faults.map(\.description))
    }

    @Test("of the formal letters is as it was read and approved", arguments: ["de", "es", "fr", "en"])
    func golden(_ locale: String) throws {
        var seen: Set<String> = []
        let written = letters(try shipped(locale, .formal), locale).filter { seen.insert($0.trigger.name).inserted }
            .map {
                "##### \($0.trigger.name)\nSubject: \($0.mail.subject)\nPreview: \($0.mail.preview ?? "")\n\n\($0.mail.readableLines)\n"
            }
        try approve(written.joined(separator: "\n"), "tone/\(locale).golden")
    }
}

@Suite("Answers in chats and texts")
struct ShortAnswerTests {
    /// What would send somebody elsewhere who wrote in a chat or a text.
    static var mail: Regex<(Substring, Substring)> {
        /(?i)\b(e-?mails?|mails?|correos?|courriels?|reply button)\b/
    }

    @Test("never speak of a mail, in any language and tone", arguments: ["en", "de", "fr", "es"], Tone.allCases)
    func mails(_ locale: String, _ tone: Tone) throws {
        let set = try shipped(locale, tone)
        let all = letters(set, locale)
        #expect(Set(all.map(\.trigger.name)).count >= 24)
        for (trigger, example, _, scope) in all {
            let name = trigger.lines[0].template
            for text in [try set.templates.chat(name, scope), try set.templates.text(name, scope).text] {
                // A carrier may be called so.
                let said = text.replacing("Royal Mail", with: "")
                #expect(!said.contains(Self.mail), "\(trigger.name), \(example.name): \(text)")
                #expect(!text.contains("{%") && !text.contains("<br>"))
            }
        }
    }

    @Test("are as they were read and approved", arguments: ["en", "de", "fr", "es"])
    func golden(_ locale: String) throws {
        let set = try shipped(locale, .warm)
        var seen: Set<String> = []
        let written = try letters(set, locale).filter { $0.trigger.name.hasPrefix("answers/") }
            .filter { seen.insert($0.trigger.name).inserted }.map { trigger, _, _, scope in
                let name = trigger.lines[0].template
                let text = try set.templates.text(name, scope)
                return "##### \(trigger.name), in a chat\n\(try set.templates.chat(name, scope))\n\n"
                    + "##### \(trigger.name), by text: \(text.size)\n\(text.text)\n"
            }
        #expect(seen.count == 12)
        try approve(written.joined(separator: "\n"), "short/\(locale).golden")
    }
}

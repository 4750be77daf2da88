import Testing

@testable import Delivery
@testable import Outreach

@Suite("The words that are the program's own, in a formal tone")
struct ToneWordsTests {
    @Test(
        "say Sie and usted below every mail, and are there wherever the others are",
        arguments: ["de", "es", "fr", "en"])
    func frame(_ language: String) throws {
        for occasion in [MailDraft.Occasion.order, .marketing, .answer, .conversation] {
            let warm = try #require(MailLanguage(language).sentence(occasion, shop: "Fig"))
            let formal = try #require(MailLanguage(language, isFormal: true).sentence(occasion, shop: "Fig"))
            #expect(FamiliarWords.first(in: formal, language: language) == nil, "\(formal)")
            if language == "de" { #expect(FamiliarWords.first(in: warm, language: language) != nil, "\(warm)") }
            #expect((warm == formal) == ["fr", "en"].contains(language))
        }
    }

    @Test("are those of the tone that the shop has in the mail's language")
    func brand() throws {
        var brand = Brand(name: "Fig", from: MailAddress(address: "orders@fig.example")!)
        brand.tones = Tones(byLanguage: ["de": .formal])
        var draft = MailDraft(
            from: brand.from, to: brand.from, sender: "", subject: "A", body: .markdown("A"), language: "de-CH",
            messageID: "1@fig.example", date: Moment(iso8601: "2026-03-10T10:00:00Z")!, brand: brand)
        draft.occasion = .order
        #expect(MailBodies(draft).text.contains("Sie bekommen diese Mail, weil Sie bei Fig bestellt haben."))
        draft.language = "es"
        #expect(MailBodies(draft).text.contains("Recibes este correo"))
    }

    @Test("say Sie and usted below answers in chats and texts, and cost no second segment")
    func lines() {
        for language in ["de", "es", "fr", "en"] {
            for words in [AutomaticLine.ofText, AutomaticLine.inChat] {
                let formal = words(language, true)
                #expect(FamiliarWords.first(in: formal, language: language) == nil && !formal.contains("Escribe "))
                #expect((words(language, false) == formal) == ["fr", "en"].contains(language), "\(language)")
            }
            let text = TextMessage(AutomaticLine.ofText(language, isFormal: true))
            #expect(text.encoding == .gsm7 && text.segments == 1)
        }
    }
}

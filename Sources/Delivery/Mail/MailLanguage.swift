internal import Outreach

// The few words of the frame itself; all others are the template's. French says vous; German says du and Spanish tú, as a
// small shop that people like to come back to would, unless the shop's tone is formal.

/// The language of a mail, as far as its frame needs to know it.
struct MailLanguage: Hashable, Sendable {
    /// BCP 47, validated.
    let tag: String

    /// True where the reader is spoken to formally.
    let isFormal: Bool

    /// The language of a mail, and how it is spoken in it.
    init(_ draft: MailDraft) { self.init(draft.language, isFormal: draft.brand.tones.isFormal(in: draft.language)) }

    /// A language tag; English if the text is not one.
    init(_ text: String, isFormal: Bool = false) {
        self.isFormal = isFormal
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        let isTag =
            (2...3).contains(parts.first?.utf8.count ?? 0) && text.utf8.count <= 35
            && parts.allSatisfy { part in
                (1...8).contains(part.utf8.count)
                    && part.utf8.allSatisfy { ($0 | 0x20) >= 0x61 && ($0 | 0x20) <= 0x7A || (0x30...0x39).contains($0) }
            }
        tag = isTag ? text : "en"
    }

    /// `de` of `de-CH`.
    var base: String { String(tag.prefix { $0 != "-" }).lowercased() }

    /// Whether its script runs from right to left.
    var isRightToLeft: Bool {
        let lowered = tag.lowercased()
        if lowered.contains("-latn") || lowered.contains("-cyrl") { return false }
        return lowered.contains("-arab") || lowered.contains("-hebr")
            || ["ar", "he", "iw", "fa", "ur", "yi", "ps", "sd", "ug", "ckb", "dv"].contains(base)
    }

    /// The text of the unsubscribe link.
    var unsubscribe: String {
        switch base {
        case "de": "Abmelden"
        case "fr": "Se désabonner"
        case "es": "Cancelar la suscripción"
        case "it": "Annulla l’iscrizione"
        case "pt": "Cancelar a subscrição"
        case "nl": "Afmelden"
        case "da": "Afmeld"
        case "nb", "nn", "no": "Meld av"
        case "sv": "Avsluta prenumerationen"
        case "fi": "Peruuta tilaus"
        case "pl": "Wypisz się"
        case "cs": "Odhlásit odběr"
        case "ja": "配信停止"
        case "zh": "退订"
        case "ko": "수신 거부"
        case "ar": "إلغاء الاشتراك"
        case "he", "iw": "הסרה מרשימת התפוצה"
        case "tr": "Abonelikten çık"
        default: "Unsubscribe"
        }
    }

    /// What the buttons below an automatic answer say. Nil in a language that we do not have.
    func words(_ button: AnswerButton) -> String? {
        switch (base, button) {
        case ("en", .helped): "That helped"
        case ("en", .person): "I want a person"
        case ("de", .helped): "Das hat geholfen"
        case ("de", .person): "Ich möchte einen Menschen"
        case ("fr", .helped): "Cela m’a aidé"
        case ("fr", .person): "Je veux parler à quelqu’un"
        case ("es", .helped): "Me ha ayudado"
        case ("es", .person): "Quiero hablar con una persona"
        default: nil
        }
    }

    /// Why the recipient gets this mail, as a whole sentence. Nil in a language that we do not have: no sentence is
    /// better than a foreign one.
    func sentence(_ occasion: MailDraft.Occasion, shop: String) -> String? {
        if isFormal, let words = formalSentence(occasion, shop: shop) { return words }
        return switch (base, occasion) {
        case ("en", .order): "You are receiving this because you ordered from \(shop)."
        case ("en", .marketing): "You are receiving this because you signed up for news from \(shop)."
        case ("en", .answer):
            "This answer was written by a program. Reply with the word “person”, and one of us writes to you."
        case ("de", .answer):
            "Diese Antwort hat ein Programm geschrieben. Antworte mit dem Wort „Mensch“, und jemand von uns schreibt dir."
        case ("fr", .answer):
            "Cette réponse a été écrite par un programme. Répondez par le mot « personne » et l’un de nous vous écrira."
        case ("es", .answer):
            "Esta respuesta la ha escrito un programa. Responde con la palabra «persona» y uno de nosotros te escribirá."
        case ("en", .conversation): "You are receiving this because you wrote to \(shop)."
        case ("de", .conversation): "Du bekommst diese Mail, weil du \(shop) geschrieben hast."
        case ("fr", .conversation): "Vous recevez ce message parce que vous avez écrit à \(shop)."
        case ("es", .conversation): "Recibes este correo porque escribiste a \(shop)."
        case ("de", .order): "Du bekommst diese Mail, weil du bei \(shop) bestellt hast."
        case ("de", .marketing): "Du bekommst diese Mail, weil du dich für Neues von \(shop) angemeldet hast."
        case ("fr", .order): "Vous recevez ce message parce que vous avez commandé chez \(shop)."
        case ("fr", .marketing): "Vous recevez ce message parce que vous avez demandé des nouvelles de \(shop)."
        case ("es", .order): "Recibes este correo porque has hecho un pedido en \(shop)."
        case ("es", .marketing): "Recibes este correo porque te suscribiste a las novedades de \(shop)."
        default: nil
        }
    }

    /// The same to somebody who is spoken to formally, where that is said otherwise.
    private func formalSentence(_ occasion: MailDraft.Occasion, shop: String) -> String? {
        switch (base, occasion) {
        case ("de", .answer):
            "Diese Antwort hat ein Programm geschrieben. Antworten Sie mit dem Wort „Mensch“, und jemand von uns schreibt "
                + "Ihnen."
        case ("de", .conversation): "Sie bekommen diese Mail, weil Sie \(shop) geschrieben haben."
        case ("de", .order): "Sie bekommen diese Mail, weil Sie bei \(shop) bestellt haben."
        case ("de", .marketing): "Sie bekommen diese Mail, weil Sie sich für Neues von \(shop) angemeldet haben."
        case ("es", .answer):
            "Esta respuesta la ha escrito un programa. Responda con la palabra «persona» y uno de nosotros le escribirá."
        case ("es", .conversation): "Recibe este correo porque escribió a \(shop)."
        case ("es", .order): "Recibe este correo porque ha hecho un pedido en \(shop)."
        case ("es", .marketing): "Recibe este correo porque se suscribió a las novedades de \(shop)."
        default: nil
        }
    }
}

internal import Outreach

// The frame's own words, few as they are; all others are the template's. German says du, French vous, Spanish tú: what
// a small shop that one likes to come back to writes.

/// The language a mail is in, as far as its frame must know it.
struct MailLanguage: Hashable, Sendable {
    /// BCP 47, checked.
    let tag: String

    /// A language tag; English where it is none.
    init(_ text: String) {
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

    /// What the way out is called.
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

    /// Why somebody has this mail, in a whole sentence. Nil in a language that we do not write: no sentence is better
    /// than a foreign one.
    func sentence(_ occasion: MailDraft.Occasion, shop: String) -> String? {
        switch (base, occasion) {
        case ("en", .order): "You have this mail because you ordered from \(shop)."
        case ("en", .marketing): "You have this mail because you signed up for news from \(shop)."
        case ("de", .order): "Du bekommst diese Mail, weil du bei \(shop) bestellt hast."
        case ("de", .marketing): "Du bekommst diese Mail, weil du dich für Neues von \(shop) angemeldet hast."
        case ("fr", .order): "Vous recevez ce message parce que vous avez commandé chez \(shop)."
        case ("fr", .marketing): "Vous recevez ce message parce que vous avez demandé des nouvelles de \(shop)."
        case ("es", .order): "Recibes este correo porque has hecho un pedido en \(shop)."
        case ("es", .marketing): "Recibes este correo porque te suscribiste a las novedades de \(shop)."
        default: nil
        }
    }
}

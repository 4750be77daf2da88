import Delivery
import Outreach

/// What is answered to whoever asked for no more offers with a lone word: that it is done, what still comes, and how to
/// undo it. Nobody else can undo it: its id is made with a secret of the store that no other mail has, and an answer
/// names it.
struct StopConfirmation {
    /// What it says in one language. German says du, French vous, Spanish tú, as the frames of all mails do.
    struct Words: Hashable, Sendable {
        var subject: String
        var body: String
        var undo: String
    }

    static let words: [String: Words] = [
        "en": Words(
            subject: "No more offers",
            body:
                "You get no more offers and no requests for a rating from us. We still write to you about your orders.",
            undo: "If that was not meant, answer this mail with the one word **START**."),
        "de": Words(
            subject: "Keine Angebote mehr",
            body:
                "Du bekommst von uns keine Angebote und keine Bitten um eine Bewertung mehr. Nachrichten zu deinen "
                + "Bestellungen kommen weiter.",
            undo: "War das nicht gemeint? Dann antworte auf diese Mail mit dem einen Wort **START**."),
        "fr": Words(
            subject: "Plus d’offres",
            body:
                "Vous ne recevrez plus d’offres ni de demandes d’avis de notre part. Les nouvelles de vos commandes "
                + "continuent.",
            undo: "Ce n’était pas voulu ? Répondez à ce message par le seul mot **START**."),
        "es": Words(
            subject: "No más ofertas",
            body:
                "Ya no recibirás ofertas ni peticiones de valoración nuestras. Las noticias de tus pedidos siguen "
                + "llegando.",
            undo: "¿No era tu intención? Responde a este correo con la única palabra **START**."),
    ]

    /// The language that it is written in for a locale such as `de-CH`: English where there is none of ours.
    static func language(of locale: String?) -> String {
        let base = locale.map { String($0.prefix { $0 != "-" && $0 != "_" }).lowercased() } ?? "en"
        return words[base] == nil ? "en" : base
    }

    var to: String
    /// The shopper's, as the shop or her order has it.
    var locale: String?
    var brand: Brand
    var shop: String
    /// What only this store can make of the address.
    var secret: String
    /// Her mail's `Message-ID`, that the answer hangs on.
    var answers: String?
    /// The order that it is erased with.
    var aggregate: AggregateID?

    /// The mail; nil where the address is none, or it cannot be composed.
    ///
    /// Its envelope sender is empty (RFC 3834, 4): whatever becomes of it, nothing comes back.
    func mail(now: Moment) -> SystemMail? {
        let language = Self.language(of: locale)
        guard let to = MailAddress(address: to), let words = Self.words[language] else { return nil }
        let draft = MailDraft(
            from: brand.from, to: to, replyTo: brand.replyTo, sender: "", subject: words.subject,
            body: .markdown("# \(words.subject)\n\n\(words.body)\n\n\(words.undo)"), language: language,
            messageID: MessageIdentity.notice(
                shop: shop, kind: SystemMail.stopped, about: secret, domain: brand.from.domain),
            references: [answers].compactMap(\.self).filter(MailComposer.isMessageID), date: now, brand: brand)
        guard let message = try? MailComposer().compose(draft) else { return nil }
        return SystemMail(
            maker: SystemMail.stopped, key: message.id, message: message, aggregate: aggregate, dueAt: now)
    }
}

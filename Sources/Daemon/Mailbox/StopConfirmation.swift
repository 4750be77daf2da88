import Delivery
import Outreach

/// What is answered to whoever asked for no more mail, with a lone word or in free words: that it is done, what still comes, and how to
/// undo it. Nobody else can undo it: its id is made with a secret of the store that no other mail has, and an answer
/// names it.
struct StopConfirmation {
    /// What it says in one language, in the shop's tone as the frames of all mails are.
    struct Words: Hashable, Sendable {
        var subject: String
        var body: String
        /// What it says where the news of an order ends too; `{order}` is its name.
        var orderBody: String
        var undo: String
    }

    static let words: [String: Words] = [
        "en": Words(
            subject: "No more offers",
            body:
                "You get no more offers and no requests for a rating from us. We still write to you about your orders.",
            orderBody:
                "You get no more offers, no requests for a rating and no news of your order {order} from us. What you "
                + "need still comes: a return label, a parcel to collect, a refund, and answers to what you write.",
            undo: "If that was not meant, answer this mail with the one word **START**."),
        "de": Words(
            subject: "Keine Angebote mehr",
            body:
                "Du bekommst von uns keine Angebote und keine Bitten um eine Bewertung mehr. Nachrichten zu deinen "
                + "Bestellungen kommen weiter.",
            orderBody:
                "Du bekommst von uns keine Angebote, keine Bitten um eine Bewertung und keine Nachrichten zu deiner "
                + "Bestellung {order} mehr. Was du brauchst, kommt weiter: ein Rücksendeetikett, ein Paket zum Abholen, "
                + "eine Erstattung und Antworten auf das, was du schreibst.",
            undo: "War das nicht gemeint? Dann antworte auf diese Mail mit dem einen Wort **START**."),
        "fr": Words(
            subject: "Plus d’offres",
            body:
                "Vous ne recevrez plus d’offres ni de demandes d’avis de notre part. Les nouvelles de vos commandes "
                + "continuent.",
            orderBody:
                "Vous ne recevrez plus d’offres, de demandes d’avis ni de nouvelles de votre commande {order} de notre "
                + "part. Ce qui vous est utile continue : une étiquette de retour, un colis à retirer, un "
                + "remboursement, et les réponses à vos messages.",
            undo: "Ce n’était pas voulu ? Répondez à ce message par le seul mot **START**."),
        "es": Words(
            subject: "No más ofertas",
            body:
                "Ya no recibirás ofertas ni peticiones de valoración nuestras. Las noticias de tus pedidos siguen "
                + "llegando.",
            orderBody:
                "Ya no recibirás ofertas, peticiones de valoración ni noticias de tu pedido {order}. Lo que necesitas "
                + "sigue llegando: una etiqueta de devolución, un paquete para recoger, un reembolso y las respuestas "
                + "a lo que escribas.",
            undo: "¿No era tu intención? Responde a este correo con la única palabra **START**."),
    ]

    /// What is said otherwise to somebody who is spoken to formally.
    static let formal: [String: Words] = [
        "de": Words(
            subject: "Keine Angebote mehr",
            body:
                "Sie bekommen von uns keine Angebote und keine Bitten um eine Bewertung mehr. Nachrichten zu Ihren "
                + "Bestellungen kommen weiter.",
            orderBody:
                "Sie bekommen von uns keine Angebote, keine Bitten um eine Bewertung und keine Nachrichten zu Ihrer "
                + "Bestellung {order} mehr. Was Sie brauchen, kommt weiter: ein Rücksendeetikett, ein Paket zum Abholen, "
                + "eine Erstattung und Antworten auf das, was Sie schreiben.",
            undo: "War das nicht gemeint? Dann antworten Sie auf diese Mail mit dem einen Wort **START**."),
        "es": Words(
            subject: "No más ofertas",
            body:
                "Ya no recibirá ofertas ni peticiones de valoración nuestras. Las noticias de sus pedidos siguen "
                + "llegando.",
            orderBody:
                "Ya no recibirá ofertas, peticiones de valoración ni noticias de su pedido {order}. Lo que necesita "
                + "sigue llegando: una etiqueta de devolución, un paquete para recoger, un reembolso y las respuestas "
                + "a lo que escriba.",
            undo: "¿No era su intención? Responda a este correo con la única palabra **START**."),
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
    /// The name of the order whose news ends too; nil if none does.
    var order: String?

    /// The mail; nil where the address is none, or it cannot be composed.
    ///
    /// Its envelope sender is empty (RFC 3834, 4): whatever becomes of it, nothing comes back.
    func mail(now: Moment) -> SystemMail? {
        let language = Self.language(of: locale)
        let formal = brand.tones.isFormal(in: language) ? Self.formal[language] : nil
        guard let to = MailAddress(address: to), let words = formal ?? Self.words[language] else { return nil }
        let body = order.map { words.orderBody.replacing("{order}", with: ForwardedMail.plain($0)) } ?? words.body
        let draft = MailDraft(
            from: brand.from, to: to, replyTo: brand.replyTo, sender: "", subject: words.subject,
            body: .markdown("# \(words.subject)\n\n\(body)\n\n\(words.undo)"), language: language,
            messageID: MessageIdentity.notice(
                shop: shop, kind: SystemMail.stopped, about: order.map { "\(secret) \($0)" } ?? secret,
                domain: brand.from.domain),
            references: [answers].compactMap(\.self).filter(MailComposer.isMessageID), date: now, brand: brand)
        guard let message = try? MailComposer().compose(draft) else { return nil }
        return SystemMail(
            maker: SystemMail.stopped, key: message.id, message: message, aggregate: aggregate, dueAt: now)
    }
}

package import Outreach

/// What somebody who wrote from another address than the order's is told there: once in a conversation, and without a
/// fact about the order, that the answer went to the address that the order was placed with.
package struct ElsewhereNotice {
    struct Words: Sendable {
        var subject: String
        var body: String
    }

    static let words: [String: Words] = [
        "en": Words(
            subject: "We have answered you",
            body:
                "You wrote to us from this address. We write about an order only to the address that it was placed "
                + "with, so our answer went there.\n\nIf you cannot read mail there, reply to this one, and one of us "
                + "will help you."),
        "de": Words(
            subject: "Wir haben dir geantwortet",
            body:
                "Du hast uns von dieser Adresse geschrieben. Zu einer Bestellung schreiben wir nur an die Adresse, mit "
                + "der sie aufgegeben wurde; unsere Antwort ging deshalb dorthin.\n\nWenn du dort keine Mails lesen "
                + "kannst, antworte auf diese, und jemand von uns hilft dir."),
        "fr": Words(
            subject: "Nous vous avons répondu",
            body:
                "Vous nous avez écrit de cette adresse. Au sujet d’une commande, nous n’écrivons qu’à l’adresse avec "
                + "laquelle elle a été passée ; notre réponse y est donc partie.\n\nSi vous n’y lisez pas vos messages, "
                + "répondez à celui-ci, et l’un de nous vous aidera."),
        "es": Words(
            subject: "Te hemos respondido",
            body:
                "Nos escribiste desde esta dirección. Sobre un pedido solo escribimos a la dirección con la que se hizo, "
                + "así que nuestra respuesta fue allí.\n\nSi no puedes leer el correo allí, responde a este y alguien de "
                + "la tienda te ayudará."),
    ]

    /// What is said otherwise to somebody who is spoken to formally.
    static let formal: [String: Words] = [
        "de": Words(
            subject: "Wir haben Ihnen geantwortet",
            body:
                "Sie haben uns von dieser Adresse geschrieben. Zu einer Bestellung schreiben wir nur an die Adresse, mit "
                + "der sie aufgegeben wurde; unsere Antwort ging deshalb dorthin.\n\nWenn Sie dort keine Mails lesen "
                + "können, antworten Sie auf diese, und jemand von uns hilft Ihnen."),
        "es": Words(
            subject: "Le hemos respondido",
            body:
                "Nos escribió desde esta dirección. Sobre un pedido solo escribimos a la dirección con la que se hizo, "
                + "así que nuestra respuesta fue allí.\n\nSi no puede leer el correo allí, responda a este y alguien de "
                + "la tienda le ayudará."),
    ]

    /// The mail to whoever wrote last, beside an answer to the order's address; nil where she wrote from there, or
    /// nobody can be written to.
    package static func mail(
        beside record: OrderRecord, post: ShopPost, now: Moment
    ) -> ConversationMail? {
        guard record.isOrder, let conversation = record.conversation, let message = conversation.lastIncoming,
            message.channel == .mailbox, let sender = message.sender ?? conversation.address,
            let to = MailAddress(address: sender), let own = record.recipient,
            own.address.lowercased() != to.address.lowercased()
        else { return nil }
        let language = String((message.understood?.language ?? record.facts.locale ?? "en").prefix(2)).lowercased()
        let isFormal = post.brand(record.shop)?.tones.isFormal(in: language) ?? false
        guard let text = (isFormal ? formal[language] : nil) ?? words[language] ?? words["en"] else { return nil }
        let mail = post.mail(
            "elsewhere", to: to, subject: text.subject, body: text.body,
            language: words[language] == nil ? "en" : language,
            about: "\(conversation.id) \(to.address.lowercased())", shop: record.shop, now: now)
        return mail.map {
            ConversationMail(.system, maker: $0.maker, key: $0.key, message: $0.message, dueAt: now + .minutes(1))
        }
    }
}

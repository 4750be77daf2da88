import Delivery
import Foundation
import Outreach

/// What the chat mails to its shopper: a code, and what was not seen, in the shop's tone as the frames of all mails are.
struct ChatLetter {
    var to: MailAddress
    /// Of the page that the chat stands on.
    var language: String
    var brand: Brand
    /// The envelope sender; nil for the brand's own address.
    var sender: String?
    var shop: String

    struct Words: Hashable, Sendable {
        var codeSubject: String
        var code: String
        var codeFor: String
        var codeNotYou: String
        var unreadSubject: String
        var unread: String
        var unreadAnswer: String
    }

    static let words: [String: Words] = [
        "en": Words(
            codeSubject: "Your code for our chat",
            code: "Your code is **{}**. It is good for a quarter of an hour.",
            codeFor: "With it you show in our chat that order {} is yours.",
            codeNotYou: "If that was not you, do nothing: without the code nobody is told anything about your order.",
            unreadSubject: "Our answer in the chat",
            unread: "You wrote to us in the chat about order {}. So that you do not miss our answer, here it is:",
            unreadAnswer: "Answer this mail to go on."),
        "de": Words(
            codeSubject: "Dein Code für unseren Chat",
            code: "Dein Code ist **{}**. Er gilt eine Viertelstunde.",
            codeFor: "Damit zeigst du in unserem Chat, dass die Bestellung {} deine ist.",
            codeNotYou:
                "Warst du das nicht, dann tu nichts: Ohne den Code erfährt niemand etwas über deine Bestellung.",
            unreadSubject: "Unsere Antwort im Chat",
            unread: "Du hast uns im Chat zur Bestellung {} geschrieben. Damit dir unsere Antwort nicht entgeht:",
            unreadAnswer: "Antworte auf diese Mail, wenn du noch etwas wissen möchtest."),
        "fr": Words(
            codeSubject: "Votre code pour notre chat",
            code: "Votre code est **{}**. Il est valable un quart d’heure.",
            codeFor: "Il montre dans notre chat que la commande {} est la vôtre.",
            codeNotYou:
                "Si ce n’était pas vous, ne faites rien : sans ce code, personne n’apprend quoi que ce soit sur votre "
                + "commande.",
            unreadSubject: "Notre réponse dans le chat",
            unread:
                "Vous nous avez écrit dans le chat au sujet de la commande {}. Pour que notre réponse ne vous échappe "
                + "pas, la voici :",
            unreadAnswer: "Répondez à ce message pour continuer."),
        "es": Words(
            codeSubject: "Tu código para nuestro chat",
            code: "Tu código es **{}**. Vale durante un cuarto de hora.",
            codeFor: "Con él demuestras en nuestro chat que el pedido {} es tuyo.",
            codeNotYou: "Si no has sido tú, no hagas nada: sin el código nadie se entera de nada sobre tu pedido.",
            unreadSubject: "Nuestra respuesta en el chat",
            unread:
                "Nos escribiste en el chat sobre el pedido {}. Para que no te pierdas nuestra respuesta, aquí está:",
            unreadAnswer: "Responde a este correo para seguir."),
    ]

    /// What is said otherwise to somebody who is spoken to formally.
    static let formal: [String: Words] = [
        "de": Words(
            codeSubject: "Ihr Code für unseren Chat",
            code: "Ihr Code ist **{}**. Er gilt eine Viertelstunde.",
            codeFor: "Damit zeigen Sie in unserem Chat, dass die Bestellung {} Ihre ist.",
            codeNotYou:
                "Waren Sie das nicht, dann müssen Sie nichts tun: Ohne den Code erfährt niemand etwas über Ihre "
                + "Bestellung.",
            unreadSubject: "Unsere Antwort im Chat",
            unread: "Sie haben uns im Chat zur Bestellung {} geschrieben. Damit Ihnen unsere Antwort nicht entgeht:",
            unreadAnswer: "Antworten Sie auf diese Mail, wenn Sie noch etwas wissen möchten."),
        "es": Words(
            codeSubject: "Su código para nuestro chat",
            code: "Su código es **{}**. Vale durante un cuarto de hora.",
            codeFor: "Con él demuestra en nuestro chat que el pedido {} es suyo.",
            codeNotYou: "Si no ha sido usted, no haga nada: sin el código nadie se entera de nada sobre su pedido.",
            unreadSubject: "Nuestra respuesta en el chat",
            unread:
                "Nos escribió en el chat sobre el pedido {}. Para que no se pierda nuestra respuesta, aquí está:",
            unreadAnswer: "Responda a este correo para seguir."),
    ]

    private var base: String { Self.words[language] == nil ? "en" : language }
    private var own: Words {
        (brand.tones.isFormal(in: base) ? Self.formal[base] : nil) ?? Self.words[base] ?? Self.words["en"]!
    }

    /// The mail with a code. The code stands in its text alone, so that no lock screen shows it beside the subject.
    func code(_ code: String, order: String, about: String, aggregate: AggregateID, now: Moment) -> SystemMail? {
        let words = own
        return mail(
            Self.code, words.codeSubject,
            [
                words.code.replacing("{}", with: code),
                words.codeFor.replacing("{}", with: ForwardedMail.plain(order)), words.codeNotYou,
            ], about: about, aggregate: aggregate, now: now)
    }

    /// The mail with what was said and not seen.
    func unread(_ texts: [String], order: String, about: String, aggregate: AggregateID, now: Moment) -> SystemMail? {
        let words = own
        let said = texts.map { text in
            text.split(whereSeparator: \.isNewline).map { line in
                line.split(separator: " ").map(Self.word).joined(separator: " ")
            }.joined(separator: "\\\n")
        }
        return mail(
            Self.unread, words.unreadSubject,
            [words.unread.replacing("{}", with: ForwardedMail.plain(order))] + said + [words.unreadAnswer],
            about: about, aggregate: aggregate, now: now)
    }

    static let code = "chat_code"
    static let unread = "chat_unread"

    /// A word that is no markup; an address of the web is a link.
    private static func word(_ word: Substring) -> String {
        let isLink = word.hasPrefix("https://") && !word.contains { "<>\"\\^`{}| ".contains($0) }
        return isLink ? "<\(word)>" : ForwardedMail.plain(String(word))
    }

    private func mail(
        _ kind: String, _ subject: String, _ parts: [String], about: String, aggregate: AggregateID, now: Moment
    ) -> SystemMail? {
        let draft = MailDraft(
            from: brand.from, to: to, replyTo: brand.replyTo, sender: sender ?? brand.from.address, subject: subject,
            body: .markdown("# \(subject)\n\n" + parts.joined(separator: "\n\n")), language: base,
            messageID: MessageIdentity.notice(shop: shop, kind: kind, about: about, domain: brand.from.domain),
            date: now, brand: brand)
        guard let message = try? MailComposer().compose(draft) else { return nil }
        return SystemMail(maker: kind, key: message.id, message: message, aggregate: aggregate, dueAt: now)
    }
}

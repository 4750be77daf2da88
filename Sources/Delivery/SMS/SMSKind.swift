internal import Outreach

extension ChannelKind {
    /// Texts to shoppers' phones, through Twilio or a gateway that speaks our own format.
    public static let sms = ChannelKind(
        syntax: .sms, retries: .sms,
        words: Words(
            title: { _ in "sms" }, destination: { _ in "SMS to the shopper" }, id: "SMS", quotesSummary: true)
    ) { it in
        let isAnswer = it.line.destination == .answer
        guard let number = isAnswer ? it.scope.record.answerNumber : it.scope.record.phone else {
            return .impossible(.noRecipient, detail: "the customer has no usable phone number")
        }
        do {
            var text = try it.triggers.templates.text(it.line.template, it.scope)
            if isAnswer {
                text = TextMessage("\(text.text)\n\(it.saysItIsAutomatic)")
                guard text.units <= TextMessage.mostUnits else {
                    return .impossible(.template, detail: "the answer is longer than a text can be")
                }
            }
            let message = Message.sms(
                id: MessageIdentity.text(of: it.effect), recipient: number.text, text: text)
            return .message(message, remark: nil)
        } catch {
            return it.waits(for: error)
        }
    }
    .set(up: .sms)
}

extension RetrySchedule {
    /// For texts: the first repeat comes late enough for a lost answer's message to be in the provider's list.
    public static let sms = RetrySchedule(
        steps: [.seconds(30), .minutes(2), .minutes(10), .minutes(30), .hours(1)], shortest: .seconds(10))
}

extension Composition {
    /// The language that whoever wrote is answered in: two letters.
    var languageOfAnswer: String {
        let record = scope.record
        let language =
            record.conversation?.lastIncoming?.understood?.language ?? record.facts.locale
            ?? triggers.settings.locale
        return language.prefix(2).lowercased()
    }

    /// What stands below every answer by text.
    fileprivate var saysItIsAutomatic: String {
        let language = languageOfAnswer
        return AutomaticLine.ofText(language, isFormal: triggers.settings.tones.isFormal(in: language))
    }
}

/// The line by which an answer outside of mails says that a program wrote it, and how to reach a person.
enum AutomaticLine {
    /// Below a text. Only letters of the GSM alphabet: another one would make two segments of one.
    static func ofText(_ language: String, isFormal: Bool) -> String {
        switch (language, isFormal) {
        case ("de", false): "Automatische Antwort. Mit MENSCH erreichst du einen von uns."
        case ("de", true): "Automatische Antwort. Mit MENSCH erreichen Sie einen von uns."
        case ("fr", _): "Réponse automatique. Répondez PERSONNE pour joindre l'un de nous."
        case ("es", false): "Te responde un programa. Escribe PERSONA y te atiende alguien."
        case ("es", true): "Le responde un programa. Escriba PERSONA y le atiende alguien."
        default: "Automated reply. Text PERSON to reach one of us."
        }
    }

    /// Below an answer in a chat.
    static func inChat(_ language: String, isFormal: Bool) -> String {
        switch (language, isFormal) {
        case ("de", false): "Automatische Antwort. Schreib MENSCH, und jemand von uns übernimmt."
        case ("de", true): "Automatische Antwort. Schreiben Sie MENSCH, und jemand von uns übernimmt."
        case ("fr", _): "Réponse automatique. Écrivez PERSONNE, et l’un de nous prend le relais."
        case ("es", false): "Te responde un programa. Escribe PERSONA y te atiende alguien."
        case ("es", true): "Le responde un programa. Escriba PERSONA y le atiende alguien."
        default: "Automated reply. Write PERSON, and one of us takes over."
        }
    }
}

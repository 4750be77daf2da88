import Outreach

// The words of the chat, which its script asks for: so it is small, and these are checked as those of the pages are.

/// What the chat says in one language.
enum ChatWords {
    /// All that the script needs for a page in that language, with the name of the shop, in its tone.
    static func words(_ language: String?, shop: String, tones: Tones = Tones()) -> [String: String] {
        let language = self.language(language)
        var words = all[language] ?? [:]
        if tones.isFormal(in: language), let formal = formal[language] { words.merge(formal) { $1 } }
        words["language"] = language
        words["chat"] = words["chat"]?.replacing("{}", with: shop)
        return words
    }

    static let languages = ["en", "de", "fr", "es"]

    /// What is said otherwise to somebody who is spoken to formally.
    static let formal: [String: [String: String]] = [
        "de": [
            "chat": "Chat mit {}",
            "hello": "Fragen Sie uns. Ein Programm antwortet, so gut es kann; den Rest machen Menschen.",
            "say": "Ihre Nachricht",
            "you": "Sie",
            "mine": "Zu einer Bestellung? Zeigen Sie, dass es Ihre ist",
            "why": "Damit wir etwas zu einer Bestellung sagen, müssen wir wissen, dass es Ihre ist.",
            "own": "Die Bestellung {} ist Ihre. Fragen Sie nur.",
            "many": "Das war zu viel auf einmal. Versuchen Sie es später noch einmal.",
            "fail": "Das ging nicht. Versuchen Sie es noch einmal.",
            "over": "Der Chat war zu Ende. Senden Sie noch einmal, um neu zu beginnen.",
        ],
        "es": [
            "chat": "Chat con {}",
            "hello": "Pregunte lo que quiera. Un programa responde lo que sabe; lo demás, una persona.",
            "say": "Su mensaje",
            "you": "Usted",
            "mine": "¿Sobre un pedido? Demuestre que es suyo",
            "why": "Para hablar de un pedido, tenemos que saber que es suyo.",
            "own": "El pedido {} es suyo. Pregunte.",
            "many": "Demasiado a la vez. Inténtelo más tarde.",
            "fail": "No ha funcionado. Inténtelo otra vez.",
            "over": "El chat había terminado. Envíe otra vez para empezar.",
        ],
    ]

    /// The language of ours that is nearest to a page's: English where there is none.
    static func language(_ text: String?) -> String {
        let base = (text ?? "").prefix { $0 != "-" && $0 != "_" }.lowercased()
        return languages.contains(base) ? base : "en"
    }

    static let all: [String: [String: String]] = [
        "en": [
            "chat": "Chat with {}",
            "hello": "Ask us anything. A program answers what it can; people do the rest.",
            "close": "Close",
            "say": "Your message",
            "send": "Send",
            "you": "You",
            "bot": "Automatic answer",
            "log": "Messages",
            "person": "A person, please",
            "word": "PERSON",
            "mine": "About an order? Show it is yours",
            "why": "To tell you about an order, we need to know that it is yours.",
            "order": "Order number",
            "mail": "E-mail address of the order",
            "ask": "Mail me a code",
            "sent": "If the two belong together, a code is on its way to that address.",
            "code": "Code of six digits",
            "check": "Check",
            "wrong": "That is not the code.",
            "own": "Order {} is yours. Ask away.",
            "many": "That was too much at once. Try again later.",
            "fail": "That did not work. Try again.",
            "over": "The chat had ended. Send again to begin another.",
            "news": "{} new",
        ],
        "de": [
            "chat": "Chatte mit {}",
            "hello": "Frag uns. Ein Programm antwortet, so gut es kann; den Rest machen Menschen.",
            "close": "Schließen",
            "say": "Deine Nachricht",
            "send": "Senden",
            "you": "Du",
            "bot": "Automatische Antwort",
            "log": "Nachrichten",
            "person": "Bitte einen Menschen",
            "word": "MENSCH",
            "mine": "Zu einer Bestellung? Zeig, dass es deine ist",
            "why": "Damit wir etwas zu einer Bestellung sagen, müssen wir wissen, dass es deine ist.",
            "order": "Bestellnummer",
            "mail": "E-Mail-Adresse der Bestellung",
            "ask": "Code schicken",
            "sent": "Wenn beides zusammengehört, ist ein Code an diese Adresse unterwegs.",
            "code": "Sechsstelliger Code",
            "check": "Prüfen",
            "wrong": "Das ist nicht der Code.",
            "own": "Die Bestellung {} ist deine. Frag los.",
            "many": "Das war zu viel auf einmal. Versuch es später noch einmal.",
            "fail": "Das ging nicht. Versuch es noch einmal.",
            "over": "Der Chat war zu Ende. Sende noch einmal, um neu zu beginnen.",
            "news": "{} neu",
        ],
        "fr": [
            "chat": "Discutez avec {}",
            "hello": "Posez votre question. Un programme répond quand il le peut, une personne sinon.",
            "close": "Fermer",
            "say": "Votre message",
            "send": "Envoyer",
            "you": "Vous",
            "bot": "Réponse automatique",
            "log": "Messages",
            "person": "Une personne, s’il vous plaît",
            "word": "PERSONNE",
            "mine": "Une commande ? Montrez qu’elle est à vous",
            "why": "Pour parler d’une commande, nous devons savoir qu’elle est à vous.",
            "order": "Numéro de commande",
            "mail": "Adresse e-mail de la commande",
            "ask": "Recevoir un code",
            "sent": "Si les deux vont ensemble, un code est en route vers cette adresse.",
            "code": "Code à six chiffres",
            "check": "Vérifier",
            "wrong": "Ce n’est pas le code.",
            "own": "La commande {} est à vous. Posez votre question.",
            "many": "C’était trop à la fois. Réessayez plus tard.",
            "fail": "Cela n’a pas marché. Réessayez.",
            "over": "Le chat était terminé. Renvoyez pour recommencer.",
            "news": "{} nouveau(x)",
        ],
        "es": [
            "chat": "Chatea con {}",
            "hello": "Pregunta lo que quieras. Un programa responde lo que sabe; lo demás, una persona.",
            "close": "Cerrar",
            "say": "Tu mensaje",
            "send": "Enviar",
            "you": "Tú",
            "bot": "Respuesta automática",
            "log": "Mensajes",
            "person": "Una persona, por favor",
            "word": "PERSONA",
            "mine": "¿Sobre un pedido? Demuestra que es tuyo",
            "why": "Para hablar de un pedido, tenemos que saber que es tuyo.",
            "order": "Número de pedido",
            "mail": "Correo del pedido",
            "ask": "Enviarme un código",
            "sent": "Si los dos van juntos, un código va de camino a ese correo.",
            "code": "Código de seis cifras",
            "check": "Comprobar",
            "wrong": "Ese no es el código.",
            "own": "El pedido {} es tuyo. Pregunta.",
            "many": "Demasiado a la vez. Inténtalo más tarde.",
            "fail": "No ha funcionado. Inténtalo otra vez.",
            "over": "El chat había terminado. Envía otra vez para empezar.",
            "news": "{} nuevo(s)",
        ],
    ]
}

// Texts (SMS) that shoppers send. Words that are for the machine, alone in a text (STOP, START, HELP), act at once; a
// wish for no more texts in free words acts too, and a person sees it as well. Anything else is a person's message.
//
// STOP is for all texts: who asks for that by SMS does not tell kinds of news apart, and in most countries need not.

/// A text that came in, after reading.
public struct IncomingText: Hashable, Sendable {
    /// Who sent it; nil for a sender that is no number, such as a name, whom nobody can answer.
    public var from: PhoneNumber?
    /// Our number or name that it was sent to.
    public var to: String
    public var text: String
    /// When it reached us.
    public var receivedAt: Moment
    /// The provider's own id: `SM…` at Twilio.
    public var providerID: String
    /// How many pictures and files came with it. They stay with the provider.
    public var media = 0
    /// True if the provider says that it took the text for one of its own words and answered it.
    public var isAnswered = false

    public init(from: PhoneNumber?, to: String, text: String, receivedAt: Moment, providerID: String) {
        self.from = from
        self.to = to
        self.text = text
        self.receivedAt = receivedAt
        self.providerID = providerID
    }
}

/// The rules for texts: pure, so that the same text always means the same.
public enum TextRules {
    /// What a text asks of the machine.
    public enum Wish: Hashable, Sendable {
        /// No more texts; `isAlone` if it says nothing else.
        case stop(isAlone: Bool)
        /// Texts again.
        case start
        /// Who writes, and how to end it.
        case help
    }

    /// What is answered in the channel.
    public enum Reply: String, Hashable, Sendable {
        case stopped = "sms_stopped"
        case started = "sms_started"
        case help = "sms_help"
    }

    /// A judgement.
    public struct Judged: Hashable, Sendable {
        public var outcome: IncomingOutcome
        public var reply: Reply?
        /// True if a person should read it.
        public var isForPeople: Bool
    }

    /// Words that Twilio and the carriers act on themselves: they block the number and answer it.
    static let providersWords: Set<String> = [
        "stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout", "start", "unstop", "yes", "help",
        "info",
    ]
    private static let stopWords: Set<String> = [
        "stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout", "stop all", "opt out", "arret",
        "arrêt", "stopp", "stop sms", "sms stop",
    ]
    private static let startWords: Set<String> = ["start", "unstop"]
    private static let helpWords: Set<String> = ["help", "info", "aide", "hilfe", "ayuda"]

    /// Words that follow one another in a wish for no more texts. Lower case, without marks.
    private static let stopPhrases: [[String]] = [
        "stop texting", "stop messaging", "stop sending", "stop the texts", "stop these texts", "stop these messages",
        "stop the messages", "no more texts", "no more messages", "no more sms", "don t text", "dont text",
        "do not text", "unsubscribe me", "take me off", "remove my number", "delete my number", "opt me out", "opt out",
        "keine sms mehr", "keine nachrichten mehr", "keine texte mehr", "nicht mehr schreiben",
        "schreibt mir nicht mehr",
        "hört auf zu schreiben", "löscht meine nummer", "meine nummer löschen", "plus de sms", "plus de messages",
        "plus de textos", "arrêtez de m envoyer", "arrêtez de m écrire", "ne m écrivez plus", "désabonnez moi",
        "désinscrivez moi", "no más mensajes", "no mas mensajes", "no más sms", "no mas sms", "no me escriban más",
        "no me escribáis más", "dejen de escribirme", "dejad de escribirme", "darme de baja", "denme de baja",
        "borren mi número",
    ].map { $0.split(separator: " ").map(String.init) }
    /// Before a phrase they turn it around: "don't stop texting", "why did you stop sending".
    private static let turning: Set<String> = ["not", "never", "t", "dont", "you", "they", "nicht", "pas", "nunca"]

    /// What a text asks of the machine; nil if nothing.
    ///
    /// - Parameter isStopped: whether its number gets no texts because it asked for that. A lone "yes" takes that back,
    ///   and is a person's answer otherwise.
    public static func wish(in text: String, isStopped: Bool) -> Wish? {
        let words = text.lowercased().split { !($0.isLetter || $0.isNumber) }.map(String.init)
        let alone = words.joined(separator: " ")
        if stopWords.contains(alone) || IncomingRules.isStop(text) { return .stop(isAlone: true) }
        if startWords.contains(alone) || isStopped && (alone == "yes" || IncomingRules.isStart(text)) { return .start }
        if helpWords.contains(alone) { return .help }
        guard words.count <= 25 else { return nil }
        for phrase in stopPhrases {
            for start in words.indices where words[start...].starts(with: phrase) {
                // "please don't text" begins with what would turn around what follows.
                if start > 0, turning.contains(words[start - 1]) { continue }
                return .stop(isAlone: false)
            }
        }
        return nil
    }

    /// What becomes of a text.
    ///
    /// - Parameters:
    ///   - last: the message that was last sent to its number, which it may answer.
    ///   - isStopped: whether its number gets no texts because it asked for that.
    ///   - confirmsStops: whether we answer the provider's own words; if not, the provider does.
    ///   - before: how many texts its number sent within the hour before.
    public static func judge(
        _ text: IncomingText, from observation: RawObservation, last: AnsweredMessage?, isStopped: Bool,
        confirmsStops: Bool, before: Int
    ) -> Judged {
        var outcome = IncomingOutcome(observation, .person, detail: "a person wrote by SMS")
        outcome.address = text.from?.text
        outcome.effectID = last?.effect.id
        outcome.aggregate = last?.effect.aggregate
        outcome.provesArrival = last.map { $0.effect.state == .ready && $0.effect.attemptsInDoubt > 0 } ?? false
        guard let number = text.from?.text, let wish = wish(in: text.text, isStopped: isStopped) else {
            return Judged(outcome: outcome, reply: nil, isForPeople: true)
        }
        let word = text.text.lowercased().filter { !$0.isWhitespace }
        let isTheProviders = text.isAnswered || !confirmsStops && providersWords.contains(word)
        // Two machines that help each other would go on forever.
        let mayReply = !isTheProviders && before < IncomingRules.letterLimit
        switch wish {
        case .stop(let isAlone):
            if isAlone { outcome.kind = .keyword }
            outcome.detail =
                "asked for no more texts" + (isStopped ? ", again" : isAlone ? "" : " in free words")
            outcome.silencings = [
                .init(
                    who: .address(number), stream: .all, reason: IncomingOutcome.Silencing.optOut,
                    note: "asked for it by SMS", until: nil)
            ]
            return Judged(
                outcome: outcome, reply: mayReply && !isStopped ? .stopped : nil, isForPeople: !isAlone)
        case .start:
            outcome.kind = .keyword
            outcome.detail = isStopped ? "wants texts again" : "said START, and nothing had been stopped"
            outcome.revocations = [.init(address: number, stream: .all)]
            return Judged(outcome: outcome, reply: mayReply && isStopped ? .started : nil, isForPeople: false)
        case .help:
            outcome.kind = .keyword
            outcome.detail = "asked who writes"
            return Judged(outcome: outcome, reply: mayReply ? .help : nil, isForPeople: false)
        }
    }
}

/// What a model is told so that it can write a reply for a person. Nothing in it tells who the customer is.
public struct ReplyQuestion: Hashable, Sendable, Codable {
    /// Something that was said.
    public struct Line: Hashable, Sendable, Codable {
        public enum Speaker: String, Sendable, Codable { case customer, shop }

        public var from: Speaker
        public var text: String

        public init(from: Speaker, text: String) {
            self.from = from
            self.text = text
        }
    }

    /// A reply that a person sent, with what it answered.
    public struct Example: Hashable, Sendable, Codable {
        public var customer: String
        public var reply: String

        public init(customer: String, reply: String) {
            self.customer = customer
            self.reply = reply
        }
    }

    /// In words: `German`.
    public var language: String
    /// In words: `formal: say Sie`.
    public var tone: String
    public var facts: [String]
    public var conversation: [Line]
    public var examples: [Example]

    /// So much is told of what was said, and of each message.
    public static let mostLines = 8
    public static let longestLine = 2_000
    /// So many examples are told, and so many characters of each.
    public static let mostExamples = 3
    public static let longestExample = 800

    /// - Parameters:
    ///   - record: the order, with its conversation.
    ///   - language: that she writes, such as `de`.
    ///   - examples: as they were said, each with the order and the sender's name, which are taken out of it.
    public init(
        _ record: OrderRecord, facts: ReplyFacts, language: String, tone: Tone,
        examples: [(customer: String, reply: String, of: OrderRecord)] = []
    ) {
        (self.language, self.tone) = Self.words(language, tone)
        self.facts = facts.lines
        let redaction = Redaction(record, sender: record.conversation?.name)
        conversation = (record.conversation?.messages ?? []).filter { $0.direction != .note }.suffix(Self.mostLines).map
        {
            Line(
                from: $0.direction == .incoming ? .customer : .shop,
                text: String(redaction($0.text).prefix(Self.longestLine)))
        }
        self.examples = examples.prefix(Self.mostExamples).map { one in
            let redaction = Redaction(one.of, sender: one.of.conversation?.name)
            return Example(
                customer: String(redaction(one.customer).prefix(Self.longestExample)),
                reply: String(redaction(one.reply).prefix(Self.longestExample)))
        }
    }

    private static func words(_ language: String, _ tone: Tone) -> (language: String, tone: String) {
        let isFormal = tone == .formal
        return switch language.prefix(2) {
        case "de": ("German", isFormal ? "formal, and say Sie" : "warm, and say du")
        case "fr": ("French", isFormal ? "formal, and say vous" : "warm, and say vous")
        case "es": ("Spanish", isFormal ? "formal, and say usted" : "warm, and say tú")
        case "en": ("English", isFormal ? "formal" : "warm")
        default: ("the customer's language", isFormal ? "formal" : "warm")
        }
    }
}

extension ConversationRecord {
    /// What people of the shop answered in it, each with what it answered; of those in that language, and the last first.
    public func answersOfPeople(in language: String) -> [(customer: String, reply: String, asks: [String])] {
        var found: [(customer: String, reply: String, asks: [String])] = []
        var asked: ConversationMessage?
        for message in messages {
            switch (message.direction, message.author) {
            case (.incoming, _): asked = message
            case (.outgoing, .person):
                if let question = asked, question.understood?.language == language {
                    found.append((question.text, message.text, question.understood?.asks ?? []))
                }
                asked = nil
            default: continue
            }
        }
        return found.reversed()
    }
}

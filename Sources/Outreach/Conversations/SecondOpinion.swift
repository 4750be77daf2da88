// A second reading of her words, by a language model that the operator runs or rents. It sees her words alone, as data,
// without what would tell who she is, and answers with one of our words. It can take certainty away and never give any:
// where it sees something else than the built-in model, a person decides. So a message that steers it, or a model that
// lies, can at most bring a person; whom an answer goes to, which order it is about and what it says come from elsewhere.

/// What another model took a message for.
public struct SecondOpinion: Hashable, Sendable, Codable {
    /// One of `Intents`, or of the shop's own; `unclear` for whatever else the model said.
    public var intent: String
    /// Whether it believes that a person must see the message.
    public var needsHuman: Bool
    /// The model, as the operator named it.
    public var author: String

    public init(intent: String, needsHuman: Bool, author: String) {
        self.intent = intent
        self.needsHuman = needsHuman
        self.author = author
    }
}

extension Understood {
    /// The doubt of a message that the two take for different things.
    public static let disagreement = "second_opinion"

    /// Takes another model's opinion along. What was not certain stays so, whatever the opinion is.
    public mutating func hear(_ opinion: SecondOpinion) {
        second = opinion
        if opinion.needsHuman, !needsHuman {
            needsHuman = true
            isCertain = false
            doubts.insert("needs_human", at: 0)
        }
        if opinion.intent != asks.first {
            if isCertain || doubts.isEmpty { doubts.append(Self.disagreement) }
            isCertain = false
        }
    }

    /// Whether an opinion can change what becomes of the message, or help whoever reads it.
    public var isWorthAnOpinion: Bool { !needsHuman && !doubts.contains("no_words") }
}

/// Takes out of a shopper's words what would tell who she is, as far as that can be recognised: addresses, links and
/// whatever has a digit; names and places that the shop knows of her; what stands where people sign. What is left is
/// enough to tell what she asks for.
public struct Redaction: Sendable {
    /// In lower case.
    private var names: Set<Substring> = []
    /// Names that are common words as well, in lower case: they count only where she begins them with a capital.
    private var places: Set<Substring> = []

    /// - Parameters:
    ///   - record: the order that the message is about, with its customer and addresses.
    ///   - sender: her name, as the message's head has it.
    public init(_ record: OrderRecord? = nil, sender: String? = nil) {
        if let sender { know(sender) }
        guard let facts = record?.facts else { return }
        for name in [facts.customer?.firstName, facts.customer?.lastName] { know(name ?? "") }
        for address in [facts.shippingAddress, facts.billingAddress].compactMap(\.self) {
            for name in [address.name, address.firstName, address.lastName] { know(name ?? "") }
            for line in [address.company, address.address1, address.address2, address.city] {
                for word in Self.words(line ?? "") where word.count >= 3 { places.insert(word) }
            }
        }
    }

    private mutating func know(_ name: String) {
        for word in Self.words(name) where word.count >= 2 {
            if word.count >= 4 { names.insert(word) } else { places.insert(word) }
        }
    }

    private static func words(_ text: String) -> [Substring] {
        text.lowercased().split { !$0.isLetter }
    }

    /// At most so many characters of a message are passed on.
    public static let longest = 4_000

    /// Her words with what tells who she is replaced by `[name]`, `[address]`, `[link]` and `[number]`.
    public func callAsFunction(_ text: String) -> String {
        let lines = text.prefix(Self.longest).split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        let last = lines.lastIndex { $0.contains(where: \.isLetter) }
        var isSigning = false
        var isNamed = 0
        var result: [String] = []
        for (index, line) in lines.enumerated() {
            let words = line.split(whereSeparator: \.isWhitespace)
            let isShort = words.count <= 3
            let isSignature =
                isShort && !words.isEmpty
                && (isSigning
                    || index == last && index > 0 && words.allSatisfy { $0.first?.isUppercase == true }
                        && !Self.isClosing(line))
            var said: [String] = []
            for word in words {
                // "My name is Robin Reed", "ich heiße …", "je m'appelle …", "me llamo …".
                let isNext = isNamed > 0 && word.first?.isUppercase == true
                isNamed = isNext ? isNamed - 1 : 0
                said.append(isSignature || isNext ? "[name]" : replaced(word))
                if Self.introduces(said.suffix(3)) { isNamed = 2 }
            }
            result.append(said.joined(separator: " "))
            if !words.isEmpty { isSigning = isShort && Self.isClosing(line) }
        }
        return result.joined(separator: "\n")
    }

    private func replaced(_ word: Substring) -> String {
        if let at = word.firstIndex(of: "@"), at > word.startIndex, word.index(after: at) < word.endIndex {
            return "[address]"
        }
        if word.contains("://") || word.lowercased().hasPrefix("www.") { return "[link]" }
        if word.contains(where: \.isNumber) { return "[number]" }
        guard
            let known = Self.words(String(word)).first(where: { part in
                names.contains(part) || places.contains(part) && word.first(where: \.isLetter)?.isUppercase == true
            })
        else { return String(word) }
        // The marks around it stay: "Robin," is "[name],".
        let end = word.lastIndex(where: \.isLetter).map(word.index(after:)) ?? word.endIndex
        return known.isEmpty ? String(word) : "[name]\(word[end...])"
    }

    private static let closings: Set<Substring> = [
        "thanks", "thank", "regards", "cheers", "sincerely", "best", "yours", "greetings", "love", "danke", "gruß",
        "grüße", "grüßen", "gruss", "grüsse", "lg", "vg", "mfg", "merci", "cordialement", "bonne", "salutations",
        "gracias", "saludos", "atentamente", "saludo",
    ]

    private static func isClosing(_ line: Substring) -> Bool { words(String(line)).contains(where: closings.contains) }

    private static func introduces(_ last: ArraySlice<String>) -> Bool {
        let words = last.map { $0.lowercased() }
        let pair = words.suffix(2).joined(separator: " ")
        return ["name is", "ich heiße", "je m'appelle", "je m’appelle", "me llamo", "mein name", "name ist", "nom est"]
            .contains(pair)
    }
}

// Whether an answer goes out by itself. A kind of question is answered by drafts that a person sends, until enough of
// them were right: then it is proven, for that language and that model, and goes live; it goes back to drafts when people
// correct it. shop.yaml may say otherwise for a kind of question, or for all.

/// Whether answers to a kind of question go out by themselves.
public enum AnswerMode: String, Hashable, Sendable, CaseIterable {
    /// They go out.
    case live
    /// A person sends each.
    case drafts
    /// Drafts, until enough were right.
    case whenProven = "when_proven"
    /// A person answers.
    case off
}

/// `answers:` of shop.yaml.
public struct AnswerModes: Hashable, Sendable {
    /// By what she asks for, in the words of `Intents`.
    public var byIntent: [String: AnswerMode] = [:]
    public var others = AnswerMode.whenProven

    public init() {}

    /// The mode of a kind of question.
    public subscript(intent: String) -> AnswerMode { byIntent[intent] ?? others }

    /// Everything that is understood is answered: for examples, which ask what an answer would say.
    static let allLive: AnswerModes = {
        var modes = AnswerModes()
        modes.others = .live
        return modes
    }()
}

/// How right the drafts of one kind of question in one language were.
public struct AnswerProof: Hashable, Sendable, Codable {
    public var right = 0
    public var wrong = 0
    /// The last ones, oldest first, at most `window`: whether each was right.
    public var recent: [Bool] = []
    /// Whether it answers by itself.
    public var isLive = false

    /// So many of the last ones are looked at.
    public static let window = 40
    /// It goes live after so many right ones, by the number of wrong ones among them. One-sided 95 % confidence that at
    /// least nine of ten are right: 0.9 to the power of 29 is below 0.05, and so on.
    public static let needed = [29, 46, 61]
    /// It goes back to drafts when so many of the last ones were wrong.
    public static let tooMany = 4

    public init() {}

    /// How many right ones it still needs; nil where too many were wrong for the count to end well before they age.
    public var missing: Int? {
        guard !isLive else { return 0 }
        let wrong = recent.count { !$0 }
        return Self.needed.indices.contains(wrong) ? max(0, Self.needed[wrong] - recentRight) : nil
    }

    /// How far it is, as a sentence: `17 of 29 are right so far, and none is wrong.`
    public var sentence: String {
        if isLive { return "It is proven: \(right) were right, \(wrong) wrong." }
        let needed = Self.needed[min(wrong, Self.needed.count - 1)]
        let flaw = wrong == 0 ? "none was wrong" : wrong == 1 ? "one was wrong" : "\(wrong) were wrong"
        return "\(right) of \(needed) \(right == 1 ? "was" : "were") right so far, and \(flaw)."
    }

    /// The right ones since it last went back to drafts.
    private var recentRight: Int { right }

    /// Counts an answer as wrong that had counted as right.
    public mutating func correct() {
        right = max(0, right - 1)
        if let last = recent.lastIndex(of: true) { recent.remove(at: last) }
        note(right: false)
    }

    /// Counts the verdict on an answer.
    public mutating func note(right isRight: Bool) {
        if isRight { right += 1 } else { wrong += 1 }
        recent = Array((recent + [isRight]).suffix(Self.window))
        if isLive {
            guard recent.count(where: { !$0 }) >= Self.tooMany else { return }
            // It has to prove itself from the start.
            (isLive, right, wrong, recent) = (false, 0, 0, [])
        } else if Self.needed.indices.contains(wrong), right >= Self.needed[wrong] {
            isLive = true
        } else if wrong >= Self.needed.count {
            // So many wrong ones never come to the proof: what was seen before counts no more.
            (right, wrong, recent) = (0, 0, [])
        }
    }
}

/// What the shop's people said of drafts: for each kind of question, language and model.
public struct AnswerProofs: Hashable, Sendable, Codable, RememberedValue {
    private var all: [String: AnswerProof] = [:]

    public init() {}

    private static func key(_ intent: String, _ language: String, _ author: String) -> String {
        "\(intent) \(language) \(author)"
    }

    /// What is known of a kind of question.
    public subscript(intent: String, language: String, author: String) -> AnswerProof {
        get { all[Self.key(intent, language, author)] ?? AnswerProof() }
        set { all[Self.key(intent, language, author)] = newValue }
    }

    /// Every kind that anything is known of, in order: what she asks for, the language, and the proof.
    public func rows(of author: String) -> [(intent: String, language: String, proof: AnswerProof)] {
        all.sorted { $0.key < $1.key }.compactMap { key, proof in
            let parts = key.split(separator: " ", maxSplits: 2).map(String.init)
            return parts.count == 3 && parts[2] == author ? (parts[0], parts[1], proof) : nil
        }
    }
}

extension RememberedKey where Value == AnswerProofs {
    /// What the shop's people said of drafts.
    public static var answerProofs: Self { Self(.answerProofs) }
}

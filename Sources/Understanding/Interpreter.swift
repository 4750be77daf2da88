// From a message to what it asks, and whether a template may answer it. The steps, each with its own file: plain letters
// (Letters), words (Words), the language and the intents by the model (Features, Model), the words of the trade
// (Lexicon), evidence (Evidence), then the order's state, the guards and the thresholds here.

/// Reads messages. It keeps nothing between them, so the same message always reads the same.
public struct Interpreter: Sendable {
    private let numbers: OrderStyle

    /// - Parameter orders: how the shop names its orders.
    public init(orders: OrderStyle = OrderStyle()) { numbers = orders }

    /// Reads one message, without the text that it quotes.
    ///
    /// - Parameters:
    ///   - state: what is known of the order that it is about. None: unknown, so that words alone count and more
    ///     certainty is asked of them.
    ///   - hint: the language that she most likely writes, such as the order's. It decides only where her words do not.
    public func read(_ text: String, state: OrderState? = nil, hint: Language? = nil) -> Reading {
        let letters = Letters(text)
        let orders = OrderNumbers(style: numbers).find(in: letters)
        let words = Words(letters.spoken.unclosed)
        guard !words.words.isEmpty else {
            return Reading(
                intent: .unclear, confidence: 0, asks: [], mood: .calm, language: hint, orders: orders,
                needsHuman: words.angryPictures > 0, doubts: [.noWords])
        }
        let glance = Glance(words, hint: hint)
        guard let language = glance.language else {
            return Reading(
                intent: .unclear, confidence: 0, asks: [], mood: .calm, language: nil, orders: orders,
                needsHuman: false, doubts: [.unknownLanguage])
        }
        var belief = Belief(glance, state: state)
        var (seconds, support) = others(than: belief.best, in: words, glance, state: state)
        // A clear sentence among others that only tell a story.
        if seconds.isEmpty { belief.confidence = max(belief.confidence, support * 0.85) }
        if let reason = glance.shopsFault, belief.best == .startReturn || belief.best == .exchange,
            !seconds.contains(reason)
        {
            // A return that is the shop's fault has other terms than one of free will.
            seconds.append(reason)
        }
        if let way = glance.wayOut, belief.best.isBadNews || belief.best == .whereIsMyOrder,
            !seconds.contains(way)
        {
            seconds.append(way)
        }
        if belief.best.isRoutine, glance.said.has(.invoice), !seconds.contains(.invoice) {
            seconds.append(.invoice)
        }
        var doubts: [Doubt] = []
        let needsHuman = glance.asksForPerson || words.isWordForPerson
        if needsHuman { doubts.append(.needsHuman) }
        if glance.said.has(.steer) { doubts.append(.steering) }
        if letters.wasCut || words.words.count >= Self.longest { doubts.append(.tooLong) }
        if !belief.best.isRoutine { doubts.append(.notRoutine) }
        if let state, belief.best.isRoutine, !state.allows(belief.best) { doubts.append(.state) }
        if !seconds.isEmpty { doubts.append(.twoWishes) }
        if glance.negates(belief.best) { doubts.append(.negated) }
        if glance.isConditional { doubts.append(.conditional) }
        if glance.isSarcastic { doubts.append(.sarcasm) }
        let isNoReport = belief.best.isBadNews && glance.isNoReport
        if isNoReport || !belief.best.hasEvidence(in: glance.said) { doubts.append(.noEvidence) }
        if belief.best.isElsewhere(in: glance.said) || glance.aimsElsewhere(belief.best) { doubts.append(.outside) }
        // What the guards found makes it less likely, too; that she is angry does not.
        for doubt in doubts where doubt != .needsHuman && belief.best.isRoutine {
            belief.confidence *= 0.5
        }
        let isBadNews = belief.best.isBadNews || belief.best == .whereIsMyOrder && state == .late
        if belief.confidence
            < Thresholds.of(language).needed(badNews: isBadNews, stateKnown: state != nil)
        {
            doubts.append(.unsure)
        }
        return Reading(
            intent: belief.best, confidence: Double(belief.confidence), asks: [belief.best] + seconds,
            mood: glance.mood, language: language, orders: orders, needsHuman: needsHuman, doubts: doubts)
    }

    /// Whoever writes more than this many words wants to be read.
    private static let longest = 150

    /// What else she asks for, in other clauses. Between commas more is asked of it, for there stand reasons, too, and
    /// what the order's state forbids is one.
    ///
    /// - Returns: the others, and how clearly one clause asks for the first.
    private func others(
        than first: Intent, in words: Words, _ whole: Glance, state: OrderState?
    ) -> ([Intent], support: Float) {
        var others: [Intent] = []
        var support: Float = 0
        for commas in [false, true] {
            let parts = words.clauses(in: whole.language ?? .english, commas: commas)
            guard parts.count > 1 else { continue }
            for part in parts.prefix(Self.clauses) {
                let said = Concepts(bits: whole.found[part].reduce(0, |))
                guard said.bits != 0, part.count > 1 else { continue }
                let shares = Glance.shares(of: words.part(part), said)
                guard let (intent, share) = zip(Intent.learned, shares).max(by: { $0.1 < $1.1 }),
                    intent != .other
                else { continue }
                if intent == first, intent.isRoutine, intent.hasEvidence(in: said),
                    state?.allows(intent) ?? true
                {
                    support = max(support, share)
                }
                guard share >= (intent.isRoutine && !commas ? 0.5 : 0.7), !first.covers(intent),
                    !others.contains(intent), intent.isNamed(in: said), !intent.isElsewhere(in: said)
                else { continue }
                if commas, let state, intent.isRoutine, !state.allows(intent) { continue }
                others.append(intent)
            }
        }
        return (others, support)
    }

    /// More clauses are not looked at one by one.
    private static let clauses = 16
}

/// Everything that is seen in a message before its order's state counts.
struct Glance {
    let words: Words
    let language: Language?
    /// The concepts at each word, and all of them.
    let found: [UInt64]
    let said: Concepts
    /// How likely each of `Intent.learned` is by the words alone.
    let shares: [Float]
    /// How likely a person is wanted, by the model.
    private let handOff: Float

    init(_ words: Words, hint: Language?) {
        self.words = words
        let base = Features(words)
        var sums = Model.shipped.sums(base)
        language = Self.language(of: words, sums, square: base.square, hint: hint)
        found = Lexicon.of(language ?? .english).find(in: words)
        said = Concepts(bits: found.reduce(0, |))
        let scores = Self.add(said, to: &sums, square: base.square)
        shares = Exponential.softmax(scores[..<Model.handOffColumn])
        handOff = Exponential.logistic(scores[Model.handOffColumn])
    }

    private static func add(_ said: Concepts, to sums: inout [Int32], square: Int) -> [Float] {
        var concepts = Features()
        concepts.add(said)
        for (column, sum) in Model.shipped.sums(concepts).enumerated() { sums[column] &+= sum }
        return Model.shipped.scores(sums, square: square + concepts.square)
    }

    /// The intents of a part of a message whose language and concepts are known.
    static func shares(of words: Words, _ said: Concepts) -> [Float] {
        let base = Features(words)
        var sums = Model.shipped.sums(base)
        return Exponential.softmax(add(said, to: &sums, square: base.square)[..<Model.handOffColumn])
    }

    private static func language(of words: Words, _ sums: [Int32], square: Int, hint: Language?)
        -> Language?
    {
        if words.foreignLetters * 2 > words.letters + words.foreignLetters { return nil }
        var scores = Array(Model.shipped.scores(sums, square: square)[Model.firstLanguage...])
        // A word or two are in many languages at once.
        let likely = hint ?? .english
        for (index, language) in Language.allCases.enumerated() where language == likely {
            scores[index] += words.words.count <= 3 ? 1.5 : 0.5
        }
        let shares = Exponential.softmax(scores[...])
        guard let best = shares.indices.max(by: { shares[$0] < shares[$1] }) else { return nil }
        return best < Language.allCases.count ? Language.allCases[best] : nil
    }

    /// She would cancel, or leave, something that no phrasing about orders ever named: "cancel my gym".
    func aimsElsewhere(_ intent: Intent) -> Bool {
        let verbs: Concepts
        switch intent {
        case .cancelOrder where !said.hasAny(Concepts(.order, .parcel, .item)): verbs = Concepts(.cancel)
        case .stop where !said.has(.mails): verbs = Concepts(.stop, .optOut)
        default: return false
        }
        guard let language else { return false }
        for (index, bits) in found.enumerated() where Concepts(bits: bits).hasAny(verbs) {
            let clause = words.words[index].clause
            for next in index + 1..<max(index + 1, min(index + 5, found.count)) {
                let word = words.words[next]
                guard word.clause == clause else { break }
                if found[next] == 0, !word.hasDigit, word.end - word.start >= Vocabulary.shortest,
                    !Vocabulary.shipped.contains(Hash(words[word]).value, language)
                {
                    return true
                }
            }
        }
        return false
    }

    /// A lone word, or a question that names nothing she has: "how long after they expired" reports no damage.
    var isNoReport: Bool {
        if words.words.count == 1 { return true }
        guard let first = found.first, !said.hasAny(Concepts(.order, .parcel, .arrive, .item, .return)) else {
            return false
        }
        return words.questions > 0 || Concepts(bits: first).has(.question)
    }

    /// What went wrong, where a return's reason is the shop's fault.
    var shopsFault: Intent? {
        if said.has(.damaged) { return .damaged }
        return said.has(.mistaken) ? .wrongItem : nil
    }

    /// What she wants besides an answer, where something went wrong: her money, or no order any more.
    var wayOut: Intent? {
        if said.has(.refund) { return .startReturn }
        return said.has(.cancel) ? .cancelOrder : nil
    }

    /// Her words, or the model at the sight of them, ask for a person.
    var asksForPerson: Bool {
        Concept.handOff.contains { $0 != .steer && said.has($0) } || handOff >= 0.5
            || words.angryPictures > 0
            || words.shouts && words.exclamations > 0
            || isSarcastic && said.has(.praise) && words.questions == 0
    }

    private static let complaint = Concepts(.late, .notYet, .damaged, .wrong, .missing, .trouble)

    var mood: Mood {
        let complains = said.hasAny(Self.complaint)
        let isAngry = Concepts(.anger, .abuse, .legal, .chargeback, .fraud, .threat)
        if said.hasAny(isAngry) || words.angryPictures > 0
            || complains && (words.shouts || words.exclamations >= 3)
        {
            return .angry
        }
        if said.hasAny(Concepts(.repeated, .harm, .need)) || words.shouts || handOff >= 0.5
            || isSarcastic
            || complains && words.exclamations > 0
        {
            return .upset
        }
        return .calm
    }

    /// Praise beside a complaint, or thanks for what went wrong: "thanks for losing it".
    var isSarcastic: Bool {
        let wrong = Concepts(.late, .damaged, .wrong, .missing, .trouble)
        guard said.hasAny(wrong) else { return false }
        if said.has(.praise) { return true }
        for (index, bits) in found.enumerated() where Concepts(bits: bits).has(.thanks) {
            let clause = words.words[index].clause
            for next in index..<min(index + 5, found.count) where words.words[next].clause == clause {
                if Concepts(bits: found[next]).hasAny(wrong) { return true }
            }
        }
        return false
    }

    /// "If it is not here tomorrow I cancel": a template would take her at her word too soon.
    var isConditional: Bool {
        said.has(.condition) && said.hasAny(Concepts(.cancel, .refund, .return, .exchange, .unwanted))
    }

    /// She says that she does not want this.
    func negates(_ intent: Intent) -> Bool {
        let own = intent.ownConcepts
        guard own.bits != 0, said.has(.noWish) else { return false }
        for (index, bits) in found.enumerated() where Concepts(bits: bits).has(.noWish) {
            let clause = words.words[index].clause
            for next in index..<min(index + 5, found.count) where words.words[next].clause == clause {
                if Concepts(bits: found[next]).hasAny(own) { return true }
            }
        }
        return false
    }
}

/// What is believed once the order's state, evidence and the trade's bounds have been weighed.
struct Belief {
    var best = Intent.other
    var confidence: Float = 0

    init(_ glance: Glance, state: OrderState?) {
        var sum: Float = 0
        var kept: Float = 0
        var most: Float = -1
        for (intent, share) in zip(Intent.learned, glance.shares) {
            var weight = share
            if intent.isRoutine {
                if let state, !state.allows(intent) { weight *= 0.02 }
                if !intent.hasEvidence(in: glance.said) { weight *= 0.1 }
                if intent.isElsewhere(in: glance.said) { weight *= 0.1 }
            }
            kept += weight
            sum += share
            if weight > most {
                most = weight
                best = intent
            }
        }
        // Half of what the weighing took away stays as doubt.
        confidence = most / (kept + (sum - kept) / 2)
    }
}

/// The confidence that an answer needs. Set on the tuning half of ../shared/understanding (docs/understanding.md says
/// how), not by cross-validation on our own phrasings, which flatter.
struct Thresholds {
    let plain: Float
    let badNews: Float
    /// Without the order's state.
    let wordsAlone: Float

    func needed(badNews isBadNews: Bool, stateKnown: Bool) -> Float {
        max(stateKnown ? plain : wordsAlone, isBadNews ? badNews : 0)
    }

    static func of(_ language: Language) -> Thresholds {
        switch language {
        case .english: Thresholds(plain: 0.65, badNews: 0.75, wordsAlone: 0.85)
        case .german, .french, .spanish: Thresholds(plain: 0.6, badNews: 0.7, wordsAlone: 0.8)
        }
    }
}

extension Words {
    /// Whether it is nothing but the word that every automatic answer names: it brings a person, in whatever language
    /// the answer was.
    fileprivate var isWordForPerson: Bool {
        guard words.count == 1 else { return false }
        return ["person", "mensch", "personne", "persona"].contains(String(decoding: self[words[0]], as: UTF8.self))
    }
}

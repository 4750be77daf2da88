/// What a word or phrase of the trade speaks of. Intents need their own of these as evidence, whatever the model says.
enum Concept: Int, CaseIterable {
    case order, parcel, `where`, when, arrive, ship, track, status, late, notYet, delivered,
        elsewhere, not, damaged,
        wrong, mistaken, missing, only, `return`, label, exchange, size, refund, money, address, place,
        change, cancel,
        unwanted, condition,
        invoice, price, mails, stop, thanks, solved, privacy, optOut, account, product, buy, outside,
        item, question,
        noWish,
        praise, later, trouble, sent, signUp, wish, neutral
    // These ask for a person.
    case legal, chargeback, harm, abuse, anger, person, repeated, fraud, need, threat, steer

    var bit: UInt64 { 1 << UInt64(rawValue) }

    static let named = Dictionary(uniqueKeysWithValues: allCases.map { (String(describing: $0), $0) })

    /// Concepts that ask for a person at once.
    static let handOff: [Concept] = [
        .legal, .chargeback, .harm, .abuse, .anger, .person, .repeated, .fraud, .need, .threat, .steer,
    ]
}

/// Concepts found in a message, as a set.
struct Concepts: Equatable {
    var bits: UInt64 = 0

    init(bits: UInt64 = 0) { self.bits = bits }
    init(_ concepts: Concept...) { bits = concepts.reduce(0) { $0 | $1.bit } }

    func has(_ concept: Concept) -> Bool { bits & concept.bit != 0 }
    func hasAny(_ others: Concepts) -> Bool { bits & others.bits != 0 }
    mutating func formUnion(_ other: UInt64) { bits |= other }
}

/// The words of the trade in one language, written by hand in `Lexicon+….swift`: a line a concept, its terms between
/// commas. A term is words; `*` at a word's end stands for any ending, and `..` for up to four words within the sentence.
/// A lone word of five letters or more (six with `*`) is also found with one letter wrong, missing, doubled or swapped.
struct Lexicon {
    private struct Step {
        var hash: UInt64
        var isPrefix: Bool
        var mayLeap: Bool
    }

    private struct Term {
        var bit: UInt64
        var rest: [Step]
    }

    private struct Root {
        var letters: [UInt8]
        var isPrefix: Bool
        var bit: UInt64
    }

    private var whole: [UInt64: [Term]] = [:]
    private var prefixes: [UInt64: [Term]] = [:]
    private var roots: [UInt8: [Root]] = [:]
    /// One bit for each hash of the tables, by its lowest bits: most words are in none, and need no look-up.
    private var sieve = [UInt64](repeating: 0, count: 256)
    private var longestPrefix = 0
    private var shortestPrefix = Int.max

    init(_ text: String) {
        for line in text.split(separator: "\n") {
            guard let colon = line.firstIndex(of: ":"),
                let concept = Concept.named[String(line[..<colon])]
            else {
                preconditionFailure("no concept in the lexicon's line '\(line)'")
            }
            for term in line[line.index(after: colon)...].split(separator: ",") { add(term, of: concept) }
        }
    }

    private mutating func add(_ term: Substring, of concept: Concept) {
        var steps: [Step] = []
        var first: [UInt8] = []
        var leap = false
        for part in term.split(separator: " ") {
            if part == ".." {
                leap = true
                continue
            }
            let isPrefix = part.hasSuffix("*")
            // The lexicon is written as people write, so its words go the same way.
            let words = Words(String(isPrefix ? part.dropLast() : part))
            for (offset, word) in words.words.enumerated() {
                let letters = Array(words[word])
                if steps.isEmpty { first = letters }
                let last = offset == words.words.count - 1
                steps.append(Step(hash: Hash(letters).value, isPrefix: isPrefix && last, mayLeap: leap))
                leap = false
            }
        }
        guard let start = steps.first else { return }
        let entry = Term(bit: concept.bit, rest: Array(steps.dropFirst()))
        sieve[Int(start.hash >> 6 & 255)] |= 1 << (start.hash & 63)
        if start.isPrefix {
            prefixes[start.hash, default: []].append(entry)
            longestPrefix = max(longestPrefix, first.count)
            shortestPrefix = min(shortestPrefix, first.count)
        } else {
            whole[start.hash, default: []].append(entry)
        }
        if entry.rest.isEmpty, first.count >= (start.isPrefix ? 6 : 5), concept != .neutral,
            !Concept.handOff.contains(concept)
        {
            roots[first[0], default: []].append(
                Root(letters: first, isPrefix: start.isPrefix, bit: concept.bit))
        }
    }

    private func mayBegin(_ hash: UInt64) -> Bool {
        sieve[Int(hash >> 6 & 255)] & 1 << (hash & 63) != 0
    }

    /// The concepts that each word takes part in.
    func find(in words: Words) -> [UInt64] {
        var found = [UInt64](repeating: 0, count: words.words.count)
        for index in words.words.indices {
            let word = words.words[index]
            var isKnown = false
            var hash = Hash()
            var length = 0
            for letter in words[word] {
                hash.add(letter)
                length += 1
                guard length >= shortestPrefix, length <= longestPrefix, mayBegin(hash.value),
                    let terms = prefixes[hash.value]
                else {
                    continue
                }
                isKnown = match(terms, in: words, at: index, found: &found) || isKnown
            }
            if mayBegin(hash.value), let terms = whole[hash.value] {
                _ = match(terms, in: words, at: index, found: &found)
                isKnown = true
            }
            if !isKnown, length >= 5, !word.hasDigit, found[index] == 0 {
                found[index] |= nearly(words[word])
            }
        }
        return found
    }

    /// Marks the terms that begin at `index`. True if one of them did.
    private func match(_ terms: [Term], in words: Words, at index: Int, found: inout [UInt64]) -> Bool {
        var matched = false
        for term in terms {
            var at = index
            var fits = true
            for step in term.rest {
                let sentence = words.words[at].sentence
                let reach = step.mayLeap ? 5 : 1
                var next = at + 1
                while next <= at + reach {
                    guard next < words.words.count, words.words[next].sentence == sentence else {
                        next = at + reach + 1
                        break
                    }
                    if Self.fits(step, words[words.words[next]]) { break }
                    next += 1
                }
                guard next <= at + reach else {
                    fits = false
                    break
                }
                at = next
            }
            guard fits else { continue }
            matched = true
            for covered in index...at { found[covered] |= term.bit }
        }
        return matched
    }

    private static func fits(_ step: Step, _ letters: ArraySlice<UInt8>) -> Bool {
        var hash = Hash()
        for letter in letters {
            hash.add(letter)
            if step.isPrefix, hash.value == step.hash { return true }
        }
        return hash.value == step.hash
    }

    /// The concepts of the lone words that differ from these letters by one slip of the finger.
    private func nearly(_ letters: ArraySlice<UInt8>) -> UInt64 {
        guard let first = letters.first, let candidates = roots[first] else { return 0 }
        let typed = Array(letters)
        var bits: UInt64 = 0
        for root in candidates where bits & root.bit == 0 {
            let more = typed.count - root.letters.count
            guard more >= -1, root.isPrefix || more <= 1 else { continue }
            if Self.isSlip(typed, of: root.letters, isPrefix: root.isPrefix) { bits |= root.bit }
        }
        return bits
    }

    /// Whether `typed` is `meant` with one letter swapped with the next, wrong, missing or too many.
    static func isSlip(_ typed: [UInt8], of meant: [UInt8], isPrefix: Bool) -> Bool {
        var same = 0
        while same < typed.count, same < meant.count, typed[same] == meant[same] { same += 1 }
        if same == meant.count { return isPrefix || typed.count <= meant.count + 1 }
        if same == typed.count { return meant.count - typed.count <= 1 }
        func rest(_ from: Int, _ of: Int) -> Bool {
            var left = from
            var right = of
            while right < meant.count {
                guard left < typed.count, typed[left] == meant[right] else { return false }
                left += 1
                right += 1
            }
            return isPrefix || left == typed.count
        }
        if rest(same + 1, same + 1) || rest(same, same + 1) || rest(same + 1, same) { return true }
        return same + 1 < typed.count && same + 1 < meant.count && typed[same] == meant[same + 1]
            && typed[same + 1] == meant[same] && rest(same + 2, same + 2)
    }

    /// The one of a language.
    static func of(_ language: Language) -> Lexicon {
        switch language {
        case .english: englishLexicon
        case .german: germanLexicon
        case .french: frenchLexicon
        case .spanish: spanishLexicon
        }
    }

    private static let englishLexicon = Lexicon(english)
    private static let germanLexicon = Lexicon(german)
    private static let frenchLexicon = Lexicon(french)
    private static let spanishLexicon = Lexicon(spanish)
}

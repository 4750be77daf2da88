// A mail's template as the text of an SMS: its paragraphs and lists, without headings, pictures and emphasis, and links
// as addresses. What comes in was escaped for Markdown when it was printed (CommonMark: backslashes and entities), so
// that a value never acts as markup; here those escapes end. This is not a parser of all Markdown, but of what templates
// are made of: tests compare its words with those that cmark reads in every shipped template.

/// Turns rendered Markdown into plain lines.
struct ShortText {
    /// The text, with single newlines between paragraphs.
    static func text(ofMarkdown markdown: String) -> String {
        var paragraphs: [String] = []
        var headings: [String] = []
        var current = ""
        func end() {
            let words = inline(current).split(separator: "\n").map { words in
                words.split(whereSeparator: \.isWhitespace).joined(separator: " ")
            }.filter { !$0.isEmpty }.joined(separator: "\n")
            if !words.isEmpty { paragraphs.append(words) }
            current = ""
        }
        for line in markdown.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
            var line = String(line).trimmingSpaces
            while line.hasPrefix(">") { line = String(line.dropFirst()).trimmingSpaces }
            if line.isEmpty || isRule(line) {
                end()
            } else if let heading = line.wholeMatch(of: /#{1,6}[ \t]+(.*?)[ \t]*#*/) {
                end()
                headings.append(inline(String(heading.1)).onOneLine)
            } else if let item = line.wholeMatch(of: /([-*+]|\d{1,9}[.)])[ \t]+(.*)/) {
                end()
                current = (item.1.first?.isNumber == true ? "\(item.1) " : "- ") + item.2
            } else {
                let isBroken = current.hasSuffix("\\") || current.lowercased().hasSuffix("<br>")
                current += (current.isEmpty ? "" : isBroken ? "\n" : " ") + line
                if line.hasSuffix("\\") { current.removeLast(); current += "\n" }
            }
        }
        end()
        // A template of headings alone is still a text.
        return (paragraphs.isEmpty ? headings : paragraphs).joined(separator: "\n")
    }

    private static func isRule(_ line: String) -> Bool {
        let marks = line.filter { $0 != " " }
        guard marks.count >= 3, let mark = marks.first, "-*_=".contains(mark) else { return false }
        return marks.allSatisfy { $0 == mark }
    }

    // MARK: - Running text

    private static func inline(_ text: String) -> String {
        var reader = InlineReader(Array(text))
        return reader.read(until: nil)
    }

    private struct InlineReader {
        private let characters: [Character]
        private var index = 0

        init(_ characters: [Character]) { self.characters = characters }

        private func peek(_ offset: Int = 0) -> Character? {
            index + offset < characters.count ? characters[index + offset] : nil
        }

        /// Reads up to a character, or to the end.
        mutating func read(until end: Character?) -> String {
            var out = ""
            while let character = peek() {
                if character == end { return out }
                switch character {
                case "\\":
                    if let next = peek(1), next.isASCII, next.isPunctuation || next.isSymbol {
                        out.append(next)
                        index += 2
                    } else {
                        out.append(character)
                        index += 1
                    }
                case "&":
                    if let (entity, length) = entity() {
                        out += entity
                        index += length
                    } else {
                        out.append(character)
                        index += 1
                    }
                case "*", "_":
                    let before = index > 0 ? characters[index - 1] : " "
                    var run = 0
                    while peek(run) == character { run += 1 }
                    let after = peek(run) ?? " "
                    // A sign between spaces, or an underscore within a word, is itself.
                    let isItself =
                        before.isWhitespace && after.isWhitespace
                        || character == "_" && before.isWord && after.isWord
                    if isItself { out += String(repeating: character, count: run) }
                    index += run
                case "!" where peek(1) == "[":
                    if !picture() {
                        out.append(character)
                        index += 1
                    }
                case "[":
                    if let words = link() {
                        out += words
                    } else {
                        out.append(character)
                        index += 1
                    }
                case "<": out += angle()
                case "`":
                    while peek() == "`" { index += 1 }
                default:
                    out.append(character)
                    index += 1
                }
            }
            return out
        }

        /// `&amp;` or `&#39;` at this place, and its length.
        private func entity() -> (String, Int)? {
            var name = ""
            var offset = 1
            while let character = peek(offset), character != ";", offset < 12 {
                name.append(character)
                offset += 1
            }
            guard peek(offset) == ";" else { return nil }
            let named = [
                "amp": "&", "lt": "<", "gt": ">", "quot": "\"", "apos": "'", "nbsp": " ", "ndash": "–", "mdash": "—",
                "hellip": "…", "rsquo": "’", "lsquo": "‘", "ldquo": "“", "rdquo": "”", "euro": "€", "pound": "£",
                "middot": "·", "bull": "•", "copy": "©", "times": "×", "deg": "°",
            ]
            if let known = named[name] { return (known, offset + 1) }
            guard name.hasPrefix("#") else { return nil }
            let digits = name.dropFirst()
            let value =
                digits.first == "x" || digits.first == "X"
                ? UInt32(digits.dropFirst(), radix: 16) : UInt32(digits, radix: 10)
            guard let value else { return nil }
            return (String(Unicode.Scalar(value == 0 ? 0xFFFD : value) ?? "\u{FFFD}"), offset + 1)
        }

        /// The end of a `(…)` or `[…]` whose opening sign is at `start`.
        private func closing(_ open: Character, _ close: Character, from start: Int) -> Int? {
            guard start < characters.count, characters[start] == open else { return nil }
            var depth = 0
            var place = start
            while place < characters.count {
                let character = characters[place]
                if character == "\\" { place += 2; continue }
                if character == open { depth += 1 }
                if character == close { depth -= 1 }
                if depth == 0 { return place }
                place += 1
            }
            return nil
        }

        /// The words and the target of `[words](target "title")` at this place; nil if it is none.
        private mutating func parts(at start: Int) -> (words: [Character], target: String, end: Int)? {
            guard let close = closing("[", "]", from: start), let end = closing("(", ")", from: close + 1) else {
                return nil
            }
            var inner = String(characters[(close + 2)..<end]).trimmingSpaces
            if inner.hasPrefix("<"), let angle = inner.firstIndex(of: ">") {
                inner = String(inner[inner.index(after: inner.startIndex)..<angle])
            } else if let space = inner.firstIndex(where: \.isWhitespace) {
                inner = String(inner[..<space])
            }
            return (Array(characters[(start + 1)..<close]), ShortText.inlineURL(inner), end + 1)
        }

        /// A link: its words and its address, or the address alone where the words are the same.
        private mutating func link() -> String? {
            guard let found = parts(at: index) else { return nil }
            index = found.end
            var inner = InlineReader(found.words)
            let words = inner.read(until: nil).onOneLine
            let address = found.target.isEmpty || found.target.hasPrefix("#") ? "" : ShortText.shown(found.target)
            if address.isEmpty || words == address { return words.isEmpty ? address : words }
            return words.isEmpty ? address : "\(words): \(address)"
        }

        /// A picture is left out.
        private mutating func picture() -> Bool {
            guard let found = parts(at: index + 1) else { return false }
            index = found.end
            return true
        }

        /// `<br>` is a new line, `<https://…>` an address, and any other tag nothing.
        private mutating func angle() -> String {
            var inner = ""
            var offset = 1
            while let character = peek(offset), character != ">" {
                inner.append(character)
                offset += 1
            }
            guard peek(offset) == ">" else {
                index += 1
                return "<"
            }
            index += offset + 1
            let lower = inner.lowercased()
            if lower.hasPrefix("br") { return "\n" }
            if lower.hasPrefix("https://") || lower.hasPrefix("http://") { return inner }
            if inner.contains("@"), !inner.contains(" ") { return ShortText.shown(inner) }
            guard let first = inner.first, first.isLetter || first == "/" || first == "!" else { return "<\(inner)>" }
            return ""
        }
    }

    /// A target without its escapes.
    private static func inlineURL(_ text: String) -> String {
        var out = ""
        var isEscaped = false
        for character in text {
            if character == "\\", !isEscaped {
                isEscaped = true
                continue
            }
            out.append(character)
            isEscaped = false
        }
        return out.replacing("&amp;", with: "&")
    }

    /// An address as it is shown: without `mailto:` and `tel:`.
    private static func shown(_ target: String) -> String {
        for scheme in ["mailto:", "tel:"] where target.lowercased().hasPrefix(scheme) {
            return String(target.dropFirst(scheme.count).prefix { $0 != "?" })
        }
        return target
    }
}

extension String {
    /// The text with single spaces for newlines and other white space.
    fileprivate var onOneLine: String { split(whereSeparator: \.isWhitespace).joined(separator: " ") }
}

extension Character {
    /// True for a letter or a digit.
    fileprivate var isWord: Bool { isLetter || isNumber }
}

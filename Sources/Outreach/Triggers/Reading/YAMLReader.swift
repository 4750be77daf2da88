internal import Yams

/// Reads a YAML file for people who do not know YAML.
///
/// libyaml, through Yams, does the parsing. What it says about a mistake is written for programmers, so its messages
/// are translated here; and the traps that it accepts as valid YAML are looked for beforehand: tabs, keys given twice,
/// anchors and aliases (which nobody needs here, and which can make a small file grow without bound), several documents
/// in one file.
package struct YAMLReader {
    /// More than any trigger file needs, and small enough to read at once.
    static let largestFile = 256 * 1024
    /// How deeply lists and maps may be nested.
    static let deepest = 32
    /// A file with more keys and values than this is refused, whatever its size.
    static let mostNodes = 50_000
    /// A longer line is read but not searched for slips: some of the searches take time quadratic in its length.
    private static let longestLine = 4_096
    /// Nobody fixes more duplicates at once.
    private static let mostDuplicates = 20

    private let lines: [Substring]
    private var source: String
    private var faults: FaultList
    private var nodes = 0

    /// The tree of `source`, or nil if it is not valid YAML; and the faults found. An empty file is `.nothing`.
    package static func read(_ source: String, file: String) -> (tree: YAMLTree?, faults: [Fault]) {
        var reader = YAMLReader(source, file: file)
        let tree = reader.read()
        return (tree, reader.faults.faults)
    }

    private init(_ source: String, file: String) {
        self.source = source.hasPrefix("\u{FEFF}") ? String(source.dropFirst()) : source
        lines = self.source.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        faults = FaultList(file: file)
    }

    private mutating func read() -> YAMLTree? {
        guard source.utf8.count <= Self.largestFile else {
            faults.add(at: Position(line: 1, column: 1), "the file is larger than \(Self.largestFile / 1024) KB")
            return nil
        }
        refuseTabs()
        refuseSlips()
        refuseAliases()
        if faults.hasErrors { return nil }
        for _ in 0...Self.mostDuplicates {
            do {
                guard let root = try Parser(yaml: source, resolver: .basic).singleRoot() else {
                    return YAMLTree(content: .nothing, position: Position(line: 1, column: 1))
                }
                return tree(of: root, depth: 0)
            } catch let error as YamlError {
                guard fixed(after: error) else { return nil }
            } catch {
                faults.add(at: Position(line: 1, column: 1), "the file cannot be read as YAML")
                return nil
            }
        }
        return nil
    }

    // MARK: - Before parsing

    private mutating func refuseTabs() {
        var shown = 0
        for (index, line) in lines.enumerated() {
            let indent = line.prefix { $0 == " " || $0 == "\t" }
            guard let tab = indent.firstIndex(of: "\t"), indent.endIndex != line.endIndex else { continue }
            shown += 1
            if shown > 5 { continue }
            let column = line.distance(from: line.startIndex, to: tab) + 1
            faults.add(
                at: Position(line: index + 1, column: column), "a tab at the start of the line",
                hint: "indent with spaces")
        }
    }

    /// Text that is not YAML, or not the YAML it looks like, and that libyaml reports unhelpfully: Word's special
    /// spaces, and conditions that begin like code.
    private mutating func refuseSlips() {
        let fix = "type a plain space; Word and web pages write the other kind"
        for (index, line) in lines.enumerated() {
            func place(_ at: String.Index) -> Position {
                Position(line: index + 1, column: line.distance(from: line.startIndex, to: at) + 1)
            }
            // Nearly every line is plain, and a regular expression costs more than the rest of its reading.
            guard line.utf8.count <= Self.longestLine else { continue }
            guard line.utf8.contains(where: { $0 == 0xC2 || $0 == 0xE2 || $0 == 0x21 || $0 == 0x7B }) else { continue }
            let content = line.drop { $0 == " " }
            if content.isEmpty || content.first == "#" { continue }
            if let match = line.prefixMatch(of: /\s*[\u{A0}\u{202F}]/) {
                if line.allSatisfy(\.isWhitespace) { continue }
                faults.add(
                    at: place(line.index(before: match.range.upperBound)),
                    "a no-break space at the start of the line",
                    hint: "indent with plain spaces; Word and web pages write the other kind")
            } else if let match = line.prefixMatch(of: /\s*(?:-|(?:- +)?[A-Za-z_]+:) *[\u{A0}\u{202F}]/) {
                faults.add(
                    at: place(line.index(before: match.range.upperBound)),
                    "a no-break space behind the '\(line[..<match.range.upperBound].contains(":") ? ":" : "-")'",
                    hint: fix)
            } else if let match = line.firstMatch(of: /^(\s*)(if|unless|any|all|-)(:?) +!\s*([a-z_]+\..*)$/) {
                let isUnless = match.output.2 == "unless"
                faults.add(
                    at: place(match.output.4.startIndex), "there is no '!' for 'not'",
                    hint: "write the line without it under '\(isUnless ? "if" : "unless")'")
            } else if let match = line.firstMatch(
                of: /^\s*(?:if|unless|any|all|-):? +\{[\{%]-?\s*(?:if\s+)?(.*?)\s*-?[%\}]\}\s*$/)
            {
                let start = match.output.0.firstIndex(of: "{") ?? line.startIndex
                faults.add(
                    at: place(start), "braces belong in templates, and not in a condition",
                    hint: "write: \(match.output.1)")
            }
        }
    }

    /// An alias can only do harm if its anchor exists, so a name that is used as both is refused before anything is
    /// built from it.
    ///
    /// In block or flow style, so wherever libyaml can start to read one: after a space, after the separators of a list
    /// in brackets, and after a closing quote or bracket (`"a":&a`). Names end where libyaml ends them.
    private mutating func refuseAliases() {
        var anchors: Set<String> = []
        var aliases: [(name: String, line: Int, offset: Int)] = []
        for (index, line) in lines.enumerated() {
            let bytes = Array(line.utf8)
            for (at, byte) in bytes.enumerated() where byte == UInt8(ascii: "&") || byte == UInt8(ascii: "*") {
                // Anything but a letter, digit or sign of ordinary words, so spaces beyond ASCII too.
                if at > 0, bytes[at - 1].isInWord { continue }
                let name = String(decoding: bytes[(at + 1)...].prefix { $0.isInAnchor }, as: UTF8.self)
                guard !name.isEmpty else { continue }
                if byte == UInt8(ascii: "&") {
                    anchors.insert(name)
                } else if aliases.count < 10_000 {
                    aliases.append((name, index, at))
                }
            }
        }
        for alias in aliases.filter({ anchors.contains($0.name) }).prefix(5) {
            let before = lines[alias.line].utf8.prefix(alias.offset)
            faults.add(
                at: Position(line: alias.line + 1, column: String(decoding: before, as: UTF8.self).count + 1),
                "'*\(alias.name)' is an alias of '&\(alias.name)', and aliases are not supported here",
                hint: "write it out, or put the text in quotes")
        }
    }

    // MARK: - After parsing

    private mutating func tree(of node: Node, depth: Int) -> YAMLTree {
        let position = node.mark.map { Position(line: $0.line, column: $0.column) } ?? Position(line: 1, column: 1)
        guard depth < Self.deepest else {
            if depth == Self.deepest { faults.add(at: position, "this is nested too deep in other lists and keys") }
            return YAMLTree(content: .nothing, position: position)
        }
        nodes += 1
        guard nodes <= Self.mostNodes else {
            if nodes == Self.mostNodes + 1 {
                faults.add(
                    at: position, "the file has more than \(Self.mostNodes) keys and values",
                    hint: "make several files of it")
            }
            return YAMLTree(content: .nothing, position: position)
        }
        switch node {
        case .scalar(let scalar):
            let quoted = scalar.style != .plain && scalar.style != .any
            if !quoted, let dash = strayDash(in: scalar.string, at: position) {
                faults.add(
                    at: dash, "this '-' does not line up with the one above it", hint: "indent both lines alike")
                return YAMLTree(content: .nothing, position: position)
            }
            if !quoted { warnOfComment(after: scalar.string, at: position) }
            if !quoted, ["", "~", "null"].contains(scalar.string) {
                return YAMLTree(content: .nothing, position: position)
            }
            return YAMLTree(
                content: .text(scalar.string, quoted: quoted), position: position,
                textPosition: place(of: scalar.string, near: position))
        case .sequence(let sequence):
            var elements: [YAMLTree] = []
            for element in sequence {
                if nodes > Self.mostNodes { break }
                elements.append(tree(of: element, depth: depth + 1))
            }
            return YAMLTree(content: .list(elements), position: position)
        case .mapping(let mapping):
            var entries: [YAMLTree.Entry] = []
            for (key, value) in mapping {
                if nodes > Self.mostNodes { break }
                let keyTree = tree(of: key, depth: depth + 1)
                guard case .text(let text, _) = keyTree.content else {
                    faults.add(at: keyTree.position, "a key has to be a word, and this is \(keyTree.kind)")
                    continue
                }
                if text.hasSuffix(Self.renamed) { continue }
                entries.append(
                    YAMLTree.Entry(key: text, keyPosition: keyTree.position, value: tree(of: value, depth: depth + 1)))
            }
            return YAMLTree(content: .map(entries), position: position)
        case .alias:
            faults.add(at: position, "aliases are not supported here", hint: "write it out")
            return YAMLTree(content: .nothing, position: position)
        }
    }

    /// `name: We're #1` loses its end: YAML takes ` #` for the start of a comment. People who mean a comment leave a
    /// space after the `#`.
    private mutating func warnOfComment(after text: String, at position: Position) {
        guard let line = line(position.line) else { return }
        let start = line.index(line.startIndex, offsetBy: position.column - 1, limitedBy: line.endIndex)
        guard let start, line[start...].hasPrefix(text) else { return }
        let rest = line[line.index(start, offsetBy: text.count)...]
        let comment = rest.drop { $0 == " " || $0 == "\t" }
        guard comment.startIndex > rest.startIndex, comment.first == "#" else { return }
        guard let next = comment.dropFirst().first, !next.isWhitespace, next != "#" else { return }
        let column = line.distance(from: line.startIndex, to: comment.startIndex) + 1
        faults.warn(
            at: Position(line: position.line, column: column),
            "everything from ' #' on is taken as a comment and left out",
            hint: "if it belongs to the text, put the whole text in quotes")
    }

    /// A list item that is indented too far becomes part of the text above it.
    private func strayDash(in text: String, at position: Position) -> Position? {
        guard text.contains(" - "), place(of: text, near: position) == nil else { return nil }
        for number in position.line + 1..<position.line + 50 {
            guard let line = line(number) else { return nil }
            let content = line.drop { $0 == " " }
            guard !content.isEmpty, text.contains(String(content.prefix { $0 != "#" }).trimmingSpaces) else {
                return nil
            }
            if content.hasPrefix("- ") { return Position(line: number, column: line.count - content.count + 1) }
        }
        return nil
    }

    private func place(of text: String, near position: Position) -> Position? {
        guard let line = line(position.line) else { return nil }
        for skipped in 0...1 {
            let offset = position.column - 1 + skipped
            let start = line.index(line.startIndex, offsetBy: offset, limitedBy: line.endIndex)
            if let start, line[start...].hasPrefix(text) { return Position(line: position.line, column: offset + 1) }
        }
        return nil
    }

    private func line(_ number: Int) -> Substring? {
        guard lines.indices.contains(number - 1), lines[number - 1].utf8.count <= Self.longestLine else { return nil }
        return lines[number - 1]
    }

    // MARK: - What libyaml says

    /// Records what is wrong. True if the source was changed so that a second reading shows what else is.
    private mutating func fixed(after error: YamlError) -> Bool {
        switch error {
        case .duplicatedKeysInMapping(_, let context):
            return renameSecondKey(firstAt: Position(line: context.mark.line, column: context.mark.column))
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            explain(
                problem, at: Position(line: mark.line, column: mark.column),
                from: context.map { Position(line: $0.mark.line, column: $0.mark.column) }, context: context?.text)
        case .reader(_, let offset, _, let yaml):
            let before = yaml.prefix(offset ?? 0)
            let line = before.reduce(into: 1) { count, character in if character.isNewline { count += 1 } }
            let column = before.reversed().prefix { !$0.isNewline }.count + 1
            faults.add(
                at: Position(line: line, column: column), "a character here cannot be read",
                hint: "retype the line; the file has to be plain UTF-8 text")
        default:
            faults.add(at: Position(line: 1, column: 1), "the file cannot be read as YAML")
        }
        return false
    }

    private mutating func explain(_ problem: String, at found: Position, from start: Position?, context: String?) {
        let problem = problem.lowercased()
        // A position after the last line helps nobody: show where it began.
        var position = found
        if position.line > lines.count || line(position.line)?.allSatisfy(\.isWhitespace) == true {
            position = start ?? Position(line: max(1, lines.count), column: 1)
        }
        if problem.contains("mapping values are not allowed") {
            let text = line(position.line) ?? ""
            let before = text.prefix(position.column - 1)
            if before.contains(":") {
                faults.add(
                    at: position, "a second ':' in this line",
                    hint: "if it belongs to the text, put the text in quotes")
            } else if let missing = missingColon(above: position.line) {
                faults.add(
                    at: missing.place, "':' is missing behind '\(missing.key)'",
                    hint: "write '\(missing.key): \(missing.rest)'")
            } else {
                let column = before.prefix { $0 == " " }.count + 1
                faults.add(
                    at: Position(line: position.line, column: column), "a key where none can stand",
                    hint: "line it up with the keys above it")
            }
        } else if context?.contains("quoted scalar") == true || problem.contains("unexpected end of stream") {
            let place = start ?? position
            let mark = line(place.line).flatMap { line -> Character? in
                let index = line.index(line.startIndex, offsetBy: place.column - 1, limitedBy: line.endIndex)
                return index.flatMap { $0 < line.endIndex ? line[$0] : nil }
            }
            if let mark, mark == "\"" || mark == "'" {
                if problem.contains("escape") {
                    faults.add(
                        at: position, "'\\' in double quotes starts a code, and this is none",
                        hint: "write '\\\\', or use single quotes")
                } else {
                    faults.add(
                        at: place, "a quote is opened here and never closed", hint: "close it with \(mark) at its end")
                }
            } else {
                faults.add(at: place, "what is opened here is never closed")
            }
        } else if problem.contains("undefined alias") || problem.contains("alphabetic or numeric character") {
            let place = start ?? position
            faults.add(
                at: place, "a text cannot start with '\(character(at: place) ?? "*")'", hint: "put it in quotes")
        } else if problem.contains("cannot start any token") {
            faults.add(
                at: position, "a text cannot start with '\(character(at: position) ?? "@")'",
                hint: "put it in quotes")
        } else if problem.contains("another document") {
            faults.add(at: position, "'---' starts a second document", hint: "one file holds one; delete the line")
        } else if problem.contains("could not find expected ':'"),
            let missing = missingColon(above: (start ?? position).line + 1)
        {
            faults.add(
                at: missing.place, "':' is missing behind '\(missing.key)'",
                hint: "write '\(missing.key): \(missing.rest)'")
        } else if problem.contains("could not find expected ':'") {
            faults.add(
                at: start ?? position, "this line is neither 'key: value' nor part of the text above",
                hint: "write ':' and a space after the key, or indent the line")
        } else if problem.contains("did not find expected key") || problem.contains("block end")
            || problem.contains("did not find expected '-'") || problem.contains("block sequence entries")
            || context?.contains("block") == true
        {
            if let line = line(position.line), let quote = textAfterQuote(in: line, at: position) {
                if let open = quoteLeftOpen(above: position.line) {
                    faults.add(at: open, "this quote is never closed", hint: "put one at the end of the text as well")
                } else if isApostrophe(in: line, before: position) {
                    faults.add(
                        at: quote, "an apostrophe ends the text here",
                        hint: "put the whole text in double quotes, or write the apostrophe twice: ''")
                } else {
                    faults.add(
                        at: quote, "a quote ends before the text does", hint: "put quotes around the whole text")
                }
            } else {
                faults.add(
                    at: position, "this line does not line up with those above it",
                    hint: "indent it exactly as its neighbours")
            }
        } else if problem.contains("',' or ']'") || problem.contains("',' or '}'") {
            let open = start ?? position
            if let line = line(open.line), let comment = line.firstRange(of: /\ #(?=[^ #])/) {
                faults.add(
                    at: Position(
                        line: open.line, column: line.distance(from: line.startIndex, to: comment.lowerBound) + 2),
                    "everything from ' #' on is taken as a comment, so the bracket before it is never closed",
                    hint: "put the text in straight quotes: \"…\"")
            } else {
                faults.add(at: open, "a bracket is opened here and not closed where it should be")
            }
        } else if problem.contains("nesting") {
            faults.add(at: position, "this is nested too deep in other lists and keys")
        } else if problem.contains("tag") {
            faults.add(at: position, "a text cannot start with '!'", hint: "put it in quotes")
        } else {
            faults.add(at: position, "YAML cannot read this (\(problem))", hint: "put texts in quotes")
        }
    }

    /// The line above, if its key is followed by something other than ':': `on; shipment.delayed`.
    private func missingColon(above number: Int) -> (place: Position, key: String, rest: String)? {
        for index in stride(from: number - 1, to: max(0, number - 4), by: -1) {
            guard let line = line(index), !line.allSatisfy(\.isWhitespace) else { continue }
            guard let match = line.wholeMatch(of: /(\s*)([a-z_]+)\s*([;=.,]?)\s+([^:]*)/),
                !match.output.3.isEmpty || TriggerKeys.standard.names.contains(String(match.output.2))
            else { return nil }
            let column = match.output.1.count + match.output.2.count + 1
            return (
                Position(line: index, column: column), String(match.output.2), String(match.output.4).trimmingSpaces
            )
        }
        return nil
    }

    /// A quote that was opened in a line above and swallowed everything up to here.
    private func quoteLeftOpen(above number: Int) -> Position? {
        for index in stride(from: number - 1, through: 1, by: -1) {
            guard let line = line(index), let match = line.firstMatch(of: /(?:: +|- +|^ *)(["'])(.*)$/) else {
                continue
            }
            guard !match.output.2.contains(match.output.1) else { continue }
            let column = line.distance(from: line.startIndex, to: match.output.1.startIndex) + 1
            return Position(line: index, column: column)
        }
        return nil
    }

    /// True if a single quote between letters ended the text: `'Say we're sorry'`.
    private func isApostrophe(in line: Substring, before position: Position) -> Bool {
        let index = line.index(line.startIndex, offsetBy: position.column - 1, limitedBy: line.endIndex)
        guard let index, index > line.startIndex, index < line.endIndex, line[index].isLetter else { return false }
        let quote = line.index(before: index)
        return line[quote] == "'" && quote > line.startIndex && line[line.index(before: quote)].isLetter
    }

    private func character(at position: Position) -> Character? {
        guard let line = line(position.line) else { return nil }
        let index = line.index(line.startIndex, offsetBy: position.column - 1, limitedBy: line.endIndex)
        return index.flatMap { $0 < line.endIndex ? line[$0] : nil }
    }

    /// `subject: "Hello" there` ends at the closing quote.
    private func textAfterQuote(in line: Substring, at position: Position) -> Position? {
        let index = line.index(line.startIndex, offsetBy: position.column - 1, limitedBy: line.endIndex)
        guard let index, index > line.startIndex else { return nil }
        let before = line[..<index].reversed().drop { $0 == " " }
        guard let last = before.first, last == "\"" || last == "'" else { return nil }
        return position
    }

    // MARK: - Keys given twice

    /// Appended to the second key of the same name, so that the rest of the file can be read; a character of Unicode's
    /// private use area, which no key contains.
    private static let renamed = "\u{E0D1}"

    /// Yams reports one key at a time, and only its first position. So the second is looked for in the lines that
    /// follow, reported, and renamed.
    private mutating func renameSecondKey(firstAt first: Position) -> Bool {
        guard let line = line(first.line),
            let start = line.index(line.startIndex, offsetBy: first.column - 1, limitedBy: line.endIndex)
        else { return false }
        let key = String(line[start...].prefix { $0 != ":" }).trimmingSpaces
        let name = key.trimmingCharacters(of: "\"'")
        var current = self.lines(of: source)
        for index in current.indices.dropFirst(first.line) {
            let text = current[index]
            let content = text.drop { $0 == " " }
            if content.isEmpty || content.hasPrefix("#") { continue }
            let indent = text.count - content.count
            if indent < first.column - 1 { break }
            guard indent == first.column - 1 else { continue }
            let after = content.dropFirst(key.count)
            guard content.hasPrefix(key), after.drop(while: { $0 == " " }).hasPrefix(":") else { continue }
            faults.add(
                at: Position(line: index + 1, column: first.column), "'\(name)' is here a second time",
                hint: "it is already in line \(first.line); keep one of them")
            let indentation = String(repeating: " ", count: indent)
            let bare = key.hasSuffix("\"") || key.hasSuffix("'") ? name : key
            current[index] = Substring(indentation + bare + Self.renamed + after)
            source = current.joined(separator: "\n")
            return true
        }
        faults.add(at: first, "'\(name)' is here twice", hint: "keep one of them")
        return false
    }

    private func lines(of text: String) -> [Substring] {
        text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    }
}

extension String {
    /// The text with the given characters removed from both ends.
    func trimmingCharacters(of set: String) -> String {
        String(drop { set.contains($0) }.reversed().drop { set.contains($0) }.reversed())
    }
}

extension UInt8 {
    /// What libyaml takes for a letter of an anchor's name: ASCII letters, digits, `_` and `-`.
    fileprivate var isInAnchor: Bool { isInWord || self == UInt8(ascii: "-") }
    fileprivate var isInWord: Bool {
        switch self {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "_"): true
        default: false
        }
    }
}

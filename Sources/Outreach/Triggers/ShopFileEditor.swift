// Changing single settings of shop.yaml, as a person would in an editor: the line of the key is changed, and every
// other line stays as it was, with its comment and in its place. Nothing is written anew from what was understood of the
// file. What was changed is read again in the end, and compared with what was before: where anything else would have
// become different, or the file is written in a way that is not followed here, it is refused, and a person edits it.

/// Edits `shop.yaml` key by key.
package struct ShopFileEditor {
    /// What a key is to say.
    package enum Value: Hashable, Sendable {
        case text(String)
        /// Elements, of which the order does not matter.
        case list([String])
        /// The key is taken away, or was never there.
        case nothing
    }

    /// Why an edit was not made.
    package struct Refusal: Error, Hashable, Sendable {
        /// The key, as `limit.per`; empty where it is about the whole file.
        package var key: String
        /// A sentence.
        package var words: String
    }

    /// A key: `mode`, or `limit.per` for one below another.
    package typealias Key = String

    // MARK: - Reading

    /// What a key says.
    package static func value(_ key: Key, in source: String) -> Value { values([key], in: source)[key] ?? .nothing }

    /// What several keys say; those that say nothing are left out.
    package static func values(_ keys: [Key], in source: String) -> [Key: Value] {
        guard let tree = YAMLReader.read(source, file: "shop.yaml").tree else { return [:] }
        return keys.reduce(into: [:]) { found, key in
            let value = value(key, in: tree)
            if value != .nothing { found[key] = value }
        }
    }

    private static func value(_ key: Key, in tree: YAMLTree) -> Value {
        guard let entry = entry(key, in: tree) else { return .nothing }
        switch entry.value.content {
        case .text(let text, _): return .text(text.trimmingSpaces)
        case .list(let elements): return .list(elements.map { $0.text?.trimmingSpaces ?? "" })
        case .map, .nothing: return .nothing
        }
    }

    private static func entry(_ key: Key, in tree: YAMLTree) -> YAMLTree.Entry? {
        var place = tree
        var found: YAMLTree.Entry?
        for part in key.split(separator: ".") {
            guard case .map(let entries) = place.content, let entry = entries.first(where: { $0.key == part }) else {
                return nil
            }
            found = entry
            place = entry.value
        }
        return found
    }

    // MARK: - Editing

    /// The file with these keys changed, in their order.
    package static func apply(_ edits: [(key: Key, value: Value)], to source: String) throws(Refusal) -> String {
        var text = source
        for (key, value) in edits {
            let before = text
            var editor = try ShopFileEditor(text)
            try editor.apply(key, value)
            text = editor.text
            try verify(key, value, before: before, after: text)
        }
        return text
    }

    private var lines: [String]
    private let ending: String
    private let tree: YAMLTree

    private init(_ source: String) throws(Refusal) {
        guard let tree = YAMLReader.read(source, file: "shop.yaml").tree else {
            throw Refusal(key: "", words: "The file is not valid YAML as it is.")
        }
        self.tree = tree
        // A carriage return with its line feed is one character to Swift.
        ending = source.contains("\r\n") ? "\r\n" : "\n"
        lines = source.split(separator: ending == "\n" ? "\n" : "\r\n", omittingEmptySubsequences: false).map(
            String.init)
    }

    private var text: String { lines.joined(separator: ending) }

    private mutating func apply(_ key: Key, _ value: Value) throws(Refusal) {
        let before = Self.entry(key, in: tree)
        switch value {
        case .nothing: if let before { try remove(before, key) }
        case .text(let text):
            guard !text.isEmpty else { return try apply(key, .nothing) }
            if let before { try set(before, key, text) } else { try add(key, [Self.written(text)]) }
        case .list(let elements):
            guard !elements.isEmpty else { return try apply(key, .nothing) }
            if let before {
                try set(before, key, elements)
            } else {
                try add(key, ["[\(elements.map { Self.written($0, inFlow: true) }.joined(separator: ", "))]"])
            }
        }
    }

    // MARK: - One line

    /// Where a value stands in the line of its key.
    private struct Span {
        var line: Int
        var start: String.Index
        var end: String.Index
        /// Whether the key stands between braces.
        var isFlow: Bool
    }

    private func span(_ entry: YAMLTree.Entry, _ key: Key) throws(Refusal) -> Span {
        let index = entry.keyPosition.line - 1
        guard lines.indices.contains(index) else { throw strange(key) }
        let line = lines[index]
        guard let begin = line.index(line.startIndex, offsetBy: entry.keyPosition.column - 1, limitedBy: line.endIndex),
            let colon = line[begin...].firstIndex(of: ":")
        else { throw strange(key) }
        let isFlow = line[..<begin].contains("{")
        var start = line.index(after: colon)
        while start < line.endIndex, line[start] == " " { start = line.index(after: start) }
        guard start < line.endIndex, line[start] != "#" else {
            return Span(line: index, start: line.index(after: colon), end: line.index(after: colon), isFlow: isFlow)
        }
        let first = line[start]
        guard !"|>&*!{".contains(first) else { throw strange(key) }
        var end = start
        if first == "\"" || first == "'" {
            end = line.index(after: start)
            while end < line.endIndex {
                if first == "\"", line[end] == "\\" {
                    end = line.index(end, offsetBy: 2, limitedBy: line.endIndex) ?? line.endIndex
                    continue
                }
                if line[end] == first {
                    let next = line.index(after: end)
                    guard first == "'", next < line.endIndex, line[next] == "'" else { break }
                    end = next
                }
                end = line.index(after: end)
            }
            guard end < line.endIndex else { throw strange(key) }
            end = line.index(after: end)
        } else if first == "[" {
            guard let close = line[start...].firstIndex(of: "]") else { throw strange(key) }
            end = line.index(after: close)
        } else {
            while end < line.endIndex {
                if line[end] == "#", line[line.index(before: end)] == " " { break }
                if isFlow, line[end] == "," || line[end] == "}" { break }
                end = line.index(after: end)
            }
            while end > start, line[line.index(before: end)] == " " { end = line.index(before: end) }
        }
        return Span(line: index, start: start, end: end, isFlow: isFlow)
    }

    private mutating func set(_ entry: YAMLTree.Entry, _ key: Key, _ text: String) throws(Refusal) {
        switch entry.value.content {
        case .text, .nothing: break
        case .list:
            // A list that becomes one text: `Mon, Wed` where there were lines.
            try replace(entry, key, by: Self.written(text))
            return
        case .map: throw strange(key)
        }
        try replace(entry, key, by: nil, text)
    }

    /// Puts a value in the place of what stands behind a key.
    private mutating func replace(
        _ entry: YAMLTree.Entry, _ key: Key, by written: String?, _ text: String = ""
    ) throws(Refusal) {
        if case .list = entry.value.content, lastLine(of: entry.value) > entry.keyPosition.line {
            // The lines of the elements go.
            lines.removeSubrange(entry.keyPosition.line..<lastLine(of: entry.value))
            let index = entry.keyPosition.line - 1
            guard let colon = lines[index].lastIndex(of: ":") else { throw strange(key) }
            lines[index] = "\(lines[index][...colon]) \(written ?? Self.written(text))"
            return
        }
        let span = try span(entry, key)
        let line = lines[span.line]
        let before = line[..<span.start]
        let space = before.last == " " ? "" : " "
        lines[span.line] =
            "\(before)\(space)\(written ?? Self.written(text, inFlow: span.isFlow))\(line[span.end...])"
    }

    private mutating func set(_ entry: YAMLTree.Entry, _ key: Key, _ elements: [String]) throws(Refusal) {
        let flow = "[\(elements.map { Self.written($0, inFlow: true) }.joined(separator: ", "))]"
        guard case .list(let there) = entry.value.content, lastLine(of: entry.value) > entry.keyPosition.line else {
            if case .map = entry.value.content { throw strange(key) }
            try replace(entry, key, by: flow)
            return
        }
        // One line for each element: those that stay keep theirs, with its comment.
        var wanted = elements
        var gone: [Int] = []
        var kept: [Int] = []
        for element in there {
            let index = element.position.line - 1
            guard lines.indices.contains(index), lines[index].drop(while: { $0 == " " }).first == "-",
                let text = element.text?.trimmingSpaces
            else { throw strange(key) }
            if let place = wanted.firstIndex(of: text) {
                wanted.remove(at: place)
                kept.append(index)
            } else {
                gone.append(index)
            }
        }
        guard let first = there.first else { throw strange(key) }
        let indent = lines[first.position.line - 1].prefix { $0 == " " }
        let place = (kept.last ?? gone.last ?? entry.keyPosition.line - 1) + 1
        lines.insert(contentsOf: wanted.map { "\(indent)- \(Self.written($0))" }, at: place)
        for index in gone.reversed() { lines.remove(at: index < place ? index : index + wanted.count) }
    }

    // MARK: - Whole lines

    /// The last line, from 1, of what stands at a place.
    private func lastLine(of tree: YAMLTree) -> Int {
        switch tree.content {
        case .text, .nothing: tree.position.line
        case .list(let elements): elements.map(lastLine).max() ?? tree.position.line
        case .map(let entries):
            entries.map { max($0.keyPosition.line, lastLine(of: $0.value)) }.max() ?? tree.position.line
        }
    }

    private mutating func remove(_ entry: YAMLTree.Entry, _ key: Key) throws(Refusal) {
        let index = entry.keyPosition.line - 1
        guard lines.indices.contains(index) else { throw strange(key) }
        guard lines[index].prefix(entry.keyPosition.column - 1).allSatisfy({ $0 == " " }) else { throw strange(key) }
        // The last key of a set takes the set along.
        if let dot = key.lastIndex(of: "."), let parent = Self.entry(String(key[..<dot]), in: tree),
            case .map(let entries) = parent.value.content, entries.count == 1
        {
            return try remove(parent, String(key[..<dot]))
        }
        let last = max(entry.keyPosition.line, entry.value.content.isNothing ? 0 : lastLine(of: entry.value))
        lines.removeSubrange(index..<last)
    }

    /// Adds a key with its value: below its set, or at the end of the file.
    private mutating func add(_ key: Key, _ written: [String]) throws(Refusal) {
        let parts = key.split(separator: ".").map(String.init)
        if parts.count == 2 {
            if let parent = Self.entry(parts[0], in: tree), !parent.value.content.isNothing {
                guard case .map(let entries) = parent.value.content, let first = entries.first,
                    first.keyPosition.line > parent.keyPosition.line
                else { throw strange(key) }
                let indent = String(repeating: " ", count: first.keyPosition.column - 1)
                lines.insert("\(indent)\(parts[1]): \(written[0])", at: lastLine(of: parent.value))
                return
            }
            guard Self.entry(parts[0], in: tree) == nil else { throw strange(key) }
            append(["\(parts[0]):", "  \(parts[1]): \(written[0])"])
            return
        }
        append(["\(key): \(written[0])"])
    }

    private mutating func append(_ new: [String]) {
        while let last = lines.last, last.isEmpty { lines.removeLast() }
        lines += (lines.isEmpty ? [] : [""]) + new + [""]
    }

    // MARK: - Writing

    /// A text as YAML has it: in quotes where it would mean something else.
    static func written(_ text: String, inFlow: Bool = false) -> String {
        let isPlain =
            !text.isEmpty && text.first != " " && text.last != " " && text.last != ":"
            && !"#&*!|>'\"%@`[]{},?-: ~=".contains(text.first!) && !text.contains(": ") && !text.contains(" #")
            && !text.unicodeScalars.contains { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) }
            && !(inFlow && text.contains { ",[]{}".contains($0) }) && !text.contains("\u{2028}")
        if isPlain { return text }
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\t": quoted += "\\t"
            case _ where scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value): quoted += " "
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }

    private func strange(_ key: Key) -> Refusal {
        Refusal(
            key: key,
            words: "'\(key)' is written in a way that is not followed here. Change it in the file itself.")
    }

    // MARK: - Looking again

    private static func verify(_ key: Key, _ value: Value, before: String, after: String) throws(Refusal) {
        let refusal = Refusal(
            key: key,
            words: "'\(key)' cannot be changed without touching what stands beside it. Change it in the file itself.")
        guard let old = YAMLReader.read(before, file: "shop.yaml").tree,
            let new = YAMLReader.read(after, file: "shop.yaml").tree
        else { throw refusal }
        let now = Self.value(key, in: new)
        let isRight: Bool
        switch value {
        case .nothing: isRight = entry(key, in: new) == nil
        case .text(let text): isRight = text.isEmpty ? entry(key, in: new) == nil : now == .text(text)
        case .list(let elements):
            if case .list(let found) = now {
                isRight = found.sorted() == elements.sorted()
            } else {
                isRight = elements.isEmpty && now == .nothing
            }
        }
        guard isRight, flat(old, without: key) == flat(new, without: key) else { throw refusal }
    }

    /// Every key with its text, as far as they do not belong to a key.
    private static func flat(_ tree: YAMLTree, without key: Key) -> [String: String] {
        var all: [String: String] = [:]
        func add(_ tree: YAMLTree, at path: String) {
            if path == key { return }
            switch tree.content {
            case .text(let text, _): all[path] = text
            case .nothing: all[path] = ""
            case .list(let elements):
                for (index, element) in elements.enumerated() { add(element, at: "\(path)[\(index)]") }
            case .map(let entries):
                for entry in entries { add(entry.value, at: path.isEmpty ? entry.key : "\(path).\(entry.key)") }
            }
        }
        add(tree, at: "")
        return all
    }
}

extension YAMLTree.Content {
    /// Nothing was written.
    fileprivate var isNothing: Bool {
        if case .nothing = self { true } else { false }
    }
}

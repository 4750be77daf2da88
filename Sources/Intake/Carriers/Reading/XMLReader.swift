// A parser for tracking services' XML (XML 1.0 without a document type): elements, attributes, text, CDATA and the five
// entities. We wrote our own because it builds an `AnswerTree` directly, and refuses any DOCTYPE, and with it all
// entity attacks.

struct XMLReader {
    private let bytes: [UInt8]
    private var index = 0
    private var nodes: [AnswerSheet.Node] = []
    /// Names and texts with resolved entities, which the nodes point into.
    private var words: [UInt8] = []
    private var count = 0

    /// A whole document: an object whose only member is the root element.
    static func sheet(of body: [UInt8]) throws(AnswerTree.Failure) -> AnswerSheet {
        guard body.count < Int(Int32.max) else { throw .tooLarge }
        var reader = XMLReader(bytes: body)
        try reader.skipProlog()
        reader.nodes.append(AnswerSheet.Node(.object))
        try reader.element(depth: 0)
        reader.nodes[0].next = Int32(truncatingIfNeeded: reader.nodes.count)
        try reader.skipProlog()
        guard reader.index == body.count else { throw .malformed }
        return AnswerSheet(bytes: reader.words, nodes: reader.nodes)
    }

    private init(bytes: [UInt8]) {
        self.bytes = bytes
        words.reserveCapacity(bytes.count)
    }

    private func starts(_ text: StaticString) -> Bool {
        guard index + text.utf8CodeUnitCount <= bytes.count else { return false }
        for offset in 0..<text.utf8CodeUnitCount where bytes[index + offset] != text.utf8Start[offset] { return false }
        return true
    }

    private mutating func skip(past text: StaticString) throws(AnswerTree.Failure) {
        while index < bytes.count {
            if starts(text) {
                index += text.utf8CodeUnitCount
                return
            }
            index += 1
        }
        throw .malformed
    }

    /// Space, comments, processing instructions and a byte order mark.
    private mutating func skipProlog() throws(AnswerTree.Failure) {
        while index < bytes.count {
            if bytes[index].isSpace || bytes[index] == 0xEF || bytes[index] == 0xBB || bytes[index] == 0xBF {
                index += 1
            } else if starts("<?") {
                try skip(past: "?>")
            } else if starts("<!--") {
                try skip(past: "-->")
            } else {
                return
            }
        }
    }

    /// A name without its prefix.
    private mutating func name() throws(AnswerTree.Failure) -> ArraySlice<UInt8> {
        let start = index
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), 0x30...0x39,
                UInt8(ascii: "-"),
                UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: ":"), 0x80...:
                index += 1
                continue
            default: break
            }
            break
        }
        guard index > start else { throw .malformed }
        let whole = bytes[start..<index]
        return whole.lastIndex(of: UInt8(ascii: ":")).map { whole[($0 + 1)...] } ?? whole
    }

    /// Appends a new node with that name.
    private mutating func note(_ kind: AnswerTree.Kind, name: some Collection<UInt8>) throws(AnswerTree.Failure) -> Int
    {
        count += 1
        guard count <= AnswerTree.maximumNodes else { throw .tooLarge }
        var node = AnswerSheet.Node(kind)
        node.nameStart = UInt32(truncatingIfNeeded: words.count)
        node.nameLength = UInt32(truncatingIfNeeded: name.count)
        node.next = Int32(truncatingIfNeeded: nodes.count + 1)
        words.append(contentsOf: name)
        nodes.append(node)
        return nodes.count - 1
    }

    /// Makes a node a text.
    private mutating func fill(_ place: Int, with text: some Collection<UInt8>) {
        nodes[place].kind = .text
        nodes[place].start = UInt32(truncatingIfNeeded: words.count)
        nodes[place].length = UInt32(truncatingIfNeeded: text.count)
        words.append(contentsOf: text)
    }

    /// An element: an object if it has children, or attributes but no text; otherwise its text; null if it is empty.
    private mutating func element(depth: Int) throws(AnswerTree.Failure) {
        guard depth < AnswerTree.maximumDepth else { throw .tooLarge }
        guard starts("<") else { throw .malformed }
        index += 1
        let name = try name()
        let place = try note(.null, name: name)
        try attributes()
        let hasAttributes = nodes.count > place + 1
        if starts("/>") {
            index += 2
            if hasAttributes { nodes[place].kind = .object }
            nodes[place].next = Int32(truncatingIfNeeded: nodes.count)
            return
        }
        guard starts(">") else { throw .malformed }
        index += 1
        let own = nodes.count
        let text = try content(of: name, depth: depth)
        if nodes.count > own || (hasAttributes && String(decoding: text, as: UTF8.self).trimmed.isEmpty) {
            nodes[place].kind = .object
        } else {
            nodes.removeSubrange((place + 1)...)
            fill(place, with: text)
        }
        nodes[place].next = Int32(truncatingIfNeeded: nodes.count)
    }

    /// The content of an element and its end tag: records the elements inside, and returns the text.
    private mutating func content(of name: ArraySlice<UInt8>, depth: Int) throws(AnswerTree.Failure) -> [UInt8] {
        var text: [UInt8] = []
        while true {
            guard index < bytes.count else { throw .malformed }
            if starts("</") {
                index += 2
                guard try self.name() == name else { throw .malformed }
                while index < bytes.count, bytes[index].isSpace { index += 1 }
                guard starts(">") else { throw .malformed }
                index += 1
                return text
            } else if starts("<!--") {
                try skip(past: "-->")
            } else if starts("<![CDATA[") {
                index += 9
                let start = index
                try skip(past: "]]>")
                text.append(contentsOf: bytes[start..<index - 3])
            } else if starts("<?") {
                try skip(past: "?>")
            } else if bytes[index] == UInt8(ascii: "<") {
                try element(depth: depth + 1)
            } else {
                try characters(into: &text, until: UInt8(ascii: "<"))
            }
        }
    }

    /// Records the attributes of an element, except namespace declarations.
    private mutating func attributes() throws(AnswerTree.Failure) {
        while true {
            while index < bytes.count, bytes[index].isSpace { index += 1 }
            guard index < bytes.count else { throw .malformed }
            if bytes[index] == UInt8(ascii: ">") || bytes[index] == UInt8(ascii: "/") { return }
            let isNamespace = starts("xmlns")
            let name = try name()
            while index < bytes.count, bytes[index].isSpace { index += 1 }
            guard starts("=") else { throw .malformed }
            index += 1
            while index < bytes.count, bytes[index].isSpace { index += 1 }
            guard index < bytes.count, bytes[index] == UInt8(ascii: "\"") || bytes[index] == UInt8(ascii: "'") else {
                throw .malformed
            }
            let quote = bytes[index]
            index += 1
            var value: [UInt8] = []
            try characters(into: &value, until: quote)
            guard index < bytes.count else { throw .malformed }
            index += 1
            if !isNamespace { fill(try note(.text, name: [UInt8(ascii: "@")] + name), with: value) }
        }
    }

    private mutating func characters(into text: inout [UInt8], until end: UInt8) throws(AnswerTree.Failure) {
        while index < bytes.count, bytes[index] != end {
            guard bytes[index] == UInt8(ascii: "&") else {
                text.append(bytes[index])
                index += 1
                continue
            }
            guard let semicolon = bytes[index...].prefix(12).firstIndex(of: UInt8(ascii: ";")),
                let character = Entity.character(String(decoding: bytes[(index + 1)..<semicolon], as: UTF8.self))
            else { throw .malformed }
            text.append(contentsOf: String(character).utf8)
            index = semicolon + 1
        }
    }
}

/// Characters written as `&name;`.
enum Entity {
    /// The character for an entity without its ampersand and semicolon: `amp`, `#233`, `#xE9`.
    static func character(_ name: String) -> Unicode.Scalar? {
        switch name {
        case "amp": return "&"
        case "lt": return "<"
        case "gt": return ">"
        case "quot": return "\""
        case "apos": return "'"
        case "nbsp": return " "
        case "reg": return "®"
        case "trade": return "™"
        default:
            guard name.hasPrefix("#") else { return nil }
            let digits = name.dropFirst()
            let code = digits.lowercased().hasPrefix("x") ? UInt32(digits.dropFirst(), radix: 16) : UInt32(digits)
            return code.flatMap { $0 == 153 ? "™" : Unicode.Scalar($0) }
        }
    }

    /// Web page text as people read it: entities resolved, tags removed, one line, no control characters, at most
    /// `limit` characters.
    static func plain(_ text: String, limit: Int = 300) -> String? {
        if isPlain(text, limit: limit) { return text }
        var result = ""
        var count = 0
        var rest = text.prefix(limit * 4)[...]
        var space = false
        while let character = rest.first, count < limit {
            rest = rest.dropFirst()
            if character == "<", let close = rest.prefix(40).firstIndex(of: ">"),
                rest.first.map({ $0.isLetter || $0 == "/" }) ?? false
            {
                rest = rest[rest.index(after: close)...]
                continue
            }
            var shown = character
            if character == "&", let end = rest.prefix(10).firstIndex(of: ";"),
                let scalar = self.character(String(rest[..<end]))
            {
                shown = Character(scalar)
                rest = rest[rest.index(after: end)...]
            }
            let isBlank =
                shown.isWhitespace
                || shown.unicodeScalars.allSatisfy {
                    $0.properties.generalCategory == .control || $0.properties.generalCategory == .format
                }
            if isBlank {
                space = !result.isEmpty
                continue
            }
            if space {
                result.append(" ")
                count += 1
                space = false
            }
            result.append(shown)
            count += 1
        }
        return result.isEmpty ? nil : result
    }

    /// True for most texts: short, printable ASCII without markup, leading, trailing or double spaces.
    private static func isPlain(_ text: String, limit: Int) -> Bool {
        text.utf8.withContiguousStorageIfAvailable { isPlain($0, limit: limit) } ?? false
    }

    private static func isPlain(_ bytes: UnsafeBufferPointer<UInt8>, limit: Int) -> Bool {
        guard bytes.count <= limit, bytes.count > 0 else { return false }
        // No space before the first byte or at the end.
        var wasSpace = true
        for byte in bytes {
            switch byte {
            case 0x20 where wasSpace: return false
            case 0x20: wasSpace = true
            case UInt8(ascii: "&"), UInt8(ascii: "<"), 0..<0x20, 0x7F...: return false
            default: wasSpace = false
            }
        }
        return !wasSpace
    }
}

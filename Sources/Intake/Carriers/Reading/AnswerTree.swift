// What a carrier answered, before anybody knows what it means.
//
// Carriers write JSON and XML, and change their minds: an id is a number today and a text tomorrow, a single thing is sometimes a list of one,
// an absent value is null, "", "null" or the placeholder "string" of their own documentation. So a body is first read into one simple tree that
// does not mind, and each carrier's file picks what it understands. Bodies are hostile: depth and number of nodes are bounded, and a
// body that is cut short, or is HTML, is no tree at all.

/// A value of an answer's body, of JSON or of XML.
enum AnswerTree: Sendable, Hashable {
    /// Absent, or null.
    case null
    case bool(Bool)
    /// A number as it was written, so that no digit of an id is lost.
    case number(String)
    case text(String)
    case list([AnswerTree])
    /// Members in their order. Of XML: child elements, and attributes under "@name".
    case object([Member])

    /// One named value.
    struct Member: Sendable, Hashable {
        var name: String
        var value: AnswerTree
    }

    /// Why a body is no tree.
    enum Failure: Error, Hashable, Sendable {
        /// Nothing at all.
        case empty
        /// A web page, as proxies and maintenance windows show.
        case html
        /// Ends before it is complete, or is not well-formed.
        case malformed
        /// Deeper or larger than any honest answer.
        case tooLarge
    }

    /// How deep an answer may nest.
    static let maximumDepth = 48
    /// How many values an answer may hold.
    static let maximumNodes = 400_000

    /// The member of that name, else null. Of a list, its first element's.
    subscript(_ name: String) -> AnswerTree {
        switch self {
        case .object(let members):
            for member in members where member.name == name { return member.value }
            return .null
        case .list(let elements): return elements.first?[name] ?? .null
        default: return .null
        }
    }

    /// The first of these members that holds a usable text.
    func text(_ names: String...) -> String? {
        for name in names { if let text = self[name].text { return text } }
        return nil
    }

    /// The text or number, without the space around it; nil for nothing, for "null", and for the placeholder "string".
    var text: String? {
        switch self {
        case .text(let raw):
            let text = raw.trimmed
            switch text {
            case "", "null", "NULL", "string", "undefined": return nil
            default: return text
            }
        case .number(let text): return text
        case .bool(let value): return value ? "true" : "false"
        case .list(let elements) where elements.count == 1: return elements[0].text
        default: return nil
        }
    }

    /// True for `true`, "true", "Y" and 1; false for their opposites; nil for anything else.
    var flag: Bool? {
        switch text?.lowercased() {
        case "true", "y", "yes", "1": true
        case "false", "n", "no", "0": false
        default: nil
        }
    }

    /// The elements of a list; a single thing is a list of one, and nothing is an empty list.
    var elements: [AnswerTree] {
        switch self {
        case .list(let elements): elements
        case .null: []
        case .text(let text) where text.trimmed.isEmpty || text == "null": []
        default: [self]
        }
    }

    /// Of XML: all child elements of that name.
    func all(_ name: String) -> [AnswerTree] {
        guard case .object(let members) = self else { return [] }
        return members.filter { $0.name == name }.map(\.value)
    }

    /// The first value of that name, wherever it stands, depth first.
    func find(_ name: String) -> AnswerTree? {
        switch self {
        case .object(let members):
            for member in members where member.name == name { return member.value }
            for member in members { if let found = member.value.find(name) { return found } }
            return nil
        case .list(let elements):
            for element in elements { if let found = element.find(name) { return found } }
            return nil
        default: return nil
        }
    }

    /// Reads a body, of whichever of the two languages it is written in.
    init(body: [UInt8]) throws(Failure) {
        guard let first = body.first(where: { !$0.isSpace && $0 != 0xEF && $0 != 0xBB && $0 != 0xBF }) else {
            throw .empty
        }
        if first == UInt8(ascii: "<") {
            let start = String(decoding: body.prefix(512), as: UTF8.self).lowercased()
            if start.contains("<html") || start.contains("<!doctype html") || start.contains("<head") { throw .html }
            self = try XMLReader.tree(of: body)
        } else {
            self = try JSONReader.tree(of: body)
        }
    }
}

extension UInt8 {
    var isSpace: Bool { self == 0x20 || self == 0x0A || self == 0x0D || self == 0x09 }
    var isDigit: Bool { self >= 0x30 && self <= 0x39 }
}

extension String {
    /// Without the white space around it.
    var trimmed: String {
        let bytes = utf8
        guard let first = bytes.first, let last = bytes.last else { return "" }
        if !first.isSpace, !last.isSpace, first < 0x80, last < 0x80 { return String(self) }
        let head = drop { $0.isWhitespace }
        var end = head.endIndex
        while end > head.startIndex, head[head.index(before: end)].isWhitespace { end = head.index(before: end) }
        return String(head[head.startIndex..<end])
    }
}

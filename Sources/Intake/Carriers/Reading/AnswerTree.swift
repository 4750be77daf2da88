// A carrier's answer before interpretation.
//
// Carriers send JSON and XML, and are inconsistent: an id is a number today and a text tomorrow, a single item is
// sometimes a list of one, a missing value is null, "", "null" or the placeholder "string" from their own
// documentation. So a body is first parsed into one simple, tolerant tree, and each carrier's file picks what it
// understands. Bodies are hostile: depth and number of nodes are bounded, and a body that is truncated, or is HTML,
// gives no tree at all.
//
// The tree is flat. A reader walks the bytes once and records each value in one array: its kind, the position of its
// bytes and its name, and the next value not inside it. No value is a separate object, and no string is created until
// it is read: of an answer's hundreds of values a carrier's file reads a few dozen. An `AnswerTree` is an index into
// that array.

/// A value in an answer's body, JSON or XML. Cheap to copy; it keeps the whole body alive.
struct AnswerTree: Sendable {
    /// What a value is.
    enum Kind: UInt8, Sendable {
        /// Absent, or null.
        case null
        case bool
        /// A number as written, so that no digit of an id is lost.
        case number
        case text
        case list
        /// Members in order. For XML: child elements, and attributes under "@name".
        case object
    }

    /// Why a body gives no tree.
    enum Failure: Error, Hashable, Sendable {
        /// Nothing at all.
        case empty
        /// A web page, as sent by proxies and during maintenance.
        case html
        /// Truncated, or not well-formed.
        case malformed
        /// Deeper or larger than any genuine answer.
        case tooLarge
    }

    /// The deepest nesting of an answer.
    static let maximumDepth = 48
    /// The most values in an answer.
    static let maximumNodes = 400_000

    private let sheet: AnswerSheet
    private let place: Int

    /// Absent.
    static let null = AnswerTree(AnswerSheet(bytes: [], nodes: [AnswerSheet.Node(.null)]), 0)

    private init(_ sheet: AnswerSheet, _ place: Int) {
        self.sheet = sheet
        self.place = place
    }

    /// The root: the first value that a reader recorded.
    init(_ sheet: AnswerSheet) { self.init(sheet, 0) }

    private var node: AnswerSheet.Node { sheet.nodes[place] }

    /// What it is.
    var kind: Kind { sheet.nodes[place].kind }

    /// True for an absent value, or null.
    var isNull: Bool { kind == .null }

    /// The member with that name, else null. The first of several; for a list, its first element's.
    subscript(_ name: String) -> AnswerTree {
        let node = node
        switch node.kind {
        case .object: return sheet.member(name, of: place).map { AnswerTree(sheet, $0) } ?? .null
        case .list: return node.next > place + 1 ? AnswerTree(sheet, place + 1)[name] : .null
        default: return .null
        }
    }

    /// The first of these members with a usable text.
    func text(_ names: String...) -> String? {
        for name in names { if let text = self[name].text { return text } }
        return nil
    }

    /// The text or number, without surrounding spaces; nil for nothing, for "null", and for the placeholder "string".
    var text: String? {
        let node = node
        switch node.kind {
        case .text: return sheet.usableText(of: node)
        case .number: return sheet.literal(of: node)
        case .bool: return sheet.literal(of: node)
        // A list of one is its element.
        case .list where node.next > place + 1 && sheet.nodes[place + 1].next == node.next:
            return AnswerTree(sheet, place + 1).text
        default: return nil
        }
    }

    /// A raw text, with its spaces and whatever it says; nil if it is not a text.
    var literal: String? { kind == .text ? sheet.literal(of: node) : nil }

    /// True for `true`, "true", "Y" and 1; false for their opposites; nil for anything else.
    var flag: Bool? {
        switch text?.lowercased() {
        case "true", "y", "yes", "1": true
        case "false", "n", "no", "0": false
        default: nil
        }
    }

    /// The elements of a list; a single value is a list of one, and nothing is an empty list.
    var elements: [AnswerTree] {
        switch kind {
        case .list: sheet.children(of: place).map { AnswerTree(sheet, $0) }
        case .null: []
        case .text where sheet.isBlank(node): []
        default: [self]
        }
    }

    /// The number of an object's members or a list's elements; 0 for anything else.
    var count: Int {
        switch kind {
        case .object, .list: sheet.children(of: place).count
        default: 0
        }
    }

    /// The names and values of an object, in order.
    var members: [(name: String, value: AnswerTree)] {
        guard kind == .object else { return [] }
        return sheet.children(of: place).map { (sheet.name(of: sheet.nodes[$0]), AnswerTree(sheet, $0)) }
    }

    /// For XML: all child elements with that name.
    func all(_ name: String) -> [AnswerTree] {
        guard kind == .object else { return [] }
        return sheet.children(of: place).filter { sheet.isNamed(name, $0) }.map { AnswerTree(sheet, $0) }
    }

    /// The first value with that name at any depth; a direct member comes before anything nested in earlier members.
    func find(_ name: String) -> AnswerTree? {
        switch kind {
        case .object:
            if let member = sheet.member(name, of: place) { return AnswerTree(sheet, member) }
        case .list: break
        default: return nil
        }
        for child in sheet.children(of: place) {
            if let found = AnswerTree(sheet, child).find(name) { return found }
        }
        return nil
    }

    /// Parses a body in either of the two languages.
    init(body: [UInt8]) throws(Failure) {
        guard let first = body.first(where: { !$0.isSpace && $0 != 0xEF && $0 != 0xBB && $0 != 0xBF }) else {
            throw .empty
        }
        if first == UInt8(ascii: "<") {
            let start = String(decoding: body.prefix(512), as: UTF8.self).lowercased()
            if start.contains("<html") || start.contains("<!doctype html") || start.contains("<head") { throw .html }
            self.init(try XMLReader.sheet(of: body))
        } else {
            self.init(try JSONReader.sheet(of: body))
        }
    }
}

extension AnswerTree: Equatable {
    /// True for the same values in the same order; numbers are compared as written.
    static func == (a: AnswerTree, b: AnswerTree) -> Bool {
        guard a.kind == b.kind else { return false }
        switch a.kind {
        case .null: return true
        case .bool, .number, .text: return a.sheet.literal(of: a.node) == b.sheet.literal(of: b.node)
        case .list, .object:
            let (x, y) = (a.sheet.children(of: a.place), b.sheet.children(of: b.place))
            guard x.count == y.count else { return false }
            return zip(x, y).allSatisfy { left, right in
                (a.kind == .list || a.sheet.name(of: a.sheet.nodes[left]) == b.sheet.name(of: b.sheet.nodes[right]))
                    && AnswerTree(a.sheet, left) == AnswerTree(b.sheet, right)
            }
        }
    }
}

/// A reader's record of a body: its bytes, and one node per value in order of appearance. Immutable.
final class AnswerSheet: Sendable {
    /// One value. Its bytes are a text without quotes, or a number or word as written; a list or object has none.
    struct Node: Sendable {
        var start: UInt32 = 0
        var length: UInt32 = 0
        var nameStart: UInt32 = 0
        var nameLength: UInt32 = 0
        /// The first node that is not inside this one.
        var next: Int32 = 0
        var kind: AnswerTree.Kind
        /// True if the text contains JSON escapes.
        var isEscaped = false
        /// True if the name contains escapes.
        var isNameEscaped = false

        init(_ kind: AnswerTree.Kind) { self.kind = kind }
    }

    /// The first of these stands for all.
    let nodes: [Node]
    private let bytes: [UInt8]

    init(bytes: [UInt8], nodes: [Node]) {
        self.bytes = bytes
        self.nodes = nodes
    }

    /// The indices of this value's direct children.
    func children(of place: Int) -> [Int] {
        var places: [Int] = []
        var child = place + 1
        let end = Int(nodes[place].next)
        while child < end {
            places.append(child)
            child = Int(nodes[child].next)
        }
        return places
    }

    /// The first member with that name.
    func member(_ name: String, of place: Int) -> Int? {
        var name = name
        return name.withUTF8 { wanted in
            nodes.withUnsafeBufferPointer { nodes in
                bytes.withUnsafeBufferPointer { bytes in
                    var child = place + 1
                    let end = Int(nodes[place].next)
                    while child < end {
                        if Self.bears(wanted, nodes[child], bytes) { return child }
                        child = Int(nodes[child].next)
                    }
                    return nil
                }
            }
        }
    }

    /// Whether the value at that index has that name.
    func isNamed(_ name: String, _ place: Int) -> Bool {
        var name = name
        return name.withUTF8 { wanted in bytes.withUnsafeBufferPointer { Self.bears(wanted, nodes[place], $0) } }
    }

    private static func bears(
        _ wanted: UnsafeBufferPointer<UInt8>, _ node: Node, _ bytes: UnsafeBufferPointer<UInt8>
    ) -> Bool {
        if node.isNameEscaped {
            return JSONReader.unescaped(range(bytes, node.nameStart, node.nameLength)).elementsEqual(wanted)
        }
        guard Int(node.nameLength) == wanted.count else { return false }
        let start = Int(node.nameStart)
        for index in 0..<wanted.count where bytes[start + index] != wanted[index] { return false }
        return true
    }

    private static func range(
        _ bytes: UnsafeBufferPointer<UInt8>, _ start: UInt32, _ length: UInt32
    ) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(rebasing: bytes[Int(start)..<Int(start) + Int(length)])
    }

    /// A member's name; empty for an element of a list.
    func name(of node: Node) -> String {
        bytes.withUnsafeBufferPointer { bytes in
            Self.decoded(Self.range(bytes, node.nameStart, node.nameLength), isEscaped: node.isNameEscaped)
        }
    }

    /// The text, number or word as written, unescaped. Invalid UTF-8 becomes U+FFFD.
    func literal(of node: Node) -> String {
        bytes.withUnsafeBufferPointer { bytes in
            Self.decoded(Self.range(bytes, node.start, node.length), isEscaped: node.isEscaped)
        }
    }

    /// True for a text of only white space, and for "null".
    func isBlank(_ node: Node) -> Bool {
        if node.length == 0 { return true }
        let text = literal(of: node)
        return text == "null" || text.trimmed.isEmpty
    }

    /// See `AnswerTree.text`.
    func usableText(of node: Node) -> String? {
        bytes.withUnsafeBufferPointer { bytes in
            let whole = Self.range(bytes, node.start, node.length)
            if node.isEscaped {
                let text = Self.decoded(whole, isEscaped: true).trimmed
                return text.isEmpty || Self.isPlaceholder(Array(text.utf8)) ? nil : text
            }
            var (start, end) = (0, whole.count)
            while start < end, whole[start].isBlank { start += 1 }
            while end > start, whole[end - 1].isBlank { end -= 1 }
            guard start < end else { return nil }
            let plain = UnsafeBufferPointer(rebasing: whole[start..<end])
            if Self.isPlaceholder(plain) { return nil }
            let text = String(decoding: plain, as: UTF8.self)
            guard plain[0] >= 0x80 || plain[plain.count - 1] >= 0x80 else { return text }
            // White space beyond ASCII is white space too.
            let trimmed = text.trimmed
            return trimmed.isEmpty || Self.isPlaceholder(Array(trimmed.utf8)) ? nil : trimmed
        }
    }

    /// Carriers' spellings of "nothing".
    private static func isPlaceholder(_ bytes: some RandomAccessCollection<UInt8>) -> Bool {
        switch bytes.count {
        case 4: bytes.elementsEqual("null".utf8) || bytes.elementsEqual("NULL".utf8)
        case 6: bytes.elementsEqual("string".utf8)
        case 9: bytes.elementsEqual("undefined".utf8)
        default: false
        }
    }

    private static func decoded(_ bytes: UnsafeBufferPointer<UInt8>, isEscaped: Bool) -> String {
        isEscaped
            ? String(decoding: JSONReader.unescaped(bytes), as: UTF8.self) : String(decoding: bytes, as: UTF8.self)
    }
}

extension UInt8 {
    var isSpace: Bool { self == 0x20 || self == 0x0A || self == 0x0D || self == 0x09 }
    /// White space of ASCII.
    var isBlank: Bool { self == 0x20 || (self >= 0x09 && self <= 0x0D) }
    var isDigit: Bool { self >= 0x30 && self <= 0x39 }
}

extension String {
    /// Without the white space around it.
    var trimmed: String {
        let bytes = utf8
        guard let first = bytes.first, let last = bytes.last else { return "" }
        if !first.isBlank, !last.isBlank, first < 0x80, last < 0x80 { return String(self) }
        let head = drop { $0.isWhitespace }
        var end = head.endIndex
        while end > head.startIndex, head[head.index(before: end)].isWhitespace { end = head.index(before: end) }
        return String(head[head.startIndex..<end])
    }
}

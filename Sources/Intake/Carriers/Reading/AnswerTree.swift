// What a carrier answered, before anybody knows what it means.
//
// Carriers write JSON and XML, and change their minds: an id is a number today and a text tomorrow, a single thing is
// sometimes a list of one, an absent value is null, "", "null" or the placeholder "string" of their own documentation.
// So a body is first read into one simple tree that does not mind, and each carrier's file picks what it understands.
// Bodies are hostile: depth and number of nodes are bounded, and a body that is cut short, or is HTML, is no tree at
// all.
//
// The tree is flat. A reader walks over the bytes once and notes each value in one array: its kind, where its bytes
// stand, where the name stands that it bears, and where the next value begins that is not inside it. No value is an
// object of its own, and no text is made before somebody asks for it: of an answer's hundreds of values a carrier's
// file reads some dozens. An `AnswerTree` is a place in that array.

/// A value of an answer's body, of JSON or of XML. Cheap to copy; it keeps the whole body.
struct AnswerTree: Sendable {
    /// What a value is.
    enum Kind: UInt8, Sendable {
        /// Absent, or null.
        case null
        case bool
        /// A number as it was written, so that no digit of an id is lost.
        case number
        case text
        case list
        /// Members in their order. Of XML: child elements, and attributes under "@name".
        case object
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

    private let sheet: AnswerSheet
    private let place: Int

    /// Absent.
    static let null = AnswerTree(AnswerSheet(bytes: [], nodes: [AnswerSheet.Node(.null)]), 0)

    private init(_ sheet: AnswerSheet, _ place: Int) {
        self.sheet = sheet
        self.place = place
    }

    /// The whole of what a reader noted: its first value.
    init(_ sheet: AnswerSheet) { self.init(sheet, 0) }

    private var node: AnswerSheet.Node { sheet.nodes[place] }

    /// What it is.
    var kind: Kind { sheet.nodes[place].kind }

    /// True for what is absent, or null.
    var isNull: Bool { kind == .null }

    /// The member of that name, else null. Of several the first; of a list, its first element's.
    subscript(_ name: String) -> AnswerTree {
        let node = node
        switch node.kind {
        case .object: return sheet.member(name, of: place).map { AnswerTree(sheet, $0) } ?? .null
        case .list: return node.next > place + 1 ? AnswerTree(sheet, place + 1)[name] : .null
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

    /// A text as it stands there, with its space and whatever it says; nil for what is no text.
    var literal: String? { kind == .text ? sheet.literal(of: node) : nil }

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
        switch kind {
        case .list: sheet.children(of: place).map { AnswerTree(sheet, $0) }
        case .null: []
        case .text where sheet.isBlank(node): []
        default: [self]
        }
    }

    /// How many members an object has, or a list elements; 0 for all else.
    var count: Int {
        switch kind {
        case .object, .list: sheet.children(of: place).count
        default: 0
        }
    }

    /// The names and values of an object, in their order.
    var members: [(name: String, value: AnswerTree)] {
        guard kind == .object else { return [] }
        return sheet.children(of: place).map { (sheet.name(of: sheet.nodes[$0]), AnswerTree(sheet, $0)) }
    }

    /// Of XML: all child elements of that name.
    func all(_ name: String) -> [AnswerTree] {
        guard kind == .object else { return [] }
        return sheet.children(of: place).filter { sheet.isNamed(name, $0) }.map { AnswerTree(sheet, $0) }
    }

    /// The first value of that name, wherever it stands, depth first; a member before what is inside those that stand
    /// before it.
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

    /// Reads a body, of whichever of the two languages it is written in.
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
    /// True for the same values in the same order; numbers are compared as they were written.
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

/// What a reader noted of a body: its bytes, and one node for each value in the order in which they begin. Never
/// changes once it is made.
final class AnswerSheet: Sendable {
    /// One value. Its bytes are those of a text without its quotes, or of a number or word as written; a list or object
    /// has none.
    struct Node: Sendable {
        var start: UInt32 = 0
        var length: UInt32 = 0
        var nameStart: UInt32 = 0
        var nameLength: UInt32 = 0
        /// The first node that is not inside this one.
        var next: Int32 = 0
        var kind: AnswerTree.Kind
        /// True if the text holds JSON's escapes.
        var isEscaped = false
        /// True if the name does.
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

    /// The places of the values that stand in this one, and not in another inside it.
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

    /// The first member of that name.
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

    /// Whether the value at that place bears that name.
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

    /// The name that a member bears; empty for an element of a list.
    func name(of node: Node) -> String {
        bytes.withUnsafeBufferPointer { bytes in
            Self.decoded(Self.range(bytes, node.nameStart, node.nameLength), isEscaped: node.isNameEscaped)
        }
    }

    /// The text, number or word as it was written, its escapes undone. Bytes that are no UTF-8 become U+FFFD.
    func literal(of node: Node) -> String {
        bytes.withUnsafeBufferPointer { bytes in
            Self.decoded(Self.range(bytes, node.start, node.length), isEscaped: node.isEscaped)
        }
    }

    /// True for a text of white space alone, and for "null".
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

    /// What carriers write for nothing.
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

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// Something that the strict grammar refuses inside one tag or output.
struct Fault: Error {
    var message: String
    var offset: Int
    var hint: String?
}

/// Parses a template's text into its tree, in one pass over the bytes.
///
/// Shopify's engine has two grammars. The strict one is a small language with tokens; the lax one is a series of
/// regular expressions that accept anything resembling an expression. Well-formed markup means the same in both, so we
/// parse with the strict one, and if that fails go back and parse the same bytes with the lax one (`LaxParser.swift`),
/// keeping the complaint as a warning. In strict mode complaints are errors, and all of them are reported at once.
///
/// Anything that neither grammar can read (an unknown tag, an unclosed block) ends the parse.
struct Parser {
    let source: UnsafeBufferPointer<UInt8>
    let name: String
    let mode: Mode

    /// The end of the input: of the source, or of a `liquid` tag's lines.
    var end: Int
    var position = 0
    /// Whether each line is a tag, as inside `{% liquid %}`.
    var isLiquidTag = false
    /// Whether the previous tag requested white space trimming.
    var trimsNext = false
    var depth = 0

    // The current token.
    var token = Token.end
    var tokenStart = 0
    var tokenEnd = 0
    /// The end of the markup being read by the strict grammar.
    var limit = 0
    var next = 0
    var expressionDepth = 0

    var roots: [Name] = []
    private var rootTable: [Int32] = Array(repeating: -1, count: 64)
    var complaints: [Diagnostic] = []
    /// Continues after a mistake, to check the rest.
    var recovers = false
    /// The number of mistakes skipped so far. After a few, the rest is probably not a template.
    private var passed = 0
    private static let mostPassed = 50
    /// The words of unreadable tags, which might have assigned names.
    var doubtful: Set<String> = []

    /// From here on nothing closes a tag or an output, so it is not searched for again.
    private var unclosedTag = Int.max
    private var unclosedOutput = Int.max

    private var countedLine = 1
    private var countedOffset = 0

    /// The deepest nesting of blocks, as in Shopify's engine.
    static let deepest = 100

    init(source: UnsafeBufferPointer<UInt8>, name: String, mode: Mode) {
        self.source = source
        self.name = name
        self.mode = mode
        end = source.count
    }

    // MARK: Places

    /// The line of an offset, from 1.
    mutating func line(at offset: Int) -> Int {
        if offset < countedOffset {
            countedOffset = 0
            countedLine = 1
        }
        guard let base = source.baseAddress else { return countedLine }
        while countedOffset < offset, let found = memchr(base + countedOffset, 0x0A, offset - countedOffset) {
            countedLine += 1
            countedOffset = UnsafeRawPointer(found) - UnsafeRawPointer(base) + 1
        }
        countedOffset = offset
        return countedLine
    }

    /// A diagnostic at an offset of the source.
    mutating func diagnostic(_ message: String, at offset: Int, hint: String? = nil) -> Diagnostic {
        let offset = min(offset, source.count)
        let line = line(at: offset)
        var start = offset
        while start > 0, source[start - 1] != 0x0A { start -= 1 }
        var column = 1
        for position in start..<offset where source[position] & 0xC0 != 0x80 { column += 1 }
        return Diagnostic(name: name, line: line, column: column, message: message, hint: hint)
    }

    func text(_ start: Int, _ end: Int) -> String {
        String(decoding: UnsafeBufferPointer(rebasing: source[start..<end]), as: UTF8.self)
    }

    // MARK: Names

    /// The slot of a root name.
    mutating func slot(_ name: Name) -> Int {
        var mask = rootTable.count - 1
        var place = Int(name.hash) & mask
        while rootTable[place] >= 0 {
            let root = Int(rootTable[place])
            if roots[root].hash == name.hash && roots[root].text == name.text { return root }
            place = (place + 1) & mask
        }
        roots.append(name)
        rootTable[place] = Int32(roots.count - 1)
        if roots.count * 2 > rootTable.count {
            mask = rootTable.count * 2 - 1
            rootTable = Array(repeating: -1, count: mask + 1)
            for (root, name) in roots.enumerated() {
                var place = Int(name.hash) & mask
                while rootTable[place] >= 0 { place = (place + 1) & mask }
                rootTable[place] = Int32(root)
            }
        }
        return roots.count - 1
    }

    mutating func slot(_ text: String) -> Int { slot(Name(text)) }

    /// The slot of the root name at a range of the source; creates no string for a known name.
    mutating func slot(_ start: Int, _ end: Int) -> Int {
        let bytes = UnsafeBufferPointer(rebasing: source[start..<end])
        let hash = Name.hash(of: bytes)
        let mask = rootTable.count - 1
        var place = Int(hash) & mask
        while rootTable[place] >= 0 {
            let root = Int(rootTable[place])
            if roots[root].hash == hash && roots[root].text.utf8.elementsEqual(bytes) { return root }
            place = (place + 1) & mask
        }
        return slot(Name(String(decoding: bytes, as: UTF8.self), hash: hash))
    }

    // MARK: The document

    /// The tag that ended the body of a block.
    struct Ending {
        let tag: String
        let start: Int
        let markup: Range<Int>
    }

    mutating func document() throws(Diagnostic) -> Block {
        var block = Block()
        while let ending = try body(&block) {
            if recovers {
                passOver(ending)
                continue
            }
            if ending.tag == "else" || ending.tag == "end" {
                throw diagnostic("Unexpected outer '\(ending.tag)' tag", at: ending.start)
            }
            throw unknownTag(ending, hint: nil)
        }
        return block
    }

    mutating func unknownTag(_ ending: Ending, hint: String?) -> Diagnostic {
        var hint = hint
        if hint == nil {
            if ending.tag.hasPrefix("end") {
                hint = "nothing is open here that it could close"
            } else if let near = nearestName(to: ending.tag, in: Parser.tagNames) {
                hint = "did you mean '\(near)'?"
            }
        }
        return diagnostic("Unknown tag '\(ending.tag)'", at: ending.start, hint: hint)
    }

    static let tagNames = [
        "assign", "break", "capture", "case", "comment", "continue", "cycle", "decrement", "doc", "echo", "elsif",
        "else", "for", "if", "ifchanged", "include", "increment", "liquid", "raw", "render", "tablerow", "unless",
        "when",
    ]

    /// Reads nodes up to the end, or to an unknown tag, which may be the block's own.
    mutating func body(_ block: inout Block) throws(Diagnostic) -> Ending? {
        isLiquidTag ? try lines(&block) : try tokens(&block)
    }

    private mutating func tokens(_ block: inout Block) throws(Diagnostic) -> Ending? {
        while position < end {
            let start = position
            let open = nextOpening(from: start)
            if open > start {
                addText(start, open, to: &block)
                position = open
                continue
            }
            guard recovers else {
                if let ending = try markup(start, &block) { return ending }
                continue
            }
            do throws(Diagnostic) {
                if let ending = try markup(start, &block) { return ending }
            } catch {
                if position <= start { position = start + 2 }
                pass(start, position)
            }
        }
        return nil
    }

    /// Reads the tag or output that begins there. Returns an unknown tag.
    private mutating func markup(_ start: Int, _ block: inout Block) throws(Diagnostic) -> Ending? {
        guard source[start + 1] == 0x25 else {
            try output(start, &block)
            return nil
        }
        let close = try tagEnd(start)
        position = close
        return try tag(start, close, &block)
    }

    /// Continues after a misplaced tag.
    mutating func passOver(_ ending: Ending) {
        pass(ending.markup.lowerBound, ending.markup.upperBound)
    }

    /// Records the words of an unreadable tag.
    private mutating func pass(_ from: Int, _ to: Int) {
        passed += 1
        if passed > Parser.mostPassed { position = end }
        let to = min(to, from + 1_000)
        var at = from
        while at < to {
            let end = word(at, to)
            if end > at { doubtful.insert(text(at, end)) }
            at = max(end, at + 1)
        }
    }

    /// The next `{%` or `{{`, or the end.
    private func nextOpening(from start: Int) -> Int {
        guard let base = source.baseAddress else { return end }
        var at = start
        while at + 1 < end {
            guard let found = memchr(base + at, 0x7B, end - at - 1) else { return end }
            at = UnsafeRawPointer(found) - UnsafeRawPointer(base)
            let following = source[at + 1]
            if following == 0x25 || following == 0x7B { return at }
            at += 1
        }
        return end
    }

    private mutating func addText(_ start: Int, _ close: Int, to block: inout Block) {
        var start = start
        if trimsNext {
            while start < close, source[start].isRubySpace { start += 1 }
            trimsNext = false
        }
        if block.isBlank {
            for position in start..<close where !source[position].isSpace {
                block.isBlank = false
                break
            }
        }
        block.isSealed = start == close
        if start < close { block.nodes.append(.text(Int32(start), Int32(close))) }
    }

    /// Handles the `-` at either end of a tag or output.
    private mutating func trim(_ start: Int, _ close: Int, _ block: inout Block) {
        if source[start + 2] == 0x2D, !block.isSealed, case .text(let from, var to)? = block.nodes.last {
            while to > from, source[Int(to) - 1].isRubySpace { to -= 1 }
            block.nodes.removeLast()
            if to > from { block.nodes.append(.text(from, to)) }
            block.isSealed = to == from
        }
        trimsNext = close - start >= 3 && source[close - 3] == 0x2D
    }

    /// The end of the tag that begins at `start`.
    private mutating func tagEnd(_ start: Int) throws(Diagnostic) -> Int {
        guard let close = closing(of: start) else {
            throw diagnostic(
                "Tag '{%' was not properly terminated with regexp: /\\%\\}/", at: start, hint: "close the tag with '%}'"
            )
        }
        return close
    }

    /// The position after the next `%}`, or nil.
    mutating func closing(of start: Int) -> Int? {
        guard let base = source.baseAddress, start < unclosedTag else { return nil }
        var at = start + 2
        while at + 1 < end {
            guard let found = memchr(base + at, 0x25, end - at - 1) else { break }
            at = UnsafeRawPointer(found) - UnsafeRawPointer(base)
            if source[at + 1] == 0x7D { return at + 2 }
            at += 1
        }
        unclosedTag = start
        return nil
    }

    /// The end of the output that begins at `start`, and whether it is closed properly.
    mutating func outputEnd(_ start: Int) -> (Int, Bool) {
        guard start < unclosedOutput else { return (start + 2, false) }
        var at = start + 2
        while at < end {
            let byte = source[at]
            if byte == 0x7D {
                return at + 1 < end && source[at + 1] == 0x7D ? (at + 2, true) : (at + 1, false)
            }
            if byte == 0x7B, at + 1 < end, source[at + 1] == 0x25 {
                return (closing(of: at) ?? start + 2, false)
            }
            at += 1
        }
        unclosedOutput = start
        return (start + 2, false)
    }

    private mutating func output(_ start: Int, _ block: inout Block) throws(Diagnostic) {
        let (close, isClosed) = outputEnd(start)
        guard isClosed else {
            throw diagnostic(
                "Variable '\(text(start, close))' was not properly terminated with regexp: /\\}\\}/", at: start,
                hint: "close the output with '}}'")
        }
        trim(start, close, &block)
        var from = start + 2
        var to = close - 2
        if from < to, source[from] == 0x2D { from += 1 }
        if from < to, source[to - 1] == 0x2D { to -= 1 }
        position = close
        let pipeline = pipeline(from, to, isOutput: true)
        block.isBlank = false
        block.nodes.append(
            .output(
                Output(pipeline: pipeline, line: Int32(line(at: start)), surroundings: surroundings(before: start))))
    }

    /// Reads one tag. Returns it if it is unknown.
    private mutating func tag(_ start: Int, _ close: Int, _ block: inout Block) throws(Diagnostic) -> Ending? {
        trim(start, close, &block)
        guard let (tagName, markup) = taken(start, close) else {
            throw diagnostic(
                "Tag '\(text(start, close))' was not properly terminated with regexp: /\\%\\}/", at: start,
                hint: "a tag begins with its name: {% if … %}")
        }
        return try tag(text(tagName.lowerBound, tagName.upperBound), tagName.lowerBound, markup, &block)
    }

    /// Name and markup of the tag between `start` and `close`.
    func taken(_ start: Int, _ close: Int) -> (Range<Int>, Range<Int>)? {
        var at = start + 2
        var to = close - 2
        if at < to, source[at] == 0x2D { at += 1 }
        while at < to, source[at].isSpace { at += 1 }
        let nameStart = at
        if at < to, source[at] == 0x23 {
            at += 1
        } else {
            while at < to, source[at].isWord { at += 1 }
        }
        guard at > nameStart else { return nil }
        let nameEnd = at
        while at < to, source[at].isSpace { at += 1 }
        if to > at, source[to - 1] == 0x2D { to -= 1 }
        return (nameStart..<nameEnd, at..<max(at, to))
    }

    /// The lines of a `liquid` tag.
    private mutating func lines(_ block: inout Block) throws(Diagnostic) -> Ending? {
        while position < end {
            guard let (start, lineEnd) = nextLine() else { return nil }
            var at = start
            if source[at] == 0x23 {
                at += 1
            } else {
                while at < lineEnd, source[at].isWord { at += 1 }
            }
            guard at > start else {
                let line = text(start, lineEnd)
                return Ending(tag: line, start: start, markup: start..<lineEnd)
            }
            let tagName = text(start, at)
            while at < lineEnd, source[at].isSpace { at += 1 }
            if let ending = try tag(tagName, start, at..<lineEnd, &block) { return ending }
        }
        return nil
    }

    /// The next nonempty line, from its first letter to its end; the position moves past it.
    mutating func nextLine() -> (Int, Int)? {
        while position < end {
            var lineEnd = position
            while lineEnd < end, source[lineEnd] != 0x0A { lineEnd += 1 }
            var start = position
            while start < lineEnd, source[start].isSpace { start += 1 }
            position = min(lineEnd + 1, end)
            if start < lineEnd { return (start, lineEnd) }
        }
        return nil
    }
}

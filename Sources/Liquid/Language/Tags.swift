// How each tag is parsed. A tag with a body reads it up to its end tag; a tag unknown here is passed to the enclosing
// block, which may know it (`else`, `when`, `endif`).

extension Parser {
    /// Reads the tag `name`. Returns it if it is not a tag of its own.
    mutating func tag(_ name: String, _ start: Int, _ markup: Range<Int>, _ block: inout Block) throws(Diagnostic)
        -> Ending?
    {
        switch name {
        case "if": try Parser.add(branch("if", markup, start), &block)
        case "unless": try Parser.add(branch("unless", markup, start), &block)
        case "assign": try Parser.add(assign(markup, start), &block)
        case "for": try Parser.add(loop(markup, start), &block)
        case "capture": try Parser.add(capture(markup, start), &block)
        case "case": try Parser.add(choice(markup, start), &block)
        case "comment":
            try comment(markup, start)
            block.isSealed = true
        case "#":
            try inlineComment(markup)
            block.isSealed = true
        case "echo":
            let pipeline = pipeline(markup.lowerBound, markup.upperBound, isOutput: false)
            block.isBlank = false
            block.nodes.append(
                .output(
                    Output(
                        pipeline: pipeline, line: Int32(line(at: start)),
                        surroundings: isLiquidTag ? [] : surroundings(before: start - 1))))
        case "liquid": try liquidTag(markup, &block)
        case "raw": try raw(markup, start, &block)
        case "doc":
            try doc(markup, start)
            block.isSealed = true
        case "break", "continue":
            block.isBlank = false
            block.nodes.append(.interrupt(isBreak: name == "break"))
        case "cycle": try Parser.add(cycle(markup, start), &block)
        case "increment", "decrement":
            let (from, to) = stripped(markup)
            let slot = slot(text(from, to))
            block.isBlank = false
            block.nodes.append(
                .count(Count(slot: slot, isUp: name == "increment", line: Int32(line(at: start)))))
        case "ifchanged":
            var inner = Block()
            try blockBody("ifchanged", start, &inner)
            try Parser.add((.ifchanged(IfChanged(body: inner, line: Int32(line(at: start)))), inner.isBlank), &block)
        case "include", "render": try Parser.add(partial(name == "include", markup, start), &block)
        case "tablerow": try Parser.add(table(markup, start), &block)
        default: return Ending(tag: name, start: start, markup: markup)
        }
        return nil
    }

    private static func add(_ parsed: (Node, Bool), _ block: inout Block) throws(Diagnostic) {
        if !parsed.1 { block.isBlank = false }
        block.nodes.append(parsed.0)
    }

    func stripped(_ range: Range<Int>) -> (Int, Int) {
        var from = range.lowerBound
        var to = range.upperBound
        while from < to, source[from].isRubySpace { from += 1 }
        while to > from, source[to - 1].isRubySpace { to -= 1 }
        return (from, to)
    }

    // MARK: Bodies

    /// Reads nodes up to one of the block's own tags, and returns it. Any other tag that does not belong there is an
    /// error.
    private mutating func part(_ blockName: String, _ start: Int, _ block: inout Block, inner: [String])
        throws(Diagnostic)
        -> Ending?
    {
        guard depth < Parser.deepest else { throw diagnostic("Nesting too deep", at: start) }
        depth += 1
        defer { depth -= 1 }
        var found = try body(&block)
        while recovers, let other = found, other.tag != "end" + blockName, !inner.contains(other.tag) {
            passOver(other)
            found = try body(&block)
        }
        guard let ending = found else {
            if recovers { return nil }
            throw diagnostic(
                "'\(blockName)' tag was never closed", at: start, hint: "close it with {% end\(blockName) %}")
        }
        if ending.tag == "end" + blockName { return nil }
        if inner.contains(ending.tag) { return ending }
        if ending.tag == "else" {
            throw diagnostic("\(blockName) tag does not expect 'else' tag", at: ending.start)
        }
        if ending.tag.hasPrefix("end") {
            throw diagnostic(
                "'\(ending.tag)' is not a valid delimiter for \(blockName) tags. use end\(blockName)", at: ending.start)
        }
        throw unknownTag(ending, hint: nil)
    }

    private mutating func blockBody(_ name: String, _ start: Int, _ block: inout Block) throws(Diagnostic) {
        _ = try part(name, start, &block, inner: [])
    }

    // MARK: if, unless, case

    private mutating func branch(_ name: String, _ markup: Range<Int>, _ start: Int) throws(Diagnostic) -> (Node, Bool)
    {
        let line = Int32(line(at: start))
        var arms: [(test: Test?, body: Block)] = []
        var test: Test? = try test(markup, start)
        var isBlank = true
        while true {
            var block = Block()
            let ending = try part(name, start, &block, inner: ["else", "elsif"])
            if !block.isBlank { isBlank = false }
            arms.append((test, block))
            guard let ending else { break }
            test = ending.tag == "else" ? nil : try self.test(ending.markup, ending.start)
        }
        if isBlank { for index in arms.indices { arms[index].body.dropText() } }
        let node = Branch(arms: arms, isUnless: name == "unless", isBlank: isBlank && mode == .lax, line: line)
        return (.branch(node), isBlank)
    }

    private mutating func choice(_ markup: Range<Int>, _ start: Int) throws(Diagnostic) -> (Node, Bool) {
        let line = Int32(line(at: start))
        var value = try caseValue(markup, start)
        // Only `when` treats `blank` and `empty` as tests; here they are an empty text.
        if value.isMarker { value = .literal(.string("")) }
        var arms: [(values: [Expression]?, body: Block)] = []
        var block = Block()
        var ending = try part("case", start, &block, inner: ["when", "else"])
        var isBlank = block.isBlank
        while let current = ending {
            var values: [Expression]?
            if current.tag == "when" {
                values = try whenValues(current.markup, current.start)
            } else {
                let (from, to) = stripped(current.markup)
                if from < to {
                    complain(
                        Fault(
                            message:
                                "Syntax Error in tag 'case' - Valid else condition: {% else %} (no parameters) ",
                            offset: from, hint: nil))
                    if mode == .lax {
                        throw diagnostic(
                            "Syntax Error in tag 'case' - Valid else condition: {% else %} (no parameters) ",
                            at: current.start)
                    }
                }
            }
            block = Block()
            ending = try part("case", start, &block, inner: ["when", "else"])
            if !block.isBlank { isBlank = false }
            arms.append((values, block))
        }
        if isBlank { for index in arms.indices { arms[index].body.dropText() } }
        return (.choice(Choice(value: value, arms: arms, isBlank: isBlank, line: line)), isBlank)
    }

    // MARK: assign, capture

    private mutating func assign(_ markup: Range<Int>, _ start: Int) throws(Diagnostic) -> (Node, Bool) {
        guard let (name, value) = assignment(markup) else {
            throw diagnostic(
                "Syntax Error in 'assign' - Valid syntax: assign [var] = [source]", at: start,
                hint: "write {% assign name = value %}")
        }
        let pipeline = pipeline(value.lowerBound, value.upperBound, isOutput: false)
        let slot = slot(name.lowerBound, name.upperBound)
        return (.assign(Assign(slot: slot, pipeline: pipeline, line: Int32(line(at: start)))), true)
    }

    private mutating func capture(_ markup: Range<Int>, _ start: Int) throws(Diagnostic) -> (Node, Bool) {
        var from = markup.lowerBound
        while from < markup.upperBound, !source[from].isSignature { from += 1 }
        var to = from
        while to < markup.upperBound, source[to].isSignature { to += 1 }
        guard from < to else {
            throw diagnostic(
                "Syntax Error in 'capture' - Valid syntax: capture [var]", at: start, hint: "write {% capture name %}")
        }
        let slot = slot(from, to)
        let line = Int32(line(at: start))
        var block = Block()
        try blockBody("capture", start, &block)
        return (.capture(Capture(slot: slot, body: block, line: line)), true)
    }

    // MARK: comment, raw, doc, liquid

    private mutating func comment(_ markup: Range<Int>, _ start: Int) throws(Diagnostic) {
        var open = 1
        func neverClosed(_ name: String, _ parser: inout Parser) -> Diagnostic {
            parser.diagnostic("'\(name)' tag was never closed", at: start, hint: "close it with {% end\(name) %}")
        }
        if isLiquidTag {
            while let (from, to) = nextLine() {
                var at = from
                while at < to, source[at].isWord { at += 1 }
                switch text(from, at) {
                case "comment": open += 1
                case "endcomment": open -= 1
                case "raw":
                    var isClosed = false
                    while !isClosed, let (from, to) = nextLine() { isClosed = text(from, to).hasPrefix("endraw") }
                    if !isClosed { throw neverClosed("raw", &self) }
                default: break
                }
                if open == 0 { return }
            }
            throw neverClosed("comment", &self)
        }
        while let (from, to) = nextToken() {
            guard source[from] == 0x7B, to - from >= 4, source[from + 1] == 0x25, let (tagName, _) = taken(from, to)
            else { continue }
            switch text(tagName.lowerBound, tagName.upperBound) {
            case "comment": open += 1
            case "endcomment": open -= 1
            case "raw":
                guard endOf("raw") != nil else { throw neverClosed("raw", &self) }
            default: break
            }
            if open == 0 {
                trimsNext = source[to - 3] == 0x2D
                return
            }
        }
        throw neverClosed("comment", &self)
    }

    /// The next raw piece of the document: a text, a tag or an output; nil at the end.
    private mutating func nextToken() -> (Int, Int)? {
        guard position < end else { return nil }
        let start = position
        if source[start] == 0x7B, start + 1 < end {
            if source[start + 1] == 0x25 {
                position = closing(of: start) ?? start + 2
                return (start, position)
            }
            if source[start + 1] == 0x7B {
                position = outputEnd(start).0
                return (start, position)
            }
        }
        var at = start + 1
        while at < end {
            if source[at] == 0x7B, at + 1 < end, source[at + 1] == 0x25 || source[at + 1] == 0x7B { break }
            at += 1
        }
        position = at
        return (start, at)
    }

    /// Moves past the tag that ends a body not read as a template; returns where that tag begins.
    private mutating func endOf(_ name: String) -> (tagStart: Int, close: Int)? {
        while let (from, to) = nextToken() {
            guard to - from >= 4, source[to - 1] == 0x7D, source[to - 2] == 0x25 else { continue }
            var at = to - 4
            while at >= from {
                if source[at] == 0x7B, source[at + 1] == 0x25 {
                    var nameStart = at + 2
                    if source[nameStart] == 0x2D { nameStart += 1 }
                    while nameStart < to - 2, source[nameStart].isSpace { nameStart += 1 }
                    var nameEnd = nameStart
                    while nameEnd < to - 2, source[nameEnd].isWord { nameEnd += 1 }
                    if nameEnd > nameStart {
                        if text(nameStart, nameEnd) == "end" + name { return (at, to) }
                        if text(nameStart, nameEnd) == name && name == "doc" { return (-1, to) }
                        break
                    }
                }
                at -= 1
            }
        }
        return nil
    }

    private mutating func raw(_ markup: Range<Int>, _ start: Int, _ block: inout Block) throws(Diagnostic) {
        let (from, to) = stripped(markup)
        if from < to {
            throw diagnostic("Syntax Error in 'raw' - Valid syntax: raw", at: start, hint: "'raw' takes nothing else")
        }
        let bodyStart = position
        guard !isLiquidTag, let (bodyEnd, close) = endOf("raw") else {
            throw diagnostic("'raw' tag was never closed", at: start, hint: "close it with {% endraw %}")
        }
        trimsNext = source[close - 3] == 0x2D
        block.isSealed = true
        if bodyEnd > bodyStart {
            block.isBlank = false
            block.nodes.append(.raw(Int32(bodyStart), Int32(bodyEnd)))
        }
    }

    private mutating func doc(_ markup: Range<Int>, _ start: Int) throws(Diagnostic) {
        let (from, to) = stripped(markup)
        if from < to {
            throw diagnostic("Syntax Error in 'doc' - Valid syntax: {% doc %}{% enddoc %}", at: start)
        }
        guard !isLiquidTag, let (tagStart, close) = endOf("doc") else {
            throw diagnostic("'doc' tag was never closed", at: start, hint: "close it with {% enddoc %}")
        }
        if tagStart < 0 {
            throw diagnostic("Syntax Error in 'doc' - Nested doc tags are not allowed", at: close)
        }
        trimsNext = source[close - 3] == 0x2D
    }

    private mutating func inlineComment(_ markup: Range<Int>) throws(Diagnostic) {
        var at = markup.lowerBound
        while at < markup.upperBound {
            if source[at] == 0x0A {
                var next = at + 1
                while next < markup.upperBound, source[next].isSpace { next += 1 }
                if next < markup.upperBound, source[next] != 0x23 {
                    throw diagnostic(
                        "Syntax error in tag '#' - Each line of comments must be prefixed by the '#' character",
                        at: next)
                }
                at = next
            } else {
                at += 1
            }
        }
    }

    private mutating func liquidTag(_ markup: Range<Int>, _ block: inout Block) throws(Diagnostic) {
        let (oldPosition, oldEnd, wasLiquidTag) = (position, end, isLiquidTag)
        guard depth < Parser.deepest else { throw diagnostic("Nesting too deep", at: markup.lowerBound) }
        depth += 1
        position = markup.lowerBound
        end = markup.upperBound
        isLiquidTag = true
        defer {
            depth -= 1
            (position, end, isLiquidTag) = (oldPosition, oldEnd, wasLiquidTag)
        }
        if let ending = try body(&block) {
            if ending.tag == "else" {
                throw diagnostic("liquid tag does not expect 'else' tag", at: ending.start)
            }
            if ending.tag.hasPrefix("end") {
                throw diagnostic("'\(ending.tag)' is not a valid delimiter for liquid tags. use %}", at: ending.start)
            }
            throw unknownTag(ending, hint: nil)
        }
    }

    // MARK: Loops

    private mutating func loop(_ markup: Range<Int>, _ start: Int) throws(Diagnostic) -> (Node, Bool) {
        let line = Int32(line(at: start))
        let head = try loopHead(markup, start)
        let slot = slot(head.variable)
        let stateSlot = self.slot("forloop")
        var body = Block()
        var otherwise: Block?
        var isBlank = true
        if try part("for", start, &body, inner: ["else"]) != nil {
            var block = Block()
            _ = try part("for", start, &block, inner: ["else"])
            if !block.isBlank { isBlank = false }
            otherwise = block
        }
        if !body.isBlank { isBlank = false }
        if isBlank {
            body.dropText()
            otherwise?.dropText()
        }
        let node = Loop(
            slot: slot, stateSlot: stateSlot, collection: head.collection, name: head.name,
            isReversed: head.isReversed, start: head.start, limit: head.limit, body: body, otherwise: otherwise,
            isBlank: isBlank, line: line)
        return (.loop(node), isBlank)
    }

    private mutating func table(_ markup: Range<Int>, _ start: Int) throws(Diagnostic) -> (Node, Bool) {
        let line = Int32(line(at: start))
        let head = try tableHead(markup, start)
        let slot = slot(head.variable)
        let stateSlot = self.slot("tablerowloop")
        var body = Block()
        try blockBody("tablerow", start, &body)
        let node = Table(
            slot: slot, stateSlot: stateSlot, collection: head.collection, columns: head.columns, limit: head.limit,
            start: head.start, body: body, line: line)
        return (.table(node), body.isBlank)
    }
}

extension Block {
    /// Removes the white space from a block that prints nothing else.
    mutating func dropText() {
        nodes.removeAll { node in
            if case .text = node { return true }
            return false
        }
    }
}

extension UInt8 {
    /// The characters of an assigned variable's name, as loosely as in Shopify: `\w - . [ ]` and round brackets.
    var isSignature: Bool {
        isWord || self == 0x2D || self == 0x2E || self == 0x5B || self == 0x5D || self == 0x28 || self == 0x29
    }
}

// The part of a tag after its name, parsed by the strict grammar if the tag has one, otherwise by the lax one.

extension Parser {
    mutating func caseValue(_ markup: Range<Int>, _ start: Int) throws(Diagnostic) -> Expression {
        let (from, to) = (markup.lowerBound, markup.upperBound)
        do {
            try begin(from, to)
            let value = try expression()
            try take(.end)
            return value
        } catch {
            var fault = error
            fault.message += " in \"\(text(from, to))\""
            complain(fault)
        }
        guard let (valueStart, valueEnd) = findFragment(from, to) else {
            throw diagnostic(
                "Syntax Error in 'case' - Valid syntax: case [condition]", at: start, hint: "write {% case name %}")
        }
        return laxExpression(valueStart, valueEnd)
    }

    mutating func whenValues(_ markup: Range<Int>, _ start: Int) throws(Diagnostic) -> [Expression] {
        let (from, to) = (markup.lowerBound, markup.upperBound)
        do {
            try begin(from, to)
            var values = [try expression()]
            while token == .comma || isWord("or") {
                try advance()
                values.append(try expression())
            }
            try take(.end)
            return values
        } catch {
            var fault = error
            fault.message += " in \"\(text(from, to))\""
            complain(fault)
        }
        var values: [Expression] = []
        var at = from
        while true {
            guard let (valueStart, valueEnd) = findFragment(at, to) else {
                if values.isEmpty || at < to {
                    throw diagnostic(
                        "Syntax Error in tag 'case' - Valid when condition: {% when [condition] [or condition2...] %}",
                        at: start, hint: "write {% when 'value' %}")
                }
                break
            }
            values.append(laxExpression(valueStart, valueEnd))
            let next = skipSpace(valueEnd, to)
            if next < to, source[next] == 0x2C {
                at = skipSpace(next + 1, to)
            } else if next > valueEnd, let (relation, end) = relation(next, from, to), relation == .or, end < to,
                source[end].isSpace
            {
                at = skipSpace(end, to)
            } else {
                break
            }
            guard fragment(at, to) != nil else { break }
        }
        return values
    }

    /// `name = value`; the name is parsed loosely in either mode.
    func assignment(_ markup: Range<Int>) -> (Range<Int>, Range<Int>)? {
        let to = markup.upperBound
        var at = markup.lowerBound
        while at < to {
            guard source[at].isSignature else {
                at += 1
                continue
            }
            var nameEnd = at
            while nameEnd < to, source[nameEnd].isSignature { nameEnd += 1 }
            let sign = skipSpace(nameEnd, to)
            if sign < to, source[sign] == 0x3D {
                return (at..<nameEnd, skipSpace(sign + 1, to)..<to)
            }
            at = nameEnd
        }
        return nil
    }

    struct LoopHead {
        var variable: String
        var collection: Expression
        var name: String
        var isReversed = false
        var start = LoopStart.beginning
        var limit: Expression?
    }

    mutating func loopHead(_ markup: Range<Int>, _ start: Int) throws(Diagnostic) -> LoopHead {
        let (from, to) = (markup.lowerBound, markup.upperBound)
        do {
            return try strictLoopHead(from, to)
        } catch {
            var fault = error
            fault.message += " in \"\(text(from, to))\""
            complain(fault)
        }
        var at = from
        while at < to, source[at].isWord || source[at] == 0x2D { at += 1 }
        let variableEnd = at
        at = skipSpace(at, to)
        guard variableEnd > from, at > variableEnd, at + 1 < to, source[at] == 0x69, source[at + 1] == 0x6E,
            skipSpace(at + 2, to) > at + 2, let collectionEnd = fragments(skipSpace(at + 2, to), to)
        else {
            throw diagnostic(
                "Syntax Error in 'for loop' - Valid syntax: for [item] in [collection]", at: start,
                hint: "write {% for item in list %}")
        }
        let collectionStart = skipSpace(at + 2, to)
        let variable = text(from, variableEnd)
        var head = LoopHead(
            variable: variable, collection: laxExpression(collectionStart, collectionEnd),
            name: variable + "-" + text(collectionStart, collectionEnd))
        let rest = skipSpace(collectionEnd, to)
        head.isReversed = rest + 8 <= to && text(rest, rest + 8) == "reversed"
        for (name, valueStart, valueEnd) in attributes(from, to) {
            switch name {
            case "limit": head.limit = laxExpression(valueStart, valueEnd)
            case "offset":
                head.start =
                    text(valueStart, valueEnd) == "continue"
                    ? .previousEnd : .at(laxExpression(valueStart, valueEnd))
            default: break
            }
        }
        return head
    }

    private mutating func strictLoopHead(_ from: Int, _ to: Int) throws(Fault) -> LoopHead {
        try begin(from, to)
        let variable = tokenText
        try take(.id)
        guard isWord("in") else {
            throw Fault(
                message: "For loops require an 'in' clause", offset: tokenStart, hint: "write {% for item in list %}")
        }
        try advance()
        let start = tokenStart
        let collection = try expression()
        var end = tokenStart
        while end > start, source[end - 1].isSpace { end -= 1 }
        var head = LoopHead(variable: variable, collection: collection, name: variable + "-" + text(start, end))
        if isWord("reversed") {
            head.isReversed = true
            try advance()
        }
        while true {
            if token == .comma { try advance() }
            guard token == .id, colonFollows() else { break }
            let isLimit = isWord("limit")
            guard isLimit || isWord("offset") else {
                throw Fault(
                    message: "Invalid attribute in for loop. Valid attributes are limit and offset",
                    offset: tokenStart, hint: nil)
            }
            try advance()
            try advance()
            if isLimit {
                head.limit = try expression()
            } else if isWord("continue") {
                head.start = .previousEnd
                try advance()
            } else {
                head.start = .at(try expression())
            }
        }
        try take(.end)
        return head
    }

    /// `TagAttributes`: each `name: fragment` in a range.
    private func attributes(_ from: Int, _ to: Int) -> [(String, Int, Int)] {
        var found: [(String, Int, Int)] = []
        var at = from
        while at < to {
            guard source[at].isWord else {
                at += 1
                continue
            }
            var end = at
            while end < to, source[end].isWord || source[end] == 0x2D { end += 1 }
            let colon = skipSpace(end, to)
            if colon < to, source[colon] == 0x3A {
                let valueStart = skipSpace(colon + 1, to)
                if let valueEnd = fragment(valueStart, to) {
                    found.append((text(at, end), valueStart, valueEnd))
                    at = valueEnd
                    continue
                }
            }
            at = end
        }
        return found
    }

    struct TableHead {
        var variable: String
        var collection: Expression
        var columns: Expression?
        var limit: Expression?
        var start: Expression?
    }

    mutating func tableHead(_ markup: Range<Int>, _ start: Int) throws(Diagnostic) -> TableHead {
        let (from, to) = (markup.lowerBound, markup.upperBound)
        var at = from
        while at < to {
            guard source[at].isWord else {
                at += 1
                continue
            }
            let variableEnd = word(at, to)
            let sign = skipSpace(variableEnd, to)
            if sign > variableEnd, sign + 1 < to, source[sign] == 0x69, source[sign + 1] == 0x6E,
                skipSpace(sign + 2, to) > sign + 2, let end = fragments(skipSpace(sign + 2, to), to)
            {
                var head = TableHead(
                    variable: text(at, variableEnd), collection: laxExpression(skipSpace(sign + 2, to), end))
                for (name, valueStart, valueEnd) in attributes(from, to) {
                    switch name {
                    case "cols": head.columns = laxExpression(valueStart, valueEnd)
                    case "limit": head.limit = laxExpression(valueStart, valueEnd)
                    case "offset": head.start = laxExpression(valueStart, valueEnd)
                    case "range": break
                    default:
                        complain(
                            Fault(
                                message:
                                    "Invalid attribute '\(name)' in tablerow loop. Valid attributes are cols, limit, offset, and range",
                                offset: valueStart, hint: nil))
                    }
                }
                return head
            }
            at = variableEnd
        }
        throw diagnostic(
            "Syntax Error in 'table_row loop' - Valid syntax: table_row [item] in [collection] cols=3", at: start,
            hint: "write {% tablerow item in list cols: 3 %}")
    }

    mutating func cycle(_ markup: Range<Int>, _ start: Int) throws(Diagnostic) -> (Node, Bool) {
        let line = Int32(line(at: start))
        let to = markup.upperBound
        let from = skipSpace(markup.lowerBound, to)
        var name: Expression?
        var valuesStart = from
        if let end = fragment(from, to) {
            // `name: values`; in an unquoted name the colon is part of the fragment.
            let colon = skipSpace(end, to)
            if colon < to, source[colon] == 0x3A {
                name = laxExpression(from, end)
                valuesStart = colon + 1
            } else {
                var at = end - 1
                while at > from {
                    if source[at] == 0x3A {
                        name = laxExpression(from, at)
                        valuesStart = at + 1
                        break
                    }
                    if source[at] == 0x22 || source[at] == 0x27 { break }
                    at -= 1
                }
            }
        } else {
            throw diagnostic(
                "Syntax Error in 'cycle' - Valid syntax: cycle [name :] var [, var2, var3 ...]", at: start,
                hint: "write {% cycle 'odd', 'even' %}")
        }
        var values: [Expression] = []
        var key = ""
        // A group whose values are names is separate, even if the same names occur elsewhere.
        var isOwn = false
        var at = valuesStart
        while at <= to {
            var comma = at
            while comma < to, source[comma] != 0x2C {
                if let close = quoted(comma, to) {
                    comma = close
                } else {
                    comma += 1
                }
            }
            if let (valueStart, valueEnd) = findFragment(at, comma) {
                values.append(laxExpression(valueStart, valueEnd))
                if case .lookup? = values.last { isOwn = true }
                key += text(valueStart, valueEnd) + ","
            }
            at = comma + 1
        }
        guard !values.isEmpty || name != nil else {
            throw diagnostic(
                "Syntax Error in 'cycle' - Valid syntax: cycle [name :] var [, var2, var3 ...]", at: start,
                hint: "write {% cycle 'odd', 'even' %}")
        }
        if isOwn { key += "@\(start)" }
        return (.cycle(Cycle(name: name, key: key, values: values, line: line)), false)
    }

    mutating func partial(_ isInclude: Bool, _ markup: Range<Int>, _ start: Int) throws(Diagnostic) -> (Node, Bool) {
        let line = Int32(line(at: start))
        let (from, to) = (markup.lowerBound, markup.upperBound)
        var name: (Int, Int)?
        if isInclude {
            if let (start, _) = findFragment(from, to), let end = fragments(start, to) { name = (start, end) }
        } else {
            var at = from
            while at < to {
                if let end = quoted(at, to) {
                    name = (at, end)
                    break
                }
                at += 1
            }
            if let name, name.0 > from {
                complain(
                    Fault(
                        message: "Syntax error in tag 'render' - Template name must be a quoted string",
                        offset: from, hint: nil))
            }
        }
        guard let (nameStart, nameEnd) = name else {
            throw isInclude
                ? diagnostic(
                    "Error in tag 'include' - Valid syntax: include '[template]' (with|for) [object|collection]",
                    at: start)
                : diagnostic(
                    "Syntax error in tag 'render' - Template name must be a quoted string", at: start,
                    hint: "write {% render 'name' %}")
        }
        let nameExpression = laxExpression(nameStart, nameEnd)
        var at = nameEnd
        var value: Expression?
        var isFor = false
        var alias: String?
        let keyword = skipSpace(at, to)
        if keyword > at {
            let end = word(keyword, to)
            let wordText = text(keyword, end)
            let valueStart = skipSpace(end, to)
            if wordText == "with" || wordText == "for", valueStart > end,
                let valueEnd = isInclude ? fragments(valueStart, to) : fragment(valueStart, to)
            {
                value = laxExpression(valueStart, valueEnd)
                isFor = wordText == "for"
                at = valueEnd
            }
        }
        let asStart = skipSpace(at, to)
        if asStart > at, asStart + 2 < to, source[asStart] == 0x61, source[asStart + 1] == 0x73,
            source[asStart + 2].isSpace
        {
            let aliasStart = skipSpace(asStart + 2, to)
            var end = aliasStart
            while end < to, source[end].isWord || source[end] == 0x2D { end += 1 }
            if end > aliasStart { alias = text(aliasStart, end) }
        }
        var arguments: [(name: String, value: Expression)] = []
        for (name, valueStart, valueEnd) in attributes(from, to) {
            arguments.append((name, laxExpression(valueStart, valueEnd)))
        }
        let node = Partial(
            name: nameExpression, isInclude: isInclude, value: value, isFor: isFor, alias: alias,
            arguments: arguments, line: line)
        return (.partial(node), false)
    }
}

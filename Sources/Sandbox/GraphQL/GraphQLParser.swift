// A recursive-descent parser for executable GraphQL documents (specification of October 2021, section 2) and for the
// few kinds of type definition that the sandbox uses for its part of the Admin API (section 3).

struct GraphQLParser {
    private let tokens: [GraphQLToken]
    private var at = 0
    private var depth = 0

    private init(_ text: String) throws(GraphQLSyntaxError) { tokens = try GraphQLLexer.tokens(of: text) }

    /// Parses an executable document. Throws at the first syntax error.
    static func document(_ text: String) throws(GraphQLSyntaxError) -> GraphQLDocument {
        var parser = try GraphQLParser(text)
        var document = GraphQLDocument()
        repeat {
            if parser.peekName("fragment") {
                let fragment = try parser.fragment()
                document.fragments[fragment.name] = fragment
            } else {
                document.operations.append(try parser.operation())
            }
        } while parser.token.kind != .end
        return document
    }

    /// Parses type definitions: `type`, `interface`, `input`, `enum`, `union`, `scalar`.
    static func types(_ text: String) throws(GraphQLSyntaxError) -> [GraphQLTypeDefinition] {
        var parser = try GraphQLParser(text)
        var types: [GraphQLTypeDefinition] = []
        while parser.token.kind != .end { types.append(try parser.typeDefinition()) }
        return types
    }

    private var token: GraphQLToken { tokens[at] }

    private mutating func advance() { if at < tokens.count - 1 { at += 1 } }

    private func unexpected() -> GraphQLSyntaxError {
        let shown =
            switch token.kind {
            case .name(let name): "\"\(name)\" (IDENTIFIER)"
            case .int(let value): "\"\(value)\" (INT)"
            case .float(let value): "\"\(value)\" (FLOAT)"
            case .string(let text): "\"\(text.prefix(40))\" (STRING)"
            case .punctuator(let character): "\"\(character == "." ? "..." : String(character))\""
            case .end: "end of document"
            }
        return GraphQLSyntaxError(
            message: token.kind == .end ? "Unexpected end of document" : "Parse error on \(shown)",
            location: token.location)
    }

    private func peek(_ character: Character) -> Bool { token.kind == .punctuator(character) }
    private func peekName(_ name: String) -> Bool { token.kind == .name(name) }

    private mutating func take(_ character: Character) -> Bool {
        guard peek(character) else { return false }
        advance()
        return true
    }

    private mutating func expect(_ character: Character) throws(GraphQLSyntaxError) {
        guard take(character) else { throw unexpected() }
    }

    private mutating func takeName(_ name: String) -> Bool {
        guard peekName(name) else { return false }
        advance()
        return true
    }

    private mutating func name() throws(GraphQLSyntaxError) -> String {
        guard case .name(let name) = token.kind else { throw unexpected() }
        advance()
        return name
    }

    private mutating func operation() throws(GraphQLSyntaxError) -> GraphQLOperation {
        let location = token.location
        if peek("{") {
            return GraphQLOperation(
                kind: .query, name: nil, variables: [], selections: try selectionSet(), location: location)
        }
        guard case .name(let word) = token.kind, let kind = GraphQLOperation.Kind(rawValue: word) else {
            throw unexpected()
        }
        advance()
        var title: String?
        if case .name(let name) = token.kind {
            title = name
            advance()
        }
        var variables: [GraphQLVariable] = []
        if take("(") {
            while !take(")") { variables.append(try variable()) }
        }
        _ = try directives()
        return GraphQLOperation(
            kind: kind, name: title, variables: variables, selections: try selectionSet(), location: location)
    }

    private mutating func variable() throws(GraphQLSyntaxError) -> GraphQLVariable {
        let location = token.location
        try expect("$")
        let name = try name()
        try expect(":")
        let type = try typeReference()
        var fallback: GraphQLValue?
        if take("=") { fallback = try value(constant: true) }
        _ = try directives()
        return GraphQLVariable(name: name, type: type, fallback: fallback, location: location)
    }

    private mutating func fragment() throws(GraphQLSyntaxError) -> GraphQLFragment {
        let location = token.location
        advance()
        guard !peekName("on") else { throw unexpected() }
        let title = try name()
        guard takeName("on") else { throw unexpected() }
        let type = try name()
        _ = try directives()
        return GraphQLFragment(name: title, type: type, selections: try selectionSet(), location: location)
    }

    private mutating func selectionSet() throws(GraphQLSyntaxError) -> [GraphQLSelection] {
        depth += 1
        defer { depth -= 1 }
        guard depth < 64 else {
            throw GraphQLSyntaxError(message: "Query is nested too deep", location: token.location)
        }
        try expect("{")
        var selections: [GraphQLSelection] = []
        repeat { selections.append(try selection()) } while !take("}")
        return selections
    }

    private mutating func selection() throws(GraphQLSyntaxError) -> GraphQLSelection {
        let location = token.location
        guard take(".") else { return .field(try field()) }
        if case .name(let word) = token.kind, word != "on" {
            advance()
            return .spread(name: word, directives: try directives(), location: location)
        }
        let type = takeName("on") ? try name() : nil
        let directives = try directives()
        return .inline(type: type, directives: directives, selections: try selectionSet(), location: location)
    }

    private mutating func field() throws(GraphQLSyntaxError) -> GraphQLField {
        let location = token.location
        var title = try name()
        var alias: String?
        if take(":") {
            alias = title
            title = try name()
        }
        let arguments = try arguments()
        let directives = try directives()
        let selections = peek("{") ? try selectionSet() : []
        return GraphQLField(
            alias: alias, name: title, arguments: arguments, directives: directives, selections: selections,
            location: location)
    }

    private mutating func arguments() throws(GraphQLSyntaxError) -> [GraphQLArgument] {
        var arguments: [GraphQLArgument] = []
        guard take("(") else { return arguments }
        repeat {
            let location = token.location
            let name = try name()
            try expect(":")
            arguments.append(GraphQLArgument(name: name, value: try value(constant: false), location: location))
        } while !take(")")
        return arguments
    }

    private mutating func directives() throws(GraphQLSyntaxError) -> [GraphQLDirective] {
        var directives: [GraphQLDirective] = []
        while peek("@") {
            let location = token.location
            advance()
            directives.append(GraphQLDirective(name: try name(), arguments: try arguments(), location: location))
        }
        return directives
    }

    private mutating func value(constant: Bool) throws(GraphQLSyntaxError) -> GraphQLValue {
        depth += 1
        defer { depth -= 1 }
        guard depth < 64 else {
            throw GraphQLSyntaxError(message: "Query is nested too deep", location: token.location)
        }
        switch token.kind {
        case .int(let value):
            advance()
            return .int(value)
        case .float(let value):
            advance()
            return .float(value)
        case .string(let text):
            advance()
            return .string(text)
        case .name(let word):
            advance()
            switch word {
            case "true": return .bool(true)
            case "false": return .bool(false)
            case "null": return .null
            default: return .enumeration(word)
            }
        case .punctuator("$") where !constant:
            advance()
            return .variable(try name())
        case .punctuator("["):
            advance()
            var values: [GraphQLValue] = []
            while !take("]") { values.append(try value(constant: constant)) }
            return .list(values)
        case .punctuator("{"):
            advance()
            var members: [GraphQLValue.Member] = []
            while !take("}") {
                let title = try name()
                try expect(":")
                members.append(GraphQLValue.Member(name: title, value: try value(constant: constant)))
            }
            return .object(members)
        default: throw unexpected()
        }
    }

    private mutating func typeReference() throws(GraphQLSyntaxError) -> GraphQLTypeReference {
        var type: GraphQLTypeReference
        if take("[") {
            type = .list(try typeReference())
            try expect("]")
        } else {
            type = .named(try name())
        }
        if take("!") { type = .nonNull(type) }
        return type
    }

    private mutating func typeDefinition() throws(GraphQLSyntaxError) -> GraphQLTypeDefinition {
        guard let kind = GraphQLTypeDefinition.Kind(rawValue: try name()) else { throw unexpected() }
        var type = GraphQLTypeDefinition(kind: kind, name: try name())
        if takeName("implements") {
            repeat {
                _ = take("&")
                type.interfaces.append(try name())
            } while peek("&")
        }
        switch kind {
        case .scalar: break
        case .union:
            try expect("=")
            repeat { type.members.append(try name()) } while take("|")
        case .enum:
            try expect("{")
            while !take("}") { type.values.append(try name()) }
        case .type, .interface, .input:
            try expect("{")
            while !take("}") {
                let field = try fieldDefinition()
                type.fields[field.name] = field
            }
        }
        return type
    }

    private mutating func fieldDefinition() throws(GraphQLSyntaxError) -> GraphQLFieldDefinition {
        let title = try name()
        var arguments: [GraphQLFieldDefinition.Argument] = []
        if take("(") {
            while !take(")") {
                let name = try name()
                try expect(":")
                let type = try typeReference()
                arguments.append(GraphQLFieldDefinition.Argument(name: name, type: type))
            }
        }
        try expect(":")
        return GraphQLFieldDefinition(name: title, type: try typeReference(), arguments: arguments)
    }
}

// Checks a document against the schema before running it, with the messages and codes of Shopify (graphql-ruby):
// captured `undefinedField` and `INVALID_VARIABLE`; the rest from graphql-ruby's static validation rules
// (https://graphql-ruby.org, lib/graphql/static_validation). Reports every error, not only the first.

struct GraphQLValidator {
    private let schema: GraphQLSchema
    private let document: GraphQLDocument
    private let operation: GraphQLOperation
    private var errors: [GraphQLError] = []
    private var usedVariables: Set<String> = []
    private var usedFragments: Set<String> = []
    private var openFragments: [String] = []

    private init(schema: GraphQLSchema, document: GraphQLDocument, operation: GraphQLOperation) {
        self.schema = schema
        self.document = document
        self.operation = operation
    }

    /// All errors in an operation; empty if it may run.
    static func errors(
        in operation: GraphQLOperation, of document: GraphQLDocument, schema: GraphQLSchema
    ) -> [GraphQLError] {
        var validator = GraphQLValidator(schema: schema, document: document, operation: operation)
        validator.check(operation.selections, on: schema.root(operation.kind), path: [.string(operation.title)])
        validator.checkVariables()
        validator.checkFragments()
        return validator.errors
    }

    private mutating func add(
        _ message: String, _ code: String, _ location: SourceLocation, _ path: [JSON], _ more: [JSON.Member] = []
    ) {
        errors.append(
            GraphQLError(
                message: message, locations: [location], path: path,
                extensions: [JSON.Member("code", .string(code))] + more))
    }

    private mutating func check(_ selections: [GraphQLSelection], on type: String, path: [JSON]) {
        var seen: [String: GraphQLField] = [:]
        for selection in selections {
            switch selection {
            case .field(let field):
                check(field, on: type, path: path + [.string(field.key)])
                if let other = seen[field.key], other.name != field.name {
                    add(
                        "Field '\(field.key)' has a field conflict: \(other.name) or \(field.name)?", "fieldConflict",
                        field.location, path,
                        [
                            JSON.Member("fieldName", .string(field.key)),
                            JSON.Member("conflicts", .string("\(other.name) or \(field.name)")),
                        ])
                }
                seen[field.key] = field
            case .spread(let name, let directives, let location):
                check(directives, path: path)
                spread(name, on: type, location: location, path: path)
            case .inline(let condition, let directives, let inner, let location):
                check(directives, path: path)
                guard let condition else {
                    check(inner, on: type, path: path)
                    continue
                }
                if isComposite(condition, location: location, path: path) {
                    checkPossible(condition, on: type, title: "Fragment", location: location, path: path)
                    check(inner, on: condition, path: path + [.string("... on \(condition)")])
                }
            }
        }
    }

    private mutating func spread(_ name: String, on type: String, location: SourceLocation, path: [JSON]) {
        guard let fragment = document.fragments[name] else {
            add(
                "Fragment \(name) was used, but not defined", "useAndDefineFragment", location, path,
                [JSON.Member("fragmentName", .string(name))])
            return
        }
        guard !openFragments.contains(name) else {
            add(
                "Fragment \(name) contains an infinite loop", "infiniteLoop", fragment.location, path,
                [JSON.Member("fragmentName", .string(name))])
            return
        }
        let first = usedFragments.insert(name).inserted
        guard isComposite(fragment.type, location: fragment.location, path: path) else { return }
        checkPossible(fragment.type, on: type, title: "Fragment \(name)", location: location, path: path)
        guard first else { return }
        openFragments.append(name)
        check(fragment.selections, on: fragment.type, path: [.string("fragment \(name)")])
        openFragments.removeLast()
    }

    private mutating func isComposite(_ type: String, location: SourceLocation, path: [JSON]) -> Bool {
        guard let definition = schema.types[type] else {
            add(
                "No such type \(type), so it can't be a fragment condition", "undefinedType", location, path,
                [JSON.Member("typeName", .string(type))])
            return false
        }
        guard definition.isComposite else {
            add(
                "Invalid fragment on type \(type) (must be Union, Interface or Object)", "fragmentOnNonCompositeType",
                location, path, [JSON.Member("typeName", .string(type))])
            return false
        }
        return true
    }

    private mutating func checkPossible(
        _ condition: String, on type: String, title: String, location: SourceLocation, path: [JSON]
    ) {
        guard !schema.overlap(condition, type) else { return }
        add(
            "\(title) on \(condition) can't be spread inside \(type)", "cannotSpreadFragment", location, path,
            [
                JSON.Member("typeName", .string(condition)), JSON.Member("fragmentName", .string("unknown")),
                JSON.Member("parentName", .string(type)),
            ])
    }

    private mutating func check(_ field: GraphQLField, on type: String, path: [JSON]) {
        check(field.directives, path: path)
        guard let definition = schema.field(field.name, of: type) else {
            add(
                "Field '\(field.name)' doesn't exist on type '\(type)'", "undefinedField", field.location, path,
                [JSON.Member("typeName", .string(type)), JSON.Member("fieldName", .string(field.name))])
            return
        }
        for argument in field.arguments {
            guard let wanted = definition.arguments.first(where: { $0.name == argument.name }) else {
                add(
                    "Field '\(field.name)' doesn't accept argument '\(argument.name)'", "argumentNotAccepted",
                    argument.location, path + [.string(argument.name)],
                    [
                        JSON.Member("name", .string(field.name)), JSON.Member("typeName", "Field"),
                        JSON.Member("argumentName", .string(argument.name)),
                    ])
                use(argument.value)
                continue
            }
            check(argument, of: field, as: wanted.type, path: path + [.string(argument.name)])
        }
        let missing = definition.arguments.filter { wanted in
            wanted.type.isNonNull && !field.arguments.contains { $0.name == wanted.name }
        }
        if !missing.isEmpty {
            let names = missing.map(\.name).joined(separator: ", ")
            add(
                "Field '\(field.name)' is missing required arguments: \(names)", "missingRequiredArguments",
                field.location, path,
                [
                    JSON.Member("className", "Field"), JSON.Member("name", .string(field.name)),
                    JSON.Member("arguments", .string(names)),
                ])
        }
        let named = definition.type.name
        let composite = schema.types[named]?.isComposite == true
        if composite, field.selections.isEmpty {
            add(
                "Field must have selections (field '\(field.name)' returns \(named) but has no selections. Did you mean "
                    + "'\(field.name) { ... }'?)", "selectionMismatch", field.location, path,
                [JSON.Member("nodeName", .string("field '\(field.name)'")), JSON.Member("typeName", .string(named))])
        } else if !composite, !field.selections.isEmpty {
            add(
                "Selections can't be made on scalars (field '\(field.name)' returns \(named) but has selections)",
                "selectionMismatch", field.location, path,
                [JSON.Member("nodeName", .string("field '\(field.name)'")), JSON.Member("typeName", .string(named))])
        } else if composite {
            check(field.selections, on: named, path: path)
        }
    }

    private mutating func check(
        _ argument: GraphQLArgument, of field: GraphQLField, as type: GraphQLTypeReference, path: [JSON]
    ) {
        use(argument.value)
        if case .variable(let name) = argument.value {
            guard let variable = operation.variables.first(where: { $0.name == name }) else { return }
            let given = variable.fallback != nil && !variable.type.isNonNull ? .nonNull(variable.type) : variable.type
            guard !Self.fits(given, in: type) else { return }
            add(
                "Type mismatch on variable $\(name) and argument \(argument.name) (\(variable.type) / \(type))",
                "variableMismatch", argument.location, path,
                [
                    JSON.Member("variableName", .string(name)), JSON.Member("typeName", .string("\(variable.type)")),
                    JSON.Member("argumentName", .string(argument.name)), JSON.Member("errorMessage", "Type mismatch"),
                ])
            return
        }
        guard let problem = GraphQLInput.problem(with: argument.value, as: type, schema: schema) else { return }
        let shown = problem.path.isEmpty ? argument.name : problem.path.joined(separator: ".")
        add(
            "Argument '\(shown)' on Field '\(field.name)' has an invalid value. Expected type '\(type)'.",
            "argumentLiteralsIncompatible", argument.location, path,
            [JSON.Member("typeName", "Field"), JSON.Member("argumentName", .string(argument.name))])
    }

    /// Whether a variable of one type may be used for another (specification, section 5.8.5).
    private static func fits(_ given: GraphQLTypeReference, in wanted: GraphQLTypeReference) -> Bool {
        switch (given, wanted) {
        case (.nonNull(let inner), .nonNull(let other)): fits(inner, in: other)
        case (_, .nonNull): false
        case (.nonNull(let inner), _): fits(inner, in: wanted)
        case (.list(let inner), .list(let other)): fits(inner, in: other)
        case (.named(let name), .named(let other)): name == other
        // graphql-ruby accepts a single value as a list of one.
        case (.named, .list(let other)): fits(given, in: other)
        default: false
        }
    }

    private mutating func check(_ directives: [GraphQLDirective], path: [JSON]) {
        for directive in directives {
            if directive.name == "idempotent" {
                directive.arguments.forEach { use($0.value) }
                continue
            }
            guard directive.name == "include" || directive.name == "skip" else {
                add(
                    "Directive @\(directive.name) is not defined", "undefinedDirective", directive.location, path,
                    [JSON.Member("directiveName", .string(directive.name))])
                continue
            }
            directive.arguments.forEach { use($0.value) }
            if !directive.arguments.contains(where: { $0.name == "if" }) {
                add(
                    "Directive '\(directive.name)' is missing required arguments: if", "missingRequiredArguments",
                    directive.location, path)
            }
        }
    }

    private mutating func use(_ value: GraphQLValue) {
        switch value {
        case .variable(let name): usedVariables.insert(name)
        case .list(let values): values.forEach { use($0) }
        case .object(let members): members.forEach { use($0.value) }
        default: break
        }
    }

    private mutating func checkVariables() {
        let path: [JSON] = [.string(operation.title)]
        let title = operation.name ?? "anonymous \(operation.kind.rawValue)"
        for variable in operation.variables {
            if schema.types[variable.type.name] == nil {
                add(
                    "\(variable.type.name) isn't a defined input type (on $\(variable.name))",
                    "variableRequiresValidType", variable.location, path,
                    [
                        JSON.Member("typeName", .string(variable.type.name)),
                        JSON.Member("variableName", .string(variable.name)),
                    ])
            } else if !usedVariables.contains(variable.name) {
                add(
                    "Variable $\(variable.name) is declared by \(title) but not used", "variableNotUsed",
                    variable.location, path, [JSON.Member("variableName", .string(variable.name))])
            }
        }
        for name in usedVariables.subtracting(operation.variables.map(\.name)).sorted() {
            add(
                "Variable $\(name) is used by \(title) but not declared", "variableNotDefined", operation.location,
                path,
                [JSON.Member("variableName", .string(name))])
        }
    }

    private mutating func checkFragments() {
        for fragment in document.fragments.values.sorted(by: { $0.name < $1.name })
        where !usedFragments.contains(fragment.name) && document.operations.count == 1 {
            add(
                "Fragment \(fragment.name) was defined, but not used", "useAndDefineFragment", fragment.location,
                [.string("fragment \(fragment.name)")], [JSON.Member("fragmentName", .string(fragment.name))])
        }
    }
}

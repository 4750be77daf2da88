// Input values: the request's variables and a document's literals, checked and converted to plain JSON of the required
// type (specification, sections 3.5 to 3.12 "input coercion" and 6.1.2).

enum GraphQLInput {
    /// What is wrong with a value, and where inside it.
    struct Problem: Equatable {
        var path: [String]
        var explanation: String
    }

    /// The request's variables as the operation needs them. Throws one error for each that does not fit.
    static func variables(
        _ given: JSON, for operation: GraphQLOperation, schema: GraphQLSchema
    ) throws(GraphQLFaults) -> [String: JSON] {
        var out: [String: JSON] = [:]
        var errors: [GraphQLError] = []
        for variable in operation.variables {
            guard let value = given[variable.name] else {
                if let fallback = variable.fallback {
                    out[variable.name] = json(of: fallback, variables: [:])
                } else if variable.type.isNonNull {
                    errors.append(
                        error(variable, .null, Problem(path: [], explanation: "Expected value to not be null")))
                }
                continue
            }
            if let problem = problem(with: value, as: variable.type, schema: schema) {
                errors.append(error(variable, value, problem))
            } else {
                out[variable.name] = value
            }
        }
        guard errors.isEmpty else { throw GraphQLFaults(errors: errors) }
        return out
    }

    private static func error(_ variable: GraphQLVariable, _ value: JSON, _ problem: Problem) -> GraphQLError {
        let place = problem.path.isEmpty ? "" : " for \(problem.path.joined(separator: "."))"
        return GraphQLError(
            message: "Variable $\(variable.name) of type \(variable.type) was provided invalid value\(place) "
                + "(\(problem.explanation))",
            locations: [variable.location],
            extensions: [
                JSON.Member("code", "INVALID_VARIABLE"), JSON.Member("value", value),
                JSON.Member(
                    "problems",
                    [
                        [
                            "path": .array(problem.path.map(JSON.string)),
                            "explanation": .string(problem.explanation),
                        ]
                    ]),
            ])
    }

    /// The literal as JSON, with variables substituted. A missing variable is null.
    static func json(of value: GraphQLValue, variables: [String: JSON]) -> JSON {
        switch value {
        case .variable(let name): variables[name] ?? .null
        case .int(let value): .int(value)
        case .float(let value): .double(value)
        case .string(let text), .enumeration(let text): .string(text)
        case .bool(let value): .bool(value)
        case .null: .null
        case .list(let values): .array(values.map { json(of: $0, variables: variables) })
        case .object(let members):
            .object(members.map { JSON.Member($0.name, json(of: $0.value, variables: variables)) })
        }
    }

    /// What is wrong with a literal; nil if it fits. Variables inside it are assumed to fit.
    static func problem(
        with value: GraphQLValue, as type: GraphQLTypeReference, schema: GraphQLSchema
    ) -> Problem? {
        if case .variable = value { return nil }
        if case .list(let values) = value, case .list(let inner) = type.unwrapped {
            return values.lazy.compactMap { problem(with: $0, as: inner, schema: schema) }.first
        }
        if case .object(let members) = value, let input = schema.types[type.name], input.kind == .input {
            for member in members {
                guard let field = input.fields[member.name] else {
                    return Problem(path: [member.name], explanation: "Field is not defined on \(input.name)")
                }
                if var inner = problem(with: member.value, as: field.type, schema: schema) {
                    inner.path.insert(member.name, at: 0)
                    return inner
                }
            }
            return missing(in: input, given: members.map(\.name))
        }
        // An enum value is unquoted, a text never.
        let isEnum = schema.types[type.name]?.kind == .enum
        switch value {
        case .string where isEnum:
            return Problem(path: [], explanation: "Expected a \(type.name)")
        case .enumeration(let name) where !isEnum:
            return Problem(path: [], explanation: "Could not coerce value \(name) to \(type.name)")
        default: return problem(with: json(of: value, variables: [:]), as: type, schema: schema)
        }
    }

    /// What is wrong with a variable's value; nil if it fits.
    static func problem(with value: JSON, as type: GraphQLTypeReference, schema: GraphQLSchema) -> Problem? {
        switch type {
        case .nonNull(let inner):
            if value.isNull { return Problem(path: [], explanation: "Expected value to not be null") }
            return problem(with: value, as: inner, schema: schema)
        case .list(let inner):
            guard let values = value.array else {
                return value.isNull ? nil : problem(with: value, as: inner, schema: schema)
            }
            for (index, value) in values.enumerated() {
                if var problem = problem(with: value, as: inner, schema: schema) {
                    problem.path.insert(String(index), at: 0)
                    return problem
                }
            }
            return nil
        case .named(let name):
            guard !value.isNull, let definition = schema.types[name] else { return nil }
            return definition.kind == .input
                ? problem(with: value, asInput: definition, schema: schema)
                : problem(with: value, asLeaf: definition)
        }
    }

    private static func problem(
        with value: JSON, asInput input: GraphQLTypeDefinition, schema: GraphQLSchema
    ) -> Problem? {
        guard case .object(let members) = value else {
            return Problem(path: [], explanation: "Expected \(value.text) to be a key-value object.")
        }
        for member in members {
            guard let field = input.fields[member.name] else {
                return Problem(path: [member.name], explanation: "Field is not defined on \(input.name)")
            }
            if var problem = problem(with: member.value, as: field.type, schema: schema) {
                problem.path.insert(member.name, at: 0)
                return problem
            }
        }
        return missing(in: input, given: members.map(\.name))
    }

    private static func missing(in input: GraphQLTypeDefinition, given: [String]) -> Problem? {
        input.fields.values.filter { $0.type.isNonNull && !given.contains($0.name) }.map(\.name).min()
            .map { Problem(path: [$0], explanation: "Expected value to not be null") }
    }

    private static func problem(with value: JSON, asLeaf type: GraphQLTypeDefinition) -> Problem? {
        if type.kind == .enum {
            guard let text = value.string, type.values.contains(text) else {
                let values = type.values.joined(separator: ", ")
                return Problem(path: [], explanation: "Expected \(value.text) to be one of: \(values)")
            }
            return nil
        }
        let fits =
            switch type.name {
            case "Int": value.int.map { Int32(exactly: $0) != nil } ?? false
            case "Float": { if case .double = value { true } else { value.int != nil } }()
            case "Boolean": value.bool != nil
            case "String", "FormattedString", "Decimal", "Money", "URL": value.string != nil
            case "ID": value.string != nil || value.int != nil
            case "DateTime": value.string.map { ShopTime.parse($0) != nil } ?? false
            default: true
            }
        guard !fits else { return nil }
        if type.name == "ID", value.string == nil {
            return Problem(path: [], explanation: "Could not coerce value \(value.text) to ID")
        }
        return Problem(path: [], explanation: "Could not coerce value \(value.text) to \(type.name)")
    }
}

/// Everything that stopped a request.
struct GraphQLFaults: Error {
    var errors: [GraphQLError]
}

extension GraphQLTypeReference {
    /// Without an outer `!`.
    var unwrapped: GraphQLTypeReference {
        if case .nonNull(let inner) = self { return inner }
        return self
    }
}

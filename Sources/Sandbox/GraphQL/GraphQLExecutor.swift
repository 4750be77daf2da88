// Runs an operation over objects that know their own fields (specification, section 6). Selections are collected once
// per concrete type and place in the document, not once per object, so that a page of 250 orders costs just 250 times
// its fields.

/// The value of an object's field.
enum Resolved {
    case null
    case leaf(JSON)
    case object(any GraphQLObject)
    case list([Resolved])
    /// Written as it is, even if the schema forbids it: for the fault of an undecodable answer.
    case raw(JSON)
}

/// An object of the graph.
protocol GraphQLObject {
    /// The concrete type's name.
    var typeName: String { get }
    /// The value of one of its fields. Throws an entry for the answer's `errors`, to which the executor adds the path.
    func resolve(_ field: String, _ arguments: GraphQLArguments) throws(GraphQLError) -> Resolved
}

/// A field's arguments, coerced.
struct GraphQLArguments: Sendable {
    let values: [String: JSON]

    func int(_ name: String) -> Int? { values[name]?.int.map { Int($0) } }
    func string(_ name: String) -> String? { values[name]?.string }
    func bool(_ name: String) -> Bool { values[name]?.bool ?? false }
}

/// A field to answer for an object of one type.
final class PlannedField {
    let key: String
    let name: String
    let type: GraphQLTypeReference
    let arguments: GraphQLArguments
    let location: SourceLocation
    let selections: SelectionPlan

    init(_ field: GraphQLField, definition: GraphQLFieldDefinition, plan: SelectionPlan, variables: [String: JSON]) {
        key = field.key
        name = field.name
        type = definition.type
        location = field.location
        selections = plan
        var values: [String: JSON] = [:]
        for argument in field.arguments {
            if case .variable(let variable) = argument.value, variables[variable] == nil { continue }
            values[argument.name] = GraphQLInput.json(of: argument.value, variables: variables)
        }
        arguments = GraphQLArguments(values: values)
    }
}

/// The selections at one place of the document, collected for each type that occurs there.
final class SelectionPlan {
    private let document: GraphQLDocument
    private let schema: GraphQLSchema
    private let variables: [String: JSON]
    private var selections: [[GraphQLSelection]]
    private var gathered: [String: [PlannedField]] = [:]

    init(
        _ selections: [[GraphQLSelection]], document: GraphQLDocument, schema: GraphQLSchema, variables: [String: JSON]
    ) {
        self.selections = selections
        self.document = document
        self.schema = schema
        self.variables = variables
    }

    /// The fields to answer for an object of that type, with those of the same key merged.
    func fields(of type: String) -> [PlannedField] {
        if let known = gathered[type] { return known }
        var order: [String] = []
        var groups: [String: (field: GraphQLField, selections: [[GraphQLSelection]])] = [:]
        for set in selections { gather(set, type, &order, &groups) }
        let fields = order.compactMap { key -> PlannedField? in
            guard let group = groups[key], let definition = schema.field(group.field.name, of: type) else { return nil }
            let plan = SelectionPlan(group.selections, document: document, schema: schema, variables: variables)
            return PlannedField(group.field, definition: definition, plan: plan, variables: variables)
        }
        gathered[type] = fields
        return fields
    }

    /// The selections for all types and those for single types, for the cost.
    func conditions() -> Set<String> {
        var found: Set<String> = []
        func walk(_ selections: [GraphQLSelection]) {
            for selection in selections {
                switch selection {
                case .field: break
                case .spread(let name, _, _):
                    guard let fragment = document.fragments[name] else { continue }
                    found.insert(fragment.type)
                    walk(fragment.selections)
                case .inline(let type, _, let inner, _):
                    if let type { found.insert(type) }
                    walk(inner)
                }
            }
        }
        selections.forEach(walk)
        return found
    }

    private func gather(
        _ selections: [GraphQLSelection], _ type: String, _ order: inout [String],
        _ groups: inout [String: (field: GraphQLField, selections: [[GraphQLSelection]])]
    ) {
        for selection in selections {
            switch selection {
            case .field(let field):
                guard isIncluded(field.directives) else { continue }
                if groups[field.key] == nil {
                    order.append(field.key)
                    groups[field.key] = (field, [])
                }
                if !field.selections.isEmpty { groups[field.key]?.selections.append(field.selections) }
            case .spread(let name, let directives, _):
                guard isIncluded(directives), let fragment = document.fragments[name],
                    schema.isPossible(type, as: fragment.type)
                else { continue }
                gather(fragment.selections, type, &order, &groups)
            case .inline(let condition, let directives, let inner, _):
                guard isIncluded(directives), condition.map({ schema.isPossible(type, as: $0) }) ?? true else {
                    continue
                }
                gather(inner, type, &order, &groups)
            }
        }
    }

    private func isIncluded(_ directives: [GraphQLDirective]) -> Bool {
        directives.allSatisfy { directive in
            guard let condition = directive.arguments.first(where: { $0.name == "if" }) else { return true }
            let holds = GraphQLInput.json(of: condition.value, variables: variables).bool ?? false
            return directive.name == "skip" ? !holds : holds
        }
    }
}

/// Runs one operation and collects its errors.
struct GraphQLExecutor {
    private(set) var errors: [GraphQLError] = []
    private var path: [JSON] = []

    /// The answer's `data`.
    mutating func run(_ plan: SelectionPlan, on root: any GraphQLObject) -> JSON {
        object(root, plan) ?? .null
    }

    /// The object's fields; nil if a non-null field is null.
    private mutating func object(_ object: any GraphQLObject, _ plan: SelectionPlan) -> JSON? {
        let fields = plan.fields(of: object.typeName)
        var members: [JSON.Member] = []
        members.reserveCapacity(fields.count)
        for field in fields {
            path.append(.string(field.key))
            defer { path.removeLast() }
            if field.name == "__typename" {
                members.append(JSON.Member(field.key, .string(object.typeName)))
                continue
            }
            let resolved: Resolved
            do throws(GraphQLError) {
                resolved = try object.resolve(field.name, field.arguments)
            } catch {
                var error = error
                error.path = path
                error.locations = [field.location]
                errors.append(error)
                resolved = .null
            }
            guard let value = complete(resolved, as: field.type, field) else { return nil }
            members.append(JSON.Member(field.key, value))
        }
        return .object(members)
    }

    private mutating func complete(
        _ resolved: Resolved, as type: GraphQLTypeReference, _ field: PlannedField
    ) -> JSON? {
        switch type {
        case .nonNull(let inner):
            if case .raw(let json) = resolved { return json }
            guard let value = complete(resolved, as: inner, field), !value.isNull else { return nil }
            return value
        case .list(let inner):
            guard case .list(let items) = resolved else { return json(resolved, field) ?? .null }
            var values: [JSON] = []
            values.reserveCapacity(items.count)
            for (index, item) in items.enumerated() {
                path.append(.int(Int64(index)))
                defer { path.removeLast() }
                guard let value = complete(item, as: inner, field) else { return .null }
                values.append(value)
            }
            return .array(values)
        case .named: return json(resolved, field) ?? .null
        }
    }

    private mutating func json(_ resolved: Resolved, _ field: PlannedField) -> JSON? {
        switch resolved {
        case .null: .null
        case .leaf(let json), .raw(let json): json
        case .object(let inner): object(inner, field.selections)
        case .list(let items): .array(items.map { json($0, field) ?? .null })
        }
    }
}

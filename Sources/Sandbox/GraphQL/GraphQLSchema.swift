// A GraphQL API: types, their fields, arguments, interfaces and enum values.

/// A type of the API.
struct GraphQLTypeDefinition: Sendable {
    enum Kind: String, Sendable { case type, interface, input, `enum`, union, scalar }

    var kind: Kind
    var name: String
    var fields: [String: GraphQLFieldDefinition] = [:]
    var interfaces: [String] = []
    /// Of a union.
    var members: [String] = []
    /// Of an enum.
    var values: [String] = []

    init(kind: Kind, name: String) {
        self.kind = kind
        self.name = name
    }

    /// Whether its values have fields to select.
    var isComposite: Bool { kind == .type || kind == .interface || kind == .union }
}

/// A field of a type, or of an input.
struct GraphQLFieldDefinition: Sendable {
    struct Argument: Sendable {
        var name: String
        var type: GraphQLTypeReference
    }

    var name: String
    var type: GraphQLTypeReference
    var arguments: [Argument]
}

/// All types of an API, by name.
struct GraphQLSchema: Sendable {
    let types: [String: GraphQLTypeDefinition]
    private let possible: [String: Set<String>]

    init(_ text: String) throws(GraphQLSyntaxError) {
        var types: [String: GraphQLTypeDefinition] = [:]
        for name in ["ID", "String", "Int", "Float", "Boolean"] {
            types[name] = GraphQLTypeDefinition(kind: .scalar, name: name)
        }
        var possible: [String: Set<String>] = [:]
        for type in try GraphQLParser.types(text) {
            types[type.name] = type
            if type.kind == .type {
                possible[type.name, default: []].insert(type.name)
                for interface in type.interfaces { possible[interface, default: []].insert(type.name) }
            }
            if type.kind == .union { possible[type.name, default: []].formUnion(type.members) }
        }
        self.types = types
        self.possible = possible
    }

    /// The name of the root type for that kind of operation.
    func root(_ kind: GraphQLOperation.Kind) -> String { kind == .mutation ? "Mutation" : "QueryRoot" }

    /// The field of a type, `__typename` included.
    func field(_ name: String, of type: String) -> GraphQLFieldDefinition? {
        if name == "__typename" {
            return GraphQLFieldDefinition(name: name, type: .nonNull(.named("String")), arguments: [])
        }
        return types[type]?.fields[name]
    }

    /// Whether an object of type `concrete` is one of `type`.
    func isPossible(_ concrete: String, as type: String) -> Bool {
        concrete == type || possible[type]?.contains(concrete) == true
    }

    /// Whether an object can be of both types.
    func overlap(_ one: String, _ other: String) -> Bool {
        !(possible[one] ?? [one]).isDisjoint(with: possible[other] ?? [other])
    }
}

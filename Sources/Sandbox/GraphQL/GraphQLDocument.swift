// The parts of a GraphQL document (specification of October 2021, section 2), each with its position, for error
// messages.

/// Line and column, both counted from one.
struct SourceLocation: Hashable, Sendable {
    var line: Int
    var column: Int
}

/// A parsed document: its operations and its named fragments.
struct GraphQLDocument: Sendable {
    var operations: [GraphQLOperation] = []
    var fragments: [String: GraphQLFragment] = [:]
}

/// One `query` or `mutation`.
struct GraphQLOperation: Sendable {
    enum Kind: String, Sendable { case query, mutation, subscription }

    var kind: Kind
    var name: String?
    var variables: [GraphQLVariable]
    var selections: [GraphQLSelection]
    var location: SourceLocation

    /// How errors call it: `query PollOrders`, or `query` when it has no name.
    var title: String { name.map { "\(kind.rawValue) \($0)" } ?? kind.rawValue }
}

/// `$first: Int! = 10`.
struct GraphQLVariable: Sendable {
    var name: String
    var type: GraphQLTypeReference
    var fallback: GraphQLValue?
    var location: SourceLocation
}

/// `fragment Parcel on Fulfillment { … }`.
struct GraphQLFragment: Sendable {
    var name: String
    var type: String
    var selections: [GraphQLSelection]
    var location: SourceLocation
}

/// The selections between braces.
indirect enum GraphQLSelection: Sendable {
    case field(GraphQLField)
    case spread(name: String, directives: [GraphQLDirective], location: SourceLocation)
    case inline(type: String?, directives: [GraphQLDirective], selections: [GraphQLSelection], location: SourceLocation)
}

/// `alias: name(arguments) @directives { selections }`.
struct GraphQLField: Sendable {
    var alias: String?
    var name: String
    var arguments: [GraphQLArgument]
    var directives: [GraphQLDirective]
    var selections: [GraphQLSelection]
    var location: SourceLocation

    /// The name of its value in the answer.
    var key: String { alias ?? name }
}

/// `first: 10`.
struct GraphQLArgument: Sendable {
    var name: String
    var value: GraphQLValue
    var location: SourceLocation
}

/// `@include(if: $details)`.
struct GraphQLDirective: Sendable {
    var name: String
    var arguments: [GraphQLArgument]
    var location: SourceLocation
}

/// A value as it is written in a document.
indirect enum GraphQLValue: Equatable, Sendable {
    case variable(String)
    case int(Int64)
    case float(Double)
    case string(String)
    case bool(Bool)
    case null
    case enumeration(String)
    case list([GraphQLValue])
    case object([Member])

    struct Member: Equatable, Sendable {
        var name: String
        var value: GraphQLValue
    }
}

/// `[ID!]!`.
indirect enum GraphQLTypeReference: Hashable, Sendable, CustomStringConvertible {
    case named(String)
    case list(GraphQLTypeReference)
    case nonNull(GraphQLTypeReference)

    /// The name inside all brackets.
    var name: String {
        switch self {
        case .named(let name): name
        case .list(let inner), .nonNull(let inner): inner.name
        }
    }

    var isNonNull: Bool {
        if case .nonNull = self { return true }
        return false
    }

    var description: String {
        switch self {
        case .named(let name): name
        case .list(let inner): "[\(inner)]"
        case .nonNull(let inner): "\(inner)!"
        }
    }
}

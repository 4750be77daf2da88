/// One entry of an answer's `errors`.
struct GraphQLError: Error, Equatable, Sendable {
    var message: String
    var locations: [SourceLocation] = []
    var path: [JSON] = []
    /// The members of `extensions`: `code` and what belongs to it.
    var extensions: [JSON.Member] = []

    var json: JSON {
        var members = [JSON.Member("message", .string(message))]
        if !locations.isEmpty {
            let places = locations.map { location -> JSON in
                ["line": .int(Int64(location.line)), "column": .int(Int64(location.column))]
            }
            members.append(JSON.Member("locations", .array(places)))
        }
        if !path.isEmpty { members.append(JSON.Member("path", .array(path))) }
        if !extensions.isEmpty { members.append(JSON.Member("extensions", .object(extensions))) }
        return .object(members)
    }

    var code: String? { extensions.first { $0.name == "code" }?.value.string }
}

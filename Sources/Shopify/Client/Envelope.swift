// The envelope of every Admin GraphQL API answer, and what its errors mean.

internal import FoundationEssentials
/// The frame of an answer.
struct Envelope<Content: Decodable & Sendable>: Decodable, Sendable {
    var data: Content?
    var errors: [GraphQLError]
    var cost: CostReport?
    var searchWarning: SearchWarning?

    private enum CodingKeys: String, CodingKey { case data, errors, extensions }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        // `errors` is an array of objects, but a plain text if the request did not reach GraphQL.
        if let list = try? container.decodeIfPresent([GraphQLError].self, forKey: .errors) {
            errors = list
        } else if container.contains(.errors), (try? container.decodeNil(forKey: .errors)) != true {
            errors = [GraphQLError(code: nil, path: [], requiredAccess: nil)]
        } else {
            errors = []
        }
        do { data = try container.decodeIfPresent(Content.self, forKey: .data) } catch {
            // If the whole query failed, `data` may be just null; then the errors say more than its shape.
            if errors.isEmpty { throw error }
        }
        let extensions = try? container.decodeIfPresent(Extensions.self, forKey: .extensions)
        cost = extensions?.cost
        searchWarning = extensions?.search?.lazy.compactMap { $0.warnings?.first }.first
    }

    private struct Extensions: Decodable {
        struct Search: Decodable { var warnings: [SearchWarning]? }
        var cost: CostReport?
        var search: [Search]?

        private enum CodingKeys: String, CodingKey { case cost, search }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            cost = try? container.decodeIfPresent(CostReport.self, forKey: .cost)
            do { search = try container.decodeIfPresent([Search].self, forKey: .search) } catch {
                // The search warnings are unreadable: perhaps a filter was not understood.
                search = [Search(warnings: [SearchWarning(field: nil, code: nil)])]
            }
        }
    }
}

struct SearchWarning: Decodable, Sendable {
    var field: String?
    var code: String?
}

/// One of `errors`. Its message is not kept: it is meant for authors of queries, and may repeat parts of the data.
package struct GraphQLError: Decodable, Sendable {
    package var code: String?
    /// Names and positions, from the root of the answer.
    package var path: [Step]
    /// The scopes that would suffice, in Shopify's words.
    var requiredAccess: String?
    var cost: Int?
    var maxCost: Int?

    package enum Step: Hashable, Sendable {
        case name(String)
        case position(Int)
    }

    init(code: String?, path: [Step], requiredAccess: String?) {
        self.code = code
        self.path = path
        self.requiredAccess = requiredAccess
    }

    private enum CodingKeys: String, CodingKey { case message, path, extensions }
    private enum ExtensionKeys: String, CodingKey { case code, requiredAccess, cost, maxCost }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let extensions = try? container.nestedContainer(keyedBy: ExtensionKeys.self, forKey: .extensions)
        code = (try? extensions?.decode(String.self, forKey: .code)).flatMap(plainWord)
        requiredAccess = try? extensions?.decode(String.self, forKey: .requiredAccess)
        cost = (try? extensions?.decode(WireInt.self, forKey: .cost))?.value
        maxCost = (try? extensions?.decode(WireInt.self, forKey: .maxCost))?.value
        path = []
        if var steps = try? container.nestedUnkeyedContainer(forKey: .path) {
            while !steps.isAtEnd, path.count < 64 {
                if let position = try? steps.decode(Int.self) {
                    path.append(.position(position))
                } else if let name = try? steps.decode(String.self) {
                    path.append(.name(name))
                } else {
                    break
                }
            }
        }
        if code == nil {
            // An answer may have the message but no code (seen with customer data that an app is not approved for).
            let message = (try? container.decode(String.self, forKey: .message)) ?? ""
            if message == "Throttled" { code = "THROTTLED" }
            if message.hasPrefix("This app is not approved to access") { code = "ACCESS_DENIED" }
            if message.hasPrefix("Access denied") { code = "ACCESS_DENIED" }
        }
    }

    /// The scopes that it names.
    package var scopes: [String] {
        let words = (requiredAccess ?? "").split { !($0.isASCII && ($0.isLetter || $0 == "_")) }
        return words.filter { $0.hasPrefix("read_") || $0.hasPrefix("write_") }.map(String.init)
    }
}

/// Shopify's global ids.
package enum GlobalID {
    /// The number at the end of `gid://shopify/Order/123`, or the whole text if it is not such an id.
    package static func number(_ id: String) -> String {
        guard let slash = id.lastIndex(of: "/") else { return id }
        return String(id[id.index(after: slash)...].prefix { $0 != "?" })
    }
}

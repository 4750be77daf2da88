// A carrier as its clients see it: its paths, its login, and the form of its answers. Everything common to all (valid
// tokens, quotas, faults, parcels) is in the counter; a face only translates.

internal import Foundation

/// The purpose of a request to a carrier.
enum CarrierCall: Sendable {
    /// A token, with the given name and secret.
    case login(id: String, secret: String)
    /// Information on these numbers.
    case ask([String])
    /// Registration of these numbers.
    case register([String])
    /// Unknown to the carrier.
    case nonsense(String)
}

/// How a request authenticates.
enum CarrierProof: Sendable {
    /// A token issued by the counter.
    case token(String)
    /// A name (or key) and, where there is one, its secret.
    case login(id: String, secret: String?)
    case none
}

/// Why a request gets no parcels.
enum CarrierRefusal: Sendable {
    case unauthorized
    case tooManyCalls
    /// More numbers than one call may hold.
    case tooManyNumbers
    case nonsense
    /// The carrier has a problem.
    case trouble
}

/// One requested number, with its data.
struct AskedNumber: Sendable {
    var number: String
    /// Nil if the carrier does not know it.
    var parcel: CarrierParcel?
    /// False if the number needs registration first, and has none.
    var isRegistered = true
}

/// One carrier's protocol.
protocol FakeCarrier: Sendable {
    /// Its name under `carriers:` in the settings.
    var name: String { get }
    /// Numbers in one call.
    var batch: Int { get }
    /// Whether numbers have to be registered before they can be asked for.
    var registersFirst: Bool { get }
    /// The lifetime of a token, in seconds; nil if it uses none.
    var tokenLifetime: Double? { get }
    /// Calls per this many seconds, as published.
    var quota: (calls: Int, seconds: Double)? { get }
    /// Whether it carries the parcels of a company named in Shopify; an aggregator knows them all.
    func carries(_ company: String) -> Bool
    /// The purpose of a request; nil if it is not for this carrier.
    func call(_ request: WebRequest) -> CarrierCall?
    /// How it authenticates.
    func proof(_ request: WebRequest) -> CarrierProof
    /// The answer about parcels. `now` is the carrier's clock.
    func answer(_ numbers: [AskedNumber], now: Date) -> WebResponse
    /// The answer to a registration; `known` were registered before.
    func registered(_ numbers: [String], known: Set<String>, now: Date) -> WebResponse
    /// The answer that there is a token.
    func granted(_ token: String, lifetime: Int) -> WebResponse
    /// A refusal in the carrier's own form and status.
    func refusal(_ refusal: CarrierRefusal) -> WebResponse
    /// The JSON fields of a scan's code; empty if codes are sent differently.
    var codeKeys: Set<String> { get }
    /// Its answer for a number whose label belongs to another account; nil if it shows all numbers.
    var notOurs: WebResponse? { get }
}

extension FakeCarrier {
    var batch: Int { 1 }
    var registersFirst: Bool { false }
    var tokenLifetime: Double? { nil }
    var quota: (calls: Int, seconds: Double)? { nil }
    var codeKeys: Set<String> { [] }
    var notOurs: WebResponse? { nil }
    func registered(_ numbers: [String], known: Set<String>, now: Date) -> WebResponse {
        .refusal("nothing is registered here", status: 404)
    }
    func granted(_ token: String, lifetime: Int) -> WebResponse {
        .json([
            "access_token": .string(token), "token_type": "Bearer", "expires_in": .int(Int64(lifetime)),
        ])
    }

    /// Whether a company's name has one of these words.
    static func names(_ company: String, _ words: String...) -> Bool {
        let company = company.lowercased()
        return words.contains { company.contains($0) }
    }
}

extension WebRequest {
    /// `Authorization: Basic …`, taken apart (RFC 7617).
    var basic: CarrierProof {
        guard let value = headers["authorization"], value.lowercased().hasPrefix("basic "),
            let data = Data(base64Encoded: String(value.dropFirst(6)))
        else { return .none }
        let sides = String(decoding: data, as: UTF8.self).split(
            separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        return .login(id: String(sides[0]), secret: sides.count > 1 ? String(sides[1]) : nil)
    }

    /// `Authorization: Bearer …` (RFC 6750).
    var bearer: CarrierProof {
        guard let value = headers["authorization"], value.lowercased().hasPrefix("bearer ") else { return .none }
        return .token(String(value.dropFirst(7)))
    }

    /// A key in a header.
    func key(_ header: String) -> CarrierProof { headers[header].map { .login(id: $0, secret: nil) } ?? .none }

    /// The client credentials of a form (RFC 6749, 4.4 and 2.3.1), or of the Basic header.
    var clientCredentials: CarrierCall {
        let form = Self.form(String(decoding: body, as: UTF8.self))
        guard form["grant_type"] == "client_credentials" || form["grant_type"] == "refresh_token" else {
            return .nonsense("grant_type is missing")
        }
        if let id = form["client_id"], let secret = form["client_secret"] { return .login(id: id, secret: secret) }
        guard case .login(let id, let secret) = basic else { return .nonsense("the client is missing") }
        return .login(id: id, secret: secret ?? "")
    }

    var json: JSON? { try? JSON.parse(body) }
}

extension WebResponse {
    static func xml(_ text: String, status: Int = 200) -> WebResponse {
        WebResponse(status, type: "application/xml; charset=utf-8", Array(text.utf8))
    }
}

extension String {
    /// As text of XML.
    var inXML: String {
        var out = ""
        for scalar in unicodeScalars {
            switch scalar {
            case "&": out += "&amp;"
            case "<": out += "&lt;"
            case ">": out += "&gt;"
            case "\"": out += "&quot;"
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out
    }
}

extension JSON {
    /// Replaces the texts under these names with `text` in the first object, in document order, that has them all.
    /// False if there is none.
    mutating func replaceFirst(_ names: Set<String>, with text: String) -> Bool {
        switch self {
        case .object(var members):
            let places = members.indices.filter { names.contains(members[$0].name) && members[$0].value.string != nil }
            if !names.isEmpty, Set(places.map { members[$0].name }) == names {
                for place in places { members[place].value = .string(text) }
            } else {
                let found = members.indices.contains { members[$0].value.replaceFirst(names, with: text) }
                guard found else { return false }
            }
            self = .object(members)
            return true
        case .array(var elements):
            guard elements.indices.contains(where: { elements[$0].replaceFirst(names, with: text) }) else {
                return false
            }
            self = .array(elements)
            return true
        default: return false
        }
    }
}

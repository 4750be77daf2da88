package import Platform

/// Why Shopify gave no usable answer. Each failure says how to react (`remedy`) and what a person can do (`fix`).
///
/// None contains a token, an address, or any other customer data.
package enum ShopifyFailure: Error, Equatable, Sendable {
    /// The bucket is empty: the query fits after that time.
    case throttled(wait: Duration)
    /// The query exceeds the cost limit of a single query: ask for less. With the points, if the answer states them.
    case overCost(cost: Int?, limit: Int?)
    /// The answer was larger than we accept: ask for less.
    case tooLarge
    /// The token, or the client id and secret, are not valid. The reason is Shopify's code, if it has one.
    case unauthorized(reason: String?)
    /// The token may not read or write something, with the scopes that it lacks.
    case forbiddenScope([String])
    /// The whole shop does not answer: not found, unpaid, locked, forbidden.
    case shopUnavailable(status: Int)
    /// Shopify has a problem, or sent HTML instead of JSON. The request's id is for Shopify's support.
    case server(status: Int, requestID: String?)
    /// HTTP 429 or 430, and how long to wait, if it says so.
    case rateLimited(retryAfter: Duration?)
    /// There was no complete answer.
    case transport(TransferFailure)
    /// A filter was not understood, so everything was listed: field and code.
    case searchWarning(field: String, code: String)
    /// According to its error codes, Shopify does not know one of our fields or arguments: another version than ours is
    /// answering.
    case invalidQuery(codes: [String])
    /// The answer does not match the API: what is wrong with it.
    case malformed(String)
    /// Another version of the API than ours answered.
    case wrongVersion(asked: String, served: String)
}

extension ShopifyFailure {
    /// How to react to a failure.
    package enum Remedy: Hashable, Sendable {
        /// Wait that long, then repeat; nothing is wrong.
        case wait(Duration)
        /// Ask for less per query.
        case smaller
        /// Repeat soon, then at growing intervals.
        case backOff(atLeast: Duration?)
        /// Only this shop stops; it is retried at growing intervals, because only a person can fix it.
        case stopShop
    }

    /// What to do about it.
    package var remedy: Remedy {
        switch self {
        case .throttled(let wait): .wait(wait)
        case .overCost, .tooLarge: .smaller
        case .server, .transport, .malformed: .backOff(atLeast: nil)
        case .rateLimited(let retryAfter): .backOff(atLeast: retryAfter)
        case .unauthorized, .forbiddenScope, .shopUnavailable, .searchWarning, .invalidQuery, .wrongVersion: .stopShop
        }
    }

    /// Its word in the journal and metrics.
    package var reason: String {
        switch self {
        case .throttled: "throttled"
        case .overCost: "over_cost"
        case .tooLarge: "too_large"
        case .unauthorized: "unauthorized"
        case .forbiddenScope: "forbidden_scope"
        case .shopUnavailable: "shop_unavailable"
        case .server: "server"
        case .rateLimited: "rate_limited"
        case .transport: "transport"
        case .searchWarning: "search_warning"
        case .invalidQuery: "invalid_query"
        case .malformed: "malformed"
        case .wrongVersion: "wrong_version"
        }
    }

    /// True if it came from our side, not Shopify's: the task was cancelled.
    package var isCancellation: Bool {
        if case .transport(let failure) = self { return failure.kind == .cancelled }
        return false
    }
}

extension ShopifyFailure: CustomStringConvertible {
    /// What happened and how to fix it, in a sentence or two.
    package var description: String { fix.isEmpty ? what : "\(what); \(fix)" }

    /// What happened.
    package var what: String {
        switch self {
        case .throttled(let wait): "Shopify asks to wait \(wait.boundedMilliseconds) ms before the next query"
        case .overCost(let cost, let limit):
            "the query may cost \(cost.map(String.init) ?? "too many") points; \(limit ?? Document.costLimit) is the limit"
        case .tooLarge: "the answer is too large"
        case .unauthorized(let reason): "Shopify rejects the credentials\(reason.map { " (\($0))" } ?? "")"
        case .forbiddenScope(let names):
            "the app may not do what bookbag needs"
                + (names.isEmpty ? "" : ": it lacks \(names.joined(separator: ", "))")
        case .shopUnavailable(let status):
            switch status {
            case 402: "the shop is closed until its Shopify bill is paid (HTTP 402)"
            case 403: "Shopify refuses the app access to the shop (HTTP 403)"
            case 404: "there is no shop at this address (HTTP 404)"
            case 423: "Shopify has locked the shop (HTTP 423)"
            case 300..<400: "the shop is at another address (HTTP \(status))"
            default: "the shop does not answer (HTTP \(status))"
            }
        case .server(let status, let id):
            "Shopify failed to answer (HTTP \(status)\(id.map { ", request \($0)" } ?? ""))"
        case .rateLimited(let retryAfter):
            "Shopify limits the requests" + (retryAfter.map { " for \($0.components.seconds) s" } ?? "")
        case .transport(let failure): "no answer from Shopify: \(failure)"
        case .searchWarning(let field, let code): "Shopify did not understand the filter '\(field)' (\(code))"
        case .invalidQuery(let codes): "Shopify refuses the query (\(codes.joined(separator: ", ")))"
        case .malformed(let what): "Shopify's answer is not as documented: \(what)"
        case .wrongVersion(let asked, let served):
            "the API answered in version \(served); version \(asked) was requested"
        }
    }

    /// How a person can fix it; empty if it passes by itself.
    package var fix: String {
        switch self {
        case .unauthorized(let reason):
            switch reason {
            case "shop_not_permitted":
                "client credentials work only for an app and a shop of the same organisation; use the shop's own app, or its access token"
            case "app_not_installed", "application_cannot_be_found":
                "install the app in this shop and check its client id"
            default: "check the token, or the client id and secret, and that the app is installed in this shop"
            }
        case .forbiddenScope: "grant the scopes to the app and install it again"
        case .shopUnavailable(let status):
            switch status {
            case 402, 423: "the shop's owner can fix this in Shopify; bookbag retries by itself"
            case 404, 300..<400:
                "check the domain in the configuration: it is the permanent one that ends in myshopify.com"
            default: "check that the app is still installed in this shop"
            }
        case .searchWarning, .invalidQuery, .wrongVersion:
            "update bookbag to a release that supports this version of the API"
        default: ""
        }
    }
}

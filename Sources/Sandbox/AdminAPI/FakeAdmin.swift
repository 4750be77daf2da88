// The shop's HTTP side: tokens, versions, headers, and all errors before GraphQL is reached.
// https://shopify.dev/docs/api/usage/response-codes, https://shopify.dev/docs/apps/build/authentication-authorization

internal import FoundationEssentials
import Synchronization

/// Who may access the shop.
public struct SandboxCredentials: Sendable {
    /// A token that never expires, as older apps have; none if nil.
    public var token: String?
    /// For the client-credentials grant.
    public var clientID: String
    /// The secret that belongs to it.
    public var clientSecret: String
    /// The lifetime of a granted token. Shopify's is 86,399 s.
    public var tokenLifetime: Duration
    /// What tokens allow.
    public var scopes: [String]

    /// The scopes that a notifier asks for.
    public static let usualScopes = [
        "read_orders", "read_customers", "read_returns", "read_products", "read_locations", "read_fulfillments",
        "read_merchant_managed_fulfillment_orders", "write_discounts", "write_orders", "write_customers",
        "write_merchant_managed_fulfillment_orders", "write_store_credit_account_transactions",
        "read_store_credit_accounts", "read_store_credit_account_transactions", "write_draft_orders",
        "read_draft_orders", "write_returns",
    ]

    /// Every part has its usual default.
    public init(
        token: String? = "shpat_sandbox", clientID: String = "sandbox-client", clientSecret: String = "sandbox-secret",
        tokenLifetime: Duration = .seconds(86_399), scopes: [String] = usualScopes
    ) {
        self.token = token
        self.clientID = clientID
        self.clientSecret = clientSecret
        self.tokenLifetime = tokenLifetime
        self.scopes = scopes
    }
}

final class FakeAdmin: Sendable {
    let service: AdminService
    let faults: SandboxFaults<ShopFault>
    private let credentials: SandboxCredentials
    private let granted = Mutex<[String: Date]>([:])
    private let random: Mutex<SeededRandom>

    private var clock: SandboxClock { service.shop.clock }

    init(service: AdminService, credentials: SandboxCredentials, faults: SandboxFaults<ShopFault>, seed: UInt64) {
        self.service = service
        self.credentials = credentials
        self.faults = faults
        random = Mutex(SeededRandom(seed: seed ^ 0xA11))
    }

    /// Answers requests under `/admin`.
    func respond(_ request: WebRequest) -> WebResponse {
        let fault = faults.draw()
        var response = fault.flatMap(failure) ?? answer(request, throttled: fault == .throttled)
        let ahead: Double = fault == .wrongDate ? 3600 : 0
        response.headers.append(("Date", ShopTime.http(clock.now().addingTimeInterval(ahead))))
        response.headers.append(("X-Request-Id", requestID()))
        if fault == .slow { response.delay = faults.slowness }
        if fault == .dropped { response.ending = .cut(after: response.body.count / 2) }
        return response
    }

    private func requestID() -> String {
        let (high, low) = random.withLock { ($0.next(), $0.next()) }
        let digits = Array(Self.hex(high) + Self.hex(low))
        let groups = [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { String(digits[$0]) }
        return groups.joined(separator: "-")
    }

    private static func hex(_ value: UInt64) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    private func failure(_ fault: ShopFault) -> WebResponse? {
        func page(_ status: Int, _ title: String) -> WebResponse {
            .html(
                "<!DOCTYPE html><html><head><title>\(title)</title></head><body><h1>\(title)</h1></body></html>",
                status: status)
        }
        switch fault {
        case .throttled, .slow, .dropped, .wrongDate: return nil
        case .tooManyRequests:
            var response = WebResponse.json(["errors": "Exceeded 2 calls per second for api client."], status: 429)
            response.headers.append(("Retry-After", "2.0"))
            return response
        case .serverError: return page(500, "Something went wrong")
        case .badGateway: return page(502, "502 Bad Gateway")
        case .paymentRequired: return .json(["errors": "Unavailable Shop"], status: 402)
        case .locked: return .json(["errors": "Unavailable Shop"], status: 423)
        case .unauthorized: return unauthorized
        }
    }

    private var unauthorized: WebResponse {
        .json(
            ["errors": "[API] Invalid API key or access token (unrecognized login or wrong password)"], status: 401)
    }

    private func answer(_ request: WebRequest, throttled: Bool) -> WebResponse {
        let parts = request.parts
        if parts == ["admin", "oauth", "access_token"] {
            return request.method == "POST" ? grant(request) : .json(["errors": "Not Found"], status: 404)
        }
        guard parts.count == 4, parts[0] == "admin", parts[1] == "api", parts[3] == "graphql.json" else {
            return .json(["errors": "Not Found"], status: 404)
        }
        guard request.method == "POST" else { return .json(["errors": "Not Found"], status: 405) }
        guard let token = request.headers["x-shopify-access-token"], isGood(token) else { return unauthorized }
        let body: JSON
        do throws(JSON.Fault) {
            body = try JSON.parse(request.body)
        } catch {
            return .json(["errors": .string("Bad Request: \(error.message)")], status: 400)
        }
        var response = WebResponse.json(
            service.answer(body, scopes: Set(credentials.scopes), throttled: throttled))
        response.headers.append(("X-Shopify-API-Version", service.versions.answering(parts[2])))
        return response
    }

    private func isGood(_ token: String) -> Bool {
        if token == credentials.token { return true }
        let now = clock.now()
        return granted.withLock { $0[token].map { $0 > now } ?? false }
    }

    /// The client-credentials grant, form or JSON. RFC 6749, 4.4 and 5.2.
    private func grant(_ request: WebRequest) -> WebResponse {
        let text = String(decoding: request.body, as: UTF8.self)
        let values: (String) -> String?
        if request.headers["content-type"]?.hasPrefix("application/json") == true {
            let json = try? JSON.parse(request.body)
            values = { json?[$0]?.string }
        } else {
            let form = WebRequest.form(text)
            values = { form[$0] }
        }
        func refused(_ code: String, _ words: String) -> WebResponse {
            .json(["error": .string(code), "error_description": .string(words)], status: 400)
        }
        guard values("grant_type") == "client_credentials" else {
            return refused("unsupported_grant_type", "The sandbox grants client_credentials only.")
        }
        guard values("client_id") == credentials.clientID, values("client_secret") == credentials.clientSecret else {
            return refused("invalid_client", "The client id or secret is wrong.")
        }
        let token = "shpat_" + random.withLock { Self.hex($0.next()) + Self.hex($0.next()) }
        let lifetime = credentials.tokenLifetime.inSeconds
        let now = clock.now()
        granted.withLock { tokens in
            tokens = tokens.filter { $0.value > now }
            tokens[token] = now.addingTimeInterval(lifetime)
        }
        return .json([
            "access_token": .string(token), "scope": .string(credentials.scopes.joined(separator: ",")),
            "expires_in": .int(Int64(lifetime)),
        ])
    }
}

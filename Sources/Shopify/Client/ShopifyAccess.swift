// An older app has a token that is valid until revoked. A newer one has a client id and a secret, which get a token for
// a day (shopify.dev/docs/apps/build/authentication-authorization/access-tokens/client-credentials-grant). We fetch the
// next one while the last is still valid, one at a time however many tasks need it, and at once when Shopify refuses
// the current one.

internal import FoundationEssentials
package import Platform

/// Our credentials for the shop.
package enum ShopifyCredentials: Sendable, Hashable {
    /// The access token of an app created in the shop's admin.
    case token(SecretString)
    /// The client id and secret of an app created in the Dev Dashboard.
    case client(id: String, secret: SecretString)
}

/// The current token, renewed in time. One per shop.
actor ShopifyAccess {
    /// A token with its number, so that only the refused one is discarded.
    struct Token: Sendable {
        var value: SecretString
        var number: Int
        /// When it expires; nil if never.
        var expires: Timestamp?
        /// When to fetch the next one.
        var renewAt: Timestamp?
    }

    private let endpoint: String
    private let credentials: ShopifyCredentials
    private let transport: any HTTPTransport
    private let clock: ShopClock
    private var token: Token?
    private var purchase: Task<Result<Token, ShopifyFailure>, Never>?
    private var purchases = 0

    init(endpoint: String, credentials: ShopifyCredentials, transport: any HTTPTransport, clock: ShopClock) {
        self.endpoint = endpoint
        self.credentials = credentials
        self.transport = transport
        self.clock = clock
        if case .token(let value) = credentials { token = Token(value: value, number: 0) }
    }

    /// A token that is valid as far as we know. Fetches one if there is none, or if only a tenth of its life is left;
    /// if that fails while the old one is still valid, the old one is used.
    func current() async throws(ShopifyFailure) -> Token {
        let now = clock.now()
        guard let held = token else { return try await buy() }
        guard let renewAt = held.renewAt, let expires = held.expires, now >= renewAt else { return held }
        do { return try await buy() } catch {
            if now < expires, !error.isCancellation { return held }
            throw error
        }
    }

    /// Reports that Shopify refused that token. Returns whether asking again may yield another.
    func refuse(_ number: Int) -> Bool {
        guard case .client = credentials else { return false }
        if token?.number == number { token = nil }
        return true
    }

    private func buy() async throws(ShopifyFailure) -> Token {
        guard case .client(let id, let secret) = credentials else { throw .unauthorized(reason: nil) }
        if let purchase { return try await purchase.value.get() }
        purchases += 1
        let number = purchases
        let url = endpoint + "/admin/oauth/access_token"
        // A separate task, because the first caller may be cancelled while others wait for the same token.
        let purchase = Task { [transport, clock] in
            await Self.buy(
                number: number, url: url, id: id, secret: secret, transport: transport, clock: clock)
        }
        self.purchase = purchase
        let result = await purchase.value
        self.purchase = nil
        if case .success(let bought) = result { token = bought }
        return try result.get()
    }

    private struct Grant: Decodable {
        var access_token: String
        var expires_in: WireInt?
    }

    private struct Refusal: Decodable { var error: String? }

    private static func buy(
        number: Int, url: String, id: String, secret: SecretString, transport: any HTTPTransport, clock: ShopClock
    ) async -> Result<Token, ShopifyFailure> {
        let fields = [
            "grant_type": "client_credentials", "client_id": id, "client_secret": secret.reveal(),
        ]
        guard let body = try? JSONEncoder().encode(fields) else { return .failure(.malformed("the credentials")) }
        let request = HTTPRequest(
            .post, url,
            headers: [HTTPField("Content-Type", "application/json"), HTTPField("Accept", "application/json")],
            body: [UInt8](body), maximumResponseBytes: 1 << 16)
        do throws(TransferFailure) {
            let response = try await transport.send(request)
            let now = clock.now()
            if (200..<300).contains(response.status) {
                guard let grant = try? JSONDecoder().decode(Grant.self, from: Data(response.body)),
                    !grant.access_token.isEmpty
                else { return .failure(.malformed("no access token in the answer to the client credentials")) }
                let life = Duration.seconds((grant.expires_in?.value ?? 86_399).clamped(to: 60...366 * 86_400))
                return .success(
                    Token(
                        value: SecretString(grant.access_token), number: number, expires: now + life,
                        renewAt: now + life * 9 / 10))
            }
            if response.status == 400 || response.status == 401 {
                let word = try? JSONDecoder().decode(Refusal.self, from: Data(response.body)).error
                return .failure(.unauthorized(reason: word.flatMap(plainWord)))
            }
            return .failure(statusFailure(response, now: now) ?? .malformed("HTTP \(response.status)"))
        } catch {
            return .failure(.transport(error))
        }
    }
}

/// A Shopify code, if it is one: letters, digits and underscores. Anything else might be personal data, and is not
/// repeated.
func plainWord(_ text: String) -> String? {
    let isPlain = text.utf8.allSatisfy { byte in
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || byte == 0x5F
            || byte == 0x2E
    }
    return isPlain && !text.isEmpty && text.utf8.count <= 64 ? text : nil
}

/// The meaning of an error status; nil if the body decides (shopify.dev/docs/api/usage/response-codes).
func statusFailure(_ response: HTTPResponse, now: Timestamp) -> ShopifyFailure? {
    switch response.status {
    case 200..<300: nil
    case 401: .unauthorized(reason: nil)
    case 300..<400, 402, 403, 404, 423: .shopUnavailable(status: response.status)
    case 429, 430:
        .rateLimited(retryAfter: response["Retry-After"].flatMap(RetryAfter.init)?.delay(from: now.seconds))
    case 413: .tooLarge
    case 500...: .server(status: response.status, requestID: response["X-Request-Id"].flatMap(requestID))
    default: .malformed("HTTP \(response.status)")
    }
}

/// The id of a request, for Shopify's support, if it looks like one.
func requestID(_ text: String) -> String? {
    let isPlain = text.utf8.allSatisfy { byte in
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || byte == 0x2D
    }
    return isPlain && text.utf8.count <= 80 ? text : nil
}

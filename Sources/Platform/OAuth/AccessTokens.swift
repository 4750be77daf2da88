// Google and Microsoft open a mailbox or a relay with an access token that lives about an hour (OAuth 2.0, RFC 6749).
// It is bought with a client's id and secret alone, where an administrator has let the program into a mailbox (4.4), or
// with a refresh token, where the mailbox's owner has (6). A token is kept until shortly before it ends; however many
// ask, one purchase is under way at a time; one that the mail server refused is not given out again.
//
// Where a provider answers with another refresh token, that one is used from then on, as long as the program runs; the
// one in the configuration stays good with Google and Microsoft until it expires or is revoked.

internal import FoundationEssentials

/// How access tokens are bought.
package struct OAuthSettings: Sendable, Hashable {
    /// Where tokens are bought: an `https://` URL.
    package var endpoint: String
    package var clientID: String
    package var clientSecret: SecretString?
    /// Without it, the client's id and secret are all (client credentials).
    package var refreshToken: SecretString?
    /// What the token shall open, words separated by spaces; nil to ask for what was granted.
    package var scope: String?

    package init(
        endpoint: String, clientID: String, clientSecret: SecretString?, refreshToken: SecretString?, scope: String?
    ) {
        self.endpoint = endpoint
        self.clientID = clientID
        self.clientSecret = clientSecret
        self.refreshToken = refreshToken
        self.scope = scope
    }
}

/// The providers that are known, as data.
package enum OAuthProvider: String, Sendable, CaseIterable {
    /// developers.google.com/identity/protocols/oauth2/web-server, "Refreshing an access token".
    case google
    /// learn.microsoft.com/exchange/client-developer/legacy-protocols, "Authenticate an IMAP, POP or SMTP connection
    /// using OAuth".
    case microsoft

    /// Where its tokens are bought.
    ///
    /// - Parameter tenant: the organisation's id or domain, with Microsoft.
    package func endpoint(tenant: String?) -> String {
        switch self {
        case .google: "https://oauth2.googleapis.com/token"
        case .microsoft: "https://login.microsoftonline.com/\(tenant ?? "common")/oauth2/v2.0/token"
        }
    }

    /// What is asked for where the operator does not say.
    package func scope(isRefreshed: Bool, forSending: Bool) -> String? {
        switch self {
        case .google: nil
        case .microsoft where isRefreshed:
            "https://outlook.office.com/\(forSending ? "SMTP.Send" : "IMAP.AccessAsUser.All") offline_access"
        case .microsoft: "https://outlook.office365.com/.default"
        }
    }
}

/// Why there is no access token: a sentence for the operator, without a secret.
package struct OAuthFailure: Error, Sendable, Equatable, CustomStringConvertible {
    /// Whether asking again later may help.
    package let isTemporary: Bool
    package let description: String

    package init(isTemporary: Bool, _ description: String) {
        self.isTemporary = isTemporary
        self.description = description
    }
}

/// The access token that is in force, renewed in time. One for each login.
package actor AccessTokens {
    /// A token and which it is, so that only the one that was refused is thrown away.
    package struct Token: Sendable, Equatable {
        package var value: SecretString
        package var number: Int
        var renewAt: ContinuousClock.Instant
    }

    /// How long before its end a token is not given out any more.
    static let margin = Duration.seconds(120)

    private let settings: OAuthSettings
    private let transport: any HTTPTransport
    private let now: @Sendable () -> ContinuousClock.Instant
    private var refreshToken: SecretString?
    private var held: Token?
    private var purchase: Task<Result<Purchase, OAuthFailure>, Never>?
    private var purchases = 0

    package init(
        _ settings: OAuthSettings, transport: any HTTPTransport,
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) {
        self.settings = settings
        self.transport = transport
        self.now = now
        refreshToken = settings.refreshToken
    }

    /// A token that is good as far as we know; buys one where there is none, or the last one is about to end.
    package func current() async throws(OAuthFailure) -> Token {
        if let held, now() < held.renewAt { return held }
        return try await buy()
    }

    /// Says that a token was refused; the next one asked for is a new one.
    package func refuse(_ token: Token) {
        if held?.number == token.number { held = nil }
    }

    private struct Purchase: Sendable {
        var token: Token
        var refreshToken: SecretString?
    }

    private func buy() async throws(OAuthFailure) -> Token {
        if let purchase { return try await purchase.value.get().token }
        purchases += 1
        // A task of its own, for the one who asked first may be cancelled while others wait for the same token.
        let purchase = Task { [settings, transport, now, refreshToken, purchases] in
            await Self.buy(
                number: purchases, settings, refreshToken: refreshToken, transport: transport, now: now)
        }
        self.purchase = purchase
        let result = await purchase.value
        self.purchase = nil
        let bought = try result.get()
        held = bought.token
        if let another = bought.refreshToken { refreshToken = another }
        return bought.token
    }

    private struct Grant: Decodable {
        var access_token: String
        var refresh_token: String?
        var lifetime: Int?

        enum CodingKeys: String, CodingKey { case access_token, refresh_token, expires_in }

        init(from decoder: any Decoder) throws {
            let values = try decoder.container(keyedBy: CodingKeys.self)
            access_token = try values.decode(String.self, forKey: .access_token)
            refresh_token = try? values.decode(String.self, forKey: .refresh_token)
            // Some write the number in quotes.
            lifetime =
                (try? values.decode(Int.self, forKey: .expires_in))
                ?? (try? values.decode(String.self, forKey: .expires_in)).flatMap { Int($0) }
        }
    }

    private struct Refusal: Decodable {
        var error: String?
        var error_description: String?
    }

    private static func buy(
        number: Int, _ settings: OAuthSettings, refreshToken: SecretString?, transport: any HTTPTransport,
        now: @Sendable () -> ContinuousClock.Instant
    ) async -> Result<Purchase, OAuthFailure> {
        var fields = [("client_id", settings.clientID)]
        if let secret = settings.clientSecret { fields.append(("client_secret", secret.reveal())) }
        if let refreshToken {
            fields += [("grant_type", "refresh_token"), ("refresh_token", refreshToken.reveal())]
        } else {
            fields.append(("grant_type", "client_credentials"))
        }
        if let scope = settings.scope { fields.append(("scope", scope)) }
        let body = fields.map { "\($0.0)=\(formEncoded($0.1))" }.joined(separator: "&")
        let request = HTTPRequest(
            .post, settings.endpoint,
            headers: [
                HTTPField("Content-Type", "application/x-www-form-urlencoded"), HTTPField("Accept", "application/json"),
            ], body: Array(body.utf8), maximumResponseBytes: 1 << 16)
        let place = WebOrigin(settings.endpoint).map { $0.host } ?? "the login server"
        let response: HTTPResponse
        do throws(TransferFailure) { response = try await transport.send(request) } catch {
            return .failure(
                OAuthFailure(isTemporary: true, "\(place) gives no access token (\(error)); it is asked again"))
        }
        if (200..<300).contains(response.status) {
            guard let grant = try? JSONDecoder().decode(Grant.self, from: Data(response.body)),
                !grant.access_token.isEmpty, grant.access_token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
            else {
                return .failure(
                    OAuthFailure(
                        isTemporary: false,
                        "what \(place) answers holds no access token; check the endpoint under 'oauth'"))
            }
            let life = Duration.seconds(min(max(grant.lifetime ?? 3600, 60), 86_400))
            let token = Token(
                value: SecretString(grant.access_token), number: number,
                renewAt: now() + max(life / 2, life - margin))
            return .success(Purchase(token: token, refreshToken: grant.refresh_token.map { SecretString($0) }))
        }
        return .failure(refusal(response, place: place, isRefreshed: refreshToken != nil))
    }

    /// RFC 6749, 5.2: the error's word tells what to do.
    private static func refusal(_ response: HTTPResponse, place: String, isRefreshed: Bool) -> OAuthFailure {
        if response.status == 429 || response.status >= 500 {
            return OAuthFailure(
                isTemporary: true,
                "\(place) gives no access token at present (HTTP \(response.status)); it is asked again")
        }
        let refusal = try? JSONDecoder().decode(Refusal.self, from: Data(response.body))
        let word = refusal?.error.flatMap { plainCode($0) } ?? "HTTP \(response.status)"
        // Microsoft's own number says more, and names nobody.
        let number =
            refusal?.error_description?.split { !$0.isASCII || !($0.isLetter || $0.isNumber) }
            .first { $0.hasPrefix("AADSTS") }.map { ", \($0.prefix(20))" } ?? ""
        let advice =
            switch word {
            case "invalid_client", "unauthorized_client":
                "check client_id and client_secret under 'oauth', and that the secret has not expired"
            case "invalid_grant":
                isRefreshed
                    ? "the refresh token has expired or was revoked: log in again and store the new one"
                    : "the app is not let into this tenant: check its permissions"
            case "invalid_scope": "check 'scope' under 'oauth', and the app's permissions"
            default: "check what stands under 'oauth'"
            }
        return OAuthFailure(isTemporary: false, "\(place) refuses an access token (\(word)\(number)); \(advice)")
    }
}

/// A code, if it is one: letters, digits and underscores. Anything else might be somebody's words, and is not repeated.
private func plainCode(_ text: String) -> String? {
    let isPlain = text.utf8.allSatisfy { byte in
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || byte == 0x5F
    }
    return isPlain && !text.isEmpty && text.utf8.count <= 64 ? text : nil
}

/// A value in application/x-www-form-urlencoded.
private func formEncoded(_ text: String) -> String {
    let digits = Array("0123456789ABCDEF".unicodeScalars)
    var encoded = String.UnicodeScalarView()
    for byte in text.utf8 {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"):
            encoded.append(Unicode.Scalar(byte))
        default: encoded.append(contentsOf: ["%", digits[Int(byte >> 4)], digits[Int(byte & 15)]])
        }
    }
    return String(encoded)
}

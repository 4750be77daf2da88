internal import Foundation

/// An HTTP API that speaks JSON, and our login to it.
public struct JSONService: Sendable {
    /// Scheme, host and whatever path all calls begin with, without a slash at its end.
    public let base: String
    private let authorization: SecretString
    private let transport: any HTTPTransport

    /// How long one call may take.
    public static let timeout = Duration.seconds(20)

    /// - Parameter authorization: the value of the header `Authorization`.
    public init(_ base: String, authorization: SecretString, over transport: any HTTPTransport) {
        self.base = base
        self.authorization = authorization
        self.transport = transport
    }

    /// The login of a name and a password (RFC 7617).
    public static func basic(_ name: String, _ password: SecretString) -> SecretString {
        SecretString("Basic \(Data("\(name):\(password.reveal())".utf8).base64EncodedString())")
    }

    /// The login of a token (RFC 6750).
    public static func bearer(_ token: SecretString) -> SecretString { SecretString("Bearer \(token.reveal())") }

    /// Makes one call; redirects are not followed.
    ///
    /// - Parameter path: begins with a slash, with its query.
    public func send(
        _ method: HTTPRequest.Method, _ path: String, body: [UInt8]? = nil, headers: [HTTPField] = []
    ) async throws(TransferFailure) -> HTTPResponse {
        var fields = [HTTPField("Authorization", authorization.reveal()), HTTPField("Accept", "application/json")]
        if body != nil { fields.append(HTTPField("Content-Type", "application/json")) }
        return try await transport.send(
            HTTPRequest(
                method, base + path, headers: fields + headers, body: body, timeout: Self.timeout,
                maximumResponseBytes: 8 << 20, redirects: 0))
    }
}

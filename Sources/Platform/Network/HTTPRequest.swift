/// One self-contained HTTP request: what to send, how long to wait, how much to accept, where it may go.
///
/// Nothing is checked when it is made; ``HTTPTransport/send(_:)`` refuses a URL or header that is not well-formed
/// before a byte leaves.
public struct HTTPRequest: Sendable {
    /// The method. All methods but GET and HEAD send a body.
    public enum Method: String, Sendable, CaseIterable {
        case get = "GET"
        case head = "HEAD"
        case post = "POST"
        case put = "PUT"
        case patch = "PATCH"
        case delete = "DELETE"
    }

    /// The request method.
    public var method: Method
    /// An absolute `http://` or `https://` URL without user name or password.
    public var url: String
    /// Sent as written, in this order. A name or value with a line break or a control character is refused.
    public var headers: [HTTPField]
    /// The bytes to send. `nil` and empty differ: an empty body is sent with `Content-Length: 0`.
    public var body: [UInt8]?
    /// How long resolving, connecting and TLS may take together.
    public var connectTimeout: Duration
    /// How long the whole exchange may take, redirects included.
    public var timeout: Duration
    /// The most bytes of body accepted, after decompression; one more is ``TransferFailure/Kind/tooLarge``.
    public var maximumResponseBytes: Int
    /// How many redirects are followed, for GET and HEAD only. With 0 a 3xx is an answer like any other. A redirect
    /// never leads from https to http, and outside the origin only the headers `Accept` and `User-Agent` are sent.
    public var redirects: Int
    /// Which addresses may be connected to.
    public var addressPolicy: AddressPolicy

    /// Makes a request. The defaults suit a small API call: 10 s to connect, 30 s in all, 4 MiB, no redirect, any
    /// address.
    public init(
        _ method: Method = .get, _ url: String, headers: [HTTPField] = [], body: [UInt8]? = nil,
        connectTimeout: Duration = .seconds(10), timeout: Duration = .seconds(30),
        maximumResponseBytes: Int = 4 << 20, redirects: Int = 0, addressPolicy: AddressPolicy = .any
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.connectTimeout = connectTimeout
        self.timeout = timeout
        self.maximumResponseBytes = maximumResponseBytes
        self.redirects = redirects
        self.addressPolicy = addressPolicy
    }
}

/// One header field of a request or response.
public struct HTTPField: Sendable, Equatable {
    /// As sent; compared ignoring case.
    public var name: String
    /// Without surrounding spaces.
    public var value: String

    /// Makes a field; it is checked when sent.
    public init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

/// The far end's answer, whatever its status.
public struct HTTPResponse: Sendable, Equatable {
    /// The status code, 200...599; interim 1xx answers are not shown.
    public var status: Int
    /// The fields of the last answer, in order; read one with ``subscript(_:)``.
    public var headers: [HTTPField]
    /// The complete, decompressed body. A truncated answer is a ``TransferFailure``, never a shorter body.
    public var body: [UInt8]
    /// The URL of the answer: the request's unless redirects were followed.
    public var url: String

    /// Makes a response, for tests that script the network.
    public init(status: Int, headers: [HTTPField] = [], body: [UInt8] = [], url: String = "") {
        self.status = status
        self.headers = headers
        self.body = body
        self.url = url
    }

    /// The value of the first field with this name, ignoring case (RFC 9110, 5.1).
    public subscript(_ name: String) -> String? {
        headers.first { $0.name.equalsIgnoringASCIICase(name) }?.value
    }

    /// All values of the fields with this name, in order.
    public func values(of name: String) -> [String] {
        headers.filter { $0.name.equalsIgnoringASCIICase(name) }.map(\.value)
    }

    /// The body as text; bytes that are not UTF-8 become U+FFFD.
    public var text: String { String(decoding: body, as: UTF8.self) }
}

/// Sends an HTTP request and returns the answer. ``TransferEngine`` is the real one; tests use a scripted one.
public protocol HTTPTransport: Sendable {
    /// Sends the request and returns the complete answer, whatever its status.
    ///
    /// - Throws: a ``TransferFailure`` if there is no complete answer. Cancelling the task ends the transfer and throws
    ///   one of kind `cancelled`.
    func send(_ request: HTTPRequest) async throws(TransferFailure) -> HTTPResponse
}

extension String {
    /// Whether both are equal if A–Z and a–z are not distinguished.
    func equalsIgnoringASCIICase(_ other: String) -> Bool {
        utf8.count == other.utf8.count
            && zip(utf8, other.utf8).allSatisfy { a, b in
                a == b || (a | 0x20 == b | 0x20 && (0x61...0x7A).contains(a | 0x20))
            }
    }
}

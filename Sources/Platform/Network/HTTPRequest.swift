/// One HTTP request, complete in itself: what to ask, how long to wait, how much to take, where it may go.
///
/// Nothing is checked when it is made; ``HTTPTransport/send(_:)`` refuses a URL or header that is not well-formed
/// before a byte leaves.
public struct HTTPRequest: Sendable {
    /// The method. Bodies are sent with any method but GET and HEAD.
    public enum Method: String, Sendable, CaseIterable {
        case get = "GET"
        case head = "HEAD"
        case post = "POST"
        case put = "PUT"
        case patch = "PATCH"
        case delete = "DELETE"
    }

    /// What is asked of the far end.
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
    /// How many bytes of body are taken, counted after decompression; one more is ``TransferFailure/Kind/tooLarge``.
    public var maximumResponseBytes: Int
    /// How many redirects are followed, for GET and HEAD only. With 0 a 3xx is an answer like any other. A redirect
    /// never leads from https to http, and all headers but `Accept` and `User-Agent` stay behind when it leaves the
    /// origin.
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
    /// As it is sent; compared whatever its case.
    public var name: String
    /// Without the space around it.
    public var value: String

    /// Makes a field; nothing is checked until it is sent.
    public init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

/// What the far end answered, whatever its status.
public struct HTTPResponse: Sendable, Equatable {
    /// The status code, 200...599; interim 1xx answers are not shown.
    public var status: Int
    /// The fields of the last answer, in their order; ask for one with ``subscript(_:)``.
    public var headers: [HTTPField]
    /// The body, whole and decompressed. An answer that was cut short is a ``TransferFailure`` and never a shorter
    /// body.
    public var body: [UInt8]
    /// Where the answer came from: the request's URL unless redirects were followed.
    public var url: String

    /// Makes a response, as tests that script the network do.
    public init(status: Int, headers: [HTTPField] = [], body: [UInt8] = [], url: String = "") {
        self.status = status
        self.headers = headers
        self.body = body
        self.url = url
    }

    /// The value of the first field with this name, whatever its case (RFC 9110, 5.1).
    public subscript(_ name: String) -> String? {
        headers.first { $0.name.equalsIgnoringASCIICase(name) }?.value
    }

    /// All values of the fields with this name, in their order.
    public func values(of name: String) -> [String] {
        headers.filter { $0.name.equalsIgnoringASCIICase(name) }.map(\.value)
    }

    /// The body as text; bytes that are not UTF-8 become U+FFFD.
    public var text: String { String(decoding: body, as: UTF8.self) }
}

/// Whatever carries an HTTP request to its far end and brings the answer back. ``TransferEngine`` is the real one;
/// tests put a scripted one in its place.
public protocol HTTPTransport: Sendable {
    /// Sends the request and returns the whole answer, whatever its status.
    ///
    /// - Throws: a ``TransferFailure`` when there is no whole answer. Cancelling the task ends the transfer and throws
    ///   one of kind `cancelled`.
    func send(_ request: HTTPRequest) async throws(TransferFailure) -> HTTPResponse
}

extension String {
    /// Whether both are the same once A–Z and a–z count as one.
    func equalsIgnoringASCIICase(_ other: String) -> Bool {
        utf8.count == other.utf8.count
            && zip(utf8, other.utf8).allSatisfy { a, b in
                a == b || (a | 0x20 == b | 0x20 && (0x61...0x7A).contains(a | 0x20))
            }
    }
}

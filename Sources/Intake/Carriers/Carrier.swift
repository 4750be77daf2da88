// How to ask one carrier and read its answers.
//
// A carrier is a value: its name, its requests (batches, login), the content of its answers, and which of them are
// about the call instead. It opens no connection and keeps no state; `CarrierReading` applies it to a response, and the
// sender of the requests keeps tokens, quota and time. Adding one takes a file here, a table in Data, and fixtures;
// docs/carriers.md shows how.

public import Platform

/// One source of tracking.
public protocol Carrier: Sendable {
    /// The name in settings, scans, logs and metrics. It never changes once shipped.
    var name: String { get }
    /// How often it may be asked by default.
    var quota: CarrierQuota { get }
    /// The IANA name of the usual zone of its bare times.
    var habit: String { get }
    /// The country, as two letters, of places that name none; nil if unknown.
    var home: String? { get }
    /// The request for a token, or nil if each request carries its own login.
    func tokenRequest(_ access: CarrierAccess) -> HTTPRequest?
    /// The requests for these numbers, in the largest batches that the carrier accepts, each with its numbers.
    func requests(for numbers: [String], _ access: CarrierAccess) -> [CarrierRequest]
    /// Whether a number has to be registered before it can be asked for. Then a "not found" answer may be
    /// `isUnregistered`, and `registrations` has the requests to send.
    var registersFirst: Bool { get }
    /// The requests that register these numbers; none if there is no such step. Sending one twice is harmless.
    func registrations(of numbers: [String], _ access: CarrierAccess) -> [CarrierRequest]
    /// Reads a body, which may be any JSON or XML.
    func read(_ body: AnswerBody) -> [Told]
}

extension Carrier {
    public var home: String? { nil }
    public var registersFirst: Bool { false }
    public func registrations(of numbers: [String], _ access: CarrierAccess) -> [CarrierRequest] { [] }
    public func tokenRequest(_ access: CarrierAccess) -> HTTPRequest? { nil }
}

/// How often a carrier may be asked: the published defaults, as upper bounds.
public struct CarrierQuota: Hashable, Sendable {
    /// Calls per period.
    public struct Window: Hashable, Sendable {
        public var calls: Int
        public var per: Duration
    }
    public var windows: [Window]
    /// Numbers per call.
    public var batch: Int
    /// Whether token requests count too.
    public var tokensCount: Bool
    /// The zone in which a quota day begins.
    public var resetZone: String

    init(_ windows: (Int, Duration)..., batch: Int = 1, tokensCount: Bool = false, resetZone: String = "GMT") {
        self.windows = windows.map { Window(calls: $0.0, per: $0.1) }
        self.batch = batch
        self.tokensCount = tokensCount
        self.resetZone = resetZone
    }
}

/// An operator's settings for a carrier.
public struct CarrierAccess: Sendable {
    /// A server other than the carrier's own, `https://host` without a trailing slash: a test system, or the sandbox.
    /// The paths stay the carrier's.
    public var server: String?
    /// The client id, key or user name.
    public var id: SecretString
    /// The client secret or password.
    public var secret: SecretString
    /// The account number, if the carrier needs one.
    public var account: String?
    /// The token from `tokenRequest`.
    public var token: SecretString?
    /// The refresh token for requesting tokens (RFC 6749, 6).
    public var refreshToken: SecretString?

    /// The carrier's credentials.
    public init(
        server: String? = nil, id: SecretString, secret: SecretString = SecretString(""), account: String? = nil,
        token: SecretString? = nil
    ) {
        self.server = server
        self.id = id
        self.secret = secret
        self.account = account
        self.token = token
    }

    /// `Authorization: Basic …` (RFC 7617).
    var basic: HTTPField {
        HTTPField("Authorization", "Basic " + Base64.encode(Array("\(id.reveal()):\(secret.reveal())".utf8)))
    }

    /// `Authorization: Bearer …` (RFC 6750) with the token.
    var bearer: HTTPField { HTTPField("Authorization", "Bearer " + (token?.reveal() ?? "")) }
}

/// A request and the numbers it asks for.
public struct CarrierRequest: Sendable {
    public var request: HTTPRequest
    public var numbers: [String]
}

/// A token as issued by OAuth 2 servers.
public struct CarrierToken: Sendable {
    public var token: SecretString
    /// Its lifetime; renew it before that ends.
    public var lifetime: Duration

    /// Reads the answer to `tokenRequest`: `access_token` and `expires_in`, which UPS sends as a text. Nil if it has no
    /// token.
    public init?(_ response: HTTPResponse) {
        guard (200..<300).contains(response.status), let tree = try? AnswerTree(body: response.body),
            let token = tree["access_token"].text
        else { return nil }
        self.token = SecretString(token)
        let seconds = tree["expires_in"].text.flatMap { Int64($0) } ?? 3600
        lifetime = .seconds(min(max(seconds, 60), 86_400))
    }
}

/// A response for a carrier to read.
public struct AnswerBody: Sendable {
    /// The HTTP status; nil for a recorded body without one.
    var status: Int?
    var tree: AnswerTree

    /// The body as a tree. Internal: carriers outside this module do not need it.
    init(status: Int?, tree: AnswerTree) {
        self.status = status
        self.tree = tree
    }
}

/// One item in a body.
public enum Told: Sendable {
    /// A parcel. Several with one number are its shipments.
    case parcel(ToldShipment)
    /// An answer about the call: for one number, or if nil for all requested ones.
    case call(number: String?, CallAnswer.Kind, String)
    /// The source does not know the number: register it first.
    case unregistered(number: String?, String)
    /// The source accepts our login but will not show the number; if nil, the requested one.
    case withheld(number: String?, String)
}

/// A parcel as reported; created by the carriers in this module.
public struct ToldShipment: Sendable {
    var parcel: ToldParcel
}

extension Told {
    /// A parcel, for the carriers' files.
    static func told(_ parcel: ToldParcel) -> Told { .parcel(ToldShipment(parcel: parcel)) }
}

/// Base 64 (RFC 4648, 4).
enum Base64 {
    private static let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func encode(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            var value = 0
            for byte in group { value = value << 8 | Int(byte) }
            value <<= 8 * (3 - group.count)
            for place in 0..<4 {
                text.append(place <= group.count ? letters[value >> (18 - 6 * place) & 63] : UInt8(ascii: "="))
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}

extension String {
    /// For a path or a query: escapes all but unreserved characters (RFC 3986, 2.3).
    var escapedForURL: String {
        var text = ""
        for byte in utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), 0x30...0x39,
                UInt8(ascii: "-"),
                UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"):
                text.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let hex = String(byte, radix: 16, uppercase: true)
                text += "%" + (hex.utf8.count == 1 ? "0" + hex : hex)
            }
        }
        return text
    }

    /// As a JSON string, with its quotes.
    var quotedForJSON: String {
        var text = "\""
        for scalar in unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case _ where scalar.value < 0x20:
                let hex = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - hex.utf8.count) + hex
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text + "\""
    }
}

extension Array {
    /// Split into runs of at most `size`.
    func batches(of size: Int) -> [[Element]] {
        stride(from: 0, to: count, by: size).map { Array(self[$0..<Swift.min($0 + size, count)]) }
    }
}

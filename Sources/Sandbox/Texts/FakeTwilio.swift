// Twilio's API for texts, as far as a shop uses it (https://www.twilio.com/docs/messaging/api): a message is a POST to
// Messages.json, answered with 201 or with 400 and a code; messages can be listed by number. A number that texts STOP is
// blocked, as Twilio does by default, until it texts START. Texts from shoppers are posted to the shop's hook, with the
// signature that Twilio would make.

internal import Crypto
public import FoundationEssentials
import Synchronization

/// A text that the sandbox's Twilio accepted.
public struct KeptText: Sendable {
    /// From 1, in the order of arrival.
    public let id: Int
    public let sid: String
    public let to: String
    public let from: String
    public let body: String
    /// By the sandbox's clock.
    public let sentAt: Date
}

/// What can go wrong with one request to the sandbox's Twilio.
public enum TextFault: String, CaseIterable, Sendable {
    /// 400 with 21211: no number.
    case invalidNumber
    /// HTTP 429 with Retry-After: 2.
    case tooManyRequests
    /// HTTP 500.
    case serverError
    /// The connection ends before the answer; the text is sent.
    case dropped
    /// The connection ends before the answer; the text is not sent.
    case dropAndForget
    /// The answer comes late, by `slowness`.
    case slow
}

/// An account at Twilio, and the phones of the shoppers it reaches.
public final class FakeTwilio: Sendable {
    private struct State {
        var texts: [KeptText] = []
        var blocked: Set<String> = []
        var received = 0
    }

    /// The account's SID and auth token.
    public static let account = "AC5a6db0c0ffee5a6db0c0ffee5a6db0c0"
    public static let token = "sandbox-twilio"

    private let clock: SandboxClock
    private let state = Mutex(State())
    /// What goes wrong.
    public let faults: SandboxFaults<TextFault>
    let bell = Bell()

    init(clock: SandboxClock, seed: UInt64) {
        self.clock = clock
        faults = SandboxFaults(seed: seed ^ 0x7E87)
    }

    /// All texts to shoppers, oldest first.
    public var texts: [KeptText] { state.withLock { $0.texts } }

    /// Forgets everything.
    public func clear() {
        state.withLock { $0 = State() }
        bell.ring()
    }

    // MARK: - The API

    /// Answers a request below `/2010-04-01/`.
    func respond(_ request: WebRequest) -> WebResponse {
        let login = Data("\(Self.account):\(Self.token)".utf8).base64EncodedString()
        guard request.headers["authorization"] == "Basic \(login)" else {
            return Self.error(20003, "Authenticate", status: 401)
        }
        let path = request.parts.dropFirst().joined(separator: "/")
        switch (request.method, path) {
        case ("GET", "Accounts/\(Self.account).json"):
            return .json(["sid": .string(Self.account), "status": "active", "friendly_name": "Sandbox"])
        case ("GET", "Accounts/\(Self.account)/Messages.json"): return list(request)
        case ("POST", "Accounts/\(Self.account)/Messages.json"): return send(request)
        default: return Self.error(20404, "The requested resource was not found", status: 404)
        }
    }

    private static func error(_ code: Int64, _ message: String, status: Int = 400) -> WebResponse {
        .json(
            [
                "code": .int(code), "message": .string(message),
                "more_info": .string("https://www.twilio.com/docs/errors/\(code)"), "status": .int(Int64(status)),
            ], status: status)
    }

    private func send(_ request: WebRequest) -> WebResponse {
        let form = WebRequest.form(String(decoding: request.body, as: UTF8.self))
        let fault = faults.draw()
        switch fault {
        case .invalidNumber: return Self.error(21211, "Invalid 'To' Phone Number")
        case .tooManyRequests:
            var response = Self.error(20429, "Too Many Requests", status: 429)
            response.headers.append(("Retry-After", "2"))
            return response
        case .serverError: return Self.error(20500, "Internal server error", status: 500)
        case .dropAndForget:
            var response = WebResponse.json(["ok": true])
            response.ending = .cut(after: 0)
            return response
        case .dropped, .slow, nil: break
        }
        guard let to = form["To"], to.hasPrefix("+"), to.dropFirst().allSatisfy(\.isNumber), to.count > 8 else {
            return Self.error(21211, "Invalid 'To' Phone Number")
        }
        guard let body = form["Body"], !body.isEmpty else { return Self.error(21602, "Message body is required") }
        guard body.utf16.count <= 1600 else { return Self.error(21617, "The message is too long") }
        guard let from = form["From"] ?? form["MessagingServiceSid"] else {
            return Self.error(21603, "A 'From' phone number is required")
        }
        let now = clock.now()
        let text = state.withLock { state -> KeptText? in
            guard !state.blocked.contains(to) else { return nil }
            let id = state.texts.count + 1
            let text = KeptText(
                id: id, sid: "SM" + Self.digits(id), to: to, from: from, body: body, sentAt: now)
            state.texts.append(text)
            return text
        }
        guard let text else { return Self.error(21610, "Attempt to send to unsubscribed recipient") }
        bell.ring()
        var response = WebResponse.json(Self.json(text, status: "queued"), status: 201)
        if fault == .slow { response.delay = faults.slowness }
        if fault == .dropped { response.ending = .cut(after: 0) }
        return response
    }

    private func list(_ request: WebRequest) -> WebResponse {
        let size = request.query["PageSize"].flatMap { Int($0) } ?? 50
        let found = texts.reversed().filter { text in request.query["To"].map { $0 == text.to } ?? true }
        return .json(["messages": .array(found.prefix(size).map { Self.json($0, status: "delivered") })])
    }

    private static func digits(_ number: Int) -> String {
        let text = String(number, radix: 16)
        return String(repeating: "0", count: max(0, 32 - text.count)) + text
    }

    private static func json(_ text: KeptText, status: String) -> JSON {
        [
            "sid": .string(text.sid), "account_sid": .string(account), "to": .string(text.to),
            "from": .string(text.from), "body": .string(text.body), "status": .string(status),
            "direction": "outbound-api", "num_segments": "1", "date_created": .string(rfc2822(text.sentAt)),
            "date_sent": status == "queued" ? .null : .string(rfc2822(text.sentAt)), "error_code": .null,
        ]
    }

    /// `Thu, 24 Aug 2023 05:01:45 +0000`.
    static func rfc2822(_ date: Date) -> String {
        let iso = ShopTime.iso(date)  // 2023-08-24T05:01:45Z
        let parts = iso.prefix(19).split { "-T:".contains($0) }.map(String.init)
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        // 1 January 1970 was a Thursday.
        let day = Int((date.timeIntervalSince1970 / 86_400).rounded(.down))
        let weekday = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"][((day % 7) + 7) % 7]
        return "\(weekday), \(parts[2]) \(months[(Int(parts[1]) ?? 1) - 1]) \(parts[0]) "
            + "\(parts[3]):\(parts[4]):\(parts[5]) +0000"
    }

    // MARK: - A shopper texts

    /// What Twilio posts to a hook for a text from a shopper, signed for that URL. Blocks and unblocks the number as
    /// Twilio would.
    public func incoming(
        from number: String, to own: String, body: String, hook: String, sid: String? = nil
    ) -> (headers: [(String, String)], body: [UInt8]) {
        let word = body.trimmingSpaces.uppercased()
        let count = state.withLock { state in
            if ["STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"].contains(word) {
                state.blocked.insert(number)
            }
            if ["START", "UNSTOP", "YES"].contains(word) { state.blocked.remove(number) }
            state.received += 1
            return state.received
        }
        let fields = [
            ("AccountSid", Self.account), ("ApiVersion", "2010-04-01"), ("Body", body), ("From", number),
            ("MessageSid", sid ?? "SM1" + Self.digits(count).dropFirst()), ("NumMedia", "0"), ("NumSegments", "1"),
            ("SmsStatus", "received"), ("To", own),
        ]
        let signed = hook + fields.sorted { $0.0 < $1.0 }.map { $0.0 + $0.1 }.joined()
        let mac = HMAC<Insecure.SHA1>.authenticationCode(
            for: Data(signed.utf8), using: SymmetricKey(data: Data(Self.token.utf8)))
        let form = fields.map { "\(Self.escaped($0.0))=\(Self.escaped($0.1))" }.joined(separator: "&")
        return (
            [
                ("Content-Type", "application/x-www-form-urlencoded"),
                ("X-Twilio-Signature", Data(mac).base64EncodedString()),
            ], Array(form.utf8)
        )
    }

    private static func escaped(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF")
        return text.utf8.reduce(into: "") { out, byte in
            if byte < 0x80, Character(Unicode.Scalar(byte)).isLetter || Character(Unicode.Scalar(byte)).isNumber {
                out.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                out += "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
            }
        }
    }
}

extension String {
    /// The text without white space at either end.
    fileprivate var trimmingSpaces: String {
        guard let first = firstIndex(where: { !$0.isWhitespace }), let last = lastIndex(where: { !$0.isWhitespace })
        else { return "" }
        return String(self[first...last])
    }
}

// Texts through Twilio's API: POST Messages.json with a form (https://www.twilio.com/docs/messaging/api/message-resource).
//
// It has no idempotency key. When an answer was lost, the messages to the number are listed before anything is repeated:
// one with the same text from the last day is the one whose answer we missed.

internal import Foundation
public import Outreach
public import Platform

/// An account at Twilio.
public struct TwilioAccount: Sendable {
    /// Whom texts come from.
    public enum Sender: Hashable, Sendable {
        /// A number, short code or name of ours.
        case from(String)
        /// A messaging service's SID (`MG…`), which picks the number.
        case service(String)
    }

    /// `AC` and 32 digits.
    public var sid: String
    /// The auth token, which also signs Twilio's requests to us.
    public var token: SecretString
    public var sender: Sender
    /// Scheme and host of the API.
    public var endpoint: String

    public static let endpoint = "https://api.twilio.com"

    public init(sid: String, token: SecretString, sender: Sender, endpoint: String = Self.endpoint) {
        self.sid = sid
        self.token = token
        self.sender = sender
        self.endpoint = endpoint
    }
}

/// Sends texts through an account at Twilio.
public struct TwilioChannel: Channel {
    private let account: TwilioAccount
    private let transport: any HTTPTransport

    /// How long a whole exchange may take.
    public static let timeout = Duration.seconds(20)
    /// How old a message with the same text may be to count as the one whose answer was lost.
    static let memory = Duration.hours(24)

    public init(_ account: TwilioAccount, over transport: any HTTPTransport) {
        self.account = account
        self.transport = transport
    }

    private var url: String { "\(account.endpoint)/2010-04-01/Accounts/\(account.sid)/Messages.json" }

    private func request(_ method: HTTPRequest.Method, _ url: String, body: [UInt8]? = nil) -> HTTPRequest {
        let login = Data("\(account.sid):\(account.token.reveal())".utf8).base64EncodedString()
        var headers = [HTTPField("Authorization", "Basic \(login)"), HTTPField("Accept", "application/json")]
        if body != nil { headers.append(HTTPField("Content-Type", "application/x-www-form-urlencoded")) }
        return HTTPRequest(
            method, url, headers: headers, body: body, timeout: Self.timeout, maximumResponseBytes: 4 << 20,
            redirects: 0)
    }

    public func send(_ message: Message, at now: Moment) async throws(CancellationError) -> Verdict {
        guard message.kind == .sms, let text = message.asText, !message.envelope.recipient.isEmpty else {
            return .refused(Failure(reason: "content", detail: "this is no SMS, and came to the channel of SMS"))
        }
        if Task.isCancelled { throw CancellationError() }
        var form = [("To", message.envelope.recipient), ("Body", text.text)]
        switch account.sender {
        case .from(let number): form.append(("From", number))
        case .service(let sid): form.append(("MessagingServiceSid", sid))
        }
        do {
            return Self.verdict(for: try await transport.send(request(.post, url, body: Form.encoded(form))))
        } catch {
            if error.kind == .cancelled, !error.mayHaveArrived { throw CancellationError() }
            return .verdict(for: error)
        }
    }

    public func precedent(of message: Message, at now: Moment) async throws(CancellationError) -> Precedent {
        guard let text = message.asText?.text else { return .unknown }
        let query = Form.encoded([("To", message.envelope.recipient), ("PageSize", "50")])
        let response: HTTPResponse
        do {
            response = try await transport.send(request(.get, "\(url)?\(String(decoding: query, as: UTF8.self))"))
        } catch {
            if error.kind == .cancelled { throw CancellationError() }
            return .unclear(
                Failure(reason: "lookup", detail: "Twilio could not be asked whether it had the message"))
        }
        guard response.status == 200, let list = try? JSONDecoder().decode(List.self, from: Data(response.body)) else {
            return .unclear(
                Failure(
                    reason: "lookup", code: response.status,
                    detail: "Twilio could not say whether it had the message (HTTP \(response.status))"))
        }
        let found = list.messages.first { one in
            guard one.body == text, one.direction?.hasPrefix("outbound") ?? true, one.status != "failed",
                one.status != "undelivered", one.status != "canceled"
            else { return false }
            guard let at = (one.dateSent ?? one.dateCreated).flatMap(Self.moment) else { return false }
            return now - at < Self.memory
        }
        guard let found else { return .notDone }
        return .done(receipt: found.sid, results: [:])
    }

    private struct List: Decodable {
        var messages: [Listed]
    }

    private struct Listed: Decodable {
        var sid: String
        var body: String?
        var status: String?
        var direction: String?
        var dateSent: String?
        var dateCreated: String?

        enum CodingKeys: String, CodingKey {
            case sid, body, status, direction
            case dateSent = "date_sent"
            case dateCreated = "date_created"
        }
    }

    /// `Thu, 24 Aug 2023 05:01:45 +0000` (RFC 2822, as Twilio's API writes dates).
    static func moment(_ text: String) -> Moment? {
        let format = DateFormatter()
        format.locale = Locale(identifier: "en_US_POSIX")
        format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss Z"
        return format.date(from: text).map { Moment(seconds: Int64($0.timeIntervalSince1970.rounded(.down))) }
    }

    /// What an answer means. Codes: https://www.twilio.com/docs/api/errors
    static func verdict(for response: HTTPResponse) -> Verdict {
        struct Answer: Decodable {
            var sid: String?
            var code: Int?
        }
        let answer = try? JSONDecoder().decode(Answer.self, from: Data(response.body))
        let status = response.status
        func failure(_ reason: String, _ detail: String) -> Failure {
            let code = answer?.code
            return Failure(
                reason: reason, code: code ?? status,
                detail: "\(detail) (\(code.map { "Twilio \($0), " } ?? "")HTTP \(status))",
                retryAfter: RetryAfter.delay(of: response))
        }
        switch (status, answer?.code) {
        case (200..<300, _): return .accepted(receipt: answer?.sid ?? "HTTP \(status)")
        case (_, 21610):
            var failure = failure("opted_out", "the number has opted out of texts from this sender")
            failure.isOptOut = true
            return .refused(failure)
        case (_, 20003), (401, _):
            return .unavailable(failure("auth", "Twilio does not accept the login; check 'account' and 'token'"))
        case (_, 21606), (_, 21659), (_, 21660), (_, 21212), (_, 21603), (_, 21701), (_, 21702), (_, 21703):
            return .unavailable(failure("sender", "Twilio does not accept the sender; check 'from' or 'service'"))
        case (_, 20429), (429, _): return .deferred(failure("busy", "Twilio asks for fewer texts at once"))
        case (_, 21408):
            return .refused(failure("region", "the account may not text this country; Twilio's geo permissions say so"))
        case (_, 21611): return .deferred(failure("busy", "the sender's queue at Twilio is full"))
        case (_, 21211), (_, 21214), (_, 21217), (_, 21614):
            return .refused(failure("number", "Twilio says that this is no number that can be texted"))
        case (_, 30005), (_, 30006):
            return .refused(failure("number", "the number cannot be reached by text"))
        case (403, _): return .unavailable(failure("auth", "Twilio refuses the account; see its console"))
        case (404, _): return .unavailable(failure("auth", "Twilio knows no such account; check 'account'"))
        case (400, _): return .refused(failure("content", "Twilio refuses this message"))
        default: return .deferred(failure("status", "Twilio answered with an error"))
        }
    }
}

/// `application/x-www-form-urlencoded` (https://url.spec.whatwg.org/#urlencoded-serializing).
enum Form {
    static func encoded(_ fields: [(name: String, value: String)]) -> [UInt8] {
        Array(fields.map { "\(encoded($0.name))=\(encoded($0.value))" }.joined(separator: "&").utf8)
    }

    private static func encoded(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF")
        var out = ""
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "*"), UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "_"):
                out.unicodeScalars.append(Unicode.Scalar(byte))
            case UInt8(ascii: " "): out.append("+")
            default:
                out.append("%")
                out.append(digits[Int(byte >> 4)])
                out.append(digits[Int(byte & 15)])
            }
        }
        return out
    }
}

extension RetryAfter {
    /// How long an answer asks us to wait, in seconds, at most a day.
    static func delay(of response: HTTPResponse) -> Duration? {
        guard let text = response["Retry-After"], let seconds = Int(text), seconds > 0 else { return nil }
        return .seconds(min(seconds, 86_400))
    }
}

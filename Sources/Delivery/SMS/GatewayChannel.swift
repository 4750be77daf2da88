// Texts through any other provider: a POST in our own format to a gateway that the operator runs or writes (docs/sms.md).
// It is signed as Standard Webhooks, like every webhook of ours, and the message's id is the idempotency key: a gateway
// that had it before answers as it did then, so an answer that was lost is simply asked for again.

internal import Foundation
public import Outreach
public import Platform

/// A gateway for texts.
public struct TextGateway: Sendable {
    public var url: String
    /// The newest first; more than one while a secret is being replaced.
    public var secrets: [WebhookSecret]
    /// Whom texts come from; nil if the gateway knows.
    public var from: String?
    /// True if it may be in a private network.
    public var allowPrivate: Bool

    public init(url: String, secrets: [WebhookSecret], from: String? = nil, allowPrivate: Bool = false) {
        self.url = url
        self.secrets = secrets
        self.from = from
        self.allowPrivate = allowPrivate
    }
}

/// Sends texts through a gateway.
public struct GatewayChannel: Channel {
    private let gateway: TextGateway
    private let transport: any HTTPTransport

    public init(_ gateway: TextGateway, over transport: any HTTPTransport) {
        self.gateway = gateway
        self.transport = transport
    }

    /// What is posted, in this order of keys at every attempt.
    private struct Body: Encodable {
        var id: String
        var to: String
        var from: String?
        var text: String
        var encoding: String
        var segments: Int
    }

    public func send(_ message: Message, at now: Moment) async throws(CancellationError) -> Verdict {
        guard message.kind == .sms, let text = message.asText, !message.envelope.recipient.isEmpty else {
            return .refused(Failure(reason: "content", detail: "this is no SMS, and came to the channel of SMS"))
        }
        if Task.isCancelled { throw CancellationError() }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let body = Body(
            id: message.id, to: message.envelope.recipient, from: gateway.from, text: text.text,
            encoding: text.encoding.rawValue, segments: text.segments)
        guard let bytes = try? encoder.encode(body) else {
            return .refused(Failure(reason: "content", detail: "the text cannot be written as JSON"))
        }
        let signed = WebhookSignature(id: message.id, at: now, body: Array(bytes), secrets: gateway.secrets)
        let request = HTTPRequest(
            .post, gateway.url,
            headers: [
                HTTPField("Content-Type", "application/json"), HTTPField("User-Agent", "Bookbag"),
                HTTPField("Idempotency-Key", message.id), HTTPField("webhook-id", signed.id),
                HTTPField("webhook-timestamp", signed.timestamp), HTTPField("webhook-signature", signed.signature),
            ],
            body: Array(bytes), timeout: WebhookChannel.timeout, maximumResponseBytes: 1 << 20, redirects: 0,
            addressPolicy: gateway.allowPrivate ? .any : .publicOnly(allowLiteralLoopback: true))
        do {
            return Self.verdict(for: try await transport.send(request), at: now)
        } catch {
            if error.kind == .cancelled, !error.mayHaveArrived { throw CancellationError() }
            return .verdict(for: error)
        }
    }

    /// What an answer means: as for a webhook, and with 422 the gateway may say in one word what is wrong.
    static func verdict(for response: HTTPResponse, at now: Moment) -> Verdict {
        struct Answer: Decodable {
            var id: String?
            var error: String?
        }
        let answer = try? JSONDecoder().decode(Answer.self, from: Data(response.body))
        if (200..<300).contains(response.status), let id = answer?.id, !id.isEmpty {
            return .accepted(receipt: String(id.prefix(100)))
        }
        if response.status == 422, let error = answer?.error {
            switch error {
            case "opted_out":
                var failure = Failure(
                    reason: "opted_out", code: 422, detail: "the number has opted out, says the gateway")
                failure.isOptOut = true
                return .refused(failure)
            case "number":
                return .refused(
                    Failure(
                        reason: "number", code: 422, detail: "the gateway says that this number cannot be texted"))
            default: break
            }
        }
        return .verdict(for: response, at: now)
    }
}

public import Outreach
public import Platform

/// A webhook endpoint, as configured.
public struct WebhookEndpoint: Sendable {
    /// Its name in triggers.
    public var name: String
    public var url: String
    /// At least one; several while one is being replaced. All of them sign.
    public var secrets: [WebhookSecret]
    /// Whether it may be in a private network.
    public var allowPrivate: Bool
    /// The content type of the body. `application/json` is what all kinds of receivers read; those that use CloudEvents
    /// in structured mode ask for `application/cloudevents+json`.
    public var contentType: String

    public init(
        name: String, url: String, secrets: [WebhookSecret], allowPrivate: Bool = false,
        contentType: String = "application/json"
    ) {
        self.name = name
        self.url = url
        self.secrets = secrets
        self.allowPrivate = allowPrivate
        self.contentType = contentType
    }
}

/// Posts webhooks to their endpoints, signed according to Standard Webhooks.
public struct WebhookChannel: Channel {
    private let endpoints: [String: WebhookEndpoint]
    private let transport: any HTTPTransport
    private let userAgent: String

    /// How long one attempt may take. The specification advises 15 to 30 s.
    public static let timeout = Duration.seconds(20)
    /// The content of an answer does not matter to us; one that is longer than this counts as no answer.
    static let maximumAnswerBytes = 1 << 20

    /// A channel for those endpoints.
    public init(_ endpoints: [WebhookEndpoint], over transport: any HTTPTransport, userAgent: String = "Bookbag") {
        self.endpoints = Dictionary(endpoints.map { ($0.name, $0) }) { first, _ in first }
        self.transport = transport
        self.userAgent = userAgent
    }

    public func send(_ message: Message, at now: Moment) async throws(CancellationError) -> Verdict {
        guard message.kind == .webhook, !message.id.isEmpty, !message.id.contains(".") else {
            return .refused(
                Failure(reason: "content", detail: "this is not a webhook, and came to the webhooks' channel"))
        }
        guard let endpoint = endpoints[message.envelope.target], !endpoint.secrets.isEmpty else {
            return .unavailable(
                Failure(
                    reason: "configuration",
                    detail: "no webhook of that name with a secret is configured; add it under 'webhooks'"))
        }
        if Task.isCancelled { throw CancellationError() }
        let signed = WebhookSignature(id: message.id, at: now, body: message.bytes, secrets: endpoint.secrets)
        let request = HTTPRequest(
            .post, endpoint.url,
            headers: [
                HTTPField("Content-Type", endpoint.contentType), HTTPField("User-Agent", userAgent),
                HTTPField("webhook-id", signed.id), HTTPField("webhook-timestamp", signed.timestamp),
                HTTPField("webhook-signature", signed.signature),
            ],
            body: message.bytes, timeout: Self.timeout, maximumResponseBytes: Self.maximumAnswerBytes, redirects: 0,
            addressPolicy: endpoint.allowPrivate ? .any : .publicOnly(allowLiteralLoopback: true))
        do {
            return .verdict(for: try await transport.send(request), at: now)
        } catch {
            if error.kind == .cancelled, !error.mayHaveArrived { throw CancellationError() }
            return .verdict(for: error)
        }
    }
}

extension Verdict {
    /// What an endpoint's answer means (Standard Webhooks 1.0.0, "Deliverability and reliability").
    ///
    /// 2xx means accepted; 400, 413 and 422 mean that this body will never be accepted; 401, 403, 404, 410 and
    /// redirects mean that the endpoint or our secret is wrong; anything else is worth another try. Retry-After is
    /// honoured up to a day.
    static func verdict(for response: HTTPResponse, at now: Moment) -> Verdict {
        let status = response.status
        let wait = response["Retry-After"].flatMap { RetryAfter($0) }?.delay(from: now.seconds)
        func failure(_ reason: String, _ detail: String) -> Failure {
            Failure(
                reason: reason, code: status, detail: "\(detail) (HTTP \(status))",
                retryAfter: wait.map { min($0, .hours(24)) })
        }
        switch status {
        case 200..<300: return .accepted(receipt: "HTTP \(status)")
        case 301, 302, 303, 307, 308:
            return .unavailable(
                failure("redirect", "the endpoint has moved, and redirects are not followed; configure the new address")
            )
        case 400, 413, 422: return .refused(failure("content", "the endpoint rejects this body"))
        case 401, 403:
            return .unavailable(
                failure("auth", "the endpoint rejects our signature; check the secret on both sides"))
        case 404: return .unavailable(failure("gone", "there is no endpoint at this address; check its url"))
        case 410:
            return .unavailable(
                failure(
                    Failure.disabled,
                    "the endpoint wants nothing more; nothing is sent to it until it is opened with 'bookbag outbox open'"
                ))
        case 408, 429, 502, 503, 504: return .deferred(failure("busy", "the endpoint is busy"))
        default: return .deferred(failure("status", "the endpoint answered with an error"))
        }
    }

    /// What it means that an endpoint gave no answer. A failure that every message would meet closes the endpoint; once
    /// the request was under way, it may have arrived.
    static func verdict(for failure: TransferFailure) -> Verdict {
        func made(_ reason: String, _ detail: String) -> Failure {
            Failure(reason: reason, detail: detail, inDoubt: failure.mayHaveArrived)
        }
        switch failure.kind {
        case .forbiddenAddress:
            return .unavailable(
                Failure(
                    reason: "address",
                    detail: "the endpoint is in a private network; set 'allow_private: true' if that is intended"))
        case .malformedRequest:
            return .unavailable(Failure(reason: "configuration", detail: "the endpoint's url cannot be used"))
        case .resolve: return .unavailable(made("resolve", "the endpoint's name could not be found"))
        case .connect: return .unavailable(made("connect", "no connection to the endpoint"))
        case .tls: return .unavailable(made("tls", "the endpoint's certificate is not trusted"))
        case .timeout where !failure.mayHaveArrived: return .unavailable(made("timeout", "no connection in time"))
        case .timeout: return .deferred(made("timeout", "the endpoint did not answer in time"))
        case .cancelled: return .deferred(made("cancelled", "the attempt was cancelled"))
        case .tooLarge: return .deferred(made("answer", "the endpoint's answer is too long to be one"))
        case .redirect: return .unavailable(made("redirect", "the endpoint redirects; configure the new address"))
        case .dropped, .malformedAnswer, .other:
            return .deferred(made("connect", "the connection to the endpoint failed: \(failure.kind.rawValue)"))
        }
    }
}

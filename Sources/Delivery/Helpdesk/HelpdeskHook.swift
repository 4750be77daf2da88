// Any other helpdesk, through webhooks in our own format (docs/helpdesk.md), signed as Standard Webhooks are. Each has
// an id that a repeat keeps, by which the receiver discards it. The answer may name the ticket and where it is.

internal import Foundation
public import Outreach
public import Platform

/// Tells a receiver of webhooks what to write to tickets.
public struct HelpdeskHook: Channel {
    private let url: String
    private let secrets: [WebhookSecret]
    private let allowPrivate: Bool
    private let transport: any HTTPTransport

    public init(url: String, secrets: [WebhookSecret], allowPrivate: Bool, over transport: any HTTPTransport) {
        self.url = url
        self.secrets = secrets
        self.allowPrivate = allowPrivate
        self.transport = transport
    }

    public func send(_ message: Message, at now: Moment) async throws(CancellationError) -> Verdict {
        try await attempt(message, at: now).verdict
    }

    public func attempt(_ message: Message, at now: Moment) async throws(CancellationError) -> AttemptAnswer {
        guard let post = TicketPost(message), let body = try? Self.body(of: post) else {
            return AttemptAnswer(.refused(.unreadablePost))
        }
        if Task.isCancelled { throw CancellationError() }
        let signed = WebhookSignature(id: message.id, at: now, body: body, secrets: secrets)
        let request = HTTPRequest(
            .post, url,
            headers: [
                HTTPField("Content-Type", "application/json"), HTTPField("User-Agent", "Bookbag"),
                HTTPField("webhook-id", signed.id), HTTPField("webhook-timestamp", signed.timestamp),
                HTTPField("webhook-signature", signed.signature),
            ],
            body: body, timeout: WebhookChannel.timeout, maximumResponseBytes: WebhookChannel.maximumAnswerBytes,
            redirects: 0, addressPolicy: allowPrivate ? .any : .publicOnly(allowLiteralLoopback: true))
        do {
            let response = try await transport.send(request)
            let verdict = Verdict.verdict(for: response, at: now)
            guard case .accepted = verdict else { return AttemptAnswer(verdict) }
            // A receiver that says nothing has the ticket under our own name for it.
            let told = try? JSONDecoder().decode(Told.self, from: Data(response.body))
            var results = ["ticket": post.ticket ?? post.externalID]
            if let ticket = told?.ticket, !ticket.isEmpty, ticket.utf8.count <= 200 { results["ticket"] = ticket }
            if let url = told?.url, url.hasPrefix("https://"), url.utf8.count <= 2000 { results["url"] = url }
            return AttemptAnswer(verdict, results: results)
        } catch {
            if error.kind == .cancelled, !error.mayHaveArrived { throw CancellationError() }
            return AttemptAnswer(.verdict(for: error))
        }
    }

    private struct Told: Decodable {
        var ticket: String?
        var url: String?
    }

    private struct Event: Encodable {
        struct Data: Encodable {
            struct Customer: Encodable {
                var name: String
                var email: String?
                var phone: String?
            }
            var id: String
            var ticket: String?
            var conversation: Int64
            var order: String?
            var subject: String
            var text: String
            var `public`: Bool
            var channel: String
            var customer: Customer
        }
        var type: String
        var timestamp: String
        var data: Data
    }

    private static func body(of post: TicketPost) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(
            try encoder.encode(
                Event(
                    type: "ticket.\(post.act.rawValue)", timestamp: post.at.iso8601,
                    data: Event.Data(
                        id: post.externalID, ticket: post.ticket, conversation: post.conversation, order: post.order,
                        subject: post.subject, text: post.text, public: post.isPublic, channel: post.channel,
                        customer: Event.Data.Customer(name: post.name, email: post.address, phone: post.phone)))))
    }
}

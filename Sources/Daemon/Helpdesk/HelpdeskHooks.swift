import Crypto
import Delivery
import Foundation
import Intake
import Logging
import Outreach
import Platform
import ServiceLifecycle
import Store

/// Where helpdesks call us: `POST /helpdesk/SHOP` on the public listener.
///
/// What Zendesk and Gorgias call with is believed only so far as to look sooner: what happened is read from them. Any
/// other helpdesk says what happened, signed; that is committed before it is answered, and judged later.
package struct HelpdeskHooks: Sendable {
    /// One shop's side of it.
    struct Desk: Sendable {
        var settings: HelpdeskSettings
        var pace: HelpdeskPace
        /// Called when something happened.
        var wake: Wake
    }

    var desks: [String: Desk] = [:]
    let store: Store
    let logger: Logger
    let now: @Sendable () -> Moment

    /// What the caller is answered.
    package struct Answer: Hashable, Sendable {
        package var status: Int
        package var body = ""
    }

    /// The path for a shop.
    package static func path(of shop: String) -> String { "/helpdesk/\(shop)" }
    package static func isOwn(_ path: String) -> Bool { path.hasPrefix("/helpdesk/") }

    /// Takes one request.
    ///
    /// - Parameter headers: by names in lower case.
    package func receive(path: String, headers: [String: String], body: [UInt8]) async -> Answer {
        guard let shop = desks.keys.first(where: { Self.path(of: $0) == path }), let desk = desks[shop] else {
            return Answer(status: 404, body: "There is nothing here.")
        }
        guard isSigned(desk.settings, headers: headers, body: body) else {
            return refused(shop, "its signature is not one of the secrets'", 403)
        }
        if desk.settings.kind == .hook {
            guard let told = Told(body), let news = told.news(now: now()) else {
                return refused(shop, "it is not what docs/helpdesk.md says", 400)
            }
            do throws(StoreFailure) {
                guard let ticket = try await store.ticket(numbered: told.ticket, shop: shop) else {
                    return Answer(status: 404, body: "No conversation has this ticket.")
                }
                let kept = news.compactMap {
                    $0.observation(shop: shop, conversation: ticket.conversation, now: now())
                }
                _ = try await store.keep(kept, now: now())
            } catch {
                return Answer(status: 503, body: "It could not be stored now.")
            }
        }
        desk.pace.call()
        desk.wake.call()
        return Answer(status: 204)
    }

    private func isSigned(_ settings: HelpdeskSettings, headers: [String: String], body: [UInt8]) -> Bool {
        switch settings.kind {
        case .zendesk:
            return settings.hookSecrets.contains { secret in
                ZendeskSignature.isValid(
                    headers["x-zendesk-webhook-signature"] ?? "",
                    timestamp: headers["x-zendesk-webhook-signature-timestamp"] ?? "", body: body, secret: secret,
                    now: now())
            }
        case .gorgias:
            // Gorgias signs nothing; a header of its integration has the secret. Its digests are compared, so that the
            // time says nothing of where they differ.
            let given = SHA256.hash(data: Array((headers["x-bookbag-secret"] ?? "").utf8))
            return settings.hookSecrets.contains { secret in
                !secret.isEmpty && given == SHA256.hash(data: Array(secret.reveal().utf8))
            }
        case .hook:
            return (settings.hookSecrets.isEmpty ? settings.secrets : settings.hookSecrets).contains { secret in
                guard let secret = try? WebhookSecret(secret.reveal()), let verifier = try? WebhookVerifier(secret)
                else { return false }
                return (try? verifier.verify(body, at: now()) { headers[$0] }) != nil
            }
        }
    }

    private func refused(_ shop: String, _ reason: String, _ status: Int) -> Answer {
        logger.log(Line.helpdeskRefused, ["shop": "\(shop)", "reason": "\(reason)"])
        return Answer(status: status, body: status == 403 ? "The signature is wrong." : "This is not understood.")
    }

    /// What a helpdesk of another kind says happened: docs/helpdesk.md.
    private struct Told: Decodable {
        var id: String
        var ticket: String
        var event: String
        var by: String?
        var text: String?

        init?(_ body: [UInt8]) {
            guard let told = try? JSONDecoder().decode(Told.self, from: Data(body)), !told.id.isEmpty,
                told.id.utf8.count <= 200, !told.ticket.isEmpty
            else { return nil }
            self = told
        }

        func news(now: Moment) -> [TicketNews]? {
            func said(_ author: TicketNews.Author, _ text: String) -> [TicketNews] {
                [
                    TicketNews(
                        ticket: ticket, at: now,
                        comment: TicketNews.Comment(
                            id: id, author: author, email: by, isPublic: true, text: text))
                ]
            }
            switch event {
            case "replied": return text.map { said(.agent, $0) }
            case "taken_over": return [TicketNews(ticket: ticket, at: now, taken: TicketNews.Taken(id: id, by: by))]
            case "wrote": return text.map { said(.customer, $0) }
            case "closed":
                return [
                    TicketNews(
                        ticket: ticket, at: now, standing: TicketNews.Standing(state: .solved, stamp: id))
                ]
            default: return nil
            }
        }
    }
}

/// What one shop's helpdesk consists of while the daemon runs.
struct HelpdeskLine {
    let hooks: HelpdeskHooks.Desk
    let services: [any Service]

    init(
        settings: HelpdeskSettings, context: ShopContext, store: Store, learning: Learning, answers: ShopAnswers,
        desk: String?, engine: TransferEngine, clock: DaemonClock, tickets: Wake, newMessages: Broadcast,
        letters: MailJudge?, journal: ConversationJournal, heartbeats: Heartbeats, logger: Logger,
        trouble: StoreTrouble
    ) {
        let reading = Wake()
        let pace = HelpdeskPace()
        hooks = HelpdeskHooks.Desk(settings: settings, pace: pace, wake: reading)
        services = [
            HelpdeskService(
                context: context, store: store, answers: answers, desk: desk, clock: clock, wake: tickets,
                newMessages: newMessages, heartbeats: heartbeats, logger: logger, trouble: trouble),
            SourceService(
                context: context,
                sources: [
                    Self.source(
                        settings, context.domain, store, pace, clock,
                        hasMail: context.configuration.mailboxBelongsToHelpdesk, over: engine)
                ], store: store,
                learning: learning, clock: clock,
                helpdesk: HelpdeskJudge(
                    context: context, store: store, journal: journal, logger: logger, newMessages: newMessages,
                    letters: letters),
                loop: "helpdesk", wake: reading, heartbeats: heartbeats, logger: logger),
        ]
    }

    /// What reads the helpdesk.
    ///
    /// - Parameter hasMail: customers' mail arrives there.
    static func source(
        _ settings: HelpdeskSettings, _ shop: String, _ store: Store, _ pace: HelpdeskPace, _ clock: DaemonClock,
        hasMail: Bool = false, over transport: any HTTPTransport
    ) -> HelpdeskSource {
        let reader: (any TicketReader)?
        switch settings.kind {
        case .zendesk: reader = ZendeskReader(settings.service(over: transport))
        case .gorgias: reader = GorgiasReader(settings.service(over: transport), agent: settings.email ?? "")
        case .hook: reader = nil
        }
        let known: @Sendable ([String]) async throws -> [String: Ticket] = {
            try await store.tickets(numbered: $0, shop: shop)
        }
        return HelpdeskSource(
            shop: shop, reader: reader, pace: pace,
            watched: {
                try await store.openTickets(
                    shop: shop, since: clock.now - HelpdeskService.memory, limit: HelpdeskSource.most)
            }, known: hasMail ? known : nil)
    }
}

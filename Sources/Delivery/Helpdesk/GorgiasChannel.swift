// Tickets in Gorgias (https://developers.gorgias.com/reference/tickets).
//
// Tickets and messages have an `external_id`, which Gorgias does not keep unique: each is looked for before it is
// repeated. A customer is an address there: what was written without one is put down as a note, for an answer in the
// ticket would reach nobody.
//
// An answer to her is a message to the address that it is for, whoever else the ticket is with. The ticket is read right
// before: it must be nobody's of the shop's people, and her last words must be those that are answered. Then it is
// closed, as agents close what they have answered: she opens it again when she writes.

internal import Foundation
public import Outreach
public import Platform

/// Writes to the tickets of an account at Gorgias.
public struct GorgiasChannel: Channel {
    private let service: JSONService
    /// The address of the user that our login belongs to, in whose name notes are written.
    private let agent: String

    public init(_ service: JSONService, agent: String) {
        self.service = service
        self.agent = agent
    }

    public func send(_ message: Message, at now: Moment) async throws(CancellationError) -> Verdict {
        try await attempt(message, at: now).verdict
    }

    public func attempt(_ message: Message, at now: Moment) async throws(CancellationError) -> AttemptAnswer {
        guard let post = TicketPost(message) else { return AttemptAnswer(.refused(.unreadablePost)) }
        if Task.isCancelled { throw CancellationError() }
        let result: Result<AttemptAnswer, HelpdeskStop>
        do throws(HelpdeskStop) { result = .success(try await perform(post, id: message.id, now)) } catch {
            result = .failure(error)
        }
        return try result.answer()
    }

    public func precedent(of message: Message, at now: Moment) async throws(CancellationError) -> Precedent {
        guard let post = TicketPost(message) else { return .unknown }
        let result: Result<Precedent, HelpdeskStop>
        do throws(HelpdeskStop) { result = .success(try await precedent(post, id: message.id, now)) } catch {
            result = .failure(error)
        }
        return try result.precedent()
    }

    private func calls(_ now: Moment) -> HelpdeskCalls { HelpdeskCalls(service: service, name: "Gorgias", now: now) }

    private func perform(_ post: TicketPost, id: String, _ now: Moment) async throws(HelpdeskStop) -> AttemptAnswer {
        let calls = calls(now)
        let said = Said(post, id: id, agent: agent)
        guard let number = post.ticket else {
            if let found = try await ticket(named: post.externalID, calls) { return done(found) }
            let ticket = NewTicket(
                externalID: post.externalID, subject: post.subject, channel: said.isNote ? "api" : "email",
                customer: Person(email: post.address, name: post.name), messages: [said])
            return done(try await calls.write(.post, "/api/tickets", ticket, Found.self).id)
        }
        guard Int64(number) != nil else { throw .refused("gone", "Gorgias has no such ticket") }
        if post.act.isToHer { return try await answer(post, said, id: id, in: number, calls) }
        // First, so that a repeat after a lost answer does it again: it is the same however often.
        if post.isPublic {
            _ = try await calls.write(.put, "/api/tickets/\(number)", ["status": "open"], Found.self)
        }
        _ = try await calls.write(.post, "/api/tickets/\(number)/messages", said, Found.self)
        return AttemptAnswer(.accepted(receipt: "ticket \(number)"))
    }

    /// Says something to her. It is looked for first: what comes after it is repeated until it is done.
    private func answer(
        _ post: TicketPost, _ said: Said, id: String, in number: String, _ calls: HelpdeskCalls
    ) async throws(HelpdeskStop) -> AttemptAnswer {
        guard let ticket = try await calls.read("/api/tickets/\(number)", Found.self) else {
            throw .refused("gone", "Gorgias has no such ticket any more", code: 404)
        }
        let messages =
            try await calls.read(
                "/api/messages?ticket_id=\(number)&limit=100&order_by=created_datetime:desc", Several.self)?.data ?? []
        if !messages.contains(where: { $0.externalID == id }) {
            if post.act == .answer, let objection = objection(to: post, in: ticket, messages) { throw objection }
            _ = try await calls.write(.post, "/api/tickets/\(number)/messages", said, Found.self)
        }
        if post.isDone == true, ticket.status != "closed" {
            _ = try await calls.write(.put, "/api/tickets/\(number)", ["status": "closed"], Found.self)
        }
        return AttemptAnswer(.accepted(receipt: "ticket \(number)"))
    }

    /// Why nothing is answered by itself now. What happened in the ticket is read before it is tried again.
    private func objection(to post: TicketPost, in ticket: Found, _ messages: [Found]) -> HelpdeskStop? {
        if ticket.status == "closed" { return .later("answered_by_person", "the ticket is closed") }
        if let assignee = ticket.assignee, assignee.email?.lowercased() != agent.lowercased() {
            return .later("held_by_person", "a user has the ticket")
        }
        let isPublic = messages.filter { $0.isPublic ?? true && $0.channel != "internal-note" }
        // The newest first.
        guard let last = isPublic.first(where: { $0.isFromAgent != true }),
            post.answers == nil || post.answers == "\(last.id)"
        else { return .later("newer", "the customer has written again") }
        let isAnswered = isPublic.prefix { $0.id != last.id }.contains { !$0.isOurs }
        return isAnswered ? .later("answered_by_person", "somebody has answered in the ticket") : nil
    }

    private func precedent(_ post: TicketPost, id: String, _ now: Moment) async throws(HelpdeskStop) -> Precedent {
        let calls = calls(now)
        // Whether an answer is there is looked at by whoever repeats it, for the ticket is closed after it.
        if post.act.isToHer { return .notDone }
        guard let number = post.ticket else {
            guard let found = try await ticket(named: post.externalID, calls) else { return .notDone }
            return .done(receipt: "ticket \(found)", results: results(found))
        }
        let said = try await calls.read(
            "/api/messages?ticket_id=\(number)&limit=100&order_by=created_datetime:desc", Several.self)
        let isThere = said?.data.contains { $0.externalID == id } ?? false
        return isThere ? .done(receipt: "ticket \(number)", results: [:]) : .notDone
    }

    private func results(_ ticket: Int64) -> [String: String] {
        ["ticket": "\(ticket)", "url": "\(service.base)/app/ticket/\(ticket)"]
    }

    private func done(_ ticket: Int64) -> AttemptAnswer {
        AttemptAnswer(.accepted(receipt: "ticket \(ticket)"), results: results(ticket))
    }

    private func ticket(named name: String, _ calls: HelpdeskCalls) async throws(HelpdeskStop) -> Int64? {
        let query = String(decoding: Form.encoded([("external_id", name)]), as: UTF8.self)
        return try await calls.read("/api/tickets?\(query)", Several.self)?.data
            .filter { $0.externalID == name }.map(\.id).min()
    }

    // MARK: What goes there

    private struct NewTicket: Encodable {
        var externalID: String
        var subject: String
        var channel: String
        var via = "api"
        var status = "open"
        var customer: Person
        var tags = [["name": "bookbag"]]
        var messages: [Said]

        enum CodingKeys: String, CodingKey {
            case subject, channel, via, status, customer, tags, messages
            case externalID = "external_id"
        }
    }

    private struct Person: Encodable {
        var email: String?
        var name: String?
    }

    private struct Said: Encodable {
        struct Address: Encodable {
            var name: String?
            var address: String
        }
        struct Source: Encodable {
            var type: String
            var from: Address?
            var to: [Address]?
        }

        var channel: String
        var via = "api"
        var isFromAgent: Bool
        var isPublic: Bool
        var sender: Person
        var source: Source
        var receiver: Person?
        var subject: String?
        var text: String
        var externalID: String

        var isNote: Bool { !isPublic }

        init(_ post: TicketPost, id: String, agent: String) {
            externalID = id
            if post.act.isToHer {
                (channel, isFromAgent, isPublic) = ("email", true, true)
                sender = Person(email: agent)
                let to = post.address.map { [Address(name: post.name, address: $0)] }
                source = Source(type: "email", from: nil, to: to)
                receiver = Person(email: post.address)
                subject = "Re: \(post.subject)"
                text = post.text
            } else if post.isPublic, let address = post.address {
                (channel, isFromAgent, isPublic) = ("email", false, true)
                sender = Person(email: address, name: post.name)
                source = Source(
                    type: "email", from: Address(name: post.name, address: address),
                    to: post.to.map { [Address(address: $0)] })
                subject = post.subject
                text = post.text
            } else {
                (channel, isFromAgent, isPublic) = ("internal-note", true, false)
                sender = Person(email: agent)
                source = Source(type: "internal-note")
                let isHers = "\(post.name) wrote (\(post.channel)); answer at the desk:"
                text = post.isPublic ? "\(isHers)\n\n\(post.text)" : post.text
            }
        }

        enum CodingKeys: String, CodingKey {
            case channel, via, sender, source, receiver, subject
            case isFromAgent = "from_agent"
            case isPublic = "public"
            case text = "body_text"
            case externalID = "external_id"
        }
    }

    // MARK: What comes back

    private struct Found: Decodable {
        struct Person: Decodable { var email: String? }
        var id: Int64
        var externalID: String?
        var status: String?
        var assignee: Person?
        var isFromAgent: Bool?
        var isPublic: Bool?
        var channel: String?
        var via: String?

        /// Whether we wrote it, or a rule did.
        var isOurs: Bool { externalID?.hasPrefix("post_") ?? false || via == "rule" }

        enum CodingKeys: String, CodingKey {
            case id, status, channel, via
            case externalID = "external_id"
            case assignee = "assignee_user"
            case isFromAgent = "from_agent"
            case isPublic = "public"
        }
    }

    private struct Several: Decodable { var data: [Found] }
}

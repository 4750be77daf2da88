// Tickets in Gorgias (https://developers.gorgias.com/reference/tickets).
//
// Tickets and messages have an `external_id`, which Gorgias does not keep unique: each is looked for before it is
// repeated. A customer is an address there: what was written without one is put down as a note, for an answer in the
// ticket would reach nobody.

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
        // First, so that a repeat after a lost answer does it again: it is the same however often.
        if post.isPublic {
            _ = try await calls.write(.put, "/api/tickets/\(number)", ["status": "open"], Found.self)
        }
        _ = try await calls.write(.post, "/api/tickets/\(number)/messages", said, Found.self)
        return AttemptAnswer(.accepted(receipt: "ticket \(number)"))
    }

    private func precedent(_ post: TicketPost, id: String, _ now: Moment) async throws(HelpdeskStop) -> Precedent {
        let calls = calls(now)
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
        var subject: String?
        var text: String
        var externalID: String

        var isNote: Bool { !isPublic }

        init(_ post: TicketPost, id: String, agent: String) {
            externalID = id
            if post.isPublic, let address = post.address {
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
            case channel, via, sender, source, subject
            case isFromAgent = "from_agent"
            case isPublic = "public"
            case text = "body_text"
            case externalID = "external_id"
        }
    }

    // MARK: What comes back

    private struct Found: Decodable {
        var id: Int64
        var externalID: String?

        enum CodingKeys: String, CodingKey {
            case id
            case externalID = "external_id"
        }
    }

    private struct Several: Decodable { var data: [Found] }
}

// Tickets in Zendesk (https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/).
//
// A ticket is found by its `external_id`, which Zendesk does not keep unique; so it is looked for before one is made, and
// made under an Idempotency-Key, which Zendesk remembers for two hours. A comment has no id of ours: each update carries
// a mark in `metadata`, which stands in the comment's `metadata.custom`. A closed ticket takes nothing more: what is said
// later goes into a follow-up ticket.

internal import Foundation
public import Outreach
public import Platform

/// Writes to the tickets of an account at Zendesk.
public struct ZendeskChannel: Channel {
    private let service: JSONService

    public init(_ service: JSONService) { self.service = service }

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
        do throws(HelpdeskStop) { result = .success(try await precedent(post, now)) } catch { result = .failure(error) }
        return try result.precedent()
    }

    private func calls(_ now: Moment) -> HelpdeskCalls { HelpdeskCalls(service: service, name: "Zendesk", now: now) }

    private func perform(_ post: TicketPost, id: String, _ now: Moment) async throws(HelpdeskStop) -> AttemptAnswer {
        let calls = calls(now)
        guard let number = post.ticket else {
            // A backup that was restored knows nothing of a ticket that was made since.
            if let found = try await ticket(named: post.externalID, calls) { return done(found) }
            return done(try await create(post, named: post.externalID, after: nil, id: id, calls))
        }
        guard let ticket = try await calls.read("/api/v2/tickets/\(number)", One.self)?.ticket else {
            throw .refused("gone", "Zendesk has no such ticket any more", code: 404)
        }
        if ticket.status == "closed" {
            let name = Self.followUp(post)
            if let found = try await self.ticket(named: name, calls) { return done(found) }
            return done(try await create(post, named: name, after: ticket, id: id, calls))
        }
        let change = Change(
            comment: Comment(
                body: post.text, isPublic: post.isPublic, author: post.isPublic ? ticket.requester : nil),
            metadata: ["bookbag": post.mark], status: post.isPublic ? "open" : nil)
        let written = try await calls.write(
            .put, "/api/v2/tickets/\(number)", Envelope(ticket: change), One.self)
        return done(written.ticket)
    }

    private func precedent(_ post: TicketPost, _ now: Moment) async throws(HelpdeskStop) -> Precedent {
        let calls = calls(now)
        let name = post.ticket == nil ? post.externalID : Self.followUp(post)
        if let found = try await ticket(named: name, calls) {
            return .done(receipt: found.receipt, results: results(found))
        }
        guard let number = post.ticket,
            let said = try await calls.read(
                "/api/v2/tickets/\(number)/comments?sort_order=desc&per_page=100", Comments.self)
        else { return .notDone }
        let isThere = said.comments.contains { $0.metadata?.custom?["bookbag"] == post.mark }
        return isThere ? .done(receipt: "ticket \(number)", results: [:]) : .notDone
    }

    /// What a ticket is called that goes on where a closed one ends.
    private static func followUp(_ post: TicketPost) -> String {
        "\(post.externalID)-\(post.mark.replacing(" ", with: "-"))"
    }

    private func results(_ ticket: Found) -> [String: String] {
        ["ticket": "\(ticket.id)", "url": "\(service.base)/agent/tickets/\(ticket.id)"]
    }

    private func done(_ ticket: Found) -> AttemptAnswer {
        AttemptAnswer(.accepted(receipt: ticket.receipt), results: results(ticket))
    }

    private func ticket(named name: String, _ calls: HelpdeskCalls) async throws(HelpdeskStop) -> Found? {
        let query = String(decoding: Form.encoded([("external_id", name)]), as: UTF8.self)
        return try await calls.read("/api/v2/tickets?\(query)", Several.self)?.tickets
            .filter { $0.externalID == name }.min { $0.id < $1.id }
    }

    private func create(
        _ post: TicketPost, named name: String, after ticket: Found?, id: String, _ calls: HelpdeskCalls
    ) async throws(HelpdeskStop) -> Found {
        var requester = ticket?.requester
        if requester == nil { requester = try await self.requester(post, calls) }
        var change = Change(
            comment: Comment(body: post.text, isPublic: post.isPublic, author: post.isPublic ? requester : nil),
            metadata: ["bookbag": post.mark])
        change.subject = post.subject
        change.externalID = name
        change.requester = requester
        change.tags = ["bookbag"]
        change.follows = ticket?.id
        return try await calls.write(
            .post, "/api/v2/tickets", Envelope(ticket: change), headers: [HTTPField("Idempotency-Key", id)], One.self
        ).ticket
    }

    /// Who she is there. Whoever is known already keeps the name that agents know.
    private func requester(_ post: TicketPost, _ calls: HelpdeskCalls) async throws(HelpdeskStop) -> Int64 {
        let ours = "bookbag-\(post.phone ?? post.externalID)"
        let field =
            post.address.map { ("query", "email:\"\($0)\"") } ?? ("external_id", ours)
        let query = String(decoding: Form.encoded([field]), as: UTF8.self)
        let known = try await calls.read("/api/v2/users/search?\(query)", Users.self)?.users ?? []
        let own = known.first { user in
            post.address.map { $0.lowercased() == user.email?.lowercased() } ?? (user.externalID == ours)
        }
        if let own { return own.id }
        let user = NewUser(
            name: post.name, email: post.address, externalID: post.address == nil ? ours : nil, phone: post.phone)
        return try await calls.write(.post, "/api/v2/users/create_or_update", UserEnvelope(user: user), OneUser.self)
            .user.id
    }

    // MARK: What goes there

    private struct Envelope: Encodable { var ticket: Change }

    private struct Change: Encodable {
        var comment: Comment
        var metadata: [String: String]
        var status: String?
        var subject: String?
        var externalID: String?
        var requester: Int64?
        var tags: [String]?
        var follows: Int64?

        enum CodingKeys: String, CodingKey {
            case comment, metadata, status, subject, tags
            case externalID = "external_id"
            case requester = "requester_id"
            case follows = "via_followup_source_id"
        }
    }

    private struct Comment: Encodable {
        var body: String
        var isPublic: Bool
        var author: Int64?

        enum CodingKeys: String, CodingKey {
            case body
            case isPublic = "public"
            case author = "author_id"
        }
    }

    private struct UserEnvelope: Encodable { var user: NewUser }

    private struct NewUser: Encodable {
        var name: String
        var email: String?
        var externalID: String?
        var phone: String?
        /// Else Zendesk writes to her that she has an account.
        var skipsMail = true

        enum CodingKeys: String, CodingKey {
            case name, email, phone
            case externalID = "external_id"
            case skipsMail = "skip_verify_email"
        }
    }

    // MARK: What comes back

    private struct Found: Decodable {
        var id: Int64
        var status: String?
        var requester: Int64?
        var externalID: String?

        var receipt: String { "ticket \(id)" }

        enum CodingKeys: String, CodingKey {
            case id, status
            case requester = "requester_id"
            case externalID = "external_id"
        }
    }

    private struct One: Decodable { var ticket: Found }
    private struct Several: Decodable { var tickets: [Found] }

    private struct User: Decodable {
        var id: Int64
        var email: String?
        var externalID: String?

        enum CodingKeys: String, CodingKey {
            case id, email
            case externalID = "external_id"
        }
    }

    private struct Users: Decodable { var users: [User] }
    private struct OneUser: Decodable { var user: User }

    private struct Comments: Decodable {
        struct Said: Decodable {
            struct Metadata: Decodable {
                var custom: [String: String]?

                init(from decoder: any Decoder) throws {
                    // Other programs keep other things there than texts.
                    let container = try? decoder.container(keyedBy: Key.self)
                    custom = container.flatMap { try? $0.decode([String: String].self, forKey: .custom) }
                }

                enum Key: String, CodingKey { case custom }
            }
            var metadata: Metadata?
        }
        var comments: [Said]
    }
}

extension Failure {
    /// The bytes of an effect are no post.
    static let unreadablePost = Failure(
        reason: "content", detail: "its bytes cannot be read; this is a bug in bookbag")
}

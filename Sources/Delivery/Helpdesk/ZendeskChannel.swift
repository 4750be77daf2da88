// Tickets in Zendesk (https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/).
//
// A ticket is found by its `external_id`, which Zendesk does not keep unique; so it is looked for before one is made, and
// made under an Idempotency-Key, which Zendesk remembers for two hours. A comment has no id of ours: each update carries
// a mark in `metadata`, which stands in the comment's `metadata.custom`. A closed ticket takes nothing more: what is said
// later goes into a follow-up ticket.
//
// An answer to her is mailed to whoever the ticket is with. So the ticket is read before: it must be with the address
// that the answer is for, with nobody else in copy, nobody's of the shop's people, and her last words must be those that
// are answered. It is written on condition that the ticket is still as it was read (`safe_update`), so what an agent
// writes meanwhile is first.

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
        if post.act.isToHer { return try await answer(post, in: ticket, calls) }
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

    /// Says something to her. If that is all, the ticket is then pending, as after an agent's answer: it waits for her.
    private func answer(
        _ post: TicketPost, in ticket: Found, _ calls: HelpdeskCalls
    ) async throws(HelpdeskStop) -> AttemptAnswer {
        let said = try await calls.read(
            "/api/v2/tickets/\(ticket.id)/comments?include=users&sort_order=desc&per_page=100", Comments.self)
        if said?.comments.contains(where: { $0.isMarked(post.mark) }) == true { return done(ticket) }
        if ticket.status == "closed" { throw .refused("closed", "the ticket is closed for good") }
        guard let requester = ticket.requester,
            let user = try await calls.read("/api/v2/users/\(requester)", OneUser.self)?.user,
            let address = post.address, user.email?.lowercased() == address.lowercased()
        else {
            let why = "the ticket is with another address than the answer is for"
            throw post.act == .answer ? .later("recipient", why) : .refused("recipient", why)
        }
        var change = Change(
            comment: Comment(body: post.text, isPublic: true, author: nil), metadata: ["bookbag": post.mark],
            status: post.isDone == true ? "pending" : nil)
        if post.act == .answer {
            if let objection = try await objection(to: post, in: ticket, said, calls) { throw objection }
            (change.isSafe, change.stamp) = (true, ticket.updatedAt)
        }
        let written = try await calls.write(
            .put, "/api/v2/tickets/\(ticket.id)", Envelope(ticket: change), One.self)
        return done(written.ticket)
    }

    /// Why nothing is answered by itself now. What happened in the ticket is read before it is tried again, and then
    /// decided anew.
    private func objection(
        to post: TicketPost, in ticket: Found, _ said: Comments?, _ calls: HelpdeskCalls
    ) async throws(HelpdeskStop) -> HelpdeskStop? {
        if !(ticket.copies ?? ticket.collaborators ?? []).isEmpty {
            return .later("copies", "others get copies of what is said in the ticket")
        }
        if ticket.status == "solved" { return .later("answered_by_person", "the ticket is solved") }
        if let assignee = ticket.assignee,
            try await calls.read("/api/v2/users/me", OneUser.self)?.user.id != assignee
        {
            return .later("held_by_person", "an agent has the ticket")
        }
        let agents = Set((said?.users ?? []).filter { $0.role != "end-user" }.map(\.id))
        let comments = (said?.comments ?? []).filter { $0.isPublic ?? true }
        // The newest first.
        guard let last = comments.first(where: { $0.author.map { !agents.contains($0) } ?? false }),
            post.answers == nil || post.answers == "\(last.id)"
        else { return .later("newer", "the customer has written again") }
        let isAnswered = comments.prefix { $0.id != last.id }.contains { !$0.isOurs }
        return isAnswered ? .later("answered_by_person", "an agent has answered in the ticket") : nil
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
        let isThere = said.comments.contains { $0.isMarked(post.mark) }
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
        /// Only if the ticket has not changed since that.
        var isSafe: Bool?
        var stamp: String?

        enum CodingKeys: String, CodingKey {
            case comment, metadata, status, subject, tags
            case isSafe = "safe_update"
            case stamp = "updated_stamp"
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
        var assignee: Int64?
        var copies: [Int64]?
        var collaborators: [Int64]?
        var updatedAt: String?
        var externalID: String?

        var receipt: String { "ticket \(id)" }

        enum CodingKeys: String, CodingKey {
            case id, status
            case requester = "requester_id"
            case assignee = "assignee_id"
            case copies = "email_cc_ids"
            case collaborators = "collaborator_ids"
            case updatedAt = "updated_at"
            case externalID = "external_id"
        }
    }

    private struct One: Decodable { var ticket: Found }
    private struct Several: Decodable { var tickets: [Found] }

    private struct User: Decodable {
        var id: Int64
        var email: String?
        var role: String?
        var externalID: String?

        enum CodingKeys: String, CodingKey {
            case id, email, role
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
            var id: Int64
            var author: Int64?
            var isPublic: Bool?
            var metadata: Metadata?

            /// Whether we wrote it.
            var isOurs: Bool { metadata?.custom?["bookbag"] != nil }

            func isMarked(_ mark: String) -> Bool { metadata?.custom?["bookbag"] == mark }

            enum CodingKeys: String, CodingKey {
                case id, metadata
                case author = "author_id"
                case isPublic = "public"
            }
        }
        var comments: [Said]
        var users: [User]?
    }
}

extension Failure {
    /// The bytes of an effect are no post.
    static let unreadablePost = Failure(
        reason: "content", detail: "its bytes cannot be read; this is a bug in bookbag")
}

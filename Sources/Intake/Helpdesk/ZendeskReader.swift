internal import Foundation
package import Outreach
package import Platform
internal import Synchronization

/// Reads tickets at Zendesk: up to a hundred in one call, and the newest hundred comments of each that changed.
package final class ZendeskReader: TicketReader {
    private let service: JSONService
    /// The number of the agent that our login belongs to.
    private let own = Mutex<Int64?>(nil)

    package init(_ service: JSONService) { self.service = service }

    private static let page = 100
    /// Tickets in a page of those that changed: of each the comments may have to be read.
    private static let changedAtOnce = 50

    package func standings(
        of tickets: [Ticket], now: Moment
    ) async throws(TicketTrouble) -> [String: TicketStanding] {
        let numbers = tickets.compactMap(\.number).filter { Int64($0) != nil }
        var found: [String: TicketStanding] = [:]
        var rest = numbers[...]
        while !rest.isEmpty {
            let some = rest.prefix(Self.page)
            rest = rest.dropFirst(Self.page)
            let answer = try await service.read(
                "/api/v2/tickets/show_many?ids=\(some.joined(separator: ","))", "Zendesk", Several.self)
            for number in some { found[number] = .gone(now) }
            for ticket in answer?.tickets ?? [] { found["\(ticket.id)"] = ticket.standing(now) }
        }
        return found
    }

    package func comments(
        of number: String
    ) async throws(TicketTrouble) -> [(at: Moment, comment: TicketNews.Comment)] {
        let answer = try await service.read(
            "/api/v2/tickets/\(number)/comments?include=users&sort_order=desc&per_page=\(Self.page)", "Zendesk",
            Comments.self)
        guard let answer else { return [] }
        let users = Dictionary(answer.users?.map { ($0.id, $0) } ?? []) { first, _ in first }
        return answer.comments.reversed().map { said in
            let user = said.author.flatMap { users[$0] }
            let author: TicketNews.Author =
                said.isOurs ? .ours : user?.role == "end-user" ? .customer : .agent
            var comment = TicketNews.Comment(
                id: "\(said.id)", author: author, email: user?.email, isPublic: said.isPublic ?? true,
                text: String((said.plainBody ?? said.body ?? "").prefix(ConversationRules.longestText)))
            comment.name = user?.name.map { String($0.prefix(200)) }
            comment.take(flags: said.flags, isTrusted: said.isTrusted)
            let files = said.files?.prefix(20) ?? []
            if !files.isEmpty {
                comment.files = files.map { String(($0.name ?? "a file").prefix(200)) }
                comment.hasPhoto = files.contains { $0.type?.hasPrefix("image/") == true && $0.isInline != true }
            }
            return (Moment(iso8601: said.createdAt) ?? .distantPast, comment)
        }
    }

    package func changed(page: String?) async throws(TicketTrouble) -> TicketPage {
        let number = page.flatMap { Int($0) } ?? 1
        let query = "sort_by=updated_at&sort_order=desc&include=users&per_page=\(Self.changedAtOnce)&page=\(number)"
        let answer = try await service.read("/api/v2/tickets?\(query)", "Zendesk", Several.self)
        let users = Dictionary(answer?.users?.map { ($0.id, $0) } ?? []) { first, _ in first }
        var tickets: [ChangedTicket] = []
        for one in answer?.tickets ?? [] {
            var ticket = ChangedTicket(
                number: "\(one.id)", standing: one.standing(.distantPast),
                createdAt: one.createdAt.flatMap { Moment(iso8601: $0) } ?? .distantPast,
                isOurs: ChangedTicket.isOurs(one.externalID),
                // A form's answers are mailed; what came by chat, text or telephone is answered there.
                isMail: ["email", "web"].contains(one.via?.channel ?? ""), taken: nil,
                opening: TicketNews.Opening(
                    subject: String((one.subject ?? "").prefix(500)),
                    requester: one.requester.flatMap { users[$0]?.email }, to: one.recipient,
                    isCopied: !(one.copies ?? one.collaborators ?? []).isEmpty,
                    url: "\(service.base)/agent/tickets/\(one.id)"))
            if let assignee = one.assignee, try await !isOwn(assignee) {
                ticket.taken = TicketNews.Taken(id: "assignee \(assignee)", by: users[assignee]?.email)
            }
            tickets.append(ticket)
        }
        let isFull = tickets.count == Self.changedAtOnce && answer?.next != nil
        return TicketPage(tickets: tickets, next: isFull ? "\(number + 1)" : nil)
    }

    /// Whether that is the agent whose login we have.
    private func isOwn(_ user: Int64) async throws(TicketTrouble) -> Bool {
        if let own = own.withLock({ $0 }) { return own == user }
        let me = try await service.read("/api/v2/users/me", "Zendesk", Me.self)?.user.id
        own.withLock { $0 = me }
        return me == user
    }

    private struct Me: Decodable { var user: User }

    private struct User: Decodable {
        var id: Int64
        var name: String?
        var email: String?
        var role: String?
    }

    private struct One: Decodable {
        struct Via: Decodable { var channel: String? }
        var id: Int64
        var status: String
        var subject: String?
        var externalID: String?
        var requester: Int64?
        var assignee: Int64?
        var recipient: String?
        var copies: [Int64]?
        var collaborators: [Int64]?
        var via: Via?
        var createdAt: String?
        var updatedAt: String

        enum CodingKeys: String, CodingKey {
            case id, status, subject, recipient, via
            case externalID = "external_id"
            case requester = "requester_id"
            case assignee = "assignee_id"
            case copies = "email_cc_ids"
            case collaborators = "collaborator_ids"
            case createdAt = "created_at"
            case updatedAt = "updated_at"
        }

        func standing(_ now: Moment) -> TicketStanding {
            let state: Ticket.State =
                switch status {
                case "solved": .solved
                case "closed", "deleted": .closed
                default: .open
                }
            return TicketStanding(
                state: state, stamp: "\(status) \(updatedAt)", changedAt: Moment(iso8601: updatedAt) ?? now)
        }
    }

    private struct Several: Decodable {
        var tickets: [One]
        var users: [User]?
        var next: String?

        enum CodingKeys: String, CodingKey {
            case tickets, users
            case next = "next_page"
        }
    }

    private struct Comments: Decodable {
        struct File: Decodable {
            var name: String?
            var type: String?
            var isInline: Bool?

            enum CodingKeys: String, CodingKey {
                case name = "file_name"
                case type = "content_type"
                case isInline = "inline"
            }
        }
        struct Said: Decodable {
            var id: Int64
            var author: Int64?
            var isPublic: Bool?
            var body: String?
            var plainBody: String?
            var createdAt: String
            var files: [File]?
            /// Written by us: it bears our mark.
            var isOurs: Bool
            /// What Zendesk warns agents of.
            var flags: [Int]
            var isTrusted: Bool?

            enum CodingKeys: String, CodingKey {
                case id, body, metadata
                case files = "attachments"
                case author = "author_id"
                case isPublic = "public"
                case plainBody = "plain_body"
                case createdAt = "created_at"
            }
            enum MetadataKeys: String, CodingKey { case custom, flags, trusted }
            enum CustomKeys: String, CodingKey { case bookbag }

            init(from decoder: any Decoder) throws {
                let container = try decoder.container(keyedBy: CodingKeys.self)
                id = try container.decode(Int64.self, forKey: .id)
                author = try container.decodeIfPresent(Int64.self, forKey: .author)
                isPublic = try container.decodeIfPresent(Bool.self, forKey: .isPublic)
                body = try container.decodeIfPresent(String.self, forKey: .body)
                plainBody = try container.decodeIfPresent(String.self, forKey: .plainBody)
                createdAt = try container.decode(String.self, forKey: .createdAt)
                files = try? container.decodeIfPresent([File].self, forKey: .files)
                // Whatever else other programs keep there.
                let metadata = try? container.nestedContainer(keyedBy: MetadataKeys.self, forKey: .metadata)
                let custom = try? metadata?.nestedContainer(keyedBy: CustomKeys.self, forKey: .custom)
                isOurs = custom?.contains(.bookbag) ?? false
                flags = (try? metadata?.decodeIfPresent([Int].self, forKey: .flags)) ?? []
                isTrusted = try? metadata?.decodeIfPresent(Bool.self, forKey: .trusted)
            }
        }
        var comments: [Said]
        var users: [User]?
    }
}

extension TicketNews.Comment {
    /// What Zendesk warns agents of beside a comment
    /// (https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_audits/): that a program wrote it, or that
    /// its author may be another.
    fileprivate mutating func take(flags: [Int], isTrusted: Bool?) {
        let machine = 4
        // A file was too large, or has malware in it: that says nothing of who wrote.
        let ofFiles: Set = [5, 15]
        if flags.contains(machine) { isMachines = true }
        if isTrusted == false || flags.contains(where: { $0 != machine && !ofFiles.contains($0) }) { isDoubted = true }
    }
}

extension JSONService {
    /// Reads something; nil where there is nothing of that name.
    ///
    /// - Parameter name: the helpdesk, for people.
    func read<Answer: Decodable>(
        _ path: String, _ name: String, _: Answer.Type
    ) async throws(TicketTrouble) -> Answer? {
        let response: HTTPResponse
        do { response = try await send(.get, path) } catch {
            throw TicketTrouble(words: "\(name) could not be reached: \(error.kind.rawValue)")
        }
        switch response.status {
        case 404: return nil
        case 200..<300: break
        case 401, 403:
            throw TicketTrouble(
                words: "\(name) does not accept our login (HTTP \(response.status)); 'bookbag doctor' says more")
        default:
            throw TicketTrouble(
                words: "\(name) answered HTTP \(response.status)",
                retryAfter: response["Retry-After"].flatMap { Int($0) }.map { .seconds(max(0, min($0, 86_400))) })
        }
        guard let answer = try? JSONDecoder().decode(Answer.self, from: Data(response.body)) else {
            throw TicketTrouble(words: "\(name) answered what is not understood")
        }
        return answer
    }
}

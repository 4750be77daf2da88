internal import Foundation
package import Outreach
package import Platform

/// Reads tickets at Zendesk: up to a hundred in one call, and the newest hundred comments of each that changed.
package struct ZendeskReader: TicketReader {
    private let service: JSONService

    package init(_ service: JSONService) { self.service = service }

    private static let page = 100

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
            for ticket in answer?.tickets ?? [] {
                let state: Ticket.State
                switch ticket.status {
                case "solved": state = .solved
                case "closed": state = .closed
                default: state = .open
                }
                found["\(ticket.id)"] = TicketStanding(
                    state: state, stamp: "\(ticket.status) \(ticket.updatedAt)",
                    changedAt: Moment(iso8601: ticket.updatedAt) ?? now)
            }
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
            return (
                Moment(iso8601: said.createdAt) ?? .distantPast,
                TicketNews.Comment(
                    id: "\(said.id)", author: author, email: user?.email, isPublic: said.isPublic ?? true,
                    text: said.plainBody ?? said.body ?? "")
            )
        }
    }

    private struct Several: Decodable {
        struct One: Decodable {
            var id: Int64
            var status: String
            var updatedAt: String

            enum CodingKeys: String, CodingKey {
                case id, status
                case updatedAt = "updated_at"
            }
        }
        var tickets: [One]
    }

    private struct Comments: Decodable {
        struct Said: Decodable {
            var id: Int64
            var author: Int64?
            var isPublic: Bool?
            var body: String?
            var plainBody: String?
            var createdAt: String
            /// Written by us: it bears our mark.
            var isOurs: Bool

            enum CodingKeys: String, CodingKey {
                case id, body, metadata
                case author = "author_id"
                case isPublic = "public"
                case plainBody = "plain_body"
                case createdAt = "created_at"
            }
            enum MetadataKeys: String, CodingKey { case custom }
            enum CustomKeys: String, CodingKey { case bookbag }

            init(from decoder: any Decoder) throws {
                let container = try decoder.container(keyedBy: CodingKeys.self)
                id = try container.decode(Int64.self, forKey: .id)
                author = try container.decodeIfPresent(Int64.self, forKey: .author)
                isPublic = try container.decodeIfPresent(Bool.self, forKey: .isPublic)
                body = try container.decodeIfPresent(String.self, forKey: .body)
                plainBody = try container.decodeIfPresent(String.self, forKey: .plainBody)
                createdAt = try container.decode(String.self, forKey: .createdAt)
                // Whatever else other programs keep there.
                let metadata = try? container.nestedContainer(keyedBy: MetadataKeys.self, forKey: .metadata)
                let custom = try? metadata?.nestedContainer(keyedBy: CustomKeys.self, forKey: .custom)
                isOurs = custom?.contains(.bookbag) ?? false
            }
        }
        struct User: Decodable {
            var id: Int64
            var email: String?
            var role: String?
        }
        var comments: [Said]
        var users: [User]?
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

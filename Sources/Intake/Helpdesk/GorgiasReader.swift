internal import Foundation
package import Outreach
package import Platform
internal import Synchronization

/// Reads tickets at Gorgias: those that changed since the last look, newest first, and the messages of ours among them.
/// After a start each of ours is looked at by itself, a few at a time.
package final class GorgiasReader: TicketReader {
    private let service: JSONService
    /// The address of the user that our login belongs to.
    private let agent: String
    private let state = Mutex(State())

    private struct State {
        /// All changes up to then were seen.
        var seen: Moment?
        /// Those that were looked at by themselves since the start.
        var looked: Set<String> = []
    }

    /// - Parameter agent: the address of the user that our login belongs to.
    package init(_ service: JSONService, agent: String) {
        self.service = service
        self.agent = agent
    }

    private static let page = 100
    /// The most pages of one look, and the most tickets that are looked at by themselves: Gorgias allows 40 calls in
    /// 20 s.
    private static let pages = 10
    private static let singles = 10
    /// Tickets in a page of those that changed: of each the messages may have to be read, within the calls that Gorgias
    /// allows.
    private static let changedAtOnce = 30
    /// What changed so long before the last look is read again, for clocks differ.
    private static let overlap = Duration.minutes(5)

    package func standings(
        of tickets: [Ticket], now: Moment
    ) async throws(TicketTrouble) -> [String: TicketStanding] {
        let ours = Set(tickets.compactMap(\.number))
        let (seen, looked) = state.withLock { ($0.seen, $0.looked) }
        var found: [String: TicketStanding] = [:]
        if let seen {
            var cursor: String?
            var isComplete = false
            for _ in 0..<Self.pages where !isComplete {
                let next = cursor.map { "&cursor=\(Self.escaped($0))" } ?? ""
                let answer = try await service.read(
                    "/api/tickets?order_by=updated_datetime:desc&limit=\(Self.page)\(next)", "Gorgias", Several.self)
                for ticket in answer?.data ?? [] {
                    let standing = ticket.standing(now)
                    if standing.changedAt < seen - Self.overlap { isComplete = true }
                    if ours.contains("\(ticket.id)") { found["\(ticket.id)"] = standing }
                }
                cursor = answer?.meta?.next
                if cursor == nil { isComplete = true }
            }
            // More happened than we read: each is looked at by itself again.
            state.withLock { state in
                state.seen = now
                if !isComplete { state.looked = [] }
            }
        } else {
            state.withLock { $0.seen = now }
        }
        for number in ours.subtracting(looked).sorted().prefix(Self.singles) where found[number] == nil {
            guard Int64(number) != nil else { continue }
            let answer = try await service.read("/api/tickets/\(number)", "Gorgias", One.self)
            found[number] = answer?.standing(now) ?? .gone(now)
            state.withLock { _ = $0.looked.insert(number) }
        }
        // What is read again because it is young need not have changed since.
        for ticket in tickets where ticket.stamp?.hasSuffix("~") == true {
            guard let number = ticket.number, found[number] == nil, Int64(number) != nil else { continue }
            let answer = try await service.read("/api/tickets/\(number)", "Gorgias", One.self)
            found[number] = answer?.standing(now) ?? .gone(now)
        }
        return found
    }

    package func comments(
        of number: String
    ) async throws(TicketTrouble) -> [(at: Moment, comment: TicketNews.Comment)] {
        let answer = try await service.read(
            "/api/messages?ticket_id=\(number)&limit=\(Self.page)&order_by=created_datetime:desc", "Gorgias",
            Messages.self)
        return (answer?.data ?? []).reversed().map { said in
            let isOurs = said.externalID?.hasPrefix("post_") ?? false
            let author: TicketNews.Author =
                isOurs || said.via == "rule" ? .ours : said.isFromAgent == true ? .agent : .customer
            let text = said.strippedText.flatMap { $0.isEmpty ? nil : $0 } ?? said.bodyText ?? ""
            var comment = TicketNews.Comment(
                id: "\(said.id)", author: author, email: said.sender?.email,
                isPublic: said.isPublic ?? true && said.channel != "internal-note",
                text: String(text.prefix(ConversationRules.longestText)))
            comment.name = said.sender?.name.map { String($0.prefix(200)) }
            let files = said.files?.prefix(20) ?? []
            if !files.isEmpty {
                comment.files = files.map { String(($0.name ?? "a file").prefix(200)) }
                comment.hasPhoto = files.contains { $0.type?.hasPrefix("image/") == true }
            }
            return (Moment(gorgias: said.createdAt) ?? .distantPast, comment)
        }
    }

    package func changed(page: String?) async throws(TicketTrouble) -> TicketPage {
        let next = page.map { "&cursor=\(Self.escaped($0))" } ?? ""
        let answer = try await service.read(
            "/api/tickets?order_by=updated_datetime:desc&limit=\(Self.changedAtOnce)\(next)", "Gorgias", Several.self)
        let tickets = (answer?.data ?? []).map { one in
            var ticket = ChangedTicket(
                number: "\(one.id)", standing: one.standing(.distantPast),
                createdAt: one.createdAt.flatMap { Moment(gorgias: $0) } ?? .distantPast,
                isOurs: ChangedTicket.isOurs(one.externalID),
                // What came by chat or on a social network is answered there.
                isMail: ["email", "contact_form", "help-center"].contains(one.channel ?? "") && one.isSpam != true,
                taken: nil,
                opening: TicketNews.Opening(
                    subject: String((one.subject ?? "").prefix(500)), requester: one.customer?.email, to: nil,
                    // An answer goes to the one address that it names.
                    isCopied: false, url: "\(service.base)/app/ticket/\(one.id)"))
            if let assignee = one.assignee, assignee.email?.lowercased() != agent.lowercased() {
                ticket.taken = TicketNews.Taken(id: "assignee \(assignee.id)", by: assignee.email)
            }
            return ticket
        }
        return TicketPage(tickets: tickets, next: tickets.isEmpty ? nil : answer?.meta?.next)
    }

    private static func escaped(_ text: String) -> String {
        text.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
    }

    private struct One: Decodable {
        struct Person: Decodable {
            var id: Int64
            var email: String?
        }
        var id: Int64
        var status: String?
        var updatedAt: String?
        var createdAt: String?
        var externalID: String?
        var subject: String?
        var channel: String?
        var isSpam: Bool?
        var customer: Person?
        var assignee: Person?

        enum CodingKeys: String, CodingKey {
            case id, status, subject, channel, customer
            case updatedAt = "updated_datetime"
            case createdAt = "created_datetime"
            case externalID = "external_id"
            case isSpam = "spam"
            case assignee = "assignee_user"
        }

        func standing(_ now: Moment) -> TicketStanding {
            TicketStanding(
                // A closed one there takes more words, which open it.
                state: status == "closed" ? .solved : .open, stamp: "\(status ?? "") \(updatedAt ?? "")",
                changedAt: updatedAt.flatMap { Moment(gorgias: $0) } ?? now)
        }
    }

    private struct Several: Decodable {
        struct Meta: Decodable {
            var next: String?

            enum CodingKeys: String, CodingKey { case next = "next_cursor" }
        }
        var data: [One]
        var meta: Meta?
    }

    private struct Messages: Decodable {
        struct Said: Decodable {
            struct Sender: Decodable {
                var name: String?
                var email: String?
            }
            struct File: Decodable {
                var name: String?
                var type: String?

                enum CodingKeys: String, CodingKey {
                    case name
                    case type = "content_type"
                }
            }
            var id: Int64
            var externalID: String?
            var isFromAgent: Bool?
            var isPublic: Bool?
            var channel: String?
            var via: String?
            var sender: Sender?
            var bodyText: String?
            var strippedText: String?
            var createdAt: String
            var files: [File]?

            enum CodingKeys: String, CodingKey {
                case id, channel, via, sender
                case files = "attachments"
                case externalID = "external_id"
                case isFromAgent = "from_agent"
                case isPublic = "public"
                case bodyText = "body_text"
                case strippedText = "stripped_text"
                case createdAt = "created_datetime"
            }
        }
        var data: [Said]
    }
}

extension Moment {
    /// `2026-11-21T10:00:00.123456` or with an offset: Gorgias leaves it out, and means UTC.
    fileprivate init?(gorgias text: String) {
        let time = text.drop { $0 != "T" }
        let hasOffset = time.hasSuffix("Z") || time.contains("+") || time.contains("-")
        self.init(iso8601: hasOffset ? text : text + "Z")
    }
}

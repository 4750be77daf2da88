internal import Foundation
package import Outreach
package import Platform
internal import Synchronization

/// Reads tickets at Gorgias: those that changed since the last look, newest first, and the messages of ours among them.
/// After a start each of ours is looked at by itself, a few at a time.
package final class GorgiasReader: TicketReader {
    private let service: JSONService
    private let state = Mutex(State())

    private struct State {
        /// All changes up to then were seen.
        var seen: Moment?
        /// Those that were looked at by themselves since the start.
        var looked: Set<String> = []
    }

    package init(_ service: JSONService) { self.service = service }

    private static let page = 100
    /// The most pages of one look, and the most tickets that are looked at by themselves: Gorgias allows 40 calls in
    /// 20 s.
    private static let pages = 10
    private static let singles = 10
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
            return (
                Moment(gorgias: said.createdAt) ?? .distantPast,
                TicketNews.Comment(
                    id: "\(said.id)", author: author, email: said.sender?.email,
                    isPublic: said.isPublic ?? true && said.channel != "internal-note",
                    text: said.strippedText ?? said.bodyText ?? "")
            )
        }
    }

    private static func escaped(_ text: String) -> String {
        text.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
    }

    private struct One: Decodable {
        var id: Int64
        var status: String?
        var updatedAt: String?

        enum CodingKeys: String, CodingKey {
            case id, status
            case updatedAt = "updated_datetime"
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
            struct Sender: Decodable { var email: String? }
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

            enum CodingKeys: String, CodingKey {
                case id, channel, via, sender
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

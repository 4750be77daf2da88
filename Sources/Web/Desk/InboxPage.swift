import Daemon
import Foundation
import Outreach
import Store

// The lists of conversations.
//
//     /SHOP/inbox                    needs a person; ?list=mine, drafts, snoozed, closed, all
//     /SHOP/inbox/NUMBER             a conversation (ConversationPage)
//     /SHOP/inbox/write              by POST, from an order's page: writes first
//     /SHOP/inbox/NUMBER/take …      by POST, as is all that is done with one (DeskSite+Answering)

/// A list of conversations.
struct InboxPage: PageContent {
    static let template = "inbox"

    struct List: Encodable, Sendable {
        var title: String
        var path: String
        /// Nil where nothing is counted.
        var count: String?
        var isCurrent: Bool
    }

    var lists: [List]
    var rows: [TalkRow]
    var next: String?
    var isLater: Bool
    /// What an empty list means.
    var empty: String
    var path: String
}

/// A conversation in a list.
struct TalkRow: Encodable, Sendable {
    var number: Int64
    /// Nil for whoever may not open it.
    var path: String?
    var who: String
    var order: String
    var orderPath: String?
    /// The beginning of the last words; empty where they are nobody's business.
    var words: String
    /// Whether the customer said them.
    var isTheirs: Bool
    var subject: String
    var asks: String?
    var mood: String?
    var moodTone: String
    var waits: String?
    var waitsTone: String
    var at: Instant
    var standing: String
    var channel: String
}

/// The lists by their names in addresses.
enum InboxChoice: String, CaseIterable, Sendable {
    case needs, mine, drafts, snoozed, closed, all

    var title: String {
        switch self {
        case .needs: "Needs a person"
        case .mine: "Mine"
        case .drafts: "Drafts"
        case .snoozed: "Snoozed"
        case .closed: "Closed"
        case .all: "All"
        }
    }

    /// What an empty one means.
    var empty: String {
        switch self {
        case .needs: "Nobody waits for a person. What no trigger answers comes here, the longest waiting first."
        case .mine: "You have none. Take one over, and it stands here until you close it or give it back."
        case .drafts: "No answer waits to be looked at."
        case .snoozed: "Nothing is put away until later."
        case .closed: "Nothing was closed yet."
        case .all: "Nobody has written yet. Mail to the shop's mailbox comes here once 'mailbox:' is set up."
        }
    }

    func list(_ person: String) -> InboxList {
        switch self {
        case .needs: .needsPerson
        case .mine: .mine(person)
        case .drafts: .drafts
        case .snoozed: .snoozed
        case .closed: .closed
        case .all: .all
        }
    }
}

extension DeskSite {
    func inbox(_ request: WebRequest, _ visit: Visit) async throws -> WebResponse {
        let person = visit.visitor.person.email
        let choice = request.query["list"].flatMap(InboxChoice.init) ?? .needs
        let place = request.query["after"].flatMap(Self.inboxPlace)
        let counts = try await store.inboxCounts(shop: visit.shop, person: person)
        let lines = try await store.inbox(
            shop: visit.shop, list: choice.list(person), after: place, limit: Self.rowsOfPage + 1)
        let shown = lines.prefix(Self.rowsOfPage)
        let path = "\(visit.path)/inbox"
        func count(_ choice: InboxChoice) -> String? {
            let number: Int
            switch choice {
            case .needs: number = counts.needsPerson
            case .mine: number = counts.mine
            case .drafts: number = counts.drafts
            case .snoozed: number = counts.snoozed
            case .closed, .all: return nil
            }
            return Self.counted(number)
        }
        var next: String?
        if lines.count > Self.rowsOfPage, let last = shown.last {
            next = "\(path)?list=\(choice.rawValue)&after=\(last.place.place).\(last.place.id)"
        }
        let clock = Clock(visit.zone)
        let page = InboxPage(
            lists: InboxChoice.allCases.map {
                InboxPage.List(
                    title: $0.title, path: "\(path)?list=\($0.rawValue)", count: count($0), isCurrent: $0 == choice)
            }, rows: shown.map { talk($0, clock: clock, visit: visit) }, next: next,
            isLater: ![.closed, .all].contains(choice), empty: choice.empty, path: path)
        return pages.desk(page, frame(title: "Inbox: \(choice.title)", page: .inbox, visit: visit, isLive: true))
    }

    /// A number as it is shown: none for zero, and no more than is counted.
    static func counted(_ number: Int) -> String? {
        number == 0 ? nil : number >= InboxCounts.most ? "\(InboxCounts.most - 1)+" : "\(number)"
    }

    /// `PLACE.NUMBER`; a place may be negative.
    private static func inboxPlace(_ text: String) -> InboxPlace? {
        let parts = text.split(separator: ".")
        guard parts.count == 2, let place = Int64(parts[0]), let id = Int64(parts[1]) else { return nil }
        return InboxPlace(place: place, id: id)
    }

    /// A conversation as lists show it. Its words are for those who answer alone.
    func talk(_ line: InboxLine, clock: Daemon.Clock, visit: Visit) -> TalkRow {
        let mayRead = visit.visitor.may(DeskPage.inbox.roles)
        let mood = line.mood == "calm" ? nil : line.mood
        let waits = line.waitsSince.map { core.now() - $0 }
        let words = line.lastWords.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        return TalkRow(
            number: line.id, path: mayRead ? "\(visit.path)/inbox/\(line.id)" : nil,
            who: Self.name(line.name, line.address), order: line.orderName ?? "",
            orderPath: line.orderID.flatMap { OrderNumber($0) }.map { "\(visit.path)/orders/\($0.number)" },
            words: mayRead ? String(words.prefix(160)) : "", isTheirs: line.lastDirection != .outgoing,
            subject: mayRead ? line.subject : "",
            asks: line.understood?.asks.first.map(ConversationWords.intent), mood: mood,
            moodTone: mood == "angry" ? "bad" : "warn",
            waits: waits.map { "waits \(ConversationWords.waits($0))" },
            waitsTone: (waits ?? .zero) > .hours(4) ? "bad" : "warn", at: Instant(line.lastAt, clock),
            standing: standing(
                line.state, holder: line.holder, team: line.team, reason: line.reason,
                snoozedUntil: line.snoozedUntil, closedAt: line.closedAt, clock: clock, visit: visit),
            channel: ConversationWords.channel(line.channel))
    }
}

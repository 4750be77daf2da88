import Daemon
import Foundation
import Outreach
import Store

// The lists of conversations.
//
//     /SHOP/inbox                    needs a person; ?list=mine, drafts, review, snoozed, closed, all
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
    /// Answers to look at, in the list of those.
    var reviews: [Review] = []
    var next: String?
    var isLater: Bool
    /// What an empty list means.
    var empty: String
    var path: String
    /// Until when whoever looks is away.
    var away: Instant?
    /// Where mail from before waits to be judged, and how much; nil where none does.
    var past: String?
    var pastCount: String?

    /// An answer that went out by itself, to be looked at.
    struct Review: Encodable, Sendable {
        var effect: Int64
        /// Where its conversation is, and how its page would have shown it.
        var path: String
        var version: Int64
        var last: Int64
        var who: String
        var asks: String
        var at: Instant
        var question: String
        var answer: String
    }
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
    case needs, mine, drafts, review, snoozed, closed, all

    var title: String {
        switch self {
        case .needs: "Needs a person"
        case .mine: "Mine"
        case .drafts: "Drafts"
        case .review: "Answers to review"
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
        case .review: "No answer waits for you. Of those that go out by themselves, one in ten comes here."
        case .snoozed: "Nothing is put away until later."
        case .closed: "Nothing was closed yet."
        case .all: "Nobody has written yet. Mail to the shop's mailbox comes here once 'mailbox:' is set up."
        }
    }

    /// The conversations in it. The list of answers to review is none of conversations.
    func list(_ person: String) -> InboxList {
        switch self {
        case .needs, .review: .needsPerson
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
        if choice == .review { return try await reviews(request, counts, visit) }
        let lines = try await store.inbox(
            shop: visit.shop, list: choice.list(person), after: place, limit: Self.rowsOfPage + 1)
        let shown = lines.prefix(Self.rowsOfPage)
        let path = "\(visit.path)/inbox"
        var next: String?
        if lines.count > Self.rowsOfPage, let last = shown.last {
            next = "\(path)?list=\(choice.rawValue)&after=\(last.place.rank).\(last.place.place).\(last.place.id)"
        }
        let clock = Clock(visit.zone)
        let board = visit.facts[.away] ?? AwayBoard()
        let away = board.until(person, now: core.now())
        let page = InboxPage(
            lists: Self.lists(choice, counts, path), rows: shown.map { talk($0, clock: clock, visit: visit) },
            next: next,
            isLater: ![.closed, .all].contains(choice), empty: choice.empty, path: path,
            away: away.map { Instant($0, clock) }, past: counts.past > 0 ? "\(path)/past" : nil,
            pastCount: Self.counted(counts.past))
        return pages.desk(page, frame(title: "Inbox: \(choice.title)", page: .inbox, visit: visit, isLive: true))
    }

    /// How many answers to look at are on a page, and how much of each.
    static let reviewsOfPage = 10
    private static let lettersOfReview = 2_000

    /// The answers that went out by themselves and were drawn to be looked at.
    private func reviews(_ request: WebRequest, _ counts: InboxCounts, _ visit: Visit) async throws -> WebResponse {
        let path = "\(visit.path)/inbox"
        let lines = try await store.answersToReview(
            shop: visit.shop, after: request.query["after"].flatMap(Int64.init) ?? 0, limit: Self.reviewsOfPage + 1)
        let shown = lines.prefix(Self.reviewsOfPage)
        let clock = Clock(visit.zone)
        let next = lines.count > shown.count ? shown.last.map { "\(path)?list=review&after=\($0.effect)" } : nil
        let page = InboxPage(
            lists: Self.lists(.review, counts, path), rows: [],
            reviews: shown.map { line in
                InboxPage.Review(
                    effect: line.effect, path: "\(path)/\(line.conversation)", version: line.version,
                    last: line.lastMessage, who: Self.name(line.name, line.address),
                    asks: ConversationWords.intent(line.intent), at: Instant(line.at, clock),
                    question: String((line.words ?? "It was removed.").prefix(Self.lettersOfReview)),
                    answer: String(
                        (line.mail?.words ?? line.mail?.summary ?? "It is no longer kept.")
                            .prefix(Self.lettersOfReview)))
            }, next: next, isLater: true, empty: InboxChoice.review.empty, path: path)
        return pages.desk(
            page, frame(title: "Inbox: \(InboxChoice.review.title)", page: .inbox, visit: visit, isLive: true))
    }

    /// The lists with how many stand in each that needs work.
    private static func lists(_ current: InboxChoice, _ counts: InboxCounts, _ path: String) -> [InboxPage.List] {
        InboxChoice.allCases.map { choice in
            let number =
                switch choice {
                case .needs: counts.needsPerson
                case .mine: counts.mine
                case .drafts: counts.drafts
                case .review: counts.review
                case .snoozed: counts.snoozed
                case .closed, .all: 0
                }
            return InboxPage.List(
                title: choice.title, path: "\(path)?list=\(choice.rawValue)", count: counted(number),
                isCurrent: choice == current)
        }
    }

    /// A number as it is shown: none for zero, and no more than is counted.
    static func counted(_ number: Int) -> String? {
        number == 0 ? nil : number >= InboxCounts.most ? "\(InboxCounts.most - 1)+" : "\(number)"
    }

    /// `RANK.PLACE.NUMBER`; a place may be negative.
    private static func inboxPlace(_ text: String) -> InboxPlace? {
        let parts = text.split(separator: ".")
        guard parts.count == 3, let rank = Int64(parts[0]), let place = Int64(parts[1]), let id = Int64(parts[2]) else {
            return nil
        }
        return InboxPlace(rank: rank, place: place, id: id)
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

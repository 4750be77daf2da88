// What the shop's people do in their helpdesk. Only the tickets that we opened are looked at: how each stands, and if it
// changed, what was said in it. That alone is complete; a webhook of the helpdesk's has us look sooner.
//
// Where the shop's mail arrives there, all tickets are: those that changed, the latest change first, back to where the
// last look began (`TicketWalk`). Of one that has a conversation everything is news; of another what was said, if it was
// opened by a customer since we read there.
//
// Helpdesks tell the time of a change in seconds, and something may happen in the same second after we looked. A change
// that young is read again: its stamp is only final once it is older than `fresh`.

internal import Foundation
package import Outreach
internal import Synchronization

/// The source of what happens in tickets. Its news are judged by the daemon.
package struct HelpdeskSource: ObservationSource {
    package static let sourceName = TicketNews.source
    package var name: String { Self.sourceName }

    private let shop: String
    private let reader: (any TicketReader)?
    private let watched: @Sendable () async throws -> [Ticket]
    private let known: (@Sendable ([String]) async throws -> [String: Ticket])?
    private let pace: HelpdeskPace

    /// - Parameters:
    ///   - reader: reads the helpdesk; nil where it only calls us.
    ///   - watched: the tickets in which something may happen.
    ///   - known: those of that numbers that have a conversation, where customers' mail arrives in the helpdesk; nil
    ///     where it does not, and only our own tickets matter.
    package init(
        shop: String, reader: (any TicketReader)?, pace: HelpdeskPace,
        watched: @escaping @Sendable () async throws -> [Ticket],
        known: (@Sendable ([String]) async throws -> [String: Ticket])? = nil
    ) {
        self.shop = shop
        self.reader = reader
        self.pace = pace
        self.watched = watched
        self.known = known
    }

    /// The most tickets that are looked at.
    package static let most = 2_000
    /// The most tickets whose words are read in one turn.
    static let atOnce = 50
    /// How old a change has to be for nothing to be able to hide behind it.
    static let fresh = Duration.minutes(1)

    package func poll(from cursor: String?, now: Moment) async throws -> SourcePage {
        guard let reader else { return SourcePage([], cursor: nil) }
        if let known { return try await walk(from: cursor, reader, known, now: now) }
        guard pace.begins(now: now) else { return SourcePage([], cursor: nil) }
        // Should mail arrive there again some day, what came meanwhile is old.
        let none = cursor.flatMap { $0.isEmpty ? nil : "" }
        let tickets = try await watched()
        guard !tickets.isEmpty else { return SourcePage([], cursor: none) }
        var observations: [RawObservation] = []
        do throws(TicketTrouble) {
            let standings = try await reader.standings(of: tickets, now: now)
            var read = 0
            for ticket in tickets {
                guard let number = ticket.number, let standing = standings[number] else { continue }
                let isFresh = now - standing.changedAt < Self.fresh
                let stamp = standing.stamp + (isFresh ? "~" : "")
                guard stamp != ticket.stamp || isFresh, read < Self.atOnce else { continue }
                read += 1
                var news: [TicketNews] = []
                if standing.isThere {
                    news = try await reader.comments(of: number).map { said in
                        TicketNews(ticket: number, at: said.at, comment: said.comment)
                    }
                }
                news.append(
                    TicketNews(
                        ticket: number, at: standing.isThere ? standing.changedAt : now,
                        standing: TicketNews.Standing(state: standing.state, stamp: stamp)))
                observations += news.compactMap {
                    $0.observation(shop: shop, conversation: ticket.conversation, now: now)
                }
            }
        } catch {
            if let wait = error.retryAfter { pace.rests(until: now + min(wait, .hours(1))) }
            // What was read of the others is kept.
            return SourcePage(observations, cursor: none, failure: SourceFailure(error.words))
        }
        return SourcePage(observations, cursor: none)
    }

    /// One page of the tickets that changed.
    private func walk(
        from cursor: String?, _ reader: any TicketReader,
        _ known: @Sendable ([String]) async throws -> [String: Ticket], now: Moment
    ) async throws -> SourcePage {
        var walk = cursor.flatMap { TicketWalk($0) }
        let isLate = walk.map { now - $0.lookedAt > TicketWalk.longest } ?? false
        if isLate { walk?.page = nil }
        // In the middle of it the next page is read at once.
        guard walk?.page == nil ? pace.begins(now: now) : !pace.isResting(now: now) else {
            return SourcePage([], cursor: nil)
        }
        var observations: [RawObservation] = []
        var failure: SourceFailure?
        do throws(TicketTrouble) {
            let page = try await reader.changed(page: walk?.page)
            let newest = page.tickets.map(\.standing.changedAt).max()
            guard var walk else {
                // What was there before is old.
                return SourcePage([], cursor: TicketWalk(beginning: newest ?? now, now: now).text)
            }
            // Of what nobody looked at for so long, only what is known already goes on.
            if isLate { walk.from = newest ?? now }
            let changed = page.tickets.prefix { $0.standing.changedAt >= walk.since - TicketWalk.overlap }
            let tickets: [String: Ticket]
            do { tickets = try await known(changed.map(\.number)) } catch {
                throw TicketTrouble(words: "what is known of its tickets could not be read")
            }
            // The oldest first.
            for ticket in changed.reversed() {
                guard let news = try await happened(in: ticket, known: tickets[ticket.number], walk, reader, now: now)
                else { continue }
                walk.isRead = true
                observations += news
            }
            walk.newest = max(walk.newest ?? newest ?? walk.since, newest ?? walk.since)
            walk.pages += 1
            walk.page = changed.count == page.tickets.count ? page.next : nil
            if walk.page != nil, walk.pages >= TicketWalk.most {
                failure = SourceFailure(
                    "more tickets changed since the last look than can be listed; the older ones are for your people")
                walk.page = nil
            }
            if isLate { walk.lookedAt = now }
            let isMore = walk.page != nil
            if !isMore { walk.end(now: now) }
            return SourcePage(observations, cursor: walk.text, isMore: isMore, failure: failure)
        } catch {
            if let wait = error.retryAfter { pace.rests(until: now + min(wait, .hours(1))) }
            // The page is read again; what was read of it is known by then.
            return SourcePage(observations, cursor: nil, failure: SourceFailure(error.words))
        }
    }

    /// What happened in a ticket that changed, in its order; nil where it need not be read.
    private func happened(
        in ticket: ChangedTicket, known: Ticket?, _ walk: TicketWalk, _ reader: any TicketReader, now: Moment
    ) async throws(TicketTrouble) -> [RawObservation]? {
        let standing = ticket.standing
        let isFresh = now - standing.changedAt < Self.fresh
        let stamp = standing.stamp + (isFresh ? "~" : "")
        if let known {
            guard known.stamp != stamp || isFresh else { return nil }
        } else {
            // One of ours that no conversation has was erased, or its number is not written down yet.
            guard ticket.isMail, !ticket.isOurs, ticket.createdAt > walk.from, standing.state == .open else {
                return nil
            }
        }
        var said = try await reader.comments(of: ticket.number)
        var opening = ticket.opening
        if known == nil {
            // Whoever else opened it: it is not hers, and what she writes there later an agent answers.
            guard said.first?.comment.author == .customer else { return nil }
            let answered = said.last { $0.comment.author == .agent && $0.comment.isPublic }
            opening.takenBy = answered.map { $0.comment.email ?? TicketNews.source }
            // What was read before and has no conversation was nothing, or was erased.
            let start = walk.since - TicketWalk.overlap
            if ticket.createdAt < start { said.removeAll { $0.at < start } }
        }
        if let taken = ticket.taken { opening.takenBy = taken.by ?? TicketNews.source }
        var news = said.map { TicketNews(ticket: ticket.number, at: $0.at, comment: $0.comment) }
        if let taken = ticket.taken {
            news.append(TicketNews(ticket: ticket.number, at: standing.changedAt, taken: taken))
        }
        news.append(
            TicketNews(
                ticket: ticket.number, at: standing.changedAt,
                standing: TicketNews.Standing(state: standing.state, stamp: stamp)))
        return news.compactMap { one in
            var one = one
            one.opening = opening
            return one.observation(shop: shop, conversation: known?.conversation, now: now)
        }
    }

    package func judge(_ observation: RawObservation) throws(SourceFailure) -> [JudgedEvent] { [] }
}

/// When the helpdesk is looked at: every 20 s, at once when it called us, and not before it wants to be.
package final class HelpdeskPace: Sendable {
    private struct State {
        var last: Moment?
        var isCalled = false
        var restsUntil: Moment?
    }

    static let pause = Duration.seconds(20)

    private let state = Mutex(State())

    package init() {}

    /// The helpdesk says that something happened.
    package func call() { state.withLock { $0.isCalled = true } }

    func begins(now: Moment) -> Bool {
        state.withLock { state in
            // A clock that was put back leaves moments ahead of it.
            if let until = state.restsUntil, until > now, until - now <= .hours(1) { return false }
            if !state.isCalled, let last = state.last, last <= now, now - last < Self.pause { return false }
            state = State(last: now)
            return true
        }
    }

    /// Whether the helpdesk asked to be left alone.
    func isResting(now: Moment) -> Bool {
        state.withLock { state in state.restsUntil.map { $0 > now && $0 - now <= .hours(1) } ?? false }
    }

    func rests(until moment: Moment) { state.withLock { $0.restsUntil = moment } }
}

/// Why a helpdesk could not be read, in words without anybody's data.
package struct TicketTrouble: Error, Sendable {
    package var words: String
    package var retryAfter: Duration?
}

/// How a ticket stands.
package struct TicketStanding: Hashable, Sendable {
    package var state: Ticket.State
    /// What changes whenever the ticket does.
    package var stamp: String
    package var changedAt: Moment
    /// False for one that was deleted.
    package var isThere = true

    static func gone(_ now: Moment) -> TicketStanding {
        TicketStanding(state: .closed, stamp: "gone", changedAt: now - .hours(1), isThere: false)
    }
}

/// What reads a helpdesk.
package protocol TicketReader: Sendable {
    /// How tickets stand, by number. Those that nothing is known of are left out.
    func standings(of tickets: [Ticket], now: Moment) async throws(TicketTrouble) -> [String: TicketStanding]
    /// What was said in a ticket, the oldest first.
    func comments(of number: String) async throws(TicketTrouble) -> [(at: Moment, comment: TicketNews.Comment)]
    /// A page of all tickets, the latest change first.
    ///
    /// - Parameter page: where the last page ended; nil for the first.
    func changed(page: String?) async throws(TicketTrouble) -> TicketPage
}

/// A page of the tickets that changed, the latest change first.
package struct TicketPage: Sendable {
    var tickets: [ChangedTicket]
    /// Where the next one begins; nil for the last.
    var next: String?
}

/// A ticket that changed.
package struct ChangedTicket: Sendable {
    var number: String
    var standing: TicketStanding
    var createdAt: Moment
    /// Whether it has a name of ours: we opened it.
    var isOurs: Bool
    /// Whether it came by mail, or by a form that is answered so.
    var isMail: Bool
    /// Whose it is, if it is an agent's other than ours.
    var taken: TicketNews.Taken?
    var opening: TicketNews.Opening

    /// Whether that is what we call a ticket.
    static func isOurs(_ name: String?) -> Bool { name?.hasPrefix("bookbag-") ?? false }
}

/// How far the tickets of a helpdesk were read: the cursor of its source.
///
/// A walk lists those that changed, the latest change first, until it comes to where the last one began, by the
/// helpdesk's clock. Whatever changes meanwhile moves to the front, where the next walk finds it. Only what is deleted
/// meanwhile moves others over the border between two pages, so a walk of several pages is made twice.
struct TicketWalk: Codable {
    /// Tickets that were opened until then are old.
    var from: Moment
    /// Every change until then was read.
    var since: Moment
    /// When it was last walked, by our clock and to the hour.
    var lookedAt: Moment
    /// Where the next page begins; nil between two walks.
    var page: String?
    /// The latest change that this walk has seen.
    var newest: Moment?
    /// Pages that it has read.
    var pages = 0
    /// Whether anything was read in it.
    var isRead = false
    /// Whether it is the second of two.
    var isSecond = false

    /// What changed so long before the last walk began is listed again: a change may be seen late.
    static let overlap = Duration.minutes(2)
    /// So many pages are listed in a walk at most; helpdesks list no more.
    static let most = 100
    /// After so long without a walk everything is old again.
    static let longest = Duration.days(7)

    init(beginning moment: Moment, now: Moment) {
        from = moment
        since = moment
        lookedAt = now
    }

    init?(_ text: String) {
        guard let walk = try? JSONDecoder().decode(Self.self, from: Data(text.utf8)) else { return nil }
        self = walk
    }

    var text: String? {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) }
    }

    /// Ends the walk: the next one begins where this one did, or is made again.
    mutating func end(now: Moment) {
        isSecond = pages > 1 && isRead && !isSecond
        if !isSecond { since = max(since, newest ?? since) }
        (page, newest, pages, isRead) = (nil, nil, 0, false)
        // Each change of it is a write.
        if now - lookedAt > .hours(1) || lookedAt > now { lookedAt = now }
    }
}

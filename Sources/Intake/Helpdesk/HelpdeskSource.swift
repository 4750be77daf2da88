// What the shop's people do in their helpdesk. Only the tickets that we opened are looked at: how each stands, and if it
// changed, what was said in it. That alone is complete; a webhook of the helpdesk's has us look sooner.
//
// Helpdesks tell the time of a change in seconds, and something may happen in the same second after we looked. A change
// that young is read again: its stamp is only final once it is older than `fresh`.

package import Outreach
internal import Synchronization

/// The source of what happens in tickets. Its news are judged by the daemon.
package struct HelpdeskSource: ObservationSource {
    package static let sourceName = TicketNews.source
    package var name: String { Self.sourceName }

    private let shop: String
    private let reader: (any TicketReader)?
    private let watched: @Sendable () async throws -> [Ticket]
    private let pace: HelpdeskPace

    /// - Parameters:
    ///   - reader: reads the helpdesk; nil where it only calls us.
    ///   - watched: the tickets in which something may happen.
    package init(
        shop: String, reader: (any TicketReader)?, pace: HelpdeskPace,
        watched: @escaping @Sendable () async throws -> [Ticket]
    ) {
        self.shop = shop
        self.reader = reader
        self.pace = pace
        self.watched = watched
    }

    /// The most tickets that are looked at.
    package static let most = 2_000
    /// The most tickets whose words are read in one turn.
    static let atOnce = 50
    /// How old a change has to be for nothing to be able to hide behind it.
    static let fresh = Duration.minutes(1)

    package func poll(from cursor: String?, now: Moment) async throws -> SourcePage {
        guard let reader, pace.begins(now: now) else { return SourcePage([], cursor: nil) }
        let tickets = try await watched()
        guard !tickets.isEmpty else { return SourcePage([], cursor: nil) }
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
            return SourcePage(observations, cursor: nil, failure: SourceFailure(error.words))
        }
        return SourcePage(observations, cursor: nil)
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
}

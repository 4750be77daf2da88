import Foundation
import Intake
import Logging
import Outreach
import Platform
import ServiceLifecycle
import Store

/// Reads, for one shop, every source of things that arrive only once: one loop for all of them, in turn.
struct SourceService: Service {
    let context: ShopContext
    let sources: [any ObservationSource]
    let store: any ObservationStore
    let learning: Learning
    let clock: DaemonClock
    /// Judges what is a mail; nil if the shop has no mailbox.
    var mail: MailJudge?
    /// Judges what was posted as a rating; nil where no pages are served.
    var ratings: RatingJudge?
    /// Judges what is a text; nil if the shop gets none.
    var texts: TextJudge?
    /// Judges what is written in the chat; nil if the shop has none.
    var chats: ChatJudge?
    /// Judges what happened in the helpdesk; nil if the shop has none.
    var helpdesk: HelpdeskJudge?
    /// What its loop is called. A source whose far end may be slow has a loop of its own.
    var loop = "sources"
    /// Called when something was pushed to a source.
    let wake: Wake
    let heartbeats: Heartbeats
    let logger: Logger
    /// What was reported about failing sources.
    var trouble = SourceTrouble()

    private var name: Loop.Name { Loop.Name(loop, shop: context.domain) }

    func run() async throws {
        let loop = Loop(
            name, wake: wake, heartbeats: heartbeats, restingBy: clock, trouble: learning.trouble, clock: clock,
            logger: logger)
        await loop.run { _ in try await turn() ? .again : .look(in: nil) }
    }

    /// Reads and judges what each source received; true if there may be more to do immediately.
    ///
    /// - Throws: `CancellationError`, and what the store throws.
    func turn() async throws -> Bool {
        guard clock.fault == nil else { return false }
        let journal = StoreObservations(
            context: context, store: store, learning: learning, mail: mail, ratings: ratings, texts: texts,
            chats: chats, helpdesk: helpdesk)
        var isMore = false
        for source in sources {
            heartbeats.beat(name)
            let report = try await SourceReader(source, journal: journal).turn(now: clock.now)
            isMore = isMore || report.isMore
            try await note(report.failure, of: source)
            for (id, fault) in report.faults.sorted(by: { $0.key < $1.key }) {
                log(.cycleFailed, of: source, SourceFailure("observation \(id): \(fault)"))
            }
        }
        return isMore
    }

    /// Reports a source's failure, or its end, if that is news, and remembers the mailbox's for `status`.
    private func note(_ failure: SourceFailure?, of source: any ObservationSource) async throws {
        let now = clock.now
        if let failure {
            if trouble.failed(source.name, failure, now: now) { log(.sourceFailed, of: source, failure) }
        } else if trouble.read(source.name) {
            log(.sourceRead, of: source)
        }
        // Mail that is delivered to us needs no fetching, which could fail.
        guard source.name == MailboxSource.sourceName, !(source is BroughtMail) else { return }
        try await MailboxHealth(store: learning.store, shop: context.domain).note(failure, now: now)
    }

    private func log(_ line: Line, of source: any ObservationSource, _ failure: SourceFailure? = nil) {
        var facts: Logger.Metadata = ["shop": "\(context.domain)", "source": "\(source.name)"]
        if let failure { facts["reason"] = "\(failure)" }
        logger.log(line, facts)
    }
}

/// The state of reading a shop's mailbox, as `status` shows it.
struct MailboxHealth {
    let store: Store
    let shop: String

    /// The precision with which the time of the last read is stored: each update costs a write.
    static let step = Duration.minutes(1)

    /// Removes it, if no mailbox is read any more.
    func forget(now: Moment) async throws(StoreFailure) {
        try await store.remember(nil, as: .mailboxFault, shop: shop, now: now)
        try await store.remember(nil, as: .mailboxFailingSince, shop: shop, now: now)
        try await store.remember(nil, as: .mailboxRead, shop: shop, now: now)
    }

    func note(_ failure: SourceFailure?, now: Moment) async throws(StoreFailure) {
        let known = try await store.remembered(.mailboxFault, shop: shop)
        if let failure {
            // The start is written first: a fault without it would be of unknown age.
            if try await store.remembered(.mailboxFailingSince, shop: shop) == nil {
                try await store.remember(now, as: .mailboxFailingSince, shop: shop, now: now)
            }
            if known != failure.description {
                try await store.remember(failure.description, as: .mailboxFault, shop: shop, now: now)
            }
            return
        }
        if known != nil { try await store.remember(nil, as: .mailboxFault, shop: shop, now: now) }
        if try await store.remembered(.mailboxFailingSince, shop: shop) != nil {
            try await store.remember(nil, as: .mailboxFailingSince, shop: shop, now: now)
        }
        let last = try await store.remembered(.mailboxRead, shop: shop)
        if let last, last <= now, now - last < Self.step { return }
        try await store.remember(now, as: .mailboxRead, shop: shop, now: now)
    }
}

/// The stored rows of things that arrived once, and what is learned from them.
struct StoreObservations: ObservationJournal {
    let context: ShopContext
    let store: any ObservationStore
    let learning: Learning
    var mail: MailJudge?
    var ratings: RatingJudge?
    var texts: TextJudge?
    var chats: ChatJudge?
    var helpdesk: HelpdeskJudge?

    func cursor(of source: String) async throws -> String? {
        try await store.cursor(shop: context.domain, source: source)
    }

    func keep(_ observations: [RawObservation], cursor: String?, of source: String, now: Moment) async throws {
        try await store.keep(
            observations, cursor: cursor.map { SourceCursor(shop: context.domain, source: source, place: $0) }, now: now
        )
        let isWritten = observations.contains { $0.isMail || $0.source == TicketNews.source }
        if isWritten { KillPoint.kept.reached() }
    }

    func unjudged(of source: String, limit: Int) async throws -> [RawObservation] {
        try await store.unjudged(shop: context.domain, source: source, limit: limit)
    }

    func commit(_ events: [JudgedEvent], of observation: RawObservation, now: Moment) async throws -> SourceFailure? {
        if observation.source == TextSource.sourceName, let texts {
            return try await texts.judge(observation, now: now)
        }
        if observation.source == ChatPost.source, let chats { return try await chats.judge(observation, now: now) }
        if observation.source == TicketNews.source, let helpdesk {
            return try await helpdesk.judge(observation, now: now)
        }
        if observation.isMail, let mail { return try await mail.judge(observation, now: now) }
        if observation.isRating, let ratings {
            _ = try await ratings.judge(observation, now: now)
            return nil
        }
        let unknown = try await learning.learn(events, from: observation, of: context, now: now)
        return unknown.isEmpty ? nil : SourceFailure("it refers to \(unknown.count) that are not known")
    }
}

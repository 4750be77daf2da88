import Foundation
import Intake
import Logging
import Outreach
import Platform
import ServiceLifecycle

/// Reads, for one shop, every source of what arrives once: one loop for all of them, in turn.
struct SourceService: Service {
    let context: ShopContext
    let sources: [any ObservationSource]
    let store: any ObservationStore
    let learning: Learning
    let clock: DaemonClock
    /// Decides on what is a mail; nil where the shop has no mailbox.
    var mail: MailJudge?
    /// Called when something was pushed to a source.
    let wake: Wake
    let heartbeats: Heartbeats
    let logger: Logger

    private var name: Loop.Name { Loop.Name("sources", shop: context.domain) }

    func run() async throws {
        let loop = Loop(
            name, wake: wake, heartbeats: heartbeats, restingBy: clock, trouble: learning.trouble, clock: clock,
            logger: logger)
        await loop.run { _ in try await turn() ? .again : .look(in: nil) }
    }

    /// Reads and judges what came to each source; true if there may be more at once.
    ///
    /// - Throws: `CancellationError`, and what the store throws.
    func turn() async throws -> Bool {
        guard clock.fault == nil else { return false }
        let journal = StoreObservations(context: context, store: store, learning: learning, mail: mail)
        var isMore = false
        for source in sources {
            heartbeats.beat(name)
            let report = try await SourceReader(source, journal: journal).turn(now: clock.now)
            isMore = isMore || report.isMore
            if let failure = report.failure { log(failure, of: source) }
            for (id, fault) in report.faults.sorted(by: { $0.key < $1.key }) {
                log(SourceFailure("observation \(id): \(fault)"), of: source)
            }
        }
        return isMore
    }

    private func log(_ failure: SourceFailure, of source: any ObservationSource) {
        logger.log(
            Line.cycleFailed, ["shop": "\(context.domain)", "source": "\(source.name)", "reason": "\(failure)"])
    }
}

/// The rows of what arrived once, and what is learned of them, in the store.
struct StoreObservations: ObservationJournal {
    let context: ShopContext
    let store: any ObservationStore
    let learning: Learning
    var mail: MailJudge?

    func cursor(of source: String) async throws -> String? {
        try await store.cursor(shop: context.domain, source: source)
    }

    func keep(_ observations: [RawObservation], cursor: String?, of source: String, now: Moment) async throws {
        try await store.keep(
            observations, cursor: cursor.map { SourceCursor(shop: context.domain, source: source, place: $0) }, now: now
        )
        if observations.contains(where: \.isMail) { KillPoint.kept.reached() }
    }

    func unjudged(of source: String, limit: Int) async throws -> [RawObservation] {
        try await store.unjudged(shop: context.domain, source: source, limit: limit)
    }

    func commit(_ events: [JudgedEvent], of observation: RawObservation, now: Moment) async throws -> SourceFailure? {
        if observation.isMail, let mail { return try await mail.judge(observation, now: now) }
        let unknown = try await learning.learn(events, from: observation, of: context, now: now)
        return unknown.isEmpty ? nil : SourceFailure("it speaks of \(unknown.count) that are not known")
    }
}

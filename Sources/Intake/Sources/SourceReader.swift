package import Outreach

/// Reads one source: stores the observations, then judges them. The same for all sources; a daemon loop calls `turn`
/// when it is woken or after a tick.
package struct SourceReader: Sendable {
    private let source: any ObservationSource
    private let journal: any ObservationJournal

    /// What one turn did.
    package struct Report: Sendable, Equatable {
        /// Received observations, including known ones.
        package var received = 0
        /// Observations that were judged.
        package var judged = 0
        /// Events that they meant.
        package var events = 0
        /// Unusable observations, by the source's own id, with the reason.
        package var faults: [String: SourceFailure] = [:]
        /// Why the source, or a part of it, could not be read; nil if all could. Stored observations are judged anyway.
        package var failure: SourceFailure?
        /// There may be more at once.
        package var isMore = false
    }

    package init(_ source: any ObservationSource, journal: any ObservationJournal) {
        self.source = source
        self.journal = journal
    }

    /// The most pages and observations per turn, so that no source holds up its loop's other work.
    private static let pages = 20
    private static let atOnce = 100

    /// Reads new observations and judges the stored ones.
    ///
    /// - Throws: `CancellationError`, and what the journal throws.
    package func turn(now: Moment) async throws -> Report {
        var report = Report()
        do {
            try await poll(&report, now: now)
        } catch let failure as SourceFailure {
            report.failure = failure
        }
        let waiting = try await journal.unjudged(of: source.name, limit: Self.atOnce)
        for observation in waiting { try await judge(observation, &report, now: now) }
        report.isMore = report.isMore || waiting.count == Self.atOnce
        return report
    }

    /// Stores pushed observations. Once it returns, the sender may be told that they arrived.
    package func receive(_ observations: [RawObservation], now: Moment) async throws {
        try await journal.keep(observations, cursor: nil, of: source.name, now: now)
    }

    private func poll(_ report: inout Report, now: Moment) async throws {
        var cursor = try await journal.cursor(of: source.name)
        for _ in 0..<Self.pages {
            let page = try await page(from: cursor, now: now)
            report.failure = report.failure ?? page.failure
            if page.observations.isEmpty, page.cursor == nil || page.cursor == cursor { return }
            try await journal.keep(page.observations, cursor: page.cursor, of: source.name, now: now)
            report.received += page.observations.count
            guard page.isMore else { return }
            guard page.cursor != nil, page.cursor != cursor else {
                throw SourceFailure("\(source.name) says that there is more, but not where; it is asked again later")
            }
            cursor = page.cursor
        }
        report.isMore = true
    }

    /// A page of the source. Anything it throws except cancellation counts as its failure.
    private func page(from cursor: String?, now: Moment) async throws -> SourcePage {
        do { return try await source.poll(from: cursor, now: now) } catch let failure as SourceFailure {
            throw failure
        } catch is CancellationError { throw CancellationError() } catch {
            throw SourceFailure("\(source.name) could not be read (\(type(of: error))); it is asked again")
        }
    }

    private func judge(_ observation: RawObservation, _ report: inout Report, now: Moment) async throws {
        var events: [JudgedEvent] = []
        do throws(SourceFailure) { events = try source.judge(observation) } catch {
            report.faults[observation.externalID] = error
        }
        if let fault = try await journal.commit(events, of: observation, now: now) {
            report.faults[observation.externalID] = fault
        } else {
            report.events += events.count
        }
        report.judged += 1
    }
}

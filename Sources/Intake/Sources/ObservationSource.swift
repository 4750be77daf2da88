// Observations that arrive once and cannot be asked for again: messages, hooks, ratings, forms. Orders and scans are
// different: they can be read again at any time, and are merged into the known facts.
//
// Each observation is first stored as it came, in one step with the position up to which its source was read. Then the
// source's pure judge says which events it means, and these are recorded in one step with the mark that it was judged.
// So a crash between any two steps loses nothing and tells nothing twice, and after a bug fix in a judge the row can be
// judged again.
//
// To add a source: a folder here with a type that conforms to `ObservationSource`, and one line in
// `ObservationSources`.

package import Outreach

/// A source of observations that arrive once.
package protocol ObservationSource: Sendable {
    /// Its name in rows, cursors, events and logs. Never changes once shipped.
    var name: String { get }

    /// The observations since `cursor`, oldest first. A push source, which cannot be asked, returns an empty page.
    ///
    /// - Parameter cursor: where the last page ended; nil before the first.
    /// - Throws: `SourceFailure` if the source cannot be read now; `CancellationError`.
    func poll(from cursor: String?, now: Moment) async throws -> SourcePage

    /// The events that an observation means; may be empty. Reads no clock or other state, so that the same observation
    /// always means the same.
    ///
    /// - Throws: `SourceFailure` if its bytes are not valid for the source.
    func judge(_ observation: RawObservation) throws(SourceFailure) -> [JudgedEvent]
}

/// The result of one request to a source.
package struct SourcePage: Sendable {
    package var observations: [RawObservation]
    /// Where to continue; nil leaves the position unchanged.
    package var cursor: String?
    /// There may be more at once.
    package var isMore: Bool
    /// Why a part of the source could not be read, where the rest of it could: one folder of several.
    package var failure: SourceFailure?

    package init(
        _ observations: [RawObservation], cursor: String?, isMore: Bool = false, failure: SourceFailure? = nil
    ) {
        self.observations = observations
        self.cursor = cursor
        self.isMore = isMore
        self.failure = failure
    }
}

/// Why a source could not be read, or what is wrong with an observation, and how to fix it; without personal data.
package struct SourceFailure: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}

/// All sources, one per line.
package enum ObservationSources {
    package static let all: [any ObservationSource] = []
}

/// Where sources keep their position and their observations. Each method is one complete step, committed when it
/// returns.
package protocol ObservationJournal: Sendable {
    /// The position up to which a source was read; nil before its first page.
    func cursor(of source: String) async throws -> String?

    /// Stores observations and the position to continue from, in one step. One already stored, by the source's own id,
    /// is left as it is. A nil cursor leaves the position.
    func keep(_ observations: [RawObservation], cursor: String?, of source: String, now: Moment) async throws

    /// A source's observations not judged yet, in order of arrival.
    func unjudged(of source: String, limit: Int) async throws -> [RawObservation]

    /// Records the meaning of an observation and marks it as judged, in one step. Returns what could not be recorded,
    /// and why; it then still counts as judged, and its bytes stay.
    func commit(_ events: [JudgedEvent], of observation: RawObservation, now: Moment) async throws -> SourceFailure?
}

// What arrives once and cannot be asked for again: messages, hooks, ratings, forms. Orders and scans are not of this
// kind: they can be read again at any time, and are merged into what is known.
//
// Each thing that arrives is kept as it came before anything is made of it, in one step with the place up to which its
// source was read. Then the source's judge, which is pure, says what events it means, and these are recorded in one
// step with the mark that it was judged. So a crash between any two steps loses nothing and tells nothing twice, and a
// fault in a judge can be fixed and the row judged again.
//
// To add a source: a folder here with a type that conforms to `ObservationSource`, and one line in
// `ObservationSources`.

package import Outreach

/// One place from which things reach us once.
package protocol ObservationSource: Sendable {
    /// What it is called in rows, cursors, events and logs. Once shipped it stays.
    var name: String { get }

    /// What came since `cursor`, oldest first. The source that is pushed to, and has nothing to ask, gives an empty
    /// page.
    ///
    /// - Parameter cursor: what the last page said to go on from; nil before the first.
    /// - Throws: `SourceFailure` where the source cannot be read now, `CancellationError`.
    func poll(from cursor: String?, now: Moment) async throws -> SourcePage

    /// What events one observation means; none where it means nothing. Reads no clock and nothing else, so that the
    /// same observation always means the same.
    ///
    /// - Throws: `SourceFailure` where its bytes are not what the source's should be.
    func judge(_ observation: RawObservation) throws(SourceFailure) -> [JudgedEvent]
}

/// What one question to a source brought.
package struct SourcePage: Sendable {
    package var observations: [RawObservation]
    /// Where to go on; nil leaves the place as it is.
    package var cursor: String?
    /// There may be more at once.
    package var isMore: Bool

    package init(_ observations: [RawObservation], cursor: String?, isMore: Bool = false) {
        self.observations = observations
        self.cursor = cursor
        self.isMore = isMore
    }
}

/// Why a source gave nothing, or what is wrong with one observation: what and how to fix it, without personal data.
package struct SourceFailure: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}

/// Every source that is read. One line each.
package enum ObservationSources {
    package static let all: [any ObservationSource] = []
}

/// Where sources keep their place, and where what they tell goes. Each method is one whole step, committed when it
/// returns.
package protocol ObservationJournal: Sendable {
    /// Up to where a source was read; nil before its first page.
    func cursor(of source: String) async throws -> String?

    /// Keeps what came and where to go on, in one step. What was kept before, by the source's own id for it, is left as
    /// it is. A cursor of nil leaves the place.
    func keep(_ observations: [RawObservation], cursor: String?, of source: String, now: Moment) async throws

    /// What of a source nobody judged yet, in the order in which it came.
    func unjudged(of source: String, limit: Int) async throws -> [RawObservation]

    /// Records what one observation means, and that it was judged, in one step. Gives what could not be recorded, and
    /// why; then it counts as judged all the same, and its bytes stay.
    func commit(_ events: [JudgedEvent], of observation: RawObservation, now: Moment) async throws -> SourceFailure?
}

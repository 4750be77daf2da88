package import Outreach

/// The source of what shoppers write in the chat. It is pushed to, and its posts are judged by the daemon, since what
/// they mean depends on what their session proved.
package struct ChatSource: ObservationSource {
    package var name: String { ChatPost.source }

    package init() {}

    package func poll(from cursor: String?, now: Moment) async throws -> SourcePage { SourcePage([], cursor: nil) }

    package func judge(_ observation: RawObservation) throws(SourceFailure) -> [JudgedEvent] { [] }
}

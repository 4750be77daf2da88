package import Outreach

/// What customers post on the page for ratings. It is pushed: the page stores each POST before it is judged.
///
/// What a POST means depends on the rating as it stands, so the daemon's `RatingJudge` says it, as `MailJudge` does of
/// mail. The page asks it at once; through this source it sees what a crash left behind.
package struct RatingSource: ObservationSource {
    package let name = RatingPost.source

    package init() {}

    package func poll(from cursor: String?, now: Moment) async throws -> SourcePage { SourcePage([], cursor: nil) }

    package func judge(_ observation: RawObservation) throws(SourceFailure) -> [JudgedEvent] {
        guard RatingPost(bytes: observation.bytes) != nil else {
            throw SourceFailure("it is no rating; it is left out")
        }
        return []
    }
}

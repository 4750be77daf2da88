import Outreach
import Synchronization

@testable import Intake

/// A toy source: shoppers press a button on a page, and the page's server lists the presses by number. A press says
/// which order is meant. This folder, and one line in a table, is all that it takes.
final class Doorbell: ObservationSource {
    let name = "doorbell"
    private let presses = Mutex<[String]>([])
    private let pageSize: Int

    init(pageSize: Int = 2) { self.pageSize = pageSize }

    func press(_ text: String) { presses.withLock { $0.append(text) } }

    func poll(from cursor: String?, now: Moment) async throws -> SourcePage {
        let first = cursor.flatMap { Int($0) } ?? 0
        let (some, count) = presses.withLock { ($0.dropFirst(first).prefix(pageSize), $0.count) }
        let observations = some.enumerated().map { offset, text in
            RawObservation(
                shop: "fig.example", source: name, externalID: "\(first + offset)", receivedAt: now, kind: "press",
                bytes: Array(text.utf8))
        }
        let next = first + observations.count
        return SourcePage(observations, cursor: "\(next)", isMore: next < count)
    }

    /// A press asks for a return of the order.
    func judge(_ observation: RawObservation) throws(SourceFailure) -> [JudgedEvent] {
        let text = String(decoding: observation.bytes, as: UTF8.self)
        if text == "hello" { return [] }
        guard text.hasPrefix("gid://shopify/Order/") else { throw SourceFailure("the press names no order") }
        return [
            JudgedEvent(
                aggregate: .order(text), kind: .returnRequested, subject: .return(observation.externalID),
                mark: observation.externalID, happenedAt: observation.receivedAt, source: name)
        ]
    }
}

import Foundation
import Outreach
import Platform
import Synchronization

@testable import Intake

/// A clock that stands still until somebody sleeps.
final class TestClock: Sendable {
    private let state: Mutex<(now: Moment, slept: [Duration])>

    init(_ now: Moment = Moment(iso8601: "2026-11-21T10:00:00Z")!) { state = Mutex((now, [])) }

    var now: Moment { state.withLock { $0.now } }
    var slept: [Duration] { state.withLock { $0.slept } }
    func advance(_ duration: Duration) { state.withLock { $0.now = $0.now + duration } }

    var timekeeper: Timekeeper {
        Timekeeper(
            now: { self.now },
            sleep: { duration throws(CancellationError) in
                self.state.withLock {
                    $0.now = $0.now + duration
                    $0.slept.append(duration)
                }
            })
    }
}

/// Answers each request with the next line of its script.
final class ScriptedTransport: HTTPTransport {
    private let state: Mutex<(replies: [Result<HTTPResponse, TransferFailure>], requests: [HTTPRequest])>

    init(_ replies: [Result<HTTPResponse, TransferFailure>]) { state = Mutex((replies, [])) }

    convenience init(_ responses: HTTPResponse...) { self.init(responses.map { .success($0) }) }

    var requests: [HTTPRequest] { state.withLock { $0.requests } }

    func send(_ request: HTTPRequest) async throws(TransferFailure) -> HTTPResponse {
        let reply = state.withLock { state in
            state.requests.append(request)
            return state.replies.isEmpty ? nil : state.replies.removeFirst()
        }
        guard let reply else { throw TransferFailure(.other, detail: "the script is over") }
        return try reply.get()
    }
}

extension HTTPResponse {
    static func json(_ text: String, status: Int = 200, _ headers: [HTTPField] = []) -> HTTPResponse {
        HTTPResponse(status: status, headers: headers, body: [UInt8](text.utf8))
    }

    static func json(_ object: [String: Any], status: Int = 200, _ headers: [HTTPField] = []) -> HTTPResponse {
        HTTPResponse(
            status: status, headers: headers, body: [UInt8](try! JSONSerialization.data(withJSONObject: object)))
    }
}

extension HTTPRequest {
    var json: [String: Any] { (try? JSONSerialization.jsonObject(with: Data(body ?? []))) as? [String: Any] ?? [:] }
    var operation: String { json["operationName"] as? String ?? "" }
    var variables: [String: Any] { json["variables"] as? [String: Any] ?? [:] }
}

/// A journal in memory, which can be told to break before or after its n-th commit.
actor MemoryJournal: IntakeJournal {
    struct Broken: Error {}

    var kept: Moment?
    var marksByID: [String: ReadMark] = [:]
    var queue: [(read: QueuedRead, notBefore: Moment)] = []
    var rereads: [Reread.Kind: [(read: QueuedRead, at: Moment)]] = [:]
    var observations: [Observation] = []
    var parked: [ParkedRead] = []
    var gone: [String] = []
    var bucket: CostBucket?
    private var tickets: Int64 = 0
    private var breaks: (step: Int, before: Bool)?
    private var step = 0

    func keep(_ cursor: Moment) { kept = cursor }
    func breakAt(_ step: Int, before: Bool) {
        breaks = (step, before)
        self.step = 0
    }
    private var offersForEver = false
    func keepOffering() { offersForEver = true }
    func addReread(_ kind: Reread.Kind, _ id: String, at: Moment) {
        rereads[kind, default: []].append((QueuedRead(id: id), at))
    }
    var queuedIDs: [String] { queue.map(\.read.id) }

    private func commit(_ body: () -> Void) throws {
        step += 1
        if let breaks, breaks.step == step, breaks.before { throw Broken() }
        body()
        if let breaks, breaks.step == step { throw Broken() }
    }

    func cursor() -> Moment? { kept }
    func marks(of ids: [String]) -> [String: ReadMark] { marksByID.filter { ids.contains($0.key) } }

    func commitScan(queue ids: [String], cursor: Moment?) throws {
        try commit {
            for id in ids {
                tickets += 1
                if let place = queue.firstIndex(where: { $0.read.id == id }) {
                    queue[place].read.ticket = tickets
                } else {
                    queue.append((QueuedRead(id: id, ticket: tickets), .distantPast))
                }
            }
            if let cursor { kept = max(kept ?? cursor, cursor) }
        }
    }

    func pullBack(to now: Moment) -> Moment? {
        kept = marksByID.values.map(\.updatedAt).filter { $0 <= now }.max() ?? now
        return kept
    }

    func nextToRead(limit: Int, now: Moment) -> [QueuedRead] {
        Array(queue.filter { $0.notBefore <= now }.map(\.read).prefix(limit))
    }

    func dueRereads(_ kind: Reread.Kind, limit: Int, now: Moment) -> [QueuedRead] {
        Array((rereads[kind] ?? []).filter { $0.at <= now }.map(\.read).prefix(limit))
    }

    func commitRead(_ batch: ReadBatch) throws {
        try commit {
            observations += batch.observations
            for mark in batch.marks { marksByID[mark.id] = mark }
            let settled = (batch.done + batch.gone).map(\.id)
            gone += batch.gone.map(\.id)
            parked += batch.parked
            switch batch.kind {
            case .orders where offersForEver: break
            case .orders:
                for read in batch.done + batch.gone {
                    queue.removeAll { $0.read.id == read.id && $0.read.ticket == read.ticket }
                }
                for park in batch.parked {
                    guard let place = queue.firstIndex(where: { $0.read.id == park.read.id }) else { continue }
                    queue[place].notBefore = park.notBefore
                    queue[place].read.attempts += 1
                }
            case .rereads(let kind): rereads[kind]?.removeAll { settled.contains($0.read.id) }
            }
        }
    }

    func remember(_ bucket: CostBucket) { self.bucket = bucket }
}

/// Answers each request by a rule.
final class RoutedTransport: HTTPTransport {
    private let rule: @Sendable (HTTPRequest) -> HTTPResponse
    private let seen = Mutex<[HTTPRequest]>([])

    init(_ rule: @escaping @Sendable (HTTPRequest) -> HTTPResponse) { self.rule = rule }

    var requests: [HTTPRequest] { seen.withLock { $0 } }

    func send(_ request: HTTPRequest) async throws(TransferFailure) -> HTTPResponse {
        seen.withLock { $0.append(request) }
        await Task.yield()
        return rule(request)
    }
}

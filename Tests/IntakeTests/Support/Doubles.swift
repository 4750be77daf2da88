import Foundation
import Outreach
import Platform
import Synchronization

@testable import Intake
@testable import Shopify

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
    private var changedAt: [String: Moment] = [:]
    /// How long after it was read something is due to be read again; nil for never.
    private var rereadEvery: Duration?
    /// When each was read again.
    var reread: [String: [Moment]] = [:]
    private let clock: TestClock?

    init(clock: TestClock? = nil, rereadEvery: Duration? = nil) {
        self.clock = clock
        self.rereadEvery = rereadEvery
    }
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

    func commitScan(queue orders: [SeenOrder], cursor: Moment?) throws {
        try commit {
            for order in orders {
                tickets += 1
                if let place = queue.firstIndex(where: { $0.read.id == order.id }) {
                    queue[place].read.ticket = tickets
                    if order.hasChanged || order.updatedAt > changedAt[order.id] ?? .distantPast {
                        queue[place].notBefore = .distantPast
                        queue[place].read.attempts = 0
                    }
                } else {
                    queue.append((QueuedRead(id: order.id, ticket: tickets), .distantPast))
                }
                changedAt[order.id] = order.updatedAt
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
            for mark in batch.marks { marksByID[mark.orderID] = mark }
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
            case .rereads(let kind):
                rereads[kind]?.removeAll { settled.contains($0.read.id) }
                guard let clock, let rereadEvery else { return }
                for read in batch.done {
                    reread[read.id, default: []].append(clock.now)
                    rereads[kind]?.append((read, clock.now + rereadEvery))
                }
            }
        }
    }

    func remember(_ bucket: CostBucket) { self.bucket = bucket }
}

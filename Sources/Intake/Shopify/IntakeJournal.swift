// What the poller remembers, and where what it reads goes. Each method is one whole step, committed when it returns:
// the poller can be cut between any two of them, or before one returns, and begins again at the start of its cycle.

package import Outreach
package import Shopify

/// Something that waits to be read.
package struct QueuedRead: Hashable, Sendable {
    /// Shopify's id: of an order, a fulfillment or a return.
    package var id: String
    /// How often reading it has failed so far.
    package var attempts: Int
    /// The journal's own, handed back as it came: by it the journal notices that the same id was queued anew meanwhile,
    /// and keeps it.
    package var ticket: Int64

    /// So it waits.
    package init(id: String, attempts: Int = 0, ticket: Int64 = 0) {
        self.id = id
        self.attempts = attempts
        self.ticket = ticket
    }
}

/// One that could not be read: it is set aside, with the reason, and tried again then.
package struct ParkedRead: Hashable, Sendable {
    package var read: QueuedRead
    /// What was wrong, without any value of the answer.
    package var reason: String
    /// Not to be tried before; `read.attempts` is then one more.
    package var notBefore: Moment
}

/// What one read of several ids brought. To be committed as one step: the observations are learned, and what is done
/// leaves the queue, or neither.
package struct ReadBatch: Sendable {
    /// What was read.
    package enum Kind: Hashable, Sendable {
        /// Orders, from the queue of `nextToRead`.
        case orders
        /// Fulfillments or returns, from `dueRereads`.
        case rereads(Reread.Kind)
    }

    package var kind: Kind
    /// What was seen.
    package var observations: [Observation] = []
    /// How the orders looked that were read; none for looks.
    package var marks: [ReadMark] = []
    /// What was read and leaves the queue (a look: what the learner says when to look again, it says with the
    /// observation).
    package var done: [QueuedRead] = []
    /// What the shop does not show any more, or not to us: it leaves the queue, and a look at it is never due again.
    package var gone: [QueuedRead] = []
    /// What could not be read.
    package var parked: [ParkedRead] = []

    /// Nothing yet.
    package init(kind: Kind) { self.kind = kind }
}

/// Where the poller of one shop keeps its place.
package protocol IntakeJournal: Sendable {
    /// Up to where the changed orders were scanned, by the shop's clock; nil before the first scan.
    func cursor() async throws -> Moment?

    /// The marks of those of these orders that have one.
    func marks(of ids: [String]) async throws -> [String: ReadMark]

    /// Queues these orders to be read and moves the cursor, in one step. One that is queued already gets a new ticket;
    /// its attempts and its time stay unless it changed since it was queued, by its `updatedAt` or by `hasChanged`:
    /// then it may be read at once, parked or not. A cursor of nil, or one before the one that is kept, moves nothing.
    func commitScan(queue orders: [SeenOrder], cursor: Moment?) async throws

    /// Puts a cursor that lies after `now` back to the last change that was read before it, or to where the shop began
    /// to be watched. Gives the new one.
    func pullBack(to now: Moment) async throws -> Moment?

    /// Orders that wait to be read and may be now, those longest in the queue first.
    func nextToRead(limit: Int, now: Moment) async throws -> [QueuedRead]

    /// Fulfillments or returns whose next look is due and not parked, the longest overdue first.
    func dueRereads(_ kind: Reread.Kind, limit: Int, now: Moment) async throws -> [QueuedRead]

    /// Learns what was read, keeps the marks, and settles the queue.
    func commitRead(_ batch: ReadBatch) async throws

    /// Keeps the bucket for the next start. Once a cycle; nothing is lost with it.
    func remember(_ bucket: CostBucket) async throws
}

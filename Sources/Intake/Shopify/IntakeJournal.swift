// The poller's memory, and the destination of what it reads. Each method is one complete step, committed when it
// returns: the poller can be killed between any two of them, or before one returns, and starts its cycle over.

package import Outreach
package import Shopify

/// Something that waits to be read.
package struct QueuedRead: Hashable, Sendable {
    /// The Shopify id of an order, a fulfillment or a return.
    package var id: String
    /// The number of failed readings so far.
    package var attempts: Int
    /// The journal's own value, returned unchanged: it shows the journal that the same id was queued again meanwhile,
    /// so that it keeps it.
    package var ticket: Int64

    /// So it waits.
    package init(id: String, attempts: Int = 0, ticket: Int64 = 0) {
        self.id = id
        self.attempts = attempts
        self.ticket = ticket
    }
}

/// An object that could not be read: it is set aside with the reason, and retried at that time.
package struct ParkedRead: Hashable, Sendable {
    package var read: QueuedRead
    /// What was wrong, without any value of the answer.
    package var reason: String
    /// Do not retry before this; `read.attempts` is then one more.
    package var notBefore: Moment
}

/// The result of one read of several ids. Commit it as one step: the observations are learned and finished entries
/// leave the queue, or neither.
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
    /// The marks of the orders read; empty for rereads.
    package var marks: [ReadMark] = []
    /// Entries that were read and leave the queue (for a reread, the learner gives the next time with the observation).
    package var done: [QueuedRead] = []
    /// Entries that the shop no longer shows, or not to us: they leave the queue, and are never due again.
    package var gone: [QueuedRead] = []
    /// Entries that could not be read.
    package var parked: [ParkedRead] = []

    /// Nothing yet.
    package init(kind: Kind) { self.kind = kind }
}

/// Where a shop's poller keeps its position.
package protocol IntakeJournal: Sendable {
    /// How far the changed orders have been scanned, by the shop's clock; nil before the first scan.
    func cursor() async throws -> Moment?

    /// The marks of these orders; those without one are left out.
    func marks(of ids: [String]) async throws -> [String: ReadMark]

    /// Queues these orders to be read and moves the cursor, in one step. One that is queued already gets a new ticket;
    /// its attempts and its time stay unless it changed since it was queued, by its `updatedAt` or by `hasChanged`:
    /// then it may be read at once, parked or not. A cursor of nil, or one before the one that is kept, moves nothing.
    func commitScan(queue orders: [SeenOrder], cursor: Moment?) async throws

    /// Moves a cursor that lies after `now` back to the last change read before it, or to where the shop began to be
    /// watched. Returns the new one.
    func pullBack(to now: Moment) async throws -> Moment?

    /// Orders that may be read now, those longest in the queue first.
    func nextToRead(limit: Int, now: Moment) async throws -> [QueuedRead]

    /// Fulfillments or returns whose reread is due and not parked, longest overdue first.
    func dueRereads(_ kind: Reread.Kind, limit: Int, now: Moment) async throws -> [QueuedRead]

    /// Learns the observations, stores the marks, and updates the queue.
    func commitRead(_ batch: ReadBatch) async throws

    /// Stores the bucket for the next start. Once a cycle; losing it does no harm.
    func remember(_ bucket: CostBucket) async throws
}

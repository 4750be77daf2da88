// The poller's memory, and the destination of what it reads. Each method is one complete step, committed when it
// returns: the poller can be killed between any two of them, or before one returns, and starts its cycle over.

package import Outreach
package import Shopify

/// How an order looked when it was last read; a scan compares it to see whether the order must be read again.
package struct ReadMark: Hashable, Codable, Sendable {
    /// The order.
    package var id: String
    /// The order's `updatedAt` at that reading.
    package var updatedAt: Moment
    /// When it was read, by the shop's clock.
    package var readAt: Moment
    /// The newest returns and their states, `123:OPEN,122:CLOSED`; nil if returns were not read.
    package var returns: String?

    /// An order as it was read.
    package init(id: String, updatedAt: Moment, readAt: Moment, returns: String?) {
        self.id = id
        self.updatedAt = updatedAt
        self.readAt = readAt
        self.returns = returns
    }
}

/// An order found by a scan that must be read.
package struct ScannedOrder: Hashable, Sendable {
    /// Shopify's id.
    package var id: String
    /// Its `updatedAt` in the scan.
    package var updatedAt: Moment
    /// True if it is known to have changed since it was last queued, whatever its `updatedAt` says.
    package var hasChanged: Bool

    /// An order with the time of its last change.
    package init(id: String, updatedAt: Moment, hasChanged: Bool = false) {
        self.id = id
        self.updatedAt = updatedAt
        self.hasChanged = hasChanged
    }
}

/// An object waiting to be read.
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

    /// Queues these orders to be read and moves the cursor, in one step. One already queued gets a new ticket; its
    /// attempts and its time stay unless it changed since it was queued, according to its `updatedAt` or `hasChanged`:
    /// then it may be read at once, parked or not. A nil cursor, or one before the stored one, changes nothing.
    func commitScan(queue orders: [ScannedOrder], cursor: Moment?) async throws

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

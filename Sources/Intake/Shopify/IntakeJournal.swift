// What the poller remembers, and where what it reads goes. Each method is one whole step, committed when it returns: the poller can be cut
// between any two of them, or before one returns, and begins again at the start of its cycle.

public import Outreach

/// How an order looked when it was last read: by this a scan tells whether it must be read again.
public struct ReadMark: Hashable, Codable, Sendable {
    /// The order.
    public var id: String
    /// The order's `updatedAt` as it was read.
    public var updatedAt: Moment
    /// When it was read, by the shop's clock.
    public var readAt: Moment
    /// The newest returns and their states, `123:OPEN,122:CLOSED`; nil where returns were not read.
    public var returns: String?

    /// An order as it was read.
    public init(id: String, updatedAt: Moment, readAt: Moment, returns: String?) {
        self.id = id
        self.updatedAt = updatedAt
        self.readAt = readAt
        self.returns = returns
    }
}

/// Something that waits to be read.
public struct QueuedRead: Hashable, Sendable {
    /// Shopify's id: of an order, a fulfillment or a return.
    public var id: String
    /// How often reading it has failed so far.
    public var attempts: Int
    /// The journal's own, handed back as it came: by it the journal notices that the same id was queued anew meanwhile, and keeps it.
    public var ticket: Int64

    /// So it waits.
    public init(id: String, attempts: Int = 0, ticket: Int64 = 0) {
        self.id = id
        self.attempts = attempts
        self.ticket = ticket
    }
}

/// One that could not be read: it is set aside, with the reason, and tried again then.
public struct ParkedRead: Hashable, Sendable {
    public var read: QueuedRead
    /// What was wrong, without any value of the answer.
    public var reason: String
    /// Not to be tried before; `read.attempts` is then one more.
    public var notBefore: Moment
}

/// What one read of several ids brought. To be committed as one step: the observations are learned, and what is done leaves the queue, or
/// neither.
public struct ReadBatch: Sendable {
    /// What was read.
    public enum Kind: Hashable, Sendable {
        /// Orders, from the queue of `nextToRead`.
        case orders
        /// Fulfillments or returns, from `dueRereads`.
        case rereads(Reread.Kind)
    }

    public var kind: Kind
    /// What was seen.
    public var observations: [Observation] = []
    /// How the orders looked that were read; none for looks.
    public var marks: [ReadMark] = []
    /// What was read and leaves the queue (a look: what the learner says when to look again, it says with the observation).
    public var done: [QueuedRead] = []
    /// What the shop does not show any more, or not to us: it leaves the queue, and a look at it is never due again.
    public var gone: [QueuedRead] = []
    /// What could not be read.
    public var parked: [ParkedRead] = []

    /// Nothing yet.
    public init(kind: Kind) { self.kind = kind }
}

/// Where the poller of one shop keeps its place.
public protocol IntakeJournal: Sendable {
    /// Up to where the changed orders were scanned, by the shop's clock; nil before the first scan.
    func cursor() async throws -> Moment?

    /// The marks of those of these orders that have one.
    func marks(of ids: [String]) async throws -> [String: ReadMark]

    /// Queues these orders to be read and moves the cursor, in one step. An id that is queued already stays queued as it is, its attempts and
    /// its time included, but gets a new ticket. A cursor of nil, or one before the one that is kept, moves nothing.
    func commitScan(queue ids: [String], cursor: Moment?) async throws

    /// Puts a cursor that lies after `now` back to the last change that was read before it, or to where the shop began to be watched. Gives the new one.
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

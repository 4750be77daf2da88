// One shop, asked again and again. A turn is one cycle:
//
//   1. scan the orders that changed since the cursor, less the lookback, page by page; each page's ids are committed with the cursor;
//   2. scan the orders with open returns, and queue those whose returns differ from what was last read;
//   3. read what is queued, a batch at a time, until nothing is left or the next scan is due;
//   4. look again at fulfillments and returns that are due, as long as more than half of the cost bucket is left.
//
// It can be cut anywhere. The cursor moves only with the ids that it passed, an id leaves the queue only with what was learned of it, so whoever
// begins again sees everything at least once; and an observation that comes twice teaches nothing twice.

internal import Platform
public import Outreach

/// What one cycle did.
public struct CycleReport: Sendable {
    /// Orders that scans listed.
    public var listed = 0
    /// Of these, those that must be read.
    public var queued = 0
    /// Orders that were read.
    public var read = 0
    /// Fulfillments and returns that were looked at again.
    public var looked = 0
    /// What the shop shows no more.
    public var gone = 0
    /// What could not be read.
    public var parked: [ParkedRead] = []
    /// Orders still wait to be read.
    public var readsLeft = false
    /// Rereads that are due had to wait for the bucket or for the next scan.
    public var rereadsLeft = false
    /// The shop, where it was inspected in this cycle: at the start, and once a day.
    public var inspection: ShopInspection?
    /// What is read of the shop; less than all where scopes or approval are missing.
    public var rights = ReadRights()
    /// How far our clock is ahead of the shop's, as last seen.
    public var clockOffset: Duration?
    /// The version that answered, if it is not the one asked for.
    public var servedVersion: String?
    /// Where the place in the list of changes lay in the future and was pulled back to.
    public var pulledBackTo: Moment?

    /// Nothing yet.
    public init() {}
}

/// What became of a turn.
public struct Turn: Sendable {
    /// What was done, also by a turn that failed half-way.
    public var report: CycleReport
    /// Why it ended early; nil if it did not.
    public var failure: ShopifyFailure?
    /// Which failure in a row this is; 0 after success.
    public var failures: Int
    /// When the next one comes.
    public var next: PollPace.Next
}

/// Polls one shop.
public actor ShopPoller {
    /// What may be set.
    public struct Settings: Hashable, Sendable {
        /// The shop's permanent domain, for observations.
        public var shop: String
        public var pace: PollPace
        /// Since when the shop is watched: set once, before the first read.
        public var liveSince: Moment
        /// How far before the cursor a scan begins.
        public var lookback: Duration
        /// How far before `liveSince` the first scan begins. More than 60 days are shown only to an app with `read_all_orders`.
        public var history: Duration
        /// Orders in one read, at most.
        public var ordersAtOnce: Int

        /// The usual settings for a shop.
        public init(
            shop: String, pace: PollPace, liveSince: Moment, lookback: Duration = .minutes(3),
            history: Duration = .days(60),
            ordersAtOnce: Int = 50
        ) {
            self.shop = shop
            self.pace = pace
            self.liveSince = liveSince
            self.lookback = max(lookback, .zero)
            self.history = min(max(history, .zero), .days(3660))
            self.ordersAtOnce = min(max(ordersAtOnce, 1), 250)
        }
    }

    private let client: ShopifyClient
    private let reader: ShopReader
    private let journal: any IntakeJournal
    private let settings: Settings
    private let chance: @Sendable () -> Double
    private var pageSize = 250
    private var batchSize: Int
    private var failures = 0
    private var inspectedAt: Moment?

    /// - Parameter chance: from 0 to below 1, for jitter.
    public init(
        client: ShopifyClient, journal: any IntakeJournal, settings: Settings,
        chance: @escaping @Sendable () -> Double = { Double.random(in: 0..<1) }
    ) {
        self.client = client
        self.journal = journal
        self.settings = settings
        self.chance = chance
        batchSize = settings.ordersAtOnce
        reader = ShopReader(client: client, shop: settings.shop)
    }

    /// Does one cycle. What Shopify does not give is a value in the answer.
    ///
    /// - Throws: `CancellationError`, and what the journal throws.
    public func turn() async throws -> Turn {
        let began = client.timekeeper.now()
        var report = CycleReport()
        do {
            try await cycle(began: began, &report)
            failures = 0
            let left = report.readsLeft
            return Turn(
                report: await finish(report), failure: nil, failures: 0,
                next: settings.pace.afterSuccess(began: began, now: client.timekeeper.now(), workLeft: left))
        } catch let failure as ShopifyFailure {
            if failure.isCancellation { throw CancellationError() }
            failures += 1
            return Turn(
                report: await finish(report), failure: failure, failures: failures,
                next: settings.pace.afterFailure(
                    failure, failures: failures, now: client.timekeeper.now(), chance: chance()))
        }
    }

    private func finish(_ report: CycleReport) async -> CycleReport {
        var report = report
        let last = client.lastAnswer
        report.rights = await reader.rights
        report.clockOffset = last?.clockOffset
        report.servedVersion = last?.servedVersion.flatMap { $0 == client.endpoint.version ? nil : $0 }
        return report
    }

    private func cycle(began: Moment, _ report: inout CycleReport) async throws {
        if inspectedAt.map({ began >= $0 + .days(1) }) ?? true {
            let inspection = try await client.inspect()
            report.inspection = inspection
            let required = inspection.missingScopes.filter(\.isRequired)
            guard required.isEmpty else { throw ShopifyFailure.forbiddenScope(required.map(\.name)) }
            await reader.adopt(zone: Zone.first(of: inspection.timeZone), rights: inspection.rights)
            inspectedAt = began
        }
        try await scanOrders(&report)
        if await reader.rights.returns {
            try await scanReturns("return_requested", &report)
            if await reader.rights.returns { try await scanReturns("in_progress", &report) }
        }
        let deadline = began + settings.pace.every
        try await readQueue(until: deadline, &report)
        if !report.readsLeft {
            try await look(.fulfillment, document: .readFulfillments, limit: 100, until: deadline, &report)
            try await look(.return, document: .readReturns, limit: 50, until: deadline, &report)
        }
        try await journal.remember(client.bucket)
    }

    // MARK: - Scans

    private struct ScanVariables: Encodable, Sendable {
        var first: Int
        var after: String?
        var query: String
    }

    /// A page of a scan; asks for less where Shopify finds that too dear.
    private func page<Content: Decodable & Sendable>(
        _ document: Document, _ scan: OrderScan, as type: Content.Type
    ) async throws(ShopifyFailure) -> ShopifyClient.Answer<Content> {
        while true {
            do throws(ShopifyFailure) {
                let variables = ScanVariables(first: pageSize, after: scan.after, query: scan.query)
                let answer = try await client.ask(document, variables, as: type)
                guard answer.errors.isEmpty else {
                    let codes = Array(Set(answer.errors.map { $0.code ?? "unknown" })).sorted()
                    if codes.contains("ACCESS_DENIED") { throw .forbiddenScope(answer.errors.flatMap(\.scopes)) }
                    throw .malformed("\(document.name): errors beside the data: \(codes.joined(separator: ", "))")
                }
                return answer
            } catch {
                guard error.remedy == .smaller, pageSize > 1 else { throw error }
                pageSize /= 2
            }
        }
    }

    /// How far the shop's clock and ours may differ for either to be believed.
    static let clockTolerance = Duration.minutes(5)

    private static func isBelievable(_ offset: Duration) -> Bool {
        abs(offset.wholeMilliseconds) <= clockTolerance.wholeMilliseconds
    }

    /// Up to where a scan that has come to its end was made, by what an answer said of the time when it began. A clock that is wrong for one answer must not carry the place into
    /// the future, where changes would be passed over in silence: so it is the earlier of both clocks, and nil where they are too far apart.
    private static func place(_ facts: AnswerFacts, now: Moment) -> Moment? {
        guard let shopTime = facts.shopTime, let offset = facts.clockOffset, isBelievable(offset)
        else { return nil }
        return min(shopTime, now)
    }

    private func scanOrders(_ report: inout CycleReport) async throws {
        var cursor = try await journal.cursor()
        let now = client.timekeeper.now()
        // Where our clock is the wrong one, the shop's last answer disagrees with it, and nothing is moved.
        if let kept = cursor, kept > now + Self.clockTolerance,
            let offset = client.lastAnswer?.clockOffset, Self.isBelievable(offset)
        {
            cursor = try await journal.pullBack(to: now)
            report.pulledBackTo = cursor
        }
        var scan = OrderScan(from: cursor.map { $0 - settings.lookback } ?? settings.liveSince - settings.history)
        var begun: Moment?
        var isFirst = true
        var isMore = true
        while isMore {
            let answer = try await page(.scanOrders, scan, as: WireScan.self)
            // What changes from here on is for the next scan, however long this one takes.
            if isFirst { begun = Self.place(answer.facts, now: now) }
            isFirst = false
            let orders = answer.data.orders.nodes
            let last = orders.map(\.updatedAt.moment).max()
            isMore = try scan.advance(
                past: answer.data.orders.pageInfo, count: orders.count, lastChange: last, pageSize: pageSize)
            let marks = try await journal.marks(of: orders.map(\.id))
            let changed = orders.filter { ReadMark.isOutdated(marks[$0.id], changedAt: $0.updatedAt.moment) }
            // Within the list the cursor stands at the last change seen, at its end where the scan began. Without a clock that can be believed it
            // stays at the last change.
            try await journal.commitScan(queue: unique(changed.map(\.id)), cursor: isMore ? last : begun ?? last)
            report.listed += orders.count
            report.queued += changed.count
        }
    }

    private func scanReturns(_ status: String, _ report: inout CycleReport) async throws {
        var scan = OrderScan(filter: "return_status:\(status)")
        var isMore = true
        while isMore {
            let answer: ShopifyClient.Answer<WireReturnScan>
            do throws(ShopifyFailure) { answer = try await page(.scanReturns, scan, as: WireReturnScan.self) } catch {
                guard case .forbiddenScope = error else { throw error }
                // Where the scopes could not be listed we learn only now that returns are not for us.
                await reader.giveUpReturns()
                return
            }
            let orders = answer.data.orders.nodes
            isMore = try scan.advance(
                past: answer.data.orders.pageInfo, count: orders.count,
                lastChange: orders.map(\.updatedAt.moment).max(),
                pageSize: pageSize)
            let marks = try await journal.marks(of: orders.map(\.id))
            let changed = orders.filter { order in
                let returns = ReadMark.text(of: (order.returns?.nodes ?? []).map { ($0.id, $0.status) })
                return marks[order.id]?.returns != returns
            }
            if !changed.isEmpty { try await journal.commitScan(queue: unique(changed.map(\.id)), cursor: nil) }
            report.listed += orders.count
            report.queued += changed.count
        }
    }

    private func unique(_ ids: [String]) -> [String] {
        var seen: Set<String> = []
        return ids.filter { seen.insert($0).inserted }
    }

    // MARK: - Reads

    private func readQueue(until deadline: Moment, _ report: inout CycleReport) async throws {
        // What is queued anew while it is read, by a wake-up or a scan, is for the next turn.
        var met: Set<String> = []
        while true {
            let entries = try await journal.nextToRead(limit: batchSize, now: client.timekeeper.now())
            guard !entries.isEmpty else { return }
            let new = entries.filter { met.insert($0.id).inserted }
            guard !new.isEmpty else {
                report.readsLeft = true
                return
            }
            try await read(.orders, new, &report)
            if client.timekeeper.now() >= deadline {
                report.readsLeft = try await !journal.nextToRead(limit: 1, now: client.timekeeper.now()).isEmpty
                return
            }
        }
    }

    private func look(
        _ kind: Reread.Kind, document: Document, limit: Int, until deadline: Moment, _ report: inout CycleReport
    ) async throws {
        var met: Set<String> = []
        while true {
            let now = client.timekeeper.now()
            let entries = try await journal.dueRereads(kind, limit: min(limit, batchSize * 2), now: now)
                .filter { met.insert($0.id).inserted }
            guard !entries.isEmpty else { return }
            guard client.wait(for: document, share: .reread) == .zero, now < deadline else {
                report.rereadsLeft = true
                return
            }
            try await read(.rereads(kind), entries, &report)
        }
    }

    /// Reads a batch and commits it. A batch that fails as a whole is read in halves; what fails alone, and is not Shopify's trouble, is
    /// parked, so that it stops nobody else.
    private func read(_ kind: ReadBatch.Kind, _ entries: [QueuedRead], _ report: inout CycleReport) async throws {
        let batch: ReadBatch
        do throws(ShopifyFailure) { batch = try await reader.read(kind, entries) } catch {
            guard let blame = Self.blamesTheBatch(error) else { throw error }
            batchSize = max(1, batchSize / 2)
            if entries.count > 1 {
                guard blame == .size else { throw error }
                try await read(kind, Array(entries[..<(entries.count / 2)]), &report)
                try await read(kind, Array(entries[(entries.count / 2)...]), &report)
                return
            }
            var alone = ReadBatch(kind: kind)
            alone.parked = [await reader.park(entries[0], error.reason)]
            try await commit(alone, &report)
            if blame == .content { throw error }
            return
        }
        try await commit(batch, &report)
        batchSize = min(settings.ordersAtOnce, batchSize * 2)
    }

    private enum Blame { case size, content }

    /// Whether a failure may be due to what was asked for: to how much it was, or to what.
    private static func blamesTheBatch(_ failure: ShopifyFailure) -> Blame? {
        switch failure {
        case .overCost, .tooLarge: .size
        case .server, .malformed: .content
        case .transport(let transfer): transfer.mayHaveArrived && transfer.kind != .cancelled ? .content : nil
        default: nil
        }
    }

    private func commit(_ batch: ReadBatch, _ report: inout CycleReport) async throws {
        try await journal.commitRead(batch)
        switch batch.kind {
        case .orders: report.read += batch.done.count
        case .rereads: report.looked += batch.done.count
        }
        report.gone += batch.gone.count
        report.parked += batch.parked
    }
}

// Polls one shop. A turn is one cycle:
//
//   1. scan the orders that changed since the cursor, less the lookback, page by page; each page's ids are committed
//      with the cursor;
//   2. scan the orders with open returns, and queue those whose returns differ from what was last read;
//   3. read, in fair turns, the queued orders and the fulfillments and returns due to be reread, a batch at a time,
//      until nothing is left or time is up.
//
// None of the three starves the others, however slow the shop and however long the queue: reading gets at least as much
// time as the scans took, each kind of reading at least one batch per cycle and an equal share of the time, and a scan
// of many pages stops for a round of reading whenever one is due.
//
// A cycle can be killed anywhere. The cursor moves only together with the ids it passed, and an id leaves the queue
// only together with its results, so after a restart everything is seen at least once; and a repeated observation is
// not learned twice.

package import Outreach
internal import Platform
package import Shopify

/// What one cycle did.
package struct CycleReport: Sendable {
    /// Orders that scans listed.
    package var listed = 0
    /// Those of them that must be read.
    package var queued = 0
    /// Orders that were read.
    package var read = 0
    /// Fulfillments and returns that were read again.
    package var looked = 0
    /// Objects that the shop no longer shows.
    package var gone = 0
    /// Entries that could not be read.
    package var parked: [ParkedRead] = []
    /// Orders still wait to be read.
    package var readsLeft = false
    /// Fulfillments or returns are still due to be read again.
    package var rereadsLeft = false
    /// The shop, if it was inspected in this cycle: at the start, and once a day.
    package var inspection: ShopInspection?
    /// The parts of the shop that are read; not all if scopes or approval are missing.
    package var rights = ReadRights()
    /// How far our clock is ahead of the shop's, as last seen.
    package var clockOffset: Duration?
    /// The version that answered, if it is not the requested one.
    package var servedVersion: String?
    /// The new position in the list of changes, if it lay in the future and was moved back.
    package var pulledBackTo: Moment?

    /// Nothing yet.
    package init() {}
}

/// The result of a turn.
package struct Turn: Sendable {
    /// The work done, even by a turn that failed midway.
    package var report: CycleReport
    /// Why it ended early; nil if it did not.
    package var failure: ShopifyFailure?
    /// The number of failures in a row; 0 after success.
    package var failures: Int
    /// When the next one comes.
    package var next: PollPace.Next
}

/// Polls one shop.
package actor ShopPoller {
    /// What may be set.
    package struct Settings: Hashable, Sendable {
        /// The shop's permanent domain, for observations.
        package var shop: String
        package var pace: PollPace
        /// Since when the shop has been watched: set once, before the first read.
        package var liveSince: Moment
        /// How far before the cursor a scan begins.
        package var lookback: Duration
        /// How far before `liveSince` the first scan begins. Only an app with `read_all_orders` sees more than 60 days.
        package var history: Duration
        /// The most orders in one read.
        package var ordersAtOnce: Int

        /// The usual settings for a shop.
        package init(
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
    private var batchSizes: [ReadBatch.Kind: BatchSize]
    private var failures = 0
    /// The latest returns, from scans, of orders not read in that state yet, by id: shows that a parked order has
    /// changed although its `updatedAt` has not.
    private var shownReturns: [String: String] = [:]
    /// When reading last ended; a scan that takes longer than the pace after that stops for a round of reading.
    private var readAt: Moment?
    private var inspectedAt: Moment?

    /// - Parameter chance: from 0 to below 1, for jitter.
    package init(
        client: ShopifyClient, journal: any IntakeJournal, settings: Settings,
        chance: @escaping @Sendable () -> Double = { Double.random(in: 0..<1) }
    ) {
        self.client = client
        self.journal = journal
        self.settings = settings
        self.chance = chance
        batchSizes = Self.batchSizes(settings)
        reader = ShopReader(client: client, shop: settings.shop)
    }

    /// Runs one cycle. Failures of Shopify are values in the result.
    ///
    /// - Throws: `CancellationError`, and what the journal throws.
    package func turn() async throws -> Turn {
        let began = now()
        var report = CycleReport()
        do {
            try await cycle(began: began, &report)
            failures = 0
            let left = report.readsLeft
            return Turn(
                report: await finish(report), failure: nil, failures: 0,
                next: settings.pace.afterSuccess(began: began, now: now(), workLeft: left))
        } catch let failure as ShopifyFailure {
            if failure.isCancellation { throw CancellationError() }
            failures += 1
            return Turn(
                report: await finish(report), failure: failure, failures: failures,
                next: settings.pace.afterFailure(
                    failure, failures: failures, now: now(), chance: chance()))
        }
    }

    /// The most objects in one query. A query's cost does not grow with the number of ids (`Document.estimatedCost`),
    /// so 250 fulfillments, the most that Shopify accepts, cost no more points than one. Only the size of the answer
    /// grows, so there are fewer returns, which are larger.
    private static func batchSizes(_ settings: Settings) -> [ReadBatch.Kind: BatchSize] {
        [
            .orders: BatchSize(settings.ordersAtOnce), .rereads(.fulfillment): BatchSize(250),
            .rereads(.return): BatchSize(100),
        ]
    }

    private func now() -> Moment { Moment(client.clock.now()) }

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
            batchSizes = Self.batchSizes(settings)
        }
        try await scanOrders(since: began, &report)
        if shownReturns.count > 10_000 { shownReturns = [:] }
        if await reader.rights.returns {
            try await scanReturns("return_requested", since: began, &report)
            if await reader.rights.returns { try await scanReturns("in_progress", since: began, &report) }
        }
        // At least as long as the scans took, so that reading gets half of the time even if the scans use up the pace.
        let scanned = now()
        let deadline = max(began + settings.pace.every, scanned + max(scanned - began, .zero))
        try await readInTurns(until: deadline, &report)
        try await journal.remember(client.bucket)
    }

    // MARK: - Scans

    private struct ScanVariables: Encodable, Sendable {
        var first: Int
        var after: String?
        var query: String
    }

    /// A page of a scan; requests less if Shopify refuses the cost.
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

    /// How far the shop's clock and ours may differ for either to be trusted.
    static let clockTolerance = Duration.minutes(5)

    private static func isBelievable(_ offset: Duration) -> Bool {
        abs(offset.wholeMilliseconds) <= clockTolerance.wholeMilliseconds
    }

    /// The position of a finished scan: the time when it began, according to an answer. A clock that is wrong in one
    /// answer must not move the position into the future, where changes would be skipped silently; so this is the
    /// earlier of both clocks, and nil if they are too far apart.
    private static func place(_ facts: AnswerFacts, now: Moment) -> Moment? {
        guard let shopTime = facts.shopTime, let offset = facts.clockOffset, isBelievable(offset)
        else { return nil }
        return min(Moment(shopTime), now)
    }

    private func scanOrders(since began: Moment, _ report: inout CycleReport) async throws {
        var cursor = try await journal.cursor()
        let now = self.now()
        // If our clock is wrong, the shop's last answer disagrees with it, and nothing is moved.
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
            // Later changes are left to the next scan, however long this one takes.
            if isFirst { begun = Self.place(answer.facts, now: now) }
            isFirst = false
            let orders = answer.data.orders.nodes
            let last = orders.map(\.updatedAt.moment).max()
            isMore = try scan.advance(
                past: answer.data.orders.pageInfo, count: orders.count, lastChange: last, pageSize: pageSize)
            let marks = try await journal.marks(of: orders.map(\.id))
            let changed = orders.filter { ReadMark.isOutdated(marks[$0.id], changedAt: $0.updatedAt.moment) }
            // Within the list the cursor is the last change seen; at its end, the time when the scan began. Without a
            // trusted clock it stays at the last change.
            try await journal.commitScan(
                queue: unique(changed.map { SeenOrder(id: $0.id, updatedAt: $0.updatedAt.moment) }),
                cursor: isMore ? last : begun ?? last)
            report.listed += orders.count
            report.queued += changed.count
            if isMore, self.now() >= (readAt ?? began) + settings.pace.every {
                try await readInTurns(until: .distantPast, &report)
            }
        }
    }

    private func scanReturns(
        _ status: String, since began: Moment, _ report: inout CycleReport
    ) async throws {
        var scan = OrderScan(filter: "return_status:\(status)")
        var isMore = true
        while isMore {
            let answer: ShopifyClient.Answer<WireReturnScan>
            do throws(ShopifyFailure) { answer = try await page(.scanReturns, scan, as: WireReturnScan.self) } catch {
                guard case .forbiddenScope = error else { throw error }
                // If the scopes could not be listed, we learn only now that we may not read returns.
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
            let queued = changed.map { order in
                let text = ReadMark.text(of: (order.returns?.nodes ?? []).map { ($0.id, $0.status) })
                let before = shownReturns.updateValue(text, forKey: order.id)
                return SeenOrder(
                    id: order.id, updatedAt: order.updatedAt.moment, hasChanged: before.map { $0 != text } ?? false)
            }
            if !changed.isEmpty { try await journal.commitScan(queue: unique(queued), cursor: nil) }
            report.listed += orders.count
            report.queued += changed.count
            if isMore, self.now() >= (readAt ?? began) + settings.pace.every {
                try await readInTurns(until: .distantPast, &report)
            }
        }
    }

    private func unique(_ orders: [SeenOrder]) -> [SeenOrder] {
        var seen: Set<String> = []
        return orders.filter { seen.insert($0.id).inserted }
    }

    // MARK: - Reads

    /// Reads queued and due objects, each kind in its turn, until nothing is left or time is up. Each kind with work
    /// gets at least one batch.
    private func readInTurns(until deadline: Moment, _ report: inout CycleReport) async throws {
        var open: [ReadBatch.Kind] = [.orders, .rereads(.fulfillment)]
        if await reader.rights.returns { open.append(.rereads(.return)) }
        var unserved = open
        var turns = FairTurns<ReadBatch.Kind>()
        // Objects queued again while being read, by a wake-up or a scan, are left to the next cycle.
        var met: Set<String> = []
        var failure: ShopifyFailure?
        report.readsLeft = false
        report.rereadsLeft = false
        func note(left kind: ReadBatch.Kind) {
            if kind == .orders { report.readsLeft = true } else { report.rereadsLeft = true }
        }
        while let kind = turns.next(of: now() < deadline ? open : unserved) {
            unserved.removeAll { $0 == kind }
            let entries = try await entries(kind)
            let new = entries.filter { met.insert($0.id).inserted }
            guard !new.isEmpty else {
                open.removeAll { $0 == kind }
                if !entries.isEmpty { note(left: kind) }
                continue
            }
            let began = now()
            do { try await read(kind, new, &report) } catch let error as ShopifyFailure {
                // An object on which Shopify itself fails holds back its kind until it is found; the other kinds
                // continue.
                guard Self.blamesTheBatch(error) == .content, failure == nil else { throw error }
                failure = error
                open.removeAll { $0 == kind }
                note(left: kind)
            }
            turns.note(kind, took: now() - began)
        }
        for kind in open where try await !entries(kind, atMost: 1).isEmpty { note(left: kind) }
        readAt = now()
        if let failure { throw failure }
    }

    /// The next objects of a kind to read.
    private func entries(_ kind: ReadBatch.Kind, atMost limit: Int = .max) async throws -> [QueuedRead] {
        let size = min(limit, batchSizes[kind]?.value ?? 1)
        switch kind {
        case .orders: return try await journal.nextToRead(limit: size, now: now())
        case .rereads(let kind):
            // Objects due before the middle of the next cycle are read in this one: their time is counted from the
            // middle of the last, so they would otherwise wait for nearly two cycles.
            let slack = min(settings.pace.every / 2, .seconds(30))
            return try await journal.dueRereads(kind, limit: size, now: now() + slack)
        }
    }

    /// Reads a batch and commits it. A batch that fails as a whole is read in halves; an object that fails alone, for
    /// no fault of Shopify's, is parked, so that it holds up no other.
    private func read(_ kind: ReadBatch.Kind, _ entries: [QueuedRead], _ report: inout CycleReport) async throws {
        let batch: ReadBatch
        do throws(ShopifyFailure) { batch = try await reader.read(kind, entries) } catch {
            guard let blame = Self.blamesTheBatch(error) else { throw error }
            batchSizes[kind]?.shrink(from: entries.count, isTooMuch: blame == .size)
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
        batchSizes[kind]?.grow()
    }

    private enum Blame { case size, content }

    /// Whether a failure may be due to the request: its size or its content.
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

import Foundation
import Intake
import Logging
import Outreach
import Platform
import ServiceLifecycle
import Shopify
import Store

/// Polls one shop: one cycle after the other, as fast as its answers allow. If one shop refuses access, only that one
/// stops.
struct IntakeService: Service {
    let context: ShopContext
    let store: Store
    let learning: Learning
    let transport: any HTTPTransport
    /// The shop's client, for all that ask it.
    var line = ShopifyLine()
    let clock: DaemonClock
    let heartbeats: Heartbeats
    let metrics: DaemonMetrics
    let logger: Logger
    var wake = Wake()
    /// How time passes while a read waits for the shop's cost bucket.
    var sleep: Wake.Sleep = { try await Task.sleep(for: $0) }

    private var name: Loop.Name { Loop.Name("intake", shop: context.domain) }
    /// How many failures in a row are tolerated without a warning.
    static let stumbles = 2

    /// The state of one run of the loop.
    private struct Polling {
        let poller: ShopPoller
        /// A fault was recorded, by this process or an earlier one; it remains until the shop answers.
        var failing: Bool
        /// True if a warning was logged about it, so that its end is logged as well.
        var isTold: Bool
        /// True if the shop has never been read completely.
        var isFirst: Bool
        /// However often it is woken, no turn begins sooner.
        var notBefore: Moment?
    }

    func run() async throws {
        await cancelWhenGracefulShutdown { await poll() }
    }

    private func poll() async {
        var polling: Polling?
        var timesPutBack = clock.timesPutBack
        let loop = Loop(
            name, wake: wake, heartbeats: heartbeats, trouble: learning.trouble, clock: clock, logger: logger)
        await loop.run { _ in
            if timesPutBack != clock.timesPutBack { (polling, timesPutBack) = (nil, clock.timesPutBack) }
            if polling == nil { polling = try await begin() }
            // The store no longer has this shop.
            guard var now = polling else { return .done }
            defer { polling = now }
            if let soonest = now.notBefore, soonest > clock.now { return .wait(soonest - clock.now) }
            let turn = try await now.poller.turn()
            try await report(turn, failing: &now.failing, isTold: &now.isTold)
            if now.isFirst, turn.failure == nil, !turn.report.readsLeft {
                now.isFirst = false
                logger.log(Line.firstRunDone, ["shop": "\(context.domain)", "count": "\(turn.report.listed)"])
            }
            now.notBefore = turn.next.notBefore
            return .wait(max(turn.next.notBefore, turn.next.due) - clock.now)
        }
    }

    /// Continues from the state in the store; nil if the store does not know the shop.
    private func begin() async throws(StoreFailure) -> Polling? {
        let shop = context.configuration
        let credentials: ShopifyCredentials =
            switch shop.access {
            case .token(let token): .token(token)
            case .clientCredentials(let id, let secret): .client(id: id, secret: secret)
            }
        var bucket = try await store.remembered(.bucket, shop: context.domain)?.bucket
        // Stored by a clock that ran ahead: it would not refill until then.
        if let kept = bucket, kept.at.milliseconds > clock.now.milliseconds { bucket = nil }
        // Long reads and waits for the bucket count as progress too: each answer and each wait is reported here.
        let timekeeper = Timekeeper(
            now: { [clock] in clock.now },
            sleep: { [heartbeats, name, sleep] duration throws(CancellationError) in
                var left = duration
                while left > .zero {
                    heartbeats.beat(name)
                    let step = min(left, Heartbeats.longestWait)
                    do { try await sleep(step) } catch { throw CancellationError() }
                    left -= step
                }
            })
        let client = ShopifyClient(
            endpoint: ShopifyEndpoint(base: shop.endpoint), credentials: credentials, transport: transport,
            clock: ShopClock(timekeeper), bucket: bucket)
        line.open(client)
        guard let state = try await store.shopState(context.domain) else { return nil }
        if state.cursor == nil { logger.log(Line.firstRun, ["shop": "\(context.domain)"]) }
        let poller = ShopPoller(
            client: client,
            journal: StoreJournal(
                context: context, store: store, learning: learning, clock: clock, heartbeats: heartbeats, name: name),
            settings: ShopPoller.Settings(
                shop: context.domain, pace: PollPace(every: shop.pollEvery), liveSince: state.liveSince.shop))
        let failing = try await store.remembered(.shopFault, shop: context.domain) != nil
        return Polling(poller: poller, failing: failing, isTold: failing, isFirst: state.cursor == nil)
    }

    func report(_ turn: Turn, failing: inout Bool, isTold: inout Bool) async throws {
        let now = clock.now
        if let place = turn.report.pulledBackTo {
            logger.log(Line.cursorPulledBack, ["shop": "\(context.domain)", "since": "\(place)"])
        }
        if let offset = turn.report.clockOffset { clock.note(offset: offset, of: context.domain) }
        if let inspection = turn.report.inspection { try await take(inspection, now: now) }
        if !turn.report.parked.isEmpty {
            let names = try await store.names(shop: context.domain, orderIDs: turn.report.parked.map(\.read.id))
            for parked in turn.report.parked {
                logger.log(
                    Line.orderParked,
                    [
                        "shop": "\(context.domain)", "order": "\(names[parked.read.id] ?? parked.read.id)",
                        "reason": "\(parked.reason)",
                    ])
            }
        }
        let report = turn.report
        if report.listed + report.read + report.looked + report.gone > 0 {
            logger.log(
                Line.cycleDone,
                [
                    "shop": "\(context.domain)", "listed": "\(report.listed)", "queued": "\(report.queued)",
                    "read": "\(report.read)", "looked": "\(report.looked)", "gone": "\(report.gone)",
                    "left": "\(report.readsLeft || report.rereadsLeft)",
                ])
        }
        guard let failure = turn.failure else {
            try await store.remember(now, as: .lastGoodCycle, shop: context.domain, now: now)
            metrics.polls.add(1, context.domain, "good")
            if failing {
                failing = false
                try await store.remember(nil, as: .shopFault, shop: context.domain, now: now)
                logger.log(Line.shopOpen, level: isTold ? nil : .debug, ["shop": "\(context.domain)"])
            }
            isTold = false
            try await caughtUp(turn.report, now: now)
            return
        }
        metrics.polls.add(1, context.domain, "failed")
        // One or two failures in a row are nobody's concern. One that lasts is logged once, and then from time to time:
        // a night's journal gets a line or two, not hundreds.
        let closed = failure.remedy == .stopShop
        let lasts = closed || turn.failures > Self.stumbles
        if !lasts || !isTold || turn.failures % 10 == 0 {
            logger.log(
                closed ? Line.shopClosed : Line.cycleFailed, level: lasts ? nil : .info,
                ["shop": "\(context.domain)", "reason": "\(failure.reason)", "detail": "\(failure)"])
        }
        isTold = isTold || lasts
        failing = true
        try await store.remember("\(failure)", as: .shopFault, shop: context.domain, now: now)
    }

    /// Ends the silence after a first run, or after a backup was restored, once a whole cycle has shown everything
    /// there is.
    private func caughtUp(_ report: CycleReport, now: Moment) async throws {
        guard !report.readsLeft else { return }
        if context.rules.learner.catchesUp, try await store.endRestoration(shop: context.domain, now: now) {
            context.hasCaughtUp()
            logger.log(Line.caughtUp, ["shop": "\(context.domain)"])
        }
    }

    /// Stores what the shop says about itself, and reports what the app lacks.
    private func take(_ inspection: ShopInspection, now: Moment) async throws {
        var profile = ShopProfile(
            domain: context.domain, name: inspection.name, email: inspection.contactEmail ?? inspection.email,
            url: inspection.url, currency: inspection.currency, countryCode: inspection.countryCode,
            timeZone: inspection.timeZone)
        profile.moneyFormat = inspection.moneyFormat
        profile.moneyWithCurrencyFormat = inspection.moneyWithCurrencyFormat
        context.replaceProfile(profile)
        try await store.remember(profile, as: .profile, shop: context.domain, now: now)
        let missing = inspection.missingScopes.filter(\.isRequired)
        if !missing.isEmpty {
            logger.log(
                Line.scopesMissing,
                [
                    "shop": "\(context.domain)",
                    "reason": "\(missing.map { "\($0.name) (\($0.purpose))" }.joined(separator: ", "))",
                ])
        }
        let helpful = inspection.missingScopes.filter { !$0.isRequired }
        if !helpful.isEmpty {
            logger.log(
                Line.scopesHelpful,
                [
                    "shop": "\(context.domain)",
                    "reason": "\(helpful.map { "\($0.name) (\($0.purpose))" }.joined(separator: ", "))",
                ])
        }
        if let fault = inspection.versionFault {
            logger.log(Line.versionUnsupported, ["shop": "\(context.domain)", "reason": "\(fault)"])
        }
    }
}

/// The poller's progress, kept in the store.
private struct StoreJournal: IntakeJournal {
    let context: ShopContext
    let store: Store
    let learning: Learning
    let clock: DaemonClock
    let heartbeats: Heartbeats
    let name: Loop.Name

    func cursor() async throws -> Moment? { try await store.shopState(context.domain)?.cursor }

    func marks(of ids: [String]) async throws -> [String: ReadMark] {
        heartbeats.beat(name)
        return try await store.marks(shop: context.domain, orderIDs: ids)
    }

    func commitScan(queue orders: [SeenOrder], cursor: Moment?) async throws {
        heartbeats.beat(name)
        try await store.commitScan(shop: context.domain, queue: orders, cursor: cursor, now: clock.now)
    }

    func pullBack(to now: Moment) async throws -> Moment? {
        try await store.pullCursorBack(shop: context.domain, now: now)
    }

    func nextToRead(limit: Int, now: Moment) async throws -> [QueuedRead] {
        try await store.nextToRead(shop: context.domain, limit: limit, now: now)
            .map { QueuedRead(id: $0.orderID, attempts: $0.tries, ticket: $0.ticket) }
    }

    func dueRereads(_ kind: Reread.Kind, limit: Int, now: Moment) async throws -> [QueuedRead] {
        try await store.dueRereads(shop: context.domain, kind: kind, limit: limit, now: now)
            .map { QueuedRead(id: $0.reread.id) }
    }

    func commitRead(_ batch: ReadBatch) async throws {
        heartbeats.beat(name)
        let now = clock.now
        let orders = batch.kind == .orders
        let read = orders ? (batch.done + batch.gone).map(toRead) : []
        let unknown = try await learning.learn(batch.observations, of: context, read: read, now: now)
        if !unknown.isEmpty { try await store.enqueueRead(shop: context.domain, orderIDs: unknown, now: now) }
        try await store.keepMarks(shop: context.domain, batch.marks)
        if case .rereads(let kind) = batch.kind {
            let rereads =
                batch.gone.map { Reread(kind: kind, id: $0.id, at: nil) }
                + batch.parked.map { Reread(kind: kind, id: $0.read.id, at: $0.notBefore) }
            if !rereads.isEmpty { try await store.moveRereads(shop: context.domain, rereads, now: now) }
        } else {
            for parked in batch.parked {
                try await store.park(toRead(parked.read), reason: parked.reason, now: now)
            }
        }
    }

    func remember(_ bucket: CostBucket) async throws {
        try await store.remember(KeptBucket(bucket), as: .bucket, shop: context.domain, now: clock.now)
    }

    private func toRead(_ read: QueuedRead) -> ToRead {
        ToRead(shop: context.domain, orderID: read.id, ticket: read.ticket, updatedAt: nil, tries: read.attempts)
    }
}

/// How full the shop's cost bucket was, in its stored form.
private struct KeptBucket: RememberedValue, Codable {
    let bucket: CostBucket

    init(_ bucket: CostBucket) { self.bucket = bucket }

    init(from decoder: any Decoder) throws { bucket = try CostBucket(from: decoder) }

    func encode(to encoder: any Encoder) throws { try bucket.encode(to: encoder) }
}

extension RememberedKey where Value == KeptBucket {
    fileprivate static var bucket: Self { Self(.bucket) }
}

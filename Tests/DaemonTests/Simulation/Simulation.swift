import Delivery
import Foundation
import Logging
import Outreach
import Platform
import Simulating
import Store
import Synchronization
import Testing

@testable import Daemon
@testable import Store

private let shop = "juniperfig.myshopify.com"
private let start = Moment(iso8601: "2026-11-18T09:00:00Z")!

/// What happens to an order, and when.
private struct OrderStory: Sendable {
    struct Parcel: Sendable {
        var number: String
        var states: [(at: Moment, state: ParcelState)] = []
    }
    var number: Int
    var placedAt: Moment
    var email: String
    /// From when on she has another address.
    var moves: (at: Moment, email: String)?
    var customer: Int
    var cancelledAt: Moment?
    var sentAt: Moment
    var parcels: [Parcel] = []

    init(_ number: Int, _ chance: inout SimulatedChance) {
        self.number = number
        placedAt = start + chance.duration(.minutes(1), .hours(12))
        customer = 1 + chance.below(5)
        email = "s\(customer)@shopper.example"
        sentAt = placedAt + chance.duration(.minutes(30), .hours(6))
        for index in 0..<(1 + chance.below(2)) {
            var parcel = Parcel(number: "P\(number)\(index)")
            var at = sentAt
            for state in [ParcelState.inTransit, .outForDelivery, .delivered] {
                at = at + chance.duration(.minutes(10), .hours(4))
                parcel.states.append((at, state))
            }
            parcels.append(parcel)
        }
        if chance.happens(150) { cancelledAt = placedAt + chance.duration(.seconds(1), .hours(3)) }
        if chance.happens(150) {
            moves = (placedAt + chance.duration(.seconds(1), .hours(20)), "new\(customer)@shopper.example")
        }
    }

    /// When something about it changed, until then.
    func changes(until now: Moment) -> Int {
        let all =
            [placedAt, cancelledAt ?? placedAt, moves?.at ?? placedAt]
            + (cancelledAt == nil ? [sentAt] + parcels.flatMap { $0.states.map(\.at) } : [])
        return all.count { $0 <= now }
    }

    func facts(at now: Moment) -> OrderFacts {
        var facts = OrderFacts(
            id: "gid://shopify/Order/\(number)", name: "#\(number)", createdAt: placedAt, updatedAt: now)
        facts.email = moves.flatMap { $0.at <= now ? $0.email : nil } ?? email
        facts.customer = CustomerFacts(id: "gid://shopify/Customer/\(customer)", email: facts.email)
        if let cancelledAt, cancelledAt <= now { facts.cancelledAt = cancelledAt }
        guard cancelledAt == nil, sentAt <= now else { return facts }
        facts.fulfillments = parcels.enumerated().map { index, parcel in
            FulfillmentFacts(
                id: "gid://shopify/Fulfillment/\(number)\(index)", name: "#\(number).\(index + 1)", status: .success,
                createdAt: sentAt, updatedAt: now,
                tracking: [TrackingFacts(company: "Royal Mail", number: parcel.number)],
                scans: parcel.states.enumerated().filter { $0.element.at <= now }.map { place, one in
                    Scan(id: "shopify/\(parcel.number)-\(place)", source: "shopify", time: one.at, state: one.state)
                })
        }
        return facts
    }
}

/// A shop's day, with everything that can go wrong in it, and some more in which nothing does.
final class Simulation: Sendable {
    /// What a run came to.
    struct Outcome: Sendable {
        var trace: UInt64
        /// What should never be, in words.
        var faults: [String]
        var lines: [String]
        var sent = 0
        var repeated = 0
        var deaths = 0
    }

    private struct State {
        var processes: [SimulatedProcess] = []
        var current: SimulatedProcess?
        var skew = Duration.zero
        var deaths = 0
        var isCalm = false
    }

    let seed: UInt64
    private let machine: SimulatedMachine
    private let disk: SimulatedDisk
    private let relay: SimulatedRelay
    private let codes = CodeShop()
    private let store: Store
    private let orders: [OrderStory]
    private let set: TriggerSet
    private let folder: TriggerFolder
    private let live: LiveSince
    private let losing: Int
    private let state = Mutex(State())
    private let tasks = Mutex<[Task<Void, Never>]>([])

    private static let limit = 12
    private static let budget = (perDay: 3, perWeek: Int64(6_000))
    private static let trouble = Duration.hours(30)
    private static let end = Duration.hours(66)

    init(seed: UInt64, isTelling: Bool) async throws {
        self.seed = seed
        machine = SimulatedMachine(seed: seed, start: start, isTelling: isTelling)
        disk = SimulatedDisk(on: machine)
        relay = SimulatedRelay(on: machine)
        store = try Store.inMemory(now: start)
        live = try await store.openShop(shop, now: start).liveSince
        orders = machine.draw { chance in
            (1...(4 + chance.below(6))).map { OrderStory($0, &chance) }
        }
        losing = machine.draw { [0, 30, 120, 300][$0.below(4)] }
        let wait = machine.draw { ["", "\nafter: 3 hours"][$0.below(2)] }
        let files: [String: String] = [
            "shop.yaml":
                "mode: live\nbrand: { name: Juniper & Fig, from: orders@juniperfig.example }\nlimit: { messages: 2, per: 1 hour }\n",
            "templates/note.md": "---\nsubject: About {{ order.name }}\n---\nHello.\n",
            "templates/gift.md":
                "---\nsubject: About {{ order.name }}\n---\n{% if gift %}Your code is {{ gift.code }}.{% else %}Nothing but words.{% endif %}\n",
            "placed.yaml": "on: order.placed\(wait)\ndo: { give: sorry }\nsend: { email: { template: gift } }\n",
            "moving.yaml": "on: shipment.in_transit\nafter: 2 hours\nsend: { email: { template: note } }\n",
            "door.yaml": "on: shipment.out_for_delivery\nreplaces: moving\nsend: { email: { template: note } }\n",
            "there.yaml": "on: shipment.delivered\nsend: { email: { template: note } }\n",
            "cancelled.yaml": "on: order.cancelled\nsend: { email: { template: note } }\n",
            "policy.yaml": """
            amounts_in: GBP
            gifts: { sorry: { discount: 10%, counts_as: 15.00, valid_for: 60 days, once_per: order } }
            budgets: { gifts: [60.00 per week, \(Self.budget.perDay) per day] }
            """,
        ]
        folder = TriggerFolder(files: files.mapValues { Array($0.utf8) })
        let (loaded, faults) = TriggerSet.load(folder, channels: ChannelKind.standard.map(\.syntax) + [.answer])
        set = try #require(loaded, "\(faults)")
    }

    /// Plays it.
    func play() async throws -> Outcome {
        plan()
        launch(mayOthersSend: false)
        guard await machine.run(until: start + Self.end) else {
            return Outcome(trace: machine.trace, faults: ["it does not end"], lines: machine.lines)
        }
        let outcome = try await judge()
        // What still waits has nobody to wait for. One that another replaced may not have noticed yet.
        for process in state.withLock(\.processes) { process.die("at the end") }
        let running = tasks.withLock { $0 }
        for task in running { task.cancel() }
        _ = await machine.run(until: start + Self.end + .days(2))
        for task in running { await task.value }
        return outcome
    }

    // MARK: - What goes wrong

    private func plan() {
        func some(_ most: Int, _ act: @escaping @Sendable (Simulation) -> Void, _ what: String) {
            for _ in 0..<machine.draw({ $0.below(most + 1) }) {
                let at = machine.draw { $0.duration(.minutes(1), Self.trouble) }
                machine.after(at, what) { [self] in act(self) }
            }
        }
        some(3, { $0.state.withLock(\.current)?.die("at once") }, "death")
        some(4, { $0.state.withLock(\.current)?.dieAfterNextWrite() }, "death at a write")
        some(1, { $0.takeOver() }, "takeover")
        some(
            2,
            { simulation in
                simulation.relay.goesAway(for: simulation.machine.draw { $0.duration(.minutes(1), .hours(3)) })
            }, "relay")
        some(
            1,
            { simulation in
                simulation.disk.isFull(for: simulation.machine.draw { $0.duration(.seconds(10), .minutes(20)) })
            }, "full disk")
        some(
            1,
            { simulation in simulation.disk.isSlow(for: simulation.machine.draw { $0.duration(.minutes(1), .hours(1)) })
            }, "slow disk")
        if machine.draw({ $0.happens(250) }) { some(1, { $0.jump() }, "clock") }
        relay.answers(
            deferring: machine.draw { [0, 50, 400][$0.below(3)] }, refusing: machine.draw { [0, 30][$0.below(2)] },
            losing: losing)
        disk.fails(machine.draw { [0, 0, 3, 20][$0.below(4)] })
        machine.after(Self.trouble, "calm") { [self] in
            state.withLock { $0.isCalm = true }
            relay.answers(deferring: 0, refusing: 0, losing: 0)
            disk.fails(0)
            machine.tell("nothing goes wrong any more")
        }
    }

    /// Our clock is wrong for a while.
    private func jump() {
        let skew = machine.draw { chance in
            chance.happens(500)
                ? chance.duration(.minutes(6), .hours(30)) : .zero - chance.duration(.minutes(6), .hours(2))
        }
        machine.tell("the clock is wrong by \(skew)")
        state.withLock { $0.skew = skew }
        machine.after(machine.draw { $0.duration(.minutes(1), .hours(2)) }, "clock right") { [self] in
            machine.tell("the clock is right")
            state.withLock { $0.skew = .zero }
        }
    }

    /// The process stops for longer than its lease of the store; another takes over, and then it goes on.
    private func takeOver() {
        guard let old = state.withLock(\.current), !old.isDead else { return }
        old.stop(for: machine.draw { $0.duration(.seconds(20), .minutes(40)) })
        machine.after(.seconds(15), "takeover") { [self] in
            guard !old.isDead, state.withLock({ $0.current === old }) else { return }
            old.isReplaced()
            launch(mayOthersSend: true)
        }
    }

    // MARK: - The daemon

    private func launch(mayOthersSend: Bool) {
        let process = state.withLock { state in
            let process = SimulatedProcess(
                state.processes.count + 1, on: machine, disk: disk, mayOthersSend: mayOthersSend)
            state.processes.append(process)
            state.current = process
            return process
        }
        let number = process.number
        machine.tell("process \(number) starts")
        let task = Task(executorPreference: machine) { [self] in await run(process) }
        tasks.withLock { $0.append(task) }
        process.whenDead { [self] in
            task.cancel()
            let isCurrent = state.withLock { state in
                state.deaths += 1
                return state.current === process
            }
            guard isCurrent, machine.now < start + Self.end else { return }
            machine.after(machine.draw { $0.duration(.seconds(1), .minutes(3)) }, "start") { [self] in
                launch(mayOthersSend: false)
            }
        }
    }

    private func run(_ process: SimulatedProcess) async {
        let store = Store(sharing: store, gate: process)
        let clock = DaemonClock(source: { [self] in machine.now + state.withLock(\.skew) })
        let logger = Logger(label: "simulation") { _ in SwiftLogNoOpLogHandler() }
        let metrics = DaemonMetrics()
        let heartbeats = Heartbeats()
        let context = Plans.context(shop, set, folder, live, holdOutKey: [])
        let (newEvents, newMoments) = (process.wake(), process.wake())
        let (newMessages, putBack) = (Broadcast(), Broadcast())
        let learning = Learning(
            store: store, logger: logger, metrics: metrics, newEvents: newEvents, newMoments: newMoments)
        let maker = MessageMaker(
            configuration: context.configuration, labels: nil, actions: store, codes: store.giftCodes,
            unsubscribe: store.unsubscribeTokens)
        func wake() -> Wake {
            let wake = process.wake()
            newMessages.add(wake)
            putBack.add(wake)
            return wake
        }
        let planning = PlanningService(
            store: store, contexts: [shop: context], makers: [shop: maker],
            trouble: TemplateTrouble(store: store, reloaders: [:], logger: logger), clock: clock, wake: newEvents,
            newMessages: newMessages, heartbeats: heartbeats, metrics: metrics, logger: logger)
        let times = TimeService(
            store: store, contexts: [shop: context], learning: learning, clock: clock, wake: newMoments,
            heartbeats: heartbeats, logger: logger)
        let gifts = GiftService(
            store: store, contexts: [shop: context], reloaders: [:], clock: clock, wake: wake(),
            newMessages: newMessages, heartbeats: heartbeats, logger: logger)
        let watchdog = Watchdog(
            notifier: SystemdNotifier(send: { _ in }), heartbeats: heartbeats, store: store, clock: clock,
            metrics: metrics, logger: logger, contexts: [shop: context], wake: process.wake(), putBack: putBack)
        putBack.add(newEvents)
        putBack.add(newMoments)
        let chance: @Sendable () -> Double = { [machine] in machine.draw { $0.share() } }
        var mail = DeliveryService(
            route: .mail(shop: shop), channel: RelayLine(relay: relay, process: process), context: context,
            maker: maker,
            store: store, clock: clock, wake: wake(), heartbeats: heartbeats, metrics: metrics, logger: logger,
            owner: "process \(process.number)", limit: 3,
            limits: SendLimits(whole: [SendLimit(Self.limit, .hour)]))
        mail.chance = chance
        var shopping = DeliveryService(
            route: Route(shop: shop, channel: .shop),
            channel: ShopLine(
                codes: codes, losing: { [self] in state.withLock(\.isCalm) ? 0 : losing },
                refusing: { [self] in state.withLock(\.isCalm) ? 0 : 30 }, process: process), context: context,
            store: store, clock: clock, wake: wake(), heartbeats: heartbeats, metrics: metrics, logger: logger,
            owner: "process \(process.number)", limit: 2)
        shopping.planning = newEvents
        shopping.chance = chance
        while !process.isDead {
            do throws(StoreFailure) {
                try await store.recover(owner: "process \(process.number)", now: clock.now)
                break
            } catch {
                await process.wait(.seconds(2), for: "another try")
            }
        }
        await withTaskGroup(of: Void.self) { [mail, shopping] group in
            group.addTask { try? await planning.run() }
            group.addTask { try? await times.run() }
            group.addTask { try? await gifts.run() }
            group.addTask { try? await watchdog.run() }
            group.addTask { try? await mail.run() }
            group.addTask { try? await shopping.run() }
            group.addTask { [self] in await poll(process, learning, context, clock) }
        }
    }

    /// Reads the shop, as intake does: what changed since it last did, and what its clock says of ours.
    private func poll(
        _ process: SimulatedProcess, _ learning: Learning, _ context: ShopContext, _ clock: DaemonClock
    ) async {
        var seen: [Int: Int] = [:]
        while !process.isDead {
            await process.wait(.minutes(10), for: "poll")
            if process.isDead { return }
            let now = machine.now
            clock.note(offset: now - clock.now, of: shop)
            let changed = orders.filter { $0.placedAt <= now && seen[$0.number] != $0.changes(until: now) }
            guard !changed.isEmpty, clock.fault == nil else { continue }
            do throws(StoreFailure) {
                _ = try await learning.learn(
                    changed.map { Observation(shop: shop, seenAt: clock.now, content: .order($0.facts(at: now))) },
                    of: context, now: clock.now)
                for order in changed { seen[order.number] = order.changes(until: now) }
            } catch {
                machine.tell("process \(process.number) could not learn: \(error)")
                if error.cause == .locked { process.die("because another has the store") }
            }
        }
    }

    // MARK: - What has to be true

    private struct EffectRow: Sendable {
        var id: Int64
        var trigger: String
        var line: String
        var state: String
        var reason: String?
        var doubts: Int64
        var messageID: String?
        var aggregate: Int64?
        var bytes: [UInt8]
    }

    private func judge() async throws -> Outcome {
        var faults: [String] = []
        let (rows, unplanned, doubled, events, attempts) = try await store.read { db in
            (
                try db.all(
                    """
                    SELECT effects.id, trigger_name, line, state, reason, attempts_in_doubt, message_id, aggregate_id,
                        bytes
                    FROM effects LEFT JOIN messages ON messages.shop = effects.shop AND messages.effect_id = effects.id
                    ORDER BY effects.id
                    """, []
                ) { row in
                    EffectRow(
                        id: row[0], trigger: row[1], line: row[2], state: row[3], reason: row[4], doubts: row[5],
                        messageID: row[6], aggregate: row[7], bytes: Array((row[8] as Data?) ?? Data()))
                },
                try db.integer("SELECT count(*) FROM pending_events") ?? 0,
                try db.integer(
                    """
                    SELECT count(*) FROM (
                        SELECT 1 FROM effect_keys GROUP BY shop, origin, trigger_name, line, occurrence
                        HAVING count(*) > 1) AS doubled
                    """) ?? 0,
                Dictionary(
                    uniqueKeysWithValues: try db.all("SELECT kind, count(*) FROM events GROUP BY kind", []) { row in
                        (row[0] as String, row[1] as Int64)
                    }),
                try db.all(
                    "SELECT begun_at FROM attempts JOIN effects ON effects.shop = attempts.shop AND effects.id = attempts.effect_id WHERE effects.channel = 'email' AND verdict = 'accepted' ORDER BY begun_at",
                    []
                ) { row in Moment(milliseconds: row[0]) }
            )
        }
        func fault(_ text: String) { faults.append(text) }
        if unplanned > 0 { fault("\(unplanned) events were never planned") }
        if doubled > 0 { fault("\(doubled) occurrences have two effects") }
        // Nothing is lost on the way in.
        if events["order.placed"] != Int64(orders.count) {
            fault("\(events["order.placed"] ?? 0) of \(orders.count) orders were heard of")
        }
        let delivered = orders.filter { $0.cancelledAt == nil }.reduce(0) { $0 + $1.parcels.count }
        if events["shipment.delivered", default: 0] != Int64(delivered) {
            fault("\(events["shipment.delivered"] ?? 0) of \(delivered) deliveries were heard of")
        }
        // Nothing is lost on the way out, and every no has its reason.
        for row in rows {
            let name = "\(row.trigger) \(row.line), effect \(row.id)"
            switch row.state {
            case "waiting", "ready": fault("\(name) is \(row.state) (\(row.reason ?? "no reason")) at the end")
            case "sent": break
            default: if row.reason == nil { fault("\(name) is \(row.state) without a reason") }
            }
        }
        let placed = rows.filter { $0.trigger == "placed" && $0.line == "email" }
        if placed.count != orders.count { fault("\(placed.count) letters for \(orders.count) orders") }
        // Nothing is told twice under two ids, and one id only where an answer was lost.
        let taken = Dictionary(grouping: relay.taken, by: \.id)
        let byID = Dictionary(rows.compactMap { row in row.messageID.map { ($0, row) } }) { first, _ in first }
        var repeated = 0
        for (id, copies) in taken.sorted(by: { $0.key < $1.key }) {
            guard let row = byID[id] else {
                fault("the relay has a message that nobody knows of")
                continue
            }
            repeated += copies.count - 1
            if copies.count - 1 > Int(row.doubts) {
                fault("\(row.trigger), effect \(row.id), went out \(copies.count) times with \(row.doubts) in doubt")
            }
            if Set(copies.map(\.bytes)).count > 1, row.state == "sent", copies.count > 1 {
                // Only a new address changes a message.
                let moved = orders.contains { $0.moves != nil }
                if !moved { fault("effect \(row.id) went out with different bytes") }
            }
            if row.state != "sent", row.doubts == 0, row.state != "bounced" {
                fault("\(row.trigger), effect \(row.id), is \(row.state), and the relay has it")
            }
        }
        for row in rows where row.line == "email" && row.state == "sent" && taken[row.messageID ?? ""] == nil {
            fault("\(row.trigger), effect \(row.id), counts as sent, and the relay does not have it")
        }
        // No limit is passed.
        for (index, moment) in attempts.enumerated() where index >= Self.limit {
            if moment - attempts[index - Self.limit] < .hours(1) { fault("more than \(Self.limit) an hour") }
        }
        // Each code was made once, and lives only if a letter tells of it.
        if codes.codes.values.contains(where: { $0 > 1 }) { fault("a code was made twice") }
        let letters = relay.taken.map { String(decoding: $0.bytes, as: UTF8.self).replacing("=\r\n", with: "") }
        for code in codes.live.sorted() where !letters.contains(where: { $0.contains(code) }) {
            fault("a code lives of which no letter tells")
        }
        for letter in letters where letter.contains("Your code is") && !codes.live.contains(where: letter.contains) {
            fault("a letter tells of a code that there is not")
        }
        let spent = try await store.read { db in
            try db.all(
                "SELECT amount, booked_at FROM bookings WHERE freed_at IS NULL ORDER BY booked_at", []
            ) { row in (amount: row[0] as Int64, at: Moment(milliseconds: row[1])) }
        }
        for (period, most, count) in [
            (Allowance.Period.week, Self.budget.perWeek, Int.max), (.day, Int64.max, Self.budget.perDay),
        ] {
            for (_, group) in Dictionary(grouping: spent, by: { period.start(at: $0.at, in: .utc) }) {
                if group.reduce(0, { $0 + $1.amount }) > most || group.count > count {
                    fault("the budget of a \(period) is passed")
                }
            }
        }
        return Outcome(
            trace: machine.trace, faults: faults, lines: machine.lines, sent: relay.taken.count, repeated: repeated,
            deaths: state.withLock(\.deaths))
    }
}

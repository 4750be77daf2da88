import Delivery
import Foundation
import Logging
import Platform
import Store
import Synchronization
import Testing

@testable import Daemon
@testable import Outreach

private let shop = StandardOrder.shop.domain
private let zone = StandardOrder.zone
/// A Monday, by the shop's clock.
private let monday = CalendarDay(year: 2026, month: 6, day: 1)!
private let start = zone.moment(on: monday, secondOfDay: 0)

/// Numbers that look like chance and are the same for a seed every time (SplitMix64, Steele, Lea and Flood 2014).
private struct Seeded: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// A month of a few shoppers' orders, each told as an example is, so that `test` can be told the same.
private struct Month {
    struct Order {
        var number: Int
        var customer: Int
        /// Under which address it was placed: mostly the customer's own.
        var address: Int
        var example: Example
        var stages: [ExampleTimeline.Stage]
    }

    let orders: [Order]
    static let length = Duration.days(160)

    /// - Parameter sharing: whether customers use one another's addresses now and then.
    init(seed: UInt64, sharing: Bool = false) {
        var chance = Seeded(state: seed)
        var addresses = Seeded(state: seed &+ 1000)
        var orders: [Order] = []
        for customer in 1...6 {
            // Every other customer has one order, of which an example can tell all.
            for _ in 0..<(customer % 2 == 0 ? 1 : Int.random(in: 2...3, using: &chance)) {
                let number = orders.count + 1
                let example = Self.example(&chance)
                let brand = Brand(name: "Fig", from: MailAddress(address: "orders@fig.example")!)
                let stages = ExampleTimeline(example, settings: ShopSettings(brand: brand)).stages
                let address = sharing ? Int.random(in: 1...6, using: &addresses) : customer
                orders.append(
                    Order(number: number, customer: customer, address: address, example: example, stages: stages))
            }
        }
        self.orders = orders
    }

    /// The way of an order: it is placed or leaves, and its parcels go their ways, with delays, failed attempts and
    /// lost scans.
    private static func example(_ chance: inout Seeded) -> Example {
        let parcels = Int.random(in: 1...2, using: &chance)
        let beginning: EventKind = parcels == 1 && Bool.random(using: &chance) ? .orderPlaced : .shipmentCreated
        var happenings: [(minute: Int, kind: EventKind, parcel: Int)] = []
        for parcel in 0..<parcels {
            var minute = 0
            func pass(_ range: ClosedRange<Int>) {
                minute +=
                    range.lowerBound * 10
                    + Int.random(in: 0...(range.upperBound - range.lowerBound) * 10, using: &chance)
                minute -= minute % 10
            }
            if beginning == .orderPlaced || parcel > 0 {
                pass(parcel > 0 ? 0...24 : 12...400)
                happenings.append((minute, .shipmentCreated, parcel))
            }
            pass(10...150)
            happenings.append((minute, .shipmentInTransit, parcel))
            if Int.random(in: 0..<3, using: &chance) == 0 {
                pass(30...600)
                happenings.append((minute, .shipmentDelayed, parcel))
                if Bool.random(using: &chance) {
                    pass(30...900)
                    happenings.append((minute, .shipmentDelayed, parcel))
                }
            }
            if Int.random(in: 0..<8, using: &chance) == 0 { continue }
            pass(30...400)
            happenings.append((minute, .shipmentOutForDelivery, parcel))
            while Int.random(in: 0..<3, using: &chance) == 0 {
                pass(3...60)
                happenings.append((minute, .shipmentAttempted, parcel))
                pass(60...144)
                happenings.append((minute, .shipmentOutForDelivery, parcel))
            }
            pass(0...30)
            happenings.append((minute, .shipmentDelivered, parcel))
        }
        happenings.sort { ($0.minute, $0.parcel) < ($1.minute, $1.parcel) }
        if !happenings.isEmpty, happenings.count(where: { $0.kind == .shipmentDelivered }) == parcels {
            happenings.append((happenings.last!.minute, .orderDelivered, 0))
        }
        var steps: [Example.Step] = []
        var last = 0
        for one in happenings {
            let happening = Example.Happening(kind: one.kind, parcel: one.parcel)
            if one.minute == last, !steps.isEmpty {
                steps[steps.count - 1].happenings.append(happening)
            } else {
                steps.append(.init(after: Length(one.minute - last, .minutes), given: [], happenings: [happening]))
            }
            last = one.minute
        }
        let day = monday.adding(days: Int.random(in: 0..<25, using: &chance))
        let time = TimeOfDay(minutes: Int.random(in: 0..<144, using: &chance) * 10)
        return Example(
            name: "a month", line: 1, event: beginning, at: .init("\(day) \(time)"), given: [], parcels: nil,
            steps: steps, expected: [], because: nil)
    }
}

extension OrderRecord {
    /// The standard order as another one, of another customer.
    fileprivate func renamed(order number: Int, customer: Int, address: Int) throws -> OrderRecord {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes]
        var text = String(decoding: try encoder.encode(self), as: UTF8.self)
        for (old, new) in [
            ("gid://shopify/Order/1001", "gid://shopify/Order/\(number)"), ("#1001", "#\(number)"),
            ("gid://shopify/Fulfillment/200", "gid://shopify/Fulfillment/\(number)0"),
            ("\"id\":\"200", "\"id\":\"\(number)0"), ("shipment:200", "shipment:\(number)0"),
            ("JF", "J\(number)F"), ("gid://shopify/Customer/5001", "gid://shopify/Customer/\(customer)"),
            ("robin@shopper.example", "robin\(address)@shopper.example"),
        ] { text = text.replacing(old, with: new) }
        return try JSONDecoder().decode(OrderRecord.self, from: Data(text.utf8))
    }
}

private final class Hand: Sendable {
    private let moment = Mutex(start - .days(1))
    var now: Moment { moment.withLock { $0 } }
    func turn(to now: Moment) { moment.withLock { $0 = max($0, now) } }
}

/// What became of an effect, however it was come to.
private struct Decided: Hashable, Comparable, CustomStringConvertible {
    var order: Int
    var trigger: String
    var line: String
    var event: String
    /// When it went, or why it did not.
    var fate: String

    var description: String { "#\(order) \(trigger) \(line), \(event): \(fate)" }
    static func < (a: Decided, b: Decided) -> Bool { a.description < b.description }
}

/// The daemon's planning over a store, with a relay that takes everything at once.
private struct PlannedShop {
    let store: Store
    let hand = Hand()
    let service: PlanningService
    let live: LiveSince

    init(_ set: TriggerSet, effectsAtOnce: Int = PlanningService.batch) async throws {
        store = try Store.inMemory(now: start - .days(1))
        live = try await store.openShop(shop, now: start - .days(10)).liveSince
        let configuration = Configuration.Shop(
            domain: shop, endpoint: "https://\(shop)", access: .token(SecretString("t")), pollEvery: .seconds(60),
            triggers: "", smtp: nil, webhooks: [:])
        let context = ShopContext(
            configuration: configuration,
            rules: ShopContext.Rules(
                planner: Planner(
                    triggers: set,
                    inForceSince: Dictionary(uniqueKeysWithValues: set.triggers.map { ($0.name, .distantPast) }),
                    live: live, shop: StandardOrder.shop),
                learner: Learner(live: live, shopZone: zone, rereadEvery: .minutes(1)),
                inForce: TriggerReloader.InForce(set: set, since: [:], folder: TriggerFolder(files: [:]))))
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let hand = hand
        var service = PlanningService(
            store: store, contexts: [shop: context],
            makers: [
                shop: MessageMaker(configuration: configuration, labels: nil)
            ], trouble: TemplateTrouble(store: store, reloaders: [:], logger: logger),
            clock: DaemonClock(source: { hand.now }), wake: Wake(), newMessages: Broadcast(),
            heartbeats: Heartbeats(), metrics: DaemonMetrics(), logger: logger)
        service.effectsAtOnce = effectsAtOnce
        self.service = service
    }

    /// Lets the orders' month pass, and what waits after it.
    func live(through orders: [Month.Order]) async throws {
        var stages = orders.flatMap { order in order.stages.map { (order, $0) } }
        // What happens at one moment is learned in the order of the orders.
        stages.sort { ($0.1.at, $0.0.number) < ($1.1.at, $1.0.number) }
        var next = 0
        let end = start + Month.length
        while true {
            let due = try await store.nextDue(shop: shop) ?? .distantFuture
            let now = min(max(due, hand.now), next < stages.count ? stages[next].1.at : .distantFuture)
            guard now <= end else { return }
            hand.turn(to: now)
            while next < stages.count, stages[next].1.at <= now {
                try await learn(stages[next].1, of: stages[next].0)
                next += 1
            }
            while try await service.turn() { try await deliver() }
            // What is due and does not move would be due for ever.
            let left = try await store.nextDue(shop: shop) ?? .distantFuture
            try #require(left > now, "due at \(left), and nothing moves")
        }
    }

    private func learn(_ stage: ExampleTimeline.Stage, of order: Month.Order) async throws {
        var record = try stage.order.record.renamed(
            order: order.number, customer: order.customer, address: order.address)
        let id = record.facts.id
        let known = try await store.load(shop: shop, orderIDs: [id])[id]
        var events = Array(record.events.dropFirst(known?.events.count ?? 0))
        for index in events.indices { events[index].id = 0 }
        record.version = known?.version ?? 0
        record.events = (known?.events ?? []) + events
        let outcome = try await store.commit(
            [Learned(record: record, events: events, nextMoment: nil, rereads: [], changed: true)], now: hand.now)
        try #require(outcome.stale.isEmpty)
    }

    private func deliver() async throws {
        let lease = Duration.minutes(15)
        while true {
            let claims = try await store.claim(
                .mail(shop: shop), limit: 100, owner: "test", lease: lease, now: hand.now)
            if claims.isEmpty { return }
            let begun = try await store.turn(ended: [], beginning: claims, lease: lease, now: hand.now).attempts.begun
            let ended = begun.map { AttemptOutcome(claim: $0, verdict: .accepted(receipt: "")) }
            _ = try await store.turn(ended: ended, beginning: [], lease: lease, now: hand.now)
        }
    }

    func decided(_ orders: [Month.Order]) async throws -> [Decided] {
        var all: [Decided] = []
        for order in orders {
            let key = OrderKey(shop: shop, orderID: "gid://shopify/Order/\(order.number)")
            let effects = try await store.effects(ofOrders: [key], states: Set(Effect.State.allCases))[key] ?? []
            for effect in effects {
                let went = effect.state == .sent || effect.state == .shadowed
                all.append(
                    Decided(
                        order: order.number, trigger: effect.trigger, line: effect.line,
                        event: "\(effect.event!.kind.rawValue) \(effect.event!.happenedAt)",
                        fate: went
                            ? "\(effect.state.rawValue) \(effect.decidedAt!)" : (effect.reason ?? .wait).rawValue))
            }
        }
        return all.sorted()
    }

    func replayed(_ set: TriggerSet) async throws -> [Decided] {
        let replay = Replay(
            set, live: live, shop: StandardOrder.shop, since: start - .days(9), until: start + Month.length)
        let all = Mutex<[Decided]>([])
        for share in ReplayShare.shares(2) {
            try await store.replay(shop: shop, since: start - .days(9), share: share) { customer in
                let decided = replay.outcomes(of: customer).map { outcome in
                    let record = customer.orders[outcome.order]
                    let event = record.events.first { $0.id == outcome.eventID }!
                    return Decided(
                        order: Int(record.facts.name.dropFirst())!, trigger: outcome.trigger, line: outcome.line,
                        event: "\(event.kind.rawValue) \(event.happenedAt)",
                        fate: outcome.sentAt.map { "\(outcome.isShadow ? "shadowed" : "sent") \($0)" }
                            ?? outcome.reason!.rawValue)
                }
                all.withLock { $0 += decided }
            }
        }
        return all.withLock { $0.sorted() }
    }
}

@Suite("The daemon, `replay` and `test`")
struct SameDecisionsTests {
    static let triggers: [String: String] = [
        "placed": "on: order.placed\nunless: customer.messages_last_7_days > 2\nsend: [email, email: merchant]",
        "packed": "on: shipment.created\ncombine: 2 hours\nsend: email",
        "moving": "on: shipment.in_transit\nafter: 6 hours\nsend: email",
        "stuck": "on: shipment.in_transit\nfor: 2 days\nsend: email",
        "late": "on: shipment.delayed\nonce_per: order every 2 days\nsend: [email, email: merchant]",
        "door": "on: shipment.out_for_delivery\nreplaces: [moving, stuck]\nsend: email",
        "tried": "on: shipment.attempted\nignore_quiet_hours: true\nignore_limit: true\nsend: email",
        "here": "on: shipment.delivered\ncombine: 1 hour\nreplaces: [door, late]\nsend: email",
        "guess": "on: shipment.in_transit\nafter: 1 hour\nreplaces: moving\nmode: shadow\nsend: email",
        "thanks": "on: order.delivered\nafter: 1 business day\nat: 10:00\nonce_per: customer\nsend: email",
        "again":
            "on: order.delivered\nafter: 3 days\nonce_per: customer every 6 days\nif: order.messages_sent > 1\nsend: email",
    ]

    static func set(_ names: Set<String>? = nil) throws -> TriggerSet {
        var files = [
            "shop.yaml": """
            notify: owner@juniperfig.example
            brand: { name: Juniper & Fig, from: orders@juniperfig.example }
            quiet_hours: 21:00-08:00
            limit: { messages: 1, per: 10 hours, except: [shipment.delivered] }
            """,
            "templates/note.md": "---\nsubject: About {{ order.name }}\n---\nHello.\n",
        ]
        for (name, text) in triggers where names?.contains(name) ?? true {
            // What is not there cannot be replaced.
            let replaced = text.firstMatch(of: /replaces: \[?(.*?)\]?\n/).map { String($0.output.1) }
            var text = text
            if let names, let replaced {
                let kept = replaced.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
                    .filter(names.contains)
                text = text.replacing(
                    /replaces: .*?\n/, with: kept.isEmpty ? "" : "replaces: [\(kept.joined(separator: ", "))]\n")
            }
            text = text.replacing("email: merchant", with: "email: { to: merchant, template: note }")
                .replacing("[email,", with: "[email: { template: note },")
                .replacing("send: email", with: "send: { email: { template: note } }")
            files["\(name).yaml"] = text + "\n"
        }
        let (set, faults) = TriggerSet.load(TriggerFolder(files: files.mapValues { Array($0.utf8) }))
        return try #require(set, "\(faults)")
    }

    /// How many months are played: more in the long run, `scripts/test --long`.
    private static let seeds = ProcessInfo.processInfo.environment["BOOKBAG_LONG"] == "1" ? 6 : 2

    @Test(
        "decide the same of a recorded month of several shoppers, whose addresses may be one another's",
        arguments: 1...seeds, [false, true])
    func daemonAndReplay(seed: Int, sharing: Bool) async throws {
        let month = Month(seed: UInt64(seed), sharing: sharing)
        let set = try Self.set()
        let daemon = try await PlannedShop(set)
        try await daemon.live(through: month.orders)
        let decided = try await daemon.decided(month.orders)
        let replayed = try await daemon.replayed(set)
        #expect(Set(decided).subtracting(replayed).sorted() == [], "decided by the daemon alone")
        #expect(Set(replayed).subtracting(decided).sorted() == [], "decided by the replay alone")
        #expect(decided.count == replayed.count)
        // The month is one in which all this comes up.
        #expect(decided.count { $0.fate.hasPrefix("sent") } > 20)
    }

    @Test("decide the same however few effects a turn takes at once", arguments: 1...seeds)
    func smallTurns(seed: Int) async throws {
        let month = Month(seed: UInt64(seed))
        let set = try Self.set()
        var all: [[Decided]] = []
        for effectsAtOnce in [100_000, 1, 2, 3] {
            let daemon = try await PlannedShop(set, effectsAtOnce: effectsAtOnce)
            try await daemon.live(through: month.orders)
            all.append(try await daemon.decided(month.orders))
        }
        for (few, size) in zip(all.dropFirst(), 1...3) {
            #expect(Set(few).symmetricDifference(all[0]).sorted() == [], "with \(size) at once")
        }
    }

    @Test("meet every restraint in these months")
    func coverage() async throws {
        var fates = Set<String>()
        for seed in 1...6 {
            let month = Month(seed: UInt64(seed))
            let set = try Self.set()
            let daemon = try await PlannedShop(set)
            try await daemon.live(through: month.orders)
            for one in try await daemon.decided(month.orders) {
                fates.insert(one.fate.split(separator: " ")[0] + " " + one.trigger)
            }
            for effect in try await daemon.store.outbox(shop: shop, limit: 1000) {
                let story = try #require(try await daemon.store.effectStory(effect.effect.id, shop: shop)).story
                for note in story.decisions { if let reason = note.reason { fates.insert("held \(reason.rawValue)") } }
            }
        }
        for wanted in [
            "sent packed", "sent here", "sent thanks", "sent stuck", "shadowed guess", "replaced moving",
            "replaced door", "held limit", "held quiet_hours", "held combine", "sent again",
        ] { #expect(fates.contains(wanted), "\(wanted) of \(fates.sorted())") }
    }

    @Test("decide the same of orders that `test` is told of", arguments: 1...4)
    func withTest(seed: Int) async throws {
        let single = Month(seed: UInt64(seed)).orders.filter { $0.customer % 2 == 0 }
        let whole = try Self.set()
        for trigger in whole.triggers where trigger.mode == .live {
            let names = Set([trigger.name] + Self.replacers(of: trigger.name, in: whole))
            let set = try Self.set(names)
            let own = try #require(set.trigger(trigger.name))
            let daemon = try await PlannedShop(set)
            try await daemon.live(through: single)
            let decided = try await daemon.decided(single)
            let replayed = try await daemon.replayed(set)
            #expect(decided == replayed)
            for order in single {
                let outcomes = ExampleRunner(set).outcomes(order.example, of: own)
                // An example goes on until nothing waits; and what had been told says so for each event.
                let tested = outcomes.filter { $0.reason != .alreadyTold }.map { outcome in
                    "\(outcome.line): " + (outcome.sentAt.map { "sent \($0)" } ?? outcome.reason?.rawValue ?? "")
                }
                let mine = decided.filter { $0.order == order.number && $0.trigger == trigger.name }
                    .map { "\($0.line): \($0.fate)" }
                // A skip that a later event opened again is told of twice by `test`.
                let sent = tested.filter { $0.contains("sent ") }.sorted()
                #expect(sent == mine.filter { $0.contains("sent ") }.sorted(), "\(trigger.name) of #\(order.number)")
                #expect(Set(mine).subtracting(tested) == [], "\(trigger.name) of #\(order.number): \(tested)")
            }
        }
    }

    private static func replacers(of name: String, in set: TriggerSet) -> [String] {
        var names = [name]
        var next = 0
        while next < names.count {
            names += set.replacers(of: names[next]).filter { !names.contains($0) }
            next += 1
        }
        return Array(names.dropFirst())
    }
}

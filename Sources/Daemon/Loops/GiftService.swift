import Delivery
import Logging
import Outreach
import Platform
import ServiceLifecycle
import Store
import Synchronization

/// Looks after what was given: ends the codes that nobody was told of, and tells the shop when a budget nears its end.
struct GiftService: Service {
    let store: Store
    let contexts: [String: ShopContext]
    let reloaders: [String: TriggerReloader]
    let clock: DaemonClock
    let wake: Wake
    /// Called when there is something to do in a shop.
    let newMessages: Broadcast
    let heartbeats: Heartbeats
    let logger: Logger
    var trouble = StoreTrouble()

    /// How many gifts are taken back in one step.
    static let batch = 100
    /// A code whose making is in doubt is looked for only when Shopify's index must know it.
    static let indexPatience = Duration.minutes(10)
    /// The share of a budget from which on the shop is told.
    static let warning = 80

    func run() async throws {
        let told = ToldBudgets()
        let loop = Loop(
            Loop.Name("gifts"), wake: wake, heartbeats: heartbeats, restingBy: clock, trouble: trouble, clock: clock,
            logger: logger)
        await loop.run { _ in
            for context in contexts.values { try await tellBudgets(of: context, told: told) }
            return try await takeBackUntold() ? .again : .look(in: nil)
        }
    }

    /// Ends the codes that nobody was told of; true if there may be more.
    func takeBackUntold() async throws(StoreFailure) -> Bool {
        var moved = false
        for shop in contexts.keys {
            let now = clock.now
            let untold = try await store.untoldGifts(shop: shop, limit: Self.batch)
            guard !untold.isEmpty else { continue }
            let plans = untold.compactMap { Self.plan(for: $0, shop: shop, now: now) }
            let outcome = try await store.commitPlan(plans, now: now)
            moved = moved || outcome.stale.count + outcome.refused.count < plans.count
        }
        if moved { newMessages.call() }
        return moved
    }

    private static func plan(for gift: UntoldGift, shop: String, now: Moment) -> Plan? {
        guard let command = ShopCommand(gift.message) else { return nil }
        let isKnown = gift.results["discount"] != nil
        var effect = Effect(
            to: Route(shop: shop, channel: .shop), origin: .system, isContact: false, by: "gift.untold", line: "give",
            keys: ["gift \(gift.effect.id)"], about: nil, dueAt: isKnown ? now : now + indexPatience, createdAt: now)
        effect.state = .ready
        effect.decidedAt = now
        var change = PlannedChange(
            effect: effect,
            note: DecisionNote(
                at: now, state: .ready, reason: nil,
                detail: "nobody was told of the gift of \(gift.effect.trigger), message \(gift.effect.id)"),
            message: command.takenBack(of: gift.message, results: gift.results))
        change.takesBackGift = gift.effect.id
        return Plan(shop: shop, changes: [change])
    }

    /// What is limited together.
    private struct Limited {
        /// In a sentence: `gifts`, `remedies`, `refund`.
        var title: String
        var budget: Booking.Budget
        /// The one verb that counts; nil for all of the budget.
        var only: ShopVerb?
        var allowances: [Allowance]
        /// What happens once it is used up, in a sentence that ends with when.
        var consequence: String
        var unit: String
    }

    private static func limits(of planner: Planner, _ policy: Policy) -> [Limited] {
        var limits = [
            Limited(
                title: "gifts", budget: .gifts, only: nil, allowances: policy.giftBudget + planner.giftCeilings,
                consequence: "letters go out without a gift", unit: "gifts"),
            Limited(
                title: "remedies", budget: .remedies, only: nil,
                allowances: policy.remedyBudget + planner.remedyCeilings,
                consequence: "people decide what is refunded, credited or sent again", unit: "remedies"),
            Limited(
                title: "labels", budget: .labels, only: nil, allowances: policy.labelBudget,
                consequence: "no return label is bought", unit: "labels"),
        ]
        for verb in ShopVerb.allCases where verb != .settleReturn {
            // What is paid for returned goods counts as a refund.
            guard let name = verb.ceiling, let budget = verb.budget, let ceiling = planner.actionCeilings[name] else {
                continue
            }
            limits.append(
                Limited(
                    title: name, budget: budget, only: verb, allowances: ceiling.allowances,
                    consequence: "nothing more of the kind is done", unit: "times"))
        }
        return limits
    }

    /// Tells the shop of budgets that are nearly used up, or wholly: each once in its period.
    func tellBudgets(of context: ShopContext, told: ToldBudgets) async throws(StoreFailure) {
        let planner = context.rules.planner
        guard let policy = planner.triggers.policy, let reloader = reloaders[context.domain] else { return }
        let now = clock.now
        for limit in Self.limits(of: planner, policy) {
            for allowance in limit.allowances {
                let start = allowance.period.start(at: now, in: planner.shopZone)
                let spent = try await store.spent(
                    of: limit.budget, only: limit.only, shop: context.domain, since: start, currency: policy.currency)
                guard let share = allowance.share(of: spent, in: policy.currency), share >= Self.warning else {
                    continue
                }
                let isUsedUp = share >= 100
                let day = planner.shopZone.day(at: start)
                let prefix = limit.budget == .gifts ? "" : "\(limit.title) "
                let about = "\(prefix)\(allowance) \(day) \(isUsedUp ? 100 : Self.warning)"
                guard told.add("\(context.domain) \(about)") else { continue }
                logger.log(
                    Line.budget,
                    [
                        "shop": "\(context.domain)", "budget": "\(prefix)\(allowance)", "share": "\(share)",
                        "count": "\(spent.count)",
                    ])
                let sum = CurrencyUnits.written(spent.sum, in: policy.currency)
                let next = "the next \(allowance.period.rawValue) begins"
                try await reloader.tell(
                    .budget, settings: planner.triggers.settings, about: about,
                    subject: isUsedUp
                        ? "The budget for \(limit.title) is used up"
                        : "The budget for \(limit.title) is nearly used up",
                    body: """
                        Of `\(allowance)`, \(share)% is given \(allowance.period.present): \(spent.count) \(limit.unit) that count as \(sum) \(policy.currency) together.

                        \(isUsedUp ? "Until \(next), \(limit.consequence)." : "When it is used up, \(limit.consequence) until \(next).") `budgets` in policy.yaml says how much may be given, and `ceilings` in bookbag.yaml how much at most.
                        """, supersedes: [], now: now)
            }
        }
    }
}

/// The budgets that a shop was told of by this process. A mail of an earlier one has the same id, and is stored once.
final class ToldBudgets: Sendable {
    private let told = Mutex<Set<String>>([])

    /// False if it was told before.
    func add(_ one: String) -> Bool { told.withLock { $0.insert(one).inserted } }
}

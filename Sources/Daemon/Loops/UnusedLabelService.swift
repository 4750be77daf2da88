import Logging
import Outreach
import Platform
import ServiceLifecycle
import Store

/// Gives back the return labels that are of no use: the return has ended, the label could not be attached, or nobody used
/// it for so long that its carrier would soon take it back no more.
struct UnusedLabelService: Service {
    let store: Store
    let contexts: [String: ShopContext]
    let clock: DaemonClock
    /// Called when there is something to do in a shop.
    let newMessages: Broadcast
    let heartbeats: Heartbeats
    let logger: Logger
    var trouble = StoreTrouble()
    var wake = Wake()

    /// How many labels are given back in one step.
    static let batch = 100
    /// How often it looks: nothing hangs on a minute.
    static let pause = Duration.seconds(30)
    /// A purchase whose answer was lost is looked at only when it must have come to an end.
    static let patience = Duration.minutes(10)

    func run() async throws {
        let loop = Loop(
            Loop.Name("labels-unused"), wake: wake, heartbeats: heartbeats, restingBy: clock, trouble: trouble,
            clock: clock, logger: logger)
        await loop.run { _ in try await giveBack() ? .again : .look(in: Self.pause) }
    }

    /// Decides what is given back; true if there may be more.
    func giveBack() async throws(StoreFailure) -> Bool {
        var moved = false
        for context in contexts.values {
            let now = clock.now
            let useless = try await store.uselessLabels(shop: context.domain, limit: Self.batch, now: now)
            guard !useless.isEmpty else { continue }
            let plans = useless.compactMap { Self.plan(for: $0, shop: context.domain, now: now) }
            let outcome = try await store.commitPlan(plans, now: now)
            moved = moved || outcome.stale.count + outcome.refused.count < plans.count
        }
        if moved { newMessages.call() }
        return moved
    }

    private static func plan(for label: UselessLabel, shop: String, now: Moment) -> Plan? {
        guard let command = ActionCommand(label.message), case .buyLabel(let order) = command.action else { return nil }
        let isSure = label.results[LabelResult.bought] != nil || label.effect.attemptsInDoubt == 0
        let why =
            switch label.cause {
            case .unattached: "the label could not be attached"
            case .ended: "the return was cancelled or declined"
            case .unused: "nobody used the label, and soon it cannot be given back"
            }
        let names = [LabelResult.shipment, LabelResult.rate, LabelResult.bought, "broker"]
        let bought = BoughtLabel(
            returnName: order.returnName, ids: label.results.filter { names.contains($0.key) }, why: why)
        var effect = Effect(
            to: Route(shop: shop, channel: .shop), origin: .system, isContact: false, by: "label.unused",
            line: ShopVerb.voidLabel.rawValue, keys: ["label \(label.effect.id)"], about: nil,
            dueAt: isSure ? now : now + patience, createdAt: now)
        effect.state = .ready
        effect.decidedAt = now
        var voiding = command
        voiding.action = .voidLabel(bought)
        var change = PlannedChange(
            effect: effect,
            note: DecisionNote(
                at: now, state: .ready, reason: nil, detail: "\(why): message \(label.effect.id)"),
            message: voiding.message(id: "\(label.message.id)-void", why: why))
        change.takesBackGift = label.effect.id
        return Plan(shop: shop, changes: [change])
    }
}

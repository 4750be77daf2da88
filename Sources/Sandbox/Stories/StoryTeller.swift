internal import FoundationEssentials
import Synchronization

/// A story that the sandbox runs.
public enum SandboxStory: Sendable {
    /// A dozen orders, each with its own fate, at a pace that a person can follow.
    case demo(DemoPlan)
    /// Many orders moving through their lives, for tests that count.
    case load(LoadPlan)
}

/// The settings of the demo.
public struct DemoPlan: Sendable {
    /// 1 is one step per second; 10 is ten times as fast.
    public var speed: Double
    /// How long to wait for the daemon's first read of the shop.
    public var patience: Duration
    /// How long a chapter waits for the messages due before it, because a later state makes an earlier one old news.
    /// After a chapter has waited in vain, no later one waits.
    public var chapterPatience: Duration
    /// How long to wait, after the last step, for missing messages.
    public var bound: Duration
    /// How long to keep watching for duplicates once everything has come.
    public var settle: Duration

    /// Every part has its usual default.
    public init(
        speed: Double = 1, patience: Duration = .seconds(120), chapterPatience: Duration = .seconds(20),
        bound: Duration = .seconds(60), settle: Duration = .seconds(3)
    ) {
        self.speed = speed
        self.patience = patience
        self.chapterPatience = chapterPatience
        self.bound = bound
        self.settle = settle
    }
}

/// The settings of a load.
public struct LoadPlan: Sendable {
    /// The number of orders.
    public var orders: Int
    /// The period over which the orders are placed.
    public var duration: Duration
    /// The minimum time between two steps of one order.
    public var pace: Duration
    /// Whether an order's next step waits until everything due before it has come. Otherwise a later state may make an
    /// earlier message old news, which then counts as missing without being a bug.
    public var gated: Bool
    /// How long to wait for the daemon's first read of the shop.
    public var patience: Duration
    /// How long to wait, after the last order is placed and again at the end, for missing messages.
    public var bound: Duration
    /// How long to keep watching for duplicates once everything has come.
    public var settle: Duration

    /// Every part has its usual default.
    public init(
        orders: Int, duration: Duration, pace: Duration = .milliseconds(500), gated: Bool = true,
        patience: Duration = .seconds(120), bound: Duration = .seconds(600), settle: Duration = .seconds(5)
    ) {
        self.orders = orders
        self.duration = duration
        self.pace = pace
        self.gated = gated
        self.patience = patience
        self.bound = bound
        self.settle = settle
    }
}

/// Runs a story on the shop, prints its steps, and tracks what is due.
final class StoryTeller: Sendable {
    let shop: SandboxShop
    let mailbox: Mailbox
    let ledger: StoryLedger
    let seed: UInt64
    /// Waits. Tests inject one that does not.
    let pause: @Sendable (Duration) async throws -> Void
    private let print: @Sendable (String) -> Void
    private let log = Mutex<[(time: Date, order: String, text: String)]>([])

    init(
        shop: SandboxShop, mailbox: Mailbox, seed: UInt64, print: @escaping @Sendable (String) -> Void,
        pause: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) {
        self.shop = shop
        self.mailbox = mailbox
        self.seed = seed
        self.print = print
        self.pause = pause
        ledger = StoryLedger(mailbox: mailbox)
    }

    /// Runs it to its end, and judges the result.
    func tell(_ story: SandboxStory) async throws -> SandboxVerdict {
        let (patience, bound, settle): (Duration, Duration, Duration)
        switch story {
        case .demo(let plan):
            (patience, bound, settle) = (plan.patience, plan.bound, plan.settle)
            try await DemoStory(teller: self, speed: plan.speed, chapterPatience: plan.chapterPatience).tell {
                try await self.awaitFirstReread(patience)
            }
        case .load(let plan):
            (patience, bound, settle) = (plan.patience, plan.bound, plan.settle)
            try await awaitFirstReread(patience)
            try await LoadStory(teller: self, plan: plan).tell()
        }
        ledger.end()
        _ = await caughtUp(within: bound)
        try Task.checkCancellation()
        try await pause(settle)
        ledger.close()
        let verdict = ledger.verdict
        report(verdict)
        shop.bell.ring()
        return verdict
    }

    /// News begins after the daemon's first read of the shop, because that is learned in silence. Its second scan
    /// proves that the first is over.
    private func awaitFirstReread(_ patience: Duration) async throws {
        let shop = shop
        guard shop.polls < 2 else { return }
        say("shop", "open at \(shop.baseURL); waiting until Bookbag has read it once")
        guard await shop.bell.wait(atMost: patience, until: { shop.polls >= 2 }) else {
            try Task.checkCancellation()
            throw SandboxRefusal("nobody read the shop's orders within \(Int(patience.inSeconds)) seconds")
        }
        // The next events are a whole second later than the first read.
        try await pause(.seconds(1.1))
    }

    /// Waits until everything due so far has come. False if `patience` runs out first.
    func caughtUp(within patience: Duration) async -> Bool {
        let ledger = ledger
        return await mailbox.bell.wait(atMost: patience) { ledger.verdict.missing.isEmpty }
    }

    /// One line of the story.
    func say(_ order: String, _ text: String) {
        let now = shop.clock.now()
        log.withLock { $0.append((now, order, text)) }
        let name = order + String(repeating: " ", count: max(0, 7 - order.count))
        print("\(ShopTime.clock(now))  \(name) \(text)")
        shop.bell.ring()
    }

    /// The lines so far.
    var lines: [(time: Date, order: String, text: String)] { log.withLock { $0 } }

    private func report(_ verdict: SandboxVerdict) {
        var text = "\(verdict.arrived) of \(verdict.due) messages came"
        if verdict.repeated > 0 { text += ", \(verdict.repeated) of them again under the same Message-ID" }
        say("story", text + (verdict.isGood ? "; none is missing, none came twice" : ""))
        let faults = [("missing", verdict.missing), ("twice", verdict.doubled), ("not due", verdict.unexpected)]
        for (word, messages) in faults {
            for message in messages.prefix(20) {
                say(message.order.isEmpty ? "?" : message.order, "\(word): \(message.trigger) to \(message.recipient)")
            }
            if messages.count > 20 { say("story", "\(word): \(messages.count - 20) more") }
        }
    }
}

extension Duration {
    /// `seconds(1.5)`, for fractional speeds.
    static func / (duration: Duration, speed: Double) -> Duration {
        .nanoseconds(Int64(duration.inSeconds / max(speed, 0.001) * 1e9))
    }
}

/// What one customer would have been sent under two sets, side by side; the totals for many customers; and a few
/// samples to look at.
///
/// Only these counts and samples are kept of a customer, so a report on a million events is as small as one on ten.
/// Reports on parts add up to the report on the whole, in whatever order they come.
public struct ReplayReport: Sendable {
    /// What changes for a customer.
    public enum Change: String, Sendable, CaseIterable {
        /// A message that would not have been sent before.
        case gains
        /// A message that would no longer be sent.
        case loses
        /// A different one in its place: with another text, or from another trigger.
        case another
        /// The same message at another time.
        case moves
    }

    /// The totals for a trigger, or a day.
    public struct Counts: Hashable, Sendable {
        /// Messages under the earlier set and under the later one.
        public var before = 0
        public var after = 0
        public var changes: [Change: Int] = [:]

        public init() {}

        /// True if anything differs.
        public var differs: Bool { !changes.isEmpty }

        mutating func add(_ other: Counts) {
            before += other.before
            after += other.after
            changes.merge(other.changes) { $0 + $1 }
        }
    }

    /// What a set gives. Budgets hold over all customers, who are played one by one, so they hold nothing back here.
    public struct Spending: Hashable, Sendable {
        public var gifts = GiftHistory.Spent()
        /// What else is done in the shop that costs something.
        public var actions: [ShopVerb: GiftHistory.Spent] = [:]
        /// Remedies that nobody has to approve: as what was chosen, and at the dearest where that is not known.
        public var offers = GiftHistory.Spent()
        /// Remedies that somebody has to approve, at the dearest.
        public var requests = GiftHistory.Spent()

        public init() {}

        /// What is decided without a person, in the smallest unit of the policy's currency.
        public var unattended: Int64 { gifts.sum + offers.sum + actions.values.reduce(0) { $0 + $1.sum } }

        /// What it would be if everything was approved, and the dearest chosen of it.
        public var approved: Int64 { unattended + requests.sum }

        /// True if nothing is given.
        public var isNothing: Bool { self == Spending() }

        mutating func add(_ other: Spending) {
            gifts += other.gifts
            offers += other.offers
            requests += other.requests
            actions.merge(other.actions) { GiftHistory.Spent(sum: $0.sum + $1.sum, count: $0.count + $1.count) }
        }

        /// Adds what one effect counts as, if it is given. What is in shadow mode is not.
        mutating func add(_ outcome: Replay.Outcome) {
            guard outcome.sentAt != nil, !outcome.isShadow, let cost = outcome.cost else { return }
            let one = GiftHistory.Spent(sum: cost, count: 1)
            switch outcome.spending {
            case .gift: gifts += one
            case .action(let verb): actions[verb, default: GiftHistory.Spent()] += one
            case .offer: offers += one
            case .request: requests += one
            case nil: break
            }
        }
    }

    /// One change, to look at.
    public struct Sample: Hashable, Sendable {
        public var change: Change
        /// The order's name.
        public var order: String
        /// Its id.
        public var orderID = ""
        public var event: EventKind
        public var trigger: String
        public var line: String
        /// When it would be sent under the earlier set, and under the later one.
        public var before: Moment?
        public var after: Moment?
        /// Why it would not be sent under one of them, or what replaced it: for people.
        public var reason: Reason?
        public var detail: String?
        /// The trigger whose message this one replaces.
        public var instead: String?

        var at: Moment { after ?? before ?? .distantPast }
    }

    public private(set) var triggers: [String: Counts] = [:]
    public private(set) var days: [CalendarDay: Counts] = [:]
    /// Why messages of the later set would not be sent.
    public private(set) var reasons: [String: [Reason: Int]] = [:]
    public private(set) var total = Counts()
    /// Customers for whom anything differs.
    public private(set) var customers = 0
    public private(set) var orders = 0
    public private(set) var events = 0
    /// What the later set would give.
    public private(set) var spending = Spending()
    /// What the earlier one would; nothing where nothing is compared.
    public private(set) var spendingBefore = Spending()
    private var isCompared = false
    private var kept: [Change: [Sample]] = [:]

    /// The time zone that days are counted in: the shop's.
    public let zone: Zone
    /// How many samples are kept per kind of change.
    public let sampleCount: Int

    public init(zone: Zone, samples: Int) {
        self.zone = zone
        sampleCount = samples
    }

    /// True if anything differs.
    public var differs: Bool { total.differs || givesOtherwise }

    /// True if what is given differs, in number or in sum.
    public var givesOtherwise: Bool { isCompared && spending != spendingBefore }

    /// The newest samples of each change.
    public func samples(_ change: Change) -> [Sample] { kept[change] ?? [] }

    /// Adds the report on a part.
    public mutating func add(_ other: ReplayReport) {
        triggers.merge(other.triggers) { Self.sum($0, $1) }
        days.merge(other.days) { Self.sum($0, $1) }
        reasons.merge(other.reasons) { $0.merging($1) { $0 + $1 } }
        total.add(other.total)
        customers += other.customers
        orders += other.orders
        events += other.events
        spending.add(other.spending)
        spendingBefore.add(other.spendingBefore)
        isCompared = isCompared || other.isCompared
        for samples in other.kept.values { for sample in samples { keep(sample) } }
    }

    private static func sum(_ a: Counts, _ b: Counts) -> Counts {
        var sum = a
        sum.add(b)
        return sum
    }

    /// Replays a customer under both sets and adds the result. `before` is nil if there is nothing to compare with.
    public mutating func play(_ customer: Replay.Customer, before: Replay?, after: Replay) {
        orders += customer.orders.count
        for order in customer.orders {
            for event in order.events where event.recordedAt >= after.since && event.recordedAt <= after.until {
                events += 1
            }
        }
        let later = after.outcomes(of: customer)
        let earlier = before?.outcomes(of: customer)
        var isDifferent = false
        for outcome in later {
            if outcome.sentAt != nil, outcome.cost != nil {
                spending.add(outcome)
            } else if let at = outcome.sentAt {
                count(outcome.trigger, at) { $0.after += 1 }
            } else if let reason = outcome.reason {
                reasons[outcome.trigger, default: [:]][reason, default: 0] += 1
            }
        }
        guard let earlier else { return }
        isCompared = true
        for outcome in earlier { spendingBefore.add(outcome) }
        for outcome in earlier where outcome.cost == nil {
            if let at = outcome.sentAt { count(outcome.trigger, at) { $0.before += 1 } }
        }
        let comparison = Comparison(
            earlier: earlier.filter { $0.cost == nil }, later: later.filter { $0.cost == nil },
            orders: customer.orders)
        for sample in comparison.samples {
            isDifferent = true
            count(sample.trigger, sample.at) { $0.changes[sample.change, default: 0] += 1 }
            keep(sample)
        }
        if isDifferent { customers += 1 }
    }

    private mutating func count(_ trigger: String, _ at: Moment, _ change: (inout Counts) -> Void) {
        change(&triggers[trigger, default: Counts()])
        change(&days[zone.day(at: at), default: Counts()])
        change(&total)
    }

    private mutating func keep(_ sample: Sample) {
        var samples = kept[sample.change] ?? []
        guard samples.count < sampleCount || samples.last.map({ Self.precedes(sample, $0) }) == true else { return }
        samples.append(sample)
        samples.sort(by: Self.precedes)
        kept[sample.change] = Array(samples.prefix(sampleCount))
    }

    /// The newest first, and always in the same order, however the work was divided.
    private static func precedes(_ a: Sample, _ b: Sample) -> Bool {
        a.at != b.at ? a.at > b.at : (a.order, a.trigger, a.line) < (b.order, b.trigger, b.line)
    }
}

/// One customer's outcomes under two sets.
private struct Comparison {
    private(set) var samples: [ReplayReport.Sample] = []
    private let orders: [OrderRecord]

    private struct Key: Hashable {
        var order: Int
        var trigger: String
        var line: String
        var key: String
    }

    init(earlier: [Replay.Outcome], later: [Replay.Outcome], orders: [OrderRecord]) {
        self.orders = orders
        if earlier == later { return }
        func keyed(_ outcomes: [Replay.Outcome]) -> [Key: Replay.Outcome] {
            Dictionary(
                outcomes.map { (Key(order: $0.order, trigger: $0.trigger, line: $0.line, key: $0.key), $0) }
            ) { _, last in last }
        }
        let before = keyed(earlier)
        let after = keyed(later)
        // What one set has sent and the other still holds at the end is nobody's loss: it comes at another time.
        func waits(_ outcome: Replay.Outcome, in others: [Key: Replay.Outcome]) -> Replay.Outcome? {
            let key = Key(order: outcome.order, trigger: outcome.trigger, line: outcome.line, key: outcome.key)
            return others[key].flatMap { $0.waits ? $0 : nil }
        }
        var gained: [Replay.Outcome] = []
        var lost: [Replay.Outcome] = []
        for outcome in later where outcome.isMessage {
            if let other = waits(outcome, in: before) {
                add(.moves, outcome, before: nil, after: outcome.sentAt, why: other)
                continue
            }
            let key = Key(order: outcome.order, trigger: outcome.trigger, line: outcome.line, key: outcome.key)
            guard let other = before[key], other.isMessage, other.isShadow == outcome.isShadow else {
                if !outcome.isShadow || before[key]?.isMessage != true { gained.append(outcome) }
                continue
            }
            compare(outcome, with: other)
        }
        for outcome in earlier where outcome.isMessage {
            if let other = waits(outcome, in: after) {
                add(.moves, outcome, before: outcome.sentAt, after: nil, why: other)
                continue
            }
            let key = Key(order: outcome.order, trigger: outcome.trigger, line: outcome.line, key: outcome.key)
            guard let other = after[key], other.isMessage, other.isShadow == outcome.isShadow else {
                if !outcome.isShadow || after[key]?.isMessage != true { lost.append(outcome) }
                continue
            }
        }
        for outcome in gained {
            let about = lost.indices.filter {
                lost[$0].order == outcome.order && lost[$0].eventID == outcome.eventID && lost[$0].line == outcome.line
                    && lost[$0].isShadow == outcome.isShadow
            }
            // The same message under another key, if `once_per` was changed; otherwise one trigger's message in place
            // of another's.
            guard let index = about.first(where: { lost[$0].trigger == outcome.trigger }) ?? about.first else {
                let key = Key(order: outcome.order, trigger: outcome.trigger, line: outcome.line, key: outcome.key)
                add(.gains, outcome, before: nil, after: outcome.sentAt, why: before[key])
                continue
            }
            let other = lost.remove(at: index)
            if other.trigger == outcome.trigger {
                compare(outcome, with: other)
            } else {
                add(.another, outcome, before: other.sentAt, after: outcome.sentAt, instead: other.trigger)
            }
        }
        for outcome in lost {
            let key = Key(order: outcome.order, trigger: outcome.trigger, line: outcome.line, key: outcome.key)
            add(.loses, outcome, before: outcome.sentAt, after: nil, why: after[key])
        }
    }

    /// One message under both sets.
    private mutating func compare(_ outcome: Replay.Outcome, with other: Replay.Outcome) {
        if other.words != outcome.words {
            add(.another, outcome, before: other.sentAt, after: outcome.sentAt)
        } else if other.sentAt != outcome.sentAt {
            add(.moves, outcome, before: other.sentAt, after: outcome.sentAt)
        }
    }

    private mutating func add(
        _ change: ReplayReport.Change, _ outcome: Replay.Outcome, before: Moment?, after: Moment?,
        why: Replay.Outcome? = nil, instead: String? = nil
    ) {
        let facts = orders[outcome.order].facts
        samples.append(
            ReplayReport.Sample(
                change: change, order: facts.name, orderID: facts.id, event: outcome.event, trigger: outcome.trigger,
                line: outcome.line, before: before, after: after,
                reason: why.flatMap { $0.isMessage ? ($0.isShadow ? .shadow : nil) : $0.reason }, detail: why?.detail,
                instead: instead))
    }
}

extension GiftHistory.Spent {
    static func += (one: inout Self, other: Self) {
        one.sum += other.sum
        one.count += other.count
    }
}

extension Replay.Outcome {
    fileprivate var isMessage: Bool { sentAt != nil }
}

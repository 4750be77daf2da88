// What a set of triggers would have sent.
//
// The events of a customer's orders are played again in the order in which they were recorded, under a clock that jumps from one moment at which
// something is to be decided to the next. Every decision is the planner's own: it is asked what an event makes (`matches`, `place`) when the event was
// recorded, and what becomes of an effect (`judgement`) when its time has come, each time with the orders as they were known
// then. Nothing goes out, and every message that would go is taken as sent at once, so outages and far ends play no part.
//
// Customers are played one by one, for nothing that one of them is sent depends on another: the limit, `once_per: customer` and the counts of
// messages are all about one address.

/// Plays recorded events against one set of triggers.
public struct Replay: Sendable {
    /// Since when and until when messages are looked at. What was recorded before `since` is played as well, for it may use keys up.
    public let since: Moment
    public let until: Moment
    private let planner: Planner
    /// The templates whose words are to be compared, each rendered for every message.
    private let rendering: Set<String>

    /// A replay of `set`, as if it had always been in force. A shop that is in shadow or off is taken as live; a trigger that is off stays off, and
    /// what one in shadow would send is marked.
    public init(
        _ set: TriggerSet, live: LiveSince, shop: ShopProfile, since: Moment, until: Moment,
        rendering: Set<String> = []
    ) {
        var settings = set.settings
        settings.mode = .live
        let triggers = TriggerSet(settings: settings, triggers: set.triggers, templates: set.templates)
        planner = Planner(
            triggers: triggers,
            inForceSince: Dictionary(uniqueKeysWithValues: set.triggers.map { ($0.name, .distantPast) }), live: live,
            shop: shop)
        self.since = since
        self.until = until
        self.rendering = rendering
    }

    /// How long before `since` an event may have been recorded and still bring a message after it.
    public static func reach(of sets: [TriggerSet]) -> Duration {
        sets.flatMap(\.triggers).map { trigger -> Duration in
            switch trigger.wait.start {
            case .none: .days(1)
            case .event(let length): length.atMost + .days(2)
            // These begin anew with whatever is heard.
            case .lastHeard(let length): length.atMost + .days(60)
            case .date: .days(120)
            }
        }.max() ?? .days(1)
    }

    /// Whom mail must not go to, and when.
    public struct Silence: Hashable, Sendable {
        public var begunAt: Moment
        /// Nil for ever.
        public var endsAt: Moment?
        /// True where it is about marketing alone.
        public var isMarketing: Bool

        /// From then until then.
        public init(begunAt: Moment, endsAt: Moment?, isMarketing: Bool) {
            self.begunAt = begunAt
            self.endsAt = endsAt
            self.isMarketing = isMarketing
        }
    }

    /// The orders of one address, and its silences.
    public struct Customer: Sendable {
        public var orders: [OrderRecord]
        public var silences: [Silence]

        /// These orders, in any order.
        public init(orders: [OrderRecord], silences: [Silence] = []) {
            self.orders = orders
            self.silences = silences
        }
    }

    /// What became of one effect.
    public struct Outcome: Hashable, Sendable {
        /// The place of the order among the customer's.
        public var order: Int
        public var trigger: String
        public var line: String
        /// The first of its occurrences.
        public var key: String
        /// The event that it tells.
        public var event: EventKind
        public var eventID: Int64
        /// When it was sent; nil where it was not.
        public var sentAt: Moment?
        /// True where it was sent in shadow only.
        public var isShadow: Bool
        /// Why it was not sent, or what it waits for at the end.
        public var reason: Reason?
        public var detail: String?
        /// Stands for the words of the mail, where they are compared.
        public var words: Int?
    }

    /// What would have become of every effect that the orders' events make, and that was sent or last decided since `since`.
    public func outcomes(of customer: Customer) -> [Outcome] {
        var play = Play(planner: planner, rendering: rendering, customer: customer, until: until)
        play.run()
        return play.outcomes(since: since)
    }
}

extension Length {
    /// No shorter than it can ever be.
    fileprivate var atMost: Duration {
        switch unit {
        case .minutes: .minutes(count)
        case .hours: .hours(count)
        case .days: .days(count)
        case .weeks: .days(7 * count)
        // Weekends, and a holiday here and there.
        case .businessDays: .days(count * 2 + 14)
        }
    }
}

/// One customer's events, played once.
private struct Play {
    let planner: Planner
    let rendering: Set<String>
    let customer: Replay.Customer
    let until: Moment

    /// An order, with what was last asked of its past.
    private struct PlayedOrder {
        let record: OrderRecord
        /// The moments at which its past changes, in order.
        let changes: [Moment]
        var known: OrderRecord?
        /// Until when `known` holds.
        var knownUntil = Moment.distantPast
    }

    private struct Key: Hashable {
        var trigger: String
        var line: String
        var key: String
    }

    private var orders: [PlayedOrder]
    private let places: [String: Int]
    private var effects: [Effect] = []
    /// The positions in `effects` of those that hold a key, repetitions included.
    private var holders: [Key: [Int]] = [:]
    /// The positions of those that wait.
    private var waiting: [Int] = []
    private var words: [Int: Int] = [:]
    /// When mails to the shopper went, in order.
    private var mails: [(at: Moment, effect: Int)] = []

    init(planner: Planner, rendering: Set<String>, customer: Replay.Customer, until: Moment) {
        self.planner = planner
        self.rendering = rendering
        self.customer = customer
        self.until = until
        orders = customer.orders.map { PlayedOrder(record: $0, changes: $0.changes) }
        places = Dictionary(customer.orders.enumerated().map { ($1.facts.id, $0) }) { first, _ in first }
    }

    mutating func run() {
        var events = customer.orders.enumerated().flatMap { place, order in order.events.map { (place, $0) } }
            .filter { $0.1.recordedAt <= until && !planner.triggers.hearing($0.1.kind).isEmpty }
        if customer.orders.count > 1 || !events.isSorted {
            events.sort { ($0.1.recordedAt, $0.1.id) < ($1.1.recordedAt, $1.1.id) }
        }
        var next = 0
        // Each turn decides something; the bound is for what would wait for ever.
        var turns = 0
        while turns < 10_000 + 100 * events.count {
            turns += 1
            var due = Moment.distantFuture
            for place in waiting where effects[place].dueAt < due { due = effects[place].dueAt }
            if next < events.count, events[next].1.recordedAt <= due {
                hear(events[next].1, order: events[next].0)
                next += 1
                continue
            }
            guard due <= until, due < .distantFuture else { break }
            judge(now: due)
        }
    }

    // MARK: - Events

    private mutating func hear(_ event: Event, order: Int) {
        let now = event.recordedAt
        let record = known(order, at: now)
        for match in planner.matches(event, record: record) {
            var existing: [Effect] = []
            for key in match.keys {
                for holder in holders[Key(trigger: match.trigger, line: match.line, key: key)] ?? []
                where !existing.contains(where: { $0.id == effects[holder].id }) {
                    existing.append(effects[holder])
                }
            }
            let open = match.combines ? waiting.map { effects[$0] }.filter { $0.aggregate == event.aggregate } : []
            switch planner.place(match, event: event, existing: existing, open: open, now: now) {
            case .insert(let effect): insert(effect, now: now)
            case .refresh(let effect): keep(effect, now: now)
            case .takeOver(let from, let effect):
                keep(from, now: now)
                insert(effect, now: now)
            case .told: break
            }
        }
    }

    private mutating func insert(_ new: Effect, now: Moment) {
        var effect = new
        effect.id = Int64(effects.count + 1)
        effects.append(effect)
        keep(effect, now: now)
    }

    /// Writes an effect as it is now.
    private mutating func keep(_ changed: Effect, now: Moment) {
        let place = Int(changed.id) - 1
        var effect = changed
        effect.dueAt = max(effect.dueAt, now)
        effects[place] = effect
        for key in effect.keys {
            let base = Key(trigger: effect.trigger, line: effect.line, key: Planner.stem(of: key))
            if holders[base]?.contains(place) != true { holders[base, default: []].append(place) }
        }
        if effect.state == .waiting {
            if !waiting.contains(place) { waiting.append(place) }
        } else {
            waiting.removeAll { $0 == place }
        }
    }

    // MARK: - Effects

    private mutating func judge(now: Moment) {
        let due = waiting.filter { effects[$0].dueAt <= now }
        let ordered = due.count == 1 ? [effects[due[0]]] : planner.inOrderOfRoom(due.map { effects[$0] })
        for turn in ordered {
            let place = Int(turn.id) - 1
            // Another of this turn may have taken its place.
            guard effects[place].state == .waiting, let order = effects[place].orderID.flatMap({ places[$0] }) else {
                continue
            }
            var effect = effects[place]
            let record = known(order, at: now)
            let history = history(of: effect, order: order, now: now)
            let judgement = planner.judgement(effect, record: record, history: history, now: now)
            effect.reason = nil
            effect.detail = nil
            effect.decidedAt = now
            switch judgement.decision {
            case .wait(let until, let reason):
                effect.dueAt = max(until, now + .milliseconds(1))
                effect.reason = reason
            case .skip(let reason, let detail):
                effect.state = .skipped
                effect.reason = reason
                effect.detail = detail
            case .replace(let other):
                effect.state = .replaced
                effect.reason = .replaced
                effect.detail = other
            case .send, .shadow:
                effect.state = judgement.decision == .send ? .sent : .shadowed
                if let first = judgement.events.first {
                    effect.event = first
                    effect.together = Array(judgement.events.dropFirst())
                }
                effect.keys = planner.keys(of: effect, telling: judgement, record: record)
                went(effect, judgement, record: record, history: history, now: now)
            }
            keep(effect, now: now)
        }
    }

    private mutating func went(
        _ effect: Effect, _ judgement: Planner.Judgement, record: OrderRecord, history: History, now: Moment
    ) {
        let place = Int(effect.id) - 1
        if effect.isContact, effect.state == .sent { mails.append((now, place)) }
        if !rendering.isEmpty { words[place] = rendered(effect, record: record, history: history, now: now) }
        let others = waiting.map { effects[$0] }.filter { $0.id != effect.id }
        for var other in planner.takenBack(by: effect, judgement, among: others) {
            other.state = .replaced
            other.reason = .replaced
            other.detail = effect.trigger
            other.decidedAt = now
            keep(other, now: now)
        }
    }

    /// What stands for the words of a mail; nil where they are not compared.
    private func rendered(_ effect: Effect, record: OrderRecord, history: History, now: Moment) -> Int? {
        guard let line = planner.triggers.trigger(effect.trigger)?.line(named: effect.line),
            let event = effect.event, line.isMail, rendering.contains(line.template)
        else { return nil }
        let scope = planner.scope(
            record: record, event: event, together: effect.together, history: history, now: now)
        do throws(TemplateFailure) {
            return try planner.triggers.templates.render(line.template, scope, to: line.destination).hashValue
        } catch {
            return error.hashValue
        }
    }

    // MARK: - What was known

    private mutating func known(_ order: Int, at moment: Moment) -> OrderRecord {
        if moment < orders[order].knownUntil, let known = orders[order].known { return known }
        let known = orders[order].record.asKnown(at: moment)
        orders[order].known = known
        orders[order].knownUntil = orders[order].changes.first { $0 > moment } ?? .distantFuture
        return known
    }

    private func history(of effect: Effect, order: Int, now: Moment) -> History {
        var history = History()
        let subject = effect.event?.occurrences.first?.subject
        for (_, place) in mails where effects[place].aggregate == effect.aggregate {
            history.messagesAboutOrder += 1
            if effects[place].events.contains(where: { $0.occurrences.contains { $0.subject == subject } }) {
                history.messagesAboutSubject += 1
            }
        }
        let week = now - .days(7)
        history.messagesLast7Days = mails.reduce(0) { $0 + ($1.at > week ? 1 : 0) }
        history.lastMessageAt = mails.last?.at
        if let window = planner.triggers.settings.limit?.window {
            history.counted = mails.lazy.filter { $0.at + window > now }.map(\.at)
        }
        let month = now - .days(30)
        for other in customer.orders where !other.facts.test {
            if other.facts.processedAt > month, other.facts.processedAt <= now { history.ordersLast30Days += 1 }
            for event in other.events where event.recordedAt <= now && event.kind.isProblem {
                history.lastProblemAt = max(history.lastProblemAt ?? .distantPast, event.happenedAt)
            }
        }
        let isMarketing = planner.triggers.trigger(effect.trigger)?.about == .marketing
        history.silenced = customer.silences.contains { silence in
            silence.begunAt <= now && (silence.endsAt.map { $0 > now } ?? true) && (isMarketing || !silence.isMarketing)
        }
        let replacers = planner.triggers.replacers(of: effect.trigger)
        if !replacers.isEmpty {
            for other in effects
            where other.aggregate == effect.aggregate && replacers.contains(other.trigger)
                && (other.state == .sent || other.state == .shadowed && planner.isShadow(effect.trigger))
            {
                history.told.append(
                    History.Told(
                        trigger: other.trigger, subjects: other.events.flatMap { $0.occurrences.map(\.subject) }))
            }
        }
        return history
    }

    // MARK: - The end

    func outcomes(since: Moment) -> [Replay.Outcome] {
        effects.enumerated().compactMap { place, effect in
            let isSent = effect.state == .sent || effect.state == .shadowed
            let decided = effect.decidedAt ?? effect.createdAt
            guard let event = effect.event, (isSent ? decided : max(decided, event.recordedAt)) >= since else {
                return nil
            }
            return Replay.Outcome(
                order: effect.orderID.flatMap { places[$0] } ?? 0, trigger: effect.trigger, line: effect.line,
                key: effect.keys[0],
                event: event.kind, eventID: event.id, sentAt: isSent ? decided : nil,
                isShadow: effect.state == .shadowed, reason: isSent ? nil : effect.reason ?? .wait,
                detail: effect.detail, words: words[place])
        }
    }
}

extension OrderRecord {
    /// The moments at which `asKnown(at:)` gives something else than before, in order.
    fileprivate var changes: [Moment] {
        var moments = events.map(\.recordedAt)
        for fulfillment in facts.fulfillments {
            moments.append(fulfillment.createdAt)
            for scan in fulfillment.scans { moments += [scan.time, scan.retractedAt].compactMap(\.self) }
        }
        for shipment in shipments {
            for scan in shipment.scans { moments += [scan.time, scan.retractedAt].compactMap(\.self) }
        }
        for item in facts.returns {
            moments += [item.createdAt, item.approvedAt, item.closedAt].compactMap(\.self)
            moments += item.deliveries.compactMap { $0.labelCreatedAt ?? $0.labelUpdatedAt }
        }
        moments += facts.refunds.compactMap(\.createdAt)
        moments += [facts.cancelledAt, facts.paidAt, facts.closedAt].compactMap(\.self)
        moments += events.filter { $0.kind == .orderOnHold }.map { $0.recordedAt + .days(1) }
        return moments.sorted()
    }
}

extension EventKind {
    /// True for what a customer takes as something gone wrong.
    fileprivate var isProblem: Bool { self == .shipmentDelayed || self == .shipmentException || self == .shipmentLost }
}

extension [(Int, Event)] {
    fileprivate var isSorted: Bool {
        zip(self, dropFirst()).allSatisfy { ($0.1.recordedAt, $0.1.id) <= ($1.1.recordedAt, $1.1.id) }
    }
}

extension Planner {
    /// A key without what tells its repetitions apart.
    static func stem(of key: String) -> String {
        guard key.utf8.count > 7, let range = key.firstRange(of: repetitions(of: "")) else { return key }
        return String(key[..<range.lowerBound])
    }
}

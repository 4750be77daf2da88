// What a set of triggers would have sent.
//
// The events of a customer's orders are replayed in the order in which they were recorded, in a `Simulation` whose
// clock jumps from one moment of decision to the next, each time with the orders as they were known then.
//
// Shoppers are replayed one by one, since nothing that one of them is sent depends on another. Limits and the time of
// the last message go by the address, `once_per: customer` and order counts by the customer; so orders that share
// either, directly or through further orders, are replayed together (`Customer`).

/// Replays recorded events against one set of triggers.
public struct Replay: Sendable {
    /// The period whose messages are reported. What was recorded before `since` is replayed as well, since it may use
    /// keys up.
    public let since: Moment
    public let until: Moment
    private var planner: Planner
    /// The templates whose text is compared, rendered for every message.
    private let rendering: Set<String>

    /// A replay of `set`, as if it had always been in force. A shop that is in shadow mode or off is treated as live; a
    /// trigger that is off stays off, and what one in shadow mode would send is marked.
    ///
    /// - Parameters:
    ///   - holdOutKey: the store's secret by which customers are held out.
    ///   - servesPages: whether shoppers have pages of their own.
    public init(
        _ set: TriggerSet, live: LiveSince, shop: ShopProfile, since: Moment, until: Moment,
        rendering: Set<String> = [], holdOutKey: [UInt8] = [], servesPages: Bool = false
    ) {
        var settings = set.settings
        settings.mode = .live
        let triggers = TriggerSet(
            settings: settings, triggers: set.triggers, templates: set.templates, policy: set.policy)
        planner = Planner(
            triggers: triggers,
            inForceSince: Dictionary(uniqueKeysWithValues: set.triggers.map { ($0.name, .distantPast) }), live: live,
            shop: shop)
        planner.holdOutKey = holdOutKey
        planner.servesPages = servesPages
        self.since = since
        self.until = until
        self.rendering = rendering
    }

    /// How long before `since` an event may have been recorded and still cause a message after it.
    public static func reach(of sets: [TriggerSet]) -> Duration {
        sets.flatMap(\.triggers).map { trigger -> Duration in
            switch trigger.wait.start {
            case .none: .days(1)
            case .event(let length): length.atMost + .days(2)
            // These restart whenever anything is heard.
            case .lastHeard(let length): length.atMost + .days(60)
            case .date: .days(120)
            }
        }.max() ?? .days(1)
    }

    /// Whom mail must not go to, and when.
    public struct Silence: Hashable, Sendable {
        public var begunAt: Moment
        /// Nil for forever.
        public var endsAt: Moment?
        /// Which mail it applies to.
        public var stream: MailStream
        /// The ids of the orders that it applies to; nil for all.
        public var orderIDs: Set<String>?

        public init(begunAt: Moment, endsAt: Moment?, stream: MailStream, orderIDs: Set<String>? = nil) {
            self.begunAt = begunAt
            self.endsAt = endsAt
            self.stream = stream
            self.orderIDs = orderIDs
        }
    }

    /// All orders that share an address or a customer with one another, directly or through others of them, and their
    /// silences: what the daemon may look at when it decides about any of them.
    public struct Customer: Sendable {
        public var orders: [OrderRecord]
        public var silences: [Silence]
        /// Their ratings as they stand, by the number of the question.
        public var ratings: [Int64: History.RatingNow] = [:]
        /// What they were offered when something went wrong, by its number.
        public var offers: [Int64: PastOffer] = [:]

        /// The orders may be in any order.
        public init(orders: [OrderRecord], silences: [Silence] = []) {
            self.orders = orders
            self.silences = silences
        }
    }

    /// What a shopper was offered while the shop was live.
    public struct PastOffer: Hashable, Sendable {
        public var orderID: String
        /// The trigger, its line and the event by which it was decided; 0 if the event is gone.
        public var trigger: String
        public var line: String
        public var eventID: Int64
        public var offer: Offer
        /// What it came to, by what she chose, with the gift that went along; nil if she never saw it.
        public var cost: Int64?
        /// When it came to nothing, so that it counts no more; nil if it did not.
        public var freedAt: Moment?

        public init(
            orderID: String, trigger: String, line: String, eventID: Int64, offer: Offer, cost: Int64?,
            freedAt: Moment? = nil
        ) {
            self.orderID = orderID
            self.trigger = trigger
            self.line = line
            self.eventID = eventID
            self.offer = offer
            self.cost = cost
            self.freedAt = freedAt
        }

        /// Whether it was decided by the same line for the same event.
        func isOf(_ effect: Effect) -> Bool {
            orderID == effect.orderID && trigger == effect.trigger && line == effect.line
                && eventID == effect.event?.id
        }
    }

    /// What becomes of the sums that an effect counts as.
    public enum Spending: Hashable, Sendable {
        case gift
        /// Something that is done in the shop.
        case action(ShopVerb)
        /// A remedy that is offered at once.
        case offer
        /// One that a person has to approve first.
        case request
    }

    /// What became of one effect.
    public struct Outcome: Hashable, Sendable {
        /// The position of the order among the customer's.
        public var order: Int
        public var trigger: String
        public var line: String
        /// The first of its occurrences.
        public var key: String
        /// The event that it reports.
        public var event: EventKind
        public var eventID: Int64
        /// When it was sent; nil if it was not.
        public var sentAt: Moment?
        /// True if it was only sent as a shadow.
        public var isShadow: Bool
        /// True if it is held at the end, and neither sent nor given up.
        public var waits: Bool
        /// Why it was not sent, or what it is waiting for at the end.
        public var reason: Reason?
        public var detail: String?
        /// Represents the mail's text, if texts are compared.
        public var words: Int?
        /// What it counts as if it is a gift, an offer, or another action that costs something, in the smallest unit of the
        /// policy's currency. An offer that she saw counts as what she chose, any other at its dearest.
        public var cost: Int64?
        /// What it is that costs something; nil for messages, and what costs nothing.
        public var spending: Spending?
    }

    /// What would have become of every effect that the orders' events create, if it was sent or last decided since
    /// `since`.
    public func outcomes(of customer: Customer) -> [Outcome] {
        ReplayedCustomer(planner: planner, rendering: rendering, customer: customer, until: until)
            .outcomes(since: since)
    }
}

extension Length {
    /// An upper bound for the length in real time.
    fileprivate var atMost: Duration {
        switch unit {
        case .minutes: .minutes(count)
        case .hours: .hours(count)
        case .days: .days(count)
        case .weeks: .days(7 * count)
        // Allows for weekends and a few holidays.
        case .businessDays: .days(count * 2 + 14)
        // A shop may be open for an hour a week, but hardly.
        case .businessHours: .days(count + 14)
        }
    }
}

/// One customer's events, replayed once.
private struct ReplayedCustomer {
    let planner: Planner
    let rendering: Set<String>
    let customer: Replay.Customer
    let until: Moment

    /// What would have become of every effect that was sent or last decided since then.
    func outcomes(since: Moment) -> [Replay.Outcome] {
        var simulation = Simulation(
            planner, orders: customer.orders.map { Simulation.Order(recorded: $0) }, silences: customer.silences,
            ratings: customer.ratings, offers: customer.offers)
        var words: [Int64: Int] = [:]
        let events = heard
        var next = 0
        // Each turn decides something; the bound is for what would wait forever.
        for _ in 0..<10_000 + 100 * events.count {
            let due = simulation.nextDue ?? .distantFuture
            if next < events.count, events[next].recordedAt <= due {
                let now = events[next].recordedAt
                var end = next + 1
                while end < events.count, events[end].recordedAt == now { end += 1 }
                simulation.turn.now = now
                simulation.hear(events[next..<end])
                next = end
                continue
            }
            guard due <= until, due < .distantFuture else { break }
            simulation.turn.now = due
            simulation.decide { one, draft in
                if !rendering.isEmpty { words[draft.id] = rendered(draft, one, now: due) }
                return .made(nil, remark: nil)
            }
        }
        return simulation.effects.compactMap { outcome($0, in: simulation, since: since, words: words[$0.id]) }
    }

    /// The events that a trigger hears, in the order in which they were recorded.
    private var heard: [Event] {
        var events = customer.orders.flatMap(\.events)
            .filter { $0.recordedAt <= until && !planner.ignores($0.kind) }
        if customer.orders.count > 1 || !events.isSorted {
            events.sort { ($0.recordedAt, $0.id) < ($1.recordedAt, $1.id) }
        }
        return events
    }

    /// A number that represents the text of a mail; nil if texts are not compared.
    private func rendered(_ effect: Effect, _ one: PlanningTurn.Judged, now: Moment) -> Int? {
        guard let line = planner.triggers.trigger(effect.trigger)?.line(named: effect.line),
            let event = effect.event, line.hasWords, rendering.contains(line.template),
            let record = one.record
        else { return nil }
        let scope = planner.scope(
            record: record, event: event, together: effect.together, history: one.history, now: now,
            pages: .specimen())
        do throws(TemplateFailure) {
            if line.isText { return try planner.triggers.templates.text(line.template, scope).hashValue }
            return try planner.triggers.templates.render(line.template, scope, to: line.destination).hashValue
        } catch {
            return error.hashValue
        }
    }

    private func outcome(
        _ effect: Effect, in simulation: Simulation, since: Moment, words: Int?
    ) -> Replay.Outcome? {
        let isSent = effect.state == .sent || effect.state == .shadowed
        let decided = effect.decidedAt ?? effect.createdAt
        guard let event = effect.event, (isSent ? decided : max(decided, event.recordedAt)) >= since else { return nil }
        let place = effect.orderID.flatMap { simulation.place(ofOrder: $0) }
        let spent = spent(effect, in: simulation, place: place)
        return Replay.Outcome(
            order: place ?? 0, trigger: effect.trigger,
            line: effect.line,
            key: effect.keys[0], event: event.kind, eventID: event.id, sentAt: isSent ? decided : nil,
            isShadow: effect.state == .shadowed, waits: effect.state == .waiting,
            reason: isSent ? nil : effect.reason ?? .wait,
            detail: isSent ? nil : effect.detail, words: words,
            cost: spent?.cost, spending: spent?.on)
    }

    /// What an effect counts as: what was booked for it when it was decided, as it was then. What is only shadowed books
    /// nothing; it is priced by the order as it is now.
    private func spent(
        _ effect: Effect, in simulation: Simulation, place: Int?
    ) -> (cost: Int64, on: Replay.Spending)? {
        let booked = simulation.bookings[effect.id]?.amount
        if let offer = simulation.offers[effect.id] {
            if offer.approveBy != nil { return (booked ?? offer.dearest, .request) }
            return (recorded(offer, of: effect) ?? booked ?? offer.dearest, .offer)
        }
        if let gift = planner.gift(of: effect)?.gift { return (booked ?? gift.cost, .gift) }
        guard let line = planner.actionLine(of: effect), let verb = ShopVerb(rawValue: line.verb) else { return nil }
        if let booked { return (booked, .action(verb)) }
        let done = place.flatMap { planner.cost(ofDone: effect, record: simulation.orders[$0].record) }
        return done.map { ($0.cost, .action($0.verb)) }
    }

    /// What the same offer came to while the shop was live; nil if she was offered nothing, or something else.
    private func recorded(_ offer: Offer, of effect: Effect) -> Int64? {
        customer.offers.values.first { past in
            past.isOf(effect) && past.offer.options == offer.options && past.offer.alsoGive == offer.alsoGive
        }?.cost
    }
}

extension [Event] {
    fileprivate var isSorted: Bool {
        zip(self, dropFirst()).allSatisfy { ($0.recordedAt, $0.id) <= ($1.recordedAt, $1.id) }
    }
}

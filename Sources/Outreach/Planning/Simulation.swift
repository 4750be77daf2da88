// Planning without a store: an in-memory ledger under a clock that jumps.
//
// Every decision is made by `PlanningTurn`, with the orders as they were known at that moment and a history of what was
// sent before. The ledger keeps effects and their keys by the same rules as the store. Nothing is sent; what is ready
// counts as sent immediately, so outages and receivers play no part.
//
// It holds the orders of one shopper, since nothing that one shopper is sent depends on another. A shopper may use
// several addresses, and several customers may share an address: what was sent is looked up by the address, and what
// was ordered by the customer, as in the store.

/// The orders of one shopper, and everything that was decided about them, at one moment.
struct Simulation {
    /// An order, with the last state of its past that was asked for.
    struct Order {
        let record: OrderRecord
        /// Whom its mails go to, normalised for comparison; nil if there is no address.
        let address: String?
        /// The moments at which its past changes, in order.
        let changes: [Moment]
        private var known: OrderRecord?
        /// Until when `known` holds.
        private var knownUntil = Moment.distantPast

        /// An order with a full record, to be viewed as it was known at each moment.
        init(recorded record: OrderRecord) {
            self.record = record
            address = record.comparedAddress
            changes = record.changes
        }

        /// An order that is known in this state until it is replaced.
        init(known record: OrderRecord) {
            self.record = record
            address = record.comparedAddress
            changes = []
            known = record
            knownUntil = .distantFuture
        }

        /// Whether both orders are from the same customer, or from the same address if no customer is known.
        fileprivate func isOfShopper(of other: Order) -> Bool {
            if let customer = other.record.facts.customer?.id { return record.facts.customer?.id == customer }
            return address != nil && address == other.address
        }

        /// The order as it was known then. Moments must be asked for in ascending order.
        fileprivate mutating func known(at moment: Moment) -> OrderRecord {
            if moment < knownUntil, let known { return known }
            let record = record.asKnown(at: moment)
            known = record
            knownUntil = changes.first { $0 > moment } ?? .distantFuture
            return record
        }
    }

    private struct Key: Hashable {
        var trigger: String
        var line: String
        var key: String
    }

    /// A message that reached the shopper.
    private struct Contact {
        var at: Moment
        var address: String?
        /// Its position in `effects`; nil for what was sent before the start.
        var effect: Int?
        /// For what was sent before the start: whether it was about the first order.
        var isAboutOrder = false
    }

    /// The triggers, and the moment.
    var turn: PlanningTurn
    var orders: [Order]
    /// Every effect, in the order of its number, starting from 1.
    private(set) var effects: [Effect] = []
    /// What was known about the shopper before the start.
    var past = History()
    private let silences: [Replay.Silence]
    /// The shopper's ratings as they stand at the end, by the number of the question.
    private let ratings: [Int64: History.RatingNow]
    /// What the shopper was offered while the shop was live, by the number that events name.
    private let pastOffers: [Int64: Replay.PastOffer]
    /// What is booked for an effect, and what is offered by it, by its number.
    private(set) var bookings: [Int64: Booking] = [:]
    private(set) var offers: [Int64: Offer] = [:]
    private let places: [String: Int]
    /// True if what belongs to no order is taken to be about the first one, as in an example, which has only one.
    var othersAreAboutFirst = false
    /// The positions in `effects` of those that hold a key.
    private var holders: [Key: Int] = [:]
    /// The newest key of an occurrence that repeated after its pause.
    private var repetitions: [Key: String] = [:]
    /// The positions of the waiting effects.
    private var waiting: [Int] = []
    /// When mail to the shopper was sent, in order.
    private var contacts: [Contact] = []

    /// Orders of one shopper to whom nothing was sent yet.
    init(
        _ planner: Planner, orders: [Order], silences: [Replay.Silence] = [],
        ratings: [Int64: History.RatingNow] = [:], offers: [Int64: Replay.PastOffer] = [:],
        now: Moment = .distantPast
    ) {
        self.ratings = ratings
        pastOffers = offers
        turn = PlanningTurn(planner, now: now)
        self.orders = orders
        self.silences = silences
        places = Dictionary(orders.enumerated().map { ($1.record.facts.id, $0) }) { first, _ in first }
    }

    /// When the next effect should be decided: now, if one is already due; nil if none is waiting.
    var nextDue: Moment? {
        var due = Moment.distantFuture
        for place in waiting where effects[place].dueAt < due { due = effects[place].dueAt }
        return due == .distantFuture ? nil : max(due, turn.now)
    }

    /// The waiting effects.
    var waitingEffects: [Effect] { waiting.map { effects[$0] } }

    /// The position of an order, by its id.
    func place(ofOrder id: String) -> Int? { places[id] }

    /// The position of the order that something belongs to, or is about.
    private func place(of aggregate: AggregateID) -> Int? {
        guard let id = aggregate.orderID else { return othersAreAboutFirst ? 0 : nil }
        return places[id]
    }

    // MARK: - Turns

    /// Places events that were recorded now; returns the plans, one for each.
    @discardableResult
    mutating func hear(_ events: some Collection<Event>) -> [Plan] {
        var heard: [PlanningTurn.Heard] = []
        heard.reserveCapacity(events.count)
        for event in events {
            let record = place(of: event.aggregate).map { orders[$0].known(at: turn.now) }
            heard.append(turn.hear(event, record: record))
        }
        var all: [Plan] = []
        while !heard.isEmpty {
            let plans = turn.place(
                heard, existing: { existing($0) }, open: { $0.orderID.map { open(ofOrder: $0) } ?? [] })
            for plan in plans { write(plan) }
            all += plans
            if plans.count == heard.count { break }
            let done = Set(plans.flatMap(\.doneEvents))
            heard.removeAll { done.contains($0.event.id) }
        }
        return all
    }

    /// Decides what is due now, and composes the messages to be sent; returns the plans. What is left over is still
    /// due.
    @discardableResult
    mutating func decide(_ make: (PlanningTurn.Judged, Effect) -> Making) -> [Plan] {
        var due: [Effect] = []
        for place in waiting where effects[place].dueAt <= turn.now { due.append(effects[place]) }
        var judged: [PlanningTurn.Judged] = []
        if due.count == 1 || due.contains(where: { $0.orderID == nil }) {
            for effect in due { judged.append(judge(effect)) }
        } else {
            due = turn.planner.inOrderOfRoom(due)
            var records: [String: OrderRecord] = [:]
            for id in due.compactMap(\.orderID) where records[id] == nil {
                records[id] = places[id].map { orders[$0].known(at: turn.now) }
            }
            let known = RecordSet(shop: turn.planner.shop.domain, orders: records, now: turn.now)
            judged = turn.judge(due, records: known, histories: due.map { history(of: $0) })
        }
        let plans = turn.settle(judged, waiting: { open(ofOrder: $0) }).map { one in
            turn.finish(one, turn.draft(of: one).map { make(one, $0) })
        }
        for plan in plans { write(plan) }
        return plans
    }

    private mutating func judge(_ effect: Effect) -> PlanningTurn.Judged {
        let record = effect.aggregate.flatMap(place).map { orders[$0].known(at: turn.now) }
        return turn.judge(effect, record: record, history: history(of: effect))
    }

    /// Records something that a trigger sent before the start, about an event that is not on record.
    ///
    /// - Parameters:
    ///   - reachesShopper: whether it counts as contact.
    ///   - isAboutOrder: whether it was about the first order.
    mutating func told(
        _ event: Event, by trigger: String, at moment: Moment, reachesShopper: Bool, isAboutOrder: Bool
    ) {
        turn.now = moment
        let heard = turn.hear(event, record: orders[0].known(at: moment))
        let own = PlanningTurn.Heard(
            event: event, matches: heard.matches.filter { $0.trigger == trigger }, reads: heard.reads, misses: [])
        for plan in turn.place([own], existing: { existing($0) }, open: { _ in [] }) {
            for change in plan.changes where change.effect.id == 0 {
                var effect = change.effect
                effect.state = .sent
                effect.reason = .accepted
                effect.decidedAt = moment
                write(effect)
            }
        }
        if reachesShopper {
            contacts.append(Contact(at: moment, address: orders[0].address, isAboutOrder: isAboutOrder))
        }
    }

    // MARK: - The ledger

    private func existing(_ match: Planner.Match) -> [Effect] {
        var found: [Effect] = []
        for key in match.keys {
            var key = Key(trigger: match.trigger, line: match.line, key: key)
            if match.pause != nil, let newest = repetitions[key] { key.key = newest }
            guard let place = holders[key], !found.contains(where: { $0.id == effects[place].id }) else { continue }
            found.append(effects[place])
        }
        return found
    }

    private func open(ofOrder id: String) -> [Effect] {
        waiting.sorted().lazy.map { effects[$0] }.filter { $0.orderID == id }
    }

    private mutating func write(_ plan: Plan) {
        for change in plan.changes {
            if change.effect.id != 0 {
                bookings[change.effect.id] = change.booking ?? bookings[change.effect.id]
                offers[change.effect.id] = change.offer ?? offers[change.effect.id]
            }
            write(change.effect)
        }
    }

    /// Writes an effect's current state.
    private mutating func write(_ changed: Effect) {
        var effect = changed
        let place: Int
        if effect.id == 0 {
            place = effects.count
            effect.id = Int64(place + 1)
            effects.append(effect)
            hold(effect.keys, of: effect, place: place)
        } else {
            place = Int(effect.id) - 1
            let before = effects[place]
            if before.keys != effect.keys {
                if !before.usesKeyUp {
                    for key in before.keys where !effect.keys.contains(key) {
                        let key = Key(trigger: effect.trigger, line: effect.line, key: key)
                        if holders[key] == place { holders[key] = nil }
                    }
                }
                hold(effect.keys, of: effect, place: place)
            }
        }
        if effect.state == .ready {
            effect.state = .sent
            if effect.isContact {
                contacts.append(Contact(at: turn.now, address: address(of: effect), effect: place))
            }
            changeConversation(by: effect)
        }
        effects[place] = effect
        if effect.state == .waiting {
            if !waiting.contains(place) { waiting.append(place) }
        } else if let index = waiting.firstIndex(of: place) {
            waiting.remove(at: index)
        }
    }

    /// What is done in a conversation changes it.
    private mutating func changeConversation(by effect: Effect) {
        guard let place = effect.aggregate.flatMap(place) else { return }
        var record = orders[place].known(at: turn.now)
        guard var conversation = record.conversation else { return }
        let action = turn.planner.triggers.entry(effect.trigger)?.line(named: effect.line)?.action
        if effect.line == SendLine.answerName {
            (conversation.state, conversation.waitsSince, conversation.decideBy) = (.ours, nil, nil)
        } else if let action, action.channel == .desk {
            let act = DeskAct(action, of: effect)
            guard let change = ConversationRules.act(act, in: conversation, now: turn.now) else { return }
            conversation = change.record
        } else {
            return
        }
        record.conversation = conversation
        orders[place] = Order(known: record)
    }

    private mutating func hold(_ keys: [String], of effect: Effect, place: Int) {
        for key in keys {
            holders[Key(trigger: effect.trigger, line: effect.line, key: key)] = place
            let stem = Planner.stem(of: key)
            guard stem.utf8.count < key.utf8.count else { continue }
            let base = Key(trigger: effect.trigger, line: effect.line, key: stem)
            repetitions[base] = max(repetitions[base] ?? "", key)
        }
    }

    // MARK: - What was told before

    private func order(of effect: Effect) -> Order? { effect.orderID.flatMap { places[$0] }.map { orders[$0] } }

    /// Whom it goes to, normalised for comparison.
    private func address(of effect: Effect) -> String? {
        let order = order(of: effect)
        return effect.channel == .sms ? order?.record.phone?.text : order?.address
    }

    /// What was told of a rating by then: its last score, and the words beside it if that is still the one given.
    private func rating(_ request: Int64, at now: Moment) -> History.RatingNow? {
        let told = orders.flatMap(\.record.events).filter {
            $0.ratingRequest == request && $0.recordedAt <= now && $0.silence == nil
        }
        guard let score = told.max(by: { ($0.happenedAt, $0.id) < ($1.happenedAt, $1.id) })?.ratingScore else {
            return nil
        }
        let kept = ratings[request]
        return History.RatingNow(score: score, words: kept?.score == score ? kept?.words : nil)
    }

    private func history(of effect: Effect) -> History {
        let now = turn.now
        var history = past
        let subject = effect.event?.occurrences.first?.subject
        for contact in contacts {
            guard let place = contact.effect else {
                if contact.isAboutOrder, effect.orderID == orders[0].record.facts.id {
                    history.messagesAboutOrder += 1
                    history.messagesAboutSubject += 1
                }
                continue
            }
            guard effects[place].aggregate == effect.aggregate else { continue }
            history.messagesAboutOrder += 1
            if effects[place].events.contains(where: { $0.occurrences.contains { $0.subject == subject } }) {
                history.messagesAboutSubject += 1
            }
        }
        let own = order(of: effect)
        let week = now - .days(7)
        let address = address(of: effect)
        let reached = contacts.lazy.filter { $0.address == address && $0.address != nil }
        history.messagesLast7Days += reached.reduce(0) { $0 + ($1.at > week ? 1 : 0) }
        if let last = reached.map(\.at).max() {
            history.lastMessageAt = max(history.lastMessageAt ?? .distantPast, last)
        }
        if let window = turn.planner.triggers.settings.limit?.window {
            history.counted += reached.filter { $0.at + window > now }.map(\.at)
        }
        let month = now - .days(30)
        var rated = Moment.distantPast
        for order in orders where own.map(order.isOfShopper) ?? false {
            let placed = order.record.facts.processedAt
            if placed > month, placed <= now, !order.record.facts.test, order.record.facts.replaces == nil {
                history.ordersLast30Days += 1
            }
            for event in order.record.events
            where event.recordedAt <= now && event.kind.isProblem && event.silence != .testOrder {
                history.lastProblemAt = max(history.lastProblemAt ?? .distantPast, event.happenedAt)
                guard order.record.facts.id != own?.record.facts.id else { continue }
                history.otherProblemAt = max(history.otherProblemAt ?? .distantPast, event.happenedAt)
            }
            for event in order.record.events where event.recordedAt <= now && event.silence == nil {
                if let score = event.ratingScore, event.happenedAt >= rated {
                    (history.lastRating, rated) = (score, event.happenedAt)
                }
            }
        }
        if let number = effect.event?.offerNumber, let past = pastOffers[number] {
            history.offer = OfferNow(past.offer, state: .open)
        }
        if let request = effect.event?.ratingRequest { history.rating = rating(request, at: now) ?? history.rating }
        if turn.planner.asksForRating(effect) {
            for place in contacts.compactMap(\.effect) where effects[place].id != effect.id {
                let other = effects[place]
                guard turn.planner.asksForRating(other), let order = self.order(of: other),
                    order.address == own?.address && own?.address != nil || own.map(order.isOfShopper) ?? false
                else { continue }
                history.lastAskedAt = max(history.lastAskedAt ?? .distantPast, other.decidedAt ?? other.createdAt)
            }
        }
        if !silences.isEmpty {
            let stream = turn.planner.stream(of: effect)
            history.silenced = silences.contains { silence in
                (silence.orderIDs.map { $0.contains(effect.orderID ?? "") } ?? true)
                    && silence.begunAt <= now && (silence.endsAt.map { $0 > now } ?? true)
                    && silence.stream.silences(stream)
            }
        }
        if let teller = turn.planner.teller(of: effect) {
            history.isToldAlready =
                effects.last { $0.line == teller.name && $0.tells(of: effect) }.map { $0.state != .waiting } ?? true
        }
        if let own, let question = turn.planner.giftQuestion(of: effect, record: own.record, now: now) {
            history.gifts = gifts(question, but: effect)
        }
        if let own, let question = turn.planner.remedyQuestion(of: effect, record: own.record, now: now) {
            history.remedies = remedies(question, but: effect)
        }
        if let own, let returned = turn.planner.returnQuestion(of: effect), history.returned == nil {
            history.returned = story(of: returned, own.record)
        }
        let replacers = turn.planner.triggers.replacers(of: effect.trigger)
        if !replacers.isEmpty {
            let isShadow = turn.planner.isShadow(effect.trigger)
            for other in effects
            where other.aggregate == effect.aggregate && replacers.contains(other.trigger)
                && (other.state == .sent || other.state == .shadowed && isShadow)
            {
                history.told.append(
                    History.Told(
                        trigger: other.trigger, subjects: other.events.flatMap { $0.occurrences.map(\.subject) }))
            }
        }
        return history
    }
}

extension Simulation {
    /// What this shopper was given. What others were given is not known here, so budgets hold nothing back.
    private func gifts(_ question: GiftQuestion, but effect: Effect) -> GiftHistory {
        var history = GiftHistory()
        for other in effects where other.id != effect.id && other.state == .sent {
            guard turn.planner.gift(of: other)?.name == question.gift,
                question.scope == .customer || question.scope == .order && other.orderID == question.orderID
            else { continue }
            history.lastGivenAt = max(history.lastGivenAt ?? .distantPast, other.decidedAt ?? other.createdAt)
        }
        return history
    }

    /// On what terms a return was approved here: what the policy says of the order. What she wished for is not known.
    private func story(of returned: String, _ record: OrderRecord) -> ReturnStory? {
        let isApproved = effects.contains { other in
            other.state == .sent && other.event?.returnID == returned
                && turn.planner.returnVerb(of: other) == .approveReturn
        }
        guard isApproved,
            case .approved(let terms)? = turn.planner.outlook(
                ofReturning: record, history: History(), now: turn.now)
        else { return nil }
        return ReturnStory(terms: terms)
    }

    /// What this shopper was offered, and what was done for her. What others at her door were given is not known here.
    private func remedies(_ question: RemedyQuestion, but effect: Effect) -> RemedyHistory {
        var history = RemedyHistory(currency: question.currency)
        for other in effects where other.id != effect.id && other.state == .sent {
            guard let booking = bookings[other.id], booking.budget == .remedies else { continue }
            // What people refused, and what nobody chose, is as it was.
            let past = pastOffers.isEmpty ? nil : pastOffers.values.first { $0.isOf(other) }
            if let freedAt = past?.freedAt, freedAt <= turn.now { continue }
            if booking.currency == question.currency { history.value += booking.amount }
            if turn.now - (other.decidedAt ?? other.createdAt) < .days(180) { history.last180Days += 1 }
        }
        return history
    }
}

extension OrderRecord {
    /// The address as it is compared with others: case and spaces do not distinguish mailboxes.
    fileprivate var comparedAddress: String? {
        (facts.email ?? facts.customer?.email)?.lowercased().filter { !$0.isWhitespace }
    }

    /// The moments at which `asKnown(at:)` changes, in order.
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

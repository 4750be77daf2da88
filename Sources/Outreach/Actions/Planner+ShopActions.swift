// What is done in the shop: whether it may be, how much it costs, and of which budget.
//
// A line of `do` becomes an effect as a letter does, and is judged with it (`notDoing`). What a person or another part of
// Bookbag decides is planned here in one step (`decide`), from what the store knows in the same transaction: the row with
// its frozen bytes, and its cost booked. Either way the attempt is judged again, and the channel looks at the shop before
// it does anything that moves goods or money.

public import Foundation

/// An action that somebody wants done for an order.
public struct ActionRequest: Hashable, Sendable {
    public var action: ShopAction
    /// The shop's id of the order.
    public var orderID: String
    /// Who wants it. A person may do more than a trigger: where a dispute, a return or a refund is in progress, what moves
    /// goods or money is done for a person alone. What a person approved is a person's.
    public var origin: EffectOrigin
    /// What wants it: a trigger's name, `remedy lost-parcel`, `desk`.
    public var by: String
    /// What makes it the same action when it is asked for again: with `by`, `origin` and the action's line it is done once,
    /// for ever.
    public var key: String
    /// Why, for `explain` and the desk: the line of the policy and what it saw. Without anybody's data.
    public var why: String

    public init(
        _ action: ShopAction, order: String, origin: EffectOrigin, by: String, key: String, why: String
    ) {
        self.action = action
        orderID = order
        self.origin = origin
        self.by = by
        self.key = key
        self.why = why
    }

    /// The key under which the store knows it.
    public func occurrence(shop: String) -> OccurrenceKey {
        OccurrenceKey(shop: shop, origin: origin, trigger: by, line: action.line, key: key)
    }
}

/// What became of a request.
public enum ActionOutcome: Hashable, Sendable {
    /// It is decided, and will be done; `shadowed` where the shop is in shadow mode.
    case decided(effect: Int64, Effect.State)
    /// It was decided before: the effect of that number.
    case already(effect: Int64, Effect.State)
    /// It is not done, and nothing was written.
    case refused(ActionRefusal)
}

/// What the operator allows of one verb, whatever policy.yaml says, in the shop's currency.
public struct ActionCeiling: Hashable, Sendable {
    /// What one may cost; nil if that is not limited.
    public var each: Decimal?
    /// What all may cost in a calendar period. All of them hold.
    public var allowances: [Allowance] = []

    public init() {}

    /// A sum without a period: `150.00`. Nil for anything else.
    package static func each(_ text: String) -> Decimal? { CurrencyUnits.read(text.trimmingSpaces) }
}

/// An allowance with what it may come to.
struct Cap: Hashable, Sendable {
    var allowance: Allowance
    /// In the smallest unit of the currency; nil if only the number counts.
    var sum: Int64?
    var count: Int?
    /// The one verb or gift that counts; nil if all of the budget do.
    var only: String?
}

extension Planner {
    /// The currency of all sums: the policy's, and without a policy the shop's own.
    var currency: String? { triggers.policy?.currency ?? shop.currency }

    /// The day where the shop is.
    func today(_ now: Moment) -> CalendarDay { shopZone.day(at: now) }

    /// What a line of `do` does in the shop; nil if the effect is no such thing, or a gift, which has its own rules.
    func actionLine(of effect: Effect) -> ActionLine? {
        guard effect.channel == .shop, effect.event != nil,
            let action = triggers.entry(effect.trigger)?.line(named: effect.line)?.action,
            let verb = ShopVerb(rawValue: action.verb), verb != .give
        else { return nil }
        return action
    }

    /// What holds for a verb: the budget of policy.yaml, and the operator's ceilings. Throws if one of them cannot be
    /// counted.
    ///
    /// - Parameter isOffered: true for a part of an offer, which has its room in the budget already: only the ceilings of
    ///   the verb itself hold.
    func caps(of verb: ShopVerb, isOffered: Bool = false) throws(ActionRefusal) -> [Cap] {
        guard let currency, verb.budget != nil else { return [] }
        // What goes back for returned goods is hers: no budget of the merchant's holds it, the operator's ceiling does.
        let ceilings = verb.ceiling.flatMap { actionCeilings[$0] }?.allowances ?? []
        let budget: [Allowance] =
            switch verb.budget {
            case .remedies where isOffered: []
            case .remedies: (triggers.policy?.remedyBudget ?? []) + remedyCeilings
            case .labels: triggers.policy?.labelBudget ?? []
            default: []
            }
        let all = budget.map { ($0, nil as String?) } + ceilings.map { ($0, Booking.name(ofVerb: verb)) }
        var caps: [Cap] = []
        for (allowance, only) in all {
            switch allowance.most {
            case .count(let count): caps.append(Cap(allowance: allowance, sum: nil, count: count, only: only))
            case .sum(let sum):
                guard allowance.currency ?? currency == currency, let units = CurrencyUnits.units(sum, in: currency)
                else { throw ActionRefusal(.budget, "'\(allowance)' is in another currency than \(currency)") }
                caps.append(Cap(allowance: allowance, sum: units, count: nil, only: only))
            }
        }
        return caps
    }

    /// What has to be known of the budgets to decide an action; nil if it costs nothing.
    ///
    /// - Parameters:
    ///   - returnID: the return that gets a label; nil for anything else.
    ///   - isOffered: true for a part of an offer.
    func question(
        _ verb: ShopVerb, record: OrderRecord, returnID: String? = nil, isOffered: Bool = false, now: Moment
    ) -> GiftQuestion? {
        guard let budget = verb.budget, verb != .give, let currency,
            let caps = try? caps(of: verb, isOffered: isOffered)
        else { return nil }
        var question = GiftQuestion(
            gift: Booking.name(ofVerb: verb), currency: currency, scope: verb == .buyLabel ? .order : nil,
            customerID: record.remediedPerson ?? record.facts.id,
            orderID: returnID ?? record.facts.id, address: record.facts.shippingAddress?.compared,
            since: caps.map {
                GiftQuestion.Since(moment: $0.allowance.period.start(at: now, in: shopZone), only: $0.only)
            })
        question.budget = budget
        return question
    }

    /// The same for a line of `do` that waits to be decided.
    func actionQuestion(of effect: Effect, record: OrderRecord?, now: Moment) -> GiftQuestion? {
        guard effect.state == .waiting, let line = actionLine(of: effect), let verb = ShopVerb(rawValue: line.verb),
            let record, record.isOrder
        else { return nil }
        return question(
            verb, record: record, returnID: verb == .buyLabel ? effect.returnID : nil, now: now)
    }

    // MARK: - May it be done

    /// Why nothing of the kind is done for an order; nil if it may be.
    ///
    /// - Parameter isPersons: true if a person decided it.
    func objection(to verb: ShopVerb, of record: OrderRecord, isPersons: Bool) -> ActionRefusal? {
        guard record.isOrder else { return ActionRefusal(.noOrder, "it is about no order") }
        let facts = record.facts
        if facts.test { return ActionRefusal(.testOrder, "nothing is done for a test order") }
        if verb.needsOpenOrder, facts.cancelledAt != nil {
            return ActionRefusal(.cancelled, "the order is cancelled")
        }
        guard verb.movesValue, verb != .give, !isPersons else { return nil }
        if facts.hasRefundInProgress { return ActionRefusal(.needsPerson, "a refund is in progress") }
        if facts.replaces != nil { return ActionRefusal(.needsPerson, "its goods were sent again") }
        if !verb.isReturn, facts.returns.contains(where: { [.requested, .open, .closed].contains($0.status) }) {
            return ActionRefusal(.needsPerson, "goods of the order are coming back, or came back")
        }
        return nil
    }

    /// Why nothing may be spent of an allowance, whatever is left of it: a backup was restored in its period, and nobody
    /// has said since that it may. Nil if it may.
    func closed(_ allowance: Allowance, now: Moment) -> String? {
        guard let pause = pauses[.budgets], pause.holds(at: now),
            allowance.period.start(at: now, in: shopZone) <= pause.since
        else { return nil }
        return
            "a backup was restored on \(shopZone.day(at: pause.since)), so '\(allowance)' counts as used up \(allowance.period.present) ('bookbag resume budgets' opens it)"
    }

    /// Whether there is room for a cost; throws if there is none.
    ///
    /// - Parameter known: what was spent of each of `caps`.
    func check(
        _ verb: ShopVerb, cost: Int64, of caps: [Cap], known: GiftHistory, currency: String, now: Moment
    ) throws(ActionRefusal) {
        if let own = shop.currency, own != currency {
            throw ActionRefusal(.off, "policy.yaml counts in \(currency), and the shop's currency is \(own)")
        }
        let written = CurrencyUnits.written(cost, in: currency)
        if let each = verb.ceiling.flatMap({ actionCeilings[$0]?.each }) {
            guard let most = CurrencyUnits.units(each, in: currency), cost <= most else {
                throw ActionRefusal(
                    .budget, "it costs \(written) \(currency), and one may cost \(each) ('ceilings' in bookbag.yaml)")
            }
        }
        for (index, cap) in caps.enumerated() {
            let spent = known.spent.indices.contains(index) ? known.spent[index] : GiftHistory.Spent()
            let period = cap.allowance.period.present
            if let closed = closed(cap.allowance, now: now) { throw ActionRefusal(.budget, closed) }
            if let sum = cap.sum, spent.sum + cost > sum {
                let left = CurrencyUnits.written(max(0, sum - spent.sum), in: currency)
                throw ActionRefusal(
                    .budget,
                    "it costs \(written) \(currency), and \(left) are left \(period) of '\(cap.allowance)'")
            }
            if let count = cap.count, spent.count + 1 > count {
                throw ActionRefusal(.budget, "\(spent.count) of '\(cap.allowance)' are given \(period)")
            }
        }
    }

    /// What an action that is decided now costs, and of what; nil if it costs nothing. Throws if it may not be done.
    private func price(
        _ action: ShopAction, record: OrderRecord, known: GiftHistory, origin: EffectOrigin, why: String,
        offer: Int64? = nil, story: ReturnStory? = nil, now: Moment
    ) throws(ActionRefusal) -> Booking? {
        let verb = action.verb
        guard let budget = verb.budget, verb != .give else { return nil }
        guard let currency else { throw ActionRefusal(.noAmount, "the shop's currency is not known yet") }
        if origin != .person, offer == nil, verb.isRemedy, triggers.policy?.remedyBudget.isEmpty ?? true {
            throw ActionRefusal(.budget, "policy.yaml has no 'budgets: { remedies: … }'")
        }
        var subject = record.facts.id
        if case .buyLabel(let label) = action {
            if let no = objection(toLabelOf: label.returnID, record, story) { throw no }
            if triggers.policy?.labelBudget.isEmpty ?? true {
                throw ActionRefusal(.budget, "policy.yaml has no 'budgets: { labels: … }'")
            }
            if let last = known.lastGivenAt {
                throw ActionRefusal(.alreadyTold, "the return's label was decided on \(shopZone.day(at: last))")
            }
            subject = label.returnID
        }
        // An offer has its room in the budget already; the operator's ceilings for the verb hold all the same.
        let caps = try caps(of: verb, isOffered: offer != nil)
        guard var cost = try action.cost(of: record, in: currency) else { return nil }
        if let offer { cost = min(cost, offer) }
        try check(verb, cost: cost, of: caps, known: known, currency: currency, now: now)
        var words = "\(action.words), counts as \(CurrencyUnits.written(cost, in: currency)) \(currency): \(why)"
        var open: [Booking.Cap] = []
        for (index, cap) in caps.enumerated() {
            let spent = known.spent.indices.contains(index) ? known.spent[index] : GiftHistory.Spent()
            let before =
                cap.sum == nil ? "\(spent.count)" : "\(CurrencyUnits.written(spent.sum, in: currency)) \(currency)"
            words += "; \(before) given \(cap.allowance.period.present) of '\(cap.allowance)'"
            var one = Booking.Cap(
                since: cap.allowance.period.start(at: now, in: shopZone), sum: cap.sum, count: cap.count, spent: spent)
            one.only = cap.only
            open.append(one)
        }
        var booking = Booking(
            gift: Booking.name(ofVerb: verb), amount: cost, currency: currency,
            customerID: record.remediedPerson ?? record.facts.id, orderID: subject,
            address: record.facts.shippingAddress?.compared,
            teller: offer == nil ? verb.rawValue : Booking.remedyTeller,
            caps: open, isTold: true, why: words)
        booking.budget = budget
        // A return gets one, whoever decides it.
        if budget == .labels { (booking.scope, booking.lastGivenAt) = (.order, known.lastGivenAt) }
        return booking
    }

    // MARK: - Lines of `do`

    /// What a line of `do` does now for its order.
    private func make(
        _ line: ActionLine, of effect: Effect, for record: OrderRecord, now: Moment
    ) throws(ActionRefusal) -> ShopAction {
        try ShopAction.make(
            line, for: record, currency: currency, today: today(now), returnID: effect.returnID,
            policy: triggers.policy)
    }

    /// Why a line of `do` does nothing now; nil if it may. What is ready has its room already.
    func notDoing(_ line: ActionLine, _ effect: Effect, _ evaluation: EvaluationContext, _ history: History)
        -> Decision?
    {
        // What the desk does for a return has its own rules (`returning`).
        guard line.channel == .shop, let verb = ShopVerb(rawValue: line.verb), verb != .give else { return nil }
        if !verb.hasBegun(effect), let no = objection(to: verb, of: evaluation.record, isPersons: false) {
            return .skip(because: no.reason, detail: no.detail)
        }
        guard effect.state == .waiting else { return nil }
        do throws(ActionRefusal) {
            let action = try make(line, of: effect, for: evaluation.record, now: evaluation.now)
            _ = try price(
                action, record: evaluation.record, known: history.gifts ?? GiftHistory(), origin: .trigger, why: "",
                story: history.returned, now: evaluation.now)
            return nil
        } catch {
            return .skip(because: error.reason, detail: error.detail)
        }
    }

    /// What a line of `do` that is decided now costs; nil if it costs nothing.
    func actionBooking(of effect: Effect, record: OrderRecord?, history: History, now: Moment) -> Booking? {
        guard effect.state == .waiting, let line = actionLine(of: effect), let record,
            let trigger = triggers.trigger(effect.trigger),
            let action = try? make(line, of: effect, for: record, now: now)
        else { return nil }
        return try? price(
            action, record: record, known: history.gifts ?? GiftHistory(), origin: .trigger,
            why: "'\(line.written)' of \(trigger.file)", story: history.returned, now: now)
    }

    /// What a line of `do` that was done, or would be, costs in the policy's currency; nil if nothing.
    func cost(ofDone effect: Effect, record: OrderRecord) -> (verb: ShopVerb, cost: Int64)? {
        guard let line = actionLine(of: effect), let currency,
            let action = try? make(line, of: effect, for: record, now: effect.decidedAt ?? effect.createdAt),
            let cost = try? action.cost(of: record, in: currency)
        else { return nil }
        return (action.verb, cost)
    }

    /// Whether an action that was decided without an event still holds, before each attempt of it.
    func standing(_ effect: Effect, _ record: OrderRecord?, now: Moment) -> Judgement? {
        guard effect.channel == .shop, effect.event == nil, effect.aggregate != nil,
            let verb = ShopVerb(line: effect.line)
        else { return nil }
        if let end = pauses[.actions]?.end(at: now) { return Judgement(decision: .wait(until: end, because: .paused)) }
        // Whether it was done has to be seen first, whatever holds by now.
        if verb.hasBegun(effect) { return Judgement(decision: .send) }
        guard let record else { return Judgement(decision: .skip(because: .erased)) }
        switch triggers.settings.mode {
        case .live: break
        case .shadow: return Judgement(decision: .shadow)
        case .off: return Judgement(decision: .skip(because: .off))
        }
        if let no = objection(to: verb, of: record, isPersons: effect.origin == .person) {
            return Judgement(decision: .skip(because: no.reason, detail: no.detail))
        }
        return Judgement(decision: .send)
    }

    // MARK: - What others decide

    /// What has to be known of the budgets to decide a request.
    ///
    /// - Parameter isOffered: true for a part of an offer.
    public func question(
        _ request: ActionRequest, record: OrderRecord, isOffered: Bool = false, now: Moment
    ) -> GiftQuestion? {
        var returnID: String?
        if case .buyLabel(let label) = request.action { returnID = label.returnID }
        return question(
            request.action.verb, record: record, returnID: returnID, isOffered: isOffered, now: now)
    }

    /// The plan that does what is asked for: one new effect, ready, with its bytes and its cost.
    ///
    /// - Parameters:
    ///   - known: the answer to `question`, asked as a part of an offer if it is one.
    ///   - codes: makes the marks by which actions are recognised in the shop.
    ///   - offer: what it costs at most as a part of an offer, whose booking had room for it; nil for anything else.
    public func decide(
        _ request: ActionRequest, record: OrderRecord?, known: GiftHistory?, codes: GiftCodes, offer: Int64? = nil,
        now: Moment
    ) throws(ActionRefusal) -> Plan {
        guard let record, record.isOrder else { throw ActionRefusal(.erased, "the order is not known any more") }
        let action = request.action
        if triggers.settings.mode == .off { throw ActionRefusal(.off, "the shop is off ('mode' in shop.yaml)") }
        if let no = objection(to: action.verb, of: record, isPersons: request.origin == .person) { throw no }
        if case .tagCustomer = action, record.facts.customer == nil {
            throw ActionRefusal(.noRecipient, "the order has no customer account")
        }
        if case .storeCredit = action, record.facts.customer == nil {
            throw ActionRefusal(.noRecipient, "the order has no customer account")
        }
        if case .settleReturn(_, .storeCredit, _, _) = action, record.facts.customer == nil {
            throw ActionRefusal(.noRecipient, "the order has no customer account")
        }
        var effect = Effect(
            to: Route(shop: record.shop, channel: .shop), origin: request.origin, isContact: false, by: request.by,
            line: action.line, keys: [request.key], about: .order(record.facts.id), dueAt: now, createdAt: now)
        let booking = try price(
            action, record: record, known: known ?? GiftHistory(), origin: request.origin, why: request.why,
            offer: offer, now: now)
        let isShadow = triggers.settings.mode == .shadow
        effect.state = isShadow ? .shadowed : .ready
        effect.reason = isShadow ? .shadow : nil
        effect.decidedAt = now
        effect.detail = booking?.why ?? request.why
        let command = ActionCommand(
            action, for: record, mark: codes.mark(of: effect), isPersons: request.origin == .person, decidedAt: now,
            zone: shopZone)
        var change = PlannedChange(
            effect: effect,
            note: DecisionNote(at: now, state: effect.state, reason: effect.reason, detail: effect.detail),
            message: command.message(id: MessageIdentity.decidedAct(of: effect), why: request.by))
        if !isShadow { change.booking = booking }
        return Plan(shop: record.shop, changes: [change], reads: record.reads)
    }
}

extension ActionLine {
    /// As it is written in a file, in short: `tag_order: vip`, `refund: 20%`.
    public var written: String {
        let value = object.isEmpty ? details["amount"] ?? "" : object
        return value.isEmpty ? verb : "\(verb): \(value)"
    }
}

extension ShopVerb {
    /// Whether an act may have changed the shop already. A cancellation and a new address take several steps: in between
    /// the order is seen as it was made by them, and the act itself looks at what is left to do.
    fileprivate func hasBegun(_ effect: Effect) -> Bool {
        switch self {
        case .cancelOrder, .changeAddress: effect.attempts > 0
        default: effect.attemptsInDoubt > 0
        }
    }
}

// Whether a gift may be given: after everything that holds the message that tells of it, what the policy says, to whom
// it was given before, and what is left of the budgets.

extension Planner {
    /// The gift that a line of a trigger gives.
    func gift(of effect: Effect) -> (name: String, gift: Gift?)? {
        guard effect.origin == .trigger,
            let name = triggers.entry(effect.trigger)?.line(named: effect.line)?.gift
        else { return nil }
        return (name, triggers.policy?.gift(name))
    }

    /// The allowances that hold for gifts, with what each may come to in the policy's currency. Nil if one of them cannot
    /// be counted in it.
    private func allowances(_ policy: Policy) -> [(allowance: Allowance, sum: Int64?, count: Int?)]? {
        policy.counted(policy.giftBudget + giftCeilings)
    }

    /// What has to be known to judge a gift; nil for any other effect, and for one that is decided.
    func giftQuestion(of effect: Effect, record: OrderRecord?, now: Moment) -> GiftQuestion? {
        if let question = actionQuestion(of: effect, record: record, now: now) { return question }
        guard effect.state == .waiting, let gift = gift(of: effect)?.gift, let policy = triggers.policy, let record,
            record.isOrder, let customer = record.facts.customer?.id, let allowances = allowances(policy)
        else { return nil }
        return GiftQuestion(
            gift: gift.name, currency: policy.currency, scope: gift.scope, customerID: customer,
            orderID: record.facts.id, address: record.facts.shippingAddress?.compared,
            since: allowances.map {
                GiftQuestion.Since(moment: $0.allowance.period.start(at: now, in: shopZone))
            })
    }

    /// Why a gift is not given; nil if it may be. What is ready has its room already.
    func notGiving(
        _ effect: Effect, _ evaluation: EvaluationContext, _ history: History
    ) -> (reason: Reason, detail: String?)? {
        guard let (name, gift) = gift(of: effect), effect.state == .waiting else { return nil }
        guard let gift, let policy = triggers.policy else {
            return (.off, "policy.yaml has no gift '\(name)'")
        }
        if let currency = shop.currency, currency != policy.currency {
            return (.off, "policy.yaml counts in \(policy.currency), and the shop's currency is \(currency)")
        }
        let record = evaluation.record
        guard record.isOrder, record.facts.customer != nil else {
            return (.noRecipient, "the order has no customer whose gift it could be")
        }
        if record.facts.cancelledAt != nil { return (.cancelled, nil) }
        if record.facts.replaces != nil { return (.ownAction, "its goods were sent again") }
        guard let allowances = allowances(policy) else {
            return (.budget, "a ceiling of bookbag.yaml is in another currency than \(policy.currency)")
        }
        let known = history.gifts ?? GiftHistory()
        if gift.scope != nil, let last = known.lastGivenAt {
            let again = gift.every.map { calendar.moment($0, after: last, in: shopZone) }
            if again.map({ $0 > evaluation.now }) ?? true {
                return (.hadGift, "'\(name)' was given on \(shopZone.day(at: last))")
            }
        }
        for (index, one) in allowances.enumerated() {
            let spent = known.spent.indices.contains(index) ? known.spent[index] : GiftHistory.Spent()
            if let closed = closed(one.allowance, now: evaluation.now) { return (.budget, closed) }
            if let sum = one.sum, spent.sum + gift.cost > sum {
                let left = CurrencyUnits.written(max(0, sum - spent.sum), in: policy.currency)
                let cost = CurrencyUnits.written(gift.cost, in: policy.currency)
                return (
                    .budget,
                    "'\(name)' counts as \(cost) \(policy.currency), and \(left) are left \(one.allowance.period.present) of '\(one.allowance)'"
                )
            }
            if let count = one.count, spent.count + 1 > count {
                return (.budget, "\(spent.count) of '\(one.allowance)' are given \(one.allowance.period.present)")
            }
        }
        return nil
    }

    /// What a gift that is given now costs, and of what; or another action.
    func booking(of effect: Effect, record: OrderRecord?, history: History, now: Moment) -> Booking? {
        if let booking = actionBooking(of: effect, record: record, history: history, now: now) { return booking }
        guard let question = giftQuestion(of: effect, record: record, now: now),
            let gift = gift(of: effect)?.gift, let policy = triggers.policy, let allowances = allowances(policy),
            let teller = teller(of: effect)
        else { return nil }
        let known = history.gifts ?? GiftHistory()
        let caps = allowances.enumerated().map { index, one in
            Booking.Cap(
                since: question.since[index].moment, sum: one.sum, count: one.count,
                spent: known.spent.indices.contains(index) ? known.spent[index] : GiftHistory.Spent())
        }
        let cost = CurrencyUnits.written(gift.cost, in: policy.currency)
        var why =
            "\(gift.value(in: policy.currency)), counts as \(cost) \(policy.currency): '\(gift.name)' of policy.yaml"
        why += ", line \(gift.line)"
        for (index, one) in allowances.enumerated() {
            let spent = caps[index].spent
            let before =
                one.sum == nil
                ? "\(spent.count)" : "\(CurrencyUnits.written(spent.sum, in: policy.currency)) \(policy.currency)"
            why += "; \(before) given \(one.allowance.period.present) of '\(one.allowance)'"
        }
        return Booking(
            gift: gift.name, amount: gift.cost, currency: policy.currency, customerID: question.customerID,
            orderID: question.orderID, address: question.address, teller: teller.name, caps: caps, scope: gift.scope,
            lastGivenAt: known.lastGivenAt, why: why)
    }

    private var calendar: BusinessCalendar { triggers.settings.calendar(zone: shopZone) }
}

/// What the gifts of one turn take: the second to the same person, and one for which there may be no room once the
/// others are given, are left for the next turn.
struct GiftsOfTurn {
    private var people: Set<String> = []
    private var amount: Int64 = 0
    private var count = 0

    /// Takes a gift's room; false if it has to be judged again when the others are known.
    mutating func take(_ booking: Booking) -> Bool {
        let order = "order \(booking.gift) \(booking.orderID)"
        let own: [String] =
            switch booking.budget {
            case .gifts:
                [
                    "customer \(booking.gift) \(booking.customerID)", order,
                    booking.address.map { "address \(booking.gift) \($0)" },
                ].compactMap(\.self)
            // Of two labels for one return, the other is judged when the first is known.
            case .labels: [order]
            case .remedies, .cancellations, .returns: []
            }
        guard people.isDisjoint(with: own) else { return false }
        for cap in booking.caps {
            if let sum = cap.sum, cap.spent.sum + amount + booking.amount > sum { return false }
            if let most = cap.count, cap.spent.count + count + 1 > most { return false }
        }
        people.formUnion(own)
        amount += booking.amount
        count += 1
        return true
    }
}

internal import Foundation

// What becomes of a return: the first line of the policy that fits says whether it is approved, refused or a person's,
// and later, when the goods are here, what she gets for them. Whatever cannot be decided by the policy goes to a person
// with the reason, and never into silence.
//
//     return.requested ── approve_return ──▶ approved, with the terms │ refused │ a person
//     return.received  ── settle_return  ──▶ paid back as was said    │ a person
//
// A line of `do` becomes an effect of the desk, as a remedy does: what is decided is frozen in it, and the desk's channel
// has the shop's action decided (`Planner.decide`), which is done once and counts against the operator's ceilings.

/// What a return comes to when it is decided.
public enum ReturnDecision: Hashable, Sendable {
    /// Nothing, for that reason.
    case nothing(Reason, detail: String?)
    /// A person has it, with that note; and why, as it is kept.
    case handOver(note: String, why: String)
    /// This is done in the shop.
    case act(ShopAction, why: String)

    /// What is kept with the effect.
    var why: String? {
        switch self {
        case .nothing(_, let detail): detail
        case .handOver(let note, let why): "handed over: \(note)" + (why.isEmpty ? "" : "; \(why)")
        case .act(let action, let why): "\(action.words); \(why)"
        }
    }

    /// What examples compare: what is offered, why it is refused, or the `note` with which a person has it.
    var details: [String: String] {
        switch self {
        case .nothing: [:]
        case .handOver(let note, _): ["note": note]
        case .act(.approveReturn(_, let terms), _):
            ["offers": terms.offer.map(\.rawValue).joined(separator: ", ")]
        case .act(.declineReturn(_, let refusal), _): ["refuses": refusal.rawValue]
        case .act: [:]
        }
    }

    /// What the desk's channel does; nil for nothing.
    func act(_ action: ActionLine, of effect: Effect) -> DeskAct? {
        var act = DeskAct(action, of: effect)
        switch self {
        case .nothing: return nil
        case .handOver(let note, _):
            act.verb = "hand_over"
            act.object = ""
            act.details = ["note": String(note.prefix(500))]
        case .act(let action, let why):
            act.details = ["why": String(why.prefix(1000))]
            act.action = action
        }
        return act
    }
}

/// What a shopper may expect of a return before she asks for it.
public enum ReturnOutlook: Hashable, Sendable {
    /// The policy would approve it on these terms.
    case approved(ReturnTerms)
    /// A person would look at it.
    case person
    case refused(ReturnRefusal)
}

extension Planner {
    /// What a trigger's line decides about a return: `approve_return` or `settle_return`; nil for anything else.
    func returnVerb(of effect: Effect) -> ShopVerb? {
        guard triggers.decidesReturns, effect.origin == .trigger, effect.channel == .desk,
            let action = triggers.entry(effect.trigger)?.line(named: effect.line)?.action
        else { return nil }
        return ShopVerb(rawValue: action.verb).flatMap { $0.isReturn ? $0 : nil }
    }

    /// The return whose story has to be known to judge an effect; nil if it is about none, or nothing asks for it.
    func returnQuestion(of effect: Effect) -> String? {
        guard triggers.decidesReturns else { return nil }
        return effect.event?.returnID
    }

    /// What a return comes to now.
    func returning(_ effect: Effect, _ evaluation: EvaluationContext, _ history: History) -> ReturnDecision {
        let record = evaluation.record
        let facts = record.facts
        guard let verb = returnVerb(of: effect), let event = effect.event else { return .nothing(.off, detail: nil) }
        guard record.isOrder, let id = event.returnID, let item = record.return(id) else {
            return .nothing(.passed, detail: "there is no such return any more")
        }
        if facts.cancelledAt != nil { return .nothing(.cancelled, detail: nil) }
        return verb == .approveReturn
            ? approving(item, event, evaluation, history) : settling(item, evaluation, history)
    }

    // MARK: - Whether it is approved

    private func approving(
        _ item: ReturnFacts, _ event: Event, _ evaluation: EvaluationContext, _ history: History
    ) -> ReturnDecision {
        guard let policy = triggers.policy, let returns = policy.returns else {
            return .nothing(.off, detail: "policy.yaml says nothing of returns")
        }
        guard item.status == .requested else { return .nothing(.passed, detail: "it was decided already") }
        let (line, seen) = returns.firstThatFits(evaluation.scope(event, history: history))
        let heard = seen.isEmpty ? "" : ": \(seen.joined(separator: "; "))"
        guard let line else {
            return .handOver(
                note: "no line of 'returns' in policy.yaml fits",
                why: seen.isEmpty ? "" : "'returns' of policy.yaml, line \(returns.line)\(heard)")
        }
        let why = "'returns' of policy.yaml, line \(line.line)\(heard)"
        switch line.outcome {
        case .handOver(let note): return .handOver(note: note, why: why)
        case .refuse(let refusal): return .act(.declineReturn(id: item.id, because: refusal), why: why)
        case .approve(let terms):
            if let note = objection(toApproving: item, on: terms, evaluation.record) {
                return .handOver(note: note, why: why)
            }
            return .act(.approveReturn(id: item.id, on: terms), why: why)
        }
    }

    /// Why a person should approve a return that the policy would; nil if nobody has to.
    private func objection(
        toApproving item: ReturnFacts, on terms: ReturnTerms, _ record: OrderRecord
    ) -> String? {
        if record.facts.hasRefundInProgress { return "a refund of this order is in progress" }
        if record.facts.replaces != nil { return "this order is another's goods sent again" }
        guard terms.refundWhen == .received, terms.offer != [.exchange],
            let ceiling = actionCeilings[ShopVerb.refund.ceiling ?? ""]?.each, let currency,
            let most = CurrencyUnits.units(ceiling, in: currency)
        else { return nil }
        guard let worth = record.facts.worth(of: item.lineItems),
            let cost = try? record.facts.inShop(worth, currency: currency, up: true),
            let units = CurrencyUnits.units(cost.amount, in: currency)
        else { return "what these goods cost is not known" }
        guard units > most else { return nil }
        let written = CurrencyUnits.written(units, in: currency)
        return "the goods come to \(written) \(currency), and 'ceilings' in bookbag.yaml allows a refund of \(ceiling)"
    }

    /// What a shopper may expect of a return of the order, by the policy as it is; nil if it says nothing of returns.
    ///
    /// - Parameter history: what conditions may ask for.
    public func outlook(ofReturning record: OrderRecord, history: History, now: Moment) -> ReturnOutlook? {
        guard let returns = triggers.policy?.returns else { return nil }
        let event = Event(
            shop: record.shop, orderID: record.facts.id, kind: .returnRequested,
            occurrences: [Event.Occurrence(subject: Subject.order.key, n: 1, mark: "asked")], happenedAt: now,
            recordedAt: now, source: "page")
        switch returns.firstThatFits(evaluation(record, now: now).scope(event, history: history)).line?.outcome {
        case .approve(let terms): return .approved(terms)
        case .refuse(let refusal): return .refused(refusal)
        case .handOver, nil: return .person
        }
    }

    /// What has to be known of what was before to say that; nil if no condition looks at it.
    public func outlookQuestion(_ record: OrderRecord, now: Moment) -> HistoryQuestion? {
        let sources = triggers.policy?.returns?.lines.flatMap { $0.conditions.flatMap(\.sources) } ?? []
        guard sources.contains(where: { $0.contains("customer.") || $0.contains("messages_sent") }) else { return nil }
        var question = HistoryQuestion(
            shop: record.shop, orderID: record.facts.id, subject: .order, address: record.recipient?.address,
            customerID: record.facts.customer?.id)
        if triggers.asksForRemedies, let person = record.remediedPerson {
            question.remedies = RemedyQuestion(
                person: person, customerID: record.facts.customer?.id,
                address: record.facts.shippingAddress?.compared,
                currency: currency ?? record.facts.total?.currency ?? "USD", since: [])
        }
        return question
    }

    // MARK: - What she gets for it

    private func settling(
        _ item: ReturnFacts, _ evaluation: EvaluationContext, _ history: History
    ) -> ReturnDecision {
        let facts = evaluation.record.facts
        guard item.received, [.open, .closed].contains(item.status) else {
            return .nothing(.passed, detail: "nothing of it is here")
        }
        guard let terms = history.returned?.terms else {
            return .nothing(.needsPerson, detail: "a person approved this return, and pays it back")
        }
        if facts.refunds.contains(where: { $0.returnID == item.id }) {
            return .nothing(.passed, detail: "it was paid back already")
        }
        let name = item.name.isEmpty ? "the return" : item.name
        let asked = history.returned?.wish
        let why = "approved on these terms: \(terms.sentence)" + (asked.map { "; she would like \($0.shown)" } ?? "")
        func person(_ note: String) -> ReturnDecision {
            .handOver(note: "The goods of \(name) are here: \(note)", why: why)
        }
        if asked == .exchange { return person("she would like an exchange.") }
        let money: [ReturnWish] = [.refund, .storeCredit]
        // What the policy no longer offers nobody gets by having asked for it.
        let wished = asked.flatMap { terms.offer.contains($0) ? $0 : nil }
        guard let way = wished ?? money.first(where: terms.offer.contains) else {
            return person("the policy offers an exchange alone.")
        }
        guard terms.refundWhen == .received else { return person("she gets \(way.shown), by hand.") }
        if facts.hasRefundInProgress { return person("a refund of the order is in progress.") }
        if way == .storeCredit, facts.customer == nil {
            return person("she would like store credit, and the order has no customer account.")
        }
        guard let worth = facts.worth(of: item.lineItems), worth.amount > 0 else {
            return person("what was paid for them is not known.")
        }
        let day = today(evaluation.now).adding(days: 365)
        return .act(
            .settleReturn(id: item.id, as: way, atMost: worth, expiresOn: way == .storeCredit ? day : nil), why: why)
    }
}

extension ReturnPolicy {
    /// The line that decides, and how the conditions turned out up to it; no line if none fits.
    func firstThatFits(_ scope: Scope) -> (line: Line?, seen: [String]) {
        var seen: [String] = []
        for line in lines {
            if let failed = line.conditions.first(where: { !$0.holds(in: scope) }) {
                seen.append(failed.sentence(in: scope))
                continue
            }
            return (line, seen + line.conditions.map { $0.sentence(in: scope) })
        }
        return (nil, seen)
    }
}

extension Event {
    /// Shopify's id of the return that the event is about; nil for other events.
    var returnID: String? {
        for case .return(let id) in subjects { return id }
        return nil
    }
}

extension OrderFacts {
    /// True while a refund is on its way to the payment provider.
    var hasRefundInProgress: Bool {
        bill?.payments.contains { $0.kind == "refund" && $0.status == "pending" } ?? false
    }

    /// What was paid for goods of the order at most, in the shopper's currency: their lines' totals after discounts, and
    /// their share of what the order cost besides the goods, such as taxes that are not in the prices. Never more than
    /// what is left of the payment. Nil if a price is not known.
    func worth(of items: [QuantityFacts]) -> Money? {
        guard let total, let left = refundable, left.currency == total.currency else { return nil }
        var goods = Decimal(0)
        var all = Decimal(0)
        for line in lineItems where line.quantity > 0 {
            guard
                let sum = line.total
                    ?? line.unitPrice.map({
                        Money(amount: $0.amount * Decimal(line.quantity), currency: $0.currency)
                    }), sum.currency == total.currency
            else { return nil }
            all += sum.amount
            let count = items.filter { $0.lineItemID == line.id }.reduce(0) { $0 + $1.quantity }
            goods += sum.amount / Decimal(line.quantity) * Decimal(min(count, line.quantity))
        }
        guard all > 0 else { return nil }
        // Prices without tax: the order came to more than goods and shipping.
        let paid = placedTotal?.amount ?? total.amount
        let besides = max(0, paid - all - (shippingPrice?.amount ?? 0)) * goods / all
        let sum = CurrencyUnits.rounded(goods + besides, in: total.currency, up: true)
        return Money(amount: min(sum, left.amount), currency: total.currency)
    }
}

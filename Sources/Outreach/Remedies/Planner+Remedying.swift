internal import Foundation

// What is offered to whom: the first line of the policy that fits, at that moment. Whatever cannot be offered by the
// policy goes to a person with the reason, and never into silence; only where nothing went wrong, because the order is
// gone or the parcel is back, does nothing happen.

extension Planner {
    /// The remedy that a line of a trigger decides.
    func remedy(of effect: Effect) -> (name: String, remedy: Remedy?)? {
        guard triggers.hasRemedies, effect.origin == .trigger,
            let name = triggers.entry(effect.trigger)?.line(named: effect.line)?.remedy
        else { return nil }
        return (name, triggers.policy?.remedy(name))
    }

    /// The allowances that hold for remedies, with what each may come to. Nil if one cannot be counted in the currency.
    private func remedyAllowances(_ policy: Policy) -> [(allowance: Allowance, sum: Int64?, count: Int?)]? {
        policy.counted(policy.remedyBudget + remedyCeilings)
    }

    /// The operator's ceilings for each thing that can be offered, by the verb that does it.
    private var offeredCaps: [Cap] { Offered.verbs.flatMap { (try? caps(of: $0, isOffered: true)) ?? [] } }

    /// What has to be known of earlier remedies; nil where it does not matter.
    func remedyQuestion(of effect: Effect, record: OrderRecord?, now: Moment) -> RemedyQuestion? {
        guard effect.state == .waiting, triggers.asksForRemedies || remedy(of: effect) != nil, let record,
            let person = record.remediedPerson
        else { return nil }
        let policy = triggers.policy
        let allowances = remedy(of: effect) == nil ? [] : policy.flatMap(remedyAllowances) ?? []
        let caps = remedy(of: effect) == nil ? [] : offeredCaps
        func since(_ allowance: Allowance, only: String?) -> GiftQuestion.Since {
            GiftQuestion.Since(moment: allowance.period.start(at: now, in: shopZone), only: only)
        }
        return RemedyQuestion(
            person: person, customerID: record.facts.customer?.id, address: record.facts.shippingAddress?.compared,
            currency: policy?.currency ?? shop.currency ?? record.facts.total?.currency ?? "USD",
            since: allowances.map { since($0.allowance, only: nil) } + caps.map { since($0.allowance, only: $0.only) })
    }

    /// What a remedy comes to now.
    func remedying(_ effect: Effect, _ evaluation: EvaluationContext, _ history: History) -> RemedyDecision {
        guard let (name, found) = remedy(of: effect), let event = effect.event else {
            return .nothing(.off, detail: nil)
        }
        guard let remedy = found, let policy = triggers.policy else {
            return .nothing(.off, detail: "policy.yaml has no remedy '\(name)'")
        }
        let record = evaluation.record
        let facts = record.facts
        guard record.isOrder, record.remediedPerson != nil else {
            return .nothing(.noRecipient, detail: "there is no order, or nobody whose it is")
        }
        if facts.cancelledAt != nil { return .nothing(.cancelled, detail: nil) }
        let scope = evaluation.scope(event, history: history)
        if scope.shipments.contains(where: { [.returned, .returning].contains(evaluation.state(of: $0).state) }) {
            return .nothing(.passed, detail: "the parcel comes back, or came back")
        }
        func person(_ note: String, why: String = "") -> RemedyDecision { .handOver(note: note, why: why) }
        if let currency = shop.currency, currency != policy.currency {
            return person("policy.yaml counts in \(policy.currency), and the shop's currency is \(currency)")
        }
        guard let total = facts.total, total.currency == policy.currency else {
            let paid = facts.total?.currency ?? "a currency that is not known"
            return person("the order was paid in \(paid), and policy.yaml counts in \(policy.currency)")
        }
        if history.isWithPerson { return person("a person talks with the customer about this order already") }
        if facts.refunds.contains(where: { ($0.total?.amount ?? 1) > 0 }) {
            return person("some of the order's money was refunded already")
        }
        if facts.returns.contains(where: { [.requested, .open].contains($0.status) }) {
            return person("a return of this order is under way")
        }
        if facts.replaces != nil { return person("this order is another's goods sent again") }
        if facts.bill?.payments.contains(where: { $0.kind == "refund" && $0.status == "pending" }) ?? false {
            return person("a refund of this order is in progress")
        }
        var seen: [String] = []
        for line in remedy.lines {
            if let failed = line.conditions.first(where: { !$0.holds(in: scope) }) {
                seen.append(failed.sentence(in: scope))
                continue
            }
            seen += line.conditions.map { $0.sentence(in: scope) }
            let why =
                "'\(name)' of policy.yaml, line \(line.line)"
                + (seen.isEmpty ? "" : ": \(seen.joined(separator: "; "))")
            switch line.outcome {
            case .handOver(let note): return person(note, why: why)
            case .offer(let things, let also):
                return offering(things, also, remedy, policy, evaluation, event, history, why: why)
            }
        }
        return person(
            "no line of '\(name)' in policy.yaml fits",
            why: seen.isEmpty ? "" : "'\(name)' of policy.yaml, line \(remedy.line): \(seen.joined(separator: "; "))")
    }

    private func offering(
        _ things: [Offered], _ also: String?, _ remedy: Remedy, _ policy: Policy, _ evaluation: EvaluationContext,
        _ event: Event, _ history: History, why: String
    ) -> RemedyDecision {
        func person(_ note: String) -> RemedyDecision { .handOver(note: note, why: why) }
        let record = evaluation.record
        let goods = RemedyGoods(of: event, in: record)
        guard let allowances = remedyAllowances(policy) else {
            return person("a ceiling of bookbag.yaml is in another currency than \(policy.currency)")
        }
        // The answers for the operator's ceilings follow those for the allowances.
        let ceilings = offeredCaps.enumerated().map { index, cap in
            (cap: cap, spent: history.remedies?.spent(allowances.count + index) ?? GiftHistory.Spent())
        }
        var options: [Offer.Option] = []
        var barred: [String] = []
        for thing in things {
            // Credit and codes belong to an account.
            if thing.needsAccount, record.facts.customer == nil { continue }
            guard let cost = goods.cost(of: thing, in: record.facts, policy) else {
                return person("what \(thing.shown) would cost is not known")
            }
            // No more goes back than was paid.
            if thing == .refund, let left = record.facts.refundable,
                let most = CurrencyUnits.units(left.amount, in: policy.currency), cost > most
            {
                continue
            }
            // Nothing is offered that is worth nothing.
            guard cost > 0 else { continue }
            // What the operator's ceilings leave no room for could not be had when she chooses it.
            if let verb = thing.verb {
                do throws(ActionRefusal) {
                    let caps = try caps(of: verb, isOffered: true)
                    var known = GiftHistory()
                    known.spent = ceilings.filter { $0.cap.only == Booking.name(ofVerb: verb) }.map(\.spent)
                    try check(
                        verb, cost: cost, of: caps, known: known, currency: policy.currency, now: evaluation.now)
                } catch {
                    barred.append("\(thing.shown) cannot be offered: \(error.detail)")
                    continue
                }
            }
            options.append(Offer.Option(thing, cost))
        }
        guard !options.isEmpty else {
            let reasons = barred.isEmpty ? "" : ": \(barred.joined(separator: "; "))"
            return person("nothing of what policy.yaml offers can be offered for this order\(reasons)")
        }
        var offer = Offer(
            remedy.name, about: record.facts.id, options: options, currency: policy.currency, items: goods.items,
            why: ([why] + barred).joined(separator: "; "))
        if let also, record.facts.customer != nil, let gift = policy.gift(also) {
            offer.alsoGive = Offer.Option(.gift(also), gift.cost)
        }
        if offer.dearest > remedy.atMost {
            return person(
                "the dearest offer comes to \(offer.written(offer.dearest)), and 'at_most' of '\(remedy.name)' is \(offer.written(remedy.atMost))"
            )
        }
        for (index, one) in allowances.enumerated() {
            let spent = history.remedies?.spent(index) ?? GiftHistory.Spent()
            let period = one.allowance.period.present
            if let closed = closed(one.allowance, now: evaluation.now) { return person(closed) }
            if let sum = one.sum, spent.sum + offer.dearest > sum {
                return person(
                    "it comes to \(offer.written(offer.dearest)), and \(offer.written(max(0, sum - spent.sum))) are left \(period) of the budget '\(one.allowance)'"
                )
            }
            if let count = one.count, spent.count + 1 > count {
                return person("\(spent.count) of the budget '\(one.allowance)' are given \(period)")
            }
            let before = one.sum == nil ? "\(spent.count)" : offer.written(spent.sum)
            offer.why += "; \(before) given \(period) of '\(one.allowance)'"
        }
        if remedy.needsApproval {
            offer.approveBy = triggers.settings.calendar(zone: shopZone).moment(
                remedy.approveWithin, after: evaluation.now, in: shopZone)
        }
        return .offer(offer)
    }

    /// What an offer costs at most, and of what.
    func booking(of offer: Offer, by effect: Effect, record: OrderRecord, history: History, now: Moment) -> Booking? {
        guard let question = remedyQuestion(of: effect, record: record, now: now), let policy = triggers.policy,
            let allowances = remedyAllowances(policy)
        else { return nil }
        let known = history.remedies ?? RemedyHistory(currency: policy.currency)
        return Booking(
            budget: .remedies, gift: Booking.name(ofRemedy: offer.remedy), amount: offer.dearest,
            currency: policy.currency, customerID: question.person, orderID: record.facts.id,
            address: question.address, teller: Booking.remedyTeller,
            caps: allowances.enumerated().map { index, one in
                Booking.Cap(
                    since: question.since[index].moment, sum: one.sum, count: one.count, spent: known.spent(index))
            }, remediesSeen: known.last180Days, isTold: true, why: offer.why)
    }
}

extension Planner {
    /// How many lines `priority` of policy.yaml has.
    public var priorities: Int { triggers.policy?.priority.count ?? 0 }

    /// Where a conversation stands among those that need a person, by `priority` of policy.yaml: 0 comes first.
    ///
    /// - Parameter record: the conversation, with the order that it is about.
    public func rank(of record: OrderRecord, history: History, now: Moment) -> Int {
        guard let conversation = record.conversation, let lines = triggers.policy?.priority, !lines.isEmpty else {
            return 0
        }
        let event = Event(ofLastWordsIn: conversation, record: record, now: now)
        let scope = scope(record: record, event: event, history: history, now: now)
        return lines.firstIndex { $0.holds(in: scope) } ?? lines.count
    }

    /// What has to be known of the customer of a conversation for its rank.
    public func rankQuestion(of record: OrderRecord) -> HistoryQuestion {
        var question = HistoryQuestion(
            shop: record.shop, orderID: record.isOrder ? record.facts.id : nil, subject: .order,
            address: record.recipient?.address ?? record.conversation?.address,
            customerID: record.facts.customer?.id, stream: .all)
        if triggers.asksForRemedies, let person = record.remediedPerson {
            question.remedies = RemedyQuestion(
                person: person, customerID: record.facts.customer?.id,
                address: record.facts.shippingAddress?.compared,
                currency: triggers.policy?.currency ?? shop.currency ?? "USD", since: [])
        }
        return question
    }
}

extension RemedyHistory {
    func spent(_ index: Int) -> GiftHistory.Spent {
        spent.indices.contains(index) ? spent[index] : GiftHistory.Spent()
    }
}

extension Offered {
    /// Those by which something can be done that is offered.
    static let verbs: [ShopVerb] = [.refund, .reship, .storeCredit]

    /// The verb that does it in the shop; nil for a gift, which counts in the budget of remedies alone.
    public var verb: ShopVerb? {
        switch self {
        case .refund: .refund
        case .reship: .reship
        case .storeCredit: .storeCredit
        case .gift: nil
        }
    }

    /// Whether only somebody with an account in the shop can have it.
    var needsAccount: Bool {
        switch self {
        case .storeCredit, .gift: true
        case .refund, .reship: false
        }
    }
}

/// The goods that went wrong: those of the parcel that the event is about, else the whole order.
struct RemedyGoods {
    let items: [QuantityFacts]
    /// Whether that is all of the order.
    let isWhole: Bool

    init(of event: Event, in record: OrderRecord) {
        let all = record.facts.lineItems.filter { $0.currentQuantity > 0 }.map {
            QuantityFacts(lineItemID: $0.id, quantity: $0.currentQuantity)
        }
        var quantities: [String: Int] = [:]
        for case .shipment(let id) in event.subjects {
            for item in record.shipment(id).flatMap({ record.fulfillment($0.fulfillmentID) })?.lineItems ?? [] {
                quantities[item.lineItemID, default: 0] += item.quantity
            }
        }
        // What was taken out of the order since is not owed any more.
        let sent = all.compactMap { item in
            quantities[item.lineItemID].map {
                QuantityFacts(lineItemID: item.lineItemID, quantity: min($0, item.quantity))
            }
        }.filter { $0.quantity > 0 }
        items = sent.isEmpty ? all : sent
        isWhole = items == all
    }

    /// The same goods again, as they were decided on.
    init(_ items: [QuantityFacts], in facts: OrderFacts) {
        let left = Dictionary(facts.lineItems.map { ($0.id, $0.currentQuantity) }) { first, _ in first }
        self.items = items.filter { (left[$0.lineItemID] ?? 0) >= $0.quantity }
        isWhole =
            self.items
            == facts.lineItems.filter { $0.currentQuantity > 0 }.map {
                QuantityFacts(lineItemID: $0.id, quantity: $0.currentQuantity)
            }
    }

    /// What something costs at most, in the smallest unit; nil if a price is not known.
    func cost(of thing: Offered, in facts: OrderFacts, _ policy: Policy) -> Int64? {
        switch thing {
        case .gift(let name): policy.gift(name)?.cost
        case .refund, .storeCredit: paid(facts, policy.currency)
        case .reship: prices(facts, policy.currency)
        }
    }

    /// What was paid for them: all of the order's total, or the goods' share of it, which has their share of shipping
    /// and taxes in it.
    private func paid(_ facts: OrderFacts, _ currency: String) -> Int64? {
        guard let total = facts.total, total.currency == currency else { return nil }
        if isWhole { return CurrencyUnits.unitsAtMost(total.amount, in: currency) }
        var all = Decimal()
        var own = Decimal()
        for line in facts.lineItems where line.quantity > 0 {
            guard let sum = line.total else { return nil }
            let each = sum.amount / Decimal(line.quantity)
            all += each * Decimal(line.currentQuantity)
            let quantity = items.first { $0.lineItemID == line.id }?.quantity ?? 0
            own += each * Decimal(quantity)
        }
        guard all > 0 else { return 0 }
        return CurrencyUnits.unitsAtMost(total.amount * own / all, in: currency)
    }

    /// What they cost in the shop.
    private func prices(_ facts: OrderFacts, _ currency: String) -> Int64? {
        var sum = Decimal()
        for item in items {
            guard let line = facts.lineItems.first(where: { $0.id == item.lineItemID }), let price = line.unitPrice,
                price.currency == currency
            else { return nil }
            sum += price.amount * Decimal(item.quantity)
        }
        return CurrencyUnits.unitsAtMost(sum, in: currency)
    }
}

extension Offer {
    /// What an option costs at most as the order is now; nil if it cannot be had any more.
    ///
    /// - Parameter policy: the one in force.
    public func costNow(of what: Offered, in record: OrderRecord, _ policy: Policy) -> Int64? {
        let facts = record.facts
        guard facts.cancelledAt == nil, !facts.test, !facts.refunds.contains(where: { ($0.total?.amount ?? 1) > 0 })
        else { return nil }
        let goods = RemedyGoods(items, in: facts)
        guard goods.items == items || what.isGift, let cost = goods.cost(of: what, in: facts, policy) else {
            return nil
        }
        if what == .refund {
            // No more goes back than was paid and not paid back.
            guard let left = facts.refundable, let most = CurrencyUnits.units(left.amount, in: currency), cost <= most
            else { return nil }
        }
        return cost
    }
}

extension Offered {
    /// Whether it is a gift of policy.yaml.
    public var isGift: Bool {
        if case .gift = self { return true }
        return false
    }
}

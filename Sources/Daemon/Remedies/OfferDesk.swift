import Delivery
package import Outreach
package import Store

/// What people and shoppers do with offers: approve, refuse, choose. Each is one commit, made of the offer and the order
/// as they are then.
package struct OfferDesk: Sendable {
    let store: Store
    /// How each shop decides now; nil for one that is not served.
    let planner: @Sendable (_ shop: String) -> Planner?

    package init(store: Store, planner: @escaping @Sendable (_ shop: String) -> Planner?) {
        self.store = store
        self.planner = planner
    }

    /// So often something is tried while others write to the same order.
    private static let tries = 8

    /// Why an offer cannot be had any more as it was decided; nil while it can.
    package func objection(to offer: OfferRecord, record: OrderRecord?) -> String? {
        guard let record, let policy = planner(offer.shop)?.triggers.policy else { return "the order is gone" }
        for option in offer.offer.options {
            guard let cost = offer.offer.costNow(of: option.what, in: record, policy) else {
                return "the order has changed since, and \(option.what.shown) cannot be had any more"
            }
            if cost > option.amount {
                return
                    "\(option.what.shown) costs \(offer.offer.written(cost)) by now, and was to cost \(offer.offer.written(option.amount))"
            }
        }
        return nil
    }

    // MARK: - Approving

    /// What came of an approval or a refusal.
    package enum Judged: Hashable, Sendable {
        case done
        /// Somebody else was first, or it lapsed.
        case stale
        /// It cannot be approved, and why.
        case objection(String)
    }

    /// Approves an offer, so that the shopper sees it; or refuses it, so that a person has the matter.
    ///
    /// - Parameters:
    ///   - version: the one that the page showed.
    ///   - person: who does it, whose `approve_up_to` covers the sum.
    package func judge(
        _ number: Int64, shop: String, version: Int64, approves: Bool, by person: Person, note: String, now: Moment
    ) async throws(StoreFailure) -> Judged {
        guard let offer = try await store.offer(number, shop: shop), offer.state == .asked, offer.version == version
        else { return .stale }
        var after = offer
        after.judgedBy = person.email
        after.judgedAt = now
        after.note = note.isEmpty ? nil : note
        var entry = AuditEntry(
            who: person.email, shop: shop, what: approves ? "approved_offer" : "refused_offer",
            about: offer.orderName, detail: "at most \(offer.offer.written(offer.offer.dearest))")
        if approves {
            guard person.mayApprove(offer.offer.dearest, in: offer.offer.currency) else {
                return .objection("your entry in people.yaml does not cover this sum ('approve_up_to')")
            }
            let record = try await store.load(shop: shop, orderIDs: [offer.orderID])[offer.orderID]
            if let objection = objection(to: offer, record: record) { return .objection(objection) }
            if let barred = try await barred(offer, record: record, now: now) { return .objection(barred) }
            after.state = .open
            after.openedAt = now
            after.nextAt = now
            return try await store.write(after, audit: entry, now: now) ? .done : .stale
        }
        after.state = .refused
        after.nextAt = nil
        if !note.isEmpty { entry.detail = (entry.detail ?? "") + ", with a note" }
        let words = note.isEmpty ? "." : ": \(note)"
        let change = OfferSteps.handOver(
            offer, to: .refused, note: "\(person.name) refused to offer \(offer.offer.sentence)\(words)", now: now)
        return try await store.write(
            after, booking: .freed, others: [change].compactMap(\.self), audit: entry, now: now) ? .done : .stale
    }

    /// Why something that is offered could not be done now, for want of room below the operator's ceilings; nil if all of
    /// it could.
    private func barred(
        _ offer: OfferRecord, record: OrderRecord?, now: Moment
    ) async throws(StoreFailure) -> String? {
        guard let record, let planner = planner(offer.shop) else { return nil }
        for option in offer.offer.options where !option.what.isGift {
            let doing = try await doing(
                option.what, of: offer, record: record, planner: planner, cost: option.amount, now: now)
            if case .cannot(let why) = doing { return "\(option.what.shown) cannot be had now: \(why)" }
        }
        return nil
    }

    // MARK: - Choosing

    /// What came of a choice.
    package enum Chosen: Hashable, Sendable {
        /// It is done, or on its way.
        case chosen
        /// The sum holds no more, or it cannot be done: a person has it.
        case person
        /// It is not open any more; or too many wrote to the order at once.
        case stale
    }

    /// Takes what the shopper chose, who has proved that the order is hers.
    package func choose(
        _ what: Offered, of number: Int64, shop: String, now: Moment
    ) async throws(StoreFailure) -> Chosen {
        for _ in 0..<Self.tries {
            guard let offer = try await store.offer(number, shop: shop), offer.state == .open,
                let promised = offer.offer.cost(of: what),
                let record = try await store.load(shop: shop, orderIDs: [offer.orderID])[offer.orderID],
                let planner = planner(shop), let policy = planner.triggers.policy
            else { return .stale }
            guard let cost = offer.offer.costNow(of: what, in: record, policy), cost <= promised else {
                let why = "the order has changed since it was offered, so the sum holds no more"
                if try await handOver(offer, what, because: why, now: now) { return .person }
                continue
            }
            let action: PlannedChange
            switch try await doing(what, of: offer, record: record, planner: planner, cost: cost, now: now) {
            case .change(let change): action = change
            case .cannot(let why):
                if try await handOver(offer, what, because: why, now: now) { return .person }
                continue
            }
            var after = offer
            after.state = .chosen
            after.choice = what
            after.chosenAt = now
            after.nextAt = now
            // What is done books its own cost.
            if try await store.write(after, booking: .costs(0), action: action, reads: record.reads, now: now) {
                return .chosen
            }
        }
        return .stale
    }

    /// A person has what she chose.
    private func handOver(
        _ offer: OfferRecord, _ what: Offered, because why: String, now: Moment
    ) async throws(StoreFailure) -> Bool {
        var after = offer
        after.state = .person
        after.choice = what
        after.chosenAt = now
        after.nextAt = nil
        let change = OfferSteps.handOver(
            offer, to: .person,
            note: "The customer chose \(what.shown), which is not done: \(why). She was told that you write to her.",
            now: now)
        return try await store.write(
            after, booking: .freed, others: [change].compactMap(\.self), now: now)
    }

    /// What does what was chosen, or why nothing can.
    private enum Doing {
        case change(PlannedChange)
        case cannot(String)
    }

    /// What does it as things are now: the order, and what is left below the operator's ceilings, which is booked with
    /// it. If that is used up by the time it is written, nothing is.
    private func doing(
        _ what: Offered, of offer: OfferRecord, record: OrderRecord, planner: Planner, cost: Int64, now: Moment
    ) async throws(StoreFailure) -> Doing {
        guard case .gift(let name) = what else {
            guard let action = offer.action(what, costing: cost, in: record, planner: planner, now: now) else {
                return .cannot("the order has nothing that it could be done with")
            }
            let request = ActionRequest(
                action, order: offer.orderID, origin: offer.judgedBy == nil ? .system : .person, by: "remedy",
                key: "offer \(offer.number) chosen", why: offer.offer.why)
            var planner = planner
            planner.pauses = try await store.pauses(shop: offer.shop)
            var known: GiftHistory?
            if let question = planner.question(request, record: record, isOffered: true, now: now) {
                known = try await store.spending(question, shop: offer.shop)
            }
            do throws(ActionRefusal) {
                let plan = try planner.decide(
                    request, record: record, known: known, codes: store.giftCodes, offer: cost, now: now)
                return plan.changes.first.map { .change($0) } ?? .cannot("there is nothing to do")
            } catch {
                return .cannot(error.detail)
            }
        }
        guard let gift = planner.triggers.policy?.gift(name) else {
            return .cannot("policy.yaml has no gift '\(name)' any more")
        }
        let last = try await store.lastGiven(gift, about: record)
        let change = OfferSteps(planner: planner, codes: store.giftCodes).gift(
            name, of: offer, record: record, last: last, key: "chosen", now: now)
        return change.map { .change($0) } ?? .cannot("she has had the gift '\(name)' already, or has no account")
    }
}

extension OfferRecord {
    /// What is done in the shop for what she chose; nil if it cannot be.
    ///
    /// - Parameter cost: in the smallest unit of the offer's currency.
    fileprivate func action(
        _ what: Offered, costing cost: Int64, in record: OrderRecord, planner: Planner, now: Moment
    ) -> ShopAction? {
        let sum = Money(amount: CurrencyUnits.amount(cost, in: offer.currency), currency: offer.currency)
        switch what {
        case .gift: return nil
        case .refund: return .refund(amount: sum)
        case .storeCredit:
            let today = planner.shopZone.day(at: now)
            return record.facts.customer.map { _ in .storeCredit(amount: sum, expiresOn: today.adding(days: 365)) }
        case .reship:
            let carried = Set(record.facts.lineItems.filter(\.requiresShipping).map(\.id))
            let lines = offer.items.filter { carried.contains($0.lineItemID) }
            return lines.isEmpty ? nil : .reship(lines: lines)
        }
    }
}

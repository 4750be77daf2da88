import Delivery
package import Outreach
package import Store

/// Does what shoppers ask for on pages of their own: another address, a cancellation. Whoever calls this has seen to it
/// that the order is hers.
package struct PageDesk: Sendable {
    let store: Store
    /// How each shop decides now; nil for one that is not served.
    let planner: @Sendable (_ shop: String) -> Planner?

    package init(store: Store, planner: @escaping @Sendable (_ shop: String) -> Planner?) {
        self.store = store
        self.planner = planner
    }

    /// What was asked for on a page of an order so far, the first first.
    package func acts(_ request: PageRequest, of order: OrderKey) async throws(StoreFailure) -> [PageAct] {
        try await store.decided(by: PageRequest.decider, about: order).compactMap { effect, results in
            PageAct(effect, of: request, results: results)
        }
    }

    /// Whether the shop does anything of the kind now.
    package func serves(_ shop: String) -> Bool { planner(shop)?.triggers.settings.mode == .live }

    /// The address that an act of a page changes the order's to; nil for one that changes none.
    package func address(of act: PageAct, shop: String) async throws(StoreFailure) -> AddressFacts? {
        guard let message = try await store.effectStory(act.effect, shop: shop)?.message,
            case .changeAddress(let address)? = ActionCommand(message)?.action
        else { return nil }
        return address
    }

    /// Has the order sent elsewhere. Nothing happens where that was asked for at the same time; what became of it is
    /// seen in `acts`.
    package func change(
        to address: AddressFacts, of record: OrderRecord, after earlier: [PageAct], now: Moment
    ) async throws(StoreFailure) {
        try await act(.changeAddress(to: address), .changeAddress, of: record, after: earlier, now: now)
    }

    /// Has the order cancelled and paid back.
    package func cancel(_ record: OrderRecord, after earlier: [PageAct], now: Moment) async throws(StoreFailure) {
        try await act(.cancelOrder(reason: "customer"), .cancelOrder, of: record, after: earlier, now: now)
    }

    private func act(
        _ action: ShopAction, _ request: PageRequest, of record: OrderRecord, after earlier: [PageAct], now: Moment
    ) async throws(StoreFailure) {
        guard let planner = planner(record.shop) else { return }
        let key = request.key(of: record.facts.id, after: earlier)
        var no: ActionRefusal?
        if request == .cancelOrder, record.facts.refundable == nil {
            no = ActionRefusal(.noAmount, "Shopify shows no sum that could be paid back")
        } else {
            let outcome = try await store.decide(
                ActionRequest(
                    action, order: record.facts.id, origin: .system, by: PageRequest.decider, key: key,
                    why: "the customer asked for it on her page"),
                by: planner, now: now)
            if case .refused(let refusal) = outcome, refusal.reason != .deferred { no = refusal }
        }
        guard let no else { return }
        let note =
            "The customer asked on her page for a \(action.words), and it is not done by itself: \(no.detail). She was told that you write to her."
        _ = try await store.handOver(
            PageHandOver(key: key, order: record.facts.id, shop: record.shop, note: note), now: now)
    }
}

/// What was asked for on a page, as a person is given it: once for each key.
struct PageHandOver: Sendable {
    /// That of the act, which tells what it is about.
    var key: String
    var order: String
    var shop: String
    var note: String
    /// The number of the act's effect; nil where none was written.
    var act: Int64?
}

extension Store {
    /// Gives it to a person; false if that was done before, or the order is gone.
    func handOver(_ matter: PageHandOver, now: Moment) async throws(StoreFailure) -> Bool {
        var effect = Effect(
            to: Route(shop: matter.shop, channel: .desk), origin: .system, isContact: false, by: PageRequest.decider,
            line: "hand_over", keys: [matter.key], about: .order(matter.order), dueAt: now, createdAt: now)
        let occurrence = OccurrenceKey(
            shop: matter.shop, origin: .system, trigger: PageRequest.decider, line: effect.line, key: matter.key)
        guard try await effects(for: [occurrence])[occurrence] == nil else { return false }
        effect.state = .ready
        effect.decidedAt = now
        let line = ActionLine(
            "hand_over", through: .desk, details: ["note": String(matter.note.prefix(500))])
        var act = DeskAct(line, of: effect)
        // The note is of no trigger, and stands once in the conversation however often this is tried.
        (act.effect, act.trigger) = (matter.act ?? 0, "")
        guard let message = try? act.message(id: MessageIdentity.decidedAct(of: effect)) else { return false }
        let change = PlannedChange(
            effect: effect, note: DecisionNote(at: now, state: .ready, reason: nil, detail: matter.note),
            message: message)
        return try await !commitPlan([Plan(shop: matter.shop, changes: [change])], now: now).effects.isEmpty
    }
}

package import Outreach
package import Store

/// What a shopper's page needs of returns: what may come back, what would become of it, and asking for it.
package struct ReturnDesk: Sendable {
    let store: Store
    /// How each shop decides now; nil for one that is not served.
    let planner: @Sendable (_ shop: String) -> Planner?

    package init(store: Store, planner: @escaping @Sendable (_ shop: String) -> Planner?) {
        self.store = store
        self.planner = planner
    }

    /// How the returns of an order stand.
    package struct Standing: Sendable {
        /// What a return would come to.
        package var outlook: ReturnOutlook
        /// What can be sent back, in the order of the order's lines.
        package var returnable: [QuantityFacts]
        /// A request from the page that is on its way to the shop.
        package var isAsking: Bool
        /// The last request from the page could not be made: the shop refused it.
        package var wasRefused: Bool
    }

    /// Nil where policy.yaml says nothing of returns, or the order is none that anything is done for.
    package func standing(of record: OrderRecord, now: Moment) async throws(StoreFailure) -> Standing? {
        guard let planner = planner(record.shop), !record.facts.test, record.facts.cancelledAt == nil else {
            return nil
        }
        var history = History()
        if let question = planner.outlookQuestion(record, now: now),
            let known = try await store.history(for: [question], now: now).first
        {
            history = known
        }
        guard let outlook = planner.outlook(ofReturning: record, history: history, now: now) else { return nil }
        let order = OrderKey(shop: record.shop, orderID: record.facts.id)
        let asked = try await store.lastReturnRequest(of: order)
        // Until it is read back, Shopify's own list does not have it.
        let isMade = asked?.state == .sent && asked?.returnID.map { record.return($0) == nil } ?? false
        return Standing(
            outlook: outlook, returnable: record.facts.returnable,
            isAsking: asked?.state == .ready || isMade,
            wasRefused: asked.map { [.refused, .withdrawn].contains($0.state) } ?? false)
    }

    /// Asks the shop for a return, once: the same goods again, before the shop shows it, are the same request.
    package func ask(
        _ draft: ReturnDraft, of record: OrderRecord, now: Moment
    ) async throws(StoreFailure) -> ActionOutcome {
        guard let planner = planner(record.shop) else { return .refused(ActionRefusal(.off, "the shop is not served")) }
        let request = ActionRequest(
            .requestReturn(draft), order: record.facts.id, origin: .system, by: "return page",
            key: "\(record.facts.returns.count) \(draft.key)", why: "the shopper asked for it on her page")
        return try await store.decide(request, by: planner, now: now)
    }
}

internal import FoundationEssentials

/// A credit for the next orders, as the shop keeps it.
struct CreditRecord: Sendable {
    let id: Int64
    /// In hundredths of the shop's currency.
    let amount: Int
    let expiresAt: Date?
    let createdAt: Date
}

/// A draft of an order.
struct DraftRecord: Sendable {
    let id: Int64
    let tags: [String]
    let attributes: [OrderRecord.Attribute]
    let note: String?
    let lines: [Line]
    let address: SandboxAddress?
    let customer: Int64?
    let email: String?
    /// What is taken off, in percent.
    let discount: Int
    let createdAt: Date
    /// From when on searches find it.
    let visibleAt: Date
    /// The order that it became.
    var order: Int64?

    struct Line: Sendable {
        let item: SandboxItem
        let quantity: Int
    }
}

extension SandboxShop {
    /// Gives a customer credit; nil if there is no such customer.
    func credit(_ customer: Int64, amount: Int, expiresAt: Date?, now: Date) -> CreditRecord? {
        mutate { state in
            guard state.customers[customer] != nil else { return nil }
            let record = CreditRecord(id: state.newID(), amount: amount, expiresAt: expiresAt, createdAt: now)
            state.credits[customer, default: []].append(record)
            return record
        }
    }

    /// Keeps a draft.
    func addDraft(_ make: @Sendable (inout ShopState) -> DraftRecord) -> DraftRecord {
        mutate { state in
            let draft = make(&state)
            state.drafts[draft.id] = draft
            return draft
        }
    }

    /// Makes an order of a draft: once. Nil if there is none, or it is an order already.
    func completeDraft(_ id: Int64) -> DraftRecord? {
        // Both at once must not make two.
        let draft: DraftRecord? = mutate { state in
            guard var draft = state.drafts[id], draft.order == nil else { return nil }
            draft.order = 0
            state.drafts[id] = draft
            return draft
        }
        guard let draft else { return nil }
        let profile = draft.customer.flatMap { id in read { $0.customers[id]?.profile } }
        let customer =
            profile
            ?? SandboxCustomer(firstName: "", lastName: "", email: draft.email ?? "", isGuest: true)
        var items = draft.lines.map { line in
            var item = line.item
            item.quantity = line.quantity
            item.price = item.price * (100 - draft.discount) / 100
            return item
        }
        if items.isEmpty { items = [] }
        let placed = placeOrder(
            customer: customer, items: items, address: draft.address, tags: draft.tags, note: draft.note,
            shipping: "Free of charge", shippingPrice: 0)
        try? change(placed.id) { (order, _, _) throws(SandboxRefusal) in order.attributes = draft.attributes }
        return mutate { state in
            state.drafts[id]?.order = placed.id.number
            return state.drafts[id]
        }
    }

    /// Opens a dispute about an order's payment, or settles it.
    public func dispute(_ order: ShopID, status: String) throws(SandboxRefusal) {
        try change(order, moves: false) { (order, state, _) throws(SandboxRefusal) in
            order.disputes = status == "none" ? [] : [.init(id: state.newID(), status: status)]
        }
    }

    /// Another address, which replaces the whole one.
    func readdress(_ order: ShopID, _ address: SandboxAddress) throws(SandboxRefusal) {
        try change(order) { (order, state, now) throws(SandboxRefusal) in
            order.address = address
            state.log("shipping_address_changed", "The shipping address was changed.", order: order.id, at: now)
        }
    }
}

public import FoundationEssentials

/// An order that was placed.
public struct PlacedOrder: Sendable {
    /// The order's id.
    public let id: ShopID
    /// `#1001`.
    public let name: String
}

extension SandboxShop {
    /// Places an order. It is paid at once unless `paid` is false.
    /// - Parameters:
    ///   - placedAt: when; defaults to the shop's current time.
    ///   - takenElsewhereAt: when another shop took it, for an order that is brought in from there now.
    @discardableResult
    public func placeOrder(
        customer: SandboxCustomer, items: [SandboxItem], address: SandboxAddress? = .bristol, paid: Bool = true,
        test: Bool = false, tags: [String] = [], note: String? = nil, shipping: String = "Standard",
        shippingPrice: Int = 450, pickup: Bool = false, placedAt: Date? = nil, takenElsewhereAt: Date? = nil,
        quirks: Set<SandboxQuirk> = []
    ) -> PlacedOrder {
        let order = insert { state, now in
            let moment = placedAt ?? max(now, state.lastChange)
            if placedAt == nil { state.lastChange = moment }
            let id = state.newID()
            let customerID = customer.isGuest ? nil : Self.file(customer, order: id, at: moment, in: &state)
            var record = OrderRecord(
                id: id, number: state.nextOrderNumber, createdAt: moment, updatedAt: moment, isTest: test,
                tags: tags.sorted(), note: note, paidAt: paid ? moment : nil, customer: customer,
                customerID: customerID,
                address: address, addressID: state.newID(), shippingTitle: shipping, shippingPrice: shippingPrice,
                pickup: pickup, lines: [], fulfillmentOrderID: state.newID(.fulfillmentOrder, of: id))
            record.takenElsewhereAt = takenElsewhereAt
            record.quirks = quirks
            record.lines = items.map { item in
                LineItemRecord(
                    id: state.newID(), productID: Self.productID(of: item), item: item, quantity: item.quantity,
                    currentQuantity: item.quantity)
            }
            state.nextOrderNumber += 1
            state.log("placed", "\(customer.name) placed this order.", order: id, at: moment)
            return record
        }
        return PlacedOrder(id: ShopID(.order, order.id), name: order.name)
    }

    /// A product's id is derived from its title, so that orders of the same item have the same product.
    private static func productID(of item: SandboxItem) -> Int64 {
        8_000_000_000_000
            + Int64(item.title.utf8.reduce(UInt64(5381)) { ($0 &* 33) ^ UInt64($1) } % 999_999_999_999)
    }

    private static func file(
        _ customer: SandboxCustomer, order: Int64, at moment: Date, in state: inout ShopState
    ) -> Int64 {
        let key = customer.email.lowercased()
        let id = state.customersByEmail[key] ?? state.newID()
        var record =
            state.customers[id]
            ?? CustomerRecord(
                id: id, profile: customer, createdAt: moment, updatedAt: moment)
        record.profile = customer
        record.updatedAt = moment
        record.orders.append(order)
        state.customers[id] = record
        state.customersByEmail[key] = id
        return id
    }

    /// The order is paid.
    public func pay(_ order: ShopID) throws(SandboxRefusal) {
        try change(order) { (order, state, now) throws(SandboxRefusal) in
            guard !order.paid else { throw SandboxRefusal("\(order.name) is paid already") }
            order.paidAt = now
            state.log("sale_success", "Payment was processed.", order: order.id, at: now)
        }
    }

    /// Cancels an order that has not been sent.
    /// - Parameter reason: an OrderCancelReason.
    /// - Parameter note: what is noted for the shop's people.
    public func cancelOrder(_ order: ShopID, reason: String = "CUSTOMER", note: String? = nil) throws(SandboxRefusal) {
        try change(order) { (order, state, now) throws(SandboxRefusal) in
            guard order.cancelledAt == nil else { throw SandboxRefusal("\(order.name) is cancelled already") }
            guard order.fulfillmentStatus == "UNFULFILLED" || order.fulfillmentStatus == "ON_HOLD" else {
                throw SandboxRefusal("\(order.name) has been sent, and can only come back as a return")
            }
            order.cancelledAt = now
            order.closedAt = now
            order.cancelReason = reason
            order.cancelNote = note
            for index in order.lines.indices { order.lines[index].currentQuantity = 0 }
            state.log("cancelled", "The order was canceled.", order: order.id, at: now)
        }
    }

    /// Holds an order's fulfillment.
    /// - Parameter reason: a FulfillmentHoldReason.
    public func hold(_ order: ShopID, reason: String = "OTHER", notes: String? = nil) throws(SandboxRefusal) {
        try change(order, moves: manners.holdsMoveOrders) { (order, state, now) throws(SandboxRefusal) in
            guard order.holds.isEmpty else { throw SandboxRefusal("\(order.name) is held already") }
            order.holds = [OrderRecord.Hold(id: state.newID(), reason: reason, notes: notes, handle: nil)]
            state.log("fulfillment_hold_placed", "A fulfillment hold was placed.", order: order.id, at: now)
        }
    }

    /// Releases a held order.
    public func release(_ order: ShopID) throws(SandboxRefusal) {
        try change(order, moves: manners.holdsMoveOrders) { (order, state, now) throws(SandboxRefusal) in
            guard !order.holds.isEmpty else { throw SandboxRefusal("\(order.name) is not held") }
            order.holds = []
            state.log("fulfillment_hold_released", "The fulfillment hold was released.", order: order.id, at: now)
        }
    }

    /// Adds a hold of an app's.
    func addHold(_ order: ShopID, reason: String, notes: String?, handle: String) throws(SandboxRefusal) {
        try change(order, moves: manners.holdsMoveOrders) { (order, state, now) throws(SandboxRefusal) in
            guard order.cancelledAt == nil else { throw SandboxRefusal("\(order.name) is cancelled") }
            guard order.fulfillmentStatus != "FULFILLED" else {
                throw SandboxRefusal("The fulfillment order is not in a holdable state")
            }
            order.holds.append(
                OrderRecord.Hold(id: state.newID(), reason: reason, notes: notes, handle: handle))
            state.log("fulfillment_hold_placed", "A fulfillment hold was placed.", order: order.id, at: now)
        }
    }

    /// Lifts some holds, or all.
    func dropHolds(_ order: ShopID, _ ids: [Int64]?) throws(SandboxRefusal) {
        try change(order, moves: manners.holdsMoveOrders) { (order, state, now) throws(SandboxRefusal) in
            let before = order.holds.count
            order.holds.removeAll { ids?.contains($0.id) ?? true }
            guard order.holds.count < before else { return }
            state.log("fulfillment_hold_released", "The fulfillment hold was released.", order: order.id, at: now)
        }
    }

    /// Edits an order: adds items.
    public func editOrder(_ order: ShopID, adding items: [SandboxItem]) throws(SandboxRefusal) {
        try change(order) { (order, state, now) throws(SandboxRefusal) in
            guard order.cancelledAt == nil else { throw SandboxRefusal("\(order.name) is cancelled") }
            order.edited = true
            for item in items {
                order.lines.append(
                    LineItemRecord(
                        id: state.newID(), productID: Self.productID(of: item), item: item, quantity: item.quantity,
                        currentQuantity: item.quantity))
            }
            state.log("edited", "The order was edited.", order: order.id, at: now)
        }
    }

    /// Sets tags, note and e-mail address, as an app or the shop's staff would.
    public func update(
        _ order: ShopID, tags: [String]? = nil, note: String? = nil, email: String? = nil
    ) throws(SandboxRefusal) {
        try change(order) { (order, _, _) throws(SandboxRefusal) in
            if let tags { order.tags = Array(Set(tags)).sorted() }
            if let note { order.note = note }
            if let email { order.customer.email = email }
        }
    }

    /// Puts tags on a customer, or takes them off; nil if there is no such customer.
    func tag(customer id: Int64, _ tags: [String], adding: Bool, now: Date) -> CustomerRecord? {
        mutate { state in
            guard var customer = state.customers[id] else { return nil }
            customer.profile.tags =
                adding
                ? Array(Set(customer.profile.tags + tags)).sorted()
                : customer.profile.tags.filter { !tags.contains($0) }
            customer.updatedAt = now
            state.customers[id] = customer
            return customer
        }
    }

    /// Makes an order's answers faulty, or normal again.
    public func setQuirks(_ quirks: Set<SandboxQuirk>, of order: ShopID) throws(SandboxRefusal) {
        try change(order) { (order, _, _) throws(SandboxRefusal) in order.quirks = quirks }
    }

    /// The order with that name (`#1001` or `1001`).
    public func order(named name: String) -> ShopID? {
        let number = Int(name.hasPrefix("#") ? name.dropFirst() : name[...])
        return read { state in
            // Numbers rise with ids; the newest are requested most.
            state.index.ids.reversed().first { state.orders[$0]?.number == number }
        }.map { ShopID(.order, $0) }
    }
}

extension ShopState {
    /// Adds an entry to the order's timeline, which `events` shows.
    mutating func log(_ action: String, _ message: String, order: Int64, at moment: Date) {
        events.append(
            OrderEventRecord(id: newID(), orderID: order, action: action, message: message, createdAt: moment))
        // The sandbox needs only the most recent entries.
        if events.count > 20_000 { events.removeFirst(10_000) }
    }
}

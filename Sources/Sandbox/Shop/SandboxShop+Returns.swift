internal import FoundationEssentials

extension SandboxShop {
    private func changeReturn<Value: Sendable>(
        _ id: ShopID, _ body: (inout ReturnRecord, inout ShopState, Date) throws(SandboxRefusal) -> Value
    ) throws(SandboxRefusal) -> Value {
        try change(id, moves: manners.returnsMoveOrders) { (order, state, now) throws(SandboxRefusal) in
            guard id.kind == .return, let index = order.returns.firstIndex(where: { $0.id == id.number }) else {
                throw SandboxRefusal("there is no return \(id.number)")
            }
            return try body(&order.returns[index], &state, now)
        }
    }

    /// The customer asks to send everything that was sent back. Returns the return.
    @discardableResult
    public func requestReturn(_ order: ShopID) throws(SandboxRefusal) -> ShopID {
        try change(order, moves: manners.returnsMoveOrders) { (order, state, now) throws(SandboxRefusal) in
            let taken = Set(
                order.returns.filter { $0.status != .declined && $0.status != .canceled }.flatMap(\.lines)
                    .map(\.fulfillmentLineID))
            let sent = order.fulfillments.filter { !$0.cancelled }.flatMap(\.lines).filter { !taken.contains($0.id) }
            guard !sent.isEmpty else { throw SandboxRefusal("\(order.name) has nothing that could come back") }
            let id = state.newID(.return, of: order.id)
            let lines = sent.map { line in
                ReturnRecord.Line(
                    id: state.newID(), fulfillmentLineID: line.id, lineItemID: line.lineItemID, quantity: line.quantity)
            }
            order.returns.append(
                ReturnRecord(
                    id: id, index: order.returns.count + 1, status: .requested, createdAt: now, lines: lines))
            return ShopID(.return, id)
        }
    }

    /// The customer, or an app for her, asks to send some of what was sent back. Returns the return.
    func requestReturn(
        _ order: ShopID, lines wanted: [(fulfillmentLine: Int64, quantity: Int, note: String?, reason: Int64)]
    ) throws(SandboxRefusal) -> ShopID {
        try change(order, moves: manners.returnsMoveOrders) { (order, state, now) throws(SandboxRefusal) in
            let sent = order.fulfillments.filter { !$0.cancelled }.flatMap(\.lines)
            var lines: [ReturnRecord.Line] = []
            for one in wanted {
                guard let line = sent.first(where: { $0.id == one.fulfillmentLine }),
                    one.quantity > 0, one.quantity <= order.returnable(one.fulfillmentLine)
                else { throw SandboxRefusal("Return line item has an invalid quantity.") }
                var made = ReturnRecord.Line(
                    id: state.newID(), fulfillmentLineID: line.id, lineItemID: line.lineItemID, quantity: one.quantity)
                (made.customerNote, made.reason) = (one.note, one.reason)
                lines.append(made)
            }
            let id = state.newID(.return, of: order.id)
            order.returns.append(
                ReturnRecord(
                    id: id, index: order.returns.count + 1, status: .requested, createdAt: now, lines: lines))
            return ShopID(.return, id)
        }
    }

    /// Counts goods of a return as processed, each line with how many, and pays for them: the way they were paid for, or
    /// as credit. Returns the refund; nil if nothing is paid.
    func processReturn(
        _ id: ShopID, lines: [(line: Int64, quantity: Int)], amount: Int, asCredit: Bool, expiresAt: Date?
    ) throws(SandboxRefusal) -> ShopID? {
        try changeReturn(id) { (record, _, _) throws(SandboxRefusal) in
            for one in lines {
                guard let index = record.lines.firstIndex(where: { $0.id == one.line }), one.quantity > 0,
                    record.lines[index].processed + one.quantity <= record.lines[index].quantity
                else { throw SandboxRefusal("Return line item has an invalid quantity.") }
                record.lines[index].processed += one.quantity
            }
        }
        guard amount > 0, let order = read({ $0.order(owning: id) }) else { return nil }
        if asCredit, let customer = order.customerID {
            _ = credit(customer, amount: amount, expiresAt: expiresAt, now: clock.now())
        }
        return try refund(ShopID(.order, order.id), amount: amount, for: id)
    }

    /// The shop approves the return.
    public func approveReturn(_ id: ShopID) throws(SandboxRefusal) {
        try changeReturn(id) { (record, state, now) throws(SandboxRefusal) in
            guard record.status == .requested else { throw SandboxRefusal("the return is not waiting for approval") }
            record.status = .open
            record.approvedAt = now
            let owner = state.owners[id] ?? 0
            let lines = record.lines.map { line in
                ReverseOrderRecord.Line(
                    id: state.newID(), fulfillmentLineID: line.fulfillmentLineID, lineItemID: line.lineItemID,
                    quantity: line.quantity)
            }
            record.reverse = ReverseOrderRecord(id: state.newID(.reverseFulfillmentOrder, of: owner), lines: lines)
        }
    }

    /// The shop declines it.
    public func declineReturn(_ id: ShopID, note: String? = nil, reason: String = "OTHER") throws(SandboxRefusal) {
        try changeReturn(id) { (record, _, _) throws(SandboxRefusal) in
            guard record.status == .requested else { throw SandboxRefusal("the return is not waiting for approval") }
            record.status = .declined
            record.declineNote = note
            record.declineReason = reason
        }
    }

    /// The return is cancelled.
    public func cancelReturn(_ id: ShopID) throws(SandboxRefusal) {
        try changeReturn(id) { (record, _, _) throws(SandboxRefusal) in
            guard record.status == .requested || record.status == .open else {
                throw SandboxRefusal("the return is over already")
            }
            record.status = .canceled
            record.reverse?.status = "CANCELED"
        }
    }

    /// The return is closed.
    public func closeReturn(_ id: ShopID) throws(SandboxRefusal) {
        try changeReturn(id) { (record, _, now) throws(SandboxRefusal) in
            guard record.status == .open else { throw SandboxRefusal("the return is not open") }
            record.status = .closed
            record.closedAt = now
        }
    }

    /// A label for the return is ready, or replaced. Returns the reverse delivery.
    /// - Parameter url: the label's URL; defaults to the sandbox's own PDF.
    @discardableResult
    public func attachLabel(
        _ id: ShopID, url: String? = nil, trackingNumber: String? = nil
    ) throws(SandboxRefusal) -> ShopID {
        let base = baseURL
        return try changeReturn(id) { (record, state, now) throws(SandboxRefusal) in
            guard record.status == .open, let reverse = record.reverse else {
                throw SandboxRefusal("the return has to be approved before it gets a label")
            }
            let owner = state.owners[id] ?? 0
            let delivery = state.newID(.reverseDelivery, of: owner)
            let number = trackingNumber ?? "RT\(delivery % 1_000_000_000)GB"
            record.reverse?.deliveries.append(
                ReverseDeliveryRecord(
                    id: delivery, lineIDs: reverse.lines.map { _ in state.newID() }, trackingNumber: number,
                    trackingURL: "\(base)/track/\(Self.pathSegment(number))",
                    label: .init(url: url ?? "\(base)/labels/\(delivery).pdf", createdAt: now, updatedAt: now)))
            return ShopID(.reverseDelivery, delivery)
        }
    }

    /// Replaces the label of a reverse delivery.
    public func replaceLabel(
        _ delivery: ShopID, url: String? = nil, trackingNumber: String? = nil
    ) throws(SandboxRefusal) {
        let base = baseURL
        try change(delivery, moves: manners.returnsMoveOrders) { (order, _, now) throws(SandboxRefusal) in
            for (r, record) in order.returns.enumerated() {
                for (d, known) in (record.reverse?.deliveries ?? []).enumerated() where known.id == delivery.number {
                    let version = ShopTime.parts(now)
                    let fresh =
                        url
                        ?? "\(base)/labels/\(delivery.number).pdf?v=\(version.hour)\(version.minute)\(version.second)"
                    if let trackingNumber {
                        order.returns[r].reverse?.deliveries[d].trackingNumber = trackingNumber
                    }
                    order.returns[r].reverse?.deliveries[d].label = .init(
                        url: fresh, createdAt: known.label?.createdAt ?? now, updatedAt: now)
                    return
                }
            }
            throw SandboxRefusal("there is no reverse delivery \(delivery.number)")
        }
    }

    /// The goods are back: they are restocked, and the reverse fulfillment order closes. What is done about the money is
    /// another step (`processReturn`).
    public func receiveReturn(_ id: ShopID) throws(SandboxRefusal) {
        try changeReturn(id) { (record, state, now) throws(SandboxRefusal) in
            guard record.status == .open, var reverse = record.reverse else {
                throw SandboxRefusal("the return is not open")
            }
            for index in reverse.lines.indices {
                reverse.lines[index].disposition = .init(
                    id: state.newID(), type: "RESTOCKED", quantity: reverse.lines[index].quantity, createdAt: now)
            }
            reverse.status = "CLOSED"
            record.reverse = reverse
        }
    }

    /// The customer gets money back. Returns the refund.
    /// - Parameters:
    ///   - amount: in hundredths of the shop's currency; defaults to everything paid and not yet refunded.
    ///   - for: the return it belongs to.
    @discardableResult
    public func refund(
        _ order: ShopID, amount: Int? = nil, for returned: ShopID? = nil, note: String? = nil
    ) throws(SandboxRefusal) -> ShopID {
        try change(order) { (order, state, now) throws(SandboxRefusal) in
            let left = order.total - order.refunded
            let amount = amount ?? left
            guard order.paid else { throw SandboxRefusal("\(order.name) has not been paid") }
            guard amount > 0, amount <= left else {
                throw SandboxRefusal("\(order.name) has \(Money.text(left)) left that could be given back")
            }
            let id = state.newID(.refund, of: order.id)
            let lines = order.returns.first { $0.id == returned?.number }?.lines ?? []
            order.refunds.append(
                RefundRecord(
                    id: id, createdAt: now, amount: amount, note: note, returnID: returned?.number,
                    lines: lines.map { .init(id: state.newID(), lineItemID: $0.lineItemID, quantity: $0.quantity) }))
            state.log("refund", "A refund was issued.", order: order.id, at: now)
            return ShopID(.refund, id)
        }
    }

    /// The order's returns, oldest first.
    public func returns(of order: ShopID) -> [ShopID] {
        read { $0.orders[order.number]?.returns.map(\.id) ?? [] }.map { ShopID(.return, $0) }
    }
}

/// Money in hundredths of a currency.
enum Money {
    /// `55.0`, `11884.95`: as the Admin API writes a Decimal.
    static func text(_ hundredths: Int) -> String {
        let whole = hundredths / 100
        let rest = abs(hundredths % 100)
        let sign = hundredths < 0 && whole == 0 ? "-" : ""
        return rest % 10 == 0 ? "\(sign)\(whole).\(rest / 10)" : "\(sign)\(whole).\(rest < 10 ? "0" : "")\(rest)"
    }
}

public import FoundationEssentials

extension SandboxShop {
    /// Sends items of an order. Returns the fulfillment.
    /// - Parameters:
    ///   - packages: the parcels and their numbers. A number without a link gets one to the sandbox's own tracking
    ///     page.
    ///   - quantities: the quantity per order line, counted from 0; everything left if empty.
    @discardableResult
    public func fulfil(
        _ order: ShopID, packages: [SandboxPackage], quantities: [Int: Int] = [:], estimatedDeliveryAt: Date? = nil
    ) throws(SandboxRefusal) -> ShopID {
        let base = baseURL
        return try change(order) { (order, state, now) throws(SandboxRefusal) in
            guard order.cancelledAt == nil else { throw SandboxRefusal("\(order.name) is cancelled") }
            guard order.holds.isEmpty else { throw SandboxRefusal("\(order.name) is on hold; release it first") }
            var lines: [FulfillmentRecord.Line] = []
            for (index, line) in order.lines.enumerated() {
                let left = line.currentQuantity - order.fulfilledQuantity(of: line.id)
                let wanted = quantities.isEmpty ? left : min(left, quantities[index] ?? 0)
                if wanted > 0 {
                    lines.append(.init(id: state.newID(), lineItemID: line.id, quantity: wanted))
                }
            }
            guard !lines.isEmpty else { throw SandboxRefusal("\(order.name) has nothing left to send") }
            let id = state.newID(.fulfillment, of: order.id)
            let packages = packages.map { package in
                var package = package
                if package.url == nil, let number = package.number {
                    package.url = "\(base)/track/\(Self.pathSegment(number))"
                }
                return package
            }
            order.fulfillments.append(
                FulfillmentRecord(
                    id: id, index: order.fulfillments.count + 1, createdAt: now, updatedAt: now, packages: packages,
                    lines: lines, estimatedDeliveryAt: estimatedDeliveryAt, promisedAt: estimatedDeliveryAt))
            for package in packages { state.noteParcel(package.number, of: id) }
            state.log("fulfillment_success", "Items were fulfilled.", order: order.id, at: now)
            return ShopID(.fulfillment, id)
        }
    }

    static func pathSegment(_ text: String) -> String {
        String(
            text.unicodeScalars.filter { $0.isASCII && ($0.properties.isAlphabetic || ("0"..."9").contains($0)) }.map(
                Character.init))
    }

    private func changeFulfillment<Value: Sendable>(
        _ id: ShopID, moves: Bool,
        _ body: (inout FulfillmentRecord, inout ShopState, Date) throws(SandboxRefusal) -> Value
    ) throws(SandboxRefusal) -> Value {
        try change(id, moves: moves) { (order, state, now) throws(SandboxRefusal) in
            guard id.kind == .fulfillment, let index = order.fulfillments.firstIndex(where: { $0.id == id.number })
            else { throw SandboxRefusal("there is no fulfillment \(id.number)") }
            let value = try body(&order.fulfillments[index], &state, now)
            order.fulfillments[index].updatedAt = now
            return value
        }
    }

    /// A carrier reports something about a fulfillment. Returns the event.
    /// - Parameter happenedAt: defaults to the shop's current time.
    @discardableResult
    public func addEvent(
        _ fulfillment: ShopID, _ status: SandboxTrackingStatus, happenedAt: Date? = nil, message: String? = nil,
        estimatedDeliveryAt: Date? = nil, city: String? = nil, province: String? = nil, country: String? = nil,
        zip: String? = nil
    ) throws(SandboxRefusal) -> ShopID {
        try changeFulfillment(fulfillment, moves: manners.trackingMovesOrders) {
            (record, state, now) throws(SandboxRefusal) in
            let id = state.newID()
            record.events.append(
                FulfillmentEventRecord(
                    id: id, status: status, happenedAt: happenedAt ?? now, createdAt: now, message: message,
                    estimatedDeliveryAt: estimatedDeliveryAt, city: city, province: province, country: country, zip: zip
                ))
            if let estimatedDeliveryAt {
                record.estimatedDeliveryAt = estimatedDeliveryAt
                record.promisedAt = record.promisedAt ?? estimatedDeliveryAt
            }
            return ShopID(.fulfillmentEvent, id)
        }
    }

    /// The carrier promises another day.
    public func setEstimate(_ fulfillment: ShopID, _ date: Date?) throws(SandboxRefusal) {
        try changeFulfillment(fulfillment, moves: manners.trackingMovesOrders) { record, _, _ in
            record.estimatedDeliveryAt = date
            record.promisedAt = record.promisedAt ?? date
        }
    }

    /// The carrier scans a parcel and reports it only when asked, not to the shop.
    /// - Parameters:
    ///   - package: which of the fulfillment's parcels, from 0; defaults to all.
    ///   - happenedAt: defaults to the shop's current time.
    public func scan(
        _ fulfillment: ShopID, _ state: SandboxParcelState, reason: SandboxParcelReason? = nil, package: Int? = nil,
        happenedAt: Date? = nil, words: String? = nil, city: String? = nil, estimatedDeliveryAt: Date? = nil
    ) throws(SandboxRefusal) {
        try changeFulfillment(fulfillment, moves: false) { (record, _, now) throws(SandboxRefusal) in
            if let package, !record.packages.indices.contains(package) {
                throw SandboxRefusal("the fulfillment has no package \(package + 1)")
            }
            record.carrierScans.append(
                CarrierScanRecord(
                    package: package, state: state, reason: reason, happenedAt: happenedAt ?? now, words: words,
                    city: city, estimatedDeliveryAt: estimatedDeliveryAt))
        }
    }

    /// The carrier delivered.
    public func deliver(_ fulfillment: ShopID, at date: Date? = nil) throws(SandboxRefusal) {
        try addEvent(fulfillment, .delivered, happenedAt: date, message: "Delivered, left at the front door")
    }

    /// The shop corrects a tracking number.
    public func correctTracking(
        _ fulfillment: ShopID, package: Int = 0, company: String? = nil, number: String
    ) throws(SandboxRefusal) {
        let base = baseURL
        try changeFulfillment(fulfillment, moves: true) { (record, state, _) throws(SandboxRefusal) in
            // A fulfillment created without a number gets its first one.
            if record.packages.isEmpty, package == 0 {
                record.packages.append(SandboxPackage(company: company, number: nil))
            }
            guard record.packages.indices.contains(package) else {
                throw SandboxRefusal("the fulfillment has no package \(package + 1)")
            }
            if let company { record.packages[package].company = company }
            state.noteParcel(number, of: record.id)
            record.packages[package].number = number
            record.packages[package].url = "\(base)/track/\(Self.pathSegment(number))"
        }
    }

    /// Cancels a fulfillment: its items can be sent again.
    public func cancelFulfillment(_ fulfillment: ShopID) throws(SandboxRefusal) {
        try changeFulfillment(fulfillment, moves: true) { (record, _, _) throws(SandboxRefusal) in
            guard !record.cancelled else { throw SandboxRefusal("the fulfillment is cancelled already") }
            record.cancelled = true
        }
    }

    /// The order's fulfillments, oldest first.
    public func fulfillments(of order: ShopID) -> [ShopID] {
        read { $0.orders[order.number]?.fulfillments.map(\.id) ?? [] }.map { ShopID(.fulfillment, $0) }
    }
}

extension SandboxShop {
    /// Fills the shop with orders whose parcels have been on their way for up to ten days: the load of a daemon that
    /// has been running for a long time.
    func prefill(openShipments count: Int, within seconds: TimeInterval = 864_000) {
        guard count > 0 else { return }
        let now = clock.now()
        let item = SandboxItem("Fig leaf tea", sku: "TEA-FIG", price: 1250, tags: ["tea"])
        for index in 0..<count {
            // Oldest first, so that ids and times rise together.
            let placedAt = now.addingTimeInterval(-seconds * (1 - Double(index) / Double(count)) - 3600)
            let order = placeOrder(
                customer: SandboxCustomer(
                    firstName: "Early", lastName: "Bird \(index)", email: "early\(index)@load.example", isGuest: true),
                items: [item], placedAt: placedAt)
            _ = try? change(order.id, moves: false) { (order, state, _) throws(SandboxRefusal) in
                let shippedAt = placedAt.addingTimeInterval(1800)
                let line = FulfillmentRecord.Line(id: state.newID(), lineItemID: order.lines[0].id, quantity: 1)
                let number = "1ZBIRD\(index)"
                var fulfillment = FulfillmentRecord(
                    id: state.newID(.fulfillment, of: order.id), index: 1, createdAt: shippedAt, updatedAt: shippedAt,
                    packages: [
                        SandboxPackage(company: "UPS", number: number, url: "https://ups.example/track/\(number)")
                    ], lines: [line], estimatedDeliveryAt: now.addingTimeInterval(5 * 86_400))
                fulfillment.events = [
                    FulfillmentEventRecord(
                        id: state.newID(), status: .inTransit, happenedAt: shippedAt, createdAt: shippedAt,
                        message: "In transit")
                ]
                fulfillment.promisedAt = fulfillment.estimatedDeliveryAt
                state.noteParcel(number, of: fulfillment.id)
                order.fulfillments = [fulfillment]
                order.updatedAt = shippedAt
            }
        }
    }
}

// The shop's verbs for scripts and the page: POST /api/shop/VERB with a JSON body. Every body names its order
// (`"order": "#1001"`); the order's newest fulfillment or return is used unless a gid is given.

internal import FoundationEssentials

struct ShopVerbs {
    let shop: SandboxShop

    /// All verbs, for the page.
    static let names = [
        "place", "pay", "ship", "event", "scan", "estimate", "deliver", "correct-tracking", "cancel-fulfillment",
        "hold",
        "release", "edit", "update", "cancel", "quirks", "request-return", "approve-return", "decline-return",
        "cancel-return", "label", "replace-label", "receive-return", "close-return", "refund", "dispute",
    ]

    /// Runs the verb. The answer names the result.
    func call(_ verb: String, _ body: JSON) throws(SandboxRefusal) -> JSON {
        if verb == "place" { return try place(body) }
        guard Self.names.contains(verb) else {
            throw SandboxRefusal("there is no verb '\(verb)'; there are \(Self.names.joined(separator: ", "))")
        }
        guard let name = body["order"]?.string, let order = shop.order(named: name) else {
            throw SandboxRefusal("name an order that exists: {\"order\": \"#1001\"}")
        }
        let made = try call(verb, body, order)
        return ["ok": true, "order": .string(name), "id": .text(made?.description)]
    }

    private func call(_ verb: String, _ body: JSON, _ order: ShopID) throws(SandboxRefusal) -> ShopID? {
        switch verb {
        case "pay": try shop.pay(order)
        case "ship": return try ship(body, order)
        case "event":
            guard let status = body["status"]?.string.flatMap({ SandboxTrackingStatus(rawValue: $0.uppercased()) })
            else {
                let known = SandboxTrackingStatus.allCases.map(\.rawValue).joined(separator: ", ")
                throw SandboxRefusal("say which status: \(known)")
            }
            return try shop.addEvent(
                try fulfillment(body, order), status, happenedAt: try date(body, "happened_at"),
                message: body["message"]?.string, estimatedDeliveryAt: try estimate(body), city: body["city"]?.string)
        case "scan": try scan(body, order)
        case "estimate": try shop.setEstimate(try fulfillment(body, order), try estimate(body))
        case "deliver": try shop.deliver(try fulfillment(body, order), at: try date(body, "happened_at"))
        case "correct-tracking":
            guard let number = body["number"]?.string else { throw SandboxRefusal("give the right \"number\"") }
            try shop.correctTracking(
                try fulfillment(body, order), package: Int(body["package"]?.int ?? 0),
                company: body["company"]?.string, number: number)
        case "cancel-fulfillment": try shop.cancelFulfillment(try fulfillment(body, order))
        case "hold": try shop.hold(order, notes: body["notes"]?.string)
        case "release": try shop.release(order)
        case "edit": try shop.editOrder(order, adding: try items(body))
        case "update":
            try shop.update(
                order, tags: strings(body["tags"]), note: body["note"]?.string, email: body["email"]?.string)
        case "cancel": try shop.cancelOrder(order, reason: body["reason"]?.string ?? "CUSTOMER")
        case "quirks":
            try shop.setQuirks(
                Set((strings(body["quirks"]) ?? []).compactMap(SandboxQuirk.init(rawValue:))), of: order)
        case "request-return": return try shop.requestReturn(order)
        case "approve-return": try shop.approveReturn(try returned(body, order))
        case "decline-return": try shop.declineReturn(try returned(body, order), note: body["note"]?.string)
        case "cancel-return": try shop.cancelReturn(try returned(body, order))
        case "label": return try shop.attachLabel(try returned(body, order), url: body["url"]?.string)
        case "replace-label": try shop.replaceLabel(try delivery(body, order), url: body["url"]?.string)
        case "receive-return": try shop.receiveReturn(try returned(body, order))
        case "dispute": try shop.dispute(order, status: body["status"]?.string ?? "NEEDS_RESPONSE")
        case "close-return": try shop.closeReturn(try returned(body, order))
        default:
            return try shop.refund(
                order, amount: body["amount"]?.int.map { Int($0) },
                for: body["return"]?.string == "none" ? nil : try? returned(body, order))
        }
        return nil
    }

    /// A scan by the carrier that the shop never sees.
    private func scan(_ body: JSON, _ order: ShopID) throws(SandboxRefusal) {
        guard let state = body["state"]?.string.flatMap(SandboxParcelState.init(rawValue:)) else {
            let known = SandboxParcelState.allCases.map(\.rawValue).joined(separator: ", ")
            throw SandboxRefusal("say which state: \(known)")
        }
        var reason: SandboxParcelReason?
        if let word = body["reason"]?.string {
            guard let known = SandboxParcelReason(rawValue: word) else {
                let known = SandboxParcelReason.allCases.map(\.rawValue).joined(separator: ", ")
                throw SandboxRefusal("there is no reason '\(word)'; there are \(known)")
            }
            reason = known
        }
        try shop.scan(
            try fulfillment(body, order), state, reason: reason, package: body["package"]?.int.map { Int($0) },
            happenedAt: try date(body, "happened_at"), words: body["words"]?.string, city: body["city"]?.string,
            estimatedDeliveryAt: try estimate(body))
    }

    private func strings(_ json: JSON?) -> [String]? { json?.array?.compactMap(\.string) }

    private func date(_ body: JSON, _ name: String) throws(SandboxRefusal) -> Date? {
        guard let text = body[name]?.string else { return nil }
        guard let date = ShopTime.parse(text) else {
            throw SandboxRefusal("'\(text)' is not a time; write 2026-11-21T10:00:00Z")
        }
        return date
    }

    /// `estimated_delivery_at`, or `estimated_in_days` from now.
    private func estimate(_ body: JSON) throws(SandboxRefusal) -> Date? {
        if let days = body["estimated_in_days"]?.int {
            return shop.clock.now().addingTimeInterval(Double(min(max(days, -365), 365)) * 86_400)
        }
        return try date(body, "estimated_delivery_at")
    }

    private func fulfillment(_ body: JSON, _ order: ShopID) throws(SandboxRefusal) -> ShopID {
        if let id = body["fulfillment"]?.string.flatMap(ShopID.init(gid:)) { return id }
        guard let last = shop.fulfillments(of: order).last else {
            throw SandboxRefusal("the order has not been sent yet")
        }
        return last
    }

    private func returned(_ body: JSON, _ order: ShopID) throws(SandboxRefusal) -> ShopID {
        if let id = body["return"]?.string.flatMap(ShopID.init(gid:)) { return id }
        guard let last = shop.returns(of: order).last else { throw SandboxRefusal("the order has no return") }
        return last
    }

    private func delivery(_ body: JSON, _ order: ShopID) throws(SandboxRefusal) -> ShopID {
        let id = try returned(body, order)
        let last = shop.read { state in
            state.order(owning: id)?.returns.first { $0.id == id.number }?.reverse?.deliveries.last?.id
        }
        guard let last else { throw SandboxRefusal("the return has no label yet") }
        return ShopID(.reverseDelivery, last)
    }

    private func ship(_ body: JSON, _ order: ShopID) throws(SandboxRefusal) -> ShopID {
        let given = body["packages"]?.array ?? [body]
        let packages = given.map { package in
            SandboxPackage(
                company: package["company"]?.string ?? "Royal Mail",
                number: package["number"]?.string ?? "RM\(order.number % 1_000_000_000)GB", url: package["url"]?.string)
        }
        var quantities: [Int: Int] = [:]
        for (line, count) in (body["quantities"]?.array ?? []).enumerated() { quantities[line] = Int(count.int ?? 0) }
        return try shop.fulfil(
            order, packages: packages, quantities: quantities, estimatedDeliveryAt: try estimate(body))
    }

    private func items(_ body: JSON) throws(SandboxRefusal) -> [SandboxItem] {
        let items = (body["items"]?.array ?? []).map { item in
            SandboxItem(
                item["title"]?.string ?? "Fig leaf tea", sku: item["sku"]?.string ?? "TEA-FIG",
                price: Int(item["price"]?.int ?? 1250), quantity: Int(item["quantity"]?.int ?? 1),
                tags: strings(item["tags"]) ?? [])
        }
        guard items.allSatisfy({ (1...1000).contains($0.quantity) && (0...10_000_000).contains($0.price) }) else {
            throw SandboxRefusal("a quantity is from 1 to 1000, a price from 0 to 10000000 hundredths")
        }
        return items.isEmpty ? [SandboxItem("Fig leaf tea", sku: "TEA-FIG", price: 1250, tags: ["tea"])] : items
    }

    /// Where an order goes: street, town and postcode in Britain.
    private func address(_ body: JSON) -> SandboxAddress {
        var address = SandboxAddress.bristol
        address.address1 = body["address"]?["address1"]?.string ?? address.address1
        address.city = body["address"]?["city"]?.string ?? address.city
        address.zip = body["address"]?["zip"]?.string ?? address.zip
        return address
    }

    private func place(_ body: JSON) throws(SandboxRefusal) -> JSON {
        let customer = body["customer"] ?? .object([])
        let order = shop.placeOrder(
            customer: SandboxCustomer(
                firstName: customer["first_name"]?.string ?? "Sam",
                lastName: customer["last_name"]?.string ?? "Shopper",
                email: customer["email"]?.string ?? "sam@shopper.example", locale: customer["locale"]?.string ?? "en",
                tags: strings(customer["tags"]) ?? [], isGuest: customer["guest"]?.bool ?? false,
                acceptsMarketing: customer["accepts_marketing"]?.bool ?? false, phone: customer["phone"]?.string,
                acceptsTexts: customer["accepts_sms"]?.bool ?? false),
            items: try items(body), address: address(body), paid: body["paid"]?.bool ?? true,
            test: body["test"]?.bool ?? false,
            tags: strings(body["tags"]) ?? [], note: body["note"]?.string, placedAt: try date(body, "placed_at"),
            takenElsewhereAt: try date(body, "taken_elsewhere_at"))
        return ["ok": true, "order": .string(order.name), "id": .string(order.id.description)]
    }

    /// The newest orders, for the page.
    func list(limit: Int) -> JSON {
        let currency = shop.profile.currency
        return shop.read { state in
            .array(
                state.index.ids.suffix(limit).reversed().compactMap { state.orders[$0] }
                    .map { Self.json($0, currency: currency) })
        }
    }

    private static func json(_ order: OrderRecord, currency: String) -> JSON {
        let fulfillments = order.fulfillments.map { fulfillment -> JSON in
            [
                "id": .string(ShopID(.fulfillment, fulfillment.id).description),
                "status": .string(fulfillment.displayStatus),
                "estimate": .text(fulfillment.estimatedDeliveryAt.map(ShopTime.iso)),
                "packages": .array(
                    fulfillment.packages.map { ["company": .text($0.company), "number": .text($0.number)] }),
            ]
        }
        let returns = order.returns.map { returned -> JSON in
            [
                "id": .string(ShopID(.return, returned.id).description),
                "name": .string("\(order.name)-R\(returned.index)"), "status": .string(returned.status.rawValue),
                "received": .bool(returned.reverse?.status == "CLOSED"),
                "label": .text(returned.reverse?.deliveries.last?.label?.url),
            ]
        }
        // A cancelled order has no items left; show the original ones.
        let isCancelled = order.cancelledAt != nil
        let items = order.lines.map { "\(isCancelled ? $0.item.quantity : $0.currentQuantity) × \($0.item.title)" }
        return [
            "name": .string(order.name), "id": .string(ShopID(.order, order.id).description),
            "customer": .string(order.customer.name), "email": .string(order.customer.email),
            "createdAt": .string(ShopTime.iso(order.createdAt)), "updatedAt": .string(ShopTime.iso(order.updatedAt)),
            "total": .string(Money.text(isCancelled ? order.total : order.currentTotal)), "currency": .string(currency),
            "test": .bool(order.isTest),
            "items": .array(items.map(JSON.string)),
            "financial": .string(order.financialStatus), "fulfillment": .string(order.fulfillmentStatus),
            "returnStatus": .string(order.returnStatus), "held": .bool(!order.holds.isEmpty),
            "cancelled": .bool(isCancelled),
            "refundable": .bool(order.paid && order.refunded < order.total),
            "fulfillments": .array(fulfillments), "returns": .array(returns),
        ]
    }

    /// What was done for each order, for scripts.
    func acts() -> JSON {
        shop.read { state in
            .array(
                state.orders.values.sorted { $0.id < $1.id }.map { order in
                    let customer = order.customerID.flatMap { state.customers[$0] }
                    let credits = order.customerID.flatMap { state.credits[$0] } ?? []
                    return [
                        "name": .string(order.name), "tags": .array(order.tags.map(JSON.string)),
                        "customer_tags": .array((customer?.profile.tags ?? []).map(JSON.string)),
                        "refunds": .array(
                            order.refunds.map { ["amount": .int(Int64($0.amount)), "note": .text($0.note)] }),
                        "credits": .array(credits.map { .int(Int64($0.amount)) }),
                        "holds": .array(order.holds.map { .text($0.handle) }),
                        "returns": .array(order.returns.map { Self.act($0, of: order) }),
                        "cancelled": .bool(order.cancelledAt != nil), "total": .int(Int64(order.total)),
                        "address": .text(order.address?.address1),
                        "attributes": .array(
                            order.attributes.map { ["key": .string($0.key), "value": .string($0.value)] }),
                    ]
                })
        }
    }

    /// A return, with what was noted and whether it is paid.
    private static func act(_ returned: ReturnRecord, of order: OrderRecord) -> JSON {
        let lines = returned.lines.map { line -> JSON in
            ["quantity": .int(Int64(line.quantity)), "note": .text(line.customerNote)]
        }
        let paid = order.refunds.count { $0.returnID == returned.id }
        return [
            "status": .string(returned.status.rawValue), "decline_reason": .string(returned.declineReason),
            "lines": .array(lines), "refunds": .int(Int64(paid)),
        ]
    }
}

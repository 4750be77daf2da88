internal import FoundationEssentials

// What an app does for an order: holds, refunds, credit, drafts that become orders, cancellations, addresses. Errors are
// those that were recorded on real shops.

extension MutationRoot {
    private func payload(_ type: String, _ fields: [String: Resolved] = [:]) -> Resolved {
        .object(Record(type, fields.merging(["userErrors": .list([])]) { own, _ in own }))
    }

    private func refused(
        _ type: String, _ errors: String, _ field: [String], _ message: String, code: String? = nil,
        list: String = "userErrors"
    ) -> Resolved {
        var fields: [String: Resolved] = ["field": .texts(field), "message": .text(message)]
        if let code { fields["code"] = .text(code) }
        return .object(Record(type, ["userErrors": .list([]), list: .list([.object(Record(errors, fields))])]))
    }

    /// The order whose id a field names.
    private func order(_ gid: String?) -> OrderRecord? {
        guard let id = gid.flatMap(ShopID.init(gid:)), id.kind == .order else { return nil }
        return graph.state.orders[id.number]
    }

    // MARK: - Holds

    func fulfillmentOrderHold(_ arguments: GraphQLArguments) throws(GraphQLError) -> Resolved {
        try graph.require("write_merchant_managed_fulfillment_orders", for: "fulfillmentOrderHold")
        let type = "FulfillmentOrderHoldPayload"
        let error = "FulfillmentOrderHoldUserError"
        guard let id = arguments.string("id").flatMap(ShopID.init(gid:)), id.kind == .fulfillmentOrder,
            let order = graph.state.order(owning: id)
        else {
            return refused(
                type, error, ["id"], "Fulfillment order does not exist", code: "FULFILLMENT_ORDER_NOT_FOUND")
        }
        let input = arguments.values["fulfillmentHold"] ?? .null
        let handle = input["handle"]?.string ?? ""
        if order.holds.contains(where: { $0.handle == handle }) {
            return refused(
                type, error, ["fulfillmentHold", "handle"],
                "The handle provided for the fulfillment hold is already in use by this app for another hold on this "
                    + "fulfillment order.", code: "DUPLICATE_FULFILLMENT_HOLD_HANDLE")
        }
        if order.holds.count >= 10 {
            return refused(
                type, error, ["id"],
                "The maximum number of fulfillment holds for this fulfillment order has been reached",
                code: "FULFILLMENT_ORDER_HOLD_LIMIT_REACHED")
        }
        do throws(SandboxRefusal) {
            try shop.addHold(
                ShopID(.order, order.id), reason: input["reason"]?.string ?? "OTHER",
                notes: input["reasonNotes"]?.string, handle: handle)
        } catch {
            return refused(type, "FulfillmentOrderHoldUserError", ["id"], error.description, code: "TAKEN")
        }
        let now = graph
        let hold = now.state.orders[order.id]?.holds.first { $0.handle == handle }
        return payload(type, ["fulfillmentHold": .object(hold.map(FulfillmentOrderNode.hold))])
    }

    func fulfillmentOrderReleaseHold(_ arguments: GraphQLArguments) throws(GraphQLError) -> Resolved {
        try graph.require("write_merchant_managed_fulfillment_orders", for: "fulfillmentOrderReleaseHold")
        let type = "FulfillmentOrderReleaseHoldPayload"
        guard let id = arguments.string("id").flatMap(ShopID.init(gid:)), id.kind == .fulfillmentOrder,
            let order = graph.state.order(owning: id)
        else {
            return refused(
                type, "FulfillmentOrderReleaseHoldUserError", ["id"], "Fulfillment order does not exist",
                code: "FULFILLMENT_ORDER_NOT_FOUND")
        }
        let wanted = (arguments.values["holdIds"]?.array ?? []).compactMap {
            $0.string.flatMap(ShopID.split)?.number
        }
        try? shop.dropHolds(ShopID(.order, order.id), wanted.isEmpty ? nil : wanted)
        return payload(type)
    }

    // MARK: - Money

    func refundCreate(_ input: JSON) throws(GraphQLError) -> Resolved {
        try graph.require("write_orders", for: "refundCreate")
        let type = "RefundCreatePayload"
        guard let key = idempotencyKey else {
            throw GraphQLError(
                message: "The @idempotent directive is required for this mutation but was not provided.",
                extensions: [JSON.Member("code", "BAD_REQUEST")])
        }
        guard let order = order(input["orderId"]?.string) else {
            return refused(type, "UserError", ["orderId"], "Order does not exist")
        }
        let written = String(decoding: input.bytes, as: UTF8.self)
        if let before = shop.read({ $0.idempotency[key] }) {
            guard before.input == written else {
                return refused(
                    type, "UserError", [], "The same idempotency key was used with different parameters.")
            }
            let refund = graph.order(order.id)?.refund(before.made) ?? .null
            return payload(type, ["refund": refund])
        }
        var sum = 0
        for transaction in input["transactions"]?.array ?? [] {
            guard transaction["parentId"]?.string != nil else {
                return refused(
                    type, "UserError", ["transactions"], "Transactions require a parent_id associated with the order")
            }
            sum += Self.hundredths(transaction["amount"])
        }
        let left = order.total - order.refunded
        if sum > left {
            return refused(
                type, "UserError", [],
                "Refund amount $\(Money.text(sum)) is greater than net payment received $\(Money.text(left))")
        }
        let made: ShopID
        do throws(SandboxRefusal) {
            made = try shop.refund(ShopID(.order, order.id), amount: sum, note: input["note"]?.string)
        } catch {
            return refused(type, "UserError", [], error.description)
        }
        shop.mutate { $0.idempotency[key] = (written, made.number) }
        return payload(type, ["refund": graph.order(order.id)?.refund(made.number) ?? .null])
    }

    func storeCredit(_ arguments: GraphQLArguments) throws(GraphQLError) -> Resolved {
        try graph.require("write_store_credit_account_transactions", for: "storeCreditAccountCredit")
        let type = "StoreCreditAccountCreditPayload"
        let error = "StoreCreditAccountCreditUserError"
        let input = arguments.values["creditInput"] ?? .null
        let amount = Self.hundredths(input["creditAmount"]?["amount"])
        guard let id = arguments.string("id").flatMap(ShopID.init(gid:)), id.kind == .customer,
            graph.state.customers[id.number] != nil
        else { return refused(type, error, ["id"], "Owner does not exist.", code: "OWNER_NOT_FOUND") }
        if amount <= 0 {
            return refused(
                type, error, ["creditInput", "creditAmount", "amount"], "A positive amount must be used.",
                code: "NEGATIVE_OR_ZERO_AMOUNT")
        }
        if input["creditAmount"]?["currencyCode"]?.string != graph.profile.currency {
            return refused(
                type, error, ["creditInput", "creditAmount", "currencyCode"], "Currency is not supported.",
                code: "UNSUPPORTED_CURRENCY")
        }
        let expires = input["expiresAt"]?.string.flatMap(ShopTime.parse)
        if let expires, expires <= graph.now {
            return refused(
                type, error, ["creditInput", "expiresAt"], "The expiry date must be in the future.",
                code: "EXPIRES_AT_IN_PAST")
        }
        guard let record = shop.credit(id.number, amount: amount, expiresAt: expires, now: graph.now) else {
            return refused(type, error, ["id"], "Owner does not exist.", code: "OWNER_NOT_FOUND")
        }
        return payload(type, ["storeCreditAccountTransaction": .object(graph.credit(record))])
    }

    /// `12.50` as 1250.
    static func hundredths(_ json: JSON?) -> Int {
        guard let text = json?.string ?? json?.int.map({ String($0) }) else { return 0 }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let whole = Int(parts.first ?? "") ?? 0
        let rest = parts.count > 1 ? String((parts[1] + "00").prefix(2)) : "00"
        return whole * 100 + (Int(rest) ?? 0)
    }

    // MARK: - Drafts

    func draftOrderCreate(_ input: JSON) throws(GraphQLError) -> Resolved {
        try graph.require("write_draft_orders", for: "draftOrderCreate")
        let type = "DraftOrderCreatePayload"
        let graph = graph
        var lines: [DraftRecord.Line] = []
        for line in input["lineItems"]?.array ?? [] {
            let variant = line["variantId"]?.string.flatMap(ShopID.split)?.number ?? 0
            guard
                let known = graph.state.orders.values.lazy.flatMap(\.lines).first(where: { $0.productID + 1 == variant }
                )
            else {
                return refused(
                    type, "UserError", ["lineItems"], "Product with ID \(variant) is no longer available.")
            }
            lines.append(DraftRecord.Line(item: known.item, quantity: Int(line["quantity"]?.int ?? 1)))
        }
        if lines.isEmpty { return refused(type, "UserError", [], "Add at least 1 product") }
        let taken = lines
        let address = Self.address(input["shippingAddress"])
        let now = graph.now
        let lag = shop.manners.indexLag.inSeconds
        let draft = shop.addDraft { state in
            DraftRecord(
                id: state.newID(), tags: (input["tags"]?.array ?? []).compactMap(\.string),
                attributes: (input["customAttributes"]?.array ?? []).map {
                    OrderRecord.Attribute(key: $0["key"]?.string ?? "", value: $0["value"]?.string ?? "")
                },
                note: input["note"]?.string, lines: taken, address: address,
                customer: input["purchasingEntity"]?["customerId"]?.string.flatMap(ShopID.split)?.number,
                email: input["email"]?.string,
                discount: input["appliedDiscount"]?["value"]?.int.map { Int($0) } ?? 0, createdAt: now,
                visibleAt: now.addingTimeInterval(lag))
        }
        return payload(type, ["draftOrder": .object(self.graph.draft(draft))])
    }

    func draftOrderComplete(_ arguments: GraphQLArguments) throws(GraphQLError) -> Resolved {
        try graph.require("write_draft_orders", for: "draftOrderComplete")
        let type = "DraftOrderCompletePayload"
        guard let id = arguments.string("id").flatMap(ShopID.split)?.number, graph.state.drafts[id] != nil else {
            return refused(type, "UserError", ["id"], "Draft order does not exist")
        }
        guard let draft = shop.completeDraft(id) else {
            return refused(type, "UserError", [], "This order has been paid")
        }
        return payload(type, ["draftOrder": .object(graph.draft(draft))])
    }

    // MARK: - Orders

    func orderCancel(_ arguments: GraphQLArguments) throws(GraphQLError) -> Resolved {
        try graph.require("write_orders", for: "orderCancel")
        let type = "OrderCancelPayload"
        let errors = "OrderCancelUserError"
        guard let order = order(arguments.string("orderId")) else {
            return refused(
                type, errors, ["orderId"], "Order does not exist", code: "NOT_FOUND", list: "orderCancelUserErrors")
        }
        if order.cancelledAt != nil {
            return refused(
                type, errors, ["orderId"], "Cannot cancel an order that has already been canceled", code: "INVALID",
                list: "orderCancelUserErrors")
        }
        let id = ShopID(.order, order.id)
        let job = shop.mutate { state in
            let job = state.newID()
            state.jobs[job] = true
            return job
        }
        do throws(SandboxRefusal) {
            let left = order.paid ? order.total - order.refunded : 0
            try shop.cancelOrder(
                id, reason: arguments.string("reason") ?? "OTHER", note: arguments.string("staffNote"))
            if arguments.values["refundMethod"]?["originalPaymentMethodsRefund"] == .bool(true), left > 0 {
                try shop.refund(id, amount: left, note: arguments.string("staffNote"))
            }
        } catch {
            return refused(
                type, errors, ["orderId"], error.description, code: "INVALID", list: "orderCancelUserErrors")
        }
        return .object(
            Record(
                type,
                [
                    "job": .object(graph.job(job)), "orderCancelUserErrors": .list([]), "userErrors": .list([]),
                ]))
    }

    /// A whole address, or what is wrong with it.
    func readdress(_ id: ShopID, _ input: JSON) -> (field: String, message: String)? {
        func given(_ name: String) -> String { input[name]?.string ?? "" }
        if given("lastName").isEmpty { return ("lastName", "Enter a last name") }
        if given("address1").isEmpty { return ("address1", "Enter an address") }
        if given("city").isEmpty { return ("city", "Enter a city") }
        if given("zip").isEmpty { return ("zip", "Enter a ZIP code") }
        if given("phone").contains(where: \.isLetter) { return ("phone", "Phone is invalid") }
        guard let address = Self.address(input) else { return ("countryCode", "Country is not supported") }
        try? shop.readdress(id, address)
        return nil
    }

    private static func address(_ input: JSON?) -> SandboxAddress? {
        guard let input, let line = input["address1"]?.string, let country = input["countryCode"]?.string else {
            return nil
        }
        var address = SandboxAddress(
            address1: line, city: input["city"]?.string ?? "", provinceCode: input["provinceCode"]?.string,
            zip: input["zip"]?.string ?? "", countryCode: country,
            country: country == "GB" ? "United Kingdom" : country,
            timeZone: country == "GB" ? "Europe/London" : "America/New_York")
        address.address2 = input["address2"]?.string
        return address
    }
}

extension AdminGraph {
    func credit(_ record: CreditRecord) -> Record {
        let amount = MoneyNode(amount: record.amount, currency: profile.currency)
        return Record(
            "StoreCreditAccountCreditTransaction",
            [
                "id": .gid("StoreCreditAccountCreditTransaction", record.id), "amount": .object(amount),
                "balanceAfterTransaction": .object(amount), "createdAt": .time(record.createdAt),
                "expiresAt": .time(record.expiresAt),
            ])
    }

    /// The accounts of a customer: one, once something was credited.
    func creditAccounts(of customer: Int64, _ arguments: GraphQLArguments) throws(GraphQLError) -> Resolved {
        try require("read_store_credit_accounts", for: "storeCreditAccounts")
        let credits = state.credits[customer] ?? []
        let items =
            credits.isEmpty
            ? [] : [(id: customer, node: CreditAccountNode(id: customer, graph: self) as any GraphQLObject)]
        return try ConnectionNode.page("StoreCreditAccountConnection", of: items, arguments)
    }

    func draft(_ record: DraftRecord) -> Record {
        let order = record.order.flatMap { $0 == 0 ? nil : self.order($0) }
        return Record(
            "DraftOrder",
            [
                "id": .gid("DraftOrder", record.id), "name": .text("#D\(record.id % 1000)"),
                "status": .text(record.order == nil ? "OPEN" : "COMPLETED"), "ready": .bool(true),
                "tags": .texts(record.tags), "order": .object(order), "createdAt": .time(record.createdAt),
            ])
    }

    /// Drafts with a tag: `tag:NAME`; none before the index knows them.
    func drafts(_ arguments: GraphQLArguments) throws(GraphQLError) -> Resolved {
        try require("read_draft_orders", for: "draftOrders")
        let wanted = (arguments.string("query") ?? "").split(separator: ":").last.map(String.init) ?? ""
        let found = state.drafts.values.filter { $0.tags.contains(wanted) && $0.visibleAt <= now }
            .sorted { $0.id < $1.id }
            .map { (id: $0.id, node: draft($0) as any GraphQLObject) }
        return try ConnectionNode.page("DraftOrderConnection", of: found, arguments)
    }

    func job(_ id: Int64) -> Record {
        Record("Job", ["id": .gid("Job", id), "done": .bool(state.jobs[id] ?? true)])
    }
}

/// What a customer has to spend.
struct CreditAccountNode: GraphQLObject {
    let id: Int64
    let graph: AdminGraph
    var typeName: String { "StoreCreditAccount" }

    func resolve(_ field: String, _ arguments: GraphQLArguments) throws(GraphQLError) -> Resolved {
        let credits = graph.state.credits[id] ?? []
        switch field {
        case "id": return .gid("StoreCreditAccount", id)
        case "balance":
            return .object(
                MoneyNode(amount: credits.reduce(0) { $0 + $1.amount }, currency: graph.profile.currency))
        case "transactions":
            return try ConnectionNode.page(
                "StoreCreditAccountTransactionConnection",
                of: credits.map { ($0.id, graph.credit($0) as any GraphQLObject) }, arguments)
        default: return .null
        }
    }
}

internal import FoundationEssentials

/// The mutation root: the few that a notifier may send.
struct MutationRoot: GraphQLObject {
    let shop: SandboxShop
    let scopes: Set<String>
    /// The key of `@idempotent`.
    var idempotencyKey: String?
    var typeName: String { "Mutation" }

    var graph: AdminGraph { AdminGraph(state: shop.read { $0 }, shop: shop, scopes: scopes) }

    func resolve(_ field: String, _ arguments: GraphQLArguments) throws(GraphQLError) -> Resolved {
        switch field {
        case "fulfillmentEventCreate": return try fulfillmentEventCreate(arguments.values["fulfillmentEvent"] ?? .null)
        case "tagsAdd", "tagsRemove": return try tags(arguments, adding: field == "tagsAdd")
        case "orderUpdate": return try orderUpdate(arguments.values["input"] ?? .null)
        case "reverseDeliveryCreateWithShipping": return try reverseDeliveryCreate(arguments)
        case "reverseDeliveryShippingUpdate": return try reverseDeliveryUpdate(arguments)
        case "discountCodeBasicCreate":
            return try discountCreate(
                field, arguments.values["basicCodeDiscount"] ?? .null, of: "basicCodeDiscount")
        case "discountCodeFreeShippingCreate":
            return try discountCreate(
                field, arguments.values["freeShippingCodeDiscount"] ?? .null, of: "freeShippingCodeDiscount")
        case "discountCodeDeactivate": return try discountDeactivate(arguments)
        case "fulfillmentOrderHold": return try fulfillmentOrderHold(arguments)
        case "fulfillmentOrderReleaseHold": return try fulfillmentOrderReleaseHold(arguments)
        case "returnRequest": return try returnRequest(arguments.values["input"] ?? .null)
        case "returnApproveRequest": return try returnDecide(arguments.values["input"] ?? .null, approves: true)
        case "returnDeclineRequest": return try returnDecide(arguments.values["input"] ?? .null, approves: false)
        case "returnProcess": return try returnProcess(arguments.values["input"] ?? .null)
        case "returnClose": return try returnClose(arguments.string("id"))
        case "refundCreate": return try refundCreate(arguments.values["input"] ?? .null)
        case "storeCreditAccountCredit": return try storeCredit(arguments)
        case "draftOrderCreate": return try draftOrderCreate(arguments.values["input"] ?? .null)
        case "draftOrderComplete": return try draftOrderComplete(arguments)
        case "orderCancel": return try orderCancel(arguments)
        default: return .null
        }
    }

    private func userErrors(_ type: String, _ field: [String], _ message: String) -> Resolved {
        .list([.object(Record(type, ["field": .texts(field), "message": .text(message)]))])
    }

    private func fulfillmentEventCreate(_ input: JSON) throws(GraphQLError) -> Resolved {
        try graph.require("write_fulfillments", for: "fulfillmentEventCreate")
        let payload = "FulfillmentEventCreatePayload"
        func refused(_ message: String) -> Resolved {
            .object(
                Record(
                    payload, ["userErrors": userErrors("UserError", ["fulfillmentEvent", "fulfillmentId"], message)]))
        }
        guard let id = input["fulfillmentId"]?.string.flatMap(ShopID.init(gid:)), id.kind == .fulfillment,
            let status = input["status"]?.string.flatMap(SandboxTrackingStatus.init(rawValue:))
        else { return refused("Fulfillment does not exist.") }
        let event: ShopID
        do throws(SandboxRefusal) {
            event = try shop.addEvent(
                id, status, happenedAt: input["happenedAt"]?.string.flatMap(ShopTime.parse),
                message: input["message"]?.string,
                estimatedDeliveryAt: input["estimatedDeliveryAt"]?.string.flatMap(ShopTime.parse),
                city: input["city"]?.string, province: input["province"]?.string, country: input["country"]?.string,
                zip: input["zip"]?.string)
        } catch {
            return refused("Fulfillment does not exist.")
        }
        let graph = graph
        guard let record = graph.state.order(owning: id), let order = graph.order(record.id),
            let known = record.fulfillments.first(where: { $0.id == id.number })?.events
                .first(where: { $0.id == event.number })
        else { return refused("Fulfillment does not exist.") }
        return .object(
            Record(
                payload,
                ["fulfillmentEvent": .object(FulfillmentEventNode(known, order: order)), "userErrors": .list([])]))
    }

    private func tags(_ arguments: GraphQLArguments, adding: Bool) throws(GraphQLError) -> Resolved {
        let payload = adding ? "TagsAddPayload" : "TagsRemovePayload"
        let field = adding ? "tagsAdd" : "tagsRemove"
        let given = (arguments.values["tags"]?.array ?? []).compactMap(\.string)
        if let id = arguments.string("id").flatMap(ShopID.init(gid:)), id.kind == .customer {
            try graph.require("write_customers", for: field)
            guard let customer = shop.tag(customer: id.number, given, adding: adding, now: graph.now) else {
                return .object(Record(payload, ["userErrors": userErrors("UserError", ["id"], "Owner does not exist")]))
            }
            return .object(
                Record(payload, ["node": .object(CustomerNode(customer, graph)), "userErrors": .list([])]))
        }
        try graph.require("write_orders", for: field)
        guard let id = arguments.string("id").flatMap(ShopID.init(gid:)), id.kind == .order,
            let order = graph.state.orders[id.number]
        else {
            return .object(Record(payload, ["userErrors": userErrors("UserError", ["id"], "Owner does not exist")]))
        }
        let tags = adding ? order.tags + given : order.tags.filter { !given.contains($0) }
        try? shop.update(id, tags: tags)
        return .object(Record(payload, ["node": .object(graph.order(id.number)), "userErrors": .list([])]))
    }

    private func orderUpdate(_ input: JSON) throws(GraphQLError) -> Resolved {
        try graph.require("write_orders", for: "orderUpdate")
        guard let id = input["id"]?.string.flatMap(ShopID.init(gid:)), id.kind == .order,
            graph.state.orders[id.number] != nil
        else {
            return .object(
                Record(
                    "OrderUpdatePayload", ["userErrors": userErrors("UserError", ["id"], "Order does not exist")]))
        }
        if let address = input["shippingAddress"], let wrong = readdress(id, address) {
            return .object(
                Record(
                    "OrderUpdatePayload",
                    ["userErrors": userErrors("UserError", ["shippingAddress", wrong.field], wrong.message)]))
        }
        try? shop.update(id, tags: input["tags"]?.array?.compactMap(\.string), note: input["note"]?.string)
        return .object(
            Record("OrderUpdatePayload", ["order": .object(graph.order(id.number)), "userErrors": .list([])]))
    }

    // MARK: - Labels of returns

    private func returnErrors(_ field: [String], _ message: String, code: String?) -> Resolved {
        .list([
            .object(
                Record(
                    "ReturnUserError",
                    ["field": .texts(field), "message": .text(message), "code": .text(code)]))
        ])
    }

    /// A label's address has to be one that Shopify can fetch.
    private func labelURL(_ arguments: GraphQLArguments) -> (url: String?, isFit: Bool) {
        let url = arguments.values["labelInput"]?["fileUrl"]?.string
        return (url, url.map { $0.hasPrefix("https://") || $0.hasPrefix("http://127.0.0.1:") } ?? true)
    }

    private func reverseDeliveryCreate(_ arguments: GraphQLArguments) throws(GraphQLError) -> Resolved {
        try graph.require("write_returns", for: "reverseDeliveryCreateWithShipping")
        let payload = "ReverseDeliveryCreateWithShippingPayload"
        let graph = graph
        _ = try graph.node(arguments.string("reverseFulfillmentOrderId"), of: .reverseFulfillmentOrder)
        func refused(_ field: [String], _ message: String, code: String?) -> Resolved {
            .object(Record(payload, ["userErrors": returnErrors(field, message, code: code)]))
        }
        guard let id = arguments.string("reverseFulfillmentOrderId").flatMap(ShopID.init(gid:)),
            let returned = graph.state.order(owning: id)?.returns.first(where: { $0.reverse?.id == id.number })
        else {
            return refused(
                ["reverseFulfillmentOrderId"], "Reverse fulfillment order not found.", code: "NOT_FOUND")
        }
        let (url, isFit) = labelURL(arguments)
        guard isFit else { return refused(["labelInput", "fileUrl"], "File URL is invalid", code: "INVALID") }
        guard returned.status == .open else {
            return refused(["reverseFulfillmentOrderId"], "Return is not open.", code: "INVALID_STATE")
        }
        let delivery: ShopID
        do throws(SandboxRefusal) {
            delivery = try shop.attachLabel(
                ShopID(.return, returned.id), url: url,
                trackingNumber: arguments.values["trackingInput"]?["number"]?.string)
        } catch {
            return refused(["reverseFulfillmentOrderId"], error.description, code: nil)
        }
        let node = try self.graph.node(delivery.description)
        return .object(Record(payload, ["reverseDelivery": node, "userErrors": .list([])]))
    }

    private func reverseDeliveryUpdate(_ arguments: GraphQLArguments) throws(GraphQLError) -> Resolved {
        try graph.require("write_returns", for: "reverseDeliveryShippingUpdate")
        let payload = "ReverseDeliveryShippingUpdatePayload"
        _ = try graph.node(arguments.string("reverseDeliveryId"), of: .reverseDelivery)
        let (url, isFit) = labelURL(arguments)
        guard isFit else {
            let errors = returnErrors(["labelInput", "fileUrl"], "File URL is invalid", code: "INVALID")
            return .object(Record(payload, ["userErrors": errors]))
        }
        guard let id = arguments.string("reverseDeliveryId").flatMap(ShopID.init(gid:)),
            (try? shop.replaceLabel(
                id, url: url, trackingNumber: arguments.values["trackingInput"]?["number"]?.string)) != nil
        else {
            let errors = returnErrors(["reverseDeliveryId"], "Reverse delivery not found.", code: "NOT_FOUND")
            return .object(Record(payload, ["userErrors": errors]))
        }
        let node = try graph.node(id.description)
        return .object(Record(payload, ["reverseDelivery": node, "userErrors": .list([])]))
    }
}

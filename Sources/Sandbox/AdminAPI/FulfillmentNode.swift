internal import FoundationEssentials

/// A Fulfillment.
struct FulfillmentNode: GraphQLObject {
    let record: FulfillmentRecord
    let order: OrderNode
    var typeName: String { "Fulfillment" }

    init(_ record: FulfillmentRecord, order: OrderNode) {
        self.record = record
        self.order = order
    }

    func resolve(_ field: String, _ arguments: GraphQLArguments) throws(GraphQLError) -> Resolved {
        switch field {
        case "id": return .gid("Fulfillment", record.id)
        case "legacyResourceId": return .text(String(record.id))
        case "name": return .text("\(order.record.name)-F\(record.index)")
        case "status": return .text(record.cancelled ? "CANCELLED" : "SUCCESS")
        case "displayStatus":
            if order.record.quirks.contains(.unknownStatus) { return .raw("HANDED_TO_A_ROBOT") }
            return .text(record.displayStatus)
        case "createdAt": return .time(record.createdAt)
        case "updatedAt": return .time(record.updatedAt)
        case "inTransitAt": return .time(record.first(.inTransit))
        case "deliveredAt": return .time(record.first(.delivered))
        case "estimatedDeliveryAt": return .time(record.estimatedDeliveryAt)
        case "requiresShipping": return .bool(true)
        case "totalQuantity": return .int(record.lines.reduce(0) { $0 + $1.quantity })
        case "trackingInfo":
            let first = arguments.int("first") ?? 250
            return .list(
                record.packages.prefix(first).map { package in
                    .object(
                        Record(
                            "FulfillmentTrackingInfo",
                            [
                                "company": .text(package.company), "number": .text(package.number),
                                "url": .text(package.url),
                            ]))
                })
        case "events":
            let byTime = arguments.string("sortKey") == "HAPPENED_AT"
            let events = byTime ? record.eventsByTime : record.events
            let times = Dictionary(uniqueKeysWithValues: events.map { ($0.id, $0.happenedAt) })
            return try ConnectionNode.page(
                "FulfillmentEventConnection", of: events.map { ($0.id, FulfillmentEventNode($0, order: order)) },
                arguments,
                value: { id in .string(byTime ? ShopTime.cursor(times[id] ?? .distantPast) : String(id)) })
        case "order": return .object(order)
        case "location": return ShopNodes.location(order.graph)
        case "service": return ShopNodes.manualService(order.graph)
        case "fulfillmentLineItems":
            return try ConnectionNode.page(
                "FulfillmentLineItemConnection",
                of: record.lines.map { ($0.id, FulfillmentLineNode(id: $0.id, order: order)) }, arguments)
        case "fulfillmentOrders":
            return try ConnectionNode.page(
                "FulfillmentOrderConnection",
                of: [(order.record.fulfillmentOrderID, FulfillmentOrderNode(order: order))], arguments)
        default: return .null
        }
    }
}

/// A FulfillmentLineItem, found again by its id.
struct FulfillmentLineNode: GraphQLObject {
    let id: Int64
    let order: OrderNode
    var typeName: String { "FulfillmentLineItem" }

    func resolve(_ field: String, _ arguments: GraphQLArguments) throws(GraphQLError) -> Resolved {
        let line = order.record.fulfillments.lazy.flatMap(\.lines).first { $0.id == id }
        let item = line.flatMap { order.record.line($0.lineItemID) }
        switch field {
        case "id": return .gid("FulfillmentLineItem", id)
        case "quantity": return line.map { .int($0.quantity) } ?? .null
        case "lineItem": return .object(item.map { LineItemNode($0, order: order) })
        case "originalTotalSet", "discountedTotalSet":
            return order.graph.money((item?.item.price ?? 0) * (line?.quantity ?? 0))
        default: return .null
        }
    }
}

/// A FulfillmentEvent.
struct FulfillmentEventNode: GraphQLObject {
    let record: FulfillmentEventRecord
    let order: OrderNode
    var typeName: String { "FulfillmentEvent" }

    init(_ record: FulfillmentEventRecord, order: OrderNode) {
        self.record = record
        self.order = order
    }

    func resolve(_ field: String, _ arguments: GraphQLArguments) throws(GraphQLError) -> Resolved {
        switch field {
        case "id": .gid("FulfillmentEvent", record.id)
        case "status":
            order.record.quirks.contains(.unknownStatus)
                ? .raw("HANDED_TO_A_ROBOT") : .leaf(.string(record.status.rawValue))
        case "happenedAt": .time(record.happenedAt)
        case "createdAt": .time(record.createdAt)
        case "message": .text(record.message)
        case "estimatedDeliveryAt": .time(record.estimatedDeliveryAt)
        case "city": order.graph.personal(record.city)
        case "province": order.graph.personal(record.province)
        case "country": order.graph.personal(record.country)
        case "zip": order.graph.personal(record.zip)
        case "address1": order.graph.personal(record.address1)
        case "latitude": record.latitude.map { .leaf(.double($0)) } ?? .null
        case "longitude": record.longitude.map { .leaf(.double($0)) } ?? .null
        default: .null
        }
    }
}

/// A FulfillmentOrder: the sandbox has one for each order.
struct FulfillmentOrderNode: GraphQLObject {
    let order: OrderNode
    var typeName: String { "FulfillmentOrder" }

    func resolve(_ field: String, _ arguments: GraphQLArguments) throws(GraphQLError) -> Resolved {
        let record = order.record
        switch field {
        case "id": return .gid("FulfillmentOrder", record.fulfillmentOrderID)
        case "status": return .text(status)
        case "requestStatus": return .text("UNSUBMITTED")
        case "createdAt", "orderProcessedAt", "fulfillAt": return .time(record.createdAt)
        case "updatedAt": return .time(record.updatedAt)
        case "order": return .object(order)
        case "orderId": return .gid("Order", record.id)
        case "orderName": return .text(record.name)
        case "fulfillmentHolds":
            return .list(record.holds.map { .object(Self.hold($0)) })
        case "deliveryMethod":
            return .object(
                Record(
                    "DeliveryMethod",
                    [
                        "id": .gid("DeliveryMethod", record.addressID + 2),
                        "methodType": .text(record.pickup ? "PICK_UP" : "SHIPPING"),
                        "presentedName": .text(record.shippingTitle),
                    ]))
        case "destination": return destination
        case "assignedLocation":
            return .object(
                Record(
                    "FulfillmentOrderAssignedLocation",
                    [
                        "name": .text("Shop location"), "city": .text("Bristol"), "countryCode": .text("GB"),
                        "location": ShopNodes.location(order.graph),
                    ]))
        case "lineItems":
            return try ConnectionNode.page(
                "FulfillmentOrderLineItemConnection",
                of: record.lines.map { line in (line.id, lineItem(line)) }, arguments)
        default: return .null
        }
    }

    static func hold(_ hold: OrderRecord.Hold) -> Record {
        Record(
            "FulfillmentHold",
            [
                "id": .gid("FulfillmentHold", hold.id), "reason": .text(hold.reason),
                "displayReason": .text(hold.reason.lowercased().replacing("_", with: " ")),
                "reasonNotes": .text(hold.notes), "handle": .text(hold.handle),
                "heldByRequestingApp": .bool(hold.handle != nil),
            ])
    }

    private var status: String {
        let record = order.record
        if record.cancelledAt != nil { return "CANCELLED" }
        if !record.holds.isEmpty { return "ON_HOLD" }
        switch record.fulfillmentStatus {
        case "FULFILLED": return "CLOSED"
        case "PARTIALLY_FULFILLED": return "IN_PROGRESS"
        default: return "OPEN"
        }
    }

    private var destination: Resolved {
        guard let address = order.record.address else { return .null }
        let graph = order.graph
        let customer = order.record.customer
        return .object(
            Record(
                "FulfillmentOrderDestination",
                [
                    "id": .gid("FulfillmentOrderDestination", order.record.addressID + 3),
                    "firstName": graph.personal(customer.firstName), "lastName": graph.personal(customer.lastName),
                    "address1": graph.personal(address.address1), "address2": graph.personal(address.address2),
                    "city": graph.personal(address.city),
                    "province": .text(address.provinceCode), "zip": graph.personal(address.zip),
                    "countryCode": .text(address.countryCode), "email": graph.personal(customer.email),
                ]))
    }

    private func lineItem(_ line: LineItemRecord) -> any GraphQLObject {
        let left = max(0, line.currentQuantity - order.record.fulfilledQuantity(of: line.id))
        return Record(
            "FulfillmentOrderLineItem",
            [
                "id": .gid("FulfillmentOrderLineItem", line.id + 1),
                "lineItem": .object(LineItemNode(line, order: order)),
                "productTitle": .text(line.item.title), "remainingQuantity": .int(left),
                "totalQuantity": .int(line.currentQuantity), "requiresShipping": .bool(true),
                "sku": .text(line.item.sku),
                "vendor": .text(order.graph.profile.name),
            ])
    }
}

/// Objects of the shop that are the same for every order.
enum ShopNodes {
    static func location(_ graph: AdminGraph) -> Resolved {
        guard graph.scopes.contains("read_locations") else { return .null }
        return .object(
            Record(
                "Location",
                [
                    "id": .gid("Location", 106_318_430_514), "legacyResourceId": .text("106318430514"),
                    "name": .text("Shop location"), "isActive": .bool(true), "fulfillsOnlineOrders": .bool(true),
                    "shipsInventory": .bool(true), "createdAt": .time(Date(timeIntervalSince1970: 1_700_000_000)),
                    "updatedAt": .time(Date(timeIntervalSince1970: 1_700_000_000)),
                    "address": .object(
                        Record(
                            "LocationAddress",
                            [
                                "address1": .text("12 Fig Lane"), "city": .text("Bristol"), "countryCode": .text("GB"),
                                "country": .text("United Kingdom"), "zip": .text("BS1 4DJ"),
                                "formatted": .texts(["12 Fig Lane", "Bristol BS1 4DJ", "United Kingdom"]),
                            ])),
                ]))
    }

    static func manualService(_ graph: AdminGraph) -> Resolved {
        .object(
            Record(
                "FulfillmentService",
                [
                    "id": .text("gid://shopify/FulfillmentService/manual"), "handle": .text("manual"),
                    "serviceName": .text("Manual"), "trackingSupport": .bool(false), "type": .text("MANUAL"),
                    "inventoryManagement": .bool(false), "requiresShippingMethod": .bool(true),
                    "location": location(graph),
                ]))
    }
}

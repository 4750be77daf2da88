internal import FoundationEssentials

/// A Return.
struct ReturnNode: GraphQLObject {
    let record: ReturnRecord
    let order: OrderNode
    var typeName: String { "Return" }

    init(_ record: ReturnRecord, order: OrderNode) {
        self.record = record
        self.order = order
    }

    func resolve(_ field: String, _ arguments: GraphQLArguments) throws(GraphQLError) -> Resolved {
        switch field {
        case "id": return .gid("Return", record.id)
        case "name": return .text("\(order.record.name)-R\(record.index)")
        case "status": return .text(record.status.rawValue)
        case "createdAt": return .time(record.createdAt)
        case "requestApprovedAt": return .time(record.approvedAt)
        case "closedAt": return .time(record.closedAt)
        case "totalQuantity": return .int(record.lines.reduce(0) { $0 + $1.quantity })
        case "order": return .object(order)
        case "decline":
            guard record.status == .declined else { return .null }
            return .object(
                Record("ReturnDecline", ["reason": .text("OTHER"), "note": .text(record.declineNote)]))
        case "returnLineItems":
            return try ConnectionNode.page(
                "ReturnLineItemTypeConnection", of: record.lines.map { ($0.id, lineItem($0)) }, arguments)
        case "reverseFulfillmentOrders":
            let items =
                record.reverse.map { [($0.id, ReverseOrderNode($0, returned: self) as any GraphQLObject)] } ?? []
            return try ConnectionNode.page("ReverseFulfillmentOrderConnection", of: items, arguments)
        case "refunds":
            let refunds = order.record.refunds.filter { $0.returnID == record.id }
            return try ConnectionNode.page(
                "RefundConnection", of: refunds.map { ($0.id, RefundNode($0, order: order)) }, arguments)
        default: return .null
        }
    }

    private func lineItem(_ line: ReturnRecord.Line) -> any GraphQLObject {
        Record(
            "ReturnLineItem",
            [
                "id": .gid("ReturnLineItem", line.id), "quantity": .int(line.quantity),
                "processedQuantity": .int(line.processed), "unprocessedQuantity": .int(line.quantity - line.processed),
                "processableQuantity": .int(line.quantity - line.processed), "refundableQuantity": .int(line.quantity),
                "refundedQuantity": .int(0), "returnReasonNote": .text(""),
                "fulfillmentLineItem": .object(FulfillmentLineNode(id: line.fulfillmentLineID, order: order)),
            ])
    }
}

/// A ReverseFulfillmentOrder.
struct ReverseOrderNode: GraphQLObject {
    let record: ReverseOrderRecord
    let returned: ReturnNode
    var typeName: String { "ReverseFulfillmentOrder" }

    init(_ record: ReverseOrderRecord, returned: ReturnNode) {
        self.record = record
        self.returned = returned
    }

    func resolve(_ field: String, _ arguments: GraphQLArguments) throws(GraphQLError) -> Resolved {
        switch field {
        case "id": return .gid("ReverseFulfillmentOrder", record.id)
        case "status": return .text(record.status)
        case "order": return .object(returned.order)
        case "lineItems":
            return try ConnectionNode.page(
                "ReverseFulfillmentOrderLineItemConnection", of: record.lines.map { ($0.id, lineItem($0)) }, arguments)
        case "reverseDeliveries":
            return try ConnectionNode.page(
                "ReverseDeliveryConnection",
                of: record.deliveries.map { ($0.id, ReverseDeliveryNode($0, reverse: self)) }, arguments)
        default: return .null
        }
    }

    func lineItem(_ line: ReverseOrderRecord.Line) -> any GraphQLObject {
        let dispositions: [Resolved] =
            line.disposition.map { disposition in
                [
                    .object(
                        Record(
                            "ReverseFulfillmentOrderDisposition",
                            [
                                "id": .gid("ReverseFulfillmentOrderDisposition", disposition.id),
                                "type": .text(disposition.type), "quantity": .int(disposition.quantity),
                                "createdAt": .time(disposition.createdAt),
                                "location": ShopNodes.location(returned.order.graph),
                            ]))
                ]
            } ?? []
        return Record(
            "ReverseFulfillmentOrderLineItem",
            [
                "id": .gid("ReverseFulfillmentOrderLineItem", line.id), "totalQuantity": .int(line.quantity),
                "dispositions": .list(dispositions),
                "fulfillmentLineItem": .object(FulfillmentLineNode(id: line.fulfillmentLineID, order: returned.order)),
            ])
    }
}

/// A ReverseDelivery: one return shipment with its label.
struct ReverseDeliveryNode: GraphQLObject {
    let record: ReverseDeliveryRecord
    let reverse: ReverseOrderNode
    var typeName: String { "ReverseDelivery" }

    init(_ record: ReverseDeliveryRecord, reverse: ReverseOrderNode) {
        self.record = record
        self.reverse = reverse
    }

    func resolve(_ field: String, _ arguments: GraphQLArguments) throws(GraphQLError) -> Resolved {
        switch field {
        case "id": return .gid("ReverseDelivery", record.id)
        case "reverseFulfillmentOrder": return .object(reverse)
        case "deliverable": return deliverable
        case "reverseDeliveryLineItems":
            let lines = zip(record.lineIDs, reverse.record.lines).map {
                id, line -> (id: Int64, node: any GraphQLObject) in
                (
                    id,
                    Record(
                        "ReverseDeliveryLineItem",
                        [
                            "id": .gid("ReverseDeliveryLineItem", id), "quantity": .int(line.quantity),
                            "dispositions": .list([]),
                            "reverseFulfillmentOrderLineItem": .object(reverse.lineItem(line)),
                        ])
                )
            }
            return try ConnectionNode.page("ReverseDeliveryLineItemConnection", of: lines, arguments)
        default: return .null
        }
    }

    /// The carrier's name is null, as recorded for carriers that Shopify does not know.
    private var deliverable: Resolved {
        let tracking: Resolved =
            record.trackingNumber == nil && record.trackingURL == nil
            ? .null
            : .object(
                Record(
                    "ReverseDeliveryTrackingV2",
                    ["carrierName": .null, "number": .text(record.trackingNumber), "url": .text(record.trackingURL)]))
        let label: Resolved =
            record.label.map { label in
                .object(
                    Record(
                        "ReverseDeliveryLabelV2",
                        [
                            "publicFileUrl": .text(label.url), "createdAt": .time(label.createdAt),
                            "updatedAt": .time(label.updatedAt),
                        ]))
            } ?? .null
        return .object(Record("ReverseDeliveryShippingDeliverable", ["tracking": tracking, "label": label]))
    }
}

/// A Refund.
struct RefundNode: GraphQLObject {
    let record: RefundRecord
    let order: OrderNode
    var typeName: String { "Refund" }

    init(_ record: RefundRecord, order: OrderNode) {
        self.record = record
        self.order = order
    }

    func resolve(_ field: String, _ arguments: GraphQLArguments) throws(GraphQLError) -> Resolved {
        switch field {
        case "id": return .gid("Refund", record.id)
        case "legacyResourceId": return .text(String(record.id))
        case "createdAt", "processedAt", "updatedAt": return .time(record.createdAt)
        case "note": return .text(record.note)
        case "totalRefundedSet": return order.graph.money(record.amount)
        case "order": return .object(order)
        case "transactions":
            let transaction = Record(
                "OrderTransaction",
                [
                    "id": .gid("OrderTransaction", record.id + 1), "kind": .text("REFUND"), "status": .text("SUCCESS"),
                    "createdAt": .time(record.createdAt), "processedAt": .time(record.createdAt),
                    "gateway": .text("bogus"), "formattedGateway": .text("Bogus gateway"),
                    "amountSet": order.graph.money(record.amount),
                ])
            return try ConnectionNode.page(
                "OrderTransactionConnection", of: [(record.id + 1, transaction)], arguments)
        case "return":
            return .object(order.record.returns.first { $0.id == record.returnID }.map { ReturnNode($0, order: order) })
        case "refundLineItems":
            return try ConnectionNode.page(
                "RefundLineItemConnection", of: record.lines.map { ($0.id, lineItem($0)) }, arguments)
        default: return .null
        }
    }

    private func lineItem(_ line: RefundRecord.Line) -> any GraphQLObject {
        let item = order.record.line(line.lineItemID)
        let price = item?.item.price ?? 0
        return Record(
            "RefundLineItem",
            [
                "id": .gid("RefundLineItem", line.id), "quantity": .int(line.quantity),
                "lineItem": .object(item.map { LineItemNode($0, order: order) }),
                "priceSet": order.graph.money(price), "subtotalSet": order.graph.money(price * line.quantity),
                "totalTaxSet": order.graph.money(0), "restockType": .text("RETURN"), "restocked": .bool(true),
                "location": ShopNodes.location(order.graph),
            ])
    }
}

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
                Record("ReturnDecline", ["reason": .text(record.declineReason), "note": .text(record.declineNote)]))
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
        case "suggestedFinancialOutcome": return outcome(arguments.values["returnLineItems"]?.array ?? [])
        default: return .null
        }
    }

    /// What would be paid back for some of its lines: their prices, as far as that much is left of the payment.
    private func outcome(_ lines: [JSON]) -> Resolved {
        let left = order.record.paid ? max(0, order.record.total - order.record.refunded) : 0
        let sum = min(left, record.worth(of: lines, in: order.record))
        var transfer = Resolved.null
        if sum > 0, let paidAt = order.record.paidAt {
            let way = Record(
                "SuggestedOrderTransaction",
                [
                    "amountSet": order.graph.money(sum), "gateway": .text("bogus"), "kind": .text("SUGGESTED_REFUND"),
                    "maximumRefundableSet": order.graph.money(left),
                    "parentTransaction": .object(order.transaction(paidAt)),
                ])
            transfer = .object(
                Record(
                    "RefundReturnOutcome",
                    ["amount": order.graph.money(sum), "suggestedTransactions": .list([.object(way)])]))
        }
        return .object(
            Record(
                "SuggestedReturnFinancialOutcome",
                ["financialTransfer": transfer, "maximumRefundable": order.graph.money(left)]))
    }

    private func lineItem(_ line: ReturnRecord.Line) -> any GraphQLObject {
        Record(
            "ReturnLineItem",
            [
                "id": .gid("ReturnLineItem", line.id), "quantity": .int(line.quantity),
                "processedQuantity": .int(line.processed), "unprocessedQuantity": .int(line.quantity - line.processed),
                "processableQuantity": .int(line.quantity - line.processed), "refundableQuantity": .int(line.quantity),
                "refundedQuantity": .int(0), "returnReasonNote": .text(""), "customerNote": .text(line.customerNote),
                "fulfillmentLineItem": .object(FulfillmentLineNode(id: line.fulfillmentLineID, order: order)),
            ])
    }
}

extension ReturnRecord {
    /// What lines of an input cost, in hundredths.
    func worth(of lines: [JSON], in order: OrderRecord) -> Int {
        lines.reduce(0) { sum, line in
            let id = line["id"]?.string.flatMap(ShopID.split)?.number
            let price = self.lines.first { $0.id == id }.flatMap { order.line($0.lineItemID)?.item.price } ?? 0
            return sum + price * Int(line["quantity"]?.int ?? 0)
        }
    }
}

/// A ReturnableFulfillment: what of a parcel can be sent back.
struct ReturnableNode: GraphQLObject {
    let record: FulfillmentRecord
    let order: OrderNode
    var typeName: String { "ReturnableFulfillment" }

    init(_ record: FulfillmentRecord, order: OrderNode) {
        self.record = record
        self.order = order
    }

    func resolve(_ field: String, _ arguments: GraphQLArguments) throws(GraphQLError) -> Resolved {
        switch field {
        case "id": return .gid("ReturnableFulfillment", record.id)
        case "fulfillment": return order.fulfillment(record.id)
        case "returnableFulfillmentLineItems":
            let left = record.lines.map { (line: $0, left: order.record.returnable($0.id)) }.filter { $0.left > 0 }
            return try ConnectionNode.page(
                "ReturnableFulfillmentLineItemConnection",
                of: left.map { one in
                    (
                        one.line.id,
                        Record(
                            "ReturnableFulfillmentLineItem",
                            [
                                "quantity": .int(one.left),
                                "fulfillmentLineItem": .object(FulfillmentLineNode(id: one.line.id, order: order)),
                            ])
                    )
                }, arguments)
        default: return .null
        }
    }
}

extension OrderRecord {
    /// How many of a line of a parcel can still be sent back.
    func returnable(_ fulfillmentLine: Int64) -> Int {
        let sent = fulfillments.lazy.filter { !$0.cancelled }.flatMap(\.lines).first { $0.id == fulfillmentLine }
        let taken = returns.filter { $0.status != .declined && $0.status != .canceled }.flatMap(\.lines)
            .filter { $0.fulfillmentLineID == fulfillmentLine }.reduce(0) { $0 + $1.quantity }
        return max(0, (sent?.quantity ?? 0) - taken)
    }
}

/// Some of Shopify's reasons for sending something back, with their numbers and handles.
enum ReturnReasons {
    static let all: [(id: Int64, handle: String, name: String)] = [
        (1, "unknown", "Unknown"), (2, "changed-my-mind", "Changed my mind"),
        (3, "item-not-as-described", "Item not as described"),
        (4, "received-the-wrong-item", "Received the wrong item"), (5, "other-reason", "Other"),
        (6, "damaged-or-defective", "Damaged or defective"),
        (7, "too-small", "Too small"), (8, "too-big", "Too big"), (9, "style", "Style"), (10, "color", "Color"),
        (24, "arrived-late", "Arrived late"),
    ]

    static func connection(_ arguments: GraphQLArguments) throws(GraphQLError) -> Resolved {
        let handles = arguments.values["handles"]?.array?.compactMap(\.string)
        let found = all.filter { handles?.contains($0.handle) ?? true }
        return try ConnectionNode.page(
            "ReturnReasonDefinitionConnection",
            of: found.map { one in
                (
                    one.id,
                    Record(
                        "ReturnReasonDefinition",
                        [
                            "id": .gid("ReturnReasonDefinition", one.id), "handle": .text(one.handle),
                            "name": .text(one.name), "deleted": .bool(false),
                        ])
                )
            }, arguments)
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

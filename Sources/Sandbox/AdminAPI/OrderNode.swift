internal import FoundationEssentials

/// An Order, as the Admin API shows it.
struct OrderNode: GraphQLObject {
    let record: OrderRecord
    let graph: AdminGraph
    var typeName: String { "Order" }

    init(_ record: OrderRecord, _ graph: AdminGraph) {
        self.record = record
        self.graph = graph
    }

    func resolve(_ field: String, _ arguments: GraphQLArguments) throws(GraphQLError) -> Resolved {
        if !record.quirks.isEmpty, let faulty = quirk(field) { return faulty }
        switch field {
        case "id": return .gid("Order", record.id)
        case "name": return .text(record.name)
        case "createdAt": return .time(record.createdAt)
        case "processedAt": return .time(record.processedAt)
        case "updatedAt": return .time(record.updatedAt)
        case "cancelledAt": return .time(record.cancelledAt)
        case "closedAt": return .time(record.closedAt)
        case "test": return .bool(record.isTest)
        case "displayFinancialStatus": return .text(record.financialStatus)
        case "displayFulfillmentStatus": return .text(record.fulfillmentStatus)
        case "returnStatus": return .text(record.returnStatus)
        case "fulfillments":
            let first = arguments.int("first") ?? 250
            let since = Self.updatedSince(arguments.string("query"))
            return .list(
                record.fulfillments.filter { $0.updatedAt >= since }.prefix(first)
                    .map { .object(FulfillmentNode($0, order: self)) })
        case "lineItems":
            let items = record.lines.map { line in
                (id: line.id, node: LineItemNode(line, order: self) as any GraphQLObject)
            }
            return try ConnectionNode.page("LineItemConnection", of: items, arguments)
        case "discountApplications": return try ConnectionNode.page("DiscountApplicationConnection", of: [], arguments)
        case "returns":
            try graph.require("read_returns", for: "returns")
            let items = record.returns.map { (id: $0.id, node: ReturnNode($0, order: self) as any GraphQLObject) }
            return try ConnectionNode.page("ReturnConnection", of: items, arguments)
        case "refunds":
            let first = arguments.int("first") ?? 250
            return .list(record.refunds.prefix(first).map { .object(RefundNode($0, order: self)) })
        case "transactions":
            return .list((record.paidAt.map { [transaction($0)] } ?? []).map { .object($0) })
        case "fulfillmentOrders":
            try graph.require("read_merchant_managed_fulfillment_orders", for: "fulfillmentOrders")
            return try ConnectionNode.page(
                "FulfillmentOrderConnection", of: [(record.fulfillmentOrderID, FulfillmentOrderNode(order: self))],
                arguments)
        case "customer":
            guard let id = record.customerID, let customer = graph.state.customers[id] else { return .null }
            try graph.require("read_customers", for: "customer")
            return .object(CustomerNode(customer, graph))
        case "shippingAddress", "billingAddress", "displayAddress":
            return .object(record.address.map { AddressNode($0, order: self) })
        case "shippingLine": return shippingLine
        case "disputes":
            return .list(
                record.disputes.map { dispute in
                    .object(
                        Record(
                            "OrderDisputeSummary",
                            [
                                "id": .gid("ShopifyPaymentsDispute", dispute.id), "status": .text(dispute.status),
                                "initiatedAs": .text("CHARGEBACK"),
                            ]))
                })
        case "suggestedRefund": return suggestedRefund
        case "events":
            let events = graph.state.events.filter { $0.orderID == record.id }
                .map { (id: $0.id, node: EventNode($0) as any GraphQLObject) }
            return try ConnectionNode.page("EventConnection", of: events, arguments)
        default: return plain(field)
        }
    }

    private func plain(_ field: String) -> Resolved {
        switch field {
        case "legacyResourceId": .text(String(record.id))
        case "number": .int(record.number)
        case "cancelReason": .text(record.cancelReason)
        case "cancellation":
            record.cancelledAt == nil
                ? .null : .object(Record("OrderCancellation", ["staffNote": .text(record.cancelNote)]))
        case "closed": .bool(record.closedAt != nil)
        case "confirmed", "requiresShipping": .bool(true)
        case "taxesIncluded": .bool(true)
        case "tags": .texts(record.tags)
        case "note": .text(record.note)
        case "email": graph.personal(record.customer.email)
        case "phone": .null
        case "customerLocale": .text(record.customer.locale)
        case "statusPageUrl": .text("\(graph.baseURL)/status/\(record.id)")
        case "currencyCode", "presentmentCurrencyCode": .text(graph.profile.currency)
        case "fullyPaid": .bool(record.paid)
        case "unpaid": .bool(!record.paid)
        case "edited": .bool(record.edited)
        case "sourceName": .text("web")
        case "discountCodes": .list([])
        case "customAttributes":
            .list(
                record.attributes.map { attribute in
                    .object(Record("Attribute", ["key": .text(attribute.key), "value": .text(attribute.value)]))
                })
        case "refundable": .bool(record.paid && record.refunded < record.total)
        case "netPaymentSet": graph.money(record.paid ? record.total - record.refunded : 0)
        case "currentTaxLines": .list(record.currentTax > 0 ? [taxLine] : [])
        case "confirmationNumber": .text("JF\(record.id % 1_000_000)")
        case "currentTotalTaxSet": graph.money(record.currentTax)
        case "currentTotalDiscountsSet", "totalTipReceivedSet": graph.money(0)
        case "paymentGatewayNames": .texts(["bogus"])
        case "currentTotalPriceSet": graph.money(record.currentTotal)
        case "totalPriceSet", "originalTotalPriceSet": graph.money(record.total)
        case "currentSubtotalPriceSet": graph.money(record.currentSubtotal)
        case "subtotalPriceSet": graph.money(record.subtotal)
        case "totalShippingPriceSet", "currentShippingPriceSet": graph.money(record.shippingPrice)
        case "totalRefundedSet": graph.money(record.refunded)
        case "totalOutstandingSet": graph.money(record.paid || record.cancelledAt != nil ? 0 : record.currentTotal)
        case "totalReceivedSet": graph.money(record.paid ? record.total : 0)
        case "currentSubtotalLineItemsQuantity": .int(record.lines.reduce(0) { $0 + $1.currentQuantity })
        case "subtotalLineItemsQuantity": .int(record.lines.reduce(0) { $0 + $1.quantity })
        case "fulfillmentsCount":
            .object(Record("Count", ["count": .int(record.fulfillments.count), "precision": .text("EXACT")]))
        case "totalWeight": .text("500")
        default: .null
        }
    }

    /// The payment, which is always one sale.
    func transaction(_ paidAt: Date) -> any GraphQLObject {
        Record(
            "OrderTransaction",
            [
                "id": .gid("OrderTransaction", record.id), "kind": .text("SALE"), "status": .text("SUCCESS"),
                "createdAt": .time(paidAt), "processedAt": .time(paidAt), "gateway": .text("bogus"),
                "formattedGateway": .text("Bogus gateway"), "amountSet": graph.money(record.total),
                "paymentDetails": .object(
                    Record(
                        "CardPaymentDetails",
                        ["company": .text("Visa"), "number": .text("•••• •••• •••• 4242")])),
            ])
    }

    /// All that can be paid back, the way it was paid.
    private var suggestedRefund: Resolved {
        let left = record.paid ? max(0, record.total - record.refunded) : 0
        let transactions = record.paidAt.map { paidAt in
            Resolved.object(
                Record(
                    "SuggestedOrderTransaction",
                    [
                        "amountSet": graph.money(left), "gateway": .text("bogus"), "kind": .text("SUGGESTED_REFUND"),
                        "maximumRefundableSet": graph.money(left), "parentTransaction": .object(transaction(paidAt)),
                    ]))
        }
        return .object(
            Record(
                "SuggestedRefund",
                [
                    "amountSet": graph.money(left), "maximumRefundableSet": graph.money(left),
                    "suggestedTransactions": .list(left > 0 ? [transactions].compactMap(\.self) : []),
                ]))
    }

    /// The value added tax within the total; prices include it.
    private var taxLine: Resolved {
        .object(
            Record(
                "TaxLine", ["title": .text("VAT"), "rate": .raw(0.2), "priceSet": graph.money(record.currentTax)]))
    }

    private var shippingLine: Resolved {
        .object(
            Record(
                "ShippingLine",
                [
                    "id": .gid("ShippingLine", record.addressID + 1), "title": .text(record.shippingTitle),
                    "code": .text(record.shippingTitle), "source": .text("shopify"), "custom": .bool(false),
                    "isRemoved": .bool(false), "originalPriceSet": graph.money(record.shippingPrice),
                    "discountedPriceSet": graph.money(record.shippingPrice),
                ]))
    }

    private func quirk(_ field: String) -> Resolved? {
        if record.quirks.contains(.undecodable) {
            switch field {
            case "createdAt": return .raw(.null)
            case "tags": return .raw("not a list")
            default: break
            }
        }
        if record.quirks.contains(.unknownStatus) {
            switch field {
            case "displayFulfillmentStatus": return .raw("FULFILLMENT_NOT_REQUIRED")
            case "displayFinancialStatus", "returnStatus": return .raw("A_WORD_OF_NEXT_YEAR")
            default: break
            }
        }
        return nil
    }

    /// `updated_at:>='…'`, the only query used with `fulfillments`.
    private static func updatedSince(_ query: String?) -> Date {
        guard let query, case .term(let term)? = try? OrderSearch.parse(query), term.field == "updated_at",
            term.comparison == .atLeast || term.comparison == .after, let date = term.date
        else { return .distantPast }
        return date
    }

    func fulfillment(_ id: Int64) -> Resolved {
        .object(record.fulfillments.first { $0.id == id }.map { FulfillmentNode($0, order: self) })
    }

    func refund(_ id: Int64) -> Resolved {
        .object(record.refunds.first { $0.id == id }.map { RefundNode($0, order: self) })
    }

    /// A return of the order, or a part of one.
    func returned(_ kind: ShopID.Kind, _ id: Int64) -> Resolved {
        for returned in record.returns {
            let node = ReturnNode(returned, order: self)
            if kind == .return, returned.id == id { return .object(node) }
            guard let reverse = returned.reverse else { continue }
            let order = ReverseOrderNode(reverse, returned: node)
            if kind == .reverseFulfillmentOrder, reverse.id == id { return .object(order) }
            if kind == .reverseDelivery, let delivery = reverse.deliveries.first(where: { $0.id == id }) {
                return .object(ReverseDeliveryNode(delivery, reverse: order))
            }
        }
        return .null
    }
}

/// A LineItem.
struct LineItemNode: GraphQLObject {
    let line: LineItemRecord
    let order: OrderNode
    var typeName: String { "LineItem" }

    init(_ line: LineItemRecord, order: OrderNode) {
        self.line = line
        self.order = order
    }

    func resolve(_ field: String, _ arguments: GraphQLArguments) throws(GraphQLError) -> Resolved {
        let graph = order.graph
        let sent = order.record.fulfilledQuantity(of: line.id)
        switch field {
        case "id": return .gid("LineItem", line.id)
        case "title", "name": return .text(line.item.title)
        case "quantity": return .int(line.quantity)
        case "currentQuantity", "refundableQuantity": return .int(line.currentQuantity)
        case "unfulfilledQuantity": return .int(max(0, line.currentQuantity - sent))
        case "nonFulfillableQuantity": return .int(0)
        case "sku": return .text(line.item.sku)
        case "vendor": return .text(graph.profile.name)
        case "requiresShipping", "taxable": return .bool(true)
        case "isGiftCard": return .bool(false)
        case "customAttributes", "discountAllocations": return .list([])
        case "originalUnitPriceSet", "discountedUnitPriceSet": return graph.money(line.item.price)
        case "originalTotalSet", "discountedTotalSet": return graph.money(line.item.price * line.quantity)
        case "product":
            try graph.require("read_products", for: "product")
            return .object(
                Record(
                    "Product",
                    [
                        "id": .gid("Product", line.productID), "title": .text(line.item.title),
                        "handle": .text(line.item.sku.lowercased()), "productType": .text(""),
                        "vendor": .text(graph.profile.name), "tags": .texts(line.item.tags), "status": .text("ACTIVE"),
                    ]))
        case "variant":
            try graph.require("read_products", for: "variant")
            return .object(
                Record(
                    "ProductVariant",
                    [
                        "id": .gid("ProductVariant", line.productID + 1), "title": .text("Default Title"),
                        "sku": .text(line.item.sku), "price": .text(Money.text(line.item.price)),
                    ]))
        default: return .null
        }
    }
}

/// A MailingAddress.
struct AddressNode: GraphQLObject {
    let address: SandboxAddress
    let order: OrderNode
    var typeName: String { "MailingAddress" }

    init(_ address: SandboxAddress, order: OrderNode) {
        self.address = address
        self.order = order
    }

    func resolve(_ field: String, _ arguments: GraphQLArguments) throws(GraphQLError) -> Resolved {
        let customer = order.record.customer
        let graph = order.graph
        switch field {
        case "id": return .text("gid://shopify/MailingAddress/\(order.record.addressID)?model_name=Address")
        case "name": return graph.personal(customer.name)
        case "firstName": return graph.personal(customer.firstName)
        case "lastName": return graph.personal(customer.lastName)
        case "address1": return graph.personal(address.address1)
        case "address2": return graph.personal(address.address2)
        case "city": return graph.personal(address.city)
        case "zip": return graph.personal(address.zip)
        case "provinceCode", "province": return .text(address.provinceCode)
        case "country": return .text(address.country)
        case "countryCodeV2": return .text(address.countryCode)
        case "timeZone": return .text(address.timeZone)
        case "coordinatesValidated": return .bool(false)
        case "formattedArea": return .text("\(address.city), \(address.country)")
        case "formatted":
            if graph.manners.hidesCustomers { return .texts([address.country]) }
            return .texts([address.address1, "\(address.city) \(address.zip)", address.country])
        default: return .null
        }
    }
}

/// A Customer.
struct CustomerNode: GraphQLObject {
    let record: CustomerRecord
    let graph: AdminGraph
    var typeName: String { "Customer" }

    init(_ record: CustomerRecord, _ graph: AdminGraph) {
        self.record = record
        self.graph = graph
    }

    func resolve(_ field: String, _ arguments: GraphQLArguments) throws(GraphQLError) -> Resolved {
        let profile = record.profile
        switch field {
        case "storeCreditAccounts": return try graph.creditAccounts(of: record.id, arguments)
        case "id": return .gid("Customer", record.id)
        case "legacyResourceId": return .text(String(record.id))
        case "displayName": return .text(graph.manners.hidesCustomers ? "" : profile.name)
        case "firstName": return graph.personal(profile.firstName)
        case "lastName": return graph.personal(profile.lastName)
        case "locale": return .text(profile.locale)
        case "tags": return .texts(profile.tags.sorted())
        case "note": return .null
        case "state": return .text("DISABLED")
        case "verifiedEmail": return .bool(true)
        case "numberOfOrders": return .text(String(record.orders.count))
        case "amountSpent": return .object(MoneyNode(amount: amountSpent, currency: graph.profile.currency))
        case "createdAt": return .time(record.createdAt)
        case "updatedAt": return .time(record.updatedAt)
        case "lifetimeDuration": return .text("about 1 month")
        case "lastOrder": return .object(record.orders.last.flatMap { graph.order($0) })
        case "orders":
            let orders = record.orders.compactMap { id in graph.order(id).map { (id, $0 as any GraphQLObject) } }
            return try ConnectionNode.page("OrderConnection", of: orders, arguments)
        case "defaultAddress":
            guard let order = record.orders.last.flatMap({ graph.order($0) }) else { return .null }
            return .object(order.record.address.map { AddressNode($0, order: order) })
        case "defaultPhoneNumber":
            guard let phone = profile.phone, !graph.manners.hidesCustomers else { return .null }
            return .object(
                Record(
                    "CustomerPhoneNumber",
                    [
                        "phoneNumber": .text(phone),
                        "marketingState": .text(profile.acceptsTexts ? "SUBSCRIBED" : "NOT_SUBSCRIBED"),
                    ]))
        case "defaultEmailAddress": return graph.manners.hidesCustomers ? .null : emailAddress
        default: return .null
        }
    }

    private var amountSpent: Int {
        record.orders.reduce(0) { sum, id in
            guard let order = graph.state.orders[id], order.paid else { return sum }
            return sum + order.currentTotal - order.refunded
        }
    }

    private var emailAddress: Resolved {
        let email = record.profile.email
        return .object(
            Record(
                "CustomerEmailAddress",
                [
                    "emailAddress": .text(email), "validFormat": .bool(email.contains("@")),
                    "marketingState": .text(record.profile.acceptsMarketing ? "SUBSCRIBED" : "NOT_SUBSCRIBED"),
                    "marketingUpdatedAt": .time(record.profile.acceptsMarketing ? record.createdAt : nil),
                    "marketingUnsubscribeUrl": .text("\(graph.baseURL)/unsubscribe/\(record.id)"),
                    "openTrackingLevel": .text("UNKNOWN"),
                    "openTrackingUrl": .text("\(graph.baseURL)/open/\(record.id)"),
                ]))
    }
}

/// A BasicEvent of an order's timeline.
struct EventNode: GraphQLObject {
    let record: OrderEventRecord
    var typeName: String { "BasicEvent" }

    init(_ record: OrderEventRecord) { self.record = record }

    func resolve(_ field: String, _ arguments: GraphQLArguments) throws(GraphQLError) -> Resolved {
        switch field {
        case "id": .gid("BasicEvent", record.id)
        case "action": .text(record.action)
        case "message": .text(record.message)
        case "createdAt": .time(record.createdAt)
        case "subjectId": .gid("Order", record.orderID)
        case "subjectType": .text("ORDER")
        case "author": .text("Bookbag sandbox")
        case "attributeToApp", "attributeToUser", "criticalAlert", "hasAdditionalContent": .bool(false)
        default: .null
        }
    }
}

// Converts Shopify's types to ours.

internal import FoundationEssentials
internal import Outreach
internal import Shopify

extension Money {
    init(_ money: WireMoney) { self.init(amount: money.amount.value, currency: Bound.line(money.currencyCode)) }
}

extension AddressFacts {
    init(_ address: WireAddress) {
        self.init()
        name = Bound.line(address.name)
        firstName = Bound.line(address.firstName)
        lastName = Bound.line(address.lastName)
        company = Bound.line(address.company)
        address1 = Bound.line(address.address1)
        address2 = Bound.line(address.address2)
        city = Bound.line(address.city)
        province = Bound.line(address.province)
        provinceCode = Bound.line(address.provinceCode)
        zip = Bound.line(address.zip)
        country = Bound.line(address.country)
        countryCode = Bound.line(address.countryCodeV2)
        phone = Bound.line(address.phone)
        timeZone = Bound.line(address.timeZone)
    }
}

extension WireLoneFulfillment.Order.Address {
    /// The zone there, for `AddressFacts.zone`.
    var zone: Zone? {
        var address = AddressFacts()
        (address.timeZone, address.countryCode, address.provinceCode) = (timeZone, countryCodeV2, provinceCode)
        return address.zone
    }
}

extension LineItemFacts {
    init(_ line: WireLineItem) {
        self.init(
            id: line.id, title: Bound.line(line.title), variantTitle: Bound.line(line.variantTitle),
            sku: Bound.line(line.sku),
            vendor: Bound.line(line.vendor), quantity: line.quantity.value,
            currentQuantity: line.currentQuantity?.value,
            requiresShipping: line.requiresShipping ?? true,
            unitPrice: line.originalUnitPriceSet.map { Money($0.presentmentMoney) },
            total: line.discountedTotalSet.map { Money($0.presentmentMoney) }, imageURL: Bound.url(line.image?.url),
            productTags: Bound.tags(line.product?.tags ?? []))
        if line.isGiftCard == true { isGiftCard = true }
        let allocations = (line.discountAllocations ?? []).prefix(Bound.tags).map {
            LineDiscountFacts(
                index: $0.discountApplication.index.value, amount: Money($0.allocatedAmountSet.presentmentMoney))
        }.filter { $0.amount.amount != .zero }
        if !allocations.isEmpty { discounts = allocations }
        attributes = AttributeFacts.list(line.customAttributes)
        sellingPlan = Bound.line(line.sellingPlan?.name)
    }
}

extension AttributeFacts {
    /// The text; nil if it is empty.
    static func list(_ attributes: [WireAttribute]?) -> [AttributeFacts]? {
        guard let attributes, !attributes.isEmpty else { return nil }
        return attributes.prefix(Bound.tags).map {
            AttributeFacts(key: Bound.line($0.key), value: Bound.text($0.value))
        }
    }
}

extension BillFacts {
    init(_ order: WireOrder) {
        self.init()
        func money(_ bag: WireMoneyBag?) -> Money? { bag.map { Money($0.presentmentMoney) } }
        tax = money(order.currentTotalTaxSet)
        discounts = money(order.currentTotalDiscountsSet)
        duties = money(order.currentTotalDutiesSet)
        tip = money(order.totalTipReceivedSet)
        outstanding = money(order.totalOutstandingSet)
        fullShippingPrice = money(order.shippingLine?.originalPriceSet)
        taxLines = (order.currentTaxLines ?? []).prefix(Bound.tags).map {
            TaxLine(title: Bound.line($0.title) ?? "", rate: $0.rate?.value, amount: money($0.priceSet))
        }
        applied = (order.discountApplications?.nodes ?? []).map {
            Discount(
                index: $0.index.value, title: Bound.line($0.code ?? $0.title) ?? "", isCode: $0.code != nil,
                selection: Bound.line($0.targetSelection?.lowercased()) ?? "all",
                isOnShipping: $0.targetType == "SHIPPING_LINE")
        }
        payments = (order.transactions ?? []).map { transaction in
            // Only the end of a card's number is kept, whatever comes.
            let digits = transaction.paymentDetails?.number.map {
                String($0.filter(\.isASCII).filter(\.isNumber).suffix(4))
            }
            return Payment(
                kind: Bound.line(transaction.kind?.lowercased()) ?? "",
                status: Bound.line(transaction.status?.lowercased()) ?? "", amount: money(transaction.amountSet),
                gateway: Bound.line(transaction.gateway), gatewayName: Bound.line(transaction.formattedGateway),
                cardCompany: Bound.line(transaction.paymentDetails?.company), cardDigits: Bound.line(digits))
        }
    }
}

extension CustomerFacts {
    /// - Parameter placedAt: when the order read with the customer was placed; the previous one is older.
    init(_ customer: WireCustomer, order: String, placedAt: Moment) {
        let email = customer.defaultEmailAddress
        self.init(
            id: customer.id, firstName: Bound.line(customer.firstName), lastName: Bound.line(customer.lastName),
            email: Bound.line(email?.emailAddress), phone: Bound.line(customer.defaultPhoneNumber?.phoneNumber),
            tags: Bound.tags(customer.tags ?? []), locale: Bound.line(customer.locale),
            ordersCount: max(0, customer.numberOfOrders?.value ?? 0), totalSpent: customer.amountSpent.map(Money.init),
            marketing: Self.marketing(email?.marketingState),
            texts: customer.defaultPhoneNumber.map { Self.marketing($0.marketingState) },
            unsubscribeURL: Bound.url(email?.marketingUnsubscribeUrl),
            createdAt: customer.createdAt?.moment,
            lastOrderAt: customer.orders?.nodes.filter { $0.id != order }.compactMap { $0.processedAt?.moment }
                .filter { $0 < placedAt }.max())
    }

    private static func marketing(_ state: String?) -> MarketingState {
        switch state {
        case "SUBSCRIBED": .subscribed
        case "NOT_SUBSCRIBED": .notSubscribed
        case "PENDING": .pending
        case "UNSUBSCRIBED": .unsubscribed
        default: .unknown
        }
    }
}

extension FulfillmentFacts {
    /// - Parameters:
    ///   - events: all events read, over all pages; `complete` if there are no others.
    init(
        _ fulfillment: WireFulfillment, events: [WireFulfillmentEvent], complete: Bool, lines: [WireQuantity],
        zone: Zone
    ) {
        self.init(
            id: fulfillment.id, name: Bound.line(fulfillment.name ?? ""), status: Self.status(fulfillment.status),
            createdAt: fulfillment.createdAt.moment, updatedAt: fulfillment.updatedAt.moment,
            tracking: fulfillment.trackingInfo.prefix(50).map {
                TrackingFacts(company: Bound.line($0.company), number: Bound.line($0.number), url: Bound.url($0.url))
            }.filter { $0 != TrackingFacts() },
            scans: FulfillmentScans(zone: zone).scans(of: fulfillment, events: events), scansAreComplete: complete,
            lineItems: lines.map(QuantityFacts.init))
    }

    private static func status(_ status: String?) -> Status {
        switch status {
        case "OPEN", "PENDING": .open
        case "SUCCESS": .success
        case "CANCELLED": .cancelled
        case "ERROR", "FAILURE": .error
        default: .unknown
        }
    }
}

extension QuantityFacts {
    init(_ quantity: WireQuantity) {
        self.init(lineItemID: quantity.lineItem.id, quantity: max(0, quantity.quantity?.value ?? 0))
    }
}

extension ReturnFacts {
    init(_ wire: WireReturn, lines: [WireReturnLineItem], orders: [WireReverseFulfillmentOrder]) {
        self.init(
            id: wire.id, name: Bound.line(wire.name ?? ""), status: Self.status(wire.status),
            createdAt: wire.createdAt.moment,
            approvedAt: wire.requestApprovedAt?.moment, closedAt: wire.closedAt?.moment,
            declineReason: wire.decline?.reason.map { Bound.line($0.lowercased()) },
            declineNote: Bound.text(wire.decline?.note),
            received: Self.received(orders),
            lineItems: lines.compactMap { line in
                line.fulfillmentLineItem.map {
                    QuantityFacts(lineItemID: $0.lineItem.id, quantity: max(0, line.quantity.value))
                }
            },
            deliveries: orders.flatMap(\.reverseDeliveries.nodes).map(ReverseDeliveryFacts.init))
    }

    /// Whether goods arrived. Only a disposition proves it: somebody had them in hand and decided what to do with them;
    /// `MISSING` says the opposite. A processed quantity does not, because a shop may process and refund a return
    /// before anything has come back (seen in a recorded `returnProcess` without dispositions), and a return may be
    /// closed with nothing returned at all.
    private static func received(_ orders: [WireReverseFulfillmentOrder]) -> Bool {
        orders.lazy.flatMap(\.lineItems.nodes).flatMap { $0.dispositions ?? [] }.contains { disposition in
            let isArrival = ["RESTOCKED", "NOT_RESTOCKED", "PROCESSING_REQUIRED"].contains(disposition.type)
            return isArrival && disposition.quantity?.value != 0
        }
    }

    private static func status(_ status: String?) -> Status {
        switch status {
        case "REQUESTED": .requested
        case "OPEN": .open
        case "CLOSED": .closed
        case "DECLINED": .declined
        case "CANCELED": .cancelled
        default: .unknown
        }
    }
}

extension ReverseDeliveryFacts {
    init(_ delivery: WireReverseDelivery) {
        let label = delivery.deliverable?.label
        let tracking = delivery.deliverable?.tracking.map {
            TrackingFacts(company: Bound.line($0.carrierName), number: Bound.line($0.number), url: Bound.url($0.url))
        }
        self.init(
            id: delivery.id, tracking: tracking == TrackingFacts() ? nil : tracking,
            labelURL: Bound.url(label?.publicFileUrl),
            labelCreatedAt: label?.createdAt?.moment, labelUpdatedAt: label?.updatedAt?.moment)
    }
}

extension RefundFacts {
    init(_ refund: WireRefund, lines: [WireQuantity]) {
        self.init(
            id: refund.id, createdAt: (refund.createdAt ?? refund.processedAt)?.moment,
            total: refund.totalRefundedSet.map { Money($0.presentmentMoney) }, returnID: refund.return?.id,
            lineItems: lines.map(QuantityFacts.init))
        if refund.note?.contains(GiftCodes.markStart) ?? false { isOwn = true }
    }
}

extension OrderFacts {
    /// An order without the lists on further pages: its lines, fulfillments, returns and refunds are set afterwards.
    init(_ order: WireOrder) {
        self.init(
            id: order.id, name: Bound.line(order.name), createdAt: order.createdAt.moment,
            processedAt: order.processedAt?.moment, updatedAt: order.updatedAt.moment)
        cancelledAt = order.cancelledAt?.moment
        cancelReason = order.cancelReason.map { Bound.line($0.lowercased()) }
        closedAt = order.closedAt?.moment
        test = order.test
        tags = Bound.tags(order.tags ?? [])
        note = Bound.text(order.note)
        email = Bound.line(order.email)
        phone = Bound.line(order.phone)
        locale = Bound.line(order.customerLocale)
        statusURL = Bound.url(order.statusPageUrl)
        payment = Self.payment(order.displayFinancialStatus)
        paidAt = Self.paidAt(payment, order.transactions ?? [])
        fulfillment = Self.fulfillment(order.displayFulfillmentStatus)
        let holds = (order.fulfillmentOrders?.nodes ?? []).flatMap { $0.fulfillmentHolds ?? [] }
        self.holds = holds.map(\.id)
        let own = holds.filter { $0.handle?.hasPrefix(GiftCodes.markStart) ?? false }.map(\.id)
        ownHolds = own.isEmpty ? nil : own
        if order.cancellation?.staffNote?.contains(GiftCodes.markStart) ?? false { isCancelledByUs = true }
        if order.tags?.contains(ShopAction.replacementTag) ?? false {
            replaces =
                Bound.line(order.customAttributes?.first { $0.key == ShopAction.replacesKey }?.value) ?? "another order"
        }
        edited = order.edited ?? false
        total = order.currentTotalPriceSet.map { Money($0.presentmentMoney) }
        if let placed = order.totalPriceSet, placed.shopMoney.currencyCode != placed.presentmentMoney.currencyCode {
            placedTotal = Money(placed.presentmentMoney)
            placedTotalInShop = Money(placed.shopMoney)
        }
        subtotal = order.currentSubtotalPriceSet.map { Money($0.presentmentMoney) }
        shippingPrice = order.currentShippingPriceSet.map { Money($0.presentmentMoney) }
        customer = order.customer.map { CustomerFacts($0, order: order.id, placedAt: processedAt) }
        shippingAddress = order.shippingAddress.map(AddressFacts.init)
        billingAddress = order.billingAddress.map(AddressFacts.init)
        shippingMethod = Bound.line(order.shippingLine?.title)
        deliveryMethod = Self.deliveryMethod(order.fulfillmentOrders?.nodes ?? [])
        number = order.number?.value
        poNumber = Bound.line(order.poNumber)
        confirmationNumber = Bound.line(order.confirmationNumber)
        attributes = AttributeFacts.list(order.customAttributes)
        bill = BillFacts(order)
    }

    private static func payment(_ status: String?) -> PaymentState {
        switch status {
        case "PENDING": .pending
        case "AUTHORIZED": .authorized
        case "PARTIALLY_PAID": .partiallyPaid
        case "PAID": .paid
        case "PARTIALLY_REFUNDED": .partiallyRefunded
        case "REFUNDED": .refunded
        case "VOIDED": .voided
        case "EXPIRED": .expired
        default: .unknown
        }
    }

    /// The last successful payment, once everything is paid. Nil for an order that cost nothing.
    private static func paidAt(_ state: PaymentState, _ transactions: [WireTransaction]) -> Moment? {
        guard state == .paid || state == .partiallyRefunded || state == .refunded else { return nil }
        return transactions.filter { $0.status == "SUCCESS" && ($0.kind == "SALE" || $0.kind == "CAPTURE") }
            .compactMap { ($0.processedAt ?? $0.createdAt)?.moment }.max()
    }

    private static func fulfillment(_ status: String?) -> FulfillmentState {
        switch status {
        case "UNFULFILLED", "OPEN", "REQUEST_DECLINED": .unfulfilled
        case "PARTIALLY_FULFILLED": .partial
        case "FULFILLED": .fulfilled
        case "ON_HOLD": .onHold
        case "SCHEDULED": .scheduled
        case "IN_PROGRESS", "PENDING_FULFILLMENT": .inProgress
        case "FULFILLMENT_NOT_REQUIRED": .notRequired
        case "RESTOCKED": .restocked
        default: .unknown
        }
    }

    /// The delivery method of its first part that has one.
    private static func deliveryMethod(_ orders: [WireFulfillmentOrder]) -> String? {
        let methods = orders.filter { $0.status != "CANCELLED" }.compactMap(\.deliveryMethod?.methodType)
        guard let method = methods.first(where: { $0 != "NONE" }) ?? methods.first else { return nil }
        return method == "PICK_UP" ? "pickup" : Bound.line(method.lowercased())
    }
}

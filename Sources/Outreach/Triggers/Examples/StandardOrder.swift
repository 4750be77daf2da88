internal import Foundation
internal import Liquid

/// The order that examples are told about: #1001 of Robin Ashdown in Bristol, an apron and two candles, one parcel. What an example gives is laid over it.
///
/// What Bookbag decides by (states, scans, addresses, cancellations) is set on the order itself, so that the same decisions are taken as for a real one;
/// all else is laid over the names.
struct StandardOrder {
    static let currency = "GBP"
    static let zone = Zone(named: "Europe/London") ?? .utc
    static let shop = ShopProfile(
        domain: "juniperfig.myshopify.com", name: "Juniper & Fig", email: "help@juniperfig.example",
        url: "https://juniperfig.example", currency: currency, countryCode: "GB", timeZone: "Europe/London")
    /// A Tuesday without anything special, 10:00.
    static let moment = zone.moment(on: CalendarDay(year: 2026, month: 3, day: 10)!, secondOfDay: 36_000)

    private(set) var record: OrderRecord
    private(set) var event: Event
    private(set) var history = History(ordersLast30Days: 1)
    /// What is laid over the names.
    private(set) var overlay: [String: Value] = [:]
    private let start: Moment

    private static let orderID = "gid://shopify/Order/1001"
    private static let fulfillmentID = "gid://shopify/Fulfillment/2001"
    private static let shipmentID = "2001/1"
    private static let returnID = "gid://shopify/Return/3001"
    private static let refundID = "gid://shopify/Refund/4001"

    /// The order as it is when `kind` happens at `start`.
    init(_ kind: EventKind, at start: Moment) {
        self.start = start
        let facts = Self.facts(kind, at: start)
        record = OrderRecord(shop: Self.shop.domain, facts: facts, seenAt: start - .days(5))
        record.lastChangeAt = start
        if !facts.fulfillments.isEmpty {
            record.shipments = [
                Shipment(
                    id: Self.shipmentID, fulfillmentID: Self.fulfillmentID, tracking: facts.fulfillments[0].tracking[0])
            ]
        }
        let subject: Subject
        switch kind.subject {
        case "shipment": subject = .shipment(Self.shipmentID)
        case "return": subject = .return(Self.returnID)
        case "refund": subject = .refund(Self.refundID)
        default: subject = .order
        }
        event = Event(
            id: 1, shop: Self.shop.domain, orderID: Self.orderID, kind: kind,
            occurrences: [.init(subject: subject.key, n: 1, mark: "example")], happenedAt: start, recordedAt: start,
            source: "shopify", daysLate: kind == .shipmentDelayed ? 1 : nil,
            delayReason: kind == .shipmentDelayed ? "promise_passed" : nil, orderName: facts.name)
        record.events = [event]
    }

    private static func facts(_ kind: EventKind, at start: Moment) -> OrderFacts {
        let day = zone.day(at: start)
        func money(_ text: String) -> Money { Money(amount: Decimal(string: text)!, currency: currency) }
        var facts = OrderFacts(id: orderID, name: "#1001", createdAt: start - .days(5), updatedAt: start)
        facts.email = "robin@shopper.example"
        facts.payment = .paid
        facts.paidAt = start - .days(5)
        facts.statusURL = "https://juniperfig.example/orders/1001"
        facts.total = money("66.45")
        facts.subtotal = money("62.00")
        facts.shippingPrice = money("4.45")
        facts.shippingMethod = "Standard"
        facts.deliveryMethod = "shipping"
        facts.customer = CustomerFacts(
            id: "gid://shopify/Customer/5001", firstName: "Robin", lastName: "Ashdown", email: "robin@shopper.example",
            ordersCount: 3, totalSpent: money("240.00"), marketing: .notSubscribed,
            unsubscribeURL: "https://juniperfig.example/unsubscribe/5001")
        facts.customer?.locale = "en"
        var address = AddressFacts()
        address.name = "Robin Ashdown"
        address.firstName = "Robin"
        address.lastName = "Ashdown"
        address.address1 = "4 Orchard Row"
        address.city = "Bristol"
        address.province = "England"
        address.zip = "BS1 4QT"
        address.country = "United Kingdom"
        address.countryCode = "GB"
        address.timeZone = "Europe/London"
        facts.shippingAddress = address
        facts.billingAddress = address
        facts.number = 1001
        facts.bill = bill(total: money("66.45"), tax: money("11.08"), shipping: money("4.45"))
        facts.lineItems = [
            LineItemFacts(
                id: "1", title: "Linen apron", variantTitle: "Moss", sku: "APR-MOSS", quantity: 1,
                unitPrice: money("38.00"), total: money("38.00")),
            LineItemFacts(
                id: "2", title: "Beeswax candle", sku: "CAN-1", quantity: 2, unitPrice: money("12.00"),
                total: money("24.00")),
        ]
        let all = [QuantityFacts(lineItemID: "1", quantity: 1), QuantityFacts(lineItemID: "2", quantity: 2)]
        facts.fulfillment = .unfulfilled
        switch kind {
        case .orderPlaced, .orderPaid, .orderEdited:
            facts.edited = kind == .orderEdited
            return facts
        case .orderCancelled:
            facts.cancelledAt = start
            return facts
        case .orderOnHold:
            facts.holds = ["gid://shopify/FulfillmentHold/1"]
            facts.fulfillment = .onHold
            return facts
        default: break
        }
        facts.fulfillment = .fulfilled
        // A delayed parcel was promised for yesterday; any other for tomorrow.
        let promise = day.adding(days: kind == .shipmentDelayed || kind == .shipmentLost ? -1 : 1)
        let number = "JF123456789GB"
        var scans = [
            scan("notice", .preTransit, start - .days(3)),
            scan("moving", .inTransit, start - .days(2), estimate: promise),
        ]
        if let state = state(kind) {
            scans = state == .preTransit ? [scan("notice", .preTransit, start)] : scans + [scan("now", state, start)]
        }
        facts.fulfillments = [
            FulfillmentFacts(
                id: fulfillmentID, name: "#1001.1", status: kind == .shipmentCancelled ? .cancelled : .success,
                createdAt: kind == .shipmentCreated ? start : start - .days(3), updatedAt: start,
                tracking: [
                    TrackingFacts(
                        company: "Royal Mail", number: number, url: "https://tracking.example/\(number)")
                ], scans: scans, lineItems: all)
        ]
        if kind.subject == "return" || kind.subject == "refund" { facts.returns = [returned(kind, at: start)] }
        if kind == .refundIssued {
            facts.payment = .partiallyRefunded
            facts.refunds = [
                RefundFacts(
                    id: refundID, createdAt: start, total: money("38.00"), returnID: returnID,
                    lineItems: [QuantityFacts(lineItemID: "1", quantity: 1)])
            ]
        }
        return facts
    }

    /// Paid by card at once; value added tax is in the prices.
    private static func bill(total: Money, tax: Money, shipping: Money) -> BillFacts {
        var bill = BillFacts()
        let nothing = Money(amount: 0, currency: currency)
        bill.tax = tax
        bill.taxLines = [.init(title: "VAT", rate: 0.2, amount: tax)]
        bill.discounts = nothing
        bill.tip = nothing
        bill.outstanding = nothing
        bill.fullShippingPrice = shipping
        bill.payments = [
            .init(
                kind: "sale", status: "success", amount: total, gateway: "shopify_payments",
                gatewayName: "Shopify Payments", cardCompany: "Visa", cardDigits: "4242")
        ]
        return bill
    }

    private static func returned(_ kind: EventKind, at start: Moment) -> ReturnFacts {
        let status: ReturnFacts.Status
        switch kind {
        case .returnRequested: status = .requested
        case .returnDeclined: status = .declined
        case .returnCancelled: status = .cancelled
        case .returnClosed, .refundIssued: status = .closed
        default: status = .open
        }
        let labelled = [.returnLabelReady, .returnInTransit, .returnReceived, .returnClosed, .refundIssued]
            .contains(kind)
        var delivery = ReverseDeliveryFacts(id: "gid://shopify/ReverseDelivery/6001")
        if labelled {
            delivery.tracking = TrackingFacts(
                company: "Royal Mail", number: "JF987654321GB", url: "https://tracking.example/JF987654321GB")
            delivery.labelURL = "https://labels.example/3001.pdf"
            delivery.labelCreatedAt = start
            delivery.labelUpdatedAt = start
        }
        return ReturnFacts(
            id: returnID, name: "#1001-R1", status: status, createdAt: start - .days(1),
            approvedAt: status == .requested || status == .declined ? nil : start,
            closedAt: status == .closed ? start : nil, declineReason: status == .declined ? "FINAL_SALE" : nil,
            received: [.returnReceived, .returnClosed, .refundIssued].contains(kind),
            lineItems: [QuantityFacts(lineItemID: "1", quantity: 1)], deliveries: labelled ? [delivery] : [])
    }

    private static func scan(
        _ id: String, _ state: ParcelState?, _ time: Moment, estimate: CalendarDay? = nil
    ) -> Scan {
        Scan(
            id: "shopify/\(id)", source: "shopify", time: time, offsetMinutes: zone.offset(at: time) / 60, state: state,
            estimate: estimate)
    }

    /// The state that a parcel is in when that has happened; nil where it stays on its way.
    private static func state(_ kind: EventKind) -> ParcelState? {
        switch kind {
        case .shipmentCreated, .orderFulfilled: .preTransit
        case .shipmentAccepted: .accepted
        case .shipmentOutForDelivery: .outForDelivery
        case .shipmentReadyForPickup: .readyForPickup
        case .shipmentAttempted: .attempted
        case .shipmentException: .exception
        case .shipmentReturning: .returning
        case .shipmentReturned: .returned
        case .shipmentLost: .lost
        case .shipmentDelivered, .orderDelivered: .delivered
        default: kind.subject == "return" || kind.subject == "refund" ? .delivered : nil
        }
    }

    // MARK: - What an example gives

    /// Takes values over, as known from `now` on.
    mutating func apply(_ given: [Example.Given], at now: Moment) {
        for one in given where !isRecorded(one.path, one.value, at: now) { overlay[one.path] = one.value }
        if now > start, !given.isEmpty { record.lastChangeAt = now }
    }

    /// True where the value is one that the order itself says.
    private mutating func isRecorded(_ path: String, _ value: Value, at now: Moment) -> Bool {
        let text = value.textIfString
        let isTrue = value.isTruthy
        switch path {
        case "order.name": record.facts.name = text ?? record.facts.name
        case "order.tags": record.facts.tags = value.listed
        case "order.cancelled": record.facts.cancelledAt = isTrue ? now : nil
        case "order.fulfilled": record.facts.fulfillment = isTrue ? .fulfilled : .unfulfilled
        case "order.paid": record.facts.payment = isTrue ? .paid : .pending
        case "order.on_hold": record.facts.holds = isTrue ? ["gid://shopify/FulfillmentHold/1"] : []
        case "order.time_zone": record.facts.shippingAddress?.timeZone = text
        case "order.country": record.facts.shippingAddress?.countryCode = text
        case "customer.first_name":
            record.facts.customer?.firstName = text
            record.facts.shippingAddress?.firstName = text
        case "customer.last_name":
            record.facts.customer?.lastName = text
            record.facts.shippingAddress?.lastName = text
        case "customer.email":
            record.facts.email = text
            record.facts.customer?.email = text
        case "customer.last_message_at":
            guard case .moment(let moment) = value else { return false }
            history.lastMessageAt = Moment(seconds: moment.seconds)
            history.counted = [Moment(seconds: moment.seconds)]
        case "customer.tags": record.facts.customer?.tags = value.listed
        case "customer.locale": record.facts.customer?.locale = text
        case "customer.accepts_marketing":
            record.facts.customer?.marketing = isTrue ? .subscribed : .notSubscribed
        case "shipment.status": note(text.flatMap(ParcelState.init(rawValue:)), at: now)
        case "shipment.delivered" where isTrue: note(.delivered, at: now)
        case "shipment.carrier": track { $0.company = text }
        case "shipment.tracking_number": track { $0.number = text }
        case "shipment.tracking_url": track { $0.url = text }
        case "shipment.first_estimate": promise(value.calendarDay)
        case "shipment.estimated_delivery": estimate(value.calendarDay, at: now)
        case "shipment.days_late":
            guard case .int(let days) = value else { return false }
            promise(record.zone(shopZone: Self.zone).day(at: now).adding(days: -days))
        case "return.received":
            if !record.facts.returns.isEmpty { record.facts.returns[0].received = isTrue }
        case "return.status":
            guard !record.facts.returns.isEmpty, let status = text.flatMap(ReturnFacts.Status.init(rawValue:)) else {
                return false
            }
            record.facts.returns[0].status = status
        case "return.label_url":
            guard record.facts.returns.first?.deliveries.isEmpty == false else { return false }
            record.facts.returns[0].deliveries[0].labelURL = text
        default: return false
        }
        return true
    }

    private mutating func note(_ state: ParcelState?, at now: Moment) {
        guard let state, !record.facts.fulfillments.isEmpty else { return }
        if now == start {
            // It is the state in which the event finds it.
            record.facts.fulfillments[0].scans.removeAll { $0.time == start }
        }
        let id = "given-\(record.facts.fulfillments[0].scans.count)"
        record.facts.fulfillments[0].scans.append(Self.scan(id, state, now))
    }

    private mutating func track(_ change: (inout TrackingFacts) -> Void) {
        guard !record.shipments.isEmpty else { return }
        change(&record.shipments[0].tracking)
        if !record.facts.fulfillments.isEmpty { record.facts.fulfillments[0].tracking = [record.shipments[0].tracking] }
    }

    /// The first day that was told; nothing was told where it is nil.
    private mutating func promise(_ day: CalendarDay?) {
        guard !record.facts.fulfillments.isEmpty else { return }
        for index in record.facts.fulfillments[0].scans.indices {
            record.facts.fulfillments[0].scans[index].estimate = nil
        }
        record.facts.fulfillments[0].scans.append(Self.scan("promise", nil, start - .days(2), estimate: day))
    }

    /// The day that is told now; the promise stays.
    private mutating func estimate(_ day: CalendarDay?, at now: Moment) {
        guard let day else { return promise(nil) }
        guard !record.facts.fulfillments.isEmpty else { return }
        record.facts.fulfillments[0].scans.append(Self.scan("estimate-\(day)", nil, now, estimate: day))
    }
}

extension Value {
    /// The texts of a list.
    fileprivate var listed: [String] {
        if case .drop(let drop) = self { return drop.elements?.compactMap(\.textIfString) ?? [] }
        return []
    }

    /// The day of a calendar date.
    fileprivate var calendarDay: CalendarDay? {
        guard case .moment(let moment) = self else { return nil }
        return CalendarDay(daysSinceEpoch: moment.seconds.quotientFloor(86_400))
    }
}

extension StandardOrder {
    /// Takes away all that was ever told of the parcel.
    mutating func silenceSources() {
        for index in record.facts.fulfillments.indices { record.facts.fulfillments[index].scans = [] }
    }
}

internal import Foundation
internal import Liquid

/// The order that examples are about: #1001 from Robin Ashdown in Bristol, an apron and two candles, one parcel. What
/// an example gives takes precedence over it.
///
/// What Bookbag decides by (states, scans, addresses, cancellations) is set on the order itself, so that the same
/// decisions are made as for a real one; everything else is set over the names.
struct StandardOrder {
    static let currency = "GBP"
    static let zone = Zone(named: "Europe/London") ?? .utc
    static let shop = ShopProfile(
        domain: "juniperfig.myshopify.com", name: "Juniper & Fig", email: "help@juniperfig.example",
        url: "https://juniperfig.example", currency: currency, countryCode: "GB", timeZone: "Europe/London")
    /// An ordinary Tuesday, 10:00.
    static let moment = zone.moment(on: CalendarDay(year: 2026, month: 3, day: 10)!, secondOfDay: 36_000)

    private(set) var record: OrderRecord
    /// What has happened so far, oldest first: at the start the event once, or once for each parcel.
    private(set) var events: [Event] = []
    /// The shop's own details; an example can give it another currency.
    private(set) var profile = Self.shop
    var history = History()
    /// The values set over the names.
    private(set) var overlay: [String: Value] = [:]
    private let start: Moment
    /// How often each kind of event happened before, according to the example.
    private let before: Int

    private static let orderID = "gid://shopify/Order/1001"
    private static let returnID = "gid://shopify/Return/3001"
    private static let refundID = "gid://shopify/Refund/4001"

    /// What happened first.
    var event: Event { events[0] }

    /// The tracking number of a parcel, from 0.
    static func number(_ parcel: Int) -> String { "JF\(parcel + 1)23456789GB" }

    private static func fulfillmentID(_ parcel: Int) -> String { "gid://shopify/Fulfillment/\(2001 + parcel)" }
    private static func shipmentID(_ parcel: Int) -> String { "\(2001 + parcel)/1" }

    /// The order as it is when `kind` happens at `start`.
    ///
    /// - Parameters:
    ///   - parcels: how many parcels it happens to at once, or, for an event that is not about parcels, how many the
    ///     order has; nil for the usual number.
    ///   - all: how many parcels the example mentions in total. They were dispatched with the first, unless being
    ///     dispatched is what happens to them later.
    ///   - before: how often it happened before.
    ///   - currency: the currency of the order's prices.
    ///   - shopCurrency: the shop's own.
    init(
        _ kind: EventKind, at start: Moment, parcels: Int? = nil, all: Int = 1, before: Int = 0,
        currency: String = Self.currency, shopCurrency: String = Self.currency
    ) {
        self.start = start
        self.before = before
        profile.currency = shopCurrency
        var facts = Self.facts(kind, at: start, currency: currency, shopCurrency: shopCurrency)
        let usual = kind.entry.standard.isUnsent ? 0 : 1
        let first = parcels ?? usual
        let later = parcels == nil && usual == 0 && all == 1 ? 0 : max(0, all - first)
        let there = kind == .shipmentCreated ? first : first + later
        for parcel in 0..<there {
            let isTold = kind.subject != "shipment" || parcel < first
            facts.fulfillments.append(
                Self.fulfillment(
                    parcel, of: first + later, kind: isTold && !kind.entry.standard.isUnsent ? kind : .orderPlaced,
                    at: start))
        }
        record = OrderRecord(shop: Self.shop.domain, facts: facts, seenAt: start - .days(5))
        record.lastChangeAt = start
        record.shipments = facts.fulfillments.indices.map { parcel in
            Shipment(
                id: Self.shipmentID(parcel), fulfillmentID: Self.fulfillmentID(parcel),
                tracking: facts.fulfillments[parcel].tracking[0])
        }
        lines = first + later
        if kind.has("rating") {
            history.lastRating = Self.score
            history.rating = .init(score: Self.score, words: "Came a day early, and so well packed.")
        }
        if kind.has("remedy") { history.offer = Self.offer(facts) }
        if kind == .returnReceived {
            history.returned = ReturnStory(terms: ReturnTerms(offer: ReturnWish.allCases, refundWhen: .received))
        }
        if kind.has("action") {
            history.action = ActionNow(
                verb: "tag_order", value: "late", by: "example",
                reason: kind == .actionRefused ? "Shopify has no such order any more" : nil)
        }
        if kind.subject == "shipment" {
            for parcel in 0..<first { note(kind, parcel: parcel, at: start) }
        } else {
            note(kind, parcel: 0, at: start)
        }
    }

    /// How many parcels the lines are spread over.
    private let lines: Int

    /// Records that `kind` happened.
    private mutating func note(_ kind: EventKind, parcel: Int, at now: Moment) {
        if kind.aggregate == .conversation { talk(kind, at: now) }
        let subject: Subject
        switch kind.subject {
        case _ where kind == .conversationUnanswered || kind.subject == "message":
            subject = .other("message", id: "\(record.conversation?.messages.last?.id ?? 1)")
        case "order": subject = .order
        case "shipment": subject = .shipment(Self.shipmentID(parcel))
        case "return": subject = .return(Self.returnID)
        case "refund": subject = .refund(Self.refundID)
        case let other: subject = .other(other, id: "1")
        }
        let aggregate: AggregateID =
            kind.aggregate == .order ? .order(Self.orderID) : AggregateID(kind: kind.aggregate, id: "1")
        let same = events.count { $0.kind == kind && $0.occurrences[0].subject == subject.key }
        let n = same + before + 1
        let event = Event(
            id: Int64(events.count + 1), shop: Self.shop.domain, aggregate: aggregate, kind: kind,
            occurrences: [.init(subject: subject.key, n: n, mark: Self.mark(kind, n))],
            happenedAt: now, recordedAt: now, source: "shopify",
            daysLate: kind.entry.standard.delayReason == nil ? nil : 1,
            delayReason: kind.entry.standard.delayReason, orderName: record.facts.name)
        events.append(event)
        if kind.aggregate != .conversation { record.events.append(event) }
    }

    /// What is offered in the standard order: its goods again, or the money back.
    private static func offer(_ facts: OrderFacts) -> OfferNow {
        let items = facts.lineItems.map { QuantityFacts(lineItemID: $0.id, quantity: $0.currentQuantity) }
        let currency = facts.total?.currency ?? "GBP"
        let sum = facts.total.flatMap { CurrencyUnits.unitsAtMost($0.amount, in: currency) } ?? 0
        return OfferNow(
            Offer(
                "lost-parcel", about: orderID, options: [Offer.Option(.reship, sum), Offer.Option(.refund, sum)],
                currency: currency,
                items: items, why: "an example"), state: .open)
    }

    /// The score of the standard rating.
    private static let score = 5

    private static func mark(_ kind: EventKind, _ n: Int) -> String {
        (n == 1 ? "example" : "example-\(n)") + (kind.has("rating") ? " \(score)" : "")
    }

    /// What she writes unless an example says otherwise.
    static let words = "Hi, where is my order?"

    /// She writes, or something becomes of what she wrote.
    private mutating func talk(_ kind: EventKind, at now: Moment) {
        var conversation =
            record.conversation ?? ConversationRecord(shop: Self.shop.domain, channel: .mailbox, openedAt: now)
        conversation.id = 1
        conversation.version = 1
        conversation.orderID = Self.orderID
        conversation.address = "robin@shopper.example"
        conversation.lastAt = now
        if kind == .messageReceived || conversation.messages.isEmpty {
            var message = ConversationMessage(.incoming, by: .shopper, at: now, text: Self.words, channel: .mailbox)
            message.id = Int64(conversation.messages.count + 1)
            message.trust = 1
            message.sender = conversation.address
            message.subject = "My order"
            message.messageID = "example-\(message.id)@shopper.example"
            message.isFollowUp = !conversation.messages.isEmpty
            conversation.messages.append(message)
            conversation.messageCount += 1
            conversation.questionsLast30Days += 1
            conversation.waitsSince = conversation.waitsSince ?? now
        }
        switch kind {
        case .messageReceived: conversation.state = .undecided
        case .conversationHandedOver:
            (conversation.state, conversation.reason) = (.person, .needsHuman)
            conversation.handOvers += 1
        case .conversationUnanswered: (conversation.state, conversation.reason) = (.person, .nobodyAnswers)
        case .conversationTakenOver:
            (conversation.state, conversation.holder) = (.person, "tom@juniperfig.example")
            conversation.takeOvers += 1
        default:
            (conversation.state, conversation.reason) = (.closed, .done)
            conversation.closings += 1
            if !conversation.messages.contains(where: { $0.direction == .outgoing }) {
                var answer = ConversationMessage(
                    .outgoing, by: .person("tom@juniperfig.example"), at: now, text: "It is on its way.",
                    channel: .mailbox)
                answer.id = Int64(conversation.messages.count + 1)
                conversation.messages.append(answer)
                conversation.messageCount += 1
            }
        }
        record.conversation = conversation
    }

    /// The order as it is known, with her last message understood as it would be now. Nil is what an example without an
    /// order has.
    var known: OrderRecord {
        guard var conversation = record.conversation else { return record }
        var known = record
        if hasNoOrder {
            known = .none(shop: Self.shop.domain, at: start)
            conversation.orderID = nil
        }
        if let last = conversation.messages.lastIndex(where: { $0.direction == .incoming }) {
            var understood = Understood(
                reading: conversation.messages[last].text, about: known, names: ["#1001"], questions: questions,
                now: lastAt, zone: Self.zone)
            understood.asks = givenAsks ?? understood.asks
            understood.mood = givenMood ?? understood.mood
            understood.needsHuman = givenNeed ?? understood.needsHuman
            understood.language = givenLanguage ?? understood.language
            if givenAsks != nil { (understood.isCertain, understood.doubts) = (true, []) }
            conversation.messages[last].understood = understood
            if understood.asks.contains("delivered_not_received") {
                conversation.lossesLastYear = max(conversation.lossesLastYear, 1)
            }
        }
        known.conversation = conversation
        return known
    }

    /// The questions by which her words are understood, besides those that every shop is asked.
    var questions = OwnQuestions()
    /// True if the example says that no order is known.
    var hasNoOrder = false
    private var givenAsks: [String]?
    private var givenMood: String?
    private var givenNeed: Bool?
    private var givenLanguage: String?
    private var lastAt: Moment { events.last?.happenedAt ?? start }

    /// The event that the trigger wrote about the n-th time before. Its number is none that the order's own events
    /// have.
    func earlier(_ n: Int, at moment: Moment) -> Event {
        var earlier = event
        earlier.id = Int64(-n)
        earlier.occurrences[0].n = n
        earlier.occurrences[0].mark = "before-\(n)"
        earlier.happenedAt = moment
        earlier.recordedAt = moment
        return earlier
    }

    /// Makes something happen later on, to a parcel if it is about one, and returns the event.
    mutating func happen(_ kind: EventKind, parcel: Int, at now: Moment) -> Event {
        record.lastChangeAt = now
        if kind.subject == "shipment" {
            while record.shipments.count <= parcel {
                let new = record.shipments.count
                let fulfillment = Self.fulfillment(new, of: lines, kind: .shipmentCreated, at: now)
                record.facts.fulfillments.append(fulfillment)
                record.shipments.append(
                    Shipment(id: Self.shipmentID(new), fulfillmentID: fulfillment.id, tracking: fulfillment.tracking[0])
                )
            }
            if kind == .shipmentCancelled { record.facts.fulfillments[parcel].status = .cancelled }
            if kind == .shipmentNumberChanged { record.facts.fulfillments[parcel].updatedAt = now }
            if kind != .shipmentCreated { note(kind.entry.standard.parcel, parcel: parcel, at: now) }
        } else {
            kind.entry.standard.later?(&record.facts, now)
            if kind == .orderDelivered {
                for parcel in record.shipments.indices { note(.delivered, parcel: parcel, at: now) }
            }
        }
        note(kind, parcel: parcel, at: now)
        return events[events.count - 1]
    }

    private static func facts(
        _ kind: EventKind, at start: Moment, currency: String, shopCurrency: String
    ) -> OrderFacts {
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
            phone: "+447700900123", ordersCount: 3,
            totalSpent: Money(amount: Decimal(string: "240.00")!, currency: shopCurrency), marketing: .notSubscribed,
            texts: .subscribed,
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
        facts.fulfillment = .unfulfilled
        let standard = kind.entry.standard
        if !standard.isUnsent { facts.fulfillment = .fulfilled }
        if let item = standard.returned { facts.returns = [returned(item, at: start)] }
        standard.atStart?(&facts, start)
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

    /// A parcel as it is after `kind` has happened to it; in transit for `order.placed` and similar.
    private static func fulfillment(_ parcel: Int, of all: Int, kind: EventKind, at start: Moment) -> FulfillmentFacts {
        // A delayed parcel was promised for yesterday, any other for tomorrow.
        let late = kind.entry.standard.isLate
        let promise = zone.day(at: start).adding(days: late ? -1 : 1)
        var scans = [
            scan("notice", .preTransit, start - .days(3)),
            // If the carrier has only just accepted it, it had only been announced before.
            scan("moving", kind == .shipmentAccepted ? nil : .inTransit, start - .days(2), estimate: promise),
        ]
        if let state = kind.entry.standard.parcel {
            scans = state == .preTransit ? [scan("notice", .preTransit, start)] : scans + [scan("now", state, start)]
        }
        let lines = [QuantityFacts(lineItemID: "1", quantity: 1), QuantityFacts(lineItemID: "2", quantity: 2)]
        // With two parcels, the apron is in the first and the candles in the second.
        let own = lines.enumerated().filter { min($0.offset, all - 1) == parcel }.map(\.element)
        let number = number(parcel)
        return FulfillmentFacts(
            id: fulfillmentID(parcel), name: "#1001.\(parcel + 1)",
            status: kind == .shipmentCancelled ? .cancelled : .success,
            createdAt: kind == .shipmentCreated ? start : start - .days(3), updatedAt: start,
            tracking: [
                TrackingFacts(company: "Royal Mail", number: number, url: "https://tracking.example/\(number)")
            ], scans: scans, lineItems: own)
    }

    /// Paid by card immediately; prices include value added tax.
    private static func bill(total: Money, tax: Money, shipping: Money) -> BillFacts {
        var bill = BillFacts()
        let nothing = Money(amount: 0, currency: total.currency)
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

    private static func returned(_ item: StandardCase.Return, at start: Moment) -> ReturnFacts {
        let status = item.status
        var delivery = ReverseDeliveryFacts(id: "gid://shopify/ReverseDelivery/6001")
        if item.hasLabel {
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
            received: item.isReceived,
            lineItems: [QuantityFacts(lineItemID: "1", quantity: 1)], deliveries: item.hasLabel ? [delivery] : [])
    }

    private static func scan(
        _ id: String, _ state: ParcelState?, _ time: Moment, estimate: CalendarDay? = nil
    ) -> Scan {
        Scan(
            id: "shopify/\(id)", source: "shopify", time: time, offsetMinutes: zone.offset(at: time) / 60, state: state,
            estimate: estimate)
    }

    // MARK: - What an example gives

    /// Applies the given values, as known from `now` on.
    mutating func apply(_ given: [Example.Given], at now: Moment) {
        if record.conversation != nil { prepare(for: given, at: now) }
        for one in given where !isRecorded(one, at: now) {
            if one.path.hasPrefix("shipment.") {
                // For this parcel only.
                overlay[Subject.shipment(Self.shipmentID(one.parcel)).key + one.path.dropFirst("shipment".count)] =
                    one.value
            } else {
                overlay[one.path] = one.value
            }
        }
        if now > start, !given.isEmpty { record.lastChangeAt = now }
    }

    /// A message can be about a return or a refund, which the standard order has once an example speaks of it.
    private mutating func prepare(for given: [Example.Given], at now: Moment) {
        func speaks(of root: String) -> Bool { given.contains { $0.path.hasPrefix("\(root).") } }
        if speaks(of: "return"), record.facts.returns.isEmpty {
            for parcel in record.shipments.indices { note(.delivered, parcel: parcel, at: now - .days(1)) }
            record.facts.returns = [Self.returned(StandardCase.Return(status: .open), at: now)]
        }
        if speaks(of: "refund"), record.facts.refunds.isEmpty, let total = record.facts.lineItems[0].total {
            record.facts.payment = .partiallyRefunded
            record.facts.refunds = [
                RefundFacts(
                    id: Self.refundID, createdAt: now, total: total, returnID: record.facts.returns.first?.id,
                    lineItems: [QuantityFacts(lineItemID: "1", quantity: 1)])
            ]
        }
    }

    /// True if the value is one that the order itself records.
    private mutating func isRecorded(_ given: Example.Given, at now: Moment) -> Bool {
        let (path, value, parcel) = (given.path, given.value, given.parcel)
        let text = value.textIfString
        let isTrue = value.isTruthy
        switch path {
        case "order": hasNoOrder = true
        case "shipments":
            (record.shipments, record.facts.fulfillments) = ([], [])
            record.facts.fulfillment = .unfulfilled
        case "message.text": change { $0.text = text ?? "" }
        case "message.asks": givenAsks = value.listed
        case "message.mood": givenMood = text
        case "message.needs_human": givenNeed = isTrue
        case "message.language": givenLanguage = text
        case "message.is_follow_up": change { $0.isFollowUp = isTrue }
        case "message.has_photo": change { $0.hasPhoto = isTrue }
        case "message.subject": change { $0.subject = text ?? "" }
        case "message.channel": change { $0.channel = text.map(InboundChannel.init(rawValue:)) ?? $0.channel }
        case "message.trust":
            guard case .int(let level) = value else { return false }
            change { $0.trust = level }
        case "conversation.held_by":
            record.conversation?.holder = text
            record.conversation?.state = text == nil ? .undecided : .person
        case "conversation.tags": record.conversation?.tags = value.listed
        case "conversation.waiting_since":
            if case .moment(let moment) = value {
                record.conversation?.waitsSince = Moment(seconds: moment.seconds)
            } else {
                record.conversation?.waitsSince = nil
            }
        case "conversation.rating":
            guard case .int(let score) = value else { return false }
            record.conversation?.rating = score
        case "conversation.reason": record.conversation?.reason = text.map(ConversationReason.init(rawValue:))
        case "customer.questions_last_30_days":
            guard case .int(let count) = value else { return false }
            record.conversation?.questionsLast30Days = count
        case "customer.not_received_last_year":
            guard case .int(let count) = value else { return false }
            record.conversation?.lossesLastYear = count
        case "order.name": record.facts.name = text ?? record.facts.name
        case "order.tags": record.facts.tags = value.listed
        case "order.cancelled": record.facts.cancelledAt = isTrue ? now : nil
        case "order.fulfilled": record.facts.fulfillment = isTrue ? .fulfilled : .unfulfilled
        case "order.partly_fulfilled" where isTrue: record.facts.fulfillment = .partial
        case "order.paid": record.facts.payment = isTrue ? .paid : .pending
        case "order.on_hold": record.facts.holds = isTrue ? ["gid://shopify/FulfillmentHold/1"] : []
        case "order.time_zone": record.facts.shippingAddress?.timeZone = text
        case "order.country": record.facts.shippingAddress?.countryCode = text
        case "order.delivery_method": record.facts.deliveryMethod = text
        case "order.needs_shipping":
            for index in record.facts.lineItems.indices { record.facts.lineItems[index].requiresShipping = isTrue }
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
            history.counted.append(Moment(seconds: moment.seconds))
        // The order was created with these, and the amounts were read in them.
        case "order.currency", "shop.currency": break
        case "shop.money_format":
            profile.moneyFormat = text
            profile.moneyWithCurrencyFormat = nil
            return false
        case "customer.tags": record.facts.customer?.tags = value.listed
        case "customer.locale": record.facts.customer?.locale = text
        case "customer.accepts_marketing":
            record.facts.customer?.marketing = isTrue ? .subscribed : .notSubscribed
        case "customer.accepts_sms":
            record.facts.customer?.texts = isTrue ? .subscribed : .notSubscribed
        case "shipment.status": note(text.flatMap(ParcelState.init(rawValue:)), parcel: parcel, at: now)
        case "shipment.delivered" where isTrue: note(.delivered, parcel: parcel, at: now)
        case "shipment.carrier": track(parcel) { $0.company = text }
        case "shipment.tracking_number": track(parcel) { $0.number = text }
        case "shipment.tracking_url": track(parcel) { $0.url = text }
        case "shipment.first_estimate": promise(value.calendarDay, parcel: parcel)
        case "shipment.estimated_delivery": estimate(value.calendarDay, parcel: parcel, at: now)
        case "shipment.days_late":
            guard case .int(let days) = value else { return false }
            promise(record.zone(shopZone: Self.zone).day(at: now).adding(days: -days), parcel: parcel)
        case "return.received":
            if !record.facts.returns.isEmpty { record.facts.returns[0].received = isTrue }
        case "return.status":
            guard !record.facts.returns.isEmpty, let status = text.flatMap(ReturnFacts.Status.init(rawValue:)) else {
                return false
            }
            record.facts.returns[0].status = status
            if record.conversation != nil, status == .closed { record.facts.returns[0].closedAt = now }
        case "return.label_url":
            guard record.facts.returns.first?.deliveries.isEmpty == false else { return false }
            record.facts.returns[0].deliveries[0].labelURL = text
        default: return false
        }
        return true
    }

    private mutating func change(_ body: (inout ConversationMessage) -> Void) {
        guard let last = record.conversation?.messages.lastIndex(where: { $0.direction == .incoming }) else { return }
        body(&record.conversation!.messages[last])
    }

    private mutating func note(_ state: ParcelState?, parcel: Int, at now: Moment) {
        guard let state, record.facts.fulfillments.indices.contains(parcel) else { return }
        if now == start {
            // It is the state in which the event finds the parcel.
            record.facts.fulfillments[parcel].scans.removeAll { $0.time == start }
            // What it would have been through after it has not happened.
            for (index, scan) in record.facts.fulfillments[parcel].scans.enumerated() {
                guard let before = scan.state, before.stage > state.stage else { continue }
                record.facts.fulfillments[parcel].scans[index].state = nil
            }
        }
        let id = "given-\(record.facts.fulfillments[parcel].scans.count)"
        record.facts.fulfillments[parcel].scans.append(Self.scan(id, state, now))
    }

    private mutating func track(_ parcel: Int, _ change: (inout TrackingFacts) -> Void) {
        guard record.shipments.indices.contains(parcel) else { return }
        change(&record.shipments[parcel].tracking)
        if record.facts.fulfillments.indices.contains(parcel) {
            record.facts.fulfillments[parcel].tracking = [record.shipments[parcel].tracking]
        }
    }

    /// The first date announced; nil means that none was.
    private mutating func promise(_ day: CalendarDay?, parcel: Int) {
        guard record.facts.fulfillments.indices.contains(parcel) else { return }
        for index in record.facts.fulfillments[parcel].scans.indices {
            record.facts.fulfillments[parcel].scans[index].estimate = nil
        }
        record.facts.fulfillments[parcel].scans.append(Self.scan("promise", nil, start - .days(2), estimate: day))
    }

    /// The date announced now; the promise stays as it was.
    private mutating func estimate(_ day: CalendarDay?, parcel: Int, at now: Moment) {
        guard let day else { return promise(nil, parcel: parcel) }
        guard record.facts.fulfillments.indices.contains(parcel) else { return }
        record.facts.fulfillments[parcel].scans.append(Self.scan("estimate-\(day)", nil, now, estimate: day))
    }
}

extension Value {
    /// The texts of a list.
    fileprivate var listed: [String] {
        if case .drop(let drop) = self { return drop.elements?.compactMap(\.textIfString) ?? [] }
        return []
    }

    /// The day of a date value.
    fileprivate var calendarDay: CalendarDay? {
        guard case .moment(let moment) = self else { return nil }
        return CalendarDay(daysSinceEpoch: moment.seconds.quotientFloor(86_400))
    }
}

extension StandardOrder {
    /// Removes everything that was ever reported about the parcel.
    mutating func silenceSources() {
        for index in record.facts.fulfillments.indices { record.facts.fulfillments[index].scans = [] }
    }
}

internal import Liquid

/// A parcel as names see it.
struct ShipmentItem: Sendable {
    var scope: Scope
    var shipment: Shipment
    /// All parcels that the message covers, this one included.
    var together: [Shipment]

    var state: ShipmentState { scope.state(of: shipment) }
    var fulfillment: FulfillmentFacts? { scope.record.fulfillment(shipment.fulfillmentID) }

    /// Its names, with what an example sets for this particular parcel taking precedence.
    var drop: NamedDrop<ShipmentItem> {
        let overlay = scope.overlay
        return NamedDrop(
            self, Names.shipment, overlay: overlay, prefix: overlay.isEmpty ? "" : Subject.shipment(shipment.id).key)
    }
}

extension Scope {
    /// The parcels that the message covers, each with its names.
    var shipmentDrops: [NamedDrop<ShipmentItem>] {
        shipments.map { ShipmentItem(scope: self, shipment: $0, together: [$0]).drop }
    }
}

/// A return as names see it.
struct ReturnItem: Sendable {
    var scope: Scope
    var facts: ReturnFacts

    /// The reverse delivery with the newest label, otherwise the first that has any data.
    var delivery: ReverseDeliveryFacts? {
        let labelled = facts.deliveries.filter { $0.labelURL != nil }
        return labelled.max { ($0.labelUpdatedAt ?? .distantPast) < ($1.labelUpdatedAt ?? .distantPast) }
            ?? facts.deliveries.first
    }

    /// The last day on which the label can be used.
    var labelExpiresOn: CalendarDay? {
        guard let days = scope.settings.labelsExpireAfterDays, let delivery, delivery.labelURL != nil,
            let made = delivery.labelCreatedAt ?? delivery.labelUpdatedAt
        else { return nil }
        return scope.zone.day(at: made).adding(days: days)
    }
}

/// A refund as names see it.
struct RefundItem: Sendable {
    var scope: Scope
    var facts: RefundFacts
}

/// An order line, with how many of it are meant.
struct LineItem: Sendable {
    var facts: LineItemFacts
    var quantity: Int
    /// The order that the line belongs to, for the names of its discounts.
    var order: OrderFacts

    init(_ facts: LineItemFacts, quantity: Int, order: OrderFacts) {
        self.facts = facts
        self.quantity = quantity
        self.order = order
    }

    var value: Value {
        .drop(
            NamedDrop(self, Names.lineItem, own: facts.title, more: ShopifyDrop(self, ShopifyNames.lineItem)))
    }
}

extension Scope {
    /// The lines of a parcel, a return or a refund.
    func lines(_ quantities: [QuantityFacts]) -> Value {
        .array(
            quantities.compactMap { part in
                guard part.quantity > 0, let line = record.facts.lineItems.first(where: { $0.id == part.lineItemID })
                else { return nil }
                return LineItem(line, quantity: part.quantity, order: record.facts).value
            })
    }
}

extension Names {
    static let delayReasons = ["carrier_says", "estimate_moved", "promise_passed", "no_scan", "not_handed_over"]

    static let shipment = NameTable<ShipmentItem>(
        [
            Name("status", .word(ParcelState.allCases.map(\.rawValue)), "Where it is on its way.", .tracking) {
                .string($0.state.state.rawValue)
            },
            Name("carrier", .text, "Who carries it: `Royal Mail`.", canBeEmpty: true) {
                .optional($0.shipment.tracking.company)
            },
            Name("tracking_number", .text, "Its tracking number.", canBeEmpty: true, isPersonal: true) {
                .optional($0.shipment.tracking.number)
            },
            Name("tracking_url", .link, "The carrier's page about it.", canBeEmpty: true, isPersonal: true) {
                .optional($0.shipment.tracking.url)
            },
            Name(
                "estimated_delivery", .day, "The day the carrier now expects to deliver, at the destination.",
                .tracking, canBeEmpty: true
            ) { $0.scope.shown($0.state.estimate) },
            Name("first_estimate", .day, "The day that was promised first.", .tracking, canBeEmpty: true) {
                $0.scope.shown($0.state.firstEstimate)
            },
            Name(
                "days_late", .number,
                "Whole days past the first promised day; 0 if on time or nothing was promised.", .tracking
            ) { .int($0.state.daysLate) },
            Name("days_moved", .number, "The current estimate minus the first, in days.", .tracking) {
                .int($0.state.daysMoved)
            },
            Name("delayed", .flag, "A delay was detected and it has not arrived yet.", .tracking) {
                .bool($0.state.delayed)
            },
            Name("delay_reason", .word(delayReasons), "Why we call it late.", .tracking, canBeEmpty: true) {
                .optional($0.state.delayReason)
            },
            Name("delivered", .flag, "It has arrived.", .tracking) { .bool($0.state.state == .delivered) },
            Name("last_words", .text, "The carrier's last words about it.", .tracking, canBeEmpty: true) {
                .optional($0.state.lastScan?.words)
            },
            Name("packages", .list(of: "package"), "All parcels that the message is about.") { item in
                .array(item.together.map { .drop(NamedDrop($0, package)) })
            },
            Name("line_items", .list(of: "line item"), "What is in it, as far as Shopify says.") { item in
                item.fulfillment.map { item.scope.lines($0.lineItems) } ?? .array([])
            },
            Name(
                "international", .flag, "It leaves your country; empty if either country is unknown.",
                canBeEmpty: true
            ) { item in
                guard let from = item.scope.shop.countryCode,
                    let to = item.scope.record.facts.shippingAddress?.countryCode
                else { return .null }
                return .bool(from != to)
            },
            Name("watched", .flag, "At least one source can track it.", .tracking) { .bool($0.state.watched) },
            Name("messages_sent", .number, "How many messages the shopper has had about it.", .bookbag) {
                .int($0.scope.history.messagesAboutSubject)
            },
        ]
            + moments("created_at", "When it was made ready in Shopify.", canBeEmpty: true, scope: \.scope) {
                $0.fulfillment?.createdAt
            }
            + moments("delivered_at", "When it arrived.", .tracking, canBeEmpty: true, scope: \.scope) {
                $0.state.deliveredAt
            }
            + moments("last_scan_at", "When it was last seen.", .tracking, canBeEmpty: true, scope: \.scope) {
                $0.state.lastScan?.time
            }
    )

    static let package = NameTable<Shipment>([
        Name("carrier", .text, "Who carries it.", canBeEmpty: true) { .optional($0.tracking.company) },
        Name("tracking_number", .text, "Its tracking number.", canBeEmpty: true, isPersonal: true) {
            .optional($0.tracking.number)
        },
        Name("tracking_url", .link, "The carrier's page about it.", canBeEmpty: true, isPersonal: true) {
            .optional($0.tracking.url)
        },
    ])

    static let lineItem = NameTable<LineItem>([
        Name("title", .text, "What it is.") { .string($0.facts.title) },
        Name("variant_title", .text, "Which variant: `Large / Blue`.", canBeEmpty: true) {
            .optional($0.facts.variantTitle == "Default Title" ? nil : $0.facts.variantTitle)
        },
        Name("sku", .text, "Your own code for it.", canBeEmpty: true) { .optional($0.facts.sku) },
        Name("vendor", .text, "Who makes it.", canBeEmpty: true) { .optional($0.facts.vendor) },
        Name("quantity", .number, "How many of it.") { .int($0.quantity) },
        Name("unit_price", .money, "One unit, before discounts.", canBeEmpty: true) { .optional($0.facts.unitPrice) },
        Name("total_price", .money, "The whole order line, after discounts.", canBeEmpty: true) {
            .optional($0.facts.total)
        },
        Name("image_url", .link, "Its picture.", canBeEmpty: true) { .optional($0.facts.imageURL) },
        Name("product_tags", .texts, "The product's tags.") { .texts($0.facts.productTags) },
        Name("requires_shipping", .flag, "It has to be shipped.") { .bool($0.facts.requiresShipping) },
    ])

    static let returned = NameTable<ReturnItem>(
        [
            Name("name", .text, "What you call it: `#1001-R1`.") { .string($0.facts.name) },
            Name(
                "status", .word(ReturnFacts.Status.allCases.map(\.rawValue)), "Where it is; `open` once approved."
            ) { .string($0.facts.status.rawValue) },
            Name("received", .flag, "The goods have come back.") { .bool($0.facts.received) },
            Name(
                "label_url", .link, "Link to the newest label.", canBeEmpty: true, isPersonal: true
            ) { .optional($0.delivery?.labelURL) },
            Name(
                "label_expires_on", .day, "The last day for the label, by `labels_expire` in shop.yaml.", .settings,
                canBeEmpty: true
            ) { $0.scope.shown($0.labelExpiresOn) },
            Name("carrier", .text, "Who carries it back.", canBeEmpty: true) {
                .optional($0.delivery?.tracking?.company)
            },
            Name("tracking_number", .text, "Its tracking number.", canBeEmpty: true, isPersonal: true) {
                .optional($0.delivery?.tracking?.number)
            },
            Name("tracking_url", .link, "The carrier's page about it.", canBeEmpty: true, isPersonal: true) {
                .optional($0.delivery?.tracking?.url)
            },
            Name("line_items", .list(of: "line item"), "What comes back.") { $0.scope.lines($0.facts.lineItems) },
            Name("decline_reason", .text, "Shopify's word for why it was declined.", canBeEmpty: true) {
                .optional($0.facts.declineReason)
            },
            Name("decline_note", .text, "What you wrote to the shopper when declining.", canBeEmpty: true) {
                .optional($0.facts.declineNote)
            },
            Name("messages_sent", .number, "How many messages the shopper has had about it.", .bookbag) {
                .int($0.scope.history.messagesAboutSubject)
            },
        ]
            + moments("created_at", "When it was asked for.", scope: \.scope) { $0.facts.createdAt }
            + moments("approved_at", "When you approved it.", canBeEmpty: true, scope: \.scope) {
                $0.facts.approvedAt
            }
            + moments("closed_at", "When it was closed.", canBeEmpty: true, scope: \.scope) { $0.facts.closedAt }
    )

    static let refund = NameTable<RefundItem>(
        [
            Name("amount", .money, "How much was refunded.", canBeEmpty: true) { .optional($0.facts.total) },
            Name("line_items", .list(of: "line item"), "What was refunded; may be empty.") {
                $0.scope.lines($0.facts.lineItems)
            },
        ]
            + moments("created_at", "When it was made.", canBeEmpty: true, scope: \.scope) { $0.facts.createdAt }
    )
}

internal import Liquid

extension Names {
    static let order = NameTable<Scope>(orderNames + orderMoments)

    private static let orderNames: [Name<Scope>] =
        [
            Name("name", .text, "What you and the shopper call it: `#1001`.") { .string($0.record.facts.name) },
            Name(
                "replacement_for", .text,
                "The name of the order whose goods it sends again, free of charge: `#1001`. Empty for an order of its own.",
                .bookbag, canBeEmpty: true
            ) { .optional($0.record.facts.replaces) },
            Name("id", .text, "Shopify's number for it.") { .string($0.record.facts.id.lastPathComponent) },
            Name("total_price", .money, "What the shopper pays, in the order's currency.", canBeEmpty: true) {
                .optional($0.record.facts.total)
            },
            Name("subtotal_price", .money, "The goods alone, after discounts.", canBeEmpty: true) {
                .optional($0.record.facts.subtotal)
            },
            Name("shipping_price", .money, "What the shopper pays for shipping.", canBeEmpty: true) {
                .optional($0.record.facts.shippingPrice)
            },
            Name("currency", .text, "ISO code of the order's currency: `GBP`.", canBeEmpty: true) {
                .optional($0.record.facts.total?.currency)
            },
            Name("tags", .texts, "The order's tags. Each matches as a whole, in any case.") {
                .texts($0.record.facts.tags)
            },
            Name("paid", .flag, "It is paid in full.") {
                .bool([.paid, .partiallyRefunded, .refunded].contains($0.record.facts.payment))
            },
            Name("fulfilled", .flag, "All of it has been sent.") { .bool($0.record.facts.fulfillment == .fulfilled) },
            Name("partly_fulfilled", .flag, "Some of it has been sent, and some has not.") {
                .bool($0.record.facts.fulfillment == .partial)
            },
            Name("cancelled", .flag, "It was cancelled.") { .bool($0.record.facts.cancelledAt != nil) },
            Name("on_hold", .flag, "Part of it is on hold in Shopify.") { .bool(!$0.record.facts.holds.isEmpty) },
            Name("edited", .flag, "It was changed after it was placed.") { .bool($0.record.facts.edited) },
            Name("country", .text, "The destination country, as a two-letter code: `GB`.", canBeEmpty: true) {
                .optional($0.record.facts.shippingAddress?.countryCode)
            },
            Name("city", .text, "The destination city.", canBeEmpty: true, isPersonal: true) {
                .optional($0.record.facts.shippingAddress?.city)
            },
            Name(
                "time_zone", .text,
                "The destination's time zone: `Europe/London`. Days and times of day follow it.",
                canBeEmpty: true
            ) { .optional($0.record.facts.shippingAddress?.timeZone) },
            Name(
                "delivery_method", .word(["shipping", "local", "pickup", "none", "retail"]),
                "How it reaches the shopper.",
                canBeEmpty: true
            ) { .optional($0.record.facts.deliveryMethod) },
            Name("shipping_method", .text, "What the shopper chose: `Standard`, `Express`.", canBeEmpty: true) {
                .optional($0.record.facts.shippingMethod)
            },
            Name("needs_shipping", .flag, "It contains something that has to be shipped.") {
                .bool($0.record.facts.lineItems.contains(where: \.requiresShipping))
            },
            Name("status_url", .link, "The shopper's own page of the order.", canBeEmpty: true, isPersonal: true) {
                .optional($0.record.facts.statusURL)
            },
            Name("note", .text, "The note that the shopper or you added.", canBeEmpty: true, isPersonal: true) {
                .optional($0.record.facts.note)
            },
            Name("line_items", .list(of: "line item"), "Everything that was ordered.") { scope in
                .array(
                    scope.record.facts.lineItems.map {
                        LineItem($0, quantity: $0.currentQuantity, order: scope.record.facts).value
                    })
            },
            Name("item_count", .number, "How many items, after edits and refunds.") {
                .int($0.record.facts.lineItems.reduce(0) { $0 + $1.currentQuantity })
            },
            Name("product_tags", .texts, "The tags of all its products. Each matches as a whole, in any case.") {
                .texts($0.record.facts.lineItems.flatMap(\.productTags).unique)
            },
            Name("skus", .texts, "The SKUs of all its items.") {
                .texts($0.record.facts.lineItems.compactMap(\.sku).unique)
            },
            Name("shipments", .list(of: "shipment"), "All its parcels.", .tracking) { scope in
                .array(
                    scope.record.parcels.map {
                        .drop(ShipmentItem(scope: scope, shipment: $0, together: [$0]).drop)
                    })
            },
            Name("shipments_delivered", .number, "How many of its parcels have arrived.", .tracking) { scope in
                .int(
                    scope.record.parcels.count { scope.state(of: $0).state == .delivered })
            },
            Name("delayed", .flag, "One of its parcels on the way is late.", .tracking) { scope in
                .bool(scope.parcelsUnderway.contains { $0.delayed || $0.daysLate > 0 })
            },
            Name(
                "days_late", .number,
                "Whole days that the latest of its parcels on the way is past its first promised day; 0 if none is.",
                .tracking
            ) { .int($0.parcelsUnderway.map(\.daysLate).max() ?? 0) },
            Name(
                "needs_attention", .flag,
                "One of its parcels has a problem, goes back, came back, is lost, was called off by its carrier, or was silent for longer than `delays` allows.",
                .tracking
            ) { scope in .bool(scope.record.parcels.contains(where: scope.needsAttention)) },
            Name(
                "can_change_address", .flag,
                "Nothing of it has been sent, and she can have it sent elsewhere on her page (`address_url`). Never without `public:` in bookbag.yaml.",
                .bookbag
            ) { .bool($0.evaluation.servesPages && PageRequest.changeAddress.end(for: $0.record) == nil) },
            Name(
                "can_cancel", .flag,
                "Nothing of it has been sent, and she can cancel it on her page (`cancel_url`). Never without `public:` in bookbag.yaml.",
                .bookbag
            ) { .bool($0.evaluation.servesPages && PageRequest.cancelOrder.end(for: $0.record) == nil) },
            Name("messages_sent", .number, "How many messages the shopper has had about it.", .bookbag) {
                .int($0.history.messagesAboutOrder)
            },
        ]

    private static let orderMoments: [Name<Scope>] = [
        moments("created_at", "When it was placed.", scope: { $0 }) { $0.record.facts.processedAt },
        moments("delivered_at", "When its last parcel arrived.", .tracking, canBeEmpty: true, scope: { $0 }) {
            $0.deliveredAt
        },
        moments("paid_at", "When it was paid.", canBeEmpty: true, scope: { $0 }) { $0.record.facts.paidAt },
        moments("cancelled_at", "When it was cancelled.", canBeEmpty: true, scope: { $0 }) {
            $0.record.facts.cancelledAt
        },
    ].flatMap(\.self)

    static let customer = NameTable<Scope>(
        [
            Name("first_name", .text, "First name.", canBeEmpty: true, isPersonal: true) {
                .optional(
                    $0.record.facts.customer?.firstName?.asName ?? $0.record.facts.shippingAddress?.firstName?.asName)
            },
            Name("last_name", .text, "Last name.", canBeEmpty: true, isPersonal: true) {
                .optional(
                    $0.record.facts.customer?.lastName?.asName ?? $0.record.facts.shippingAddress?.lastName?.asName)
            },
            Name(
                "email", .text, "The address the order was placed with; mail goes there.", canBeEmpty: true,
                isPersonal: true
            ) { .optional($0.record.facts.email) },
            Name("tags", .texts, "The customer's tags. Each matches as a whole, in any case.") {
                .texts($0.record.facts.customer?.tags ?? [])
            },
            Name("segments", .segments, "Which of your segments the customer is in.", .settings) {
                .texts($0.customerSegments)
            },
            Name("orders_count", .number, "How many orders they have placed.") {
                .int($0.record.facts.customer?.ordersCount ?? 0)
            },
            Name("total_spent", .money, "What they have spent in your shop, in its currency.", canBeEmpty: true) {
                .optional($0.record.facts.customer?.totalSpent)
            },
            Name("orders_last_30_days", .number, "Orders placed in the last 30 days, this one included.", .bookbag) {
                .int($0.history.ordersLast30Days)
            },
            Name("messages_last_7_days", .number, "Messages they have had from Bookbag in 7 days.", .bookbag) {
                .int($0.history.messagesLast7Days)
            },
            Name(
                "last_rating", .number, "The score of their newest rating, from 1 to 5.", .bookbag, canBeEmpty: true
            ) { scope in scope.history.lastRating.map { .int($0) } ?? .null },
            Name(
                "questions_last_30_days", .number,
                "How often they wrote to you in the last 30 days, this message included.",
                .bookbag
            ) { .int($0.record.conversation?.questionsLast30Days ?? 0) },
            Name(
                "not_received_last_year", .number,
                "About how many matters they wrote within a year that something was delivered and not there, this one included.",
                .bookbag
            ) { .int($0.record.conversation?.lossesLastYear ?? 0) },
            Name(
                "remedies_last_180_days", .number,
                "How many remedies they, or anybody at their address, were offered in 180 days.", .bookbag
            ) { .int($0.history.remedies?.last180Days ?? 0) },
            Name(
                "remedied_value", .money, "What all their remedies have cost you, in your shop's currency.", .bookbag,
                canBeEmpty: true
            ) { scope in
                guard let known = scope.history.remedies else { return .null }
                return .optional(
                    Money(
                        amount: CurrencyUnits.amount(known.value, in: known.currency), currency: known.currency))
            },
            Name(
                "returns_share", .number, "Of how many of their orders something came back, in percent.", .bookbag,
                canBeEmpty: true
            ) { scope in scope.history.remedies?.returnsShare.map { .int($0) } ?? .null },
            Name("locale", .text, "Their language: `en`, `fr-CA`.") { .string($0.locale) },
            Name("accepts_marketing", .flag, "They are subscribed to your marketing mails.") {
                .bool($0.record.facts.customer?.marketing == .subscribed)
            },
            Name("accepts_sms", .flag, "They are subscribed to your texts (SMS), without which they get none.") {
                .bool($0.record.facts.customer?.texts == .subscribed)
            },
            Name(
                "unsubscribe_url", .link, "Shopify's unsubscribe page for them.", canBeEmpty: true, isPersonal: true
            ) { .optional($0.record.facts.customer?.unsubscribeURL) },
        ]
            + moments("last_order_at", "When they placed the order before this one.", canBeEmpty: true, scope: { $0 }) {
                $0.record.facts.customer?.lastOrderAt
            }
            + moments(
                "last_problem_at", "When something last went wrong for them: a delay, a problem, a loss.", .bookbag,
                canBeEmpty: true, scope: { $0 }
            ) { $0.history.lastProblemAt }
            + moments(
                "earlier_problem_at", "When something last went wrong with another of their orders.", .bookbag,
                canBeEmpty: true, scope: { $0 }
            ) { $0.history.otherProblemAt }
            + moments(
                "last_message_at", "When we last wrote to them, about anything.", .bookbag, canBeEmpty: true,
                scope: { $0 }
            ) { $0.history.lastMessageAt }
    )

    static let rating = NameTable<Scope>([
        Name("score", .number, "From 1, the worst, to 5.", .bookbag) { scope in
            (scope.event.ratingScore ?? scope.history.rating?.score).map { .int($0) } ?? .null
        },
        Name(
            "words", .text, "The line that the customer wrote beside it.", .bookbag, canBeEmpty: true, isPersonal: true
        ) { .optional($0.history.rating?.words) },
        Name("of", .text, "What was rated: `delivery`, or `conversation`.", .bookbag) {
            .string(RatingKind(of: $0.event.aggregate.kind).rawValue)
        },
    ])

    static let shop = NameTable<Scope>([
        Name("name", .text, "Your shop's name, as in shop.yaml.", .settings) { .string($0.settings.brand.name) },
        Name("email", .text, "Where shoppers write to: `reply_to`, else `from`.", .settings) {
            .string(($0.settings.brand.replyTo ?? $0.settings.brand.from).address)
        },
        Name("url", .link, "Your shop's own page.") { .string($0.shop.url ?? "https://\($0.shop.domain)") },
        Name("currency", .text, "ISO code of your shop's currency: `GBP`.", canBeEmpty: true) {
            .optional($0.shop.currency)
        },
        Name("money_format", .text, "How your shop writes prices, from Shopify's settings: `£{{amount}}`.") {
            .string($0.options.money.plain)
        },
        Name("sign_off", .text, "Who signs your letters: `sign_off` in shop.yaml, else your shop's name.", .settings) {
            .string($0.settings.signOff?.words(for: [$0.locale, $0.settings.locale]) ?? $0.settings.brand.name)
        },
        Name("address", .text, "Your postal address.", .settings, canBeEmpty: true) {
            .optional($0.settings.brand.address)
        },
    ])

    static let event = NameTable<Scope>(
        [
            Name("type", .word(EventKind.allCases.map(\.rawValue)), "The event's name, as in `on:`.", .bookbag) {
                .string($0.event.kind.rawValue)
            },
            Name("source", .text, "Who reported it: `shopify`, a carrier, or `time`.", .bookbag) {
                .string($0.event.source)
            },
        ]
            + moments("happened_at", "When it happened.", .bookbag, scope: { $0 }) { $0.event.happenedAt }
    )
}

extension String {
    /// `gid://shopify/Order/1` as `1`.
    fileprivate var lastPathComponent: String { split(separator: "/").last.map(String.init) ?? self }
}

extension Sequence where Element: Hashable {
    /// The elements without duplicates, each in its first position.
    var unique: [Element] {
        var seen: Set<Element> = []
        return filter { seen.insert($0).inserted }
    }
}

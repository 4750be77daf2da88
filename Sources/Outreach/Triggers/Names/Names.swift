internal import Liquid

/// Every name that conditions and templates can use, in one place: the checker, the values and the reference
/// (docs/triggers.md) all come from these tables, so they cannot disagree.
enum Names {
    /// A top-level name, which all others start with.
    struct Root: Sendable {
        var name: String
        var meaning: String
        /// True if every event has it; otherwise only those whose entry names it.
        var isAlways = true
        var rows: [NameRow]
        var drop: @Sendable (Scope) -> (any Drop)?
    }

    /// The roots, in the order of the reference.
    static let roots: [Root] = [
        Root(name: "order", meaning: "The order.", rows: order.rows(under: "order")) {
            guard $0.record.isOrder else { return nil }
            return NamedDrop(
                $0, order, overlay: $0.overlay, prefix: "order", own: $0.record.facts.name,
                more: ShopifyDrop($0, ShopifyNames.order))
        },
        Root(
            name: "shipment", meaning: "The parcel that the event is about.",
            isAlways: false, rows: shipment.rows(under: "shipment")
        ) { scope in
            scope.shipmentItem?.drop
        },
        Root(
            name: "return", meaning: "The return that the event, or its refund, is about.",
            isAlways: false, rows: returned.rows(under: "return")
        ) { scope in
            guard let item = scope.returnItem else { return nil }
            return NamedDrop(
                item, returned, overlay: scope.overlay, prefix: "return", more: ShopifyDrop(item, ShopifyNames.returned)
            )
        },
        Root(
            name: "refund", meaning: "The refund.", isAlways: false,
            rows: refund.rows(under: "refund")
        ) { scope in
            guard let item = scope.refundItem else { return nil }
            return NamedDrop(item, refund, overlay: scope.overlay, prefix: "refund")
        },
        Root(
            name: "rating", meaning: "What the customer said of how the order came, or of how you answered.",
            isAlways: false,
            rows: rating.rows(under: "rating")
        ) { scope in
            guard scope.event.kind.has("rating") else { return nil }
            return NamedDrop(scope, rating, overlay: scope.overlay, prefix: "rating")
        },
        Root(
            name: "message", meaning: "What she wrote.", isAlways: false, rows: message.rows(under: "message")
        ) { scope in
            guard let item = scope.messageItem else { return nil }
            return NamedDrop(item, message, overlay: scope.overlay, prefix: "message", own: item.message.text)
        },
        Root(
            name: "conversation", meaning: "What she and you wrote to each other about one matter.", isAlways: false,
            rows: conversation.rows(under: "conversation")
        ) { scope in
            guard let item = scope.conversationItem else { return nil }
            return NamedDrop(item, conversation, overlay: scope.overlay, prefix: "conversation")
        },
        Root(
            name: "customer", meaning: "Who ordered. A guest has no tags and 0 orders.",
            rows: customer.rows(under: "customer")
        ) {
            NamedDrop(
                $0, customer, overlay: $0.overlay, prefix: "customer", more: ShopifyDrop($0, ShopifyNames.customer))
        },
        Root(name: "shop", meaning: "Your shop.", rows: shop.rows(under: "shop")) {
            NamedDrop(
                $0, shop, overlay: $0.overlay, prefix: "shop", own: $0.settings.brand.name,
                more: ShopifyDrop($0, ShopifyNames.shop))
        },
        Root(
            name: "gift",
            meaning:
                "What the trigger's `do: give` gave her (actions.md). Nothing where she was given nothing, so put an `{% if gift %}` around it. For templates.",
            rows: gift.rows(under: Names.giftRoot)
        ) { scope in
            scope.giftItem.map { NamedDrop($0, gift, overlay: scope.overlay, prefix: Names.giftRoot) }
        },
        Root(
            name: "remedy", meaning: "What is offered to her.", isAlways: false, rows: remedy.rows(under: "remedy")
        ) { scope in
            guard scope.event.kind.has("remedy") else { return nil }
            return NamedDrop(scope, remedy, overlay: scope.overlay, prefix: "remedy")
        },
        Root(
            name: "action", meaning: "What Bookbag did in the shop, or could not do.", isAlways: false,
            rows: action.rows(under: "action")
        ) { scope in
            guard scope.event.kind.has("action") else { return nil }
            return NamedDrop(scope, action, overlay: scope.overlay, prefix: "action")
        },
        Root(name: "event", meaning: "What happened.", rows: event.rows(under: "event")) {
            NamedDrop($0, event, overlay: $0.overlay, prefix: "event")
        },
    ]

    /// The parcels that a message covers: several if `combine` gathered them, or if one fact was about all packages.
    static let shipments = NameRow(
        path: "shipments", type: .list(of: "shipment"),
        meaning:
            "All parcels that the message is about: several with `combine`, or where a fulfillment has several packages. Each has the names of `shipment.`, and the first is `shipment`. For templates.",
        source: .tracking, canBeEmpty: false, isPersonal: false)

    /// The shopper's own pages, at the root as Shopify has its links.
    static let pages: [(row: NameRow, read: @Sendable (PageLinks) -> String?)] = [
        (
            page("tracking_page_url", "The shopper's own page about the order's parcels, which nobody can guess."),
            { $0.tracking }
        ),
        (page("preferences_url", "The page on which the shopper chooses what you write about."), { $0.preferences }),
        (
            page(
                ratingPage,
                "The page on which the shopper rates how the order came, or how you answered; with `?score=4` behind it, that score is chosen already. Only in mails of triggers with `about: ratings` (ratings.md)."
            ),
            { $0.rating }
        ),
        (
            page(
                remedyPage,
                "The page on which the shopper chooses what you offer her. Only in messages on `remedy.offered` (actions.md)."
            ),
            { $0.remedy }
        ),
        (
            page(
                PageRequest.changeAddress.linkName,
                "The page on which the shopper has the order sent elsewhere in its country, with a code that is mailed to her (actions.md). Empty once something has been sent."
            ),
            { $0.address }
        ),
        (
            page(
                PageRequest.cancelOrder.linkName,
                "The page on which the shopper cancels the order, with a code that is mailed to her (actions.md). Empty once something has been sent."
            ),
            { $0.cancel }
        ),
        (
            page(
                "return_url",
                "The page on which the shopper starts a return. Empty as well without `returns:` in policy.yaml (actions.md)."
            ),
            { $0.returns }
        ),
    ]

    /// The name of the page on which she chooses.
    static let remedyPage = "remedy_url"

    /// The name of the page for ratings.
    static let ratingPage = "rating_url"

    private static func page(_ name: String, _ meaning: String) -> NameRow {
        NameRow(
            path: name, type: .link,
            meaning: "\(meaning) Empty without `public:` in bookbag.yaml. For templates.",
            source: .bookbag, canBeEmpty: true, isPersonal: true)
    }

    /// Things that occur in lists, with the names that each has.
    static let items: [(name: String, meaning: String, rows: [NameRow])] = [
        ("line item", "One line of an order, a parcel, a return or a refund.", lineItem.rows(under: "item")),
        ("shipment", "One parcel of an order, with the names of `shipment.`", shipment.rows(under: "shipment")),
        ("package", "One tracking number.", package.rows(under: "package")),
    ]

    /// Every root's names, by their full path.
    static let byPath: [String: NameRow] = Dictionary(
        uniqueKeysWithValues: roots.flatMap(\.rows).map { ($0.path, $0) })

    /// Shopify's names for what we call something else, so that the checker can suggest ours.
    static let otherWords: [String: String] = [
        "fulfillment": "shipment", "fulfilment": "shipment", "parcel": "shipment", "tracking": "shipment",
        "order.order_number": "order.name", "order.number": "order.name", "order.total": "order.total_price",
        "order.order_name": "order.name", "order.order_status_url": "order.status_url",
        "order.shipped": "order.fulfilled", "order.fulfillments": "order.shipments",
        "order.shipping_address.country": "order.country", "order.customer": "customer",
        "shipment.estimated_delivery_at": "shipment.estimated_delivery", "shipment.eta": "shipment.estimated_delivery",
        "shipment.tracking_company": "shipment.carrier", "shipment.late": "shipment.days_late",
        "shipment.state": "shipment.status", "return.label": "return.label_url", "return.state": "return.status",
        "refund.total": "refund.amount", "refund.price": "refund.amount", "customer.name": "customer.first_name",
        "customer.vip": "customer.segments", "customer.language": "customer.locale",
        "customer.total_orders": "customer.orders_count",
    ]

    /// A moment, and with it the days since then.
    static func moments<Item>(
        _ key: String, _ meaning: String, _ source: NameSource = .shopify, canBeEmpty: Bool = false,
        scope: @escaping @Sendable (Item) -> Scope, _ read: @escaping @Sendable (Item) -> Moment?
    ) -> [Name<Item>] {
        let stem = key.hasSuffix("_at") ? String(key.dropLast(3)) : key
        return [
            Name(key, .moment, meaning, source, canBeEmpty: canBeEmpty) { scope($0).shown(read($0)) },
            Name("days_since_\(stem)", .number, "Whole days since `\(key)`.", source, canBeEmpty: canBeEmpty) {
                scope($0).daysSince(read($0))
            },
        ]
    }
}

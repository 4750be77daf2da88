internal import Liquid

/// All names of Shopify's notification templates, in the forms that the engine, the checker and the reference take.
enum ShopifyNames {
    /// The roots that only exist on some events: those that the entries of the event table name.
    static let sometimes: Set<String> = EventKind.allCases.reduce(into: []) { $0.formUnion($1.entry.roots) }

    /// Why a root never exists on these events; nil if it may.
    static func missing(_ root: String, on events: [EventKind]) -> (String, String?)? {
        guard sometimes.contains(root), let first = events.first, !events.contains(where: { $0.has(root) }) else {
            return nil
        }
        return ("'\(root)' is not available on '\(first.rawValue)'", nil)
    }

    /// What a Shopify template finds at the top level: the order's fields without the `order.` prefix, and what the
    /// mail is about.
    static let root = ShopifyTable<Scope>(order.names + about)

    private static let noSuchMail = "it belongs to Shopify mails that Bookbag has no event for"

    private static let sentByHand = "only Shopify fills it, when it sends the mail; give it a text with {% capture %}"

    /// What the mail is about.
    private static let about: [ShopifyName<Scope>] = [
        .value("fulfillment", .thing("fulfillment")) { scope in
            scope.fulfillmentMeant.map { .drop(ShopifyDrop($0, fulfillment)) } ?? .null
        },
        .value("return_label", .thing("return_label")) { scope in
            guard let url = scope.labelURL else { return .null }
            return .drop(ShopifyDrop(url, label))
        },
        .value("return_line_items", .things("line_item")) { scope in
            scope.returned.map { scope.shopifyLines($0.lineItems) } ?? .null
        },
        .text("return_name") { $0.returned?.name },
        .cents("amount") { $0.refund?.total },
        .value("refund_line_items", .things("part")) { scope in
            scope.refund.map { scope.shopifyParts($0.lineItems) } ?? .null
        },
        // The subject, once it has been rendered; `TemplateSet` overrides this.
        .text("email_title") { _ in nil },
        .text("shop_name") { $0.settings.brand.name },
        .absent("email_body", sentByHand), .absent("email_emphasis", sentByHand),
        .absent("custom_message", "somebody types it into Shopify when sending by hand"),
        .absent("open_tracking_block", "Bookbag does not follow who opens a mail"),
        .absent("gift_card", noSuchMail), .absent("draft_order", noSuchMail), .absent("invoice_url", noSuchMail),
        .absent("url", noSuchMail), .absent("abandoned_checkout", noSuchMail), .absent("location", noSuchMail),
        .absent("location_name", noSuchMail), .absent("location_address", noSuchMail),
        .absent("added_line_items", noSuchMail), .absent("removed_line_items", noSuchMail),
        .absent("subscription_contract", noSuchMail), .absent("code", noSuchMail), .absent("user", noSuchMail),
    ]

    /// The names that `order`, `return`, `customer` and `shop` have alongside ours.
    static let beside: [String: [ShopifyRow]] = [
        "order": order.rows, "return": returned.rows, "customer": customer.rows, "shop": shop.rows,
    ]

    /// The rows of a kind of thing.
    static func rows(of thing: String) -> [ShopifyRow] {
        switch thing {
        case "line_item": lineItem.rows
        case "part": part.rows
        case "variant": variant.rows
        case "product": product.rows
        case "selling_plan_allocation": sellingPlanAllocation.rows
        case "selling_plan": sellingPlan.rows
        case "discount_allocation": discountAllocation.rows
        case "discount_application": discountApplication.rows
        case "discount": discount.rows
        case "tax_line": taxLine.rows
        case "shipping_method": shippingMethod.rows
        case "transaction": transaction.rows
        case "payment_details": paymentDetails.rows
        case "address": address.rows
        case "fulfillment": fulfillment.rows
        case "return_label": label.rows
        case "return_delivery": returnDelivery.rows
        case "decline": decline.rows
        default: []
        }
    }

    /// The checker's table for templates: our names with Shopify's alongside.
    static let schema: Schema = {
        var entries: [Schema.Entry] = []
        let ours = Set(Names.schema.entries.map(\.path))
        func add(_ rows: [ShopifyRow], under prefix: String) {
            for row in rows {
                let path = prefix.isEmpty ? row.key : "\(prefix).\(row.key)"
                if ours.contains(path) || Names.schema[path] != nil { continue }
                entries.append(Schema.Entry(path, row.shape.kind, absence: row.absence))
                switch row.shape {
                case .thing(let thing), .things(let thing): add(Self.rows(of: thing), under: path)
                default: break
                }
            }
        }
        add(root.rows, under: "")
        for (name, rows) in beside.sorted(by: { $0.key < $1.key }) { add(rows, under: name) }
        // Our line items have Shopify's names too.
        for entry in Names.schema.entries {
            guard case .objects = entry.kind, entry.path.hasSuffix("line_items") else { continue }
            add(lineItem.rows, under: entry.path)
        }
        return Schema(Names.schema.entries + entries, aliases: Names.otherWords)
    }()

    /// For docs/liquid.md: every root, and the names of the things found in them. Names that stay empty come last, with
    /// the reason.
    static var reference: String {
        func told(_ rows: [ShopifyRow]) -> (filled: String, empty: [ShopifyRow]) {
            (
                rows.filter { $0.absence == nil }.map { "`\($0.key)`" }.joined(separator: " "),
                rows.filter { $0.absence != nil }
            )
        }
        var lines = ["| of | names that are filled |", "| --- | --- |"]
        var empty: [(String, [ShopifyRow])] = []
        let things = [
            "line_item", "variant", "product", "selling_plan_allocation", "selling_plan", "part", "discount_allocation",
            "discount_application", "discount", "tax_line", "shipping_method", "transaction", "payment_details",
            "address", "fulfillment", "return_label", "return_delivery", "decline",
        ]
        let tables =
            [("the mail, at the root", root.rows)]
            + ["customer", "shop", "return"].map { ("`\($0)`, beside ours", beside[$0]!) }
            + things.map {
                ($0 == "part" ? "each of `fulfillment_line_items`, `refund_line_items`" : "`\($0)`", rows(of: $0))
            }
        for (name, rows) in tables {
            let (filled, missing) = told(rows)
            lines.append("| \(name) | \(filled) |")
            if !missing.isEmpty { empty.append((name, missing)) }
        }
        lines += ["", "| of | names that stay empty | why |", "| --- | --- | --- |"]
        for (name, rows) in empty {
            for why in rows.compactMap(\.absence).unique {
                let keys = rows.filter { $0.absence == why }.map { "`\($0.key)`" }.joined(separator: " ")
                lines.append("| \(name) | \(keys) | \(why) |")
            }
        }
        return lines.joined(separator: "\n")
    }
}

extension ShopifyShape {
    /// The shape in the checker's words.
    var kind: Schema.Kind {
        switch self {
        case .text: .text
        case .number, .cents: .number
        case .flag: .boolean
        case .moment: .time
        case .texts: .texts
        case .thing: .object
        case .things: .objects
        case .anything: .anything
        }
    }
}

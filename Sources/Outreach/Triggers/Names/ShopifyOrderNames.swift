internal import Liquid

// The fields of an order, which Shopify's mails have both at the top level and under `order`.

extension ShopifyNames {
    private static let notAsked = "Bookbag does not ask Shopify for it"
    private static let terms = "payment terms need a permission that Bookbag does not ask for"
    private static let business = "it belongs to orders of companies, which Bookbag does not read"

    static let order = ShopifyTable<Scope>(about + money + contents + missing)

    private static let about: [ShopifyName<Scope>] = [
        .same("name", .text, as: "order.name"),
        .same("order_name", .text, as: "order.name"),
        .value("order_number", .number) { $0.orderNumber },
        .value("number", .number) { $0.orderNumber },
        .same("id", .text, as: "order.id"),
        .same("email", .text, as: "customer.email"),
        .text("phone") { $0.record.facts.phone },
        .same("note", .text, as: "order.note"),
        .text("po_number") { $0.record.facts.poNumber },
        .text("confirmation_number") { $0.record.facts.confirmationNumber },
        .same("tags", .texts, as: "order.tags"),
        .value("attributes", .anything) { $0.record.facts.attributes.map(Value.attributes) ?? .null },
        .value("created_at", .moment) { $0.shown($0.record.facts.processedAt) },
        .value("date", .moment) { $0.shown($0.record.facts.processedAt) },
        .value("cancelled_at", .moment) { $0.shown($0.record.facts.cancelledAt) },
        .same("cancelled", .flag, as: "order.cancelled"),
        .text("cancel_reason") { $0.record.facts.cancelReason },
        .text("fulfillment_status") { scope in
            // Read through our own name, so that an example's value counts.
            if scope.value(of: "order.fulfilled")?.isTruthy == true { return "fulfilled" }
            switch scope.record.facts.fulfillment {
            case .partial: return "partial"
            case .restocked: return "restocked"
            default: return "unfulfilled"
            }
        },
        .text("financial_status") { scope in
            switch scope.record.facts.payment {
            case .pending, .expired: "pending"
            case .authorized: "authorized"
            case .partiallyPaid: "partially_paid"
            case .paid: "paid"
            case .partiallyRefunded: "partially_refunded"
            case .refunded: "refunded"
            case .voided: "voided"
            case .unknown: nil
            }
        },
        .flag("has_pending_payment") { $0.record.facts.payment == .pending },
        .same("order_status_url", .text, as: "order.status_url"),
        .same("customer_order_url", .text, as: "order.status_url"),
        .same("unsubscribe_link", .text, as: "customer.unsubscribe_url"),
        .value("shipping_address", .thing("address")) { .thing($0.record.facts.shippingAddress, address) },
        .value("billing_address", .thing("address")) { .thing($0.record.facts.billingAddress, address) },
        .text("delivery_method") { scope in
            let word = scope.value(of: "order.delivery_method")?.textIfString
            return word == "pickup" ? "pick-up" : word
        },
        .same("requires_shipping", .flag, as: "order.needs_shipping"),
    ]

    private static let money: [ShopifyName<Scope>] = [
        .text("currency") { $0.record.facts.total?.currency },
        .same("total_price", .cents, as: "order.total_price"),
        .same("subtotal_price", .cents, as: "order.subtotal_price"),
        .same("shipping_price", .cents, as: "order.shipping_price"),
        .cents("tax_price") { $0.record.facts.bill?.tax },
        .value("tax_lines", .things("tax_line")) { .things($0.record.facts.bill?.taxLines ?? [], taxLine) },
        .cents("total_discounts") { $0.record.facts.bill?.discounts },
        .cents("discounts_amount") { $0.record.facts.bill?.discounts },
        .value("discounts_savings", .cents) { scope in
            guard case .int(let cents) = Value.cents(scope.record.facts.bill?.discounts) else { return .null }
            return .int(-cents)
        },
        .value("discount_applications", .things("discount_application")) { scope in
            .things(scope.record.facts.appliedDiscounts, discountApplication)
        },
        .value("cart_level_discount_applications", .things("discount_application")) { scope in
            .things(
                scope.record.facts.appliedDiscounts.filter {
                    !$0.discount.isOnShipping && $0.discount.selection == "all"
                },
                discountApplication)
        },
        .value("discounts", .things("discount")) { .things($0.record.facts.appliedDiscounts, discount) },
        .cents("total_tip") { $0.record.facts.bill?.tip },
        .cents("total_duties") { $0.record.facts.bill?.duties },
        .cents("current_total_duties") { $0.record.facts.bill?.duties },
        .cents("total_outstanding") { $0.record.facts.bill?.outstanding },
        .value("net_payment", .cents) { $0.record.facts.netPayment },
        .value("total_refunded_amount", .cents) { scope in
            .int(scope.record.facts.refunds.reduce(0) { $0 + Value.cents($1.total).wholeNumber })
        },
        .value("shipping_method", .thing("shipping_method")) { scope in
            guard scope.value(of: "order.shipping_method")?.textIfString != nil else { return .null }
            return .drop(ShopifyDrop(scope, shippingMethod))
        },
        .value("shipping_methods", .things("shipping_method")) { scope in
            guard scope.value(of: "order.shipping_method")?.textIfString != nil else { return .array([]) }
            return .array([.drop(ShopifyDrop(scope, shippingMethod))])
        },
        .value("transactions", .things("transaction")) { .things($0.record.facts.bill?.payments ?? [], transaction) },
        .number("transaction_count") { $0.record.facts.bill?.payments.count ?? 0 },
        .text("gateway") { $0.record.facts.bill?.payments.first?.gateway },
        .texts("unique_gateways") { ($0.record.facts.bill?.payments ?? []).compactMap(\.gateway).unique },
    ]

    private static let contents: [ShopifyName<Scope>] = [
        .same("item_count", .number, as: "order.item_count"),
        .value("line_items", .things("line_item")) { $0.shopifyLines() },
        .value("subtotal_line_items", .things("line_item")) { $0.shopifyLines() },
        .value("unfulfilled_line_items", .things("line_item")) { $0.unfulfilledLines },
        .value("fulfillments", .things("fulfillment")) { scope in
            .array(
                scope.record.facts.fulfillments.filter(\.isInForce).map {
                    .drop(ShopifyDrop(FulfillmentItem(scope: scope, facts: [$0], packages: $0.tracking), fulfillment))
                })
        },
    ]

    private static let missing: [ShopifyName<Scope>] = [
        .absent("payment_terms", terms), .absent("checkout_payment_collection_url", terms),
        .absent("company", business), .absent("company_location", business), .absent("delivery_instructions", notAsked),
        .absent("delivery_agreements", notAsked), .absent("consolidated_estimated_delivery_time", notAsked),
        .absent("buyer_action_required", notAsked), .absent("landing_site", notAsked),
        .absent("referring_site", notAsked), .absent("source_name", notAsked), .absent("metafields", notAsked),
        .absent("taxes_included", notAsked), .absent("order_edits", notAsked), .absent("line_item_groups", notAsked),
    ]

    static let customer = ShopifyTable<Scope>([
        .text("name") { scope in
            let names = ["customer.first_name", "customer.last_name"].compactMap { scope.value(of: $0)?.textIfString }
            return names.isEmpty ? nil : names.joined(separator: " ")
        },
        .text("id") { $0.record.facts.customer?.id.shortID },
        .text("phone") { $0.record.facts.customer?.phone ?? $0.record.facts.phone },
        .value("default_address", .thing("address")) { .thing($0.record.facts.shippingAddress, address) },
        .absent("account_activation_url", notAsked), .absent("has_account", notAsked), .absent("note", notAsked),
        .absent("tax_exempt", notAsked), .absent("b2b?", business), .absent("current_company", business),
        .absent("metafields", notAsked),
    ])

    static let shop = ShopifyTable<Scope>([
        .text("email_logo_url") { $0.settings.brand.logo },
        // Shopify's default width.
        .number("email_logo_width") { _ in 180 },
        .text("email_accent_color") { $0.settings.brand.color },
        .text("domain") { scope in
            scope.shop.url.map { url in
                String((url.firstRange(of: "://").map { url[$0.upperBound...] } ?? url[...]).prefix { $0 != "/" })
            } ?? scope.shop.domain
        },
        .text("permanent_domain") { $0.shop.domain },
        .text("money_with_currency_format") { $0.options.money.withCurrency },
        .text("locale") { $0.settings.locale },
        .absent("phone", notAsked), .absent("description", notAsked), .absent("customer_accounts_enabled", notAsked),
        .absent("metafields", notAsked), .absent("policies", notAsked), .absent("id", notAsked),
    ])
}

extension Scope {
    /// The number in the order's name: the one Shopify gives, otherwise the digits of the name.
    fileprivate var orderNumber: Value {
        if let number = record.facts.number { return .int(number) }
        let digits = record.facts.name.filter { $0.isASCII && $0.isNumber }
        return Int(digits).map { .int($0) } ?? .null
    }
}

extension OrderFacts {
    /// Received less refunded: the total less what is outstanding.
    fileprivate var netPayment: Value {
        guard case .int(let total) = Value.cents(total) else { return .null }
        return .int(total - Value.cents(bill?.outstanding).wholeNumber)
    }
}

extension FulfillmentFacts {
    /// False once it was cancelled or has failed.
    var isInForce: Bool { status != .cancelled && status != .error }
}

extension Value {
    /// A whole number; 0 for anything else.
    var wholeNumber: Int {
        if case .int(let number) = self { return number }
        return 0
    }

    /// The custom attributes of an order, by their keys.
    static func attributes(_ attributes: [AttributeFacts]) -> Value {
        .object(Object(attributes.map { ($0.key, .optional($0.value)) }))
    }
}

internal import Liquid

// The things that make up an order: lines, addresses, discounts, payments, parcels and returns, in Shopify's words.

/// A discount, with what it takes off the whole order.
struct AppliedDiscount: Sendable {
    var discount: BillFacts.Discount
    var total: Value
}

/// What one discount takes off one line.
struct DiscountAllocation: Sendable {
    var amount: Money
    var applied: AppliedDiscount?
}

/// Part of a line: as many of it as a fulfillment or a refund contains.
struct LinePart: Sendable {
    var line: LineItem
    var quantity: Int
}

/// A parcel, or all parcels of a mail, as Shopify's templates see them: the fulfillment with its packages.
struct FulfillmentItem: Sendable {
    var scope: Scope
    var facts: [FulfillmentFacts]
    var packages: [TrackingFacts]
    /// The date currently expected.
    var estimate: Value = .null

    var quantities: [QuantityFacts] { facts.flatMap(\.lineItems) }
    var lines: [LineItemFacts] {
        let ids = Set(quantities.map(\.lineItemID))
        return scope.record.facts.lineItems.filter { ids.contains($0.id) }
    }
}

extension ShopifyNames {
    private static let notAsked = "Bookbag does not ask Shopify for it"
    private static let bundles = "Bookbag does not read bundles; each line stands for itself"

    static let lineItem = ShopifyTable<LineItem>([
        .text("title") { $0.facts.shopifyTitle },
        .text("name") { $0.facts.shopifyTitle },
        .text("title_without_variant") { $0.facts.title },
        .text("variant_title") { $0.facts.variantTitle },
        .value("variant", .thing("variant")) {
            .drop(ShopifyDrop($0.facts, variant, own: $0.facts.variantTitle ?? ""))
        },
        .value("product", .thing("product")) { .drop(ShopifyDrop($0.facts, product, own: $0.facts.title)) },
        .text("id") { $0.facts.id.shortID },
        .text("sku") { $0.facts.sku },
        .text("vendor") { $0.facts.vendor },
        .number("quantity") { $0.quantity },
        .number("refunded_quantity") { max(0, $0.facts.quantity - $0.facts.currentQuantity) },
        .number("current_quantity") { $0.facts.currentQuantity },
        .text("image") { $0.facts.imageURL },
        .flag("requires_shipping") { $0.facts.requiresShipping },
        .flag("gift_card") { $0.facts.isGiftCard == true },
        .cents("price") { $0.facts.unitPrice },
        .cents("original_price") { $0.facts.unitPrice },
        .value("final_price", .cents) { $0.share(of: .cents($0.facts.total), parts: 1) },
        .value("original_line_price", .cents) { $0.originalCents },
        .value("final_line_price", .cents) { $0.share(of: .cents($0.facts.total), parts: $0.quantity) },
        .value("line_price", .cents) { $0.share(of: .cents($0.facts.total), parts: $0.quantity) },
        .value("total_discount", .cents) { line in
            let whole = (line.facts.discounts ?? []).reduce(0) { $0 + Value.cents($1.amount).wholeNumber }
            return line.share(of: .int(whole), parts: line.quantity)
        },
        .value("discount_allocations", .things("discount_allocation")) { line in
            let applied = line.order.appliedDiscounts
            return .things(
                (line.facts.discounts ?? []).map { taken in
                    DiscountAllocation(
                        amount: taken.amount, applied: applied.first { $0.discount.index == taken.index })
                }, discountAllocation)
        },
        .value("properties", .anything) { line in
            .array((line.facts.attributes ?? []).map { .array([.string($0.key), .string($0.value ?? "")]) })
        },
        .value("selling_plan_allocation", .thing("selling_plan_allocation")) {
            .thing($0.facts.sellingPlan, sellingPlanAllocation)
        },
        .absent("grams", notAsked), .absent("weight", notAsked), .absent("taxable", notAsked),
        .absent("tax_lines", notAsked), .absent("url", notAsked), .absent("product_id", notAsked),
        .absent("variant_id", notAsked), .absent("unit_price", notAsked), .absent("unit_price_measurement", notAsked),
        .absent("fulfillment_service", notAsked), .absent("fulfillment", notAsked), .absent("groups", bundles),
        .absent("line_item_group", bundles), .absent("components", bundles), .absent("parent", bundles),
        .absent("bundle_parent?", bundles), .absent("bundle_components", bundles),
        .absent("nested_line_parent?", bundles), .absent("nested_line_child?", bundles),
        .absent("deliverable?", bundles),
    ])

    static let variant = ShopifyTable<LineItemFacts>([
        // Shopify has a name for the only variant of a product without variants, and its templates ask for it.
        .text("title") { $0.variantTitle ?? "Default Title" },
        .text("sku") { $0.sku },
        .text("image") { $0.imageURL },
        .cents("price") { $0.unitPrice },
        .absent("barcode", notAsked), .absent("id", notAsked), .absent("weight", notAsked),
        .absent("option1", notAsked), .absent("option2", notAsked), .absent("option3", notAsked),
        .absent("options", notAsked), .absent("url", notAsked), .absent("metafields", notAsked),
    ])

    static let product = ShopifyTable<LineItemFacts>([
        .text("title") { $0.title },
        .text("vendor") { $0.vendor },
        .text("featured_image") { $0.imageURL },
        .texts("tags") { $0.productTags },
        .absent("id", notAsked), .absent("handle", notAsked), .absent("type", notAsked), .absent("url", notAsked),
        .absent("description", notAsked), .absent("images", notAsked), .absent("collections", notAsked),
        .absent("metafields", notAsked),
    ])

    static let part = ShopifyTable<LinePart>([
        .number("quantity") { $0.quantity },
        .value("line_item", .thing("line_item")) { .drop(ShopifyDrop($0.line, lineItem, own: $0.line.facts.title)) },
        .value("subtotal", .cents) { $0.line.share(of: .cents($0.line.facts.total), parts: $0.quantity) },
    ])

    static let sellingPlanAllocation = ShopifyTable<String>([
        .value("selling_plan", .thing("selling_plan")) { .drop(ShopifyDrop($0, sellingPlan, own: $0)) },
        .absent("price", notAsked), .absent("per_delivery_price", notAsked),
    ])

    static let sellingPlan = ShopifyTable<String>([.text("name") { $0 }, .absent("id", notAsked)])

    static let discountAllocation = ShopifyTable<DiscountAllocation>([
        .cents("amount") { $0.amount },
        .value("discount_application", .thing("discount_application")) { .thing($0.applied, discountApplication) },
    ])

    static let discountApplication = ShopifyTable<AppliedDiscount>([
        .text("title") { $0.discount.title },
        .text("type") { $0.discount.isCode ? "discount_code" : "automatic" },
        .text("target_selection") { $0.discount.selection },
        .text("target_type") { $0.discount.isOnShipping ? "shipping_line" : "line_item" },
        .value("total_allocated_amount", .cents) { $0.total },
        .absent("value", notAsked), .absent("value_type", notAsked), .absent("allocation_method", notAsked),
    ])

    static let discount = ShopifyTable<AppliedDiscount>([
        .text("title") { $0.discount.title },
        .text("code") { $0.discount.title },
        .value("amount", .cents) { $0.total },
        .value("total_amount", .cents) { $0.total },
        .value("savings", .cents) { applied in
            guard case .int(let cents) = applied.total else { return .null }
            return .int(-cents)
        },
        .text("type") { $0.discount.isOnShipping ? "ShippingDiscount" : "FixedAmountDiscount" },
    ])

    static let taxLine = ShopifyTable<BillFacts.TaxLine>([
        .text("title") { $0.title },
        .value("rate", .number) { $0.rate.map { .float($0) } ?? .null },
        .value("rate_percentage", .number) { $0.rate.map { .float(($0 * 10_000).rounded() / 100) } ?? .null },
        .cents("price") { $0.amount },
    ])

    static let shippingMethod = ShopifyTable<Scope>([
        .same("title", .text, as: "order.shipping_method"),
        .same("price", .cents, as: "order.shipping_price"),
        .cents("original_price") { $0.record.facts.bill?.fullShippingPrice ?? $0.record.facts.shippingPrice },
        .absent("id", notAsked), .absent("handle", notAsked), .absent("tax_lines", notAsked),
    ])

    static let transaction = ShopifyTable<BillFacts.Payment>([
        .text("kind") { $0.kind },
        .text("status") { $0.status },
        .cents("amount") { $0.amount },
        .text("gateway") { $0.gateway },
        .text("gateway_display_name") { $0.gatewayName },
        .value("payment_details", .thing("payment_details")) { payment in
            .drop(ShopifyDrop(payment, paymentDetails))
        },
        .absent("id", notAsked), .absent("name", notAsked), .absent("receipt", notAsked),
        .absent("created_at", notAsked), .absent("buyer_pending_payment_instructions", notAsked),
        .absent("buyer_pending_payment_notice", notAsked), .absent("amount_rounding", notAsked),
    ])

    static let paymentDetails = ShopifyTable<BillFacts.Payment>([
        .text("credit_card_company") { $0.cardCompany },
        .text("credit_card_number") { payment in payment.cardDigits.map { "•••• •••• •••• \($0)" } },
        .text("credit_card_last_four_digits") { $0.cardDigits },
        .absent("credit_card_name", notAsked), .absent("credit_card_wallet", notAsked), .absent("gift_card", notAsked),
        .absent("type", notAsked),
    ])

    static let address = ShopifyTable<AddressFacts>([
        .text("name") { facts in
            facts.name?.asName
                ?? [facts.firstName, facts.lastName].compactMap { $0?.asName }.joined(separator: " ")
        },
        .text("first_name") { $0.firstName?.asName }, .text("last_name") { $0.lastName?.asName },
        .text("company") { $0.company },
        .text("address1") { $0.address1 }, .text("address2") { $0.address2 },
        .text("street") { [$0.address1, $0.address2].compactMap(\.self).joined(separator: ", ") },
        .text("city") { $0.city }, .text("province") { $0.province }, .text("province_code") { $0.provinceCode },
        .text("zip") { $0.zip }, .text("country") { $0.country }, .text("country_code") { $0.countryCode },
        .text("phone") { $0.phone },
    ])

    static let fulfillment = ShopifyTable<FulfillmentItem>([
        .text("name") { $0.facts.first?.name },
        .text("id") { $0.facts.first?.id.shortID },
        .number("item_count") { $0.quantities.reduce(0) { $0 + $1.quantity } },
        .value("fulfillment_line_items", .things("part")) { $0.scope.shopifyParts($0.quantities) },
        .value("line_items", .things("line_item")) { $0.scope.shopifyLines($0.quantities) },
        .flag("requires_shipping") { $0.lines.contains(where: \.requiresShipping) },
        .text("tracking_company") { $0.packages.lazy.compactMap(\.company).first },
        .text("tracking_number") { $0.packages.lazy.compactMap(\.number).first },
        .texts("tracking_numbers") { $0.packages.compactMap(\.number) },
        .text("tracking_url") { $0.packages.lazy.compactMap(\.url).first },
        .texts("tracking_urls") { $0.packages.compactMap(\.url) },
        .value("estimated_delivery_at", .moment) { $0.estimate },
        .value("created_at", .moment) { item in item.scope.shown(item.facts.first?.createdAt) },
        .text("status") { $0.facts.first?.status.rawValue },
        .absent("service", notAsked), .absent("location", notAsked), .absent("receipt", notAsked),
    ])

    static let label = ShopifyTable<String>([.blankText("public_file_url") { $0 }])

    static let returnDelivery = ShopifyTable<ReverseDeliveryFacts>([
        // A label that Shopify holds is printed from the mail; without one the shop sends it by other means.
        .text("type") { $0.labelURL == nil ? "manual" : "shopify_label" },
        .text("carrier_name") { $0.tracking?.company },
        .text("tracking_number") { $0.tracking?.number },
        .text("tracking_url") { $0.tracking?.url },
        .value("return_label", .thing("return_label")) { .drop(ShopifyDrop($0.labelURL ?? "", label)) },
    ])

    static let decline = ShopifyTable<ReturnFacts>([
        .blankText("reason") { $0.declineReason }, .blankText("note") { $0.declineNote },
    ])

    static let returned = ShopifyTable<ReturnItem>([
        .value("deliveries", .things("return_delivery")) { .things($0.facts.deliveries, returnDelivery) },
        .value("decline", .thing("decline")) { .drop(ShopifyDrop($0.facts, decline)) },
        .number("total_return_line_item_quantity") { $0.facts.lineItems.reduce(0) { $0 + $1.quantity } },
        .value("line_items_subtotal_price", .cents) { $0.subtotal },
        .value("subtotal_price", .cents) { $0.subtotal },
        .cents("order_total_outstanding") { $0.scope.record.facts.bill?.outstanding },
        .absent("exchange_line_items", notAsked), .absent("fees", notAsked), .absent("total_tax_price", notAsked),
        .absent("total_price", notAsked), .absent("pre_return_order_total_outstanding", notAsked),
        .absent("checkout_payment_collection_url", notAsked),
    ])
}

extension LineItemFacts {
    /// What Shopify's mails call it: the product and the variant.
    fileprivate var shopifyTitle: String {
        guard let variantTitle, variantTitle != "Default Title" else { return title }
        return "\(title) - \(variantTitle)"
    }
}

extension LineItem {
    /// The share of `parts` items in an amount for the whole line.
    fileprivate func share(of cents: Value, parts: Int) -> Value {
        guard case .int(let whole) = cents else { return .null }
        guard facts.quantity > 0, parts != facts.quantity else { return cents }
        // If more of a line was sent than was ordered, the result may not fit into 64 bits.
        let share = (Double(whole) * Double(parts) / Double(facts.quantity)).rounded()
        return .int(Int(min(max(share, -1e15), 1e15)))
    }

    fileprivate var originalCents: Value {
        guard case .int(let one) = Value.cents(facts.unitPrice) else { return .null }
        let (whole, overflow) = one.multipliedReportingOverflow(by: quantity)
        return overflow ? .null : .int(whole)
    }
}

extension ReturnItem {
    /// What the goods were sold for, after discounts.
    fileprivate var subtotal: Value {
        let lines = scope.record.facts.lineItems
        return .int(
            facts.lineItems.reduce(0) { sum, part in
                guard let line = lines.first(where: { $0.id == part.lineItemID }) else { return sum }
                let item = LineItem(line, quantity: part.quantity, order: scope.record.facts)
                return sum + item.share(of: .cents(line.total), parts: part.quantity).wholeNumber
            })
    }
}

extension OrderFacts {
    /// The discounts, each with its total.
    var appliedDiscounts: [AppliedDiscount] {
        (bill?.applied ?? []).map { discount in
            let taken = lineItems.lazy.flatMap { $0.discounts ?? [] }.filter { $0.index == discount.index }
            let total = taken.reduce(0) { $0 + Value.cents($1.amount).wholeNumber }
            guard discount.isOnShipping else { return AppliedDiscount(discount: discount, total: .int(total)) }
            let before = Value.cents(bill?.fullShippingPrice).wholeNumber
            return AppliedDiscount(
                discount: discount, total: .int(max(0, before - Value.cents(shippingPrice).wholeNumber)))
        }
    }
}

extension Scope {
    /// The parcel that the mail is about: for a parcel's event, all parcels it covers; otherwise the order's newest.
    var fulfillmentMeant: FulfillmentItem? {
        let meant = shipments
        if let first = meant.first {
            let ids = meant.map(\.fulfillmentID).unique
            var packages = meant.map(\.tracking).filter { $0 != TrackingFacts() }
            if let laid = value(of: "shipment.tracking_number")?.textIfString,
                overlay["shipment.tracking_number"] != nil,
                !packages.isEmpty
            {
                packages[0].number = laid
            }
            return FulfillmentItem(
                scope: self, facts: ids.compactMap(record.fulfillment), packages: packages,
                estimate: value(of: "shipment.estimated_delivery") ?? shown(state(of: first).estimate))
        }
        guard let newest = record.facts.fulfillments.filter(\.isInForce).max(by: { $0.createdAt < $1.createdAt }) else {
            return nil
        }
        let shipment = record.shipments.first { $0.fulfillmentID == newest.id && $0.present }
        return FulfillmentItem(
            scope: self, facts: [newest], packages: newest.tracking,
            estimate: shipment.map { shown(state(of: $0).estimate) } ?? .null)
    }

    /// All lines of the order, as they were ordered.
    func shopifyLines() -> Value {
        .array(
            record.facts.lineItems.map {
                .drop(
                    ShopifyDrop(
                        LineItem($0, quantity: $0.quantity, order: record.facts), ShopifyNames.lineItem, own: $0.title))
            })
    }

    /// The lines with these quantities.
    func shopifyLines(_ quantities: [QuantityFacts]) -> Value {
        .array(
            parts(quantities) { LineItem($0, quantity: $1, order: record.facts) }.map {
                .drop(ShopifyDrop($0, ShopifyNames.lineItem, own: $0.facts.title))
            })
    }

    /// The lines with these quantities, each alongside the whole line.
    func shopifyParts(_ quantities: [QuantityFacts]) -> Value {
        .things(
            parts(quantities) {
                LinePart(line: LineItem($0, quantity: $0.quantity, order: record.facts), quantity: $1)
            }, ShopifyNames.part)
    }

    /// What has not been sent yet.
    var unfulfilledLines: Value {
        var sent: [String: Int] = [:]
        for fulfillment in record.facts.fulfillments where fulfillment.isInForce {
            for part in fulfillment.lineItems { sent[part.lineItemID, default: 0] += part.quantity }
        }
        return shopifyLines(
            record.facts.lineItems.map {
                QuantityFacts(lineItemID: $0.id, quantity: $0.currentQuantity - sent[$0.id, default: 0])
            })
    }

    private func parts<Part>(_ quantities: [QuantityFacts], _ make: (LineItemFacts, Int) -> Part) -> [Part] {
        quantities.compactMap { part in
            guard part.quantity > 0, let line = record.facts.lineItems.first(where: { $0.id == part.lineItemID }) else {
                return nil
            }
            return make(line, part.quantity)
        }
    }
}

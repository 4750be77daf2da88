internal import Liquid

/// A gift, as templates look at it.
struct GiftItem: Sendable {
    var scope: Scope
    /// Nil if only an example says what it is.
    var gift: GiftFacts?
}

extension Names {
    static let giftRoot = "gift"

    static let gift = NameTable<GiftItem>([
        Name("code", .text, "The code that she enters at the checkout: hers alone, once.", .bookbag, canBeEmpty: true) {
            .optional($0.gift?.code)
        },
        Name(
            "value", .text, "What it takes off: `10%`, or an amount. Empty for free shipping.", .bookbag,
            canBeEmpty: true
        ) { item in
            guard let share = item.gift?.share else { return .optional(item.gift?.amount) }
            return .string(share)
        },
        Name("expires_on", .day, "The last day on which it can be used.", .bookbag, canBeEmpty: true) {
            $0.scope.shown($0.gift?.expiresOn)
        },
    ])
}

extension Names {
    static let remedy = NameTable<Scope>([
        Name("name", .text, "The remedy's name in policy.yaml.", .bookbag) {
            .optional($0.history.offer?.offer.remedy)
        },
        Name(
            "offers", .texts, "What she may choose: `refund`, `reship`, `store_credit`, or the name of a gift.",
            .bookbag
        ) { .texts($0.history.offer?.offer.options.map(\.what.name) ?? []) },
        Name("line_items", .list(of: "line item"), "The goods that it is about.", .bookbag) { scope in
            let facts = scope.record.facts
            return .array(
                (scope.history.offer?.offer.items ?? []).compactMap { item in
                    facts.lineItems.first { $0.id == item.lineItemID }.map {
                        LineItem($0, quantity: item.quantity, order: facts).value
                    }
                })
        },
    ])

    static let action = NameTable<Scope>([
        Name(
            "verb", .text,
            "What it was: `refund`, `store_credit`, `reship`, `cancel_order`, `change_address`, `hold_order`, `release_order`, `tag_order`, `tag_customer`, `give`.",
            .bookbag
        ) { .optional($0.history.action?.verb) },
        Name(
            "value", .text,
            "What of it: an amount (`5.00 GBP`), a tag, the name of a gift. Empty where the verb says it all.", .bookbag
        ) { .optional($0.history.action?.value) },
        Name(
            "by", .text, "What decided it: the name of a trigger, `page` for a page of the customer's, `remedy`.",
            .bookbag
        ) { .optional($0.history.action?.by) },
        Name(
            "reason", .text, "Why it was not done, in a sentence. Only on `action.refused`.", .bookbag, canBeEmpty: true
        ) { .optional($0.history.action?.reason) },
    ])

    /// The names that look at what a customer was given as remedies, or sent back.
    static let remedyNames = [
        "customer.remedies_last_180_days", "customer.remedied_value", "customer.returns_share",
    ]
}

extension Scope {
    /// The gift that the message tells of.
    var giftItem: GiftItem? {
        if let gift = gift ?? history.offer?.gift { return GiftItem(scope: self, gift: gift) }
        let isGiven = overlay.contains { name, value in
            if case .null = value { return false }
            return name.hasPrefix("\(Names.giftRoot).")
        }
        return isGiven ? GiftItem(scope: self) : nil
    }
}

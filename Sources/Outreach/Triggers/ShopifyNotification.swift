// Shopify mails shoppers of its own accord, and no API says which of its notifications are switched on. So the merchant
// says so in shop.yaml, and no live trigger may tell a shopper what Shopify already does: she would hear it twice.

/// One of Shopify's own notifications to shoppers (help.shopify.com/manual/fulfillment/setup/notifications).
struct ShopifyNotification: Sendable {
    /// The name used in `shopify_sends`: its name in Shopify's admin, in lower case and with '_'.
    let name: String
    /// Its name in Shopify's admin.
    let title: String
    /// The events that it reports.
    let events: [EventKind]

    static let table: [ShopifyNotification] = [
        .init(name: "order_confirmation", title: "Order confirmation", events: [.orderPlaced, .orderPaid]),
        .init(name: "order_edited", title: "Order edited", events: [.orderEdited]),
        .init(name: "order_cancelled", title: "Order cancelled", events: [.orderCancelled]),
        .init(name: "order_refund", title: "Order refund", events: [.refundIssued]),
        .init(
            name: "shipping_confirmation", title: "Shipping confirmation",
            events: [.shipmentCreated, .shipmentAccepted, .shipmentInTransit, .orderFulfilled]),
        .init(name: "shipping_update", title: "Shipping update", events: [.shipmentNumberChanged]),
        .init(name: "out_for_delivery", title: "Out for delivery", events: [.shipmentOutForDelivery]),
        .init(name: "delivered", title: "Delivered", events: [.shipmentDelivered, .orderDelivered]),
        .init(name: "ready_for_pickup", title: "Ready for local pickup", events: [.shipmentReadyForPickup]),
        .init(name: "return_requested", title: "Return request received", events: [.returnRequested]),
        .init(name: "return_approved", title: "Return request approved", events: [.returnApproved]),
        .init(name: "return_created", title: "Return created", events: [.returnApproved]),
        .init(name: "return_declined", title: "Return request declined", events: [.returnDeclined]),
        .init(name: "return_label", title: "Return label created", events: [.returnLabelReady]),
    ]

    static let names = table.map(\.name)

    /// The notification of that name, as people write it: `Shipping confirmation` is `shipping_confirmation`.
    static func named(_ text: String) -> ShopifyNotification? {
        func fold(_ text: String) -> String {
            text.lowercased().replacing(" ", with: "_").replacing("-", with: "_")
        }
        let folded = fold(text)
        return table.first { $0.name == folded || fold($0.title) == folded }
    }

    /// Where to switch it off.
    static let place = "Settings > Notifications > Customer notifications"

    /// For the reference: each with the events that it reports.
    static var markdown: String {
        "| in `shopify_sends` | in Shopify's admin | tells what these tell |\n| --- | --- | --- |\n"
            + table.map { one in
                "| `\(one.name)` | \(one.title) | \(one.events.map { "`\($0.rawValue)`" }.joined(separator: ", ")) |"
            }.joined(separator: "\n")
    }

    /// The event through which a trigger tells a shopper the same thing; nil if it does not.
    ///
    /// A message that comes a day or more later, or waits for silence or a date, is a different one; so are marketing
    /// and requests for reviews.
    func toldAgain(by trigger: Trigger) -> EventKind? {
        guard trigger.about == .order, trigger.lines.contains(where: { $0.destination == .customer }),
            trigger.wait.isShort
        else { return nil }
        return trigger.events.first(where: events.contains)
    }
}

extension Wait {
    /// True if the wait is over within a day.
    fileprivate var isShort: Bool {
        switch start {
        case .none: true
        case .event(let length):
            length.unit == .minutes && length.count < 1_440 || length.unit == .hours && length.count < 24
        case .lastHeard, .date: false
        }
    }
}

extension TriggerSet {
    /// What `check` asks a shop that has not said which of Shopify's notifications are on although it has triggers that
    /// may tell shoppers the same and are live, or will be once the shop is; nil if there is nothing to ask.
    public var questionAboutShopify: String? {
        guard settings.shopifySends == nil else { return nil }
        let told = ShopifyNotification.table.filter { one in
            triggers.contains { $0.mode != .off && one.toldAgain(by: $0) != nil }
        }
        if told.isEmpty { return nil }
        return
            "Does Shopify mail this to your customers as well: \(told.map(\.title).joined(separator: ", "))? See \(ShopifyNotification.place) in Shopify's admin, switch off what your triggers tell, and write 'shopify_sends: [\(told[0].name)]' with what stays on into shop.yaml, or 'shopify_sends: none'."
    }
}

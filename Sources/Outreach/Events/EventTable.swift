// Every kind of event, and everything known about it: one entry each, here and nowhere else.
//
// This table determines what `on:` may name, the reference in docs/triggers.md and the schemas for editors, the hints
// of `bookbag check`, how long an event is news and what ends that, what is reported again, which names conditions may
// use, how `explain` puts it into words, and what the standard order of examples looks like. To add a kind, of an order
// or of another aggregate, add an entry.
//
// Two of its columns say what is still news. An event has an age, after which nobody wants to hear of it; and a state
// is no longer news once its subject has reached a later one: a shopper who has the parcel in her hands need not be
// told that it is on the van. Refunds and labels never become old this way: they stay useful.

enum EventTable {
    /// In the order in which simultaneous events are reported, which is also that of the reference.
    static let entries: [EventEntry] =
        orders + shipments + returns + refunds + remedies + actions + ratings + conversations

    // MARK: - The order

    private static let orders: [EventEntry] = [
        EventEntry(
            "order.placed", "The order was placed, paid or not.", sentence: "The order was placed", age: .days(1),
            passing: .order(words: "the whole order was sent", events: ["order.fulfilled"], holds: isSent),
            alsoCalled: ["order.created", "order.create", "order.new"], standard: .unsent()),
        EventEntry(
            "order.paid", "The order was paid in full.", sentence: "The order was paid", age: .days(1),
            passing: .order(words: "the whole order was sent", events: ["order.fulfilled"], holds: isSent),
            standard: .unsent(later: { facts, _ in facts.payment = .paid })),
        EventEntry(
            "order.edited",
            "Items or quantities of the order were changed after it was placed. It happens again with each change.",
            sentence: "The order was changed", age: .days(1), repetition: .eachTime, alsoCalled: ["order.updated"],
            standard: .unsent(
                later: { facts, _ in facts.edited = true }, atStart: { facts, _ in facts.edited = true })),
        EventEntry(
            "order.cancelled", "The whole order was cancelled.", sentence: "The order was cancelled", age: .days(3),
            survivesCancellation: true, alsoCalled: ["order.canceled"],
            standard: .unsent(
                later: { facts, now in facts.cancelledAt = now }, atStart: { facts, now in facts.cancelledAt = now })),
        EventEntry(
            "order.on_hold", "Part of the order was put on hold in Shopify.",
            sentence: "The order was put on hold", age: .days(2),
            passing: .order(words: "no part of the order is on hold", holds: { $0.facts.holds.isEmpty }),
            alsoCalled: ["order.held"],
            standard: .unsent(
                later: { facts, _ in facts.holds = [standardHold] },
                atStart: { facts, _ in
                    facts.holds = [standardHold]
                    facts.fulfillment = .onHold
                })),
        EventEntry(
            "order.fulfilled", "The whole order has left: its last item is in a parcel.",
            sentence: "All of the order was sent", age: .days(2),
            passing: .order(
                words: "the whole order has arrived", events: ["order.delivered"],
                holds: { record in record.events.contains { $0.kind == .orderDelivered } }),
            roots: ["fulfillment"],
            standard: StandardCase(parcel: .preTransit, later: { facts, _ in facts.fulfillment = .fulfilled })),
        EventEntry(
            "order.delivered", "The whole order has arrived: its last parcel was delivered.",
            sentence: "All of the order has arrived", age: .days(3), roots: ["fulfillment"],
            standard: .parcel(.delivered)),
    ]

    private static let standardHold = "gid://shopify/FulfillmentHold/1"

    @Sendable private static func isSent(_ record: OrderRecord) -> Bool { record.facts.fulfillment == .fulfilled }

    // MARK: - Its parcels

    /// The names that parcel events have in addition to those of all events. Shopify's own word for a parcel is
    /// `fulfillment`.
    private static let parcel: Set<String> = ["shipment", "fulfillment"]

    private static let ends: [ParcelState] = [.delivered, .returning, .returned, .lost]

    private static let shipments: [EventEntry] = [
        EventEntry(
            "shipment.created",
            "A parcel was made ready in Shopify (a fulfillment). The carrier may not have it yet.",
            sentence: "{parcel} was made ready", age: .days(2),
            passing: .parcel([.outForDelivery, .attempted, .readyForPickup] + ends), roots: parcel,
            alsoCalled: ["order.shipped", "shipped", "fulfillment.created", "shipment.shipped"],
            standard: .parcel(.preTransit)),
        EventEntry(
            "shipment.accepted",
            "The carrier has accepted the parcel. Not every carrier reports this separately from moving it: to be sure, list 'shipment.in_transit' too, with 'once_per: shipment'.",
            sentence: "{parcel} was handed to the carrier", age: .days(1),
            passing: .parcel([.outForDelivery, .attempted, .readyForPickup, .exception] + ends), roots: parcel,
            alsoCalled: ["shipment.picked_up"], standard: .parcel(.accepted)),
        EventEntry(
            "shipment.in_transit",
            "The parcel is moving through the carrier's network; ordinary customs clearance counts too.",
            sentence: "{parcel} is on its way", age: .days(2),
            passing: .parcel([.outForDelivery, .attempted, .readyForPickup, .exception] + ends), roots: parcel),
        EventEntry(
            "shipment.out_for_delivery", "The parcel is on the delivery vehicle.",
            sentence: "{parcel} is out for delivery", age: .hours(12),
            passing: .parcel([.attempted, .readyForPickup, .exception] + ends), roots: parcel,
            standard: .parcel(.outForDelivery)),
        EventEntry(
            "shipment.ready_for_pickup", "The parcel is waiting for the shopper at a shop, a locker or a post office.",
            sentence: "{parcel} is ready to be picked up", age: .days(3), passing: .parcel(ends), isNeeded: true,
            roots: parcel, alsoCalled: ["shipment.pickup", "shipment.available_for_pickup"],
            standard: .parcel(.readyForPickup)),
        EventEntry(
            "shipment.attempted", "The carrier was at the door and could not deliver.",
            sentence: "{parcel} could not be delivered at the first try", age: .days(1),
            passing: .parcel([.outForDelivery, .readyForPickup] + ends), isNeverHeldOut: true, roots: parcel,
            alsoCalled: [
                "shipment.failed", "failed delivery", "shipment.failed_delivery", "shipment.attempted_delivery",
                "shipment.missed",
            ], standard: .parcel(.attempted)),
        EventEntry(
            "shipment.delayed",
            "The parcel is late: its carrier says so, the expected day moved back, the promised day passed, or it was silent for too long ('delays' in shop.yaml). It happens again when it gets 3 or more days worse; use 'once_per: event' to tell it again.",
            sentence: "{parcel} is late", age: .days(2),
            passing: .parcel([.outForDelivery, .attempted, .readyForPickup] + ends), isProblem: true, roots: parcel,
            alsoCalled: ["shipment.late", "delayed", "late"],
            standard: .parcel(nil, isLate: true, delayReason: "promise_passed")),
        EventEntry(
            "shipment.exception",
            "The parcel needs attention: damage, a wrong address, a customs hold, a refusal.",
            sentence: "{parcel} has a problem on its way", age: .days(2),
            passing: .parcel([.inTransit, .outForDelivery, .attempted, .readyForPickup] + ends), isProblem: true,
            roots: parcel, alsoCalled: ["shipment.failure", "shipment.problem"], standard: .parcel(.exception)),
        EventEntry(
            "shipment.returning", "The parcel is on its way back to you, undelivered.",
            sentence: "{parcel} is coming back", age: .days(7), passing: .parcel([.returned, .delivered]),
            roots: parcel, standard: .parcel(.returning)),
        EventEntry(
            "shipment.returned", "The parcel came back to you, undelivered.", sentence: "{parcel} came back",
            age: .days(7), roots: parcel, standard: .parcel(.returned)),
        EventEntry(
            "shipment.lost", "The carrier has given the parcel up.", sentence: "{parcel} is lost", age: .days(7),
            passing: .parcel([.inTransit, .outForDelivery, .readyForPickup, .delivered, .returned]), isProblem: true,
            roots: parcel, standard: .parcel(.lost, isLate: true)),
        EventEntry(
            "shipment.presumed_lost",
            "The carrier has had no scan of the parcel for longer than `lost_after` in shop.yaml allows. Only a carrier that Bookbag asks shows such a silence, with an answer that has nothing new.",
            sentence: "{parcel} is presumed lost", age: .days(7), passing: .scanned(ends), isProblem: true,
            roots: parcel, alsoCalled: ["shipment.missing", "shipment.stuck", "shipment.silent"],
            standard: .parcel(nil, isLate: true)),
        EventEntry(
            "shipment.delivered", "The parcel was handed over, or left at the address.",
            sentence: "{parcel} was delivered", age: .days(3), passing: .parcel([.returning, .returned]),
            roots: parcel, alsoCalled: ["delivered", "fulfillment.delivered"], standard: .parcel(.delivered)),
        EventEntry(
            "shipment.cancelled", "The parcel was cancelled in Shopify before it arrived.",
            sentence: "{parcel} was cancelled", age: .days(3), survivesCancellation: true, roots: parcel),
        EventEntry(
            "shipment.untracked",
            "Nothing has been heard of the parcel for 90 days, and Bookbag stops asking.",
            sentence: "{parcel} was not heard of for so long that nobody is asked any more", age: .days(7),
            passing: .parcel(ParcelState.allCases.filter(\.isFinal)), roots: parcel),
        EventEntry(
            "shipment.eta_changed",
            "The carrier's expected delivery day moved, later or earlier. It happens again with each change.",
            sentence: "{parcel} is expected on another day", age: .days(1),
            passing: .parcel([.outForDelivery, .attempted, .readyForPickup] + ends), repetition: .eachTime,
            roots: parcel),
        EventEntry(
            "shipment.number_changed",
            "The parcel's tracking number was added or changed after the parcel was made ready. It happens again with each change; a number that was there from the start does not count.",
            sentence: "{parcel} has another tracking number", age: .days(2), passing: .parcel(ends),
            repetition: .eachTime, roots: parcel),
    ]

    // MARK: - Its returns and refunds

    /// The names that return events have in addition to those of all events; the last three are Shopify's.
    private static let returned: Set<String> = ["return", "return_label", "return_line_items", "return_name"]

    private static let returns: [EventEntry] = [
        EventEntry(
            "return.requested", "The shopper asked for a return.", sentence: "A return was asked for", age: .days(2),
            passing: .returned([.open, .closed, .declined, .cancelled]), survivesCancellation: true, roots: returned,
            alsoCalled: ["return.created"], standard: .returned(.requested)),
        EventEntry(
            "return.approved", "You approved a return, or opened one yourself.", sentence: "The return was approved",
            age: .days(3), passing: .returned([.closed, .cancelled, .declined], receipt: true),
            survivesCancellation: true, roots: returned, standard: .returned(.open, later: { $0.status = .open })),
        EventEntry(
            "return.declined", "You declined a return.", sentence: "The return was declined", age: .days(3),
            passing: .returned([.open]), survivesCancellation: true, roots: returned,
            standard: .returned(.declined, later: { $0.status = .declined })),
        EventEntry(
            "return.cancelled", "A return was cancelled.", sentence: "The return was cancelled", age: .days(3),
            survivesCancellation: true, roots: returned,
            standard: .returned(.cancelled, later: { $0.status = .cancelled })),
        EventEntry(
            "return.label_ready", "A return has a label. It happens again when the label is replaced.",
            sentence: "The return label is ready", age: .days(14), repetition: .eachMark, survivesCancellation: true,
            isNeeded: true, roots: returned, alsoCalled: ["return.label", "return.label_created"],
            standard: .returned(.open, hasLabel: true)),
        EventEntry(
            "return.in_transit", "The goods of a return are on their way back to you.",
            sentence: "The return is on its way back", age: .days(2),
            passing: .returned([.closed, .cancelled], receipt: true), survivesCancellation: true, roots: returned,
            standard: .returned(.open, hasLabel: true)),
        EventEntry(
            "return.received", "The goods of a return have come back to you.", sentence: "The return has arrived",
            age: .days(4), survivesCancellation: true, roots: returned,
            standard: .returned(.open, hasLabel: true, isReceived: true, later: { $0.received = true })),
        EventEntry(
            "return.closed", "A return was closed.", sentence: "The return was closed", age: .days(4),
            survivesCancellation: true, roots: returned,
            standard: .returned(.closed, hasLabel: true, isReceived: true, later: { $0.status = .closed })),
    ]

    private static let refunds: [EventEntry] = [
        EventEntry(
            "refund.issued", "Money was refunded, with or without a return. It happens for each refund.",
            sentence: "Money was given back", age: .days(7), survivesCancellation: true, isNeeded: true,
            roots: returned.union(["refund", "amount", "refund_line_items"]),
            alsoCalled: ["return.refunded", "refund.created", "refunded", "order.refunded"],
            standard: .returned(.closed, hasLabel: true, isReceived: true)),
        EventEntry(
            "delivery.bounced",
            "A mail about the order came back: nobody read it. For the merchant. It happens for each such mail.",
            sentence: "A mail about the order came back", age: .days(3), repetition: .eachTime,
            survivesCancellation: true, alsoCalled: ["mail.bounced", "email.bounced", "message.bounced", "bounce"]),
        EventEntry(
            "customer.unsubscribed",
            "The customer asked for no more offers. For the merchant; of the order that she answered about, else of her newest. It happens again when she had taken it back.",
            sentence: "The customer asked for no more offers", age: .days(3), repetition: .eachTime,
            survivesCancellation: true,
            alsoCalled: [
                "unsubscribed", "unsubscribe", "opt_out", "opted_out", "customer.opted_out", "email.unsubscribed",
            ]),
    ]

    // MARK: - Remedies

    private static let remedies: [EventEntry] = [
        EventEntry(
            "remedy.offered",
            "Something is offered to the customer because something went wrong, and she may choose (`do: remedy`): with the approval of one of your people, where policy.yaml asks for it.",
            sentence: "The customer was offered something", age: .days(7), isNeeded: true, roots: ["remedy"],
            alsoCalled: ["remedy", "remedy.approved", "offer.made", "remedy.open"], standard: .parcel(.lost))
    ]

    // MARK: - Actions

    private static let actions: [EventEntry] = [
        EventEntry(
            "action.done",
            "Bookbag did something in the shop: a line of `do`, what the customer asked for on a page of hers, or what she chose of an offer. `action.verb` says what. It is Bookbag's own doing, and needs no `caused_by`.",
            sentence: "Bookbag did something in the shop", age: .days(2), survivesCancellation: true, isNeeded: true,
            roots: ["action"], alsoCalled: ["action", "action.completed", "action.succeeded"], standard: .unsent()),
        EventEntry(
            "action.refused",
            "What was to be done in the shop is not done, and not tried any more: Shopify refused it, or it was no longer right. `action.reason` says why. For the merchant.",
            sentence: "Bookbag could not do something in the shop", age: .days(2), survivesCancellation: true,
            roots: ["action"], alsoCalled: ["action.failed", "action.rejected"], standard: .unsent()),
    ]

    // MARK: - Ratings

    private static let ratings: [EventEntry] = [
        EventEntry(
            "rating.given",
            "The customer rated how an order came, or how you answered (`rating.of`). It happens once more when a rating is changed to 2 or less for the first time. For the merchant.",
            sentence: "The customer gave a rating", age: .days(7), passing: .rating, repetition: .eachTime,
            survivesCancellation: true, roots: ["rating"],
            alsoCalled: [
                "rating", "rated", "rating.created", "rating.received", "customer.rated", "csat", "review.created",
                "survey.answered",
            ], standard: .parcel(.delivered))
    ]

    // MARK: - Conversations

    /// The names of what was written, and of the conversation that it belongs to.
    private static let talk: Set<String> = [
        "message", "conversation", "shipment", "fulfillment", "return", "refund", "return_label", "return_line_items",
        "return_name", "amount", "refund_line_items",
    ]

    private static let conversations: [EventEntry] = [
        EventEntry(
            "message.received", of: .conversation,
            "A person wrote to the shop: a mail, a text, in the chat. What she asks for is in `message.asks`.",
            sentence: "The customer wrote", age: .hours(1),
            passing: .order(words: "a person has the conversation") { $0.conversation?.isPersons == true },
            survivesCancellation: true, isNeverHeldOut: true, roots: talk,
            alsoCalled: ["mail.received", "email.received", "message", "customer.wrote", "ticket.created"]),
        EventEntry(
            "conversation.handed_over", of: .conversation,
            "No trigger answers, and the conversation waits for a person. It happens again when it is handed over again.",
            sentence: "The conversation was handed to a person", age: .days(1),
            passing: .order(words: "nobody has to answer any more") { $0.conversation?.isPersons != true },
            repetition: .eachTime, survivesCancellation: true, isNeverHeldOut: true, roots: talk,
            alsoCalled: ["ticket.escalated", "message.handed_over"]),
        EventEntry(
            "conversation.taken_over", of: .conversation,
            "One of your people took the conversation, at the desk or by answering in the mail program.",
            sentence: "A person took the conversation", age: .days(1),
            passing: .order(words: "nobody has it any more") { $0.conversation?.isPersons != true },
            repetition: .eachTime, survivesCancellation: true, roots: talk),
        EventEntry(
            "conversation.closed", of: .conversation,
            "The conversation is over: somebody closed it, or nothing was said for two working days.",
            sentence: "The conversation was closed", age: .days(1),
            passing: .order(words: "she wrote again") { $0.conversation.map { $0.state != .closed } ?? false },
            repetition: .eachTime, survivesCancellation: true, roots: talk,
            alsoCalled: ["ticket.closed", "ticket.solved"]),
        EventEntry(
            "conversation.unanswered", of: .conversation,
            "A customer waits for one of your people, and nobody has answered. Write `for: 4 business hours` with it: that counts from the oldest message that nobody has answered, whatever else she writes.",
            sentence: "The customer waits for one of your people", age: .days(1), passing: .answered,
            survivesCancellation: true, isNeverHeldOut: true, roots: talk,
            alsoCalled: ["ticket.unanswered", "conversation.waiting", "conversation.overdue", "sla", "sla.breached"]),
    ]
}

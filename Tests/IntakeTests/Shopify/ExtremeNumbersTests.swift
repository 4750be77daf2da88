import Doubles
import Foundation
import Testing

@testable import Intake
@testable import Outreach
@testable import Shopify

/// Whatever numbers Shopify writes, and wherever, nothing that is reckoned from them may stop the program.
@Suite("Extreme numbers in an answer") struct ExtremeNumbersTests {
    static let extremes: [String] = [
        "9223372036854775807", "-9223372036854775808", "18446744073709551615", "1e300", "-1e300", "1e-300", "0", "-1",
        "2147483647", "\"9223372036854775807\"", "\"-9999999999999999999999999999999999999\"", "\"1e127\"",
        "\"1e-128\"",
        "\"NaN\"", "null", "0.5",
    ]

    private static let noon = Moment(iso8601: "2026-11-21T12:00:00Z")!

    /// An order with each kind of number in it: the texts `@0`, `@1`, … stand in their places.
    private static func order() -> (text: String, places: Int) {
        var places = 0
        func number() -> String {
            places += 1
            return "@\(places - 1)@"
        }
        func money() -> [String: Any] {
            ["presentmentMoney": ["amount": number(), "currencyCode": "GBP"]]
        }
        var json = Sample.order(1, updatedAt: noon)
        for key in [
            "currentTotalPriceSet", "currentSubtotalPriceSet", "currentShippingPriceSet", "currentTotalTaxSet",
            "currentTotalDiscountsSet", "currentTotalDutiesSet", "totalTipReceivedSet", "totalOutstandingSet",
        ] { json[key] = money() }
        json["number"] = number()
        json["shippingLine"] = ["title": "Post", "originalPriceSet": money()]
        json["currentTaxLines"] = [["title": "VAT", "rate": number(), "priceSet": money()]]
        json["discountApplications"] = [
            "nodes": [["index": 0, "targetSelection": "ALL", "targetType": "LINE_ITEM", "title": "x"]]
        ]
        json["customer"] = [
            "id": "gid://shopify/Customer/1", "numberOfOrders": number(),
            "amountSpent": ["amount": number(), "currencyCode": "GBP"],
        ]
        json["lineItems"] = Sample.page(
            (1...3).map { n in
                [
                    "id": "gid://shopify/LineItem/\(n)", "title": "Mug", "quantity": number(),
                    "currentQuantity": number(), "originalUnitPriceSet": money(), "discountedTotalSet": money(),
                    "discountAllocations": [
                        ["allocatedAmountSet": money(), "discountApplication": ["index": number()]],
                        ["allocatedAmountSet": money(), "discountApplication": ["index": 0]],
                    ],
                ]
            })
        json["fulfillments"] = [
            Sample.fulfillment(7) {
                $0["fulfillmentLineItems"] = Sample.page(
                    (1...3).map { ["quantity": number(), "lineItem": ["id": "gid://shopify/LineItem/\($0)"]] })
            }
        ]
        json["refunds"] = [
            [
                "id": "gid://shopify/Refund/1", "createdAt": "2026-11-20T12:00:00Z", "totalRefundedSet": money(),
                "refundLineItems": Sample.page([["quantity": number(), "lineItem": ["id": "gid://shopify/LineItem/1"]]]
                ),
            ]
        ]
        json["transactions"] = [
            ["kind": "SALE", "status": "SUCCESS", "createdAt": "2026-11-20T10:00:00Z", "amountSet": money()]
        ]
        let data = try! JSONSerialization.data(withJSONObject: json)
        return (String(decoding: data, as: UTF8.self), places)
    }

    private static func planner() throws -> Planner {
        let folder = TriggerFolder(
            files: [
                "shop.yaml":
                    "mode: live\nnotify: owner@fig.example\nbrand:\n  name: Fig\n  from: Fig <orders@fig.example>\n",
                "note.yaml": """
                on: [order.placed, shipment.created, refund.issued]
                if:
                  - order.total_price > 5
                unless:
                  - customer.orders_count > 900000
                send: email
                """,
                "templates/note.html": """
                ---
                subject: Your order {{ name }}
                ---
                {{ total_price }} {{ subtotal_price | money }} {{ tax_price }} {{ net_payment }} {{ total_refunded_amount }}
                {{ discounts_savings }} {{ discounts_amount }} {{ total_tip }} {{ total_duties }}
                {% for line in line_items %}{{ line.quantity | plus: line.refunded_quantity | times: 3 }}
                {{ line.final_line_price | money }} {{ line.line_price }} {{ line.original_line_price }}
                {{ line.final_price | divided_by: 7 }} {{ line.total_discount }}{% endfor %}
                {% for item in discount_applications %}{{ item.total_allocated_amount | minus: 1 }}{% endfor %}
                {% for line in tax_lines %}{{ line.rate | times: 100 }} {{ line.price | money }}{% endfor %}
                {% for parcel in fulfillments %}{{ parcel.item_count }}
                {% for part in parcel.fulfillment_line_items %}{{ part.quantity }}
                {{ part.line_item.final_line_price }}{% endfor %}{% endfor %}
                """,
            ].mapValues { Array($0.utf8) })
        let (set, faults) = TriggerSet.load(folder)
        return Planner(
            triggers: try #require(set, "\(faults)"), inForceSince: ["note": .distantPast],
            live: LiveSince(shop: noon - .days(30)), shop: ShopProfile(domain: "fig.example", timeZone: "Europe/London")
        )
    }

    @Test("an order full of them is read or refused, learned, matched, judged and written", arguments: extremes.indices)
    func throughAll(_ seed: Int) throws {
        let (template, places) = Self.order()
        let planner = try Self.planner()
        let learner = Learner(
            live: LiveSince(shop: Self.noon - .days(30)), shopZone: .utc, rereadEvery: .minutes(1))
        var random = SameEveryTime(state: UInt64(seed + 1))
        var written = 0
        for round in 0..<40 {
            var text = template
            for place in 0..<places {
                // In the first rounds the same number stands everywhere; then they are mixed.
                let value = round == 0 ? Self.extremes[seed] : Self.extremes.randomElement(using: &random)!
                text = text.replacing("\"@\(place)@\"", with: round.isMultiple(of: 3) && round > 0 ? "12" : value)
            }
            guard let wire = try? JSONDecoder().decode(WireOrder.self, from: Data(text.utf8)) else { continue }
            var facts = OrderFacts(wire)
            facts.lineItems = wire.lineItems.nodes.map(LineItemFacts.init)
            facts.fulfillments = wire.fulfillments.map {
                FulfillmentFacts(
                    $0, events: $0.events.nodes, complete: true, lines: $0.fulfillmentLineItems.nodes, zone: .utc)
            }
            facts.refunds = wire.refunds.map { RefundFacts($0, lines: $0.refundLineItems.nodes) }
            // What the store keeps is read back.
            facts = try JSONDecoder().decode(OrderFacts.self, from: JSONEncoder().encode(facts))
            let observation = Observation(shop: "fig.example", seenAt: Self.noon, content: .order(facts))
            let learned = try #require(learner.learn(observation, into: nil))
            for event in learned.events {
                for match in planner.matches(event, record: learned.record) {
                    guard case .insert(let effect) = planner.place(match, event: event, existing: [], now: Self.noon)
                    else { continue }
                    _ = planner.judge(effect, record: learned.record, history: History(), now: Self.noon)
                    let scope = planner.scope(
                        record: learned.record, event: event, history: History(), now: Self.noon)
                    if (try? planner.triggers.templates.render("note", scope)) != nil { written += 1 }
                }
            }
        }
        #expect(written > 0, "some of them were written")
    }
}

/// A generator whose numbers are the same in every run (Steele, Lea, Flood: "Fast Splittable Pseudorandom Number
/// Generators", 2014).
private struct SameEveryTime: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

import Doubles
import Foundation
import Outreach
import Testing

@testable import Intake
@testable import Shopify

@Suite("Orders in our words") struct DecodingTests {
    private let noon = Moment(iso8601: "2026-11-21T12:00:00Z")!

    @Test("an order with null and unknown everywhere is still an order")
    func tolerant() throws {
        var json = Sample.order(1, updatedAt: noon)
        for key in [
            "email", "shippingAddress", "displayFinancialStatus", "processedAt", "tags", "currentTotalPriceSet",
        ] { json[key] = NSNull() }
        json["displayFulfillmentStatus"] = "BEAMED_UP"
        json["aFieldFromTheFuture"] = ["x": 1]
        let facts = OrderFacts(try decode(WireOrder.self, json))
        #expect(facts.email == nil && facts.payment == .unknown && facts.fulfillment == .unknown)
        #expect(facts.processedAt == facts.createdAt)
        #expect(facts.total == nil && facts.tags == [])
    }

    @Test(
        "an order that was brought in from elsewhere keeps both its times: when it was placed, and when it was made here"
    )
    func imported() throws {
        var json = Sample.order(1, updatedAt: noon)
        json["createdAt"] = "2026-11-20T09:00:00Z"
        json["processedAt"] = "2024-03-01T08:30:00Z"
        let facts = OrderFacts(try decode(WireOrder.self, json))
        #expect(facts.createdAt == Moment(iso8601: "2026-11-20T09:00:00Z"))
        #expect(facts.processedAt == Moment(iso8601: "2024-03-01T08:30:00Z"))
        let kept = try JSONDecoder().decode(OrderFacts.self, from: JSONEncoder().encode(facts))
        #expect(kept.createdAt == facts.createdAt && kept.processedAt == facts.processedAt)
    }

    @Test("what an order comes to is read with it; of a card no more than its last four digits")
    func bill() throws {
        var json = Sample.order(1, updatedAt: noon)
        json["number"] = 1001
        json["currentTotalTaxSet"] = Sample.money("4.08")
        json["currentTaxLines"] = [["title": "VAT", "rate": 0.2, "priceSet": Sample.money("4.08")]]
        json["discountApplications"] = [
            "nodes": [["index": 0, "targetSelection": "ENTITLED", "targetType": "LINE_ITEM", "code": "SUMMER"]]
        ]
        json["transactions"] = [
            [
                "kind": "SALE", "status": "SUCCESS", "gateway": "shopify_payments", "amountSet": Sample.money("24.5"),
                "paymentDetails": ["company": "Visa", "number": "4111 1111 1111 4242"],
            ]
        ]
        let facts = OrderFacts(try decode(WireOrder.self, json))
        #expect(facts.number == 1001 && facts.attributes == nil)
        let bill = try #require(facts.bill)
        #expect(bill.tax == Money(amount: Decimal(string: "4.08")!, currency: "GBP"))
        #expect(bill.taxLines.map(\.rate) == [0.2])
        #expect(bill.applied.map(\.title) == ["SUMMER"] && bill.applied[0].isCode)
        #expect(bill.payments[0].cardDigits == "4242" && bill.payments[0].kind == "sale")
        let line = LineItemFacts(
            try decode(
                WireLineItem.self,
                [
                    "id": "1", "title": "Mug", "quantity": 2, "isGiftCard": false,
                    "customAttributes": [["key": "Engraving", "value": "R. A."]],
                    "discountAllocations": [
                        ["allocatedAmountSet": Sample.money("2"), "discountApplication": ["index": 0]],
                        ["allocatedAmountSet": Sample.money("0"), "discountApplication": ["index": 1]],
                    ],
                ]))
        #expect(line.isGiftCard == nil && line.discounts?.count == 1)
        #expect(line.attributes == [AttributeFacts(key: "Engraving", value: "R. A.")])
    }

    @Test("numbers may be texts, and texts are bounded")
    func numbers() throws {
        let customer: [String: Any] = [
            "id": "gid://shopify/Customer/7", "numberOfOrders": "13",
            "amountSpent": ["amount": "11884.9", "currencyCode": "CAD"],
            "firstName": String(repeating: "é", count: 5000), "tags": (0..<999).map { "t\($0)" }, "locale": "",
            "defaultEmailAddress": ["emailAddress": "ada@customer.example", "marketingState": "SUBSCRIBED"],
            "orders": [
                "nodes": [
                    ["id": "gid://shopify/Order/3", "processedAt": "2026-11-22T00:00:00Z"],
                    ["id": "gid://shopify/Order/2", "processedAt": "2026-11-21T12:00:00Z"],
                    ["id": "gid://shopify/Order/1", "processedAt": "2026-10-01T00:00:00Z"],
                ]
            ],
        ]
        let facts = CustomerFacts(
            try decode(WireCustomer.self, customer), order: "gid://shopify/Order/2", placedAt: noon)
        #expect(facts.ordersCount == 13)
        #expect(facts.totalSpent == Money(amount: Decimal(string: "11884.9")!, currency: "CAD"))
        #expect(facts.firstName?.utf8.count == 500)
        #expect(facts.tags.count == 250)
        #expect(facts.locale == nil)
        #expect(facts.marketing == .subscribed)
        #expect(facts.lastOrderAt == Moment(iso8601: "2026-10-01T00:00:00Z"))
    }

    @Test(
        "paid is when the last payment went through, once all is paid",
        arguments: [
            ("PAID", "2026-11-20T10:00:00Z"), ("PARTIALLY_REFUNDED", "2026-11-20T10:00:00Z"), ("PARTIALLY_PAID", nil),
        ]
            as [(String, String?)])
    func paidAt(status: String, expected: String?) throws {
        var json = Sample.order(1, updatedAt: noon)
        json["displayFinancialStatus"] = status
        json["transactions"] = [
            ["kind": "SALE", "status": "SUCCESS", "processedAt": "2026-11-20T09:00:00Z"],
            ["kind": "CAPTURE", "status": "SUCCESS", "processedAt": NSNull(), "createdAt": "2026-11-20T10:00:00Z"],
            ["kind": "CAPTURE", "status": "FAILURE", "processedAt": "2026-11-20T11:00:00Z"],
            ["kind": "REFUND", "status": "SUCCESS", "processedAt": "2026-11-20T12:00:00Z"],
        ]
        #expect(OrderFacts(try decode(WireOrder.self, json)).paidAt == expected.map { Moment(iso8601: $0)! })
    }

    @Test("holds and the way of delivery come from the fulfillment orders")
    func holds() throws {
        var json = Sample.order(1, updatedAt: noon)
        json["fulfillmentOrders"] = [
            "nodes": [
                ["status": "CANCELLED", "deliveryMethod": ["methodType": "SHIPPING"], "fulfillmentHolds": []],
                [
                    "status": "ON_HOLD", "deliveryMethod": ["methodType": "NONE"],
                    "fulfillmentHolds": [["id": "gid://shopify/FulfillmentHold/5"]],
                ],
                ["status": "OPEN", "deliveryMethod": ["methodType": "PICK_UP"], "fulfillmentHolds": []],
            ]
        ]
        let facts = OrderFacts(try decode(WireOrder.self, json))
        #expect(facts.holds == ["gid://shopify/FulfillmentHold/5"])
        #expect(facts.deliveryMethod == "pickup")
    }

    // MARK: - Scans

    private func scans(zone: String = "Europe/London", _ edit: (inout [String: Any]) -> Void) throws -> [Scan] {
        let wire = try decode(WireFulfillment.self, Sample.fulfillment(77, edit))
        return FulfillmentScans(zone: Zone(named: zone)!).scans(of: wire, events: wire.events.nodes)
    }

    @Test(
        "each of Shopify's words has one meaning",
        arguments: [
            ("LABEL_PURCHASED", .preTransit, .no), ("LABEL_PRINTED", .preTransit, .no), ("CONFIRMED", .preTransit, .no),
            ("CARRIER_PICKED_UP", .accepted, .no), ("IN_TRANSIT", .inTransit, .no),
            ("OUT_FOR_DELIVERY", .outForDelivery, .no),
            ("ATTEMPTED_DELIVERY", .attempted, .no), ("READY_FOR_PICKUP", .readyForPickup, .no),
            ("DELIVERED", .delivered, .no),
            ("PICKED_UP", .delivered, .no), ("FAILURE", .exception, .no), ("NOT_DELIVERED", .exception, .no),
            ("LABEL_VOIDED", .cancelled, .no), ("DELAYED", nil, .yes), ("BEAMED_UP", nil, .no), ("FULFILLED", nil, .no),
        ] as [(String, ParcelState?, Scan.DelaySign)])
    func meanings(word: String, state: ParcelState?, delay: Scan.DelaySign) throws {
        let event = try scans { $0["events"] = Sample.page([Sample.event(5, word, at: "2026-11-21T08:02:00Z")]) }
        #expect(event.count == 1)
        #expect(event[0].id == "shopify:5" && event[0].state == state && event[0].delay == delay)
        #expect(event[0].place == "Leeds, GB" && event[0].words == "Scanned" && event[0].basis == .stated)

        let shown = try scans { $0["displayStatus"] = word }
        if state == nil, delay == .no {
            #expect(shown == [])
        } else {
            #expect(shown.map(\.id) == ["shopify:77:\(state?.rawValue ?? "delayed")"])
            #expect(shown[0].basis == .changed && shown[0].state == state && shown[0].delay == delay)
        }
    }

    @Test("a fact of the fulfillment is a scan only where no event says the same")
    func factsBesideEvents() throws {
        let all = try scans {
            $0["displayStatus"] = "DELIVERED"
            $0["inTransitAt"] = "2026-11-20T18:00:00Z"
            $0["deliveredAt"] = "2026-11-21T11:00:00+01:00"
            $0["events"] = Sample.page([Sample.event(5, "IN_TRANSIT", at: "2026-11-20T18:00:00Z")])
        }
        #expect(all.map(\.id) == ["shopify:5", "shopify:77:delivered"])
        #expect(
            all[1].time == Moment(iso8601: "2026-11-21T10:00:00Z") && all[1].offsetMinutes == 60
                && all[1].basis == .stated)
        let told = try scans {
            $0["displayStatus"] = "DELAYED"
            $0["events"] = Sample.page([Sample.event(5, "DELAYED", at: "2026-11-20T18:00:00Z")])
        }
        #expect(told.map(\.id) == ["shopify:5"])
    }

    @Test(
        "an estimate at midnight UTC is that date; any other is a day where the parcel goes",
        arguments: [
            ("2026-11-24T00:00:00Z", "America/Los_Angeles", "2026-11-24"),
            ("2026-11-24T04:59:59Z", "America/Toronto", "2026-11-23"),
            ("2026-11-24T20:00:00Z", "Asia/Tokyo", "2026-11-25"),
            ("2026-11-24T20:00:00Z", "Europe/London", "2026-11-24"),
        ])
    func estimates(text: String, zone: String, day: String) throws {
        let found = try scans(zone: zone) { $0["estimatedDeliveryAt"] = text }
        #expect(found.map(\.id) == ["shopify:77:eta:\(day)"])
        #expect(found[0].state == nil && found[0].estimate == CalendarDay(iso8601: day) && found[0].basis == .changed)
    }

    @Test("an estimate that the newest event tells is told once; one that moved since is told again")
    func estimateOfEvent() throws {
        let events = Sample.page([
            Sample.event(6, "IN_TRANSIT", at: "2026-11-21T08:00:00Z", estimate: "2026-11-26T00:00:00Z"),
            Sample.event(5, "CONFIRMED", at: "2026-11-20T08:00:00Z", estimate: "2026-11-24T00:00:00Z"),
        ])
        let same = try scans {
            $0["events"] = events
            $0["estimatedDeliveryAt"] = "2026-11-26T00:00:00Z"
        }
        #expect(same.map(\.id) == ["shopify:6", "shopify:5"])
        let back = try scans {
            $0["events"] = events
            $0["estimatedDeliveryAt"] = "2026-11-24T00:00:00Z"
        }
        #expect(back.map(\.id) == ["shopify:6", "shopify:5", "shopify:77:eta:2026-11-24"])
    }

    @Test(
        "a time that cannot be is refused",
        arguments: ["0001-01-01T00:00:00Z", "9999-01-01T00:00:00Z", "yesterday", "2026-11-21"])
    func times(_ text: String) throws {
        #expect(throws: DecodingError.self) {
            try decode(WireFulfillment.self, Sample.fulfillment(1) { $0["deliveredAt"] = text })
        }
    }

    // MARK: - Returns

    @Test(
        "goods have arrived when somebody has said what becomes of them, and not before",
        arguments: [
            ([], false), (["MISSING"], false), (["BEAMED_UP"], false), (["MISSING", "RESTOCKED"], true),
            (["NOT_RESTOCKED"], true),
            (["PROCESSING_REQUIRED"], true),
        ] as [([String], Bool)])
    func received(dispositions: [String], expected: Bool) throws {
        let json = Sample.aReturn(
            "gid://shopify/Return/8", status: "OPEN", order: "gid://shopify/Order/1", dispositions: dispositions)
        let wire = try decode(WireReturn.self, json)
        let facts = ReturnFacts(wire, lines: wire.returnLineItems.nodes, orders: wire.reverseFulfillmentOrders.nodes)
        #expect(facts.received == expected)
        #expect(facts.lineItems == [QuantityFacts(lineItemID: "gid://shopify/LineItem/1", quantity: 1)])
        #expect(facts.deliveries[0].labelURL == "https://labels.example/1.pdf?token=t")
        #expect(facts.deliveries[0].labelUpdatedAt == Moment(iso8601: "2026-11-20T12:02:00Z"))
        #expect(facts.deliveries[0].tracking == TrackingFacts(number: "R1"))
    }

    @Test(
        "a refund is dated by its making, else by its processing; what the decoder complains of holds no value of the answer"
    )
    func refunds() throws {
        let refund: [String: Any] = [
            "id": "gid://shopify/Refund/1", "createdAt": NSNull(), "processedAt": "2026-11-20T12:00:00Z",
            "totalRefundedSet": Sample.money("3.10"),
            "refundLineItems": Sample.page([["quantity": 1, "lineItem": ["id": "gid://shopify/LineItem/1"]]]),
        ]
        let wire = try decode(WireRefund.self, refund)
        let facts = RefundFacts(wire, lines: wire.refundLineItems.nodes)
        #expect(facts.createdAt == Moment(iso8601: "2026-11-20T12:00:00Z"))
        #expect(facts.total == Money(amount: Decimal(string: "3.1")!, currency: "GBP"))

        var json = Sample.order(1, updatedAt: noon)
        json["createdAt"] = "ada@customer.example"
        let error = #expect(throws: DecodingError.self) { try decode(WireOrder.self, json) }
        #expect(whereDecodingFailed(try #require(error)) == "createdAt cannot be read")
    }
}

import Doubles
import Foundation
import Outreach
import Platform
import Shopify
import Synchronization
import Testing

@testable import Delivery

private let now = Moment(iso8601: "2026-11-30T09:00:00Z")!
private let returnID = "gid://shopify/Return/9"

/// Shapes as the brokers' documentation has them.
private enum Shape {
    /// https://docs.easypost.com/docs/shipments
    static func easyPost(
        label: Bool = false, refund: String = "null", tracker: String = "unknown",
        url: String = "https://easypost-files.example/label.pdf"
    ) -> String {
        let bought =
            label
            ? """
            "selected_rate":{"id":"rate_2","carrier":"USPS","service":"GroundAdvantage","rate":"5.45","currency":"GBP"},
            "postage_label":{"object":"PostageLabel","id":"pl_1","label_url":"\(url)","label_size":"4x6"},
            "tracking_code":"9405500208303109884199",
            "tracker":{"object":"Tracker","status":"\(tracker)","public_url":"https://track.easypost.example/x"},
            """ : #""selected_rate":null,"postage_label":null,"tracking_code":null,"tracker":null,"#
        return """
            {"id":"shp_1","object":"Shipment","mode":"test","is_return":true,"reference":"bookbag-abc","status":"unknown",
            \(bought)"refund_status":\(refund),"messages":[],
            "rates":[{"id":"rate_1","object":"Rate","service":"Express","carrier":"USPS","rate":"28.10","currency":"GBP",
            "list_rate":"30.00","billing_type":"easypost","delivery_days":null},
            {"id":"rate_2","object":"Rate","service":"GroundAdvantage","carrier":"USPS","rate":"5.45","currency":"GBP"}]}
            """
    }

    static func easyPostError(_ code: String) -> String {
        #"{"error":{"code":"\#(code)","message":"12 Fig Lane is not found","errors":[]}}"#
    }

    /// https://docs.goshippo.com/docs/shipments/returns/
    static let shippoShipment = """
        {"object_id":"e1","status":"SUCCESS","messages":[],"rates":[
        {"object_id":"r1","amount":"5.45","currency":"GBP","amount_local":"5.45","currency_local":"GBP","provider":"USPS",
        "servicelevel":{"name":"Ground Advantage","token":"usps_ground_advantage"},"attributes":["CHEAPEST"]},
        {"object_id":"r2","amount":"4.10","currency":"GBP","provider":"DPD","servicelevel":{"name":"Drop","token":"dpd"}}]}
        """

    static func transaction(_ status: String, id: String = "t1", tracking: String = "UNKNOWN") -> String {
        """
        {"object_id":"\(id)","object_created":"2026-11-30T09:00:0\(id.suffix(1))Z","status":"\(status)","rate":"r1",
        "label_url":"https://shippo-delivery.example/x.pdf?Signature=a%2Bb&Expires=1","tracking_number":"9499907123456123456781",
        "tracking_status":"\(tracking)","tracking_url_provider":"https://tools.usps.example/x","metadata":"bookbag-abc",
        "messages":[]}
        """
    }

    static func list(_ transactions: String...) -> String {
        #"{"next":null,"previous":null,"results":[\#(transactions.joined(separator: ","))]}"#
    }
}

@Suite("Labels at a broker's")
struct LabelBrokerTests {
    static let labels = """
        amounts_in: GBP
        labels:
          at_most: 8.00
          parcel: 1 kg in 30 x 20 x 10 cm
          return_to: { company: Fig, street: 12 Fig Lane, city: Bristol, zip: BS1 4DJ, country: GB, phone: "+44 117" }
        budgets: { labels: 200.00 per month }
        """

    private func wish() throws -> LabelOrder {
        var facts = OrderFacts(id: "gid://shopify/Order/1", name: "#1", createdAt: now, updatedAt: now)
        var address = AddressFacts()
        (address.firstName, address.lastName) = ("Robin", "Reed")
        (address.address1, address.city, address.zip, address.countryCode) = ("1 Tea Street", "Bath", "BA1 1AA", "GB")
        facts.shippingAddress = address
        facts.returns = [ReturnFacts(id: returnID, name: "#1-R1", status: .open, createdAt: now)]
        let files = [
            "shop.yaml": "brand: { name: Fig, from: orders@fig.example }\n", "policy.yaml": Self.labels,
            "buy.yaml": "on: return.approved\ndo: buy_label\n",
        ]
        let (set, faults) = TriggerSet.load(TriggerFolder(files: files.mapValues { Array($0.utf8) }))
        let record = OrderRecord(shop: "fig.myshopify.com", facts: facts, seenAt: now)
        return try LabelOrder(returnID, of: record, try #require(set, "\(faults)").policy)
    }

    private func channel(
        _ kind: BrokerSettings.Kind, shop: [HTTPResponse] = [], broker: any HTTPTransport
    ) -> (ShopChannel, ScriptedTransport) {
        let line = ShopifyLine()
        let transport = ScriptedTransport(shop.map { .success($0) })
        line.open(
            ShopifyClient(
                endpoint: ShopifyEndpoint(base: "https://juniperfig.myshopify.com"),
                credentials: .token(SecretString("t")), transport: transport,
                clock: ShopClock(
                    now: { Timestamp(milliseconds: now.milliseconds) }, sleep: { _ throws(CancellationError) in })))
        let settings = BrokerSettings(kind, key: SecretString("EZTK_very_secret"))
        return (ShopChannel(line, broker: settings.open(broker)), transport)
    }

    private func message(_ action: ShopAction, _ known: [String: String] = [:]) throws -> Message {
        let record = OrderRecord(
            shop: "fig.myshopify.com",
            facts: OrderFacts(id: "gid://shopify/Order/1", name: "#1", createdAt: now, updatedAt: now), seenAt: now)
        var message = ActionCommand(
            action, for: record, mark: "bookbag-abc", isPersons: false, decidedAt: now, zone: .utc
        ).message(id: "act_1", why: "'buy_label' of triggers/buy.yaml")
        message.known = known
        return message
    }

    private func state(_ status: String = "OPEN", deliveries: String = "[]") -> HTTPResponse {
        .json(
            #"{"data":{"return":{"id":"\#(returnID)","status":"\#(status)","reverseFulfillmentOrders":{"nodes":[{"id":"gid://shopify/ReverseFulfillmentOrder/3","status":"OPEN","reverseDeliveries":{"nodes":\#(deliveries)}}]}}}}"#
        )
    }

    private func delivery(label: String?, number: String?) -> String {
        let label = label.map { #"{"publicFileUrl":"\#($0)"}"# } ?? "null"
        let number = number.map { #"{"number":"\#($0)"}"# } ?? "null"
        return
            #"[{"id":"gid://shopify/ReverseDelivery/4","deliverable":{"tracking":\#(number),"label":\#(label)}}]"#
    }

    private let chosen = [
        "broker": "easypost", "shipment": "shp_1", "rate": "rate_2", "label_carrier": "USPS", "quoted": "545",
        "return": returnID,
    ]

    // MARK: - EasyPost

    @Test("EasyPost is asked with the addresses of the way out, in inches and ounces, and the choice is written down")
    func easyPostQuote() async throws {
        let broker = ScriptedTransport(.json(Shape.easyPost(), status: 201))
        let (channel, _) = channel(.easypost, shop: [state()], broker: broker)
        let answer = try await channel.attempt(try message(.buyLabel(try wish())), inDoubt: 0, at: now)
        #expect(answer.verdict.failure?.reason == "step" && answer.verdict.failure?.inDoubt == false)
        #expect(answer.results["shipment"] == "shp_1" && answer.results["rate"] == "rate_2")
        #expect(answer.results["quoted"] == "545" && answer.results["return"] == returnID)
        let shipment = try #require(broker.requests[0].json["shipment"] as? [String: Any])
        #expect(broker.requests[0].url == "https://api.easypost.com/v2/shipments")
        #expect(shipment["is_return"] as? Bool == true && shipment["reference"] as? String == "bookbag-abc")
        #expect((shipment["to_address"] as? [String: Any])?["name"] as? String == "Robin Reed")
        #expect((shipment["from_address"] as? [String: Any])?["street1"] as? String == "12 Fig Lane")
        let parcel = try #require(shipment["parcel"] as? [String: Any])
        #expect(parcel["weight"] as? Double == 35.3 && parcel["length"] as? Double == 11.9)
    }

    @Test("EasyPost's label is looked for before it is bought, and bought once")
    func easyPostBuy() async throws {
        let fresh = ScriptedTransport(.json(Shape.easyPost()), .json(Shape.easyPost(label: true)))
        let (first, _) = channel(.easypost, shop: [state()], broker: fresh)
        let answer = try await first.attempt(try message(.buyLabel(try wish()), chosen), inDoubt: 0, at: now)
        #expect(fresh.requests.map(\.method) == [.get, .post])
        #expect(fresh.requests[1].url == "https://api.easypost.com/v2/shipments/shp_1/buy")
        #expect((fresh.requests[1].json["rate"] as? [String: Any])?["id"] as? String == "rate_2")
        #expect(answer.results["bought"] == "shp_1" && answer.results["label_cost"] == "545")
        #expect(answer.results["tracking"] == "9405500208303109884199" && answer.results["void_on"] == "2026-12-29")
        #expect(answer.results["label_url"] == "https://easypost-files.example/label.pdf")
        // It was bought by an attempt whose answer was lost.
        let lost = ScriptedTransport(.json(Shape.easyPost(label: true)))
        let (again, _) = channel(.easypost, shop: [state()], broker: lost)
        let known = chosen.merging(["doubts": "1"]) { $1 }
        let found = try await again.attempt(try message(.buyLabel(try wish()), known), inDoubt: 1, at: now)
        #expect(lost.requests.map(\.method) == [.get] && found.results["bought"] == "shp_1")
        // It was not, as far as can be seen: a second purchase would be refused, so it is bought at once.
        let unseen = ScriptedTransport(
            .json(Shape.easyPost()), .json(Shape.easyPostError("SHIPMENT.POSTAGE.EXISTS"), status: 422))
        let (repeats, _) = channel(.easypost, shop: [state()], broker: unseen)
        let repeated = try await repeats.attempt(try message(.buyLabel(try wish()), known), inDoubt: 1, at: now)
        #expect(unseen.requests.count == 2 && repeated.verdict.failure?.reason == Failure.step)
    }

    @Test(
        "what a purchase is answered with decides whether it is in doubt",
        arguments: [
            (422, "SHIPMENT.POSTAGE.EXISTS", "deferred", false),
            (422, "SHIPMENT.PURCHASE.IN_PROGRESS", "deferred", false),
            (422, "SHIPMENT.POSTAGE.TIMED_OUT", "deferred", true), (422, "SHIPMENT.POSTAGE.FAILURE", "refused", false),
            (500, "INTERNAL_SERVER_ERROR", "deferred", true), (429, "RATE_LIMITED", "deferred", false),
            (402, "PAYMENT.REQUIRED", "deferred", false), (401, "APIKEY.INACTIVE", "deferred", false),
        ])
    func easyPostAnswers(_ status: Int, _ code: String, _ verdict: String, _ inDoubt: Bool) async throws {
        let broker = ScriptedTransport(
            .json(Shape.easyPost()),
            .json(Shape.easyPostError(code), status: status, [HTTPField("Retry-After", "7")]))
        let (channel, _) = channel(.easypost, shop: [state()], broker: broker)
        let answer = try await channel.attempt(try message(.buyLabel(try wish()), chosen), inDoubt: 0, at: now)
        #expect(answer.verdict.name == verdict && answer.verdict.failure?.inDoubt == inDoubt)
        let detail = answer.verdict.failure?.detail ?? ""
        #expect(!detail.contains("secret") && !detail.contains("Lane"), "\(detail)")
        if status == 429 { #expect(answer.verdict.failure?.retryAfter == .seconds(7)) }
        // The shop's other actions are not held up.
        #expect(answer.verdict.name != "unavailable")
    }

    @Test("a lost purchase is in doubt, and what cannot be done for a day is told")
    func lost() async throws {
        let broker = ScriptedTransport([
            .success(.json(Shape.easyPost())), .failure(TransferFailure(.dropped, phase: .answering)),
        ])
        let (channel, _) = channel(.easypost, shop: [state()], broker: broker)
        let answer = try await channel.attempt(try message(.buyLabel(try wish()), chosen), inDoubt: 0, at: now)
        #expect(answer.verdict.name == "deferred" && answer.verdict.failure?.inDoubt == true)
        let closed = ScriptedTransport(.json(Shape.easyPostError("APIKEY.INACTIVE"), status: 401))
        let (late, _) = self.channel(.easypost, shop: [state()], broker: closed)
        let verdict = try await late.attempt(try message(.buyLabel(try wish())), inDoubt: 0, at: now + .hours(25))
            .verdict
        #expect(verdict.name == "refused" && verdict.failure?.detail.contains("check 'key' of 'labels'") == true)
    }

    @Test(
        "an address that is nowhere to send anybody is not used, and its label is given back",
        arguments: [
            "http://evil.example/label.pdf", "https://user:pw@evil.example/x", "javascript:alert(1)",
            "file:///etc/passwd",
            "https://x.example/\(String(repeating: "a", count: 2000))", "https://",
        ])
    func hostileURL(_ url: String) async throws {
        let broker = ScriptedTransport(.json(Shape.easyPost()), .json(Shape.easyPost(label: true, url: url)))
        let (channel, shop) = channel(.easypost, shop: [state()], broker: broker)
        let answer = try await channel.attempt(try message(.buyLabel(try wish()), chosen), inDoubt: 0, at: now)
        #expect(answer.verdict.name == "refused" && answer.results["bought"] == "shp_1")
        #expect(answer.results["label_url"] == nil && shop.requests.count == 1)
    }

    @Test(
        "EasyPost gives a label back once, if nobody used it",
        arguments: [
            ("\"submitted\"", "accepted"), ("\"refunded\"", "accepted"), ("\"not_applicable\"", "accepted"),
            ("\"rejected\"", "deferred"),
        ])
    func easyPostVoid(_ refund: String, _ verdict: String) async throws {
        let ids = chosen.merging(["bought": "shp_1"]) { $1 }
        let label = BoughtLabel(returnName: "#1-R1", ids: ids, why: "the return was cancelled")
        let broker = ScriptedTransport(
            .json(Shape.easyPost(label: true)), .json(Shape.easyPost(label: true, refund: refund)))
        let (voids, _) = channel(.easypost, broker: broker)
        let answer = try await voids.attempt(try message(.voidLabel(label)), inDoubt: 0, at: now)
        #expect(answer.verdict.name == verdict && answer.results["kept"] == nil)
        #expect(broker.requests.last?.url == "https://api.easypost.com/v2/shipments/shp_1/refund")
        let given = ScriptedTransport(.json(Shape.easyPost(label: true, refund: "\"submitted\"")))
        let (again, _) = channel(.easypost, broker: given)
        #expect(try await again.attempt(try message(.voidLabel(label)), inDoubt: 1, at: now).verdict.name == "accepted")
        #expect(given.requests.count == 1)
        let used = ScriptedTransport(.json(Shape.easyPost(label: true, tracker: "in_transit")))
        let (stays, _) = channel(.easypost, broker: used)
        let kept = try await stays.attempt(try message(.voidLabel(label)), inDoubt: 0, at: now)
        #expect(kept.verdict.name == "accepted" && kept.results["kept"] == "used" && used.requests.count == 1)
        let last = ScriptedTransport(
            .json(Shape.easyPost(label: true)), .json(Shape.easyPost(label: true, refund: "\"rejected\"")))
        let (gone, _) = channel(.easypost, broker: last)
        let told = try await gone.attempt(try message(.voidLabel(label), ["rejected": "2"]), inDoubt: 0, at: now)
            .verdict
        #expect(told.failure?.detail == "the carrier does not take the label back, so it costs what it cost")
    }

    // MARK: - Shippo

    @Test("Shippo's labels are paid on use with its own carriers, which come before a cheaper one")
    func shippoQuote() async throws {
        let broker = ScriptedTransport(.json(Shape.shippoShipment, status: 201))
        let (channel, _) = channel(.shippo, shop: [state()], broker: broker)
        let answer = try await channel.attempt(try message(.buyLabel(try wish())), inDoubt: 0, at: now)
        #expect(answer.results["rate"] == "r1" && answer.results["paid_on_use"] == "1")
        let body = broker.requests[0].json
        #expect((body["extra"] as? [String: Any])?["is_return"] as? Bool == true && body["async"] as? Bool == false)
        #expect((body["address_to"] as? [String: Any])?["name"] as? String == "Robin Reed")
        let parcel = (body["parcels"] as? [[String: Any]])?.first
        #expect(parcel?["weight"] as? String == "1000" && parcel?["distance_unit"] as? String == "cm")
        #expect(broker.requests[0].headers.contains(HTTPField("Authorization", "ShippoToken EZTK_very_secret")))
    }

    @Test("Shippo's transactions are listed before a rate is bought, and one that is under way is waited for")
    func shippoBuy() async throws {
        let known = chosen.merging(["broker": "shippo", "rate": "r1", "paid_on_use": "1"]) { $1 }
        let fresh = ScriptedTransport(.json(Shape.list()), .json(Shape.transaction("SUCCESS"), status: 201))
        let (first, _) = channel(.shippo, shop: [state()], broker: fresh)
        let answer = try await first.attempt(try message(.buyLabel(try wish()), known), inDoubt: 0, at: now)
        #expect(answer.results["bought"] == "t1" && answer.results["void_on"] == nil)
        #expect(answer.results["label_url"]?.hasPrefix("https://shippo-delivery.example/x.pdf?") == true)
        #expect(fresh.requests[0].url == "https://api.goshippo.com/transactions/?rate=r1&results=25")
        #expect(fresh.requests[1].json["metadata"] as? String == "bookbag-abc")
        let there = ScriptedTransport(.json(Shape.list(Shape.transaction("SUCCESS"))))
        let (found, _) = channel(.shippo, shop: [state()], broker: there)
        let again = try await found.attempt(
            try message(.buyLabel(try wish()), known.merging(["doubts": "1"]) { $1 }), inDoubt: 1, at: now)
        #expect(again.results["bought"] == "t1" && there.requests.count == 1)
        // It is not seen yet: it may still arrive, and would be sold twice.
        let unseen = ScriptedTransport(.json(Shape.list()))
        let (looks, _) = channel(.shippo, shop: [state()], broker: unseen)
        let look = try await looks.attempt(
            try message(.buyLabel(try wish()), known.merging(["doubts": "1"]) { $1 }), inDoubt: 1, at: now)
        #expect(look.results["looked_1"] == "1" && look.verdict.failure?.retryAfter == .seconds(30))
        let queued = ScriptedTransport(.json(Shape.list(Shape.transaction("QUEUED"))))
        let (waits, _) = channel(.shippo, shop: [state()], broker: queued)
        let wait = try await waits.attempt(try message(.buyLabel(try wish()), known), inDoubt: 0, at: now)
        #expect(wait.verdict.failure?.reason == "step" && queued.requests.count == 1)
        // A transaction of another rate is another's, though the list has it.
        let others = ScriptedTransport(
            .json(Shape.list(Shape.transaction("SUCCESS").replacing(#""rate":"r1""#, with: #""rate":"r9""#))),
            .json(Shape.transaction("ERROR"), status: 201))
        let (refused, _) = channel(.shippo, shop: [state()], broker: others)
        let verdict = try await refused.attempt(try message(.buyLabel(try wish()), known), inDoubt: 0, at: now).verdict
        #expect(verdict.name == "refused" && others.requests.count == 2)
    }

    @Test("Shippo gives back all that was bought of a rate")
    func shippoVoid() async throws {
        let ids = ["broker": "shippo", "shipment": "e1", "rate": "r1", "bought": "t1"]
        let label = BoughtLabel(returnName: "#1-R1", ids: ids, why: "the return was cancelled")
        let page = Shape.list(Shape.transaction("SUCCESS", id: "t2"), Shape.transaction("SUCCESS"))
        let broker = ScriptedTransport(
            .json(page), .json(page), .json(#"{"object_id":"f1","status":"QUEUED","transaction":"t1"}"#, status: 201),
            .json(#"{"object_id":"f2","status":"SUCCESS","transaction":"t2"}"#, status: 201))
        let (channel, _) = channel(.shippo, broker: broker)
        #expect(
            try await channel.attempt(try message(.voidLabel(label)), inDoubt: 0, at: now).verdict.name == "accepted")
        #expect(broker.requests.compactMap { $0.json["transaction"] as? String } == ["t1", "t2"])
    }

    // MARK: - The return in Shopify

    @Test("a label is attached once, also where an answer was lost or a delivery is there without one")
    func attached() async throws {
        let bought = chosen.merging([
            "bought": "shp_1", "label_url": "https://easypost-files.example/label.pdf", "tracking": "9405500",
        ]) { $1 }
        let made = HTTPResponse.json(
            #"{"data":{"reverseDeliveryCreateWithShipping":{"reverseDelivery":{"id":"gid://shopify/ReverseDelivery/4"},"userErrors":[]}}}"#
        )
        let (first, shop) = channel(.easypost, shop: [state(), made], broker: ScriptedTransport())
        let done = try await first.attempt(try message(.buyLabel(try wish()), bought), inDoubt: 0, at: now)
        #expect(done.verdict == .accepted(receipt: "9405500"))
        #expect(shop.requests[1].operation == "ReverseDeliveryCreate")
        #expect((shop.requests[1].variables["label"] as? [String: Any])?["fileUrl"] as? String == bought["label_url"])
        let ours = state(deliveries: delivery(label: "https://cdn.example/x.pdf", number: "9405500"))
        let (again, seen) = channel(.easypost, shop: [ours], broker: ScriptedTransport())
        let known = bought.merging(["doubts": "1"]) { $1 }
        #expect(
            try await again.attempt(try message(.buyLabel(try wish()), known), inDoubt: 1, at: now).verdict.name
                == "accepted")
        #expect(seen.requests.count == 1)
        let updated = HTTPResponse.json(
            #"{"data":{"reverseDeliveryShippingUpdate":{"reverseDelivery":{"id":"gid://shopify/ReverseDelivery/4"},"userErrors":[]}}}"#
        )
        let (third, empty) = channel(
            .easypost, shop: [state(deliveries: delivery(label: nil, number: nil)), updated],
            broker: ScriptedTransport())
        #expect(
            try await third.attempt(try message(.buyLabel(try wish()), bought), inDoubt: 0, at: now).verdict.name
                == "accepted")
        #expect(empty.requests[1].operation == "ReverseDeliveryShippingUpdate")
        let foreign = state(deliveries: delivery(label: "https://cdn.example/x.pdf", number: "OTHER"))
        let (fourth, _) = channel(.easypost, shop: [foreign], broker: ScriptedTransport())
        let verdict = try await fourth.attempt(try message(.buyLabel(try wish()), bought), inDoubt: 0, at: now).verdict
        #expect(verdict.failure?.detail == "the return got another label meanwhile; this one is given back")
    }

    @Test("nothing is bought for a return that is over, or has a label; what was bought then is given back")
    func over() async throws {
        let unasked = ScriptedTransport()
        for closed in [
            state("CANCELED"), state("DECLINED"), state(deliveries: delivery(label: "https://x", number: nil)),
        ] {
            let (channel, _) = channel(.easypost, shop: [closed], broker: unasked)
            let verdict = try await channel.attempt(try message(.buyLabel(try wish())), inDoubt: 0, at: now).verdict
            #expect(verdict.name == "refused")
        }
        #expect(unasked.requests.isEmpty)
        let broker = ScriptedTransport(.json(Shape.easyPost(label: true)))
        let (channel, _) = channel(.easypost, shop: [state("CANCELED")], broker: broker)
        let known = chosen.merging(["doubts": "1"]) { $1 }
        let answer = try await channel.attempt(try message(.buyLabel(try wish()), known), inDoubt: 1, at: now)
        #expect(answer.verdict.failure?.detail == "the return was cancelled; its label is given back")
        #expect(answer.results["bought"] == "shp_1")
    }

    @Test("a key says whether it is a test key, and shows nowhere")
    func key() async {
        #expect(BrokerSettings(.easypost, key: SecretString("EZTKx")).isTest == true)
        #expect(BrokerSettings(.easypost, key: SecretString("EZAKx")).isTest == false)
        #expect(BrokerSettings(.shippo, key: SecretString("shippo_live_x")).isTest == false)
        let settings = BrokerSettings(.shippo, key: SecretString("shippo_test_x"))
        #expect(settings.isTest == true && !"\(settings)".contains("shippo_test"))
        #expect(await settings.objection(over: ScriptedTransport(.json("{}"))) == nil)
        let refused = await settings.objection(over: ScriptedTransport(.json("{}", status: 401)))
        #expect(refused == "Shippo does not accept our key (HTTP 401)")
    }
}

// MARK: - Whatever is lost

/// A broker and a return of Shopify's in memory, of whose answers any may be lost.
private final class LossyWorld: HTTPTransport {
    struct State {
        var random: SplitMix
        var isCalm = false
        var bought = 0
        var voided = 0
        var deliveries = 0
        var isCancelled = false
        var shipments = 0
    }

    private let kind: BrokerSettings.Kind
    let state: Mutex<State>

    init(_ kind: BrokerSettings.Kind, seed: UInt64) {
        self.kind = kind
        state = Mutex(State(random: SplitMix(state: seed)))
    }

    func send(_ request: HTTPRequest) async throws(TransferFailure) -> HTTPResponse {
        let reply = state.withLock { state -> HTTPResponse? in
            let fate = state.isCalm ? 9 : Int(state.random.next() % 10)
            // It does not arrive, it is busy, or its answer is lost.
            if fate == 0 { return nil }
            if fate == 1 { return .json("{}", status: 429, [HTTPField("Retry-After", "1")]) }
            let answer = answer(request, &state)
            if fate == 2 { return nil }
            return fate == 3 ? .json("{}", status: 500) : answer
        }
        guard let reply else { throw TransferFailure(.dropped, phase: .answering) }
        return reply
    }

    private func answer(_ request: HTTPRequest, _ state: inout State) -> HTTPResponse {
        switch (request.operation, kind) {
        case ("ReturnLabelState", _):
            let node =
                #"{"id":"d","deliverable":{"tracking":{"number":"9405500208303109884199"},"label":{"publicFileUrl":"https://x"}}}"#
            let shippo = node.replacing("9405500208303109884199", with: "9499907123456123456781")
            let nodes = Array(repeating: kind == .easypost ? node : shippo, count: state.deliveries)
            return .json(
                #"{"data":{"return":{"id":"r","status":"\#(state.isCancelled ? "CANCELED" : "OPEN")","reverseFulfillmentOrders":{"nodes":[{"id":"p","status":"OPEN","reverseDeliveries":{"nodes":[\#(nodes.joined(separator: ","))]}}]}}}}"#
            )
        case ("ReverseDeliveryCreate", _):
            state.deliveries += 1
            return .json(
                #"{"data":{"reverseDeliveryCreateWithShipping":{"reverseDelivery":{"id":"d"},"userErrors":[]}}}"#)
        case (_, .easypost):
            if request.method == .post, request.url.hasSuffix("/shipments") { state.shipments += 1 }
            if request.url.hasSuffix("/buy") {
                guard state.bought == 0 else {
                    return .json(Shape.easyPostError("SHIPMENT.POSTAGE.EXISTS"), status: 422)
                }
                state.bought = 1
            }
            if request.url.hasSuffix("/refund") { state.voided = 1 }
            return .json(
                Shape.easyPost(label: state.bought > 0, refund: state.voided > 0 ? "\"submitted\"" : "null"))
        case (_, .shippo):
            if request.method == .get {
                let status = state.voided > 0 ? "REFUNDPENDING" : "SUCCESS"
                let all = (0..<state.bought).map { Shape.transaction(status, id: "t\($0)") }
                return .json(#"{"results":[\#(all.joined(separator: ","))]}"#)
            }
            if request.url.hasSuffix("/shipments/") { return .json(Shape.shippoShipment, status: 201) }
            if request.url.hasSuffix("/refunds/") {
                state.voided = 1
                return .json(#"{"status":"QUEUED"}"#, status: 201)
            }
            state.bought += 1
            return .json(Shape.transaction("SUCCESS", id: "t\(state.bought - 1)"), status: 201)
        }
    }
}

extension LabelBrokerTests {
    @Test(
        "whatever answers are lost, one label is bought and attached once; and none is left of a return that was cancelled",
        arguments: [BrokerSettings.Kind.easypost, .shippo])
    func lossy(_ kind: BrokerSettings.Kind) async throws {
        for seed in UInt64(1)...150 {
            let world = LossyWorld(kind, seed: seed)
            let channel = ShopChannel.open(
                world, broker: BrokerSettings(kind, key: SecretString("k")).open(world), at: now)
            let cancelledAt = seed % 3 == 0 ? Int(seed % 7) + 1 : nil
            // What the store keeps of the attempts.
            var known: [String: String] = [:]
            var doubts = 0
            func play(_ action: ShopAction) async throws -> Verdict {
                for number in 0..<200 {
                    world.state.withLock { state in
                        if number == cancelledAt { state.isCancelled = true }
                        if number == 60 { state.isCalm = true }
                    }
                    known["doubts"] = "\(doubts)"
                    let answer = try await channel.attempt(
                        try message(action, number == 0 ? [:] : known), inDoubt: doubts, at: now)
                    known.merge(answer.results) { $1 }
                    switch answer.verdict {
                    case .accepted, .refused: return answer.verdict
                    case .deferred(let failure), .unavailable(let failure): if failure.inDoubt { doubts += 1 }
                    }
                }
                return .deferred(Failure(reason: "endless", detail: ""))
            }
            let verdict = try await play(.buyLabel(try wish()))
            let (bought, deliveries) = world.state.withLock { ($0.bought, $0.deliveries) }
            #expect(bought <= 1 && deliveries <= 1, "seed \(seed): \(bought) bought, \(deliveries) attached")
            if case .accepted = verdict {
                #expect(bought == 1 && deliveries == 1, "seed \(seed)")
                continue
            }
            #expect(verdict.name == "refused" && cancelledAt != nil, "seed \(seed): \(verdict)")
            #expect((bought == 1) == (known["bought"] != nil), "seed \(seed): what was bought is known")
            let label = BoughtLabel(returnName: "#1-R1", ids: known, why: "the return was cancelled")
            doubts = 0
            known = [:]
            let end = try await play(.voidLabel(label))
            let isEven = world.state.withLock { $0.voided == $0.bought }
            #expect(end.name == "accepted" && isEven, "seed \(seed): \(end)")
        }
    }
}

import Outreach
import Testing

@testable import Intake

@Suite("forms of one carrier's answers")
struct CarriersFormTests {
    private func read(_ carrier: any Carrier, _ body: String) -> CarrierAnswer {
        CarrierReading(carrier).answer(
            inRecorded: Array(body.replacing("\n", with: "").utf8), number: "N", ReadingContext(now: today))
    }

    // MARK: UPS

    private func ups(_ status: String, current: String, isAlert: Bool = false) -> CarrierAnswer {
        read(
            UPS(),
            #"""
            {"trackResponse":{"shipment":[{"package":[{"trackingNumber":"N","currentStatus":{\#(current)},
            "deliveryDate":[{"type":"DEL","date":"20261119"}],"deliveryTime":{"type":"DEL","endTime":"105433"},
            "activity":[{"status":{\#(status)},"date":"20261119","time":"105433"},
            {"status":{"type":"I","code":"OT"},"date":"20261119","time":"081500"}]}]}]}}
            """#)
    }

    @Test(
        "a UPS parcel that came back to its sender is never told as delivered",
        arguments: [
            (#""type":"D","code":"UA""#, #""code":"011""#),
            (#""type":"D","code":"FS","description":"Package was returned to the sender ""#, #""code":"011""#),
            (#""type":"D","code":"FS","statusCode":"011","description":"Returned to Shipper""#, ""),
            (#""type":"D","code":"FS""#, #""code":"034""#), (#""type":"D","code":"FS""#, #""statusCode":"067""#),
            (#""type":"D""#, #""code":"081""#), (#""type":"D","code":"FS""#, #""description":"Returned","code":"034""#),
        ])
    func returned(_ status: String, _ current: String) {
        let answer = ups(status, current: current)
        #expect(answer.status == .returned)
        #expect(!answer.scans.contains { $0.state == .delivered })
    }

    @Test("a delivery date beside a current status of a return is no delivery either")
    func returnedWithoutScan() {
        let answer = ups(#""type":"I","code":"AR""#, current: #""code":"034""#)
        #expect(answer.status == .returned)
        #expect(!answer.scans.contains { $0.state == .delivered })
    }

    @Test("and what was delivered to the shopper is delivered")
    func delivered() {
        #expect(
            ups(#""type":"D","code":"FS","description":"DELIVERED""#, current: #""code":"011""#).status == .delivered)
        #expect(
            ups(#""type":"D","code":"DL","description":"DELIVERED""#, current: #""code":"011""#).status == .delivered)
    }

    @Test("a Track Alert of a return is a return", arguments: [("UA", "x"), ("FS", "Returned to sender")])
    func alert(_ code: String, _ words: String) {
        let answer = read(
            UPS(),
            #"""
            {"trackingNumber":"N","localActivityDate":"20261119","localActivityTime":"105433","gmtActivityDate":"20261119",
            "gmtActivityTime":"155433","activityStatus":{"type":"D","code":"\#(code)","description":"\#(words)"}}
            """#)
        #expect(answer.status == .returned)
    }

    // MARK: DHL Express

    private func dhl(_ events: [(String, String, String)], destination: String = "", status: String? = nil)
        -> CarrierAnswer
    {
        let rows = events.map { time, town, words in
            #"{"timestamp":"\#(time)","location":{"address":{"addressLocality":"\#(town)"}},"description":"\#(words)"}"#
        }
        let top = status.map {
            #","status":{"statusCode":"\#($0)","timestamp":"\#(events[0].0)","description":"\#(events[0].2)"}"#
        }
        return read(
            DHLUnified(),
            #"""
            {"shipments":[{"id":"N","service":"express","destination":{"address":{"addressLocality":"\#(destination)"}}\#(top ?? ""),
            "events":[\#(rows.joined(separator: ","))]}]}
            """#)
    }

    @Test(
        "DHL Express' words are read without a code",
        arguments: [
            ("Shipment information received", .preTransit), ("Shipment picked up", .accepted),
            ("Processed at CINCINNATI HUB - USA", .inTransit), ("Processed for clearance at OSLO - NORWAY", .inTransit),
            ("Arrived at Sort Facility LEIPZIG - GERMANY", .inTransit), ("Clearance event", .inTransit),
            ("With delivery courier", .outForDelivery), ("Shipment on hold", .exception),
            ("Delivery attempted; recipient not home", .attempted),
            ("Awaiting collection by recipient as requested", .readyForPickup),
            ("Delivered to ServicePoint", .readyForPickup), ("Delivered", .delivered),
            ("Delivered - Signed for by: A. NYBODY", .delivered), ("Returned to shipper", .returning),
            ("Recipient refused delivery", .exception),
        ] as [(String, ParcelState)])
    func dhlWords(_ words: String, _ state: ParcelState) {
        let answer = dhl([("2026-11-19T10:15:00", "OSLO - NORWAY", words)])
        #expect(answer.status == state)
        #expect(answer.unknownCodes.isEmpty)
        #expect(answer.events.last?.words?.contains("NYBODY") == false)
    }

    @Test(
        "DHL Express' times are those of the place's words",
        arguments: [
            ("CINCINNATI HUB, OH - USA", "", -300), ("SHARJAH - UNITED ARAB EMIRATES", "", 240),
            ("SHARJAH", "SHARJAH - SHARJAH - UNITED ARAB EMIRATES", 240),
            ("CALGARY", "SOUTHERN ALBERTA, AB - CALGARY - CANADA", -420), ("SYDNEY - AUSTRALIA", "", 660),
            ("PERTH", "PERTH - PERTH - AUSTRALIA", 480), ("HONG KONG - HONG KONG SAR, CHINA", "", 480),
            ("SEOUL - KOREA, REPUBLIC OF (SOUTH K.)", "", 540), ("EAST MIDLANDS - UK", "", 0),
            ("TOKYO - JAPAN", "", 540), ("LEIPZIG - GERMANY", "", 60), ("MIAMI GATEWAY - USA", "", -300),
            ("LOS ANGELES GATEWAY - USA", "", -480), ("Karachi-Pakistan", "", 300),
            ("ROSTOV-ON-DON - RUSSIAN FEDERATION, THE", "", 180),
        ])
    func dhlZones(_ town: String, _ destination: String, _ offset: Int) {
        let answer = dhl([("2026-11-19T10:15:00", town, "With delivery courier")], destination: destination)
        #expect(answer.events.last?.offsetMinutes == offset)
        #expect(answer.events.last?.basis == .place)
    }

    @Test("what happened in the minute of the delivery does not hide it, and every scan of a minute stays")
    func dhlMinute() {
        let events = [
            ("2026-11-19T13:22:00", "SHARJAH", "Payment is received and recorded for shipment related fees"),
            ("2026-11-19T13:22:00", "SHARJAH", "Delivered"),
            ("2026-11-19T08:22:00", "SHARJAH", "With delivery courier"),
        ]
        let answer = dhl(events, destination: "SHARJAH - UNITED ARAB EMIRATES", status: nil)
        #expect(answer.status == .delivered && answer.events.count == 3)
    }

    @Test("words that nobody knows mean what the status says that tells them again")
    func dhlTop() {
        let answer = dhl([("2026-11-19T13:22:00", "OSLO - NORWAY", "Levert i postkassen")], status: "delivered")
        #expect(answer.status == .delivered)
    }

    @Test(
        "MyDHL's service areas have zones as well",
        arguments: [("Calgary, AB-CANADA", -420), ("Cologne - Germany", 60), ("New York, NY", -300), ("Dubai-AE", 240)])
    func myDHL(_ area: String, _ offset: Int) {
        let answer = read(
            MyDHL(),
            #"{"shipments":[{"shipmentTrackingNumber":"N","events":[{"date":"2026-11-19","time":"10:15:00","typeCode":"AR","serviceArea":[{"description":"\#(area)"}]}]}]}"#
        )
        #expect(answer.events.last?.offsetMinutes == offset)
    }

    // MARK: Australia Post and StarTrack

    private func scan(_ words: String, _ day: String) -> String {
        #"{"location":"KEW VIC","description":"\#(words)","date":"\#(day)T10:15:00+11:00"}"#
    }

    private func starTrack(consignment: [String], status: String, articles: [[String]]) -> CarrierAnswer {
        let items = articles.map {
            #"{"article_id":"A","events":[\#($0.joined(separator: ","))],"status":"In Transit"}"#
        }
        return read(
            AustraliaPost(),
            #"""
            {"tracking_results":[{"tracking_id":"N","consignment":{"events":[\#(consignment.joined(separator: ","))],
            "status":"\#(status)"},"trackable_items":[\#(items.joined(separator: ","))]}]}
            """#)
    }

    @Test("the scans of a consignment count where its articles have none")
    func consignment() {
        let answer = starTrack(
            consignment: [scan("On Board for Delivery", "2026-11-19")], status: "In Transit", articles: [[]])
        #expect(answer.status == .outForDelivery)
    }

    @Test("a consignment on its way is not delivered by what its number was delivered as years ago")
    func oldArticle() {
        let answer = starTrack(
            consignment: [scan("In transit", "2026-11-19")], status: "In Transit",
            articles: [[scan("Delivered", "2014-05-30")]])
        #expect(answer.status == .inTransit && answer.flags.contains(.severalShipments))
    }

    @Test("several articles are delivered with the last of them")
    func articles() {
        let first = [scan("Delivered", "2026-11-18"), scan("In transit", "2026-11-17")]
        let open = starTrack(
            consignment: [], status: "In Transit", articles: [first, [scan("In transit", "2026-11-17")]])
        #expect(open.status == .inTransit)
        let whole = starTrack(
            consignment: [], status: "In Transit", articles: [first, [scan("Delivered", "2026-11-19")]])
        #expect(whole.status == .delivered && whole.events.last?.time == Moment(iso8601: "2026-11-19T10:15:00+11:00"))
        #expect(whole.events.filter { $0.state == .delivered }.count == 1)
        #expect(
            starTrack(consignment: [], status: "Delivered in Full", articles: [first, []]).status == .delivered)
    }

    // MARK: ShipEngine

    @Test(
        "ShipEngine's events are read with its own codes, with the carrier's and without any",
        arguments: [
            (#""event_code":"IT","event_description":"In Transit""#, .inTransit),
            (#""event_code":"DE","description":"Delivery exception, no access""#, .attempted),
            (#""event_code":"DE","event_description":"Delivered""#, .delivered),
            (#""status_code":"DE","event_code":"DL""#, .delivered), (#""event_code":"OF""#, .outForDelivery),
            (#""description":"Delivered, In/At Mailbox""#, .delivered),
            (#""description":"Delivered, To Original Sender""#, .returned),
            (#""description":"Delivered To Collection Location""#, .readyForPickup),
            (#""description":"Out for Delivery, Expected Delivery by 9:00pm""#, .outForDelivery),
        ] as [(String, ParcelState)])
    func shipEngine(_ event: String, _ state: ParcelState) {
        for name in ["occurred_at", "event_date"] {
            let answer = read(
                ShipEngine(),
                #"{"resource_type":"API_TRACK","data":{"tracking_number":"N","status_code":"UN","events":[{"\#(name)":"2026-11-19T10:15:00",\#(event)}]}}"#
            )
            #expect(answer.events.last?.state == state)
            #expect(answer.events.last?.time == Moment(iso8601: "2026-11-19T10:15:00Z"))
        }
    }
}

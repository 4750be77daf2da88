import Doubles
import Foundation
import Outreach
import Platform
import Testing

@testable import Intake

/// One code in a body of our own making, and what it must mean.
struct Variant: CustomTestStringConvertible, Sendable {
    var carrier: String
    /// What stands in the body, the parts of a code divided by `|`.
    var code: String
    var state: ParcelState
    var delay: Scan.DelaySign = .no
    var fault: Intake.Fault?

    init(
        _ carrier: String, _ code: String, _ state: ParcelState, _ delay: Scan.DelaySign = .no,
        _ fault: Intake.Fault? = nil
    ) {
        self.carrier = carrier
        self.code = code
        self.state = state
        self.delay = delay
        self.fault = fault
    }

    var testDescription: String { "\(carrier) \(code)" }

    /// A body with a first scan that moves nothing away from its state, and the code an hour later.
    var body: String {
        let parts = code.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
        func part(_ index: Int) -> String { index < parts.count ? parts[index] : "" }
        switch carrier {
        case "ups":
            return #"""
                {"trackResponse":{"shipment":[{"package":[{"trackingNumber":"N","activity":[{"location":{"address":{"city":"Louisville","stateProvince":"KY","countryCode":"US"}},"status":{"type":"\#(part(0))","code":"\#(part(1))","statusCode":"\#(part(2))","description":"words"},"date":"20261119","time":"101500"}]}]}]}}
                """#
        case "fedex":
            return #"""
                {"output":{"completeTrackResults":[{"trackingNumber":"N","trackResults":[{"trackingNumberInfo":{"trackingNumber":"N"},"latestStatusDetail":{"code":"\#(part(0))","derivedCode":"IT","ancillaryDetails":[{"reason":"\#(part(1))","reasonDescription":"\#(part(2))"}],"delayDetail":{"status":"\#(part(3))","type":"\#(part(4))"}},"scanEvents":[{"date":"2026-11-19T10:15:00-06:00","eventType":"\#(part(0))","exceptionCode":"\#(part(1))","exceptionDescription":"\#(part(2))","scanLocation":{"city":"Memphis","stateOrProvinceCode":"TN","countryCode":"US"}}]}]}]}}
                """#
        case "usps":
            return #"""
                {"trackingNumber":"N","statusCategory":"\#(part(2))","status":"\#(part(1))","trackingEvents":[{"eventType":"\#(part(1))","eventCode":"\#(part(0))","eventTimestamp":"2026-11-19T10:15:00","GMTOffset":"-06:00","eventCity":"MEMPHIS","eventState":"TN"}]}
                """#
        case "dhl_unified":
            return #"""
                {"shipments":[{"id":"N","status":{"timestamp":"2026-11-19T10:15:00+01:00","statusCode":"\#(part(0))","status":"\#(part(1))","description":"\#(part(2))"},"events":[]}]}
                """#
        case "royalmail":
            return #"""
                {"mailPieces":{"mailPieceId":"N","summary":{"lastEventCode":"\#(part(0))","lastEventName":"\#(part(1))","lastEventDateTime":"2026-11-19T10:15:00+00:00","statusCategory":"\#(part(2))"},"events":[{"eventCode":"\#(part(0))","eventName":"\#(part(1))","eventDateTime":"2026-11-19T10:15:00+00:00","locationName":"Leeds DO"}]}}
                """#
        case "canadapost":
            return """
                <tracking-detail xmlns="http://www.canadapost.ca/ws/track"><pin>N</pin><significant-events><occurrence><event-identifier>\(part(0))</event-identifier><event-date>2026-11-19</event-date><event-time>10:15:00</event-time><event-time-zone>EST</event-time-zone><event-description>\(part(1))</event-description><event-site>OTTAWA</event-site><event-province>ON</event-province></occurrence></significant-events></tracking-detail>
                """
        case "australiapost":
            return #"""
                {"tracking_results":[{"tracking_id":"N","status":"\#(part(0))","trackable_items":[{"article_id":"N","events":[{"location":"KEW VIC","description":"\#(part(1))","date":"2026-11-19T10:15:00+11:00"}]}]}]}
                """#
        case "easypost":
            return #"""
                {"object":"Tracker","tracking_code":"N","status":"\#(part(0))","status_detail":"\#(part(1))","tracking_details":[{"status":"\#(part(0))","status_detail":"\#(part(1))","datetime":"2026-11-19T10:15:00Z","message":"words"}]}
                """#
        case "shippo":
            let event =
                #"{"status":"\#(part(0))","status_date":"2026-11-19T10:15:00Z","status_details":"\#(part(2))","substatus":{"code":"\#(part(1))"}}"#
            return
                #"{"tracking_number":"N","carrier":"ups","tracking_status":\#(event),"tracking_history":[\#(event)]}"#
        case "aftership":
            return #"""
                {"meta":{"code":200},"data":{"trackings":[{"tracking_number":"N","tag":"\#(part(0))","subtag":"\#(part(1))","checkpoints":[{"tag":"\#(part(0))","subtag":"\#(part(1))","checkpoint_time":"2026-11-19T10:15:00-05:00","message":"words"}]}]}}
                """#
        default:
            return #"""
                {"code":0,"data":{"accepted":[{"number":"N","track_info":{"latest_status":{"status":"\#(part(0))","sub_status":"\#(part(1))"},"tracking":{"providers":[{"events":[{"time_iso":"2026-11-19T10:15:00-05:00","description":"words","stage":null,"sub_status":"\#(part(1))"}]}]}}}],"rejected":[]}}
                """#
        }
    }

    static let all: [Variant] = ups + fedex + usps + others + brokers

    static let ups: [Variant] = [
        Variant("ups", "M|MP|003", .preTransit), Variant("ups", "P|PU|038", .accepted),
        Variant("ups", "I|OR|160", .accepted), Variant("ups", "I|AR|005", .inTransit),
        Variant("ups", "I|OT|021", .outForDelivery), Variant("ups", "I|XX|072", .outForDelivery),
        Variant("ups", "X|48|022", .attempted, .yes), Variant("ups", "I|ZP|040", .readyForPickup),
        Variant("ups", "D|2Q|161", .readyForPickup), Variant("ups", "D|FS|011", .delivered),
        Variant("ups", "D|KB|", .delivered), Variant("ups", "X||048", .inTransit, .yes),
        Variant("ups", "X||132", .inTransit, .yes), Variant("ups", "X||053", .inTransit, .yes),
        Variant("ups", "MV|VP|007", .cancelled), Variant("ups", "RS||034", .returned),
        Variant("ups", "X||033", .returning), Variant("ups", "X||058", .exception, .maybe),
    ]

    static let fedex: [Variant] = [
        Variant("fedex", "OC", .preTransit), Variant("fedex", "PU", .accepted), Variant("fedex", "AR", .inTransit),
        Variant("fedex", "DP", .inTransit), Variant("fedex", "AF", .inTransit),
        Variant("fedex", "CC", .inTransit, .no, .customs), Variant("fedex", "OD", .outForDelivery),
        Variant("fedex", "HL", .readyForPickup), Variant("fedex", "CA", .cancelled), Variant("fedex", "DL", .delivered),
        Variant("fedex", "DE|083|Local delivery restriction|DELAYED", .attempted, .yes, .recipient),
        Variant("fedex", "DE|08|Recipient not in or business closed", .attempted, .maybe, .recipient),
        Variant("fedex", "DE|03|Incorrect recipient address|DELAYED", .exception, .yes, .address),
        Variant("fedex", "DE|07|Shipment refused by recipient", .exception, .no, .recipient),
        Variant("fedex", "DE|X1|Severe weather conditions", .exception, .yes, .weather),
        Variant("fedex", "DE|X2|Damaged, delivery not completed", .exception, .maybe, .carrier),
        Variant("fedex", "SE|099|Unable to deliver", .exception, .maybe, .carrier),
        Variant("fedex", "SE|X3|Weather delay|DELAYED|WEATHER", .exception, .yes, .weather),
        Variant("fedex", "CD|X4|Regulatory agency clearance delay|DELAYED|CLEARANCE", .exception, .yes, .customs),
        Variant("fedex", "DY|||DELAYED|OPERATIONAL", .inTransit, .yes, .carrier),
        Variant("fedex", "RS|060G|Returning package to shipper", .returning),
        Variant("fedex", "IT|||ON_TIME", .inTransit), Variant("fedex", "IT|||EARLY", .inTransit),
    ]

    static let usps: [Variant] = [
        Variant("usps", "GX|Shipping Label Created, USPS Awaiting Item|Pre-Shipment", .preTransit),
        Variant("usps", "82|Departed Shipping Partner Facility, USPS Awaiting Item|Pre-Shipment", .preTransit),
        Variant("usps", "OA|Accepted at USPS Origin Facility|Accepted", .accepted),
        Variant("usps", "NT|In Transit to Next Facility|In Transit", .inTransit),
        Variant("usps", "NT|In Transit to Next Facility, Arriving Late|In Transit", .inTransit, .yes, .carrier),
        Variant("usps", "OF|Out for Delivery, Expected Delivery by 9:00pm|Out for Delivery", .outForDelivery),
        Variant(
            "usps", "54|Notice Left (No Secure Location Available)|Delivery Attempt", .attempted, .maybe, .recipient),
        Variant("usps", "Q7|No Access to Delivery Location|Delivery Attempt", .attempted, .maybe, .recipient),
        Variant("usps", "Q8|Held at Post Office, At Customer Request|In Transit", .inTransit, .maybe, .recipient),
        Variant("usps", "Q9|Reminder to pick up your item|Available for Pickup", .readyForPickup),
        Variant("usps", "21|No Such Number|Alert", .returning, .no, .address),
        Variant("usps", "05|Undeliverable as Addressed|Alert", .returning, .no, .address),
        Variant("usps", "01|Delivered, In/At Mailbox|Delivered", .delivered),
        Variant("usps", "01|Delivered, To Original Sender|Delivered", .returned),
        Variant("usps", "43|Picked Up|Accepted", .accepted), Variant("usps", "43|Picked Up|Delivered", .delivered),
        Variant("usps", "Q1|Processing Exception, Other Delay|Alert", .inTransit, .yes, .carrier),
        Variant("usps", "Q2|Delivery Exception, Local Weather Delay|Alert", .inTransit, .yes, .weather),
        Variant("usps", "Q3|Delivery Exception, Animal Interference|Alert", .attempted, .yes, .recipient),
        Variant("usps", "DX|Delivery Status Not Updated|Alert", .exception, .maybe, .carrier),
    ]

    static let others: [Variant] = [
        Variant("dhl_unified", "transit|transit|The shipment has been processed", .inTransit),
        Variant("dhl_unified", "failure|failure|The address is incomplete", .exception, .maybe, .address),
        Variant("dhl_unified", "failure|failure|The shipment was damaged", .exception, .maybe, .carrier),
        Variant("dhl_unified", "unknown|unknown|", .unknown),
        Variant("dhl_unified", "delivered|DELIVERED|Delivered", .delivered),
        Variant("royalmail", "EVAIP|Sender despatching item|", .preTransit),
        Variant("royalmail", "EVGPD|Out for delivery|", .outForDelivery),
        Variant("royalmail", "EVKSP|Delivered by PDA|", .delivered), Variant("royalmail", "EVKLC||", .readyForPickup),
        Variant("royalmail", "EVKNA|No answer|", .attempted, .maybe, .recipient),
        Variant("royalmail", "EVGMI|Forwarded - Mis-sort|IN TRANSIT", .inTransit, .yes, .carrier),
        Variant("royalmail", "QQQQQ|Delivered by your postman|", .delivered),
        Variant("royalmail", "QQQQQ|Item received at Leeds MC|", .inTransit),
        Variant("royalmail", "QQQQQ|Ready for delivery|", .outForDelivery),
        Variant("royalmail", "EVRTS|Returned|", .returned),
        Variant("canadapost", "3000|Electronic information submitted", .preTransit),
        Variant("canadapost", "0159|Delivery may be delayed", .inTransit, .yes, .carrier),
        Variant("canadapost", "1479|Attempted delivery. Notice card left", .attempted, .maybe, .recipient),
        Variant("canadapost", "1701|Item available for pickup", .readyForPickup),
        Variant("canadapost", "1417|Item available for pickup at Post Office", .readyForPickup),
        Variant("canadapost", "9999|Item unclaimed by recipient", .returning, .no, .recipient),
        Variant("canadapost", "9999|Item redirected. Possible delay", .inTransit, .no),
        Variant("canadapost", "9999|Severe weather. Possible delay", .inTransit, .yes, .carrier),
        Variant("canadapost", "1496|Item successfully delivered", .delivered),
        Variant("canadapost", "0150|Item refused", .exception, .no, .recipient),
        Variant("australiapost", "In transit|Item processed at facility", .inTransit),
        Variant("australiapost", "Possible delay|Your delivery is delayed", .inTransit, .yes, .carrier),
        Variant("australiapost", "Awaiting collection|Awaiting collection at COLLINGWOOD", .readyForPickup),
        Variant("australiapost", "Delivered|Delivered - Left in a safe place", .delivered),
        Variant("australiapost", "Cancelled|Cancelled", .cancelled),
    ]

    static let brokers: [Variant] = [
        Variant("easypost", "in_transit|arrived_at_facility", .inTransit),
        Variant("easypost", "in_transit|weather_delay", .inTransit, .yes, .weather),
        Variant("easypost", "in_transit|transit_exception", .inTransit, .yes, .carrier),
        Variant("easypost", "out_for_delivery|out_for_delivery", .outForDelivery),
        Variant("easypost", "available_for_pickup|arrived_at_destination", .readyForPickup),
        Variant("easypost", "delivered|arrived_at_destination", .delivered),
        Variant("easypost", "return_to_sender|return", .returning), Variant("easypost", "failure|lost", .lost),
        Variant("easypost", "failure|damaged", .exception, .no, .carrier),
        Variant("easypost", "cancelled|cancelled", .cancelled),
        Variant("easypost", "pre_transit|status_update", .preTransit),
        Variant("shippo", "PRE_TRANSIT|information_received|", .preTransit),
        Variant("shippo", "TRANSIT|package_accepted|", .accepted), Variant("shippo", "TRANSIT||", .inTransit),
        Variant("shippo", "TRANSIT|out_for_delivery|", .outForDelivery),
        Variant("shippo", "TRANSIT|delayed|", .inTransit, .yes, .carrier),
        Variant("shippo", "TRANSIT|pickup_available|", .readyForPickup),
        Variant("shippo", "TRANSIT|notice_left|", .attempted, .maybe, .recipient),
        Variant("shippo", "RETURNED|return_to_sender|On its way back", .returning),
        Variant("shippo", "RETURNED|return_to_sender|Delivered to sender", .returned),
        Variant("shippo", "FAILURE|package_lost|", .lost), Variant("shippo", "DELIVERED|delivered|", .delivered),
        Variant("aftership", "InfoReceived|InfoReceived_001", .preTransit),
        Variant("aftership", "InTransit|InTransit_002", .accepted),
        Variant("aftership", "Exception|Exception_004", .inTransit, .yes, .customs),
        Variant("aftership", "Exception|Exception_017", .inTransit, .yes, .weather),
        Variant("aftership", "Exception|Exception_013", .lost, .no, .carrier),
        Variant("aftership", "Exception|Exception_011", .returned),
        Variant("aftership", "Exception|Exception_099", .exception),
        Variant("aftership", "AttemptFail|AttemptFail_003", .attempted, .maybe, .recipient),
        Variant("aftership", "Expired|Expired_001", .unknown),
        Variant("17track", "OutForDelivery|OutForDelivery_Other", .outForDelivery),
        Variant("17track", "Delivered|Delivered_Other", .delivered),
        Variant("17track", "InTransit|InTransit_PickedUp", .accepted),
        Variant("17track", "Exception|Exception_Delayed", .inTransit, .yes, .carrier),
        Variant("17track", "DeliveryFailure|DeliveryFailure_InvalidAddress", .attempted, .maybe, .address),
        Variant("17track", "Exception|Exception_Returned", .returned),
        Variant("17track", "Expired|Expired_Other", .unknown),
    ]
}

@Suite("codes in bodies of our own making")
struct CarriersVariantTests {
    @Test("mean what the carrier's table says", arguments: Variant.all)
    func variants(_ variant: Variant) throws {
        let carrier = try #require(Carriers.named(variant.carrier))
        let answer = CarrierReading(carrier).answer(
            inRecorded: Array(variant.body.utf8), number: "N", ReadingContext(now: today))
        #expect(answer.call == nil, "\(String(describing: answer.call))")
        #expect(answer.status == variant.state)
        if ![.delivered, .returned, .cancelled].contains(answer.status) { #expect(answer.delay == variant.delay) }
        if let fault = variant.fault { #expect(answer.fault == fault) }
        #expect(answer.unknownCodes.isEmpty, "\(answer.unknownCodes)")
    }

    /// Answers about the call, in the forms of the carriers and of what stands before them.
    static let refusals: [(String, String, CallAnswer.Kind)] = [
        ("fedex", #"{"errors":[{"code":"NOT.AUTHORIZED.ERROR","message":"x"}]}"#, .authError),
        ("fedex", #"{"errors":[{"code":"TRACKING.MAXTRACKINGNUMBERS.EXCEEDED"}]}"#, .configError),
        ("fedex", #"{"errors":[{"code":"INTERNAL.SERVER.ERROR"}]}"#, .temporaryError),
        ("ups", #"{"response":{"errors":[{"code":"250002"}]}}"#, .authError),
        ("ups", #"{"response":{"errors":[{"code":"TV9999"}]}}"#, .temporaryError),
        ("ups", #"{"error":"invalid_client","error_description":"x"}"#, .authError),
        ("usps", #"{"error":{"code":"429","message":"Too many requests"}}"#, .rateLimited),
        ("usps", #"{"error":{"code":"401","message":"Unauthorized"}}"#, .authError),
        ("dhl_unified", #"{"status":429,"title":"Too Many Requests"}"#, .rateLimited),
        ("dhl_unified", #"{"status":401,"title":"Unauthorized"}"#, .authError),
        (
            "dhl_unified",
            #"{"fault":{"faultstring":"Rate limit quota violation","detail":{"errorcode":"policies.ratelimit.QuotaViolation"}}}"#,
            .rateLimited
        ),
        ("royalmail", #"{"httpCode":"400","errors":[{"errorCode":"E1142"}]}"#, .invalidNumber),
        ("royalmail", #"{"httpCode":"404","errors":[{"errorCode":"E1284"}]}"#, .notFound),
        (
            "royalmail", #"{"httpCode":503,"httpMessage":"Service Unavailable","errors":[{"errorCode":"E1307"}]}"#,
            .temporaryError
        ),
        ("royalmail", #"{"httpCode":"401","httpMessage":"Unauthorized","moreInformation":"x"}"#, .authError),
        (
            "canadapost",
            "<messages><message><code>E002</code><description>AAA Authentication Failure</description></message></messages>",
            .authError
        ),
        (
            "canadapost",
            "<messages><message><code>Server</code><description>Rejected by SLM Monitor</description></message></messages>",
            .rateLimited
        ),
        (
            "australiapost",
            #"{"tracking_results":[{"tracking_id":"N","errors":[{"code":"ESB-10001","name":"Invalid tracking ID"}]}]}"#,
            .invalidNumber
        ),
        ("easypost", #"{"error":{"code":"APIKEY.INACTIVE","message":"x"}}"#, .authError),
        ("easypost", #"{"error":{"code":"RATE_LIMITED","message":"x"}}"#, .rateLimited),
        ("shippo", #"{"detail":"Authentication credentials were not provided."}"#, .authError),
        ("shippo", #"{"detail":"Request was throttled."}"#, .rateLimited),
        (
            "shippo", #"{"tracking_number":"N","carrier":"usps","tracking_status":null,"tracking_history":[]}"#,
            .notFound
        ),
        ("aftership", #"{"meta":{"code":4004,"message":"Tracking does not exist."},"data":{}}"#, .notFound),
        ("aftership", #"{"meta":{"code":4012,"message":"Cannot detect courier."},"data":{}}"#, .invalidNumber),
        ("aftership", #"{"meta":{"code":4001,"message":"Invalid JSON data."},"data":{}}"#, .configError),
        ("aftership", #"{"meta":{"code":429},"data":{}}"#, .rateLimited),
        ("aftership", #"{"meta":{"code":200},"data":{"trackings":[]}}"#, .notFound),
        (
            "17track",
            #"{"code":0,"data":{"accepted":[],"rejected":[{"number":"N","error":{"code":-18019902,"message":"x"}}]}}"#,
            .notFound
        ),
        (
            "17track",
            #"{"code":0,"data":{"accepted":[],"rejected":[{"number":"N","error":{"code":-18019903,"message":"x"}}]}}"#,
            .invalidNumber
        ),
        ("17track", #"{"code":-18010003,"data":{"errors":[{"code":-18010003}]}}"#, .temporaryError),
        ("17track", #"{"code":-18010002,"data":{"errors":[{"code":-18010002}]}}"#, .authError),
        ("gls", #"{"message":"Limit Exceeded"}"#, .rateLimited),
        ("hermes_de", #"{"message":"Unauthorized"}"#, .authError),
        ("mydhl", #"{"status":"404","detail":"No data found","title":"x"}"#, .notFound),
        (
            "usps",
            #"{"error":{"code":"400","errors":[{"code":"150002","title":"Invalid Tracking Number","detail":"The status update is not yet available."}]}}"#,
            .notFound
        ),
        ("usps", #"{"error":{"code":"400","errors":[{"code":"150002","title":"x"}]}}"#, .invalidNumber),
        (
            "australiapost", #"{"errors":[{"error_code":"API_002","error_name":"Too many requests"}]}"#, .rateLimited
        ),
        ("australiapost", #"{"errors":[{"error_code":"API_001","error_name":"Not allowed"}]}"#, .authError),
        ("laposte", #"{"code":"UNAUTHORIZED","message":"Unauthorized"}"#, .authError),
    ]

    @Test("and errors of the call are told apart, without an HTTP status", arguments: refusals)
    func refusal(_ carrier: String, _ body: String, _ kind: CallAnswer.Kind) throws {
        let reading = CarrierReading(try #require(Carriers.named(carrier)))
        let answer = reading.answer(inRecorded: Array(body.utf8), number: "N", ReadingContext(now: today))
        #expect(answer.call?.kind == kind, "\(String(describing: answer.call)) \(answer.status)")
        #expect(answer.call?.message.contains(carrier) == true)
    }

    @Test("scans of one minute end in the one that is further on its way, whatever their order")
    func oneMinute() throws {
        let codes = ["I|OT|021", "D|FS|011", "I|AR|005"]
        let bodies = codes.map { Variant("ups", $0, .unknown).body }
        func activity(_ body: String) -> String {
            let start = body.range(of: "\"activity\":[")?.upperBound ?? body.startIndex
            let end = body.range(of: "]}]}]}}")?.lowerBound ?? body.endIndex
            return String(body[start..<end])
        }
        for order in [[0, 1, 2], [2, 1, 0], [1, 0, 2]] {
            let body =
                #"{"trackResponse":{"shipment":[{"package":[{"trackingNumber":"N","activity":["#
                + order.map { activity(bodies[$0]) }.joined(separator: ",") + "]}]}]}}"
            let answer = CarrierReading(UPS()).answer(
                inRecorded: Array(body.utf8), number: "N", ReadingContext(now: today))
            #expect(answer.status == .delivered)
            #expect(answer.flags == [])
        }
    }

    @Test("Canada Post's short answer is read too")
    func canadaSummary() throws {
        let body = """
            <tracking-summary xmlns="http://www.canadapost.ca/ws/track"><pin-summary><pin>N</pin><expected-delivery-date>2026-11-23</expected-delivery-date><event-date-time>20261119:101500</event-date-time><event-description>Item out for delivery</event-description><event-type>OUT</event-type><event-location>OTTAWA, ON</event-location></pin-summary></tracking-summary>
            """
        let answer = CarrierReading(CanadaPost()).answer(
            inRecorded: Array(body.utf8), number: "N", ReadingContext(now: today))
        #expect(answer.status == .outForDelivery)
        #expect(answer.estimate?.text == "2026-11-23")
        #expect(answer.events.count == 1)
    }
}

@Suite("what track prints")
struct AnswerReportTests {
    private func answer(_ variant: Variant) throws -> CarrierAnswer {
        CarrierReading(try #require(Carriers.named(variant.carrier))).answer(
            inRecorded: Array(variant.body.utf8), number: "N", ReadingContext(now: today))
    }

    @Test("of a parcel is one JSON object whose names stay")
    func parcel() throws {
        let answer = try answer(Variant("usps", "Q2|Delivery Exception, Local Weather Delay|Alert", .inTransit))
        #expect(
            AnswerReport.json(answer)
                == #"{"carrier":"usps","number":"N","status":"in_transit","status_time":"2026-11-19T10:15:00-06:00","delay":"yes","return_leg":false,"fault":"weather","events":[{"time":"2026-11-19T10:15:00-06:00","offset":"-06:00","basis":"stated","status":"in_transit","delay":"yes","reason":"weather","place":"MEMPHIS, TN","words":"Delivery Exception, Local Weather Delay","return_leg":false}],"estimated_delivery":null,"estimated_window":null,"estimate_field":null,"promised_delivery":null,"answer":null,"message":null,"flags":[],"unknown_codes":[]}"#
        )
        #expect(
            AnswerReport.table(answer) == """
                usps N: in transit, late (weather)
                  2026-11-19 10:15:00 -06:00  in transit  Delivery Exception, Local Weather Delay · MEMPHIS, TN
                """)
    }

    @Test("of a call is its kind, and nothing of the parcel")
    func call() throws {
        let reading = CarrierReading(UPS())
        let html = reading.answer(
            inRecorded: Array("<html></html>".utf8), number: "N\"\n", ReadingContext(now: today))
        #expect(
            AnswerReport.json(html)
                == #"{"carrier":"ups","number":"N\"\u000a","status":null,"status_time":null,"delay":null,"return_leg":null,"fault":null,"events":[],"estimated_delivery":null,"estimated_window":null,"estimate_field":null,"promised_delivery":null,"answer":"temporary_error","message":"ups: a web page instead of data","flags":[],"unknown_codes":[]}"#
        )
        #expect(AnswerReport.table(html) == "temporary error: ups: a web page instead of data")
    }

    @Test("of a number is whose it can be")
    func candidates() {
        #expect(
            AnswerReport.json(TrackingNumber.candidates(for: "1Z5R89390357567127"))
                == #"{"carriers":[{"carrier":"ups","checksum":"passed"}]}"#)
        #expect(
            AnswerReport.json(TrackingNumber.candidates(for: "RB123456785US"))
                == #"{"carriers":[{"carrier":"s10","checksum":"passed"}]}"#)
        #expect(AnswerReport.json(TrackingNumber.candidates(for: "\u{0}🎁")) == #"{"carriers":[]}"#)
        #expect(AnswerReport.table([]).contains("No known carrier"))
    }
}

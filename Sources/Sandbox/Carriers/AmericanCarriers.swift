// UPS Track v1, FedEx Track v1 and USPS Tracking v3, with their real answers: UPS-API/api-documentation Tracking.yaml,
// developer.fedex.com Track API, developers.usps.com Tracking v3.

internal import FoundationEssentials

/// UPS: one number per call, a token for four hours with its lifetime as a text, and a 200 with a warning for unknown
/// numbers.
struct FakeUPS: FakeCarrier {
    let name = "ups"
    let tokenLifetime: Double? = 14_399
    let codeKeys: Set<String> = ["type", "code", "statusCode"]
    func carries(_ company: String) -> Bool { Self.names(company, "ups", "united parcel") }

    func call(_ request: WebRequest) -> CarrierCall? {
        let parts = request.parts
        if parts == ["security", "v1", "oauth", "token"] { return request.clientCredentials }
        guard parts.count == 5, parts.prefix(4) == ["api", "track", "v1", "details"] else { return nil }
        guard request.method == "GET", request.headers["transid"] != nil, request.headers["transactionsrc"] != nil
        else { return .nonsense("transId and transactionSrc are required") }
        return .ask([parts[4]])
    }

    func proof(_ request: WebRequest) -> CarrierProof { request.bearer }

    func granted(_ token: String, lifetime: Int) -> WebResponse {
        .json([
            "token_type": "Bearer", "issued_at": "1795000000000", "client_id": "sandbox-id",
            "access_token": .string(token), "expires_in": .string(String(lifetime)), "status": "approved",
        ])
    }

    private func failure(_ status: Int, _ code: String, _ message: String) -> WebResponse {
        .json(
            ["response": ["errors": [["code": .string(code), "message": .string(message)]]]], status: status)
    }

    func refusal(_ refusal: CarrierRefusal) -> WebResponse {
        switch refusal {
        case .unauthorized: failure(401, "250002", "Invalid Authentication Information.")
        case .tooManyCalls: failure(429, "10429", "Too Many Requests")
        case .tooManyNumbers, .nonsense: failure(400, "TV1001", "Invalid request")
        case .trouble: failure(500, "TV9000", "The tracking system is not available")
        }
    }

    func answer(_ numbers: [AskedNumber], now: Date) -> WebResponse {
        guard let parcel = numbers[0].parcel else {
            return .json([
                "trackResponse": [
                    "shipment": [
                        ["warnings": [["code": "TW0001", "message": "Tracking Information Not Found"]]]
                    ]
                ]
            ])
        }
        var package: [JSON.Member] = [.init("trackingNumber", .string(parcel.number))]
        if let delivered = parcel.delivered {
            let wall = WallClock(delivered)
            package.append(.init("deliveryDate", [["type": "DEL", "date": .string(wall.compactDay)]]))
            package.append(.init("deliveryTime", ["type": "DEL", "endTime": .string(wall.compactClock)]))
        } else if let estimate = parcel.estimate {
            let day = WallClock(estimate, zone: parcel.destination.zone).compactDay
            let isMoved =
                parcel.promised.map { WallClock($0, zone: parcel.destination.zone).compactDay != day } ?? false
            package.append(.init("deliveryDate", [["type": isMoved ? "RDD" : "SDD", "date": .string(day)]]))
            package.append(.init("deliveryTime", ["type": "EOD"]))
        }
        package.append(.init("activity", .array(parcel.newestFirst.map(activity))))
        package.append(.init("packageCount", 1))
        return .json([
            "trackResponse": [
                "shipment": [["inquiryNumber": .string(parcel.number), "package": [.object(package)]]]
            ]
        ])
    }

    private func activity(_ scan: CarrierParcel.Scan) -> JSON {
        let wall = WallClock(scan)
        let gmt = WallClock(scan.time, zone: "GMT")
        let (type, code, digits) = Self.codes(scan)
        return [
            "location": [
                "address": [
                    "city": .string(scan.place.city), "stateProvince": .text(scan.place.state),
                    "countryCode": .string(scan.place.country), "country": .string(scan.place.country),
                ], "slic": "1119",
            ],
            "status": [
                "type": .string(type), "description": .string(scan.words), "code": .string(code),
                "statusCode": .string(digits),
            ], "date": .string(wall.compactDay), "time": .string(wall.compactClock), "gmtDate": .string(gmt.compactDay),
            "gmtOffset": .string(wall.offsetText), "gmtTime": .string(gmt.clock),
        ]
    }

    private static func codes(_ scan: CarrierParcel.Scan) -> (String, String, String) {
        switch scan.state {
        case .preTransit: ("M", "MP", "003")
        case .accepted: ("P", "PU", "038")
        case .inTransit: ("I", "DP", "005")
        case .customs: ("I", "IP", "014")
        case .delayed: scan.reason == .weather ? ("X", "WX", "048") : ("X", "DY", "046")
        case .outForDelivery: ("I", "OT", "021")
        case .attempted: ("X", "48", "022")
        case .readyForPickup: ("I", "ZP", "040")
        case .exception: scan.reason == .address ? ("X", "AA", "013") : ("X", "DM", "013")
        case .returning: ("X", "RT", "033")
        case .returned: ("RS", "RS", "034")
        case .delivered: ("D", "FS", "011")
        case .cancelled: ("MV", "VP", "007")
        case .lost: ("X", "LS", "013")
        }
    }
}

/// FedEx: thirty numbers per call, errors of a number inside a 200, a token for an hour.
struct FakeFedEx: FakeCarrier {
    let name = "fedex"
    let batch = 30
    let tokenLifetime: Double? = 3_599
    let quota: (calls: Int, seconds: Double)? = (100_000, 86_400)
    func carries(_ company: String) -> Bool { Self.names(company, "fedex", "federal express") }

    func call(_ request: WebRequest) -> CarrierCall? {
        let parts = request.parts
        if parts == ["oauth", "token"] { return request.clientCredentials }
        guard parts == ["track", "v1", "trackingnumbers"] else { return nil }
        guard request.method == "POST", let infos = request.json?["trackingInfo"]?.array else {
            return .nonsense("trackingInfo is missing")
        }
        return .ask(infos.compactMap { $0["trackingNumberInfo"]?["trackingNumber"]?.string })
    }

    func proof(_ request: WebRequest) -> CarrierProof { request.bearer }

    private func failure(_ status: Int, _ code: String, _ message: String) -> WebResponse {
        .json(
            [
                "transactionId": "b8b1a2f4-0000-4000-8000-000000000000",
                "errors": [["code": .string(code), "message": .string(message)]],
            ], status: status)
    }

    func refusal(_ refusal: CarrierRefusal) -> WebResponse {
        switch refusal {
        case .unauthorized: failure(401, "NOT.AUTHORIZED.ERROR", "Access token expired. Please modify your request.")
        case .tooManyCalls: failure(429, "TOO.MANY.REQUESTS", "Daily transaction quota exceeded.")
        case .tooManyNumbers:
            failure(400, "TRACKING.MAXTRACKINGNUMBERS.EXCEEDED", "Please limit your inquiry to 30 tracking numbers.")
        case .nonsense: failure(400, "TRACKING.TRACKINGNUMBER.EMPTY", "Please provide tracking number.")
        case .trouble: failure(500, "INTERNAL.SERVER.ERROR", "We encountered an unexpected error.")
        }
    }

    func answer(_ numbers: [AskedNumber], now: Date) -> WebResponse {
        .json([
            "transactionId": "b8b1a2f4-0000-4000-8000-000000000000",
            "output": [
                "completeTrackResults": .array(
                    numbers.map { asked in
                        let result = asked.parcel.map(self.result) ?? unknown(asked.number)
                        return ["trackingNumber": .string(asked.number), "trackResults": [result]]
                    })
            ],
        ])
    }

    private func unknown(_ number: String) -> JSON {
        [
            "trackingNumberInfo": [
                "trackingNumber": .string(number), "trackingNumberUniqueId": "", "carrierCode": "",
            ],
            "error": [
                "code": "TRACKING.TRACKINGNUMBER.NOTFOUND",
                "message": "Tracking number cannot be found. Please correct the tracking number and try again.",
            ],
        ]
    }

    private func result(_ parcel: CarrierParcel) -> JSON {
        let last = parcel.last
        let (code, derived, words) = last.map(Self.codes) ?? ("IN", "IN", "Initiated")
        var latest: [JSON.Member] = [
            .init("code", .string(code)), .init("derivedCode", .string(derived)),
            .init("statusByLocale", .string(words)), .init("description", .string(words)),
            .init("scanLocation", last.map { place($0.place) } ?? [:]),
        ]
        if let last, let reason = Self.reason(last) {
            latest.append(
                .init(
                    "ancillaryDetails",
                    [["reason": .string(reason), "reasonDescription": .string(last.words), "action": ""]]))
        }
        if let last, last.state == .delayed {
            let type =
                last.reason == .weather ? "WEATHER" : last.reason == .customs ? "CLEARANCE" : "OPERATIONAL"
            latest.append(.init("delayDetail", ["type": .string(type), "status": "DELAYED"]))
        }
        var dates: [JSON] = []
        if let delivered = parcel.delivered {
            dates.append(["type": "ACTUAL_DELIVERY", "dateTime": .string(WallClock(delivered).iso)])
        } else if let estimate = parcel.estimate {
            let wall = WallClock(estimate, zone: parcel.destination.zone)
            dates.append(["type": "ESTIMATED_DELIVERY", "dateTime": .string(wall.iso)])
        }
        if let promised = parcel.promised {
            let wall = WallClock(promised, zone: parcel.destination.zone)
            dates.append(["type": "COMMITMENT", "dateTime": .string("\(wall.day)T00:00:00-06:00")])
        }
        return [
            "trackingNumberInfo": [
                "trackingNumber": .string(parcel.number),
                "trackingNumberUniqueId": .string("2461000000~\(parcel.number)~FX"), "carrierCode": "FDXE",
            ],
            "shipperInformation": ["address": place(parcel.origin)],
            "recipientInformation": ["address": place(parcel.destination)], "latestStatusDetail": .object(latest),
            "dateAndTimes": .array(dates),
            "scanEvents": .array(
                parcel.newestFirst.map { scan in
                    let (code, derived, words) = Self.codes(scan)
                    return [
                        "date": .string(WallClock(scan).iso), "eventType": .string(code),
                        "eventDescription": .string(words), "exceptionCode": .string(Self.reason(scan) ?? ""),
                        "exceptionDescription": .string(Self.reason(scan) == nil ? "" : scan.words),
                        "scanLocation": place(scan.place), "derivedStatusCode": .string(derived),
                        "derivedStatus": .string(words),
                    ]
                }),
        ]
    }

    private func place(_ place: CarrierParcel.Place) -> JSON {
        [
            "city": .string(place.city), "stateOrProvinceCode": .string(place.state ?? ""),
            "postalCode": .string(place.zip), "countryCode": .string(place.country), "residential": false,
        ]
    }

    private static func reason(_ scan: CarrierParcel.Scan) -> String? {
        switch (scan.state, scan.reason) {
        case (.attempted, _): "007"
        case (.exception, .address): "03"
        case (.exception, .damage): "012"
        case (.exception, .recipient): "006"
        case (.delayed, .weather): "017"
        case (.returning, _): "060G"
        default: nil
        }
    }

    private static func codes(_ scan: CarrierParcel.Scan) -> (code: String, derived: String, words: String) {
        switch scan.state {
        case .preTransit: ("OC", "IN", "Shipment information sent to FedEx")
        case .accepted: ("PU", "PU", "Picked up")
        case .inTransit: ("DP", "IT", "Left FedEx origin facility")
        case .customs: ("CP", "IT", "Clearance in progress")
        case .delayed: scan.reason == .customs ? ("CD", "CD", "Clearance delay") : ("DY", "DY", "Delay")
        case .outForDelivery: ("OD", "IT", "On FedEx vehicle for delivery")
        case .attempted: ("DE", "DE", "Delivery exception")
        case .readyForPickup: ("HL", "HL", "Ready for pickup")
        case .exception, .lost: ("SE", "SE", "Shipment exception")
        case .returning: ("RS", "DL", "Returning package to shipper")
        case .returned: ("DL", "DL", "Delivered")
        case .delivered: ("DL", "DL", "Delivered")
        case .cancelled: ("CA", "CA", "Shipment cancelled by sender")
        }
    }
}

/// USPS: sixty calls an hour, including logins; a number not known yet is a 400.
struct FakeUSPS: FakeCarrier {
    let name = "usps"
    let tokenLifetime: Double? = 28_799
    let quota: (calls: Int, seconds: Double)? = (60, 3_600)
    let codeKeys: Set<String> = ["eventCode", "eventType"]
    func carries(_ company: String) -> Bool { Self.names(company, "usps", "united states postal") }

    func call(_ request: WebRequest) -> CarrierCall? {
        let parts = request.parts
        if parts == ["oauth2", "v3", "token"] { return request.clientCredentials }
        guard parts.count == 4, parts.prefix(3) == ["tracking", "v3", "tracking"] else { return nil }
        return request.method == "GET" ? .ask([parts[3]]) : .nonsense("ask with GET")
    }

    func proof(_ request: WebRequest) -> CarrierProof { request.bearer }

    private func failure(_ status: Int, _ code: String, _ message: String) -> WebResponse {
        .json(
            [
                "apiVersion": "/tracking/v3",
                "error": [
                    "code": .string(String(status)), "message": .string(message),
                    "errors": [["status": .string(String(status)), "code": .string(code), "title": .string(message)]],
                ],
            ], status: status)
    }

    func refusal(_ refusal: CarrierRefusal) -> WebResponse {
        switch refusal {
        case .unauthorized: failure(401, "401", "Unauthorized")
        case .tooManyCalls: failure(429, "429", "Too Many Requests")
        case .tooManyNumbers, .nonsense: failure(400, "150002", "The tracking number is not valid.")
        case .trouble: failure(503, "503", "Service Unavailable")
        }
    }

    var notOurs: WebResponse? {
        failure(403, "403", "Access to the tracking of this label is limited to its owner.")
    }

    func answer(_ numbers: [AskedNumber], now: Date) -> WebResponse {
        guard let parcel = numbers[0].parcel else {
            return failure(
                400, "150001",
                "A status update is not yet available on your package. It will be available when the shipper provides an update."
            )
        }
        let status = parcel.last.map(Self.codes) ?? ("GX", "Label Created", "Pre-Shipment")
        var members: [JSON.Member] = [
            .init("destinationCity", .string(parcel.destination.city.uppercased())),
            .init("destinationZIP", .string(parcel.destination.zip)),
            .init("mailClass", "USPS Ground Advantage<SUP>&#153;</SUP>"), .init("status", .string(status.1)),
            .init("statusCategory", .string(status.2)), .init("statusSummary", .text(parcel.last?.words)),
            .init("trackingNumber", .string(parcel.number)),
        ]
        if parcel.delivered == nil, let estimate = parcel.estimate {
            let day = WallClock(estimate, zone: parcel.destination.zone).day
            members.append(.init("expectedDeliveryTimeStamp", .string(day + "T00:00:00")))
        }
        members.append(
            .init(
                "trackingEvents",
                .array(
                    parcel.newestFirst.map { scan in
                        let wall = WallClock(scan)
                        let (code, words, _) = Self.codes(scan)
                        return [
                            "eventType": .string(words), "eventTimestamp": .string(wall.bare),
                            // The day is the local one: wrong, but what USPS really sends.
                            "GMTTimestamp": .string(
                                wall.day + "T" + WallClock(scan.time, zone: "GMT").clock + "Z"),
                            "GMTOffset": .string(wall.offsetText), "eventCountry": .string(scan.place.country),
                            "eventCity": .string(scan.place.city.uppercased()), "eventState": .text(scan.place.state),
                            "eventZIP": .string(scan.place.zip), "authorizedAgent": "false",
                            "eventCode": .string(code),
                        ]
                    })))
        return .json(.object(members))
    }

    private static func codes(_ scan: CarrierParcel.Scan) -> (String, String, String) {
        switch scan.state {
        case .preTransit: ("GX", "Shipping Label Created, USPS Awaiting Item", "Pre-Shipment")
        case .accepted: ("03", "USPS in possession of item", "Accepted")
        case .inTransit: ("10", "Departed USPS Regional Facility", "In Transit")
        case .customs: ("10", "Inbound Into Customs", "In Transit")
        case .delayed:
            scan.reason == .weather
                ? ("WX", "Delivery Exception, Local Weather Delay", "Alert")
                : ("NT", "In Transit, Arriving Late", "In Transit")
        case .outForDelivery: ("OF", "Out for Delivery", "Out for Delivery")
        case .attempted: ("55", "Notice Left (No Authorized Recipient Available)", "Delivery Attempt")
        case .readyForPickup: ("16", "Available for Pickup", "Available for Pickup")
        case .exception: ("05", "Undeliverable as Addressed", "Alert")
        case .returning: ("09", "Return to Sender Processed", "Alert")
        case .returned: ("01", "Delivered, To Original Sender", "Delivered")
        case .delivered: ("01", "Delivered, Front Door/Porch", "Delivered")
        case .cancelled: ("VC", "Label Cancelled", "Label Cancelled")
        case .lost: ("DX", "Delivery Status Not Updated", "Alert")
        }
    }
}

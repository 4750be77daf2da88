// DHL Unified, MyDHL, GLS, Hermes Germany, DPD, Amazon Shipping and Sendle, with their real answers.

internal import Foundation

/// DHL Shipment Tracking Unified: a key, one number per call, 250 calls a day, problem+json for unknown numbers.
struct FakeDHL: FakeCarrier {
    let name = "dhl_unified"
    let quota: (calls: Int, seconds: Double)? = (250, 86_400)
    func carries(_ company: String) -> Bool { Self.names(company, "dhl", "deutsche post") }

    func call(_ request: WebRequest) -> CarrierCall? {
        guard request.parts == ["track", "shipments"] else { return nil }
        return request.query["trackingNumber"].map { .ask([$0]) } ?? .nonsense("trackingNumber is missing")
    }

    func proof(_ request: WebRequest) -> CarrierProof { request.key("dhl-api-key") }

    private func problem(_ status: Int, _ title: String, _ detail: String) -> WebResponse {
        var response = WebResponse.json(
            ["title": .string(title), "status": .int(Int64(status)), "detail": .string(detail)], status: status)
        response.headers = [("Content-Type", "application/problem+json")]
        return response
    }

    func refusal(_ refusal: CarrierRefusal) -> WebResponse {
        switch refusal {
        case .unauthorized: problem(401, "Unauthorized", "Unauthorized for given resource.")
        case .tooManyCalls: problem(429, "Too Many Requests", "Too many requests within defined time period.")
        case .tooManyNumbers, .nonsense: problem(400, "Bad request", "Mandatory parameter is missing.")
        case .trouble: problem(503, "Service Unavailable", "The service is not available.")
        }
    }

    func answer(_ numbers: [AskedNumber], now: Date) -> WebResponse {
        guard let parcel = numbers[0].parcel else {
            return problem(404, "No result found", "No shipment with given tracking number found.")
        }
        var shipment: [JSON.Member] = [
            .init("id", .string(parcel.number)), .init("service", "parcel-de"),
            .init("origin", ["address": ["countryCode": .string(parcel.origin.country)]]),
            .init("destination", ["address": ["countryCode": .string(parcel.destination.country)]]),
            .init("status", parcel.last.map(event) ?? ["statusCode": "unknown"]),
        ]
        if parcel.delivered == nil, let estimate = parcel.estimate {
            shipment.append(
                .init(
                    "estimatedTimeOfDelivery",
                    .string(WallClock(estimate, zone: parcel.destination.zone).day + "T00:00:00Z")))
        }
        if parcel.isReturning { shipment.append(.init("returnFlag", true)) }
        shipment.append(.init("events", .array(parcel.newestFirst.map(event))))
        return .json([
            "url": .string("/shipments?trackingNumber=\(parcel.number)"), "shipments": [.object(shipment)],
        ])
    }

    private func event(_ scan: CarrierParcel.Scan) -> JSON {
        let (code, short) = Self.codes(scan.state)
        return [
            "timestamp": .string(WallClock(scan).iso),
            "location": [
                "address": [
                    "countryCode": .string(scan.place.country), "postalCode": .string(scan.place.zip),
                    "addressLocality": .string(scan.place.city),
                ]
            ], "statusCode": .string(code), "status": .string(short), "description": .string(scan.words),
        ]
    }

    private static func codes(_ state: SandboxParcelState) -> (String, String) {
        switch state {
        case .preTransit: ("pre-transit", "VA")
        case .accepted: ("transit", "ES")
        case .inTransit: ("transit", "NB")
        case .customs: ("transit", "ZO")
        case .delayed: ("transit", "TD")
        case .outForDelivery: ("transit", "PO")
        case .attempted: ("failure", "ZN")
        case .readyForPickup: ("transit", "ZF")
        case .exception, .cancelled: ("failure", "BV")
        case .lost: ("failure", "DS")
        case .returning: ("transit", "RT")
        case .returned, .delivered: ("delivered", "ZU")
        }
    }
}

/// DHL Express by MyDHL: a date and a time, without an offset.
struct FakeMyDHL: FakeCarrier {
    let name = "mydhl"
    func carries(_ company: String) -> Bool { Self.names(company, "dhl") }

    func call(_ request: WebRequest) -> CarrierCall? {
        let parts = request.parts
        guard parts.count == 4, parts[0] == "mydhlapi", parts[1] == "shipments", parts[3] == "tracking" else {
            return nil
        }
        return .ask([parts[2]])
    }

    func proof(_ request: WebRequest) -> CarrierProof { request.basic }

    private func problem(_ status: Int, _ title: String) -> WebResponse {
        .json(
            [
                "instance": "/mydhlapi/shipments", "detail": .string(title), "title": .string(title),
                "status": .string(String(status)),
            ], status: status)
    }

    func refusal(_ refusal: CarrierRefusal) -> WebResponse {
        switch refusal {
        case .unauthorized: problem(401, "Unauthorized")
        case .tooManyCalls: problem(429, "Too many requests")
        case .tooManyNumbers, .nonsense: problem(400, "Bad request")
        case .trouble: problem(500, "Process failure occurred")
        }
    }

    func answer(_ numbers: [AskedNumber], now: Date) -> WebResponse {
        guard let parcel = numbers[0].parcel else { return problem(404, "No shipment found") }
        return .json([
            "shipments": [
                [
                    "shipmentTrackingNumber": .string(parcel.number), "status": "Success",
                    "estimatedDeliveryDate": .text(
                        parcel.estimate.map { WallClock($0, zone: parcel.destination.zone).day }),
                    "events": .array(
                        parcel.newestFirst.map { scan in
                            let wall = WallClock(scan)
                            return [
                                "date": .string(wall.day), "time": .string(wall.clock),
                                "typeCode": .string(Self.code(scan.state)), "description": .string(scan.words),
                                "serviceArea": [
                                    [
                                        "code": "XXX",
                                        "description": .string("\(scan.place.city)-\(scan.place.country)"),
                                    ]
                                ],
                            ]
                        }),
                ]
            ]
        ])
    }

    private static func code(_ state: SandboxParcelState) -> String {
        switch state {
        case .preTransit: "SA"
        case .accepted: "PU"
        case .inTransit: "DF"
        case .customs: "RW"
        case .delayed: "UD"
        case .outForDelivery: "WC"
        case .attempted: "NH"
        case .readyForPickup: "CC"
        case .exception, .cancelled: "BA"
        case .lost: "DS"
        case .returning, .returned: "RT"
        case .delivered: "OK"
        }
    }
}

/// GLS: ten references per call, offsets without a colon.
struct FakeGLS: FakeCarrier {
    let name = "gls"
    let batch = 10
    let tokenLifetime: Double? = 14_400
    func carries(_ company: String) -> Bool { Self.names(company, "gls") }

    func call(_ request: WebRequest) -> CarrierCall? {
        let parts = request.parts
        if parts == ["oauth2", "v2", "token"] { return request.clientCredentials }
        guard parts.count == 5, parts.prefix(4) == ["track-and-trace-v1", "tracking", "simple", "references"] else {
            return nil
        }
        return .ask(parts[4].split(separator: ",").map(String.init))
    }

    func proof(_ request: WebRequest) -> CarrierProof { request.bearer }

    func refusal(_ refusal: CarrierRefusal) -> WebResponse {
        func failure(_ status: Int, _ words: String) -> WebResponse {
            .json(["errors": [["exitCode": .int(Int64(status)), "exitMessage": .string(words)]]], status: status)
        }
        switch refusal {
        case .unauthorized: return failure(401, "Unauthorized")
        case .tooManyCalls: return failure(429, "Too many requests")
        case .tooManyNumbers, .nonsense: return failure(400, "Bad request")
        case .trouble: return failure(500, "Internal error")
        }
    }

    func answer(_ numbers: [AskedNumber], now: Date) -> WebResponse {
        .json([
            "parcels": .array(
                numbers.map { asked in
                    guard let parcel = asked.parcel else {
                        return [
                            "requested": .string(asked.number), "errorCode": "404", "errorMessage": "Parcel not found",
                        ]
                    }
                    func time(_ scan: CarrierParcel.Scan) -> String {
                        let wall = WallClock(scan)
                        return wall.bare + wall.offsetText.filter { $0 != ":" }
                    }
                    return [
                        "requested": .string(parcel.number), "unitno": .string(parcel.number),
                        "status": .string(parcel.last.map { Self.status($0.state) } ?? "PREADVICE"),
                        "statusDateTime": .text(parcel.last.map(time)),
                        "events": .array(
                            parcel.newestFirst.map { scan in
                                [
                                    "code": .string("SANDBOX." + Self.status(scan.state)),
                                    "city": .string(scan.place.city), "postalCode": .string(scan.place.zip),
                                    "country": .string(scan.place.country), "description": .string(scan.words),
                                    "eventDateTime": .string(time(scan)),
                                ]
                            }),
                    ]
                })
        ])
    }

    private static func status(_ state: SandboxParcelState) -> String {
        switch state {
        case .preTransit: "PREADVICE"
        case .accepted: "NORMAL"
        case .inTransit, .customs, .delayed, .exception, .returning, .lost: "INTRANSIT"
        case .outForDelivery: "INDELIVERY"
        case .attempted: "NOTDELIVERED"
        case .readyForPickup: "DELIVEREDPS"
        case .returned, .delivered: "DELIVERED"
        case .cancelled: "CANCELED"
        }
    }
}

/// Hermes Germany: oldest first, a forecast with a slot.
struct FakeHermes: FakeCarrier {
    let name = "hermes_de"
    let tokenLifetime: Double? = 3_600
    func carries(_ company: String) -> Bool { Self.names(company, "hermes") }

    func call(_ request: WebRequest) -> CarrierCall? {
        let parts = request.parts
        guard parts == ["client", "external", "v1", "shipmentinfo"] else { return nil }
        return request.query["shipmentID"].map { .ask([$0]) } ?? .nonsense("shipmentID is missing")
    }

    /// Its login service is elsewhere; here the key itself is the token.
    func proof(_ request: WebRequest) -> CarrierProof {
        guard case .token(let token) = request.bearer else { return .none }
        return .login(id: token, secret: nil)
    }

    func refusal(_ refusal: CarrierRefusal) -> WebResponse {
        func failure(_ status: Int, _ code: String, _ words: String) -> WebResponse {
            .json(
                ["listOfResultCodes": [["code": .string(code), "message": .string(words)]]], status: status)
        }
        switch refusal {
        case .unauthorized: return failure(401, "e401", "Unauthorized")
        case .tooManyCalls: return failure(429, "e429", "Too many requests")
        case .tooManyNumbers, .nonsense: return failure(400, "e000", "Bad request")
        case .trouble: return failure(500, "e500", "Internal error")
        }
    }

    func answer(_ numbers: [AskedNumber], now: Date) -> WebResponse {
        guard let parcel = numbers[0].parcel else {
            return .json(["listOfResultCodes": [["code": "e001", "message": "Shipment not found"]]])
        }
        var info: [JSON.Member] = [.init("shipmentID", .string(parcel.number))]
        if let estimate = parcel.estimate {
            info.append(
                .init(
                    "deliveryForecast",
                    [
                        "fixed": false, "date": .string(WallClock(estimate, zone: parcel.destination.zone).day),
                        "timeSlot": ["from": "10:00", "to": "18:00"],
                    ]))
        }
        info.append(
            .init(
                "status",
                .array(
                    parcel.scans.map { scan in
                        [
                            "timestamp": .string(WallClock(scan).iso), "code": .string(Self.code(scan.state)),
                            "description": .string(scan.words),
                            "scanningUnit": [
                                "name": "Hermes", "city": .string(scan.place.city),
                                "countryCode": .string(scan.place.country),
                            ],
                        ]
                    })))
        return .json(["shipmentinfo": [.object(info)]])
    }

    private static func code(_ state: SandboxParcelState) -> String {
        switch state {
        case .preTransit: "0000"
        case .accepted: "1000"
        case .inTransit, .customs: "2000"
        case .delayed: "7000"
        case .outForDelivery: "3000"
        case .attempted: "4000"
        case .readyForPickup: "5000"
        case .exception, .lost, .cancelled, .returning, .returned: "6000"
        case .delivered: "3500"
        }
    }
}

/// DPD: SOAP, American dates, no zone. The operator supplies the token.
struct FakeDPD: FakeCarrier {
    let name = "dpd"
    func carries(_ company: String) -> Bool { Self.names(company, "dpd") }

    private static func text(_ name: String, in body: String) -> String? {
        guard let start = body.range(of: "<\(name)>"),
            let end = body.range(of: "</\(name)>", range: start.upperBound..<body.endIndex)
        else { return nil }
        return String(body[start.upperBound..<end.lowerBound])
    }

    func call(_ request: WebRequest) -> CarrierCall? {
        guard request.parts == ["services", "ParcelLifeCycleService", "V2_0"] else { return nil }
        return Self.text("parcelLabelNumber", in: String(decoding: request.body, as: UTF8.self)).map { .ask([$0]) }
            ?? .nonsense("parcelLabelNumber is missing")
    }

    func proof(_ request: WebRequest) -> CarrierProof {
        let body = String(decoding: request.body, as: UTF8.self)
        guard let id = Self.text("delisId", in: body) else { return .none }
        return .login(id: id, secret: Self.text("authToken", in: body) ?? "")
    }

    private func fault(_ code: String, _ words: String, _ status: Int = 500) -> WebResponse {
        .xml(
            "<soap:Envelope xmlns:soap=\"http://schemas.xmlsoap.org/soap/envelope/\"><soap:Body><soap:Fault><faultcode>soap:Server</faultcode><faultstring>Fault occured</faultstring><detail><authenticationFault><errorCode>\(code)</errorCode><errorMessage>\(words.inXML)</errorMessage></authenticationFault></detail></soap:Fault></soap:Body></soap:Envelope>",
            status: status)
    }

    func refusal(_ refusal: CarrierRefusal) -> WebResponse {
        switch refusal {
        case .unauthorized: fault("LOGIN_7", "The authentication token is invalid.")
        case .tooManyCalls: fault("429", "Too many requests", 429)
        case .tooManyNumbers, .nonsense: fault("PLC_1", "The request is invalid.")
        case .trouble: fault("PLC_9", "The service is not available.")
        }
    }

    func answer(_ numbers: [AskedNumber], now: Date) -> WebResponse {
        guard let parcel = numbers[0].parcel else { return fault("PLC_2", "Parcel not found", 200) }
        let infos = parcel.scans.enumerated().map { index, scan in
            let isLast = index == parcel.scans.count - 1
            return
                "<statusInfo><status>\(Self.code(scan.state))</status><label><content>\(scan.words.inXML)</content></label><description><content><content>\(scan.words.inXML)</content></content></description><statusHasBeenReached>true</statusHasBeenReached><isCurrentStatus>\(isLast)</isCurrentStatus><location><content>\(scan.place.city.inXML) (\(scan.place.country))</content></location><date><content>\(Self.date(scan))</content></date></statusInfo>"
        }
        return .xml(
            "<soap:Envelope xmlns:soap=\"http://schemas.xmlsoap.org/soap/envelope/\"><soap:Body><getTrackingDataResponse xmlns=\"http://dpd.com/common/service/types/ParcelLifeCycleService/2.0\"><trackingresult><shipmentInfo><status>SHIPMENT</status></shipmentInfo>\(infos.joined())</trackingresult></getTrackingDataResponse></soap:Body></soap:Envelope>"
        )
    }

    /// `08/19/2021 5:11:26 PM`.
    private static func date(_ scan: CarrierParcel.Scan) -> String {
        let wall = WallClock(scan)
        let day = wall.day.split(separator: "-")
        let hour = Int(wall.clock.prefix(2)) ?? 0
        let twelve = hour % 12 == 0 ? 12 : hour % 12
        return "\(day[1])/\(day[2])/\(day[0]) \(twelve)\(wall.clock.dropFirst(2)) \(hour < 12 ? "AM" : "PM")"
    }

    private static func code(_ state: SandboxParcelState) -> String {
        switch state {
        case .preTransit: "SHIPMENT"
        case .accepted: "Depot"
        case .inTransit, .customs: "BetweenDepots"
        case .delayed: "ReturningFromDelivery"
        case .outForDelivery: "Courier"
        case .attempted, .exception, .lost, .cancelled: "DeliveryFailure"
        case .readyForPickup: "ParcelShop"
        case .returning, .returned: "ReturnToSender"
        case .delivered: "Delivered"
        }
    }
}

/// Amazon Shipping v2.
struct FakeAmazonShipping: FakeCarrier {
    let name = "amazon_shipping"
    let tokenLifetime: Double? = 3_600
    func carries(_ company: String) -> Bool { Self.names(company, "amazon") }

    func call(_ request: WebRequest) -> CarrierCall? {
        let parts = request.parts
        if parts == ["auth", "o2", "token"] { return request.clientCredentials }
        guard parts == ["shipping", "v2", "tracking"] else { return nil }
        return request.query["trackingId"].map { .ask([$0]) } ?? .nonsense("trackingId is missing")
    }

    func proof(_ request: WebRequest) -> CarrierProof {
        request.headers["x-amz-access-token"].map { .token($0) } ?? .none
    }

    private func failure(_ status: Int, _ code: String) -> WebResponse {
        .json(["errors": [["code": .string(code), "message": .string(code), "details": ""]]], status: status)
    }

    func refusal(_ refusal: CarrierRefusal) -> WebResponse {
        switch refusal {
        case .unauthorized: failure(403, "Unauthorized")
        case .tooManyCalls: failure(429, "QuotaExceeded")
        case .tooManyNumbers, .nonsense: failure(400, "InvalidInput")
        case .trouble: failure(500, "InternalFailure")
        }
    }

    func answer(_ numbers: [AskedNumber], now: Date) -> WebResponse {
        guard let parcel = numbers[0].parcel else { return failure(404, "NotFound") }
        return .json([
            "payload": [
                "trackingId": .string(parcel.number),
                "eventHistory": .array(
                    parcel.scans.map { scan in
                        [
                            "eventCode": .string(Self.code(scan)),
                            "location": [
                                "city": .string(scan.place.city), "countryCode": .string(scan.place.country),
                                "postalCode": .string(scan.place.zip),
                            ], "eventTime": .string(ShopTime.iso(scan.time)),
                            "shipmentType": .string(
                                scan.state == .returning || scan.state == .returned ? "RETURNS" : "FORWARD"),
                        ]
                    }), "promisedDeliveryDate": .text(parcel.estimate.map(ShopTime.iso)),
                "summary": ["status": .text(parcel.last.map(Self.code))],
            ]
        ])
    }

    private static func code(_ scan: CarrierParcel.Scan) -> String {
        switch scan.state {
        case .preTransit: "ReadyForReceive"
        case .accepted: "PickupDone"
        case .inTransit, .customs: "Departed"
        case .delayed: scan.reason == .weather ? "WeatherDelay" : "Delayed"
        case .outForDelivery: "OutForDelivery"
        case .attempted: "DeliveryAttempted"
        case .readyForPickup: "AvailableForPickup"
        case .exception: scan.reason == .damage ? "Damaged" : "Undeliverable"
        case .returning: "ReturnInitiated"
        case .returned, .delivered: "Delivered"
        case .cancelled: "Cancelled"
        case .lost: "Lost"
        }
    }
}

/// Sendle: UTC, and a town with its state.
struct FakeSendle: FakeCarrier {
    let name = "sendle"
    func carries(_ company: String) -> Bool { Self.names(company, "sendle") }

    func call(_ request: WebRequest) -> CarrierCall? {
        let parts = request.parts
        guard parts.count == 3, parts[0] == "api", parts[1] == "tracking" else { return nil }
        return .ask([parts[2]])
    }

    func proof(_ request: WebRequest) -> CarrierProof { request.basic }

    private func failure(_ status: Int, _ code: String) -> WebResponse {
        .json(["error": .string(code), "error_description": .string(code)], status: status)
    }

    func refusal(_ refusal: CarrierRefusal) -> WebResponse {
        switch refusal {
        case .unauthorized: failure(401, "unauthorized")
        case .tooManyCalls: failure(429, "too_many_requests")
        case .tooManyNumbers, .nonsense: failure(422, "unprocessable_entity")
        case .trouble: failure(500, "internal_error")
        }
    }

    func answer(_ numbers: [AskedNumber], now: Date) -> WebResponse {
        guard let parcel = numbers[0].parcel else { return failure(404, "not_found") }
        let day = parcel.estimate.map { WallClock($0, zone: parcel.destination.zone).day } ?? ""
        return .json([
            "state": .string(parcel.last.map { Self.event($0.state) } ?? "Booking"),
            "status": ["description": .text(parcel.last?.words)],
            "origin": ["country": .string(parcel.origin.country)],
            "destination": ["country": .string(parcel.destination.country)],
            "scheduling": [
                "estimated_delivery_date_minimum": .string(day), "estimated_delivery_date_maximum": .string(day),
            ],
            "tracking_events": .array(
                parcel.scans.map { scan in
                    [
                        "event_type": .string(Self.event(scan.state)), "scan_time": .string(ShopTime.iso(scan.time)),
                        "description": .string(scan.words), "location": .string(scan.place.city),
                    ]
                }),
        ])
    }

    private static func event(_ state: SandboxParcelState) -> String {
        switch state {
        case .preTransit: "Booking"
        case .accepted: "Pickup"
        case .inTransit: "In Transit"
        case .customs: "Customs"
        case .delayed: "Delayed"
        case .outForDelivery: "Out for Delivery"
        case .attempted: "Delivery Attempted"
        case .readyForPickup: "Awaiting Collection"
        case .exception: "Damaged"
        case .returning: "Return to Sender"
        case .returned: "Returned to Sender"
        case .delivered: "Delivered"
        case .cancelled: "Cancelled"
        case .lost: "Lost"
        }
    }
}

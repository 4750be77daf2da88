// Royal Mail Tracking v2, Canada Post's tracking web service, Australia Post shipping/v1, La Poste Suivi v2, as they
// answer.

internal import FoundationEssentials

/// Royal Mail: two keys and a promise to accept the terms, fifty calls a day.
struct FakeRoyalMail: FakeCarrier {
    let name = "royalmail"
    let quota: (calls: Int, seconds: Double)? = (50, 86_400)
    let codeKeys: Set<String> = ["eventCode", "eventName"]
    func carries(_ company: String) -> Bool { Self.names(company, "royal mail", "parcelforce") }

    func call(_ request: WebRequest) -> CarrierCall? {
        let parts = request.parts
        guard parts.count == 4, parts[0] == "mailpieces", parts[1] == "v2", parts[3] == "events" else { return nil }
        guard request.headers["x-accept-rmg-terms"] == "yes" else { return .nonsense("accept the terms") }
        return .ask([parts[2]])
    }

    func proof(_ request: WebRequest) -> CarrierProof {
        guard let id = request.headers["x-ibm-client-id"] else { return .none }
        return .login(id: id, secret: request.headers["x-ibm-client-secret"] ?? "")
    }

    private func failure(_ status: Int, _ code: String, _ words: String) -> WebResponse {
        .json(
            [
                "httpCode": .string(String(status)), "httpMessage": .string(words),
                "errors": [
                    [
                        "errorCode": .string(code), "errorDescription": .string(words), "errorCause": "",
                        "errorResolution": "",
                    ]
                ],
            ], status: status)
    }

    func refusal(_ refusal: CarrierRefusal) -> WebResponse {
        switch refusal {
        case .unauthorized:
            .json(
                ["httpCode": "401", "httpMessage": "Unauthorized", "moreInformation": "Client id not registered."],
                status: 401)
        case .tooManyCalls: failure(429, "E0010", "Too many requests")
        case .tooManyNumbers, .nonsense: failure(400, "E0004", "Failed header validation for X-Accept-RMG-Terms")
        case .trouble: failure(503, "E1307", "The tracking system is not available")
        }
    }

    func answer(_ numbers: [AskedNumber], now: Date) -> WebResponse {
        guard let parcel = numbers[0].parcel else { return failure(404, "E1284", "No tracking update yet") }
        let last = parcel.last.map(Self.codes) ?? ("EVAIP", "Sender preparing item", "PRE-ADVICE")
        var piece: [JSON.Member] = [
            .init("mailPieceId", .string(parcel.number)), .init("carrierShortName", "RM"),
            .init(
                "summary",
                [
                    "uniqueItemId": .string(parcel.number), "oneDBarcode": .string(parcel.number),
                    "lastEventCode": .string(last.0), "lastEventName": .string(last.1),
                    "lastEventDateTime": .text(parcel.last.map { WallClock($0).iso }),
                    "lastEventLocationName": .text(parcel.last?.place.city), "statusDescription": .string(last.1),
                    "statusCategory": .string(last.2),
                ]),
        ]
        if parcel.delivered == nil, let estimate = parcel.estimate {
            let wall = WallClock(estimate, zone: parcel.destination.zone)
            piece.append(
                .init(
                    "estimatedDelivery",
                    [
                        "date": .string(wall.day), "startOfEstimatedWindow": .string("08:00:00" + wall.offsetText),
                        "endOfEstimatedWindow": .string("18:00:00" + wall.offsetText),
                    ]))
        }
        piece.append(
            .init(
                "events",
                .array(
                    parcel.newestFirst.map { scan in
                        let (code, words, _) = Self.codes(scan)
                        return [
                            "eventCode": .string(code), "eventName": .string(words),
                            "eventDateTime": .string(WallClock(scan).iso), "locationName": .string(scan.place.city),
                        ]
                    })))
        return .json(["mailPieces": .object(piece)])
    }

    private static func codes(_ scan: CarrierParcel.Scan) -> (String, String, String) {
        switch scan.state {
        case .preTransit: ("EVAIP", "Sender preparing/despatching item", "PRE-ADVICE")
        case .accepted, .inTransit, .customs: ("EVGAC", "Accepted at Post Office", "IN TRANSIT")
        case .delayed: ("EVNMI", "Forwarded - Mis-sort", "IN TRANSIT")
        case .outForDelivery: ("EVGPD", "Due for delivery today", "OUT FOR DELIVERY")
        case .attempted: ("EVKNA", "Attempted delivery - no answer", "ATTEMPTED DELIVERY")
        case .readyForPickup: ("EVKLC", "Ready for collection", "AVAILABLE FOR COLLECTION")
        case .exception, .lost, .cancelled: ("EVKRF", "Refused", "IN TRANSIT")
        case .returning: ("EVKGA", "Gone away, returning", "RETURN TO SENDER")
        case .returned: ("EVRTS", "Returned to sender", "RETURN TO SENDER")
        case .delivered: ("EVKSP", "Delivered", "DELIVERED")
        }
    }
}

/// Canada Post: XML, a zone's abbreviation for an offset, the first promise beside the moved one.
struct FakeCanadaPost: FakeCarrier {
    let name = "canadapost"
    func carries(_ company: String) -> Bool { Self.names(company, "canada post", "postes canada") }

    func call(_ request: WebRequest) -> CarrierCall? {
        let parts = request.parts
        guard parts.count == 5, parts.prefix(3) == ["vis", "track", "pin"] else { return nil }
        return parts[4] == "detail" ? .ask([parts[3]]) : .nonsense("summary or detail")
    }

    func proof(_ request: WebRequest) -> CarrierProof { request.basic }

    private func failure(_ status: Int, _ code: String, _ words: String) -> WebResponse {
        .xml(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><messages xmlns=\"http://www.canadapost.ca/ws/messages\"><message><code>\(code)</code><description>\(words.inXML)</description></message></messages>",
            status: status)
    }

    func refusal(_ refusal: CarrierRefusal) -> WebResponse {
        switch refusal {
        case .unauthorized: failure(401, "E002", "AAA Authentication Failure")
        case .tooManyCalls: failure(429, "Server", "Rejected by SLM Monitor")
        case .tooManyNumbers, .nonsense: failure(400, "001", "Invalid PIN")
        case .trouble: failure(500, "Server", "Internal error")
        }
    }

    func answer(_ numbers: [AskedNumber], now: Date) -> WebResponse {
        guard let parcel = numbers[0].parcel else { return failure(404, "004", "No Pin History") }
        func day(_ date: Date?) -> String { date.map { WallClock($0, zone: parcel.destination.zone).day } ?? "" }
        let isMoved = day(parcel.estimate) != day(parcel.promised)
        let events = parcel.newestFirst.map { scan in
            let wall = WallClock(scan)
            return
                "<occurrence><event-identifier>\(Self.code(scan))</event-identifier><event-date>\(wall.day)</event-date><event-time>\(wall.clock)</event-time><event-time-zone>\(wall.abbreviation.inXML)</event-time-zone><event-description>\(scan.words.inXML)</event-description><signatory-name/><event-site>\(scan.place.city.inXML)</event-site><event-province>\((scan.place.state ?? "").inXML)</event-province></occurrence>"
        }
        return .xml(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><tracking-detail xmlns=\"http://www.canadapost.ca/ws/track\"><pin>\(parcel.number.inXML)</pin><active-exists>1</active-exists><changed-expected-date>\(isMoved ? day(parcel.estimate) : "")</changed-expected-date><expected-delivery-date>\(day(parcel.promised))</expected-delivery-date><changed-expected-delivery-reason/><service-name>Xpresspost</service-name><significant-events>\(events.joined())</significant-events></tracking-detail>"
        )
    }

    private static func code(_ scan: CarrierParcel.Scan) -> String {
        switch scan.state {
        case .preTransit: "3000"
        case .accepted: "2300"
        case .inTransit: "0100"
        case .customs: "0117"
        case .delayed: "0159"
        case .outForDelivery: "0174"
        case .attempted: "1479"
        case .readyForPickup: "1701"
        case .exception, .lost, .cancelled: "0150"
        case .returning, .returned: "0154"
        case .delivered: "1496"
        }
    }
}

/// Australia Post: ten numbers a call, words instead of codes, the offset of the east coast.
struct FakeAustraliaPost: FakeCarrier {
    let name = "australiapost"
    let batch = 10
    let quota: (calls: Int, seconds: Double)? = (10, 60)
    func carries(_ company: String) -> Bool { Self.names(company, "australia post", "startrack") }

    func call(_ request: WebRequest) -> CarrierCall? {
        guard request.parts == ["shipping", "v1", "track"] else { return nil }
        guard let ids = request.query["tracking_ids"], request.headers["account-number"] != nil else {
            return .nonsense("tracking_ids is missing")
        }
        return .ask(ids.split(separator: ",").map(String.init))
    }

    func proof(_ request: WebRequest) -> CarrierProof { request.basic }

    private func failure(_ status: Int, _ code: String, _ name: String, _ words: String) -> WebResponse {
        .json(
            ["errors": [["code": .string(code), "name": .string(name), "message": .string(words)]]], status: status)
    }

    func refusal(_ refusal: CarrierRefusal) -> WebResponse {
        switch refusal {
        case .unauthorized: failure(401, "API_001", "UNAUTHORISED", "Unable to authenticate.")
        case .tooManyCalls: failure(429, "API_006", "TOO_MANY_REQUESTS", "Rate limit exceeded.")
        case .tooManyNumbers:
            failure(
                400, "51101", "TOO_MANY_AP_TRACKING_IDS",
                "The request must contain 10 or less AP article ids, consignment ids, or barcode ids.")
        case .nonsense: failure(400, "51100", "INVALID_REQUEST", "The request must contain tracking ids.")
        case .trouble: failure(500, "API_500", "INTERNAL_ERROR", "An internal error occurred.")
        }
    }

    func answer(_ numbers: [AskedNumber], now: Date) -> WebResponse {
        .json(["tracking_results": .array(numbers.map(result))])
    }

    private func result(_ asked: AskedNumber) -> JSON {
        guard let parcel = asked.parcel else {
            return [
                "tracking_id": .string(asked.number),
                "errors": [["code": "ESB-10001", "name": "Invalid tracking ID", "message": "Product not trackable"]],
            ]
        }
        return [
            "tracking_id": .string(parcel.number),
            "status": .string(parcel.last.map { Self.status($0.state) } ?? "Created"),
            "trackable_items": [
                [
                    "article_id": .string(parcel.number), "product_type": "Parcel Post",
                    "expected_delivery_date": .text(
                        parcel.estimate.map { WallClock($0, zone: parcel.destination.zone).day }),
                    "status": .string(parcel.last.map { Self.status($0.state) } ?? "Created"),
                    "events": .array(
                        parcel.newestFirst.map { scan in
                            [
                                "location": .string(scan.place.city.uppercased()),
                                "description": .string(Self.words(scan.state)),
                                "date": .string(WallClock(scan.time, zone: "Australia/Sydney").iso),
                            ]
                        }),
                ]
            ],
        ]
    }

    private static func status(_ state: SandboxParcelState) -> String {
        switch state {
        case .preTransit: "Created"
        case .accepted, .inTransit, .customs: "In transit"
        case .delayed: "Possible delay"
        case .outForDelivery: "On Board for Delivery"
        case .attempted: "Unsuccessful Delivery"
        case .readyForPickup: "Awaiting collection"
        case .exception, .lost: "Cannot be delivered"
        case .returning, .returned: "Return to sender"
        case .delivered: "Delivered"
        case .cancelled: "Cancelled"
        }
    }

    private static func words(_ state: SandboxParcelState) -> String {
        switch state {
        case .preTransit: "Shipping information received by Australia Post"
        case .accepted: "Received by Australia Post"
        case .inTransit: "In transit to next facility"
        case .customs: "Held by customs"
        case .delayed: "Possible delay"
        case .outForDelivery: "Onboard for delivery"
        case .attempted: "Attempted delivery"
        case .readyForPickup: "Awaiting collection"
        case .exception, .lost: "Cannot be delivered"
        case .returning, .returned: "Return to sender"
        case .delivered: "Delivered"
        case .cancelled: "Cancelled"
        }
    }
}

/// La Poste: ten numbers a call, a return code in each element, French words.
struct FakeLaPoste: FakeCarrier {
    let name = "laposte"
    let batch = 10
    func carries(_ company: String) -> Bool { Self.names(company, "la poste", "colissimo", "chronopost") }

    func call(_ request: WebRequest) -> CarrierCall? {
        let parts = request.parts
        guard parts.count == 4, parts.prefix(3) == ["suivi", "v2", "idships"] else { return nil }
        return .ask(parts[3].split(separator: ",").map(String.init))
    }

    func proof(_ request: WebRequest) -> CarrierProof { request.key("x-okapi-key") }

    func refusal(_ refusal: CarrierRefusal) -> WebResponse {
        switch refusal {
        case .unauthorized: .json(["code": "UNAUTHORIZED", "message": "Unauthorized"], status: 401)
        case .tooManyCalls: .json(["code": "TOO_MANY_REQUESTS", "message": "Too many requests"], status: 429)
        case .tooManyNumbers, .nonsense:
            .json(["returnCode": 400, "returnMessage": "Numéro invalide", "lang": "fr_FR"], status: 400)
        case .trouble: .json(["returnCode": 500, "returnMessage": "Erreur système", "lang": "fr_FR"], status: 500)
        }
    }

    func answer(_ numbers: [AskedNumber], now: Date) -> WebResponse {
        .json(
            .array(
                numbers.map { asked in
                    guard let parcel = asked.parcel else {
                        return [
                            "lang": "fr_FR", "scope": "open", "returnCode": 404,
                            "returnMessage": "Ressource non trouvée", "idShip": .string(asked.number),
                        ]
                    }
                    return [
                        "lang": "fr_FR", "scope": "open", "returnCode": 200,
                        "shipment": [
                            "idShip": .string(parcel.number), "product": "colissimo",
                            "isFinal": .bool(parcel.delivered != nil),
                            "estimDate": .text(
                                parcel.estimate.map { WallClock($0, zone: parcel.destination.zone).iso }),
                            "event": .array(
                                parcel.newestFirst.enumerated().map { index, scan in
                                    [
                                        "order": .int(Int64(parcel.scans.count - index)),
                                        "code": .string(Self.code(scan.state)),
                                        "label": .string(scan.words), "date": .string(WallClock(scan).iso),
                                    ]
                                }),
                        ],
                    ]
                }))
    }

    private static func code(_ state: SandboxParcelState) -> String {
        switch state {
        case .preTransit: "DR1"
        case .accepted: "PC1"
        case .inTransit: "ET1"
        case .customs: "DO1"
        case .delayed, .exception, .lost, .cancelled: "PB1"
        case .outForDelivery: "MD2"
        case .attempted: "ND1"
        case .readyForPickup: "AG1"
        case .returning: "RE1"
        case .returned: "DI2"
        case .delivered: "DI1"
        }
    }
}

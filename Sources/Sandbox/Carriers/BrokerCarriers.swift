// EasyPost, Shippo, AfterShip, 17TRACK and ShipEngine, with their real answers: they know every company's parcels, two
// of them only registered ones.

internal import FoundationEssentials

/// EasyPost: a request creates a tracker, and the same number returns the same tracker.
struct FakeEasyPost: FakeCarrier {
    let name = "easypost"
    let quota: (calls: Int, seconds: Double)? = (5, 1)
    func carries(_ company: String) -> Bool { true }

    func call(_ request: WebRequest) -> CarrierCall? {
        guard request.parts == ["v2", "trackers"] else { return nil }
        return (request.json?["tracker"]?["tracking_code"]?.string).map { .ask([$0]) }
            ?? .nonsense("tracking_code is missing")
    }

    /// The key is the name; there is no password.
    func proof(_ request: WebRequest) -> CarrierProof {
        guard case .login(let id, _) = request.basic else { return .none }
        return .login(id: id, secret: nil)
    }

    private func failure(_ status: Int, _ code: String, _ words: String) -> WebResponse {
        .json(
            ["error": ["code": .string(code), "message": .string(words), "errors": []]], status: status)
    }

    func refusal(_ refusal: CarrierRefusal) -> WebResponse {
        switch refusal {
        case .unauthorized: failure(401, "APIKEY.INACTIVE", "This API key is no longer active.")
        case .tooManyCalls: failure(429, "RATE_LIMITED", "You have been rate-limited.")
        case .tooManyNumbers, .nonsense: failure(422, "PARAMETER.REQUIRED", "tracking_code is required.")
        case .trouble: failure(500, "INTERNAL_SERVER_ERROR", "We're sorry, something went wrong.")
        }
    }

    func answer(_ numbers: [AskedNumber], now: Date) -> WebResponse {
        let asked = numbers[0]
        let parcel = asked.parcel
        let last = parcel?.last.map(Self.status) ?? ("unknown", "unknown")
        return .json(
            [
                "id": "trk_5a4d0b0x", "object": "Tracker", "mode": "production",
                "tracking_code": .string(parcel?.number ?? asked.number), "status": .string(last.0),
                "status_detail": .string(last.1), "created_at": .string(ShopTime.iso(now)),
                "updated_at": .string(ShopTime.iso(now)),
                "est_delivery_date": .text(
                    parcel?.estimate.map { ShopTime.iso($0).prefix(10) + "T00:00:00Z" }),
                "carrier": .string(parcel?.company ?? "USPS"), "is_return": .bool(parcel?.isReturning ?? false),
                "tracking_details": .array(
                    (parcel?.scans ?? []).map { scan in
                        let (status, detail) = Self.status(scan)
                        return [
                            "object": "TrackingDetail", "message": .string(scan.words),
                            "description": .string(scan.words), "status": .string(status),
                            "status_detail": .string(detail), "datetime": .string(ShopTime.iso(scan.time)),
                            "source": .text(parcel?.company),
                            "tracking_location": [
                                "object": "TrackingLocation", "city": .string(scan.place.city),
                                "state": .text(scan.place.state), "country": .string(scan.place.country),
                                "zip": .string(scan.place.zip),
                            ],
                        ]
                    }),
                "carrier_detail": [
                    "object": "CarrierDetail",
                    "est_delivery_date_local": .text(
                        parcel.flatMap { parcel in
                            parcel.estimate.map { WallClock($0, zone: parcel.destination.zone).day }
                        }),
                ],
            ], status: 201)
    }

    private static func status(_ scan: CarrierParcel.Scan) -> (String, String) {
        switch scan.state {
        case .preTransit: ("pre_transit", "label_created")
        case .accepted: ("in_transit", "received_at_origin_facility")
        case .inTransit: ("in_transit", "departed_facility")
        case .customs: ("in_transit", "in_transit")
        case .delayed: ("in_transit", scan.reason == .weather ? "weather_delay" : "delayed")
        case .outForDelivery: ("out_for_delivery", "out_for_delivery")
        case .attempted: ("in_transit", "delivery_exception")
        case .readyForPickup: ("available_for_pickup", "awaiting_collection")
        case .exception: ("failure", scan.reason == .address ? "address_correction" : "damaged")
        case .returning, .returned: ("return_to_sender", "return")
        case .delivered: ("delivered", "arrived_at_destination")
        case .cancelled: ("cancelled", "cancelled")
        case .lost: ("failure", "lost")
        }
    }
}

/// Shippo: the carrier is in the path; an unknown number is a 200 without a status.
struct FakeShippo: FakeCarrier {
    let name = "shippo"
    let quota: (calls: Int, seconds: Double)? = (500, 60)
    func carries(_ company: String) -> Bool { true }

    func call(_ request: WebRequest) -> CarrierCall? {
        let parts = request.parts
        guard parts.count == 3, parts[0] == "tracks" else { return nil }
        return .ask([parts[2]])
    }

    func proof(_ request: WebRequest) -> CarrierProof {
        guard let value = request.headers["authorization"], value.hasPrefix("ShippoToken ") else { return .none }
        return .login(id: String(value.dropFirst(12)), secret: nil)
    }

    func refusal(_ refusal: CarrierRefusal) -> WebResponse {
        switch refusal {
        case .unauthorized: .json(["detail": "Token does not exist"], status: 401)
        case .tooManyCalls: .json(["detail": "Request was throttled."], status: 429)
        case .tooManyNumbers, .nonsense:
            .json(["carrier": ["Invalid value specified for provider 'X'"]], status: 400)
        case .trouble: .json(["detail": "Internal server error"], status: 500)
        }
    }

    func answer(_ numbers: [AskedNumber], now: Date) -> WebResponse {
        let asked = numbers[0]
        guard let parcel = asked.parcel else {
            return .json([
                "messages": [], "carrier": "usps", "tracking_number": .string(asked.number), "address_from": nil,
                "address_to": nil, "eta": nil, "original_eta": nil, "tracking_status": nil, "tracking_history": [],
                "test": false,
            ])
        }
        return .json([
            "messages": [], "carrier": "usps", "tracking_number": .string(parcel.number),
            "eta": .text(parcel.estimate.map(ShopTime.iso)), "original_eta": .text(parcel.promised.map(ShopTime.iso)),
            "tracking_status": parcel.last.map(Self.status) ?? .null,
            "tracking_history": .array(parcel.scans.map(Self.status)), "test": false,
        ])
    }

    private static func status(_ scan: CarrierParcel.Scan) -> JSON {
        let (status, sub) = codes(scan)
        return [
            "object_id": .string("\(status)-\(ShopTime.iso(scan.time))"), "status": .string(status),
            "status_details": .string(scan.words), "status_date": .string(ShopTime.iso(scan.time)),
            "substatus": ["code": .string(sub), "text": .string(scan.words), "action_required": false],
            "location": [
                "city": .string(scan.place.city), "state": .string(scan.place.state ?? ""),
                "zip": .string(scan.place.zip), "country": .string(scan.place.country),
            ],
        ]
    }

    private static func codes(_ scan: CarrierParcel.Scan) -> (String, String) {
        switch scan.state {
        case .preTransit: ("PRE_TRANSIT", "information_received")
        case .accepted: ("TRANSIT", "package_accepted")
        case .inTransit: ("TRANSIT", "package_departed")
        case .customs: ("TRANSIT", "package_processing")
        case .delayed: ("TRANSIT", "delayed")
        case .outForDelivery: ("TRANSIT", "out_for_delivery")
        case .attempted: ("TRANSIT", "delivery_attempted")
        case .readyForPickup: ("TRANSIT", "pickup_available")
        case .exception: ("TRANSIT", scan.reason == .address ? "address_issue" : "package_damaged")
        case .returning, .returned: ("RETURNED", "return_to_sender")
        case .delivered: ("DELIVERED", "delivered")
        case .cancelled: ("FAILURE", "package_disposed")
        case .lost: ("FAILURE", "package_lost")
        }
    }
}

/// AfterShip: register first, then read as a list; a registered number without data is Pending.
struct FakeAfterShip: FakeCarrier {
    let name = "aftership"
    let batch = 40
    let registersFirst = true
    let quota: (calls: Int, seconds: Double)? = (5, 1)
    func carries(_ company: String) -> Bool { true }

    func call(_ request: WebRequest) -> CarrierCall? {
        let parts = request.parts
        guard parts.count == 3, parts[0] == "tracking", parts[2] == "trackings" else { return nil }
        if request.method == "POST" {
            return (request.json?["tracking_number"]?.string).map { .register([$0]) }
                ?? .nonsense("tracking_number is missing")
        }
        return (request.query["tracking_numbers"]).map { .ask($0.split(separator: ",").map(String.init)) }
            ?? .nonsense("tracking_numbers is missing")
    }

    func proof(_ request: WebRequest) -> CarrierProof { request.key("as-api-key") }

    private func failure(_ status: Int, _ code: Int64, _ type: String, _ words: String, _ data: JSON = [:])
        -> WebResponse
    {
        .json(
            ["meta": ["code": .int(code), "message": .string(words), "type": .string(type)], "data": data],
            status: status)
    }

    func refusal(_ refusal: CarrierRefusal) -> WebResponse {
        switch refusal {
        case .unauthorized: failure(401, 401, "Unauthorized", "Invalid API key.")
        case .tooManyCalls:
            failure(429, 429, "TooManyRequests", "You have exceeded the API call rate limit. Default limit is 10.")
        case .tooManyNumbers, .nonsense: failure(400, 4008, "BadRequest", "The value of tracking_numbers is invalid.")
        case .trouble: failure(500, 500, "InternalError", "Something went wrong on AfterShip's end.")
        }
    }

    func registered(_ numbers: [String], known: Set<String>, now: Date) -> WebResponse {
        let number = numbers.first ?? ""
        if known.contains(ShopState.plain(number)) {
            return failure(
                400, 4003, "BadRequest", "Tracking already exists.",
                ["id": "5b76", "tracking_number": .string(number), "slug": "usps"])
        }
        return .json(
            [
                "meta": ["code": 201],
                "data": [
                    "id": "5b76", "tracking_number": .string(number), "tag": "Pending", "subtag": "Pending_001",
                    "checkpoints": [],
                ],
            ], status: 201)
    }

    func answer(_ numbers: [AskedNumber], now: Date) -> WebResponse {
        let trackings = numbers.filter(\.isRegistered).map { asked -> JSON in
            let parcel = asked.parcel
            let subtag = parcel?.last.map(Self.subtag) ?? "Pending_001"
            func local(_ date: Date?) -> String? {
                guard let date, let parcel else { return nil }
                return WallClock(date, zone: parcel.destination.zone).iso
            }
            let now = local(parcel?.estimate)
            let first = local(parcel?.promised)
            func estimate(_ text: String?) -> JSON {
                guard let text else { return .null }
                return ["type": "specific", "datetime": .string(text), "datetime_min": nil, "datetime_max": nil]
            }
            return [
                "id": "5b76", "tracking_number": .string(parcel?.number ?? asked.number), "slug": "usps",
                "tag": .string(Self.tag(subtag)), "subtag": .string(subtag),
                "subtag_message": .text(parcel?.last?.words),
                "return_to_sender": .bool(parcel?.isReturning ?? false), "latest_estimated_delivery": estimate(now),
                "first_estimated_delivery": estimate(first),
                "shipment_delivery_date": .text(parcel?.delivered.map { WallClock($0).bare }),
                "checkpoints": .array(
                    (parcel?.scans ?? []).map { scan in
                        let subtag = Self.subtag(scan)
                        return [
                            "slug": "usps", "city": .string(scan.place.city), "state": .text(scan.place.state),
                            "zip": .string(scan.place.zip), "country_region": .string(scan.place.country),
                            "message": .string(scan.words), "tag": .string(Self.tag(subtag)),
                            "subtag": .string(subtag), "checkpoint_time": .string(WallClock(scan).iso),
                        ]
                    }),
            ]
        }
        return .json([
            "meta": ["code": 200],
            "data": ["pagination": ["total": .int(Int64(trackings.count))], "trackings": .array(trackings)],
        ])
    }

    private static func tag(_ subtag: String) -> String { String(subtag.prefix { $0 != "_" }) }

    private static func subtag(_ scan: CarrierParcel.Scan) -> String {
        switch scan.state {
        case .preTransit: "InfoReceived_001"
        case .accepted: "InTransit_002"
        case .inTransit: "InTransit_007"
        case .customs: "InTransit_006"
        case .delayed:
            scan.reason == .weather ? "Exception_017" : scan.reason == .customs ? "Exception_004" : "Exception_016"
        case .outForDelivery: "OutForDelivery_001"
        case .attempted: "AttemptFail_002"
        case .readyForPickup: "AvailableForPickup_001"
        case .exception: scan.reason == .address ? "Exception_007" : "Exception_012"
        case .returning: "Exception_010"
        case .returned: "Exception_011"
        case .delivered: "Delivered_001"
        case .cancelled: "Exception_020"
        case .lost: "Exception_013"
        }
    }
}

/// 17TRACK: register first, forty numbers per call, accepted and rejected in one body.
struct FakeSeventeenTrack: FakeCarrier {
    let name = "17track"
    let batch = 40
    let registersFirst = true
    let quota: (calls: Int, seconds: Double)? = (3, 1)
    func carries(_ company: String) -> Bool { true }

    func call(_ request: WebRequest) -> CarrierCall? {
        let parts = request.parts
        guard parts.count == 3, parts[0] == "track", parts[1] == "v2.2" else { return nil }
        guard request.method == "POST", let list = request.json?.array else { return .nonsense("a list is missing") }
        let numbers = list.compactMap { $0["number"]?.string }
        switch parts[2] {
        case "register": return .register(numbers)
        case "gettrackinfo": return .ask(numbers)
        default: return nil
        }
    }

    func proof(_ request: WebRequest) -> CarrierProof { request.key("17token") }

    private func failure(_ status: Int, _ code: Int64, _ words: String) -> WebResponse {
        .json(
            [
                "code": .int(code), "data": ["errors": [["code": .int(code), "message": .string(words)]]],
            ], status: status)
    }

    func refusal(_ refusal: CarrierRefusal) -> WebResponse {
        switch refusal {
        case .unauthorized: failure(401, -18_010_002, "Access token is invalid.")
        case .tooManyCalls: failure(429, 429, "Too many requests.")
        case .tooManyNumbers: failure(200, -18_010_014, "The number of tracking numbers submitted exceeds 40.")
        case .nonsense: failure(200, -18_010_013, "Submitted data is invalid.")
        case .trouble: failure(500, -18_010_003, "Internal service error, please retry later.")
        }
    }

    private func rejected(_ number: String, _ code: Int64, _ words: String) -> JSON {
        ["number": .string(number), "error": ["code": .int(code), "message": .string(words)]]
    }

    func registered(_ numbers: [String], known: Set<String>, now: Date) -> WebResponse {
        let isKnown = { (number: String) in known.contains(ShopState.plain(number)) }
        return .json([
            "code": 0,
            "data": [
                "accepted": .array(
                    numbers.filter { !isKnown($0) }.map { ["origin": 1, "number": .string($0), "carrier": 21_051] }),
                "rejected": .array(
                    numbers.filter(isKnown).map {
                        rejected(
                            $0, -18_019_901, "The tracking number '\($0)' has been registered, don't need to repeat.")
                    }),
            ],
        ])
    }

    func answer(_ numbers: [AskedNumber], now: Date) -> WebResponse {
        var accepted: [JSON] = []
        var refused: [JSON] = []
        for asked in numbers {
            if !asked.isRegistered {
                refused.append(
                    rejected(
                        asked.number, -18_019_902,
                        "The tracking number '\(asked.number)' does not register, please register first."))
            } else if let parcel = asked.parcel {
                accepted.append(track(parcel))
            } else {
                refused.append(rejected(asked.number, -18_019_909, "No tracking information at this time."))
            }
        }
        return .json(["code": 0, "data": ["accepted": .array(accepted), "rejected": .array(refused)]])
    }

    private func track(_ parcel: CarrierParcel) -> JSON {
        func event(_ scan: CarrierParcel.Scan) -> JSON {
            [
                "time_iso": .string(WallClock(scan).iso), "time_utc": .string(ShopTime.iso(scan.time)),
                "description": .string(scan.words), "location": .string(scan.place.city),
                "stage": .string(Self.stage(scan)), "sub_status": .string(Self.sub(scan)),
                "address": [
                    "country": .string(scan.place.country), "state": .text(scan.place.state),
                    "city": .string(scan.place.city), "postal_code": .string(scan.place.zip),
                ],
            ]
        }
        let sub = parcel.last.map(Self.sub) ?? "InfoReceived"
        let estimate = parcel.estimate.map { WallClock($0, zone: parcel.destination.zone).iso }
        return [
            "number": .string(parcel.number), "carrier": 21_051,
            "track_info": [
                "latest_status": [
                    "status": .string(String(sub.prefix { $0 != "_" })), "sub_status": .string(sub),
                    "sub_status_descr": nil,
                ],
                "time_metrics": [
                    "estimated_delivery_date": ["source": "Official", "from": .text(estimate), "to": .text(estimate)]
                ],
                "tracking": [
                    "providers_hash": 1,
                    "providers": [
                        ["provider": ["key": 21_051, "name": "USPS"], "events": .array(parcel.newestFirst.map(event))]
                    ],
                ],
            ],
        ]
    }

    private static func sub(_ scan: CarrierParcel.Scan) -> String {
        switch scan.state {
        case .preTransit: "InfoReceived"
        case .accepted: "InTransit_PickedUp"
        case .inTransit: "InTransit_Departure"
        case .customs: "InTransit_CustomsProcessing"
        case .delayed: "Exception_Delayed"
        case .outForDelivery: "OutForDelivery_Other"
        case .attempted: "DeliveryFailure_NoBody"
        case .readyForPickup: "AvailableForPickup_Other"
        case .exception: scan.reason == .damage ? "Exception_Damage" : "Exception_Other"
        case .returning: "Exception_Returning"
        case .returned: "Exception_Returned"
        case .delivered: "Delivered_Other"
        case .cancelled: "Exception_Cancel"
        case .lost: "Exception_Lost"
        }
    }

    private static func stage(_ scan: CarrierParcel.Scan) -> String {
        switch scan.state {
        case .accepted: "PickedUp"
        case .inTransit: "Departure"
        case .returning: "Returning"
        case .returned: "Returned"
        default: String(sub(scan).prefix { $0 != "_" })
        }
    }
}

/// ShipEngine, where DE means delivered.
struct FakeShipEngine: FakeCarrier {
    let name = "shipengine"
    func carries(_ company: String) -> Bool { true }

    func call(_ request: WebRequest) -> CarrierCall? {
        guard request.parts == ["v1", "tracking"] else { return nil }
        return request.query["tracking_number"].map { .ask([$0]) } ?? .nonsense("tracking_number is missing")
    }

    func proof(_ request: WebRequest) -> CarrierProof { request.key("api-key") }

    private func failure(_ status: Int, _ code: String) -> WebResponse {
        .json(
            [
                "request_id": "b8b1a2f4",
                "errors": [["error_source": "shipengine", "error_type": "system", "error_code": .string(code)]],
            ], status: status)
    }

    func refusal(_ refusal: CarrierRefusal) -> WebResponse {
        switch refusal {
        case .unauthorized: failure(401, "unauthorized")
        case .tooManyCalls: failure(429, "rate_limit_exceeded")
        case .tooManyNumbers, .nonsense: failure(400, "invalid_field_value")
        case .trouble: failure(500, "unspecified")
        }
    }

    func answer(_ numbers: [AskedNumber], now: Date) -> WebResponse {
        let asked = numbers[0]
        let parcel = asked.parcel
        return .json([
            "tracking_number": .string(parcel?.number ?? asked.number),
            "status_code": .string(parcel?.last.map { Self.code($0.state) } ?? "UN"),
            "status_description": .text(parcel?.last?.words),
            "estimated_delivery_date": .text(parcel?.estimate.map(ShopTime.iso)),
            "actual_delivery_date": .text(parcel?.delivered.map { ShopTime.iso($0.time) }),
            "events": .array(
                (parcel?.newestFirst ?? []).map { scan in
                    [
                        "occurred_at": .string(ShopTime.iso(scan.time)), "description": .string(scan.words),
                        "city_locality": .string(scan.place.city), "state_province": .string(scan.place.state ?? ""),
                        "country_code": .string(scan.place.country), "event_code": .string(Self.code(scan.state)),
                        "status_code": .string(Self.code(scan.state)),
                    ]
                }),
        ])
    }

    private static func code(_ state: SandboxParcelState) -> String {
        switch state {
        case .preTransit: "NY"
        case .accepted: "AC"
        case .inTransit, .customs, .delayed, .outForDelivery: "IT"
        case .attempted: "AT"
        case .readyForPickup: "SP"
        case .exception, .returning, .returned, .cancelled, .lost: "EX"
        case .delivered: "DE"
        }
    }
}

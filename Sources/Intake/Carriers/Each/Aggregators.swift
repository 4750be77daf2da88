// EasyPost, Shippo, AfterShip, 17TRACK and ShipEngine: one login, hundreds of carriers.
//
// Their status is a judgement and takes precedence over the events; the events give the times. Three of them need a
// number registered first, and report a second registration as an error, which for us is a success. Old versions and
// test modes of Shippo send local times without a zone, or as Z.

internal import Outreach
internal import Platform

/// EasyPost's trackers, answers and webhooks (docs.easypost.com/docs/trackers). Asking twice for one number returns the
/// same tracker.
public struct EasyPost: Carrier {
    public var name: String { "easypost" }
    public var habit: String { "GMT" }
    public var quota: CarrierQuota { CarrierQuota((5, .seconds(1))) }

    public init() {}

    private static let table = CodeTable(PackageResources.easypost_tsv)

    public func requests(for numbers: [String], _ access: CarrierAccess) -> [CarrierRequest] {
        numbers.map { number in
            CarrierRequest(
                request: HTTPRequest(
                    .post, (access.server ?? "https://api.easypost.com") + "/v2/trackers",
                    headers: [access.basic, HTTPField("Content-Type", "application/json")],
                    body: Array("{\"tracker\":{\"tracking_code\":\(number.quotedForJSON)}}".utf8)),
                numbers: [number])
        }
    }

    public func read(_ body: AnswerBody) -> [Told] {
        let tree = body.tree
        if let code = tree["error"]["code"].text {
            let kind: CallAnswer.Kind
            switch code {
            case "TRACKER.CREATE.ERROR", "TRACKER.INVALID_TRACKING_CODE", "TRACKER.TRACKING_CODE.INVALID":
                kind = .invalidNumber
            case "TRACKER.NOT_FOUND", "NOT_FOUND": kind = .notFound
            case _ where code.hasPrefix("APIKEY."), "UNAUTHORIZED", "FORBIDDEN", "AUTHENTICATION.ERROR",
                "PAYMENT_REQUIRED", "MODE.UNAUTHORIZED":
                kind = .authError
            case "RATE_LIMITED", "RATE_LIMIT.ERROR", "TOO_MANY_REQUESTS": kind = .rateLimited
            // Errors of one tracker: its carrier is unknown, or its number is not that carrier's.
            case _ where code.hasPrefix("TRACKER."): kind = .invalidNumber
            case _ where code.hasPrefix("PARAMETER."), "BAD_REQUEST", "INVALID_PARAMETER", "MALFORMED_REQUEST",
                "METHOD_NOT_ALLOWED":
                kind = .configError
            default: kind = CarrierReading.kind(ofStatus: body.status) ?? .temporaryError
            }
            return [.call(number: nil, kind, "error \(code)")]
        }
        let trackers =
            tree["object"].text == "Event"
            ? tree["result"].elements : tree["trackers"] != .null ? tree["trackers"].elements : [tree]
        return trackers.filter { $0["tracking_code"] != .null }.map { .told(parcel($0)) }
    }

    private func parcel(_ tracker: AnswerTree) -> ToldParcel {
        var parcel = ToldParcel()
        parcel.number = tracker["tracking_code"].text
        parcel.topIsJudgement = true
        if tracker["mode"].text == "test" { parcel.flags.insert(.testData) }
        let detail = tracker["carrier_detail"]
        parcel.events = tracker["tracking_details"].elements.map { event in
            let place = event["tracking_location"]
            return ToldEvent(
                code: [event["status"].text, event["status_detail"].text, event["carrier_code"].text].compactMap { $0 }
                    .joined(separator: "/"),
                meaning: Self.meaning(event), time: ToldTime(event["datetime"].text),
                words: event.text("description", "message"),
                place: ToldPlace(city: place["city"].text, state: place["state"].text, country: place["country"].text))
        }
        parcel.top = ToldEvent(code: tracker["status"].text, meaning: Self.meaning(tracker))
        parcel.returnLeg = tracker["is_return"].flag ?? false
        // The local date is the day at the door; the other is its midnight in UTC.
        if let day = ToldTime(detail["est_delivery_date_local"].text) {
            let clock = detail["est_delivery_time_local"].text
            parcel.estimate = ToldEstimate(
                time: ToldTime(day: "\(day.day)", clock: clock) ?? day, field: "carrier_detail.est_delivery_date_local")
        } else if let time = ToldTime(tracker["est_delivery_date"].text) {
            let isArtefact = tracker["mode"].text == "test" && tracker["est_delivery_date"] == tracker["created_at"]
            parcel.estimate = ToldEstimate(time: time, field: "est_delivery_date", isFirm: !isArtefact)
        }
        return parcel
    }

    /// The detail refines the status, and may contradict it only from "failure" on.
    private static func meaning(_ told: AnswerTree) -> Meaning? {
        guard let coarse = table.meaning(told["status"].text) else { return nil }
        guard let fine = told["status_detail"].text.flatMap({ table.meaning("detail:" + $0) }) else { return coarse }
        if fine.state == coarse.state || fine.state == nil { return fine }
        switch (coarse.state, fine.state) {
        case (.inTransit, .accepted), (.inTransit, .attempted), (.inTransit, .exception): return fine
        case (.exception, .lost), (.exception, .attempted): return fine
        default:
            return Meaning(state: coarse.state, delay: coarse.delay.or(fine.delay), fault: coarse.fault ?? fine.fault)
        }
    }
}

/// Shippo (docs.goshippo.com). GET needs no registration; a nonsense number is a 200 with tracking_status null.
public struct Shippo: Carrier {
    public var name: String { "shippo" }
    public var habit: String { "GMT" }
    public var quota: CarrierQuota { CarrierQuota((500, .seconds(60))) }

    public init() {}

    private static let table = CodeTable(PackageResources.shippo_tsv)

    /// Shippo needs the carrier in the path: `account` if the operator names one, otherwise the likeliest by the
    /// number's form.
    public func requests(for numbers: [String], _ access: CarrierAccess) -> [CarrierRequest] {
        numbers.map { number in
            let carrier = access.account ?? BrokerNames.name(of: number) ?? "usps"
            let path = "/tracks/" + carrier.escapedForURL + "/" + number.escapedForURL
            return CarrierRequest(
                request: HTTPRequest(
                    .get, (access.server ?? "https://api.goshippo.com") + path,
                    headers: [HTTPField("Authorization", "ShippoToken " + access.id.reveal())]),
                numbers: [number])
        }
    }

    public func read(_ body: AnswerBody) -> [Told] {
        let tree = body.tree["event"].text == "track_updated" ? body.tree["data"] : body.tree
        guard let number = tree["tracking_number"].text,
            tree["tracking_history"] != .null || tree["tracking_status"] != .null || tree["eta"] != .null
        else {
            if tree["carrier"].kind == .list {
                return [.call(number: nil, .configError, "the carrier is not one of Shippo's")]
            }
            if tree["tracking_number"] != .null, tree["carrier"] != .null, body.status ?? 200 < 300 {
                return [.call(number: tree["tracking_number"].text, .notFound, "no tracking yet")]
            }
            if let detail = tree["detail"].text?.lowercased() {
                if detail.contains("token") || detail.contains("credential") {
                    return [.call(number: nil, .authError, "login refused")]
                }
                if detail.contains("throttle") || detail.contains("rate") {
                    return [.call(number: nil, .rateLimited, "too many calls")]
                }
                if detail.contains("not found") { return [.call(number: nil, .notFound, "not found")] }
            }
            return []
        }
        if tree["tracking_status"] == .null, tree["tracking_history"].elements.isEmpty {
            return [.call(number: number, .notFound, "no tracking yet")]
        }
        var parcel = ToldParcel()
        parcel.number = number
        parcel.topIsJudgement = true
        if tree["test"].flag == true || tree["carrier"].text == "shippo" { parcel.flags.insert(.testData) }
        parcel.events = tree["tracking_history"].elements.map(Self.event)
        let status = tree["tracking_status"]
        if status != .null {
            let top = Self.event(status)
            parcel.top = top
            // The current status repeats the newest event; in test mode some milliseconds apart.
            if top.meaning?.state == .delivered,
                !parcel.events.contains(where: { $0.meaning?.state == .delivered }) || parcel.events.isEmpty
            {
                parcel.events.append(top)
            } else if parcel.events.isEmpty {
                parcel.events = [top]
            }
        }
        if let time = ToldTime(tree["eta"].text) {
            parcel.estimate = ToldEstimate(time: time, field: "eta")
            if let original = ToldTime(tree["original_eta"].text), original.day != time.day {
                parcel.promised = original
            }
        }
        return [.told(parcel)]
    }

    private static func event(_ event: AnswerTree) -> ToldEvent {
        let sub = event["substatus"]["code"].text ?? event["substatus"].text
        let place = event["location"]
        var meaning = table.meaning(sub.map { "sub:" + $0 }, event["status"].text)
        // RETURNED means both "on its way back" and "back"; only the words tell them apart.
        if meaning?.state == .returning, let words = event["status_details"].text?.lowercased(),
            words.contains("delivered to sender") || words.contains("returned to sender")
                || words.contains("delivered to the sender")
        {
            meaning?.state = .returned
        }
        return ToldEvent(
            code: [event["status"].text, sub].compactMap { $0 }.joined(separator: "/"), meaning: meaning,
            time: ToldTime(event["status_date"].text), words: event["status_details"].text,
            place: ToldPlace(city: place["city"].text, state: place["state"].text, country: place["country"].text))
    }
}

/// AfterShip (aftership.com/docs/tracking). 4003 says that a number was registered before.
public struct AfterShip: Carrier {
    public var name: String { "aftership" }
    public var habit: String { "GMT" }
    public var quota: CarrierQuota { CarrierQuota((5, .seconds(1)), batch: 40) }
    public var registersFirst: Bool { true }

    public init() {}

    private static let table = CodeTable(PackageResources.aftership_tsv)

    public func requests(for numbers: [String], _ access: CarrierAccess) -> [CarrierRequest] {
        numbers.batches(of: quota.batch).map { batch in
            let list = batch.map(\.escapedForURL).joined(separator: "%2C")
            return CarrierRequest(
                request: HTTPRequest(
                    .get,
                    (access.server ?? "https://api.aftership.com") + "/tracking/2026-07/trackings?tracking_numbers="
                        + list + "&limit=200",
                    headers: [HTTPField("as-api-key", access.id.reveal())]),
                numbers: batch)
        }
    }

    /// One number per request; AfterShip finds the courier by itself.
    public func registrations(of numbers: [String], _ access: CarrierAccess) -> [CarrierRequest] {
        numbers.map { number in
            CarrierRequest(
                request: HTTPRequest(
                    .post, (access.server ?? "https://api.aftership.com") + "/tracking/2026-07/trackings",
                    headers: [
                        HTTPField("as-api-key", access.id.reveal()), HTTPField("Content-Type", "application/json"),
                    ],
                    body: Array("{\"tracking_number\":\(number.quotedForJSON)}".utf8)),
                numbers: [number])
        }
    }

    public func read(_ body: AnswerBody) -> [Told] {
        let tree = body.tree
        if let code = tree["meta"]["code"].text.flatMap({ Int($0) }), code >= 300 {
            // 4004: the tracking does not exist, so it was not registered.
            if code == 4004 || code == 404 { return [.unregistered(number: nil, "meta code \(code)")] }
            let kind: CallAnswer.Kind =
                switch code {
                case 4003: .okDuplicate
                case 401, 402, 403: .authError
                // The number's form; a courier that cannot be derived from it; a missing field that its courier needs.
                case 4005, 4011, 4012, 4017: .invalidNumber
                case 429: .rateLimited
                case 400..<500, 4000..<5000: .configError
                default: .temporaryError
                }
            return [.call(number: nil, kind, "meta code \(code)")]
        }
        let data = tree["data"]
        let trackings: [AnswerTree] =
            tree["msg"] != .null
            ? [tree["msg"]]
            : data["trackings"] != .null
                ? data["trackings"].elements : data["tracking"] != .null ? [data["tracking"]] : data.elements
        // An empty list: none of the numbers was registered.
        if data["trackings"].kind == .list, data["trackings"].count == 0 {
            return [.unregistered(number: nil, "no tracking of this number")]
        }
        return trackings.filter { $0["tracking_number"] != .null }.map { .told(parcel($0)) }
    }

    private func parcel(_ tracking: AnswerTree) -> ToldParcel {
        var parcel = ToldParcel()
        parcel.number = tracking["tracking_number"].text
        parcel.topIsJudgement = true
        // The last-checkpoint endpoint has a single one, not a list.
        let points = tracking["checkpoints"] == .null ? tracking["checkpoint"] : tracking["checkpoints"]
        parcel.events = points.elements.map { point in
            ToldEvent(
                code: [point["subtag"].text ?? point["tag"].text, point["raw_tag"].text].compactMap { $0 }.joined(
                    separator: "/"),
                meaning: Self.table.meaning(point["subtag"].text, point["tag"].text),
                time: ToldTime(point["checkpoint_time"].text),
                words: point.text("message", "subtag_message"),
                place: ToldPlace(
                    city: point.text("city", "location"), state: point["state"].text,
                    country: point.text("country_iso3", "country_region", "country_name")))
        }
        let tag = tracking["tag"].text
        parcel.top = ToldEvent(
            code: tracking["subtag"].text ?? tag, meaning: Self.table.meaning(tracking["subtag"].text, tag),
            words: tracking["subtag_message"].text)
        if tag == "Expired" { parcel.flags.insert(.stale) }
        parcel.returnLeg = tracking["return_to_sender"].flag ?? false
        if !parcel.events.contains(where: { $0.meaning?.state == .delivered }) {
            parcel.deliveredAt = tag == "Delivered" ? ToldTime(tracking["shipment_delivery_date"].text) : nil
        }
        for field in [
            "latest_estimated_delivery", "courier_estimated_delivery_date", "aftership_estimated_delivery_date",
            "expected_delivery",
        ] {
            let told = tracking[field]
            guard let time = ToldTime(told.text("datetime", "datetime_max", "estimated_delivery_date") ?? told.text)
            else { continue }
            parcel.estimate = ToldEstimate(
                time: time, from: told["datetime_min"].text, to: told["datetime_max"].text, field: field, isFirm: false)
            if let first = ToldTime(tracking["first_estimated_delivery"].text("datetime", "datetime_max")),
                first.day != time.day
            {
                parcel.promised = first
            }
            break
        }
        return parcel
    }
}

/// 17TRACK v2.2 (api.17track.net). Forty numbers per call, three calls per second; 100 numbers a month are free.
public struct SeventeenTrack: Carrier {
    public var name: String { "17track" }
    public var habit: String { "GMT" }
    public var quota: CarrierQuota { CarrierQuota((3, .seconds(1)), batch: 40) }
    public var registersFirst: Bool { true }

    public init() {}

    private static let table = CodeTable(PackageResources.seventeentrack_tsv)

    public func requests(for numbers: [String], _ access: CarrierAccess) -> [CarrierRequest] {
        posts("gettrackinfo", numbers, access)
    }

    public func registrations(of numbers: [String], _ access: CarrierAccess) -> [CarrierRequest] {
        posts("register", numbers, access)
    }

    private func posts(_ verb: String, _ numbers: [String], _ access: CarrierAccess) -> [CarrierRequest] {
        numbers.batches(of: quota.batch).map { batch in
            let list = batch.map { "{\"number\":\($0.quotedForJSON)}" }.joined(separator: ",")
            return CarrierRequest(
                request: HTTPRequest(
                    .post, (access.server ?? "https://api.17track.net") + "/track/v2.2/" + verb,
                    headers: [HTTPField("17token", access.id.reveal()), HTTPField("Content-Type", "application/json")],
                    body: Array("[\(list)]".utf8)),
                numbers: batch)
        }
    }

    public func read(_ body: AnswerBody) -> [Told] {
        let tree = body.tree
        let data = tree["data"]
        if tree["event"].text != nil { return data["number"] == .null ? [] : [told(data)] }
        var told: [Told] = data["accepted"].elements.filter { $0["number"] != .null }.map(self.told)
        for rejected in data["rejected"].elements {
            let code = rejected["error"]["code"].text
            told.append(Self.refusal(code, number: rejected["number"].text, status: body.status))
        }
        for error in data["errors"].elements + tree["errors"].elements {
            told.append(Self.refusal(error["code"].text, number: nil, status: body.status))
        }
        if told.isEmpty, let code = tree["code"].text, code != "0" {
            told.append(Self.refusal(code, number: nil, status: body.status))
        }
        return told
    }

    /// The codes of api.17track.net v2.2. An error of one number never stops the whole source.
    private static func refusal(_ code: String?, number: String?, status: Int?) -> Told {
        let what = "error \(code ?? "?")"
        let kind: CallAnswer.Kind
        switch code {
        case "-18019902": return .unregistered(number: number, what)
        case "-18019909": kind = .notFound
        case "-18019901": kind = .okDuplicate
        // A day's limit, the month's quota, and too many calls a second.
        case "-18019907", "-18019908", "429": kind = .rateLimited
        // Address not allowed, token wrong, account off, not entitled.
        case "-18010001", "-18010002", "-18010004", "-18010005", "401", "403": kind = .authError
        // The form of the number; a carrier that cannot be derived from it, or that accepts no registrations.
        case "-18010012", "-18019903", "-18019910", "-18019911": kind = .invalidNumber
        case "-18010003": kind = .temporaryError
        case let code? where code.hasPrefix("-180100") || code.hasPrefix("-180198"):
            kind = number == nil ? .configError : .invalidNumber
        default: kind = CarrierReading.kind(ofStatus: status) ?? .temporaryError
        }
        return .call(number: number, kind, what)
    }

    private func told(_ item: AnswerTree) -> Told {
        let info = item["track_info"]
        let number = item["number"].text
        let latest = info["latest_status"]
        if latest["status"].text == "NotFound" {
            let isInvalid = latest["sub_status"].text == "NotFound_InvalidCode"
            return .call(
                number: number, isInvalid ? .invalidNumber : .notFound, latest["sub_status"].text ?? "NotFound")
        }
        var parcel = ToldParcel()
        parcel.number = number
        parcel.topIsJudgement = true
        parcel.events = info["tracking"]["providers"].elements.flatMap(\.["events"].elements).map {
            event -> ToldEvent in
            let address = event["address"]
            return ToldEvent(
                code: event.text("sub_status", "stage"),
                meaning: event.text("sub_status", "stage") == nil
                    ? Meaning.info : Self.table.meaning(event["sub_status"].text, event["stage"].text),
                time: ToldTime(event["time_iso"].text ?? event["time_utc"].text), words: event["description"].text,
                place: ToldPlace(
                    city: event["location"].text ?? address["city"].text, state: address["state"].text,
                    country: address["country"].text))
        }
        parcel.top = ToldEvent(
            code: latest["sub_status"].text ?? latest["status"].text,
            meaning: Self.table.meaning(latest["sub_status"].text, latest["status"].text),
            words: latest["sub_status_descr"].text)
        if latest["status"].text == "Expired" { parcel.flags.insert(.stale) }
        let delivered = info["milestone"].elements.first { $0["key_stage"].text == "Delivered" }
        if !parcel.events.contains(where: { $0.meaning?.state == .delivered }) {
            parcel.deliveredAt = latest["status"].text == "Delivered" ? ToldTime(delivered?["time_iso"].text) : nil
        }
        let estimate = info["time_metrics"]["estimated_delivery_date"]
        if let time = ToldTime(estimate.text("to", "from")) {
            parcel.estimate = ToldEstimate(
                time: time, from: estimate["from"].text, to: estimate["to"].text, field: "estimated_delivery_date",
                isFirm: false)
        }
        return .told(parcel)
    }
}

/// ShipEngine (GET /v1/tracking), answers and webhooks. Older ones name an event's time `event_date` and give it no
/// code. Its DE means delivered.
public struct ShipEngine: Carrier {
    public var name: String { "shipengine" }
    public var habit: String { "GMT" }
    public var quota: CarrierQuota { CarrierQuota((200, .seconds(60))) }

    public init() {}

    private static let table = CodeTable(PackageResources.shipengine_tsv)

    /// ShipEngine needs the carrier's code: `account` if the operator names one, otherwise the likeliest by the
    /// number's form.
    public func requests(for numbers: [String], _ access: CarrierAccess) -> [CarrierRequest] {
        numbers.map { number in
            let query =
                "/v1/tracking?carrier_code=" + (access.account ?? BrokerNames.name(of: number) ?? "usps").escapedForURL
                + "&tracking_number=" + number.escapedForURL
            return CarrierRequest(
                request: HTTPRequest(
                    .get, (access.server ?? "https://api.shipengine.com") + query,
                    headers: [HTTPField("API-Key", access.id.reveal())]),
                numbers: [number])
        }
    }

    public func read(_ body: AnswerBody) -> [Told] {
        // A webhook has the tracking one level deeper.
        let tree = body.tree["resource_type"].text == "API_TRACK" ? body.tree["data"] : body.tree
        if let error = tree["errors"].elements.first {
            let code = error["error_code"].text ?? "?"
            let kind: CallAnswer.Kind =
                code == "unauthorized"
                ? .authError
                : code == "not_found"
                    ? .notFound
                    : code.contains("rate")
                        ? .rateLimited : CarrierReading.kind(ofStatus: body.status) ?? .temporaryError
            return [.call(number: nil, kind, "error \(code)")]
        }
        guard tree["status_code"] != .null, tree["events"] != .null else { return [] }
        var parcel = ToldParcel()
        parcel.number = tree["tracking_number"].text
        parcel.topIsJudgement = true
        parcel.top = ToldEvent(
            code: tree["status_code"].text, meaning: Self.table.meaning(tree["status_code"].text),
            words: tree["status_description"].text)
        let deliveredAt = ToldTime(tree["actual_delivery_date"].text).map(Self.inUTC)
        parcel.events = tree["events"].elements.map { event in
            let code = event["event_code"].text ?? event["carrier_status_code"].text
            let time = ToldTime(event.text("occurred_at", "event_date")).map(Self.inUTC)
            var meaning = Self.meaning(event, code: code)
            // The scan at the time of arrival is the arrival.
            if meaning == nil, let time, time == deliveredAt, parcel.top?.meaning?.state == .delivered {
                meaning = parcel.top?.meaning
            }
            return ToldEvent(
                code: code, meaning: meaning, time: time, words: event.text("description", "event_description"),
                place: ToldPlace(
                    city: event["city_locality"].text, state: event["state_province"].text,
                    country: event["country_code"].text))
        }
        if !parcel.events.contains(where: { $0.meaning?.state == .delivered }) { parcel.deliveredAt = deliveredAt }
        if let time = ToldTime(tree["estimated_delivery_date"].text) {
            parcel.estimate = ToldEstimate(time: time, field: "estimated_delivery_date", isFirm: false)
        }
        return [.told(parcel)]
    }

    /// Its times are in UTC, with or without the Z.
    private static func inUTC(_ time: ToldTime) -> ToldTime {
        var time = time
        if time.second != nil, time.offset == nil { time.offset = 0 }
        return time
    }

    /// The meaning of an event's codes, or of its words if it has none. `event_code` is the carrier's, or ShipEngine's
    /// own together with its own words: FedEx' DE is an exception, ShipEngine's a delivery.
    private static func meaning(_ event: AnswerTree, code: String?) -> Meaning? {
        if let meaning = table.meaning(event["status_code"].text) { return meaning }
        let words = table.meaning(of: event.text("event_description", "description"), in: "text:")
        if let own = table.meaning(event["event_code"].text), own.state == words?.state { return own }
        return table.meaning(code.map { "carrier:" + $0 }) ?? words
    }
}

/// The name of a carrier at Shippo and ShipEngine, by the form of a number.
enum BrokerNames {
    static func name(of number: String) -> String? {
        guard let likeliest = TrackingNumber.candidates(for: number).first(where: { $0.checksum != .failed }) else {
            return nil
        }
        switch likeliest.carrier {
        case "ups": return "ups"
        case "fedex": return "fedex"
        case "usps": return "usps"
        case "dhl": return "dhl_express"
        case "canada_post": return "canada_post"
        case "purolator": return "purolator"
        case "ontrac": return "ontrac"
        case "lasership": return "lasership"
        case "s10":
            // The last two letters are the post that issued the number (UPU S10).
            switch number.filter({ !$0.isWhitespace }).uppercased().suffix(2) {
            case "US": return "usps"
            case "CA": return "canada_post"
            case "AU": return "australia_post"
            case "GB": return "royal_mail"
            default: return nil
            }
        default: return nil
        }
    }
}

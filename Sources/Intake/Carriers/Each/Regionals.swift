// GLS, La Poste, Hermes Germany, Amazon Shipping, Sendle and DPD: carriers with their own APIs and short adapters.

internal import Outreach
public import Platform

/// GLS Track and Trace: times with an offset without a colon, event codes whose last word counts (one is spelled
/// INTIAL).
public struct GLS: Carrier {
    public var name: String { "gls" }
    public var habit: String { "Europe/Berlin" }
    public var quota: CarrierQuota { CarrierQuota((60, .seconds(60)), batch: 10) }

    public init() {}

    private static let table = CodeTable(PackageResources.gls_tsv)

    public func requests(for numbers: [String], _ access: CarrierAccess) -> [CarrierRequest] {
        numbers.batches(of: quota.batch).map { batch in
            let list = batch.map(\.escapedForURL).joined(separator: ",")
            return CarrierRequest(
                request: HTTPRequest(
                    .get,
                    (access.server ?? "https://api.gls-group.net") + "/track-and-trace-v1/tracking/simple/references/"
                        + list,
                    headers: [access.bearer]),
                numbers: batch)
        }
    }

    public func tokenRequest(_ access: CarrierAccess) -> HTTPRequest? {
        HTTPRequest(
            .post, (access.server ?? "https://api.gls-group.net") + "/oauth2/v2/token",
            headers: [access.basic, HTTPField("Content-Type", "application/x-www-form-urlencoded")],
            body: Array("grant_type=client_credentials".utf8))
    }

    public func read(_ body: AnswerBody) -> [Told] {
        body.tree["parcels"].elements.map { item in
            let number = item["requested"].text ?? item["unitno"].text
            if item["errorCode"].text != nil || item["status"] == .null && item["events"] == .null {
                return .call(number: number, .notFound, "error \(item["errorCode"].text ?? "?")")
            }
            var parcel = ToldParcel()
            parcel.number = number
            parcel.events = item["events"].elements.map { event in
                let code = event["code"].text
                let last = code?.components(separatedBy: ".").last
                return ToldEvent(
                    code: code,
                    meaning: Self.table.meaning(code, code?.components(separatedBy: ".").first, last),
                    time: ToldTime(event["eventDateTime"].text),
                    words: event["description"].text,
                    place: ToldPlace(city: event["city"].text, country: event["country"].text))
            }
            // The status is newer than the listed events.
            parcel.top = ToldEvent(code: item["status"].text, meaning: Self.table.meaning(item["status"].text))
            parcel.topIsJudgement = true
            if item["status"].text?.uppercased() == "DELIVERED",
                !parcel.events.contains(where: { $0.meaning?.state == .delivered })
            {
                parcel.deliveredAt = ToldTime(item["statusDateTime"].text)
            }
            return .told(parcel)
        }
    }
}

/// La Poste Suivi v2. The return code is inside each element; the words are French.
public struct LaPoste: Carrier {
    public var name: String { "laposte" }
    public var habit: String { "Europe/Paris" }
    public var quota: CarrierQuota { CarrierQuota((1_000, .seconds(86_400)), batch: 10) }

    public init() {}

    private static let table = CodeTable(PackageResources.laposte_tsv)

    public func requests(for numbers: [String], _ access: CarrierAccess) -> [CarrierRequest] {
        numbers.batches(of: quota.batch).map { batch in
            CarrierRequest(
                request: HTTPRequest(
                    .get,
                    (access.server ?? "https://api.laposte.fr") + "/suivi/v2/idships/"
                        + batch.map(\.escapedForURL).joined(separator: ",") + "?lang=fr_FR",
                    headers: [HTTPField("X-Okapi-Key", access.id.reveal()), HTTPField("Accept", "application/json")]),
                numbers: batch)
        }
    }

    public func read(_ body: AnswerBody) -> [Told] {
        body.tree.elements.compactMap { element in
            let shipment = element["shipment"]
            let number = shipment["idShip"].text ?? element["idShip"].text
            let code =
                element["returnCode"].text.flatMap { Int($0) } ?? element["code"].text.flatMap { Int($0) }
                ?? body.status
            if shipment["event"] == .null {
                guard let code, code != 200 || shipment != .null else { return nil }
                // A parcel without events: announced, but not seen yet.
                if code == 200 { return .call(number: number, .notFound, "no event yet") }
                let kind: CallAnswer.Kind =
                    switch code {
                    case 400: .invalidNumber
                    case 404, 207, 104: .notFound
                    default: CarrierReading.kind(ofStatus: code) ?? .temporaryError
                    }
                return .call(number: number, kind, "return code \(code)")
            }
            var parcel = ToldParcel()
            parcel.number = number
            parcel.events = shipment["event"].elements.map { event in
                ToldEvent(
                    code: event["code"].text, meaning: Self.table.meaning(event["code"].text),
                    time: ToldTime(event["date"].text),
                    words: event["label"].text)
            }
            let estimate = shipment["estimDate"].text ?? shipment["contextData"]["deliveryChoice"]["estimDate"].text
            if let time = ToldTime(estimate ?? shipment["deliveryDate"].text) {
                parcel.estimate = ToldEstimate(
                    time: ToldTime(day: time.day), field: estimate == nil ? "deliveryDate" : "estimDate")
            }
            return .told(parcel)
        }
    }
}

/// Hermes Germany.
public struct Hermes: Carrier {
    public var name: String { "hermes_de" }
    public var habit: String { "Europe/Berlin" }
    public var home: String? { "DE" }
    public var quota: CarrierQuota { CarrierQuota((60, .seconds(60))) }

    public init() {}

    private static let table = CodeTable(PackageResources.hermes_tsv)

    public func requests(for numbers: [String], _ access: CarrierAccess) -> [CarrierRequest] {
        numbers.map { number in
            CarrierRequest(
                request: HTTPRequest(
                    .get,
                    (access.server ?? "https://de-api.hermesworld.com") + "/client/external/v1/shipmentinfo?shipmentID="
                        + number.escapedForURL,
                    headers: [access.bearer]),
                numbers: [number])
        }
    }

    public func read(_ body: AnswerBody) -> [Told] {
        let tree = body.tree
        if let code = tree["listOfResultCodes"].elements.first?["code"].text ?? tree["code"].text {
            let kind: CallAnswer.Kind =
                code.lowercased() == "e001" ? .notFound : CarrierReading.kind(ofStatus: body.status) ?? .temporaryError
            return [.call(number: nil, kind, "result \(code)")]
        }
        return tree["shipmentinfo"].elements.map { info in
            var parcel = ToldParcel()
            parcel.number = info["shipmentID"].text
            if let result = info["result"]["code"].text ?? info["resultCode"].text, info["status"].elements.isEmpty {
                return .call(
                    number: parcel.number, result.lowercased() == "e001" ? .notFound : .temporaryError,
                    "result \(result)")
            }
            parcel.events = info["status"].elements.map { event in
                let unit = event["scanningUnit"]
                return ToldEvent(
                    code: event["code"].text, meaning: Self.table.meaning(event["code"].text),
                    time: ToldTime(event["timestamp"].text),
                    words: event["description"].text,
                    place: ToldPlace(city: unit["city"].text, country: unit["countryCode"].text))
            }
            let forecast = info["deliveryForecast"]
            if let day = ToldTime(forecast["date"].text) {
                let slot = forecast["timeSlot"]
                parcel.estimate = ToldEstimate(
                    time: ToldTime(day: day.day), from: slot["from"].text.map { "\(day.day)T\($0)" },
                    to: slot["to"].text.map { "\(day.day)T\($0)" },
                    field: "deliveryForecast")
            }
            return .told(parcel)
        }
    }
}

/// Amazon Shipping, getTracking v1 (in an envelope) and v2.
public struct AmazonShipping: Carrier {
    public var name: String { "amazon_shipping" }
    public var habit: String { "America/Los_Angeles" }
    public var quota: CarrierQuota { CarrierQuota((80, .seconds(1))) }

    public init() {}

    private static let table = CodeTable(PackageResources.amazon_tsv)

    public func tokenRequest(_ access: CarrierAccess) -> HTTPRequest? {
        let form =
            "grant_type=refresh_token&refresh_token=\((access.refreshToken?.reveal() ?? "").escapedForURL)&client_id=\(access.id.reveal().escapedForURL)&client_secret=\(access.secret.reveal().escapedForURL)"
        return HTTPRequest(
            .post, (access.server ?? "https://api.amazon.com") + "/auth/o2/token",
            headers: [HTTPField("Content-Type", "application/x-www-form-urlencoded")], body: Array(form.utf8))
    }

    public func requests(for numbers: [String], _ access: CarrierAccess) -> [CarrierRequest] {
        numbers.map { number in
            let path = "/shipping/v2/tracking?carrierId=amazon-us&trackingId=" + number.escapedForURL
            return CarrierRequest(
                request: HTTPRequest(
                    .get, (access.server ?? "https://sellingpartnerapi-na.amazon.com") + path,
                    headers: [HTTPField("x-amz-access-token", access.token?.reveal() ?? "")]),
                numbers: [number])
        }
    }

    public func read(_ body: AnswerBody) -> [Told] {
        let tree = body.tree
        if let error = tree["errors"].elements.first {
            let code = error["code"].text ?? "?"
            let kind: CallAnswer.Kind =
                switch code {
                case "NotFound", "ResourceNotFound": .notFound
                case "QuotaExceeded", "TooManyRequests": .rateLimited
                case "Unauthorized", "AccessDenied": .authError
                case "InvalidInput", "InvalidRequest": .invalidNumber
                default: CarrierReading.kind(ofStatus: body.status) ?? .temporaryError
                }
            return [.call(number: nil, kind, "error \(code)")]
        }
        let payload = tree["payload"] == .null ? tree : tree["payload"]
        guard payload["eventHistory"] != .null || payload["summary"] != .null else { return [] }
        var parcel = ToldParcel()
        parcel.number = payload["trackingId"].text
        parcel.events = payload["eventHistory"].elements.map { event in
            let place = event["location"]
            return ToldEvent(
                code: event["eventCode"].text, meaning: Self.table.meaning(event["eventCode"].text),
                time: ToldTime(event["eventTime"].text),
                place: ToldPlace(
                    city: place["city"].text, state: place["stateOrRegion"].text, country: place["countryCode"].text),
                returnLeg: event["shipmentType"].text?.uppercased().hasPrefix("RETURN") ?? false)
        }
        let status = payload["summary"]["status"].text
        parcel.top = ToldEvent(code: status, meaning: Self.table.meaning(status))
        if let time = ToldTime(payload["promisedDeliveryDate"].text) {
            parcel.estimate = ToldEstimate(time: time, field: "promisedDeliveryDate")
        }
        return [.told(parcel)]
    }
}

/// Sendle. `scan_time` is UTC if the zone is known, otherwise the local time with a Z; so `display_time` is read, which
/// has its offset in the first case.
public struct Sendle: Carrier {
    public var name: String { "sendle" }
    public var habit: String { "America/New_York" }
    public var quota: CarrierQuota { CarrierQuota((60, .seconds(60))) }

    public init() {}

    private static let table = CodeTable(PackageResources.sendle_tsv)

    public func requests(for numbers: [String], _ access: CarrierAccess) -> [CarrierRequest] {
        numbers.map { number in
            CarrierRequest(
                request: HTTPRequest(
                    .get, (access.server ?? "https://api.sendle.com") + "/api/tracking/" + number.escapedForURL,
                    headers: [access.basic]),
                numbers: [number])
        }
    }

    public func read(_ body: AnswerBody) -> [Told] {
        let tree = body.tree
        if let error = tree["error"].text {
            let kind: CallAnswer.Kind =
                switch error {
                case "not_found": .notFound
                case "unauthorized", "authentication_failed", "forbidden": .authError
                case "unprocessable_entity": .invalidNumber
                case "precondition_failed", "payment_required": .configError
                case "too_many_requests": .rateLimited
                default: CarrierReading.kind(ofStatus: body.status) ?? .temporaryError
                }
            return [.call(number: nil, kind, "error \(error.prefix(40))")]
        }
        guard tree["state"] != .null || tree["tracking_events"] != .null else { return [] }
        var parcel = ToldParcel()
        parcel.events = tree["tracking_events"].elements.map { event in
            let place = event["location"].text
            let state = place?.components(separatedBy: ",").last?.trimmed
            return ToldEvent(
                code: event["event_type"].text, meaning: Self.table.meaning(event["event_type"].text),
                time: ToldTime(event["scan_time"].text ?? event["display_time"].text), words: event["description"].text,
                place: ToldPlace(city: place, state: state, country: tree["origin"]["country"].text))
        }
        parcel.top = ToldEvent(
            code: tree["state"].text, meaning: Self.table.meaning(tree["state"].text),
            words: tree["status"]["description"].text)
        let schedule = tree["scheduling"]
        if let last = ToldTime(schedule["estimated_delivery_date_maximum"].text) {
            parcel.estimate = ToldEstimate(
                time: last, from: schedule["estimated_delivery_date_minimum"].text, to: last.text,
                field: "estimated_delivery_date_maximum")
        }
        return [.told(parcel)]
    }
}

/// DPD's parcel life cycle (SOAP): American dates, without a zone, from depots all over Europe.
public struct DPD: Carrier {
    public var name: String { "dpd" }
    public var habit: String { "Europe/Brussels" }
    public var quota: CarrierQuota { CarrierQuota((30, .seconds(60))) }

    public init() {}

    private static let table = CodeTable(PackageResources.dpd_tsv)

    /// `token` comes from DPD's login service, and `id` is the user's delis id.
    public func requests(for numbers: [String], _ access: CarrierAccess) -> [CarrierRequest] {
        numbers.map { number in
            let envelope = """
                <soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" \
                xmlns:a="http://dpd.com/common/service/types/Authentication/2.0" \
                xmlns:p="http://dpd.com/common/service/types/ParcelLifeCycleService/2.0"><soapenv:Header><a:authentication>\
                <delisId>\(Self.escaped(access.id.reveal()))</delisId><authToken>\(Self.escaped(access.token?.reveal() ?? ""))</authToken>\
                <messageLanguage>en_US</messageLanguage></a:authentication></soapenv:Header><soapenv:Body><p:getTrackingData>\
                <parcelLabelNumber>\(Self.escaped(number))</parcelLabelNumber></p:getTrackingData></soapenv:Body></soapenv:Envelope>
                """
            return CarrierRequest(
                request: HTTPRequest(
                    .post, (access.server ?? "https://public-ws.dpd.com") + "/services/ParcelLifeCycleService/V2_0/",
                    headers: [HTTPField("Content-Type", "text/xml; charset=utf-8"), HTTPField("SOAPAction", "\"\"")],
                    body: Array(envelope.utf8)),
                numbers: [number])
        }
    }

    private static func escaped(_ text: String) -> String {
        var result = ""
        for character in text {
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            default: result.append(character)
            }
        }
        return result
    }

    public func read(_ body: AnswerBody) -> [Told] {
        if let fault = body.tree.find("Fault") {
            let code = fault.find("errorCode")?.text ?? fault["faultcode"].text ?? "?"
            let words = (fault.find("errorMessage")?.text ?? fault["faultstring"].text ?? "").lowercased()
            let kind: CallAnswer.Kind
            if body.status == 429 {
                kind = .rateLimited
            } else if code.hasPrefix("LOGIN") || words.contains("token") || words.contains("auth") {
                kind = .authError
            } else if words.contains("not found") || words.contains("no data") || words.contains("unknown parcel") {
                kind = .notFound
            } else {
                kind = .temporaryError
            }
            return [.call(number: nil, kind, "fault \(code.prefix(40))")]
        }
        guard let result = body.tree.find("trackingresult") else { return [] }
        var parcel = ToldParcel()
        for info in result.all("statusInfo") {
            let status = info["status"].text
            let reached = info["statusHasBeenReached"].flag ?? false
            let place = info["location"]["content"].text
            let country = place.flatMap { $0.hasSuffix(")") ? String($0.dropLast().suffix(2)) : nil }
            let label = info["label"]["content"].text?.lowercased() ?? ""
            // PickedUp means by the shopper at a parcel shop, or by DPD if the label says so.
            let isHandedIn = status == "PickedUp" && label.contains("handed to dpd")
            let event = ToldEvent(
                code: status, meaning: isHandedIn ? Meaning(state: .accepted) : Self.table.meaning(status),
                time: ToldTime(info["date"]["content"].text),
                words: info["description"]["content"]["content"].text ?? info["label"]["content"].text,
                place: ToldPlace(city: place, country: country))
            if reached, event.time != nil { parcel.events.append(event) }
            if info["isCurrentStatus"].flag ?? false { parcel.top = event }
        }
        if parcel.events.isEmpty, parcel.top == nil {
            let notice = result["shipmentInfo"]
            parcel.top = ToldEvent(code: notice["status"].text, meaning: Self.table.meaning(notice["status"].text))
        }
        return [.told(parcel)]
    }
}

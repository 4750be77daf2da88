// FedEx Track API v1 (developer.fedex.com; codes: Tracking-Status-Codes.html).
//
// Up to thirty numbers per call, a token for an hour, 100,000 calls a day, reset at midnight GMT. Errors of a number
// come inside a 200. One number may have several shipments. `derivedCode` loses "out for delivery", and a scan RS has
// the derived code DL, so only the codes of the status and of the scans are read. A bare day is written as
// T00:00:00-06:00; such estimates are days. The standard transit window is used only if there is no estimate, and only
// near the events.

internal import Outreach
public import Platform

/// FedEx.
public struct FedEx: Carrier {
    public var name: String { "fedex" }
    public var habit: String { "America/Chicago" }
    public var quota: CarrierQuota { CarrierQuota((1_400, .seconds(10)), (100_000, .seconds(86_400)), batch: 30) }

    public init() {}

    private static let table = CodeTable(PackageResources.fedex_tsv)

    public func tokenRequest(_ access: CarrierAccess) -> HTTPRequest? {
        let form =
            "grant_type=client_credentials&client_id=\(access.id.reveal().escapedForURL)&client_secret=\(access.secret.reveal().escapedForURL)"
        return HTTPRequest(
            .post, (access.server ?? "https://apis.fedex.com") + "/oauth/token",
            headers: [HTTPField("Content-Type", "application/x-www-form-urlencoded")], body: Array(form.utf8))
    }

    public func requests(for numbers: [String], _ access: CarrierAccess) -> [CarrierRequest] {
        numbers.batches(of: quota.batch).map { batch in
            let infos = batch.map { "{\"trackingNumberInfo\":{\"trackingNumber\":\($0.quotedForJSON)}}" }.joined(
                separator: ",")
            return CarrierRequest(
                request: HTTPRequest(
                    .post, (access.server ?? "https://apis.fedex.com") + "/track/v1/trackingnumbers",
                    headers: [
                        access.bearer, HTTPField("Content-Type", "application/json"), HTTPField("X-locale", "en_US"),
                    ],
                    body: Array("{\"includeDetailedScans\":true,\"trackingInfo\":[\(infos)]}".utf8)),
                numbers: batch)
        }
    }

    public func read(_ body: AnswerBody) -> [Told] {
        let tree = body.tree
        if let error = tree["errors"].elements.first {
            let code = error["code"].text
            return [.call(number: nil, Self.kind(code, status: body.status), "error \(code ?? "?")")]
        }
        let isTest = tree["output"]["alerts"].elements.contains { $0["code"].text == "VIRTUAL.RESPONSE" }
        var told: [Told] = []
        for complete in tree["output"]["completeTrackResults"].elements {
            for result in complete["trackResults"].elements {
                let number = result["trackingNumberInfo"]["trackingNumber"].text ?? complete["trackingNumber"].text
                if let error = result["error"]["code"].text {
                    told.append(.call(number: number, Self.kind(error, status: nil), "error \(error)"))
                    continue
                }
                var parcel = parcel(result)
                parcel.number = number
                if isTest { parcel.flags.insert(.testData) }
                told.append(.told(parcel))
            }
        }
        return told
    }

    private static func kind(_ code: String?, status: Int?) -> CallAnswer.Kind {
        let code = code?.uppercased() ?? ""
        if code.contains("NOTFOUND") || code.contains("NOT.FOUND") { return .notFound }
        if code.contains("MAXTRACKINGNUMBERS") || code.hasPrefix("BAD.REQUEST") { return .configError }
        if code.hasPrefix("TRACKING.TRACKINGNUMBER") || code.contains("TRACKINGNUMBER.INVALID")
            || code.hasPrefix("TRACKING.REFERENCE")
        {
            return .invalidNumber
        }
        if code.contains("UNAUTHORIZED") || code.contains("FORBIDDEN") || code.contains("NOT.AUTHORIZED")
            || code.contains("LOGIN")
        {
            return .authError
        }
        if code.contains("RATE.LIMIT") || code.contains("QUOTA") || code.contains("TOO.MANY")
            || code.contains("LIMIT.EXCEEDED")
        {
            return .rateLimited
        }
        if code.contains("INTERNAL") || code.contains("UNAVAILABLE") || code.contains("SYSTEM")
            || code.contains("TIMEOUT")
        {
            return .temporaryError
        }
        return CarrierReading.kind(ofStatus: status) ?? .temporaryError
    }

    /// A delivery exception is classified by its reason; a shipment exception stays one, and the reason says who is
    /// responsible.
    private static func meaning(_ code: String?, reason: String?, words: String?) -> Meaning? {
        guard let code, let meaning = table.meaning(code) else { return nil }
        guard let known = table.meaning(reason.map { "reason:" + $0 }, words.map { "reason-text:" + $0 }) else {
            return meaning
        }
        switch code.uppercased() {
        case "DE": return known
        case "SE", "DY", "DD", "PY", "CD", "DP", "IT", "AR", "AF":
            // At a facility there is no recipient to be away.
            let fault = known.fault == .recipient ? meaning.fault : known.fault
            return Meaning(
                state: meaning.state, delay: known.delay == .yes ? .yes : meaning.delay, fault: fault ?? meaning.fault)
        default: return meaning
        }
    }

    private func parcel(_ result: AnswerTree) -> ToldParcel {
        var parcel = ToldParcel()
        for scan in result["scanEvents"].elements {
            let place = scan["scanLocation"]
            let time = ToldTime(scan["date"].text)
            let told = Self.place(place)
            if time?.offset == 0, ["US", "CA", "MX"].contains(told.country) { parcel.flags.insert(.offsetDoubtful) }
            let words = scan.text("exceptionDescription", "eventDescription")
            var meaning = Self.meaning(
                scan["eventType"].text, reason: scan["exceptionCode"].text, words: scan["exceptionDescription"].text)
            if let delay = scan["delayDetail"]["type"].text, meaning != nil { meaning?.fault = Self.fault(delay) }
            parcel.events.append(
                ToldEvent(
                    code: scan["eventType"].text, meaning: meaning, time: time,
                    words: scan["eventDescription"].text ?? words, place: told))
        }
        let latest = result["latestStatusDetail"]
        let detail = latest["ancillaryDetails"].elements.first {
            $0["reason"].text != nil || $0["reasonDescription"].text != nil
        }
        if let code = latest["code"].text ?? latest["derivedCode"].text {
            // `derivedCode` is coarse, but better than an unknown code.
            parcel.top = ToldEvent(
                code: code,
                meaning: Self.meaning(code, reason: detail?["reason"].text, words: detail?["reasonDescription"].text)
                    ?? Self.table.meaning(latest["derivedCode"].text),
                words: latest.text("description", "statusByLocale"), place: Self.place(latest["scanLocation"]))
        }
        switch latest["delayDetail"]["status"].text?.uppercased() {
        case "DELAYED": parcel.delay = .yes
        default: break
        }
        parcel.fault = latest["delayDetail"]["type"].text.flatMap(Self.fault)
        dates(result, into: &parcel)
        let returned = result["returnDetail"]
        parcel.returnLeg =
            returned["authorizationName"].text != nil && returned["reasonDetail"].elements.isEmpty == false
        return parcel
    }

    private static func fault(_ type: String) -> Fault? {
        switch type.uppercased() {
        case "WEATHER": .weather
        case "CLEARANCE": .customs
        case "OPERATIONAL", "LOCAL", "GENERAL": .carrier
        default: nil
        }
    }

    private func dates(_ result: AnswerTree, into parcel: inout ToldParcel) {
        var dates: [String: String] = [:]
        for date in result["dateAndTimes"].elements {
            if let type = date["type"].text, let time = date["dateTime"].text { dates[type] = time }
        }
        if !parcel.events.contains(where: { $0.meaning?.state == .delivered }),
            let time = ToldTime(dates["ACTUAL_DELIVERY"])
        {
            parcel.deliveredAt = time
        }
        let window = result["estimatedDeliveryTimeWindow"]["window"]
        let appointment = dates["APPOINTMENT_DELIVERY"]
        if let text = appointment ?? dates["ESTIMATED_DELIVERY"] ?? window["ends"].text, let time = ToldTime(text) {
            let field =
                appointment != nil
                ? "APPOINTMENT_DELIVERY"
                : dates["ESTIMATED_DELIVERY"] != nil ? "ESTIMATED_DELIVERY" : "estimatedDeliveryTimeWindow"
            parcel.estimate = ToldEstimate(
                time: Self.dayIfMidnight(time), from: ToldTime(window["begins"].text)?.text,
                to: ToldTime(window["ends"].text)?.text, field: field)
        } else if let time = ToldTime(dates["COMMITMENT"]) {
            parcel.estimate = ToldEstimate(time: Self.dayIfMidnight(time), field: "COMMITMENT")
        } else if let time = ToldTime(result["standardTransitTimeWindow"]["window"]["ends"].text) {
            parcel.estimate = ToldEstimate(
                time: Self.dayIfMidnight(time), field: "standardTransitTimeWindow", isFirm: false)
        }
    }

    /// FedEx writes a day as midnight.
    private static func dayIfMidnight(_ time: ToldTime) -> ToldTime { time.isDateOnly ? ToldTime(day: time.day) : time }

    private static func place(_ place: AnswerTree) -> ToldPlace {
        ToldPlace(
            city: place["city"].text, state: place["stateOrProvinceCode"].text, country: place["countryCode"].text)
    }
}

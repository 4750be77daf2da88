// UPS Track API v1 (UPS-API/api-documentation, Tracking.yaml) and the bodies of Track Alert v2 (UPSTrackAlert.yaml).
//
// One number per call; a token for four hours, whose `expires_in` is a text. Not found is a 200 with warning TW0001.
// Activities have local time and usually gmtOffset; without it the activity's address gives the zone. The delivery date
// is a day of type SDD (scheduled), RDD (rescheduled, which may be earlier) or DEL (the actual one); its time has no
// stated zone. Two-character codes are not unique (RZ is both "held" and "released"), so the three digits come first,
// then, for an exception, the reason, then the activity code, then the type's letter. A label code with an exception's
// letter contradicts itself; the letter counts. A parcel returned to the sender has the letter, the date and the
// signature of a delivery: its reason, its words or the current status give it away, and one of them is enough, because
// it must never be reported as delivered.

internal import Outreach
public import Platform

/// UPS.
public struct UPS: Carrier {
    public var name: String { "ups" }
    public var habit: String { "America/New_York" }
    /// Unpublished; 429 does not say when to retry.
    public var quota: CarrierQuota { CarrierQuota((10, .seconds(1)), (250_000, .seconds(86_400))) }

    public init() {}

    private static let table = CodeTable(PackageResources.ups_tsv)
    private static let reasons = CodeTable(PackageResources.ups_reasons_tsv)

    public func tokenRequest(_ access: CarrierAccess) -> HTTPRequest? {
        HTTPRequest(
            .post, (access.server ?? "https://onlinetools.ups.com") + "/security/v1/oauth/token",
            headers: [access.basic, HTTPField("Content-Type", "application/x-www-form-urlencoded")],
            body: Array("grant_type=client_credentials".utf8))
    }

    public func requests(for numbers: [String], _ access: CarrierAccess) -> [CarrierRequest] {
        numbers.map { number in
            let url = (access.server ?? "https://onlinetools.ups.com") + "/api/track/v1/details/" + number.escapedForURL
            return CarrierRequest(
                request: HTTPRequest(
                    .get, url + "?locale=en_US",
                    headers: [
                        access.bearer, HTTPField("transId", Fingerprint.of([number])),
                        HTTPField("transactionSrc", "bookbag"),
                    ]),
                numbers: [number])
        }
    }

    public func read(_ body: AnswerBody) -> [Told] {
        let tree = body.tree
        if let error = tree["response"]["errors"].elements.first {
            return [.call(number: nil, Self.kind(error["code"].text), "error \(error["code"].text ?? "?")")]
        }
        if tree["activityStatus"] != .null { return [.told(alert(tree))] }
        var told: [Told] = []
        for shipment in tree["trackResponse"]["shipment"].elements {
            let packages = shipment["package"].elements
            for package in packages { told.append(.told(parcel(package, of: shipment))) }
            if packages.isEmpty, let warning = shipment["warnings"].elements.first {
                let code = warning["code"].text
                told.append(.call(number: shipment["inquiryNumber"].text, Self.kind(code), "warning \(code ?? "?")"))
            }
        }
        return told
    }

    private static func kind(_ code: String?) -> CallAnswer.Kind {
        switch code {
        case "TW0001", "TV1003", "151044": .notFound
        case "TV1002", "TV1001", "151018", "151042", "151045": .invalidNumber
        case "10429": .rateLimited
        case .some(let code) where code.hasPrefix("2500") || code.hasPrefix("2510"): .authError
        case "10401", "10403": .authError
        case "TV0006", "TV0007", "TV1005": .configError
        default: .temporaryError
        }
    }

    /// The story at the top of the file, as code.
    static func meaning(statusCode: String?, code: String?, type: String?, words: String? = nil) -> Meaning? {
        let known = known(statusCode: statusCode, code: code, type: type)
        guard known?.state == .delivered else { return known }
        // A returned parcel is filed as delivered too: its reason or its words give it away.
        if table.meaning(statusCode) == nil, let reason = reasons.meaning(code), reason.state == .returned {
            return reason
        }
        return words.map(isBack) == true ? Meaning(state: .returned) : known
    }

    /// Whether the words say that the sender has it.
    private static func isBack(_ words: String) -> Bool {
        let words = words.lowercased()
        guard words.contains("sender") || words.contains("shipper") else { return false }
        return words.contains("return") || words.contains("delivered to the s") || words.contains("delivered to s")
    }

    private static func known(statusCode: String?, code: String?, type: String?) -> Meaning? {
        let reason = type == "X" ? reasons.meaning(code) : nil
        guard let known = table.meaning(statusCode) else {
            return reason ?? table.meaning(code) ?? table.meaning(of: type, in: "type:")
        }
        guard type == "X" else { return known }
        if known.state == .preTransit {
            if let reason, reason.state != nil { return reason }
            return table.meaning(of: type, in: "type:")
        }
        // 013, 030 and 076 are just "an exception"; the reason says which.
        if statusCode == "013" || statusCode == "030" || statusCode == "076", let reason, reason.state != nil {
            return reason
        }
        return known
    }

    private func parcel(_ package: AnswerTree, of shipment: AnswerTree) -> ToldParcel {
        var parcel = ToldParcel()
        parcel.number = package["trackingNumber"].text ?? shipment["inquiryNumber"].text
        parcel.aliases = package["alternateTrackingNumber"].elements.compactMap { $0["number"].text }
        let activities = package["activity"].elements
        parcel.events.reserveCapacity(activities.count)
        for activity in activities {
            let status = activity["status"]
            let (code, digits) = (status["code"].text, status["statusCode"].text)
            parcel.events.append(
                ToldEvent(
                    code: digits.map { digits in code.map { "\(digits)/\($0)" } ?? digits } ?? code ?? "",
                    meaning: Self.meaning(
                        statusCode: digits, code: code, type: status["type"].text, words: status["description"].text),
                    time: ToldTime(
                        day: activity["date"].text, clock: activity["time"].text, offset: activity["gmtOffset"].text),
                    words: status["description"].text, place: Self.place(activity["location"]["address"])))
        }
        let current = package["currentStatus"]
        if let digits = current["statusCode"].text ?? current["code"].text {
            let meaning = Self.meaning(
                statusCode: digits, code: current["code"].text, type: current["type"].text,
                words: current["description"].text)
            if meaning != nil {
                parcel.top = ToldEvent(
                    code: digits, meaning: meaning,
                    words: current["description"].text)
            }
        }
        for date in package["deliveryDate"].elements {
            guard let day = ToldTime(date["date"].text), let type = date["type"].text else { continue }
            switch type {
            case "DEL":
                parcel.deliveredAt = ToldTime(day: date["date"].text, clock: package["deliveryTime"]["endTime"].text)
            case "SDD" where parcel.estimate == nil, "RDD":
                if type == "RDD" { parcel.delay = parcel.delay.or(.maybe) }
                let window = package["deliveryTime"]
                parcel.estimate = ToldEstimate(
                    time: day, from: Self.clock(window["startTime"].text, on: day),
                    to: Self.clock(window["endTime"].text, on: day),
                    field: "deliveryDate.\(type)")
            default: break
            }
        }
        parcel.takeBack()
        if parcel.events.contains(where: { $0.meaning?.state == .delivered || $0.meaning?.state == .returned }) {
            parcel.deliveredAt = nil
        }
        return parcel
    }

    private static func clock(_ text: String?, on day: ToldTime) -> String? {
        guard let text, let time = ToldTime(day: "\(day.day)", clock: text), time.second != nil else { return nil }
        return time.text
    }

    private static func place(_ address: AnswerTree) -> ToldPlace {
        ToldPlace(
            city: address["city"].text, state: address["stateProvince"].text,
            country: address.text("countryCode", "country"))
    }

    /// A Track Alert: one event, with its local time and GMT, whose difference is the offset.
    private func alert(_ tree: AnswerTree) -> ToldParcel {
        let status = tree["activityStatus"]
        let code = status["code"].text
        var time = ToldTime(day: tree["localActivityDate"].text, clock: tree["localActivityTime"].text)
        if let local = time, let second = local.second,
            let gmt = ToldTime(day: tree["gmtActivityDate"].text, clock: tree["gmtActivityTime"].text),
            let other = gmt.second
        {
            let minutes = (local.day.days(since: gmt.day) * 86_400 + second - other) / 60
            if abs(minutes) <= 14 * 60 { time?.offset = minutes }
        }
        let place = tree["activityLocation"]
        var parcel = ToldParcel()
        parcel.number = tree["trackingNumber"].text
        // The alert's D means loaded, out for delivery or delivered: only the activity code tells which.
        let type = status["type"].text
        let words = status["description"].text
        let told = Self.meaning(statusCode: nil, code: code, type: type, words: words)
        let meaning = told?.state == .returned ? told : Self.table.meaning(code) ?? (type == "D" ? nil : told)
        let isDelivered =
            told?.state != .returned && type == "D" && code.map { ["FS", "F4", "KB", "D", "DL"].contains($0) } ?? false
        parcel.events = [
            ToldEvent(
                code: code, meaning: isDelivered ? Meaning(state: .delivered) : meaning, time: time,
                words: words, place: Self.place(place))
        ]
        if let day = ToldTime(tree["scheduledDeliveryDate"].text) {
            parcel.estimate = ToldEstimate(time: day, field: "scheduledDeliveryDate")
        }
        return parcel
    }
}

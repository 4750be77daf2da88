// Royal Mail Tracking v2, Canada Post's tracking web service, Australia Post shipping v1.
//
// Royal Mail: initially fifty calls a day; E1307 is a 200 whose body says 503. Canada Post: XML, one number per call,
// local times with a zone abbreviation, some known only to Canada Post (CSTNO: Saskatchewan); a moved date comes with
// the first promise. Australia Post: ten numbers per call, errors of a number inside a successful envelope, words
// instead of codes, and always the offset of the east coast. StarTrack, its freight line, scans the consignment and not
// its articles, which may lag behind it.

internal import Outreach
internal import Platform

/// Royal Mail.
public struct RoyalMail: Carrier {
    public var name: String { "royalmail" }
    public var habit: String { "Europe/London" }
    public var home: String? { "GB" }
    public var quota: CarrierQuota { CarrierQuota((50, .seconds(86_400))) }

    public init() {}

    private static let table = CodeTable(PackageResources.royalmail_tsv)

    public func requests(for numbers: [String], _ access: CarrierAccess) -> [CarrierRequest] {
        numbers.map { number in
            CarrierRequest(
                request: HTTPRequest(
                    .get,
                    (access.server ?? "https://api.royalmail.net") + "/mailpieces/v2/" + number.escapedForURL
                        + "/events",
                    headers: [
                        HTTPField("X-IBM-Client-Id", access.id.reveal()),
                        HTTPField("X-IBM-Client-Secret", access.secret.reveal()),
                        HTTPField("X-Accept-RMG-Terms", "yes"), HTTPField("Accept", "application/json"),
                    ]),
                numbers: [number])
        }
    }

    public func read(_ body: AnswerBody) -> [Told] {
        let tree = body.tree
        let pieces = tree["mailPieces"].elements
        if let failure = failure(tree, status: body.status, alone: pieces.isEmpty) { return [failure] }
        return pieces.map { piece in
            if let failure = failure(
                piece, status: piece["status"].text.flatMap { Int($0) },
                alone: piece["events"] == .null && piece["summary"] == .null)
            {
                if case .call(_, let kind, let message) = failure {
                    return .call(number: piece["mailPieceId"].text, kind, message)
                }
            }
            var parcel = ToldParcel()
            let summary = piece["summary"]
            parcel.number = summary["oneDBarcode"].text ?? piece["mailPieceId"].text
            parcel.aliases = [piece["mailPieceId"].text, summary["uniqueItemId"].text].compactMap(\.self)
            parcel.events = piece["events"].elements.map { event in
                ToldEvent(
                    code: event["eventCode"].text,
                    meaning: Self.table.meaning(event["eventCode"].text, event["eventName"].text.map { "name:" + $0 }),
                    time: ToldTime(event["eventDateTime"].text), words: event["eventName"].text,
                    place: ToldPlace(city: event["locationName"].text))
            }
            let category = summary["statusCategory"].text
            if let code = summary["lastEventCode"].text ?? category {
                let top = ToldEvent(
                    code: code,
                    meaning: Self.table.meaning(
                        code, summary["lastEventName"].text.map { "name:" + $0 }, category.map { "category:" + $0 }),
                    time: ToldTime(summary["lastEventDateTime"].text),
                    words: summary.text("statusDescription", "lastEventName"),
                    place: ToldPlace(city: summary["lastEventLocationName"].text))
                parcel.top = top
                if parcel.events.isEmpty, top.time != nil { parcel.events = [top] }
            }
            let estimate = piece["estimatedDelivery"]
            if let day = ToldTime(estimate["date"].text) {
                parcel.estimate = ToldEstimate(
                    time: ToldTime(day: day.day),
                    from: estimate["startOfEstimatedWindow"].text.map { "\(day.day)T\($0)" },
                    to: estimate["endOfEstimatedWindow"].text.map { "\(day.day)T\($0)" },
                    field: "estimatedDelivery.date")
            }
            return .told(parcel)
        }
    }

    private func failure(_ tree: AnswerTree, status: Int?, alone: Bool) -> Told? {
        let code = tree["errors"].elements.first?["errorCode"].text ?? tree["error"]["errorCode"].text
        let inner = tree["httpCode"].text.flatMap { Int($0) }
        guard alone || code != nil, code != nil || inner.map({ $0 >= 400 }) ?? false else { return nil }
        let kind: CallAnswer.Kind
        switch code {
        case "E0010": kind = .rateLimited
        case "E1142": kind = .invalidNumber
        // No update yet; no proof of delivery yet.
        case "E1284", "E1283", "E1144", "E1145": kind = .notFound
        case "E0004", "E0001", "E0007", "E0003", "E0008": kind = .configError
        case "E0013", "E0014": kind = .authError
        case "E1307", "E0009", "E0000": kind = .temporaryError
        default: kind = CarrierReading.kind(ofStatus: inner ?? status) ?? .temporaryError
        }
        return .call(number: nil, kind, "error \(code ?? inner.map { "\($0)" } ?? "?")")
    }
}

/// Canada Post.
public struct CanadaPost: Carrier {
    public var name: String { "canadapost" }
    public var habit: String { "America/Toronto" }
    public var home: String? { "CA" }
    /// Unpublished; a throttled key gets a 500 with "Rejected by SLM Monitor".
    public var quota: CarrierQuota { CarrierQuota((60, .seconds(60))) }

    public init() {}

    private static let table = CodeTable(PackageResources.canadapost_tsv)

    public func requests(for numbers: [String], _ access: CarrierAccess) -> [CarrierRequest] {
        numbers.map { number in
            CarrierRequest(
                request: HTTPRequest(
                    .get,
                    (access.server ?? "https://soa-gw.canadapost.ca") + "/vis/track/pin/" + number.escapedForURL
                        + "/detail",
                    headers: [
                        access.basic, HTTPField("Accept", "application/vnd.cpc.track-v2+xml"),
                        HTTPField("Accept-language", "en-CA"),
                    ]),
                numbers: [number])
        }
    }

    /// Codes on which published tables disagree: the words count first.
    private static let disputed: Set<String> = Set(
        (1409...1420).map { "\($0)" } + (1435...1438).map { "\($0)" } + [
            "0101", "0125", "0126", "0127", "0153", "0154", "0167", "1450", "1481", "1482", "1483", "1488", "1491",
            "1492", "1493", "1494", "2410", "5300",
        ])

    private static func meaning(_ code: String?, _ words: String?) -> Meaning? {
        let text = words.map { "text:" + $0 }
        return code.map(disputed.contains) == true ? table.meaning(text, code) : table.meaning(code, text)
    }

    /// The short form of an answer, with only the newest event: `20110404:112420`, and a word for its kind.
    private static func summary(_ summary: AnswerTree) -> ToldParcel {
        var parcel = ToldParcel()
        parcel.number = summary["pin"].text
        parcel.aliases = [summary["original-pin"].text, summary["return-pin"].text].compactMap(\.self)
        let moment = summary["event-date-time"].text.map {
            $0.replacing(":", with: " ", maxReplacements: $0.contains("T") ? 0 : 1)
        }
        let parts = moment?.split(separator: " ").map(String.init) ?? []
        let words = summary["event-description"].text
        let event = ToldEvent(
            code: summary["event-type"].text,
            meaning: table.meaning(words.map { "text:" + $0 }, summary["event-type"].text.map { "type:" + $0 }),
            time: parts.count == 2 ? ToldTime(day: parts[0], clock: parts[1]) : ToldTime(moment), words: words,
            place: ToldPlace(city: summary["event-location"].text, country: "CA"))
        parcel.top = event
        if event.time != nil { parcel.events = [event] }
        if event.meaning?.state != .delivered { parcel.deliveredAt = ToldTime(summary["actual-delivery-date"].text) }
        if let promised = ToldTime(summary["expected-delivery-date"].text) {
            parcel.estimate = ToldEstimate(time: promised, field: "expected-delivery-date")
        }
        return parcel
    }

    public func read(_ body: AnswerBody) -> [Told] {
        let summaries = body.tree.find("tracking-summary")?.all("pin-summary") ?? []
        if !summaries.isEmpty { return summaries.map { .told(Self.summary($0)) } }
        guard let detail = body.tree.find("tracking-detail") else {
            guard let message = body.tree.find("message") else { return [] }
            let code = message["code"].text ?? "?"
            let words = (message["description"].text ?? "").lowercased()
            let kind: CallAnswer.Kind
            switch code {
            case "004": kind = .notFound
            case "001", "002", "003", "005": kind = .invalidNumber
            case _ where code.hasPrefix("AA") || code == "E002" || code == "E007" || words.contains("authentic"):
                kind = .authError
            case _ where words.contains("slm"), "Server" where words.contains("slm"): kind = .rateLimited
            default: kind = CarrierReading.kind(ofStatus: body.status) ?? .temporaryError
            }
            return [.call(number: nil, kind, "message \(code)")]
        }
        var parcel = ToldParcel()
        parcel.number = detail["pin"].text
        parcel.aliases = [detail["original-pin"].text, detail["return-pin"].text].compactMap(\.self)
        for event in detail["significant-events"].all("occurrence") {
            let code = event["event-identifier"].text
            let words = event["event-description"].text
            var time = ToldTime(day: event["event-date"].text, clock: event["event-time"].text)
            time?.offset = event["event-time-zone"].text.flatMap { PlaceZones.offset(ofAbbreviation: $0) }
            let province = event["event-province"].text
            let isCanadian = province.map { PlaceZones.zone(country: "CA", state: $0) != nil } ?? true
            parcel.events.append(
                ToldEvent(
                    code: code, meaning: Self.meaning(code, words), time: time, words: words,
                    place: ToldPlace(city: event["event-site"].text, state: province, country: isCanadian ? "CA" : nil))
            )
        }
        let promised = ToldTime(detail["expected-delivery-date"].text)
        if let changed = ToldTime(detail["changed-expected-date"].text) {
            parcel.estimate = ToldEstimate(time: changed, field: "changed-expected-date")
            parcel.promised = promised
            if let reason = detail["changed-expected-delivery-reason"].text?.lowercased() {
                parcel.fault =
                    reason.contains("address")
                    ? .address
                    : reason.contains("weather") ? .weather : reason.contains("customs") ? .customs : .carrier
            }
        } else if let promised {
            parcel.estimate = ToldEstimate(time: promised, field: "expected-delivery-date")
        }
        return [.told(parcel)]
    }
}

/// Australia Post.
public struct AustraliaPost: Carrier {
    public var name: String { "australiapost" }
    public var habit: String { "Australia/Sydney" }
    public var home: String? { "AU" }
    public var quota: CarrierQuota { CarrierQuota((10, .seconds(60)), batch: 10) }

    public init() {}

    private static let table = CodeTable(PackageResources.auspost_tsv)

    public func requests(for numbers: [String], _ access: CarrierAccess) -> [CarrierRequest] {
        numbers.batches(of: quota.batch).map { batch in
            let list = batch.map(\.escapedForURL).joined(separator: "%2C")
            return CarrierRequest(
                request: HTTPRequest(
                    .get,
                    (access.server ?? "https://digitalapi.auspost.com.au") + "/shipping/v1/track?tracking_ids=" + list,
                    headers: [
                        access.basic, HTTPField("account-number", access.account ?? ""),
                        HTTPField("Accept", "application/json"),
                    ]),
                numbers: batch)
        }
    }

    public func read(_ body: AnswerBody) -> [Told] {
        let tree = body.tree
        if let error = tree["errors"].elements.first {
            return [
                .call(
                    number: nil, Self.kind(error, status: body.status),
                    "error \(error.text("code", "error_code") ?? "?")")
            ]
        }
        return tree["tracking_results"].elements.flatMap { result -> [Told] in
            let number = result["tracking_id"].text
            if let error = result["errors"].elements.first {
                let code = error.text("code", "error_code") ?? "?"
                return [.call(number: number, Self.kind(error, status: nil), "error \(code)")]
            }
            return Self.parcels(result).map { .told($0) }
        }
    }

    /// The parcel of a number; and a second one if its consignment and its articles were scanned months apart, because
    /// then the number was reused.
    private static func parcels(_ result: AnswerTree) -> [ToldParcel] {
        let consignment = result["consignment"].elements.first ?? .null
        // A consignment's items are one level deeper.
        var articles: [AnswerTree] = []
        for item in result["trackable_items"].elements {
            articles += item["items"] == .null ? [item] : item["items"].elements
        }
        let estimate =
            articles.first?["expected_delivery_date"].text
            ?? result.text("expected_delivery_date") ?? consignment["expected_delivery_date"].text
        var parcel = ToldParcel()
        parcel.number = result["tracking_id"].text
        parcel.estimate = ToldTime(estimate).map { ToldEstimate(time: $0, field: "expected_delivery_date") }
        parcel.top = top(
            result["status"].text ?? consignment["status"].text ?? articles.first?["status"].text)
        let isWhole =
            top(result["status"].text)?.meaning?.state == .delivered
            || top(consignment["status"].text)?.meaning?.state == .delivered
        let ofArticles = events(of: articles, allDelivered: isWhole)
        let ofConsignment = consignment["events"].elements.map(event)
        guard let (first, last) = span(ofConsignment), let (start, end) = span(ofArticles),
            start > last + oneSeason || end < first - oneSeason
        else {
            parcel.events = ofConsignment + ofArticles
            return [parcel]
        }
        var other = parcel
        parcel.events = ofConsignment
        parcel.top = top(consignment["status"].text ?? result["status"].text)
        other.events = ofArticles
        other.top = top(articles.first?["status"].text)
        if end > last { parcel.estimate = nil } else { other.estimate = nil }
        return [parcel, other]
    }

    /// No two scans of one parcel are further apart.
    private static let oneSeason: Int64 = 183 * 86_400

    private static func span(_ events: [ToldEvent]) -> (first: Int64, last: Int64)? {
        let times = events.compactMap { $0.time?.wallClock }
        guard let first = times.min(), let last = times.max() else { return nil }
        return (first, last)
    }

    private static func top(_ status: String?) -> ToldEvent? {
        status.map { ToldEvent(code: $0, meaning: table.meaning("status:" + $0), words: $0) }
    }

    private static func event(_ event: AnswerTree) -> ToldEvent {
        let words = event.text("description", "event_description", "status")
        return ToldEvent(
            meaning: words.flatMap { table.meaning("text:" + $0) },
            time: ToldTime(event.text("date", "event_date", "date_time")), words: words,
            place: ToldPlace(city: event["location"].text))
    }

    /// The scans of all articles. The parcel is delivered with the last one: until then the delivery of one counts as
    /// movement.
    private static func events(of articles: [AnswerTree], allDelivered: Bool) -> [ToldEvent] {
        let each = articles.map { $0["events"].elements.map(event) }
        guard each.count > 1 else { return each.first ?? [] }
        let deliveries = each.map { events in
            events.filter { $0.meaning?.state == .delivered }.compactMap { $0.time?.wallClock }.max()
        }
        let last = deliveries.contains(nil) && !allDelivered ? nil : deliveries.compactMap(\.self).max()
        return each.joined().map { event in
            var event = event
            if event.meaning?.state == .delivered, event.time?.wallClock != last {
                event.meaning?.state = .inTransit
            }
            return event
        }
    }

    private static func kind(_ error: AnswerTree, status: Int?) -> CallAnswer.Kind {
        let words =
            (error.text("name", "error_name") ?? "").lowercased() + " " + (error["message"].text ?? "").lowercased()
        // The same code means "too many requests" at one endpoint and "not allowed" at another.
        if words.contains("too many requests") || words.contains("too_many_requests") || words.contains("rate limit") {
            return .rateLimited
        }
        return switch error.text("code", "error_code") ?? "" {
        case "51101": .configError
        case "ESB-10001", "51100": .invalidNumber
        case "ESB-10002", "ESB-20010": .notFound
        case "API_001", "API_002", "401", "403", "UNAUTHORISED", "UNAUTHORIZED": .authError
        case "429", "API_006", "TOO_MANY_REQUESTS": .rateLimited
        default: CarrierReading.kind(ofStatus: status) ?? .temporaryError
        }
    }
}

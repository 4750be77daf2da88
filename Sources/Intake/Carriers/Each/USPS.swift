// USPS Tracking v3 (usps.com/business/api-access, USPS/api-examples).
//
// One number per call and about sixty calls an hour per application, tokens included. Not yet known is a 400 with code
// 150001, or with 150002, whose title says "invalid" while the detail takes it back. Since April 2026 a label is shown
// only to the account of its Mailer ID: with a valid token a 403 is about the number, and only a 401 about the login.
// Times: `eventTimestamp` is local and `GMTOffset` is right; `GMTTimestamp` keeps the local date after UTC midnight and
// is never read. Booleans are texts, and texts contain HTML entities. Codes take precedence over words, because
// "Undeliverable" contains "deliver".

internal import Outreach
public import Platform

/// The United States Postal Service.
public struct USPS: Carrier {
    public var name: String { "usps" }
    public var habit: String { "America/New_York" }
    public var home: String? { "US" }
    public var quota: CarrierQuota { CarrierQuota((5, .seconds(60)), (60, .seconds(3600)), tokensCount: true) }

    public init() {}

    private static let table = CodeTable(PackageResources.usps_tsv)

    public func tokenRequest(_ access: CarrierAccess) -> HTTPRequest? {
        let form =
            "grant_type=client_credentials&scope=tracking&client_id=\(access.id.reveal().escapedForURL)&client_secret=\(access.secret.reveal().escapedForURL)"
        return HTTPRequest(
            .post, (access.server ?? "https://apis.usps.com") + "/oauth2/v3/token",
            headers: [HTTPField("Content-Type", "application/x-www-form-urlencoded")], body: Array(form.utf8))
    }

    public func requests(for numbers: [String], _ access: CarrierAccess) -> [CarrierRequest] {
        numbers.map { number in
            CarrierRequest(
                request: HTTPRequest(
                    .get,
                    (access.server ?? "https://apis.usps.com") + "/tracking/v3/tracking/" + number.escapedForURL
                        + "?expand=DETAIL",
                    headers: [access.bearer]),
                numbers: [number])
        }
    }

    public func read(_ body: AnswerBody) -> [Told] {
        let tree = body.tree
        if let error = tree["error"].literal {
            return [.call(number: nil, .authError, "login refused: \(error.prefix(40))")]
        }
        if tree["error"] != .null { return [error(tree["error"], status: body.status)] }
        guard tree["trackingEvents"] != .null || tree["statusCategory"] != .null else { return [] }
        var parcel = ToldParcel()
        parcel.number = tree["trackingNumber"].text
        let category = tree["statusCategory"].text
        for event in tree["trackingEvents"].elements {
            let code = event["eventCode"].text
            let words = event["eventType"].text.flatMap { Entity.plain($0) }
            var meaning = Self.table.meaning(code) ?? words.flatMap { Self.table.meaning("text:" + $0) }
            // 43 is "picked up" both from the sender and by the addressee; and a delivery to the sender does not count
            // as one.
            if let words, let told = Self.table.meaning("text:" + words),
                code == "43" || told.state == .returned && meaning?.state == .delivered
            {
                meaning = told
            }
            if code == "43", category?.lowercased().hasPrefix("delivered") == true {
                meaning = Meaning(state: .delivered)
            }
            // Words that call a parcel late say more than the code of the movement.
            if let words, let told = Self.table.meaning("text:" + words), told.delay == .yes,
                meaning?.state == told.state || meaning == nil
            {
                meaning = told
            }
            let place = ToldPlace(
                city: event["eventCity"].text, state: event["eventState"].text, country: event["eventCountry"].text)
            parcel.events.append(
                ToldEvent(
                    code: code, meaning: meaning,
                    time: ToldTime(day: event["eventTimestamp"].text, clock: nil, offset: nil).map { time in
                        var time = time
                        if time.offset == nil { time.offset = event["GMTOffset"].text.flatMap { ToldTime.offset($0) } }
                        return time
                    }, words: words, place: place))
        }
        if let category {
            let status = tree["status"].text
            parcel.top = ToldEvent(
                code: category,
                meaning: status.flatMap { Self.table.meaning("text:" + (Entity.plain($0) ?? "")) }
                    ?? Self.table.meaning("category:" + category),
                words: tree["statusSummary"].text ?? status)
            if let arriving = status.flatMap({ Self.table.meaning("text:" + $0) }), arriving.delay == .yes {
                parcel.delay = .yes
            }
        }
        if tree["onTime"].flag == false { parcel.delay = .yes }
        estimate(tree, into: &parcel)
        return [.told(parcel)]
    }

    private func estimate(_ tree: AnswerTree, into parcel: inout ToldParcel) {
        for field in [
            "expectedDeliveryTimeStamp", "predictedDeliveryDate", "guaranteedDeliveryTimeStamp", "expectedDeliveryDate",
        ] {
            guard let time = ToldTime(tree[field].text) else { continue }
            let end = tree["predictedDeliveryWindowEndTime"].text
            parcel.estimate = ToldEstimate(
                time: time.isDateOnly ? ToldTime(day: time.day) : time,
                from: tree["predictedDeliveryWindowStartTime"].text, to: end, field: field)
            return
        }
    }

    private func error(_ error: AnswerTree, status: Int?) -> Told {
        let first = error["errors"].elements.first ?? .null
        let code = first["code"].text ?? error["code"].text ?? "?"
        let title = (first["title"].text ?? error["message"].text ?? "").lowercased()
        let detail = (first["detail"].text ?? first["description"].text ?? "").lowercased()
        let kind: CallAnswer.Kind
        // The title may call a number invalid while the detail says that it may just be too new.
        let mayCome = [
            "not yet available", "try again later", "may not be available", "not available yet", "no record",
        ]
        .contains { detail.contains($0) || title.contains($0) }
        switch code {
        case "150001", "150003", "404": kind = .notFound
        case "150002": kind = mayCome ? .notFound : .invalidNumber
        default:
            switch error["code"].text ?? "" {
            case "401": kind = .authError
            case "403":
                return .withheld(
                    number: nil, "does not tell of this number, whose label is not of our account (error 403)")
            case "429": kind = .rateLimited
            case "404": kind = .notFound
            case let code where code.hasPrefix("5"): kind = .temporaryError
            default:
                if mayCome, CarrierReading.kind(ofStatus: status) ?? .notFound != .temporaryError {
                    kind = .notFound
                } else if title.contains("invalid") || title.contains("not valid") || title.contains("incorrect") {
                    kind = .invalidNumber
                } else {
                    kind = CarrierReading.kind(ofStatus: status) ?? .temporaryError
                }
            }
        }
        return .call(number: nil, kind, "error \(code)")
    }
}

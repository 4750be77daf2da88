// DHL Shipment Tracking Unified (developer.dhl.com) and MyDHL (DHL Express).
//
// Unified: one number a call, 250 calls a day at first, one each five seconds, a day that begins at midnight GMT. The id may be a number. statusCode is
// the whole vocabulary and beats `status`, which may say DELIVERED of a parcel that nobody has; a failure's reason stands in the text. Estimates at
// midnight Z are days. Without `service` another shipment with the same number can answer: all that come are told, and the newest counts.

internal import Outreach
internal import Platform

/// All of DHL behind one door.
public struct DHLUnified: Carrier {
    public var name: String { "dhl_unified" }
    public var habit: String { "Europe/Berlin" }
    public var quota: CarrierQuota { CarrierQuota((1, .seconds(5)), (250, .seconds(86_400))) }

    public init() {}

    static let table = CodeTable(PackageResources.dhl_tsv)

    public func requests(for numbers: [String], _ access: CarrierAccess) -> [CarrierRequest] {
        numbers.map { number in
            let server = access.server ?? "https://api-eu.dhl.com"
            return CarrierRequest(
                request: HTTPRequest(
                    .get, server + "/track/shipments?trackingNumber=" + number.escapedForURL + "&language=en",
                    headers: [HTTPField("DHL-API-Key", access.id.reveal()), HTTPField("Accept", "application/json")]),
                numbers: [number])
        }
    }

    public func read(_ body: AnswerBody) -> [Told] {
        let tree = body.tree
        guard tree["shipments"] != .null else {
            guard let status = tree["status"].text.flatMap({ Int($0) }) ?? body.status, status >= 400 else { return [] }
            let kind: CallAnswer.Kind =
                status == 400 ? .invalidNumber : CarrierReading.kind(ofStatus: status) ?? .temporaryError
            return [.call(number: nil, kind, tree["title"].text.map { String($0.prefix(80)) } ?? "status \(status)")]
        }
        let shipments = tree["shipments"].elements
        if shipments.isEmpty { return [.call(number: nil, .notFound, "no shipment")] }
        return shipments.map { .told(parcel($0)) }
    }

    private func parcel(_ shipment: AnswerTree) -> ToldParcel {
        var parcel = ToldParcel()
        parcel.number = shipment["id"].text
        parcel.aliases = shipment["details"]["pieceIds"].elements.compactMap(\.text)
        parcel.events = shipment["events"].elements.map(event)
        let status = shipment["status"]
        if status["statusCode"].text != nil || status["status"].text != nil {
            let top = event(status)
            parcel.top = top
            if parcel.events.isEmpty, top.time != nil { parcel.events = [top] }
            // The status often is an event again, and has the offset that the event lacks.
            if let time = top.time, time.offset != nil {
                for index in parcel.events.indices
                where parcel.events[index].time?.offset == nil && parcel.events[index].time?.wallText == time.wallText {
                    parcel.events[index].time = time
                }
            }
        }
        if shipment["returnFlag"].flag == true { parcel.returnLeg = true }
        let frame = shipment["estimatedDeliveryTimeFrame"]
        if let time = ToldTime(shipment["estimatedTimeOfDelivery"].text ?? frame["estimatedThrough"].text) {
            parcel.estimate = ToldEstimate(
                time: time, from: frame["estimatedFrom"].text, to: frame["estimatedThrough"].text,
                field: "estimatedTimeOfDelivery")
        }
        return parcel
    }

    private func event(_ event: AnswerTree) -> ToldEvent {
        let code = event["statusCode"].text
        let local = event["status"].text
        var meaning = Self.table.meaning(code)
        if code == nil { meaning = local.flatMap { Self.table.meaning("code:" + $0) } }
        let words = event.text("description", "status")
        // Within its class, a short code of DHL says more.
        if let refined = local.flatMap({ $0.utf8.count == 2 ? Self.table.meaning("code:" + $0) : nil }),
            let state = meaning?.state, Self.refines(refined.state, state)
        {
            meaning = refined
        } else if meaning?.state == .exception {
            meaning = Self.reason(
                of: [words, event["remark"].text].compactMap { $0 }.joined(separator: " "), else: meaning)
        }
        let place = event["location"]["address"]
        return ToldEvent(
            code: [code, local].compactMap { $0 }.joined(separator: "/"), meaning: meaning,
            time: ToldTime(event["timestamp"].text), words: words,
            place: ToldPlace(city: place["addressLocality"].text, country: place["countryCode"].text))
    }

    private static func refines(_ fine: ParcelState?, _ coarse: ParcelState) -> Bool {
        switch coarse {
        case .inTransit:
            [.accepted, .inTransit, .outForDelivery, .attempted, .readyForPickup, .exception, .returning].contains(fine)
        case .exception: [.exception, .attempted, .returning, .lost, .readyForPickup].contains(fine)
        default: false
        }
    }

    /// Whose doing a failure is, where its text says so in plain words.
    private static func reason(of text: String, else meaning: Meaning?) -> Meaning? {
        let text = text.lowercased()
        var meaning = meaning
        if text.contains("returned to the sender") || text.contains("return to sender")
            || text.contains("returned to sender")
        {
            return Meaning(state: .returning)
        }
        if text.contains("address") { meaning?.fault = .address }
        if text.contains("refused") || text.contains("recipient not") || text.contains("not present") {
            meaning?.fault = .recipient
        }
        if text.contains("customs") { meaning?.fault = .customs }
        if text.contains("damage") { meaning?.fault = .carrier }
        if text.contains("weather") { meaning?.fault = .weather }
        return meaning
    }
}

/// DHL Express by its own API, whose events have a day and a clock, and an offset only sometimes.
public struct MyDHL: Carrier {
    public var name: String { "mydhl" }
    public var habit: String { "Europe/Berlin" }
    public var quota: CarrierQuota { CarrierQuota((500, .seconds(86_400))) }

    public init() {}

    private static let table = CodeTable(PackageResources.mydhl_tsv)

    public func requests(for numbers: [String], _ access: CarrierAccess) -> [CarrierRequest] {
        numbers.map { number in
            let server = (access.server ?? "https://express.api.dhl.com") + "/mydhlapi"
            return CarrierRequest(
                request: HTTPRequest(
                    .get,
                    server + "/shipments/" + number.escapedForURL
                        + "/tracking?trackingView=all-checkpoints&levelOfDetail=shipment",
                    headers: [access.basic]),
                numbers: [number])
        }
    }

    public func read(_ body: AnswerBody) -> [Told] {
        let tree = body.tree
        guard tree["shipments"] != .null else {
            guard let status = tree["status"].text.flatMap({ Int($0) }) ?? body.status else { return [] }
            let detail = tree.text("detail", "message", "title")?.lowercased() ?? ""
            let kind: CallAnswer.Kind =
                detail.contains("no data found") || detail.contains("no shipment found")
                ? .notFound
                : (status == 400 || status == 422) && detail.contains("trackingnumber")
                    ? .invalidNumber : CarrierReading.kind(ofStatus: status) ?? .temporaryError
            return [.call(number: nil, kind, "status \(status)")]
        }
        return tree["shipments"].elements.map { shipment in
            var parcel = ToldParcel()
            parcel.number = shipment["shipmentTrackingNumber"].text
            for event in shipment["events"].elements {
                let area = event["serviceArea"].elements.first ?? .null
                let words = area["description"].text ?? ""
                // "New York, NY" or "Cologne - Germany".
                let country = words.components(separatedBy: "-").last?.trimmed
                let state = words.components(separatedBy: ",").last?.trimmed
                let isState = state?.utf8.count == 2
                parcel.events.append(
                    ToldEvent(
                        code: event["typeCode"].text, meaning: Self.table.meaning(event["typeCode"].text),
                        time: ToldTime(
                            day: event["date"].text, clock: event["time"].text, offset: event["GMTOffset"].text),
                        words: event["description"].text,
                        place: ToldPlace(
                            city: area["description"].text, state: isState ? state : nil,
                            country: isState ? "US" : country)))
            }
            if let status = shipment["status"].text, let meaning = Self.table.meaning("status:" + status) {
                parcel.top = ToldEvent(code: status, meaning: meaning)
            }
            if let time = ToldTime(shipment.text("estimatedTimeOfDelivery", "estimatedDeliveryDate")) {
                parcel.estimate = ToldEstimate(time: time, field: "estimatedTimeOfDelivery")
            }
            return .told(parcel)
        }
    }
}

extension String {
    /// The parts between a separator; a text without it is one part.
    func components(separatedBy separator: Character) -> [String] {
        split(separator: separator, omittingEmptySubsequences: false).map(String.init)
    }
}

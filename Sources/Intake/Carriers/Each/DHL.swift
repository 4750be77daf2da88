// DHL Shipment Tracking Unified (developer.dhl.com) and MyDHL (DHL Express).
//
// Unified: one number per call, initially 250 calls a day and one every five seconds; the day begins at midnight GMT.
// The id may be a number. statusCode is the whole vocabulary and takes precedence over `status`, which may say
// DELIVERED for a parcel that nobody has; a failure's reason is in the text. Estimates at midnight Z are days. Express
// describes its scans in words, with local times and no offset: the place names the country, and for a bare town the
// destination or the origin gives it. Without `service` another shipment with the same number may answer: all of them
// are reported, and the newest counts.

internal import Outreach
internal import Platform

/// All of DHL behind one API.
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
        // Origin and destination name their countries if a scan names only its town.
        let ends = [shipment["destination"], shipment["origin"]].map { Self.place($0["address"]) }
        parcel.events = shipment["events"].elements.map(event)
        let status = shipment["status"]
        if status["statusCode"].text != nil || status["status"].text != nil {
            let top = event(status)
            parcel.top = top
            if parcel.events.isEmpty, top.time != nil { parcel.events = [top] }
            // The status often repeats an event, and has the offset that the event lacks.
            if let time = top.time, time.offset != nil {
                for index in parcel.events.indices
                where parcel.events[index].time?.offset == nil && parcel.events[index].time?.wallText == time.wallText {
                    parcel.events[index].time = time
                }
            }
        }
        for index in parcel.events.indices where parcel.events[index].place != nil {
            parcel.events[index].place?.complete(by: ends)
        }
        parcel.top?.place?.complete(by: ends)
        if let top = parcel.top {
            // A scan repeated by the status has the status's meaning if its own words are unknown.
            for index in parcel.events.indices where parcel.events[index].meaning == nil {
                if parcel.events[index].time?.wallText == top.time?.wallText, parcel.events[index].words == top.words {
                    parcel.events[index].meaning = top.meaning
                }
            }
        }
        parcel.takeBack()
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
        let words = event.text("description", "status").map(Self.withoutSigner)
        // Express scans have words but no code.
        if code == nil, meaning == nil { meaning = Self.table.meaning(of: words, in: "text:") }
        // Within its class, DHL's short code says more.
        if let refined = local.flatMap({ $0.utf8.count == 2 ? Self.table.meaning("code:" + $0) : nil }),
            let state = meaning?.state, Self.refines(refined.state, state)
        {
            meaning = refined
        } else if meaning?.state == .exception {
            meaning = Self.reason(
                of: [words, event["remark"].text].compactMap { $0 }.joined(separator: " "), else: meaning)
        }
        return ToldEvent(
            code: code == nil && local == nil ? nil : [code, local].compactMap { $0 }.joined(separator: "/"),
            meaning: meaning, time: ToldTime(event["timestamp"].text), words: words,
            place: Self.place(event["location"]["address"]))
    }

    private static func place(_ address: AnswerTree) -> ToldPlace {
        guard let country = address["countryCode"].text else {
            return ToldPlace(dhl: address["addressLocality"].text)
        }
        return ToldPlace(city: address["addressLocality"].text, country: country)
    }

    /// `Delivered - Signed for by: NAME` without the name, which we must not keep.
    private static func withoutSigner(_ words: String) -> String {
        let spellings = ["Signed for by", "signed for by", "SIGNED FOR BY"]
        guard let signed = spellings.lazy.compactMap({ words.firstRange(of: $0) }).first else { return words }
        let left = words[..<signed.lowerBound].reversed().drop { " -–:,.".contains($0) }.reversed()
        return left.isEmpty ? "Delivered" : String(left)
    }

    private static func refines(_ fine: ParcelState?, _ coarse: ParcelState) -> Bool {
        switch coarse {
        case .inTransit:
            [.accepted, .inTransit, .outForDelivery, .attempted, .readyForPickup, .exception, .returning].contains(fine)
        case .exception: [.exception, .attempted, .returning, .lost, .readyForPickup].contains(fine)
        default: false
        }
    }

    /// Who is responsible for a failure, if its text says so plainly.
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

/// DHL Express by its own API, whose events have a date and a time, and an offset only sometimes.
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
            let ends = ["receiverDetails", "shipperDetails"].map { name -> ToldPlace in
                let details = shipment[name].elements.first ?? .null
                var place = ToldPlace(dhl: (details["serviceArea"].elements.first ?? .null)["description"].text)
                if let country = details["postalAddress"]["countryCode"].text { place.country = country }
                return place
            }
            for event in shipment["events"].elements {
                let area = event["serviceArea"].elements.first ?? .null
                var place = ToldPlace(dhl: area["description"].text)
                place.complete(by: ends)
                parcel.events.append(
                    ToldEvent(
                        code: event["typeCode"].text, meaning: Self.table.meaning(event["typeCode"].text),
                        time: ToldTime(
                            day: event["date"].text, clock: event["time"].text, offset: event["GMTOffset"].text),
                        words: event["description"].text,
                        place: place))
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

extension ToldPlace {
    /// A place as DHL Express writes it: `CINCINNATI HUB, OH - USA`, `SHARJAH - SHARJAH - UNITED ARAB EMIRATES` (the
    /// service area, the town, the country), `New York City Gateway, NY-USA`, `HONG KONG - HONG KONG SAR, CHINA`,
    /// `New York, NY`, or the town alone.
    init(dhl words: String?) {
        guard let words, words.utf8.count <= 200 else {
            self.init()
            return
        }
        var parts = words.replacing(" - ", with: "\u{1}").components(separatedBy: "\u{1}").map(\.trimmed)
            .filter { !$0.isEmpty }
        // Without spaces the country follows the last dash; otherwise a dash belongs to the town.
        if parts.count == 1, let dash = parts[0].lastIndex(of: "-") {
            let rest = String(parts[0][parts[0].index(after: dash)...]).trimmed
            if PlaceZones.knows(country: rest) { parts = [String(parts[0][..<dash]).trimmed, rest] }
        }
        self.init(city: words)
        if parts.count > 1 { country = parts.last }
        towns = parts.count > 1 ? Array(parts.dropLast()) : parts
        for (index, town) in towns.enumerated() {
            guard let comma = town.lastIndex(of: ",") else { continue }
            let rest = String(town[town.index(after: comma)...]).trimmed
            guard (2...3).contains(rest.utf8.count) else { continue }
            if state == nil { state = rest }
            towns[index] = String(town[..<comma]).trimmed
        }
        isWhole = country != nil || state != nil
        for index in towns.indices {
            for ending in [" hub", " gateway", " airport", " apt"] where towns[index].lowercased().hasSuffix(ending) {
                towns[index] = String(towns[index].dropLast(ending.utf8.count)).trimmed
            }
        }
        // Two letters alone are usually a US state.
        if country == nil, let state, PlaceZones.zone(country: "US", state: state) != nil { country = "US" }
    }

    /// Takes country and state from the first of these places with the same town.
    mutating func complete(by others: [ToldPlace]) {
        guard country == nil, !towns.isEmpty else { return }
        for other in others where other.country != nil {
            guard other.towns.contains(where: { theirs in towns.contains { $0.lowercased() == theirs.lowercased() } })
            else { continue }
            country = other.country
            state = state ?? other.state
            return
        }
    }
}

extension String {
    /// The parts between separators; a text without one is one part.
    func components(separatedBy separator: Character) -> [String] {
        split(separator: separator, omittingEmptySubsequences: false).map(String.init)
    }
}

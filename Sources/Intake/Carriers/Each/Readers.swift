// Carriers whose answers we read, but which we do not ask: they have no API for an ordinary merchant, or pass their
// parcels to others. Their recorded answers can be shown, and an aggregator's webhook may deliver them.

internal import Outreach
internal import Platform

/// A carrier that is read but never asked.
public struct ReadOnlyCarrier: Carrier {
    public let name: String
    public let habit: String
    public let home: String?
    private let reading: @Sendable (AnswerTree) -> [Told]

    init(_ name: String, habit: String, home: String? = nil, _ reading: @escaping @Sendable (AnswerTree) -> [Told]) {
        self.name = name
        self.habit = habit
        self.home = home
        self.reading = reading
    }

    /// None: it is not asked.
    public var quota: CarrierQuota { CarrierQuota() }
    public func requests(for numbers: [String], _ access: CarrierAccess) -> [CarrierRequest] { [] }
    public func read(_ body: AnswerBody) -> [Told] { reading(body.tree) }
}

enum Readers {
    static let all: [any Carrier] = [laserShip, asendia, newgistics, pitneyBowes, prestige, seko, smartKargo]

    private static let table = CodeTable(PackageResources.regionals_tsv)

    private static func meaning(_ carrier: String, _ codes: String?...) -> Meaning? {
        for code in codes { if let code, let meaning = table.meaning("\(carrier):\(code)") { return meaning } }
        return nil
    }

    /// LaserShip sends each time twice, local and in UTC without a Z; the difference is the offset.
    private static let laserShip = ReadOnlyCarrier("lasership", habit: "America/New_York", home: "US") { tree in
        guard tree["Events"] != .null else {
            return tree["Error"] == .null && tree["ErrorMessage"] == .null
                ? [] : [.call(number: nil, .notFound, "no events")]
        }
        var parcel = ToldParcel()
        parcel.number = tree["Pieces"].elements.first?["TrackingNumber"].text
        parcel.events = tree["Events"].elements.map { event in
            var time = ToldTime(event["DateTime"].text)
            if let local = time, let second = local.second, let utc = ToldTime(event["UTCDateTime"].text),
                let other = utc.second
            {
                let minutes = (local.day.days(since: utc.day) * 86_400 + second - other) / 60
                // Some events have the local time in both fields, so there is no offset.
                if minutes != 0, abs(minutes) <= 14 * 60 { time?.offset = minutes }
            }
            return ToldEvent(
                code: event["EventType"].text, meaning: meaning("lasership", event["EventType"].text), time: time,
                words: event["EventShortText"].text,
                place: ToldPlace(city: event["City"].text, state: event["State"].text, country: event["Country"].text))
        }
        if let day = ToldTime(tree["EstimatedDeliveryDate"].text) {
            parcel.estimate = ToldEstimate(time: day, field: "EstimatedDeliveryDate")
        }
        return [.told(parcel)]
    }

    /// Asendia USA: local times, all labelled with the offset of UTC.
    private static let asendia = ReadOnlyCarrier("asendia_us", habit: "America/New_York") { tree in
        tree["data"].elements.map { item in
            var parcel = ToldParcel()
            parcel.number = item.text("trackingNumberVendor", "customerReferenceNumber")
            parcel.aliases = [item["customerReferenceNumber"].text].compactMap(\.self)
            parcel.flags.insert(.offsetDoubtful)
            parcel.events = item["trackingMilestoneEvents"].elements.map { event in
                ToldEvent(
                    code: event["eventCode"].text, meaning: meaning("asendia", event["eventCode"].text),
                    time: ToldTime(event["eventOn"].text),
                    words: event["eventDescription"].text, place: ToldPlace(city: event["eventLocation"].text))
            }
            return .told(parcel)
        }
    }

    /// Newgistics: missing values are the text "null", which the tree treats as absent. Its parcels are returns.
    private static let newgistics = ReadOnlyCarrier("newgistics", habit: "America/Chicago", home: "US") { tree in
        tree["Packages"].elements.map { package in
            let number = package["TrackingNumber"].text
            let events = package["PackageTrackingEvents"].elements
            if events.isEmpty, package["Status"].text == nil || package["Status"].text == "NotFound" {
                return .call(number: number, .notFound, "status NotFound")
            }
            var parcel = ToldParcel()
            parcel.number = number
            parcel.returnLeg = true
            let states: [String: ParcelState] = [
                "delivered": .delivered, "intransit": .inTransit, "in transit": .inTransit, "pickedup": .accepted,
                "picked up": .accepted,
                "manifested": .preTransit, "created": .preTransit, "outfordelivery": .outForDelivery,
                "exception": .exception,
            ]
            func meaning(_ word: String?) -> Meaning? {
                word.flatMap { states[$0.lowercased()] }.map { Meaning(state: $0) }
            }
            parcel.events = events.map { event in
                ToldEvent(
                    code: event.text("EventCode", "Status"),
                    meaning: meaning(event.text("Status", "EventStatus", "EventDescription")),
                    time: ToldTime(event.text("EventDateTime", "Date")), words: event["EventDescription"].text,
                    place: ToldPlace(city: event["City"].text, state: event["State"].text))
            }
            parcel.top = ToldEvent(code: package["Status"].text, meaning: meaning(package["Status"].text))
            if let time = ToldTime(package["EstimatedDeliveryDate"].text) {
                parcel.estimate = ToldEstimate(time: time, field: "EstimatedDeliveryDate")
            }
            return .told(parcel)
        }
    }

    /// Pitney Bowes: day, time and offset in three fields; events of type RTN are on the way to the merchant.
    private static let pitneyBowes = ReadOnlyCarrier("pitney_bowes", habit: "America/New_York", home: "US") { tree in
        if let error = tree["errors"].elements.first {
            return [.call(number: nil, .notFound, "error \(error.text("errorCode", "code") ?? "?")")]
        }
        guard tree["scanDetailsList"] != .null || tree["currentStatus"] != .null else { return [] }
        var parcel = ToldParcel()
        parcel.number = tree["trackingNumber"].text
        let scans =
            tree["scanDetailsList"].elements.isEmpty ? tree["currentStatus"].elements : tree["scanDetailsList"].elements
        parcel.events = scans.map { event in
            let code = event.text("standardizedEventCode", "l1Code", "scanType")
            return ToldEvent(
                code: code, meaning: meaning("pitney", code, event["packageStatus"].text),
                time: ToldTime(
                    day: event["eventDate"].text, clock: event["eventTime"].text, offset: event["eventTimeOffset"].text),
                words: event["scanDescription"].text,
                place: ToldPlace(
                    city: event["eventCity"].text, state: event["eventStateOrProvince"].text,
                    country: event["country"].text),
                returnLeg: event["eventType"].text == "RTN")
        }
        parcel.returnLeg = tree["currentStatus"]["eventType"].text == "RTN"
        parcel.top = ToldEvent(code: tree["status"].text, meaning: meaning("pitney", tree["status"].text))
        if let time = ToldTime(
            day: tree["estimatedDeliveryDate"].text, clock: tree["estimatedDeliveryTime"].text,
            offset: tree["estimatedDeliveryTimeOffset"].text)
        {
            parcel.estimate = ToldEstimate(time: time, field: "estimatedDeliveryDate")
        }
        return [.told(parcel)]
    }

    /// Prestige: American dates, twelve-hour clocks.
    private static let prestige = ReadOnlyCarrier("prestige", habit: "America/New_York", home: "US") { tree in
        tree.elements.filter { $0["TrackingEventHistory"] != .null }.map { item in
            var parcel = ToldParcel()
            parcel.number = item["TrackingNumber"].text
            let history = item["TrackingEventHistory"].elements
            parcel.events = history.map { event in
                ToldEvent(
                    code: event["EventCode"].text, meaning: meaning("prestige", event["EventCode"].text),
                    time: ToldTime(day: event["serverDate"].text, clock: event["serverTime"].text),
                    words: event["EventCodeDesc"].text,
                    place: ToldPlace(
                        city: event["ELCity"].text, state: event["ELState"].text, country: event["CountryCode"].text))
            }
            if let day = history.lazy.compactMap({ ToldTime($0["EstimatedDeliveryDate"].text) }).first {
                parcel.estimate = ToldEstimate(time: day, field: "EstimatedDeliveryDate")
            }
            return .told(parcel)
        }
    }

    /// SEKO OmniParcel: a bare list, words with a trailing space, no zone; the place ends with a country.
    private static let seko = ReadOnlyCarrier("seko", habit: "America/Los_Angeles") { tree in
        tree.elements.filter { $0["Events"] != .null }.map { item in
            var parcel = ToldParcel()
            parcel.number = item["ConsignmentNo"].text
            parcel.events = item["Events"].elements.map { event in
                let place = event["Location"].text?.components(separatedBy: ",").map(\.trimmed) ?? []
                return ToldEvent(
                    code: event["OmniCode"].text, meaning: meaning("seko", event["OmniCode"].text),
                    time: ToldTime(event["EventDT"].text),
                    words: event["Description"].text,
                    place: ToldPlace(
                        city: place.first, state: place.count > 2 ? place[place.count - 2] : nil,
                        country: place.count > 1 ? place.last : nil))
            }
            parcel.deliveredAt = ToldTime(item["Delivered"].text)
            return .told(parcel)
        }
    }

    /// SmartKargo: .NET's seven fractional digits; the event's type counts, its words contradict it.
    private static let smartKargo = ReadOnlyCarrier("smartkargo", habit: "America/New_York") { tree in
        let rows = tree.elements.filter { $0["eventType"] != .null }
        guard !rows.isEmpty else { return [] }
        var parcel = ToldParcel()
        parcel.number = rows[0]["packageReference"].text ?? rows[0]["airWaybill"].text
        parcel.events = rows.map { event in
            ToldEvent(
                code: event["eventType"].text, meaning: meaning("smartkargo", event["eventType"].text),
                time: ToldTime(event["eventDate"].text),
                words: event["description"].text, place: ToldPlace(city: event["eventLocation"].text))
        }
        if let time = rows.lazy.compactMap({ ToldTime($0["estimatedDeliveryDate"].text) }).first {
            parcel.estimate = ToldEstimate(time: time, field: "estimatedDeliveryDate")
        }
        return [.told(parcel)]
    }
}

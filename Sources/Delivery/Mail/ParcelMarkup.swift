internal import Outreach

// What Gmail reads in addition to the text: schema.org's ParcelDelivery, with its order, in JSON-LD
// (https://developers.google.com/gmail/markup/reference/parcel-delivery and /reference/types/ParcelDelivery). The two
// pages name the day differently, `expectedArrivalUntil` and `expectedArrival`; both are written. `TrackAction` and
// `ViewAction` are the buttons in the list of mails. Gmail shows them once the sender's domain is registered with
// Google; without that they are ignored and do no harm.
//
// The text is in a <script>, which ends at the first `</script`, whatever JSON makes of it (HTML standard, 4.12.1.3).
// So `<` is always escaped.

/// Writes the notices of parcels as JSON-LD.
enum ParcelMarkup {
    /// The script element followed by a newline, or an empty text if there is nothing to say.
    static func script(_ parcels: [ParcelNotice]) -> String {
        guard !parcels.isEmpty else { return "" }
        let values = parcels.map(json)
        let value = values.count == 1 ? values[0] : JSON.array(values)
        return "<script type=\"application/ld+json\">\n\(scriptSafe(value))\n</script>\n"
    }

    /// The merchant's own HTML with the script at the end of its head, or at the very beginning if it has no head;
    /// unchanged if it already contains JSON-LD of its own.
    static func adding(_ parcels: [ParcelNotice], to html: String) -> String {
        let script = script(parcels)
        let lowered = html.lowercased()
        guard !script.isEmpty, !lowered.contains("application/ld+json") else { return html }
        // Lower-casing can change a text's length, so the position is searched for in the text itself.
        if let head = html.firstRange(of: /<\/head\s*>/.ignoresCase()) {
            return html[..<head.lowerBound] + script + html[head.lowerBound...]
        }
        if let body = html.firstRange(of: /<body[^>]*>/.ignoresCase()) {
            return html[..<body.upperBound] + script + html[body.upperBound...]
        }
        return html + script
    }

    private static func json(_ parcel: ParcelNotice) -> JSON {
        var order: [JSON.Member] = [
            .init("@type", "Order"), .init("orderNumber", .string(parcel.orderNumber)),
            .init("orderStatus", .string("http://schema.org/\(parcel.status.rawValue)")),
            .init("merchant", ["@type": "Organization", "name": .string(parcel.merchant)]),
        ]
        if let url = web(parcel.orderURL) {
            order.append(.init("url", .string(url)))
            order.append(.init("potentialAction", ["@type": "ViewAction", "target": .string(url)]))
        }
        let place = parcel.destination
        var address: [JSON.Member] = [.init("@type", "PostalAddress")]
        if let name = place.name { address.append(.init("name", .string(name))) }
        address += [
            .init("streetAddress", .string(place.street)), .init("addressLocality", .string(place.city)),
            .init("addressRegion", .string(place.region)), .init("postalCode", .string(place.postalCode)),
            .init("addressCountry", .string(place.country)),
        ]
        let until = JSON.string(time(parcel.arrival.upperBound, parcel.zone))
        var members: [JSON.Member] = [
            .init("@context", "http://schema.org"), .init("@type", "ParcelDelivery"),
            .init("trackingNumber", .string(parcel.trackingNumber)),
            .init("carrier", ["@type": "Organization", "name": .string(parcel.carrier)]),
            .init("deliveryAddress", .object(address)), .init("expectedArrival", until),
            .init("expectedArrivalFrom", .string(time(parcel.arrival.lowerBound, parcel.zone))),
            .init("expectedArrivalUntil", until),
            .init(
                "itemShipped",
                .array(
                    parcel.items.map { item in
                        let name = item.quantity > 1 ? "\(item.quantity) × \(item.name)" : item.name
                        return ["@type": "Product", "name": .string(name)]
                    })),
        ]
        if let url = web(parcel.trackingURL) {
            members.append(.init("trackingUrl", .string(url)))
            members.append(.init("potentialAction", ["@type": "TrackAction", "target": .string(url)]))
        }
        members.append(.init("partOfOrder", .object(order)))
        return .object(members)
    }

    private static func web(_ url: String?) -> String? {
        url.flatMap { LinkTarget($0) }.flatMap { $0.isWeb ? $0.url : nil }
    }

    /// `2026-03-12T23:59:59+00:00`.
    private static func time(_ moment: Moment, _ zone: Zone) -> String {
        let clock = zone.secondOfDay(at: moment)
        let minutes = zone.offset(at: moment) / 60
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(zone.day(at: moment))T\(two(clock / 3600)):\(two(clock / 60 % 60)):\(two(clock % 60))"
            + "\(minutes < 0 ? "-" : "+")\(two(abs(minutes) / 60)):\(two(abs(minutes) % 60))"
    }

    /// In JSON these characters only occur in texts, where an escape means the same.
    private static func scriptSafe(_ value: JSON) -> String {
        var out: [UInt8] = []
        for byte in value.bytes {
            switch byte {
            case UInt8(ascii: "<"): out += "\\u003c".utf8
            case UInt8(ascii: ">"): out += "\\u003e".utf8
            case UInt8(ascii: "&"): out += "\\u0026".utf8
            default: out.append(byte)
            }
        }
        return String(decoding: out, as: UTF8.self)
    }
}

import Foundation
import Platform
import Testing

@testable import Delivery
@testable import Outreach

@Suite("What mail programs are told of a parcel")
struct ParcelMarkupTests {
    static func notice(_ text: String = "Linen apron", url: String? = "https://tracking.example/1?a=1&b=2")
        -> ParcelNotice
    {
        let day = CalendarDay(year: 2026, month: 3, day: 12)!
        let zone = Zone.first(of: "Asia/Kolkata")
        return ParcelNotice(
            orderNumber: "#1001", orderURL: url, status: .inTransit, merchant: text, carrier: text,
            trackingNumber: text,
            trackingURL: url, items: [.init(name: text, quantity: 1), .init(name: "Candle", quantity: 2)],
            destination: .init(name: text, street: text, city: text, region: text, postalCode: text, country: "IN"),
            arrival: zone.moment(on: day)...zone.moment(on: day, secondOfDay: 86_399), zone: zone)
    }

    private func read(_ html: String) throws -> [String: Any] {
        var tokens = HTMLTokens(html)
        while let token = tokens.next() {
            guard case .raw("script", let attributes, let content) = token else { continue }
            #expect(attributes["type"] == "application/ld+json")
            return try #require(
                JSONSerialization.jsonObject(with: Data(Array(html.utf8)[content])) as? [String: Any])
        }
        return [:]
    }

    @Test("is what Gmail asks for, with the day where the parcel goes")
    func fields() throws {
        let parcel = try read(ParcelMarkup.script([Self.notice()]))
        #expect(parcel["@context"] as? String == "http://schema.org")
        #expect(parcel["@type"] as? String == "ParcelDelivery")
        #expect(parcel["expectedArrivalFrom"] as? String == "2026-03-12T00:00:00+05:30")
        #expect(parcel["expectedArrivalUntil"] as? String == "2026-03-12T23:59:59+05:30")
        #expect(parcel["expectedArrival"] as? String == "2026-03-12T23:59:59+05:30")
        #expect((parcel["itemShipped"] as? [[String: String]])?.map { $0["name"] } == ["Linen apron", "2 × Candle"])
        let action = try #require(parcel["potentialAction"] as? [String: String])
        #expect(action == ["@type": "TrackAction", "target": "https://tracking.example/1?a=1&b=2"])
        let order = try #require(parcel["partOfOrder"] as? [String: Any])
        #expect(order["orderNumber"] as? String == "#1001")
        #expect(order["orderStatus"] as? String == "http://schema.org/OrderInTransit")
        #expect((order["potentialAction"] as? [String: String])?["@type"] == "ViewAction")
    }

    @Test(
        "is data, whatever a product or a carrier is called",
        arguments: [
            "</script><script>alert(1)</script>", "<!--<script>", "\"},{\"@type\":\"x\"", "\\\" \\u003c",
            "a\u{2028}b\u{2029}\r\n\t\0", "日本 🦊 &amp; <b>",
        ])
    func hostile(_ text: String) throws {
        let script = ParcelMarkup.script([Self.notice(text, url: "javascript:alert(1)")])
        #expect(script.components("<") == 2 && script.components("-->") == 0)
        let parcel = try read(script)
        #expect((parcel["carrier"] as? [String: String])?["name"] == text)
        #expect((parcel["itemShipped"] as? [[String: String]])?.first?["name"] == text)
        #expect(parcel["trackingUrl"] == nil && parcel["potentialAction"] == nil)
    }

    @Test("is one list for several parcels, and nothing for none")
    func several() throws {
        #expect(ParcelMarkup.script([]) == "")
        let script = ParcelMarkup.script([Self.notice(), Self.notice()])
        let body = script.drop { $0 != "\n" }.prefix { $0 != "<" }
        let parcels = try JSONSerialization.jsonObject(with: Data(body.utf8)) as? [[String: Any]]
        #expect(parcels?.count == 2)
    }

    @Test(
        "stands in a merchant's own page where it is read, unless the page tells it itself",
        arguments: [
            ("<html><HEAD><title>x</title></HEAD><body>y", "</title><script", "</script>\n</HEAD>"),
            ("<body class='a>b'>y", "<script", "</script>\n"), ("y", "y<script", "</script>\n"),
        ])
    func ownPages(_ html: String, _ before: String, _ after: String) {
        let added = ParcelMarkup.adding([Self.notice()], to: html)
        #expect(added.contains(before) && added.contains(after))
        #expect(ParcelMarkup.adding([], to: html) == html)
        let own = html + "<script type='application/LD+json'>{}</script>"
        #expect(ParcelMarkup.adding([Self.notice()], to: own) == own)
    }
}

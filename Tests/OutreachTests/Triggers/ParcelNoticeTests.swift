import Testing

@testable import Outreach

@Suite("What can be told of a parcel beside the mail")
struct ParcelNoticeTests {
    private func scope(
        _ kind: EventKind = .shipmentOutForDelivery, _ change: (inout OrderRecord) -> Void = { _ in }
    ) -> Scope {
        let order = StandardOrder(kind, at: StandardOrder.moment)
        var record = order.record
        change(&record)
        let brand = Brand(name: "Juniper & Fig", from: MailAddress(address: "orders@juniperfig.example")!)
        return Scope(
            record: record, event: order.event, history: order.history, settings: ShopSettings(brand: brand),
            now: StandardOrder.moment, zone: StandardOrder.zone, shopZone: StandardOrder.zone, shop: StandardOrder.shop)
    }

    @Test("is there where all is known")
    func known() throws {
        let notice = try #require(scope().parcelNotices.first)
        #expect(notice.carrier == "Royal Mail" && notice.trackingNumber == "JF123456789GB")
        #expect(notice.items == [.init(name: "Linen apron", quantity: 1), .init(name: "Beeswax candle", quantity: 2)])
        #expect(notice.destination.street == "4 Orchard Row" && notice.destination.region == "England")
        #expect(StandardOrder.zone.day(at: notice.arrival.lowerBound).description == "2026-03-11")
        #expect(notice.status == .inTransit)
    }

    @Test(
        "is not, where one of these is missing",
        arguments: ["carrier", "number", "street", "city", "code", "country", "address", "things", "day", "parcel"])
    func missing(_ what: String) {
        let scope = scope(.shipmentOutForDelivery) { record in
            switch what {
            case "carrier": record.shipments[0].tracking.company = nil
            case "number": record.shipments[0].tracking.number = " "
            case "street": record.facts.shippingAddress?.address1 = nil
            case "city": record.facts.shippingAddress?.city = ""
            case "code": record.facts.shippingAddress?.zip = nil
            case "country": record.facts.shippingAddress?.countryCode = nil
            case "address": record.facts.shippingAddress = nil
            case "things": record.facts.fulfillments[0].lineItems = []
            case "day":
                for index in record.facts.fulfillments[0].scans.indices {
                    record.facts.fulfillments[0].scans[index].estimate = nil
                }
            default: record.shipments[0].present = false
            }
        }
        #expect(scope.parcelNotices.isEmpty, "\(what)")
    }

    @Test("names the city where a country's addresses have no region")
    func region() {
        let notice = scope(.shipmentOutForDelivery) { $0.facts.shippingAddress?.province = nil }.parcelNotices.first
        #expect(notice?.destination.region == "Bristol")
    }

    @Test(
        "says what has become of it",
        arguments: [
            (EventKind.shipmentDelivered, ParcelNotice.Status.delivered), (.shipmentReadyForPickup, .pickup),
            (.shipmentException, .problem), (.shipmentReturning, .returned), (.shipmentCreated, .processing),
        ])
    func status(_ kind: EventKind, _ status: ParcelNotice.Status) {
        let scope = scope(kind) { record in
            record.facts.fulfillments[0].scans.append(
                Scan(
                    id: "x", source: "shopify", time: StandardOrder.moment, state: nil,
                    estimate: CalendarDay(iso8601: "2026-03-13")))
        }
        #expect(scope.parcelNotices.first?.status == status)
    }

    @Test("is no matter of a return or an order")
    func others() {
        #expect(scope(.refundIssued).parcelNotices.isEmpty && scope(.orderPaid).parcelNotices.isEmpty)
    }
}

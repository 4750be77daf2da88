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

    struct Gap: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var make: @Sendable (inout OrderRecord) -> Void

        init(_ name: String, _ make: @escaping @Sendable (inout OrderRecord) -> Void) {
            testDescription = name
            self.make = make
        }
    }

    static let gaps = [
        Gap("carrier") { $0.shipments[0].tracking.company = nil },
        Gap("number") { $0.shipments[0].tracking.number = " " },
        Gap("street") { $0.facts.shippingAddress?.address1 = nil },
        Gap("city") { $0.facts.shippingAddress?.city = "" },
        Gap("postal code") { $0.facts.shippingAddress?.zip = nil },
        Gap("country") { $0.facts.shippingAddress?.countryCode = nil },
        Gap("address") { $0.facts.shippingAddress = nil },
        Gap("things") { $0.facts.fulfillments[0].lineItems = [] },
        Gap("day") { record in
            for index in record.facts.fulfillments[0].scans.indices {
                record.facts.fulfillments[0].scans[index].estimate = nil
            }
        },
        Gap("parcel") { $0.shipments[0].present = false },
    ]

    @Test("is not, where one thing is missing", arguments: gaps)
    func missing(_ gap: Gap) {
        #expect(scope(.shipmentOutForDelivery, gap.make).parcelNotices.isEmpty)
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

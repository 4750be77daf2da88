import Foundation
import Testing

@testable import Outreach

/// A story with a carrier that is asked, for what is told of the wrong parcel, or of none.
extension Story {
    /// The carrier's answer about a number: all scans that it has, by hours after the start.
    @discardableResult
    mutating func hear(
        _ number: String, _ scans: [(id: String, state: ParcelState, at: Duration)], after: Duration
    ) -> [EventKind] {
        learn(
            Observation(
                shop: "fig.myshopify.com", seenAt: Story.start + after,
                content: .parcel(
                    number: number, source: "ups",
                    scans: scans.map { Story.scan($0.id, $0.state, after: $0.at, source: "ups") }, complete: true,
                    order: facts.id)))
    }

    /// What the shop shows of the last fulfillment is changed by hand.
    mutating func change(after: Duration, _ body: (inout FulfillmentFacts) -> Void) {
        let last = facts.fulfillments.count - 1
        body(&facts.fulfillments[last])
        facts.fulfillments[last].updatedAt = Story.start + after
    }

    func state(_ shipment: Int = 0, after: Duration) -> ShipmentState {
        record!.state(of: record!.shipments[shipment], now: Story.start + after, zone: .utc)
    }
}

@Suite("A parcel and its number")
struct ParcelIdentityTests {
    // MARK: Recycled numbers

    @Test("what was scanned long before the fulfillment is of another parcel", arguments: [true, false])
    func recycled(_ byCarrier: Bool) {
        var story = Story()
        story.ship(["1Z5R89390357567127"])
        story.look(after: .hours(1))
        let old: [(id: String, state: ParcelState, at: Duration)] = [
            ("a", .inTransit, .days(-120)), ("b", .delivered, .days(-118)),
        ]
        func show(_ scans: [(id: String, state: ParcelState, at: Duration)], after: Duration) -> [EventKind] {
            if byCarrier { return story.hear("1Z5R89390357567127", scans, after: after) }
            story.change(after: after) { fulfillment in
                fulfillment.scans = scans.map { Story.scan($0.id, $0.state, after: $0.at) }
            }
            return story.look(after: after)
        }
        #expect(show(old, after: .hours(2)) == [])
        #expect(story.state(after: .hours(2)).state == .preTransit)
        #expect(story.state(after: .hours(2)).deliveredAt == nil)
        let van = old + [("c", .outForDelivery, .hours(20))]
        #expect(show(van, after: .hours(21)) == [.shipmentOutForDelivery])
        #expect(show(van + [("d", .delivered, .hours(24))], after: .hours(25)).contains(.shipmentDelivered))
        #expect(story.state(after: .hours(25)).deliveredAt == Story.start + .hours(24))
    }

    @Test("a pre-order is scanned by its fulfillment, and what is marked as sent late keeps its scans")
    func bounds() {
        var story = Story(live: Story.start - .days(100), createdAt: Story.start - .days(90))
        story.ship(["1Z5R89390357567127"])
        story.look(after: .hours(1))
        // Long after the order, and long before the fulfillment: another parcel.
        story.hear("1Z5R89390357567127", [("a", .delivered, .days(-60))], after: .hours(2))
        #expect(story.state(after: .hours(2)).state == .preTransit)
        story.hear("1Z5R89390357567127", [("b", .inTransit, .days(-9))], after: .hours(3))
        #expect(story.state(after: .hours(3)).state == .inTransit)
    }

    // MARK: Corrected numbers

    @Test("what was scanned of an earlier number does not count, and the right parcel is told of from its start")
    func corrected() {
        var story = Story()
        story.ship(["1Z5R89390357567127"])
        story.look(after: .hours(1))
        let theirs = story.hear(
            "1Z5R89390357567127", [("a", .outForDelivery, .hours(1)), ("b", .delivered, .hours(2))], after: .hours(3))
        #expect(theirs.contains(.shipmentDelivered))
        story.change(after: .hours(4)) { $0.tracking[0].number = "1Z12345E0205271688" }
        #expect(story.look(after: .hours(4)) == [.shipmentNumberChanged])
        #expect(story.state(after: .hours(4)).state == .preTransit)
        let own = story.hear("1Z12345E0205271688", [("x", .outForDelivery, .hours(30))], after: .hours(31))
        #expect(own == [.shipmentOutForDelivery])
        #expect(
            story.hear(
                "1Z12345E0205271688", [("x", .outForDelivery, .hours(30)), ("y", .delivered, .hours(33))],
                after: .hours(34)
            ).contains(.shipmentDelivered))
        // Each is told under a key of its own.
        let keys = story.events.filter { $0.kind == .shipmentDelivered }.flatMap(Trigger.usualKeys)
        #expect(Set(keys).count == 2 && keys.count == 2)
        // Looked at again, nothing happens again.
        #expect(story.look(after: .hours(35)) == [])
    }

    @Test("the shop's own tracking of an earlier number does not count either")
    func correctedInShop() {
        var story = Story()
        story.ship(["1Z5R89390357567127"])
        story.scan("1", .delivered, after: .hours(2))
        #expect(story.look(after: .hours(3)).contains(.shipmentDelivered))
        story.change(after: .hours(4)) { $0.tracking[0].number = "1Z12345E0205271688" }
        #expect(story.look(after: .hours(4)) == [.shipmentNumberChanged])
        #expect(story.state(after: .hours(4)).state == .preTransit)
        story.scan("2", .delivered, after: .hours(30))
        #expect(story.look(after: .hours(31)).contains(.shipmentDelivered))
    }

    @Test("a number that was mistyped and followed by nobody changes no key")
    func mistyped() {
        var story = Story()
        story.ship(["1Z5R89390357567127"])
        story.look(after: .hours(1))
        story.change(after: .hours(4)) { $0.tracking[0].number = "1Z12345E0205271688" }
        story.look(after: .hours(4))
        story.hear("1Z12345E0205271688", [("y", .inTransit, .hours(5))], after: .hours(6))
        #expect(
            story.events.last.map(Trigger.usualKeys) == ["shipment.in_transit/shipment:5/1"])
    }

    // MARK: Numbers that come or change

    @Test("a number that comes, and each that changes, is an event; one that is there from the start is none")
    func numberChanged() throws {
        var story = Story()
        story.ship([])
        #expect(
            story.look(after: .hours(1))
                == [.orderFulfilled, .orderPlaced, .shipmentCreated].sorted { $0.rank < $1.rank })
        story.change(after: .hours(2)) { $0.tracking = [TrackingFacts(company: "UPS", number: "1Z5R89390357567127")] }
        #expect(story.look(after: .hours(3)) == [.shipmentNumberChanged])
        #expect(story.events.last?.happenedAt == Story.start + .hours(2))
        // Written otherwise it is the same number.
        story.change(after: .hours(4)) { $0.tracking[0].number = "1z 5r8939 0357567127\u{200B}" }
        #expect(story.look(after: .hours(4)) == [])
        story.change(after: .hours(5)) { $0.tracking = [TrackingFacts(company: "Royal Mail", number: "RM123456785GB")] }
        #expect(story.look(after: .hours(5)) == [.shipmentNumberChanged])
        #expect(story.look(after: .hours(6)) == [])
        let keys = story.events.filter { $0.kind == .shipmentNumberChanged }.flatMap(Trigger.usualKeys)
        #expect(keys == ["shipment.number_changed/shipment:5/1.1", "shipment.number_changed/shipment:5/1.2"])
        // The numbers of two packages that come at once are one event.
        var two = Story()
        two.ship(["A1", "A2"])
        two.look(after: .hours(1))
        two.change(after: .hours(2)) {
            $0.tracking[0].number = "B1"; $0.tracking[1].number = "B2"
        }
        #expect(two.look(after: .hours(2)) == [.shipmentNumberChanged])
        #expect(two.events.last?.occurrences.count == 2)
    }

    // MARK: Cancelled

    @Test("a cancelled fulfillment that is delivered all the same is cancelled, and no more", arguments: [true, false])
    func cancelledAndDelivered(_ atOnce: Bool) {
        var story = Story()
        story.ship(["1Z5R89390357567127"])
        story.look(after: .hours(1))
        story.change(after: .hours(2)) { $0.status = .cancelled }
        if !atOnce { #expect(story.look(after: .hours(2)) == [.shipmentCancelled]) }
        story.scan("1", .delivered, after: .hours(3))
        #expect(story.look(after: .hours(4)) == (atOnce ? [.shipmentCancelled] : []))
        #expect(story.state(after: .hours(4)).state == .cancelled)
        #expect(story.hear("1Z5R89390357567127", [("d", .delivered, .hours(3))], after: .hours(5)) == [])
        #expect(!story.events.contains { $0.kind == .shipmentDelivered || $0.kind == .orderDelivered })
    }

    @Test("what was delivered and is cancelled afterwards is not news any more")
    func deliveredAndCancelled() throws {
        var story = Story()
        story.ship(["1Z5R89390357567127"])
        story.scan("1", .delivered, after: .hours(3))
        story.look(after: .hours(4))
        let delivered = try #require(story.events.last { $0.kind == .shipmentDelivered })
        #expect(story.record!.overtaken(delivered) == nil)
        story.change(after: .hours(5)) { $0.status = .cancelled }
        #expect(story.look(after: .hours(5)) == [])
        #expect(story.record!.overtaken(delivered) == .cancelled)
    }

    @Test("what is cancelled and made again with the same number is one parcel", arguments: [true, false])
    func madeAgain(_ atOnce: Bool) {
        var story = Story()
        story.ship(["1Z5R89390357567127"])
        story.look(after: .hours(1))
        story.change(after: .hours(2)) { $0.status = .cancelled }
        if !atOnce { story.look(after: .hours(2)) }
        story.ship(["1Z5R8939 0357567127"], after: .hours(3))
        story.facts.fulfillments.reverse()
        story.look(after: .hours(3))
        let created = story.events.filter { $0.kind == .shipmentCreated }
        // Under one key: what was told is not told again, and what was held back for the cancellation may be.
        #expect(Set(created.flatMap(Trigger.usualKeys)).count == 1)
        #expect(created.count == 2 && story.record!.overtaken(created[1]) == nil)
        #expect(story.record!.shipments.filter(\.present).map(\.fulfillmentID) == ["gid://shopify/Fulfillment/6"])
        #expect(story.record!.shipments.map(\.id) == ["5/1"])
        let delivered = story.hear("1Z5R89390357567127", [("d", .delivered, .hours(30))], after: .hours(31))
        #expect(delivered == [.orderDelivered, .shipmentDelivered])
        #expect(story.look(after: .hours(32)) == [])
    }

    // MARK: Nothing to carry

    private static func card(_ story: inout Story) {
        story.facts.lineItems.append(LineItemFacts(id: "L2", title: "Gift card", quantity: 1, requiresShipping: false))
    }

    @Test("the fulfillment of a gift card in a mixed order is no parcel, and holds up no delivery")
    func giftCard() {
        var story = Story()
        Self.card(&story)
        story.ship(["1Z5R89390357567127"])
        story.facts.fulfillments[0].lineItems = [QuantityFacts(lineItemID: "L1", quantity: 2)]
        story.ship([])
        story.facts.fulfillments[1].lineItems = [QuantityFacts(lineItemID: "L2", quantity: 1)]
        story.look(after: .hours(1))
        #expect(
            story.events.filter { $0.kind == .shipmentCreated }.flatMap(\.occurrences).map(\.subject) == [
                "shipment:5/1"
            ])
        story.scan("1", .delivered, after: .hours(20))
        #expect(story.look(after: .hours(21)) == [.orderDelivered, .shipmentDelivered])
        #expect(story.record!.parcels.count == 1)
    }

    @Test(
        "neither is what was taken along at the till, or an order of gift cards alone", arguments: ["retail", "none"])
    func till(_ method: String) {
        var story = Story()
        story.facts.deliveryMethod = method
        if method == "none" { story.facts.lineItems[0].requiresShipping = false }
        story.ship([])
        story.learner.delays.promises = []
        #expect(!story.look(after: .hours(1)).contains(.shipmentCreated))
        #expect(story.wait(until: Story.start + .days(100)) == [])
    }

    @Test("one that gets a number after all is a parcel from then on")
    func numberLater() {
        var story = Story()
        story.facts.lineItems[0].requiresShipping = false
        story.ship([])
        story.look(after: .hours(1))
        story.change(after: .hours(2)) { $0.tracking = [TrackingFacts(company: "UPS", number: "1Z5R89390357567127")] }
        #expect(story.look(after: .hours(2)) == [.shipmentCreated])
    }

    // MARK: Times

    @Test("a delivery whose scan lies in the future is told with the moment at which it was learned")
    func future() {
        var story = Story()
        story.ship()
        story.scan("1", .delivered, after: .hours(30))
        story.look(after: .hours(20))
        #expect(story.events.last { $0.kind == .shipmentDelivered }?.happenedAt == Story.start + .hours(20))
        for hours in [20, 25, 40] {
            #expect(story.state(after: .hours(hours)).deliveredAt == Story.start + .hours(20))
        }
    }

    @Test(
        "the shopper's clock is that of country and province where the shop names none",
        arguments: [
            ("JP", "JP-13", nil, "Asia/Tokyo"), ("US", "CA", nil, "America/Los_Angeles"),
            ("CA", "BC", nil, "America/Vancouver"),
            ("AU", nil, "Western Australia", "Australia/Perth"), ("ES", "GC", nil, "Atlantic/Canary"),
            ("BR", "AM", nil, "America/Manaus"), ("MX", nil, nil, "America/Mexico_City"),
            ("US", nil, nil, "America/New_York"),
            ("ZZ", nil, nil, "Europe/Madrid"),
        ] as [(String, String?, String?, String)])
    func clock(_ country: String, _ code: String?, _ province: String?, _ zone: String) throws {
        var story = Story()
        var address = AddressFacts()
        address.countryCode = country
        address.provinceCode = code
        address.province = province
        story.facts.shippingAddress = address
        story.look(after: .zero)
        let shopZone = try #require(Zone(named: "Europe/Madrid"))
        #expect(story.record!.zone(shopZone: shopZone).name == zone)
        story.facts.shippingAddress?.timeZone = "Asia/Kolkata"
        story.look(after: .hours(1))
        #expect(story.record!.zone(shopZone: shopZone).name == "Asia/Kolkata")
    }

    // MARK: Numbers as people paste them

    @Test(
        "a number is what is left without all that comes along",
        arguments: [
            ("1Z5R89390357567127", "1Z5R89390357567127"), ("1Z5R89390357567127\u{200B}", "1Z5R89390357567127"),
            ("\u{A0}1Z5R89390357567127", "1Z5R89390357567127"), ("1Z5R8939-0357567127", "1Z5R89390357567127"),
            ("1Z5R8939\u{2011}0357\u{2013}567127", "1Z5R89390357567127"),
            ("1z 5r8 939 03 5756 7127", "1Z5R89390357567127"), ("UPS 1Z5R89390357567127", "1Z5R89390357567127"),
            ("UPS: 1Z5R89390357567127.", "1Z5R89390357567127"),
            ("Tracking no. 1Z5R89390357567127", "1Z5R89390357567127"),
            ("Royal Mail RM 123 456 785 GB", "RM123456785GB"), ("RM 123 456 785 NO", "RM123456785NO"),
            ("https://ups.example/track?n=1Z5R89390357567127&l=en", "1Z5R89390357567127"),
            ("(420) 90210 9400 1118 9922 3833 0000 00", "420902109400111899223833000000"),
            ("1Z5R89390357567127, 1Z5R89390357567127", "1Z5R89390357567127"),
            ("1Z5R89390357567127, 1Z12345E0205271688", nil), ("1Z5R89390357567127 1Z12345E0205271688", nil),
            ("1Z5R89390357567127/1Z12345E0205271688", nil), ("155, 156", nil), ("155", "155"), ("JF1", "JF1"),
            ("1Z5R8939 0357567127", "1Z5R89390357567127"),
            ("1LS7180012345678-1", "1LS7180012345678-1"), ("1234567890 1234567891", nil), ("1Z\u{0}5", nil),
            ("", nil),
            ("\u{200B} ", nil),
        ] as [(String, String?)])
    func numbers(_ typed: String, _ key: String?) {
        #expect(TrackingFacts(number: typed).key == key)
    }

    @Test("and two in one field are said to be several")
    func several() {
        #expect(TrackingField("1Z5R89390357567127, 1Z12345E0205271688") == .several)
        #expect(TrackingField("—") == .nothing)
    }

    @Test(
        "a name without a letter that can be seen is none",
        arguments: [
            (" ", nil), ("\u{200B}", nil), ("\u{3164}", nil), ("-", nil), (".", nil), ("\u{A0}Ada\u{200B}", "Ada"),
            ("Ö", "Ö"),
            ("李", "李"),
        ] as [(String, String?)])
    func names(_ typed: String, _ name: String?) { #expect(typed.asName == name) }

    @Test("blanks that nobody sees around an address go")
    func address() {
        #expect(MailAddress(address: "\u{A0}ada@shopper.example\u{200B}")?.address == "ada@shopper.example")
        #expect(MailAddress(name: "\u{200B}", address: "ada@shopper.example")?.name == nil)
    }

    @Test("Chinese by its script finds Chinese by its place, and the other way round")
    func chinese() {
        #expect(Locales.chain("zh-Hant") == ["zh-Hant", "zh-TW", "zh-HK", "zh"])
        #expect(Locales.chain("zh_tw") == ["zh-TW", "zh-Hant", "zh-HK", "zh"])
        #expect(Locales.chain("zh-Hans") == ["zh-Hans", "zh-CN", "zh"])
        #expect(Locales.chain("zh-Hant-HK").prefix(2) == ["zh-Hant-HK", "zh-Hant"])
        #expect(Locales.chain("fr-CA") == ["fr-CA", "fr"] && Locales.chain("en") == ["en"])
    }
}

/// Small inputs that people of the trade complain of, beside the project.
enum Field {
    static let folder = URL(fileURLWithPath: Package.root).deletingLastPathComponent().appendingPathComponent(
        "shared/field")

    static let isThere: Bool = {
        let isThere = FileManager.default.fileExists(atPath: folder.path)
        if !isThere { print("Left out: the complaints from the field are not at \(folder.path)") }
        return isThere
    }()

    static func text(_ path: String) throws -> String {
        try String(contentsOf: folder.appendingPathComponent(path), encoding: .utf8)
    }
}

@Suite("Complaints from the field", .enabled(if: Field.isThere))
struct FieldTests {
    private func failures(_ files: [String: String]) throws -> [String] {
        var files = files
        files["shop.yaml"] = "brand: { name: Juniper & Fig, from: orders@juniperfig.example }"
        let (set, faults) = TriggerSet.load(TriggerFolder(files: files.mapValues { Array($0.utf8) }), webhooks: [])
        #expect(faults.filter { $0.severity == .error }.map(\.description) == [])
        return ExampleRunner(try #require(set)).run().failures.map(\.description)
    }

    @Test("what nobody carries is not on its way")
    func nothingToCarry() throws {
        let letter = try String(
            contentsOfFile: Package.root + "/triggers/templates/shipping-confirmation.md", encoding: .utf8)
        var files = [
            "nothing-to-carry.yaml": try Field.text("nothing-to-carry/nothing-to-carry.yaml"),
            "templates/shipping-confirmation.md": letter,
        ]
        for part in ["tracking", "items", "memory", "greeting", "feeling", "close"] {
            files["templates/partials/\(part).md"] = try String(
                contentsOfFile: Package.root + "/triggers/templates/partials/\(part).md", encoding: .utf8)
        }
        #expect(try failures(files) == [])
    }

    @Test("a blank name is a missing name")
    func blankName() throws {
        #expect(
            try failures([
                "blank-name.yaml": try Field.text("blank-name/blank-name.yaml"),
                "templates/blank-name.md": try Field.text("blank-name/blank-name.md"),
            ]) == [])
    }

    @Test("numbers are read as they are pasted")
    func numberForms() throws {
        for line in try Field.text("number-forms/numbers.tsv").split(separator: "\n").dropFirst() {
            let fields = line.split(separator: "\t").map(String.init)
            let typed = fields[0].replacing(#/\\u([0-9a-f]{4})/#) { match in
                Unicode.Scalar(UInt32(match.1, radix: 16) ?? 0x20).map { String(Character($0)) } ?? " "
            }
            #expect(
                TrackingFacts(number: typed).key == fields[1].split(separator: " ").last.map(String.init),
                "\(fields[0])")
        }
    }
}

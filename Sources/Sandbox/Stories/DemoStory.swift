// The demo: a dozen orders of an invented shop, each with a different fate, so that each shipped trigger that Shopify's
// events can fire is seen at least once; and one order whose parcel only the carrier reports on. A step takes a second
// at speed 1.

internal import FoundationEssentials

struct DemoStory {
    let teller: StoryTeller
    let speed: Double
    let chapterPatience: Duration

    private var shop: SandboxShop { teller.shop }

    private static let tea = SandboxItem("Fig leaf tea", sku: "TEA-FIG", price: 1250, tags: ["tea"])
    private static let candle = SandboxItem("Juniper candle", sku: "CND-JUN", price: 2400, tags: ["home"])
    private static let soap = SandboxItem("Olive soap", sku: "SOAP-OLV", price: 690, quantity: 2, tags: ["bath"])
    private static let jug = SandboxItem("Stoneware jug", sku: "JUG-STN", price: 4800, tags: ["home", "fragile"])

    private struct Tale {
        let id: ShopID
        let name: String
        let email: String
    }

    private func step(_ seconds: Double = 1) async throws { try await teller.pause(.seconds(1) / (speed / seconds)) }

    private func place(
        _ first: String, _ last: String, _ email: String, _ items: [SandboxItem], _ address: SandboxAddress = .bristol,
        guest: Bool = false, test: Bool = false, locale: String = "en", tags: [String] = [],
        placedAt: Date? = nil, note: String = ""
    ) -> Tale {
        let customer = SandboxCustomer(
            firstName: first, lastName: last, email: email, locale: locale, tags: tags, isGuest: guest)
        let order = shop.placeOrder(
            customer: customer, items: items, address: address, test: test, placedAt: placedAt)
        teller.say(order.name, "\(customer.name) orders \(items.map(\.title).joined(separator: " and "))\(note)")
        return Tale(id: order.id, name: order.name, email: email)
    }

    private func expect(_ tale: Tale, _ triggers: String...) {
        for trigger in triggers {
            teller.ledger.expect(DueMessage(order: tale.name, trigger: trigger, recipient: tale.email))
        }
    }

    private func days(_ days: Double) -> Date { shop.clock.now().addingTimeInterval(days * 86_400) }

    private func ship(
        _ tale: Tale, _ company: String, _ number: String, line: [Int: Int] = [:], silent: Bool = false
    ) throws -> ShopID {
        let fulfillment = try shop.fulfil(
            tale.id, packages: [SandboxPackage(company: company, number: number)], quantities: line,
            estimatedDeliveryAt: days(2))
        if !silent { expect(tale, "shipping-confirmation") }
        teller.say(tale.name, "is shipped with \(company), \(number)")
        return fulfillment
    }

    /// A new chapter begins when all due messages have come, or once after waiting in vain. Returns whether the next
    /// one waits too.
    private func chapter(_ waits: Bool) async -> Bool {
        guard waits else { return false }
        return await teller.caughtUp(within: chapterPatience)
    }

    /// Runs it. `firstReread` returns when the daemon has read the initial shop.
    func tell(_ firstReread: () async throws -> Void) async throws {
        let old = place(
            "Oda", "Early", "oda@shopper.example", [Self.tea], placedAt: days(-3),
            note: ", three days before Bookbag starts")
        let oldParcel = try ship(old, "Royal Mail", "RM100000001GB", silent: true)
        try shop.addEvent(oldParcel, .inTransit, happenedAt: days(-2), message: "In transit")
        try await firstReread()

        let nora = place("Nora", "Quill", "nora@shopper.example", [Self.tea, Self.candle], tags: ["VIP"])
        let zoe = place(
            "Zoë", "Brontë-Müller", "zoe@shopper.example", [Self.candle],
            SandboxAddress(
                address1: "Rosenweg 4", city: "Zürich", zip: "8001", countryCode: "CH", country: "Switzerland",
                timeZone: "Europe/Zurich"), locale: "de")
        let haruka = place(
            "春香", "山田", "haruka@shopper.example", [Self.jug],
            SandboxAddress(
                address1: "1-2-3 Sakuragaoka", city: "Shibuya", provinceCode: "JP-13", zip: "150-0031",
                countryCode: "JP", country: "Japan", timeZone: "Asia/Tokyo"), locale: "ja")
        let piet = place(
            "Piet", "Parcels", "piet@shopper.example", [Self.soap, Self.jug], note: ", to be sent in two parcels")
        try await step()
        let gus = place("", "Guest", "guest@shopper.example", [Self.soap], guest: true, note: ", without an account")
        let pat = place("Pat", "Upton", "pat@shopper.example", [Self.tea], note: ", to a parcel shop")
        let ada = place("Ada", "Absent", "ada@shopper.example", [Self.candle])
        let ben = place("Ben", "Broken", "ben@shopper.example", [Self.jug])
        let ret = place("Rita", "Returns", "rita@shopper.example", [Self.candle, Self.soap])
        let can = place("Carl", "Changed", "carl@shopper.example", [Self.tea], note: ", and will change his mind")
        let wil = place("Wilma", "Waiting", "wilma@shopper.example", [Self.tea, Self.soap])
        let test = place(
            "Tess", "Test", "tess@shopper.example", [Self.tea], test: true, note: ": a test order, so she gets no mail")
        try await step(2)

        let noraParcel = try ship(nora, "UPS", "1Z999AA10123456784")
        let zoeParcel = try ship(zoe, "DHL", "00340434161094042557")
        let harukaParcel = try ship(haruka, "FedEx", "449044304137821")
        let first = try ship(piet, "Royal Mail", "RM200000001GB", line: [0: 2])
        try await step()
        let guestParcel = try ship(gus, "USPS", "9400111899223100001023")
        let patParcel = try ship(pat, "Evri", "H00AAA0000000001")
        let adaParcel = try ship(ada, "DPD", "15501234567890")
        let benParcel = try ship(ben, "UPS", "1Z999AA10123456795")
        let wilParcel = try ship(wil, "UPS", "1Z999AA10123456806")
        let retParcel = try ship(ret, "Royal Mail", "RM300000001GB")
        let testParcel = try ship(test, "UPS", "1Z999AA10123456700", silent: true)
        try shop.cancelOrder(can.id)
        teller.say(can.name, "is cancelled before it ships")
        try await step(3)

        for parcel in [noraParcel, zoeParcel, harukaParcel, guestParcel, adaParcel, retParcel, first] {
            try shop.addEvent(
                parcel, .inTransit, message: "Departed from facility", city: "Bristol", country: "United Kingdom")
        }
        teller.say("parcels", "seven are on their way")
        let second = try ship(piet, "Royal Mail", "RM200000002GB")
        try await step(2)

        var waits = await chapter(true)
        try shop.addEvent(
            zoeParcel, .delayed, message: "Delayed by weather", estimatedDeliveryAt: days(4), city: "Leipzig")
        expect(zoe, "delay-alert")
        teller.say(zoe.name, "is delayed by the weather")
        try shop.setEstimate(harukaParcel, days(4))
        expect(haruka, "delay-alert")
        teller.say(haruka.name, "is now expected two days later")
        try shop.addEvent(noraParcel, .outForDelivery, message: "Out for delivery", city: "Bristol")
        expect(nora, "out-for-delivery")
        teller.say(nora.name, "is out for delivery")
        try shop.addEvent(patParcel, .readyForPickup, message: "Ready for pickup", city: "Bristol")
        expect(pat, "ready-for-pickup")
        teller.say(pat.name, "is at the parcel shop, ready to collect")
        try shop.scan(wilParcel, .delayed, reason: .weather, city: "Leeds", estimatedDeliveryAt: days(4))
        expect(wil, "delay-alert")
        teller.say(wil.name, "is delayed by the weather: UPS knows, Shopify does not")
        try await step(2)

        try shop.addEvent(adaParcel, .attemptedDelivery, message: "Nobody home", city: "Bath")
        expect(ada, "delivery-attempted")
        teller.say(ada.name, "could not be delivered: nobody home")
        try shop.addEvent(benParcel, .failure, message: "Parcel damaged in transit", city: "Leeds")
        expect(ben, "delivery-problem")
        teller.say(ben.name, "was damaged on the way")
        try shop.addEvent(testParcel, .delivered)
        try await step(3)

        waits = await chapter(waits)
        for (tale, parcel) in [(nora, noraParcel), (gus, guestParcel), (ret, retParcel), (piet, first)] {
            try shop.deliver(parcel)
            expect(tale, "delivered")
            teller.say(tale.name, "is delivered")
        }
        try shop.scan(wilParcel, .delivered)
        expect(wil, "delivered")
        teller.say(wil.name, "is delivered: again UPS knows, and Shopify does not")
        try await step(3)

        waits = await chapter(waits)
        try shop.deliver(second)
        expect(piet, "delivered")
        teller.say(piet.name, "is complete: the second parcel is delivered")
        try await tellReturn(ret, waits: waits)
    }

    private func tellReturn(_ tale: Tale, waits: Bool) async throws {
        var waits = waits
        let back = try shop.requestReturn(tale.id)
        teller.say(tale.name, "is to be returned: the customer asks for it")
        try await step()
        try shop.approveReturn(back)
        expect(tale, "return-approved")
        teller.say(tale.name, "may be returned: the shop agrees")
        try await step(3)
        waits = await chapter(waits)
        try shop.attachLabel(back)
        expect(tale, "return-label")
        teller.say(tale.name, "has a return label, a PDF")
        try await step(3)
        waits = await chapter(waits)
        try shop.receiveReturn(back)
        try shop.closeReturn(back)
        expect(tale, "return-received")
        teller.say(tale.name, "is back at the shop")
        try await step(3)
        _ = await chapter(waits)
        try shop.refund(tale.id, for: back)
        expect(tale, "refund-issued")
        teller.say(tale.name, "is refunded")
    }
}

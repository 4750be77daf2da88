import Foundation
import Liquid
import Testing

@testable import Outreach

/// Real notification templates and contexts, which are not part of the project.
enum Pasted {
    static let folder = Package.root + "/../shared/liquid/shopify-notifications"

    static let arePresent: Bool = {
        let present = FileManager.default.fileExists(atPath: folder + "/templates")
        if !present { print("left out: Shopify's notification templates are not there (\(folder))") }
        return present
    }()

    /// Each template with an event that it suits.
    static let templates: [(name: String, event: EventKind)] = [
        ("order-confirmation", .orderPlaced), ("shipping-confirmation", .shipmentCreated),
        ("shipping-confirmation-ja", .shipmentCreated), ("2014-shipping-confirmation", .shipmentCreated),
        ("shipping-update", .shipmentInTransit), ("out-for-delivery", .shipmentOutForDelivery),
        ("2017-out-for-delivery", .shipmentOutForDelivery), ("delivered", .shipmentDelivered),
        ("delivered-ja", .shipmentDelivered), ("return-created", .returnLabelReady),
        ("return-approved", .returnLabelReady), ("return-label-notification", .returnLabelReady),
    ]
    static let contexts = [
        "full-single-tracking", "partial-multi-tracking-unicode", "one-item-no-tracking", "minimal",
    ]

    static func text(_ path: String) throws -> String {
        try String(contentsOfFile: "\(folder)/\(path)", encoding: .utf8)
    }

    static func source(_ name: String) throws -> String { try text("templates/\(name).liquid") }

    /// What a merchant has after dropping the template into the folder, with `first` as the line above it.
    static func load(_ name: String, _ event: EventKind, above first: String = "") throws -> (TriggerSet?, [Fault]) {
        let files = [
            "shop.yaml": """
            brand:
              name: Juniper & Fig
              from: orders@juniperfig.example
              reply_to: help@juniperfig.example
            """,
            "\(name).yaml": """
            on: \(event.rawValue)
            send: email
            examples:
              - name: a standard order
                expect: email
            """,
            "templates/\(name).html": first + (try source(name)),
        ]
        let result = TriggerSet.load(TriggerFolder(files: files.mapValues { Array($0.utf8) }))
        return (result.set, result.faults)
    }

    /// The words that a reader sees, one blank between any two.
    static func words(_ html: String) -> String {
        var text = html.replacing(/<style.*?<\/style>/.dotMatchesNewlines(), with: " ")
        text = text.replacing(/<title.*?<\/title>/.dotMatchesNewlines(), with: " ")
        text = text.replacing(/<(?:"[^"]*"|'[^']*'|[^'">])*>/, with: " ")
        return MailText(
            subject: "", body: .html(text.replacing("&nbsp;", with: " ").replacing("\u{A0}", with: " ")), language: ""
        ).readable
    }
}

@Suite(
    "A template pasted from Shopify",
    .enabled(if: Pasted.arePresent, "../shared/liquid/shopify-notifications is absent"))
struct ShopifyTemplateTests {
    @Test(
        "is accepted with its subject in the first line, and says which of its names stay empty",
        arguments: Pasted.templates)
    func checked(_ name: String, _ event: EventKind) throws {
        let (set, faults) = try Pasted.load(name, event, above: "subject: Order {{ name }} for {{ customer.name }}\n\n")
        #expect(faults.filter { $0.severity == .error } == [])
        #expect(set != nil)
        for fault in faults where fault.message.contains("always empty") { print("\(name): \(fault)") }
        let empty = Set(
            faults.compactMap { $0.message.firstMatch(of: /'([^']+)' is always empty/).map { String($0.1) } })
        #expect(
            empty.isSubset(of: [
                "payment_terms", "delivery_instructions", "consolidated_estimated_delivery_time",
                "transactions.payment_details.gift_card", "email_emphasis",
            ]))
    }

    @Test(
        "takes its <title> for the subject where it stands alone, and says what to do where that cannot be",
        arguments: Pasted.templates)
    func alone(_ name: String, _ event: EventKind) throws {
        let (set, faults) = try Pasted.load(name, event)
        let errors = faults.filter { $0.severity == .error }.map(\.message)
        if ["return-created", "return-approved", "return-label-notification", "2014-shipping-confirmation"].contains(
            name)
        {
            #expect(errors == ["the template has no subject"])
            #expect(faults.contains { $0.hint?.contains("make 'subject: …' the first line of the file") == true })
            return
        }
        #expect(errors == [])
        let loaded = try #require(set)
        let mail = try #require(ExampleRunner(loaded).mail(of: loaded.triggers[0].examples[0], in: loaded.triggers[0]))
        #expect(!mail.subject.isEmpty && !mail.subject.contains("<") && !mail.subject.contains("\n"))
    }

    @Test("is filled from an order as Bookbag knows it", arguments: Pasted.templates)
    func filled(_ name: String, _ event: EventKind) throws {
        let (set, _) = try Pasted.load(name, event, above: "subject: Order {{ name }}\n")
        let loaded = try #require(set)
        let trigger = loaded.triggers[0]
        let (count, failures) = ExampleRunner(loaded).run()
        #expect(count == 1 && failures == [])
        let mail = try #require(ExampleRunner(loaded).mail(of: trigger.examples[0], in: trigger))
        #expect(mail.subject == "Order #1001")
        for trace in ["Liquid error", "{{", "{%", "notifications/styles.css"] {
            #expect(!mail.text.contains(trace), "\(trace)")
        }
        let words = Pasted.words(mail.text)
        // The two old ones name no order.
        if name != "2017-out-for-delivery" { #expect(words.contains("#1001")) }
        if name.hasPrefix("return-label") == false && name != "2017-out-for-delivery" {
            #expect(words.contains("Linen apron"))
            #expect(words.contains("Beeswax candle") == !name.hasPrefix("return"))
        }
        switch name {
        case "order-confirmation":
            for part in ["£66.45", "£62.00", "£4.45", "£11.08", "4 Orchard Row", "Standard", "ending with 4242"] {
                #expect(words.contains(part), "\(part)")
            }
        case "return-created", "return-approved", "return-label-notification":
            #expect(mail.text.contains("https://labels.example/3001.pdf"))
            #expect(!words.contains("Beeswax"))
        case "2014-shipping-confirmation", "2017-out-for-delivery": break
        default:
            #expect(words.contains("JF123456789GB"))
            #expect(mail.text.contains("https://tracking.example/JF123456789GB"))
        }
        #expect(
            name == "2014-shipping-confirmation" || mail.text.contains("Juniper &amp; Fig") || name.hasPrefix("2017"))
    }

    @Test(
        "reads word for word as Shopify's engine writes it for the same order",
        arguments: Pasted.templates.flatMap { template in Pasted.contexts.map { (template.name, template.event, $0) } })
    func wordForWord(_ name: String, _ event: EventKind, _ context: String) throws {
        let (set, _) = try Pasted.load(name, event, above: "subject: T\n")
        let loaded = try #require(set)
        let order = ShopifyOrder(try Pasted.text("contexts/\(context).json"), event)
        let mail = try loaded.templates.render(name, order.scope(loaded.settings))
        let expected = Pasted.words(try Pasted.text("expected/\(name)__\(context).html"))
        let words = Pasted.words(mail.text)
        #expect(!mail.text.contains("<script>") && !mail.text.contains("Liquid error"))
        if let reason = ShopifyOrder.difference(name, context) {
            print("left out: \(name) with \(context) is not held to the word: \(reason)")
        } else {
            #expect(ShopifyOrder.even(words, name) == ShopifyOrder.even(expected, name))
        }
    }

    @Test("keeps a shopper's words words, whatever they hold")
    func hostile() throws {
        let (set, _) = try Pasted.load("order-confirmation", .orderPlaced, above: "subject: {{ name }}\n")
        let loaded = try #require(set)
        var order = StandardOrder(.orderPlaced, at: StandardOrder.moment)
        let evil = "<script>alert(1)</script>\r\nBcc: x@x.example"
        order.apply(
            [
                .init(path: "customer.first_name", value: .string(evil)),
                .init(path: "order.name", value: .string(evil)),
            ], at: StandardOrder.moment)
        var record = order.record
        record.facts.bill?.payments[0].cardCompany = evil
        record.facts.shippingAddress?.city = evil
        let scope = ShopifyOrder.scope(record, order.event, loaded.settings)
        let mail = try loaded.templates.render("order-confirmation", scope)
        #expect(!mail.text.contains("<script>") && !mail.subject.contains("\n"))
    }

    @Test("has the prices of any currency in hundredths, and in that currency's way")
    func currencies() throws {
        let files = [
            "shop.yaml": "brand: { name: Juniper & Fig, from: orders@juniperfig.example }",
            "a.yaml": "{ on: order.placed, send: email }",
            "templates/a.html":
                "subject: {{ total_price }}\n{{ total_price | money }} {{ order.total_price | money }} {{ line_items[1].final_line_price | money }}",
        ]
        let set = try #require(TriggerSet.load(TriggerFolder(files: files.mapValues { Array($0.utf8) })).set)
        var order = StandardOrder(.orderPlaced, at: StandardOrder.moment).record
        order.facts.total = Outreach.Money(amount: 1200, currency: "JPY")
        order.facts.lineItems[1].total = Outreach.Money(amount: 500, currency: "JPY")
        let event = StandardOrder(.orderPlaced, at: StandardOrder.moment).event
        let mail = try set.templates.render("a", ShopifyOrder.scope(order, event, set.settings))
        #expect(mail.subject == "120000")
        #expect(mail.text == "¥1,200 ¥1,200 ¥500")
    }

    @Test("says in the reference what is filled and what is not (BOOKBAG_GOLDEN=write brings it up to date)")
    func reference() throws {
        let path = Package.root + "/docs/liquid.md"
        let page = try String(contentsOfFile: path, encoding: .utf8)
        let begin = "<!-- shopify names: begin -->"
        let end = "<!-- shopify names: end -->"
        let first = try #require(page.range(of: begin))
        let last = try #require(page.range(of: end))
        var current = page
        current.replaceSubrange(first.upperBound..<last.lowerBound, with: "\n\(ShopifyNames.reference)\n")
        if ProcessInfo.processInfo.environment["BOOKBAG_GOLDEN"] == "write" {
            try current.write(toFile: path, atomically: true, encoding: .utf8)
        } else {
            #expect(page == current)
        }
    }
}

/// Facts as Bookbag would have them of the order that a context tells of.
struct ShopifyOrder {
    /// Where a context cannot be of one order of a real shop, so that no facts give its words.
    static func difference(_ name: String, _ context: String) -> String? {
        if context == "minimal" { return "no order is without items, and no shop without a page" }
        if name.hasPrefix("2014") { return "the contexts have none of the names that it used then" }
        if name == "order-confirmation", context.hasPrefix("partial") {
            return "the context's parcel holds goods that its order has not"
        }
        return nil
    }

    /// What the contexts say twice and differently, told in one way: a return's lines bear their variant in the title
    /// here and beside it there, and a return's order may have another name than the order. Markup in a value is raw in
    /// Shopify's words, so it is gone from them.
    static func even(_ words: String, _ name: String) -> String {
        var words = words
        for tag in ["<b>", "<script>", "</script>"] { words = words.replacing(tag, with: "") }
        if name.hasPrefix("return") {
            for variant in [" - Black / M", " - 赤 / L"] { words = words.replacing(variant, with: "") }
            words = words.replacing("#東京-42", with: "#1001")
        }
        return ExampleRunner.folded(words)
    }

    var record: OrderRecord
    var event: Event
    var profile = ShopProfile(domain: "fixture.myshopify.example", currency: "USD", timeZone: "UTC")
    var brandName = ""
    var brandEmail = ""
    var accent: String?
    var logo: String?

    init(_ context: String, _ kind: EventKind) {
        let json = (try? JSONSerialization.jsonObject(with: Data(context.utf8))) as? [String: Any] ?? [:]
        let order = Reader(json)
        let at = Moment(iso8601: "2026-03-02T14:00:00Z")!
        var facts = OrderFacts(
            id: "gid://shopify/Order/450789469", name: order.text("name") ?? "", createdAt: at, updatedAt: at)
        facts.number = order.number("order_number")
        facts.email = order.text("email")
        facts.statusURL = order.text("order_status_url")
        facts.total = order.money("total_price")
        facts.subtotal = order.money("subtotal_price")
        facts.shippingPrice = order.money("shipping_price")
        facts.shippingMethod = order.below("shipping_method").text("title")
        facts.deliveryMethod = order.text("delivery_method")
        facts.fulfillment =
            switch order.text("fulfillment_status") {
            case "fulfilled": .fulfilled
            case "partial": .partial
            default: .unfulfilled
            }
        facts.payment = order.text("financial_status") == "paid" ? .paid : .unknown
        let customer = order.below("customer")
        if !customer.json.isEmpty {
            facts.customer = CustomerFacts(
                id: "1", firstName: customer.text("first_name"), lastName: customer.text("last_name"))
        }
        facts.shippingAddress = order.address("shipping_address")
        facts.billingAddress = order.address("billing_address")
        if json["total_price"] != nil {
            var bill = BillFacts()
            bill.tax = order.money("tax_price")
            bill.discounts = order.money("total_discounts")
            bill.tip = order.money("total_tip")
            bill.outstanding = order.money("total_outstanding")
            bill.applied = order.list("discount_applications").enumerated().map { index, discount in
                .init(
                    index: index, title: discount.text("title") ?? "", isCode: discount.text("type") == "discount_code",
                    selection: discount.text("target_selection") ?? "", isOnShipping: false)
            }
            bill.payments = order.list("transactions").map { payment in
                let card = payment.below("payment_details")
                return .init(
                    kind: payment.text("kind") ?? "", status: payment.text("status") ?? "",
                    amount: payment.money("amount"),
                    gateway: payment.text("gateway"), gatewayName: payment.text("gateway_display_name"),
                    cardCompany: card.text("credit_card_company"), cardDigits: card.text("credit_card_last_four_digits")
                )
            }
            facts.bill = bill
        }
        // A line is known by its title; a context's parcels and returns may hold lines that its order does not, so
        // those are added.
        let parcel = order.below("fulfillment")
        let returned = order.below("return")
        var lines: [LineItemFacts] = []
        func add(_ line: Reader, quantity: Int? = nil) -> QuantityFacts {
            let title = line.text("title_without_variant") ?? ""
            if !lines.contains(where: { $0.id == title }) {
                var item = LineItemFacts(
                    id: title, title: title, variantTitle: line.text("variant_title"), sku: line.text("sku"),
                    quantity: line.number("quantity") ?? 1,
                    currentQuantity: (line.number("quantity") ?? 1) - (line.number("refunded_quantity") ?? 0),
                    requiresShipping: json["requires_shipping"] as? Bool ?? true, unitPrice: line.money("price"),
                    total: line.money("final_line_price"), imageURL: line.text("image"))
                let taken = line.list("discount_allocations").compactMap { allocation -> LineDiscountFacts? in
                    let title = allocation.below("discount_application").text("title")
                    guard let index = facts.bill?.applied.firstIndex(where: { $0.title == title }),
                        let amount = allocation.money("amount")
                    else { return nil }
                    return LineDiscountFacts(index: index, amount: amount)
                }
                if !taken.isEmpty { item.discounts = taken }
                lines.append(item)
            }
            return QuantityFacts(lineItemID: title, quantity: quantity ?? line.number("quantity") ?? 1)
        }
        for line in order.list("line_items") { _ = add(line) }
        let sent = parcel.list("fulfillment_line_items").map {
            add($0.below("line_item"), quantity: $0.number("quantity"))
        }
        let back = returned.list("line_items").map { add($0) }
        facts.lineItems = lines
        if !parcel.json.isEmpty {
            let numbers = (parcel.json["tracking_numbers"] as? [String]) ?? []
            var tracking = numbers.map {
                TrackingFacts(
                    company: parcel.text("tracking_company"), number: $0, url: parcel.text("tracking_url"))
            }
            if tracking.isEmpty, let url = parcel.text("tracking_url") { tracking = [TrackingFacts(url: url)] }
            let day = parcel.text("estimated_delivery_at").flatMap { CalendarDay(iso8601: $0.prefix(10)) }
            facts.fulfillments = [
                FulfillmentFacts(
                    id: "gid://shopify/Fulfillment/1", name: "#1-F1", status: .success, createdAt: at, updatedAt: at,
                    tracking: tracking,
                    scans: day.map { [Scan(id: "s", source: "shopify", time: at, state: nil, estimate: $0)] } ?? [],
                    lineItems: sent)
            ]
        }
        facts.returns = [
            ReturnFacts(
                id: "gid://shopify/Return/1", name: returned.text("name") ?? "", status: .open, createdAt: at,
                lineItems: back,
                deliveries: returned.list("deliveries").enumerated().map { index, delivery in
                    let label = delivery.below("return_label").text("public_file_url")
                    return ReverseDeliveryFacts(
                        id: "\(index)",
                        tracking: TrackingFacts(
                            company: delivery.text("carrier_name"), number: delivery.text("tracking_number"),
                            url: delivery.text("tracking_url")),
                        labelURL: delivery.text("type") == "shopify_label" ? label ?? "" : nil, labelUpdatedAt: at)
                })
        ]
        let shop = order.below("shop")
        profile.url = shop.text("url")
        brandName = shop.text("name") ?? ""
        brandEmail = shop.text("email") ?? "x@shop.example"
        accent = shop.text("email_accent_color")
        logo = shop.text("email_logo_url")
        var record = OrderRecord(shop: profile.domain, facts: facts, seenAt: at)
        var subjects: [Subject] = [.order]
        if kind.subject == "return" { subjects = [.return("gid://shopify/Return/1")] }
        if let fulfillment = facts.fulfillments.first {
            let packages = fulfillment.tracking.isEmpty ? [TrackingFacts()] : fulfillment.tracking
            record.shipments = packages.enumerated().map {
                Shipment(id: "1/\($0.offset + 1)", fulfillmentID: fulfillment.id, tracking: $0.element)
            }
            if kind.subject == "shipment" { subjects = record.shipments.map { .shipment($0.id) } }
        }
        event = Event(
            id: 1, shop: profile.domain, orderID: facts.id, kind: kind,
            occurrences: subjects.map { .init(subject: $0.key, n: 1, mark: "x") }, happenedAt: at, recordedAt: at,
            source: "shopify")
        self.record = record
    }

    func scope(_ settings: ShopSettings) -> Outreach.Scope {
        var settings = settings
        settings.brand.name = brandName
        settings.brand.replyTo = MailAddress(address: brandEmail)
        settings.brand.logo = logo
        if let accent { settings.brand.color = accent }
        return Self.scope(record, event, settings, profile)
    }

    static func scope(
        _ record: OrderRecord, _ event: Event, _ settings: ShopSettings, _ profile: ShopProfile = StandardOrder.shop
    ) -> Outreach.Scope {
        Outreach.Scope(
            record: record, event: event, history: History(ordersLast30Days: 1), settings: settings,
            now: StandardOrder.moment, zone: .utc, shopZone: .utc, shop: profile)
    }

    private struct Reader {
        var json: [String: Any]
        init(_ json: [String: Any]) { self.json = json }
        func text(_ key: String) -> String? {
            (json[key] as? String).flatMap { $0.isEmpty ? nil : $0 }
        }
        func number(_ key: String) -> Int? { json[key] as? Int }
        func money(_ key: String) -> Outreach.Money? {
            number(key).map { Outreach.Money(amount: Decimal($0) / 100, currency: "USD") }
        }
        func below(_ key: String) -> Reader { Reader(json[key] as? [String: Any] ?? [:]) }
        func list(_ key: String) -> [Reader] { (json[key] as? [[String: Any]] ?? []).map(Reader.init) }
        func address(_ key: String) -> AddressFacts? {
            let address = below(key)
            guard !address.json.isEmpty else { return nil }
            var facts = AddressFacts()
            facts.name = address.text("name")
            facts.company = address.text("company")
            facts.address1 = address.text("address1")
            facts.address2 = address.text("address2")
            facts.city = address.text("city")
            facts.province = address.text("province")
            facts.provinceCode = address.text("province_code")
            facts.zip = address.text("zip")
            facts.country = address.text("country")
            return facts
        }
    }
}

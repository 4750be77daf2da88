import Daemon
import Foundation
import Liquid
import Outreach
import Store

/// All of an order: what is known, what happened, and what each trigger made of it.
struct OrderPage: PageContent {
    static let template = "order"

    struct Parcel: Encodable, Sendable {
        var name: String
        var state: String
        var url: String?
        var expected: String?
        var late: String?
        var scans: [Scan]
    }
    struct Scan: Encodable, Sendable {
        var at: Instant
        var words: String
        var place: String
        var source: String
    }
    struct Happening: Encodable, Sendable {
        var at: Instant
        /// Its name in `on:`.
        var event: String
        var what: String
        var note: String?
        var outcomes: [Outcome]
    }
    struct Outcome: Encodable, Sendable {
        var trigger: String
        var to: String?
        var sentence: String
        var subject: String?
        var path: String?
        var tone: String
        var steps: [Step]
    }
    struct Step: Encodable, Sendable {
        var at: Instant
        var words: String
    }
    struct Line: Encodable, Sendable {
        var title: String
        var quantity: Int
    }

    var order: String
    var customer: String
    /// Everything about them over all orders.
    var customerPath: String?
    var total: String?
    var introduction: [String]
    var parcels: [Parcel]
    var lines: [Line]
    var happenings: [Happening]
    var talks: [TalkRow]
    /// Where one writes to the customer first; nil for whoever may not, or where no address is known.
    var write: String?
    /// The order's number in Shopify's id, and what tells one form from the next.
    var number: String
    var once: Int64
}

/// The orders that were found.
struct FoundPage: PageContent {
    static let template = "found"

    struct Row: Encodable, Sendable {
        var order: String
        var path: String
        var customer: String
        var placed: Instant
    }

    var path: String
    var rows: [Row]
    var isMore = false
    /// Nothing was looked for yet, and these are the newest orders.
    var isNewest = false
    /// The customer of the address that was looked for.
    var customerPath: String?
}

extension DeskSite {
    func order(_ number: String, _ visit: Visit) async throws -> WebResponse {
        guard let number = OrderNumber(path: number),
            let sources = try await AccountSources(
                OrderKey(shop: visit.shop, orderID: number.id), store: store, now: core.now())
        else { return notFound(visit.visitor) }
        let account = OrderAccount(sources)
        let clock = Clock(sources.profile.zone)
        let order = sources.story.order
        let facts = order.facts
        let zone = order.zone(shopZone: sources.profile.zone)
        let parcels = order.shipments.filter { $0.present && order.isCarried($0) }.map { shipment in
            let state = order.state(of: shipment, now: core.now(), zone: zone)
            let scans = order.scans(of: shipment)
                .filter { $0.retractedAt == nil && ($0.words ?? $0.state?.rawValue) != nil }.suffix(60).reversed()
            return OrderPage.Parcel(
                name: [shipment.tracking.company, shipment.tracking.number].compactMap(\.self).joined(separator: " "),
                state: state.state.rawValue.replacing("_", with: " "), url: shipment.tracking.url,
                expected: state.deliveredAt == nil ? state.estimate.map(clock.day) : nil,
                late: state.daysLate > 0 ? "\(state.daysLate) day\(state.daysLate == 1 ? "" : "s") late" : nil,
                scans: scans.map {
                    OrderPage.Scan(
                        at: Instant($0.time, clock),
                        words: $0.words ?? $0.state?.rawValue.replacing("_", with: " ") ?? "", place: $0.place ?? "",
                        source: $0.source)
                })
        }
        let happenings = account.happenings.map { happening in
            OrderPage.Happening(
                at: Instant(happening.happenedAt, clock), event: happening.event, what: happening.what,
                note: happening.note,
                outcomes: happening.outcomes.map { outcome in
                    OrderPage.Outcome(
                        trigger: outcome.trigger, to: outcome.to, sentence: outcome.sentence, subject: outcome.subject,
                        path: outcome.id.map { "\(visit.path)/messages/\($0)" },
                        tone: Effect.State(rawValue: outcome.state).map {
                            OutcomeWords($0, outcome.reason.flatMap(Reason.init), detail: nil).tone
                        } ?? "quiet",
                        steps: outcome.steps.map { OrderPage.Step(at: Instant($0.at, clock), words: $0.words) })
                })
        }
        let page = OrderPage(
            order: account.order, customer: Self.customer(facts), customerPath: customerPath(of: facts, visit),
            total: Self.total(facts), introduction: account.introduction,
            parcels: parcels, lines: facts.lineItems.map { OrderPage.Line(title: $0.title, quantity: $0.quantity) },
            happenings: happenings,
            talks: try await store.conversations(ofOrder: OrderKey(shop: visit.shop, orderID: number.id))
                .map { talk($0, clock: clock, visit: visit) },
            write: visit.visitor.may(DeskPage.inbox.roles) && order.recipient != nil
                ? "\(visit.path)/inbox/write" : nil, number: "\(number.number)", once: core.now().milliseconds)
        return pages.desk(page, frame(title: "Order \(account.order)", page: .find, visit: visit, isLive: true))
    }

    /// `84.00 GBP`.
    static func total(_ facts: OrderFacts) -> String? {
        facts.total.flatMap { Liquid.Money(amount: "\($0.amount)", currency: $0.currency) }
            .map { "\($0.amount) \($0.currency)" }
    }

    static func customer(_ facts: OrderFacts) -> String {
        let name = [facts.customer?.firstName, facts.customer?.lastName].compactMap(\.self).joined(separator: " ")
        return name.isEmpty ? facts.shippingAddress?.name ?? "" : name
    }

    func findForm(_ visit: Visit) async throws -> WebResponse {
        let clock = Clock(visit.zone)
        let rows = try await store.newestOrders(shop: visit.shop, limit: Self.rowsOfPage).compactMap { line in
            OrderNumber(line.orderID).map {
                FoundPage.Row(
                    order: line.name, path: "\(visit.path)/orders/\($0.number)", customer: line.customer,
                    placed: Instant(line.placedAt, clock))
            }
        }
        return pages.desk(
            FoundPage(path: "\(visit.path)/find", rows: rows, isNewest: true),
            frame(title: "Orders", page: .find, visit: visit))
    }

    /// Looks for an order by its name, an address, a message's id or a parcel's number.
    func find(_ request: WebRequest, _ visit: Visit) async throws -> WebResponse {
        let text = String((request.form["what"] ?? "").trimmingCharacters(in: .whitespaces).prefix(200))
        guard !text.isEmpty else { return .seeOther("\(visit.path)/find") }
        var keys: [OrderKey] = []
        for name in text.hasPrefix("#") ? [text] : [text, "#\(text)"] where keys.isEmpty {
            keys = try await store.orders(named: name, shop: visit.shop).reversed()
        }
        if keys.isEmpty, text.contains("@") {
            keys = try await store.orders(ofAddress: text, shop: visit.shop)
        }
        if keys.isEmpty, let key = try await store.order(ofMessage: text), key.shop == visit.shop { keys = [key] }
        if keys.isEmpty, !text.contains("@") {
            let number = text.filter { !$0.isWhitespace }.uppercased()
            keys = try await store.orders(ofParcel: number, shop: visit.shop)
        }
        if keys.count == 1, let number = OrderNumber(keys[0].orderID) {
            return .seeOther("\(visit.path)/orders/\(number.number)")
        }
        let shown = Array(keys.prefix(Self.rowsOfPage))
        let records = try await store.load(shop: visit.shop, orderIDs: shown.map(\.orderID))
        let clock = Clock(visit.zone)
        let rows = shown.compactMap { key -> FoundPage.Row? in
            guard let facts = records[key.orderID]?.facts, let number = OrderNumber(key.orderID) else { return nil }
            return FoundPage.Row(
                order: facts.name, path: "\(visit.path)/orders/\(number.number)", customer: Self.customer(facts),
                placed: Instant(facts.processedAt, clock))
        }
        return pages.desk(
            FoundPage(
                path: "\(visit.path)/find", rows: rows, isMore: keys.count > shown.count,
                customerPath: text.contains("@") && !rows.isEmpty
                    ? "\(visit.path)/customers/\(CustomerKey(store.addressKey(text)).text)" : nil),
            frame(title: "Orders", page: .find, visit: visit))
    }
}

import Daemon
import Foundation
import Outreach
import Store

// A customer over all orders.
//
//     /SHOP/customers/KEY            the page; KEY is the keyed hash of an address or of a customer's id
//     /SHOP/customers/KEY/silence    by POST, as are the others
//     /SHOP/customers/KEY/lift
//     /SHOP/customers/KEY/export     answers with a file, and is in the audit
//     /SHOP/customers/KEY/erase      with a word that is typed

/// All that is known of somebody.
struct CustomerPage: PageContent {
    static let template = "customer"

    struct Order: Encodable, Sendable {
        var order: String
        var path: String
        var placed: Instant
        var total: String
    }
    struct Silence: Encodable, Sendable {
        var id: Int64
        var what: String
        var reason: String
        var note: String
        var since: Instant
        var until: Instant?
        var mayLift: Bool
    }
    struct Incoming: Encodable, Sendable {
        var at: Instant
        var words: String
        var path: String?
        var isBad: Bool
    }
    struct Choice: Encodable, Sendable {
        var value: String
        var title: String
    }

    var name: String
    var addresses: [String]
    /// What Shopify says of marketing, as a sentence; nil where it says nothing.
    var consent: String?
    var orders: [Order]
    var isMore: Bool
    var told: [FeedRow]
    var silences: [Silence]
    var incoming: [Incoming]
    var talks: [TalkRow]
    /// Where what is done on the page is sent; each act stands behind it.
    var path: String
    var maySilence: Bool
    var mayOperate: Bool
    var streams: [Choice]
    var lengths: [Choice]
    /// Erased just now: whether older pages of the store are still in its journal.
    var journal: String?
}

/// A customer's key in an address.
struct CustomerKey: Sendable {
    var bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// 32 hexadecimal digits, and nothing else.
    init?(path: String) {
        let digits = Array(path.utf8)
        guard digits.count == 32 else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: 32, by: 2) {
            guard let high = Self.value(digits[index]), let low = Self.value(digits[index + 1]) else { return nil }
            bytes.append(high << 4 | low)
        }
        self.bytes = bytes
    }

    private static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        default: nil
        }
    }

    var text: String { bytes.hexadecimal }

    /// How the audit names a customer: by the beginning of the key, which says nothing to anybody else.
    var audited: String { "customer \(text.prefix(12))" }
}

extension DeskSite {
    /// So many orders of one customer are shown, and looked through.
    private static let ordersOfCustomer = 50
    private static let messagesOfCustomer = 30
    /// So many go into an export.
    private static let ordersOfExport = 200
    private static let silencers: Set<Role> = [.answer, .shop, .edit]

    /// The page of whoever placed an order; nil where the shop keeps from us who that is.
    func customerPath(of facts: OrderFacts, _ visit: Visit) -> String? {
        guard let address = facts.email ?? facts.customer?.email else { return nil }
        return "\(visit.path)/customers/\(CustomerKey(store.addressKey(address)).text)"
    }

    func customer(_ key: String, _ request: WebRequest, _ visit: Visit) async throws -> WebResponse {
        guard let key = CustomerKey(path: key) else { return notFound(visit.visitor) }
        let now = core.now()
        let set = try await store.customer(key.bytes, shop: visit.shop, limit: Self.ordersOfCustomer, now: now)
        let talks = try await store.conversations(ofAddressKeys: set.addresses, shop: visit.shop)
        guard !set.orders.isEmpty || !set.silences.isEmpty || !set.incoming.isEmpty || !talks.isEmpty else {
            return notFound(visit.visitor)
        }
        let clock = Clock(visit.zone)
        let facts = set.facts
        let told = try await store.effects(
            about: set.orders.map(\.orderID), shop: visit.shop, limit: Self.messagesOfCustomer)
        let maySilence = visit.visitor.may(Self.silencers)
        let path = "\(visit.path)/customers/\(key.text)"
        let name = facts.lazy.map(Self.customer).first { !$0.isEmpty }
        let addresses = facts.compactMap { $0.email ?? $0.customer?.email }.reduce(into: [String]()) { known, address in
            if !known.contains(where: { $0.lowercased() == address.lowercased() }) { known.append(address) }
        }
        let page = CustomerPage(
            name: name ?? (facts.isEmpty ? "A customer without orders" : "Customer"), addresses: addresses,
            consent: facts.lazy.compactMap(\.customer).first.flatMap(Self.consent),
            orders: facts.compactMap { facts in
                OrderNumber(facts.id).map {
                    CustomerPage.Order(
                        order: facts.name, path: "\(visit.path)/orders/\($0.number)",
                        placed: Instant(facts.processedAt, clock), total: Self.total(facts) ?? "")
                }
            }, isMore: set.isMore, told: told.map { FeedRow($0, clock: clock, path: visit.path) },
            silences: set.silences.map { silence in
                CustomerPage.Silence(
                    id: silence.id, what: "\(silence.stream.words), by \(silence.scope)",
                    reason: silence.reason.replacing("_", with: " "), note: silence.note ?? "",
                    since: Instant(silence.begunAt, clock), until: silence.endsAt.map { Instant($0, clock) },
                    mayLift: maySilence && silence.mayBeLifted)
            },
            incoming: set.incoming.map { line in
                CustomerPage.Incoming(
                    at: Instant(line.receivedAt, clock), words: line.detail,
                    path: line.effectID.map { "\(visit.path)/messages/\($0)" }, isBad: line.isHard != nil)
            }, talks: talks.map { talk($0, clock: clock, visit: visit) }, path: path, maySilence: maySilence,
            mayOperate: visit.visitor.may([.operate]),
            streams: [MailStream.marketing, .ratings, .all].map {
                CustomerPage.Choice(value: $0.rawValue, title: $0 == .all ? "all mail" : $0.words)
            },
            lengths: SilenceLength.allCases.map { CustomerPage.Choice(value: $0.rawValue, title: $0.title) },
            journal: request.query["journal"].flatMap { ["empty", "busy"].contains($0) ? $0 : nil })
        return pages.desk(page, frame(title: page.name, page: .find, visit: visit))
    }

    private static func consent(_ customer: CustomerFacts) -> String? {
        switch customer.marketing {
        case .subscribed: "Subscribed to marketing, says Shopify."
        case .notSubscribed: "Never subscribed to marketing, says Shopify."
        case .pending: "Asked for marketing, and has not confirmed it yet, says Shopify."
        case .unsubscribed: "Unsubscribed from marketing, says Shopify."
        case .unknown: nil
        }
    }

    /// What is done on the page of a customer.
    func act(onCustomer key: String, _ act: String, _ request: WebRequest, _ visit: Visit) async throws -> WebResponse {
        guard let key = CustomerKey(path: key) else { return notFound(visit.visitor) }
        switch act {
        case "silence", "lift":
            guard visit.visitor.may(Self.silencers) else {
                return notice(
                    "You are not allowed to do this", ["This needs one of the roles 'answer', 'shop' and 'edit'."],
                    visit: visit,
                    status: 403)
            }
            return try await act == "silence" ? silence(key, request, visit) : lift(key, request, visit)
        case "export", "erase":
            guard visit.visitor.may([.operate]) else {
                return notice(
                    "You are not allowed to do this", ["This needs the role 'operate'."], visit: visit, status: 403)
            }
            return try await act == "export" ? export(key, visit) : erase(key, request, visit)
        default: return notFound(visit.visitor)
        }
    }

    private func entry(_ what: String, _ key: CustomerKey, _ visit: Visit, detail: String? = nil) -> AuditEntry {
        AuditEntry(
            who: visit.visitor.person.email, shop: visit.shop, what: what, about: key.audited, detail: detail)
    }

    private func silence(_ key: CustomerKey, _ request: WebRequest, _ visit: Visit) async throws -> WebResponse {
        let now = core.now()
        guard let length = request.form["for"].flatMap(SilenceLength.init),
            let stream = [MailStream.all, .marketing, .ratings].first(where: { $0.rawValue == request.form["stream"] })
        else {
            return notice("Nothing was done", ["Choose what to stop, and for how long."], visit: visit, status: 400)
        }
        let set = try await store.customer(key.bytes, shop: visit.shop, limit: Self.ordersOfCustomer, now: now)
        guard !set.orders.isEmpty, !set.addresses.isEmpty else { return notFound(visit.visitor) }
        let entry = entry("silenced", key, visit, detail: "\(stream.words), \(length.title)")
        try await store.silence(
            addresses: set.addresses, shop: visit.shop, stream: stream, reason: "by_hand",
            until: length.duration.map { now + $0 }, audit: entry, now: now)
        log(entry)
        return .seeOther("\(visit.path)/customers/\(key.text)")
    }

    private func lift(_ key: CustomerKey, _ request: WebRequest, _ visit: Visit) async throws -> WebResponse {
        let now = core.now()
        let set = try await store.customer(key.bytes, shop: visit.shop, limit: Self.ordersOfCustomer, now: now)
        let entry = entry("lifted", key, visit, detail: "silence \(request.form["silence"].flatMap(Int64.init) ?? 0)")
        guard let id = request.form["silence"].flatMap(Int64.init),
            try await store.lift(silence: id, of: set, shop: visit.shop, audit: entry, now: now)
        else {
            return notice(
                "Nothing was done", ["That silence is over, or cannot be lifted. Look at the page again."],
                visit: visit, status: 409)
        }
        log(entry)
        return .seeOther("\(visit.path)/customers/\(key.text)")
    }

    private func export(_ key: CustomerKey, _ visit: Visit) async throws -> WebResponse {
        let now = core.now()
        let set = try await store.customer(key.bytes, shop: visit.shop, limit: Self.ordersOfExport, now: now)
        guard !set.isMore else {
            return notice(
                "There is too much for a page",
                ["This customer has more than \(Self.ordersOfExport) orders. 'bookbag export' writes them all."],
                visit: visit, status: 413)
        }
        guard let newest = set.facts.first else { return notFound(visit.visitor) }
        var whole = CustomerExport(address: newest.email ?? newest.customer?.email ?? "")
        for order in set.orders { try await whole.add(order, of: store, now: now) }
        try await whole.add(set, shop: visit.shop, of: store)
        let entry = entry("exported", key, visit, detail: "\(set.orders.count) orders")
        try await store.audit(entry, now: now)
        log(entry)
        return WebResponse(
            200,
            headers: [
                "content-type": "application/json; charset=utf-8",
                "content-disposition": "attachment; filename=\"customer-\(key.text.prefix(12)).json\"",
            ], body: .bytes(Array(try whole.json().utf8)))
    }

    /// The word that is typed before somebody is erased.
    static let erasingWord = "erase"

    private func erase(_ key: CustomerKey, _ request: WebRequest, _ visit: Visit) async throws -> WebResponse {
        let now = core.now()
        let set = try await store.customer(key.bytes, shop: visit.shop, limit: Self.ordersOfExport, now: now)
        guard !set.orders.isEmpty || !set.incoming.isEmpty else { return notFound(visit.visitor) }
        guard (request.form["word"] ?? "").trimmingCharacters(in: .whitespaces).lowercased() == Self.erasingWord else {
            return notice(
                "Nothing was erased", ["Type the word '\(Self.erasingWord)' to erase a customer."], visit: visit,
                status: 400)
        }
        let entry = entry("erased", key, visit, detail: "\(set.orders.count) order\(set.orders.count == 1 ? "" : "s")")
        _ = try await store.erase(
            addresses: set.addresses, customer: set.customer, shop: visit.shop, audit: entry, now: now)
        log(entry)
        // Deleted rows are overwritten in the store's file; its journal keeps older pages until it is emptied.
        let isEmptied = try await store.emptyJournal()
        // Whose address is known has a page still, which says that nothing is sent to it.
        let place = set.addresses.first.map { "/customers/\(CustomerKey($0).text)" } ?? "/find"
        return .seeOther("\(visit.path)\(place)?journal=\(isEmptied ? "empty" : "busy")")
    }
}

/// How long somebody is silenced.
enum SilenceLength: String, CaseIterable, Sendable {
    case day, week, month, ever

    var duration: Duration? {
        switch self {
        case .day: .days(1)
        case .week: .days(7)
        case .month: .days(30)
        case .ever: nil
        }
    }

    var title: String {
        switch self {
        case .day: "for a day"
        case .week: "for a week"
        case .month: "for 30 days"
        case .ever: "until lifted"
        }
    }
}

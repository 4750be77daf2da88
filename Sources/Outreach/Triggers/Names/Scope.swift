internal import Foundation
internal import Liquid
internal import Synchronization

/// Everything that a condition or template may look at: an order and one of its events, what was sent before, the shop,
/// and the time.
///
/// It is created for one decision. Everything is read through the tables of names (`Names`), so a name that is not
/// there cannot be used.
public struct Scope: Sendable {
    /// The order at the moment of the decision.
    public let evaluation: EvaluationContext
    public let event: Event
    /// Further events that the same message covers, if `combine` makes one out of several.
    public let together: [Event]
    public let history: History
    /// The links to the shopper's pages, for templates.
    public var pages = PageLinks()
    /// What she was given by the action beside the message; nil if nothing.
    public var gift: GiftFacts?
    private let memory: Memory

    public var record: OrderRecord { evaluation.record }
    public var settings: ShopSettings { evaluation.settings }
    public var shop: ShopProfile { evaluation.shop }
    public var now: Moment { evaluation.now }
    /// The shopper's time zone: dates are shown in it, and days are counted in it.
    public var zone: Zone { evaluation.zone }
    public var shopZone: Zone { evaluation.shopZone }
    /// Values that an example sets over the order's own, by their names: `shipment.days_late`.
    var overlay: [String: Value] { evaluation.settings.given }

    /// - Parameters:
    ///   - zone: where the shopper is.
    ///   - shopZone: where the shop is.
    ///   - shop: what Shopify says about the shop, if known.
    public init(
        record: OrderRecord, event: Event, history: History, settings: ShopSettings, now: Moment, zone: Zone,
        shopZone: Zone, shop: ShopProfile? = nil
    ) {
        self.init(
            EvaluationContext(
                record: record, settings: settings, now: now, zone: zone, shopZone: shopZone,
                shop: shop ?? ShopProfile(domain: record.shop)), event: event, history: history)
    }

    /// The scope for an event of the order that `sitting` is about.
    init(
        _ evaluation: EvaluationContext, event: Event, together: [Event] = [], history: History,
        memory: Memory = Memory()
    ) {
        self.evaluation = evaluation
        self.event = event
        self.together = together
        self.history = history
        self.memory = memory
    }

    /// What is costly to work out and asked for often, worked out once. It never holds anything that holds a scope.
    final class Memory: Sendable {
        fileprivate let segments = Mutex<[String]?>(nil)
        fileprivate let values = Mutex<[(number: Int, value: Value)]>([])
    }

    /// The value of a name, read once however many conditions ask for it.
    func value(of name: PlainName) -> Value {
        let known = memory.values.withLock { values in values.first { $0.number == name.number }?.value }
        if let known { return known }
        // Outside the lock: `customer.segments` asks this scope for other names.
        let value = name.read(self)
        if value.standsAlone { memory.values.withLock { $0.append((name.number, value)) } }
        return value
    }

    /// The shipments that the message is about, the representative one first.
    var shipments: [Shipment] {
        var seen = Set<String>()
        if event.aggregate.kind == .conversation { return shipmentsAskedAbout }
        return ([event] + together).flatMap(\.subjects).compactMap { subject in
            guard case .shipment(let id) = subject, seen.insert(id).inserted else { return nil }
            return record.shipment(id)
        }
    }

    /// The parcels that a message can be about, those on their way first: `shipment` is the only one on its way, else
    /// the only one. Where it could be several, `shipment` is the one that was heard of last.
    private var shipmentsAskedAbout: [Shipment] {
        let parcels = record.parcels
        let open = parcels.filter { !state(of: $0).state.isFinal }
        return (open.isEmpty ? parcels : open)
            .map { ($0, state(of: $0).lastScan?.time ?? .distantPast) }
            .sorted { $0.1 > $1.1 }.map(\.0)
    }

    /// What is known of the order's parcels whose delivery is still to come: one that was at the door, or waits to be
    /// collected, gets no later.
    var parcelsUnderway: [ShipmentState] {
        record.parcels.map(state).filter { !$0.state.isFinal && $0.state != .attempted && $0.state != .readyForPickup }
    }

    /// Whether a person should look after a parcel before anybody is told how it fares: something is wrong with it, or
    /// it was silent for so long that what was heard last may be true no more. Here the clock alone decides: what nobody
    /// has asked for is not known either.
    func needsAttention(_ shipment: Shipment) -> Bool {
        let state = state(of: shipment)
        let rules = settings.delayRules
        let silence: (length: Length?, since: Moment?)
        switch state.state {
        case .exception, .returning, .returned, .cancelled, .lost: return true
        case .delivered, .readyForPickup: return false
        case .unknown, .preTransit:
            let sent = record.fulfillment(shipment.fulfillmentID)?.createdAt
            silence = (rules.notHandedOver, [sent, state.lastScan?.time].compactMap(\.self).max())
        case .accepted, .inTransit, .outForDelivery, .attempted: silence = (rules.noScan, state.lastScan?.time)
        }
        guard let length = silence.length, let since = silence.since else { return false }
        return rules.calendar(zone).moment(length, after: since, in: zone) < now
    }

    /// The return that the event is about, or that its refund belongs to; of a message, the order's newest.
    var returned: ReturnFacts? {
        if event.aggregate.kind == .conversation { return record.facts.returns.max { $0.createdAt < $1.createdAt } }
        for subject in event.subjects {
            switch subject {
            case .return(let id): return record.return(id)
            case .refund(let id): if let id = record.refund(id)?.returnID { return record.return(id) }
            default: continue
            }
        }
        return nil
    }

    /// When the last parcel of the order arrived; nil while one is on its way.
    var deliveredAt: Moment? {
        let states = record.parcels.map(state)
        guard !states.isEmpty, states.allSatisfy({ $0.state == .delivered }) else { return nil }
        return states.compactMap(\.deliveredAt).max()
    }

    /// The refund that the event is about; of a message, the order's newest.
    var refund: RefundFacts? {
        if event.aggregate.kind == .conversation {
            return record.facts.refunds.max { ($0.createdAt ?? .distantPast) < ($1.createdAt ?? .distantPast) }
        }
        for case .refund(let id) in event.subjects { return record.refund(id) }
        return nil
    }

    func state(of shipment: Shipment) -> ShipmentState { evaluation.state(of: shipment) }

    /// The segments that the customer is in, in the order of shop.yaml.
    public var customerSegments: [String] {
        if case .drop(let drop)? = overlay["customer.segments"], let list = drop as? TextList { return list.texts }
        if let known = memory.segments.withLock({ $0 }) { return known }
        // Outside the lock: the conditions of a segment ask this scope for other names.
        let found = settings.segments.filter { segment in segment.clauses.allSatisfy { $0.holds(in: self) } }
            .map(\.name)
        memory.segments.withLock { $0 = found }
        return found
    }

    /// The language to write to the shopper in: their own, otherwise the shop's.
    public var locale: String {
        // She is answered in the language that she writes, whatever her account says.
        if event.aggregate.kind == .conversation, let written = messageItem?.message.understood?.language,
            Locales.isTag(written)
        {
            let own = record.facts.customer?.locale ?? record.facts.locale
            return own.flatMap { Locales.chain($0).contains(written) ? Locales.canonical($0) : nil } ?? written
        }
        if let told = overlay["customer.locale"]?.textIfString, Locales.isTag(told) { return Locales.canonical(told) }
        for locale in [record.facts.customer?.locale, record.facts.locale] {
            if let locale, Locales.isTag(locale) { return Locales.canonical(locale) }
        }
        return settings.locale
    }

    // MARK: - For Liquid

    /// The value of a dotted name; nil if there is no such name.
    func value(of path: String) -> Value? {
        let parts = path.split(separator: ".").map(String.init)
        guard let root = Names.roots.first(where: { $0.name == parts[0] })?.drop(self) else { return nil }
        var value = Value.drop(root)
        for part in parts.dropFirst() {
            guard case .drop(let drop) = value, let next = drop.value(for: part) else { return nil }
            value = next
        }
        return value
    }

    // MARK: - Values as Liquid has them

    func shown(_ moment: Moment?) -> Value {
        guard let moment else { return .null }
        let rest = Int32(moment.milliseconds - moment.seconds * 1000) * 1_000_000
        return .moment(Liquid.Moment(seconds: moment.seconds, nanoseconds: rest, offset: zone.offset(at: moment)))
    }

    func shown(_ day: CalendarDay?) -> Value {
        guard let (year, month, day) = day?.components else { return .null }
        return .moment(Liquid.Moment(year: year, month: month, day: day))
    }

    /// Whole days from the day of `moment` to today, in the shopper's time zone.
    func daysSince(_ moment: Moment?) -> Value {
        guard let moment else { return .null }
        return .int(zone.day(at: now).days(since: zone.day(at: moment)))
    }
}

extension Value {
    /// True if it holds nothing that would go on reading from a scope.
    fileprivate var standsAlone: Bool {
        switch self {
        case .drop(let drop): drop is TextList
        case .array, .object: false
        default: true
        }
    }

    static func optional(_ text: String?) -> Value {
        guard let text, !text.isEmpty else { return .null }
        return .string(text)
    }

    static func optional(_ money: Money?) -> Value {
        guard let money, let amount = Liquid.Money(amount: "\(money.amount)", currency: money.currency) else {
            return .null
        }
        return .money(amount)
    }

    static func texts(_ texts: [String]) -> Value { .drop(TextList(texts)) }
}

extension Zone {
    /// The time zone's abbreviation at `moment`: `GMT`, `CET`.
    func abbreviation(at moment: Moment) -> String {
        timeZone.abbreviation(for: Date(timeIntervalSince1970: Double(moment.seconds))) ?? name
    }
}

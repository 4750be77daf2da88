internal import Foundation
internal import Liquid
internal import Synchronization

/// Everything that a condition or template may look at: an order and an event of it, what was told before, the shop, and the moment.
///
/// It is made for one decision. What it gives out is read through the tables of names (`Names`), so a name that is not there cannot be used.
public struct Scope: Sendable {
    public var record: OrderRecord
    public var event: Event
    /// Further events that the same message tells, where `combine` makes one of several.
    public var together: [Event] = []
    public var history: History
    public var settings: ShopSettings
    public var shop: ShopProfile
    public var now: Moment
    /// Where the shopper is: dates are shown there, and days are counted there.
    public var zone: Zone
    public var shopZone: Zone
    /// Values that an example lays over what the order says, by their names: `shipment.days_late`.
    var overlay: [String: Value]
    private let memory = Memory()

    /// What there is to look at.
    ///
    /// - Parameters:
    ///   - zone: where the shopper is.
    ///   - shopZone: where the shop is.
    ///   - shop: what Shopify says of the shop, where it is known.
    public init(
        record: OrderRecord, event: Event, history: History, settings: ShopSettings, now: Moment, zone: Zone,
        shopZone: Zone, shop: ShopProfile? = nil
    ) {
        self.record = record
        self.event = event
        self.history = history
        self.settings = settings
        self.shop = shop ?? ShopProfile(domain: record.shop)
        self.now = now
        self.zone = zone
        self.shopZone = shopZone
        overlay = settings.given
    }

    /// What takes work to find out and is asked often, found out once.
    private final class Memory: Sendable {
        let states = Mutex<[String: ShipmentState]>([:])
        let segments = Mutex<[String]?>(nil)
    }

    /// The shipments that the message is about, the one that stands for all first.
    var shipments: [Shipment] {
        var seen = Set<String>()
        return ([event] + together).flatMap(\.subjects).compactMap { subject in
            guard case .shipment(let id) = subject, seen.insert(id).inserted else { return nil }
            return record.shipment(id)
        }
    }

    /// The return that the event is about, or that its refund belongs to.
    var returned: ReturnFacts? {
        for subject in event.subjects {
            switch subject {
            case .return(let id): return record.return(id)
            case .refund(let id): if let id = record.refund(id)?.returnID { return record.return(id) }
            default: continue
            }
        }
        return nil
    }

    /// The refund that the event is about.
    var refund: RefundFacts? {
        for case .refund(let id) in event.subjects { return record.refund(id) }
        return nil
    }

    func state(of shipment: Shipment) -> ShipmentState {
        memory.states.withLock { states in
            if let known = states[shipment.id] { return known }
            let state = record.state(of: shipment, now: now, zone: zone)
            states[shipment.id] = state
            return state
        }
    }

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

    /// The language to write to the shopper in: theirs, else the shop's.
    public var locale: String {
        if let told = overlay["customer.locale"]?.textIfString, Locales.isTag(told) { return Locales.canonical(told) }
        for locale in [record.facts.customer?.locale, record.facts.locale] {
            if let locale, Locales.isTag(locale) { return Locales.canonical(locale) }
        }
        return settings.locale
    }

    // MARK: - For Liquid

    /// The value of a dotted name; nil where there is none.
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

    /// Whole days from the moment's day to today, where the shopper is.
    func daysSince(_ moment: Moment?) -> Value {
        guard let moment else { return .null }
        return .int(zone.day(at: now).days(since: zone.day(at: moment)))
    }
}

extension Value {
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
    /// What the zone is called there at `moment`: `GMT`, `CET`.
    func abbreviation(at moment: Moment) -> String {
        timeZone.abbreviation(for: Date(timeIntervalSince1970: Double(moment.seconds))) ?? name
    }
}

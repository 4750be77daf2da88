internal import Synchronization

/// An order at one moment, as decisions see it.
///
/// Every trigger that hears an event looks at the same order at the same moment, and so do the conditions of each.
/// Whatever is costly to work out is worked out once for all of them: whether the event is still news, what the scans
/// of a parcel add up to, what a name refers to.
public final class EvaluationContext: Sendable {
    public let record: OrderRecord
    public let settings: ShopSettings
    public let shop: ShopProfile
    public let now: Moment
    /// Where the shopper is.
    public let zone: Zone
    public let shopZone: Zone
    /// Whether shoppers have pages of their own (`public:` in bookbag.yaml).
    let servesPages: Bool
    private let memory = Mutex(Memory())

    private struct Memory {
        var states: [(id: String, state: ShipmentState)] = []
        /// For the last event asked about: triggers ask about the same one in succession.
        var news: (event: Int64, reason: Reason?)?
        var isReachable: Bool?
        /// What was worked out for the last event and history asked about.
        var found: (event: Int64, history: History, memory: Scope.Memory)?
    }

    init(
        record: OrderRecord, settings: ShopSettings, now: Moment, zone: Zone, shopZone: Zone, shop: ShopProfile,
        servesPages: Bool = false
    ) {
        self.servesPages = servesPages
        self.record = record
        self.settings = settings
        self.now = now
        self.zone = zone
        self.shopZone = shopZone
        self.shop = shop
    }

    /// What is known about a shipment of the order.
    func state(of shipment: Shipment) -> ShipmentState {
        memory.withLock { memory in
            if let known = memory.states.first(where: { $0.id == shipment.id }) { return known.state }
            let state = record.state(of: shipment, now: now, zone: zone)
            memory.states.append((shipment.id, state))
            return state
        }
    }

    /// Why an event of the order should not be reported any more; nil while it is news.
    func overtaken(_ event: Event) -> Reason? {
        // An event that is not stored has no number to identify it.
        guard event.id != 0 else { return record.overtaken(event) }
        return memory.withLock { memory in
            if let known = memory.news, known.event == event.id { return known.reason }
            let reason = record.overtaken(event)
            memory.news = (event.id, reason)
            return reason
        }
    }

    /// True if the order has an address that mail to the shopper can go to.
    var isReachable: Bool {
        memory.withLock { memory in
            if let known = memory.isReachable { return known }
            let found = record.recipient != nil
            memory.isReachable = found
            return found
        }
    }

    /// What conditions see for an event.
    func scope(_ event: Event, history: History) -> Scope {
        guard event.id != 0 else { return Scope(self, event: event, history: history) }
        let found = memory.withLock { memory in
            if let found = memory.found, found.event == event.id, found.history == history { return found.memory }
            let new = Scope.Memory()
            memory.found = (event.id, history, new)
            return new
        }
        return Scope(self, event: event, history: history, memory: found)
    }
}

internal import Synchronization

/// An order at one moment, as decisions look at it.
///
/// Every trigger that hears an event looks at the same order at the same moment, and so do the conditions of each. What
/// takes work to find out is found out once for all of them: whether the event is still news, what the scans of a
/// parcel come to, what a name stands for.
public final class EvaluationContext: Sendable {
    public let record: OrderRecord
    public let settings: ShopSettings
    public let shop: ShopProfile
    public let now: Moment
    /// Where the shopper is.
    public let zone: Zone
    public let shopZone: Zone
    private let memory = Mutex(Memory())

    private struct Memory {
        var states: [(id: String, state: ShipmentState)] = []
        /// For the event that was asked for last: triggers ask one after the other for the same one.
        var news: (event: Int64, reason: Reason?)?
        var isReachable: Bool?
        /// What was found out for the event and the history that were asked for last.
        var found: (event: Int64, history: History, memory: Scope.Memory)?
    }

    init(
        record: OrderRecord, settings: ShopSettings, now: Moment, zone: Zone, shopZone: Zone, shop: ShopProfile
    ) {
        self.record = record
        self.settings = settings
        self.now = now
        self.zone = zone
        self.shopZone = shopZone
        self.shop = shop
    }

    /// What is known of a shipment of the order.
    func state(of shipment: Shipment) -> ShipmentState {
        memory.withLock { memory in
            if let known = memory.states.first(where: { $0.id == shipment.id }) { return known.state }
            let state = record.state(of: shipment, now: now, zone: zone)
            memory.states.append((shipment.id, state))
            return state
        }
    }

    /// Why an event of the order is not to be told any more; nil while it is news.
    func overtaken(_ event: Event) -> Reason? {
        // An event that is not stored has no number to be known by.
        guard event.id != 0 else { return record.overtaken(event) }
        return memory.withLock { memory in
            if let known = memory.news, known.event == event.id { return known.reason }
            let reason = record.overtaken(event)
            memory.news = (event.id, reason)
            return reason
        }
    }

    /// True where the order has an address that mail to the shopper can go to.
    var isReachable: Bool {
        memory.withLock { memory in
            if let known = memory.isReachable { return known }
            let found = record.recipient != nil
            memory.isReachable = found
            return found
        }
    }

    /// What conditions look at for an event.
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

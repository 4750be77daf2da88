// What becomes of an event.
//
// Two pure functions. `match` turns a recorded event into effects: one for each line of each trigger that hears it, waiting until the trigger's wait is over.
// `judge` says what becomes of an effect now: it is asked when the wait ends, and again before every attempt, so that what goes out is true at the moment at which it goes
// out. Neither reads a clock or a table; the same arguments give the same answer, in the daemon, in `bookbag test` and in `replay`.

/// Decides, for one shop, by the triggers that are in force.
public struct Planner: Sendable {
    public var triggers: TriggerSet
    /// Since when each trigger is in force: it hears events recorded from then on.
    public var inForceSince: [String: Moment]
    public var live: LiveSince
    /// What Shopify says of the shop: its name, page and zone.
    public var shop: ShopProfile

    /// A planner for one shop.
    public init(triggers: TriggerSet, inForceSince: [String: Moment], live: LiveSince, shop: ShopProfile) {
        self.triggers = triggers
        self.inForceSince = inForceSince
        self.live = live
        self.shop = shop
    }

    /// The shop's own zone.
    public var shopZone: Zone { shop.zone }

    /// What conditions and templates may look at.
    public func scope(record: OrderRecord, event: Event, history: History, now: Moment) -> Scope {
        Scope(
            record: record, event: event, history: history, settings: triggers.settings, now: now,
            zone: record.zone(shopZone: shopZone), shopZone: shopZone, shop: shop)
    }

    /// What one line of one trigger makes of an event.
    public struct Match: Hashable, Sendable {
        public var trigger: String
        public var line: String
        /// The occurrences, one key for each subject.
        public var keys: [String]
        public var dueAt: Moment
    }

    /// The lines that hear `event`, each with its occurrences and the moment at which it is to be judged.
    public func matches(_ event: Event, record: OrderRecord) -> [Match] {
        if event.silence == .testOrder { return [] }
        let zone = record.zone(shopZone: shopZone)
        return triggers.hearing(event.kind).flatMap { trigger -> [Match] in
            guard trigger.mode(in: triggers.settings.mode) != .off, let since = inForceSince[trigger.name],
                event.recordedAt >= since
            else { return [] }
            let dueAt = due(trigger, event, record, zone)
            // What happened before the shop was watched is silent; a wait that began before and ends after is kept.
            if event.silence == .beforeLive, dueAt <= event.happenedAt || dueAt < live.of(event.source) { return [] }
            let keys = trigger.keys(for: event, record: record)
            return trigger.lines.map { Match(trigger: trigger.name, line: $0.name, keys: keys, dueAt: dueAt) }
        }
    }

    /// What `match` does to the effects that stand under its keys already.
    public enum Placement: Hashable, Sendable {
        /// A new effect.
        case insert(Effect)
        /// An effect that waits, or that was skipped before, now tells this event.
        case refresh(Effect)
        /// All its occurrences were told; nothing is made. The effects that told them are noted.
        case told([Int64])
    }

    /// Places a match among the effects that exist under its keys. A key that was used up stays so; a wait is refreshed; a skip is open for the next event.
    public func place(_ match: Match, event: Event, existing: [Effect], now: Moment) -> Placement {
        let used = existing.filter { $0.state.usesKeyUp }
        let usedKeys = Set(used.flatMap(\.keys))
        let open = match.keys.filter { !usedKeys.contains($0) }
        guard !open.isEmpty else { return .told(used.map(\.id)) }
        let reason: Reason? = match.dueAt > now ? .wait : nil
        if var effect = existing.first(where: { !$0.state.usesKeyUp && !Set($0.keys).isDisjoint(with: open) }) {
            // Keys that another effect holds stay with it: each occurrence has one effect, for ever.
            let held = Set(existing.filter { $0.id != effect.id }.flatMap(\.keys))
            effect.keys += open.filter { !effect.keys.contains($0) && !held.contains($0) }
            effect.event = event
            effect.state = .waiting
            effect.reason = reason
            effect.detail = nil
            effect.dueAt = match.dueAt
            effect.decidedAt = nil
            return .refresh(effect)
        }
        return .insert(
            Effect(
                shop: event.shop, trigger: match.trigger, line: match.line, keys: open, event: event,
                dueAt: match.dueAt, createdAt: now, reason: reason))
    }

    /// What becomes of `effect` now.
    ///
    /// - Parameters:
    ///   - record: the order, as it is known now; nil where it is gone.
    ///   - history: what was told before.
    public func judge(_ effect: Effect, record: OrderRecord?, history: History, now: Moment) -> Decision {
        guard let record else { return .skip(because: .erased) }
        if record.facts.test { return .skip(because: .testOrder) }
        guard let trigger = triggers.trigger(effect.trigger), let line = trigger.line(named: effect.line) else {
            return .skip(because: .off)
        }
        let mode = trigger.mode(in: triggers.settings.mode)
        if mode == .off { return .skip(because: .off) }
        let event = effect.event
        let zone = record.zone(shopZone: shopZone)
        // With `for`, the clock has started again where something newer was heard; where nobody can watch the parcel, it is asked again tomorrow.
        let dueAt = min(due(trigger, event, record, zone), max(now, event.recordedAt) + .days(1))
        if effect.attempts == 0, dueAt > now { return .wait(until: dueAt, because: .wait) }
        if let reason = record.overtaken(event, now: now, zone: zone) { return .skip(because: reason) }
        if now - dueAt > event.kind.age {
            return .skip(because: .oldNews, detail: "\(event.kind.rawValue) of \(event.happenedAt)")
        }
        let scope = scope(record: record, event: event, history: history, now: now)
        if let failed = trigger.failedCondition(scope) {
            return .skip(because: failed.clause, detail: failed.sentence)
        }
        if let reason = unreachable(line, trigger: trigger, record: record, history: history) {
            return .skip(because: reason)
        }
        return mode == .shadow ? .shadow : .send
    }

    private func due(_ trigger: Trigger, _ event: Event, _ record: OrderRecord, _ zone: Zone) -> Moment {
        trigger.dueAt(event, record: record, zone: zone, shopZone: shopZone, settings: triggers.settings)
    }

    /// Why nobody can be written to by this line; nil if somebody can. A doubt about whom to write to means that nobody is written to.
    private func unreachable(_ line: SendLine, trigger: Trigger, record: OrderRecord, history: History) -> Reason? {
        switch line.destination {
        case .customer:
            guard record.recipient != nil else { return .noRecipient }
            if history.silenced { return .silenced }
            if trigger.about == .marketing, record.facts.customer?.marketing != .subscribed { return .noConsent }
            return nil
        case .merchant: return triggers.settings.notify == nil ? .noRecipient : nil
        case .address, .webhook: return nil
        }
    }
}

extension OrderRecord {
    /// Whom mail about this order goes to: the address that it was placed with, else the customer's. Nil where there is none that a relay would take.
    public var recipient: MailAddress? {
        guard let address = facts.email ?? facts.customer?.email else { return nil }
        let name = [facts.customer?.firstName, facts.customer?.lastName].compactMap(\.self).joined(separator: " ")
        return MailAddress(name: name.isEmpty ? facts.shippingAddress?.name : name, address: address)
    }
}

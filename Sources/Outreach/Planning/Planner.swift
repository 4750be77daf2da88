// What becomes of an event.
//
// Two pure steps. `matches` and `place` turn a recorded event into effects: one for each line of each trigger that hears it, waiting until the trigger's wait is over.
// `judge` says what becomes of an effect now: it is asked when the wait ends, and again before every attempt, so that what goes out is true at the moment at which it goes
// out. Neither reads a clock or a table; the same arguments give the same answer, in the daemon, in `bookbag test` and in `replay`.
//
// What is judged, in this order: whether another trigger's message took the place; whether the wait is over; for each event that the effect tells, whether it is still true and
// still news, and the conditions; whom to write to; and last what holds a true message back: the shopper's night, and her limit. A message that is
// held keeps waiting and is judged again from the start.

/// Decides, for one shop, by the triggers that are in force.
public struct Planner: Sendable {
    public var triggers: TriggerSet
    /// Since when each trigger is in force: it hears events recorded from then on.
    public var inForceSince: [String: Moment]
    public var live: LiveSince
    /// What Shopify says of the shop: its name, page and zone.
    public var shop: ShopProfile { didSet { shopZone = shop.zone } }
    /// The shop's own zone.
    public private(set) var shopZone: Zone

    /// A planner for one shop.
    public init(triggers: TriggerSet, inForceSince: [String: Moment], live: LiveSince, shop: ShopProfile) {
        self.triggers = triggers
        self.inForceSince = inForceSince
        self.live = live
        self.shop = shop
        shopZone = shop.zone
    }

    /// An order at a moment, for all that is decided about it then.
    public func evaluation(_ record: OrderRecord, now: Moment) -> EvaluationContext {
        EvaluationContext(
            record: record, settings: triggers.settings, now: now, zone: record.zone(shopZone: shopZone),
            shopZone: shopZone, shop: shop)
    }

    /// What conditions and templates may look at. `together` are further events that one message tells.
    public func scope(
        record: OrderRecord, event: Event, together: [Event] = [], history: History, now: Moment
    ) -> Scope {
        Scope(evaluation(record, now: now), event: event, together: together, history: history)
    }

    /// What one line of one trigger makes of an event.
    public struct Match: Hashable, Sendable {
        public var trigger: String
        public var line: String
        /// Where the line goes.
        public var route: Route
        /// True where the line's messages count as contact with the shopper.
        public var isContact: Bool
        /// The occurrences, one key for each subject.
        public var keys: [String]
        /// When it fires: the end of the trigger's own wait; `distantFuture` where that is not known.
        public var dueAt: Moment
        /// With `combine`: when the window ends that it opens, or else `dueAt`.
        public var windowEnd: Moment
        /// True where it makes one message with others of its order.
        public var combines: Bool
        /// With `once_per … every`: the length of the pause.
        public var pause: Length?
        /// True where the moment may come nearer and so is asked for daily.
        var canShrink: Bool

        /// When it is to be judged.
        func judgedAt(now: Moment) -> Moment {
            canShrink || dueAt == .distantFuture ? min(windowEnd, now + .days(1)) : windowEnd
        }
    }

    /// The lines that hear `event`, each with its occurrences and the moment at which it is to be judged.
    public func matches(_ event: Event, record: OrderRecord) -> [Match] {
        if event.silence == .testOrder { return [] }
        let hearing = triggers.hearing(event.kind)
        return hearing.isEmpty ? [] : matches(event, hearing, record, zone: record.zone(shopZone: shopZone))
    }

    /// The same, for one that is judged at the same moment.
    public func matches(_ event: Event, at evaluation: EvaluationContext) -> [Match] {
        if event.silence == .testOrder { return [] }
        let hearing = triggers.hearing(event.kind)
        return hearing.isEmpty ? [] : matches(event, hearing, evaluation.record, zone: evaluation.zone)
    }

    /// True where no trigger hears that kind of event.
    public func ignores(_ kind: EventKind) -> Bool { triggers.hearing(kind).isEmpty }

    private func matches(_ event: Event, _ hearing: [TriggerSet.Entry], _ record: OrderRecord, zone: Zone) -> [Match] {
        let usual = Trigger.usualKeys(of: event)
        var matches: [Match] = []
        matches.reserveCapacity(hearing.count)
        for entry in hearing {
            guard entry.mode != .off, let since = inForceSince[entry.trigger.name], event.recordedAt >= since else {
                continue
            }
            let dueAt = entry.waits ? due(entry.trigger, event, record, zone) : event.happenedAt
            // What happened before the shop was watched is silent; a wait that began before and ends after is kept.
            if event.silence == .beforeLive, dueAt <= event.happenedAt || dueAt < live.of(event.source) { continue }
            let keys = entry.hasUsualKeys ? usual : entry.trigger.keys(for: event, record: record)
            var windowEnd = dueAt
            if let combine = entry.combine {
                windowEnd = triggers.settings.calendar(zone: shopZone).moment(combine, after: dueAt, in: zone)
            }
            for (name, line) in zip(entry.lines, entry.trigger.lines) {
                matches.append(
                    Match(
                        trigger: entry.name, line: name,
                        route: Route(shop: event.shop, channel: line.channel, target: line.target),
                        isContact: line.isContact, keys: keys, dueAt: dueAt, windowEnd: windowEnd,
                        combines: entry.combine != nil, pause: entry.pause, canShrink: entry.waitCanShrink))
            }
        }
        return matches
    }

    /// What `match` does to the effects that stand under its keys already.
    public enum Placement: Hashable, Sendable {
        /// A new effect.
        case insert(Effect)
        /// An effect that waits, or that was skipped before, now tells this event, or this event as well.
        case refresh(Effect)
        /// An effect of another order lets go of the occurrence, and a new one takes it.
        case takeOver(from: Effect, Effect)
        /// All its occurrences were told; nothing is made. The effects that told them are noted.
        case told([Int64])
    }

    /// Places a match among the effects that exist. A key that was used up stays so; a wait is refreshed; a skip is open for the next event; an open
    /// window of `combine` takes the event in.
    ///
    /// - Parameters:
    ///   - existing: the effects that hold the match's keys, and with a pause the newest of each key's repetitions.
    ///   - open: the waiting effects of the same order, for `combine`.
    public func place(
        _ match: Match, event: Event, existing: [Effect], open: [Effect] = [], now: Moment
    ) -> Placement {
        if existing.isEmpty, !match.combines {
            let at = match.judgedAt(now: now)
            return .insert(
                Effect(
                    to: match.route, isContact: match.isContact, trigger: match.trigger, line: match.line,
                    keys: match.keys, event: event, dueAt: at, createdAt: now, reason: at > now ? .wait : nil))
        }
        let used = existing.filter { $0.state.usesKeyUp }
        let usedKeys = Set(used.flatMap(\.keys))
        var keys: [String] = []
        for key in match.keys {
            if let pause = match.pause {
                if let next = repetition(of: key, pause: pause, match: match, existing: existing) { keys.append(next) }
            } else if !usedKeys.contains(key) {
                keys.append(key)
            }
        }
        guard !keys.isEmpty else { return .told(used.map(\.id)) }
        let at = match.judgedAt(now: now)
        let reason: Reason? = match.combines ? .combine : at > now ? .wait : nil
        if match.combines, var window = window(for: match, event: event, among: open + existing) {
            let held = Set(existing.filter { $0.id != window.id }.flatMap(\.keys))
            let joining = Set(event.occurrences.map(\.subject))
            window.keys += keys.filter { !window.keys.contains($0) && !held.contains($0) }
            // Of one parcel the newest event is told; an event that is known already changes nothing.
            var events = window.events.filter {
                $0.id != event.id
                    && !($0.kind == event.kind && Set($0.occurrences.map(\.subject)).isSubset(of: joining))
            }
            events.append(event)
            window.event = events[0]
            window.together = Array(events.dropFirst())
            return .refresh(window)
        }
        if var effect = existing.first(where: { !$0.state.usesKeyUp && !Set($0.keys).isDisjoint(with: keys) }) {
            let new = Effect(
                to: match.route, isContact: match.isContact, trigger: match.trigger, line: match.line, keys: keys,
                event: event, dueAt: at, createdAt: now, reason: reason)
            if effect.aggregate != event.aggregate {
                effect.state = .replaced
                effect.reason = .newer
                effect.detail = nil
                effect.decidedAt = now
                return .takeOver(from: effect, new)
            }
            // Keys that another effect holds stay with it: each occurrence has one effect, for ever.
            let held = Set(existing.filter { $0.id != effect.id }.flatMap(\.keys))
            effect.keys += keys.filter { !effect.keys.contains($0) && !held.contains($0) }
            effect.event = event
            effect.together = []
            effect.state = .waiting
            effect.reason = reason
            effect.detail = nil
            effect.dueAt = at
            effect.decidedAt = nil
            return .refresh(effect)
        }
        return .insert(
            Effect(
                to: match.route, isContact: match.isContact, trigger: match.trigger, line: match.line, keys: keys,
                event: event, dueAt: at, createdAt: now, reason: reason))
    }

    /// The open window that an event falls in: it fires no later than the window's end, and no longer before it than a window is long.
    private func window(for match: Match, event: Event, among open: [Effect]) -> Effect? {
        open.first { effect in
            effect.trigger == match.trigger && effect.line == match.line && effect.aggregate == event.aggregate
                && effect.state == .waiting && effect.reason == .combine && match.dueAt <= effect.dueAt
                && match.windowEnd - match.dueAt >= (effect.dueAt - match.windowEnd)
        }
    }

    /// What stands behind a key whose occurrence comes again after its pause.
    private static let again = " again "

    /// The key under which an occurrence that may come again has its next turn; nil while its pause lasts.
    private func repetition(of key: String, pause: Length, match: Match, existing: [Effect]) -> String? {
        let stem = key + Self.again
        let mine = existing.filter { $0.keys.contains { $0 == key || $0.hasPrefix(stem) } }
        guard let newest = mine.max(by: { $0.id < $1.id }),
            let held = newest.keys.filter({ $0 == key || $0.hasPrefix(stem) }).max()
        else { return key }
        guard newest.state.usesKeyUp else { return held }
        let spoke = newest.decidedAt ?? newest.createdAt
        let calendar = triggers.settings.calendar(zone: shopZone)
        guard match.dueAt >= calendar.moment(pause, after: spoke, in: shopZone) else { return nil }
        let number = (Int(held.dropFirst(stem.count)) ?? 1) + 1
        let digits = String(number)
        return stem + String(repeating: "0", count: max(0, 6 - digits.count)) + digits
    }

    /// The keys that have to be looked for where a key may come again: all that begin like this.
    public static func repetitions(of key: String) -> String { key + again }

    // MARK: - What becomes of an effect

    /// What becomes of an effect, and which of its events are told.
    public struct Judgement: Hashable, Sendable {
        public var decision: Decision
        /// The events that are told, if it is sent.
        public var events: [Event] = []
        /// The events that are left out of a message that goes, each with the reason.
        public var dropped: [Dropped] = []

        /// An event that is not told.
        public struct Dropped: Hashable, Sendable {
            public var event: Event
            public var reason: Reason
            public var detail: String?
        }
    }

    /// What becomes of `effect` now.
    ///
    /// - Parameters:
    ///   - record: the order, as it is known now; nil where it is gone.
    ///   - history: what was told before.
    public func judge(_ effect: Effect, record: OrderRecord?, history: History, now: Moment) -> Decision {
        judgement(effect, record: record, history: history, now: now).decision
    }

    /// The same, with the events that are told where `combine` made one message of several.
    public func judgement(_ effect: Effect, record: OrderRecord?, history: History, now: Moment) -> Judgement {
        // What a person asked for, or Bookbag has to say itself, is no trigger's to judge.
        if effect.origin != .trigger { return Judgement(decision: .send, events: effect.events) }
        guard let record else { return Judgement(decision: .skip(because: .erased)) }
        return judgement(effect, at: evaluation(record, now: now), history: history)
    }

    /// The same, for one of several effects of an order that are judged at one moment.
    public func judgement(_ effect: Effect, at evaluation: EvaluationContext, history: History) -> Judgement {
        if effect.origin != .trigger { return Judgement(decision: .send, events: effect.events) }
        let now = evaluation.now
        if evaluation.record.facts.test { return Judgement(decision: .skip(because: .testOrder)) }
        guard let entry = triggers.entry(effect.trigger), let line = entry.line(named: effect.line), entry.mode != .off,
            let event = effect.event
        else { return Judgement(decision: .skip(because: .off)) }
        let dueAt = due(effect, entry, evaluation)
        if effect.together.isEmpty, history.told.isEmpty {
            // Nearly all: one event, and nobody spoke of it.
            if effect.attempts == 0, dueAt > now {
                return Judgement(decision: waiting(effect, entry.trigger, until: dueAt, now: now))
            }
            if let no = objection(event, effect, entry, evaluation, history, dueAt: dueAt) {
                return Judgement(decision: .skip(because: no.reason, detail: no.detail))
            }
            return going([event], of: effect, entry, line, evaluation, history)
        }
        var kept = effect.events
        var dropped: [Judgement.Dropped] = []
        if !history.told.isEmpty {
            kept.removeAll { event in
                guard let other = history.told.first(where: { $0.isAbout(event) }) else { return false }
                dropped.append(.init(event: event, reason: .replaced, detail: other.trigger))
                return true
            }
            if kept.isEmpty, let other = dropped.first?.detail { return Judgement(decision: .replace(by: other)) }
        }
        if effect.attempts == 0, dueAt > now {
            return Judgement(decision: waiting(effect, entry.trigger, until: dueAt, now: now))
        }
        kept.removeAll { event in
            guard let no = objection(event, effect, entry, evaluation, history, dueAt: dueAt) else { return false }
            dropped.append(.init(event: event, reason: no.reason, detail: no.detail))
            return true
        }
        if kept.isEmpty {
            let no = dropped[0]
            return Judgement(decision: .skip(because: no.reason, detail: no.detail))
        }
        return going(kept, without: dropped, of: effect, entry, line, evaluation, history)
    }

    /// What becomes of an effect whose events are to be told.
    private func going(
        _ kept: [Event], without dropped: [Judgement.Dropped] = [], of effect: Effect, _ entry: TriggerSet.Entry,
        _ line: SendLine, _ evaluation: EvaluationContext, _ history: History
    ) -> Judgement {
        if let reason = unreachable(line, trigger: entry.trigger, at: evaluation, history: history) {
            return Judgement(decision: .skip(because: reason))
        }
        if line.destination == .customer,
            let held = held(effect, entry.trigger, kept, history: history, zone: evaluation.zone, now: evaluation.now)
        {
            return Judgement(decision: held)
        }
        return Judgement(decision: entry.mode == .shadow ? .shadow : .send, events: kept, dropped: dropped)
    }

    /// Waits have an end: what a trigger waits for and nobody ever tells of is let go of after this.
    private static let patience = Duration.days(120)

    private func waiting(_ effect: Effect, _ trigger: Trigger, until dueAt: Moment, now: Moment) -> Decision {
        if dueAt == .distantFuture,
            now - max(effect.event?.happenedAt ?? effect.createdAt, effect.createdAt) > Self.patience
        {
            return .skip(because: .oldNews, detail: "what it waits for was not known in 120 days")
        }
        // A date that may come nearer, or is not known yet, is asked for again tomorrow.
        let asked = trigger.waitCanShrink || dueAt == .distantFuture ? min(dueAt, now + .days(1)) : dueAt
        return .wait(until: asked, because: trigger.combine == nil ? .wait : .combine)
    }

    /// Why one event is not told: it is no longer true, no longer news, or a condition says so.
    private func objection(
        _ event: Event, _ effect: Effect, _ entry: TriggerSet.Entry, _ evaluation: EvaluationContext,
        _ history: History,
        dueAt: Moment
    ) -> (reason: Reason, detail: String?)? {
        let now = evaluation.now
        if let reason = evaluation.overtaken(event) { return (reason, nil) }
        if now - dueAt > event.kind.age {
            var detail = "\(event.kind.rawValue) of \(event.happenedAt)"
            switch effect.reason {
            case .quietHours: detail += ", held by the quiet hours"
            case .limit: detail += ", held by the limit"
            case .deferred, .unavailable: detail += ", held because nothing could be delivered"
            case .template: detail += ", held because its template could not be rendered"
            default: break
            }
            return (.oldNews, detail)
        }
        guard entry.hasConditions,
            let failed = entry.trigger.failedCondition(evaluation.scope(event, history: history))
        else { return nil }
        return (failed.clause, failed.sentence)
    }

    /// What holds a true message to the shopper back for now.
    private func held(
        _ effect: Effect, _ trigger: Trigger, _ events: [Event], history: History, zone: Zone, now: Moment
    ) -> Decision? {
        if !trigger.ignoresQuietHours, let end = triggers.settings.quietHours?.end(at: now, in: zone) {
            return .wait(until: end, because: .quietHours)
        }
        // What is ready has its room already.
        if effect.state == .waiting, let limit = limit(for: trigger, events),
            let room = limit.room(after: history.counted, now: now)
        {
            return .wait(until: room, because: .limit)
        }
        return nil
    }

    /// The limit that holds for a trigger's mail about these events; nil where none does.
    public func limit(for trigger: Trigger, _ events: [Event]) -> Limit? {
        guard let limit = triggers.settings.limit, !trigger.ignoresLimit,
            !events.contains(where: { limit.except.contains($0.kind) })
        else { return nil }
        return limit
    }

    private func due(_ effect: Effect, _ entry: TriggerSet.Entry, _ evaluation: EvaluationContext) -> Moment {
        func due(_ event: Event) -> Moment {
            entry.waits ? self.due(entry.trigger, event, evaluation.record, evaluation.zone) : event.happenedAt
        }
        let first = effect.events.reduce(.distantFuture) { min($0, due($1)) }
        guard let combine = entry.combine, first < .distantFuture else { return first }
        return triggers.settings.calendar(zone: shopZone).moment(combine, after: first, in: evaluation.zone)
    }

    private func due(_ trigger: Trigger, _ event: Event, _ record: OrderRecord, _ zone: Zone) -> Moment {
        trigger.dueAt(event, record: record, zone: zone, shopZone: shopZone, settings: triggers.settings) {
            scope(record: record, event: event, history: History(), now: event.recordedAt)
        }
    }

    /// Why nobody can be written to by this line; nil if somebody can. A doubt about whom to write to means that nobody is written to.
    private func unreachable(_ line: SendLine, trigger: Trigger, at evaluation: EvaluationContext, history: History)
        -> Reason?
    {
        switch line.destination {
        case .customer:
            guard evaluation.isReachable else { return .noRecipient }
            if history.silenced { return .silenced }
            if trigger.about == .marketing, evaluation.record.facts.customer?.marketing != .subscribed {
                return .noConsent
            }
            return nil
        case .merchant: return triggers.settings.notify == nil ? .noRecipient : nil
        case .address, .webhook, .other: return nil
        }
    }

    // MARK: - One among others

    /// In which order effects that fall due together are judged, so that what room a limit has goes to the right ones: first what no limit holds, then the
    /// newest of each parcel, then the rest; among equals the longest known.
    public func inOrderOfRoom(_ effects: [Effect]) -> [Effect] {
        struct Rank { var level: Int, happenedAt: Moment, id: Int64, effect: Effect }
        var newest: [String: (Moment, Int64)] = [:]
        func subject(_ effect: Effect) -> String {
            "\(effect.aggregate?.key ?? "") \(effect.event?.occurrences.first?.subject ?? "")"
        }
        func happenedAt(_ effect: Effect) -> Moment { effect.event?.happenedAt ?? effect.createdAt }
        for effect in effects {
            let own = (happenedAt(effect), effect.id)
            if newest[subject(effect)].map({ $0 < own }) ?? true { newest[subject(effect)] = own }
        }
        return effects.map { effect in
            var level = 2
            if triggers.trigger(effect.trigger).map({ limit(for: $0, effect.events) == nil }) ?? true {
                level = 0
            } else if newest[subject(effect)]! == (happenedAt(effect), effect.id) {
                level = 1
            }
            return Rank(level: level, happenedAt: happenedAt(effect), id: effect.id, effect: effect)
        }.sorted { ($0.level, $0.happenedAt, $0.id) < ($1.level, $1.happenedAt, $1.id) }.map(\.effect)
    }

    /// What a message that goes takes the place of: the waiting effects of its order, by triggers that its own one replaces, about the same. What only
    /// would go takes the place of shadows alone.
    public func takenBack(by effect: Effect, _ judgement: Judgement, among waiting: [Effect]) -> [Effect] {
        guard let trigger = triggers.trigger(effect.trigger), !trigger.replaces.isEmpty else { return [] }
        let told = History.Told(
            trigger: trigger.name, subjects: judgement.events.flatMap { $0.occurrences.map(\.subject) })
        return waiting.filter { other in
            trigger.replaces.contains(other.trigger) && other.aggregate == effect.aggregate
                && (judgement.decision == .send || isShadow(other.trigger))
                && other.events.allSatisfy(told.isAbout)
        }
    }

    /// True where a trigger only shows what it would send.
    public func isShadow(_ trigger: String) -> Bool {
        triggers.trigger(trigger)?.mode(in: triggers.settings.mode) == .shadow
    }

    /// The keys of an effect that tells only some of its events: those of the events that are left out are open again.
    public func keys(of effect: Effect, telling judgement: Judgement, record: OrderRecord) -> [String] {
        guard !judgement.dropped.isEmpty, let trigger = triggers.trigger(effect.trigger) else { return effect.keys }
        let told = Set(judgement.events.flatMap { trigger.keys(for: $0, record: record) })
        let open = Set(judgement.dropped.flatMap { trigger.keys(for: $0.event, record: record) }).subtracting(told)
        let kept = effect.keys.filter { !open.contains($0) }
        return kept.isEmpty ? effect.keys : kept
    }
}

extension History.Told {
    /// True where it spoke of what `event` is about: the same parcel, or else the same order.
    func isAbout(_ event: Event) -> Bool {
        let own = event.occurrences.map(\.subject).filter { $0.hasPrefix("shipment:") }
        let theirs = subjects.filter { $0.hasPrefix("shipment:") }
        return own.isEmpty || theirs.isEmpty || !Set(own).isDisjoint(with: theirs)
    }
}

extension OrderRecord {
    /// Whom mail about this order goes to: the address that it was placed with, else the customer's. Nil where there is none that a relay would take.
    public var recipient: MailAddress? {
        guard let address = facts.email ?? facts.customer?.email else { return nil }
        let name = [facts.customer?.firstName, facts.customer?.lastName].compactMap { $0?.asName }
            .joined(separator: " ")
        return MailAddress(name: name.isEmpty ? facts.shippingAddress?.name?.asName : name, address: address)
    }
}

extension Planner {
    /// What one line of one trigger would do with an event.
    public struct Match: Hashable, Sendable {
        public var trigger: String
        public var line: String
        /// Where the line goes.
        public var route: Route
        /// True if the line's messages count as contact with the shopper.
        public var isContact: Bool
        /// The occurrences, one key per subject.
        public var keys: [String]
        /// When it fires: the end of the trigger's own wait; `distantFuture` if that is not known.
        public var dueAt: Moment
        /// With `combine`: the end of the window that it opens; otherwise `dueAt`.
        public var windowEnd: Moment
        /// True if it is combined with others of its order into one message.
        public var combines: Bool
        /// With `once_per … every`: the length of the pause.
        public var pause: Length?
        /// True if Bookbag did it itself and the trigger does not ask for that: its key is used up, and nothing is said.
        public var isOwn = false
        /// True if the moment may move closer and so is checked daily.
        var canShrink: Bool

        /// When it should be judged.
        func judgedAt(now: Moment) -> Moment {
            canShrink || dueAt == .distantFuture ? min(windowEnd, now + .days(1)) : windowEnd
        }
    }

    /// The lines that hear `event`, each with its occurrences and the moment at which it should be judged.
    public func matches(_ event: Event, record: OrderRecord) -> [Match] {
        var misses: [Miss] = []
        return matches(event, record: record, misses: &misses)
    }

    /// The same, with a context for the moment of the decision.
    public func matches(_ event: Event, at evaluation: EvaluationContext) -> [Match] {
        if event.silence?.whollySilent != nil { return [] }
        let hearing = triggers.hearing(event.kind)
        var misses: [Miss] = []
        if hearing.isEmpty { return [] }
        return matches(event, hearing, evaluation.record, zone: evaluation.zone, &misses).filter { !$0.isOwn }
    }

    /// True if no trigger hears that kind of event.
    public func ignores(_ kind: EventKind) -> Bool { triggers.hearing(kind).isEmpty }

    /// The same, together with the triggers that hear the event but do nothing with it, each with the reason.
    func matches(
        _ event: Event, record: OrderRecord, misses: inout [Miss]
    ) -> [Match] {
        let hearing = triggers.hearing(event.kind)
        if hearing.isEmpty { return [] }
        if let reason = event.silence?.whollySilent {
            for entry in hearing { misses.append(Miss(trigger: entry.name, reason: reason)) }
            return []
        }
        return matches(event, hearing, record, zone: record.zone(shopZone: shopZone), &misses)
    }

    /// A trigger that hears an event but does nothing with it.
    struct Miss {
        var trigger: String
        var reason: Reason
    }

    private func matches(
        _ event: Event, _ hearing: [TriggerSet.Entry], _ record: OrderRecord, zone: Zone, _ misses: inout [Miss]
    ) -> [Match] {
        let usual = Trigger.usualKeys(of: event)
        var matches: [Match] = []
        matches.reserveCapacity(hearing.count)
        for entry in hearing {
            if entry.mode == .off {
                misses.append(Miss(trigger: entry.name, reason: .off))
                continue
            }
            guard let since = since[entry.index], event.recordedAt >= since else {
                misses.append(Miss(trigger: entry.name, reason: .beforeTrigger))
                continue
            }
            let isOurs = event.silence == .ownAction || event.kind.isOfAction
            if !isOurs, entry.trigger.causedBy == .bookbag {
                misses.append(Miss(trigger: entry.name, reason: .causedByOthers))
                continue
            }
            let dueAt = entry.waits ? due(entry.trigger, event, record, zone) : event.happenedAt
            // What happened before the shop was watched is silent; but a wait that began before and ends after is kept.
            if event.silence == .beforeLive, dueAt <= event.happenedAt || dueAt < live.of(event.source) {
                misses.append(Miss(trigger: entry.name, reason: .beforeLive))
                continue
            }
            let keys = entry.hasUsualKeys ? usual : entry.trigger.keys(for: event, record: record)
            var windowEnd = dueAt
            if let combine = entry.combine {
                windowEnd = triggers.settings.calendar(zone: shopZone).moment(combine, after: dueAt, in: zone)
            }
            for line in entry.lines {
                var match = Match(
                    trigger: entry.name, line: line.name,
                    route: Route(
                        shop: event.shop, channel: SendLine.channel(line.channel, ofLine: line.name, for: event),
                        target: line.target),
                    isContact: line.isContact, keys: keys, dueAt: dueAt, windowEnd: windowEnd,
                    combines: entry.combine != nil, pause: entry.pause, canShrink: entry.waitCanShrink)
                // Whoever names what Bookbag does asks for it.
                match.isOwn = isOurs && entry.trigger.causedBy == .others && !event.kind.isOfAction
                matches.append(match)
            }
        }
        return matches
    }
}

extension Silence {
    /// Why no trigger does anything with an event that has this silence; nil if some may.
    var whollySilent: Reason? {
        switch self {
        case .testOrder: .testOrder
        case .imported: .imported
        case .beforeLive, .ownAction: nil
        }
    }
}

extension Planner {
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
        var misses: [Miss] = []
        return matches(event, record: record, misses: &misses)
    }

    /// The same, for one that is judged at the same moment.
    public func matches(_ event: Event, at evaluation: EvaluationContext) -> [Match] {
        if event.silence?.whollySilent != nil { return [] }
        let hearing = triggers.hearing(event.kind)
        var misses: [Miss] = []
        return hearing.isEmpty ? [] : matches(event, hearing, evaluation.record, zone: evaluation.zone, &misses)
    }

    /// True where no trigger hears that kind of event.
    public func ignores(_ kind: EventKind) -> Bool { triggers.hearing(kind).isEmpty }

    /// The same, with the triggers that hear the event and make nothing of it, each with the reason.
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

    /// A trigger that hears an event and makes nothing of it.
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
            let dueAt = entry.waits ? due(entry.trigger, event, record, zone) : event.happenedAt
            // What happened before the shop was watched is silent; a wait that began before and ends after is kept.
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
                matches.append(
                    Match(
                        trigger: entry.name, line: line.name,
                        route: Route(shop: event.shop, channel: line.channel, target: line.target),
                        isContact: line.isContact, keys: keys, dueAt: dueAt, windowEnd: windowEnd,
                        combines: entry.combine != nil, pause: entry.pause, canShrink: entry.waitCanShrink))
            }
        }
        return matches
    }
}

extension Silence {
    /// Why no trigger makes anything of an event that is silent like this; nil where some may.
    var whollySilent: Reason? {
        switch self {
        case .testOrder: .testOrder
        case .imported: .imported
        case .beforeLive: nil
        }
    }
}

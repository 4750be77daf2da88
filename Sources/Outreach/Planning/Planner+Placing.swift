extension Planner {
    /// What `match` does to the effects that already exist under its keys.
    public enum Placement: Hashable, Sendable {
        /// A new effect.
        case insert(Effect)
        /// An effect that is waiting, or was skipped before, now covers this event, or this event as well.
        case refresh(Effect)
        /// An effect of another order gives up the occurrence, and a new one takes it.
        case takeOver(from: Effect, Effect)
        /// All its occurrences were already reported; nothing is created. The effects that reported them are listed.
        case told([Int64])
    }

    /// Places a match among the existing effects. A used key stays used; a wait is refreshed; a skipped effect is open
    /// to the next event; an open `combine` window takes the event in.
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
                    keys: match.keys, event: event,
                    dueAt: at, createdAt: now, reason: at > now ? .wait : nil))
        }
        let used = existing.filter(\.usesKeyUp)
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
            // For each parcel the newest event is reported; an event that is already known changes nothing.
            var events = window.events.filter {
                $0.id != event.id
                    && !($0.kind == event.kind && Set($0.occurrences.map(\.subject)).isSubset(of: joining))
            }
            events.append(event)
            window.event = events[0]
            window.together = Array(events.dropFirst())
            return .refresh(window)
        }
        if var effect = existing.first(where: { !$0.usesKeyUp && !Set($0.keys).isDisjoint(with: keys) }) {
            let new = Effect(
                to: match.route, isContact: match.isContact, trigger: match.trigger, line: match.line, keys: keys,
                event: event, dueAt: at,
                createdAt: now, reason: reason)
            if effect.aggregate != event.aggregate {
                effect.state = .replaced
                effect.reason = .newer
                effect.detail = nil
                effect.decidedAt = now
                return .takeOver(from: effect, new)
            }
            // Keys that another effect holds stay with it: each occurrence has one effect, forever.
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
                event: event,
                dueAt: at, createdAt: now, reason: reason))
    }

    /// The open window that an event falls into: it fires no later than the window's end, and no earlier than one
    /// window length before it.
    private func window(for match: Match, event: Event, among open: [Effect]) -> Effect? {
        open.first { effect in
            effect.trigger == match.trigger && effect.line == match.line && effect.aggregate == event.aggregate
                && effect.state == .waiting && effect.reason == .combine && match.dueAt <= effect.dueAt
                && match.windowEnd - match.dueAt >= (effect.dueAt - match.windowEnd)
        }
    }

    /// The separator that follows a key whose occurrence repeats after its pause.
    private static let again = " again "

    /// The key for the next repetition of an occurrence; nil while its pause lasts.
    private func repetition(of key: String, pause: Length, match: Match, existing: [Effect]) -> String? {
        let stem = key + Self.again
        let mine = existing.filter { $0.keys.contains { $0 == key || $0.hasPrefix(stem) } }
        guard let newest = mine.max(by: { $0.id < $1.id }),
            let held = newest.keys.filter({ $0 == key || $0.hasPrefix(stem) }).max()
        else { return key }
        guard newest.usesKeyUp else { return held }
        let spoke = newest.decidedAt ?? newest.createdAt
        let calendar = triggers.settings.calendar(zone: shopZone)
        guard match.dueAt >= calendar.moment(pause, after: spoke, in: shopZone) else { return nil }
        let number = (Int(held.dropFirst(stem.count)) ?? 1) + 1
        let digits = String(number)
        return stem + String(repeating: "0", count: max(0, 6 - digits.count)) + digits
    }

    /// The prefix of all keys to look for if a key may repeat.
    public static func repetitions(of key: String) -> String { key + again }

    /// A key without the suffix of its repetitions.
    public static func stem(of key: String) -> String {
        // Nearly all keys are no repetitions, and a byte tells.
        guard key.utf8.contains(again.utf8.first!), let range = key.firstRange(of: again) else { return key }
        return String(key[..<range.lowerBound])
    }
}

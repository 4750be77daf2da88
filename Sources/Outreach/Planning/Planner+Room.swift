extension Planner {
    /// The order in which effects that are due together are judged, so that the room under a limit goes to the right
    /// ones: first those that no limit holds, then the newest of each parcel, then the rest; among equals the oldest.
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

    /// What a message that is sent replaces: the waiting effects of its order that are about the same thing and come
    /// from triggers that its own trigger replaces. A shadow message replaces shadows only.
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

    /// True if a trigger only shows what it would send.
    public func isShadow(_ trigger: String) -> Bool {
        triggers.trigger(trigger)?.mode(in: triggers.settings.mode) == .shadow
    }

    /// The keys of an effect that covers only some of its events: those of the events left out become free again.
    public func keys(of effect: Effect, telling judgement: Judgement, record: OrderRecord) -> [String] {
        guard !judgement.dropped.isEmpty, let trigger = triggers.trigger(effect.trigger) else { return effect.keys }
        let told = Set(judgement.events.flatMap { trigger.keys(for: $0, record: record) })
        let open = Set(judgement.dropped.flatMap { trigger.keys(for: $0.event, record: record) }).subtracting(told)
        let kept = effect.keys.filter { !open.contains($0) }
        return kept.isEmpty ? effect.keys : kept
    }
}

extension History.Told {
    /// True if it was about what `event` is about: the same parcel, otherwise the same order.
    func isAbout(_ event: Event) -> Bool {
        let own = event.occurrences.map(\.subject).filter { $0.hasPrefix("shipment:") }
        let theirs = subjects.filter { $0.hasPrefix("shipment:") }
        return own.isEmpty || theirs.isEmpty || !Set(own).isDisjoint(with: theirs)
    }
}

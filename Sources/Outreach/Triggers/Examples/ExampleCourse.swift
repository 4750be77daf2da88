internal import Liquid

// What an example tells, played: the order, the clock that only the example moves, and the planner's own decisions.
//
// It does what the daemon does, with an array in place of the store: each event is matched and placed among the effects that there are, each effect is judged when
// its wait ends, and what was sent counts for what comes after it. So `combine`, `once_per` and the limit mean in an example what they mean in a shop.

/// One example under way.
struct ExampleCourse {
    /// An effect that is not decided yet.
    private struct Pending {
        var effect: Effect
        var dueAt: Moment
        /// What it waits for.
        var reason: Reason
        /// What held it when all was told.
        var heldFor: Reason?
    }

    private let example: Example
    private let templates: TemplateSet
    private let start: Moment
    private var trigger: Trigger
    private var settings: ShopSettings
    private var order: StandardOrder
    private var pending: [Pending] = []
    /// What is decided, in the order of its numbers.
    private var decided: [Effect] = []
    private var lastID: Int64 = 0
    private var outcomes: [ExampleRunner.Outcome] = []

    private static let zone = StandardOrder.zone

    /// An example of a trigger of that set, at its beginning. The modes of shop and trigger are taken as live.
    init(_ example: Example, of trigger: Trigger, in set: TriggerSet) {
        self.example = example
        templates = set.templates
        start = example.at?.moment(in: Self.zone) ?? StandardOrder.moment
        self.trigger = trigger
        self.trigger.mode = .live
        settings = set.settings
        settings.mode = .live
        func text(_ path: String) -> String? { example.given.last { $0.path == path }?.value.textIfString }
        let shopCurrency = text("shop.currency") ?? StandardOrder.currency
        let parcels = ([0] + example.steps.flatMap(\.happenings).map(\.parcel)).max() ?? 0
        order = StandardOrder(
            example.event, at: start, parcels: example.parcels, all: max(example.parcels ?? 1, parcels + 1),
            before: example.told.count, currency: text("order.currency") ?? shopCurrency, shopCurrency: shopCurrency)
        order.apply(example.given, at: start)
        settings.given = order.overlay
    }

    private var planner: Planner {
        Planner(
            triggers: TriggerSet(settings: settings, triggers: [trigger], templates: templates),
            inForceSince: [trigger.name: .distantPast], live: LiveSince(shop: .distantPast), shop: order.profile)
    }

    /// Plays it to its end, and to the end of what waits then.
    mutating func play() -> [ExampleRunner.Outcome] {
        tellBefore()
        for event in order.events { hear(event, at: start) }
        var changes: [(at: Moment, step: Example.Step)] = []
        var at = start
        for step in example.steps {
            at = settings.calendar(zone: Self.zone).moment(step.after, after: at, in: Self.zone)
            changes.append((at, step))
        }
        let end = at
        // Time goes from one moment to the next at which something is due or changes.
        var now = start
        for _ in 0..<1000 {
            while let change = changes.first, change.at <= now {
                take(change.step, at: change.at)
                changes.removeFirst()
            }
            judge(at: now)
            let next = (pending.map(\.dueAt) + changes.prefix(1).map(\.at)).filter { $0 > now }.min()
            if next.map({ $0 > end }) ?? true {
                for index in pending.indices where pending[index].heldFor == nil {
                    pending[index].heldFor = pending[index].reason
                }
            }
            guard let next else { break }
            now = next
        }
        outcomes += pending.map {
            ExampleRunner.Outcome(line: $0.effect.line, reason: $0.reason, heldFor: $0.heldFor ?? $0.reason)
        }
        return outcomes
    }

    // MARK: - What happens

    /// What the trigger told before the example begins.
    private mutating func tellBefore() {
        let moments = example.told.map { told in
            switch told {
            case .at(let time): time.moment(in: Self.zone)
            case .ago(let length): Self.moment(length, before: start)
            }
        }.sorted()
        let speaksToShopper = trigger.lines.contains { $0.destination == .customer }
        for (index, moment) in moments.enumerated() {
            let event = order.earlier(index + 1, at: moment)
            for match in planner.matches(event, record: order.record) {
                let placement = planner.place(
                    match, event: event, existing: existing(match), open: [], now: moment)
                guard case .insert(var effect) = placement else { continue }
                lastID += 1
                effect.id = lastID
                effect.state = .sent
                effect.reason = .accepted
                effect.decidedAt = moment
                decided.append(effect)
            }
            if speaksToShopper {
                // To a customer it may have been about another order.
                count(moment, isAboutOrder: trigger.oncePer?.scope != .customer)
            }
        }
    }

    private static func moment(_ length: Length, before moment: Moment) -> Moment {
        switch length.unit {
        case .minutes: return moment - .minutes(length.count)
        case .hours: return moment - .hours(length.count)
        case .days, .businessDays, .weeks:
            let days = length.unit == .weeks ? 7 * length.count : length.count
            return zone.moment(
                on: zone.day(at: moment).adding(days: -days), secondOfDay: zone.secondOfDay(at: moment))
        }
    }

    /// A mail to the shopper counts for the limit, and for what conditions ask of what was told.
    private mutating func count(_ moment: Moment, isAboutOrder: Bool) {
        order.history.counted.append(moment)
        order.history.lastMessageAt = max(order.history.lastMessageAt ?? .distantPast, moment)
        if moment > start - .days(7) { order.history.messagesLast7Days += 1 }
        guard isAboutOrder else { return }
        order.history.messagesAboutOrder += 1
        order.history.messagesAboutSubject += 1
    }

    private mutating func take(_ step: Example.Step, at now: Moment) {
        let events = step.happenings.map { order.happen($0.kind, parcel: $0.parcel, at: now) }
        order.apply(step.given, at: now)
        settings.given = order.overlay
        for event in events { hear(event, at: now) }
    }

    /// The effects that hold a match's keys already.
    private func existing(_ match: Planner.Match) -> [Effect] {
        (decided + pending.map(\.effect)).filter { effect in
            effect.line == match.line
                && match.keys.contains { key in
                    effect.keys.contains {
                        $0 == key || (match.pause != nil && $0.hasPrefix(Planner.repetitions(of: key)))
                    }
                }
        }
    }

    private mutating func hear(_ event: Event, at now: Moment) {
        let planner = planner
        for match in planner.matches(event, record: order.record) {
            let open = pending.map(\.effect).filter { $0.line == match.line }
            switch planner.place(match, event: event, existing: existing(match), open: open, now: now) {
            case .insert(var effect), .takeOver(_, var effect):
                lastID += 1
                effect.id = lastID
                wait(effect, now)
            case .refresh(let effect):
                decided.removeAll { $0.id == effect.id }
                let heldFor = pending.first { $0.effect.id == effect.id }?.heldFor
                pending.removeAll { $0.effect.id == effect.id }
                wait(effect, now, heldFor: heldFor)
            case .told: outcomes.append(ExampleRunner.Outcome(line: match.line, reason: .alreadyTold))
            }
        }
    }

    private mutating func wait(_ effect: Effect, _ now: Moment, heldFor: Reason? = nil) {
        pending.append(
            Pending(effect: effect, dueAt: max(effect.dueAt, now), reason: effect.reason ?? .wait, heldFor: heldFor))
    }

    // MARK: - What becomes of it

    private mutating func judge(at now: Moment) {
        let due = pending.filter { $0.dueAt <= now }
        pending.removeAll { $0.dueAt <= now }
        for var one in due {
            one.effect.reason = one.reason
            let judgement = planner.judgement(one.effect, record: order.record, history: order.history, now: now)
            switch judgement.decision {
            case .wait(let until, let reason) where until > now && until < .distantFuture:
                one.dueAt = until
                one.reason = reason
                pending.append(one)
            case .wait(_, let reason): end(one, reason)
            case .skip(let reason, let detail): end(one, reason, detail)
            case .replace(let other): end(one, .replaced, other)
            case .send, .shadow: send(one, judgement, at: now)
            }
        }
    }

    private mutating func end(_ one: Pending, _ reason: Reason, _ detail: String? = nil) {
        var effect = one.effect
        effect.state = .skipped
        effect.reason = reason
        decided.append(effect)
        let rule = reason == .passed ? effect.event?.kind.passedRule : nil
        outcomes.append(
            ExampleRunner.Outcome(
                line: effect.line, reason: reason, detail: detail ?? rule, heldFor: one.heldFor))
    }

    private mutating func send(_ one: Pending, _ judgement: Planner.Judgement, at now: Moment) {
        let planner = planner
        var effect = one.effect
        effect.event = judgement.events[0]
        effect.together = Array(judgement.events.dropFirst())
        effect.keys = planner.keys(of: effect, telling: judgement, record: order.record)
        let sending = Sending(
            effect: effect, record: order.record, history: order.history, planner: planner, now: now)
        var outcome = ExampleRunner.Outcome(line: effect.line, heldFor: one.heldFor)
        do throws(TemplateFailure) {
            try outcome.write(sending, templates)
        } catch {
            outcome.reason = .template
            outcome.detail = error.description
        }
        outcomes.append(outcome)
        effect.state = outcome.sentAt == nil ? .skipped : .sent
        effect.decidedAt = now
        decided.append(effect)
        if outcome.sentAt != nil, trigger.line(named: effect.line)?.destination == .customer {
            count(now, isAboutOrder: true)
        }
    }
}

extension ExampleRunner.Outcome {
    /// Writes what goes out: the mail's words, or the webhook's body.
    fileprivate mutating func write(_ sending: Sending, _ templates: TemplateSet) throws(TemplateFailure) {
        let effect = sending.effect
        guard let event = effect.event else { return }
        let scope = sending.planner.scope(
            record: sending.record, event: event, together: effect.together, history: sending.history,
            now: sending.now)
        if let line = sending.planner.triggers.trigger(effect.trigger)?.line(named: effect.line) {
            if line.isMail {
                mail = try templates.render(line.template, scope, to: line.destination)
                hasLabel = scope.label(attachedBy: line) != nil
            } else {
                webhook = try scope.webhookBody(of: effect, by: line, templates)
            }
        }
        self.sending = sending
    }
}

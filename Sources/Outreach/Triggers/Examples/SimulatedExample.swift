internal import Liquid

/// One example being run: its order in a `Simulation`, under a clock that only the example advances. So `combine`,
/// `once_per`, `replaces` and the limit work in an example as they do in a shop.
struct SimulatedExample {
    private let templates: TemplateSet
    private let policy: Policy?
    private let trigger: Trigger
    /// The triggers that decide: the example's own, and those that may replace its messages.
    private let triggers: [Trigger]
    private let told: [Moment]
    private let stages: [ExampleTimeline.Stage]
    private var settings: ShopSettings
    private var simulation: Simulation
    /// What was holding each effect when the example ended, by the effect's number.
    private var heldFor: [Int64: Reason] = [:]
    private var outcomes: [ExampleRunner.Outcome] = []

    /// Sets up an example of a trigger of that set. The modes of shop and trigger are taken as live.
    init(_ example: Example, of trigger: Trigger, in set: TriggerSet) {
        templates = set.templates
        policy = set.policy
        var settings = set.settings
        settings.mode = .live
        settings.answers = .allLive
        var own = trigger
        own.mode = .live
        self.trigger = own
        triggers = [own] + Self.replacers(of: trigger.name, in: set)
        let others = set.triggers.filter { $0.name != own.name && $0.mode != .off }
        stages = ExampleTimeline(example, settings: settings, questions: OwnQuestions([own] + others)).stages
        told = ExampleTimeline.moments(example.told, before: stages[0].at)
        self.settings = settings
        simulation = Simulation(
            Self.planner(triggers, settings, templates, policy, stages[0].order),
            orders: [.init(known: stages[0].order.known)])
        simulation.othersAreAboutFirst = true
    }

    /// The triggers that replace one, and in turn those that replace them.
    private static func replacers(of name: String, in set: TriggerSet) -> [Trigger] {
        var names: [String] = [name]
        var next = 0
        while next < names.count {
            names += set.replacers(of: names[next]).filter { !names.contains($0) }
            next += 1
        }
        return names.dropFirst().compactMap(set.trigger)
    }

    private static func planner(
        _ triggers: [Trigger], _ settings: ShopSettings, _ templates: TemplateSet, _ policy: Policy?,
        _ order: StandardOrder
    ) -> Planner {
        var profile = order.profile
        if let policy { profile.currency = policy.currency }
        var settings = settings
        settings.given = order.overlay
        var planner = Planner(
            triggers: TriggerSet(settings: settings, triggers: triggers, templates: templates, policy: policy),
            inForceSince: Dictionary(triggers.map { ($0.name, .distantPast) }) { first, _ in first },
            live: LiveSince(shop: .distantPast), shop: profile)
        planner.servesPages = true
        return planner
    }

    /// Runs it to its end, and until whatever is still waiting then has been decided.
    mutating func play() -> [ExampleRunner.Outcome] {
        tellBefore()
        var next = 0
        let end = stages[stages.count - 1].at
        // Time jumps from one moment at which something is due or changes to the next; the bound is for what would wait
        // forever.
        for _ in 0..<10_000 {
            let due = simulation.nextDue
            if next < stages.count, due.map({ stages[next].at <= $0 }) ?? true {
                take(stages[next])
                next += 1
                continue
            }
            if next == stages.count, due.map({ $0 > end }) ?? true {
                for effect in own(simulation.waitingEffects) where heldFor[effect.id] == nil {
                    heldFor[effect.id] = effect.reason ?? .wait
                }
            }
            guard let due else { break }
            simulation.turn.now = due
            decide()
        }
        for effect in own(simulation.waitingEffects) {
            let reason = effect.reason ?? .wait
            outcomes.append(.init(line: effect.line, reason: reason, heldFor: heldFor[effect.id] ?? reason))
        }
        return outcomes
    }

    private func own(_ effects: [Effect]) -> [Effect] { effects.filter { $0.trigger == trigger.name } }

    /// What the trigger had sent before the example begins.
    private mutating func tellBefore() {
        simulation.past = stages[0].order.history
        let reachesShopper = trigger.lines.contains(where: \.isContact)
        for (index, moment) in told.enumerated() {
            // With `once_per: customer`, the earlier message may have been about another order.
            simulation.told(
                stages[0].order.earlier(index + 1, at: moment), by: trigger.name, at: moment,
                reachesShopper: reachesShopper, isAboutOrder: trigger.oncePer?.scope != .customer)
        }
    }

    /// Something happens, or changes from now on.
    private mutating func take(_ stage: ExampleTimeline.Stage) {
        simulation.turn = PlanningTurn(Self.planner(triggers, settings, templates, policy, stage.order), now: stage.at)
        simulation.orders = [.init(known: stage.order.known)]
        simulation.past = stage.order.history
        let plans = simulation.hear(stage.events)
        for event in stage.events {
            let changed = plans.first { $0.doneEvents == [event.id] }?.changes.map(\.effect) ?? []
            // If nothing that a line reads has changed, it has already told this.
            for match in simulation.turn.hear(event, record: stage.order.known).matches
            where match.trigger == trigger.name
                && !changed.contains(where: { $0.trigger == match.trigger && $0.line == match.line })
            {
                outcomes.append(.init(line: match.line, reason: .alreadyTold))
            }
        }
    }

    private mutating func decide() {
        let now = simulation.turn.now
        let planner = simulation.turn.planner
        let templates = templates
        let name = trigger.name
        var written: [Int64: ExampleRunner.Outcome] = [:]
        // Actions come before the messages that tell of them.
        var gift: GiftFacts?
        let plans = simulation.decide { one, draft in
            guard draft.trigger == name, let record = one.record else { return .made(nil, remark: nil) }
            var outcome = ExampleRunner.Outcome(line: draft.line)
            if let given = planner.gift(of: draft)?.gift, let policy = planner.triggers.policy {
                gift = given.specimen(
                    in: policy.currency, at: now, calendar: planner.triggers.settings.calendar(zone: planner.shopZone),
                    zone: planner.shopZone)
            }
            do throws(TemplateFailure) {
                try outcome.write(
                    Sending(effect: draft, record: record, history: one.history, planner: planner, now: now),
                    templates, gift: gift)
                written[draft.id] = outcome
                return .made(nil, remark: nil)
            } catch {
                return .impossible(.template, detail: error.description)
            }
        }
        for effect in own(plans.flatMap { $0.changes.map(\.effect) }) where effect.state != .waiting {
            var outcome = written[effect.id] ?? ExampleRunner.Outcome(line: effect.line, reason: effect.reason)
            if outcome.sending == nil {
                outcome.detail =
                    effect.detail ?? (effect.reason == .passed ? effect.event?.kind.passedRule : nil)
            }
            outcome.heldFor = heldFor[effect.id]
            outcomes.append(outcome)
        }
    }
}

extension ExampleRunner.Outcome {
    /// Composes what is sent: the mail's text or the webhook's body.
    fileprivate mutating func write(
        _ sending: Sending, _ templates: TemplateSet, gift: GiftFacts?
    ) throws(TemplateFailure) {
        let effect = sending.effect
        guard let event = effect.event else { return }
        var scope = sending.planner.scope(
            record: sending.record, event: event, together: effect.together, history: sending.history,
            now: sending.now, pages: .specimen())
        scope.gift = gift
        if let line = sending.planner.triggers.trigger(effect.trigger)?.line(named: effect.line) {
            if let action = line.action {
                self.action = action
                let evaluation = sending.planner.evaluation(sending.record, now: sending.now)
                if line.remedy != nil {
                    var waiting = effect
                    waiting.state = .waiting
                    self.action?.details = sending.planner.remedying(waiting, evaluation, sending.history).details
                } else if sending.planner.returnVerb(of: effect) != nil {
                    self.action?.details = sending.planner.returning(effect, evaluation, sending.history).details
                }
            } else if line.isMail {
                mail = try templates.render(line.template, scope, to: line.destination)
                if line.destination == .answer,
                    let subject = AnswerThread(sending.record, brand: scope.settings.brand)?.subject
                {
                    mail?.subject = subject
                }
                hasLabel = scope.label(attachedBy: line) != nil
            } else if line.isText {
                text = try templates.text(line.template, scope)
            } else {
                webhook = try scope.webhookBody(of: effect, by: line, templates)
            }
        }
        self.sending = sending
    }
}

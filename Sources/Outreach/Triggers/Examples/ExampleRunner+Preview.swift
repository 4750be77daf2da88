/// A message that is to be written: all that makes its words.
public struct Sending: Sendable {
    public var effect: Effect
    public var record: OrderRecord
    public var history: History
    /// With the settings and the trigger that it is written by.
    public var planner: Planner
    public var now: Moment

    /// That message, at that moment.
    public init(effect: Effect, record: OrderRecord, history: History, planner: Planner, now: Moment) {
        self.effect = effect
        self.record = record
        self.history = history
        self.planner = planner
        self.now = now
    }
}

extension ExampleRunner {
    /// What came of one line of `send` in an example, for `preview`.
    public enum Preview: Sendable {
        /// It is written and goes out.
        case sending(Sending)
        /// It does not go out.
        case nothing(line: String, because: Reason?, detail: String?)
    }

    /// What an example comes to, line by line. The shop's `mode` and the trigger's own are taken as live.
    public func previews(of example: Example, in trigger: Trigger) -> [Preview] {
        outcomes(example, of: trigger).map { outcome in
            guard let now = outcome.sentAt else {
                return .nothing(line: outcome.line, because: outcome.reason, detail: outcome.detail)
            }
            return .sending(sending(example, of: trigger, line: outcome.line, at: now))
        }
    }

    /// The example's order as it stands when a line of it goes out.
    private func sending(_ example: Example, of trigger: Trigger, line: String, at now: Moment) -> Sending {
        let zone = StandardOrder.zone
        let start = example.at?.moment(in: zone) ?? StandardOrder.moment
        var order = StandardOrder(example.event, at: start)
        order.apply(example.given, at: start)
        var settings = set.settings
        var at = start
        for step in example.steps {
            at = settings.calendar(zone: zone).moment(step.after, after: at, in: zone)
            if at <= now { order.apply(step.given, at: at) }
        }
        var trigger = trigger
        trigger.mode = .live
        settings.mode = .live
        settings.given = order.overlay
        let planner = Planner(
            triggers: TriggerSet(settings: settings, triggers: [trigger], templates: set.templates),
            inForceSince: [trigger.name: .distantPast], live: LiveSince(shop: .distantPast), shop: StandardOrder.shop)
        let effect = Effect(
            shop: order.event.shop, trigger: trigger.name, line: line,
            keys: trigger.keys(for: order.event, record: order.record), event: order.event, dueAt: now, createdAt: start
        )
        return Sending(effect: effect, record: order.record, history: order.history, planner: planner, now: now)
    }
}

extension Example {
    /// The standard order with nothing laid over it, for a trigger that has no examples.
    public init(plain trigger: Trigger) {
        self.init(
            name: "the standard order", line: 1, event: trigger.events[0], at: nil, given: [], steps: [], expected: [],
            because: nil)
    }
}

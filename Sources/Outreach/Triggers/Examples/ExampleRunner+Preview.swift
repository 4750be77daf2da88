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

    /// What an example comes to, message by message. The shop's `mode` and the trigger's own are taken as live.
    public func previews(of example: Example, in trigger: Trigger) -> [Preview] {
        outcomes(example, of: trigger).map { outcome in
            outcome.sending.map { .sending($0) }
                ?? .nothing(line: outcome.line, because: outcome.reason, detail: outcome.detail)
        }
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

internal import Liquid

/// A message about to be composed, with everything that goes into it.
public struct Sending: Sendable {
    public var effect: Effect
    public var record: OrderRecord
    public var history: History
    /// The planner, with the settings and the trigger that apply.
    public var planner: Planner
    public var now: Moment

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
        /// It is composed and sent.
        case sending(Sending)
        /// It is not sent.
        case nothing(line: String, because: Reason?, detail: String?)
    }

    /// The outcome of an example, message by message. The shop's `mode` and the trigger's own are taken as live.
    public func previews(of example: Example, in trigger: Trigger) -> [Preview] {
        outcomes(example, of: trigger).map { outcome in
            outcome.sending.map { .sending($0) }
                ?? .nothing(line: outcome.line, because: outcome.reason, detail: outcome.detail)
        }
    }
}

extension Example {
    /// The same with a customer who reads that language, and wrote in it.
    package func read(in locale: String) -> Example {
        var example = self
        example.given += ["customer.locale", "message.language"].map { Given(path: $0, value: .string(locale)) }
        return example
    }

    /// The standard order with nothing changed, for a trigger that has no examples.
    public init(plain trigger: Trigger) {
        self.init(
            name: "the standard order", line: 1, event: trigger.events[0], at: nil, given: [], steps: [], expected: [],
            because: nil)
    }
}

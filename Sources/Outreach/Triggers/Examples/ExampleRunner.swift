/// Runs the examples of a set: the same decisions as for real orders, under a clock that only the example advances.
public struct ExampleRunner: Sendable {
    /// An example whose expectations were not met.
    public struct Failure: Hashable, Sendable, CustomStringConvertible {
        /// `triggers/delay-alert.yaml`.
        public var file: String
        public var line: Int
        public var trigger: String
        public var example: String
        /// What was expected and what came instead, one sentence each.
        public var differences: [String]

        public var description: String {
            "\(file):\(line): \(example)\n" + differences.map { "    \($0)\n" }.joined()
        }
    }

    /// What came of one line of `send`.
    struct Outcome {
        var line: String
        /// What was sent, and when; nil if nothing was.
        var sending: Sending?
        var mail: MailText?
        var text: TextMessage?
        /// The body of a webhook.
        var webhook: [UInt8]?
        /// What was done.
        var action: ActionLine?
        /// True if the return label was attached to the mail.
        var hasLabel = false
        var reason: Reason?
        var detail: String?
        /// What was holding it when the example ended; nil if it had been decided by then.
        var heldFor: Reason?

        var sentAt: Moment? { sending?.now }
    }

    let set: TriggerSet

    /// A runner for the examples of this set. The shop's `mode` and the triggers' own are taken as live.
    public init(_ set: TriggerSet) { self.set = set }

    /// Runs all examples of all triggers; the failures come in the order of the files.
    public func run() -> (count: Int, failures: [Failure]) {
        var count = 0
        var failures: [Failure] = []
        for trigger in set.triggers {
            for example in trigger.examples {
                count += 1
                let differences = differences(example, of: trigger)
                if differences.isEmpty { continue }
                failures.append(
                    Failure(
                        file: trigger.file, line: example.line, trigger: trigger.name, example: example.name,
                        differences: differences))
            }
        }
        return (count, failures)
    }

    /// The mail that an example produces, for `preview`: the first one that is sent.
    public func mail(of example: Example, in trigger: Trigger) -> MailText? {
        outcomes(example, of: trigger).lazy.compactMap(\.mail).first
    }

    // MARK: - One example

    /// The outcome of every line, by the planner's own decisions: one for each message, and one for each line that did
    /// not become a message.
    func outcomes(_ example: Example, of trigger: Trigger) -> [Outcome] {
        var course = SimulatedExample(example, of: trigger, in: set)
        return course.play()
    }

    // MARK: - Comparing

    private func differences(_ example: Example, of trigger: Trigger) -> [String] {
        let outcomes = outcomes(example, of: trigger)
        var result: [String] = []
        // A message that is held has not been sent yet, whatever becomes of it in the end.
        if let because = example.because, because.isHold, example.expected.isEmpty, !outcomes.isEmpty,
            outcomes.allSatisfy({ $0.heldFor == because })
        {
            return []
        }
        // Several messages from one line are expected in the order in which they are sent.
        var left = outcomes
        for wanted in example.expected {
            guard let index = left.firstIndex(where: { $0.line == wanted.line && $0.sentAt != nil }) else {
                let got = left.first { $0.line == wanted.line }
                result.append("expected \(told(wanted)), got nothing\(why(got))")
                continue
            }
            result += differences(wanted, left.remove(at: index))
        }
        for got in left where got.sentAt != nil {
            let again = example.expected.contains { $0.line == got.line }
            let wanted = again ? "no further \(got.line)" : example.expected.isEmpty ? "nothing" : "no \(got.line)"
            result.append("expected \(wanted), got \(told(got))")
        }
        if let because = example.because, example.expected.isEmpty, result.isEmpty {
            if let got = outcomes.first(where: { $0.reason != because }) {
                result.append("expected nothing because of '\(because.rawValue)', got nothing\(why(got))")
            } else if outcomes.isEmpty {
                result.append(
                    "expected nothing because of '\(because.rawValue)', but the trigger does not hear it at all")
            }
        }
        return result
    }

    private func differences(_ wanted: Example.Expected, _ got: Outcome) -> [String] {
        var result: [String] = []
        if let subject = wanted.subject, got.mail?.subject != subject {
            result.append("expected the subject \"\(subject)\", got \"\(got.mail?.subject ?? "")\"")
        }
        if let action = got.action {
            for (name, value) in wanted.details.sorted(by: { $0.key < $1.key }) where action.details[name] != value {
                result.append("expected \(name) \"\(value)\", got \"\(action.details[name] ?? "")\"")
            }
            return result + time(wanted, got)
        }
        if let text = got.text { return result + differences(wanted, text: text) + time(wanted, got) }
        if let webhook = got.webhook { return result + differences(wanted, webhook: webhook) + time(wanted, got) }
        if let hasLabel = wanted.hasLabel, hasLabel != got.hasLabel {
            result.append(
                "expected the mail \(hasLabel ? "with" : "without") the label, got it \(hasLabel ? "without" : "with")")
        }
        let body = got.mail?.readable ?? ""
        let missing = wanted.contains.filter { !body.contains(Self.folded($0)) }
        if !missing.isEmpty {
            let parts = missing.map { "\"\($0)\"" }.joined(separator: " and ")
            result.append(
                "expected the mail to contain \(parts), got:\n" + Self.indented(got.mail?.readableLines ?? ""))
        }
        return result + time(wanted, got)
    }

    private func time(_ wanted: Example.Expected, _ got: Outcome) -> [String] {
        let zone = StandardOrder.zone
        guard let sent = wanted.sent, let at = got.sentAt, at != sent.moment(in: zone) else { return [] }
        let minutes = TimeOfDay(minutes: zone.secondOfDay(at: at) / 60)
        return ["expected it to be sent at \(sent.day) \(sent.time), got \(zone.day(at: at)) \(minutes)"]
    }

    private func differences(_ wanted: Example.Expected, text: TextMessage) -> [String] {
        var result: [String] = []
        let words = Self.folded(text.text)
        // What an example says may have typographic characters, which the text has in their plain form.
        let missing = wanted.contains.filter {
            !words.contains(Self.folded($0)) && !words.contains(Self.folded(TextMessage($0).text))
        }
        if !missing.isEmpty {
            let parts = missing.map { "\"\($0)\"" }.joined(separator: " and ")
            result.append("expected the SMS to contain \(parts), got:\n" + Self.indented(text.text))
        }
        if let segments = wanted.segments, segments != text.segments {
            let expected = "\(segments) \(segments == 1 ? "segment" : "segments")"
            result.append("expected the SMS to take \(expected), got \(text.size):\n" + Self.indented(text.text))
        }
        return result
    }

    private func differences(_ wanted: Example.Expected, webhook: [UInt8]) -> [String] {
        let text = String(decoding: webhook, as: UTF8.self)
        guard let json = JSON(reading: webhook) else { return ["what the webhook sends is not JSON"] }
        var result: [String] = []
        let words = json.words
        for part in wanted.contains where !text.contains(part) && !words.contains(where: { $0.contains(part) }) {
            result.append("expected the webhook to contain \"\(part)\", got:\n" + Self.indented(text))
        }
        for member in wanted.members {
            let found = json.member(member.path)
            // Missing, null and empty all count as nothing.
            let got = found?.shown ?? ""
            if got == (member.text ?? "") { continue }
            let told = found == nil ? "no such member" : "\"\(got)\""
            result.append("expected the webhook's \(member.path) to be \"\(member.text ?? "")\", got \(told)")
        }
        return result
    }

    private func told(_ wanted: Example.Expected) -> String {
        wanted.subject.map { "\(wanted.line) \"\($0)\"" } ?? wanted.line
    }

    private func told(_ got: Outcome) -> String { got.mail.map { "\(got.line) \"\($0.subject)\"" } ?? got.line }

    private func why(_ got: Outcome?) -> String {
        guard let got, let reason = got.reason else { return "" }
        return " because of '\(reason.rawValue)'" + (got.detail.map { ": \($0)" } ?? "")
    }

    static func folded(_ text: String) -> String {
        text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }

    private static func indented(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { "        | \($0)" }.joined(separator: "\n")
    }
}

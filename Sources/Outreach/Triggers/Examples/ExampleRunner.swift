/// Runs the examples of a set: the same decisions as for real orders, under a clock that only the example moves.
public struct ExampleRunner: Sendable {
    /// An example that does not hold.
    public struct Failure: Hashable, Sendable, CustomStringConvertible {
        /// `triggers/delay-alert.yaml`.
        public var file: String
        public var line: Int
        public var trigger: String
        public var example: String
        /// What was expected and what came instead, a sentence each.
        public var differences: [String]

        public var description: String {
            "\(file):\(line): \(example)\n" + differences.map { "    \($0)\n" }.joined()
        }
    }

    /// What came of one line of `send`.
    struct Outcome {
        var line: String
        var sentAt: Moment?
        var mail: MailText?
        var reason: Reason?
        var detail: String?
        /// What held it back when the example had told all it tells; nil where it was decided by then.
        var heldFor: Reason?
    }

    /// An effect of an example that is not decided yet.
    private struct Pending {
        var effect: Effect
        var dueAt: Moment
        /// What it waits for.
        var reason: Reason
        /// What held it when all was told.
        var heldFor: Reason?
    }

    let set: TriggerSet

    /// A runner of the examples of this set. The shop's `mode` and the triggers' own are taken as live.
    public init(_ set: TriggerSet) { self.set = set }

    /// Runs all examples of all triggers; the failures in the order of the files.
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

    /// The mail that an example comes to, for `preview`: the first one that goes out.
    public func mail(of example: Example, in trigger: Trigger) -> MailText? {
        outcomes(example, of: trigger).lazy.compactMap(\.mail).first
    }

    // MARK: - One example

    /// What becomes of every line, by the planner's own decisions.
    func outcomes(_ example: Example, of trigger: Trigger) -> [Outcome] {
        let zone = StandardOrder.zone
        let start = example.at?.moment(in: zone) ?? StandardOrder.moment
        var order = StandardOrder(example.event, at: start)
        order.apply(example.given, at: start)

        var trigger = trigger
        trigger.mode = .live
        var settings = set.settings
        settings.mode = .live
        settings.given = order.overlay
        func planner() -> Planner {
            Planner(
                triggers: TriggerSet(settings: settings, triggers: [trigger], templates: set.templates),
                inForceSince: [trigger.name: .distantPast], live: LiveSince(shop: .distantPast),
                shop: StandardOrder.shop)
        }

        // The changes of `then`, each at its moment.
        var changes: [(at: Moment, given: [Example.Given])] = []
        var at = start
        for step in example.steps {
            at = settings.calendar(zone: zone).moment(step.after, after: at, in: zone)
            changes.append((at, step.given))
        }

        let end = changes.last?.at ?? start
        var outcomes: [Outcome] = []
        var waiting: [Pending] = planner().matches(order.event, record: order.record).compactMap { match in
            guard case .insert(let effect) = planner().place(match, event: order.event, existing: [], now: start) else {
                return nil
            }
            return Pending(effect: effect, dueAt: max(effect.dueAt, start), reason: effect.reason ?? .wait)
        }
        // Time goes from one moment to the next at which something is due or changes.
        var now = start
        for _ in 0..<1000 {
            while let change = changes.first, change.at <= now {
                order.apply(change.given, at: change.at)
                settings.given = order.overlay
                changes.removeFirst()
            }
            var later: [Pending] = []
            for var one in waiting {
                if one.dueAt > now {
                    later.append(one)
                    continue
                }
                one.effect.reason = one.reason
                let decision = planner().judge(one.effect, record: order.record, history: order.history, now: now)
                func ended(_ reason: Reason, _ detail: String? = nil) {
                    outcomes.append(
                        Outcome(line: one.effect.line, reason: reason, detail: detail, heldFor: one.heldFor))
                }
                switch decision {
                case .wait(let until, let reason) where until > now && until < .distantFuture:
                    one.dueAt = until
                    one.reason = reason
                    later.append(one)
                case .wait(_, let reason): ended(reason)
                case .skip(let reason, let detail): ended(reason, detail)
                case .replace(let other): ended(.replaced, other)
                case .send, .shadow:
                    var outcome = sent(one.effect, order, settings, trigger, now)
                    outcome.heldFor = one.heldFor
                    outcomes.append(outcome)
                }
            }
            waiting = later
            let next = (waiting.map(\.dueAt) + changes.prefix(1).map(\.at)).filter { $0 > now }.min()
            if next.map({ $0 > end }) ?? true {
                for index in waiting.indices where waiting[index].heldFor == nil {
                    waiting[index].heldFor = waiting[index].reason
                }
            }
            guard let next, !waiting.isEmpty else { break }
            now = next
        }
        outcomes += waiting.map { Outcome(line: $0.effect.line, reason: $0.reason, heldFor: $0.heldFor ?? $0.reason) }
        return outcomes
    }

    private func sent(
        _ effect: Effect, _ order: StandardOrder, _ settings: ShopSettings, _ trigger: Trigger, _ now: Moment
    ) -> Outcome {
        var outcome = Outcome(line: effect.line, sentAt: now)
        guard let line = trigger.line(named: effect.line), effect.channel == .email else { return outcome }
        let scope = Scope(
            record: order.record, event: order.event, history: order.history, settings: settings, now: now,
            zone: order.record.zone(shopZone: StandardOrder.zone), shopZone: StandardOrder.zone,
            shop: StandardOrder.shop)
        do throws(TemplateFailure) {
            outcome.mail = try set.templates.render(line.template, scope, to: line.destination)
        } catch {
            outcome.sentAt = nil
            outcome.reason = .template
            outcome.detail = error.description
        }
        return outcome
    }

    // MARK: - Comparing

    private func differences(_ example: Example, of trigger: Trigger) -> [String] {
        let outcomes = outcomes(example, of: trigger)
        var result: [String] = []
        // What is held back is not sent yet, whatever comes of it in the end.
        if let because = example.because, because.isHold, example.expected.isEmpty, !outcomes.isEmpty,
            outcomes.allSatisfy({ $0.heldFor == because })
        {
            return []
        }
        for wanted in example.expected {
            guard let got = outcomes.first(where: { $0.line == wanted.line }), got.sentAt != nil else {
                let got = outcomes.first { $0.line == wanted.line }
                result.append("expected \(told(wanted)), got nothing\(why(got))")
                continue
            }
            result += differences(wanted, got)
        }
        for got in outcomes where got.sentAt != nil && !example.expected.contains(where: { $0.line == got.line }) {
            let wanted = example.expected.isEmpty ? "nothing" : "no \(got.line)"
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
        let body = got.mail?.readable ?? ""
        let missing = wanted.contains.filter { !body.contains(Self.folded($0)) }
        if !missing.isEmpty {
            let parts = missing.map { "\"\($0)\"" }.joined(separator: " and ")
            result.append(
                "expected the mail to contain \(parts), got:\n" + Self.indented(got.mail?.readableLines ?? ""))
        }
        if let sent = wanted.sent, let at = got.sentAt {
            let zone = StandardOrder.zone
            if at != sent.moment(in: zone) {
                let minutes = zone.secondOfDay(at: at) / 60
                result.append(
                    "expected it to be sent at \(sent.day) \(sent.time), got \(zone.day(at: at)) \(TimeOfDay(minutes: minutes))"
                )
            }
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

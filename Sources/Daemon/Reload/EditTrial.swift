import Delivery
import Foundation
package import Outreach
import Platform
package import Store
import Synchronization

// An edit is tried before it is saved: its faults, its examples, how a mail would look, and who would have got what in
// the last month. All of that reads files that nobody has approved, so it is done by a process of its own, with limits
// to its memory and time, which opens the store for reading alone.

/// What is to be tried of edited files, as it is handed to the process that does it.
package struct EditTrial: Codable, Sendable {
    /// What is wanted beside the check, which comes first in any case.
    package enum Want: Codable, Sendable {
        case check
        /// The messages of a trigger: for one of its examples (nil: the first that sends something) or for an order.
        case preview(trigger: String, example: String?, order: String?)
        /// Who would have got what since then, against the files in force.
        case replay(since: Moment)
    }

    /// The files as they would be.
    package var files: TriggerTrial
    package var want: Want
    package var shop: String
    /// Where the store is; nil where nothing of it is needed. The password goes to the process over its input alone.
    package var store: String?
    private var password: String?
    package var now: Moment

    package init(
        _ folder: TriggerFolder, webhooks: Set<String>?, want: Want, shop: String, store: StorePlace?, now: Moment,
        today: CalendarDay?
    ) {
        files = TriggerTrial(folder, webhooks: webhooks, today: today)
        self.want = want
        self.shop = shop
        self.store = store?.path
        password = store?.password?.reveal()
        self.now = now
    }

    /// What came of it: what the process writes in the end, as one line of JSON.
    package struct Finding: Codable, Sendable {
        package var faults: [Said] = []
        /// Examples that do not hold.
        package var failures: [Failure] = []
        package var exampleCount = 0
        package var triggers: [Known] = []
        package var mails: [Mail] = []
        /// Why there is no mail to look at, or no replay.
        package var problem: String?
        package var replay: Replayed?

        package init() {}

        /// Whether the files can be put into force and hold what their examples promise.
        package var isGood: Bool { failures.isEmpty && !faults.contains { $0.isError } }
    }

    /// A fault as it travels.
    package struct Said: Codable, Hashable, Sendable {
        /// Without the folder's name.
        package var file: String
        package var line: Int
        package var column: Int
        package var message: String
        package var hint: String?
        package var isError: Bool
    }

    package struct Failure: Codable, Hashable, Sendable {
        package var file: String
        package var line: Int
        package var example: String
        package var differences: [String]
    }

    /// A trigger, and what can be previewed of it.
    package struct Known: Codable, Sendable {
        package var name: String
        package var file: String
        package var examples: [String]
        package var templates: [String]
    }

    /// A message as it would be written.
    package struct Mail: Codable, Sendable {
        /// `email`, `webhook helpdesk`.
        package var destination: String
        package var from: String
        package var to: String
        package var subject: String
        package var text: String
        /// Empty for a webhook.
        package var html: String
        package var remark: String?
        /// Why it would not be sent now; nil where it would, or where it is an example's.
        package var objection: String?
    }

    /// What a replay came to.
    package struct Replayed: Codable, Sendable {
        package struct Row: Codable, Sendable {
            package var trigger: String
            package var before: Int
            package var after: Int
            package var gains: Int
            package var loses: Int
            package var another: Int
            package var moves: Int
        }
        package struct Sample: Codable, Sendable {
            package var change: String
            package var order: String
            package var orderID: String
            package var trigger: String
            package var event: String
            package var before: Moment?
            package var after: Moment?
            package var why: String?
        }
        package var orders: Int
        package var events: Int
        package var people: Int
        package var rows: [Row]
        package var samples: [Sample]
        /// What is given, and what it comes to, as sentences.
        package var sums: [String]
    }

    /// A line of progress.
    package struct Progress: Codable, Sendable {
        package var done: Int
        package var of: Int
    }

    // MARK: - In the process

    /// How many changes of each kind are told one by one.
    package static let samples = 30

    /// Reads what was handed over.
    package init?(encoded: [UInt8]) {
        guard let trial = try? JSONDecoder().decode(EditTrial.self, from: Data(encoded)) else { return nil }
        self = trial
    }

    /// Tries it.
    ///
    /// - Parameter progress: called as a replay goes on.
    package func run(progress: @escaping @Sendable (Progress) -> Void) async -> Finding {
        var finding = Finding()
        let folder = files.folder
        let (loaded, found) = TriggerSet.load(folder, webhooks: files.webhooks.map(Set.init), today: files.day)
        let faults = (found + MailReview.faults(of: loaded, in: folder)).sorted {
            ($0.file, $0.line, $0.column) < ($1.file, $1.line, $1.column)
        }
        finding.faults = faults.prefix(500).map { Said($0, in: folder) }
        guard let set = loaded else { return finding }
        let (count, failures) = ExampleRunner(set).run()
        finding.exampleCount = count
        finding.failures = failures.prefix(100).map {
            Failure(
                file: Said.short($0.file, in: folder), line: $0.line, example: $0.example, differences: $0.differences)
        }
        finding.triggers = set.triggers.map { trigger in
            Known(
                name: trigger.name, file: Said.short(trigger.file, in: folder),
                examples: trigger.examples.map(\.name), templates: trigger.lines.map(\.template))
        }
        do {
            switch want {
            case .check: break
            case .preview(let name, let example, let order):
                try await preview(name, example: example, order: order, set, &finding)
            case .replay(let since): try await replay(since, set, folder, &finding, progress)
            }
        } catch let problem as Problem {
            finding.problem = problem.words
        } catch {
            finding.problem = "The store cannot be read just now."
        }
        return finding
    }

    private struct Problem: Error { var words: String }

    private func opened() throws -> Store {
        guard let store else { throw Problem(words: "There is no store to read orders from.") }
        return try Store.openReadOnly(StorePlace(path: store, password: password.map { SecretString($0) }))
    }

    private func preview(
        _ name: String, example: String?, order: String?, _ set: TriggerSet, _ finding: inout Finding
    ) async throws {
        guard let trigger = set.trigger(name) else { throw Problem(words: "There is no trigger '\(name)'.") }
        let sendings: [(sending: Sending, objection: String?)]
        if let order {
            sendings = try await real(order, trigger, set)
        } else {
            sendings = try examples(example, trigger, set).map { ($0, nil) }
        }
        for (sending, objection) in sendings.prefix(4) {
            switch await PreviewedMessage.make(sending, shop: nil, pages: .specimen()) {
            case .made(let made):
                let sms = made.message.asText
                finding.mails.append(
                    Mail(
                        destination: LineWords.destination(sending.effect.line), from: made.opened?.from ?? "",
                        to: made.opened?.to ?? (sms == nil ? "" : made.message.envelope.recipient),
                        subject: made.opened?.subject ?? sms?.size ?? "",
                        text: made.opened?.text ?? sms?.text
                            ?? String(decoding: JSONText.pretty(made.message.bytes), as: UTF8.self),
                        html: made.opened?.html ?? "", remark: made.remark, objection: objection))
            case .impossible(let reason, let detail):
                throw Problem(words: "It cannot be rendered: \(ReasonWords.sentence(reason, detail: detail)).")
            }
        }
    }

    private func examples(_ name: String?, _ trigger: Trigger, _ set: TriggerSet) throws -> [Sending] {
        let runner = ExampleRunner(set)
        let chosen =
            name.map { name in trigger.examples.filter { $0.name == name } }
            ?? (trigger.examples.isEmpty ? [Example(plain: trigger)] : trigger.examples)
        guard !chosen.isEmpty else { throw Problem(words: "'\(trigger.name)' has no example '\(name ?? "")'.") }
        var stopped: (Reason?, String?) = (nil, nil)
        for candidate in chosen {
            let sendings = runner.previews(of: candidate, in: trigger).compactMap { preview -> Sending? in
                switch preview {
                case .sending(let sending): return sending
                case .nothing(_, let reason, let detail):
                    stopped = (reason, detail)
                    return nil
                }
            }
            if !sendings.isEmpty { return sendings }
        }
        let because = ReasonWords.sentence(stopped.0, detail: stopped.1)
        throw Problem(words: "It sends nothing\(because.isEmpty ? "" : ", for \(because)").")
    }

    private func real(
        _ id: String, _ trigger: Trigger, _ set: TriggerSet
    ) async throws -> [(sending: Sending, objection: String?)] {
        let store = try opened()
        guard let record = try await store.load(shop: shop, orderIDs: [id])[id] else {
            throw Problem(words: "There is no such order.")
        }
        guard let event = record.events.last(where: { trigger.matches($0.kind) }) else {
            let kinds = trigger.events.map(\.rawValue).joined(separator: ", ")
            throw Problem(
                words: "Nothing has happened to \(record.facts.name) that '\(trigger.name)' is about (\(kinds)).")
        }
        return try await PreviewedMessage.sendings(of: trigger, event, record, set: set, store: store, now: now)
    }

    private func replay(
        _ since: Moment, _ after: TriggerSet, _ files: TriggerFolder, _ finding: inout Finding,
        _ progress: @escaping @Sendable (Progress) -> Void
    ) async throws {
        let store = try opened()
        let profile = try await store.profile(shop: shop)
        guard let kept = try await store.lastGoodSet(shop: shop),
            let bytes = try? JSONDecoder().decode([String: Data].self, from: Data(kept.files))
        else { throw Problem(words: "Nothing is in force yet that the edit could be compared with.") }
        let folder = TriggerFolder(files: bytes.mapValues { [UInt8]($0) })
        guard let before = TriggerSet.load(folder).set else {
            throw Problem(words: "The files in force cannot be read any more, so there is nothing to compare with.")
        }
        let live = try await store.shopState(shop)?.liveSince ?? LiveSince(shop: .distantPast)
        let rendering = Replay.templatesToCompare(before: (before, folder), after: (after, files))
        func replay(_ set: TriggerSet) -> Replay {
            Replay(
                set, live: live, shop: profile, since: since, until: now, rendering: rendering,
                holdOutKey: store.holdOutKey(shop: shop))
        }
        let (earlier, later) = (replay(before), replay(after))
        let horizon = since - Replay.reach(of: [before, after])
        let total = try await store.replayLength(shop: shop, since: horizon)
        progress(Progress(done: 0, of: total))
        let sheet = Sheet(ReplayReport(zone: profile.zone, samples: Self.samples))
        for share in ReplayShare.shares(1) {
            try await store.replay(shop: shop, since: horizon, share: share) { customer in
                if let done = sheet.play(customer, before: earlier, after: later) {
                    progress(Progress(done: min(done, total), of: total))
                }
            }
        }
        finding.replay = Replayed(sheet.report, currency: after.policy?.currency)
    }

    /// The report as it grows. It says how many orders were played whenever a person may want to hear of it again.
    private final class Sheet: Sendable {
        private let state: Mutex<(report: ReplayReport, done: Int, toldAt: ContinuousClock.Instant)>

        init(_ report: ReplayReport) { state = Mutex((report, 0, .now)) }

        var report: ReplayReport { state.withLock { $0.report } }

        func play(_ customer: Replay.Customer, before: Replay, after: Replay) -> Int? {
            state.withLock { state in
                state.report.play(customer, before: before, after: after)
                state.done += customer.orders.count
                guard ContinuousClock.now - state.toldAt > .milliseconds(500) else { return nil }
                state.toldAt = .now
                return state.done
            }
        }
    }
}

extension EditTrial.Said {
    fileprivate init(_ fault: Fault, in folder: TriggerFolder) {
        self.init(
            file: Self.short(fault.file, in: folder), line: fault.line, column: fault.column, message: fault.message,
            hint: fault.hint, isError: fault.severity == .error)
    }

    /// A file's path within the folder.
    fileprivate static func short(_ file: String, in folder: TriggerFolder) -> String {
        file.hasPrefix("\(folder.name)/") ? String(file.dropFirst(folder.name.count + 1)) : file
    }
}

extension EditTrial.Replayed {
    fileprivate init(_ report: ReplayReport, currency: String?) {
        sums = currency.map { report.sums(in: $0) } ?? []
        orders = report.orders
        events = report.events
        people = report.customers
        rows = report.triggers.filter(\.value.differs).sorted { $0.key < $1.key }.map { name, counts in
            Row(
                trigger: name, before: counts.before, after: counts.after, gains: counts.changes[.gains] ?? 0,
                loses: counts.changes[.loses] ?? 0, another: counts.changes[.another] ?? 0,
                moves: counts.changes[.moves] ?? 0)
        }
        samples = ReplayReport.Change.allCases.flatMap { change in
            report.samples(change).map { sample in
                Sample(
                    change: change.rawValue, order: sample.order, orderID: sample.orderID, trigger: sample.trigger,
                    event: sample.event.rawValue, before: sample.before, after: sample.after,
                    why: sample.instead.map { "in the place of \($0)" }
                        ?? sample.reason.map { ReasonWords.sentence($0, detail: sample.detail) })
            }
        }
    }
}

import Daemon
import Foundation
import Outreach

/// The result of a replay, for people and programs.
struct ReplayText {
    let report: ReplayReport
    let zone: Zone
    let since: Moment
    let until: Moment
    /// The folder that was played.
    let files: String
    /// What it was compared with, if anything.
    let against: String?
    /// What the sets' own `mode` says.
    let modes: Set<TriggerMode>
    /// The currency of policy.yaml; nil without one.
    var currency: String?
    /// Whether a set answers what customers write.
    var answers = false

    private var clock: Clock { Clock(zone) }

    var text: String {
        var lines = [
            "Played \(number(report.events)) events of \(number(report.orders)) orders since \(clock.dayAndTime(since)) (\(zone.name)): \(files)"
                + (against.map { " instead of \($0)" } ?? ", because nothing was ever in force") + "."
        ]
        if modes.contains(where: { $0 != .live }) {
            let words = modes.filter { $0 != .live }.map { "'mode: \($0.rawValue)'" }.sorted().joined(
                separator: " and ")
            lines.append("shop.yaml says \(words); it is played as live.")
        }
        lines += ["", triggers, "", days]
        if let currency { lines += spending(in: currency) }
        if against != nil {
            lines.append("")
            if report.total.differs {
                lines.append(
                    "For \(number(report.customers)) customer\(report.customers == 1 ? "" : "s") something changes."
                )
                for change in ReplayReport.Change.allCases { lines += told(change) }
            } else if report.givesOtherwise {
                lines.append("Everybody gets the same news at the same times. What is given differs.")
            } else {
                lines.append("Nothing differs: everybody gets the same news at the same times.")
            }
        }
        if answers { lines += ["", "Answers to what customers wrote are not played."] }
        return lines.joined(separator: "\n")
    }

    // MARK: - Sums

    /// What is given, and the two sums; nothing where neither set gives anything.
    private func spending(in currency: String) -> [String] {
        let (before, after) = (report.spendingBefore, report.spending)
        guard !before.isNothing || !after.isNothing else { return [] }
        func sum(_ units: Int64) -> String { "\(CurrencyUnits.written(units, in: currency)) \(currency)" }
        var rows = [["GIVEN"] + (against == nil ? ["NUMBER", "SUM"] : ["BEFORE", "SUM", "AFTER", "SUM"])]
        func add(_ what: String, _ earlier: GiftHistory.Spent, _ later: GiftHistory.Spent) {
            guard earlier.count > 0 || later.count > 0 else { return }
            let shown = against == nil ? [later] : [earlier, later]
            rows.append([what] + shown.flatMap { [number($0.count), sum($0.sum)] })
        }
        add("gifts", before.gifts, after.gifts)
        for verb in ShopVerb.allCases {
            add(
                verb.rawValue, before.actions[verb] ?? GiftHistory.Spent(),
                after.actions[verb] ?? GiftHistory.Spent())
        }
        add("remedies, offered at once", before.offers, after.offers)
        add("remedies, once approved", before.requests, after.requests)
        return ["", Table.lines(rows, alignedRight: 1..<rows[0].count), ""] + report.sums(in: currency)
    }

    // MARK: - Tables

    private var triggers: String {
        var rows = [head("TRIGGER") + ["NOT SENT, FOR"]]
        let names = Set(report.triggers.keys).union(report.reasons.keys).sorted()
        for name in names {
            let reasons = (report.reasons[name] ?? [:]).sorted {
                ($1.value, $0.key.rawValue) < ($0.value, $1.key.rawValue)
            }
            rows.append(
                row(name, report.triggers[name] ?? .init())
                    + [reasons.prefix(4).map { "\($0.key.rawValue) \(number($0.value))" }.joined(separator: ", ")])
        }
        rows.append(row("all", report.total) + [""])
        return Table.lines(rows, alignedRight: 1..<rows[0].count - 1)
    }

    private var days: String {
        var rows = [head("DAY")]
        for (day, counts) in report.days.sorted(by: { $0.key < $1.key }) { rows.append(row(clock.day(day), counts)) }
        return Table.lines(rows, alignedRight: 1..<rows[0].count)
    }

    private func head(_ first: String) -> [String] {
        against == nil ? [first, "MESSAGES"] : [first, "BEFORE", "AFTER", "GAINED", "LOST", "ANOTHER", "MOVED"]
    }

    private func row(_ name: String, _ counts: ReplayReport.Counts) -> [String] {
        if against == nil { return [name, number(counts.after)] }
        let changes = [ReplayReport.Change.gains, .loses, .another, .moves].map { counts.changes[$0] ?? 0 }
        return [name, number(counts.before), number(counts.after)] + changes.map { $0 == 0 ? "·" : number($0) }
    }

    // MARK: - Samples

    private func told(_ change: ReplayReport.Change) -> [String] {
        let count = report.total.changes[change] ?? 0
        guard count > 0 else { return [] }
        let samples = report.samples(change)
        let what = "\(number(count)) message\(count == 1 ? "" : "s")"
        let heading =
            switch change {
            case .gains: "\(what) would be sent that \(count == 1 ? "was" : "were") not"
            case .loses: "\(what) would no longer be sent"
            case .another: "\(what) would be different"
            case .moves: "\(what) would be sent at another time"
            }
        return ["", heading + (samples.isEmpty ? "." : samples.count < count ? ", such as:" : ":")]
            + samples.map { "  " + sentence($0) }
    }

    private func sentence(_ sample: ReplayReport.Sample) -> String {
        let who = "\(sample.order)  \(sample.trigger), \(LineWords.destination(sample.line)), \(sample.event.rawValue)"
        let because = ReasonWords.sentence(sample.reason, detail: sample.detail)
        let before = sample.before.map { clock.dayAndTime($0) } ?? ""
        let after = sample.after.map { clock.dayAndTime($0) } ?? ""
        switch sample.change {
        case .gains: return "\(who): on \(after)" + (because.isEmpty ? "" : "; before, not sent: \(because)")
        case .loses: return "\(who): was for \(before)" + (because.isEmpty ? "" : "; now, not sent: \(because)")
        case .another:
            return "\(who): on \(after)"
                + (sample.instead.map { ", instead of \($0)" } ?? ", with other words")
        case .moves:
            let because = because.isEmpty ? "" : " (\(because))"
            if sample.after == nil { return "\(who): still waits\(because) instead of going out on \(before)" }
            if sample.before == nil { return "\(who): on \(after); before, it would still wait\(because)" }
            return "\(who): on \(after) instead of \(before)"
        }
    }

    // MARK: - JSON

    func json() throws -> String {
        func counts(_ counts: ReplayReport.Counts) -> [String: Any] {
            var object: [String: Any] = ["after": counts.after]
            if against != nil {
                object["before"] = counts.before
                for change in ReplayReport.Change.allCases { object[change.rawValue] = counts.changes[change] ?? 0 }
            }
            return object
        }
        let names = Set(report.triggers.keys).union(report.reasons.keys).sorted()
        let triggers = names.map { name -> [String: Any] in
            var object = counts(report.triggers[name] ?? .init())
            object["trigger"] = name
            object["not_sent"] = Dictionary(
                uniqueKeysWithValues: (report.reasons[name] ?? [:]).map { ($0.key.rawValue, $0.value) })
            return object
        }
        let days = report.days.sorted { $0.key < $1.key }.map { day, value -> [String: Any] in
            var object = counts(value)
            object["day"] = "\(day)"
            return object
        }
        let samples = ReplayReport.Change.allCases.flatMap { report.samples($0) }.map { sample -> [String: Any] in
            [
                "change": sample.change.rawValue, "order": sample.order, "event": sample.event.rawValue,
                "trigger": sample.trigger, "line": sample.line, "before": sample.before?.iso8601 ?? NSNull(),
                "after": sample.after?.iso8601 ?? NSNull(), "reason": sample.reason?.rawValue ?? NSNull(),
                "detail": sample.detail ?? NSNull(), "instead": sample.instead ?? NSNull(),
            ] as [String: Any]
        }
        func sums(_ spending: ReplayReport.Spending) -> [String: Any] {
            func one(_ spent: GiftHistory.Spent) -> [String: Any] { ["count": spent.count, "sum": spent.sum] }
            let actions = spending.actions.map { ($0.key.rawValue, one($0.value)) }
            return [
                "gifts": one(spending.gifts), "actions": Dictionary(uniqueKeysWithValues: actions),
                "remedies": one(spending.offers), "remedies_to_approve": one(spending.requests),
                "without_a_person": spending.unattended, "if_all_approved": spending.approved,
            ]
        }
        var given: [String: Any] = ["after": sums(report.spending), "currency": currency ?? NSNull()]
        if against != nil { given["before"] = sums(report.spendingBefore) }
        let whole: [String: Any] = [
            "given": given,
            "files": files, "against": against ?? NSNull(), "since": since.iso8601, "until": until.iso8601,
            "zone": zone.name, "events": report.events, "orders": report.orders, "customers_affected": report.customers,
            "differs": report.differs, "total": counts(report.total), "triggers": triggers, "days": days,
            "samples": samples,
        ]
        let data = try JSONSerialization.data(
            withJSONObject: whole, options: [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes])
        return String(decoding: data, as: UTF8.self)
    }

    /// `1,000,000`.
    private func number(_ count: Int) -> String {
        var digits = String(count)
        var place = digits.count - 3
        while place > 0 {
            digits.insert(",", at: digits.index(digits.startIndex, offsetBy: place))
            place -= 3
        }
        return digits
    }
}

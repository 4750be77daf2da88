import Outreach

// What was given to customers: gifts and whether they were used, remedies and what was chosen, what was done in the shop,
// and what each trigger cost in each month. All of it counts as it was booked: what came to nothing is not in it.

extension FiguresReport {
    /// What one trigger gave of one thing.
    private struct Given {
        var trigger: String
        var thing: GivenThing
        var n: Int64
        var total: Int64
    }

    private static func given(_ sums: Sums) -> [Given] {
        sums.all(.given).compactMap { sum in
            GivenThing(sum.b).map { Given(trigger: sum.a, thing: $0, n: max(0, sum.n), total: max(0, sum.total)) }
        }
    }

    static func gifts(_ now: Sums, _ before: Sums) -> Table {
        func key(_ one: Given) -> [String]? {
            guard case .gift(let name) = one.thing.what else { return nil }
            return [one.trigger, name, one.thing.currency]
        }
        let earlier = Dictionary(grouping: given(before).filter { key($0) != nil }) { key($0) ?? [] }
        var lines = Dictionary(grouping: given(now).filter { key($0) != nil }) { key($0) ?? [] }
        // What was given before and used now has a line as well.
        for sum in now.all(.redeemed) where sum.n > 0 {
            guard !lines.keys.contains(where: { $0[0] == sum.a && $0[1] == sum.b }) else { continue }
            lines[[sum.a, sum.b, ""]] = []
        }
        let rows = lines.map { names, all -> (n: Int64, cells: [Cell]) in
            let n = all.reduce(0) { $0 + $1.n }
            let total = all.reduce(0) { $0 + $1.total }
            let used = now.count(.redeemed) { $0.a == names[0] && $0.b == names[1] }
            return (
                n,
                [
                    Cell(.text(giver(names[0]))), Cell(.text(names[1])), Cell(.count(n)),
                    Cell(names[2].isEmpty ? .text("–") : .money(total, currency: names[2])), Cell(.count(used)),
                    Cell(.count((earlier[names] ?? []).reduce(0) { $0 + $1.n })),
                ]
            )
        }.sorted { ($1.n, $0.cells[0].value.text) < ($0.n, $1.cells[0].value.text) }.map(\.cells)
        return Table(
            key: "gifts", title: "Gifts, by trigger",
            definition:
                "Gifts that were given in this time and not taken back, and what they count as in the budget. Used are codes that were used on an order placed in this time, whenever they were given.",
            columns: [
                Column(key: "trigger", title: "Trigger"), Column(key: "gift", title: "Gift"),
                Column(key: "n", title: "Given"), Column(key: "cost", title: "Count as"),
                Column(key: "redeemed", title: "Used"), Column(key: "before", title: "Before"),
            ], rows: rows)
    }

    static func remedies(_ now: Sums, _ before: Sums) -> Table {
        let order = ["offered", "refund", "reship", "store_credit"]
        let ends = ["handed_over", "refused", "lapsed", "person"]
        func place(_ outcome: String) -> Int {
            order.firstIndex(of: outcome) ?? ends.firstIndex(of: outcome).map { 100 + $0 } ?? 50
        }
        let rows = now.all(.offers).filter { $0.n > 0 }
            .sorted { ($0.a, place($0.b), $0.b) < ($1.a, place($1.b), $1.b) }.map { sum -> [Cell] in
                let earlier = before.count(.offers) { $0.a == sum.a && $0.b == sum.b }
                return [
                    Cell(.text(sum.a)), Cell(.text(words(ofOutcome: sum.b))), Cell(.count(sum.n)),
                    Cell(.count(earlier)),
                ]
            }
        return Table(
            key: "remedies", title: "Remedies, by reason",
            definition:
                "What was decided by the remedies of policy.yaml in this time, and what became of the offers on the day it did: what customers chose, and what went to a person instead.",
            columns: [
                Column(key: "remedy", title: "Remedy"), Column(key: "outcome", title: "What became of it"),
                Column(key: "n", title: "Times"), Column(key: "before", title: "Before"),
            ], rows: rows)
    }

    private static func words(ofOutcome outcome: String) -> String {
        switch outcome {
        case "offered": "offered"
        case "handed_over": "given to a person at once"
        case "refused": "not approved by a person"
        case "lapsed": "not approved or chosen in time"
        case "person": "chosen, and given to a person"
        case "refund": "chosen: the money back"
        case "reship": "chosen: the same goods again"
        case "store_credit": "chosen: store credit"
        default: "chosen: the gift '\(outcome)'"
        }
    }

    static func done(_ now: Sums, _ before: Sums) -> Table {
        func verb(_ one: Given) -> ShopVerb? {
            guard case .action(let verb) = one.thing.what else { return nil }
            return verb
        }
        let earlier = given(before)
        let rows = given(now).filter { verb($0) != nil && $0.n > 0 }
            .sorted { ($1.total, $0.trigger) < ($0.total, $1.trigger) }.map { one -> [Cell] in
                let same = earlier.filter { $0.trigger == one.trigger && $0.thing == one.thing }
                return [
                    Cell(.text(giver(one.trigger))), Cell(.text(words(of: verb(one)))), Cell(.count(one.n)),
                    Cell(.money(one.total, currency: one.thing.currency)), Cell(.count(same.reduce(0) { $0 + $1.n })),
                ]
            }
        return Table(
            key: "done", title: "Refunds, second parcels and the like",
            definition:
                "What Bookbag did in the shop in this time that cost something, by the trigger, or the remedy's customer or the person who decided it, and what it counts as. What the shop refused is not in it.",
            columns: [
                Column(key: "by", title: "By"), Column(key: "what", title: "What"), Column(key: "n", title: "Times"),
                Column(key: "cost", title: "Counts as"), Column(key: "before", title: "Before"),
            ], rows: rows)
    }

    private static func words(of verb: ShopVerb?) -> String {
        switch verb {
        case .refund: "refund"
        case .reship: "second parcel"
        case .storeCredit: "store credit"
        case .cancelOrder: "cancelled order"
        case .buyLabel: "return label"
        default: verb?.rawValue ?? ""
        }
    }

    static func spending(_ days: [DaySpending]) -> Table {
        struct Key: Hashable {
            var month: CalendarDay
            var trigger: String
            var currency: String
        }
        var sums: [Key: Int64] = [:]
        for one in days {
            let (year, month, _) = one.day.components
            guard let thing = GivenThing(one.thing), let first = CalendarDay(year: year, month: month, day: 1) else {
                continue
            }
            sums[Key(month: first, trigger: one.trigger, currency: thing.currency), default: 0] += one.total
        }
        let rows = sums.filter { $0.value > 0 }.sorted { one, other in
            (other.key.month, other.value, one.key.trigger) < (one.key.month, one.value, other.key.trigger)
        }.map { key, total -> [Cell] in
            [
                Cell(.text(String("\(key.month)".prefix(7)))), Cell(.text(giver(key.trigger))),
                Cell(.money(total, currency: key.currency)),
            ]
        }
        return Table(
            key: "spending", title: "What was given, by month and trigger",
            definition:
                "What gifts, remedies and all else that was done in the shop count as, in the months of this time, as far as they lie in it. Offers that nobody chose yet count at their dearest.",
            columns: [
                Column(key: "month", title: "Month"), Column(key: "by", title: "By"),
                Column(key: "cost", title: "Counts as"),
            ], rows: rows)
    }

    /// Who gave it: a trigger, or what stands in its place.
    private static func giver(_ trigger: String) -> String {
        trigger == "remedy" ? "a remedy, as chosen" : trigger
    }
}

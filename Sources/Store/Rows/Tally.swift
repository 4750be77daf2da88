internal import Outreach

/// Which total it is.
enum CounterName: String, Sendable {
    /// Events recorded; labels: kind, silence.
    case events
    /// Decisions taken; labels: trigger, state, reason.
    case decisions
    /// Verdicts of attempts; labels: channel, target, verdict.
    case deliveries
    /// Attempts with an unknown outcome; labels: channel, target.
    case inDoubt = "in_doubt"
    /// Effects now in a state; label: state. It goes down too.
    case effects
    /// Incoming mails; label: class.
    case incoming
    /// Parcels followed now, by the source asked about them; label: source, empty for none. It goes down too.
    case parcels
}

/// A step's additions to the totals, collected and written once at its end.
struct Tally {
    private struct Key: Hashable {
        var shop: Int64
        var name: CounterName
        var labels: [String]
    }
    private var sums: [Key: Int64] = [:]
    private var decisions: [Decided] = []

    /// A decision, for the tallies of its day.
    private struct Decided {
        var shop: Int64
        var at: Moment
        var trigger: String
        var outcome: String
        /// From the event to the sending; 0 for any other decision.
        var milliseconds: Int64
    }

    mutating func add(_ name: CounterName, _ labels: [String], shop: Int64, _ count: Int64 = 1) {
        sums[Key(shop: shop, name: name, labels: labels), default: 0] += count
    }

    /// An effect passes from one state to another; nil for a new one. Bookbag's own notices do not count in the totals.
    mutating func move(_ effect: Effect, from old: Effect.State?, to new: Effect.State, shop: Int64) {
        guard old != new, effect.origin != .system else { return }
        if let old { add(.effects, [old.rawValue], shop: shop, -1) }
        add(.effects, [new.rawValue], shop: shop)
    }

    /// A decision was made: it counts in the totals and, unless it is about one of Bookbag's own notices, on its day.
    mutating func decided(_ effect: Effect, _ note: DecisionNote, shop: Int64) {
        let reason = note.reason?.rawValue ?? ""
        add(.decisions, [effect.trigger, note.state.rawValue, reason], shop: shop)
        guard effect.origin != .system else { return }
        let lag = note.state == .sent ? effect.event.map { (note.at - $0.happenedAt).wholeMilliseconds } : nil
        decisions.append(
            Decided(
                shop: shop, at: note.at, trigger: effect.trigger, outcome: "\(note.state.rawValue) \(reason)",
                milliseconds: max(0, lag ?? 0)))
    }

    mutating func add(_ other: Tally) {
        for (key, sum) in other.sums { sums[key, default: 0] += sum }
        decisions += other.decisions
    }

    func write(to db: Connection) throws {
        for (key, sum) in sums where sum != 0 {
            let labels = key.labels + Array(repeating: "", count: 3 - key.labels.count)
            try db.run(
                """
                INSERT INTO counters (shop, name, label1, label2, label3, total) VALUES (?, ?, ?, ?, ?, ?)
                ON CONFLICT (shop, name, label1, label2, label3) DO UPDATE SET
                    total = counters.total + excluded.total
                """, [key.shop, key.name.rawValue, labels[0], labels[1], labels[2], sum])
        }
        var zones: [Int64: Zone] = [:]
        for one in decisions {
            let zone = try zones[one.shop] ?? db.zone(shop: one.shop)
            zones[one.shop] = zone
            try db.run(
                Query.addToTallies,
                [
                    one.shop, "decisions", zone.day(at: one.at).daysSinceEpoch, one.trigger, one.outcome,
                    one.milliseconds,
                ])
        }
    }
}

extension Connection {
    /// The zone that a shop's days are counted in; UTC until Shopify has been asked.
    func zone(shop: Int64) throws -> Zone {
        let text = try first(Query.profileText, [shop, RememberedName.profile.rawValue]) { $0[0] as String }
        return text.flatMap(ShopProfile.init(rememberedText:))?.zone ?? .utc
    }
}

extension Query {
    static let profileText = "SELECT value FROM remembered WHERE shop = ? AND name = ?"
    static let addToTallies = """
        INSERT INTO tallies (shop, name, day, a, b, n, total) VALUES (?, ?, ?, ?, ?, 1, ?)
        ON CONFLICT (shop, name, day, a, b) DO UPDATE SET
            n = tallies.n + excluded.n, total = tallies.total + excluded.total
        """
}

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

    mutating func add(_ name: CounterName, _ labels: [String], shop: Int64, _ count: Int64 = 1) {
        sums[Key(shop: shop, name: name, labels: labels), default: 0] += count
    }

    /// An effect passes from one state to another; nil for a new one. Bookbag's own notices do not count in the totals.
    mutating func move(_ effect: Effect, from old: Effect.State?, to new: Effect.State, shop: Int64) {
        guard old != new, effect.origin != .system else { return }
        if let old { add(.effects, [old.rawValue], shop: shop, -1) }
        add(.effects, [new.rawValue], shop: shop)
    }

    mutating func add(_ other: Tally) {
        for (key, sum) in other.sums { sums[key, default: 0] += sum }
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
    }
}

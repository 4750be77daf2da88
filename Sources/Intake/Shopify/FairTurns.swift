/// Picks the next of several kinds of work: the one that has had the least time so far, and among equals the fewest
/// turns. So each gets an equal share of the time, including its waits for the cost bucket, and the others get what one
/// does not need.
struct FairTurns<Kind: Hashable & Sendable>: Sendable {
    private var had: [Kind: (time: Duration, turns: Int)] = [:]

    /// The next of these; the first among equals. Nil if there are none.
    func next(of kinds: [Kind]) -> Kind? {
        kinds.enumerated().min { a, b in
            let (first, second) = (had[a.element] ?? (.zero, 0), had[b.element] ?? (.zero, 0))
            return (first.time, first.turns, a.offset) < (second.time, second.turns, b.offset)
        }?.element
    }

    /// Records the duration of a turn of that kind. If the clock went back meanwhile, it counts as zero.
    mutating func note(_ kind: Kind, took time: Duration) {
        let before = had[kind] ?? (.zero, 0)
        had[kind] = (before.time + max(time, .zero), before.turns + 1)
    }
}

/// How many objects one read requests: fewer after one that was too large or too expensive, then slowly more again.
struct BatchSize: Sendable {
    /// The size of the next read.
    private(set) var value: Int
    private var ceiling: Int

    init(_ most: Int) {
        value = max(most, 1)
        ceiling = value
    }

    /// A read of this many objects failed as a whole.
    mutating func shrink(from size: Int, isTooMuch: Bool) {
        value = max(1, min(value, size) / 2)
        // What was too much once will be too much again.
        if isTooMuch { ceiling = value }
    }

    /// A read went well.
    mutating func grow() { value = min(ceiling, value * 2) }
}

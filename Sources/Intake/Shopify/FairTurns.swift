/// Which of several kinds of work comes next: the one that has had the least time so far, and among equals the one that
/// has had the fewest turns. So each gets an equal share of the time, in which its waits for the cost bucket are
/// counted, and what one does not need falls to the others.
struct FairTurns<Kind: Hashable & Sendable>: Sendable {
    private var had: [Kind: (time: Duration, turns: Int)] = [:]

    /// The next of these; of those that have had the same, the first. Nil where there are none.
    func next(of kinds: [Kind]) -> Kind? {
        kinds.enumerated().min { a, b in
            let (first, second) = (had[a.element] ?? (.zero, 0), had[b.element] ?? (.zero, 0))
            return (first.time, first.turns, a.offset) < (second.time, second.turns, b.offset)
        }?.element
    }

    /// Notes that a turn of that kind took so long. A clock that went back meanwhile took nothing.
    mutating func note(_ kind: Kind, took time: Duration) {
        let before = had[kind] ?? (.zero, 0)
        had[kind] = (before.time + max(time, .zero), before.turns + 1)
    }
}

/// How many objects one read asks for: fewer after one that was too large or too dear, and slowly more again.
struct BatchSize: Sendable {
    /// The size of the next read.
    private(set) var value: Int
    private var ceiling: Int

    init(_ most: Int) {
        value = max(most, 1)
        ceiling = value
    }

    /// A read of so many objects failed as a whole.
    mutating func shrink(from size: Int, isTooMuch: Bool) {
        value = max(1, min(value, size) / 2)
        // What was too much once is too much next time.
        if isTooMuch { ceiling = value }
    }

    /// A read went well.
    mutating func grow() { value = min(ceiling, value * 2) }
}

/// What differs between two versions of a file, line by line, with a little of what stands around it.
struct LineDiff: Encodable, Sendable {
    struct Row: Encodable, Sendable {
        /// `same`, `gone`, `new` or `gap`.
        var kind: String
        /// The line's number in its version, from 1; the later one's where it is in both.
        var number: Int
        var text: String
    }

    var rows: [Row]
    var gone: Int
    var new: Int

    /// How many unchanged lines are shown around a changed one.
    static let around = 2
    /// No page shows more.
    static let most = 400

    var isEmpty: Bool { gone == 0 && new == 0 }

    init(from before: String, to after: String) {
        func lines(_ text: String) -> [Substring] {
            var lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
            if lines.last?.isEmpty == true { lines.removeLast() }
            return lines
        }
        let (old, later) = (lines(before), lines(after))
        // What both begin and end with need not be compared, which is nearly all of most edits.
        var head = 0
        while head < min(old.count, later.count), old[head] == later[head] { head += 1 }
        var tail = 0
        while tail < min(old.count, later.count) - head,
            old[old.count - 1 - tail] == later[later.count - 1 - tail]
        {
            tail += 1
        }
        let middle = (Array(old[head..<old.count - tail]), Array(later[head..<later.count - tail]))
        var removed = Set<Int>()
        var added = Set<Int>()
        if middle.0.count + middle.1.count > 4000 {
            // Comparing costs the square of what differs.
            removed = Set(head..<old.count - tail)
            added = Set(head..<later.count - tail)
        } else {
            for change in middle.1.difference(from: middle.0) {
                switch change {
                case .remove(let offset, _, _): removed.insert(head + offset)
                case .insert(let offset, _, _): added.insert(head + offset)
                }
            }
        }
        (gone, new) = (removed.count, added.count)
        var all: [Row] = []
        var (i, j) = (0, 0)
        while i < old.count || j < later.count {
            if removed.contains(i) {
                all.append(Row(kind: "gone", number: i + 1, text: String(old[i])))
                i += 1
            } else if added.contains(j) {
                all.append(Row(kind: "new", number: j + 1, text: String(later[j])))
                j += 1
            } else {
                all.append(Row(kind: "same", number: j + 1, text: String(later[j])))
                (i, j) = (i + 1, j + 1)
            }
        }
        rows = []
        let changed = all.indices.filter { all[$0].kind != "same" }
        var last = -1
        // The first changed line that is not far above.
        var next = 0
        for index in all.indices {
            while next < changed.count, changed[next] < index - Self.around { next += 1 }
            guard next < changed.count, changed[next] <= index + Self.around, rows.count < Self.most else { continue }
            if index > last + 1 { rows.append(Row(kind: "gap", number: 0, text: "")) }
            rows.append(all[index])
            last = index
        }
    }
}

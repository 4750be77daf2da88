/// Finds the name that was probably meant.
///
/// Counts the letters to change, add, remove or swap (optimal string alignment), ignoring case. A short name allows one
/// such slip, a long one up to a third of its letters; more would be guessing. An exact alias wins over all of these.
///
/// - Parameters:
///   - aliases: other words and our names for them (`fulfillment`: `shipment`).
public func nearestName(to wrong: String, in names: some Sequence<String>, aliases: [String: String] = [:]) -> String? {
    let lowered = wrong.lowercased()
    if let alias = aliases[lowered] { return alias }
    let letters = Array(lowered.utf8.prefix(64))
    guard !letters.isEmpty else { return nil }
    let most = letters.count <= 2 ? 0 : letters.count <= 5 ? 1 : max(2, letters.count / 3)
    var best: (name: String, distance: Int)?
    for name in names {
        let candidate = Array(name.lowercased().utf8.prefix(64))
        guard abs(candidate.count - letters.count) <= most else { continue }
        let distance = slips(letters, candidate)
        guard distance <= most else { continue }
        if let known = best, (known.distance, known.name) <= (distance, name) { continue }
        best = (name, distance)
    }
    if let best { return best.name }
    // An unfinished name, or one with an extra word.
    let pieces = names.filter { name in
        let other = name.lowercased()
        return letters.count >= 4
            && (other.hasPrefix(lowered) || other.hasSuffix("_" + lowered) || other.hasSuffix("." + lowered))
    }
    return pieces.min { ($0.utf8.count, $0) < ($1.utf8.count, $1) }
}

private func slips(_ a: [UInt8], _ b: [UInt8]) -> Int {
    var before: [Int] = []
    var last = Array(0...b.count)
    for i in 1...a.count {
        var row = [i] + Array(repeating: 0, count: b.count)
        for j in stride(from: 1, through: b.count, by: 1) {
            let cost = a[i - 1] == b[j - 1] ? 0 : 1
            row[j] = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + cost)
            if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] { row[j] = min(row[j], before[j - 2] + 1) }
        }
        before = last
        last = row
    }
    return last[b.count]
}

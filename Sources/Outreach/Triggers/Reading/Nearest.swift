/// The word of `words` that `wrong` was most likely meant to be, or nil if none is near.
///
/// Near means a Damerau-Levenshtein distance (letters changed, missing, added, or swapped with their neighbour) of at
/// most a third of the word's length. Capitals, hyphens and spaces are ignored, as people write `Ready for pickup`
/// where we read `ready_for_pickup`.
package func nearest(to wrong: String, in words: some Sequence<String>) -> String? {
    let folded = Array(fold(wrong))
    guard (1...80).contains(folded.count) else { return nil }
    var best: (word: String, distance: Int)?
    for word in words {
        let candidate = Array(fold(word))
        let allowed = max(1, max(folded.count, candidate.count) / 3)
        guard abs(candidate.count - folded.count) <= allowed else { continue }
        let distance = editDistance(folded, candidate)
        if distance <= allowed, distance < (best?.distance ?? .max) { best = (word, distance) }
    }
    return best?.word
}

/// `a, b or c`, each in quotes: the words that are allowed in a place.
package func alternatives(_ words: some Sequence<String>) -> String {
    let quoted = words.map { "'\($0)'" }
    guard let last = quoted.last, quoted.count > 1 else { return quoted.first ?? "" }
    return quoted.dropLast().joined(separator: ", ") + " or " + last
}

private func fold(_ word: String) -> String {
    String(word.lowercased().map { $0 == "-" || $0 == " " ? "_" : $0 })
}

/// The optimal string alignment distance.
private func editDistance(_ a: [Character], _ b: [Character]) -> Int {
    var beforeLast = [Int](repeating: 0, count: b.count + 1)
    var last = Array(0...b.count)
    for i in 1...max(1, a.count) where !a.isEmpty {
        var row = [Int](repeating: 0, count: b.count + 1)
        row[0] = i
        for j in 1...max(1, b.count) where !b.isEmpty {
            row[j] = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1))
            if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] { row[j] = min(row[j], beforeLast[j - 2] + 1) }
        }
        beforeLast = last
        last = row
    }
    return last[b.count]
}

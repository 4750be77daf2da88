// How letters end: a formula of politeness on a line of its own, and a name below it. It asks for nothing, and its words
// belong to other questions: "best" and "wishes" are those of somebody who looks for a present. What stands below it is
// read as ever: a postscript can ask, and threaten.

extension Letters {
    /// Without the formulas that close letters.
    var unclosed: Letters {
        var kept: [UInt32] = []
        var isFirst = true
        for line in scalars.split(separator: 0x0A, omittingEmptySubsequences: false) {
            if !isFirst { kept.append(0x0A) }
            if !isFirst, let end = Self.endOfClosing(line) {
                kept.append(0x2E)
                kept.append(contentsOf: line[end...])
            } else {
                kept.append(contentsOf: line)
            }
            isFirst = false
        }
        return Letters(scalars: kept)
    }

    /// Where the formula ends that a line is; nil for any other line.
    private static func endOfClosing(_ line: ArraySlice<UInt32>) -> Int? {
        guard line.count <= longestLine, !line.contains(0x3F) else { return nil }
        var words: [(word: [UInt8], end: Int)] = []
        var word: [UInt8] = []
        for index in line.indices {
            if fold(line[index], into: &word) { continue }
            if !word.isEmpty { words.append((word, index)) }
            word = []
        }
        if !word.isEmpty { words.append((word, line.endIndex)) }
        let found = formulas.filter { formula in
            words.count >= formula.count && words.count - formula.count <= mostOfName
                && zip(words, formula).allSatisfy { $0.word == $1 }
        }
        return found.map(\.count).max().map { words[$0 - 1].end }
    }

    /// In scalars.
    private static let longestLine = 80
    /// So many words may stand beside a formula: "Best wishes from Robin".
    private static let mostOfName = 2

    private static let formulas: [[[UInt8]]] = [
        "best wishes", "warm wishes", "kind wishes", "with best wishes", "best regards", "kind regards",
        "warm regards", "with kind regards", "regards", "sincerely", "yours sincerely", "yours faithfully",
        "yours truly", "viele gruesse", "liebe gruesse", "beste gruesse", "schoene gruesse", "herzliche gruesse",
        "freundliche gruesse", "mit freundlichen gruessen", "mit freundlichem gruss", "cordialement",
        "bien cordialement", "bien a vous", "sinceres salutations", "bonne journee", "belle journee", "saludos",
        "un saludo", "saludos cordiales", "un cordial saludo", "atentamente", "un abrazo",
    ].map { $0.split(separator: " ").map { Array($0.utf8) } }
}

// Remedies and returns are decided by the first line that fits: a list under `first_that_fits`, whose lines may have
// conditions.

extension PolicyReader {
    /// The lines of a list under `first_that_fits`.
    ///
    /// - Parameters:
    ///   - example: a line, for hints.
    ///   - verdicts: what a line may say, for hints.
    ///   - read: reads a line; nil if it could not, with or without a fault.
    ///   - isAlways: whether a line fits always.
    mutating func firstThatFits<Line>(
        _ value: YAMLTree, example: String, verdicts: String, read: (inout Self, YAMLTree) -> Line?,
        isAlways: (Line) -> Bool
    ) -> [Line] {
        var lines: [Line] = []
        var always: Int?
        for element in value.listed {
            let known = faults.faults.count
            if let before = always {
                faults.add(
                    at: element.position, "nothing ever comes to this line, for line \(before) always fits",
                    hint: "put the line without 'if' last")
                always = nil
            }
            guard let line = read(&self, element) else {
                if faults.faults.count == known {
                    faults.add(at: element.position, "this line says nothing", hint: "write \(verdicts)")
                }
                continue
            }
            if isAlways(line) { always = element.position.line }
            lines.append(line)
        }
        if value.listed.isEmpty {
            faults.add(at: value.position, "'first_that_fits' is empty", hint: "write '\(example)' below it")
        }
        return lines
    }

    /// The conditions of such a line; none if it always fits.
    mutating func conditions(_ fields: Fields, of kinds: [EventKind] = []) -> [ConditionClause] {
        if let value = fields.value("if") {
            return ConditionReader.read(
                value, checker: ConditionChecker(kinds: kinds, segments: segments), &faults)
        }
        if let place = fields.entry("if")?.keyPosition {
            faults.add(
                at: place, "there is no condition", hint: "write one, or take 'if' out: a line without it always fits")
        }
        return []
    }

    /// The note with which a line hands over, which a person reads; nil with a fault if it is too long.
    mutating func note(_ text: String, at place: Position) -> String? {
        guard text.count <= 300 else {
            faults.add(at: place, "a note has at most 300 characters, and this has \(text.count)")
            return nil
        }
        return text
    }
}

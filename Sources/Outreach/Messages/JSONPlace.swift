internal import Liquid

/// Finds the place in a template that produced invalid JSON.
enum JSONPlace {
    /// The place in `source` that caused the first fault in `bytes`, which were rendered from it; nil if they have no
    /// fault.
    ///
    /// The literal text of a template surrounds the values it prints, so each line and its output begin alike up to the
    /// first value.
    static func find(in bytes: [UInt8], from source: String) -> Position? {
        let failure: JSONReader.Failure
        do throws(JSONReader.Failure) {
            _ = try JSONReader.value(bytes)
            return nil
        } catch {
            failure = error
        }
        let came = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
        let written = Array(source.utf8).split(separator: 0x0A, omittingEmptySubsequences: false)
        let wrong = came.indices.contains(failure.line - 1) ? came[failure.line - 1] : []
        func common(_ line: ArraySlice<UInt8>) -> Int { zip(line, wrong).prefix { $0 == $1 }.count }
        var index = failure.line - 1
        if came.count != written.count {
            // A tag on a line of its own may repeat or drop lines, so the most similar line is taken.
            index = written.indices.max { (common(written[$0]), -$0) < (common(written[$1]), -$1) } ?? 0
        }
        guard written.indices.contains(index) else { return Position(line: 1, column: 1) }
        let line = written[index]
        var length = min(common(line), failure.column - 1)
        // If the value and its source line begin alike by chance, its output begins earlier, at the brace.
        while length > 0, length < line.count, line[line.startIndex + length - 1] == UInt8(ascii: "{"),
            line[line.startIndex + length] == UInt8(ascii: "{")
        {
            length -= 1
        }
        let before = String(decoding: line.prefix(length), as: UTF8.self)
        return Position(line: index + 1, column: before.unicodeScalars.count + 1)
    }
}

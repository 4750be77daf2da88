internal import Liquid

/// Where in a template stands what came out wrong.
enum JSONPlace {
    /// The place in `source` that the first fault of `bytes`, which were rendered from it, comes from; nil where they
    /// have none.
    ///
    /// What is written stands between what is printed, so the two begin alike, line by line, up to the first value.
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
            // A tag that stands alone prints lines or takes them away: the most alike is meant.
            index = written.indices.max { (common(written[$0]), -$0) < (common(written[$1]), -$1) } ?? 0
        }
        guard written.indices.contains(index) else { return Position(line: 1, column: 1) }
        let line = written[index]
        var length = min(common(line), failure.column - 1)
        // Where the value has a beginning in common with its own output, the output begins.
        while length > 0, length < line.count, line[line.startIndex + length - 1] == UInt8(ascii: "{"),
            line[line.startIndex + length] == UInt8(ascii: "{")
        {
            length -= 1
        }
        let before = String(decoding: line.prefix(length), as: UTF8.self)
        return Position(line: index + 1, column: before.unicodeScalars.count + 1)
    }
}

/// One complete reply of a relay: its code, and the texts of its lines.
struct SMTPReplyLines: Equatable, Sendable {
    var code: Int
    var lines: [String]

    /// The enhanced code of the last line that has one, if any; it is the same in all lines (RFC 2034, 4).
    var status: EnhancedStatus? { lines.lazy.compactMap { EnhancedStatus(prefixOf: $0) }.first }

    /// The lines as one, without the enhanced codes, bounded.
    var text: String {
        let words = lines.map { line in
            guard EnhancedStatus(prefixOf: line) != nil else { return line }
            return String(line.drop { $0 != " " && $0 != "\t" }.drop { $0 == " " || $0 == "\t" })
        }
        return words.joined(separator: " ").boundedLine(SMTPReply.maximumTextScalars)
    }
}

/// Splits a relay's output into replies (RFC 5321, 4.2.1): lines of a code and a text, with a hyphen between the two in
/// all but the last. Lenient about bare LF, and strict about everything that could be a trick: a relay that never stops
/// is cut off.
struct SMTPReplyReader {
    /// RFC 5321, 4.5.3.1.5, allows 512 octets; real relays send more, but never this much.
    static let maximumLineBytes = 4096
    static let maximumLines = 128

    private var line: [UInt8] = []
    private var code: Int?
    private var lines: [String] = []

    /// Takes bytes and returns the replies they complete.
    ///
    /// - Throws: `malformedReply`, after which the connection is unusable.
    mutating func read(_ bytes: some Sequence<UInt8>) throws(SMTPReply.Failure) -> [SMTPReplyLines] {
        var replies: [SMTPReplyLines] = []
        for byte in bytes {
            guard byte == 0x0A else {
                guard line.count < Self.maximumLineBytes else { throw .malformedReply }
                line.append(byte)
                continue
            }
            if line.last == 0x0D { line.removeLast() }
            defer { line.removeAll(keepingCapacity: true) }
            if let reply = try take() { replies.append(reply) }
        }
        return replies
    }

    private mutating func take() throws(SMTPReply.Failure) -> SMTPReplyLines? {
        guard line.count >= 3, line[..<3].allSatisfy({ (0x30...0x39).contains($0) }), (0x32...0x35).contains(line[0])
        else { throw .malformedReply }
        let number = line[..<3].reduce(0) { $0 * 10 + Int($1 - 0x30) }
        if let code, code != number { throw .malformedReply }
        let separator = line.count > 3 ? line[3] : 0x20
        guard separator == 0x20 || separator == 0x2D, lines.count < Self.maximumLines else { throw .malformedReply }
        lines.append(String(decoding: line.dropFirst(4), as: UTF8.self))
        code = number
        guard separator == 0x20 else { return nil }
        defer {
            code = nil
            lines = []
        }
        return SMTPReplyLines(code: number, lines: lines)
    }
}

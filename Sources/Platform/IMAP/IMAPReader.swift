// Cuts what an IMAP server sends into responses (RFC 9051, 2.2 and 9). A response is a line, except that a line that
// ends in {n} is followed by n bytes of anything, a literal, after which the line goes on. Literals are counted and
// never looked into, so a mail whose text looks like a server's reply is a mail and nothing else. The human text of a
// status response may end in {n} too, and there it means nothing.
//
// Everything is bounded. A literal longer than the caller wants is read past and not kept: one mail that is too large
// costs time and not the line. A line that does not end is the end of the line.

import Glibc

/// A stretch of one response.
enum IMAPPiece: Equatable, Sendable {
    case text([UInt8])
    case literal([UInt8])
    /// A literal of so many bytes that was not kept.
    case skipped(Int)
}

/// What makes a stream of bytes useless.
struct IMAPFraming: Error, Equatable, Sendable {
    let reason: String
}

/// Finds the responses in a stream of bytes, however it is split.
struct IMAPReader: Sendable {
    /// The text of one response. The answer to a search in a folder of a million mails is one line of 8 MB.
    static let maximumLineBytes = 8 << 20
    /// The literals of one response; a mail's headers and body are two.
    static let maximumLiterals = 4096
    /// The length that a literal may claim: nobody's mail is longer than a gibibyte.
    static let maximumLiteralClaim = 1 << 30

    /// How many bytes of one response's literals are kept.
    var literalLimit = 1 << 20

    private var pieces: [IMAPPiece] = []
    private var line: [UInt8] = []
    private var textBytes = 0
    private var literals = 0
    private var literalBytes = 0
    private var literal: [UInt8] = []
    /// Bytes of the literal that are still to come; nil in a line.
    private var missing: Int?
    private var claimed = 0
    private var isKept = true

    /// Takes bytes and returns the responses that they complete.
    mutating func read(_ bytes: [UInt8]) throws(IMAPFraming) -> [[IMAPPiece]] {
        var responses: [[IMAPPiece]] = []
        var start = 0
        while start < bytes.count {
            if let left = missing {
                let count = min(left, bytes.count - start)
                if isKept { literal += bytes[start..<start + count] }
                start += count
                missing = left - count
                if left == count { finishLiteral() }
                continue
            }
            let end = newline(in: bytes, from: start)
            let stop = end ?? bytes.count
            textBytes += stop - start
            guard textBytes <= Self.maximumLineBytes else { throw IMAPFraming(reason: "a line without end") }
            line += bytes[start..<stop]
            guard let end else { break }
            start = end + 1
            if line.last == 0x0D { line.removeLast() }
            if let count = try claimedLiteral() {
                begin(literal: count)
            } else {
                pieces.append(.text(line))
                responses.append(pieces)
                startOver()
            }
        }
        return responses
    }

    private func newline(in bytes: [UInt8], from start: Int) -> Int? {
        bytes.withUnsafeBytes { raw in
            guard let hit = memchr(raw.baseAddress! + start, 0x0A, raw.count - start) else { return nil }
            return UnsafeRawPointer(hit) - raw.baseAddress!
        }
    }

    /// The n of `{n}` at the line's end, with the braces taken off the line; nil if the line is the response's last.
    private mutating func claimedLiteral() throws(IMAPFraming) -> Int? {
        guard line.last == UInt8(ascii: "}"), isData else { return nil }
        guard let open = line.lastIndex(of: UInt8(ascii: "{")) else { return nil }
        var digits = line[(open + 1)..<(line.count - 1)]
        if digits.last == UInt8(ascii: "+") { digits.removeLast() }
        guard !digits.isEmpty, digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        guard digits.count <= 10 else { throw IMAPFraming(reason: "a literal of impossible length") }
        let count = digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
        guard count <= Self.maximumLiteralClaim else { throw IMAPFraming(reason: "a literal of impossible length") }
        literals += 1
        guard literals <= Self.maximumLiterals else { throw IMAPFraming(reason: "too many literals in one response") }
        line.removeSubrange(open...)
        // RFC 9051's literal8, of BINARY.
        if line.last == UInt8(ascii: "~") { line.removeLast() }
        return count
    }

    /// Whether the response can hold literals: it is untagged, and its first word is none of the status words, after
    /// which come words for people.
    private var isData: Bool {
        let first: [UInt8]
        if case .text(let text)? = pieces.first { first = text } else { first = line }
        guard first.starts(with: "* ".utf8) else { return false }
        let word = String(decoding: first.dropFirst(2).prefix { $0 != 0x20 }.prefix(12), as: UTF8.self).uppercased()
        return !["OK", "NO", "BAD", "BYE", "PREAUTH"].contains(word)
    }

    private mutating func begin(literal count: Int) {
        pieces.append(.text(line))
        line = []
        claimed = count
        literalBytes += count
        isKept = literalBytes <= literalLimit
        if !isKept { literalBytes -= count }
        literal = []
        if isKept { literal.reserveCapacity(count) }
        missing = count
        if count == 0 { finishLiteral() }
    }

    private mutating func finishLiteral() {
        pieces.append(isKept ? .literal(literal) : .skipped(claimed))
        literal = []
        missing = nil
    }

    private mutating func startOver() {
        pieces = []
        line = []
        textBytes = 0
        literals = 0
        literalBytes = 0
    }
}

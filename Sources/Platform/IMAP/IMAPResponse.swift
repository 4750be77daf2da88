// What one response of an IMAP server says (RFC 9051, 7), read from its pieces. What cannot be read is `.unreadable`
// and no error: the framing holds, so the responses after it can be read, and whoever misses something asks again.

/// A value in a response.
indirect enum IMAPValue: Equatable, Sendable {
    /// A word or number as it stands; a section such as `BODY[HEADER.FIELDS (TO CC)]` is one.
    case atom(String)
    case string([UInt8])
    case list([IMAPValue])
    /// A literal of so many bytes that was not kept.
    case skipped(Int)
}

/// How a command, or the server itself, stands.
enum IMAPStatus: String, Sendable {
    case ok = "OK"
    case no = "NO"
    case bad = "BAD"
    case bye = "BYE"
    case preauth = "PREAUTH"
}

/// The words of a status response.
struct IMAPWords: Equatable, Sendable {
    var status: IMAPStatus
    /// The response code's word, upper case: `UIDVALIDITY`, `ALERT`; empty if there is none.
    var code = ""
    /// What follows it in the brackets.
    var argument = ""
    /// For people.
    var text = ""
}

/// One response.
enum IMAPResponse: Equatable, Sendable {
    case tagged(String, IMAPWords)
    case status(IMAPWords)
    case goOn([UInt8])
    case exists(UInt32)
    case fetch([String: IMAPValue])
    case search([UInt32])
    case capability(Set<String>)
    case folder(IMAPFolder)
    /// Something that we have no use for, by its word.
    case other(String)
    case unreadable(String)

    init(_ pieces: [IMAPPiece]) {
        guard case .text(let first)? = pieces.first else {
            self = .unreadable("nothing")
            return
        }
        if first.first == UInt8(ascii: "+") {
            self = .goOn(Array(first.dropFirst().drop { $0 == 0x20 }))
            return
        }
        let words = first.split(separator: 0x20, maxSplits: 2, omittingEmptySubsequences: false)
        let tag = String(decoding: words[0].prefix(64), as: UTF8.self)
        guard words.count > 1, !tag.isEmpty else {
            self = .unreadable("a line without a word")
            return
        }
        let word = String(decoding: words[1].prefix(64), as: UTF8.self).uppercased()
        let rest = words.count > 2 ? words[2] : []
        if let status = IMAPStatus(rawValue: word) {
            let words = IMAPWords(status, rest)
            self = tag == "*" ? .status(words) : .tagged(tag, words)
            return
        }
        guard tag == "*" else {
            self = .unreadable("a tagged line without a status")
            return
        }
        self = Self.data(word, rest, pieces)
    }

    private static func data(_ word: String, _ rest: ArraySlice<UInt8>, _ pieces: [IMAPPiece]) -> IMAPResponse {
        switch word {
        case "CAPABILITY":
            return .capability(IMAPWords.capabilities(String(decoding: rest.prefix(16_384), as: UTF8.self)))
        case "SEARCH":
            guard let numbers = numbers(rest) else { return .unreadable(word) }
            return .search(numbers)
        case "LIST":
            var parser = IMAPParser([.text(Array(rest))] + pieces.dropFirst())
            guard let values = parser.values(), let folder = IMAPFolder(values) else { return .unreadable(word) }
            return .folder(folder)
        default: break
        }
        guard let number = UInt32(word) else { return .other(word) }
        let name = String(decoding: rest.prefix { $0 != 0x20 }.prefix(16), as: UTF8.self).uppercased()
        switch name {
        case "EXISTS": return .exists(number)
        case "FETCH":
            let items = rest.drop { $0 != 0x20 }
            var parser = IMAPParser([.text(Array(items))] + pieces.dropFirst())
            guard let values = parser.values(), values.count == 1, case .list(let pairs) = values[0],
                pairs.count % 2 == 0
            else { return .unreadable(name) }
            var fields: [String: IMAPValue] = [:]
            for index in stride(from: 0, to: pairs.count, by: 2) {
                guard case .atom(let key) = pairs[index] else { return .unreadable(name) }
                if fields[key.uppercased()] == nil { fields[key.uppercased()] = pairs[index + 1] }
            }
            return .fetch(fields)
        default: return .other(name)
        }
    }

    private static func numbers(_ bytes: ArraySlice<UInt8>) -> [UInt32]? {
        var numbers: [UInt32] = []
        for word in bytes.split(separator: 0x20) {
            // "(MODSEQ 917162500)" may follow (RFC 7162, 3.1.5).
            if word.first == UInt8(ascii: "(") { break }
            var number: UInt32 = 0
            for byte in word {
                guard (0x30...0x39).contains(byte) else { return nil }
                let (tens, overflow) = number.multipliedReportingOverflow(by: 10)
                let (sum, carried) = tens.addingReportingOverflow(UInt32(byte - 0x30))
                if overflow || carried { return nil }
                number = sum
            }
            numbers.append(number)
        }
        return numbers
    }
}

extension IMAPWords {
    /// Reads what follows a status word.
    init(_ status: IMAPStatus, _ bytes: ArraySlice<UInt8>) {
        self.init(status: status)
        var rest = bytes
        if rest.first == UInt8(ascii: "["), let end = rest.firstIndex(of: UInt8(ascii: "]")) {
            let inside = String(decoding: rest[rest.startIndex + 1..<end].prefix(16_384), as: UTF8.self)
            let halves = inside.split(separator: " ", maxSplits: 1)
            code = halves.first.map { $0.uppercased() } ?? ""
            argument = halves.count > 1 ? String(halves[1]) : ""
            rest = rest[(end + 1)...].drop { $0 == 0x20 }
        }
        text = String(decoding: rest.prefix(1000), as: UTF8.self).boundedLine(300)
    }

    /// The words of a list of capabilities.
    static func capabilities(_ text: String) -> Set<String> {
        Set(text.uppercased().split(separator: " ").prefix(256).map(String.init))
    }
}

/// A folder as LIST tells it.
struct IMAPFolder: Equatable, Sendable {
    /// For people: decoded.
    var name: String
    /// As the server writes it.
    var encoded: String
    /// `\Sent`, `\Noselect`: lower case.
    var attributes: Set<String>

    init(name: String, encoded: String, attributes: Set<String> = []) {
        self.name = name
        self.encoded = encoded
        self.attributes = attributes
    }

    init?(_ values: [IMAPValue]) {
        guard values.count >= 3, case .list(let flags) = values[0] else { return nil }
        switch values[2] {
        case .atom(let text): encoded = text
        case .string(let bytes): encoded = String(decoding: bytes, as: UTF8.self)
        case .list, .skipped: return nil
        }
        guard encoded.utf8.count <= 1000 else { return nil }
        name = MailboxName.decode(encoded)
        attributes = Set(flags.compactMap { if case .atom(let flag) = $0 { flag.lowercased() } else { nil } })
    }
}

/// Reads values from the pieces of a response.
struct IMAPParser {
    /// How deep lists may lie in one another: a mail of a hundred wrapped parts is no mail.
    static let maximumDepth = 100
    static let maximumValues = 100_000

    private let pieces: [IMAPPiece]
    private var piece = 0
    private var offset = 0
    private var count = 0

    init(_ pieces: [IMAPPiece]) { self.pieces = pieces }

    private enum Token {
        case open, close, end, broken
        case value(IMAPValue)
    }

    /// All values; nil where they are not well-formed.
    mutating func values() -> [IMAPValue]? {
        var stack: [[IMAPValue]] = [[]]
        while true {
            count += 1
            guard count <= Self.maximumValues else { return nil }
            switch next() {
            case .value(let value): stack[stack.count - 1].append(value)
            case .open:
                guard stack.count <= Self.maximumDepth else { return nil }
                stack.append([])
            case .close:
                guard stack.count > 1 else { return nil }
                let list = stack.removeLast()
                stack[stack.count - 1].append(.list(list))
            case .end: return stack.count == 1 ? stack[0] : nil
            case .broken: return nil
            }
        }
    }

    private mutating func next() -> Token {
        while piece < pieces.count {
            switch pieces[piece] {
            case .literal(let bytes):
                step()
                return .value(.string(bytes))
            case .skipped(let count):
                step()
                return .value(.skipped(count))
            case .text(let text):
                while offset < text.count, text[offset] == 0x20 { offset += 1 }
                guard offset < text.count else {
                    step()
                    continue
                }
                return token(text)
            }
        }
        return .end
    }

    private mutating func step() {
        piece += 1
        offset = 0
    }

    private mutating func token(_ text: [UInt8]) -> Token {
        switch text[offset] {
        case UInt8(ascii: "("):
            offset += 1
            return .open
        case UInt8(ascii: ")"):
            offset += 1
            return .close
        case UInt8(ascii: "\""):
            offset += 1
            guard let bytes = quoted(text) else { return .broken }
            return .value(.string(bytes))
        default: return atom(text)
        }
    }

    /// The rest of a quoted string, after its first quote.
    private mutating func quoted(_ text: [UInt8]) -> [UInt8]? {
        var bytes: [UInt8] = []
        while offset < text.count {
            let byte = text[offset]
            offset += 1
            if byte == UInt8(ascii: "\"") { return bytes }
            if byte == UInt8(ascii: "\\") {
                guard offset < text.count else { return nil }
                bytes.append(text[offset])
                offset += 1
            } else {
                bytes.append(byte)
            }
        }
        return nil
    }

    private mutating func atom(_ text: [UInt8]) -> Token {
        let start = offset
        var isInBrackets = false
        while offset < text.count {
            let byte = text[offset]
            if isInBrackets {
                offset += 1
                if byte == UInt8(ascii: "]") { isInBrackets = false }
                if byte == UInt8(ascii: "\""), quoted(text) == nil { return .broken }
                continue
            }
            if byte == 0x20 || byte == UInt8(ascii: "(") || byte == UInt8(ascii: ")") || byte == UInt8(ascii: "\"") {
                break
            }
            if byte == UInt8(ascii: "["), offset > start { isInBrackets = true }
            offset += 1
        }
        if isInBrackets { return .broken }
        return .value(.atom(String(decoding: text[start..<offset], as: UTF8.self)))
    }
}

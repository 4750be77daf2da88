// One LMTP session (RFC 2033) as a machine over bytes. A mail server next to us hands mail over: it greets with LHLO,
// names a sender and recipients, sends the mail after DATA, and gets a reply for each recipient. 250 says that the mail
// is on our disk; until then the mail is the server's, so whatever goes wrong on our side is a 4xx and the server keeps
// it.
//
// Bytes go in (`take`), and what is to be done comes out, in order: replies to write, a mail to keep, the end of the
// session. With a mail to keep the machine stops reading until it is told what became of it (`settle`): what a client
// sent after it (PIPELINING, RFC 2920) waits in the buffer. How the bytes were cut on their way makes no difference.
//
// A line ends in CRLF. In a mail's text a lone LF or CR is kept as it is and ends no line: what ends a mail is
// CR LF . CR LF alone, so that nobody can hide a second mail in a first. In commands a lone LF ends the line too, as
// people who try it by hand need.

/// A mail that was handed over.
package struct HandedMail: Hashable, Sendable {
    /// The envelope sender; empty for the null sender of bounces.
    package var sender: String
    /// The accepted envelope recipients, each once for each RCPT.
    package var recipients: [String]
    /// The mail, with its dots unstuffed and CRLF at the end.
    package var bytes: [UInt8]

    package init(sender: String, recipients: [String], bytes: [UInt8]) {
        self.sender = sender
        self.recipients = recipients
        self.bytes = bytes
    }
}

/// The far side's half of one session.
package struct LMTPConversation: Sendable {
    /// What a session may cost.
    package struct Limits: Hashable, Sendable {
        /// A mail in bytes; what is larger is refused for good (552).
        package var mail = 25_000_000
        /// Recipients of one mail.
        package var recipients = 100
        /// A command with its CRLF, in bytes. RFC 5321, 4.5.3.1.4 asks for 512; SIZE and kin add to MAIL.
        package var line = 2048
        /// Commands of one session; each mail is several. A client begins a new session after that.
        package var commands = 10_000
        /// Commands in a row that made no sense.
        package var mistakes = 20

        package init() {}
    }

    /// What is to be done.
    package enum Step: Hashable, Sendable {
        /// Write this.
        case reply(String)
        /// Keep this mail, and tell with ``LMTPConversation/settle(_:)``.
        case keep(HandedMail)
        /// End the session once all is written.
        case close
    }

    /// What became of a mail, for one recipient.
    package enum Verdict: Hashable, Sendable {
        case kept
        /// It could not be kept now; the mail server tries again.
        case notNow
    }

    /// The mail that is coming in.
    private struct Envelope {
        var sender: String
        var recipients: [String] = []
    }

    private enum State {
        case command
        case data
        /// A mail was given away, and its verdicts are awaited.
        case waiting(Int)
        case closed
    }

    private let host: String
    private let limits: Limits
    private let isOurs: @Sendable (String) -> Bool
    private var state = State.command
    private var buffer: [UInt8] = []
    /// Up to where the buffer holds no end of line.
    private var scanned = 0
    /// The rest of a line that was too long is passed by.
    private var isOverlong = false
    private var hasGreeted = false
    private var envelope: Envelope?
    private var text = DotText()
    private var commands = 0
    private var mistakes = 0

    /// - Parameters:
    ///   - host: our name in greetings.
    ///   - isOurs: whether mail to an address is taken.
    package init(host: String, limits: Limits = Limits(), isOurs: @escaping @Sendable (String) -> Bool) {
        self.host = host
        self.limits = limits
        self.isOurs = isOurs
    }

    /// What we say first.
    package var greeting: String { "220 \(host) LMTP Bookbag\r\n" }

    /// What we say to a client that was quiet for too long.
    package static let quiet = "421 4.4.2 Nothing was heard for too long, closing\r\n"

    /// Takes bytes as they came in.
    package mutating func take(_ bytes: some Collection<UInt8>) -> [Step] {
        if case .closed = state { return [] }
        buffer += bytes
        return work()
    }

    /// Takes what became of the mail that was given away: one verdict for each of its recipients, in order.
    package mutating func settle(_ verdicts: [Verdict]) -> [Step] {
        guard case .waiting(let count) = state else { return [] }
        state = .command
        var replies = ""
        for index in 0..<count {
            // A verdict that is missing is no promise.
            let verdict = index < verdicts.count ? verdicts[index] : .notNow
            replies += verdict == .kept ? "250 2.0.0 Kept\r\n" : "451 4.3.0 The mail cannot be kept now\r\n"
        }
        return [.reply(replies)] + work()
    }

    /// How many bytes wait to be understood.
    var waiting: Int { buffer.count }

    // MARK: Reading

    private mutating func work() -> [Step] {
        var steps: [Step] = []
        var replies = ""
        func flushed() -> [Step] { replies.isEmpty ? [] : [.reply(replies)] }
        loop: while true {
            switch state {
            case .command:
                guard let line = nextLine() else { break loop }
                replies += answer(line)
            case .data:
                let isOver = text.take(&buffer, limit: limits.mail)
                scanned = 0
                guard isOver else { break loop }
                let mail = text
                text = DotText()
                let recipients = envelope?.recipients ?? []
                let sender = envelope?.sender ?? ""
                envelope = nil
                if mail.isTooLarge {
                    state = .command
                    replies += String(
                        repeating: "552 5.3.4 The mail is larger than \(limits.mail) bytes\r\n", count: recipients.count
                    )
                } else {
                    state = .waiting(recipients.count)
                    steps += flushed()
                    replies = ""
                    steps.append(.keep(HandedMail(sender: sender, recipients: recipients, bytes: mail.bytes)))
                }
            case .waiting: break loop
            case .closed:
                buffer = []
                return steps + flushed() + [.close]
            }
        }
        return steps + flushed()
    }

    /// Takes a command off the buffer, without its end; nil where it has none yet. A line that is too long is nil in
    /// the inner optional.
    private mutating func nextLine() -> [UInt8]?? {
        guard let end = buffer[scanned...].firstIndex(of: 0x0A) else {
            scanned = buffer.count
            if buffer.count > limits.line {
                isOverlong = true
                buffer.removeAll(keepingCapacity: true)
                scanned = 0
            }
            return nil
        }
        var line = Array(buffer[..<end])
        buffer.removeFirst(end + 1)
        scanned = 0
        let isWhole = !isOverlong && line.count < limits.line
        isOverlong = false
        guard isWhole else { return .some(nil) }
        if line.last == 0x0D { line.removeLast() }
        return .some(line)
    }

    // MARK: Answering

    private mutating func answer(_ line: [UInt8]?) -> String {
        commands += 1
        guard commands <= limits.commands else {
            state = .closed
            return "421 4.7.0 Too many commands, closing\r\n"
        }
        let reply = line.map { understand($0) } ?? "500 5.5.2 The line is too long"
        guard reply.hasPrefix("50") else {
            mistakes = 0
            return reply + "\r\n"
        }
        mistakes += 1
        guard mistakes < limits.mistakes else {
            state = .closed
            return reply + "\r\n421 4.7.0 Too many mistakes, closing\r\n"
        }
        return reply + "\r\n"
    }

    private mutating func understand(_ line: [UInt8]) -> String {
        // Addresses may be UTF-8 only with SMTPUTF8, which is not offered.
        guard line.allSatisfy({ (0x20...0x7E).contains($0) || $0 == 0x09 }) else {
            return "500 5.5.2 A command is plain ASCII"
        }
        let text = String(decoding: line, as: UTF8.self)
        let verb = text.prefix { $0 != " " && $0 != "\t" }
        let rest = text[verb.endIndex...].drop { $0 == " " || $0 == "\t" }
        switch verb.uppercased() {
        case "LHLO": return greet(rest)
        case "HELO", "EHLO": return "500 5.5.1 This is LMTP: say LHLO"
        case "MAIL": return mail(rest)
        case "RCPT": return recipient(rest)
        case "DATA": return data(rest)
        case "RSET":
            envelope = nil
            return "250 2.0.0 Forgotten"
        case "NOOP": return "250 2.0.0 Here"
        case "VRFY": return "252 2.5.0 Send mail, and see"
        case "QUIT":
            state = .closed
            return "221 2.0.0 Bye"
        default: return "500 5.5.1 Unknown command"
        }
    }

    private mutating func greet(_ name: Substring) -> String {
        guard !name.isEmpty else { return "501 5.5.4 Say LHLO with a name" }
        hasGreeted = true
        envelope = nil
        let offers = ["PIPELINING", "8BITMIME", "ENHANCEDSTATUSCODES", "SIZE \(limits.mail)"]
        return (["250-\(host)"] + offers.dropLast().map { "250-\($0)" } + ["250 \(offers[offers.count - 1])"])
            .joined(separator: "\r\n")
    }

    private mutating func mail(_ rest: Substring) -> String {
        guard hasGreeted else { return "503 5.5.1 Say LHLO first" }
        guard envelope == nil else { return "503 5.5.1 There is a sender already" }
        guard let (address, parameters) = Self.path(rest, after: "FROM:") else {
            return "501 5.5.4 Say MAIL FROM:<ADDRESS>"
        }
        for parameter in parameters {
            let halves = parameter.split(separator: "=", maxSplits: 1).map(String.init)
            let value = halves.count == 2 ? halves[1] : nil
            switch halves.first?.uppercased() ?? "" {
            case "SIZE":
                guard let value, let size = Int(value), size >= 0 else { return "501 5.5.4 SIZE is a number" }
                guard size <= limits.mail else { return "552 5.3.4 The mail is larger than \(limits.mail) bytes" }
            case "BODY":
                guard let value, ["7BIT", "8BITMIME"].contains(value.uppercased()) else {
                    return "501 5.5.4 BODY is 7BIT or 8BITMIME"
                }
            default: return "555 5.5.4 Unknown parameter of MAIL"
            }
        }
        guard address.isEmpty || Self.isAddress(address) else { return "501 5.1.7 That is not an address" }
        envelope = Envelope(sender: address)
        return "250 2.1.0 Go on"
    }

    private mutating func recipient(_ rest: Substring) -> String {
        guard let envelope else { return "503 5.5.1 Say MAIL first" }
        guard let (address, parameters) = Self.path(rest, after: "TO:") else {
            return "501 5.5.4 Say RCPT TO:<ADDRESS>"
        }
        guard parameters.isEmpty else { return "555 5.5.4 Unknown parameter of RCPT" }
        guard Self.isAddress(address), isOurs(address) else {
            return "550 5.1.1 Nobody here has that address; 'only_to' in bookbag.yaml names those that do"
        }
        guard envelope.recipients.count < limits.recipients else { return "452 4.5.3 Too many recipients" }
        self.envelope?.recipients.append(address)
        return "250 2.1.5 Go on"
    }

    private mutating func data(_ rest: Substring) -> String {
        guard rest.isEmpty else { return "501 5.5.4 DATA stands alone" }
        guard let envelope else { return "503 5.5.1 Say MAIL first" }
        // RFC 2033, 4.2: without a recipient DATA must fail.
        guard !envelope.recipients.isEmpty else { return "503 5.5.1 No recipient was accepted" }
        state = .data
        return "354 End with a line that holds a dot alone"
    }

    /// The address in `FROM:<…>` or `TO:<…>`, and the parameters behind it. A source route before the address is
    /// passed by (RFC 5321, appendix C).
    private static func path(_ text: Substring, after word: String) -> (address: String, parameters: [Substring])? {
        guard text.prefix(word.count).uppercased() == word else { return nil }
        let rest = text.dropFirst(word.count).drop { $0 == " " }
        guard rest.first == "<" else { return nil }
        var end: Substring.Index?
        var isQuoted = false
        var isEscaped = false
        for index in rest.indices.dropFirst() {
            let character = rest[index]
            if isEscaped {
                isEscaped = false
            } else if isQuoted, character == "\\" {
                isEscaped = true
            } else if character == "\"" {
                isQuoted.toggle()
            } else if character == ">", !isQuoted {
                end = index
                break
            }
        }
        guard let end else { return nil }
        var address = rest[rest.index(after: rest.startIndex)..<end]
        if address.first == "@", let colon = address.firstIndex(of: ":") {
            address = address[address.index(after: colon)...]
        }
        let tail = rest[rest.index(after: end)...]
        guard tail.isEmpty || tail.first == " " else { return nil }
        return (String(address), tail.split(separator: " "))
    }

    /// Whether it may stand in a header as it is: two halves, and nothing that ends or breaks an address there.
    private static func isAddress(_ text: String) -> Bool {
        guard text.utf8.count <= 320, let at = text.lastIndex(of: "@"), at > text.startIndex else { return false }
        return text.index(after: at) < text.endIndex
            && text.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "<") && $0 != UInt8(ascii: ">") }
    }
}

/// The text after DATA: unstuffs dots, and finds the end.
private struct DotText: Sendable {
    private enum Place {
        case lineStart, dot, dotReturn, inLine, afterReturn
    }

    private(set) var bytes: [UInt8] = []
    private(set) var isTooLarge = false
    private var place = Place.lineStart

    /// Takes from the front of a buffer. True once the mail is over; what follows it stays in the buffer.
    mutating func take(_ buffer: inout [UInt8], limit: Int) -> Bool {
        var index = 0
        while index < buffer.count {
            let byte = buffer[index]
            index += 1
            switch (place, byte) {
            case (.lineStart, UInt8(ascii: ".")):
                place = .dot
                continue
            case (.dot, 0x0D):
                place = .dotReturn
                continue
            case (.dotReturn, 0x0A):
                buffer.removeFirst(index)
                return true
            case (.dotReturn, _):
                // The dot was stuffing, and the CR is the line's own.
                add(0x0D, limit)
                place = byte == 0x0D ? .afterReturn : .inLine
            case (_, 0x0D): place = .afterReturn
            case (.afterReturn, 0x0A): place = .lineStart
            default: place = .inLine
            }
            add(byte, limit)
        }
        buffer.removeAll(keepingCapacity: true)
        return false
    }

    private mutating func add(_ byte: UInt8, _ limit: Int) {
        guard !isTooLarge else { return }
        guard bytes.count < limit else {
            isTooLarge = true
            bytes = []
            return
        }
        bytes.append(byte)
    }
}

// One SMTP conversation, as a value: bytes go in, replies come out, no socket. RFC 5321, with SIZE (RFC 1870), 8BITMIME
// (6152), PIPELINING (2920), SMTPUTF8 (6531), DSN (3461), ENHANCEDSTATUSCODES (2034) and AUTH PLAIN and LOGIN (4954,
// 4616). The relay keeps every mail it accepts and forwards none.

internal import FoundationEssentials

/// A mail as received: its envelope and its bytes, with dots unstuffed.
struct ReceivedMail: Sendable {
    var sender: String
    var recipients: [String]
    var bytes: [UInt8]
}

/// What the relay does with some recipients.
public struct RelayRule: Sendable {
    /// An address, with `*` for anything: `bounce@*`.
    public var pattern: String
    /// The reply to RCPT TO: `550 5.1.1 no such user`.
    public var reply: String
    /// How often; always if nil.
    public var times: Int?

    /// Every part has its usual default.
    public init(_ pattern: String, reply: String, times: Int? = nil) {
        self.pattern = pattern.lowercased()
        self.reply = reply
        self.times = times
    }

    func matches(_ address: String) -> Bool {
        let text = Array(address.lowercased().utf8)
        let glob = Array(pattern.utf8)
        // Greedy with one step of backtracking: real patterns have a star or two.
        var (t, g) = (0, 0)
        var back: (t: Int, g: Int)?
        while t < text.count {
            if g < glob.count, glob[g] == UInt8(ascii: "*") {
                back = (t, g + 1)
                g += 1
            } else if g < glob.count, glob[g] == text[t] {
                t += 1
                g += 1
            } else if let known = back {
                back = (known.t + 1, known.g)
                (t, g) = (known.t + 1, known.g)
            } else {
                return false
            }
        }
        return glob[g...].allSatisfy { $0 == UInt8(ascii: "*") }
    }
}

/// The relay's requirements for clients.
public struct SandboxRelayLimits: Sendable {
    /// The maximum size of a mail in bytes.
    public var size: Int
    /// The maximum number of recipients of a mail.
    public var recipients: Int
    /// Who may send; anybody if nil.
    public var login: Login?

    /// A name and its password.
    public struct Login: Sendable {
        /// The user name required by AUTH.
        public var username: String
        /// The password required by AUTH.
        public var password: String

        /// Every part has its usual default.
        public init(username: String, password: String) {
            self.username = username
            self.password = password
        }
    }

    /// Every part has its usual default.
    public init(size: Int = 25 << 20, recipients: Int = 100, login: Login? = nil) {
        self.size = size
        self.recipients = recipients
        self.login = login
    }
}

struct SMTPSession {
    /// What the server has to do next, in order.
    enum Step {
        case reply(String)
        case wait(Duration)
        /// The mail is accepted; the reply follows.
        case keep(ReceivedMail)
        case close
    }

    private enum Mode {
        case command
        case data
        /// A line in reply to an AUTH prompt: the user name, then the password.
        case authPlain
        case authUser
        case authPassword(user: String)
    }

    private let limits: SandboxRelayLimits
    private let fault: () -> RelayFault?
    private let slowness: () -> Duration
    private let verdict: (String) -> String?

    private var input: [UInt8] = []
    private var start = 0
    private var mode = Mode.command
    private var greeted = false
    private var isKnown = false
    private var sender: String?
    private var recipients: [String] = []
    private var body: [UInt8] = []
    private var tooLong = false
    private var closed = false
    /// The fault for the current mail: drawn at MAIL FROM, applied at the final dot.
    private var drawn: RelayFault?

    /// - Parameters:
    ///   - fault: called once per mail.
    ///   - verdict: the reply that refuses a recipient.
    init(
        limits: SandboxRelayLimits, fault: @escaping () -> RelayFault?, slowness: @escaping () -> Duration,
        verdict: @escaping (String) -> String?
    ) {
        self.limits = limits
        self.fault = fault
        self.slowness = slowness
        self.verdict = verdict
    }

    static let greeting = "220 sandbox.bookbag.example ESMTP the sandbox keeps everything"

    /// Takes received bytes, in whole lines or not.
    mutating func receive(_ bytes: some Sequence<UInt8>) -> [Step] {
        guard !closed else { return [] }
        input.append(contentsOf: bytes)
        var steps: [Step] = []
        while !closed, let end = input[start...].firstIndex(of: 0x0A) {
            let line = input[start...end]
            start = end + 1
            if case .data = mode { dataLine(line, &steps) } else { command(Self.text(line), &steps) }
        }
        if start > 0 {
            input.removeFirst(start)
            start = 0
        }
        if input.count > 16_384, !closed {
            if case .data = mode {
                tooLong = tooLong || body.count + input.count > limits.size
                if !tooLong { return steps }
                // An endless line: an excess need not be kept, but its last bytes may begin the final dot.
                input.removeFirst(input.count - 4)
            } else {
                closed = true
                steps += [.reply("500 5.5.2 a line is too long"), .close]
            }
        }
        return steps
    }

    private static func text(_ line: ArraySlice<UInt8>) -> String {
        var line = line.dropLast()
        if line.last == 0x0D { line = line.dropLast() }
        return String(decoding: line, as: UTF8.self)
    }

    private mutating func command(_ line: String, _ steps: inout [Step]) {
        switch mode {
        case .authPlain:
            mode = .command
            return plain(line, &steps)
        case .authUser:
            mode = .authPassword(user: Self.base64(line) ?? "")
            return steps.append(.reply("334 UGFzc3dvcmQ6"))
        case .authPassword(let user):
            mode = .command
            return login(user, Self.base64(line) ?? "", &steps)
        case .command, .data: break
        }
        let verb = line.prefix { $0 != " " }.uppercased()
        let rest = String(line.dropFirst(verb.count).drop { $0 == " " })
        switch verb {
        case "EHLO": greet(extended: true, &steps)
        case "HELO": greet(extended: false, &steps)
        case "AUTH": auth(rest, &steps)
        case "MAIL": mail(rest, &steps)
        case "RCPT": recipient(rest, &steps)
        case "DATA": data(&steps)
        case "RSET":
            reset()
            steps.append(.reply("250 2.0.0 forgotten"))
        case "NOOP": steps.append(.reply("250 2.0.0 still here"))
        case "VRFY": steps.append(.reply("252 2.1.5 send and see"))
        case "STARTTLS": steps.append(.reply("502 5.5.1 the sandbox has no TLS: it listens on loopback only"))
        case "QUIT":
            closed = true
            steps += [.reply("221 2.0.0 bye"), .close]
        default: steps.append(.reply("500 5.5.2 unknown command"))
        }
    }

    private mutating func greet(extended: Bool, _ steps: inout [Step]) {
        greeted = true
        reset()
        guard extended else { return steps.append(.reply("250 sandbox.bookbag.example")) }
        var lines = ["sandbox.bookbag.example", "PIPELINING", "SIZE \(limits.size)", "8BITMIME", "SMTPUTF8", "DSN"]
        if limits.login != nil { lines.append("AUTH PLAIN LOGIN") }
        lines.append("ENHANCEDSTATUSCODES")
        let last = lines.count - 1
        steps.append(
            .reply(lines.enumerated().map { "250\($0 == last ? " " : "-")\($1)" }.joined(separator: "\r\n")))
    }

    private mutating func reset() {
        sender = nil
        recipients = []
        body = []
        tooLong = false
    }

    // MARK: AUTH

    private mutating func auth(_ rest: String, _ steps: inout [Step]) {
        guard limits.login != nil else { return steps.append(.reply("502 5.5.1 no AUTH here")) }
        guard !isKnown else { return steps.append(.reply("503 5.5.1 you are known already")) }
        let words = rest.split(separator: " ").map(String.init)
        switch words.first?.uppercased() {
        case "PLAIN":
            if words.count > 1 { return plain(words[1], &steps) }
            mode = .authPlain
            steps.append(.reply("334 "))
        case "LOGIN":
            if words.count > 1 {
                mode = .authPassword(user: Self.base64(words[1]) ?? "")
                return steps.append(.reply("334 UGFzc3dvcmQ6"))
            }
            mode = .authUser
            steps.append(.reply("334 VXNlcm5hbWU6"))
        default: steps.append(.reply("504 5.5.4 AUTH PLAIN or AUTH LOGIN"))
        }
    }

    private mutating func plain(_ text: String, _ steps: inout [Step]) {
        guard text != "*", let decoded = Self.base64(text) else {
            return steps.append(.reply("501 5.5.2 the login cannot be read"))
        }
        let parts = decoded.split(separator: "\0", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3 else { return steps.append(.reply("501 5.5.2 the login cannot be read")) }
        login(parts[1], parts[2], &steps)
    }

    private mutating func login(_ user: String, _ password: String, _ steps: inout [Step]) {
        isKnown = user == limits.login?.username && password == limits.login?.password
        steps.append(
            .reply(isKnown ? "235 2.7.0 welcome" : "535 5.7.8 the user name or the password is wrong"))
    }

    private static func base64(_ text: String) -> String? {
        Data(base64Encoded: text).map { String(decoding: $0, as: UTF8.self) }
    }

    // MARK: Mail

    private mutating func mail(_ rest: String, _ steps: inout [Step]) {
        guard greeted else { return steps.append(.reply("503 5.5.1 EHLO first")) }
        guard limits.login == nil || isKnown else {
            return steps.append(.reply("530 5.7.0 log in first"))
        }
        guard sender == nil else { return steps.append(.reply("503 5.5.1 one mail at a time")) }
        guard let (address, parameters) = Self.path(rest, after: "FROM:") else {
            return steps.append(.reply("501 5.5.4 MAIL FROM:<address>"))
        }
        let sizes = parameters.compactMap { $0.uppercased().hasPrefix("SIZE=") ? Int($0.dropFirst(5)) : nil }
        if let size = sizes.first, size > limits.size {
            return steps.append(.reply("552 5.3.4 a mail may have \(limits.size) bytes at most"))
        }
        drawn = fault()
        if drawn == .unavailable {
            closed = true
            steps += [.reply("421 4.3.2 the relay is resting"), .close]
            return
        }
        sender = address
        steps.append(.reply("250 2.1.0 go on"))
    }

    private mutating func recipient(_ rest: String, _ steps: inout [Step]) {
        guard sender != nil else { return steps.append(.reply("503 5.5.1 MAIL FROM first")) }
        guard let (address, _) = Self.path(rest, after: "TO:"), address.contains("@") else {
            return steps.append(.reply("501 5.1.3 RCPT TO:<address>"))
        }
        guard recipients.count < limits.recipients else {
            return steps.append(.reply("452 4.5.3 \(limits.recipients) recipients at most"))
        }
        if let refusal = verdict(address) { return steps.append(.reply(refusal)) }
        recipients.append(address)
        steps.append(.reply("250 2.1.5 go on"))
    }

    /// `FROM:<address> SIZE=1000`: the address and the parameters.
    private static func path(_ text: String, after keyword: String) -> (String, [String])? {
        guard text.uppercased().hasPrefix(keyword) else { return nil }
        let rest = text.dropFirst(keyword.count).drop { $0 == " " }
        guard rest.first == "<", let end = rest.firstIndex(of: ">") else { return nil }
        let address = String(rest[rest.index(after: rest.startIndex)..<end])
        guard address.utf8.count <= 512, !address.contains(where: { $0.isWhitespace || $0 == "<" }) else { return nil }
        return (address, rest[rest.index(after: end)...].split(separator: " ").map(String.init))
    }

    private mutating func data(_ steps: inout [Step]) {
        guard sender != nil else { return steps.append(.reply("503 5.5.1 MAIL FROM first")) }
        guard !recipients.isEmpty else { return steps.append(.reply("554 5.5.1 no recipient is left")) }
        mode = .data
        steps.append(.reply("354 end with a dot on a line of its own"))
    }

    private mutating func dataLine(_ line: ArraySlice<UInt8>, _ steps: inout [Step]) {
        if line.first == UInt8(ascii: ".") {
            if line.elementsEqual(".\r\n".utf8) { return finish(&steps) }
            append(line.dropFirst())
        } else {
            append(line)
        }
    }

    private mutating func append(_ line: ArraySlice<UInt8>) {
        guard !tooLong, body.count + line.count <= limits.size else {
            tooLong = true
            body = []
            return
        }
        body.append(contentsOf: line)
    }

    private mutating func finish(_ steps: inout [Step]) {
        mode = .command
        let mail = ReceivedMail(sender: sender ?? "", recipients: recipients, bytes: body)
        let wasTooLong = tooLong
        reset()
        guard !wasTooLong else {
            return steps.append(.reply("552 5.3.4 a mail may have \(limits.size) bytes at most"))
        }
        let accepted = Step.reply("250 2.0.0 kept")
        switch drawn {
        case .dropBeforeReply:
            closed = true
            steps += [.keep(mail), .close]
        case .dropAndForget:
            closed = true
            steps.append(.close)
        case .dropAfterReply:
            closed = true
            steps += [.keep(mail), accepted, .close]
        case .deferData: steps.append(.reply("451 4.3.0 try again later"))
        case .refuseData: steps.append(.reply("554 5.6.0 this mail is not wanted"))
        case .slow: steps += [.wait(slowness()), .keep(mail), accepted]
        case .unavailable, nil: steps += [.keep(mail), accepted]
        }
        drawn = nil
    }
}

// A small IMAP client that reads and changes nothing (RFC 9051; RFC 3501 where servers are older). libcurl connects and
// secures the line; everything after the greeting is said here. libcurl's own IMAP is not used for it: its custom
// commands lose what FETCH brings in literals, and take a mail's text for the server's reply.
//
// One command at a time. A command's answer is all that comes up to the line with its tag. A mailbox is opened with
// EXAMINE and mails are fetched with BODY.PEEK, so nobody's \Seen changes. The server may say BYE at any moment; then,
// and after anything that is not IMAP or not in time, the client is done, and whoever holds it makes another.

internal import CCurl
internal import FoundationEssentials

/// A mailbox's folder as it was opened.
package struct IMAPOpened: Equatable, Sendable {
    /// What the UIDs belong to: another value, other UIDs (RFC 9051, 2.3.1.1).
    package var validity: UInt32
    /// What the next mail will get at least; nil where the server does not say.
    package var nextUID: UInt32?
    /// How many mails are in it.
    package var count: UInt32
    /// Which flags could be kept, as the server writes them.
    package var permanentFlags: String
}

/// A folder in a list.
package struct IMAPFolderInfo: Equatable, Sendable {
    package var name: String
    /// Whether mails that were sent are kept in it (RFC 6154).
    package var isSent: Bool
    /// Whether it can be opened.
    package var isSelectable: Bool
}

/// What is known of a mail without its text.
package struct IMAPMailHead: Equatable, Sendable {
    package var uid: UInt32
    /// The whole mail's length in bytes.
    package var size: Int
    /// When the server got it, in seconds since 1970.
    package var received: Int64
    /// The header fields that were asked for, as they stand in the mail.
    package var fields: [UInt8]
}

/// One logged-in session with a mail server.
package actor IMAPClient {
    /// The name and the engine's part of it, for errors.
    nonisolated let settings: IMAPSettings
    private let line: any ByteLine
    private var reader = IMAPReader()
    private var waiting: [IMAPResponse] = []
    /// Responses before this place have been taken.
    private var head = 0
    private var tags = 0
    private var capabilities: Set<String> = []
    private var bye: String?
    private var isBusy = false
    /// Whether the session is of no further use.
    package private(set) var isOver = false
    /// The last words that the server wanted shown to people, if any (RFC 9051, 7.1, ALERT).
    package private(set) var alert: String?

    /// What all literals and values of one answer may hold together.
    static let answerLimit = 64 << 20
    /// How many responses one answer may have.
    static let answerCount = 200_000

    init(_ settings: IMAPSettings, line: any ByteLine) {
        self.settings = settings
        self.line = line
    }

    // MARK: Opening

    /// Connects, secures the line and logs in.
    package static func open(
        _ settings: IMAPSettings, _ credentials: IMAPCredentials, engine: TransferEngine
    ) async throws(IMAPFailure) -> IMAPClient {
        let target = try LineTarget(settings)
        let line: ServerLine
        do throws(LineFailure) { line = try await ServerLine.open(target, engine: engine) } catch {
            throw IMAPFailure(error, settings, isOpening: true)
        }
        let client = IMAPClient(settings, line: line)
        try await client.logIn(credentials)
        return client
    }

    /// Logs in; the server has greeted, and the line is as secure as it gets.
    func logIn(_ credentials: IMAPCredentials) async throws(IMAPFailure) {
        try await askCapabilities()
        switch credentials {
        case .token(let token):
            guard capabilities.contains("AUTH=XOAUTH2") else {
                throw failure(
                    .unsupported,
                    "offers no login by access token (XOAUTH2); remove 'oauth' and write a password, or check the host")
            }
            let words = "user=\(settings.user)\u{1}auth=Bearer \(token.reveal())\u{1}\u{1}"
            try await authenticate("XOAUTH2", Data(words.utf8).base64EncodedString(), credentials)
        case .password(let password):
            if capabilities.contains("AUTH=PLAIN") {
                let words = "\0\(settings.user)\0\(password.reveal())"
                try await authenticate("PLAIN", Data(words.utf8).base64EncodedString(), credentials)
            } else if capabilities.contains("LOGINDISABLED") {
                throw failure(
                    .login,
                    "takes no password (LOGINDISABLED); it wants an access token: write 'oauth' (docs/mailbox.md)"
                )
            } else {
                let answer = try await run(
                    [.text("LOGIN ")] + string(settings.user) + [.text(" ")] + string(password.reveal()))
                try accept(answer.words, credentials)
            }
        }
        // What was offered before the login may be less than what holds now (RFC 9051, 6.2.3).
        try await askCapabilities()
    }

    private func askCapabilities() async throws(IMAPFailure) {
        let answer = try await run([.text("CAPABILITY")])
        for case .capability(let words) in answer.data { capabilities = words }
        guard answer.words.status == .ok, !capabilities.isEmpty else {
            throw failure(.malformed, "does not say what it can do; is it a mail server's IMAP port?")
        }
    }

    private func authenticate(
        _ mechanism: String, _ initial: String, _ credentials: IMAPCredentials
    ) async throws(IMAPFailure) {
        let answer: Answer
        if capabilities.contains("SASL-IR") {
            answer = try await run([.text("AUTHENTICATE \(mechanism) \(initial)")], onGoOn: [])
        } else {
            answer = try await run([.text("AUTHENTICATE \(mechanism)")], onGoOn: Array(initial.utf8))
        }
        try accept(answer.words, credentials)
    }

    private func accept(_ words: IMAPWords, _ credentials: IMAPCredentials) throws(IMAPFailure) {
        guard words.status != .ok else { return }
        close()
        // Only these are about the server and not about who logs in (RFC 9051, 7.1; RFC 5530).
        if ["UNAVAILABLE", "LIMIT", "INUSE", "SERVERBUG"].contains(words.code) {
            throw failure(.refused, "cannot log anybody in at present" + quote(words) + "; it is tried again")
        }
        switch credentials {
        case .token:
            throw failure(
                .login,
                "refuses the access token" + quote(words)
                    + "; check that it is for this user and may read mail by IMAP (docs/mailbox.md)")
        case .password:
            throw failure(
                .login,
                "refuses the login" + quote(words)
                    + "; check user name and password; many providers want an app password (docs/mailbox.md)")
        }
    }

    // MARK: Folders

    /// All folders, as many as 1,000.
    package func folders() async throws(IMAPFailure) -> [IMAPFolderInfo] {
        let isMarked = capabilities.contains("SPECIAL-USE") && capabilities.contains("LIST-EXTENDED")
        let answer = try await run([.text("LIST \"\" \"*\"" + (isMarked ? " RETURN (SPECIAL-USE)" : ""))])
        guard answer.words.status == .ok else { throw refused("the list of folders", answer.words) }
        var folders: [IMAPFolderInfo] = []
        for case .folder(let folder) in answer.data where folders.count < 1000 {
            folders.append(
                IMAPFolderInfo(
                    name: folder.name, isSent: folder.attributes.contains("\\sent"),
                    isSelectable: folder.attributes.isDisjoint(with: ["\\noselect", "\\nonexistent"])))
        }
        return folders
    }

    /// Opens a folder for reading; nothing that is done with it afterwards changes it.
    package func examine(_ folder: String) async throws(IMAPFailure) -> IMAPOpened {
        let answer = try await run([.text("EXAMINE ")] + string(MailboxName.encode(folder)))
        guard answer.words.status == .ok else {
            guard answer.words.status == .no,
                !["UNAVAILABLE", "SERVERBUG", "LIMIT", "INUSE"].contains(answer.words.code)
            else { throw refused("to open a folder", answer.words) }
            let names = try await folders().filter(\.isSelectable).map { "'\($0.name)'" }
            let list = names.prefix(30).joined(separator: ", ") + (names.count > 30 ? " and more" : "")
            throw failure(
                .folder,
                "has no folder '\(folder)' that may be read; write one of these under 'folders': "
                    + withoutAddresses(list, limit: 1000))
        }
        var opened = IMAPOpened(validity: 0, nextUID: nil, count: 0, permanentFlags: "")
        for response in answer.data {
            switch response {
            case .exists(let count): opened.count = count
            case .status(let words) where words.code == "UIDVALIDITY": opened.validity = UInt32(words.argument) ?? 0
            case .status(let words) where words.code == "UIDNEXT": opened.nextUID = UInt32(words.argument)
            case .status(let words) where words.code == "PERMANENTFLAGS": opened.permanentFlags = words.argument
            default: break
            }
        }
        guard opened.validity != 0 else {
            throw failure(
                .unsupported, "gives its mails no lasting numbers (UIDVALIDITY), without which none can be told apart")
        }
        return opened
    }

    // MARK: Mails

    /// The UIDs in the open folder from `first` on, in order.
    ///
    /// - Parameter since: only of mails that the server got on that day, `29-Nov-2026`, or later, by its own calendar.
    package func uids(from first: UInt32, since: String? = nil) async throws(IMAPFailure) -> [UInt32] {
        guard first > 0 else { throw failure(.other, "was asked for mail number 0") }
        let answer = try await run([.text("UID SEARCH UID \(first):*" + (since.map { " SINCE \($0)" } ?? ""))])
        guard answer.words.status == .ok else { throw refused("to search", answer.words) }
        var found: Set<UInt32> = []
        for case .search(let numbers) in answer.data { found.formUnion(numbers) }
        // n:* means *:n where n is more than the last one has (RFC 9051, 9, seq-range).
        return found.filter { $0 >= first }.sorted()
    }

    /// The last mail's UID in the open folder; nil where it is empty.
    package func lastUID() async throws(IMAPFailure) -> UInt32? {
        let answer = try await run([.text("UID FETCH * (UID)")])
        guard answer.words.status == .ok else { throw refused("the last mail's number", answer.words) }
        return answer.data.compactMap(\.uid).max()
    }

    /// Size, date and some header fields of mails. What is gone, or cannot be read, is missing from the answer.
    ///
    /// - Parameter names: of the fields, as `To`.
    package func heads(of uids: [UInt32], fields names: [String]) async throws(IMAPFailure) -> [IMAPMailHead] {
        guard !uids.isEmpty else { return [] }
        let asked = names.map { $0.uppercased() }.joined(separator: " ")
        let items = "(UID RFC822.SIZE INTERNALDATE BODY.PEEK[HEADER.FIELDS (\(asked))])"
        let answer = try await run(
            [.text("UID FETCH \(Self.set(uids)) \(items)")], keeping: 256 << 10)
        guard answer.words.status == .ok else { throw refused("the heads of mails", answer.words) }
        let wanted = Set(uids)
        return answer.data.compactMap { response in
            guard case .fetch(let values) = response, let uid = response.uid, wanted.contains(uid),
                let size = values["RFC822.SIZE"]?.number, let received = values["INTERNALDATE"]?.date,
                let fields = values.first(where: { $0.key.hasPrefix("BODY[HEADER") })?.value.bytes
            else { return nil }
            return IMAPMailHead(uid: uid, size: size, received: received, fields: fields)
        }
    }

    /// Whole mails, by their UIDs. What is gone, cannot be read or is longer than `limit` is missing from the answer.
    package func mails(_ uids: [UInt32], limit: Int) async throws(IMAPFailure) -> [UInt32: [UInt8]] {
        guard !uids.isEmpty else { return [:] }
        let answer = try await run([.text("UID FETCH \(Self.set(uids)) (UID BODY.PEEK[])")], keeping: limit)
        guard answer.words.status == .ok else { throw refused("mails", answer.words) }
        let wanted = Set(uids)
        var mails: [UInt32: [UInt8]] = [:]
        for case .fetch(let values) in answer.data {
            if let uid = IMAPResponse.fetch(values).uid, wanted.contains(uid), let bytes = values["BODY[]"]?.bytes {
                mails[uid] = bytes
            }
        }
        return mails
    }

    /// A part of one mail: `HEADER`, `1.MIME`, `1`. Nil where there is none, or it is gone.
    ///
    /// - Parameter limit: how many bytes from its beginning.
    package func part(_ section: String, of uid: UInt32, limit: Int) async throws(IMAPFailure) -> [UInt8]? {
        let answer = try await run(
            [.text("UID FETCH \(uid) (UID BODY.PEEK[\(section)]<0.\(limit)>)")], keeping: limit + 1024)
        guard answer.words.status == .ok else { throw refused("a part of a mail", answer.words) }
        for case .fetch(let values) in answer.data where IMAPResponse.fetch(values).uid == uid {
            return values.first { $0.key.hasPrefix("BODY[\(section.uppercased())]") }?.value.bytes
        }
        return nil
    }

    /// Where the text of a mail lies: the section of its first plain text, else of its first text. Nil where there is
    /// none, or it is gone.
    package func textSection(of uid: UInt32) async throws(IMAPFailure) -> String? {
        let answer = try await run([.text("UID FETCH \(uid) (UID BODYSTRUCTURE)")], keeping: 1 << 20)
        guard answer.words.status == .ok else { throw refused("how a mail is made up", answer.words) }
        for case .fetch(let values) in answer.data where IMAPResponse.fetch(values).uid == uid {
            guard let structure = values["BODYSTRUCTURE"] else { return nil }
            return structure.textSection("plain") ?? structure.textSection(nil)
        }
        return nil
    }

    /// Whether a mail with that Message-ID, in plain letters, lies in the open folder.
    package func has(messageID: String) async throws(IMAPFailure) -> Bool {
        let answer = try await run([.text("UID SEARCH HEADER MESSAGE-ID ")] + string("<\(messageID)>"))
        guard answer.words.status == .ok else { throw refused("to search", answer.words) }
        for case .search(let numbers) in answer.data where !numbers.isEmpty { return true }
        return false
    }

    /// Adds a mail to a folder, seen already: the one command that changes a mailbox.
    package func append(_ mail: [UInt8], to folder: String) async throws(IMAPFailure) {
        let answer = try await run(
            [.text("APPEND ")] + string(MailboxName.encode(folder)) + [.text(" (\\Seen) "), .literal(mail)])
        guard answer.words.status == .ok else {
            throw refused("to keep a mail in the folder of sent mail", answer.words)
        }
    }

    // MARK: Waiting

    /// Waits until the server tells of new mail in the open folder (IDLE, RFC 2177).
    ///
    /// - Parameter patience: after which nothing has come, and the server should hear from us again.
    /// - Returns: whether there is new mail.
    package func idle(for patience: Duration) async throws(IMAPFailure) -> Bool {
        if isOver { throw failure(.dropped, "has closed the connection; it is opened again") }
        guard capabilities.contains("IDLE") else { throw failure(.unsupported, "does not tell of new mail (IDLE)") }
        let deadline = ContinuousClock.now + patience
        let tag = nextTag()
        begin()
        defer { isBusy = false }
        line.write(Array("\(tag) IDLE\r\n".utf8))
        var hasNews = false
        var isIdle = false
        var isDone = false
        var end = ContinuousClock.now + settings.replyTimeout
        while true {
            guard let response = try await next(until: isIdle && !isDone ? deadline : end) else {
                // Patience ran out: say so, and the server has a moment to take note.
                guard isIdle, !isDone else { throw lost(.timeout, "did not answer in time; it is tried again") }
                isDone = true
                end = .now + settings.replyTimeout
                line.write(Array("DONE\r\n".utf8))
                continue
            }
            switch response {
            case .goOn: isIdle = true
            case .exists: hasNews = true
            case .tagged(tag, let words):
                guard words.status == .ok else { throw refused("to tell of new mail", words) }
                return hasNews
            case .tagged: throw lost(.malformed, "answers what was not asked")
            default: break
            }
            if hasNews, isIdle, !isDone {
                isDone = true
                end = .now + settings.replyTimeout
                line.write(Array("DONE\r\n".utf8))
            }
        }
    }

    /// Whether the server tells of new mail by itself.
    package var canIdle: Bool { capabilities.contains("IDLE") }

    /// Asks for nothing, which shows that the session stands.
    package func noop() async throws(IMAPFailure) {
        let answer = try await run([.text("NOOP")])
        guard answer.words.status == .ok else { throw refused("even to do nothing", answer.words) }
    }

    /// Says goodbye, and closes whatever the answer.
    package func logOut() {
        guard !isOver, !isBusy else { return close() }
        line.write(Array("\(nextTag()) LOGOUT\r\n".utf8))
        close()
    }

    /// Closes the line without a word.
    package func close() {
        isOver = true
        line.close()
    }

    // MARK: The line

    private enum Part {
        case text(String)
        case literal([UInt8])
    }

    private struct Answer {
        var words: IMAPWords
        var data: [IMAPResponse]
    }

    private func nextTag() -> String {
        tags += 1
        return "b\(tags)"
    }

    private func begin() {
        precondition(!isBusy, "an IMAP session does one thing at a time")
        isBusy = true
    }

    /// Sends a command and gathers its answer.
    ///
    /// - Parameters:
    ///   - onGoOn: what to answer when the server asks to go on in the midst of a command.
    ///   - keeping: how many bytes of literals are kept in one response.
    private func run(
        _ parts: [Part], onGoOn reply: [UInt8]? = nil, keeping limit: Int = 64 << 10
    ) async throws(IMAPFailure) -> Answer {
        if isOver { throw failure(.dropped, "has closed the connection; it is opened again") }
        begin()
        defer { isBusy = false }
        reader.literalLimit = limit
        let tag = nextTag()
        let deadline = ContinuousClock.now + settings.commandTimeout
        var unsent = parts[...]
        write(&unsent, after: "\(tag) ")
        var reply = reply
        var answer = Answer(words: IMAPWords(status: .bad), data: [])
        var kept = 0
        while true {
            guard let response = try await next(until: min(deadline, .now + settings.replyTimeout)) else {
                throw lost(.timeout, "did not answer in time; it is tried again")
            }
            switch response {
            case .tagged(tag, let words):
                answer.words = words
                return answer
            case .tagged: throw lost(.malformed, "answers what was not asked")
            case .goOn:
                if case .literal(let bytes)? = unsent.first {
                    unsent.removeFirst()
                    line.write(bytes)
                    write(&unsent, after: "")
                } else if let words = reply {
                    // A second time it is the server's reason for its refusal, which wants an empty line (XOAUTH2).
                    line.write(words + Array("\r\n".utf8))
                    reply = []
                } else {
                    throw lost(.malformed, "waits for what it was not promised")
                }
            default:
                kept += response.weight
                guard answer.data.count < Self.answerCount, kept <= Self.answerLimit else {
                    throw lost(.malformed, "answers without end")
                }
                answer.data.append(response)
            }
        }
    }

    /// Sends parts up to a literal's length, which the server must allow, or to the end.
    private func write(_ parts: inout ArraySlice<Part>, after start: String) {
        var text = start
        while let part = parts.first {
            if case .literal(let bytes) = part {
                text += "{\(bytes.count)}"
                break
            }
            if case .text(let words) = part { text += words }
            parts.removeFirst()
        }
        line.write(Array((text + "\r\n").utf8))
    }

    /// The next response; nil when the time is up.
    private func next(until deadline: ContinuousClock.Instant) async throws(IMAPFailure) -> IMAPResponse? {
        while head == waiting.count {
            waiting.removeAll(keepingCapacity: true)
            head = 0
            switch await line.read(within: max(.zero, deadline - .now)) {
            case .timedOut: return nil
            case .ended(let end):
                isOver = true
                if let bye { throw lost(.bye, "closed the connection" + bye + "; it is opened again") }
                throw IMAPFailure(end, settings, isOpening: false)
            case .bytes(let bytes):
                do throws(IMAPFraming) {
                    for pieces in try reader.read(bytes) { waiting.append(IMAPResponse(pieces)) }
                } catch { throw lost(.malformed, "sends what is not IMAP (\(error.reason))") }
            }
        }
        head += 1
        let response = waiting[head - 1]
        if case .status(let words) = response {
            if words.status == .bye { bye = quote(words) }
            if words.code == "ALERT" { alert = withoutAddresses(words.text, user: settings.user) }
        }
        return response
    }

    /// Fails, and makes the session useless.
    private func lost(_ kind: IMAPFailure.Kind, _ words: String) -> IMAPFailure {
        close()
        return failure(kind, words)
    }

    private func failure(_ kind: IMAPFailure.Kind, _ words: String) -> IMAPFailure {
        IMAPFailure(kind, "the mail server \(settings.place) \(words)")
    }

    private func refused(_ what: String, _ words: IMAPWords) -> IMAPFailure {
        failure(.refused, "refuses \(what)" + quote(words))
    }

    /// The server's own words, in brackets.
    private func quote(_ words: IMAPWords) -> String {
        let text = withoutAddresses(words.text, user: settings.user)
        let code = words.code.isEmpty || !words.code.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) ? "" : words.code
        if code.isEmpty, text.isEmpty { return "" }
        return " (\(code.isEmpty ? text : text.isEmpty ? code : "\(code.prefix(40)): \(text)"))"
    }

    /// A string as an argument: quoted where that can hold it, else a literal.
    private func string(_ text: String) -> [Part] {
        guard text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) else { return [.literal(Array(text.utf8))] }
        let escaped = text.flatMap { $0 == "\"" || $0 == "\\" ? ["\\", $0] : [$0] }
        return [.text("\"\(String(escaped))\"")]
    }

    /// UIDs as a sequence set, neighbours as ranges.
    static func set(_ uids: [UInt32]) -> String {
        var ranges: [(UInt32, UInt32)] = []
        for uid in uids.sorted() {
            if let last = ranges.last, last.1 < .max, uid <= last.1 + 1 {
                ranges[ranges.count - 1].1 = max(last.1, uid)
            } else {
                ranges.append((uid, uid))
            }
        }
        return ranges.map { $0.0 == $0.1 ? "\($0.0)" : "\($0.0):\($0.1)" }.joined(separator: ",")
    }
}

extension LineTarget {
    init(_ settings: IMAPSettings) throws(IMAPFailure) {
        var host = settings.host
        if host.contains(":"), !host.hasPrefix("[") { host = "[\(host)]" }
        let isPlain = host.utf8.allSatisfy { byte in
            byte > 0x20 && byte < 0x7F && !"/?#@\\".utf8.contains(byte)
        }
        guard !host.isEmpty, isPlain, (1...65_535).contains(settings.port) else {
            throw IMAPFailure(.settings, "the mailbox's host is not a host name; write imaps://USER@HOST/")
        }
        guard settings.security != .off || AddressPolicy.isLoopback(host: settings.host) else {
            throw IMAPFailure(
                .settings, "a mailbox is read without TLS on loopback only; write imaps://, or let starttls be required"
            )
        }
        self.init(
            url: "\(settings.security == .tls ? "imaps" : "imap")://\(host):\(settings.port)/", schemes: "imap,imaps",
            useSSL: Int((settings.security == .off ? CURLUSESSL_NONE : CURLUSESSL_ALL).rawValue),
            timeout: settings.connectTimeout, authorities: settings.authorities, certificate: settings.certificate,
            key: settings.key)
    }
}

extension IMAPFailure {
    /// What became of a line, for the operator.
    init(_ failure: LineFailure, _ settings: IMAPSettings, isOpening: Bool) {
        let place = "the mail server \(settings.place)"
        let reason = failure.reason.isEmpty ? "" : " (\(failure.reason))"
        switch failure.kind {
        case .resolve: self.init(.resolve, "\(place) cannot be found; check the host in 'mailbox.url'\(reason)")
        case .connect:
            self.init(.connect, "\(place) cannot be reached; check host, port and firewall\(reason)")
        case .tls:
            self.init(
                .tls,
                "\(place) cannot be trusted\(reason); check the host's name, or write the authority's file under 'ca'")
        case .unsupported:
            self.init(.tls, "\(place) does not offer STARTTLS; write imaps:// in 'mailbox.url'")
        case .timeout: self.init(.timeout, "\(place) did not answer in time\(reason); it is tried again")
        case .dropped:
            self.init(
                .dropped,
                isOpening
                    ? "\(place) hung up before it said anything\(reason); is it the right port?"
                    : "\(place) closed the connection\(reason); it is opened again")
        case .cancelled: self.init(.cancelled, "the task was cancelled")
        case .settings: self.init(.settings, "a setting of the mailbox cannot be used\(reason)")
        case .refused:
            let said = withoutAddresses(failure.said, user: settings.user)
            self.init(.bye, "\(place) takes no connection at present\(said.isEmpty ? reason : " (\(said))")")
        case .other: self.init(.other, "\(place) cannot be reached\(reason)")
        }
    }
}

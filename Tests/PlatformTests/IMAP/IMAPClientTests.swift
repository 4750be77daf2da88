import Foundation
import Synchronization
import Testing

@testable import Platform

/// A server's side of a line, by a script: what it says to each line that it hears.
private final class ScriptedLine: ByteLine {
    private struct State {
        var pending: [UInt8] = []
        var heard: [String] = []
        var unread = ""
        var isClosed = false
    }

    private let state: Mutex<State>
    private let script: @Sendable (String) -> String?

    /// - Parameter script: the answer to a line, `TAG` standing for its tag; nil hangs up.
    init(_ script: @escaping @Sendable (String) -> String?) {
        state = Mutex(State())
        self.script = script
    }

    var heard: [String] { state.withLock { $0.heard } }
    var isClosed: Bool { state.withLock { $0.isClosed } }

    func write(_ bytes: [UInt8]) {
        state.withLock { state in
            state.unread += String(decoding: bytes, as: UTF8.self)
            while let end = state.unread.range(of: "\r\n") {
                let line = String(state.unread[..<end.lowerBound])
                state.unread = String(state.unread[end.upperBound...])
                state.heard.append(line)
                let words = line.split(separator: " ", maxSplits: 1)
                guard let answer = script(words.count > 1 ? String(words[1]) : line) else {
                    state.isClosed = true
                    continue
                }
                state.pending += Array(answer.replacing("TAG", with: words.first ?? "").utf8)
            }
        }
    }

    func read(within patience: Duration) async -> LineRead {
        state.withLock { state in
            defer { state.pending = [] }
            if !state.pending.isEmpty { return .bytes(state.pending) }
            return state.isClosed ? .ended(LineFailure(kind: .dropped, reason: "closed")) : .timedOut
        }
    }

    func close() { state.withLock { $0.isClosed = true } }
}

@Suite("An IMAP session") struct IMAPClientTests {
    private let settings = IMAPSettings(host: "imap.fig.example", user: "hello@fig.example")
    private let password = IMAPCredentials.password(SecretString("hunter2"))

    private func client(
        _ capabilities: String = "IMAP4rev1 AUTH=PLAIN SASL-IR IDLE",
        _ script: @escaping @Sendable (String) -> String? = { _ in "TAG OK done\r\n" }
    ) -> (IMAPClient, ScriptedLine) {
        let line = ScriptedLine { text in
            text == "CAPABILITY" ? "* CAPABILITY \(capabilities)\r\nTAG OK done\r\n" : script(text)
        }
        return (IMAPClient(settings, line: line), line)
    }

    private func failure(_ body: () async throws(IMAPFailure) -> Void) async -> IMAPFailure? {
        do throws(IMAPFailure) {
            try await body()
            return nil
        } catch { return error }
    }

    @Test(
        "logs in as the server likes it",
        arguments: [
            ("AUTH=PLAIN SASL-IR", "AUTHENTICATE PLAIN AGhlbGxvQGZpZy5leGFtcGxlAGh1bnRlcjI="),
            ("AUTH=PLAIN", "AUTHENTICATE PLAIN"), ("IDLE", "LOGIN \"hello@fig.example\" \"hunter2\""),
        ])
    func logIn(_ capabilities: String, _ command: String) async throws {
        let (client, line) = client(capabilities) { text in
            if text == "AUTHENTICATE PLAIN" { return "+ \r\n" }
            return text.contains(" ") ? "TAG OK in\r\n" : "b2 OK in\r\n"
        }
        try await client.logIn(password)
        #expect(line.heard[1].hasSuffix(command))
        if capabilities == "AUTH=PLAIN" { #expect(line.heard[2] == "AGhlbGxvQGZpZy5leGFtcGxlAGh1bnRlcjI=") }
    }

    @Test("logs in by access token, and answers the server's reason for a refusal")
    func token() async throws {
        let (client, line) = client("AUTH=XOAUTH2") { text in
            switch text {
            case "AUTHENTICATE XOAUTH2": "+ \r\n"
            case "": "b2 NO [AUTHENTICATIONFAILED] Invalid credentials for hello@fig.example\r\n"
            default: "+ eyJzdGF0dXMiOiI0MDAifQ==\r\n"
            }
        }
        let failure = await failure { () async throws(IMAPFailure) in
            try await client.logIn(.token(SecretString("ya29.secret")))
        }
        #expect(failure?.kind == .login)
        #expect(line.heard.contains("dXNlcj1oZWxsb0BmaWcuZXhhbXBsZQFhdXRoPUJlYXJlciB5YTI5LnNlY3JldAEB"))
        #expect(line.heard.last == "")
        let words = failure?.description ?? ""
        #expect(words.contains("imap.fig.example:993") && words.contains("AUTHENTICATIONFAILED"))
        #expect(!words.contains("hello@") && !words.contains("secret"))
    }

    @Test(
        "tells what is wrong with a login, and shows neither the user nor the secret",
        arguments: [
            ("AUTH=PLAIN SASL-IR", "TAG NO [ALERT] App password required for hello@fig.example\r\n", "app password"),
            ("LOGINDISABLED", "", "access token"), ("", "TAG OK\r\n", "port"),
            ("AUTH=PLAIN SASL-IR", "* BYE too many, hello@fig.example\r\n", "BYE"),
        ])
    func refused(_ capabilities: String, _ answer: String, _ words: String) async {
        let (client, _) = client(capabilities) { _ in answer }
        let failure = await failure { () async throws(IMAPFailure) in try await client.logIn(password) }
        let text = failure?.description ?? ""
        // A server that only says BYE and leaves the line open has not answered in time.
        #expect(words == "BYE" ? failure?.kind == .timeout : text.contains(words), "\(text)")
        #expect(!text.contains("hello@") && !text.contains("hunter2"))
    }

    @Test("says the server's goodbye, whenever it comes", arguments: [0, 1, 2])
    func bye(_ step: Int) async {
        let count = Mutex(0)
        let (client, line) = client { _ in
            let number = count.withLock { count in
                defer { count += 1 }
                return count
            }
            return number == step ? "* BYE Server shutting down\r\n" : "TAG OK done\r\n"
        }
        let failure = await failure { () async throws(IMAPFailure) in
            try await client.logIn(password)
            line.close()
            for _ in 0..<3 { try await client.noop() }
        }
        #expect(failure?.kind == .bye || failure?.kind == .dropped || failure?.kind == .timeout)
        #expect(await client.isOver)
    }

    @Test("drops the line when the server answers what was not asked, or never stops")
    func malformed() async {
        let (client, line) = client { _ in "b99 OK done\r\n" }
        var failure = await failure { () async throws(IMAPFailure) in try await client.logIn(password) }
        #expect(failure?.kind == .malformed && line.isClosed)
        failure = await self.failure { () async throws(IMAPFailure) in try await client.noop() }
        #expect(failure?.kind == .dropped)
        let (endless, _) = self.client { _ in String(repeating: "* 1 EXISTS\r\n", count: 200_001) }
        failure = await self.failure { () async throws(IMAPFailure) in try await endless.logIn(password) }
        #expect(failure?.kind == .malformed)
    }

    @Test("asks for nothing that could change a mail, and drops a UID that is not new")
    func reading() async throws {
        let (client, line) = client { text in
            if text.hasPrefix("UID SEARCH") { return "* SEARCH 7 9 8 9\r\nTAG OK done\r\n" }
            if text.contains("BODY.PEEK[]") {
                return "* 1 FETCH (UID 9 BODY[] {2}\r\nhi)\r\n* 1 FETCH (UID 4 BODY[] {2}\r\nno)\r\nTAG OK done\r\n"
            }
            return "* OK [UIDVALIDITY 5] x\r\n* OK [UIDNEXT 10] x\r\n* 3 EXISTS\r\nTAG OK done\r\n"
        }
        try await client.logIn(password)
        let opened = try await client.examine("Grüße \"x\"")
        #expect(opened == IMAPOpened(validity: 5, nextUID: 10, count: 3, permanentFlags: ""))
        #expect(try await client.uids(from: 8) == [8, 9])
        #expect(try await client.mails([9], limit: 100) == [9: Array("hi".utf8)])
        _ = try await client.heads(of: [9], fields: ["To"])
        _ = try await client.part("1.MIME", of: 9, limit: 10)
        await client.logOut()
        #expect(line.heard.contains { $0.hasSuffix("EXAMINE \"Gr&APwA3w-e \\\"x\\\"\"") })
        #expect(!line.heard.contains { $0.contains("SELECT") || $0.contains("STORE") || $0.contains(" BODY[") })
    }

    @Test("writes a password that no quoted string can hold as a literal")
    func literal() async throws {
        let (client, line) = client("IDLE") { text in
            text.hasSuffix("{8}")
                ? "+ go\r\n" : text.hasPrefix("pä") || text == "pässwör" ? "b2 OK in\r\n" : "TAG OK x\r\n"
        }
        // The literal's bytes are followed by the command's own line end.
        try await client.logIn(.password(SecretString("pässwö")))
        #expect(line.heard.contains { $0.hasSuffix("LOGIN \"hello@fig.example\" {8}") })
    }

    @Test("joins neighbours in a set of UIDs")
    func sets() {
        #expect(IMAPClient.set([5, 1, 2, 3, 9, 4_294_967_295]) == "1:3,5,9,4294967295")
    }

    @Test("waits for new mail, and says DONE before it does anything else")
    func idle() async throws {
        let (client, line) = client { text in
            text == "IDLE" ? "+ idling\r\n* 4 EXISTS\r\n" : text == "DONE" ? "b4 OK done\r\n" : "TAG OK in\r\n"
        }
        try await client.logIn(password)
        #expect(try await client.idle(for: .seconds(5)))
        #expect(line.heard.last == "DONE")
    }

    @Test("refuses to read without TLS from anywhere but loopback, and a host that is none")
    func targets() throws {
        #expect(throws: IMAPFailure.self) {
            try LineTarget(IMAPSettings(host: "imap.fig.example", security: .off, user: "x"))
        }
        for host in ["", "a/b", "a@b", "a b", "a\r\nb"] {
            #expect(throws: IMAPFailure.self) { try LineTarget(IMAPSettings(host: host, user: "x")) }
        }
        #expect(try LineTarget(IMAPSettings(host: "::1", security: .off, user: "x")).url == "imap://[::1]:143/")
    }
}

import Doubles
import Synchronization
import Testing

@testable import Platform

@Suite("Access tokens") struct AccessTokensTests {
    private let settings = OAuthSettings(
        endpoint: "https://login.fig.example/token", clientID: "id&1", clientSecret: SecretString("s3cret+"),
        refreshToken: SecretString("refresh/1"), scope: "https://outlook.office.com/IMAP.AccessAsUser.All offline")

    private final class Clock: Sendable {
        private let state = Mutex(ContinuousClock.now)
        var now: ContinuousClock.Instant { state.withLock { $0 } }
        func advance(_ duration: Duration) { state.withLock { $0 += duration } }
    }

    private func failure(_ reply: HTTPResponse, _ settings: OAuthSettings? = nil) async -> OAuthFailure? {
        let tokens = AccessTokens(settings ?? self.settings, transport: ScriptedTransport(reply))
        do throws(OAuthFailure) {
            _ = try await tokens.current()
            return nil
        } catch { return error }
    }

    @Test("buys with a refresh token, keeps it until shortly before its end, and follows the provider to the next one")
    func refreshed() async throws {
        let clock = Clock()
        let transport = ScriptedTransport(
            .json(#"{"access_token": "one", "expires_in": 3600, "refresh_token": "refresh/2"}"#),
            .json(#"{"access_token": "two", "expires_in": "3600"}"#))
        let tokens = AccessTokens(settings, transport: transport) { clock.now }
        #expect(try await tokens.current().value == SecretString("one"))
        clock.advance(.seconds(3400))
        #expect(try await tokens.current().value == SecretString("one"))
        clock.advance(.seconds(100))
        #expect(try await tokens.current().value == SecretString("two"))
        let bodies = transport.requests.map { String(decoding: $0.body ?? [], as: UTF8.self) }
        #expect(
            bodies.first
                == "client_id=id%261&client_secret=s3cret%2B&grant_type=refresh_token&refresh_token=refresh%2F1"
                + "&scope=https%3A%2F%2Foutlook.office.com%2FIMAP.AccessAsUser.All%20offline")
        #expect(bodies.count == 2 && bodies[1].contains("refresh_token=refresh%2F2"))
    }

    @Test("buys with the client's id and secret alone")
    func client() async throws {
        var settings = settings
        settings.refreshToken = nil
        settings.scope = nil
        let transport = ScriptedTransport(.json(#"{"access_token": "one"}"#))
        _ = try await AccessTokens(settings, transport: transport).current()
        #expect(
            transport.requests.first?.body.map { String(decoding: $0, as: UTF8.self) }
                == "client_id=id%261&client_secret=s3cret%2B&grant_type=client_credentials")
    }

    @Test("asks once, however many want one, and again only for a token that was refused")
    func once() async throws {
        let transport = RoutedTransport { _ in .json(#"{"access_token": "one", "expires_in": 3600}"#) }
        let tokens = AccessTokens(settings, transport: transport)
        let all = try await withThrowingTaskGroup(of: AccessTokens.Token.self) { group in
            for _ in 0..<50 { group.addTask { try await tokens.current() } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(Set(all.map(\.number)) == [1] && transport.requests.count == 1)
        await tokens.refuse(all[0])
        let next = try await tokens.current()
        #expect(next.number == 2 && transport.requests.count == 2)
        // The same refusal, told late by another session, throws away nothing.
        await tokens.refuse(all[1])
        #expect(try await tokens.current() == next)
    }

    @Test(
        "says what to do about a refusal, and no more than a code of the provider's words",
        arguments: [
            (
                400, #"{"error": "invalid_grant", "error_description": "AADSTS700082: tom@fig.example expired"}"#,
                "log in again"
            ),
            (401, #"{"error": "invalid_client"}"#, "client_secret"), (400, #"{"error": "invalid_scope"}"#, "scope"),
            (400, #"{"error": "tom@fig.example is unknown"}"#, "HTTP 400"), (503, "", "asked again"),
            (200, "<html>tom@fig.example</html>", "endpoint"), (200, #"{"access_token": "a\nb"}"#, "endpoint"),
        ])
    func refusals(_ status: Int, _ body: String, _ words: String) async {
        let failure = await failure(.json(body, status: status))
        let text = failure?.description ?? ""
        #expect(text.contains(words) && text.contains("login.fig.example"), "\(text)")
        #expect(!text.contains("tom@") && !text.contains("s3cret") && !text.contains("refresh/"))
        #expect(failure?.isTemporary == (status == 503))
        if body.contains("AADSTS") { #expect(text.contains("AADSTS700082")) }
    }

    @Test("takes a login server that cannot be reached for something that passes")
    func unreachable() async {
        let tokens = AccessTokens(settings, transport: ScriptedTransport([.failure(TransferFailure(.connect))]))
        do throws(OAuthFailure) {
            _ = try await tokens.current()
            Issue.record("a token")
        } catch { #expect(error.isTemporary) }
    }

    @Test("logs in to a relay by token, and once more with a new one when it is refused", arguments: [1, 2])
    func relay(_ refusals: Int) async throws {
        let logins = Mutex<[String]>([])
        let script: @Sendable (ScriptedServer.Line) -> Void = { line in
            line.send("220 relay.example ESMTP\r\n")
            while let command = line.read(upTo: "\r\n")?.dropLast() {
                if command.hasPrefix("EHLO") {
                    line.send("250-relay.example\r\n250-AUTH PLAIN XOAUTH2\r\n250 8BITMIME\r\n")
                } else if command.hasPrefix("AUTH XOAUTH2 ") {
                    let count = logins.withLock { logins in
                        logins.append(String(command.dropFirst(13)))
                        return logins.count
                    }
                    if count > refusals {
                        line.send("235 2.7.0 Accepted\r\n")
                    } else {
                        line.send("334 eyJzdGF0dXMiOiI0MDEifQ==\r\n")
                        _ = line.read(upTo: "\r\n")
                        line.send("535 5.7.8 Username and Password not accepted\r\n")
                    }
                } else {
                    line.send("250 2.0.0 Ok\r\n")
                }
            }
        }
        let count = Mutex(0)
        let transport = RoutedTransport { _ in
            let number = count.withLock { count in
                count += 1
                return count
            }
            return .json(#"{"access_token": "token\#(number)", "expires_in": 3600}"#)
        }
        try await ScriptedServer.run(script) { server in
            let engine = TransferEngine()
            let relay = SMTPRelay(
                SMTPSettings(
                    url: "smtp://127.0.0.1:\(server.port)", username: "hello@fig.example", startTLS: .off),
                engine: engine, tokens: AccessTokens(settings, transport: transport))
            let reply = await relay.probe()
            #expect(refusals == 1 ? reply.code == 250 : reply.code == 535, "\(reply)")
            #expect(refusals == 1 || reply.phase == .auth)
            await engine.shutdown(within: .seconds(5))
        }
        // "user=hello@fig.example\u{1}auth=Bearer token1\u{1}\u{1}" and the same of token2.
        #expect(
            logins.withLock { $0 } == [
                "dXNlcj1oZWxsb0BmaWcuZXhhbXBsZQFhdXRoPUJlYXJlciB0b2tlbjEBAQ==",
                "dXNlcj1oZWxsb0BmaWcuZXhhbXBsZQFhdXRoPUJlYXJlciB0b2tlbjIBAQ==",
            ])
    }
}

package import Platform

/// Why a mailbox could not be read, for people.
struct MailboxTrouble: Error {
    /// The mail server's part in it; nil where it had none.
    var kind: IMAPFailure.Kind?
    var words: String

    init(kind: IMAPFailure.Kind?, words: String) {
        self.kind = kind
        self.words = words
    }

    init(_ failure: IMAPFailure) { self.init(kind: failure.kind, words: failure.description) }

    /// Whether only this folder, or this mail, is concerned, and the session goes on.
    var isLocal: Bool { kind == .folder || kind == .refused || kind == .unsupported }

    /// As a source's failure; a cancellation stays one.
    var outward: any Error { kind == .cancelled ? CancellationError() : SourceFailure(words) }
}

extension MailboxSettings {
    /// Connects and logs in; with a token once more when the first is refused.
    func logIn(_ engine: TransferEngine) async throws(MailboxTrouble) -> IMAPClient {
        switch login {
        case .password(let password): return try await logIn(engine, .password(password))
        case .tokens(let tokens):
            let token = try await current(tokens)
            do throws(MailboxTrouble) { return try await logIn(engine, .token(token.value)) } catch {
                guard error.kind == .login else { throw error }
            }
            await tokens.refuse(token)
            return try await logIn(engine, .token(try await current(tokens).value))
        }
    }

    private func logIn(
        _ engine: TransferEngine, _ credentials: IMAPCredentials
    ) async throws(MailboxTrouble) -> IMAPClient {
        do throws(IMAPFailure) { return try await IMAPClient.open(server, credentials, engine: engine) } catch {
            throw MailboxTrouble(error)
        }
    }

    private func current(_ tokens: AccessTokens) async throws(MailboxTrouble) -> AccessTokens.Token {
        do throws(OAuthFailure) { return try await tokens.current() } catch {
            throw MailboxTrouble(kind: nil, words: error.description)
        }
    }
}

/// Waits for new mail on a connection of its own, so that reading need not be interrupted for it.
///
/// Its word is no more than "look": whoever looks finds the mail by the cursor, and a word that is lost costs a tick.
package actor MailboxWatcher {
    /// How long the server is left alone. RFC 2177 asks for less than 29 minutes; Gmail wants to hear from us every 10.
    package static let renewal = Duration.seconds(9 * 60)

    private let settings: MailboxSettings
    private let engine: TransferEngine
    private let renewal: Duration
    private var client: IMAPClient?

    package init(_ settings: MailboxSettings, engine: TransferEngine, renewal: Duration = MailboxWatcher.renewal) {
        self.settings = settings
        self.engine = engine
        self.renewal = renewal
    }

    /// Returns when there may be new mail in the first folder: at once after connecting, and then whenever the server
    /// says so. One waits at a time.
    ///
    /// - Throws: `SourceFailure` where the server cannot be reached, or does not tell of new mail; `CancellationError`.
    package func news() async throws {
        do throws(MailboxTrouble) { try await wait() } catch {
            await client?.close()
            client = nil
            throw error.outward
        }
    }

    private func wait() async throws(MailboxTrouble) {
        guard let client, await !client.isOver else {
            let client = try await settings.logIn(engine)
            self.client = client
            do throws(IMAPFailure) { _ = try await client.examine(settings.folders.first ?? "INBOX") } catch {
                throw MailboxTrouble(error)
            }
            return
        }
        do throws(IMAPFailure) { while try await !client.idle(for: renewal) {} } catch { throw MailboxTrouble(error) }
    }

    /// Ends the connection.
    package func close() async {
        await client?.logOut()
        client = nil
    }
}

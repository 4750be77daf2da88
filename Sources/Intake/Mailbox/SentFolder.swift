package import Platform

/// Puts copies of what the shop sent into the mailbox's folder of sent mail, where the people who work in a mail program
/// look for it. It is the one thing that is ever written to a mailbox.
package actor SentFolder {
    private let settings: MailboxSettings
    private let engine: TransferEngine

    package init(_ settings: MailboxSettings, engine: TransferEngine) {
        self.settings = settings
        self.engine = engine
    }

    /// Puts a mail there.
    ///
    /// - Parameters:
    ///   - id: its Message-ID, without angle brackets.
    ///   - looksFirst: it may be there already, for it was not heard what became of an earlier try.
    package func keep(_ mail: [UInt8], id: String, looksFirst: Bool) async throws {
        do throws(MailboxTrouble) {
            let client = try await settings.logIn(engine)
            let folder: String?
            do throws(IMAPFailure) { folder = try await self.folder(client) } catch {
                await client.close()
                throw MailboxTrouble(error)
            }
            guard let folder else {
                await client.logOut()
                throw MailboxTrouble(
                    kind: .folder,
                    words:
                        "the mail server \(settings.server.place) marks no folder as that of sent mail; write its name "
                        + "as 'sent:' under 'mailbox', or remove 'keep_sent'")
            }
            do throws(IMAPFailure) { try await put(mail, id: id, looksFirst: looksFirst, into: folder, client) } catch {
                await client.close()
                throw MailboxTrouble(error)
            }
            await client.logOut()
        } catch { throw error.outward }
    }

    private func folder(_ client: IMAPClient) async throws(IMAPFailure) -> String? {
        switch settings.sent {
        case .none: return nil
        case .named(let name): return name
        case .marked: return try await MailboxReader.sentFolder(client)
        }
    }

    private func put(
        _ mail: [UInt8], id: String, looksFirst: Bool, into folder: String, _ client: IMAPClient
    ) async throws(IMAPFailure) {
        if looksFirst {
            _ = try await client.examine(folder)
            if try await client.has(messageID: id) { return }
        }
        try await client.append(mail, to: folder)
    }
}

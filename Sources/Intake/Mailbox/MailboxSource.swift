// A shop's mailbox as a source. One cursor holds the place in every folder, so a mail that lies in two of them, or
// moves, is one observation: its id is its identity (MailIdentity) and not its place.
//
// * The first opening sets the place to the newest mail and reads nothing.
// * Of each mail from there on the addresses at its head are looked at; only the shop's mail is fetched, of the rest
//   only the number moves on.
// * Under another UIDVALIDITY the numbers mean nothing: the folder is read again from the day before its newest mail,
//   and what was had is recognised by its identity. What came before the first opening stays unread.
// * A mail that cannot be had, after some attempts by itself, is parked: an observation that says why.
// * A folder that cannot be read is told, and the others are read.
//
// Nothing in the mailbox changes: it is opened for reading, and \Seen is the people's own.

package import Outreach
package import Platform

/// Which mailbox, and what in it is the shop's.
package struct MailboxSettings: Sendable {
    /// How the mailbox is opened.
    package enum Login: Sendable {
        case password(SecretString)
        case tokens(AccessTokens)
    }

    /// The folder of sent mail.
    package enum Sent: Hashable, Sendable {
        /// The one that the server marks so (RFC 6154), or that bears a usual name.
        case marked
        case named(String)
        /// Sent mail is not read.
        case none
    }

    package var shop: String
    package var server: IMAPSettings
    package var login: Login
    /// The folders that mail comes in to.
    package var folders: [String]
    package var sent: Sent
    package var addresses: ShopAddresses
    /// How many bytes of a mail are kept whole; of a larger one the head and the beginning of the text.
    package var maximumMail: Int
    /// How many mails one page brings of each folder.
    package var pageMails: Int

    package init(
        shop: String, server: IMAPSettings, login: Login, folders: [String] = ["INBOX"], sent: Sent = .marked,
        addresses: ShopAddresses, maximumMail: Int = 25_000_000, pageMails: Int = 50
    ) {
        self.shop = shop
        self.server = server
        self.login = login
        self.folders = folders
        self.sent = sent
        self.addresses = addresses
        self.maximumMail = maximumMail
        self.pageMails = pageMails
    }
}

/// One shop's mailbox.
package final class MailboxSource: ObservationSource {
    /// What mailboxes are called in rows and cursors.
    package static let sourceName = "mailbox"

    package let name: String = "mailbox"
    private let reader: MailboxReader
    private let meaning: @Sendable (RawObservation, MailKind) throws(SourceFailure) -> [JudgedEvent]

    /// - Parameters:
    ///   - meaning: what events a mail means; pure.
    package init(
        _ settings: MailboxSettings, identity: MailIdentity, engine: TransferEngine,
        meaning: @escaping @Sendable (RawObservation, MailKind) throws(SourceFailure) -> [JudgedEvent]
    ) {
        reader = MailboxReader(settings, identity: identity, engine: engine)
        self.meaning = meaning
    }

    package func poll(from cursor: String?, now: Moment) async throws -> SourcePage {
        try await reader.page(from: cursor, now: now)
    }

    package func judge(_ observation: RawObservation) throws(SourceFailure) -> [JudgedEvent] {
        guard let kind = MailKind(observation.kind) else {
            throw SourceFailure("'\(observation.kind)' is not a kind of mail; was it stored by a newer version?")
        }
        if kind.isParked { throw SourceFailure(String(decoding: observation.bytes.prefix(500), as: UTF8.self)) }
        return try meaning(observation, kind)
    }
}

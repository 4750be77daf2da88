internal import FoundationEssentials
package import Outreach

/// Up to where a mailbox was read: one place for each folder, of one host and user.
package struct MailboxCursor: Hashable, Sendable, Codable {
    /// The place in one folder.
    package struct Place: Hashable, Sendable, Codable {
        /// What the UIDs belong to (RFC 9051, 2.3.1.1).
        package var validity: UInt32
        /// The last mail that was read or passed by.
        package var last: UInt32
        /// When the folder was opened first: older mail is never read as new.
        package var opened: Moment
        /// When the newest mail came that was looked at.
        package var newest: Moment
        /// While the folder is read again under another validity: from when on.
        package var again: Moment?

        package init(validity: UInt32, last: UInt32, opened: Moment, newest: Moment, again: Moment? = nil) {
            self.validity = validity
            self.last = last
            self.opened = opened
            self.newest = newest
            self.again = again
        }
    }

    package var host: String
    package var user: String
    package var folders: [String: Place]

    package init(host: String, user: String, folders: [String: Place] = [:]) {
        self.host = host
        self.user = user
        self.folders = folders
    }

    /// Reads what ``text`` wrote; a new place where it is another mailbox's or cannot be read.
    package init(_ text: String?, host: String, user: String) {
        self.init(host: host, user: user)
        guard let text, let read = try? JSONDecoder().decode(Self.self, from: Data(text.utf8)), read.host == host,
            read.user == user
        else { return }
        self = read
    }

    /// As it is kept; the same place is the same text.
    package var text: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Numbers and strings alone, which always encode.
        return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
}

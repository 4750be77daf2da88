internal import FoundationEssentials
public import Outreach

// The files of messages are in the mails themselves: of what came in in its observation, of what went out in its
// frozen bytes. When a message with files is written, its mail is marked with the day until which they are kept; then
// the mail is written again without them.

/// A mail that has files, and where it is kept.
public struct MailWithFiles: Hashable, Sendable {
    public enum Place: Hashable, Sendable {
        /// It came in: the number of its observation.
        case observation(Int64)
        /// It went out: the number of its effect.
        case message(Int64)
    }

    public var place: Place
    public var bytes: [UInt8]
}

extension Store {
    /// The mail that a message of a conversation came or went as, as far as it is kept; nil where there is none.
    public func mailBytes(
        ofMessage id: Int64, of conversation: Int64, shop domain: String
    ) async throws(StoreFailure) -> (message: ConversationMessage, bytes: [UInt8])? {
        try await read { db in
            let shop = try db.shop(domain)
            guard
                let message = try db.first(
                    Query.messageOfConversation, [shop, id, conversation], ConversationMessage.init)
            else { return nil }
            let bytes: [UInt8]?
            if let observation = message.observationID {
                bytes = try db.first(Query.bytesOfObservation, [shop, observation]) { $0[0] as [UInt8] }
            } else if let effect = message.effectID {
                bytes = try db.first(Query.bytesOfMail, [shop, effect]) { $0[0] as [UInt8] }
            } else {
                bytes = nil
            }
            return bytes.map { (message, $0) }
        }
    }

    /// A message of a conversation; nil where there is none.
    public func message(
        _ id: Int64, of conversation: Int64, shop domain: String
    ) async throws(StoreFailure) -> ConversationMessage? {
        try await read { db in
            try db.first(
                Query.messageOfConversation, [try db.shop(domain), id, conversation], ConversationMessage.init)
        }
    }

    /// A mail whose files are to be kept no longer; nil if there is none.
    public func mailWithOldFiles(shop domain: String, now: Moment) async throws(StoreFailure) -> MailWithFiles? {
        try await read { db in
            let shop = try db.shop(domain)
            let came = try db.first(Query.oldFilesOfObservations, [shop, now.milliseconds]) {
                MailWithFiles(place: .observation($0[0]), bytes: $0[1])
            }
            return try came
                ?? db.first(Query.oldFilesOfMails, [shop, now.milliseconds]) {
                    MailWithFiles(place: .message($0[0]), bytes: $0[1])
                }
        }
    }

    /// Keeps a mail without its files.
    ///
    /// - Parameter mail: with the bytes that are left.
    public func keepWithoutFiles(_ mail: MailWithFiles, shop domain: String, now: Moment) async throws(StoreFailure) {
        try await write { db in
            let shop = try db.shop(domain)
            switch mail.place {
            case .observation(let id):
                try db.run(
                    "UPDATE observations SET bytes = ?, files_until = NULL WHERE shop = ? AND id = ?",
                    [mail.bytes, shop, id])
            case .message(let effect):
                try db.run(
                    """
                    UPDATE messages SET bytes = ?, files_until = NULL
                    WHERE shop = ? AND effect_id = ? AND purged_at IS NULL
                    """, [mail.bytes, shop, effect])
            }
            try db.note(now)
        }
    }
}

extension Connection {
    /// Notes that a mail that came in has files, and until when they are kept.
    func keepFiles(ofObservation id: Int64, since moment: Moment, shop: Int64) throws {
        try run(
            "UPDATE observations SET files_until = ? WHERE shop = ? AND id = ?",
            [(moment + ConversationRules.keepsFiles).milliseconds, shop, id])
    }

    /// The same of a mail that goes out.
    func keepFiles(ofEffect id: Int64, since moment: Moment, shop: Int64) throws {
        try run(
            "UPDATE messages SET files_until = ? WHERE shop = ? AND effect_id = ?",
            [(moment + ConversationRules.keepsFiles).milliseconds, shop, id])
    }
}

extension Query {
    static let messageOfConversation = """
        SELECT \(ConversationMessage.columns) FROM conversation_messages
        WHERE shop = ? AND id = ? AND conversation_id = ?
        """
    static let bytesOfObservation = "SELECT bytes FROM observations WHERE shop = ? AND id = ?"
    static let bytesOfMail = """
        SELECT bytes FROM messages WHERE shop = ? AND effect_id = ? AND kind = 'email' AND purged_at IS NULL
        """
    static let oldFilesOfObservations = """
        SELECT id, bytes FROM observations WHERE shop = ? AND files_until <= ? AND files_until IS NOT NULL
        ORDER BY files_until, id LIMIT 1
        """
    static let oldFilesOfMails = """
        SELECT effect_id, bytes FROM messages
        WHERE shop = ? AND files_until <= ? AND files_until IS NOT NULL AND purged_at IS NULL
        ORDER BY files_until, effect_id LIMIT 1
        """
}

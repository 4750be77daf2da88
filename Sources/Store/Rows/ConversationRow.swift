internal import FoundationEssentials
internal import Outreach

/// A conversation as its row has it, and whose answers and questions count towards its limits.
struct ConversationRow {
    var record: ConversationRecord
    /// The keyed hashes of whom it is with, and of the address that its order was placed with.
    var addressKeys: [Data]

    /// The columns that a row is read from, in order.
    static let columns = """
        conversations.id, aggregates.version, conversations.state, conversations.holder, conversations.team,
        conversations.channel, about.gid, conversations.address, conversations.name, conversations.subject,
        conversations.opened_at, conversations.waits_since, conversations.decide_by, conversations.snoozed_until,
        conversations.closed_at, conversations.reason, conversations.hand_overs, conversations.take_overs,
        conversations.closings, conversations.last_at, conversations.last_incoming_at, conversations.message_count,
        conversations.address_key, orders.address_key, conversations.tags
        """
    /// The tables that have them.
    static let tables = """
        conversations
        JOIN aggregates ON aggregates.shop = conversations.shop AND aggregates.id = conversations.id
        LEFT JOIN aggregates AS about ON about.shop = conversations.shop AND about.id = conversations.order_id
        LEFT JOIN orders ON orders.shop = conversations.shop AND orders.id = conversations.order_id
        """

    /// Reads `columns`. Messages and counts are read by `filled`.
    init(_ row: Row, shop: String) throws {
        var record = ConversationRecord(
            shop: shop, channel: InboundChannel(rawValue: row[5]), openedAt: row.moment(10))
        record.id = row[0]
        record.version = row[1]
        record.state = try row.word(2)
        (record.holder, record.team) = (row[3], row[4])
        (record.orderID, record.address, record.name, record.subject) = (row[6], row[7], row[8], row[9])
        (record.waitsSince, record.decideBy) = (row.optionalMoment(11), row.optionalMoment(12))
        (record.snoozedUntil, record.closedAt) = (row.optionalMoment(13), row.optionalMoment(14))
        record.reason = (row[15] as String?).map { ConversationReason(rawValue: $0) }
        (record.handOvers, record.takeOvers, record.closings) = (row[16], row[17], row[18])
        (record.lastAt, record.lastIncomingAt) = (row.moment(19), row.optionalMoment(20))
        record.messageCount = row[21]
        record.tags = try ConversationMessage.texts(stored: row[24])
        self.record = record
        addressKeys = [row[22] as Data?, row[23] as Data?].compactMap(\.self)
    }
}

extension ConversationMessage {
    /// The columns that a message is read from, in order.
    static let columns = """
        id, direction, author, person, said_at, text, channel, trust, understood, is_follow_up, has_photo, sender,
        recipient, mail_id, mail_ids, subject, observation_id, effect_id, files
        """

    /// Reads `columns`.
    init(_ row: Row) throws {
        let author: Author
        switch row[2] as String {
        case "shopper": author = .shopper
        case "bookbag": author = .bookbag
        case "person": author = .person(row[3])
        default: throw StoreFailure.unreadable("a message's author")
        }
        self.init(
            try row.word(1), by: author, at: row.moment(4), text: row[5], channel: InboundChannel(rawValue: row[6]))
        id = row[0]
        trust = row[7]
        understood = try (row[8] as String?).map { try Understood(stored: $0) }
        (isFollowUp, hasPhoto, sender, recipient) = (row[9], row[10], row[11], row[12])
        messageID = row[13]
        references = (row[14] as String).split(separator: " ").map(String.init)
        subject = row[15]
        (observationID, effectID) = (row[16], row[17])
        files = try Self.files(stored: row[18])
    }

    private static func files(stored text: String) throws -> [MessageFile] {
        if text == "[]" { return [] }
        do { return try JSONDecoder().decode([MessageFile].self, from: Data(text.utf8)) } catch {
            throw StoreFailure.unreadable("the list of a message's files")
        }
    }

    /// The list of its files as it is stored.
    var storedFiles: String {
        get throws {
            if files.isEmpty { return "[]" }
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            return String(decoding: try encoder.encode(files), as: UTF8.self)
        }
    }

    /// A list of names from its column.
    static func texts(stored text: String) throws -> [String] {
        if text == "[]" { return [] }
        do { return try JSONDecoder().decode([String].self, from: Data(text.utf8)) } catch {
            throw StoreFailure.unreadable("a list of names of a conversation")
        }
    }

    /// A list of names as it is stored.
    static func stored(_ texts: [String]) throws -> String {
        texts.isEmpty ? "[]" : String(decoding: try JSONEncoder().encode(texts), as: UTF8.self)
    }

    /// Who said it, as the row has it.
    var storedAuthor: (kind: String, person: String?) {
        switch author {
        case .shopper: ("shopper", nil)
        case .bookbag: ("bookbag", nil)
        case .person(let address): ("person", address)
        }
    }
}

extension Understood {
    init(stored text: String) throws {
        do { self = try JSONDecoder().decode(Self.self, from: Data(text.utf8)) } catch {
            throw StoreFailure.unreadable("what was understood of a message")
        }
    }

    /// As it is stored.
    var stored: String {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            return String(decoding: try encoder.encode(self), as: UTF8.self)
        }
    }
}

internal import FoundationEssentials

// Conversations in the shop's helpdesk: one ticket each.
//
//     handed over ──▶ open, with her words ──▶ the rest of her words ──▶ a note: the story and the draft
//                                                   ▲                          │
//                                                   └── whatever is said later ◀┘
//
// Each of these is an effect of its own, and the next one is written once the helpdesk has the last. What to write next
// follows from what the ticket has, so whoever changes a conversation need not know of tickets, and nothing that
// happened while nobody looked is missed.
//
// Where the shop's mail arrives in the helpdesk alone (`mailbox_belongs_to: helpdesk`), it is the other way round: the
// ticket is there first, and what a customer writes in it is a message of its conversation. What triggers answer goes
// into that ticket as a public comment, which the helpdesk mails to her, and what needs a person is the same note.

extension InboundChannel {
    /// A ticket of the shop's helpdesk.
    public static let helpdesk = InboundChannel(rawValue: "helpdesk")
}

/// Where the shop's helpdesk has a conversation.
public struct Ticket: Hashable, Sendable {
    public enum State: String, Hashable, Sendable, CaseIterable {
        /// It is asked for, and the helpdesk has not said its number yet.
        case opening
        case open
        /// The shop's people are done with it; words of hers open it again.
        case solved
        /// Nothing can be added any more.
        case closed
        /// The helpdesk does not take it.
        case refused
    }

    public var shop: String
    public var conversation: Int64
    /// As the helpdesk counts; nil until it said so.
    public var number: String?
    /// Where people look at it; nil where the helpdesk says none.
    public var url: String?
    public var state: State
    /// The helpdesk's own word for the version of it that was read last; nil before the first.
    public var stamp: String?
    /// The number of the last message that was written there; 0 for none.
    public var postedTo: Int64
    /// The hand-over that its last note tells of.
    public var handOver: Int
    /// Whether something is being written there.
    public var isPosting = false

    public init(
        shop: String, conversation: Int64, number: String? = nil, url: String? = nil, state: State = .opening,
        stamp: String? = nil, postedTo: Int64 = 0, handOver: Int = 0
    ) {
        self.shop = shop
        self.conversation = conversation
        self.number = number
        self.url = url
        self.state = state
        self.stamp = stamp
        self.postedTo = postedTo
        self.handOver = handOver
    }
}

/// What is written to a conversation's ticket next.
public enum TicketStep: Hashable, Sendable {
    /// The ticket itself, with her words; with none, the note is its beginning.
    case open(ConversationMessage?)
    /// Something that was said since.
    case say(ConversationMessage)
    /// Nothing of this message: it came from there.
    case pass(ConversationMessage)
    /// The story, and the answers that were drafted.
    case note
}

extension OrderRecord {
    /// The ticket that an answer goes into; nil where she did not write in one.
    public var answerTicket: String? {
        guard let conversation, conversation.channel == .helpdesk else { return nil }
        return conversation.ticket
    }
}

public enum TicketRules {
    /// What to write next; nil for nothing, or as long as the last is not there.
    ///
    /// - Parameter unposted: the first message after those that the ticket has.
    public static func next(
        _ record: ConversationRecord, _ ticket: Ticket?, unposted: ConversationMessage?
    ) -> TicketStep? {
        guard let ticket else {
            guard record.isPersons, record.handOvers > 0, let since = record.waitsSince else { return nil }
            return .open(record.messages.first { $0.direction == .incoming && $0.at >= since })
        }
        guard ticket.number != nil, !ticket.isPosting else { return nil }
        if let unposted { return unposted.channel == .helpdesk ? .pass(unposted) : .say(unposted) }
        return record.isPersons && ticket.handOver < record.handOvers ? .note : nil
    }

    /// What an agent's reply changes: it is a take-over. Words of hers that are newer than it still wait.
    public static func reply(
        _ message: ConversationMessage, by person: String, in record: ConversationRecord, now: Moment
    ) -> ConversationChange {
        var change = ConversationRules.reply(message, by: person, in: record, now: now)
        if let last = record.lastIncoming, last.at > message.at, record.waitsSince != nil {
            change.record.waitsSince = last.at
        }
        return change
    }

    /// What words of hers change that she wrote into the ticket. Nobody but a person answers these.
    public static func receive(
        _ message: ConversationMessage, in record: ConversationRecord, now: Moment
    ) -> ConversationChange {
        var change = ConversationRules.receive(message, into: record, opening: record, answers: false, now: now)
        // She wrote there because an agent did; it is no other conversation for that.
        change.record.channel = record.channel
        return change
    }
}

/// One thing that is written to a ticket: the frozen bytes of an effect.
public struct TicketPost: Codable, Hashable, Sendable {
    public enum Act: String, Codable, Sendable, CaseIterable {
        /// The ticket itself, with what it begins with.
        case open
        /// Her words, as from her.
        case words
        /// Something for the shop's people alone.
        case note
        /// What a trigger answers her, which the helpdesk mails to her. Not after an agent's reply.
        case answer
        /// What one of the shop's people at the desk answers her.
        case reply

        /// Whether it goes to her, in the shop's name.
        public var isToHer: Bool { self == .answer || self == .reply }
    }

    public var act: Act
    /// What we call the ticket in the helpdesk, by which it is found again.
    public var externalID: String
    /// Tells it from everything else that is written to the ticket.
    public var mark: String
    /// The ticket's number; nil to open it.
    public var ticket: String?
    public var subject = ""
    public var text: String
    /// Whether it is hers, or for the shop's people alone.
    public var isPublic: Bool
    /// Who she is.
    public var name: String
    /// Her mail address; nil where none is known.
    public var address: String?
    /// The number that she texted from.
    public var phone: String?
    /// The shop's address that she wrote to.
    public var to: String?
    /// Where she wrote.
    public var channel: String
    public var at: Moment
    public var conversation: Int64
    /// The order's name.
    public var order: String?
    /// The helpdesk's number of the comment that it answers: the last of hers that was read. Of an answer.
    public var answers: String?
    /// Whether it is all that she waits for, so that the ticket waits for her then. Of what goes to her.
    public var isDone: Bool?

    public init(
        _ act: Act, of record: ConversationRecord, mark: String, ticket: String?, text: String, isPublic: Bool,
        at: Moment
    ) {
        self.act = act
        externalID = Self.externalID(of: record)
        self.mark = mark
        self.ticket = ticket
        self.text = text
        self.isPublic = isPublic
        self.at = at
        conversation = record.id
        channel = record.channel.rawValue
        let who = record.lastIncoming?.sender ?? record.address
        if let who, MailAddress(address: who) != nil {
            address = who
        } else {
            phone = who.flatMap { PhoneNumber($0) }?.text
        }
        name = record.name.flatMap { $0.isEmpty ? nil : $0 } ?? address ?? phone ?? "A customer"
        subject = record.subject.isEmpty ? "Message from \(name)" : record.subject
        to = record.lastIncoming?.recipient
    }

    /// The ticket's name for us. It says nothing, and no other conversation ever has it, not even one that gets the same
    /// number after a backup was restored.
    public static func externalID(of record: ConversationRecord) -> String {
        "bookbag-\(MessageIdentity.ticket(shop: record.shop, record.id, openedAt: record.openedAt))"
    }

    /// Reads the bytes of a message; nil if they are no such thing.
    public init?(_ message: Message) {
        guard message.kind == .helpdesk, let post = try? JSONDecoder().decode(Self.self, from: Data(message.bytes))
        else { return nil }
        self = post
    }

    /// What makes the same effect: written once.
    public var key: String { "\(externalID) \(mark)" }

    /// The mark of what is said in a ticket by that effect.
    public static func mark(of effect: Effect) -> String { MessageIdentity.answer(of: effect) }

    /// What a comment of hers is called among the messages of its conversation. No mail is called so: it has a space.
    public static func messageID(ofComment id: String) -> String { "comment \(id)" }

    /// The number of the comment that a message was; nil if it was none.
    public static func comment(of message: ConversationMessage?) -> String? {
        guard let id = message?.messageID, id.hasPrefix("comment ") else { return nil }
        return String(id.dropFirst("comment ".count))
    }

    /// The message of its effect; nil if it cannot be written down.
    public func message() -> Message? {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let bytes = try? encoder.encode(self) else { return nil }
        let summary: String
        switch act {
        case .open: summary = "a ticket: \(subject.prefix(150))"
        case .words: summary = "the customer's words, for ticket \(ticket ?? "")"
        case .note: summary = "a note, for ticket \(ticket ?? "")"
        case .answer, .reply: summary = "Re: \(subject.prefix(150))"
        }
        return Message(
            id: MessageIdentity.post(of: key), kind: .helpdesk,
            envelope: Message.Envelope(recipient: address ?? phone ?? ""), bytes: Array(bytes), summary: summary)
    }
}

/// Something that happened in a ticket: the bytes of an observation.
public struct TicketNews: Codable, Hashable, Sendable {
    public enum Author: String, Codable, Sendable {
        case customer, agent
        /// What we wrote ourselves.
        case ours
    }

    /// What was said.
    public struct Comment: Codable, Hashable, Sendable {
        /// The helpdesk's own number for it.
        public var id: String
        public var author: Author
        public var email: String?
        /// False for a note between the shop's people.
        public var isPublic: Bool
        public var text: String
        /// What its author is called.
        public var name: String?
        /// Whether the helpdesk takes it for a program's.
        public var isMachines: Bool?
        /// Whether the helpdesk itself is not sure that it is its author's.
        public var isDoubted: Bool?
        /// Whether a picture came with it.
        public var hasPhoto: Bool?
        /// The names of its files.
        public var files: [String]?

        public init(id: String, author: Author, email: String?, isPublic: Bool, text: String) {
            self.id = id
            self.author = author
            self.email = email
            self.isPublic = isPublic
            self.text = text
        }
    }

    /// How the ticket stands.
    public struct Standing: Codable, Hashable, Sendable {
        /// `open`, `solved` or `closed`.
        public var state: String
        public var stamp: String

        public init(state: Ticket.State, stamp: String) {
            self.state = state.rawValue
            self.stamp = stamp
        }
    }

    /// That somebody took it.
    public struct Taken: Codable, Hashable, Sendable {
        /// What tells it from another time.
        public var id: String
        /// Who; nil where the helpdesk does not say.
        public var by: String?

        public init(id: String, by: String?) {
            self.id = id
            self.by = by
        }
    }

    /// What is known of a ticket in which customers' mail arrives.
    public struct Opening: Codable, Hashable, Sendable {
        public var subject: String
        /// Whom it is with, and whom the helpdesk therefore mails what is said in it to.
        public var requester: String?
        /// The address of the shop that she wrote to.
        public var to: String?
        /// Whether others get copies of what is said in it.
        public var isCopied: Bool
        /// Whose it is among the shop's people: the agent's whom it was given to, or who had answered in it when it was
        /// first seen.
        public var takenBy: String?
        /// Where people look at it.
        public var url: String?

        public init(subject: String, requester: String?, to: String?, isCopied: Bool, url: String?) {
            self.subject = subject
            self.requester = requester
            self.to = to
            self.isCopied = isCopied
            self.url = url
        }
    }

    public var ticket: String
    public var at: Moment
    /// Of a ticket that was not opened by us, where customers' mail arrives in the helpdesk.
    public var opening: Opening?
    public var comment: Comment?
    public var standing: Standing?
    public var taken: Taken?

    public init(
        ticket: String, at: Moment, comment: Comment? = nil, standing: Standing? = nil, taken: Taken? = nil
    ) {
        self.ticket = ticket
        self.at = at
        self.comment = comment
        self.standing = standing
        self.taken = taken
    }

    /// The source of these observations.
    public static let source = "helpdesk"

    /// What tells it from all else that happened.
    public var id: String {
        if let comment { return "comment:\(ticket):\(comment.id)" }
        if let taken { return "taken:\(ticket):\(taken.id)" }
        return "standing:\(ticket):\(standing?.stamp ?? "")"
    }

    /// As it is stored.
    ///
    /// - Parameter conversation: that of the ticket; nil where it has none yet.
    public func observation(shop: String, conversation: Int64?, now: Moment) -> RawObservation? {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let bytes = try? encoder.encode(self) else { return nil }
        return RawObservation(
            shop: shop, source: Self.source, externalID: id, receivedAt: now,
            kind: comment != nil ? "helpdesk.comment" : taken != nil ? "helpdesk.taken" : "helpdesk.standing",
            bytes: Array(bytes),
            about: conversation.map { .conversation($0) },
            // What belongs to no conversation yet is erased with whoever the ticket is with.
            address: comment?.author == .customer ? comment?.email : conversation == nil ? opening?.requester : nil)
    }

    /// Reads an observation; nil if it is no such thing.
    public init?(_ observation: RawObservation) {
        guard observation.source == Self.source,
            let news = try? JSONDecoder().decode(Self.self, from: Data(observation.bytes))
        else { return nil }
        self = news
    }
}

// What one shopper and the shop say to each other about one matter, across channels.
//
//           ┌────────────── a message of hers ◀───────────────┐
//           ▼                                                 │
//     undecided ──▶ ours ────────────────┬──────────▶ closed ─┤
//           │         │                  │              ▲     │
//           │         ▼                  │              │     │
//           └──▶ a person's ◀──▶ snoozed ┴──────────────┘─────┘
//
// A message of hers is undecided for a minute at most: a trigger answers it, or it is a person's. While it is a
// person's, whether somebody took it or it waits for anybody, no trigger answers. A conversation is an aggregate beside
// the order: a decision about it names its version, so taking it over and falling silent are one commit.

/// Where messages come in.
public struct InboundChannel: RawRepresentable, Hashable, Sendable, Codable {
    public let rawValue: String

    /// A channel by the name that it has in rows and in `message.channel`.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// The shop's mailbox.
    public static let mailbox = InboundChannel(rawValue: "mailbox")
    /// The shop's chat.
    public static let chat = InboundChannel(rawValue: "chat")
    public static let sms = InboundChannel(rawValue: "sms")
    /// A signed webhook in our own format.
    public static let hook = InboundChannel(rawValue: "hook")
}

extension AggregateKind {
    /// What a shopper and the shop say to each other about one matter.
    public static let conversation = AggregateKind(rawValue: "conversation")
}

extension AggregateID {
    /// A conversation, by its number in the shop.
    public static func conversation(_ id: Int64) -> AggregateID { AggregateID(kind: .conversation, id: "\(id)") }

    /// The conversation's number, if it is one.
    public var conversationID: Int64? { kind == .conversation ? Int64(id) : nil }
}

/// Why a conversation is a person's, or closed. Stable words: they stand in rows, figures and files.
public struct ConversationReason: RawRepresentable, Hashable, Sendable, Codable {
    public let rawValue: String

    public init(rawValue: String) { self.rawValue = rawValue }

    // Handed over.
    /// Anger, law, harm, need, or the wish for a person.
    public static let needsHuman = ConversationReason(rawValue: "needs_human")
    /// Nothing certain was understood.
    public static let unclear = ConversationReason(rawValue: "unclear")
    /// She writes again about the same.
    public static let isFollowUp = ConversationReason(rawValue: "is_follow_up")
    /// Two triggers would answer.
    public static let several = ConversationReason(rawValue: "several_answers")
    /// The answer waits for somebody's approval.
    public static let draft = ConversationReason(rawValue: "draft")
    /// No trigger answers it.
    public static let nobodyAnswers = ConversationReason(rawValue: "nobody_answers")
    /// It is not known who wrote, or which order is meant.
    public static let unknownSender = ConversationReason(rawValue: "unknown_sender")
    /// So many answers went to the address that another is likelier to feed a machine than to help somebody.
    public static let tooMany = ConversationReason(rawValue: "too_many_answers")
    /// A trigger did it.
    public static let trigger = ConversationReason(rawValue: "trigger")
    /// She said that the answer did not help.
    public static let notHelped = ConversationReason(rawValue: "not_helped")
    /// She rated it 2 or less.
    public static let ratedLow = ConversationReason(rawValue: "rated_low")
    /// It could not be read.
    public static let unreadable = ConversationReason(rawValue: "unreadable")
    /// It came before a backup was restored, and may have been answered.
    public static let restored = ConversationReason(rawValue: "restored")
    /// A person wrote to her.
    public static let answered = ConversationReason(rawValue: "answered")
    /// A person took it.
    public static let taken = ConversationReason(rawValue: "taken")

    // Closed.
    /// Somebody closed it.
    public static let done = ConversationReason(rawValue: "done")
    /// She asked for nothing, or said that the answer helped.
    public static let helped = ConversationReason(rawValue: "helped")
    /// Nothing was said for so long that it is over.
    public static let quiet = ConversationReason(rawValue: "quiet")
}

/// What was understood of a message, and by whom. An observation: it is stored before anything is decided on it, and
/// never changed by reading the message again.
public struct Understood: Hashable, Sendable, Codable {
    /// What she asks for, the likeliest first, in the words of `Intents`; empty where that is unclear.
    public var asks: [String] = []
    /// `calm`, `upset` or `angry`.
    public var mood = "calm"
    /// `en`, `de`, …; nil for one that is not known.
    public var language: String?
    /// How sure it is, from 0 to 1.
    public var confidence = 0.0
    /// Whether it is certain enough for a template to answer.
    public var isCertain = false
    /// Whether a person must see it at once.
    public var needsHuman = false
    /// Why no template may answer, worst first.
    public var doubts: [String] = []
    /// The orders that she names.
    public var orders: [String] = []
    /// Who understood it: `built-in 3`, a person's address.
    public var author = ""
    /// What another model took it for; nil where none was asked, or none answered in time.
    public var second: SecondOpinion?

    public init() {}
}

/// One thing that was said, or noted.
public struct ConversationMessage: Hashable, Sendable {
    /// Who said it.
    public enum Author: Hashable, Sendable {
        case shopper
        /// A trigger of ours.
        case bookbag
        /// A person of the shop, by address.
        case person(String)
    }

    public enum Direction: String, Hashable, Sendable, Codable {
        /// She wrote it.
        case incoming = "in"
        /// It went to her.
        case outgoing = "out"
        /// A note between the shop's people, which she never sees.
        case note
    }

    /// The number that the store gave it; 0 until it is stored.
    public var id: Int64 = 0
    public var direction: Direction
    public var author: Author
    public var at: Moment
    /// Her new words, or ours as plain text. At most `ConversationRules.longestText` characters.
    public var text: String
    /// Where it came in or went out.
    public var channel: InboundChannel
    /// What proves who wrote it: 0 nothing; 1 an authenticated sender whose address is on the order, the order's phone, a
    /// proved chat session; 2 a code mailed to the order's address; 3 a person decided.
    public var trust = 0
    /// Of an incoming one.
    public var understood: Understood?
    /// Whether she asked about the same order within seven days before, or answers an answer of ours.
    public var isFollowUp = false
    /// Whether it has a picture.
    public var hasPhoto = false
    /// The address or number that wrote an incoming one.
    public var sender: String?
    /// The address of the shop that an incoming one was sent to: it is answered from there.
    public var recipient: String?
    /// A mail's `Message-ID`, without angle brackets.
    public var messageID: String?
    /// What a mail answers, the oldest first, for the thread.
    public var references: [String] = []
    public var subject = ""
    /// The observation that an incoming one was read from.
    public var observationID: Int64?
    /// The effect that an outgoing one was sent by.
    public var effectID: Int64?
    /// Its files, each at its place in the mail.
    public var files: [MessageFile] = []

    public init(_ direction: Direction, by author: Author, at: Moment, text: String, channel: InboundChannel) {
        self.direction = direction
        self.author = author
        self.at = at
        self.text = text
        self.channel = channel
    }
}

/// A conversation as decisions see it.
public struct ConversationRecord: Hashable, Sendable {
    public enum State: String, Hashable, Sendable, Codable, CaseIterable {
        /// A message of hers came, and it is not decided yet who answers.
        case undecided
        /// Bookbag answered, or has an answer ready that waits for approval.
        case ours
        /// A person's turn, or anybody's of the shop's people.
        case person
        /// A person put it away until later.
        case snoozed
        case closed
    }

    public var shop: String
    /// Its number in the shop; 0 until it is stored.
    public var id: Int64
    /// Goes up with every commit; 0 for a new one.
    public var version: Int64
    public var state = State.undecided
    /// Whose it is in state `person`, by address; nil where anybody of the shop's people may take it.
    public var holder: String?
    /// The team that it was handed to.
    public var team: String?
    /// Where she wrote last.
    public var channel: InboundChannel
    /// The order that it is about; nil where none is known.
    public var orderID: String?
    /// Whom it is with: her mail address, or her number in E.164. Nil where neither is known.
    public var address: String?
    public var name: String?
    public var subject = ""
    /// What triggers called it, for the shop's people and for conditions.
    public var tags: [String] = []
    public var openedAt: Moment
    /// When she wrote the oldest words that nobody has answered, or a trigger gave it to a person; nil where nobody
    /// waits.
    public var waitsSince: Moment?
    /// When it becomes a person's if no trigger has answered by then; in state `undecided` only.
    public var decideBy: Moment?
    public var snoozedUntil: Moment?
    public var closedAt: Moment?
    /// Why it is in its state.
    public var reason: ConversationReason?
    /// How often it was handed over, taken over and closed: the n of the events.
    public var handOvers = 0
    public var takeOvers = 0
    public var closings = 0
    /// When anybody last said anything.
    public var lastAt: Moment
    /// When she last wrote.
    public var lastIncomingAt: Moment?
    /// The last messages, oldest first, at most `ConversationRules.remembered`.
    public var messages: [ConversationMessage] = []
    /// How many there are in all.
    public var messageCount = 0
    /// What triggers have answered that address within the last hour and the last day, in any conversation.
    public var answersLastHour = 0
    public var answersLastDay = 0
    /// Her messages to the shop in the last 30 days, in any conversation.
    public var questionsLast30Days = 0
    /// In how many of her conversations of the last year something was delivered and not there.
    public var lossesLastYear = 0
    /// How she rated it, from 1 to 5; nil where she did not.
    public var rating: Int?
    /// The number of the ticket in which she writes; nil where she writes elsewhere.
    public var ticket: String?

    public init(shop: String, channel: InboundChannel, openedAt: Moment) {
        self.shop = shop
        self.channel = channel
        self.openedAt = openedAt
        lastAt = openedAt
        id = 0
        version = 0
    }

    public var aggregate: AggregateID { .conversation(id) }

    /// What people call it in lists and in the journal.
    public var title: String { "conversation \(id)" }

    /// Whether the shop's people have it, so that no trigger answers.
    public var isPersons: Bool { state == .person || state == .snoozed }

    /// Her newest message.
    public var lastIncoming: ConversationMessage? { messages.last { $0.direction == .incoming } }

    /// The message of that number, if it is among the last.
    public func message(_ id: Int64) -> ConversationMessage? { messages.last { $0.id == id } }
}

/// What is written of a conversation in one step, against the version that was read.
public struct ConversationChange: Hashable, Sendable {
    /// As it is now. Its `version` is the one that was read, 0 for a new one; its `messages` are not written.
    public var record: ConversationRecord
    /// New messages, in their order; each gets its number in the step, and `record.messageCount` grows with it.
    public var messages: [ConversationMessage] = []
    /// What follows from it; the store gives each its conversation and the number of its message.
    public var events: [ConversationEvent] = []
    /// The ticket in which its messages came in, if the store does not know it yet.
    public var ticket: Ticket?
    /// True if its messages were read for the story alone: they count in no figure.
    public var isHistory = false
    /// What would have been answered to its message, which was read for the story alone; nil where nobody is to judge
    /// that.
    public var past: PastAnswer?
    /// Mail that belongs to it: a forwarded message, a person's answer.
    public var mails: [ConversationMail] = []
    /// Waiting effects of the conversation that end with it: drafts that nobody needs any more.
    public var withdraws: Reason?

    public init(_ record: ConversationRecord) { self.record = record }
}

/// An event that a change of a conversation brings.
public enum ConversationEvent: Hashable, Sendable {
    /// A person wrote: the event of the change's message at that position.
    case received(message: Int)
    case handedOver
    case takenOver
    case closed
    /// She rated it: the question's number, what tells the rating from others, and when. The store counts the `n`.
    case rated(request: Int64, mark: String, n: Int, at: Moment)
}

/// A mail that is written with a change of a conversation.
public struct ConversationMail: Hashable, Sendable {
    /// Who wants it sent: `person` or `system`.
    public var origin: EffectOrigin
    /// What made it, in one word: `forwarded`, `reply`.
    public var maker: String
    /// The occurrence: the same key is only sent once.
    public var key: String
    public var message: Message
    /// When it may go: a person's answer can be taken back for some seconds.
    public var dueAt: Moment
    /// The position in `ConversationChange.messages` of the message that it carries; nil if it carries none.
    public var carries: Int?
    /// Whether files are attached, which are not kept as long as the mail.
    public var hasFiles: Bool

    public init(
        _ origin: EffectOrigin, maker: String, key: String, message: Message, dueAt: Moment, carries: Int? = nil,
        hasFiles: Bool = false
    ) {
        self.origin = origin
        self.maker = maker
        self.key = key
        self.message = message
        self.dueAt = dueAt
        self.carries = carries
        self.hasFiles = hasFiles
    }
}

extension Event {
    /// What the last words of hers in a conversation were an event of: for what is worked out from them again.
    ///
    /// - Parameter record: the conversation, with the order that it is about.
    package init(ofLastWordsIn conversation: ConversationRecord, record: OrderRecord, now: Moment) {
        let message = conversation.lastIncoming
        self.init(
            shop: record.shop, aggregate: conversation.aggregate, kind: .messageReceived,
            occurrences: [
                Occurrence(subject: Subject.other("message", id: "\(message?.id ?? 0)").key, n: 1, mark: "1")
            ], happenedAt: message?.at ?? conversation.openedAt, recordedAt: now,
            source: conversation.channel.rawValue, orderName: record.facts.name)
    }
}

internal import Crypto
internal import FoundationEssentials

// Whether an answer was right. A person says so of a draft by sending it, of one that went out by itself by looking at
// it again, and the customer by the buttons below it. Whoever says it: an answer counts once, and once it was called
// wrong it stays wrong. What `AnswerProof` goes by is made of these verdicts alone.

/// What a customer says of an automatic answer, by one of the buttons below it.
public enum AnswerButton: String, Hashable, Sendable, CaseIterable {
    /// It helped.
    case helped
    /// A person should write.
    case person
}

/// Whether an answer, or a draft, was what the customer asked for.
public struct AnswerVerdict: Hashable, Sendable {
    /// Who said so, or by what it is known. Stable words, which stand in rows.
    public enum Judge: String, Hashable, Sendable {
        /// A person who sent a draft, or corrected its meaning. It counts once that mail goes out.
        case draft
        /// A person at the desk, by [This was wrong].
        case desk
        /// A person who looked at one that was drawn for that.
        case review
        /// The customer, by a button below it.
        case button
        /// A rating of the conversation of 2 or less.
        case rating
    }

    /// The trigger's answer.
    public var effect: Int64
    public var isRight: Bool
    public var by: Judge

    public init(of effect: Int64, isRight: Bool, by judge: Judge) {
        self.effect = effect
        self.isRight = isRight
        by = judge
    }
}

/// Which of the answers that go out by themselves a person looks at again.
public enum AnswerReview {
    /// One in so many.
    public static let oneIn: UInt64 = 10
    /// What the key is derived for.
    public static let keyPurpose = "answer review"

    /// Whether an answer is drawn: by a keyed hash, so that it is nobody's choice, and always the same.
    ///
    /// - Parameter key: the store's secret for this. Nothing is drawn without one.
    public static func draws(effect: Int64, key: [UInt8]) -> Bool {
        guard !key.isEmpty else { return false }
        let code = HMAC<SHA256>.authenticationCode(for: Data("\(effect)".utf8), using: SymmetricKey(data: key))
        return code.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) } % oneIn == 0
    }
}

/// An answer of a trigger as the page behind its buttons knows it.
public struct AnswerStanding: Hashable, Sendable {
    public var effect: Int64
    public var conversation: Int64
    /// The customer's message that it answers.
    public var message: Int64
    /// The keyed hash of the address that it went to.
    public var addressKey: [UInt8]
    /// The language that she wrote, as far as that is known.
    public var language: String?
    /// When it was decided.
    public var at: Moment
    /// The button that she pressed last.
    public var pressed: AnswerButton?

    public init(
        effect: Int64, conversation: Int64, message: Int64, addressKey: [UInt8], language: String?, at: Moment,
        pressed: AnswerButton?
    ) {
        self.effect = effect
        self.conversation = conversation
        self.message = message
        self.addressKey = addressKey
        self.language = language
        self.at = at
        self.pressed = pressed
    }
}

extension ConversationRules {
    /// What a button below an answer changes in its conversation.
    public enum Pressing: Hashable, Sendable {
        /// Nothing where it is a person's already, or over; what she said is noted all the same.
        case change(ConversationChange?)
        /// She has written since, and that is not decided yet: it would be closed unread.
        case newerWords
    }

    /// What becomes of a conversation when the customer presses a button below an answer.
    ///
    /// - Parameter message: the message of hers that the answer answers.
    public static func press(
        _ button: AnswerButton, message: Int64, in record: ConversationRecord, now: Moment
    ) -> Pressing {
        switch button {
        case .person:
            if record.state == .snoozed {
                // It comes back to whoever put it away, as it does when she writes.
                var change = ConversationChange(record)
                change.record.state = .person
                change.record.snoozedUntil = nil
                change.record.waitsSince = record.waitsSince ?? now
                return .change(change)
            }
            guard var change = handOver(record, because: .notHelped) else { return .change(nil) }
            change.record.waitsSince = record.waitsSince ?? now
            return .change(change)
        case .helped:
            if record.state == .undecided { return .newerWords }
            // What was answered later, or is a person's, is not over by that.
            guard record.state == .ours, record.lastIncoming?.id == message else { return .change(nil) }
            return .change(close(record, because: .helped, now: now))
        }
    }
}

extension Event {
    /// The number of the customer's message that the event is about; nil for events of another kind.
    public var messageNumber: Int64? {
        guard kind == .messageReceived else { return nil }
        for case .other("message", let id) in subjects { return Int64(id) }
        return nil
    }
}

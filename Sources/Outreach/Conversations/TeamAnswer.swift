// Mail as the desk: a conversation that becomes a person's goes to the shop's people as a mail with an address of its own
// to answer to. What they write above its line goes out to the customer as the shop's. Whatever is not certain is
// refused: a mail that says too much, or that a stranger wrote, cannot be taken back.

/// What becomes of a mail that answers one of these.
public enum TeamAnswer: Hashable, Sendable {
    /// The words go out as that person's.
    case send(String, by: String)
    /// Nothing goes out, and the shop's people hear why.
    case refuse(Refusal)
    /// A machine wrote it: nothing goes out, and nobody is told.
    case ignore

    /// Why nothing goes out.
    public enum Refusal: String, Hashable, Sendable, CaseIterable {
        /// Its sender is none of the shop's people.
        case stranger
        /// Nothing proves who sent it.
        case unproved
        /// It does not come from one of the addresses that our mail was answered to.
        case noToken = "no_token"
        /// The line is not in it, so nobody can tell new words from quoted ones.
        case noLine = "no_line"
        /// Nothing stands above the line.
        case noWords = "no_words"
        /// What stands above the line has our address in it: it is not all theirs.
        case traces
        /// A colleague has the conversation.
        case held
        /// It says the same as the answer before: a machine may have written it.
        case repeated
        /// Nobody can be written to.
        case noRecipient = "no_recipient"
        /// No message can be made of it.
        case unwritable
        /// The customer wants no texts any more.
        case optedOut = "opted_out"
    }

    /// The line of our mails above which an answer is written. In ASCII and short, so that it survives quoting.
    public static let line = "##- Write your answer above this line -##"

    /// What becomes of a mail that came to the address of a conversation.
    ///
    /// - Parameters:
    ///   - token: what the address had of ours; nil where the mail only refers to ours.
    ///   - team: the address that conversations are handed over to; nil where there is none any more.
    ///   - people: the addresses of those who may answer at the desk.
    public static func judge(
        _ mail: IncomingMail, in record: ConversationRecord, token: String?, team: String?, people: [String]
    ) -> TeamAnswer {
        guard mail.kind == .person else { return .ignore }
        guard let team, let sender = mail.sender, !mail.isRelayed,
            sender.isSameAddress(as: team) || people.contains(where: { $0.isSameAddress(as: sender) })
        else { return .refuse(.stranger) }
        guard mail.isAuthenticated else { return .refuse(.unproved) }
        guard let token else { return .refuse(.noToken) }
        guard let words = mail.textAboveLine else { return .refuse(.noLine) }
        let text = words.trimmingSpaces
        guard !text.isEmpty else { return .refuse(.noWords) }
        guard !text.lowercased().contains(token.lowercased()), !text.contains(line) else { return .refuse(.traces) }
        if let holder = record.holder, !holder.isSameAddress(as: sender), !holder.isSameAddress(as: team) {
            return .refuse(.held)
        }
        let last = record.messages.last { $0.direction == .outgoing }
        if let last, case .person = last.author, last.text == text { return .refuse(.repeated) }
        return .send(text, by: sender.lowercased())
    }
}

extension OrderRecord {
    /// Whom a person's answer goes to where nobody chooses.
    public enum PersonalRecipient: Hashable, Sendable {
        case mail(MailAddress)
        case text(PhoneNumber)
        /// In a chat that goes on.
        case chat(String)
    }

    /// The chat in which she wrote last; nil where she last wrote elsewhere.
    public var lastChat: String? {
        guard let last = conversation?.lastIncoming, last.channel == .chat else { return nil }
        return last.sender
    }

    /// The number that texted, else the order's address, else whoever wrote; nil where none is known.
    public var personalRecipient: PersonalRecipient? {
        guard let conversation else { return nil }
        let sender = conversation.lastIncoming?.sender ?? conversation.address
        if conversation.channel == .sms { return sender.flatMap { PhoneNumber($0) }.map { .text($0) } }
        if let own = answerRecipient { return .mail(own) }
        return sender.flatMap { MailAddress(name: conversation.name, address: $0) }.map { .mail($0) }
    }
}

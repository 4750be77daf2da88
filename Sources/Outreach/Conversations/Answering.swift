// Whom an answer goes to, and in which thread. Facts about an order only ever go to that order's address: whoever wrote,
// the answer goes to the address that the order was placed with. Where no order is known, and so no facts either, it goes
// to whoever wrote, and never to a Reply-To.

extension OrderRecord {
    /// Whom an answer in its conversation goes to; nil where nobody may be answered.
    public var answerRecipient: MailAddress? {
        guard let conversation else { return nil }
        if isOrder { return recipient }
        return conversation.address.flatMap { MailAddress(name: conversation.name, address: $0) }
    }

    /// The number that an answer by text goes to: the one that she last texted from. Of a conversation about an order it
    /// must be the order's or its customer's; nil where it is not, or nobody texted.
    public var answerNumber: PhoneNumber? {
        guard let conversation else { return nil }
        let text = conversation.messages.last { $0.direction == .incoming && $0.channel == .sms }
        let written = text?.sender ?? (conversation.channel == .sms ? conversation.address : nil)
        guard let number = written.flatMap({ PhoneNumber($0) }) else { return nil }
        return !isOrder || isKnown(by: number) ? number : nil
    }

    /// The chat that an answer goes to, by the name of its session: the one in which she last wrote. Of a conversation
    /// about an order, whoever wrote there must have proved that the order is theirs; nil where they have not, or nobody
    /// wrote in a chat.
    public var answerChat: String? {
        guard let said = conversation?.messages.last(where: { $0.direction == .incoming && $0.channel == .chat }) else {
            return nil
        }
        return !isOrder || said.trust >= 1 ? said.sender : nil
    }

    /// Whether that is the number of the order itself or of its customer. Those of addresses do not count: a gift's
    /// receiver is not whoever ordered.
    public func isKnown(by number: PhoneNumber) -> Bool {
        let country = facts.shippingAddress?.countryCode ?? facts.billingAddress?.countryCode
        return [facts.phone, facts.customer?.phone].contains { written in
            written.flatMap { PhoneNumber($0, country: country) }?.text == number.text
        }
    }

    /// Whether her last message came from the address that the order was placed with, or from a chat that proved the order,
    /// so that an answer with facts about it reaches whoever asked. True where no order is known.
    public var isOwnAddress: Bool {
        guard isOrder else { return true }
        guard let message = conversation?.lastIncoming, let sender = message.sender else { return false }
        if message.channel == .sms { return PhoneNumber(sender).map(isKnown) ?? false }
        // A session is nobody's address: what counts is that it was proved, with a code mailed to the order's.
        if message.channel == .chat { return message.trust >= 1 }
        guard let own = recipient?.address else { return false }
        return sender.lowercased() == own.lowercased()
    }
}

/// The thread of an answer by mail.
public struct AnswerThread: Hashable, Sendable {
    /// The address that she wrote to, if it is one of the shop's.
    public var from: MailAddress
    /// `Re: ` and hers; nil where she wrote none.
    public var subject: String?
    /// The oldest first, without angle brackets.
    public var references: [String]

    /// So many of the thread's references are kept: the first, and the last ones.
    static let mostReferences = 20

    /// The thread that answers a conversation's last message; nil for one without a message of hers.
    public init?(_ record: OrderRecord, brand: Brand) {
        guard let conversation = record.conversation, let message = conversation.lastIncoming else { return nil }
        let domains = [brand.from, brand.marketingFrom, brand.ratingsFrom, brand.replyTo]
            .compactMap { $0?.domain.lowercased() }
        let written = message.recipient.flatMap { MailAddress(name: brand.name, address: $0) }
        // Another domain is not ours to write from: the relay would refuse it, or DMARC fail.
        from = written.flatMap { domains.contains($0.domain.lowercased()) ? $0 : nil } ?? brand.from
        subject = Self.reply(to: message.subject.isEmpty ? conversation.subject : message.subject)
        var references = message.references.filter { !$0.isEmpty }
        if let id = message.messageID, !references.contains(id) { references.append(id) }
        if references.count > Self.mostReferences {
            references = [references[0]] + references.suffix(Self.mostReferences - 1)
        }
        self.references = references
    }

    /// `Re: ` and the subject, without the marks that other mail programs put before it; nil for none.
    public static func reply(to subject: String) -> String? {
        var rest = Substring(subject.onOneLineOfSubject)
        let marks = ["re:", "aw:", "sv:", "antw:", "rif:", "res:", "re :", "ré:"]
        while let mark = marks.first(where: { rest.lowercased().hasPrefix($0) }) {
            rest = rest.dropFirst(mark.count).drop { $0 == " " }
        }
        let text = String(rest.prefix(200))
        return text.isEmpty ? nil : "Re: \(text)"
    }
}

extension String {
    fileprivate var onOneLineOfSubject: String {
        split { $0.isNewline || $0.isWhitespace }.joined(separator: " ")
    }
}

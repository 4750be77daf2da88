import Intake
import Outreach

/// Where in the helpdesk a customer's words stand, where the shop's mail arrives there.
///
/// A helpdesk proves nothing of who wrote: that a comment is somebody's says no more than From. So what is believed is
/// what the answer does anyway: it goes to whoever the ticket is with, and facts about an order go into it only where
/// that is the order's own address. Words of anybody else, and those that the helpdesk itself doubts, get a person.
struct TicketPlace: Sendable {
    /// As it is known; nil where it has no conversation yet.
    var ticket: Ticket?
    var number: String
    var opening: TicketNews.Opening
    var comment: TicketNews.Comment
    /// When it was written.
    var at: Moment

    /// Whether it cannot be said who wrote, or who would read the answer.
    var isDoubted: Bool {
        guard let author = comment.email?.lowercased(), author == opening.requester?.lowercased() else { return true }
        return comment.isDoubted == true || opening.isCopied
    }

    /// What is known of a message beside its words.
    func mark(_ said: inout ConversationMessage, about record: OrderRecord?) {
        said.channel = .helpdesk
        said.at = at
        said.messageID = TicketPost.messageID(ofComment: comment.id)
        said.references = []
        said.files = (comment.files ?? []).map { MessageFile(name: $0) }
        said.hasPhoto = comment.hasPhoto ?? false
        said.trust = 0
        if !isDoubted, let sender = said.sender?.lowercased(), record?.recipient?.address.lowercased() == sender {
            said.trust = 1
        }
    }

    /// Has the conversation be whose the ticket is already.
    func noteHolder(_ known: inout ConversationRecord?, _ opening: inout ConversationRecord) {
        guard let holder = self.opening.takenBy else { return }
        if known == nil {
            opening.take(by: holder)
        } else if known?.isPersons == false {
            known?.take(by: holder)
        }
    }

    /// Has the ticket noted together with its new conversation.
    func complete(_ change: inout ConversationChange) {
        guard ticket == nil else { return }
        change.ticket = Ticket(
            shop: change.record.shop, conversation: change.record.id, number: number, url: opening.url, state: .open)
    }
}

extension ConversationRecord {
    /// Gives it to one of the shop's people before its next message is looked at: nothing is answered by itself.
    fileprivate mutating func take(by person: String) {
        state = .person
        holder = person
        reason = .taken
        (decideBy, snoozedUntil, closedAt) = (nil, nil, nil)
        takeOvers += 1
    }
}

extension IncomingMail {
    /// What a customer wrote in a ticket, read as the mail that it was: her words without what she quotes, the numbers of
    /// orders, and whether a program wrote it.
    ///
    /// - Parameter isFirst: it opened the ticket, whose subject is its own.
    init(_ place: TicketPlace, isFirst: Bool, settings: MailSettings) {
        let comment = place.comment
        func line(_ text: String) -> String {
            let scalars = text.unicodeScalars.filter { !$0.properties.isWhitespace || $0 == " " }
            return String(scalars.prefix(500).map(Character.init))
        }
        let name = line(comment.name ?? "").filter { !"<>\"\\,;:@()[]".contains($0) }
        var head = "From: \(name.isEmpty ? "" : "\"\(name)\" ")<\(line(comment.email ?? ""))>\r\n"
        if let to = place.opening.to { head += "To: <\(line(to))>\r\n" }
        if isFirst { head += "Subject: \(line(place.opening.subject))\r\n" }
        head += "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n"
        let words = comment.text.replacing("\r\n", with: "\n").replacing("\n", with: "\r\n")
        self = MailReading.read(Array("\(head)\r\n\(words)\r\n".utf8), settings: settings).incoming
        // A form's mail that the helpdesk took apart is hers by now.
        if comment.isMachines == true { kind = .autoReply }
        sender = comment.email
        if senderName == nil { senderName = comment.name }
        isRelayed = false
        isAuthenticated = false
    }
}

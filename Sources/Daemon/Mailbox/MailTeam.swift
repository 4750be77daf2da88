import Delivery
import Foundation
import Outreach

/// The shop's people who get conversations by mail and answer them so: `hand_over_to` of bookbag.yaml.
struct MailTeam: Sendable {
    let address: MailAddress
    let answers: ReturnPath

    /// Nil where the shop has none.
    init?(_ shop: Configuration.Shop) {
        guard let address = shop.handOverTo, let answers = shop.mailbox?.answers else { return nil }
        self.address = address
        self.answers = answers
    }

    /// How one conversation gets to them, and their answer back.
    struct Way: Sendable {
        var to: MailAddress
        /// What they answer to.
        var answers: MailAddress
        /// Where their words go.
        var goes: String
        /// What was said before, as Markdown.
        var before: [String]

        /// The line, alone on top, and what it means.
        var opening: [String] { [ForwardedMail.plain(TeamAnswer.line), ""] }
    }

    /// Where what they answer goes.
    enum Road: Hashable, Sendable {
        case mail
        case text
        /// Into the chat while it goes on; after that to the address that was proved there, if one was.
        case chat(proved: String?)
    }

    /// So much of what was said before is told, and so many characters of each message.
    private static let most = 6
    private static let longest = 2_000

    /// - Parameters:
    ///   - token: of the customer's message.
    ///   - talk: the conversation as it was before that message; nil for a new one.
    ///   - record: the order that it is about.
    ///   - sender: who wrote: the address, or the number; nil for a chat.
    func way(
        token: String, talk: ConversationRecord?, about record: OrderRecord, sender: String?, zone: Zone,
        road: Road = .mail
    ) -> Way? {
        guard let answers = MailAddress(name: "Answer the customer", address: answers.address(token)) else {
            return nil
        }
        let own = road == .mail && record.isOrder ? record.recipient?.address : nil
        let whom = own ?? sender ?? "the customer"
        let isOther = own.map { $0.lowercased() != sender?.lowercased() } ?? false
        let clock = Clock(zone)
        var before: [String] = []
        // Of a stored conversation the waiting messages come in mails of their own.
        let waits = talk?.waitsSince ?? .distantFuture
        let said = talk?.messages.filter { $0.direction != .incoming || $0.at < waits } ?? []
        for message in said.suffix(Self.most) {
            let who: String
            switch (message.direction, message.author) {
            case (.incoming, _): who = "The customer"
            case (.note, .person(let email)): who = "A note of \(email)"
            case (_, .person(let email)): who = email
            default: who = "Bookbag, by itself"
            }
            before += [
                ForwardedMail.plain("\(who), \(clock.dayAndTime(message.at)):"), "",
                ForwardedMail.code(String(message.text.prefix(Self.longest))), "",
            ]
        }
        let goes: String
        switch road {
        case .mail:
            goes = "goes to \(whom) as the shop's" + (isOther ? ", because that is the order's address" : "") + "."
        case .text: goes = "goes to \(whom) as the shop's, by text."
        case .chat(let proved?):
            goes = "goes into the chat as the shop's, or by mail to \(proved) once the chat is over."
        case .chat(nil):
            goes =
                "goes into the chat as the shop's, as long as it goes on. No address is proved there, so nobody can be "
                + "reached once it is over."
        }
        return Way(
            to: address, answers: answers,
            goes: "What you write above the line \(goes) Leave this mail below your words.",
            before: before)
    }
}

import Delivery
import Foundation
import Outreach

/// A person's mail to the shop, as a mail to the shop's people (`notify` of shop.yaml): a line that says who asks what,
/// her words, what was said before, and the story of the order. A reply to it goes to her: she is in `Reply-To`, and her
/// mail and ours are in `References`, so that everybody's mail program keeps the thread together.
///
/// To a team that answers by mail (`hand_over_to` of bookbag.yaml) it begins with the line above which they answer, and
/// `Reply-To` is an address of ours. All that we tell stands below the line: a mail program quotes it there, from where
/// it never goes out.
struct ForwardedMail {
    /// A larger mail is not attached; it can be found in the mailbox.
    static let largestOriginal = 10_000_000

    var mail: IncomingMail
    /// The mail as it came.
    var original: [UInt8]
    /// The order's story as `explain` tells it; nil if no order was found.
    var story: (order: String, text: String)?
    var settings: ShopSettings
    var shop: String
    /// The envelope sender of the shop's mail.
    var sender: String
    var receivedAt: Moment
    /// The number of the observation, which makes it one mail even if it is judged twice.
    var number: Int64
    /// True if further mails from this sender will not be forwarded for a while.
    var isLast = false
    /// The id of the thread that our mails about the order belong to.
    var thread: String?
    /// The team that answers by mail; nil for `notify`.
    var team: MailTeam.Way?
    /// What it asks for; nil where nobody read that.
    var understood: Understood?

    /// The mail; nil if the shop named no address for it, or it cannot be composed.
    func message() -> Message? {
        guard let to = team?.to ?? settings.notify else { return nil }
        let brand = settings.brand
        let who = mail.sender ?? "Somebody"
        var lines = (team?.opening ?? []) + [opening(who), ""]
        if !mail.subject.isEmpty { lines += ["**Subject:** \(Self.plain(mail.subject))", ""] }
        lines += [Self.code(mail.text.isEmpty ? "(no text)" : String(mail.text.prefix(20_000))), ""]
        if !mail.attachments.isEmpty {
            lines.append(
                "Attached to it: " + mail.attachments.prefix(20).map { Self.plain($0.name) }.joined(separator: ", ")
                    + ".")
        }
        if isLast {
            lines += [
                "",
                "This address has written \(IncomingRules.letterLimit) mails within an hour. What else it writes in this "
                    + "time is not forwarded; it stays in the mailbox.",
            ]
        }
        let isAttached = original.count <= Self.largestOriginal
        if !isAttached { lines.append("It is too large to be attached here; it is in the mailbox.") }
        lines += ["", advice, ""]
        if let before = team?.before, !before.isEmpty { lines += ["# What was said before", ""] + before }
        if let story { lines += ["# What we know of order \(Self.plain(story.order))", "", Self.code(story.text), ""] }
        let references = [thread, mail.messageID].compactMap(\.self).filter(MailComposer.isMessageID)
        var draft = MailDraft(
            from: brand.from, to: to,
            replyTo: team.map(\.answers) ?? mail.sender.flatMap { MailAddress(address: $0) }, sender: sender,
            subject: subject, body: .markdown(lines.joined(separator: "\n")), language: "en",
            messageID: MessageIdentity.notice(
                shop: shop, kind: "forwarded", about: "\(number)", domain: brand.from.domain),
            references: references, date: receivedAt, brand: brand)
        if isAttached {
            draft.attachments = [
                MailDraft.Attachment(name: "their-mail.eml", type: "application/octet-stream", bytes: original)
            ]
        }
        return try? MailComposer().compose(draft)
    }

    private var subject: String {
        let order = story.map { "Order \($0.order): " } ?? ""
        return order + (mail.subject.isEmpty ? "a customer wrote" : mail.subject)
    }

    /// Who wrote, about what, and what is asked.
    private func opening(_ who: String) -> String {
        let about = story.map { " about order \(Self.plain($0.order))" } ?? ""
        var asks = understood?.asks.filter { $0 != "unclear" && $0 != "other" } ?? []
        asks = asks.map { $0.replacing("_", with: " ") }
        if let mood = understood?.mood, mood != "calm" { asks.append(mood) }
        let what = asks.isEmpty ? "." : ": \(Self.plain(asks.joined(separator: ", ")))."
        return "\(Self.plain(who)) wrote\(about)\(what)"
    }

    /// Where an answer goes, and what is not proved.
    private var advice: String {
        let proof =
            mail.isAuthenticated
            ? "" : " Nothing proves that the mail is really from this address: do not act on it without asking."
        return (team.map { Self.plain($0.goes) } ?? "Your answer to this mail goes to that address.") + proof
    }

    /// A text unchanged, including special characters: an indented block.
    static func code(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false)
            .map { "    " + $0.filter { $0 != "\r" } }.joined(separator: "\n")
    }

    /// A text on one line, without anything that Markdown would interpret.
    static func plain(_ text: String) -> String {
        var out = ""
        for character in text.split(whereSeparator: \.isNewline).joined(separator: " ") {
            if character.isASCII, character.isPunctuation || character.isSymbol { out.append("\\") }
            out.append(character)
        }
        return out
    }
}

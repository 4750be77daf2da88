import Delivery
import Foundation
import Intake
import Outreach
import Store

/// Hands what people texted on to the shop's people, by mail.
struct TextForwarder: Sendable {
    let context: ShopContext
    let store: Store

    /// A mail to the shop's people, or why there is none: a clause without personal data.
    enum Result: Hashable, Sendable {
        case mail(Message)
        case none(String)
    }

    /// - Parameters:
    ///   - orderID: the order that it is about.
    ///   - isStored: it was judged already, so that it counts among its sender's texts.
    ///   - talk: the conversation that it belongs to, and the number of its observation; nil where it has none.
    func forward(
        _ text: IncomingText, about orderID: String?, isStored: Bool = false,
        talk: (record: ConversationRecord?, observation: Int64)? = nil, now: Moment
    ) async throws(StoreFailure) -> Result {
        let settings = context.rules.planner.triggers.settings
        if let reason = settings.keepsToItself { return .none(reason) }
        if talk != nil, let reason = context.configuration.keepsMail { return .none(reason) }
        guard let smtp = context.configuration.smtp else { return .none("no relay is configured") }
        let team = MailTeam(context.configuration)
        guard let people = team?.address ?? settings.notify else {
            return .none("shop.yaml names nobody under 'notify'")
        }
        if let number = text.from?.text {
            var before = try await store.texts(
                of: number, shop: context.domain, since: text.receivedAt - IncomingRules.letterWindow,
                limit: IncomingRules.letterLimit + 1)
            if isStored { before = max(0, before - 1) }
            guard before < IncomingRules.letterLimit else {
                return .none("its sender had written \(before) texts within an hour")
            }
        }
        var order: String?
        if let orderID {
            order = try await store.load(shop: context.domain, orderIDs: [orderID])[orderID]?.facts.name
        }
        var way: MailTeam.Way?
        if let team, let talk {
            way = team.way(
                token: try await store.answerToken(observation: talk.observation, shop: context.domain),
                talk: talk.record, about: OrderRecord.none(shop: context.domain, at: now), sender: text.from?.text,
                zone: context.rules.planner.shopZone, road: .text)
        }
        let mail = ForwardedText(
            text: text, to: people, order: order, brand: settings.brand, sender: smtp.sender?.address,
            shop: context.domain, team: way
        ).mail(now: now)
        return mail.map { .mail($0) } ?? .none("no mail could be composed from it; it is in the desk's Inbox")
    }

    /// The texts that nobody has answered in a conversation, as mails to the shop's people. What went to them before is
    /// not sent again: it has the same key.
    func forward(
        _ record: ConversationRecord, now: Moment
    ) async throws(StoreFailure) -> (mails: [ConversationMail], reason: String?) {
        var mails: [ConversationMail] = []
        var reason: String?
        let waits = record.waitsSince ?? .distantPast
        for message in record.messages
        where message.direction == .incoming && message.channel == .sms && message.at >= waits {
            guard let number = message.observationID,
                let observation = try await store.observation(number, shop: context.domain),
                let text = try? IncomingText(observation)
            else { continue }
            switch try await forward(
                text, about: record.orderID, isStored: true, talk: (record, observation.id), now: now)
            {
            case .mail(let mail): mails.append(ConversationMail(forwarding: mail, now: now))
            case .none(let why): reason = why
            }
        }
        return (mails, reason)
    }
}

/// A person's text, as a mail to the shop's people.
struct ForwardedText {
    var text: IncomingText
    var to: MailAddress
    /// The order that was last texted about, as the shop calls it.
    var order: String?
    var brand: Brand
    var sender: String?
    var shop: String
    /// The team that answers by mail; nil for `notify`.
    var team: MailTeam.Way?

    func mail(now: Moment) -> Message? {
        let number = text.from?.text ?? "a sender without a number"
        // Her words are a block of code: whatever they hold, they are words.
        let words = text.text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
            .map { "    \($0)" }.joined(separator: "\n")
        var lines = (team?.opening.filter { !$0.isEmpty } ?? []) + ["A customer texted from \(number):", words]
        if text.media > 0 {
            lines.append("With it came \(text.media) \(text.media == 1 ? "file" : "files"), which the provider has.")
        }
        if let order { lines.append("It is about order \(order).") }
        if let team {
            lines.append(ForwardedMail.plain(team.goes))
            if !team.before.isEmpty { lines.append("# What was said before\n\n" + team.before.joined(separator: "\n")) }
        } else {
            lines.append("An answer to this mail does not reach the customer; answer at the desk.")
        }
        let id = MessageIdentity.notice(
            shop: shop, kind: "forwarded_text", about: text.providerID, domain: brand.from.domain)
        let draft = MailDraft(
            from: brand.from, to: to, replyTo: team?.answers, sender: sender ?? brand.from.address,
            subject: "SMS from \(number)\(order.map { " (\($0))" } ?? "")",
            body: .markdown(lines.joined(separator: "\n\n")), language: "en", messageID: id, date: now, brand: brand)
        return try? MailComposer().compose(draft)
    }
}

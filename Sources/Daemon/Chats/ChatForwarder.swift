import Delivery
import Foundation
import Outreach
import Store

/// Tells the shop's people by mail what waits for them in the chat, when it is handed over.
struct ChatForwarder: Sendable {
    let context: ShopContext
    let store: Store

    /// A mail to the shop's people; or why there is none, in a clause without personal data; or nothing to tell.
    enum Result: Hashable, Sendable {
        case mail(Message)
        case none(String)
        case nothing
    }

    /// However many chats strangers begin, so many mails are sent.
    static let notices = RateLimit("chat_notices", times: 30, per: .hours(1))

    /// What nobody has answered in a conversation, as a mail.
    func forward(_ record: ConversationRecord, now: Moment) async throws(StoreFailure) -> Result {
        let waits = record.waitsSince ?? .distantPast
        let asked = record.messages.filter { $0.direction == .incoming && $0.channel == .chat && $0.at >= waits }
        guard let newest = asked.compactMap(\.observationID).max() else { return .nothing }
        let settings = context.rules.planner.triggers.settings
        if let reason = settings.keepsToItself ?? context.configuration.keepsMail { return .none(reason) }
        guard let smtp = context.configuration.smtp else { return .none("no relay is configured") }
        guard let people = settings.notify else { return .none("shop.yaml names nobody under 'notify'") }
        guard try await store.spend(Self.notices, subject: context.domain, now: now) else {
            return .none("so many mails about chats went out within an hour")
        }
        var order: String?
        if let id = record.orderID {
            order = try await store.load(shop: context.domain, orderIDs: [id])[id]?.facts.name
        }
        var lines = ["A customer wrote in the chat:", ForwardedMail.code(asked.map(\.text).joined(separator: "\n\n"))]
        lines.append(
            order.map { "It is about order \(ForwardedMail.plain($0)), which the customer has proved." }
                ?? "It is not known which order this is about, and nothing proves who wrote it.")
        lines.append("An answer to this mail does not reach the customer; answer at the desk.")
        let brand = settings.brand
        let draft = MailDraft(
            from: brand.from, to: people, sender: smtp.sender?.address ?? brand.from.address,
            subject: "Chat\(order.map { " about order \($0)" } ?? "")",
            body: .markdown(lines.joined(separator: "\n\n")),
            language: "en",
            messageID: MessageIdentity.notice(
                shop: context.domain, kind: "forwarded_chat", about: "\(newest)", domain: brand.from.domain),
            date: now, brand: brand)
        guard let mail = try? MailComposer().compose(draft) else { return .none("no mail could be composed from it") }
        return .mail(mail)
    }
}

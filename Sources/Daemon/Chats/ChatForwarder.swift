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

    /// What nobody has answered in a conversation, as a mail: to the team that answers by mail, else to `notify`.
    func forward(_ record: ConversationRecord, now: Moment) async throws(StoreFailure) -> Result {
        let waits = record.waitsSince ?? .distantPast
        let asked = record.messages.filter { $0.direction == .incoming && $0.channel == .chat && $0.at >= waits }
        guard let newest = asked.compactMap(\.observationID).max() else { return .nothing }
        let settings = context.rules.planner.triggers.settings
        if let reason = settings.keepsToItself ?? context.configuration.keepsMail { return .none(reason) }
        guard let smtp = context.configuration.smtp else { return .none("no relay is configured") }
        let team = MailTeam(context.configuration)
        guard let people = team?.address ?? settings.notify else {
            return .none("shop.yaml names nobody under 'notify'")
        }
        guard try await store.spend(Self.notices, subject: context.domain, now: now) else {
            return .none("so many mails about chats went out within an hour")
        }
        var order: OrderRecord?
        if let id = record.orderID { order = try await store.load(shop: context.domain, orderIDs: [id])[id] }
        var way: MailTeam.Way?
        if let team {
            var about = order ?? OrderRecord.none(shop: context.domain, at: now)
            about.conversation = record
            way = team.way(
                token: try await store.answerToken(observation: newest, shop: context.domain), talk: record,
                about: about, sender: nil, zone: context.rules.planner.shopZone,
                road: .chat(proved: try await store.provedAddress(of: about)?.address))
        }
        let name = order?.facts.name
        var lines = way?.opening.filter { !$0.isEmpty } ?? []
        lines += ["A customer wrote in the chat:", ForwardedMail.code(asked.map(\.text).joined(separator: "\n\n"))]
        lines.append(
            name.map { "It is about order \(ForwardedMail.plain($0)), which the customer has proved." }
                ?? "It is not known which order this is about, and nothing proves who wrote it.")
        if let way {
            lines.append(ForwardedMail.plain(way.goes))
            if !way.before.isEmpty { lines.append("# What was said before\n\n" + way.before.joined(separator: "\n")) }
            if let name, let story = try await story(of: record, now: now) {
                lines.append("# What we know of order \(ForwardedMail.plain(name))\n\n\(ForwardedMail.code(story))")
            }
        } else {
            lines.append("An answer to this mail does not reach the customer; answer at the desk.")
        }
        let brand = settings.brand
        let draft = MailDraft(
            from: brand.from, to: people, replyTo: way?.answers, sender: smtp.sender?.address ?? brand.from.address,
            subject: "Chat\(name.map { " about order \($0)" } ?? "")",
            body: .markdown(lines.joined(separator: "\n\n")),
            language: "en",
            messageID: MessageIdentity.notice(
                shop: context.domain, kind: "forwarded_chat", about: "\(newest)", domain: brand.from.domain),
            date: now, brand: brand)
        guard let mail = try? MailComposer().compose(draft) else { return .none("no mail could be composed from it") }
        return .mail(mail)
    }

    /// What is known of the order, as `explain` tells it; nil where that cannot be told.
    private func story(of record: ConversationRecord, now: Moment) async throws(StoreFailure) -> String? {
        guard let id = record.orderID else { return nil }
        do {
            let key = OrderKey(shop: context.domain, orderID: id)
            guard let sources = try await AccountSources(key, store: store, now: now)
            else { return nil }
            return OrderAccount(sources).text(zone: sources.profile.zone)
        } catch let failure as StoreFailure { throw failure } catch {
            // Without the story the mail is sent anyway.
            return nil
        }
    }

    /// The same as mails of a change, and why there is none.
    func mails(
        about record: ConversationRecord, now: Moment
    ) async throws(StoreFailure) -> (mails: [ConversationMail], reason: String?) {
        switch try await forward(record, now: now) {
        case .mail(let mail): ([ConversationMail(forwarding: mail, now: now)], nil)
        case .none(let reason): ([], reason)
        case .nothing: ([], nil)
        }
    }
}

extension Store {
    /// The address of the order that was proved in the chat in which somebody last wrote; nil where none was, or the order
    /// has another address by now.
    func provedAddress(of record: OrderRecord) async throws(StoreFailure) -> MailAddress? {
        guard record.isOrder, let name = record.answerChat, let own = record.recipient,
            let chat = try await chat(named: name, shop: record.shop), chat.orderID == record.facts.id,
            chat.provedKey == addressKey(own.address)
        else { return nil }
        return own
    }
}

import Delivery
import Foundation
import Logging
import Outreach
import Platform
import ServiceLifecycle
import Store

/// Mails what was said in the chat and not looked at for ten minutes, to the address that the chat has proved.
///
/// The mail's key names the chat and the last thing it tells, so a daemon that dies before it has noted what it mailed
/// mails it once.
struct ChatMailService: Service {
    let store: Store
    let contexts: [String: ShopContext]
    /// Called when there is mail to send, by shop.
    let newMail: [String: Wake]
    let clock: DaemonClock
    let wake: Wake
    let heartbeats: Heartbeats
    let logger: Logger
    var trouble = StoreTrouble()

    func run() async throws {
        let loop = Loop(
            Loop.Name("chat mail"), wake: wake, heartbeats: heartbeats, restingBy: clock, trouble: trouble,
            clock: clock,
            logger: logger)
        await loop.run { _ in
            for shop in contexts.keys.sorted() { try await turn(shop, now: clock.now) }
            return .look(in: nil)
        }
    }

    /// Mails what is due in a shop.
    func turn(_ shop: String, now: Moment) async throws(StoreFailure) {
        guard let context = contexts[shop], let smtp = context.configuration.smtp else { return }
        let unread = try await store.unreadChats(shop: shop, before: now - ChatRules.unread, now: now)
        for chat in unread {
            guard let last = chat.lines.map(\.at).max() else { continue }
            if let mail = try await mail(chat, last: last, context, sender: smtp.sender?.address, now: now) {
                try await store.put(mail, shop: shop, now: now)
                newMail[shop]?.call()
            }
            try await store.noteMailed(last, of: chat.session)
        }
    }

    /// The mail; nil where the conversation is about another order than the one that was proved, or that order has
    /// another address by now.
    private func mail(
        _ chat: UnreadChat, last: Moment, _ context: ShopContext, sender: String?, now: Moment
    ) async throws(StoreFailure) -> SystemMail? {
        let shop = context.domain
        guard let record = try await store.conversations([chat.conversation], shop: shop, now: now)[chat.conversation],
            let id = record.orderID, id == chat.session.orderID,
            let order = try await store.load(shop: shop, orderIDs: [id])[id], let to = order.recipient,
            store.addressKey(to.address) == chat.session.provedKey
        else { return nil }
        return ChatLetter(
            to: to, language: chat.session.language, brand: context.rules.planner.triggers.settings.brand,
            sender: sender, shop: shop
        ).unread(
            chat.lines.map(\.text), order: order.facts.name, about: "\(chat.session.name) \(last.milliseconds)",
            aggregate: record.aggregate, now: now)
    }
}

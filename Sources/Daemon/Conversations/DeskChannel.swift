import Delivery
import Foundation
import Outreach
import Store

/// The far end of what triggers do in conversations: the store itself.
///
/// Its verdict is its commit. An act is known by the note that its effect left, or changes nothing the second time; so
/// whatever a crash leaves in doubt is done once.
struct DeskChannel: Channel {
    let context: ShopContext
    let store: Store
    /// What hands letters on to the shop's people; nil where no mailbox is read.
    var forwarder: LetterForwarder?
    /// What hands texts on to them; nil where none come in.
    var texts: TextForwarder?
    /// What tells them what was written in the chat; nil where there is none.
    var chats: ChatForwarder?
    /// Mails the shop's people what is handed to them without a message of the customer's.
    let post: ShopPost
    let journal: ConversationJournal

    /// So often one is tried while others write to the same conversation.
    private static let tries = 8

    func send(_ message: Message, at now: Moment) async throws(CancellationError) -> Verdict {
        guard let act = DeskAct(message) else {
            return .refused(Failure(reason: "content", detail: "its bytes cannot be read; this is a bug in bookbag"))
        }
        do throws(StoreFailure) {
            return try await perform(act, id: message.id, now: now)
        } catch {
            return .deferred(Failure(reason: "store", detail: "the store could not be read or written"))
        }
    }

    private func perform(_ act: DeskAct, id: String, now: Moment) async throws(StoreFailure) -> Verdict {
        // An offer is a row by now; what follows from it is looked after by `RemedyService`.
        if act.verb == "remedy" { return .accepted(receipt: "offer \(act.effect)") }
        if let done = try await store.conversation(ofEffect: act.effect, shop: context.domain) {
            return .accepted(receipt: "conversation \(done)")
        }
        var act = act
        if let action = act.action, let order = act.order {
            let request = ActionRequest(
                action, order: order, origin: .system, by: "returns", key: action.returnID ?? "",
                why: act.details["why"] ?? "")
            switch try await store.decide(request, by: context.rules.planner, now: now) {
            case .decided(let effect, _), .already(let effect, _): return .accepted(receipt: "action \(effect)")
            case .refused(let refusal) where refusal.reason == .erased:
                return .refused(Failure(reason: "erased", detail: "the order or conversation is gone"))
            case .refused(let refusal):
                // What the policy decided cannot be done from here, so a person has it.
                act.verb = "hand_over"
                act.details = ["note": "\(action.words) is not done: \(refusal.detail)."]
                act.action = nil
            }
        }
        for _ in 0..<Self.tries {
            guard let record = try await conversation(of: act, now: now) else {
                return .refused(Failure(reason: "erased", detail: "the order or conversation is gone"))
            }
            if let objection = Self.objection(to: act, in: record) { return .refused(objection) }
            guard var change = ConversationRules.act(act, in: record, now: now) else {
                return .accepted(receipt: "conversation \(record.id), as it was")
            }
            var reason: String?
            if act.verb == "hand_over" {
                let isNew = change.events.contains(.handedOver)
                let told = try await mails(about: act, in: change.record, isNew: isNew, id: id, now: now)
                change.mails += told.mails
                reason = told.reason
            }
            guard let written = try await store.commit(change, now: now) else { continue }
            journal.report(change, id: written.id, events: written.events, notForwarded: reason)
            return .accepted(receipt: "conversation \(written.id)")
        }
        return .deferred(Failure(reason: "busy", detail: "others were writing to the same conversation"))
    }

    /// Why it may not be done any more: the conversation changed after it was judged.
    private static func objection(to act: DeskAct, in record: ConversationRecord) -> Failure? {
        guard act.verb == "close" else { return nil }
        if record.isPersons { return Failure(reason: "held_by_person", detail: "a person has the conversation") }
        if record.waitsSince != nil {
            return Failure(reason: "waits_for_answer", detail: "the customer waits for an answer")
        }
        return nil
    }

    /// The conversation that it is about; of an order the open one, else a new one.
    private func conversation(of act: DeskAct, now: Moment) async throws(StoreFailure) -> ConversationRecord? {
        let shop = context.domain
        var number = act.conversation
        if number == nil, let order = act.order {
            number = try await store.openConversation(about: order, shop: shop)
            if number == nil {
                return try await store.load(shop: shop, orderIDs: [order])[order]
                    .map { ConversationRules.opening(about: $0, now: now) }
            }
        }
        guard let number else { return nil }
        return try await store.conversations([number], shop: shop, now: now)[number]
    }

    /// What the shop's people get by mail: her words that nobody answered, else the trigger's note with the order's
    /// story. Whoever has it already has her words.
    private func mails(
        about act: DeskAct, in record: ConversationRecord, isNew: Bool, id: String, now: Moment
    ) async throws(StoreFailure) -> (mails: [ConversationMail], reason: String?) {
        var mails: [ConversationMail] = []
        var reason: String?
        if isNew, let forwarder {
            let forwarded = try await forwarder.forward(record, now: now)
            (mails, reason) = (forwarded.mails, forwarded.reason)
        }
        if isNew, let texts {
            let forwarded = try await texts.forward(record, now: now)
            mails += forwarded.mails
            reason = reason ?? forwarded.reason
        }
        if isNew, let chats {
            let forwarded = try await chats.mails(about: record, now: now)
            mails += forwarded.mails
            reason = reason ?? forwarded.reason
        }
        guard mails.isEmpty, reason == nil else { return (mails, reason) }
        let settings = context.rules.planner.triggers.settings
        if let reason = settings.keepsToItself ?? context.configuration.keepsMail { return ([], reason) }
        guard let people = settings.notify else { return ([], "shop.yaml names nobody under 'notify'") }
        var body = [ForwardedMail.plain(act.details["note"] ?? "The trigger \(act.trigger) handed this over.")]
        var subject = record.subject.isEmpty ? "A conversation" : record.subject
        if let order = record.orderID {
            do {
                let key = OrderKey(shop: context.domain, orderID: order)
                if let sources = try await AccountSources(key, store: store, now: now) {
                    let account = OrderAccount(sources)
                    subject = "Order \(account.order)"
                    body.append(ForwardedMail.code(account.text(zone: sources.profile.zone)))
                }
            } catch let failure as StoreFailure { throw failure } catch {
                // Without the story the mail is sent anyway.
            }
        }
        body.append("An answer to this mail does not reach the customer.")
        let mail = post.mail(
            "handed_over", to: people,
            subject: "\(subject) needs a person\(act.trigger.isEmpty ? "" : " (\(act.trigger))")",
            body: body.joined(separator: "\n\n"), about: id, shop: context.domain, now: now)
        guard let mail else { return ([], "no relay is configured") }
        return (
            [
                ConversationMail(
                    .system, maker: mail.maker, key: mail.key, message: mail.message, dueAt: now)
            ], nil
        )
    }
}

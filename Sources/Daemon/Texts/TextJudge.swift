import Delivery
import Foundation
import Intake
import Logging
import Outreach
import Platform
import Store

/// Judges the texts that came in, one at a time, and commits the result together with the mark that it was judged.
struct TextJudge: Sendable {
    let context: ShopContext
    let store: Store
    let learning: Learning
    let logger: Logger
    /// Whether we answer the words that a provider may answer itself.
    let confirmsStops: Bool
    /// Called when there is something to send.
    let newMessages: Broadcast

    /// Judges one text.
    ///
    /// - Returns: why nothing could be made of it; it still counts as judged.
    func judge(_ observation: RawObservation, now: Moment) async throws(StoreFailure) -> SourceFailure? {
        let shop = context.domain
        let text: IncomingText
        do throws(SourceFailure) { text = try IncomingText(observation) } catch {
            try await store.markJudged([observation], now: now)
            return error
        }
        var (last, isStopped, before): (AnsweredMessage?, Bool, Int) = (nil, false, 0)
        if let number = text.from?.text {
            last = try await store.lastMessage(to: number, shop: shop)
            isStopped = try await store.silences(of: .address(number), shop: shop, now: now).contains {
                $0.reason == IncomingOutcome.Silencing.optOut
            }
            before = try await store.texts(
                of: number, shop: shop, since: observation.receivedAt - IncomingRules.letterWindow,
                limit: IncomingRules.letterLimit)
        }
        let judged = TextRules.judge(
            text, from: observation, last: last, isStopped: isStopped, confirmsStops: confirmsStops, before: before)
        var outcome = judged.outcome
        if let reply = judged.reply { outcome.reply = try await answer(reply, to: text, last: last, now: now) }
        if judged.isForPeople { try await handOn(text, &outcome, before: before, now: now) }
        var events: [JudgedEvent] = []
        if !outcome.silencings.isEmpty, !isStopped, let order = outcome.aggregate, order.orderID != nil {
            events.append(
                JudgedEvent(
                    aggregate: order, kind: .customerUnsubscribed, mark: "sms:\(observation.id)",
                    happenedAt: observation.receivedAt, source: observation.source))
        }
        if events.isEmpty {
            try await store.commit(outcome, now: now)
        } else {
            _ = try await learning.learn(events, from: observation, incoming: outcome, of: context, now: now)
        }
        var facts: Logger.Metadata = [
            "shop": "\(shop)", "class": "\(outcome.kind.rawValue)", "reason": "\(outcome.detail)",
        ]
        if let effect = outcome.effectID { facts["message"] = "\(effect)" }
        logger.log(Line.textRead, facts)
        if outcome.reply != nil || outcome.forward != nil { newMessages.call() }
        return nil
    }

    /// The one place where a person's text is handed on: by mail to the shop's people, with a note of why not where it
    /// cannot be.
    private func handOn(
        _ text: IncomingText, _ outcome: inout IncomingOutcome, before: Int, now: Moment
    ) async throws(StoreFailure) {
        let settings = context.rules.planner.triggers.settings
        if let reason = settings.keepsToItself {
            outcome.detail += "; not forwarded, because \(reason)"
            return
        }
        guard let people = settings.notify, context.configuration.smtp != nil else {
            outcome.detail +=
                "; not forwarded, because "
                + (context.configuration.smtp == nil
                    ? "no relay is configured" : "shop.yaml names nobody under 'notify'")
            return
        }
        guard before < IncomingRules.letterLimit else {
            outcome.detail += "; not forwarded, because its sender had written \(before) texts within an hour"
            return
        }
        var order: String?
        if let id = outcome.aggregate?.orderID {
            order = try await store.load(shop: context.domain, orderIDs: [id])[id]?.facts.name
        }
        outcome.forward = ForwardedText(
            text: text, to: people, order: order, aggregate: outcome.aggregate, brand: settings.brand,
            sender: context.configuration.smtp?.sender?.address, shop: context.domain
        ).mail(now: now)
    }

    /// What is answered in the channel; nil where nothing goes to shoppers.
    private func answer(
        _ reply: TextRules.Reply, to text: IncomingText, last: AnsweredMessage?, now: Moment
    ) async throws(StoreFailure) -> SystemMail? {
        let settings = context.rules.planner.triggers.settings
        guard let number = text.from, settings.mode == .live else { return nil }
        var locale: String? = settings.locale
        if let id = last?.effect.orderID,
            let facts = try await store.load(shop: context.domain, orderIDs: [id])[id]?.facts
        {
            locale = facts.locale ?? facts.customer?.locale ?? locale
        }
        let help = (settings.brand.replyTo ?? settings.brand.from).address
        let words = TextReplies.words(reply, locale: locale, shop: settings.brand.name, help: help)
        let id = MessageIdentity.text(shop: context.domain, kind: reply.rawValue, about: text.providerID)
        return SystemMail(
            maker: reply.rawValue, key: id,
            message: .sms(id: id, recipient: number.text, text: TextMessage(words)),
            aggregate: last?.effect.aggregate, dueAt: now)
    }
}

/// What is answered to STOP, START and HELP: one segment of the plain
/// alphabet each (so no ê and no á), without advertising, as the rules of the trade ask.
enum TextReplies {
    static let languages = ["en", "de", "fr", "es"]

    static func words(_ reply: TextRules.Reply, locale: String?, shop: String, help: String) -> String {
        let language = StopConfirmation.language(of: locale)
        // A long name must not cost a second segment.
        let shop = String(shop.prefix(30))
        let end =
            switch (reply, language) {
            case (.stopped, "de"): "Du bekommst keine SMS mehr von uns. War das nicht gemeint, antworte START."
            case (.stopped, "fr"): "vous ne recevrez plus de SMS de notre part. Pour annuler, répondez START."
            case (.stopped, "es"): "ya no recibes SMS nuestros. Para deshacerlo, responde START."
            case (.stopped, _): "you get no more texts from us. To undo this, reply START."
            case (.started, "de"): "Du bekommst wieder SMS von uns. Antworte STOP, um sie zu beenden."
            case (.started, "fr"): "vous recevez de nouveau nos SMS. Répondez STOP pour y mettre fin."
            case (.started, "es"): "recibes de nuevo SMS nuestros. Responde STOP para dejarlos."
            case (.started, _): "you get texts from us again. Reply STOP to end them."
            case (.help, "de"): "SMS zu deinen Bestellungen. Hilfe: \(help). Antworte STOP, um sie zu beenden."
            case (.help, "fr"): "SMS sur vos commandes. Aide : \(help). Répondez STOP pour y mettre fin."
            case (.help, "es"): "SMS sobre tus pedidos. Ayuda: \(help). Responde STOP para dejarlos."
            case (.help, _): "texts about your orders. Help: \(help). Reply STOP to end them."
            }
        return "\(shop)\(language == "fr" ? " :" : ":") \(end)"
    }
}

/// A person's text, as a mail to the shop's people.
struct ForwardedText {
    var text: IncomingText
    var to: MailAddress
    /// The order that was last texted about, as the shop calls it.
    var order: String?
    var aggregate: AggregateID?
    var brand: Brand
    var sender: String?
    var shop: String

    func mail(now: Moment) -> SystemMail? {
        let number = text.from?.text ?? "a sender without a number"
        // Her words are a block of code: whatever they hold, they are words.
        let words = text.text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
            .map { "    \($0)" }.joined(separator: "\n")
        var lines = ["A customer texted from \(number):", words]
        if text.media > 0 {
            lines.append("With it came \(text.media) \(text.media == 1 ? "file" : "files"), which the provider has.")
        }
        if let order { lines.append("The last text to this number was about order \(order).") }
        lines.append("An answer to this mail does not reach the customer.")
        let id = MessageIdentity.notice(
            shop: shop, kind: "forwarded_text", about: text.providerID, domain: brand.from.domain)
        let draft = MailDraft(
            from: brand.from, to: to, sender: sender ?? brand.from.address,
            subject: "SMS from \(number)\(order.map { " (\($0))" } ?? "")",
            body: .markdown(lines.joined(separator: "\n\n")), language: "en", messageID: id, date: now, brand: brand)
        guard let message = try? MailComposer().compose(draft) else { return nil }
        return SystemMail(maker: "forwarded", key: message.id, message: message, aggregate: aggregate, dueAt: now)
    }
}

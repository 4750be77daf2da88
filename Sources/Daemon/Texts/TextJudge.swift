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
    /// Asks another model what messages are about; nil where none is configured.
    var secondReader: SecondReader?

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
        var events: [JudgedEvent] = []
        if !outcome.silencings.isEmpty, !isStopped, let order = outcome.aggregate, order.orderID != nil {
            events.append(
                JudgedEvent(
                    aggregate: order, kind: .customerUnsubscribed, mark: "sms:\(observation.id)",
                    happenedAt: observation.receivedAt, source: observation.source))
        }
        if judged.isForPeople {
            // A wish for no more texts in free words is for a person alone.
            let isPlain = outcome.silencings.isEmpty
            // With an event of the order, the judgement is written by what learns it. A crash in between repeats both,
            // and the message is known by its observation.
            try await converse(
                text, observation, &outcome, last: last, isPlain: isPlain, isWhole: events.isEmpty, now: now)
        }
        if judged.isForPeople, events.isEmpty {
            KillPoint.judged.reached()
        } else if events.isEmpty {
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

    /// Stores what a person texted as a message of her conversation. Where no trigger answers messages, or a person has
    /// the conversation, the shop's people are told in the same step.
    ///
    /// - Parameters:
    ///   - isPlain: a trigger may answer it.
    ///   - isWhole: the mark that it was judged, and what was judged, are written in the same step.
    private func converse(
        _ text: IncomingText, _ observation: RawObservation, _ outcome: inout IncomingOutcome, last: AnsweredMessage?,
        isPlain: Bool, isWhole: Bool, now: Moment
    ) async throws(StoreFailure) {
        let shop = context.domain
        let names = try await store.newestOrderNames(shop: shop)
        let named = OrderNumbers.names(in: text.text, style: OrderNumbers.Style(of: names))
        let order = try await order(of: text, named: named, last: last)
        var search = ConversationSearch(
            shop: shop, channel: .sms, since: min(observation.receivedAt, now) - ConversationRules.rest)
        search.sender = text.from?.text
        search.orderID = order?.facts.id
        let isOld = observation.receivedAt < context.rules.planner.live.shop
        // Whoever names an order that is not hers is not told of another one.
        let isHers = named.isEmpty || order != nil
        let isAnswerable = isPlain && !isOld && isHers && text.from != nil && context.answersMessages
        var second = OpinionOnce(secondReader)
        while true {
            var known: ConversationRecord?
            if let id = try await store.conversation(for: search) {
                known = try await store.conversations([id], shop: shop, now: now)[id]
            }
            var record = order
            if let id = known?.orderID, id != order?.facts.id {
                record = try await store.load(shop: shop, orderIDs: [id])[id]
            }
            var said = ConversationMessage(
                .incoming, by: .shopper, at: min(observation.receivedAt, now), text: text.text, channel: .sms)
            said.trust = text.from.flatMap { record?.isKnown(by: $0) } == true ? 1 : 0
            said.hasPhoto = text.media > 0
            said.sender = text.from?.text
            said.recipient = text.to
            said.observationID = observation.id
            if text.media > 0 {
                said.files = [MessageFile(name: "\(text.media) \(text.media == 1 ? "file" : "files") at the provider")]
            }
            said.understood = Understood(
                reading: text.text, about: record, names: names, questions: context.rules.planner.triggers.questions,
                now: now, zone: context.rules.planner.shopZone)
            if isAnswerable, known?.isPersons != true {
                await second.weigh(
                    &said, text: text.text, about: record, questions: context.rules.planner.triggers.questions,
                    now: now)
            }
            var opening = ConversationRecord(shop: shop, channel: .sms, openedAt: said.at)
            opening.orderID = order?.facts.id
            opening.address = text.from?.text
            opening.name = order?.recipient?.name
            var change = ConversationRules.receive(
                said, into: known, opening: opening, answers: isAnswerable && context.mayAnswer(said.understood),
                now: now)
            if change.record.orderID == nil { change.record.orderID = order?.facts.id }
            if isOld, change.events.contains(.handedOver) { change.record.reason = .restored }
            var judged = outcome
            if let id = change.record.orderID { judged.aggregate = .order(id) }
            var notForwarded: String?
            if change.record.state == .person {
                switch try await forwarder.forward(
                    text, about: change.record.orderID, talk: (known, observation.id), now: now)
                {
                case .mail(let mail): change.mails = [ConversationMail(forwarding: mail, now: now)]
                case .none(let reason):
                    notForwarded = reason
                    judged.detail += "; not forwarded, because \(reason)"
                }
                // What was still being decided goes along.
                if let known, known.state == .undecided {
                    change.mails = try await forwarder.forward(known, now: now).mails + change.mails
                }
            }
            let written = try await store.commit(
                change, judged: isWhole ? [observation] : [], incoming: isWhole ? judged : nil, now: now)
            guard let written else { continue }
            outcome = judged
            ConversationJournal(
                metrics: learning.metrics, newEvents: learning.newEvents, newMail: Wake(), logger: logger
            ).report(change, id: written.id, events: written.events, notForwarded: notForwarded)
            newMessages.call()
            return
        }
    }

    /// Which order a text is about: the one that it names, or else the one that was last texted about, if the number is
    /// that order's. It never guesses between two.
    private func order(
        of text: IncomingText, named: [String], last: AnsweredMessage?
    ) async throws(StoreFailure) -> OrderRecord? {
        guard let number = text.from else { return nil }
        var ids: [String] = []
        if named.isEmpty {
            ids = [last?.effect.orderID].compactMap(\.self)
        } else {
            for name in named.prefix(5) {
                ids += try await store.orders(named: name, shop: context.domain).map(\.orderID)
            }
        }
        let own = try await store.load(shop: context.domain, orderIDs: ids).values.filter { $0.isKnown(by: number) }
        return own.count == 1 ? own.first : nil
    }

    private var forwarder: TextForwarder { TextForwarder(context: context, store: store) }

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
        let words = TextReplies.words(
            reply, locale: locale, shop: settings.brand.name, help: help, tones: settings.tones)
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

    static func words(
        _ reply: TextRules.Reply, locale: String?, shop: String, help: String, tones: Tones = Tones()
    ) -> String {
        let language = StopConfirmation.language(of: locale)
        let isFormal = tones.isFormal(in: language)
        // A long name must not cost a second segment.
        let shop = String(shop.prefix(30))
        let end =
            switch (reply, language) {
            case (.stopped, "de") where isFormal:
                "Sie bekommen keine SMS mehr von uns. War das nicht gemeint, antworten Sie START."
            case (.started, "de") where isFormal: "Sie bekommen wieder SMS von uns. STOP beendet sie."
            case (.help, "de") where isFormal: "SMS zu Ihren Bestellungen. Hilfe: \(help). STOP beendet sie."
            case (.stopped, "es") where isFormal: "ya no recibe SMS nuestros. Para deshacerlo, responda START."
            case (.started, "es") where isFormal: "recibe de nuevo SMS nuestros. Responda STOP para dejarlos."
            case (.help, "es") where isFormal: "SMS sobre sus pedidos. Ayuda: \(help). Responda STOP para dejarlos."
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

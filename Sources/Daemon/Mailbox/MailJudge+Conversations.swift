import Foundation
import Intake
import Logging
import Outreach
import Platform
import Store

// What people write to the shop, and what the shop's people write in their mail program, as messages of conversations.

extension MailJudge {
    /// Stores what a person wrote as a message of her conversation, together with the mark that it was judged. Where no
    /// trigger answers messages, or a person has the conversation, the shop's people are told in the same step.
    ///
    /// - Parameters:
    ///   - names: names of the shop's orders, newest first.
    ///   - place: the ticket in which it arrived, whose conversation it belongs to; nil for one that came to the mailbox.
    func converse(
        _ letter: ReadMail, _ observation: RawObservation, _ outcome: IncomingOutcome, order: OrderKey?,
        answering message: AnsweredMessage?, names: [String], in place: TicketPlace? = nil, now: Moment
    ) async throws(StoreFailure) {
        let shop = context.domain
        let mail = letter.readable
        var search = ConversationSearch(
            shop: shop, channel: .mailbox, since: min(observation.receivedAt, now) - ConversationRules.rest)
        search.effectID = message?.effect.id
        search.references = mail.references
        search.sender = mail.sender
        search.orderID = order?.orderID
        var second = OpinionOnce(secondReader)
        while true {
            var known: ConversationRecord?
            var id = place?.ticket?.conversation
            if place == nil { id = try await store.conversation(for: search) }
            if let id { known = try await store.conversations([id], shop: shop, now: now)[id] }
            // The thread knows what it is about, whoever writes in it.
            let orderID = known?.orderID ?? order?.orderID
            var record: OrderRecord?
            if let orderID { record = try await store.load(shop: shop, orderIDs: [orderID])[orderID] }
            // What was before is read with the order as it was then.
            let then = observation.isHistory ? min(observation.receivedAt, now) : now
            if observation.isHistory { record = record?.asHappened(by: then) }
            var said = said(letter, observation, about: record, names: names, now: then)
            place?.mark(&said, about: record)
            var opening = ConversationRecord(shop: shop, channel: said.channel, openedAt: said.at)
            opening.orderID = record?.facts.id
            opening.address = mail.sender
            opening.name = mail.senderName
            opening.subject = mail.subject
            place?.noteHolder(&known, &opening)
            // What came before the shop was watched, or before a backup was restored, may have been answered.
            let isOld = (place?.at ?? observation.receivedAt) < context.rules.planner.live.shop
            let isOthers = try await namesAnother(than: record, in: mail.text, names: names)
            let isAnswerable =
                letter.parked == nil && !isOld && !isOthers && context.answersMessages && place?.isDoubted != true
            if isAnswerable, !observation.isHistory, known?.isPersons != true {
                await second.weigh(
                    &said, text: mail.words, about: record, sender: mail.senderName,
                    questions: context.rules.planner.triggers.questions, now: now)
            }
            var change = ConversationRules.receive(
                said, into: known, opening: opening, isSilent: observation.isHistory,
                answers: isAnswerable && context.mayAnswer(said.understood), now: now)
            if change.record.orderID == nil { change.record.orderID = record?.facts.id }
            if change.events.contains(.handedOver) {
                if letter.parked != nil { change.record.reason = .unreadable }
                if isOld { change.record.reason = .restored }
                if place?.isDoubted == true { change.record.reason = .unknownSender }
            }
            place?.complete(&change)
            var outcome = outcome
            outcome.aggregate = change.record.orderID.map { .order($0) }
            if observation.isHistory {
                outcome.keepToStory()
                change.past = letter.parked == nil ? past(change, about: record, isOthers: isOthers, now: now) : nil
            }
            var notForwarded: String?
            if change.record.state == .person, !observation.isHistory, place == nil {
                let about = change.record.orderID.map { OrderKey(shop: shop, orderID: $0) }
                switch try await forwarder.forward(
                    mail, observation, order: about, answering: message, talk: known, understood: said.understood,
                    now: now)
                {
                case .mail(let mail): change.mails = [ConversationMail(forwarding: mail, now: now)]
                case .none(let reason):
                    notForwarded = reason
                    outcome.detail += "; not forwarded, because \(reason)"
                }
                // What was still being decided goes along.
                if let known, known.state == .undecided {
                    change.mails = try await forwarder.forward(known, now: now).mails + change.mails
                }
            }
            if !observation.isHistory, !isOld {
                outcome.silencings = IncomingRules.wish(
                    said.understood, mail, answering: message, isOrderNews: isOrderNews(message))
            }
            if !outcome.silencings.isEmpty {
                outcome.detail += "; asked for no more mail in her own words"
                if !change.record.tags.contains(IncomingRules.stoppedTag) {
                    change.record.tags.append(IncomingRules.stoppedTag)
                }
                // By its mark it is learned once, also if what follows has to be done again.
                if let stopped = try await stop(&outcome, mail, answering: message, nil, now: now) {
                    try await learning.learn([stopped], of: context, now: now)
                }
            }
            let written = try await store.commit(change, judged: [observation], incoming: outcome, now: now)
            guard let written else { continue }
            KillPoint.judged.reached()
            report(outcome)
            journal.report(change, id: written.id, events: written.events, notForwarded: notForwarded)
            newWords.call()
            if outcome.reply != nil { newMail.call() }
            return
        }
    }

    /// What would have been answered to a mail that is read for the story alone; nil for what is too old to say how it
    /// would be today.
    ///
    /// - Parameter isOthers: it names another order than the one that it would be answered about.
    private func past(
        _ change: ConversationChange, about order: OrderRecord?, isOthers: Bool, now: Moment
    ) -> PastAnswer? {
        guard let message = change.messages.first, message.at > now - PastAnswer.age else { return nil }
        if isOthers { return PastAnswer(message.understood, because: .unknownSender) }
        var record = order ?? OrderRecord.none(shop: context.domain, at: message.at)
        record.conversation = change.record
        switch context.rules.planner.pastReply(to: message, in: record) {
        case .answer(let text):
            return PastAnswer(
                message.understood, because: nil,
                text: ReplyText.words(of: text, brand: context.rules.planner.triggers.settings.brand, now: now))
        case .person(let reason): return PastAnswer(message.understood, because: reason)
        }
    }

    /// Whether somebody names an order of the shop's other than the one that they would be told of. A number that the
    /// shop does not have may be a slip, or no order's.
    private func namesAnother(
        than own: OrderRecord?, in text: String, names: [String]
    ) async throws(StoreFailure) -> Bool {
        guard let own = own?.facts.name.lowercased() else { return false }
        let named = OrderNumbers.names(in: text, style: OrderNumbers.Style(of: names))
        guard !named.contains(where: { $0.lowercased() == own }) else { return false }
        for name in named.prefix(5) {
            if try await !store.orders(named: name, shop: context.domain).isEmpty { return true }
        }
        return false
    }

    /// Judges a mail that the shop sent. One of the shop's people who answers in the mail program takes the
    /// conversation over, as at the desk.
    ///
    /// - Parameters:
    ///   - mail: nil where it could not be read.
    ///   - references: what it answers.
    func judgeSent(
        _ mail: IncomingMail?, _ references: [String], _ observation: RawObservation, now: Moment
    ) async throws(StoreFailure) {
        let shop = context.domain
        var outcome = IncomingOutcome(observation, .own, detail: "sent by the shop; it changes nothing")
        let references = Array(references.prefix(50))
        // One of the shop's people who answers a conversation by mail: it counts when it arrives.
        if let mail, try await store.conversation(answering: mail.tokens, shop: shop) != nil {
            outcome.detail = "an answer to Bookbag, which counts when it arrives"
            try await store.commit(outcome, now: now)
            return
        }
        outcome.effectID = try await store.message(withOneOf: references, shop: shop)?.effect.id
        guard let mail, mail.kind == .person, let author = mail.sender,
            try await store.message(withOneOf: [mail.messageID].compactMap(\.self), shop: shop) == nil
        else {
            try await store.commit(outcome, now: now)
            return
        }
        var search = ConversationSearch(shop: shop, channel: .mailbox, since: now)
        search.effectID = outcome.effectID
        search.references = references
        while true {
            guard let id = try await store.conversation(for: search),
                let record = try await store.conversations([id], shop: shop, now: now)[id]
            else {
                try await store.commit(outcome, now: now)
                return
            }
            var said = ConversationMessage(
                .outgoing, by: .person(author), at: min(observation.receivedAt, now), text: mail.text,
                channel: .mailbox)
            said.text = String(mail.text.prefix(ConversationRules.longestText))
            said.recipient = mail.recipientAddresses.first
            said.messageID = mail.messageID
            said.references = mail.references.reversed()
            said.subject = mail.subject
            said.observationID = observation.id
            said.files = mail.attachments
            var change: ConversationChange
            if observation.isHistory {
                change = ConversationChange(record)
                change.messages = [said]
                change.record.lastAt = max(record.lastAt, said.at)
            } else {
                change = ConversationRules.reply(said, by: author, in: record, now: now)
                outcome.detail = "one of the shop's people answered in the mail program, and has the conversation now"
            }
            outcome.aggregate = record.orderID.map { .order($0) }
            let written = try await store.commit(change, judged: [observation], incoming: outcome, now: now)
            guard let written else { continue }
            KillPoint.judged.reached()
            report(outcome)
            journal.report(change, id: written.id, events: written.events)
            newWords.call()
            return
        }
    }

    /// Whether a message of ours is news of an order that a trigger told.
    private func isOrderNews(_ message: AnsweredMessage?) -> Bool {
        guard let effect = message?.effect, effect.origin == .trigger, effect.isContact else { return false }
        return context.rules.planner.triggers.trigger(effect.trigger)?.about == .order
    }

    /// Whether a mail consists of a word that a rule of its own answers: no more offers, or offers again.
    func isLoneWord(_ outcome: IncomingOutcome) -> Bool { !outcome.silencings.isEmpty || !outcome.revocations.isEmpty }

    /// Whether one of the shop's people answers what Bookbag itself had sent them: no shopper wrote.
    func isOfOurPeople(_ mail: IncomingMail, answering message: AnsweredMessage?) -> Bool {
        guard let message, message.effect.origin == .system, let sender = mail.sender?.lowercased() else {
            return false
        }
        // What tells somebody of a customer who waits is answered by a colleague.
        if message.effect.trigger == SystemMail.alert { return message.recipient?.lowercased() == sender }
        return sender == context.rules.planner.triggers.settings.notify?.address.lowercased()
            || sender == context.configuration.handOverTo?.address.lowercased()
    }

    var journal: ConversationJournal {
        ConversationJournal(metrics: learning.metrics, newEvents: learning.newEvents, newMail: newMail, logger: logger)
    }

    /// What she wrote, as it was understood.
    private func said(
        _ letter: ReadMail, _ observation: RawObservation, about record: OrderRecord?, names: [String], now: Moment
    ) -> ConversationMessage {
        let mail = letter.readable
        var said = ConversationMessage(
            .incoming, by: .shopper, at: min(observation.receivedAt, now), text: mail.text, channel: .mailbox)
        said.trust = Self.trust(in: mail, about: record)
        said.hasPhoto = mail.hasPhoto
        said.sender = mail.sender
        said.recipient = shopAddress(of: mail)
        said.messageID = mail.messageID
        said.references = mail.references.reversed()
        said.subject = mail.subject
        said.observationID = observation.id
        said.files = mail.attachments
        guard letter.parked == nil else { return said }
        said.understood = Understood(
            reading: mail.words, about: record, names: names,
            questions: context.rules.planner.triggers.questions, now: now, zone: context.rules.planner.shopZone)
        return said
    }

    /// What proves who wrote it: an authenticated sender whose address is on the order, and otherwise nothing. That a
    /// mail answers one of ours proves its thread, and nothing of its sender.
    static func trust(in mail: IncomingMail, about record: OrderRecord?) -> Int {
        guard mail.isAuthenticated, !mail.isRelayed, let sender = mail.sender?.lowercased(), let facts = record?.facts
        else { return 0 }
        return [facts.email, facts.customer?.email].contains { $0?.lowercased() == sender } ? 1 : 0
    }

    /// The address of the shop's that she wrote to, without what stands behind its `+`.
    private func shopAddress(of mail: IncomingMail) -> String? {
        guard let mailbox = context.configuration.mailbox else { return nil }
        let own = ShopAddresses(mailbox.onlyTo)
        guard let address = mail.recipientAddresses.first(where: own.contains),
            let at = address.lastIndex(of: "@")
        else { return nil }
        guard let plus = address[..<at].firstIndex(of: "+"), plus > address.startIndex else { return address }
        return String(address[..<plus] + address[at...])
    }
}

extension IncomingMail {
    /// Her words. Where there are none in the mail, they are in its subject.
    fileprivate var words: String { text.contains { !$0.isWhitespace } ? text : subject }
}

import Delivery
import Foundation
import Intake
import Outreach
import Platform
import Store

// Answers of the shop's people by mail (`TeamAnswer`). Whatever comes to an address with a token of ours is theirs or
// nobody's: it is never taken for a customer's letter, unless the customer of that very conversation wrote it.

extension MailJudge {
    /// Judges a mail that answers one by which a conversation was handed over; false, and nothing is done, for any other.
    func judgeTeamAnswer(
        _ mail: IncomingMail, _ observation: RawObservation, isParked: Bool, now: Moment
    ) async throws(StoreFailure) -> Bool {
        guard !observation.isHistory, [.person, .autoReply, .list].contains(mail.kind) else { return false }
        let shop = context.domain
        var found = try await store.conversation(answering: mail.tokens, shop: shop).map {
            (token: Optional($0.token), id: $0.id)
        }
        if found == nil, let id = try await conversationOfForward(mail) { found = (nil, id) }
        guard let (token, id) = found else { return false }
        let people = people.answering(shop).map(\.email)
        // Others may change the conversation meanwhile. Nothing of the team's is taken for a customer's letter for that.
        while true {
            guard let record = try await store.conversations([id], shop: shop, now: now)[id] else { return false }
            if let sender = mail.sender?.lowercased(), sender == record.address?.lowercased() { return false }
            var outcome = IncomingOutcome(observation, .own, detail: "")
            outcome.aggregate = record.orderID.map { .order($0) }
            let verdict = TeamAnswer.judge(
                isParked ? IncomingMail(.person) : mail, in: record, token: token,
                team: context.configuration.handOverTo?.address, people: people)
            switch verdict {
            case .ignore:
                outcome.detail = "an automatic reply to a conversation that was handed over; it goes nowhere"
                try await store.commit(outcome, now: now)
                report(outcome)
                return true
            case .refuse(let why):
                try await refuse(&outcome, why, mail, record, now: now)
                return true
            case .send(let text, let person):
                let order = try await order(of: record, now: now)
                let reply: (message: ConversationMessage, mail: Message)
                switch try await self.reply(text, by: person, mail, observation, order, now: now) {
                case .success(let made): reply = made
                case .failure(let why):
                    try await refuse(&outcome, why.refusal, mail, record, now: now)
                    return true
                }
                outcome.detail = "one of the shop's people answered by mail, and has the conversation now"
                if mail.hasFiles {
                    outcome.detail += "; its files did not go along"
                    outcome.reply = notice(.filesLeft, mail, record, now: now)
                }
                var change = ConversationRules.reply(reply.message, by: person, in: record, now: now)
                change.mails = [
                    ConversationMail(
                        .person, maker: "reply", key: "mail \(observation.id)", message: reply.mail, dueAt: now,
                        carries: 0)
                ]
                let written = try await store.commit(change, judged: [observation], incoming: outcome, now: now)
                guard let written else { continue }
                KillPoint.judged.reached()
                report(outcome)
                journal.report(change, id: written.id, events: written.events)
                newWords.call()
                newMail.call()
                newTexts.call()
                return true
            }
        }
    }

    /// The conversation that was handed over by the mail that one of the team answers without its address.
    private func conversationOfForward(_ mail: IncomingMail) async throws(StoreFailure) -> Int64? {
        let shop = context.domain
        guard let team = context.configuration.handOverTo?.address.lowercased(), let sender = mail.sender?.lowercased(),
            sender == team || people.answering(shop).contains(where: { $0.email == sender }),
            let message = try await store.message(withOneOf: Array(mail.references.prefix(50)), shop: shop),
            message.effect.origin == .system, message.effect.trigger == "forwarded",
            message.recipient?.lowercased() == team
        else { return nil }
        return message.effect.aggregate?.conversationID
    }

    private func order(of record: ConversationRecord, now: Moment) async throws(StoreFailure) -> OrderRecord {
        var order = OrderRecord.none(shop: record.shop, at: now)
        if let id = record.orderID { order = try await store.load(shop: record.shop, orderIDs: [id])[id] ?? order }
        order.conversation = record
        return order
    }

    private struct Unsent: Error {
        var refusal: TeamAnswer.Refusal
    }

    /// Whom an answer goes to: where she wrote in a chat, into it while it goes on, then to the address that she proved
    /// there; nil where nobody can be reached.
    private func recipient(
        of order: OrderRecord, now: Moment
    ) async throws(StoreFailure) -> OrderRecord.PersonalRecipient? {
        guard let name = order.lastChat else { return order.personalRecipient }
        // What nobody proved an order in says nothing of one.
        guard order.answerChat == name else { return nil }
        if context.configuration.chat != nil, let chat = try await store.chat(named: name, shop: order.shop),
            chat.endsAt > now
        {
            return .chat(name)
        }
        return try await store.provedAddress(of: order).map { .mail($0) }
    }

    /// The answer as the customer gets it.
    private func reply(
        _ text: String, by person: String, _ mail: IncomingMail, _ observation: RawObservation, _ order: OrderRecord,
        now: Moment
    ) async throws(StoreFailure) -> Result<(message: ConversationMessage, mail: Message), Unsent> {
        let shop = context.domain
        let key = "mail \(observation.id)"
        let settings = context.rules.planner.triggers.settings
        let markdown = ReplyText.markdown(ofPlain: text)
        var said = ConversationMessage(
            .outgoing, by: .person(person), at: min(observation.receivedAt, now), text: text, channel: .mailbox)
        said.text = String(text.prefix(ConversationRules.longestText))
        said.observationID = nil
        let written: Message?
        switch try await recipient(of: order, now: now) {
        case .chat(let session):
            said.channel = .chat
            written = PersonalReply.chat(markdown, to: session, key: key, shop: shop)
            if let words = written?.asChat { said.text = words }
        case .mail(let recipient):
            guard let smtp = context.configuration.smtp else { return .failure(Unsent(refusal: .unwritable)) }
            let language = order.conversation?.lastIncoming?.understood?.language ?? order.facts.locale ?? "en"
            written = PersonalReply(brand: settings.brand, sender: smtp.sender?.address, shop: shop).mail(
                markdown, to: recipient, in: order, language: language, key: key, now: now)
        case .text(let number):
            let silences = try await store.silences(of: .address(number.text), shop: shop, now: now)
            guard !silences.contains(where: { $0.reason == IncomingOutcome.Silencing.optOut }) else {
                return .failure(Unsent(refusal: .optedOut))
            }
            said.channel = .sms
            written =
                context.configuration.farEnds[.sms]?.isEmpty == false
                ? PersonalReply.text(markdown, to: number, key: key, shop: shop) : nil
        case nil: return .failure(Unsent(refusal: .noRecipient))
        }
        guard let written else { return .failure(Unsent(refusal: .unwritable)) }
        if said.channel == .mailbox { said.subject = written.summary }
        said.recipient = written.envelope.recipient
        return .success((said, written))
    }

    private func refuse(
        _ outcome: inout IncomingOutcome, _ why: TeamAnswer.Refusal, _ mail: IncomingMail,
        _ record: ConversationRecord, now: Moment
    ) async throws(StoreFailure) {
        outcome.detail =
            "an answer by mail that was not sent: \(why.rawValue.replacing("_", with: " "))"
        outcome.reply = notice(.refused(why), mail, record, now: now)
        try await store.commit(outcome, now: now)
        report(outcome)
        if outcome.reply != nil { newMail.call() }
    }

    private func notice(
        _ what: TeamNotice.What, _ mail: IncomingMail, _ record: ConversationRecord, now: Moment
    ) -> SystemMail? {
        guard let team = context.configuration.handOverTo, let smtp = context.configuration.smtp else { return nil }
        return TeamNotice(
            what: what, to: team, record: record, answers: mail.messageID, holder: record.holder,
            brand: context.rules.planner.triggers.settings.brand, sender: smtp.sender?.address
        ).mail(now: now)
    }
}

/// Tells the shop's people that an answer of theirs did not go out, or not as it was.
struct TeamNotice {
    enum What: Hashable {
        case refused(TeamAnswer.Refusal)
        /// It went out without its files.
        case filesLeft
    }

    var what: What
    var to: MailAddress
    var record: ConversationRecord
    /// The answer's own id.
    var answers: String?
    var holder: String?
    var brand: Brand
    var sender: String?

    /// The mail; nil if none can be composed. One of a kind goes out in an hour for each conversation: whatever answers
    /// it by itself gets no other.
    func mail(now: Moment) -> SystemMail? {
        let about = record.subject.isEmpty ? record.title : record.subject
        let (title, words) = text
        let id = MessageIdentity.notice(
            shop: record.shop, kind: Self.maker, about: "\(record.id) \(what) \(now.milliseconds / 3_600_000)",
            domain: brand.from.domain)
        let draft = MailDraft(
            from: brand.from, to: to, sender: sender ?? brand.from.address, subject: "\(title): \(about)",
            body: .markdown(ForwardedMail.plain(words)), language: "en", messageID: id,
            references: [answers].compactMap(\.self).filter(MailComposer.isMessageID), date: now, brand: brand)
        guard let message = try? MailComposer().compose(draft) else { return nil }
        return SystemMail(
            maker: Self.maker, key: id, message: message, aggregate: record.aggregate, dueAt: now)
    }

    static let maker = "answer_refused"

    private var text: (title: String, words: String) {
        let who = record.name.flatMap { $0.isEmpty ? nil : $0 } ?? record.address ?? "the customer"
        guard case .refused(let why) = what else {
            return (
                "Sent without its files",
                "Your answer to \(who) went out without the files that were attached to it. Attach them at the desk."
            )
        }
        let reason: String
        switch why {
        case .stranger:
            reason =
                "it came from an address that is neither 'hand_over_to' of bookbag.yaml nor of somebody in people.yaml who answers."
        case .unproved:
            reason =
                "nothing proves that its sender wrote it. The mail of that domain must pass DMARC where the shop's mailbox is."
        case .noToken: reason = "it did not go to the address that our mail was to be answered to (Reply-To)."
        case .noLine:
            reason =
                "the line '\(TeamAnswer.line)' is not in it. Answer again and leave the mail that you answer below your words."
        case .noWords: reason = "nothing stands above the line '\(TeamAnswer.line)'. Write there."
        case .traces:
            reason =
                "above the line stands our address, which your mail program put there. Remove what is not yours above the line, and answer again."
        case .held: reason = "\(holder ?? "a colleague") has this conversation now."
        case .repeated: reason = "it says the same as the answer before."
        case .noRecipient:
            reason =
                record.channel == .chat
                ? "the chat is over, and the customer proved no address there. The conversation is at the desk."
                : "no address or number of the customer is known."
        case .unwritable: reason = "no message can be made of it, or it is longer than a text can be."
        case .optedOut: reason = "this number gets no texts any more."
        }
        return ("Not sent", "Your answer to \(who) was not sent: \(reason)")
    }
}

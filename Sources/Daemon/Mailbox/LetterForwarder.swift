import Foundation
import Intake
import Outreach
import Store

/// Hands what people wrote to the shop on to the shop's people, as mail with the order's story below it.
struct LetterForwarder: Sendable {
    /// How the bytes of an observation are read, by how the shop writes the numbers of its orders.
    var read: @Sendable (RawObservation, OrderNumbers.Style) -> MailJudge.ReadMail
    let context: ShopContext
    let store: Store

    /// A mail to the shop's people, or why there is none: a clause without personal data.
    enum Result: Hashable, Sendable {
        case mail(Message)
        case none(String)
    }

    private var settings: ShopSettings { context.rules.planner.triggers.settings }

    /// The letter as a mail to the shop's people.
    ///
    /// - Parameters:
    ///   - order: what it is about.
    ///   - message: the message of ours that it answers.
    ///   - isStored: it was judged already, so that it counts among its sender's letters.
    ///   - talk: the conversation that it belongs to, as it was before; nil where it opens or has none.
    ///   - isTalk: whether it belongs to a conversation, which a team may answer by mail.
    ///   - understood: what it asks for; nil where nobody read that.
    func forward(
        _ mail: IncomingMail, _ observation: RawObservation, order: OrderKey?, answering message: AnsweredMessage?,
        isStored: Bool = false, talk: ConversationRecord? = nil, isTalk: Bool = true,
        understood: Understood? = nil, now: Moment
    ) async throws(StoreFailure) -> Result {
        if let reason = settings.keepsToItself { return .none(reason) }
        if isTalk, let reason = context.configuration.keepsMail { return .none(reason) }
        var before = 0
        if let sender = mail.sender {
            before = try await store.letters(
                of: sender, shop: context.domain, since: observation.receivedAt - IncomingRules.letterWindow,
                limit: IncomingRules.letterLimit + 1)
            if isStored { before = max(0, before - 1) }
        }
        let handingOn = IncomingRules.handsOn(
            mail, about: message,
            people: (isTalk ? context.configuration.handOverTo : nil)?.address
                ?? settings.notify?.address, before: before)
        if case .no(let reason) = handingOn { return .none(reason) }
        guard let smtp = context.configuration.smtp else { return .none("no relay is configured") }
        var story: (order: String, text: String)?
        if let order {
            do {
                if let sources = try await AccountSources(order, store: store, now: now) {
                    let account = OrderAccount(sources)
                    story = (account.order, account.text(zone: sources.profile.zone))
                }
            } catch let failure as StoreFailure { throw failure } catch {
                // Without the story the mail is sent anyway.
            }
        }
        let brand = settings.brand
        var team: MailTeam.Way?
        if isTalk, let found = MailTeam(context.configuration) {
            var record = OrderRecord.none(shop: context.domain, at: now)
            if let order {
                record = try await store.load(shop: context.domain, orderIDs: [order.orderID])[order.orderID] ?? record
            }
            team = found.way(
                token: try await store.answerToken(observation: observation.id, shop: context.domain), talk: talk,
                about: record, sender: mail.sender, zone: context.rules.planner.shopZone)
        }
        let forwarded = ForwardedMail(
            mail: mail, original: observation.bytes, story: story, settings: settings, shop: context.domain,
            sender: smtp.sender?.address ?? brand.from.address, receivedAt: observation.receivedAt,
            number: observation.id, isLast: handingOn == .last,
            thread: order.map {
                MessageIdentity.thread(shop: context.domain, orderID: $0.orderID, domain: brand.from.domain)
            }, team: team, understood: understood)
        if let message = forwarded.message() { return .mail(message) }
        return .none(
            settings.notify == nil
                ? "shop.yaml names nobody under 'notify'" : "no mail could be composed from it; it is in the mailbox")
    }

    /// What nobody has answered in a conversation, as mails to the shop's people. What went to them before is not
    /// sent again: it has the same key.
    func forward(
        _ record: ConversationRecord, now: Moment
    ) async throws(StoreFailure) -> (mails: [ConversationMail], reason: String?) {
        var mails: [ConversationMail] = []
        var reason: String?
        let style = OrderNumbers.Style(of: try await store.newestOrderNames(shop: context.domain))
        let waits = record.waitsSince ?? .distantPast
        for message in record.messages where message.direction == .incoming && message.at >= waits {
            guard let number = message.observationID,
                let observation = try await store.observation(number, shop: context.domain), observation.isMail
            else { continue }
            let order = record.orderID.map { OrderKey(shop: context.domain, orderID: $0) }
            let letter = read(observation, style)
            switch try await forward(
                letter.readable, observation, order: order, answering: nil, isStored: true, talk: record,
                understood: message.understood, now: now)
            {
            case .mail(let mail): mails.append(ConversationMail(forwarding: mail, now: now))
            case .none(let why): reason = why
            }
        }
        return (mails, reason)
    }
}

extension ConversationMail {
    /// A mail to the shop's people. Its id is made of the letter's number, so that none goes twice.
    init(forwarding message: Message, now: Moment) {
        self.init(.system, maker: "forwarded", key: message.id, message: message, dueAt: now, hasFiles: true)
    }
}

extension MailJudge.ReadMail {
    /// The mail with words, also where it could not be read.
    var readable: IncomingMail {
        guard let parked else { return mail }
        var mail = mail
        mail.text = "Bookbag could not read this mail: \(parked)."
        return mail
    }
}

extension ShopSettings {
    /// Why the shop's people get no mail about what customers write, as a clause; nil where they may. In shadow mode
    /// all is read and shown, and nothing leaves.
    var keepsToItself: String? { mode == .shadow ? "shop.yaml says 'mode: shadow'" : nil }
}

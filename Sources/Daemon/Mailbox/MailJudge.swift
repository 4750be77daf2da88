import Delivery
import Foundation
package import Intake
import Logging
package import Outreach
import Platform
import Store

/// Judges the mail that came in, one at a time: finds the message of ours that it refers to and the order that it is
/// about, applies the rules, and commits the result together with the mark that it was judged. What a person wrote
/// becomes a message of a conversation in the same step.
struct MailJudge: Sendable {
    /// How the bytes of an observation are read, by how the shop writes the numbers of its orders.
    var read: @Sendable (RawObservation, OrderNumbers.Style) -> ReadMail
    let context: ShopContext
    let store: Store
    let learning: Learning
    let logger: Logger
    /// Called when there is mail to send.
    let newMail: Wake
    /// Called when somebody wrote in a conversation.
    var newWords = Wake()
    /// Asks another model what messages are about; nil where none is configured.
    var secondReader: SecondReader?
    /// Called when there is a text to send.
    var newTexts = Broadcast()
    /// Who answers at the desk, and so may by mail.
    var people = ListedPeople(People())

    /// A mail after reading.
    struct ReadMail: Sendable {
        var mail: IncomingMail
        /// Why a person must look at the mail itself; nil if it could be read.
        var parked: String?
    }

    /// Judges one mail.
    ///
    /// - Parameter place: the ticket in which it arrived; nil for one that came to the mailbox.
    /// - Returns: why nothing could be made of it; it still counts as judged.
    func judge(
        _ observation: RawObservation, in place: TicketPlace? = nil, now: Moment
    ) async throws(StoreFailure) -> SourceFailure? {
        let shop = context.domain
        let names = try await store.newestOrderNames(shop: shop)
        let style = OrderNumbers.Style(of: names)
        let (mail, parked) = { ($0.mail, $0.parked) }(read(observation, style))
        if observation.mailKind?.side == .sent {
            try await judgeSent(parked == nil ? mail : nil, mail.references, observation, now: now)
            return nil
        }
        if let parked {
            logger.log(Line.mailParked, ["shop": "\(shop)", "reason": "\(parked)"])
        }
        if place == nil, try await judgeTeamAnswer(mail, observation, isParked: parked != nil, now: now) { return nil }
        let message = try await store.message(
            withOneOf: Array(mail.references.prefix(50)), tokens: Array(mail.tokens.prefix(20)), shop: shop)
        var softBefore = 0
        if mail.kind == .bounce, let address = message?.recipient {
            softBefore = try await store.softBounces(of: address, shop: shop, since: now - IncomingRules.softWindow)
        }
        let wish = store.unsubscribeTokens.wish(inSubject: mail.subject, shops: [shop])
        var outcome = IncomingRules.judge(
            mail, from: observation, about: message, wish: wish, softBefore: softBefore, now: now)
        if let parked { outcome.detail = "it could not be read: \(parked)" }
        if mail.kind == .person, wish == nil {
            let order = try await order(
                of: mail, answering: message, style, asOf: observation.isHistory ? observation.receivedAt : nil)
            outcome.aggregate = order.map { .order($0.orderID) }
            let letter = ReadMail(mail: mail, parked: parked)
            if !isLoneWord(outcome), !isOfOurPeople(mail, answering: message) {
                try await converse(
                    letter, observation, outcome, order: order, answering: message, names: names, in: place, now: now)
                return nil
            }
            if !observation.isHistory, place == nil {
                let forwarded = try await forwarder.forward(
                    letter.readable, observation, order: order, answering: message, isTalk: false, now: now)
                switch forwarded {
                case .mail(let mail):
                    outcome.forward = SystemMail(
                        maker: "forwarded", key: mail.id, message: mail,
                        aggregate: order.map { .order($0.orderID) }, dueAt: now)
                case .none(let reason): outcome.detail += "; not forwarded, because \(reason)"
                }
            }
        }
        var events: [JudgedEvent] = []
        if observation.isHistory {
            outcome.keepToStory()
        } else {
            if let bounced = Self.bounced(outcome, message) { events.append(bounced) }
            if let stopped = try await stop(&outcome, mail, answering: message, wish, now: now) {
                events.append(stopped)
            }
        }
        try await commit(outcome, events, now: now)
        KillPoint.judged.reached()
        report(outcome)
        if outcome.forward != nil || outcome.reply != nil { newMail.call() }
        return nil
    }

    private func commit(
        _ outcome: IncomingOutcome, _ events: [JudgedEvent], now: Moment
    ) async throws(StoreFailure) {
        guard !events.isEmpty else {
            try await store.commit(outcome, now: now)
            return
        }
        _ = try await learning.learn(events, from: outcome.observation, incoming: outcome, of: context, now: now)
    }

    /// The event that a message of ours came back. Events are of orders: a mail about none only ends.
    private static func bounced(_ outcome: IncomingOutcome, _ message: AnsweredMessage?) -> JudgedEvent? {
        guard outcome.isEndOfMessage, let order = outcome.aggregate, order.orderID != nil, let message else {
            return nil
        }
        return JudgedEvent(
            aggregate: order, kind: .deliveryBounced, mark: "effect:\(message.effect.id)",
            happenedAt: outcome.observation.receivedAt, source: outcome.observation.source)
    }

    /// What follows of a wish for no more offers, where it ends anything: a lone word is confirmed, and the merchant
    /// gets an event, of the order that the mail answers or else of her newest.
    func stop(
        _ outcome: inout IncomingOutcome, _ mail: IncomingMail, answering message: AnsweredMessage?,
        _ wish: UnsubscribeTokens.Wish?, now: Moment
    ) async throws(StoreFailure) -> JudgedEvent? {
        guard outcome.silencings.contains(where: { $0.reason == IncomingOutcome.Silencing.optOut }),
            let key = wish?.addressKey ?? mail.sender.map(store.addressKey)
        else { return nil }
        let shop = context.domain
        var standing = Set(try await store.silences(of: .addressKey(key), shop: shop, now: now).map(\.stream))
        for case .order(let id) in outcome.silencings.map(\.who) {
            standing.formUnion(try await store.silences(of: .order(id), shop: shop, now: now).map(\.stream))
        }
        guard IncomingRules.isNews(outcome, standing: standing) else { return nil }
        // Whom a message went to may answer it; that a mail names one of ours proves nothing of its sender.
        let answered = message.flatMap { message in
            message.recipient.map(store.addressKey) == key ? message.effect.orderKey : nil
        }
        var order = answered
        if order == nil { order = try await store.orders(ofAddressKey: key, shop: shop).first }
        if wish == nil, let sender = mail.sender {
            let isOwn = context.configuration.mailbox.map { ShopAddresses($0.onlyTo).contains(sender) } ?? false
            let isKnown = !isOwn && (order != nil || message?.recipient.map(store.addressKey) == key)
            if IncomingRules.confirms(outcome, standing: standing, isKnown: isKnown, own: ownAddresses) {
                let stopsNews = outcome.silencings.contains { $0.stream == .order }
                outcome.reply = try await confirmation(
                    to: sender, about: order, stopsNews: stopsNews, mail, now: now)
            }
        }
        return order.map {
            JudgedEvent(
                aggregate: .order($0.orderID), kind: .customerUnsubscribed, mark: "mail:\(outcome.observation.id)",
                happenedAt: outcome.observation.receivedAt, source: outcome.observation.source)
        }
    }

    /// The addresses that no confirmation goes to: the shop would write to itself.
    private var ownAddresses: [String] {
        let settings = context.rules.planner.triggers.settings
        let brand = settings.brand
        return [brand.from, brand.marketingFrom, brand.ratingsFrom, brand.replyTo, settings.notify].compactMap {
            $0?.address
        }
    }

    /// The confirmation of a wish for no more mail; nil where nothing goes to shoppers.
    private func confirmation(
        to sender: String, about order: OrderKey?, stopsNews: Bool, _ mail: IncomingMail, now: Moment
    ) async throws(StoreFailure) -> SystemMail? {
        let settings = context.rules.planner.triggers.settings
        guard context.configuration.smtp != nil, settings.mode == .live else { return nil }
        let shop = context.domain
        var locale: String? = settings.locale
        var name: String?
        if let order, let facts = try await store.load(shop: shop, orderIDs: [order.orderID])[order.orderID]?.facts {
            locale = facts.locale ?? facts.customer?.locale ?? locale
            name = facts.name
        }
        let confirmation = StopConfirmation(
            to: sender, locale: locale, brand: settings.brand, shop: shop,
            secret: store.stopSecret(shop: shop, address: sender),
            answers: mail.messageID, aggregate: order.map { .order($0.orderID) }, order: stopsNews ? name : nil)
        return confirmation.mail(now: now)
    }

    /// Which order a person writes about: that of the message she replies to; otherwise the number in her own words, if
    /// the sender is the order's; otherwise her only order under way. It never guesses between two.
    ///
    /// - Parameter moment: when the mail came, if only what was so then is to count; nil for now.
    private func order(
        of mail: IncomingMail, answering message: AnsweredMessage?, _ style: OrderNumbers.Style,
        asOf moment: Moment?
    ) async throws(StoreFailure) -> OrderKey? {
        if let key = message?.effect.orderKey { return key }
        guard let sender = mail.sender else { return nil }
        var own = try await store.orders(ofAddress: sender, shop: context.domain)
        var past: [String: OrderRecord] = [:]
        if let moment {
            own = Array(own.prefix(20))
            past = try await store.load(shop: context.domain, orderIDs: own.map(\.orderID))
                .filter { $0.value.facts.processedAt <= moment }.mapValues { $0.asHappened(by: moment) }
            own.removeAll { past[$0.orderID] == nil }
        }
        if let name = mail.orderName {
            // "#1042" may be all that she writes of JF-1042-A.
            for name in [name, style.name(of: name.filter(\.isNumber))] {
                let named = try await store.orders(named: name, shop: context.domain).filter(own.contains)
                if named.count == 1 { return named[0] }
            }
        }
        if own.count == 1 { return own[0] }
        let recent = Array(own.prefix(20))
        let records =
            moment == nil ? try await store.load(shop: context.domain, orderIDs: recent.map(\.orderID)) : past
        let open = recent.filter { records[$0.orderID]?.isUnderWay == true }
        return open.count == 1 ? open[0] : nil
    }

    var forwarder: LetterForwarder { LetterForwarder(read: read, context: context, store: store) }

    /// Tells the journal what a mail was taken for.
    func report(_ outcome: IncomingOutcome) {
        var facts: Logger.Metadata = [
            "shop": "\(context.domain)", "class": "\(outcome.kind.rawValue)", "reason": "\(outcome.detail)",
        ]
        if let effect = outcome.effectID { facts["message"] = "\(effect)" }
        logger.log(outcome.isHard == nil && outcome.kind != .complaint ? Line.mailRead : Line.mailBounced, facts)
    }
}

extension RawObservation {
    /// The kind of mail, if it came from a mailbox.
    var mailKind: MailKind? { MailKind(kind) }

    var isMail: Bool { mailKind != nil }

    /// True for a mail that is only kept for the story, and is never answered or acted on.
    var isHistory: Bool { mailKind?.isHistory ?? false }
}

extension MailJudge.ReadMail {
    /// Reads an observation from a mailbox, given what the shop's mail looks like.
    init(_ observation: RawObservation, settings: MailSettings, orders: OrderNumbers.Style = OrderNumbers.Style()) {
        if observation.mailKind?.isParked == true {
            self.init(
                mail: IncomingMail(.person), parked: String(decoding: observation.bytes.prefix(500), as: UTF8.self))
            return
        }
        var settings = settings
        settings.orders = orders
        let reading = MailReading.read(observation.bytes, settings: settings)
        self.init(mail: reading.incoming, parked: reading.parked)
    }
}

extension MailSettings {
    /// What a shop's mail looks like.
    package init(_ mailbox: Configuration.Mailbox?, settings: ShopSettings) {
        self.init()
        border = mailbox?.authservID.map { .named($0) }
        let brand = settings.brand
        let own = [brand.from, brand.marketingFrom, brand.ratingsFrom].compactMap(\.self)
        domains = Set(own.map { $0.domain.lowercased() }).sorted()
        team = settings.notify.map { [$0.address.lowercased()] } ?? []
        cutLine = TeamAnswer.line
    }
}

extension IncomingOutcome {
    /// Makes it show up in the story without any other effect.
    mutating func keepToStory() {
        isEndOfMessage = false
        provesArrival = false
        silencings = []
        revocations = []
        forward = nil
    }
}

extension OrderRecord {
    /// True while part of it is still to come: not cancelled, and not all of it delivered.
    fileprivate var isUnderWay: Bool {
        guard facts.cancelledAt == nil else { return false }
        return !events.contains { $0.kind == .orderDelivered }
    }
}

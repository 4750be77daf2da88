import Delivery
import Foundation
import Intake
import Logging
import Outreach
import Platform
import Store

/// Judges what was posted in the chat, one post at a time, and commits the result together with the mark that it was
/// judged.
struct ChatJudge: Sendable {
    let context: ShopContext
    let store: Store
    let learning: Learning
    let logger: Logger
    /// Called when there is something to decide or to send.
    let newMessages: Broadcast
    /// Asks another model what messages are about; nil where none is configured.
    var secondReader: SecondReader?
    /// A number that nobody can guess, for a code.
    var random: @Sendable () -> UInt64 = {
        var generator = SystemRandomNumberGenerator()
        return generator.next()
    }

    /// Judges one post.
    ///
    /// - Returns: why nothing could be made of it; it still counts as judged.
    func judge(_ observation: RawObservation, now: Moment) async throws(StoreFailure) -> SourceFailure? {
        guard let (name, post) = ChatPost.read(observation) else {
            try await store.markJudged([observation], now: now)
            return SourceFailure("it is nothing that a chat posts")
        }
        let session = try await store.chat(named: name, shop: context.domain)
        switch post {
        case .words(let text):
            guard let session else {
                // Whoever wrote was erased, and what was written is gone with it.
                try await store.markJudged([observation], now: now)
                return nil
            }
            try await converse(text, in: session, observation, now: now)
        case .claim(let order, let address):
            try await judgeClaim(order, address, in: session, observation, now: now)
        case .proved: try await askAgain(in: session, observation, now: now)
        }
        return nil
    }

    // MARK: - Words

    /// Stores what was written as a message of the session's conversation.
    private func converse(
        _ text: String, in session: ChatSession, _ observation: RawObservation, now: Moment
    ) async throws(StoreFailure) {
        let shop = context.domain
        let names = try await store.newestOrderNames(shop: shop)
        let named = OrderNumbers.names(in: text, style: OrderNumbers.Style(of: names))
        let proved = try await order(provedBy: session)
        // Whoever names another order than the one that is proved is told of neither.
        let isHers = proved.map { own in named.isEmpty || named.contains { $0.isName(of: own) } } ?? true
        let order = isHers ? proved : nil
        let isOld = observation.receivedAt < context.rules.planner.live.shop
        let isAnswerable = !isOld && isHers && context.answersMessages
        var search = ConversationSearch(
            shop: shop, channel: .chat, since: min(observation.receivedAt, now) - ConversationRules.rest)
        search.sender = session.name
        search.orderID = order?.facts.id
        var second = OpinionOnce(secondReader)
        while true {
            let known = try await conversation(for: search, now: now)
            var record = order
            if let id = known?.orderID, id != order?.facts.id {
                record = try await store.load(shop: shop, orderIDs: [id])[id]
            }
            var said = ConversationMessage(
                .incoming, by: .shopper, at: min(observation.receivedAt, now), text: text, channel: .chat)
            said.trust = proved != nil && record?.facts.id == proved?.facts.id ? 1 : 0
            said.sender = session.name
            said.observationID = observation.id
            said.understood = understood(text, about: record, names: names, now: now)
            if isAnswerable, known?.isPersons != true {
                await second.weigh(
                    &said, text: text, about: record, questions: context.rules.planner.triggers.questions, now: now)
            }
            var opening = ConversationRecord(shop: shop, channel: .chat, openedAt: said.at)
            opening.orderID = order?.facts.id
            opening.address = session.name
            opening.name = order?.recipient?.name
            var change = ConversationRules.receive(
                said, into: known, opening: opening, answers: isAnswerable && context.mayAnswer(said.understood),
                now: now)
            if change.record.orderID == nil { change.record.orderID = order?.facts.id }
            if isOld, change.events.contains(.handedOver) { change.record.reason = .restored }
            var outcome = IncomingOutcome(observation, .person, detail: "a person wrote in the chat")
            outcome.address = session.name
            outcome.aggregate = change.record.orderID.map { .order($0) }
            var notForwarded: String?
            // A team that answers by mail gets all that is said to a person, as it gets all letters and texts.
            let isTold =
                change.events.contains(.handedOver)
                || change.record.state == .person && context.configuration.handOverTo != nil
            if isTold {
                var shown = change.record
                shown.messages = (known?.messages ?? []) + [said]
                (change.mails, notForwarded) = try await ChatForwarder(context: context, store: store).mails(
                    about: shown, now: now)
            }
            let written = try await store.commit(change, judged: [observation], incoming: outcome, now: now)
            guard let written else { continue }
            KillPoint.judged.reached()
            report(change, written, notForwarded: notForwarded)
            return
        }
    }

    /// The order that a session proved, as long as it has the address that the code went to.
    private func order(provedBy session: ChatSession) async throws(StoreFailure) -> OrderRecord? {
        guard let id = session.orderID, let key = session.provedKey,
            let record = try await store.load(shop: context.domain, orderIDs: [id])[id],
            let address = record.recipient?.address, store.addressKey(address) == key
        else { return nil }
        return record
    }

    // MARK: - Proof

    /// Mails a code to the address of the order that was named, if it is the address that was named. Whoever posted the
    /// claim was answered before, and learns nothing of what comes of it here.
    private func judgeClaim(
        _ order: String, _ address: String, in session: ChatSession?, _ observation: RawObservation, now: Moment
    ) async throws(StoreFailure) {
        let record = try await self.order(named: order, of: address)
        var mailed: (order: String, address: String, code: String, mail: SystemMail)?
        if let session, session.endsAt > now, let record, let to = record.recipient {
            let code = ChatRules.code(random())
            let letter = ChatLetter(
                to: to, language: session.language, brand: context.rules.planner.triggers.settings.brand,
                sender: context.configuration.smtp?.sender?.address, shop: context.domain)
            if context.configuration.smtp != nil,
                let mail = letter.code(
                    code, order: record.facts.name, about: "\(session.name) \(observation.id)",
                    aggregate: .order(record.facts.id), now: now)
            {
                mailed = (record.facts.id, to.address, code, mail)
            }
        }
        let isMailed = try await store.judgeClaim(observation, in: session, mailed: mailed, now: now)
        logger.log(
            Line.textRead,
            [
                "shop": "\(context.domain)", "class": "chat.claim",
                "reason": isMailed
                    ? "a code was mailed to the order's address" : "it fits no order, or too many codes were mailed",
            ])
        if isMailed { newMessages.call() }
    }

    /// The one order of that number and address; nil where there is none, or there are two.
    private func order(named typed: String, of address: String) async throws(StoreFailure) -> OrderRecord? {
        let shop = context.domain
        let name = typed.trimmingCharacters(in: .whitespaces)
        let style = OrderNumbers.Style(of: try await store.newestOrderNames(shop: shop))
        var names = [name, "#\(name)"]
        let runs: [Substring] = name.split(whereSeparator: { !("0"..."9").contains($0) })
        let digits = runs.max { $0.count < $1.count }
        if let digits { names.append(style.name(of: digits)) }
        var ids: [String] = []
        for name in Set(names) where !name.isEmpty {
            ids += try await store.orders(named: name, shop: shop).map(\.orderID)
        }
        let wanted = address.lowercased().filter { !$0.isWhitespace }
        let own = try await store.load(shop: shop, orderIDs: Array(Set(ids))).values
            .filter { $0.recipient?.address.lowercased() == wanted }
        return own.count == 1 ? own.first : nil
    }

    /// The session has just proved an order: what was asked before, and kept waiting for that, is decided again.
    private func askAgain(
        in session: ChatSession?, _ observation: RawObservation, now: Moment
    ) async throws(StoreFailure) {
        let shop = context.domain
        guard let session, let order = try await order(provedBy: session) else {
            try await store.markJudged([observation], now: now)
            return
        }
        let names = try await store.newestOrderNames(shop: shop)
        var search = ConversationSearch(shop: shop, channel: .chat, since: now - ConversationRules.rest)
        search.sender = session.name
        search.orderID = order.facts.id
        var second = OpinionOnce(secondReader)
        while true {
            guard let known = try await conversation(for: search, now: now), known.orderID == nil else {
                try await store.markJudged([observation], now: now)
                return
            }
            let waits = known.waitsSince ?? .distantFuture
            let asked = known.messages.filter { $0.direction == .incoming && $0.at >= waits }
                .map(\.text).joined(separator: "\n")
            let named = OrderNumbers.names(in: asked, style: OrderNumbers.Style(of: names))
            var again: ConversationMessage?
            if !asked.isEmpty, named.allSatisfy({ $0.isName(of: order) }) {
                var said = ConversationMessage(.incoming, by: .shopper, at: now, text: asked, channel: .chat)
                said.trust = 1
                said.sender = session.name
                said.observationID = observation.id
                said.subject = "Asked again, with order \(order.facts.name) proved."
                said.understood = understood(asked, about: order, names: names, now: now)
                await second.weigh(
                    &said, text: asked, about: order, questions: context.rules.planner.triggers.questions, now: now)
                again = said
            }
            let change = ConversationRules.prove(
                known, order: order.facts.id, name: order.recipient?.name, again: again,
                answers: context.answersMessages, now: now)
            guard let change else {
                try await store.markJudged([observation], now: now)
                return
            }
            guard let written = try await store.commit(change, judged: [observation], now: now) else { continue }
            report(change, written)
            return
        }
    }

    // MARK: - Both

    private func conversation(
        for search: ConversationSearch, now: Moment
    ) async throws(StoreFailure) -> ConversationRecord? {
        guard let id = try await store.conversation(for: search) else { return nil }
        return try await store.conversations([id], shop: context.domain, now: now)[id]
    }

    private func understood(_ text: String, about record: OrderRecord?, names: [String], now: Moment) -> Understood {
        let planner = context.rules.planner
        return Understood(
            reading: text, about: record, names: names, questions: planner.triggers.questions, now: now,
            zone: planner.shopZone)
    }

    private func report(
        _ change: ConversationChange, _ written: (id: Int64, events: [Event]), notForwarded: String? = nil
    ) {
        ConversationJournal(metrics: learning.metrics, newEvents: learning.newEvents, newMail: Wake(), logger: logger)
            .report(change, id: written.id, events: written.events, notForwarded: notForwarded)
        newMessages.call()
    }
}

extension String {
    fileprivate func isName(of record: OrderRecord) -> Bool { lowercased() == record.facts.name.lowercased() }
}

import Delivery
import Foundation
import Intake
import Logging
import Outreach
import Platform
import Store

/// Judges what happened in tickets: an agent's reply is a take-over, a ticket that is done closes its conversation, and
/// what she wrote there is hers.
struct HelpdeskJudge: Sendable {
    let context: ShopContext
    let store: Store
    let journal: ConversationJournal
    let logger: Logger
    /// Called when there is something to send.
    let newMessages: Broadcast
    /// Judges what customers write, where the shop's mail arrives in the helpdesk; nil where it does not.
    var letters: MailJudge?

    /// - Returns: why nothing could be made of it; it still counts as judged.
    func judge(_ observation: RawObservation, now: Moment) async throws(StoreFailure) -> SourceFailure? {
        guard let news = TicketNews(observation) else {
            try await store.markJudged([observation], now: now)
            return SourceFailure("it is nothing that happens in a ticket")
        }
        let known = try await store.ticket(numbered: news.ticket, shop: context.domain)
        if let place = try await place(of: news, in: known, now: now) {
            return try await judge(place, observation, now: now)
        }
        guard let ticket = known else {
            try await store.markJudged([observation], now: now)
            return nil
        }
        if let comment = news.comment {
            try await judge(comment, at: min(news.at, now), in: ticket, observation, now: now)
        } else if let standing = news.standing {
            if let opening = news.opening { try await checkRecipient(opening, of: ticket, now: now) }
            try await judge(standing, at: news.at, of: ticket, observation, now: now)
        } else if let taken = news.taken {
            try await take(ticket, by: taken.by ?? "helpdesk", observation, now: now)
        } else {
            try await store.markJudged([observation], now: now)
        }
        return nil
    }

    private func record(_ ticket: Ticket, now: Moment) async throws(StoreFailure) -> ConversationRecord? {
        try await store.conversations([ticket.conversation], shop: context.domain, now: now)[ticket.conversation]
    }

    private func judge(
        _ comment: TicketNews.Comment, at moment: Moment, in ticket: Ticket, _ observation: RawObservation, now: Moment
    ) async throws(StoreFailure) {
        // Whoever else writes to the conversation meanwhile is first.
        while true {
            guard comment.isPublic, comment.author != .ours, !comment.text.isEmpty,
                let record = try await record(ticket, now: now)
            else {
                try await store.markJudged([observation], now: now)
                return
            }
            var change: ConversationChange
            switch comment.author {
            case .agent:
                let person = comment.email ?? "helpdesk"
                var said = ConversationMessage(
                    .outgoing, by: .person(person), at: moment,
                    text: String(comment.text.prefix(ConversationRules.longestText)), channel: .helpdesk)
                let mail = relayed(comment, of: record, now: now)
                if let mail { said.recipient = mail.message.envelope.recipient }
                change = TicketRules.reply(said, by: person, in: record, now: now)
                if let mail { change.mails = [mail] }
            default:
                // What we wrote there as from her is hers already, should the mark on it be lost.
                let isKnown = record.messages.contains {
                    $0.direction == .incoming && TicketNote.words($0).trimmed == comment.text.trimmed
                }
                if isKnown {
                    try await store.markJudged([observation], now: now)
                    return
                }
                var said = ConversationMessage(
                    .incoming, by: .shopper, at: moment, text: comment.text, channel: .helpdesk)
                said.sender = comment.email
                said.observationID = observation.id
                change = TicketRules.receive(said, in: record, now: now)
            }
            let written = try await store.commit(change, judged: [observation], incoming: nil, now: now)
            guard let written else { continue }
            report(ticket, comment.author == .agent ? "an agent answered" : "the customer wrote")
            journal.report(change, id: written.id, events: written.events)
            if !change.mails.isEmpty { newMessages.call() }
            return
        }
    }

    /// An agent's reply to somebody whom the helpdesk cannot write to: it goes where she wrote.
    private func relayed(
        _ comment: TicketNews.Comment, of record: ConversationRecord, now: Moment
    ) -> ConversationMail? {
        let shop = context.domain
        let markdown = ReplyText.markdown(ofPlain: comment.text)
        let key = "ticket \(record.id) comment \(comment.id)"
        let who = record.lastIncoming?.sender ?? record.address
        var message: Message?
        if record.channel == .sms, let number = who.flatMap({ PhoneNumber($0) }), context.configuration.texts != nil {
            message = PersonalReply.text(markdown, to: number, key: key, shop: shop)
        }
        if record.channel == .chat, let name = record.address, ChatRules.isName(name), context.configuration.chat != nil
        {
            message = PersonalReply.chat(markdown, to: name, key: key, shop: shop)
        }
        return message.map {
            ConversationMail(.person, maker: "reply", key: key, message: $0, dueAt: now, carries: 0)
        }
    }

    private func judge(
        _ standing: TicketNews.Standing, at moment: Moment, of ticket: Ticket, _ observation: RawObservation,
        now: Moment
    ) async throws(StoreFailure) {
        let state = Ticket.State(rawValue: standing.state) ?? .open
        if state != .open { try await close(ticket, at: moment, because: standing.state, now: now) }
        try await store.note(state, stamp: standing.stamp, of: ticket, judged: observation, now: now)
    }
}

// Where the shop's mail arrives in the helpdesk.
extension HelpdeskJudge {
    /// Where a customer's words stand, if they came as her mail: in a ticket of hers, not in one that we opened.
    private func place(
        of news: TicketNews, in ticket: Ticket?, now: Moment
    ) async throws(StoreFailure) -> TicketPlace? {
        guard letters != nil, let opening = news.opening, let comment = news.comment, comment.author == .customer,
            comment.isPublic, !comment.text.isEmpty
        else { return nil }
        if let ticket, try await record(ticket, now: now)?.channel != .helpdesk { return nil }
        return TicketPlace(
            ticket: ticket, number: news.ticket, opening: opening, comment: comment, at: min(news.at, now))
    }

    private func judge(
        _ place: TicketPlace, _ observation: RawObservation, now: Moment
    ) async throws(StoreFailure) -> SourceFailure? {
        guard var letters else { return nil }
        let shop = context.rules.planner.triggers.settings
        letters.read = { _, orders in
            var settings = MailSettings(nil, settings: shop)
            settings.orders = orders
            let mail = IncomingMail(place, isFirst: place.ticket == nil, settings: settings)
            return MailJudge.ReadMail(mail: mail, parked: nil)
        }
        return try await letters.judge(observation, in: place, now: now)
    }

    /// Gives a conversation to a person whose answer is on its way and must not go into the ticket any more: others get
    /// copies of what is said there now, or it is with somebody else.
    private func checkRecipient(
        _ opening: TicketNews.Opening, of ticket: Ticket, now: Moment
    ) async throws(StoreFailure) {
        while true {
            guard let record = try await record(ticket, now: now), record.channel == .helpdesk, !record.isPersons,
                let last = record.lastIncoming,
                opening.isCopied || opening.requester?.lowercased() != last.sender?.lowercased(),
                try await store.answers(to: last.id, of: record.id, shop: context.domain)
                    .contains(where: { $0.state == .ready }),
                let change = ConversationRules.handOver(record, because: .unknownSender)
            else { return }
            let written = try await store.commit(change, judged: [], incoming: nil, now: now)
            guard let written else { continue }
            journal.report(change, id: written.id, events: written.events)
            return
        }
    }
}

extension HelpdeskJudge {
    /// Closes the conversation of a ticket that the shop's people are done with. What she wrote since, or what is on its
    /// way there, opens the ticket again, and then it is judged again.
    private func close(
        _ ticket: Ticket, at moment: Moment, because state: String, now: Moment
    ) async throws(StoreFailure) {
        while true {
            guard let record = try await record(ticket, now: now), !ticket.isPosting,
                record.lastIncomingAt.map({ $0 <= moment }) ?? true, !isClosedByUs(record)
            else { return }
            // What came in there is there.
            var isOnItsWay = false
            if record.channel != .helpdesk {
                isOnItsWay = try await store.unposted(of: ticket)?.direction == .incoming
            }
            guard !isOnItsWay,
                let change = ConversationRules.close(record, because: .done, now: now)
            else { return }
            let written = try await store.commit(change, judged: [], incoming: nil, now: now)
            guard let written else { continue }
            report(ticket, "it is \(state)")
            journal.report(change, id: written.id, events: written.events)
            return
        }
    }

    /// Whether its ticket is closed because we answered in it, which ends nothing: Gorgias knows no other word for one
    /// that waits for her.
    private func isClosedByUs(_ record: ConversationRecord) -> Bool {
        guard context.configuration.helpdesk?.kind == .gorgias, record.channel == .helpdesk, record.state == .ours,
            let last = record.messages.last
        else { return false }
        return last.direction == .outgoing && last.author == .bookbag
    }

    /// Somebody there took the conversation, and has not answered yet.
    private func take(
        _ ticket: Ticket, by person: String, _ observation: RawObservation, now: Moment
    ) async throws(StoreFailure) {
        while true {
            guard let record = try await record(ticket, now: now),
                let change = ConversationRules.take(record, by: person)
            else {
                try await store.markJudged([observation], now: now)
                return
            }
            let written = try await store.commit(change, judged: [observation], incoming: nil, now: now)
            guard let written else { continue }
            report(ticket, "an agent took it")
            journal.report(change, id: written.id, events: written.events)
            return
        }
    }

    private func report(_ ticket: Ticket, _ reason: String) {
        logger.log(
            Line.ticketRead,
            [
                "shop": "\(context.domain)", "conversation": "\(ticket.conversation)",
                "ticket": "\(ticket.number ?? "")", "reason": "\(reason)",
            ])
    }
}

extension String {
    /// Without white space at either end, and with one kind of new line.
    fileprivate var trimmed: String {
        replacing("\r\n", with: "\n").trimmingCharacters(in: .whitespacesAndNewlines)
    }
}

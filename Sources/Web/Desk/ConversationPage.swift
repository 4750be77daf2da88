import Daemon
import Foundation
import Outreach
import Store

/// A conversation: what was said, all that is known beside it, and what can be done.
struct ConversationPage: PageContent {
    static let template = "conversation"

    struct Said: Encodable, Sendable {
        var number: Int64
        /// `theirs`, `ours` (a trigger's), `person` or `note`.
        var kind: String
        var who: String
        var channel: String
        var at: Instant
        var text: String
        var files: [File]
        /// What to know of it: what became of an answer, or that nothing proves who wrote.
        var remark: String?
        /// The mail as it was sent.
        var path: String?
        /// The answer that can be called wrong.
        var effect: Int64?
    }
    struct File: Encodable, Sendable {
        var name: String
        /// Its type and size.
        var facts: String
        /// Where it is downloaded; nil where it cannot be.
        var path: String?
        /// Where a small picture of it is; nil where none can be.
        var small: String?
        /// Whether it was kept and is not any more.
        var isGone: Bool
    }
    struct Draft: Encodable, Sendable {
        var effect: Int64
        var trigger: String
        /// As it would be sent now.
        var text: String
        /// As it is in the form: edited by whoever tried to send it.
        var typed: String
        /// What changed since it was shown.
        var diff: LineDiff?
        /// Why it cannot be written.
        var problem: String?
        /// How near answers of its kind are to going out by themselves.
        var proof = ""
    }
    struct Choice: Encodable, Sendable {
        var value: String
        var title: String
        var isChosen = false
    }
    /// Something that a model wrote and no fact says.
    struct Doubt: Encodable, Sendable {
        /// `a day`.
        var kind: String
        var words: String
    }
    struct Sending: Encodable, Sendable {
        var effect: Int64
        var at: Instant
    }
    struct Order: Encodable, Sendable {
        var name: String
        var path: String?
        var total: String?
        var placed: Instant
        var lines: [String]
        var parcels: [Parcel]
    }
    struct Parcel: Encodable, Sendable {
        var name: String
        var state: String
        var url: String?
        var expected: String?
        var late: String?
        var scan: String?
        var scanAt: Instant?
    }
    struct Understanding: Encodable, Sendable {
        var asks: [String]
        var mood: String
        var language: String
        var sureness: String
        var author: String
        var doubts: [String]
    }
    struct TicketShown: Encodable, Sendable {
        var name: String
        var url: String?
        /// How it stands there.
        var standing: String

        init?(_ ticket: Ticket?) {
            guard let ticket else { return nil }
            name = ticket.number.map { "Ticket \($0)" } ?? "A ticket"
            url = ticket.url.flatMap { $0.hasPrefix("https://") || $0.hasPrefix("http://127.0.0.1") ? $0 : nil }
            switch ticket.state {
            case .opening: standing = "is being opened"
            case .open: standing = "is open"
            case .solved: standing = "is solved"
            case .closed: standing = "is closed"
            case .refused: standing = "was refused by the helpdesk; the Outbox says why"
            }
        }
    }
    struct Why: Encodable, Sendable {
        var trigger: String
        var words: String
    }
    struct OtherOrder: Encodable, Sendable {
        var order: String
        var path: String
        var placed: Instant
    }

    var number: Int64
    var title: String
    var who: String
    var channel: String
    var standing: String
    var waits: String?
    var path: String
    var list: String
    var version: Int64
    /// The last thing that was said, so that what came since can be named.
    var last: Int64
    /// What changed since the form was made; empty where nothing did.
    var changed: [String]
    /// Something that went wrong, as a sentence.
    var problem: String?
    /// Who else has it open, a sentence each.
    var othersHere: [String]
    /// Whether files were chosen, which a browser does not keep.
    var lostFiles: Bool
    var isClosed: Bool
    var isMine: Bool
    var isHeld: Bool
    var earlier: String?
    var isWhole: Bool
    var thread: [Said]
    var sendings: [Sending]
    var drafts: [Draft]
    var subject: String
    var tags: [String]
    /// Whom an answer can go to; empty where nobody can be answered.
    var recipients: [Choice]
    var typed: String
    /// The names of the saved replies.
    var saved: [String]
    /// The model that can write a reply; nil for none.
    var writer: String?
    /// Whether a model wrote what is typed, or began it.
    var isWritten: Bool
    /// What it says that no fact does.
    var doubts: [Doubt]
    /// Stands for these doubts, so that sending again means them.
    var sure: String
    var note: String
    var meanings: [Choice]
    var colleagues: [Choice]
    var customerPath: String?
    var address: String
    /// Its ticket in the helpdesk; nil where it has none.
    var ticket: TicketShown?
    var order: Order?
    var understanding: Understanding?
    var whys: [Why]
    var silences: [String]
    var orders: [OtherOrder]
    var others: [TalkRow]
}

extension ConversationPage {
    /// What stands for doubts in a form: whoever sends it has seen these, and no others.
    static func mark(of doubts: [ReplyDoubt]) -> String {
        doubts.map { "\($0.kind.rawValue) \($0.words)" }.joined(separator: "|")
    }
}

extension ReplyDoubt.Kind {
    fileprivate var title: String {
        switch self {
        case .date: "a day or time"
        case .sum: "a sum"
        case .gift: "a gift"
        case .promise: "a promise"
        case .number: "a number"
        case .link: "a link"
        case .blank: "to be filled in"
        }
    }
}

/// What a page of a conversation keeps of a form that was not acted on.
struct ConversationKept: Sendable {
    var changed: [String] = []
    var problem: String?
    /// What was typed as an answer, and as a note.
    var text = ""
    var note = ""
    /// Whether a model wrote what was typed, or began it.
    var isWritten = false
    /// The draft that was to be sent, what was shown of it, and what was typed.
    var draft: (effect: Int64, shown: String, typed: String)?
    /// The meaning that was chosen.
    var meaning: String?
    /// What was to be attached.
    var files: [MailDraft.Attachment] = []
}

extension DeskSite {
    func conversation(_ number: String, _ request: WebRequest, _ visit: Visit) async throws -> WebResponse {
        guard let id = Int64(number), id > 0,
            let view = try await store.conversationView(
                id, shop: visit.shop, before: request.query["before"].flatMap(Int64.init))
        else { return notFound(visit.visitor) }
        return try await show(view, visit, isWhole: request.query["before"] == nil)
    }

    /// The conversation's page; with what was typed, where it was not acted on.
    func show(
        _ view: ConversationView, _ visit: Visit, kept: ConversationKept = ConversationKept(), isWhole: Bool = true,
        status: Int = 200
    ) async throws -> WebResponse {
        let now = core.now()
        let clock = Clock(visit.zone)
        let conversation = view.record
        let record = try await order(of: conversation, now: now)
        let who = Self.name(conversation.name, conversation.address)
        let path = "\(visit.path)/inbox/\(conversation.id)"
        let last = conversation.lastIncoming
        let set = try await customer(of: record, visit)
        let recipients = Self.recipients(record, chat: try await openChat(of: record, now: now))
        let understood = last?.understood
        let sendings = view.effects.filter(\.canBeTakenBack).map {
            ConversationPage.Sending(effect: $0.id, at: Instant($0.dueAt, clock))
        }
        let chosen = kept.meaning ?? understood?.asks.first ?? "unclear"
        // A question of the shop's own is none of those that every shop is asked.
        let own = Intents.names.contains(chosen) ? [] : [(name: chosen, meaning: "a question of your own")]
        let meanings = (own + Intents.all).map { intent in
            ConversationPage.Choice(
                value: intent.name, title: "\(ConversationWords.intent(intent.name)): \(intent.meaning)",
                isChosen: intent.name == chosen)
        }
        let silences = (set?.silences ?? []).map { silence in
            "\(silence.stream.words), by \(silence.scope): \(silence.reason.replacing("_", with: " "))"
        }
        let orders = (set?.facts ?? []).filter { $0.id != record.facts.id }.compactMap { facts in
            OrderNumber(facts.id).map {
                ConversationPage.OtherOrder(
                    order: facts.name, path: "\(visit.path)/orders/\($0.number)",
                    placed: Instant(facts.processedAt, clock))
            }
        }
        let writer = core.writers[visit.shop]
        let doubts = kept.isWritten ? writer?.doubts(in: kept.text, about: record, now: now) ?? [] : []
        let earlier = view.isMore ? view.messages.first.map { "\(path)?before=\($0.id)" } : nil
        let page = ConversationPage(
            number: conversation.id, title: conversation.subject.isEmpty ? who : conversation.subject, who: who,
            channel: ConversationWords.channel(conversation.channel),
            standing: standing(
                conversation.state, holder: conversation.holder, team: conversation.team, reason: conversation.reason,
                snoozedUntil: conversation.snoozedUntil, closedAt: conversation.closedAt, clock: clock, visit: visit),
            waits: conversation.waitsSince.map { "waits \(ConversationWords.waits(now - $0))" }, path: path,
            list: "\(visit.path)/inbox", version: conversation.version, last: conversation.messages.last?.id ?? 0,
            changed: kept.changed, problem: kept.problem,
            othersHere: try await others(at: conversation.id, visit), lostFiles: !kept.files.isEmpty,
            isClosed: conversation.state == .closed,
            isMine: conversation.isPersons && conversation.holder == visit.visitor.person.email,
            isHeld: conversation.holder != nil || conversation.team != nil,
            earlier: earlier, isWhole: isWhole,
            thread: thread(view, who: who, path: path, clock: clock, visit: visit),
            sendings: sendings, drafts: try await drafts(view, record, kept: kept, now: now),
            subject: core.post.subject(of: record, shop: visit.shop), tags: conversation.tags,
            recipients: recipients.map(\.choice),
            typed: kept.text, saved: core.answers.saved(visit.shop),
            writer: last == nil ? nil : writer?.name, isWritten: kept.isWritten && writer != nil,
            doubts: doubts.map { ConversationPage.Doubt(kind: $0.kind.title, words: $0.words) },
            sure: ConversationPage.mark(of: doubts), note: kept.note,
            meanings: meanings,
            colleagues: colleagues(
                visit, besides: conversation.holder,
                away: visit.facts[.away] ?? AwayBoard(), now: now),
            customerPath: customerPath(of: record.facts, visit),
            address: ChatRules.isName(conversation.address) ? "" : conversation.address ?? "",
            ticket: ConversationPage.TicketShown(
                try await store.ticket(of: conversation.id, shop: visit.shop)),
            order: record.isOrder ? orderBeside(record, clock: clock, now: now, visit: visit) : nil,
            understanding: understood.map(Self.understanding), whys: whys(view),
            silences: silences, orders: orders,
            others: view.others.prefix(8).map { talk($0, clock: clock, visit: visit) })
        // What a POST answers with has no address of its own that could be looked at again.
        let isLive = status == 200 && isWhole && kept.changed.isEmpty && kept.problem == nil && kept.text.isEmpty
        var around = frame(title: page.title, page: .inbox, visit: visit, isLive: isLive)
        if isWhole { around.here = "\(path)/here" }
        return pages.desk(page, around, status: status)
    }

    /// The order that a conversation is about, with the conversation in it.
    func order(of conversation: ConversationRecord, now: Moment) async throws -> OrderRecord {
        var record = OrderRecord.none(shop: conversation.shop, at: now)
        if let id = conversation.orderID {
            record = try await store.load(shop: conversation.shop, orderIDs: [id])[id] ?? record
        }
        record.conversation = conversation
        return record
    }

    /// The chat in which a conversation is held, if it goes on.
    func openChat(of record: OrderRecord, now: Moment) async throws -> ChatSession? {
        guard record.conversation?.channel == .chat, let name = record.answerChat,
            let chat = try await store.chat(named: name, shop: record.shop), chat.endsAt > now
        else { return nil }
        return chat
    }

    /// What is known of whoever wrote.
    private func customer(of record: OrderRecord, _ visit: Visit) async throws -> CustomerSet? {
        let address = record.facts.email ?? record.facts.customer?.email ?? record.conversation?.address
        guard let address else { return nil }
        return try await store.customer(store.addressKey(address), shop: visit.shop, limit: 6, now: core.now())
    }

    /// Somebody who can be answered.
    struct Recipient: Sendable {
        /// Nil for an answer by text.
        var address: MailAddress?
        /// The number that an answer by text goes to.
        var number: PhoneNumber?
        /// The chat that it goes to.
        var chat: String?
        /// The ticket that it goes into, which is with the address.
        var ticket: String?
        var choice: ConversationPage.Choice

        /// Where it goes out.
        var channel: InboundChannel {
            chat != nil ? .chat : ticket != nil ? .helpdesk : number == nil ? .mailbox : .sms
        }
    }

    /// Whom a person's answer can go to: the order's address, else whoever wrote; where these differ a person decides.
    ///
    /// - Parameter chat: the chat that it is said in, as long as that goes on.
    static func recipients(_ record: OrderRecord, chat: ChatSession?) -> [Recipient] {
        guard let conversation = record.conversation else { return [] }
        if conversation.channel == .chat {
            let own = record.isOrder && record.answerChat != nil ? record.recipient : nil
            let mail = own.map {
                Recipient(
                    address: $0,
                    choice: ConversationPage.Choice(value: "order", title: "\($0.address), the order's address"))
            }
            let inChat = chat.map { chat in
                let then = own == nil ? "; no address is proved" : "; by mail too if it is not read in ten minutes"
                return Recipient(
                    chat: chat.name, choice: ConversationPage.Choice(value: "chat", title: "in the chat\(then)"))
            }
            return [inChat, mail].compactMap(\.self)
        }
        if conversation.channel == .sms,
            let number = (conversation.lastIncoming?.sender ?? conversation.address).flatMap({ PhoneNumber($0) })
        {
            let isHers = !record.isOrder || record.isKnown(by: number)
            let text = Recipient(
                number: number,
                choice: ConversationPage.Choice(
                    value: "number",
                    title: "\(number.text), by SMS\(isHers ? "" : ", which is not the order's number")"))
            guard record.isOrder, let own = record.recipient else { return [text] }
            return [
                text,
                Recipient(
                    address: own,
                    choice: ConversationPage.Choice(value: "order", title: "\(own.address), the order's address")),
            ]
        }
        let sender = (conversation.lastIncoming?.sender ?? conversation.address).flatMap {
            MailAddress(name: conversation.name, address: $0)
        }
        if let ticket = record.answerTicket {
            // The helpdesk mails it to whoever the ticket is with.
            guard let address = (conversation.address ?? sender?.address).flatMap({ MailAddress(address: $0) }) else {
                return []
            }
            let isOrders = !record.isOrder || record.recipient?.address.lowercased() == address.address.lowercased()
            let title =
                "in ticket \(ticket), to \(address.address)\(isOrders ? "" : ", which is not the order's address")"
            return [
                Recipient(
                    address: address, ticket: ticket, choice: ConversationPage.Choice(value: "ticket", title: title))
            ]
        }
        guard let own = record.answerRecipient else {
            return sender.map {
                [Recipient(address: $0, choice: ConversationPage.Choice(value: "sender", title: $0.address))]
            } ?? []
        }
        guard let sender, record.isOrder, sender.address.lowercased() != own.address.lowercased() else {
            return [Recipient(address: own, choice: ConversationPage.Choice(value: "order", title: own.address))]
        }
        return [
            Recipient(
                address: own,
                choice: ConversationPage.Choice(value: "order", title: "\(own.address), the order's address")),
            Recipient(
                address: sender,
                choice: ConversationPage.Choice(
                    value: "sender", title: "\(sender.address), which wrote and is not the order's")),
        ]
    }

    private func thread(
        _ view: ConversationView, who: String, path: String, clock: Daemon.Clock, visit: Visit
    ) -> [ConversationPage.Said] {
        let now = core.now()
        let effects = Dictionary(view.effects.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        let wrong = Set(view.messages.filter { $0.direction == .note }.map(\.subject))
        // Each has a list of all meanings below it, so only the newest have one.
        let answers = view.messages.filter { $0.direction == .outgoing && $0.author == .bookbag }
            .compactMap(\.effectID).filter { !wrong.contains(ConversationRules.mark(ofWrong: $0)) }
        let judgeable = Set(answers.suffix(3))
        return view.messages.map { message in
            var said = ConversationPage.Said(
                number: message.id, kind: "theirs", who: who,
                channel: "by \(ConversationWords.channel(message.channel))",
                at: Instant(message.at, clock), text: message.text,
                files: Self.files(of: message, conversation: path, now: now), remark: nil, path: nil,
                effect: nil)
            let effect = message.effectID.flatMap { effects[$0] }
            switch (message.direction, message.author) {
            case (.incoming, _):
                if let sender = message.sender, sender.lowercased() != view.record.address?.lowercased() {
                    said.who = Self.name(nil, sender)
                }
                if message.trust == 0 { said.remark = "Sender not verified" }
                // A subject that no mail has says how it came about.
                if message.channel == .chat, !message.subject.isEmpty { said.remark = message.subject }
            case (.note, let author):
                said.kind = "note"
                said.channel = "wrote a note"
                if case .person(let email) = author {
                    said.who = colleague(email, visit)
                } else {
                    (said.who, said.channel) = ("Bookbag", "by a trigger")
                }
            case (.outgoing, .person(let email)):
                said.kind = "person"
                said.who = colleague(email, visit)
                said.remark = effect.flatMap(Self.remark)
                said.path = message.effectID.map { "\(visit.path)/messages/\($0)" }
            case (.outgoing, _):
                said.kind = "ours"
                said.who = "Bookbag"
                said.channel = "answered by itself"
                if let id = message.effectID {
                    said.text = view.mails[id]?.words ?? message.text
                    said.path = "\(visit.path)/messages/\(id)"
                    said.remark = effect.flatMap(Self.remark)
                    said.effect = judgeable.contains(id) ? id : nil
                }
            }
            said.who = said.who.prefix(1).uppercased() + said.who.dropFirst()
            return said
        }
    }

    /// What became of an answer, where that needs saying.
    private static func remark(_ effect: ConversationEffect) -> String? {
        switch effect.state {
        case .ready: effect.attempts == 0 ? "Not sent yet." : "It is being sent, and was not accepted so far."
        case .refused, .bounced:
            "It did not arrive: \(effect.detail ?? ReasonWords.sentence(effect.reason))."
        case .withdrawn: "It was not sent: \(ReasonWords.sentence(effect.reason))."
        default: nil
        }
    }

    private func drafts(
        _ view: ConversationView, _ record: OrderRecord, kept: ConversationKept, now: Moment
    ) async throws -> [ConversationPage.Draft] {
        guard view.effects.contains(where: \.isDraft) else { return [] }
        var drafts: [ConversationPage.Draft] = []
        let proof = try await proof(of: record.conversation?.lastIncoming?.understood, shop: record.shop)
        for effect in try await store.drafts(of: view.record.id, shop: view.record.shop) {
            var draft = ConversationPage.Draft(effect: effect.id, trigger: effect.trigger, text: "", typed: "")
            draft.proof = proof
            switch try await core.answers.draft(effect, about: record, in: store, now: now) {
            case .text(let text, _): (draft.text, draft.typed) = (text, text)
            case .impossible(let why): draft.problem = why
            }
            if let given = kept.draft, given.effect == effect.id {
                if given.shown != draft.text { draft.diff = LineDiff(from: given.shown, to: draft.text) }
                // What was edited stays, and what was not is the new text.
                if given.typed != given.shown { draft.typed = given.typed }
            }
            drafts.append(draft)
        }
        return drafts
    }

    /// What sending a draft counts for.
    private func proof(of understood: Understood?, shop: String) async throws -> String {
        guard let understood, let intent = understood.asks.first, let language = understood.language else { return "" }
        switch core.answers.mode(of: intent, shop: shop) {
        case .drafts?: return "shop.yaml has one of your people send each of these."
        case .whenProven?:
            let proofs = try await store.remembered(.answerProofs, shop: shop) ?? AnswerProofs()
            let kind = "\"\(ConversationWords.intent(intent))\" in \(ConversationWords.language(language))"
            let words = proofs[intent, language, understood.author].sentence
            return
                "Sent with the same meaning, it counts as right. Answers to \(kind) go out by themselves once enough were right: \(words)"
        default: return ""
        }
    }

    /// Who else can have it: the teams, and the others who answer.
    private func colleagues(
        _ visit: Visit, besides holder: String?, away: AwayBoard, now: Moment
    ) -> [ConversationPage.Choice] {
        let all = people.answering(visit.shop)
        let teams = Set(all.flatMap(\.teams)).sorted()
        return teams.map { ConversationPage.Choice(value: "team:\($0)", title: "Team \($0)") }
            + all.filter { $0.email != holder && $0.email != visit.visitor.person.email }.map { person in
                let isAway = away.until(person.email, now: now) != nil
                return ConversationPage.Choice(
                    value: person.email, title: isAway ? "\(person.name), away" : person.name)
            }
    }

    private func orderBeside(
        _ record: OrderRecord, clock: Daemon.Clock, now: Moment, visit: Visit
    ) -> ConversationPage.Order {
        let facts = record.facts
        let zone = record.zone(shopZone: visit.zone)
        let parcels = record.shipments.filter { $0.present && record.isCarried($0) }.map { shipment in
            let state = record.state(of: shipment, now: now, zone: zone)
            let scan = record.scans(of: shipment).last {
                $0.retractedAt == nil && ($0.words ?? $0.state?.rawValue) != nil
            }
            return ConversationPage.Parcel(
                name: [shipment.tracking.company, shipment.tracking.number].compactMap(\.self).joined(separator: " "),
                state: state.state.rawValue.replacing("_", with: " "), url: shipment.tracking.url,
                expected: state.deliveredAt == nil ? state.estimate.map(clock.day) : nil,
                late: state.daysLate > 0 ? "\(state.daysLate) day\(state.daysLate == 1 ? "" : "s") late" : nil,
                scan: scan.map {
                    [$0.words ?? $0.state?.rawValue.replacing("_", with: " "), $0.place].compactMap(\.self)
                        .joined(separator: ", ")
                }, scanAt: scan.map { Instant($0.time, clock) })
        }
        return ConversationPage.Order(
            name: facts.name, path: OrderNumber(facts.id).map { "\(visit.path)/orders/\($0.number)" },
            total: Self.total(facts), placed: Instant(facts.processedAt, clock),
            lines: facts.lineItems.prefix(12).map { $0.quantity == 1 ? $0.title : "\($0.quantity) × \($0.title)" },
            parcels: parcels)
    }

    private static func understanding(_ understood: Understood) -> ConversationPage.Understanding {
        ConversationPage.Understanding(
            asks: understood.asks.map(ConversationWords.intent), mood: understood.mood,
            language: understood.language.map(ConversationWords.language) ?? "unknown",
            sureness: "\(Int((understood.confidence * 100).rounded())) %\(understood.isCertain ? "" : ", not enough")",
            author: author(of: understood), doubts: understood.doubts.map(ConversationWords.doubt))
    }

    /// `built-in 1`, and what another model takes it for.
    private static func author(of understood: Understood) -> String {
        guard let second = understood.second else { return understood.author }
        let same = second.intent == understood.asks.first
        let words = same ? "the same" : ConversationWords.intent(second.intent)
        return "\(understood.author); \(second.author) says \(words)"
    }

    /// Why no trigger answered the last message: what became of those that would have, and of those that heard it.
    private func whys(_ view: ConversationView) -> [ConversationPage.Why] {
        guard let event = view.lastEvent else { return [] }
        let answers = view.effects.filter {
            $0.eventID == event && $0.line == SendLine.answerName && ![.sent, .ready].contains($0.state)
        }
        return answers.reversed().map {
            ConversationPage.Why(trigger: $0.maker, words: ReasonWords.sentence($0.reason, detail: $0.detail))
        }
            + view.misses.prefix(12).map {
                ConversationPage.Why(trigger: $0.trigger, words: ReasonWords.sentence($0.reason, detail: $0.detail))
            }
    }
}

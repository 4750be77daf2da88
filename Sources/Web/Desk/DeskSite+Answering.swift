import Daemon
import Foundation
import Outreach
import Platform
import Store

// What is done with a conversation, each by POST to /SHOP/inbox/NUMBER/…
//
//     take      it is mine now, whoever had it
//     give      to a colleague or a team, or back to everybody
//     note      for colleagues
//     snooze    until later, or until the customer writes
//     close
//     reply     an answer in one's own words
//     approve   a trigger's draft, as it is or edited
//     wrong     an answer, or a draft, was not what the customer asked for
//     right     an answer that was drawn to be looked at was
//     saved     puts a saved reply into the form
//     write     has a model write a reply into the form
//     here      its reader has the page open (DeskSite+Presence)
//     undo      takes back a reply that has not gone out
//
// Each form has the version that its page showed. Where somebody else has done something since, or the customer has
// written, nothing is done; the page says what changed, with what was typed still in it. So no two people answer, and
// whoever comes second decides with the first one's words before them.

extension DeskSite {
    /// How long a reply can be taken back.
    static let takeBackTime = Duration.seconds(10)

    private static let acts = [
        "take", "give", "note", "snooze", "close", "reply", "approve", "wrong", "right", "undo", "saved", "write",
        "here",
    ]

    /// Whether that is something that is done to a conversation. Its answer may be a page, which an open browser asks for
    /// again at the same address: it gets the conversation.
    static func isAct(_ act: String, onConversation number: String) -> Bool {
        acts.contains(act) && Int64(number).map { $0 > 0 } ?? false
    }

    func act(onConversation number: String, _ act: String, _ request: WebRequest, _ visit: Visit) async throws
        -> WebResponse
    {
        guard let id = Int64(number), id > 0, Self.acts.contains(act),
            let view = try await store.conversationView(id, shop: visit.shop)
        else { return notFound(visit.visitor) }
        let (form, chosen) = request.uploaded
        if act == "here" { return try await here(view, form, visit) }
        if act == "undo" { return try await undo(view, form, visit) }
        var kept = ConversationKept()
        let (files, tooMuch) = Self.attachments(chosen)
        kept.files = files
        kept.isWritten = form["written"] == "1" && ["reply", "saved", "write"].contains(act)
        if act == "saved" { return try await saved(view, form, kept, visit) }
        kept.text = act == "reply" ? Self.typed(form["text"]) : ""
        kept.note = act == "note" ? Self.typed(form["text"]) : ""
        let known = Intents.names + (view.record.lastIncoming?.understood?.asks ?? [])
        kept.meaning = form["meaning"].flatMap { known.contains($0) ? $0 : nil }
        if let effect = form["effect"].flatMap(Int64.init), let shown = form["shown"] {
            kept.draft = (effect, Self.typed(shown), Self.typed(form["text"]))
        }
        guard form["version"] == "\(view.record.version)" else {
            return try await stale(view, since: form["last"], kept, visit)
        }
        if let tooMuch { return try await problem(tooMuch, view, kept, visit) }
        switch act {
        case "reply": return try await reply(view, form, kept, visit)
        case "write": return try await write(view, form, kept, visit)
        case "right": return try await right(view, form, kept, visit)
        case "approve": return try await approve(view, form, kept, visit)
        default: break
        }
        let person = visit.visitor.person.email
        let now = core.now()
        let record = view.record
        var entry = AuditEntry(who: person, shop: visit.shop, what: "", about: record.title)
        var verdict: AnswerVerdict?
        var ended: Int64?
        let change: ConversationChange?
        switch act {
        case "take":
            entry.what = "took_over"
            change = ConversationRules.take(record, by: person)
        case "give":
            guard let (colleague, team) = receiver(form["to"] ?? "", visit) else {
                return try await problem("Nothing was done: that is nobody who answers.", view, kept, visit)
            }
            entry.what = colleague == nil && team == nil ? "gave_back" : "handed_on"
            entry.detail = (colleague ?? team).map { "to \($0)" }
            change = ConversationRules.give(record, to: colleague, team: team)
        case "note":
            guard !kept.note.isEmpty else {
                return try await problem("There is nothing to note: write something first.", view, kept, visit)
            }
            entry.what = "noted"
            change = ConversationRules.note(kept.note, by: person, in: record, now: now)
        case "snooze":
            guard let length = form["for"].flatMap(SnoozeLength.init) else {
                return try await problem("Choose until when.", view, kept, visit)
            }
            let until = length.end(after: now, zone: visit.zone)
            entry.what = "snoozed"
            entry.detail = "until \(until.iso8601)"
            change = ConversationRules.snooze(record, until: until, by: person, now: now)
        case "wrong":
            guard let effect = form["effect"].flatMap(Int64.init), isAnswer(effect, in: view) else {
                return try await problem("That is no answer of this conversation.", view, kept, visit)
            }
            let meant = kept.meaning
            entry.what = "called_wrong"
            entry.detail = "message \(effect)\(meant.map { ", meant \($0)" } ?? "")"
            // Said twice, it counts once.
            verdict = AnswerVerdict(of: effect, isRight: false, by: .desk)
            ended = effect
            change = ConversationRules.wrong(effect, meant: meant, by: person, in: record, now: now)
        default:
            entry.what = "closed"
            change = ConversationRules.close(record, because: .done, now: now)
        }
        let place = "\(visit.path)/inbox/\(record.id)"
        // It is so already.
        guard let change else { return .seeOther(place) }
        guard try await store.commit(change, audit: entry, verdict: verdict, ending: ended, now: now) != nil else {
            return try await stale(view.record.id, since: form["last"], kept, visit)
        }
        acted(entry)
        return .seeOther(act == "close" ? "\(visit.path)/inbox" : act == "wrong" ? "\(place)#reply" : place)
    }

    private func acted(_ entry: AuditEntry) {
        log(entry)
        core.actedByHand.call()
    }

    /// A text as it was typed, with the line ends of the store; never longer than a message.
    private static func typed(_ text: String?) -> String {
        let lines = (text ?? "").replacing("\r\n", with: "\n").replacing("\r", with: "\n")
        return String(lines.prefix(ConversationRules.longestText)).trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// Whom a form gives it to: nobody and no team for everybody; nil where that is none who answers.
    private func receiver(_ text: String, _ visit: Visit) -> (colleague: String?, team: String?)? {
        if text.isEmpty { return (nil, nil) }
        let all = people.answering(visit.shop)
        if text.hasPrefix("team:") {
            let team = String(text.dropFirst(5))
            return all.contains { $0.teams.contains(team) } ? (nil, team) : nil
        }
        return all.contains { $0.email == text } ? (text, nil) : nil
    }

    /// Whether an effect is an answer that went out in the conversation, or a draft.
    private func isAnswer(_ effect: Int64, in view: ConversationView) -> Bool {
        view.messages.contains { $0.effectID == effect && $0.direction == .outgoing && $0.author == .bookbag }
            || view.effects.contains { $0.id == effect && $0.isDraft }
    }

    /// An answer that was drawn to be looked at was what the customer asked for.
    private func right(
        _ view: ConversationView, _ form: [String: String], _ kept: ConversationKept, _ visit: Visit
    ) async throws -> WebResponse {
        guard let effect = form["effect"].flatMap(Int64.init),
            try await store.answerStanding(effect, shop: visit.shop)?.conversation == view.record.id
        else { return try await problem("That is no answer of this conversation.", view, kept, visit) }
        let entry = AuditEntry(
            who: visit.visitor.person.email, shop: visit.shop, what: "called_right", about: view.record.title,
            detail: "message \(effect)")
        try await store.judge(
            AnswerVerdict(of: effect, isRight: true, by: .review), shop: visit.shop, audit: entry, now: core.now())
        acted(entry)
        return .seeOther("\(visit.path)/inbox?list=\(InboxChoice.review.rawValue)")
    }

    // MARK: - Answers

    private func reply(
        _ view: ConversationView, _ form: [String: String], _ kept: ConversationKept, _ visit: Visit
    ) async throws -> WebResponse {
        let now = core.now()
        let record = try await order(of: view.record, now: now)
        var entry = AuditEntry(
            who: visit.visitor.person.email, shop: visit.shop, what: "replied", about: view.record.title)
        if kept.isWritten, let writer = core.writers[visit.shop] {
            entry.detail = "begun by \(writer.name)"
            let doubts = writer.doubts(in: kept.text, about: record, now: now)
            // What was asked about and sent again is the person's own word.
            if !doubts.isEmpty, form["sure"] != ConversationPage.mark(of: doubts) {
                return try await problem(
                    "Nothing was sent yet: the model's words below are in no fact that Bookbag knows. Change them, or send "
                        + "again if they are right.", view, kept, visit)
            }
        }
        return try await send(
            kept.text, record, view, language: view.record.lastIncoming?.understood?.language, form, kept, visit,
            entry: entry)
    }

    /// Has the model write a reply behind what was typed so far; nothing is sent.
    private func write(
        _ view: ConversationView, _ form: [String: String], _ kept: ConversationKept, _ visit: Visit
    ) async throws -> WebResponse {
        var kept = kept
        kept.text = Self.typed(form["text"])
        guard let writer = core.writers[visit.shop] else {
            return try await problem("Nothing was written: no model is configured.", view, kept, visit)
        }
        let now = core.now()
        let record = try await order(of: view.record, now: now)
        switch try await writer.write(about: record, now: now) {
        case .text(let text):
            kept.text = kept.text.isEmpty ? text : "\(kept.text)\n\n\(text)"
            kept.isWritten = true
        case .impossible(let why): kept.problem = "Nothing was written: \(why)."
        }
        // It took a while: what was said meanwhile is shown.
        let after = try await store.conversationView(view.record.id, shop: visit.shop) ?? view
        return try await show(after, visit, kept: kept)
    }

    /// Sends a draft as the person's own. It is written again now: where a fact has changed since it was shown, the
    /// difference is shown first.
    private func approve(
        _ view: ConversationView, _ form: [String: String], _ kept: ConversationKept, _ visit: Visit
    ) async throws -> WebResponse {
        let now = core.now()
        guard let given = kept.draft,
            let effect = try await store.drafts(of: view.record.id, shop: visit.shop).first(where: {
                $0.id == given.effect
            })
        else { return try await problem("That draft is no longer there.", view, kept, visit) }
        let record = try await order(of: view.record, now: now)
        guard
            case .text(let text, let language) = try await core.answers.draft(
                effect, about: record, in: store, now: now), text == given.shown
        else {
            return try await problem(
                "Nothing was sent: the facts have changed since the draft was shown. Look at it again.", view, kept,
                visit)
        }
        var verdict: AnswerVerdict?
        var meant = ""
        if let understood = view.record.lastIncoming?.understood {
            let intent = understood.asks.first ?? "unclear"
            let isRight = kept.meaning == nil || kept.meaning == intent
            verdict = AnswerVerdict(of: effect.id, isRight: isRight, by: .draft)
            if !isRight, let meaning = kept.meaning { meant = ", meant \(meaning)" }
        }
        let edited = given.typed == given.shown ? "" : ", edited"
        return try await send(
            given.typed, record, view, language: language, form, kept, visit,
            entry: AuditEntry(
                who: visit.visitor.person.email, shop: visit.shop, what: "approved", about: view.record.title,
                detail: "message \(effect.id) of \(effect.trigger)\(edited)\(meant)"),
            verdict: verdict, isDraft: true)
    }

    /// Sends what a person wrote, in the conversation's thread, once the time to take it back is over.
    private func send(
        _ text: String, _ record: OrderRecord, _ view: ConversationView, language: String?, _ form: [String: String],
        _ kept: ConversationKept, _ visit: Visit, entry: AuditEntry, verdict: AnswerVerdict? = nil,
        isDraft: Bool = false
    ) async throws -> WebResponse {
        let now = core.now()
        let conversation = view.record
        guard !text.isEmpty else {
            return try await problem("Nothing was sent: there are no words yet.", view, kept, visit)
        }
        let recipients = Self.recipients(record, chat: try await openChat(of: record, now: now))
        guard let recipient = recipients.first(where: { $0.choice.value == form["to"] }) ?? recipients.first else {
            return try await problem("Nothing was sent: no address or number is known.", view, kept, visit)
        }
        let key = "\(conversation.id) \(conversation.version)"
        let mail: Message?
        if let chat = recipient.chat {
            guard kept.files.isEmpty else {
                return try await problem("Nothing was sent: no file goes with words in the chat.", view, kept, visit)
            }
            mail = core.chat(text, to: chat, key: key, shop: visit.shop)
        } else if let number = recipient.number {
            let silences = try await store.silences(of: .address(number.text), shop: visit.shop, now: now)
            guard !silences.contains(where: { $0.reason == IncomingOutcome.Silencing.optOut }) else {
                return try await problem("Nothing was sent: this number gets no texts any more.", view, kept, visit)
            }
            guard kept.files.isEmpty else {
                return try await problem("Nothing was sent: no file goes with a text.", view, kept, visit)
            }
            mail = core.text(text, to: number, key: key, shop: visit.shop)
        } else if let ticket = recipient.ticket, let address = recipient.address {
            guard kept.files.isEmpty else {
                return try await problem(
                    "Nothing was sent: no file goes into a ticket from here; send it in the helpdesk.", view, kept,
                    visit)
            }
            mail = core.comment(text, to: address, in: ticket, of: record, key: key)
        } else if let address = recipient.address {
            mail = core.post.reply(
                text, to: address, in: record, language: language ?? record.facts.locale ?? "en", key: key,
                files: kept.files, shop: visit.shop, now: now)
        } else {
            mail = nil
        }
        guard let mail else {
            let why =
                recipient.chat != nil
                ? "the shop has no chat any more"
                : recipient.ticket != nil
                    ? "the shop's conversations go to no helpdesk any more"
                    : recipient.number == nil
                        ? "no mail can be made of this, or the shop has no relay"
                        : "it is longer than a text can be, or the shop sends no texts"
            return try await problem("Nothing was sent: \(why).", view, kept, visit)
        }
        let person = visit.visitor.person.email
        var message = ConversationMessage(
            .outgoing, by: .person(person), at: now, text: mail.asChat ?? text,
            channel: recipient.channel)
        if message.channel == .mailbox { message.subject = mail.summary }
        message.recipient = mail.envelope.recipient
        message.files = kept.files.map { MessageFile(name: $0.name, type: $0.type, size: $0.bytes.count) }
        var change =
            form["then"] == "close"
            ? ConversationRules.replyAndClose(message, by: person, in: conversation, now: now)
            : ConversationRules.reply(message, by: person, in: conversation, now: now)
        if isDraft { change.withdraws = .answeredByPerson }
        change.mails = [
            ConversationMail(
                .person, maker: "reply", key: key, message: mail, dueAt: now + Self.takeBackTime, carries: 0,
                hasFiles: !kept.files.isEmpty)
        ]
        // Whoever wrote from elsewhere looks for the answer there.
        if recipient.choice.value == "order",
            let told = ElsewhereNotice.mail(beside: record, post: core.post, now: now)
        {
            change.mails.append(told)
        }
        var entry = entry
        if !kept.files.isEmpty {
            let count = kept.files.count
            entry.detail = [entry.detail, "\(count) file\(count == 1 ? "" : "s")"].compactMap(\.self)
                .joined(separator: ", ")
        }
        if form["then"] == "close" {
            entry.detail = [entry.detail, "closed"].compactMap(\.self).joined(separator: ", ")
        }
        guard try await store.commit(change, audit: entry, verdict: verdict, now: now) != nil else {
            return try await stale(conversation.id, since: form["last"], kept, visit)
        }
        acted(entry)
        return .seeOther("\(visit.path)/inbox/\(conversation.id)")
    }

    /// Writes to the customer of an order first, as a conversation of its own.
    func write(_ request: WebRequest, _ visit: Visit) async throws -> WebResponse {
        let form = request.form
        let now = core.now()
        let person = visit.visitor.person.email
        func refused(_ words: String) -> WebResponse {
            notice("Nothing was sent", [words], visit: visit, status: 400)
        }
        guard let number = form["order"].flatMap({ OrderNumber(path: $0) }) else {
            return refused("It is not known which order this is about.")
        }
        guard var record = try await store.load(shop: visit.shop, orderIDs: [number.id])[number.id] else {
            return notFound(visit.visitor)
        }
        let (subject, text) = (Self.typed(form["subject"]), Self.typed(form["text"]))
        guard !text.isEmpty, !subject.isEmpty, subject.count <= 200 else {
            return refused("It needs a subject of at most 200 characters, and words. Go back to where you wrote them.")
        }
        guard let recipient = record.recipient else { return refused("No mail address is known of this order.") }
        var opening = ConversationRecord(shop: visit.shop, channel: .mailbox, openedAt: now)
        opening.orderID = record.facts.id
        opening.address = recipient.address
        opening.name = recipient.name ?? Self.customer(record.facts)
        opening.subject = subject.split(whereSeparator: \.isNewline).joined(separator: " ")
        record.conversation = opening
        // The same form sent twice is one mail.
        let key = "first \(number.number) \(form["once"].flatMap(Int64.init) ?? now.milliseconds)"
        let mail = core.post.reply(
            text, to: recipient, in: record, language: record.facts.locale ?? "en", key: key, shop: visit.shop, now: now
        )
        guard let mail else { return refused("No mail can be made of this, or the shop has no relay.") }
        var message = ConversationMessage(.outgoing, by: .person(person), at: now, text: text, channel: .mailbox)
        message.subject = mail.summary
        message.recipient = recipient.address
        var change = ConversationRules.write(message, by: person, opening: opening, now: now)
        change.mails = [
            ConversationMail(
                .person, maker: "reply", key: key, message: mail, dueAt: now + Self.takeBackTime, carries: 0)
        ]
        let entry = AuditEntry(who: person, shop: visit.shop, what: "wrote_first", about: record.facts.name)
        guard let id = try await store.commit(change, audit: entry, now: now) else {
            return refused("It was sent already.")
        }
        acted(entry)
        return .seeOther("\(visit.path)/inbox/\(id)")
    }

    /// Puts a saved reply behind what was typed so far; nothing is written yet.
    private func saved(
        _ view: ConversationView, _ form: [String: String], _ kept: ConversationKept, _ visit: Visit
    ) async throws -> WebResponse {
        var kept = kept
        kept.text = Self.typed(form["text"])
        let now = core.now()
        let record = try await order(of: view.record, now: now)
        switch core.answers.reply(form["saved"] ?? "", about: record, now: now) {
        case .text(let text, _): kept.text = kept.text.isEmpty ? text : "\(kept.text)\n\n\(text)"
        case .impossible(let why): kept.problem = "That reply cannot be written: \(why)."
        }
        return try await show(view, visit, kept: kept)
    }

    /// Takes a reply back, and puts its words into the form again.
    private func undo(_ view: ConversationView, _ form: [String: String], _ visit: Visit) async throws -> WebResponse {
        let effect = form["effect"].flatMap(Int64.init) ?? 0
        let entry = AuditEntry(
            who: visit.visitor.person.email, shop: visit.shop, what: "took_back", about: view.record.title,
            detail: "message \(effect)")
        var kept = ConversationKept()
        let text = try await store.takeBack(
            effectID: effect, of: view.record.id, shop: visit.shop, audit: entry, now: core.now())
        guard let text else {
            return try await problem("It has gone out already, and cannot be taken back.", view, kept, visit)
        }
        acted(entry)
        kept.text = text
        let files = view.messages.last { $0.effectID == effect }?.files.count ?? 0
        kept.problem =
            "Taken back: nothing was sent. Your words are below."
            + (files == 0 ? "" : " Choose its files again.")
        guard let after = try await store.conversationView(view.record.id, shop: visit.shop) else {
            return notFound(visit.visitor)
        }
        return try await show(after, visit, kept: kept)
    }

    // MARK: - What was not done

    private func problem(
        _ words: String, _ view: ConversationView, _ kept: ConversationKept, _ visit: Visit
    ) async throws -> WebResponse {
        var kept = kept
        kept.problem = words
        return try await show(view, visit, kept: kept, status: 409)
    }

    /// Somebody did something at the same moment.
    private func stale(
        _ id: Int64, since last: String?, _ kept: ConversationKept, _ visit: Visit
    ) async throws -> WebResponse {
        guard let view = try await store.conversationView(id, shop: visit.shop) else { return notFound(visit.visitor) }
        return try await stale(view, since: last, kept, visit)
    }

    /// What changed since the form was made, with what was typed still in it.
    private func stale(
        _ view: ConversationView, since last: String?, _ kept: ConversationKept, _ visit: Visit
    ) async throws -> WebResponse {
        var kept = kept
        let record = view.record
        let clock = Clock(visit.zone)
        let seen = last.flatMap(Int64.init) ?? 0
        let who = Self.name(record.name, record.address)
        kept.changed = record.messages.filter { $0.id > seen && seen > 0 }.suffix(10).map { message in
            let time = clock.time(message.at)
            switch (message.direction, message.author) {
            case (.incoming, _): return "\(who) wrote again at \(time)."
            case (.note, .person(let email)):
                return "\(colleague(email, visit).capitalizedFirst) wrote a note at \(time)."
            case (_, .person(let email)): return "\(colleague(email, visit).capitalizedFirst) answered at \(time)."
            default: return "Bookbag answered at \(time)."
            }
        }
        kept.changed.append(
            standing(
                record.state, holder: record.holder, team: record.team, reason: record.reason,
                snoozedUntil: record.snoozedUntil, closedAt: record.closedAt, clock: clock, visit: visit))
        return try await show(view, visit, kept: kept, status: 409)
    }
}

extension String {
    fileprivate var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}

/// Until when a conversation is put away.
enum SnoozeLength: String, CaseIterable, Sendable {
    case hour, tomorrow, days

    /// The moment, by the shop's clock.
    func end(after now: Moment, zone: Zone) -> Moment {
        switch self {
        case .hour: now + .hours(1)
        case .tomorrow: zone.moment(on: zone.day(at: now).adding(days: 1), secondOfDay: 9 * 3_600)
        case .days: now + .days(3)
        }
    }
}

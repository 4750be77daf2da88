import Delivery
import Foundation
package import Outreach
package import Store

// What a person at the desk sends: an answer in their own words, or one that a trigger drafted and they looked at.

/// Writes the drafts of triggers anew, as the facts are now.
package struct ShopAnswers: Sendable {
    /// What one shop's drafts need.
    package struct Office: Sendable {
        /// The triggers in force.
        let planner: @Sendable () -> Planner
        let maker: MessageMaker

        package init(planner: @escaping @Sendable () -> Planner, maker: MessageMaker) {
            self.planner = planner
            self.maker = maker
        }
    }

    private let offices: [String: Office]

    /// - Parameter offices: by shop domain.
    package init(_ offices: [String: Office] = [:]) { self.offices = offices }

    /// A draft as it would be sent now.
    package enum Draft: Hashable, Sendable {
        /// As Markdown with a line for each paragraph, so that it can be edited.
        case text(String, language: String)
        /// It cannot be written now, for this reason.
        case impossible(String)
    }

    /// Whether answers to a kind of question go out by themselves, as shop.yaml has it; nil for a shop that is not served.
    package func mode(of intent: String, shop: String) -> AnswerMode? {
        offices[shop]?.planner().triggers.settings.answers[intent]
    }

    /// The names of a shop's saved replies.
    package func saved(_ shop: String) -> [String] {
        offices[shop]?.planner().triggers.templates.replyNames ?? []
    }

    /// A saved reply with the facts of a conversation.
    ///
    /// - Parameter record: the conversation, with the order that it is about.
    package func reply(_ name: String, about record: OrderRecord, now: Moment) -> Draft {
        guard let office = offices[record.shop], let conversation = record.conversation else {
            return .impossible("the shop's triggers are not in force")
        }
        let event = Event(ofLastWordsIn: conversation, record: record, now: now)
        do throws(TemplateFailure) {
            let text = try office.maker.reply(name, record: record, event: event, planner: office.planner(), now: now)
            return .text(ReplyText.unwrapped(text), language: "")
        } catch {
            return .impossible("\(error.file), line \(error.line): \(error.message)")
        }
    }

    /// What a trigger's answer that waits for a person would say now.
    ///
    /// - Parameter record: the conversation, with the order that it is about.
    package func draft(
        _ effect: Effect, about record: OrderRecord, in store: Store, now: Moment
    ) async throws -> Draft {
        guard let office = offices[effect.shop] else { return .impossible("the shop's triggers are not in force") }
        let planner = office.planner()
        let question = HistoryQuestion(of: effect, record: record, planner: planner, now: now)
        let history = try await store.history(for: [question], now: now)[0]
        // What was true when it was drafted may not be any more: the parcel is late by now.
        if let failed = planner.failedCondition(ofDraft: effect, record: record, history: history, now: now) {
            return .impossible("it does not fit any more, for a condition of its trigger does not hold: \(failed)")
        }
        do throws(TemplateFailure) {
            if effect.channel == .sms {
                let text = try office.maker.shortText(
                    effect, record: record, history: history, planner: planner, now: now)
                return text.map { .text($0.text, language: "") } ?? .impossible("its trigger is gone")
            }
            if effect.channel == .chat {
                let text = try office.maker.chat(effect, record: record, history: history, planner: planner, now: now)
                return text.map { .text($0, language: "") } ?? .impossible("its trigger is gone")
            }
            guard let text = try office.maker.text(effect, record: record, history: history, planner: planner, now: now)
            else { return .impossible("its trigger is gone") }
            return .text(
                ReplyText.words(of: text, brand: planner.triggers.settings.brand, now: now), language: text.language)
        } catch {
            return .impossible("its template fails: \(error.file), line \(error.line): \(error.message)")
        }
    }
}

/// What a person types, and what a mail is made of.
package enum ReplyText {
    /// Signs that values are kept apart from Markdown with, and that make none of it within a line.
    private static let harmless: [(mark: String, sign: String)] = [
        ("&#33;", "!"), ("&#35;", "#"), ("&#39;", "'"), ("&#40;", "("), ("&#41;", ")"), ("&#43;", "+"), ("&#45;", "-"),
        ("&#46;", "."), ("&#58;", ":"), ("&#61;", "="), ("&#64;", "@"), ("&quot;", "\""),
    ]

    /// A line as a person would have typed it: `order #1042`, not `order &#35;1042`. What might begin a heading or a
    /// list stays as it is, and so does whatever makes links or emphasis.
    private static func plain(_ line: Substring) -> String {
        guard line.contains("&"), let first = line.firstIndex(where: \.isLetter) else { return String(line) }
        var rest = String(line[first...])
        for (mark, sign) in harmless { rest = rest.replacing(mark, with: sign) }
        return line[..<first] + rest
    }

    /// What a template says, as a person would have typed it.
    static func words(of text: MailText, brand: Brand, now: Moment) -> String {
        switch text.body {
        case .markdown(let markdown): return unwrapped(markdown)
        case .html:
            let draft = MailDraft(
                from: brand.from, to: brand.from, sender: "", subject: text.subject, body: text.body,
                language: text.language, messageID: "draft", date: now, brand: brand)
            return unwrapped(MailBodies(draft).text)
        }
    }

    /// Markdown in which each paragraph is one line: what a text field wraps by itself.
    package static func unwrapped(_ markdown: String) -> String {
        var lines: [String] = []
        var isOpen = false
        for raw in markdown.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
            var line = plain(raw)
            // What a template writes to break a line, a person writes as a new line.
            var isBroken = false
            for mark in ["<br>", "<br/>", "<br />"] where line.hasSuffix(mark) {
                line.removeLast(mark.count)
                isBroken = true
            }
            let begins = startsBlock(line)
            if isOpen, !begins, !line.allSatisfy(\.isWhitespace), let last = lines.popLast() {
                lines.append(last + " " + line.drop { $0 == " " })
            } else {
                lines.append(line)
            }
            // Two spaces or a backslash at its end break a line.
            let isHard = isBroken || line.hasSuffix("  ") || line.hasSuffix("\\")
            if line.hasSuffix("\\") { lines[lines.count - 1].removeLast() }
            isOpen = !line.allSatisfy(\.isWhitespace) && !isHard && !isHeading(line)
        }
        while lines.last?.allSatisfy(\.isWhitespace) == true { lines.removeLast() }
        while lines.first?.allSatisfy(\.isWhitespace) == true { lines.removeFirst() }
        return lines.map { line in
            var line = Substring(plain(line))
            while line.last == " " { line.removeLast() }
            return String(line)
        }.joined(separator: "\n").drop { $0 == " " }.description
    }

    /// A line without the marks that keep values from acting as markup, where they could not anyway: what stands at the
    /// beginning of a line, and emphasis, links and tags, stay marked.
    private static func plain(_ line: String) -> String {
        guard line.contains("\\") || line.contains("&") else { return line }
        let begin = line.prefix { $0.isNumber || $0 == " " || $0 == "\\" }.count
        let index = line.index(line.startIndex, offsetBy: min(line.count, begin + 1))
        var rest = String(line[index...])
        for sign in "#.-+()!:,;/=@%$?'\"{}~" { rest = rest.replacing("\\\(sign)", with: String(sign)) }
        for (entity, sign) in [("&#39;", "'"), ("&quot;", "\""), ("&apos;", "'"), ("&amp; ", "& ")] {
            rest = rest.replacing(entity, with: sign)
        }
        return line[..<index] + rest
    }

    /// The Markdown of what a person typed, in whose mail a new line is a new line.
    package static func markdown(_ typed: String) -> String {
        let lines = typed.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map(String.init)
        return lines.indices.map { index in
            let line = lines[index]
            let next = index + 1 < lines.count ? lines[index + 1] : ""
            let ends = line.allSatisfy(\.isWhitespace) || next.allSatisfy(\.isWhitespace) || startsBlock(next)
            return ends || isHeading(line) || line.hasSuffix("\\") ? line : line + "\\"
        }.joined(separator: "\n")
    }

    /// The Markdown of what a mail program sent as plain text, in which no sign means anything.
    static func markdown(ofPlain text: String) -> String {
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map {
            ForwardedMail.plain($0.trimmingCharacters(in: .whitespaces))
        }
        return lines.indices.map { index in
            let next = index + 1 < lines.count ? lines[index + 1] : ""
            return lines[index].isEmpty || next.isEmpty ? lines[index] : lines[index] + "\\"
        }.joined(separator: "\n")
    }

    private static func isHeading(_ line: String) -> Bool { line.hasPrefix("#") }

    /// Whether a line begins a block of its own: a list's point, a heading, a quotation, a table's row, a rule.
    private static func startsBlock(_ line: String) -> Bool {
        let text = line.drop { $0 == " " }
        if text.hasPrefix("#") || text.hasPrefix(">") || text.hasPrefix("|") || text.hasPrefix("```") { return true }
        if text.hasPrefix("- ") || text.hasPrefix("* ") || text.hasPrefix("+ ") || text.hasPrefix("---") { return true }
        let digits = text.prefix { $0.isNumber }
        let rest = text.dropFirst(digits.count)
        return !digits.isEmpty && digits.count < 4 && (rest.hasPrefix(". ") || rest.hasPrefix(") "))
    }
}

extension ShopPost {
    /// A person's answer in a conversation, as a mail in its thread; nil where there is no relay, nobody wrote, or no
    /// mail can be made of it.
    ///
    /// - Parameters:
    ///   - text: as it was typed, in Markdown.
    ///   - recipient: whom it goes to.
    ///   - language: BCP 47, for programs that read it out.
    ///   - key: what tells it from every other: the same key is sent once.
    package func reply(
        _ text: String, to recipient: MailAddress, in record: OrderRecord, language: String, key: String,
        files: [MailDraft.Attachment] = [], shop: String, now: Moment
    ) -> Message? {
        guard let office = office(shop), office.wake != nil else { return nil }
        return PersonalReply(brand: office.brand(), sender: office.sender, shop: shop).mail(
            ReplyText.markdown(text), to: recipient, in: record, language: language, key: key, files: files, now: now)
    }

    /// What a person's mail in that conversation is called: an answer by what it answers, a first one by its own
    /// subject.
    package func subject(of record: OrderRecord, shop: String) -> String {
        guard let brand = brand(shop) else { return "" }
        return PersonalReply(brand: brand, sender: nil, shop: shop).subject(of: record)
    }
}

/// What a person writes to a customer, as the shop sends it.
struct PersonalReply {
    var brand: Brand
    /// The envelope sender; nil for the brand's own address.
    var sender: String?
    var shop: String

    /// A mail in the conversation's thread; nil if none can be made of it.
    func mail(
        _ markdown: String, to recipient: MailAddress, in record: OrderRecord, language: String, key: String,
        files: [MailDraft.Attachment] = [], now: Moment
    ) -> Message? {
        let thread = AnswerThread(record, brand: brand)
        let from = thread?.from ?? brand.from
        // Whoever is written to first finds it beside the mails about the order.
        let order = record.isOrder ? record.facts.id : nil
        let references =
            thread?.references
            ?? order.map { [MessageIdentity.thread(shop: shop, orderID: $0, domain: brand.from.domain)] } ?? []
        var draft = MailDraft(
            from: from, to: recipient, replyTo: thread == nil ? brand.replyTo : nil, sender: sender ?? from.address,
            subject: subject(of: record), body: .markdown(markdown), language: language,
            messageID: MessageIdentity.notice(shop: shop, kind: "reply", about: key, domain: from.domain),
            references: references.filter(MailComposer.isMessageID), date: now, brand: brand)
        draft.isPersonal = true
        draft.attachments = files
        return try? MailComposer().compose(draft)
    }

    /// What it is called: an answer by what it answers, a first one by its own subject.
    func subject(of record: OrderRecord) -> String {
        if let subject = AnswerThread(record, brand: brand)?.subject { return subject }
        let own = record.conversation?.subject ?? ""
        return own.isEmpty ? brand.name : own
    }

    /// Words in a chat; nil where there are none.
    static func chat(_ markdown: String, to session: String, key: String, shop: String) -> Message? {
        let words = TextMessage.shortForm(ofMarkdown: markdown)
        guard !words.isEmpty else { return nil }
        return .chat(id: MessageIdentity.chat(shop: shop, kind: "reply", about: key), session: session, text: words)
    }

    /// Words in a ticket, which the helpdesk mails to her; nil where there are none.
    static func ticket(
        _ markdown: String, to recipient: MailAddress, in ticket: String, of record: OrderRecord, key: String,
        now: Moment
    ) -> Message? {
        guard let conversation = record.conversation else { return nil }
        let words = ReplyText.unwrapped(markdown)
        guard !words.isEmpty else { return nil }
        var post = TicketPost(
            .reply, of: conversation, mark: "reply \(key)", ticket: ticket, text: words, isPublic: true, at: now)
        post.address = recipient.address
        post.order = record.isOrder ? record.facts.name : nil
        post.isDone = true
        return post.message()
    }

    /// A text; nil where it is longer than a text can be.
    static func text(_ markdown: String, to number: PhoneNumber, key: String, shop: String) -> Message? {
        let words = TextMessage(TextMessage.shortForm(ofMarkdown: markdown))
        guard words.segments > 0, words.units <= TextMessage.mostUnits else { return nil }
        return .sms(
            id: MessageIdentity.text(shop: shop, kind: "reply", about: key), recipient: number.text, text: words)
    }
}

extension DaemonCore {
    /// A person's answer in a conversation, as a comment in its ticket; nil where nothing can be written there.
    ///
    /// - Parameters:
    ///   - text: as it was typed, in Markdown.
    ///   - recipient: whom the ticket is with.
    ///   - key: what tells it from every other: the same key is sent once.
    package func comment(
        _ text: String, to recipient: MailAddress, in ticket: String, of record: OrderRecord, key: String
    ) -> Message? {
        let hasHelpdesk = configuration.shops.contains { $0.domain == record.shop && $0.helpdesk != nil }
        guard hasHelpdesk else { return nil }
        return PersonalReply.ticket(text, to: recipient, in: ticket, of: record, key: key, now: now())
    }

    /// A person's answer in a conversation, as words in that chat; nil where it has none.
    ///
    /// - Parameters:
    ///   - text: as it was typed, in Markdown.
    ///   - session: the chat's name.
    ///   - key: what tells it from every other: the same key is sent once.
    package func chat(_ text: String, to session: String, key: String, shop: String) -> Message? {
        guard configuration.shops.contains(where: { $0.domain == shop && $0.chat != nil }) else { return nil }
        return PersonalReply.chat(ReplyText.markdown(text), to: session, key: key, shop: shop)
    }

    /// A person's answer in a conversation, as a text; nil where the shop sends none, or it is longer than a text can be.
    ///
    /// - Parameters:
    ///   - text: as it was typed, in Markdown.
    ///   - key: what tells it from every other: the same key is sent once.
    package func text(_ text: String, to number: PhoneNumber, key: String, shop: String) -> Message? {
        guard let ends = configuration.shops.first(where: { $0.domain == shop })?.farEnds[.sms], !ends.isEmpty else {
            return nil
        }
        return PersonalReply.text(ReplyText.markdown(text), to: number, key: key, shop: shop)
    }
}

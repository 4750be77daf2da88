internal import Outreach
internal import Platform

extension ChannelKind {
    /// The shop's helpdesk, in which each conversation that is handed over has a ticket. No trigger writes there by that
    /// name: what is handed over goes there by itself, and an answer to somebody who wrote in a ticket goes into it.
    public static let helpdesk = ChannelKind(
        syntax: ChannelSyntax(.helpdesk, example: "webhook: NAME") {
            $0.fault("'helpdesk' cannot be sent", hint: "write 'do: hand_over'; see docs/helpdesk.md")
            return nil
        }, retries: .helpdesk,
        words: Words(
            title: { _ in "the helpdesk" }, destination: { _ in "the helpdesk" }, id: "post", quotesSummary: true)
    ) { it in
        guard it.line.destination == .answer else {
            return .impossible(.off, detail: "no trigger writes to the helpdesk")
        }
        let record = it.scope.record
        guard let conversation = record.conversation, let ticket = record.answerTicket,
            let recipient = record.answerRecipient
        else { return .impossible(.noRecipient, detail: "nobody wrote in a ticket that is with the order's address") }
        do {
            let words = try it.wordsForTicket()
            var post = TicketPost(
                .answer, of: conversation, mark: TicketPost.mark(of: it.effect), ticket: ticket,
                text: "\(words)\n\n\(it.saysItIsAutomaticInChat)", isPublic: true, at: it.now)
            // The helpdesk mails it to whoever the ticket is with: that must be this address.
            post.address = recipient.address
            post.order = record.isOrder ? record.facts.name : nil
            post.answers = TicketPost.comment(of: conversation.lastIncoming)
            // Word that a person has it leaves the ticket to that person.
            post.isDone = it.effect.event?.messageNumber != nil
            guard let message = post.message() else {
                return .impossible(.template, detail: "it cannot be written down")
            }
            return .message(message, remark: nil)
        } catch {
            return it.waits(for: error)
        }
    }
    .set(up: .helpdesk)
}

extension Composition {
    /// What the template says, as plain text with one line for each paragraph.
    fileprivate func wordsForTicket() throws -> String {
        let rendered = try triggers.templates.render(line.template, scope, to: line.destination)
        let text =
            switch rendered.body {
            case .markdown(let markdown): MailTextWriter.text(MarkdownReader.blocks(of: markdown.cleanedText))
            case .html(let source): MailTextWriter.text(HTMLReader.blocks(of: source.cleanedText))
            }
        return HelpdeskText.unflowed(text)
    }
}

/// The words of a mail, for a ticket.
enum HelpdeskText {
    /// A flowed text (RFC 3676) with each paragraph in one line.
    static func unflowed(_ text: String) -> String {
        var lines: [String] = []
        var isOpen = false
        for line in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
            // One space at its beginning keeps a line from looking like something else.
            let words = line.hasPrefix(" ") && !line.hasPrefix("  ") ? line.dropFirst() : line
            if isOpen, let last = lines.popLast() {
                lines.append(last + words.drop { $0 == " " })
            } else {
                lines.append(String(words))
            }
            isOpen = line.hasSuffix(" ")
        }
        for index in lines.indices { while lines[index].hasSuffix(" ") { lines[index].removeLast() } }
        while lines.last?.isEmpty == true { lines.removeLast() }
        return lines.joined(separator: "\n")
    }
}

extension RetrySchedule {
    /// For helpdesks: somebody waits for a person, so soon at first.
    public static let helpdesk = RetrySchedule(
        steps: [.seconds(5), .seconds(30), .minutes(2), .minutes(10), .minutes(30), .hours(1)])
}

internal import Platform
internal import Outreach

extension ChannelKind {
    /// Mail, through the shop's relay.
    public static let email = ChannelKind(
        syntax: .email, retries: .mail,
        words: Words(
            title: { _ in "email" },
            destination: { rest in
                switch rest {
                case "": "e-mail to the shopper"
                case "merchant": "e-mail to the shop"
                default: "e-mail to \(rest)"
                }
            }, id: "Message-ID", showID: { "Message-ID: <\($0)>" }, quotesSummary: true)
    ) { $0.mail(by: MailComposer()) }
}

extension Composition {
    /// The mail: its template in the shop's look, with the label attached to it.
    fileprivate func mail(by composer: MailComposer) -> Outcome {
        let settings = triggers.settings
        let brand = settings.brand
        let recipient: MailAddress?
        switch line.destination {
        case .customer: recipient = scope.record.recipient
        case .merchant: recipient = settings.notify
        case .address(let address): recipient = address
        case .answer: recipient = scope.record.answerRecipient
        case .phone, .webhook, .other, .action: recipient = nil
        }
        guard let recipient else { return .impossible(.noRecipient, detail: "no usable address") }
        let rendered: MailText
        do {
            rendered = try triggers.templates.render(line.template, scope, to: line.destination)
        } catch {
            return waits(for: error)
        }
        let thread = line.destination == .answer ? AnswerThread(scope.record, brand: brand) : nil
        let from = thread?.from ?? trigger.about.from(brand) ?? brand.from
        var draft = MailDraft(
            from: from, to: recipient, replyTo: thread == nil ? line.replyTo ?? brand.replyTo : nil,
            sender: sender?.address ?? from.address, subject: thread?.subject ?? rendered.subject,
            preview: rendered.preview, body: rendered.body, language: rendered.language,
            messageID: MessageIdentity.mail(of: effect, domain: from.domain),
            references: thread?.references ?? orderThread(brand), date: date,
            headers: [
                MailDraft.Header("X-Bookbag-Trigger", effect.trigger),
                MailDraft.Header("X-Bookbag-Order", scope.record.facts.name.onOneLine),
                MailDraft.Header("Feedback-ID", trigger.about.feedbackID(trigger: trigger.name, shop: effect.shop)),
            ], brand: brand)
        draft.parcels = rendered.parcels
        draft.isAnswer = thread != nil
        if line.destination == .answer {
            draft.occasion = .answer
            // Word that a person has it asks nothing.
            if effect.event?.messageNumber != nil { draft.answerPage = scope.pages.answer }
        }
        if line.destination == .customer {
            let isOfTalk = effect.event?.aggregate.kind == .conversation
            draft.occasion = trigger.about == .marketing ? .marketing : isOfTalk ? .conversation : .order
        }
        draft.headers += StreamHeaders.list(trigger.about, from: from)
        if let value = wayOut(for: recipient, from: from) {
            draft.headers.append(MailDraft.Header("List-Unsubscribe", value))
        }
        var remark: String?
        if let labels, let url = scope.label(attachedBy: line) {
            switch labels.label(url, name: "return-label", order: scope.record.facts.name, now: now) {
            case .asked: return .wait(until: now + LabelShelf.fetching, because: .label, detail: "it is being fetched")
            case .there(let label): draft.attachments = [label]
            case .failed(let failure, let since):
                if failure.isWorthAnotherTry, now - since < Self.labelPatience {
                    return .wait(until: now + LabelShelf.pause, because: .label, detail: failure.detail)
                }
                remark = "sent with the link alone: \(failure.detail)"
            }
        }
        do {
            return .message(try composer.compose(draft), remark: remark)
        } catch {
            return waits(for: error)
        }
    }

    /// The thread that mails about the order share; none for mail about no order.
    private func orderThread(_ brand: Brand) -> [String] {
        guard scope.record.isOrder else { return [] }
        return [MessageIdentity.thread(shop: effect.shop, orderID: scope.record.facts.id, domain: brand.from.domain)]
    }

    /// How the shopper unsubscribes from the stream: by a mail to where replies go, and also on our page or, for
    /// marketing, Shopify's.
    private func wayOut(for recipient: MailAddress, from: MailAddress) -> String? {
        guard trigger.about.hasWayOut, line.destination == .customer else { return nil }
        // Shopify's own page ends marketing.
        let page =
            stopLink ?? (trigger.about == .marketing ? scope.record.facts.customer?.unsubscribeURL : nil)
        guard let unsubscribe else { return page.map { "<\($0)>" } }
        let token = unsubscribe.token(shop: effect.shop, address: recipient.address, stream: trigger.about)
        let mailbox = line.replyTo ?? triggers.settings.brand.replyTo ?? from
        return UnsubscribeTokens.header(token, mailTo: mailbox.address, page: page)
    }
}

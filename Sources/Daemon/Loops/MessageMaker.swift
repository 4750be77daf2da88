package import Delivery
import Foundation
package import Outreach
import Platform

/// Makes the frozen message of an effect that is to be sent: renders its template, fetches the label it carries, composes the bytes.
package struct MessageMaker: Sendable {
    /// What came of it.
    package enum Outcome: Sendable {
        /// The message, and what there is to remark about it.
        case message(Message, remark: String?)
        /// Something it needs is not there yet.
        case wait(until: Moment, because: Reason, detail: String)
        /// It cannot be made.
        case impossible(Reason, detail: String)
    }

    let configuration: Configuration.Shop
    let labels: LabelFetcher
    let composer: MailComposer

    package init(configuration: Configuration.Shop, labels: LabelFetcher, composer: MailComposer) {
        self.configuration = configuration
        self.labels = labels
        self.composer = composer
    }

    /// How long a mail waits for its label before it goes with the link alone.
    static let labelPatience = Duration.minutes(15)
    /// After how long a template that failed is tried again, where its file is not fixed before.
    static let templatePause = Duration.hours(1)

    /// Makes the message of `effect`. `date` is what a mail says of itself, where that is not `now`.
    package func make(
        _ effect: Effect, record: OrderRecord, history: History, planner: Planner, now: Moment, date: Moment? = nil
    ) async -> Outcome {
        guard let trigger = planner.triggers.trigger(effect.trigger), let line = trigger.line(named: effect.line) else {
            return .impossible(.off, detail: "the trigger is gone")
        }
        let scope = planner.scope(
            record: record, event: effect.event, together: effect.together, history: history, now: now)
        if case .webhook(let name) = line.destination {
            guard configuration.webhooks[name] != nil else {
                return .impossible(.unknownWebhook, detail: "no webhook '\(name)' is configured")
            }
            return webhook(effect, line, name: name, scope: scope, planner: planner, now: now)
        }
        return await mail(effect, line, trigger: trigger, scope: scope, planner: planner, now: now, date: date ?? now)
    }

    private func webhook(
        _ effect: Effect, _ line: SendLine, name: String, scope: Scope, planner: Planner, now: Moment
    ) -> Outcome {
        do {
            let body = try scope.webhookBody(of: effect, by: line, planner.triggers.templates)
            return .message(
                Message(
                    id: MessageIdentity.webhook(of: effect),
                    content: .webhook(Message.WebhookContent(endpoint: name, body: body)),
                    summary: effect.event.kind.rawValue), remark: nil)
        } catch {
            return .wait(until: now + Self.templatePause, because: .template, detail: "\(error)")
        }
    }

    private func mail(
        _ effect: Effect, _ line: SendLine, trigger: Trigger, scope: Scope, planner: Planner, now: Moment, date: Moment
    ) async -> Outcome {
        let settings = planner.triggers.settings
        let brand = settings.brand
        let recipient: MailAddress?
        switch line.destination {
        case .customer: recipient = scope.record.recipient
        case .merchant: recipient = settings.notify
        case .address(let address): recipient = address
        case .webhook: recipient = nil
        }
        guard let recipient else { return .impossible(.noRecipient, detail: "no usable address") }
        let rendered: MailText
        do {
            rendered = try planner.triggers.templates.render(line.template, scope, to: line.destination)
        } catch {
            return .wait(until: now + Self.templatePause, because: .template, detail: "\(error)")
        }
        let from = trigger.about == .marketing ? brand.marketingFrom ?? brand.from : brand.from
        var draft = MailDraft(
            from: from, to: recipient, replyTo: line.replyTo ?? brand.replyTo,
            sender: configuration.smtp?.sender?.address ?? from.address, subject: rendered.subject,
            preview: rendered.preview, body: rendered.body, language: rendered.language,
            messageID: MessageIdentity.mail(of: effect, domain: from.domain),
            references: [
                MessageIdentity.thread(shop: effect.shop, orderID: effect.orderID, domain: brand.from.domain)
            ], date: date,
            headers: [
                MailDraft.Header("X-Bookbag-Trigger", effect.trigger),
                MailDraft.Header("X-Bookbag-Order", scope.record.facts.name),
            ], brand: brand)
        draft.parcels = rendered.parcels
        if line.destination == .customer { draft.occasion = trigger.about == .marketing ? .marketing : .order }
        if trigger.about == .marketing, let url = scope.record.facts.customer?.unsubscribeURL {
            draft.headers.append(MailDraft.Header("List-Unsubscribe", "<\(url)>"))
        }
        var remark: String?
        if let url = scope.label(attachedBy: line) {
            do {
                switch try await labels.fetch(url, name: "return-label") {
                case .success(let label): draft.attachments = [label]
                case .failure(let failure):
                    if failure.isWorthAnotherTry, now - effect.createdAt < Self.labelPatience {
                        return .wait(until: now + .minutes(1), because: .label, detail: failure.detail)
                    }
                    remark = "sent with the link alone: \(failure.detail)"
                }
            } catch {
                return .wait(until: now + .minutes(1), because: .label, detail: "stopped while fetching the label")
            }
        }
        do {
            return .message(try composer.compose(draft), remark: remark)
        } catch {
            return .wait(until: now + Self.templatePause, because: .template, detail: "\(error)")
        }
    }
}

package import Delivery
package import Outreach

/// Composes the frozen message of an effect that should be sent, through its channel.
package struct MessageMaker: Sendable {
    package typealias Outcome = Composition.Outcome

    let configuration: Configuration.Shop
    /// Where to get labels; nil if mails only contain the link.
    let labels: LabelShelf?
    var channels: [ChannelKind]
    /// Gives the results of a trigger's actions; nil if messages do not wait for any.
    var actions: (any ActionLedger)?
    /// Makes the codes of gifts; nil if none is made, as in a preview.
    var codes: GiftCodes?
    /// How to unsubscribe from mails; nil if that is impossible, as in a preview.
    var unsubscribe: UnsubscribeTokens?
    /// Makes links to the shopper's pages; nil where none are served.
    var links: PublicLinks?
    /// What mails link to instead, as in a preview; nil for `links`' own.
    var pages: PageLinks?

    package init(
        configuration: Configuration.Shop, labels: LabelShelf?, channels: [ChannelKind] = ChannelKind.standard,
        actions: (any ActionLedger)? = nil, codes: GiftCodes? = nil, unsubscribe: UnsubscribeTokens? = nil,
        links: PublicLinks? = nil,
        pages: PageLinks? = nil
    ) {
        self.pages = pages
        self.unsubscribe = unsubscribe
        self.links = links
        self.configuration = configuration
        self.labels = labels
        self.channels = channels
        self.actions = actions
        self.codes = codes
    }

    /// Composes the message of `effect`. `date` is the mail's `Date`, if not `now`.
    package func make(
        _ effect: Effect, record: OrderRecord, history: History, planner: Planner, now: Moment, date: Moment? = nil
    ) async -> Outcome {
        guard let trigger = planner.triggers.trigger(effect.trigger), let line = trigger.line(named: effect.line),
            let event = effect.event, let channel = channels[line.channel(for: event)]
        else {
            return .impossible(.off, detail: "the trigger is gone")
        }
        if asks(trigger, line), pages == nil, links == nil, planner.triggers.linksToRating(trigger.name) {
            return .impossible(.off, detail: "bookbag.yaml has no 'public:', so there is no page to rate on")
        }
        if channel.name == .sms, configuration.farEnds[.sms]?.isEmpty ?? true {
            return .impossible(.noChannel, detail: "bookbag.yaml says nothing of 'sms'")
        }
        if channel.name == .chat, configuration.chat == nil {
            return .impossible(.noChannel, detail: "bookbag.yaml says nothing of 'chat'")
        }
        if channel.name == .helpdesk, configuration.helpdesk == nil {
            return .impossible(.noChannel, detail: "bookbag.yaml hands nothing over to a helpdesk")
        }
        if channel.name == .desk, let until = await answerEnds(beside: effect, now: now) {
            return .wait(until: until, because: .result, detail: channels.destination(ofLine: SendLine.answerName))
        }
        var results: [String: String] = [:]
        var tells: [Int64] = []
        let actions = line.isAction || line.action?.channel == .shop ? [] : trigger.lines.filter(\.isAction).map(\.name)
        if !actions.isEmpty {
            let specimen = specimen(of: trigger, planner: planner, now: now)
            switch await standing(beside: effect, lines: actions, specimen: specimen, now: now) {
            case .there(let brought, let ids): (results, tells) = (brought, ids)
            case .wait(let until, let detail): return .wait(until: until, because: .result, detail: detail)
            }
        }
        var scope = planner.scope(
            record: record, event: event, together: effect.together, history: history, now: now,
            pages: pages(of: effect, record: record, trigger: trigger, line: line, planner: planner))
        scope.gift = GiftFacts(results: results)
        var composition = Composition(
            effect: effect, line: line, trigger: trigger, scope: scope, triggers: planner.triggers, now: now,
            date: date ?? now, sender: configuration.smtp?.sender, targets: Set(configuration.webhooks.keys),
            labels: labels, results: results)
        composition.unsubscribe = unsubscribe
        composition.codes = codes
        if trigger.about == .marketing, let address = record.recipient?.address {
            composition.stopLink = links?.link(
                .stop, shop: effect.shop, orderID: record.facts.id, address: address, now: now)
        }
        if asks(trigger, line), let address = record.recipient?.address {
            composition.stopLink = links?.stopRatings(
                effect.id, shop: effect.shop, address: address, now: effect.createdAt)
        }
        let composed = channel.compose(composition)
        guard case .message(var message, let remark) = composed, !tells.isEmpty else { return composed }
        message.tells = tells
        return .message(message, remark: remark)
    }

    /// What the template of `effect` says now, before it becomes a mail; nil if its trigger is gone.
    package func text(
        _ effect: Effect, record: OrderRecord, history: History, planner: Planner, now: Moment
    ) throws(TemplateFailure) -> MailText? {
        let words = words(of: effect, record: record, history: history, planner: planner, now: now)
        guard let (line, scope) = words else { return nil }
        return try planner.triggers.templates.render(line.template, scope, to: line.destination)
    }

    /// What an answer by text says now; nil if its trigger is gone.
    package func shortText(
        _ effect: Effect, record: OrderRecord, history: History, planner: Planner, now: Moment
    ) throws(TemplateFailure) -> TextMessage? {
        let words = words(of: effect, record: record, history: history, planner: planner, now: now)
        guard let (line, scope) = words else { return nil }
        return try planner.triggers.templates.text(line.template, scope)
    }

    /// What an answer in a chat says now; nil if its trigger is gone.
    package func chat(
        _ effect: Effect, record: OrderRecord, history: History, planner: Planner, now: Moment
    ) throws(TemplateFailure) -> String? {
        let words = words(of: effect, record: record, history: history, planner: planner, now: now)
        guard let (line, scope) = words else { return nil }
        return try planner.triggers.templates.chat(line.template, scope)
    }

    /// The line that an effect is of, and what its template sees; nil if its trigger is gone.
    private func words(
        of effect: Effect, record: OrderRecord, history: History, planner: Planner, now: Moment
    ) -> (line: SendLine, scope: Scope)? {
        guard let trigger = planner.triggers.trigger(effect.trigger), let line = trigger.line(named: effect.line),
            let event = effect.event
        else { return nil }
        let scope = planner.scope(
            record: record, event: event, together: effect.together, history: history, now: now,
            pages: pages(of: effect, record: record, trigger: trigger, line: line, planner: planner))
        return (line, scope)
    }

    /// A saved reply as it is now, in Markdown.
    package func reply(
        _ name: String, record: OrderRecord, event: Event, planner: Planner, now: Moment
    ) throws(TemplateFailure) -> String {
        let pages = self.pages ?? (record.isOrder ? links?.pages(about: record, issued: now) : nil) ?? PageLinks()
        let scope = planner.scope(record: record, event: event, history: History(), now: now, pages: pages)
        return try planner.triggers.templates.reply(name, scope)
    }

    /// True where a message may ask for a rating.
    private func asks(_ trigger: Trigger, _ line: SendLine) -> Bool {
        trigger.about == .ratings && line.destination == .customer
    }

    /// What the message may link to. In shadow mode nobody gets it, and whoever compares it with another sees no link
    /// that opens anything.
    private func pages(
        of effect: Effect, record: OrderRecord, trigger: Trigger, line: SendLine, planner: Planner
    ) -> PageLinks {
        if let pages { return pages }
        guard let links else { return PageLinks() }
        if trigger.mode(in: planner.triggers.settings.mode) == .shadow { return .specimen(url: links.url) }
        var pages = links.pages(about: record, issued: effect.createdAt)
        if !line.destination.isShopper {
            (pages.preferences, pages.address, pages.cancel, pages.returns) = (nil, nil, nil, nil)
        }
        if asks(trigger, line), let address = record.recipient?.address {
            pages.rating = links.rating(
                request: effect.id, shop: effect.shop, address: address, now: effect.createdAt)
        }
        if line.isContact, let offer = effect.event?.offerNumber, let address = record.recipient?.address {
            pages.remedy = links.remedy(offer, shop: effect.shop, address: address, now: effect.createdAt)
        }
        if line.destination == .answer, effect.event?.messageNumber != nil,
            let address = record.answerRecipient?.address
        {
            pages.answer = links.answer(
                effect.id, shop: effect.shop, address: address, now: effect.createdAt)
        }
        return pages
    }

    /// What a letter tells of the trigger's gift where none is made.
    private func specimen(of trigger: Trigger, planner: Planner, now: Moment) -> GiftFacts? {
        guard let policy = planner.triggers.policy,
            let gift = trigger.lines.lazy.compactMap(\.gift).compactMap(policy.gift).first
        else { return nil }
        let zone = planner.shopZone
        return gift.specimen(
            in: policy.currency, at: now, calendar: planner.triggers.settings.calendar(zone: zone), zone: zone)
    }

    /// When it is looked again at whether the answer of the same trigger has gone out, which what is done in the
    /// conversation waits for; nil where nothing is waited for.
    private func answerEnds(beside effect: Effect, now: Moment) async -> Moment? {
        let start = effect.reason == .result ? effect.decidedAt ?? now : now
        let end = start + Composition.actionPatience
        guard now < end, let others = try? await actions?.beside(effect, lines: [SendLine.answerName]),
            others.contains(where: { [.waiting, .ready].contains($0.state) })
        else { return nil }
        return min(now + Planner.answerPause, end)
    }

    private enum ActionsOutcome {
        case there([String: String], of: [Int64])
        case wait(until: Moment, detail: String)
    }

    /// The results of the actions beside a message, once they are done or it has waited long enough, from when it was
    /// about to go.
    private func standing(
        beside effect: Effect, lines: [String], specimen: GiftFacts?, now: Moment
    ) async -> ActionsOutcome {
        // A preview shows what would be given.
        guard let actions else { return .there(specimen?.results ?? [:], of: []) }
        let start = effect.reason == .result ? effect.decidedAt ?? now : now
        let end = start + Composition.actionPatience
        let next = min(now + Composition.actionPause, end)
        do throws(StoreFailure) {
            let taken = try await actions.beside(effect, lines: lines)
            if let open = taken.first(where: { $0.state == .waiting || $0.state == .ready }), now < end {
                return .wait(until: next, detail: channels.destination(ofLine: open.line))
            }
            // In shadow mode nothing is made, and the letter shows what would be.
            if let specimen, taken.contains(where: { $0.state == .shadowed }) {
                return .there(specimen.results, of: [])
            }
            let done = taken.filter { $0.state == .sent && !$0.results.isEmpty }
            return .there(
                done.reduce(into: [:]) { $0.merge($1.results) { _, last in last } }, of: done.map(\.effectID))
        } catch {
            return .wait(until: now + Composition.actionPause, detail: "the store could not be read")
        }
    }
}

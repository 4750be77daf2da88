extension Planner {
    /// The decision about an effect, and which of its events it covers.
    public struct Judgement: Hashable, Sendable {
        public var decision: Decision
        /// The events that the message covers, if it is sent.
        public var events: [Event] = []
        /// The events left out of a message that is sent, each with the reason.
        public var dropped: [Dropped] = []

        /// An event that is left out.
        public struct Dropped: Hashable, Sendable {
            public var event: Event
            public var reason: Reason
            public var detail: String?
        }
    }

    /// The decision about `effect` now.
    ///
    /// - Parameters:
    ///   - record: the order as it is known now; nil if it is gone.
    ///   - history: what was sent before.
    public func judge(_ effect: Effect, record: OrderRecord?, history: History, now: Moment) -> Decision {
        judgement(effect, record: record, history: history, now: now).decision
    }

    /// The same, with the events that are covered if `combine` made one message out of several.
    public func judgement(_ effect: Effect, record: OrderRecord?, history: History, now: Moment) -> Judgement {
        if let standing = standing(effect, record, now: now) { return standing }
        if effect.origin != .trigger, record != nil || effect.aggregate == nil { return Self.wanted(effect, now: now) }
        guard let record else { return Judgement(decision: .skip(because: .erased)) }
        return judgement(effect, at: evaluation(record, now: now), history: history)
    }

    /// The same, for one of several effects of an order that are judged at the same moment.
    public func judgement(_ effect: Effect, at evaluation: EvaluationContext, history: History) -> Judgement {
        let now = evaluation.now
        if let standing = standing(effect, evaluation.record, now: now) { return standing }
        if effect.origin != .trigger { return Self.wanted(effect, now: now) }
        if let line = actionLine(of: effect),
            effect.attemptsInDoubt > 0 || effect.attempts > 0 && line.verb == ShopVerb.buyLabel.rawValue
        {
            // Whether it was done has to be seen first, whatever holds by now. What was begun of a label is ended by the
            // attempt itself, which looks at the return.
            let end = pauses[.actions]?.end(at: now)
            return Judgement(decision: end.map { .wait(until: $0, because: .paused) } ?? .send, events: effect.events)
        }
        if evaluation.record.facts.test { return Judgement(decision: .skip(because: .testOrder)) }
        guard let entry = triggers.entry(effect.trigger), let line = entry.line(named: effect.line), entry.mode != .off,
            let event = effect.event
        else { return Judgement(decision: .skip(because: .off)) }
        let dueAt = due(effect, entry, evaluation)
        if effect.together.isEmpty, history.told.isEmpty {
            // The usual case: one event that nothing was sent about.
            if effect.attempts == 0, dueAt > now {
                return Judgement(decision: waiting(effect, entry.trigger, until: dueAt, now: now))
            }
            if let no = objection(event, effect, entry, evaluation, history, dueAt: dueAt) {
                return Judgement(decision: .skip(because: no.reason, detail: no.detail))
            }
            return going([event], of: effect, entry, line, evaluation, history)
        }
        var kept = effect.events
        var dropped: [Judgement.Dropped] = []
        if !history.told.isEmpty {
            kept.removeAll { event in
                guard let other = history.told.first(where: { $0.isAbout(event) }) else { return false }
                dropped.append(.init(event: event, reason: .replaced, detail: other.trigger))
                return true
            }
            if kept.isEmpty, let other = dropped.first?.detail { return Judgement(decision: .replace(by: other)) }
        }
        if effect.attempts == 0, dueAt > now {
            return Judgement(decision: waiting(effect, entry.trigger, until: dueAt, now: now))
        }
        kept.removeAll { event in
            guard let no = objection(event, effect, entry, evaluation, history, dueAt: dueAt) else { return false }
            dropped.append(.init(event: event, reason: no.reason, detail: no.detail))
            return true
        }
        if kept.isEmpty {
            let no = dropped[0]
            return Judgement(decision: .skip(because: no.reason, detail: no.detail))
        }
        return going(kept, without: dropped, of: effect, entry, line, evaluation, history)
    }

    /// What a person or Bookbag itself wants to send is sent at its time: shadow mode, limits, quiet hours and
    /// conditions only apply to triggers.
    private static func wanted(_ effect: Effect, now: Moment) -> Judgement {
        let waits = effect.state == .waiting && effect.dueAt > now
        return Judgement(decision: waits ? .wait(until: effect.dueAt, because: .wait) : .send, events: effect.events)
    }

    /// The decision about an effect whose events should be reported.
    private func going(
        _ kept: [Event], without dropped: [Judgement.Dropped] = [], of effect: Effect, _ entry: TriggerSet.Entry,
        _ own: SendLine, _ evaluation: EvaluationContext, _ history: History
    ) -> Judgement {
        // An action is judged as the message that tells of it.
        let line = own.isAction ? entry.teller ?? own : own
        if own.gift != nil, entry.teller == nil { return Judgement(decision: .skip(because: .untold)) }
        if own.isAction, history.isToldAlready { return Judgement(decision: .skip(because: .untold)) }
        if let no = unreachable(line, trigger: entry.trigger, about: kept[0], at: evaluation, history: history) {
            return Judgement(decision: .skip(because: no.reason, detail: no.detail))
        }
        if line.destination == .answer, let no = answering(kept[0], effect, entry, evaluation, history) {
            return Judgement(decision: no)
        }
        if let action = own.action, let no = acting(action, kept[0], effect, evaluation) {
            return Judgement(decision: no)
        }
        if own.action?.channel == .shop, let end = pauses[.actions]?.end(at: evaluation.now) {
            return Judgement(decision: .wait(until: end, because: .paused))
        }
        if line.isContact,
            let held = held(
                effect, entry.trigger, line, kept, history: history, zone: evaluation.zone, now: evaluation.now)
        {
            return Judgement(decision: held)
        }
        if entry.mode == .live, line.destination == .customer, isHeldOut(effect, entry.trigger, evaluation.record) {
            return Judgement(decision: .holdOut, events: kept, dropped: dropped)
        }
        if own.gift != nil, let no = notGiving(effect, evaluation, history) {
            return Judgement(decision: .skip(because: no.reason, detail: no.detail))
        }
        if let action = own.action, let no = notDoing(action, effect, evaluation, history) {
            return Judgement(decision: no)
        }
        if own.remedy != nil, effect.state == .waiting,
            case .nothing(let reason, let detail) = remedying(effect, evaluation, history)
        {
            return Judgement(decision: .skip(because: reason, detail: detail))
        }
        if returnVerb(of: effect) != nil, effect.state == .waiting,
            case .nothing(let reason, let detail) = returning(effect, evaluation, history)
        {
            return Judgement(decision: .skip(because: reason, detail: detail))
        }
        return Judgement(decision: entry.mode == .shadow ? .shadow : .send, events: kept, dropped: dropped)
    }

    /// Whether the customer of a message that would be sent now is held out. What is ready was drawn before.
    private func isHeldOut(_ effect: Effect, _ trigger: Trigger, _ record: OrderRecord) -> Bool {
        guard effect.state == .waiting, let share = trigger.holdOut, let customer = record.drawnBy else { return false }
        return share.draws(trigger: trigger.name, customer: customer, key: holdOutKey)
    }

    /// True if a message to the customer asks for a rating, here or elsewhere.
    func asksForRating(_ effect: Effect) -> Bool {
        effect.isContact && triggers.trigger(effect.trigger)?.about == .ratings
    }

    /// Waits come to an end: an effect that waits for something no source ever reports is dropped after this long.
    private static let patience = Duration.days(120)

    private func waiting(_ effect: Effect, _ trigger: Trigger, until dueAt: Moment, now: Moment) -> Decision {
        if dueAt == .distantFuture,
            now - max(effect.event?.happenedAt ?? effect.createdAt, effect.createdAt) > Self.patience
        {
            return .skip(because: .oldNews, detail: "what it waits for was not known in 120 days")
        }
        // A date that may move closer, or is not known yet, is asked for again tomorrow.
        let asked = trigger.waitCanShrink || dueAt == .distantFuture ? min(dueAt, now + .days(1)) : dueAt
        return .wait(until: asked, because: trigger.combine == nil ? .wait : .combine)
    }

    /// Why one event is not reported: it is no longer true, no longer news, or a condition says so.
    private func objection(
        _ event: Event, _ effect: Effect, _ entry: TriggerSet.Entry, _ evaluation: EvaluationContext,
        _ history: History,
        dueAt: Moment
    ) -> (reason: Reason, detail: String?)? {
        let now = evaluation.now
        if effect.reason?.isDraft == true { return objection(toDraft: event, evaluation) }
        if let reason = evaluation.overtaken(event) { return (reason, nil) }
        if let rating = history.rating, let told = event.ratingScore, rating.score != told { return (.passed, nil) }
        if event.offerNumber != nil, history.offer?.state != .open {
            return (.passed, "the offer is not open any more")
        }
        if let no = chainEnd(event, effect, entry, evaluation.record) { return no }
        if now - dueAt > event.kind.age {
            var detail = "\(event.kind.rawValue) of \(event.happenedAt)"
            switch effect.reason {
            case .quietHours: detail += ", held by the quiet hours"
            case .limit: detail += ", held by the limit"
            case .brake: detail += ", held by the brake"
            case .paused: detail += ", held by a pause"
            case .deferred, .unavailable: detail += ", held because nothing could be delivered"
            case .template: detail += ", held because its template could not be rendered"
            default: break
            }
            return (.oldNews, detail)
        }
        if isForPeople(event, effect, entry, evaluation.record) { return (.needsHuman, nil) }
        guard entry.hasConditions,
            let failed = entry.trigger.failedCondition(evaluation.scope(event, history: history))
        else { return nil }
        return (failed.clause, failed.sentence)
    }

    /// Why nothing more is done in the shop on the event of an action; nil if it may be.
    private func chainEnd(
        _ event: Event, _ effect: Effect, _ entry: TriggerSet.Entry, _ record: OrderRecord
    ) -> (reason: Reason, detail: String?)? {
        guard event.kind.isOfAction || event.silence == .ownAction, effect.channel == .shop else { return nil }
        let chain = event.chain(in: record)
        guard chain >= Event.longestChain else { return nil }
        return (.chain, "\(chain) actions led to it already")
    }

    /// What holds back a valid message to the shopper for now.
    private func held(
        _ effect: Effect, _ trigger: Trigger, _ line: SendLine, _ events: [Event], history: History, zone: Zone,
        now: Moment
    ) -> Decision? {
        if let end = pauses[.news]?.end(at: now) { return .wait(until: end, because: .paused) }
        // While a person talks with her, no letter of ours comes between them, but for what she has to know.
        // What a trigger that hands over has to say itself is said.
        if history.isWithPerson, !trigger.handsOver, !events.contains(where: \.kind.entry.passesPeople) {
            return .wait(until: now + Self.draftLook, because: .heldByPerson)
        }
        if let end = quietHours(for: trigger, line)?.end(at: now, in: zone) {
            return .wait(until: end, because: .quietHours)
        }
        // A message that is ready has already been given room.
        if effect.state == .waiting, let limit = limit(for: trigger, events),
            let room = limit.room(after: history.counted, now: now)
        {
            return .wait(until: room, because: .limit)
        }
        return nil
    }

    /// Why the customer is not asked how a conversation went; nil for other mail, and where she may be. Whoever was not
    /// answered, or said no more, has nothing to rate; and the order's address is not asked about what somebody else
    /// wrote.
    private func objection(
        toAskingAbout record: OrderRecord, _ trigger: Trigger, _ event: Event
    ) -> (reason: Reason, detail: String?)? {
        guard trigger.about == .ratings, event.aggregate.kind == .conversation, let conversation = record.conversation
        else { return nil }
        guard record.isOwnAddress else {
            return (.noRecipient, "she wrote from another address than the order's")
        }
        if conversation.reason == .quiet { return (.nothingToRate, "time closed it") }
        guard conversation.messages.contains(where: { $0.direction == .outgoing }) else {
            return (.nothingToRate, "nobody answered in it")
        }
        return nil
    }

    /// The quiet hours for a line; nil if there are none. A text wakes people up, so it always has some, whatever the
    /// trigger ignores: those of shop.yaml, or else its own.
    private func quietHours(for trigger: Trigger, _ line: SendLine) -> QuietHours? {
        if line.isText { return triggers.settings.quietHours ?? .texts }
        return trigger.ignoresQuietHours ? nil : triggers.settings.quietHours
    }

    /// The limit that applies to a trigger's mail about these events; nil if none does.
    public func limit(for trigger: Trigger, _ events: [Event]) -> Limit? {
        guard let limit = triggers.settings.limit, !trigger.ignoresLimit,
            !events.contains(where: { limit.except.contains($0.kind) })
        else { return nil }
        return limit
    }

    private func due(_ effect: Effect, _ entry: TriggerSet.Entry, _ evaluation: EvaluationContext) -> Moment {
        func due(_ event: Event) -> Moment {
            entry.waits ? self.due(entry.trigger, event, evaluation.record, evaluation.zone) : event.happenedAt
        }
        var first = effect.event.map(due) ?? .distantFuture
        for event in effect.together { first = min(first, due(event)) }
        guard let combine = entry.combine, first < .distantFuture else { return first }
        return triggers.settings.calendar(zone: shopZone).moment(combine, after: first, in: evaluation.zone)
    }

    /// When the event may be reported, by the trigger's own wait.
    func due(_ trigger: Trigger, _ event: Event, _ record: OrderRecord, _ zone: Zone) -> Moment {
        trigger.dueAt(event, record: record, zone: zone, shopZone: shopZone, settings: triggers.settings) {
            scope(record: record, event: event, history: History(), now: event.recordedAt)
        }
    }

    /// Which silences stop an effect's mail to the shopper: those of its stream and those of all mail. What she needs
    /// to act on (`EventEntry.isNeeded`) is only stopped by silences of all mail.
    func stream(of effect: Effect) -> MailStream {
        // She wrote herself: only what stops all mail stops the answer.
        if decidingLine(of: effect) == SendLine.answerName { return .all }
        guard let about = triggers.trigger(effect.trigger)?.about else { return .all }
        return about == .order && effect.events.contains { $0.kind.entry.isNeeded } ? .all : about
    }

    /// Why nobody can be written to by this line; nil if somebody can. If there is any doubt about whom to write to,
    /// nobody is.
    private func unreachable(
        _ line: SendLine, trigger: Trigger, about event: Event, at evaluation: EvaluationContext, history: History
    ) -> (reason: Reason, detail: String?)? {
        switch line.destination {
        case .customer:
            guard evaluation.isReachable else { return (.noRecipient, nil) }
            if trigger.about == .ratings, evaluation.record.facts.replaces != nil {
                return (.nothingToRate, "its goods were sent again")
            }
            if let no = objection(toAskingAbout: evaluation.record, trigger, event) { return no }
            if history.silenced { return (.silenced, nil) }
            if !trigger.about.consent.isGiven(by: evaluation.record.facts.customer) { return (.noConsent, nil) }
            if trigger.about == .ratings, let asked = history.lastAskedAt,
                evaluation.now - asked < RatingRequest.pause
            {
                return (.askedLately, nil)
            }
            return nil
        case .phone:
            let customer = evaluation.record.facts.customer
            guard let written = customer?.phone else {
                return (.noRecipient, "Shopify knows no phone number of the customer")
            }
            guard PhoneNumber(written, country: evaluation.record.facts.shippingAddress?.countryCode) != nil else {
                return (.noRecipient, "the customer's phone number has no certain international form")
            }
            if history.silenced { return (.silenced, nil) }
            guard customer?.texts == .subscribed else {
                return (.noConsent, "Shopify does not have the customer as subscribed to SMS")
            }
            return nil
        case .merchant: return triggers.settings.notify == nil ? (.noRecipient, nil) : nil
        case .answer: return history.silenced ? (.silenced, nil) : nil
        case .address, .webhook, .other, .action: return nil
        }
    }
}

extension OrderRecord {
    /// By what it is drawn whether somebody is held out: the customer, else the address. Nil if there is neither.
    var drawnBy: String? {
        facts.customer?.id ?? recipient?.address.lowercased().filter { !$0.isWhitespace }
    }

    /// Whom mail about this order goes to: the address that it was placed with, otherwise the customer's; about no order,
    /// whoever the conversation is with. Nil if there is none that a relay would accept.
    public var recipient: MailAddress? {
        guard let address = facts.email ?? facts.customer?.email else { return isOrder ? nil : writer }
        let name = [facts.customer?.firstName, facts.customer?.lastName].compactMap { $0?.asName }
            .joined(separator: " ")
        return MailAddress(name: name.isEmpty ? facts.shippingAddress?.name?.asName : name, address: address)
    }

    /// Whom a conversation about no order is with; nil where that is no mail address.
    private var writer: MailAddress? {
        guard let conversation else { return nil }
        return conversation.address.flatMap { MailAddress(name: conversation.name, address: $0) }
    }
}

// Mail that came before Bookbag read the mailbox was answered by people, and is read for the story alone. What Bookbag
// would have answered can still be looked at, and counts as a draft does. It is judged by the triggers in force now, with
// the order as it was when the mail came, and by the same turn of planning as everything else.

/// What would have been answered to a message that is only read for the story.
public struct PastAnswer: Hashable, Sendable {
    /// What the message asks for, in the words of `Intents`.
    public var intent: String
    /// `en`, `de`, …; empty for one that is not known.
    public var language: String
    /// Who understood it.
    public var author: String
    /// Why it would have been a person's; nil where a trigger would have answered.
    public var because: ConversationReason?
    /// The answer, in plain words; empty where there is none.
    public var text: String

    /// - Parameter text: it is cut at `longestText` characters.
    public init(_ understood: Understood?, because reason: ConversationReason?, text: String = "") {
        intent = understood?.asks.first ?? "unclear"
        language = understood?.language ?? ""
        author = understood?.author ?? ""
        because = reason
        self.text = String(text.prefix(Self.longestText))
    }

    /// So many characters of an answer are kept.
    static let longestText = 4_000
    /// Older mail is not judged.
    public static let age = Duration.days(90)
}

/// What a trigger would have said, or why none would have.
package enum PastReply: Hashable, Sendable {
    case answer(MailText)
    case person(ConversationReason)
}

extension Planner {
    /// What would have become of a message when it came, had the triggers in force now been live then.
    ///
    /// - Parameters:
    ///   - message: hers, of the conversation in `record`, which need not hold it yet.
    ///   - record: the order that it is about as it was then, or `OrderRecord.none`, with the conversation in it.
    package func pastReply(to message: ConversationMessage, in record: OrderRecord) -> PastReply {
        guard var conversation = record.conversation else { return .person(.unclear) }
        let now = message.at
        conversation.messages.removeAll { $0.id == message.id || $0.at > now }
        conversation.messages.append(message)
        conversation.state = .undecided
        (conversation.holder, conversation.team, conversation.reason) = (nil, nil, nil)
        (conversation.closedAt, conversation.snoozedUntil, conversation.waitsSince) = (nil, nil, now)
        conversation.decideBy = now + ConversationRules.patience
        (conversation.answersLastHour, conversation.answersLastDay, conversation.rating) = (0, 0, nil)
        let asked = conversation.messages.filter { $0.direction == .incoming }
        conversation.questionsLast30Days = asked.count { $0.at > now - .days(30) }
        let losses = asked.contains { $0.understood?.asks.contains("delivered_not_received") == true }
        conversation.lossesLastYear = losses ? 1 : 0
        var record = record
        record.conversation = conversation

        var event = ConversationEvent.received(message: 0).event(of: conversation, messages: [message], now: now)
        event.id = 1
        var simulation = Simulation(liveThen, orders: [.init(known: record)], now: now)
        simulation.othersAreAboutFirst = true
        simulation.hear([event])
        var said: [String: MailText] = [:]
        let templates = triggers.templates
        // Each turn decides at least one; the bound is for what would wait forever.
        for _ in 0..<100 {
            guard let due = simulation.nextDue, due <= now + ConversationRules.patience else { break }
            simulation.turn.now = due
            let planner = simulation.turn.planner
            simulation.decide { one, draft in
                guard draft.line == SendLine.answerName, let record = one.record, let event = draft.event,
                    let line = planner.triggers.trigger(draft.trigger)?.line(named: draft.line)
                else { return .made(nil, remark: nil) }
                let scope = planner.scope(
                    record: record, event: event, together: draft.together, history: one.history, now: due)
                do throws(TemplateFailure) {
                    said[draft.trigger] = try templates.render(line.template, scope, to: line.destination)
                    return .made(nil, remark: nil)
                } catch {
                    return .impossible(.template, detail: error.description)
                }
            }
        }
        let answers = simulation.effects.filter { $0.line == SendLine.answerName }
        if let sent = answers.first(where: { $0.state == .sent }), let text = said[sent.trigger] {
            return .answer(text)
        }
        let end = now + ConversationRules.patience
        let change = ConversationRules.decide(conversation, answers: answers.filter { $0.state != .sent }, now: end)
        return .person(change?.record.reason ?? .nobodyAnswers)
    }

    /// The same triggers, all in force for ever and live; those that are off, and questions that shop.yaml leaves to
    /// people, stay so.
    private var liveThen: Planner {
        var settings = triggers.settings
        settings.mode = .live
        settings.answers.others = settings.answers.others == .off ? .off : .live
        settings.answers.byIntent = settings.answers.byIntent.mapValues { $0 == .off ? .off : .live }
        let hearing = triggers.triggers(on: .messageReceived).filter { $0.mode != .off }.map { trigger in
            var trigger = trigger
            trigger.mode = .live
            return trigger
        }
        return Planner(
            triggers: TriggerSet(
                settings: settings, triggers: hearing, templates: triggers.templates, policy: triggers.policy),
            inForceSince: Dictionary(hearing.map { ($0.name, .distantPast) }) { first, _ in first },
            live: LiveSince(shop: .distantPast), shop: shop)
    }
}

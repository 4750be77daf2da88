internal import Liquid

/// One trigger file: on which events, after what time, under which conditions, what to send. It never changes once it
/// has been read.
public struct Trigger: Sendable {
    /// Its file's name, or `id`, which survives a rename.
    public var name: String
    /// The file it was read from: `delay-alert.yaml`.
    public var file: String
    public var description: String?
    /// The events it listens to, in the file's order; at least one.
    public var events: [EventKind]
    var `if`: [ConditionClause]
    var unless: [ConditionClause]
    public var wait: Wait
    /// Nil for the usual one for the event.
    public var oncePer: OncePer?
    /// What it sends, and then what it does; at least one.
    public var lines: [SendLine]
    /// What its messages are about.
    public var about: MailStream
    public var mode: TriggerMode
    /// How long it gathers the parcels of an order into one message; nil if it does not.
    public var combine: Length?
    /// Triggers whose messages it replaces, by name.
    public var replaces: [String]
    /// True if it sends at night too.
    public var ignoresQuietHours: Bool
    /// True if it sends however much was sent before.
    public var ignoresLimit: Bool
    public var examples: [Example]
    /// The share of customers whom it does not tell, to measure what its messages are worth; nil if it tells all.
    public var holdOut: HoldOut?
    /// How shoppers put the question that it is about; empty if it is about none of its own.
    public var phrases: [TriggerPhrase] = []
    /// Whose doing it hears of.
    public var causedBy = CausedBy.others
    /// The guards that do not keep it from answering.
    public var answersEven: Set<AnswerGuard> = []

    /// True if it listens to that kind of event.
    public func matches(_ kind: EventKind) -> Bool { events.contains(kind) }

    /// Its effective mode in a shop with that mode: the stricter of the two.
    public func mode(in shop: TriggerMode) -> TriggerMode { shop.stricter(mode) }

    /// True if it does not send immediately.
    public var waits: Bool { wait != .none }

    /// The line of that name, if it still has one.
    public func line(named name: String) -> SendLine? { lines.first { $0.name == name } }

    /// The line by which the shopper hears what its actions brought; nil if she hears of it by none.
    var teller: SendLine? {
        lines.first { $0.destination == .customer } ?? lines.first { $0.destination == .answer }
            ?? lines.first { $0.destination == .phone }
    }

    /// True if it gives conversations to people.
    var handsOver: Bool { lines.contains { $0.action?.verb == "hand_over" } }
}

/// Whose doing a trigger hears of: what Bookbag itself did in the shop comes back as an event, too.
public enum CausedBy: String, Hashable, Sendable, CaseIterable {
    /// Everything but what Bookbag did.
    case others
    /// What Bookbag did, and nothing else.
    case bookbag
    case anyone
}

/// One line of `send` or `do`: an effect of its own, with its own fate.
public struct SendLine: Hashable, Sendable {
    /// Where it goes.
    public enum Destination: Hashable, Sendable {
        /// Mail to the order's address.
        case customer
        /// Mail to `notify` of shop.yaml.
        case merchant
        /// Mail to another address.
        case address(MailAddress)
        /// A text (SMS) to the customer's phone.
        case phone
        /// To the webhook endpoint with the name the operator gave it.
        case webhook(String)
        /// Through another channel, to this target of it.
        case other(ChannelName, target: String)
        /// To whoever wrote the message, where and in the thread in which she wrote it.
        case answer
        /// To nobody: it is done.
        case action(ActionLine)

        /// Whether a shopper reads it.
        public var isShopper: Bool { self == .customer || self == .answer }
    }

    /// The name of a line that answers.
    public static let answerName = "answer"

    public var destination: Destination
    /// The template's name, without segment, language and extension; empty for a webhook in our own format.
    public var template: String
    /// Nil for the brand's.
    public var replyTo: MailAddress?
    /// False if a label is linked rather than attached.
    public var attachesLabel: Bool
    /// True if its channel acts and brings something: the messages beside it tell what came of it.
    var isChannelsAction = false

    public init(
        to destination: Destination, template: String = "", replyTo: MailAddress? = nil, attachesLabel: Bool = true
    ) {
        self.destination = destination
        self.template = template
        self.replyTo = replyTo
        self.attachesLabel = attachesLabel
    }

    /// The channel that it is sent through.
    public var channel: ChannelName {
        switch destination {
        case .customer, .merchant, .address, .answer: .email
        case .phone: .sms
        case .webhook: .webhook
        case .other(let channel, _): channel
        case .action(let action): action.channel
        }
    }

    /// The channel that it is sent through about that event: an answer goes where she wrote.
    public func channel(for event: Event) -> ChannelName { Self.channel(channel, ofLine: name, for: event) }

    /// The same of a line by its name and its usual channel.
    static func channel(_ usual: ChannelName, ofLine name: String, for event: Event) -> ChannelName {
        guard name == answerName else { return usual }
        return switch event.source {
        case InboundChannel.sms.rawValue: .sms
        case InboundChannel.chat.rawValue: .chat
        case InboundChannel.helpdesk.rawValue: .helpdesk
        default: usual
        }
    }

    /// Which target of the channel, as in `Route`.
    public var target: String {
        switch destination {
        case .customer, .merchant, .address, .answer, .phone: ""
        case .webhook(let name): name
        case .other(_, let target): target
        case .action(let action): action.target
        }
    }

    /// What it does, if it is a line of `do`.
    public var action: ActionLine? {
        if case .action(let action) = destination { return action }
        return nil
    }

    /// The gift of policy.yaml that it gives; nil if it gives none.
    public var gift: String? { action.flatMap { $0.verb == "give" ? $0.object : nil } }

    /// The remedy of policy.yaml that it decides; nil if it decides none.
    public var remedy: String? { action.flatMap { $0.verb == "remedy" ? $0.object : nil } }

    /// True if it acts and brings something that the messages beside it tell of, and that the shopper gets only if she is
    /// told. What is done in a conversation is no such thing.
    public var isAction: Bool { isChannelsAction || action.flatMap { ShopVerb(rawValue: $0.verb) }?.isTold ?? false }

    /// True if it does something in the shop.
    var isShopAction: Bool { action?.channel == .shop }

    /// True if it is a mail, with a mail's template.
    public var isMail: Bool { channel == .email }

    /// True if it is an SMS.
    public var isText: Bool { channel == .sms }

    /// True if it has words of a template; other channels send JSON.
    public var hasWords: Bool { isMail || isText }

    /// True where it counts as contact with the shopper.
    public var isContact: Bool { destination == .customer || destination == .phone }

    /// The value of `Effect.line`: `email`, `email:merchant`, `email:team@…`, `webhook:helpdesk`.
    public var name: String {
        switch destination {
        case .customer: "email"
        case .merchant: "email:merchant"
        case .address(let address): "email:\(address.address)"
        case .answer: Self.answerName
        case .action(let action): action.name
        case .webhook, .other, .phone: Route(shop: "", channel: channel, target: target).name
        }
    }
}

/// How often a trigger may send: once for each of these.
public struct OncePer: Hashable, Sendable {
    /// Once for each what.
    public enum Scope: String, Sendable, CaseIterable {
        case shipment, order, `return`, refund, customer, conversation, event
    }

    public var scope: Scope
    /// How long it stays silent after sending; nil for forever.
    public var every: Length?

    /// Once for each of these, and again after a pause.
    public init(scope: Scope, every: Length? = nil) {
        self.scope = scope
        self.every = every
    }
}

extension Trigger {
    /// The keys of the occurrence that `event` is for this trigger: one for each subject of the event, or one for all
    /// of them if `once_per` says so. Never empty. Unique within the shop; they do not identify a person.
    public func keys(for event: Event, record: OrderRecord) -> [String] {
        guard let oncePer else { return Self.usualKeys(of: event) }
        switch oncePer.scope {
        case .event: return event.occurrences.map { "\(event.kind.rawValue)/\(Self.subjectKey($0, event)).\($0.n)" }
        case .order, .conversation: return [event.aggregate.key]
        case .customer: return [record.facts.customer.map { "customer:\($0.id)" } ?? event.aggregate.key]
        case .shipment, .return, .refund:
            var keys: [String] = []
            for occurrence in event.occurrences {
                var key = Self.subjectKey(occurrence, event)
                // A refund that belongs to a return counts for that return.
                if oncePer.scope == .return, case .refund(let id)? = Subject(key: occurrence.subject),
                    let returnID = record.refund(id)?.returnID
                {
                    key = Subject.return(returnID).key
                }
                if !keys.contains(key) { keys.append(key) }
            }
            return keys
        }
    }

    /// The keys when `once_per` is left out.
    static func usualKeys(of event: Event) -> [String] { event.occurrences.map { usualKey(of: $0, event: event) } }

    /// The key when `once_per` is left out: each kind of event once per subject, except that labels are told apart by
    /// their version, and edits and new estimates count each time.
    private static func usualKey(of occurrence: Event.Occurrence, event: Event) -> String {
        let subject = event.kind.rawValue + "/" + subjectKey(occurrence, event)
        switch event.kind.entry.repetition {
        case .eachMark: return "\(subject)#\(occurrence.mark)"
        case .eachTime: return "\(subject).\(occurrence.n)"
        case .never: return subject
        }
    }

    private static func subjectKey(_ occurrence: Event.Occurrence, _ event: Event) -> String {
        if occurrence.subject == Subject.order.key { return event.aggregate.key }
        let turn = occurrence.turn
        return turn.isEmpty ? occurrence.subject : occurrence.subject + turn
    }

    /// When the occurrence may be told, by the trigger's own wait; never before `event.happenedAt`, and possibly long
    /// past.
    ///
    /// With `for` and `until` the answer moves, so it is asked for again when the moment has come. It is
    /// `distantFuture` if no source can watch the parcel, since silence then means nothing, and while the date of
    /// `until` is not known.
    ///
    /// - Parameters:
    ///   - zone: where the shopper is: `at` is a time there, and days are counted there.
    ///   - shopZone: business days are counted there.
    ///   - scope: what `until` looks at; only evaluated if needed.
    public func dueAt(
        _ event: Event, record: OrderRecord, zone: Zone, shopZone: Zone, settings: ShopSettings, scope: () -> Scope
    ) -> Moment {
        var due = event.happenedAt
        switch wait.start {
        case .none: break
        case .event(let length): due = settings.calendar(zone: shopZone).moment(length, after: due, in: zone)
        case .lastHeard(let length):
            guard let heard = record.lastHeard(of: event, zone: zone) else { return .distantFuture }
            due = settings.calendar(zone: shopZone).moment(length, after: max(due, heard), in: zone)
        case .date(let until):
            guard let date = until.moment(scope()) else { return .distantFuture }
            due = max(due, date)
        }
        return wait.at?.next(from: due, in: zone) ?? due
    }

    /// True if the moment of `dueAt` can move closer, so that it has to be asked for from time to time.
    var waitCanShrink: Bool {
        if case .date = wait.start { return true }
        return false
    }

    /// The first condition that stops it, or nil if all conditions are met.
    public func failedCondition(_ scope: Scope) -> FailedCondition? {
        if let clause = self.if.first(where: { !$0.holds(in: scope) }) {
            return FailedCondition(clause: .if, sentence: clause.sentence(in: scope))
        }
        if let clause = unless.first(where: { $0.holds(in: scope) }) {
            return FailedCondition(clause: .unless, sentence: clause.sentence(in: scope))
        }
        return nil
    }
}

/// The condition that stopped a trigger.
public struct FailedCondition: Hashable, Sendable {
    /// `.if` or `.unless`.
    public var clause: Reason
    /// The condition as written, with the values it found but never personal data: `order.total_price >= 100 (it is
    /// 40.00)`.
    public var sentence: String
}

extension OrderRecord {
    /// When anything was last heard about the event's subject; nil for a parcel that no source can watch.
    func lastHeard(of event: Event, zone: Zone) -> Moment? {
        let shipments = event.subjects.compactMap { subject -> Shipment? in
            if case .shipment(let id) = subject { return shipment(id) }
            return nil
        }
        if event.aggregate.kind == .conversation {
            // Whoever asks again does not go to the end of the line.
            if event.kind == .conversationUnanswered { return event.happenedAt }
            return max(conversation?.lastAt ?? event.happenedAt, event.happenedAt)
        }
        guard !shipments.isEmpty else { return max(lastChangeAt, event.happenedAt) }
        let states = shipments.map { state(of: $0, now: event.recordedAt, zone: zone) }
        guard states.contains(where: \.watched) else { return nil }
        return states.compactMap { $0.lastScan?.time }.max() ?? event.happenedAt
    }
}

extension Trigger {
    /// Whether it writes in the thread of a conversation.
    public var sendsAnswers: Bool { lines.contains { $0.destination == .answer } }
}

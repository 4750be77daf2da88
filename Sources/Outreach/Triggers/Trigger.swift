internal import Liquid

/// One merchant file: on which events, after what time, under which conditions, what to send. Read once, and only
/// looked at afterwards.
public struct Trigger: Sendable {
    /// Its file's name, or `id`, to survive a rename.
    public var name: String
    /// The file it was read from: `delay-alert.yaml`.
    public var file: String
    public var description: String?
    /// What it hears, in the file's order; at least one.
    public var events: [EventKind]
    var `if`: [ConditionClause]
    var unless: [ConditionClause]
    public var wait: Wait
    /// Nil: what anybody would expect for the event.
    public var oncePer: OncePer?
    /// What it sends; at least one.
    public var lines: [SendLine]
    /// What its messages are about.
    public var about: MailStream
    public var mode: TriggerMode
    /// How long it gathers the parcels of an order into one message; nil: it does not.
    public var combine: Length?
    /// Triggers whose messages it takes the place of, by name.
    public var replaces: [String]
    /// True where it speaks at night as well.
    public var ignoresQuietHours: Bool
    /// True where it speaks however much was said before.
    public var ignoresLimit: Bool
    public var examples: [Example]

    /// True where it hears that kind of event.
    public func matches(_ kind: EventKind) -> Bool { events.contains(kind) }

    /// What holds for it in a shop in that mode: the stricter of the two.
    public func mode(in shop: TriggerMode) -> TriggerMode { shop.stricter(mode) }

    /// True where it does not speak at once.
    public var waits: Bool { wait != .none }

    /// The line of that name, if it still has one.
    public func line(named name: String) -> SendLine? { lines.first { $0.name == name } }
}

/// One line of `send`: an effect of its own, with its own fate.
public struct SendLine: Hashable, Sendable {
    /// Where it goes.
    public enum Destination: Hashable, Sendable {
        /// Mail to the order's address.
        case customer
        /// Mail to `notify` of shop.yaml.
        case merchant
        /// Mail to somebody else.
        case address(MailAddress)
        /// By the name that the operator gave the endpoint.
        case webhook(String)
        /// By another channel, to that far end of it.
        case other(ChannelName, target: String)
    }

    public var destination: Destination
    /// The template's name, without segment, language and ending; empty for a webhook in our own form.
    public var template: String
    /// Nil: the brand's.
    public var replyTo: MailAddress?
    /// False where a label stays a link.
    public var attachesLabel: Bool

    /// A line that goes there.
    public init(
        to destination: Destination, template: String = "", replyTo: MailAddress? = nil, attachesLabel: Bool = true
    ) {
        self.destination = destination
        self.template = template
        self.replyTo = replyTo
        self.attachesLabel = attachesLabel
    }

    /// The channel that it goes out by.
    public var channel: ChannelName {
        switch destination {
        case .customer, .merchant, .address: .email
        case .webhook: .webhook
        case .other(let channel, _): channel
        }
    }

    /// Which far end of the channel, as in `Route`.
    public var target: String {
        switch destination {
        case .customer, .merchant, .address: ""
        case .webhook(let name): name
        case .other(_, let target): target
        }
    }

    /// True where a mail is written, with a mail's template; what goes out by other channels is JSON.
    public var isMail: Bool { channel == .email }

    /// True where it counts as contact with the shopper.
    public var isContact: Bool { destination == .customer }

    /// What stands in `Effect.line`: `email`, `email:merchant`, `email:team@…`, `webhook:helpdesk`.
    public var name: String {
        switch destination {
        case .customer: "email"
        case .merchant: "email:merchant"
        case .address(let address): "email:\(address.address)"
        case .webhook, .other: Route(shop: "", channel: channel, target: target).name
        }
    }
}

/// How often a trigger may speak: once for each of these.
public struct OncePer: Hashable, Sendable {
    /// Of what.
    public enum Scope: String, Sendable, CaseIterable {
        case shipment, order, `return`, refund, customer, event
    }

    public var scope: Scope
    /// How long it is silent after it spoke; nil: for ever.
    public var every: Length?

    /// Once for each of these, and with a pause again.
    public init(scope: Scope, every: Length? = nil) {
        self.scope = scope
        self.every = every
    }
}

extension Trigger {
    /// The keys of the occurrence that `event` is for this trigger: one for each subject of the event, or one for all
    /// of them where `once_per` says so. Never empty. Unique in the shop; they name no person.
    public func keys(for event: Event, record: OrderRecord) -> [String] {
        guard let oncePer else { return Self.usualKeys(of: event) }
        switch oncePer.scope {
        case .event: return event.occurrences.map { "\(event.kind.rawValue)/\(Self.subjectKey($0, event)).\($0.n)" }
        case .order: return [event.aggregate.key]
        case .customer: return [record.facts.customer.map { "customer:\($0.id)" } ?? event.aggregate.key]
        case .shipment, .return, .refund:
            var keys: [String] = []
            for occurrence in event.occurrences {
                var key = Self.subjectKey(occurrence, event)
                // A refund that belongs to a return counts for it.
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

    /// The keys where `once_per` is left out.
    static func usualKeys(of event: Event) -> [String] { event.occurrences.map { usualKey(of: $0, event: event) } }

    /// Where `once_per` is left out: each kind of event once for its subject, but labels by their version, and edits
    /// and new estimates each time.
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

    /// When the occurrence may be told, by the trigger's own wait; not before `event.happenedAt`, and perhaps long
    /// past.
    ///
    /// With `for` and `until` the answer moves, so it is asked again when the moment has come. It is `distantFuture`
    /// where no source can watch the parcel, for then silence says nothing, and while the date of `until` is not known.
    ///
    /// - Parameters:
    ///   - zone: where the shopper is: `at` is a time there, and days are counted there.
    ///   - shopZone: business days are counted there.
    ///   - scope: what `until` looks at; asked for where it is needed.
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

    /// True where the moment of `dueAt` can come nearer, so that it has to be asked for now and then.
    var waitCanShrink: Bool {
        if case .date = wait.start { return true }
        return false
    }

    /// The first condition that stops it, or nil where all is as the file wants it.
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

/// The condition that kept a trigger from speaking.
public struct FailedCondition: Hashable, Sendable {
    /// `.if` or `.unless`.
    public var clause: Reason
    /// The condition in its own words with the values it found, and never a person's data:
    /// `order.total_price >= 100 (it is 40.00)`.
    public var sentence: String
}

extension OrderRecord {
    /// When something was last heard of what the event is about; nil for a parcel that no source can watch.
    func lastHeard(of event: Event, zone: Zone) -> Moment? {
        let shipments = event.subjects.compactMap { subject -> Shipment? in
            if case .shipment(let id) = subject { return shipment(id) }
            return nil
        }
        guard !shipments.isEmpty else { return max(lastChangeAt, event.happenedAt) }
        let states = shipments.map { state(of: $0, now: event.recordedAt, zone: zone) }
        guard states.contains(where: \.watched) else { return nil }
        return states.compactMap { $0.lastScan?.time }.max() ?? event.happenedAt
    }
}

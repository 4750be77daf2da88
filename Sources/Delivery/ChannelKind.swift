public import Outreach

/// One channel, as data: everything the rest of Bookbag needs to know about it. To add one, create a folder next to
/// SMTP/ and Webhook/ with its `Channel` and its value, and list that value in `standard`. How it is configured in
/// bookbag.yaml, and how it is opened from that, is defined by the channel itself (`setup`).
public struct ChannelKind: Sendable {
    /// Its name, and how its line under `send` is read.
    public var syntax: ChannelSyntax
    /// When a message is tried again.
    public var retries: RetrySchedule
    /// Composes the frozen bytes of an effect.
    public var compose: @Sendable (Composition) -> Composition.Outcome
    public var words: Words
    /// True if it performs an action that may return a result: the messages of the same trigger wait for that, for at
    /// most a quarter of an hour.
    public var isAction: Bool { syntax.isAction }
    /// Its part of bookbag.yaml; nil if the configuration knows the channel by name, as with mail and webhooks, whose
    /// settings are needed elsewhere too.
    package var setup: ChannelSetup?

    /// Its wording for people.
    public struct Words: Sendable {
        /// The channel itself, with its target: `webhook helpdesk`.
        public var title: @Sendable (_ target: String) -> String
        /// Where one line of `send` goes, by the part of its name after the colon: `e-mail to the shop`.
        public var destination: @Sendable (_ rest: String) -> String
        /// What the receiver calls a message's id.
        public var id: String
        /// A message's id with a label.
        public var showID: @Sendable (_ id: String) -> String
        /// True if a message's summary is someone's wording, like a subject.
        public var quotesSummary: Bool

        public init(
            title: @escaping @Sendable (_ target: String) -> String,
            destination: @escaping @Sendable (_ rest: String) -> String, id: String,
            showID: (@Sendable (_ id: String) -> String)? = nil, quotesSummary: Bool = false
        ) {
            self.showID = showID ?? { "\(id): \($0)" }
            self.title = title
            self.destination = destination
            self.id = id
            self.quotesSummary = quotesSummary
        }
    }

    public var name: ChannelName { syntax.name }

    public init(
        syntax: ChannelSyntax, retries: RetrySchedule, words: Words, isAction: Bool = false,
        compose: @escaping @Sendable (Composition) -> Composition.Outcome
    ) {
        self.syntax = syntax
        self.retries = retries
        self.words = words
        self.syntax.isAction = isAction
        self.compose = compose
    }

    /// The same channel, with this part of the configuration.
    package func set(up setup: ChannelSetup) -> ChannelKind {
        var kind = self
        kind.setup = setup
        return kind
    }

    /// All existing channels.
    public static let standard: [ChannelKind] = [.email, .sms, .chat, .webhook, .desk, .helpdesk, .shop]
}

extension [ChannelKind] {
    /// The channel of that name.
    public subscript(_ name: ChannelName) -> ChannelKind? { first { $0.name == name } }

    /// Where a line of `send` goes, by its name (`email:merchant`), for people.
    public func destination(ofLine line: String) -> String {
        if line == SendLine.answerName { return "answer to the shopper" }
        if let action = ActionVerbs.standard.destination(ofLine: line) { return action }
        if let words = ShopVerb(line: line)?.destination { return words }
        let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard let kind = self[ChannelName(rawValue: parts[0])] else { return line }
        return kind.words.destination(parts.count > 1 ? parts[1] : "")
    }

    /// A route, for people: `email`, `webhook helpdesk`.
    public func title(of route: Route) -> String { self[route.channel]?.words.title(route.target) ?? route.name }
}

/// What a channel composes a message from.
public struct Composition: Sendable {
    /// The result of composing.
    public enum Outcome: Sendable {
        /// The message, possibly with a remark.
        case message(Message, remark: String?)
        /// Something it needs is not available yet.
        case wait(until: Moment, because: Reason, detail: String)
        /// It cannot be composed.
        case impossible(Reason, detail: String)
    }

    public var effect: Effect
    public var line: SendLine
    public var trigger: Trigger
    /// What templates may look at.
    public var scope: Scope
    public var triggers: TriggerSet
    public var now: Moment
    /// The `Date` of a mail, if not `now`.
    public var date: Moment
    /// The envelope sender of mail, if not the From address.
    public var sender: MailAddress?
    /// The targets that the operator configured.
    public var targets: Set<String>
    /// Where to get labels; nil if mails only contain the link.
    public var labels: LabelShelf?
    /// The results of the trigger's actions, by name.
    public var results: [String: String]
    /// How to unsubscribe from mails; nil if that is impossible, as in a preview.
    public var unsubscribe: UnsubscribeTokens?
    /// Makes the codes of gifts; nil if none is made, as in a preview.
    public var codes: GiftCodes?
    /// The page on which the shopper unsubscribes from marketing, or from being asked, with one click; nil if no such
    /// page is served.
    public var stopLink: String?

    public init(
        effect: Effect, line: SendLine, trigger: Trigger, scope: Scope, triggers: TriggerSet, now: Moment,
        date: Moment, sender: MailAddress?, targets: Set<String>, labels: LabelShelf?, results: [String: String]
    ) {
        self.results = results
        self.effect = effect
        self.line = line
        self.trigger = trigger
        self.scope = scope
        self.triggers = triggers
        self.now = now
        self.date = date
        self.sender = sender
        self.targets = targets
        self.labels = labels
    }

    /// How long until a template that failed is tried again, unless its file is fixed sooner.
    public static let templatePause = Duration.hours(1)
    /// How long a mail waits for its label before it is sent with only the link.
    public static let labelPatience = Duration.minutes(15)

    /// How long a message waits for its trigger's actions before it is sent without their results.
    public static let actionPatience = Duration.minutes(15)
    /// How often it checks in the meantime.
    public static let actionPause = Duration.seconds(30)

    /// The outcome that waits until the template is fixed.
    public func waits(for fault: any Error) -> Outcome {
        .wait(until: now + Self.templatePause, because: .template, detail: "\(fault)")
    }
}

public import Outreach

/// One channel, as data: all that the rest of Bookbag has to know of it. To add one, make a folder beside SMTP/ and
/// Webhook/ with its `Channel` and its value, and name that value in `standard`. What the operator says of it in
/// bookbag.yaml, and how that is opened, it says itself (`setup`).
public struct ChannelKind: Sendable {
    /// Its name, and how its line of `send` is read.
    public var syntax: ChannelSyntax
    /// When a message is tried again.
    public var retries: RetrySchedule
    /// Makes the frozen bytes of an effect.
    public var compose: @Sendable (Composition) -> Composition.Outcome
    public var words: Words
    /// True where it does something and may bring a result: the messages of the same trigger wait for that, a quarter
    /// of an hour at most.
    public var isAction: Bool
    /// What of bookbag.yaml belongs to it; nil where the configuration knows it by name, as mail and webhooks, which are
    /// asked about elsewhere too.
    package var setup: ChannelSetup?

    /// What people are told.
    public struct Words: Sendable {
        /// The channel itself, by its far end: `webhook helpdesk`.
        public var title: @Sendable (_ target: String) -> String
        /// Where one line of `send` goes, by what its name has after the colon: `e-mail to the shop`.
        public var destination: @Sendable (_ rest: String) -> String
        /// What the far end calls a message's id.
        public var id: String
        /// A message's id, with what it is.
        public var showID: @Sendable (_ id: String) -> String
        /// True where a message's summary is somebody's words, as a subject is.
        public var quotesSummary: Bool

        /// Those words.
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

    /// A channel.
    public init(
        syntax: ChannelSyntax, retries: RetrySchedule, words: Words, isAction: Bool = false,
        compose: @escaping @Sendable (Composition) -> Composition.Outcome
    ) {
        self.syntax = syntax
        self.retries = retries
        self.words = words
        self.isAction = isAction
        self.compose = compose
    }

    /// The same channel, set up by the operator like this.
    package func set(up setup: ChannelSetup) -> ChannelKind {
        var kind = self
        kind.setup = setup
        return kind
    }

    /// All channels there are.
    public static let standard: [ChannelKind] = [.email, .webhook]
}

extension [ChannelKind] {
    /// The channel of that name.
    public subscript(_ name: ChannelName) -> ChannelKind? { first { $0.name == name } }

    /// Where a line of `send` goes, by its name (`email:merchant`), for people.
    public func destination(ofLine line: String) -> String {
        let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard let kind = self[ChannelName(rawValue: parts[0])] else { return line }
        return kind.words.destination(parts.count > 1 ? parts[1] : "")
    }

    /// A way out, for people: `email`, `webhook helpdesk`.
    public func title(of route: Route) -> String { self[route.channel]?.words.title(route.target) ?? route.name }
}

/// What a channel makes a message of.
public struct Composition: Sendable {
    /// What came of it.
    public enum Outcome: Sendable {
        /// The message, and what there is to remark about it.
        case message(Message, remark: String?)
        /// Something it needs is not there yet.
        case wait(until: Moment, because: Reason, detail: String)
        /// It cannot be made.
        case impossible(Reason, detail: String)
    }

    public var effect: Effect
    public var line: SendLine
    public var trigger: Trigger
    /// What templates may look at.
    public var scope: Scope
    public var triggers: TriggerSet
    public var now: Moment
    /// What a mail says of itself, where that is not `now`.
    public var date: Moment
    /// The envelope sender of mail, where it is not the From.
    public var sender: MailAddress?
    /// The far ends that the operator configured.
    public var targets: Set<String>
    /// Where labels are asked for; nil where mails go with the link alone.
    public var labels: LabelShelf?
    /// What the trigger's actions brought, by name.
    public var results: [String: String]
    /// How mails are unsubscribed from; nil where they cannot be, as in a preview.
    public var unsubscribe: UnsubscribeTokens?
    /// Where the shopper ends marketing with one click; nil where no such page is served.
    public var stopLink: String?

    /// All of it.
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

    /// After how long a template that failed is tried again, where its file is not fixed before.
    public static let templatePause = Duration.hours(1)
    /// How long a mail waits for its label before it goes with the link alone.
    public static let labelPatience = Duration.minutes(15)

    /// How long a message waits for its trigger's actions before it goes without what they bring.
    public static let actionPatience = Duration.minutes(15)
    /// How often it asks meanwhile.
    public static let actionPause = Duration.seconds(30)

    /// It waits until its template is right.
    public func waits(for fault: any Error) -> Outcome {
        .wait(until: now + Self.templatePause, because: .template, detail: "\(fault)")
    }
}

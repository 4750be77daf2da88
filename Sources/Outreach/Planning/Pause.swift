// What a person has Bookbag keep to itself for a while: a mistake was seen, a carrier tells nonsense, the shop has
// something else to say today. What is held is not dropped: it waits, and is judged again from the start when the pause
// ends. What is no longer news by then is dropped with its reason, as always. Bookbag's own mails, such as a code to log
// in with, and what goes to the shop itself pass.

/// What can be paused, each by itself.
public enum PauseKind: String, Codable, CaseIterable, Sendable {
    /// What triggers tell shoppers.
    case news
    /// What triggers answer to what shoppers write.
    case answers
    /// What is done in the shop, whoever decided it: gifts, refunds, tags.
    case actions
    /// Whatever counts against a budget: the budgets of the periods that run count as used up. A restored backup begins
    /// it, for what was given since is not known.
    case budgets

    /// Those that people begin.
    public static let offered: [PauseKind] = [.news, .answers, .actions]

    /// Why what it holds waits.
    public var reason: Reason { .paused }

    /// What it is called in a sentence.
    public var title: String { rawValue }

    /// The verb that goes with it: news is paused, answers are.
    public var isOrAre: String { self == .news ? "is" : "are" }
}

/// A pause that somebody asked for.
public struct Pause: Hashable, Codable, Sendable {
    public var kind: PauseKind
    public var since: Moment
    /// When it ends by itself; nil where somebody has to end it.
    public var until: Moment?
    /// Who asked for it: a mail address of people.yaml, or `command line`.
    public var by: String

    /// A pause of that kind.
    public init(_ kind: PauseKind, since: Moment, until: Moment? = nil, by: String) {
        self.kind = kind
        self.since = since
        self.until = until
        self.by = by
    }

    /// Whether it holds anything at that moment.
    public func holds(at now: Moment) -> Bool { until.map { now < $0 } ?? true }

    /// When what is held now is judged again; nil where nothing is held. Ending a pause has it judged at once.
    public func end(at now: Moment) -> Moment? { holds(at: now) ? until ?? now + Self.look : nil }

    /// How often what a pause without an end holds is judged again, so that what has become old is let go of.
    static let look = Duration.days(1)
}

/// The pauses of a shop, at most one of each kind.
public struct Pauses: Hashable, Codable, Sendable, RememberedValue {
    private var all: [String: Pause] = [:]

    /// No pause.
    public init() {}

    /// The pause of that kind, whether or not it is over.
    public subscript(kind: PauseKind) -> Pause? {
        get { all[kind.rawValue] }
        set { all[kind.rawValue] = newValue }
    }

    /// Those that hold something at that moment, in the order of `PauseKind`.
    public func inForce(at now: Moment) -> [Pause] {
        PauseKind.allCases.compactMap { self[$0] }.filter { $0.holds(at: now) }
    }

    /// Those that ended by themselves.
    public func over(at now: Moment) -> [Pause] {
        PauseKind.allCases.compactMap { self[$0] }.filter { !$0.holds(at: now) }
    }

    /// True where there is none at all.
    public var isEmpty: Bool { all.isEmpty }
}

extension RememberedKey where Value == Pauses {
    /// What is paused, by whom and until when.
    public static var pauses: Self { Self(.pauses) }
}

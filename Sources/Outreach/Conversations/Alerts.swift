// When the shop's people hear of customers who wait: purely, from what is set, what was told and the time. One mail
// has all that is new to a person, so that a busy hour is a few mails and not a hundred.

/// When a person hears of what waits for them: `alert` of people.yaml.
public enum AlertSchedule: Hashable, Sendable {
    /// At once; what comes within the next minutes is told together.
    case atOnce
    /// At most so often.
    case every(Duration)
    /// Once a day, by the shop's clock: the second of the day.
    case daily(Int)

    /// Reads `at_once`, `every 30 minutes`, `every 2 hours` or `08:00`; nil for anything else.
    public init?(_ text: String) {
        let words = text.split(separator: " ")
        if words == ["at_once"] {
            self = .atOnce
        } else if words.count == 3, words[0] == "every", let count = Int(words[1]), count > 0 {
            let unit = words[2]
            guard ["minute", "minutes", "hour", "hours"].contains(unit) else { return nil }
            let minutes = unit.hasPrefix("hour") ? count.multipliedReportingOverflow(by: 60) : (count, false)
            guard !minutes.1, (5...1_440).contains(minutes.0) else { return nil }
            self = .every(.minutes(minutes.0))
        } else {
            let parts = text.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count == 2, parts.allSatisfy({ $0.count == 2 && $0.allSatisfy(\.isWholeNumber) }),
                let hour = Int(parts[0]), let minute = Int(parts[1]), hour < 24, minute < 60
            else { return nil }
            self = .daily((hour * 60 + minute) * 60)
        }
    }
}

/// What was told to one person of one shop, and when.
public struct AlertTimes: Hashable, Sendable, Codable {
    /// The last mail of any kind.
    public var mailed: Moment?
    /// The last mail with somebody in it who cannot wait.
    public var urgent: Moment?
    /// Up to when a daily mail is settled, sent or not needed.
    public var looked: Moment?

    public init() {}
}

/// A conversation in which a customer waits, and of whose last message a person was not told.
public struct UntoldConversation: Hashable, Sendable {
    public var id: Int64
    /// The version that was read: it is told of only as it was then.
    public var version: Int64
    public var holder: String?
    public var team: String?
    /// The customer's last message.
    public var messageID: Int64
    public var understood: Understood?
    public var waitsSince: Moment

    public init(id: Int64, version: Int64, messageID: Int64, waitsSince: Moment) {
        self.id = id
        self.version = version
        self.messageID = messageID
        self.waitsSince = waitsSince
    }

    /// Whether it is told at once, whatever is set: anger, law, harm, need, the wish for a person.
    public var isUrgent: Bool { understood?.mood == "angry" || understood?.needsHuman == true }
}

/// When alerts are mailed.
public enum AlertRules {
    /// The least time between two mails to one person, and between two about somebody who cannot wait.
    public static let pause = Duration.minutes(5)
    public static let urgentPause = Duration.minutes(1)

    /// What is to be told now.
    public enum Due: Hashable, Sendable {
        case nothing
        /// Only who cannot wait.
        case urgent
        case all
    }

    /// What may be told to a person now, by what was told before. A moment in the future was noted by a clock that has
    /// been put back, and holds nothing up.
    public static func due(_ schedule: AlertSchedule, _ times: AlertTimes, zone: Zone, now: Moment) -> Due {
        func isOver(_ last: Moment?, _ length: Duration) -> Bool {
            guard let last, last <= now else { return true }
            return last + length <= now
        }
        let isTime =
            switch schedule {
            case .atOnce: isOver(times.mailed, pause)
            case .every(let length): isOver(times.mailed, length)
            case .daily(let second):
                times.looked.map { $0 > now || $0 < lastDaily(second, zone: zone, before: now) } ?? false
            }
        if isTime { return .all }
        return isOver(times.urgent, urgentPause) ? .urgent : .nothing
    }

    /// The last time that it was that second of the day.
    public static func lastDaily(_ second: Int, zone: Zone, before now: Moment) -> Moment {
        let today = zone.day(at: now)
        let at = zone.moment(on: today, secondOfDay: second)
        return at <= now ? at : zone.moment(on: today.adding(days: -1), secondOfDay: second)
    }

    /// Whether a conversation is for somebody who answers: theirs, or nobody's and for their team. Where several
    /// answer, those hear of it who read its language.
    ///
    /// - Parameters:
    ///   - person: their address.
    ///   - teams: the teams that they are in, and `allTeams` those that anybody is in.
    ///   - languages: those that they read; empty for any. `allLanguages` are those that somebody who hears of things
    ///     reads.
    public static func isFor(
        _ one: UntoldConversation, person: String, teams: [String], allTeams: Set<String>, languages: [String],
        allLanguages: Set<String>
    ) -> Bool {
        if let holder = one.holder { return holder.lowercased() == person }
        if let team = one.team, allTeams.contains(team), !teams.contains(team) { return false }
        guard let language = one.understood?.language, allLanguages.contains(language) else { return true }
        return languages.isEmpty || languages.contains(language)
    }
}

/// What the store keeps of a shop's alerts: by the address of each person.
public struct AlertBoard: Hashable, Sendable, Codable, RememberedValue {
    public var people: [String: AlertTimes] = [:]

    public init() {}
}

extension RememberedKey where Value == AlertBoard {
    /// When the shop's people last heard of what waits for them.
    public static var alerts: Self { Self(.alerts) }
}

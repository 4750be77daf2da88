// What holds back a message that would otherwise be sent: it is night where the shopper is, or she has heard enough for
// today.
//
// Both are set once, in shop.yaml, and apply only to mail to shoppers; messages to the shop or to a webhook are sent
// immediately. Neither drops a message: it waits, and when its time comes its conditions are checked again.

/// The hours in which no shopper is written to: `21:00-08:00`, by the clock where the shopper is.
public struct QuietHours: Hashable, Sendable, CustomStringConvertible {
    /// When they begin.
    public var start: TimeOfDay
    /// When they end; before `start` if they span midnight. Never equal to it.
    public var end: TimeOfDay

    /// When no text goes to a shopper where shop.yaml names no quiet hours: the strictest of the American states' laws
    /// on texts from shops allow 8:00 to 20:00.
    public static let texts = QuietHours(evening: 20 * 60, morning: 9 * 60)

    private init(evening: Int, morning: Int) {
        start = TimeOfDay(minutes: evening)
        end = TimeOfDay(minutes: morning)
    }

    /// Nil if the two are equal, which could mean always or never.
    public init?(from start: TimeOfDay, to end: TimeOfDay) {
        guard start != end else { return nil }
        self.start = start
        self.end = end
    }

    /// Reads `21:00-08:00`, also with `–` or `to` between the times; nil for anything else.
    init?(_ text: String) {
        let parts = text.lowercased().replacing("–", with: "-").replacing(" to ", with: "-")
            .split(separator: "-", omittingEmptySubsequences: false).map { String($0).trimmingSpaces }
        guard parts.count == 2, let start = TimeOfDay(parts[0]), let end = TimeOfDay(parts[1]) else { return nil }
        self.init(from: start, to: end)
    }

    /// When the quiet hours that contain `moment` end; nil if it is not within them.
    public func end(at moment: Moment, in zone: Zone) -> Moment? {
        let second = zone.secondOfDay(at: moment)
        let (from, to) = (start.minutes * 60, end.minutes * 60)
        let isQuiet = from < to ? second >= from && second < to : second >= from || second < to
        return isQuiet ? end.next(from: moment, in: zone) : nil
    }

    /// True if they include noon, which no night does.
    var holdsAtNoon: Bool {
        let (from, to) = (start.minutes, end.minutes)
        return from < to ? from <= 720 && 720 < to : 720 >= from || 720 < to
    }

    public var description: String { "\(start)-\(end)" }
}

/// How many mails one customer gets in a given time: one in 16 hours, say.
public struct Limit: Hashable, Sendable, CustomStringConvertible {
    /// At least one.
    public var messages: Int
    /// Minutes, hours, days of 24 hours, or weeks of seven such days, since the window slides.
    public var per: Length
    /// What is sent regardless of what was sent before. It counts towards the limit but is not held by it.
    public var except: Set<EventKind>

    public init(messages: Int, per: Length, except: Set<EventKind> = []) {
        self.messages = messages
        self.per = per
        self.except = except
    }

    /// How long a message counts towards the limit.
    public var window: Duration {
        switch per.unit {
        case .minutes: .minutes(per.count)
        case .hours, .businessHours: .hours(per.count)
        case .days, .businessDays: .days(per.count)
        case .weeks: .days(7 * per.count)
        }
    }

    /// When there is room for one more; nil if there is room at `now`.
    ///
    /// - Parameter counted: when each mail that counts was sent, or became ready.
    public func room(after counted: [Moment], now: Moment) -> Moment? {
        let still = counted.filter { $0 + window > now }.sorted()
        guard still.count >= messages else { return nil }
        return still[still.count - messages] + window
    }

    public var description: String { "\(messages) in \(per)" }
}

/// How many shoppers may be written to within an hour before somebody is asked whether that is intended: an import, or
/// a bug in another program, may look like thousands of genuine events.
public struct Brake: Hashable, Sendable, CustomStringConvertible {
    /// At least one.
    public var people: Int

    /// The time over which they are counted.
    public static let window = Duration.hours(1)

    public init(people: Int) { self.people = people }

    /// Reads `500 per hour`; nil for anything else.
    init?(_ text: String) {
        let words = text.lowercased().split(whereSeparator: \.isWhitespace)
        guard words.count == 3, words[1] == "per" || words[1] == "an", words[2] == "hour", let people = Int(words[0]),
            (1...1_000_000).contains(people)
        else { return nil }
        self.people = people
    }

    public var description: String { "\(people) per hour" }
}

/// How close a shop's brake is to holding mail back.
public struct BrakeState: Hashable, Sendable {
    /// How many shoppers were written to in the past hour.
    public var writtenTo: Int
    /// True if it holds mail back and nobody has confirmed yet that the mail is intended.
    public var isPulled: Bool

    public init(writtenTo: Int, isPulled: Bool) {
        self.writtenTo = writtenTo
        self.isPulled = isPulled
    }
}

// What holds a message back although it is true: the shopper's night, and that she has heard enough for today.
//
// Both are said once, in shop.yaml, and hold for mail to shoppers alone; what goes to the shop or to a webhook goes at
// once. Neither drops a message: it waits, and when its time comes the truth is checked again.

/// The hours in which no shopper is written to: `21:00-08:00`, by the clock where the shopper is.
public struct QuietHours: Hashable, Sendable, CustomStringConvertible {
    /// From when on it is quiet.
    public var start: TimeOfDay
    /// From when on it is not; before `start` where the night lies between them. Never equal to it.
    public var end: TimeOfDay

    /// Quiet from and until; nil where the two are the same, for that says neither always nor never.
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

    /// When the quiet hours that `moment` lies in are over; nil where it lies in none.
    public func end(at moment: Moment, in zone: Zone) -> Moment? {
        let second = zone.secondOfDay(at: moment)
        let (from, to) = (start.minutes * 60, end.minutes * 60)
        let isQuiet = from < to ? second >= from && second < to : second >= from || second < to
        return isQuiet ? end.next(from: moment, in: zone) : nil
    }

    /// True where noon lies in them, as it does in no night.
    var holdsAtNoon: Bool {
        let (from, to) = (start.minutes, end.minutes)
        return from < to ? from <= 720 && 720 < to : 720 >= from || 720 < to
    }

    public var description: String { "\(start)-\(end)" }
}

/// How many mails one customer gets in a while: one in 16 hours, say.
public struct Limit: Hashable, Sendable, CustomStringConvertible {
    /// At least one.
    public var messages: Int
    /// Minutes, hours, days of 24 hours or weeks of seven of them, for the window slides.
    public var per: Length
    /// What is told whatever was told before. It counts, and is not held.
    public var except: Set<EventKind>

    /// At most so many in that time.
    public init(messages: Int, per: Length, except: Set<EventKind> = []) {
        self.messages = messages
        self.per = per
        self.except = except
    }

    /// How long a message counts.
    public var window: Duration {
        switch per.unit {
        case .minutes: .minutes(per.count)
        case .hours: .hours(per.count)
        case .days, .businessDays: .days(per.count)
        case .weeks: .days(7 * per.count)
        }
    }

    /// When there is room for one more: nil where there is room at `now`.
    ///
    /// - Parameter counted: when each mail that counts was sent, or became ready.
    public func room(after counted: [Moment], now: Moment) -> Moment? {
        let still = counted.filter { $0 + window > now }.sorted()
        guard still.count >= messages else { return nil }
        return still[still.count - messages] + window
    }

    public var description: String { "\(messages) in \(per)" }
}

/// How many shoppers may be written to within an hour before somebody is asked whether that is meant: an import, or
/// another program's slip, may look like thousands of events that are all true.
public struct Brake: Hashable, Sendable, CustomStringConvertible {
    /// So many; at least one.
    public var people: Int

    /// The time in which they are counted.
    public static let window = Duration.hours(1)

    /// At most so many people an hour.
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

/// How far the brake of a shop is from holding mail back.
public struct BrakeState: Hashable, Sendable {
    /// How many shoppers were written to within the hour before.
    public var writtenTo: Int
    /// True where it holds mail back, and nobody has said yet that it is meant.
    public var isPulled: Bool

    /// So many were written to.
    public init(writtenTo: Int, isPulled: Bool) {
        self.writtenTo = writtenTo
        self.isPulled = isPulled
    }
}

internal import FoundationEssentials

// A rating, from the question to the last change.
//
// The page that asks acts on a POST alone, since mail scanners open every link of a mail, and some press its buttons.
// So a POST does not count as a person's if it came sooner after the page was shown than anybody reads it, or if several
// scores of one mail were posted one after the other. Whoever sent it is shown the page once more, and a person presses
// once more. The first POST of a person counts; it can be changed for a week.
//
// `taking` is pure: the same rating and the same POST give the same step.

/// What a customer was asked to rate, and what was answered so far.
public struct Rating: Hashable, Sendable {
    /// The number of the effect that asked.
    public var request: Int64
    public var kind: RatingKind
    /// What is rated: an order, or anything else that events belong to.
    public var subject: AggregateID
    /// The keyed hash of the address that was asked.
    public var addressKey: [UInt8]
    public var askedAt: Moment
    /// From 1 to 5; nil until a person answered.
    public var score: Int?
    /// The line of words beside it.
    public var words: String?
    /// When the score was first given; set exactly when there is one.
    public var givenAt: Moment?
    /// True if it was 2 or less at any time, which is told once.
    public var wasLow: Bool
    /// The last POST, a machine's included.
    public var last: LastPost?

    /// What is remembered of a POST, to recognise the next one as a machine's.
    public struct LastPost: Hashable, Sendable {
        public var at: Moment
        public var score: Int
        /// True if it posted the score that its link had named.
        public var isOfLink: Bool

        public init(at: Moment, score: Int, isOfLink: Bool) {
            self.at = at
            self.score = score
            self.isOfLink = isOfLink
        }
    }

    /// A request that nobody answered yet.
    public init(
        request: Int64, kind: RatingKind, subject: AggregateID, addressKey: [UInt8], askedAt: Moment,
        score: Int? = nil, words: String? = nil, givenAt: Moment? = nil, wasLow: Bool = false, last: LastPost? = nil
    ) {
        self.request = request
        self.kind = kind
        self.subject = subject
        self.addressKey = addressKey
        self.askedAt = askedAt
        self.score = score
        self.words = words
        self.givenAt = givenAt
        self.wasLow = wasLow
        self.last = last
    }

    /// The scores that can be given.
    public static let scores = 1...5
    /// Scores from here on are counted as satisfied.
    public static let satisfied = 4
    /// Scores up to here are low: a person should look.
    public static let low = 2
    /// How long a rating can be changed after it was given.
    public static let editing = Duration.days(7)
    /// A person takes at least so long to read the page and press its button.
    public static let quickest = Duration.seconds(2)
    /// Several scores within this time are a machine's, which follows the links of a mail one by one.
    public static let together = Duration.seconds(60)

    /// True once it cannot be changed any more.
    public func isClosed(at now: Moment) -> Bool { givenAt.map { now - $0 > Self.editing } ?? false }
}

/// What was posted on the page, as it is kept as an observation.
public struct RatingPost: Hashable, Sendable, Codable {
    /// The number of the effect that asked.
    public var request: Int64
    public var score: Int
    public var words: String?
    /// When the page was shown, in milliseconds since 1970; nil if it was none of ours.
    public var shownAt: Int64?
    /// The score that the mail's link named.
    public var link: Int?

    /// - Parameter words: shortened to `mostLetters`, as one line.
    public init(request: Int64, score: Int, words: String?, shownAt: Moment?, link: Int?) {
        self.request = request
        self.score = score
        self.words = words.flatMap(Self.line)
        self.shownAt = shownAt?.milliseconds
        self.link = link
    }

    /// Reads what `bytes` wrote; nil for anything else.
    public init?(bytes: [UInt8]) {
        guard let post = try? JSONDecoder().decode(RatingPost.self, from: Data(bytes)),
            Rating.scores.contains(post.score)
        else { return nil }
        self = post
        words = post.words.flatMap(Self.line)
    }

    /// The bytes of the observation.
    public var bytes: [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Numbers and a text can always be encoded.
        return (try? encoder.encode(self)).map { [UInt8]($0) } ?? []
    }

    /// The source that ratings come from, in rows and events.
    public static let source = "ratings"
    /// The kind of such an observation.
    public static let kind = "rating"
    /// The most that is kept of a line of words.
    public static let mostLetters = 500

    private static func line(_ text: String) -> String? {
        // Twice as much is read, so that a text of spaces costs no more than one of words.
        let words = text.prefix(2 * mostLetters).split { character in
            character.isWhitespace || character.unicodeScalars.contains { $0.properties.generalCategory == .control }
        }
        let line = String(words.joined(separator: " ").prefix(mostLetters))
        return line.isEmpty ? nil : line
    }
}

/// What became of a POST.
public struct RatingStep: Hashable, Sendable {
    public enum Outcome: String, Hashable, Sendable {
        /// The first score, or a change.
        case counted
        /// It came sooner than a person reads.
        case tooFast = "too_fast"
        /// Several scores of one mail.
        case severalScores = "several_scores"
        /// It can be changed no more.
        case closed
    }

    public var outcome: Outcome
    /// The rating after it.
    public var rating: Rating
    /// The score to be told of as an event; nil if there is nothing to tell.
    public var told: Int?

    public init(outcome: Outcome, rating: Rating, told: Int? = nil) {
        self.outcome = outcome
        self.rating = rating
        self.told = told
    }

    /// True if it counts as a person's.
    public var isPersons: Bool { outcome == .counted }
}

extension Rating {
    /// What becomes of a POST that came at that moment.
    public func taking(_ post: RatingPost, at now: Moment) -> RatingStep {
        var rating = self
        if isClosed(at: now) { return RatingStep(outcome: .closed, rating: self) }
        let shownAt = post.shownAt.map { Moment(milliseconds: $0) }
        rating.last = LastPost(at: now, score: post.score, isOfLink: post.link == post.score)
        guard let shownAt, now - shownAt >= Self.quickest else { return RatingStep(outcome: .tooFast, rating: rating) }
        if let last, last.score != post.score, now - last.at < Self.together,
            shownAt < last.at || last.isOfLink && post.link == post.score
        {
            // What was taken for a person's a moment ago was the first of them.
            if givenAt == last.at { (rating.score, rating.words, rating.givenAt) = (nil, nil, nil) }
            return RatingStep(outcome: .severalScores, rating: rating)
        }
        let isLow = post.score <= Self.low
        let told = score == nil || isLow && !wasLow ? post.score : nil
        rating.score = post.score
        rating.words = post.words
        rating.givenAt = givenAt ?? now
        rating.wasLow = wasLow || isLow
        return RatingStep(outcome: .counted, rating: rating, told: told)
    }

    /// The event that tells of a score.
    ///
    /// - Parameter observation: the source's own id of the POST.
    public func event(telling score: Int, of observation: String, at moment: Moment) -> JudgedEvent {
        JudgedEvent(
            aggregate: subject, kind: .ratingGiven, subject: Self.subject(request),
            mark: Self.mark(score, of: observation), happenedAt: moment, source: RatingPost.source)
    }

    /// What events call the answer to a question.
    public static func subject(_ request: Int64) -> Subject { .other("rating", id: "\(request)") }

    private static func mark(_ score: Int, of observation: String) -> String { "\(observation) \(score)" }

    /// What a score that is told changes in the conversation that it rates: a low one hands it to a person.
    ///
    /// - Parameters:
    ///   - observation: the source's own id of the POST, which came at `moment`.
    public func change(
        telling score: Int, of observation: String, in record: ConversationRecord, at moment: Moment, now: Moment
    ) -> ConversationChange {
        var change = ConversationChange(record)
        if score <= Self.low, !record.isPersons,
            let handedOver = ConversationRules.handOver(record, because: .ratedLow)
        {
            change = handedOver
            change.record.waitsSince = record.waitsSince ?? now
        }
        change.events.insert(
            .rated(request: request, mark: Self.mark(score, of: observation), n: 1, at: moment), at: 0)
        return change
    }
}

/// A rating as it is now, or the change of one that `before` says how it stood: the change is void if it stands
/// otherwise by now.
public struct RatingChange: Hashable, Sendable {
    public var before: Rating
    public var after: Rating

    public init(before: Rating, after: Rating) {
        self.before = before
        self.after = after
    }
}

extension Event {
    /// The score that the event tells of; nil for events of another kind.
    var ratingScore: Int? {
        guard kind == .ratingGiven, let mark = occurrences.first?.mark, let space = mark.utf8.lastIndex(of: 0x20) else {
            return nil
        }
        return Int(mark[mark.utf8.index(after: space)...])
    }

    /// The number of the effect that asked for the rating; nil for events of another kind.
    public var ratingRequest: Int64? {
        guard kind == .ratingGiven, case .other(_, let id)? = subjects.first else { return nil }
        return Int64(id)
    }
}

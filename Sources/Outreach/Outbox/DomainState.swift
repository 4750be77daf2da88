// A recipient domain that puts mail off is asked gently, and delays nobody else. The model is Postfix's queue manager,
// which counts failures by destination and declares one dead for a while (https://www.postfix.org/SCHEDULER_README.html,
// "positive and negative feedback"). A few deferrals in a row, of any of its mails, close the domain: from then on its
// mails stand in a queue of its own, and all of them wait for one moment, which moves out with every further deferral.
// When it comes, one mail goes ahead. Where that is taken, the domain is open again for all.
//
// What a relay says of one mailbox (full, 4.2.2) is that mail's own affair and says that the domain answers.

/// What a verdict says of the recipient's domain.
public enum DomainNews: Hashable, Sendable {
    /// It answers: a mail was taken, or a mailbox was spoken of.
    case answers
    /// It puts mail off.
    case defers(Failure)
}

/// How a recipient domain stands.
public struct DomainState: Hashable, Sendable {
    /// Why its mails wait.
    public enum Cause: String, Hashable, Sendable {
        /// It put several mails off.
        case deferred
        /// What may go to it for now has gone.
        case limit
    }

    /// Deferrals in a row.
    public var failures = 0
    /// Why it is closed; nil while it is open.
    public var cause: Cause?
    /// When something may go to it next.
    public var nextAt = Moment.distantPast
    /// One sentence for people.
    public var detail: String?

    /// So many deferrals in a row close it.
    public static let patience = 3
    /// How long is waited at most after the deferral that closed it, and after each further one; the last repeats.
    /// Postfix waits from 5 minutes to 67; what we tell is of use for hours only, so we ask a little sooner.
    public static let steps: [Duration] = [
        .minutes(1), .minutes(2), .minutes(5), .minutes(10), .minutes(20), .minutes(40), .hours(1),
    ]

    /// Open.
    public init() {}

    /// True where there is nothing to remember of it.
    public var isForgettable: Bool { failures == 0 && cause == nil }

    /// Takes note of what a verdict said.
    ///
    /// - Parameters:
    ///   - wentAhead: true for the one mail that is tried while the domain is closed. Those that were under way when it
    ///     closed say nothing new by being put off.
    ///   - chance: from 0 up to 1; up to a fifth of a wait is left out by it, so that domains that closed together are
    ///     not tried together.
    public mutating func take(_ news: DomainNews, wentAhead: Bool, now: Moment, chance: Double) {
        switch news {
        case .answers:
            failures = 0
            if cause == .deferred { (cause, detail) = (nil, nil) }
        case .defers(let failure):
            guard wentAhead || cause != .deferred else { return }
            failures += 1
            guard failures >= Self.patience else { return }
            let step = Self.steps[min(failures - Self.patience, Self.steps.count - 1)]
            let wait = step * (1 - 0.2 * min(max(chance, 0), 1))
            cause = .deferred
            nextAt = now + max(wait, min(failure.retryAfter ?? .zero, .hours(1)))
            detail = failure.detail
        }
    }

    /// Takes note that its limit is reached.
    public mutating func reach(_ limit: SendLimit, until: Moment) {
        // One that defers stays what it is: its one mail goes later.
        guard cause != .deferred else {
            nextAt = max(nextAt, until)
            return
        }
        cause = .limit
        nextAt = until
        detail = limit.words
    }
}

/// The domain of a mail's recipient as a queue goes by it: in lower case, without a final dot; empty where there is
/// none. Never the whole address.
public func recipientDomain(of address: String) -> String {
    guard let at = address.lastIndex(of: "@") else { return "" }
    var domain = address[address.index(after: at)...].lowercased().filter { !$0.isWhitespace }
    while domain.hasSuffix(".") { domain.removeLast() }
    return String(domain.prefix(255))
}

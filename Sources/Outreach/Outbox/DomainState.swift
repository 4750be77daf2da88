// A recipient domain that defers mail is tried gently, and delays no other mail. The model is Postfix's queue manager,
// which counts failures by destination and declares one dead for a while
// (https://www.postfix.org/SCHEDULER_README.html, "positive and negative feedback"). A few deferrals in a row, of any
// of its mails, close the domain: from then on its mails are in a queue of their own and all wait for one moment, which
// moves further away with every deferral. When it comes, one mail is sent as a test. If that is accepted, the domain is
// open again for all.
//
// What a relay says about one mailbox (full, 4.2.2) concerns that mail alone and shows that the domain answers.

/// What a verdict says about the recipient's domain.
public enum DomainNews: Hashable, Sendable {
    /// It answers: it accepted a mail, or said something about a mailbox.
    case answers
    /// It defers mail.
    case defers(Failure)
}

/// The state of a recipient domain.
public struct DomainState: Hashable, Sendable {
    /// Why its mails wait.
    public enum Cause: String, Hashable, Sendable {
        /// It deferred several mails.
        case deferred
        /// As much as may be sent to it for now has been sent.
        case limit
    }

    /// Deferrals in a row.
    public var failures = 0
    /// Why it is closed; nil while it is open.
    public var cause: Cause?
    /// When something may be sent to it next.
    public var nextAt = Moment.distantPast
    /// One sentence for people.
    public var detail: String?

    /// This many deferrals in a row close it.
    public static let patience = 3
    /// The longest wait after the deferral that closed it, and after each further one; the last repeats. Postfix waits
    /// from 5 minutes to 67; our news is only useful for hours, so we try a little sooner.
    public static let steps: [Duration] = [
        .minutes(1), .minutes(2), .minutes(5), .minutes(10), .minutes(20), .minutes(40), .hours(1),
    ]

    public init() {}

    /// True if there is nothing to remember about it.
    public var isForgettable: Bool { failures == 0 && cause == nil }

    /// Updates the state with what a verdict said.
    ///
    /// - Parameters:
    ///   - wentAhead: true for the one mail sent to test a closed domain. Deferrals of mails that were already under
    ///     way when it closed say nothing new.
    ///   - chance: from 0 up to 1; shortens a wait by up to a fifth, so that domains that closed together are not tried
    ///     together.
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

    /// Records that its limit is reached.
    public mutating func reach(_ limit: SendLimit, until: Moment) {
        // A domain that defers keeps that state: its test mail is sent later.
        guard cause != .deferred else {
            nextAt = max(nextAt, until)
            return
        }
        cause = .limit
        nextAt = until
        detail = limit.words
    }
}

/// The domain of a mail's recipient, in the form that queues go by: in lower case, without a trailing dot; empty if
/// there is none. Never the whole address.
public func recipientDomain(of address: String) -> String {
    guard let at = address.lastIndex(of: "@") else { return "" }
    var domain = address[address.index(after: at)...].lowercased().filter { !$0.isWhitespace }
    while domain.hasSuffix(".") { domain.removeLast() }
    return String(domain.prefix(255))
}

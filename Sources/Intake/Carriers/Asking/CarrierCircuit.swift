// When to leave a carrier alone for a while.
//
// One bad answer says little: a number may be odd, a connection may drop. Three fruitless calls in a row mean that the
// carrier is in trouble. From then on it is tried with growing pauses, one call at a time, until one succeeds. Its
// parcels stay due; other carriers have their own circuits. Some answers count at once: "too many calls" closes the
// circuit for as long as the carrier asks, and a refused login or a wrong setting for a quarter of an hour or more,
// because only a person can fix it, and some carriers lock an account after too many attempts. A carrier that accepts
// our login but will not show a number affects only that number; only twenty in a row, with none shown between, count
// as a refused login.

public import Outreach
internal import Platform

/// Whether a carrier may be asked, or until when not.
public struct CarrierCircuit: Hashable, Sendable {
    /// Fruitless calls in a row.
    public var failures: Int
    /// Nothing is asked before this time; nil while calls are allowed.
    public var closedUntil: Moment?
    /// The kind of answer that closed it.
    public var reason: CallAnswer.Kind?
    /// One sentence for people.
    public var detail: String?
    /// Answers in a row that withheld a number.
    private var withheld = 0

    /// Calls are allowed.
    public init(
        failures: Int = 0, closedUntil: Moment? = nil, reason: CallAnswer.Kind? = nil, detail: String? = nil
    ) {
        self.failures = failures
        self.closedUntil = closedUntil
        self.reason = reason
        self.detail = detail
    }

    /// The most fruitless calls in a row.
    static let patience = 3

    /// The most withheld numbers in a row before the login counts as refused.
    static let patienceWithNumbers = 20

    /// True while the carrier is in trouble: its next call is a single trial.
    public var isTroubled: Bool { closedUntil != nil }

    /// Records the result of a call: its answers, or why there are none.
    ///
    /// - Parameters:
    ///   - chance: from 0 to below 1, for jitter.
    /// - Returns: true if it closed or opened the circuit, which deserves a log line.
    public mutating func note(_ answers: [CarrierAnswer], now: Moment, chance: Double) -> Bool {
        if !answers.isEmpty, let last = answers.last?.call, answers.allSatisfy({ $0.call?.isWithheld ?? false }) {
            withheld += answers.count
            // A withheld number says nothing about the others, and does not end the trouble either.
            guard withheld >= Self.patienceWithNumbers || reason == .authError else { return false }
            failures = max(failures, Self.patience - 1)
            return close(
                for: CallAnswer(.authError, "\(last.message); so it is with every number, so ask for access"), now: now,
                chance: chance)
        }
        guard let call = Self.trouble(answers) else {
            let wasTroubled = isTroubled
            self = CarrierCircuit()
            return wasTroubled
        }
        return close(for: call, now: now, chance: chance)
    }

    private mutating func close(for call: CallAnswer, now: Moment, chance: Double) -> Bool {
        let wasTroubled = isTroubled
        failures += 1
        let pause: Duration
        switch call.kind {
        case .rateLimited:
            pause = Backoff(base: .seconds(30), cap: .hours(24)).delay(
                afterAttempt: failures, chance: 0.5 + chance / 2, retryAfter: call.retryAfter)
        case .authError, .configError:
            guard wasTroubled || failures >= Self.patience else { return false }
            pause = Backoff(base: .minutes(15), cap: .hours(6)).delay(
                afterAttempt: max(1, failures - Self.patience + 1), chance: 0.5 + chance / 2)
        default:
            guard wasTroubled || failures >= Self.patience else { return false }
            pause = Backoff(base: .seconds(20), cap: .minutes(30)).delay(
                afterAttempt: failures - Self.patience + 1, chance: 0.5 + chance / 2, retryAfter: call.retryAfter)
        }
        closedUntil = now + max(.seconds(1), pause)
        let isNews = !wasTroubled || reason != call.kind
        reason = call.kind
        detail = call.message
        return isNews
    }

    /// Why a call was fruitless; nil if it reported any parcel, or that there is none.
    static func trouble(_ answers: [CarrierAnswer]) -> CallAnswer? {
        var worst: CallAnswer?
        for answer in answers {
            switch answer.call?.kind {
            case nil, .notFound?, .invalidNumber?, .okDuplicate?: return nil
            case .authError? where answer.call?.isWithheld ?? false: return nil
            case .rateLimited?, .authError?, .configError?, .temporaryError?: worst = worst ?? answer.call
            }
        }
        return worst
    }
}

// When a carrier is left alone for a while.
//
// One bad answer says little: a number may be odd, a line may drop. Three calls in a row that brought nothing say that
// the carrier is in trouble, and from then on it is asked again with growing pauses, one call at a time, until one
// brings an answer. Its parcels wait where they are; other carriers have circuits of their own. Some answers need no
// repetition: "too many calls" closes the circuit for as long as the carrier asks, and a refused login or a wrong
// setting for a quarter of an hour and more, because it is a person who has to fix it, and some carriers lock an
// account that knocks too often. A number that a carrier keeps from us while it knows our login is that number's
// affair; only when it is so with twenty in a row, and none is told, is it taken for a refused login.

public import Outreach
internal import Platform

/// Whether a carrier may be asked, and since when not.
public struct CarrierCircuit: Hashable, Sendable {
    /// Calls in a row that brought nothing.
    public var failures: Int
    /// Nothing is asked before this; nil while it is open for calls.
    public var closedUntil: Moment?
    /// The kind of answer that closed it.
    public var reason: CallAnswer.Kind?
    /// One sentence for people.
    public var detail: String?
    /// Answers in a row that kept a number from us.
    private var withheld = 0

    /// Open for calls, until it is told otherwise.
    public init(
        failures: Int = 0, closedUntil: Moment? = nil, reason: CallAnswer.Kind? = nil, detail: String? = nil
    ) {
        self.failures = failures
        self.closedUntil = closedUntil
        self.reason = reason
        self.detail = detail
    }

    /// So many calls in a row may bring nothing.
    static let patience = 3

    /// So many numbers in a row may be kept from us before it is the login that is meant.
    static let patienceWithNumbers = 20

    /// True while the carrier is in trouble: its next call is a trial, and one alone.
    public var isTroubled: Bool { closedUntil != nil }

    /// Takes note of what a call brought: its answers, or why there are none.
    ///
    /// - Parameters:
    ///   - chance: from 0 to below 1, for jitter.
    /// - Returns: true if the circuit was closed or opened by it, so that it is worth a line.
    public mutating func note(_ answers: [CarrierAnswer], now: Moment, chance: Double) -> Bool {
        if !answers.isEmpty, let last = answers.last?.call, answers.allSatisfy({ $0.call?.isWithheld ?? false }) {
            withheld += answers.count
            // One that is kept from us says nothing of the others, and does not end a trouble either.
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

    /// Why a call brought nothing; nil if it told of any parcel, or that there is none.
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

import Synchronization

/// What can go wrong with one request to the shop.
public enum ShopFault: String, CaseIterable, Sendable {
    /// HTTP 200 with the GraphQL error THROTTLED.
    case throttled
    /// HTTP 429 with Retry-After: 2.
    case tooManyRequests
    /// HTTP 500 with an HTML page.
    case serverError
    /// HTTP 502 with an HTML page.
    case badGateway
    /// The connection ends in the middle of the answer.
    case dropped
    /// The answer comes late, by `slowness`.
    case slow
    /// HTTP 402: the shop is frozen for an unpaid bill.
    case paymentRequired
    /// HTTP 423: the shop is locked.
    case locked
    /// HTTP 401, whatever the token.
    case unauthorized
    /// The Date header is an hour ahead.
    case wrongDate
}

/// What can go wrong with one mail. Faults that depend on the recipient are in `RelayRules`.
public enum RelayFault: String, CaseIterable, Sendable {
    /// The connection ends before the reply to the final dot, but the mail is kept, so that a repeat is a duplicate.
    case dropBeforeReply
    /// The connection ends before the reply to the final dot; the mail is not kept.
    case dropAndForget
    /// The connection ends right after the reply to the final dot.
    case dropAfterReply
    /// 451 to the final dot.
    case deferData
    /// 554 to the final dot.
    case refuseData
    /// 421 to MAIL FROM, and the connection ends.
    case unavailable
    /// The reply to the final dot comes late, by `slowness`.
    case slow
}

/// What can go wrong with one webhook.
public enum HookFault: String, CaseIterable, Sendable {
    /// HTTP 500.
    case serverError
    /// HTTP 410: the endpoint is gone for good.
    case gone
    /// HTTP 429 with Retry-After: 2.
    case tooManyRequests
    /// The answer comes late, by `slowness`.
    case slow
    /// The connection ends before the answer; the webhook is kept.
    case dropped
}

/// Which requests fail, and how. Set while the sandbox runs: the next few, all from now on, or some at random.
public final class SandboxFaults<Fault: Hashable & CaseIterable & RawRepresentable & Sendable>: Sendable
where Fault.RawValue == String {
    private struct State: Sendable {
        var next: [Fault] = []
        var always: Fault?
        var chances: [Fault: Double] = [:]
        var slowness = Duration.seconds(5)
        var random: SeededRandom
        var drawn: [Fault: Int] = [:]
    }

    private let state: Mutex<State>

    init(seed: UInt64) { state = Mutex(State(random: SeededRandom(seed: seed))) }

    /// The faults of the next requests, one each.
    public func next(_ faults: [Fault]) { state.withLock { $0.next += faults } }

    /// The fault of every request, until set to nil.
    public func always(_ fault: Fault?) { state.withLock { $0.always = fault } }

    /// The probability of each fault, from 0 to 1.
    public func chance(_ fault: Fault, _ probability: Double) { state.withLock { $0.chances[fault] = probability } }

    /// The delay of slow answers.
    public var slowness: Duration {
        get { state.withLock { $0.slowness } }
        set { state.withLock { $0.slowness = newValue } }
    }

    /// No faults from now on.
    public func clear() {
        state.withLock { state in
            state.next = []
            state.always = nil
            state.chances = [:]
        }
    }

    /// How often each fault has occurred.
    public var counts: [Fault: Int] { state.withLock { $0.drawn } }

    /// The fault for the current request. Only active faults accepted by `fits` count.
    func draw(where fits: (Fault) -> Bool = { _ in true }) -> Fault? {
        state.withLock { state in
            let fault: Fault?
            if let index = state.next.firstIndex(where: fits) {
                fault = state.next.remove(at: index)
            } else if let always = state.always, fits(always) {
                fault = always
            } else {
                // In a fixed order, so that the same seed gives the same faults.
                fault = Fault.allCases.first { fits($0) && state.random.chance(state.chances[$0] ?? 0) }
            }
            if let fault { state.drawn[fault, default: 0] += 1 }
            return fault
        }
    }
}

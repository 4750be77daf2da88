import Delivery
import Foundation
import Outreach
import Platform
import Simulating
import Store
import Synchronization

@testable import Daemon

/// A relay of a simulation. What it took, it has, whether or not anybody heard of that.
final class SimulatedRelay: Sendable {
    struct Taken: Sendable {
        var id: String
        var bytes: [UInt8]
        var at: Moment
        /// Whether whoever sent it was told.
        var isHeard: Bool
    }

    private struct State {
        var taken: [Taken] = []
        var awayUntil = Moment.distantPast
        var deferring = 0
        var refusing = 0
        var losing = 0
    }

    let machine: SimulatedMachine
    private let state = Mutex(State())

    init(on machine: SimulatedMachine) { self.machine = machine }

    var taken: [Taken] { state.withLock(\.taken) }

    func goesAway(for duration: Duration) {
        machine.tell("the relay is away for \(duration)")
        state.withLock { [now = machine.now] in $0.awayUntil = now + duration }
    }

    /// How many in a thousand it defers, refuses, and takes without its answer arriving.
    func answers(deferring: Int, refusing: Int, losing: Int) {
        state.withLock { ($0.deferring, $0.refusing, $0.losing) = (deferring, refusing, losing) }
    }

    /// What it answers to a message that has arrived.
    fileprivate func take(_ message: Message) -> Verdict {
        let now = machine.now
        let (isAway, deferring, refusing, losing) = state.withLock {
            ($0.awayUntil > now, $0.deferring, $0.refusing, $0.losing)
        }
        if isAway { return .unavailable(Failure(reason: "connect", detail: "It is away.")) }
        let (isDeferred, isRefused, isLost) = machine.draw {
            ($0.happens(deferring), $0.happens(refusing), $0.happens(losing))
        }
        if isDeferred { return .deferred(Failure(reason: "greylisted", code: 451, detail: "Later.")) }
        if isRefused { return .refused(Failure(reason: "mailbox", code: 550, detail: "No such mailbox.")) }
        machine.tell("the relay takes \(message.summary)\(isLost ? ", and its answer is lost" : "")")
        state.withLock {
            $0.taken.append(Taken(id: message.id, bytes: message.bytes, at: now, isHeard: !isLost))
        }
        if isLost { return .deferred(Failure(reason: "timeout", detail: "No answer.", inDoubt: true)) }
        return .accepted(receipt: "250 2.0.0 Ok")
    }
}

/// The relay as one process reaches it.
struct RelayLine: Channel {
    let relay: SimulatedRelay
    let process: SimulatedProcess

    func send(_ message: Message, at now: Moment) async throws(CancellationError) -> Verdict {
        await process.wait(
            process.machine.draw { $0.duration(.milliseconds(1), .milliseconds(80)) }, for: "to the relay")
        if process.isDead { throw CancellationError() }
        let verdict = relay.take(message)
        await process.wait(
            process.machine.draw {
                $0.happens(20) ? $0.duration(.seconds(2), .minutes(4)) : $0.duration(.zero, .milliseconds(80))
            }, for: "from the relay")
        return verdict
    }
}

/// The shop in which codes are made, as one process reaches it.
struct ShopLine: Channel {
    let codes: CodeShop
    let losing: @Sendable () -> Int
    let refusing: @Sendable () -> Int
    let process: SimulatedProcess

    func send(_ message: Message, at now: Moment) async throws(CancellationError) -> Verdict {
        try await attempt(message, at: now).verdict
    }

    func attempt(_ message: Message, at now: Moment) async throws(CancellationError) -> AttemptAnswer {
        try await attempt(message, isRepeat: false)
    }

    /// Looked for before it is repeated.
    func precedent(of message: Message, at now: Moment) async throws(CancellationError) -> Precedent {
        guard let code = CodeShop.fields(message)["code"] as? String, codes.codes[code] != nil,
            CodeShop.fields(message)["act"] as? String != "take_back"
        else { return .notDone }
        let answer = try await attempt(message, isRepeat: true)
        return .done(receipt: "seen", results: answer.results)
    }

    private func attempt(_ message: Message, isRepeat: Bool) async throws(CancellationError) -> AttemptAnswer {
        let machine = process.machine
        await process.wait(machine.draw { $0.duration(.milliseconds(20), .milliseconds(400)) }, for: "to the shop")
        if process.isDead { throw CancellationError() }
        let isLost = !isRepeat && machine.draw { $0.happens(losing()) }
        let isRefused =
            !isRepeat && CodeShop.fields(message)["act"] as? String != "take_back"
            && machine.draw { $0.happens(refusing()) }
        if isRefused { return AttemptAnswer(.refused(Failure(reason: "content", detail: "The shop refuses it."))) }
        // A code that there is already is not made again, whoever asks.
        let answer = codes.attempt(message, inDoubt: 1, loses: isLost)
        machine.tell("the shop does \(message.summary)\(isLost ? ", and its answer is lost" : "")")
        await process.wait(machine.draw { $0.duration(.milliseconds(20), .milliseconds(400)) }, for: "from the shop")
        return answer
    }
}

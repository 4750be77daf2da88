import Foundation
import Outreach
import Platform
import Simulating
import Store
import Synchronization

@testable import Daemon

/// One process of the daemon in a simulation: its life, and what stands between it and everything that outlives it.
///
/// One that is dead changes nothing any more: what it had asked of the disk and the network before is done, and it never
/// hears of it. One that is stopped goes on later, when another has the store; then it may still send what it had begun,
/// and write nothing.
final class SimulatedProcess: StepGate {
    private struct State {
        var isDead = false
        var stoppedUntil: Moment?
        /// Another process has the store.
        var isReplaced = false
        /// It dies when its next step is on disk, before it hears of it.
        var diesAfterNextWrite = false
        var died: (@Sendable () -> Void)?
    }

    let machine: SimulatedMachine
    let disk: SimulatedDisk
    let number: Int
    let mayOthersSend: Bool
    private let state = Mutex(State())

    init(_ number: Int, on machine: SimulatedMachine, disk: SimulatedDisk, mayOthersSend: Bool) {
        self.number = number
        self.machine = machine
        self.disk = disk
        self.mayOthersSend = mayOthersSend
    }

    var isDead: Bool { state.withLock(\.isDead) }

    /// Is called once it is dead or stopped for good.
    func whenDead(_ act: @escaping @Sendable () -> Void) { state.withLock { $0.died = act } }

    func die(_ why: String) {
        let died = state.withLock { state -> (@Sendable () -> Void)? in
            guard !state.isDead else { return nil }
            state.isDead = true
            return state.died
        }
        guard let died else { return }
        machine.tell("process \(number) dies \(why)")
        died()
    }

    func dieAfterNextWrite() { state.withLock { $0.diesAfterNextWrite = true } }

    func stop(for duration: Duration) {
        machine.tell("process \(number) is stopped for \(duration)")
        let until = machine.now + duration
        state.withLock { $0.stoppedUntil = until }
    }

    func isReplaced() { state.withLock { $0.isReplaced = true } }

    /// Has something happen in this process after a while; not before it goes on, if it is stopped.
    @discardableResult
    func after(
        _ wait: Duration, _ what: String, _ act: @escaping @Sendable () -> Void
    ) -> @Sendable () -> Void {
        let box = StopBox()
        box.set(
            machine.after(wait, "\(number) \(what)") { [self] in
                if let until = state.withLock({ $0.isDead ? nil : $0.stoppedUntil }), until > machine.now {
                    box.set(machine.after(until - machine.now, "\(number) \(what), later", act))
                } else {
                    act()
                }
            })
        return { box.call() }
    }

    private final class StopBox: Sendable {
        private let stop = Mutex<(@Sendable () -> Void)?>(nil)
        func set(_ new: @escaping @Sendable () -> Void) { stop.withLock { $0 = new } }
        func call() { stop.withLock { $0 }?() }
    }

    /// Waits for something of the outside.
    func wait(_ duration: Duration, for what: String) async {
        await withCheckedContinuation { continuation in
            after(duration, what) { continuation.resume() }
        }
    }

    /// A loop's waits. Whoever rests because nothing is due rests for longer than it would: a day in which nothing
    /// happens is a hundred looks instead of ten thousand, and what falls due meanwhile is a little late.
    func wake() -> Wake {
        Wake(timer: { [self] duration, end in
            after(duration < .seconds(10) ? duration : duration * Self.resting, "timer", end)
        })
    }

    /// How many times as long loops rest as they would.
    private static let resting = 120

    // MARK: - Its store

    static let gone = StoreFailure(.broken, "the process is gone")

    func enter(_ step: StepKind) async throws(StoreFailure) {
        await wait(machine.draw { $0.duration(.zero, .milliseconds(4)) }, for: step.rawValue)
        if isDead { throw Self.gone }
        if step == .write, state.withLock(\.isReplaced) {
            machine.tell("process \(number) is refused a write")
            throw StoreFailure(.locked, "another process has the store")
        }
        try disk.fail(step, at: machine.now)
        machine.begin()
    }

    func leave(_ step: StepKind) async throws(StoreFailure) {
        machine.end()
        if step == .write,
            state.withLock({ state in
                defer { state.diesAfterNextWrite = false }
                return state.diesAfterNextWrite && !state.isDead
            })
        {
            die("before it hears that its write is on disk")
        }
        await wait(disk.latency(step), for: "\(step.rawValue) done")
        if isDead { throw Self.gone }
    }
}

/// The disk of a simulation: how long it takes, and when it fails.
final class SimulatedDisk: Sendable {
    private struct State {
        var fullUntil = Moment.distantPast
        var slowUntil = Moment.distantPast
        /// So many steps in a thousand fail.
        var failing = 0
    }

    private let machine: SimulatedMachine
    private let state = Mutex(State())
    init(on machine: SimulatedMachine) { self.machine = machine }

    func isFull(for duration: Duration) {
        machine.tell("the disk is full for \(duration)")
        state.withLock { [now = machine.now] in $0.fullUntil = now + duration }
    }

    func isSlow(for duration: Duration) {
        machine.tell("the disk is slow for \(duration)")
        state.withLock { [now = machine.now] in $0.slowUntil = now + duration }
    }

    func fails(_ inThousand: Int) { state.withLock { $0.failing = inThousand } }

    func latency(_ step: StepKind) -> Duration {
        let isSlow = state.withLock { [now = machine.now] in $0.slowUntil > now }
        return machine.draw { chance in
            isSlow
                ? chance.duration(.milliseconds(200), .seconds(4))
                : chance.duration(.zero, .milliseconds(step == .write ? 12 : 2))
        }
    }

    func fail(_ step: StepKind, at now: Moment) throws(StoreFailure) {
        let (isFull, failing) = state.withLock { ($0.fullUntil > now, $0.failing) }
        if isFull, step == .write { throw StoreFailure(.full, "the disk is full") }
        if failing > 0, machine.draw({ $0.happens(failing) }) { throw StoreFailure(.busy, "the store is busy") }
    }
}

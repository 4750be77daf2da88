import Foundation
import Outreach
import Platform
import Synchronization

// A machine whose threads, clock, disk and network are a list of what happens next.
//
// Everything that a simulation runs, runs on one thread: the machine is the executor of its tasks. When no task can go
// on, the earliest thing on the list happens, at its time, and lets one go on. Nothing sleeps, and days pass in
// milliseconds. What takes how long, what fails and who dies is drawn from one generator, so that a number tells a whole
// story and tells the same one again.
//
// The database is the one thing with threads of its own. While it is at a step, the machine waits for it.

/// Numbers that look like chance and are the same for a seed every time (SplitMix64, Steele, Lea and Flood 2014).
struct SimulatedChance: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 0x5851_F42D_4C95_7F2D }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// A number from 0 up to `bound`.
    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }

    /// True so many times in a thousand.
    mutating func happens(_ inThousand: Int) -> Bool { below(1_000) < inThousand }

    /// A length of time between the two.
    mutating func duration(_ shortest: Duration, _ longest: Duration) -> Duration {
        let span = longest.wholeMilliseconds - shortest.wholeMilliseconds
        return shortest + .milliseconds(Int64(below(Int(max(1, span)))))
    }

    /// A number from 0 up to 1.
    mutating func share() -> Double { Double(next() >> 11) / Double(1 << 53) }
}

/// Runs the tasks of a simulation on one thread, and lets what happens next happen when none can go on.
final class SimulatedMachine: TaskExecutor {
    private struct Event {
        var id: UInt64
        var at: Moment
        /// Which of those at the same time comes first.
        var tie: UInt64
        var what: String
        var act: @Sendable () -> Void
    }

    private struct State {
        var jobs: [UnownedJob] = []
        var events: [Event] = []
        var now: Moment
        var ids: UInt64 = 0
        /// How many steps the database is at.
        var running = 0
        var chance: SimulatedChance
        var trace: UInt64 = 0xCBF2_9CE4_8422_2325
        var lines: [String] = []
        var happened = 0
    }

    private let state: Mutex<State>
    private let arrived = DispatchSemaphore(value: 0)
    /// Whether it keeps a line of everything that happens, for people.
    private let isTelling: Bool
    /// The most that may happen: a story without an end fails.
    private let most = 2_000_000

    init(seed: UInt64, start: Moment, isTelling: Bool) {
        state = Mutex(State(now: start, chance: SimulatedChance(seed: seed)))
        self.isTelling = isTelling
    }

    /// The time that it really is, whatever the daemon's clock says.
    var now: Moment { state.withLock(\.now) }

    /// What tells one story from another: the same for the same.
    var trace: UInt64 { state.withLock(\.trace) }

    /// What happened, for people.
    var lines: [String] { state.withLock(\.lines) }

    /// Draws from the one generator.
    func draw<Value>(_ body: (inout SimulatedChance) -> Value) -> Value { state.withLock { body(&$0.chance) } }

    /// Notes something that happened.
    func tell(_ line: @autoclosure () -> String) {
        guard isTelling else { return }
        let line = line()
        state.withLock { $0.lines.append("\($0.now) \(line)") }
    }

    /// Has something happen after a while. What it returns calls that off.
    @discardableResult
    func after(
        _ wait: Duration, _ what: String, _ act: @escaping @Sendable () -> Void
    ) -> @Sendable () -> Void {
        let id = state.withLock { state in
            state.ids += 1
            state.events.append(
                Event(id: state.ids, at: state.now + wait, tie: state.chance.next(), what: what, act: act))
            return state.ids
        }
        return { [self] in state.withLock { state in state.events.removeAll { $0.id == id } } }
    }

    /// The database begins a step.
    func begin() { state.withLock { $0.running += 1 } }

    /// The step has ended.
    func end() { state.withLock { $0.running -= 1 } }

    // MARK: - Its one thread

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        state.withLock { $0.jobs.append(job) }
        arrived.signal()
    }

    private enum Next {
        case job(UnownedJob), event(@Sendable () -> Void), database, nothing, endless
    }

    /// Lets everything happen until that time, on a thread of its own.
    func run(until end: Moment) async -> Bool {
        await withCheckedContinuation { (continuation: CheckedContinuation<Bool, Never>) in
            let thread = Thread { [self] in continuation.resume(returning: drive(until: end)) }
            thread.stackSize = 8 << 20
            thread.start()
        }
    }

    private func drive(until end: Moment) -> Bool {
        while true {
            let next: Next = state.withLock { state in
                if !state.jobs.isEmpty { return .job(state.jobs.removeFirst()) }
                if state.running > 0 { return .database }
                guard state.happened < most else { return .endless }
                let index = state.events.indices.min { one, other in
                    let (one, other) = (state.events[one], state.events[other])
                    return (one.at, one.tie) < (other.at, other.tie)
                }
                guard let index, state.events[index].at <= end else {
                    state.now = max(state.now, end)
                    return .nothing
                }
                let event = state.events.remove(at: index)
                state.now = max(state.now, event.at)
                state.happened += 1
                for byte in "\(state.now.milliseconds) \(event.what)".utf8 {
                    state.trace = (state.trace ^ UInt64(byte)) &* 0x100_0000_01B3
                }
                return .event(event.act)
            }
            switch next {
            case .job(let job): job.runSynchronously(on: asUnownedTaskExecutor())
            case .event(let act): act()
            case .database: arrived.wait()
            case .nothing: return true
            case .endless: return false
            }
        }
    }
}

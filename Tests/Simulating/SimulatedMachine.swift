internal import DequeModule
internal import Foundation
package import Outreach
internal import Platform
internal import Synchronization

// A machine whose threads, clock, disk and network are a list of what happens next.
//
// Everything that a simulation runs, runs on one thread: the machine is the executor of its tasks. When no task can go
// on, the earliest thing on the list happens, at its time, and lets one go on. Nothing sleeps, and days pass in
// milliseconds. What takes how long, what fails and who dies is drawn from one generator, so that a number tells a whole
// story and tells the same one again.
//
// The database is the one thing with threads of its own. While it is at a step, the machine runs nothing but that step, so
// that no order of things depends on how long the database takes.

/// Numbers that look like chance and are the same for a seed every time (SplitMix64, Steele, Lea and Flood 2014).
package struct SimulatedChance: RandomNumberGenerator {
    private var state: UInt64

    package init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 0x5851_F42D_4C95_7F2D }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// A number from 0 up to `bound`.
    package mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }

    /// True so many times in a thousand.
    package mutating func happens(_ inThousand: Int) -> Bool { below(1_000) < inThousand }

    /// A length of time between the two.
    package mutating func duration(_ shortest: Duration, _ longest: Duration) -> Duration {
        let span = longest.wholeMilliseconds - shortest.wholeMilliseconds
        return shortest + .milliseconds(Int64(below(Int(max(1, span)))))
    }

    /// A number from 0 up to 1.
    package mutating func share() -> Double { Double(next() >> 11) / Double(1 << 53) }
}

/// Runs the tasks of a simulation on one thread, and lets what happens next happen when none can go on.
package final class SimulatedMachine: TaskExecutor {
    private struct Event {
        var id: UInt64
        var at: Moment
        /// Which of those at the same time comes first.
        var tie: UInt64
        var what: String
        var act: @Sendable () -> Void

        func isBefore(_ other: Event) -> Bool {
            at.milliseconds == other.at.milliseconds ? tie < other.tie : at.milliseconds < other.at.milliseconds
        }
    }

    private struct State {
        var jobs: Deque<UnownedJob> = []
        /// What is to happen, the next last.
        var events: [Event] = []
        var now: Moment
        var ids: UInt64 = 0
        /// How many steps the database is at: one at most, for nothing else runs meanwhile.
        var running = 0
        /// What could have gone on when that step began.
        var held: [UnownedJob] = []
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

    package init(seed: UInt64, start: Moment, isTelling: Bool) {
        state = Mutex(State(now: start, chance: SimulatedChance(seed: seed)))
        self.isTelling = isTelling
    }

    /// The time that it really is, whatever the daemon's clock says.
    package var now: Moment { state.withLock(\.now) }

    /// What tells one story from another: the same for the same.
    package var trace: UInt64 { state.withLock(\.trace) }

    /// What happened, for people.
    package var lines: [String] { state.withLock(\.lines) }

    /// Draws from the one generator.
    package func draw<Value>(_ body: (inout SimulatedChance) -> Value) -> Value { state.withLock { body(&$0.chance) } }

    /// Notes something that happened.
    package func tell(_ line: @autoclosure () -> String) {
        guard isTelling else { return }
        let line = line()
        state.withLock { $0.lines.append("\($0.now) \(line)") }
    }

    /// Has something happen after a while. What it returns calls that off.
    @discardableResult
    package func after(
        _ wait: Duration, _ what: String, _ act: @escaping @Sendable () -> Void
    ) -> @Sendable () -> Void {
        let id = state.withLock { state in
            state.ids += 1
            let event = Event(id: state.ids, at: state.now + wait, tie: state.chance.next(), what: what, act: act)
            var (low, high) = (0, state.events.count)
            while low < high {
                let middle = (low + high) / 2
                if event.isBefore(state.events[middle]) { low = middle + 1 } else { high = middle }
            }
            state.events.insert(event, at: low)
            return state.ids
        }
        return { [self] in
            state.withLock { state in
                if let index = state.events.firstIndex(where: { $0.id == id }) { state.events.remove(at: index) }
            }
        }
    }

    /// The database begins a step.
    package func begin() {
        state.withLock { state in
            state.running += 1
            state.held += state.jobs
            state.jobs = []
        }
    }

    /// The step has ended.
    package func end() {
        state.withLock { state in
            state.running -= 1
            guard state.running == 0 else { return }
            state.jobs += state.held
            state.held = []
        }
    }

    // MARK: - Its one thread

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        state.withLock { $0.jobs.append(job) }
        arrived.signal()
    }

    private enum Next {
        case job(UnownedJob), event(@Sendable () -> Void), database, nothing, endless
    }

    /// Lets everything happen until that time, on a thread of its own.
    package func run(until end: Moment) async -> Bool {
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
                guard let next = state.events.last, next.at <= end else {
                    state.now = max(state.now, end)
                    return .nothing
                }
                let event = state.events.removeLast()
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

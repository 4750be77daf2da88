import Platform
import ServiceLifecycle
import Synchronization

/// Tells open pages that something has changed, so that they fetch themselves again. It carries nothing else: a page
/// that missed one is as good as one that had ten. Where nothing changes nothing wakes up.
final class LookAgain: Service {
    private struct State {
        var streams: [Int: AsyncStream<Void>.Continuation] = [:]
        var next = 0
        var isOver = false
    }

    /// Called when something has changed.
    let wake = Wake()
    private let state = Mutex(State())
    /// The most streams at once.
    static let most = 32
    /// Changes within this time are told once.
    static let pause = Duration.seconds(1)

    /// A stream for one page; nil where there are too many already. `number` closes it.
    func open() -> (number: Int, changes: AsyncStream<Void>)? {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let number = state.withLock { state -> Int? in
            guard !state.isOver, state.streams.count < Self.most else { return nil }
            state.next += 1
            state.streams[state.next] = continuation
            return state.next
        }
        return number.map { ($0, stream) }
    }

    func close(_ number: Int) { state.withLock { $0.streams.removeValue(forKey: number) }?.finish() }

    /// How many are open.
    var count: Int { state.withLock(\.streams.count) }

    /// Tells all open pages.
    func tell() {
        for stream in state.withLock({ Array($0.streams.values) }) { stream.yield() }
    }

    func run() async throws {
        await cancelWhenGracefulShutdown { [self] in
            while !Task.isCancelled {
                // A day, for a wait must end; a call ends it sooner.
                guard await wake.wait(atMost: .seconds(86_400)) else { continue }
                tell()
                try? await Task.sleep(for: Self.pause)
            }
        }
        let streams = state.withLock { state in
            state.isOver = true
            defer { state.streams = [:] }
            return Array(state.streams.values)
        }
        for stream in streams { stream.finish() }
    }
}

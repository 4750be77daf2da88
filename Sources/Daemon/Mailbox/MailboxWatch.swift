import Intake
import Logging
import Outreach
import Platform
import ServiceLifecycle

/// Waits for word of new mail (IMAP's IDLE) and wakes whoever reads the mailbox. The reading finds new mail by its
/// cursor in any case, within a tick: this makes it sooner, and its failures are told by the reading, which meets them
/// too.
struct MailboxWatch: Service {
    let watcher: MailboxWatcher
    /// Wakes the reading.
    let reading: Wake
    /// Lets tests pass the pauses after a failure.
    var sleep: @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }

    /// How long it rests after a failure: twice as long after each, as servers limit how often one logs in.
    static let firstPause = Duration.seconds(15)
    static let longestPause = Duration.minutes(10)

    func run() async throws {
        await cancelWhenGracefulShutdown { await watch() }
        await watcher.close()
    }

    private func watch() async {
        var pause = Self.firstPause
        while !Task.isCancelled {
            do {
                try await watcher.news()
                reading.call()
                pause = Self.firstPause
            } catch is CancellationError { return } catch {
                // The reading meets the same trouble now, and tells of it, rather than at its next tick.
                if pause == Self.firstPause { reading.call() }
                do { try await sleep(pause) } catch { return }
                pause = min(pause * 2, Self.longestPause)
            }
        }
    }
}

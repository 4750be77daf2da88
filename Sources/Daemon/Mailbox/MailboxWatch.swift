import Intake
import Logging
import Outreach
import Platform
import ServiceLifecycle

/// Waits for notice of new mail (IMAP's IDLE) and wakes the loop that reads the mailbox. That loop finds new mail by
/// its cursor anyway, within a tick: this makes it sooner. Failures are reported by the loop, which runs into them too.
struct MailboxWatch: Service {
    let watcher: MailboxWatcher
    /// Wakes the loop that reads the mailbox.
    let reading: Wake
    /// Lets tests skip the pauses after a failure.
    var sleep: @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }

    /// How long it pauses after the first failure; twice as long after each further one, as servers limit logins.
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
                // Makes the loop run into the same trouble and report it now, rather than at its next tick.
                if pause == Self.firstPause { reading.call() }
                do { try await sleep(pause) } catch { return }
                pause = min(pause * 2, Self.longestPause)
            }
        }
    }
}

internal import CSystemd
import Glibc

/// Tells systemd how the service is (sd_notify(3)). Without `$NOTIFY_SOCKET`, as in a terminal, nobody listens and
/// nothing is sent.
///
/// Only the unit's main process is heard, unless NotifyAccess= says otherwise.
public struct SystemdNotifier: Sendable {
    private let send: @Sendable (String) -> Void

    /// Tells the systemd that started this process.
    public init() {
        self.init { state in sd_notify(0, state) }
    }

    /// Tells somebody else, as tests do.
    public init(send: @escaping @Sendable (_ state: String) -> Void) { self.send = send }

    /// The service is up, or done with reloading.
    public func ready(status: String? = nil) { notify(["READY=1"], status) }

    /// The service reads its configuration anew; ``ready(status:)`` must follow, whether the new one is good or not.
    public func reloading(status: String? = nil) {
        // Type=notify-reload matches our answer with its question by this time (systemd.service(5), since 253).
        notify(["RELOADING=1", "MONOTONIC_USEC=\(Self.monotonicMicroseconds())"], status)
    }

    /// The service is on its way down.
    public func stopping(status: String? = nil) { notify(["STOPPING=1"], status) }

    /// One line for `systemctl status`.
    public func status(_ text: String) { notify([], text) }

    /// The service is alive; due at least every ``watchdogInterval``.
    public func watchdog() { notify(["WATCHDOG=1"], nil) }

    /// Starting, reloading or stopping takes this much longer, counted from now.
    public func extendTimeout(by duration: Duration) {
        let (seconds, attoseconds) = duration.components
        notify(["EXTEND_TIMEOUT_USEC=\(max(0, seconds * 1_000_000 + attoseconds / 1_000_000_000_000))"], nil)
    }

    /// How long systemd waits for ``watchdog()`` before it kills the service, from WatchdogSec=; `nil` if it does not
    /// watch this process. Send at half of it.
    public static var watchdogInterval: Duration? {
        var microseconds: UInt64 = 0
        guard sd_watchdog_enabled(0, &microseconds) > 0 else { return nil }
        return .microseconds(Int64(clamping: microseconds))
    }

    private func notify(_ lines: [String], _ status: String?) {
        // A line break in a status would be an assignment of its own.
        send((lines + (status.map { ["STATUS=" + $0.boundedLine(500)] } ?? [])).joined(separator: "\n"))
    }

    private static func monotonicMicroseconds() -> UInt64 {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        return UInt64(now.tv_sec) * 1_000_000 + UInt64(now.tv_nsec) / 1000
    }
}

internal import CSystemd
import Glibc

/// Reports the service's state to systemd (sd_notify(3)). Without `$NOTIFY_SOCKET`, as in a terminal, nothing is sent.
///
/// systemd listens only to the unit's main process, unless NotifyAccess= says otherwise.
public struct SystemdNotifier: Sendable {
    private let send: @Sendable (String) -> Void

    /// Notifies the systemd that started this process.
    public init() {
        self.init { state in sd_notify(0, state) }
    }

    /// Notifies another socket, for tests.
    public init(send: @escaping @Sendable (_ state: String) -> Void) { self.send = send }

    /// The service is up, or has finished reloading.
    public func ready(status: String? = nil) { notify(["READY=1"], status) }

    /// The service is reloading its configuration; ``ready(status:)`` must follow, whether the new one is good or not.
    public func reloading(status: String? = nil) {
        // Type=notify-reload uses this time to match our answer to its request (systemd.service(5), since 253).
        notify(["RELOADING=1", "MONOTONIC_USEC=\(Self.monotonicMicroseconds())"], status)
    }

    /// The service is shutting down.
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
        // A line break in a status would start another assignment.
        send((lines + (status.map { ["STATUS=" + $0.boundedLine(500)] } ?? [])).joined(separator: "\n"))
    }

    private static func monotonicMicroseconds() -> UInt64 {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        return UInt64(now.tv_sec) * 1_000_000 + UInt64(now.tv_nsec) / 1000
    }
}

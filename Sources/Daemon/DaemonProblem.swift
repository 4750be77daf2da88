/// Why the daemon cannot start.
package struct DaemonProblem: Error {
    /// The exit status in that case.
    package enum Status: Sendable {
        /// Something in the environment: a later start may succeed.
        case fault
        /// The configuration: no start succeeds before somebody has changed it.
        case configuration
    }

    package var line: Line
    package var reason: String
    package var status: Status
}

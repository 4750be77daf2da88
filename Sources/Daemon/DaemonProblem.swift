/// Why the daemon cannot start.
package struct DaemonProblem: Error {
    /// How the program ends then.
    package enum Status: Sendable {
        /// Something around us: a start may go well later.
        case fault
        /// The configuration: no start goes well before somebody has changed it.
        case configuration
    }

    package var line: Line
    package var reason: String
    package var status: Status
}

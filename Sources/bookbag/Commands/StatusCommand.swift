import ArgumentParser
import Daemon
import Delivery
import Foundation
import Store

/// `bookbag status`: the daemon's state, from its store.
struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show how far each shop has been read, what waits, and what is closed.",
        discussion: """
            The last lines say what needs a person, and how to fix it. Exits with status 1 if something is stuck until then: a \
            shop or a channel that refuses access, a store that cannot be written, a clock that cannot be trusted. \
            docs/operations.md explains each line.

            EXAMPLE
              bookbag status --config /etc/bookbag/bookbag.yaml
            """)

    @OptionGroup var options: CommandOptions
    @Flag(help: "Print JSON.") var json = false

    func run() async throws {
        let store = try options.store()
        let report = try await StatusReport(
            store, named: options.shopsNamed(), now: DaemonClock.system(), hasDaemon: store.hasDaemon)
        print(json ? try report.json() : report.text)
        if report.isUrgent { throw ExitStatus.fault }
    }
}

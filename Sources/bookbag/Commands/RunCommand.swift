import ArgumentParser
import Daemon
import Foundation
import Logging
import Outreach
import Platform
import Store
import Web

/// `bookbag run`: the daemon.
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Run the daemon.",
        discussion: """
            SIGHUP reads the trigger files and templates again; SIGTERM finishes what is in flight within 20 seconds and loses nothing.
            Exits with status 78 if the configuration is wrong.

            EXAMPLE
              bookbag run --config /etc/bookbag/bookbag.yaml
            """)

    @OptionGroup var options: CommandOptions
    @Flag(help: "Log more: how decisions were made.") var verbose = false

    func run() async throws {
        // Until reloading works, a request to reload must not kill the process.
        signal(SIGHUP, SIG_IGN)
        bootstrapLogging(level: verbose ? .debug : .info)
        let logger = Logger(label: "bookbag")
        let configuration = try options.configuration(needsPeople: false) { fault in
            logger.log(Line.configuration, ["file": "\(options.config)", "reason": "\(fault)"])
        }
        do {
            let shops = configuration.shops.map(\.domain)
            let process = DaemonProcess(configuration: configuration, logger: logger) { core in
                try WebServices.all(core) {
                    core.configuration.peopleFile.map { PeopleReader.read(file: $0, shops: shops) } ?? (nil, [])
                }
            }
            try await process.run()
        } catch let problem as DaemonProblem {
            logger.log(problem.line, ["reason": "\(problem.reason)"])
            switch problem.status {
            case .fault: throw ExitStatus.fault
            case .configuration: throw ExitStatus.configuration
            }
        } catch let failure as StoreFailure {
            logger.log(Line.storeFailed, ["reason": "\(failure)"])
            throw ExitStatus.fault
        }
    }
}

import ArgumentParser
import Daemon
import Platform

/// `bookbag doctor`: does everything outside work?
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Check access to the shop and the relay, and say how to fix any problem.",
        discussion: """
            Reads the configuration, the store and the trigger files; asks each shop for its identity, the app's scopes and its \
            API versions; logs in to each relay; asks the model of 'understanding:' a plain question. It contacts no carrier and no webhook: 'bookbag track' asks a carrier, and \
            only a real message tests a webhook. Nothing is sent or changed. Exits with status 1 if something has to be fixed.

            EXAMPLE
              bookbag doctor --config /etc/bookbag/bookbag.yaml
            """)

    @OptionGroup var options: CommandOptions
    @Flag(help: "Print JSON.") var json = false

    func run() async throws {
        let configuration = try options.configuration()
        let engine = TransferEngine()
        let report = await DoctorReport(of: configuration, over: DoctorReach(engine))
        await engine.shutdown(within: .seconds(1))
        print(json ? try report.json() : report.text)
        if report.isBroken { throw ExitStatus.fault }
    }
}

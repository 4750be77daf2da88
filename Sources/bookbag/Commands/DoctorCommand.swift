import ArgumentParser
import Daemon
import Platform

/// `bookbag doctor`: does everything outside work?
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Ask the shop and the relay whether they would let Bookbag work, and say how to fix what is wrong.",
        discussion: """
            Reads the configuration, the store and the trigger files; asks each shop who it is, what the app may read and which versions it speaks; logs in to \
            each relay. Carriers and webhooks are not asked: 'bookbag track' asks a carrier, and only a real message shows what a webhook says. Nothing is sent and \
            nothing is changed. Ends with status 1 when something has to be fixed.

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

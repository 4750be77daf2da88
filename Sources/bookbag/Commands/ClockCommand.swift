import ArgumentParser
import Daemon
import Outreach
import Store

/// `bookbag clock`: compares the newest time in the store with our clock.
struct ClockCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "clock", abstract: "Compare the clock with what was written last, and settle it by hand.",
        discussion: """
            A clock that is behind what was written last was set back, or once ran ahead. Nothing is decided or sent until it is known which: the daemon asks \
            Shopify's clock by itself, and 'clock accept' says so where no shop can be reached. Nothing that was decided changes.

            EXAMPLES
              bookbag clock
              bookbag clock accept
            """, subcommands: [AcceptCommand.self])

    @OptionGroup var options: CommandOptions

    func run() async throws {
        let last = try await options.store().lastMoment()
        let now = DaemonClock.system()
        print("The clock says      \(now)")
        print("Last written        \(last)")
        guard last > now else { return }
        print("The clock is behind what was written. If it is right, run 'bookbag clock accept'; else set it.")
        throw ExitStatus.fault
    }

    /// `bookbag clock accept`.
    struct AcceptCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "accept", abstract: "The clock is right now: go on from the present moment.",
            discussion: "The daemon goes on within seconds.\n\nEXAMPLE\n  bookbag clock accept")

        @OptionGroup var options: CommandOptions

        func run() async throws {
            let now = DaemonClock.system()
            guard let before = try await options.store().putClockBack(to: now) else {
                print("The clock is not behind what was written. Nothing to do.")
                return
            }
            print("What was written last is put back from \(before) to \(now). The daemon goes on within seconds.")
        }
    }
}

import ArgumentParser
import Daemon
import Outreach
import Store

/// `bookbag clock`: compares the newest time in the store with our clock.
struct ClockCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "clock", abstract: "Compare the clock with the newest time in the store, or accept it as right.",
        discussion: """
            If the clock is behind the newest time in the store, it was set back, or once ran ahead. Nothing is decided or \
            sent until it is known which: the daemon itself compares it with Shopify's clock, and 'clock accept' settles it if \
            no shop can be reached. No decision changes.

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
        print("The clock is behind the store. If it is right, run 'bookbag clock accept'; otherwise set it.")
        throw ExitStatus.fault
    }

    /// `bookbag clock accept`.
    struct AcceptCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "accept", abstract: "Accept the clock as right, and continue from the present.",
            discussion: "The daemon continues within seconds.\n\nEXAMPLE\n  bookbag clock accept")

        @OptionGroup var options: CommandOptions

        func run() async throws {
            let now = DaemonClock.system()
            guard let before = try await options.store().putClockBack(to: now) else {
                print("The clock is not behind the store. Nothing to do.")
                return
            }
            print("The store's newest time was \(before) and is now \(now). The daemon continues within seconds.")
        }
    }
}

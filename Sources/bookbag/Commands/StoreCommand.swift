import ArgumentParser
import Daemon
import Foundation
import Outreach
import Store

/// `bookbag store`: moves the store.
struct StoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "store", abstract: "Move the store to a PostgreSQL server.",
        subcommands: [CopyCommand.self])

    /// `bookbag store copy`: copies a store in a file to a server.
    struct CopyCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "copy", abstract: "Copy the store in its file to an empty PostgreSQL database.",
            discussion: """
                Stop the daemon first. Every table is compared after it was copied; then the file is marked, and refuses to be \
                opened, so that two daemons never send the same. If anything fails, nothing is changed. docs/scale.md says \
                when to move, and what else there is to do.

                EXAMPLE
                  bookbag store copy --to 'postgresql://bookbag@db.example/bookbag?sslmode=verify-full' \
                --password credential:store_password
                """)

        @OptionGroup var options: CommandOptions
        @Option(help: "The database: postgresql://USER@HOST/DATABASE?sslmode=verify-full") var to: String
        @Option(help: "The password, as store_password names it: credential:NAME, env:NAME or file:PATH.")
        var password: String?

        func run() async throws {
            let (source, state) = try options.storePlace()
            guard !source.isServer else {
                throw ValidationError("the store of \(options.config) is at a server already")
            }
            if let fault = StorePlace.fault(in: to) { throw ValidationError("\(fault.message); \(fault.hint)") }
            let folder = URL(fileURLWithPath: options.config).deletingLastPathComponent().path
            let target = StorePlace(path: to, password: try options.password(password, in: folder))
            if FileManager.default.fileExists(atPath: state) { try ServiceUser.become(for: state) }
            do throws(StoreFailure) {
                // As the daemon does, so that none can run meanwhile.
                let store = try Store.open(
                    source, role: .daemon, create: false, who: "bookbag store copy", now: DaemonClock.system())
                let copied = try await store.copy(to: target)
                try store.close()
                print("Copied \(copied.rows) rows of \(copied.tables) tables to \(target); all are the same there.")
                print("\(source) refuses to be opened from now on. Write into \(options.config), and start the daemon:")
                print("  store: \(to)")
                if let password { print("  store_password: \(password)") }
            } catch {
                complain("\(error)")
                throw ExitStatus.fault
            }
        }
    }
}

import ArgumentParser
import Daemon
import Foundation
import Outreach
import Store

/// `bookbag store`: move the store to another machine, or to a server.
struct StoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "store", abstract: "Move the store to another machine, or to a PostgreSQL server.",
        subcommands: [Pack.self, Unpack.self, Copy.self])

    /// `bookbag store pack`.
    struct Pack: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "pack", abstract: "Pack the store into one file, to go on on another machine.",
            discussion: """
                The daemon must be stopped. The store is marked before it is packed, and runs no more: two of one store \
                would tell shoppers everything twice.

                EXAMPLE
                  systemctl stop bookbag && bookbag store pack /var/tmp/bookbag.pack
                """)

        @OptionGroup var options: CommandOptions
        @Argument(help: "The new file.", completion: .file()) var file: String

        func run() async throws {
            let path = try options.storePath()
            try ServiceUser.become(for: URL(fileURLWithPath: path).deletingLastPathComponent().path)
            try await orFault {
                let now = DaemonClock.system()
                let store = try Store.open(
                    path: path, role: .packing, create: false, who: "bookbag store pack", now: now)
                try await store.pack(to: URL(fileURLWithPath: file).path, now: now)
                try store.close()
            }
            print(
                """
                Wrote \(file), \(sizeInKiB(file)) KiB. \(path) runs no more. On the other machine, copy the file there, then:
                  bookbag store unpack \(URL(fileURLWithPath: file).lastPathComponent) && systemctl start bookbag
                """)
        }
    }

    /// `bookbag store unpack`.
    struct Unpack: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "unpack", abstract: "Unpack a store that was packed on another machine.",
            discussion: """
                The store goes where bookbag.yaml says ('state:'). There must be none yet. The daemon then goes on where \
                the one on the other machine stopped.

                EXAMPLE
                  bookbag store unpack /var/tmp/bookbag.pack && systemctl start bookbag
                """)

        @OptionGroup var options: CommandOptions
        @Argument(help: "The packed file.", completion: .file()) var file: String

        func run() async throws {
            let configuration = try options.configuration(withSecrets: false, needsPeople: false)
            guard configuration.server == nil else {
                throw ValidationError("the store of \(options.config) is at a server; take 'store:' out of it first")
            }
            let path = configuration.store.path
            try FileManager.default.createDirectory(
                atPath: configuration.state, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            let isMarked = try await orFault {
                try await Store.unpack(URL(fileURLWithPath: file).path, to: path, now: DaemonClock.system())
            }
            print("Unpacked \(file) to \(path), \(sizeInKiB(path)) KiB. Now start the daemon: systemctl start bookbag")
            if !isMarked {
                complain("\(file) could not be marked as unpacked. Delete it, so that nobody unpacks it a second time.")
            }
        }
    }

    /// `bookbag store copy`: copies a store in a file to a server.
    struct Copy: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "copy", abstract: "Copy the store in its file to an empty PostgreSQL database.",
            discussion: """
                Stop the daemon first. Every table is compared after it was copied; then the file is marked, and no daemon \
                runs on it any more, so that no two send the same. If anything fails, nothing is changed. docs/scale.md says \
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
            try await orFault {
                let now = DaemonClock.system()
                let store = try Store.open(
                    source, role: .packing, create: false, who: "bookbag store copy", now: now)
                let copied = try await store.copy(to: target, now: now)
                try store.close()
                print("Copied \(copied.rows) rows of \(copied.tables) tables to \(target); all are the same there.")
                print("\(source) runs no more. Write into \(options.config), and start the daemon:")
                print("  store: \(to)")
                if let password { print("  store_password: \(password)") }
            }
        }
    }
}

/// Tells what a store's failure says, and ends with status 1.
private func orFault<Value>(_ body: () async throws -> Value) async throws -> Value {
    do {
        return try await body()
    } catch let failure as StoreFailure {
        complain("\(failure)")
        throw ExitStatus.fault
    }
}

private func sizeInKiB(_ file: String) -> Int {
    ((try? FileManager.default.attributesOfItem(atPath: file)[.size] as? Int) ?? 0) / 1024
}

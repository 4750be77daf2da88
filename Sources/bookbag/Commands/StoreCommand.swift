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
            commandName: "pack", abstract: "Pack a shop's machine into one file, to go on on another machine.",
            discussion: """
                The file has the store, bookbag.yaml, people.yaml and the trigger folders; the secrets only with \
                --with-credentials, else they are listed by name. It is a tar archive: 'tar tvf' lists it. The daemon must be \
                stopped. The store is marked before it is packed, and runs no more: two of one store would tell shoppers \
                everything twice. 'store pack --undo' lets it run here again; the file is then good for nothing.

                EXAMPLE
                  systemctl stop bookbag && bookbag store pack /var/tmp/bookbag.pack
                """)

        @OptionGroup var options: CommandOptions
        @Argument(help: "The new file.", completion: .file()) var file: String?
        @Flag(help: "Pack the store alone, for a machine that has its own bookbag.yaml and trigger files.")
        var storeOnly = false
        @Flag(help: "Pack the credentials that bookbag.yaml names as well. The file is then as secret as they are.")
        var withCredentials = false
        @Flag(
            help: "Let the packed store run here again. The packed file is marked, and no copy of it may be unpacked.")
        var undo = false

        func validate() throws {
            if undo, file != nil { throw ValidationError("--undo takes no file: the store knows where it was packed") }
            if !undo, file == nil { throw ValidationError("name the new file: bookbag store pack FILE") }
            if storeOnly, withCredentials { throw ValidationError("--store-only packs no credentials") }
        }

        func run() async throws {
            try await run(becoming: ServiceUser.become, say: { print($0) })
        }

        /// - Parameters:
        ///   - become: is given the folder of the store once root is needed no more.
        ///   - say: receives what is printed.
        func run(becoming become: (String) throws -> Void, say: (String) -> Void) async throws {
            let (place, state) = try options.storePlace()
            guard !place.isServer else {
                throw ValidationError(
                    "the store of \(options.config) is at a server, and nothing has to be packed: copy \(options.config) and the trigger folders to the other machine, and start the daemon there"
                )
            }
            if undo { return try await takeBack(place.path, state: state, become, say: say) }
            let target = URL(fileURLWithPath: file ?? "").path
            var files: ShopPack.Files = []
            var secrets: [String] = []
            if !storeOnly {
                let configuration = try options.configuration(withSecrets: false, needsPeople: false, asOneself: true)
                let folder = URL(fileURLWithPath: options.config).deletingLastPathComponent().path
                let credentials =
                    ProcessInfo.processInfo.environment["CREDENTIALS_DIRECTORY"] ?? folder + "/credentials"
                files = try orFault {
                    try ShopPack.files(
                        of: configuration, at: options.config, credentials: withCredentials ? credentials : nil,
                        skipped: { complain("\($0) is no plain file, and is not packed.") })
                }
                secrets = ShopPack.secrets(in: String(decoding: files[0].bytes, as: UTF8.self))
                if withCredentials { secrets.removeAll { $0.hasPrefix("credential:") } }
            }
            try become(state)
            try await orFault {
                let now = DaemonClock.system()
                let store = try Store.open(
                    path: place.path, role: .packing, create: false, who: "bookbag store pack", now: now)
                let descriptor = open(target, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
                guard descriptor >= 0 else {
                    if errno == EEXIST {
                        throw StoreFailure(.misuse, "\(target) exists. Name a new file, or move that one away.")
                    }
                    throw StoreFailure(writing: target)
                }
                defer { close(descriptor) }
                // The store's copy lies beside the pack until it is in it.
                let copy = target + ".store"
                unlink(copy)
                defer { unlink(copy) }
                do {
                    try await store.pack(to: copy, as: target, now: now) { () throws(StoreFailure) in
                        try ShopPack.write(to: descriptor, files, secrets: secrets, copy: copy, now: now)
                    }
                } catch {
                    unlink(target)
                    throw error
                }
                try store.close()
            }
            let count = files.count { $0.name.hasPrefix("triggers/") }
            let parts = storeOnly ? "the store alone" : "the store, \(options.config) and \(count) trigger files"
            say("Wrote \(target), \(sizeInKiB(target)) KiB: \(parts).")
            say("\(place.path) runs no more; 'bookbag store pack --undo' takes that back.")
            if !secrets.isEmpty { say("Not in it: \(secrets.joined(separator: ", "))") }
            say(
                """
                On the other machine, copy the file there, then:
                  bookbag store unpack \(URL(fileURLWithPath: target).lastPathComponent) && systemctl start bookbag
                """)
        }

        private func takeBack(
            _ path: String, state: String, _ become: (String) throws -> Void, say: (String) -> Void
        ) async throws {
            try become(state)
            try await orFault {
                let now = DaemonClock.system()
                let store = try Store.open(
                    path: path, role: .packing, create: false, who: "bookbag store pack", now: now)
                // The pack is made useless first. Where it is gone or was unpacked, nobody knows what was told meanwhile.
                let packed = try await store.packed()
                let isUnused = packed.map { Self.isTakenBack($0.file, now: now) } ?? false
                try await store.undoPacking(asBackup: !isUnused)
                try store.close()
                say("\(path) runs here again. Start the daemon: systemctl start bookbag")
                if let packed {
                    say(
                        isUnused
                            ? "\(packed.file) can be unpacked no more. Delete it and all copies of it."
                            : "\(packed.file) is not there, or was unpacked: if it is at work, stop that now. What happened since \(packed.at.iso8601) is learned in silence, as with a restored backup."
                    )
                }
            }
        }

        /// Marks a pack that was never unpacked; false if that is not sure.
        private static func isTakenBack(_ file: String, now: Moment) -> Bool {
            let descriptor = open(file, O_RDWR | O_CLOEXEC | O_NOFOLLOW)
            guard descriptor >= 0 else { return false }
            defer { close(descriptor) }
            guard let archive = try? TarFile(descriptor, called: file), let mark = ShopPack.mark(of: archive) else {
                return false
            }
            if mark.hasPrefix(ShopPack.undone) { return true }
            return mark == ShopPack.unused
                && ShopPack.mark(
                    descriptor, in: archive, "\(ShopPack.undone) on \(now.iso8601): the store runs where it was packed")
        }
    }

    /// `bookbag store unpack`.
    struct Unpack: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "unpack", abstract: "Unpack a shop's machine that was packed on another one.",
            discussion: """
                bookbag.yaml goes where --config says, the trigger folders and the store where bookbag.yaml says. All of the \
                file is checked before anything is written, and nothing that is there is overwritten: move the shipped trigger \
                files away first. The daemon then goes on where the one on the other machine stopped.

                EXAMPLE
                  mv /etc/bookbag/triggers /etc/bookbag/triggers.shipped
                  bookbag store unpack /var/tmp/bookbag.pack && systemctl start bookbag
                """)

        @OptionGroup var options: CommandOptions
        @Argument(help: "The packed file.", completion: .file()) var file: String
        @Flag(help: "Unpack the store alone: bookbag.yaml and the trigger files of this machine hold.")
        var storeOnly = false

        func run() async throws {
            try await run(becoming: ServiceUser.become, say: { print($0) })
        }

        /// - Parameters:
        ///   - become: is given the folder of the store once root is needed no more.
        ///   - say: receives what is printed.
        func run(becoming become: (String) throws -> Void, say: (String) -> Void) async throws {
            let file = URL(fileURLWithPath: file).path
            var descriptor = open(file, O_RDWR | O_CLOEXEC)
            if descriptor < 0 { descriptor = open(file, O_RDONLY | O_CLOEXEC) }
            guard descriptor >= 0 else {
                complain("\(file) cannot be read: \(String(cString: strerror(errno))).")
                throw ExitStatus.fault
            }
            defer { close(descriptor) }
            let pack = try orFault { try ShopPack.open(descriptor, called: file) }
            let path = URL(fileURLWithPath: options.config).path
            let packed = try orFault { try pack.bytes(ShopPack.configurationName) }
            let configuration: Configuration
            if let packed, !storeOnly {
                configuration = try read(packed, at: path)
            } else {
                configuration = try options.configuration(withSecrets: false, needsPeople: false, asOneself: true)
            }
            guard configuration.server == nil else {
                throw ValidationError("the store of \(options.config) is at a server; take 'store:' out of it first")
            }
            let store = configuration.store.path
            var places: [String: String] = [:]
            try orFault {
                if Store.isAtWork(store) == true {
                    throw StoreFailure(.locked, "A daemon works on \(store). Stop it first: systemctl stop bookbag")
                }
                for file in [store, store + "-wal", store + "-shm"] where access(file, F_OK) == 0 {
                    throw StoreFailure(
                        .misuse,
                        "\(file) exists. Stop bookbag and move the store that is there away, with all its files.")
                }
                if packed != nil, !storeOnly {
                    let isOwn = FileManager.default.contents(atPath: path).map { [UInt8]($0) } == packed
                    places = try ShopPack.places(
                        of: pack, configuration: configuration, at: path, isOwn: isOwn,
                        usualState: usualState)
                    let others = try ShopPack.conflicts(pack, places: places, configuration: configuration)
                    guard others.isEmpty else {
                        let shown = others.prefix(10).joined(separator: "\n  ")
                        throw StoreFailure(
                            .misuse,
                            """
                            \(others.count) files are in the way: they differ from those in the pack, or it does not have them. Move \
                            them away, or take the store alone with --store-only. Nothing was unpacked.
                              \(shown)\(others.count > 10 ? "\n  …" : "")
                            """)
                    }
                }
                try ShopPack.write(pack, places: places)
            }
            try become(configuration.state)
            try FileManager.default.createDirectory(
                atPath: configuration.state, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            try await orFault {
                let part = store + ".packed"
                defer { unlink(part) }
                try ShopPack.writeStore(pack, to: part)
                _ = try await Store.unpack(part, to: store, now: DaemonClock.system())
            }
            let now = DaemonClock.system()
            let isMarked = ShopPack.mark(
                descriptor, in: pack.archive, "was moved to \(store) on \(now.iso8601)")
            say("Unpacked \(file) to \(store), \(sizeInKiB(store)) KiB, and \(places.count) other files.")
            if !pack.manifest.secrets.isEmpty {
                say("Not in it, and needed here: \(pack.manifest.secrets.joined(separator: ", "))")
            }
            say("Check it, and start the daemon: bookbag doctor && systemctl start bookbag")
            if !isMarked {
                complain("\(file) could not be marked as unpacked. Delete it, so that nobody unpacks it a second time.")
            }
        }

        private var usualState: String {
            ProcessInfo.processInfo.environment["STATE_DIRECTORY"] ?? "/var/lib/bookbag"
        }

        /// What a packed bookbag.yaml says here. Its secrets may be missing yet.
        private func read(_ bytes: [UInt8], at path: String) throws -> Configuration {
            do {
                return try ConfigurationReader.read(
                    String(decoding: bytes, as: UTF8.self), file: "bookbag.yaml in \(file)",
                    surroundings: ConfigurationReader.Surroundings(
                        secrets: SecretSource(credentials: nil, environment: [:], isNeeded: false),
                        stateDirectory: usualState, folder: URL(fileURLWithPath: path).deletingLastPathComponent().path)
                )
            } catch {
                for fault in error.faults { complain(fault.description) }
                throw ExitStatus.configuration
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
private func orFault<Value>(_ body: () throws -> Value) throws -> Value {
    do {
        return try body()
    } catch let failure as StoreFailure {
        complain("\(failure)")
        throw ExitStatus.fault
    }
}

/// The same of what takes its time.
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

import ArgumentParser
import Daemon
import Foundation
import Outreach
import Store
import Testing

@testable import bookbag

private let t0 = Moment(milliseconds: 1_780_000_000_000)

/// Two machines: a folder each, with the configuration in `etc` and the store in `etc/state`.
private final class Machines {
    let path = NSTemporaryDirectory() + "pack-\(UUID().uuidString)"
    var pack: String { path + "/bookbag.pack" }

    init() throws {
        for machine in ["old", "new"] {
            try FileManager.default.createDirectory(
                atPath: "\(path)/\(machine)/etc/state", withIntermediateDirectories: true)
        }
        try write(
            """
            state: state
            shops:
              - domain: juniperfig.myshopify.com
                token: credential:shopify-token
            smtp:
              url: smtp://relay.example:587
              username: bookbag
              password: credential:smtp-password
            """, "old/etc/bookbag.yaml")
        try write("brand: Juniper & Fig", "old/etc/triggers/shop.yaml")
        try write("Hello {{ customer.first_name }}", "old/etc/triggers/templates/note.md")
        try write("secret", "old/etc/triggers/.editor-swap")
        try write("s3cret", "old/etc/credentials/shopify-token")
        try write("s4cret", "old/etc/credentials/smtp-password")
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ text: String, _ file: String) throws {
        let url = URL(fileURLWithPath: "\(path)/\(file)")
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: url.path)
    }

    func text(_ file: String) -> String? { try? String(contentsOfFile: "\(path)/\(file)", encoding: .utf8) }

    func config(_ machine: String) -> String { "\(path)/\(machine)/etc/bookbag.yaml" }

    func store(_ machine: String) -> String { "\(path)/\(machine)/etc/state/bookbag.db" }

    func makeStore() async throws {
        let store = try Store.open(path: store("old"), role: .daemon, now: t0)
        _ = try await store.openShop("juniperfig.myshopify.com", now: t0)
        try store.close()
    }

    @discardableResult
    func pack(_ more: String...) async throws -> String {
        var said = ""
        let command = try StoreCommand.Pack.parse(["--config", config("old")] + more)
        try await command.run(becoming: { _ in }, say: { said += $0 + "\n" })
        return said
    }

    @discardableResult
    func unpack(_ more: String..., from file: String? = nil) async throws -> String {
        var said = ""
        let command = try StoreCommand.Unpack.parse(["--config", config("new"), file ?? pack] + more)
        try await command.run(becoming: { _ in }, say: { said += $0 + "\n" })
        return said
    }

    /// Whether a daemon could start, and the store is as it was: no backup.
    func opens(_ machine: String) async throws -> Bool {
        do {
            let store = try Store.open(path: store(machine), role: .daemon, now: t0)
            let isBackup = try await store.status(now: t0).restoredFrom != nil
            try store.close()
            return !isBackup
        } catch {
            #expect(error.cause == .moved)
            return false
        }
    }

    func isEmpty(_ machine: String) -> Bool {
        (try? FileManager.default.subpathsOfDirectory(atPath: "\(path)/\(machine)")) == ["etc", "etc/state"]
    }
}

private func fails(_ status: ExitCode = ExitStatus.fault, _ body: () async throws -> Void) async -> Bool {
    do {
        try await body()
        return false
    } catch let code as ExitCode { return code == status } catch { return error is ValidationError }
}

@Suite("A shop's machine is packed into one file") struct StorePackTests {
    @Test("it goes on on the other machine with its configuration and trigger files, and without its secrets")
    func moves() async throws {
        let machines = try Machines()
        try await machines.makeStore()
        let said = try await machines.pack(machines.pack)
        #expect(said.contains("credential:shopify-token, credential:smtp-password") && said.contains("--undo"))
        #expect(
            try FileManager.default.attributesOfItem(atPath: machines.pack)[.posixPermissions] as? Int == 0o600)
        #expect(!FileManager.default.fileExists(atPath: machines.pack + ".store"))
        let bytes = try Data(contentsOf: URL(fileURLWithPath: machines.pack))
        #expect(bytes.range(of: Data("s3cret".utf8)) == nil && bytes.range(of: Data("editor-swap".utf8)) == nil)
        #expect(try await !machines.opens("old"), "the old store refuses to run")

        let told = try await machines.unpack()
        #expect(told.contains("systemctl start bookbag") && told.contains("credential:smtp-password"))
        #expect(machines.text("new/etc/bookbag.yaml") == machines.text("old/etc/bookbag.yaml"))
        #expect(machines.text("new/etc/triggers/templates/note.md") == "Hello {{ customer.first_name }}")
        #expect(machines.text("new/etc/credentials/shopify-token") == nil)
        #expect(try await machines.opens("new"))
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: machines.path + "/new/etc/triggers").sorted()
                == ["shop.yaml", "templates"])

        try FileManager.default.removeItem(atPath: machines.path + "/new/etc/state")
        #expect(await fails { try await machines.unpack() }, "a pack is unpacked once")
    }

    @Test("GNU tar reads it")
    func tar() async throws {
        let machines = try Machines()
        try await machines.makeStore()
        try await machines.pack(machines.pack)
        let tar = Process()
        tar.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        tar.arguments = ["tar", "tf", machines.pack]
        let pipe = Pipe()
        tar.standardOutput = pipe
        try tar.run()
        let listed = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        tar.waitUntilExit()
        #expect(tar.terminationStatus == 0)
        #expect(
            listed.split(separator: "\n") == [
                "bookbag-pack.json", "used", "bookbag.yaml", "triggers/0/shop.yaml", "triggers/0/templates/note.md",
                "bookbag.db",
            ])
    }

    @Test("secrets are packed only if asked for, and lie where root alone reads them")
    func secrets() async throws {
        let machines = try Machines()
        try await machines.makeStore()
        #expect(try await !machines.pack(machines.pack, "--with-credentials").contains("Not in it"))
        try await machines.unpack()
        #expect(machines.text("new/etc/credentials/smtp-password") == "s4cret")
        let mode = try FileManager.default.attributesOfItem(
            atPath: machines.path + "/new/etc/credentials/smtp-password")[.posixPermissions]
        #expect(mode as? Int == 0o600)
    }

    @Test("nothing that is there is overwritten, and nothing is unpacked then")
    func overwrites() async throws {
        let machines = try Machines()
        try await machines.makeStore()
        try await machines.pack(machines.pack)
        // A trigger of this machine that the pack does not have would be in force as well.
        try machines.write("on: order.placed", "new/etc/triggers/shipped.yaml")
        #expect(await fails { try await machines.unpack() })
        #expect(machines.text("new/etc/bookbag.yaml") == nil)
        try FileManager.default.removeItem(atPath: machines.path + "/new/etc/triggers")
        try machines.write("state: state\nshops: []", "new/etc/bookbag.yaml")
        #expect(await fails { try await machines.unpack() })
        #expect(!FileManager.default.fileExists(atPath: machines.store("new")))
        try FileManager.default.removeItem(atPath: machines.path + "/new/etc/bookbag.yaml")
        try machines.write("", "new/etc/state/bookbag.db")
        #expect(await fails { try await machines.unpack() })
        #expect(machines.text("new/etc/bookbag.yaml") == nil)
        try FileManager.default.removeItem(atPath: machines.store("new"))
        // What is the same is in nobody's way.
        try machines.write(try #require(machines.text("old/etc/bookbag.yaml")), "new/etc/bookbag.yaml")
        try await machines.unpack()
        #expect(try await machines.opens("new"))
    }

    @Test("the store alone goes to a machine with a configuration of its own")
    func storeOnly() async throws {
        let machines = try Machines()
        try await machines.makeStore()
        try await machines.pack(machines.pack)
        let own = try #require(machines.text("old/etc/bookbag.yaml")) + "\n# of this machine\n"
        try machines.write(own, "new/etc/bookbag.yaml")
        try await machines.unpack("--store-only")
        #expect(machines.text("new/etc/bookbag.yaml") == own && machines.text("new/etc/triggers/shop.yaml") == nil)
        #expect(try await machines.opens("new"))
    }

    @Test("undone, it runs here as it was, and the pack is good for nothing")
    func undone() async throws {
        let machines = try Machines()
        try await machines.makeStore()
        try await machines.pack(machines.pack)
        try await machines.pack("--undo")
        #expect(try await machines.opens("old"))
        #expect(await fails { try await machines.unpack() })
        #expect(machines.isEmpty("new"))
        #expect(await fails { try await machines.pack("--undo") }, "there is nothing to undo")
    }

    @Test(
        "undone after the pack was unpacked or went away, the store is a backup of that moment",
        arguments: [true, false])
    func undoneLate(_ wasUnpacked: Bool) async throws {
        let machines = try Machines()
        try await machines.makeStore()
        try await machines.pack(machines.pack)
        if wasUnpacked {
            try await machines.unpack()
        } else {
            try FileManager.default.removeItem(atPath: machines.pack)
        }
        #expect(try await machines.pack("--undo").contains("learned in silence"))
        let store = try Store.open(path: machines.store("old"), role: .daemon, now: t0)
        #expect(try await store.status(now: t0).restoredFrom != nil)
        try store.close()
    }

    @Test("a pack that cannot be written leaves the store at work")
    func cannot() async throws {
        let machines = try Machines()
        try await machines.makeStore()
        try machines.write("", "bookbag.pack")
        #expect(await fails { try await machines.pack(machines.pack) })
        #expect(machines.text("bookbag.pack") == "", "what was there is not ours to delete")
        #expect(await fails { try await machines.pack(machines.path + "/none/bookbag.pack") })
        #expect(try await machines.opens("old"))
    }

    @Test("every byte that changed is found before anything is touched")
    func damaged() async throws {
        let machines = try Machines()
        try await machines.makeStore()
        try await machines.pack(machines.pack)
        let whole = try [UInt8](Data(contentsOf: URL(fileURLWithPath: machines.pack)))
        var random = SystemRandomNumberGenerator()
        let other = machines.path + "/damaged.pack"
        for turn in 0..<60 {
            var bytes = whole
            if turn.isMultiple(of: 3) {
                bytes.removeLast(Int.random(in: 2_000..<whole.count, using: &random))
            } else {
                // Within the files at the beginning, then anywhere but in the padding at the end.
                let place = Int.random(in: 0..<(turn.isMultiple(of: 2) ? 6_000 : whole.count - 1_024), using: &random)
                bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            }
            try Data(bytes).write(to: URL(fileURLWithPath: other))
            let descriptor = Glibc.open(other, O_RDONLY)
            defer { close(descriptor) }
            if let pack = try? ShopPack.open(descriptor, called: other) {
                // Only what no part holds may differ: padding, and a header's fields that are not used.
                for (name, part) in pack.manifest.parts { #expect(pack.archive[name]?.size == part.size) }
                #expect(pack.manifest.version <= ShopPack.version)
                #expect(try pack.bytes("bookbag.yaml") == Array(Data(machines.text("old/etc/bookbag.yaml")!.utf8)))
            }
        }
        #expect(machines.isEmpty("new"))
    }

    /// An archive with such parts, made as `TarWriter` makes it.
    private func archive(_ file: String, _ parts: [(String, [UInt8])], change: (inout [UInt8]) -> Void = { _ in })
        throws
    {
        unlink(file)
        let descriptor = Glibc.open(file, O_RDWR | O_CREAT | O_EXCL, 0o600)
        defer { close(descriptor) }
        let writer = TarWriter(descriptor)
        for (name, bytes) in parts { try writer.add(name, bytes, at: t0) }
        try writer.finish()
        var bytes = try [UInt8](Data(contentsOf: URL(fileURLWithPath: file)))
        change(&bytes)
        try Data(bytes).write(to: URL(fileURLWithPath: file))
    }

    /// Writes a field of the first header, and its sum anew.
    private func put(_ text: String, at offset: Int, in bytes: inout [UInt8]) {
        bytes.replaceSubrange(offset..<offset + text.utf8.count, with: Array(text.utf8))
        bytes.replaceSubrange(148..<156, with: Array("        ".utf8))
        let sum = String(bytes[..<512].reduce(0) { $0 + Int($1) }, radix: 8)
        bytes.replaceSubrange(148..<156, with: Array((String(repeating: "0", count: 6 - sum.count) + sum + "\0 ").utf8))
    }

    @Test(
        "a name that leads elsewhere is refused",
        arguments: [
            "/etc/passwd\0", "../../etc/x\0", "a/../b\0", "a//b\0", "./a\0", "a/.\0", "a\\b\0", "a\nb\0", "\u{7F}\0",
        ])
    func hostileNames(_ name: String) throws {
        let machines = try Machines()
        try archive(machines.pack, [("harmless-and-long-enough", [1, 2, 3])]) { bytes in put(name, at: 0, in: &bytes) }
        let descriptor = Glibc.open(machines.pack, O_RDONLY)
        defer { close(descriptor) }
        #expect(throws: StoreFailure.self) { try TarFile(descriptor, called: "x") }
    }

    @Test(
        "links, folders, devices, sizes beyond the file and parts that come twice are refused",
        arguments: [
            (156, "1"), (156, "2"), (156, "5"), (156, "3"), (156, "L"), (156, "x"), (156, "\0"), (124, "77777777777"),
            (124, "99999999999"), (124, "-0000000001"), (257, "other"), (124, "           "),
        ])
    func hostileHeaders(_ offset: Int, _ text: String) throws {
        let machines = try Machines()
        try archive(machines.pack, [("part", [1, 2, 3])]) { bytes in put(text, at: offset, in: &bytes) }
        let descriptor = Glibc.open(machines.pack, O_RDONLY)
        defer { close(descriptor) }
        #expect(throws: StoreFailure.self) { try TarFile(descriptor, called: "x") }
        // So that it is known to be that field: without the change it is read.
        try archive(machines.pack, [("part", [1, 2, 3]), ("other/part", Array(repeating: 7, count: 513))])
        let whole = Glibc.open(machines.pack, O_RDONLY)
        defer { close(whole) }
        let read = try TarFile(whole, called: "x")
        #expect(read.parts.map(\.name) == ["part", "other/part"])
        #expect(try read.bytes(read.parts[1], atMost: 600) == Array(repeating: 7, count: 513))
        #expect(throws: StoreFailure.self) { try read.bytes(read.parts[1], atMost: 500) }
        try archive(machines.pack, [("part", [1]), ("part", [2])])
        let twice = Glibc.open(machines.pack, O_RDONLY)
        defer { close(twice) }
        #expect(throws: StoreFailure.self) { try TarFile(twice, called: "x") }
    }

    /// A pack whose list is right, of files as somebody else wrote them.
    private func forge(_ machines: Machines, _ files: ShopPack.Files, version: Int = ShopPack.version) throws {
        var parts: [String: ShopPack.Manifest.Part] = [:]
        let store = try [UInt8](Data(contentsOf: URL(fileURLWithPath: machines.pack + ".real")))
        for (name, bytes) in files + [(ShopPack.storeName, store)] {
            parts[name] = .init(size: Int64(bytes.count), sha256: ShopPack.digest(bytes))
        }
        let manifest = ShopPack.Manifest(version: version, bookbag: "0", packedAt: 0, secrets: [], parts: parts)
        let list: ShopPack.Files = [
            (ShopPack.manifestName, Array(try JSONEncoder().encode(manifest))),
            (ShopPack.usedName, ShopPack.block(ShopPack.unused)),
        ]
        try archive(machines.pack, list + files + [(ShopPack.storeName, store)])
    }

    private func packedStore(_ machines: Machines) async throws {
        let path = machines.path + "/forged.db"
        let store = try Store.open(path: path, role: .packing, now: t0)
        try await store.pack(to: machines.pack + ".real", now: t0)
        try store.close()
    }

    @Test("a pack of a later Bookbag, with parts that no pack has, or that leads out of the folder, is refused")
    func hostilePacks() async throws {
        let machines = try Machines()
        try await packedStore(machines)
        let yaml = Array(Data(try #require(machines.text("old/etc/bookbag.yaml")).utf8))
        func outside(_ line: String) -> [UInt8] { Array("\(line)\n".utf8) + yaml }
        let packs: [(files: ShopPack.Files, version: Int)] = [
            ([("bookbag.yaml", yaml)], ShopPack.version + 1),
            ([("bookbag.yaml", yaml), ("cron.d/x", [1])], 1),
            ([("bookbag.yaml", yaml), ("triggers/0/.bashrc", [1])], 1),
            ([("bookbag.yaml", yaml), ("triggers/7/a.yaml", [1])], 1),
            ([("bookbag.yaml", yaml), ("credentials/a/b", [1])], 1),
            ([("bookbag.yaml", outside("triggers: \(machines.path)/elsewhere")), ("triggers/0/a.yaml", [1])], 1),
            ([("bookbag.yaml", outside("triggers: ../../elsewhere")), ("triggers/0/a.yaml", [1])], 1),
            (
                [
                    (
                        "bookbag.yaml",
                        Array(
                            String(decoding: yaml, as: UTF8.self).replacing("state: state", with: "state: ../elsewhere")
                                .utf8)
                    )
                ], 1
            ),
            ([("bookbag.yaml", outside("people: \(machines.path)/people.yaml")), ("people.yaml", [1])], 1),
            ([("bookbag.yaml", Array("nonsense: [".utf8))], 1),
        ]
        for (files, version) in packs {
            try forge(machines, files, version: version)
            await #expect(throws: (any Error).self, "\(files.map(\.name))") { try await machines.unpack() }
            #expect(machines.isEmpty("new"), "\(files.map(\.name))")
            #expect(!FileManager.default.fileExists(atPath: machines.path + "/elsewhere"))
        }
    }
}

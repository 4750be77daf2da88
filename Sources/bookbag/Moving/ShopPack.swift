// A shop's machine in one file: `bookbag store pack` writes it, `unpack` makes another machine of it.
//
// It is a plain tar archive with these parts, in this order:
//
//   bookbag-pack.json   the version of this form, the SHA-256 and size of each part, and the names of the secrets
//   used                one block that says whether the pack was unpacked, written over when it is
//   bookbag.yaml        and people.yaml, if there is one
//   triggers/0/…        the trigger files, templates and policy.yaml of each folder that bookbag.yaml names, in its order
//   credentials/NAME    only if asked for
//   bookbag.db          the store, last, marked as packed (`Store.pack`)
//
// Nothing in a pack says where a part goes: bookbag.yaml goes where --config says, trigger files where bookbag.yaml
// says, and only below its own folder, unless the same bookbag.yaml lies on this machine already: then somebody put it
// there. All is checked before anything is written, and what is there with other bytes stops it.

import Crypto
import Daemon
import Foundation
import Outreach
import Store

enum ShopPack {
    /// The version of this form.
    static let version = 1
    static let manifestName = "bookbag-pack.json"
    static let usedName = "used"
    static let configurationName = "bookbag.yaml"
    static let peopleName = "people.yaml"
    static let storeName = "bookbag.db"
    /// What the mark says of a pack that may be unpacked, and how it begins once its packing was undone.
    static let unused = "not unpacked"
    static let undone = "was taken back"

    /// What the files may have, the store aside: each, and all together.
    static let largestFile = 8 << 20
    static let largestSum = 128 << 20

    /// What is written down about the parts.
    struct Manifest: Codable, Equatable {
        struct Part: Codable, Equatable {
            var size: Int64
            var sha256: String
        }

        var version: Int
        var bookbag: String
        var packedAt: Int64
        /// As bookbag.yaml names them: `credential:NAME`, `env:NAME`, `file:PATH`. They are on no other machine yet.
        var secrets: [String]
        var parts: [String: Part]
    }

    /// The files of a pack besides the store, by their names in it.
    typealias Files = [(name: String, bytes: [UInt8])]

    // MARK: - Packing

    /// Collects what belongs to a store: its configuration and trigger files, and the credentials if they are wanted.
    ///
    /// - Parameters:
    ///   - configuration: what the file says.
    ///   - credentials: the folder of the credentials, to pack them; nil not to.
    ///   - skipped: is told of what was left out.
    static func files(
        of configuration: Configuration, at path: String, credentials: String?, skipped: (String) -> Void
    ) throws(StoreFailure) -> Files {
        var files: Files = [(configurationName, try read(path, below: nil))]
        if let people = configuration.peopleFile, access(people, F_OK) == 0 {
            files.append((peopleName, try read(people, below: nil)))
        }
        for (number, folder) in triggerFolders(of: configuration).enumerated() {
            let real = realPath(folder) ?? folder
            for name in try names(in: real, skipped: skipped) {
                files.append(("triggers/\(number)/\(name)", try read(real + "/" + name, below: real)))
            }
        }
        if let credentials {
            let wanted = secrets(in: String(decoding: files[0].bytes, as: UTF8.self))
            let source = SecretSource(credentials: credentials, environment: [:])
            for name in wanted where name.hasPrefix("credential:") {
                let name = String(name.dropFirst("credential:".count))
                guard case .success(let file) = source.path(ofCredential: name) else {
                    throw StoreFailure(.missing, "The credential '\(name)' is not in \(credentials).")
                }
                files.append(("credentials/\(name)", try read(file, below: nil)))
            }
        }
        guard files.reduce(0, { $0 + $1.bytes.count }) <= largestSum else {
            throw StoreFailure(
                .misuse, "The trigger folders have more than \(largestSum >> 20) MiB; that cannot be packed.")
        }
        for file in files where !TarWriter.takes(file.name) {
            throw StoreFailure(.misuse, "'\(file.name)' cannot be packed: its name is too long or has odd characters.")
        }
        return files
    }

    /// Writes the archive. The store's copy lies at `copy`.
    static func write(
        to descriptor: Int32, _ files: Files, secrets: [String], copy: String, now: Moment
    ) throws(StoreFailure) {
        let store = Glibc.open(copy, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard store >= 0 else { throw StoreFailure(.disk, "\(copy) cannot be read.") }
        defer { close(store) }
        var status = stat()
        guard fstat(store, &status) == 0 else { throw StoreFailure(.disk, "\(copy) cannot be read.") }
        let size = Int64(status.st_size)
        var parts: [String: Manifest.Part] = [:]
        for file in files {
            parts[file.name] = Manifest.Part(size: Int64(file.bytes.count), sha256: digest(file.bytes))
        }
        parts[storeName] = Manifest.Part(
            size: size,
            sha256: try digest { take throws(StoreFailure) in
                try TarFile.chunks(of: store, from: 0, size: size, take)
            })
        let manifest = Manifest(
            version: version, bookbag: BookbagVersion.current, packedAt: now.milliseconds, secrets: secrets,
            parts: parts)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        guard let json = try? encoder.encode(manifest) else { throw StoreFailure(.broken, "It cannot be packed.") }
        let writer = TarWriter(descriptor)
        try writer.add(manifestName, [UInt8](json), at: now)
        try writer.add(usedName, block(unused), at: now)
        for file in files { try writer.add(file.name, file.bytes, at: now) }
        try writer.add(storeName, size: size, from: store, at: now)
        try writer.finish()
    }

    // MARK: - Unpacking

    /// A pack that was read and whose every part is as it was written.
    struct Opened {
        var archive: TarFile
        var manifest: Manifest
        var file: String

        /// The bytes of a part other than the store.
        func bytes(_ name: String) throws(StoreFailure) -> [UInt8]? {
            guard let part = archive[name] else { return nil }
            return try archive.bytes(part, atMost: ShopPack.largestFile)
        }
    }

    /// Reads a pack and checks all of it; changes nothing.
    static func open(_ descriptor: Int32, called file: String) throws(StoreFailure) -> Opened {
        let archive = try TarFile(descriptor, called: file)
        func wrong(_ why: String) -> StoreFailure {
            StoreFailure(.notAStore, "\(file) is no packed file of Bookbag, or it is damaged: \(why).")
        }
        guard let first = archive.parts.first, first.name == manifestName else {
            throw wrong("it has no list of parts")
        }
        let json = Data(try archive.bytes(first, atMost: largestFile))
        struct Version: Decodable { var version: Int }
        guard let number = try? JSONDecoder().decode(Version.self, from: json).version else {
            throw wrong("its list of parts cannot be read")
        }
        guard number <= version else {
            throw StoreFailure(.newerSchema, "\(file) was packed by a later Bookbag. Install that one here first.")
        }
        guard let manifest = try? JSONDecoder().decode(Manifest.self, from: json) else {
            throw wrong("its list of parts cannot be read")
        }
        guard let mark = mark(of: archive) else { throw wrong("it has no mark") }
        guard mark == unused else {
            throw StoreFailure(
                .moved,
                "\(file) \(mark). It is unpacked once only: two of one store would tell shoppers everything twice.")
        }
        let named = Set(manifest.parts.keys).union([manifestName, usedName])
        guard Set(archive.parts.map(\.name)) == named, manifest.parts[storeName] != nil else {
            throw wrong("its parts are not those of its list")
        }
        var sum: Int64 = 0
        for part in archive.parts where part.name != manifestName && part.name != usedName {
            guard isKnown(part.name) else { throw wrong("it has a part that no pack has") }
            if part.name != storeName {
                sum += part.size
                guard part.size <= largestFile, sum <= largestSum else { throw wrong("its files are too large") }
            }
            let found = try digest { take throws(StoreFailure) in try archive.chunks(of: part, take) }
            guard let said = manifest.parts[part.name], said.size == part.size, said.sha256 == found else {
                throw StoreFailure(
                    .corrupt,
                    "'\(part.name)' in \(file) is not as it was packed. Copy the file from the other machine again.")
            }
        }
        return Opened(archive: archive, manifest: manifest, file: file)
    }

    /// Where the files of a pack go on this machine, by their names in it; the store aside.
    ///
    /// - Parameters:
    ///   - configuration: what the packed bookbag.yaml says, read as if it lay at `path`.
    ///   - isOwn: whether the same bookbag.yaml lies at `path` already.
    static func places(
        of pack: Opened, configuration: Configuration, at path: String, isOwn: Bool, usualState: String
    ) throws(StoreFailure) -> [String: String] {
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().standardizedFileURL.path
        func allowed(_ place: String, below top: [String]) -> Bool {
            let place = URL(fileURLWithPath: place).standardizedFileURL.path
            return isOwn || top.contains { place == $0 || place.hasPrefix($0 == "/" ? $0 : $0 + "/") }
        }
        func elsewhere(_ place: String) -> StoreFailure {
            StoreFailure(
                .misuse,
                "The packed bookbag.yaml names \(place), outside of \(folder). Look whether that is right here: put the file at \(path) yourself ('tar xOf \(pack.file) bookbag.yaml' prints it), and unpack again."
            )
        }
        guard allowed(configuration.state, below: [folder, usualState]) else { throw elsewhere(configuration.state) }
        let folders = triggerFolders(of: configuration)
        var places: [String: String] = [:]
        for name in pack.manifest.parts.keys where name != storeName {
            if name == configurationName {
                places[name] = path
            } else if name == peopleName {
                guard let people = configuration.peopleFile else { continue }
                guard allowed(people, below: [folder]) else { throw elsewhere(people) }
                places[name] = people
            } else if name.hasPrefix("credentials/") {
                places[name] = folder + "/" + name
            } else {
                let words = name.split(separator: "/", maxSplits: 2)
                guard words.count == 3, let number = Int(words[1]), folders.indices.contains(number) else {
                    throw StoreFailure(.notAStore, "'\(name)' in \(pack.file) belongs to no folder of bookbag.yaml.")
                }
                guard allowed(folders[number], below: [folder]) else { throw elsewhere(folders[number]) }
                places[name] = folders[number] + "/" + words[2]
            }
        }
        return places
    }

    /// What is on this machine and in the way: files with other bytes, and files in a trigger folder that the pack does
    /// not have, for they would be in force as well.
    static func conflicts(
        _ pack: Opened, places: [String: String], configuration: Configuration
    ) throws(StoreFailure) -> [String] {
        var found: [String] = []
        for (name, place) in places {
            var status = stat()
            guard lstat(place, &status) == 0 else { continue }
            let mine = status.st_mode & S_IFMT == S_IFREG ? try? read(place, below: nil) : nil
            let packed = try pack.bytes(name)
            if mine == nil || mine != packed { found.append(place) }
        }
        let own = Set(places.values)
        for folder in triggerFolders(of: configuration) where access(folder, F_OK) == 0 {
            for name in try names(in: folder, skipped: { _ in }) where !own.contains(folder + "/" + name) {
                found.append(folder + "/" + name)
            }
        }
        return found.sorted()
    }

    /// Writes the files that are not there yet.
    static func write(_ pack: Opened, places: [String: String]) throws(StoreFailure) {
        for (name, place) in places.sorted(by: { $0.key < $1.key }) where access(place, F_OK) != 0 {
            guard let bytes = try pack.bytes(name), digest(bytes) == pack.manifest.parts[name]?.sha256 else {
                throw StoreFailure(.corrupt, "'\(name)' in \(pack.file) changed while it was unpacked.")
            }
            let isSecret = name.hasPrefix("credentials/")
            let folder = URL(fileURLWithPath: place).deletingLastPathComponent().path
            do {
                try FileManager.default.createDirectory(
                    atPath: folder, withIntermediateDirectories: true,
                    attributes: [.posixPermissions: isSecret ? 0o700 : 0o755])
            } catch { throw StoreFailure(.forbidden, "\(folder) cannot be created.") }
            // Under a name of its own until it is whole.
            let part = folder + "/.\(URL(fileURLWithPath: place).lastPathComponent).unpacking"
            unlink(part)
            let descriptor = Glibc.open(
                part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, isSecret ? 0o600 : 0o644)
            guard descriptor >= 0 else { throw StoreFailure(writing: place) }
            defer { close(descriptor) }
            let written = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, bytes.count) }
            guard written == bytes.count, fsync(descriptor) == 0, link(part, place) == 0 else {
                let failure = StoreFailure(writing: place)
                unlink(part)
                throw failure
            }
            unlink(part)
        }
    }

    /// Puts the store of a pack into a new file, which is its owner's alone.
    static func writeStore(_ pack: Opened, to path: String) throws(StoreFailure) {
        guard let part = pack.archive[storeName] else { throw StoreFailure(.notAStore, "\(pack.file) has no store.") }
        unlink(path)
        let descriptor = Glibc.open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw StoreFailure(writing: path) }
        defer { close(descriptor) }
        var hash = SHA256()
        var failure: StoreFailure?
        try pack.archive.chunks(of: part) { chunk in
            hash.update(data: chunk)
            guard failure == nil else { return }
            var done = 0
            while done < chunk.count {
                let count = chunk.withUnsafeBytes {
                    Glibc.write(descriptor, $0.baseAddress! + done, chunk.count - done)
                }
                if count < 0, errno == EINTR { continue }
                guard count > 0 else {
                    failure = StoreFailure(writing: path)
                    return
                }
                done += count
            }
        }
        if let failure { throw failure }
        guard Array(hash.finalize()).hexadecimal == pack.manifest.parts[storeName]?.sha256 else {
            throw StoreFailure(.corrupt, "The store in \(pack.file) changed while it was unpacked.")
        }
    }

    /// Writes into a pack what became of it, so that it is unpacked no second time. False if that cannot be.
    static func mark(_ descriptor: Int32, in archive: TarFile, _ words: String) -> Bool {
        guard let used = archive[usedName], used.size == Int64(TarFile.block) else { return false }
        let bytes = block(words)
        let count = bytes.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, bytes.count, off_t(used.offset)) }
        return count == bytes.count && fsync(descriptor) == 0
    }

    /// What the mark of a pack says.
    static func mark(of archive: TarFile) -> String? {
        guard let used = archive[usedName], used.size == Int64(TarFile.block) else { return nil }
        return (try? archive.bytes(used, atMost: TarFile.block)).map(text(ofBlock:))
    }

    // MARK: - Small things

    /// The trigger folders that a configuration names, each once, in its order.
    static func triggerFolders(of configuration: Configuration) -> [String] {
        var seen: Set<String> = []
        return configuration.shops.map(\.triggers).filter { seen.insert($0).inserted }
    }

    /// The secrets that bookbag.yaml names, sorted.
    static func secrets(in text: String) -> [String] {
        guard let tree = YAMLReader.read(text, file: configurationName).tree else { return [] }
        var found: Set<String> = []
        func look(_ tree: YAMLTree) {
            switch tree.content {
            case .text(let text, _):
                if ["credential:", "env:", "file:"].contains(where: text.hasPrefix) { found.insert(text) }
            case .list(let list): list.forEach(look)
            case .map(let entries): entries.forEach { look($0.value) }
            case .nothing: break
            }
        }
        look(tree)
        return found.sorted()
    }

    /// Whether a pack may have a part of that name. `TarFile` saw to it that it leads nowhere else.
    private static func isKnown(_ name: String) -> Bool {
        if [configurationName, peopleName, storeName].contains(name) { return true }
        let words = name.split(separator: "/", omittingEmptySubsequences: false)
        if words.count == 2, words[0] == "credentials" { return !words[1].hasPrefix(".") }
        return words.count >= 3 && words[0] == "triggers" && Int(words[1]) != nil
            && !words.contains { $0.hasPrefix(".") }
    }

    /// All files below a folder, by their names from there, sorted. Hidden ones are left out, and so are links, which may
    /// lead anywhere.
    private static func names(in folder: String, skipped: (String) -> Void) throws(StoreFailure) -> [String] {
        guard let found = FileManager.default.enumerator(atPath: folder) else { return [] }
        var names: [String] = []
        for case let name as String in found {
            if name.split(separator: "/").contains(where: { $0.hasPrefix(".") }) { continue }
            var status = stat()
            guard lstat(folder + "/" + name, &status) == 0 else { continue }
            switch status.st_mode & S_IFMT {
            case S_IFREG: names.append(name)
            case S_IFDIR: break
            default: skipped(folder + "/" + name)
            }
            guard names.count < TarFile.mostParts / 2 else {
                throw StoreFailure(.misuse, "\(folder) has too many files to be packed.")
            }
        }
        return names.sorted()
    }

    /// A small file whole. Below a folder that others may edit, it has to lie in that folder in truth: root reads it.
    private static func read(_ path: String, below folder: String?) throws(StoreFailure) -> [UInt8] {
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | (folder == nil ? 0 : O_NOFOLLOW))
        guard descriptor >= 0 else {
            throw StoreFailure(.forbidden, "\(path) cannot be read: \(String(cString: strerror(errno))).")
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size <= largestFile else {
            throw StoreFailure(.misuse, "\(path) is no file, or has more than \(largestFile >> 20) MiB.")
        }
        if let folder, let real = realPath("/proc/self/fd/\(descriptor)"), !real.hasPrefix(folder + "/") {
            throw StoreFailure(.forbidden, "\(path) lies outside of \(folder).")
        }
        var bytes: [UInt8] = []
        try TarFile.chunks(of: descriptor, from: 0, size: Int64(largestFile) + 1) { bytes += $0 }
        guard bytes.count <= largestFile else { throw StoreFailure(.misuse, "\(path) is too large to be packed.") }
        return bytes
    }

    private static func realPath(_ path: String) -> String? {
        guard let real = realpath(path, nil) else { return nil }
        defer { free(real) }
        return String(cString: real)
    }

    static func digest(_ bytes: [UInt8]) -> String { Array(SHA256.hash(data: bytes)).hexadecimal }

    private static func digest(
        _ read: (_ take: ([UInt8]) -> Void) throws(StoreFailure) -> Void
    ) throws(StoreFailure) -> String {
        var hash = SHA256()
        try read { hash.update(data: $0) }
        return Array(hash.finalize()).hexadecimal
    }

    /// Words in a block of fixed size, which is written over in its place.
    static func block(_ words: String) -> [UInt8] {
        let words = Array(words.utf8.prefix(TarFile.block - 1))
        return words + Array(repeating: UInt8(ascii: " "), count: TarFile.block - 1 - words.count) + [0x0A]
    }

    private static func text(ofBlock block: [UInt8]) -> String {
        String(decoding: block, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
            .filter { !$0.isNewline && $0 != "\u{1B}" }
    }
}

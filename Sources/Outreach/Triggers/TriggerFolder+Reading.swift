#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

// Reading the folder from disk. Those who may write to it may not always be allowed to read everything the daemon can:
// its credentials are files too, and the contents of a template end up in mails and backups. So a file is read only if
// it really is inside the folder, wherever links lead; links within the folder work, which is how Kubernetes mounts a
// folder and how people share a file. What counts is the file that was opened, not a name that was checked earlier:
// each is opened without reading (O_PATH), the kernel is asked where it is, and only then is it read, through the same
// descriptor. A pipe or device is never opened for reading, so it cannot make anyone wait.

extension TriggerFolder {
    /// Why a folder cannot be read.
    public struct Unreadable: Error, Sendable, CustomStringConvertible {
        /// The system's message: `Permission denied`.
        public let description: String
    }

    /// Further names in one folder are ignored.
    private static let mostNames = 20_000

    /// More folders than anyone sorts their files into.
    private static let mostFolders = 200

    /// Reads a folder from disk; nothing else in this module touches it. Throws `Unreadable` if the folder itself
    /// cannot be read; a file that cannot be read, or that is elsewhere, is a fault of the set.
    public init(readingFrom path: String, name: String? = nil) throws {
        let shown = name ?? path.split(separator: "/").last.map(String.init) ?? path
        let root = try Descriptor(open: path, O_RDONLY | O_DIRECTORY)
        guard let place = root.place else {
            throw Unreadable(description: "/proc is not available, so its real path is unknown")
        }
        var reading = Reading(shown: shown, root: place)
        // A shop need not have templates, but a link to them that leads nowhere is reported.
        var next = ["templates/", ""]
        while let inner = next.popLast() { next += reading.read(inner, under: root) }
        self.init(name: shown, files: reading.files)
        faults += reading.faults
    }

    /// What has been read so far.
    private struct Reading {
        let shown: String
        /// The folder's real path.
        let root: String
        var files: [String: [UInt8]] = [:]
        var faults: [Fault] = []
        private var bytes = 0
        /// The folders already read, by their real paths.
        private var places: Set<String> = []

        init(shown: String, root: String) {
            self.shown = shown
            self.root = root
        }

        mutating func note(
            _ inner: String, _ message: String, _ hint: String?, severity: Fault.Severity = .error
        ) {
            faults.append(Fault(severity, file: "\(shown)/\(inner)", line: 1, column: 1, message, hint: hint))
        }

        /// Reads the files of the folder itself or of one below it; returns the folders in it that are to be read next.
        mutating func read(_ inner: String, under root: borrowing Descriptor) -> [String] {
            let folder: Descriptor
            do throws(Descriptor.Failure) {
                folder = try Descriptor(
                    open: inner.isEmpty ? "." : String(inner.dropLast()), under: root, O_RDONLY | O_DIRECTORY)
            } catch {
                // A shop need not have templates.
                if error.code != ENOENT || root.isLink(String(inner.dropLast())) {
                    note(
                        String(inner.dropLast()), "the folder cannot be read",
                        "check where it leads, and who may read it"
                    )
                }
                return []
            }
            guard let place = folder.place, isInside(place) else {
                note(
                    String(inner.dropLast()), "the link leads out of the folder, so nothing in it is read",
                    "put the files themselves here")
                return []
            }
            guard places.insert(place).inserted else {
                note(
                    String(inner.dropLast()), "this folder has already been read under another name", "remove the link",
                    severity: .warning)
                return []
            }
            guard places.count <= TriggerFolder.mostFolders else {
                note(inner, "more than \(TriggerFolder.mostFolders) folders; is this the right one?", nil)
                return []
            }
            var names = folder.names(atMost: TriggerFolder.mostNames + 1)
            if names.count > TriggerFolder.mostNames {
                names.removeLast()
                note(inner, "more than \(TriggerFolder.mostNames) files; is this the right folder?", nil)
            }
            var folders: [String] = []
            for name in names.sorted() {
                guard read(inner + name, named: name, in: folder) else { return [] }
                // `templates` is already on the list.
                if inner + name != "templates", !TriggerFolder.isRead(inner + name),
                    TriggerFolder.isEntered(inner + name), folder.isFolder(name)
                {
                    folders.append("\(inner)\(name)/")
                }
            }
            return folders.reversed()
        }

        /// Reads one file. False if there are too many.
        private mutating func read(_ inner: String, named name: String, in folder: borrowing Descriptor) -> Bool {
            if let stray = TriggerFolder.stray(inner, in: shown) { faults.append(stray) }
            guard TriggerFolder.isRead(inner) else { return true }
            guard files.count < TriggerFolder.mostFiles else {
                note(inner, "more than \(TriggerFolder.mostFiles) files; is this the right folder?", nil)
                return false
            }
            let found: Descriptor
            do throws(Descriptor.Failure) {
                found = try Descriptor(open: name, under: folder, Descriptor.pathOnly)
            } catch {
                switch error.code {
                case ENOENT where !folder.isLink(name):
                    // It was removed in the meantime.
                    break
                case ENOENT, ENOTDIR: note(inner, "the link leads nowhere", "fix it, or delete it")
                case ELOOP: note(inner, "the link leads in a circle", "fix it, or delete it")
                default: note(inner, "the file cannot be read", "check who may read it")
                }
                return true
            }
            switch found.kind {
            case S_IFREG: break
            case S_IFDIR:
                note(
                    inner, "this is a folder, and is not read", "rename it, or put the file itself here",
                    severity: .warning)
                return true
            default:
                note(inner, "this is not a regular file, and is not read", "put the file itself here")
                return true
            }
            guard isInside(found.place) else {
                note(
                    inner, "the link leads out of the folder, so it is not read",
                    "put the file itself here, or link to one below '\(shown)'")
                return true
            }
            guard let content = found.content(atMost: TriggerFolder.largestFile + 1) else {
                note(inner, "the file cannot be read", "check who may read it")
                return true
            }
            guard content.count <= TriggerFolder.largestFile else {
                faults.append(TriggerFolder.tooLarge("\(shown)/\(inner)"))
                return true
            }
            bytes += content.count
            guard bytes <= TriggerFolder.largestFolder else {
                note(
                    inner,
                    "the files are larger than \(TriggerFolder.largestFolder / 1_048_576) MB together; is this the right folder?",
                    nil)
                return false
            }
            files[inner] = content
            return true
        }

        private func isInside(_ place: String?) -> Bool { Descriptor.isInside(place, root) }
    }
}

/// A merchant's folder as it was found: the files that Bookbag reads, and their bytes. The store keeps exactly this of
/// the last good set, and nothing derived from it.
public struct TriggerFolder: Hashable, Sendable {
    /// Templates with embedded images are the largest that people have.
    static let largestFile = 1024 * 1024
    /// More than any shop needs, so that a wrong folder is noticed.
    static let mostFiles = 2000
    /// The bytes of all files together: many times what people have.
    package static let largestFolder = 64 * 1024 * 1024

    /// What people call it, as the prefix of every fault: `triggers`.
    public var name: String
    /// By path within the folder: `delay-alert.yaml`, `templates/delay-alert.md`.
    public var files: [String: [UInt8]]
    /// Faults found while reading it.
    public var faults: [Fault]

    public init(name: String = "triggers", files: [String: [UInt8]]) {
        self.name = name
        self.files = files.filter { Self.isRead($0.key) }
        faults = files.compactMap { path, bytes in
            bytes.count > Self.largestFile ? Self.tooLarge("\(name)/\(path)") : nil
        }
        faults += files.keys.sorted().compactMap { Self.stray($0, in: name) }
    }

    /// A fault for a file whose name looks like one of ours but that is not read; nil for all others.
    static func stray(_ path: String, in name: String) -> Fault? {
        guard !isRead(path) else { return nil }
        var parts = path.split(separator: "/").map(String.init)
        guard let file = parts.popLast(), let first = file.first, ![".", "#", "~"].contains(first),
            let last = file.last, last != "~", last != "#"
        else { return nil }
        let lower = file.lowercased()
        guard ![".bak", ".swp", ".orig", ".old", ".tmp", ".save", ".rej"].contains(where: lower.hasSuffix) else {
            return nil
        }
        guard isEntered(parts) else { return nil }
        let kinds: [(ending: String, right: String)]
        if parts == ["templates", "partials"] {
            kinds = [
                (".markdown", ".md"), (".md", ".md"), (".html", ".html"), (".htm", ".html"), (".liquid", ".liquid"),
            ]
        } else if parts.first == "pages" {
            kinds = [(".html", ".html"), (".htm", ".html"), (".liquid", ".html"), (".md", ".html")]
        } else if parts.first == "replies" {
            kinds = [(".markdown", ".md"), (".md", ".md"), (".liquid", ".md")]
        } else if parts.first == "templates" {
            kinds = [
                (".markdown", ".md"), (".md", ".md"), (".html", ".html"), (".htm", ".html"), (".json", ".json"),
                (".liquid", ".html"),
            ]
        } else {
            kinds = [(".yaml", ".yaml"), (".yml", ".yaml")]
        }
        for (ending, right) in kinds {
            // `delivered.yaml.txt` is what Notepad makes of `delivered.yaml`.
            guard
                let range = lower.firstRange(of: ending + ".txt")
                    ?? (lower.hasSuffix(ending) ? lower.ranges(of: ending).last : nil)
            else { continue }
            var stem = String(file.prefix(lower.distance(from: lower.startIndex, to: range.lowerBound)))
            if parts.isEmpty, stem.lowercased() == "shop" { stem = "shop" }
            guard !stem.isEmpty else { return nil }
            return Fault(
                .warning, file: "\(name)/\(path)", line: 1, column: 1, "the file is not read",
                hint: "rename it to '\(stem)\(right)'")
        }
        return nil
    }

    /// True for the files that are read; others are ignored: hidden files, editors' backups, other extensions, other
    /// folders.
    public static func isRead(_ path: String) -> Bool {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard let file = parts.last, let first = file.first, first != ".", first != "#", first != "~" else {
            return false
        }
        let folder = Array(parts.dropLast())
        guard isEntered(folder) else { return false }
        if folder == ["templates", "partials"] {
            return (endings + [".liquid"]).contains { file.hasSuffix($0) && file.count > $0.count }
        }
        if folder.first == "templates" {
            return (endings + [".json"]).contains { file.hasSuffix($0) && file.count > $0.count }
        }
        if folder.first == "replies" { return folder.count == 1 && file.hasSuffix(".md") && file.count > 3 }
        if folder.first == "pages" { return folder.count == 1 && file.hasSuffix(".html") && file.count > 5 }
        return file.hasSuffix(".yaml") && file.count > 5
    }

    /// Folders alongside the triggers that are not read; `templates`, `pages` and `replies` are read separately.
    private static let otherFolders: Set<String> = ["understanding", "schema"]

    /// Deeper than people sort their files, so that following a circular link comes to an end.
    private static let deepest = 6

    /// True for a folder in which files may be read, by its path within the triggers folder; those whose name begins
    /// with '_' or '.' are ignored.
    public static func isEntered(_ path: String) -> Bool {
        isEntered(path.split(separator: "/", omittingEmptySubsequences: false).map(String.init))
    }

    private static func isEntered(_ parts: [String]) -> Bool {
        guard let first = parts.first else { return true }
        return parts.count <= deepest && !otherFolders.contains(first)
            && !parts.contains { $0.isEmpty || $0.hasPrefix(".") || $0.hasPrefix("_") }
            && (parts.count == 2 || !parts.starts(with: ["templates", "partials"]))
    }

    /// The name of the template in a file: its path below `templates/` up to the first full stop in the file's name,
    /// which starts the segment, the language or the extension. Nil for a file that is not a template.
    static func templateName(_ path: String) -> String? {
        guard path.hasPrefix("templates/"), !path.hasPrefix("templates/partials/"),
            let slash = path.lastIndex(of: "/")
        else { return nil }
        let file = path[path.index(after: slash)...]
        let folder = path[..<slash].dropFirst("templates/".count)
        return (folder.isEmpty ? "" : "\(folder)/") + file.prefix { $0 != "." }
    }

    static let endings = [".md", ".html"]

    /// Files alongside the triggers that are not triggers.
    private static let otherFiles: Set<String> = [ShopReader.file, "policy.yaml"]

    /// The trigger files with their names, in order. A name is the path without the extension: `answers/thanks`.
    var triggerFiles: [(path: String, name: String)] {
        let paths = files.keys.filter { path in
            !path.hasPrefix("templates/") && !path.hasPrefix("pages/") && !path.hasPrefix("replies/")
                && !Self.otherFiles.contains(path.lowercased())
        }
        return paths.sorted().map { ($0, String($0.dropLast(5))) }
    }

    /// The names of the existing mail templates, whatever their contents.
    var templateNames: Set<String> { names { !$0.hasSuffix(".json") } }

    /// The names of the existing webhook templates, whatever their contents.
    var jsonTemplateNames: Set<String> { names { $0.hasSuffix(".json") } }

    private func names(_ isMeant: (String) -> Bool) -> Set<String> {
        Set(files.keys.lazy.filter(isMeant).compactMap(Self.templateName))
    }

    /// The text of a file; nil if it is not UTF-8.
    package func text(_ path: String) -> String? {
        files[path].flatMap { String(validating: $0, as: UTF8.self) }
    }

    /// A path as people write it.
    package func shown(_ path: String) -> String { "\(name)/\(path)" }

    static func tooLarge(_ file: String) -> Fault {
        Fault(file: file, line: 1, column: 1, "the file is larger than \(largestFile / 1024) KB")
    }
}

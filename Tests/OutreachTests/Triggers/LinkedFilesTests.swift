import Foundation
import Glibc
import Testing

@testable import Outreach

@Suite("Links in the trigger folder")
struct LinkedFilesTests {
    /// A folder of its own, and what stands beside it.
    private struct Place: ~Copyable {
        let root = FileManager.default.temporaryDirectory.appendingPathComponent("linked-\(UUID().uuidString)")
        var folder: URL { root.appendingPathComponent("triggers") }

        init() throws {
            try FileManager.default.createDirectory(
                at: folder.appendingPathComponent("templates/partials"), withIntermediateDirectories: true)
        }

        func write(_ path: String, _ text: String = "x") throws {
            let place = root.appendingPathComponent(path)
            try FileManager.default.createDirectory(
                at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: place)
        }

        func link(_ path: String, to target: String) throws {
            try FileManager.default.createSymbolicLink(
                atPath: root.appendingPathComponent(path).path, withDestinationPath: target)
        }

        func read() throws -> TriggerFolder { try TriggerFolder(readingFrom: folder.path, name: "triggers") }

        deinit { try? FileManager.default.removeItem(at: root) }
    }

    private func text(_ folder: TriggerFolder, _ path: String) -> String? {
        folder.files[path].map { String(decoding: $0, as: UTF8.self) }
    }

    @Test("a folder as Kubernetes mounts it is read through its links, folders of templates included")
    func mounted() throws {
        let place = try Place()
        try place.write("triggers/..2026_11_29_01/a.yaml", "a")
        try place.write("triggers/..2026_11_29_01/templates/b.md", "b")
        try FileManager.default.removeItem(at: place.folder.appendingPathComponent("templates"))
        try place.link("triggers/..data", to: "..2026_11_29_01")
        try place.link("triggers/a.yaml", to: "..data/a.yaml")
        try place.link("triggers/templates", to: "..data/templates")
        let folder = try place.read()
        #expect(folder.faults.isEmpty)
        #expect(text(folder, "a.yaml") == "a")
        #expect(text(folder, "templates/b.md") == "b")
    }

    @Test("a link within the folder is read, relative or absolute, and where the folder itself is reached by one")
    func inside() throws {
        let place = try Place()
        try place.write("triggers/shared/b.md", "b")
        try place.link("triggers/templates/b.md", to: "../shared/b.md")
        try place.link("triggers/templates/c.md", to: place.folder.appendingPathComponent("shared/b.md").path)
        try place.link("elsewhere", to: "triggers")
        for name in ["triggers", "elsewhere"] {
            let folder = try TriggerFolder(readingFrom: place.root.appendingPathComponent(name).path, name: "triggers")
            #expect(folder.faults.isEmpty)
            #expect(text(folder, "templates/b.md") == "b")
            #expect(text(folder, "templates/c.md") == "b")
        }
    }

    @Test(
        "a link that leads out of the folder is a fault, and nothing of what it names is read",
        arguments: [
            ("triggers/a.yaml", "../secret"), ("triggers/templates/a.md", "../../secret"),
            ("triggers/a.yaml", "/etc/passwd"),
            ("triggers/a.yaml", "hop"), ("triggers/templates/partials/a.liquid", "/proc/self/environ"),
            ("triggers/a.yaml", "/proc/self/fd/0"), ("triggers/a.yaml", "../triggers-too/a"),
        ])
    func outside(_ path: String, _ target: String) throws {
        let place = try Place()
        try place.write("secret", "PASSWORD")
        try place.write("triggers-too/a", "PASSWORD")
        try place.link("triggers/hop", to: "../secret")
        try place.link(path, to: target)
        let folder = try place.read()
        #expect(folder.files.isEmpty)
        let inner = path.dropFirst("triggers/".count)
        let fault = try #require(folder.faults.first)
        #expect(fault.file == "triggers/\(inner)" && fault.severity == .error, "\(fault)")
        #expect(fault.message.contains("not read") || fault.message.contains("cannot be read"), "\(fault)")
        #expect(TriggerSet.load(folder).set == nil)
    }

    @Test("a folder of templates that lies elsewhere is not read")
    func folderOutside() throws {
        let place = try Place()
        try place.write("other/a.md", "PASSWORD")
        try FileManager.default.removeItem(at: place.folder.appendingPathComponent("templates"))
        try place.link("triggers/templates", to: "../other")
        let folder = try place.read()
        #expect(folder.files.isEmpty)
        #expect(
            folder.faults.map(\.description) == [
                "triggers/templates:1:1: the link leads out of the folder, so nothing in it is read; put the files themselves here"
            ])
    }

    @Test("links that lead nowhere or in a circle, folders and pipes are told, and keep nobody waiting")
    func others() throws {
        let place = try Place()
        try place.link("triggers/a.yaml", to: "nowhere.yaml")
        try place.link("triggers/b.yaml", to: "b.yaml")
        try FileManager.default.createDirectory(
            at: place.folder.appendingPathComponent("c.yaml"), withIntermediateDirectories: true)
        #expect(mkfifo(place.folder.appendingPathComponent("d.yaml").path, 0o600) == 0)
        try place.link("triggers/e.yaml", to: "/dev/zero")
        let faults = try place.read().faults.map(\.description)
        #expect(
            faults == [
                "triggers/a.yaml:1:1: the link leads nowhere; fix it, or delete it",
                "triggers/b.yaml:1:1: the link leads in a circle; fix it, or delete it",
                "triggers/c.yaml:1:1: warning: this is a folder, and is not read; rename it, or put the file itself here",
                "triggers/d.yaml:1:1: this is not a regular file, and is not read; put the file itself here",
                "triggers/e.yaml:1:1: this is not a regular file, and is not read; put the file itself here",
            ])
    }

    @Test("files are bounded in size, each and together")
    func sizes() throws {
        let place = try Place()
        try place.write("triggers/a.yaml", String(repeating: "#", count: TriggerFolder.largestFile + 1))
        try place.write("triggers/b.yaml", String(repeating: "#", count: TriggerFolder.largestFile))
        let folder = try place.read()
        #expect(folder.files.keys.sorted() == ["b.yaml"])
        #expect(folder.faults.count == 1 && folder.faults[0].message.contains("larger than"))
        for index in 0..<TriggerFolder.largestFolder / TriggerFolder.largestFile {
            try place.link("triggers/c\(index).yaml", to: "b.yaml")
        }
        #expect(try place.read().faults.contains { $0.message.contains("MB together") })
    }

    @Test("a folder that is not there is an error with the system's word")
    func missing() {
        #expect(throws: TriggerFolder.Unreadable.self) { try TriggerFolder(readingFrom: "/nonexistent/triggers") }
    }
}

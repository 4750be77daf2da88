import Foundation
import Testing

@testable import Outreach

@Suite("Files of the folder are written whole or not at all")
struct FolderWritingTests {
    private final class Place {
        let path: String
        let outside: String
        init() throws {
            let base = NSTemporaryDirectory() + "bookbag-writing-" + UUID().uuidString
            path = base + "/triggers"
            outside = base + "/outside"
            for folder in [path + "/templates", outside] {
                try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            }
            try "secret".write(toFile: outside + "/secret.yaml", atomically: false, encoding: .utf8)
            try put("shop.yaml", "mode: live\n")
        }
        deinit { try? FileManager.default.removeItem(atPath: (path as NSString).deletingLastPathComponent) }
        func put(_ name: String, _ text: String) throws {
            try text.write(toFile: "\(path)/\(name)", atomically: false, encoding: .utf8)
        }
        func text(_ name: String) -> String? { try? String(contentsOfFile: "\(path)/\(name)", encoding: .utf8) }
        func names(_ folder: String = "") -> [String] {
            ((try? FileManager.default.contentsOfDirectory(atPath: "\(path)/\(folder)")) ?? []).sorted()
        }
        func write(_ text: String?, to name: String, replacing version: String) throws {
            try TriggerFolder.prepare(text.map { Array($0.utf8) }, at: name, in: path).finish(replacing: version)
        }
    }

    private func version(_ text: String) -> String { TriggerFolder.version(Array(text.utf8)) }

    @Test("a file is replaced with its mode and inode's place kept, and nothing is left beside it")
    func replaces() throws {
        let place = try Place()
        #expect(chmod("\(place.path)/shop.yaml", 0o640) == 0)
        try place.write("mode: off\n", to: "shop.yaml", replacing: version("mode: live\n"))
        #expect(place.text("shop.yaml") == "mode: off\n")
        let mode =
            try FileManager.default.attributesOfItem(atPath: "\(place.path)/shop.yaml")[.posixPermissions] as? Int
        #expect(mode == 0o640)
        #expect(place.names() == ["shop.yaml", "templates"])
    }

    @Test("one that changed meanwhile is left alone, and so is one that is not finished")
    func stale() throws {
        let place = try Place()
        #expect(throws: TriggerFolder.WriteFailure.changed) {
            try place.write("mode: off\n", to: "shop.yaml", replacing: version("mode: shadow\n"))
        }
        #expect(throws: TriggerFolder.WriteFailure.changed) {
            try place.write("mode: off\n", to: "shop.yaml", replacing: "new")
        }
        do {
            let pending = try TriggerFolder.prepare(Array("x".utf8), at: "shop.yaml", in: place.path)
            #expect(place.names().count == 3)
            withExtendedLifetime(pending) {}
        }
        #expect(place.text("shop.yaml") == "mode: live\n" && place.names() == ["shop.yaml", "templates"])
    }

    @Test("new files and folders are made, and files are removed")
    func makes() throws {
        let place = try Place()
        try place.write("on: order.placed\n", to: "answers/thanks.yaml", replacing: "new")
        try place.write("Hello\n", to: "templates/partials/items.md", replacing: "new")
        #expect(place.text("answers/thanks.yaml") == "on: order.placed\n")
        #expect(place.names("templates/partials") == ["items.md"])
        try place.write(nil, to: "answers/thanks.yaml", replacing: version("on: order.placed\n"))
        #expect(place.names("answers") == [])
        #expect(throws: TriggerFolder.WriteFailure.changed) {
            try place.write(nil, to: "answers/thanks.yaml", replacing: "new")
        }
    }

    @Test(
        "nothing outside the folder, and nothing that the set would not read, is ever written",
        arguments: [
            "../outside/secret.yaml", "/etc/passwd", "a/../../outside/secret.yaml", "./shop.yaml", "out/secret.yaml",
            "link.yaml", "circle.yaml", "nowhere.yaml", "folder.yaml", ".hidden.yaml", "notes.txt", "schema/track.yaml",
            "_old/x.yaml", "templates/../shop.yaml", "", "shop.yaml/x.yaml", "templates//x.md", "pipe.yaml",
        ])
    func elsewhere(_ name: String) throws {
        let place = try Place()
        for (link, target) in [
            ("out", place.outside), ("link.yaml", place.outside + "/secret.yaml"), ("circle.yaml", "circle.yaml"),
            ("nowhere.yaml", place.outside + "/new.yaml"),
        ] {
            try FileManager.default.createSymbolicLink(atPath: "\(place.path)/\(link)", withDestinationPath: target)
        }
        try FileManager.default.createDirectory(
            atPath: "\(place.path)/folder.yaml", withIntermediateDirectories: false)
        #expect(mkfifo("\(place.path)/pipe.yaml", 0o600) == 0)
        let before = place.names()
        #expect(throws: TriggerFolder.WriteFailure.self) { try place.write("evil", to: name, replacing: "new") }
        #expect(throws: TriggerFolder.WriteFailure.self) {
            try place.write("evil", to: name, replacing: version("secret"))
        }
        #expect(place.names() == before)
        #expect(try String(contentsOfFile: place.outside + "/secret.yaml", encoding: .utf8) == "secret")
        #expect(try FileManager.default.contentsOfDirectory(atPath: place.outside) == ["secret.yaml"])
    }

    @Test("a link to a file within the folder stays a link")
    func links() throws {
        let place = try Place()
        try place.put("templates/real.md", "Hello\n")
        try FileManager.default.createSymbolicLink(
            atPath: "\(place.path)/templates/also.md", withDestinationPath: "real.md")
        try place.write("Bye\n", to: "templates/also.md", replacing: version("Hello\n"))
        #expect(place.text("templates/real.md") == "Bye\n")
        #expect(
            try FileManager.default.destinationOfSymbolicLink(atPath: "\(place.path)/templates/also.md") == "real.md")
    }

    @Test("no file and no folder grows beyond what is read")
    func limits() throws {
        let place = try Place()
        let large = [UInt8](repeating: 0x61, count: TriggerFolder.largestFile + 1)
        #expect(throws: TriggerFolder.WriteFailure.notOurs) {
            _ = try TriggerFolder.prepare(large, at: "shop.yaml", in: place.path)
        }
        var folder = try TriggerFolder(readingFrom: place.path)
        #expect(folder.refusal(of: large, at: "shop.yaml") != nil)
        #expect(folder.refusal(of: [0x61], at: "new.yaml") == nil)
        for number in 1..<TriggerFolder.mostFiles { folder.files["t\(number).yaml"] = [] }
        #expect(folder.refusal(of: [0x61], at: "new.yaml") != nil)
        #expect(folder.refusal(of: [0x61], at: "t1.yaml") == nil)
        let block = [UInt8](repeating: 0x61, count: TriggerFolder.largestFile)
        for number in 1...64 { folder.files["t\(number).yaml"] = block }
        #expect(folder.refusal(of: [0x61], at: "t99.yaml") != nil)
    }

    @Test("a folder that cannot be written says what the system says")
    func forbidden() throws {
        #expect(throws: TriggerFolder.WriteFailure.self) {
            _ = try TriggerFolder.prepare([0x61], at: "shop.yaml", in: "/nowhere/at/all")
        }
        #expect(TriggerFolder.mayBeNew("a b.yaml") == false && TriggerFolder.mayBeNew("ä.yaml") == false)
        #expect(TriggerFolder.mayBeNew("thanks.yaml") && TriggerFolder.mayBeNew("templates/thanks.de.md"))
        #expect(!TriggerFolder.mayBeNew("../thanks.yaml") && !TriggerFolder.mayBeNew("schema/track.yaml"))
    }
}

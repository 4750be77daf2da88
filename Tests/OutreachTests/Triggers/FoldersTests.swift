import Foundation
import Testing

@testable import Outreach

@Suite("Folders of triggers")
struct FoldersTests {
    private static let shop = "brand: { name: Fig, from: orders@fig.example }\n"
    private static let mail = "---\nsubject: A\n---\nB\n"

    private static let files = [
        "shop.yaml": shop, "policy.yaml": "amounts_in: GBP\n",
        "note.yaml": "on: order.paid\nsend: email\n",
        "answers/thanks.yaml": "on: order.placed\nsend: email\n",
        "answers/returns/how.yaml":
            "on: return.requested\nreplaces: [answers/thanks]\nsend: { email: { template: how } }\n",
        "templates/note.md": mail, "templates/answers/thanks.md": mail, "templates/answers/thanks.de.md": mail,
        "templates/how.md": mail, "templates/partials/foot.md": "Bye.\n",
        // None of these is a trigger.
        "_drafts/later.yaml": "nonsense", "answers/_old/thanks.yaml": "nonsense", ".git/x.yaml": "nonsense",
        "pages/rating.yaml": "nonsense", "replies/hello.yaml": "nonsense", "understanding/phrases.yaml": "nonsense",
        "schema/x.yaml": "nonsense", "templates/x.yaml": "nonsense", "answers/readme.md": "x",
    ]

    private static func load(_ files: [String: String]) -> (set: TriggerSet?, faults: [Fault]) {
        TriggerSet.load(TriggerFolder(files: files.mapValues { Array($0.utf8) }))
    }

    /// A folder on disk, removed at the end.
    private static func withFolder(_ body: (String) throws -> Void) throws {
        let place = FileManager.default.temporaryDirectory.appendingPathComponent("folders-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: place) }
        for (name, text) in files {
            let file = place.appendingPathComponent(name)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try text.write(to: file, atomically: true, encoding: .utf8)
        }
        try body(place.path)
    }

    @Test("give triggers their paths as names, from disk and from the store alike")
    func names() throws {
        let (set, faults) = Self.load(Self.files)
        #expect(faults.filter { $0.severity == .error } == [])
        let names = ["answers/returns/how", "answers/thanks", "note"]
        #expect(try #require(set).triggers.map(\.name) == names)
        #expect(set?.replacers(of: "answers/thanks") == ["answers/returns/how"])
        #expect(set?.trigger("answers/thanks")?.lines.first?.template == "answers/thanks")
        #expect(set?.templates.all("answers/thanks").count == 2)
        try Self.withFolder { path in
            let folder = try TriggerFolder(readingFrom: path, name: "triggers")
            #expect(folder.faults == [])
            #expect(folder == TriggerFolder(files: Self.files.mapValues { Array($0.utf8) }))
            #expect(TriggerSet.load(folder).set?.triggers.map(\.name) == names)
        }
    }

    @Test("have an 'id' that keeps the name where a file is moved into one")
    func moved() {
        let moved = [
            "shop.yaml": Self.shop, "news/note.yaml": "id: note\non: order.paid\nsend: email\n",
            "templates/note.md": Self.mail,
        ]
        #expect(Self.load(moved).set?.triggers.map(\.name) == ["note"])
        let kept = [
            "shop.yaml": Self.shop, "note.yaml": "id: news/note\non: order.paid\nsend: email\n",
            "templates/news/note.md": Self.mail,
        ]
        #expect(Self.load(kept).set?.triggers.map(\.name) == ["news/note"])
    }

    @Test("are named in faults as they lie")
    func faults() {
        func said(_ path: String, _ text: String) -> [String] {
            Self.load(["shop.yaml": Self.shop, path: text, "templates/a/b.md": Self.mail]).faults
                .filter { $0.severity == .error }.map(\.description)
        }
        #expect(
            said("a/b.yaml", "on: order.payd\nsend: email\n").first?
                .hasPrefix("triggers/a/b.yaml:1:5: unknown event 'order.payd'; did you mean 'order.paid'?") == true)
        #expect(
            said("a b/c.yaml", "on: order.paid\nsend: { email: { template: a/b } }\n") == [
                "triggers/a b/c.yaml:1:1: the file's name is the trigger's name, and 'a b/c' cannot be one; rename the file or its folder with letters, digits, '-' and '_'"
            ])
        #expect(
            said("a/c.yaml", "on: order.paid\nsend: email\n").contains {
                $0.contains("there is no template 'templates/a/c.md'")
            })
        #expect(TriggerFolder.stray("answers/thanks.yml", in: "triggers")?.hint == "rename it to 'thanks.yaml'")
        #expect(TriggerFolder.stray("_drafts/thanks.yml", in: "triggers") == nil)
    }

    @Test("are not read where a link leads out, or in a circle")
    func links() throws {
        try Self.withFolder { path in
            try FileManager.default.createSymbolicLink(atPath: path + "/answers/round", withDestinationPath: "..")
            let folder = try TriggerFolder(readingFrom: path, name: "triggers")
            #expect(
                folder.faults.map(\.description) == [
                    "triggers/answers/round:1:1: warning: this folder has already been read under another name; remove the link"
                ])
            try FileManager.default.createSymbolicLink(atPath: path + "/elsewhere", withDestinationPath: "/etc")
            #expect(
                try TriggerFolder(readingFrom: path, name: "triggers").faults.map(\.description).contains(
                    "triggers/elsewhere:1:1: the link leads out of the folder, so nothing in it is read; put the files themselves here"
                ))
        }
    }
}

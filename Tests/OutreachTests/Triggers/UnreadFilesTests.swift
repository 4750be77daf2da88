import Foundation
import Testing

@testable import Outreach

@Suite("Files that are not read")
struct UnreadFilesTests {
    private let shop = "brand: { name: Fig, from: orders@juniperfig.example }\n"

    @Test("Shop.yaml is told by its name alone, and is no trigger")
    func capitals() {
        let (set, faults) = TriggerSet.load(TriggerFolder(files: ["Shop.yaml": Array(shop.utf8)]))
        #expect(set == nil)
        #expect(
            faults.map(\.description) == [
                "triggers/Shop.yaml:1:1: the shop's settings are not read under this name; rename it to 'shop.yaml', in lower case"
            ])
    }

    @Test("are told where they look like ours, once each, from disk as well")
    func onDisk() throws {
        let place = FileManager.default.temporaryDirectory.appendingPathComponent("unread-\(UUID().uuidString)")
        try FileManager.default.createDirectory(
            at: place.appendingPathComponent("templates"), withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: place) }
        for (name, text) in [
            "shop.yaml": shop, "delivered.yaml.txt": "x", ".delivered.yaml.swp": "x", "a.yaml~": "x", "README.md": "x",
            "templates/a.md.txt": "x", "templates/logo.png": "x",
        ] {
            try text.write(to: place.appendingPathComponent(name), atomically: true, encoding: .utf8)
        }
        let folder = try TriggerFolder(readingFrom: place.path, name: "triggers")
        #expect(
            folder.faults.map(\.description) == [
                "triggers/delivered.yaml.txt:1:1: warning: the file is not read; rename it to 'delivered.yaml'",
                "triggers/templates/a.md.txt:1:1: warning: the file is not read; rename it to 'a.md'",
            ])
    }

    @Test("a failed example prints its mail once, in plain words, for a customer who reads English")
    func examples() throws {
        let files = [
            "shop.yaml": shop + "locale: de\n",
            "a.yaml":
                "on: shipment.delivered\nsend: email\nexamples:\n  - name: x\n    expect: [email: { contains: [Hallo, Tschüss] }]\n",
            "templates/a.md": "---\nsubject: x\n---\nDa ist {{ order.name }}.\n",
            "templates/a.en.md": "---\nsubject: x\n---\nHere is {{ order.name }}, {{ order.total_price | money }}.\n",
        ]
        let (set, faults) = TriggerSet.load(TriggerFolder(files: files.mapValues { Array($0.utf8) }))
        #expect(faults.allSatisfy { $0.severity == .warning })
        let failures = ExampleRunner(try #require(set)).run().1
        let text = failures.map { "\($0)" }.joined()
        #expect(text.contains(#"to contain "Hallo" and "Tschüss", got:"#))
        #expect(text.contains("Here is #1001, £66.45."))
        #expect(text.components(separatedBy: "Here is").count == 2)
        #expect(!text.contains("&#"))
    }
}

import Foundation
import Testing

@testable import Outreach

@Suite("The schemas for editors")
struct SchemaTests {
    @Test(
        "are the files that are shipped (BOOKBAG_GOLDEN=write brings them up to date)", arguments: FileSchema.allCases)
    func shipped(_ schema: FileSchema) throws {
        let path = Package.root + "/triggers/schema/\(schema.rawValue).json"
        if ProcessInfo.processInfo.environment["BOOKBAG_GOLDEN"] == "write" {
            try schema.json.write(toFile: path, atomically: true, encoding: .utf8)
            return
        }
        #expect(try String(contentsOfFile: path, encoding: .utf8) == schema.json)
    }

    @Test("have every key that is read, each with a description of its own")
    func keys() throws {
        #expect(Set(FileSchema.shopKeys.keys) == Set(ShopReader.keys))
        #expect(Set(FileSchema.brandKeys.keys) == Set(ShopReader.brandKeys))
        #expect(Set(FileSchema.policyKeys.keys) == Set(PolicyReader.keys))
        #expect(Set(FileSchema.giftKeys.keys) == Set(PolicyReader.giftKeys))
        #expect(Set(FileSchema.budgetKeys.keys) == Set(PolicyReader.budgetKeys))
        let tables = [
            FileSchema.shopKeys, FileSchema.brandKeys, FileSchema.policyKeys, FileSchema.giftKeys,
            FileSchema.budgetKeys,
        ]
        for node in tables.flatMap(\.values) {
            #expect(node.json.contains("\"description\""))
        }
        for schema in FileSchema.allCases {
            let parsed = try JSONSerialization.jsonObject(with: Data(schema.json.utf8))
            #expect(parsed is [String: Any])
        }
    }

    static func files(_ folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "\(Package.root)/Tests/Golden/schema/\(folder)").sorted()
    }

    /// What the reader says of a file, in a folder with all that it may name.
    static func taken(_ folder: String, _ file: String) throws -> Bool {
        let text = try String(contentsOfFile: "\(Package.root)/Tests/Golden/schema/\(folder)/\(file)", encoding: .utf8)
        let mail = Array("---\nsubject: Hello\n---\nHello.\n".utf8)
        let shop = """
            notify: owner@fig.example
            brand: { name: Fig, from: orders@fig.example, marketing_from: hello@fig.example }
            """
        var files: [String: [UInt8]] = [
            "shop.yaml": Array(shop.utf8), "templates/note.json": Array("{}".utf8), "templates/note.md": mail,
            "out-for-delivery.yaml": Array("on: shipment.out_for_delivery\nsend: email\n".utf8),
            "templates/out-for-delivery.md": mail, "templates/every-key.md": mail,
        ]
        let name = file.hasPrefix("shop") ? "shop.yaml" : file.hasPrefix("policy") ? "policy.yaml" : file
        files[name] = Array(text.utf8)
        files["templates/\(file.dropLast(5)).md"] = mail
        let (set, faults) = TriggerSet.load(TriggerFolder(files: files), webhooks: ["helpdesk"])
        if set == nil, folder == "taken" { Issue.record("\(faults)") }
        return set != nil
    }

    // scripts/check-schema has PyPI's check-jsonschema say of the same files what is said here.
    @Test("are shown by files that the reader takes as well", arguments: try files("taken"))
    func taken(_ file: String) throws { #expect(try Self.taken("taken", file)) }

    @Test("are shown by files that the reader refuses as well", arguments: try files("refused"))
    func refused(_ file: String) throws { #expect(try !Self.taken("refused", file)) }
}

import Foundation
import Testing

@testable import Outreach

/// Faults as a merchant reads them. A golden file holds cases: `##### what it shows`, files after `=== path`, and after `=== faults` what has to be said,
/// word for word. A good shop.yaml and a template for every trigger are there where a case does not bring its own.
///
/// `BOOKBAG_GOLDEN=write swift test --filter FaultGoldenTests` writes what is said now into the files, for somebody to read.
@Suite("What is said about a file that is wrong")
struct FaultGoldenTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var files: [(path: String, text: String)]
        var expected: String
        var testDescription: String { name }
    }

    static let folder = Package.root + "/Tests/Golden/triggers"

    static let goodShop = """
        notify: owner@juniperfig.example
        brand:
          name: Juniper & Fig
          from: orders@juniperfig.example
        segments:
          vip: customer.orders_count >= 10
        """
    static let goodTemplate = "---\nsubject: Your order {{ order.name }}\n---\nHello.\n"

    static func cases(in file: String) throws -> [Case] {
        let text = try String(contentsOfFile: "\(folder)/\(file)", encoding: .utf8)
        return ("\n" + text).components(separatedBy: "\n##### ").dropFirst().map { block in
            let parts = block.components(separatedBy: "\n=== ")
            var files: [(String, String)] = []
            var expected = ""
            for part in parts.dropFirst() {
                let line = part.prefix { $0 != "\n" }
                let body = String(part.dropFirst(line.count + 1))
                if line == "faults" {
                    expected = body.trimmingCharacters(in: .newlines)
                } else {
                    files.append((String(line), body + "\n"))
                }
            }
            return Case(
                name: parts[0].trimmingCharacters(in: .whitespacesAndNewlines), files: files, expected: expected)
        }
    }

    static func said(about item: Case) -> String {
        var files: [String: [UInt8]] = ["shop.yaml": Array(goodShop.utf8)]
        for (path, text) in item.files {
            // `␉` is a tab, so that it can be seen.
            files[path] = Array(text.replacingOccurrences(of: "␉", with: "\t").utf8)
        }
        for path in files.keys where path.hasSuffix(".yaml") && path != "shop.yaml" && path != "policy.yaml" {
            let template = "templates/\(path.dropLast(5))"
            if !files.keys.contains(where: { $0.hasPrefix(template + ".") }), !item.name.contains("no template") {
                files[template + ".md"] = Array(goodTemplate.utf8)
            }
        }
        let (set, faults) = TriggerSet.load(TriggerFolder(files: files), webhooks: ["helpdesk", "erp"])
        let lines = faults.map(\.description)
        return (lines + [set == nil ? "refused" : "taken"]).joined(separator: "\n")
    }

    static let files = ["yaml", "triggers", "conditions", "shop", "templates", "examples", "ten-mistakes", "policy"]

    @Test("is where, what, and how to fix it", arguments: files)
    func golden(_ file: String) throws {
        let cases = try Self.cases(in: file + ".golden")
        #expect(!cases.isEmpty)
        if ProcessInfo.processInfo.environment["BOOKBAG_GOLDEN"] == "write" {
            let text = cases.map { item in
                let files = item.files.map { "=== \($0.path)\n\($0.text)" }.joined()
                return "##### \(item.name)\n\(files)=== faults\n\(Self.said(about: item))\n"
            }
            try text.joined(separator: "\n").write(
                toFile: "\(Self.folder)/\(file).golden", atomically: true, encoding: .utf8)
            return
        }
        for item in cases {
            #expect(Self.said(about: item) == item.expected, "\(file): \(item.name)")
        }
    }

    @Test("counts for every key that is read: each has a case that shows it wrong")
    func everyKey() throws {
        let all = try Self.files.map { try String(contentsOfFile: "\(Self.folder)/\($0).golden", encoding: .utf8) }
            .joined()
        let keys =
            TriggerKeys.standard.names + TriggerKeys.standard.emailNames + ShopReader.keys + ShopReader.limitKeys
            + ShopReader.brandKeys + PolicyReader.keys + PolicyReader.giftKeys + PolicyReader.budgetKeys
            + ExampleReader.keys + ExampleReader.expectKeys
        for key in Set(keys) { #expect(all.contains("\(key):"), "no case has '\(key)'") }
    }
}

import Foundation
import Outreach
import Testing

@testable import Delivery

/// What `check` says of templates as mails. The golden file holds cases as the other golden faults do:
/// `##### what it shows`, files after `=== path`, and after `=== warnings` what is said, word for word.
@Suite("What is said about a template as a mail")
struct MailReviewTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var files: [(path: String, text: String)]
        var expected: String
        var testDescription: String { name }
    }

    static let file = packageRoot.appendingPathComponent("Tests/Golden/triggers/mails.golden")

    static let cases: [Case] = {
        guard let text = try? String(contentsOf: file, encoding: .utf8) else { return [] }
        return ("\n" + text).components(separatedBy: "\n##### ").dropFirst().map { block in
            let parts = block.components(separatedBy: "\n=== ")
            var item = Case(name: parts[0].trimmingCharacters(in: .whitespacesAndNewlines), files: [], expected: "")
            for part in parts.dropFirst() {
                let line = String(part.prefix { $0 != "\n" })
                let body = String(part.dropFirst(line.count + 1))
                if line == "warnings" {
                    item.expected = body.trimmingCharacters(in: .newlines)
                } else {
                    item.files.append((line, body + "\n"))
                }
            }
            return item
        }
    }()

    static func said(about item: Case) -> String {
        var files: [String: [UInt8]] = [
            "shop.yaml": Array("brand:\n  name: Juniper & Fig\n  from: orders@juniperfig.example\n".utf8),
            "a.yaml": Array("on: shipment.delivered\nsend: email\n".utf8),
        ]
        for (path, text) in item.files {
            // `(50000 × x)` is so many letters, so that a long file is short here.
            let text = text.replacing(/\((\d+) × (.)\)/) { String(repeating: String($0.2), count: Int($0.1) ?? 0) }
            files[path] = Array(text.utf8)
        }
        if !files.keys.contains(where: { $0.hasPrefix("templates/a.") }) {
            files["templates/a.md"] = Array("---\nsubject: Hello\n---\nHello.\n".utf8)
        }
        let folder = TriggerFolder(files: files)
        let (set, _) = TriggerSet.load(folder)
        let faults = MailReview.faults(of: set, in: folder)
        return faults.isEmpty ? "nothing" : faults.map(\.description).joined(separator: "\n")
    }

    @Test("is where, what, and how to fix it")
    func golden() throws {
        #expect(Self.cases.count > 10)
        if ProcessInfo.processInfo.environment["BOOKBAG_GOLDEN"] == "write" {
            let text = Self.cases.map { item in
                let files = item.files.map { "=== \($0.path)\n\($0.text)" }.joined()
                return "##### \(item.name)\n\(files)=== warnings\n\(Self.said(about: item))\n"
            }
            try text.joined(separator: "\n").write(to: Self.file, atomically: true, encoding: .utf8)
            return
        }
        for item in Self.cases { #expect(Self.said(about: item) == item.expected, "\(item.name)") }
    }

    @Test("is nothing for the shipped ones, every file of which it renders")
    func shipped() throws {
        let folder = try TriggerFolder(readingFrom: packageRoot.path + "/triggers", name: "triggers")
        let set = try #require(TriggerSet.load(folder).set)
        #expect(MailReview.faults(of: set, in: folder).map(\.description) == [])
        let templates = folder.files.keys.filter { $0.hasPrefix("templates/") && !$0.contains("partials") }
        #expect(Set(set.specimens().map(\.file)) == Set(templates.map { "triggers/\($0)" }))
    }

    @Test("never names what Liquid prints, and is said at its own place, whatever stands before it")
    func places() {
        let source = TemplateSource("ä{{ x | y: \"<script>\" }}\n{% comment %}<form>{% endcomment %} <b>é</b>")
        #expect(source.bytes.count == source.original.count)
        #expect(!source.text.contains("script") && !source.text.contains("form"))
        let offset = source.text.utf8.distance(
            from: source.text.startIndex, to: source.text.firstRange(of: "</b>")!.lowerBound)
        #expect(source.position(offset).line == 2 && source.position(offset).column == 41)
    }
}

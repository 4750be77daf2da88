import Foundation
import Testing

@testable import Outreach

/// Every mail that a shipped example sends, as the template writes it, word for word: so that a change of a text is
/// seen by whoever reviews it. `BOOKBAG_GOLDEN=write swift test --filter ShippedMailTests` writes them anew.
@Suite("The mails of the shipped triggers")
struct ShippedMailTests {
    static let folder = Package.root + "/Tests/Golden/mails"

    static func written(_ trigger: Trigger, _ set: TriggerSet) -> String {
        let runner = ExampleRunner(set)
        return trigger.examples.compactMap { example -> String? in
            guard let mail = runner.mail(of: example, in: trigger) else { return nil }
            let kind: String
            switch mail.body {
            case .markdown: kind = "Markdown"
            case .html: kind = "HTML"
            }
            return """
                ##### \(example.name)
                Subject: \(mail.subject)
                Preview: \(mail.preview ?? "")
                Language: \(mail.language), \(kind)

                \(mail.text)
                """
        }.joined(separator: "\n")
    }

    @Test("are written as they were read and approved")
    func golden() throws {
        let set = try #require(TriggerSet.load(try Package.shippedTriggers()).set)
        for trigger in set.triggers {
            let path = "\(Self.folder)/\(trigger.name).golden"
            let written = Self.written(trigger, set)
            if ProcessInfo.processInfo.environment["BOOKBAG_GOLDEN"] == "write" {
                try FileManager.default.createDirectory(
                    atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
                try written.write(toFile: path, atomically: true, encoding: .utf8)
                continue
            }
            let approved = try String(contentsOfFile: path, encoding: .utf8)
            #expect(written == approved, "\(trigger.name)")
        }
    }

    @Test("hold no Liquid and no exclamation mark")
    func tone() throws {
        let set = try #require(TriggerSet.load(try Package.shippedTriggers()).set)
        for trigger in set.triggers {
            let written = Self.written(trigger, set)
            #expect(!written.contains("{{") && !written.contains("{%") && !written.contains("Liquid error"))
            #expect(!written.contains("!"), "\(trigger.name)")
        }
    }
}

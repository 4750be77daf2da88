import Foundation
import Testing

@testable import Outreach

@Suite("The shopkeeper's reference")
struct ReferenceTests {
    static let path = Package.root + "/docs/triggers.md"

    /// The page with all generated parts as the code has them now.
    private func current(_ page: String) -> String {
        var page = page
        for (mark, text) in [
            ("keys", TriggerKeys.standard.markdown), ("actions", ActionVerbs.standard.markdown),
            ("shopify", ShopifyNotification.markdown),
            ("events", NamesReference.events),
            ("names", NamesReference.markdown),
        ] {
            let begin = "<!-- \(mark): begin -->"
            let end = "<!-- \(mark): end -->"
            guard let first = page.range(of: begin), let last = page.range(of: end) else { continue }
            page.replaceSubrange(first.upperBound..<last.lowerBound, with: "\n\(text)\n")
        }
        return page
    }

    @Test("lists the keys, events and names that the code reads (BOOKBAG_GOLDEN=write brings it up to date)")
    func upToDate() throws {
        let page = try String(contentsOfFile: Self.path, encoding: .utf8)
        if ProcessInfo.processInfo.environment["BOOKBAG_GOLDEN"] == "write" {
            try current(page).write(toFile: Self.path, atomically: true, encoding: .utf8)
            return
        }
        for mark in ["keys", "actions", "shopify", "events", "names"] {
            #expect(page.contains("<!-- \(mark): begin -->"))
        }
        #expect(page == current(page))
    }

    @Test("knows every key")
    func keys() throws {
        let page = try String(contentsOfFile: Self.path, encoding: .utf8)
        for key in TriggerKeys.standard.names + TriggerKeys.standard.emailNames + ShopReader.keys + ShopReader.brandKeys
            + ExampleReader.keys + ExampleReader.expectKeys
        {
            #expect(page.contains("`\(key)`") || page.contains("\(key):"), "\(key) is not explained")
        }
    }

    @Test("means by Shopify's words only names that exist")
    func otherWords() {
        for (_, meant) in Names.otherWords {
            #expect(Names.byPath[meant] != nil || Names.roots.contains { $0.name == meant }, "\(meant)")
        }
    }

    @Test("gives each moment the days since it")
    func daysSince() {
        for (path, row) in Names.byPath {
            guard case .moment = row.type else { continue }
            let key = path.split(separator: ".")[1]
            guard key.hasSuffix("_at") else { continue }
            #expect(Names.byPath["\(path.split(separator: ".")[0]).days_since_\(key.dropLast(3))"] != nil, "\(path)")
        }
    }
}

import Foundation
import Testing

@testable import Outreach

@Suite("Settings are edited in shop.yaml line by line")
struct ShopFileEditorTests {
    private static let file = """
        # Your shop.
        mode: shadow   # soon live

        brand:
          name: Juniper & Fig
          from: Juniper & Fig <orders@juniperfig.example>
          color: "#2f5d50"  # green
        quiet_hours: 21:00-08:00

        # One in a while.
        limit:
          messages: 1
          per: 16 hours # not a day
          except: [shipment.delivered, return.label_ready]
        holidays:
          - 2026-12-25   # Christmas
          - 2026-12-26
          # in the new year
          - 2027-01-01
        segments:
          vip:
            any:
              - customer.orders_count >= 10

        """

    private typealias Value = ShopFileEditor.Value

    private func edited(_ key: String, _ value: ShopFileEditor.Value, _ source: String = file) throws -> String {
        try ShopFileEditor.apply([(key, value)], to: source)
    }

    /// What differs, line by line.
    private func changes(_ key: String, _ value: ShopFileEditor.Value, _ source: String = file) throws -> [String] {
        let before = source.split(separator: "\n", omittingEmptySubsequences: false)
        let after = try edited(key, value, source).split(separator: "\n", omittingEmptySubsequences: false)
        return after.difference(from: before).map { change in
            switch change {
            case .remove(_, let line, _): "-\(line)"
            case .insert(_, let line, _): "+\(line)"
            }
        }
    }

    @Test("a value is changed in its line, and its comment stays")
    func values() throws {
        #expect(
            try changes("mode", .text("live")) == ["-mode: shadow   # soon live", "+mode: live   # soon live"])
        #expect(
            try changes("limit.per", .text("1 day"))
                == ["-  per: 16 hours # not a day", "+  per: 1 day # not a day"])
        #expect(
            try changes("brand.color", .text("#000000"))
                == ["-  color: \"#2f5d50\"  # green", "+  color: \"#000000\"  # green"])
        #expect(
            try changes("brand.name", .text("Fig: \"best\" #1"))
                == ["-  name: Juniper & Fig", "+  name: \"Fig: \\\"best\\\" #1\""])
        #expect(try changes("quiet_hours", .text("22:00-07:00")).count == 2)
    }

    @Test("a list keeps the lines of what stays in it")
    func lists() throws {
        #expect(
            try changes("holidays", .list(["2026-12-25", "2027-01-01", "2027-03-26"]))
                == ["-  - 2026-12-26", "+  - 2027-03-26"])
        #expect(
            try changes("limit.except", .list(["shipment.lost"]))
                == ["-  except: [shipment.delivered, return.label_ready]", "+  except: [shipment.lost]"])
        #expect(try edited("holidays", .nothing).contains("holidays") == false)
        #expect(try edited("holidays", .list(["2030-01-01"])).contains("holidays:\n  # in the new year\n"))
    }

    @Test("a key is added below its set or at the end, and taken away with its line alone")
    func keys() throws {
        #expect(try changes("brand.reply_to", .text("help@fig.example")) == ["+  reply_to: help@fig.example"])
        let added = try edited("brake", .text("500 per hour"))
        #expect(added.hasPrefix(Self.file) && added.hasSuffix("\n\nbrake: 500 per hour\n"))
        #expect(try changes("quiet_hours", .nothing) == ["-quiet_hours: 21:00-08:00"])
        let without = try ShopFileEditor.apply(
            [("limit.messages", .nothing), ("limit.per", .nothing), ("limit.except", .nothing)], to: Self.file)
        #expect(!without.contains("limit:") && without.contains("# One in a while."))
        let again = try ShopFileEditor.apply(
            [("limit.messages", .text("2")), ("limit.per", .text("1 day"))], to: without)
        #expect(again.hasSuffix("limit:\n  messages: 2\n  per: 1 day\n"))
        #expect(try edited("nothing.here", .nothing) == Self.file)
    }

    @Test("line ends of Windows, braces and quotes are kept as they are")
    func shapes() throws {
        let windows = Self.file.replacing("\n", with: "\r\n")
        #expect(
            try edited("mode", .text("live"), windows)
                == Self.file.replacing("mode: shadow", with: "mode: live").replacing("\n", with: "\r\n"))
        let braces = "limit: { messages: 1, per: 16 hours }   # few\nbrand: { name: 'It''s', from: a@b.example }\n"
        #expect(
            try edited("limit.messages", .text("3"), braces)
                == braces.replacing("messages: 1", with: "messages: 3"))
        #expect(
            try edited("brand.name", .text("A, B"), braces) == braces.replacing("'It''s'", with: "\"A, B\""))
    }

    @Test(
        "what is not followed is refused, and changes nothing",
        arguments: [
            ("brand.name", "brand:\n  name: >\n    Juniper\n    and Fig\n"),
            ("limit.per", "limit: { messages: 1 }\n"),
            ("mode", "mode: {a: b}\n"),
            ("mode", "mode:\n  live\n"),
            ("brand.name", "brand: Fig\n"),
        ])
    func refused(_ key: String, _ source: String) {
        #expect(throws: ShopFileEditor.Refusal.self) { try ShopFileEditor.apply([(key, .text("x y"))], to: source) }
    }

    @Test("whatever is typed comes back as it was typed, and changes no other key")
    func anything() throws {
        var chance = SystemRandomNumberGenerator()
        var refused: Set<String> = []
        let signs = Array("ab 1:#-\"'\\{}[],&*!|>%@`~?=\tü€\u{7F}.")
        for _ in 0..<2_000 {
            let text = String(
                (0..<Int.random(in: 1...12, using: &chance)).map { _ in signs.randomElement(using: &chance)! }
            )
            .trimmingCharacters(in: .whitespaces)
            guard !text.isEmpty else { continue }
            for key in ["brand.name", "mode", "brake", "brand.reply_to"] {
                do throws(ShopFileEditor.Refusal) {
                    let after = try ShopFileEditor.apply([(key, .text(text))], to: Self.file)
                    #expect(ShopFileEditor.value(key, in: after) == .text(text), "\(text)")
                } catch {
                    // It may be refused, but never be written as something else.
                    if !text.contains("\u{7F}"), !text.contains("\t") { refused.insert(text) }
                }
            }
        }
        #expect(refused.count <= 5, "what reads as something else in YAML is rare: \(refused)")
    }

    @Test("the shipped shop.yaml takes every setting")
    func shipped() throws {
        let source = try String(
            contentsOf: URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(
                path: "../../../triggers/shop.yaml"), encoding: .utf8)
        for (key, value) in [
            ("mode", Value.text("live")), ("notify", .text("a@b.example")), ("locale", .text("de")),
            ("quiet_hours", .text("22:00-07:00")), ("limit.messages", .text("2")), ("limit.per", .text("2 days")),
            ("limit.except", .list(["shipment.lost"])), ("brake", .text("9 per hour")),
            ("business_days", .text("Mon-Sat")), ("holidays", .list(["2026-12-25", "2028-01-01"])),
            ("labels_expire", .text("2 weeks")), ("shopify_sends", .list(["order_confirmation"])),
            ("brand.name", .text("Fig")), ("brand.logo", .nothing), ("brand.address", .text("1 Way, Town")),
        ] as [(String, Value)] {
            let after = try ShopFileEditor.apply([(key, value)], to: source)
            #expect(ShopReader.read(after, file: "shop.yaml").settings != nil, "\(key)")
            #expect(
                after.split(separator: "\n").count(where: { $0.hasPrefix("#") })
                    == source.split(separator: "\n").count(where: { $0.hasPrefix("#") }), "\(key)")
        }
    }
}

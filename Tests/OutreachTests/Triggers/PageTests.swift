import Foundation
import Testing

@testable import Outreach

/// What the pages for people show is held true as it stands there.
@Suite("What the pages show")
struct PageTests {
    static let template = """
        ---
        subject: Hello
        ---
        {% if event.type == "shipment.created" %}{% for shipment in shipments %}
        - {{ shipment.tracking_number }}{% if shipment.carrier %} with {{ shipment.carrier }}{% endif %}
        {% endfor %}{% endif %}
        """

    /// The blocks of docs/triggers.md that are whole trigger files with examples.
    static func recipes() throws -> [(name: String, text: String)] {
        let page = try String(contentsOfFile: Package.root + "/docs/triggers.md", encoding: .utf8)
        return page.components(separatedBy: "\n```yaml\n# triggers/").dropFirst().compactMap { block in
            guard let end = block.range(of: "\n```") else { return nil }
            let text = String(block[..<end.lowerBound])
            let name = String(text.prefix { $0 != "\n" })
            return text.contains("examples:") ? (name, String(text.dropFirst(name.count)) + "\n") : nil
        }
    }

    @Test("of docs/triggers.md are right, and do what their examples say")
    func recipesHold() throws {
        let recipes = try Self.recipes()
        #expect(recipes.count >= 4)
        for (name, text) in recipes {
            let shop = """
                brand: { name: Juniper & Fig, from: orders@juniperfig.example, marketing_from: hello@juniperfig.example }
                segments: { vip: customer.orders_count >= 10 }
                """
            var files = ["shop.yaml": shop, name: text]
            if text.contains("email") {
                let isOfParcel = text.contains("on: shipment.")
                files["templates/\(name.dropLast(5)).md"] =
                    isOfParcel ? Self.template : "---\nsubject: Hello\n---\nHello.\n"
            }
            let (set, faults) = TriggerSet.load(
                TriggerFolder(files: files.mapValues { Array($0.utf8) }), webhooks: ["helpdesk"])
            #expect(faults.filter { $0.severity == .error }.map(\.description) == [], "\(name)")
            let (count, failures) = ExampleRunner(try #require(set)).run()
            #expect(count >= 1)
            #expect(failures.map(\.description) == [], "\(name)")
        }
    }

    @Test("of a webhook's body is in what is sent, to the letter")
    func webhook() throws {
        let page = try String(contentsOfFile: Package.root + "/docs/operations.md", encoding: .utf8)
        let part = page.components(separatedBy: "<!-- webhook: begin -->\n```json\n").last?
            .components(separatedBy: "\n```\n<!-- webhook: end -->").first
        let block = try #require(part)
        let shown = try #require(JSON(reading: Array(block.utf8)))
        let files = [
            "shop.yaml": "brand: { name: Juniper & Fig, from: orders@juniperfig.example }",
            "delay-alert.yaml": "on: shipment.delayed\nsend: [{ webhook: helpdesk }]\n",
        ]
        let set = try #require(TriggerSet.load(TriggerFolder(files: files.mapValues { Array($0.utf8) })).set)
        let trigger = set.triggers[0]
        let outcome = try #require(ExampleRunner(set).outcomes(Example(plain: trigger), of: trigger).first)
        let body = try #require(outcome.webhook)
        let sent = try #require(JSON(reading: body))
        #expect(Self.missing(shown, in: sent, at: "") == [])
        #expect(Self.missing(["data": ["order": ["name": "#1002"]]], in: sent, at: "").count == 1)
    }

    /// The members that are not there, or other than shown.
    private static func missing(_ shown: JSON, in sent: JSON?, at path: String) -> [String] {
        switch (shown, sent) {
        case (.object(let members), .object?):
            return members.flatMap { missing($0.value, in: sent?.member($0.name), at: "\(path).\($0.name)") }
        case (.array(let elements), .array(let others)?) where elements.count == others.count:
            return zip(elements, others).flatMap { missing($0, in: $1, at: "\(path)[]") }
        default: return shown == sent ? [] : ["\(path): \(sent?.shown ?? "missing")"]
        }
    }

    @Test("of promises and delays in the shipped shop.yaml can be had by taking the marks away, and are what holds")
    func commented() throws {
        var folder = try Package.shippedTriggers()
        let text = try #require(folder.text("shop.yaml"))
        var isPart = false
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line -> Substring in
            if line == "# promises:" || line == "# delays:" { isPart = true }
            if !line.hasPrefix("# ") { isPart = false }
            return isPart ? line.dropFirst(2) : line
        }
        folder.files["shop.yaml"] = Array(lines.joined(separator: "\n").utf8)
        let (set, faults) = TriggerSet.load(folder)
        #expect(faults.map(\.description) == [])
        let settings = try #require(set).settings
        #expect(settings.delays.promises.count == 2)
        #expect(
            settings.delays.noScan == DelayRules().noScan && settings.delays.notHandedOver == DelayRules().notHandedOver
        )
    }

    @Test("of an edit that is held is which trigger would write to whom")
    func rush() {
        var rush = Reload.Rush()
        #expect(rush.people == 0 && rush.lines == [])
        for number in 1...7 {
            rush.add(trigger: "late", address: "A\(number)@shopper.example", order: "#\(number)", effect: Int64(number))
        }
        rush.add(trigger: "thanks", address: "a1@shopper.example", order: "#1", effect: 1)
        #expect(rush.people == 7)
        #expect(rush.lines == ["late: 7 people, about #1, #2, #3, #4, #5 and others", "thanks: 1 person, about #1"])
    }
}

import Testing

@testable import Outreach

@Suite("What Shopify sends itself")
struct ShopifyNotificationTests {
    private static func load(_ trigger: String, sends: String?, mode: String = "live") -> (
        set: TriggerSet?, faults: [Fault]
    ) {
        let files = [
            "shop.yaml":
                "mode: \(mode)\nnotify: owner@fig.example\nbrand: { name: Fig, from: orders@fig.example, marketing_from: hello@fig.example }\n"
                + (sends.map { "shopify_sends: \($0)\n" } ?? ""),
            "note.yaml": trigger, "templates/note.md": "---\nsubject: A\n---\nB\n",
        ]
        return TriggerSet.load(TriggerFolder(files: files.mapValues { Array($0.utf8) }))
    }

    @Test("is told by no live trigger again, for each notification", arguments: ShopifyNotification.table.map(\.name))
    func refused(_ name: String) throws {
        let one = try #require(ShopifyNotification.named(name))
        #expect(!one.events.isEmpty)
        for kind in one.events {
            let trigger = "on: \(kind.rawValue)\nsend: email\n"
            #expect(Self.load(trigger, sends: "none").set != nil)
            let (set, faults) = Self.load(trigger, sends: "[\(one.title)]")
            #expect(set == nil)
            #expect(
                faults.map(\.description).contains(
                    "triggers/note.yaml:1:1: Shopify sends '\(one.title)' itself, by 'shopify_sends' in shop.yaml, so the shopper would hear of '\(kind.rawValue)' twice; switch it off in Shopify (Settings > Notifications > Customer notifications) and take '\(name)' out of 'shopify_sends', or write 'mode: off' here"
                ))
            #expect(Self.load(trigger, sends: name, mode: "shadow").set != nil)
        }
    }

    @Test(
        "leaves room for what is another message",
        arguments: [
            ("on: shipment.delivered\nsend: email\n", false),
            ("on: [shipment.lost, shipment.delivered]\nsend: [webhook: x, email]\n", false),
            ("on: shipment.delivered\nif: order.total_price > 5\nafter: 23 hours\nsend: email\n", false),
            ("on: shipment.delivered\nafter: 1 day\nsend: email\n", true),
            ("on: shipment.delivered\nafter: 24 hours\nsend: email\n", true),
            ("on: shipment.in_transit\nsend: email\n", true),
            ("on: shipment.delivered\nmode: shadow\nsend: email\n", true),
            ("on: shipment.delivered\nmode: off\nsend: email\n", true),
            ("on: shipment.delivered\nabout: ratings\nsend: email\n", true),
            ("on: shipment.delivered\nsend: { email: merchant }\n", true),
            ("on: shipment.delivered\nsend: { webhook: x }\n", true),
        ])
    func others(_ trigger: String, _ isTaken: Bool) {
        #expect((Self.load(trigger, sends: "delivered").set != nil) == isTaken)
    }

    @Test("is asked for while the shop has not said it, and only where it matters")
    func question() throws {
        func question(_ trigger: String, _ sends: String?) throws -> String? {
            try #require(Self.load(trigger, sends: sends, mode: "shadow").set).questionAboutShopify
        }
        let asked = try question("on: shipment.delivered\nsend: email\n", nil)
        #expect(asked?.hasPrefix("Does Shopify mail this to your customers as well: Delivered?") == true)
        #expect(try question("on: shipment.delivered\nsend: email\n", "none") == nil)
        #expect(try question("on: shipment.delayed\nsend: email\n", nil) == nil)
    }
}

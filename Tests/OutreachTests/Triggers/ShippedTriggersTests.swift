import Testing

@testable import Outreach

/// Where the package lies, for the files that tests read.
enum Package {
    static let root: String = {
        let parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
        return parts.dropLast(4).joined(separator: "/")
    }()

    static func shippedTriggers() throws -> TriggerFolder {
        try TriggerFolder(readingFrom: root + "/triggers", name: "triggers")
    }
}

@Suite("The triggers that come with the program")
struct ShippedTriggersTests {
    @Test("load without a fault or a warning")
    func load() throws {
        let (set, faults) = TriggerSet.load(try Package.shippedTriggers())
        #expect(faults.map(\.description) == [])
        let names = try #require(set).triggers.map(\.name)
        #expect(
            names == [
                "address-changed", "answers/cancel-order", "answers/change-address", "answers/how-to-return",
                "answers/late",
                "answers/not-received", "answers/not-received-again", "answers/not-sent-yet", "answers/received",
                "answers/refund-status",
                "answers/return-status", "answers/thanks", "answers/where-is-my-order",
                "conversation-rating", "delay-alert", "delivered", "delivery-attempted",
                "delivery-problem", "lost",
                "low-rating", "order-cancelled",
                "out-for-delivery", "presumed-lost", "rating-request", "ready-for-pickup", "refund-issued",
                "remedy-offered",
                "return-approved",
                "return-label", "return-received", "shipping-confirmation", "unanswered",
            ])
    }

    @Test("do what their examples say")
    func examples() throws {
        let set = try #require(TriggerSet.load(try Package.shippedTriggers()).set)
        let (count, failures) = ExampleRunner(set).run()
        #expect(failures.map(\.description) == [])
        #expect(count >= 2 * set.triggers.count)
    }

    @Test("each show something they send and something they leave alone")
    func bothSides() throws {
        let set = try #require(TriggerSet.load(try Package.shippedTriggers()).set)
        for trigger in set.triggers {
            #expect(trigger.examples.contains { !$0.expected.isEmpty }, "\(trigger.name) shows nothing it sends")
            #expect(trigger.examples.contains { $0.expected.isEmpty }, "\(trigger.name) shows nothing it leaves alone")
            #expect(trigger.description != nil)
        }
    }

    @Test("start in shadow mode, so that a new shop sends nothing by accident")
    func shadow() throws {
        let set = try #require(TriggerSet.load(try Package.shippedTriggers()).set)
        #expect(set.settings.mode == .shadow)
    }
}

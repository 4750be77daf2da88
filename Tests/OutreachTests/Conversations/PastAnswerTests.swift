import Liquid
import Testing

@testable import Outreach

/// A shop with two answers to one question, one of them in shadow mode.
private func planner(_ settings: String = "") throws -> Planner {
    let question = "on: message.received\nif:\n  - message.asks contains \"where_is_my_order\"\n"
    let files = [
        "shop.yaml": "mode: shadow\nbrand: { name: Fig, from: Fig <orders@fig.example> }\n\(settings)",
        "under-way.yaml": question + "  - order.fulfilled\nunless: shipment.delivered_at\nsend: answer\n",
        "templates/under-way.md": "---\nsubject: S\n---\nIt is on its way, {{ order.name }}.\n",
        "delivered.yaml": question + "  - shipment.delivered_at\nmode: shadow\nsend: answer\n",
        "templates/delivered.md": "---\nsubject: S\n---\nIt is there.\n",
    ]
    let (set, faults) = TriggerSet.load(TriggerFolder(files: files.mapValues { Array($0.utf8) }))
    return Planner(
        triggers: try #require(set, "\(faults)"), inForceSince: [:],
        // The shop is watched since a moment ago: nothing before it is news.
        live: LiveSince(shop: StandardOrder.moment + .days(30)), shop: ShopProfile(domain: "fig.myshopify.com"))
}

/// A message about the standard order, with what is understood of it.
private func letter(_ text: String) throws -> (message: ConversationMessage, record: OrderRecord) {
    var order = StandardOrder(.messageReceived, at: StandardOrder.moment)
    order.apply([Example.Given(path: "message.text", value: .string(text))], at: StandardOrder.moment)
    var record = order.known
    var conversation = try #require(record.conversation)
    let message = try #require(conversation.lastIncoming)
    // As it is kept: closed, without the message.
    conversation.messages = []
    (conversation.state, conversation.reason, conversation.closedAt) = (.closed, .quiet, StandardOrder.moment)
    (conversation.decideBy, conversation.waitsSince) = (nil, nil)
    record.conversation = conversation
    return (message, record)
}

@Suite("What would have been answered to mail from before")
struct PastAnswerTests {
    @Test("the trigger's words, whatever the shop's mode is and since whenever it is watched")
    func answered() throws {
        let (message, record) = try letter("Hi, where is my order?")
        guard case .answer(let text) = try planner().pastReply(to: message, in: record) else {
            Issue.record("nothing is answered")
            return
        }
        #expect(text.readable == "It is on its way, \(record.facts.name).", "\(text.readable)")
    }

    @Test(
        "a person's, with the reason",
        arguments: [
            ("This is the THIRD time I ask! Where is my order? I will call my lawyer.", ConversationReason.needsHuman),
            ("Do you make these in blue for dogs?", .unclear),
        ])
    func persons(_ text: String, _ reason: ConversationReason) throws {
        let (message, record) = try letter(text)
        #expect(try planner().pastReply(to: message, in: record) == .person(reason))
    }

    @Test("a question that shop.yaml leaves to people, and a second letter within the week, are a person's")
    func left() throws {
        let (message, record) = try letter("Hi, where is my order?")
        let off = try planner("answers: { where_is_my_order: off }\n")
        #expect(off.pastReply(to: message, in: record) == .person(.nobodyAnswers))
        let drafts = try planner("answers: drafts\n")
        guard case .answer = drafts.pastReply(to: message, in: record) else {
            Issue.record("drafts are answers that somebody looks at")
            return
        }
        var again = message
        again.isFollowUp = true
        #expect(try planner().pastReply(to: again, in: record) == .person(.isFollowUp))
    }

    @Test("the order is as it was when she wrote, though all of it was learned when the shop was watched")
    func then() throws {
        let start = StandardOrder.moment
        var record = StandardOrder(.messageReceived, at: start).known
        let delivery = Scan(id: "later", source: "ups", time: start + .days(3), state: .delivered)
        let index = try #require(record.shipments.indices.first)
        record.shipments[index].scans.append(delivery)
        let watched = start + .days(40)
        record.firstSeenAt = watched
        for place in record.events.indices {
            record.events[place].silence = .beforeLive
            record.events[place].recordedAt = watched
        }
        record.events.append(
            Event(
                shop: record.shop, orderID: record.facts.id, kind: .shipmentDelivered,
                occurrences: [
                    Event.Occurrence(subject: "shipment:\(record.shipments[index].id)", n: 1, mark: "later")
                ], happenedAt: start + .days(3), recordedAt: watched, silence: .beforeLive, source: "ups",
                daysLate: nil, delayReason: nil, orderName: record.facts.name))
        let before = record.asHappened(by: start + .days(1))
        #expect(before.shipments.count == 1 && !before.shipments[0].scans.contains { $0.id == "later" })
        #expect(!before.events.contains { $0.kind == .shipmentDelivered })
        let after = record.asHappened(by: start + .days(4))
        #expect(after.shipments[0].scans.contains { $0.id == "later" })
        // What was known, in contrast, was nothing.
        #expect(!record.asKnown(at: start + .days(4)).shipments.contains { $0.scans.contains { $0.id == "later" } })
    }
}

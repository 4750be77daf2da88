import ArgumentParser
import Foundation
import Outreach
import Platform
import Store
import Testing

@testable import Daemon
@testable import bookbag

private let shop = "juniperfig.myshopify.com"
private let start = Moment(iso8601: "2026-12-02T10:00:00Z")!

/// A store on a disk with a conversation, about an order or about none.
private struct Desk {
    let store: Store
    let folder = NSTemporaryDirectory() + "bookbag-talks-" + UUID().uuidString

    init(about number: Int? = nil) async throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        store = try Store.open(path: folder + "/bookbag.db", role: .daemon, now: start)
        _ = try await store.openShop(shop, now: start - .days(1))
        var opening = ConversationRecord(shop: shop, channel: .mailbox, openedAt: start)
        opening.address = "wren@shopper.example"
        if let number {
            var facts = OrderFacts(
                id: "gid://shopify/Order/\(number)", name: "#\(number)", createdAt: start, updatedAt: start)
            facts.email = opening.address
            let record = OrderRecord(shop: shop, facts: facts, seenAt: start)
            _ = try await store.commit(
                [Learned(record: record, events: [], nextMoment: nil, rereads: [], changed: true)], now: start)
            opening.orderID = facts.id
        }
        var message = ConversationMessage(
            .incoming, by: .shopper, at: start, text: "Do you make these in blue?", channel: .mailbox)
        message.sender = opening.address
        message.understood = Understood()
        message.understood?.asks = ["product"]
        let change = ConversationRules.receive(message, into: nil, opening: opening, answers: false, now: start)
        _ = try await store.commit(change, now: start)
    }
}

@Suite("What commands know of conversations")
struct TalksTests {
    @Test("explain tells of an address that has ordered nothing, and of nobody else")
    func explained() async throws {
        let desk = try await Desk()
        let finder = Finder(store: desk.store, shop: nil)
        #expect(try await finder.orders("wren@shopper.example").isEmpty)
        let talks = try await finder.talks(with: " wren@shopper.example ", now: start)
        let account = try #require(talks.first?.account)
        let text = account.text(zone: .utc)
        #expect(text.hasPrefix("About no order of \(shop)"), "\(text)")
        #expect(text.contains("Wed 2 Dec 2026\n  10:00  The customer wrote (conversation"), "\(text)")
        #expect(text.contains("product"))
        let json = try OrderAccount.json([], talks: [account])
        #expect(json.contains("\"by\" : \"shopper\"") && json.contains(shop), "\(json)")
        #expect(try await finder.talks(with: "ada@shopper.example", now: start).isEmpty)
        #expect(try await finder.talks(with: "#1001", now: start).isEmpty)
        let other = Finder(store: desk.store, shop: "other")
        #expect(try await other.talks(with: "wren@shopper.example", now: start).isEmpty)
    }

    @Test("what is about an order is told with that order alone")
    func ordered() async throws {
        let desk = try await Desk(about: 1001)
        let finder = Finder(store: desk.store, shop: nil)
        #expect(try await finder.orders("wren@shopper.example").count == 1)
        #expect(try await finder.talks(with: "wren@shopper.example", now: start).isEmpty)
    }

    @Test("a preview by an order's name finds the conversation that an answer is about")
    func previewed() async throws {
        let desk = try await Desk(about: 1001)
        let key = try #require(try await Finder(store: desk.store, shop: nil).orders("#1001").first)
        let files = [
            "shop.yaml": "brand: { name: Fig, from: orders@fig.example }\n",
            "blue.yaml": "on: message.received\nsend: answer\n", "templates/blue.md": "---\nsubject: S\n---\nYes.\n",
            "thanks.yaml": "on: order.placed\nsend: email\n", "templates/thanks.md": "---\nsubject: S\n---\nYes.\n",
        ]
        let folder = TriggerFolder(files: files.mapValues { Array($0.utf8) })
        let set = try #require(TriggerSet.load(folder).set)
        let command = try PreviewCommand.parse(["blue"])
        let found = try await command.talk(about: key, for: try #require(set.trigger("blue")), desk.store)
        let (talk, event) = try #require(found)
        #expect(talk.messages.map(\.text) == ["Do you make these in blue?"])
        #expect(event.kind == .messageReceived && event.messageNumber == talk.messages[0].id)
        var record = try #require(try await desk.store.load(shop: shop, orderIDs: [key.orderID])[key.orderID])
        record.conversation = talk
        let sendings = try await PreviewedMessage.sendings(
            of: try #require(set.trigger("blue")), event, record, set: set, store: desk.store, now: start)
        #expect(sendings.map(\.sending.effect.line) == ["answer"])
        #expect(try await command.talk(about: key, for: try #require(set.trigger("thanks")), desk.store) == nil)
    }

    @Test("what Bookbag sends by itself goes to the shop's people, but for what customers get")
    func destinations() {
        func destination(_ maker: String, _ origin: EffectOrigin = .system) -> String {
            LineWords.destination(
                of: Effect(
                    to: .mail(shop: shop), origin: origin, isContact: false, by: maker, line: "email", keys: ["k"],
                    about: nil, dueAt: start, createdAt: start))
        }
        for maker in ["forwarded", "alert", "weekly_report", "desk_login"] {
            #expect(destination(maker) == "e-mail to your people", "\(maker)")
        }
        for maker in ["stopped", "chat_code", "elsewhere", "new_link", "page_code"] {
            #expect(destination(maker) == "e-mail to the shopper", "\(maker)")
        }
        #expect(destination("delivered", .trigger) == "e-mail to the shopper")
    }
}

import Outreach
import Testing

@testable import Store

@Suite("Tickets in which customers' mail arrives") struct TicketTests {
    private func change(_ text: String, in number: String, at moment: Moment = t0) -> ConversationChange {
        var opening = ConversationRecord(shop: shop, channel: .helpdesk, openedAt: moment)
        opening.address = "robin@example.com"
        var said = ConversationMessage(.incoming, by: .shopper, at: moment, text: text, channel: .helpdesk)
        said.sender = opening.address
        said.messageID = TicketPost.messageID(ofComment: "9")
        var change = ConversationRules.receive(said, into: nil, opening: opening, answers: true, now: moment)
        change.ticket = Ticket(
            shop: shop, conversation: 0, number: number, url: "https://desk.example/\(number)", state: .open)
        return change
    }

    @Test(
        "are noted together with their conversation, which knows them; they are found by number",
        arguments: StoreKind.allCases)
    func opened(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        let first = try #require(try await store.commit(change("Where is it?", in: "101"), now: t0))
        let second = try #require(try await store.commit(change("Hello?", in: "102"), now: t0))
        let record = try #require(try await store.conversations([first.id], shop: shop, now: t0)[first.id])
        #expect(record.ticket == "101" && TicketPost.comment(of: record.lastIncoming) == "9")
        let found = try await store.tickets(numbered: ["102", "101", "7"], shop: shop)
        #expect(found.mapValues(\.conversation) == ["101": first.id, "102": second.id])
        #expect(found["101"]?.url == "https://desk.example/101" && found["101"]?.state == .open)
        #expect(found["101"]?.postedTo == record.messages[0].id, "her words are there")
        #expect(try await store.tickets(numbered: [], shop: shop).isEmpty)
        // More than one statement asks about at once.
        let many = try await store.tickets(numbered: (1...200).map(String.init), shop: shop)
        #expect(many.count == 2)
    }

    @Test("of conversations that began elsewhere are not where an answer goes")
    func elsewhere() async throws {
        let store = try await StoreKind.inMemory.make()
        var change = change("Where is it?", in: "101")
        change.record.channel = .mailbox
        let written = try #require(try await store.commit(change, now: t0))
        #expect(try await store.conversations([written.id], shop: shop, now: t0)[written.id]?.ticket == nil)
    }
}

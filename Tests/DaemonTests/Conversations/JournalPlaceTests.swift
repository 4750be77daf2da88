import Outreach
import Testing

@testable import Daemon

@Suite("Where the journal lists what is told")
struct JournalPlaceTests {
    private let start = Moment(iso8601: "2026-12-02T10:00:00Z")!

    private func effect(_ aggregate: AggregateID, name: String) -> Effect {
        let event = Event(
            shop: benchShop, aggregate: aggregate, kind: .messageReceived,
            occurrences: [Event.Occurrence(subject: "message:1", n: 1, mark: "1")], happenedAt: start,
            recordedAt: start, source: "mailbox", orderName: name)
        return Effect(
            to: .mail(shop: benchShop), isContact: true, trigger: "where", line: "answer", keys: ["k"], event: event,
            dueAt: start, createdAt: start)
    }

    @Test("an answer by its order and its conversation, and by the latter alone where no order is known")
    func places() {
        var answer = effect(.conversation(3), name: "conversation 3")
        #expect(answer.journalPlace.mapValues { "\($0)" } == ["conversation": "3"])
        answer.nameOrder(OrderRecord.none(shop: benchShop, at: start))
        #expect(answer.journalPlace["order"] == nil)
        let facts = OrderFacts(id: "gid://shopify/Order/1", name: "#1001", createdAt: start, updatedAt: start)
        let record = OrderRecord(shop: benchShop, facts: facts, seenAt: start)
        answer.nameOrder(record)
        #expect(answer.journalPlace.mapValues { "\($0)" } == ["conversation": "3", "order": "#1001"])
        var news = effect(.order(facts.id), name: "#1001")
        news.nameOrder(record)
        #expect(news.journalPlace.mapValues { "\($0)" } == ["order": "#1001"])
    }
}

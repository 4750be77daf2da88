import Outreach
import Testing

@testable import Store

@Suite("Copies for the folder of sent mail") struct SentCopiesTests {
    /// Two mails of which copies are wanted: one went out, one waits.
    private func marked() async throws -> (store: Store, sent: Int64) {
        let store = try await StoreKind.inMemory.make()
        let sent = try await store.ready(try await store.placed(1), key: "1")
        let claims = try await store.claim(
            .mail(shop: shop), limit: 9, owner: "p", lease: .minutes(5), now: .at(10))
        let begun = try await store.begin(claims, lease: .minutes(5), now: .at(10)).begun
        _ = try await store.finish(
            begun.map { AttemptOutcome(claim: $0, verdict: .accepted(receipt: "250")) }, now: .at(10))
        _ = try await store.ready(try await store.placed(2), key: "2")
        try await store.write { db in try db.run("UPDATE messages SET copy_tries = 0", []) }
        return (store, sent.id)
    }

    @Test("what went out is copied, however often it is tried, until it is there")
    func copies() async throws {
        let (store, sent) = try await marked()
        let copy = try #require(try await store.copyToKeep(shop: shop, now: .at(20)))
        #expect(copy.id == sent && copy.tries == 0 && !copy.bytes.isEmpty)
        #expect(try await store.copyToKeep(shop: shop, after: sent, now: .at(20)) == nil, "the other waits")
        try await store.noteCopyTried(sent, shop: shop, now: .at(20))
        #expect(try await store.copyToKeep(shop: shop, now: .at(21))?.tries == 1)
        try await store.noteCopyDone(sent, shop: shop, now: .at(22))
        #expect(try await store.copyToKeep(shop: shop, now: .at(23)) == nil)
    }

    @Test("what went out long ago is forgotten, and all where no copies are kept")
    func forgets() async throws {
        let (store, sent) = try await marked()
        try await store.forgetCopies(shop: shop, all: false, now: .at(20))
        #expect(try await store.copyToKeep(shop: shop, now: .at(20))?.id == sent)
        try await store.forgetCopies(shop: shop, all: true, now: .at(20))
        #expect(try await store.copyToKeep(shop: shop, now: .at(20)) == nil)
    }
}

import Doubles
import Foundation
import Outreach
import Platform
import Testing

@testable import Intake
@testable import Shopify

@Suite("The poller") struct PollerTests {
    let clock = TestClock()
    let shop: FakeShop
    let journal = MemoryJournal()
    let start: Moment

    init() {
        shop = FakeShop(clock: clock)
        start = clock.now
    }

    private func client() -> ShopifyClient {
        ShopifyClient(
            endpoint: ShopifyEndpoint(base: "https://juniperfig.myshopify.com"), credentials: .token(SecretString("t")),
            transport: shop,
            clock: ShopClock(clock.timekeeper))
    }

    private func poller(
        every: Duration = .seconds(60), ordersAtOnce: Int = 4, journal: MemoryJournal? = nil
    ) -> ShopPoller {
        ShopPoller(
            client: client(), journal: journal ?? self.journal,
            settings: .init(
                shop: "juniperfig.myshopify.com", pace: PollPace(every: every), liveSince: start,
                ordersAtOnce: ordersAtOnce),
            chance: { 0.5 })
    }

    private func orders(in journal: MemoryJournal? = nil) async -> [String: OrderFacts] {
        var found: [String: OrderFacts] = [:]
        for observation in await (journal ?? self.journal).observations {
            if case .order(let facts) = observation.content { found[facts.id] = facts }
        }
        return found
    }

    @Test("the first turn reads what changed in the 60 days before, in quotes, and moves the cursor to the shop's time")
    func firstTurn() async throws {
        for n in 1...10 { shop.put(n, updatedAt: start - .days(n * 10)) }
        let turn = try await poller().turn()
        #expect(turn.failure == nil)
        #expect(turn.report.inspection?.name == "Juniper & Fig")
        #expect(await orders().count == 6)
        #expect(await journal.kept == start)
        #expect(shop.change { $0.queries[0] } == "updated_at:>='2026-09-22T10:00:00Z'")
        #expect(turn.next.due == start + .seconds(60))
        #expect(turn.report.clockOffset == .milliseconds(-500))
        #expect(await journal.bucket != nil)
    }

    @Test(
        "a wrong Date in an answer does not carry the place into the future",
        arguments: [Duration.hours(1), .hours(-1)])
    func wrongDate(_ wrong: Duration) async throws {
        let poller = poller()
        _ = try await poller.turn()
        clock.advance(.minutes(10))
        shop.change { $0.clockAhead = wrong }
        _ = try await poller.turn()
        #expect(await journal.kept == start, "it stays where it was")
        shop.change { $0.clockAhead = .zero }
        clock.advance(.minutes(1))
        shop.put(7, updatedAt: clock.now)
        #expect(try await poller.turn().report.read == 1)
        #expect(await journal.kept == clock.now)
    }

    @Test("a place that lies in the future is pulled back, unless our own clock is the wrong one")
    func future() async throws {
        shop.put(1, updatedAt: start)
        let poller = poller()
        _ = try await poller.turn()
        clock.advance(.minutes(2))
        await journal.keep(clock.now + .hours(1))
        shop.put(2, updatedAt: clock.now)
        shop.change { $0.clockAhead = .hours(1) }
        #expect(try await poller.turn().report.pulledBackTo == start, "the shop's last answer was right")
        await journal.keep(clock.now + .hours(1))
        #expect(try await poller.turn().report.pulledBackTo == nil, "the clocks disagree")
        shop.change { $0.clockAhead = .zero }
        _ = try await poller.turn()
        let turn = try await poller.turn()
        #expect(turn.report.pulledBackTo == start + .minutes(2), "they agree again")
        #expect(await orders().keys.contains("gid://shopify/Order/2"))
        #expect(try await poller.turn().report.pulledBackTo == nil)
    }

    @Test("what the lookback lists again is not read again; what changed is")
    func dedupes() async throws {
        for n in 1...3 { shop.put(n, updatedAt: start - .minutes(2)) }
        let poller = poller()
        _ = try await poller.turn()
        clock.advance(.seconds(60))
        let again = try await poller.turn()
        #expect(again.report.listed == 3 && again.report.queued == 0 && again.report.read == 0)
        shop.put(2, updatedAt: clock.now)
        let changed = try await poller.turn()
        #expect(changed.report.read == 1)
    }

    @Test("an order read within the second of its change is read once more, for it may have changed again in it")
    func sameSecond() async throws {
        shop.put(1, updatedAt: start)
        let poller = poller()
        _ = try await poller.turn()
        clock.advance(.seconds(60))
        #expect(try await poller.turn().report.read == 1)
        clock.advance(.seconds(60))
        #expect(try await poller.turn().report.read == 0)
    }

    @Test("an index that lags behind by less than the lookback loses nothing")
    func lag() async throws {
        let poller = poller()
        _ = try await poller.turn()
        clock.advance(.seconds(60))
        shop.put(1, updatedAt: start - .seconds(100))  // changed before the first scan, and listed only now
        #expect(try await poller.turn().report.read == 1)
    }

    @Test("a new return is found although its order's time did not move, and its change of state too")
    func returns() async throws {
        shop.put(1, updatedAt: start - .days(30))
        let poller = poller()
        _ = try await poller.turn()
        clock.advance(.seconds(60))
        shop.putReturn(8, of: 1, status: "REQUESTED", orderStatus: "return_requested")
        #expect(try await poller.turn().report.read == 1)
        #expect(await orders()["gid://shopify/Order/1"]?.returns.map(\.status) == [.requested])
        clock.advance(.seconds(60))
        #expect(try await poller.turn().report.read == 0)
        shop.putReturn(8, of: 1, status: "OPEN", orderStatus: "in_progress")
        clock.advance(.seconds(60))
        #expect(try await poller.turn().report.read == 1)
        #expect(await orders()["gid://shopify/Order/1"]?.returns.map(\.status) == [.open])
    }

    @Test("one poisoned order is parked with its reason and stops nobody else")
    func poisonedOrder() async throws {
        for n in 1...5 {
            shop.put(n, updatedAt: start - .hours(1)) { if n == 3 { $0["lineItems"] = ["nodes": [["id": 5]]] } }
        }
        let poller = poller()
        let turn = try await poller.turn()
        #expect(turn.failure == nil && turn.report.read == 4)
        #expect(turn.report.parked.map(\.read.id) == ["gid://shopify/Order/3"])
        #expect(turn.report.parked[0].reason == "lineItems.nodes[0].id is not a String")
        #expect(turn.report.parked[0].notBefore == start + .minutes(1))
        shop.put(3, updatedAt: start - .hours(1))
        clock.advance(.seconds(61))
        #expect(try await poller.turn().report.read == 1)
    }

    @Test("an order that makes Shopify's own server fail is found by reading ever fewer, and then stops nobody else")
    func poisonedServer() async throws {
        for n in 1...9 { shop.put(n, updatedAt: start - .hours(1)) }
        shop.change { $0.poison = ["gid://shopify/Order/2"] }
        let poller = poller(ordersAtOnce: 4)
        for _ in 0..<8 {
            _ = try await poller.turn()
            clock.advance(.seconds(5))
        }
        #expect(await orders().count == 8)
        #expect(await journal.queuedIDs == ["gid://shopify/Order/2"])
    }

    @Test("an answer that is too large is asked for in halves")
    func tooLarge() async throws {
        for n in 1...8 { shop.put(n, updatedAt: start - .hours(1)) }
        shop.change { $0.oversized = 1 }
        #expect(try await poller(ordersAtOnce: 8).turn().report.read == 8)
    }

    @Test("a page that is too dear is asked for in halves")
    func tooDear() async throws {
        for n in 1...130 { shop.put(n, updatedAt: start - .hours(1)) }
        shop.change { $0.dearest = 70 }
        #expect(try await poller(ordersAtOnce: 250).turn().report.listed == 130)
        #expect(shop.change { Array($0.pageSizes.prefix(5)) } == [250, 125, 62, 62, 62])
    }

    @Test("what is gone leaves the queue; what is denied does not count as gone")
    func gone() async throws {
        try await journal.commitScan(
            queue: [SeenOrder(id: "gid://shopify/Order/404", updatedAt: start)], cursor: nil)
        let turn = try await poller().turn()
        #expect(turn.report.gone == 1)
        #expect(await journal.queuedIDs == [])
    }

    private func putFulfillment(_ number: Int, _ edit: (inout [String: Any]) -> Void = { _ in }) -> String {
        let id = "gid://shopify/Fulfillment/\(number)"
        var json = Sample.fulfillment(number) {
            $0["order"] = ["id": "gid://shopify/Order/1", "shippingAddress": ["timeZone": "Asia/Tokyo"]]
        }
        edit(&json)
        let final = json
        shop.keep(final, as: id)
        return id
    }

    @Test("reads again what is due, with observations of their own")
    func rereads() async throws {
        let id = putFulfillment(77) { $0["estimatedDeliveryAt"] = "2026-11-24T20:00:00Z" }
        await journal.addReread(.fulfillment, id, at: start)
        await journal.addReread(.fulfillment, "gid://shopify/Fulfillment/78", at: start)
        await journal.addReread(.return, "gid://shopify/Return/5", at: start + .hours(1))
        let turn = try await poller().turn()
        #expect(turn.report.looked == 1 && turn.report.gone == 1 && !turn.report.rereadsLeft)
        guard case .fulfillment(let facts, let order) = await journal.observations.last?.content else {
            Issue.record("no observation of a fulfillment")
            return
        }
        #expect(order == "gid://shopify/Order/1")
        #expect(facts.scans.map(\.id) == ["shopify:77:eta:2026-11-25"])
    }

    // MARK: - Fair shares

    @Test(
        "with half of the bucket drained by others, all that is due is read again in one cycle, by the largest batches")
    func drained() async throws {
        for number in 1...600 { await journal.addReread(.fulfillment, putFulfillment(number), at: start) }
        shop.change { $0.level = 900 }
        let turn = try await poller().turn()
        #expect(turn.report.looked == 600 && !turn.report.rereadsLeft)
        #expect(shop.change { $0.fulfillmentBatches } == [250, 250, 100])
        #expect(clock.now - start < .seconds(10))
    }

    @Test("where scans and the queue take as long as the pace, what is due is read again all the same")
    func slowShop() async throws {
        let journal = MemoryJournal(clock: clock, rereadEvery: .seconds(1))
        for number in 1...400 { await journal.addReread(.fulfillment, putFulfillment(number), at: start) }
        for number in 1...12 { shop.put(number, updatedAt: start) }
        shop.change { $0.latency = .seconds(1) }
        let poller = poller(every: .seconds(1), ordersAtOnce: 4, journal: journal)
        for _ in 0..<20 {
            // Every order changes in each cycle, so that the queue never empties.
            for number in 1...12 { shop.put(number, updatedAt: clock.now) }
            _ = try await poller.turn()
        }
        let readings = await journal.reread
        #expect(readings.count == 400, "each is read again")
        #expect(readings.values.allSatisfy { $0.count >= 10 }, "and again and again")
        #expect(await orders(in: journal).count == 12, "and so are the orders")
    }

    @Test("a scan of many pages in a slow shop stops for what is due")
    func longScan() async throws {
        let journal = MemoryJournal(clock: clock, rereadEvery: .seconds(60))
        await journal.addReread(.fulfillment, putFulfillment(1), at: start)
        for number in 1...400 { shop.put(number, updatedAt: start - .hours(1)) }
        shop.change {
            $0.latency = .seconds(10)
            $0.dearest = 10
        }
        _ = try await poller(journal: journal).turn()
        let first = try #require(await journal.reread["gid://shopify/Fulfillment/1"]?.first)
        #expect(shop.requests.filter { $0 == "ScanOrders" }.count > 40)
        #expect(first - start <= .seconds(180))
    }

    @Test("what is due again once in every cycle is read in every cycle, and never only in every second one")
    func everyCycle() async throws {
        let journal = MemoryJournal(clock: clock, rereadEvery: .seconds(60))
        let id = putFulfillment(1)
        await journal.addReread(.fulfillment, id, at: start)
        shop.change { $0.latency = .milliseconds(300) }
        let poller = poller(journal: journal)
        for number in 0..<10 {
            // The longer the scans take in one cycle and the shorter in the next, the later the reading is due.
            shop.change { $0.latency = .milliseconds(number.isMultiple(of: 2) ? 900 : 100) }
            let turn = try await poller.turn()
            clock.advance(max(turn.next.due - clock.now, .zero))
        }
        let moments = await journal.reread[id] ?? []
        #expect(moments.count == 10)
        #expect(zip(moments.dropFirst(), moments).allSatisfy { $0 - $1 < .seconds(75) })
    }

    @Test("an order at which Shopify's own server fails does not keep parcels from being read again")
    func poisonBeside() async throws {
        let id = putFulfillment(1)
        for number in 1...4 { shop.put(number, updatedAt: start - .hours(1)) }
        shop.change { $0.poison = ["gid://shopify/Order/2"] }
        await journal.addReread(.fulfillment, id, at: start)
        let turn = try await poller().turn()
        #expect(turn.failure == .server(status: 500, requestID: nil))
        #expect(turn.report.looked == 1)
    }

    @Test("the kind of work that had the least time comes next, and by turns where all had the same")
    func fairTurns() {
        var turns = FairTurns<String>()
        var order = ""
        for _ in 0..<6 {
            let next = turns.next(of: ["a", "b", "c"])!
            order += next
            turns.note(next, took: .zero)
        }
        #expect(order == "abcabc")
        turns.note("a", took: .seconds(10))
        turns.note("b", took: .seconds(-5))
        #expect(turns.next(of: ["a", "b", "c"]) == "c", "b had a turn more; a clock that went back took nothing")
        #expect(turns.next(of: ["a"]) == "a" && turns.next(of: []) == nil)
    }

    // MARK: - Parked orders

    @Test("a parked order that changes is read at once, by its time or by its returns; one that does not waits")
    func unparked() async throws {
        shop.put(1, updatedAt: start - .minutes(1)) { $0["lineItems"] = 5 }
        shop.putReturn(8, of: 1, status: "REQUESTED", orderStatus: "return_requested")
        let poller = poller()
        #expect(try await poller.turn().report.parked.count == 1)
        clock.advance(.seconds(5))
        #expect(try await poller.turn().report.parked.isEmpty, "nothing changed, and its time has not come")
        shop.putReturn(8, of: 1, status: "DECLINED", orderStatus: "return_requested")
        clock.advance(.seconds(5))
        #expect(try await poller.turn().report.parked.count == 1, "its returns changed")
        shop.put(1, updatedAt: start - .seconds(30))
        clock.advance(.seconds(5))
        #expect(try await poller.turn().report.read == 1, "it changed, and can be read now")
    }

    @Test("without the scope for returns the rest goes on, and nothing of them is asked for")
    func withoutReturns() async throws {
        shop.change { $0.scopes = ["read_orders"] }
        shop.put(1, updatedAt: start - .hours(1))
        let turn = try await poller().turn()
        #expect(turn.failure == nil && turn.report.read == 1)
        #expect(!turn.report.rights.returns)
        #expect(turn.report.inspection?.missingScopes.contains { $0.name == "read_returns" } == true)
        #expect(!shop.requests.contains("ScanReturns"))
    }

    @Test("without the scope for orders the shop stops and says which is missing")
    func withoutOrders() async throws {
        shop.change { $0.scopes = ["read_products"] }
        let turn = try await poller().turn()
        #expect(turn.failure == .forbiddenScope(["read_orders"]))
        #expect(turn.next.notBefore >= start + .seconds(45))
    }

    @Test("a list longer than Shopify pages is begun anew at the last change, and nothing is left out")
    func longList() throws {
        var scan = OrderScan(from: start - .days(60))
        let page = PageInfo(hasNextPage: true, endCursor: "c")
        var pages = 0
        var moves = 0
        while pages < 100 {
            scan.after = "\(pages)"
            #expect(try scan.advance(past: page, count: 250, lastChange: start - .days(3), pageSize: 250))
            pages += 1
            if scan.after == nil {
                moves += 1
                break
            }
        }
        #expect(pages == 100 && moves == 1)
        #expect(scan.query == "updated_at:>='2026-11-18T10:00:00Z'")
        var stuck = OrderScan(from: start)
        #expect(throws: ShopifyFailure.self) {
            for n in 0..<101 {
                stuck.after = "\(n)"
                _ = try stuck.advance(past: page, count: 250, lastChange: start, pageSize: 250)
            }
        }
    }

    @Test("a page that leads to itself is not followed for ever")
    func circle() throws {
        var scan = OrderScan(from: start)
        #expect(
            try scan.advance(
                past: PageInfo(hasNextPage: true, endCursor: "a"), count: 1, lastChange: nil, pageSize: 250))
        #expect(throws: ShopifyFailure.self) {
            try scan.advance(
                past: PageInfo(hasNextPage: true, endCursor: "a"), count: 1, lastChange: nil, pageSize: 250)
        }
    }

    // MARK: - Cut anywhere

    @Test("cut anywhere and begun again, the same is seen", arguments: 0..<60)
    func cut(_ seed: Int) async throws {
        for n in 1...23 { shop.put(n, updatedAt: start - .minutes(n * 7)) }
        for n in [3, 9, 20] { shop.putReturn(n, of: n, status: "OPEN", orderStatus: "in_progress") }
        shop.change { $0.dearest = 10 }
        // Break the network at one request, the journal at one commit, and change an order between.
        let request = seed % 20 + 1
        shop.change {
            $0.failing = [request: TransferFailure(seed % 3 == 0 ? .cancelled : .dropped, phase: .answering)]
        }
        await journal.breakAt(seed / 4 + 1, before: seed % 2 == 0)
        for round in 0..<12 {
            // A new poller each time: nothing but the journal is remembered.
            do { _ = try await poller(ordersAtOnce: 5).turn() } catch is MemoryJournal.Broken {
            } catch is CancellationError {}
            if round == 3 { shop.put(11, updatedAt: clock.now) { $0["tags"] = ["late"] } }
            clock.advance(.seconds(61))
        }
        let seen = await orders()
        #expect(seen.count == 23)
        #expect(seen["gid://shopify/Order/11"]?.tags == ["late"])
        #expect(seen.values.filter { $0.returns.count == 1 }.count == 3)
        #expect(await journal.queuedIDs == [])
        #expect(await journal.kept.map { $0 > start } == true)

        // Seen from the beginning and in one piece, it is the same.
        let fresh = MemoryJournal()
        _ = try await poller(ordersAtOnce: 5, journal: fresh).turn()
        #expect(await orders(in: fresh) == seen)
    }

    @Test("a journal that keeps offering the same is not read in circles")
    func circles() async throws {
        shop.put(1, updatedAt: start - .hours(1))
        await journal.keepOffering()
        let poller = poller()
        let turn = try await poller.turn()
        #expect(turn.report.read == 1 && turn.report.readsLeft)
        #expect(turn.next.notBefore == start + .seconds(1))
    }

    // MARK: - Pace

    @Test(
        "retries soon, then later and later; a shop that a person must fix is asked within a minute, then up to an hour apart"
    )
    func pace() {
        let pace = PollPace(every: .seconds(60))
        let trouble = ShopifyFailure.server(status: 502, requestID: nil)
        for chance in [0.0, 0.5, 0.999] {
            #expect(pace.afterFailure(trouble, failures: 1, now: start, chance: chance).due <= start + .seconds(5))
            #expect(pace.afterFailure(trouble, failures: 1, now: start, chance: chance).due > start)
            #expect(pace.afterFailure(trouble, failures: 50, now: start, chance: chance).due <= start + .minutes(5))
            let locked = ShopifyFailure.shopUnavailable(status: 423)
            let first = pace.afterFailure(locked, failures: 1, now: start, chance: chance)
            #expect(first.due >= start + .seconds(45) && first.due <= start + .minutes(1))
            #expect(first.notBefore == first.due, "a wake-up does not bring it forward")
            let last = pace.afterFailure(locked, failures: 99, now: start, chance: chance)
            #expect(last.due >= start + .minutes(45) && last.due <= start + .hours(1))
        }
        #expect(
            pace.afterFailure(.rateLimited(retryAfter: .seconds(30)), failures: 1, now: start, chance: 0).due == start
                + .seconds(30))
        let busy = pace.afterSuccess(began: start, now: start + .seconds(70), workLeft: true)
        #expect(busy.due == start + .seconds(70))
        let quick = pace.afterSuccess(began: start, now: start, workLeft: true)
        #expect(quick.due == start + .seconds(1))
        let quiet = pace.afterSuccess(began: start, now: start + .seconds(2), workLeft: false)
        #expect(quiet.due == start + .seconds(60) && quiet.notBefore == start + .seconds(2))
    }

    @Test("failures in a row are counted, and success forgets them")
    func counts() async throws {
        shop.change { $0.failing = [1: TransferFailure(.connect), 2: TransferFailure(.dropped, phase: .answering)] }
        let poller = poller()
        #expect(try await poller.turn().failures == 1)
        #expect(try await poller.turn().failures == 2)
        #expect(try await poller.turn().failures == 0)
    }
}

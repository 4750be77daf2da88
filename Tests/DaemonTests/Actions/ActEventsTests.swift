import Delivery
import Foundation
import Outreach
import Platform
import Store
import Testing

@testable import Daemon

private let shop = "juniperfig.myshopify.com"
private let order = "gid://shopify/Order/1"

extension ActionBench {
    fileprivate var service: ActService {
        ActService(
            store: plans.store, contexts: [shop: plans.context], servesPages: true,
            learn: { [plans] events, _ in
                try await plans.learning.learn(events, of: plans.context, now: plans.now)
            }, clock: plans.clock, wake: Wake(), newMessages: Broadcast(), heartbeats: Heartbeats(),
            logger: plans.logger)
    }

    fileprivate var desk: PageDesk {
        let context = plans.context
        return PageDesk(store: plans.store, planner: { _ in context.rules.planner })
    }

    fileprivate func record() async throws -> OrderRecord {
        try #require(try await plans.store.load(shop: shop, orderIDs: [order])[order])
    }

    fileprivate func told() async throws -> [Event] {
        try await record().events.filter { $0.kind == .actionDone || $0.kind == .actionRefused }
    }

    /// Looks after the acts, and decides what follows.
    fileprivate func look() async throws {
        _ = try await service.turn(shop, now: plans.now)
        try await plans.work()
    }

    fileprivate func acts(_ request: PageRequest) async throws -> [PageAct] {
        try await desk.acts(request, of: OrderKey(shop: shop, orderID: order))
    }

    /// The notes with which a person was given something.
    fileprivate func notes() async throws -> [String] {
        var notes: [String] = []
        for effect in try await effects() where effect.channel == .desk && effect.trigger == "page" {
            let story = try await plans.store.effectStory(effect.id, shop: shop)?.story
            notes += story?.decisions.compactMap(\.detail) ?? []
        }
        return notes
    }

    /// An order with an address, of which nothing was sent.
    fileprivate func seeUnsent(total: Decimal = 45, isCancelled: Bool = false) async throws {
        var facts = OrderFacts(id: order, name: "#1", createdAt: plans.now, updatedAt: plans.now)
        facts.email = "robin@shopper.example"
        facts.total = Money(amount: total, currency: "GBP")
        facts.fulfillment = .unfulfilled
        if isCancelled { facts.cancelledAt = plans.now }
        var address = AddressFacts()
        (address.lastName, address.address1, address.zip) = ("Ashdown", "12 Fig Lane", "BA1 1AA")
        (address.city, address.countryCode) = ("Bath", "GB")
        facts.shippingAddress = address
        _ = try await plans.learning.learn(
            [Observation(shop: shop, seenAt: plans.now, content: .order(facts))], of: plans.context, now: plans.now)
        try await plans.work()
    }

    fileprivate func move() async throws {
        var address = AddressFacts()
        (address.lastName, address.address1, address.zip) = ("Ashdown", "9 Elm Road", "BS1 4ST")
        (address.city, address.countryCode) = ("Bristol", "GB")
        try await desk.change(
            to: address, of: try await record(), after: try await acts(.changeAddress), now: plans.now)
    }
}

private func refused(_ detail: String, _ results: [String: String] = [:]) -> AttemptAnswer {
    AttemptAnswer(.refused(Failure(reason: "content", detail: detail)), results: results)
}

@Suite("What Bookbag did in the shop, as events", .timeLimit(.minutes(5)))
struct ActEventsTests {
    @Test("an act that is done is an event, once, whatever is cut, and a letter can tell of it")
    func event() async throws {
        let bench = try await ActionBench(
            "on: order.placed\ndo: { refund: 5.00 }", policy: ActionBench.policy)
        try await bench.seeUnsent()
        #expect(try await bench.told().isEmpty)
        try await bench.look()
        #expect(try await bench.told().isEmpty, "nothing has ended")
        try await bench.serve(done)
        try await bench.look()
        let told = try await bench.told()
        #expect(told.map(\.kind) == [.actionDone] && told[0].silence == .ownAction)
        // The daemon died between the event and the row.
        let effect = try #require(try await bench.effects().first { $0.line == "refund" })
        let again = try #require(JudgedEvent(ofAct: effect, record: try await bench.record(), now: bench.plans.now))
        try await bench.plans.learning.learn([again], of: bench.plans.context, now: bench.plans.now + .hours(1))
        #expect(try await bench.told().count == 1)
        try await bench.look()
        #expect(try await bench.plans.store.untoldActs(shop: shop, limit: 9, now: bench.plans.now).isEmpty)
    }

    @Test("is heard by whoever names it, with or without 'caused_by', with what it was, and by nobody else")
    func names() async throws {
        let plans = try await Plans(
            [
                "refund": "on: order.placed\ndo: { tag_order: late }",
                "told": "on: action.done\nif: action.verb == \"tag_order\"\nsend: { email: { template: note } }",
                "own":
                    "on: action.done\ncaused_by: bookbag\nif: action.value == \"early\"\nsend: { email: { template: note } }",
                "no": "on: action.refused\nsend: { email: { template: note } }",
            ], letter: "{{ action.verb }} {{ action.value }} by {{ action.by }}{{ action.reason }}.")
        let bench = ActionBench(plans)
        try await bench.seeUnsent()
        try await bench.serve(done)
        try await bench.look()
        let effects = try await plans.effects(1)
        // Each has a letter, too.
        #expect(effects == ["refund ready", "refund sent accepted", "own skipped if", "told ready"])
        let effect = try #require(try await bench.effects().first { $0.trigger == "told" })
        let bytes = try await plans.store.effectStory(effect.id, shop: shop)?.message?.bytes ?? []
        #expect(String(decoding: bytes, as: UTF8.self).contains("tag_order late by refund."))
    }

    @Test("what Shopify refuses is an event with the reason")
    func refusals() async throws {
        let plans = try await Plans(
            [
                "tag": "on: order.placed\ndo: { tag_order: late }",
                "no": "on: action.refused\nsend: { email: { template: note } }",
            ], letter: "{{ action.verb }}: {{ action.reason }}.")
        let bench = ActionBench(plans)
        try await bench.seeUnsent()
        try await bench.serve { _, _ in refused("Shopify has no such order any more") }
        try await bench.look()
        let effect = try #require(try await bench.effects().first { $0.trigger == "no" })
        let bytes = try await plans.store.effectStory(effect.id, shop: shop)?.message?.bytes ?? []
        let text = String(decoding: bytes, as: UTF8.self).replacing("=\r\n", with: "")
        #expect(text.contains("tag_order: Shopify has no such order any more."), "\(text)")
    }

    @Test("a chain of actions ends after three")
    func chain() async throws {
        let plans = try await Plans([
            "first": "on: order.placed\ndo: { tag_order: a1 }",
            "next": "on: action.done\nonce_per: event\ndo: { tag_order: again }",
        ])
        let bench = ActionBench(plans)
        try await bench.seeUnsent()
        for _ in 0..<6 {
            try await bench.serve(done)
            try await bench.look()
        }
        let effects = try await plans.effects(1)
        #expect(
            effects == [
                "first ready", "first sent accepted", "next ready", "next sent accepted", "next ready",
                "next sent accepted", "next ready", "next skipped chain",
            ], "each has a letter, too")
    }

    // MARK: - Pages

    @Test("what Shopify does not do for a page is a person's, with the reason, once")
    func person() async throws {
        let bench = try await ActionBench("on: order.cancelled")
        try await bench.seeUnsent()
        try await bench.move()
        try await bench.serve { _, _ in refused("something of the order has been sent") }
        try await bench.look()
        try await bench.look()
        let notes = try await bench.notes()
        #expect(notes.count == 1 && notes[0].contains("another address") && notes[0].contains("has been sent"))
        #expect(
            PageRequest.changeAddress.standing(
                of: try await bench.record(), acts: try await bench.acts(.changeAddress), now: bench.plans.now)
                == .person)
    }

    @Test("a hold that Shopify does not release is told to a person, and the customer's address is changed")
    func held() async throws {
        let bench = try await ActionBench("on: order.cancelled")
        try await bench.seeUnsent()
        try await bench.move()
        try await bench.serve { _, _ in
            AttemptAnswer(.accepted(receipt: "changed"), results: ["changed": "true", "held": "it is not Bookbag's"])
        }
        try await bench.look()
        #expect(try await bench.notes().first?.contains("Release the order in Shopify") == true)
    }

    @Test("what takes longer than a quarter of an hour is told to a person once, and is still done")
    func late() async throws {
        let bench = try await ActionBench("on: order.cancelled")
        try await bench.seeUnsent()
        try await bench.move()
        try await bench.serve { _, _ in AttemptAnswer(.deferred(Failure(reason: "connect", detail: "no answer"))) }
        try await bench.look()
        #expect(try await bench.notes().isEmpty)
        for _ in 0..<3 {
            bench.plans.holder.pass(.minutes(20))
            try await bench.look()
        }
        let notes = try await bench.notes()
        #expect(notes.count == 1 && notes[0].contains("may be on hold"), "\(notes)")
        try await bench.serve { _, _ in
            AttemptAnswer(.accepted(receipt: "changed"), results: ["changed": "true"])
        }
        try await bench.look()
        #expect(try await bench.notes().count == 1)
        let acts = try await bench.acts(.changeAddress)
        guard
            case .done = PageRequest.changeAddress.standing(
                of: try await bench.record(), acts: acts, now: bench.plans.now)
        else { throw CancellationError() }
    }

    @Test("a field that Shopify objects to is a person's only if she does not correct it")
    func corrected() async throws {
        for corrects in [true, false] {
            let bench = try await ActionBench("on: order.cancelled")
            try await bench.seeUnsent()
            try await bench.move()
            try await bench.serve { _, _ in refused("the postal code is missing", ["refused_zip": "missing"]) }
            try await bench.look()
            #expect(try await bench.notes().isEmpty)
            if corrects {
                try await bench.move()
                try await bench.serve { _, _ in
                    AttemptAnswer(.accepted(receipt: "changed"), results: ["changed": "true"])
                }
            }
            bench.plans.holder.pass(.minutes(31))
            try await bench.look()
            #expect(try await bench.notes().count == (corrects ? 0 : 1))
        }
    }

    @Test("a cancellation under way is ended by its own attempts, though the order is seen cancelled before")
    func underWay() async throws {
        let bench = try await ActionBench("on: order.cancelled")
        try await bench.seeUnsent()
        try await bench.desk.cancel(try await bench.record(), after: [], now: bench.plans.now)
        try await bench.serve { _, _ in
            AttemptAnswer(.deferred(Failure(reason: "step", detail: "Shopify cancels it")), results: ["job": "j1"])
        }
        bench.plans.holder.pass(.seconds(6))
        try await bench.seeUnsent(isCancelled: true)
        try await bench.serve { _, _ in
            AttemptAnswer(.accepted(receipt: "cancelled"), results: ["cancelled": "true"])
        }
        let standing = PageRequest.cancelOrder.standing(
            of: try await bench.record(), acts: try await bench.acts(.cancelOrder), now: bench.plans.now)
        guard case .done = standing else {
            Issue.record("\(standing)")
            return
        }
        try await bench.look()
        #expect(try await bench.told().map(\.kind) == [.actionDone])
    }

    @Test("two who ask at once have it done once, and no ceiling is passed")
    func once() async throws {
        let bench = try await ActionBench("on: order.cancelled")
        try await bench.seeUnsent()
        let (desk, record) = (bench.desk, try await bench.record())
        try await desk.cancel(record, after: [], now: bench.plans.now)
        try await desk.cancel(record, after: [], now: bench.plans.now)
        #expect(try await bench.acts(.cancelOrder).count == 1)
        #expect(try await bench.command("cancel_order")?.isPersons == false)
    }
}

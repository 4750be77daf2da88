import Delivery
import Foundation
import Outreach
import Platform
import Store
import Testing

@testable import Daemon

private let shop = "juniperfig.myshopify.com"

/// A shop whose approved returns get labels.
private struct LabelBench {
    let actions: ActionBench
    var plans: Plans { actions.plans }

    static func policy(_ budget: String) -> String {
        """
        amounts_in: GBP
        labels:
          at_most: 8.00
          parcel: 1 kg in 30 x 20 x 10 cm
          return_to: { company: Fig, street: 12 Fig Lane, city: Bristol, zip: BS1 4DJ, country: GB }
        budgets: { labels: [\(budget)] }

        """
    }

    init(_ budget: String = "200.00 per month", triggers: [String] = ["buy"]) async throws {
        let files = triggers.map { ($0, "on: return.approved\ndo: buy_label") }
        actions = ActionBench(
            try await Plans(Dictionary(uniqueKeysWithValues: files), policy: Self.policy(budget)))
    }

    /// A return is in that state, as Shopify shows it.
    func see(_ order: Int, _ status: ReturnFacts.Status, label: String? = nil) async throws {
        var item = ReturnFacts(
            id: "gid://shopify/Return/\(order)", name: "#\(order)-R1", status: status, createdAt: plans.now)
        if let label {
            item.deliveries = [
                ReverseDeliveryFacts(id: "d\(order)", labelURL: label, labelCreatedAt: plans.now)
            ]
        }
        try await plans.see(order, returns: [item], customer: order, door: "\(order) Tea Street")
        try await plans.work()
    }

    /// A return is asked for, and approved a little later.
    func approve(_ order: Int) async throws {
        try await plans.see(order, customer: order, door: "\(order) Tea Street")
        try await plans.work()
        plans.holder.pass(.minutes(1))
        try await see(order, .open)
    }

    func spent() async throws -> Int64 {
        try await plans.store.spent(
            of: .labels, shop: shop, since: plans.now - .days(60), currency: "GBP"
        ).sum
    }

    var service: UnusedLabelService {
        UnusedLabelService(
            store: plans.store, contexts: [shop: plans.context], clock: plans.clock, newMessages: Broadcast(),
            heartbeats: Heartbeats(), logger: plans.logger)
    }

    /// What is to be given back, as the broker will hear of it.
    func voided() async throws -> [BoughtLabel] {
        var labels: [BoughtLabel] = []
        _ = try await actions.serve { command, _ in
            if case .voidLabel(let label) = command.action { labels.append(label) }
            return AttemptAnswer(.accepted(receipt: ""))
        }
        return labels
    }
}

private let quoted = [
    LabelResult.shipment: "shp_1", LabelResult.rate: "rate_2", "broker": "easypost", "quoted": "545",
]
private let bought = quoted.merging([LabelResult.bought: "shp_1", LabelResult.cost: "545"]) { $1 }

private func step(_ results: [String: String]) -> AttemptAnswer {
    AttemptAnswer(.deferred(Failure(reason: "step", detail: "")), results: results)
}

private func refused(_ results: [String: String] = [:]) -> AttemptAnswer {
    AttemptAnswer(.refused(Failure(reason: "content", detail: "the return was cancelled")), results: results)
}

@Suite("Return labels", .timeLimit(.minutes(5)))
struct ReturnLabelsTests {
    private func returned(_ order: Int, _ results: [String: String]) -> [String: String] {
        results.merging([LabelResult.returned: "gid://shopify/Return/\(order)", LabelResult.voidOn: "2026-12-17"]) {
            $1
        }
    }

    @Test("count as what they may cost until they are bought, and then as what they cost")
    func cost() async throws {
        let bench = try await LabelBench()
        try await bench.approve(1)
        #expect(try await bench.spent() == 800)
        guard case .buyLabel(let order)? = try await bench.actions.command("buy_label")?.action else {
            Issue.record("no label is decided")
            return
        }
        #expect(order.from.address1 == "1 Tea Street" && order.to.company == "Fig" && order.returnName == "#1-R1")
        try await bench.actions.serve { _, _ in step(quoted) }
        #expect(try await bench.spent() == 800)
        bench.plans.holder.pass(.minutes(1))
        try await bench.actions.serve { _, _ in step(bought) }
        #expect(try await bench.spent() == 545)
        bench.plans.holder.pass(.minutes(1))
        try await bench.actions.serve(done)
        #expect(try await bench.actions.state("buy_label") == "sent accepted")
        #expect(try await bench.service.giveBack() == false)
        #expect(try await bench.spent() == 545)
    }

    @Test("never pass their budget, and what is refused is free again")
    func budget() async throws {
        let bench = try await LabelBench("10.00 per month")
        try await bench.approve(1)
        try await bench.approve(2)
        #expect(try await bench.actions.state("buy_label", 1) == "ready")
        #expect(try await bench.actions.state("buy_label", 2) == "skipped budget")
        try await bench.actions.serve { _, _ in refused() }
        #expect(try await bench.spent() == 0)
        try await bench.approve(3)
        #expect(try await bench.actions.state("buy_label", 3) == "ready")
    }

    @Test("are bought once for a return, whichever triggers want one")
    func once() async throws {
        let bench = try await LabelBench(triggers: ["buy", "buy-too"])
        try await bench.approve(1)
        let states = try await bench.actions.effects().filter { $0.line == "buy_label" }.map(\.state)
        #expect(Set(states) == [.ready, .skipped] && states.count == 2)
        #expect(try await bench.spent() == 800)
    }

    @Test("are not bought for a return that has one, was asked for only, or was cancelled")
    func none() async throws {
        let bench = try await LabelBench()
        try await bench.see(1, .requested)
        #expect(try await bench.actions.state("buy_label", 1) == "none")
        try await bench.plans.see(2, customer: 2, door: "2 Tea Street")
        try await bench.plans.work()
        bench.plans.holder.pass(.minutes(1))
        try await bench.see(2, .open, label: "https://labels.example/2.pdf")
        #expect(try await bench.actions.state("buy_label", 2) == "skipped already_told")
        try await bench.approve(3)
        try await bench.see(3, .cancelled)
        try await bench.actions.serve { _, _ in
            Issue.record("it is over")
            return refused()
        }
        #expect(try await bench.actions.state("buy_label", 3) == "withdrawn passed")
        #expect(try await bench.spent() == 0)
    }

    @Test("that were begun are ended by their own attempt, which sees what was bought, and given back once")
    func cancelledMeanwhile() async throws {
        let bench = try await LabelBench()
        try await bench.approve(1)
        try await bench.actions.serve { _, _ in step(self.returned(1, quoted)) }
        bench.plans.holder.pass(.minutes(1))
        try await bench.see(1, .cancelled)
        let decisions = try await bench.actions.serve { _, _ in refused(self.returned(1, bought)) }
        #expect(decisions == [.send])
        // It costs until it is given back.
        #expect(try await bench.spent() == 545)
        #expect(try await bench.service.giveBack())
        #expect(try await bench.service.giveBack() == false)
        #expect(try await bench.spent() == 545)
        let labels = try await bench.voided()
        #expect(
            labels.map(\.ids) == [["shipment": "shp_1", "rate": "rate_2", "bought": "shp_1", "broker": "easypost"]])
        #expect(try await bench.spent() == 0)
        #expect(try await bench.service.giveBack() == false)
    }

    private func attach(_ bench: LabelBench) async throws {
        try await bench.approve(1)
        for results in [quoted, bought] {
            try await bench.actions.serve { _, _ in step(self.returned(1, results)) }
            bench.plans.holder.pass(.minutes(1))
        }
        try await bench.actions.serve(done)
    }

    @Test("are given back when the return is cancelled, and cost all the same if they were used")
    func cancelledLater() async throws {
        for isUsed in [false, true] {
            let bench = try await LabelBench()
            try await attach(bench)
            #expect(try await bench.service.giveBack() == false)
            bench.plans.holder.pass(.days(1))
            try await bench.see(1, .cancelled, label: "https://labels.example/1.pdf")
            #expect(try await bench.service.giveBack())
            try await bench.actions.serve { command, _ in
                #expect(command.action.verb == .voidLabel)
                return AttemptAnswer(.accepted(receipt: ""), results: isUsed ? [LabelResult.kept: "used"] : [:])
            }
            #expect(try await bench.spent() == (isUsed ? 545 : 0))
            #expect(try await bench.service.giveBack() == false)
        }
    }

    @Test("that a carrier does not take back go on costing")
    func refusedVoid() async throws {
        let bench = try await LabelBench()
        try await attach(bench)
        bench.plans.holder.pass(.days(1))
        try await bench.see(1, .declined, label: "https://labels.example/1.pdf")
        #expect(try await bench.service.giveBack())
        try await bench.actions.serve { _, _ in refused() }
        #expect(try await bench.spent() == 545)
        #expect(try await bench.service.giveBack() == false)
    }

    @Test("are given back on their last day if nobody used them")
    func unused() async throws {
        let bench = try await LabelBench()
        try await attach(bench)
        bench.plans.holder.pass(.days(28))
        #expect(try await bench.service.giveBack() == false)
        bench.plans.holder.pass(.days(1))
        #expect(try await bench.service.giveBack())
        #expect(try await bench.voided().map(\.why) == ["nobody used the label, and soon it cannot be given back"])
        #expect(try await bench.spent() == 0)
    }

    @Test("whose purchase is in doubt are looked at before their end, whatever holds by then")
    func inDoubt() async throws {
        let bench = try await LabelBench()
        try await bench.approve(1)
        try await bench.actions.serve { _, _ in step(self.returned(1, quoted)) }
        bench.plans.holder.pass(.minutes(1))
        try await bench.actions.serve { _, _ in
            AttemptAnswer(.deferred(Failure(reason: "dropped", detail: "", inDoubt: true)))
        }
        bench.plans.holder.pass(.minutes(1))
        try await bench.see(1, .cancelled)
        var doubts = 0
        try await bench.actions.serve { _, known in
            doubts = known
            return refused()
        }
        #expect(doubts == 1)
        // The attempt looked, and saw nothing bought.
        #expect(try await bench.spent() == 0)
    }
}

import Testing

@testable import Outreach

@Suite("Holding out")
struct HoldOutTests {
    private let now = StandardOrder.moment
    private let key = [UInt8](repeating: 9, count: 32)

    private func load(_ trigger: String, shop: String = "") -> (set: TriggerSet?, faults: [String]) {
        let files = [
            "shop.yaml": "notify: owner@fig.example\nbrand: { name: Fig, from: orders@fig.example }\n\(shop)",
            "late.yaml": trigger, "templates/late.md": "---\nsubject: A\n---\nHello.\n",
        ]
        let (set, faults) = TriggerSet.load(TriggerFolder(files: files.mapValues { Array($0.utf8) }))
        return (set, faults.map(\.description))
    }

    private func planner(_ trigger: String, shop: String = "") throws -> Planner {
        let (set, faults) = load(trigger, shop: shop)
        var planner = Planner(
            triggers: try #require(set, "\(faults)"), inForceSince: ["late": .distantPast],
            live: LiveSince(shop: .distantPast), shop: ShopProfile(domain: "fig.example"))
        planner.holdOutKey = key
        return planner
    }

    @Test(
        "is a share above nothing and up to a half",
        arguments: [
            ("5%", 500), ("5 %", 500), ("2.5%", 250), ("0.25%", 25), ("50%", 5000), ("50.01%", nil), ("0%", nil),
            ("0.00%", nil), ("51%", nil), ("100%", nil), ("5", nil), ("-5%", nil), ("5.123%", nil), ("five%", nil),
            ("%", nil), ("99999999999999999999%", nil),
        ] as [(String, Int?)])
    func read(_ text: String, _ permyriad: Int?) {
        #expect(HoldOut(text)?.permyriad == permyriad)
    }

    @Test("is said as it is written")
    func words() {
        for text in ["5 %", "2.5 %", "0.25 %", "50 %", "1.05 %"] { #expect(HoldOut(text)?.description == text) }
    }

    @Test("is never a default, and is read from the file")
    func file() throws {
        #expect(try planner("on: shipment.delayed\nsend: email\n").triggers.trigger("late")?.holdOut == nil)
        #expect(
            try planner("on: shipment.delayed\nsend: email\nhold_out: 5%\n").triggers.trigger("late")?.holdOut
                == HoldOut(permyriad: 500))
        let shipped = try #require(TriggerSet.load(try Package.shippedTriggers()).set)
        #expect(shipped.triggers.allSatisfy { $0.holdOut == nil })
    }

    @Test(
        "is refused where telling is needed",
        arguments: ["return.label_ready", "shipment.attempted", "shipment.ready_for_pickup", "refund.issued"])
    func refused(_ event: String) {
        let (set, faults) = load("on: [order.paid, \(event)]\nsend: email\nhold_out: 5%\n")
        #expect(set == nil)
        #expect(
            faults.contains {
                $0.contains("late.yaml:3:1: nobody is held out of '\(event)': who is not told would be harmed")
            }, "\(faults)")
    }

    @Test("is refused where it means nothing, with what to write instead")
    func meaningless() {
        let merchant = load("on: order.paid\nsend: { email: merchant }\nhold_out: 5%\n")
        #expect(merchant.set == nil && merchant.faults.contains { $0.contains("'hold_out' has no effect") })
        let wrong = load("on: order.paid\nsend: email\nhold_out: 80%\n")
        #expect(wrong.set == nil && wrong.faults.contains { $0.contains("'80%' is not a share of customers") })
    }

    /// The decision about an order of that customer, with nothing in its way.
    private func decision(
        _ planner: Planner, customer: String?, email: String = "robin@shopper.example", history: History = History(),
        state: Effect.State = .waiting
    ) throws -> (PlanningTurn, PlanningTurn.Judged) {
        let order = StandardOrder(.shipmentDelayed, at: now)
        var record = order.record
        record.facts.email = email
        record.facts.customer?.id = customer ?? ""
        if customer == nil { record.facts.customer = nil }
        let match = try #require(planner.matches(order.event, record: record).first)
        guard case .insert(var effect) = planner.place(match, event: order.event, existing: [], now: now) else {
            throw CancellationError()
        }
        effect.state = state
        let turn = PlanningTurn(planner, now: now)
        return (turn, turn.judge(effect, record: record, history: history))
    }

    private func isHeld(_ planner: Planner, customer: String?, email: String = "robin@shopper.example") throws -> Bool {
        try decision(planner, customer: customer, email: email).1.judgement.decision == .holdOut
    }

    @Test("takes the share that was asked for, always the same customers, and others for another trigger or shop")
    func share() throws {
        let planner = try planner("on: shipment.delayed\nsend: email\nhold_out: 20%\n")
        let customers = (0..<2_000).map { "gid://shopify/Customer/\($0)" }
        let held = try Set(customers.filter { try isHeld(planner, customer: $0) })
        // Within four standard deviations of a fifth.
        #expect((328...472).contains(held.count), "\(held.count)")
        #expect(try Set(customers.filter { try isHeld(planner, customer: $0, email: "new@shopper.example") }) == held)
        let share = try #require(HoldOut("20%"))
        let other = Set(customers.filter { share.draws(trigger: "lost", customer: $0, key: key) })
        let elsewhere = Set(customers.filter { share.draws(trigger: "late", customer: $0, key: Array(key.dropLast())) })
        #expect((40...130).contains(held.intersection(other).count), "as chance has it")
        #expect((40...130).contains(held.intersection(elsewhere).count))
        // A larger share holds out these and more.
        let half = try #require(HoldOut("50%"))
        #expect(held.allSatisfy { half.draws(trigger: "late", customer: $0, key: key) })
    }

    @Test("draws a guest by the address, whatever its case")
    func guests() throws {
        let planner = try planner("on: shipment.delayed\nsend: email\nhold_out: 50%\n")
        for number in 0..<40 {
            let one = try isHeld(planner, customer: nil, email: "guest\(number)@shopper.example")
            #expect(try isHeld(planner, customer: nil, email: "Guest\(number)@Shopper.example") == one)
        }
    }

    /// A customer who is held out.
    private func heldCustomer(_ planner: Planner) throws -> String {
        try #require(
            try (0..<200).map { "gid://shopify/Customer/\($0)" }.first { try isHeld(planner, customer: $0) })
    }

    @Test("is drawn last: what would not be sent, or waits, is not held out")
    func last() throws {
        let text = "on: shipment.delayed\nsend: email\nhold_out: 50%\n"
        let planner = try planner(text)
        let customer = try heldCustomer(planner)
        var history = History()
        history.silenced = true
        #expect(
            try decision(planner, customer: customer, history: history).1.judgement.decision
                == .skip(because: .silenced))
        let limited = try self.planner(text, shop: "limit: { messages: 1, per: 2 hours }\n")
        history = History()
        history.counted = [now - .hours(1)]
        guard case .wait(_, .limit) = try decision(limited, customer: customer, history: history).1.judgement.decision
        else {
            Issue.record("the limit comes first")
            return
        }
        let unless = try self.planner(text + "unless: order.paid\n")
        guard case .skip(.unless, _) = try decision(unless, customer: customer).1.judgement.decision else {
            Issue.record("the conditions come first")
            return
        }
        // What is ready was drawn when it became so, and nobody is held out in shadow mode, in examples and previews.
        #expect(try decision(planner, customer: customer, state: .ready).1.judgement.decision == .send)
        #expect(try decision(self.planner(text + "mode: shadow\n"), customer: customer).1.judgement.decision == .shadow)
        var example = planner
        example.holdOutKey = []
        #expect(try decision(example, customer: customer).1.judgement.decision == .send)
    }

    @Test("uses its key up, takes no room under a limit, and says so")
    func decided() throws {
        let planner = try planner(
            "on: shipment.delayed\nsend: email\nhold_out: 50%\n", shop: "limit: { messages: 1, per: 2 hours }\n")
        let (turn, one) = try decision(planner, customer: try heldCustomer(planner))
        let settled = try #require(turn.settle([one], waiting: { _ in [] }).first)
        #expect(turn.draft(of: settled) == nil, "no message is written")
        let plan = turn.finish(settled, nil)
        let change = try #require(plan.changes.last)
        #expect(change.effect.state == .heldOut && change.effect.reason == .heldOut && change.room == nil)
        #expect(change.effect.state.usesKeyUp && change.effect.detail == "50 % of the customers are")
        #expect(change.draw?.isHeld == true && change.note?.state == .heldOut && change.message == nil)
        // Later events under the key are told already.
        let order = StandardOrder(.shipmentDelayed, at: now)
        let match = try #require(planner.matches(order.event, record: order.record).first)
        var held = change.effect
        held.id = 4
        #expect(planner.place(match, event: order.event, existing: [held], now: now) == .told([4]))
    }

    @Test("is noted of those who are told as well, and of triggers without it of nobody")
    func told() throws {
        let planner = try planner("on: shipment.delayed\nsend: email\nhold_out: 0.01%\n")
        let (turn, one) = try decision(planner, customer: "gid://shopify/Customer/1")
        #expect(turn.finish(one, .made(nil, remark: nil)).changes.last?.draw?.isHeld == false)
        let (plain, other) = try decision(
            self.planner("on: shipment.delayed\nsend: email\n"), customer: "gid://shopify/Customer/1")
        #expect(plain.finish(other, .made(nil, remark: nil)).changes.last?.draw == nil)
    }
}

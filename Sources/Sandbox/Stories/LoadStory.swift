// Many orders at once, each with a life drawn from the seed, for tests that kill the daemon and count the messages.
// Each life is a list of steps; a step changes the shop and may make messages due.

internal import FoundationEssentials

struct LoadStory {
    let teller: StoryTeller
    let plan: LoadPlan

    private enum Step {
        case ship(split: Bool)
        case event(SandboxTrackingStatus, parcel: Int, due: String?)
        case requestReturn
        case approveReturn
        case label
        case receiveReturn
        case refund
        case cancel
    }

    private struct Life {
        let order: ShopID
        let name: String
        let email: String
        let isTest: Bool
        var steps: [Step]
        var parcels: [ShopID] = []
        var back: ShopID?
        var due: [DueMessage] = []
        var nextAt: Double
    }

    private static let items = [
        SandboxItem("Fig leaf tea", sku: "TEA-FIG", price: 1250, tags: ["tea"]),
        SandboxItem("Juniper candle", sku: "CND-JUN", price: 2400, tags: ["home"]),
        SandboxItem("Olive soap", sku: "SOAP-OLV", price: 690, quantity: 2, tags: ["bath"]),
    ]

    /// Runs it: returns when every order has reached its end, or `plan.bound` after the last was placed.
    func tell() async throws {
        var random = SeededRandom(seed: teller.seed)
        var lives: [Life] = []
        var placed = 0
        let clock = ContinuousClock()
        let start = clock.now
        let span = plan.duration.inSeconds
        let tick = Duration.milliseconds(20)
        teller.say("load", "\(plan.orders) orders over \(Int(span)) s")
        while placed < plan.orders || !lives.isEmpty {
            try Task.checkCancellation()
            let elapsed = (clock.now - start).inSeconds
            if placed == plan.orders, elapsed > span + plan.bound.inSeconds {
                teller.say("load", "\(lives.count) orders did not come to their end in time")
                return
            }
            let wanted = span > 0 ? min(plan.orders, Int(Double(plan.orders) * elapsed / span) + 1) : plan.orders
            while placed < wanted {
                placed += 1
                lives.append(place(placed, &random, at: elapsed))
            }
            for index in lives.indices where lives[index].nextAt <= elapsed {
                if plan.gated, !teller.ledger.isSettled(lives[index].name, lives[index].due) { continue }
                try take(&lives[index])
                lives[index].nextAt = elapsed + plan.pace.inSeconds * Double.random(in: 1..<2, using: &random)
            }
            lives.removeAll { $0.steps.isEmpty }
            try await teller.pause(tick)
        }
        teller.say("load", "every order has come to its end")
    }

    private func place(_ number: Int, _ random: inout SeededRandom, at elapsed: Double) -> Life {
        let email = "shopper\(number)@load.example"
        let isTest = random.chance(0.02)
        let customer = SandboxCustomer(
            firstName: "Shopper", lastName: String(number), email: email, isGuest: random.chance(0.3))
        let count = Int.random(in: 1...2, using: &random)
        let order = teller.shop.placeOrder(
            customer: customer, items: Array(Self.items.shuffled(using: &random).prefix(count)), test: isTest)
        let life = Life(
            order: order.id, name: order.name, email: email, isTest: isTest,
            steps: Self.steps(&random, splits: count > 1), nextAt: elapsed + plan.pace.inSeconds)
        return life
    }

    private static func steps(_ random: inout SeededRandom, splits: Bool) -> [Step] {
        if random.chance(0.03) { return [.cancel] }
        let split = splits && random.chance(0.3)
        var steps: [Step] = [.ship(split: split)]
        var delivered = true
        for parcel in 0..<(split ? 2 : 1) {
            steps.append(.event(.inTransit, parcel: parcel, due: nil))
            if random.chance(0.15) { steps.append(.event(.delayed, parcel: parcel, due: "delay-alert")) }
            if random.chance(0.05) {
                steps.append(.event(.failure, parcel: parcel, due: "delivery-problem"))
                delivered = false
                continue
            }
            if random.chance(0.1) {
                steps.append(.event(.readyForPickup, parcel: parcel, due: "ready-for-pickup"))
            } else {
                steps.append(.event(.outForDelivery, parcel: parcel, due: "out-for-delivery"))
                if random.chance(0.1) {
                    steps.append(.event(.attemptedDelivery, parcel: parcel, due: "delivery-attempted"))
                }
            }
            steps.append(.event(.delivered, parcel: parcel, due: "delivered"))
        }
        if delivered, random.chance(0.15) {
            steps += [.requestReturn, .approveReturn, .label, .receiveReturn, .refund]
        }
        return steps
    }

    private func take(_ life: inout Life) throws {
        let shop = teller.shop
        guard !life.steps.isEmpty else { return }
        switch life.steps.removeFirst() {
        case .ship(let split):
            for parcel in 0..<(split ? 2 : 1) {
                let number = "1ZLOAD\(life.order.number % 1_000_000_000)\(parcel)"
                let lines: [Int: Int] = split ? [parcel: 9] : [:]
                life.parcels.append(
                    try shop.fulfil(
                        life.order, packages: [SandboxPackage(company: "UPS", number: number)], quantities: lines,
                        estimatedDeliveryAt: shop.clock.now().addingTimeInterval(3 * 86_400)))
                expect("shipping-confirmation", &life)
            }
        case .event(let status, let parcel, let due):
            try shop.addEvent(life.parcels[parcel], status, message: status.rawValue.lowercased())
            if let due { expect(due, &life) }
        case .requestReturn: life.back = try shop.requestReturn(life.order)
        case .approveReturn:
            if let back = life.back { try shop.approveReturn(back) }
            expect("return-approved", &life)
        case .label:
            if let back = life.back { try shop.attachLabel(back) }
            expect("return-label", &life)
        case .receiveReturn:
            if let back = life.back {
                try shop.receiveReturn(back)
                try shop.closeReturn(back)
            }
            expect("return-received", &life)
        case .refund:
            try shop.refund(life.order, for: life.back)
            expect("refund-issued", &life)
        case .cancel: try shop.cancelOrder(life.order)
        }
    }

    private func expect(_ trigger: String, _ life: inout Life) {
        guard !life.isTest else { return }
        let message = DueMessage(order: life.name, trigger: trigger, recipient: life.email)
        teller.ledger.expect(message)
        // Two of a kind are one entry: the ledger counts them.
        if !life.due.contains(message) { life.due.append(message) }
    }
}

internal import Understanding

// From her words to what is stored of them: `Understanding` reads the words, the order's state is its gate.

extension Understood {
    /// What the built-in model makes of a message, without the text that it quotes.
    ///
    /// - Parameters:
    ///   - record: the order that it is about; nil, or `OrderRecord.none`, where none is known.
    ///   - names: names of the shop's orders, newest first, by which it knows how the shop writes them.
    ///   - questions: the shop's own, by the phrasings in its triggers.
    public init(
        reading text: String, about record: OrderRecord?, names: [String] = [],
        questions: OwnQuestions = OwnQuestions(), now: Moment, zone: Zone
    ) {
        let order = record.flatMap { $0.isOrder ? $0 : nil }
        let locale = order.flatMap { $0.facts.locale ?? $0.facts.customer?.locale }
        let hint = locale.flatMap { Language(rawValue: String($0.prefix(2)).lowercased()) }
        let style = OrderStyle(names: names)
        let interpreter = Interpreter(orders: style)
        let reading =
            interpreter.read(text, state: order?.stateForMessages(now: now, zone: zone) ?? .noOrder, hint: hint)
        asks = reading.asks.map(\.rawValue)
        if asks.isEmpty { asks = [reading.intent.rawValue] }
        mood = reading.mood.rawValue
        language = reading.language?.rawValue
        confidence = reading.confidence
        isCertain = reading.isCertain
        // Whoever is angry hears from a person, whatever she asks for.
        needsHuman = reading.needsHuman || reading.mood == .angry
        doubts = reading.doubts.map(\.rawValue)
        orders = reading.orders
        author = Self.builtIn
        if let found = questions.book.find(in: text) { take(found, beside: reading, with: interpreter) }
    }

    /// Whether a message would be about an order if one were known. Without one the model takes it for something else.
    public static func isAboutAnOrder(_ text: String) -> Bool {
        let interpreter = Interpreter(orders: OrderStyle())
        return [OrderState.open, .late, .delivered, .returning, .refunding].contains { state in
            let reading = interpreter.read(text, state: state, hint: nil)
            return !reading.orders.isEmpty
                || ([reading.intent] + reading.asks).contains { Self.needOrders.contains($0.rawValue) }
        }
    }

    /// What nobody can answer without an order, in the words of `Intents`.
    private static let needOrders: Set<String> = [
        "where_is_my_order", "delivered_not_received", "damaged", "wrong_item", "start_return", "exchange",
        "return_status", "refund_status", "change_address", "cancel_order", "change_order", "invoice",
    ]

    /// The built-in model, with the version of its weights: drafts are counted for each version.
    public static let builtIn = "built-in 1"
}

extension OrderStyle {
    /// How a shop writes the numbers of its orders, learned from some.
    fileprivate init(names: [String]) {
        guard let name = names.first(where: { $0.contains(where: \.isNumber) }),
            let first = name.firstIndex(where: \.isNumber)
        else {
            self.init()
            return
        }
        self.init(prefix: String(name[..<first]))
    }
}

extension OrderRecord {
    /// What a message about the order can be about. What comes last in an order's life counts first: a refund, a return,
    /// a delivery.
    func stateForMessages(now: Moment, zone: Zone) -> OrderState {
        let since = now - .days(60)
        if facts.refunds.contains(where: { ($0.createdAt ?? now) > since }) { return .refunding }
        if facts.cancelledAt.map({ $0 > since }) == true { return .refunding }
        if facts.returns.contains(where: { $0.status == .closed && ($0.closedAt ?? now) > since }) { return .refunding }
        if facts.returns.contains(where: { [.requested, .open].contains($0.status) }) { return .returning }
        let states = parcels.map { state(of: $0, now: now, zone: zone) }
        if !states.isEmpty, states.allSatisfy({ $0.state == .delivered }), facts.fulfillment == .fulfilled {
            return .delivered
        }
        if facts.cancelledAt != nil { return .noOrder }
        if states.contains(where: { $0.daysLate > 0 || $0.delayed || $0.state == .exception || $0.state == .lost }) {
            return .late
        }
        return .open
    }
}

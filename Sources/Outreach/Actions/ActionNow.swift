internal import FoundationEssentials

// What came of something that was done in the shop, as an event tells of it: `action.done`, `action.refused`.
//
// Such an event is about one effect, and its mark says how many actions led to it, so that a chain of them ends: what a
// trigger does on the event of an action is one more than that.

/// What became of an action, as conditions and templates look at it.
public struct ActionNow: Hashable, Sendable, Codable {
    /// Its verb in `do`: `refund`, `change_address`.
    public var verb: String
    /// What of it: an amount, a tag, the name of a gift. Empty where the verb says it all.
    public var value: String
    /// What decided it: a trigger's name, `page`, `remedy`.
    public var by: String
    /// Why it was not done, in a sentence without anybody's data; nil if it was.
    public var reason: String?

    public init(verb: String, value: String = "", by: String, reason: String? = nil) {
        self.verb = verb
        self.value = value
        self.by = by
        self.reason = reason
    }

    /// What became of an effect; nil if it does nothing of the kind.
    ///
    /// - Parameter message: its frozen bytes; nil once they are deleted by age.
    public init?(_ effect: Effect, message: Message?) {
        guard effect.channel == .shop, let verb = ShopVerb(line: effect.line) else { return nil }
        let object = effect.line.dropFirst(verb.rawValue.count + 1)
        var value = String(object)
        switch message.flatMap({ ActionCommand($0) })?.action {
        case .refund(let amount), .storeCredit(let amount, _): value = amount.written
        case .tagOrder, .tagCustomer, .holdOrder, .releaseOrder, .reship, .cancelOrder, .changeAddress, .requestReturn,
            .approveReturn, .declineReturn, .settleReturn, .buyLabel, .voidLabel, nil:
            break
        }
        self.init(verb: verb.rawValue, value: value, by: effect.trigger)
        if effect.state != .sent { reason = effect.detail ?? effect.reason?.rawValue ?? "" }
    }
}

extension EventKind {
    /// True if it tells of something that Bookbag did, or could not do.
    var isOfAction: Bool { self == .actionDone || self == .actionRefused }
}

extension Event {
    /// So many actions may follow from one another.
    public static let longestChain = 3

    /// The number of the effect that the event tells of; nil for other events.
    public var actionNumber: Int64? {
        guard kind.isOfAction, case .other(_, let id)? = subjects.first else { return nil }
        return Int64(id)
    }

    /// How many actions led to it: none for what happened by itself.
    ///
    /// Shopify's events say only that an action of ours caused them and not which, so of those each counts that came
    /// within a day before, at the same order.
    func chain(in record: OrderRecord) -> Int {
        if kind.isOfAction {
            return occurrences.first?.mark.split(separator: " ").last.flatMap { Int($0) } ?? Self.longestChain
        }
        guard silence == .ownAction else { return 0 }
        return max(
            1,
            record.events.count {
                $0.silence == .ownAction && !$0.kind.isOfAction && $0.happenedAt <= happenedAt
                    && happenedAt - $0.happenedAt < .days(1)
            })
    }
}

extension JudgedEvent {
    /// What tells of an act that has ended; nil if the effect is none, or has not.
    public init?(ofAct effect: Effect, record: OrderRecord, now: Moment) {
        guard effect.channel == .shop, ShopVerb(line: effect.line) != nil, let order = effect.orderID else {
            return nil
        }
        switch effect.state {
        case .waiting, .ready, .shadowed, .heldOut: return nil
        case .sent, .bounced, .skipped, .withdrawn, .replaced, .refused: break
        }
        let chain = 1 + (effect.event?.chain(in: record) ?? 0)
        self.init(
            aggregate: .order(order), kind: effect.state == .sent ? .actionDone : .actionRefused,
            subject: .other("action", id: "\(effect.id)"), mark: "\(effect.id) \(chain)",
            happenedAt: effect.decidedAt ?? now, source: "bookbag")
    }
}

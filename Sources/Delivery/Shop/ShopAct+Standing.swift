internal import Outreach
internal import Shopify

// What is looked at in the shop at the last moment, before goods or money move. What Bookbag knows of an order may be
// minutes old, and of disputes it knows nothing.

extension ShopAct {
    /// Why nothing may be done for the order as it is now; nil if it may.
    ///
    /// - Parameter standing: nil if the order is gone.
    func objection(_ standing: OrderStanding?) -> String? {
        guard let standing else { return "Shopify has no such order any more" }
        if standing.test == true { return "it is a test order" }
        if standing.cancelledAt != nil { return "the order is cancelled" }
        guard !command.isPersons else { return nil }
        if standing.disputes?.contains(where: { !["WON", "PREVENTED"].contains($0.status ?? "") }) ?? false {
            return "the payment is disputed, so a person decides"
        }
        let open = ["PENDING", "AWAITING_RESPONSE", "UNKNOWN"]
        let isPaying = (standing.refunds ?? []).contains { refund in
            refund.transactions?.nodes.contains { open.contains($0.status ?? "") } ?? false
        }
        return isPaying ? "a refund is in progress, so a person decides" : nil
    }

    func standing() async throws(ShopifyFailure) -> OrderStanding? {
        try await client.ask(.orderStanding, ["id": command.order], as: StandingAnswer.self).data.order
    }

    /// How many earlier attempts ended without our knowing how.
    var doubts: Int { known[Message.doubts].flatMap { Int($0) } ?? 0 }

    /// The next step is to be done a little later; what has been reached is written down first.
    func next(_ detail: String, in wait: Duration, results: [String: String]) -> AttemptAnswer {
        AttemptAnswer(.deferred(Failure(reason: Failure.step, detail: detail, retryAfter: wait)), results: results)
    }

    func done(_ receipt: String, _ results: [String: String] = [:]) -> AttemptAnswer {
        AttemptAnswer(.accepted(receipt: receipt), results: results)
    }

    /// What Shopify refused.
    func refused(_ errors: [UserError]) -> AttemptAnswer {
        refused(ShopObjection.sentence(errors, to: command.action))
    }
}

/// An order before anything is done for it.
struct OrderStanding: Decodable {
    struct Dispute: Decodable { var status: String? }
    struct Refund: Decodable {
        var id: String
        var note: String?
        var transactions: Nodes<Transaction>?
    }
    struct Transaction: Decodable { var status: String? }

    var cancelledAt: String?
    var test: Bool?
    var displayFulfillmentStatus: String?
    var disputes: [Dispute]?
    var refunds: [Refund]?
}

/// A page of a list.
struct Nodes<Node: Decodable & Sendable>: Decodable, Sendable { var nodes: [Node] }

/// Amounts as Shopify writes them.
struct WrittenMoney: Decodable {
    var amount: String
    var currencyCode: String

    /// Nil for what is no number.
    var money: Money? { CurrencyUnits.money(amount, in: currencyCode) }
}

struct ShownMoney: Decodable { var presentmentMoney: WrittenMoney }

private struct StandingAnswer: Decodable { var order: OrderStanding? }

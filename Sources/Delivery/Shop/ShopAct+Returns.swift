internal import FoundationEssentials
internal import Outreach
internal import Shopify

// Returns: asked for, approved or declined, and paid for once the goods are here.
//
// None of these takes a key. A request has the action's mark in the customer's note, by which it is found again; an
// approval and a refusal are states that a return is in or not; and goods are paid for while the return has no refund,
// whoever made it.

extension ShopAct {
    // MARK: - Asking for one

    /// The customer's note that goes with a request: her own words, what she would like, and the mark.
    private func note(_ draft: ReturnDraft) -> String {
        let wish = draft.wish.map { "Would like \($0.shown). " } ?? ""
        return "\(draft.words.isEmpty ? "" : "\(draft.words) – ")\(wish)(\(command.mark))"
    }

    func requestResults(_ id: String, _ name: String?, _ draft: ReturnDraft) -> [String: String] {
        var results = ["return": id]
        results["name"] = name
        results["wish"] = draft.wish?.rawValue
        return results
    }

    /// The return that this action asked for; nil if there is none.
    func returnOfOurs() async throws(ShopifyFailure) -> (id: String, name: String?)? {
        let answer = try await client.ask(.orderReturnNotes, ["id": command.order], as: NotesAnswer.self)
        for one in answer.data.order?.returns?.nodes ?? []
        where one.returnLineItems?.nodes.contains(where: { $0.customerNote?.contains(command.mark) ?? false }) ?? false
        {
            return (one.id, one.name)
        }
        return nil
    }

    func requestReturn(_ draft: ReturnDraft) async throws(ShopifyFailure) -> AttemptAnswer {
        if let wait = lookAgain() { return wait }
        if let ours = try await returnOfOurs() { return done(ours.id, requestResults(ours.id, ours.name, draft)) }
        let standing = try await standing()
        guard let standing else { return refused("Shopify has no such order any more") }
        if standing.test == true { return refused("it is a test order") }
        if standing.cancelledAt != nil { return refused("the order is cancelled") }
        let answer = try await client.ask(
            .returnableFulfillments, ["orderId": command.order], as: ReturnableAnswer.self)
        var left = (answer.data.returnableFulfillments?.nodes ?? []).flatMap {
            $0.returnableFulfillmentLineItems?.nodes ?? []
        }
        let reasons =
            try await client.ask(
                .returnReasonDefinitions,
                ReasonVariables(handles: [draft.reason.rawValue, ReturnReason.other.rawValue]),
                as: ReasonsAnswer.self
            ).data.returnReasonDefinitions?.nodes.filter { $0.deleted != true } ?? []
        guard let reason = reasons.first(where: { $0.handle == draft.reason.rawValue }) ?? reasons.first else {
            return refused("Shopify knows none of the reasons")
        }
        var lines: [RequestInput.Line] = []
        for wanted in draft.lines {
            var rest = wanted.quantity
            for index in left.indices where left[index].fulfillmentLineItem.lineItem.id == wanted.lineItemID {
                let part = min(rest, left[index].quantity)
                guard part > 0 else { continue }
                rest -= part
                left[index].quantity -= part
                lines.append(
                    RequestInput.Line(
                        fulfillmentLineItemId: left[index].fulfillmentLineItem.id, quantity: part,
                        returnReasonDefinitionId: reason.id, customerNote: note(draft)))
            }
            guard rest == 0 else { return refused("not that many can be returned, or they are coming back already") }
        }
        let input = RequestInput(orderId: command.order, returnLineItems: lines)
        let made = try await client.ask(.returnRequest, InputVariables(input: input), as: RequestAnswer.self)
            .data.returnRequest
        if let errors = made?.userErrors, !errors.isEmpty { return refused(errors) }
        guard let one = made?.return else { throw .malformed("a return was asked for and has no id") }
        return done(one.id, requestResults(one.id, one.name, draft))
    }

    /// An attempt whose answer was lost may still be under way, and Shopify knows no repeat of this by itself: what was
    /// not there is looked for once more, a little later. Nil if that was done.
    private func lookAgain() -> AttemptAnswer? {
        let look = "looked_\(doubts)"
        guard doubts > 0, known[look] == nil else { return nil }
        return next("it is looked for again", in: .seconds(30), results: [look: "1"])
    }

    // MARK: - Deciding about one

    func state(ofReturn id: String) async throws(ShopifyFailure) -> ReturnState? {
        try await client.ask(.returnState, ["id": id], as: StateAnswer.self).data.return
    }

    func approveResults(_ id: String, _ terms: ReturnTerms) -> [String: String] {
        terms.results.merging(["return": id]) { own, _ in own }
    }

    func approve(_ id: String, on terms: ReturnTerms) async throws(ShopifyFailure) -> AttemptAnswer {
        guard let state = try await state(ofReturn: id) else { return refused("Shopify has no such return any more") }
        if state.status == "OPEN" { return done(id, approveResults(id, terms)) }
        guard state.status == "REQUESTED" else { return refused("the return was declined or cancelled by hand") }
        if let no = objection(try await standing()) { return refused(no) }
        let made = try await client.ask(
            .returnApproveRequest, InputVariables(input: ApproveInput(id: id)), as: ApproveAnswer.self
        ).data.returnApproveRequest
        if let errors = made?.userErrors, !errors.isEmpty { return refused(errors) }
        return done(id, approveResults(id, terms))
    }

    func decline(_ id: String, because refusal: ReturnRefusal) async throws(ShopifyFailure) -> AttemptAnswer {
        guard let state = try await state(ofReturn: id) else { return refused("Shopify has no such return any more") }
        if state.status == "DECLINED" { return done(id, ["return": id, "declined": refusal.rawValue]) }
        guard state.status == "REQUESTED" else { return refused("the return was approved or cancelled by hand") }
        let input = DeclineInput(id: id, declineReason: refusal.shopifys)
        let made = try await client.ask(
            .returnDeclineRequest, InputVariables(input: input), as: DeclineAnswer.self
        ).data.returnDeclineRequest
        if let errors = made?.userErrors, !errors.isEmpty { return refused(errors) }
        return done(id, ["return": id, "declined": refusal.rawValue])
    }

    // MARK: - Paying for what came back

    func settleResults(_ id: String, refund: String, _ way: ReturnWish) -> [String: String] {
        ["return": id, "refund": refund, "settled": way.rawValue]
    }

    func settle(
        _ id: String, as way: ReturnWish, atMost most: Money
    ) async throws(ShopifyFailure) -> AttemptAnswer {
        guard let state = try await state(ofReturn: id) else { return refused("Shopify has no such return any more") }
        if let paid = state.refunds?.nodes.last?.id {
            // Whoever paid it: nobody pays twice.
            guard doubts > 0 else { return refused("it was paid back by hand") }
            return done(paid, settleResults(id, refund: paid, way))
        }
        guard state.status == "OPEN" else { return refused("the return was closed or cancelled by hand") }
        if let no = objection(try await standing()) { return refused(no) }
        guard state.arrived >= state.quantity else {
            return refused("\(state.arrived) of \(state.quantity) items are here, so a person decides")
        }
        let lines = (state.returnLineItems?.nodes ?? []).filter { ($0.processableQuantity ?? 0) > 0 }.map {
            ProcessInput.Line(id: $0.id, quantity: $0.processableQuantity ?? 0)
        }
        guard !lines.isEmpty else { return refused("it was processed by hand, and nothing was paid back with that") }
        let outcome = try await client.ask(
            .returnSuggestedOutcome, OutcomeVariables(id: id, returnLineItems: lines), as: OutcomeAnswer.self
        ).data.return?.suggestedFinancialOutcome?.financialTransfer
        guard let sum = outcome?.amount?.presentmentMoney.money, sum.amount > 0 else {
            return refused("Shopify would pay nothing back for these goods")
        }
        guard sum.currency == most.currency, sum.amount <= most.amount else {
            return refused("Shopify would pay back \(sum.written), and what was decided is at most \(most.written)")
        }
        if let wait = lookAgain() { return wait }
        var refund = ProcessInput.Refund()
        if way == .storeCredit {
            refund.refundMethods = [
                .init(storeCreditRefund: .init(amount: MoneyInput(sum), expiresAt: command.endsAt?.iso8601))
            ]
        } else {
            for one in outcome?.suggestedTransactions ?? [] {
                guard let part = one.amountSet?.presentmentMoney.money, part.amount > 0,
                    let parent = one.parentTransaction?.id
                else { continue }
                refund.orderTransactions.append(.init(transactionAmount: MoneyInput(part), parentId: parent))
            }
            guard !refund.orderTransactions.isEmpty else {
                return refused("\(sum.written) cannot be paid back the way it was paid")
            }
        }
        let input = ProcessInput(
            returnId: id, returnLineItems: lines, financialTransfer: .init(issueRefund: refund))
        let made = try await client.ask(.returnProcess, InputVariables(input: input), as: ProcessAnswer.self)
            .data.returnProcess
        if let errors = made?.userErrors, !errors.isEmpty { return refused(errors) }
        guard let paid = made?.return?.refunds?.nodes.last?.id else {
            throw .malformed("goods were paid for and there is no refund")
        }
        await close(id)
        return done(paid, settleResults(id, refund: paid, way))
    }

    /// A return that is processed stays open until somebody closes it. Nothing hangs on that.
    private func close(_ id: String) async {
        _ = try? await client.ask(.returnClose, ["id": id], as: CloseAnswer.self)
    }
}

/// A return as it is in the shop.
struct ReturnState: Decodable {
    struct Line: Decodable {
        var id: String
        var quantity: Int?
        var processableQuantity: Int?
    }
    struct Disposition: Decodable {
        var type: String?
        var quantity: Int?
    }
    struct ReverseLine: Decodable { var dispositions: [Disposition]? }
    struct ReverseOrder: Decodable { var lineItems: Nodes<ReverseLine>? }
    struct Refund: Decodable { var id: String }

    var status: String?
    var returnLineItems: Nodes<Line>?
    var reverseFulfillmentOrders: Nodes<ReverseOrder>?
    var refunds: Nodes<Refund>?

    /// How many items it has.
    var quantity: Int { (returnLineItems?.nodes ?? []).reduce(0) { $0 + max(0, $1.quantity ?? 0) } }
    /// How many of them somebody had in hand. Goods that are missing are not.
    var arrived: Int {
        (reverseFulfillmentOrders?.nodes ?? []).flatMap { $0.lineItems?.nodes ?? [] }.flatMap { $0.dispositions ?? [] }
            .filter { ["RESTOCKED", "NOT_RESTOCKED", "PROCESSING_REQUIRED"].contains($0.type ?? "") }
            .reduce(0) { $0 + max(0, $1.quantity ?? 0) }
    }
}

// MARK: - What is asked and answered

private struct InputVariables<Input: Encodable & Sendable>: Encodable { var input: Input }

private struct NotesAnswer: Decodable {
    struct Line: Decodable { var customerNote: String? }
    struct Return: Decodable {
        var id: String
        var name: String?
        var returnLineItems: Nodes<Line>?
    }
    struct Order: Decodable { var returns: Nodes<Return>? }
    var order: Order?
}

private struct ReturnableAnswer: Decodable {
    struct LineItem: Decodable { var id: String }
    struct Sent: Decodable {
        var id: String
        var lineItem: LineItem
    }
    struct Line: Decodable {
        var quantity: Int
        var fulfillmentLineItem: Sent
    }
    struct Fulfillment: Decodable { var returnableFulfillmentLineItems: Nodes<Line>? }
    var returnableFulfillments: Nodes<Fulfillment>?
}

private struct ReasonVariables: Encodable { var handles: [String] }

private struct ReasonsAnswer: Decodable {
    struct Reason: Decodable {
        var id: String
        var handle: String
        var deleted: Bool?
    }
    var returnReasonDefinitions: Nodes<Reason>?
}

private struct RequestInput: Encodable {
    struct Line: Encodable {
        var fulfillmentLineItemId: String
        var quantity: Int
        var returnReasonDefinitionId: String
        var customerNote: String
    }
    var orderId: String
    var returnLineItems: [Line]
}

private struct NamedReturn: Decodable {
    var id: String
    var name: String?
}

private struct RequestAnswer: Decodable {
    struct Payload: Decodable {
        var `return`: NamedReturn?
        var userErrors: [UserError]?
    }
    var returnRequest: Payload?
}

private struct StateAnswer: Decodable { var `return`: ReturnState? }

private struct ApproveInput: Encodable {
    var id: String
    /// Bookbag tells it.
    var notifyCustomer = false
}

private struct DeclineInput: Encodable {
    var id: String
    var declineReason: String
    var notifyCustomer = false
}

private struct Decided: Decodable { var userErrors: [UserError]? }
private struct ApproveAnswer: Decodable { var returnApproveRequest: Decided? }
private struct DeclineAnswer: Decodable { var returnDeclineRequest: Decided? }
private struct CloseAnswer: Decodable { var returnClose: Decided? }

private struct OutcomeVariables: Encodable {
    var id: String
    var returnLineItems: [ProcessInput.Line]
}

private struct OutcomeAnswer: Decodable {
    struct Parent: Decodable { var id: String }
    struct Way: Decodable {
        var amountSet: ShownMoney?
        var parentTransaction: Parent?
    }
    struct Transfer: Decodable {
        var amount: ShownMoney?
        var suggestedTransactions: [Way]?
    }
    struct Outcome: Decodable { var financialTransfer: Transfer? }
    struct Return: Decodable { var suggestedFinancialOutcome: Outcome? }
    var `return`: Return?
}

private struct MoneyInput: Encodable {
    var amount: String
    var currencyCode: String

    init(_ money: Money) {
        amount = money.number
        currencyCode = money.currency
    }
}

private struct ProcessInput: Encodable {
    struct Line: Encodable {
        var id: String
        var quantity: Int
    }
    struct Transaction: Encodable {
        var transactionAmount: MoneyInput
        var parentId: String
    }
    struct Credit: Encodable {
        var amount: MoneyInput
        var expiresAt: String?
    }
    struct Method: Encodable { var storeCreditRefund: Credit }
    struct Refund: Encodable {
        var orderTransactions: [Transaction] = []
        var refundMethods: [Method] = []
    }
    struct Transfer: Encodable { var issueRefund: Refund }

    var returnId: String
    var returnLineItems: [Line]
    /// Bookbag tells it.
    var notifyCustomer = false
    var financialTransfer: Transfer
}

private struct ProcessAnswer: Decodable {
    struct Refund: Decodable { var id: String }
    struct Return: Decodable { var refunds: Nodes<Refund>? }
    struct Payload: Decodable {
        var `return`: Return?
        var userErrors: [UserError]?
    }
    var returnProcess: Payload?
}

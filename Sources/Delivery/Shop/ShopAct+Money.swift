internal import Crypto
internal import Foundation
internal import Outreach
internal import Shopify

// Money: paid back the way it came, or as credit for the next order.

extension ShopAct {
    // MARK: - Refunds

    /// The refund of this action; nil if there is none. Its note has the mark.
    func ours(_ standing: OrderStanding?) -> String? {
        standing?.refunds?.first { $0.note?.contains(command.mark) ?? false }?.id
    }

    func refundResults(_ id: String, _ amount: Money) -> [String: String] {
        ["refund": id, "refunded": amount.written]
    }

    func refund(_ amount: Money) async throws(ShopifyFailure) -> AttemptAnswer {
        let standing = try await standing()
        if let ours = ours(standing) { return done(ours, refundResults(ours, amount)) }
        if let no = objection(standing) { return refused(no) }
        let state = try await client.ask(.orderRefundState, ["id": command.order], as: RefundState.self).data.order
        let paid = state?.suggestedRefund
        let ways = paid?.suggestedTransactions ?? []
        let left = paid?.maximumRefundableSet?.presentmentMoney.money ?? Money(amount: 0, currency: amount.currency)
        guard left.currency == amount.currency else {
            return refused("the order was paid in \(left.currency), and the refund is in \(amount.currency)")
        }
        guard amount.amount <= left.amount else {
            let why = "\(amount.written) cannot be paid back: \(left.written) of the payment is left"
            return refused("\(why), so a refund was probably made by hand")
        }
        var rest = amount.amount
        var transactions: [RefundInput.Transaction] = []
        for way in ways where rest > 0 {
            guard let most = way.amountSet?.presentmentMoney.money?.amount, most > 0, let gateway = way.gateway,
                let parent = way.parentTransaction?.id
            else { continue }
            let part = min(most, rest)
            rest -= part
            transactions.append(
                RefundInput.Transaction(
                    orderId: command.order, parentId: parent, gateway: gateway,
                    amount: Money(amount: part, currency: amount.currency).number))
        }
        guard rest == 0 else { return refused("\(amount.written) cannot be paid back the way it was paid") }
        let input = RefundInput(
            orderId: command.order, currency: amount.currency, note: "Bookbag (\(command.mark))",
            transactions: transactions)
        let answer = try await client.ask(
            .refundCreate, RefundVariables(input: input, idempotencyKey: idempotencyKey), as: RefundAnswer.self)
        let made = answer.data.refundCreate
        if let errors = made?.userErrors, !errors.isEmpty {
            if errors.contains(where: { $0.message?.lowercased().contains("idempoten") ?? false }) {
                return AttemptAnswer(
                    .deferred(
                        Failure(
                            reason: "busy", detail: "Shopify is still at the earlier attempt", retryAfter: .seconds(20),
                            inDoubt: true)))
            }
            return refused(errors)
        }
        guard let id = made?.refund?.id else { throw .malformed("a refund was made and has no id") }
        return done(id, refundResults(id, amount))
    }

    /// The same for every attempt: a UUID made of the mark.
    private var idempotencyKey: String {
        var bytes = Array(SHA256.hash(data: Data("refund \(command.mark)".utf8)).prefix(16))
        bytes[6] = bytes[6] & 0x0F | 0x50
        bytes[8] = bytes[8] & 0x3F | 0x80
        return UUID(
            uuid: (
                bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], bytes[5], bytes[6], bytes[7], bytes[8], bytes[9],
                bytes[10], bytes[11], bytes[12], bytes[13], bytes[14], bytes[15]
            )
        ).uuidString.lowercased()
    }

    // MARK: - Store credit

    /// The second at which the credit ends: in the last hours of its day, and no other credit's.
    private func expiry() -> String? {
        guard let ends = command.endsAt else { return nil }
        let hash = SHA256.hash(data: Data("credit \(command.mark)".utf8))
        let number = hash.prefix(4).reduce(Int64(0)) { $0 << 8 | Int64($1) }
        return (ends - .seconds(1 + number % 21_600)).iso8601
    }

    func creditResults(_ id: String, _ amount: Money) -> [String: String] {
        ["credit": id, "credited": amount.written]
    }

    /// The transaction of this action; nil if there is none.
    func creditOfOurs(_ amount: Money) async throws(ShopifyFailure) -> String? {
        guard let customer = command.customer, let expiry = expiry(), let ends = Moment(iso8601: expiry) else {
            return nil
        }
        let answer = try await client.ask(.storeCreditOfCustomer, ["id": customer], as: CreditsAnswer.self)
        for account in answer.data.customer?.storeCreditAccounts?.nodes ?? [] {
            for one in account.transactions?.nodes ?? [] {
                guard let id = one.id, let other = one.expiresAt.flatMap({ Moment(iso8601: $0) }), other == ends,
                    one.amount?.money == amount
                else { continue }
                return id
            }
        }
        return nil
    }

    func credit(_ amount: Money) async throws(ShopifyFailure) -> AttemptAnswer {
        guard let customer = command.customer, let expiry = expiry() else {
            return refused("the order has no customer account")
        }
        // An attempt whose answer was lost may still be under way, and Shopify knows no repeat of this by itself.
        let look = "looked_\(doubts)"
        if doubts > 0, known[look] == nil {
            return next("it is looked for again", in: .seconds(30), results: [look: "1"])
        }
        if let no = objection(try await standing()) { return refused(no) }
        let input = CreditInput(
            creditAmount: .init(amount: amount.number, currencyCode: amount.currency), expiresAt: expiry)
        let answer = try await client.ask(
            .storeCreditAccountCredit, CreditVariables(id: customer, creditInput: input), as: CreditAnswer.self)
        let made = answer.data.storeCreditAccountCredit
        if let errors = made?.userErrors, !errors.isEmpty { return refused(errors) }
        guard let id = made?.storeCreditAccountTransaction?.id else {
            throw .malformed("store credit was given and has no id")
        }
        return done(id, creditResults(id, amount))
    }
}

extension Money {
    /// The amount alone, with all decimals of its currency.
    var number: String {
        CurrencyUnits.units(amount, in: currency).map { CurrencyUnits.written($0, in: currency) } ?? "\(amount)"
    }
}

// MARK: - What is asked and answered

private struct RefundState: Decodable {
    struct Parent: Decodable { var id: String }
    struct Way: Decodable {
        var amountSet: ShownMoney?
        var gateway: String?
        var parentTransaction: Parent?
    }
    struct Suggested: Decodable {
        var maximumRefundableSet: ShownMoney?
        var suggestedTransactions: [Way]?
    }
    struct Order: Decodable { var suggestedRefund: Suggested? }
    var order: Order?
}

private struct RefundInput: Encodable {
    struct Transaction: Encodable {
        var orderId: String
        var parentId: String
        var gateway: String
        var kind = "REFUND"
        var amount: String
    }

    var orderId: String
    var currency: String
    var note: String
    /// Bookbag tells it.
    var notify = false
    var transactions: [Transaction]
}

private struct RefundVariables: Encodable {
    var input: RefundInput
    var idempotencyKey: String
}

private struct Made: Decodable { var id: String }

private struct RefundAnswer: Decodable {
    struct Payload: Decodable {
        var refund: Made?
        var userErrors: [UserError]?
    }
    var refundCreate: Payload?
}

private struct CreditInput: Encodable {
    struct Amount: Encodable {
        var amount: String
        var currencyCode: String
    }
    var creditAmount: Amount
    var expiresAt: String
}

private struct CreditVariables: Encodable {
    var id: String
    var creditInput: CreditInput
}

private struct CreditAnswer: Decodable {
    struct Payload: Decodable {
        var storeCreditAccountTransaction: Made?
        var userErrors: [UserError]?
    }
    var storeCreditAccountCredit: Payload?
}

private struct CreditsAnswer: Decodable {
    struct Transaction: Decodable {
        var id: String?
        var expiresAt: String?
        var amount: WrittenMoney?
    }
    struct Account: Decodable { var transactions: Nodes<Transaction>? }
    struct Customer: Decodable { var storeCreditAccounts: Nodes<Account>? }
    var customer: Customer?
}

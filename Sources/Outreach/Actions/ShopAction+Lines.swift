// From a line of `do` to what exactly is done for one order: how much, of what, until when.

internal import Foundation

extension ShopAction {
    /// What a line of `do` means for an order.
    ///
    /// - Parameters:
    ///   - currency: the currency of the policy's sums: the shop's own. Nil without a policy.yaml.
    ///   - today: where the shop is.
    ///   - returnID: the return that it is about; nil if it is about none.
    public static func make(
        _ line: ActionLine, for record: OrderRecord, currency: String?, today: CalendarDay, returnID: String? = nil,
        policy: Policy? = nil
    ) throws(ActionRefusal) -> ShopAction {
        guard let verb = ShopVerb(rawValue: line.verb), record.isOrder else {
            throw ActionRefusal(.noOrder, "it is about no order")
        }
        let facts = record.facts
        switch verb {
        case .tagOrder: return .tagOrder(tag: line.object)
        case .tagCustomer:
            guard facts.customer != nil else { throw ActionRefusal(.noRecipient, "the order has no customer account") }
            return .tagCustomer(tag: line.object)
        case .holdOrder: return .holdOrder(note: line.details["note"] ?? "")
        case .releaseOrder: return .releaseOrder
        case .storeCredit:
            guard facts.customer != nil else { throw ActionRefusal(.noRecipient, "the order has no customer account") }
            let text = line.details["amount"] ?? ""
            let amount = try amount(text, of: facts, currency: currency)
            let days = line.details["days"].flatMap { Int($0) } ?? 365
            return .storeCredit(
                amount: try something(facts.inShop(amount, currency: currency), text),
                expiresOn: today.adding(days: days))
        case .refund:
            let text = line.details["amount"] ?? ""
            let amount = try amount(text, of: facts, currency: currency)
            return .refund(amount: try something(facts.asPaid(amount), text))
        case .reship:
            let lines = facts.shippable
            guard !lines.isEmpty else { throw ActionRefusal(.nothingToCarry, "nothing of the order is shipped") }
            return .reship(lines: lines)
        case .cancelOrder: return .cancelOrder(reason: line.details["reason"] ?? "customer")
        case .buyLabel:
            guard let returnID else { throw ActionRefusal(.noOrder, "it is about no return") }
            return .buyLabel(try LabelOrder(returnID, of: record, policy))
        case .changeAddress, .voidLabel, .give, .requestReturn, .approveReturn, .declineReturn, .settleReturn:
            throw ActionRefusal(.noRecipient, "it is done from a form, or by the policy, alone")
        }
    }

    /// What `5.00`, `20%`, `shipping` or `all` comes to.
    private static func amount(
        _ text: String, of facts: OrderFacts, currency: String?
    ) throws(ActionRefusal) -> Money {
        var amount: Money?
        if text == "all" {
            amount = facts.refundable
        } else if text == "shipping" {
            amount = facts.shippingPrice
        } else if text.hasSuffix("%"), let share = Decimal(string: String(text.dropLast())), let paid = facts.total {
            amount = Money(amount: paid.amount * share / 100, currency: paid.currency).rounded
        } else if let currency {
            amount = CurrencyUnits.money(text, in: currency)
        }
        guard let amount else {
            throw ActionRefusal(.noAmount, "Shopify shows no amount of the order to count '\(text)' by")
        }
        return try something(amount, text)
    }

    /// The amount, unless it is nothing: what is converted may have been rounded to that.
    private static func something(_ amount: Money, _ text: String) throws(ActionRefusal) -> Money {
        guard amount.amount > 0 else { throw ActionRefusal(.noAmount, "'\(text)' of the order comes to nothing") }
        return amount
    }

    /// What the action costs the shop, in the smallest unit of its currency: what is paid or credited, the goods of a
    /// second parcel at their price, and of a cancellation what is paid back. Nil if it costs nothing; throws if nobody
    /// can say.
    ///
    /// - Parameter currency: the shop's.
    public func cost(of record: OrderRecord, in currency: String) throws(ActionRefusal) -> Int64? {
        let facts = record.facts
        let sum: Money
        switch self {
        case .tagOrder, .tagCustomer, .holdOrder, .releaseOrder, .changeAddress, .voidLabel, .requestReturn,
            .approveReturn, .declineReturn:
            return nil
        case .settleReturn(_, _, let most, _): sum = most
        case .buyLabel(let label):
            guard label.atMost.currency == currency else {
                throw ActionRefusal(.noAmount, "\(label.atMost.written) is no amount in \(currency)")
            }
            sum = label.atMost
        case .storeCredit(let amount, _): sum = amount
        case .refund(let amount): sum = amount
        case .reship(let lines):
            var goods = Money(amount: 0, currency: facts.total?.currency ?? currency)
            for line in lines {
                guard let price = facts.lineItems.first(where: { $0.id == line.lineItemID })?.unitPrice else {
                    throw ActionRefusal(.noAmount, "Shopify shows no price of what would be sent again")
                }
                goods.amount += price.amount * Decimal(line.quantity)
                goods.currency = price.currency
            }
            sum = goods
        case .cancelOrder: sum = facts.refundable ?? Money(amount: 0, currency: currency)
        }
        let own = try facts.inShop(sum, currency: currency, up: true)
        guard let units = CurrencyUnits.units(own.amount, in: currency) else {
            throw ActionRefusal(.noAmount, "\(own.written) is no amount")
        }
        return units
    }
}

extension OrderFacts {
    /// What has been paid and not paid back, in the currency in which the shopper paid; nil if Shopify does not say.
    public var refundable: Money? {
        guard let total else { return nil }
        let payments = bill?.payments ?? []
        var left = Decimal(0)
        for payment in payments where payment.status == "success" {
            guard let amount = payment.amount, amount.currency == total.currency else { continue }
            switch payment.kind {
            case "sale", "capture": left += amount.amount
            case "refund": left -= amount.amount
            default: break
            }
        }
        if payments.isEmpty {
            left = total.amount
            for refund in refunds { left -= refund.total?.amount ?? 0 }
        }
        return Money(amount: max(0, left), currency: total.currency)
    }

    /// The goods that are carried, as they were ordered, less what was taken out of the order.
    var shippable: [QuantityFacts] {
        lineItems.filter { $0.requiresShipping && $0.isGiftCard != true && $0.currentQuantity > 0 }
            .map { QuantityFacts(lineItemID: $0.id, quantity: $0.currentQuantity) }
    }

    /// What the order came to when it was placed, in the shopper's currency and in the shop's: the rate between the two.
    /// Nil where it is not known.
    private var rate: (paid: Money, own: Money)? {
        guard let placed = placedTotal, let own = placedTotalInShop, placed.amount > 0, own.amount > 0 else {
            return nil
        }
        return (placed, own)
    }

    /// An amount in the shop's currency, by the order's own rate.
    ///
    /// - Parameter up: true to round up, as costs are.
    func inShop(_ money: Money, currency: String?, up: Bool = false) throws(ActionRefusal) -> Money {
        guard let currency, money.currency != currency else { return money }
        guard let rate, rate.paid.currency == money.currency, rate.own.currency == currency else {
            throw ActionRefusal(.noAmount, "Shopify shows no rate between \(money.currency) and \(currency)")
        }
        return Money(
            amount: CurrencyUnits.rounded(money.amount * rate.own.amount / rate.paid.amount, in: currency, up: up),
            currency: currency)
    }

    /// An amount in the currency in which the shopper paid, by the order's own rate.
    func asPaid(_ money: Money) throws(ActionRefusal) -> Money {
        guard let paid = total?.currency, paid != money.currency else { return money }
        guard let rate, rate.own.currency == money.currency, rate.paid.currency == paid else {
            throw ActionRefusal(.noAmount, "Shopify shows no rate between \(money.currency) and \(paid)")
        }
        return Money(
            amount: CurrencyUnits.rounded(money.amount * rate.paid.amount / rate.own.amount, in: paid), currency: paid)
    }
}

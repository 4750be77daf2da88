internal import Foundation
internal import Outreach
internal import Shopify

// A second parcel: a draft order with the same goods, all of it taken off the price, that becomes an order.
//
//     draft ──▶ its number is written down ──▶ order ──▶ its number is written down
//
// Only the draft whose number is written down ever becomes an order. So a draft that was made and whose answer was lost
// sends nothing; it is looked for by the action's mark, twice, for Shopify's index is late at times.

extension ShopAct {
    func reship(_ lines: [QuantityFacts]) async throws(ShopifyFailure) -> AttemptAnswer {
        if let draft = known["draft"] { return try await complete(draft) }
        if doubts > 0 {
            let answer = try await client.ask(
                .draftOrdersByTag, ["query": "tag:\(command.mark)"], as: DraftsAnswer.self)
            if let draft = answer.data.draftOrders?.nodes.first(where: { $0.tags?.contains(command.mark) ?? false }) {
                return next("the draft is there", in: .seconds(2), results: ["draft": draft.id])
            }
            let look = "looked_\(doubts)"
            if known[look] == nil {
                return next("its draft is looked for again", in: .seconds(30), results: [look: "1"])
            }
        }
        if let no = objection(try await standing()) { return refused(no) }
        let state = try await client.ask(.orderReshipState, ["id": command.order], as: ReshipState.self).data.order
        guard let state, let address = state.shippingAddress else {
            return refused("the order has no address to send it to")
        }
        var items: [DraftInput.Line] = []
        for line in lines {
            let known = state.lineItems?.nodes.first { $0.id == line.lineItemID }
            guard let known, let variant = known.variant?.id else {
                return refused("one of the items is not in the shop any more")
            }
            items.append(DraftInput.Line(variantId: variant, quantity: line.quantity))
        }
        let input = DraftInput(
            lineItems: items,
            shippingLine: .init(priceWithCurrency: .init(amount: "0", currencyCode: state.currencyCode ?? "")),
            shippingAddress: address.input, email: state.email,
            purchasingEntity: state.customer.map { .init(customerId: $0.id) },
            tags: [ShopAction.replacementTag, command.mark], note: "Sent again by Bookbag for \(command.name)",
            customAttributes: [.init(key: ShopAction.replacesKey, value: command.name)])
        let answer = try await client.ask(.draftOrderCreate, DraftVariables(input: input), as: DraftAnswer.self)
        let made = answer.data.draftOrderCreate
        if let errors = made?.userErrors, !errors.isEmpty { return refused(errors) }
        guard let id = made?.draftOrder?.id else { throw .malformed("a draft was made and has no id") }
        return next("the draft is made", in: .seconds(2), results: ["draft": id])
    }

    private func complete(_ draft: String) async throws(ShopifyFailure) -> AttemptAnswer {
        let state = try await client.ask(.draftOrderState, ["id": draft], as: DraftStateAnswer.self).data.draftOrder
        guard let state else { return refused("its draft order was deleted by hand") }
        if let order = state.order { return done(order.id, results(draft, order)) }
        if let no = objection(try await standing()) { return refused(no) }
        guard state.ready ?? true else {
            return next("Shopify is still at the draft", in: .seconds(5), results: ["draft": draft])
        }
        let answer = try await client.ask(.draftOrderComplete, ["id": draft], as: CompleteAnswer.self)
        let made = answer.data.draftOrderComplete
        if let order = made?.draftOrder?.order { return done(order.id, results(draft, order)) }
        if let errors = made?.userErrors, !errors.isEmpty {
            // Somebody else was faster: it is an order, whose number the next look has.
            if errors.contains(where: { $0.message?.contains("has been paid") ?? false }) {
                return next("the draft is an order", in: .seconds(2), results: ["draft": draft])
            }
            return refused(errors)
        }
        return next("the draft becomes an order", in: .seconds(5), results: ["draft": draft])
    }

    private func results(_ draft: String, _ order: NamedOrder) -> [String: String] {
        ["draft": draft, "replacement": order.id, "replacement_name": order.name ?? ""]
    }
}

// MARK: - What is asked and answered

/// An address as Shopify shows it and takes it.
struct ShopAddress: Decodable, Equatable {
    var firstName: String?
    var lastName: String?
    var company: String?
    var address1: String?
    var address2: String?
    var city: String?
    var provinceCode: String?
    var zip: String?
    var countryCodeV2: String?
    var phone: String?

    var input: ShopAddressInput {
        ShopAddressInput(
            firstName: firstName, lastName: lastName, company: company, address1: address1, address2: address2,
            city: city, provinceCode: provinceCode, zip: zip, countryCode: countryCodeV2, phone: phone)
    }
}

struct ShopAddressInput: Encodable {
    var firstName: String?
    var lastName: String?
    var company: String?
    var address1: String?
    var address2: String?
    var city: String?
    var provinceCode: String?
    var zip: String?
    var countryCode: String?
    var phone: String?
}

private struct NamedOrder: Decodable {
    var id: String
    var name: String?
}

private struct ReshipState: Decodable {
    struct ID: Decodable { var id: String }
    struct Line: Decodable {
        var id: String
        var variant: ID?
    }
    struct Order: Decodable {
        var email: String?
        var currencyCode: String?
        var customer: ID?
        var shippingAddress: ShopAddress?
        var lineItems: Nodes<Line>?
    }
    var order: Order?
}

private struct DraftInput: Encodable {
    struct Line: Encodable {
        var variantId: String
        var quantity: Int
    }
    struct Discount: Encodable {
        var title = "Sent again"
        var valueType = "PERCENTAGE"
        var value = 100
    }
    struct Price: Encodable {
        var amount: String
        var currencyCode: String
    }
    struct Shipping: Encodable {
        var title = "Free of charge"
        var priceWithCurrency: Price
    }
    struct Buyer: Encodable { var customerId: String }
    struct Attribute: Encodable {
        var key: String
        var value: String
    }

    var lineItems: [Line]
    var appliedDiscount = Discount()
    var shippingLine: Shipping
    var shippingAddress: ShopAddressInput
    var email: String?
    var purchasingEntity: Buyer?
    var tags: [String]
    var note: String
    var customAttributes: [Attribute]
}

private struct DraftVariables: Encodable { var input: DraftInput }

private struct DraftAnswer: Decodable {
    struct Draft: Decodable { var id: String }
    struct Payload: Decodable {
        var draftOrder: Draft?
        var userErrors: [UserError]?
    }
    var draftOrderCreate: Payload?
}

private struct DraftStateAnswer: Decodable {
    struct Draft: Decodable {
        var ready: Bool?
        var order: NamedOrder?
    }
    var draftOrder: Draft?
}

private struct CompleteAnswer: Decodable {
    struct Draft: Decodable { var order: NamedOrder? }
    struct Payload: Decodable {
        var draftOrder: Draft?
        var userErrors: [UserError]?
    }
    var draftOrderComplete: Payload?
}

private struct DraftsAnswer: Decodable {
    struct Draft: Decodable {
        var id: String
        var tags: [String]?
    }
    var draftOrders: Nodes<Draft>?
}

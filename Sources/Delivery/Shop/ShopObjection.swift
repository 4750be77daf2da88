internal import Outreach

/// Shopify's objections, in sentences that the merchant understands. Its own may quote what a customer wrote, so only
/// those are passed on in which that cannot be.
enum ShopObjection {
    /// What each code means, and each message without one.
    private static let sentences: [String: String] = [
        "Owner does not exist": "Shopify has no such order or customer any more",
        "Order does not exist": "Shopify has no such order any more",
        "NOT_FOUND": "Shopify has no such order any more",
        "FULFILLMENT_ORDER_NOT_FOUND": "Shopify has no such order any more",
        "FULFILLMENT_ORDER_HOLD_LIMIT_REACHED": "it has as many holds as Shopify allows",
        "TAKEN": "it cannot be held any more: it is being packed, or was sent",
        "INVALID_ACCESS": "the hold is not Bookbag's to release",
        "OWNER_NOT_FOUND": "Shopify has no such customer any more",
        "ACCOUNT_NOT_FOUND": "Shopify has no such customer any more",
        "NEGATIVE_OR_ZERO_AMOUNT": "the amount is nothing",
        "MISMATCHING_CURRENCY": "the customer's store credit is in another currency",
        "UNSUPPORTED_CURRENCY": "the shop gives no store credit in this currency",
        "EXPIRES_AT_IN_PAST": "the day on which it would end is over",
        "CREDIT_LIMIT_EXCEEDED": "the customer would have more store credit than Shopify allows",
        "NO_REFUND_PERMISSION": "the app may not pay back ('Refund orders' in its permissions)",
        "Cannot cancel an order that has already been canceled": "the order is cancelled already",
        "Enter a last name": "the last name is missing", "Enter an address": "the street is missing",
        "Enter a city": "the town is missing", "Enter a ZIP code": "the postal code is missing",
        "Phone is invalid": "the phone number is not valid",
        "Draft order does not exist": "its draft order was deleted by hand",
        "Return is not cancelable.": "the return was processed already",
        "INVALID_STATE": "the return was decided by hand meanwhile",
        "Transactions require a parent_id associated with the order": "the order has no payment to pay back",
    ]

    /// What the first words of a message mean that goes on with amounts.
    private static let beginnings = [
        ("Refund amount", "it is more than what is left of the payment; a refund was probably made by hand"),
        ("Quantity cannot refund", "more would be paid back than was bought"),
        ("State is not a valid state", "the state or county is not one of the country"),
        ("Return line item has an invalid quantity", "not that many can be returned, or they are coming back already"),
        ("Product with ID", "one of the items is not in the shop any more"),
        ("Merchandise", "one of the items cannot be sold any more"),
    ]

    /// In one sentence, what Shopify objects to.
    static func sentence(_ errors: [UserError], to action: ShopAction) -> String {
        var said: [String] = []
        for error in errors {
            let known =
                error.message.flatMap { message in
                    sentences[message] ?? beginnings.first { message.hasPrefix($0.0) }?.1
                } ?? error.code.flatMap { sentences[$0] }
            let word = known ?? "Shopify refuses it: \(words(error))"
            if !said.contains(word) { said.append(word) }
        }
        return said.joined(separator: "; ")
    }

    /// The code and the field.
    private static func words(_ error: UserError) -> String {
        let field = (error.field ?? []).joined(separator: ".")
        let code = error.code ?? "no reason given"
        return field.isEmpty ? code : "\(code) at \(field)"
    }
}

extension AddressObjection {
    /// The results that say in which fields of an address Shopify objects to what. It names fields and has no codes.
    static func results(_ errors: [UserError]) -> [String: String] {
        let fields: [String: AddressField] = [
            "firstName": .firstName, "lastName": .lastName, "company": .company, "address1": .address1,
            "address2": .address2, "zip": .zip, "city": .city, "province": .province, "provinceCode": .province,
            "phone": .phone,
        ]
        var found: [AddressField: AddressObjection] = [:]
        for error in errors {
            guard let field = error.field?.last.flatMap({ fields[$0] }) else { continue }
            let message = error.message ?? ""
            found[field] = message.hasPrefix("Enter a") && !message.contains("valid") ? .missing : .invalid
        }
        return results(found)
    }
}

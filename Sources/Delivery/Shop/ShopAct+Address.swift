internal import Outreach
internal import Shopify

// Another address, while nothing has left: hold what is to be sent, change, compare, release. Every step overwrites or
// finds itself done, so whatever interrupts it is repeated from the start. It never goes across countries: prices, taxes
// and duties would be others.
//
// A hold that stays would keep the order from being sent, and nobody would know why. So it is released whatever comes of
// the change; where Shopify refuses even that, the result `held` says so, and a person is told.

extension ShopAct {
    func changeAddress(to address: AddressFacts) async throws(ShopifyFailure) -> AttemptAnswer {
        let order = try await state()
        guard let order else { return refused("Shopify has no such order any more") }
        if order.cancelledAt != nil { return refused("the order is cancelled") }
        guard let before = order.shippingAddress else { return refused("the order has no address") }
        let country = address.countryCode ?? before.countryCodeV2
        guard country == before.countryCodeV2 else { return refused("the new address is in another country") }
        let parts = (order.fulfillmentOrders?.nodes ?? []).filter { $0.status != "CANCELLED" }
        guard !parts.isEmpty, parts.allSatisfy({ $0.canBeHeld && $0.requestStatus == "UNSUBMITTED" }) else {
            return ended(
                refused("something of the order has been sent, or is being packed"), held: try await lift(from: parts))
        }
        for part in parts where !part.holds.contains(where: { $0.handle == command.mark }) {
            if let no = try await place(on: part.id, reason: "INCORRECT_ADDRESS", note: "the address is changed") {
                return ended(refused([no]), held: try await lift())
            }
        }
        let wanted = ShopAddressInput(
            firstName: address.firstName ?? before.firstName, lastName: address.lastName ?? before.lastName,
            company: address.company, address1: address.address1, address2: address.address2, city: address.city,
            provinceCode: address.provinceCode, zip: address.zip, countryCode: country,
            phone: address.phone ?? before.phone)
        let answer = try await client.ask(
            .orderAddressUpdate, UpdateVariables(input: .init(id: command.order, shippingAddress: wanted)),
            as: UpdateAnswer.self)
        let errors = (answer.data.orderUpdate?.userErrors ?? []).filter {
            // It has been changed already.
            $0.message != "No valid update parameters have been provided"
        }
        guard errors.isEmpty else {
            var answer = refused(errors)
            answer.results = AddressObjection.results(errors)
            return ended(answer, held: try await lift())
        }
        let after = try await state()
        guard
            after?.fulfillmentOrders?.nodes.filter({ $0.status != "CANCELLED" }).allSatisfy({ $0.goes(to: wanted) })
                ?? false
        else { return next("what is to be sent has not taken the address yet", in: .seconds(5), results: [:]) }
        return ended(
            done("changed", ["changed": "true"]), held: try await lift(from: after?.fulfillmentOrders?.nodes ?? []))
    }

    /// The last answer of the change, with the result `held` where the hold could not be released.
    private func ended(_ answer: AttemptAnswer, held: UserError?) -> AttemptAnswer {
        guard let held else { return answer }
        var answer = answer
        let no = ShopObjection.sentence([held], to: command.action)
        answer.results["held"] = no
        if case .refused(var failure) = answer.verdict {
            failure.detail += "; the order is still on hold, and Shopify does not release it: \(no)"
            answer.verdict = .refused(failure)
        }
        return answer
    }

    private func state() async throws(ShopifyFailure) -> AddressState.Order? {
        try await client.ask(.orderAddressState, ["id": command.order], as: AddressState.self).data.order
    }

    /// Releases what this action holds; what Shopify objects to, or nil if nothing of it is held any more.
    private func lift() async throws(ShopifyFailure) -> UserError? {
        try await lift(from: try await state()?.fulfillmentOrders?.nodes ?? [])
    }

    private func lift(from parts: [SendablePart]) async throws(ShopifyFailure) -> UserError? {
        var no: UserError?
        for part in parts {
            let own = part.holds.filter { $0.handle == command.mark }.map(\.id)
            if !own.isEmpty, let one = try await lift(own, from: part.id) { no = no ?? one }
        }
        return no
    }
}

extension SendablePart {
    /// Whether it is sent there, as far as it is shown.
    fileprivate func goes(to address: ShopAddressInput) -> Bool {
        guard let destination else { return true }
        func same(_ one: String?, _ other: String?) -> Bool {
            (one ?? "").lowercased().filter { !$0.isWhitespace }
                == (other ?? "").lowercased().filter { !$0.isWhitespace }
        }
        return same(destination.address1, address.address1) && same(destination.zip, address.zip)
            && same(destination.city, address.city)
    }
}

private struct AddressState: Decodable {
    struct Order: Decodable {
        var cancelledAt: String?
        var shippingAddress: ShopAddress?
        var fulfillmentOrders: Nodes<SendablePart>?
    }
    var order: Order?
}

private struct UpdateVariables: Encodable {
    struct Input: Encodable {
        var id: String
        var shippingAddress: ShopAddressInput
    }
    var input: Input
}

private struct UpdateAnswer: Decodable {
    struct Payload: Decodable { var userErrors: [UserError]? }
    var orderUpdate: Payload?
}

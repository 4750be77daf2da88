internal import Outreach
internal import Shopify

// Holding an order back, and letting it go. A hold has the action's mark as its handle, so it can be placed once; and
// what begins like a mark is Bookbag's own, which alone it ever releases.

extension ShopAct {
    func hold(_ note: String) async throws(ShopifyFailure) -> AttemptAnswer {
        let order = try await client.ask(.orderHolds, ["id": command.order], as: HoldsAnswer.self).data.order
        guard let order else { return refused("Shopify has no such order any more") }
        if order.cancelledAt != nil { return refused("the order is cancelled") }
        let parts = (order.fulfillmentOrders?.nodes ?? []).filter(\.canBeHeld)
        guard !parts.isEmpty else { return refused("nothing of the order is still to be sent") }
        for part in parts where !part.holds.contains(where: { $0.handle == command.mark }) {
            if let no = try await place(on: part.id, reason: "OTHER", note: note) { return refused([no]) }
        }
        return done("\(parts.count) held", ["held": "\(parts.count)"])
    }

    /// Places a hold; what Shopify objects to, or nil if it is there.
    func place(on part: String, reason: String, note: String) async throws(ShopifyFailure) -> UserError? {
        let input = HoldInput(reason: reason, reasonNotes: note.isEmpty ? nil : note, handle: command.mark)
        let answer = try await client.ask(
            .fulfillmentOrderHold, HoldVariables(id: part, fulfillmentHold: input), as: HoldAnswer.self)
        return answer.data.fulfillmentOrderHold?.userErrors?.first { $0.code != "DUPLICATE_FULFILLMENT_HOLD_HANDLE" }
    }

    func release() async throws(ShopifyFailure) -> AttemptAnswer {
        let order = try await client.ask(.orderHolds, ["id": command.order], as: HoldsAnswer.self).data.order
        guard let order else { return refused("Shopify has no such order any more") }
        var count = 0
        for part in order.fulfillmentOrders?.nodes ?? [] {
            let own = part.holds.filter { $0.handle?.hasPrefix(GiftCodes.markStart) ?? false }.map(\.id)
            guard !own.isEmpty else { continue }
            if let no = try await lift(own, from: part.id) { return refused([no]) }
            count += own.count
        }
        return done(count == 0 ? "Bookbag holds nothing of it" : "\(count) released", ["released": "\(count)"])
    }

    /// Lifts holds; what Shopify objects to, or nil if they are gone.
    func lift(_ holds: [String], from part: String) async throws(ShopifyFailure) -> UserError? {
        let answer = try await client.ask(
            .fulfillmentOrderReleaseHold, ReleaseVariables(id: part, holdIds: holds), as: ReleaseAnswer.self)
        return answer.data.fulfillmentOrderReleaseHold?.userErrors?.first
    }
}

/// What is to be sent together, and what holds it.
struct SendablePart: Decodable {
    struct Hold: Decodable {
        var id: String
        var handle: String?
    }
    struct Destination: Decodable {
        var address1: String?
        var address2: String?
        var city: String?
        var zip: String?
        var countryCode: String?
    }

    var id: String
    var status: String?
    var requestStatus: String?
    var destination: Destination?
    var fulfillmentHolds: [Hold]?

    var holds: [Hold] { fulfillmentHolds ?? [] }
    /// True while nobody packs it.
    var canBeHeld: Bool { ["OPEN", "SCHEDULED", "ON_HOLD"].contains(status ?? "") }
}

// MARK: - What is asked and answered

private struct HoldsAnswer: Decodable {
    struct Order: Decodable {
        var cancelledAt: String?
        var fulfillmentOrders: Nodes<SendablePart>?
    }
    var order: Order?
}

private struct HoldInput: Encodable {
    var reason: String
    var reasonNotes: String?
    var handle: String
}

private struct HoldVariables: Encodable {
    var id: String
    var fulfillmentHold: HoldInput
}

private struct Objections: Decodable { var userErrors: [UserError]? }
private struct HoldAnswer: Decodable { var fulfillmentOrderHold: Objections? }

private struct ReleaseVariables: Encodable {
    var id: String
    var holdIds: [String]
}

private struct ReleaseAnswer: Decodable { var fulfillmentOrderReleaseHold: Objections? }

internal import Outreach
internal import Shopify

// Cancelling an order cannot be undone, and Shopify does it in its own time: the attempt that asks for it is not the one
// that sees it done.

extension ShopAct {
    func cancel(_ reason: String) async throws(ShopifyFailure) -> AttemptAnswer {
        let standing = try await standing()
        let isAsked = known["job"] != nil || doubts > 0
        if isAsked, standing?.cancelledAt != nil { return done("cancelled", ["cancelled": "true"]) }
        if let job = known["job"] {
            let state = try await client.ask(.jobState, ["id": job], as: JobAnswer.self).data.job
            guard state?.done ?? true else { return next("Shopify is at it", in: .seconds(5), results: ["job": job]) }
            // The job may have ended between the two looks.
            if try await self.standing()?.cancelledAt != nil { return done("cancelled", ["cancelled": "true"]) }
            return refused("Shopify could not cancel the order; its page in the admin says why")
        }
        if let no = objection(standing) { return refused(no) }
        guard ["UNFULFILLED", "ON_HOLD", "SCHEDULED", "OPEN"].contains(standing?.displayFulfillmentStatus ?? "") else {
            return refused("something of the order has been sent, or is being packed")
        }
        let answer = try await client.ask(
            .orderCancel,
            CancelVariables(
                orderId: command.order, reason: reason.uppercased(), staffNote: "Bookbag (\(command.mark))"),
            as: CancelAnswer.self)
        let made = answer.data.orderCancel
        if let errors = made?.orderCancelUserErrors, !errors.isEmpty { return refused(errors) }
        guard let job = made?.job?.id else { throw .malformed("a cancellation has no job") }
        return next("Shopify cancels it", in: .seconds(3), results: ["job": job])
    }
}

private struct CancelVariables: Encodable {
    struct Method: Encodable { var originalPaymentMethodsRefund = true }

    var orderId: String
    var restock = true
    var reason: String
    var refundMethod = Method()
    /// Bookbag tells it.
    var notifyCustomer = false
    var staffNote: String
}

private struct CancelAnswer: Decodable {
    struct Job: Decodable { var id: String }
    struct Payload: Decodable {
        var job: Job?
        var orderCancelUserErrors: [UserError]?
    }
    var orderCancel: Payload?
}

private struct JobAnswer: Decodable {
    struct Job: Decodable { var done: Bool? }
    var job: Job?
}

internal import FoundationEssentials

// Returns as an app asks for, decides and pays for them. Errors are those that were recorded on real shops.

extension MutationRoot {
    private func payload(_ type: String, _ returned: ShopID?) throws(GraphQLError) -> Resolved {
        let node: Resolved
        if let returned { node = try graph.node(returned.description) } else { node = .null }
        return .object(Record(type, ["return": node, "userErrors": .list([])]))
    }

    private func refused(_ type: String, _ field: [String], _ message: String, code: String) -> Resolved {
        let error = Record(
            "ReturnUserError", ["field": .texts(field), "message": .text(message), "code": .text(code)])
        return .object(Record(type, ["return": .null, "userErrors": .list([.object(error)])]))
    }

    private func found(_ gid: String?) -> (id: ShopID, record: ReturnRecord, order: OrderRecord)? {
        guard let id = gid.flatMap(ShopID.init(gid:)), id.kind == .return, let order = graph.state.order(owning: id),
            let record = order.returns.first(where: { $0.id == id.number })
        else { return nil }
        return (id, record, order)
    }

    func returnRequest(_ input: JSON) throws(GraphQLError) -> Resolved {
        try graph.require("write_returns", for: "returnRequest")
        let type = "ReturnRequestPayload"
        guard let order = input["orderId"]?.string.flatMap(ShopID.init(gid:)), order.kind == .order,
            let record = graph.state.orders[order.number]
        else { return refused(type, ["input", "orderId"], "Order does not exist.", code: "NOT_FOUND") }
        var lines: [(fulfillmentLine: Int64, quantity: Int, note: String?, reason: Int64)] = []
        for (index, line) in (input["returnLineItems"]?.array ?? []).enumerated() {
            let field = ["input", "returnLineItems", "\(index)"]
            guard let reason = line["returnReasonDefinitionId"]?.string.flatMap(ShopID.split)?.number,
                ReturnReasons.all.contains(where: { $0.id == reason })
            else {
                return refused(
                    type, field,
                    "Return line items Either return reason or return reason definition must be provided", code: "BLANK"
                )
            }
            let id = line["fulfillmentLineItemId"]?.string.flatMap(ShopID.split)?.number ?? 0
            guard record.fulfillments.flatMap(\.lines).contains(where: { $0.id == id }) else {
                return refused(
                    type, field + ["fulfillmentLineItemId"], "Return line item does not exist.", code: "NOT_FOUND")
            }
            let note = line["customerNote"]?.string
            if let note, note.count > 300 {
                return refused(
                    type, field + ["customerNote"], "Customer note is too long (maximum is 300 characters)",
                    code: "TOO_LONG")
            }
            lines.append((id, Int(line["quantity"]?.int ?? 0), note, reason))
        }
        guard !lines.isEmpty else {
            return refused(type, ["input", "returnLineItems"], "Return line items can't be blank", code: "BLANK")
        }
        let made: ShopID
        do throws(SandboxRefusal) {
            made = try shop.requestReturn(order, lines: lines)
        } catch {
            return refused(type, ["input", "returnLineItems"], error.description, code: "INVALID")
        }
        return try payload(type, made)
    }

    func returnDecide(_ input: JSON, approves: Bool) throws(GraphQLError) -> Resolved {
        try graph.require("write_returns", for: approves ? "returnApproveRequest" : "returnDeclineRequest")
        let type = approves ? "ReturnApproveRequestPayload" : "ReturnDeclineRequestPayload"
        guard let (id, record, _) = found(input["id"]?.string) else {
            return refused(type, ["input", "id"], "Return does not exist.", code: "NOT_FOUND")
        }
        guard record.status == .requested else {
            let state = record.status == .open ? "approved" : record.status.rawValue.lowercased()
            return refused(type, ["input", "id"], "The return is already \(state).", code: "INVALID_STATE")
        }
        if approves {
            try? shop.approveReturn(id)
        } else {
            try? shop.declineReturn(
                id, note: input["declineNote"]?.string, reason: input["declineReason"]?.string ?? "OTHER")
        }
        return try payload(type, id)
    }

    func returnProcess(_ input: JSON) throws(GraphQLError) -> Resolved {
        try graph.require("write_returns", for: "returnProcess")
        let type = "ReturnProcessPayload"
        guard let (id, record, order) = found(input["returnId"]?.string) else {
            return refused(type, ["input", "returnId"], "Return does not exist.", code: "NOT_FOUND")
        }
        guard record.status == .open else {
            return refused(type, ["input", "returnId"], "Return is not open.", code: "INVALID_STATE")
        }
        let lines = (input["returnLineItems"]?.array ?? []).map {
            (line: $0["id"]?.string.flatMap(ShopID.split)?.number ?? 0, quantity: Int($0["quantity"]?.int ?? 0))
        }
        let refund = input["financialTransfer"]?["issueRefund"]
        let credit = refund?["refundMethods"]?.array?.compactMap { $0["storeCreditRefund"] }.first
        let paid = (refund?["orderTransactions"]?.array ?? []).reduce(0) {
            $0 + Self.hundredths($1["transactionAmount"]?["amount"])
        }
        let amount = paid + (credit.map { Self.hundredths($0["amount"]?["amount"]) } ?? 0)
        if amount > order.total - order.refunded {
            return refused(
                type, ["input", "financialTransfer"],
                "Refund amount $\(Money.text(amount)) is greater than net payment received "
                    + "$\(Money.text(order.total - order.refunded))", code: "INVALID")
        }
        do throws(SandboxRefusal) {
            _ = try shop.processReturn(
                id, lines: lines, amount: amount, asCredit: credit != nil,
                expiresAt: credit?["expiresAt"]?.string.flatMap(ShopTime.parse))
        } catch {
            return refused(type, ["input", "returnLineItems"], error.description, code: "INVALID")
        }
        return try payload(type, id)
    }

    func returnClose(_ gid: String?) throws(GraphQLError) -> Resolved {
        try graph.require("write_returns", for: "returnClose")
        let type = "ReturnClosePayload"
        guard let (id, record, _) = found(gid) else {
            return refused(type, ["id"], "Return does not exist.", code: "NOT_FOUND")
        }
        guard record.status == .open || record.status == .closed else {
            return refused(type, ["id"], "Return is not open.", code: "INVALID_STATE")
        }
        if record.status == .open { try? shop.closeReturn(id) }
        return try payload(type, id)
    }
}

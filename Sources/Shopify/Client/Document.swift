// The documents that we send are the files in Documents, so that `scripts/check-graphql` can check them against
// Shopify's own schemas. An operation is sent without its comments, with each fragment it uses once. Its cost is in
// costs.tsv, which the script writes; the client needs that figure only until the first answer states the true one.

/// One operation of the Admin GraphQL API, ready to be sent.
package struct Document: Hashable, Sendable {
    /// The operation's name, the same as its file's.
    package let name: String
    /// The text to send: the operation and the fragments it uses.
    package let text: String
    /// The estimated cost, in points. It does not grow with the number of ids.
    package let estimatedCost: Int

    private init(name: String) {
        self.name = name
        text = Self.compose(name, from: Self.sources)
        estimatedCost = Self.costs[name] ?? Self.costLimit
    }

    /// The most that one query may cost, in points (shopify.dev/docs/api/usage/limits).
    package static let costLimit = 1000

    /// The shop's identity, our scopes, and its API versions.
    package static let shopInfo = Document(name: "ShopInfo")
    /// The orders that changed.
    package static let scanOrders = Document(name: "ScanOrders")
    /// The orders with returns in a given status.
    package static let scanReturns = Document(name: "ScanReturns")
    /// Whole orders, without their returns.
    package static let readOrders = Document(name: "ReadOrders")
    /// Whole fulfillments.
    package static let readFulfillments = Document(name: "ReadFulfillments")
    /// Whole returns.
    package static let readReturns = Document(name: "ReadReturns")
    package static let moreFulfillmentEvents = Document(name: "MoreFulfillmentEvents")
    package static let moreFulfillmentLineItems = Document(name: "MoreFulfillmentLineItems")
    package static let moreLineItems = Document(name: "MoreLineItems")
    package static let moreReturns = Document(name: "MoreReturns")
    package static let moreRefundLineItems = Document(name: "MoreRefundLineItems")
    package static let moreReturnLineItems = Document(name: "MoreReturnLineItems")
    package static let moreReverseFulfillmentOrders = Document(name: "MoreReverseFulfillmentOrders")

    /// A discount by its code.
    package static let discountByCode = Document(name: "DiscountByCode")
    package static let discountCodeBasicCreate = Document(name: "DiscountCodeBasicCreate")
    package static let discountCodeFreeShippingCreate = Document(name: "DiscountCodeFreeShippingCreate")
    package static let discountCodeDeactivate = Document(name: "DiscountCodeDeactivate")
    package static let tagsAdd = Document(name: "TagsAdd")
    package static let orderStanding = Document(name: "OrderStanding")
    package static let orderRefundState = Document(name: "OrderRefundState")
    package static let refundCreate = Document(name: "RefundCreate")
    package static let storeCreditAccountCredit = Document(name: "StoreCreditAccountCredit")
    package static let storeCreditOfCustomer = Document(name: "StoreCreditOfCustomer")
    package static let orderHolds = Document(name: "OrderHolds")
    package static let fulfillmentOrderHold = Document(name: "FulfillmentOrderHold")
    package static let fulfillmentOrderReleaseHold = Document(name: "FulfillmentOrderReleaseHold")
    package static let orderReshipState = Document(name: "OrderReshipState")
    package static let draftOrderCreate = Document(name: "DraftOrderCreate")
    package static let draftOrderState = Document(name: "DraftOrderState")
    package static let draftOrderComplete = Document(name: "DraftOrderComplete")
    package static let draftOrdersByTag = Document(name: "DraftOrdersByTag")
    package static let orderCancel = Document(name: "OrderCancel")
    package static let jobState = Document(name: "JobState")
    package static let orderAddressState = Document(name: "OrderAddressState")
    package static let orderAddressUpdate = Document(name: "OrderAddressUpdate")
    package static let orderReturnNotes = Document(name: "OrderReturnNotes")
    package static let returnableFulfillments = Document(name: "ReturnableFulfillments")
    package static let returnReasonDefinitions = Document(name: "ReturnReasonDefinitions")
    package static let returnRequest = Document(name: "ReturnRequest")
    package static let returnState = Document(name: "ReturnState")
    package static let returnApproveRequest = Document(name: "ReturnApproveRequest")
    package static let returnDeclineRequest = Document(name: "ReturnDeclineRequest")
    package static let returnSuggestedOutcome = Document(name: "ReturnSuggestedOutcome")
    package static let returnProcess = Document(name: "ReturnProcess")
    package static let returnClose = Document(name: "ReturnClose")

    package static let returnLabelState = Document(name: "ReturnLabelState")
    package static let reverseDeliveryCreate = Document(name: "ReverseDeliveryCreate")
    package static let reverseDeliveryShippingUpdate = Document(name: "ReverseDeliveryShippingUpdate")

    /// Every operation.
    package static let all = [
        shopInfo, scanOrders, scanReturns, readOrders, readFulfillments, readReturns, moreFulfillmentEvents,
        moreFulfillmentLineItems, moreLineItems, moreReturns, moreRefundLineItems, moreReturnLineItems,
        moreReverseFulfillmentOrders, discountByCode, discountCodeBasicCreate, discountCodeFreeShippingCreate,
        discountCodeDeactivate, tagsAdd, orderStanding, orderRefundState, refundCreate, storeCreditAccountCredit,
        storeCreditOfCustomer, orderHolds, fulfillmentOrderHold, fulfillmentOrderReleaseHold, orderReshipState,
        draftOrderCreate, draftOrderState, draftOrderComplete, draftOrdersByTag, orderCancel, jobState,
        orderAddressState, orderAddressUpdate, returnLabelState, reverseDeliveryCreate, reverseDeliveryShippingUpdate,
        orderReturnNotes, returnableFulfillments, returnReasonDefinitions,
        returnRequest, returnState, returnApproveRequest, returnDeclineRequest, returnSuggestedOutcome, returnProcess,
        returnClose,
    ]

    private static let sources: [String: String] = [
        "AddressFields": PackageResources.AddressFields_graphql,
        "DiscountByCode": PackageResources.DiscountByCode_graphql,
        "DiscountCodeBasicCreate": PackageResources.DiscountCodeBasicCreate_graphql,
        "DiscountCodeDeactivate": PackageResources.DiscountCodeDeactivate_graphql,
        "DiscountCodeFreeShippingCreate": PackageResources.DiscountCodeFreeShippingCreate_graphql,
        "DiscountFields": PackageResources.DiscountFields_graphql,
        "DraftOrderComplete": PackageResources.DraftOrderComplete_graphql,
        "DraftOrderCreate": PackageResources.DraftOrderCreate_graphql,
        "DraftOrderState": PackageResources.DraftOrderState_graphql,
        "DraftOrdersByTag": PackageResources.DraftOrdersByTag_graphql,
        "FulfillmentEventFields": PackageResources.FulfillmentEventFields_graphql,
        "FulfillmentFields": PackageResources.FulfillmentFields_graphql,
        "FulfillmentLineItemFields": PackageResources.FulfillmentLineItemFields_graphql,
        "FulfillmentOrderHold": PackageResources.FulfillmentOrderHold_graphql,
        "FulfillmentOrderReleaseHold": PackageResources.FulfillmentOrderReleaseHold_graphql,
        "JobState": PackageResources.JobState_graphql,
        "LineItemFields": PackageResources.LineItemFields_graphql,
        "MoreFulfillmentEvents": PackageResources.MoreFulfillmentEvents_graphql,
        "MoreFulfillmentLineItems": PackageResources.MoreFulfillmentLineItems_graphql,
        "MoreLineItems": PackageResources.MoreLineItems_graphql,
        "MoreRefundLineItems": PackageResources.MoreRefundLineItems_graphql,
        "MoreReturnLineItems": PackageResources.MoreReturnLineItems_graphql,
        "MoreReturns": PackageResources.MoreReturns_graphql,
        "MoreReverseFulfillmentOrders": PackageResources.MoreReverseFulfillmentOrders_graphql,
        "OrderAddressState": PackageResources.OrderAddressState_graphql,
        "OrderAddressUpdate": PackageResources.OrderAddressUpdate_graphql,
        "OrderCancel": PackageResources.OrderCancel_graphql,
        "OrderHolds": PackageResources.OrderHolds_graphql,
        "OrderRefundState": PackageResources.OrderRefundState_graphql,
        "OrderReshipState": PackageResources.OrderReshipState_graphql,
        "OrderReturnNotes": PackageResources.OrderReturnNotes_graphql,
        "OrderStanding": PackageResources.OrderStanding_graphql,
        "ReadFulfillments": PackageResources.ReadFulfillments_graphql,
        "ReadOrders": PackageResources.ReadOrders_graphql,
        "ReadReturns": PackageResources.ReadReturns_graphql,
        "RefundCreate": PackageResources.RefundCreate_graphql,
        "RefundLineItemFields": PackageResources.RefundLineItemFields_graphql,
        "ReturnApproveRequest": PackageResources.ReturnApproveRequest_graphql,
        "ReturnClose": PackageResources.ReturnClose_graphql,
        "ReturnDeclineRequest": PackageResources.ReturnDeclineRequest_graphql,
        "ReturnFields": PackageResources.ReturnFields_graphql,
        "ReturnLineItemFields": PackageResources.ReturnLineItemFields_graphql,
        "ReturnLabelState": PackageResources.ReturnLabelState_graphql,
        "ReverseDeliveryCreate": PackageResources.ReverseDeliveryCreate_graphql,
        "ReverseDeliveryShippingUpdate": PackageResources.ReverseDeliveryShippingUpdate_graphql,
        "ReturnProcess": PackageResources.ReturnProcess_graphql,
        "ReturnReasonDefinitions": PackageResources.ReturnReasonDefinitions_graphql,
        "ReturnRequest": PackageResources.ReturnRequest_graphql,
        "ReturnState": PackageResources.ReturnState_graphql,
        "ReturnSuggestedOutcome": PackageResources.ReturnSuggestedOutcome_graphql,
        "ReturnableFulfillments": PackageResources.ReturnableFulfillments_graphql,
        "ReverseFulfillmentOrderFields": PackageResources.ReverseFulfillmentOrderFields_graphql,
        "ScanOrders": PackageResources.ScanOrders_graphql,
        "ScanReturns": PackageResources.ScanReturns_graphql,
        "ShopInfo": PackageResources.ShopInfo_graphql,
        "StoreCreditAccountCredit": PackageResources.StoreCreditAccountCredit_graphql,
        "StoreCreditOfCustomer": PackageResources.StoreCreditOfCustomer_graphql,
        "TagsAdd": PackageResources.TagsAdd_graphql,
    ].mapValues { String(decoding: $0, as: UTF8.self) }

    private static let costs: [String: Int] = {
        var costs: [String: Int] = [:]
        for line in String(decoding: PackageResources.costs_tsv, as: UTF8.self).split(separator: "\n") {
            let columns = line.split(separator: "\t")
            if columns.count == 2 { costs[String(columns[0])] = Int(columns[1]) }
        }
        return costs
    }()

    /// The operation `name` followed by every fragment it uses, directly or indirectly, each once.
    static func compose(_ name: String, from sources: [String: String]) -> String {
        var wanted = [name]
        var done: Set<String> = []
        var text = ""
        while !wanted.isEmpty {
            let current = wanted.removeFirst()
            guard done.insert(current).inserted, let source = sources[current] else { continue }
            for line in source.split(separator: "\n") where !line.drop(while: { $0 == " " }).hasPrefix("#") {
                text += line.drop(while: { $0 == " " }) + "\n"
            }
            // A spread is three dots and a capitalised name; `... on Type` has a space and a lower-case letter.
            for piece in source.split(separator: " ").flatMap({ $0.split(separator: "\n") })
            where piece.hasPrefix("...") && piece.count > 3 {
                wanted.append(String(piece.dropFirst(3).prefix { $0.isLetter || $0.isNumber || $0 == "_" }))
            }
        }
        return text
    }
}

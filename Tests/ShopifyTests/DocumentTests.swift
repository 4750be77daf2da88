import Testing

@testable import Shopify

@Suite("Documents") struct DocumentTests {
    @Test("each costs less than one query may, holds its fragments once and no comment", arguments: Document.all)
    func composed(_ document: Document) {
        let kind = Self.acts.subtracting(Self.looks).contains(document) ? "mutation" : "query"
        #expect(document.text.hasPrefix("\(kind) \(document.name)"))
        #expect(!document.text.contains("#"))
        #expect(document.estimatedCost < Document.costLimit)
        #expect(document.estimatedCost > 0)
        let definitions = document.text.split(separator: "\n").filter { $0.hasPrefix("fragment ") }
        #expect(Set(definitions).count == definitions.count)
        for piece in document.text.split(whereSeparator: { $0 == " " || $0 == "\n" })
        where piece.hasPrefix("...") && piece.count > 3 {
            #expect(document.text.contains("fragment \(piece.dropFirst(3)) on "))
        }
    }

    @Test("a fragment within a fragment is found, and one used twice stands once")
    func nested() {
        let text = Document.compose(
            "A",
            from: [
                "A": "# why\nquery A { x { ...B ...C } }", "B": "fragment B on X { ...C }",
                "C": "fragment C on X { id }",
            ])
        #expect(text == "query A { x { ...B ...C } }\nfragment B on X { ...C }\nfragment C on X { id }\n")
    }

    /// What is done, and what that looks for: ShopChannelTests has their answers.
    static let acts: Set<Document> = [
        .discountByCode, .discountCodeBasicCreate, .discountCodeFreeShippingCreate, .discountCodeDeactivate,
        .tagsAdd, .orderStanding, .orderRefundState, .refundCreate, .storeCreditAccountCredit,
        .storeCreditOfCustomer, .orderHolds, .fulfillmentOrderHold, .fulfillmentOrderReleaseHold, .orderReshipState,
        .draftOrderCreate, .draftOrderState, .draftOrderComplete, .draftOrdersByTag, .orderCancel, .jobState,
        .orderAddressState, .orderAddressUpdate, .returnLabelState, .reverseDeliveryCreate,
        .reverseDeliveryShippingUpdate, .orderReturnNotes, .returnableFulfillments, .returnReasonDefinitions,
        .returnRequest, .returnState, .returnApproveRequest, .returnDeclineRequest, .returnSuggestedOutcome,
        .returnProcess, .returnClose,
    ]

    /// Those of them that only look.
    static let looks: Set<Document> = [
        .discountByCode, .orderStanding, .orderRefundState, .storeCreditOfCustomer, .orderHolds, .orderReshipState,
        .draftOrderState, .draftOrdersByTag, .jobState, .orderAddressState, .returnLabelState,
        .orderReturnNotes, .returnableFulfillments, .returnReasonDefinitions, .returnState, .returnSuggestedOutcome,
    ]

    /// `data` of each document beside what reads it.
    static let readers: [(Document, @Sendable () throws -> Set<String>)] = [
        (.shopInfo, { try decodedPaths(of: WireShopInfo.self) }),
        (.scanOrders, { try decodedPaths(of: WireScan.self) }),
        (.scanReturns, { try decodedPaths(of: WireReturnScan.self) }),
        (.readOrders, { try decodedPaths(of: NodesAnswer<WireOrder>.self) }),
        (.readFulfillments, { try decodedPaths(of: NodesAnswer<WireLoneFulfillment>.self) }),
        (.readReturns, { try decodedPaths(of: NodesAnswer<WireReturn>.self) }),
        (.moreFulfillmentEvents, { try decodedPaths(of: PageAnswer<WireFulfillmentEvent>.self) }),
        (.moreFulfillmentLineItems, { try decodedPaths(of: PageAnswer<WireQuantity>.self) }),
        (.moreLineItems, { try decodedPaths(of: PageAnswer<WireLineItem>.self) }),
        (.moreReturns, { try decodedPaths(of: PageAnswer<WireID>.self) }),
        (.moreRefundLineItems, { try decodedPaths(of: PageAnswer<WireQuantity>.self) }),
        (.moreReturnLineItems, { try decodedPaths(of: PageAnswer<WireReturnLineItem>.self) }),
        (.moreReverseFulfillmentOrders, { try decodedPaths(of: PageAnswer<WireReverseFulfillmentOrder>.self) }),
    ]

    @Test("what is read is asked for, and what is asked for is read", arguments: readers.indices)
    func askedFor(_ index: Int) throws {
        let (document, read) = Self.readers[index]
        let asked = selectionPaths(of: document.text)
        let decoded = try read()
        #expect(decoded.subtracting(asked).sorted() == [], "read, and not asked for")
        #expect(asked.subtracting(decoded).sorted() == [], "asked for, and not read")
        #expect(Self.readers.count == Document.all.count - Self.acts.count)
    }
}

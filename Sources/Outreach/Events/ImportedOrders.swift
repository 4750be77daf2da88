// Orders that were brought in from elsewhere.
//
// Who moves to Shopify imports years of orders in an afternoon. Each is made now and was placed long ago: `createdAt`
// is the moment of the import, and `processedAt` the one that its shopper knows
// (https://shopify.dev/docs/api/admin-graphql/latest/objects/Order). All that such an order shows at first is old news,
// whatever its moments say; from then on it is watched like any other. A pre-order was made and placed at the same
// time, however long ago.

extension OrderFacts {
    /// How much later than it was placed an order has to be made to count as brought in from elsewhere.
    static let importGap = Duration.days(2)

    /// True for an order that was brought in from elsewhere.
    var isImported: Bool { createdAt - processedAt > Self.importGap }
}

// Orders that were imported from elsewhere.
//
// A shop that moves to Shopify imports years of orders in an afternoon. Each is created now but was placed long ago:
// `createdAt` is the moment of the import, and `processedAt` the time its shopper remembers
// (https://shopify.dev/docs/api/admin-graphql/latest/objects/Order). Everything that such an order shows at first is
// old news, whatever its timestamps say; from then on it is watched like any other. A pre-order is created and placed
// at the same time, however long ago.

extension OrderFacts {
    /// How long after it was placed an order must have been created to count as imported.
    static let importGap = Duration.days(2)

    /// True for an order that was imported.
    var isImported: Bool { createdAt - processedAt > Self.importGap }
}

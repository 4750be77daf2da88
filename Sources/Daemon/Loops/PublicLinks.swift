package import Outreach
package import Store

/// Creates the sealed links to the shopper's pages, with the store's keys.
package struct PublicLinks: Sendable {
    /// Scheme and host of the pages.
    let url: String
    let store: Store

    /// - Parameter url: scheme and host of the pages.
    package init(url: String, store: Store) {
        self.url = url
        self.store = store
    }

    /// A link about an order, for the address that it is mailed to; nil if the order's id is not one of Shopify's.
    package func link(
        _ purpose: SealedLink.Purpose, shop: String, orderID: String, address: String, now: Moment
    ) -> String? {
        SealedLink(
            purpose, shop: shop, orderID: orderID, addressKey: store.addressKey(address), day: Zone.utc.day(at: now)
        ).map { url + $0.path(key: store.derivedKey(for: SealedLink.keyPurpose(purpose, shop: shop))) }
    }
}

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
        link(purpose, shop: shop, orderID: orderID, addressKey: store.addressKey(address), now: now)
    }

    /// The same, by the keyed hash of the address.
    package func link(
        _ purpose: SealedLink.Purpose, shop: String, orderID: String, addressKey: [UInt8], now: Moment
    ) -> String? {
        SealedLink(purpose, shop: shop, orderID: orderID, addressKey: addressKey, day: Zone.utc.day(at: now))
            .map { url + $0.path(key: store.linkKeys(for: SealedLink.keyPurpose(purpose, shop: shop))[0]) }
    }

    /// A link to answer the question of an effect, for the address that it is mailed to.
    package func rating(request: Int64, shop: String, address: String, now: Moment) -> String? {
        rating(request: request, shop: shop, addressKey: store.addressKey(address), now: now)
    }

    /// The same, by the keyed hash of the address.
    package func rating(request: Int64, shop: String, addressKey: [UInt8], now: Moment) -> String? {
        SealedLink(rating: request, shop: shop, addressKey: addressKey, day: Zone.utc.day(at: now))
            .map { url + $0.path(key: store.linkKeys(for: SealedLink.keyPurpose(.rate, shop: shop))[0]) }
    }

    /// A link to be asked for no more ratings, in the message of that effect.
    package func stopRatings(_ request: Int64, shop: String, address: String, now: Moment) -> String? {
        let key = store.addressKey(address)
        return SealedLink(stoppingRatings: request, shop: shop, addressKey: key, day: Zone.utc.day(at: now))
            .map { url + $0.path(key: store.linkKeys(for: SealedLink.keyPurpose(.stopRatings, shop: shop))[0]) }
    }

    /// A link to say whether an answer helped, for the address that it is mailed to.
    package func answer(_ effect: Int64, shop: String, address: String, now: Moment) -> String? {
        let key = store.addressKey(address)
        return SealedLink(answer: effect, shop: shop, addressKey: key, day: Zone.utc.day(at: now))
            .map { url + $0.path(key: store.linkKeys(for: SealedLink.keyPurpose(.answer, shop: shop))[0]) }
    }

    /// A link to choose what is offered, for the address that it is mailed to.
    package func remedy(_ offer: Int64, shop: String, address: String, now: Moment) -> String? {
        let key = store.addressKey(address)
        return SealedLink(remedy: offer, shop: shop, addressKey: key, day: Zone.utc.day(at: now))
            .map { url + $0.path(key: store.linkKeys(for: SealedLink.keyPurpose(.remedy, shop: shop))[0]) }
    }

    /// What a mail about an order may link to; nothing where nobody can be written to.
    ///
    /// - Parameter issued: when the message was first thought of, and not when it is written: so that a message that is
    ///   written again has the same links.
    package func pages(about record: OrderRecord, issued: Moment) -> PageLinks {
        guard let address = record.recipient?.address else { return PageLinks() }
        func link(_ purpose: SealedLink.Purpose) -> String? {
            self.link(purpose, shop: record.shop, orderID: record.facts.id, address: address, now: issued)
        }
        return PageLinks(
            tracking: link(.track), preferences: link(.preferences), address: link(.address), cancel: link(.cancel),
            returns: link(.return))
    }
}

import Foundation
package import Outreach
package import Store

extension AccountSources {
    /// What the store has about an order; nil if it is gone.
    package init?(_ key: OrderKey, store: Store, now: Moment) async throws {
        guard let story = try await store.story(shop: key.shop, orderID: key.orderID) else { return nil }
        let facts = story.order.facts
        var silences: [StandingSilence] = []
        if let address = facts.email ?? facts.customer?.email {
            silences += try await store.silences(of: .address(address), shop: key.shop, now: now)
        }
        if let customer = facts.customer {
            silences += try await store.silences(of: .customer(customer.id), shop: key.shop, now: now)
        }
        silences += try await store.silences(of: .order(facts.id), shop: key.shop, now: now)
        let state = try await store.shopState(key.shop)
        self.init(
            story: story, pending: try await store.pendingEvents(of: key),
            triggers: try await store.triggersLastInForce(shop: key.shop),
            inForceSince: try await store.triggersInForce(shop: key.shop),
            live: state?.liveSince ?? LiveSince(shop: .distantPast), profile: try await store.profile(shop: key.shop),
            silences: silences, incoming: try await store.incoming(about: key),
            editedAt: try await store.lastGoodSet(shop: key.shop)?.acceptedAt, now: now)
    }
}

extension Store {
    /// The set of triggers that came into force last; nil if there was none, or this program cannot read it.
    func triggersLastInForce(shop: String) async throws(StoreFailure) -> TriggerSet? {
        guard let kept = try await lastGoodSet(shop: shop),
            let files = try? JSONDecoder().decode([String: Data].self, from: Data(kept.files))
        else { return nil }
        return TriggerSet.load(TriggerFolder(files: files.mapValues { [UInt8]($0) })).set
    }

    /// What Shopify last said about the shop.
    package func profile(shop: String) async throws(StoreFailure) -> ShopProfile {
        try await remembered(.profile, shop: shop) ?? ShopProfile(domain: shop)
    }
}

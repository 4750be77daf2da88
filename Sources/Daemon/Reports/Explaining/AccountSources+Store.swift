import Foundation
package import Outreach
package import Store
import Synchronization

extension AccountSources {
    /// What the store has about an order; nil if it is gone.
    package init?(_ key: OrderKey, store: Store, now: Moment) async throws {
        guard let story = try await store.story(shop: key.shop, orderID: key.orderID) else { return nil }
        let facts = story.order.facts
        var silences: [StandingSilence] = []
        if let address = facts.email ?? facts.customer?.email {
            silences += try await store.silences(of: .address(address), shop: key.shop, now: now)
        }
        if let phone = story.order.phone {
            silences += try await store.silences(of: .address(phone.text), shop: key.shop, now: now)
        }
        if let customer = facts.customer {
            silences += try await store.silences(of: .customer(customer.id), shop: key.shop, now: now)
        }
        silences += try await store.silences(of: .order(facts.id), shop: key.shop, now: now)
        let state = try await store.shopState(key.shop)
        let kept = try await store.lastGoodSet(shop: key.shop)
        self.init(
            story: story, pending: try await store.pendingEvents(of: key),
            triggers: kept.flatMap { KeptSets.shared.set($0, of: key.shop) },
            inForceSince: try await store.triggersInForce(shop: key.shop),
            live: state?.liveSince ?? LiveSince(shop: .distantPast), profile: try await store.profile(shop: key.shop),
            silences: silences, incoming: try await store.incoming(about: key),
            talks: try await store.talks(of: store.conversations(ofOrder: key), shop: key.shop),
            editedAt: kept?.acceptedAt, now: now)
    }
}

extension Store {
    /// Conversations with what was said in them, and what triggers made of it.
    func talks(of lines: [InboxLine], shop: String) async throws(StoreFailure) -> [AccountSources.Talk] {
        var talks: [AccountSources.Talk] = []
        for line in lines {
            var talk = AccountSources.Talk(
                line: line, messages: try await messages(of: line.id, shop: shop, limit: 200))
            talk.answers = try await answers(in: line.id, shop: shop)
            talk.ticket = try await ticket(of: line.id, shop: shop)
            talks.append(talk)
        }
        return talks
    }

    /// The set of triggers that came into force last; nil if there was none, or this program cannot read it.
    func triggersLastInForce(shop: String) async throws(StoreFailure) -> TriggerSet? {
        try await lastGoodSet(shop: shop).flatMap { KeptSets.shared.set($0, of: shop) }
    }

    /// What Shopify last said about the shop.
    package func profile(shop: String) async throws(StoreFailure) -> ShopProfile {
        try await remembered(.profile, shop: shop) ?? ShopProfile(domain: shop)
    }
}

/// The sets in force, read once for each that there is: reading one takes longer than all else that a page does.
private final class KeptSets: Sendable {
    static let shared = KeptSets()

    private let sets = Mutex<[String: (files: [UInt8], set: TriggerSet?)]>([:])

    /// The set of a shop; nil where this program cannot read it.
    func set(_ kept: GoodSet, of shop: String) -> TriggerSet? {
        if let known = sets.withLock({ $0[shop] }), known.files == kept.files { return known.set }
        guard let files = try? JSONDecoder().decode([String: Data].self, from: Data(kept.files)) else { return nil }
        let set = TriggerSet.load(TriggerFolder(files: files.mapValues { [UInt8]($0) })).set
        sets.withLock { $0[shop] = (kept.files, set) }
        return set
    }
}

public import Outreach

extension Store {
    /// All that is remembered of a shop.
    public func rememberedFacts(shop: String) async throws(StoreFailure) -> RememberedFacts {
        RememberedFacts(try await remembered(shop: shop))
    }
}

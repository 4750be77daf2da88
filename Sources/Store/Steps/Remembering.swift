public import Outreach

extension Store {
    /// Keeps a small fact of a shop; nil forgets it.
    public func remember<Value: RememberedValue>(
        _ value: Value?, as key: RememberedKey<Value>, shop: String, now: Moment
    ) async throws(StoreFailure) {
        try await remember(value?.rememberedText, as: key.name.rawValue, shop: shop, now: now)
    }

    /// The fact that was kept under that key; nil where there is none, or one that cannot be read.
    public func remembered<Value: RememberedValue>(
        _ key: RememberedKey<Value>, shop: String
    ) async throws(StoreFailure) -> Value? {
        try await remembered(key.name.rawValue, shop: shop).flatMap(Value.init(rememberedText:))
    }

    /// All that is remembered of a shop.
    public func rememberedFacts(shop: String) async throws(StoreFailure) -> RememberedFacts {
        RememberedFacts(try await remembered(shop: shop))
    }
}

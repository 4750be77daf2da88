public import Outreach

extension Store {
    /// Keeps a small fact of a shop; nil forgets it.
    public func remember<Value: RememberedValue>(
        _ value: Value?, as key: RememberedKey<Value>, shop: String, now: Moment
    ) async throws(StoreFailure) {
        try await remember(value?.rememberedText, as: key.name.rawValue, shop: shop, now: now)
    }

    /// The fact stored under that key; nil if there is none, or it cannot be read.
    public func remembered<Value: RememberedValue>(
        _ key: RememberedKey<Value>, shop: String
    ) async throws(StoreFailure) -> Value? {
        try await remembered(key.name.rawValue, shop: shop).flatMap(Value.init(rememberedText:))
    }

    /// All that is remembered of a shop.
    public func rememberedFacts(shop: String) async throws(StoreFailure) -> RememberedFacts {
        RememberedFacts(try await remembered(shop: shop))
    }

    /// Moves the last written moment back to `now` if it lies after it: our clock once ran ahead, and is right again.
    /// No decision changes.
    ///
    /// - Returns: the moment that was moved back; nil if it does not lie after `now`.
    public func putClockBack(to now: Moment) async throws(StoreFailure) -> Moment? {
        try await write { db in
            let last = Moment(milliseconds: try db.integer("SELECT last_moment FROM store WHERE one = 1") ?? 0)
            guard last > now else { return nil }
            try db.run("UPDATE store SET last_moment = ? WHERE one = 1", [now.milliseconds])
            return last
        }
    }
}

public import Outreach

/// Which shops a daemon serves that shares its store with others.
public struct ShopShare: Hashable, Sendable {
    /// Those that it has, sorted.
    public var shops: [String]
    /// Those of them that are more than its share: another daemon serves them once it has them (`handOver`).
    public var surplus: [String]

    public init(shops: [String], surplus: [String] = []) {
        self.shops = shops
        self.surplus = surplus
    }
}

extension Store {
    /// How often a daemon has to call `share`, or others take its shops; nil for a store in a file, which a daemon has
    /// for itself.
    public var sharesEvery: Duration? {
        if case .postgres = engine { PostgresEngine.beatEvery } else { nil }
    }

    /// Says that this daemon lives, as every step that writes does; frees the shops of those that do not; and takes
    /// free ones, until it has its share: all shops by the number of daemons that live, rounded up. All shops of a
    /// file.
    ///
    /// - Parameter shops: the domains that this daemon is configured for.
    /// - Throws: `.locked` once others have taken its shops, because it was not heard of for too long.
    public func share(_ shops: [String]) async throws(StoreFailure) -> ShopShare {
        let shops = shops.sorted()
        guard case .postgres(let engine) = engine, let token = engine.token else { return ShopShare(shops: shops) }
        return try await write { db in
            guard case .postgres(let line) = db.line else { return ShopShare(shops: shops) }
            try Owners.noteServer(line, token: token)
            try Owners.sweep(line, token: token)
            let share = try Owners.share(line, token: token, shops: shops)
            try PostgresEngine.count(line)
            return share
        }
    }

    /// Gives shops to whoever takes them. Nothing of them may be under way in this process any more.
    public func handOver(_ shops: [String]) async throws(StoreFailure) {
        guard case .postgres(let engine) = engine, let token = engine.token else { return }
        try await write { db in
            guard case .postgres(let line) = db.line else { return }
            for shop in shops {
                try line.run(
                    "UPDATE owners SET token = 0 WHERE token = ? AND shop = ?", [.integer(token), .text(shop)])
            }
        }
    }

    /// Goes up whenever a command or a page wrote for any of this daemon's shops; always 0 for a file.
    public func touches() async throws(StoreFailure) -> Int64 {
        guard case .postgres(let engine) = engine, let token = engine.token else { return 0 }
        return try await read { db in
            guard case .postgres(let line) = db.line else { return 0 }
            return try line.value("SELECT sum(touched) FROM owners WHERE token = ?", [.integer(token)]) ?? 0
        }
    }

    /// The same store as commands have it, for a daemon's pages: it writes for any shop, whoever serves it, and its
    /// `changes` are this store's. A file needs no other.
    public func besideItself(
        _ place: StorePlace, now: Moment
    ) throws(StoreFailure) -> Store {
        guard case .postgres = engine else { return self }
        return try Self.openServer(place, role: .command, create: false, readers: 2, changes: changes, now: now)
    }

    /// The digest of each shop's good set, by domain, to see whether one is in force that this process has not read.
    public func goodSetDigests() async throws(StoreFailure) -> [String: String] {
        try await read { db in
            let pairs: [(String, String)] = try db.all(
                "SELECT shops.domain, good_sets.digest FROM good_sets JOIN shops ON shops.id = good_sets.shop"
            ) { ($0[0], $0[1]) }
            return Dictionary(uniqueKeysWithValues: pairs)
        }
    }
}

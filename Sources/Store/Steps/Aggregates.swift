public import Outreach

extension Store {
    /// The versions of aggregates; missing ones are left out.
    public func versions(of aggregates: [AggregateID], shop: String) async throws(StoreFailure) -> ReadVersions {
        try await read { db in
            let number = try db.shop(shop)
            let found = try db.together(aggregates) { try db.aggregate($0, shop: number)?.version }
            var versions: ReadVersions = [:]
            for (aggregate, version) in zip(aggregates, found) { versions[aggregate] = version }
            return versions
        }
    }

    /// Writes what was learned about an aggregate other than an order (for orders there is `commit`), and marks the raw
    /// observations behind it: all of it or nothing.
    ///
    /// - Returns: the events with their numbers; nil if the aggregate has another version by now, or an event was
    ///   recorded before: read it and judge again.
    public func commit(
        _ change: AggregateChange, judged: [RawObservation] = [], now: Moment
    ) async throws(StoreFailure) -> [Event]? {
        let path = self.path
        return try await write { db in
            let shop = try db.shop(change.shop)
            guard change.aggregate.kind != .order else {
                throw StoreFailure(.misuse, "Orders have a step of their own. This is a bug in bookbag.")
            }
            var numbers = RowNumbers()
            var tally = Tally()
            var events: [Event] = []
            var isStale = false
            let refusal = try db.isolated(path: path) {
                let known = try db.aggregate(change.aggregate, shop: shop)
                guard known?.version ?? 0 == change.version else {
                    isStale = true
                    return false
                }
                let id = try known?.id ?? numbers.take(.aggregates, shop: shop, in: db)
                try db.run(
                    """
                    INSERT INTO aggregates (shop, id, kind, gid, name, version) VALUES (?, ?, ?, ?, ?, 1)
                    ON CONFLICT (shop, id) DO UPDATE SET name = excluded.name, version = aggregates.version + 1
                    """, [shop, id, change.aggregate.kind.rawValue, change.aggregate.id, change.name])
                for event in change.events {
                    guard event.aggregate == change.aggregate,
                        let stored = try db.insert(
                            event, aggregate: id, shop: shop, figure: Tally.figure(of: event, carrier: ""),
                            numbers: &numbers)
                    else {
                        isStale = true
                        return false
                    }
                    events.append(stored)
                    tally.add(.events, [event.kind.rawValue, event.silence?.rawValue ?? ""], shop: shop)
                    tally.happened(event, carrier: "", shop: shop)
                }
                for one in judged { try db.markJudged(one, shop: shop, now: now) }
                return true
            }
            if let refusal { throw refusal }
            if !isStale { try tally.write(to: db) }
            try numbers.write(to: db)
            try db.note(now)
            return isStale ? nil : events
        }
    }
}

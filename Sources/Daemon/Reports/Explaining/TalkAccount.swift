package import Outreach
package import Store

/// What was said with somebody about no order: what `bookbag explain` tells of an address besides its orders.
package struct TalkAccount: Encodable, Sendable {
    package var shop: String
    /// In the order in which it was said.
    package var said: [OrderAccount.Said]

    /// So many conversations are told of, the last first.
    private static let most = 20

    /// Nil where nothing was said.
    package init?(with address: String, store: Store, shop: String, now: Moment) async throws {
        let all = try await store.conversations(ofAddressKeys: [store.addressKey(address)], shop: shop)
        let lines = all.filter { $0.orderID == nil }.prefix(Self.most)
        guard !lines.isEmpty else { return nil }
        self.shop = shop
        said = try await store.talks(of: Array(lines), shop: shop).flatMap(\.said).sorted {
            ($0.at, $0.number) < ($1.at, $1.number)
        }
    }

    /// As prose, day by day.
    package func text(zone: Zone) -> String {
        let clock = Clock(zone)
        var lines = ["About no order of \(shop)", "Times are those of the shop (\(zone.name))."]
        var day: CalendarDay?
        for one in said {
            let own = zone.day(at: one.at)
            if own != day { lines += ["", clock.day(own)] }
            day = own
            lines.append("  \(clock.time(one.at))  \(one.line)")
        }
        return lines.joined(separator: "\n")
    }
}

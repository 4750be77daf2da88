import Foundation
import Logging
package import Outreach
import Platform
import Synchronization

/// States that mail of a shop is held because more shoppers than its `brake` allows were written to within an hour. The
/// store remembers it until `bookbag triggers confirm`.
package struct HeldBrake: Codable, Sendable, RememberedValue {
    package var since: Moment
    /// How many had been written to within the hour.
    package var people: Int

    package init(since: Moment, people: Int) {
        self.since = since
        self.people = people
    }
}

extension RememberedKey where Value == HeldBrake {
    /// The brake that holds mail back, until somebody releases it.
    package static var brake: Self { Self(.brake) }
}

/// Counts whom each shop with a brake wrote to within the hour, and applies the brake.
///
/// The count is kept in memory, since it is needed on every turn; what was sent before this process started is read
/// once. Both identify a shopper by the store's key, so that a shopper written to before and after that counts once.
final class Brakes: Sendable {
    /// When each shopper of a shop was last written to, by shop.
    private let people = Mutex<[String: [ShopperKey: Moment]]>([:])

    private func count(of shop: String, after moment: Moment, now: Moment) -> Int {
        people.withLock { people in
            // Nobody was written to later than now; if it seems so, our clock ran ahead.
            let lately = (people[shop] ?? [:]).mapValues { min($0, now) }.filter { $0.value > moment }
            if people[shop] != nil { people[shop] = lately }
            return lately.count
        }
    }

    /// The state of a shop's brake; nil if it has none.
    func state(
        of context: ShopContext, in store: any BrakeStore, now: Moment
    ) async throws(StoreFailure) -> BrakeState? {
        let shop = context.domain
        guard context.rules.planner.triggers.settings.brake != nil else {
            people.withLock { $0[shop] = nil }
            return nil
        }
        if people.withLock({ $0[shop] == nil }) {
            let before = try await store.contacts(shop: shop, since: now - Brake.window)
            people.withLock { if $0[shop] == nil { $0[shop] = before } }
        }
        let isPulled = try await store.remembered(.brake, shop: shop) != nil
        // What was released is sent, however many people it is for, and no longer counts.
        let released = try await store.remembered(.brakeReleased, shop: shop)
        let free = released.map { $0 + Brake.window } ?? .distantPast
        if !isPulled, now < free { return nil }
        let count = count(of: shop, after: max(now - Brake.window, free), now: now)
        return BrakeState(writtenTo: count, isPulled: isPulled)
    }

    /// Records what was decided for a shop: whom mail is ready for, and whether some of it is held, which applies the
    /// brake.
    func note(
        _ changes: [PlannedChange], of context: ShopContext, in store: any BrakeStore, reloader: TriggerReloader?,
        now: Moment
    ) async throws(StoreFailure) {
        let (shop, set) = (context.domain, context.rules.planner.triggers)
        guard let brake = set.settings.brake else { return }
        for change in changes where change.effect.shop == shop && change.effect.state == .ready {
            guard change.effect.isContact, let recipient = change.message?.envelope.recipient, !recipient.isEmpty else {
                continue
            }
            let key = store.shopperKey(of: recipient)
            people.withLock { $0[shop]?[key] = now }
        }
        let isHeld = changes.contains {
            $0.effect.shop == shop && $0.effect.state == .waiting && $0.effect.reason == .brake
        }
        guard isHeld, try await store.remembered(.brake, shop: shop) == nil else { return }
        let count = count(of: shop, after: now - Brake.window, now: now)
        try await store.remember(
            HeldBrake(since: now, people: count), as: .brake, shop: shop, now: now)
        try await reloader?.tellBraked(count, brake: brake, settings: set.settings, now: now)
    }
}

extension TriggerReloader {
    /// Tells the shop that further mail to shoppers is held until somebody confirms it.
    func tellBraked(_ people: Int, brake: Brake, settings: ShopSettings, now: Moment) async throws(StoreFailure) {
        logger.log(
            Line.braked,
            [
                "shop": "\(shop.domain)", "count": "\(people)",
                "reason":
                    "more shoppers were written to within an hour than 'brake: \(brake)' allows; `bookbag triggers confirm` releases the rest",
            ])
        try await tell(
            .braked, settings: settings, about: now.iso8601, subject: "Mail to your shoppers is held",
            body: """
                Within an hour \(people) shoppers were written to, and shop.yaml says `brake: \(brake)`. Further mail waits for your word. An import, or another program that changes many orders, may be the cause.

                `bookbag explain '#1001'` tells of one order.

                If it is meant, run `bookbag triggers confirm`. What is no longer news by then is not sent. If it is not, say `mode: off` in shop.yaml until the cause is found.
                """, supersedes: [], now: now)
    }
}

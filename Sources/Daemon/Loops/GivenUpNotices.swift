import Foundation
import Outreach
import Store

/// Tells a shop's people of what is given up: webhooks that were tried and became old news, messages that their receiver
/// refuses for good, receivers that want nothing more, and what was to be done in the shop and cannot be. The journal has
/// each; who does not read it would never know what their helpdesk never heard, or that a refund was not made.
///
/// One mail tells of all of a day, a minute after the first, and then at most one an hour: a receiver that is away for
/// days loses thousands. What was told is kept in the store, so a restart neither repeats nor forgets it.
actor GivenUpNotices {
    /// How long the first waits for others.
    static let patience = Duration.minutes(1)
    /// The least time between two mails.
    static let pause = Duration.hours(1)
    /// How long one is told of.
    static let memory = Duration.days(1)
    /// How many are told one by one.
    static let longest = 50

    /// One that was given up.
    struct Entry: Codable, Hashable, Sendable {
        /// The route's name: `webhook:helpdesk`, `shop`.
        var route: String
        /// The message's number; nil where the whole receiver is given up.
        var message: Int64?
        /// The trigger, with the order's name where there is one.
        var what: String
        /// In words, without anybody's data.
        var why: String
        var at: Moment

        /// True if it was to be done in the shop.
        var isAction: Bool { route == ChannelName.shop.rawValue }
    }

    /// What the store keeps of a shop.
    struct Told: Codable, Sendable, RememberedValue {
        var dueAt = Moment.distantPast
        var entries: [Entry] = []
        /// How many more there are, by the hour since 1970.
        private var others: [Int: Int] = [:]

        /// How many more there are, of the same day.
        var more: Int { others.values.reduce(0, +) }

        /// Takes note of further ones; the oldest stay, for they were first.
        mutating func add(_ news: [Entry], now: Moment) {
            entries.removeAll { now - $0.at > GivenUpNotices.memory }
            let hour = Self.hour(now)
            others = others.filter { $0.key > hour - Self.hour(GivenUpNotices.memory) }
            for one in news {
                if entries.count < GivenUpNotices.longest {
                    entries.append(one)
                } else {
                    others[hour, default: 0] += 1
                }
            }
            // A clock that was put back has left a moment ahead of it.
            if dueAt > now + GivenUpNotices.pause { dueAt = now }
            if dueAt <= now { dueAt = max(now + GivenUpNotices.patience, dueAt + GivenUpNotices.pause) }
        }

        private static func hour(_ moment: Moment) -> Int { Int(moment.milliseconds / 3_600_000) }
        private static func hour(_ length: Duration) -> Int { Int(length.components.seconds / 3_600) }
    }

    private let store: Store
    private let reloader: TriggerReloader
    private let context: ShopContext
    private var told: Told?

    /// - Parameter reloader: what writes to the shop's people.
    init(store: Store, reloader: TriggerReloader, context: ShopContext) {
        self.store = store
        self.reloader = reloader
        self.context = context
    }

    /// Tells of those, as far as it is time to.
    func tell(_ news: [Entry], now: Moment) async throws(StoreFailure) {
        guard !news.isEmpty else { return }
        let shop = context.domain
        let kept = try await store.remembered(.givenUp, shop: shop)
        // Another route may have been here meanwhile, and then has it.
        var all = told ?? kept ?? Told()
        all.add(news, now: now)
        told = all
        try await store.remember(all, as: .givenUp, shop: shop, now: now)
        try await reloader.tell(
            .givenUp, settings: context.rules.planner.triggers.settings,
            about: "\(all.dueAt.iso8601) \(all.entries.count + all.more)", subject: Self.subject(all),
            body: Self.body(all), supersedes: [], dueAt: all.dueAt, now: now)
    }

    static func subject(_ told: Told) -> String {
        let actions = told.entries.count(where: \.isAction)
        let messages = told.entries.filter { !$0.isAction }
        if messages.isEmpty, actions > 0 {
            let count = actions + told.more
            return count == 1
                ? "Something could not be done in Shopify" : "\(count) things could not be done in Shopify"
        }
        let count = messages.count { $0.message != nil } + told.more
        let over = messages.filter { $0.message == nil }
        if count == 0, actions == 0, let one = over.first { return "\(one.route) wants nothing more" }
        let given = count == 1 ? "A webhook was given up" : "\(count) webhooks were given up"
        return actions == 0 ? given : "\(given), and \(actions) things could not be done in Shopify"
    }

    static func body(_ told: Told) -> String {
        func lines(_ entries: [Entry]) -> [String] {
            entries.map { entry in
                let message = entry.message.map { " (message \($0))" } ?? ""
                let what = entry.what.isEmpty ? "" : " \(entry.what)\(message):"
                return "\(entry.at.iso8601) \(entry.route):\(what) \(entry.why)"
            }
        }
        let actions = told.entries.filter(\.isAction)
        var messages = lines(told.entries.filter { !$0.isAction })
        if told.more > 0 { messages.append("and \(told.more) more") }
        var parts: [String] = []
        if !actions.isEmpty {
            parts.append(
                """
                Within the last day Shopify did not do these, and they are not tried any more:

                \(TriggerReloader.list(lines(actions)))

                Nothing of them was booked. `bookbag explain ORDER` says why each was to be done; what is still right can be done by hand in Shopify.
                """)
        }
        if !messages.isEmpty {
            parts.append(
                """
                Within the last day these did not reach their receiver, and are not tried any more:

                \(TriggerReloader.list(messages))

                `bookbag outbox show NUMBER` has the body of a message, so that it can be entered by hand. `bookbag status` says whether a receiver is closed, and `bookbag outbox open ROUTE` tries it again.
                """)
        }
        return parts.joined(separator: "\n\n")
    }
}

extension RememberedKey where Value == GivenUpNotices.Told {
    /// The webhooks that were given up lately, and when the shop's people hear of it.
    static var givenUp: Self { Self(.givenUp) }
}

import Logging
import Outreach
import Platform
import ServiceLifecycle
import Store

/// Orders what needs a person by `priority` of policy.yaml: works out the rank of each conversation that nobody has
/// taken, again when it or the policy changes. A rank changes where a conversation stands, and nothing else about it.
struct PriorityService: Service {
    let store: Store
    let contexts: [String: ShopContext]
    let clock: DaemonClock
    let wake: Wake
    let heartbeats: Heartbeats
    let logger: Logger
    var trouble = StoreTrouble()

    /// How often it looks, where a policy has priorities.
    static let pace = Duration.seconds(10)
    /// So many of those that stand first are ordered; whoever stands beyond them moves up as they are taken.
    static let most = 300

    func run() async throws {
        let loop = Loop(
            Loop.Name("priorities"), wake: wake, heartbeats: heartbeats, restingBy: clock, trouble: trouble,
            clock: clock, logger: logger)
        await loop.run { _ in
            var isUsed = false
            for shop in contexts.keys.sorted() where try await turn(shop, now: clock.now) { isUsed = true }
            return .look(in: isUsed ? Self.pace : nil)
        }
    }

    /// Ranks what is not ranked yet in a shop; false where there are no priorities.
    @discardableResult
    func turn(_ shop: String, now: Moment) async throws(StoreFailure) -> Bool {
        guard let context = contexts[shop] else { return false }
        let planner = context.rules.planner
        let policy = context.rules.inForce.folder.digest.prefix(16)
        let all = try await store.rankedConversations(shop: shop, limit: Self.most)
        guard planner.priorities > 0 else {
            // What a policy ranked that is gone stands again as it came.
            let left = all.filter { $0.rank != 0 }.map { one in
                var one = one
                (one.rank, one.rankedFor) = (0, nil)
                return one
            }
            try await store.rank(left, shop: shop)
            return false
        }
        let stale = all.filter { $0.rankedFor != "\($0.version) \(policy)" }
        guard !stale.isEmpty else { return true }
        let ids = stale.map { AggregateID(kind: .conversation, id: "\($0.id)") }
        let records = try await store.records(of: ids, shop: shop, now: now)
        var known: [(RankedConversation, OrderRecord)] = []
        for (one, id) in zip(stale, ids) {
            if let record = records[id] { known.append((one, record)) }
        }
        let histories = try await store.history(for: known.map { planner.rankQuestion(of: $0.1) }, now: now)
        let ranked = zip(known, histories).map { pair, history in
            var one = pair.0
            one.rank = Int64(planner.rank(of: pair.1, history: history, now: now))
            one.rankedFor = "\(one.version) \(policy)"
            return one
        }
        try await store.rank(ranked, shop: shop)
        return true
    }
}

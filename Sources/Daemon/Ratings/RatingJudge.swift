package import Outreach
package import Store

/// Says what each POST on the page for ratings means, and writes it: the rating, its tallies, its event, and the mark
/// that the POST was judged, in one step. The page asks it for the POST that it just stored; the loop of event sources
/// asks it for what a crash left behind. So a POST may be judged twice at once, and counts once.
package struct RatingJudge: Sendable {
    private let store: Store
    /// What turns judged events into events of an order.
    private let learner: @Sendable () -> Learner
    /// Told of new events.
    private let learned: @Sendable ([Event]) -> Void

    package init(
        store: Store, learner: @escaping @Sendable () -> Learner,
        learned: @escaping @Sendable ([Event]) -> Void = { _ in }
    ) {
        self.store = store
        self.learner = learner
        self.learned = learned
    }

    /// Stores a POST before anything is made of it, and judges it.
    ///
    /// - Returns: what became of it; nil if it answers no question.
    package func take(
        _ post: RatingPost, of rating: Rating, shop: String, now: Moment
    ) async throws(StoreFailure) -> RatingStep? {
        // Two POSTs of one question in one millisecond are one.
        let raw = RawObservation(
            shop: shop, source: RatingPost.source, externalID: "\(post.request)-\(now.milliseconds)", receivedAt: now,
            kind: RatingPost.kind, bytes: post.bytes, about: rating.subject)
        guard let kept = try await store.keep([raw], now: now).first else {
            return RatingStep(outcome: .tooFast, rating: rating)
        }
        return try await judge(kept, now: now)
    }

    /// Judges a stored POST.
    @discardableResult
    package func judge(_ observation: RawObservation, now: Moment) async throws(StoreFailure) -> RatingStep? {
        let shop = observation.shop
        while true {
            guard let post = RatingPost(bytes: observation.bytes),
                let rating = try await store.rating(request: post.request, shop: shop)
            else {
                try await store.markJudged([observation], now: now)
                return nil
            }
            let step = rating.taking(post, at: observation.receivedAt)
            if let told = step.told, let conversation = rating.subject.conversationID {
                switch try await judge(told, of: conversation, observation, rating, step, now: now) {
                case .written(let events):
                    if !events.isEmpty { learned(events) }
                    return step
                case .conversationIsOutdated: continue
                case .ratingIsOutdated:
                    if try await isOpen(observation) { continue }
                    return step
                case nil:
                    try await store.markJudged([observation], now: now)
                    return nil
                }
            }
            var changes: [Learned] = []
            if let told = step.told, let order = rating.subject.orderID {
                let event = rating.event(
                    telling: told, of: observation.externalID, at: observation.receivedAt)
                changes = try await store.load(shop: shop, orderIDs: [order]).values.map {
                    learner().learn([event], into: $0, now: now)
                }
            }
            let outcome = try await store.commit(
                changes, judged: [observation], rating: RatingChange(before: rating, after: step.rating), now: now)
            if outcome.ratingIsOutdated {
                // Somebody else judged it, or another POST of the same question came in between.
                guard try await isOpen(observation) else { return step }
                continue
            }
            if !outcome.stale.isEmpty { continue }
            if !outcome.refused.isEmpty || !outcome.erased.isEmpty {
                try await store.markJudged([observation], now: now)
                return nil
            }
            if !outcome.events.isEmpty { learned(outcome.events) }
            return step
        }
    }

    /// Writes a score that is told of a conversation; nil if that is gone.
    private func judge(
        _ told: Int, of conversation: Int64, _ observation: RawObservation, _ rating: Rating, _ step: RatingStep,
        now: Moment
    ) async throws(StoreFailure) -> Store.RatedConversation? {
        let shop = observation.shop
        guard let record = try await store.conversations([conversation], shop: shop, now: now)[conversation] else {
            return nil
        }
        let change = rating.change(
            telling: told, of: observation.externalID, in: record, at: observation.receivedAt, now: now)
        return try await store.commit(
            change, judged: observation, rating: RatingChange(before: rating, after: step.rating), now: now)
    }

    /// True if nobody has judged it yet.
    private func isOpen(_ observation: RawObservation) async throws(StoreFailure) -> Bool {
        let open = try await store.unjudged(shop: observation.shop, source: RatingPost.source, limit: Self.most)
        return open.contains { $0.id == observation.id }
    }

    /// More than are ever open at once.
    private static let most = 1_000
}

extension RawObservation {
    /// True if it was posted on the page for ratings.
    var isRating: Bool { source == RatingPost.source && kind == RatingPost.kind }
}

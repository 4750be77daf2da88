import Foundation
import Outreach
import Testing

@testable import Store

extension Store {
    /// A ready mail about an order that asks for a rating; nil if its plan was stale.
    @discardableResult
    func asking(
        _ number: Int, key: String = "ask", kind: RatingKind? = .delivery, to address: String = "robin@example.com",
        customer: String? = "gid://shopify/Customer/7", draw isHeld: Bool? = nil, at moment: Moment = t0
    ) async throws -> Effect? {
        let order = facts(number).id
        if try await load(shop: shop, orderIDs: [order])[order] == nil { try await placed(number, at: moment) }
        let event = try #require(try await load(shop: shop, orderIDs: [order])[order]?.events.first)
        var effect = Effect(
            to: .mail(shop: shop), isContact: true, trigger: "ask", line: "email", keys: ["\(key) \(number)"],
            event: event, dueAt: moment, createdAt: moment)
        effect.state = isHeld == true ? .heldOut : .ready
        effect.reason = isHeld == true ? .heldOut : nil
        effect.decidedAt = moment
        var change = PlannedChange(
            effect: effect, note: DecisionNote(at: moment, state: effect.state, reason: effect.reason),
            message: isHeld == true ? nil : mail("\(key)-\(number)@juniperfig.example", to: address))
        if isHeld == nil { change.asks = RatingRequest(kind: kind, address: address, customerID: customer) }
        change.draw = isHeld.map { HoldOutDraw(isHeld: $0, address: address, customerID: customer) }
        return try await commitPlan([Plan(shop: shop, changes: [change])], now: moment).effects.first
    }

    /// Posts a score, and returns what became of it.
    @discardableResult
    func post(_ score: Int, words: String? = nil, on effect: Effect, at moment: Moment) async throws -> Rating {
        let rating = try #require(try await self.rating(request: effect.id, shop: shop))
        let post = RatingPost(
            request: effect.id, score: score, words: words, shownAt: moment - .seconds(9), link: nil)
        let raw = RawObservation(
            shop: shop, source: RatingPost.source, externalID: "\(effect.id) \(moment.milliseconds)",
            receivedAt: moment, kind: RatingPost.kind, bytes: post.bytes, about: rating.subject)
        let kept = try await keep([raw], now: moment)
        let change = RatingChange(before: rating, after: rating.taking(post, at: moment).rating)
        let outcome = try await commit([], judged: kept, rating: change, now: moment)
        #expect(!outcome.ratingIsOutdated)
        return try #require(try await self.rating(request: effect.id, shop: shop))
    }

    /// What is tallied of ratings and draws.
    fileprivate func tallied(_ name: TallyName) async throws -> [String: Int64] {
        let rows = try await read { db in
            try db.all("/* test */ SELECT day, a, b, n FROM tallies WHERE name = '\(name.rawValue)' AND n <> 0") {
                ("\(CalendarDay(daysSinceEpoch: $0[0])) \($0[1] as String) \($0[2] as String)", $0[3] as Int64)
            }
        }
        return Dictionary(uniqueKeysWithValues: rows)
    }
}

@Suite("Ratings that are kept")
struct RatingsTests {
    private let today = Zone.utc.day(at: t0)

    @Test("the question is there as soon as its message is ready, and nobody is asked twice in 30 days")
    func asked() async throws {
        let store = try await StoreKind.inMemory.make()
        let first = try #require(try await store.asking(1))
        let rating = try #require(try await store.rating(request: first.id, shop: shop))
        #expect(rating.kind == .delivery && rating.subject == .order(facts(1).id) && rating.score == nil)
        #expect(rating.addressKey == store.addressKey("robin@example.com") && rating.askedAt == t0)
        // By the address and by the customer, each alone.
        #expect(try await store.asking(2, customer: "gid://shopify/Customer/8", at: t0 + .days(29)) == nil)
        #expect(try await store.asking(3, to: "other@example.com", at: t0 + .days(29)) == nil)
        #expect(
            try await store.asking(
                4, to: "wren@example.com", customer: "gid://shopify/Customer/8", at: t0 + .days(1)) != nil)
        #expect(try await store.asking(5, at: t0 + .days(30)) != nil)
        // A plan that was refused leaves no trace.
        #expect(
            try await store.effects(ofOrders: [OrderKey(shop: shop, orderID: facts(2).id)], states: [.ready]).isEmpty)
        #expect(
            try await store.tallied(.ratings) == [
                "\(today) delivery asked": 1, "\(today.adding(days: 1)) delivery asked": 1,
                "\(today.adding(days: 30)) delivery asked": 1,
            ])
    }

    @Test("whoever was asked elsewhere is asked no sooner here, and counts for nothing")
    func elsewhere() async throws {
        let store = try await StoreKind.inMemory.make()
        let effect = try #require(try await store.asking(1, kind: nil))
        #expect(try await store.rating(request: effect.id, shop: shop) == nil)
        #expect(try await store.asking(2, at: t0 + .days(3)) == nil)
        #expect(try await store.tallied(.ratings).isEmpty)
    }

    @Test("history tells the last score and the last question, without the message that is judged")
    func history() async throws {
        let store = try await StoreKind.inMemory.make()
        let effect = try #require(try await store.asking(1))
        var question = HistoryQuestion(
            shop: shop, orderID: facts(1).id, subject: .order, address: "robin@example.com",
            customerID: "gid://shopify/Customer/7")
        question.asksForRating = true
        func history() async throws -> History { try await store.history(for: [question], now: t0)[0] }
        #expect(try await history().lastAskedAt == t0)
        #expect(try await history().lastRating == nil)
        question.effectID = effect.id
        #expect(try await history().lastAskedAt == nil)
        try await store.post(2, words: "Wet.", on: effect, at: .at(60))
        question.ratingRequest = effect.id
        #expect(try await history().lastRating == 2)
        #expect(try await history().rating == .init(score: 2, words: "Wet."))
        // A guest is known by the address alone.
        question.customerID = nil
        #expect(try await history().lastRating == 2)
        question.asksForRating = false
        question.ratingRequest = nil
        question.effectID = 0
        let plain = try await history()
        #expect(plain.lastAskedAt == nil && plain.rating == nil)
    }

    @Test("an answer counts on the day of asking, and a change corrects that day")
    func corrected() async throws {
        let store = try await StoreKind.inMemory.make()
        let effect = try #require(try await store.asking(1))
        try await store.post(5, on: effect, at: t0 + .days(3))
        #expect(try await store.tallied(.ratings) == ["\(today) delivery asked": 1, "\(today) delivery 5": 1])
        let changed = try await store.post(2, words: "Broken.", on: effect, at: t0 + .days(5))
        #expect(changed.score == 2 && changed.wasLow && changed.givenAt == t0 + .days(3))
        #expect(try await store.tallied(.ratings) == ["\(today) delivery asked": 1, "\(today) delivery 2": 1])
        try await store.post(2, words: "Still broken.", on: effect, at: t0 + .days(6))
        #expect(try await store.tallied(.ratings)["\(today) delivery 2"] == 1)
        #expect(
            try await store.ratings(of: OrderKey(shop: shop, orderID: facts(1).id)).map(\.words) == ["Still broken."])
    }

    @Test("kinds are counted apart")
    func kinds() async throws {
        let store = try await StoreKind.inMemory.make()
        let talk = RatingKind(rawValue: "conversation")
        let one = try #require(try await store.asking(1))
        let other = try #require(
            try await store.asking(2, kind: talk, to: "wren@example.com", customer: nil))
        try await store.post(5, on: one, at: .at(9))
        try await store.post(1, on: other, at: .at(9))
        #expect(
            try await store.tallied(.ratings) == [
                "\(today) delivery asked": 1, "\(today) delivery 5": 1, "\(today) conversation asked": 1,
                "\(today) conversation 1": 1,
            ])
    }

    @Test("a change that is based on an older rating, or a post that was judged, changes nothing")
    func outdated() async throws {
        let store = try await StoreKind.inMemory.make()
        let effect = try #require(try await store.asking(1))
        let old = try #require(try await store.rating(request: effect.id, shop: shop))
        try await store.post(4, on: effect, at: .at(9))
        func raw(_ id: String) -> RawObservation {
            RawObservation(
                shop: shop, source: "ratings", externalID: id, receivedAt: .at(20), kind: "rating", bytes: [1])
        }
        var changed = old
        (changed.score, changed.givenAt) = (1, .at(20))
        let kept = try await store.keep([raw("x")], now: .at(20))
        #expect(
            try await store.commit(
                [], judged: kept, rating: RatingChange(before: old, after: changed), now: .at(20)
            ).ratingIsOutdated)
        #expect(try await store.unjudged(shop: shop, source: "ratings", limit: 9).count == 1)
        let now = try #require(try await store.rating(request: effect.id, shop: shop))
        #expect(now.score == 4)
        try await store.markJudged(kept, now: .at(21))
        #expect(
            try await store.commit(
                [], judged: kept, rating: RatingChange(before: now, after: changed), now: .at(22)
            ).ratingIsOutdated)
    }

    @Test("a message that nobody got has asked nothing: it counts no more, and another may ask")
    func unasked() async throws {
        let store = try await StoreKind.inMemory.make()
        let effect = try #require(try await store.asking(1))
        let claims = try await store.claim(.mail(shop: shop), limit: 1, owner: "p", lease: .minutes(1), now: t0)
        let begun = try await store.begin(claims, lease: .minutes(1), now: t0).begun
        let no = Verdict.refused(Failure(reason: "mailbox", detail: "No such mailbox."))
        _ = try await store.finish([AttemptOutcome(claim: begun[0], verdict: no)], now: .at(1))
        #expect(try await store.tallied(.ratings).isEmpty)
        #expect(try await store.retry(effectID: effect.id, now: .at(2)))
        #expect(try await store.tallied(.ratings) == ["\(today) delivery asked": 1])
        #expect(try await store.drop(effectID: effect.id, now: .at(3)))
        #expect(try await store.tallied(.ratings).isEmpty)
        #expect(try await store.asking(2, at: t0 + .days(1)) != nil)
        // Whoever answers was asked, whatever was said of the mail.
        try await store.post(5, on: effect, at: t0 + .days(2))
        let counted = try await store.tallied(.ratings)
        #expect(counted["\(today) delivery asked"] == 1 && counted["\(today) delivery 5"] == 1)
    }

    @Test("rows behind a figure are those that it counts, the last asked first, by key")
    func feed() async throws {
        let store = try await StoreKind.inMemory.make()
        for number in 1...7 {
            let effect = try #require(
                try await store.asking(
                    number, to: "r\(number)@example.com", customer: "gid://shopify/Customer/\(number)",
                    at: t0 + .days(number)))
            try await store.post(
                number == 7 ? 1 : 5, words: "No. \(number)", on: effect, at: t0 + .days(number) + .hours(1))
        }
        func feed(_ score: Int, after place: FigurePlace? = nil, limit: Int = 9) async throws -> [FigureLine] {
            try await store.ratingFeed(
                shop: shop, kind: .delivery, score: score, from: today.adding(days: 2), to: today.adding(days: 6),
                after: place, limit: limit)
        }
        let all = try await feed(5)
        #expect(all.map(\.orderName) == ["#6", "#5", "#4", "#3", "#2"])
        #expect(all[0].words == "No. 6" && all[0].customer == "Robin")
        let page = try await feed(5, limit: 2)
        let next = try await feed(5, after: page.last?.place)
        #expect(page + next == all)
        #expect(try await feed(1).isEmpty, "asked on the day after")
    }

    @Test("an erased customer's words are in no column, and the counts stay", arguments: StoreKind.allCases)
    func erased(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        let effect = try #require(try await store.asking(1))
        try await store.post(2, words: "Quince jelly", on: effect, at: .at(9))
        try await store.asking(3, draw: true)
        #expect(try await !store.cells { $0.contains("Quince jelly") }.isEmpty)
        _ = try await store.erase(address: "robin@example.com", shop: shop, now: .at(20))
        #expect(try await store.cells { $0.contains("Quince jelly") } == [])
        #expect(try await store.rating(request: effect.id, shop: shop) == nil)
        #expect(try await store.tallied(.ratings)["\(today) delivery 2"] == 1)
        #expect(try await store.tallied(.trials)["\(today) ask held"] == 1)
    }
}

@Suite("Draws and the contacts after them")
struct TrialsTests {
    private let today = Zone.utc.day(at: t0)

    /// A mail of a person, judged.
    private func letter(
        _ id: String, from address: String?, about order: Int?, at moment: Moment, kind: IncomingClass = .person,
        in store: Store
    ) async throws {
        let raw = RawObservation(
            shop: shop, source: "mailbox", externalID: id, receivedAt: moment, kind: "mail", bytes: [1])
        let kept = try #require(try await store.keep([raw], now: moment).first)
        var outcome = IncomingOutcome(kept, kind, detail: "A letter.")
        outcome.address = address
        outcome.aggregate = order.map { .order(facts($0).id) }
        try await store.commit(outcome, now: moment)
    }

    @Test("a contact counts by the order, the address or the customer, once, within 14 days after it")
    func contacts() async throws {
        let store = try await StoreKind.inMemory.make()
        // Told and held of one customer each; orders 5 and 6 are customer 7's by their record.
        try await store.asking(1, to: "a@example.com", customer: nil, draw: false)
        try await store.asking(2, to: "b@example.com", customer: nil, draw: true)
        try await store.asking(3, to: "c@example.com", customer: nil, draw: true)
        try await store.asking(5, to: "d@example.com", customer: "gid://shopify/Customer/7", draw: false)
        try await letter("1", from: "a@example.com", about: nil, at: t0 + .days(14), in: store)
        try await letter("2", from: "x@example.com", about: 2, at: t0 + .days(1), in: store)
        try await letter("3", from: "b@example.com", about: 2, at: t0 + .days(2), in: store)
        // Too late, and no person.
        try await letter("4", from: "c@example.com", about: 3, at: t0 + .days(14) + .seconds(1), in: store)
        try await letter("5", from: "c@example.com", about: 3, at: t0 + .days(1), kind: .bounce, in: store)
        #expect(
            try await store.tallied(.trials) == [
                "\(today) ask told": 2, "\(today) ask held": 2, "\(today) ask held contact": 1,
                // Letters 2 and 4 are about orders of customer 7.
                "\(today) ask told contact": 2,
            ])
        let sums = try await store.trialSums(shop: shop, from: today, to: today)
        #expect(
            sums == [
                TrialSum(trigger: "ask", isHeld: true, n: 2, contacts: 1, since: today),
                TrialSum(trigger: "ask", isHeld: false, n: 2, contacts: 2, since: today),
            ])
        #expect(try await store.trialSums(shop: shop, from: today.adding(days: 1), to: today.adding(days: 9)).isEmpty)
    }

    @Test("a contact before the decision is none after it")
    func before() async throws {
        let store = try await StoreKind.inMemory.make()
        try await store.placed(1)
        try await letter("1", from: "a@example.com", about: 1, at: t0 - .seconds(1), in: store)
        try await store.asking(1, to: "a@example.com", customer: nil, draw: true)
        #expect(try await store.tallied(.trials) == ["\(today) ask held": 1])
    }

    @Test("what is held out is final: it is judged no more, and has no message")
    func final() async throws {
        let store = try await StoreKind.inMemory.make()
        var effect = try #require(try await store.asking(1, draw: true))
        #expect(try await store.dueEffects(shop: shop, limit: 9, now: t0 + .days(9)).isEmpty)
        effect.state = .waiting
        let plan = Plan(shop: shop, changes: [PlannedChange(effect: effect, note: nil)])
        #expect(try await store.commitPlan([plan], now: .at(9)).stale == [0])
        let held = try await store.heldFeed(
            shop: shop, reason: .heldOut, in: t0..<(t0 + .days(1)), after: nil, limit: 9)
        #expect(held.map(\.state) == [.heldOut])
        #expect(
            try await store.effects(
                for: [OccurrenceKey(shop: shop, trigger: "ask", line: "email", key: "ask 1")]
            ).values.map(\.state) == [.heldOut])
    }

    @Test("each shop has a secret of its own, which stays")
    func key() async throws {
        let store = try await StoreKind.inMemory.make()
        #expect(
            store.holdOutKey(shop: shop).count == 32 && store.holdOutKey(shop: shop) == store.holdOutKey(shop: shop))
        #expect(store.holdOutKey(shop: shop) != store.holdOutKey(shop: "other.example"))
    }
}

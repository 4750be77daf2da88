internal import FoundationEssentials
public import Outreach
internal import Platform

// What customers were asked to rate, and what they answered. The row of a question is written with the message that
// asks, so a link finds it as soon as anybody can have it; the answer is written in the step that marks its observation
// as judged. The tallies of both count on the day of asking: a rating that is changed later corrects that day.

extension Store {
    /// What an effect asked to be rated; nil if it asked for nothing that can be answered here.
    public func rating(request: Int64, shop: String) async throws(StoreFailure) -> Rating? {
        try await read { db in try db.rating(request, shop: try db.shop(shop)) }
    }

    /// The ratings of an order that were given, oldest first, at most 100.
    public func ratings(of order: OrderKey) async throws(StoreFailure) -> [Rating] {
        try await read { db in
            let shop = try db.shop(order.shop)
            guard let id = try db.order(order.orderID, shop: shop) else { return [] }
            return try db.all(Query.ratingsOfAggregate, [shop, id]) { try Rating($0) }
        }
    }

    /// The ratings that were given of something, oldest first, at most 100.
    public func ratings(of subject: AggregateID, shop domain: String) async throws(StoreFailure) -> [Rating] {
        try await read { db in
            let shop = try db.shop(domain)
            guard let about = try db.aggregate(subject, shop: shop) else { return [] }
            return try db.all(Query.ratingsOfAggregate, [shop, about.id]) { try Rating($0) }
        }
    }

    /// What became of a rating of a conversation.
    public enum RatedConversation: Sendable {
        case written([Event])
        /// The rating stands otherwise by now, or its observation was judged already.
        case ratingIsOutdated
        case conversationIsOutdated
    }

    /// Writes a rating of a conversation, with what that changes in it and the mark that its observation was judged: all
    /// of it or nothing. A low one that is told counts as wrong for the answers in it that went out by themselves.
    public func commit(
        _ change: ConversationChange, judged observation: RawObservation, rating: RatingChange, now: Moment
    ) async throws(StoreFailure) -> RatedConversation {
        let hash = hash
        let path = path
        defer { changes.call() }
        return try await write { db in
            let shop = try db.shop(observation.shop)
            guard try db.isCurrent(rating, of: [observation], shop: shop) else { return .ratingIsOutdated }
            var written: [Event]?
            let refusal = try db.isolated(path: path) {
                written = try db.write(
                    change, judged: [observation], incoming: nil, hash: hash, path: path, now: now)?.events
                return written != nil
            }
            if let refusal { throw refusal }
            guard let written else { return .conversationIsOutdated }
            var tally = Tally()
            try db.put(rating, shop: shop, tally: &tally)
            try tally.write(to: db)
            if rating.after.wasLow, !rating.before.wasLow {
                for answer in try db.all(Query.liveAnswers, [shop, change.record.id], { $0[0] as Int64 }) {
                    try db.note(AnswerVerdict(of: answer, isRight: false, by: .rating), shop: shop, now: now)
                }
            }
            try db.note(now)
            return .written(written)
        }
    }

    /// Ratings of a kind with that score, by the day of asking, the last first.
    ///
    /// - Parameter place: where the page before ended.
    public func ratingFeed(
        shop: String, kind: RatingKind, score: Int, from first: CalendarDay, to last: CalendarDay,
        after place: FigurePlace?, limit: Int
    ) async throws(StoreFailure) -> [FigureLine] {
        let place = place ?? FigurePlace(at: last.daysSinceEpoch + 1, id: 0)
        return try await read { db in
            try db.all(
                Query.ratingFeed,
                [try db.shop(shop), kind.rawValue, score, place.at, place.id, first.daysSinceEpoch, limit]
            ) { row in
                var line = FigureLine(
                    orderID: row[4], orderName: row[5], customer: CustomerName(record: row[6] as Data?).text,
                    carrier: "", at: row.moment(2), day: nil, days: nil, place: FigurePlace(at: row[0], id: row[1]))
                line.words = row[3]
                return line
            }
        }
    }
}

extension Connection {
    fileprivate func rating(_ request: Int64, shop: Int64) throws -> Rating? {
        try first(Query.rating, [shop, request]) { try Rating($0) }
    }

    /// Writes that a message asks, unless its customer was asked by another lately. False if so.
    func put(
        _ request: RatingRequest, of effect: Effect, shop: Int64, hash: KeyedHash, now: Moment, tally: inout Tally
    ) throws -> Bool {
        guard let aggregate = effect.aggregate, let about = try self.aggregate(aggregate, shop: shop) else {
            return false
        }
        let address = hash.address(request.address)
        let customer = request.customerID.map(hash.customer)
        let asked = try lastAsked(address: address, customer: customer, but: effect.id, shop: shop)
        if let asked, now - asked < RatingRequest.pause { return false }
        let day = try zone(shop: shop).day(at: now)
        try run(
            """
            INSERT INTO ratings (shop, effect_id, kind, aggregate_id, address_key, customer_key, asked_at, day)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (shop, effect_id) DO NOTHING
            """,
            [
                shop, effect.id, request.kind?.rawValue, about.id, address, customer, now.milliseconds,
                day.daysSinceEpoch,
            ])
        try count(true, effectID: effect.id, shop: shop, tally: &tally)
        return true
    }

    /// When a customer was last asked for a rating, by the address and by the customer; nil for never.
    func lastAsked(address: Data?, customer: Data?, but effect: Int64, shop: Int64) throws -> Moment? {
        var last: Int64?
        if let address { last = try integer(Query.askedAddress, [shop, address, effect]) }
        if let customer, let other = try integer(Query.askedCustomer, [shop, customer, effect]) {
            last = max(last ?? other, other)
        }
        return last.map { Moment(milliseconds: $0) }
    }

    /// The newest score of a customer, by the customer or else by the address.
    func lastRating(address: Data?, customer: Data?, shop: Int64) throws -> Int? {
        if let customer, let score = try integer(Query.scoreOfCustomer, [shop, customer]) { return Int(score) }
        return try address.flatMap { try integer(Query.scoreOfAddress, [shop, $0]) }.map { Int($0) }
    }

    /// The rating that an event tells of, as it stands.
    func ratingNow(_ request: Int64, shop: Int64) throws -> History.RatingNow? {
        try rating(request, shop: shop).map { History.RatingNow(score: $0.score, words: $0.words) }
    }

    /// Has the question of an effect count in the tallies, with its answer, or no longer: a message that nobody got has
    /// asked nothing.
    func count(_ counts: Bool, effectID: Int64, shop: Int64, tally: inout Tally) throws {
        try count(
            counts, countedRating(effectID: effectID, shop: shop), effectID: effectID, shop: shop, tally: &tally)
    }

    /// The question of an effect, if there is one in it.
    func countedRating(effectID: Int64, shop: Int64) throws -> CountedRating? {
        try first(Query.ratingCount, [shop, effectID]) { row in
            CountedRating(kind: row[0], day: CalendarDay(daysSinceEpoch: row[1]), score: row[2], counts: row[3])
        }
    }

    /// The same, of a question that was looked up already.
    func count(
        _ counts: Bool, _ row: CountedRating?, effectID: Int64, shop: Int64, tally: inout Tally
    ) throws {
        guard let row, row.counts != counts else { return }
        try run("UPDATE ratings SET counts = ? WHERE shop = ? AND effect_id = ?", [counts, shop, effectID])
        guard let kind = row.kind.map(RatingKind.init) else { return }
        tally.asked(kind, on: row.day, counts ? 1 : -1, shop: shop)
        if let score = row.score { tally.rated(kind, score, on: row.day, counts ? 1 : -1, shop: shop) }
    }

    /// True if a rating still stands as a change says, and its observation was not judged yet.
    func isCurrent(_ change: RatingChange, of observations: [RawObservation], shop: Int64) throws -> Bool {
        for one in observations {
            guard try integer(Query.isUnjudged, [shop, one.id]) != nil else { return false }
        }
        return try rating(change.before.request, shop: shop) == change.before
    }

    /// Writes a rating as it is now.
    func put(_ change: RatingChange, shop: Int64, tally: inout Tally) throws {
        let (before, after) = (change.before, change.after)
        // Whoever answers was asked, whatever a relay said.
        if after.score != nil { try count(true, effectID: after.request, shop: shop, tally: &tally) }
        try run(
            """
            UPDATE ratings SET score = ?, words = ?, given_at = ?, was_low = ?, posted_at = ?, posted_score = ?,
                posted_link = ?
            WHERE shop = ? AND effect_id = ?
            """,
            [
                after.score, after.words, after.givenAt?.milliseconds, after.wasLow, after.last?.at.milliseconds,
                after.last?.score, after.last?.isOfLink, shop, after.request,
            ])
        guard before.score != after.score,
            let day = try integer(Query.ratingDay, [shop, after.request]).map(CalendarDay.init(daysSinceEpoch:))
        else { return }
        if let score = before.score { tally.rated(after.kind, score, on: day, -1, shop: shop) }
        if let score = after.score { tally.rated(after.kind, score, on: day, 1, shop: shop) }
    }
}

extension Rating {
    /// Reads `Query.ratingColumns`.
    fileprivate init(_ row: Row) throws {
        var last: LastPost?
        if let at = row.optionalMoment(10) { last = LastPost(at: at, score: row[11], isOfLink: row[12]) }
        self.init(
            request: row[0], kind: try row.word(1), subject: AggregateID(kind: try row.word(2), id: row[3]),
            addressKey: [UInt8](row[4] as Data), askedAt: row.moment(5), score: row[6], words: row[7],
            givenAt: row.optionalMoment(8), wasLow: row[9], last: last)
    }
}

/// The question of an effect, as the tallies count it.
struct CountedRating {
    var kind: String?
    var day: CalendarDay
    var score: Int?
    var counts: Bool
}

extension Query {
    private static let ratingColumns = """
        ratings.effect_id, ratings.kind, aggregates.kind, aggregates.gid, ratings.address_key, ratings.asked_at,
        ratings.score, ratings.words, ratings.given_at, ratings.was_low, ratings.posted_at, ratings.posted_score,
        ratings.posted_link
        """
    static let rating = """
        SELECT \(ratingColumns) FROM ratings
        JOIN aggregates ON aggregates.shop = ratings.shop AND aggregates.id = ratings.aggregate_id
        WHERE ratings.shop = ? AND ratings.effect_id = ? AND ratings.kind IS NOT NULL
        """
    static let ratingsOfAggregate = """
        SELECT \(ratingColumns) FROM ratings
        JOIN aggregates ON aggregates.shop = ratings.shop AND aggregates.id = ratings.aggregate_id
        WHERE ratings.shop = ? AND ratings.aggregate_id = ? AND ratings.kind IS NOT NULL AND ratings.score IS NOT NULL
        ORDER BY ratings.effect_id LIMIT 100
        """
    static let liveAnswers = """
        SELECT effect_id FROM answers WHERE shop = ? AND conversation_id = ? AND is_live = 1
        ORDER BY effect_id DESC LIMIT 50
        """
    static let ratingCount = "SELECT kind, day, score, counts FROM ratings WHERE shop = ? AND effect_id = ?"
    static let ratingDay = "SELECT day FROM ratings WHERE shop = ? AND effect_id = ?"
    static let isUnjudged = "SELECT id FROM observations WHERE shop = ? AND id = ? AND judged_at IS NULL"
    static let askedAddress = """
        SELECT asked_at FROM ratings WHERE shop = ? AND address_key = ? AND effect_id <> ? AND counts = 1
        ORDER BY asked_at DESC LIMIT 1
        """
    static let askedCustomer = """
        SELECT asked_at FROM ratings
        WHERE shop = ? AND customer_key = ? AND customer_key IS NOT NULL AND effect_id <> ? AND counts = 1
        ORDER BY asked_at DESC LIMIT 1
        """
    static let scoreOfAddress = """
        SELECT score FROM ratings WHERE shop = ? AND address_key = ? AND score IS NOT NULL
        ORDER BY asked_at DESC LIMIT 1
        """
    static let scoreOfCustomer = """
        SELECT score FROM ratings
        WHERE shop = ? AND customer_key = ? AND customer_key IS NOT NULL AND score IS NOT NULL
        ORDER BY asked_at DESC LIMIT 1
        """
    static let ratingFeed = """
        SELECT picked.day, picked.effect_id, picked.given_at, picked.words, aggregates.gid, aggregates.name,
            orders.record
        FROM (
            SELECT shop, day, effect_id, given_at, words, aggregate_id FROM ratings
            WHERE shop = ? AND kind = ? AND score = ? AND score IS NOT NULL AND counts = 1
                AND (day, effect_id) < (?, ?) AND day >= ?
            ORDER BY day DESC, effect_id DESC LIMIT ?) AS picked
        JOIN aggregates ON aggregates.shop = picked.shop AND aggregates.id = picked.aggregate_id
        LEFT JOIN orders ON orders.shop = picked.shop AND orders.id = picked.aggregate_id
        ORDER BY picked.day DESC, picked.effect_id DESC
        """
}

import Foundation
import GRDB
import Outreach
import Store

/// What a step or a query may take, sorted as it is printed.
private struct Times {
    private var all: [Double] = []

    mutating func add(_ seconds: Double) { all.append(seconds * 1000) }

    /// The given share's place among them, in milliseconds.
    func at(_ share: Double) -> Double {
        let sorted = all.sorted()
        return sorted.isEmpty ? 0 : sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]
    }

    var text: String { String(format: "%.2f/%.2f", at(0.5), at(0.99)) }
}

/// Lets a shop's months pass: so many orders on each day, with their events and a mail each, learned, planned and sent as
/// the daemon does, and what is old removed as time passes. After each month it prints how much room the store takes, how
/// many orders it has, how long a step of the removal took, and the queries that run over and over, so that it can be seen
/// that they level off.
///
/// - Parameter keep: after how many days an order goes. With the 400 that hold where nothing is written the store grows
///   for more than a year; with fewer it is seen sooner that it stops.
func benchYear(path: String, perDay: Int, months: Int, keep: Int) async throws {
    let start = Moment(iso8601: "2025-01-01T00:00:00Z")!
    let store = try Store.open(path: path, role: .daemon, now: start)
    _ = try await store.openShop(benchShop, now: start)
    var retention = Retention()
    (retention.orders, retention.letters, retention.conversations) = (.days(keep), .days(keep), .days(keep))
    (retention.messages, retention.attempts) = (.days(min(90, keep)), .days(min(90, keep)))
    let head = ["month", "file", "used", "orders", "removed", "learn 50", "due", "order", "shopper", "story", "claim"]
    FileHandle.standardOutput.write(Data(((head + ["remove"]).joined(separator: "\t") + "\n").utf8))
    var (number, gone) = (0, 0)
    for month in 1...max(1, months) {
        var (removing, learning) = (Times(), Times())
        var removed = 0
        for day in 0..<30 {
            let now = start + .days((month - 1) * 30 + day + 2)
            let learner = Learner(live: LiveSince(shop: start), shopZone: .utc, rereadEvery: .days(9))
            for batch in stride(from: 0, to: perDay, by: 50) {
                let count = min(50, perDay - batch)
                let learned = (number..<number + count).compactMap { number in
                    learner.learn(
                        Observation(shop: benchShop, seenAt: now, content: .order(openOrder(number, now: now))),
                        into: nil)
                }
                number += count
                let stored = try await timed { try await store.commit(learned, now: now).events }
                learning.add(stored.seconds)
                try await tell(store, stored.result, now: now)
            }
            // As the daemon does it: step after step, until there is no more.
            while true {
                let step = try await timed { try await store.retain(retention, shop: benchShop, now: now) }
                removing.add(step.seconds)
                removed += step.result.orders
                if !step.result.isMore { break }
            }
        }
        gone += removed
        let hot = try await hotQueries(store, newest: number, now: start + .days(month * 30 + 2))
        let size = try room(path)
        let line =
            ([
                "\(month)", String(format: "%.1f", size.file), String(format: "%.1f", size.used), "\(number - gone)",
                "\(removed)", learning.text,
            ] + hot + [removing.text]).joined(separator: "\t")
        // At once, into a pipe too: a month may take minutes.
        FileHandle.standardOutput.write(Data((line + "\n").utf8))
    }
    try store.close()
}

/// A mail about each parcel on its way, planned and sent.
private func tell(_ store: Store, _ events: [Event], now: Moment) async throws {
    let body = [UInt8](repeating: UInt8(ascii: "x"), count: 8_000)
    let plans = events.map { event in
        guard event.kind == .shipmentCreated else { return Plan(shop: benchShop, doneEvents: [event.id]) }
        var effect = Effect(
            to: .mail(shop: benchShop), isContact: true, trigger: "bench", line: "email",
            keys: [event.occurrences[0].subject + event.aggregate.id], event: event, dueAt: now, createdAt: now)
        effect.state = .ready
        effect.decidedAt = now
        let message = Message.mail(
            id: "bench-\(event.id)@juniperfig.example", sender: "bounces@juniperfig.example",
            recipient: "shopper\(event.id)@load.example", bytes: body, summary: "On its way")
        let note = DecisionNote(at: now, state: .ready, reason: nil)
        return Plan(
            shop: benchShop, doneEvents: [event.id],
            changes: [PlannedChange(effect: effect, note: note, message: message)])
    }
    _ = try await store.commitPlan(plans, now: now)
    while true {
        let claims = try await store.claim(
            .mail(shop: benchShop), limit: 32, owner: "bench", lease: .minutes(15), now: now)
        if claims.isEmpty { return }
        let begun = try await store.begin(claims, lease: .minutes(15), now: now).begun
        _ = try await store.finish(
            begun.map { AttemptOutcome(claim: $0, verdict: .accepted(receipt: "250 2.0.0 queued")) }, now: now)
    }
}

/// How long it takes to look for what is due, to load an order, to find all of a shopper's, to tell an order's story, and
/// to look for mail to send.
private func hotQueries(_ store: Store, newest: Int, now: Moment) async throws -> [String] {
    var (due, order, shopper, story, claim) = (Times(), Times(), Times(), Times(), Times())
    for turn in 0..<200 {
        // Among the newest, which are there whatever was removed.
        let number = newest - 1 - turn % min(200, newest)
        let id = "gid://shopify/Order/\(number + 1)"
        due.add(
            try await timed {
                _ = try await store.pendingEvents(shop: benchShop, limit: 256)
                _ = try await store.dueEffects(shop: benchShop, limit: 256, now: now)
                _ = try await store.dueForTime(shop: benchShop, limit: 1, now: now)
            }.seconds)
        order.add(try await timed { _ = try await store.load(shop: benchShop, orderIDs: [id]) }.seconds)
        let key = store.addressKey("shopper\(number)@load.example")
        shopper.add(
            try await timed { _ = try await store.customer(key, shop: benchShop, limit: 9, now: now) }.seconds)
        story.add(try await timed { _ = try await store.story(shop: benchShop, orderID: id) }.seconds)
        claim.add(
            try await timed {
                _ = try await store.claim(
                    .mail(shop: benchShop), limit: 32, owner: "bench", lease: .minutes(15), now: now)
            }.seconds)
    }
    return [due, order, shopper, story, claim].map(\.text)
}

/// How much room a store takes, in MiB, and how much of it is in use: SQLite keeps the pages of what went for what comes.
private func room(_ path: String) throws -> (file: Double, used: Double) {
    var configuration = GRDB.Configuration()
    configuration.readonly = true
    let database = try DatabaseQueue(path: path, configuration: configuration)
    defer { try? database.close() }
    return try database.read { db in
        let size = try Double(Int64.fetchOne(db, sql: "PRAGMA page_size") ?? 0) / 1_048_576
        let pages = try Double(Int64.fetchOne(db, sql: "PRAGMA page_count") ?? 0)
        let free = try Double(Int64.fetchOne(db, sql: "PRAGMA freelist_count") ?? 0)
        return (pages * size, (pages - free) * size)
    }
}

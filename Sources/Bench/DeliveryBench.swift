import Foundation
import Outreach
import Store

/// Measures picking the next mails, with a thousand waiting and with so many more: what it costs must not grow with
/// them. A third of them are for one domain, which is then closed. Leaves the store behind, for a daemon to start on.
func benchWaiting(path: String, count: Int) async throws {
    let now = Moment(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))
    let store = try Store.open(path: path, role: .daemon, now: now)
    _ = try await store.openShop(benchShop, now: now)
    let few = min(1_000, count)
    try await fill(store, 0..<few, now: now)
    try await benchPicking(store, "\(few.formatted()) waiting", now: now)
    if count > few {
        let filling = try await timed { try await fill(store, few..<count, now: now) }
        figure("mails put into the outbox", Double(count - few) / filling.seconds, "/s")
        try await benchPicking(store, "\(count.formatted()) waiting", now: now)
    }
    try await closeDomain(store, now: now)
    // What stands first is moved to the domain's own queue once, a few hundred with each turn.
    var turns = 0
    let moving = try await timed {
        while turns < 20_000 {
            turns += 1
            let claims = try await claim(store, 32, now: now)
            try await store.release(claims, now: now)
            if claims.count == 32, claims.allSatisfy({ !$0.message.envelope.recipient.hasSuffix(benchDomain) }) {
                break
            }
        }
    }
    figure("until a closed domain stands in nobody's way", moving.seconds * 1000, "ms")
    try await benchPicking(store, "\(count.formatted()) waiting, a domain closed", now: now)
    try store.close()
}

private let benchDomain = "@most.example"
private let benchRoute = Route.mail(shop: benchShop)

private func claim(_ store: Store, _ limit: Int, now: Moment) async throws -> [Claim] {
    try await store.claim(benchRoute, limit: limit, owner: "bench", lease: .minutes(15), now: now)
}

/// Claims 32 and gives them back, and asks when the next attempt is due.
private func benchPicking(_ store: Store, _ name: String, now: Moment) async throws {
    let rounds = 100
    let picking = try await timed {
        for _ in 0..<rounds {
            let claims = try await claim(store, 32, now: now)
            guard claims.count == 32 else { throw CannotMeasure("Bench: only \(claims.count) of 32 could be claimed") }
            try await store.release(claims, now: now)
        }
    }
    figure("picking 32 and giving them back, \(name)", picking.seconds / Double(rounds) * 1000, "ms")
    let asking = try await timed { for _ in 0..<rounds { _ = try await store.nextAttempt(benchRoute) } }
    figure("asking when the next is due, \(name)", asking.seconds / Double(rounds) * 1000, "ms")
}

/// Mails of ours that are ready, small ones, each due a millisecond after the one before.
private func fill(_ store: Store, _ numbers: Range<Int>, now: Moment) async throws {
    let body = Array("Subject: bench\r\n\r\nHello.\r\n".utf8)
    for batch in stride(from: numbers.lowerBound, to: numbers.upperBound, by: 1_000) {
        let changes = (batch..<min(batch + 1_000, numbers.upperBound)).map { number in
            var effect = Effect(
                to: benchRoute, origin: .person, isContact: false, by: "bench", line: "email", keys: ["\(number)"],
                about: nil, dueAt: now - .hours(1) + .milliseconds(number), createdAt: now)
            effect.state = .ready
            effect.decidedAt = now
            let domain = number % 3 == 0 ? benchDomain : "@d\(number % 997).example"
            let message = Message.mail(
                id: "bench-\(number)@juniperfig.example", sender: "bounces@juniperfig.example",
                recipient: "shopper\(number)\(domain)", bytes: body, summary: "bench")
            return PlannedChange(
                effect: effect, note: DecisionNote(at: now, state: .ready, reason: nil), message: message)
        }
        let outcome = try await store.commitPlan([Plan(shop: benchShop, changes: changes)], now: now)
        guard outcome.effects.count == changes.count else { throw CannotMeasure("Bench: the outbox took no mails") }
    }
}

/// Lets the domain of a third of them put off as many as it takes to be closed.
private func closeDomain(_ store: Store, now: Moment) async throws {
    let busy = Failure(reason: "mailbox", code: 450, detail: "Come again later.")
    let claims = try await claim(store, 32, now: now)
    let begun = try await store.begin(claims, lease: .minutes(15), now: now).begun
    let (most, others) = (
        begun.filter { $0.message.envelope.recipient.hasSuffix(benchDomain) },
        begun.filter { !$0.message.envelope.recipient.hasSuffix(benchDomain) }
    )
    _ = try await store.finish(
        most.map {
            AttemptOutcome(
                claim: $0, verdict: .deferred(busy), nextAttemptAt: now + .hours(1), domainNews: .defers(busy))
        } + others.map { AttemptOutcome(claim: $0, verdict: .accepted(receipt: "250"), domainNews: .answers) },
        now: now)
}

import Outreach
import Testing

@testable import Store

private let busy = Failure(reason: "mailbox", code: 450, enhancedCode: "4.7.1", detail: "Come again later.")

/// A route with a far end that answers by domain, run by hand.
private struct Queues {
    let store: Store
    let route = Route.mail(shop: shop)
    var limits = SendLimits()
    var ids: [Int64] = []

    init(_ kind: StoreKind = .inMemory) async throws { store = try await kind.make() }

    /// Mails to these domains, each a second later due than the one before.
    mutating func add(_ domains: [String], from first: Int = 1, at seconds: Int = 0) async throws {
        for (index, domain) in domains.enumerated() {
            let number = first + index
            let effect = try await store.ready(
                try await store.placed(number), key: "\(number)", to: "shopper\(number)@\(domain)",
                at: .at(seconds) + .milliseconds(index))
            ids.append(effect.id)
        }
    }

    func claim(_ limit: Int = 100, at now: Moment) async throws -> [Claim] {
        try await store.claim(route, limit: limit, limits: limits, owner: "p1", lease: .minutes(15), now: now)
    }

    /// Claims, attempts and finishes until nothing is due any more; gives the domains in the order of their attempts.
    func work(at now: Moment, batch: Int = 5, deferring: Set<String> = []) async throws -> [String] {
        var domains: [String] = []
        while true {
            let claims = try await claim(batch, at: now)
            guard !claims.isEmpty else { return domains }
            let attempts = try await store.begin(claims, limits: limits, lease: .minutes(15), now: now)
            try await store.release(attempts.limited, now: now)
            let outcomes = attempts.begun.map { claim in
                let domain = recipientDomain(of: claim.message.envelope.recipient)
                domains.append(domain)
                return deferring.contains(domain)
                    ? AttemptOutcome(
                        claim: claim, verdict: .deferred(busy), nextAttemptAt: now + .seconds(30),
                        domainNews: .defers(busy))
                    : AttemptOutcome(claim: claim, verdict: .accepted(receipt: "250"), domainNews: .answers)
            }
            _ = try await store.finish(outcomes, limits: limits, now: now)
            if !attempts.limited.isEmpty { return domains }
        }
    }
}

@Suite("Recipient domains in the outbox")
struct DomainsTests {
    @Test("one that defers delays nobody else, and all of its mail waits for one moment", arguments: StoreKind.allCases)
    func apart(_ kind: StoreKind) async throws {
        var queues = try await Queues(kind)
        try await queues.add(Array(repeating: "slow.example", count: 40) + Array(repeating: "quick.example", count: 10))
        let tried = try await queues.work(at: .at(1), deferring: ["slow.example"])
        #expect(tried.count { $0 == "quick.example" } == 10)
        #expect(tried.count { $0 == "slow.example" } <= 5, "those of the batch that was under way when it closed")
        // Their own waits are over; the domain's is not.
        #expect(try await queues.claim(at: .at(50)).isEmpty)
        #expect(try await queues.store.nextAttempt(queues.route) == .at(61))
        // One goes ahead, and while it is under way no other.
        let ahead = try await queues.claim(at: .at(61))
        #expect(ahead.count == 1 && ahead[0].goesAhead)
        #expect(try await queues.claim(at: .at(62)).isEmpty)
        let begun = try await queues.store.begin(ahead, lease: .minutes(15), now: .at(62)).begun
        _ = try await queues.store.finish(
            [
                AttemptOutcome(
                    claim: begun[0], verdict: .deferred(busy), nextAttemptAt: .at(92), domainNews: .defers(busy))
            ], now: .at(63))
        #expect(try await queues.store.nextAttempt(queues.route) == .at(63 + 120))
        // It is taken: the domain is open for all, the longest due first.
        let rest = try await queues.work(at: .at(183), batch: 50)
        #expect(rest.count == 40)
        #expect(try await queues.store.nextAttempt(queues.route) == nil)
        let left = try await queues.store.read { try $0.integer("/* test */ SELECT count(*) FROM domains") }
        #expect(left == 0, "nothing is remembered of a domain that answers")
    }

    @Test("a mail that went ahead and was given back, or lost with its process, lets another go")
    func givenBack() async throws {
        var queues = try await Queues()
        try await queues.add(Array(repeating: "slow.example", count: 9))
        _ = try await queues.work(at: .at(1), deferring: ["slow.example"])
        let ahead = try await queues.claim(at: .at(61))
        try await queues.store.release(ahead, now: .at(62))
        let again = try await queues.claim(at: .at(62))
        #expect(again.count == 1 && again[0].goesAhead)
        try await queues.store.recover(owner: "p2", now: .at(63))
        #expect(try await queues.claim(at: .at(63)).count == 1)
    }

    @Test("a dropped mail leaves its queue, and a retry by hand asks the domain at once")
    func byHand() async throws {
        var queues = try await Queues()
        try await queues.add(Array(repeating: "slow.example", count: 9))
        _ = try await queues.work(at: .at(1), deferring: ["slow.example"])
        #expect(try await queues.store.drop(effectID: queues.ids[8], now: .at(2)))
        #expect(try await queues.claim(at: .at(2)).isEmpty)
        #expect(try await queues.store.retry(effectID: queues.ids[7], now: .at(3)))
        #expect(try await queues.claim(at: .at(3)).filter(\.goesAhead).count == 1)
    }

    @Test("keeps a domain's limit, in the order of its mails, and a restart begins nothing anew")
    func domainLimit() async throws {
        var queues = try await Queues(.onDisk)
        queues.limits = SendLimits(domains: ["gmail.example": [SendLimit(3, .hour)]])
        try await queues.add(Array(repeating: "gmail.example", count: 8) + ["other.example"])
        #expect(try await queues.work(at: .at(1)).count == 4)
        try await queues.store.recover(owner: "p2", now: .at(2))
        #expect(try await queues.work(at: .at(1800)).isEmpty)
        let next = try #require(try await queues.store.nextAttempt(queues.route))
        #expect(next > .at(3600) && next <= .at(3600 + 300))
        // One that comes in later does not pass those that wait.
        try await queues.add(["gmail.example"], from: 20, at: 3000)
        #expect(try await queues.work(at: next).count == 3)
        let states = try await queues.ids.mapAsync { try await queues.store.effect($0)!.state }
        #expect(states.prefix(6).allSatisfy { $0 == .sent } && states[6] == .ready && states.last == .ready)
    }

    @Test("keeps the limits of the whole route; what was not taken does not count by the day, but by the second")
    func wholeLimit() async throws {
        var queues = try await Queues()
        queues.limits = SendLimits(whole: [SendLimit(4, .day)])
        try await queues.add((1...9).map { "d\($0).example" })
        var claims = try await queues.claim(at: .at(1))
        var attempts = try await queues.store.begin(claims, limits: queues.limits, lease: .minutes(15), now: .at(1))
        #expect(attempts.begun.count == 4 && attempts.limited.count == 5)
        #expect(try #require(attempts.limitedUntil) > .at(86_400))
        let state = try await queues.store.channelState(queues.route)
        #expect(state.limitedUntil == attempts.limitedUntil && state.limitedBy == "4 a day")
        try await queues.store.release(attempts.limited, now: .at(1))
        // Two are taken, one is put off, of one nobody knows.
        var doubtful = busy
        doubtful.inDoubt = true
        let verdicts: [Verdict] = [
            .accepted(receipt: ""), .deferred(busy), .deferred(doubtful), .accepted(receipt: ""),
        ]
        _ = try await queues.store.finish(
            zip(attempts.begun, verdicts).map {
                AttemptOutcome(claim: $0, verdict: $1, nextAttemptAt: .at(9_999_999))
            }, limits: queues.limits, now: .at(2))
        claims = try await queues.claim(at: .at(3))
        attempts = try await queues.store.begin(claims, limits: queues.limits, lease: .minutes(15), now: .at(3))
        #expect(attempts.begun.count == 1)
        try await queues.store.release(attempts.limited, now: .at(3))
        claims = try await queues.claim(at: .at(86_400 + 7_300))
        attempts = try await queues.store.begin(
            claims, limits: queues.limits, lease: .minutes(15), now: .at(86_400 + 7_300))
        #expect(attempts.begun.count == 4)
    }

    @Test("whatever the order of answers: nothing is lost, and no queue is left behind", arguments: 0..<20)
    func interleaved(_ seed: Int) async throws {
        var dice = Dice(seed: UInt64(seed) + 77)
        var queues = try await Queues()
        let domains = ["a.example", "b.example", "c.example"]
        queues.limits = SendLimits(domains: ["c.example": [SendLimit(2, .second), SendLimit(9, .hour)]])
        try await queues.add((0..<30).map { _ in domains.randomElement(using: &dice)! })
        var now = Moment.at(1)
        for step in 0..<60 {
            now = now + .seconds(Int.random(in: 0...120, using: &dice))
            let deferring = Set(domains.filter { _ in Bool.random(using: &dice) })
            let claims = try await queues.claim(Int.random(in: 1...8, using: &dice), at: now)
            let (held, tried) = (claims.prefix(claims.count / 4), claims.dropFirst(claims.count / 4))
            if Bool.random(using: &dice) { try await queues.store.release(Array(held), now: now) }
            let attempts = try await queues.store.begin(
                Array(tried), limits: queues.limits, lease: .minutes(1), now: now)
            let ended = attempts.begun.filter { _ in Int.random(in: 0..<5, using: &dice) > 0 }
            _ = try await queues.store.finish(
                ended.map { claim in
                    let domain = recipientDomain(of: claim.message.envelope.recipient)
                    return deferring.contains(domain)
                        ? AttemptOutcome(
                            claim: claim, verdict: .deferred(busy), nextAttemptAt: now + .seconds(20),
                            domainNews: .defers(busy))
                        : AttemptOutcome(claim: claim, verdict: .accepted(receipt: ""), domainNews: .answers)
                }, limits: queues.limits, now: now)
            if step % 20 == 19 { try await queues.store.recover(owner: "p\(step)", now: now) }
        }
        try await queues.store.recover(owner: "last", now: now)
        for _ in 0..<60 {
            now = now + .minutes(20)
            _ = try await queues.work(at: now)
        }
        for id in queues.ids { #expect(try await queues.store.effect(id)?.state == .sent) }
        let left = try await queues.store.read { try $0.integer("/* test */ SELECT count(*) FROM domains") }
        #expect(left == 0)
    }

    @Test("picking the next reads no more where thousands wait for a domain that is closed")
    func picking() async throws {
        var queues = try await Queues()
        try await queues.add(Array(repeating: "slow.example", count: 600) + ["quick.example"])
        // A few hundred are moved with each claim, and nobody waits for the rest of them.
        var tried: [String] = []
        for _ in 0..<3 { tried += try await queues.work(at: .at(1), deferring: ["slow.example"]) }
        #expect(tried.count <= 6 && tried.contains("quick.example"))
        let ready = try await queues.store.read {
            try $0.integer("/* test */ SELECT count(*) FROM effects WHERE state = 'ready' AND queue = ''")
        }
        #expect(try #require(ready) <= 5, "only those that were under way stand in the route's own queue")
    }
}

@Suite("The token of a return path")
struct ReturnTokenTests {
    @Test("finds its effect, in this store alone")
    func token() async throws {
        let store = try await StoreKind.inMemory.make()
        let other = try await StoreKind.inMemory.make()
        var tokens: Set<String> = []
        for number in 1...20 {
            let effect = try await store.ready(try await store.placed(number), key: "\(number)")
            _ = try await other.ready(try await other.placed(number), key: "\(number)")
            let claim = try await store.claim(
                .mail(shop: shop), limit: 1, owner: "p1", lease: .minutes(1), now: .at(number))[0]
            #expect(claim.effect.id == effect.id)
            let token = claim.returnToken
            #expect(token.utf8.count == ReturnPath.tokenLength && tokens.insert(token).inserted)
            #expect(try await store.effect(ofReturnToken: token)?.id == effect.id)
            #expect(try await other.effect(ofReturnToken: token) == nil)
            // No letter may be another one.
            for index in token.indices where number == 1 {
                var bytes = Array(token.utf8)
                let place = token.utf8.distance(from: token.startIndex, to: index)
                bytes[place] = bytes[place] == UInt8(ascii: "a") ? UInt8(ascii: "b") : UInt8(ascii: "a")
                #expect(try await store.effect(ofReturnToken: String(decoding: bytes, as: UTF8.self)) == nil)
            }
        }
        for text in ["", "a", String(repeating: "a", count: 32), String(repeating: "1", count: 32)] {
            #expect(try await store.effect(ofReturnToken: text) == nil)
        }
    }
}

extension Array {
    fileprivate func mapAsync<T>(_ body: (Element) async throws -> T) async rethrows -> [T] {
        var values: [T] = []
        for element in self { values.append(try await body(element)) }
        return values
    }
}

import Outreach
import Testing

@testable import Store

@Suite("The outbox")
struct OutboxTests {
    private let route = Route.mail(shop: shop)

    private func claim(_ store: Store, owner: String = "p1", limit: Int = 9, at now: Moment = t0) async throws
        -> [Claim]
    {
        try await store.claim(route, limit: limit, owner: owner, lease: .minutes(5), now: now)
    }

    private func failure(_ reason: String = "busy", inDoubt: Bool = false) -> Failure {
        Failure(
            reason: reason, code: 451, enhancedCode: "4.3.0", detail: "The relay is busy; it is tried again.",
            inDoubt: inDoubt)
    }

    @Test("claim, begin, finish", arguments: StoreKind.allCases)
    func accepted(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        let effect = try await store.ready(try await store.placed(1))
        let claims = try await claim(store)
        #expect(claims.map(\.effect) == [effect])
        #expect(claims[0].message == mail("thanks-email-\(facts(1).id)-order@juniperfig.example"))
        let begun = try await store.begin(claims, lease: .minutes(5), now: .at(1)).begun
        #expect(begun.map(\.effect.attempts) == [1])
        let done = try await store.finish(
            [AttemptOutcome(claim: begun[0], verdict: .accepted(receipt: "250 queued"))], now: .at(2))
        #expect(done == [FinishedAttempt(effectID: effect.id, state: .sent, late: false)])
        let story = try #require(await store.effectStory(effect.id)).story
        #expect(story.decisions.map(\.state) == [.ready, .sent])
        #expect(story.attempts.map(\.verdict) == ["accepted"])
        #expect(story.attempts.map(\.receipt) == ["250 queued"])
        #expect(try await claim(store, at: .at(9999)).isEmpty)
        #expect(try await store.nextAttempt(route) == nil)
        #expect(
            try await store.finish([AttemptOutcome(claim: begun[0], verdict: .refused(failure()))], now: .at(3)).isEmpty
        )
    }

    @Test("one turn writes verdicts, the channel, and what begins", arguments: StoreKind.allCases)
    func turn(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        for number in 1...3 { try await store.ready(try await store.placed(number), key: "\(number)") }
        let claims = try await claim(store)
        let begun = try await store.begin([claims[0]], lease: .minutes(5), now: .at(1)).begun
        let closed = ChannelState(closedUntil: .at(60), reason: "connect", detail: "It is away.", failures: 1)
        let turned = try await store.turn(
            ended: [AttemptOutcome(claim: begun[0], verdict: .accepted(receipt: "250"))], beginning: [claims[1]],
            channel: (route, closed), lease: .minutes(5), now: .at(2))
        #expect(turned.finished.map(\.state) == [.sent])
        #expect(turned.attempts.begun.map(\.effect.id) == [claims[1].effect.id])
        #expect(turned.attempts.begun == [try #require(await store.begunClaim(turned.attempts.begun[0]))])
        #expect(try await store.channelState(route) == closed)
        // Begun once: the same claim begins no second attempt.
        let again = try await store.turn(ended: [], beginning: [claims[1]], lease: .minutes(5), now: .at(3))
        #expect(again.attempts.begun.isEmpty)
        #expect(try await store.recover(owner: "p2", now: .at(4)) == [.email: 1], "only what has begun is in doubt")
    }

    @Test(
        "what a receiver lost is handed over again under its id, and asked for by a person",
        arguments: StoreKind.allCases)
    func again(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        let way = Route.webhook("helpdesk", shop: shop)
        var sent: [Int64] = []
        for number in 1...5 {
            let effect = try await store.ready(
                try await store.placed(number), line: "webhook:helpdesk", key: "\(number)", at: .at(number))
            let claims = try await store.claim(way, limit: 1, owner: "p1", lease: .minutes(5), now: .at(number))
            let begun = try await store.begin(claims, lease: .minutes(5), now: .at(number)).begun
            _ = try await store.finish(
                begun.map { AttemptOutcome(claim: $0, verdict: .accepted(receipt: "HTTP 204")) }, now: .at(number))
            sent.append(effect.id)
        }
        let before = try #require(await store.effectStory(sent[2])).message
        #expect(try await store.sentCount(way, since: .at(2), until: .at(4)) == 3)
        #expect(try await store.sentCount(.webhook("other", shop: shop), since: .at(0), until: .at(9)) == 0)
        var count = 0
        for _ in 0..<3 { count += try await store.sendAgain(way, since: .at(2), until: .at(4), limit: 2, now: .at(10)) }
        #expect(count == 3)
        let claims = try await store.claim(way, limit: 9, owner: "p1", lease: .minutes(5), now: .at(11))
        #expect(claims.map(\.effect.id) == Array(sent[1...3]) && claims.allSatisfy { $0.effect.origin == .person })
        #expect(claims[1].message == before)
        let begun = try await store.begin(claims, lease: .minutes(5), now: .at(11)).begun
        _ = try await store.finish(
            begun.map { AttemptOutcome(claim: $0, verdict: .accepted(receipt: "HTTP 204")) }, now: .at(12))
        #expect(try await store.sendAgain(way, since: .at(2), until: .at(4), now: .at(13)) == 0)
        #expect(try await store.status(now: .at(14)).shops[0].effects == [.sent: 5])
    }

    @Test("a closed channel is opened by hand, an open one is not")
    func opened() async throws {
        let store = try await StoreKind.inMemory.make()
        #expect(try await !store.openChannel(route, now: t0))
        try await store.setChannel(
            route, ChannelState(closedUntil: .distantFuture, reason: "disabled", failures: 1), now: t0)
        #expect(try await store.openChannel(route, now: .at(1)))
        #expect(try await store.channelState(route).closedUntil == nil)
        #expect(try await !store.openChannel(route, now: .at(2)))
    }

    @Test("what is leased is nobody else's", arguments: StoreKind.allCases)
    func leased(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        for number in 1...3 { try await store.ready(try await store.placed(number), key: "\(number)") }
        let first = try await claim(store, limit: 2)
        let second = try await claim(store, owner: "p2")
        #expect(first.count == 2 && second.count == 1)
        #expect(Set((first + second).map(\.effect.id)).count == 3)
        #expect(try await store.nextAttempt(route) == t0 + .minutes(5))
        try await store.release(first, now: .at(1))
        #expect(try await store.nextAttempt(route) == t0)
        #expect(try await claim(store, at: .at(1)).count == 2)
    }

    @Test("routes out do not take each other's work", arguments: StoreKind.allCases)
    func routes(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        let event = try await store.placed(1)
        try await store.ready(event, line: "webhook:helpdesk")
        try await store.ready(event, line: "webhook:chat")
        #expect(try await claim(store).isEmpty)
        let hooks = try await store.claim(
            .webhook("chat", shop: shop), limit: 9, owner: "p", lease: .minutes(5), now: t0)
        #expect(hooks.map(\.effect.line) == ["webhook:chat"])
        #expect(try await store.waysWithWork() == [.webhook("chat", shop: shop), .webhook("helpdesk", shop: shop)])
        #expect(try await store.nextAttempt(route) == nil)
    }

    @Test(
        "what is not taken comes back when it said",
        arguments: StoreKind.allCases, [(true, Reason.deferred), (false, Reason.unavailable)])
    func notTaken(_ kind: StoreKind, _ kindOfVerdict: (deferred: Bool, reason: Reason)) async throws {
        let store = try await kind.make()
        try await store.ready(try await store.placed(1))
        let begun = try await store.begin(claim(store), lease: .minutes(5), now: t0).begun
        let verdict: Verdict = kindOfVerdict.deferred ? .deferred(failure()) : .unavailable(failure("auth"))
        let done = try await store.finish(
            [AttemptOutcome(claim: begun[0], verdict: verdict, nextAttemptAt: .at(60))], now: .at(1))
        #expect(done.map(\.state) == [.ready])
        #expect(try await claim(store, at: .at(59)).isEmpty)
        #expect(try await store.nextAttempt(route) == .at(60))
        let again = try await claim(store, at: .at(60))
        #expect(again.map(\.effect.reason) == [kindOfVerdict.reason])
        #expect(again.map(\.message) == begun.map(\.message))
        #expect(again.map(\.effect.attempts) == [1])
    }

    @Test("what is refused is over", arguments: StoreKind.allCases)
    func refused(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        let effect = try await store.ready(try await store.placed(1))
        let begun = try await store.begin(claim(store), lease: .minutes(5), now: t0).begun
        _ = try await store.finish(
            [AttemptOutcome(claim: begun[0], verdict: .refused(failure("mailbox")))], now: .at(1))
        #expect(try await store.effect(effect.id)?.state == .refused)
        #expect(try await claim(store, at: .at(9999)).isEmpty)
        #expect(try await store.retry(effectID: effect.id, now: .at(99)))
        #expect(try await claim(store, at: .at(99)).map(\.effect.id) == [effect.id])
    }

    @Test("leases of an earlier process are in doubt at once, whatever the clock says", arguments: StoreKind.allCases)
    func recover(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        for number in 1...2 { try await store.ready(try await store.placed(number), key: "\(number)") }
        let claims = try await claim(store)
        let begun = try await store.begin([claims[0]], lease: .minutes(5), now: t0).begun
        // The clock was set back, and the new process does not mind.
        #expect(try await store.recover(owner: "p2", now: t0 - .days(1)) == [.email: 1])
        #expect(try await store.recover(owner: "p2", now: t0).isEmpty)
        let again = try await claim(store, owner: "p2")
        #expect(again.map(\.effect.attemptsInDoubt) == [1, 0])
        #expect(again[0].message == begun[0].message)
        #expect(try await store.counters().first { $0.name == "in_doubt" }?.total == 1)
        // The old process was alive after all: its word is kept, and moves nothing.
        let late = try await store.finish(
            [AttemptOutcome(claim: begun[0], verdict: .accepted(receipt: "late"))], now: .at(9))
        #expect(late == [FinishedAttempt(effectID: begun[0].effect.id, state: .ready, late: true)])
        let story = try #require(await store.effectStory(begun[0].effect.id)).story
        #expect(story.attempts.map(\.late) == [true])
        #expect(story.attempts.map(\.inDoubt) == [true])
        #expect(try await store.begin([claims[1]], lease: .minutes(5), now: .at(9)).begun.isEmpty)
        #expect(try await store.begin(again, lease: .minutes(5), now: .at(9)).begun.map(\.effect.attempts) == [2, 1])
    }

    @Test("a process does not take its own leases back", arguments: StoreKind.allCases)
    func ownLease(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        try await store.ready(try await store.placed(1))
        let claims = try await claim(store)
        #expect(try await store.recover(owner: "p1", now: .at(1)).isEmpty)
        #expect(try await store.begin(claims, lease: .minutes(5), now: .at(1)).begun.count == 1)
    }

    @Test("a lease that ran out passes on, and its attempt is in doubt", arguments: StoreKind.allCases)
    func expired(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        let effect = try await store.ready(try await store.placed(1))
        let begun = try await store.begin(claim(store), lease: .minutes(5), now: t0).begun
        #expect(try await claim(store, at: t0 + .minutes(5) - .milliseconds(1)).isEmpty)
        let again = try await claim(store, owner: "p1", at: t0 + .minutes(5))
        #expect(again.map(\.effect.attemptsInDoubt) == [1])
        #expect(again[0].token != begun[0].token)
        #expect(try await store.effect(effect.id)?.state == .ready)
    }

    @Test("a word that comes late counts until somebody else has claimed", arguments: StoreKind.allCases)
    func lateButFirst(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        try await store.ready(try await store.placed(1))
        let begun = try await store.begin(claim(store), lease: .minutes(5), now: t0).begun
        let done = try await store.finish(
            [AttemptOutcome(claim: begun[0], verdict: .accepted(receipt: "ok"))], now: t0 + .minutes(60))
        #expect(done.map(\.state) == [.sent])
    }

    @Test("an attempt of which the far end's word was lost is counted as in doubt", arguments: StoreKind.allCases)
    func doubtfulVerdict(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        try await store.ready(try await store.placed(1))
        let begun = try await store.begin(claim(store), lease: .minutes(5), now: t0).begun
        _ = try await store.finish(
            [
                AttemptOutcome(
                    claim: begun[0], verdict: .deferred(failure("timeout", inDoubt: true)), nextAttemptAt: .at(5))
            ],
            now: .at(1))
        #expect(try await claim(store, at: .at(5)).map(\.effect.attemptsInDoubt) == [1])
        #expect(try await store.status(now: .at(5)).shops[0].inDoubt == 1)
    }

    @Test("before the first attempt the message may be made anew, afterwards never", arguments: StoreKind.allCases)
    func rendered(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        let effect = try await store.ready(try await store.placed(1), message: mail("m", body: "old"))
        let new = mail("m", body: "new")
        let foreign = mail("other", body: "other")
        let first = try await store.begin(claim(store), rendered: [effect.id: new], lease: .minutes(5), now: t0).begun
        #expect(first.map(\.message) == [new])
        _ = try await store.finish(
            [AttemptOutcome(claim: first[0], verdict: .deferred(failure()), nextAttemptAt: t0)], now: t0)
        let second = try await claim(store)
        #expect(second.map(\.message) == [new])
        for message in [mail("m", body: "newer"), foreign] {
            #expect(
                try await store.begin(second, rendered: [effect.id: message], lease: .minutes(5), now: t0).begun
                    .allSatisfy { $0.message == new })
        }
        #expect(try await store.effectStory(effect.id)?.message == new)
    }

    @Test("a mail whose order has another address goes there, attempted before or not", arguments: StoreKind.allCases)
    func moved(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        let effect = try await store.ready(try await store.placed(1), message: mail("m", to: "ada@gmial.example"))
        let first = try await store.begin(claim(store), lease: .minutes(5), now: t0).begun
        _ = try await store.finish(
            [AttemptOutcome(claim: first[0], verdict: .deferred(failure()), nextAttemptAt: t0)], now: t0)
        let new = mail("m", to: "ada@gmail.example", body: "anew")
        let second = try await store.turn(
            ended: [], beginning: try await claim(store), rendered: [effect.id: new], lease: .minutes(5), now: .at(1))
        #expect(second.attempts.begun.map(\.message) == [new])
        #expect(try await store.effectStory(effect.id)?.message == new)
        let notes = try #require(await store.effectStory(effect.id)).story.decisions
        #expect(notes.last?.detail?.contains("address changed") == true)
    }

    @Test(
        "a mailbox that does not exist is silenced with the verdict, until a retry by hand",
        arguments: StoreKind.allCases)
    func bounced(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        let effect = try await store.ready(try await store.placed(1), to: "ada@gmial.example")
        let begun = try await store.begin(claim(store), lease: .minutes(5), now: t0).begun
        var gone = Failure(reason: "mailbox", code: 550, enhancedCode: "5.1.1", detail: "the mailbox does not exist")
        gone.isNoMailbox = true
        _ = try await store.finish([AttemptOutcome(claim: begun[0], verdict: .refused(gone))], now: .at(1))
        let silences = try await store.silences(of: .address("Ada@gmial.example"), shop: shop, now: .at(2))
        #expect(silences.map(\.reason) == ["bounce"] && silences.map(\.stream) == [.all])
        #expect(silences.map(\.endsAt) == [nil])
        #expect(silences.first?.note?.contains("550 5.1.1, message \(effect.id)") == true)
        #expect(
            try await store.isSilenced(
                shop: shop, address: "ada@gmial.example", customerID: nil, orderID: "x", stream: .order, now: .at(2)
            ))
        #expect(try await store.retry(effectID: effect.id, now: .at(3)))
        #expect(try await store.silences(of: .address("ada@gmial.example"), shop: shop, now: .at(4)).isEmpty)
    }

    @Test("another refusal silences nobody", arguments: StoreKind.allCases)
    func refusedAndNotSilenced(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        try await store.ready(try await store.placed(1))
        let begun = try await store.begin(claim(store), lease: .minutes(5), now: t0).begun
        _ = try await store.finish(
            [AttemptOutcome(claim: begun[0], verdict: .refused(failure("mailbox")))], now: .at(1))
        #expect(try await store.silences(shop: shop, limit: 9, now: .at(2)).isEmpty)
    }

    @Test(
        "when a channel opens, what its closing put off is due at once; what waits by itself is not",
        arguments: StoreKind.allCases)
    func opened(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        for number in 1...4 { try await store.ready(try await store.placed(number), key: "\(number)") }
        let begun = try await store.begin(claim(store), lease: .minutes(5), now: t0).begun
        let away = Verdict.unavailable(failure("connect"))
        let closed = ChannelState(closedUntil: .at(900), reason: "connect", detail: "It is away.", failures: 7)
        _ = try await store.turn(
            ended: [
                AttemptOutcome(claim: begun[0], verdict: away, nextAttemptAt: .at(900)),
                AttemptOutcome(claim: begun[1], verdict: away, nextAttemptAt: .at(800), waitsByItself: true),
                AttemptOutcome(claim: begun[2], verdict: .deferred(failure()), nextAttemptAt: .at(700)),
            ], beginning: [], channel: (route, closed), lease: .minutes(5), now: .at(1))
        _ = try await store.turn(
            ended: [AttemptOutcome(claim: begun[3], verdict: .accepted(receipt: "250"))], beginning: [],
            channel: (route, ChannelState(openings: 1)), lease: .minutes(5), now: .at(2))
        #expect(try await claim(store, at: .at(2)).map(\.effect.id) == [begun[0].effect.id])
        #expect(try await store.effect(begun[1].effect.id)?.dueAt == .at(800))
        #expect(try await store.effect(begun[2].effect.id)?.dueAt == .at(700))
        // It was open before: nothing more is brought forward.
        _ = try await store.turn(
            ended: [], beginning: [], channel: (route, ChannelState(openings: 2)), lease: .minutes(5), now: .at(3))
        #expect(try await store.effect(begun[1].effect.id)?.dueAt == .at(800))
    }

    @Test("a claim begins one attempt only", arguments: StoreKind.allCases)
    func onceBegun(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        try await store.ready(try await store.placed(1))
        let claims = try await claim(store)
        #expect(try await store.begin(claims, lease: .minutes(5), now: t0).begun.count == 1)
        #expect(try await store.begin(claims, lease: .minutes(5), now: t0).begun.isEmpty)
    }

    @Test("what is no longer true is withdrawn, unless its attempt has begun", arguments: StoreKind.allCases)
    func withdrawn(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        for number in 1...2 { try await store.ready(try await store.placed(number), key: "\(number)") }
        let claims = try await claim(store)
        _ = try await store.begin([claims[1]], lease: .minutes(5), now: t0).begun
        let withdrawn = try await store.withdraw(
            claims.map { Withdrawal(claim: $0, reason: .passed, detail: "It was delivered.") }, now: .at(1))
        #expect(withdrawn == [claims[0].effect.id])
        let effect = try #require(await store.effect(claims[0].effect.id))
        #expect(effect.state == .withdrawn && effect.reason == .passed)
        #expect(try await store.begin([claims[0]], lease: .minutes(5), now: .at(1)).begun.isEmpty)
        #expect(try await store.status(now: .at(1)).shops[0].effects == [.withdrawn: 1, .ready: 1])
    }

    @Test("a stopped attempt is given back without doubt", arguments: StoreKind.allCases)
    func stopped(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        let effect = try await store.ready(try await store.placed(1))
        let begun = try await store.begin(claim(store), lease: .minutes(5), now: t0).begun
        try await store.release(begun, dueAt: .at(30), reason: .unavailable, now: .at(1))
        let stored = try #require(await store.effect(effect.id))
        #expect(stored.attempts == 1 && stored.attemptsInDoubt == 0 && stored.dueAt == .at(30))
        #expect(try await store.recover(owner: "p2", now: .at(2)).isEmpty)
        #expect(try await claim(store, at: .at(29)).isEmpty)
    }

    @Test("dropped by hand: what waits or is ready, unless it is under way", arguments: StoreKind.allCases)
    func dropped(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        for number in 1...2 { try await store.ready(try await store.placed(number), key: "\(number)") }
        let claims = try await claim(store)
        _ = try await store.begin([claims[0]], lease: .minutes(5), now: t0).begun
        #expect(try await !store.drop(effectID: claims[0].effect.id, now: .at(1)))
        #expect(try await store.drop(effectID: claims[1].effect.id, now: .at(1)))
        #expect(try await !store.drop(effectID: claims[1].effect.id, now: .at(1)))
        #expect(try await !store.retry(effectID: claims[1].effect.id, now: .at(1)))
        #expect(try await store.begin([claims[1]], lease: .minutes(5), now: .at(1)).begun.isEmpty)
        #expect(try await store.effect(claims[1].effect.id)?.reason == .dropped)
    }
}

extension Store {
    /// That claim with its effect as it stands.
    fileprivate func begunClaim(_ claim: Claim) async throws -> Claim? {
        var claim = claim
        guard let effect = try await effect(claim.effect.id) else { return nil }
        claim.effect = effect
        return claim
    }
}

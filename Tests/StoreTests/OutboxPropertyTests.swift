import Outreach
import Testing

@testable import Store

/// Processes that claim, begin, send, die, report late and start again, in an order that the seed throws. Whatever they
/// do, nothing is lost and nothing goes out twice without being counted as in doubt.
@Suite("The outbox under any interleaving")
struct OutboxPropertyTests {
    /// What the far end saw of one effect.
    private struct Seen {
        var bytes: Set<Message> = []
        var taken = 0
    }

    @Test("nothing is lost, and a repeat was in doubt", arguments: 0..<40)
    func interleaved(_ seed: Int) async throws {
        var dice = Dice(seed: UInt64(seed) + 1)
        let store = try await StoreKind.inMemory.make()
        var now = t0
        let count = 8
        var ids: [Int64] = []
        for number in 1...count {
            ids.append(try await store.ready(try await store.placed(number), key: "\(number)").id)
        }
        let route = Route.mail(shop: shop)
        var seen: [Int64: Seen] = [:]
        var process = 1
        var claimed: [Claim] = []
        var begun: [Claim] = []
        var acted: [AttemptOutcome] = []
        for _ in 0..<200 {
            now = now + .seconds(Int.random(in: 0...40, using: &dice))
            switch Int.random(in: 0..<12, using: &dice) {
            case 0, 1, 2:
                claimed += try await store.claim(
                    route, limit: Int.random(in: 1...3, using: &dice), owner: "p\(process)", lease: .minutes(1),
                    now: now)
            case 3, 4, 5:
                guard let index = claimed.indices.randomElement(using: &dice) else { continue }
                begun += try await store.begin([claimed.remove(at: index)], lease: .minutes(1), now: now).begun
            case 6, 7, 8:
                // The far end sees the bytes; its word may be lost.
                guard let index = begun.indices.randomElement(using: &dice) else { continue }
                let claim = begun.remove(at: index)
                let verdicts: [Verdict] = [
                    .accepted(receipt: "ok"), .accepted(receipt: "ok"),
                    .deferred(Failure(reason: "busy", detail: "Busy.")),
                    .unavailable(Failure(reason: "auth", detail: "Not let in.")),
                    .refused(Failure(reason: "mailbox", detail: "No such mailbox.")),
                ]
                let verdict = verdicts.randomElement(using: &dice)!
                seen[claim.effect.id, default: Seen()].bytes.insert(claim.message)
                if verdict.failure == nil { seen[claim.effect.id]!.taken += 1 }
                acted.append(AttemptOutcome(claim: claim, verdict: verdict, nextAttemptAt: now + .seconds(20)))
            case 9, 10:
                guard let index = acted.indices.randomElement(using: &dice) else { continue }
                _ = try await store.finish([acted.remove(at: index)], now: now)
            default:
                // The process dies; its successor starts. Words under way may still arrive, as from a process that was
                // only thought dead.
                if Bool.random(using: &dice) { acted = [] }
                begun = []
                if Bool.random(using: &dice) { claimed = [] }
                process += 1
                try await store.recover(owner: "p\(process)", now: now)
            }
        }
        // All of them end when the world grows kind.
        try await store.recover(owner: "last", now: now)
        for _ in 0..<30 {
            now = now + .minutes(2)
            let claims = try await store.claim(route, limit: 99, owner: "last", lease: .minutes(1), now: now)
            let starting = try await store.begin(claims, lease: .minutes(1), now: now).begun
            for claim in starting {
                seen[claim.effect.id, default: Seen()].bytes.insert(claim.message)
                seen[claim.effect.id]!.taken += 1
            }
            _ = try await store.finish(
                starting.map { AttemptOutcome(claim: $0, verdict: .accepted(receipt: "ok")) }, now: now)
        }
        for id in ids {
            let story = try #require(await store.effectStory(id)).story
            let effect = story.line.effect
            let far = seen[id] ?? Seen()
            #expect(effect.state == .sent || effect.state == .refused)
            #expect(far.bytes.count <= 1, "the same bytes, whatever happened")
            if effect.state == .sent { #expect(far.taken >= 1) }
            #expect(far.taken <= 1 + effect.attemptsInDoubt, "a repeat without a doubt on record")
            #expect(effect.attempts == story.attempts.count)
            #expect(effect.attemptsInDoubt == story.attempts.filter(\.inDoubt).count)
            #expect(story.attempts.allSatisfy { $0.verdict != nil || $0.inDoubt })
            #expect(story.decisions.filter { $0.state == .sent }.count <= 1)
        }
        let states = try await store.status(now: now).shops[0].effects
        #expect(states.values.reduce(0, +) == count)
    }
}

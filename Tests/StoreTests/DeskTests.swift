import Foundation
import GRDB
import Outreach
import Testing

@testable import Store

@Suite("What the desk keeps and asks")
struct DeskTests {
    private func digest(_ byte: UInt8) -> [UInt8] { Array(repeating: byte, count: 32) }

    private func mailed(_ link: UInt8, person: String = "ada@juniperfig.example") -> DeskLogin {
        DeskLogin(
            person: person, linkDigest: digest(link),
            mailed: DeskLogin.Mailed(
                codeDigest: digest(link + 100), browserDigest: digest(200),
                mail: SystemMail(
                    maker: "desk_login", key: "k\(link)", message: mail("login-\(link)@juniperfig.example", to: person),
                    aggregate: nil, dueAt: t0), shop: shop),
            endsAt: t0 + .minutes(15))
    }

    @Test("that an answer to another question does not fit a message is no news, and is counted nowhere")
    func unmeant() async throws {
        let store = try await StoreKind.inMemory.make()
        func skip(_ order: Int, line: String, reason: Reason) async throws {
            var effect = Effect(
                to: .mail(shop: shop), isContact: true, trigger: "answers/where", line: line, keys: ["\(order)"],
                event: try await store.placed(order), dueAt: t0, createdAt: t0, reason: reason)
            effect.state = .skipped
            effect.decidedAt = t0
            _ = try await store.commitPlan(
                [
                    Plan(
                        shop: shop,
                        changes: [
                            PlannedChange(
                                effect: effect, note: DecisionNote(at: t0, state: .skipped, reason: reason),
                                message: nil)
                        ])
                ], now: t0)
        }
        try await skip(1, line: "answer", reason: .if)
        try await skip(2, line: "answer", reason: .isFollowUp)
        try await skip(3, line: "email", reason: .if)
        let feed = try await store.feed(
            shop: shop, states: [.skipped], limit: 9)
        #expect(Set(feed.compactMap(\.reason)) == Set<Reason>([.isFollowUp, .if]) && feed.count == 2)
        let day = CalendarDay(iso8601: "2026-11-21")!
        let counted = try await store.tallies(shop: shop, from: day, to: day)
        #expect(counted.reduce(0) { $0 + $1.count } == 2)
    }

    @Test("a login's mail, its session and its audit are written together", arguments: StoreKind.allCases)
    func login(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        try await store.openLogin(nil, now: t0)
        try await store.openLogin(mailed(1), now: t0)
        #expect(try await store.claim(.mail(shop: shop), limit: 9, owner: "a", lease: .seconds(9), now: t0).count == 1)
        let key = DeskKey.link(digest(1), browser: digest(200))
        #expect(
            try await store.enter(.link(digest(1), browser: nil), tokenDigest: digest(50), now: t0) == .otherBrowser)
        #expect(
            try await store.enter(key, tokenDigest: digest(50), now: t0) == .entered(person: "ada@juniperfig.example"))
        #expect(try await store.enter(key, tokenDigest: digest(51), now: t0) == .refused)
        let session = try #require(try await store.session(tokenDigest: digest(50), now: t0))
        #expect(session.person == "ada@juniperfig.example")
        #expect(try await store.auditLines(limit: 5).map(\.entry.what) == ["signed_in"])
        // Seen later, so that it lasts.
        #expect(try await store.session(tokenDigest: digest(50), now: t0 + .days(6)) != nil)
        #expect(try await store.session(tokenDigest: digest(50), now: t0 + .days(12)) != nil)
        #expect(try await store.sessions(now: t0 + .days(12)).count == 1)
        let end = AuditEntry(who: "x", what: "ended_session")
        #expect(try await store.endSession(session.id, audit: end, now: t0 + .days(12)))
        #expect(try await !store.endSession(session.id, audit: end, now: t0 + .days(12)))
        try await store.openLogin(mailed(2), now: t0)
        #expect(
            try await store.enter(.code(digest(9), browser: digest(200)), tokenDigest: digest(60), now: t0) == .refused)
        #expect(
            try await store.enter(.code(digest(102), browser: digest(200)), tokenDigest: digest(60), now: t0)
                == .entered(person: "ada@juniperfig.example"))
        #expect(try await store.endSessions(exceptOf: [], now: t0) == ["ada@juniperfig.example"])
        #expect(try await store.sessions(now: t0).isEmpty)
    }

    @Test("the audit is only ever added to: no statement of the program changes it")
    func appendOnly() throws {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Sources/Store")
        let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
        var looked = 0
        while let file = files?.nextObject() as? URL {
            guard file.pathExtension == "swift" else { continue }
            looked += 1
            let text = try String(contentsOf: file, encoding: .utf8)
            #expect(!text.contains("DELETE FROM audit") && !text.contains("UPDATE audit"), "\(file.lastPathComponent)")
        }
        #expect(looked > 20)
    }

    @Test("a limit counts what was allowed, for its window")
    func limits() async throws {
        let store = try await StoreKind.inMemory.make()
        let limit = RateLimit("tries", times: 2, per: .hours(1))
        for expected in [true, true, false, false] {
            #expect(try await store.spend(limit, subject: "a", now: t0) == expected)
        }
        #expect(try await store.spend(limit, subject: "b", now: t0))
        #expect(try await store.spend(limit, subject: "a", now: t0 + .hours(1)))
    }

    @Test("decisions are tallied on the shop's own day, in the step that decides; notices are not")
    func tallies() async throws {
        let store = try await StoreKind.inMemory.make()
        var profile = ShopProfile(domain: shop)
        profile.timeZone = "Pacific/Auckland"
        try await store.remember(profile, as: .profile, shop: shop, now: t0)
        let event = try await store.placed(1001)
        try await store.ready(event)
        let claims = try await store.claim(.mail(shop: shop), limit: 1, owner: "a", lease: .seconds(60), now: t0)
        let begun = try await store.begin(claims, lease: .seconds(60), now: t0).begun
        _ = try await store.finish(
            begun.map { AttemptOutcome(claim: $0, verdict: .accepted(receipt: "ok")) }, now: t0 + .hours(2))
        let day = try #require(Zone(named: "Pacific/Auckland")).day(at: t0)
        let sent = try await store.tallies(shop: shop, from: day, to: day.adding(days: 1)).filter { $0.state == .sent }
        #expect(sent.count == 1)
        #expect(sent[0].day == day.adding(days: 1), "it is past midnight there")
        #expect(sent[0].count == 1 && sent[0].milliseconds == 7_200_000 && sent[0].reason == .accepted)
        #expect(try await store.effectCounts(shop: shop) == [.sent: 1, .ready: 0])
        try await store.put(
            SystemMail(maker: "new_link", key: "x", message: mail("x@juniperfig.example"), aggregate: nil, dueAt: t0),
            shop: shop, now: t0)
        #expect(
            try await store.tallies(shop: shop, from: day, to: day.adding(days: 1)).allSatisfy {
                $0.trigger == "thanks"
            })
        #expect(
            try await store.feed(shop: shop, states: [.ready, .sent], limit: 9).map(\.trigger) == ["thanks"])
        #expect(
            try await store.feed(shop: shop, states: [.sent], trigger: "thanks", limit: 9).map(\.customer) == ["Robin"])
        #expect(try await store.waitingFeed(shop: shop, limit: 9).isEmpty)
        #expect(try await store.orders(ofParcel: "nosuch", shop: shop).isEmpty)
    }

    @Test("each purpose has a key of its own, and an address one hash")
    func keys() async throws {
        let store = try await StoreKind.inMemory.make()
        let keys = store.linkKeys(for: "a")
        #expect(keys.count == 1 && keys[0].count == 32 && keys != store.linkKeys(for: "b"))
        #expect(store.addressKey("Robin@example.com") == store.addressKey("robin@example.com "))
    }

    @Test("a held edit is confirmed with its audit")
    func confirm() async throws {
        let store = try await StoreKind.inMemory.make()
        try await store.confirmReload(
            code: "abcd", shop: shop, audit: AuditEntry(who: "ada@juniperfig.example", shop: shop, what: "confirmed"),
            now: t0)
        #expect(try await store.remembered(.confirmedReload, shop: shop) == "abcd")
        try await store.audit(AuditEntry(who: "x", what: "y", about: "z", detail: "w"), now: t0)
        #expect(try await store.auditLines(before: 2, limit: 5).map(\.entry.what) == ["confirmed"])
    }

    @Test("no page's query walks through a table, whatever the list is narrowed to")
    func plans() async throws {
        let store = try await StoreKind.inMemory.make()
        let all = Effect.State.allCases.filter { $0 != .waiting }
        let queries = [
            Query.feed(states: all, ofTrigger: false), Query.feed(states: all, ofTrigger: true),
            Query.feed(states: [.refused], ofTrigger: false), Query.waitingFeed, Query.tallies, Query.effectCounts,
            Query.feed(states: all, ofTrigger: true, since: true), Query.heldFeed, Query.journeyFeed, Query.eventFeed,
            Query.tallySums, Query.daySums, Query.journeysOfOrder, Query.keysOfOrder, Query.customersByAddress,
            Query.customersByID, Query.silencesOfScopes, Query.incomingFromAddresses, Query.effectsAbout,
            Query.inboxUnclaimed, Query.inboxHeld, Query.inboxInState, Query.inboxAll, Query.inboxDrafts,
            Query.conversationsOfOrder, Query.conversationsOfAddress, Query.countUnclaimed, Query.countHeld,
            Query.countInState, Query.countDrafts, Query.messagesOfConversation,
            Query.ordersOfNumber, Query.session, Query.loginByLink, Query.loginsOfBrowser, Query.audit,
            Query.rating, Query.ratingsOfAggregate, Query.ratingFeed, Query.askedAddress, Query.askedCustomer,
            Query.scoreOfAddress, Query.scoreOfCustomer, Query.trialsOfAddress, Query.trialsOfAggregate,
            Query.trialsOfCustomer, Query.trialSums,
        ]
        for sql in queries {
            let plan = try await store.read { db in
                try GRDB.Row.fetchAll(
                    db.database, sql: "EXPLAIN QUERY PLAN " + sql,
                    arguments: StatementArguments(Array(repeating: 0, count: sql.filter { $0 == "?" }.count))
                ).map { $0["detail"] as String }
            }
            for step in plan where step.hasPrefix("SCAN") {
                #expect(step.hasPrefix("SCAN part") || step == "SCAN picked", "\(plan)")
            }
            #expect(!plan.contains { $0.hasPrefix("SEARCH effects") && $0.hasSuffix("(shop=?)") }, "\(plan)")
        }
    }
}

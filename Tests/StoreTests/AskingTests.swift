import Foundation
import GRDB
import Outreach
import Testing

@testable import Store

/// Something learned of an order, with what is to be asked about its parcels.
private func asking(_ order: Int, _ asks: [Ask], version: Int64 = 0) -> Learned {
    var record = record(order)
    record.version = version
    return Learned(
        record: record, events: [], nextMoment: t0 + .days(90), rereads: [], asks: asks, changed: version == 0)
}

private func ask(
    _ number: String = "1Z1", _ sources: [String] = ["ups"], _ urgency: Urgency = .moving, at: Moment? = t0 + .hours(6),
    answered: Bool = false
) -> Ask {
    Ask(number: number, sources: sources, urgency: urgency, at: at, answered: answered, home: "GB")
}

@Suite("What is to be asked", .serialized)
struct AskingTests {
    private func learn(_ store: Store, _ learned: Learned..., at now: Moment = t0) async throws {
        let outcome = try await store.commit(learned, now: now)
        #expect(outcome.stale.isEmpty && outcome.refused.isEmpty)
    }

    @Test("a new parcel is asked about at once, and again when its answer says", arguments: StoreKind.allCases)
    func once(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        try await learn(store, asking(1, [ask()]))
        var due = try await store.dueParcels(source: "ups", limit: 10, now: t0)
        #expect(due.map(\.number) == ["1Z1"])
        #expect(due[0].orderIDs == ["gid://shopify/Order/1"] && due[0].home == "GB" && due[0].placedAt == t0)
        try await learn(store, asking(1, [ask(at: t0 + .hours(6), answered: true)], version: 1), at: .at(5))
        #expect(try await store.dueParcels(source: "ups", limit: 10, now: t0 + .hours(5)).isEmpty)
        #expect(try await store.nextAsk(source: "ups") == t0 + .hours(6))
        due = try await store.dueParcels(source: "ups", limit: 10, now: t0 + .hours(6))
        #expect(due.map(\.askedAt) == [.at(5)])
    }

    @Test("what the shop shows meanwhile hastens a question and never puts it off", arguments: StoreKind.allCases)
    func hastens(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        try await learn(store, asking(1, [ask()]))
        try await learn(store, asking(1, [ask(at: t0 + .hours(6), answered: true)], version: 1))
        try await learn(store, asking(1, [ask(at: t0 + .hours(12))], version: 1))
        #expect(try await store.nextAsk(source: "ups") == t0 + .hours(6))
        try await learn(store, asking(1, [ask("1Z1", ["ups"], .pressing, at: t0 + .minutes(30))], version: 1))
        #expect(try await store.nextAsk(source: "ups") == t0 + .minutes(30))
        #expect(try await store.dueParcels(source: "ups", limit: 1, now: t0 + .hours(1))[0].urgency == .pressing)
    }

    @Test("a commit says whether anybody has to look sooner than was known", arguments: StoreKind.allCases)
    func sooner(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        func isSooner(_ ask: Ask, version: Int64 = 1) async throws -> Bool {
            try await store.commit([asking(1, [ask], version: version)], now: t0).hasSoonerAsks
        }
        #expect(try await isSooner(ask(), version: 0))
        #expect(try await !isSooner(ask(at: t0 + .hours(6), answered: true)))
        #expect(try await !isSooner(ask(at: t0 + .hours(9))))
        #expect(try await isSooner(ask(at: t0 + .minutes(30))))
        #expect(try await isSooner(ask("1Z1", ["easypost"], at: t0 + .hours(6))))
        #expect(try await isSooner(ask("1Z2")))
        #expect(try await !isSooner(ask("1Z3", [])))
    }

    @Test(
        "a number of several orders is asked about once, until the last of them wants it no more",
        arguments: StoreKind.allCases)
    func shared(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        try await learn(store, asking(1, [ask()]), asking(2, [ask()]))
        let due = try await store.dueParcels(source: "ups", limit: 10, now: t0)
        #expect(due.count == 1)
        #expect(due[0].orderIDs.sorted() == ["gid://shopify/Order/1", "gid://shopify/Order/2"])
        #expect(try await store.parcelCounts() == ["ups": 1])
        try await learn(store, asking(1, [ask(at: nil)], version: 1))
        #expect(
            try await store.dueParcels(source: "ups", limit: 10, now: t0).map(\.orderIDs) == [["gid://shopify/Order/2"]]
        )
        try await learn(store, asking(2, [ask(at: nil)], version: 1))
        #expect(try await store.dueParcels(source: "ups", limit: 10, now: t0).isEmpty)
        #expect(try await store.parcelCounts() == [:])
    }

    @Test(
        "parcels that nobody can be asked about are counted, and asked at once when somebody can",
        arguments: StoreKind.allCases)
    func nobody(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        try await learn(store, asking(1, [ask("X", [])]), asking(2, [ask()]))
        #expect(try await store.parcelCounts() == ["": 1, "ups": 1])
        #expect(try await store.dueParcels(source: "", limit: 10, now: t0 + .days(9)).isEmpty)
        try await learn(store, asking(1, [ask("X", ["17track"], at: t0 + .days(2))], version: 1), at: .at(60))
        #expect(try await store.parcelCounts() == ["17track": 1, "ups": 1])
        #expect(try await store.nextAsk(source: "17track") == .at(60))
    }

    @Test("a source that refuses a number is asked no more, and the next one is", arguments: StoreKind.allCases)
    func refused(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        let both = ask("1Z1", ["ups", "easypost"])
        try await learn(store, asking(1, [both]))
        let parcel = try await store.dueParcels(source: "ups", limit: 1, now: t0)[0]
        try await store.settleAsks([(parcel.id, .refused(by: "ups"))], now: .at(1))
        #expect(try await store.parcelCounts() == ["easypost": 1])
        try await learn(store, asking(1, [both], version: 1), at: .at(2))
        let next = try await store.dueParcels(source: "easypost", limit: 1, now: .at(2))
        #expect(next.map(\.refused) == [["ups"]])
        try await store.settleAsks([(next[0].id, .refused(by: "easypost"))], now: .at(3))
        #expect(try await store.parcelCounts() == ["": 1])
        try await learn(store, asking(1, [both], version: 1), at: .at(4))
        #expect(try await store.parcelCounts() == ["": 1])
    }

    @Test(
        "a source that does not know a number for long has another turn when all the others had theirs",
        arguments: StoreKind.allCases)
    func passedOver(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        let asked = ask("1Z1", ["ups", "fedex", "easypost"], at: t0 + .days(1))
        try await learn(store, asking(1, [asked]))
        var turns: [String] = []
        for second in 1...7 {
            let source = try #require(try await store.parcelCounts().keys.first)
            turns.append(source)
            let due = try await store.dueParcels(source: source, limit: 1, now: .at(second))
            let parcel = try #require(due.first, "\(source) is asked at once")
            #expect(parcel.source == source && parcel.sources == ["ups", "fedex", "easypost"])
            // FedEx will never know it.
            let outcome: AskOutcome = source == "fedex" ? .refused(by: source) : .passedOver(by: source)
            try await store.settleAsks([(parcel.id, .missed), (parcel.id, outcome)], now: .at(second))
            // What the shop shows meanwhile changes nothing of it.
            try await learn(store, asking(1, [asked], version: 1), at: .at(second))
        }
        #expect(turns == ["ups", "fedex", "easypost", "ups", "easypost", "ups", "easypost"])
        #expect(try await store.dueParcels(source: "ups", limit: 1, now: .at(9)).map(\.misses) == [0])
    }

    @Test("the only source that can be asked stays, whatever it did not know", arguments: StoreKind.allCases)
    func onlySource(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        try await learn(store, asking(1, [ask()]))
        let parcel = try await store.dueParcels(source: "ups", limit: 1, now: t0)[0]
        try await store.settleAsks(
            [(parcel.id, .failed(retryAt: .at(90))), (parcel.id, .passedOver(by: "ups"))], now: .at(1))
        #expect(try await store.parcelCounts() == ["ups": 1])
        #expect(try await store.nextAsk(source: "ups") == .at(90))
    }

    @Test(
        "another source finds what it can be asked about in place of the parcel's own, and only when that is late",
        arguments: StoreKind.allCases)
    func standingIn(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        let both = ["ups", "easypost"]
        try await learn(
            store, asking(1, [ask("1Z1", both, .moving), ask("1Z2", both, .pressing)]),
            asking(2, [ask("1Z3", ["ups"]), ask("1Z4", both, .settled)]), asking(3, [ask("1Z5", both)]))
        let refusing = try #require(
            try await store.dueParcels(source: "ups", limit: 9, now: t0).first { $0.number == "1Z5" })
        try await store.settleAsks([(refusing.id, .refused(by: "easypost"))], now: t0)
        func due(_ patient: Bool, _ after: Duration) async throws -> [String] {
            try await store.dueParcels(
                source: "ups", for: "easypost", isPatient: patient, limit: 9, now: t0 + after
            ).map(\.number).sorted()
        }
        #expect(try await due(false, .zero) == ["1Z1", "1Z2"])
        #expect(try await due(true, .minutes(29)) == [])
        #expect(try await due(true, .minutes(30)) == ["1Z2"])
        #expect(try await due(true, .hours(6)) == ["1Z1", "1Z2"])
        // Who stands in and refuses leaves the parcel whose it is.
        #expect(try await store.parcelCounts() == ["ups": 5])
    }

    @Test("what was never asked about is not put off for being a label only", arguments: StoreKind.allCases)
    func neverAsked(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        try await learn(store, asking(1, [ask("1Z1", ["ups"], .idle)]))
        #expect(try await store.dueParcels(source: "ups", limit: 1, now: t0).map(\.urgency) == [.moving])
        let answered = Ask(number: "1Z1", sources: ["ups"], urgency: .idle, at: .at(60), answered: true, home: "GB")
        try await learn(store, asking(1, [answered], version: 1), at: .at(5))
        #expect(try await store.dueParcels(source: "ups", limit: 1, now: .at(60)).map(\.urgency) == [.idle])
    }

    @Test("faults and misses are counted, and forgotten with the next answer", arguments: StoreKind.allCases)
    func faults(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        try await learn(store, asking(1, [ask()]))
        let parcel = try await store.dueParcels(source: "ups", limit: 1, now: t0)[0]
        try await store.settleAsks([(parcel.id, .failed(retryAt: .at(300))), (parcel.id, .missed)], now: .at(1))
        #expect(try await store.dueParcels(source: "ups", limit: 1, now: .at(299)).isEmpty)
        var again = try await store.dueParcels(source: "ups", limit: 1, now: .at(300))[0]
        #expect(again.tries == 1 && again.misses == 1 && again.askedAt == .at(1))
        try await learn(store, asking(1, [ask(at: .at(600), answered: true)], version: 1), at: .at(300))
        try await store.settleAsks([(parcel.id, .found)], now: .at(300))
        again = try await store.dueParcels(source: "ups", limit: 1, now: .at(600))[0]
        #expect(again.tries == 0 && again.misses == 0)
    }

    @Test("each urgency is picked by itself, the longest due first", arguments: StoreKind.allCases)
    func urgencies(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        for index in 0..<20 {
            let urgency = Urgency(rawValue: index % 5)!
            try await learn(
                store, asking(index, [ask("N\(index)", ["ups"], urgency, at: t0 - .hours(index), answered: true)]),
                at: t0)
        }
        let due = try await store.dueParcels(source: "ups", limit: 2, now: t0)
        #expect(due.count == 10)
        #expect(
            Dictionary(grouping: due, by: \.urgency).values.allSatisfy { $0.count == 2 && $0[0].askAt <= $0[1].askAt })
        #expect(try await store.dueParcels(source: "ups", limit: 50, now: t0, urgencies: [.pressing]).count == 4)
    }

    @Test("parcels of shops that others serve are left alone", arguments: StoreKind.allCases)
    func served(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        try await learn(store, asking(1, [ask("N1", ["ups"], .pressing, at: t0, answered: true)]), at: t0)
        #expect(try await store.dueParcels(source: "ups", of: [shop], limit: 9, now: t0).count == 1)
        #expect(try await store.nextAsk(source: "ups", of: [shop]) == t0)
        #expect(try await store.dueParcels(source: "ups", of: [], limit: 9, now: t0).isEmpty)
        #expect(try await store.nextAsk(source: "ups", of: []) == nil)
    }

    @Test("calls are booked on top of what others booked meanwhile", arguments: StoreKind.allCases)
    func booked(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        let windows = try await withThrowingTaskGroup(of: [CarrierWindow].self) { group in
            for _ in 1...20 {
                group.addTask {
                    try await store.bookWindows(carrier: "ups", now: t0) { before in
                        var window =
                            before.first
                            ?? CarrierWindow(seconds: 86_400, calls: 250, day: 1, spent: 0, freeAt: .distantPast)
                        window.spent += 1
                        return [window]
                    }.windows
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        #expect(windows.map(\.spent).sorted() == Array(1...20))
        #expect(try await store.carrierState("ups").windows.map(\.spent) == [20])
        let refused = try await store.bookWindows(carrier: "ups", now: t0) { _ in nil }
        #expect(!refused.areBooked && refused.windows.map(\.spent) == [20])
    }

    @Test("what is spent, why a carrier is left alone, and its codes survive a restart")
    func restart() async throws {
        let path = Folder().file("store.sqlite")
        let windows = [
            CarrierWindow(seconds: 86_400, calls: 250, day: 20_778, spent: 17, freeAt: .distantPast),
            CarrierWindow(seconds: 5, calls: 1, day: 0, spent: 0, freeAt: t0 + .seconds(5)),
        ]
        do {
            let store = try Store.open(path: path, role: .command, now: t0)
            try await store.bookWindows(carrier: "dhl_unified", now: t0) { _ in windows }
            var note = CarrierNote("dhl_unified")
            note.closedUntil = .at(60)
            note.reason = "temporary_error"
            note.failures = 3
            note.calls = 4
            note.asked = 9
            note.unknownCodes = ["ZZ", "ZZ", "YY"]
            #expect(try await store.noteCarrier(note, now: t0) == ["ZZ", "YY"])
            #expect(try await store.noteCarrier(note, now: t0) == [])
            try store.close()
        }
        let state = try await Store.open(path: path, role: .command, now: t0).carrierState("dhl_unified")
        #expect(Set(state.windows) == Set(windows))
        #expect(state.closedUntil == .at(60) && state.failures == 3 && state.calls == 8 && state.asked == 18)
        #expect(state.unknownCodes == 2)
    }

    @Test("an erased order takes its parcels with it", arguments: StoreKind.allCases)
    func erased(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        try await learn(store, asking(1, [ask(), ask("X", [])]))
        _ = try await store.erase(address: "robin@example.com", shop: shop, now: .at(1))
        #expect(try await store.dueParcels(source: "ups", limit: 10, now: .at(1)).isEmpty)
        #expect(try await store.parcelCounts() == [:])
    }

    @Test("a walk over the open orders sees each of them once", arguments: StoreKind.allCases)
    func walk(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        for index in 0..<7 { try await learn(store, asking(index, [])) }
        var seen: [String] = []
        var last: Int64 = 0
        while let page = try? await store.openOrders(shop: shop, after: last, limit: 3), let next = page.last {
            seen += page.orderIDs
            last = next
        }
        #expect(seen.count == 7 && Set(seen).count == 7)
    }
}

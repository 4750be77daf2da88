import Foundation
import GRDB
import Outreach
import Synchronization
import Testing

@testable import Store

@Suite("Opening a store")
struct OpeningTests {
    private func cause(_ body: () throws -> Store) -> StoreFailure.Cause? {
        do {
            _ = try body()
            return nil
        } catch { return (error as? StoreFailure)?.cause }
    }

    @Test("the file and those beside it are for their owner alone")
    func mode() async throws {
        let path = Folder().file("store.sqlite")
        let store = try Store.open(path: path, role: .daemon, now: t0)
        _ = try await store.openShop(shop, now: t0)
        for name in [path, path + "-wal", path + "-shm", path + ".lock"] {
            let attributes = try FileManager.default.attributesOfItem(atPath: name)
            #expect(attributes[.posixPermissions] as? Int == 0o600, "\(name)")
        }
        try store.close()
    }

    @Test("a store that others could read is narrowed")
    func narrowed() throws {
        let path = Folder().file("store.sqlite")
        try Store.open(path: path, role: .command, now: t0).close()
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
        try Store.open(path: path, role: .command, now: t0).close()
        #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o600)
    }

    @Test("a second daemon is refused and told who has it; a command is not")
    func locked() throws {
        let path = Folder().file("store.sqlite")
        let first = try Store.open(path: path, role: .daemon, who: "bookbag run", now: t0)
        let failure = #expect(throws: StoreFailure.self) {
            try Store.open(path: path, role: .daemon, now: t0)
        }
        #expect(failure?.cause == .locked)
        #expect(failure?.sentence.contains("bookbag run, process \(getpid()), since 2026-11-21T10:00:00Z") == true)
        let command = try Store.open(path: path, role: .command, now: t0)
        #expect(command.hasDaemon == true)
        try withExtendedLifetime(first) { try first.close() }
        try command.close()
    }

    @Test("a command sees that no daemon has the store")
    func noDaemon() throws {
        let path = Folder().file("store.sqlite")
        do { try Store.open(path: path, role: .daemon, now: t0).close() }
        let command = try Store.open(path: path, role: .command, now: t0)
        #expect(command.hasDaemon == false)
        try command.close()
    }

    @Test("the lock goes with its process, and stays with no one else's file")
    func lockGone() throws {
        let path = Folder().file("store.sqlite")
        do { try Store.open(path: path, role: .daemon, now: t0).close() }
        #expect(cause { try Store.open(path: path, role: .daemon, now: t0) } == nil)
    }

    @Test("every commit waits for the disk, and foreign keys hold")
    func settings() async throws {
        let store = try Store.open(path: Folder().file("store.sqlite"), role: .daemon, now: t0)
        let values = try await store.write { db in
            try ["synchronous", "foreign_keys", "journal_mode", "trusted_schema"].map {
                try db.first("PRAGMA \($0)") { $0[0] as String }
            }
        }
        #expect(values == ["2", "1", "wal", "0"])
    }

    @Test("no folder, no store, a foreign file, a later schema: each has its word")
    func refused() throws {
        let folder = Folder()
        #expect(cause { try Store.open(path: folder.file("no/store"), role: .daemon, now: t0) } == .missing)
        #expect(
            cause { try Store.open(path: folder.file("none"), role: .command, create: false, now: t0) } == .missing)
        #expect(!FileManager.default.fileExists(atPath: folder.file("none")))
        let text = folder.file("text")
        try String(repeating: "not a database ", count: 200).write(toFile: text, atomically: true, encoding: .utf8)
        #expect(cause { try Store.open(path: text, role: .daemon, now: t0) } == .notAStore)
        let foreign = folder.file("foreign")
        let other = try DatabaseQueue(path: foreign)
        try other.write { try $0.execute(sql: "CREATE TABLE recipes (name TEXT)") }
        try other.close()
        #expect(cause { try Store.open(path: foreign, role: .daemon, now: t0) } == .notAStore)
        let later = folder.file("later")
        try Store.open(path: later, role: .command, now: t0).close()
        let edited = try DatabaseQueue(path: later)
        try edited.write { try $0.execute(sql: "INSERT INTO migrations VALUES (999, 'later', 0)") }
        try edited.close()
        #expect(cause { try Store.open(path: later, role: .daemon, now: t0) } == .newerSchema)
        #expect(cause { try Store.open(path: folder.path, role: .command, now: t0) } == .notAStore)
    }

    @Test("a command does not change the schema under a running daemon")
    func olderSchema() throws {
        let path = Folder().file("store.sqlite")
        // An empty file stands for a store of an older schema; whoever holds the lock is its daemon.
        #expect(FileManager.default.createFile(atPath: path, contents: nil))
        let lock = try StoreLock(storePath: path, who: "an earlier bookbag", now: t0)
        #expect(cause { try Store.open(path: path, role: .command, now: t0) } == .olderSchema)
        withExtendedLifetime(lock) {}
    }

    @Test("a damaged file is told as damaged")
    func corrupt() async throws {
        let path = Folder().file("store.sqlite")
        let store = try Store.open(path: path, role: .command, now: t0)
        _ = try await store.openShop(shop, now: t0)
        for number in 1...200 { try await store.placed(number) }
        try store.close()
        let handle = try #require(FileHandle(forUpdatingAtPath: path))
        let size = try handle.seekToEnd()
        for offset in stride(from: UInt64(8192), to: size - 4096, by: 4096) {
            try handle.seek(toOffset: offset)
            try handle.write(contentsOf: Data(repeating: 0xAA, count: 2000))
        }
        try handle.close()
        do {
            let broken = try Store.open(path: path, role: .command, now: t0)
            _ = try await broken.load(shop: shop, orderIDs: (1...200).map { facts($0).id })
            Issue.record("a damaged file was read")
        } catch {
            #expect(error.cause == .corrupt)
            #expect(!error.sentence.contains("robin"))
        }
    }

    @Test("what was committed is there after a new start, and the secret is the same")
    func reopened() async throws {
        let path = Folder().file("store.sqlite")
        var store = try Store.open(path: path, role: .daemon, now: t0)
        _ = try await store.openShop(shop, now: t0)
        try await store.placed(1)
        try await store.silence(.address("robin@example.com"), shop: shop, reason: "bounce", until: nil, now: t0)
        try store.close()
        store = try Store.open(path: path, role: .command, now: .at(99))
        #expect(try await store.pendingEvents(shop: shop, limit: 9).count == 1)
        #expect(try await store.silences(of: .address("robin@example.com"), shop: shop, now: t0).count == 1)
        #expect(try await store.openShop(shop, now: .at(99)).liveSince.shop == t0)
    }
}

@Suite("When the disk or another process is in the way")
struct FaultTests {
    @Test("a full store refuses the step whole, says so, and goes on when there is room")
    func full() async throws {
        let store = try await StoreKind.onDisk.make()
        _ = try await store.write { db in
            let pages = try db.integer("PRAGMA page_count") ?? 0
            try db.run("PRAGMA max_page_count = \(pages + 4)")
        }
        var big = record(1)
        big.facts.note = String(repeating: "x", count: 200_000)
        let failure = await #expect(throws: StoreFailure.self) {
            _ = try await store.commit([learned(big, events: [event(order: 1)])], now: t0)
        }
        #expect(failure?.cause == .full)
        #expect(try await store.load(shop: shop, orderIDs: [facts(1).id]).isEmpty)
        #expect(try await store.pendingEvents(shop: shop, limit: 9).isEmpty)
        _ = try await store.write { db in try db.run("PRAGMA max_page_count = 1000000") }
        #expect(try await store.commit([learned(big, events: [event(order: 1)])], now: t0).events.count == 1)
    }

    @Test("a step that is too big for the disk fails alone, though it shared a commit")
    func fullGroup() async throws {
        let store = try await StoreKind.onDisk.make()
        _ = try await store.write { db in
            let pages = try db.integer("PRAGMA page_count") ?? 0
            try db.run("PRAGMA max_page_count = \(pages + 20)")
        }
        // The writer is held until all three are queued, so that they share one commit.
        let breaker = Gate()
        let atWork = Atomic(false)
        async let held: Void = store.write { _ in
            atWork.store(true, ordering: .releasing)
            breaker.wait()
        }
        while !atWork.load(ordering: .acquiring) { await Task.yield() }
        async let small: Void = store.remember("1", as: "a", shop: shop, now: t0)
        var big = record(1)
        big.facts.note = String(repeating: "x", count: 400_000)
        async let failing = Result { [big] in try await store.commit([learned(big)], now: t0) }
        async let other: Void = store.remember("2", as: "b", shop: shop, now: t0)
        while store.queue.waiting < 3 { await Task.yield() }
        breaker.open()
        try await held
        try await small
        try await other
        guard case .failure(let failure) = await failing else {
            Issue.record("the big step was written")
            return
        }
        #expect((failure as? StoreFailure)?.cause == .full)
        #expect(try await store.remembered(shop: shop) == ["a": "1", "b": "2"])
    }

    @Test("a file that cannot be written is told as such")
    func readOnly() async throws {
        let store = try await StoreKind.onDisk.make()
        _ = try await store.write { db in try db.run("PRAGMA query_only = ON") }
        let failure = await #expect(throws: StoreFailure.self) { try await store.noteMoment(.at(1)) }
        #expect(failure?.cause == .readOnly)
        #expect(try await store.lastMoment() == t0)
    }

    @Test("a step that fails halfway leaves nothing", arguments: StoreKind.allCases)
    func halfDone(_ kind: StoreKind) async throws {
        struct Crash: Error {}
        let store = try await kind.make()
        await #expect(throws: StoreFailure.self) {
            try await store.write { db in
                try db.run("UPDATE store SET last_moment = 1")
                throw Crash()
            }
        }
        #expect(try await store.lastMoment() == t0)
    }

    @Test("a process that dies inside a transaction leaves nothing of it, and all before it")
    func killed() async throws {
        let path = Folder().file("store.sqlite")
        let store = try Store.open(path: path, role: .command, now: t0)
        _ = try await store.openShop(shop, now: t0)
        try await store.placed(1)
        // What the files hold while a transaction is open is what a process leaves that dies there.
        let copy = Folder()
        try await store.write { db in
            try db.run("UPDATE shops SET cursor = 1")
            try db.run("UPDATE aggregates SET name = 'half'")
            for end in ["", "-wal"] {
                try FileManager.default.copyItem(atPath: path + end, toPath: copy.file("store.sqlite") + end)
            }
        }
        let after = try Store.open(path: copy.file("store.sqlite"), role: .daemon, now: t0)
        #expect(try await after.shopState(shop)?.cursor == nil)
        #expect(try await after.load(shop: shop, orderIDs: [facts(1).id])[facts(1).id]?.facts.name == "#1")
        #expect(try await after.pendingEvents(shop: shop, limit: 9).count == 1)
    }

    @Test("two processes that plan at once make one effect")
    func twoWriters() async throws {
        let path = Folder().file("store.sqlite")
        let stores = try [
            Store.open(path: path, role: .daemon, now: t0), Store.open(path: path, role: .command, now: t0),
        ]
        _ = try await stores[0].openShop(shop, now: t0)
        let event = try await stores[0].placed(1)
        let stale = try await withThrowingTaskGroup(of: Int.self) { group in
            for index in 0..<40 {
                group.addTask {
                    let effect = Effect(
                        to: .mail(shop: shop), isContact: true, trigger: "thanks", line: "email", keys: ["order"],
                        event: event, dueAt: t0, createdAt: t0)
                    let plan = Plan(shop: shop, changes: [PlannedChange(effect: effect, note: nil)])
                    return try await stores[index % 2].commitPlan([plan], now: t0).stale.count
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(stale == 39)
        #expect(try await stores[1].status(now: t0).shops[0].effects == [.waiting: 1])
    }

    @Test("two processes that learn at once lose nothing of each other")
    func twoLearners() async throws {
        let path = Folder().file("store.sqlite")
        let stores = try [
            Store.open(path: path, role: .daemon, now: t0), Store.open(path: path, role: .command, now: t0),
        ]
        _ = try await stores[0].openShop(shop, now: t0)
        try await stores[0].placed(1)
        let id = facts(1).id
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<2 {
                group.addTask {
                    for step in 0..<10 {
                        while true {
                            var order = try await stores[writer].load(shop: shop, orderIDs: [id])[id]!
                            order.facts.tags.append("\(writer)-\(step)")
                            if try await stores[writer].commit([learned(order)], now: t0).stale.isEmpty { break }
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        let order = try #require(await stores[0].load(shop: shop, orderIDs: [id])[id])
        #expect(order.facts.tags.count == 20)
        #expect(order.version == 21)
    }

    @Test("many callers share commits, and each has its own outcome", arguments: StoreKind.allCases)
    func group(_ kind: StoreKind) async throws {
        let store = try await kind.make()
        let results = await withTaskGroup(of: (Int, Bool).self) { group in
            for index in 0..<200 {
                group.addTask {
                    let domain = index % 3 == 0 ? "unknown.example" : shop
                    do {
                        try await store.remember("\(index)", as: "n\(index)", shop: domain, now: t0)
                        return (index, true)
                    } catch { return (index, false) }
                }
            }
            return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
        #expect(results.allSatisfy { index, written in written == (index % 3 != 0) })
        #expect(try await store.remembered(shop: shop).count == 133)
    }

    @Test("a step is finished though its task is cancelled")
    func cancelled() async throws {
        let store = try await StoreKind.onDisk.make()
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            try await store.remember("1", as: "a", shop: shop, now: t0)
        }
        try await task.value
        #expect(try await store.remembered("a", shop: shop) == "1")
    }

    @Test("a reader sees the last commit while a writer is at work")
    func readersNeverWait() async throws {
        let store = try await StoreKind.onDisk.make()
        let breaker = Gate()
        async let held: Void = store.write { db in
            try db.run("UPDATE store SET last_moment = last_moment + 1000")
            breaker.wait()
        }
        #expect(try await store.lastMoment() == t0)
        breaker.open()
        try await held
        #expect(try await store.lastMoment() == .at(1))
    }
}

/// Holds a thread until it is opened.
private final class Gate: Sendable {
    private let semaphore = DispatchSemaphore(value: 0)
    func wait() { semaphore.wait() }
    func open() { semaphore.signal() }
}

extension Result where Failure == any Error {
    fileprivate init(_ body: @Sendable () async throws -> Success) async {
        do { self = .success(try await body()) } catch { self = .failure(error) }
    }
}

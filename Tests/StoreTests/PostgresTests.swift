import Doubles
import Foundation
import Outreach
import Synchronization
import Testing

@testable import Store

/// What a store at a PostgreSQL server promises beyond what all stores do.
@Suite("A store at a PostgreSQL server", .enabled(if: PostgresServer.programs != nil))
struct PostgresTests {
    private func engine(_ store: Store) throws -> PostgresEngine {
        guard case .postgres(let engine) = store.engine else { throw CocoaError(.featureUnsupported) }
        return engine
    }

    private func cause(_ body: () throws -> Store) -> StoreFailure.Cause? {
        do {
            _ = try body()
            return nil
        } catch { return (error as? StoreFailure)?.cause }
    }

    /// A schema of one's own for as long as `body` takes.
    private func withSchema(_ body: (StorePlace) async throws -> Void) async throws {
        let schema = await PostgresPool.shared.take()
        do {
            let place = try PostgresPool.shared.place(schema)
            try PostgresPool.empty(place)
            try await body(place)
            await PostgresPool.shared.giveBack(schema)
        } catch {
            await PostgresPool.shared.giveBack(schema)
            throw error
        }
    }

    /// A line beside the store's.
    private func line(_ place: StorePlace) throws -> PostgresLine {
        let line = PostgresLine(try PostgresSettings(place))
        try line.connect()
        return line
    }

    @Test("values come back as they were sent, in both directions")
    func values() async throws {
        try await withSchema { place in
            let line = try line(place)
            let bytes: [UInt8] = [0, 255, 39, 92]
            var cells: [String] = []
            try line.each(
                """
                SELECT CAST(? AS BIGINT), CAST(? AS TEXT), CAST(? AS BYTEA), CAST(? AS BIGINT), 7 > 3,
                    sum(n), '?' FROM (SELECT CAST(? AS BIGINT) AS n UNION ALL SELECT -12345678901) AS numbers
                """,
                [.integer(.min), .text("a\0ü'?"), .bytes(bytes), .null, .integer(5)]
            ) { row in
                cells = ["\(row[0] as Int64)", row[1], "\(row[2] as [UInt8] == bytes)", "\(row[3] as Int64? as Any)"]
                cells += ["\(row[4] as Bool)", "\(row[5] as Int64)", row[6]]
            }
            // PostgreSQL's texts cannot hold U+0000.
            #expect(cells == ["\(Int64.min)", "a\u{FFFD}ü'?", "true", "nil", "true", "-12345678896", "?"])
            var sums: [Int64] = []
            let lists: [[SQLValue]] = [[.integer(0)], [.integer(10_000)], [.integer(99_999_999)], [.null]]
            try line.each("SELECT sum(CAST(? AS BIGINT))", lists: lists) { place, row in
                #expect(place == sums.count)
                sums.append(row[0])
            }
            #expect(sums == [0, 10_000, 99_999_999, 0])
        }
    }

    @Test("writes are sent and not waited for, whatever their number; what was refused comes out at the commit")
    func pipelined() async throws {
        let store = try await StoreKind.postgreSQL.make()
        let before = try engine(store).writer.sync { $0.waits }
        try await store.write { db in
            for number in 1...500 {
                try db.run(
                    "INSERT INTO marks (shop, order_gid, updated_at, read_at) VALUES (1, ?, ?, 0)",
                    ["gid\(number)", number])
            }
        }
        #expect(try engine(store).writer.sync { $0.waits } - before == 1)
        let failure = await #expect(throws: StoreFailure.self) {
            try await store.write { db in
                try db.run("INSERT INTO marks (shop, order_gid, updated_at, read_at) VALUES (99, 'x', 0, 0)")
                for _ in 1...3 { try db.run("UPDATE marks SET read_at = 7") }
            }
        }
        #expect(failure?.cause == .misuse)
        let read = try await store.read { db in
            (try db.integer("SELECT count(*) FROM marks"), try db.integer("SELECT max(read_at) FROM marks"))
        }
        #expect(read == (500, 0))
    }

    @Test("a large group of steps in which some are impossible does all the others")
    func grouped() async throws {
        let store = try await StoreKind.postgreSQL.make()
        let outcomes = await withTaskGroup(of: Bool.self) { group in
            for number in 1...60 {
                group.addTask {
                    do {
                        try await store.remember(
                            String(repeating: "x", count: number % 10 == 0 ? 70_000 : 9), as: "n\(number)", shop: shop,
                            now: t0)
                        return true
                    } catch { return false }
                }
            }
            return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(outcomes == 54)
        #expect(try await store.remembered(shop: shop).count == 54)
    }

    @Test("tables that have grown are counted by the server at once, so that its plans fit them")
    func counted() async throws {
        try await withSchema { place in
            let store = try daemon(place)
            _ = try await store.share(["a.example"])
            _ = try await store.openShop("a.example", now: t0)
            let line = try line(place)
            func rows() throws -> Int64? {
                try line.value(
                    """
                    SELECT CAST(reltuples AS BIGINT) FROM pg_class
                    WHERE relname = 'marks' AND relnamespace = CAST(current_schema() AS regnamespace)
                    """)
            }
            for (number, wanted) in [(3_000, 3_000), (1_000, 3_000), (3_000, 7_000)] as [(Int, Int64)] {
                try line.execute(
                    """
                    INSERT INTO marks (shop, order_gid, updated_at, read_at)
                    SELECT 1, 'x' || (random() * 1e15), n, 0 FROM generate_series(1, \(number)) AS n;
                    SELECT pg_stat_force_next_flush();
                    """)
                try line.execute("SELECT 1;")
                _ = try await store.share(["a.example"])
                #expect(try rows() == wanted)
            }
            try store.close()
        }
    }

    private static let shops = ["a.example", "b.example", "c.example"]

    private func daemon(_ place: StorePlace, _ name: String = "a") throws -> Store {
        try Store.openServer(place, role: .daemon, create: true, who: "bookbag run on \(name)", now: t0)
    }

    /// The lease of every daemon runs out.
    private func lapse(_ place: StorePlace) throws { try line(place).execute("UPDATE daemons SET until = 0") }

    @Test("daemons share the shops: each has its part, and hands over what is more")
    func shared() async throws {
        try await withSchema { place in
            let first = try daemon(place)
            #expect(try await first.share(Self.shops) == ShopShare(shops: Self.shops))
            let second = try daemon(place, "b")
            #expect(try await second.share(Self.shops) == ShopShare(shops: []), "nothing is free")
            #expect(try await first.share(Self.shops) == ShopShare(shops: Self.shops, surplus: ["c.example"]))
            #expect(try await second.share(Self.shops).shops.isEmpty, "not before it was handed over")
            try await first.handOver(["c.example"])
            #expect(try await second.share(Self.shops) == ShopShare(shops: ["c.example"]))
            #expect(try await first.share(Self.shops) == ShopShare(shops: ["a.example", "b.example"]))
            let owners = try await first.server(now: t0)?.owners.map { "\($0.name): \($0.shops)" }
            #expect(
                owners == [
                    "bookbag run on a: [\"a.example\", \"b.example\"]", "bookbag run on b: [\"c.example\"]",
                ])
            // One that is configured for a single shop of its own takes no other.
            let third = try daemon(place, "c")
            #expect(try await third.share(["d.example"]).shops == ["d.example"])
            // One that ends gives everything back, and nobody waits for a lease.
            try first.close()
            #expect(try await second.share(Self.shops).shops.count == 2)
            try third.close()
            #expect(try await second.share(Self.shops).shops == Self.shops)
            try second.close()
        }
    }

    @Test("a daemon that is not heard of loses all its shops, and writes nothing more")
    func replaced() async throws {
        try await withSchema { place in
            let first = try daemon(place)
            _ = try await first.openShop(shop, now: t0)
            #expect(try await first.share([shop]).shops == [shop])
            #expect(first.hasDaemon == true)

            // A command writes beside it, tells it so, and leaves it the shop.
            let touches = try await first.touches()
            let command = try Store.openServer(place, role: .command, create: false, now: t0)
            try await command.remember("1", as: "cost", shop: shop, now: t0)
            #expect(try await first.touches() > touches)
            try await first.remember("2", as: "cost", shop: shop, now: t0)
            #expect(command.hasDaemon == true)
            #expect(try await command.remembered("cost", shop: shop) == "2")

            let second = try daemon(place, "b")
            try line(place).execute("UPDATE daemons SET until = 0 WHERE name = 'bookbag run on a'")
            #expect(try await second.share([shop]).shops == [shop])
            let late = await #expect(throws: StoreFailure.self) {
                try await first.remember("late", as: "cost", shop: shop, now: t0)
            }
            #expect(late?.cause == .locked)
            await #expect(throws: StoreFailure.self) { try await first.share([shop]) }
            #expect(try await second.remembered("cost", shop: shop) == "2", "the first wrote nothing more")
            // Closing the first changes nothing of the second's.
            try first.close()
            #expect(try await second.share([shop]).shops == [shop])
            try second.close()
            #expect(command.hasDaemon == false)
            try command.close()
        }
    }

    @Test("a lapsed lease that nobody took is good again")
    func lapsed() async throws {
        try await withSchema { place in
            let first = try daemon(place)
            #expect(try await first.share([shop]).shops == [shop])
            try lapse(place)
            #expect(first.hasDaemon == false)
            #expect(try await first.share([shop]).shops == [shop])
            #expect(first.hasDaemon == true)
            try first.close()
        }
    }

    @Test("what a daemon that was taken over from had begun is repeated after its own lease, and no sooner")
    func takenOver() async throws {
        try await withSchema { place in
            let first = try daemon(place)
            _ = try await first.openShop(shop, now: t0)
            _ = try await first.share([shop])
            try await first.ready(try await first.placed(1))
            let claims = try await first.claim(
                .mail(shop: shop), limit: 9, owner: "first", lease: .minutes(15), now: .at(1))
            _ = try await first.begin(claims, lease: .minutes(15), now: .at(1))
            let second = try daemon(place, "b")
            try line(place).execute("UPDATE daemons SET until = 0 WHERE name = 'bookbag run on a'")
            #expect(try await second.share([shop]).shops == [shop])
            #expect(try await second.recover(owner: "second", shops: [shop], now: .at(60)) == [:])
            // Whoever gets it from that one waits, too.
            try second.close()
            let third = try daemon(place, "c")
            #expect(try await third.share([shop]).shops == [shop])
            #expect(try await third.recover(owner: "third", shops: [shop], now: .at(61)) == [:])
            func claim(_ seconds: Int) async throws -> [Claim] {
                try await third.claim(
                    .mail(shop: shop), limit: 9, owner: "third", lease: .minutes(15), now: .at(seconds))
            }
            #expect(try await claim(899).isEmpty)
            let again = try await claim(902)
            #expect(again.map(\.message.id) == claims.map(\.message.id))
            #expect(again.first?.effect.attemptsInDoubt == 1)
            #expect(Set(again.map(\.token)).isDisjoint(with: claims.map(\.token)))
            try first.close()
            try third.close()
        }
    }

    @Test("what was begun in a shop that is handed over is repeated at once, and that of other shops is left alone")
    func handedOver() async throws {
        try await withSchema { place in
            let first = try daemon(place)
            let other = "other.myshopify.com"
            for domain in [shop, other] { _ = try await first.openShop(domain, now: t0) }
            _ = try await first.share([shop, other])
            try await first.ready(try await first.placed(1))
            let claims = try await first.claim(
                .mail(shop: shop), limit: 9, owner: "first", lease: .minutes(15), now: .at(1))
            _ = try await first.begin(claims, lease: .minutes(15), now: .at(1))
            let second = try daemon(place, "b")
            #expect(try await second.recover(owner: "second", shops: [other], now: .at(2)) == [:])
            try await first.handOver([shop])
            #expect(try await second.share([shop, other]).shops == [shop])
            #expect(try await second.recover(owner: "second", shops: [shop], now: .at(3)) == [.email: 1])
            let again = try await second.claim(
                .mail(shop: shop), limit: 9, owner: "second", lease: .minutes(15), now: .at(4))
            #expect(again.map(\.message.id) == claims.map(\.message.id))
            try first.close()
            try second.close()
        }
    }

    @Test("two daemons write at the same time, each for its shop, and a command's step comes between none of theirs")
    func together() async throws {
        try await withSchema { place in
            let first = try daemon(place)
            let second = try daemon(place, "b")
            let command = try Store.openServer(place, role: .command, create: false, now: t0)
            for domain in Self.shops { _ = try await first.openShop(domain, now: t0) }
            // Each reads a number and writes the next one, in a step.
            @Sendable func count(_ store: Store, _ domain: String) async throws {
                try await store.write { db in
                    let number = try db.shop(domain)
                    let before = try db.integer(
                        "SELECT CAST(value AS BIGINT) FROM remembered WHERE shop = ? AND name = 'count'", [number])
                    try db.remember("\((before ?? 0) + 1)", as: "count", shop: number, now: t0)
                    try db.note(.at(Int(before ?? 0)))
                }
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { for _ in 1...60 { try await count(first, "a.example") } }
                group.addTask { for _ in 1...60 { try await count(second, "b.example") } }
                group.addTask {
                    for turn in 1...60 { try await count(command, turn % 2 == 0 ? "a.example" : "b.example") }
                }
                try await group.waitForAll()
            }
            #expect(try await first.remembered("count", shop: "a.example") == "90")
            #expect(try await first.remembered("count", shop: "b.example") == "90")
            #expect(try await command.lastMoment() == .at(89), "of whichever daemon")
            for store in [first, second] { try store.close() }
            #expect(try await command.lastMoment() == .at(89), "kept when they are gone")
            try command.close()
        }
    }

    @Test("a line that breaks is made anew, and nothing is written twice or lost")
    func broken() async throws {
        try await withSchema { place in
            let store = try Store.openServer(place, role: .daemon, create: true, now: t0)
            _ = try await store.openShop(shop, now: t0)
            try await store.write { try $0.run("UPDATE store SET next_token = 1") }
            let count = "UPDATE store SET next_token = next_token + 1"
            // Between two steps, and within one.
            let killer = try line(place)
            let pid = try engine(store).writer.sync { try $0.value("SELECT pg_backend_pid()") } ?? 0
            try killer.execute("SELECT pg_terminate_backend(\(pid))")
            try await store.write { try $0.run(count) }
            let runs = Mutex(0)
            try await store.write { db in
                try db.run(count)
                let mine = try db.integer("SELECT pg_backend_pid()") ?? 0
                let run = runs.withLock { runs in
                    runs += 1
                    return runs
                }
                if run == 1 { try db.run("SELECT pg_terminate_backend(\(mine))") }
            }
            #expect(runs.withLock { $0 } == 2)
            // After the commit, before its answer is heard: it is not run again.
            let commits = Mutex(0)
            try engine(store).writer.sync { line in
                line.onCommitted = {
                    commits.withLock { $0 += 1 }
                    if commits.withLock({ $0 }) == 1 { throw PostgresFault(.lost) }
                }
            }
            try await store.write { try $0.run(count) }
            let token = try await store.read { try $0.integer("SELECT next_token FROM store") }
            #expect(token == 4)
            try store.close()
        }
    }

    @Test("a command whose commit nobody answered says that it does not know")
    func unknown() async throws {
        try await withSchema { place in
            let store = try Store.openServer(place, role: .command, create: true, now: t0)
            try engine(store).writer.sync { $0.onCommitted = { throw PostgresFault(.lost) } }
            let failure = await #expect(throws: StoreFailure.self) { _ = try await store.openShop(shop, now: t0) }
            #expect(failure?.cause == .unreachable)
            #expect(failure?.sentence.contains("Look whether it was done") == true)
        }
    }

    @Test("a server that lost what it had acknowledged is noticed, and its shops are treated as a restored backup")
    func slept() async throws {
        try await withSchema { place in
            let store = try daemon(place)
            for domain in [shop, "other.myshopify.com"] { _ = try await store.openShop(domain, now: t0) }
            _ = try await store.share([shop])
            for _ in 1...5 { _ = try await store.share([shop]) }
            try line(place).execute("UPDATE daemons SET beat = beat - 3")
            await #expect(throws: StoreFailure.self) { try await store.share([shop]) }
            let failure = await #expect(throws: StoreFailure.self) { try await store.share([shop]) }
            #expect(
                failure?.cause == .locked && failure?.sentence.contains("has lost what it had acknowledged") == true)
            try store.close()
            let next = try daemon(place)
            #expect(try await next.share([shop]).shops == [shop])
            let restoration = try await next.beginRestoration(shop: shop, now: .at(60))
            #expect(restoration?.restoration.backupAt == t0)
            #expect(try await next.beginRestoration(shop: "other.myshopify.com", now: .at(60)) == nil, "of others")
            try next.close()
        }
    }

    @Test("a daemon lost along with an asynchronous server is noticed by the timeline, and with a synchronous one not")
    func lostTogether() async throws {
        for (isSynchronous, isRestored) in [(0, true), (1, false)] {
            try await withSchema { place in
                let store = try daemon(place)
                _ = try await store.openShop(shop, now: t0)
                _ = try await store.share([shop])
                let timeline = try line(place)
                try timeline.readTimeline()
                #expect(timeline.timeline == "00000001")
                // It was last heard of under another one.
                try timeline.execute(
                    "UPDATE daemons SET until = 0, timeline = '00000000', is_synchronous = \(isSynchronous)")
                let next = try daemon(place, "b")
                #expect(try await next.share([shop]).shops == [shop])
                #expect((try await next.beginRestoration(shop: shop, now: .at(60)) != nil) == isRestored)
                try store.close()
                try next.close()
            }
        }
    }

    @Test("a daemon that entered in what the server lost has no shop, and these are treated as a restored backup")
    func orphaned() async throws {
        try await withSchema { place in
            let store = try daemon(place)
            _ = try await store.openShop(shop, now: t0)
            _ = try await store.share([shop])
            try line(place).execute("DELETE FROM daemons")
            let next = try daemon(place, "b")
            #expect(try await next.share([shop]).shops == [shop])
            #expect(try await next.beginRestoration(shop: shop, now: .at(60)) != nil)
            await #expect(throws: StoreFailure.self) { try await store.share([shop]) }
            try next.close()
        }
    }

    @Test("what keeps it from being opened is told with what to do")
    func refused() async throws {
        try await withSchema { place in
            func at(_ path: String) -> StorePlace { StorePlace(path: path) }
            let server = try PostgresServer.shared.get()
            let address = server.address
            #expect(cause { try Store.openServer(place, role: .command, create: false, now: t0) } != .unreachable)
            #expect(
                cause {
                    try Store.openServer(at("postgresql:///none?\(address)"), role: .command, create: true, now: t0)
                }
                    == .noDatabase)
            #expect(
                cause {
                    try Store.openServer(
                        at("postgresql:///postgres?host=\(server.folder)&user=nobody"), role: .command, create: true,
                        now: t0)
                } == .forbidden)
            #expect(
                cause {
                    try Store.openServer(
                        at("postgresql:///postgres?host=/nowhere&user=bookbag"), role: .command, create: true, now: t0)
                } == .unreachable)
            #expect(
                cause {
                    try Store.openServer(
                        at("postgresql:///postgres?\(address)&options=-csearch_path%3Dnowhere"), role: .command,
                        create: true, now: t0)
                } == .noDatabase)
            try Store.openServer(place, role: .command, create: true, now: t0).close()
            let line = try line(place)
            let schema = place.path.split(separator: "%3D").last.map(String.init) ?? ""
            try line.execute("DROP ROLE IF EXISTS guest_\(schema); CREATE ROLE guest_\(schema) LOGIN")
            let guest = place.path.replacing("user=bookbag", with: "user=guest_\(schema)")
            // Without rights on it, a schema is as if it were not there.
            #expect(cause { try Store.openServer(at(guest), role: .command, create: true, now: t0) } == .noDatabase)
            try line.execute("INSERT INTO migrations VALUES (999, 'later', 0)")
            #expect(cause { try Store.openServer(place, role: .daemon, create: true, now: t0) } == .newerSchema)
            try line.execute("DELETE FROM migrations WHERE number = 999")
            try line.execute("DROP SCHEMA IF EXISTS foreign_\(schema) CASCADE; CREATE SCHEMA foreign_\(schema)")
            try line.execute("CREATE TABLE foreign_\(schema).recipes (name TEXT)")
            let foreign = place.path.replacing("%3D\(schema)", with: "%3Dforeign_\(schema)")
            #expect(cause { try Store.openServer(at(foreign), role: .daemon, create: true, now: t0) } == .notAStore)
            try line.execute("DROP SCHEMA foreign_\(schema) CASCADE; DROP ROLE guest_\(schema)")
        }
    }

    @Test("an address has no password in it, names a database, and is encrypted over a network")
    func addresses() {
        func message(_ address: String) -> String? { StorePlace.fault(in: address)?.message }
        #expect(message("postgresql://bookbag@127.0.0.1/bookbag") == nil)
        #expect(message("postgresql:///bookbag?host=/run/postgresql") == nil)
        #expect(message("postgresql://bookbag@a.example,b.example/bookbag?sslmode=verify-full") == nil)
        #expect(message("postgresql://bookbag@a.example/bookbag") == "the address lets the connection go unencrypted")
        #expect(
            message("postgresql://bookbag@a.example/bookbag?sslmode=prefer")
                == "the address lets the connection go unencrypted")
        #expect(
            message("postgresql://bookbag:fig@127.0.0.1/bookbag") == "a secret must not be written into this file")
        #expect(message("postgresql://bookbag@127.0.0.1") == "the address names no database")
        for text in [
            "/var/lib/bookbag.db", "postgresql://[::1/bookbag", "postgresql://127.0.0.1/bookbag?sslmood=require",
        ] {
            #expect(message(text) == "this is not the address of a PostgreSQL database", "\(text)")
        }
        let place = StorePlace(path: "postgresql://bookbag@a.example,b.example:6432/figs?sslmode=require")
        #expect("\(place)" == "the store 'figs' at PostgreSQL on a.example, b.example")
    }

    @Test("a copy has every row, no daemon runs on the file any more, and a database that is not empty is left alone")
    func copied() async throws {
        try await withSchema { place in
            let path = Folder().file("store.sqlite")
            let token: String
            do {
                let source = try Store.open(path: path, role: .packing, now: t0)
                _ = try await source.openShop(shop, now: t0)
                for number in 1...30 {
                    try await source.ready(try await source.placed(number), key: "order \(number)")
                }
                try await source.remember("a\0b", as: "odd", shop: shop, now: t0)
                token = source.unsubscribeTokens.token(shop: shop, address: "robin@example.com", stream: .marketing)
                let copied = try await source.copy(to: place, now: .at(5))
                #expect(copied.rows > 200 && copied.tables > 40)
                try source.close()
            }
            let failure = #expect(throws: StoreFailure.self) { try Store.open(path: path, role: .daemon, now: t0) }
            #expect(failure?.cause == .moved && failure?.sentence.contains("at PostgreSQL on") == true)

            let target = try Store.openServer(place, role: .daemon, create: false, now: t0)
            #expect(try await target.outbox(shop: shop, limit: 100).count == 30)
            #expect(try await target.remembered("odd", shop: shop) == "a\u{FFFD}b")
            // It has the same secrets, so links that went out stay good; and goes on where the file ended.
            #expect(
                target.unsubscribeTokens.token(shop: shop, address: "robin@example.com", stream: .marketing) == token)
            let claims = try await target.claim(
                .mail(shop: shop), limit: 99, owner: "a", lease: .minutes(1), now: .at(9))
            #expect(claims.count == 30)
            try await target.ready(try await target.placed(31), key: "order 31")
            try target.close()

            let other = Folder().file("store.sqlite")
            do {
                let second = try Store.open(path: other, role: .packing, now: t0)
                let full = await #expect(throws: StoreFailure.self) {
                    _ = try await second.copy(to: place, now: .at(5))
                }
                #expect(full?.cause == .notAStore)
                try second.close()
            }
            try Store.open(path: other, role: .daemon, now: t0).close()
        }
    }

    @Test("a process that may only read writes nothing")
    func readOnly() async throws {
        try await withSchema { place in
            let store = try Store.openServer(place, role: .command, create: true, now: t0)
            _ = try await store.openShop(shop, now: t0)
            let reader = try Store.openReadOnly(place)
            #expect(try await reader.shops() == [shop])
            await #expect(throws: StoreFailure.self) { try await reader.remember("1", as: "cost", shop: shop, now: t0) }
            #expect(try await store.remembered("cost", shop: shop) == nil)
        }
    }

    @Test("it knows its server")
    func server() async throws {
        let store = try await StoreKind.postgreSQL.make()
        let server = try #require(
            try await store.server(now: Moment(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))))
        #expect(server.isPrimary && server.replication == .none && server.owners.isEmpty && server.lag == nil)
        #expect(server.clockDifference < .seconds(5) && server.clockDifference > .seconds(-5))
        #expect(try await StoreKind.inMemory.make().server(now: t0) == nil)
        #expect(try await store.status(now: t0).bytes > 100_000)
    }
}

import Doubles
import Foundation
import Outreach
import Synchronization

@testable import Store

/// Schemas at the tests' server, each for one store at a time. A schema takes a third of a second to make, so those of
/// stores that are gone are emptied and used again.
actor PostgresPool {
    static let shared = PostgresPool()
    /// So many stores at a time: each has two connections.
    private static let most = 8

    private var free: [String] = []
    private var made = 0
    private var waiting: [CheckedContinuation<String, Never>] = []

    /// A store in a schema of its own.
    func make(
        role: Store.Role = .command, readers: Int = 1, now: Moment = t0
    ) async throws -> Store {
        let schema = await take()
        do {
            let place = try place(schema)
            try Self.empty(place)
            let store = try Store.openServer(place, role: role, create: true, readers: readers, now: now)
            guard case .postgres(let engine) = store.engine else { return store }
            engine.onEnd.withLock { $0 = { Task { await PostgresPool.shared.giveBack(schema) } } }
            return store
        } catch {
            giveBack(schema)
            throw error
        }
    }

    /// Where a schema is.
    nonisolated func place(_ schema: String) throws -> StorePlace {
        let server = try PostgresServer.shared.get()
        return StorePlace(
            path: "postgresql:///postgres?\(server.address)&options=-csearch_path%3D\(schema)")
    }

    /// A schema of one's own, for tests that open it several times; it is given back when the test ends.
    func take() async -> String {
        if let schema = free.popLast() { return schema }
        if made < Self.most {
            made += 1
            return "t\(made)"
        }
        return await withCheckedContinuation { waiting.append($0) }
    }

    func giveBack(_ schema: String) {
        if waiting.isEmpty { free.append(schema) } else { waiting.removeFirst().resume(returning: schema) }
    }

    /// Makes the schema if there is none, and removes all rows of an earlier store.
    nonisolated static func empty(_ place: StorePlace) throws {
        let line = PostgresLine(try PostgresSettings(place))
        try line.connect()
        let schema = place.path.split(separator: "%3D").last.map(String.init) ?? ""
        try line.execute("CREATE SCHEMA IF NOT EXISTS \(schema)")
        guard try line.value("SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()") ?? 0 > 0 else {
            return
        }
        let tables = Migration.all.flatMap { migration in
            migration.sql.matches(of: /CREATE TABLE (\w+)/).map { String($0.output.1) }
        }
        let script = tables.reversed().map { "DELETE FROM \($0);" }.joined()
        try line.execute("\(script) DELETE FROM owners; DELETE FROM daemons;")
    }
}

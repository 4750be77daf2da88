import Hummingbird
import Logging
import Outreach
import Platform
import ServiceLifecycle
import Store

/// Tells health and metrics over HTTP. `/health` is 200 while all loops move; whether things succeed is for `/metrics` and `bookbag status`.
struct HealthServer: Service {
    let listen: Configuration.Listen
    let metrics: DaemonMetrics
    let heartbeats: Heartbeats
    let store: Store
    let clock: DaemonClock
    let logger: Logger

    func run() async throws {
        let router = Router()
        router.get("health") { _, _ -> Response in
            let stuck = heartbeats.stuck()
            return Self.text(
                stuck.isEmpty ? "ok\n" : "stuck: \(stuck.joined(separator: ", "))\n",
                status: stuck.isEmpty ? .ok : .serviceUnavailable)
        }
        router.get("metrics") { _, _ -> Response in
            await refresh()
            return Self.text(metrics.registry.exposition(), type: MetricRegistry.contentType)
        }
        var quiet = logger
        quiet.logLevel = .error
        let application = Application(
            router: router,
            configuration: .init(address: .hostname(listen.host, port: listen.port), serverName: nil),
            onServerRunning: { channel in
                let port = channel.localAddress?.port ?? listen.port
                logger.log(Line.listening, ["address": "\(listen.host):\(port)"])
            }, logger: quiet)
        try await application.run()
    }

    /// Reads from the store what only it knows.
    private func refresh() async {
        let now = clock.now
        metrics.clockTrusted.set(clock.fault == nil ? 1 : 0)
        if let counts = try? await store.parcelCounts() { metrics.carriers.parcels(counts) }
        guard let status = try? await store.status(now: now) else { return }
        metrics.databaseBytes.set(Double(status.bytes))
        var effects: [Effect.State: Int] = [:]
        var oldest: Moment?
        for shop in status.shops {
            effects.merge(shop.effects, uniquingKeysWith: +)
            if let due = shop.readyDueSince, due <= now { oldest = min(oldest ?? due, due) }
        }
        for state in Effect.State.allCases { metrics.waiting.set(Double(effects[state] ?? 0), state.rawValue) }
        metrics.oldestDue.set(oldest.map { Double((now - $0).wholeMilliseconds) / 1000 } ?? 0)
    }

    private static func text(
        _ text: String, status: HTTPResponse.Status = .ok, type: String = "text/plain; charset=utf-8"
    ) -> Response {
        Response(
            status: status, headers: [.contentType: type], body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }
}

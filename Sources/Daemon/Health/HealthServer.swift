import Foundation
import Hummingbird
import Logging
import Outreach
import Platform
import ServiceLifecycle
import Store

/// Serves health and metrics over HTTP. `/health` is 200 while all loops are alive and the store is writable; whether
/// things succeed is for `/metrics` and `bookbag status`.
struct HealthServer: Service {
    let listen: Configuration.Listen
    let metrics: DaemonMetrics
    let heartbeats: Heartbeats
    let store: Store
    let clock: DaemonClock
    let logger: Logger
    /// What it accepts from clients.
    var limits = ListenerLimits(files: ListenerLimits.availableFiles())
    /// Called with the port once it is listening.
    var listening: @Sendable (Int) -> Void = { _ in }
    /// The shops that are served: mails of other shops are not counted as waiting.
    var shops: Set<String> = []
    var trouble = StoreTrouble()

    func run() async throws {
        let router = Router()
        router.get("health") { _, _ -> Response in
            let ill = self.ill()
            return Self.text(
                ill.isEmpty ? "ok\n" : ill.joined(separator: "\n") + "\n",
                status: ill.isEmpty ? .ok : .serviceUnavailable)
        }
        router.get("metrics") { _, _ -> Response in
            await refresh()
            return Self.text(metrics.registry.exposition(), type: MetricRegistry.contentType)
        }
        var quiet = logger
        quiet.logLevel = .error
        let keeper = ListenerGuard(limits)
        let application = Application(
            router: router, server: keeper.http,
            configuration: .init(
                address: .hostname(listen.host, port: listen.port), serverName: nil,
                availableConnectionsDelegate: keeper.hardLimit),
            onServerRunning: { channel in
                let port = channel.localAddress?.port ?? listen.port
                logger.log(Line.listening, ["address": "\(listen.host):\(port)"])
                listening(port)
            }, logger: quiet)
        try await application.run()
    }

    /// What keeps the daemon from working, one line each; empty if nothing does.
    func ill() -> [String] {
        let stuck = heartbeats.stuck()
        var lines = stuck.isEmpty ? [] : ["stuck: \(stuck.map(\.description).joined(separator: ", "))"]
        if let failure = trouble.failure { lines.append("store: \(failure.cause.rawValue)") }
        return lines
    }

    /// Reads the values that only the store knows.
    func refresh() async {
        let now = clock.now
        metrics.storeWritable.set(trouble.failure == nil ? 1 : 0)
        metrics.clockTrusted.set(clock.fault == nil ? 1 : 0)
        if let counts = try? await store.parcelCounts() { metrics.carriers.parcels(counts) }
        for total in (try? await store.counters()) ?? [] where total.name == "incoming" && shops.contains(total.shop) {
            metrics.incoming.reach(total.total, total.shop, total.labels[0])
        }
        guard let status = try? await store.status(now: now) else { return }
        metrics.databaseBytes.set(Double(status.bytes))
        var effects: [Effect.State: Int] = [:]
        var oldest: Moment?
        for shop in status.shops where shops.contains(shop.shop) {
            let read = shop.remembered[.lastGoodCycle] ?? shop.state.liveSince.shop
            metrics.lag.set(max(0, Double((now - read).wholeMilliseconds) / 1000), shop.shop, "shopify")
            if let read = shop.remembered[.mailboxRead] ?? shop.remembered[.mailboxFailingSince] {
                metrics.lag.set(max(0, Double((now - read).wholeMilliseconds) / 1000), shop.shop, "mailbox")
            }
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

extension Configuration.Listen {
    /// Checks that nobody else is listening there, before anything else starts. Throws `DaemonProblem`.
    package func requireFree() throws {
        var hints = addrinfo()
        hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, "\(port)", &hints, &found) == 0, let address = found else {
            throw problem("has no host of that name", status: .configuration)
        }
        defer { freeaddrinfo(found) }
        let descriptor = socket(
            address.pointee.ai_family, address.pointee.ai_socktype | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        guard bind(descriptor, address.pointee.ai_addr, address.pointee.ai_addrlen) != 0 else { return }
        switch errno {
        case EADDRINUSE:
            throw problem("is in use; stop what is listening there, or choose another port", status: .fault)
        case EADDRNOTAVAIL:
            throw problem("is not an address of this machine; write 127.0.0.1:\(port)", status: .configuration)
        case EACCES:
            throw problem("may not be used by this process; choose a port from 1024 on", status: .configuration)
        default: throw problem("cannot be listened on (errno \(errno))", status: .fault)
        }
    }

    private func problem(_ words: String, status: DaemonProblem.Status) -> DaemonProblem {
        DaemonProblem(line: .configuration, reason: "'listen' \(host):\(port) \(words)", status: status)
    }
}

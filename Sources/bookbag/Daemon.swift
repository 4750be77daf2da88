import ArgumentParser
import Delivery
import Foundation
import Intake
import Logging
import Outreach
import Platform
import ServiceLifecycle
import Store
import UnixSignals

/// Puts the daemon together and runs it: one group of services over one store. It wires all and decides nothing.
struct Daemon {
    let configuration: Configuration
    let logger: Logger

    /// Runs until SIGTERM or SIGINT. Throws `DaemonProblem` where it cannot start.
    func run() async throws {
        let clock = DaemonClock()
        let store = try open(clock)
        let owner = "\(ProcessInfo.processInfo.processIdentifier)-\(clock.now.milliseconds)"
        let inDoubt = try await store.recover(owner: owner, now: clock.now)
        let metrics = DaemonMetrics()
        if inDoubt > 0 {
            metrics.inDoubt.add(inDoubt, "email")
            logger.log(
                Line.inDoubt, ["count": "\(inDoubt)", "reason": "an earlier process ended before it heard the answer"])
        }
        let heartbeats = Heartbeats()
        let planning = Wake()
        let time = Wake()
        let engine = TransferEngine()
        let learning = Learning(store: store, logger: logger, metrics: metrics, newEvents: planning, newMoments: time)

        var desks: [String: ShopDesk] = [:]
        var makers: [String: MessageMaker] = [:]
        var services: [any Service] = []
        var deliveries: [Wake] = []
        let newMessages = Broadcast()
        for shop in configuration.shops {
            let desk = try await desk(for: shop, store: store, clock: clock, metrics: metrics)
            desks[shop.domain] = desk
            let host = URL(string: shop.endpoint)?.host.map { Set([$0.lowercased()]) } ?? []
            makers[shop.domain] = MessageMaker(
                configuration: shop, labels: LabelFetcher(engine, shopHosts: host), composer: MailComposer())
            for (way, outlet, limit, perSecond) in try ways(of: shop, over: engine) {
                let wake = Wake()
                deliveries.append(wake)
                newMessages.add(wake)
                services.append(
                    DeliveryService(
                        way: way, outlet: outlet, desk: desk, store: store, clock: clock, wake: wake,
                        heartbeats: heartbeats, metrics: metrics, logger: logger, owner: owner, limit: limit,
                        perSecond: perSecond))
            }
        }
        services.append(
            PlanningService(
                store: store, desks: desks, makers: makers, clock: clock, wake: planning, newMessages: newMessages,
                heartbeats: heartbeats, metrics: metrics, logger: logger))
        services.append(
            TimeService(
                store: store, desks: desks, learning: learning, clock: clock, wake: time, heartbeats: heartbeats,
                logger: logger))
        for desk in desks.values {
            services.append(
                IntakeService(
                    desk: desk, store: store, learning: learning, transport: engine, clock: clock,
                    heartbeats: heartbeats, metrics: metrics, logger: logger))
        }
        services.append(
            ReloadService(
                desks: desks, store: store, clock: clock, planning: planning, metrics: metrics,
                notifier: SystemdNotifier(), logger: logger))
        services.append(
            Watchdog(
                notifier: SystemdNotifier(), heartbeats: heartbeats, store: store, clock: clock, metrics: metrics,
                logger: logger))
        if let listen = configuration.listen {
            services.append(
                HealthServer(
                    listen: listen, metrics: metrics, heartbeats: heartbeats, store: store, clock: clock, logger: logger
                ))
        }
        var quiet = logger
        quiet.logLevel = .warning
        var group = ServiceGroupConfiguration(
            services: services.map { .init(service: $0) }, gracefulShutdownSignals: [.sigterm, .sigint], logger: quiet)
        group.maximumGracefulShutdownDuration = .seconds(20)
        logger.log(Line.started, ["shops": "\(configuration.shops.count)"])
        do {
            try await ServiceGroup(configuration: group).run()
        } catch is CancellationError {
            // What was still in flight after 20 seconds is in doubt, and goes on at the next start.
        }
        await engine.shutdown(within: .seconds(1))
        try? store.close()
        logger.log(Line.stopped)
    }

    private func open(_ clock: DaemonClock) throws -> Store {
        do {
            try FileManager.default.createDirectory(
                atPath: configuration.state, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw DaemonProblem(
                line: .storeFailed,
                reason: "the folder '\(configuration.state)' cannot be made; create it for the daemon's user",
                status: ExitStatus.fault)
        }
        do {
            return try Store.open(path: configuration.storePath, role: .daemon, now: clock.now)
        } catch {
            throw DaemonProblem(line: .storeFailed, reason: "\(error)", status: ExitStatus.fault)
        }
    }

    /// What is known of a shop before anything is asked: its triggers, and since when it is watched.
    private func desk(
        for shop: Configuration.Shop, store: Store, clock: DaemonClock, metrics: DaemonMetrics
    ) async throws -> ShopDesk {
        let now = clock.now
        let state = try await store.openShop(shop.domain, now: now)
        let triggers = try await TriggerShelf(shop: shop, store: store, metrics: metrics, logger: logger).start(
            now: now)
        let profile =
            try await store.remembered("profile", shop: shop.domain)
            .flatMap { try? JSONDecoder().decode(ShopProfile.self, from: Data($0.utf8)) }
            ?? ShopProfile(domain: shop.domain)
        return ShopDesk(
            configuration: shop,
            rules: ShopDesk.Rules(
                planner: Planner(
                    triggers: triggers.set, inForceSince: triggers.since, live: state.liveSince, shop: profile),
                learner: Learner(live: state.liveSince, shopZone: profile.zone, lookEvery: shop.pollEvery)))
    }

    /// The ways out of a shop: its relay and its webhooks.
    private func ways(
        of shop: Configuration.Shop, over engine: TransferEngine
    ) throws -> [(Way, any Outlet, limit: Int, perSecond: Int?)] {
        var ways: [(Way, any Outlet, limit: Int, perSecond: Int?)] = []
        if let smtp = shop.smtp {
            var settings = SMTPSettings(url: smtp.url, username: smtp.username)
            if let password = smtp.password { settings.password = password }
            settings.startTLS =
                switch smtp.startTLS {
                case .required: .required
                case .opportunistic: .opportunistic
                case .off: .off
                }
            settings.authorities = smtp.authority
            settings.certificate = smtp.certificate
            settings.key = smtp.key
            settings.sessions = smtp.connections
            let outlet = SMTPOutlet(SMTPRelay(settings, engine: engine), redirectTo: smtp.redirectTo)
            ways.append(
                (.mail(shop: shop.domain), outlet, limit: smtp.connections * 2, perSecond: smtp.perSecond))
        }
        for (name, webhook) in shop.webhooks.sorted(by: { $0.key < $1.key }) {
            let secrets: [WebhookSecret]
            do {
                secrets = try webhook.secrets.map { secret throws(WebhookSecret.Fault) in
                    try WebhookSecret(secret.reveal())
                }
            } catch {
                throw DaemonProblem(
                    line: .configuration, reason: "the secret of webhook '\(name)': \(error)",
                    status: ExitStatus.configuration)
            }
            let endpoint = WebhookEndpoint(
                name: name, url: webhook.url, secrets: secrets, allowPrivate: webhook.allowPrivate)
            ways.append(
                (.webhook(name, shop: shop.domain), WebhookOutlet([endpoint], over: engine), limit: 16, perSecond: nil))
        }
        return ways
    }
}

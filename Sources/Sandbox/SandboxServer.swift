// The sandbox as one service: a shop, its carriers, a relay with a mailbox page, and a webhook receiver, all on
// 127.0.0.1.

public import FoundationEssentials
public import Logging
import Synchronization

/// What a sandbox is made of.
public struct SandboxConfiguration: Sendable {
    /// For the shop, the page and webhooks; 0 is any free port.
    public var httpPort = 0
    /// For the relay; 0 is any free port.
    public var smtpPort = 0
    /// For the carriers, all of them behind one port; 0 is any free port.
    public var carriersPort = 0
    /// Who may ask the carriers.
    public var carrierCredentials = SandboxCarrierCredentials()
    /// Who the shop is.
    public var profile = SandboxShopProfile()
    /// How it differs from a plain shop.
    public var manners = SandboxShopManners()
    /// Who may ask it.
    public var credentials = SandboxCredentials()
    /// What its plan lets queries cost.
    public var bucket = SandboxBucket()
    /// What the relay asks of those who hand it mail.
    public var relayLimits = SandboxRelayLimits()
    /// What the relay does with some recipients from the start.
    public var relayRules: [RelayRule] = []
    /// Where mails are kept beyond the sandbox's life; in memory only where it is nothing.
    public var mailFolder: URL?
    /// Any of which may sign a webhook: `whsec_…` or `whpk_…`.
    public var webhookSecrets: [String] = []
    /// Chance told again: the same seed gives the same faults and the same load.
    public var seed: UInt64 = 1
    /// What the sandbox takes the time to be.
    public var clock = SandboxClock.system
    /// What happens by itself; nothing where it is left out.
    public var story: SandboxStory?
    /// So many orders with a parcel on its way are there from the start.
    public var openShipments = 0
    /// Within how many days these orders were placed.
    public var openShipmentDays = 10.0
    /// Whether the ports are printed, as one line of JSON.
    public var announcesPorts = true
    /// Where the story's lines and the ports go; standard output as a rule.
    public var print: @Sendable (String) -> Void = { Swift.print($0) }

    /// A plain shop on free ports, without a story.
    public init() {}
}

/// Where a running sandbox listens.
public struct SandboxPorts: Sendable {
    /// Of the shop, the page and webhooks.
    public let http: Int
    /// Of the relay.
    public let smtp: Int
    /// Of the carriers.
    public let carriers: Int

    /// The shop's endpoint, and the address of the page.
    public var url: String { "http://127.0.0.1:\(http)" }
    /// The `endpoint:` of every carrier.
    public var carriersEndpoint: String { "http://127.0.0.1:\(carriers)" }
}

/// A shop, a relay and a webhook receiver to try Bookbag against.
public final class SandboxServer: Sendable {
    /// The shop, to be moved by its verbs.
    public let shop: SandboxShop
    /// What the relay took.
    public let mailbox: Mailbox
    /// What came to `/hooks/`.
    public let webhooks: WebhookReceiver
    /// The carriers, who know the shop's parcels.
    public let carriers: SandboxCarriers
    /// What goes wrong at the shop.
    public let shopFaults: SandboxFaults<ShopFault>
    /// What goes wrong at the relay.
    public let relayFaults: SandboxFaults<RelayFault>
    /// What the relay does with some recipients.
    public let relayRules: RelayRules

    private struct Bound {
        var http: Int?
        var smtp: Int?
        var carriers: Int?
    }

    private let configuration: SandboxConfiguration
    private let logger: Logger
    private let admin: FakeAdmin
    private let teller: StoryTeller
    private let bound = Mutex(Bound())
    private let boundBell = Bell()

    /// - Throws: when the mail folder cannot be made or read.
    public init(_ configuration: SandboxConfiguration = SandboxConfiguration(), logger: Logger? = nil) throws {
        self.configuration = configuration
        self.logger = logger ?? Logger(label: "bookbag.sandbox") { _ in SwiftLogNoOpLogHandler() }
        let clock = configuration.clock
        shop = SandboxShop(profile: configuration.profile, manners: configuration.manners, clock: clock)
        mailbox = try Mailbox(folder: configuration.mailFolder, clock: clock)
        webhooks = WebhookReceiver(secrets: configuration.webhookSecrets, clock: clock, seed: configuration.seed)
        carriers = SandboxCarriers(
            shop: shop, credentials: configuration.carrierCredentials, seed: configuration.seed)
        shopFaults = SandboxFaults(seed: configuration.seed ^ 0x5409)
        relayFaults = SandboxFaults(seed: configuration.seed ^ 0x8E1A)
        relayRules = RelayRules(configuration.relayRules)
        admin = FakeAdmin(
            service: AdminService(shop: shop, bucket: configuration.bucket), credentials: configuration.credentials,
            faults: shopFaults, seed: configuration.seed)
        teller = StoryTeller(
            shop: shop, mailbox: mailbox, seed: configuration.seed, print: configuration.print)
        shop.prefill(
            openShipments: configuration.openShipments, within: configuration.openShipmentDays * 86_400)
    }

    /// What has come of the story so far.
    public var verdict: SandboxVerdict { teller.ledger.verdict }

    /// Where it listens; waits until it does. Nothing when it did not come up within `patience`.
    public func ports(within patience: Duration = .seconds(10)) async -> SandboxPorts? {
        _ = await boundBell.wait(atMost: patience) { self.boundPorts != nil }
        return boundPorts
    }

    private var boundPorts: SandboxPorts? {
        bound.withLock { bound in
            guard let http = bound.http, let smtp = bound.smtp, let carriers = bound.carriers else { return nil }
            return SandboxPorts(http: http, smtp: smtp, carriers: carriers)
        }
    }

    /// Runs until cancelled or, when `endsWithStory` is true, until the story has been told and judged.
    /// - Returns: the story's verdict, nothing when there was none or it was cut short.
    /// - Throws: when a port cannot be had, or the story cannot be told (nobody polls the shop).
    @discardableResult
    public func run(endsWithStory: Bool = false) async throws -> SandboxVerdict? {
        try await withThrowingTaskGroup(of: SandboxVerdict?.self) { group in
            defer { group.cancelAll() }
            group.addTask {
                try await self.serveWeb()
                return nil
            }
            group.addTask {
                try await self.serveMail()
                return nil
            }
            group.addTask {
                try await self.serveCarriers()
                return nil
            }
            group.addTask {
                try await self.announce()
                guard let story = self.configuration.story else { return nil }
                return try await self.teller.tell(story)
            }
            for try await verdict in group {
                if let verdict, endsWithStory { return verdict }
            }
            return nil
        }
    }

    /// Tells the ports as one line of JSON, for scripts.
    private func announce() async throws {
        guard let ports = await ports() else {
            throw SandboxRefusal("the sandbox could not listen on its ports within 10 seconds")
        }
        let line: JSON = [
            "http": .int(Int64(ports.http)), "smtp": .int(Int64(ports.smtp)), "url": .string(ports.url),
            "endpoint": .string(ports.url), "token": .text(configuration.credentials.token),
            "carriers": .int(Int64(ports.carriers)), "carriers_endpoint": .string(ports.carriersEndpoint),
        ]
        if configuration.announcesPorts { configuration.print(line.text) }
    }

    private func serveWeb() async throws {
        let site = SandboxSite(
            shop: shop, admin: admin, carriers: carriers, mailbox: mailbox, hooks: webhooks, relayFaults: relayFaults,
            relayRules: relayRules, teller: teller, smtpPort: { self.bound.withLock { $0.smtp ?? 0 } })
        let server = WebServer(port: configuration.httpPort, logger: logger) { await site.respond($0) }
        try await server.run { port in
            self.shop.baseURL = "http://127.0.0.1:\(port)"
            self.bound.withLock { $0.http = port }
            self.boundBell.ring()
        }
    }

    private func serveCarriers() async throws {
        let carriers = carriers
        let server = WebServer(port: configuration.carriersPort, logger: logger) { carriers.respond($0) }
        try await server.run { port in
            self.bound.withLock { $0.carriers = port }
            self.boundBell.ring()
        }
    }

    private func serveMail() async throws {
        let (limits, faults, rules, mailbox) = (configuration.relayLimits, relayFaults, relayRules, mailbox)
        let server = SMTPServer(
            port: configuration.smtpPort,
            makeSession: {
                SMTPSession(
                    limits: limits, fault: { faults.draw() }, slowness: { faults.slowness },
                    verdict: { rules.verdict($0) })
            }, keep: { mailbox.keep($0) })
        try await server.run { port in
            self.bound.withLock { $0.smtp = port }
            self.boundBell.ring()
        }
    }
}

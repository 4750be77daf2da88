// The sandbox as one service: a shop, its carriers, a relay with a mailbox page, and a webhook receiver, all on
// 127.0.0.1.

public import FoundationEssentials
public import Logging
import Synchronization

/// The settings of a sandbox.
public struct SandboxConfiguration: Sendable {
    /// For the shop, the page and webhooks; 0 is any free port.
    public var httpPort = 0
    /// For the relay; 0 is any free port.
    public var smtpPort = 0
    /// For the carriers, all of them behind one port; 0 is any free port.
    public var carriersPort = 0
    /// The login for the carriers.
    public var carrierCredentials = SandboxCarrierCredentials()
    /// The shop's identity.
    public var profile = SandboxShopProfile()
    /// Its deviations from a plain shop.
    public var manners = SandboxShopManners()
    /// Who may access it.
    public var credentials = SandboxCredentials()
    /// The cost limits of its plan.
    public var bucket = SandboxBucket()
    /// The relay's requirements for clients.
    public var relayLimits = SandboxRelayLimits()
    /// What the relay does with some recipients from the start.
    public var relayRules: [RelayRule] = []
    /// The folder where mails outlive the sandbox; only in memory if nil.
    public var mailFolder: URL?
    /// Secrets, any of which may sign a webhook: `whsec_…` or `whpk_…`.
    public var webhookSecrets: [String] = []
    /// The random seed: the same seed gives the same faults and the same load.
    public var seed: UInt64 = 1
    /// The sandbox's clock.
    public var clock = SandboxClock.system
    /// The story that runs by itself, if any.
    public var story: SandboxStory?
    /// The number of initial orders with a parcel on its way.
    public var openShipments = 0
    /// The number of days in which these orders were placed.
    public var openShipmentDays = 10.0
    /// Whether the ports are printed, as one line of JSON.
    public var announcesPorts = true
    /// Where the story's lines and the ports are written; standard output by default.
    public var print: @Sendable (String) -> Void = { Swift.print($0) }

    /// A plain shop on free ports, without a story.
    public init() {}
}

/// The addresses of a running sandbox.
public struct SandboxPorts: Sendable {
    /// The port of the shop, the page and webhooks.
    public let http: Int
    /// Of the relay.
    public let smtp: Int
    /// The port of the carriers.
    public let carriers: Int

    /// The shop's endpoint, and the address of the page.
    public var url: String { "http://127.0.0.1:\(http)" }
    /// The `endpoint:` of every carrier.
    public var carriersEndpoint: String { "http://127.0.0.1:\(carriers)" }
}

/// A shop, a relay and a webhook receiver to try Bookbag against.
public final class SandboxServer: Sendable {
    /// The shop, driven by its verbs.
    public let shop: SandboxShop
    /// The mails that the relay accepted.
    public let mailbox: Mailbox
    /// The webhooks received at `/hooks/`.
    public let webhooks: WebhookReceiver
    /// The account at Twilio that texts go through.
    public let twilio: FakeTwilio
    /// Helpdesks, below `/zendesk` and `/gorgias`.
    public let zendesk: FakeZendesk
    public let gorgias: FakeGorgias
    /// Those who sell labels, below `/easypost` and `/shippo`.
    public let brokers: FakeBrokers
    /// The carriers, which know the shop's parcels.
    public let carriers: SandboxCarriers
    /// The shop's faults.
    public let shopFaults: SandboxFaults<ShopFault>
    /// The relay's faults.
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

    /// - Throws: if the mail folder cannot be created or read.
    public init(_ configuration: SandboxConfiguration = SandboxConfiguration(), logger: Logger? = nil) throws {
        self.configuration = configuration
        self.logger = logger ?? Logger(label: "bookbag.sandbox") { _ in SwiftLogNoOpLogHandler() }
        let clock = configuration.clock
        shop = SandboxShop(profile: configuration.profile, manners: configuration.manners, clock: clock)
        mailbox = try Mailbox(folder: configuration.mailFolder, clock: clock)
        webhooks = WebhookReceiver(secrets: configuration.webhookSecrets, clock: clock, seed: configuration.seed)
        twilio = FakeTwilio(clock: clock, seed: configuration.seed)
        zendesk = FakeZendesk(clock: clock, seed: configuration.seed)
        gorgias = FakeGorgias(clock: clock, seed: configuration.seed)
        brokers = FakeBrokers(clock: clock, currency: configuration.profile.currency, seed: configuration.seed) {
            [shop] in
            shop.baseURL
        }
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

    /// The state of the story so far.
    public var verdict: SandboxVerdict { teller.ledger.verdict }

    /// Waits until it listens and returns its addresses; nil if it did not start within `patience`.
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

    /// Runs until cancelled or, if `endsWithStory` is true, until the story has ended and been judged.
    /// - Returns: the story's verdict; nil if there was no story or it was cut short.
    /// - Throws: if a port is not available, or the story cannot run (nobody polls the shop).
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

    /// Prints the ports as one line of JSON, for scripts.
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
            shop: shop, admin: admin, carriers: carriers, mailbox: mailbox, hooks: webhooks, twilio: twilio,
            zendesk: zendesk, gorgias: gorgias, brokers: brokers,
            relayFaults: relayFaults,
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

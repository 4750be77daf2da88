import ArgumentParser
import Foundation
import Sandbox

/// `bookbag sandbox`: a shop, a relay and a mailbox on this machine, to try everything against. `bookbag` runs this
/// program, which is not part of it: whoever serves real shoppers need not install a shop that is not one.
@main
struct SandboxCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bookbag sandbox",
        abstract: "Run a shop, its carriers, a mail relay and a mailbox page to try Bookbag with.",
        discussion: """
            Everything listens on 127.0.0.1 only and speaks the real protocols: Shopify's Admin GraphQL, the carriers' tracking \
            APIs, SMTP, Standard Webhooks. All carriers share one port, the 'endpoint' of each in bookbag.yaml; they know the \
            shop's parcels, and accept sandbox-id and sandbox-secret as any login.

            EXAMPLES
              bookbag sandbox --story demo
              bookbag sandbox --port 8080 --smtp-port 2525   a shop to play with in the browser
            """)

    /// The stories that it can tell.
    enum Story: String, ExpressibleByArgument, CaseIterable {
        case demo, load
    }

    @Option(help: "Run a story: demo or load.") var story: Story?
    @Option(help: "The speed of the demo; 2 is twice as fast.") var speed = 1.0
    @Option(help: "The number of orders in the load story.") var orders = 100
    @Option(help: "The duration of the load story in seconds.") var seconds = 30
    @Option(help: "The port of the shop and the mailbox page; 0 is any free one.") var port = 0
    @Option(help: "The port of the relay; 0 is any free one.") var smtpPort = 0
    @Option(help: "The port of the carriers; 0 is any free one.") var carriersPort = 0
    @Option(help: "The Admin API's access token.") var token = "shpat_sandbox"
    @Option(help: "Keep the mails in this folder.") var mails: String?
    @Option(help: "The secret for verifying webhooks.") var webhookSecret: String?
    @Option(help: "The load story's random seed.") var seed: UInt64 = 1
    @Option(help: "The number of initial orders with open shipments.") var openShipments = 0
    @Option(help: "The number of days in which they were placed.") var openDays = 10.0
    @Option(help: "The shop's permanent domain.") var domain = "juniperfig.myshopify.com"
    @Option(help: "Points per second that the shop's cost bucket restores.") var restoreRate = 100.0
    @Option(help: "Write the ports as JSON to this file instead of printing them.") var portsFile: String?
    @Flag(help: "End when the story is over: status 1 if a message is missing or doubled.") var once = false

    func run() async throws {
        var configuration = SandboxConfiguration()
        configuration.httpPort = port
        configuration.smtpPort = smtpPort
        configuration.carriersPort = carriersPort
        configuration.credentials.token = token
        configuration.profile.domain = domain
        configuration.bucket = SandboxBucket(maximumAvailable: restoreRate * 20, restoreRate: restoreRate)
        configuration.mailFolder = mails.map { URL(fileURLWithPath: $0) }
        configuration.webhookSecrets = webhookSecret.map { [$0] } ?? []
        configuration.seed = seed
        configuration.openShipments = openShipments
        configuration.openShipmentDays = openDays
        // Whoever reads the file needs no line of JSON among those of the story.
        configuration.announcesPorts = portsFile == nil
        configuration.print = { line in
            // Written at once, for whoever reads along through a pipe.
            FileHandle.standardOutput.write(Data((line + "\n").utf8))
        }
        switch story {
        case .demo?: configuration.story = .demo(DemoPlan(speed: speed))
        case .load?: configuration.story = .load(LoadPlan(orders: orders, duration: .seconds(seconds)))
        case nil: break
        }
        let server = try SandboxServer(configuration)
        let verdict = try await withThrowingTaskGroup(of: SandboxVerdict?.self) { group in
            group.addTask { try await server.run(endsWithStory: once) }
            if let ports = await server.ports() {
                if let portsFile {
                    let text =
                        #"{"http": \#(ports.http), "smtp": \#(ports.smtp), "carriers": \#(ports.carriers)}"# + "\n"
                    try text.write(toFile: portsFile, atomically: true, encoding: .utf8)
                }
            }
            return try await group.next() ?? nil
        }
        if once, let verdict, !verdict.isGood { throw ExitCode(1) }
    }
}

import Intake
import Outreach
import Platform
import Store
import Testing

@testable import Daemon

@Suite("What reads a shop's mail is put together") struct SourceWiringTests {
    private func wiring(_ mailbox: Configuration.Mailbox?) async throws -> (LoopBench, SourceWiring) {
        let bench = try await LoopBench()
        var shop = bench.configuration
        shop.mailbox = mailbox
        let context = ShopContext(configuration: shop, rules: bench.context.rules)
        return (
            bench,
            SourceWiring(
                context: context, store: bench.store, learning: bench.learning(), clock: bench.clock,
                engine: TransferEngine(), newMail: Wake(), heartbeats: bench.heartbeats, logger: bench.lines.logger())
        )
    }

    private func fetched(lmtp: String? = nil) -> Configuration.Mailbox {
        Configuration.Mailbox(
            imap: .init(
                host: "imap.fig.example", port: nil, security: .tls, username: "hello", password: SecretString("p"),
                oauth: nil, folders: ["INBOX"], sent: nil, authority: nil, certificate: nil, key: nil), lmtp: lmtp,
            onlyTo: ["hello@fig.example"], authservID: nil)
    }

    @Test("nothing runs where nothing is read")
    func none() async throws {
        let (_, wiring) = try await wiring(nil)
        #expect(wiring.services().isEmpty && wiring.brought == nil)
    }

    @Test("a mailbox is waited at and read, and what waits wakes what reads")
    func mailbox() async throws {
        let (_, wiring) = try await wiring(fetched())
        let services = wiring.services()
        let watch = try #require(services.compactMap { $0 as? MailboxWatch }.first)
        let reading = try #require(services.compactMap { $0 as? SourceService }.first)
        #expect(services.count == 2 && watch.reading === wiring.wake && reading.wake === wiring.wake)
        #expect(reading.mail != nil && reading.sources.map(\.name) == ["mailbox"])
        #expect(wiring.brought == nil)
    }

    @Test("mail that is brought is judged without anybody being asked, and has its socket")
    func brought() async throws {
        let (_, wiring) = try await wiring(
            Configuration.Mailbox(imap: nil, lmtp: "/run/l.sock", onlyTo: ["hello@fig.example"], authservID: nil))
        let services = wiring.services()
        #expect(services.count == 1 && services[0] is SourceService)
        let (socket, shop) = try #require(wiring.brought)
        #expect(socket == "/run/l.sock" && shop.reading === wiring.wake)
        #expect(shop.delivery.takes("hello+x@fig.example") && !shop.delivery.takes("tom@fig.example"))
        let (_, both) = try await self.wiring(fetched(lmtp: "/run/l.sock"))
        #expect(both.services().count == 2 && both.brought != nil)
    }
}

import Daemon
import Foundation
import Glibc
import Outreach
import Testing

@testable import bookbag

@Suite("All that is wrong with bookbag.yaml")
struct ConfigurationFaultsTests {
    private func faults(_ text: String, folder: String = "/etc/bookbag", credentials: String? = nil) -> [String] {
        let surroundings = ConfigurationReader.Surroundings(
            secrets: SecretSource(credentials: credentials, environment: ["TOKEN": "t"]), stateDirectory: "/tmp",
            folder: folder)
        do {
            _ = try ConfigurationReader.read(text, file: "b.yaml", surroundings: surroundings)
            return []
        } catch { return error.faults.map(\.description) }
    }

    @Test("is told at once, in the order of its lines")
    func atOnce() {
        let found = faults(
            """
            shops:
              - domain: juniperfig.myshopify.com
                token: shpat_written
                poll_every: soon
              - domain: fig.example
                token: env:TOKEN
                client_id: a
                client_secret: written
                poll_every: 0 seconds
            smtp:
              url: relay.example
              username: me
              password: credential:nowhere
              connections: 0
              ca: /nowhere/ca.pem
            webhooks:
              helpdesk:
                url: helpdesk
                secret: written
            listen: nowhere
            """)
        let starts = found.map { $0.split(separator: ":").prefix(2).last.flatMap { Int($0) } ?? 0 }
        #expect(starts == starts.sorted(), "\(found)")
        #expect(Set(starts).isSuperset(of: [3, 4, 5, 6, 8, 9, 11, 13, 14, 15, 18, 19, 20]), "\(found)")
    }

    @Test("a store at a server has its password elsewhere, and an address that says how it is encrypted")
    func server() {
        func found(_ lines: String) -> [String] {
            faults("shops:\n  - domain: juniperfig.myshopify.com\n    token: env:TOKEN\n" + lines)
        }
        #expect(found("store: postgresql://bookbag@127.0.0.1/bookbag\nstore_password: env:TOKEN\n").isEmpty)
        #expect(
            found("store: postgresql://bookbag:fig@127.0.0.1/bookbag\n") == [
                "b.yaml:4:8: 'store': a secret must not be written into this file; take the password out of the address and write 'store_password: credential:NAME'"
            ])
        let open = found("store: postgresql://bookbag@db.example/bookbag\n")
        #expect(open.first?.contains("lets the connection go unencrypted") == true && open.count == 1)
        #expect(found("store: /var/lib/bookbag.db\n").first?.contains("not the address of a PostgreSQL") == true)
        #expect(found("store_password: env:TOKEN\n").first?.contains("no 'store' is named") == true)
    }

    @Test("a credential that everybody can read is refused, outside systemd too")
    func credential() throws {
        let folder = NSTemporaryDirectory() + "bookbag-credentials-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try Data("shpat_1".utf8).write(to: URL(filePath: folder + "/shop"))
        let text = "shops:\n  - domain: juniperfig.myshopify.com\n    token: credential:shop\n"
        chmod(folder + "/shop", 0o644)
        #expect(faults(text, credentials: folder).first?.contains("can be read by others; chmod 0600") == true)
        chmod(folder + "/shop", 0o600)
        #expect(faults(text, credentials: folder).isEmpty)
    }
}

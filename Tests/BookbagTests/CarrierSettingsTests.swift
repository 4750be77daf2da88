import Daemon
import Intake
import Outreach
import Platform
import Testing

@testable import bookbag

@Suite("The carriers in bookbag.yaml")
struct CarrierSettingsTests {
    private func read(_ carriers: String) -> Result<Configuration, ConfigurationFaults> {
        let text = """
            shops:
              - domain: juniperfig.myshopify.com
                token: env:TOKEN
            carriers:
            \(carriers)
            """
        let surroundings = ConfigurationReader.Surroundings(
            secrets: SecretSource(
                credentials: nil, environment: ["TOKEN": "t", "ID": "the-id", "KEY": "the-key", "PASS": "the-pass"]),
            stateDirectory: "/tmp", folder: "/etc/bookbag")
        return Result { () throws(ConfigurationFaults) in
            try ConfigurationReader.read(text, file: "bookbag.yaml", surroundings: surroundings)
        }
    }

    @Test("are taken in their order, each with its own keys")
    func taken() throws {
        let configuration = try read(
            """
              dhl: { api_key: env:KEY, per_day: 250, endpoint: "http://127.0.0.1:8080/" }
              ups: { client_id: env:ID, client_secret: env:KEY, ask_every: 1 hour }
              australiapost: { username: me, password: env:PASS, account: "0001" }
              17track: { api_key: env:KEY }
            """
        ).get()
        #expect(configuration.carriers.map(\.name) == ["dhl_unified", "ups", "australiapost", "17track"])
        let dhl = configuration.carriers[0]
        #expect(dhl.perDay == 250 && dhl.access.server == "http://127.0.0.1:8080")
        #expect(dhl.access.id.reveal() == "the-key")
        #expect(configuration.carriers.map(\.askEvery) == [nil, .hours(1), nil, nil])
        #expect(configuration.carriers[1].access.id.reveal() == "the-id")
        #expect(configuration.carriers[1].access.secret.reveal() == "the-key")
        #expect(configuration.carriers[2].access.id.reveal() == "me")
        #expect(configuration.carriers[2].access.account == "0001")
    }

    @Test("left out, and left empty, are none")
    func none() throws { #expect(try read("").get().carriers.isEmpty) }

    @Test(
        "tell what is wrong, where, and how to fix it",
        arguments: [
            ("  upss: { client_id: a, client_secret: env:KEY }", "5:3: unknown carrier 'upss'; did you mean 'ups'?"),
            (
                "  ups: { client_id: a, client_secrt: env:KEY }",
                "5:24: unknown key 'client_secrt'; did you mean 'client_secret'?"
            ),
            (
                "  ups: { client_id: a }",
                "the carrier 'ups' has no 'client_secret'; add 'client_secret: credential:ups-client-secret'"
            ),
            ("  ups: { client_id: a, client_secret: hunter2 }", "a secret must not be written into this file"),
            ("  dhl: { api_key: env:KEY, per_day: 0 }", "'0' is not a number from 1"),
            ("  dhl: { api_key: env:KEY, ask_every: soon }", "'soon' is not a length of time"),
            (
                "  dhl: { api_key: env:KEY, endpoint: 'http://carrier.example' }",
                "the carrier's login would be sent unencrypted"
            ),
            (
                "  dhl: { api_key: env:KEY, endpoint: 'https://carrier.example/v1' }",
                "'endpoint' needs scheme and host only"
            ),
            (
                "  dhl: { api_key: env:KEY }\n  dhl_unified: { api_key: env:KEY }",
                "the carrier 'dhl_unified' is listed twice"
            ),
            ("  - ups", "'carriers' is a list, not a set of names"),
        ])
    func faults(_ text: String, _ expected: String) {
        guard case .failure(let faults) = read(text) else {
            Issue.record("it was taken")
            return
        }
        #expect(faults.description.contains(expected), "\(faults)")
        #expect(!faults.description.contains("hunter2"))
    }
}

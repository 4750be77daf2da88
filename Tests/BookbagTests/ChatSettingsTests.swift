import Daemon
import Delivery
import Platform
import Testing

@testable import bookbag

@Suite("The chat in bookbag.yaml")
struct ChatSettingsTests {
    private func read(_ chat: String) throws(ConfigurationFaults) -> Configuration {
        try ConfigurationReader.read(
            """
            state: /var/lib/bookbag
            triggers: /etc/bookbag/triggers
            shops:
              - { domain: juniperfig.myshopify.com, token: "env:T" }
            \(chat)
            """, file: "bookbag.yaml",
            surroundings: .init(
                secrets: SecretSource(credentials: nil, environment: ["T": "t"]), stateDirectory: "/tmp",
                folder: "/etc/bookbag"))
    }

    @Test("origins are written as browsers send them")
    func origins() throws {
        let configuration = try read(
            "chat: { origins: [https://Juniperfig.example/, \"https://www.juniperfig.example:443\", \"http://127.0.0.1:8080\"] }"
        )
        #expect(
            configuration.shops[0].chat?.origins == [
                "https://juniperfig.example", "https://www.juniperfig.example", "http://127.0.0.1:8080",
            ])
        #expect(try read("").shops[0].chat == nil)
    }

    @Test(
        "what is no origin is told with its line",
        arguments: [
            "juniperfig.example", "http://juniperfig.example", "https://juniperfig.example/shop", "https://*",
            "https://*.juniperfig.example", "https://a@juniperfig.example", "https://juniperfig.example?x", "null",
            "ftp://x.example",
        ])
    func faults(_ text: String) throws {
        let faults = #expect(throws: ConfigurationFaults.self) { try read("chat: { origins: [\"\(text)\"] }") }
        #expect(faults.map { "\($0)".contains("bookbag.yaml:5") } == true, "\(faults.map { "\($0)" } ?? "")")
    }

    @Test("a chat without origins is on no page")
    func none() {
        #expect(throws: ConfigurationFaults.self) { try read("chat: {}") }
    }
}

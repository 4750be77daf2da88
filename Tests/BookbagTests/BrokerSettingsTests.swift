import Daemon
import Delivery
import Foundation
import Outreach
import Testing

@testable import bookbag

@Suite("Who sells labels, in bookbag.yaml") struct BrokerSettingsTests {
    private func read(_ text: String, shop: String = "") throws(ConfigurationFaults) -> Configuration.Shop {
        try ConfigurationReader.read(
            """
            state: /var/lib/bookbag
            triggers: /etc/bookbag/triggers
            \(text)
            shops:
              - domain: juniperfig.myshopify.com
                token: "env:T"
                \(shop)
            """, file: "bookbag.yaml",
            surroundings: .init(
                secrets: SecretSource(credentials: nil, environment: ["T": "EZTKx", "L": "shippo_live_x"]),
                stateDirectory: "/tmp", folder: "/etc/bookbag")
        ).shops[0]
    }

    private func faults(_ text: String) -> String {
        do throws(ConfigurationFaults) {
            _ = try read(text)
            return ""
        } catch { return "\(error)" }
    }

    @Test("is EasyPost or Shippo, for all shops or for one, and opens no channel of its own")
    func read() throws {
        let all = try read("labels: { broker: easypost, key: \"env:T\" }")
        let settings = try #require(all.broker)
        #expect(settings.kind == .easypost && settings.url == "https://api.easypost.com" && settings.isTest == true)
        #expect(!"\(settings)".contains("EZTK"))
        let one = try read(
            "labels: { broker: easypost, key: \"env:T\" }",
            shop: "labels: { broker: shippo, key: \"env:L\", url: \"http://127.0.0.1:8080/shippo/\" }")
        #expect(one.broker?.kind == .shippo && one.broker?.url == "http://127.0.0.1:8080/shippo")
        #expect(one.broker?.isTest == false)
        #expect(try read("").broker == nil)
        let capped = try read("", shop: "ceilings: { labels: [9.00, 20 labels per day] }")
        #expect(capped.actionCeilings["labels"]?.each == 9 && capped.actionCeilings["labels"]?.allowances.count == 1)
    }

    @Test(
        "what is wrong is told with its line",
        arguments: [
            ("labels: { key: \"env:T\" }", "does not say who sells them"),
            ("labels: { broker: shipengine, key: \"env:T\" }", "'shipengine' is no broker that Bookbag knows"),
            ("labels: { broker: shippo }", "'labels' has no 'key'"),
            ("labels: { broker: shippo, key: secret }", "bookbag.yaml:3:"),
            (
                "labels: { broker: shippo, key: \"env:T\", url: \"http://api.goshippo.com\" }",
                "'url' is no address of an API"
            ),
            (
                "labels: { broker: shippo, key: \"env:T\", url: \"https://a:b@x.example\" }",
                "'url' is no address of an API"
            ),
        ])
    func wrong(_ text: String, _ fault: String) {
        let faults = faults(text)
        #expect(faults.contains("bookbag.yaml:3:") && faults.contains(fault), "\(faults)")
    }
}

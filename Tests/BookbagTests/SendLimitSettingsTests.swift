import Delivery
import Outreach
import Platform
import Testing

@testable import Daemon
@testable import bookbag

@Suite("How much a relay may be given, in bookbag.yaml") struct SendLimitSettingsTests {
    private func read(_ lines: String) throws(ConfigurationFaults) -> Configuration.Shop {
        let smtp = "url: smtp://relay.fig.example:587\n" + lines
        let text =
            "shops:\n  - domain: juniperfig.myshopify.com\n    token: env:TOKEN\nsmtp:\n"
            + smtp.split(separator: "\n").map { "  \($0)\n" }.joined()
        return try ConfigurationReader.read(
            text, file: "b.yaml",
            surroundings: ConfigurationReader.Surroundings(
                secrets: SecretSource(credentials: nil, environment: ["TOKEN": "t"]), stateDirectory: "/tmp",
                folder: "/etc/bookbag")
        ).shops[0]
    }

    private func faults(_ lines: String) -> [String] {
        do throws(ConfigurationFaults) {
            _ = try read(lines)
            return []
        } catch { return error.faults.map(\.description) }
    }

    @Test("in a second, an hour and a day, in all, to any one domain, and to those that are named")
    func keys() throws {
        let shop = try read(
            """
            per_second: 5
            per_hour: 600
            per_day: 2000
            per_domain: { per_hour: 100 }
            domains:
              GMail.com: { per_second: 2, per_day: 500 }
              bücher.example: { per_hour: 1 }
              slow.example: {}
            """)
        let limits = try #require(shop.smtp?.limits)
        #expect(limits.whole == [SendLimit(5, .second), SendLimit(600, .hour), SendLimit(2000, .day)])
        #expect(limits.limits(of: "any.example") == [SendLimit(100, .hour)])
        #expect(limits.limits(of: "gmail.com") == [SendLimit(2, .second), SendLimit(500, .day)])
        #expect(limits.limits(of: recipientDomain(of: "a@bücher.example")) == [SendLimit(1, .hour)])
        #expect(limits.limits(of: "slow.example") == [], "its own are none")
        #expect(limits.perSecond == 5)
        // And so they reach whoever sends.
        let route = try #require(shop.routes.first { $0.route == .mail(shop: "juniperfig.myshopify.com") })
        #expect(route.end.limits == limits)
    }

    @Test("none where nothing is written")
    func none() throws { #expect(try read("").smtp?.limits == SendLimits()) }

    @Test(
        "says what is wrong, and where",
        arguments: [
            ("per_hour: 0", "not a number from 1"), ("per_day: many", "not a number"), ("per_minute: 5", "unknown key"),
            ("per_domain: 5", "per_domain"), ("per_domain: { per_week: 5 }", "unknown key 'per_week'"),
            ("domains: [gmail.com]", "not a set of domains"), ("domains: { gmail: { per_hour: 1 } }", "not the domain"),
            ("domains: { a@gmail.com: { per_hour: 1 } }", "not the domain"),
            ("dkim_selectors: [a b]", "not a DKIM selector"),
        ])
    func wrong(_ lines: String, _ words: String) {
        let found = faults(lines)
        #expect(found.count == 1 && found[0].contains(words) && found[0].hasPrefix("b.yaml:6:"), "\(found)")
    }

    @Test("the selectors that the relay signs with, one or several")
    func selectors() throws {
        #expect(try read("dkim_selectors: mail").smtp?.dkimSelectors == ["mail"])
        #expect(try read("dkim_selectors: [s1, k2._sub]").smtp?.dkimSelectors == ["s1", "k2._sub"])
    }
}

import DNS
import Outreach
import Testing

@testable import Daemon

@Suite("Whether the relay's address has a name") struct RelayNameTests {
    private func finding(_ names: DNSResolver.Answer, leadsBack: Bool = false) -> DoctorReport.Finding? {
        let name = RelayName(
            relay: "mail.fig.example", addresses: [.init(address: "9.9.9.9", names: names, leadsBack: leadsBack)])
        return name.findings.count == 1 ? name.findings[0] : nil
    }

    @Test("one sentence with its fix for a name that is missing, that leads elsewhere, or that nobody tells")
    func faults() throws {
        #expect(finding(.records(["mail.fig.example"]), leadsBack: true)?.grade == .fine)
        let none = try #require(finding(.none))
        #expect(none.grade == .poor && none.words.contains("9.9.9.9") && none.words.contains("PTR"))
        #expect(none.fix?.contains("mail.fig.example") == true)
        let elsewhere = try #require(finding(.records(["static-9.isp.example"])))
        #expect(elsewhere.grade == .poor && elsewhere.words.contains("static-9.isp.example"))
        #expect(finding(.failure("no answer"))?.words.contains("no answer") == true)
    }

    @Test(
        "is not asked where the address that mail goes out from is not to be known from here",
        arguments: [
            "smtp.gmail.com", "smtp.office365.com", "email-smtp.eu-west-1.amazonaws.com", "localhost", "127.0.0.1",
            "10.1.2.3", "::1",
        ])
    func unknowable(_ relay: String) async {
        // A name server that is not there: whatever is asked would be told as a failure.
        let nobody = DNSResolver(servers: "127.0.0.1:1", patience: .seconds(1))
        #expect(await RelayName.ask(nobody, relay: relay) == nil)
    }

    @Test("an address that is written itself is looked up backwards")
    func literal() async throws {
        let nobody = DNSResolver(servers: "127.0.0.1:1", patience: .seconds(1))
        let name = try #require(await RelayName.ask(nobody, relay: "9.9.9.9"))
        #expect(name.addresses.map(\.address) == ["9.9.9.9"])
        guard case .failure? = name.addresses.first?.names else {
            Issue.record("nobody answered")
            return
        }
    }
}

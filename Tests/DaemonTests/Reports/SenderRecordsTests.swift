import DNS
import Testing

@testable import Daemon

@Suite("What the DNS says of the sender")
struct SenderRecordsTests {
    private func records(
        spf: DNSResolver.Answer = .records(["v=spf1 include:_spf.google.com ~all"]),
        dmarc: DNSResolver.Answer = .records(["v=DMARC1; p=none"]), dkim: [String] = ["google"],
        relay: String = "smtp.gmail.com", domain: String = "juniperfig.example"
    ) -> [DoctorReport.Finding] {
        SenderRecords(domain: domain, relay: relay, spf: spf, dmarc: dmarc, dkim: dkim, knowsSelectors: true).findings
    }

    private func broken(_ findings: [DoctorReport.Finding]) -> [DoctorReport.Finding] {
        findings.filter { $0.grade != .fine }
    }

    @Test("nothing is wrong where all is there")
    func fine() { #expect(broken(records()).isEmpty) }

    @Test(
        "one sentence with its fix for each fault of SPF",
        arguments: [
            (DNSResolver.Answer.none, "no SPF"), (.records(["google-site-verification=x"]), "no SPF"),
            (.records(["v=spf1 ~all", "v=spf1 -all"]), "2 SPF records"), (.records(["v=spf1 +all"]), "anybody"),
            (.records(["v=spf1 a mx ~all"]), "does not name Gmail"),
            (.records(["v=spf1 " + (0..<11).map { "include:s\($0).example " }.joined() + "~all"]), "only 10"),
            (.failure("no answer"), "could not be queried"),
        ])
    func spf(_ answer: DNSResolver.Answer, _ words: String) {
        let findings = broken(records(spf: answer))
        #expect(findings.count == 1 && findings[0].words.contains(words))
    }

    @Test(
        "and of DMARC",
        arguments: [
            (DNSResolver.Answer.none, "no DMARC"), (.records(["v=DMARC1; rua=mailto:x@y.example"]), "cannot be read"),
            (.records(["v=DMARC1; p=none", "v=DMARC1; p=reject"]), "cannot be read"),
        ])
    func dmarc(_ answer: DNSResolver.Answer, _ words: String) {
        let findings = broken(records(dmarc: answer))
        #expect(findings.count == 1 && findings[0].words.contains(words))
    }

    @Test("and of DKIM, and of an address that is not the shop's own")
    func others() {
        #expect(broken(records(dkim: [])).map(\.words).joined().contains("no DKIM key"))
        let free = broken(records(relay: "smtp.sendgrid.net", domain: "gmail.com"))
        #expect(free.contains { $0.words.contains("fails DMARC") })
        #expect(SenderRecords.known("evil-gmail.com") == nil)
        #expect(SenderRecords.known("email-smtp.eu-west-1.amazonaws.com")?.name == "Amazon SES")
    }

    @Test("a relay whose selectors nobody names is told of, and not called unsigned")
    func selectors() {
        let findings = SenderRecords(
            domain: "fig.example", relay: "relay.fig.example", spf: .records(["v=spf1 a ~all"]),
            dmarc: .records(["v=DMARC1; p=none"]), dkim: [], knowsSelectors: false
        ).findings
        #expect(findings.allSatisfy { $0.grade == .fine })
        #expect(findings.contains { $0.words.contains("dkim_selectors") })
    }
}

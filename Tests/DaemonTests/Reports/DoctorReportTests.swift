import Foundation
import Intake
import Outreach
import Platform
import Store
import Testing

@testable import Daemon

@Suite("The report of doctor")
struct DoctorReportTests {
    private func configuration(_ bench: LoopBench, state: String? = nil) -> Configuration {
        Configuration(
            file: "bookbag.yaml", state: state ?? bench.folder, shops: [bench.configuration],
            carriers: [
                Configuration.Carrier(
                    name: "ups",
                    access: .init(server: "http://127.0.0.1:1", id: SecretString("id"), secret: SecretString("s")),
                    perDay: nil, askEvery: nil)
            ], listen: nil)
    }

    private func reach(_ reply: SMTPReply = SMTPReply(phase: .ehlo, code: 250)) -> DoctorReach {
        DoctorReach(transport: UnreachableNetwork(), probe: { _ in reply }, now: { benchStart })
    }

    @Test("tells of each check once: of the machine, then of each shop in the table's order, then of the carriers")
    func order() async throws {
        let bench = try await LoopBench()
        let report = await DoctorReport(of: configuration(bench), over: reach())
        #expect(
            report.findings.map(\.what) == [
                "store", "triggers of \(benchShop)", "shop \(benchShop)", "relay of \(benchShop)",
                "mailbox of \(benchShop)", "carrier ups",
            ])
        // The shop cannot be reached, and everything else is well.
        #expect(report.isBroken && report.findings.filter { $0.grade == .broken }.map(\.what) == ["shop \(benchShop)"])
        #expect(report.findings.allSatisfy { ($0.grade == .fine) == ($0.fix == nil) })
        #expect(report.text.contains("ok    triggers of \(benchShop): 1 are right"))
    }

    @Test("says where nobody hears of customers who wait, and nothing where somebody does")
    func hearing() async throws {
        let bench = try await LoopBench([
            "shop.yaml": "mode: live\nbrand: { name: Fig, from: orders@juniperfig.example }\n"
        ])
        var settings = configuration(bench)
        func found(_ settings: Configuration) async -> [DoctorReport.Finding] {
            await DoctorReport([.hearing], of: settings, over: reach()).findings
        }
        #expect(await found(settings).isEmpty, "no customer can write")
        settings.shops[0].mailbox = Configuration.Mailbox(imap: nil, onlyTo: ["a@fig.example"], authservID: nil)
        let finding = try #require(await found(settings).first)
        #expect(
            finding.grade == .poor && finding.words.contains("nobody hears") && finding.fix?.contains("alert") == true)
        settings.people = People([Person(email: "a@fig.example", name: "A", roles: [.answer], alert: .atOnce)])
        #expect(await found(settings).count == 1, "no desk, no alerts")
        settings.desk = Configuration.Site(
            place: .port(host: "127.0.0.1", port: 1), url: "https://d.example", authority: "d.example", userHeader: nil)
        #expect(await found(settings).isEmpty)
        settings.desk = nil
        settings.shops[0].handOverTo = MailAddress(address: "team@people.example")
        #expect(await found(settings).isEmpty)
    }

    private static let offering = [
        "policy.yaml": """
        amounts_in: GBP
        gifts: { sorry: { discount: 10%, counts_as: 15.00, valid_for: 60 days } }
        budgets: { gifts: [300.00 per month], remedies: [1000.00 per month] }
        remedies:
          lost-parcel:
            at_most: 150.00
            first_that_fits:
              - { if: order.total_price <= 60, offer: [refund, reship], also_give: sorry }
              - { hand_over: expensive order }
        """,
        "lost.yaml": "on: shipment.lost\ndo: { remedy: lost-parcel }\n",
        "offered.yaml": "on: remedy.offered\nsend: { email: { template: offered } }\n",
        "templates/offered.md": "---\nsubject: {{ order.name }}\n---\n{{ remedy_url }} {{ gift.code }}\n",
        "shop.yaml": "mode: live\nbrand: { name: Fig, from: orders@juniperfig.example }\n",
    ]

    @Test("says where nobody may approve what has to be approved, or not up to what it may cost")
    func approvals() async throws {
        let bench = try await LoopBench(Self.offering)
        var settings = configuration(bench)
        func found() async -> [DoctorReport.Finding] {
            await DoctorReport([.approvals], of: settings, over: reach()).findings
        }
        #expect(await found().map(\.grade) == [.poor], "there is no desk")
        settings.desk = Configuration.Site(
            place: .port(host: "127.0.0.1", port: 1), url: "https://d.example", authority: "d.example", userHeader: nil)
        var anna = Person(email: "a@fig.example", name: "A", roles: [.answer], approveUpTo: 200)
        settings.people = People([anna])
        #expect(await found().first?.words.contains("nobody in people.yaml may do it") == true)
        anna.roles = [.approve]
        anna.approveUpTo = nil
        settings.people = People([anna])
        #expect(await found().first?.fix?.contains("approve_up_to: 150.00") == true)
        anna.approveUpTo = 100
        settings.people = People([anna])
        #expect(await found().first?.words.contains("nobody in people.yaml may approve more than 100.00 GBP") == true)
        anna.approveUpTo = 150
        anna.shops = ["another.myshopify.com"]
        settings.people = People([anna])
        #expect(await found().count == 1, "she approves for another shop")
        anna.shops = nil
        settings.people = People([anna])
        #expect(await found().isEmpty)
    }

    @Test("names the line that needs a scope, of a remedy too, and what Shopify itself may mail")
    func actions() async throws {
        let bench = try await LoopBench(Self.offering)
        let set = try #require(DoctorCheck.set(of: bench.configuration))
        let needed = DoctorCheck.scopes(for: DoctorCheck.uses(of: set))
        #expect(needed.map(\.scope) == ShopVerb.refund.scopes + ShopVerb.reship.scopes + ShopVerb.give.scopes)
        #expect(needed[0].by == "'refund' of the remedy 'lost-parcel' (policy.yaml, line 8)")
        let mails = await DoctorReport([.shopifyMails], of: configuration(bench), over: reach()).findings
        #expect(mails.count == 2 && mails.allSatisfy { $0.grade == .fine })
        #expect(mails[0].words.contains("Order confirmation") && mails[0].words.contains("'reship' of the remedy"))
        let plain = try await LoopBench()
        #expect(await DoctorReport([.shopifyMails], of: configuration(plain), over: reach()).findings.isEmpty)
    }

    @Test("says how to fix a relay that does not let us in, by how far it came")
    func relay() async throws {
        let bench = try await LoopBench()
        func finding(_ reply: SMTPReply) async throws -> DoctorReport.Finding {
            try #require(await DoctorReport([.relay], of: configuration(bench), over: reach(reply)).findings.first)
        }
        #expect(try await finding(SMTPReply(phase: .ehlo, code: 250)).grade == .fine)
        let refused = try await finding(SMTPReply(phase: .auth, code: 535))
        #expect(refused.grade == .broken && refused.fix == "check 'username' and 'password' of 'smtp'")
        #expect(refused.words.hasSuffix("(535)"))
        let unsafe = try await finding(SMTPReply(phase: .tls, failure: .tls))
        #expect(unsafe.fix?.contains("certificate") == true)
        var open = bench.configuration
        open.smtp?.startTLS = .opportunistic
        var settings = configuration(bench)
        settings.shops = [open]
        #expect(await DoctorReport([.relay], of: settings, over: reach()).findings.map(\.grade) == [.poor])
        settings.shops[0].smtp = nil
        #expect(await DoctorReport([.relay], of: settings, over: reach()).findings.map(\.grade) == [.poor])
    }

    @Test("warns of a password at Microsoft, which takes access tokens, and says so where it is refused")
    func microsoft() async throws {
        let bench = try await LoopBench()
        func finding(_ reply: SMTPReply, _ change: (inout Configuration.SMTP) -> Void) async throws
            -> DoctorReport.Finding
        {
            var settings = configuration(bench)
            var smtp = try #require(settings.shops[0].smtp)
            smtp.url = "smtp://smtp.office365.com:587"
            smtp.username = "hello@fig.example"
            change(&smtp)
            settings.shops[0].smtp = smtp
            return try #require(await DoctorReport([.relay], of: settings, over: reach(reply)).findings.first)
        }
        let fine = SMTPReply(phase: .ehlo, code: 250)
        let warned = try await finding(fine) { $0.password = SecretString("p") }
        #expect(warned.grade == .poor && warned.fix?.contains("XOAUTH2") == true)
        let refused = try await finding(SMTPReply(phase: .auth, code: 550)) { $0.password = SecretString("p") }
        #expect(refused.grade == .broken && refused.fix?.contains("XOAUTH2") == true)
        let tokens = try await finding(fine) {
            $0.oauth = OAuthSettings(
                endpoint: "https://login.example/token", clientID: "a", clientSecret: SecretString("s"),
                refreshToken: nil, scope: nil)
        }
        #expect(tokens.grade == .fine)
        let elsewhere = try await finding(fine) {
            $0.url = "smtp://relay.fig.example:587"
            $0.password = SecretString("p")
        }
        #expect(elsewhere.grade == .fine)
    }

    @Test("finds a folder with mistakes, one that is not there, and a store that is none")
    func here() async throws {
        let bench = try await LoopBench()
        try bench.write("on: nothing.known\nsend: email\n", to: "bad.yaml")
        var report = await DoctorReport([.triggers], of: configuration(bench), over: reach())
        #expect(report.isBroken && report.findings[0].fix?.contains("bookbag check") == true)
        var settings = configuration(bench, state: bench.folder + "/none")
        settings.shops[0].triggers = bench.folder + "/none"
        report = await DoctorReport([.triggers, .store], of: settings, over: reach())
        #expect(report.findings.map(\.grade) == [.fine, .broken])
        let other = bench.folder + "/other"
        try FileManager.default.createDirectory(atPath: other, withIntermediateDirectories: true)
        try Data("no store".utf8).write(to: URL(fileURLWithPath: other + "/bookbag.db"))
        settings.state = other
        report = await DoctorReport([.store], of: settings, over: reach())
        #expect(report.isBroken)
    }

    @Test("takes a further check as one entry, and shows it to programs as to people")
    func further() async throws {
        let bench = try await LoopBench()
        let mailbox = DoctorCheck(
            .shop { shop, _ in [.init(.broken, "mailbox of \(shop.domain)", "it lets nobody in", fix: "ask it why")] })
        let report = await DoctorReport([mailbox], of: configuration(bench), over: reach())
        #expect(report.text == "FAIL  mailbox of \(benchShop): it lets nobody in; ask it why")
        let json = try #require(
            JSONSerialization.jsonObject(with: Data(report.json().utf8)) as? [[String: String]])
        #expect(
            json == [
                [
                    "grade": "FAIL", "what": "mailbox of \(benchShop)", "words": "it lets nobody in",
                    "fix": "ask it why",
                ]
            ])
    }
}

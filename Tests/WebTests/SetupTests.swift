import Daemon
import Delivery
import Outreach
import Platform
import Store
import Testing

@testable import Web

@Suite("Setup")
struct SetupTests {
    private static let shop = Configuration.Shop(
        domain: figs, endpoint: "https://\(figs)", access: .token(SecretString("x")), pollEvery: .seconds(60),
        triggers: "/etc/bookbag/triggers", smtp: nil, webhooks: [:])
    private static let relay = Configuration.SMTP(
        url: "smtp://relay.juniperfig.example", username: nil, password: nil, connections: 1, perSecond: nil,
        redirectTo: nil, sender: nil, startTLS: .off, authority: nil, certificate: nil, key: nil)

    /// An installation of which nothing is known yet.
    private static func fresh() -> SetupFacts {
        SetupFacts(
            configuration: Configuration(
                file: "bookbag.yaml", state: "", shops: [shop], carriers: [], listen: nil), shop: shop,
            facts: RememberedFacts(), settings: nil, relay: nil, relayTook: false, roles: [], effects: [:],
            path: "/juniperfig", clock: Clock(.utc), mayEdit: true)
    }

    private static func states(_ known: SetupFacts) -> [String: SetupPage.Step.State] {
        Dictionary(uniqueKeysWithValues: SetupPage.Step.all(known).map { ($0.title, $0.state) })
    }

    @Test("a fresh installation lacks everything, each with what to do, and only what is optional is not asked for")
    func fresh() {
        let steps = SetupPage.Step.all(Self.fresh())
        #expect(!steps.contains { $0.state == .done })
        #expect(steps.allSatisfy { !$0.words.isEmpty && !$0.fix.isEmpty })
        #expect(steps.count { $0.state == .todo } == 9 && steps.count { $0.state == .optional } == 6)
    }

    @Test("a step is done once what it asks for is there, and no sooner")
    func steps() throws {
        var known = Self.fresh()
        func expect(_ title: String, _ state: SetupPage.Step.State, _ words: String = "") {
            let step = SetupPage.Step.all(known).first { $0.title == title }
            #expect(
                step?.state == state && step?.words.contains(words) == true, "\(title): \(String(describing: step))")
        }
        known.settings = [:]
        expect("Trigger files are in force", .done)
        expect("Mail goes out", .todo, "Nothing went out yet")
        known.settings?["mode"] = .text("shadow")
        expect("Mail goes out", .todo, "mode: shadow")
        known.effects = [.shadowed: 2]
        expect("A trigger has fired", .done, "2 messages")
        known.settings?["mode"] = .text("live")
        known.effects[.sent] = 1
        expect("Mail goes out", .done)
        known.settings?["brand.from"] = .text("Juniper & Fig <orders@juniperfig.example>")
        expect("Mail bears your name", .todo, "is an example")
        known.settings?["brand.from"] = .text("Juniper & Fig <orders@juniperfig.test>")
        expect("Mail bears your name", .done)
        known.shop.smtp = Self.relay
        expect("A relay takes mail", .todo, "has not been used yet")
        known.relayTook = true
        expect("A relay takes mail", .done)
        known.relay = ChannelState(reason: "auth_error", detail: "535 wrong password", failures: 1)
        expect("A relay takes mail", .todo, "535 wrong password")
        known.relay = nil
        known.shop.smtp?.redirectTo = MailAddress(address: "ada@juniperfig.example")
        expect("A relay takes mail", .todo, "redirect_to")
        known.settings?["notify"] = .text("owner@juniperfig.example")
        expect("Somebody hears of mistakes", .done)
        expect("Somebody hears of customers who wait", .done, "owner@juniperfig.example")
        known.settings?["notify"] = nil
        expect("Somebody hears of customers who wait", .optional, "Nobody gets an alert")
        known.shop.mailbox = Configuration.Mailbox(imap: nil, onlyTo: ["hello@juniperfig.example"], authservID: nil)
        expect("Somebody hears of customers who wait", .todo)
        known.hearing = 1
        expect("Somebody hears of customers who wait", .done, "1 person gets alerts")
        known.shop.handOverTo = MailAddress(address: "team@people.example")
        expect("Somebody hears of customers who wait", .done, "team@people.example, and 1 person")
        (known.past, known.pastOpen, known.mayAnswer) = (40, 12, true)
        expect("Mail from before is judged", .optional, "12 of 40")
        known.pastOpen = 0
        expect("Mail from before is judged", .done)
        var end = FarEnd(target: "", limit: 1) { _ in throw CancellationError() }
        end.chat = ChatSettings(origins: ["https://juniperfig.example"])
        known.shop.farEnds[.chat] = [end]
        expect("Customers can chat", .todo, "served nowhere")
        known.configuration.pages = Configuration.Site(
            place: .port(host: "127.0.0.1", port: 0), url: "https://track.juniperfig.example",
            authority: "track.juniperfig.example")
        expect("Customers can chat", .done, "It works on https://juniperfig.example")
        let tag = #"<script src="https://track.juniperfig.example/chat/juniperfig/widget.js" defer></script>"#
        #expect(SetupPage.Step.all(known).last?.snippet == tag)
        known.shop.smtp = nil
        expect("Customers can chat", .todo, "no code can be mailed")
        known.settings?["shopify_sends"] = .text("none")
        expect("Nobody is told twice", .done)
        known.roles = [.shop, .edit]
        expect("Every role has somebody", .todo, "'operate'")
        known.roles.insert(.operate)
        expect("Every role has somebody", .done)
    }

    @Test("the page says what the store remembers, and Today leads to it until something has gone out")
    func page() async throws {
        let bench = try await DeskBench()
        let cookies = try await bench.login("shop@juniperfig.example")
        let link = #"<a href="/juniperfig/setup">"#
        #expect(await bench.ask("/juniperfig/today", cookies: cookies).text.contains(link))
        try await bench.store.remember("401 from Shopify", as: .shopFault, shop: figs, now: bench.now)
        #expect(
            await bench.ask("/juniperfig/setup", cookies: cookies).text.contains("Shopify refuses: 401 from Shopify"))
        try await bench.store.remember(String?.none, as: .shopFault, shop: figs, now: bench.now)
        try await bench.store.remember(bench.now, as: .lastGoodCycle, shop: figs, now: bench.now)
        #expect(await bench.ask("/juniperfig/setup", cookies: cookies).text.contains("Last read on"))
        try await bench.message(about: bench.order(1001))
        try await bench.sendAll()
        #expect(await !bench.ask("/juniperfig/today", cookies: cookies).text.contains(link))
        #expect(await bench.ask("/juniperfig/setup", cookies: cookies).text.contains("1 went out."))
    }
}

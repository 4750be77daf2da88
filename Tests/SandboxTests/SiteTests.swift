import Foundation
import Testing

@testable import Sandbox

@Suite("The shop's HTTP side and the page")
struct SiteTests {
    private struct Fixture {
        let shop = Shop()
        let face: FakeAdmin
        let site: SandboxSite

        init(lifetime: Duration = .seconds(100)) throws {
            face = FakeAdmin(
                service: shop.service, credentials: SandboxCredentials(tokenLifetime: lifetime),
                faults: SandboxFaults(seed: 1), seed: 1)
            let mailbox = try Mailbox(folder: nil, clock: shop.shop.clock)
            site = SandboxSite(
                shop: shop.shop, admin: face, carriers: SandboxCarriers(shop: shop.shop, seed: 1), mailbox: mailbox,
                hooks: WebhookReceiver(secrets: [], clock: shop.shop.clock, seed: 1),
                twilio: FakeTwilio(clock: shop.shop.clock, seed: 1),
                zendesk: FakeZendesk(clock: shop.shop.clock, seed: 1),
                gorgias: FakeGorgias(clock: shop.shop.clock, seed: 1),
                brokers: FakeBrokers(clock: shop.shop.clock, currency: "GBP", seed: 1) { "http://127.0.0.1:1" },
                relayFaults: SandboxFaults(seed: 1),
                relayRules: RelayRules([]),
                teller: StoryTeller(shop: shop.shop, mailbox: mailbox, seed: 1, print: { _ in }),
                smtpPort: { 25 })
        }

        func ask(token: String = "shpat_sandbox", version: String = "2026-07") -> WebResponse {
            face.respond(
                WebRequest(
                    "POST", "/admin/api/\(version)/graphql.json", headers: ["X-Shopify-Access-Token": token],
                    body: Array(#"{"query":"{shop{name}}"}"#.utf8)))
        }

        func page(_ method: String, _ path: String, _ headers: [String: String] = [:], _ body: String = "") async
            -> WebResponse
        {
            await site.respond(
                WebRequest(
                    method, path,
                    headers: ["Host": "127.0.0.1:80", "Content-Type": "application/json"].merging(headers) { $1 },
                    body: Array(body.utf8)))
        }
    }

    @Test(
        "goes wrong as it is told, once",
        arguments: [
            (ShopFault.throttled, 200, "THROTTLED"), (.tooManyRequests, 429, "Exceeded"), (.serverError, 500, "<h1>"),
            (.badGateway, 502, "<h1>"), (.paymentRequired, 402, "Unavailable"), (.locked, 423, "Unavailable"),
            (.unauthorized, 401, "Invalid API key"), (.slow, 200, "Juniper"), (.dropped, 200, "Juniper"),
            (.wrongDate, 200, "Juniper"),
        ])
    func faults(fault: ShopFault, status: Int, words: String) throws {
        let fixture = try Fixture()
        fixture.face.faults.next([fault])
        let response = fixture.ask()
        #expect(response.status == status)
        #expect(String(decoding: response.body, as: UTF8.self).contains(words))
        #expect((response.delay > .zero) == (fault == .slow))
        if case .cut(let count) = response.ending { #expect(fault == .dropped && count < response.body.count) }
        let right = ShopTime.http(fixture.shop.hand.now)
        #expect((response.header("Date") == right) == (fault != .wrongDate))
        #expect((response.header("Retry-After") != nil) == (fault == .tooManyRequests))
        #expect(fixture.ask().status == 200)
        #expect(fixture.face.faults.counts == [fault: 1])
    }

    @Test("takes a fixed token and granted ones until they end, and falls forward to a version it has")
    func tokens() throws {
        let fixture = try Fixture()
        let refused = fixture.ask(token: "shpat_wrong")
        #expect(refused.status == 401)
        #expect(
            try JSON.parse(refused.body)["errors"]?.string?.hasPrefix("[API] Invalid API key or access token") == true)
        func grant(_ body: String, type: String) throws -> JSON {
            try JSON.parse(
                fixture.face.respond(
                    WebRequest(
                        "POST", "/admin/oauth/access_token", headers: ["content-type": type], body: Array(body.utf8))
                ).body)
        }
        let form = "grant_type=client_credentials&client_id=sandbox-client&client_secret=sandbox-secret"
        let granted = try grant(form, type: "application/x-www-form-urlencoded")
        #expect(granted["expires_in"] == 100 && granted["scope"]?.string?.contains("read_orders") == true)
        let token = try #require(granted["access_token"]?.string)
        #expect(fixture.ask(token: token).status == 200)
        fixture.shop.hand.advance(101)
        #expect(fixture.ask(token: token).status == 401)
        let json = #"{"grant_type":"client_credentials","client_id":"sandbox-client","client_secret":"wrong"}"#
        #expect(try grant(json, type: "application/json")["error"] == "invalid_client")
        #expect(fixture.ask(version: "2020-01").header("X-Shopify-API-Version") == "2026-01")
        #expect(fixture.ask().header("X-Shopify-API-Version") == "2026-07")
        #expect(fixture.ask().header("X-Request-Id") != fixture.ask().header("X-Request-Id"))
    }

    @Test("answers only this machine's names, and no other site's script")
    func origins() async throws {
        let fixture = try Fixture()
        #expect(await fixture.page("GET", "/api/mails").status == 200)
        #expect(await fixture.page("GET", "/api/mails", ["Host": "evil.example"]).status == 403)
        #expect(await fixture.page("GET", "/api/mails", ["Host": "127.0.0.1.evil.example"]).status == 403)
        #expect(await fixture.page("POST", "/api/shop/place", ["Origin": "http://evil.example"]).status == 403)
        #expect(await fixture.page("POST", "/api/shop/place", ["Content-Type": "text/plain"]).status == 415)
        #expect(
            await fixture.page("GET", "/").header("Content-Security-Policy")?.hasPrefix("default-src 'none'") == true)
    }

    @Test("does the shop's verbs, and says how to fix a wrong call")
    func verbs() async throws {
        let fixture = try Fixture()
        for (verb, body) in [
            ("place", "{}"), ("edit", #"{"items":[{"title":"Jug"}]}"#), ("hold", ""), ("release", ""),
            ("update", #"{"tags":["a"]}"#),
            ("ship", #"{"estimated_in_days":2}"#), ("event", #"{"status":"delayed"}"#),
            ("estimate", #"{"estimated_in_days":5}"#),
            ("correct-tracking", #"{"number":"2"}"#), ("deliver", ""), ("request-return", ""), ("approve-return", ""),
            ("label", ""),
            ("replace-label", ""), ("receive-return", ""), ("close-return", ""), ("refund", #"{"amount":100}"#),
            ("quirks", #"{"quirks":[]}"#),
        ] {
            var json = try JSON.parse(Array((body.isEmpty ? "{}" : body).utf8))
            if case .object(let members) = json { json = .object(members + [.init("order", "#1001")]) }
            let response = await fixture.page("POST", "/api/shop/\(verb)", [:], json.text)
            #expect(response.status == 200, "\(verb): \(String(decoding: response.body, as: UTF8.self))")
        }
        let orders = try JSON.parse(await fixture.page("GET", "/api/shop").body)
        #expect(orders.array?.first?["returnStatus"] == "RETURNED")
        let label = try #require(orders.array?.first?["returns"]?.array?.first?["label"]?.string)
        let pdf = await fixture.page("GET", String(label.dropFirst("http://127.0.0.1".count)))
        #expect(pdf.body.starts(with: "%PDF-1.4".utf8) && pdf.header("Content-Type") == "application/pdf")
        let wrong = await fixture.page("POST", "/api/shop/event", [:], ##"{"order":"#1001","status":"gone"}"##)
        #expect(wrong.status == 422 && String(decoding: wrong.body, as: UTF8.self).contains("OUT_FOR_DELIVERY"))
        #expect(await fixture.page("POST", "/api/shop/deliver", [:], ##"{"order":"#9"}"##).status == 422)
        let fault = await fixture.page(
            "POST", "/api/faults", [:], #"{"shop":{"next":["locked"]},"relay":{"rules":[]}}"#)
        #expect(fault.status == 200 && fixture.ask().status == 423)
    }

    @Test("shows a mail's HTML without scripts and without anything from elsewhere")
    func showsMail() async throws {
        let fixture = try Fixture()
        fixture.site.mailbox.keep(
            ReceivedMail(
                sender: "s@x.example", recipients: ["a@x.example"],
                bytes: Array("Subject: Hi\r\nContent-Type: text/html\r\n\r\n<script>1</script><img src=cid:logo>".utf8))
        )
        let html = await fixture.page("GET", "/api/mails/1/html")
        #expect(html.header("Content-Security-Policy")?.hasPrefix("sandbox allow-popups") == true)
        #expect(html.header("Content-Security-Policy")?.contains("default-src 'none'") == true)
        #expect(String(decoding: html.body, as: UTF8.self).contains("/api/mails/1/cid/logo"))
        #expect(await fixture.page("GET", "/api/mails/1/raw").body.starts(with: "Subject: Hi".utf8))
        #expect(await fixture.page("GET", "/api/mails/2").status == 404)
    }

    @Test("shows the shop's own pictures, and words in place of those that are elsewhere")
    func pictures() async throws {
        let fixture = try Fixture()
        let html = """
            <img class="a" src="https://juniperfig.example/logo.png" alt="Logo"> acid: cid:none
            <img src='https://elsewhere.example/spy.gif'><a href="https://juniperfig.example">shop</a>
            <a href="https://juniperfig.example.evil.example/">other</a>
            """
        fixture.site.mailbox.keep(
            ReceivedMail(
                sender: "s@x.example", recipients: ["a@x.example"],
                bytes: Array("Subject: Hi\r\nContent-Type: text/html\r\n\r\n\(html)".utf8)))
        let shown = String(decoding: await fixture.page("GET", "/api/mails/1/html").body, as: UTF8.self)
        #expect(shown.contains("src=\"/site/logo.png\"") && shown.contains("acid: cid:none"))
        #expect(shown.contains("<img data-src='https://elsewhere") && shown.contains("<a href=\"/site/\">shop"))
        #expect(shown.contains("href=\"https://juniperfig.example.evil.example/\""))
        // A mail program that is not on this machine may ask for the logo too.
        let logo = await fixture.page("GET", "/site/logo.png", ["Host": "shop.example"])
        #expect(logo.header("Content-Type") == "image/png" && logo.body.starts(with: [0x89, 0x50, 0x4E, 0x47]))
        let icon = await fixture.page("GET", "/favicon.ico")
        #expect(icon.status == 200 && icon.header("Content-Type") == "image/x-icon")
    }

    @Test(
        "has a page behind every link of a mail",
        arguments: ["/status/1001", "/track/1Z", "/unsubscribe/7", "/site/", "/site/a/b"])
    func pagesOfLinks(path: String) async throws {
        let fixture = try Fixture()
        #expect(await fixture.page("POST", "/api/shop/place").status == 200)
        let order = try #require(fixture.shop.shop.order(named: "#1001"))
        let page = await fixture.page("GET", path.replacing("/status/1001", with: "/status/\(order.number)"))
        #expect(page.status == 200 && page.header("Content-Type") == "text/html; charset=utf-8")
        #expect(await fixture.page("GET", "/status/12345678").status == 404)
    }
}

import Foundation
import Outreach
import Store
import Testing

@testable import Web

@Suite("A shop's own design of the shopper's pages")
struct DesignTests {
    private static let style = "\n  h1 { color: #1f5f4b; }\n"
    private static let track = """
        <!DOCTYPE html>
        <html lang="{{ language }}"><head><title>{{ title }}</title><style>\(style)</style></head>
        <body><p>{{ shop.name }}, our own page</p>
        {% for parcel in page.parcels %}<h1>{{ parcel.headline }}</h1>
        {% for scan in parcel.scans %}<p title="{{ scan.words }}">{{ scan.words }}</p>{% endfor %}
        {% for line in parcel.lines %}<p>{{ line }}</p>{% endfor %}{% endfor %}
        {% if preferences_url %}<a href="{{ preferences_url }}">More</a>{% endif %}</body></html>
        """
    private static let stop =
        "<html lang=\"{{ language }}\"><title>Stop</title><body class=\"own\">{{ content }}</body></html>"

    @Test("is shown, escaped, and with the digests of its styles in the policy")
    func shown() async throws {
        let bench = try await DeskBench(pages: ["track.html": Self.track, "stop.html": Self.stop])
        try await bench.order(1001, title: hostile, place: hostile)
        let answer = await bench.visit(bench.link(.track, order: 1001))
        #expect(answer.status == 200 && answer.text.contains("Juniper &amp; Fig, our own page"))
        #expect(answer.text.contains("<h1>Expected on Tuesday, 1 December</h1>"))
        #expect(answer.text.contains("/p/1/juniperfig/preferences/"))
        #expect(!answer.text.contains("<script") && !answer.text.contains("<img"))
        #expect(!answer.text.contains("Robin") && !answer.text.contains("Ashdown"))
        let policy = try #require(answer.headers["content-security-policy"])
        // By `openssl dgst -sha256 -binary | base64`.
        let digest = "IwFVAHkTJ9uCCYzRfPm0iBTPE2MD1lbLfGgB2Hk7ctQ="
        #expect(policy.contains("style-src 'self' 'sha256-\(digest)'"), "\(policy)")
        #expect(policy.contains("script-src 'self'") && !policy.contains("unsafe"))
        #expect(policy.contains("default-src 'none'") && policy.contains("require-trusted-types-for 'script'"))
        let stop = bench.link(.stop, order: 1001)
        let form = await bench.visit(stop)
        #expect(form.text.contains("class=\"own\"") && form.text.contains("<form action=\"\(stop)\" method=\"post\">"))
        let plain = await bench.visit(bench.link(.preferences, order: 1001))
        #expect(plain.text.contains("<body class=\"public\">"), "a page without a design is ours")
        #expect(await bench.visit("/favicon.ico").status == 204, "browsers ask for it where a page names no icon")
        #expect(bench.journal.taken().isEmpty)
    }

    @Test("has one for each language, and one for all others")
    func languages() async throws {
        let bench = try await DeskBench(pages: ["stop.html": Self.stop, "stop.de.html": "<p>Deutsch</p>{{ content }}"])
        try await bench.order(1001, locale: "de-AT")
        try await bench.order(1002, locale: "fr")
        #expect(await bench.visit(bench.link(.stop, order: 1001)).text.contains("<p>Deutsch</p>"))
        let french = await bench.visit(bench.link(.stop, order: 1002))
        #expect(french.text.contains("class=\"own\"") && french.text.contains("Plus d’offres"))
    }

    @Test("that fails for an order gives way to ours, and the journal says so once, without a word of the order")
    func failing() async throws {
        // The specimen has two scans or none, and this order one.
        let faulty = """
            {% for parcel in page.parcels %}{% assign rest = parcel.scans.size | minus: 1 %}{{ 1 | divided_by: rest }}
            {% endfor %}{{ content }}
            """
        let bench = try await DeskBench(pages: ["track.html": faulty])
        try await bench.order(1001)
        for _ in 0..<3 {
            let answer = await bench.visit(bench.link(.track, order: 1001))
            #expect(answer.status == 200 && answer.text.contains("<body class=\"public\">"))
            #expect(answer.text.contains("Expected on Tuesday"))
        }
        let lines = bench.journal.taken()
        #expect(lines.count == 1 && lines[0].contains("pages/track.html:1"), "\(lines)")
        #expect(!lines.joined().contains("apron"))
    }

    @Test("is previewed with nobody's data", arguments: PageDesign.Page.allCases)
    func preview(_ page: PageDesign.Page) throws {
        let files = [
            "shop.yaml": "brand: { name: Juniper & Fig, from: orders@juniperfig.example }\n",
            "pages/\(page.rawValue).html":
                "<link rel=\"stylesheet\" href=\"{{ stylesheet }}\">{{ title }}{{ content }}",
        ]
        let (set, faults) = TriggerSet.load(TriggerFolder(files: files.mapValues { Array($0.utf8) }))
        let design = try #require(set?.templates.design(page, locale: "en"), "\(faults)")
        let html = String(decoding: try WebServices.preview(design), as: UTF8.self)
        #expect(html.contains("<h1>") && html.contains("href=\"data:text/css;base64,"))
    }
}

import Testing

@testable import Outreach

@Suite("Files of pages/")
struct PageDesignTests {
    private static let shop = "brand: { name: Fig, from: orders@fig.example }\n"

    private func faults(_ files: [String: String]) -> [String] {
        var all = ["shop.yaml": Self.shop]
        for (name, text) in files { all["pages/\(name)"] = text }
        return TriggerSet.load(TriggerFolder(files: all.mapValues { Array($0.utf8) })).faults.map(\.description)
    }

    @Test(
        "a page that the policy would break, or that says what it cannot know, is refused with its line",
        arguments: [
            ("<p>\n<script>x()</script>", "2:1: a page runs no script; take it out"),
            ("<p>\n\n <IMG alt='' src='https://x.example/a.png'>", "3:2: no picture from elsewhere is loaded"),
            ("<p onclick=\"x()\">", "1:1: a page runs no script, so 'on…' does nothing"),
            ("<p style='color: red'>", "1:1: the style of one element is not applied"),
            ("<iframe src='x'>", "1:1: a page holds no other page"), ("<base href='x'>", "1:1: a <base>"),
            ("<form action='x'>", "1:1: a form of its own goes nowhere"),
            ("<meta http-equiv='refresh' content='0'>", "1:1: a page sets no headers"),
            ("<link rel=stylesheet href='https://x.example/a.css'>", "1:1: no style from elsewhere is loaded"),
            ("<style>a{}\n@import 'x';</style>", "2:1: no style from elsewhere is loaded"),
            ("<style>a { background: url(https://x.example) }</style>", "nothing from elsewhere is loaded"),
            ("<style>a { color: {{ shop.name }} }</style>", "1:19: Liquid in a <style>"),
            ("<a href='javascript:x()'>", "a page runs no script"),
            ("<p>{{ customer.first_name }}", "unknown name 'customer.first_name'"),
            ("<p>\n{{ page.parcel }}", "2:4: unknown name 'page.parcel'; did you mean 'page.parcels'?"),
            ("<p>{{ page.help }}", "warning: 'page.help' can be empty"),
            ("{% render 'tracking' %}", "a page has no parts"), ("{% if %}", "1:"),
        ])
    func refused(_ text: String, _ wanted: String) {
        let found = faults(["track.html": text])
        #expect(found.contains { $0.hasPrefix("triggers/pages/track.html:") && $0.contains(wanted) }, "\(found)")
    }

    @Test("what is allowed is allowed")
    func allowed() {
        let page = """
            <!DOCTYPE html><html lang="{{ language }}"><head><title>{{ title }}</title>
            <link rel="stylesheet" href="{{ stylesheet }}"><style media="screen">h1 { background: url(data:image/png;base64,AA==) }
            a::after { content: "on = 1"; }</style></head><body><img alt="" src="data:image/png;base64,AA==">
            <svg><path fill="url(#a)" d="M0 0"/></svg>{{ content }}
            {% for parcel in page.parcels %}{{ parcel.headline | upcase }}{% for step in parcel.steps %}{% if step.state == 'now' %}{{ step.name }}{% endif %}{% endfor %}{% if parcel.url %}<a href="{{ parcel.url }}">{{ parcel.see }}</a>{% endif %}{% endfor %}
            </body></html>
            """
        #expect(faults(["track.html": page]) == [])
    }

    @Test("a page without its own part has no button, and one that no page is named after is told")
    func missing() {
        #expect(faults(["stop.html": "<p>Stop"]).contains { $0.contains("has no {{ content }}") })
        #expect(faults(["preferences.fr.html": "<p>x"]).contains { $0.contains("has no {{ content }}") })
        #expect(faults(["trak.html": "<p>x"]).contains { $0.contains("there is no page 'trak'") })
        #expect(faults(["track.xx-nonsense.html": "<p>x"]).contains { $0.contains("is not a language") })
        #expect(faults(["track.htm": "<p>x"]).contains { $0.contains("rename it to 'track.html'") })
        let large = faults(["track.html": String(repeating: "<p>words</p>", count: 6000)])
        #expect(large.contains { $0.contains("larger than 60 KB") })
    }

    @Test("what fails for the specimen is found before anybody opens it")
    func failing() {
        let found = faults(["track.html": "<p>\n{{ 1 | divided_by: page.parcels[0].scans.size }}"])
        #expect(found.contains { $0.contains("track.html:2:") && $0.contains("where all is missing") }, "\(found)")
    }
}

@Suite("Links to the shopper's pages in letters")
struct PageLinkTests {
    private func load(_ body: String, servesPages: Bool?) -> (set: TriggerSet?, faults: [String]) {
        let files = [
            "shop.yaml": "brand: { name: Fig, from: orders@fig.example }\n",
            "sent.yaml": "on: shipment.in_transit\nsend: email\n",
            "templates/sent.md": "---\nsubject: Sent\n---\n\(body)\n",
        ]
        let (set, faults) = TriggerSet.load(
            TriggerFolder(files: files.mapValues { Array($0.utf8) }), servesPages: servesPages)
        return (set, faults.map(\.description))
    }

    @Test("a letter that needs a page is told where none is served; one that asks first is right")
    func needed() {
        for name in ["tracking_page_url", "preferences_url"] {
            let bare = "Hello.\n\n[Look]({{ \(name) }})"
            #expect(
                load(bare, servesPages: false).faults.contains {
                    $0.contains("templates/sent.md:6:") && $0.contains("'\(name)' is empty in every mail")
                })
            #expect(load(bare, servesPages: nil).faults.contains { $0.contains("'\(name)' can be empty") })
            for served in [false, true, nil] {
                let guarded = load("{% if \(name) %}[Look]({{ \(name) }}){% endif %}", servesPages: served)
                #expect(guarded.faults == [], "\(guarded.faults)")
            }
        }
    }

    @Test("no decision depends on a link")
    func conditions() {
        let files = [
            "shop.yaml": "brand: { name: Fig, from: orders@fig.example }\n",
            "sent.yaml": "on: shipment.in_transit\nif:\n  - tracking_page_url != blank\nsend: email\n",
            "templates/sent.md": "---\nsubject: Sent\n---\nHello.\n",
        ]
        let faults = TriggerSet.load(TriggerFolder(files: files.mapValues { Array($0.utf8) })).faults
        #expect(faults.contains { $0.message == "'tracking_page_url' is for templates" && $0.line == 3 }, "\(faults)")
    }

    @Test("an example shows a link that is always the same, also in a part")
    func examples() throws {
        let (set, faults) = load(
            "Hello.\n{% if tracking_page_url %}[Look]({{ tracking_page_url }}){% endif %}", servesPages: nil)
        let loaded = try #require(set, "\(faults)")
        let trigger = try #require(loaded.trigger("sent"))
        let mail = try #require(ExampleRunner(loaded).mail(of: Example(plain: trigger), in: trigger))
        #expect(mail.text.contains("https://track.juniperfig.example/p/example/track"))
        let shipped = try TriggerFolder(readingFrom: Package.root + "/triggers", name: "triggers")
        let letters = try #require(TriggerSet.load(shipped).set)
        let way = try #require(letters.trigger("shipping-confirmation"))
        let letter = try #require(ExampleRunner(letters).mail(of: way.examples[0], in: way))
        #expect(letter.text.contains("[Follow your parcel](https://track.juniperfig.example/p/example/track)"))
    }
}

import Testing

@testable import Liquid

/// Renders with one destination.
private func rendered(_ source: String, _ scope: Scope, _ destination: Destination) throws -> String {
    var options = RenderOptions()
    options.destination = destination
    return try Template(parsing: source).render(scope, options).text
}

@Suite("Escaping")
struct EscapingTests {
    static let attack = #"<script>alert("x")</script> & 'y'"#
    static let escaped = "&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; &amp; &#39;y&#39;"

    @Test(
        "in HTML a value stays words, by whatever way it is printed",
        arguments: [
            ("{{ x }}", escaped),
            ("{{ x | escape }}", escaped),
            ("{{ x | escape | escape }}", escaped),
            ("{{ x | append: '' }}", escaped),
            ("{{ '<b>' | append: x | append: '</b>' }}", "<b>" + escaped + "</b>"),
            ("{{ x | prepend: '<i>' }}", "<i>" + escaped),
            ("{% assign y = x %}{{ y }}", escaped),
            ("{% capture y %}<p>{{ x }}</p>{% endcapture %}{{ y }}", "<p>" + escaped + "</p>"),
            ("{% capture y %}  {{ x }} {% endcapture %}{{ y | strip }}", escaped),
            ("{% capture y %}{{ x }},{{ x }}{% endcapture %}{{ y | split: ',' | last }}", escaped),
            ("{{ list | join: '<br>' }}", "a &lt; b<br>c"),
            ("{{ list }}", "a &lt; bc"),
            ("{{ x | default: 'none' }}", escaped),
            ("{% cycle x %}", escaped),
            ("{% echo x %}", escaped),
            ("{{ x | split: ' ' | first }}", "&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;"),
            ("{{ 'Hello & <b>welcome</b>' }}", "Hello & <b>welcome</b>"),
            ("{{ 'a' | replace: 'a', x }}", escaped),
            (
                "{{ x | link_to: 'https://example.example/?a=1&b=2' }}",
                "<a href=\"https://example.example/?a=1&amp;b=2\">" + escaped + "</a>"
            ),
            ("{{ two | newline_to_br }}", "a<br />\n&lt;b&gt;"),
            ("{% if cap == x %}same{% endif %}", ""),
            ("{% capture cap %}{{ x }}{% endcapture %}{% if cap == x %}same{% endif %}", "same"),
            ("{% capture cap %}{{ x }}{% endcapture %}{{ cap | upcase | size }}", "33"),
        ] as [(String, String)])
    func html(_ source: String, _ expected: String) throws {
        let scope: Scope = ["x": .string(Self.attack), "list": ["a < b", "c"], "two": "a\n<b>"]
        #expect(try rendered(source, scope, .html) == expected)
    }

    @Test(
        "a value cannot bring a link that runs something",
        arguments: [
            ("<a href=\"{{ x }}\">", "javascript:alert(1)", "<a href=\"#\">"),
            ("<a href=\"{{ x }}\">", " JaVa\tScript:alert(1)", "<a href=\"#\">"),
            ("<a href=\"{{ x }}\">", "data:text/html,x", "<a href=\"#\">"),
            ("<a href='{% if x %}{{ x }}{% endif %}'>", "vbscript:x", "<a href='#'>"),
            ("<a href=\"{{ x }}\">", "https://a.example/?q=\"x\"", "<a href=\"https://a.example/?q=&quot;x&quot;\">"),
            ("<a href=\"{{ x }}\">", "/track/1:2", "<a href=\"/track/1:2\">"),
            ("<img src={{ x }}>", "a onerror=y", "<img src=a&#32;onerror&#61;y>"),
        ] as [(String, String, String)])
    func links(_ source: String, _ value: String, _ expected: String) throws {
        #expect(try rendered(source, ["x": .string(value)], .html) == expected)
    }

    @Test(
        "in Markdown a value makes no structure and no link",
        arguments: [
            ("Hi {{ x }}", "# *big*\n- list", "Hi &#35; &#42;big&#42; &#45; list"),
            ("Hi {{ x }}", "[a](https://b.example)", "Hi &#91;a&#93;&#40;https&#58;//b&#46;example&#41;"),
            ("Hi {{ x }}", "<b>", "Hi &lt;b&gt;"),
            (
                "[Track]({{ x }})", "https://b.example/a_b?c=1&d=(2)",
                "[Track](https://b.example/a&#95;b?c=1&amp;d=%282%29)"
            ),
            ("[Track]({{ x }})", "javascript:alert(1)", "[Track](#)"),
            ("[Track](https://b.example/{{ x }})", "1) [x](y", "[Track](https://b.example/1%29%20%5Bx%5D%28y)"),
            ("<a href=\"{{ x }}\">", "javascript:x", "<a href=\"#\">"),
            ("{% capture y %}**{{ x }}**{% endcapture %}{{ y }}", "*", "**&#42;**"),
        ] as [(String, String, String)])
    func markdown(_ source: String, _ value: String, _ expected: String) throws {
        #expect(try rendered(source, ["x": .string(value)], .markdown) == expected)
    }

    @Test(
        "a value cannot add a header",
        arguments: [
            ("a\r\nBcc: b@c.example", "a Bcc: b@c.example"), ("a\nb", "a b"), ("a\u{0}b\u{7F}", "a b "),
            ("a\u{2028}b\u{85}c", "a b c"), ("Zoë & Co", "Zoë & Co"),
        ] as [(String, String)])
    func header(_ value: String, _ expected: String) throws {
        #expect(try rendered("{{ x }}", ["x": .string(value)], .header) == expected)
    }

    @Test("a value is one part of a URL, and one text of JSON")
    func urlAndJSON() throws {
        #expect(try rendered("{{ x }}", ["x": "a b/c?d=é"], .url) == "a%20b%2Fc%3Fd%3D%C3%A9")
        #expect(try rendered("\"{{ x }}\"", ["x": "a\"b\\\n</script>"], .json) == "\"a\\\"b\\\\\\n\\u003c/script>\"")
    }

    @Test("safe text is printed as it stands where it is safe, and escaped elsewhere")
    func safe() throws {
        let scope: Scope = ["x": .safe(SafeText("<b>a</b>", for: .html))]
        #expect(try rendered("{{ x }}", scope, .html) == "<b>a</b>")
        #expect(try rendered("{{ x }}", scope, .markdown) == "&lt;b&gt;a&lt;/b&gt;")
        #expect(try rendered("{{ x }}", scope, .none) == "<b>a</b>")
    }

    @Test("no mixture of letters, quotes and brackets gets a tag or a quote through", arguments: 0..<40)
    func property(_ seed: UInt64) throws {
        var random = SplitMix(state: seed)
        let alphabet = Array("<>&\"'` =/a:\n()[]*_#{}%!\\é😀".unicodeScalars)
        let sources = [
            "{{ x }}", "{{ x | upcase }}", "{{ x | append: x }}", "{{ x | truncate: 9 }}",
            "{{ x | split: 'a' | join: x }}",
            "{% capture y %}{{ x }}{% endcapture %}{{ y | replace: 'a', x }}", "{{ x | strip_html }}",
            "{{ x | slice: 2, 9 }}",
            "{% capture y %}{{ x }}{% endcapture %}{{ y | truncatewords: 2 }}", "{{ x | escape_once }}",
        ]
        for _ in 0..<25 {
            var text = String.UnicodeScalarView()
            for _ in 0..<Int(random.next() % 24) { text.append(alphabet[Int(random.next() % UInt64(alphabet.count))]) }
            for source in sources {
                let html = try rendered(source, ["x": .string(String(text))], .html)
                #expect(!html.contains { "<>\"'".contains($0) }, "\(source) of \(String(text)) gave \(html)")
                let header = try rendered(source, ["x": .string(String(text))], .header)
                #expect(!header.utf8.contains { $0 < 0x20 })
                let markdown = try rendered(source, ["x": .string(String(text))], .markdown)
                #expect(
                    !markdown.contains { "<>[]*_`\n\"".contains($0) }, "\(source) of \(String(text)) gave \(markdown)")
            }
        }
    }
}

/// SplitMix64, so that a failing case comes again.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

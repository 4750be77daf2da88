import Outreach
import Platform
import Testing

@testable import Delivery

@Suite("A mail's colours")
struct BrandColorTests {
    @Test("can be read by day and by night, whatever the brand's colour is")
    func contrast() {
        var random = SplitMix(state: 3)
        let chosen = [
            "#2f5d50", "#ffffff", "#000000", "#ffff00", "#ff7a1a", "#808080", "#767676", "#00f", "nonsense", "",
        ]
        let drawn = (0..<300).map { _ in
            RGBColor(
                red: .random(in: 0...255, using: &random), green: .random(in: 0...255, using: &random),
                blue: .random(in: 0...255, using: &random)
            ).hex
        }
        for brand in chosen + drawn {
            let colors = BrandColors(brand: brand)
            for scheme in [colors.light, colors.dark] {
                #expect(scheme.buttonText.contrast(with: scheme.button) >= 4.5, "\(brand)")
                #expect(scheme.accent.contrast(with: scheme.card) >= 4.5, "\(brand)")
                #expect(scheme.accent.contrast(with: scheme.page) >= 4.5, "\(brand)")
                #expect(scheme.buttonLine.contrast(with: scheme.card) >= 3, "\(brand)")
                #expect(scheme.text.contrast(with: scheme.card) >= 7 && scheme.muted.contrast(with: scheme.page) >= 4.5)
                #expect(scheme.muted.contrast(with: scheme.card) >= 4.5 && scheme.text.contrast(with: scheme.soft) >= 7)
            }
        }
    }

    @Test(
        "are reckoned as WCAG does",
        arguments: [("#000000", 21.0), ("#ffffff", 1.0), ("#767676", 4.54), ("#ff0000", 4.0), ("#0000ff", 8.59)])
    func wcag(_ color: String, _ ratio: Double) {
        #expect(abs(RGBColor(color)!.contrast(with: .white) - ratio) < 0.01)
    }
}

@Suite("A mail's body")
struct MailBodyTests {
    func bodies(_ markdown: String, brand: Brand = Drafts.brand) -> MailBodies {
        MailBodies(Drafts.draft(body: .markdown(markdown), brand: brand))
    }

    func text(_ markdown: String) -> String {
        let text = bodies(markdown).text
        return String(text.prefix(upTo: text.firstRange(of: "\n-- \n")!.lowerBound))
    }

    @Test(
        "is text that reads well by itself",
        arguments: [
            ("a\nb", "a b\n"), ("a  \nb", "a\nb\n"), ("**a** *b* `c`", "a b c\n"),
            ("[a](https://x.example/)", "a:\nhttps://x.example/\n"),
            ("see [a](https://x.example/)", "see a (https://x.example/)\n"),
            ("<https://x.example/>", "https://x.example/\n"),
            ("ask [us](mailto:a@b.example?subject=x)", "ask us (a@b.example)\n"), ("- a\n- b", "* a\n* b\n"),
            ("3. a\n4. b", "3. a\n4. b\n"),
            ("- a\n  - b\n- c", "* a\n  * b\n* c\n".replacing("  *", with: "   *")), ("> a\n>\n> b", "> a\n>\n> b\n"),
            ("# T\n\na", "T\n===\n\na\n"),
            ("![logo](https://x.example/l.png)", "logo\n"), ("a\n\n---\n\nb", "a\n\n------------------------\n\nb\n"),
            ("\\> a", " > a\n"), ("From me", " From me\n"),
            ("a<br>b", "a\nb\n"), ("a <b>c</b> <!-- d -->", "a c\n"), ("[x](javascript:alert(1)) y", "x y\n"),
            ("[Track]()", ""), ("\\*a\\*", "*a*\n"),
            ("    code\n    more", "     code\n     more\n"),
        ])
    func plain(_ markdown: String, _ expected: String) { #expect(text(markdown) == expected) }

    @Test("flows at 72, and unflows to what it was")
    func flow() {
        let words = (1...200).map { String(repeating: "w", count: $0 % 13 + 1) }
        let lines = text(words.joined(separator: " ")).split(separator: "\n")
        #expect(lines.allSatisfy { $0.count <= 73 })
        #expect(lines.dropLast().allSatisfy { $0.hasSuffix(" ") })
        #expect(lines.joined() == words.joined(separator: " "))
    }

    @Test(
        "makes a button of a link alone, and of no other",
        arguments: [
            ("[a](https://x.example/)", true), ("**[a](https://x.example/)**", true),
            ("[a](https://x.example/).", false), ("<https://x.example/>", false),
            ("[a](mailto:a@b.example)", false), ("[a](javascript:x)", false), ("[a]()", false),
            ("[![i](https://x.example/i.png)](https://x.example/)", false),
        ])
    func button(_ markdown: String, _ isButton: Bool) {
        #expect(bodies(markdown).html.contains("<td class=\"bb-button\"") == isButton)
    }

    @Test(
        "has one h1: its own first heading, or the subject",
        arguments: [
            ("a", "Your order #1001 is running late"), ("# Hi\n\n# Ho", "Hi"),
            ("## Sub\n\na", "Your order #1001 is running late"), ("a\n\n# Hi", "Hi"),
        ])
    func title(_ markdown: String, _ title: String) {
        let html = bodies(markdown).html
        #expect(html.components("<h1") == 1)
        #expect(html.contains("-0.01em\">\(title)</h1>"))
    }

    @Test("runs no script and opens no foreign tag, whatever is in it")
    func hostile() {
        let pieces = [
            "<script>x</script>", "<img src=x onerror=y>", "[a](javascript:x)", "[b](data:text/html,x)",
            "![c](file:///x)", "\" onload=\"x", "'><svg>", "&lt;", "<!--", "-->",
            "[d](https://e.example/\"onclick=\"x)", "`</code><b>`", "\n\n", "<br", "[e](HTTPS://E.example)",
            "```\n</pre><i>\n```",
        ]
        var random = SplitMix(state: 11)
        for _ in 0..<300 {
            let source = (0..<6).map { _ in pieces.randomElement(using: &random)! }.joined(separator: " ")
            var brand = Drafts.brand
            brand.name = source
            brand.logo = "https://x.example/\"onerror=\"x"
            let html = bodies(source, brand: brand).html
            var tokens = HTMLTokens(html)
            while let token = tokens.next() {
                guard case .open(let name, let attributes, _) = token else { continue }
                #expect(!["script", "svg", "b", "i", "iframe", "object"].contains(name))
                #expect(!attributes.keys.contains { $0.hasPrefix("on") })
                for url in [attributes["href"], attributes["src"]].compactMap({ $0 }) {
                    #expect(url.hasPrefix("https://") || url.hasPrefix("http://") || url.hasPrefix("mailto:"))
                }
            }
        }
    }

    @Test(
        "survives nesting without end",
        arguments: [
            String(repeating: ">", count: 50_000), String(repeating: "- ", count: 5000),
            String(repeating: "*a ", count: 5000), String(repeating: "[", count: 5000),
            String(repeating: "<div>", count: 50_000),
        ])
    func nesting(_ markdown: String) {
        #expect(bodies(markdown).html.hasSuffix("</html>\n"))
        _ = MailBodies(Drafts.draft(body: .html(markdown)))
    }

    @Test(
        "of a merchant's own HTML makes the text",
        arguments: [
            ("<p>a</p><p>b", "a\n\nb\n"), ("a<br>b", "a\nb\n"),
            ("<style>x</style><script>y</script><title>z</title>a", "a\n"), ("<ul><li>a<li>b</ul>c", "* a\n* b\n\nc\n"),
            ("<ol><li>a</li><li>b</li></ol>", "1. a\n2. b\n"),
            ("see <a href='https://x.example/?a=1&amp;b=2'>it</a>.", "see it (https://x.example/?a=1&b=2).\n"),
            ("<a href=\"https://x.example\"><div>Go</div></a>", "Go:\nhttps://x.example\n"),
            ("a &amp; b &eacute; &#8217; &#x1F98A; &nope; &", "a & b é ’ 🦊 &nope; &\n"),
            ("<div style='display:none'>x<div>y</div></div>a", "a\n"), ("<!-- c -->a<!-- ", "a\n"),
            ("<tr><td>a</td><td>b</td></tr><tr><td>c", "a b\n\nc\n"), ("1 < 2", "1 < 2\n"),
            ("<h1>T</h1>a", "T\n=\n\na\n".replacing("=\n", with: "===\n")),
            ("<blockquote>a</blockquote>b", "> a\n\nb\n"), ("<pre>a\n  b</pre>", "a\nb\n"), ("", ""), ("<", "<\n"),
            ("<p", ""),
            ("<img alt='Logo' src=x>", "Logo\n"), ("  a\n\n  b  ", "a b\n"),
        ])
    func fromHTML(_ html: String, _ expected: String) {
        #expect(MailBodies(Drafts.draft(body: .html(html))).text == expected)
    }
}

extension String {
    /// How often a text stands in it.
    func components(_ text: String) -> Int { ranges(of: text).count }
}

import Testing

@testable import Intake

@Suite("A mail in HTML as words") struct HTMLWordsTests {
    @Test(
        "line by line, as a reader sees it",
        arguments: [
            ("<p>Hello</p><p>you</p>", "Hello\n\nyou"), ("a<br>b", "a\nb"), ("  a \n b  ", "a b"),
            ("<ul><li>one<li>two</ul>", "- one\n- two"), ("<td>a</td><td>b</td>", "a b"),
            ("<pre>a\n  b</pre>", "a\n  b"), ("a&nbsp;&amp;&#8364;b", "a &€b"), ("<style>x</style>y", "y"),
            ("<div hidden>x</div>y", "y"), ("<span style=\"display: none\">x</span>y", "y"),
            ("zero\u{200B}width", "zerowidth"), ("", ""), ("<div><div><div>", ""),
        ])
    func text(_ html: String, _ text: String) { #expect(HTMLWords(html).text == text, "\(HTMLWords(html).text)") }

    @Test(
        "knows what programs mark as a quote, its introduction and a signature",
        arguments: [
            ("Hi<blockquote>old</blockquote>", MailCut.Reason.quote, "old"),
            ("Hi<div class=\"gmail_quote\">old</div>", .quote, "old"),
            ("Hi<div class=\"moz-cite-prefix\">On Monday Ada wrote:</div>", .attribution, "On Monday Ada wrote:"),
            ("Hi<div class=\"gmail_signature\">Ada</div>", .signature, "Ada"),
            ("Hi<div id=\"divRplyFwdMsg\"></div>old and older", .quote, "old and older"),
        ])
    func marks(_ html: String, _ why: MailCut.Reason, _ cut: String) {
        let words = HTMLWords(html)
        #expect(words.marks.map(\.why) == [why])
        guard let mark = words.marks.first else { return }
        var view = String.UnicodeScalarView()
        view.append(contentsOf: words.scalars[mark.start..<mark.end])
        #expect(String(view).trimmed == cut)
    }

    @Test("a border-less blockquote of Gmail's only indents")
    func indent() {
        #expect(HTMLWords("<blockquote style=\"border: none; margin: 0\">mine</blockquote>").marks.isEmpty)
        #expect(!HTMLWords("<blockquote type=cite style=\"border: none\">old</blockquote>").marks.isEmpty)
    }

    @Test("any nesting ends, and every mark lies within the text")
    func hostile() {
        for html in [
            String(repeating: "<blockquote>", count: 100_000) + "x",
            String(repeating: "</div>", count: 10_000) + "<blockquote>a",
            String(repeating: "<p>", count: 50_000), "<blockquote>" + String(repeating: "\n", count: 10_000),
        ] {
            let words = HTMLWords(html)
            #expect(words.marks.allSatisfy { $0.start < $0.end && $0.end <= words.scalars.count })
        }
    }
}

import Foundation
import Testing

@testable import Liquid

private func rendered(_ source: String, _ scope: Scope) throws -> String {
    var options = RenderOptions()
    options.destination = .html
    options.partials = PartialSet(sources: ["p": "{{ a }}"])
    return try Template(parsing: source).render(scope, options).text
}

/// Reads attributes as a browser does, by other means than the guard: Foundation's regular expressions.
private func addresses(in html: String) throws -> [String] {
    let attribute = try Regex<(Substring, Substring)>(
        #"(?i)[\s"'/](?:xlink:)?(?:href|src|action|formaction|poster|background|data)\s*=\s*("[^"]*"|'[^']*'|[^\s>"'][^\s>]*)"#
    )
    return html.matches(of: attribute).map { match in
        var value = String(match.output.1)
        if let quote = value.first, "\"'".contains(quote) { value = String(value.dropFirst().dropLast()) }
        for (name, text) in [("&Tab;", "\t"), ("&NewLine;", "\n"), ("&colon;", ":")] {
            value = value.replacing(name, with: text)
        }
        value = value.replacing(try! Regex<(Substring, Substring)>("&#([0-9]+);?")) { reference in
            UInt32(reference.output.1).flatMap(Unicode.Scalar.init).map { String($0) } ?? ""
        }
        value = value.replacing(try! Regex<(Substring, Substring)>("&#[xX]([0-9A-Fa-f]+);?")) { reference in
            UInt32(reference.output.1, radix: 16).flatMap(Unicode.Scalar.init).map { String($0) } ?? ""
        }
        // Last, for what it stands before is no reference.
        value = value.replacing("&amp;", with: "&")
        return String(String.UnicodeScalarView(value.unicodeScalars.filter { $0.value > 0x20 && $0.value != 0x7F }))
            .lowercased()
    }
}

@Suite("What a link may run")
struct LinkGuardTests {
    @Test(
        "no route brings javascript: into an attribute that is followed",
        arguments: [
            #"<a href="{{ a }}{{ b }}">"#, #"<a href=" {{ c }}">"#, "<a href=\"\n\t{{ c }}\">",
            #"<a href="{{ a }}ipt:alert(1)">"#,
            #"<a href="{% if c -%} {{ c }}{% endif %}">"#, #"<a href="{%- if c -%}{{ a }}{%- endif -%}{{ b }}">"#,
            #"{% capture u %}{{ a }}{{ b }}{% endcapture %}<a href="{{ u }}">"#,
            #"{% capture u %}{{ c }}{% endcapture %}<a href="{{ u }}">"#,
            #"{% capture u %}{{ c }}{% endcapture %}<a href={{ u }}>"#,
            #"{% capture u %}<a href="{{ a }}{% endcapture %}{{ u }}{{ b }}">"#, #"<a href={{ a }}{{ b }}>"#,
            #"<a href='{{ a }}{{ b }}'>"#,
            #"<a href="{{ a | append: b }}">"#, #"<a href="{{ e | escape_once }}">"#,
            #"<a href="{{ f | escape_once }}">"#,
            #"<a href="{{ g | escape_once }}">"#, #"<a href="{{ d }}">"#, #"<a HREF = "{{ a }}{{ b }}">"#,
            #"<a{% if a > 1 %}{% else %} class="x"{% endif %} href="{{ c }}">"#,
            #"<a href="{% for i in l %}{{ i }}{% endfor %}">"#, #"<a href="{% render 'p', a: a %}{{ b }}">"#,
            #"<a href="{% cycle c %}">"#, #"<a href="{{ c | upcase }}">"#,
            #"<a href="{{ c | url_encode | url_decode }}">"#,
            #"<a href="{{ c | base64_encode | base64_decode }}">"#, #"<a href="{{ 'java' }}{{ 'script:' }}{{ c }}">"#,
            #"<form action="{{ a }}{{ b }}">"#, #"<button formaction="{{ a }}{{ b }}">"#,
            #"<img src="{{ a }}{{ b }}">"#,
            #"<object data="{{ a }}{{ b }}">"#, #"<svg><a xlink:href="{{ a }}{{ b }}">"#,
            #"<video poster="{{ a }}{{ b }}">"#,
            #"<!--[if mso]><a href="{{ a }}{{ b }}"><![endif]-->"#, #"<a title=">" href="{{ a }}{{ b }}">"#,
            #"<a href="{{ a }}&#115;cript:1">"#, #"<a href="{{ a }}{{ b }}"#,
            #"<style>p{}</style><a href="{{ a }}{{ b }}">"#,
            #"<a href="{{ a }}{% comment %} " {% endcomment %}{{ b }}">"#,
            #"<a href="{% liquid echo a"# + "\n" + #"echo b %}">"#,
        ])
    func routes(_ source: String) throws {
        let scope: Scope = [
            "a": "jAva\t", "b": "Script:alert(1)", "c": "javascript:alert(1)", "d": "\u{1}java\nscript\t:alert(1)",
            "e": "&#106;avascript:alert(1)", "f": "java&Tab;script&colon;alert(1)", "g": "&#0000106avascript:alert(1)",
            "l": ["java", "script", ":alert(1)"],
        ]
        let html = try rendered(source, scope)
        #expect(!(try addresses(in: html).contains { $0.hasPrefix("javascript:") }), "\(html)")
        #expect(html.contains("#"), "\(html)")
    }

    @Test(
        "styles, refreshes and handlers run nothing either",
        arguments: [
            (#"<p style="background:url({{ x }})">"#, "javascript:alert(1)", #"<p style="">"#),
            (#"<p style="width:{{ x }}">"#, "expr/**/ession(alert(1))", #"<p style="">"#),
            (#"<p style="background:url({{ x }})">"#, #"\6a avascript:alert(1)"#, #"<p style="">"#),
            (#"<p style="a:b;{{ x }}">"#, "behavior:url(x)", #"<p style="">"#),
            (
                #"<p style="scroll-behavior:smooth;color:{{ x }}">"#, "red",
                #"<p style="scroll-behavior:smooth;color:red">"#
            ),
            (
                #"<meta http-equiv="refresh" content="0;url={{ x }}">"#, "javascript:alert(1)",
                #"<meta http-equiv="refresh" content="">"#
            ),
            (#"<p {{ x }}>"#, "onclick=alert(1)", "<p onclick&#61;alert(1)>"),
            (#"{% capture y %}{{ x }}{% endcapture %}<p {{ y }}>"#, "onclick=alert(1)", "<p onclick=>"),
            (
                #"{% capture y %}{{ x }}{% endcapture %}<p class={{ y }}>"#, "a onclick=alert(1)",
                "<p class=a&#32;onclick&#61;alert(1)>"
            ),
            (#"<p class={{ x }}{{ x }}>"#, " onclick=1", "<p class=&#32;onclick&#61;1&#32;onclick&#61;1>"),
            (#"<img srcset="{{ x }}">"#, "a.png 1x, javascript:1 2x", ##"<img srcset="#">"##),
        ] as [(String, String, String)])
    func others(_ source: String, _ value: String, _ expected: String) throws {
        #expect(try rendered(source, ["x": .string(value)]) == expected)
    }

    @Test(
        "what may be followed stays as it was written",
        arguments: [
            #"<a href="https://shop.example/a?b=1&amp;c=x:y">"#, #"<a href="/track/1:2">"#, ##"<a href="#top">"##,
            #"<a href="mailto:a@b.example">"#, #"<a href="tel:+49 1">"#, #"<a href="whatsapp://send">"#,
            #"<img src="cid:logo">"#,
            #"<img src="data:image/png;base64,AAAA">"#, #"<td background="data:image/png;base64,AAAA">"#,
            #"<p title="javascript: the good parts">"#, "<p>javascript:alert(1) a < b</p>", #"<a href="?q=a:b">"#,
            #"<style>a[href="javascript:"] {}</style>"#, #"<img alt="a:b" src="//cdn.example/a:b.png">"#,
            #"<td onclick="x()">"#,
        ])
    func harmless(_ html: String) throws {
        #expect(try rendered(html, [:]) == html)
    }

    @Test("a scheme that the author did not write is not followed")
    func foreign() throws {
        #expect(try rendered(#"<a href="{{ a }}{{ b }}">"#, ["a": "ms-", "b": "msdt:x"]) == ##"<a href="#">"##)
        let source = ##"<a href="geo:1">{% if true %}<a href="{{ a }}{{ b }}">{% endif %}"##
        #expect(try rendered(source, ["a": "ge", "b": "o:2"]) == ##"<a href="geo:1"><a href="geo:2">"##)
    }

    @Test("no mixture of pieces in two outputs makes a link that runs", arguments: 0..<30)
    func property(_ seed: UInt64) throws {
        var random = SplitMix(state: seed)
        let pieces = [
            "java", "script", "JAVASCRIPT", ":", "alert(1)", "\t", "\n", " ", "\u{0}", "\u{1}", "&#106;", "&colon;",
            "&Tab;", "&#x3a;",
            "vbscript:", "data:text/html,", "/", "#", "?", "x", "\"", "'", "\u{200B}", "\u{202E}", "\u{FEFF}", "//",
            "https:",
            "&amp;", "&#58", "\u{AD}", "`", "=", ">",
        ]
        let sources = [
            #"<a href="{{ a }}{{ b }}">"#, "<a href={{ a }}{{ b }}>",
            "<a href='{{ a | escape_once }}{{ b | escape_once }}'>",
            #"{% capture y %}{{ a }}{{ b }}{% endcapture %}<a href="{{ y }}">"#,
            #"<a href="{{ a | strip_html }}{{ b | strip }}">"#,
            #"<a class={{ a }} href="{{ b }}">"#, #"<a {{ a }} href="{{ b }}">"#,
            #"<a href="{{ a | newline_to_br }}{{ b }}">"#,
        ]
        for _ in 0..<40 {
            func text() -> String {
                (0..<Int(random.next() % 6)).map { _ in pieces[Int(random.next() % UInt64(pieces.count))] }.joined()
            }
            let scope: Scope = ["a": .string(text()), "b": .string(text())]
            for source in sources {
                let html = try rendered(source, scope)
                let found = try addresses(in: html)
                #expect(
                    !found.contains {
                        $0.hasPrefix("javascript:") || $0.hasPrefix("vbscript:") || $0.hasPrefix("data:")
                    }, "\(html)")
                #expect(html.count { $0 == "<" } == 1 || source.contains("newline_to_br"), "\(html)")
            }
        }
    }

    @Test("a page of nothing but tags and quotes is looked through once")
    func onePass() throws {
        for piece in ["<a ", "<a href=\"", "<", "<a href=&#", "<title>", "<a href=x ", "</"] {
            var options = RenderOptions()
            options.destination = .html
            let source = String(repeating: piece, count: 60_000)
            _ = try Template(parsing: source).render([:], options)
        }
    }
}

@Suite("Direction marks")
struct DirectionTests {
    static let marks: [UInt32] = [
        0x61C, 0x200E, 0x200F, 0x202A, 0x202B, 0x202C, 0x202D, 0x202E, 0x2066, 0x2067, 0x2068, 0x2069, 0x206A, 0x206F,
    ]

    @Test("a value's marks cannot turn the text after it", arguments: marks)
    func removed(_ mark: UInt32) throws {
        let scalar = String(try #require(Unicode.Scalar(mark)))
        for destination in [Destination.html, .markdown, .header] {
            for source in [
                "{{ x }}", "{{ x | append: x }}", "{% capture y %}{{ x }}{% endcapture %}{{ y }}", "{{ l | join: x }}",
                "{{ x | upcase }}",
                "{{ x | escape_once }}", "{{ e | escape_once }}",
            ] {
                var options = RenderOptions()
                options.destination = destination
                let scope: Scope = ["x": .string("A\(scalar)da"), "l": ["a", "b"], "e": .string("A&#\(mark);da&rlm;")]
                let text = try Template(parsing: source + " pays 100").render(scope, options).text
                #expect(!text.unicodeScalars.contains { $0.value == mark }, "\(source)")
                #expect(!text.contains("A&#\(mark);") && !text.contains("a&rlm;"), "\(source)")
            }
        }
    }

    @Test("letters from right to left, joiners and the author's own marks stay")
    func kept() throws {
        var options = RenderOptions()
        options.destination = .html
        let scope: Scope = ["x": "שלום می\u{200C}خواهم 👩\u{200D}🚀"]
        let text = try Template(parsing: "{{ x }}{{ '\u{200F}' }}\u{202A}").render(scope, options).text
        #expect(text == "שלום می\u{200C}خواهم 👩\u{200D}🚀\u{200F}\u{202A}")
    }
}

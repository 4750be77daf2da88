import Testing

@testable import Liquid

@Suite("Budgets")
struct BudgetTests {
    /// What a template comes to; `limit` names what it went beyond.
    private func outcome(_ source: String, _ limits: Limits = Limits()) throws -> (text: String?, failure: RenderError?)
    {
        var options = RenderOptions()
        options.limits = limits
        let template = try Template(parsing: source)
        do throws(RenderError) {
            return (try template.render(["x": "a,b<c"], options).text, nil)
        } catch {
            return (nil, error)
        }
    }

    private static let long = "{% capture x %}{% for i in (1..9000) %}aaaaaaaaa,{% endfor %}{% endcapture %}"

    /// Limits in which a debug build runs out within a moment.
    private static let few: Limits = {
        var limits = Limits()
        limits.outputBytes = 1_000_000
        limits.assignedBytes = 4_000_000
        limits.workBytes = 4_000_000
        return limits
    }()

    @Test(
        "chains of filters that feed on themselves end the render",
        arguments: [
            "json | base64_encode", "escape | url_encode", "split: '' | json", "append: x | upcase", "replace: 'a', x",
            "split: ',' | join: x", "prepend: x", "base64_encode", "url_encode", "newline_to_br | json | json",
            "split: 'a' | concat: l | json", "base64_url_safe_encode | json", "truncate: 9, x | append: x",
            "default: x | json | append: x", "squish | append: x", "handle | append: x | append: x",
        ])
    func chains(_ chain: String) throws {
        let source = """
            {% assign l = 'a,b' | split: ',' %}{% for i in (1..5000) %}{% assign x = x | \(chain) %}{% endfor %}
            """
        let (_, failure) = try outcome(source, Self.few)
        #expect(failure?.kind == .limit)
        #expect(failure?.line == 1)
    }

    @Test(
        "what is looked through counts, though nothing comes of it",
        arguments: [
            "{% if x contains 'b' %}{% endif %}", "{{ x.size }}", "{{ x | size | replace: '1', x | size }}",
            "{% case x %}{% when y %}{% endcase %}", "{% if x == y %}{% endif %}", "{{ x | strip | slice: 0 }}",
            "{{ x | replace_last: 'b', '' | slice: 0 }}", "{{ x | date: x | slice: 0 }}",
            "{% if l contains 'c' %}{% endif %}",
            "{{ l | sort | first }}", "{{ l | uniq | size }}", "{{ l | where: 'b' | size }}", "{{ l | find: 'b' }}",
            "{% for j in l %}{% break %}{% endfor %}", "{% for j in (1..9999) %}{% break %}{% endfor %}",
            "{{ (1..9999) | map: 'a' | size }}", "{% ifchanged %}{{ x }}{% endifchanged %}", "{{ x | plus: 1 }}",
            "{% cycle l: 'a', 'b' %}", "{{ l | sum }}",
        ])
    func scans(_ body: String) throws {
        let source =
            Self.long + "{% assign y = x | append: '' %}{% assign l = x | split: ',' %}{% for i in (1..9000) %}" + body
            + "{% endfor %}"
        var limits = Self.few
        limits.outputBytes = 10_000_000
        #expect(try outcome(source, limits).failure?.kind == .limit)
    }

    @Test(
        "a list of one long text over and over is neither printed nor written as JSON",
        arguments: ["", "| json", "| escape"])
    func shared(_ filter: String) throws {
        let source =
            Self.long
            + "{% assign l = x | split: ',' %}{% for i in (1..14) %}{% assign l = l | concat: l %}{% endfor %}{{ l "
            + filter + " }}"
        var limits = Limits()
        limits.workBytes = .max / 2
        #expect(try outcome(source, limits).failure?.message.contains("more than 16777216 bytes") == true)
    }

    @Test("the clock is asked while a few filters work through a lot")
    func deadline() throws {
        var limits = Limits()
        limits.isLate = { true }
        let source = Self.long + String(repeating: "{{ x | upcase | slice: 0 }}", count: 20)
        let (_, failure) = try outcome(source, limits)
        #expect(failure?.message == "the template takes too long")
    }

    @Test("an ordinary mail is far from every budget")
    func ordinary() throws {
        var limits = Limits()
        limits.workBytes /= 100
        limits.steps /= 100
        let source =
            "{% for i in (1..200) %}{{ x | append: ' and more' | escape | truncate: 20 }}{{ i | times: 2 }}{% endfor %}"
        #expect(try outcome(source, limits).failure == nil)
    }

    @Test("the last of many occurrences is found in time that grows with the text alone")
    func replaceLast() throws {
        let source = """
            \(Self.long)\(Self.long.replacing("capture x", with: "capture y"))\
            {% assign y = y | slice: 0, 40000 %}{% assign z = 'b' | append: y %}{{ x | replace_last: z, '' | size }} \
            {{ 'abcabcab' | replace_last: 'abc', '-' }} {{ 'ab' | replace_last: '', '-' }} {{ 'ab' | replace_last: 'abc', '-' }}
            """
        #expect(try outcome(source).text == "90000 abc-ab ab- ab")
    }
}

@Suite("Arithmetic at the ends")
struct ArithmeticTests {
    private static let least128 = "{% assign m = -9223372036854775808 | times: 18446744073709551616 %}"
    private static let least64 = "{% assign m = -9223372036854775808 %}"

    @Test(
        "no number traps, and what 128 bits hold is exact",
        arguments: [
            ("{{ m }}", "-170141183460469231731687303715884105728", "-9223372036854775808"),
            ("{{ m | abs }}", "1.7014118346046923e+38", "9223372036854775808"),
            ("{{ 0 | minus: m }}", "1.7014118346046923e+38", "9223372036854775808"),
            ("{{ m | minus: 1 }}", "-1.7014118346046923e+38", "-9223372036854775809"),
            ("{{ m | divided_by: -1 }}", "1.7014118346046923e+38", "9223372036854775808"),
            ("{{ m | modulo: -1 }}", "0", "0"),
            ("{{ m | times: -1 }}", "1.7014118346046923e+38", "9223372036854775808"),
            ("{{ m | plus: m }}", "-3.402823669209385e+38", "-18446744073709551616"),
            ("{{ m | divided_by: 3 }}", "-56713727820156410577229101238628035243", "-3074457345618258603"),
            ("{{ m | modulo: 3 }}", "1", "1"),
            ("{{ 1 | divided_by: m }}", "-1", "-1"),
            ("{{ m | at_least: 1.5 }}", "1.5", "1.5"),
            ("{{ m | at_most: m | minus: m }}", "0", "0"),
            ("{{ m | ceil | minus: m }}{{ m | floor | minus: m }}{{ m | round | minus: m }}", "000", "000"),
            ("{{ m | divided_by: -0.1 }}", "1.7014118346046923e+39", "9.223372036854776e+19"),
            ("{{ m | round: -99 }}", "0", "0"),
        ])
    func ends(_ source: String, _ wide: String, _ narrow: String) throws {
        #expect(try Template(parsing: Self.least128 + source).render(Scope()).text == wide)
        #expect(try Template(parsing: Self.least64 + source).render(Scope()).text == narrow)
    }

    @Test("any chain of arithmetic on any ends comes to something")
    func chains() throws {
        let numbers = [
            "m", "-9223372036854775808", "9223372036854775807", "18446744073709551616", "-1", "0", "1", "-0.0", "-0.1",
            "0.5",
            "1e9", "'-170141183460469231731687303715884105728'", "'1.5e-9223372036854775808'", "99999999999999999999.5",
            "'" + String(repeating: "9", count: 500) + "'", "'0." + String(repeating: "0", count: 400) + "1'",
        ]
        let filters = [
            "plus", "minus", "times", "divided_by", "modulo", "at_least", "at_most", "round", "slice", "truncate",
            "truncatewords", "append", "date",
        ]
        var source = Self.least128
        for a in numbers {
            for b in numbers {
                for filter in filters { source += "{{ \(a) | \(filter): \(b) }}" }
                source += "{% for i in (\(a)..\(b)) offset: \(a) limit: 2 %}{% endfor %}"
                source += "{% tablerow i in (1..3) offset: \(a) limit: \(b) cols: \(a) %}{% endtablerow %}"
            }
            source += "{{ \(a) | abs | ceil | floor | money | size }}{{ \(a) | weight_with_unit | pluralize: 'x' }}"
        }
        _ = try Template(parsing: source).render(Scope())
    }

    // Held against Shopify/liquid 5.4.0.
    @Test(
        "a zero keeps its sign, as it does in Ruby",
        arguments: [
            ("-0.0", "-0.0"), ("-0.0 | plus: 0", "0.0"), ("-0.0 | plus: -0.0", "-0.0"), ("-0.0 | minus: 0", "-0.0"),
            ("0 | minus: 0.0", "0.0"), ("-0.0 | times: 1", "-0.0"), ("0 | times: -1.5", "-0.0"),
            ("-0.0 | times: -1.5", "0.0"), ("-0.04 | round: 1", "-0.0"), ("-0.0 | round: 2", "-0.0"),
            ("-0.0 | round", "0"), ("-0.4 | ceil", "0"), ("-0.0 | abs", "0.0"), ("-0.0 | divided_by: 2", "-0.0"),
            ("-0.0 | modulo: 5", "0.0"), ("'-0.0' | times: 1", "-0.0"), ("-0.0 | at_least: 0", "-0.0"), ("-0", "0"),
            ("-0.0 | json", "-0.0"), ("-0 | times: 1.0", "0.0"),
        ])
    func negativeZero(_ expression: String, _ expected: String) throws {
        #expect(try Template(parsing: "{{ \(expression) }}").render(Scope()).text == expected)
    }

    @Test(
        "whole numbers have no end where a loop, a filter or a text names one",
        arguments: [
            ("{% for i in (1..5) offset: 99999999999999999999 %}{{ i }}{% else %}none{% endfor %}", "none"),
            ("{% for i in (1..5) offset: -99999999999999999999 %}{{ i }}{% endfor %}", "12345"),
            ("{% for i in (1..5) limit: 99999999999999999999 %}{{ i }}{% endfor %}", "12345"),
            ("{% for i in (1..5) limit: -99999999999999999999 %}{{ i }}{% else %}none{% endfor %}", "none"),
            ("{% for i in (3..5) limit: 9223372036854775807 %}{{ i }}{% endfor %}", "345"),
            ("{% for i in (3..5) limit: '99999999999999999999' %}{{ i }}{% endfor %}", "345"),
            (
                "{% for i in (1..5) offset: -99999999999999999999 limit: 100000000000000000002 %}{{ i }}{% endfor %}",
                "123"
            ),
            ("{% for i in (1..5) offset: \(String(repeating: "9", count: 60)) %}{% else %}none{% endfor %}", "none"),
            ("{% for i in (3..5) offset: 1.5 %}{{ i }}{% endfor %}", "Liquid error (line 1): invalid integer"),
            (
                "{% tablerow i in (3..4) limit: 99999999999999999999 cols: 99999999999999999999 %}{{ i }}{% endtablerow %}",
                "<tr class=\"row1\">\n<td class=\"col1\">3</td><td class=\"col2\">4</td></tr>\n"
            ),
            (
                "{% tablerow i in (3..5) offset: 99999999999999999999 %}{% endtablerow %}",
                "<tr class=\"row1\">\n</tr>\n"
            ),
            ("{{ '99999999999999999999' | plus: 1 }}", "100000000000000000000"),
            ("{{ 100000000000000000000.5 | ceil }}", "100000000000000000000"),
            ("{{ 'abcde' | slice: 1, 99999999999999999999 }}", "bcde"),
            (
                "{% for i in (1..3) limit: 2 %}{% endfor %}{% for i in (1..3) offset: continue %}{{ i }}{% endfor %}",
                "3"
            ),
        ])
    func beyond(_ source: String, _ expected: String) throws {
        #expect(try Template(parsing: source).render(Scope()).text == expected)
    }
}

// Held against Shopify/liquid 5.4.0.
@Suite("Corners of the language")
struct CornerTests {
    @Test(
        "'{%-' trims the text beside it and none further back",
        arguments: [
            ("a {% comment %}c{% endcomment %}{%- if true %}b{% endif %}", "a b"),
            ("a {% comment %}c{% endcomment %}{{- 'b' }}", "a b"),
            ("a {% raw %}{% endraw %}{%- if true %}b{% endif %}", "a b"),
            ("a {% raw %} r {% endraw %}{%- if true %}b{% endif %}", "a  r b"),
            ("a {% # c %}{%- if true %}b{% endif %}", "a b"),
            ("a {% doc %}c{% enddoc %}{%- if true %}b{% endif %}", "a b"),
            ("a {% comment %}c{% endcomment %} {%- if true %}b{% endif %}", "a b"),
            (
                "a {% comment %}c{% endcomment %} {%- comment %}{% endcomment %} {%- if true %}b{% endif %}", "a b"
            ),
            ("a {% comment %}c{% endcomment -%} x", "a x"),
            ("a {% liquid %}{%- if true %}b{% endif %}", "ab"),
            ("a {% liquid # x %}{%- if true %}b{% endif %}", "a b"),
            ("a {% liquid -%}  {%- if true %}b{% endif %}", "a b"),
            ("a {%- comment %}c{% endcomment %}b", "ab"),
        ])
    func trims(_ source: String, _ expected: String) throws {
        #expect(try Template(parsing: source).render(Scope()).text == expected)
    }

    @Test(
        "a word that compares nothing is a fault, whatever stands beside it",
        arguments: ["blank", "empty", "nil", "1", "x"])
    func unknownOperator(_ left: String) throws {
        let text = try Template(parsing: "{% if \(left) foo %}x{% else %}y{% endif %}").render(Scope()).text
        #expect(text == "Liquid error (line 1): Unknown operator foo")
    }

    @Test(
        "url_decode stops where Ruby does",
        arguments: [
            ("+%+", " %+"), ("%", "%"), ("%2", "%2"), ("%+a+", "% a "), ("a%+", "a%+"), ("%zz+", "%zz "),
            ("+%4", " %4"),
            ("%41%4+", "A%4 "), ("%-1", "%-1"), ("%+1a", "% 1a"), ("%C3%BC+", "ü "),
        ])
    func urlDecode(_ text: String, _ expected: String) throws {
        #expect(try Template(parsing: "{{ x | url_decode }}").render(["x": .string(text)]).text == expected)
    }

    @Test(
        "a text filter takes a list by what Ruby shows of it",
        arguments: [
            ("squish", "[\"1\", \"2\"]"), ("strip", "[\"1\", \"2\"]"), ("upcase", "[\"1\", \"2\"]"),
            ("url_encode", "%5B%221%22%2C+%222%22%5D"), ("strip_newlines", "[\"1\", \"2\"]"), ("truncate: 5", "[\"..."),
            ("append: 'x'", "[\"1\", \"2\"]x"), ("base64_encode", "WyIxIiwgIjIiXQ=="),
            ("truncatewords: 1", "[\"1\",..."),
            ("join: l", "1[\"1\", \"2\"]2"),
        ])
    func lists(_ filter: String, _ expected: String) throws {
        let source = "{% assign l = '1,2' | split: ',' %}{{ l | \(filter) }}"
        #expect(try Template(parsing: source).render(Scope()).text == expected)
    }

    @Test(
        "squish makes one blank of many",
        arguments: [("' a \n b\t'", "a b"), ("nil", ""), ("false", "false"), ("123", "123")])
    func squish(_ input: String, _ expected: String) throws {
        #expect(try Template(parsing: "{{ \(input) | squish }}").render(Scope()).text == expected)
    }
}

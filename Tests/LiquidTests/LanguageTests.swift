import Testing

@testable import Liquid

private func rendered(_ source: String, _ scope: Scope = Scope(), _ change: (inout RenderOptions) -> Void = { _ in })
    throws -> String
{
    var options = RenderOptions()
    options.now = Moment(seconds: 1_704_067_318)
    change(&options)
    return try Template(parsing: source).render(scope, options).text
}

/// A parcel as a host would expose it.
private final class Parcel: Drop {
    func value(for key: String) -> Value? {
        switch key {
        case "number": "ZX1"
        case "tags": .drop(TextList(["Fragile", "gift"]))
        default: nil
        }
    }
    var printed: Value { "parcel ZX1" }
}

@Suite("The language")
struct LanguageTests {
    @Test(
        "dates speak the mail's language",
        arguments: [
            ("en", "Monday, 4 March 2024"), ("de", "Montag, 4 März 2024"), ("fr-CA", "lundi, 4 mars 2024"),
            ("es", "lunes, 4 marzo 2024"),
            ("xx", "Monday, 4 March 2024"),
        ] as [(String, String)])
    func languages(_ locale: String, _ expected: String) throws {
        #expect(try rendered("{{ '2024-03-04' | date: '%A, %-d %B %Y' }}") { $0.locale = locale } == expected)
    }

    @Test(
        "named formats follow the language",
        arguments: [
            ("date", "en", "March 4, 2024"), ("date", "de", "4. März 2024"), ("date", "fr", "4 mars 2024"),
            ("abbreviated_date", "en", "Mar 4, 2024"),
            ("on_date", "en", "on Mar 4, 2024"), ("date_at_time", "en", "March 4, 2024 at 3:05 pm"),
            ("date_at_time", "de", "4. März 2024 um 15:05 Uhr"),
            ("date", "es", "4 de marzo de 2024"),
        ] as [(String, String, String)])
    func named(_ format: String, _ locale: String, _ expected: String) throws {
        #expect(try rendered("{{ '2024-03-04 15:05' | date: format: '\(format)' }}") { $0.locale = locale } == expected)
    }

    @Test("a calendar date is shifted by no zone; a moment is shown in the mail's")
    func zones() throws {
        let scope: Scope = [
            "day": .moment(Moment(year: 2026, month: 3, day: 1)), "at": .moment(Moment(seconds: 1_772_323_200)),
        ]
        let tokyo = Zone(offset: { _ in 32_400 }, abbreviation: { _ in "JST" })
        #expect(
            try rendered("{{ day | date: '%F %H' }} {{ at | date: '%F %R %Z' }}", scope) { $0.zone = tokyo }
                == "2026-03-01 00 2026-03-01 09:00 JST")
    }

    @Test(
        "strftime has Ruby's flags and directives",
        arguments: [
            ("%Y-%m-%dT%H:%M:%S%z", "2024-03-04T05:06:07+0000"), ("%-d/%-m %l:%M %P|%e|%k", "4/3  5:06 am| 4| 5"),
            ("%^a %^B %#p %j %U %W %V %G %u %w %C %y", "MON MARCH am 064 09 10 10 2024 1 1 20 24"),
            ("%010Y %_5d %-I %3N %L %s", "0000002024     4 5 000 000 1709528767"),
            (
                "%c|%x|%X|%D|%r|%R|%T|%v|%%|%Q",
                "Mon Mar  4 05:06:07 2024|03/04/24|05:06:07|03/04/24|05:06:07 AM|05:06|05:06:07| 4-MAR-2024|%|%Q"
            ),
            ("%:z %::z %Z", "+00:00 +00:00:00 UTC"),
        ] as [(String, String)])
    func strftime(_ format: String, _ expected: String) throws {
        #expect(try rendered("{{ 1709528767 | date: f }}", ["f": .string(format)]) == expected)
    }

    @Test("civil dates go there and back", arguments: [-719_528, -1, 0, 1, 59, 60, 11_016, 19_782, 47_541, 2_932_896])
    func civil(_ day: Int64) {
        let civil = Civil(seconds: day * 86_400)
        #expect(Civil.days(year: civil.year, month: civil.month, day: civil.day) == day)
    }

    @Test(
        "money: minor units for plain numbers, itself for an amount",
        arguments: [
            ("{{ 123456 | money }}", "$1,234.56"), ("{{ -500 | money }}", "-$5.00"), ("{{ nil | money }}", ""),
            ("{{ 1000 | money_without_trailing_zeros }}", "$10"),
            ("{{ 1050 | money_without_trailing_zeros }}", "$10.50"), ("{{ 100 | money_with_currency }}", "$1.00 USD"),
            ("{{ 145 | money_without_currency }}", "1.45"),
            ("{{ m }}", "12.50"), ("{{ m | money }}", "$12.50"), ("{{ m | plus: 5 | money }}", "$17.50"),
            ("{{ m | times: 2 }}", "25.00"),
            ("{{ m | divided_by: m }}", "1.0"), ("{{ list | sum | money }}", "$25.00"),
            ("{% if m > 12 and m < 12.51 %}y{% endif %}", "y"),
            ("{{ yen | money }}", "1,500 JPY"), ("{{ m.currency }}", "USD"),
        ] as [(String, String)])
    func money(_ source: String, _ expected: String) throws {
        let money = Value.money(Money(minorUnits: 1_250, currency: "USD"))
        let scope: Scope = [
            "m": money, "yen": .money(Money(minorUnits: 1_500, currency: "JPY")), "list": [money, money],
        ]
        #expect(try rendered(source, scope) == expected)
    }

    @Test(
        "the shop's money format is kept",
        arguments: [
            ("{{amount}} kr", "1,234.56 kr"), ("€{{amount_with_comma_separator}}", "€1.234,56"),
            ("{{ amount_no_decimals }} Ft", "1,235 Ft"),
            ("CHF {{amount_with_apostrophe_separator}}", "CHF 1'234.56"),
            ("{{amount_no_decimals_with_comma_separator}} €", "1.235 €"),
        ] as [(String, String)])
    func formats(_ format: String, _ expected: String) throws {
        #expect(try rendered("{{ 123456 | money }}") { $0.money.plain = format } == expected)
    }

    @Test(
        "Shopify's other filters",
        arguments: [
            ("{{ 1 | pluralize: 'day', 'days' }}, {{ 3 | pluralize: 'day', 'days' }}", "1 day, 3 days"),
            ("{{ 'Café & Thé' | handle }}", "café-thé"),
            ("{{ 1500 | weight_with_unit }}", "1.5 kg"),
            ("{{ 'greeting' | t: name: 'Ada' }}{{ 'none' | t }}", "Hello Adanone"),
            ("{{ 'Track' | link_to: 'https://a.example' }}", "<a href=\"https://a.example\">Track</a>"),
        ] as [(String, String)])
    func shopify(_ source: String, _ expected: String) throws {
        #expect(try rendered(source) { $0.translations = ["greeting": "Hello {{ name }}"] } == expected)
    }

    @Test(
        "a drop answers for itself",
        arguments: [
            ("{{ p }} {{ p.number }} {{ p.none }}", "parcel ZX1 ZX1 "),
            ("{% if p.tags contains 'GIFT' %}y{% endif %}", "y"),
            (
                "{% for t in p.tags %}{{ t }};{% endfor %}{{ p.tags.size }}{{ p.tags.first }}{{ p.tags | join: '+' }}",
                "Fragile;gift;2FragileFragile+gift"
            ),
            ("{{ p.tags | size }}", "2"),
        ] as [(String, String)])
    func drops(_ source: String, _ expected: String) throws {
        #expect(try rendered(source, ["p": .drop(Parcel())]) == expected)
    }

    @Test("a root drop's keys are names")
    func roots() throws {
        #expect(try rendered("{{ number }}{{ a }}", Scope(["a": "A"], roots: [Parcel()])) == "ZX1A")
    }

    @Test("strict parsing reports every fault with its place")
    func strict() {
        #expect {
            try Template(parsing: "a {{ b | }}\n  {% if a & b %}{% endif %}\n{{ c d }}", name: "x.md", mode: .strict)
        } throws: { error in
            (error as? TemplateError)?.diagnostics.map { "\($0.name):\($0.line):\($0.column)" } == [
                "x.md:1:10", "x.md:2:11", "x.md:3:6",
            ]
        }
    }

    @Test(
        "structure that is broken says where",
        arguments: [
            ("a\n{% if x %}", "2:4: 'if' tag was never closed; close it with {% endif %}"),
            ("{% fro x %}", "1:4: Unknown tag 'fro'; did you mean 'for'?"),
            (
                "{{ a }",
                "1:1: Variable '{{ a }' was not properly terminated with regexp: /\\}\\}/; close the output with '}}'"
            ),
            ("{% endif %}", "1:4: Unknown tag 'endif'; nothing is open here that it could close"),
        ] as [(String, String)])
    func broken(_ source: String, _ expected: String) {
        #expect { try Template(parsing: source) } throws: { "\($0)" == expected }
    }

    @Test("templates render at once from many tasks, with the same result")
    func concurrent() async throws {
        let template = try Template(parsing: "{% for i in (1..50) %}{% assign x = i | times: y %}{{ x }},{% endfor %}")
        try await withThrowingTaskGroup(of: (Int, String).self) { group in
            for y in 0..<16 { group.addTask { (y, try template.render(["y": .int(y)]).text) } }
            for try await (y, text) in group { #expect(text == (1...50).map { "\($0 * y)," }.joined()) }
        }
    }

    @Test(
        "decimals are exact, as with Ruby's BigDecimal",
        arguments: [
            ("{{ 0.1 | plus: 0.2 }}", "0.3"), ("{{ 1.1 | times: 3 }}", "3.3"),
            ("{{ 20 | divided_by: 7.0 }}", "2.857142857142857"), ("{{ -7 | divided_by: 2 }}", "-4"),
            ("{{ -7 | modulo: 3 }}", "2"), ("{{ 2.5 | round }}", "3"), ("{{ 1.005 | round: 2 }}", "1.01"),
            ("{{ -2.5 | ceil }}", "-2"), ("{{ 9223372036854775807 | plus: 1 }}", "9223372036854775808"),
            ("{{ 123456789012345678901234567893 | times: 2 | minus: 1 }}", "246913578024691357802469135785"),
            ("{{ -9223372036854775808 | abs }}", "9223372036854775808"),
            ("{% if 18446744073709551616 > 18446744073709551615 %}more{% endif %}", "more"),
            ("{{ 3.5 | divided_by: 0 }} {{ '2024-02-30' | date: '%F %-5d' }}", "Infinity 2024-03-01 1"),
        ] as [(String, String)])
    func decimals(_ source: String, _ expected: String) throws {
        #expect(try rendered(source) == expected)
    }

    @Test(
        "JSON keeps its order, numbers and letters",
        arguments: [
            #"{"b":1,"a":[1.5,-2,true,null,"x\n\u00e9\ud83d\ude00"]}"#
        ])
    func json(_ source: String) throws {
        let value = try JSONReader.value(source.utf8)
        #expect(value.json == #"{"b":1,"a":[1.5,-2,true,null,"x\né😀"]}"#)
    }

    @Test(
        "what is no JSON says where",
        arguments: ["{\"a\":\n}", "[1,]", "\"a", "{\"a\" 1}", "01x", "", "[" + String(repeating: "[", count: 600)])
    func noJSON(_ source: String) {
        #expect(throws: JSONReader.Failure.self) { try JSONReader.value(source.utf8) }
    }
}

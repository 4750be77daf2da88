import Testing

@testable import Liquid

@Suite("What fails whenever it is reached")
struct CertainFailureTests {
    @Test(
        "is found without rendering",
        arguments: [
            ("{% if a = 1 %}x{% endif %}", "1:7: '=' compares nothing; compare with '=='"),
            ("{% if a => 1 %}x{% endif %}", "1:7: '=>' compares nothing; write '>='"),
            ("{% unless a is b %}x{% endunless %}", "1:11: 'is' compares nothing; compare with '=='"),
            (
                "{{ a | date }}",
                "1:8: the filter 'date' is given nothing to work with; write a ':' behind it, and the value: | date: \"%-d %B\""
            ),
            ("{{ a | upcase: 1 }}", "1:8: the filter 'upcase' is given too much; take out the ':' and what follows it"),
            ("{% if b %}\n{{ a | modulo: 0 }}{% endif %}", "2:8: nothing can be divided by 0; take the filter out"),
        ])
    func found(_ source: String, _ expected: String) throws {
        let template = try Template(parsing: source)
        #expect(template.certainFailures().map(\.description) == [expected])
    }

    @Test(
        "is nothing in what Shopify renders",
        arguments: ["{{ a | divided_by: 2 }}", "{{ a | default }}", "{% if a <> b %}{% endif %}"])
    func none(_ source: String) throws {
        #expect(try Template(parsing: source).certainFailures() == [])
    }

    @Test("JSON is printed whole where JSON is written, and escaped elsewhere")
    func json() throws {
        var options = RenderOptions()
        options.destination = .json
        let template = try Template(parsing: #"{"a": {{ a | json }}, "b": {{ b | json }}, "c": "{{ a }}"}"#)
        #expect(try template.render(["a": "x\"y"], options).text == #"{"a": "x\"y", "b": null, "c": "x\"y"}"#)
        options.destination = .html
        #expect(try Template(parsing: "{{ a | json }}").render(["a": "<"], options).text.contains("&quot;"))
    }
}

@Suite("Names in a text that cannot be parsed")
struct BrokenTemplateTests {
    private static let schema = Schema([
        .init("order.name", .text), .init("order.items", .objects), .init("order.items.title", .text),
    ])

    @Test(
        "are told where they are unknown, but for those that the broken tag may have made",
        arguments: [
            ("{% if order.name %}Hi {{ order.nmae }}", ["1:26: unknown name 'order.nmae'"]),
            (
                "{% fro item in order.items %}{{ item.title }}{{ order.nmae }}{% endfor %}",
                ["1:49: unknown name 'order.nmae'"]
            ),
            (
                "{% if order.name %}{{ order.a }}{% endfor %}{% for i in order.items %}{{ i.titel }}{% endfor %}{% endif %}",
                ["1:23: unknown name 'order.a'", "1:74: unknown name 'order.items.titel'"]
            ),
            ("{% assign x 5 %}{{ x }}{{ y }}", ["1:27: unknown name 'y'"]),
            ("{% if order.name %}{{ order.name | upcas }}", ["1:36: unknown filter 'upcas'"]),
            ("{{ order.q }}{% raw %}{{ order.x }}", ["1:4: unknown name 'order.q'"]),
            ("{% else %}{{ order.b }}", ["1:14: unknown name 'order.b'"]), ("{% include 'x' %}{% if %}{{ foo }}", []),
            ("{% comment %}{{ order.x }}", []), ("{{ order.name }", []),
        ] as [(String, [String])])
    func names(_ source: String, _ expected: [String]) {
        #expect(throws: TemplateError.self) { try Template(parsing: source) }
        let found = Template.check(broken: source, Self.schema).map { $0.description.prefix { $0 != ";" } }
        #expect(found.map(String.init) == expected)
    }

    @Test(
        "a text of nothing but faults is given up",
        arguments: ["{{", "{%", "{% foo %}", "{% if %}", "{% for a %}", "{% endif %}"])
    func hopeless(_ piece: String) {
        #expect(Template.check(broken: String(repeating: piece, count: 100_000), Self.schema).isEmpty)
    }

    @Test("partials that use one another by the dozen are walked through within bounds")
    func web() throws {
        let names = (0..<12).map { "p\($0)" }
        let all = names.map { "{% render '\($0)' %}" }.joined() + String(repeating: "x", count: 5_000)
        let partials = PartialSet(sources: Dictionary(uniqueKeysWithValues: names.map { ($0, all) }))
        #expect(try Template(parsing: all).check(Self.schema, partials: partials).isEmpty)
    }
}

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

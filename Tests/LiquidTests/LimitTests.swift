import Testing

@testable import Liquid

@Suite("Limits")
struct LimitTests {
    private func failure(_ source: String, _ limits: Limits, partials: [String: String] = [:]) throws -> RenderError? {
        var options = RenderOptions()
        options.limits = limits
        options.partials = PartialSet(sources: partials)
        let template = try Template(parsing: source)
        do throws(RenderError) {
            _ = try template.render(["x": "xxxxxxxxxx"], options)
            return nil
        } catch {
            return error
        }
    }

    @Test(
        "a loop that is too long ends the render",
        arguments: [
            "{% for i in (1..1000000000) %}{{ i }}{% endfor %}",
            "{% for i in (1..900000) %}{% for j in (1..900000) %}{% endfor %}{% endfor %}",
            "{{ (1..9000000000) | join }}",
            "{{ (1..9223372036854775807) | size }}{{ (1..9223372036854775807) | map: 'x' }}",
            "{% tablerow i in (-9223372036854775807..9223372036854775807) %}{% endtablerow %}",
        ])
    func steps(_ source: String) throws {
        let error = try failure(source, Limits())
        #expect(error?.kind == .limit)
        #expect(error?.isFatal == true)
    }

    @Test(
        "output and values that grow too big end the render",
        arguments: [
            "{% for i in (1..100000) %}{{ x }}{% endfor %}",
            "{% for i in (1..60) %}{% assign x = x | append: x %}{% endfor %}",
            "{% capture y %}{% for i in (1..100000) %}{{ x }}{% endfor %}{% endcapture %}",
            "{% for i in (1..60) %}{% assign x = x | replace: 'x', x %}{% endfor %}",
            "{% assign l = 'a,b' | split: ',' %}{% for i in (1..60) %}{% assign l = l | concat: l %}{% endfor %}",
            "{% assign l = 'a,b' | split: ',' %}{% for i in (1..60) %}{% assign x = l | join: x %}{% assign l = x | split: '' %}{% endfor %}",
        ])
    func bytes(_ source: String) throws {
        var limits = Limits()
        limits.outputBytes = 100_000
        limits.assignedBytes = 1_000_000
        #expect(try failure(source, limits)?.kind == .limit)
    }

    @Test("a clock that says late ends the render")
    func deadline() throws {
        var limits = Limits()
        limits.isLate = { true }
        #expect(try failure("{% for i in (1..5000) %}{{ i }}{% endfor %}", limits)?.kind == .limit)
        #expect(try failure("{{ x }}", limits) == nil)
    }

    @Test("a partial that includes itself is refused, inline or thrown", arguments: ["include", "render"])
    func recursion(_ tag: String) throws {
        var options = RenderOptions()
        options.partials = PartialSet(sources: ["a": "{% \(tag) 'a' %}"])
        let text = try Template(parsing: "{% \(tag) 'a' %}").render(Scope(), options).text
        #expect(text == "Liquid error (a line 1): Nesting too deep")
    }

    @Test("blocks and brackets that are nested too deep are refused, not crashed on")
    func nesting() throws {
        let deep = String(repeating: "{% if a %}", count: 5_000)
        #expect(throws: TemplateError.self) { try Template(parsing: deep) }
        for source in [
            "{{ " + String(repeating: "a[", count: 50_000), "{{ " + String(repeating: "[", count: 50_000) + "}}",
            "{{ " + String(repeating: "(", count: 50_000) + "}}",
            "{% if " + String(repeating: "(a..", count: 9_000) + " %}{% endif %}",
        ] {
            _ = try? Template(parsing: source).render(Scope())
        }
    }

    @Test("a format cannot ask for a megabyte of blanks")
    func dateWidth() throws {
        let text = try Template(parsing: "{{ 0 | date: '%999999999d' }}").render(Scope()).text
        #expect(text.utf8.count == 1_024)
    }

    @Test("a template may be big, within reason")
    func source() throws {
        let long = String(repeating: "a", count: Template.longestSource + 1)
        #expect(throws: TemplateError.self) { try Template(parsing: long) }
    }

    @Test("a name that is assigned to itself is freed with its render")
    func freed() throws {
        weak var frame: Frame?
        do {
            let template = try Template(parsing: "{% assign s = self %}{{ s['x'] }}{% for i in s %}{% endfor %}")
            var renderer = Renderer(program: template.program, scope: ["x": 1], options: RenderOptions())
            try renderer.run()
            frame = renderer.frame
        }
        #expect(frame == nil)
    }

    @Test(
        "a text of nothing but openings is parsed in one pass",
        arguments: [
            "{% comment %}" + String(repeating: "{{", count: 200_000),
            "{% raw %}" + String(repeating: "{%", count: 200_000), String(repeating: "%}{{a}}", count: 30_000),
            "{{ " + String(repeating: "[a", count: 100_000) + " }}",
            "{{ '" + String(repeating: "a", count: 400_000) + "' | replace: '" + String(repeating: "a", count: 200_000)
                + "b', 'c' }}",
        ])
    func onePass(_ source: String) {
        _ = try? Template(parsing: source).render(Scope())
    }

    @Test("no partial outside of the set can be named", arguments: ["../secret", "/etc/passwd", "a/../b"])
    func outside(_ name: String) throws {
        var options = RenderOptions()
        options.partials = PartialSet(sources: ["b": "B"])
        options.errors = .thrown
        let template = try Template(parsing: "{% include '\(name)' %}")
        #expect(throws: RenderError.self) { try template.render(Scope(), options) }
    }
}

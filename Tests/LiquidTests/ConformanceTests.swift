import Foundation
import Testing

@testable import Liquid

/// Other people's suites, read from beside the package.
enum Suites {
    static let folder = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("shared/liquid")

    static let arePresent: Bool = {
        let found = FileManager.default.fileExists(atPath: folder.appendingPathComponent("golden.json").path)
        if !found { print("Left out: the Liquid conformance suites are not at \(folder.path)") }
        return found
    }()

    static func bytes(_ path: String) throws -> [UInt8] {
        Array(try Data(contentsOf: folder.appendingPathComponent(path)))
    }

    static func text(_ path: String) throws -> String { String(decoding: try bytes(path), as: UTF8.self) }

    static func object(_ path: String) throws -> Object {
        guard case .object(let object) = try JSONReader.value(try bytes(path)) else {
            throw CocoaError(.fileReadCorruptFile)
        }
        return object
    }

    static func cases(_ path: String) throws -> [Object] {
        guard case .array(let cases)? = try object(path)["tests"] else { throw CocoaError(.fileReadCorruptFile) }
        return cases.compactMap { if case .object(let test) = $0 { test } else { nil } }
    }

    /// What a case prints, or the error it ends with.
    enum Outcome: Equatable {
        case output(String)
        case parseError(String)
        case renderError(String)
    }

    static func run(_ test: Object, data: Value?, partials: Value?, mode: Mode, inline: Bool) -> Outcome {
        var options = RenderOptions()
        options.now = Moment(seconds: 1_704_067_318)
        options.errors = inline ? .inline : .thrown
        var sources: [String: String] = [:]
        if case .object(let partials)? = partials {
            for (name, source) in zip(partials.keys, partials.values) { sources[name] = source.text }
        }
        options.partials = PartialSet(sources: sources, mode: mode)
        var scope = Scope()
        if case .object(let data)? = data { scope = Scope(object: data) }
        do throws(TemplateError) {
            let template = try Template(parsing: test["template"]?.text ?? "", mode: mode)
            do throws(RenderError) {
                return .output(try template.render(scope, options).text)
            } catch {
                return .renderError(error.description)
            }
        } catch {
            return .parseError(error.liquidText)
        }
    }

    static func list(_ value: Value?) -> [String] { value?.listElements?.map(\.text) ?? [] }
}

@Suite("Other people's suites", .enabled(if: Suites.arePresent))
struct ConformanceTests {
    @Test("every case of golden-liquid passes")
    func golden() throws {
        let cases = try Suites.cases("golden.json")
        #expect(!cases.isEmpty)
        for test in cases {
            let tags = Suites.list(test["tags"])
            let outcome = Suites.run(
                test, data: test["data"], partials: test["templates"],
                mode: tags.contains { $0.hasPrefix("strict") } ? .strict : .lax, inline: false)
            let name = test["name"]?.text ?? ""
            if test["invalid"]?.isTruthy == true {
                if case .output(let text) = outcome { Issue.record("\(name): printed \(text) instead of failing") }
            } else {
                let right = test["results"].map { Suites.list($0) } ?? [test["result"]?.text ?? ""]
                #expect(right.contains { outcome == .output($0) }, "\(name): \(outcome)")
            }
        }
    }

    @Test("liquid-spec: what passed once passes, and each suite keeps its share")
    func spec() throws {
        var passed: [String: Int] = [:]
        var total: [String: Int] = [:]
        var passing: [String: Set<Int>] = [:]
        for (file, numbers) in passingCases {
            for range in numbers.split(whereSeparator: \.isWhitespace) {
                let ends = range.split(separator: "-").compactMap { Int($0) }
                passing[file, default: []].formUnion(ends[0]...ends[ends.count - 1])
            }
        }
        for test in try Suites.cases("liquid-spec.json") {
            let id = (test["id"]?.text ?? "").split(separator: "#").map(String.init)
            let suite = test["suite"]?.text ?? ""
            let modes = Suites.list(test["error_mode"])
            let mode: Mode = modes.isEmpty || modes.contains("lax") || modes.contains("warn") ? .lax : .strict
            let outcome = Suites.run(
                test, data: test["environment"], partials: test["filesystem"], mode: mode,
                inline: test["render_errors"]?.isTruthy == true)
            let isRight = holds(outcome, test)
            total[suite, default: 0] += 1
            if isRight { passed[suite, default: 0] += 1 }
            if id.count == 2, let number = Int(id[1]), passing[id[0]]?.contains(number) == true {
                #expect(isRight, "\(id[0])#\(number): \(outcome)")
            }
        }
        let shares = [
            "basics": 99, "liquid_ruby": 95, "liquid_ruby_lax": 95, "partials": 100,
            "shopify_production_recordings": 98,
        ]
        for (suite, share) in shares {
            #expect(passed[suite, default: 0] * 100 >= total[suite, default: 0] * share, "\(suite)")
        }
    }

    private func holds(_ outcome: Suites.Outcome, _ test: Object) -> Bool {
        if case .object(let errors)? = test["errors"] {
            for (kind, parts) in zip(errors.keys, errors.values) where kind != "line" {
                let text: String
                switch (kind, outcome) {
                case ("output", .output(let printed)): text = printed
                case ("parse_error", .parseError(let message)): text = message
                case ("render_error", .renderError(let message)), ("render_error", .parseError(let message)):
                    text = message
                default: return false
                }
                for part in Suites.list(parts) where !text.lowercased().contains(part.lowercased()) {
                    guard part.hasPrefix("/"), let regex = try? Regex(String(part.dropFirst().prefix { $0 != "/" })),
                        text.contains(regex.ignoresCase())
                    else { return false }
                }
            }
            return true
        }
        if let pattern = test["expected_pattern"]?.text {
            guard case .output(let text) = outcome,
                let regex = try? Regex(pattern.replacingOccurrences(of: "(?m)", with: "(?s)"))
            else { return false }
            return text.contains(regex)
        }
        return outcome == .output(test["expected"]?.text ?? "")
    }

    @Test("renders real Shopify templates as Shopify's engine does, byte for byte")
    func notifications() throws {
        let folder = Suites.folder.appendingPathComponent("shopify-notifications/expected")
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".html") }
        #expect(files.count == 48)
        for file in files {
            let parts = file.dropLast(5).components(separatedBy: "__")
            let template = try Template(
                parsing: try Suites.text("shopify-notifications/templates/\(parts[0]).liquid"))
            let scope = Scope(object: try Suites.object("shopify-notifications/contexts/\(parts[1]).json"))
            let expected = try Suites.bytes("shopify-notifications/expected/\(file)")
            #expect(try template.render(scope).bytes == expected, "\(file)")
        }
    }

    @Test("the benchmark sets of golden-liquid come out right", arguments: ["001", "002", "004", "005", "006"])
    func benchmarkSets(_ name: String) throws {
        let folder = "benchmark-fixtures/\(name)/"
        var sources: [String: String] = [:]
        let path = Suites.folder.appendingPathComponent(folder + "templates").path
        for file in try FileManager.default.contentsOfDirectory(atPath: path) {
            sources[file] = try Suites.text(folder + "templates/" + file)
        }
        var options = RenderOptions()
        options.partials = PartialSet(sources: sources)
        options.now = Moment(seconds: 1_750_000_000)
        let template = try Template(parsing: sources["index.liquid"] ?? "")
        let rendered = try template.render(Scope(object: try Suites.object(folder + "data.json")), options)
        // The files were kept with an ending line of their own.
        let expected = try Suites.text(folder + "expected_result.txt")
        #expect(
            rendered.text.trimmingCharacters(in: .whitespacesAndNewlines)
                == expected.trimmingCharacters(in: .whitespacesAndNewlines))
    }
}

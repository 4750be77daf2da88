import ArgumentParser
import Foundation
import Liquid

/// `bookbag render`: renders a template from the shell, or many cases from standard input.
///
/// Prints what Shopify's engine would print: nothing is escaped unless requested, and errors are printed inline.
struct RenderCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "render", abstract: "Render a Liquid template with data from a file.",
        discussion: """
            With --jsonl each line of standard input is one case, {"template": "…", "data": {…}, "partials": {"name": \
            "source"}, "mode": "lax", "render_errors": true, "now": "2026-01-02T03:04:05Z"}, and one line is written \
            for each: {"output": "…"} or {"error": "…"}.
            """)

    /// The destination that output is escaped for.
    enum Escape: String, ExpressibleByArgument, CaseIterable {
        case none, html, markdown, header, url, json

        var destination: Destination {
            switch self {
            case .none: .none
            case .html: .html
            case .markdown: .markdown
            case .header: .header
            case .url: .url
            case .json: .json
            }
        }
    }

    @Argument(help: "The template.") var file: String?
    @Option(help: "A JSON file with the template's data.") var data: String?
    @Flag(help: "Refuse what Shopify's strict parser refuses, and stop at the first error.") var strict = false
    @Option(help: "The folder of partials for include and render.") var partials: String?
    @Option(help: "The template's current time, in ISO 8601.") var now: String?
    @Option(help: "Escape the output for: none, html, markdown, header, url or json.") var escape = Escape.none
    @Option(help: "The language of month and day names.") var locale = "en"
    @Flag(help: "Read cases from standard input, one JSON object per line.") var jsonl = false

    func validate() throws {
        if jsonl == (file != nil) {
            throw ValidationError("give a FILE to render, or --jsonl to read cases from standard input")
        }
    }

    func run() throws {
        jsonl ? try runCases() : try runFile()
    }

    private func options() throws -> RenderOptions {
        var options = RenderOptions()
        let clock = Date().timeIntervalSince1970
        options.now = Moment(seconds: Int64(clock.rounded(.down)))
        if let now {
            guard let moment = Moment(parsing: now, now: options.now) else {
                throw ValidationError("'\(now)' is not a time; write 2026-01-02T03:04:05Z")
            }
            options.now = moment
        }
        options.destination = escape.destination
        options.locale = locale
        if strict { options.errors = .thrown }
        return options
    }

    private func runFile() throws {
        guard let file else { return }
        var options = try options()
        let source = try read(file)
        var scope = Scope()
        if let data {
            do {
                guard case .object(let object) = try JSONReader.value(try read(data)) else {
                    throw ValidationError("\(data): the data must be one JSON object")
                }
                scope = Scope(object: object)
            } catch let failure as JSONReader.Failure {
                throw Refusal("\(data):\(failure.line): \(failure.message)")
            }
        }
        if let partials {
            options.partials = PartialSet(sources: try sources(in: partials), mode: strict ? .strict : .lax)
        }
        let template: Template
        do throws(TemplateError) {
            template = try Template(parsing: source, mode: strict ? .strict : .lax)
        } catch {
            throw Refusal(error.diagnostics.map { "\(file):\($0)" }.joined(separator: "\n"))
        }
        do throws(RenderError) {
            FileHandle.standardOutput.write(Data(try template.render(scope, options).bytes))
        } catch {
            throw Refusal("\(file): \(error)")
        }
    }

    /// The message on standard error for a file that cannot be rendered.
    private struct Refusal: Error, CustomStringConvertible {
        let description: String
        init(_ description: String) { self.description = description }
    }

    private func read(_ path: String) throws -> [UInt8] {
        guard let bytes = FileManager.default.contents(atPath: path) else {
            throw Refusal("\(path): there is no such file, or it cannot be read")
        }
        return Array(bytes)
    }

    /// Every `.liquid`, `.html`, `.md` and `.txt` file of a folder, by name without the ending. Links that lead out of
    /// the folder are left out.
    private func sources(in folder: String) throws -> [String: String] {
        let root = URL(fileURLWithPath: folder).resolvingSymlinksInPath().path + "/"
        guard let files = FileManager.default.enumerator(atPath: folder) else {
            throw Refusal("\(folder): there is no such folder")
        }
        var sources: [String: String] = [:]
        for case let path as String in files {
            let url = URL(fileURLWithPath: folder).appendingPathComponent(path)
            guard ["liquid", "html", "md", "txt"].contains(url.pathExtension),
                url.resolvingSymlinksInPath().path.hasPrefix(root)
            else { continue }
            let name = String(path.dropLast(url.pathExtension.count + 1))
            sources[name] = String(decoding: try read(url.path), as: UTF8.self)
        }
        return sources
    }

    // MARK: Cases

    private func runCases() throws {
        let options = try options()
        while let line = readLine(strippingNewline: true) {
            if line.allSatisfy(\.isWhitespace) { continue }
            let answer = RenderCase.answer(line, options)
            FileHandle.standardOutput.write(Data((answer + "\n").utf8))
        }
    }
}

/// One case of `render --jsonl`.
enum RenderCase {
    /// The output line for an input line.
    static func answer(_ line: String, _ base: RenderOptions) -> String {
        let value: Value
        do {
            value = try JSONReader.value(line.utf8)
        } catch {
            return answer("error", "the case is not JSON: \(error.message)")
        }
        guard case .object(let test) = value, case .string(let source)? = test["template"] else {
            return answer("error", "a case must be an object with a text 'template'")
        }
        var options = base
        if case .string(let now)? = test["now"] {
            guard let moment = Moment(parsing: now, now: base.now) else {
                return answer("error", "'\(now)' is not a time; write 2026-01-02T03:04:05Z")
            }
            options.now = moment
        }
        var mode = Mode.lax
        if case .string(let name)? = test["mode"], name.hasPrefix("strict") { mode = .strict }
        options.errors = .thrown
        if case .bool(true)? = test["render_errors"] { options.errors = .inline }
        options.partials = PartialSet()
        if case .object(let partials)? = test["partials"] {
            var sources: [String: String] = [:]
            for (name, source) in zip(partials.keys, partials.values) { sources[name] = source.textIfString }
            options.partials = PartialSet(sources: sources, mode: mode)
        }
        var scope = Scope()
        if case .object(let data)? = test["data"] { scope = Scope(object: data) }
        do throws(TemplateError) {
            let template = try Template(parsing: source, mode: mode)
            do throws(RenderError) {
                return answer("output", try template.render(scope, options).text)
            } catch {
                return answer("error", error.description)
            }
        } catch {
            return answer("error", error.liquidText)
        }
    }

    private static func answer(_ key: String, _ text: String) -> String {
        "{\"\(key)\":" + Value.string(text).json + "}"
    }
}

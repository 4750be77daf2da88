/// How forgiving the parser is.
public enum Mode: Sendable {
    /// As Shopify renders notifications: accepts anything that makes some sense.
    case lax
    /// For `check`: markup that Shopify's strict parser refuses is an error.
    case strict
}

/// A parsed template: parse once, render as often and from as many threads as you like.
///
/// ```swift
/// let template = try Template(parsing: "Hi {{ customer.first_name | default: 'there' }}")
/// let text = try template.render(["customer": ["first_name": "Ada"]]).text
/// ```
public struct Template: Sendable {
    let program: Program

    /// The longest source, in bytes.
    public static let longestSource = 4 * 1_024 * 1_024

    /// The given name, used in diagnostics.
    public var name: String { program.name }
    /// The text it was parsed from.
    public var source: String { String(decoding: program.source, as: UTF8.self) }
    /// What the strict parser refused and the lax one accepted; empty in strict mode.
    public var warnings: [Diagnostic] { program.warnings }

    /// Parses a text. Throws every mistake found; in lax mode only those that leave nothing to render.
    public init(parsing source: String, name: String = "", mode: Mode = .lax) throws(TemplateError) {
        try self.init(parsing: Array(source.utf8), name: name, mode: mode)
    }

    /// Parses UTF-8. Invalid bytes are printed unchanged.
    public init(parsing source: [UInt8], name: String = "", mode: Mode = .lax) throws(TemplateError) {
        guard source.count <= Template.longestSource else {
            throw TemplateError(diagnostics: [
                Diagnostic(
                    name: name, message: "the template is longer than \(Template.longestSource / 1_048_576) MiB",
                    hint: "take out what it does not need")
            ])
        }
        let result = source.withUnsafeBufferPointer { bytes -> Result<Program, TemplateError> in
            var parser = Parser(source: bytes, name: name, mode: mode)
            do throws(Diagnostic) {
                let body = try parser.document()
                if mode == .strict, !parser.complaints.isEmpty {
                    return .failure(TemplateError(diagnostics: parser.complaints))
                }
                return .success(
                    Program(
                        name: name, source: source, roots: parser.roots, body: body, warnings: parser.complaints))
            } catch {
                return .failure(TemplateError(diagnostics: (mode == .strict ? parser.complaints : []) + [error]))
            }
        }
        program = try result.get()
    }

    /// Renders with the names of `scope`. Throws if a limit is reached, and at the first error if `options.errors` asks
    /// for it; otherwise errors are printed where they happened and listed in the output.
    public func render(_ scope: Scope, _ options: RenderOptions = RenderOptions()) throws(RenderError) -> Rendered {
        var renderer = Renderer(program: program, scope: scope, options: options)
        try renderer.run()
        let bytes =
            options.destination == .html
            ? LinkGuard(program, options.partials).guarded(renderer.out) : renderer.out
        return Rendered(bytes: bytes, errors: renderer.errors)
    }
}

/// The result of a render.
public struct Rendered: Sendable {
    /// UTF-8.
    public let bytes: [UInt8]
    /// The errors printed inline, in order.
    public let errors: [RenderError]

    /// The bytes as text.
    public var text: String { String(decoding: bytes, as: UTF8.self) }
}

/// The names that a template or condition can see.
///
/// `values` come first; for other names the `roots` are asked in turn. That is how Shopify's templates see an order's
/// fields without naming the order.
public struct Scope: Sendable, ExpressibleByDictionaryLiteral {
    /// Root names and their values.
    public var values: [String: Value]
    /// Drops whose keys are root names too.
    public var roots: [any Drop]

    /// No names.
    public init() {
        self.init([:], roots: [])
    }

    /// A scope of names and of drops whose keys are names.
    public init(_ values: [String: Value], roots: [any Drop] = []) {
        self.values = values
        self.roots = roots
    }

    public init(dictionaryLiteral elements: (String, Value)...) {
        self.init(Dictionary(elements, uniquingKeysWith: { $1 }))
    }

    /// The scope whose names are the keys of an object.
    public init(object: Object) {
        self.init(Dictionary(zip(object.keys, object.values), uniquingKeysWith: { $1 }))
    }

    /// The value of a root name; nil if there is none.
    public subscript(name: String) -> Value? {
        get {
            if let value = values[name] { return value }
            for root in roots {
                if let value = root.value(for: name) { return value }
            }
            return nil
        }
        set { values[name] = newValue }
    }
}

/// The destination of the output, which decides how values are escaped.
public enum Destination: Sendable, Equatable {
    /// Not escaped, as in Shopify's engine.
    case none
    /// HTML: no value can add a tag, an attribute, or a link that runs a script.
    case html
    /// Markdown, with or without raw HTML: a value is always plain words on its line.
    case markdown
    /// One line of a mail header before its encoding: control characters and line ends become spaces.
    case header
    /// A part of a URL.
    case url
    /// Inside the quotes of a JSON text.
    case json
}

/// Bounds of one render: a careless template must not stop the daemon.
public struct Limits: Sendable {
    /// Nodes rendered, loop iterations and filters run.
    public var steps = 1_000_000
    /// Bytes printed, captured or made by any one filter.
    public var outputBytes = 16 * 1_024 * 1_024
    /// Total bytes assigned and captured.
    public var assignedBytes = 64 * 1_024 * 1_024
    /// Total bytes that filters and comparisons scan and create. A whole mail needs a thousandth of it.
    public var workBytes = 64 * 1_024 * 1_024
    /// Nested partials and loops, taken together.
    public var nesting = 100
    /// Called now and then while rendering; true ends the render. It uses the host's clock.
    public var isLate: (@Sendable () -> Bool)?

    /// Bounds suitable for a mail.
    public init() {}
}

/// A shop's four money formats, and the currency they are written for.
///
/// A format is a text with one of Shopify's placeholders in it: `${{amount}}`, `{{amount_no_decimals}}`,
/// `{{amount_with_comma_separator}}`, `{{amount_no_decimals_with_comma_separator}}`,
/// `{{amount_with_apostrophe_separator}}`, `{{amount_with_space_separator}}` and the like.
public struct MoneyFormats: Sendable {
    /// For `| money`.
    public var plain: String
    /// For `| money_with_currency`.
    public var withCurrency: String
    /// ISO 4217. An amount in another currency is printed with its own code.
    public var currency: String

    /// A shop's formats.
    public init(plain: String = "${{amount}}", withCurrency: String = "${{amount}} USD", currency: String = "USD") {
        self.plain = plain
        self.withCurrency = withCurrency
        self.currency = currency
    }
}

/// The hosts and paths that Shopify's URL filters prepend to a name.
public struct AssetURLs: Sendable {
    /// `shopify_asset_url`.
    public var shopifyAssets = "https://cdn.shopify.com/s/shopify/"
    /// `payment_icon_png_url` and `payment_type_img_url`.
    public var payment = "https://cdn.shopify.com/payment/"
    /// `cdn_asset_url`.
    public var assets = "https://cdn.shopify.com/"
    /// `img_url` and its variants, for names without a host.
    public var files = "https://cdn.shopify.com/s/files/"

    /// Shopify's own hosts.
    public init() {}
}

/// Everything that a render depends on besides the template and its names.
public struct RenderOptions: Sendable {
    /// What to do with an error in the data.
    public enum Errors: Sendable {
        /// Printed where it happened, as Shopify does.
        case inline
        /// The first one ends the render.
        case thrown
    }

    /// The time for `'now' | date` and for missing parts of dates.
    public var now = Moment(seconds: 0)
    /// The zone for dates that name none, and for showing our own moments.
    public var zone = Zone.utc
    /// The language of month and day names: `en`, `de`, `fr-CA`, …
    public var locale = "en"
    /// What to do with an error in the data.
    public var errors = Errors.inline
    /// How values are escaped.
    public var destination = Destination.none
    /// The partials for `include` and `render`; nil refuses them.
    public var partials: PartialSet?
    /// Bounds.
    public var limits = Limits()
    /// The shop's money formats.
    public var money = MoneyFormats()
    /// Hosts of the URL filters.
    public var assets = AssetURLs()
    /// The translations for `| t`, by key; the text may contain `{{ name }}` for its named arguments.
    public var translations: [String: String] = [:]

    /// Options as in Shopify's engine; set `now`.
    public init() {}
}

/// The partials a render can include: parsed beforehand, found by name. The engine opens no file.
public struct PartialSet: Sendable {
    private var templates: [String: Result<Template, TemplateError>] = [:]
    private var lowercased: [String: String] = [:]

    /// No partials.
    public init() {}

    /// Parses each source under its name. Including a partial that cannot be parsed is an error.
    public init(sources: [String: String], mode: Mode = .lax) {
        for (name, source) in sources {
            do {
                add(.success(try Template(parsing: source, name: PartialSet.plain(name), mode: mode)), as: name)
            } catch {
                add(.failure(error), as: name)
            }
        }
    }

    /// Adds a parsed partial.
    public mutating func add(_ template: Template, as name: String) { add(.success(template), as: name) }

    private mutating func add(_ template: Result<Template, TemplateError>, as name: String) {
        templates[name] = template
        lowercased[name.lowercased()] = name
    }

    /// The names, in the order added.
    public var names: [String] { templates.keys.sorted() }

    /// Mistakes of partials that could not be parsed.
    public var diagnostics: [Diagnostic] {
        names.flatMap { name -> [Diagnostic] in
            if case .failure(let error)? = templates[name] { return error.diagnostics }
            return []
        }
    }

    private static func plain(_ name: String) -> String {
        name.hasSuffix(".liquid") ? String(name.dropLast(7)) : name
    }

    /// The source of those that could be parsed.
    var sources: [[UInt8]] { templates.values.compactMap { try? $0.get().program.source } }

    /// The partial with a name, with or without `.liquid`, ignoring case.
    func find(_ name: String) -> Result<Template, TemplateError>? {
        if let found = templates[name] { return found }
        let lower = name.lowercased()
        for candidate in [lower, lower + ".liquid", PartialSet.plain(lower)] {
            if let known = lowercased[candidate] { return templates[known] }
        }
        return nil
    }
}

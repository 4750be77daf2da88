internal import Liquid

/// The templates of a set, parsed once: each in one or several variants, by segment and language.
public struct TemplateSet: Sendable {
    /// One file.
    struct Variant: Sendable {
        var file: String
        var segment: String?
        /// BCP 47, or nil for the shop's own language.
        var locale: String?
        var isHTML: Bool
        var subject: Template
        var preview: Template?
        var body: Template
        /// True where the design has no `subject:` and its `<title>` is taken.
        var subjectIsTitle: Bool
        /// Where `subject:` and the body begin, for faults.
        var subjectPosition: Position
        var previewPosition: Position
        var bodyLine: Int
    }

    private var variants: [String: [Variant]]
    private var partials: PartialSet
    private var partialFiles: [String: String]

    /// No templates.
    public init() {
        variants = [:]
        partials = PartialSet()
        partialFiles = [:]
    }

    /// The names that a trigger can use.
    public var names: Set<String> { Set(variants.keys) }

    /// Renders the best-fitting variant: by the first segment the customer is in, and by their language.
    ///
    /// Everything that is printed is escaped for where it lands. Mail to anybody but the shopper is written in the shop's own language.
    ///
    /// - Throws: `TemplateFailure`, with no word of the data in it, where there is no such template, it goes beyond its bounds, or the subject comes out empty.
    public func render(
        _ name: String, _ scope: Scope, to destination: SendLine.Destination = .customer
    ) throws(TemplateFailure) -> MailText {
        let ours = scope.settings.locale
        let wanted = destination == .customer ? scope.locale : ours
        let segment = destination == .customer ? scope.customerSegments.first : nil
        guard let variant = variant(name, segment: segment, locale: wanted) else {
            throw TemplateFailure(file: name, line: 0, message: "there is no such template")
        }
        let written = variant.locale ?? ours
        // An English text for somebody in Canada has its dates in their way; a fallback in another language has its own.
        let language = Locales.chain(wanted).contains(written) ? wanted : written
        var options = scope.options
        options.locale = language
        options.errors = .thrown
        options.partials = partials
        var names = scope.forLiquid

        options.destination = .header
        var subject = try text(variant.subject, names, options, variant, line: variant.subjectPosition.line)
        // Shopify's designs print their own subject by this name.
        names["email_title"] = .string(subject)
        var preview: String?
        if let template = variant.preview {
            preview = try text(template, names, options, variant, line: variant.previewPosition.line)
        }
        options.destination = variant.isHTML ? .html : .markdown
        var body = try rendered(variant.body, names, options, variant, line: variant.bodyLine)
        if variant.isHTML {
            if variant.subjectIsTitle { subject = PastedDesign.title(of: body) }
            body = PastedDesign.styled(body, accent: scope.settings.brand.color)
        }
        guard !subject.isEmpty else {
            throw TemplateFailure(
                file: variant.file, line: variant.subjectPosition.line, message: "the subject comes out empty")
        }
        return MailText(
            subject: subject, preview: preview?.isEmpty == false ? preview : nil,
            body: variant.isHTML ? .html(body) : .markdown(body), language: language)
    }

    private func text(
        _ template: Template, _ scope: Liquid.Scope, _ options: RenderOptions, _ variant: Variant, line: Int
    ) throws(TemplateFailure) -> String {
        let text = try rendered(template, scope, options, variant, line: line)
        return text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }

    private func rendered(
        _ template: Template, _ scope: Liquid.Scope, _ options: RenderOptions, _ variant: Variant, line: Int
    ) throws(TemplateFailure) -> String {
        do {
            return try template.render(scope, options).text
        } catch {
            let place =
                error.partial.isEmpty ? (variant.file, max(1, error.line) + line - 1) : (error.partial, error.line)
            throw TemplateFailure(file: place.0, line: place.1, message: TemplateFailure.words(error.kind))
        }
    }

    /// The variant that fits best: segment and language, then language, then segment, then neither.
    func variant(_ name: String, segment: String?, locale: String) -> Variant? {
        guard let all = variants[name] else { return nil }
        let chain = Locales.chain(locale)
        let segments: [String?] = segment == nil ? [nil] : [segment, nil]
        for segment in segments {
            for locale in chain {
                if let found = all.first(where: { $0.segment == segment && $0.locale == locale }) { return found }
            }
        }
        for segment in segments {
            if let found = all.first(where: { $0.segment == segment && $0.locale == nil }) { return found }
        }
        return nil
    }
}

/// A mail's words, before it has sender, recipient and look.
public struct MailText: Hashable, Sendable {
    public var subject: String
    public var preview: String?
    public var body: MailDraft.Body
    /// BCP 47: what it is written in.
    public var language: String

    /// The body as it was written.
    var text: String {
        switch body {
        case .markdown(let text), .html(let text): text
        }
    }

    /// The body as one line of words, without the entities and backslashes that keep a value from being markup.
    var readable: String {
        var words = text
        for (entity, character) in Self.entities { words = words.replacing(entity, with: character) }
        words = words.replacing(/&#(\d+);/) { match in
            UInt32(match.1).flatMap(Unicode.Scalar.init).map { String(Character($0)) } ?? ""
        }
        words = words.replacing(/&#[xX]([0-9A-Fa-f]+);/) { match in
            UInt32(match.1, radix: 16).flatMap(Unicode.Scalar.init).map { String(Character($0)) } ?? ""
        }
        words = words.replacing("&amp;", with: "&").replacing(/\\([[:punct:]])/) { String($0.1) }
        return ExampleRunner.folded(words)
    }

    private static let entities = [
        ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&nbsp;", " "),
    ]
}

/// Why a template could not be rendered. It holds no word of the order.
public struct TemplateFailure: Error, Hashable, Sendable, CustomStringConvertible {
    public var file: String
    /// From 1; 0 where it is not known.
    public var line: Int
    public var message: String

    public var description: String { line > 0 ? "\(file):\(line): \(message)" : "\(file): \(message)" }

    static func words(_ kind: RenderError.Kind) -> String {
        switch kind {
        case .argument: "a value does not suit its filter or tag"
        case .partial: "a partial is missing"
        case .syntax: "a partial cannot be parsed"
        case .undefined: "a name is not there"
        case .limit: "it takes too long or prints too much"
        }
    }
}

extension TemplateSet {
    /// Adds what a file holds.
    mutating func add(_ variant: Variant, as name: String) { variants[name, default: []].append(variant) }

    /// Adds a partial.
    mutating func add(partial template: Template, as name: String, file: String) {
        partials.add(template, as: name)
        partialFiles[name] = file
    }

    /// The variants of a name, in the order of their files.
    func all(_ name: String) -> [Variant] { variants[name] ?? [] }

    /// The partials' names.
    var partialNames: [String] { partials.names }

    /// The partials, for the checker.
    var partialSet: PartialSet { partials }
}

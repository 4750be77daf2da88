internal import Foundation
internal import Liquid
internal import Synchronization

/// The templates of a set, parsed once: each in one or more variants, by segment and language.
public struct TemplateSet: Sendable {
    /// One file.
    struct Variant: Sendable {
        var file: String
        var segment: String?
        /// BCP 47, by the file's name or its `language:`; nil for the shop's own language.
        var locale: String?
        /// True if its name has no language: it is for everybody who has no file of their own.
        var isDefault = false
        var isHTML: Bool
        /// True for the words of texts and chats, which no mail has: `NAME.sms.md`, `NAME.chat.md`.
        var isText: Bool { medium != .mail }
        /// What its words are for.
        var medium = Medium.mail
        /// True if it is for shoppers who are spoken to formally: `NAME.de.formal.md`. Others are for whoever has none.
        var isFormal = false
        var subject: Template
        var preview: Template?
        var body: Template
        /// True if the design has no `subject:` and its `<title>` is used.
        var subjectIsTitle: Bool
        /// Where `subject:` and the body begin, for reporting faults.
        var subjectPosition: Position
        var previewPosition: Position
        var bodyLine: Int
    }

    /// What the words of a file are for.
    enum Medium: String, Sendable, CaseIterable {
        /// Mails, and texts and chats that have no words of their own.
        case mail
        /// Texts, and chats that have no words of their own.
        case sms
        case chat
    }

    /// The template of a webhook's body.
    struct Body: Sendable {
        var file: String
        var template: Template
    }

    private var variants: [String: [Variant]]
    /// By language; those without one are under the empty text. Each set is complete: what a language lacks is taken
    /// from the shop's own.
    private var partials: [String: PartialSet]
    /// The same for formal letters: what has no formal form is taken from the others of the same language.
    private var formalPartials: [String: PartialSet]
    private(set) var partialSources: [PartialSource]

    /// One file of `partials/`.
    struct PartialSource: Sendable {
        var name: String
        /// BCP 47, or nil for all languages that have none of their own.
        var locale: String?
        /// True if it is for formal letters alone: `greeting.de.formal.md`.
        var isFormal = false
        var template: Template
    }
    private var bodies: [String: Body]
    /// What each template looks at, worked out once for all copies of the set.
    private var looks = Looks()

    private final class Looks: Sendable {
        let known = Mutex<[String: Set<String>]>([:])
    }
    /// The shop's own designs of the shopper's pages.
    var designs: [PageDesign] = []
    /// What people save to say again.
    var replies: [SavedReply] = []
    /// The partials that could not be parsed: they exist, and their faults have been reported.
    var brokenPartials: Set<String> = []
    /// Starts a clock for one rendering.
    var patience: Patience?

    /// Starts a clock for one rendering and returns a function that tells whether it has taken too long. Supplied by
    /// the host, since nothing here reads a clock.
    public typealias Patience = @Sendable () -> @Sendable () -> Bool

    public init() {
        variants = [:]
        partials = ["": PartialSet()]
        formalPartials = ["": PartialSet()]
        partialSources = []
        bodies = [:]
    }

    /// The template names that a trigger can use.
    public var names: Set<String> { Set(variants.keys) }

    /// Renders the best-fitting variant: by the first segment the customer is in, and by their language.
    ///
    /// Everything printed is escaped for its context. Mail to anybody but the shopper is written in the shop's own
    /// language.
    ///
    /// - Throws: `TemplateFailure`, which contains none of the data, if there is no such template, it exceeds its
    ///   limits, or the subject comes out empty.
    public func render(
        _ name: String, _ scope: Scope, to destination: SendLine.Destination = .customer
    ) throws(TemplateFailure) -> MailText {
        let ours = scope.settings.locale
        let wanted = destination.isShopper ? scope.locale : ours
        let segment = destination.isShopper ? scope.customerSegments.first : nil
        guard let variant = variant(name, segment: segment, locale: wanted, ours: ours, tones: scope.settings.tones)
        else {
            throw TemplateFailure(file: name, line: 0, message: "there is no such template")
        }
        return try render(variant, wanted: wanted, scope, to: destination)
    }

    /// The text of an SMS to the shopper: of the variant for texts, else of the mail's template in its short form
    /// (`ShortText`), by the same segment and language as a mail.
    ///
    /// - Throws: `TemplateFailure`, which contains none of the data, if there is no such template, it exceeds its
    ///   limits, or the text comes out empty or too long to be sent.
    public func text(_ name: String, _ scope: Scope) throws(TemplateFailure) -> TextMessage {
        let ours = scope.settings.locale
        guard
            let variant = variant(
                name, segment: scope.customerSegments.first, locale: scope.locale, ours: ours,
                tones: scope.settings.tones, for: .sms)
        else { throw TemplateFailure(file: name, line: 0, message: "there is no such template") }
        return try text(variant, wanted: scope.locale, scope)
    }

    /// What an answer says in a chat: the words for chats, else those for texts, else the mail's in their short form;
    /// as long as they are and with their typographic signs.
    ///
    /// - Throws: `TemplateFailure`, as for a text.
    public func chat(_ name: String, _ scope: Scope) throws(TemplateFailure) -> String {
        let ours = scope.settings.locale
        guard
            let variant = variant(
                name, segment: scope.customerSegments.first, locale: scope.locale, ours: ours,
                tones: scope.settings.tones, for: .chat)
        else { throw TemplateFailure(file: name, line: 0, message: "there is no such template") }
        return try chat(variant, wanted: scope.locale, scope)
    }

    /// The same of one file.
    func chat(_ variant: Variant, wanted: String, _ scope: Scope) throws(TemplateFailure) -> String {
        let words = try shortForm(variant, wanted: wanted, scope).trimmingSpaces
        guard !words.isEmpty else {
            throw TemplateFailure(file: variant.file, line: variant.bodyLine, message: "the text comes out empty")
        }
        return words
    }

    /// How whoever reads the best-fitting variant is spoken to; nil if there is no such template.
    public func tone(_ name: String, _ scope: Scope) -> Tone? {
        let fitting = [Medium.mail, .chat].lazy.compactMap { medium in
            variant(
                name, segment: scope.customerSegments.first, locale: scope.locale, ours: scope.settings.locale,
                tones: scope.settings.tones, for: medium)
        }
        return fitting.first.map {
            scope.settings.tones.tone(in: surroundings($0, wanted: scope.locale, scope).language)
        }
    }

    /// One file as plain lines.
    private func shortForm(
        _ variant: Variant, wanted: String, _ scope: Scope
    ) throws(TemplateFailure) -> String {
        let (options, names, _) = surroundings(variant, wanted: wanted, scope)
        var marked = options
        marked.destination = .markdown
        return ShortText.text(
            ofMarkdown: try rendered(variant.body, names, marked, file: variant.file, line: variant.bodyLine))
    }

    /// The same of one file.
    func text(_ variant: Variant, wanted: String, _ scope: Scope) throws(TemplateFailure) -> TextMessage {
        let text = TextMessage(try shortForm(variant, wanted: wanted, scope))
        guard text.segments > 0 else {
            throw TemplateFailure(file: variant.file, line: variant.bodyLine, message: "the text comes out empty")
        }
        guard text.units <= TextMessage.mostUnits else {
            throw TemplateFailure(
                file: variant.file, line: variant.bodyLine,
                message: "the text is longer than \(TextMessage.mostUnits) characters, which no SMS can be")
        }
        return text
    }

    /// The options and names for a file, and the language that it is written in for somebody who reads `wanted`.
    private func surroundings(
        _ variant: Variant, wanted: String, _ scope: Scope
    ) -> (options: RenderOptions, names: Liquid.Scope, language: String) {
        let written = variant.locale ?? scope.settings.locale
        // An English text for somebody in Canada has Canadian dates; a fallback in another language keeps that
        // language's own.
        let language = Locales.chain(wanted).contains(written) ? wanted : written
        var options = scope.options
        options.locale = language
        options.errors = .thrown
        options.partials = partials(
            in: language, isFormal: variant.isFormal || scope.settings.tones.isFormal(in: language))
        return (options, scope.forLiquid, language)
    }

    /// Renders one file for somebody who reads `wanted`.
    func render(
        _ variant: Variant, wanted: String, _ scope: Scope, to destination: SendLine.Destination
    ) throws(TemplateFailure) -> MailText {
        var (options, names, language) = surroundings(variant, wanted: wanted, scope)
        options.destination = .header
        var subject = try text(variant.subject, names, options, variant, line: variant.subjectPosition.line)
        // Shopify's designs print their own subject by this name.
        names["email_title"] = .string(subject)
        var preview: String?
        if let template = variant.preview {
            preview = try text(template, names, options, variant, line: variant.previewPosition.line)
        }
        options.destination = variant.isHTML ? .html : .markdown
        var body = try rendered(variant.body, names, options, file: variant.file, line: variant.bodyLine)
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
            body: variant.isHTML ? .html(body) : .markdown(body), language: language,
            parcels: destination == .customer ? scope.parcelNotices : [])
    }

    /// The partials for mails in that language.
    func partials(in language: String, isFormal: Bool = false) -> PartialSet {
        for locale in Locales.chain(language) + [""] {
            if let set = isFormal ? formalPartials[locale] : partials[locale] { return set }
        }
        return PartialSet()
    }

    /// Renders the body of a webhook with a template of its own: everything printed is escaped for the inside of a JSON
    /// text.
    ///
    /// - Throws: `TemplateFailure`, which contains none of the data, if there is no such template, it exceeds its
    ///   limits, or the result is not a JSON object or list.
    public func renderJSON(_ name: String, _ scope: Scope) throws(TemplateFailure) -> [UInt8] {
        guard let body = bodies[name] else {
            throw TemplateFailure(file: "\(name).json", line: 0, message: "there is no such template")
        }
        var options = scope.options
        options.locale = scope.settings.locale
        options.errors = .thrown
        options.partials = partials(in: scope.settings.locale)
        options.destination = .json
        let text = try rendered(body.template, scope.forLiquid, options, file: body.file, line: 1)
        let bytes = Array(text.utf8)
        // Foundation accepts a trailing comma, which receivers do not.
        let place = JSONPlace.find(in: bytes, from: body.template.source)
        guard place == nil, (try? JSONSerialization.jsonObject(with: Data(bytes))) != nil else {
            throw TemplateFailure(
                file: body.file, line: place?.line ?? 0, column: place?.column ?? 0,
                message: "what comes out is not JSON; look for a comma too many, and for texts without quotes")
        }
        return bytes
    }

    private func text(
        _ template: Template, _ scope: Liquid.Scope, _ options: RenderOptions, _ variant: Variant, line: Int
    ) throws(TemplateFailure) -> String {
        let text = try rendered(template, scope, options, file: variant.file, line: line)
        return text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }

    func rendered(
        _ template: Template, _ scope: Liquid.Scope, _ options: RenderOptions, file: String, line: Int
    ) throws(TemplateFailure) -> String {
        var options = options
        options.limits.isLate = patience?()
        do {
            return try template.render(scope, options).text
        } catch {
            let place =
                error.partial.isEmpty ? (file, max(1, error.line) + line - 1) : (error.partial, error.line)
            var failure = TemplateFailure(file: place.0, line: place.1, message: TemplateFailure.words(error.kind))
            failure.cause = error.message
            throw failure
        }
    }

    /// The variant that fits best: by segment and language, then by language; without one in the wanted language, the
    /// shop's own, or else the one without a language in its name.
    ///
    /// - Parameters:
    ///   - tones: where the language of a file is spoken formally, the formal form of the same case comes first; else
    ///     none is taken.
    ///   - medium: a text or a chat has files of its own and otherwise the mail's; her language matters more than whose
    ///     words they are. An HTML design has no words for them.
    func variant(
        _ name: String, segment: String?, locale: String, ours: String, tones: Tones = Tones(),
        for medium: Medium = .mail
    ) -> Variant? {
        guard var all = variants[name] else { return nil }
        let wanted = Locales.chain(locale)
        all.removeAll { one in
            // An unmarked file, or one for all who read German, is read in Switzerland in the tone of there.
            let written = one.locale ?? ours
            return one.isFormal && !tones.isFormal(in: wanted.contains(written) ? locale : written)
        }
        switch medium {
        case .mail: all.removeAll(where: \.isText)
        case .sms: all = all.filter { $0.medium == .sms } + all.filter { !$0.isText && !$0.isHTML }
        case .chat:
            all =
                all.filter { $0.medium == .chat } + all.filter { $0.medium == .sms }
                + all.filter { !$0.isText && !$0.isHTML }
        }
        let segments: [String?] = segment == nil ? [nil] : [segment, nil]
        let own = Locales.chain(ours)
        func first(_ locales: [String?]) -> Variant? {
            for segment in segments {
                for locale in locales {
                    // A file that is named by the language comes before one that says so, or says nothing.
                    let found = all.filter { one in
                        guard one.segment == segment else { return false }
                        guard let locale else { return one.isDefault }
                        return one.locale.map { $0 == locale } ?? own.contains(locale)
                    }
                    // Words of the medium's own come first; of those the formal form, and the one that is named.
                    guard let medium = found.first?.medium else { continue }
                    let own = found.filter { $0.medium == medium }
                    let formal = own.filter(\.isFormal)
                    let fitting = formal.isEmpty ? own : formal
                    if let best = fitting.first(where: { !$0.isDefault }) ?? fitting.first { return best }
                }
            }
            return nil
        }
        return first(Locales.chain(locale)) ?? first(own + [nil])
    }
}

/// A mail's text, before sender, recipient and look are added.
public struct MailText: Hashable, Sendable {
    public var subject: String
    public var preview: String?
    public var body: MailDraft.Body
    /// The language it is written in, BCP 47.
    public var language: String
    /// What mail programs can be told about the parcels in addition to the text; empty if it is not about a parcel.
    public var parcels: [ParcelNotice] = []

    /// The body as it was written.
    var text: String {
        switch body {
        case .markdown(let text), .html(let text): text
        }
    }

    /// The body as one line of plain text, without the entities and backslashes that keep values from acting as markup.
    var readable: String { Self.readable(text) }

    /// The same, line by line, without empty lines at either end.
    var readableLines: String {
        text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map { Self.readable(String($0)) }
            .joined(separator: "\n").trimmingSpaces
    }

    private static func readable(_ text: String) -> String {
        var words = text
        for (entity, character) in entities { words = words.replacing(entity, with: character) }
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

/// Why a template could not be rendered. It contains none of the order's data.
public struct TemplateFailure: Error, Hashable, Sendable, CustomStringConvertible {
    public var file: String
    /// Counted from 1; 0 if unknown.
    public var line: Int
    /// Counted from 1; 0 if unknown.
    public var column = 0
    public var message: String
    /// The engine's message. It may contain a value, so it is only shown for the standard order.
    var cause: String?

    init(file: String, line: Int, column: Int = 0, message: String) {
        self.file = file
        self.line = line
        self.column = column
        self.message = message
    }

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
    /// Adds the contents of a file.
    mutating func add(_ variant: Variant, as name: String) {
        variants[name, default: []].append(variant)
        looks = Looks()
    }

    /// Adds the template of a webhook's body.
    mutating func add(_ body: Body, as name: String) { bodies[name] = body }

    /// The template of a webhook's body.
    func body(_ name: String) -> Body? { bodies[name] }

    /// The templates of webhooks' bodies, by name.
    var webhookBodies: [(name: String, body: Body)] { bodies.sorted { $0.key < $1.key }.map { ($0.key, $0.value) } }

    /// Adds a partial, for mails in that language or, without one, for all languages that have none of their own.
    mutating func add(partial template: Template, as name: String, locale: String?, isFormal: Bool = false) {
        partialSources.append(PartialSource(name: name, locale: locale, isFormal: isFormal, template: template))
        looks = Looks()
        (partials, formalPartials) = ([:], [:])
        for locale in Set([""] + partialSources.compactMap(\.locale)) {
            var (set, formal) = (PartialSet(), PartialSet())
            for wanted in [nil] + Locales.chain(locale).reversed().map(Optional.some) {
                let fitting = partialSources.filter { $0.locale == wanted }
                for source in fitting where !source.isFormal {
                    set.add(source.template, as: source.name)
                    formal.add(source.template, as: source.name)
                }
                for source in fitting where source.isFormal { formal.add(source.template, as: source.name) }
            }
            (partials[locale], formalPartials[locale]) = (set, formal)
        }
    }

    /// The variants of a name, in the order of their files.
    func all(_ name: String) -> [Variant] { variants[name] ?? [] }

    /// Whether a template, in any of its variants and with its partials, uses one of these names.
    func uses(_ paths: [String], in name: String) -> Bool {
        if let known = looks.known.withLock({ $0[name] }) { return paths.contains(where: known.contains) }
        var used: Set<String> = []
        for variant in all(name) {
            let parts = partials(in: variant.locale ?? "", isFormal: variant.isFormal)
            for template in [variant.subject, variant.preview, variant.body].compactMap(\.self) {
                used.formUnion(template.variables(with: parts).map(\.path))
            }
        }
        looks.known.withLock { [used] in $0[name] = used }
        return paths.contains(where: used.contains)
    }

    /// Where a template, in any of its variants and with its partials, first uses a name; nil where none does.
    func firstUse(of path: String, in name: String) -> (file: String, line: Int, column: Int)? {
        for variant in all(name) {
            if let use = firstUse(of: path, in: variant) { return use }
        }
        return nil
    }

    /// The same of one file.
    func firstUse(of path: String, in variant: Variant) -> (file: String, line: Int, column: Int)? {
        let parts = partials(in: variant.locale ?? "", isFormal: variant.isFormal)
        for template in [variant.subject, variant.preview, variant.body].compactMap(\.self) {
            guard let use = template.variables(with: parts).first(where: { $0.path == path }) else { continue }
            // The lines of a body are counted from where it begins.
            let first = use.file == variant.body.name ? variant.bodyLine : 1
            return (use.file, use.line + first - 1, use.column)
        }
        return nil
    }

    /// True if an SMS can be made of it.
    func hasText(_ name: String) -> Bool { all(name).contains { $0.isText || !$0.isHTML } }

    /// True if a mail can be made of it.
    func hasMail(_ name: String) -> Bool { all(name).contains { !$0.isText } }

    /// The names of the partials.
    var partialNames: [String] { Set(partialSources.map(\.name)).sorted() }

    /// True if there is a partial of that name for exactly that language and tone.
    func hasPartial(_ name: String, locale: String?, isFormal: Bool = false) -> Bool {
        partialSources.contains { $0.name == name && $0.locale == locale && $0.isFormal == isFormal }
    }
}

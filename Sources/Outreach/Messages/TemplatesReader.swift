internal import Liquid

// Reading templates: the front matter, the names of the files, and what can be checked before any order arrives.

extension TemplateSet {
    /// Reads the templates and partials of a folder. `segments` are those of shop.yaml; nil if it could not be read.
    static func read(_ folder: TriggerFolder, segments: [String]?, _ faults: inout [Fault]) -> TemplateSet {
        var set = TemplateSet()
        for path in folder.files.keys.sorted() where path.hasPrefix("templates/") {
            var list = FaultList(file: folder.shown(path))
            defer { faults += list.faults }
            guard let source = folder.text(path) else {
                list.add(at: Position(line: 1, column: 1), "the file is not UTF-8 text", hint: "save it as UTF-8")
                continue
            }
            let file = String(path.split(separator: "/").last!)
            if path.hasPrefix("templates/partials/") {
                let (name, locale, isFormal) = partialName(file, &list)
                if set.hasPartial(name, locale: locale, isFormal: isFormal) {
                    list.add(
                        at: Position(line: 1, column: 1), "there is another partial for the same case",
                        hint: "keep one of the files")
                }
                if let template = parse(source, at: Position(line: 1, column: 1), &list, checksNames: false) {
                    set.add(partial: template, as: name, locale: locale, isFormal: isFormal)
                } else {
                    set.brokenPartials.insert(name)
                }
                continue
            }
            if path.hasSuffix(".json") {
                if let template = parse(source, at: Position(line: 1, column: 1), &list) {
                    set.add(
                        TemplateSet.Body(file: folder.shown(path), template: template),
                        as: TriggerFolder.templateName(path) ?? "")
                }
                continue
            }
            var reader = TemplateReader(source: source, segments: segments, faults: list)
            // A file whose name cannot be interpreted stands for no case, so it must not hide another.
            if let (_, variant) = reader.read(file), let name = TriggerFolder.templateName(path), !reader.isMisnamed {
                if set.all(name).contains(where: {
                    $0.segment == variant.segment && $0.isDefault == variant.isDefault && $0.medium == variant.medium
                        && $0.isFormal == variant.isFormal && (variant.isDefault || $0.locale == variant.locale)
                }) {
                    reader.faults.add(
                        at: Position(line: 1, column: 1), "there is another template for the same case",
                        hint: "keep the '.md' or the '.html' file")
                }
                set.add(variant, as: name)
            }
            list = reader.faults
        }
        set.readReplies(folder, &faults)
        return set
    }

    /// `tracking.de.md` as `tracking` for mails in German, `tracking.de.formal.md` for formal ones.
    private static func partialName(
        _ file: String, _ faults: inout FaultList
    ) -> (name: String, locale: String?, isFormal: Bool) {
        var parts = file.split(separator: ".").map(String.init)
        let formal = parts.dropFirst().dropLast().firstIndex(of: TemplateReader.formal)
        if let formal { parts.remove(at: formal) }
        guard parts.count > 2 else { return (parts[0], nil, formal != nil) }
        if parts.count == 3, Languages.isLanguage(parts[1]) {
            return (parts[0], Locales.canonical(parts[1]), formal != nil)
        }
        faults.add(
            at: Position(line: 1, column: 1),
            "'\(parts[1...].dropLast().joined(separator: "."))' in the file's name is not a language",
            hint: "write it like '\(parts[0]).\(Languages.meant(by: parts[1]) ?? "fr").\(parts.last!)'")
        return (parts[0], nil, formal != nil)
    }

    /// Parses Liquid at a place in a file. If that fails, its unknown names are still reported, so that nobody only
    /// hears of them after fixing the rest; except for partials, whose names come from elsewhere.
    static func parse(
        _ source: String, at start: Position, _ faults: inout FaultList, checksNames: Bool = true
    ) -> Template? {
        func place(_ diagnostic: Diagnostic) -> Position {
            Position(
                line: diagnostic.line + start.line - 1,
                column: diagnostic.line == 1 ? diagnostic.column + start.column - 1 : diagnostic.column)
        }
        do throws(TemplateError) {
            let template = try Template(parsing: source, name: faults.file)
            for diagnostic in template.warnings {
                faults.warn(
                    at: place(diagnostic), TemplateWords.plain(diagnostic.message),
                    hint: diagnostic.hint ?? TemplateWords.hint(diagnostic.message))
            }
            for slip in TemplateSlips.found(in: source) {
                let at = place(Diagnostic(line: slip.line, column: slip.column, message: ""))
                if slip.isCertain {
                    faults.add(at: at, slip.message, hint: slip.hint)
                } else {
                    faults.warn(at: at, slip.message, hint: slip.hint)
                }
            }
            return template
        } catch {
            for diagnostic in error.diagnostics {
                faults.add(at: place(diagnostic), TemplateWords.plain(diagnostic.message), hint: diagnostic.hint)
            }
            guard checksNames else { return nil }
            for diagnostic in Template.check(broken: source, name: faults.file, ShopifyNames.schema) {
                faults.add(at: place(diagnostic), diagnostic.message, hint: diagnostic.hint)
            }
            return nil
        }
    }

    /// Checks every template against the names available for the events it is used for.
    ///
    /// - Parameter servesPages: false where bookbag.yaml has no `public:`; nil where that is not known.
    func check(
        triggers: [Trigger], settings: ShopSettings, servesPages: Bool? = nil, _ faults: inout [Fault]
    ) {
        checkReplies(settings, &faults)
        for partial in partialSources {
            var list = FaultList(file: partial.template.name)
            FeelsWatched.look(for: partial.template.source, at: Position(line: 1, column: 1), &list)
            faults += list.faults
        }
        checkTone(of: settings, triggers, &faults)
        for name in names.sorted() {
            let using = triggers.filter { trigger in trigger.lines.contains { $0.template == name } }
            let kinds = using.flatMap(\.events).unique
            let variants = all(name)
            let own = Locales.chain(settings.locale)
            refuseOtherForm(name, using, &faults)
            // What texts are made of, if mails are not made of it.
            let ending = hasMail(name) ? "md" : "sms.md"
            if !variants.contains(where: { variant in
                variant.segment == nil && (variant.isDefault || variant.locale.map(own.contains) ?? true)
                    && !variant.isFormal && (!variant.isText || !hasMail(name))
            }), let first = variants.first(where: { !$0.isText }) ?? variants.first,
                // One that is there and has a mistake is told of itself.
                !faults.contains(where: { $0.severity == .error && TriggerFolder.templateName($0.file) == name })
            {
                faults.append(
                    Fault(
                        file: first.file, line: 1, column: 1,
                        "there is no '\(name).\(ending)' for everybody else",
                        hint: "people in no segment who read another language need one"))
            }
            for variant in variants {
                var list = FaultList(file: variant.file)
                lookAtLanguage(of: variant, name, among: variants, own, &list)
                if using.contains(where: { $0.answersBadNews(with: name) }) { BadNews.look(at: variant, &list) }
                if variant.subjectIsTitle {
                    list.warn(
                        at: variant.subjectPosition, "the mail's subject is its <title>",
                        hint: "to choose another, make 'subject: …' the first line of the file")
                }
                let parts = settings.partials(of: self, for: variant.locale, isFormal: variant.isFormal)
                if using.contains(where: { $0.writesToCustomers(with: name) }) {
                    FeelsWatched.look(at: variant, with: parts, &list)
                }
                check(variant.subject, with: parts, at: variant.subjectPosition, kinds, &list)
                if let preview = variant.preview {
                    check(preview, with: parts, at: variant.previewPosition, kinds, &list)
                }
                check(variant.body, with: parts, at: Position(line: variant.bodyLine, column: 1), kinds, &list)
                if variant.subjectIsTitle,
                    let use = variant.body.variables(with: parts).first(where: { $0.path == "email_title" })
                {
                    list.add(
                        at: place(use.line, use.column, from: variant), "the template has no subject",
                        hint: "'email_title' is the subject; make 'subject: …' the first line of the file")
                }
                let found = servesPages == false ? list.faults.map(Self.withoutPages) : list.faults
                for fault in found where !faults.contains(fault) { faults.append(fault) }
            }
        }
    }

    /// A mail cannot be made of the words of an SMS, nor an SMS of an HTML design.
    private func refuseOtherForm(_ name: String, _ using: [Trigger], _ faults: inout [Fault]) {
        guard let file = all(name).first?.file else { return }
        let lines = using.flatMap(\.lines).filter { $0.template == name }
        if !hasMail(name), let line = lines.first(where: \.isMail) {
            faults.append(
                Fault(
                    file: file, line: 1, column: 1, "'\(line.name)' sends '\(name)', which has words for an SMS alone",
                    hint: "make 'templates/\(name).md'"))
        }
        if !hasText(name), lines.contains(where: \.isText) {
            faults.append(
                Fault(
                    file: file, line: 1, column: 1, "'sms' sends '\(name)', and no SMS can be made of an HTML design",
                    hint: "make 'templates/\(name).sms.md' with its words"))
        }
    }

    /// A link that can be empty is empty for all where no pages are served.
    private static func withoutPages(_ fault: Fault) -> Fault {
        guard let name = Names.pages.map(\.row.path).first(where: { fault.message == "'\($0)' can be empty" }) else {
            return fault
        }
        var fault = fault
        fault.message = "'\(name)' is empty in every mail, for bookbag.yaml has no 'public:'"
        fault.hint = "put an {% if \(name) %} around it, or have the pages served (docs/desk.md)"
        return fault
    }

    /// A file without a language counts as the shop's own, so if another file names that language, nobody is sent this
    /// one. A file for one country's language leaves out people whose language has no country.
    private func lookAtLanguage(
        of variant: Variant, _ name: String, among variants: [Variant], _ own: [String], _ list: inout FaultList
    ) {
        let start = Position(line: 1, column: 1)
        let medium = variant.isText ? "\(variant.medium.rawValue)." : ""
        let tone = variant.isFormal ? "\(TemplateReader.formal)." : ""
        let ending = variant.isHTML ? "\(tone)html" : "\(tone)\(medium)md"
        let segment = variant.segment.map { ".\($0)" } ?? ""
        guard let locale = variant.locale else {
            guard
                let other = variants.first(where: {
                    $0.segment == variant.segment && $0.medium == variant.medium && $0.isFormal == variant.isFormal
                        && $0.locale.map(own.contains) ?? false
                })
            else { return }
            let language = own.contains("en") ? "de" : "en"
            list.warn(
                at: start,
                "nobody is sent this file: 'locale' in shop.yaml is '\(own[0])', and \(other.file.split(separator: "/").last ?? "") is there as well",
                hint: "name it by its own language, such as '\(name)\(segment).\(language).\(ending)'")
            return
        }
        let parts = locale.split(separator: "-")
        guard parts.count == 2, parts[0].uppercased() == parts[1],
            !variants.contains(where: {
                $0.segment == variant.segment && $0.medium == variant.medium && $0.isFormal == variant.isFormal
                    && $0.locale == String(parts[0])
            })
        else { return }
        list.warn(
            at: start, "only those whose language is '\(locale)' get this, and not those with '\(parts[0])'",
            hint: "name it '\(name)\(segment).\(parts[0]).\(ending)' for all of them")
    }

    private func place(_ line: Int, _ column: Int, from variant: Variant) -> Position {
        Position(line: line + variant.bodyLine - 1, column: column)
    }

    /// Checks the names in the webhooks' bodies.
    func checkBodies(triggers: [Trigger], settings: ShopSettings, _ faults: inout [Fault]) {
        for (name, body) in webhookBodies {
            let kinds = triggers.filter { trigger in
                trigger.lines.contains { !$0.hasWords && $0.template == name }
            }.flatMap(\.events).unique
            var list = FaultList(file: body.file)
            let start = Position(line: 1, column: 1)
            check(body.template, with: settings.partials(of: self, for: nil), at: start, kinds, &list)
            faults += list.faults
        }
    }

    func check(
        _ template: Template, with parts: PartialSet, at start: Position, _ kinds: [EventKind],
        _ faults: inout FaultList
    ) {
        let checker = ConditionChecker(kinds: kinds, segments: [])
        var found = template.certainFailures(with: parts)
        var absent: Set<String> = []
        for use in template.variables(with: parts) {
            guard let root = use.path.split(separator: ".").first.map(String.init),
                let missing = checker.missing(root) ?? ShopifyNames.missing(root, on: kinds)
            else { continue }
            found.append(
                Diagnostic(
                    name: use.file, line: use.line, column: use.column, message: missing.0, hint: missing.1))
            absent.insert("'\(use.path)' can be empty")
        }
        found += template.check(ShopifyNames.schema, partials: parts).filter { !absent.contains($0.message) }
        for diagnostic in found {
            var place = Position(line: diagnostic.line, column: diagnostic.column)
            if diagnostic.name == template.name {
                place.line += start.line - 1
                if diagnostic.line == 1 { place.column += start.column - 1 }
            }
            faults.add([
                Fault(
                    diagnostic.isWarning ? .warning : .error, file: diagnostic.name, line: place.line,
                    column: place.column, diagnostic.message, hint: diagnostic.hint)
            ])
        }
        for name in template.partialNames where !hasPartial(name, locale: nil) && !brokenPartials.contains(name) {
            if partialNames.contains(name) {
                faults.add(
                    at: start, "there is no '\(name).md' for everybody else",
                    hint: "people whose language has no '\(name)' need one in 'templates/partials/'")
                continue
            }
            let meant = nearest(to: name, in: partialNames).map { "did you mean '\($0)'?" }
            faults.add(
                at: start, "there is no partial '\(name)'",
                hint: meant ?? "make the file 'templates/partials/\(name).md'")
        }
    }
}

extension ShopSettings {
    /// The parts that a file in that language is made with; nil for the shop's own.
    ///
    /// - Parameter isFormal: true for a formal file, whatever tone is in force.
    func partials(of templates: TemplateSet, for locale: String?, isFormal: Bool = false) -> PartialSet {
        let language = locale ?? self.locale
        return templates.partials(in: language, isFormal: isFormal || tones.isFormal(in: language))
    }
}

extension TemplateSet {
    /// Warns of letters to shoppers that say du or tú although their language is spoken formally: of formal files, and
    /// of those that are sent because there is no formal one.
    private func checkTone(of settings: ShopSettings, _ triggers: [Trigger], _ faults: inout [Fault]) {
        for name in names.sorted() {
            let lines = triggers.flatMap(\.lines).filter { $0.template == name }
            guard lines.contains(where: { $0.destination.isShopper || $0.isText }) else { continue }
            for variant in all(name) {
                let language = variant.locale ?? settings.locale
                guard variant.isFormal || settings.tones.isFormal(in: language) else { continue }
                let hasFormal = all(name).contains {
                    $0.isFormal && $0.segment == variant.segment && $0.medium == variant.medium
                        && $0.locale == variant.locale
                }
                guard variant.isFormal || !hasFormal else { continue }
                let file = variant.file.split(separator: ".").dropLast().joined(separator: ".")
                let ending = variant.isHTML ? "html" : "md"
                var list = FaultList(file: variant.file)
                let hint =
                    variant.isFormal
                    ? "say it formally"
                    : "say it formally, in '\(file).\(TemplateReader.formal).\(ending)' if others are to stay as they are"
                for (template, line) in [
                    (variant.subject, variant.subjectPosition.line), (variant.body, variant.bodyLine),
                ] { FamiliarWords.look(at: template, from: line, language: language, hint: hint, &list) }
                faults += list.faults
            }
        }
        for source in partialSources {
            let language = source.locale ?? settings.locale
            let hasFormal = hasPartial(source.name, locale: source.locale, isFormal: true)
            guard source.isFormal || settings.tones.isFormal(in: language) && !hasFormal else { continue }
            var list = FaultList(file: source.template.name)
            FamiliarWords.look(
                at: source.template, from: 1, language: language,
                hint: source.isFormal
                    ? "say it formally"
                    : "say it formally, in '\(source.template.name.dropLast(3)).\(TemplateReader.formal).md'", &list)
            faults += list.faults
        }
    }
}

/// Reads one template file.
struct TemplateReader {
    static let keys = ["subject", "preview", "language"]
    /// What stands in the name of a file for formal letters.
    static let formal = Tone.formal.rawValue
    /// What the words in the name of a file mean that are no language and no segment.
    static let marks = [
        formal: "formal letters", TemplateSet.Medium.sms.rawValue: "the words of texts",
        TemplateSet.Medium.chat.rawValue: "the words of chats",
    ]

    let source: String
    let segments: [String]?
    var faults: FaultList
    /// True if a part of the file's name cannot be interpreted.
    private(set) var isMisnamed = false
    private var isHTML: Bool { faults.file.hasSuffix(".html") }
    private var medium = TemplateSet.Medium.mail
    private var isFormal = false
    /// True for the words of a text or a chat.
    private var isText: Bool { medium != .mail }

    init(source: String, segments: [String]?, faults: FaultList) {
        self.source = source
        self.segments = segments
        self.faults = faults
    }

    mutating func read(_ file: String) -> (name: String, variant: TemplateSet.Variant)? {
        let stem = file.dropLast(isHTML ? 5 : 3)
        var parts = stem.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        let name = parts.removeFirst()
        var segment: String?
        var locale: String?
        for part in parts {
            if let own = TemplateSet.Medium(rawValue: part), own != .mail, !isText, !isHTML {
                medium = own
            } else if part == Self.formal, !isFormal {
                isFormal = true
            } else if segments?.contains(part) ?? false, segment == nil {
                segment = part
            } else if Languages.isLanguage(part), locale == nil,
                part.count == 2 || part.contains("-") || nearest(to: part, in: segments ?? []) == nil
            {
                locale = Locales.canonical(part)
            } else if segments != nil {
                isMisnamed = true
                let language = Languages.meant(by: part).map {
                    "write it like '\(name).\($0).\(isHTML ? "html" : "md")'"
                }
                let meant = language ?? nearest(to: part, in: segments ?? []).map { "did you mean '\($0)'?" }
                faults.add(
                    at: Position(line: 1, column: 1),
                    "'\(part)' in the file's name is neither a language nor a segment",
                    hint: meant
                        ?? "write it like '\(name).fr.md', or name the segment '\(part)' in 'segments' of shop.yaml")
            }
        }
        guard let front = frontMatter() else { return nil }
        let isDefault = locale == nil
        if let (text, place) = front.language {
            if !Languages.isLanguage(text) {
                faults.add(
                    at: place, "'\(text)' is not a language",
                    hint: Languages.meant(by: text).map { "write '\($0)'" } ?? "write 'en', 'de' or 'fr-CA'")
            } else if let locale, locale != Locales.canonical(text) {
                faults.add(
                    at: place, "'language' says '\(text)', and the file's name '\(locale)'", hint: "keep one of them")
            } else {
                locale = Locales.canonical(text)
            }
        }
        let position = front.subject?.position ?? front.title ?? Position(line: 1, column: 1)
        let subject = TemplateSet.parse(front.subject?.text ?? "", at: position, &faults)
        let preview = front.preview.flatMap { TemplateSet.parse($0.text, at: $0.position, &faults) }
        let body = TemplateSet.parse(front.body, at: Position(line: front.bodyLine, column: 1), &faults)
        guard let subject, let body else {
            // What could be read is checked as well.
            let others = [
                (subject, front.subject?.text, position), (preview, front.preview?.text, front.preview?.position),
                (body, front.body, Position(line: front.bodyLine, column: 1)),
            ]
            for (template, source, start) in others {
                guard template != nil, let source, let start else { continue }
                for found in Template.check(broken: source, name: faults.file, ShopifyNames.schema) {
                    let column = found.line == 1 ? found.column + start.column - 1 : found.column
                    faults.add(
                        at: Position(line: found.line + start.line - 1, column: column), found.message, hint: found.hint
                    )
                }
            }
            return nil
        }
        return (
            name,
            TemplateSet.Variant(
                file: faults.file, segment: segment, locale: locale, isDefault: isDefault, isHTML: isHTML,
                medium: medium, isFormal: isFormal, subject: subject, preview: preview, body: body,
                subjectIsTitle: front.title != nil,
                subjectPosition: position,
                previewPosition: front.preview?.position ?? Position(line: 1, column: 1), bodyLine: front.bodyLine)
        )
    }

    private struct Front {
        var subject: (text: String, position: Position)?
        /// The position of the `<title>` used as the subject.
        var title: Position?
        var preview: (text: String, position: Position)?
        var language: (text: String, position: Position)?
        var body: String
        var bodyLine: Int
    }

    private mutating func frontMatter() -> Front? {
        let text = source.hasPrefix("\u{FEFF}") ? String(source.dropFirst()) : source
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        var hint = "begin the file with '---', 'subject: …' and '---', a line each"
        guard lines.first?.trimmed == "---" else {
            if isText { return Front(body: text, bodyLine: 1) }
            if isHTML {
                if let front = pasted(lines) { return front }
                hint = "make 'subject: …' the first line of the file; in Shopify it stands above the template"
            }
            faults.add(at: Position(line: 1, column: 1), "the template has no subject", hint: hint)
            return nil
        }
        guard let end = lines.dropFirst().firstIndex(where: { $0.trimmed == "---" }) else {
            faults.add(at: Position(line: 1, column: 1), "the '---' that ends the front matter is missing", hint: hint)
            return nil
        }
        return front(lines, keys: 1..<end, body: end + 1)
    }

    /// A design pasted unchanged: with `subject: …`, and perhaps `preview: …`, in the lines above it; or without them,
    /// and then its `<title>` is the subject.
    private mutating func pasted(_ lines: [Substring]) -> Front? {
        let end = lines.firstIndex { line in
            !line.trimmed.isEmpty && !Self.keys.contains { line.trimmed.hasPrefix("\($0):") }
        }
        guard let end else { return nil }
        if lines[..<end].contains(where: { !$0.trimmed.isEmpty }) { return front(lines, keys: 0..<end, body: end) }
        for (index, line) in lines.enumerated() {
            guard let open = line.firstRange(of: /<title[^>]*>/.ignoresCase()) else { continue }
            let column = line.distance(from: line.startIndex, to: open.lowerBound) + 1
            return Front(
                title: Position(line: index + 1, column: column), body: lines.joined(separator: "\n"), bodyLine: 1)
        }
        return nil
    }

    private mutating func front(_ lines: [Substring], keys: Range<Int>, body: Int) -> Front? {
        var front = Front(body: lines[body...].joined(separator: "\n"), bodyLine: body + 1)
        for index in keys {
            let line = lines[index]
            if line.trimmed.isEmpty || line.trimmed.hasPrefix("#") { continue }
            let key = line.prefix { $0 != ":" }
            let place = Position(line: index + 1, column: line.prefix { $0 == " " }.count + 1)
            guard key.count < line.count, Self.keys.contains(key.trimmed) else {
                let meant = nearest(to: key.trimmed, in: Self.keys).map { "did you mean '\($0)'?" }
                faults.add(
                    at: place, "unknown key '\(key.trimmed)' in the front matter",
                    hint: meant ?? "it has \(listing(Self.keys))")
                continue
            }
            let rest = line.dropFirst(key.count + 1)
            var column = line.count - rest.drop { $0 == " " || $0 == "\t" }.count + 1
            var value = rest.trimmed
            for quote in ["\"", "'"] where value.count >= 2 && value.hasPrefix(quote) && value.hasSuffix(quote) {
                value = String(value.dropFirst().dropLast())
                column += 1
                break
            }
            let found = (value, Position(line: index + 1, column: column))
            if key.trimmed == "language" {
                if front.language != nil { faults.add(at: place, "'language' is here a second time") }
                front.language = found
            } else if key.trimmed == "subject" {
                if front.subject != nil { faults.add(at: place, "'subject' is here a second time") }
                front.subject = found
            } else {
                if front.preview != nil { faults.add(at: place, "'preview' is here a second time") }
                front.preview = found
            }
        }
        guard front.subject?.text.isEmpty == false || isText else {
            faults.add(
                at: Position(line: 1, column: 1), "the template has no subject", hint: "write 'subject: …' in it")
            return nil
        }
        return front
    }
}

extension StringProtocol {
    fileprivate var trimmed: String { String(self).trimmingSpaces }
}

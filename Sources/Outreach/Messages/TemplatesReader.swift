internal import Liquid

// Reading templates: the front matter, the names of the files, and what can be checked before any order comes.

extension TemplateSet {
    /// Reads the templates and partials of a folder. `segments` are those of shop.yaml; nil where it could not be read.
    static func read(_ folder: TriggerFolder, segments: [String]?, _ faults: inout [Fault]) -> TemplateSet {
        var set = TemplateSet()
        for path in folder.files.keys.sorted() where path.hasPrefix("templates/") {
            var list = FaultList(file: folder.shown(path))
            defer { faults += list.faults }
            guard let source = folder.text(path) else {
                list.add(at: Position(line: 1, column: 1), "the file is no UTF-8 text", hint: "save it as UTF-8")
                continue
            }
            let file = String(path.split(separator: "/").last!)
            if path.hasPrefix("templates/partials/") {
                let (name, locale) = partialName(file, &list)
                if set.hasPartial(name, locale: locale) {
                    list.add(
                        at: Position(line: 1, column: 1), "there is another partial for the same case",
                        hint: "keep one of the files")
                }
                if let template = parse(source, at: Position(line: 1, column: 1), &list) {
                    set.add(partial: template, as: name, locale: locale)
                }
                continue
            }
            if path.hasSuffix(".json") {
                if let template = parse(source, at: Position(line: 1, column: 1), &list) {
                    set.add(
                        TemplateSet.Body(file: folder.shown(path), template: template),
                        as: String(file.prefix { $0 != "." }))
                }
                continue
            }
            var reader = TemplateReader(source: source, segments: segments, faults: list)
            if let (name, variant) = reader.read(file) {
                if set.all(name).contains(where: { $0.segment == variant.segment && $0.locale == variant.locale }) {
                    reader.faults.add(
                        at: Position(line: 1, column: 1), "there is another template for the same case",
                        hint: "keep the '.md' or the '.html' file")
                }
                set.add(variant, as: name)
            }
            list = reader.faults
        }
        return set
    }

    /// `tracking.de.md` as `tracking` for mails in German.
    private static func partialName(_ file: String, _ faults: inout FaultList) -> (name: String, locale: String?) {
        let parts = file.split(separator: ".").map(String.init)
        guard parts.count > 2 else { return (parts[0], nil) }
        if parts.count == 3, Locales.isTag(parts[1]) { return (parts[0], Locales.canonical(parts[1])) }
        faults.add(
            at: Position(line: 1, column: 1),
            "'\(parts[1...].dropLast().joined(separator: "."))' in the file's name is no language",
            hint: "write it like '\(parts[0]).fr.\(parts.last!)'")
        return (parts[0], nil)
    }

    /// Parses Liquid that stands at a place in a file.
    static func parse(_ source: String, at start: Position, _ faults: inout FaultList) -> Template? {
        func place(_ diagnostic: Diagnostic) -> Position {
            Position(
                line: diagnostic.line + start.line - 1,
                column: diagnostic.line == 1 ? diagnostic.column + start.column - 1 : diagnostic.column)
        }
        do throws(TemplateError) {
            let template = try Template(parsing: source, name: faults.file)
            for diagnostic in template.warnings {
                faults.warn(at: place(diagnostic), diagnostic.message, hint: diagnostic.hint)
            }
            return template
        } catch {
            for diagnostic in error.diagnostics {
                faults.add(at: place(diagnostic), diagnostic.message, hint: diagnostic.hint)
            }
            return nil
        }
    }

    /// Checks every template against the names that are there on the events it is used for.
    func check(triggers: [Trigger], settings: ShopSettings, _ faults: inout [Fault]) {
        for name in names.sorted() {
            let kinds = triggers.filter { trigger in trigger.lines.contains { $0.template == name } }.flatMap(\.events)
                .unique
            let variants = all(name)
            if !variants.contains(where: { $0.segment == nil && ($0.locale == nil) }), let first = variants.first {
                faults.append(
                    Fault(
                        file: first.file, line: 1, column: 1,
                        "there is no '\(name).md' for everybody else",
                        hint: "who is in no segment and reads another language needs one"))
            }
            for variant in variants {
                var list = FaultList(file: variant.file)
                check(variant.subject, at: variant.subjectPosition, kinds, &list)
                if let preview = variant.preview { check(preview, at: variant.previewPosition, kinds, &list) }
                check(variant.body, at: Position(line: variant.bodyLine, column: 1), kinds, &list)
                faults += list.faults
            }
        }
    }

    /// Checks the webhooks' bodies: their names, and that JSON comes out of them for a standard order.
    func checkBodies(triggers: [Trigger], settings: ShopSettings, _ faults: inout [Fault]) {
        for (name, body) in webhookBodies {
            let kinds = triggers.filter { trigger in
                trigger.lines.contains { line in
                    if case .webhook = line.destination { return line.template == name }
                    return false
                }
            }.flatMap(\.events).unique
            var list = FaultList(file: body.file)
            let start = Position(line: 1, column: 1)
            check(body.template, at: start, kinds, &list)
            if !list.hasErrors {
                for kind in kinds.isEmpty ? [EventKind.orderPlaced] : kinds {
                    let order = StandardOrder(kind, at: StandardOrder.moment)
                    let scope = Scope(
                        record: order.record, event: order.event, history: order.history, settings: settings,
                        now: StandardOrder.moment, zone: StandardOrder.zone, shopZone: StandardOrder.zone,
                        shop: StandardOrder.shop)
                    do {
                        _ = try renderJSON(name, scope)
                    } catch {
                        list.add(
                            at: Position(line: max(1, error.line), column: 1),
                            "on '\(kind.rawValue)', \(error.message)",
                            hint: "texts stand in quotes, \"{{ order.name }}\"; everything else is printed by '| json'")
                        break
                    }
                }
            }
            faults += list.faults
        }
    }

    private func check(_ template: Template, at start: Position, _ kinds: [EventKind], _ faults: inout FaultList) {
        func place(_ line: Int, _ column: Int) -> Position {
            Position(line: line + start.line - 1, column: line == 1 ? column + start.column - 1 : column)
        }
        let checker = ConditionChecker(kinds: kinds, segments: [])
        var absent: Set<String> = []
        for use in template.variables {
            guard let root = use.path.split(separator: ".").first, let missing = checker.missing(String(root)) else {
                continue
            }
            faults.add(at: place(use.line, use.column), missing.0, hint: missing.1)
            absent.insert("'\(use.path)' can be empty")
        }
        for diagnostic in template.check(Names.schema) {
            let position = place(diagnostic.line, diagnostic.column)
            if absent.contains(diagnostic.message) { continue }
            if diagnostic.isWarning {
                faults.warn(at: position, diagnostic.message, hint: diagnostic.hint)
            } else {
                faults.add(at: position, diagnostic.message, hint: diagnostic.hint)
            }
        }
        for name in template.partialNames where !hasPartial(name, locale: nil) {
            if partialNames.contains(name) {
                faults.add(
                    at: start, "there is no '\(name).md' for everybody else",
                    hint: "whose language has no '\(name)' of its own needs one in 'templates/partials/'")
                continue
            }
            let meant = nearest(to: name, in: partialNames).map { "did you mean '\($0)'?" }
            faults.add(
                at: start, "there is no partial '\(name)'",
                hint: meant ?? "make the file 'templates/partials/\(name).md'")
        }
    }
}

/// Reads one template file.
private struct TemplateReader {
    static let keys = ["subject", "preview"]

    let source: String
    let segments: [String]?
    var faults: FaultList

    mutating func read(_ file: String) -> (name: String, variant: TemplateSet.Variant)? {
        let isHTML = file.hasSuffix(".html")
        let stem = file.dropLast(isHTML ? 5 : 3)
        var parts = stem.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        let name = parts.removeFirst()
        var segment: String?
        var locale: String?
        for part in parts {
            if segments?.contains(part) ?? false, segment == nil {
                segment = part
            } else if Locales.isTag(part), locale == nil,
                part.count == 2 || part.contains("-") || nearest(to: part, in: segments ?? []) == nil
            {
                locale = Locales.canonical(part)
            } else if segments != nil {
                let meant = nearest(to: part, in: segments ?? []).map { "did you mean '\($0)'?" }
                faults.add(
                    at: Position(line: 1, column: 1), "'\(part)' in the file's name is no language and no segment",
                    hint: meant ?? "write it like '\(name).fr.md' or '\(name).vip.fr.md'")
            }
        }
        guard let front = frontMatter() else { return nil }
        let subject = front.subject.flatMap { TemplateSet.parse($0.text, at: $0.position, &faults) }
        let preview = front.preview.flatMap { TemplateSet.parse($0.text, at: $0.position, &faults) }
        let body = TemplateSet.parse(front.body, at: Position(line: front.bodyLine, column: 1), &faults)
        guard let subject, let body else { return nil }
        return (
            name,
            TemplateSet.Variant(
                file: faults.file, segment: segment, locale: locale, isHTML: isHTML, subject: subject, preview: preview,
                body: body, subjectPosition: front.subject!.position,
                previewPosition: front.preview?.position ?? Position(line: 1, column: 1), bodyLine: front.bodyLine)
        )
    }

    private struct Front {
        var subject: (text: String, position: Position)?
        var preview: (text: String, position: Position)?
        var body: String
        var bodyLine: Int
    }

    private mutating func frontMatter() -> Front? {
        let text = source.hasPrefix("\u{FEFF}") ? String(source.dropFirst()) : source
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        let hint = "begin the file with '---', 'subject: …' and '---', a line each"
        guard lines.first?.trimmed == "---" else {
            faults.add(at: Position(line: 1, column: 1), "the template has no subject", hint: hint)
            return nil
        }
        guard let end = lines.dropFirst().firstIndex(where: { $0.trimmed == "---" }) else {
            faults.add(at: Position(line: 1, column: 1), "the '---' that ends the front matter is missing", hint: hint)
            return nil
        }
        var front = Front(body: lines[(end + 1)...].joined(separator: "\n"), bodyLine: end + 2)
        for index in 1..<end {
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
            if key.trimmed == "subject" {
                if front.subject != nil { faults.add(at: place, "'subject' stands here a second time") }
                front.subject = found
            } else {
                if front.preview != nil { faults.add(at: place, "'preview' stands here a second time") }
                front.preview = found
            }
        }
        guard front.subject?.text.isEmpty == false else {
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

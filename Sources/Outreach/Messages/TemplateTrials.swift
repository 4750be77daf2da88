internal import Liquid

// Mail that cannot be rendered is found before there is any: every template that a trigger sends is rendered for the
// standard order, for each event that the trigger hears. If that fails, it would fail for real orders too, so it is an
// error, with its line and column, and the files do not come into force. What fails only for an order without any
// optional data is a warning.

/// Renders the templates of a set that is being tried.
struct TemplateTrials {
    let templates: TemplateSet
    let settings: ShopSettings
    /// The text of a file, by the name used in faults.
    let text: (String) -> String?

    /// Adds the failures. A file that already has an error is skipped.
    func run(_ triggers: [Trigger], _ faults: inout [Fault]) {
        let broken = Set(faults.filter { $0.severity == .error }.map(\.file))
        let partials = Dictionary(grouping: templates.partialSources, by: \.name).mapValues { $0.map(\.template.name) }
        func isSound(_ file: String, _ parts: [Template]) -> Bool {
            !broken.contains(file)
                && parts.flatMap(\.partialNames).allSatisfy { name in
                    // Partials may use other partials; one broken one anywhere is enough to skip the trial.
                    partials[name]?.allSatisfy { !broken.contains($0) } ?? false
                }
        }
        var tried: Set<Trial> = []
        for trigger in triggers {
            for kind in trigger.events {
                let order = StandardOrder(kind, at: StandardOrder.moment)
                let full = scope(order, lacking: false)
                let bare = scope(order, lacking: true)
                for line in trigger.lines where !line.template.isEmpty {
                    if !line.hasWords {
                        guard let body = templates.body(line.template), isSound(body.file, [body.template]),
                            tried.insert(Trial(file: body.file, kind: kind, isForCustomer: false)).inserted
                        else { continue }
                        json(line.template, body, kind, full, bare, &faults)
                        continue
                    }
                    for variant in templates.variants(for: line) {
                        let trial = Trial(
                            file: variant.file, kind: kind, isForCustomer: line.destination.isShopper,
                            isText: line.isText || variant.isText)
                        guard
                            isSound(
                                variant.file, [variant.subject, variant.body] + [variant.preview].compactMap(\.self)),
                            tried.insert(trial).inserted
                        else { continue }
                        if trial.isText {
                            text(variant, kind, full, bare, &faults)
                        } else {
                            mail(variant, line.destination, kind, full, bare, &faults)
                        }
                    }
                }
            }
        }
    }

    private struct Trial: Hashable {
        var file: String
        var kind: EventKind
        var isForCustomer: Bool
        var isText = false
    }

    /// The standard order, complete or without everything that can be empty.
    private func scope(_ order: StandardOrder, lacking: Bool) -> Scope {
        var settings = settings
        if lacking {
            for row in Names.roots.flatMap(\.rows) where row.canBeEmpty { settings.given[row.path] = .null }
        }
        var scope = Scope(
            record: order.known, event: order.event, history: order.history, settings: settings,
            now: StandardOrder.moment, zone: StandardOrder.zone, shopZone: StandardOrder.zone,
            shop: StandardOrder.shop)
        if !lacking {
            scope.pages = .specimen()
            scope.gift = .specimen
        }
        return scope
    }

    private func mail(
        _ variant: TemplateSet.Variant, _ destination: SendLine.Destination, _ kind: EventKind, _ full: Scope,
        _ bare: Scope, _ faults: inout [Fault]
    ) {
        let wanted = variant.locale ?? settings.locale
        do throws(TemplateFailure) {
            _ = try templates.render(variant, wanted: wanted, full, to: destination)
        } catch {
            return note(error, .error, kind, full, &faults)
        }
        do throws(TemplateFailure) {
            _ = try templates.render(variant, wanted: wanted, bare, to: destination)
        } catch {
            note(error, .warning, kind, bare, &faults)
        }
    }

    /// An SMS, which is also looked at for what it costs.
    private func text(
        _ variant: TemplateSet.Variant, _ kind: EventKind, _ full: Scope, _ bare: Scope, _ faults: inout [Fault]
    ) {
        let wanted = variant.locale ?? settings.locale
        do throws(TemplateFailure) {
            if variant.medium == .chat {
                _ = try templates.chat(variant, wanted: wanted, full)
            } else {
                note(try templates.text(variant, wanted: wanted, full), of: variant, &faults)
            }
        } catch {
            return note(error, .error, kind, full, &faults)
        }
        do throws(TemplateFailure) {
            if variant.medium == .chat {
                _ = try templates.chat(variant, wanted: wanted, bare)
            } else {
                _ = try templates.text(variant, wanted: wanted, bare)
            }
        } catch {
            note(error, .warning, kind, bare, &faults)
        }
    }

    /// Warns of an SMS that takes many segments, each of which is paid for, and says why.
    private func note(_ text: TextMessage, of variant: TemplateSet.Variant, _ faults: inout [Fault]) {
        guard text.segments > TextMessage.manySegments else { return }
        let costly = text.costly.prefix(5).map { "'\($0)'" }
        let message = "as an SMS this takes \(text.size) for the standard order"
        let hint =
            costly.isEmpty
            ? variant.isText
                ? "say it in fewer words" : "give it words of its own in '\(variant.file.dropLast(3)).sms.md'"
            : "\(listing(costly)) \(costly.count == 1 ? "halves" : "halve") what a segment holds; write it without"
        let fault = Fault(.warning, file: variant.file, line: variant.bodyLine, column: 1, message, hint: hint)
        if !faults.contains(where: { $0.file == fault.file && $0.message.hasPrefix("as an SMS") }) {
            faults.append(fault)
        }
    }

    private func json(
        _ name: String, _ body: TemplateSet.Body, _ kind: EventKind, _ full: Scope, _ bare: Scope,
        _ faults: inout [Fault]
    ) {
        do throws(TemplateFailure) {
            _ = try templates.renderJSON(name, full)
        } catch {
            return note(error, .error, kind, full, &faults)
        }
        do throws(TemplateFailure) {
            _ = try templates.renderJSON(name, bare)
        } catch {
            note(error, .warning, kind, bare, &faults)
        }
    }

    private func note(
        _ failure: TemplateFailure, _ severity: Fault.Severity, _ kind: EventKind, _ scope: Scope,
        _ faults: inout [Fault]
    ) {
        let file = templates.partialSources.first { $0.name == failure.file }?.template.name ?? failure.file
        let lines = (text(file) ?? "").split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        let line = lines.indices.contains(failure.line - 1) ? String(lines[failure.line - 1]) : ""
        let column = failure.column > 0 ? failure.column : column(in: line, scope)
        let isJSON = file.hasSuffix(".json")
        let (message, hint) = words(failure, line: line, isJSON: isJSON)
        let whom =
            severity == .error
            ? "on '\(kind.rawValue)', " : "on '\(kind.rawValue)', with everything missing that may be, "
        let fault = Fault(
            severity, file: file, line: max(1, failure.line), column: max(1, column), whom + message, hint: hint)
        let isKnown = faults.contains {
            $0.file == fault.file && $0.line == fault.line && $0.message.hasPrefix("on '")
                && ($0.severity == severity || $0.severity == .error)
        }
        if !isKnown { faults.append(fault) }
    }

    /// What the failure means, in terms a merchant can act on.
    private func words(_ failure: TemplateFailure, line: String, isJSON: Bool) -> (String, String?) {
        guard let cause = failure.cause else {
            guard isJSON, failure.message.contains("not JSON") else {
                return (
                    failure.message,
                    failure.message.hasPrefix("the subject") ? "write words that are always there" : nil
                )
            }
            let message = "what comes out is not JSON"
            if line.contains(/"\{\{[^}]*\|\s*json\s*-?\}\}/) {
                return (message, "'| json' writes the quotes itself; remove those around it")
            }
            return (
                message,
                "print every value with '| json', which adds its own quotes, and look for a comma too many or too few"
            )
        }
        if cause == "divided by 0" {
            return ("this divides by 0", "put an {% if %} around it that checks for more than 0")
        }
        if cause.hasPrefix("comparison of") {
            return ("values that cannot be compared are compared", "compare numbers with numbers, and texts with texts")
        }
        return ("this cannot be written: \(failure.message) (\(cause))", nil)
    }

    /// The column of the failure within a line: if it has several tags, of the first that fails on its own.
    private func column(in line: String, _ scope: Scope) -> Int {
        var options = scope.options
        options.errors = .thrown
        var first: Int?
        for match in line.matches(of: /\{\{.*?\}\}|\{%-?\s*(if|unless|elsif|for)?.*?%\}/) {
            let column = line.unicodeScalars.distance(from: line.startIndex, to: match.range.lowerBound) + 1
            first = first ?? column
            var alone = String(match.output.0)
            switch match.output.1 {
            case "elsif": alone = "{% if false %}\(alone){% endif %}"
            case let tag?: alone += "{% end\(tag) %}"
            case nil: break
            }
            guard let template = try? Template(parsing: alone) else { continue }
            if (try? template.render(scope.forLiquid, options)) == nil { return column }
        }
        return first ?? 1
    }
}

extension TemplateSet {
    /// The files that a line may send: an SMS has its own, else those of mails; an answer has all.
    func variants(for line: SendLine) -> [Variant] {
        let all = all(line.template)
        // Whoever wrote is answered where she wrote.
        if line.destination == .answer { return all }
        guard line.isText else { return all.filter { !$0.isText } }
        return all.filter { variant in
            variant.medium == .sms
                || !variant.isText && !variant.isHTML
                    && !all.contains {
                        $0.medium == .sms && $0.segment == variant.segment && $0.locale == variant.locale
                            && $0.isFormal == variant.isFormal
                    }
        }
    }

    /// Every parsed template.
    var templatesWithParts: [Template] {
        names.flatMap(all).flatMap { [$0.subject, $0.body] + [$0.preview].compactMap(\.self) }
            + partialSources.map(\.template) + webhookBodies.map(\.body.template)
    }

    /// Reduces several faults with one cause to one: a doubt of the parser's becomes an error if it certainly fails.
    func settle(_ faults: inout [Fault]) {
        let sources = templatesWithParts
        let doubts = Set(sources.flatMap(\.warnings).map { TemplateWords.plain($0.message) })
        let certain = Set(sources.flatMap { $0.certainFailures() }.map(\.message))
        var gone: Set<Fault> = []
        for index in faults.indices where faults[index].severity == .warning && doubts.contains(faults[index].message) {
            let doubt = faults[index]
            let beside = faults.filter {
                $0.severity == .error && $0.file == doubt.file && $0.line == doubt.line
            }
            let failures = beside.filter { certain.contains($0.message) }
            if beside.contains(where: { $0.message.hasPrefix("three braces") }) {
                gone.insert(doubt)
                continue
            }
            if doubt.hint?.hasPrefix("use straight quotes") == true {
                gone.formUnion(beside.filter { $0.message.hasPrefix("unknown name") } + failures)
            } else if failures.isEmpty {
                continue
            }
            gone.formUnion(failures)
            faults[index].severity = .error
            if doubt.hint == nil { faults[index].hint = failures.first?.hint }
        }
        faults.removeAll(where: gone.contains)
    }
}

public import Liquid

// A shop's own design of the shopper's pages.
//
//     triggers/pages/track.html         where the parcel is
//     triggers/pages/stop.de.html       no more offers, for those who read German
//     triggers/pages/preferences.html   what is written about
//     triggers/pages/rate.html          how it went
//
// A design is one HTML document in Liquid, as a letter is. It sees what our own page says and nothing else: no name, no
// address, no whole number, for whoever has the link may be anybody. What is printed is escaped for where it lands.
//
// The page's policy allows no script and nothing from elsewhere, and of styles only those elements of the file whose
// digests it names. So a style has no Liquid in it, and is known when the file is read.

/// One file of `pages/`.
public struct PageDesign: Sendable {
    /// Which page.
    public enum Page: String, Sendable, CaseIterable {
        case track, stop, preferences, rate
    }

    public let page: Page
    /// The file, as a person would name it.
    public let file: String
    /// BCP 47, or nil for all who have none of their own.
    let locale: String?
    public let template: Template
    /// What stands in its `<style>` elements, byte for byte.
    public let styles: [String]

    /// More than pages should weigh.
    private static let largest = 60 * 1024

    // MARK: - Reading

    /// Reads the designs of a folder.
    static func read(_ folder: TriggerFolder, _ faults: inout [Fault]) -> [PageDesign] {
        var designs: [PageDesign] = []
        for path in folder.files.keys.sorted() where path.hasPrefix("pages/") {
            var list = FaultList(file: folder.shown(path))
            if let design = read(path, folder.text(path), &list) {
                if designs.contains(where: { $0.page == design.page && $0.locale == design.locale }) {
                    list.add(at: start, "there is another file for the same page", hint: "keep one of them")
                }
                designs.append(design)
            }
            faults += list.faults
        }
        return designs
    }

    private static let start = Position(line: 1, column: 1)

    private static func read(_ path: String, _ source: String?, _ faults: inout FaultList) -> PageDesign? {
        guard let source else {
            faults.add(at: start, "the file is not UTF-8 text", hint: "save it as UTF-8")
            return nil
        }
        let parts = path.dropFirst("pages/".count).split(separator: ".").map(String.init)
        guard let page = Page(rawValue: parts[0]) else {
            let names = Page.allCases.map(\.rawValue)
            let meant = nearest(to: parts[0], in: names).map { "did you mean '\($0).html'?" }
            faults.warn(
                at: start, "there is no page '\(parts[0])', so the file is not used",
                hint: meant ?? "there are \(listing(names))")
            return nil
        }
        guard parts.count == 2 || parts.count == 3 && Languages.isLanguage(parts[1]) else {
            faults.add(
                at: start, "'\(parts[1...].dropLast().joined(separator: "."))' in the file's name is not a language",
                hint: "write it like '\(page.rawValue).fr.html'")
            return nil
        }
        look(at: source, page, &faults)
        guard let template = TemplateSet.parse(source, at: start, &faults, checksNames: false) else { return nil }
        for found in template.check(schema(page)) + template.certainFailures() {
            let at = Position(line: found.line, column: found.column)
            if found.isWarning {
                faults.warn(at: at, found.message, hint: found.hint)
            } else {
                faults.add(at: at, found.message, hint: found.hint)
            }
        }
        if let part = template.partialNames.first {
            faults.add(at: start, "a page has no parts, and this one uses '\(part)'", hint: "write it out")
        }
        let design = PageDesign(
            page: page, file: faults.file, locale: parts.count == 3 ? Locales.canonical(parts[1]) : nil,
            template: template, styles: source.matches(of: style).map { String($0.output.1) })
        if !faults.faults.contains(where: { $0.severity == .error }) { design.tryOut(&faults) }
        return design
    }

    private static var style: Regex<(Substring, Substring)> { /(?is)<style\b[^>]*>(.*?)<\/style\s*>/ }

    /// What the page's policy would keep from working, and what is missing.
    private static func look(at source: String, _ page: Page, _ faults: inout FaultList) {
        if source.utf8.count > largest {
            faults.add(
                at: start, "the file is larger than \(largest / 1024) KB", hint: "a page should come at once anywhere")
            return
        }
        let place = Places(source)
        for (pattern, message, hint) in refusals {
            for match in source.matches(of: pattern()) {
                faults.add(at: place.of(match.range.lowerBound), message, hint: hint)
            }
        }
        for match in source.matches(of: style) {
            guard let liquid = match.output.1.firstRange(of: /\{[{%]/) else { continue }
            faults.add(
                at: place.of(liquid.lowerBound), "Liquid in a <style>, which is known by its digest",
                hint: "write the style as it is, and put classes on elements instead")
        }
        if page != .track, source.firstMatch(of: /\{\{-?\s*content\s*-?\}\}/) == nil {
            faults.add(
                at: start, "the page has no {{ content }}, so nobody could press its button",
                hint: "write {{ content }} where the page's own part belongs")
        }
    }

    private static let refusals: [(pattern: @Sendable () -> Regex<Substring>, message: String, hint: String)] = [
        ({ /(?i)<script\b/ }, "a page runs no script", "take it out"),
        ({ /(?i)<(?:iframe|frame|object|embed|applet|portal)\b/ }, "a page holds no other page", "take it out"),
        ({ /(?i)<base\b/ }, "a <base> would lead all links elsewhere", "take it out"),
        ({ /(?i)<meta\b[^>]*http-equiv/ }, "a page sets no headers", "take it out"),
        (
            { /(?i)<form\b/ }, "a form of its own goes nowhere", "{{ content }} brings the page's own form"
        ),
        ({ /(?i)<[a-z][^>]*\son[a-z]+\s*=/ }, "a page runs no script, so 'on…' does nothing", "take it out"),
        (
            { /(?i)<[a-z][^>]*\sstyle\s*=/ }, "the style of one element is not applied",
            "give it a class, and write that in a <style>"
        ),
        (
            { /(?i)<link\b(?![^>]*\{\{\s*stylesheet\s*\}\})[^>]*rel\s*=\s*["']?(?:stylesheet|preload|modulepreload)/ },
            "no style from elsewhere is loaded", "write it in a <style>, or take ours: href=\"{{ stylesheet }}\""
        ),
        (
            { /(?i)<(?:img|source|video|audio|input)\b[^>]*\ssrc(?:set)?\s*+=\s*+["']?+(?!data:)/ },
            "no picture from elsewhere is loaded", "write it as src=\"data:image/…\", or draw it as <svg>"
        ),
        ({ /(?i)@import\b/ }, "no style from elsewhere is loaded", "write it here"),
        (
            { /(?i)url\(\s*+["']?+(?!data:|#)[^)\s]/ }, "nothing from elsewhere is loaded",
            "write it as url(data:…)"
        ),
        ({ /(?i)(?:href|action)\s*=\s*["']?\s*javascript:/ }, "a page runs no script", "take it out"),
    ]

    /// Where something stands in a text.
    private struct Places {
        let source: String

        init(_ source: String) { self.source = source }

        func of(_ index: String.Index) -> Position {
            let before = source[..<index]
            let line = before.lastIndex(where: \.isNewline).map { source.index(after: $0) } ?? source.startIndex
            return Position(
                line: before.count(where: \.isNewline) + 1, column: source.distance(from: line, to: index) + 1)
        }
    }

    /// Renders it with everything, and with all missing that may be.
    private func tryOut(_ faults: inout FaultList) {
        for bare in [false, true] {
            do throws(RenderError) {
                _ = try render(Self.specimen(page, bare: bare), content: "", locale: "en")
            } catch {
                faults.add(
                    at: Position(line: max(1, error.line), column: 1),
                    "this cannot be shown\(bare ? " where all is missing that may be" : ""): \(error.message)")
                return
            }
        }
    }

    // MARK: - Names

    /// The names that a design of that page has.
    static func schema(_ page: Page) -> Schema {
        var entries = [
            Schema.Entry("title", .text), Schema.Entry("language", .text), Schema.Entry("content", .text),
            Schema.Entry("stylesheet", .text), Schema.Entry("shop", .object), Schema.Entry("shop.name", .text),
            Schema.Entry("shop.url", .text, canBeEmpty: true), Schema.Entry("shop.address", .text, canBeEmpty: true),
            Schema.Entry("preferences_url", .text, canBeEmpty: true), Schema.Entry("page", .object),
        ]
        switch page {
        case .track:
            entries += [
                Schema.Entry("page.happened", .text), Schema.Entry("page.contents", .text),
                Schema.Entry("page.help", .text, canBeEmpty: true), Schema.Entry("page.wrong", .text),
                Schema.Entry("page.parcels", .objects),
            ]
            entries += ["which", "headline", "see"].map { Schema.Entry("page.parcels.\($0)", .text) }
            entries += ["late", "note", "unknown", "carrier", "url"].map {
                Schema.Entry("page.parcels.\($0)", .text, canBeEmpty: true)
            }
            entries += [
                Schema.Entry("page.parcels.lines", .texts), Schema.Entry("page.parcels.steps", .objects),
                Schema.Entry("page.parcels.steps.name", .text),
                Schema.Entry("page.parcels.steps.state", .oneOf(["done", "now", "later"])),
                Schema.Entry("page.parcels.scans", .objects), Schema.Entry("page.parcels.scans.iso", .text),
                Schema.Entry("page.parcels.scans.time", .text), Schema.Entry("page.parcels.scans.words", .text),
            ]
        case .stop, .preferences, .rate:
            entries += [
                Schema.Entry("page.title", .text), Schema.Entry("page.words", .text),
                Schema.Entry("page.button", .text, canBeEmpty: true),
            ]
        }
        return Schema(entries)
    }

    /// What a page may say, for trials and previews.
    ///
    /// - Parameter bare: without all that can be missing.
    public static func specimen(_ page: Page, bare: Bool = false) -> [String: Value] {
        let content: Value
        switch page {
        case .track: content = track(bare: bare)
        case .stop:
            content = [
                "title": "No more offers?", "words": "We still write to you about your orders.",
                "button": bare ? .null : "No more offers", "path": "/p/example/stop",
            ]
        case .preferences:
            let choices: [Value] = [
                ["name": "order", "words": "News of order #1043", "is_on": true, "is_ours": false],
                ["name": "marketing", "words": "Offers and other advertising", "is_on": false, "is_ours": false],
            ]
            content = [
                "title": "What we write to you about", "words": "Untick what you do not want by mail.",
                "button": bare ? .null : "Save", "path": "/p/example/preferences", "choices": .array(choices),
            ]
        case .rate:
            let scores: [Value] = Rating.scores.map { ["number": .int($0), "is_chosen": .bool($0 == 5)] }
            content = [
                "title": "How was the delivery of order #1043?", "words": "", "button": bare ? .null : "Send",
                "path": "/p/example/rate", "note": .null, "help": .null, "label": "From 1, bad, to 5, very good",
                "line": "Anything you want to tell us?", "given": .null, "scores": .array(scores),
                "shown": "", "link": "", "letters": .int(RatingPost.mostLetters),
            ]
        }
        var shop: [(String, Value)] = [("name", "Juniper & Fig")]
        if !bare {
            shop += [("url", "https://juniperfig.example"), ("address", "12 Fig Lane, Bristol BS1 4DJ")]
        }
        return [
            "title": page == .track ? "Expected on Tuesday, 1 December" : "Juniper & Fig", "language": "en",
            "stylesheet": "/static/desk.css", "shop": .object(Object(shop)),
            "preferences_url": bare ? .null : "/p/example/preferences", "page": content,
        ]
    }

    private static func track(bare: Bool) -> Value {
        var parcel: [(String, Value)] = [
            ("which", "Order #1043, parcel 1 of 2"), ("headline", "Expected on Tuesday, 1 December"),
            ("see", "See it at Royal Mail"),
        ]
        if !bare {
            let steps: [Value] = [
                ["name": "Packed", "state": "done"], ["name": "Handed over", "state": "done"],
                ["name": "On its way", "state": "now"], ["name": "At your door", "state": "later"],
            ]
            let scans: [Value] = [
                ["iso": "2026-11-28T07:10:00Z", "time": "Sat 28 Nov, 07:10", "words": "On its way, Leeds"],
                ["iso": "2026-11-27T18:44:00Z", "time": "Fri 27 Nov, 18:44", "words": "Handed over, Bath"],
            ]
            parcel += [
                ("late", "3 days late"), ("note", "We are sorry: it was promised for Saturday, 28 November."),
                ("carrier", "Royal Mail, number ending 94GB."), ("url", "https://carrier.example/1094"),
                ("steps", .array(steps)), ("scans", .array(scans)),
                ("lines", ["Linen apron, Moss · 1", "Beeswax candle · 2"]),
            ]
        } else {
            for list in ["steps", "scans", "lines"] { parcel.append((list, .array([]))) }
        }
        return [
            "happened": "What happened", "contents": "In this parcel",
            "help": bare ? .null : "mailto:orders@juniperfig.example?subject=1043", "wrong": "Something is wrong",
            "parcels": .array([.object(Object(parcel))]),
        ]
    }

    // MARK: - Rendering

    /// The whole page.
    ///
    /// - Parameters:
    ///   - names: those of `specimen`.
    ///   - content: the inside of our own page, as HTML.
    ///   - locale: whose words days and months have.
    public func render(
        _ names: [String: Value], content: String, locale: String
    ) throws(RenderError) -> [UInt8] {
        var options = RenderOptions()
        options.destination = .html
        options.errors = .thrown
        options.locale = locale
        var names = names
        names["content"] = .safe(SafeText(content, for: .html))
        return try template.render(Liquid.Scope(names), options).bytes
    }
}

extension TemplateSet {
    /// The design of a page for those who read `locale`; nil where the shop has none.
    public func design(_ page: PageDesign.Page, locale: String) -> PageDesign? {
        let mine = designs.filter { $0.page == page }
        for wanted in Locales.chain(locale).map(Optional.some) + [nil] {
            if let found = mine.first(where: { $0.locale == wanted }) { return found }
        }
        return nil
    }
}

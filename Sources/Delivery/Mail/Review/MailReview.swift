internal import Foundation
public import Outreach

// What an experienced mail designer would say about a merchant's templates before anybody receives one: what is hard to
// read, and what mail programs do not show. Outlook on Windows uses Word's layout engine; Gmail keeps <style> and
// classes, but not `position`, and cuts a mail off after 102 KB of HTML; none runs scripts or submits forms. Which
// program supports what is listed at https://www.caniemail.com.
//
// Nothing here is an error: such a mail is delivered. So all of these are warnings, and `check --strict` makes them
// count.

/// Reviews the templates of a set as mails.
public enum MailReview {
    /// Gmail does not show HTML beyond this many bytes.
    static let clippedAt = 102 * 1024

    /// The warnings.
    ///
    /// - Parameters:
    ///   - set: the set, if the files make up one: it is used for what can only be seen in a rendered mail.
    ///   - folder: the files.
    public static func faults(of set: TriggerSet?, in folder: TriggerFolder) -> [Fault] {
        let specimens = set?.specimens() ?? []
        let byFile = Dictionary(specimens.map { ($0.file, $0) }) { first, _ in first }
        var faults = set.map { brand($0.settings.brand, in: folder) } ?? []
        for path in folder.files.keys.sorted() where path.hasPrefix("templates/") && !path.hasSuffix(".json") {
            guard let text = folder.text(path) else { continue }
            let file = folder.shown(path)
            let source = TemplateSource(text)
            var list = FaultList(file: file)
            let isPartial = path.hasPrefix("templates/partials/")
            if path.hasSuffix(".md") {
                MarkdownReview.look(at: source, &list)
            } else {
                HTMLReview.look(at: source, isWhole: !isPartial, &list)
            }
            faults += list.faults
            if let specimen = byFile[file], let set {
                faults += rendered(specimen, source, set.settings.brand)
            }
        }
        if let set { faults += marketing(set, in: folder) }
        return faults.sorted(by: Fault.precedes)
    }

    /// Mail programs show 40 to 70 characters of a subject; twice as many are certainly too many.
    static let longSubject = 140

    // MARK: - A rendered mail

    private static func rendered(_ specimen: Specimen, _ source: TemplateSource, _ brand: Brand) -> [Fault] {
        var list = FaultList(file: specimen.file)
        var draft = MailDraft(
            from: brand.from, to: brand.from, sender: "", subject: specimen.mail.subject,
            preview: specimen.mail.preview, body: specimen.mail.body, language: specimen.mail.language,
            messageID: "check@\(brand.from.domain)", date: Moment(seconds: 0), brand: brand)
        draft.parcels = specimen.mail.parcels
        if specimen.isForCustomer { draft.occasion = specimen.about == .marketing ? .marketing : .order }
        let html = MailBodies(draft).html
        let start = Position(line: specimen.bodyLine, column: 1)
        if html.utf8.count > clippedAt {
            list.warn(
                at: start,
                "the mail has \(html.utf8.count / 1024) KB of HTML with the standard order, and Gmail cuts it off after 102",
                hint: "make it shorter, and link to pictures rather than writing them into it")
        }
        if specimen.mail.subject.count > longSubject {
            list.warn(
                at: Position(line: specimen.subjectLine, column: 1),
                "the subject has \(specimen.mail.subject.count) letters with the standard order, and mail programs show 40 to 70 of them",
                hint: "say the most important in a few words, and the rest under 'preview:'")
        }
        let body: String
        switch specimen.mail.body {
        case .markdown(let markdown):
            let blocks = MarkdownReader.blocks(of: markdown)
            let titles = blocks.count { if case .heading(level: 1, _) = $0 { true } else { false } }
            if titles > 1, let place = MarkdownReview.titles(in: source).dropFirst().first {
                list.warn(
                    at: source.position(place), "a mail has one title, and this is a second one",
                    hint: "write '## ' for the headings below it")
            }
            var writer = MailHTMLWriter(
                colors: BrandColors(brand: brand.color), isRightToLeft: false, hasTitle: false)
            writer.write(blocks)
            body = writer.html
        case .html(let html):
            body = html
            let titles = HTMLReview.titles(in: html)
            if titles == 0 {
                list.warn(
                    at: start, "the mail has no <h1>, by which people who listen to mails find its start",
                    hint: "make its first line one: <h1>…</h1>")
            } else if titles > 1, let place = HTMLReview.titlePlaces(in: source).dropFirst().first {
                list.warn(
                    at: source.position(place), "a mail has one <h1>, and this is a second one",
                    hint: "write <h2> for the headings below it")
            }
            if specimen.about == .marketing, specimen.isForCustomer, !html.contains(specimen.unsubscribeURL) {
                list.warn(
                    at: start, "a marketing mail needs an unsubscribe link, and this one has none",
                    hint: "add <a href=\"{{ customer.unsubscribe_url }}\">Unsubscribe</a> at its foot")
            }
        }
        if HTMLReview.hasPictures(body), HTMLReview.words(of: body) < 8 {
            list.warn(
                at: start, "without its pictures the mail says next to nothing, and many programs load none",
                hint: "write in words what the pictures say")
        }
        return list.faults
    }

    // MARK: - The shop

    private static func brand(_ brand: Brand, in folder: TriggerFolder) -> [Fault] {
        var list = FaultList(file: folder.shown("shop.yaml"))
        if let color = RGBColor(brand.color) {
            let ratio = color.contrast(with: .white)
            if ratio < BrandColors.textContrast {
                let used = BrandColors(brand: brand.color).light.accent.hex
                list.warn(
                    at: place(of: "color", in: folder),
                    "'\(color.hex)' is hard to read on white (\(shown(ratio)) to 1, where WCAG AA asks for 4.5), so mails write the shop's name and links in \(used)",
                    hint: "choose a darker colour to decide that yourself")
            }
        }
        return list.faults
    }

    private static func marketing(_ set: TriggerSet, in folder: TriggerFolder) -> [Fault] {
        guard set.settings.brand.address == nil,
            let trigger = set.triggers.first(where: { $0.about == .marketing && $0.mode != .off })
        else { return [] }
        return [
            Fault(
                .warning, file: folder.shown("shop.yaml"), line: place(of: "brand", in: folder).line, column: 1,
                "marketing mail (\(trigger.file)) has to contain your postal address",
                hint: "write 'address:' below 'brand:'")
        ]
    }

    private static func shown(_ ratio: Double) -> String {
        let tenths = Int((ratio * 10).rounded(.down))
        return "\(tenths / 10).\(tenths % 10)"
    }

    /// The position of a key's value in shop.yaml. The file was read without a fault, so the key occurs once.
    private static func place(of key: String, in folder: TriggerFolder) -> Position {
        let lines = (folder.text("shop.yaml") ?? "").split(separator: "\n", omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() {
            guard let found = line.firstRange(of: "\(key):"), !line[..<found.lowerBound].contains("#") else { continue }
            let value = line[found.upperBound...].drop { $0 == " " }
            return Position(line: index + 1, column: line.count - value.count + 1)
        }
        return Position(line: 1, column: 1)
    }
}

// MARK: - Markdown

/// Checks of a Markdown template itself.
enum MarkdownReview {
    static func look(at source: TemplateSource, _ faults: inout FaultList) {
        let text = source.text
        func place(_ range: Range<String.Index>) -> Position {
            source.position(text.utf8.distance(from: text.startIndex, to: range.lowerBound))
        }
        for match in text.matches(of: /!\[\s*\]\(/) {
            faults.warn(
                at: place(match.range), "the picture has no words for those who do not see it",
                hint: "write them between the brackets: ![Two candles](…)")
        }
        for match in text.matches(of: /(!?)\[[^\[\]]*\]\(\s*<?([^\s()<>"]*)/) {
            guard let remark = AddressReview.remark(on: String(match.output.2), isPicture: match.output.1 == "!") else {
                continue
            }
            faults.warn(at: place(match.range), remark.message, hint: remark.hint)
        }
        for match in text.matches(of: /(?:\]\(\s*|<)http:\/\/[^\s)>]*/.ignoresCase()) {
            faults.warn(at: place(match.range), "the address is not https", hint: "write 'https://'")
        }
        var said: Set<Substring> = []
        for match in text.matches(of: /<([A-Za-z][A-Za-z0-9]*)(?=[\s\/>\u{1}])/) {
            let tag = match.output.1
            guard tag.lowercased() != "br", said.insert(tag).inserted else { continue }
            faults.warn(
                at: place(match.range), "<\(tag)> is left out of a Markdown mail, which knows no tag but <br>",
                hint: "write it in Markdown, or name the file '.html' and bring a whole design")
        }
    }

    /// The positions of the titles.
    static func titles(in source: TemplateSource) -> [Int] {
        let text = source.text
        return text.matches(of: /(?:^|\n)#\s/).map { match in
            let offset = text.utf8.distance(from: text.startIndex, to: match.range.lowerBound)
            return source.bytes[offset] == 0x0A ? offset + 1 : offset
        }
    }
}

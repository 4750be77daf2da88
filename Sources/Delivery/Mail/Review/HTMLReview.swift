internal import Foundation
internal import Outreach
internal import Platform

/// Checks of the HTML of a merchant's own design.
enum HTMLReview {
    /// Elements that mail programs remove, each with what to use instead.
    private static let unsupported: [String: String] = [
        "script": "take it out; no mail program runs scripts", "form": "link to a page that has the form",
        "input": "link to a page that has the form", "select": "link to a page that has the form",
        "textarea": "link to a page that has the form", "iframe": "link to the page",
        "video": "show a picture that links to the video", "audio": "link to the recording",
        "object": "show a picture with a link", "embed": "show a picture with a link",
        "canvas": "show a picture", "svg": "show the drawing as a PNG picture",
    ]

    /// Styles that a mail cannot rely on.
    private static let styles: [(pattern: String, name: String, hint: String)] = [
        (#"position\s*:\s*(absolute|fixed|sticky|relative)"#, "'position'", "place things with tables"),
        (#"display\s*:\s*(inline-)?(flex|grid)"#, "'flex' and 'grid'", "place things with tables"),
        (
            #"background(-image)?\s*:[^;}"]*url\("#, "background pictures",
            "make sure that the text is readable without it, or use an <img>"
        ),
        (#"@import"#, "'@import'", "write the styles into the mail itself"),
        (#"var\(\s*--"#, "variables in styles", "write the value itself"),
    ]
    private static let whereNot = [
        "'position'": "Gmail and Outlook leave out", "'flex' and 'grid'": "Outlook leaves out",
        "background pictures": "Outlook shows no", "'@import'": "mail programs leave out",
        "variables in styles": "Gmail and Outlook leave out",
    ]

    static func look(at source: TemplateSource, isWhole: Bool, _ faults: inout FaultList) {
        let front = isWhole ? frontMatterEnd(source.bytes) : 0
        var tokens = HTMLTokens(bytes: Array(source.bytes[front...]))
        var saysLanguage = !isWhole
        var sawPage = false
        var said: Set<String> = []
        while let token = tokens.next() {
            let place = source.position(front + tokens.start)
            switch token {
            case .text, .close: continue
            case .raw(let name, let attributes, let content):
                if name == "style" {
                    styles(source, (front + content.lowerBound)..<(front + content.upperBound), &said, &faults)
                } else if name == "script", attributes["type"]?.lowercased() == "application/ld+json" {
                    continue
                } else {
                    element(name, place, &said, &faults)
                }
            case .open(let name, let attributes, _):
                if name == "html" {
                    sawPage = true
                    saysLanguage = attributes["lang"]?.isEmpty == false
                    if !saysLanguage {
                        faults.warn(
                            at: place, "the page does not say its language, so it is read out in the wrong one",
                            hint: "write <html lang=\"en\">")
                        saysLanguage = true
                    }
                }
                element(name, place, &said, &faults)
                look(at: name, attributes, place, &faults)
                if let style = attributes["style"] { inline(style, place, &said, &faults) }
            }
        }
        if isWhole, !sawPage {
            faults.warn(
                at: source.position(front), "the mail is not a complete page and does not say its language",
                hint: "put it into <html lang=\"en\"><body>…</body></html>")
        }
    }

    private static func element(_ name: String, _ place: Position, _ said: inout Set<String>, _ faults: inout FaultList)
    {
        guard let hint = unsupported[name], said.insert(name).inserted else { return }
        faults.warn(at: place, "mail programs leave out <\(name)>", hint: hint)
    }

    private static func look(
        at name: String, _ attributes: [String: String], _ place: Position, _ faults: inout FaultList
    ) {
        switch name {
        case "img":
            if attributes["alt"] == nil {
                faults.warn(
                    at: place, "the picture has no words for those who do not see it",
                    hint: "write alt=\"…\", or alt=\"\" if it is only decoration")
            }
        case "link" where attributes["rel"]?.lowercased().contains("stylesheet") ?? false:
            faults.warn(
                at: place, "mail programs load no style sheets", hint: "write the styles into <style> or style=\"…\"")
        default: break
        }
        let address = name == "img" ? attributes["src"] : name == "a" || name == "area" ? attributes["href"] : nil
        if let address, !address.hasPrefix("#"),
            let remark = AddressReview.remark(on: address, isPicture: name == "img")
        {
            faults.warn(
                at: place, remark.message.replacing(", and is left out", with: ""), hint: remark.hint)
        }
        if attributes["background"] != nil {
            faults.warn(
                at: place, "Outlook shows no background pictures",
                hint: "make sure that the text is readable without it, or use an <img>")
        }
        for key in ["href", "src", "background"] where attributes[key]?.lowercased().hasPrefix("http://") ?? false {
            faults.warn(at: place, "the address is not https", hint: "write '\(key)=\"https://…\"'")
        }
    }

    private static func inline(
        _ style: String, _ place: Position, _ said: inout Set<String>, _ faults: inout FaultList
    ) {
        for (pattern, name, hint) in styles
        where style.range(of: pattern, options: [.regularExpression, .caseInsensitive]) != nil {
            guard said.insert(name).inserted else { continue }
            faults.warn(at: place, "\(whereNot[name]!) \(name)", hint: hint)
        }
    }

    private static func styles(
        _ source: TemplateSource, _ content: Range<Int>, _ said: inout Set<String>, _ faults: inout FaultList
    ) {
        let text = String(decoding: source.bytes[content], as: UTF8.self)
        for (pattern, name, hint) in styles {
            guard let range = text.range(of: pattern, options: [.regularExpression, .caseInsensitive]),
                said.insert(name).inserted
            else { continue }
            let offset = text.utf8.distance(from: text.startIndex, to: range.lowerBound)
            faults.warn(
                at: source.position(content.lowerBound + offset), "\(whereNot[name]!) \(name)", hint: hint)
        }
    }

    /// The byte after the line that ends the front matter.
    static func frontMatterEnd(_ bytes: [UInt8]) -> Int {
        guard bytes.starts(with: "---".utf8) else { return 0 }
        var lineStart = 0
        var lines = 0
        for (index, byte) in bytes.enumerated() where byte == 0x0A {
            let line = bytes[lineStart..<index]
            lineStart = index + 1
            lines += 1
            if lines > 1, line.starts(with: "---".utf8) { return lineStart }
        }
        return 0
    }

    // MARK: - A rendered page

    /// How many `<h1>` there are.
    static func titles(in html: String) -> Int {
        count(html) { if case .open("h1", _, _) = $0 { true } else { false } }
    }

    /// The positions of the `<h1>` in a source.
    static func titlePlaces(in source: TemplateSource) -> [Int] {
        var tokens = HTMLTokens(bytes: source.bytes)
        var places: [Int] = []
        while let token = tokens.next() {
            if case .open("h1", _, _) = token { places.append(tokens.start) }
        }
        return places
    }

    static func hasPictures(_ html: String) -> Bool {
        count(html) { if case .open("img", _, _) = $0 { true } else { false } } > 0
    }

    /// How many words are readable when images are not shown.
    static func words(of html: String) -> Int {
        var tokens = HTMLTokens(html)
        var words = 0
        while let token = tokens.next() {
            if case .text(let run) = token { words += run.split(whereSeparator: \.isWhitespace).count }
        }
        return words
    }

    private static func count(_ html: String, where isMeant: (HTMLTokens.Token) -> Bool) -> Int {
        var tokens = HTMLTokens(html)
        var found = 0
        while let token = tokens.next() {
            if isMeant(token) { found += 1 }
        }
        return found
    }
}

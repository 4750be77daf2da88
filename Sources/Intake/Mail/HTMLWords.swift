// The words of a mail in HTML, line by line, and which of them its own markup calls a quote: mail programs wrap what
// they quote in elements that can be known by their names. What the markup does not tell, the words do (`QuoteCutter`).
// One pass over the tags, and no recursion.

internal import Platform

/// A page as text.
struct HTMLWords {
    private(set) var scalars: [Unicode.Scalar] = []
    /// What the markup marks, over `scalars`.
    private(set) var marks: [MailCut] = []

    var text: String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        return String(view)
    }

    /// An element that is open.
    private struct Open {
        var tag: String
        var start: Int
        var why: MailCut.Reason?
        var isHidden: Bool
    }

    private var open: [Open] = []
    private var hidden = 0
    private var preformatted = 0
    private var owesSpace = false
    private static let deepest = 256

    init(_ html: String) {
        var tokens = HTMLTokens(html)
        while let token = tokens.next() {
            switch token {
            case .text(let run): if hidden == 0 { append(run) }
            case .open(let tag, let attributes, let closes): begin(tag, attributes, closes: closes)
            case .close(let tag): end(tag)
            case .raw: break
            }
        }
        while !open.isEmpty { close() }
        while let last = scalars.last, last == "\n" || last == " " { scalars.removeLast() }
        marks = marks.compactMap { mark in
            let end = min(mark.end, scalars.count)
            return mark.start < end ? MailCut(start: mark.start, end: end, why: mark.why) : nil
        }.sorted { ($0.start, -$0.end) < ($1.start, -$1.end) }
    }

    private static let blocks: Set<String> = [
        "p", "div", "table", "tbody", "thead", "tfoot", "tr", "section", "article", "header", "footer", "main", "ul",
        "ol", "li", "dl", "dt", "dd", "blockquote", "pre", "h1", "h2", "h3", "h4", "h5", "h6", "form", "fieldset",
        "address", "center", "figure", "body", "html", "hr",
    ]
    private static let paragraphs: Set<String> = [
        "p", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "table",
    ]
    private static let voids: Set<String> = [
        "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr",
    ]
    private static let unseen: Set<String> = [
        "head", "template", "object", "svg", "math", "noscript", "select", "iframe",
    ]

    private mutating func begin(_ tag: String, _ attributes: [String: String], closes: Bool) {
        if tag == "br" {
            if hidden == 0 { newLine() }
            return
        }
        if tag == "hr", hidden == 0 { breakLine() }
        if Self.voids.contains(tag) || closes { return }
        if tag == "li" || tag == "p" || tag == "tr" || tag == "td", open.last?.tag == tag { close() }
        guard open.count < Self.deepest else { return }
        if hidden == 0 {
            if Self.blocks.contains(tag) { breakLine(isParagraph: Self.paragraphs.contains(tag)) }
            if tag == "li" { append("- ") }
            if tag == "td" || tag == "th" { owesSpace = true }
        }
        let isHidden = Self.unseen.contains(tag) || Self.isHidden(attributes)
        if isHidden { hidden += 1 }
        if tag == "pre" { preformatted += 1 }
        open.append(
            Open(
                tag: tag, start: scalars.count, why: hidden == 0 ? Self.reason(tag, attributes) : nil,
                isHidden: isHidden))
        if hidden == 0, Self.startsRest(tag, attributes) {
            // From here to the end: Outlook puts what it quotes behind this element, not into it.
            marks.append(MailCut(start: scalars.count, end: .max, why: .quote))
        }
    }

    private mutating func end(_ tag: String) {
        guard let index = open.lastIndex(where: { $0.tag == tag }) else {
            if tag == "p", hidden == 0 { breakLine(isParagraph: true) }
            return
        }
        while open.count > index { close() }
    }

    private mutating func close() {
        let element = open.removeLast()
        if element.isHidden { hidden -= 1 }
        if element.tag == "pre" { preformatted -= 1 }
        if let why = element.why, element.start < scalars.count {
            marks.append(MailCut(start: element.start, end: scalars.count, why: why))
        }
        if hidden == 0 {
            if Self.blocks.contains(element.tag) { breakLine(isParagraph: Self.paragraphs.contains(element.tag)) }
            if element.tag == "td" || element.tag == "th" { owesSpace = true }
        }
    }

    private static func isHidden(_ attributes: [String: String]) -> Bool {
        if attributes["hidden"] != nil { return true }
        guard let style = attributes["style"] else { return false }
        let dense = style.lowercased().filter { !$0.isWhitespace }
        return dense.contains("display:none") || dense.contains("visibility:hidden") || dense.contains("mso-hide:all")
    }

    private static let quoteClasses: Set<String> = [
        "gmail_quote", "gmail_quote_container", "yahoo_quoted", "protonmail_quote", "tutanota_quote", "zmail_extra",
        "moz-forward-container", "cite", "quote", "wl_quote", "ms-outlook-mobile-reference-message",
        "freebirdmailquote", "replyblock",
    ]
    private static let attributionClasses: Set<String> = ["gmail_attr", "moz-cite-prefix", "protonmail_quote_header"]
    private static let signatureClasses: Set<String> = [
        "gmail_signature", "moz-signature", "protonmail_signature_block", "tutanota_signature",
        "ms-outlook-mobile-signature",
    ]

    private static func reason(_ tag: String, _ attributes: [String: String]) -> MailCut.Reason? {
        let classes = Set((attributes["class"] ?? "").lowercased().split { $0.isWhitespace }.map(String.init))
        let id = (attributes["id"] ?? "").lowercased()
        if !classes.isDisjoint(with: attributionClasses) { return .attribution }
        if !classes.isDisjoint(with: quoteClasses) || id.hasPrefix("yahoo_quoted") || id == "olk_src_body_section" {
            return .quote
        }
        if !classes.isDisjoint(with: signatureClasses) || id == "signature" || id == "ms-outlook-mobile-signature" {
            return .signature
        }
        guard tag == "blockquote" else { return nil }
        // Gmail indents with it, and says that there is no border; other programs quote with it.
        let style = (attributes["style"] ?? "").lowercased().filter { !$0.isWhitespace }
        return style.contains("border:none") && attributes["type"] != "cite" ? nil : .quote
    }

    /// Whether all that follows is what is replied to: Outlook's ways.
    private static func startsRest(_ tag: String, _ attributes: [String: String]) -> Bool {
        let id = (attributes["id"] ?? "").lowercased()
        // A second reply puts letters before the names: `x_divRplyFwdMsg`.
        if id.hasSuffix("divrplyfwdmsg") || id.hasSuffix("appendonsend") || id == "stoppspelling" { return true }
        guard tag == "div", let style = attributes["style"]?.lowercased() else { return false }
        let dense = style.filter { !$0.isWhitespace }
        return dense.contains("border:none;border-top:solid#e1e1e11.0pt")
            || dense.contains("border:none;border-top:solid#b5c4df1.0pt")
            || dense.contains("border-top:solid#e1e1e11.0pt;padding:3.0pt0")
    }

    private mutating func append(_ run: String) {
        if preformatted > 0 {
            for scalar in run.unicodeScalars where scalar != "\r" { scalars.append(scalar) }
            return
        }
        for scalar in run.unicodeScalars {
            if scalar.properties.isWhitespace {
                owesSpace = true
                continue
            }
            if scalar == "\u{200B}" || scalar == "\u{200C}" || scalar == "\u{34F}" || scalar == "\u{AD}"
                || scalar == "\u{FEFF}" || scalar.isForbiddenInText
            {
                continue
            }
            if owesSpace, let last = scalars.last, last != "\n", last != " " { scalars.append(" ") }
            owesSpace = false
            scalars.append(scalar)
        }
    }

    private mutating func newLine() {
        owesSpace = false
        // No more than two empty lines, however many are asked for.
        if scalars.count >= 3, scalars.suffix(3).allSatisfy({ $0 == "\n" }) { return }
        if !scalars.isEmpty { scalars.append("\n") }
    }

    private mutating func breakLine(isParagraph: Bool = false) {
        owesSpace = false
        guard let last = scalars.last else { return }
        if last != "\n" { scalars.append("\n") }
        if isParagraph, scalars.count >= 2, scalars[scalars.count - 2] != "\n" { scalars.append("\n") }
    }
}

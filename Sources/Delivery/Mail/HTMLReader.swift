// The text of an HTML mail, for its plain-text part. This is not a browser: it goes through the tags as they come,
// tolerates unclosed ones, and knows only what matters for reading: what is a paragraph, a line, a list item, a link, a
// picture, a quote, and what is not visible at all. The grammar of tags, attributes and references is that of the HTML
// standard (13.2.5), without its corner cases. It makes one pass without recursion and never looks at anything twice,
// so that a hostile page costs time linear in its length.

internal import Platform

/// Reads HTML into blocks of text.
struct HTMLReader {
    private var blocks: [MailBlock] = []
    private var words: [MailInline] = []
    private var text = ""
    private var isPreformatted = 0
    private var link: (target: LinkTarget, before: [MailInline])?
    private var quoteDepth = 0
    /// For each open list: the number of its next item, or nil for bullets.
    private var lists: [Int?] = []
    private var mark: String?
    /// The element whose content is not visible, and how many elements of that name are open.
    private var hidden: (name: String, depth: Int)?

    /// The blocks of a page.
    static func blocks(of html: String) -> [MailBlock] {
        var reader = HTMLReader()
        var source = HTMLTokens(html)
        while let token = source.next() {
            reader.take(token)
        }
        reader.endBlock()
        return reader.blocks
    }

    private static let blockTags: Set<String> = [
        "p", "div", "table", "tbody", "thead", "tfoot", "tr", "section", "article", "header", "footer", "main", "ul",
        "ol",
        "li", "dl", "dt", "dd", "blockquote", "pre", "h1", "h2", "h3", "h4", "h5", "h6", "form", "fieldset", "address",
        "center", "figure", "figcaption", "nav", "aside", "body", "html", "hr",
    ]
    private static let unseenTags: Set<String> = [
        "head", "template", "object", "svg", "math", "noscript", "select", "iframe",
    ]
    private static let voidTags: Set<String> = [
        "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr",
    ]

    private mutating func take(_ token: HTMLTokens.Token) {
        if let (name, depth) = hidden {
            switch token {
            case .open(let tag, _, let closes) where tag == name && !closes: hidden = (name, depth + 1)
            case .close(let tag) where tag == name: hidden = depth == 1 ? nil : (name, depth - 1)
            default: break
            }
            return
        }
        switch token {
        case .text(let run): append(run)
        case .open(let tag, let attributes, let closes): open(tag, attributes, closes: closes)
        case .close(let tag): close(tag)
        case .raw: break
        }
    }

    private mutating func open(_ tag: String, _ attributes: [String: String], closes: Bool) {
        let isVoid = Self.voidTags.contains(tag)
        if !isVoid, !closes, Self.unseenTags.contains(tag) || Self.isUnseen(attributes) {
            if Self.blockTags.contains(tag) { endBlock() }
            hidden = (tag, 1)
            return
        }
        switch tag {
        case "br":
            endText()
            words.append(.lineBreak)
        case "td", "th": text += " "
        case "img":
            if let alt = attributes["alt"]?.onOneLine { text += alt }
        case "a":
            endLink()
            endText()
            if let target = attributes["href"].flatMap({ LinkTarget($0) }) { link = (target, words) }
            if link != nil { words = [] }
        case "hr":
            endBlock()
            add(.rule)
        case "ul", "ol":
            endBlock()
            if lists.count < MarkdownReader.maximumDepth { lists.append(tag == "ol" ? 1 : nil) }
        case "li":
            endBlock()
            if let number = lists.last, let number {
                mark = "\(number). "
                lists[lists.count - 1] = number + 1
            } else {
                mark = "* "
            }
        case "blockquote":
            endBlock()
            quoteDepth += 1
        case "pre":
            endBlock()
            isPreformatted += 1
        default: if Self.blockTags.contains(tag) { endBlock() }
        }
    }

    private mutating func close(_ tag: String) {
        switch tag {
        case "a": endLink()
        case "td", "th": text += " "
        case "h1", "h2", "h3", "h4", "h5", "h6": endBlock(headingLevel: Int(tag.dropFirst()))
        case "ul", "ol":
            endBlock()
            _ = lists.popLast()
        case "blockquote":
            endBlock()
            quoteDepth = max(0, quoteDepth - 1)
        case "pre":
            endBlock()
            isPreformatted = max(0, isPreformatted - 1)
        default: if Self.blockTags.contains(tag) { endBlock() }
        }
    }

    private static func isUnseen(_ attributes: [String: String]) -> Bool {
        if attributes["hidden"] != nil { return true }
        guard let style = attributes["style"] else { return false }
        let dense = style.lowercased().filter { !$0.isWhitespace }
        return dense.contains("display:none") || dense.contains("visibility:hidden") || dense.contains("mso-hide:all")
    }

    private mutating func append(_ run: String) {
        guard isPreformatted == 0 else {
            for (index, line) in run.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
                if index > 0 {
                    endText()
                    words.append(.lineBreak)
                }
                text += line
            }
            return
        }
        var lastIsSpace = text.isEmpty ? startsLine : text.last == " "
        for scalar in run.unicodeScalars {
            // A no-break space stays one: it holds "2 kg" together.
            if scalar.properties.isWhitespace && scalar != "\u{A0}" {
                if !lastIsSpace { text.unicodeScalars.append(" ") }
                lastIsSpace = true
            } else if scalar != "\u{200B}" && scalar != "\u{200C}" && scalar != "\u{34F}" && scalar != "\u{AD}" {
                text.unicodeScalars.append(scalar)
                lastIsSpace = false
            }
        }
    }

    /// Whether a space here would stand at the start of a line.
    private var startsLine: Bool {
        switch words.last {
        case nil: link?.before.isEmpty ?? true
        case .lineBreak: true
        default: false
        }
    }

    private mutating func endText() {
        if !text.isEmpty { words.append(.text(text)) }
        text = ""
    }

    private mutating func endLink() {
        guard let (target, before) = link else { return }
        endText()
        link = nil
        words = before + (words.isBlank ? words : [.link(target, words)])
    }

    private mutating func endBlock(headingLevel: Int? = nil) {
        let goesOn = link?.target
        endLink()
        endText()
        while words.last == .lineBreak { words.removeLast() }
        while words.first == .lineBreak { words.removeFirst() }
        let inlines = words
        words = []
        if let goesOn, headingLevel == nil { link = (goesOn, []) }
        guard !inlines.isBlank else { return }
        if let headingLevel {
            add(.heading(level: headingLevel, inlines))
        } else if inlines.count == 1, case .link(let target, let inner)? = inlines.first, target.isWeb, mark == nil,
            lists.isEmpty, inner.plainText != target.url
        {
            add(.button(target, inner))
        } else {
            add(.paragraph(inlines))
        }
    }

    /// Adds a block at its place: within its quote and its list. List items are marked as text here, which is all that
    /// the text part needs.
    private mutating func add(_ block: MailBlock) {
        var block = block
        if let mark, case .paragraph(let inlines) = block {
            let number = Int(mark.prefix { $0.isNumber })
            block = .list(start: number, isTight: true, [[.paragraph(inlines)]])
            self.mark = nil
            if quoteDepth == 0, case .list(let start, true, let items)? = blocks.last,
                (start == nil) == (number == nil), number != 1
            {
                blocks[blocks.count - 1] = .list(start: start, isTight: true, items + [[.paragraph(inlines)]])
                return
            }
        }
        for _ in 0..<min(quoteDepth, 8) { block = .quote([block]) }
        blocks.append(block)
    }
}

internal import CMark

// Markdown, as templates use it, is CommonMark (https://spec.commonmark.org/0.30/) read by cmark. Its tree is
// immediately copied into our own values, so that C memory ends here and HTML and text are made from the same tree. Raw
// HTML is not supported: values were escaped for Markdown when they were printed, and tags written by a template's
// author are dropped, except for <br>, which is a line break.

/// A self-contained piece of a mail.
indirect enum MailBlock: Hashable, Sendable {
    case heading(level: Int, [MailInline])
    case paragraph([MailInline])
    /// A link alone in its paragraph.
    case button(LinkTarget, [MailInline])
    case quote([MailBlock])
    /// `start` is nil for bullets. A tight list has no space between its items.
    case list(start: Int?, isTight: Bool, [[MailBlock]])
    case code(String)
    case rule
}

/// A piece of running text.
indirect enum MailInline: Hashable, Sendable {
    case text(String)
    case emphasis([MailInline])
    case strong([MailInline])
    case code(String)
    case link(LinkTarget, [MailInline])
    case image(LinkTarget, alt: String)
    /// A newline in the source, which reads as a space.
    case softBreak
    case lineBreak
}

extension [MailInline] {
    /// The text without markup.
    var plainText: String {
        var text = ""
        for inline in self {
            switch inline {
            case .text(let words), .code(let words): text += words
            case .emphasis(let inner), .strong(let inner), .link(_, let inner): text += inner.plainText
            case .image(_, let alt): text += alt
            case .softBreak, .lineBreak: text += " "
            }
        }
        return text
    }

    /// True if nothing is visible.
    var isBlank: Bool {
        allSatisfy { inline in
            switch inline {
            case .text(let words): words.allSatisfy(\.isWhitespace)
            case .emphasis(let inner), .strong(let inner): inner.isBlank
            case .softBreak, .lineBreak: true
            case .code, .link, .image: false
            }
        }
    }
}

/// Reads Markdown into blocks.
struct MarkdownReader {
    /// How deeply quotes, lists and emphasis may nest; anything deeper is left out. Mails have two or three levels;
    /// cmark itself accepts any number, and walking a tree of a hundred thousand would overflow the stack.
    static let maximumDepth = 24

    /// The blocks of a text. Any text is Markdown, so this cannot fail.
    static func blocks(of markdown: String) -> [MailBlock] {
        var markdown = markdown
        let root = markdown.withUTF8 { bytes in
            bytes.withMemoryRebound(to: CChar.self) {
                cmark_parse_document($0.baseAddress, $0.count, CMARK_OPT_DEFAULT)
            }
        }
        guard let root else { return [] }
        defer { cmark_node_free(root) }
        return Self().blocks(in: root, depth: 0)
    }

    private func blocks(in parent: OpaquePointer, depth: Int) -> [MailBlock] {
        guard depth < Self.maximumDepth else { return [] }
        var blocks: [MailBlock] = []
        for node in children(of: parent) {
            switch cmark_node_get_type(node) {
            case CMARK_NODE_HEADING:
                let words = inlines(in: node, depth: depth + 1)
                if !words.isBlank {
                    blocks.append(.heading(level: Int(cmark_node_get_heading_level(node)), words))
                }
            case CMARK_NODE_PARAGRAPH:
                if let block = paragraph(node, depth: depth) { blocks.append(block) }
            case CMARK_NODE_BLOCK_QUOTE:
                let inner = self.blocks(in: node, depth: depth + 1)
                if !inner.isEmpty { blocks.append(.quote(inner)) }
            case CMARK_NODE_LIST:
                let isOrdered = cmark_node_get_list_type(node) == CMARK_ORDERED_LIST
                let items = children(of: node).map { self.blocks(in: $0, depth: depth + 1) }.filter { !$0.isEmpty }
                if !items.isEmpty {
                    blocks.append(
                        .list(
                            start: isOrdered ? Int(cmark_node_get_list_start(node)) : nil,
                            isTight: cmark_node_get_list_tight(node) != 0, items))
                }
            case CMARK_NODE_CODE_BLOCK: blocks.append(.code(literal(node)))
            case CMARK_NODE_THEMATIC_BREAK: blocks.append(.rule)
            default: break  // HTML blocks
            }
        }
        return blocks
    }

    /// A paragraph, a button, or nil if nothing visible is left.
    private func paragraph(_ node: OpaquePointer, depth: Int) -> MailBlock? {
        if let alone = loneChild(of: node) {
            // A link without a usable target cannot be pressed: better no button than a dead one.
            guard let target = target(of: alone) else { return nil }
            let words = inlines(in: alone, depth: depth + 2)
            if target.isWeb, !words.isBlank, !words.containsImage, words.plainText != target.url {
                return .button(target, words)
            }
        }
        let words = inlines(in: node, depth: depth + 1)
        return words.isBlank ? nil : .paragraph(words)
    }

    /// The link that is a paragraph's only content, bare or emphasised.
    private func loneChild(of node: OpaquePointer) -> OpaquePointer? {
        var visible = children(of: node).filter { child in
            switch cmark_node_get_type(child) {
            case CMARK_NODE_TEXT: !literal(child).allSatisfy(\.isWhitespace)
            case CMARK_NODE_SOFTBREAK, CMARK_NODE_LINEBREAK, CMARK_NODE_HTML_INLINE: false
            default: true
            }
        }
        guard visible.count == 1, let only = visible.popLast() else { return nil }
        switch cmark_node_get_type(only) {
        case CMARK_NODE_LINK: return only
        case CMARK_NODE_STRONG, CMARK_NODE_EMPH:
            // Emphasis may be nested to any depth; people write one level.
            let inner = children(of: only)
            guard inner.count == 1, cmark_node_get_type(inner[0]) == CMARK_NODE_LINK else { return nil }
            return inner[0]
        default: return nil
        }
    }

    private func inlines(in parent: OpaquePointer, depth: Int) -> [MailInline] {
        guard depth < Self.maximumDepth else { return [] }
        var inlines: [MailInline] = []
        for node in children(of: parent) {
            switch cmark_node_get_type(node) {
            case CMARK_NODE_TEXT:
                // cmark gives an escaped character a node of its own.
                if case .text(let before) = inlines.last {
                    inlines[inlines.count - 1] = .text(before + literal(node))
                } else {
                    inlines.append(.text(literal(node)))
                }
            case CMARK_NODE_SOFTBREAK: inlines.append(.softBreak)
            case CMARK_NODE_LINEBREAK: inlines.append(.lineBreak)
            case CMARK_NODE_CODE: inlines.append(.code(literal(node)))
            case CMARK_NODE_HTML_INLINE:
                if literal(node).lowercased().hasPrefix("<br") { inlines.append(.lineBreak) }
            case CMARK_NODE_EMPH: inlines.append(.emphasis(self.inlines(in: node, depth: depth + 1)))
            case CMARK_NODE_STRONG: inlines.append(.strong(self.inlines(in: node, depth: depth + 1)))
            case CMARK_NODE_LINK:
                let words = self.inlines(in: node, depth: depth + 1)
                if let target = target(of: node) {
                    inlines.append(.link(target, words.isBlank && !words.containsImage ? [.text(target.shown)] : words))
                } else {
                    inlines += words
                }
            case CMARK_NODE_IMAGE:
                let alt = self.inlines(in: node, depth: depth + 1).plainText
                if let target = target(of: node), target.isWeb {
                    inlines.append(.image(target, alt: alt))
                } else if !alt.isEmpty {
                    inlines.append(.text(alt))
                }
            default: break
            }
        }
        return inlines
    }

    private func children(of node: OpaquePointer) -> [OpaquePointer] {
        var children: [OpaquePointer] = []
        var next = cmark_node_first_child(node)
        while let child = next {
            children.append(child)
            next = cmark_node_next(child)
        }
        return children
    }

    private func literal(_ node: OpaquePointer) -> String {
        cmark_node_get_literal(node).map { String(cString: $0) } ?? ""
    }

    private func target(of node: OpaquePointer) -> LinkTarget? {
        cmark_node_get_url(node).flatMap { LinkTarget(String(cString: $0)) }
    }
}

extension [MailInline] {
    /// True if they contain an image at any depth.
    var containsImage: Bool {
        contains { inline in
            switch inline {
            case .image: true
            case .emphasis(let inner), .strong(let inner), .link(_, let inner): inner.containsImage
            case .text, .code, .softBreak, .lineBreak: false
            }
        }
    }
}

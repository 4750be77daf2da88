// The plain-text part: read by people who prefer it, by watches, by users of screen readers, and by every spam filter.
// Lines are at most 72 characters wide where a space allows it, as format=flowed (RFC 3676): a line that continues on
// the next ends in a space, so that programs that support it flow the text to their width and others show short lines.
// Scripts without spaces between words (Japanese, Chinese, Thai) are never broken: the transfer encoding handles lines
// of any length.

internal import Platform

/// Writes blocks as plain text.
struct MailTextWriter {
    /// RFC 3676, 4.1 asks for at most 78; 72 leaves room for quoting.
    static let width = 72

    private(set) var lines: [String] = []
    private var wantsGap = false

    /// The blocks as text with newlines.
    static func text(_ blocks: [MailBlock]) -> String {
        var writer = MailTextWriter()
        writer.write(blocks, prefix: Prefix())
        return writer.lines.map { $0 + "\n" }.joined()
    }

    /// The start of each line: quote marks, and a list's indentation.
    struct Prefix {
        var quote = ""
        var indent = ""
        /// The marker of the list item that begins here; used up by its first line.
        var mark: String?

        mutating func next() -> String {
            defer { mark = nil }
            let body = mark.map { String(indent.dropLast($0.count)) + $0 } ?? indent
            return quote + body
        }
    }

    mutating func write(_ blocks: [MailBlock], prefix: Prefix, isTight: Bool = false) {
        var prefix = prefix
        for block in blocks {
            if wantsGap, !isTight {
                lines.append(Self.stuffed(prefix.quote.trimmedEnd, isQuote: !prefix.quote.isEmpty))
            }
            wantsGap = false
            write(block, prefix: &prefix, isTight: isTight)
            wantsGap = !isTight
        }
    }

    private mutating func write(_ block: MailBlock, prefix: inout Prefix, isTight: Bool) {
        switch block {
        case .heading(let level, let words):
            let text = Self.text(of: words)
            flow(text, prefix: &prefix)
            if level <= 2, prefix.indent.isEmpty {
                let longest = text.split(separator: "\n").map(\.count).max() ?? 0
                let rule = String(repeating: level == 1 ? "=" : "-", count: min(max(longest, 3), Self.width))
                append(rule, prefix: &prefix)
            }
        case .paragraph(let words): flow(Self.text(of: words), prefix: &prefix)
        case .button(let target, let words):
            flow(words.plainText.onOneLine + ":", prefix: &prefix)
            append(target.url, prefix: &prefix)
        case .quote(let inner):
            var deeper = prefix
            deeper.quote = prefix.quote.trimmedEnd + "> "
            write(inner, prefix: deeper)
        case .list(let start, let isTight, let items):
            for (index, item) in items.enumerated() {
                let mark = start.map { "\($0 + index). " } ?? "* "
                var inner = prefix
                inner.indent = prefix.indent + String(repeating: " ", count: mark.count)
                inner.mark = mark
                if index > 0, !isTight {
                    lines.append(Self.stuffed(prefix.quote.trimmedEnd, isQuote: !prefix.quote.isEmpty))
                }
                wantsGap = false
                write(item, prefix: inner, isTight: isTight)
                wantsGap = false
                prefix.mark = nil
            }
        case .code(let text):
            let text = text.hasSuffix("\n") ? String(text.dropLast()) : text
            for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
                append("    " + line, prefix: &prefix)
            }
        case .rule: append(String(repeating: "-", count: 24), prefix: &prefix)
        }
    }

    /// One line that should not be flowed.
    private mutating func append(_ line: some StringProtocol, prefix: inout Prefix) {
        let isQuote = !prefix.quote.isEmpty
        lines.append(Self.stuffed((prefix.next() + line).trimmedEnd, isQuote: isQuote))
    }

    /// Text whose newlines are hard, wrapped at spaces.
    private mutating func flow(_ text: String, prefix: inout Prefix) {
        for hard in text.split(separator: "\n", omittingEmptySubsequences: false) {
            var line = ""
            var lineWidth = 0
            let room = max(20, Self.width - prefix.quote.count - prefix.indent.count)
            for word in hard.split(separator: " ") {
                let width = word.count
                if lineWidth > 0, lineWidth + 1 + width > room {
                    // The space at the end means that the line continues (RFC 3676, 4.2).
                    let isQuote = !prefix.quote.isEmpty
                    lines.append(Self.stuffed(prefix.next() + line + " ", isQuote: isQuote))
                    line = ""
                    lineWidth = 0
                }
                if lineWidth > 0 { line += " " }
                line += word
                lineWidth += width + (lineWidth > 0 ? 1 : 0)
            }
            append(line, prefix: &prefix)
        }
    }

    /// RFC 3676, 4.4: a line that would be taken for a quote, or for an mbox's `From `, or begins with a space, gets an
    /// additional space, which readers remove.
    private static func stuffed(_ line: String, isQuote: Bool) -> String {
        !isQuote && (line.hasPrefix(" ") || line.hasPrefix(">") || line.hasPrefix("From ")) ? " " + line : line
    }

    /// Running text, with links as `words (URL)`.
    private static func text(of inlines: [MailInline]) -> String {
        var out = ""
        for inline in inlines {
            switch inline {
            case .text(let words), .code(let words): out += words
            case .emphasis(let inner), .strong(let inner): out += text(of: inner)
            case .link(let target, let inner):
                let words = text(of: inner).onOneLine
                if words.isEmpty || words == target.url || words == target.shown {
                    out += target.shown
                } else {
                    out += target.isWeb ? "\(words) (\(target.url))" : "\(words) (\(target.shown))"
                }
            case .image(_, let alt): out += alt
            case .softBreak: out += " "
            case .lineBreak: out += "\n"
            }
        }
        return out
    }
}

extension String {
    /// The text without trailing spaces.
    var trimmedEnd: String {
        var text = self
        while text.last == " " { text.removeLast() }
        return text
    }
}

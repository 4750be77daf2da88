// The HTML of a mail's body, block by block. Mail programs are browsers of many ages: Outlook on Windows uses Word's
// layout engine, Gmail keeps only some of <style>. So each element carries its style inline, and classes are only there
// for dark mode and phones, in programs that read <style>. Anything without an inline alternative is avoided.

internal import Platform

/// Writes blocks as HTML in a shop's colours.
struct MailHTMLWriter {
    let colors: BrandColors
    let isRightToLeft: Bool
    /// Whether the first heading was written: a mail has one `<h1>`.
    private var hasTitle: Bool
    private(set) var html = ""

    static let fonts =
        "-apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,'Helvetica Neue',Arial,'Noto Sans',sans-serif"
    private static let monospace = "ui-monospace,SFMono-Regular,Menlo,Consolas,'Liberation Mono',monospace"

    /// Creates a writer; `hasTitle` if the frame has written the `<h1>` already.
    init(colors: BrandColors, isRightToLeft: Bool, hasTitle: Bool) {
        self.colors = colors
        self.isRightToLeft = isRightToLeft
        self.hasTitle = hasTitle
        html.reserveCapacity(8192)
    }

    private var light: BrandColors.Scheme { colors.light }
    private var startSide: String { isRightToLeft ? "right" : "left" }

    /// Writes blocks one below the other; the last one has space below it only if something follows.
    mutating func write(_ blocks: [MailBlock], isTight: Bool = false) {
        for (index, block) in blocks.enumerated() {
            let next = index + 1 < blocks.count ? blocks[index + 1] : nil
            if index > 0, case .button = blocks[index - 1], let words = block.smallPrint {
                smallPrint(words, isLast: next == nil)
            } else {
                write(block, before: next, isTight: isTight)
            }
        }
    }

    private mutating func write(_ block: MailBlock, before next: MailBlock?, isTight: Bool) {
        let isLast = next == nil
        switch block {
        case .heading(let level, let words): heading(level, words)
        case .paragraph(let words):
            // A paragraph that introduces a list is close to it.
            var below = isTight || isLast ? 0 : 18
            if case .list = next { below = min(below, 8) }
            html += "<p style=\"margin:0 0 \(below)px\">"
            write(words)
            html += "</p>\n"
        case .button(let target, let words):
            button(target, words, below: isLast ? 4 : next?.smallPrint != nil ? 10 : 26)
        case .quote(let inner):
            html +=
                "<blockquote class=\"bb-quote\" style=\"margin:0 0 \(isLast ? 0 : 20)px;padding:2px 16px;"
                + "border-\(startSide):3px solid \(light.line.hex);color:\(light.muted.hex)\">\n"
            write(inner)
            html += "</blockquote>\n"
        case .list(let start, let isTightList, let items):
            list(start, isTightList, items, isLast: isLast, isInner: isTight)
        case .code(let text):
            html +=
                "<pre class=\"bb-soft\" style=\"margin:0 0 \(isLast ? 0 : 20)px;padding:14px 16px;"
                + "border-radius:8px;background-color:\(light.soft.hex);font-family:\(Self.monospace);font-size:14px;"
                + "line-height:1.5;white-space:pre-wrap;word-break:break-word\">"
            // The HTML parser drops a line feed that directly follows <pre>.
            html += text.hasPrefix("\n") ? "\n" : ""
            html += escapedForHTML(text.hasSuffix("\n") ? String(text.dropLast()) : text) + "</pre>\n"
        case .rule:
            html +=
                "<hr class=\"bb-line\" style=\"margin:28px 0;border:0;border-top:1px solid \(light.line.hex);"
                + "height:0;line-height:0\">\n"
        }
    }

    private mutating func heading(_ level: Int, _ words: [MailInline]) {
        let level = level == 1 && hasTitle ? 2 : min(level, 4)
        if level == 1 { hasTitle = true }
        let style =
            switch level {
            case 1: "margin:0 0 20px;font-size:26px;line-height:1.25;font-weight:700;letter-spacing:-0.01em"
            case 2: "margin:\(html.isEmpty ? 0 : 28)px 0 12px;font-size:19px;line-height:1.35;font-weight:700"
            default: "margin:\(html.isEmpty ? 0 : 22)px 0 8px;font-size:16px;line-height:1.4;font-weight:700"
            }
        html += "<h\(level) style=\"\(style)\">"
        write(words)
        html += "</h\(level)>\n"
    }

    /// A link that cannot be missed. The colour and the padding are on the cell, for Word's sake, and the link fills
    /// it.
    private mutating func button(_ target: LinkTarget, _ words: [MailInline], below: Int) {
        let (ground, letters, rim) = (light.button.hex, light.buttonText.hex, light.buttonLine.hex)
        html +=
            "<table role=\"presentation\" class=\"bb-button-table\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\" "
            + "style=\"border-collapse:separate;margin:8px 0 \(below)px\"><tr><td class=\"bb-button\" "
            + "align=\"center\" bgcolor=\"\(ground)\" style=\"border-radius:8px;border:1px solid \(rim);"
            + "background-color:\(ground);mso-padding-alt:14px 28px\">"
            + "<a class=\"bb-button\" href=\"\(escapedForHTML(target.url))\" style=\"display:block;padding:13px 28px;"
            + "mso-padding-alt:0;border-radius:7px;background-color:\(ground);color:\(letters);font-size:16px;"
            + "line-height:1.3;font-weight:600;text-decoration:none;text-align:center\">"
        write(words, inLink: true)
        html += "</a></td></tr></table>\n"
    }

    /// Text that belongs to the button above: smaller and less prominent.
    private mutating func smallPrint(_ words: [MailInline], isLast: Bool) {
        html +=
            "<p class=\"bb-muted\" style=\"margin:0 0 \(isLast ? 0 : 26)px;font-size:14px;line-height:1.5;"
            + "color:\(light.muted.hex)\">"
        write(words)
        html += "</p>\n"
    }

    private mutating func list(
        _ start: Int?, _ isTight: Bool, _ items: [[MailBlock]], isLast: Bool, isInner: Bool = false
    ) {
        let padding = isRightToLeft ? "0 22px 0 0" : "0 0 0 22px"
        let attribute = start.map { $0 == 1 ? "" : " start=\"\($0)\"" } ?? ""
        let tag = start == nil ? "ul" : "ol"
        html += "<\(tag)\(attribute) style=\"margin:\(isInner ? 6 : 0)px 0 \(isLast ? 0 : 18)px;padding:\(padding)\">\n"
        for (index, item) in items.enumerated() {
            let below = index == items.count - 1 ? 0 : isTight ? 6 : 14
            html += "<li style=\"margin:0 0 \(below)px\">"
            if isTight, case .paragraph(let words)? = item.first {
                write(words)
                html += item.count > 1 ? "\n" : ""
                write(Array(item.dropFirst()), isTight: true)
            } else {
                write(item, isTight: isTight)
            }
            html += "</li>\n"
        }
        html += "</\(tag)>\n"
    }

    /// Writes running text; `inLink` is true inside a link, where no other link is allowed.
    mutating func write(_ inlines: [MailInline], inLink: Bool = false) {
        for inline in inlines {
            switch inline {
            case .text(let words): html += escapedForHTML(words)
            case .emphasis(let inner):
                html += "<em>"
                write(inner, inLink: inLink)
                html += "</em>"
            case .strong(let inner):
                html += "<strong>"
                write(inner, inLink: inLink)
                html += "</strong>"
            case .code(let words):
                html +=
                    "<code class=\"bb-soft\" style=\"padding:2px 6px;border-radius:4px;"
                    + "background-color:\(light.soft.hex);font-family:\(Self.monospace);font-size:0.92em;"
                    + "word-break:break-word\">\(escapedForHTML(words))</code>"
            case .link(let target, let inner):
                if !inLink {
                    html +=
                        "<a class=\"bb-link\" href=\"\(escapedForHTML(target.url))\" style=\"color:\(light.accent.hex);"
                        + "text-decoration:underline;word-break:break-word\">"
                }
                write(inner, inLink: true)
                if !inLink { html += "</a>" }
            case .image(let target, let alt):
                html +=
                    "<img src=\"\(escapedForHTML(target.url))\" alt=\"\(escapedForHTML(alt.onOneLine))\" "
                    + "style=\"display:inline-block;max-width:100%;height:auto;border:0;border-radius:8px\">"
            case .softBreak: html += "\n"
            case .lineBreak: html += "<br>\n"
            }
        }
    }
}

extension MailBlock {
    /// The text of a paragraph that is emphasised as a whole: below a button, its small print.
    fileprivate var smallPrint: [MailInline]? {
        if case .paragraph(let words) = self, words.count == 1, case .emphasis(let inner)? = words.first {
            return inner
        }
        return nil
    }
}

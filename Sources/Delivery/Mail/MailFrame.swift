internal import Outreach
internal import Platform

// What surrounds a mail's body: the document, the shop's name or logo, a card, the footer. One column of at most 600
// px, which shrinks with the window; Outlook on Windows does not support max-width and gets a table of 600 in a
// conditional comment.
//
// Dark mode: `color-scheme` tells Apple Mail and others that the mail supports both; the media query has the dark
// colours (with !important, since the light ones are inline); [data-ogsc] is how outlook.com marks its own dark mode.
// Programs that simply invert colours (Gmail's) do well with the light scheme's plain greys.

/// The frame of a mail in a shop's look.
struct MailFrame {
    let draft: MailDraft
    let language: MailLanguage
    let colors: BrandColors

    init(_ draft: MailDraft, language: MailLanguage) {
        self.draft = draft
        self.language = language
        colors = BrandColors(brand: draft.brand.color)
    }

    /// The complete document around the blocks.
    ///
    /// - Parameters:
    ///   - title: the subject, on one line; it becomes the `<h1>` if the body has none.
    ///   - preview: the line that mail programs show beside the subject, hidden in the mail itself.
    ///   - unsubscribe: where to unsubscribe, for mail that can be unsubscribed from and does not link to it in its body.
    func html(_ blocks: [MailBlock], title: String, preview: String, unsubscribe: LinkTarget?) -> String {
        let bodyHasTitle = blocks.contains { if case .heading(level: 1, _) = $0 { true } else { false } }
        var body = MailHTMLWriter(
            colors: colors, isRightToLeft: language.isRightToLeft, hasTitle: !bodyHasTitle)
        let shownTitle = bodyHasTitle ? "" : titleHTML(title)
        body.write(blocks)
        let (page, card, text, line) =
            (colors.light.page.hex, colors.light.card.hex, colors.light.text.hex, colors.light.line.hex)
        let font = MailHTMLWriter.fonts
        let lang = escapedForHTML(language.tag)
        let direction = language.isRightToLeft ? "rtl" : "ltr"
        let align = language.isRightToLeft ? "right" : "left"
        return """
            <!DOCTYPE html>
            <html lang="\(lang)" dir="\(direction)">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="x-apple-disable-message-reformatting">
            <meta name="format-detection" content="telephone=no, date=no, address=no, email=no, url=no">
            <meta name="color-scheme" content="light dark">
            <meta name="supported-color-schemes" content="light dark">
            <title>\(escapedForHTML(title))</title>
            <!--[if mso]><style>* { font-family: Arial, sans-serif !important; }</style><![endif]-->
            <style>
            \(style)
            </style>
            \(ParcelMarkup.script(draft.parcels))</head>
            <body class="bb-page" style="margin:0;padding:0;width:100%;background-color:\(page);-webkit-text-size-adjust:100%;\
            -ms-text-size-adjust:100%">
            \(Self.hiddenPreview(preview))
            <div role="article" aria-roledescription="email" aria-label="\(escapedForHTML(title))" lang="\(lang)" \
            dir="\(direction)">
            <table role="presentation" class="bb-page" width="100%" cellpadding="0" cellspacing="0" border="0" \
            bgcolor="\(page)" style="background-color:\(page)"><tr><td class="bb-outer" align="center" \
            style="padding:32px 16px">
            <!--[if mso]><table role="presentation" width="600" align="center" cellpadding="0" cellspacing="0" border="0">\
            <tr><td><![endif]-->
            <table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="max-width:600px;\
            margin:0 auto">
            <tr><td class="bb-head" align="\(align)" style="padding:0 40px 22px;font-family:\(font)">\(masthead)</td></tr>
            <tr><td class="bb-card" align="\(align)" bgcolor="\(card)" style="padding:40px;background-color:\(card);\
            border:1px solid \(line);border-radius:12px;color:\(text);font-family:\(font);font-size:16px;line-height:1.6;\
            word-break:break-word;overflow-wrap:break-word">
            \(shownTitle)\(body.html)</td></tr>
            <tr><td class="bb-foot" align="\(align)" style="padding:24px 40px 8px;color:\(colors.light.muted.hex);\
            font-family:\(font);font-size:13px;line-height:1.6">\(foot(unsubscribe))</td></tr>
            </table>
            <!--[if mso]></td></tr></table><![endif]-->
            </td></tr></table>
            </div>
            </body>
            </html>

            """
    }

    private func titleHTML(_ title: String) -> String {
        guard !title.isEmpty else { return "" }
        return "<h1 style=\"margin:0 0 20px;font-size:26px;line-height:1.25;font-weight:700;letter-spacing:-0.01em\">"
            + escapedForHTML(title) + "</h1>\n"
    }

    /// A line that only lists of mails show. The filler after it keeps them from continuing with the first words of the
    /// body.
    static func hiddenPreview(_ preview: String) -> String {
        guard !preview.isEmpty else { return "" }
        let filler = String(repeating: "&#847;&#8204;&#160;", count: 60)
        return
            "<div style=\"display:none;max-height:0;max-width:0;overflow:hidden;opacity:0;font-size:1px;line-height:1px;"
            + "color:transparent;mso-hide:all\">\(escapedForHTML(preview))\(filler)</div>"
    }

    private var style: String {
        let dark = colors.dark
        func rules(_ prefix: String) -> String {
            """
            \(prefix).bb-page { background-color: \(dark.page.hex) !important; }
            \(prefix).bb-card { background-color: \(dark.card.hex) !important; border-color: \(dark.line.hex) !important; \
            color: \(dark.text.hex) !important; }
            \(prefix).bb-foot { color: \(dark.muted.hex) !important; }
            \(prefix).bb-quote { color: \(dark.muted.hex) !important; border-color: \(dark.line.hex) !important; }
            \(prefix).bb-soft { background-color: \(dark.soft.hex) !important; color: \(dark.text.hex) !important; }
            \(prefix).bb-line { border-color: \(dark.line.hex) !important; }
            \(prefix).bb-link, \(prefix).bb-name { color: \(dark.accent.hex) !important; }
            \(prefix).bb-muted { color: \(dark.muted.hex) !important; }
            \(prefix).bb-logo { background-color: #ffffff !important; padding: 6px 10px !important; \
            border-radius: 8px !important; color: #1f2422 !important; }
            \(prefix).bb-button { background-color: \(dark.button.hex) !important; border-color: \(dark.buttonLine.hex) \
            !important; color: \(dark.buttonText.hex) !important; }
            """
        }
        return """
            :root { color-scheme: light dark; supported-color-schemes: light dark; }
            @media (max-width: 620px) {
            .bb-outer { padding: 20px 12px !important; }
            .bb-head { padding: 0 12px 16px !important; }
            .bb-card { padding: 28px 22px !important; }
            .bb-foot { padding: 20px 12px 4px !important; }
            .bb-button-table { width: 100% !important; }
            }
            @media (prefers-color-scheme: dark) {
            \(rules(""))
            }
            \(rules("[data-ogsc] "))
            """
    }

    /// The logo, or the shop's name in its colour; both link to the shop.
    private var masthead: String {
        let brand = draft.brand
        let name = escapedForHTML(brand.name.onOneLine)
        let accent = colors.light.accent.hex
        let look = "color:\(accent);font-size:20px;line-height:1.3;font-weight:700;text-decoration:none"
        let shown: String
        if let logo = brand.logo.flatMap({ LinkTarget($0) }), logo.isWeb {
            shown =
                "<img class=\"bb-logo\" src=\"\(escapedForHTML(logo.url))\" alt=\"\(name)\" height=\"44\" "
                + "style=\"display:inline-block;height:44px;width:auto;max-width:240px;border:0;\(look)\">"
        } else {
            shown = "<span class=\"bb-name\" style=\"\(look)\">\(name)</span>"
        }
        guard let page = brand.url.flatMap({ LinkTarget($0) }), page.isWeb else { return shown }
        return "<a class=\"bb-name\" href=\"\(escapedForHTML(page.url))\" style=\"\(look)\">\(shown)</a>"
    }

    /// What an automatic answer says of itself, and its buttons, for a design of the shop's own, which has no foot of
    /// ours; nil for other mail.
    var answerNote: String? {
        guard draft.occasion == .answer,
            let sentence = language.sentence(.answer, shop: draft.brand.name.onOneLine)
        else { return nil }
        return "<div style=\"padding:16px;color:\(colors.light.muted.hex);font-family:\(MailHTMLWriter.fonts);"
            + "font-size:13px;line-height:1.6\">\(escapedForHTML(sentence))\n\(answerButtons)</div>\n"
    }

    /// The buttons below an automatic answer; empty for other mail.
    private var answerButtons: String {
        let buttons = draft.answerButtons(language)
        guard !buttons.isEmpty else { return "" }
        let (letters, line) = (colors.light.muted.hex, colors.light.line.hex)
        let links = buttons.map { button in
            "<a class=\"bb-muted bb-line\" href=\"\(escapedForHTML(button.target.url))\" style=\"display:inline-block;"
                + "margin:0 8px 8px 0;padding:10px 16px;border:1px solid \(line);border-radius:8px;color:\(letters);"
                + "font-weight:600;text-decoration:none\">\(escapedForHTML(button.words))</a>"
        }
        return "<div style=\"padding-top:10px\">" + links.joined(separator: "\n") + "</div>"
    }

    /// The sender, then the reason for the mail, and the unsubscribe link.
    private func foot(_ unsubscribe: LinkTarget?) -> String {
        let brand = draft.brand
        let muted = "color:\(colors.light.muted.hex)"
        let name = escapedForHTML(brand.name.onOneLine)
        var sender: [String] = []
        if let page = brand.url.flatMap({ LinkTarget($0) }), page.isWeb {
            sender.append(
                "<a class=\"bb-muted\" href=\"\(escapedForHTML(page.url))\" style=\"\(muted);font-weight:600;"
                    + "text-decoration:none\">\(name)</a>")
        } else {
            sender.append("<strong style=\"font-weight:600\">\(name)</strong>")
        }
        // An address in Latin letters reads from left to right even in an Arabic mail.
        sender += (brand.address?.cleanedText ?? "").split(separator: "\n").map(String.init).map(\.onOneLine)
            .filter { !$0.isEmpty }.map { "<span dir=\"auto\">\(escapedForHTML($0))</span>" }
        var reason: [String] = []
        if let sentence = draft.occasion.flatMap({ language.sentence($0, shop: brand.name.onOneLine) }) {
            reason.append(escapedForHTML(sentence))
        }
        let buttons = answerButtons
        if !buttons.isEmpty { reason.append(buttons) }
        if let unsubscribe {
            reason.append(
                "<a class=\"bb-muted\" href=\"\(escapedForHTML(unsubscribe.url))\" style=\"\(muted);"
                    + "text-decoration:underline\">\(escapedForHTML(language.unsubscribe))</a>")
        }
        let upper = sender.joined(separator: "<br>\n")
        guard !reason.isEmpty else { return upper }
        return upper + "\n<div style=\"padding-top:8px\">" + reason.joined(separator: "<br>\n") + "</div>"
    }
}

extension MailDraft {
    /// What the buttons below an automatic answer say, and where they lead; none for other mail.
    func answerButtons(_ language: MailLanguage) -> [(words: String, target: LinkTarget)] {
        guard occasion == .answer, let answerPage else { return [] }
        return AnswerButton.allCases.compactMap { button in
            guard let words = language.words(button), let target = LinkTarget("\(answerPage)?say=\(button.rawValue)")
            else { return nil }
            return (words, target)
        }
    }
}

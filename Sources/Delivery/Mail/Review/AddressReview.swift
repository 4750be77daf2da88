internal import Outreach

// Addresses that lead nowhere from a mail. A web page has a place of its own, so `candle.png` and `www.wachs.example`
// mean something there; a mail has none, and mail programs show a broken picture or make no link. In Markdown mail such
// an address is left out, and only its words stay.

enum AddressReview {
    /// What there is to say of an address as it stands in a template, with Liquid blotted out; nil where it is fit for
    /// a mail.
    static func remark(on address: String, isPicture: Bool) -> (message: String, hint: String)? {
        let text = address.trimmingWhitespace
        // What a value begins, nobody knows before it is there.
        if text.utf8.first == TemplateSource.blot { return nil }
        let what = isPicture ? "this picture" : "this link"
        let lower = text.lowercased()
        if lower.hasPrefix("https://") || lower.hasPrefix("http://") || lower.hasPrefix("cid:") { return nil }
        if !isPicture, lower.hasPrefix("mailto:") || lower.hasPrefix("tel:") { return nil }
        let message = "\(what) has no address that works in a mail, and is left out"
        if text.isEmpty { return (message, "write a whole one: https://…") }
        if lower.hasPrefix("data:") {
            return (
                message,
                "mail programs show nothing that is written into the mail; put it on the web and write https://…"
            )
        }
        if lower.hasPrefix("file:") || text.contains("\\") {
            return (message, "nobody else can see into your computer; put the file on the web and write https://…")
        }
        if !isPicture, text.contains("@"), !text.contains("/") { return (message, "write 'mailto:\(shown(text))'") }
        if text.wholeMatch(of: /[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+([\/?#:].*)?/) != nil,
            lower.hasPrefix("www.") || !hasPictureEnding(lower)
        {
            return (message, "write 'https://\(shown(text))'")
        }
        return (message, "write the whole address: https://…")
    }

    private static func hasPictureEnding(_ text: String) -> Bool {
        [".png", ".jpg", ".jpeg", ".gif", ".webp", ".svg", ".html", ".htm", ".pdf"].contains { text.hasSuffix($0) }
            && !text.contains("/")
    }

    /// The address as it can be quoted: what Liquid prints is `…`.
    private static func shown(_ text: String) -> String {
        var out = ""
        for character in text {
            if character != "\u{1}" {
                out.append(character)
            } else if !out.hasSuffix("…") {
                out += "…"
            }
        }
        return out
    }
}

extension String {
    fileprivate var trimmingWhitespace: String {
        String(drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    }
}

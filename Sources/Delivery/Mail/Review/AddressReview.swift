internal import Outreach

// URLs that lead nowhere from a mail. A web page has a location of its own, so `candle.png` and `www.wachs.example`
// mean something there; a mail has none, and mail programs show a broken picture or make no link. In Markdown mail such
// a URL is left out, and only its text stays.

enum AddressReview {
    /// What is wrong with a URL in a template, with Liquid blotted out; nil if it is fit for a mail.
    static func remark(on address: String, isPicture: Bool) -> (message: String, hint: String)? {
        let text = address.trimmingWhitespace
        // If it begins with a value, nothing is known about it in advance.
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

    /// The URL in a form to be quoted: what Liquid prints is `…`.
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

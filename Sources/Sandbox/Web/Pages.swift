// The small pages with one sentence. The page with the mailbox, the webhooks, the shop and the story is in the folder
// Page.

enum Pages {
    static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
            .replacing("\"", with: "&quot;")
    }

    /// A page with one sentence. The caller escapes untrusted parts of `html`.
    static func notice(_ html: String) -> String {
        """
        <!DOCTYPE html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">\
        <title>Bookbag sandbox</title><style>body{font:16px/1.5 system-ui,sans-serif;margin:20vh auto;max-width:32rem;\
        padding:0 1rem;color-scheme:light dark}</style><p>\(html)</p></html>
        """
    }
}

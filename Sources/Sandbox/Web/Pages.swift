// The small pages that say one sentence. The page that is a mailbox, a list of webhooks, a shop to play with and the
// story so far is in the folder Page.

enum Pages {
    static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
            .replacing("\"", with: "&quot;")
    }

    /// A page that says one sentence. `html` is escaped by the caller where it is not ours.
    static func notice(_ html: String) -> String {
        """
        <!DOCTYPE html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">\
        <title>Bookbag sandbox</title><style>body{font:16px/1.5 system-ui,sans-serif;margin:20vh auto;max-width:32rem;\
        padding:0 1rem;color-scheme:light dark}</style><p>\(html)</p></html>
        """
    }
}

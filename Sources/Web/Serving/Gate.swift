import Daemon

// What is asked of every request before a page sees it, and said of every answer.
//
// A browser on this machine can be made to ask 127.0.0.1 under a foreign name (DNS rebinding), so the Host must be the
// site's own. A page elsewhere can have a browser post a form with our cookies, so whatever is not read-only must come
// from a page of the site itself: `Sec-Fetch-Site: same-origin` (Fetch Metadata, W3C), or where a browser does not send
// it, an `Origin` (RFC 6454) equal to the site's. Neither is refused.

/// The first and last step of a site.
struct Gate: Sendable {
    let site: Configuration.Site
    /// Whether pages may frame others of the site: the desk shows mails that way.
    let framesOwn: Bool

    /// Why a request is turned away; nil where it may pass.
    ///
    /// - Parameter methods: those that may pass.
    func refusal(of request: WebRequest, methods: [String] = ["GET", "HEAD", "POST"]) -> WebResponse? {
        guard request.host?.lowercased() == site.authority.lowercased() else {
            return .text("This is not the address of these pages: see 'url:' in bookbag.yaml.", status: 421)
        }
        guard methods.contains(request.method) else {
            let allowed = methods.joined(separator: ", ")
            var response = WebResponse.text("Only \(allowed).", status: 405)
            response.headers["allow"] = allowed
            return response
        }
        return nil
    }

    /// Whether a request that changes something comes from a page of the site.
    func isOwn(_ request: WebRequest) -> Bool {
        if let fetched = request.headers["sec-fetch-site"] { return fetched == "same-origin" }
        return request.headers["origin"] == site.url
    }

    /// The policy of all pages: nothing from elsewhere, no script but ours, no text that becomes a script.
    var policy: String { policy(styles: []) }

    /// The same, with the elements of style that have these digests (CSP 3, 8.4).
    func policy(styles: [String]) -> String {
        var parts = [
            "default-src 'none'", "script-src 'self'", (["style-src 'self'"] + styles).joined(separator: " "),
            "img-src 'self' data:", "connect-src 'self'",
            "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'", "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        ]
        if framesOwn { parts.append("frame-src 'self'") }
        return parts.joined(separator: "; ")
    }

    /// The policy of a mail that is shown in a frame: words and their looks, and nothing that runs or calls.
    static let mailPolicy =
        "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'; frame-ancestors 'self'"

    /// The answer with what every answer says. What it says already stays.
    func dressed(_ response: WebResponse) -> WebResponse {
        var response = response
        let headers = [
            "content-security-policy": policy, "x-content-type-options": "nosniff", "referrer-policy": "no-referrer",
            "cross-origin-opener-policy": "same-origin", "cross-origin-resource-policy": "same-origin",
            "x-robots-tag": "noindex", "cache-control": "no-store",
        ]
        response.headers.merge(headers) { mine, _ in mine }
        return response
    }
}

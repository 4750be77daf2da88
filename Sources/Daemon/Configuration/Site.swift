extension Configuration {
    /// A website: where it listens, and its URL for browsers.
    package struct Site: Hashable, Sendable {
        /// Where a site listens.
        package enum Place: Hashable, Sendable {
            case port(host: String, port: Int)
            /// The path of a Unix socket; its file permissions determine who may connect.
            case socket(String)
        }

        package var place: Place
        /// Scheme and host, without a path: `https://desk.juniperfig.example`.
        package var url: String
        /// What the `Host` header must be.
        package var authority: String
        /// The header in which the proxy names the user, over a Unix socket only; nil if Bookbag logs people in.
        package var userHeader: String?
        /// Whether files may be saved here; false for shops that keep theirs in a repository.
        package var savesEdits = true

        package init(place: Place, url: String, authority: String, userHeader: String? = nil) {
            self.place = place
            self.url = url
            self.authority = authority
            self.userHeader = userHeader
        }

        /// False only on this machine itself, without TLS.
        package var isSecure: Bool { url.hasPrefix("https:") }
    }
}

extension Configuration {
    /// A site of pages: where it listens, and what browsers call it.
    package struct Site: Hashable, Sendable {
        /// Where a site listens.
        package enum Place: Hashable, Sendable {
            case port(host: String, port: Int)
            /// The path of a Unix socket, whose file rights say who may connect.
            case socket(String)
        }

        package var place: Place
        /// Scheme and host, without a path: `https://desk.juniperfig.example`.
        package var url: String
        /// What the `Host` header must be.
        package var authority: String
        /// The field in which the proxy says who it is, over a Unix socket alone; nil where Bookbag logs people in.
        package var userHeader: String?
        /// Whether files may be saved here; false for shops that keep theirs in a repository.
        package var savesEdits = true

        package init(place: Place, url: String, authority: String, userHeader: String? = nil) {
            self.place = place
            self.url = url
            self.authority = authority
            self.userHeader = userHeader
        }

        /// False on this machine alone, without TLS.
        package var isSecure: Bool { url.hasPrefix("https:") }
    }
}

import Daemon
import Foundation
import Outreach

extension ConfigurationReader {
    /// `desk:` or `public:`: where pages are served, and what browsers call them.
    mutating func site(_ entry: YAMLTree.Entry, isDesk: Bool) -> Configuration.Site? {
        let place = "'\(entry.key)'"
        guard let keys = fields(entry.value, of: place, ["listen", "url"] + (isDesk ? ["user_header", "edit"] : []))
        else {
            return nil
        }
        let url = required(keys["url"], "url", of: place, at: entry.keyPosition)
        let listening = required(keys["listen"], "listen", of: place, at: entry.keyPosition)
        var found: Configuration.Site.Place?
        if let listening, let tree = keys["listen"]?.value {
            if listening.hasPrefix("unix:") {
                found = socket(String(listening.dropFirst("unix:".count)), at: tree.position)
            } else if let port = listen(tree) {
                found = .port(host: port.host, port: port.port)
            }
        }
        let named = url.flatMap { siteURL($0, at: keys["url"]!.value.position) }
        var header: String?
        if let entry = keys["user_header"], let name = text(entry) {
            header = userHeader(name, at: entry.value.position, place: found)
        }
        var savesEdits = true
        if let entry = keys["edit"], let word = text(entry) {
            if !["on", "off"].contains(word) {
                faults.add(
                    at: entry.value.position, "'\(word)' is neither on nor off",
                    hint: "write 'edit: off' where the files are kept in a repository")
            }
            savesEdits = word != "off"
        }
        guard let found, let named else { return nil }
        var site = Configuration.Site(
            place: found, url: named.url, authority: named.authority, userHeader: header)
        site.savesEdits = savesEdits
        return site
    }

    private mutating func socket(_ path: String, at position: Position) -> Configuration.Site.Place? {
        // A socket's address has room for 107 bytes (unix(7)).
        let whole = resolve(path)
        guard !path.isEmpty, whole.utf8.count <= 107 else {
            faults.add(
                at: position, "'unix:' needs the path of a socket, of at most 107 bytes",
                hint: "write unix:/run/bookbag/desk.sock")
            return nil
        }
        return .socket(whole)
    }

    /// Scheme, host and port. In the clear on this machine alone, where a browser sends cookies to nobody else.
    private mutating func siteURL(_ text: String, at position: Position) -> (url: String, authority: String)? {
        guard let parts = URLComponents(string: text), let scheme = parts.scheme, scheme == "https" || scheme == "http",
            let host = parts.host?.lowercased(), !host.isEmpty, parts.path.isEmpty || parts.path == "/",
            parts.query == nil, parts.fragment == nil, parts.user == nil
        else {
            faults.add(at: position, "'url' needs scheme and host only", hint: "write https://desk.YOURSHOP.example")
            return nil
        }
        if scheme == "http", !Self.isLoopback(host) {
            faults.add(
                at: position, "people would log in unencrypted",
                hint: "write https:// and let a proxy do TLS; http is for 127.0.0.1")
            return nil
        }
        let isPlain = parts.port == nil || parts.port == (scheme == "https" ? 443 : 80)
        let authority = isPlain ? host : "\(host):\(parts.port!)"
        return ("\(scheme)://\(authority)", authority)
    }

    /// A header can be sent by anybody who reaches a port, so it counts over a socket alone.
    private mutating func userHeader(
        _ name: String, at position: Position, place: Configuration.Site.Place?
    ) -> String? {
        let isName = name.utf8.allSatisfy { byte in
            (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || byte == 0x2D
        }
        guard isName, name.utf8.count <= 60 else {
            faults.add(at: position, "'\(name)' is not the name of a header", hint: "write X-Forwarded-Email")
            return nil
        }
        guard case .socket? = place else {
            faults.add(
                at: position, "whoever reaches the port could send '\(name)' and be anybody",
                hint: "write listen: unix:/run/bookbag/desk.sock, which the proxy alone may open")
            return nil
        }
        return name
    }
}

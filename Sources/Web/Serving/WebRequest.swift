import Foundation
import Outreach

/// A request as the pages see it: read whole, bounded, and without a connection, so that a site is a function of it.
struct WebRequest: Sendable {
    /// Who is at the other end of the connection: mostly the merchant's proxy.
    enum Peer: Hashable, Sendable {
        /// A Unix socket, whose file rights are the trust.
        case socket
        case address(String)
    }

    var method: String
    /// As it was sent, without the query.
    var path: String
    /// The first value of each name.
    var query: [String: String]
    /// The `Host`; nil where there is none.
    var host: String?
    /// By names in lower case. Repeated ones are joined by commas.
    var headers: [String: String]
    var body: [UInt8]
    var peer: Peer

    init(
        method: String = "GET", path: String, query: [String: String] = [:], host: String? = nil,
        headers: [String: String] = [:], body: [UInt8] = [], peer: Peer = .address("127.0.0.1")
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.host = host
        self.headers = headers
        self.body = body
        self.peer = peer
    }

    /// The most that a body may have.
    static let greatestBody = 64 << 10
    /// The most that a form of the Edit page may have: a file of `EditDesk.greatestText`, every byte of which may be
    /// sent as three.
    static let greatestEdit = 256 << 10

    /// The cookie of that name. Of two the first counts, which is the one of the longer path.
    func cookie(_ name: String) -> String? {
        for pair in (headers["cookie"] ?? "").split(separator: ";") {
            let parts = pair.split(separator: "=", maxSplits: 1)
            if parts.count == 2, parts[0].trimmingCharacters(in: .whitespaces) == name {
                return parts[1].trimmingCharacters(in: .whitespaces)
            }
        }
        return nil
    }

    /// The fields of a form (`application/x-www-form-urlencoded`), at most 32; of each name the first.
    var form: [String: String] { Self.fields(String(decoding: body, as: UTF8.self)) }

    /// The pairs of a query or a form.
    static func fields(_ text: String) -> [String: String] {
        var fields: [String: String] = [:]
        for pair in text.split(separator: "&").prefix(32) {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = decoded(parts[0]), !name.isEmpty, fields[name] == nil else { continue }
            fields[name] = parts.count == 2 ? decoded(parts[1]) ?? "" : ""
        }
        return fields
    }

    private static func decoded(_ text: Substring) -> String? {
        text.replacing("+", with: " ").removingPercentEncoding
    }

    /// The path in its parts, decoded; nil where one cannot be, or holds what no path of ours has.
    var parts: [String]? {
        guard path.utf8.count <= 1000, path.hasPrefix("/") else { return nil }
        var parts: [String] = []
        for raw in path.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
            guard let part = raw.removingPercentEncoding, !part.contains("/"), part != ".", part != ".." else {
                return nil
            }
            parts.append(part)
        }
        if parts.last?.isEmpty == true { parts.removeLast() }
        return parts
    }

    /// Who asks, for limits: the proxy's last word where a proxy of this machine asks. Of an IPv6 address its /64.
    var client: String {
        var address: String
        switch peer {
        case .socket: address = ""
        case .address(let text): address = text
        }
        if peer == .socket || address == "127.0.0.1" || address == "::1" {
            let forwarded = headers["x-forwarded-for"]?.split(separator: ",").last
            if let last = forwarded?.trimmingCharacters(in: .whitespaces), !last.isEmpty { address = last }
        }
        guard address.contains(":"), !address.contains(".") else { return String(address.prefix(64)) }
        var bytes = in6_addr()
        guard inet_pton(AF_INET6, address, &bytes) == 1 else { return String(address.prefix(64)) }
        return withUnsafeBytes(of: &bytes) { $0.prefix(8).map { String($0, radix: 16) }.joined(separator: ":") }
    }
}

extension String {
    /// As a part of an address: everything but plain letters, digits and `-._` is escaped, slashes too.
    var escapedForURL: String {
        utf8.map { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F: String(UnicodeScalar(byte))
            default: "%" + [byte].hexadecimal.uppercased()
            }
        }.joined()
    }
}

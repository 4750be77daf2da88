import Foundation
import Outreach
import Platform

// What `bookbag init` learns from the operator, and the smallest files that follow from it: bookbag.yaml, a file for each
// secret, and shop.yaml, which keeps its explanations and gets the shop's own values.

/// What a new installation needs to know.
struct FirstSetup: Sendable, Equatable {
    /// How the daemon logs in to the shop.
    enum Access: Sendable, Equatable {
        case client(id: String)
        /// The token of an app that was made in Shopify's admin.
        case token
    }

    /// A mail relay.
    struct Relay: Sendable, Equatable {
        var host: String
        var port: Int
        var user: String?

        /// TLS from the first byte on 465 (RFC 8314, 3.3), STARTTLS elsewhere.
        var url: String { "\(port == 465 ? "smtps" : "smtp")://\(host):\(port)" }
    }

    var domain: String
    var access: Access
    var relay: Relay?
    var name: String
    var from: MailAddress
    /// What offers and questions for ratings come from: people block those, and should not lose order news by it.
    var offersFrom: MailAddress
    var notify: MailAddress
    var postal: String?
    var locale: String
    var isShadow: Bool
    /// Where the shop's API is; nil for its domain.
    var endpoint: String?
    /// The folder of the store; nil for the usual one.
    var state: String?

    // The names of the secrets' files.
    static let shopSecret = "shopify-secret"
    static let shopToken = "shopify-token"
    static let relayPassword = "smtp-password"

    /// The text of bookbag.yaml. No secret is in it.
    var configuration: String {
        var lines = [
            "# The configuration of Bookbag; all keys are in operations.md. 'bookbag doctor' checks it."
        ]
        if let state { lines += ["state: \(Self.quoted(state))"] }
        lines += ["shops:", "  - domain: \(domain)"]
        if let endpoint { lines += ["    endpoint: \(Self.quoted(endpoint))"] }
        switch access {
        case .client(let id):
            lines += ["    client_id: \(Self.quoted(id))", "    client_secret: credential:\(Self.shopSecret)"]
        case .token: lines += ["    token: credential:\(Self.shopToken)"]
        }
        if let relay {
            lines += ["", "smtp:", "  url: \(relay.url)"]
            if let user = relay.user {
                lines += ["  username: \(Self.quoted(user))", "  password: credential:\(Self.relayPassword)"]
            }
            if AddressPolicy.isLoopback(host: relay.host) {
                lines += ["  starttls: off   # a relay on this machine"]
            }
        }
        lines += ["", "listen: 127.0.0.1:8787   # health and metrics", ""]
        return lines.joined(separator: "\n")
    }

    /// shop.yaml: the shipped one with the shop's own values in place of the example's, and all its explanations.
    func settings(from shipped: String) -> String {
        var values: [(key: String, value: String?)] = [
            ("mode:", isShadow ? "shadow" : "live"), ("notify:", Self.quoted(notify.address)),
            ("  name:", Self.quoted(name)), ("  from:", Self.quoted("\(quotedName) <\(from.address)>")),
            ("  marketing_from:", Self.quoted("\(quotedName) <\(offersFrom.address)>")),
            ("  reply_to:", Self.quoted(from.address)),
            ("  address:", postal.map(Self.quoted)), ("  logo:", nil), ("locale:", Self.quoted(locale)),
        ]
        var lines: [String] = []
        for line in shipped.split(separator: "\n", omittingEmptySubsequences: false) {
            guard let place = values.firstIndex(where: { line.hasPrefix($0.key) }) else {
                lines.append(String(line))
                continue
            }
            let (key, value) = values.remove(at: place)
            if let value { lines.append("\(key) \(value)") }
        }
        return lines.joined(separator: "\n")
    }

    /// The shop's name as it stands before an address in From.
    private var quotedName: String {
        name.contains { "\"<>@,;:\\".contains($0) } ? "\"\(name.filter { $0 != "\"" && $0 != "\\" })\"" : name
    }

    /// A text as YAML, which JSON's strings are.
    static func quoted(_ text: String) -> String {
        let isPlain =
            text.first?.isLetter == true && text.allSatisfy { $0.isLetter || $0.isNumber || "@._-".contains($0) }
            && !["true", "false", "yes", "no", "on", "off", "null"].contains(text.lowercased())
        if isPlain { return text }
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        return (try? encoder.encode(text)).map { String(decoding: $0, as: UTF8.self) } ?? "\"\""
    }
}

extension FirstSetup {
    // How each answer is read. A failure is a sentence for whoever typed it.

    struct Refused: Error, Equatable {
        var words: String

        init(_ words: String) { self.words = words }
    }

    /// `juniperfig`, `juniperfig.myshopify.com`, and what stands in a browser: all are `juniperfig.myshopify.com`.
    static func domain(_ text: String) throws(Refused) -> String {
        var name = text.lowercased()
        for prefix in ["https://", "http://", "admin.shopify.com/store/"] where name.hasPrefix(prefix) {
            name = String(name.dropFirst(prefix.count))
        }
        name = String(name.prefix { $0 != "/" })
        if name.hasSuffix(".myshopify.com") { name = String(name.dropLast(14)) }
        guard !name.isEmpty, name.count <= 60, name.utf8.allSatisfy({ isNameByte($0) }), name.first != "-" else {
            throw Refused("That is no permanent domain. Shopify shows it under Settings, Domains: NAME.myshopify.com.")
        }
        return name + ".myshopify.com"
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || byte == 0x2D
    }

    static func address(_ text: String) throws(Refused) -> MailAddress {
        guard let address = MailAddress(parsing: text) else {
            throw Refused("That is no mail address. Write name@host.example.")
        }
        return address
    }

    static func word(_ text: String) throws(Refused) -> String {
        guard !text.isEmpty, text.count <= 200, !text.contains(where: \.isNewline) else {
            throw Refused("Write something, of 200 letters at most.")
        }
        return text
    }

    /// `relay.example.com`, with `:587`, `:465` or another port behind it; also as `smtp://` or `smtps://`.
    static func relay(_ text: String) throws(Refused) -> Relay {
        let refused = Refused("Write the relay's host and port: relay.example.com:587, or :465 for TLS at once.")
        var rest = text
        var usual = 587
        for (prefix, port) in [("smtps://", 465), ("smtp://", 587)] where rest.lowercased().hasPrefix(prefix) {
            rest = String(rest.dropFirst(prefix.count))
            usual = port
        }
        if rest.hasSuffix("/") { rest = String(rest.dropLast()) }
        let parts = rest.split(separator: ":", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), let host = parts.first?.lowercased(), !host.isEmpty, host.count <= 253,
            host.utf8.allSatisfy({ isNameByte($0) || $0 == 0x2E })
        else { throw refused }
        guard parts.count == 2 else { return Relay(host: host, port: usual, user: nil) }
        guard let port = Int(parts[1]), (1...65_535).contains(port) else { throw refused }
        return Relay(host: host, port: port, user: nil)
    }

    /// A language, as BCP 47 writes it.
    static func language(_ text: String) throws(Refused) -> String {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        let isLanguage =
            (1...3).contains(parts.count) && (2...3).contains(parts[0].count)
            && parts.allSatisfy { (2...8).contains($0.count) && $0.utf8.allSatisfy { isNameByte($0 | 0x20) } }
        guard isLanguage else { throw Refused("Write a language such as en, de, fr, es or pt-BR.") }
        return text
    }

    static func yes(_ text: String) throws(Refused) -> Bool {
        switch text.lowercased() {
        case "y", "yes": return true
        case "n", "no": return false
        default: throw Refused("Write y or n.")
        }
    }
}

import Daemon
import Delivery
import Foundation
import Intake
import Outreach
import Platform

extension ConfigurationReader {
    /// Shops must not share a mailbox: each would take the other's mail for its own.
    mutating func refuseSharedMailboxes(_ shops: [Configuration.Shop], at position: Position) {
        refuseSharedAddresses(shops, at: position)
        var owners: [String: String] = [:]
        for shop in shops {
            guard let mailbox = shop.mailbox?.imap else { continue }
            for folder in mailbox.folders {
                let place = "\(mailbox.host.lowercased())\u{0}\(mailbox.username.lowercased())\u{0}\(folder)"
                if let owner = owners[place] {
                    faults.add(
                        at: position, "'\(owner)' and '\(shop.domain)' read the same folder '\(folder)' of one mailbox",
                        hint: "give each shop a mailbox, or folders of its own under 'folders'")
                } else {
                    owners[place] = shop.domain
                }
            }
        }
    }

    /// Shops may share a socket: the recipient says whose a mail is, so no address may be two shops'.
    private mutating func refuseSharedAddresses(_ shops: [Configuration.Shop], at position: Position) {
        for (index, shop) in shops.enumerated() {
            guard let mailbox = shop.mailbox, let lmtp = mailbox.lmtp else { continue }
            for other in shops[..<index] {
                guard let theirs = other.mailbox, theirs.lmtp == lmtp else { continue }
                if theirs.lmtpAccess != mailbox.lmtpAccess {
                    faults.add(
                        at: position,
                        "'\(other.domain)' and '\(shop.domain)' give one socket different 'lmtp_group' or 'lmtp_mode'",
                        hint: "write the same for both")
                }
                let (mine, others) = (ShopAddresses(mailbox.onlyTo), ShopAddresses(theirs.onlyTo))
                let shared =
                    mailbox.onlyTo.first { others.contains($0) || theirs.onlyTo.contains($0) }
                    ?? theirs.onlyTo.first(where: mine.contains)
                guard let shared else { continue }
                faults.add(
                    at: position, "'\(other.domain)' and '\(shop.domain)' both take mail to '\(shared)' at one socket",
                    hint: "give each shop addresses of its own under 'only_to', or a socket of its own")
            }
        }
    }

    /// Who gets a shop's conversations: those at the desk, a team by mail, or the helpdesk.
    mutating func handOver(_ entry: YAMLTree.Entry?, of shop: inout Configuration.Shop, at position: Position) {
        let hasHelpdesk = shop.farEnds[.helpdesk]?.isEmpty == false
        switch entry.flatMap({ text($0) }) {
        case "desk"?: break
        case "helpdesk"?:
            shop.handsOverToHelpdesk = hasHelpdesk
            // Where it is written and wrong, its own faults say so.
            guard shop.farEnds[.helpdesk] == nil, let entry else { break }
            faults.add(
                at: entry.value.position, "no helpdesk is configured for '\(shop.domain)'",
                hint: "add 'helpdesk:' with its kind, url and token (docs/helpdesk.md)")
        default:
            if let entry { shop.handOverTo = team(entry, of: shop) }
            if entry == nil, hasHelpdesk {
                faults.add(
                    at: position, "nothing goes to the helpdesk of '\(shop.domain)'",
                    hint: "add 'hand_over_to: helpdesk', or 'hand_over_to: desk' if that is meant")
            }
        }
    }

    /// Whether customers' mail arrives in the helpdesk alone.
    mutating func mailboxOwner(_ entry: YAMLTree.Entry, of shop: inout Configuration.Shop) {
        guard let word = text(entry), word != "bookbag" else { return }
        let place = entry.value.position
        guard word == "helpdesk" else {
            faults.add(
                at: place, "a mailbox does not belong to '\(word)'",
                hint: "write mailbox_belongs_to: helpdesk where customers' mail arrives there, or remove the line")
            return
        }
        guard let ends = shop.farEnds[.helpdesk] else {
            faults.add(
                at: place, "no helpdesk is configured for '\(shop.domain)'",
                hint: "add 'helpdesk:' with its kind, url and token, and 'hand_over_to: helpdesk' (docs/helpdesk.md)")
            return
        }
        // Where it is written and wrong, its own faults say so.
        guard let settings = ends.first?.helpdesk else { return }
        if settings.kind == .hook {
            faults.add(
                at: place, "'mailbox_belongs_to: helpdesk' needs Zendesk or Gorgias",
                hint: "a helpdesk of 'kind: hook' cannot be read; have its mail forwarded to a 'mailbox' instead")
            return
        }
        if !shop.handsOverToHelpdesk {
            faults.add(
                at: place, "what needs a person would not go to the helpdesk in which it arrived",
                hint: "add 'hand_over_to: helpdesk'")
        }
        if shop.mailbox != nil {
            faults.add(
                at: place, "'\(shop.domain)' has a 'mailbox', and its mail arrives in the helpdesk",
                hint: "remove 'mailbox:', or 'mailbox_belongs_to:': each mail would be answered in both")
        }
        shop.mailboxBelongsToHelpdesk = shop.handsOverToHelpdesk
    }

    /// Who gets a shop's conversations by mail. Their answers come to the mailbox, and count only where its border
    /// proves who sent them.
    mutating func team(_ entry: YAMLTree.Entry, of shop: Configuration.Shop) -> MailAddress? {
        guard let text = text(entry) else { return nil }
        let place = entry.value.position
        guard let address = MailAddress(parsing: text) else {
            faults.add(
                at: place, "'\(text)' is not a mail address",
                hint: "write hand_over_to: team@SHOP.example, or helpdesk, or desk")
            return nil
        }
        guard shop.smtp != nil, let mailbox = shop.mailbox else {
            faults.add(
                at: entry.keyPosition, "'hand_over_to' needs a relay and a mailbox for '\(shop.domain)'",
                hint: "add 'smtp:' and 'mailbox:'; answers come to the mailbox")
            return nil
        }
        if mailbox.authservID == nil {
            faults.add(
                at: entry.keyPosition, "'hand_over_to' needs 'authserv_id' under 'mailbox'",
                hint: "name the mail server whose Authentication-Results are believed; else no answer can be proved")
        }
        if ShopAddresses(mailbox.onlyTo).contains(address.address) {
            faults.add(
                at: place, "'hand_over_to' is an address that customers write to",
                hint: "name another one, and write the shop's addresses out under 'only_to'")
        }
        if mailbox.answers == nil {
            faults.add(
                at: entry.keyPosition, "no address of 'only_to' has room for what is put behind it",
                hint: "name one of at most \(ReturnPath.longestName) letters before the '@', without '+'")
        }
        return address
    }

    mutating func mailbox(_ tree: YAMLTree) -> Configuration.Mailbox? {
        let names = [
            "url", "lmtp", "lmtp_group", "lmtp_mode", "username", "password", "oauth", "folders", "sent", "only_to",
            "authserv_id", "starttls", "ca", "certificate", "key", "keep_sent",
        ]
        guard let keys = fields(tree, of: "mailbox", names) else { return nil }
        let lmtp = keys["lmtp"].flatMap { socket($0) }
        let access = Configuration.SocketAccess(
            group: text(keys["lmtp_group"]), mode: keys["lmtp_mode"].flatMap { mode($0) })
        if keys["lmtp"] == nil, let entry = keys["lmtp_group"] ?? keys["lmtp_mode"] {
            faults.add(at: entry.keyPosition, "'\(entry.key)' goes with 'lmtp'", hint: "add 'lmtp:', or remove it")
        }
        // Without a server to fetch from, mail is brought: over the socket, or by `bookbag mail --deliver`.
        let brought = Set(["lmtp", "lmtp_group", "lmtp_mode", "only_to", "authserv_id"])
        let isBroughtOnly = keys["url"] == nil && keys["only_to"] != nil && Set(keys.keys).isSubset(of: brought)
        let imap = isBroughtOnly ? nil : imap(tree, keys)
        let onlyTo = onlyTo(keys["only_to"], username: imap?.username, at: tree.position)
        let authservID = text(keys["authserv_id"])
        guard isBroughtOnly || imap?.server != nil else { return nil }
        var mailbox = Configuration.Mailbox(
            imap: imap?.server, lmtp: lmtp, lmtpAccess: access, onlyTo: onlyTo, authservID: authservID)
        if let entry = keys["keep_sent"], let word = text(entry) {
            switch word {
            case "true": mailbox.keepsSent = true
            case "false": break
            default: unknown(word, at: entry.value.position, among: ["true", "false"])
            }
            if mailbox.keepsSent, mailbox.imap?.sent == "none" {
                faults.add(
                    at: entry.keyPosition, "'keep_sent' needs the folder of sent mail, and 'sent' is 'none'",
                    hint: "name the folder under 'sent', or remove 'keep_sent'")
            }
        }
        return mailbox
    }

    /// The permission bits of a socket, as chmod takes them. Its owner is the daemon, which has to reach it.
    private mutating func mode(_ entry: YAMLTree.Entry) -> UInt32? {
        guard let text = text(entry) else { return nil }
        guard (3...4).contains(text.count), let mode = UInt32(text, radix: 8), mode <= 0o777, mode & 0o600 == 0o600
        else {
            faults.add(
                at: entry.value.position, "'\(text)' is not a socket's mode",
                hint: "write lmtp_mode: 0660 for its group, 0666 for everybody")
            return nil
        }
        return mode
    }

    private mutating func socket(_ entry: YAMLTree.Entry) -> String? {
        guard let path = text(entry) else { return nil }
        // sockaddr_un has room for 107 bytes.
        guard path.hasPrefix("/"), !path.hasSuffix("/"), path.utf8.count <= 107 else {
            faults.add(
                at: entry.value.position, "'lmtp' is not the path of a socket",
                hint: "write lmtp: /run/bookbag/lmtp.sock, at most 107 letters")
            return nil
        }
        return path
    }

    /// The server that mail is fetched from, and its user as far as it is known.
    private mutating func imap(
        _ tree: YAMLTree, _ keys: Fields
    ) -> (username: String?, server: Configuration.Mailbox.IMAP?) {
        let place = keys["url"].flatMap { mailboxURL($0.value) }
        if keys["url"] == nil {
            faults.add(
                at: tree.position, "mailbox has no 'url'",
                hint: "write url: imaps://USER@HOST/; or 'only_to:' alone, with 'lmtp:' or for mail from a pipe")
        }
        let username = text(keys["username"]) ?? place?.user
        if place != nil, username == nil {
            faults.add(at: tree.position, "mailbox has no user", hint: "write url: imaps://USER@HOST/, or 'username:'")
        }
        let password = keys["password"].flatMap { secret($0.value) }
        let oauth = keys["oauth"].flatMap { self.oauth($0.value, forSending: false) }
        switch (keys["password"], keys["oauth"]) {
        case (nil, nil):
            faults.add(
                at: tree.position, "mailbox has no way to log in",
                hint: "write password: credential:NAME, or 'oauth:' for Google and Microsoft (docs/mailbox.md)")
        case (_?, let second?):
            faults.add(at: second.keyPosition, "mailbox has both a password and oauth", hint: "keep one of them")
        default: break
        }
        var security = place?.security ?? .tls
        if let entry = keys["starttls"], let word = text(entry) {
            switch word {
            case "required": break
            case "off":
                if let place, place.security == .startTLS, Self.isLoopback(place.host) {
                    security = .off
                } else if let place {
                    faults.add(
                        at: entry.value.position,
                        "'starttls: off' would send mail and password in the clear to \(place.host)",
                        hint: "remove the line, so that TLS is required; 'off' is for a server on this machine")
                }
            default: unknown(word, at: entry.value.position, among: ["required", "off"])
            }
        }
        if (keys["certificate"] == nil) != (keys["key"] == nil) {
            faults.add(at: tree.position, "certificate and key belong together", hint: "write both or neither")
        }
        let folders = keys["folders"].map { $0.value.listed.compactMap { folder($0) } } ?? ["INBOX"]
        if folders.isEmpty {
            faults.add(at: keys["folders"]?.value.position ?? tree.position, "no folder is named", hint: "write INBOX")
        }
        let authority = keys["ca"].flatMap { file($0.value) }
        let certificate = keys["certificate"].flatMap { file($0.value) }
        let key = keys["key"].flatMap { file($0.value) }
        guard let place, let username else { return (username, nil) }
        return (
            username,
            Configuration.Mailbox.IMAP(
                host: place.host, port: place.port, security: security, username: username, password: password,
                oauth: oauth, folders: folders, sent: text(keys["sent"]), authority: authority,
                certificate: certificate, key: key)
        )
    }

    private mutating func folder(_ tree: YAMLTree) -> String? {
        guard let name = tree.text, !name.isEmpty, name.utf8.count <= 500 else {
            faults.add(at: tree.position, "a folder is named by a text", hint: "write INBOX")
            return nil
        }
        return name
    }

    /// The shop's addresses: what is written, else the user's own, if it is one.
    private mutating func onlyTo(_ entry: YAMLTree.Entry?, username: String?, at position: Position) -> [String] {
        guard let entry else {
            if let username, MailAddress(parsing: username) != nil { return [username] }
            if username != nil {
                faults.add(
                    at: position, "mailbox does not say which mail is the shop's",
                    hint: "write only_to: [hello@SHOP.example]; other mail is never fetched")
            }
            return []
        }
        var addresses: [String] = []
        for tree in entry.value.listed {
            let text = tree.text ?? ""
            let isDomain = text.hasPrefix("@") && MailAddress(parsing: "x\(text)") != nil
            if isDomain || MailAddress(parsing: text) != nil {
                addresses.append(text)
            } else {
                faults.add(
                    at: tree.position, "'\(tree.text ?? tree.kind)' is not a mail address",
                    hint: "write hello@SHOP.example, or @SHOP.example for all of a domain")
            }
        }
        if entry.value.listed.isEmpty {
            faults.add(at: entry.value.position, "'only_to' names nobody", hint: "write hello@SHOP.example")
        }
        return addresses
    }

    private struct MailboxPlace {
        var host: String
        var port: Int?
        var security: IMAPSettings.Security
        var user: String?
    }

    /// `imaps://USER@HOST/`; the user may be an address, with its `@` as it is.
    private mutating func mailboxURL(_ tree: YAMLTree) -> MailboxPlace? {
        func refuse(_ message: String) -> MailboxPlace? {
            faults.add(
                at: tree.position, message,
                hint: "write imaps://USER@HOST/ for TLS from the first byte, or imap://USER@HOST/ for STARTTLS")
            return nil
        }
        guard let text = tree.text, let colon = text.range(of: "://") else {
            return refuse("'mailbox.url' is not a mail server's address")
        }
        let security: IMAPSettings.Security
        switch text[..<colon.lowerBound] {
        case "imaps": security = .tls
        case "imap": security = .startTLS
        default: return refuse("'mailbox.url' must begin with imaps:// or imap://")
        }
        var authority = text[colon.upperBound...]
        if authority.hasSuffix("/") { authority = authority.dropLast() }
        guard !authority.contains("/"), !authority.contains("?"), !authority.contains("#") else {
            return refuse("'mailbox.url' has more than a user and a host; folders are written under 'folders'")
        }
        var user: String?
        if let at = authority.lastIndex(of: "@") {
            let written = authority[..<at]
            guard !written.contains(":") else {
                faults.add(
                    at: tree.position, "a secret must not be written into this file",
                    hint: "write imaps://USER@HOST/ and password: credential:NAME")
                return nil
            }
            user = written.removingPercentEncoding ?? String(written)
            authority = authority[authority.index(after: at)...]
        }
        // Without the user this is a URL like any other.
        guard let parts = URLComponents(string: "imap://\(authority)/"), let host = parts.host, !host.isEmpty,
            parts.user == nil, user != ""
        else { return refuse("'mailbox.url' names no host") }
        return MailboxPlace(host: host, port: parts.port, security: security, user: user)
    }

    /// How access tokens are bought, for a mailbox or a relay.
    mutating func oauth(_ tree: YAMLTree, forSending: Bool) -> OAuthSettings? {
        let names = ["provider", "tenant", "endpoint", "client_id", "client_secret", "refresh_token", "scope"]
        guard let keys = fields(tree, of: "oauth", names) else { return nil }
        var provider: OAuthProvider?
        var endpoint: String?
        switch (keys["provider"], keys["endpoint"]) {
        case (let entry?, nil):
            guard let word = text(entry) else { break }
            provider = OAuthProvider(rawValue: word)
            if provider == nil {
                unknown(word, at: entry.value.position, among: OAuthProvider.allCases.map(\.rawValue))
            }
        case (nil, let entry?): endpoint = text(entry).flatMap { tokenEndpoint($0, at: entry.value.position) }
        case (nil, nil):
            faults.add(
                at: tree.position, "oauth does not say where access tokens come from",
                hint: "write provider: google, provider: microsoft, or endpoint: https://HOST/PATH")
        case (_?, let entry?):
            faults.add(at: entry.keyPosition, "oauth has both a provider and an endpoint", hint: "keep one of them")
        }
        let tenant = text(keys["tenant"])
        if let tenant, let entry = keys["tenant"] {
            let isPlain = tenant.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                    || byte == 0x2D || byte == 0x2E
            }
            if !isPlain || provider != .microsoft {
                faults.add(
                    at: entry.value.position, "'tenant' goes with 'provider: microsoft'",
                    hint: "write the organisation's id or domain, as Microsoft Entra shows it")
            }
        }
        let clientID = text(keys["client_id"])
        if keys["client_id"] == nil {
            faults.add(
                at: tree.position, "oauth has no 'client_id'", hint: "add 'client_id:', as the provider shows it")
        }
        let clientSecret = keys["client_secret"].flatMap { secret($0.value) }
        let refreshToken = keys["refresh_token"].flatMap { secret($0.value) }
        let isRefreshed = keys["refresh_token"] != nil
        if !isRefreshed, keys["client_secret"] == nil {
            faults.add(
                at: tree.position, "oauth has neither a refresh_token nor a client_secret",
                hint: "write refresh_token: credential:NAME; or client_secret, where the app logs in by itself")
        }
        if !isRefreshed, provider == .google {
            faults.add(
                at: tree.position, "Google lets no app in by its secret alone",
                hint: "write refresh_token: credential:NAME (docs/mailbox.md)")
        }
        if !isRefreshed, provider == .microsoft, tenant == nil {
            faults.add(
                at: tree.position, "oauth has no 'tenant'",
                hint: "write the organisation's id; without a refresh_token Microsoft has to know it")
        }
        guard let clientID, let endpoint = endpoint ?? provider?.endpoint(tenant: tenant) else { return nil }
        return OAuthSettings(
            endpoint: endpoint, clientID: clientID, clientSecret: clientSecret, refreshToken: refreshToken,
            scope: text(keys["scope"]) ?? provider?.scope(isRefreshed: isRefreshed, forSending: forSending))
    }

    private mutating func tokenEndpoint(_ value: String, at position: Position) -> String? {
        guard let parts = URLComponents(string: value), parts.scheme == "https" || parts.scheme == "http",
            let host = parts.host, !host.isEmpty, parts.user == nil
        else {
            faults.add(at: position, "'endpoint' is not a web address", hint: "write https://HOST/PATH")
            return nil
        }
        guard parts.scheme == "https" || Self.isLoopback(host) else {
            faults.add(
                at: position, "the secrets would travel in the clear",
                hint: "write https://; http is for a server on this machine")
            return nil
        }
        return value
    }
}

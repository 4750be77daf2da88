internal import Foundation
package import Outreach
package import Platform

/// The shop's helpdesk: the value of `helpdesk:` in bookbag.yaml.
package struct HelpdeskSettings: Sendable {
    package enum Kind: String, Sendable, CaseIterable {
        case zendesk, gorgias
        /// Any other, through signed webhooks in our own format.
        case hook

        /// As people call it.
        package var title: String {
            switch self {
            case .zendesk: "Zendesk"
            case .gorgias: "Gorgias"
            case .hook: "the helpdesk"
            }
        }
    }

    package var kind: Kind
    /// Where its API is, without a slash at the end; of a hook the whole address.
    package var url: String
    /// Whose token it is; nil for one that stands for itself.
    package var email: String?
    /// Empty for a hook.
    package var token: SecretString
    /// What our own webhooks are signed with; of a hook alone.
    package var secrets: [SecretString] = []
    /// What the helpdesk's webhooks are signed with; empty where none are taken.
    package var hookSecrets: [SecretString] = []
    /// Whether a hook may be in a private network.
    package var allowPrivate = false

    package init(_ kind: Kind, url: String, email: String? = nil, token: SecretString = SecretString("")) {
        self.kind = kind
        self.url = url
        self.email = email
        self.token = token
    }

    package var host: String { URLComponents(string: url)?.host ?? "" }

    /// Its API with our login.
    package func service(over transport: any HTTPTransport) -> JSONService {
        let login: SecretString
        switch (kind, email) {
        // An API token of Zendesk's is the password of a name that says so.
        case (.zendesk, let email?): login = JSONService.basic("\(email)/token", token)
        case (_, let email?): login = JSONService.basic(email, token)
        case (_, nil): login = JSONService.bearer(token)
        }
        return JSONService(url, authorization: login, over: transport)
    }

    /// Creates the channel. Throws what is wrong with the settings, without a secret.
    package func open(_ transport: any HTTPTransport) throws -> any Outreach.Channel {
        switch kind {
        case .zendesk: return ZendeskChannel(service(over: transport))
        case .gorgias: return GorgiasChannel(service(over: transport), agent: email ?? "")
        case .hook:
            return HelpdeskHook(
                url: url, secrets: try secrets.map { try WebhookSecret($0.reveal()) }, allowPrivate: allowPrivate,
                over: transport)
        }
    }
}

extension ChannelSetup {
    /// `helpdesk:`, for all shops or within one.
    static let helpdesk = ChannelSetup(key: "helpdesk") { tree, reading in
        guard let settings = HelpdeskSettings.read(tree, &reading) else { return [] }
        var end = FarEnd(target: "", host: settings.host, limit: 2) { engine in try settings.open(engine) }
        end.helpdesk = settings
        return [end]
    }
}

extension HelpdeskSettings {
    fileprivate static func read(_ tree: YAMLTree, _ reading: inout any ChannelReading) -> HelpdeskSettings? {
        let names = ["kind", "url", "email", "token", "secret", "hook_secret", "allow_private"]
        guard let keys = reading.fields(tree, of: "'helpdesk'", names) else { return nil }
        let kinds = Kind.allCases.map(\.rawValue).joined(separator: ", ")
        guard let entry = keys["kind"], let word = reading.text(entry) else {
            reading.faults.add(
                at: tree.position, "'helpdesk' does not say which it is", hint: "write 'kind:' and one of \(kinds)")
            return nil
        }
        guard let kind = Kind(rawValue: word) else {
            reading.faults.add(
                at: entry.value.position, "'\(word)' is no helpdesk that Bookbag knows",
                hint: "write one of \(kinds); 'hook' is for any other (docs/helpdesk.md)")
            return nil
        }
        var settings = HelpdeskSettings(kind, url: "")
        settings.hookSecrets = keys["hook_secret"].map { $0.value.listed.compactMap { reading.secret($0) } } ?? []
        settings.allowPrivate = allowsPrivate(keys["allow_private"], &reading)
        settings.email = reading.text(keys["email"])
        if let entry = keys["email"], let email = settings.email, MailAddress(address: email) == nil {
            reading.faults.add(
                at: entry.value.position, "'\(email)' is not a mail address",
                hint: "write the address that the token belongs to")
        }
        let isHook = kind == .hook
        for name in isHook ? ["email", "token"] : ["secret", "allow_private"] {
            guard let entry = keys[name] else { continue }
            reading.faults.add(
                at: entry.keyPosition, "'\(name)' does not go with 'kind: \(word)'",
                hint: isHook ? "write 'secret:', which both sides sign with" : "remove it")
        }
        if isHook {
            settings.secrets = keys["secret"].map { $0.value.listed.compactMap { reading.secret($0) } } ?? []
            if keys["secret"] == nil {
                reading.faults.add(
                    at: tree.position, "'helpdesk' has no 'secret'",
                    hint: "write secret: credential:NAME; both sides sign with it")
            }
        } else if let entry = keys["token"] {
            settings.token = reading.secret(entry.value) ?? settings.token
        } else {
            reading.faults.add(
                at: tree.position, "'helpdesk' has no 'token'",
                hint: "write token: credential:NAME, an API token of \(kind.title)")
        }
        if kind == .gorgias, keys["email"] == nil {
            reading.faults.add(
                at: tree.position, "'helpdesk' has no 'email'",
                hint: "write the address that Gorgias shows beside its API key")
        }
        guard let entry = keys["url"], let url = reading.text(entry) else {
            reading.faults.add(
                at: tree.position, "'helpdesk' has no 'url'", hint: "write url: https://YOURS.\(word).com")
            return nil
        }
        settings.url = url.hasSuffix("/") ? String(url.dropLast()) : url
        guard isWeb(settings.url, at: entry.value.position, &reading) else { return nil }
        return settings
    }

    private static func allowsPrivate(_ entry: YAMLTree.Entry?, _ reading: inout any ChannelReading) -> Bool {
        guard let entry, let word = reading.text(entry) else { return false }
        if word != "true", word != "false" {
            reading.faults.add(
                at: entry.value.position, "'\(word)' is neither true nor false", hint: "write true or false")
        }
        return word == "true"
    }

    /// Customers' words travel in the clear to this machine alone.
    private static func isWeb(_ text: String, at position: Position, _ reading: inout any ChannelReading) -> Bool {
        guard let parts = URLComponents(string: text), let host = parts.host, !host.isEmpty, parts.user == nil,
            parts.query == nil, parts.fragment == nil, parts.scheme == "https" || parts.scheme == "http"
        else {
            reading.faults.add(at: position, "'url' is no web address", hint: "write https://HOST")
            return false
        }
        if parts.scheme == "http", !["127.0.0.1", "::1", "[::1]", "localhost"].contains(host) {
            reading.faults.add(
                at: position, "what customers write would travel in the clear", hint: "write https://")
            return false
        }
        return true
    }
}

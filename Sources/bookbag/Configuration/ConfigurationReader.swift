import Daemon
import Delivery
import Foundation
import Outreach
import Platform
import Store

/// Makes a `Configuration` from `bookbag.yaml`, or reports all its mistakes at once, each with line and column.
struct ConfigurationReader {
    /// Looks up texts such as `credential:NAME`, and resolves folders. Injected, so that tests need no files.
    struct Surroundings: Sendable {
        var secrets: SecretSource
        /// `$STATE_DIRECTORY`, or the default folder of the store.
        var stateDirectory: String
        /// The folder of the configuration file.
        var folder: String
    }

    var faults: FaultList
    private let surroundings: Surroundings
    /// The channels that say themselves what belongs to them.
    private let setups: [(channel: ChannelName, setup: ChannelSetup)]

    /// For another file with the same kinds of values.
    init(faults: FaultList) {
        self.init(
            faults: faults,
            surroundings: Surroundings(
                secrets: SecretSource(credentials: nil, environment: [:], isNeeded: false), stateDirectory: "",
                folder: ""), setups: [])
    }

    private init(
        faults: FaultList, surroundings: Surroundings, setups: [(channel: ChannelName, setup: ChannelSetup)]
    ) {
        self.faults = faults
        self.surroundings = surroundings
        self.setups = setups
    }

    /// Reads the file's text. Throws `ConfigurationFaults` with all mistakes.
    static func read(
        _ text: String, file: String, surroundings: Surroundings, channels: [ChannelKind] = ChannelKind.standard
    ) throws(ConfigurationFaults) -> Configuration {
        let (tree, unreadable) = YAMLReader.read(text, file: file)
        guard let tree else { throw ConfigurationFaults(faults: unreadable) }
        let setups = channels.compactMap { kind in kind.setup.map { (channel: kind.name, setup: $0) } }
        var reader = ConfigurationReader(faults: FaultList(file: file), surroundings: surroundings, setups: setups)
        reader.faults.add(unreadable)
        let configuration = reader.configuration(tree, file: file)
        guard let configuration, !reader.faults.hasErrors else {
            throw ConfigurationFaults(faults: reader.faults.faults.sorted(by: Fault.precedes))
        }
        return configuration
    }

    private mutating func configuration(_ tree: YAMLTree, file: String) -> Configuration? {
        let keys = fields(
            tree, of: "the configuration",
            [
                "state", "triggers", "shops", "carriers", "smtp", "mailbox", "webhooks", "listen", "desk", "public",
                "people", "understanding", "keep", "hand_over_to", "mailbox_belongs_to", "store", "store_password",
            ] + setups.map(\.setup.key))
        guard let keys else { return nil }
        let triggers = text(keys["triggers"]).map(resolve) ?? resolve("triggers")
        let smtp = keys["smtp"].flatMap { self.smtp($0.value) }
        let webhooks = keys["webhooks"].map { self.webhooks($0.value) } ?? [:]
        let farEnds = self.farEnds(keys)
        guard let shopsEntry = keys["shops"] else {
            faults.add(
                at: tree.position, "no shop is named",
                hint:
                    "write 'shops:' and under it '- domain: NAME.myshopify.com' with its token or client_id and client_secret"
            )
            return nil
        }
        let mailbox = keys["mailbox"].flatMap { self.mailbox($0.value) }
        let model = keys["understanding"].flatMap { understanding($0.value) }
        let shops = shopsEntry.value.listed.compactMap {
            shop(
                $0, triggers: triggers, smtp: smtp, mailbox: mailbox, understanding: model, webhooks: webhooks,
                farEnds: farEnds, handOver: keys["hand_over_to"], owner: keys["mailbox_belongs_to"])
        }
        refuseSharedMailboxes(shops, at: keys["mailbox"]?.keyPosition ?? shopsEntry.keyPosition)
        let domains = Dictionary(grouping: shops, by: \.domain).filter { $0.value.count > 1 }
        for domain in domains.keys.sorted() {
            faults.add(at: shopsEntry.keyPosition, "the shop '\(domain)' is listed twice", hint: "remove one of them")
        }
        if shopsEntry.value.listed.isEmpty {
            faults.add(
                at: shopsEntry.keyPosition, "no shop is named under 'shops'",
                hint: "write '- domain: NAME.myshopify.com'")
        }
        var configuration = Configuration(
            file: file, state: text(keys["state"]).map(resolve) ?? surroundings.stateDirectory, shops: shops,
            carriers: keys["carriers"].map { carriers($0.value) } ?? [],
            listen: keys["listen"].flatMap { listen($0.value) })
        configuration.server = server(keys)
        configuration.retention = keys["keep"].map { retention($0.value) } ?? Retention()
        configuration.desk = keys["desk"].flatMap { site($0, isDesk: true) }
        configuration.pages = keys["public"].flatMap { site($0, isDesk: false) }
        configuration.peopleFile = text(keys["people"]).map(resolve) ?? resolve("people.yaml")
        return configuration
    }

    // MARK: - Parts

    /// The database that holds the store, if it is not a file.
    private mutating func server(_ keys: Fields) -> StorePlace? {
        guard let entry = keys["store"] else {
            if let entry = keys["store_password"] {
                faults.add(
                    at: entry.keyPosition, "'store_password' is for a store at a server, and no 'store' is named",
                    hint: "add 'store: postgresql://USER@HOST/DATABASE', or remove the line")
            }
            return nil
        }
        let password = keys["store_password"].flatMap { secret($0.value) }
        guard let address = text(entry) else { return nil }
        if let fault = StorePlace.fault(in: address) {
            faults.add(at: entry.value.position, "'store': \(fault.message)", hint: fault.hint)
            return nil
        }
        return StorePlace(path: address, password: password)
    }

    private mutating func shop(
        _ tree: YAMLTree, triggers: String, smtp: Configuration.SMTP?, mailbox: Configuration.Mailbox?,
        understanding model: Configuration.Model?, webhooks: [String: Configuration.Webhook],
        farEnds: [ChannelName: [FarEnd]], handOver: YAMLTree.Entry?, owner: YAMLTree.Entry?
    ) -> Configuration.Shop? {
        let names =
            [
                "domain", "client_id", "client_secret", "token", "hook_secret", "endpoint", "poll_every", "triggers",
                "smtp",
                "mailbox", "webhooks", "understanding", "ceilings", "hand_over_to",
                "mailbox_belongs_to",
            ] + setups.map(\.setup.key)
        guard let keys = fields(tree, of: "a shop", names) else { return nil }
        // No early exit: whoever fixes the file wants to see all mistakes.
        let written = required(keys["domain"], "domain", of: "a shop", at: tree.position)
        if let written, !written.hasSuffix(".myshopify.com") || written.count <= 14 || written.contains("/") {
            faults.add(
                at: keys["domain"]!.value.position, "'\(written)' is not a shop's permanent domain",
                hint: "write it as NAME.myshopify.com; Shopify shows it under Settings, Domains")
        }
        let domain = written ?? "the shop"
        var access: Configuration.Shop.Access?
        switch (keys["token"], keys["client_id"], keys["client_secret"]) {
        case (let token?, nil, nil): access = secret(token.value).map { .token($0) }
        case (nil, let id?, let key?):
            if let id = text(id), let key = secret(key.value) { access = .clientCredentials(id: id, secret: key) }
        case (nil, nil, nil):
            faults.add(
                at: tree.position, "'\(domain)' has no way to log in",
                hint: "write client_id and client_secret of the app, or token: credential:NAME for an older app")
        case (_?, _, _):
            for entry in [keys["token"], keys["client_secret"]] { _ = entry.flatMap { secret($0.value) } }
            faults.add(
                at: keys["token"]!.keyPosition, "'\(domain)' has both a token and client credentials",
                hint: "keep one of them")
        default:
            faults.add(
                at: tree.position, "client_id and client_secret belong together",
                hint: "write both; the app's page in the Dev Dashboard shows them")
        }
        let own = keys["webhooks"].map { self.webhooks($0.value) } ?? webhooks
        let ownEnds = farEnds.merging(self.farEnds(keys)) { _, own in own }
        let relay = keys["smtp"].map { self.smtp($0.value) } ?? smtp
        let letters = keys["mailbox"].map { self.mailbox($0.value) } ?? mailbox
        let hooks = keys["hook_secret"].map { $0.value.listed.compactMap { secret($0) } } ?? []
        let second = keys["understanding"].map { understanding($0.value) } ?? model
        let endpoint = keys["endpoint"].flatMap { self.endpoint($0.value) } ?? "https://\(domain)"
        let pollEvery = keys["poll_every"].flatMap { duration($0.value, least: .seconds(1)) } ?? .seconds(60)
        let folder = text(keys["triggers"]).map(resolve) ?? triggers
        let (given, ceilings) = keys["ceilings"].map { self.ceilings($0.value) } ?? ([:], [:])
        guard let access, written != nil else { return nil }
        var shop = Configuration.Shop(
            domain: domain, endpoint: endpoint, access: access, pollEvery: pollEvery, triggers: folder, smtp: relay,
            mailbox: letters, webhooks: own, farEnds: ownEnds)
        shop.giftCeilings = given["gifts"] ?? []
        shop.remedyCeilings = given["remedies"] ?? []
        shop.actionCeilings = ceilings
        shop.understanding = second
        shop.hookSecrets = hooks
        self.handOver(keys["hand_over_to"] ?? handOver, of: &shop, at: tree.position)
        if let entry = keys["mailbox_belongs_to"] ?? owner { mailboxOwner(entry, of: &shop) }
        return shop
    }

    /// What may be given and done at most: `{ gifts: 500.00 per month, refund: [150.00, 10 per day] }`, in the shop's
    /// currency. A sum without a period is what one may cost.
    private mutating func ceilings(_ tree: YAMLTree) -> (
        budgets: [String: [Allowance]], actions: [String: ActionCeiling]
    ) {
        let budgets = ["gifts", "remedies"]
        let verbs = ShopVerb.ceilings
        // What is counted, where that is not its name.
        let words = Dictionary(verbs.map { ($0, $0 == ShopVerb.buyLabel.ceiling ? $0 : "times") }) { first, _ in first }
        guard let keys = fields(tree, of: "ceilings", budgets + verbs) else { return ([:], [:]) }
        var given: [String: [Allowance]] = [:]
        var actions: [String: ActionCeiling] = [:]
        for name in budgets + verbs {
            guard let value = keys[name]?.value else { continue }
            var ceiling = ActionCeiling()
            for element in value.listed {
                guard let text = element.text else {
                    faults.add(
                        at: element.position, "a ceiling is a text, and this is \(element.kind)",
                        hint: "write it like '500.00 per month'")
                    continue
                }
                if verbs.contains(name), let each = ActionCeiling.each(text) {
                    ceiling.each = min(each, ceiling.each ?? each)
                    continue
                }
                switch Allowance.read(text, currency: nil, counting: words[name] ?? name) {
                case .success(let allowance): ceiling.allowances.append(allowance)
                case .failure(let misread): faults.add(at: element.position, misread.message, hint: misread.hint)
                }
            }
            if verbs.contains(name) { actions[name] = ceiling } else { given[name] = ceiling.allowances }
        }
        return (given, actions)
    }

    /// The far ends that stand under the keys of channels, by channel.
    private mutating func farEnds(_ keys: Fields) -> [ChannelName: [FarEnd]] {
        var found: [ChannelName: [FarEnd]] = [:]
        for (channel, setup) in setups {
            guard let entry = keys[setup.key] else { continue }
            var reading: any ChannelReading = self
            found[channel] = setup.read(entry.value, &reading)
            faults = reading.faults
        }
        return found
    }

    private mutating func smtp(_ tree: YAMLTree) -> Configuration.SMTP? {
        let names = [
            "url", "username", "password", "oauth", "connections", "per_second", "per_hour", "per_day", "per_domain",
            "domains", "redirect_to", "sender", "bounces_to", "starttls", "ca", "certificate", "key",
            "dkim_selectors",
        ]
        guard let keys = fields(tree, of: "smtp", names) else { return nil }
        let url = required(keys["url"], "url", of: "smtp", at: tree.position)
        var relay: String?
        if let url, let parts = URLComponents(string: url), parts.scheme == "smtp" || parts.scheme == "smtps",
            let host = parts.host, !host.isEmpty, parts.path.isEmpty || parts.path == "/", parts.user == nil
        {
            relay = host
        } else if let entry = keys["url"], url != nil {
            faults.add(
                at: entry.value.position, "'smtp.url' is not a relay's address",
                hint:
                    "write smtp://HOST:587, or smtps://HOST:465 for TLS from the first byte; name and password have keys of their own"
            )
        }
        var startTLS = Configuration.SMTP.StartTLS.required
        if let entry = keys["starttls"], let word = text(entry) {
            if let value = Configuration.SMTP.StartTLS(rawValue: word) {
                startTLS = value
            } else {
                unknown(word, at: entry.value.position, among: Configuration.SMTP.StartTLS.allCases.map(\.rawValue))
            }
            if startTLS == .off, let host = relay, !Self.isLoopback(host) {
                faults.add(
                    at: entry.value.position, "'starttls: off' would send mail and password unencrypted to \(host)",
                    hint: "remove the line, so that TLS is required; 'off' is for a relay on this machine")
            }
        }
        if let entry = keys["oauth"] {
            if keys["password"] != nil {
                faults.add(at: entry.keyPosition, "smtp has both a password and oauth", hint: "keep one of them")
            } else if keys["username"] == nil {
                faults.add(at: entry.keyPosition, "username and oauth belong together", hint: "add 'username:'")
            }
        } else if (keys["username"] == nil) != (keys["password"] == nil) {
            faults.add(at: tree.position, "username and password belong together", hint: "write both or neither")
        }
        if (keys["certificate"] == nil) != (keys["key"] == nil) {
            faults.add(at: tree.position, "certificate and key belong together", hint: "write both or neither")
        }
        var smtp = Configuration.SMTP(
            url: url ?? "", username: text(keys["username"]), password: keys["password"].flatMap { secret($0.value) },
            oauth: keys["oauth"].flatMap { oauth($0.value, forSending: true) },
            connections: keys["connections"].flatMap { number($0.value, 1...64) } ?? 4,
            perSecond: nil,
            redirectTo: keys["redirect_to"].flatMap { address($0.value) },
            sender: keys["sender"].flatMap { address($0.value) },
            bouncesTo: keys["bounces_to"].flatMap { bouncesTo($0, besides: keys["sender"]) }, startTLS: startTLS,
            authority: keys["ca"].flatMap { file($0.value) },
            certificate: keys["certificate"].flatMap { file($0.value) },
            key: keys["key"].flatMap { file($0.value) }, limits: limits(keys))
        smtp.dkimSelectors = keys["dkim_selectors"]?.value.listed.compactMap { selector($0) } ?? []
        return relay == nil ? nil : smtp
    }

    /// The name of a DKIM key (RFC 6376, 3.1): a part of a name of the DNS, or several.
    private mutating func selector(_ tree: YAMLTree) -> String? {
        let text = tree.text ?? ""
        let isName =
            !text.isEmpty && text.utf8.count <= 60
            && text.utf8.allSatisfy { byte in
                (0x61...0x7A).contains(byte | 0x20) || (0x30...0x39).contains(byte) || "-_.".utf8.contains(byte)
            }
        guard isName else {
            faults.add(
                at: tree.position, "'\(tree.text ?? tree.kind)' is not a DKIM selector",
                hint: "write what stands before ._domainkey in the record's name: s1")
            return nil
        }
        return text
    }

    private static let limitKeys = ["per_second", "per_hour", "per_day"]

    /// What the relay may take, in all and for each recipient domain.
    private mutating func limits(_ keys: Fields) -> SendLimits {
        var limits = SendLimits(whole: windows(keys))
        if let entry = keys["per_domain"], let own = fields(entry.value, of: "'per_domain'", Self.limitKeys) {
            limits.otherDomains = windows(own)
        }
        guard let entry = keys["domains"] else { return limits }
        guard case .map(let domains) = entry.value.content else {
            faults.add(
                at: entry.value.position, "'domains' is \(entry.value.kind), not a set of domains",
                hint: "write 'gmail.com:' and under it 'per_hour:'")
            return limits
        }
        for domain in domains {
            let name = recipientDomain(of: "@" + domain.key)
            if name.isEmpty || domain.key.contains("@") || !name.contains(".") {
                faults.add(
                    at: domain.keyPosition, "'\(domain.key)' is not the domain of a mail address",
                    hint: "write what stands behind the @, such as gmail.com")
            }
            guard let own = fields(domain.value, of: "the domain '\(domain.key)'", Self.limitKeys) else { continue }
            limits.domains[name] = windows(own)
        }
        return limits
    }

    private mutating func windows(_ keys: Fields) -> [SendLimit] {
        let windows = zip(Self.limitKeys, [SendLimit.Window.second, .hour, .day])
        return windows.compactMap { name, window in
            keys[name].flatMap { number($0.value, 1...10_000_000) }.map { SendLimit($0, window) }
        }
    }

    /// The mailbox for bounces: its name must leave room for what is put behind it.
    private mutating func bouncesTo(_ entry: YAMLTree.Entry, besides sender: YAMLTree.Entry?) -> MailAddress? {
        if sender != nil {
            faults.add(at: entry.keyPosition, "'sender' and 'bounces_to' are both written", hint: "keep 'bounces_to'")
        }
        guard let address = address(entry.value) else { return nil }
        guard ReturnPath(mailbox: address.address) != nil else {
            faults.add(
                at: entry.value.position, "'\(address.address)' leaves no room for what marks each mail",
                hint: "name a mailbox of at most \(ReturnPath.longestName) letters, without '+', such as bounces@…")
            return nil
        }
        return address
    }

    /// A file that a library reads by itself, so it must exist.
    private mutating func readable(_ path: String, at position: Position) -> String? {
        guard FileManager.default.isReadableFile(atPath: path) else {
            faults.add(at: position, "the file '\(path)' cannot be read", hint: "check its name and owner")
            return nil
        }
        return path
    }

    private mutating func webhooks(_ tree: YAMLTree) -> [String: Configuration.Webhook] {
        guard case .map(let entries) = tree.content else {
            if case .nothing = tree.content { return [:] }
            faults.add(
                at: tree.position, "'webhooks' is \(tree.kind), not a set of names",
                hint: "write 'helpdesk:' and under it 'url:' and 'secret:'")
            return [:]
        }
        var webhooks: [String: Configuration.Webhook] = [:]
        for entry in entries {
            guard let keys = fields(entry.value, of: "the webhook '\(entry.key)'", ["url", "secret", "allow_private"])
            else { continue }
            let secrets = keys["secret"].map { $0.value.listed.compactMap { secret($0) } } ?? []
            if keys["secret"] == nil {
                faults.add(
                    at: entry.keyPosition, "the webhook '\(entry.key)' has no secret",
                    hint: "write secret: credential:NAME; the receiver checks the signature with it")
            }
            let allowPrivate = keys["allow_private"].flatMap { flag($0.value) } ?? false
            guard let url = required(keys["url"], "url", of: "the webhook '\(entry.key)'", at: entry.keyPosition)
            else { continue }
            guard let parts = URLComponents(string: url), parts.scheme == "https" || parts.scheme == "http",
                parts.host?.isEmpty == false, parts.user == nil
            else {
                faults.add(
                    at: keys["url"]!.value.position, "the url is not a web address", hint: "write https://HOST/PATH")
                continue
            }
            if parts.scheme == "http", !Self.isLoopback(parts.host!) {
                faults.warn(
                    at: keys["url"]!.value.position, "customers' data would travel in the clear", hint: "write https://"
                )
            }
            webhooks[entry.key] = Configuration.Webhook(url: url, secrets: secrets, allowPrivate: allowPrivate)
        }
        return webhooks
    }

    mutating func listen(_ tree: YAMLTree) -> Configuration.Listen? {
        guard let value = tree.text, let colon = value.lastIndex(of: ":"),
            let port = Int(value[value.index(after: colon)...]), (0...65_535).contains(port), colon > value.startIndex
        else {
            faults.add(at: tree.position, "'listen' needs a host and a port", hint: "write 127.0.0.1:8787")
            return nil
        }
        var host = String(value[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        return Configuration.Listen(host: host, port: port)
    }

    private mutating func endpoint(_ tree: YAMLTree) -> String? {
        guard let value = tree.text, let parts = URLComponents(string: value),
            parts.scheme == "https" || parts.scheme == "http", let host = parts.host, !host.isEmpty,
            parts.path.isEmpty || parts.path == "/", parts.query == nil, parts.user == nil
        else {
            faults.add(
                at: tree.position, "'endpoint' needs scheme and host only", hint: "write https://NAME.myshopify.com")
            return nil
        }
        if parts.scheme == "http", !Self.isLoopback(host) {
            faults.add(
                at: tree.position, "the shop's token would be sent unencrypted",
                hint: "write https://; http is for a sandbox on this machine")
            return nil
        }
        return value.hasSuffix("/") ? String(value.dropLast()) : value
    }

    // MARK: - Values

    typealias Fields = [String: YAMLTree.Entry]

    /// The keys of a map; unknown ones are refused.
    mutating func fields(_ tree: YAMLTree, of place: String, _ names: [String]) -> Fields? {
        guard case .map(let entries) = tree.content else {
            faults.add(
                at: tree.position, "\(place) is \(tree.kind), not a set of keys",
                hint: "the keys are \(alternatives(names))")
            return nil
        }
        var fields: Fields = [:]
        for entry in entries {
            if names.contains(entry.key) {
                fields[entry.key] = entry
            } else {
                unknown(entry.key, at: entry.keyPosition, among: names, what: "key")
            }
        }
        return fields
    }

    mutating func unknown(_ word: String, at position: Position, among words: [String], what: String = "value") {
        let hint = nearest(to: word, in: words).map { "did you mean '\($0)'?" } ?? "write \(alternatives(words))"
        faults.add(at: position, "unknown \(what) '\(word)'", hint: hint)
    }

    mutating func text(_ entry: YAMLTree.Entry?) -> String? {
        guard let entry else { return nil }
        guard let value = entry.value.text, !value.isEmpty else {
            faults.add(at: entry.value.position, "'\(entry.key)' is \(entry.value.kind), not a text")
            return nil
        }
        return value
    }

    mutating func required(
        _ entry: YAMLTree.Entry?, _ name: String, of place: String, at position: Position
    ) -> String? {
        guard entry != nil else {
            faults.add(at: position, "\(place) has no '\(name)'", hint: "add '\(name):'")
            return nil
        }
        return text(entry)
    }

    mutating func number(_ tree: YAMLTree, _ range: ClosedRange<Int>) -> Int? {
        guard let value = tree.text.flatMap({ Int($0) }), range.contains(value) else {
            faults.add(
                at: tree.position,
                "'\(tree.text ?? tree.kind)' is not a number from \(range.lowerBound) to \(range.upperBound)")
            return nil
        }
        return value
    }

    private mutating func flag(_ tree: YAMLTree) -> Bool? {
        switch tree.text {
        case "true", "yes", "on": return true
        case "false", "no", "off": return false
        default:
            faults.add(at: tree.position, "'\(tree.text ?? tree.kind)' is neither true nor false")
            return nil
        }
    }

    mutating func duration(_ tree: YAMLTree, least: Duration) -> Duration? {
        let words = (tree.text ?? "").split(separator: " ")
        let units: [Substring: Int64] = [
            "second": 1, "seconds": 1, "s": 1, "minute": 60, "minutes": 60, "min": 60, "hour": 3600, "hours": 3600,
        ]
        guard words.count == 2, let count = Int64(words[0]), count > 0, count < 1_000_000, let unit = units[words[1]]
        else {
            faults.add(
                at: tree.position, "'\(tree.text ?? tree.kind)' is not a length of time",
                hint: "write '60 seconds' or '2 minutes'")
            return nil
        }
        guard .seconds(count * unit) >= least else {
            faults.add(
                at: tree.position, "that is too often", hint: "write '\(least.components.seconds) seconds' or more")
            return nil
        }
        return .seconds(count * unit)
    }

    private mutating func address(_ tree: YAMLTree) -> MailAddress? {
        guard let address = tree.text.flatMap(MailAddress.init(parsing:)) else {
            faults.add(
                at: tree.position, "'\(tree.text ?? tree.kind)' is not a mail address", hint: "write name@host.example")
            return nil
        }
        return address
    }

    mutating func secret(_ tree: YAMLTree) -> SecretString? {
        guard let reference = tree.text else {
            faults.add(at: tree.position, "a secret must be a text", hint: "write credential:NAME")
            return nil
        }
        switch surroundings.secrets.find(reference, relativeTo: surroundings.folder) {
        case .success(let secret): return secret
        case .failure(let problem):
            faults.add(at: tree.position, problem.message, hint: problem.hint)
            return nil
        }
    }

    /// The path of a file that a library reads by itself, such as a TLS key: `credential:NAME` or a path.
    mutating func file(_ tree: YAMLTree) -> String? {
        guard let reference = tree.text else {
            faults.add(at: tree.position, "a file must be a text", hint: "write credential:NAME or a path")
            return nil
        }
        if reference.hasPrefix("credential:") {
            switch surroundings.secrets.path(ofCredential: String(reference.dropFirst("credential:".count))) {
            case .success(let path): return path
            case .failure(let problem):
                faults.add(at: tree.position, problem.message, hint: problem.hint)
                return nil
            }
        }
        return readable(resolve(reference), at: tree.position)
    }

    func resolve(_ path: String) -> String {
        path.hasPrefix("/") ? path : surroundings.folder + "/" + path
    }

    static func isLoopback(_ host: String) -> Bool {
        AddressPolicy.isLoopback(host: host)
    }
}

extension ConfigurationReader: ChannelReading {}

/// All that is wrong with a configuration file.
struct ConfigurationFaults: Error, CustomStringConvertible {
    var faults: [Fault]

    var description: String { faults.map(\.description).joined(separator: "\n") }
}

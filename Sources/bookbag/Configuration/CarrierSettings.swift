import Daemon
import Foundation
import Intake
import Outreach
import Platform

/// A carrier's credentials, by the keys under its name.
struct CarrierKeys {
    /// The name or id; plain text is allowed, because it is not a secret.
    var id: String?
    /// The secret that goes with it, or the only one.
    var secret: String?
    /// A third credential that some need.
    var account: String?
    var accountIsNeeded = false
    /// A token that has to be fetched elsewhere.
    var token: String?

    /// The keys that adapters need, by name.
    static let all: [String: CarrierKeys] = {
        let client = CarrierKeys(id: "client_id", secret: "client_secret")
        let login = CarrierKeys(id: "username", secret: "password")
        let key = CarrierKeys(secret: "api_key")
        return [
            "ups": client, "fedex": client, "usps": client, "royalmail": client, "gls": client,
            "dhl_unified": key, "mydhl": login, "canadapost": login, "sendle": login,
            "australiapost": CarrierKeys(
                id: "username", secret: "password", account: "account", accountIsNeeded: true),
            "laposte": key, "hermes_de": CarrierKeys(token: "token"),
            "dpd": CarrierKeys(id: "username", token: "token"),
            "amazon_shipping": CarrierKeys(
                id: "client_id", secret: "client_secret", account: "refresh_token", accountIsNeeded: true),
            "easypost": key, "aftership": key, "17track": key,
            "shippo": CarrierKeys(secret: "api_key", account: "account"),
            "shipengine": CarrierKeys(secret: "api_key", account: "account"),
        ]
    }()

    /// Alternative names of an adapter.
    static let aliases = [
        "dhl": "dhl_unified", "hermes": "hermes_de", "amazon": "amazon_shipping", "seventeentrack": "17track",
    ]

    /// The required keys, in the order in which they are listed.
    var needed: [String] { [id, secret, accountIsNeeded ? account : nil, token].compactMap(\.self) }
}

extension ConfigurationReader {
    /// The carriers in file order, the operator's order of preference.
    mutating func carriers(_ tree: YAMLTree) -> [Configuration.Carrier] {
        guard case .map(let entries) = tree.content else {
            if case .nothing = tree.content { return [] }
            faults.add(
                at: tree.position, "'carriers' is \(tree.kind), not a set of names",
                hint: "write 'ups:' and its login under it")
            return []
        }
        let names = Carriers.askable.map(\.name).filter { CarrierKeys.all[$0] != nil } + ["dhl"]
        var carriers: [Configuration.Carrier] = []
        for entry in entries {
            let name = CarrierKeys.aliases[entry.key] ?? entry.key
            guard let wanted = CarrierKeys.all[name], Carriers.named(name) != nil else {
                unknown(entry.key, at: entry.keyPosition, among: names, what: "carrier")
                continue
            }
            guard !carriers.contains(where: { $0.name == name }) else {
                faults.add(
                    at: entry.keyPosition, "the carrier '\(name)' is listed twice", hint: "remove one of them")
                continue
            }
            if let carrier = carrier(name, called: entry.key, wanted, entry) { carriers.append(carrier) }
        }
        return carriers
    }

    private mutating func carrier(
        _ name: String, called: String, _ wanted: CarrierKeys, _ entry: YAMLTree.Entry
    ) -> Configuration.Carrier? {
        let known = wanted.needed + [wanted.account].compactMap(\.self).filter { !wanted.needed.contains($0) }
        guard
            let keys = fields(entry.value, of: "the carrier '\(called)'", known + ["endpoint", "per_day", "ask_every"])
        else {
            return nil
        }
        for key in wanted.needed where keys[key] == nil {
            faults.add(
                at: entry.keyPosition, "the carrier '\(called)' has no '\(key)'",
                hint: "add '\(key): credential:\(called)-\(key.replacingOccurrences(of: "_", with: "-"))'")
        }
        let secretKey = wanted.secret.flatMap { keys[$0] }.flatMap { secret($0.value) }
        let idKey = wanted.id.flatMap { keys[$0] }.flatMap { plainOrSecret($0) }
        var access = CarrierAccess(
            // If there is only a key, the adapters use it as the name.
            id: idKey ?? (wanted.id == nil ? secretKey : nil) ?? SecretString(""),
            secret: wanted.id == nil ? SecretString("") : secretKey ?? SecretString(""))
        if let key = wanted.account, let entry = keys[key] {
            if key == "refresh_token" {
                access.refreshToken = secret(entry.value)
            } else {
                access.account = text(entry)
            }
        }
        if let key = wanted.token, let entry = keys[key] { access.token = secret(entry.value) }
        if let entry = keys["endpoint"] { access.server = carrierServer(entry.value) }
        return Configuration.Carrier(
            name: name, access: access, perDay: keys["per_day"].flatMap { number($0.value, 1...10_000_000) },
            askEvery: keys["ask_every"].flatMap { duration($0.value, least: .seconds(1)) })
    }

    /// A name may be plain text in the file.
    private mutating func plainOrSecret(_ entry: YAMLTree.Entry) -> SecretString? {
        let isReference = ["credential:", "env:", "file:"].contains { entry.value.text?.hasPrefix($0) ?? false }
        return isReference ? secret(entry.value) : text(entry).map { SecretString($0) }
    }

    /// Scheme and host; the paths stay the carrier's.
    private mutating func carrierServer(_ tree: YAMLTree) -> String? {
        guard let value = tree.text, let parts = URLComponents(string: value),
            parts.scheme == "https" || parts.scheme == "http", let host = parts.host, !host.isEmpty,
            parts.path.isEmpty || parts.path == "/", parts.query == nil, parts.user == nil
        else {
            faults.add(
                at: tree.position, "'endpoint' needs scheme and host only",
                hint: "write https://HOST; the paths stay the carrier's")
            return nil
        }
        if parts.scheme == "http", !Self.isLoopback(host) {
            faults.add(
                at: tree.position, "the carrier's login would be sent unencrypted",
                hint: "write https://; http is for a sandbox on this machine")
            return nil
        }
        return value.hasSuffix("/") ? String(value.dropLast()) : value
    }
}

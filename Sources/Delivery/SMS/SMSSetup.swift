internal import Foundation
package import Outreach
package import Platform

/// How a shop's texts are sent, and how those that come in are recognised: the value of `sms:` in bookbag.yaml.
package struct SMSSettings: Sendable {
    /// Who carries them.
    package enum Provider: Sendable {
        case twilio(TwilioAccount)
        case gateway(url: String, secrets: [SecretString], from: String?, allowPrivate: Bool)
    }

    package var provider: Provider
    /// True if nobody but us answers a stop word. At Twilio that is so where its own opt-out handling is switched off;
    /// a second confirmation would break the rule that there is one.
    package var confirmsStops: Bool

    package init(_ provider: Provider, confirmsStops: Bool) {
        self.provider = provider
        self.confirmsStops = confirmsStops
    }

    /// Creates the channel. Throws what is wrong with the settings, without a secret.
    package func open(_ transport: any HTTPTransport) throws -> any Outreach.Channel {
        switch provider {
        case .twilio(let account): return TwilioChannel(account, over: transport)
        case .gateway(let url, let secrets, let from, let allowPrivate):
            let secrets = try secrets.map { try WebhookSecret($0.reveal()) }
            return GatewayChannel(
                TextGateway(url: url, secrets: secrets, from: from, allowPrivate: allowPrivate), over: transport)
        }
    }

    /// The host that texts are handed to.
    package var host: String {
        switch provider {
        case .twilio(let account): URLComponents(string: account.endpoint)?.host ?? ""
        case .gateway(let url, _, _, _): URLComponents(string: url)?.host ?? ""
        }
    }
}

extension ChannelSetup {
    /// `sms:`, for all shops or within one.
    static let sms = ChannelSetup(key: "sms") { tree, reading in
        guard let (settings, limits) = SMSSettings.read(tree, &reading) else { return [] }
        var end = FarEnd(target: "", host: settings.host, limit: 8, limits: limits) { engine in
            try settings.open(engine)
        }
        end.sms = settings
        return [end]
    }
}

extension SMSSettings {
    private static let limitKeys = ["per_second", "per_hour", "per_day"]

    fileprivate static func read(
        _ tree: YAMLTree, _ reading: inout any ChannelReading
    ) -> (SMSSettings, SendLimits)? {
        guard let keys = reading.fields(tree, of: "'sms'", ["twilio", "gateway"] + limitKeys) else { return nil }
        let limits = SendLimits(
            whole: zip(limitKeys, [SendLimit.Window.second, .hour, .day]).compactMap { name, window in
                keys[name].flatMap { reading.number($0.value, 1...10_000_000) }.map { SendLimit($0, window) }
            })
        switch (keys["twilio"], keys["gateway"]) {
        case (let entry?, nil): return twilio(entry.value, &reading).map { ($0, limits) }
        case (nil, let entry?): return gateway(entry.value, &reading).map { ($0, limits) }
        case (let entry?, _?):
            reading.faults.add(at: entry.keyPosition, "'sms' has both 'twilio' and 'gateway'", hint: "keep one of them")
        case (nil, nil):
            reading.faults.add(
                at: tree.position, "'sms' does not say who carries texts",
                hint: "write 'twilio:' or 'gateway:' in it (docs/sms.md)")
        }
        return nil
    }

    private static func twilio(_ tree: YAMLTree, _ reading: inout any ChannelReading) -> SMSSettings? {
        let names = ["account", "token", "from", "service", "confirms_stops", "endpoint"]
        guard let keys = reading.fields(tree, of: "'twilio'", names) else { return nil }
        var sid = reading.text(keys["account"])
        if let text = sid, let entry = keys["account"] {
            let isSID = text.hasPrefix("AC") && text.utf8.count == 34 && text.utf8.allSatisfy { $0.isLetterOrDigit }
            if !isSID {
                reading.faults.add(
                    at: entry.value.position, "'account' is not an account's SID",
                    hint: "copy the one that begins with AC from Twilio's console")
                sid = nil
            }
        } else {
            reading.faults.add(
                at: tree.position, "'twilio' has no 'account'", hint: "write the SID that begins with AC")
        }
        let token = keys["token"].flatMap { reading.secret($0.value) }
        if keys["token"] == nil {
            reading.faults.add(
                at: tree.position, "'twilio' has no 'token'", hint: "write token: credential:NAME, the auth token")
        }
        var sender: TwilioAccount.Sender?
        switch (keys["from"], keys["service"]) {
        case (let entry?, nil): sender = reading.text(entry).map { .from($0) }
        case (nil, let entry?): sender = reading.text(entry).map { .service($0) }
        default:
            reading.faults.add(
                at: tree.position, "'twilio' does not say whom texts come from",
                hint: "write 'from: \"+44…\"' in quotes, or 'service: MG…'; one of them")
        }
        var endpoint = TwilioAccount.endpoint
        if let entry = keys["endpoint"], let text = reading.text(entry) {
            endpoint = text.hasSuffix("/") ? String(text.dropLast()) : text
            _ = web(endpoint, "endpoint", at: entry.value.position, &reading)
        }
        let confirms = keys["confirms_stops"].map { yes($0, &reading) } ?? false
        guard let sid, let token, let sender else { return nil }
        return SMSSettings(
            .twilio(TwilioAccount(sid: sid, token: token, sender: sender, endpoint: endpoint)),
            confirmsStops: confirms)
    }

    private static func gateway(_ tree: YAMLTree, _ reading: inout any ChannelReading) -> SMSSettings? {
        let names = ["url", "secret", "from", "allow_private", "confirms_stops"]
        guard let keys = reading.fields(tree, of: "'gateway'", names) else { return nil }
        let secrets = keys["secret"].map { entry in entry.value.listed.compactMap { reading.secret($0) } } ?? []
        if keys["secret"] == nil {
            reading.faults.add(
                at: tree.position, "'gateway' has no 'secret'",
                hint: "write secret: credential:NAME; both sides sign with it")
        }
        guard let entry = keys["url"], let url = reading.text(entry) else {
            reading.faults.add(at: tree.position, "'gateway' has no 'url'", hint: "write url: https://HOST/PATH")
            return nil
        }
        let from = reading.text(keys["from"])
        let allowPrivate = keys["allow_private"].map { yes($0, &reading) } ?? false
        let confirms = keys["confirms_stops"].map { yes($0, &reading) } ?? true
        guard web(url, "url", at: entry.value.position, &reading), !secrets.isEmpty else { return nil }
        return SMSSettings(
            .gateway(url: url, secrets: secrets, from: from, allowPrivate: allowPrivate), confirmsStops: confirms)
    }

    /// True for an address of the web: customers' numbers travel in the clear to this machine alone.
    private static func web(
        _ text: String, _ key: String, at position: Position, _ reading: inout any ChannelReading
    ) -> Bool {
        guard let parts = URLComponents(string: text), let host = parts.host, !host.isEmpty, parts.user == nil,
            parts.scheme == "https" || parts.scheme == "http"
        else {
            reading.faults.add(at: position, "'\(key)' is no web address", hint: "write https://HOST")
            return false
        }
        if parts.scheme == "http", !["127.0.0.1", "::1", "[::1]", "localhost"].contains(host) {
            reading.faults.add(
                at: position, "numbers and texts would travel in the clear", hint: "write https://")
            return false
        }
        return true
    }

    private static func yes(_ entry: YAMLTree.Entry, _ reading: inout any ChannelReading) -> Bool {
        switch reading.text(entry) {
        case "true"?, "yes"?: return true
        case "false"?, "no"?, nil: return false
        case let text?:
            reading.faults.add(
                at: entry.value.position, "'\(text)' is neither true nor false", hint: "write true or false")
            return false
        }
    }
}

extension UInt8 {
    /// True for `A` to `Z`, `a` to `z` and `0` to `9`.
    fileprivate var isLetterOrDigit: Bool { self &- 0x30 < 10 || (self | 0x20) &- 0x61 < 26 }
}

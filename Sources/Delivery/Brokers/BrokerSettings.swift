internal import Foundation
internal import Outreach
package import Platform

/// Who sells return labels: the value of `labels:` in bookbag.yaml.
package struct BrokerSettings: Sendable {
    package enum Kind: String, Sendable, CaseIterable {
        case easypost, shippo

        /// As people call it.
        package var title: String { self == .easypost ? "EasyPost" : "Shippo" }

        /// Scheme and host of its API.
        var usualURL: String { self == .easypost ? "https://api.easypost.com" : "https://api.goshippo.com" }
    }

    package var kind: Kind
    package var key: SecretString
    /// Where its API is, without a slash at the end.
    package var url: String

    package init(_ kind: Kind, key: SecretString, url: String? = nil) {
        self.kind = kind
        self.key = key
        self.url = url ?? kind.usualURL
    }

    package var host: String { URLComponents(string: url)?.host ?? "" }

    /// True for a key that buys nothing real; nil for one that says neither
    /// (https://docs.easypost.com/docs/authentication, https://docs.goshippo.com/docs/guides_general/authentication/).
    package var isTest: Bool? {
        let key = key.reveal()
        switch kind {
        case .easypost: return key.hasPrefix("EZTK") ? true : key.hasPrefix("EZAK") ? false : nil
        case .shippo: return key.hasPrefix("shippo_test_") ? true : key.hasPrefix("shippo_live_") ? false : nil
        }
    }

    /// Its API with our key.
    func service(over transport: any HTTPTransport) -> JSONService {
        let login: SecretString =
            switch kind {
            case .easypost: JSONService.basic(key.reveal(), SecretString(""))
            case .shippo: SecretString("ShippoToken \(key.reveal())")
            }
        return JSONService(url, authorization: login, over: transport)
    }

    /// The broker, asked over that transport.
    package func open(_ transport: any HTTPTransport) -> any LabelBroker {
        switch kind {
        case .easypost: EasyPostBroker(service: service(over: transport))
        case .shippo: ShippoBroker(service: service(over: transport))
        }
    }

    /// Whether it takes our key, by asking for one shipment, which changes nothing; nil if it does, else what is wrong,
    /// without a secret.
    package func objection(over transport: any HTTPTransport) async -> String? {
        let path = kind == .easypost ? "/v2/shipments?page_size=1" : "/shipments/?results=1"
        do {
            let response = try await service(over: transport).send(.get, path)
            if (200..<300).contains(response.status) { return nil }
            return "\(kind.title) does not accept our key (HTTP \(response.status))"
        } catch {
            return "\(kind.title) could not be reached: \(error.kind.rawValue)"
        }
    }
}

extension ChannelSetup {
    /// `labels:`, for all shops or within one.
    static let labels = ChannelSetup(key: "labels") { tree, reading in
        guard let settings = BrokerSettings.read(tree, &reading) else { return [] }
        // It is a part of the shop's own channel, which the daemon opens.
        var end = FarEnd(target: "", host: settings.host, limit: 1) { _ in throw CancellationError() }
        end.broker = settings
        return [end]
    }
}

extension BrokerSettings {
    fileprivate static func read(_ tree: YAMLTree, _ reading: inout any ChannelReading) -> BrokerSettings? {
        guard let keys = reading.fields(tree, of: "'labels'", ["broker", "key", "url"]) else { return nil }
        let kinds = alternatives(Kind.allCases.map(\.rawValue))
        guard let entry = keys["broker"], let word = reading.text(entry) else {
            reading.faults.add(
                at: tree.position, "'labels' does not say who sells them", hint: "write 'broker:' and \(kinds)")
            return nil
        }
        guard let kind = Kind(rawValue: word) else {
            reading.faults.add(
                at: entry.value.position, "'\(word)' is no broker that Bookbag knows", hint: "write \(kinds)")
            return nil
        }
        guard let entry = keys["key"] else {
            reading.faults.add(
                at: tree.position, "'labels' has no 'key'",
                hint: "write key: credential:NAME, an API key of \(kind.title)")
            return nil
        }
        let key = reading.secret(entry.value)
        var url: String?
        if let entry = keys["url"], let text = reading.text(entry) {
            let trimmed = text.hasSuffix("/") ? String(text.dropLast()) : text
            guard isWeb(trimmed) else {
                reading.faults.add(
                    at: entry.value.position, "'url' is no address of an API",
                    hint: "write https://HOST, or take it out; http is for this machine alone")
                return nil
            }
            url = trimmed
        }
        return key.map { BrokerSettings(kind, key: $0, url: url) }
    }

    /// The key and shoppers' addresses travel in the clear to this machine alone.
    private static func isWeb(_ text: String) -> Bool {
        guard let parts = URLComponents(string: text), let host = parts.host, !host.isEmpty, parts.user == nil,
            parts.query == nil, parts.fragment == nil
        else { return false }
        return parts.scheme == "https" || parts.scheme == "http" && AddressPolicy.isLoopback(host: host)
    }
}

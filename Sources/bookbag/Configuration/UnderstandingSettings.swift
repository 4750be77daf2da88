import Daemon
import Foundation
import Intake
import Outreach
import Platform

extension ConfigurationReader {
    /// `understanding:`: a model that gives a second opinion on what shoppers write.
    mutating func understanding(_ tree: YAMLTree) -> ModelEndpoint? {
        guard let keys = fields(tree, of: "understanding", ["endpoint", "model", "key", "timeout"]) else { return nil }
        let url = required(keys["endpoint"], "endpoint", of: "understanding", at: tree.position)
        let model = required(keys["model"], "model", of: "understanding", at: tree.position)
        let key = keys["key"].flatMap { secret($0.value) }
        let timeout = keys["timeout"].flatMap { duration($0.value, least: .seconds(1)) } ?? .seconds(10)
        if let entry = keys["timeout"], timeout > .seconds(20) {
            faults.add(
                at: entry.value.position, "a shopper's message would wait too long",
                hint: "write 20 seconds or less; without an answer the built-in model decides alone")
        }
        guard let url, let entry = keys["endpoint"] else { return nil }
        guard let parts = URLComponents(string: url), parts.scheme == "https" || parts.scheme == "http",
            let host = parts.host, !host.isEmpty, parts.user == nil, parts.query == nil, parts.fragment == nil
        else {
            faults.add(
                at: entry.value.position, "'endpoint' is not a web address",
                hint: "write the base of the interface, such as http://127.0.0.1:8080/v1")
            return nil
        }
        if parts.scheme == "http", !Self.isLoopback(host) {
            faults.add(
                at: entry.value.position, "what shoppers write would travel unencrypted",
                hint: "write https://; http is for a model on this machine")
            return nil
        }
        if url.hasSuffix("/chat/completions") {
            faults.add(
                at: entry.value.position, "'endpoint' is the base of the interface",
                hint: "write it without /chat/completions")
            return nil
        }
        guard let model else { return nil }
        return ModelEndpoint(
            url: url.hasSuffix("/") ? String(url.dropLast()) : url, model: String(model.prefix(100)), key: key,
            timeout: timeout)
    }
}

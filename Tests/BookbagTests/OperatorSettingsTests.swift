import ArgumentParser
import Daemon
import Foundation
import Intake
import Outreach
import Platform
import Testing

@testable import bookbag

@Suite("The second model in bookbag.yaml") struct UnderstandingSettingsTests {
    private func read(_ text: String) throws(ConfigurationFaults) -> Configuration {
        try ConfigurationReader.read(
            text, file: "b.yaml",
            surroundings: ConfigurationReader.Surroundings(
                secrets: SecretSource(credentials: nil, environment: ["TOKEN": "t", "KEY": "hunter2"]),
                stateDirectory: "/tmp", folder: "/etc/bookbag"))
    }

    private let shops = """
        shops:
          - { domain: fig.myshopify.com, token: env:TOKEN }
          - domain: plum.myshopify.com
            token: env:TOKEN
            understanding: { endpoint: "https://models.example/v1/", model: large, key: env:KEY, timeout: 3 seconds }

        """

    @Test("stands for all shops, and a shop may have its own")
    func own() throws {
        let read = try read(shops + "understanding: { endpoint: http://127.0.0.1:8080/v1, model: qwen3 }\n")
        let (fig, plum) = (read.shops[0].understanding, read.shops[1].understanding)
        #expect(fig?.url == "http://127.0.0.1:8080/v1" && fig?.model == "qwen3" && fig?.key == nil)
        #expect(fig?.timeout == .seconds(10))
        #expect(plum?.url == "https://models.example/v1" && plum?.model == "large" && plum?.timeout == .seconds(3))
        #expect(plum?.key == SecretString("hunter2"))
        #expect(try self.read(shops).shops[0].understanding == nil)
    }

    @Test(
        "says what is wrong",
        arguments: [
            ("{ model: m }", "understanding has no 'endpoint'"),
            ("{ endpoint: http://127.0.0.1/v1 }", "understanding has no 'model'"),
            ("{ endpoint: http://models.example/v1, model: m }", "what shoppers write would travel unencrypted"),
            ("{ endpoint: https://me:hunter2@models.example/v1, model: m }", "'endpoint' is not a web address"),
            ("{ endpoint: 127.0.0.1:8080, model: m }", "'endpoint' is not a web address"),
            ("{ endpoint: http://127.0.0.1/v1/chat/completions, model: m }", "without /chat/completions"),
            ("{ endpoint: http://127.0.0.1/v1, model: m, key: hunter2 }", "a secret must not be written"),
            ("{ endpoint: http://127.0.0.1/v1, model: m, timeout: 2 minutes }", "would wait too long"),
            ("{ endpoint: http://127.0.0.1/v1, modell: m }", "did you mean 'model'?"),
        ])
    func faults(_ lines: String, _ words: String) {
        do throws(ConfigurationFaults) {
            _ = try read(shops + "understanding: \(lines)\n")
            Issue.record("nothing was wrong with \(lines)")
        } catch {
            #expect(error.description.contains(words), "\(error)")
            #expect(!error.description.contains("hunter2"))
        }
    }
}

@Suite("How long things are kept, in bookbag.yaml") struct RetentionSettingsTests {
    private func read(_ keep: String) throws(ConfigurationFaults) -> Retention {
        try ConfigurationReader.read(
            "shops: [{ domain: fig.myshopify.com, token: env:TOKEN }]\n\(keep)\n", file: "b.yaml",
            surroundings: ConfigurationReader.Surroundings(
                secrets: SecretSource(credentials: nil, environment: ["TOKEN": "t"]), stateDirectory: "/tmp",
                folder: "/etc/bookbag")
        ).retention
    }

    @Test("is 90 and 400 days where nothing is written, and otherwise what is written")
    func reads() throws {
        #expect(try read("") == Retention())
        let kept = try read("keep: { messages: 30 days, letters: for ever, orders: 800 days }")
        #expect(kept.messages == .days(30) && kept.letters == nil && kept.orders == .days(800))
        #expect(kept.attempts == .days(90) && kept.conversations == .days(400))
    }

    @Test(
        "is never too short",
        arguments: [
            ("keep: { messages: 1 day }", "write '7 days' or more"),
            ("keep: { orders: 30 days }", "write '90 days' or more"),
            ("keep: { orders: a year }", "'a year' is no number of days"),
            ("keep: { order: 400 days }", "did you mean 'orders'?"), ("keep: 90 days", "not a set of keys"),
            ("keep: { letters: -1 days }", "is no number of days"),
        ])
    func faults(_ text: String, _ words: String) {
        do throws(ConfigurationFaults) {
            _ = try read(text)
            Issue.record("nothing was wrong with \(text)")
        } catch { #expect(error.description.contains(words), "\(error)") }
    }
}

@Suite("A slip in people.yaml") struct PeopleSlipTests {
    @Test("ends commands, and not the daemon, which runs without a desk")
    func slip() throws {
        let folder = NSTemporaryDirectory() + "people-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let files = [
            "bookbag.yaml": "state: \(folder)/state\nshops: [{ domain: fig.myshopify.com, token: env:TOKEN }]\n",
            "people.yaml": "people: [{ email: ada@fig.example, name: Ada, may: [anser] }]\n",
        ]
        for (name, text) in files { try text.write(toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8) }
        let options = try CommandOptions.parse(["--config", folder + "/bookbag.yaml"])
        var told: [String] = []
        #expect(throws: ExitStatus.configuration) {
            _ = try options.configuration(withSecrets: false) { told.append($0) }
        }
        let running = try options.configuration(withSecrets: false, needsPeople: false) { told.append($0) }
        #expect(running.people.all.isEmpty && running.shops.count == 1)
        #expect(told.count == 2 && told.allSatisfy { $0.contains("did you mean 'answer'?") })
    }
}

import ArgumentParser
import Daemon
import Foundation
import Outreach
import Platform
import Testing

@testable import bookbag

/// A folder that is removed with the test.
private final class Folder {
    let path = NSTemporaryDirectory() + "init-\(UUID().uuidString)"

    init() throws {
        try FileManager.default.createDirectory(atPath: path + "/etc", withIntermediateDirectories: true)
        let top = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../triggers")
        try FileManager.default.copyItem(atPath: top.path, toPath: path + "/shipped")
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func text(_ file: String) -> String? { try? String(contentsOfFile: "\(path)/etc/\(file)", encoding: .utf8) }

    func mode(_ file: String) -> Int? {
        (try? FileManager.default.attributesOfItem(atPath: "\(path)/etc/\(file)"))?[.posixPermissions] as? Int
    }

    /// What was said, and the questions whose answers were secret.
    func run(_ answers: [String]) throws -> (said: String, secret: Int) {
        var (rest, said, secret) = (answers[...], "", 0)
        let dialogue = SetupDialogue(
            readLine: { isSecret in
                if isSecret { secret += 1 }
                return rest.popFirst()
            }, say: { said += $0 })
        let command = try InitCommand.parse(["--folder", path + "/etc", "--triggers-from", path + "/shipped"])
        try command.write(asking: dialogue)
        #expect(rest.isEmpty, "nobody asked for \(rest)")
        return (said, secret)
    }

    func configuration() throws(ConfigurationFaults) -> Configuration {
        try ConfigurationReader.read(
            text("bookbag.yaml") ?? "", file: "bookbag.yaml",
            surroundings: ConfigurationReader.Surroundings(
                secrets: SecretSource(credentials: path + "/etc/credentials", environment: [:]),
                stateDirectory: "/tmp", folder: path + "/etc"))
    }

    func settings() throws -> ShopSettings {
        let folder = try TriggerFolder(readingFrom: path + "/etc/triggers")
        let (set, faults) = TriggerSet.load(folder)
        return try #require(set?.settings, "\(faults)")
    }
}

@Suite("bookbag init") struct InitCommandTests {
    private let answers = [
        "https://admin.shopify.com/store/plum-row", "y", "1f0c0d7e", "s3cret", "Plum \"Row\", Söhne & Co: Tea",
        "orders@plumrow.example", "", "1 Plum Row, Bath", "de", "owner@plumrow.example", "relay.example.com:465",
        "plum",
        "hunter2", "",
    ]

    @Test("makes files that the daemon reads, with the secrets in files that nobody else can read")
    func writes() throws {
        let folder = try Folder()
        let (said, secret) = try folder.run(answers)
        let shop = try #require(try folder.configuration().shops.first)
        #expect(shop.domain == "plum-row.myshopify.com" && shop.triggers == folder.path + "/etc/triggers")
        guard case .clientCredentials("1f0c0d7e", let key) = shop.access else {
            Issue.record("\(shop.access)")
            return
        }
        #expect(key.reveal() == "s3cret" && secret == 2 && !said.contains("s3cret") && !said.contains("hunter2"))
        #expect(shop.smtp?.url == "smtps://relay.example.com:465" && shop.smtp?.password?.reveal() == "hunter2")
        #expect(shop.smtp?.username == "plum" && shop.smtp?.startTLS == .required)
        let text = try #require(folder.text("bookbag.yaml"))
        #expect(!text.contains("s3cret") && !text.contains("hunter2"))
        #expect(folder.mode("credentials") == 0o700 && folder.mode("credentials/shopify-secret") == 0o600)
        #expect(folder.mode("credentials/smtp-password") == 0o600 && folder.mode("bookbag.yaml") == 0o644)
        let settings = try folder.settings()
        #expect(
            settings.mode == .shadow && settings.locale == "de" && settings.notify?.address == "owner@plumrow.example")
        #expect(settings.brand.name == "Plum \"Row\", Söhne & Co: Tea" && settings.brand.address == "1 Plum Row, Bath")
        #expect(settings.brand.from.address == "orders@plumrow.example" && settings.brand.logo == nil)
        #expect(
            settings.brand.marketingFrom?.address == "hello@plumrow.example"
                && settings.brand.replyTo?.address == "orders@plumrow.example")
        // Its explanations are still there, and nothing of the example's shop.
        let own = try #require(folder.text("triggers/shop.yaml"))
        #expect(own.contains("# No mail reaches a shopper at these times") && !own.contains("uniper"))
        #expect(folder.text("triggers/delivered.yaml") != nil && folder.text("triggers/templates/delivered.md") != nil)
    }

    @Test("asks again, with the reason, until an answer can be read")
    func again() throws {
        let folder = try Folder()
        let (said, _) = try folder.run([
            "my shop!", "plum", "maybe", "n", "", "shpat_1", "", "Plum", "nobody", "o@plum.example", "hi@plum.example",
            "", "english",
            "en",
            "me@plum.example", "relay:port", "localhost:2525", "", "n",
        ])
        for words in [
            "That is no permanent domain", "Write y or n", "Paste it", "Write something", "That is no mail address",
            "Write a language", "Write the relay's host and port",
        ] { #expect(said.contains(words), "\(words)") }
        let shop = try #require(try folder.configuration().shops.first)
        guard case .token(let token) = shop.access else {
            Issue.record("\(shop.access)")
            return
        }
        #expect(token.reveal() == "shpat_1" && shop.smtp?.startTLS == .off && shop.smtp?.username == nil)
        #expect(try folder.settings().mode == .live && folder.settings().brand.address == nil)
    }

    @Test("writes nothing before the last answer, and leaves alone what is there")
    func careful() throws {
        let folder = try Folder()
        #expect(throws: SetupDialogue.Ended.self) { try folder.run(Array(answers.dropLast())) }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path + "/etc").isEmpty)
        // A secret that was put there by hand is used, and a shop.yaml of somebody's own stays.
        let files = FileManager.default
        try files.createDirectory(atPath: folder.path + "/etc/credentials", withIntermediateDirectories: true)
        try "mine".write(
            toFile: folder.path + "/etc/credentials/shopify-secret", atomically: true, encoding: .utf8)
        chmod(folder.path + "/etc/credentials/shopify-secret", 0o600)
        try files.createDirectory(atPath: folder.path + "/etc/triggers", withIntermediateDirectories: true)
        let own = "brand: { name: Mine, from: me@plum.example }\n"
        try own.write(toFile: folder.path + "/etc/triggers/shop.yaml", atomically: true, encoding: .utf8)
        var kept = answers
        kept[3] = "y"
        let (said, secret) = try folder.run(kept)
        #expect(secret == 1 && folder.text("credentials/shopify-secret") == "mine")
        #expect(folder.text("triggers/shop.yaml") == own && said.contains("stays as it is"))
        #expect(folder.text("triggers/delivered.yaml") == nil)
        #expect(throws: ValidationError.self) { try folder.run(answers) }
    }

    @Test(
        "knows a shop by whatever people paste",
        arguments: [
            "plum-row", "Plum-Row.myshopify.com", "https://plum-row.myshopify.com/admin",
            "https://admin.shopify.com/store/plum-row/settings/domains", "plum-row.myshopify.com/",
        ])
    func domains(_ text: String) throws {
        #expect(try FirstSetup.domain(text) == "plum-row.myshopify.com")
    }
}

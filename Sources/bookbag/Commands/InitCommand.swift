import ArgumentParser
import Foundation
import Outreach
import Platform

/// `bookbag init`: from an installed package to files that work.
struct InitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Ask for shop, mail relay and names, and write the smallest files that work.",
        discussion: """
            Writes bookbag.yaml, a file for each secret in credentials/, which root alone can read, and your shop's values into \
            triggers/shop.yaml. Nothing that you wrote is overwritten, and nothing is written before the last question. Then \
            'doctor' tries it all. Nothing goes out in shadow mode, which is offered.

            EXAMPLES
              sudo bookbag init
              bookbag init --folder try --endpoint http://127.0.0.1:8080   for a 'bookbag sandbox'
            """)

    @Option(help: "The folder of the configuration.") var folder = "/etc/bookbag"
    @Option(
        name: .customLong("triggers-from"), help: "The trigger files to begin with, if the folder has none yet.",
        completion: .directory)
    var shipped: String?
    @Option(help: "Where the shop's API is, if not at its domain: for the sandbox.") var endpoint: String?
    @Flag(inversion: .prefixedNo, help: "Try it all at the end.") var doctor = true

    func run() async throws {
        let dialogue = SetupDialogue.standard
        do {
            try write(asking: dialogue)
        } catch is SetupDialogue.Ended {
            complain("\nThe answers ended before the questions did. Nothing was written.")
            throw ExitStatus.usage
        }
        let service = folder == "/etc/bookbag" ? "systemctl enable --now bookbag" : "bookbag run --config \(file)"
        let named = folder == "/etc/bookbag" ? "" : " --config \(file)"
        dialogue.say(
            "\n'\(service)' starts it; 'bookbag outbox list --shadow\(named)' shows what would have gone out.\n")
        guard doctor else { return }
        dialogue.say("\n")
        var command = DoctorCommand()
        command.options = CommandOptions()
        command.options.config = file
        command.json = false
        try await command.run()
    }

    private var file: String { folder + "/bookbag.yaml" }

    /// Asks everything, then writes. Throws `SetupDialogue.Ended`, and how to go on if a file is in the way.
    func write(asking dialogue: SetupDialogue) throws {
        let files = FileManager.default
        guard !files.fileExists(atPath: file) else {
            throw ValidationError(
                "\(file) is there already. Edit it and run 'bookbag doctor', or move it away and begin again")
        }
        guard let shipped = shippedFolder else {
            throw ValidationError(
                "the shipped trigger files are not in /usr/share/bookbag/triggers; name them with --triggers-from FOLDER"
            )
        }
        let example = files.contents(atPath: shipped + "/shop.yaml").map { String(decoding: $0, as: UTF8.self) } ?? ""
        let triggers = folder + "/triggers"
        let own = files.contents(atPath: triggers + "/shop.yaml").map { String(decoding: $0, as: UTF8.self) }
        // Somebody's own words stay as they are.
        let isOwn = own != nil && own != example
        var secrets: [(name: String, secret: SecretString)] = []
        let setup = try ask(dialogue, &secrets)
        let settings = setup.settings(from: example)
        if own == nil { try copy(shipped, to: triggers) }
        if !isOwn {
            try replace(triggers + "/shop.yaml", with: settings)
        } else {
            dialogue.say(
                "\n\(triggers)/shop.yaml is no longer the shipped one, so it stays as it is: check 'brand' in it.\n")
        }
        if !secrets.isEmpty {
            try files.createDirectory(
                atPath: folder + "/credentials", withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700])
        }
        for (name, secret) in secrets { try create(place(of: name), Data(secret.reveal().utf8), mode: 0o600) }
        // What makes it an installation comes last: an attempt that was cut off can be repeated.
        try create(file, Data(setup.configuration.utf8), mode: 0o644)
        dialogue.say(
            "\nWrote \(file)\(secrets.isEmpty ? "" : ", \(folder)/credentials")\(isOwn ? "" : ", \(triggers)/shop.yaml").\n"
        )
    }

    /// All questions, in the order in which people have the answers at hand.
    private func ask(
        _ dialogue: SetupDialogue, _ secrets: inout [(name: String, secret: SecretString)]
    ) throws -> FirstSetup {
        dialogue.say("Your shop. The app needs the scopes that operations.md lists.\n")
        let domain = try dialogue.ask("Permanent domain, NAME.myshopify.com", FirstSetup.domain)
        let isClient = try dialogue.ask(
            "Has the app a client id and a secret? Older apps have a token instead", usual: "y", FirstSetup.yes)
        var access = FirstSetup.Access.token
        if isClient {
            access = .client(id: try dialogue.ask("Client id", FirstSetup.word))
            try secret("Client secret", FirstSetup.shopSecret, dialogue, &secrets)
        } else {
            try secret("Token, shpat_…", FirstSetup.shopToken, dialogue, &secrets)
        }
        dialogue.say("\nWhat customers see.\n")
        let name = try dialogue.ask("The shop's name", FirstSetup.word)
        let from = try dialogue.ask("Address that mails come from", FirstSetup.address)
        let offersFrom = try dialogue.ask(
            "Another one for offers and rating requests", usual: "hello@\(from.domain)", FirstSetup.address)
        let postal = try dialogue.ask("Postal address, which offers must show", usual: "") {
            text throws(FirstSetup.Refused) in
            text.isEmpty ? nil : try FirstSetup.word(text)
        }
        let locale = try dialogue.ask(
            "Language of customers who have not chosen one", usual: "en", FirstSetup.language)
        let notify = try dialogue.ask(
            "Your own address, for problems and for what customers write", FirstSetup.address)
        dialogue.say("\nHow mail goes out.\n")
        var relay = try dialogue.ask("Mail relay, HOST:PORT", FirstSetup.relay)
        let user = try dialogue.ask("User name there", usual: "") { text throws(FirstSetup.Refused) in
            text.isEmpty ? nil : try FirstSetup.word(text)
        }
        relay.user = user
        if user != nil { try secret("Its password", FirstSetup.relayPassword, dialogue, &secrets) }
        let isShadow = try dialogue.ask(
            "Begin in shadow mode, in which everything is decided and nothing is sent?", usual: "y", FirstSetup.yes)
        return FirstSetup(
            domain: domain, access: access, relay: relay, name: name, from: from, offersFrom: offersFrom,
            notify: notify, postal: postal,
            locale: locale, isShadow: isShadow, endpoint: endpoint,
            state: folder == "/etc/bookbag" ? nil : folder + "/state")
    }

    private func place(of secret: String) -> String { "\(folder)/credentials/\(secret)" }

    /// A secret that is there already is used, if the operator wants it so.
    private func secret(
        _ question: String, _ name: String, _ dialogue: SetupDialogue,
        _ secrets: inout [(name: String, secret: SecretString)]
    ) throws {
        if FileManager.default.fileExists(atPath: place(of: name)) {
            let isKept = try dialogue.ask(
                "\(place(of: name)) is there already. Use it?", usual: "y", FirstSetup.yes)
            if isKept { return }
        }
        secrets.append((name, try dialogue.secret(question)))
    }

    private var shippedFolder: String? {
        let places = shipped.map { [$0] } ?? ["/usr/share/bookbag/triggers", "triggers"]
        return places.first { FileManager.default.fileExists(atPath: $0 + "/shop.yaml") }
    }

    // MARK: - Files

    private func copy(_ shipped: String, to triggers: String) throws {
        let files = FileManager.default
        try files.createDirectory(atPath: triggers, withIntermediateDirectories: true)
        for name in try files.contentsOfDirectory(atPath: shipped)
        where !files.fileExists(atPath: "\(triggers)/\(name)") {
            try files.copyItem(atPath: "\(shipped)/\(name)", toPath: "\(triggers)/\(name)")
        }
    }

    /// Writes a file anew, whole or not at all; who may read it and whose it is stays.
    private func replace(_ path: String, with text: String) throws {
        var about = stat()
        let isThere = stat(path, &about) == 0
        let new = path + ".new"
        try? FileManager.default.removeItem(atPath: new)
        try create(new, Data(text.utf8), mode: isThere ? about.st_mode & 0o7777 : 0o644)
        if isThere { _ = chown(new, about.st_uid, about.st_gid) }
        guard rename(new, path) == 0 else { throw CocoaError(.fileWriteUnknown) }
    }

    /// Writes a new file, which nobody else can read meanwhile.
    private func create(_ path: String, _ bytes: Data, mode: mode_t) throws {
        try? FileManager.default.removeItem(atPath: path)
        let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else {
            throw ValidationError("\(path) cannot be written (\(String(cString: strerror(errno)))); run this as root")
        }
        let handle = FileHandle(fileDescriptor: file, closeOnDealloc: true)
        try handle.write(contentsOf: bytes)
        try handle.synchronize()
        guard fchmod(file, mode) == 0 else { throw CocoaError(.fileWriteUnknown) }
        try handle.close()
    }
}

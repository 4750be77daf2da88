import ArgumentParser
import Daemon
import Delivery
import Foundation
import Outreach

/// A folder of trigger files, for commands that need nothing else.
struct TriggerFolderOptions: ParsableArguments {
    @Argument(help: "The folder of trigger files.", completion: .directory)
    var folder: String?

    @Option(
        name: .long,
        help: "The configuration, for the folder and the names of webhooks; without it they are not checked.")
    var config: String?

    /// Reads the folder; exits with status 2 if there is none. `pages` is the address of the shopper's pages: nil where
    /// there is no configuration to say, and empty where it says that there are none.
    func read() throws -> (folder: TriggerFolder, webhooks: Set<String>?, pages: String?) {
        var path = folder
        var webhooks: Set<String>?
        var pages: String?
        if let config {
            var options = CommandOptions()
            options.config = config
            let configuration = try options.configuration(withSecrets: false)
            path = path ?? configuration.shops.first?.triggers
            webhooks = Set(configuration.shops.flatMap(\.webhooks.keys))
            pages = configuration.pages?.url ?? ""
        }
        let place =
            path
            ?? (FileManager.default.fileExists(atPath: "triggers/shop.yaml") ? "triggers" : "/etc/bookbag/triggers")
        do {
            return (try TriggerFolder(readingFrom: place, name: place), webhooks, pages)
        } catch {
            throw ValidationError("'\(place)' is not a readable folder; name the folder of the trigger files")
        }
    }
}

/// `bookbag check`: is every file right?
struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Report all mistakes in the trigger files at once.",
        discussion: """
            Mistakes keep the files from coming into force. Warnings do not: they point out things to check, such as parts \
            that some mail programs do not show.

            EXAMPLE
              bookbag check triggers/
            """)

    @OptionGroup var options: TriggerFolderOptions
    @Flag(help: "Treat warnings as mistakes, for use in tests.") var strict = false

    func run() throws {
        let (folder, webhooks, pages) = try options.read()
        let (set, found) = TriggerSet.load(folder, webhooks: webhooks, servesPages: pages.map { !$0.isEmpty })
        let faults = (found + MailReview.faults(of: set, in: folder)).sorted {
            ($0.file, $0.line, $0.column) < ($1.file, $1.line, $1.column)
        }
        for fault in faults { print(fault) }
        let errors = faults.count { $0.severity == .error }
        let warnings = faults.count - errors
        let remarks = warnings == 0 ? "" : ", \(warnings) warning\(warnings == 1 ? "" : "s")"
        guard let set else {
            print("\(errors) mistake\(errors == 1 ? "" : "s")\(remarks): these files are not put into force.")
            throw ExitStatus.fault
        }
        let count = set.triggers.count
        if let question = set.questionAboutShopify { print(question) }
        print("\(count) \(count == 1 ? "trigger is" : "triggers are") right\(remarks).")
        if strict, warnings > 0 { throw ExitStatus.fault }
    }
}

/// `bookbag test`: do the examples hold?
struct TestCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test", abstract: "Run the examples of the trigger files, with a simulated clock.",
        discussion: "EXAMPLE\n  bookbag test triggers/")

    @OptionGroup var options: TriggerFolderOptions

    func run() throws {
        let (folder, webhooks, _) = try options.read()
        let (set, faults) = TriggerSet.load(folder, webhooks: webhooks)
        guard let set else {
            for fault in faults where fault.severity == .error { print(fault) }
            throw ExitStatus.fault
        }
        let (count, failures) = ExampleRunner(set).run()
        for failure in failures { print(failure) }
        print("\(count - failures.count) passed, \(failures.count) failed")
        if !failures.isEmpty { throw ExitStatus.fault }
    }
}

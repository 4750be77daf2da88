import ArgumentParser
import Daemon
import Delivery
import Foundation
import Outreach

/// A folder of trigger files, for commands that need nothing else.
struct TriggerFolderOptions: ParsableArguments {
    @Argument(help: "The folder of trigger files, or a bookbag.yaml that names it.", completion: .file())
    var folder: String?

    @Option(
        name: .long,
        help: "The configuration, for the folder and the names of webhooks; without it they are not checked.")
    var config: String?

    /// A folder that was read. `pages` is the address of the shopper's pages: nil where there is no configuration to
    /// say, and empty where it says that there are none.
    typealias Found = (folder: TriggerFolder, webhooks: Set<String>?, pages: String?)

    /// Reads the folder, the first shop's where a configuration names several; exits with status 2 if there is none.
    func read() throws -> Found { try readAll().found[0] }

    /// Reads the folder, or those of all shops; exits with status 2 if one cannot be read, and with 78 if the
    /// configuration has mistakes. `configuration` is the file that was right, if there is one.
    func readAll() throws -> (found: [Found], configuration: (file: String, shops: Int)?) {
        let files = FileManager.default
        var isFolder: ObjCBool = false
        let isFile = folder.map { files.fileExists(atPath: $0, isDirectory: &isFolder) && !isFolder.boolValue } ?? false
        let isHere = files.fileExists(atPath: "triggers/shop.yaml")
        let installed = "/etc/bookbag/bookbag.yaml"
        var file = config ?? (isFile ? folder : nil)
        if file == nil, folder == nil, !isHere, files.isReadableFile(atPath: installed) { file = installed }
        guard let file else { return ([try read(folder ?? (isHere ? "triggers" : "/etc/bookbag/triggers"))], nil) }
        var options = CommandOptions()
        options.config = file
        let configuration = try options.configuration(withSecrets: false)
        let pages = configuration.pages?.url ?? ""
        let about = (file: file, shops: configuration.shops.count)
        if let folder, !isFile {
            return (
                [try read(folder, webhooks: Set(configuration.shops.flatMap(\.webhooks.keys)), pages: pages)], about
            )
        }
        // Shops may share a folder: then each webhook of theirs may be named in it.
        var folders: [String] = []
        for shop in configuration.shops where !folders.contains(shop.triggers) { folders.append(shop.triggers) }
        let found = try folders.map { folder in
            let shops = configuration.shops.filter { $0.triggers == folder }
            return try read(folder, webhooks: Set(shops.flatMap(\.webhooks.keys)), pages: pages)
        }
        return (found, about)
    }

    private func read(_ place: String, webhooks: Set<String>? = nil, pages: String? = nil) throws -> Found {
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
        commandName: "check", abstract: "Report all mistakes in the trigger files, and in bookbag.yaml, at once.",
        discussion: """
            Mistakes keep the files from coming into force. Warnings do not: they point out things to check, such as parts \
            that some mail programs do not show. Nobody is asked anything: 'doctor' tries what bookbag.yaml says.

            EXAMPLES
              bookbag check triggers/
              bookbag check /etc/bookbag/bookbag.yaml   the file, and the triggers of all its shops
            """)

    @OptionGroup var options: TriggerFolderOptions
    @Flag(help: "Treat warnings as mistakes, for use in tests.") var strict = false

    func run() throws {
        let (folders, configuration) = try options.readAll()
        if let (file, shops) = configuration {
            print(
                "\(file) is right: \(shops) \(shops == 1 ? "shop" : "shops"). Its secrets are not read here; 'bookbag doctor' reads them."
            )
        }
        var isRight = true
        for (folder, webhooks, pages) in folders {
            isRight = check(folder, webhooks: webhooks, pages: pages) && isRight
        }
        if !isRight { throw ExitStatus.fault }
    }

    /// Prints what is wrong in a folder; true where its files would come into force.
    private func check(_ folder: TriggerFolder, webhooks: Set<String>?, pages: String?) -> Bool {
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
            return false
        }
        let count = set.triggers.count
        if let question = set.questionAboutShopify { print(question) }
        print("\(count) \(count == 1 ? "trigger is" : "triggers are") right\(remarks).")
        return !strict || warnings == 0
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

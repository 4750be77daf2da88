import ArgumentParser
import Daemon
import Foundation
import Outreach
import Platform
import Store

/// The options of all commands for a running installation.
struct CommandOptions: ParsableArguments {
    @Option(name: .long, help: "The configuration file.")
    var config = "/etc/bookbag/bookbag.yaml"

    /// Reads the configuration. If it has mistakes, prints them all and exits with status 78. A command that logs in
    /// nowhere works without the secrets.
    ///
    /// - Parameters:
    ///   - needsPeople: whether mistakes in people.yaml are as bad as others. The daemon runs without a desk then: mail to
    ///     shoppers must not end with a slip in the list of who may look at it.
    ///   - asOneself: whether to stay who one is: a command that writes the trigger files, which may be root's.
    ///   - telling: receives each mistake, one line each.
    func configuration(
        withSecrets: Bool = true, needsPeople: Bool = true, asOneself: Bool = false,
        telling: (String) -> Void = { complain($0) }
    ) throws -> Configuration {
        let environment = ProcessInfo.processInfo.environment
        let path = config.hasPrefix("/") ? config : FileManager.default.currentDirectoryPath + "/" + config
        guard let data = FileManager.default.contents(atPath: path), data.count <= 1_000_000,
            let text = String(data: data, encoding: .utf8)
        else {
            telling("\(config): there is no such file, or it cannot be read; name another with --config FILE")
            throw ExitStatus.configuration
        }
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        // Without systemd to pass copies, root reads the folder that the unit loads.
        let credentials = environment["CREDENTIALS_DIRECTORY"] ?? (geteuid() == 0 ? folder + "/credentials" : nil)
        let surroundings = ConfigurationReader.Surroundings(
            secrets: SecretSource(credentials: credentials, environment: environment, isNeeded: withSecrets),
            stateDirectory: environment["STATE_DIRECTORY"] ?? "/var/lib/bookbag", folder: folder)
        var configuration: Configuration
        do {
            configuration = try ConfigurationReader.read(text, file: config, surroundings: surroundings)
        } catch {
            for fault in error.faults { telling(fault.description) }
            throw ExitStatus.configuration
        }
        if let file = configuration.peopleFile {
            let (people, faults) = PeopleReader.read(file: file, shops: configuration.shops.map(\.domain))
            for fault in faults { telling(fault) }
            if people == nil, needsPeople { throw ExitStatus.configuration }
            configuration.people = people ?? People()
        }
        // All secrets have been read: nothing needs root from here on.
        if !asOneself { try ServiceUser.become(for: configuration.state) }
        return configuration
    }

    /// The installation's store, for reading beside the daemon. Works without the secrets.
    func store() throws -> Store {
        let (place, folder) = try storePlace()
        // A missing folder is not created just to read from it.
        if FileManager.default.fileExists(atPath: folder) { try ServiceUser.become(for: folder) }
        return try Self.open(place)
    }

    /// The configured shops, whether or not their secrets can be read; nil if there is no readable configuration.
    func shopsNamed() -> Set<String>? {
        guard let data = FileManager.default.contents(atPath: config), let text = String(data: data, encoding: .utf8),
            let tree = YAMLReader.read(text, file: config).tree, case .map(let entries) = tree.content,
            let shops = entries.first(where: { $0.key == "shops" })?.value.listed
        else { return nil }
        return Set(
            shops.compactMap { shop in
                guard case .map(let keys) = shop.content else { return nil }
                return keys.first { $0.key == "domain" }?.value.text
            })
    }

    /// The file of the store, for what can be done with a file alone.
    func storePath() throws -> String {
        let place = try storePlace().place
        guard !place.isServer else {
            throw ValidationError("the store of \(config) is at a server, and this is for one in a file")
        }
        return place.path
    }

    /// Where the store is, and the folder of what the daemon keeps on this machine.
    func storePlace() throws -> (place: StorePlace, state: String) {
        let environment = ProcessInfo.processInfo.environment
        let usual = environment["STATE_DIRECTORY"] ?? "/var/lib/bookbag"
        if let data = FileManager.default.contents(atPath: config), let text = String(data: data, encoding: .utf8),
            let tree = YAMLReader.read(text, file: config).tree, case .map(let entries) = tree.content
        {
            func named(_ key: String) -> String? { entries.first(where: { $0.key == key })?.value.text }
            let folder = URL(fileURLWithPath: config).deletingLastPathComponent().path
            let state = named("state").map { $0.hasPrefix("/") ? $0 : folder + "/" + $0 }
            if let address = named("store") {
                if let fault = StorePlace.fault(in: address) {
                    complain("\(config): 'store': \(fault.message); \(fault.hint)")
                    throw ExitStatus.configuration
                }
                return (
                    StorePlace(path: address, password: try password(named("store_password"), in: folder)),
                    state ?? usual
                )
            }
            if let state { return (StorePlace(path: state + "/bookbag.db"), state) }
        }
        let path = usual + "/bookbag.db"
        guard FileManager.default.fileExists(atPath: path) else {
            complain(
                FileManager.default.fileExists(atPath: config)
                    ? "\(config) names no 'state:' that can be read, and there is no store at \(path). 'bookbag doctor --config \(config)' checks the file."
                    : "\(config): there is no such file. Name yours with --config FILE.")
            throw ExitStatus.configuration
        }
        return (StorePlace(path: path), usual)
    }

    /// The secret that `reference` names.
    func password(_ reference: String?, in folder: String) throws -> SecretString? {
        guard let reference else { return nil }
        let environment = ProcessInfo.processInfo.environment
        let source = SecretSource(
            credentials: environment["CREDENTIALS_DIRECTORY"] ?? (geteuid() == 0 ? folder + "/credentials" : nil),
            environment: environment)
        switch source.find(reference, relativeTo: folder) {
        case .success(let secret): return secret
        case .failure(let problem):
            complain("\(config): 'store_password': \(problem.message)\(problem.hint.map { "; " + $0 } ?? "")")
            throw ExitStatus.configuration
        }
    }

    static func open(_ place: StorePlace) throws -> Store {
        do {
            return try Store.open(place, role: .command, create: false, now: DaemonClock.system())
        } catch {
            complain("\(error)")
            throw ExitStatus.fault
        }
    }
}

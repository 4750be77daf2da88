internal import Foundation

// Reading trigger files for the first time is the one moment at which a file can do harm: it is read as YAML, and its
// templates are parsed and tried. So another process does it first, with limited memory and time. What that process
// receives and answers is defined here; the same bytes are read in both, by the same code, so what passed there passes
// here.

/// A folder to be tried by another process.
public struct TriggerTrial: Codable, Sendable {
    /// The folder's name, used as the prefix of faults.
    public var name: String
    private var files: [String: Data]
    /// The webhooks that the operator configured; nil if unknown.
    public var webhooks: [String]?
    private var today: String?

    public init(_ folder: TriggerFolder, webhooks: Set<String>?, today: CalendarDay?) {
        name = folder.name
        files = folder.files.mapValues { Data($0) }
        self.webhooks = webhooks?.sorted()
        self.today = today.map { "\($0)" }
    }

    /// The day on which it is tried; nil where nobody wants to hear of holidays.
    public var day: CalendarDay? { today.flatMap { CalendarDay(iso8601: $0) } }

    /// The files.
    public var folder: TriggerFolder { TriggerFolder(name: name, files: files.mapValues { [UInt8]($0) }) }

    /// Encoded for the other process.
    public var encoded: [UInt8] { (try? JSONEncoder().encode(self)).map { [UInt8]($0) } ?? [] }

    /// Decodes what was handed over.
    public init?(encoded: [UInt8]) {
        guard let trial = try? JSONDecoder().decode(TriggerTrial.self, from: Data(encoded)) else { return nil }
        self = trial
    }

    /// Reads, checks and tries the files, exactly as a set in force is loaded.
    public func run() -> Finding {
        let folder = folder
        let (set, faults) = TriggerSet.load(folder, webhooks: webhooks.map(Set.init), today: day)
        return Finding(digest: folder.digest, isGood: set != nil, faults: faults.map(Finding.Said.init))
    }

    /// The result of a trial.
    public struct Finding: Codable, Sendable {
        /// The digest of the files that were read.
        public var digest: String
        /// Whether they can be put into force.
        public var isGood: Bool
        var said: [Said]

        init(digest: String, isGood: Bool, faults: [Said]) {
            self.digest = digest
            self.isGood = isGood
            said = faults
        }

        /// A fault in its encoded form.
        struct Said: Codable, Sendable {
            var severity: Fault.Severity
            var file: String
            var line: Int
            var column: Int
            var message: String
            var hint: String?

            init(_ fault: Fault) {
                (severity, file, line, column) = (fault.severity, fault.file, fault.line, fault.column)
                (message, hint) = (fault.message, fault.hint)
            }
        }

        /// The errors and warnings.
        public var faults: [Fault] {
            said.map { Fault($0.severity, file: $0.file, line: $0.line, column: $0.column, $0.message, hint: $0.hint) }
        }

        /// Drops all but the first faults, errors before warnings.
        public mutating func keepFirst(_ count: Int) {
            let ordered = said.filter { $0.severity == .error } + said.filter { $0.severity == .warning }
            said = Array(ordered.prefix(count))
        }

        /// Encoded for the process that asked.
        public var encoded: [UInt8] { (try? JSONEncoder().encode(self)).map { [UInt8]($0) } ?? [] }

        /// Decodes what was handed back.
        public init?(encoded: [UInt8]) {
            guard let finding = try? JSONDecoder().decode(Finding.self, from: Data(encoded)) else { return nil }
            self = finding
        }
    }
}

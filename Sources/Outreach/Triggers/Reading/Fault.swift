/// Something in a file that has to be fixed or, as a warning, looked at: what, where, and how.
///
/// Prints as `triggers/delay-alert.yaml:7:5: unknown name 'shipment.day_late'; did you mean 'shipment.days_late'?`. It
/// quotes what the merchant wrote and never a customer's data.
public struct Fault: Error, Hashable, Sendable, CustomStringConvertible {
    /// Whether the files can be used regardless.
    public enum Severity: String, Sendable, Codable {
        /// The set of files is refused.
        case error
        /// The set is used, but a person should take a look.
        case warning
    }

    public var severity: Severity
    /// The file, the way a person would name it: `triggers/delay-alert.yaml`.
    public var file: String
    /// Counted from 1.
    public var line: Int
    /// Counted from 1, in characters as an editor counts them.
    public var column: Int
    /// What is wrong, without a full stop.
    public var message: String
    /// How to fix it.
    public var hint: String?

    public init(
        _ severity: Severity = .error, file: String, line: Int, column: Int, _ message: String, hint: String? = nil
    ) {
        self.severity = severity
        self.file = file
        self.line = line
        self.column = column
        self.message = message
        self.hint = hint
    }

    public var description: String {
        let start = "\(file):\(line):\(column): "
        let kind = severity == .warning ? "warning: " : ""
        // A question is followed by its answer, so no semicolon.
        let joint = message.hasSuffix("?") ? " " : "; "
        return start + kind + message + (hint.map { joint + $0 } ?? "")
    }
}

extension Fault {
    /// Orders faults the way a person goes through the files.
    package static func precedes(_ a: Fault, _ b: Fault) -> Bool {
        (a.file, a.line, a.column, a.severity == .error ? 0 : 1, a.message)
            < (b.file, b.line, b.column, b.severity == .error ? 0 : 1, b.message)
    }
}

/// A place in a file.
package struct Position: Hashable, Sendable {
    /// Counted from 1.
    package var line: Int
    /// Counted from 1.
    package var column: Int

    package init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }
}

/// Collects the faults of one file, so that all are reported at once.
package struct FaultList {
    let file: String
    package private(set) var faults: [Fault] = []

    package init(file: String) { self.file = file }

    /// Records an error.
    package mutating func add(at position: Position, _ message: String, hint: String? = nil) {
        faults.append(Fault(.error, file: file, line: position.line, column: position.column, message, hint: hint))
    }

    /// Records a warning.
    package mutating func warn(at position: Position, _ message: String, hint: String? = nil) {
        faults.append(Fault(.warning, file: file, line: position.line, column: position.column, message, hint: hint))
    }

    /// Adds faults that were found elsewhere.
    package mutating func add(_ more: [Fault]) { faults += more }

    package var hasErrors: Bool { faults.contains { $0.severity == .error } }
}

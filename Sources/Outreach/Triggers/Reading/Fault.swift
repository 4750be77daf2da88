/// Something in a file that has to be fixed, or, as a warning, looked at: what, where, and how.
///
/// Prints as `triggers/delay-alert.yaml:7:5: unknown name 'shipment.day_late'; did you mean 'shipment.days_late'?`. It
/// quotes what the merchant wrote and never a customer's data.
public struct Fault: Error, Hashable, Sendable, CustomStringConvertible {
    /// Whether the files can be used all the same.
    public enum Severity: String, Sendable, Codable {
        /// The set of files is refused.
        case error
        /// The set is used; a person should look.
        case warning
    }

    public var severity: Severity
    /// The file, as a person would name it: `triggers/delay-alert.yaml`.
    public var file: String
    /// From 1.
    public var line: Int
    /// From 1, in characters as an editor counts them.
    public var column: Int
    /// What is wrong, without a full stop.
    public var message: String
    /// How to fix it.
    public var hint: String?

    /// A fault at a place.
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
        // A question is answered and not continued.
        let joint = message.hasSuffix("?") ? " " : "; "
        return start + kind + message + (hint.map { joint + $0 } ?? "")
    }
}

extension Fault {
    /// Faults in the order in which a person walks through the files.
    package static func precedes(_ a: Fault, _ b: Fault) -> Bool {
        (a.file, a.line, a.column, a.severity == .error ? 0 : 1, a.message)
            < (b.file, b.line, b.column, b.severity == .error ? 0 : 1, b.message)
    }
}

/// A place in a file.
package struct Position: Hashable, Sendable {
    /// From 1.
    package var line: Int
    /// From 1.
    package var column: Int

    /// A place.
    package init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }
}

/// Gathers the faults of one file, so that all are told at once.
package struct FaultList {
    let file: String
    package private(set) var faults: [Fault] = []

    package init(file: String) { self.file = file }

    /// Notes an error.
    package mutating func add(at position: Position, _ message: String, hint: String? = nil) {
        faults.append(Fault(.error, file: file, line: position.line, column: position.column, message, hint: hint))
    }

    /// Notes a warning.
    package mutating func warn(at position: Position, _ message: String, hint: String? = nil) {
        faults.append(Fault(.warning, file: file, line: position.line, column: position.column, message, hint: hint))
    }

    /// Takes over faults that were found elsewhere.
    package mutating func add(_ more: [Fault]) { faults += more }

    package var hasErrors: Bool { faults.contains { $0.severity == .error } }
}

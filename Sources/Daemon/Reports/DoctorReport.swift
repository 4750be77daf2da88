/// Whether everything outside works: what `bookbag doctor` tells, one line per check, with the fix.
package struct DoctorReport: Report {
    /// What one check found.
    package struct Finding: Encodable, Sendable {
        /// How it stands.
        package enum Grade: String, Encodable, Sendable {
            case fine = "ok"
            /// It works, and less than it could.
            case poor = "note"
            case broken = "FAIL"
        }

        var grade: Grade
        var what: String
        var words: String
        /// How to fix it; nil where there is nothing to fix.
        @Nullable var fix: String?

        package init(_ grade: Grade, _ what: String, _ words: String, fix: String? = nil) {
            self.grade = grade
            self.what = what
            self.words = words
            self.fix = fix
        }

        var text: String {
            let first = grade.rawValue + String(repeating: " ", count: 5 - grade.rawValue.count)
            return "\(first) \(what): \(words)" + (fix.map { "; \($0)" } ?? "")
        }
    }

    package var findings: [Finding]

    package init(_ findings: [Finding]) { self.findings = findings }

    /// Whether something has to be fixed.
    package var isBroken: Bool { findings.contains { $0.grade == .broken } }

    package var text: String { findings.map(\.text).joined(separator: "\n") }

    /// JSON has the findings alone.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(findings)
    }
}

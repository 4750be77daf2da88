extension DoctorReport {
    package var text: String { findings.map(\.text).joined(separator: "\n") }

    /// JSON contains only the findings.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(findings)
    }
}

extension DoctorReport.Finding {
    /// One line.
    var text: String {
        let first = grade.rawValue + String(repeating: " ", count: 5 - grade.rawValue.count)
        return "\(first) \(what): \(words)" + (fix.map { "; \($0)" } ?? "")
    }
}

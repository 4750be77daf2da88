/// Whether everything outside works: what `bookbag doctor` prints, one line per check, with the fix.
package struct DoctorReport: Report {
    /// What one check found.
    package struct Finding: Encodable, Sendable {
        /// How well it works.
        package enum Grade: String, Encodable, Sendable {
            case fine = "ok"
            /// It works, but not as well as it could.
            case poor = "note"
            case broken = "FAIL"
        }

        package var grade: Grade
        /// What was checked: `relay of NAME.myshopify.com`.
        package var what: String
        /// One sentence.
        package var words: String
        /// How to fix it; nil if there is nothing to fix.
        @Nullable package var fix: String?

        package init(_ grade: Grade, _ what: String, _ words: String, fix: String? = nil) {
            self.grade = grade
            self.what = what
            self.words = words
            self.fix = fix
        }
    }

    package var findings: [Finding]

    package init(_ findings: [Finding]) { self.findings = findings }

    /// Runs the checks: first of this machine, then shop by shop, then of the carriers.
    package init(
        _ checks: [DoctorCheck] = DoctorCheck.standard, of configuration: Configuration, over reach: DoctorReach
    )
        async
    {
        var reach = reach
        reach.servesPages = configuration.pages != nil
        findings = []
        for check in checks {
            if case .machine(let look) = check.look { findings += await look(configuration, reach) }
        }
        for shop in configuration.shops {
            for check in checks { if case .shop(let look) = check.look { findings += await look(shop, reach) } }
        }
        for carrier in configuration.carriers {
            for check in checks { if case .carrier(let look) = check.look { findings += await look(carrier, reach) } }
        }
    }

    /// Whether something has to be fixed.
    package var isBroken: Bool { findings.contains { $0.grade == .broken } }
}

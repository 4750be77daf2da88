import Daemon
import Outreach
import Platform
import Synchronization

/// What doctor's checks found when somebody last asked for them.
struct DoctorPage: PageContent {
    static let template = "doctor"

    struct Finding: Encodable, Sendable {
        var tone: String
        var what: String
        var words: String
        var fix: String?
    }

    /// When somebody last asked; nil where nobody did.
    var at: Instant?
    var findings: [Finding]
    var path: String
    var back: String
}

/// Runs doctor's checks for a shop, one shop at a time, and keeps what they found until the next time.
final class Checkups: Sendable {
    typealias Check = @Sendable (Configuration) async -> DoctorReport

    private struct State {
        var found: [String: (report: DoctorReport, at: Moment)] = [:]
        var isRunning = false
    }

    private let state = Mutex(State())
    private let check: Check

    init(
        check: @escaping Check = { configuration in
            let engine = TransferEngine()
            let report = await DoctorReport(of: configuration, over: DoctorReach(engine))
            await engine.shutdown(within: .seconds(1))
            return report
        }
    ) {
        self.check = check
    }

    /// What was found last of a shop.
    func last(of shop: String) -> (report: DoctorReport, at: Moment)? { state.withLock { $0.found[shop] } }

    /// Looks at a shop, of which alone the configuration tells; false where somebody else is just looking.
    func look(at shop: String, _ configuration: Configuration, now: Moment) async -> Bool {
        let mayRun = state.withLock { state in
            defer { state.isRunning = true }
            return !state.isRunning
        }
        guard mayRun else { return false }
        let report = await check(configuration)
        state.withLock { state in
            state.found[shop] = (report, now)
            state.isRunning = false
        }
        return true
    }
}

extension DeskSite {
    func runDoctor(_ visit: Visit) async -> WebResponse {
        var configuration = core.configuration
        configuration.shops.removeAll { $0.domain != visit.shop }
        guard await checkups.look(at: visit.shop, configuration, now: core.now()) else {
            return notice(
                "The checks are running already", ["Somebody asked for them a moment ago. Look again soon."],
                visit: visit, status: 409)
        }
        return .seeOther("\(visit.path)/operations/doctor")
    }

    func doctor(_ visit: Visit) -> WebResponse {
        let last = checkups.last(of: visit.shop)
        let page = DoctorPage(
            at: last.map { Instant($0.at, Clock(visit.zone)) },
            findings: (last?.report.findings ?? []).map {
                DoctorPage.Finding(
                    tone: $0.grade == .fine ? "good" : $0.grade == .poor ? "warn" : "bad",
                    what:
                        "\($0.grade == .fine ? "Fine" : $0.grade == .poor ? "To look at" : "To be fixed"), \($0.what)",
                    words: $0.words, fix: $0.fix)
            }, path: "\(visit.path)/operations/doctor", back: "\(visit.path)/operations")
        return pages.desk(page, frame(title: "Doctor's checks", page: .operations, visit: visit))
    }
}

import Outreach
import Platform

/// Tries trigger files in a separate process with limits before they are read in this one: a file that crashes its
/// reader or never finishes costs that process, and not the daemon with all its shops.
///
/// Commands that read files which the daemon has not approved can do the same: what is tried is the folder as read from
/// disk once, so both see the same bytes.
package struct TriggerTrials: Sendable {
    /// Bytes of memory beyond what an idle process has: fifty times what the largest shops' files take.
    package static let memory = 512 * 1024 * 1024
    /// Processor time. Large folders take a tenth of a second.
    package static let processorSeconds = 20
    /// Wall-clock time, on a machine that is busy with other things as well.
    static let time = Duration.seconds(60)
    /// The maximum size of an answer in bytes: faults on every line would fit.
    static let mostOutput = 8 * 1024 * 1024
    /// More faults than this help nobody.
    package static let mostFaults = 2_000

    /// The exit status if the system does not let it limit itself: sysexits' EX_OSERR.
    package static let unlimited: Int32 = 71

    /// The exit status if its memory is not enough to receive what it should try.
    package static let exhausted: Int32 = 72

    /// The command that tries the files.
    package static let command = "read-triggers"

    /// The program that tries them: this one, except in tests.
    var program = LimitedProcess.own
    var time = TriggerTrials.time
    /// Bytes beyond what an idle process has.
    var memory = TriggerTrials.memory

    /// The result of a trial.
    enum Verdict: Sendable {
        /// The files can be read here.
        case good
        /// The errors and warnings.
        case faults([Fault])
        /// No process could be started; the fault says why.
        case untried(Fault)
    }

    /// Tries a folder's files.
    func judge(_ folder: TriggerFolder, webhooks: Set<String>?, today: CalendarDay?) async -> Verdict {
        let trial = TriggerTrial(folder, webhooks: webhooks, today: today)
        let process = LimitedProcess(
            program, [Self.command, "--memory", "\(memory)"], time: time, mostOutput: Self.mostOutput)
        switch await process.run(input: trial.encoded) {
        case .exited(0, let output):
            guard let finding = TriggerTrial.Finding(encoded: output), finding.digest == folder.digest else {
                return .faults([Self.died("it gave no answer", folder)])
            }
            return finding.isGood ? .good : .faults(finding.faults)
        case .exited(Self.unlimited, _):
            return .untried(
                Fault(
                    file: folder.name, line: 1, column: 1,
                    "the process that tries the files may not limit its memory and time, so they are not put into force",
                    hint: "make sure that the system call filter allows the daemon prlimit64, as the shipped unit does")
            )
        case .exited(Self.exhausted, _):
            return .faults([Self.died("it asked for more than \(memory / 1_048_576) MB of memory", folder)])
        case .exited(let status, _): return .faults([Self.died("it ended with status \(status)", folder)])
        case .killed(let signal, let held): return .faults([Self.died(words(signal, held), folder)])
        case .tooSlow: return .faults([Self.died("it took more than \(time.components.seconds) seconds", folder)])
        case .tooMuchOutput: return .faults([Self.died("it found more faults than can be reported", folder)])
        case .notStarted(let code):
            return .untried(
                Fault(
                    file: folder.name, line: 1, column: 1,
                    "the process that tries the files could not be started (error \(code)), so they are not put into force",
                    hint: "make sure that the daemon may start processes, then save a file again"))
        }
    }

    private func words(_ signal: Int32, _ held: Int) -> String {
        let (may, had) = (memory / 1_048_576, held / 1_048_576)
        return switch signal {
        case 24: "it took more than \(Self.processorSeconds) seconds of processor time"
        case 9: "it was killed, as the system does when memory runs out; it held \(had) MB"
        // A request that is refused is not allocated yet, and may be as large as everything before it.
        case _ where had >= may / 2: "it asked for more than \(may) MB of memory (signal \(signal)); it held \(had) MB"
        default: "it crashed (signal \(signal)), or asked for more than \(may) MB at once; it held \(had) MB"
        }
    }

    /// Which file it is cannot be told: the process that knew is gone.
    private static func died(_ reason: String, _ folder: TriggerFolder) -> Fault {
        Fault(
            file: folder.name, line: 1, column: 1,
            "the process that reads and tries the files did not survive them: \(reason)",
            hint: "look at the file that was edited last; nothing in it may grow without bound")
    }
}

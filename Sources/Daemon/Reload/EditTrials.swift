import Foundation
package import Platform
import Synchronization

/// Has edits tried by the limited process.
package struct EditTrials: Sendable {
    /// The command that tries them.
    package static let command = "try-edit"
    /// Processor time of a check or preview, which read one folder, and of a replay, which plays a month of a shop.
    package static let processorSeconds = (check: TriggerTrials.processorSeconds, replay: 900)
    /// By the clock on the wall.
    static let time = (check: TriggerTrials.time, replay: Duration.seconds(1800))
    /// A few mails with pictures in them would fit.
    static let mostOutput = 8 * 1024 * 1024

    /// What came of a trial.
    package enum Outcome: Sendable {
        case found(EditTrial.Finding)
        /// The process did not survive the files, or could not be started: a sentence.
        case died(String)
        case cancelled
    }

    /// The program that tries them: this one, but for tests.
    package var program = LimitedProcess.own

    package init() {}

    /// Tries an edit.
    ///
    /// - Parameters:
    ///   - stop: ends it early.
    ///   - progress: called as a replay goes on.
    package func run(
        _ trial: EditTrial, stop: LimitedProcess.Switch = LimitedProcess.Switch(),
        progress: @escaping @Sendable (EditTrial.Progress) -> Void = { _ in }
    ) async -> Outcome {
        let isReplay = if case .replay = trial.want { true } else { false }
        let time = isReplay ? Self.time.replay : Self.time.check
        let process = LimitedProcess(
            program,
            [
                Self.command, "--seconds", "\(isReplay ? Self.processorSeconds.replay : Self.processorSeconds.check)",
            ], time: time, mostOutput: Self.mostOutput)
        let input = (try? JSONEncoder().encode(trial)).map { [UInt8]($0) } ?? []
        let lines = Lines()
        let outcome = await process.run(input: input, switch: stop) { bytes in
            guard isReplay else { return }
            for line in lines.add(bytes) {
                if let found = try? JSONDecoder().decode(EditTrial.Progress.self, from: Data(line)) { progress(found) }
            }
        }
        if stop.isCancelled { return .cancelled }
        switch outcome {
        case .exited(0, let output):
            guard let last = output.split(separator: UInt8(ascii: "\n")).last,
                let finding = try? JSONDecoder().decode(EditTrial.Finding.self, from: Data(last))
            else { return .died("The process that tries the files gave no answer.") }
            return .found(finding)
        case .exited(TriggerTrials.unlimited, _):
            return .died("The process that tries the files may not limit its memory and time, so it read nothing.")
        case .exited(TriggerTrials.exhausted, _):
            return .died("The process that tries the files ran out of memory.")
        case .exited(let status, _): return .died("The process that tries the files ended with status \(status).")
        case .killed(let signal, _):
            return .died(
                signal == 24
                    ? "Trying the files took too much processor time. Nothing in them may grow without end."
                    : "The process that tries the files did not survive them (signal \(signal)), or ran out of memory.")
        case .tooSlow: return .died("Trying the files took more than \(time.components.seconds) seconds.")
        case .tooMuchOutput: return .died("There is more to tell of these files than can be shown.")
        case .notStarted(let code):
            return .died("The process that tries the files could not be started (error \(code)).")
        }
    }

    /// Puts pieces together to lines.
    private final class Lines: Sendable {
        private let rest = Mutex<[UInt8]>([])

        func add(_ bytes: ArraySlice<UInt8>) -> [[UInt8]] {
            rest.withLock { rest in
                rest += bytes
                var lines: [[UInt8]] = []
                while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                    lines.append(Array(rest[..<end]))
                    rest.removeSubrange(...end)
                }
                return lines
            }
        }
    }
}

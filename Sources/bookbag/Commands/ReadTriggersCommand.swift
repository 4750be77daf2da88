import ArgumentParser
import Daemon
import Foundation
import Outreach
import Platform

/// `bookbag read-triggers`: reads trigger files from standard input, tries them and reports the result. The daemon runs
/// it as a separate process, because the files may crash their reader.
struct ReadTriggersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: TriggerTrials.command, abstract: "Try trigger files on behalf of the daemon.", shouldDisplay: false
    )

    /// Larger than any folder that we read.
    private static let longestInput = TriggerFolder.largestFolder * 2

    @Option(name: .long, help: "The bytes of memory that it may use in addition to those at its start.")
    var memory = TriggerTrials.memory

    // Asynchronous, so that it runs on the same kind of thread, with the same stack size, as in the daemon.
    func run() async throws {
        guard ResourceLimits(memory: memory, processorSeconds: TriggerTrials.processorSeconds).apply() else {
            throw ExitCode(TriggerTrials.unlimited)
        }
        let input: Data?
        do {
            input = try FileHandle.standardInput.read(upToCount: Self.longestInput)
        } catch {
            // A socket that is open can be read, but for want of memory.
            throw ExitCode(TriggerTrials.exhausted)
        }
        guard let input, let trial = TriggerTrial(encoded: [UInt8](input)) else { throw ExitStatus.usage }
        var finding = trial.run()
        finding.keepFirst(TriggerTrials.mostFaults)
        try FileHandle.standardOutput.write(contentsOf: Data(finding.encoded))
    }
}

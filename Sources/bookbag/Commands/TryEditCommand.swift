import ArgumentParser
import Daemon
import Foundation
import Outreach
import Platform

/// `bookbag try-edit`: tries an edit of trigger files on behalf of the desk: check, examples, preview, replay. The
/// daemon runs it as a separate process, because the files may crash their reader.
struct TryEditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: EditTrials.command, abstract: "Try an edit of trigger files on behalf of the desk.",
        shouldDisplay: false)

    /// The folder twice over, as JSON has it, and an order's name.
    private static let longestInput = TriggerFolder.largestFolder * 2

    @Option(name: .long, help: "The seconds of processor time that it may use.")
    var seconds = EditTrials.processorSeconds.check

    func run() async throws {
        guard ResourceLimits(memory: TriggerTrials.memory, processorSeconds: seconds).apply() else {
            throw ExitCode(TriggerTrials.unlimited)
        }
        let input: Data?
        do {
            input = try FileHandle.standardInput.read(upToCount: Self.longestInput)
        } catch {
            throw ExitCode(TriggerTrials.exhausted)
        }
        guard let input, let trial = EditTrial(encoded: [UInt8](input)) else { throw ExitStatus.usage }
        let finding = await trial.run { Self.write($0) }
        Self.write(finding)
    }

    /// A line of JSON. A reader that is gone ends us: nobody wants to know any more.
    private static func write(_ value: some Encodable) {
        guard let data = try? JSONEncoder().encode(value) else { return }
        do {
            try FileHandle.standardOutput.write(contentsOf: data + Data("\n".utf8))
        } catch {
            Foundation.exit(1)
        }
    }
}

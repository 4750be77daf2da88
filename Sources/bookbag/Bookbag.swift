import ArgumentParser
import Daemon
import Foundation

/// The program: one command for the daemon, the others for people.
@main
struct Bookbag: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bookbag",
        abstract: "Tells shoppers about their parcels, before they have to ask.",
        discussion: """
            A daemon polls a Shopify shop's orders, matches what happened against the trigger files that the shopkeeper edits, and sends mails and \
            webhooks: once, in time.

            EXAMPLES
              bookbag sandbox --story demo      a shop and a mailbox to try it with
              bookbag check triggers/           is every file right?
              bookbag run --config bookbag.yaml the daemon
              bookbag status                    how is it doing?
            """,
        version: BookbagVersion.current,
        subcommands: [
            RunCommand.self, CheckCommand.self, TestCommand.self, PreviewCommand.self, ReplayCommand.self,
            ExplainCommand.self, SchemaCommand.self, StatusCommand.self, DoctorCommand.self, TriggersCommand.self,
            OutboxCommand.self, ClockCommand.self, SuppressCommand.self, BackupCommand.self, ExportCommand.self,
            EraseCommand.self, RenderCommand.self, TrackCommand.self, SandboxCommand.self, ReadTriggersCommand.self,
        ])

    /// Runs the command that the arguments name. Wrong usage ends with status 2, as of most programs; the parser's own
    /// would be 64.
    static func main() async {
        do {
            let command = try parseAsRoot()
            do {
                if var command = command as? any AsyncParsableCommand {
                    try await command.run()
                } else {
                    var command = command
                    try command.run()
                }
            } catch let error as ValidationError {
                // The words were right, and what they name is not there: how the command is written helps nobody then.
                complain("Error: \(error.message)")
                exit(withError: ExitStatus.usage)
            }
        } catch {
            guard exitCode(for: error) == .validationFailure else { exit(withError: error) }
            complain(fullMessage(for: error))
            exit(withError: ExitStatus.usage)
        }
    }
}

/// How the program ends, beside 0: all is well.
enum ExitStatus {
    /// It ran and found fault.
    static let fault = ExitCode(1)
    /// It was asked for something that it cannot do.
    static let usage = ExitCode(2)
    /// Wrong configuration: sysexits' EX_CONFIG, on which the unit does not restart.
    static let configuration = ExitCode(78)
}

/// Writes to standard error, for people.
func complain(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }

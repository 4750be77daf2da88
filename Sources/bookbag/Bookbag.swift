import ArgumentParser
import Daemon
import Foundation

/// The program: one command runs the daemon, the others are for people.
@main
struct Bookbag: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bookbag",
        abstract: "Tells shoppers about their parcels before they have to ask.",
        discussion: """
            A daemon polls a Shopify shop's orders, matches what happened against the trigger files that the shopkeeper edits, \
            and sends mails and webhooks: once, in time.

            EXAMPLES
              bookbag sandbox --story demo      a shop and a mailbox to try it with
              bookbag init                      the first files of an installation
              bookbag check triggers/           is every file right?
              bookbag run --config bookbag.yaml the daemon
              bookbag status                    how is it doing?
            """,
        version: BookbagVersion.current,
        subcommands: [
            InitCommand.self, RunCommand.self, CheckCommand.self, TestCommand.self, PreviewCommand.self,
            ReplayCommand.self,
            ExplainCommand.self, SchemaCommand.self, StatusCommand.self, DoctorCommand.self, TriggersCommand.self,
            OutboxCommand.self, ClockCommand.self, SuppressCommand.self, BackupCommand.self, StoreCommand.self,
            ExportCommand.self,
            EraseCommand.self, DeskCommand.self, RenderCommand.self, TrackCommand.self, MailCommand.self,
            PauseCommand.self, ResumeCommand.self,
            MailboxCommand.self, ReportCommand.self, UnderstandCommand.self,
            SandboxCommand.self,
            ReadTriggersCommand.self, TryEditCommand.self, MakeThumbnailCommand.self,
        ])

    /// Runs the command in the arguments. Wrong usage exits with status 2, as in most programs; the parser's own would
    /// be 64.
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
                // The usage was right, but the named thing does not exist: a usage text would not help.
                complain("Error: \(error.message)")
                exit(withError: ExitStatus.usage)
            }
        } catch {
            guard exitCode(for: error) == .validationFailure else { exit(withError: error) }
            complain(fullMessage(for: error))
            // A mail server that calls us wrongly must not return shoppers' mail for it.
            let isPipe = CommandLine.arguments.contains("--deliver")
            exit(withError: isPipe ? MailCommand.Delivering.later : ExitStatus.usage)
        }
    }
}

/// Exit statuses other than 0 for success.
enum ExitStatus {
    /// It ran and found a problem.
    static let fault = ExitCode(1)
    /// Wrong usage, or an impossible request.
    static let usage = ExitCode(2)
    /// Wrong configuration: sysexits' EX_CONFIG, on which the unit does not restart.
    static let configuration = ExitCode(78)
}

/// Writes to standard error, for people.
func complain(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }

import ArgumentParser
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
        version: "0.1.0",
        subcommands: [
            RunCommand.self, CheckCommand.self, TestCommand.self, PreviewCommand.self, ReplayCommand.self,
            ExplainCommand.self, SchemaCommand.self, StatusCommand.self, DoctorCommand.self, TriggersCommand.self,
            OutboxCommand.self, SuppressCommand.self, BackupCommand.self, ExportCommand.self, EraseCommand.self,
            RenderCommand.self, TrackCommand.self, SandboxCommand.self,
        ])
}

/// How the program ends, beside 0: all is well.
enum ExitStatus {
    /// It ran and found fault.
    static let fault = ExitCode(1)
    /// Wrong configuration: sysexits' EX_CONFIG, on which the unit does not restart.
    static let configuration = ExitCode(78)
}

/// Writes to standard error, for people.
func complain(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }

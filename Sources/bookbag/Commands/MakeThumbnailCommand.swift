import ArgumentParser
import Daemon
import Foundation
import Pictures
import Platform

/// `bookbag make-thumbnail`: makes a small picture of one that a customer sent, from standard input to standard output.
/// The daemon runs it as a separate process, because the picture may crash its reader.
struct MakeThumbnailCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: Thumbnails.command, abstract: "Make a thumbnail on behalf of the daemon.", shouldDisplay: false)

    func run() throws {
        let limits = ResourceLimits(memory: Thumbnails.memory, processorSeconds: Thumbnails.processorSeconds)
        guard limits.apply() else { throw ExitCode(TriggerTrials.unlimited) }
        guard let input = try? FileHandle.standardInput.read(upToCount: Thumbnails.mostInput + 1),
            input.count <= Thumbnails.mostInput
        else { throw ExitStatus.fault }
        let thumbnail: [UInt8]
        do throws(PictureFailure) { thumbnail = try Thumbnail.make(of: [UInt8](input)) } catch {
            throw ExitStatus.fault
        }
        try FileHandle.standardOutput.write(contentsOf: Data(thumbnail))
    }
}

import ArgumentParser
import Foundation

/// `bookbag sandbox`: replaces this process with the sandbox, a separate program.
struct SandboxCommand: ParsableCommand {
    /// The program's name.
    static let program = "bookbag-sandbox"

    static let configuration = CommandConfiguration(
        commandName: "sandbox",
        abstract: "Run a shop, its carriers, a mail relay and a mailbox page to try Bookbag with.",
        discussion: """
            Runs the program bookbag-sandbox with the same options, from the folder of this program or from PATH; \
            'bookbag sandbox --help' lists them.

            EXAMPLES
              bookbag sandbox --story demo
              bookbag sandbox --port 8080 --smtp-port 2525   a shop to play with in the browser
            """)

    @Argument(parsing: .captureForPassthrough, help: "The sandbox's options.") var options: [String] = []

    func run() throws {
        let manager = FileManager.default
        let own = try? manager.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        guard
            let path = Self.find(
                besides: own, path: ProcessInfo.processInfo.environment["PATH"] ?? "",
                isProgram: { file in
                    var isFolder: ObjCBool = false
                    return manager.fileExists(atPath: file, isDirectory: &isFolder) && !isFolder.boolValue
                        && manager.isExecutableFile(atPath: file)
                })
        else {
            complain(
                "bookbag sandbox: \(Self.program) is neither beside bookbag nor in PATH; install it there, or build it with "
                    + "'swift build --product \(Self.program)'")
            throw ExitStatus.usage
        }
        // It replaces this process, so whoever started 'bookbag sandbox' can end it.
        var arguments: [UnsafeMutablePointer<CChar>?] = ([path] + options).map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        execv(path, &arguments)
        complain("bookbag sandbox: \(path) cannot be run: \(String(cString: strerror(errno)))")
        throw ExitStatus.usage
    }

    /// The path of the sandbox's program: beside this one, `own`, or in the first folder of `path` that has it.
    static func find(besides own: String?, path: String, isProgram: (String) -> Bool) -> String? {
        var folders = path.split(separator: ":").map(String.init).filter { $0.hasPrefix("/") }
        if let own, let slash = own.lastIndex(of: "/") { folders.insert(String(own[..<slash]), at: 0) }
        return folders.map { $0 + "/" + program }.first(where: isProgram)
    }
}

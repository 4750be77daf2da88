import Foundation
import Platform

/// Asks questions on a terminal, or reads the answers from a file, one a line.
struct SetupDialogue {
    /// Reads a line; nil at the end. The flag: nothing of it is shown.
    var readLine: (_ isSecret: Bool) -> String?
    var say: (String) -> Void

    /// The answers ended before the questions did.
    struct Ended: Error {}

    /// Asks until an answer can be read.
    ///
    /// - Parameter usual: what an empty line means; nil where there has to be something.
    /// - Throws: `Ended`.
    func ask<Value>(
        _ question: String, usual: String? = nil, _ read: (String) throws(FirstSetup.Refused) -> Value
    ) throws(Ended) -> Value {
        while true {
            say(question + (usual.map { $0.isEmpty ? " (may be left empty): " : " [\($0)]: " } ?? ": "))
            guard let line = readLine(false) else { throw Ended() }
            let text = line.trimmingCharacters(in: .whitespaces)
            do throws(FirstSetup.Refused) { return try read(text.isEmpty ? usual ?? "" : text) } catch {
                say("  \(error.words)\n")
            }
        }
    }

    /// Asks for a secret, which is not shown.
    func secret(_ question: String) throws(Ended) -> SecretString {
        while true {
            say(question + " (not shown): ")
            guard let line = readLine(true) else { throw Ended() }
            let text = line.trimmingCharacters(in: .whitespaces)
            if !text.isEmpty, text.utf8.count <= 4_000 { return SecretString(text) }
            say("  Paste it, or press Ctrl-C and come back when you have it.\n")
        }
    }

    /// The terminal, or what standard input is instead.
    static var standard: SetupDialogue {
        let isTerminal = isatty(STDIN_FILENO) == 1
        return SetupDialogue(
            readLine: { isSecret in
                guard isSecret, isTerminal else { return Swift.readLine() }
                var before = termios()
                guard tcgetattr(STDIN_FILENO, &before) == 0 else { return Swift.readLine() }
                var quiet = before
                quiet.c_lflag &= ~tcflag_t(ECHO)
                tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet)
                defer {
                    tcsetattr(STDIN_FILENO, TCSAFLUSH, &before)
                    print("")
                }
                return Swift.readLine()
            },
            say: {
                print($0, terminator: ""); fflush(nil)
            })
    }
}

internal import CPostgres
internal import Outreach

/// Why PostgreSQL did not do what it was asked. It has no value of a row: the server's `DETAIL` is never read.
struct PostgresFault: Error {
    /// What follows from it.
    enum Kind {
        /// The line to the server broke, or the server is no longer the one that takes writes. Nothing of the open
        /// transaction stays.
        case lost
        /// The transaction met another one: the same again may well succeed.
        case conflict
        /// The transaction was run without savepoints and needs them.
        case needsSavepoints
        /// Another daemon has the store.
        case notOwner
        /// The line broke while the commit was on its way, and nobody can say whether it arrived.
        case unknownOutcome
        /// The server has lost commits that it had acknowledged.
        case slept
        /// The statement was refused.
        case refused
    }

    var kind: Kind
    /// The SQLSTATE; empty where the server did not answer.
    var state = ""
    /// The server's first line, or the library's.
    var message = ""

    init(_ kind: Kind, state: String = "", message: String = "") {
        self.kind = kind
        self.state = state
        self.message = message
    }

    /// The fault of an answer.
    init(_ result: OpaquePointer?) {
        func field(_ letter: Character) -> String {
            PQresultErrorField(result, Int32(letter.asciiValue ?? 0)).map { String(cString: $0) } ?? ""
        }
        state = field("C")
        // The message of a value that cannot be read quotes it.
        message = state.hasPrefix("22") ? "" : field("M")
        kind = Self.kind(of: state)
    }

    private static func kind(of state: String) -> Kind {
        if state.hasPrefix("08") || state.hasPrefix("57P") || state == "25006" || state == "25P03" { return .lost }
        return state == "40001" || state == "40P01" ? .conflict : .refused
    }
}

extension StoreFailure {
    /// What a fault of the server means, and how to fix it.
    init(_ fault: PostgresFault, path: String) {
        switch fault.kind {
        case .lost:
            let words = fault.message.isEmpty ? "" : " (\(fault.message))"
            self.init(
                .unreachable, "\(path) cannot be reached\(words). Nothing was written; work continues by itself.")
        case .unknownOutcome:
            self.init(
                .unreachable,
                "The line to \(path) broke while something was written. Look whether it was done before you repeat it.")
        case .conflict, .needsSavepoints:
            self.init(.busy, "\(path) is held by another process. Try again when that one is done.")
        case .notOwner:
            self.init(
                .locked, "Another daemon has taken over \(path), because this one was not heard of for too long.")
        case .slept:
            self.init(
                .locked,
                "\(path) has lost what it had acknowledged, as after a failover without synchronous replication. It is treated as a restored backup at the next start."
            )
        case .refused:
            self.init(refused: fault, path: path)
        }
    }

    private init(refused fault: PostgresFault, path: String) {
        let code = "SQLSTATE \(fault.state)"
        switch fault.state {
        case "53100":
            self.init(
                .full, "The server of \(path) has no room left. Free space on its disk; work continues by itself.")
        case "55P03":
            self.init(.busy, "\(path) is held by another process. Try again when that one is done.")
        case "53200", "53300":
            self.init(
                .busy,
                "The server of \(path) has no room for another connection, or no memory left (\(code)). Raise its max_connections."
            )
        case "42501":
            self.init(
                .forbidden,
                "The user of \(path) may not do that: \(fault.message). Let it own the schema that it uses.")
        case "26000", "42P05":
            self.init(
                .broken,
                "The server of \(path) does not know our prepared statements (\(code)): there is a pooler between us in transaction mode. Connect past it, or give it the session mode."
            )
        case "XX001", "XX002":
            self.init(.corrupt, "\(path) is damaged (\(code)). Stop bookbag and restore the last backup.")
        case let state where state.hasPrefix("23") || state.hasPrefix("22"):
            let words = fault.message.isEmpty ? code : fault.message
            self.init(.misuse, "The store refused an impossible row: \(words). This is a bug in bookbag.")
        case let state where state.hasPrefix("58"):
            self.init(.disk, "The disk under \(path) failed (\(code): \(fault.message)). Check the server's log.")
        default:
            self.init(
                .broken,
                "The store could not finish a step (\(code): \(fault.message)). This is a bug in bookbag.")
        }
    }

    /// Why a connection was not made.
    init(connecting message: String, path: String) {
        let words = Self.words(message)
        if words.contains("password authentication failed") || words.contains("no password supplied") {
            self.init(
                .forbidden,
                "\(path) refuses our login: \(words). Correct the user in 'store:', or the secret of 'store_password:'."
            )
        } else if words.contains("no pg_hba.conf entry") || words.contains("permission denied for database") {
            self.init(.forbidden, "\(path) does not let us in: \(words). Allow it in the server's pg_hba.conf.")
        } else if words.contains("database \"") && words.contains("does not exist") {
            self.init(
                .noDatabase,
                "\(path) is not there: \(words). Create the database (createdb), or correct 'store:' in bookbag.yaml.")
        } else if words.contains("role \"") && words.contains("does not exist") {
            self.init(
                .forbidden,
                "\(path) does not know us: \(words). Create the user (createuser), or correct 'store:' in bookbag.yaml."
            )
        } else if words.contains("does not support SSL") {
            self.init(
                .forbidden,
                "\(path) offers no encryption: \(words). Switch it on there (ssl = on, with a certificate), or correct 'sslmode' in 'store:'."
            )
        } else if words.contains("certificate") {
            self.init(
                .forbidden, "\(path) cannot be trusted: \(words). Check 'sslrootcert' in 'store:'.")
        } else {
            self.init(
                .unreachable,
                "\(path) cannot be reached: \(words). If that lasts, check that the server runs, and 'store:' in bookbag.yaml."
            )
        }
    }

    /// The library's words without what the sentence says already. They go over several lines, some per host that was
    /// tried, and have no secret.
    private static func words(_ message: String) -> String {
        var words: [String] = []
        for line in message.split(whereSeparator: { $0 == "\n" || $0 == "\t" }) {
            var line = line[...]
            let prefix = #/connection to server (?:at|on socket) "[^"]*"(?: \([^)]*\))?(?:, port \d+)? failed: /#
            if let found = line.prefixMatch(of: prefix) { line = line[found.range.upperBound...] }
            for level in ["FATAL:  ", "ERROR:  "] where line.hasPrefix(level) { line = line.dropFirst(level.count) }
            // "Is the server running on that host and accepting connections?"
            if line.hasSuffix("?") || line.isEmpty || words.contains(String(line)) { continue }
            words.append(String(line))
        }
        return words.joined(separator: "; ")
    }
}

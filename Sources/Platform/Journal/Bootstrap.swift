import Glibc
public import Logging

/// Whether standard error goes straight to systemd's journal: `$JOURNAL_STREAM` names its device and inode
/// (systemd.exec(5)). If a program inherits the variable but its standard error was redirected, they do not match, and
/// the answer is no.
public func standardErrorIsJournal() -> Bool {
    var about = stat()
    guard let variable = getenv("JOURNAL_STREAM"), fstat(STDERR_FILENO, &about) == 0 else { return false }
    return names(String(cString: variable), device: UInt64(about.st_dev), inode: UInt64(about.st_ino))
}

/// Whether a value of `$JOURNAL_STREAM` (`device:inode`, decimal) names this file.
func names(_ variable: String, device: UInt64, inode: UInt64) -> Bool {
    let parts = variable.split(separator: ":", omittingEmptySubsequences: false)
    return parts.count == 2 && UInt64(parts[0]) == device && UInt64(parts[1]) == inode
}

/// Sends all loggers of the program to the journal under systemd, and to standard error elsewhere. Call it once, first.
public func bootstrapLogging(identifier: String = "bookbag", level: Logger.Level = .info) {
    let toJournal = standardErrorIsJournal()
    let color = ConsoleLogHandler.standardErrorIsTerminal
    LoggingSystem.bootstrap { label -> any LogHandler in
        if toJournal { return JournalLogHandler(label: label, identifier: identifier, level: level) }
        return ConsoleLogHandler(level: level, color: color)
    }
}

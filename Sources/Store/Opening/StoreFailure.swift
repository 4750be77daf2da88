internal import GRDB

/// Why the store could not do a step. The sentence says what and how to mend it, and never holds a row's data.
///
/// A failed step changed nothing: it was one transaction.
public struct StoreFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong, in one word of a closed set: for the journal, and for callers that treat one of them specially.
    public enum Cause: String, Sendable, CaseIterable {
        /// No room on the disk, or the file has reached its greatest size.
        case full
        /// The file or its file system may not be written.
        case readOnly = "read_only"
        /// The file is damaged, or a row in it cannot be read.
        case corrupt
        /// The file is another program's.
        case notAStore = "not_a_store"
        /// Another process held the store for longer than we wait.
        case busy
        /// Another daemon runs on this store.
        case locked
        /// A later version of the program wrote the file.
        case newerSchema = "newer_schema"
        /// An earlier version of the program still runs on it.
        case olderSchema = "older_schema"
        /// There is no such file or folder.
        case missing
        /// We may not open the file.
        case forbidden
        /// The disk or its driver failed.
        case disk
        /// No shop of that domain was ever opened.
        case unknownShop = "unknown_shop"
        /// The store was asked for something that cannot be: a fault of the program.
        case misuse
        /// Out of memory, an interrupt, or a fault of the program in a statement.
        case broken
    }

    public let cause: Cause
    /// What happened and how to mend it, for people.
    public let sentence: String

    init(_ cause: Cause, _ sentence: String) {
        self.cause = cause
        self.sentence = sentence
    }

    public var description: String { sentence }

    /// True where the same step may well succeed a little later with nobody's help.
    public var isPassing: Bool { cause == .busy }
}

extension StoreFailure {
    /// What an error of a step means. Only result codes and names of columns are taken from SQLite, never a value.
    init(_ error: any Error, path: String) {
        if let failure = error as? StoreFailure {
            self = failure
            return
        }
        guard let error = error as? DatabaseError else {
            self.init(.broken, "The store could not finish a step: \(type(of: error)). This is a fault of the program.")
            return
        }
        let code = error.extendedResultCode.rawValue
        switch error.resultCode {
        case .SQLITE_FULL:
            self.init(.full, "There is no room left for \(path). Free space on its disk; work goes on by itself.")
        case .SQLITE_READONLY:
            self.init(
                .readOnly,
                "\(path) cannot be written. Let the user that runs bookbag own it, in a folder that it may write, on a disk that is not mounted read-only."
            )
        case .SQLITE_PERM, .SQLITE_AUTH:
            self.init(
                .forbidden, "\(path) may not be opened. Let the user that runs bookbag own it and its folder.")
        case .SQLITE_CORRUPT:
            self.init(
                .corrupt,
                "\(path) is damaged (SQLite code \(code)). Stop bookbag and put the last backup in its place.")
        case .SQLITE_NOTADB:
            self.init(.notAStore, "\(path) is no store of bookbag. Name another file, or move this one away.")
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            self.init(.busy, "\(path) is held by another process. Try again when that one is done.")
        case .SQLITE_CANTOPEN:
            self.init(
                .forbidden,
                "\(path) cannot be opened. See that its folder exists and that the user that runs bookbag may write there."
            )
        case .SQLITE_IOERR:
            // A disk that is full may show itself as a failed write of the journal.
            self.init(
                .disk,
                "The disk under \(path) failed (SQLite code \(code)). See the kernel's log for the disk, and that there is room on it."
            )
        case .SQLITE_CONSTRAINT, .SQLITE_MISMATCH:
            self.init(
                .misuse,
                "The store refused a row that cannot be: \(error.message ?? "code \(code)"). This is a fault of the program."
            )
        default:
            self.init(
                .broken,
                "The store could not finish a step (SQLite code \(code): \(error.message ?? "no words")). This is a fault of the program."
            )
        }
    }
}

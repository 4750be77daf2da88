internal import GRDB
internal import Outreach

extension StoreFailure {
    /// The meaning of a step's error. It contains only SQLite's result codes and column names, never a value.
    init(_ error: any Error, path: String) {
        if let failure = error as? StoreFailure {
            self = failure
            return
        }
        if let fault = error as? PostgresFault {
            self.init(fault, path: path)
            return
        }
        guard let error = error as? DatabaseError else {
            self.init(.broken, "The store could not finish a step: \(type(of: error)). This is a bug in bookbag.")
            return
        }
        let code = error.extendedResultCode.rawValue
        switch error.resultCode {
        case .SQLITE_FULL:
            self.init(.full, "There is no room left for \(path). Free space on its disk; work continues by itself.")
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
                "\(path) is damaged (SQLite code \(code)). Stop bookbag and restore the last backup.")
        case .SQLITE_NOTADB:
            self.init(.notAStore, "\(path) is not a bookbag store. Name another file, or move this one away.")
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            self.init(.busy, "\(path) is held by another process. Try again when that one is done.")
        case .SQLITE_CANTOPEN:
            self.init(
                .forbidden,
                "\(path) cannot be opened. Check that its folder exists and that the user that runs bookbag may write there."
            )
        case .SQLITE_IOERR:
            // A full disk may appear as a failed write of the journal.
            self.init(
                .disk,
                "The disk under \(path) failed (SQLite code \(code)). Check the kernel's log, and that the disk has space."
            )
        case .SQLITE_CONSTRAINT, .SQLITE_MISMATCH:
            self.init(
                .misuse,
                "The store refused an impossible row: \(error.message ?? "code \(code)"). This is a bug in bookbag."
            )
        default:
            self.init(
                .broken,
                "The store could not finish a step (SQLite code \(code): \(error.message ?? "no words")). This is a bug in bookbag."
            )
        }
    }
}

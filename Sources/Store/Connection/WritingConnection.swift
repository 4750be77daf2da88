internal import GRDB
internal import Outreach

/// The writing connection, on which transactions begin and end.
struct WritingConnection {
    private let database: Database?
    /// For the steps of a transaction.
    let connection: Connection

    init(_ database: Database) {
        self.database = database
        connection = Connection(database: database)
    }

    init(_ line: PostgresLine) {
        database = nil
        connection = Connection(line)
    }

    /// Begins a write transaction.
    ///
    /// - Parameter repetition: how often it was run before. PostgreSQL gives its parts savepoints only then.
    func begin(repetition: Int = 0) throws {
        switch connection.line {
        case .sqlite: try database?.beginTransaction(.immediate)
        case .postgres(let line): try line.beginWriting(hasSavepoints: repetition > 0)
        }
    }

    /// Commits to disk.
    func commit() throws {
        switch connection.line {
        case .sqlite: try database?.commit()
        case .postgres(let line): try line.commit()
        }
    }

    /// Rolls back the transaction, if anything is left to undo.
    func rollback() {
        switch connection.line {
        case .sqlite: try? database?.rollback()
        case .postgres(let line): line.rollback()
        }
    }

    /// Whether a transaction that failed is worth running again: never on SQLite, where nobody comes between.
    ///
    /// - Parameter repetition: how often it was run before it failed.
    func mayRepeat(after error: any Error, repetition: Int) -> Bool {
        guard let fault = error as? PostgresFault else { return false }
        return switch fault.kind {
        case .conflict: repetition < 5
        case .lost: repetition < 1
        // What was refused may have been refused for one part alone, which then needs a savepoint.
        case .needsSavepoints, .refused: repetition < 1
        case .notOwner, .unknownOutcome, .slept: false
        }
    }

    /// Whether the steps of a group that failed so may be run one by one.
    func mayRunAlone(after error: any Error) -> Bool {
        guard let fault = error as? PostgresFault else { return true }
        return ![.notOwner, .unknownOutcome, .slept].contains(fault.kind)
    }
}

/// Why the store could not perform a step. The sentence says what happened and how to fix it, and never contains a
/// row's data.
///
/// A failed step changed nothing: it was one transaction.
public struct StoreFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong, as one word of a closed set: for the journal, and for callers that treat one of them specially.
    public enum Cause: String, Sendable, CaseIterable {
        /// The disk is full, or the file has reached its maximum size.
        case full
        /// The file or its file system is not writable.
        case readOnly = "read_only"
        /// The file is damaged, or a row in it cannot be read.
        case corrupt
        /// The file belongs to another program.
        case notAStore = "not_a_store"
        /// Another process held the store for longer than we wait.
        case busy
        /// Another daemon is using this store.
        case locked
        /// The server that has the store cannot be reached, or the line to it broke.
        case unreachable
        /// A later version of the program wrote the file.
        case newerSchema = "newer_schema"
        /// An earlier version of the program is still using it.
        case olderSchema = "older_schema"
        /// There is no such file or folder.
        case missing
        /// The server has no such database or schema.
        case noDatabase = "no_database"
        /// The store was packed for another machine: it is at work there.
        case moved
        /// We lack permission to open the file.
        case forbidden
        /// The disk or its driver failed.
        case disk
        /// The store has no shop of that domain.
        case unknownShop = "unknown_shop"
        /// The store was asked for something impossible: a bug in the program.
        case misuse
        /// Out of memory, an interrupt, or a bug in one of the program's statements.
        case broken
    }

    public let cause: Cause
    /// What happened and how to fix it, for people.
    public let sentence: String

    /// `sentence` says what happened and how to fix it, and contains no row's data.
    public init(_ cause: Cause, _ sentence: String) {
        self.cause = cause
        self.sentence = sentence
    }

    public var description: String { sentence }

    /// True if the same step may well succeed a little later without anyone's help.
    public var isPassing: Bool { cause == .busy || cause == .unreachable }

    /// True if a single row may be at fault: when the step is performed for one order at a time, the others may well
    /// succeed.
    public var mayBlameOne: Bool { [.misuse, .corrupt, .broken].contains(cause) }
}

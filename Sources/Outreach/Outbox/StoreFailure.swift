/// Why the store could not do a step. The sentence says what and how to fix it, and never holds a row's data.
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
    /// What happened and how to fix it, for people.
    public let sentence: String

    /// `sentence` says what happened and how to fix it, and holds no row's data.
    public init(_ cause: Cause, _ sentence: String) {
        self.cause = cause
        self.sentence = sentence
    }

    public var description: String { sentence }

    /// True where the same step may well succeed a little later with nobody's help.
    public var isPassing: Bool { cause == .busy }

    /// True where one row may be at fault: where the step is made for one order at a time, the others may well succeed.
    public var mayBlameOne: Bool { [.misuse, .corrupt, .broken].contains(cause) }
}

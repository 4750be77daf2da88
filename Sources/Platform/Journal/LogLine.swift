import Logging

/// A log line with its metadata flattened and bounded, for both handlers.
struct LogLine {
    /// The metadata key under which a kind's number travels.
    static let kindKey = "MESSAGE_ID"
    /// The most bytes of a message or value that are kept.
    static let maximumValueBytes = 4096
    /// The most facts of a line that are kept.
    static let maximumFacts = 64

    var level: Logger.Level
    var message: String
    var kind: String?
    /// The facts, by key.
    var facts: [(key: String, value: String)]

    /// Flattens an event; if a key occurs several times, the last one wins.
    init(_ event: LogEvent, under metadata: [Logger.Metadata?]) {
        level = event.level
        message = Self.bounded(event.message.description)
        let metadata = metadata + [event.error.map { ["error": "\($0)"] }, event.metadata]
        var merged: Logger.Metadata = [:]
        for metadata in metadata {
            if let metadata { merged.merge(metadata) { _, later in later } }
        }
        kind = merged.removeValue(forKey: Self.kindKey)?.description
        facts = merged.sorted { $0.key < $1.key }.prefix(Self.maximumFacts).map {
            ($0.key, Self.bounded($0.value.description))
        }
    }

    static func bounded(_ text: String) -> String {
        guard text.utf8.count > maximumValueBytes else { return text }
        // Decoding repairs a scalar split by the cut.
        return String(decoding: text.utf8.prefix(maximumValueBytes), as: UTF8.self) + "…"
    }
}

import Logging

/// A log line with its metadata flattened and bounded, as both handlers write it.
struct LogLine {
    /// The metadata key under which a kind's number travels.
    static let kindKey = "MESSAGE_ID"
    /// How many bytes of a message or value are kept.
    static let maximumValueBytes = 4096
    /// How many facts of one line are kept.
    static let maximumFacts = 64

    var level: Logger.Level
    var message: String
    var kind: String?
    /// The facts, by key.
    var facts: [(key: String, value: String)]

    /// Flattens an event; of one key in several places the later one counts.
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
        // Decoding fixes a scalar that the cut has split.
        return String(decoding: text.utf8.prefix(maximumValueBytes), as: UTF8.self) + "…"
    }
}

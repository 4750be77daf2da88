internal import CSystemd
import Glibc
public import Logging

/// Writes log lines to systemd's journal with their facts as fields, so that `journalctl BOOKBAG_ORDER='#1042'` tells
/// one order's story.
public struct JournalLogHandler: LogHandler {
    /// Lines below this level are not written.
    public var logLevel: Logger.Level
    /// Facts for every line of this logger.
    public var metadata: Logger.Metadata = [:]
    /// Facts requested for every line.
    public var metadataProvider: Logger.MetadataProvider?
    private let label: String
    private let identifier: String

    /// Makes a handler.
    ///
    /// - Parameters:
    ///   - label: the logger's; becomes `BOOKBAG_LOGGER`.
    ///   - identifier: SYSLOG_IDENTIFIER, the name before the colon in the journal.
    public init(label: String, identifier: String, level: Logger.Level) {
        self.label = label
        self.identifier = identifier
        logLevel = level
    }

    /// One of the facts for every line.
    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// Writes a line. If a key occurs several times, the line's own value wins, then the provider's, then the logger's.
    public func log(event: LogEvent) {
        let line = LogLine(event, under: [metadata, metadataProvider?.get()])
        Self.write(JournalEntry(line, label: label, identifier: identifier))
    }

    /// Sends an entry to journald; a missing journal must not stop the caller.
    private static func write(_ entry: JournalEntry) {
        var bytes = entry.fields.flatMap { $0 }
        bytes.withUnsafeMutableBytes { buffer in
            var offset = 0
            let vectors = entry.fields.map { field in
                defer { offset += field.count }
                return iovec(iov_base: buffer.baseAddress! + offset, iov_len: field.count)
            }
            _ = vectors.withUnsafeBufferPointer { sd_journal_sendv($0.baseAddress, Int32($0.count)) }
        }
    }
}

/// One journal entry: `FIELD=value`, each as bytes. libsystemd itself sends a value with line breaks in the binary
/// form.
struct JournalEntry {
    /// journald's limit for a field's name.
    static let maximumNameBytes = 64

    private(set) var fields: [[UInt8]] = []

    init(_ line: LogLine, label: String, identifier: String) {
        // With its facts, because `journalctl` shows only the message, and "refused" without what and why helps nobody.
        add("MESSAGE", LogLine.bounded(ConsoleLogHandler.told(line)))
        add("PRIORITY", String(Self.priority(line.level)))
        add("SYSLOG_IDENTIFIER", identifier)
        if let kind = line.kind { add("MESSAGE_ID", kind) }
        if label != identifier { add("BOOKBAG_LOGGER", label) }
        for (key, value) in line.facts { add(Self.fieldName(key), value) }
    }

    private mutating func add(_ name: String, _ value: String) { fields.append(Array("\(name)=\(value)".utf8)) }

    /// syslog's numbers (RFC 5424, 6.2.1). `notice` and `warning` stay distinct, and none of our lines is an emergency.
    static func priority(_ level: Logger.Level) -> Int {
        switch level {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }

    /// A metadata key as a field: in upper case, prefixed with `BOOKBAG_`, and only with characters that journald
    /// allows (A–Z, 0–9, `_`).
    static func fieldName(_ key: String) -> String {
        var name = "BOOKBAG_"
        for byte in key.utf8.prefix(maximumNameBytes - name.utf8.count) {
            switch byte {
            case 0x61...0x7A: name.unicodeScalars.append(Unicode.Scalar(byte - 0x20))
            case 0x41...0x5A, 0x30...0x39: name.unicodeScalars.append(Unicode.Scalar(byte))
            default: name += "_"
            }
        }
        return name
    }

    /// The entry in the Journal Export Format (systemd docs, JOURNAL_EXPORT_FORMATS), which `systemd-journal-remote`
    /// reads.
    func exported(microsecondsSince1970: UInt64) -> [UInt8] {
        var bytes = Array("__REALTIME_TIMESTAMP=\(microsecondsSince1970)\n".utf8)
        for field in fields {
            if field.contains(0x0A), let equals = field.firstIndex(of: 0x3D) {
                let value = field[(equals + 1)...]
                bytes += field[..<equals] + [0x0A]
                withUnsafeBytes(of: UInt64(value.count).littleEndian) { bytes += $0 }
                bytes += value + [0x0A]
            } else {
                bytes += field + [0x0A]
            }
        }
        return bytes + [0x0A]
    }
}

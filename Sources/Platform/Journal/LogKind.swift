// An operator reads the journal by kind of line: "show me every held message", "what does this one mean?" So each kind
// has its own number (MESSAGE_ID=, 128 bits, sd_id128), by which `journalctl MESSAGE_ID=…` finds it and `journalctl -x`
// shows its catalog entry. swift-log has no such number. So the kinds are declared once, as the cases of an enum, and a
// line is written by naming its kind, which fixes its text and level. The number travels through swift-log in the
// metadata, under a key that only our handlers know.

public import Logging

/// One kind of log line: its text, its level, and its number in the journal and the catalog.
///
/// ```swift
/// enum Line: String, LogKind, CaseIterable {
///     case heldMessage = "8c0b1e1f0f5d4b0e9a5a5a0c7b1d2e3f"
///     var id: LogKindID { LogKindID(rawValue)! }
///     var message: StaticString { "Held message" }
///     var level: Logger.Level { .info }
/// }
/// logger.log(Line.heldMessage, ["trigger": "late-parcel", "reason": "quiet_hours"])
/// ```
public protocol LogKind: Sendable {
    /// Never changed or reused for another kind.
    var id: LogKindID { get }
    /// The constant text; variable parts go into the metadata.
    var message: StaticString { get }
    /// `error`: someone must act; `warning`: we will try again; `info`: a decision; `debug`: how we came to it.
    var level: Logger.Level { get }
}

/// The 128-bit number of a kind of log line, made once with `journalctl --new-id128`.
public struct LogKindID: Sendable, Hashable, CustomStringConvertible {
    /// 32 lower-case hexadecimal digits.
    public let description: String

    /// Reads 32 hexadecimal digits; `nil` for anything else, and for all zeros.
    public init?(_ text: String) {
        let text = text.lowercased()
        let isHex = text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
        guard text.utf8.count == 32, isHex, text.utf8.contains(where: { $0 != 0x30 }) else { return nil }
        description = text
    }
}

extension Logger {
    /// Writes a line of a kind.
    ///
    /// - Parameters:
    ///   - level: nil for the kind's own.
    ///   - metadata: the facts, under the same keys everywhere: `shop` `order` `shipment` `trigger` `event` `decision`
    ///     `reason` `channel` `message` `source`. In the journal each becomes a field with `BOOKBAG_` before it.
    public func log(
        _ kind: some LogKind, level: Logger.Level? = nil, _ metadata: @autoclosure () -> Logger.Metadata = [:],
        file: String = #fileID,
        function: String = #function, line: UInt = #line
    ) {
        let level = level ?? kind.level
        guard level >= logLevel else { return }
        var metadata = metadata()
        metadata[LogLine.kindKey] = .stringConvertible(kind.id)
        log(
            level: level, "\(kind.message)", metadata: metadata, source: nil, file: file, function: function,
            line: line)
    }
}

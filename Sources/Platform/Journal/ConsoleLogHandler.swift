import Glibc
public import Logging

/// Writes log lines for a person at a terminal, to standard error:
///
///     2026-11-21 10:00:01 warning  Relay is not reachable  channel=email reason=connect
///
/// Times are the machine's own. Coloured only if `color` is set.
public struct ConsoleLogHandler: LogHandler {
    /// Lines below this level are not written.
    public var logLevel: Logger.Level
    /// Facts for every line of this logger.
    public var metadata: Logger.Metadata = [:]
    /// Facts requested for every line.
    public var metadataProvider: Logger.MetadataProvider?
    private let color: Bool
    private let write: @Sendable (String) -> Void

    /// Makes a handler.
    ///
    /// - Parameters:
    ///   - color: whether the level is coloured; see ``standardErrorIsTerminal``.
    ///   - write: receives each line with its line end; by default it goes to standard error.
    public init(
        level: Logger.Level, color: Bool = ConsoleLogHandler.standardErrorIsTerminal,
        write: (@Sendable (String) -> Void)? = nil
    ) {
        logLevel = level
        self.color = color
        self.write = write ?? Self.writeToStandardError
    }

    /// One of the facts for every line.
    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// Writes a line. If a key occurs several times, the line's own value wins, then the provider's, then the logger's.
    public func log(event: LogEvent) {
        let line = LogLine(event, under: [metadata, metadataProvider?.get()])
        write(Self.render(line, time: Self.localTime(time(nil)), color: color))
    }

    /// Whether standard error is a terminal and colours are not disabled (`$NO_COLOR`).
    public static var standardErrorIsTerminal: Bool {
        isatty(STDERR_FILENO) == 1 && (getenv("NO_COLOR").map { $0.pointee == 0 } ?? true)
    }

    static func render(_ line: LogLine, time: String, color: Bool) -> String {
        let level = line.level.rawValue
        let padding = String(repeating: " ", count: max(0, 8 - level.utf8.count))
        var text = time + " "
        if color {
            let code =
                switch line.level {
                case .trace, .debug: "2"
                case .info, .notice: "36"
                case .warning: "33"
                case .error, .critical: "1;31"
                }
            text += "\u{1B}[\(code)m\(level)\u{1B}[0m"
        } else {
            text += level
        }
        return text + "\(padding) \(told(line))\n"
    }

    /// The message, followed by its facts.
    static func told(_ line: LogLine) -> String {
        var text = printable(line.message)
        if !line.facts.isEmpty { text += " " }
        for (key, value) in line.facts { text += " \(printable(key))=\(quoted(value))" }
        return text
    }

    /// Control characters are escaped: a line stays one line, and nothing can control the terminal.
    private static func printable(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n": result.append(contentsOf: "\\n".unicodeScalars)
            case "\t": result.append(contentsOf: "\\t".unicodeScalars)
            case "\u{00}"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{202A}"..."\u{202E}", "\u{2066}"..."\u{2069}":
                result.append(contentsOf: "\\u{\(String(scalar.value, radix: 16, uppercase: true))}".unicodeScalars)
            default: result.append(scalar)
            }
        }
        return String(result)
    }

    private static func quoted(_ value: String) -> String {
        let plain = printable(value)
        guard plain.isEmpty || plain.contains(where: { $0 == " " || $0 == "\"" || $0 == "=" }) else { return plain }
        return "\"\(plain.replacing("\"", with: "\\\""))\""
    }

    private static func localTime(_ time: time_t) -> String {
        var time = time
        var parts = tm()
        localtime_r(&time, &parts)
        func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday)) "
            + "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec))"
    }

    private static func writeToStandardError(_ line: String) {
        var line = line
        // One write per line, so that lines of several threads do not mix.
        line.withUTF8 { _ = Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}

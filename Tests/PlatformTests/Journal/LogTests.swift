import Foundation
import Logging
import Synchronization
import Testing

@testable import Platform

private enum Line: String, LogKind {
    case heldMessage = "8c0b1e1f0f5d4b0e9a5a5a0c7b1d2e3f"
    case relayIsNotReachable = "0123456789ABCDEF0123456789abcdef"

    var id: LogKindID { LogKindID(rawValue)! }
    var message: StaticString {
        switch self {
        case .heldMessage: "Held message"
        case .relayIsNotReachable: "Relay is not reachable"
        }
    }
    var level: Logger.Level { self == .heldMessage ? .info : .warning }
}

/// Takes events as a handler gets them.
private struct Catcher: LogHandler {
    var logLevel = Logger.Level.info
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?
    let take: @Sendable (LogLine) -> Void
    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }
    func log(event: LogEvent) { take(LogLine(event, under: [metadata])) }
}

private func lines(_ body: (Logger) -> Void) -> [LogLine] {
    let caught = Box()
    body(Logger(label: "test") { _ in Catcher { line in caught.lines.withLock { $0.append(line) } } })
    return caught.lines.withLock { $0 }
}

private final class Box: Sendable {
    let lines = Mutex<[LogLine]>([])
}

@Suite("log lines", .timeLimit(.minutes(5)))
struct LogTests {
    @Test("bring their text, level and number with their kind")
    func kinds() throws {
        let caught = lines { logger in
            logger.log(Line.heldMessage, ["trigger": "late-parcel"])
            logger.log(Line.relayIsNotReachable)
        }
        #expect(caught.map(\.message) == ["Held message", "Relay is not reachable"])
        #expect(caught.map(\.level) == [.info, .warning])
        #expect(caught.map(\.kind) == [Line.heldMessage.rawValue, "0123456789abcdef0123456789abcdef"])
        #expect(caught[0].facts.map(\.key) == ["trigger"])
    }

    @Test("below the level cost nothing")
    func level() {
        let caught = lines { logger in
            var logger = logger
            logger.logLevel = .warning
            logger.log(
                Line.heldMessage,
                {
                    Issue.record("the metadata was made for nothing")
                    return [:]
                }())
        }
        #expect(caught.isEmpty)
    }

    @Test(
        "take only 128-bit numbers for kinds",
        arguments: [
            "", "123", "8c0b1e1f0f5d4b0e9a5a5a0c7b1d2e3g", "00000000000000000000000000000000",
            "8c0b1e1f-0f5d-4b0e-9a5a-5a0c7b1d2e3f",
        ])
    func badKinds(_ text: String) {
        #expect(LogKindID(text) == nil)
    }

    @Test(
        "become fields that journald takes",
        arguments: [
            ("order", "BOOKBAG_ORDER"), ("trigger.name", "BOOKBAG_TRIGGER_NAME"), ("_x", "BOOKBAG__X"),
            ("zoë", "BOOKBAG_ZO__"),
            ("Code2", "BOOKBAG_CODE2"), ("A=B\n", "BOOKBAG_A_B_"),
            (String(repeating: "x", count: 100), "BOOKBAG_" + String(repeating: "X", count: 56)),
        ])
    func fieldNames(_ key: String, _ name: String) {
        #expect(JournalEntry.fieldName(key) == name)
    }

    @Test("are bounded")
    func bounded() {
        let caught = lines { logger in
            logger.info("long", metadata: ["text": "\(String(repeating: "é", count: 100_000))"])
            logger.info("many", metadata: Dictionary(uniqueKeysWithValues: (0..<500).map { ("k\($0)", "v") }))
        }
        #expect(caught[0].facts[0].value.utf8.count <= LogLine.maximumValueBytes + 3)
        #expect(caught[1].facts.count == LogLine.maximumFacts)
    }

    @Test(
        "can be found in a real journal by kind and by order",
        .enabled(if: Fixtures.has("systemd-journal-remote", of: "systemd-journal-remote")))
    func journal() throws {
        let folder = Fixtures.Folder()
        let caught = lines { logger in
            logger.log(Line.heldMessage, ["order": "#1042", "reason": "quiet_hours"])
            logger.log(Line.relayIsNotReachable, ["order": "#1043", "detail": "two\nlines=\u{1}"])
            logger.error("Unknown kind", metadata: ["order": "#1042"])
        }
        var bytes: [UInt8] = []
        for (index, line) in caught.enumerated() {
            bytes += JournalEntry(line, label: "outbox", identifier: "bookbag").exported(
                microsecondsSince1970: 1_795_000_000_000_000 + UInt64(index))
        }
        try Data(bytes).write(to: URL(fileURLWithPath: folder.path + "/x.export"))
        let remote = try #require(Fixtures.find("systemd-journal-remote"))
        let journal = folder.path + "/x.journal"
        try #require(Fixtures.run(remote, ["-o", journal, folder.path + "/x.export"]) != nil)
        func find(_ matches: String...) throws -> [[String: String]] {
            let journalctl = try #require(Fixtures.find("journalctl"))
            let output = try #require(
                Fixtures.run(journalctl, ["--file=\(journal)", "-o", "json", "--no-pager"] + matches))
            return try output.split(separator: 0x0A).map { line in
                let object = try #require(try JSONSerialization.jsonObject(with: Data(line)) as? [String: Any])
                // journalctl shows a value with control characters as its bytes.
                return object.compactMapValues { value in
                    value as? String ?? (value as? [Int]).map { String(decoding: $0.map(UInt8.init), as: UTF8.self) }
                }
            }
        }
        // `journalctl` shows the message alone, so the facts stand in it too.
        #expect(
            try find("BOOKBAG_ORDER=#1042").map { $0["MESSAGE"] }
                == ["Held message  order=#1042 reason=quiet_hours", "Unknown kind  order=#1042"])
        let held = try #require(try find("MESSAGE_ID=\(Line.heldMessage.rawValue)").first)
        #expect(held["PRIORITY"] == "6")
        #expect(held["SYSLOG_IDENTIFIER"] == "bookbag")
        #expect(held["BOOKBAG_REASON"] == "quiet_hours")
        #expect(held["BOOKBAG_LOGGER"] == "outbox")
        #expect(try find("BOOKBAG_ORDER=#1043").first?["BOOKBAG_DETAIL"] == "two\nlines=\u{1}")
        #expect(try find("-p", "warning").count == 2)
    }

    @Test("do not stop the program where there is no journal")
    func noJournal() {
        let logger = Logger(label: "x") { JournalLogHandler(label: $0, identifier: "bookbag-test", level: .info) }
        logger.log(Line.heldMessage, ["order": "#1042"])
    }

    @Test("read well at a terminal, on one line, and steer it nowhere")
    func console() {
        let caught = lines { logger in
            logger.log(Line.relayIsNotReachable, ["channel": "email", "reason": "connect"])
            logger.info("Odd\nvalue", metadata: ["a": "two words", "b": "\u{1B}[2J", "c": "", "d": "say \"x\""])
        }
        let time = "2026-11-21 10:00:01"
        #expect(
            caught.map { ConsoleLogHandler.render($0, time: time, color: false) } == [
                "2026-11-21 10:00:01 warning  Relay is not reachable  channel=email reason=connect\n",
                "2026-11-21 10:00:01 info     Odd\\nvalue  a=\"two words\" b=\\u{1B}[2J c=\"\" d=\"say \\\"x\\\"\"\n",
            ])
        #expect(
            ConsoleLogHandler.render(caught[0], time: time, color: true).contains("\u{1B}[33mwarning\u{1B}[0m  Relay"))
    }

    @Test("reach the console handler with the time of day")
    func consoleTime() {
        let written = Mutex("")
        let handler = ConsoleLogHandler(level: .info, color: false) { line in written.withLock { $0 += line } }
        Logger(label: "x") { _ in handler }.log(Line.heldMessage, ["shop": "juniperfig.myshopify.com"])
        let pattern = /\d{4}-\d\d-\d\d \d\d:\d\d:\d\d info     Held message  shop=juniperfig.myshopify.com\n/
        #expect(written.withLock { $0 }.wholeMatch(of: pattern) != nil)
    }

    @Test("go to the journal only if standard error is the stream that systemd named")
    func journalStream() {
        #expect(names("8:123", device: 8, inode: 123))
        for text in ["8:124", "9:123", "8", "8:123:1", "", ":", "8:x"] { #expect(!names(text, device: 8, inode: 123)) }
        #expect(!standardErrorIsJournal())
    }
}

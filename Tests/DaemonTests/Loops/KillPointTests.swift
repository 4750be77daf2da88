import Foundation
import Testing

@testable import Daemon

@Suite("The points at which a test kills the daemon") struct KillPointTests {
    /// scripts/points-test and scripts/mailbox-test name them, and their tables say what happens at each.
    @Test("keep the names by which scripts know them, and are passed where none is named")
    func names() {
        let all: [KillPoint] = [.claimed, .begun, .answered, .committed, .kept, .judged]
        #expect(all.map(\.rawValue) == ["claimed", "begun", "answered", "committed", "kept", "judged"])
        #expect(ProcessInfo.processInfo.environment["BOOKBAG_KILL_AT"] == nil)
        // This process is still there afterwards.
        for point in all { point.reached() }
    }

    @Test("each is driven by a script", arguments: ["claimed", "begun", "answered", "committed", "kept", "judged"])
    func driven(_ name: String) throws {
        var root = URL(fileURLWithPath: #filePath)
        for _ in 0..<4 { root.deleteLastPathComponent() }
        let scripts = try ["points-test", "mailbox-test"].map {
            try String(contentsOf: root.appendingPathComponent("scripts/\($0)"), encoding: .utf8)
        }
        #expect(scripts.contains { $0.contains("\"\(name)\"") }, "no script kills it at '\(name)'")
    }
}

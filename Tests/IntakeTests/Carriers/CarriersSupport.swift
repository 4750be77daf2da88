import Foundation
import Outreach
import Testing

@testable import Intake

/// Test data that lives beside the project.
enum Shared {
    static let folder: URL = {
        var root = URL(fileURLWithPath: #filePath)
        for _ in 0..<4 { root.deleteLastPathComponent() }
        return root.deletingLastPathComponent().appendingPathComponent("shared/carriers")
    }()

    static func bytes(_ path: String) -> [UInt8]? {
        FileManager.default.contents(atPath: folder.appendingPathComponent(path).path).map { Array($0) }
    }

    /// Says so where the data is missing, so that a run without it is seen to be one.
    static let isThere: Bool = {
        let there = bytes("fixtures/INDEX.tsv") != nil
        if !there { print("Left out: the recorded answers are not at \(folder.path)") }
        return there
    }()
}

/// 2026-11-21, by which all recorded answers are past.
let today = Moment(iso8601: "2026-11-21T05:00:00Z")!

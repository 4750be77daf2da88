import Foundation
import Testing

@testable import Intake

/// The shared mails that lie beside the project.
enum SharedMail {
    static let folder: URL = {
        var root = URL(fileURLWithPath: #filePath)
        for _ in 0..<4 { root.deleteLastPathComponent() }
        return root.deletingLastPathComponent().appendingPathComponent("shared")
    }()

    static func bytes(_ path: String) -> [UInt8]? {
        FileManager.default.contents(atPath: folder.appendingPathComponent(path).path).map { Array($0) }
    }

    static func rows(_ path: String) -> [[String: String]] {
        let text = String(decoding: bytes(path) ?? [], as: UTF8.self)
        let lines = text.split(separator: "\n").map { $0.split(separator: "\t", omittingEmptySubsequences: false) }
        guard let names = lines.first?.map(String.init) else { return [] }
        return lines.dropFirst().map { cells in
            Dictionary(zip(names, cells.map(String.init)), uniquingKeysWith: { first, _ in first })
        }
    }

    /// Says so where the mails are missing, so that a run without them is seen to be one.
    static let areBouncesThere: Bool = {
        let there = bytes("email/bounces/INDEX.tsv") != nil
        if !there { print("Left out: the bounces are not at \(folder.path)/email/bounces") }
        return there
    }()
    static let areMessagesThere: Bool = {
        let there = bytes("understanding/own-tricky.tsv") != nil
        if !there { print("Left out: the messages are not at \(folder.path)/understanding") }
        return there
    }()
}

/// A mail from its header lines and its text.
func letter(_ header: [String], _ text: String, ends: String = "\n") -> [UInt8] {
    Array((header.joined(separator: ends) + ends + ends + text.replacing("\n", with: ends)).utf8)
}

/// A mail from Ada with this text.
func ada(_ text: String, subject: String = "Hello", more: [String] = []) -> MailReading {
    MailReading.read(
        letter(
            [
                "From: Ada <ada@shopper.example>", "To: hello@juniperfig.example", "Subject: \(subject)",
                "Message-ID: <a1@shopper.example>", "MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8",
            ] + more, text))
}

import Foundation
import Testing

@testable import Understanding

@Suite("Training")
struct TrainingTests {
    private static let sources = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Sources/Understanding")

    private func phrasings(_ name: String) throws -> String {
        try String(contentsOf: Self.sources.appending(path: "Phrasings/\(name)"), encoding: .utf8)
    }

    @Test("gives the committed weights again, byte for byte")
    func sameBytes() throws {
        var trainer = Trainer()
        for (name, language) in Trainer.files { try trainer.read(phrasings(name), language: language) }
        let committed = try String(contentsOf: Self.sources.appending(path: "Weights.swift"), encoding: .utf8)
        #expect(
            trainer.weightsFile() == committed,
            "Weights.swift was trained from something else; run scripts/train-understanding")
    }

    @Test("has enough phrasings of every intent", arguments: Language.allCases)
    func enough(_ language: Language) throws {
        var counts: [String: Int] = [:]
        var section = ""
        var seen: Set<String> = []
        for line in try phrasings("\(language.rawValue).txt").split(separator: "\n") {
            if line.hasPrefix("# ") {
                section = String(line.dropFirst(2))
            } else if seen.insert("\(section) \(line.lowercased())").inserted {
                counts[section, default: 0] += 1
            }
        }
        for intent in Intent.learned {
            let wide = intent == .other || intent == .product
            let least = language == .english ? (wide ? 300 : 60) : (wide ? 100 : 40)
            #expect(counts[intent.rawValue, default: 0] >= least, "\(intent.rawValue)")
        }
    }

    @Test("names a section that is no intent")
    func unknownSection() {
        var trainer = Trainer()
        #expect(throws: Trainer.UnknownSection.self) {
            try trainer.read("# thanks\nthank you\n# thank\n", language: .english)
        }
    }
}

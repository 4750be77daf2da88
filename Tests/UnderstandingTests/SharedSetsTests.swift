import Foundation
import Testing

@testable import Understanding

/// The sets of ../shared/understanding, read only to measure. Floors are what was measured when they were set, less a
/// little; docs/understanding.md has the figures.
@Suite("Shared sets", .enabled(if: SharedSet.isThere, "../shared/understanding is absent: nothing is measured"))
struct SharedSetsTests {
    @Test(
        "keeps precision and coverage, with the order's state",
        arguments: [
            // Answers that are right, of all answers and of all routine messages, in percent; accuracy in percent.
            Floor("hint3-curekart", precision: 96, coverage: 62, accuracy: 96),
            Floor("bitext-validation", precision: 99, coverage: 70, accuracy: 96),
            Floor("own-de-es", precision: 95, coverage: 75, accuracy: 86),
        ])
    func answers(_ floor: Floor) throws {
        let rows = try SharedSet.rows(floor.name)
        var answered = 0
        var right = 0
        var routine = 0
        var accurate = 0
        for row in rows {
            let reading = Interpreter().read(row.text, state: row.state)
            let isRight = row.expect.contains(reading.intent.scored.rawValue)
            if row.isRoutine { routine += 1 }
            if isRight { accurate += 1 }
            if reading.isCertain {
                answered += 1
                if isRight { right += 1 }
            }
        }
        #expect(right * 100 >= floor.precision * answered, "\(right) of \(answered) answers are right")
        #expect(right * 100 >= floor.coverage * routine, "\(right) of \(routine) routine messages are answered")
        #expect(accurate * 100 >= floor.accuracy * rows.count, "\(accurate) of \(rows.count) are understood")
    }

    @Test("is sure of most that is routine before it is wrong about much", arguments: [(95, 72), (98, 60)])
    func confidence(_ precision: Int, _ coverage: Int) throws {
        let names = ["hint3-curekart", "bitext-validation", "clinc150-outside", "banking77-outside"]
        var routine = 0
        var believed: [(confidence: Double, isRight: Bool)] = []
        for row in try names.flatMap(SharedSet.rows) {
            let reading = Interpreter().read(row.text, state: row.state)
            if row.isRoutine { routine += 1 }
            guard reading.intent.isRoutine else { continue }
            believed.append((reading.confidence, row.expect.contains(reading.intent.scored.rawValue)))
        }
        believed.sort { $0.confidence > $1.confidence }
        var right = 0
        var most = 0
        for (index, one) in believed.enumerated() {
            if one.isRight { right += 1 }
            if right * 100 >= precision * (index + 1) { most = max(most, right) }
        }
        #expect(most * 100 >= coverage * routine, "\(most) of \(routine) at \(precision) % precision")
    }

    @Test(
        "leaves a bank's and an assistant's questions alone",
        arguments: [("banking77-outside", 1), ("clinc150-outside", 2)])
    func outside(_ name: String, _ most: Int) throws {
        let wrong = try SharedSet.rows(name).filter { row in
            let reading = Interpreter().read(row.text, state: row.state)
            return reading.isCertain && !row.expect.contains(reading.intent.scored.rawValue)
        }
        #expect(wrong.count <= most, "\(wrong.map(\.text))")
    }

    @Test("gives every explicit hand-over to a person, and few others")
    func handOver() throws {
        var needless: [String] = []
        for row in try SharedSet.rows("own-handoff") {
            let reading = Interpreter().read(row.text)
            if row.column("handoff") == "yes" {
                #expect(reading.needsHuman && !reading.isCertain, "\(row.text)")
            } else if reading.needsHuman {
                needless.append(row.text)
            }
        }
        #expect(needless.count <= 1, "\(needless)")
    }

    @Test("answers no tricky message wrongly, and finds the numbers in it")
    func tricky() throws {
        for row in try SharedSet.rows("own-tricky") {
            let reading = Interpreter().read(row.text)
            let expected = row.column("expect")
            #expect(!reading.isCertain || reading.intent.scored.rawValue == expected, "\(row.text)")
            let orders = row.column("orders")
            let numbers = orders == "-" ? [] : orders.split(separator: " ").map(String.init)
            #expect(reading.orders == numbers, "\(row.text)")
        }
    }
}

/// What must be reached on a set, in percent.
struct Floor: Sendable, CustomTestStringConvertible {
    let name: String
    let precision: Int
    let coverage: Int
    let accuracy: Int
    var testDescription: String { name }

    init(_ name: String, precision: Int, coverage: Int, accuracy: Int) {
        (self.name, self.precision, self.coverage, self.accuracy) = (name, precision, coverage, accuracy)
    }
}

/// One set: a table with a head, tabs between columns.
struct SharedSet {
    struct Row {
        fileprivate let columns: [String: String]
        func column(_ name: String) -> String { columns[name] ?? "" }
        var text: String { column("text").replacing("\\n", with: "\n") }
        var state: OrderState? { OrderState(rawValue: column("state")) }
        /// The intents that are right, the best first; a late order is one that is asked for.
        var expect: [String] {
            column("expect").split(separator: " ").map { $0 == "late" ? "where_is_my_order" : String($0) }
        }
        var isRoutine: Bool { expect.first.flatMap(Intent.init(rawValue:))?.isRoutine ?? false }
    }

    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "shared/understanding")
    static let isThere = FileManager.default.fileExists(atPath: folder.path)

    static func rows(_ name: String) throws -> [Row] {
        let file = folder.appending(path: "\(name).tsv")
        let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
        let head = try #require(lines.first).split(separator: "\t").map(String.init)
        return lines.dropFirst().map { line in
            Row(
                columns: Dictionary(
                    uniqueKeysWithValues: zip(
                        head, line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init))))
        }
    }
}

// Measures what docs/performance.md says. `scripts/bench` builds and runs it, each part by its name.

import Foundation

/// The parts, each with what it takes. A new one is a file beside this one and a line here.
let parts: [(name: String, takes: String, run: ([String]) async throws -> Void)] = [
    ("liquid", "FOLDER", { try benchLiquid(folder: $0[0]) }),
    ("store", "FILE ORDERS", { try await benchStore(path: $0[0], orders: try number($0[1])) }),
    ("relay", "PORT MAILS BYTES SESSIONS", { try await benchRelay(try $0.map(number)) }),
    ("waiting", "FILE MAILS", { try await benchWaiting(path: $0[0], count: try number($0[1])) }),
    ("triggers", "", { _ in try benchTriggers(export: nil) }),
    ("triggers", "EXPORT", { try benchTriggers(export: $0[0]) }),
    (
        "replay", "FILE EVENTS TRIGGERS",
        { try await benchReplay(path: $0[0], events: try number($0[1]), triggers: $0[2]) }
    ),
    ("answers", "FOLDER", { try await benchAnswers($0[0]) }),
    ("parcels", "FILE PARCELS", { try await makeParcels(path: $0[0], count: try number($0[1])) }),
    ("asking", "FILE PARCELS", { try await benchAsking(path: $0[0], count: try number($0[1])) }),
    (
        "year", "FILE ORDERS-A-DAY MONTHS KEEP-DAYS",
        {
            try await benchYear(
                path: $0[0], perDay: try number($0[1]), months: try number($0[2]), keep: try number($0[3]))
        }
    ),
    ("prepare", "FILE DAYS", { try await prepareShop(path: $0[0], days: try number($0[1])) }),
]

let arguments = Array(CommandLine.arguments.dropFirst())
let part = parts.first {
    $0.name == arguments.first && arguments.count == $0.takes.split(separator: " ").count + 1
}
do {
    guard let part else {
        throw CannotMeasure(
            "usage: " + parts.map { "Bench \($0.name) \($0.takes)" }.joined(separator: "\n       "), status: 2)
    }
    try await part.run(Array(arguments.dropFirst()))
} catch {
    let cause = error as? CannotMeasure ?? CannotMeasure("Bench: \(error)", status: 1)
    FileHandle.standardError.write(Data((cause.text + "\n").utf8))
    exit(cause.status)
}

/// Why there is no figure, for people. A bench that cannot measure fails.
struct CannotMeasure: Error {
    let text: String
    let status: Int32

    init(_ text: String, status: Int32 = 1) {
        self.text = text
        self.status = status
    }
}

/// A count among the arguments.
func number(_ text: String) throws -> Int {
    guard let number = Int(text), number >= 0 else { throw CannotMeasure("Bench: '\(text)' is not a count", status: 2) }
    return number
}

/// One measured figure, as `scripts/bench-spine` reads it: name, value and unit between tabs.
func figure(_ name: String, _ value: Double, _ unit: String) {
    let rounded = value >= 100 ? value.rounded() : (value * 100).rounded() / 100
    print("\(name)\t\(rounded)\t\(unit)")
}

/// How long `work` takes.
func timed<Result>(_ work: () async throws -> Result) async rethrows -> (result: Result, seconds: Double) {
    let start = ContinuousClock.now
    let result = try await work()
    return (result, (ContinuousClock.now - start) / .seconds(1))
}

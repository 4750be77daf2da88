// Measures what docs/performance.md says. `scripts/bench` builds and runs it, each part by its name.

/// The parts, each with what it takes. A new one is a file beside this one and a line here.
let parts: [(name: String, takes: String, run: ([String]) async throws -> Void)] = [
    ("liquid", "FOLDER", { try benchLiquid(folder: $0[0]) }),
    ("store", "FILE ORDERS", { try await benchStore(path: $0[0], orders: Int($0[1]) ?? 1000) }),
    ("relay", "PORT MAILS BYTES SESSIONS", { try await benchRelay($0.map { Int($0) ?? 0 }) }),
    ("triggers", "", { _ in try benchTriggers(export: nil) }),
    ("triggers", "EXPORT", { try benchTriggers(export: $0[0]) }),
    (
        "replay", "FILE EVENTS TRIGGERS",
        { arguments in
            try await benchReplay(path: arguments[0], events: Int(arguments[1]) ?? 1_000_000, triggers: arguments[2])
        }
    ),
    ("answers", "FOLDER", { try await benchAnswers($0[0]) }),
    ("parcels", "FILE PARCELS", { try await makeParcels(path: $0[0], count: Int($0[1]) ?? 1_000) }),
    ("asking", "FILE PARCELS", { try await benchAsking(path: $0[0], count: Int($0[1]) ?? 1_000) }),
    ("prepare", "FILE DAYS", { try await prepareShop(path: $0[0], days: Int($0[1]) ?? 0) }),
]

let arguments = Array(CommandLine.arguments.dropFirst())
let part = parts.first {
    $0.name == arguments.first && arguments.count == $0.takes.split(separator: " ").count + 1
}
if let part {
    try await part.run(Array(arguments.dropFirst()))
} else {
    print("usage: " + parts.map { "Bench \($0.name) \($0.takes)" }.joined(separator: "\n       "))
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

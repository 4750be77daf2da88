// Measures what docs/performance.md says. `scripts/bench` builds and runs it.

let arguments = Array(CommandLine.arguments.dropFirst())
switch arguments.first {
case "triggers"?: try benchTriggers(export: arguments.dropFirst().first)
case "replay"? where arguments.count == 4:
    try await benchReplay(path: arguments[1], events: Int(arguments[2]) ?? 1_000_000, triggers: arguments[3])
case "liquid"? where arguments.count == 2: try benchLiquid(folder: arguments[1])
default: print("usage: Bench liquid FOLDER")
}

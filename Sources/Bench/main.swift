// Measures what docs/performance.md says. `scripts/bench` builds and runs it.

let arguments = Array(CommandLine.arguments.dropFirst())
switch arguments.first {
case "liquid"? where arguments.count == 2: try benchLiquid(folder: arguments[1])
case "carriers"?:
    try await benchCarriers(
        many: arguments.count > 1 ? Int(arguments[1]) ?? 1_000_000 : 1_000_000,
        answers: arguments.count > 2 ? arguments[2] : nil)
default: print("usage: Bench liquid FOLDER")
}

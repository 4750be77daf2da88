// Measures what docs/performance.md says. `scripts/bench` builds and runs it.

let arguments = Array(CommandLine.arguments.dropFirst())
switch arguments.first {
case "liquid"? where arguments.count == 2: try benchLiquid(folder: arguments[1])
default: print("usage: Bench liquid FOLDER")
}

import Testing

@testable import Platform

@Suite("A process with bounds")
struct LimitedProcessTests {
    private func shell(_ script: String, time: Duration = .seconds(30), mostOutput: Int = 1_000) -> LimitedProcess {
        LimitedProcess("/bin/sh", ["-c", script], time: time, mostOutput: mostOutput)
    }

    @Test("gets its input whole, and its output is heard to the end")
    func exchange() async {
        let input = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0) }
        let process = LimitedProcess("/bin/cat", [], time: .seconds(30), mostOutput: 4_000_000)
        #expect(await process.run(input: input) == .exited(status: 0, output: input))
    }

    @Test("may end before it has heard all of its input")
    func deaf() async {
        let input = [UInt8](repeating: 0, count: 3_000_000)
        #expect(await shell("exit 3").run(input: input) == .exited(status: 3, output: []))
        #expect(await shell("echo heard").run(input: []) == .exited(status: 0, output: Array("heard\n".utf8)))
    }

    @Test("is told apart by how it dies", arguments: [4, 6, 9, 11] as [Int32])
    func signals(_ signal: Int32) async {
        guard case .killed(signal, let memory) = await shell("kill -\(signal) $$").run(input: []) else {
            Issue.record("it was not killed by \(signal)")
            return
        }
        #expect(memory > 0)
    }

    @Test("is killed when it takes too long, writes too much, or closes its output and stays")
    func bounds() async {
        #expect(await shell("exec sleep 600", time: .milliseconds(200)).run(input: []) == .tooSlow)
        #expect(await shell("exec cat /dev/zero").run(input: []) == .tooMuchOutput)
        #expect(await shell("cat >/dev/null; exec sleep 600", time: .milliseconds(200)).run(input: [1]) == .tooSlow)
    }

    @Test("that is not there is told by its error")
    func missing() async {
        let process = LimitedProcess("/nonexistent/program", [], time: .seconds(5), mostOutput: 10)
        #expect(await process.run(input: []) == .notStarted(code: 2))
    }

    @Test("gets no variable that could hold a secret, and blocks no signal")
    func surroundings() async {
        guard case .exited(0, let output) = await shell("env; grep SigBlk /proc/self/status").run(input: []) else {
            Issue.record("it did not end well")
            return
        }
        let lines = String(decoding: output, as: UTF8.self).split(separator: "\n")
        let names = lines.filter { $0.contains("=") }.map { $0.prefix { $0 != "=" } }
        // PWD and its like are the shell's own.
        #expect(
            names.allSatisfy {
                [
                    "LD_LIBRARY_PATH", "PATH", "PWD", "OLDPWD", "SHLVL", "_", "SWIFT_BACKTRACE",
                    "MALLOC_ARENA_MAX",
                ].contains($0)
            })
        #expect(lines.contains { $0.hasPrefix("SigBlk") && $0.hasSuffix("0000000000000000") })
    }

    @Test("the time of a thread passes with its work")
    func threadTime() {
        let start = ThreadTime.seconds
        var sum = 0
        while ThreadTime.seconds - start < 0.01 { sum &+= 1 }
        #expect(sum > 0)
    }
}

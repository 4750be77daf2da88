import ArgumentParser
import Testing

@testable import bookbag

@Suite("bookbag sandbox")
struct SandboxCommandTests {
    @Test("finds the sandbox's program beside its own, then in PATH, never in the folder one happens to be in")
    func finds() {
        let own = "/opt/bookbag/bin/bookbag"
        let beside = "/opt/bookbag/bin/bookbag-sandbox"
        func find(_ files: Set<String>, own: String? = own, path: String = "/usr/local/bin::bin:.:/usr/bin") -> String?
        {
            SandboxCommand.find(besides: own, path: path, isProgram: files.contains)
        }
        #expect(find([beside, "/usr/bin/bookbag-sandbox"]) == beside)
        #expect(find(["/usr/bin/bookbag-sandbox"]) == "/usr/bin/bookbag-sandbox")
        #expect(
            find(["/usr/bin/bookbag-sandbox", "/usr/local/bin/bookbag-sandbox"]) == "/usr/local/bin/bookbag-sandbox")
        #expect(find(["/usr/bin/bookbag-sandbox"], own: nil) == "/usr/bin/bookbag-sandbox")
        #expect(find(["bin/bookbag-sandbox", "./bookbag-sandbox", "/bookbag-sandbox", own]) == nil)
    }

    @Test(
        "hands every option on as it stands",
        arguments: [["--story", "demo"], ["--help"], ["--port", "8080", "--once"], ["--", "-x"], []])
    func options(arguments: [String]) throws {
        let command = try Bookbag.parseAsRoot(["sandbox"] + arguments)
        #expect((command as? SandboxCommand)?.options == arguments)
    }
}

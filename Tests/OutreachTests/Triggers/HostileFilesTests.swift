import Foundation
import Testing

@testable import Outreach

@Suite("Files that mean harm, or were cut in half")
struct HostileFilesTests {
    private func load(_ source: String) -> [Fault] {
        TriggerSet.load(TriggerFolder(files: ["a.yaml": Array(source.utf8)])).faults
    }

    @Test("an alias bomb is refused before it is built")
    func bomb() {
        var source = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1..<60 {
            let alias = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
            source += "a\(level): &a\(level) [\(alias)]\n"
        }
        source += "? *a59\n: x\n"
        #expect(load(source).contains { $0.message.contains("is an alias of") })
    }

    @Test(
        "an alias bomb is refused in either style, wherever YAML takes an anchor",
        arguments: [("a: &a", "*a"), ("'a':&a", "*a"), ("? x\n  : &a", "*a"), ("a: !!seq &a", "*a")])
    func bombs(_ anchor: String, _ alias: String) {
        // Ten levels of ten: ten thousand million elements, of a few hundred bytes.
        var source = "{\"x\":\n{\"z\":1"
        for level in 0..<10 {
            let elements = Array(repeating: level == 0 ? "x" : "*a\(level - 1)", count: 10).joined(separator: ",")
            let name = anchor.hasPrefix("'") ? "'k\(level)':&a\(level) " : "\"k\(level)\":&a\(level) "
            source += ",\(name)[\(elements)]"
        }
        source += "}}"
        let faults = load(source)
        #expect(faults.contains { $0.message.contains("is an alias of") && $0.hint != nil && $0.line == 2 })
        let block = "a:\n  \(anchor)0 [x]\nb: [\(alias)0]\n"
        #expect(!load(block).isEmpty)
        #expect(load("x: [*b:1, \"y\":&b [1]]\n").contains { $0.message.contains("is an alias of") })
        #expect(load("x: {\"y\":&b [1],*b:1}\n").contains { $0.message.contains("is an alias of") })
    }

    @Test("a file of very many values, or of one endless line, is read in a moment")
    func bulk() {
        let many = "on: [" + String(repeating: "a,", count: 100_000) + "]\n"
        #expect(load(many).contains { $0.message.contains("more than 50000 keys and values") })
        for piece in ["&a *a ", "if: {{ ", " ", "\"", "' ", "a: ", "- ", "#", "&a,*a,"] {
            let line = String(repeating: piece, count: 250_000 / piece.utf8.count)
            #expect(!load("on: " + line + "\n").isEmpty)
            #expect(!load("if: {{ " + line + "\n").isEmpty)
            _ = load("x: [" + line + "]\n")
        }
    }

    @Test("deep nesting ends in a sentence", arguments: ["[", "{a: ", "- ", "? "])
    func depth(_ opening: String) {
        #expect(!load("on: " + String(repeating: opening, count: 900)).isEmpty)
        #expect(!load("on:\n  " + String(repeating: opening, count: 5000)).isEmpty)
    }

    @Test("a file that is too large, or no text, is told by name")
    func sizes() {
        #expect(load(String(repeating: "# x\n", count: 100_000)).contains { $0.message.contains("larger than 256 KB") })
        let huge = TriggerFolder(files: ["templates/a.md": [UInt8](repeating: 32, count: TriggerFolder.largestFile + 1)]
        )
        #expect(TriggerSet.load(huge).faults.contains { $0.message.contains("larger than") })
        let binary = TriggerFolder(files: ["a.yaml": [0xFF, 0xFE, 0x00]])
        #expect(TriggerSet.load(binary).faults.contains { $0.message == "the file is not UTF-8 text" })
    }

    @Test("other files are left alone")
    func others() {
        for path in [
            ".a.yaml", "a.yaml~", "#a.yaml#", "a.yaml.bak", "a.yml", "_notes/a.yaml", "schema/trigger.json", ".yaml",
            "templates/a.txt", "templates/.a.md", "templates/_old/a.md", "templates/partials/x/a.md", "../a.yaml",
            "templates/.md",
        ] {
            #expect(!TriggerFolder.isRead(path), "\(path)")
        }
        for path in ["a.yaml", "shop.yaml", "templates/a.fr.md", "templates/a.html", "templates/partials/b.liquid"] {
            #expect(TriggerFolder.isRead(path), "\(path)")
        }
    }

    /// Every file four times in the long run, `scripts/test --long`; else every third file once, because each time the
    /// whole folder is read.
    private static let isLong = ProcessInfo.processInfo.environment["BOOKBAG_LONG"] == "1"

    @Test("no shipped file, cut anywhere or with a line missing, a letter changed, brings the reader down")
    func mutations() throws {
        let folder = try Package.shippedTriggers()
        var random = SplitMix(state: 20_261_121)
        let sorted = folder.files.sorted { $0.key < $1.key }
        for index in stride(from: 0, to: sorted.count, by: Self.isLong ? 1 : 3) {
            let (path, bytes) = sorted[index]
            for _ in 0..<(Self.isLong ? 4 : 1) {
                var changed = bytes
                switch random.next() % 4 {
                case 0: changed.removeSubrange(Int(random.next() % UInt64(changed.count))...)
                case 1:
                    changed[Int(random.next() % UInt64(changed.count))] = UInt8(
                        truncatingIfNeeded: random.next() & 0x7F)
                case 2: changed.remove(at: Int(random.next() % UInt64(changed.count)))
                default:
                    let signs = Array(":#'\"[]{}|>-&*!%@`,?\t ".utf8)
                    changed.insert(
                        signs[Int(random.next() % UInt64(signs.count))], at: Int(random.next() % UInt64(changed.count)))
                }
                var files = folder.files
                files[path] = changed
                let (set, faults) = TriggerSet.load(TriggerFolder(files: files))
                #expect((set == nil) == faults.contains { $0.severity == .error })
                for fault in faults { #expect(fault.line >= 1 && fault.column >= 1, "\(fault)") }
            }
        }
    }
}

/// A small generator of pseudo-random numbers, the same on every run (Steele, Lea, Flood: SplitMix64).
private struct SplitMix {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

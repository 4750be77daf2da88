import Foundation
import Platform
import Synchronization
import Testing

@testable import Daemon

/// The program as it was built beside these tests.
private let program: String = {
    let tests = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath().deletingLastPathComponent()
    for folder in [
        tests, tests.deletingLastPathComponent(), tests.deletingLastPathComponent().deletingLastPathComponent(),
    ] {
        let path = folder.appendingPathComponent("bookbag").path
        if FileManager.default.isExecutableFile(atPath: path) { return path }
    }
    return ".build/debug/bookbag"
}()

/// A red PNG of one point, made with Python's zlib.
private let red: [UInt8] = [
    0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0x00, 0x00, 0x00, 0x0D, 0x49, 0x48, 0x44, 0x52, 0x00, 0x00, 0x00,
    0x01, 0x00, 0x00, 0x00, 0x01, 0x08, 0x02, 0x00, 0x00, 0x00, 0x90, 0x77, 0x53, 0xDE, 0x00, 0x00, 0x00, 0x0C, 0x49,
    0x44, 0x41, 0x54, 0x78, 0x9C, 0x63, 0xF8, 0xCF, 0xC0, 0x00, 0x00, 0x03, 0x01, 0x01, 0x00, 0xC9, 0xFE, 0x92, 0xEF,
    0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4E, 0x44, 0xAE, 0x42, 0x60, 0x82,
]

private func key(_ message: Int64) -> Thumbnails.Key { Thumbnails.Key(shop: "s", message: message, place: 0) }

@Suite("Thumbnails are made by another process")
struct ThumbnailsTests {
    @Test("of a picture a JPEG, of anything else nothing, and the daemon goes on")
    func made() async throws {
        let thumbnails = Thumbnails(program: program)
        let small = try #require(await thumbnails.thumbnail(key(1), of: red))
        #expect(small.starts(with: [0xFF, 0xD8, 0xFF]) && small.count < 2_000)
        #expect(await thumbnails.known(key(1)) == small)
        #expect(await thumbnails.thumbnail(key(2), of: Array("<svg onload=alert(1)>".utf8)) == nil)
        #expect(await thumbnails.known(key(2)) == [])
        #expect(await thumbnails.known(key(3)) == nil)
        for broken in ["/bin/true", "/bin/false", "/nonexistent"] {
            #expect(await Thumbnails(program: broken).thumbnail(key(1), of: red) == nil, "\(broken)")
        }
    }

    @Test("at most two at once, each once, and the last hundred are kept")
    func bounded() async throws {
        let counts = Mutex((running: 0, most: 0, made: 0))
        let thumbnails = Thumbnails(making: { file in
            counts.withLock {
                $0.running += 1
                $0.made += 1
                $0.most = max($0.most, $0.running)
            }
            await Task.yield()
            counts.withLock { $0.running -= 1 }
            return file
        })
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<30 {
                group.addTask {
                    let found = await thumbnails.thumbnail(key(Int64(number % 10)), of: [UInt8(number % 10) + 1])
                    #expect(found == [UInt8(number % 10) + 1])
                }
            }
        }
        #expect(counts.withLock { $0.most } <= Thumbnails.atOnce && counts.withLock { $0.running } == 0)
        // Two that begin together do not know of one another yet.
        #expect((10...11).contains(counts.withLock { $0.made }))
        for number in 100..<(100 + Thumbnails.mostKept) { _ = await thumbnails.thumbnail(key(Int64(number)), of: [9]) }
        #expect(await thumbnails.known(key(0)) == nil)
        #expect(await thumbnails.known(key(100)) == [9])
        let large = [UInt8](repeating: 1, count: Thumbnails.mostInput + 1)
        #expect(await thumbnails.thumbnail(key(500), of: large) == nil)
    }
}

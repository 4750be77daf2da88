import Platform

/// Small pictures of those that customers sent, each made by a process of its own with limits: what a stranger sends is
/// read by no library in the daemon, and shown by no browser. A few are kept in memory; none is written down.
package actor Thumbnails {
    /// The command that makes them.
    package static let command = "make-thumbnail"
    /// Bytes of memory beyond what an idle process has: the largest picture takes two thirds of them.
    package static let memory = 320 * 1024 * 1024
    /// A phone's picture takes a tenth of a second.
    package static let processorSeconds = 5
    /// By the clock on the wall.
    static let time = Duration.seconds(10)
    /// The largest file that is looked at, in bytes.
    package static let mostInput = 25_000_000
    static let mostOutput = 256 * 1024
    /// So many are made at once, so many more wait, and so many are kept.
    static let atOnce = 2
    static let mostWaiting = 32
    static let mostKept = 100

    /// A file of a message.
    package struct Key: Hashable, Sendable {
        var shop: String
        var message: Int64
        var place: Int

        package init(shop: String, message: Int64, place: Int) {
            self.shop = shop
            self.message = message
            self.place = place
        }
    }

    private let make: @Sendable ([UInt8]) async -> [UInt8]?
    private var running = 0
    private var waiting: [CheckedContinuation<Void, Never>] = []
    /// Those that were made, and those of which none can be, the newest last.
    private var kept: [(key: Key, thumbnail: [UInt8]?)] = []

    /// - Parameter program: what makes them: this program, except in tests.
    package init(program: String = LimitedProcess.own) {
        make = { file in
            let process = LimitedProcess(program, [Self.command], time: Self.time, mostOutput: Self.mostOutput)
            guard case .exited(0, let thumbnail) = await process.run(input: file), !thumbnail.isEmpty else {
                return nil
            }
            return thumbnail
        }
    }

    /// Made in another way, for tests.
    package init(making make: @escaping @Sendable ([UInt8]) async -> [UInt8]?) { self.make = make }

    /// One that is kept: nil where none is, an empty one where none can be made.
    package func known(_ key: Key) -> [UInt8]? {
        kept.last { $0.key == key }.map { $0.thumbnail ?? [] }
    }

    /// Makes one; nil where it cannot be made, or too many wait.
    package func thumbnail(_ key: Key, of file: [UInt8]) async -> [UInt8]? {
        guard file.count <= Self.mostInput else { return nil }
        if running >= Self.atOnce {
            guard waiting.count < Self.mostWaiting else { return nil }
            await withCheckedContinuation { waiting.append($0) }
        } else {
            running += 1
        }
        let thumbnail: [UInt8]?
        if let known = known(key) {
            thumbnail = known.isEmpty ? nil : known
        } else {
            thumbnail = await make(file)
            kept.append((key, thumbnail))
            if kept.count > Self.mostKept { kept.removeFirst(kept.count - Self.mostKept) }
        }
        // Whoever waits takes this one's turn.
        if waiting.isEmpty { running -= 1 } else { waiting.removeFirst().resume() }
        return thumbnail
    }
}

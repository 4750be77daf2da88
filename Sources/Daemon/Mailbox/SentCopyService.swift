import Foundation
import Intake
import Logging
import Outreach
import Platform
import ServiceLifecycle
import Store

/// Puts what went out to customers into the folder of sent mail, where `keep_sent` of the mailbox asks for it. The
/// mailbox's reader finds it there and knows it for ours by its Message-ID.
struct SentCopyService: Service {
    /// Puts a mail there: its bytes, its Message-ID, and whether it may be there already.
    typealias Keeping = @Sendable (_ mail: [UInt8], _ id: String, _ looksFirst: Bool) async throws -> Void

    let shop: String
    /// Nil where the shop keeps no copies.
    let keep: Keeping?
    let store: Store
    let clock: DaemonClock
    let wake: Wake
    let heartbeats: Heartbeats
    let logger: Logger
    var trouble = StoreTrouble()

    /// How long it rests after the mail server refused a copy.
    static let pause = Duration.minutes(1)

    func run() async throws {
        await cancelWhenGracefulShutdown { await work() }
    }

    private func work() async {
        let loop = Loop(
            Loop.Name("sent copies", shop: shop), wake: wake, heartbeats: heartbeats, restingBy: clock,
            trouble: trouble,
            clock: clock, logger: logger)
        var failed: (at: Moment, told: Bool)?
        await loop.run { _ in
            let now = clock.now
            try await store.forgetCopies(shop: shop, all: keep == nil, now: now)
            if let last = failed, now - last.at < Self.pause { return .look(in: Self.pause - (now - last.at)) }
            do throws(SourceFailure) {
                let more = try await turn(now: now)
                failed = nil
                return more ? .again : .look(in: nil)
            } catch {
                if failed?.told != true { logger.log(Line.copyFailed, ["shop": "\(shop)", "reason": "\(error)"]) }
                failed = (now, true)
                return .look(in: Self.pause)
            }
        }
    }

    /// Puts one copy there; false where none is left. Throws what the mail server says, or the store.
    func turn(now: Moment) async throws(SourceFailure) -> Bool {
        guard let keep else { return false }
        do {
            guard let copy = try await store.copyToKeep(shop: shop, now: now) else { return false }
            try await store.noteCopyTried(copy.id, shop: shop, now: now)
            try await keep(copy.bytes, copy.messageID, copy.tries > 0)
            try await store.noteCopyDone(copy.id, shop: shop, now: now)
            return true
        } catch is CancellationError {
            return false
        } catch let failure as SourceFailure { throw failure } catch { throw SourceFailure("\(error)") }
    }
}

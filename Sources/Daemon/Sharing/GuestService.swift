import Logging
import Outreach
import Platform
import ServiceLifecycle
import Store

/// Keeps the rules and the folders of shops that other daemons serve as those have them: our pages show and decide by
/// them, and we may serve them next. A shop that was served by nobody yet has none; once it has, all loops start again
/// and know it.
struct GuestService: Service {
    /// A shop that another daemon serves.
    struct Guest: Sendable {
        var shop: String
        /// Nil before anybody has served it.
        var context: ShopContext?
        var reloader: TriggerReloader
    }

    let guests: [Guest]
    let store: Store
    let shares: ShopShares
    let clock: DaemonClock
    let heartbeats: Heartbeats
    let logger: Logger
    var trouble = StoreTrouble()
    var wake = Wake()

    static let interval = Duration.seconds(5)

    func run() async throws {
        let loop = Loop(
            Loop.Name("guests"), wake: wake, heartbeats: heartbeats, trouble: trouble, clock: clock, logger: logger)
        await loop.run { _ in
            try await look()
            return .wait(guests.isEmpty ? Loop.longestWait : Self.interval)
        }
    }

    func look() async throws {
        guard !guests.isEmpty else { return }
        let digests = try await store.goodSetDigests()
        for guest in guests {
            guard let digest = digests[guest.shop] else { continue }
            guard let context = guest.context else { return shares.startAgain() }
            if let profile = try await store.remembered(.profile, shop: guest.shop),
                profile != context.rules.planner.shop
            {
                context.replaceProfile(profile)
            }
            if digest != context.rules.inForce.folder.digest, let good = try await guest.reloader.lastGood() {
                context.replaceTriggers(good)
            }
            guest.reloader.follow(context.rules.inForce)
        }
    }
}

import Logging
import Outreach
import Platform
import ServiceLifecycle
import Store

/// Rereads trigger files and templates: on SIGHUP, when the folder has changed and settled, and when a held reload is
/// confirmed. All or nothing: a bad edit changes nothing, and is reported again every hour until it is fixed.
///
/// The folder is checked every two seconds rather than watched through the kernel: editors replace files, deployments
/// replace folders and links, and network file systems send no notifications. A check is a stat of each file.
struct ReloadService: Service {
    let contexts: [String: ShopContext]
    let reloaders: [String: TriggerReloader]
    let store: Store
    let clock: DaemonClock
    let planning: Wake
    let notifier: SystemdNotifier
    let heartbeats: Heartbeats
    let logger: Logger
    var trouble = StoreTrouble()
    /// The request to reread the files, which SIGHUP also raises.
    var request = ReloadRequest()

    /// How often the folder is checked.
    static let interval = Duration.seconds(2)
    /// How often a fault that lasts is reported again.
    static let reminder = Duration.hours(1)

    /// What is known of one shop's folder.
    struct Watched {
        var watch: FolderWatch
        /// True if the folder should be read; it stays so if the store fails in the meantime.
        var isUnread = false
        /// A change that is in force but has not been reported to the shop, because the store failed; with what was in
        /// force before.
        var untold: (good: TriggerReloader.InForce, before: TriggerReloader.InForce)?
        /// The last outcome, if it is one that a person has to be reminded of, and when it was reported.
        var trouble: (outcome: TriggerReloader.Outcome, toldAt: Moment)?
        var isHeld = false
    }

    func run() async throws {
        var watched: [String: Watched] = [:]
        let loop = Loop(
            Loop.Name("reload"), wake: request.wake, heartbeats: heartbeats, trouble: trouble, clock: clock,
            logger: logger)
        await loop.run { _ in
            if watched.isEmpty {
                watched = await start()
            } else {
                let all = request.take()
                if all { notifier.reloading(status: "Reading the trigger files") }
                for (shop, one) in watched { watched[shop] = await look(one, shop: shop, signalled: all) }
                if all { notifier.ready() }
            }
            return .wait(Self.interval)
        }
    }

    /// What was wrong at the start was reported then.
    private func start() async -> [String: Watched] {
        var watched: [String: Watched] = [:]
        for (shop, reloader) in reloaders {
            var one = Watched(watch: FolderWatch(reloader.signature()))
            if let held = try? await store.remembered(.heldReload, shop: shop) {
                one.isHeld = true
                one.trouble = (.held(held), clock.now)
            } else if let fault = try? await store.remembered(.lastFault, shop: shop) {
                one.trouble = (.refused([fault]), clock.now)
            }
            watched[shop] = one
        }
        return watched
    }

    /// Checks one shop's folder, and reads it if there is reason to.
    func look(_ watched: Watched, shop: String, signalled: Bool) async -> Watched {
        guard let context = contexts[shop], let reloader = reloaders[shop] else { return watched }
        var watched = watched
        let signature = reloader.signature()
        let changed = watched.watch.look(signature)
        if signalled || changed { watched.isUnread = true }
        do throws(StoreFailure) {
            if let (good, before) = watched.untold {
                try await reloader.tellAccepted(good, after: before, now: clock.now)
                watched.untold = nil
            }
            var confirmed = false
            if watched.isHeld, !watched.isUnread {
                confirmed = try await store.remembered(.confirmedReload, shop: shop) != nil
            }
            guard confirmed || watched.isUnread else {
                if let (outcome, toldAt) = watched.trouble, clock.now - toldAt >= Self.reminder {
                    reloader.report(outcome)
                    watched.trouble = (outcome, clock.now)
                }
                return watched
            }
            watched.watch.take(signature)
            watched.isUnread = true
            try await read(&watched, context: context, reloader: reloader, signalled: signalled)
        } catch {
            trouble.note(error, now: clock.now, logger)
        }
        return watched
    }

    /// Reads the folder of a shop. If the store fails before that is done, it remains to be read.
    private func read(
        _ watched: inout Watched, context: ShopContext, reloader: TriggerReloader, signalled: Bool
    ) async throws(StoreFailure) {
        let rules = context.rules
        let outcome: TriggerReloader.Outcome
        do throws(StoreFailure) {
            outcome = try await reloader.accept(
                inForce: rules.inForce, planner: rules.planner, now: clock.now,
                takeUp: { [planning] good in
                    context.replaceTriggers(good)
                    planning.call()
                })
        } catch {
            // The failure came after the change had taken effect.
            let good = context.rules.inForce
            if good.folder.digest != rules.inForce.folder.digest { watched.untold = (good, rules.inForce) }
            throw error
        }
        watched.isUnread = false
        switch outcome {
        case .accepted(let good):
            watched.trouble = nil
            watched.isHeld = false
            reloader.report(outcome)
            watched.untold = (good, rules.inForce)
            try await NoRelay(store: store, logger: logger).look(at: context, now: clock.now)
            try await reloader.tellAccepted(good, after: rules.inForce, now: clock.now)
            watched.untold = nil
        case .unchanged:
            // An edit that was undone, or a signal without an edit.
            if signalled || watched.trouble != nil { reloader.report(outcome) }
            watched.trouble = nil
            watched.isHeld = false
        case .refused, .held:
            if case .held = outcome { watched.isHeld = true } else { watched.isHeld = false }
            watched.trouble = (outcome, clock.now)
            reloader.report(outcome)
        }
    }
}

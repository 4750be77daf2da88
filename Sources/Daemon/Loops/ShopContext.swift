import Delivery
import Outreach
import Store
import Synchronization

/// What the services know about one shop while the daemon runs: its triggers in force, its time zone, since when it is
/// watched. Values change as a whole, when a reload is accepted or the shop was read.
final class ShopContext: Sendable {
    /// Everything that a decision needs besides the order.
    struct Rules: Sendable {
        var planner: Planner
        var learner: Learner
        /// The set in force, with the files that it was read from.
        var inForce: TriggerReloader.InForce
    }

    let domain: String
    let configuration: Configuration.Shop
    /// The webhooks that can be sent to.
    let endpoints: Set<String>
    private let state: Mutex<Rules>

    init(configuration: Configuration.Shop, rules: Rules) {
        domain = configuration.domain
        self.configuration = configuration
        endpoints = Set(configuration.webhooks.keys)
        state = Mutex(rules)
    }

    /// The rules in force.
    var rules: Rules { state.withLock { $0 } }

    /// The names of the triggers in force that write mails and are not in shadow mode.
    var liveMailTriggers: [String] {
        let set = rules.planner.triggers
        return set.triggers.filter { trigger in
            trigger.mode(in: set.settings.mode) == .live && trigger.lines.contains(where: \.isMail)
        }.map(\.name).sorted()
    }

    /// Puts other triggers into force.
    func replaceTriggers(_ good: TriggerReloader.InForce) {
        state.withLock { rules in
            rules.planner.triggers = good.set
            rules.planner.inForceSince = good.since
            rules.inForce = good
            rules.learner.delays = good.set.settings.delayRules
            rules.learner.delays.home = rules.planner.shop.countryCode
        }
    }

    /// What happened before a backup was restored has been learned: from here on everything is news.
    func hasCaughtUp() { state.withLock { $0.learner.catchesUp = false } }

    /// Our clock ran ahead and has been corrected: nothing is in force, or watched, from a later moment on.
    func clockWasPutBack(to now: Moment) {
        state.withLock { rules in
            rules.planner.live = rules.planner.live.notAfter(now)
            rules.learner.live = rules.learner.live.notAfter(now)
            rules.planner.inForceSince = rules.planner.inForceSince.mapValues { min($0, now) }
            rules.inForce.since = rules.inForce.since.mapValues { min($0, now) }
        }
    }

    /// Stores what Shopify says about the shop.
    func replaceProfile(_ profile: ShopProfile) {
        state.withLock { rules in
            rules.planner.shop = profile
            rules.learner.shopZone = profile.zone
            rules.learner.delays.home = profile.countryCode
        }
    }
}

extension LiveSince {
    /// The same, with nothing later than that moment.
    fileprivate func notAfter(_ moment: Moment) -> LiveSince {
        LiveSince(shop: min(shop, moment), sources: sources.mapValues { min($0, moment) })
    }
}
